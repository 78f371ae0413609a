"""Which slot a mention goes to; slots of several values; what is taken back; defaults and conditions."""

from __future__ import annotations

import pytest

from ner_engine.chatbot.rules import Role
from ner_engine.chatbot.turn.asking import open_slots
from ner_engine.spans import Entity
from tests.slot_talk import form_of, hear, options, slot, values

TRIP = form_of(
    slot("origin", "place", role=Role(("보내는 곳", "출발지"), ("에서", "부터", "출발"))),
    slot("target", "place", role=Role(("받는 곳", "도착지"), ("까지", "으로", "로", "행"))),
)
BOTH = {"origin": "서울", "target": "부산"}


@pytest.mark.parametrize(
    "said",
    [
        ("서울에서 부산까지",), ("부산까지 서울에서 보내요",), ("서울에서부터 부산까지요",),
        ("보내는 곳은 서울, 받는 곳은 부산",), ("받는 곳은 부산이고 보내는 곳은 서울이에요",),
        ("서울 출발 부산행이요",),
        ("출발지: 서울 도착지: 부산",), ("서울 부산",), ("서울이랑 부산이요",), ("서울", "부산"),
        ("부산으로 보내요", "서울이요"), ("서울에서요", "부산이요"), ("서울에서 대전까지", "대전 말고 부산"),
        ("대전에서 부산까지", "아니 서울에서요"), ("서울에서 대전까지", "부산으로 바꿔 주세요"),
        ("대전에서 부산까지", "대전 말고 서울이요"),
    ],
)  # fmt: skip
def test_a_place_goes_by_its_role_or_to_the_slot_asked(said: tuple[str, ...]) -> None:
    assert values(hear(TRIP, *said)) == BOTH


def test_regions_and_their_parts_are_one_place() -> None:
    assert values(hear(TRIP, "서울 마포구에서 부산 해운대구로")) == {
        "origin": "서울 마포구",
        "target": "부산 해운대구",
    }


def test_where_all_is_filled_a_bare_place_is_nobodys() -> None:
    filling = hear(TRIP, "서울에서 부산까지", "광주요")
    assert values(filling) == BOTH
    assert (filling.filled, filling.changed) == ((), ())


def test_a_label_may_be_shared_by_persons_too() -> None:
    parcel = form_of(
        slot("sender", "person", role=Role(("보내는 사람", "보내는 분"))),
        slot("receiver", "person", role=Role(("받는 사람", "받는 분"))),
    )

    def extract(text: str) -> list[Entity]:
        found = [(name, text.find(name)) for name in ("김민수", "박서연") if name in text]
        return [Entity(name, start, start + len(name), "PS") for name, start in found]

    heard = hear(parcel, "받는 분은 박서연, 보내는 분은 김민수예요", extract=extract)
    assert values(heard) == {"sender": "김민수", "receiver": "박서연"}


THINGS = form_of(slot("what", "choice", many=True, most_values=3, options=options("서류", "의류", "책", "식품")))
DAYS = form_of(slot("days", "date", many=True, most_values=3))


@pytest.mark.parametrize(
    ("said", "what"),
    [
        (("서류랑 책이요",), ["서류", "책"]), (("서류", "책도요"), ["서류", "책"]), (("서류", "서류요"), "서류"),
        (("서류랑 책", "책은 빼고요"), "서류"), (("서류랑 책", "책 말고 의류"), ["서류", "의류"]),
        (("서류", "서류 말고 책"), "책"),
    ],
)  # fmt: skip
def test_several_values_are_gathered_and_taken_out_one_by_one(said: tuple[str, ...], what: object) -> None:
    assert values(hear(THINGS, *said, asked="what")) == {"what": what}


def test_what_was_taken_out_last_leaves_the_slot_empty() -> None:
    filling = hear(THINGS, "서류", "서류 말고요", asked="what")
    assert (values(filling), filling.cleared, filling.problems) == ({}, ("what",), ())


def test_too_many_values() -> None:
    filling = hear(THINGS, "서류, 의류, 책, 식품이요")
    assert values(filling) == {"what": ["서류", "의류", "책"]}
    assert [(p.kind, p.values) for p in filling.problems] == [("too_many", {"heard": "식품", "most": "3"})]


@pytest.mark.parametrize(
    ("said", "days"),
    [
        (("내일이랑 모레",), ["2026-07-24", "2026-07-25"]),
        (("다음 주 화요일이랑 목요일",), ["2026-07-28", "2026-07-30"]),
        (("다음 주", "화요일하고 수요일"), ["2026-07-28", "2026-07-29"]),
        (("화요일이랑 금요일", "화요일은 빼고"), "2026-07-24"),
        (("내일", "모레도요"), ["2026-07-24", "2026-07-25"]),
    ],
)
def test_several_days(said: tuple[str, ...], days: object) -> None:
    assert values(hear(DAYS, *said, asked="days")) == {"days": days}


