"""The clinic: emergencies come first, symptoms are hints, and people answer as they do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from ner_engine.chatbot import Bot, Rules, load_rules
from ner_engine.chatbot.bot import Answer
from ner_engine.errors import ConfigError
from ner_engine.spans import Entity
from tests.fake_extractor import extract

NOW = datetime(2026, 9, 14, 10, 20)  # a Monday
BOOKED = ("내일 10시에 피부과 예약이요", "김민수요", "010-5550-0101", "아니요", "없어요", "네")


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load_rules("clinic")


def find(text: str) -> Sequence[Entity]:
    """The tests' own extractor, which knows one name more."""
    at = text.find("박지호")
    return [*extract(text), *([Entity("박지호", at, at + 3, "PS")] if at >= 0 else [])]


def talk(rules: Rules, *typed: str) -> list[Answer]:
    bot = Bot(rules, find, clock=lambda: NOW)
    bot.welcome("one")
    return [bot.say("one", text) for text in typed]


def held(answer: Answer, slot: str) -> list[str]:
    """What a slot of the form in hand, or else of the last one done, shows."""
    state = answer.state
    values = state.draft.values if state.draft is not None else state.done[-1].values
    return [value.shown for value in dict(values).get(slot, ())]


EMERGENCY = "지금 바로 119에 전화하세요."


@pytest.mark.parametrize(
    "text",
    [
        "가슴이 너무 아파요",
        "숨을 못 쉬겠어요",
        "숨쉬기가 힘들어요",
        "아버지가 쓰러지셨어요",
        "피가 안 멈춰요",
        "아기가 경련해요",
        "한쪽 팔에 힘이 없어요",
    ],
)
def test_an_emergency_is_answered_alone_whatever_is_open(rules: Rules, text: str) -> None:
    before = ((), ("내과 예약할게요",), ("직원 연결해 주세요",), ("정형외과 예약이요", "아무나요", "내일 3시요"))
    for typed in before:
        *_, last = talk(rules, *typed, text)
        assert last.reply.startswith(EMERGENCY)
        assert "이어서" not in last.reply
        assert "\n" not in last.reply
        if typed:
            earlier = talk(rules, *typed)[-1].state
            assert (last.state.drafts, last.state.handed_over) == (earlier.drafts, earlier.handed_over)


@pytest.mark.parametrize(
    "text",
    ["010-5550-0119", "무릎이 아파요", "배가 답답해요", "한숨만 나와요", "코피가 났어요"],
)
def test_what_only_sounds_like_an_emergency(rules: Rules, text: str) -> None:
    assert EMERGENCY not in talk(rules, text)[-1].reply
    assert "119" not in talk(rules, "피부과 예약이요", "내일 3시", "김민수요", text)[-1].reply.replace("0119", "")


@pytest.mark.parametrize(
    "text",
    [
        "어제부터 허리가 아파요",
        "어제 넘어져서 손목이 부었어요",
        "오늘 아침부터 배가 아파요",
        "이틀 전부터 기침해요",
    ],
)
def test_since_when_it_hurts_is_no_day_to_come(rules: Rules, text: str) -> None:
    (answer,) = talk(rules, text)
    assert held(answer, "department")
    assert held(answer, "date") == held(answer, "time") == []
    assert "지난" not in answer.reply


def test_a_day_asked_for_may_be_over(rules: Rules) -> None:
    *_, last = talk(rules, "피부과 예약이요", "어제요")
    assert "이미 지난 날" in last.reply


def test_a_child_goes_to_the_paediatrician_whatever_hurts(rules: Rules) -> None:
    assert held(talk(rules, "우리 애가 열이 나요")[0], "department") == ["소아청소년과"]
    assert held(talk(rules, "열이 나요")[0], "department") == ["내과"]
    assert held(talk(rules, "우리 애 피부과 예약이요")[0], "department") == ["피부과"]


def test_a_symptom_does_not_change_the_department_chosen(rules: Rules) -> None:
    typed = ("소아과 예약이요", "내일 10시", "김민수요", "010-5550-0101", "아니요", "기침해요")
    *_, last = talk(rules, *typed)
    assert held(last, "department") == ["소아청소년과"]
    assert held(last, "memo") == ["'기침해요'"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("네", "초진"),
        ("처음이에요", "초진"),
        ("첨이에여", "초진"),
        ("아니요", "재진"),
        ("처음은 아니에요", "재진"),
        ("다니던 데예요", "재진"),
        ("그럼 4시로 할게요", ""),
        ("처음이면 뭐가 달라요?", ""),
    ],
)
def test_a_yes_or_no_in_words_of_its_own(rules: Rules, text: str, shown: str) -> None:
    *_, last = talk(rules, *BOOKED[:3], text)
    assert held(last, "first_visit") == ([shown] if shown else [])


def test_an_optional_question_that_is_passed_over_is_not_put_again(rules: Rules) -> None:
    first, second = talk(rules, "내과 예약이요", "내일 3시요")
    assert "윤서현 원장님과 한도윤 원장님" in first.reply
    assert "원장님" not in second.reply
    assert "성함" in second.reply
    *_, later = talk(rules, "내과 예약이요", "내일 3시요", "한도윤 원장님으로요")
    assert held(later, "doctor_internal") == ["한도윤 원장님"]


def test_the_doctor_of_another_department_goes_with_it(rules: Rules) -> None:
    _, last = talk(rules, "내과 윤서현 원장님 예약이요", "정형외과로 바꿔 주세요")
    assert held(last, "department") == ["정형외과"]
    assert held(last, "doctor_internal") == []


