"""The chatbot's parts, each against what a person would say is right, and the turn as a pure function."""

from __future__ import annotations

import dataclasses
import json
import unicodedata
from datetime import date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ner_engine.chatbot import State, farewell, load_rules, respond, welcome
from ner_engine.chatbot.clock import find_clocks, find_days, read_clock, read_day, settle, show_day, show_time
from ner_engine.chatbot.match import core
from ner_engine.chatbot.mentions import Mention, read_mentions
from ner_engine.chatbot.menu import find_dishes, guess_dish, lookup, similar_dishes
from ner_engine.chatbot.names import read_name
from ner_engine.chatbot.orders import add_item, bind, correct, set_item, show_items, swap_item, total_price
from ner_engine.chatbot.quantity import Count, find_counts, read_count, read_number
from ner_engine.chatbot.state import CONFIRM, MORE, Draft, Item, Offer, Value
from ner_engine.errors import DataError
from ner_engine.spans import Entity
from tests.fake_extractor import extract, extract_nothing

NOW = datetime(2026, 7, 23, 17, 0)  # a Thursday
RULES = load_rules()


def talk(*said: str, labelled: bool = True, now: datetime = NOW) -> tuple[State, list[str]]:
    """The state after a conversation, and the bot's replies."""
    state, replies = State(), []
    for text in said:
        turn = respond(RULES, state, text, (extract if labelled else extract_nothing)(text), now=now)
        state = turn.state
        replies.append(turn.reply)
    return state, replies


def items(state: State) -> dict[str, int]:
    assert state.draft is not None
    return {item.name: item.count for item in state.draft.items}


def slots(state: State) -> dict[str, object]:
    assert state.draft is not None
    return {name: value.data for name, value in state.draft.values}


# --- counts


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", 3), ("1,200", 1200), ("하나", 1), ("두", 2), ("스무", 20), ("스물하나", 21), ("열다섯", 15),
        ("아흔아홉", 99),
        ("십오", 15), ("이십", 20), ("백이십", 120), ("만오천", 15000), ("삼만", 30000), ("만", 10000),
        ("３", 3),
        ("", None), ("개", None), ("둘셋", None), ("9" * 13, None),
    ],
)  # fmt: skip
def test_read_number(text: str, number: int | None) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("두 그릇", Count(2, "그릇")), ("3명", Count(3, "명")), ("10인분", Count(10, "인분")),
        ("하나", Count(1, "")),
        ("세 개씩", Count(3, "개")), ("네 분", Count(4, "분")), ("혼자", Count(1, "명")),
        ("둘이서", Count(2, "명")),
        ("두세 그릇", Count(None, "그릇")), ("몇 개", Count(None, "개")), ("만 오천 원", Count(15000, "원")),
        ("그릇", None), ("", None),
    ],
)  # fmt: skip
def test_read_count(text: str, count: Count | None) -> None:
    assert read_count(text) == count


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("짜장면 두 그릇이랑 탕수육 하나", ["두 그릇", "하나"]), ("네 명이요", ["네 명"]), ("네 알겠어요", []),
        ("세상에", []),
        ("한국 음식", []), ("한 그릇 더", ["한 그릇"]), ("둘이요", ["둘"]), ("3개요", ["3개"]), ("4", ["4"]),
        ("혼자요", ["혼자"]),
        ("삼 인분", ["삼 인분"]), ("7:30", []), ("010-1234-5678", []), ("서너 명", ["서너 명"]),
        ("하나은행", []),
        ("두 시간", []), ("5분 뒤", []),
    ],
)  # fmt: skip
def test_find_counts(text: str, found: list[str]) -> None:
    spans = find_counts(text, ["개", "그릇", "인분", "명"])
    assert [text[start:end] for start, end in spans] == found


# --- days and times


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("오늘", (7, 23)), ("내일", (7, 24)), ("낼", (7, 24)), ("모레", (7, 25)), ("내일모레", (7, 25)),
        ("글피", (7, 26)),
        ("어제", (7, 22)), ("금요일", (7, 24)), ("목요일", (7, 23)), ("수요일", (7, 29)),
        ("이번 주 토요일", (7, 25)),
        ("다음 주 월요일", (7, 27)), ("담주 금욜", (7, 31)), ("다다음 주 목요일", (8, 6)),
        ("다음 주 주말 일요일", (8, 2)),
        ("이번 주 월요일", (7, 20)), ("7월 30일", (7, 30)), ("8월1일", (8, 1)), ("팔월 십오일", (8, 15)),
        ("유월 육일", (2027, 6, 6)),
        ("7월 1일", (2027, 7, 1)), ("2026년 12월 24일", (12, 24)), ("8/5", (8, 5)), ("다음 달 3일", (8, 3)),
        ("이번 달 30일", (7, 30)),
        ("30일", (7, 30)), ("5일", (8, 5)), ("3일 뒤", (7, 26)), ("사흘 뒤", (7, 26)), ("일주일 후", (7, 30)),
        ("2주 뒤", (8, 6)),
        ("크리스마스", (12, 25)), ("크리스마스이브", (12, 24)), ("어린이날", (2027, 5, 5)),
        ("주말", None), ("다음 주", None), ("6월 31일", None), ("2월 30일", None), ("13월 1일", None),
        ("나중에", None), ("", None),
    ],
)  # fmt: skip
def test_read_day(text: str, day: tuple[int, ...] | None) -> None:
    expected = None if day is None else date(*day) if len(day) == 3 else date(2026, *day)
    assert read_day(text, NOW.date()) == expected


