"""A bot on a store: conversations that outlive the process, and a book that tells what became of them."""

from __future__ import annotations

import os
import signal
from datetime import datetime

import pytest

pytest.importorskip("sqlalchemy", reason="needs the store extra")

from ner_engine.chatbot import load_rules
from ner_engine.chatbot.bot import Bot
from ner_engine.chatbot.store.database import Store
from tests.fake_extractor import extract
from tests.talkers import gone, wait_until

RULES = load_rules("restaurant")
TALK = [
    "내일 저녁 7시에 네 명 예약할게요",
    "김민수요",
    "아니 다섯 명이요",
    "네",
    "주차 돼요?",
    "방금 예약 취소해 주세요",
]


def now():
    return datetime(2026, 7, 23, 17, 0)


def bot(store=None, **options):
    return Bot(RULES, extract, store=store, clock=now, **options)


def test_a_conversation_over_restarts_is_the_one_without(database):
    alone = bot()
    expected = [alone.say("a", text).reply for text in TALK]
    replies = []
    for n, text in enumerate(TALK):
        with Store.open(database) as store:  # every turn in a process of its own, as it were
            replies.append(bot(store).say("a", text, message_id=f"m{n}").reply)
    assert replies == expected
    with Store.open(database) as store:
        transcript = store.transcript("a")
        assert [t.text for t in transcript] == TALK
        assert [t.reply for t in transcript] == expected
        assert transcript[0].trace["understood"] is True
        assert {"TI", "DT", "QT"} <= {entity["label"] for entity in transcript[0].entities}
        (record,) = store.records()
    assert (record.form, record.status) == ("reservation", "withdrawn")
    assert (record.values["time"], record.values["date"], record.values["party"]) == ("19:00", "2026-07-24", 5)


def test_a_message_sent_again_books_once(database):
    calls = []
    with Store.open(database) as store:
        shop = bot(store, functions={"record": lambda call: calls.append(call.id)})
        for n, text in enumerate(TALK[:4]):
            first = shop.say("a", text, message_id=f"m{n}")
            again = shop.say("a", text, message_id=f"m{n}")
            assert (again.reply, again.replayed) == (first.reply, True)
        assert [record.status for record in store.records()] == ["booked"]
        assert len(calls) == 1


def test_killed_inside_an_action_it_takes_the_turn_again_under_the_same_key(database, talkers, tmp_path):
    with Store.open(database) as store:
        for text in TALK[:3]:
            bot(store).say("a", text)
    inside = tmp_path / "inside"
    pid = talkers.start(database, "a", [TALK[3]], tmp_path / "log", bot="restaurant", hang=str(inside))
    wait_until(lambda: inside.exists() and inside.read_text(encoding="utf-8"))
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: gone(pid))
    calls = []
    with Store.open(database) as store:
        assert store.records() == []
        assert len(store.transcript("a")) == 3
        bot(store, functions={"record": lambda call: calls.append(call.id)}).say("a", TALK[3], message_id="m")
        assert [record.id for record in store.records()] == calls == [inside.read_text(encoding="utf-8")]