def test_a_name_and_a_number_in_one_answer(rules: Rules) -> None:
    *_, last = talk(rules, "내일 3시 안과요", "문가온 010-5550-0166")
    assert held(last, "name") == ["문가온 님"]
    assert held(last, "phone_number") == ["010-5550-0166"]


@pytest.mark.parametrize("text", ["박지호 원장님이요", "박지호 선생님은 안 계세요?"])
def test_the_doctor_wanted_is_not_the_patient(rules: Rules, text: str) -> None:
    *_, last = talk(rules, "정형외과 예약이요", text)
    assert held(last, "name") == []


def test_said_once_more_is_no_name(rules: Rules) -> None:
    *_, last = talk(rules, "내일 3시 안과요", "내일이요")
    assert held(last, "name") == []


def test_that_doctor(rules: Rules) -> None:
    *_, last = talk(rules, "내과 예약이요", "한도윤 원장님 계세요?", "그 선생님으로요")
    assert held(last, "doctor_internal") == ["한도윤 원장님"]


def test_either_of_two_is_not_settled_on(rules: Rules) -> None:
    *_, last = talk(rules, "내일 안과요", "10시 아니면 11시")
    assert held(last, "time") == []
    *_, last = talk(rules, "내과 예약이요", "둘 다 괜찮아요")
    assert held(last, "doctor_internal") == []


def test_the_confirmation_tells_what_was_left_out_and_what_not(rules: Rules) -> None:
    *_, plain, done = talk(rules, *BOOKED)
    assert plain.reply.endswith("피부과, 김민수 님, 연락처 010-5550-0101이에요. 이대로 예약할까요?")
    assert done.actions[0].name == "record"
    typed = ("내과 윤서현 원장님 내일 3시요", "김민수요", "010-5550-0101", "네", "배가 아파요")
    *_, whole = talk(rules, *typed)
    assert "내과 윤서현 원장님, 김민수 님" in whole.reply
    assert "증상은 '배가 아파요'예요." in whole.reply


def test_what_is_booked_is_told_on_demand(rules: Rules) -> None:
    *_, last = talk(rules, *BOOKED, "예약 확인해 주세요")
    assert last.reply.startswith("예약이 잡혀 있어요. 피부과, 9월 15일 화요일, 오전 10시, 김민수 님")
    *_, last = talk(rules, *BOOKED, "예약 취소해 주세요", "예약 확인해 주세요")
    assert last.reply == "아직 잡아 둔 예약이 없어요."


def test_at_the_confirmation_something_is_wrong(rules: Rules) -> None:
    confirming = BOOKED[:-1]
    asking = "어떤 걸 바꿔 드릴까요?"
    assert asking in talk(rules, *confirming, "아니 틀렸어요")[-1].reply
    assert "몇 시" in talk(rules, *confirming, "시간이요")[-1].reply
    *_, asked, back = talk(rules, *confirming, "아니요", "네 맞아요")
    assert asking in asked.reply
    assert back.reply.endswith("이대로 예약할까요?")


def test_only_what_is_asked_at_all_is_named_to_be_changed(rules: Rules) -> None:
    *_, last = talk(rules, *BOOKED, "선생님 바꿀 수 있나요")  # there is but one dermatologist
    assert "윤서현" not in last.reply
    assert "어떤 걸 바꿔 드릴까요?" in last.reply


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    do: accept\n", "    do: accept\n    urgent: true\n", "'urgent' belongs to 'do: reply'"),
        ("        yes: {say: 초진, ", "        yes: {when: 초진, ", "unknown key"),
        ("        no: {say: 재진, ", "        many: true\n        no: {say: [재진], ", "expected text"),
    ],
)
def test_slips_in_the_rule_file(tmp_path: Path, rules: Rules, old: str, new: str, message: str) -> None:
    source = Path(rules.path).read_text(encoding="utf-8")
    assert old in source
    own = tmp_path / "own.yaml"
    own.write_text(source.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_rules(own)


@pytest.mark.parametrize("text", ["너무 아파요", "예약이 되는 건가요?", "콧물도 나는데요"])
def test_only_a_yes_books(rules: Rules, text: str) -> None:
    *_, last = talk(rules, *BOOKED[:-1], text)
    assert not last.actions
    assert not last.state.done


def test_another_time_right_after_it_was_booked(rules: Rules) -> None:
    *_, shifted = talk(rules, *BOOKED, "3시로요")
    assert held(shifted, "time") == ["오후 3시"]
    assert shifted.reply.endswith("이대로 예약할까요?")
    *_, other = talk(rules, *BOOKED, "같은 시간으로 안과도 예약할게요")
    assert held(other, "department") == ["안과"]
    assert len(other.state.done) == 1
    assert held(other, "name") == []


def test_who_is_meant_of_two(rules: Rules) -> None:
    *_, last = talk(rules, "내일 3시 안과요", "아이 이름은 김민수 엄마 이름은 박서연이에요")
    assert held(last, "name") == ["김민수 님"]


def test_a_surname_that_was_cut_off(rules: Rules) -> None:
    asked = "내일 3시 안과요"
    assert held(talk(rules, asked, "나서연")[-1], "name") == ["나서연 님"]
    assert held(talk(rules, asked, "전 서연이에요")[-1], "name") == ["서연 님"]
    assert held(talk(rules, asked, "전민수요")[-1], "name") == ["민수 님"]  # or 전 민수


def test_last_year_is_no_day_to_come(rules: Rules) -> None:
    *_, last = talk(rules, *BOOKED[:3], "어제 갔었어요")
    assert held(last, "first_visit") == ["재진"]
    assert held(last, "date") == ["9월 15일 화요일"]
    assert "지난" not in last.reply
