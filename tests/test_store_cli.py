"""``ner-engine bot records`` and its neighbours: what each prints, and its exit status."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

pytest.importorskip("sqlalchemy", reason="needs the store extra")

from ner_engine.chatbot.action.calls import RECORD, ActionCall
from ner_engine.chatbot.playback.transcript import read_transcript
from ner_engine.chatbot.state import Item, State
from ner_engine.chatbot.store.database import Store
from ner_engine.cli import main

AT = datetime(2026, 7, 23, 17, 0, 5, tzinfo=ZoneInfo("Asia/Seoul"))
COMMANDS = ["records", "sessions", "transcript", "hand-overs", "resolve", "forget", "purge"]


@pytest.fixture
def ne(monkeypatch, capsys):
    """The entry point in this process: exit status, lines of stdout, stderr."""
    monkeypatch.delenv("NER_ENGINE_DB", raising=False)

    def call(*args):
        monkeypatch.setattr(sys, "argv", ["ner-engine", "bot", *map(str, args)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return end.value.code, out.splitlines(), err

    return call


def say(store, session, text, reply, *, at, bot="restaurant", **given):
    with store.turn(session, bot, at=at) as turn:
        state = turn.state or State()
        turn.commit(state=replace(state, turn=state.turn + 1), text=text, reply=reply, **given)


@pytest.fixture
def db(tmp_path):
    path = tmp_path / "orders.db"
    order = ActionCall("2-1", RECORD, "order", {"phone": "010-1234-5678"}, (Item("만두", 2), Item("짬뽕", 1)))
    table = ActionCall("3-1", RECORD, "reservation", {"dates": ["2026-07-24", "2026-07-25"], "party": 4})
    with Store.open(path) as store:
        say(store, "a", "", "어서 오세요.\n무엇을 드릴까요?", at=AT)
        say(store, "a", "만두 둘이랑 짬뽕 하나", "네, 담았어요.", at=AT + timedelta(seconds=90), records=[order])
        say(store, "a", "예약도요", "네, 적었어요.", at=AT + timedelta(days=2, hours=1), records=[table])
        say(store, "b", "사람 바꿔 주세요", "연결해 드릴게요.", bot="clinic", at=AT, hand_over={"last": "사람"})
        say(store, "a", "주문은 취소요", "네.", at=AT + timedelta(days=2, hours=1), withdrawn=["2-1"])
    return path


def test_the_book(ne, db):
    assert ne("records", "--db", db) == (
        0,
        [
            "2026-07-23 17:01  withdrawn  order  restaurant a 2-1  phone: 010-1234-5678, 만두 2, 짬뽕 1",
            "2026-07-25 18:00  booked     reservation  restaurant a 3-1  dates: 2026-07-24, 2026-07-25, party: 4",
        ],
        "",
    )
    assert len(ne("records", "--db", f"sqlite:///{db}", "--status", "booked")[1]) == 1
    assert len(ne("records", "--db", db, "--form", "order")[1]) == 1
    assert ne("records", "--db", db, "--bot", "clinic") == (0, [], "")
    assert ne("records", "--db", db, "--session", "b") == (0, [], "")


def test_the_book_for_machines(ne, db):
    _, lines, _ = ne("records", "--db", db, "--json")
    first, second = map(json.loads, lines)
    assert first == {
        "id": "2-1",
        "session": "a",
        "bot": "restaurant",
        "form": "order",
        "status": "withdrawn",
        "values": {"phone": "010-1234-5678"},
        "items": [{"name": "만두", "count": 2}, {"name": "짬뽕", "count": 1}],
        "created_at": "2026-07-23T08:01:35+00:00",
        "updated_at": "2026-07-25T09:00:05+00:00",
        "replaces": "",
    }
    assert second["values"]["party"] == 4


def test_sessions(ne, db):
    assert ne("sessions", "--db", db) == (
        0,
        ["2026-07-23 17:00  clinic b  1 turn", "2026-07-25 18:00  restaurant a  4 turns"],
        "",
    )
    _, lines, _ = ne("sessions", "--db", db, "--json", "--bot", "clinic")
    assert [json.loads(line)["session"] for line in lines] == ["b"]


def test_a_transcript_is_one_that_can_be_played(ne, db, tmp_path):
    code, lines, _ = ne("transcript", "a", "--db", db)
    assert (code, lines) == (
        0,
        [
            "# bot: restaurant",
            "# now: 2026-07-23T17:00:05",
            "< 어서 오세요.",
            "< 무엇을 드릴까요?",
            "# wait: 1m 30s",
            "> 만두 둘이랑 짬뽕 하나",
            "< 네, 담았어요.",
            "# wait: 2d 58m 30s",
            "> 예약도요",
            "< 네, 적었어요.",
            "> 주문은 취소요",
            "< 네.",
        ],
    )
    path = tmp_path / "talk.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    read = read_transcript(path)
    assert read.now == datetime(2026, 7, 23, 17, 0, 5)
    waits = [segment.wait for segment in read.segments]
    assert sum(waits, timedelta()) == timedelta(days=2, hours=1)
    code, lines, _ = ne("transcript", "a", "--db", db, "--json")
    assert [json.loads(line)["n"] for line in lines] == [1, 2, 3, 4]


def test_what_a_terminal_would_obey_is_shown_instead(ne, db):
    with Store.open(db) as store:
        say(store, "evil", "\x1b[2J\x1b]0;x\x07만두\r\n둘\u202e", "네\x1b[31m", at=AT)
    _, lines, _ = ne("transcript", "evil", "--db", db)
    assert lines[2:] == [r"> \x1b[2J\x1b]0;x\x07만두\r\n둘\u202e", r"< 네\x1b[31m"]


def test_hand_overs_are_listed_and_resolved(ne, db):
    code, (line,), _ = ne("hand-overs", "--db", db)
    assert (code, line) == (0, "2026-07-23 17:00  1  clinic b  waits  last: 사람")
    assert ne("resolve", 1, "--db", db) == (0, [], "")
    assert ne("hand-overs", "--db", db) == (0, [], "")
    assert "done 20" in ne("hand-overs", "--db", db, "--all")[1][0]
    _, (line,), _ = ne("hand-overs", "--db", db, "--all", "--json", "--bot", "clinic")
    assert json.loads(line)["summary"] == {"last": "사람"}
    assert ne("resolve", 1, "--db", db) == (1, [], "ner-engine: no conversation waits under 1\n")


def test_forget(ne, db):
    assert ne("forget", "a", "--db", db) == (0, ["deleted: 1 session, 4 turns, 2 records, 0 hand-overs"], "")
    assert len(ne("sessions", "--db", db)[1]) == 1
    for command in ("forget", "transcript"):
        assert ne(command, "a", "--db", db) == (1, [], "ner-engine: no conversation of session 'a'\n")


def test_purge(ne, db):
    assert ne("purge", "--before", "2026-07-24", "--db", db)[1] == [
        "deleted: 1 session, 3 turns, 1 record, 1 hand-over"
    ]
    assert [line.split("  ")[1] for line in ne("sessions", "--db", db)[1]] == ["restaurant a"]


@pytest.mark.parametrize(
    ("before", "message"),
    [("2026년", "expected a date such as 2026-01-01"), ("2999-01-01", "expected a date that is past")],
)
def test_a_date_that_is_none_or_to_come_deletes_nothing(ne, db, before, message):
    code, _, err = ne("purge", "--before", before, "--db", db)
    assert code == 2
    assert message in " ".join(err.split())
    assert len(ne("sessions", "--db", db)[1]) == 2


def test_the_database_may_stand_in_the_environment(ne, db, monkeypatch):
    monkeypatch.setenv("NER_ENGINE_DB", str(db))
    assert len(ne("records")[1]) == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_a_mistyped_name_is_one_line_and_makes_no_file(ne, tmp_path, command):
    wanted = {"transcript": ["a"], "forget": ["a"], "resolve": ["1"], "purge": ["--before", "2020-01-01"]}
    path = tmp_path / "order.db"
    code, out, err = ne(command, *wanted.get(command, []), "--db", path)
    assert (code, out, err) == (1, [], f"ner-engine: {path}: no such database\n")
    assert list(tmp_path.iterdir()) == []
    code, _, err = ne(command, *wanted.get(command, []))
    assert code == 2
    assert "Missing option '--db'" in err


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_an_example(ne, command):
    code, out, _ = ne(command, "--help")
    assert code == 0
    assert any(line.strip().startswith(f"Example: ner-engine bot {command} ") for line in out)


def test_a_status_that_is_none(ne, db):
    code, _, err = ne("records", "--db", db, "--status", "lost")
    assert (code, err) == (1, "ner-engine: status: expected one of booked, withdrawn, replaced; got 'lost'\n")
