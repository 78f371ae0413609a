"""The chatbot's parts, each against what a person would say is right, and the turn as a pure function."""

from __future__ import annotations

import dataclasses
import json
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ner_engine.chatbot import Outcome, Rules, State, Turn, conclude, farewell, load_rules, respond, welcome
from ner_engine.chatbot.dialogue import follow
from ner_engine.chatbot.mention.mentions import Mention, read_mentions
from ner_engine.chatbot.mention.names import read_name
from ner_engine.chatbot.order.items import add_item, bind, correct, set_item, show_items, swap_item, total_price
from ner_engine.chatbot.order.menu import find_dishes, guess_dish, lookup, similar_dishes
from ner_engine.chatbot.state import CONFIRM, Item
from ner_engine.chatbot.turn.match import core
from ner_engine.spans import Entity
from tests.fake_extractor import extract, extract_nothing

NOW = datetime(2026, 7, 23, 17, 0)  # a Thursday
MORNING = datetime(2026, 7, 23, 9, 0)
RULES = load_rules()
SALON = load_rules(Path(__file__).parent / "bots" / "salon.yaml")


def answered(
    rules: Rules,
    state: State,
    text: str,
    entities: list[Entity],
    *,
    now: datetime = NOW,
    outcomes: Mapping[str, Outcome] | None = None,
) -> Turn:
    """A whole turn: everything that is to be done succeeds, or has the outcome that stands under its name."""
    turn = respond(rules, state, text, entities, now=now)
    while turn.actions:
        came = {call.id: (outcomes or {}).get(call.name, Outcome()) for call in turn.actions}
        turn = follow(turn, conclude(rules, turn.state, came, now=now))
    return turn


def talk(
    *said: str,
    labelled: bool = True,
    now: datetime = NOW,
    rules: Rules = RULES,
    outcomes: Mapping[str, Outcome] | None = None,
) -> tuple[State, list[str]]:
    """The state after a conversation, and the bot's replies."""
    state, replies = State(), []
    for text in said:
        found = (extract if labelled else extract_nothing)(text)
        turn = answered(rules, state, text, found, now=now, outcomes=outcomes)
        state = turn.state
        replies.append(turn.reply)
    return state, replies


def items(state: State) -> dict[str, int]:
    assert state.draft is not None
    return {item.name: item.count for item in state.draft.items}


def slots(state: State) -> dict[str, object]:
    assert state.draft is not None
    return {name: values[0].data for name, values in state.draft.values}


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


def patient(rules: Rules = RULES, *, misses: int = 0, repeats: int = 0, minutes: int = 0) -> Rules:
    """Rules with other limits."""
    limits = dataclasses.replace(rules.limits, misses=misses, repeats=repeats, minutes=minutes)
    return dataclasses.replace(rules, limits=limits)


