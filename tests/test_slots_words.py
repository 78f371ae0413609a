"""Choices, codes, contacts, places, names and plain words of a form."""

from __future__ import annotations

import re

import pytest

from ner_engine.chatbot.rules import Option
from ner_engine.spans import Entity
from tests.slot_talk import form_of, hear, options, slot, values

DEPARTMENTS = form_of(
    slot(
        "dept",
        "choice",
        options=(
            *options("내과", "피부과", "소아청소년과", 정형외과=("허리", "허리 디스크", "뼈 보는 데")),
            *options(이비인후과=("목", "코"), 치과=("깨졌", "빠졌")),
            Option("안과", "안과(3층)", ("눈",)),
        ),
    )
)


@pytest.mark.parametrize(
    ("said", "dept"),
    [
        ("내과요", "내과"), ("내과로 해 주세요", "내과"), ("정형 외과", "정형외과"),
        ("허리가 아파요", "정형외과"),
        ("뼈보는데로 갈게요", "정형외과"), ("허리 디스크 같아요", "정형외과"),
        ("목이 아프고 코도 막혀요", "이비인후과"),
        ("눈이 침침해요", "안과"), ("이가 깨졌어요", "치과"), ("내과 말고 정형외과", "정형외과"),
        ("이비인후과인데 허리도 아파요", "이비인후과"), ("허리가 아픈데 내과로 갈게요", "내과"),
    ],
)  # fmt: skip
def test_a_choice(said: str, dept: str) -> None:
    assert values(hear(DEPARTMENTS, said)) == {"dept": dept}


def test_an_option_may_be_shown_by_other_words_than_its_name() -> None:
    filled = hear(DEPARTMENTS, "안과요").draft.value("dept")
    assert filled is not None
    assert (filled.data, filled.shown) == ("안과", "안과(3층)")


@pytest.mark.parametrize(
    ("said", "heard", "guess"),
    [
        ("정형와과요", "정형와과", "정형외과"), ("이비인후가", "이비인후가", "이비인후과"),
        ("산부인과로 가려고요", "산부인과", ""), ("한의원이요", "한의원", ""),
        ("내과나 피부과요", "내과나 피부과", ""),
    ],
)  # fmt: skip
def test_what_is_no_option_is_guessed_at(said: str, heard: str, guess: str) -> None:
    filling = hear(DEPARTMENTS, said)
    assert values(filling) == {}
    problem = filling.problems[0]
    assert (problem.kind, problem.values["heard"], problem.guess) == ("unknown", heard, guess)
    assert problem.values["options"].startswith("내과, 피부과, ")
    assert problem.values.get("guess", "") == guess


@pytest.mark.parametrize(
    "said", ["글쎄요", "몰라요", "네", "잘 모르겠는데요", "목요일이 좋겠네요", "뭐가 있어요?", "눈치가 없네", "?"]
)
def test_what_is_no_answer_to_a_choice(said: str) -> None:
    filling = hear(DEPARTMENTS, said)
    assert (values(filling), filling.problems) == ({}, ())


def test_an_option_said_in_passing_is_no_plain_answer() -> None:
    form = form_of(slot("day", "date"), slot("dept", "choice", options=options("내과")))
    assert values(hear(form, "내일 내과요", asked="day")) == {"day": "2026-07-24", "dept": "내과"}
    assert hear(form, "치과요", asked="day").problems == ()


TRACKING = form_of(slot("no", "code", pattern=re.compile(r"\d{12}"), show="last4"))


@pytest.mark.parametrize(
    "said",
    [
        "602311457705", "6023-1145-7705요", "6023 1145 7705", "운송장 번호는 602311457705입니다",
        "육공이삼 일일사오 칠칠공오", "송장번호요? 6023 1145 7705예요",
    ],
)  # fmt: skip
def test_a_code_is_kept_without_its_separators_and_shown_by_its_end(said: str) -> None:
    filled = hear(TRACKING, said).draft.value("no")
    assert filled is not None
    assert (filled.data, filled.shown) == ("602311457705", "끝자리 7705")


@pytest.mark.parametrize(("said", "heard"), [("6023 1145", "6023 1145"), ("1234567890123요", "1234567890123")])
def test_a_code_of_another_shape_is_invalid(said: str, heard: str) -> None:
    problem = hear(TRACKING, said).problems[0]
    assert (problem.kind, problem.values) == ("invalid", {"heard": heard})
    assert hear(TRACKING, said, asked="").problems == ()


@pytest.mark.parametrize(
    ("said", "code"), [("ab1234", "AB1234"), ("AB-1234요", "AB1234"), ("번호 AB 1234", "AB1234")]
)
def test_a_code_with_letters(said: str, code: str) -> None:
    form = form_of(slot("no", "code", pattern=re.compile(r"[A-Z]{2}\d{4}")))
    assert values(hear(form, said)) == {"no": code}


PHONE = form_of(slot("tel", "contact"))


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("010-1234-5678", "+821012345678"), ("01012345678이요", "+821012345678"),
        ("010 1234 5678", "+821012345678"), ("+82 10 1234 5678", "+821012345678"),
        ("공일공 일이삼사 오육칠팔", "+821012345678"), ("제 번호는 010.1234.5678이에요", "+821012345678"),
        ("02-555-0137", "+8225550137"), ("1588-1234", "15881234"),
    ],
)  # fmt: skip
def test_a_telephone_number(said: str, number: str) -> None:
    assert values(hear(PHONE, said)) == {"tel": number}


