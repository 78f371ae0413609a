"""Words that point back: what they stand for in a conversation, and that they stand for nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from ner_engine.chatbot import Outcome, Rules, State, Turn, conclude, load_rules, respond
from ner_engine.chatbot.dialogue import follow
from ner_engine.chatbot.pointing.anaphora import resolve
from ner_engine.chatbot.state import Draft, Item, Recent, Value
from ner_engine.spans import Entity
from tests.fake_extractor import extract, extract_nothing

NOW = datetime(2026, 7, 23, 10, 0)  # a Thursday
RESTAURANT = load_rules("restaurant")
SALON = load_rules(Path(__file__).parent / "bots" / "salon.yaml")


def turn_of(rules: Rules, state: State, text: str, entities: Sequence[Entity], now: datetime = NOW) -> Turn:
    turn = respond(rules, state, text, entities, now=now)
    while turn.actions:
        turn = follow(turn, conclude(rules, turn.state, {c.id: Outcome() for c in turn.actions}, now=now))
    return turn


def talk(
    *said: str, rules: Rules = RESTAURANT, now: datetime = NOW, labelled: bool = True
) -> tuple[State, list[str]]:
    """The state after a conversation, and the bot's replies."""
    state, replies = State(), []
    for text in said:
        turn = turn_of(rules, state, text, (extract if labelled else extract_nothing)(text), now)
        state = turn.state
        replies.append(turn.reply)
    return state, replies


def items(state: State) -> dict[str, int]:
    return {} if state.draft is None else {item.name: item.count for item in state.draft.items}


def slots(state: State) -> dict[str, object]:
    assert state.draft is not None
    return {name: [value.data for value in values] for name, values in state.draft.values}