def test_next_month_from_december() -> None:
    assert read_day("다음 달 3일", date(2026, 12, 20)) == date(2027, 1, 3)
    assert read_day("5일", date(2026, 12, 20)) == date(2027, 1, 5)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("7시", time(19)), ("저녁 7시", time(19)), ("오전 11시", time(11)), ("11시", time(11)),
        ("12시", time(12)), ("1시", time(13)),
        ("일곱 시 반", time(19, 30)), ("저녁 여섯 시 이십 분", time(18, 20)), ("19:30", time(19, 30)),
        ("7:05", time(19, 5)),
        ("오후 3시 15분", time(15, 15)), ("정오", time(12)), ("자정", time(0)), ("밤 12시", time(0)),
        ("밤 11시", time(23)),
        ("밤 1시", time(1)), ("새벽 2시", time(2)), ("낮 12시", time(12)), ("낮 2시", time(14)),
        ("점심 11시 반", time(11, 30)),
        ("24시", time(0)), ("18시", time(18)), ("pm 6시", time(18)), ("열두 시", time(12)),
        ("한 시간 뒤", time(18)),
        ("30분 뒤", time(17, 30)), ("두 시간 반 뒤", time(19, 30)), ("저녁", None), ("9시", time(21)),
    ],
)  # fmt: skip
def test_read_and_settle_a_time(text: str, moment: time | None) -> None:
    clock = read_clock(text)
    assert clock is not None
    assert settle(clock, opens=time(11), closes=time(20), now=NOW) == moment


@pytest.mark.parametrize("text", ["두 시간", "시장", "99시", "", "한 번", "30분"])
def test_what_is_no_time_of_day(text: str) -> None:
    clock = read_clock(text)
    assert clock is None or settle(clock, opens=time(11), closes=time(20), now=NOW) is None


def test_where_days_and_times_are() -> None:
    text = "다음 주 금요일 저녁 7시 반쯤, 아니 7월 30일 12:30"
    assert [text[a:b] for a, b in find_days(text)] == ["다음 주 금요일", "7월 30일"]
    assert [text[a:b] for a, b in find_clocks(text)] == ["저녁 7시 반", "12:30"]
    assert find_clocks("시작할게요 두 시간이요") == []


def test_days_and_times_are_shown_as_people_say_them() -> None:
    assert show_day(date(2026, 7, 24), NOW.date()) == "7월 24일 금요일"
    assert show_day(date(2027, 1, 1), NOW.date()) == "2027년 1월 1일 금요일"
    shown = {
        time(0): "밤 12시",
        time(2): "새벽 2시",
        time(9, 5): "오전 9시 5분",
        time(12): "낮 12시",
        time(13): "오후 1시",
    }
    shown |= {time(18): "저녁 6시", time(21, 30): "밤 9시 30분"}
    assert {moment: show_time(moment) for moment in shown} == shown


@given(st.times())
def test_a_shown_time_reads_back(moment: time) -> None:
    moment = moment.replace(second=0, microsecond=0, fold=0)
    clock = read_clock(show_time(moment))
    assert clock is not None
    assert settle(clock, opens=time(11), closes=time(20), now=NOW) == moment


@given(st.dates(date(2026, 7, 23), date(2027, 7, 22)))
def test_a_shown_day_reads_back(day: date) -> None:
    assert read_day(show_day(day, NOW.date()), NOW.date()) == day


# --- names, menu


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("김민수요", "김민수"), ("김민지요", "김민지"), ("지영이요", "지영"), ("민수예요", "민수"),
        ("지영이에요", "지영"), ("김민수입니다", "김민수"),
        ("제 이름은 박서연입니다", "박서연"), ("저는 최유진이라고 합니다", "최유진"),
        ("이지훈으로 해주세요", "이지훈"), ("한나로 예약해 주세요", "한나"),
        ("음.. 정하늘", "정하늘"), ("남궁민수요", "남궁민수"), ("전지현이요", "전지현"),
        ("John Kim", "John Kim"), ("네, 김철수요!", "김철수"),
        ("윤아요", "윤아"), ("싫어요", None), ("맞아요", None), ("몰라요", None), ("안 알려줘요", None),
        ("그건 좀 그래요", None), ("왜요", None),
        ("", None), ("?", None), ("12", None), ("비밀이요", None), ("이상해요", None),
        ("배고파 죽겠어요", None),
    ],
)  # fmt: skip
def test_read_name(text: str, name: str | None) -> None:
    assert read_name(text, reject=("비밀", "몰라")) == name


