"""Several processes on one store at once: no update is lost, no turn taken twice, tables are made once."""

from __future__ import annotations

import pytest

pytest.importorskip("sqlalchemy", reason="needs the store extra")

from ner_engine.chatbot.store.database import Store
from tests.talkers import acknowledged, finished, replayed, wait_until

PROCESSES = 4


def run(talkers, tmp_path, database, work):
    """Processes that begin at once, one for each (session, message ids); their logs, read."""
    logs = [tmp_path / f"log-{n}" for n in range(len(work))]
    barrier = tmp_path / "go"
    for (session, ids), log in zip(work, logs, strict=True):
        talkers.start(database, session, ids, log, barrier=str(barrier))
    wait_until(lambda: all(log.exists() for log in logs))
    barrier.touch()
    wait_until(lambda: finished(*logs))
    return [acknowledged(log) for log in logs]


def test_on_one_session_every_turn_counts(database, talkers, tmp_path):
    # the database is empty: the tables, and the session, are begun by all of them at once
    work = [("shared", [f"p{p}-{n}" for n in range(9)]) for p in range(PROCESSES)]
    told = run(talkers, tmp_path, database, work)
    turns = PROCESSES * 9
    assert [len(log) for log in told] == [9] * PROCESSES
    assert len({reply for log in told for _, reply in log}) == turns  # no number was given twice
    with Store.open(database) as store:
        assert [s.revision for s in store.sessions()] == [turns]
        transcript = store.transcript("shared")
        assert [t.number for t in transcript] == list(range(1, turns + 1))
        assert {t.message_id: t.reply for t in transcript} == {m: reply for log in told for m, reply in log}
        _, book, hand_overs = replayed(turns)
        assert {r.id: r.status for r in store.records()} == book
        assert len(store.hand_overs()) == hand_overs
        with store.turn("shared", "restaurant") as turn:
            assert turn.state.turn == turns


def test_on_many_sessions_nobody_disturbs_the_others(database, talkers, tmp_path):
    work = [(f"s{p}", [f"{n}" for n in range(9)]) for p in range(PROCESSES)]
    run(talkers, tmp_path, database, work)
    expected, book, _ = replayed(9)
    with Store.open(database) as store:
        assert {s.id: s.revision for s in store.sessions()} == {f"s{p}": 9 for p in range(PROCESSES)}
        for p in range(PROCESSES):
            assert {r.id: r.status for r in store.records(session=f"s{p}")} == book
            with store.turn(f"s{p}", "restaurant") as turn:
                assert turn.state == expected


def test_the_same_messages_sent_by_all_are_answered_once(database, talkers, tmp_path):
    ids = [f"m{n}" for n in range(9)]
    told = run(talkers, tmp_path, database, [("shared", ids)] * PROCESSES)
    assert all(log == told[0] for log in told)
    assert len({reply for _, reply in told[0]}) == 9
    with Store.open(database) as store:
        assert [t.message_id for t in store.transcript("shared")] == ids
        assert {r.id: r.status for r in store.records()} == replayed(9)[1]


@pytest.mark.parametrize("attempt", range(3))
def test_empty_databases_are_furnished_once(database, talkers, tmp_path, attempt):
    told = run(talkers, tmp_path, database, [("shared", ["m"])] * 6)
    assert {reply for log in told for _, reply in log} == {"1번째로 받았어요."}
    with Store.open(database, create=False) as store:
        assert [s.revision for s in store.sessions()] == [1]


def test_a_fork_does_not_share_its_parents_connections(database, talkers, tmp_path):
    log = tmp_path / "log"
    talkers.start(database, "shared", [f"{n}" for n in range(9)], log, fork="-child")
    wait_until(lambda: log.exists() and log.read_text(encoding="utf-8").count("done") == 2)
    told = acknowledged(log)
    assert {m for m, _ in told} == {f"{n}{who}" for n in range(9) for who in ("", "-child")}
    assert len({reply for _, reply in told}) == 18
