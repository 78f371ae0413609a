"""The store's contract, on SQLite and on a real PostgreSQL alike."""

from __future__ import annotations

import logging
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

pytest.importorskip("sqlalchemy", reason="needs the store extra")

from ner_engine.chatbot.action.calls import RECORD, ActionCall
from ner_engine.chatbot.sessions import InMemory
from ner_engine.chatbot.state import Draft, Item, State, Value
from ner_engine.chatbot.store.database import Store
from ner_engine.chatbot.store.records import Removed
from ner_engine.errors import DataError, NerEngineError, StoreError
from tests.conftest import DATABASES, new_database

AT = datetime(2026, 7, 23, 17, 0, tzinfo=ZoneInfo("Asia/Seoul"))
SEEN = State(turn=1)


def say(store, session="오하늘", bot="restaurant", text="만두 주세요", *, at=AT, message_id="", **given):
    """One turn; gives back the turn's number according to the state."""
    with store.turn(session, bot, message_id=message_id, at=at) as turn:
        state = turn.state or State()
        state = replace(state, turn=state.turn + 1)
        turn.commit(state=state, text=text, reply="네, 만두요.", **given)
    return state.turn


def order(call, count=1, replaces=""):
    return ActionCall(
        call, RECORD, "order", {"who": "오하늘", "when": ["18:00"]}, (Item("만두", count),), replaces
    )


@pytest.fixture(scope="module", params=DATABASES)
def opened(request, tmp_path_factory):
    with Store.open(new_database(request, tmp_path_factory.mktemp("store"))) as store:
        yield store


@pytest.fixture
def store(opened):
    """An empty store."""
    yield opened
    opened.purge(datetime(2100, 1, 1, tzinfo=UTC))
    assert opened.sessions() == []


# one turn


def test_a_conversation_begins_without_a_state_and_goes_on_with_the_last(store):
    rich = State(
        drafts=(
            Draft(
                "reservation",
                values=(("party", (Value("네 명", 4),)), ("time", (Value("저녁 7시", "19:00"),))),
                hints=(("date", "다음 주"),),
                asked="@confirm",
            ),
        ),
        turn=3,
    )
    with store.turn("a", "clinic", at=AT) as turn:
        assert turn.state is None
        assert turn.replayed is None
        turn.commit(state=rich, text="네 명이요", reply="네 분이시군요.")
    with store.turn("a", "clinic", at=AT) as turn:
        assert turn.state == rich
    with store.turn("b", "clinic", at=AT) as turn:
        assert turn.state is None


def test_the_same_session_id_with_two_bots_is_two_conversations(store):
    assert say(store, "010-1234-5678", "clinic") == 1
    assert say(store, "010-1234-5678", "clinic") == 2
    assert say(store, "010-1234-5678", "parcel") == 1
    assert [(s.bot, s.revision) for s in sorted(store.sessions(), key=lambda s: s.bot)] == [
        ("clinic", 2),
        ("parcel", 1),
    ]
    assert [s.bot for s in store.sessions(bot="parcel")] == ["parcel"]


@pytest.mark.parametrize("pair", [("a", "A"), ("\uac00", "\u1100\u1161"), ("\u00e9", "e")], ids=ascii)
def test_session_ids_are_told_apart_to_the_code_point(store, pair):
    for session in pair:
        assert say(store, session) == 1
    assert len(store.sessions()) == 2


def test_a_turn_without_commit_leaves_no_trace(store):
    with store.turn("a", "clinic", message_id="m1", at=AT):
        pass
    assert store.sessions() == []
    say(store, "a", "clinic")
    with pytest.raises(RuntimeError, match="halfway"), store.turn("a", "clinic", message_id="m1", at=AT):
        raise RuntimeError("halfway")
    assert [t.number for t in store.transcript("a")] == [1]
    with store.turn("a", "clinic", message_id="m1", at=AT) as turn:
        assert turn.replayed is None


def test_what_fails_while_it_is_kept_leaves_no_trace(store):
    say(store, "a")
    with pytest.raises(StoreError) as caught:
        say(store, "a", records=[order("2-1")], trace={"what": object()})
    assert "\n" not in str(caught.value)
    assert "JSON" in str(caught.value)
    assert store.records() == []
    assert [s.revision for s in store.sessions()] == [1]
    assert say(store, "a") == 2


