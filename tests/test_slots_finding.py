"""Where the rules see what the extractor missed: days, times, counts, money, places, and names of their own."""

from __future__ import annotations

import pytest

from ner_engine.chatbot.mention.finding import (
    find_contacts,
    find_counts,
    find_days,
    find_lengths,
    find_money,
    find_places,
    find_times,
)
from ner_engine.chatbot.mention.likeness import likeness, nearest
from ner_engine.chatbot.mention.mentions import read_mentions
from ner_engine.chatbot.rulefile.reading import load_rules
from ner_engine.chatbot.slots.plain import bare_answer
from ner_engine.spans import Entity
from tests.slot_talk import form_of, options, rules_of, slot


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("짜장면 두 그릇이랑 탕수육 하나", ["두 그릇", "하나"]), ("네 명이요", ["네 명"]), ("네 알겠어요", []),
        ("세상에", []), ("한국 음식", []), ("한 그릇 더", ["한 그릇"]), ("둘이요", ["둘"]), ("3개요", ["3개"]),
        ("4", ["4"]), ("혼자요", ["혼자"]), ("삼 인분", ["삼 인분"]), ("7:30", []), ("010-1234-5678", []),
        ("서너 명", ["서너 명"]), ("하나은행", []), ("두 시간", []), ("5분 뒤", []), ("3~4명", ["3~4명"]),
        ("35,000원", []), ("2.5개", ["2.5개"]), ("12개월", []),
    ],
)  # fmt: skip
def test_counts(text: str, found: list[str]) -> None:
    assert [text[a:b] for a, b in find_counts(text, ["개", "그릇", "인분", "명"])] == found


@pytest.mark.parametrize(
    ("text", "days", "times"),
    [
        ("금요일 저녁 7시 반쯤, 아니 7월 30일 12:30", ["금요일", "7월 30일"], ["저녁 7시 반", "12:30"]),
        ("시작할게요 두 시간이요", [], []), ("이번주토요일저녁일곱시", ["이번주토요일"], ["저녁일곱시"]),
        ("유월 육일이나 시월 삼일", ["유월 육일", "시월 삼일"], []), ("추석에 뵐게요", ["추석"], []),
        ("한 시간 뒤에 갈게요", [], ["한 시간 뒤"]), ("저녁에 7시쯤", [], ["저녁", "7시"]),
        ("두세 시쯤", [], ["두세 시"]),
        ("3일 동안 5일장", [], []), ("다음 주 주말", ["다음 주 주말"], []), ("서울시 3시장", [], []),
        ("낮술 밤새 아침부터", [], []), ("오늘의 요리", [], []), ("내일은 오후", ["내일"], ["오후"]),
        ("8/5 10/12", ["8/5", "10/12"], []), ("1/2/3", [], []),
    ],
)  # fmt: skip
def test_days_and_times(text: str, days: list[str], times: list[str]) -> None:
    assert [text[a:b] for a, b in find_days(text)] == days
    assert [text[a:b] for a, b in find_times(text)] == times


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("두 시간 반이요", ["두 시간 반"]), ("3박 4일 여행", ["3박 4일"]), ("90분", ["90분"]), ("30분 뒤", []),
        ("일주일이나 열흘", ["일주일", "열흘"]), ("3일 동안", ["3일 동안"]), ("12:30분", []), ("두 분이서", []),
    ],
)  # fmt: skip
def test_lengths(text: str, found: list[str]) -> None:
    assert [text[a:b] for a, b in find_lengths(text)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("35,000원 정도", ["35,000원"]), ("삼만 오천 원", ["삼만 오천 원"]), ("3만", ["3만"]),
        ("3~4만원", ["3~4만원"]),
        ("원래", []), ("1,234", []),
    ],
)  # fmt: skip
def test_money(text: str, found: list[str]) -> None:
    assert [text[a:b] for a, b in find_money(text)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("제 번호는 010-1234-5678이에요", ["010-1234-5678"]), ("+82 10-1234-5678", ["+82 10-1234-5678"]),
        ("공일공 이삼사오 육칠팔구요", ["공일공 이삼사오 육칠팔구"]), ("1588-1234로요", ["1588-1234"]),
        ("minsu@example.com이요", ["minsu@example.com"]), ("602311457705", []), ("2026-07-30", []),
    ],
)  # fmt: skip
def test_contacts(text: str, found: list[str]) -> None:
    assert [text[a:b] for a, b in find_contacts(text)] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("서울 마포구에서 부산까지", ["서울 마포구", "부산"]), ("서울 대전", ["서울", "대전"]),
        ("부산행이요", ["부산"]),
        ("강남역", []), ("부산하다", []), ("광주시민", []),
    ],
)  # fmt: skip
def test_places(text: str, found: list[str]) -> None:
    assert [text[a:b] for a, b in find_places(text)] == found


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("산부인과요", "산부인과"), ("음.. 치과로 해 주세요", "치과"), ("그냥 콜라 주세요", "콜라"),
        ("마포입니다", "마포"),
        ("창가 자리요", "창가 자리"), ("무릎이 아파요", ""), ("모르겠어요", ""),
        ("글쎄", ""), ("그게 뭐였지", ""), ("뭐가 있는지 다 말씀해 주시면 좋겠는데요", ""),
        ("", ""), ("?!", ""),
    ],
)  # fmt: skip
def test_what_a_plain_answer_names(text: str, answer: str) -> None:
    assert bare_answer(text) == answer