# --- things


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("깐풍기는 얼마예요?", "그걸로 하나 주세요"), {"깐풍기": 1}),
        (("깐풍기는 얼마예요?", "그거 두 개요"), {"깐풍기": 2}),
        (("깐풍기 있어요?", "그럼 그거 주세요"), {"깐풍기": 1}),
        (("깐풍기 있어요?", "이걸로 할게요"), {"깐풍기": 1}),
        (("깐풍기 있어요?", "그것도 하나 주문할게요"), {"깐풍기": 1}),
        # what is on the list is meant, not wanted once more
        (("짬뽕 하나", "그걸로 하나 더"), {"짬뽕": 2}),
        (("짬뽕 하나", "같은 걸로 하나 더 주세요"), {"짬뽕": 2}),
        (("짬뽕 하나", "그거 두 개로 해 주세요"), {"짬뽕": 2}),
        (("짬뽕 하나, 콜라 하나", "그거 빼 주세요"), {"짬뽕": 1}),
        (("짬뽕 하나, 콜라 하나", "짬뽕은 매워요?", "그거 빼 주세요"), {"콜라": 1}),
        (("짬뽕 하나", "그거 말고 볶음밥이요"), {"볶음밥": 1}),
        # asked about on the way
        (("짜장면 하나", "깐풍기는 얼마예요?", "그것도 하나 주세요"), {"짜장면": 1, "깐풍기": 1}),
        (("짜장면 하나", "깐풍기는 얼마예요?", "그거 말고 탕수육 하나요"), {"짜장면": 1, "탕수육": 1}),
        (("짜장면 하나", "깐풍기는 얼마예요?", "그거 빼 주세요"), {}),
        (("짜장면 하나", "깐풍기는 얼마예요?", "그건 좀 비싸네요"), {"짜장면": 1}),
        (("짜장면 하나", "깐풍기는 얼마예요?", "그건 됐어요"), {"짜장면": 1}),
        (
            ("짜장면 하나", "깐풍기는 얼마예요?", "주차 돼요?", "아까 그거 하나 추가요"),
            {"짜장면": 1, "깐풍기": 1},
        ),
        (("깐풍기 얼마예요?", "콜라는 얼마예요?", "아까 그거 하나 주세요"), {"깐풍기": 1}),
        (("깐풍기 얼마예요?", "아까 말한 거 하나 주세요"), {"깐풍기": 1}),
        # of an order that is done
        (("짬뽕 두 개 주세요", "없어요", "네", "같은 걸로 하나 주문할게요"), {"짬뽕": 1}),
        (("짬뽕 두 개", "없어요", "네", *["주차 돼요?"] * 7, "같은 걸로 하나 주세요"), {"짬뽕": 1}),
        (("짬뽕 두 개 주세요", "취소할게요", "아까 그거 다시 하나 주세요"), {"짬뽕": 1}),
        # what was taken off is not meant any more
        (("짜장면 하나, 콜라 하나", "콜라는 빼 주세요", "그거 말고 볶음밥이요"), {"볶음밥": 1}),
        # lists
        (("뭐가 맛있어요?", "두 번째 걸로 하나 주세요"), {"짬뽕": 1}),
        (("뭐가 맛있어요?", "3번이요", "그거 하나요"), {"탕수육": 1}),
        (("뭐가 맛있어요?", "마지막 걸로 두 개 주세요"), {"탕수육": 2}),
        (("짜장면이랑 짬뽕은 얼마예요?", "두 개 다 주세요"), {"짜장면": 1, "짬뽕": 1}),
        (("짜장면 하나, 짬뽕 하나, 콜라 하나", "그게 다예요", "두 번째 거 빼 주세요"), {"짜장면": 1, "콜라": 1}),
        (("뭐가 맛있어요?", "다섯 번째 거 주세요"), {}),
    ],
)
def test_things(said: tuple[str, ...], expected: dict[str, int], labelled: bool) -> None:
    state, _ = talk(*said, labelled=labelled)
    assert items(state) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("파스타 있어요?", "첫 번째 거 주세요"), {"짜장면": 1}),
        (("파스타 하나 주세요", "둘 다 주세요"), {"짜장면": 1, "짬뽕": 1}),
        (("파스타 하나 주세요", "둘 다 두 개씩 주세요"), {"짜장면": 2, "짬뽕": 2}),
        (("파스타 하나 주세요", "그거 하나 주세요", "두 번째 거요"), {"짬뽕": 1}),
    ],
)
def test_what_was_offered_for_a_dish_that_is_not_to_be_had(
    said: tuple[str, ...], expected: dict[str, int]
) -> None:
    state, _ = talk(*said)
    assert items(state) == expected


def test_what_may_be_one_of_several_is_asked_and_the_count_kept() -> None:
    state, replies = talk("짜장면이랑 탕수육은 얼마예요?", "그거 세 개 주세요", "탕수육이요")
    assert replies[1] == "짜장면, 탕수육 중에 어느 쪽이세요?"
    assert items(state) == {"탕수육": 3}
    state, _ = talk("짜장면이랑 탕수육은 얼마예요?", "그거 세 개 주세요", "두 번째 거 하나요")
    assert items(state) == {"탕수육": 1}
    state, _ = talk("짜장면이랑 탕수육은 얼마예요?", "그거 주세요", "주차 돼요?")
    assert state.offer is None


def test_a_long_list_is_not_asked_about() -> None:
    state, replies = talk("메뉴 뭐 있어요?", "그거 주세요")
    assert "어느 쪽" not in replies[1]
    assert items(state) == {}


def test_an_example_in_quotation_marks_is_no_offer() -> None:
    state, replies = talk("주문할게요", "글쎄 그게 말이죠", "첫 번째 거요")
    assert "'짜장면 두 그릇이랑 탕수육 하나'" in " ".join(replies)
    assert items(state) == {}


def test_options_of_a_choice() -> None:
    state, _ = talk("예약할게요", "두 번째요", rules=SALON)
    assert slots(state)["services"] == ["염색"]
    state, _ = talk("예약할게요", "첫 번째랑 마지막 거요", rules=SALON)
    assert slots(state)["services"] == ["커트", "두피 관리"]