def test_a_message_that_comes_twice_is_answered_once(store):
    say(store, message_id="kakao:1", records=[order("1-1")])
    for _ in range(2):
        with store.turn("오하늘", "restaurant", message_id="kakao:1", at=AT) as turn:
            assert turn.replayed == "네, 만두요."
            assert turn.state == SEEN
            with pytest.raises(StoreError, match="kept once"):
                turn.commit(state=State(), text="만두 주세요", reply="또요?")
    assert len(store.records()) == 1
    assert [t.number for t in store.transcript("오하늘")] == [1]
    # the id is one of this conversation: another may use it as well
    with store.turn("이지은", "restaurant", message_id="kakao:1", at=AT) as turn:
        assert turn.replayed is None
    with store.turn("오하늘", "clinic", message_id="kakao:1", at=AT) as turn:
        assert turn.replayed is None


def test_turns_without_a_message_id_are_all_taken(store):
    assert [say(store) for _ in range(3)] == [1, 2, 3]
    assert {t.message_id for t in store.transcript("오하늘")} == {""}


def test_a_turn_is_kept_once_and_not_after_its_end(store):
    with store.turn("a", "clinic", at=AT) as turn:
        turn.commit(state=SEEN, text="", reply="어서 오세요.")
        with pytest.raises(StoreError, match="kept once"):
            turn.commit(state=SEEN, text="", reply="어서 오세요.")
    with store.turn("b", "clinic", at=AT) as late:
        pass
    with pytest.raises(StoreError, match="kept once"):
        late.commit(state=SEEN, text="", reply="어서 오세요.")
    assert [s.id for s in store.sessions()] == ["a"]


@pytest.mark.parametrize(
    "bad",
    ["", " a", "a ", "a\x00b", "a\nb", "\ud800", "가" * 201],
    ids=["empty", "lead", "end", "nul", "line", "half", "long"],
)
def test_ids_that_no_database_keeps_apart_are_refused(store, bad):
    with pytest.raises(DataError, match="session: expected 1 to 200 printable"):
        say(store, bad)
    with pytest.raises(DataError, match="bot: expected 1 to 64"):
        say(store, bot=bad)
    if bad:
        with pytest.raises(DataError, match="message id: expected 1 to 200"):
            say(store, message_id=bad)
    assert store.sessions() == []


def test_the_longest_ids_fit(store):
    ids = {"session": "가" * 200, "bot": "b" * 64}
    say(store, **ids, message_id="한" * 200, records=[order("1-1", replaces="r" * 200)])
    (record,) = store.records(**ids)
    assert record.replaces == "r" * 200


# what users say


@pytest.mark.parametrize(
    "text",
    [
        "만두 \x00 주세요",
        "반쪽 \ud83d 글자",
        "😀" * 3000,
        "'; DROP TABLE sessions; --",
        "%s %(x)s :x ?",
        "가\r\n나\t\u2028",
    ],
)
def test_whatever_a_user_types_is_kept(store, text):
    state = State(drafts=(Draft("order", values=(("memo", (Value(text, text),)),)),))
    with store.turn("a", "restaurant", at=AT) as turn:
        turn.commit(
            state=state,
            text=text,
            reply=text,
            entities=[{"text": text, "start": 0, "end": len(text)}],
            hand_over={"last": text},
            records=[ActionCall("1-1", RECORD, "order", {"memo": text})],
        )
    (turn,) = store.transcript("a")
    clean = text.replace("\x00", "\ufffd").replace("\ud83d", "\ufffd")
    assert (turn.text, turn.reply) == (clean, clean)  # one for one: offsets stay
    assert turn.entities == [{"text": text, "start": 0, "end": len(text)}]
    assert store.hand_overs()[0].summary == {"last": text}
    assert store.records()[0].values == {"memo": text}
    with store.turn("a", "restaurant", at=AT) as again:
        assert again.state == state


# the transcript, and time


def test_the_transcript_has_every_turn_in_order_with_its_reasons(store):
    say(store, "a", text="", message_id="m0")
    say(
        store,
        "a",
        text="만두",
        entities=[{"label": "FOOD"}],
        trace={"chosen": "order"},
        at=AT + timedelta(hours=1),
    )
    say(store, "b", text="다른 사람")
    first, second = store.transcript("a")
    assert (first.number, first.message_id, first.text, first.reply) == (1, "m0", "", "네, 만두요.")
    assert (second.number, second.entities, second.trace) == (2, [{"label": "FOOD"}], {"chosen": "order"})
    assert second.to_dict()["at"] == "2026-07-23T09:00:00+00:00"
    assert store.transcript("nobody") == []