def test_the_menu_is_found_by_any_of_its_names() -> None:
    def name(text: str) -> str | None:
        dish = lookup(RULES.menu, text)
        return dish.name if dish else None

    assert name("짜장") == name("짜 장 면") == name("자장면") == name("맛있는 짜장면") == "짜장면"
    assert name("짜장면 곱빼기") == "짜장면 곱빼기"
    assert name("짜장밥") is None
    text = "짜장면 곱빼기랑 짜장, 군 만두"
    assert [(text[a:b], dish.name) for a, b, dish in find_dishes(RULES.menu, text)] == [
        ("짜장면 곱빼기", "짜장면 곱빼기"),
        ("짜장", "짜장면"),
        ("군 만두", "군만두"),
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("짜짱면", "짜장면"),
        ("짬봉", "짬뽕"),
        ("탕수윢", "탕수육"),
        ("깜풍기", "깐풍기"),
        ("파스타", None),
        ("마라탕", None),
        ("a", None),
    ],
)
def test_a_slip_of_the_pen_is_guessed(text: str, name: str | None) -> None:
    dish = guess_dish(RULES.menu, text)
    assert (dish.name if dish else None) == name


def test_what_resembles_a_dish_that_is_not_there() -> None:
    assert [dish.name for dish in similar_dishes(RULES.menu, "해물 파스타")] == ["짜장면", "짬뽕"]
    assert [dish.name for dish in similar_dishes(RULES.menu, "양념치킨")] == ["탕수육", "깐풍기"]
    assert similar_dishes(RULES.menu, "마라탕") == ()


# --- mentions, binding, corrections


def mentions(text: str, *, labelled: bool = True) -> tuple[Mention, ...]:
    return read_mentions(RULES, text, text, (extract if labelled else extract_nothing)(text))


def bound(text: str, *, labelled: bool = True) -> tuple[list[tuple[str, int | None]], list[str]]:
    slot = RULES.forms["order"].items
    assert slot is not None
    requests, floating = bind(slot, RULES.menu, mentions(text, labelled=labelled))
    pairs = [(request.food.text, request.count.number if request.count else None) for request in requests]
    return pairs, [mention.text for mention in floating]


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize(
    ("text", "pairs", "floating"),
    [
        ("짜장면 두 그릇이랑 탕수육 하나", [("짜장면", 2), ("탕수육", 1)], []),
        ("짜장면 탕수육 하나", [("짜장면", None), ("탕수육", 1)], []),
        ("짜장면이랑 짬뽕 두 그릇씩", [("짜장면", 2), ("짬뽕", 2)], []),
        ("두 그릇 짜장면 주세요", [("짜장면", 2)], []),
        ("세 개 더 주세요", [], ["세 개"]),
        ("네 명이서 짜장면 세 그릇", [("짜장면", 3)], []),
        ("볶음밥 두 그릇, 콜라 3병", [("볶음밥", 2), ("콜라", 3)], []),
    ],
)
def test_counts_bind_to_the_dish_before_them(
    text: str, pairs: list[tuple[str, int | None]], floating: list[str], labelled: bool
) -> None:
    assert bound(text, labelled=labelled) == (pairs, floating)


def test_the_menu_mends_a_clipped_entity() -> None:
    text = "짜장면 하나"
    clipped = [Entity("짜장", 0, 2, "FOOD"), Entity("하나", 4, 6, "QT")]
    assert [m.text for m in read_mentions(RULES, text, text, clipped)] == ["짜장면", "하나"]


def test_a_time_inside_a_date_is_found() -> None:
    text = "내일 저녁 7시 예약"
    found = read_mentions(RULES, text, text, [Entity("내일 저녁 7시", 0, 8, "DT")])
    assert [(m.text, m.label) for m in found] == [("내일 저녁 7시", "DT"), ("저녁 7시", "TI")]


def test_offsets_of_decomposed_text_are_composed() -> None:
    given_text = unicodedata.normalize("NFD", "네, 짬뽕 두 그릇이요")
    text = unicodedata.normalize("NFC", given_text)
    start = given_text.index(unicodedata.normalize("NFD", "짬뽕"))
    end = start + len(unicodedata.normalize("NFD", "짬뽕"))
    found = read_mentions(RULES, given_text, text, [Entity(given_text[start:end], start, end, "FOOD")])
    assert [(m.text, m.source) for m in found] == [("짬뽕", "engine"), ("두 그릇", "pattern")]
    assert respond(RULES, State(), given_text, [], now=NOW).reply.startswith("짬뽕 2그릇 담았어요.")


def test_a_marker_takes_back_what_stands_before_it() -> None:
    slot = RULES.forms["order"].items
    text = "콜라 하나, 짜장면이랑 짬뽕 두 그릇 말고 볶음밥"
    corrected = correct(mentions(text), [(text.index("말고"), "replace")], items=slot)
    assert [m.text for m in corrected.gone] == ["짜장면", "짬뽕", "두 그릇"]
    assert [m.text for m in corrected.kept] == ["콜라", "하나", "볶음밥"]
    far = "짜장면 하나 먹고 싶었는데 그런 말고삐 말고"
    assert correct(mentions(far), [(len(far) - 2, "replace")], items=slot).gone == ()


