"""What the parcel bot needs of the dialogue: numbers pointed at, addresses, places by their roles, stories."""

from __future__ import annotations

from datetime import datetime

import pytest

from ner_engine.chatbot import load_rules
from ner_engine.chatbot.action.calls import Outcome
from ner_engine.chatbot.bot import Answer, Bot
from tests.fake_extractor import extract_nothing

NOW = datetime(2026, 7, 23, 17, 0)
RULES = load_rules("parcel")


def talk(*said: str) -> list[Answer]:
    """The answers of a conversation in which the extractor finds nothing."""
    bot = Bot(RULES, extract_nothing, clock=lambda: NOW)
    return [bot.say("somebody", text) for text in said]


def slots(answer: Answer) -> dict[str, object]:
    """What the form in hand holds."""
    assert answer.state.draft is not None
    return {name: values[0].data for name, values in answer.state.draft.values}


def tracked(*said: str) -> list[object]:
    """The numbers that were looked up."""
    return [call.values["number"] for answer in talk(*said) for call in answer.actions if call.name == "track"]


ONE, OTHER = "602311458206", "602588000195"


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        ((f"{ONE} 조회", "그거 언제 와요?"), [ONE, ONE]),
        ((f"{ONE} 조회", "그 택배 지금 어디예요?"), [ONE, ONE]),
        ((f"{ONE} 조회", f"{OTHER} 조회", "그건 언제 와요?"), [ONE, OTHER, OTHER]),
        ((f"{ONE} 조회", f"{OTHER} 조회", "아까 그거 언제 와요?"), [ONE, OTHER, ONE]),
        ((f"{ONE} 조회", "그래서 언제 와요?"), [ONE, ONE]),
        ((f"{ONE} 조회", "안녕하세요", "고마워요", "안녕하세요", "언제 와요?"), [ONE]),  # too long ago
        ((f"{ONE} 조회", f"그거 말고 {OTHER}요"), [ONE, OTHER]),
        (("그거 언제 와요?",), []),
        ((f"{ONE} 조회", "그건 됐고요"), [ONE]),
        ((f"{ONE} 조회", "그 택배 기사님 번호 알려 주세요"), [ONE]),
    ],
)
def test_a_number_pointed_at(said: tuple[str, ...], numbers: list[object]) -> None:
    assert tracked(*said) == numbers


@pytest.mark.parametrize(
    "said",
    ["602311458206", "6023 1145 8206", "6023-1145-8206", "6 0 2 3 1 1 4 5 8 2 0 6", "육공이삼 일일사오 팔이공육"],
)
def test_ways_to_say_a_number(said: str) -> None:
    assert tracked(f"{said}이요") == [ONE]


@pytest.mark.parametrize("said", ["60231145820", "602311458207", "6023 1145 82"])
def test_a_number_that_is_wrong(said: str) -> None:
    answers = talk("배송 조회요", said)
    assert "운송장 번호가 아닌 것 같아요" in answers[-1].reply
    assert not answers[-1].actions


def test_two_numbers_in_one_breath() -> None:
    assert tracked(f"{ONE}이랑 {OTHER} 조회해 주세요") == [[ONE, OTHER]]


def test_a_bare_number_answers_the_question_of_another_form() -> None:
    answers = talk("컵이 깨졌어요", ONE)
    assert not answers[-1].actions
    assert slots(answers[-1]) == {"kind": "파손", "number": ONE}


def test_that_parcel_as_an_answer() -> None:
    assert slots(talk(f"{ONE} 조회", "컵이 깨졌어요", "아까 그 택배요")[-1])["number"] == ONE