def test_turns_stay_in_order_past_ten_of_them(store):
    for _ in range(12):
        say(store)
    assert [t.number for t in store.transcript("오하늘")] == list(range(1, 13))


@pytest.mark.parametrize(
    "at",
    [
        AT,
        AT.astimezone(UTC),
        AT.astimezone(ZoneInfo("America/New_York")),
        AT.replace(tzinfo=None),  # a wall clock in Seoul
    ],
    ids=["seoul", "utc", "new-york", "naive"],
)
def test_a_time_is_the_same_moment_wherever_it_was_said(store, at):
    say(store, "a", at=at, records=[order("1-1")], hand_over={})
    (session,), (turn,), (record,) = store.sessions(), store.transcript("a"), store.records()
    (hand_over,) = store.hand_overs()
    times = [session.created_at, session.updated_at, turn.at, record.created_at, record.updated_at, hand_over.at]
    assert times == [AT] * 6
    assert {time.utcoffset() for time in times} == {timedelta(0)}


def test_times_sort_across_zones_years_and_fractions(store):
    moments = [
        datetime(2026, 1, 1, 0, 0, tzinfo=ZoneInfo("Asia/Seoul")),
        datetime(2025, 12, 31, 15, 0, 0, 1, tzinfo=UTC),
        datetime(2025, 12, 31, 15, 0, 1, tzinfo=UTC),
        datetime(2026, 1, 1, 0, 0, tzinfo=UTC),
    ]
    for n in (2, 0, 3, 1):
        say(store, f"s{n}", at=moments[n])
    assert [s.id for s in store.sessions()] == ["s0", "s1", "s2", "s3"]


# the book


def test_a_record_is_booked_replaced_and_withdrawn(store):
    say(store, records=[order("1-1")])
    say(store, records=[order("2-1", 3, replaces="1-1"), order("2-2")], at=AT + timedelta(minutes=1))
    say(store, withdrawn=["2-2"], at=AT + timedelta(minutes=2))
    first, second, third = store.records()
    assert (first.id, first.status, first.created_at) == ("1-1", "replaced", AT)
    assert first.updated_at == AT + timedelta(minutes=1)
    assert (second.id, second.status, second.replaces) == ("2-1", "booked", "1-1")
    assert second.items == [{"name": "만두", "count": 3}]
    assert second.values == {"who": "오하늘", "when": ["18:00"]}
    assert (third.id, third.status) == ("2-2", "withdrawn")
    assert third.updated_at == AT + timedelta(minutes=2)


def test_what_is_withdrawn_is_not_replaced_and_what_is_replaced_not_withdrawn(store):
    say(store, records=[order("1-1"), order("1-2")])
    say(store, withdrawn=["1-1"])
    say(store, records=[order("3-1", replaces="1-1"), order("3-2", replaces="1-2")])
    say(store, withdrawn=["1-2", "없는 것"])
    assert {r.id: r.status for r in store.records()} == {
        "1-1": "withdrawn",
        "1-2": "replaced",
        "3-1": "booked",
        "3-2": "booked",
    }


def test_a_record_cannot_reach_into_another_conversation(store):
    say(store, "a", records=[order("1-1")])
    say(store, "a", "clinic", records=[order("1-1")])
    say(store, "b", records=[order("1-1", replaces="1-1")])
    say(store, "b", withdrawn=["1-1"])
    assert [r.status for r in store.records(session="a")] == ["booked", "booked"]
    assert [r.status for r in store.records(session="b")] == ["withdrawn"]


def test_a_call_tried_again_is_one_record(store):
    say(store, records=[order("1-1")])
    say(store, records=[order("1-1", 5)], at=AT + timedelta(minutes=1))
    (record,) = store.records()
    assert record.items == [{"name": "만두", "count": 5}]
    assert (record.created_at, record.updated_at) == (AT, AT + timedelta(minutes=1))


def test_the_book_is_searched_by_bot_form_status_and_session(store):
    say(store, "a", "restaurant", records=[order("1-1"), ActionCall("1-2", RECORD, "reservation")])
    say(store, "b", "clinic", records=[ActionCall("1-1", RECORD, "appointment")])
    say(store, "b", "clinic", withdrawn=["1-1"])

    def found(**wanted):
        return [(r.session, r.form) for r in store.records(**wanted)]

    assert len(found()) == 3
    assert found(bot="clinic") == [("b", "appointment")]
    assert found(form="reservation") == [("a", "reservation")]
    assert found(status="booked") == [("a", "order"), ("a", "reservation")]
    assert found(session="b", status="withdrawn") == [("b", "appointment")]
    assert found(session="b", status="booked") == []
    with pytest.raises(DataError, match="expected one of booked, withdrawn, replaced; got 'lost'"):
        found(status="lost")