def test_lists_of_items_as_values() -> None:
    have = (Item("짜장면", 2), Item("콜라", 1))
    assert add_item(have, "콜라", 2) == (Item("짜장면", 2), Item("콜라", 3))
    assert add_item(have, "짜장면", -2) == (Item("콜라", 1),)
    assert set_item(have, "짬뽕", 1) == (*have, Item("짬뽕", 1))
    assert set_item(have, "짜장면", 0) == (Item("콜라", 1),)
    assert swap_item(have, "짜장면", "짬뽕", 2) == (Item("짬뽕", 2), Item("콜라", 1))
    assert swap_item(have, "짜장면", "콜라", 2) == (Item("콜라", 3),)
    assert show_items(have, RULES.menu) == "짜장면 2그릇, 콜라 1병"
    assert total_price(have, RULES.menu) == 16_000


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("네!!", "네"),
        (" ㅇㅇ ㅋㅋ", "ㅇㅇ"),
        ("ㅋㅋㅋ", "ㅋㅋㅋ"),
        ("그래 요~😀", "그래요"),
        ("OK.", "ok"),
        ("?", ""),
    ],
)
def test_core(text: str, bare: str) -> None:
    assert core(text) == bare


# --- yes and no in their many forms


@pytest.mark.parametrize(
    "text",
    ["네", "네네", "넵!", "넹~", "예", "응", "ㅇㅇ", "ㅇㅋ", "웅 ㅎㅎ", "그래요", "좋아요", "맞아요", "오케이",
     "OK", "네 맞습니다", "네, 그렇게 해주세요",
     "응 좋아", "그럼요", "확인", "이대로 해주세요", "부탁드려요", "네 주문해 주세요", "괜찮아요", "ㄱㄱ",
     "네😀"],
)  # fmt: skip
def test_yes(text: str) -> None:
    state, replies = talk("짜장면 하나", "없어요", text)
    assert state.draft is None
    assert replies[-1].startswith("주문 들어갔어요!")


@pytest.mark.parametrize(
    "text",
    [
        "아니요",
        "아뇨",
        "아니",
        "ㄴㄴ",
        "아니오.",
        "노노",
        "아녀",
        "아닌데요",
        "아니에요",
        "싫어요",
        "아뇨 잠시만",
    ],
)
def test_no(text: str) -> None:
    state, _ = talk("짜장면 하나", "없어요", text)
    assert state.draft is not None
    assert items(state) == {"짜장면": 1}


@pytest.mark.parametrize(
    "text", ["네 잠깐만요", "네 근데 얼마예요?", "네?", "응 아니 콜라도요", "네 명이요", "네모난 그릇", "응가"]
)
def test_what_begins_like_a_yes_and_is_none(text: str) -> None:
    state, _ = talk("짜장면 하나", "없어요", text)
    assert state.draft is not None, "nothing may be ordered without a clear yes"


# --- turns


def test_a_turn_changes_nothing_but_what_it_returns() -> None:
    before, _ = talk("짜장면 하나")
    copy = State.from_dict(before.to_dict())
    first = respond(RULES, before, "콜라도요", extract("콜라도요"), now=NOW)
    second = respond(RULES, before, "콜라도요", extract("콜라도요"), now=NOW)
    assert first == second
    assert before == copy
    with pytest.raises(dataclasses.FrozenInstanceError):
        before.misses = 3  # type: ignore[misc]


def test_text_must_be_text() -> None:
    with pytest.raises(TypeError):
        respond(RULES, State(), None, [], now=NOW)  # type: ignore[arg-type]


def test_understood_and_trace() -> None:
    turn = respond(RULES, State(), "내일 7시 예약이요", extract("내일 7시 예약이요"), now=NOW)
    assert turn.understood
    assert turn.trace.chosen == "reservation"
    assert turn.trace.events == ("date ← 7월 24일 금요일", "time ← 저녁 7시")
    assert turn.trace.replies == ("replies.noted", "forms.reservation.slots.party.ask")
    lost = respond(RULES, turn.state, "우주선", [], now=NOW)
    assert not lost.understood
    assert lost.state.misses == 1
    assert respond(RULES, lost.state, "네 명", [], now=NOW).state.misses == 0


def test_failures_are_admitted_differently_each_time() -> None:
    _, replies = talk("첫째 헛말", "둘째 헛말", "셋째 헛말", "넷째 헛말")
    assert len(set(replies[:3])) == 3
    assert "02-555-0137" in replies[2]
    assert replies[3] == replies[2]


def test_every_slot_may_come_at_once_or_in_any_order() -> None:
    expected = {"date": "2026-07-24", "time": "19:00", "party": 4, "name": "김민수"}
    at_once, _ = talk("김민수 이름으로 내일 저녁 7시에 네 명 예약해 주세요")
    backwards, _ = talk("예약할게요", "김민수입니다", "네 명이고요", "저녁 7시", "내일")
    assert slots(at_once) == slots(backwards) == expected
    assert at_once.draft is not None
    assert at_once.draft.asked == CONFIRM