def test_a_number_left_unsaid() -> None:
    answers = talk(f"{ONE} 조회", "그럼 토요일에 받을게요", "네")
    assert "끝자리 8206번 택배를 7월 25일 토요일에 받으시겠어요?" in answers[1].reply
    assert [call.values for call in answers[2].actions] == [{"number": ONE, "date": "2026-07-25"}]


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ((f"{ONE} 조회", f"{OTHER} 조회", "문 앞에 놔 주세요"), OTHER),
        ((f"{ONE}이랑 {OTHER} 조회", "문 앞에 놔 주세요"), None),
        ((f"{ONE} 조회", "안녕하세요", "고마워요", "문 앞에 놔 주세요"), None),
        (("문 앞에 놔 주세요",), None),
        ((f"{ONE} 조회", f"{OTHER}은 문 앞에 놔 주세요"), OTHER),
    ],
)
def test_which_number_is_left_unsaid(said: tuple[str, ...], number: str | None) -> None:
    assert slots(talk(*said)[-1]).get("number") == number


def test_a_look_up_asks_for_a_number_of_its_own() -> None:
    answer = talk(f"{ONE} 조회", "택배 조회할게요")[-1]
    assert not answer.actions
    assert slots(answer) == {}


def test_what_failed_is_tried_again_when_it_is_asked_for_again() -> None:
    outcomes = iter([Outcome("error"), Outcome("not_found")])
    bot = Bot(RULES, extract_nothing, functions={"track": lambda call: next(outcomes)}, clock=lambda: NOW)
    first, second = bot.say("somebody", f"{ONE} 조회"), bot.say("somebody", "그거 다시 조회해 주세요")
    assert [call.id for call in first.actions] == [call.id for call in second.actions]
    assert "등록된 택배가 없어요" in second.reply


def test_that_is_a_choice_where_one_was_asked() -> None:
    answers = talk(f"{ONE} 조회", "그 택배 맡길 곳 정할게요", "그거요")
    assert slots(answers[-1]) == {"number": ONE}  # nothing was chosen


# --- places


PICKUP = "택배 보낼게요"


@pytest.mark.parametrize(
    ("said", "origin", "destination"),
    [
        ("서울 마포구 은하수길 12에서 부산으로 보낼게요", "서울 마포구 은하수길 12", "부산"),
        ("부산으로 서울 마포구 은하수길 12에서 보낼게요", "서울 마포구 은하수길 12", "부산"),
        ("받는 곳은 부산, 보내는 곳은 서울 마포구 은하수길 12예요", "서울 마포구 은하수길 12", "부산"),
        ("부산으로 서울에서 보낼게요", None, "부산"),
    ],
)
def test_roles(said: str, origin: str | None, destination: str) -> None:
    known = slots(talk(PICKUP, said)[-1])
    assert (known.get("origin"), known.get("destination")) == (origin, destination)


@pytest.mark.parametrize(
    ("correction", "origin", "destination"),
    [
        ("아니 받는 곳은 대구요", "서울 마포구 은하수길 12", "대구"),
        ("부산 말고 대구요", "서울 마포구 은하수길 12", "대구"),
        ("거기 말고 목포로 보내 주세요", "서울 마포구 은하수길 12", "목포"),
        ("출발지가 틀렸네요 대구 수성구 동대구로 111이에요", "대구 수성구 동대구로 111", "부산"),
        ("보내는 곳은 대구 수성구 동대구로 111로 바꿔 주세요", "대구 수성구 동대구로 111", "부산"),
    ],
)
def test_one_place_corrected(correction: str, origin: str, destination: str) -> None:
    known = slots(talk(PICKUP, "서울 마포구 은하수길 12에서 부산으로요", correction)[-1])
    assert (known.get("origin"), known.get("destination")) == (origin, destination)


def test_a_place_said_twice_for_the_empty_slot_leaves_the_other_alone() -> None:
    known = slots(talk(PICKUP, "서울 용산구 이태원로 40이요", "광주요. 아니 전주요")[-1])
    assert (known["origin"], known["destination"]) == ("서울 용산구 이태원로 40", "전주")


def test_a_house_number_stays_with_its_address() -> None:
    assert slots(talk(PICKUP, "서울 노원구 동일로 1000")[-1])["origin"] == "서울 노원구 동일로 1000"


# --- the rest