def test_likeness() -> None:
    assert likeness("짜장면", "짜장면") == 1
    assert likeness("", "짜장면") == 0
    found = nearest("정형와과", ["내과", "정형외과", "피부과"])
    assert found is not None
    assert found[1] == "정형외과"
    assert nearest("파스타", ["내과", "정형외과"]) is None
    assert nearest("x", []) is None


def mentioned(text: str, *entities: Entity) -> list[tuple[str, str]]:
    form = form_of(
        slot("dept", "choice", options=options(정형외과=("허리", "허리 디스크", "디스크"), 이비인후과=("목",))),
        slot("doctor", "choice", options=options("윤서현 원장님")),
        slot("name", "person"),
        slot("kind", "choice", options=options(파손=("깨졌", "젖어"))),
        slot("window", "choice", options=options("오후", "저녁")),
        slot("at", "time"),
    )
    return [(m.text, m.label.removeprefix("form.")) for m in read_mentions(rules_of(form), text, text, entities)]


def test_options_are_found_by_name_with_their_particles() -> None:
    assert mentioned("정형외과로 갈게요") == [("정형외과", "dept")]
    assert mentioned("허리디스크인데요") == [("허리디스크", "dept")], (
        "spaces do not matter; the longest name counts"
    )
    assert mentioned("목요일에 갈게요") == [], "a short name is no part of another word"
    assert mentioned("허리띠 사러 왔어요") == []


def test_an_option_may_be_the_stem_of_a_verb() -> None:
    assert mentioned("물건이 깨졌어요") == [("깨졌", "kind")]
    assert mentioned("상자가 젖어서 왔네요") == [("젖어", "kind")]
    assert mentioned("깨졌다가") == [("깨졌", "kind")]


def test_what_the_rule_file_names_hides_the_same_name_from_the_extractor() -> None:
    seen = mentioned("윤서현 원장님께 예약", Entity("윤서현", 0, 3, "PS"))
    assert seen == [("윤서현 원장님", "doctor")]


def test_a_time_may_be_an_option_too() -> None:
    assert mentioned("저녁에 갈게요", Entity("저녁", 0, 2, "TI")) == [("저녁", "TI"), ("저녁", "window")]


def test_a_pattern_of_the_rule_file_hides_the_number_it_is_of() -> None:
    rules = load_rules("parcel")
    text = "6023-1145-7705 조회해 주세요"
    seen = read_mentions(rules, text, text, [Entity("6023-1145-7705", 0, 14, "QT")])
    assert [(m.text, m.label) for m in seen] == [("6023-1145-7705", "TRACKING")]