def test_without_any_entity_the_asked_slot_is_still_understood() -> None:
    state, _ = talk("예약", "담주 토욜", "일곱시 반", "셋이요", "한지민이요", labelled=False)
    assert slots(state) == {"date": "2026-08-01", "time": "19:30", "party": 3, "name": "한지민"}


def test_a_past_time_or_day_is_not_taken() -> None:
    state, replies = talk("오늘 3시에 예약", "4시요", "어제요")
    assert slots(state) == {"date": "2026-07-23"}
    assert "이미 지났어요" in replies[0]
    assert "이미 지났어요" in replies[1]
    assert "이미 지난 날" in replies[2]


def test_a_time_today_moves_with_the_day() -> None:
    state, _ = talk("내일 3시에 예약", "오늘로 바꿔주세요")
    assert slots(state) == {"date": "2026-07-23"}, "three o'clock today is over"


def test_a_question_in_between_leaves_the_draft_alone() -> None:
    before, _ = talk("내일 예약할게요")
    after, replies = talk("내일 예약할게요", "9시까지 영업해요?")
    assert slots(after) == slots(before)
    assert after.draft is not None
    assert after.draft.asked == "time"
    assert replies[-1].split("\n")[1].startswith("그럼 예약 이어서 여쭤볼게요.")


def test_resuming_an_order_at_its_confirmation_does_not_place_it() -> None:
    state, _ = talk("짜장면 하나", "없어요", "내일 예약할게요", "주문 계속할게요")
    assert [draft.form for draft in state.drafts] == ["reservation", "order"]
    assert state.draft is not None
    assert state.draft.asked == CONFIRM


def test_an_empty_draft_is_not_put_aside() -> None:
    state, replies = talk("주문할게요", "아 예약할게요")
    assert [draft.form for draft in state.drafts] == ["reservation"]
    assert "잠시 두고" not in replies[-1]


def test_limits_hold_over_several_additions() -> None:
    state, replies = talk("짜장면 30그릇", "짜장면 30그릇 더", "짜장면 0그릇이요")
    assert items(state) == {"짜장면": 30}
    assert "60그릇은" in replies[1]
    assert "50개까지" in replies[2]


def test_the_same_dish_many_times_is_said_once() -> None:
    state, replies = talk("짜장면 " * 60)
    assert items(state) == {"짜장면": 50}
    assert replies[0].count("짜장면") == 2
    assert replies[0].startswith("짜장면 51그릇은 준비하기 어려워요.")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("짜장면 하나", "하나 더"), {"짜장면": 2}),
        (("짜장면 하나", "더 주세요"), {"짜장면": 2}),
        (("짜장면 하나", "짜장면 하나 더"), {"짜장면": 2}),
        (("짜장면 하나", "짜장면 세 그릇으로 해주세요"), {"짜장면": 3}),
        (("짜장면 세 그릇", "짜장면은 하나만요"), {"짜장면": 1}),
        (("짜장면 세 그릇", "짜장면 하나 빼줘"), {"짜장면": 2}),
        (("짜장면 세 그릇", "짜장면은 빼줘"), {}),
        (("짜장면 하나", "짜장면 말고 짬뽕"), {"짬뽕": 1}),
        (("짜장면 두 그릇", "짜장면 대신 짬뽕 세 그릇"), {"짬뽕": 3}),
        (("짜장면 두 그릇", "두 그릇 말고 세 그릇"), {"짜장면": 3}),
        (("짜장면 두 그릇, 콜라 한 병", "두 그릇 말고 세 그릇"), {"짜장면": 3, "콜라": 1}),
        (("짜장면 하나", "그거 말고 볶음밥이요"), {"볶음밥": 1}),
        (("짜장면 하나", "아니 볶음밥이요"), {"볶음밥": 1}),
        (("짜장면 하나", "아니요 볶음밥도 하나요"), {"짜장면": 1, "볶음밥": 1}),
        (("짜장면 하나 콜라 하나", "짜장면이랑 콜라 빼고 짬뽕 하나"), {"짬뽕": 1}),
        (("짜장면 하나", "콜라 취소해줘"), {"짜장면": 1}),
        (("짜장면 하나", "전부 빼줘"), {}),
        (("짜장면 하나", "두 그릇이요"), {"짜장면": 2}),
        (("짜장면 하나", "초밥 두 그릇이요"), {"짜장면": 1}),
        (("짜장면 하나 탕수육 하나", "짜장면은 두 그릇으로"), {"짜장면": 2, "탕수육": 1}),
        (("짜장면 하나", "네", "군만두", "사이다 2개 추가"), {"짜장면": 1, "군만두": 1, "사이다": 2}),
        (("짜장면이랑 파스타",), {"짜장면": 1}),
    ],
)
def test_changing_an_order(said: tuple[str, ...], expected: dict[str, int]) -> None:
    state, _ = talk(*said)
    assert items(state) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("7시 말고 8시", {"time": "20:00"}),
        ("아니 8시요", {"time": "20:00"}),
        ("7시가 아니라 6시 반이요", {"time": "18:30"}),
        ("두 명 말고 세 명", {"party": 3}),
        ("내일 말고 모레 6시", {"date": "2026-07-25", "time": "18:00"}),
        ("세 명으로 바꿔주세요", {"party": 3}),
        ("7시 말고요", {"time": None}),
        ("민수랑 가요", {}),
        ("김민수로 해주세요", {"name": "김민수"}),
        ("어른 셋 아이 둘이요", {"party": 5}),
        ("월요일로요", {}),
    ],
)
def test_changing_a_reservation(said: str, expected: dict[str, object]) -> None:
    state, _ = talk("내일 저녁 7시 두 명 예약", said)
    filled = {"date": "2026-07-24", "time": "19:00", "party": 2} | expected
    assert slots(state) == {name: value for name, value in filled.items() if value is not None}