def test_hand_overs_wait_until_somebody_takes_them(store):
    say(store, "a", hand_over={"last": "사람 바꿔 주세요"})
    say(store, "b", "clinic", hand_over={})
    first, second = store.hand_overs()
    assert (first.session, first.summary, first.resolved_at) == ("a", {"last": "사람 바꿔 주세요"}, None)
    assert (second.bot, second.summary) == ("clinic", {})
    assert store.resolve(first.id, at=AT + timedelta(minutes=5))
    assert not store.resolve(first.id)
    assert not store.resolve(4711)
    assert store.hand_overs() == [second]
    assert store.hand_overs(bot="restaurant") == []
    assert [h.resolved_at for h in store.hand_overs(resolved=True)] == [AT + timedelta(minutes=5), None]


def test_after_a_person_the_bot_answers_again(store):
    with store.turn("a", "restaurant", at=AT) as turn:
        turn.commit(state=State(turn=3, handed_over=True), text="사람 바꿔 주세요", reply="네", hand_over={})
    (waiting,) = store.hand_overs()
    assert store.resolve(waiting.id)
    with store.turn("a", "restaurant", at=AT) as turn:
        assert turn.state == State(turn=3)
        turn.commit(state=State(turn=4), text="이제 주문할게요", reply="네")
    assert [t.text for t in store.transcript("a")][-1] == "이제 주문할게요"


# deleting


def test_forgetting_a_session_deletes_all_of_it_and_nothing_else(store):
    for session in ("a", "b"):
        for bot in ("restaurant", "clinic"):
            say(store, session, bot, message_id="m", records=[order("1-1"), order("1-2")], hand_over={})
    assert store.forget("a") == Removed(sessions=2, turns=2, records=4, hand_overs=2)
    assert store.forget("a") == Removed()
    assert store.transcript("a") == store.records(session="a") == []
    assert {s.id for s in store.sessions()} == {r.session for r in store.records()} == {"b"}
    assert {h.session for h in store.hand_overs()} == {"b"}
    with store.turn("a", "clinic", message_id="m", at=AT) as turn:
        assert (turn.state, turn.replayed) == (None, None)


def test_a_hand_over_that_was_deleted_does_not_lend_its_id_to_another(store):
    say(store, "a", hand_over={})
    (old,) = store.hand_overs()
    store.forget("a")
    say(store, "b", hand_over={})
    (new,) = store.hand_overs()
    assert new.id != old.id
    assert not store.resolve(old.id)


def test_purging_deletes_what_is_older_and_keeps_what_is_not(store):
    day = timedelta(days=1)
    say(store, "silent", at=AT - 9 * day, records=[order("1-1")], hand_over={})
    say(store, "regular", at=AT - 9 * day, message_id="old", records=[order("1-1")], hand_over={})
    say(store, "regular", at=AT, message_id="new", records=[order("2-1")], hand_over={})
    say(store, "border", at=AT - 5 * day)
    assert store.purge(AT - 5 * day) == Removed(sessions=1, turns=2, records=2, hand_overs=2)
    assert {s.id for s in store.sessions()} == {"regular", "border"}
    assert [t.message_id for t in store.transcript("regular")] == ["new"]
    assert [(r.session, r.id) for r in store.records()] == [("regular", "2-1")]
    assert len(store.hand_overs()) == 1
    assert say(store, "regular") == 3  # its state lives on
    assert store.purge(AT - 5 * day) == Removed()


def test_purging_many_sessions_goes_in_pieces(store, monkeypatch):
    monkeypatch.setattr(sys.modules[Store.__module__], "_SESSIONS_AT_ONCE", 4)
    for n in range(11):
        say(store, f"s{n}", at=AT - timedelta(days=n), records=[order("1-1")])
    assert store.purge(AT - timedelta(days=1)) == Removed(sessions=9, turns=9, records=9)
    assert [s.id for s in store.sessions()] == ["s1", "s0"]


# opening


def test_what_was_kept_is_there_after_opening_again(database):
    with Store.open(database) as store:
        say(store, records=[order("1-1")])
    with Store.open(database, create=False) as store:
        assert say(store) == 2
        assert len(store.records()) == 1