# --- days, times, places, people, numbers

DONE = ("내일 저녁 7시에 두 명 예약이요", "이지훈입니다", "네")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((*DONE, "그날 12시에 세 명 예약할게요"), {"date": ["2026-07-24"], "time": ["12:00"], "party": [3]}),
        ((*DONE, "모레 같은 시간에 예약할게요"), {"date": ["2026-07-25"], "time": ["19:00"]}),
        ((*DONE, "같은 날 같은 시간으로 예약할게요"), {"date": ["2026-07-24"], "time": ["19:00"]}),
        ((*DONE, "그때로 하나 더 예약할게요"), {"date": ["2026-07-24"], "time": ["19:00"]}),
        ((*DONE, "모레 예약할게요", "같은 시간이요"), {"date": ["2026-07-25"], "time": ["19:00"]}),
        ((*DONE, "같은 이름으로 예약할게요"), {"name": ["이지훈"]}),
        ((*DONE, "그분 이름으로 예약할게요"), {"name": ["이지훈"]}),
        (("금요일에 문 열어요?", "그날 저녁 7시로 예약할게요"), {"date": ["2026-07-24"], "time": ["19:00"]}),
        (("금요일에 문 열어요?", "예약할게요", "그날이요"), {"date": ["2026-07-24"]}),
        # nothing to point at
        (("예약할게요", "그날이요"), {}),
        (("예약할게요", "같은 시간에요"), {}),
        (("예약할게요", "그분이요"), {}),
        # never of another kind
        (("예약할게요", "7시요", "그날이요"), {"time": ["19:00"]}),
        (("예약할게요", "내일요", "같은 시간에요"), {"date": ["2026-07-24"]}),
        (("예약할게요", "내일요", "거기요"), {"date": ["2026-07-24"]}),
        (("예약할게요", "내일요", "그걸로요"), {"date": ["2026-07-24"]}),
        (("깐풍기 얼마예요?", "예약할게요", "그걸로요"), {}),
    ],
)
def test_when_and_who(said: tuple[str, ...], expected: dict[str, object]) -> None:
    state, _ = talk(*said)
    assert slots(state) == expected


def test_a_day_stays_the_day_it_was() -> None:
    """내일 of yesterday is today."""
    state, _ = talk("내일 저녁 7시에 두 명 예약이요", "이지훈입니다", "네")
    turn = turn_of(
        RESTAURANT, state, "그날 8시에 예약할게요", extract("그날 8시에 예약할게요"), datetime(2026, 7, 24, 10)
    )
    assert slots(turn.state) == {"date": ["2026-07-24"], "time": ["20:00"]}


def test_places() -> None:
    state, _ = talk("강남역은 멀어요?", "거기로 내일 출장 와 주세요", rules=SALON)
    assert slots(state) == {"place": ["강남역"], "date": ["2026-07-24"]}
    state, _ = talk("강남역은 멀어요?", "홍대는 먼가요?", "출장 부탁해요", "방금 말한 데로요", rules=SALON)
    assert slots(state) == {"place": ["홍대"]}
    state, _ = talk("김민수예요", "내일 출장이요", "거기로요", rules=SALON)
    assert "place" not in slots(state), "neither a person nor a day is a place"


def test_numbers() -> None:
    _, replies = talk("쿠폰 12345671", "그 번호로 쿠폰 다시 봐 주세요", rules=SALON)
    assert replies[1] == replies[0] == "끝자리 5671은 쓸 수 있어요."
    _, replies = talk("쿠폰 봐 주세요", "그 번호요", rules=SALON)
    assert replies[1] == "숫자 여덟 자리로 말씀해 주시겠어요?"