def test_welcome_and_farewell() -> None:
    opened = welcome(RULES, State(seed=3), now=NOW)
    assert "달빛반점" in opened.reply
    assert "또 오세요" in farewell(RULES, opened.state, now=NOW).reply
    state, _ = talk("짜장면 하나", "내일 예약할게요")
    assert farewell(RULES, state, now=NOW).reply.startswith("주문, 예약은 아직 접수하지 않았어요.")


# --- what real customers said, with the entities a trained model gave


def entities(text: str, labelled: str) -> list[Entity]:
    """``"짬뽕도:FOOD 하나:QT"`` as entities of a text, found from left to right."""
    found, place = [], 0
    for piece in labelled.split("|") if labelled else []:
        words, label = piece.rsplit(":", 1)
        place = text.index(words, place)
        found.append(Entity(words, place, place + len(words), label))
        place += len(words)
    return found


def hear(*said: tuple[str, str]) -> tuple[State, list[str]]:
    state, replies = State(), []
    for text, labelled in said:
        turn = respond(RULES, state, text, entities(text, labelled), now=NOW)
        state = turn.state
        replies.append(turn.reply)
    return state, replies


ONE_NOODLE = ("짜장면 두 개요", "짜장면:FOOD|두 개:QT")
TABLE = ("내일 저녁 7시 예약이요", "내일:DT|저녁 7시:TI")


@pytest.mark.parametrize(
    ("text", "labelled", "expected"),
    [
        ("아 짬뽕도 하나 추가요", "짬뽕도:FOOD|하나:QT", {"짬뽕": 1}),
        ("아 짬뽕도 하나 추가요", "아 짬뽕도:FOOD|하나:QT", {"짬뽕": 1}),
        ("짬뽕 탕수육 하나씩요", "짬뽕 탕수육:FOOD|하나:QT", {"짬뽕": 1, "탕수육": 1}),
        ("짬뽕하나 주세요", "짬뽕하나:PS", {"짬뽕": 1}),
        ("콜라도두병주세요", "콜라:FOOD", {"콜라": 2}),
        ("탕수육도하나요", "탕수육:FOOD", {"탕수육": 1}),
        ("짜쟝면 두개랑 탕슉 소자 하나 주세여", "두개:QT|탕슉:FOOD|하나:QT", {"짜장면": 2, "탕수육": 1}),
        ("짜장면 하나요 아니다 짬뽕으로 할게요", "짜장면:FOOD|하나:QT|짬뽕:FOOD", {"짬뽕": 1}),
        ("짬뽕 한개 아니 두개", "짬뽕:FOOD|한개:QT|두개:QT", {"짬뽕": 2}),
        (
            "짜장면 한개 짬뽕 한개 아니 짬뽕 두개",
            "짜장면:FOOD|한개:QT|짬뽕:FOOD|한개:QT|짬뽕:FOOD|두개:QT",
            {"짜장면": 1, "짬뽕": 2},
        ),
        ("볶음밥도 괜찮겠네 볶음밥 하나 추가", "볶음밥:FOOD|볶음밥:FOOD|하나:QT", {"볶음밥": 1}),
        (
            "짜장면 두 그릇하고 탕수육 하나만 해 주소",
            "짜장면:FOOD|두 그릇:QT|탕수육:FOOD|하나:QT",
            {"짜장면": 2, "탕수육": 1},
        ),
        ("단무지 많이 주세요", "단무지:FOOD", {"단무지": 1}),
        (
            "짬뽕 곱빼기 하나 볶음밥 하나",
            "짬뽕:FOOD|하나:QT|볶음밥:FOOD|하나:QT",
            {"짬뽕 곱빼기": 1, "볶음밥": 1},
        ),
        (
            "그럼 깐풍기 하나 주시고요 카드번호 1234-5678-9012-3456이에요",
            "깐풍기:FOOD|하나:QT|1234-5678-9012-3456:QT",
            {"깐풍기": 1},
        ),
    ],
)
def test_an_order_despite_the_noise(text: str, labelled: str, expected: dict[str, int]) -> None:
    state, replies = hear((text, labelled))
    assert items(state) == expected
    assert "말씀이세요?" not in replies[0]


@pytest.mark.parametrize(
    "text",
    ["고추짬뽕 하나요", "짬뽕밥 하나요"],
)
def test_a_longer_name_is_another_dish(text: str) -> None:
    state, _ = hear((text, f"{text.split()[0]}:FOOD|하나:QT"))
    assert items(state) == {}