def test_without_create_an_empty_database_is_refused(database):
    with pytest.raises(StoreError, match=r"no such database|expected the tables of a bot; found none"):
        Store.open(database, create=False)
    assert "://" in database or not Path(database).exists()


def change(database, *statements):
    import sqlalchemy as sa

    engine = sa.create_engine(database if "://" in database else f"sqlite:///{database}")
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (7, "its tables are of version 7, this package reads version 1: upgrade ner-engine"),
        (0, "expected tables of version 1; got 0"),
    ],
)
def test_tables_of_another_version_are_refused(database, version, message):
    Store.open(database).close()
    change(database, f"UPDATE ner_engine_schema SET version = {version}")
    with pytest.raises(StoreError, match=message) as caught:
        Store.open(database)
    assert "\n" not in str(caught.value)


def test_a_table_of_somebody_else_is_refused_and_left_alone(database):
    change(
        database, "CREATE TABLE records (id INTEGER, artist VARCHAR(20))", "INSERT INTO records VALUES (1, 'x')"
    )
    with pytest.raises(
        StoreError, match=r"a table records is there already and is not a bot's \(no column session\)"
    ):
        Store.open(database)
    change(database, "DROP TABLE records", "CREATE TABLE artists (id INTEGER)")
    Store.open(database).close()  # its neighbours do not matter


def test_what_somebody_else_broke_is_one_line(database):
    store = Store.open(database)
    say(store, "a")
    change(database, "UPDATE sessions SET state = '{\"version\": 99}'")
    with pytest.raises(NerEngineError, match=r"session a: .*version"):
        say(store, "a")
    change(database, "UPDATE sessions SET state = '{'")
    with pytest.raises(StoreError, match="expected JSON in the database"):
        say(store, "a")
    change(database, "UPDATE sessions SET updated_at = 'yesterday'")
    with pytest.raises(StoreError, match="expected a time in the database; got 'yesterday'"):
        store.sessions()
    change(database, "DROP TABLE records")
    with pytest.raises(StoreError, match="records") as caught:
        store.records()
    assert "\n" not in str(caught.value)
    store.close()


# threads


def test_threads_share_a_store(store):
    failed = []

    def work(name):
        try:
            for n in range(5):
                say(store, "shared")
                say(store, name, message_id=f"{n}")
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(f"own-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert {s.id: s.revision for s in store.sessions()} == {"shared": 20} | {f"own-{n}": 5 for n in range(4)}
    with store.turn("shared", "restaurant", at=AT) as turn:
        assert turn.state == State(turn=20)


def test_a_turn_that_waits_too_long_for_another_gives_up_with_one_line(database):
    with Store.open(database) as store, Store.open(database, timeout_s=0.2) as hasty:
        say(store, "a")
        with store.turn("a", "restaurant", at=AT) as turn:
            with pytest.raises(StoreError, match=r"(?i)lock") as caught:
                say(hasty, "a")
            assert "\n" not in str(caught.value)
            turn.commit(state=State(turn=2), text="나", reply="다")
        assert say(hasty, "a") == 3


def test_reading_does_not_wait_for_a_turn(database):
    with Store.open(database) as store, Store.open(database, timeout_s=0.2) as reader:
        say(store, "a", records=[order("1-1")])
        with store.turn("a", "restaurant", at=AT) as turn:
            assert len(reader.records()) == len(reader.transcript("a")) == len(reader.sessions()) == 1
            turn.commit(state=State(turn=2), text="나", reply="다", withdrawn=["1-1"])
            assert [r.status for r in reader.records()] == ["withdrawn"]  # kept when commit returned


def test_nothing_said_reaches_the_log_or_an_error(store, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "여권번호 M1234"
    say(store, "a", text=secret, message_id="m")
    with pytest.raises(StoreError) as caught:
        say(store, "a", text=secret, entities=[{"text": secret, "what": object()}])
    assert secret not in str(caught.value)
    assert caught.value.__cause__ is None
    assert secret not in caplog.text
    store.forget("a")
    assert secret not in caplog.text


def test_in_memory_keeps_the_same_contract():
    store = InMemory()
    assert [say(store), say(store, message_id="m")] == [1, 2]
    with store.turn("오하늘", "restaurant", message_id="m", at=AT) as turn:
        assert (turn.replayed, turn.state) == ("네, 만두요.", State(turn=2))
