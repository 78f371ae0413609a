"""Days, times and moments of a form: what people say of them, what is taken, what is refused and why."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner_engine.chatbot.rules import Hours, Role
from ner_engine.chatbot.showing import show_day, show_time
from ner_engine.spans import Entity
from ner_engine.values import Clock, DateValue, TimeValue, parse_at
from tests.slot_talk import NOW, form_of, hear, slot, values

HOURS = Hours(
    time(9), time(18), closed=(6,), breaks=((time(13), time(14)),), holidays=True, days=((5, time(9), time(13)),)
)
DAY = form_of(slot("day", "date", closed=(0,), within_days=60, holidays=False))
VISIT = form_of(slot("day", "date", hours=HOURS), slot("at", "time", hours=HOURS))
TABLE = form_of(slot("day", "date"), slot("at", "time", opens=time(11), closes=time(20), step_minutes=30))
MOMENT = form_of(slot("when", "moment", hours=HOURS, step_minutes=30))


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("오늘", "2026-07-23"), ("내일이요", "2026-07-24"), ("낼모레", "2026-07-25"), ("글피", "2026-07-26"),
        ("금요일", "2026-07-24"), ("토욜에 갈게요", "2026-07-25"), ("금요일날", "2026-07-24"),
        ("다음 주 금요일", "2026-07-31"), ("담주 금욜", "2026-07-31"), ("8/5", "2026-08-05"),
        ("8월 5일에요", "2026-08-05"), ("팔월 십일일", "2026-08-11"), ("30일", "2026-07-30"),
        ("5일", "2026-08-05"), ("다음 달 4일", "2026-08-04"), ("사흘 뒤", "2026-07-26"), ("2주 뒤", "2026-08-06"),
        ("한 달 뒤", "2026-08-23"), ("내일 저녁 7시", "2026-07-24"), ("지금", "2026-07-23"),
        ("2026-07-30", "2026-07-30"), ("7.30", "2026-07-30"), ("25일부터 28일까지", "2026-07-25"),
    ],
)  # fmt: skip
def test_a_day_is_heard(said: str, day: str) -> None:
    assert values(hear(DAY, said)) == {"day": day}


@pytest.mark.parametrize(
    ("said", "kind", "heard"),
    [
        ("어제요", "past", "어제"), ("이번 주 화요일", "past", "이번 주 화요일"),
        ("월요일", "closed", "7월 27일 월요일"), ("다음 달 3일", "closed", "8월 3일 월요일"),
        ("광복절", "holiday", "8월 15일 토요일"), ("팔월 십오일", "holiday", "8월 15일 토요일"),
        ("12월 3일", "far", "12월 3일 목요일"), ("다음 주", "vague", "다음 주"), ("주말에", "vague", "주말"),
        ("다음 주 주말", "vague", "다음 주 주말"), ("6월 31일", "vague", "6월 31일"), ("평일", "vague", "평일"),
        ("오늘이나 내일", "vague", "오늘이나 내일"),
    ],
)  # fmt: skip
def test_a_day_that_will_not_do(said: str, kind: str, heard: str) -> None:
    filling = hear(DAY, said)
    assert values(filling) == {}
    assert [(problem.kind, problem.values["heard"]) for problem in filling.problems] == [(kind, heard)]


def test_what_is_wrong_is_said_with_its_values() -> None:
    assert hear(DAY, "월요일").problems[0].values == {"heard": "7월 27일 월요일", "closed": "월요일"}
    assert hear(DAY, "광복절").problems[0].values["holiday"] == "광복절"
    assert hear(DAY, "12월 3일").problems[0].values["days"] == "60"


@pytest.mark.parametrize("said", ["7시", "아무 때나", "글쎄요", "", "하하", "두 시간", "5일장", "일요"])
def test_what_names_no_day(said: str) -> None:
    filling = hear(DAY, said)
    assert (values(filling), filling.problems) == ({}, ())


@pytest.mark.parametrize(
    ("said", "day"),
    [
        (("다음 주", "금요일"), "2026-07-31"), (("다음 주 주말", "일요일이요"), "2026-08-02"),
        (("이번 주말", "토요일"), "2026-07-25"), (("다음 주", "내일"), "2026-07-24"),
        (("다음 달", "4일이요"), "2026-08-04"), (("다음 주", "수요일이나 목요일", "목요일"), "2026-07-30"),
        (("다음 주 화요일이나 수요일", "수요일이요"), "2026-07-29"),
    ],
)  # fmt: skip
def test_half_a_day_waits_for_the_other_half(said: tuple[str, ...], day: str) -> None:
    assert values(hear(DAY, *said)) == {"day": day}


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("3시", "15:00"), ("9시", "09:00"), ("10시", "10:00"), ("11시 반", "11:30"), ("6시", "18:00"),
        ("저녁 6시", "18:00"), ("14:30", "14:30"), ("0930", "09:30"), ("정오", "12:00"), ("세시 십오분", "15:15"),
        ("오후 네 시요", "16:00"), ("15시에 갈게요", "15:00"), ("3시부터 5시까지", "15:00"),
        ("오후 2시에서 4시 사이", "14:00"), ("네시쯤", "16:00"),
    ],
)  # fmt: skip
def test_an_hour_is_the_one_at_which_the_shop_is_open(said: str, at: str) -> None:
    assert values(hear(VISIT, "내일", said))["at"] == at


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        ("내일 밤 8시", "outside", {"heard": "저녁 8시", "from": "오전 9시", "to": "저녁 6시"}),
        ("토요일 3시", "outside", {"heard": "오후 3시", "from": "오전 9시", "to": "오후 1시"}),
        ("내일 1시 반", "break", {"heard": "오후 1시 반", "from": "오후 1시", "to": "오후 2시"}),
        ("오늘 4시", "past", {"heard": "오후 4시"}), ("내일 오후", "vague", {"heard": "오후"}),
        ("내일 두세 시", "vague", {"heard": "두세 시"}), ("내일 3시나 4시", "vague", {"heard": "3시나 4시"}),
    ],
)  # fmt: skip
def test_a_time_that_will_not_do(said: str, kind: str, told: dict[str, str]) -> None:
    filling = hear(VISIT, said)
    assert list(values(filling)) == ["day"]
    assert [(problem.kind, problem.values) for problem in filling.problems] == [(kind, told)]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("내일", "오후", "3시"), {"day": "2026-07-24", "at": "15:00"}),
        (("내일 오후", "3시요"), {"day": "2026-07-24", "at": "15:00"}),
        (("3시", "내일"), {"day": "2026-07-24", "at": "15:00"}),
        (("이번주토요일열시",), {"day": "2026-07-25", "at": "10:00"}),
        (("한 시간 뒤",), {"day": "2026-07-23", "at": "18:00"}),
        (("30분 뒤에 갈게요",), {"day": "2026-07-23", "at": "17:30"}),
    ],
)
def test_a_day_and_its_time(said: tuple[str, ...], expected: dict[str, str]) -> None:
    assert values(hear(VISIT, *said)) == expected


def test_a_time_is_looked_at_again_when_its_day_changes() -> None:
    moved = hear(VISIT, "내일 3시", "토요일로요")
    assert values(moved) == {"day": "2026-07-25"}
    assert [(problem.slot.name, problem.kind) for problem in moved.problems] == [("at", "outside")]
    over = hear(VISIT, "3시", "오늘이요")
    assert (values(over), over.problems[0].kind) == ({"day": "2026-07-23"}, "past")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("내일 7시 10분", {"heard": "저녁 7시 10분", "step": "30", "near": "저녁 7시나 저녁 7시 반"}),
        ("오늘 5시 10분", {"heard": "오후 5시 10분", "step": "30", "near": "오후 5시 반"}),
    ],
)
def test_times_between_the_steps(said: str, told: dict[str, str]) -> None:
    problem = hear(TABLE, said).problems[0]
    assert (problem.kind, problem.values) == ("step", told)


def test_the_last_step_ends_by_closing_time() -> None:
    assert values(hear(MOMENT, "내일 5시 반")) == {"when": "2026-07-24T17:30"}
    assert hear(MOMENT, "내일 6시").problems[0].values["to"] == "오후 5시 반"


@pytest.mark.parametrize(
    ("said", "when"),
    [
        (("내일 3시",), "2026-07-24T15:00"), (("내일 오후 3시 반",), "2026-07-24T15:30"),
        (("내일", "3시"), "2026-07-24T15:00"), (("3시", "내일이요"), "2026-07-24T15:00"),
        (("내일 오후", "3시"), "2026-07-24T15:00"), (("다음 주", "금요일 10시"), "2026-07-31T10:00"),
        (("다음 주", "금요일", "10시"), "2026-07-31T10:00"),
        (("내일 3시", "4시로 바꿔 주세요"), "2026-07-24T16:00"),
        (("내일 10시", "토요일로요"), "2026-07-25T10:00"),
        (("내일 10시", "내일 말고 토요일"), "2026-07-25T10:00"),
    ],
)  # fmt: skip
def test_a_moment(said: tuple[str, ...], when: str) -> None:
    assert values(hear(MOMENT, *said)) == {"when": when}


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("내일", "vague"), ("3시", "vague"), ("일요일 10시", "closed"), ("광복절 10시", "holiday"),
        ("토요일 2시", "outside"), ("내일 1시", "break"), ("내일 3시 10분", "step"), ("오늘 4시", "past"),
    ],
)  # fmt: skip
def test_a_moment_that_will_not_do(said: str, kind: str) -> None:
    filling = hear(MOMENT, said)
    assert (values(filling), [problem.kind for problem in filling.problems]) == ({}, [kind])


def test_a_moment_is_shown_as_people_say_it() -> None:
    filled = hear(MOMENT, "내일 오후 3시 반").draft.value("when")
    assert filled is not None
    assert filled.shown == "7월 24일 금요일 오후 3시 반"


def test_one_entity_may_be_a_day_with_its_time() -> None:
    def extract(text: str) -> list[Entity]:
        return [Entity("내일 저녁 7시", 0, 8, "DT")]

    plain = form_of(slot("day", "date"), slot("at", "time"))
    assert values(hear(plain, "내일 저녁 7시", extract=extract)) == {"day": "2026-07-24", "at": "19:00"}


def test_the_clock_of_the_conversation_counts_and_not_that_of_the_extractor() -> None:
    earlier = Clock.at(datetime(2020, 1, 1, 12))

    def extract(text: str) -> list[Entity]:
        return [Entity("내일", 0, 2, "DT", value=parse_at("내일", earlier, label="DT"))]

    assert values(hear(DAY, "내일", extract=extract)) == {"day": "2026-07-24"}


STAY = form_of(
    slot("start", "date", role=Role(after=("부터", "체크인"))),
    slot("end", "date", role=Role(after=("까지", "체크아웃"))),
)


@pytest.mark.parametrize(
    ("said", "labelled"),
    [
        (("25일부터 27일까지",), ""), (("25일부터 27일까지",), "25일부터 27일까지"),
        (("25일부터", "27일까지요"), ""),
        (("25일", "27일"), ""), (("25일 체크인 27일 체크아웃",), ""), (("27일까지 25일부터요",), ""),
        (("25일부터 26일까지", "26일 말고 27일"), ""),
    ],
)  # fmt: skip
def test_from_and_until(said: tuple[str, ...], labelled: str) -> None:
    def extract(text: str) -> list[Entity]:
        return [Entity(labelled, 0, len(labelled), "DT")] if labelled else []

    assert values(hear(STAY, *said, extract=extract)) == {"start": "2026-07-25", "end": "2026-07-27"}


def test_hours_from_and_until() -> None:
    span = form_of(slot("a", "time", role=Role(after=("부터",))), slot("b", "time", role=Role(after=("까지",))))
    assert values(hear(span, "3시부터 5시까지")) == {"a": "15:00", "b": "17:00"}
    assert values(hear(span, "3시부터", "5시까지요")) == {"a": "15:00", "b": "17:00"}


@given(st.dates(date(2026, 7, 23), date(2027, 7, 22)))
def test_a_shown_day_reads_back(day: date) -> None:
    value = parse_at(show_day(day, NOW.date()), Clock.at(NOW), label="DT")
    assert isinstance(value, DateValue)
    assert value.start == day


@given(st.times())
def test_a_shown_time_reads_back(at: time) -> None:
    at = at.replace(second=0, microsecond=0, fold=0)
    value = parse_at(show_time(at), Clock.at(NOW), label="TI")
    assert isinstance(value, TimeValue)
    assert value.start == at