def test_failures_are_admitted_differently_each_time() -> None:
    _, replies = talk("첫째 헛말", "둘째 헛말", "셋째 헛말", "넷째 헛말", rules=patient())
    assert len(set(replies[:3])) == 3
    assert "직원이 바로 도와드릴게요" in replies[2]
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
    state, replies = talk("오늘 3시에 예약", "4시요", "어제로 해 주세요")
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
        turn = answered(RULES, state, text, entities(text, labelled), now=NOW)
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
    assert {name: values[0].data for name, values in state.drafts[0].values} == {
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


# --- what is to be done, and what comes of it

SALON_BOOKING = ("예약할게요", "커트", "없어요", "내일요", "김민수요", "건너뛸게요")
ORDERED = ("짜장면 두 그릇 주세요", "없어요", "네")
RESERVED = ("내일 저녁 7시에 두 명 예약이요", "이지훈입니다", "네")


def last_turn(*said: str, rules: Rules = RULES, now: datetime = MORNING) -> Turn:
    """The last utterance of a conversation as ``respond`` answers it: nothing is done yet."""
    state, _ = talk(*said[:-1], rules=rules, now=now)
    return respond(rules, state, said[-1], extract(said[-1]), now=now)


def test_a_confirmed_form_calls_for_what_is_to_be_done() -> None:
    turn = last_turn(*SALON_BOOKING, "네", rules=SALON)
    (call,) = turn.actions
    assert (call.id, call.name, call.form) == ("7-1", "book", "booking")
    assert call.values == {"services": "커트", "date": "2026-07-24", "time": "14:00", "name": "김민수"}
    assert turn.reply == ""
    assert [pending.id for pending in turn.state.pending] == ["7-1"]
    assert turn.state.draft is not None, "the draft stays until the outcome is known"


def test_what_a_call_came_to_is_said_by_its_outcome() -> None:
    asked = last_turn(*SALON_BOOKING, "네", rules=SALON)

    def concluded(outcome: Outcome) -> Turn:
        return conclude(SALON, asked.state, {"7-1": outcome}, now=MORNING)

    done = concluded(Outcome("ok", {"who": "정하늘"}))
    assert (done.reply, done.actions) == ("예약됐어요. 담당은 정하늘이에요.", ())
    assert (done.state.drafts, done.state.pending) == ((), ())
    assert [(one.record, one.form) for one in done.state.done] == [("7-1", "booking")]

    full = concluded(Outcome("full"))
    assert full.reply == "그 시간은 찼어요. 몇 시에 오시겠어요?"
    assert full.state.draft is not None
    assert (full.state.draft.asked, full.state.draft.value("time")) == ("time", None)
    assert full.state.draft.value("name") is not None

    strange = concluded(Outcome("strange"))
    assert strange.reply == "제가 정하기 어려운 일이에요. 직원을 부를게요."
    assert [call.name for call in strange.actions] == ["hand_over"]
    assert strange.actions[0].id != "7-1"
    assert strange.state.handed_over

    again = concluded(Outcome("again"))
    assert again.state.draft is not None
    assert (again.state.draft.form, again.state.draft.asked) == ("voucher", "number")


@pytest.mark.parametrize(
    "outcomes", [{}, {"7-1": Outcome("error")}, {"7-1": Outcome("no such")}, {"x": Outcome()}]
)
def test_a_call_that_failed_is_tried_again_by_a_yes(outcomes: dict[str, Outcome]) -> None:
    asked = last_turn(*SALON_BOOKING, "네", rules=SALON)
    failed = conclude(SALON, asked.state, outcomes, now=MORNING)
    assert failed.reply == "예약을 처리하지 못했어요. 다시 해 볼까요?"
    assert failed.state.done == ()
    again = respond(SALON, failed.state, "네", [], now=MORNING)
    assert [call.id for call in again.actions] == ["7-1"], "the same wish has the same id"
    changed = respond(SALON, failed.state, "4시로요", extract("4시로요"), now=MORNING)
    wanted = respond(SALON, changed.state, "네", [], now=MORNING)
    assert [call.id for call in wanted.actions] == ["9-1"], "another wish has another"


def test_an_outcome_nobody_told_is_not_waited_for() -> None:
    asked = last_turn(*SALON_BOOKING, "네", rules=SALON)
    later = respond(SALON, asked.state, "주차 돼요?", [], now=MORNING)
    assert later.state.pending == ()
    assert [call.id for call in respond(SALON, later.state, "네", [], now=MORNING).actions] == ["7-1"]


def test_an_outcome_for_nothing_says_nothing() -> None:
    turn = conclude(SALON, State(), {"1-1": Outcome()}, now=NOW)
    assert (turn.reply, turn.actions) == ("", ())


def test_a_form_without_confirmation_goes_at_once() -> None:
    turn = last_turn("쿠폰 12345671 좀 봐 주세요", rules=SALON)
    assert [(call.name, call.values) for call in turn.actions] == [("look_up", {"number": "12345671"})]
    failed = conclude(SALON, turn.state, {}, now=MORNING)
    assert failed.reply == "쿠폰 조회를 처리하지 못했어요. 다시 해 볼까요?"
    assert respond(SALON, failed.state, "네", [], now=MORNING).actions[0].id == "1-1"
    aside = respond(SALON, failed.state, "주차 돼요?", [], now=MORNING)
    assert aside.reply.endswith("쿠폰 조회를 처리하지 못했어요. 다시 해 볼까요?")


def test_a_default_may_be_changed_like_any_answer() -> None:
    state, replies = talk(*SALON_BOOKING, rules=SALON, now=MORNING)
    assert "오후 2시" in replies[-1]
    state, replies = talk(*SALON_BOOKING, "아니 5시로 해 주세요", rules=SALON, now=MORNING)
    assert slots(state)["time"] == "17:00"
    assert replies[-1].startswith("오후 5시로 바꿨어요.")


# --- several values, slots left out, slots that depend


@pytest.mark.parametrize(
    ("said", "services"),
    [
        (("커트랑 파마요",), ["커트", "파마"]),
        (("커트", "네", "파마"), ["커트", "파마"]),
        (("커트", "파마도요"), ["커트", "파마"]),
        (("커트랑 파마요", "파마는 빼 주세요"), ["커트"]),
        (("커트랑 파마요", "파마는 빼고 염색이요"), ["커트", "염색"]),
        (("커트랑 파마요", "파마 말고 염색이요"), ["커트", "염색"]),
        (("커트", "커트요"), ["커트"]),
        (("커트, 염색, 파마, 두피 관리 다요",), ["커트", "염색", "파마"]),
        (("컽트", "네"), ["커트"]),
        (("컽트", "아니요"), None),
        (("볶음머리요",), None),
    ],
)
def test_a_slot_of_several_values(said: tuple[str, ...], services: list[str] | None) -> None:
    state, _ = talk("예약할게요", *said, rules=SALON, now=MORNING)
    assert state.draft is not None
    found = [value.data for value in state.draft.all_values("services")]
    assert found == (services or [])


def test_the_last_of_several_values_may_go_too() -> None:
    _, replies = talk("예약할게요", "커트", "커트는 빼 주세요", rules=SALON, now=MORNING)
    assert replies[-1].startswith("시술은 다시 정할게요. 어떤 시술을")


def test_a_slot_is_asked_only_if_another_has_such_a_value() -> None:
    _, replies = talk("예약할게요", "염색", "없어요", rules=SALON, now=MORNING)
    assert replies[-1] == "염색은 어떤 색으로 할까요?"
    _, replies = talk("예약할게요", "커트", "없어요", rules=SALON, now=MORNING)
    assert replies[-1] == "언제 오시겠어요?"


@pytest.mark.parametrize("words", ["건너뛸게요", "없어요", "아니요", "됐어요"])
def test_an_optional_slot_may_be_left_out(words: str) -> None:
    state, replies = talk(*SALON_BOOKING[:-1], words, rules=SALON, now=MORNING)
    assert replies[-1].startswith("요청 사항은 비워 둘게요. 7월 24일")
    assert state.draft is not None
    assert (state.draft.skipped, state.draft.asked) == (("note",), CONFIRM)


def test_an_optional_slot_is_left_out_before_it_is_asked_and_filled_after() -> None:
    state, replies = talk(
        *SALON_BOOKING[:3], "요청 사항은 건너뛸게요", "내일요", "김민수요", rules=SALON, now=MORNING
    )
    assert "요청 사항은 비워 둘게요." in replies[3]
    assert state.draft is not None
    assert state.draft.asked == CONFIRM


def test_what_has_to_be_known_is_not_left_out() -> None:
    state, replies = talk("예약할게요", "건너뛸게요", rules=SALON, now=MORNING)
    assert replies[-1].startswith("시술은 있어야 해요. 어떤 시술을")
    assert state.draft is not None
    assert state.draft.skipped == ()


# --- corrections at any point


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("아니 7시 말고 8시요", {"time": "20:00"}),
        ("아 잠깐만요 8시로 바꿔 주세요", {"time": "20:00"}),
        ("7시 말고 8시, 두 명 말고 세 명이요", {"time": "20:00", "party": 3}),
        ("아니 내일 말고 모레요", {"date": "2026-07-25"}),
        ("아니 박서연 이름으로 해 주세요", {"name": "박서연"}),
        (
            "아니 내일 말고 모레, 7시 말고 8시, 두 명 말고 세 명",
            {"date": "2026-07-25", "time": "20:00", "party": 3},
        ),
    ],
)
@pytest.mark.parametrize("agreed", [False, True])
def test_a_correction_at_the_confirmation_and_after_a_yes_too_early(
    text: str, expected: dict[str, object], agreed: bool
) -> None:
    said = RESERVED if agreed else RESERVED[:-1]
    state, _ = talk(*said, text, now=MORNING)
    filled = {"date": "2026-07-24", "time": "19:00", "party": 2, "name": "이지훈"} | expected
    assert slots(state) == filled
    assert state.draft is not None
    assert state.draft.asked == CONFIRM
    assert state.draft.record == ("3-1" if agreed else "")
    turn = respond(RULES, state, "네", [], now=MORNING)
    assert turn.actions[0].replaces == ("3-1" if agreed else "")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("세 명", "아니다 넷"), {"party": 4}),
        (("세 명", "아니 네 명이요"), {"party": 4}),
        (("세 명", "아 아니다 다섯이요"), {"party": 5}),
        (("세 명", "아니 글쎄요"), {"party": 3}),
        (("세 명", "아니 이게 뭐야"), {"party": 3}),
    ],
)
def test_the_last_answer_is_corrected_while_something_else_is_asked(
    said: tuple[str, ...], expected: dict[str, object]
) -> None:
    state, _ = talk("내일 저녁 7시 예약이요", *said, now=MORNING)
    assert slots(state) == {"date": "2026-07-24", "time": "19:00"} | expected
    assert state.draft is not None
    assert state.draft.asked == "name"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("아 짜장면 하나만 빼 주세요", {"짜장면": 1}),
        ("아니 짜장면 말고 짬뽕이요", {"짬뽕": 2}),
        ("앗 잠깐 콜라도 하나요", {"짜장면": 2, "콜라": 1}),
        ("아니 두 그릇 말고 세 그릇이요", {"짜장면": 3}),
    ],
)
def test_an_order_corrected_after_a_yes_too_early(text: str, expected: dict[str, int]) -> None:
    state, _ = talk(*ORDERED, text)
    assert items(state) == expected
    assert state.draft is not None
    assert (state.draft.record, state.draft.asked) == ("3-1", CONFIRM)