def test_a_weekday_is_of_the_week_spoken_of() -> None:
    known = slots(talk(f"{ONE} 받을 날 바꿔 주세요", "다음 주 수요일", "아니 목요일")[-1])
    assert known["date"] == "2026-07-30"


def test_a_day_too_far_away_is_not_called_a_sunday() -> None:
    assert "7일까지만" in talk(f"{ONE} 받을 날 바꿔 주세요", "한 달 뒤요")[-1].reply  # 8월 23일, a Sunday


def test_options_written_together() -> None:
    known = talk(PICKUP, "서울 마포구 은하수길 12에서 부산으로요", "옷이랑책이요")[-1].state.draft
    assert known is not None
    assert [value.data for value in known.all_values("what")] == ["의류", "책"]


def test_what_there_is_room_for_is_taken() -> None:
    answer = talk(PICKUP, "서울 마포구 은하수길 12에서 부산으로요", "책이랑 옷이랑 김치랑 노트북이요")[-1]
    assert "세 가지까지만" in answer.reply
    assert "몇 kg" in answer.reply


def test_a_story_is_told_whatever_its_words() -> None:
    story = "어제 온다던 게 아직도 안 왔고 기사님은 전화도 안 받아요"
    answers = talk("택배가 없어졌어요", ONE, story)
    assert answers[-1].state.handed_over
    assert [call.values.get("story") for call in answers[-1].actions if call.name == "record"] == [story]


def test_a_question_is_answered_even_where_a_story_was_asked() -> None:
    answer = talk("택배가 없어졌어요", ONE, "보상은 얼마까지 받을 수 있나요?")[-1]
    assert "50만 원" in answer.reply
    assert not answer.state.handed_over


def test_what_was_left_out_is_not_asked_again_when_the_form_is_reopened() -> None:
    said = (
        PICKUP, "내일 오전에 서울 마포구 은하수길 12에서 부산으로 책 4kg", "김하늘이요", "010-1234-5678",
        "선불", "없어요", "네", "접수한 거 시간 바꿀게요", "오후로요",
    )  # fmt: skip
    answer = talk(*said)[-1]
    assert "이대로 접수할까요?" in answer.reply
    assert slots(answer)["window"] == "오후"


def test_this_thing_is_no_option_of_a_form_that_is_done() -> None:
    answer = talk(f"{ONE} 문 앞에 놔 주세요", "네", "이거 깨지는 물건인데 조심해 주세요")[-1]
    assert "취급 주의" in answer.reply
    assert not any("→" in event for event in answer.trace.events)


def test_what_one_leaves_at_the_door_is_a_message_for_the_courier() -> None:
    said = "내일 오전에 서울 마포구 은하수길 12에서 부산으로 책 4kg", "김하늘이요", "010-1234-5678", "선불"
    answer = talk(PICKUP, *said, "문 앞에 둘게요")[-1]
    assert slots(answer)["memo"] == "문 앞에 둘게요"


@pytest.mark.parametrize(
    "memo", ["살살 다뤄 주세요", "조심히 다뤄주세요", "네 조심히 다뤄주세요", "벨 누르지 말고 전화 주세요"]
)
def test_a_message_is_kept_whole(memo: str) -> None:
    said = "내일 오전에 서울 마포구 은하수길 12에서 부산으로 책 4kg", "김하늘이요", "010-1234-5678", "선불"
    assert slots(talk(PICKUP, *said, memo)[-1])["memo"] == memo


def test_whom_it_goes_to_is_not_the_sender() -> None:
    answer = talk(PICKUP, "서울 마포구 은하수길 12에서 부산으로요", "받는 분 전화번호는 010-9999-8888이에요")[-1]
    assert "contact" not in slots(answer)


def test_numbers_are_masked_in_replies() -> None:
    answers = talk(
        PICKUP,
        "서울 마포구 은하수길 12에서 부산으로요",
        "김하늘이고 010-1234-5678이에요",
        "지금까지 뭐 적었어요?",
    )
    assert all("1234-5678" not in answer.reply for answer in answers)
    assert "끝자리 5678" in answers[-1].reply
