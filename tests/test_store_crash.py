"""kill -9 in the middle of turns: what was acknowledged is there, whole, and nothing else is."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time

import pytest

pytest.importorskip("sqlalchemy", reason="needs the store extra")

from ner_engine.chatbot.store.database import Store
from tests.talkers import BOT, START, acknowledged, gone, replayed, turn_of, wait_until

KILLS = 20
IDS = [f"m{n}" for n in range(4000)]


def check(database, turns_acknowledged):
    """The database is what those turns make of it, or those and the one that was about to be acknowledged."""
    if "://" not in database:
        with sqlite3.connect(database) as raw:
            assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
        raw.close()
    with Store.open(database) as store:
        transcript = store.transcript("a")
        turns = len(transcript)
        assert turns in (turns_acknowledged, turns_acknowledged + 1)
        assert [(t.number, t.message_id) for t in transcript] == [(n + 1, IDS[n]) for n in range(turns)]
        assert [s.revision for s in store.sessions()] == ([turns] if turns else [])
        state, book, hand_overs = replayed(turns)
        assert {r.id: r.status for r in store.records()} == book
        assert len(store.hand_overs()) == hand_overs
        with store.turn("a", BOT, at=START) as turn:
            assert turn.state == state
    return transcript


def test_killed_at_random_moments_it_has_every_turn_that_was_acknowledged(database, talkers, tmp_path):
    rng = random.Random(20260723)
    Store.open(database).close()
    told: dict[str, str] = {}
    for kill in range(KILLS):
        log = tmp_path / f"log-{kill}"
        # It starts with the message whose answer it did not see: it may have been kept or not.
        pid = talkers.start(database, "a", IDS[len(told) :], log)
        if kill % 5:  # every fifth is killed while it opens the store
            wait_until(lambda log=log: acknowledged(log))
        time.sleep(rng.uniform(0, 0.03))
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda pid=pid: gone(pid))
        before = len(told)
        told |= dict(acknowledged(log))
        assert list(told) == IDS[: len(told)]
        transcript = check(database, len(told))
        assert [t.reply for t in transcript][: len(told)] == list(told.values())
        assert len(told) > before or kill % 5 == 0
    assert len(told) > KILLS / 2


def test_killed_inside_a_turn_it_has_nothing_of_it_and_the_session_is_free(database, tmp_path, talkers):
    with Store.open(database) as store, store.turn("a", BOT, at=START) as turn:
        turn.commit(**turn_of(None, 0))
    pid = talkers.start(database, "a", ["m-hang"], tmp_path / "log", hang=str(tmp_path / "inside"))
    wait_until((tmp_path / "inside").exists)
    with Store.open(database, timeout_s=0.1) as store:
        assert len(store.transcript("a")) == 1
        with pytest.raises(Exception, match=r"(?i)lock"), store.turn("a", BOT, at=START):
            pass
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: gone(pid))
    with Store.open(database, timeout_s=10) as store:
        with store.turn("a", BOT, message_id="m-hang", at=START) as turn:
            assert turn.replayed is None
            assert turn.state == replayed(1)[0]
            turn.commit(**turn_of(turn.state, 1))
        assert len(store.transcript("a")) == 2
