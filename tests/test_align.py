"""Forms laid over text: contractions by eye, exact text by property, gaps, and work that stays linear."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ner_engine.tokenizers.align import align, jamo


def laid(text: str, forms: str) -> str:
    """``보[봤] 았[봤]``: each form with the characters it was given."""
    parts = forms.split()
    return " ".join(f"{f}[{text[a:b]}]" for f, (a, b) in zip(parts, align(text, parts), strict=True))


@pytest.mark.parametrize(
    ("text", "forms", "expected"),
    [
        ("봤어", "보 았 어", "보[봤] 았[봤] 어[어]"),
        ("갈게", "가 ㄹ게", "가[갈] ㄹ게[갈게]"),
        ("갈", "가 ᆯ", "가[갈] ᆯ[갈]"),
        ("했다", "하 였 다", "하[했] 였[했] 다[다]"),
        ("했다", "하 았 다", "하[했] 았[했] 다[다]"),
        ("됐어", "되 었 어", "되[됐] 었[됐] 어[어]"),
        ("예뻤다", "예쁘 었 다", "예쁘[예뻤] 었[뻤] 다[다]"),
        ("도와줘", "돕 아 주 어", "돕[도] 아[와] 주[줘] 어[줘]"),
        ("걸었다", "걷 었 다", "걷[걸] 었[었] 다[다]"),
        ("지어 나은", "짓 어 낫 은", "짓[지] 어[어] 낫[나] 은[은]"),
        ("추웠던", "춥 었 던", "춥[추] 었[웠] 던[던]"),
        ("안녕하세요", "안녕 하 시 어요", "안녕[안녕] 하[하] 시[세] 어요[세요]"),
        ("입니다", "이 ㅂ니다", "이[입] ㅂ니다[입니다]"),
        ("몰라", "모르 아", "모르[몰] 아[라]"),
        ("봤어", "보 아 아", "보[봤] 아[봤] 아[어]"),
        # 이 is not written after a vowel; it leans on the noun, and 이게 does not fall for it
        ("친구다 이게", "친구 이 다 이게", "친구[친구] 이[구] 다[다] 이게[이게]"),
        # an ending without letters of its own stays with its word
        ("보내 오는", "보내 어 오 는", "보내[보내] 어[내] 오[오] 는[는]"),
        ("파스타  먹자", "파스타 먹 자", "파스타[파스타] 먹[먹] 자[자]"),
        ("OK 좋아", "ok 좋 아", "ok[OK] 좋[좋] 아[아]"),
        ("김밥 김밥 김밥", "김밥 김밥 김밥", "김밥[김밥] 김밥[김밥] 김밥[김밥]"),
    ],
)
def test_contractions(text: str, forms: str, expected: str) -> None:
    assert laid(text, forms) == expected


def test_repeated_words_take_their_own_places() -> None:
    assert align("밥 먹고 또 밥", ["밥", "먹", "고", "또", "밥"]) == [(0, 1), (2, 3), (3, 4), (5, 6), (7, 8)]


def test_a_first_form_without_letters_leans_on_the_next() -> None:
    assert align("  먹자", ["#", "먹", "자"]) == [(2, 3), (2, 3), (3, 4)]


def test_nothing_to_align() -> None:
    assert align("", []) == []
    assert align("가나", []) == []
    assert align("", ["가"]) == [(0, 0)]
    assert align(" \n", ["가", "나"]) == [(0, 0), (0, 0)]
    assert align("가나", ["", "나"]) == [(1, 2), (1, 2)]


def test_it_recovers_after_a_dropped_stretch() -> None:
    text = "어제 " + "ㅋ" * 120 + " 강남역에서 친구를 만났어"
    forms = ["어제", "강남역", "에서", "친구", "를", "만나", "았", "어"]
    spans = dict(zip(forms, align(text, forms), strict=True))
    assert text[slice(*spans["강남역"])] == "강남역"
    assert text[slice(*spans["친구"])] == "친구"
    assert text[slice(*spans["어제"])] == "어제"


def test_it_recovers_after_forms_that_are_not_there() -> None:
    text = "내일 강남역에서 친구를 만날래"
    forms = ["내일", "모레", "글피", "강남역", "에서", "친구", "를"]
    spans = dict(zip(forms, align(text, forms), strict=True))
    assert text[slice(*spans["강남역"])] == "강남역"
    assert text[slice(*spans["친구"])] == "친구"


_TEXT = st.text(st.sampled_from("가각나봤했ㅋㅠ아어이 \n.a1👍漢\u1112\u1161"), max_size=60)
_FORMS = st.lists(st.text(st.sampled_from("가각나보았하였ㅋㄹ아어이 .a1漢"), max_size=4), max_size=30)


@settings(max_examples=300, deadline=None)
@given(_TEXT, _FORMS)
def test_spans_keep_order_and_bounds(text: str, forms: list[str]) -> None:
    spans = align(text, forms)
    assert len(spans) == len(forms)
    assert [a for a, _ in spans] == sorted(a for a, _ in spans)
    for start, end in spans:
        assert 0 <= start <= end <= len(text)
        assert start < end or not text.strip()
        assert start == end or not (text[start].isspace() or text[end - 1].isspace())


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(st.sampled_from("가각나봤했ㅋ이아.a1漢"), min_size=1, max_size=4), max_size=20))
def test_forms_that_are_the_text_get_exactly_their_characters(words: list[str]) -> None:
    text, expected = "", []
    for index, word in enumerate(words):
        text += " " if index % 3 == 1 else "  \t" if index % 3 == 2 else ""
        expected.append((len(text), len(text) + len(word)))
        text += word
    assert align(text, words) == expected


def test_every_syllable_has_jamo() -> None:
    for code in range(0xAC00, 0xAC00 + 11172):
        assert jamo(chr(code))
    assert jamo(" ") == ""
    assert [jamo(c) for c in "했않왜ㄶㅘ"] == ["ㅎㅏㅣㅆ", "ㅏㄴㅎ", "ㅗㅏㅣ", "ㄴㅎ", "ㅗㅏ"]


@pytest.mark.parametrize(
    ("text", "forms"),
    [("강남역에서 봤어요 ", ["강남역", "에서", "보", "았", "어요"]), ("가", ["나"]), ("가나다 ", ["ㅋ", "다"])],
)
def test_work_grows_with_the_text_and_no_faster(text: str, forms: list[str]) -> None:
    def steps(times: int) -> int:
        """How many lines of Python run, and how many calls are made."""
        count = 0

        def local(frame: FrameType, event: str, argument: object) -> Any:
            nonlocal count
            count += 1
            return local

        before = sys.gettrace()
        sys.settrace(local)
        try:
            align(text * times, forms * times)
        finally:
            sys.settrace(before)
        return count

    few, many = steps(20), steps(160)
    assert few > 20
    # eight times the text; quadratic work would be 64 times as much
    assert many < 12 * few
