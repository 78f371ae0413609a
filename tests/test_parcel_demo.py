"""What stands behind the shipped parcel bot: the invented parcels and where the clock puts them."""

from __future__ import annotations

import pytest

from ner_engine.chatbot.action.calls import ActionCall, Outcome
from ner_engine.chatbot.bots.parcel_demo import NUMBERS, change, track
from ner_engine.chatbot.mention.check_digits import CHECK_DIGITS

THURSDAY, FRIDAY_NIGHT, SATURDAY = "2026-07-23T17:00", "2026-07-24T20:30", "2026-07-25T08:00"


def call(number: object, at: str = THURSDAY) -> ActionCall:
    return ActionCall("1-1", "track", "track", {"number": number}, at=at)


def test_the_numbers_have_their_check_digit() -> None:
    assert len(set(NUMBERS)) == 6
    assert all(len(number) == 12 and CHECK_DIGITS["mod7"](number) for number in NUMBERS)


@pytest.mark.parametrize(
    ("code", "name", "good"),
    [
        ("602311457705", "mod7", True),
        ("602311457706", "mod7", False),
        ("602311547705", "mod7", False),  # two digits changed places
        ("4539578763621486", "luhn", True),
        ("4539578763621487", "luhn", False),
        ("", "mod7", False),
        ("7", "luhn", False),
        ("60231145770a", "mod7", False),
        ("６０２３１１４５７７０５", "mod7", False),
    ],
)
def test_check_digits(code: str, name: str, good: bool) -> None:
    assert CHECK_DIGITS[name](code) is good


def test_where_the_parcels_are() -> None:
    told = {number: track(call(number)) for number in NUMBERS}
    assert told == {
        "602311457705": Outcome("out_for_delivery", {"window": "오늘 저녁 6시에서 8시 사이"}),
        "602311458206": Outcome("in_transit", {"place": "대전 물류센터", "eta": "7월 24일 금요일"}),
        "602400981350": Outcome("delivered", {"when": "7월 22일 수요일 오후 2시 20분", "place": "문 앞"}),
        "602400982120": Outcome("in_transit", {"place": "목포항", "eta": "7월 27일 월요일"}),
        "602517304465": Outcome("delivered", {"when": "7월 21일 화요일 오후 4시 45분", "place": "경비실"}),
        "602588000195": Outcome("in_transit", {"place": "서울 강서 집하장", "eta": "7월 25일 토요일"}),
    }


@pytest.mark.parametrize(
    ("at", "window"),
    [
        ("2026-07-23T06:10", "오늘 오전 10시에서 낮 12시 사이"),
        (THURSDAY, "오늘 저녁 6시에서 8시 사이"),
        (FRIDAY_NIGHT, "오늘 밤 9시 전"),
    ],
)
def test_the_courier_comes_after_now(at: str, window: str) -> None:
    assert track(call("602311457705", at)).facts["window"] == window


def test_nothing_arrives_on_a_sunday() -> None:
    assert track(call("602311458206", SATURDAY)).facts["eta"] == "7월 27일 월요일"


def test_several_at_once() -> None:
    outcome = track(call(["602311458206", "123456789013"]))
    assert outcome.name == "several"
    assert outcome.facts["list"].split("\n") == [
        "끝자리 8206번: 대전 물류센터, 7월 24일 금요일 도착 예정",
        "끝자리 9013번: 등록되지 않은 번호",
    ]


@pytest.mark.parametrize(
    ("number", "outcome"),
    [("602311458206", "ok"), ("602400981350", "too_late"), ("123456789013", "not_found"), ("", "not_found")],
)
def test_what_can_still_be_changed(number: str, outcome: str) -> None:
    assert change(call(number)) == Outcome(outcome)