@pytest.mark.parametrize("said", ["010-123-456", "0101234567890"])
def test_a_number_that_cannot_be_dialled(said: str) -> None:
    assert [problem.kind for problem in hear(PHONE, said).problems] == ["invalid"]


def test_no_number_at_all_is_no_invalid_one() -> None:
    assert hear(PHONE, "없는데요").problems == ()
    assert hear(PHONE, "네 명이요").problems == ()


def test_an_address_for_mail() -> None:
    form = form_of(slot("mail", "contact", contact="email"))
    assert values(hear(form, "minsu.kim@example.co.kr이요")) == {"mail": "minsu.kim@example.co.kr"}
    assert hear(form, "minsu@").problems[0].values == {"heard": "minsu@"}


PLACE = form_of(slot("where", "place"))


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("부산이요", "부산"), ("마포요", "마포"), ("연남동이요", "연남동"), ("서울 마포구에서요", "서울 마포구"),
        ("음 강남역으로 해 주세요", "강남역"), ("부산행이요", "부산"),
    ],
)  # fmt: skip
def test_a_place_is_heard_even_if_the_extractor_misses_it(said: str, place: str) -> None:
    assert values(hear(PLACE, said)) == {"where": place}


@pytest.mark.parametrize("said", ["모르겠어요", "집이요", "거기요", "어디가 좋아요?"])
def test_what_is_no_place(said: str) -> None:
    assert values(hear(PLACE, said)) == {}


HOME = form_of(slot("home", "place", address=True))


@pytest.mark.parametrize(
    ("said", "home"),
    [
        (("서울 마포구 은하수길 12",), "서울 마포구 은하수길 12"),
        (("서울 마포구", "은하수길 12요"), "서울 마포구 은하수길 12"),
        (("서울 마포구 연남동 223-14입니다",), "서울 마포구 연남동 223-14"),
        (("105동 701호",), "105동 701호"),
    ],
)
def test_an_address(said: tuple[str, ...], home: str) -> None:
    assert values(hear(HOME, *said)) == {"home": home}


@pytest.mark.parametrize(
    ("said", "heard"), [("부산", "부산"), ("강남역이요", "강남역"), ("우리 집이요", "우리 집")]
)
def test_a_place_that_is_no_address(said: str, heard: str) -> None:
    problem = hear(HOME, said).problems[0]
    assert (problem.kind, problem.values) == ("invalid", {"heard": heard})


def test_the_house_number_belongs_to_the_road_that_was_labelled() -> None:
    def extract(text: str) -> list[Entity]:
        return [Entity("마포구 은하수길", 0, 8, "LC")]

    assert values(hear(HOME, "마포구 은하수길 12번지 3층이요", extract=extract)) == {
        "home": "마포구 은하수길 12번지 3층"
    }


NAME = form_of(slot("name", "person", suffix=" 님", reject=("아직", "비밀")))


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("김민수요", "김민수"),
        ("제 이름은 남궁민수예요", "남궁민수"),
        ("김하늘로 예약해 주세요", "김하늘"),
        ("John Kim", "John Kim"),
    ],
)
def test_a_name(said: str, name: str) -> None:
    filled = hear(NAME, said).draft.value("name")
    assert filled is not None
    assert (filled.data, filled.shown) == (name, f"{name} 님")


@pytest.mark.parametrize("said", ["비밀이요", "몰라요", "배고파요", "아직이요", "?", "그건 왜요"])
def test_what_is_no_name(said: str) -> None:
    assert values(hear(NAME, said)) == {}


def test_whom_one_comes_with_is_not_the_guest() -> None:
    def extract(text: str) -> list[Entity]:
        return [Entity("민수", 0, 2, "PS")]

    assert values(hear(NAME, "민수랑 갈게요", extract=extract)) == {}
    assert values(hear(NAME, "민수로 해 주세요", extract=extract)) == {"name": "민수"}
    assert values(hear(NAME, "민수라고 합니다", extract=extract)) == {"name": "민수"}
    assert values(hear(NAME, "민수와과 예약이요", extract=extract)) == {}, "the word goes on: no name ends there"


FIRST = form_of(slot("first", "yes_no"))


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("네", "yes"), ("넵!", "yes"), ("네 처음이에요", "yes"), ("ㅇㅇ", "yes"), ("맞아요", "yes"),
        ("아니요", "no"),
        ("아뇨 두 번째예요", "no"), ("없어요", "no"), ("ㄴㄴ", "no"), ("네?", None), ("글쎄요", None),
        ("네모난 거요", None), ("아니면 내일은요?", None),
    ],
)  # fmt: skip
def test_yes_and_no(said: str, answer: str | None) -> None:
    assert values(hear(FIRST, said)) == ({} if answer is None else {"first": answer})
    assert values(hear(FIRST, said, asked="")) == {}


def test_free_text() -> None:
    memo = form_of(slot("memo", "text", min_chars=2))
    assert values(hear(memo, "  창가 자리 부탁해요 ")) == {"memo": "창가 자리"}
    assert values(hear(memo, "!")) == {}
    assert values(hear(memo, "창가 자리 부탁해요", asked="")) == {}
    four = form_of(slot("memo", "text", pattern=re.compile(r"\d{4}")))
    assert values(hear(four, "끝이 1234예요")) == {"memo": "1234"}
    assert values(hear(four, "없어요")) == {}