VISIT = form_of(
    slot("dept", "choice", options=options("내과", "정형외과")),
    slot("day", "date"),
    slot("at", "time"),
    slot("party", "quantity", units=("명",), suffix="명"),
)
FULL = "내과 내일 저녁 7시 네 명이요"


@pytest.mark.parametrize(
    ("said", "changes"),
    [
        ("내과 말고 정형외과로요", {"dept": "정형외과"}), ("아니 8시요", {"at": "20:00"}),
        ("7시 말고 8시", {"at": "20:00"}),
        ("7시가 아니라 6시 반이요", {"at": "18:30"}), ("네 명 말고 세 명", {"party": 3}),
        ("넷 말고 다섯이요", {"party": 5}),
        ("내일 말고 모레 6시", {"day": "2026-07-25", "at": "18:00"}), ("세 명으로 바꿔 주세요", {"party": 3}),
        ("7시 말고요", {"at": None}), ("내과 말고요", {"dept": None}), ("내일 말고요", {"day": None}),
    ],
)  # fmt: skip
def test_any_slot_can_be_corrected(said: str, changes: dict[str, object]) -> None:
    filling = hear(VISIT, FULL, said, asked="")
    expected = {"dept": "내과", "day": "2026-07-24", "at": "19:00", "party": 4} | changes
    assert values(filling) == {name: value for name, value in expected.items() if value is not None}
    emptied = tuple(name for name, value in changes.items() if value is None)
    assert filling.cleared == emptied
    assert set(filling.changed) == {name for name in changes if name not in emptied}


def test_half_of_the_new_answer_is_kept_when_the_old_one_goes() -> None:
    halved = hear(VISIT, FULL, "7시 말고 점심에요", asked="")
    assert "at" not in values(halved)
    assert [(p.slot.name, p.kind) for p in halved.problems] == [("at", "vague")]
    assert halved.cleared == ()
    assert values(hear(VISIT, "한 시요", asked="at", draft=halved.draft))["at"] == "13:00"


def test_defaults_are_there_from_the_beginning_and_can_be_changed() -> None:
    form = form_of(
        slot("n", "quantity", units=("개",), suffix="개", default="한 개"),
        slot("pay", "choice", options=options("선불", "착불"), default="선불"),
        slot("day", "date", default="내일"),
        slot("memo", "text"),
    )
    assert values(hear(form)) == {"n": 1, "pay": "선불", "day": "2026-07-24"}
    changed = hear(form, "두 개, 착불이요")
    assert values(changed) == {"n": 2, "pay": "착불", "day": "2026-07-24"}
    assert set(changed.changed) == {"n", "pay"}
    fresh = form_of(slot("n", "quantity", units=("개",), default="한 개"), slot("day", "date"))
    beside = hear(fresh, "내일 두 개요")
    assert (set(beside.filled), beside.changed) == ({"n", "day"}, ()), "nobody had said how many there were"
    assert hear(fresh, "두 개요", "내일 세 개요").changed == ("n",)


def test_a_default_that_the_day_forbids_is_left_to_be_asked() -> None:
    form = form_of(slot("day", "date", default="내일", closed=(4,)))
    assert [one.name for one in open_slots(form, hear(form).draft)] == ["day"]


ASKED_IF = form_of(
    slot("dept", "choice", options=options("내과", "정형외과")),
    slot("doctor", "choice", options=options("윤서현", "한도윤"), when=(("dept", ("내과",)),)),
    slot("day", "date"),
)


def test_a_slot_is_asked_only_where_it_applies() -> None:
    assert [one.name for one in open_slots(ASKED_IF, hear(ASKED_IF, "내과요").draft)] == ["doctor", "day"]
    assert [one.name for one in open_slots(ASKED_IF, hear(ASKED_IF, "정형외과요").draft)] == ["day"]
    assert values(hear(ASKED_IF, "정형외과 윤서현이요")) == {"dept": "정형외과"}
    assert values(hear(ASKED_IF, "윤서현 선생님 내과요")) == {"dept": "내과", "doctor": "윤서현"}


def test_what_no_longer_applies_is_dropped() -> None:
    assert values(hear(ASKED_IF, "내과 윤서현이요", "정형외과로 바꿔 주세요")) == {"dept": "정형외과"}