def test_a_dish_of_an_order_that_is_done_may_be_cancelled() -> None:
    state, _ = talk("짜장면 하나, 콜라 하나", "없어요", "네", "콜라는 취소해 주세요")
    assert items(state) == {"짜장면": 1}
    assert state.draft is not None
    assert state.draft.record == "3-1"
    state, _ = talk("짜장면 하나, 콜라 하나", "없어요", "네", "방금 시킨 콜라 취소해 주세요")
    assert items(state) == {"짜장면": 1}
    state, _ = talk("짜장면 하나, 콜라 하나", "아까 시킨 콜라 취소해 주세요")
    assert items(state) == {"짜장면": 1}
    turn = last_turn("짜장면 하나", "없어요", "네", "짜장면 취소해 주세요")
    assert [(call.name, call.replaces) for call in turn.actions] == [("withdraw", "3-1")]


def test_a_question_after_a_yes_is_no_correction() -> None:
    state, replies = talk(*ORDERED, "아니 근데 콜라 있어요?")
    assert replies[-1].startswith("네, 콜라 있어요.")
    assert state.drafts == ()


def test_what_is_done_for_long_is_not_corrected_by_a_bare_word() -> None:
    state, _ = talk(*RESERVED, "주차 돼요?", "화장실 있어요?", "몇 시까지 해요?", "아니 8시요")
    assert state.drafts == ()