@pytest.mark.parametrize(
    ("text", "labelled"),
    [
        ("010-2345-6789예요", "010-2345-6789:QT"),
        ("010 2345 6789", "6789:QT"),
        ("01023456789요", "01023456789:QT"),
        ("공일공 이삼사오 육칠팔구요", "공일공 이삼사오 육칠팔구:QT"),
        ("서울시 마포구 연남동 223-14 2층이요", "서울시 마포구 연남동 223-14:LC|2층:QT"),
        ("주문번호 3342예요", "3342:QT"),
        ("카드는 1234 5678 9012 3456이요", "1234 5678 9012 3456:QT"),
    ],
)
def test_a_number_that_names_something_counts_nothing(text: str, labelled: str) -> None:
    ordered, replies = hear(ONE_NOODLE, (text, labelled))
    assert items(ordered) == {"짜장면": 2}
    assert "6789" not in replies[-1]
    asked_for_party, _ = hear(TABLE, (text, labelled))
    assert "party" not in slots(asked_for_party)


def test_an_address_is_answered_though_nothing_is_delivered() -> None:
    _, replies = hear(ONE_NOODLE, ("서울시 마포구 연남동 223-14요", "서울시 마포구 연남동 223-14:LC"))
    assert replies[-1].startswith("저희는 배달을 하지 않아서 주소는 안 알려 주셔도 돼요.")
    _, replies = hear(("짜장면 두 개 배달해주세요", "짜장면:FOOD|두 개:QT"))
    assert replies[0].startswith("짜장면 2그릇 담았어요. 배달은 하지 않지만")


def test_a_number_of_a_flat_is_an_address_and_enough_may_mean_cancel() -> None:
    state, replies = hear(ONE_NOODLE, ("101동 1203호예요", "101동 1203호:QT"), ("그럼 됐어요 취소할게요", ""))
    assert "주소는 안 알려 주셔도 돼요." in replies[1]
    assert state.drafts == ()


def test_a_child_labelled_as_food_is_a_guest() -> None:
    state, _ = hear(TABLE, ("어른 넷에 아이 둘입니다", "넷:QT|아이:FOOD|둘:QT"))
    assert slots(state)["party"] == 6


def test_a_word_taken_for_food_does_not_change_the_subject() -> None:
    state, _ = hear(TABLE, ("창가로 네 명이요", "창가:FOOD|네 명:QT"))
    assert slots(state)["party"] == 4


def test_a_telephone_number_comes_with_the_name() -> None:
    state, replies = hear(
        TABLE, ("네 명", "네 명:QT"), ("이수진이고 010-1111-2222입니다", "이수진:PS|010-1111-2222:QT")
    )
    assert (slots(state)["name"], slots(state)["party"]) == ("이수진", 4)
    assert "연락처는 따로 안 남기셔도 돼요." in replies[-1]


def test_a_surname_with_a_title_is_the_name() -> None:
    state, _ = hear(TABLE, ("네 명", "네 명:QT"), ("김부장으로 해주세요", "김:PS"))
    assert slots(state)["name"] == "김부장"


def test_an_answer_beside_a_question_is_kept() -> None:
    state, replies = hear(("내일 예약이요", "내일:DT"), ("7시요 근데 주차 되나요?", "7시:TI"))
    assert slots(state)["time"] == "19:00"
    assert "네 대까지" in replies[-1]


def test_a_reservation_and_an_order_in_one_breath_are_both_kept() -> None:
    state, replies = hear(
        (
            "오늘 저녁 7시에 4명 예약하고 짜장면 두 그릇 주문할게요 번호는 010-9876-5432예요",
            "오늘:DT|저녁 7시:TI|4명:QT|짜장면:FOOD|두 그릇:QT|010-9876-5432:QT",
        )
    )
    assert items(state) == {"짜장면": 2}
    assert [draft.form for draft in state.drafts] == ["reservation", "order"]
    assert {name: value.data for name, value in state.drafts[0].values} == {
        "date": "2026-07-23", "time": "19:00", "party": 4,
    }  # fmt: skip
    assert replies[0].startswith("예약은 잠시 두고 주문부터 도와드릴게요. 짜장면 2그릇 담았어요.")


def test_fetching_an_order_is_no_reservation() -> None:
    state, _ = hear(ONE_NOODLE, ("6시 반에 찾으러 갈게요", "6시 반:TI"))
    assert items(state) == {"짜장면": 2}


@pytest.mark.parametrize(
    ("text", "labelled"),
    [
        ("군만두 서비스 안돼여?", "군만두:FOOD"),
        ("니네 짜장면 맛없더라", "짜장면:FOOD"),
        ("제가 아까 주문한 짜장면 언제 와요", "짜장면:FOOD"),
        ("짬뽕이랑 짜장면이랑 뭐가 더 맛있어요?", "짬뽕:FOOD|짜장면:FOOD"),
        ("지금 주문하면 얼마나 걸려요?", ""),
    ],
)
def test_what_names_a_dish_and_orders_none(text: str, labelled: str) -> None:
    state, _ = hear((text, labelled))
    assert state.drafts == ()