def test_mentions_grow_old() -> None:
    aside = ["주차 돼요?"] * 7
    state, _ = talk("깐풍기는 얼마예요?", *aside, "그거 하나 주세요")
    assert items(state) == {}
    state, _ = talk("깐풍기는 얼마예요?", *aside[:3], "그거 하나 주세요")
    assert items(state) == {"깐풍기": 1}
    state, _ = talk(
        *(f"{dish} 얼마예요?" for dish in ("짜장면", "짬뽕", "볶음밥", "탕수육", "콜라", "맥주", "소주"))
    )
    assert len(state.recents) <= 12
    assert state.recents[-1].canonical == "소주"


# --- what is put where


def test_the_words_and_the_entities_as_they_are_then() -> None:
    state = State(turn=3, recents=(Recent("FOOD", "짬뽕", "짬뽕", "", 3),))
    text = "네 그걸로 두 개, 내일이요"
    given = [Entity("그걸", 2, 4, "FOOD"), Entity("두 개", 6, 9, "QT"), Entity("내일", 11, 13, "DT")]
    found = resolve(RESTAURANT, state, text, given, now=NOW)
    assert found.text == "네 짬뽕으로 두 개, 내일이요"
    assert [(e.text, e.label, e.source) for e in found.entities] == [
        ("짬뽕", "FOOD", "recent"),
        ("두 개", "QT", "model"),
        ("내일", "DT", "model"),
    ]
    assert all(found.text[e.start : e.end] == e.text for e in found.entities)
    assert found.notes == ("'그걸로' → '짬뽕으로'",)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("그때로요", "7월 24일 오후 7시로요"),
        ("그날 8시", "7월 24일 8시"),
        ("같은 날로 해 주세요", "7월 24일로 해 주세요"),
        ("같은 시간에", "오후 7시에"),
        ("그분 이름으로", "이지훈 이름으로"),
        ("같은 이름이랑 같은 날로", "이지훈이랑 7월 24일로"),
        ("아까 그날로", "7월 24일로"),
        ("그날씨", "그날씨"),
        ("이그날", "이그날"),
        ("같은 시간 동안 그 시간", "같은 시간 동안 오후 7시"),
    ],
)
def test_particles_fit(text: str, expected: str) -> None:
    state = State(
        turn=2,
        recents=(
            Recent("DT", "내일", "", "2026-07-24", 1),
            Recent("TI", "7시", "", "19:00", 1),
            Recent("PS", "이지훈", "", "이지훈", 2),
        ),
    )
    assert resolve(RESTAURANT, state, text, [], now=NOW).text == expected


@pytest.mark.parametrize("at", ["00:00", "00:30", "09:05", "12:00", "12:30", "13:00", "23:59"])
def test_a_time_reads_back_as_the_same_time(at: str) -> None:
    draft = Draft("reservation", (("time", (Value(at, at),)),))
    state = State(done=(), drafts=(draft,))
    shown = resolve(RESTAURANT, state, "같은 시간에", [], now=NOW).text.removesuffix("에")
    salon = load_rules(Path(__file__).parent / "bots" / "salon.yaml")
    turn = respond(salon, State(), f"{shown}에 예약", [Entity(shown, 0, len(shown), "TI")], now=NOW)
    inside = "10:00" <= at <= "19:00"
    assert turn.state.draft is not None
    (value,) = turn.state.draft.all_values("time")
    assert (value.data == at) is inside


@pytest.mark.parametrize(
    "state",
    [
        State(recents=(Recent("FOOD", "없는 음식"), Recent("DT", "x", "", "no date"), Recent("TI", "x", "", 5))),
        State(drafts=(Draft("order", items=(Item("없는 음식", 1),)),), options=(Recent("FOOD", "가"),)),
        State(drafts=(Draft("reservation", (("date", (Value("x", 1.5),)), ("nothing", (Value("y", "y"),)))),)),
    ],
)
@pytest.mark.parametrize(
    "text", ["그거 하나", "그날로", "그때", "같은 시간에", "첫 번째", "둘 다", "거기로", "그분이요", "그 번호"]
)
def test_a_state_that_makes_no_sense_is_lived_with(state: State, text: str) -> None:
    assert turn_of(RESTAURANT, state, text, []).reply