def test_a_correction_that_corrects_nothing_opens_nothing() -> None:
    state, _ = talk(*RESERVED, "아니 내일 봬요")
    assert state.drafts == ()


# --- what was completed before


def test_a_record_is_withdrawn_once() -> None:
    state, replies = talk(
        *SALON_BOOKING, "네", "방금 예약 취소해 주세요", "방금 예약 취소해 주세요", rules=SALON, now=MORNING
    )
    assert replies[-2:] == ["7월 24일 금요일 커트 예약을 지웠어요.", "접수된 것이 없어요."]
    assert state.done == ()


def test_the_record_that_is_named_is_withdrawn() -> None:
    two = (*RESERVED, "모레 12시에 네 명 예약이요", "최유진입니다", "네", *ORDERED)
    turn = last_turn(*two, "금요일 예약 취소할게요")
    assert [(call.name, call.replaces) for call in turn.actions] == [("withdraw", "3-1")]
    assert last_turn(*two, "처음 예약은 취소해 주세요").actions[0].replaces == "3-1"
    assert last_turn(*two, "마지막에 한 예약 취소해 주세요").actions[0].replaces == "6-1"
    assert last_turn(*two, "짜장면 주문한 거 취소할게요").actions[0].replaces == "9-1"
    assert last_turn(*two, "취소할게요").actions[0].replaces == "9-1", "what was done just now"