@pytest.mark.parametrize(
    ("text", "labelled", "expected"),
    [
        ("짜장면은 곱빼기로 바꿔주세요", "짜장면:FOOD", {"짜장면 곱빼기": 2, "콜라": 1}),
        ("짜장면을 짬뽕으로 바꿔주세요", "짜장면:FOOD|짬뽕:FOOD", {"짬뽕": 2, "콜라": 1}),
        ("그냥 짜장면만 할게요", "짜장면:FOOD", {"짜장면": 2}),
    ],
)
def test_changing_what_is_on_the_list(text: str, labelled: str, expected: dict[str, int]) -> None:
    state, _ = hear(ONE_NOODLE, ("콜라 하나", "콜라:FOOD|하나:QT"), (text, labelled))
    assert items(state) == expected


def test_dishes_that_are_not_on_the_menu_are_refused_in_one_sentence() -> None:
    _, replies = hear(("양장피 하나랑 유산슬 하나 주세요", "양장피:FOOD|하나:QT|유산슬:FOOD|하나:QT"))
    assert replies[0].startswith("죄송해요, 양장피, 유산슬은 저희 메뉴에 없어요.")


def test_a_day_and_a_time_without_spaces() -> None:
    state, _ = hear(("예약이요", ""), ("이번주토요일저녁일곱시", "이번주토요일:DT|저녁일곱시:TI"))
    assert slots(state) == {"date": "2026-07-25", "time": "19:00"}


# --- state as JSON

FULL = State(
    drafts=(
        Draft("order", items=(Item("짬뽕", 2),), asked=MORE, focus="짬뽕"),
        Draft("reservation", values=(("party", Value("4명", 4)),), asked="time", hints=(("time", "저녁"),)),
    ),
    offer=Offer("dish", "짜장면", 2),
    misses=1,
    uses=(("replies.noted", 2),),
    seed=-5,
)


def test_state_survives_json() -> None:
    assert State.from_dict(json.loads(json.dumps(FULL.to_dict(), ensure_ascii=False))) == FULL
    assert State.from_dict(State().to_dict()) == State()


def _without(key: str) -> dict[str, object]:
    return {name: value for name, value in FULL.to_dict().items() if name != key}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "expected a mapping; got NoneType"),
        ([], "expected a mapping; got list"),
        (FULL.to_dict() | {"version": 2}, "expected version 1; got 2"),
        (FULL.to_dict() | {"version": True}, "expected version 1; got True"),
        (FULL.to_dict() | {"more": 1}, "expected the keys version, drafts"),
        (_without("misses"), "expected the keys version, drafts"),
        (FULL.to_dict() | {"misses": -1}, "misses: expected a whole number; got -1"),
        (FULL.to_dict() | {"misses": True}, "misses: expected a whole number; got True"),
        (FULL.to_dict() | {"drafts": {}}, "drafts: expected a list; got dict"),
        (FULL.to_dict() | {"uses": []}, "uses: expected a mapping; got list"),
        (FULL.to_dict() | {"uses": {"a": "b"}}, "a: expected a whole number; got 'b'"),
        (
            FULL.to_dict() | {"offer": {"kind": "gift", "name": "콜라", "count": 1}},
            "expected dish or resume; got 'gift'",
        ),
        (FULL.to_dict() | {"drafts": [{"form": "order"}]}, "draft: expected the keys form, values"),
    ],
)
def test_a_state_that_is_none_is_refused(data: object, reason: str) -> None:
    with pytest.raises(DataError) as caught:
        State.from_dict(data)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_state_of_another_rule_file_is_lived_with() -> None:
    stale = State(drafts=(Draft("laundry", asked="shirts"),))
    turn = respond(RULES, stale, "안녕하세요", [], now=NOW)
    assert turn.state.drafts == ()
    assert farewell(RULES, stale, now=NOW).reply


PIECES = (
    "짜장면", "짬뽕", "초밥", "하나", "두 그릇", "네 명", "말고", "빼줘", "더", "네", "아니", "아니요", "예약",
    "주문", "취소", "내일", "어제", "7시",
    "99시", "김민수", "으로", "요", "얼마", "?", "바꿔", "대신", "0개", "다", "시간", "2월 30일", "월요일",
    "주말", "저녁", "😀", "{", "\x00", "그게 다", "짜짱면",
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(PIECES), max_size=5).map(" ".join) | st.text(max_size=20), max_size=10),
    st.booleans(),
)
def test_whatever_is_said_there_is_an_answer_and_a_next_question(said: list[str], labelled: bool) -> None:
    state = State(seed=len(said))
    for text in said:
        turn = respond(RULES, state, text, extract(text) if labelled else [], now=NOW)
        state = turn.state
        assert turn.reply.strip()
        assert State.from_dict(json.loads(json.dumps(state.to_dict()))) == state
        assert all(1 <= item.count <= 50 for draft in state.drafts for item in draft.items)
        assert state.draft is None or state.draft.asked
