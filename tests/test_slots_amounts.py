"""Counts, weights, lengths of time and money of a form: what people say, what is taken, what is out of bounds."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.order.items import count_of
from ner_engine.chatbot.showing import show_duration, show_length, show_money, show_number, show_phone
from ner_engine.chatbot.slots.counts import Count, read_count, same_unit
from ner_engine.values import DurationValue
from tests.slot_talk import form_of, hear, slot, values

PARTY = slot(
    "party",
    "quantity",
    units=("명", "인", "분", "사람"),
    adds=("어른", "아이", "성인"),
    suffix="명",
    least=1,
    most=20,
)
WEIGHT = slot("kg", "quantity", units=("kg",), suffix="kg", least=1, most=30)
FORM = form_of(PARTY, WEIGHT)


@pytest.mark.parametrize(
    ("said", "party"),
    [
        ("네 명", 4), ("4명이요", 4), ("넷이요", 4), ("4", 4), ("4요", 4), ("둘이서 가요", 2), ("혼자 갈게요", 1),
        ("단둘이요", 2), ("세 분", 3), ("다섯 사람", 5), ("3인", 3), ("열 명쯤", 10), ("어른 둘 아이 하나", 3),
        ("어른 2명, 아이 1명", 3), ("성인 셋에 아이 둘이요", 5), ("두 명 말고 세 명", 3),
        ("두 명 아니고 세 명이요", 3),
        ("스무 명이요", 20), ("총 4명입니다", 4),
    ],
)  # fmt: skip
def test_how_many_are_coming(said: str, party: int) -> None:
    filling = hear(FORM, said)
    assert values(filling) == {"party": party}
    filled = filling.draft.value("party")
    assert filled is not None
    assert filled.shown == f"{party}명"


@pytest.mark.parametrize(
    ("said", "party"),
    [
        ("한 명 더 와요", 5),
        ("아이 하나 더 있어요", 5),
        ("두 명 추가할게요", 6),
        ("세 명이요", 3),
        ("어른 둘 아이 하나요", 3),
    ],
)
def test_more_of_them(said: str, party: int) -> None:
    assert values(hear(FORM, "네 명이요", said)) == {"party": party}


@pytest.mark.parametrize(
    ("said", "kg", "shown"),
    [
        ("5kg", 5, "5kg"), ("5킬로요", 5, "5kg"), ("오 킬로", 5, "5kg"), ("대충 3키로", 3, "3kg"),
        ("2.5kg", 2.5, "2.5kg"), ("키로로 하면 십 키로", 10, "10kg"), ("7", 7, "7kg"),
    ],
)  # fmt: skip
def test_a_weight_has_many_spellings(said: str, kg: float, shown: str) -> None:
    filling = hear(FORM, said, asked="kg")
    assert values(filling) == {"kg": kg}
    assert [value.shown for value in filling.draft.all_values("kg")] == [shown]


def test_the_unit_tells_which_slot_is_meant() -> None:
    assert values(hear(FORM, "3명이고 5kg이요", asked="")) == {"party": 3, "kg": 5}
    assert values(hear(FORM, "5kg이요", asked="party")) == {"kg": 5}


@pytest.mark.parametrize(
    ("said", "kind", "heard"),
    [
        ("두세 명", "vague", "두세 명"), ("여러 명이요", "vague", "여러 명"), ("3~4명", "vague", "3~4명"),
        ("몇 명", "vague", "몇 명"), ("0명", "range", "0명"), ("스물다섯 명", "range", "25명"),
    ],
)  # fmt: skip
def test_a_count_that_will_not_do(said: str, kind: str, heard: str) -> None:
    filling = hear(FORM, said)
    assert values(filling) == {}
    assert [(problem.kind, problem.values["heard"]) for problem in filling.problems] == [(kind, heard)]


@pytest.mark.parametrize(
    "said", ["7시", "30분 걸려요", "010-1234-5678", "세상에", "네", "한국 음식", "두 시간", "3층"]
)
def test_what_counts_nobody(said: str) -> None:
    filling = hear(FORM, said)
    assert (values(filling), filling.problems) == ({}, ())


TABLE = form_of(slot("table", "number", least=1, most=30, words=("자리",)))


@pytest.mark.parametrize(
    ("said", "number"),
    [("3", 3), ("3번이요", 3), ("삼", 3), ("스물", 20), ("이십오번", 25), ("세 번째", 3), ("자리 7", 7)],
)
def test_a_number(said: str, number: int) -> None:
    assert values(hear(TABLE, said)) == {"table": number}


@pytest.mark.parametrize(
    ("said", "kind"), [("0", "range"), ("서른하나", "range"), ("31번이요", "range"), ("2~3", "vague")]
)
def test_a_number_that_will_not_do(said: str, kind: str) -> None:
    assert [problem.kind for problem in hear(TABLE, said).problems] == [kind]


def test_a_number_that_was_not_asked_for_is_let_pass() -> None:
    assert values(hear(TABLE, "3개 주세요", asked="")) == {}


BUDGET = form_of(slot("won", "money", least=0, most=1_000_000))


@pytest.mark.parametrize(
    ("said", "won"),
    [
        ("3만원", 30_000), ("삼만 오천 원", 35_000), ("35,000원이요", 35_000), ("5만", 50_000), ("30000", 30_000),
        ("만오천원 정도", 15_000), ("한 10만원쯤", 100_000), ("₩20,000", 20_000),
    ],
)  # fmt: skip
def test_an_amount_of_money(said: str, won: int) -> None:
    filling = hear(BUDGET, said)
    assert values(filling) == {"won": won}
    assert [value.shown for value in filling.draft.all_values("won")] == [f"{won:,}원"]


@pytest.mark.parametrize(("said", "kind"), [("이백만원", "range"), ("3~4만원", "vague"), ("20달러", "vague")])
def test_money_that_will_not_do(said: str, kind: str) -> None:
    assert [problem.kind for problem in hear(BUDGET, said).problems] == [kind]


LENGTH = form_of(slot("length", "duration", shortest=Decimal(1800), longest=Decimal(7 * 86400)))


@pytest.mark.parametrize(
    ("said", "iso", "shown"),
    [
        ("두 시간", "PT2H", "2시간"), ("2시간 반이요", "PT2H30M", "2시간 30분"), ("90분", "PT90M", "1시간 30분"),
        ("사흘", "P3D", "3일"), ("3박 4일", "P4D", "3박 4일"), ("일주일", "P1W", "1주일"),
        ("3일이요", "P3D", "3일"),
        ("3일 동안", "P3D", "3일"), ("한 시간 정도", "PT1H", "1시간"), ("30분이요", "PT30M", "30분"),
    ],
)  # fmt: skip
def test_a_length_of_time(said: str, iso: str, shown: str) -> None:
    filling = hear(LENGTH, said)
    assert values(filling) == {"length": iso}
    assert [value.shown for value in filling.draft.all_values("length")] == [shown]


@pytest.mark.parametrize(("said", "kind"), [("20분", "range"), ("열흘", "range"), ("두세 시간", "vague")])
def test_a_length_that_will_not_do(said: str, kind: str) -> None:
    filling = hear(LENGTH, said)
    assert [problem.kind for problem in filling.problems] == [kind]
    if kind == "range":
        assert filling.problems[0].values["min"] == "30분"
        assert filling.problems[0].values["max"] == "7일"


def test_three_days_are_a_length_where_that_was_asked_and_else_a_day() -> None:
    both = form_of(slot("day", "date"), slot("length", "duration"))
    assert values(hear(both, "3일이요", asked="length")) == {"length": "P3D"}
    assert values(hear(both, "3일이요", asked="day")) == {"day": "2026-08-03"}
    assert values(hear(both, "내일부터 3일 동안이요", asked="")) == {"day": "2026-07-24", "length": "P3D"}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("두 그릇", (2, "그릇")), ("3명", (3, "명")), ("네 분", (4, "명")), ("10인분", (10, "인분")),
        ("하나", (1, "")), ("세 개씩", (3, "개")), ("혼자", (1, "명")), ("둘이서", (2, "명")),
        ("두세 그릇", (None, "그릇")), ("몇 개", (None, "개")), ("만 오천 원", (15000, "원")),
        ("5킬로", (5, "kg")),
        ("한 병만", (1, "병")), ("소자 하나", (1, "")), ("그릇", None), ("", None), ("7시", None),
        ("010-1234-5678", None),
    ],
)  # fmt: skip
def test_read_count(text: str, count: tuple[int | None, str] | None) -> None:
    found = read_count(text)
    assert (found and (found.number, found.unit)) == count


def test_units_are_the_same_however_they_are_written() -> None:
    assert same_unit("분", ["명"])
    assert same_unit("키로", ["kg"])
    assert not same_unit("병", ["그릇", "접시"])
    mention = Mention("두 병", 0, 3, "QT", "pattern")
    items = slot("items", "items", labels=("FOOD",), count_label="QT", units=("병",))
    assert count_of(items, (), mention) == Count(2, "병", Decimal(2))
    assert count_of(items, (), Mention("두 명", 0, 3, "QT", "pattern")) is None


def test_amounts_are_shown_as_people_write_them() -> None:
    assert show_money(Decimal(35000)) == "35,000원"
    assert show_money(Decimal(20), "USD") == "20달러"
    assert show_number(Decimal("2.50")) == "2.5"
    assert show_length(Decimal(9000)) == "2시간 30분"
    assert show_length(Decimal(0)) == "0분"
    assert show_duration(DurationValue(years=Decimal(1), months=Decimal(6))) == "1년 6개월"
    assert show_phone("+821012345678") == "010-1234-5678"
    assert show_phone("+8225550137") == "02-555-0137"
    assert show_phone("15881234") == "1588-1234"
    assert show_phone("112") == "112"