def test_of_several_records_it_is_asked_which() -> None:
    two = (*RESERVED, "모레 12시에 네 명 예약이요", "최유진입니다", "네", "주차 돼요?", "화장실 있어요?")
    state, replies = talk(*two, "예약 취소할게요", now=MORNING)
    assert replies[-1] == (
        "7월 24일 금요일, 저녁 7시, 2명, 이지훈 님 / 7월 25일 토요일, 낮 12시, 4명, 최유진 님 중에 어느 쪽이세요?"
    )
    for said, record in (
        ("금요일이요", "3-1"),
        ("두 번째 거요", "6-1"),
        ("최유진이요", "6-1"),
        ("처음 거요", "3-1"),
    ):
        turn = respond(RULES, state, said, extract(said), now=MORNING)
        assert [(call.name, call.replaces) for call in turn.actions] == [("withdraw", record)], said
    for said in ("됐어요", "아니요", "주차 돼요?"):
        turn = respond(RULES, state, said, [], now=MORNING)
        assert turn.actions == ()
        assert turn.state.offer is None
        assert len(turn.state.done) == 2


def test_a_withdrawal_in_the_middle_of_something_else() -> None:
    state, replies = talk(*RESERVED, "짜장면 하나 주세요", "예약은 취소해 주세요", now=MORNING)
    assert items(state) == {"짜장면": 1}
    assert replies[-1].endswith("더 필요하신 거 있으세요?") or replies[-1].endswith("더 드릴까요?")
    assert state.done == ()


def test_a_withdrawal_that_failed_leaves_the_record() -> None:
    state, replies = talk(
        *SALON_BOOKING, "네", "방금 예약 취소해 주세요",
        rules=SALON, now=MORNING, outcomes={"withdraw": Outcome("error")},
    )  # fmt: skip
    assert replies[-1] == "예약을 처리하지 못했어요. 다시 해 볼까요?"
    assert [done.record for done in state.done] == ["7-1"]


@pytest.mark.parametrize(
    ("said", "asked", "time"),
    [
        (("예약 변경할게요",), "@change", "14:00"),
        (("예약 변경할게요", "시간이요", "4시"), CONFIRM, "16:00"),
        (("예약 시간 바꿀게요",), "time", "14:00"),
        (("예약 변경할게요", "아니요"), CONFIRM, "14:00"),
    ],
)
def test_a_record_is_taken_up_again(said: tuple[str, ...], asked: str, time: str) -> None:
    state, replies = talk(*SALON_BOOKING, "네", *said, rules=SALON, now=MORNING)
    assert replies[7].startswith("예약을 고칠게요: 커트, 7월 24일 금요일, 오후 2시, 김민수 님")
    assert state.draft is not None
    assert (state.draft.asked, state.draft.record, slots(state)["time"]) == (asked, "7-1", time)


def test_a_record_is_taken_up_with_its_change() -> None:
    state, replies = talk(*SALON_BOOKING, "네", "예약 4시로 바꿔 주세요", rules=SALON, now=MORNING)
    assert replies[-1].startswith("오후 4시로 바꿨어요. 7월 24일 금요일 오후 4시 커트")
    assert state.draft is not None
    assert (state.draft.asked, state.draft.record) == (CONFIRM, "7-1")


def test_a_fresh_start_drops_what_is_open_and_leaves_what_is_recorded() -> None:
    state, replies = talk("예약할게요", "커트", "처음부터", rules=SALON, now=MORNING)
    assert state.drafts == ()
    assert replies[-1].startswith("예약을 취소했어요.")
    state, replies = talk(*SALON_BOOKING, "네", "예약 변경할게요", "처음부터", rules=SALON, now=MORNING)
    assert replies[-1] == "안녕하세요, 물결미용실입니다."
    assert [done.record for done in state.done] == ["7-1"]


def test_a_record_that_was_changed_is_the_only_one() -> None:
    state, _ = talk(*SALON_BOOKING, "네", "예약 4시로 바꿔 주세요", "네", rules=SALON, now=MORNING)
    assert [(done.record, dict(done.values)["time"][0].data) for done in state.done] == [("9-1", "16:00")]
    turn = last_turn(*SALON_BOOKING, "네", "예약 4시로 바꿔 주세요", "네", "방금 예약 취소해 주세요", rules=SALON)
    assert turn.actions[0].replaces == "9-1"


def test_to_cancel_a_change_is_to_cancel_what_was_recorded() -> None:
    """The bot says that it is cancelled, so it has to be."""
    turn = last_turn(*SALON_BOOKING, "네", "예약 변경할게요", "취소해 주세요", rules=SALON)
    assert [(call.name, call.replaces) for call in turn.actions] == [("withdraw", "7-1")]
    assert turn.state.drafts == ()


def test_a_record_being_changed_is_not_called_unfinished() -> None:
    state, _ = talk(*SALON_BOOKING, "네", "예약 변경할게요", rules=SALON, now=MORNING)
    assert farewell(SALON, state, now=MORNING).reply == "안녕히 가세요."


def test_nothing_was_recorded() -> None:
    _, replies = talk("방금 예약 취소해 주세요", "예약 변경할게요", rules=SALON)
    assert replies == ["접수된 것이 없어요.", "접수된 것이 없어요."]


# --- a person takes over


def test_a_person_is_called_and_the_bot_is_silent_until_a_restart() -> None:
    state, replies = talk(
        "예약할게요", "커트", "상담원 불러 주세요", "커트요", "", "네", "처음부터", "예약할게요", rules=SALON
    )
    assert replies[2:7] == [
        "직원을 부를게요.",
        "직원이 곧 와요.",
        "직원이 곧 와요.",
        "직원이 곧 와요.",
        "다시 제가 할게요.",
    ]
    assert replies[7].startswith("네, 예약해 드릴게요.")
    assert not state.handed_over
    assert state.draft is not None
    assert not state.draft.all_values("services"), "a fresh start"


def test_the_person_is_told_what_it_is_about() -> None:
    (call,) = last_turn("예약할게요", "커트", "없어요", "상담원 불러 주세요", rules=SALON).actions
    assert call.name == "hand_over"
    assert call.form == "booking"
    (form,) = call.values["forms"]  # type: ignore[misc]
    assert form["values"] == {"services": "커트", "time": "14:00"}
    assert form["shown"] == "커트, 오후 2시"
    assert call.values["said"] == ["예약할게요", "커트", "없어요", "상담원 불러 주세요"]


def test_so_many_utterances_not_understood_lead_to_a_person() -> None:
    rules = patient(SALON, misses=3)
    _, replies = talk("가나다", "라마바", "사아자", rules=rules)
    assert replies[2] == "직원을 부를게요."
    _, replies = talk("가나다", "라마바", "주차 돼요?", "사아자", "차카타", rules=rules)
    assert replies[-1] != "직원을 부를게요.", "in a row"


def test_the_same_question_so_many_times_leads_to_a_person() -> None:
    rules = patient(SALON, repeats=3)
    state, replies = talk("쿠폰 봐 주세요", "1234", "5678", "9012", rules=rules)
    assert replies[1] == "1234는 쿠폰 번호가 아니에요. 여덟 자리로 말씀해 주시겠어요?"
    assert replies[2].endswith("쿠폰 번호는 꼭 여쭤봐야 해요."), "the last time comes with an explanation"
    assert replies[3] == "직원을 부를게요."
    assert state.handed_over


def test_questions_in_between_are_no_failure_to_answer() -> None:
    rules = patient(SALON, repeats=2, misses=2)
    state, replies = talk("예약할게요", *["주차 돼요?"] * 5, "커트", rules=rules)
    assert not state.handed_over
    assert not any("꼭 여쭤봐야" in reply for reply in replies)


def test_answers_to_the_same_question_are_no_repetition() -> None:
    rules = patient(repeats=2)
    state, _ = talk("짜장면 하나", "짬뽕 하나", "콜라 하나", "사이다 하나", rules=rules)
    assert len(items(state)) == 4


def test_patience_without_end() -> None:
    state, _ = talk("예약할게요", *["가나다"] * 9, rules=patient(SALON))
    assert not state.handed_over


def test_a_remark_known_by_its_entity_alone_is_answered() -> None:
    where = next(intent for intent in SALON.intents if intent.name == "where")
    alone = dataclasses.replace(where, patterns=(), entities=(("LC", 5),))
    rules = dataclasses.replace(SALON, intents=(*(i for i in SALON.intents if i is not where), alone))
    state, replies = talk("예약할게요", "커트", "강남역 쪽에서요", rules=rules, now=MORNING)
    assert replies[-1].startswith("강남역은 가까워요.")
    assert state.draft is not None


# --- a long silence


def later(*said: str, minutes: int, then: str, rules: Rules = SALON) -> Turn:
    state, _ = talk(*said, rules=rules, now=MORNING)
    return answered(rules, state, then, extract(then), now=MORNING + timedelta(minutes=minutes))


def test_after_a_long_silence_a_yes_agrees_to_nothing() -> None:
    turn = later(*SALON_BOOKING, minutes=31, then="네")
    assert turn.reply == "다시 오셨네요. 예약 이어서 할까요?"
    assert turn.actions == ()
    on = respond(SALON, turn.state, "네", [], now=MORNING + timedelta(minutes=32))
    assert on.reply.startswith("예약 이어서 할게요. 7월 24일 금요일 오후 2시 커트")
    off = respond(SALON, turn.state, "아니요", [], now=MORNING + timedelta(minutes=32))
    assert off.state.drafts == ()
    assert later(*SALON_BOOKING, minutes=29, then="네").reply == "예약됐어요."


@pytest.mark.parametrize(
    ("then", "reply"),
    [
        ("주차 돼요?", "주차는 두 대까지 돼요.\n다시 오셨네요. 예약 이어서 할까요?"),
        ("안녕하세요", "다시 오셨네요. 예약 이어서 할까요?"),
        ("", "듣고 있어요.\n다시 오셨네요. 예약 이어서 할까요?"),
        (
            "모레로 할게요",
            "7월 25일 토요일로 바꿨어요. 7월 25일 토요일 오후 2시 커트, 김민수 님 이름으로 예약할까요?",
        ),
        (
            "쿠폰 봐 주세요",
            "예약은 두고 쿠폰 조회부터 할게요. 쿠폰 번호 여덟 자리를 알려 주시겠어요?",
        ),
        ("취소할게요", "예약을 취소했어요."),
    ],
)
def test_after_a_long_silence(then: str, reply: str) -> None:
    assert later(*SALON_BOOKING, minutes=60 * 5, then=then).reply == reply


def test_nothing_was_left_open() -> None:
    assert later("예약할게요", minutes=90, then="커트").reply.startswith("커트, 알겠어요.")
    assert later(*SALON_BOOKING, minutes=90, then="네", rules=patient(SALON)).reply == "예약됐어요."


def test_clocks_of_other_zones_and_none_are_compared() -> None:
    state, _ = talk(*SALON_BOOKING, rules=SALON, now=MORNING)
    for last in ("", "yesterday", "2026-07-23T00:00:00+00:00"):
        turn = respond(SALON, dataclasses.replace(state, last_at=last), "주차 돼요?", [], now=MORNING)
        assert turn.reply.startswith("주차는")


def test_a_time_that_passed_while_it_was_thought_over_is_not_booked() -> None:
    said = ("예약할게요", "커트", "없어요", "오늘요", "김민수요", "건너뛸게요")
    state, _ = talk(*said, rules=patient(SALON), now=MORNING)
    turn = respond(patient(SALON), state, "네", [], now=MORNING.replace(hour=15))
    assert turn.actions == ()
    assert turn.reply == "오후 2시는 이미 지났어요. 몇 시에 오시겠어요?"
    turn = respond(patient(SALON), state, "네", [], now=MORNING + timedelta(days=1))
    assert turn.actions == ()
    assert turn.reply == "7월 23일 목요일은 지난 날이에요. 언제 오시겠어요?"


# --- whatever is said

PIECES = (
    "짜장면", "짬뽕", "초밥", "하나", "두 그릇", "네 명", "말고", "빼줘", "더", "네", "아니", "아니요", "예약",
    "주문", "취소", "내일", "어제", "7시",
    "99시", "김민수", "으로", "요", "얼마", "?", "바꿔", "대신", "0개", "다", "시간", "2월 30일", "월요일",
    "주말", "저녁", "😀", "{", "\x00", "그게 다", "짜짱면", "그걸로", "그거", "그날", "그때", "같은 시간에",
    "거기로", "그분 이름으로", "둘 다", "두 번째 거", "3번", "방금", "아까", "변경", "건너뛸게요", "상담원",
    "처음부터",
    "커트", "염색", "커트는", "쿠폰", "12345671", "12345", "그 번호로", "강남역", "출장", "네 아니 잠깐",
    "없어요", "허리", "정형외과", "선생님", "그 선생님", "010-1234-5678", "602311458206", "조회", "택배",
    "서울", "부산",
    "에서", "까지", "5kg", "두 상자", "내일 오전", "10시 반", "그 택배",
)  # fmt: skip
ALL_RULES = (RULES, SALON, load_rules("clinic"), load_rules("parcel"))
OUTCOMES = ("ok", "error", "full", "strange", "again", "unknown", "nonsense", "not_found", "too_late")
utterances = st.lists(st.sampled_from(PIECES), max_size=5).map(" ".join) | st.text(max_size=20)
steps = st.tuples(utterances, st.sampled_from(OUTCOMES), st.sampled_from((0, 1, 45, 60 * 30)))


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(ALL_RULES), st.lists(steps, max_size=12), st.booleans())
def test_whatever_is_said_there_is_an_answer_and_a_next_question(
    rules: Rules, said: list[tuple[str, str, int]], labelled: bool
) -> None:
    def conversation(*, through_json: bool) -> list[str]:
        state, now, replies = State(seed=len(said)), MORNING, []
        for text, outcome, minutes in said:
            now += timedelta(minutes=minutes)
            turn = respond(rules, state, text, extract(text) if labelled else [], now=now)
            ids = [call.id for call in turn.actions]
            for _ in range(3):
                if not turn.actions:
                    break
                came = {call.id: Outcome(outcome, {"left": "1"}) for call in turn.actions}
                turn = follow(turn, conclude(rules, turn.state, came, now=now))
                ids += [call.id for call in turn.actions]
            assert len(set(ids)) == len(ids)
            state = turn.state
            if through_json:
                state = State.from_dict(json.loads(json.dumps(state.to_dict())))
                assert state == turn.state
            assert turn.reply.strip()
            assert all(1 <= item.count <= 50 for draft in state.drafts for item in draft.items)
            assert state.draft is None or state.draft.asked
            assert len({draft.record for draft in state.drafts if draft.record}) == len(
                [draft for draft in state.drafts if draft.record]
            )
            replies.append(turn.reply)
        return replies

    assert conversation(through_json=True) == conversation(through_json=False), "the same turns, the same replies"
