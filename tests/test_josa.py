"""Particles: a table of words, pairs and what Korean says; and the particle at the head of a text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner_engine.errors import ConfigError
from ner_engine.josa import PAIRS, attach, final_consonant, leading_josa, pick

TABLE = [
    # Hangul: open, closed, ㄹ
    ("파스타", "을/를", "를"), ("짬뽕", "을/를", "을"), ("콜라", "이/가", "가"), ("탕수육", "이/가", "이"),
    ("서울", "으로/로", "로"), ("부산", "으로/로", "으로"), ("제주", "으로/로", "로"),
    ("김하늘", "이랑/랑", "이랑"),
    ("민수", "이랑/랑", "랑"), ("지영", "아/야", "아"), ("민수", "아/야", "야"), ("물", "은/는", "은"),
    ("커피", "은/는", "는"), ("밥", "과/와", "과"), ("국수", "과/와", "와"), ("지영", "이/", "이"),
    ("민수", "이/", ""),
    ("학생", "이에요/예요", "이에요"), ("가수", "이에요/예요", "예요"), ("값", "이/가", "이"),
    ("닭", "을/를", "을"),
    ("삶", "으로/로", "으로"), ("연필", "이나/나", "이나"), ("우유", "이나/나", "나"),
    ("둘", "이요/요", "이요"),
    ("하나", "이요/요", "요"), ("오늘", "이라고/라고", "이라고"), ("오후", "이면/면", "면"),
    ("월요일", "이었/였", "이었"),
    ("어제", "이었/였", "였"),
    # the other ways to write a pair
    ("밥", "를/을", "을"), ("서울", "(으)로", "로"), ("부산", "(으)로", "으로"), ("지영", "(이)랑", "이랑"),
    ("콜라", "(이)나", "나"), ("가게", "(이)에요", "예요"), ("식당", "(이)에요", "이에요"),
    ("오늘", "로는/으로는", "로는"),
    # digits, by their Sino-Korean reading
    ("0", "을/를", "을"), ("1", "을/를", "을"), ("2", "을/를", "를"), ("3", "을/를", "을"),
    ("4", "이/가", "가"),
    ("5", "이/가", "가"), ("6", "이/가", "이"), ("7", "이/가", "이"), ("8", "이/가", "이"),
    ("9", "이/가", "가"),
    ("1", "으로/로", "로"), ("7", "으로/로", "로"), ("8", "으로/로", "로"), ("3", "으로/로", "으로"),
    ("6", "으로/로", "으로"),
    ("10", "으로/로", "으로"), ("2", "으로/로", "로"), ("100", "은/는", "은"), ("1000", "을/를", "을"),
    ("10000", "을/를", "을"), ("100000", "으로/로", "으로"), ("10,000", "을/를", "을"),
    ("12,005", "을/를", "를"),
    ("100000000", "이/가", "이"), ("1000000000000", "이/가", "가"), ("10000000000000000", "이/가", "이"),
    ("21", "(으)로", "로"),
    ("3.5", "을/를", "를"), ("2.0", "을/를", "을"), ("2.10", "이/가", "이"), ("7:00", "이/가", "가"),
    ("7:30", "이/가", "이"),
    ("7:30", "(으)로", "으로"), ("010-1234-5670", "이/가", "이"), ("02-555-0137", "(으)로", "로"),
    ("007", "을/를", "을"),
    ("50%", "은/는", "는"), ("10%", "으로/로", "로"), ("١", "을/를", "을"),
    # units
    ("5kg", "을/를", "을"), ("500ml", "을/를", "를"), ("20cm", "이/가", "가"), ("30℃", "을/를", "를"),
    ("5㎏", "이/가", "이"),
    ("84㎡", "은/는", "는"), ("16GB", "을/를", "를"), ("600g", "으로/로", "으로"),
    # Latin: acronyms by letter names, words as they are said
    ("LG", "이/가", "가"), ("KBS", "을/를", "를"), ("SBS", "은/는", "는"), ("HTML", "을/를", "을"),
    ("HTML", "으로/로", "로"),
    ("ARM", "이/가", "이"), ("CCTV", "을/를", "를"), ("SRT", "으로/로", "로"), ("R", "으로/로", "로"),
    ("NAVER", "을/를", "를"),
    ("Apple", "이/가", "이"), ("Google", "으로/로", "로"), ("iPhone", "을/를", "을"), ("cup", "을/를", "을"),
    ("pizza", "을/를", "를"), ("coffee", "은/는", "는"), ("set", "을/를", "를"), ("steak", "을/를", "를"),
    ("shopping", "을/를", "을"), ("Facebook", "을/를", "을"), ("music", "이/가", "이"),
    ("hotel", "으로/로", "로"),
    ("wine", "과/와", "과"), ("beer", "과/와", "와"), ("snack", "을/를", "을"), ("YouTube", "을/를", "를"),
    ("B2B", "을/를", "를"), ("ＬＧ", "이/가", "가"),
    # brackets, quotes, punctuation, emoji
    ("한국(Korea)", "은/는", "은"), ("후라이드(반)", "을/를", "를"), ("1층 (왼쪽)", "으로/로", "으로"),
    ("메뉴[점심]", "을/를", "를"), ("(가)", "을/를", "를"), ("(주)", "은/는", "는"),
    ("「기생충」", "을/를", "을"),
    ("『토지』(박경리)", "을/를", "를"), ("“안녕”", "이라고/라고", "이라고"), ("김밥!", "을/를", "을"),
    ("떡볶이 😋", "을/를", "를"), ("라면~", "을/를", "을"), ("C++", "을/를", "를"), ("10$", "을/를", "를"),
    # jamo, decomposed text, nothing to read
    ("ㅋㅋ", "을/를", "을"), ("ㅏ", "을/를", "를"), ("ㄹ", "으로/로", "로"),
    (unicodedata.normalize("NFD", "짬뽕"), "을/를", "을"),
    (unicodedata.normalize("NFD", "콜라"), "을/를", "를"), ("", "을/를", "를"), ("😀", "이/가", "가"),
    ("漢", "을/를", "를"),
]  # fmt: skip


@pytest.mark.parametrize(("word", "pair", "expected"), TABLE)
def test_pick(word: str, pair: str, expected: str) -> None:
    assert pick(word, pair) == expected


def test_the_table_is_large_enough() -> None:
    assert len(TABLE) >= 80
    assert len(set(TABLE)) == len(TABLE)


def test_attach_keeps_the_word() -> None:
    assert attach("파스타", "을/를") == "파스타를"
    assert attach("한국(Korea)", "은/는") == "한국(Korea)은"


@pytest.mark.parametrize("pair", ["을", "을/은", "", "(을)를", "를를"])
def test_an_unknown_pair_is_refused(pair: str) -> None:
    with pytest.raises(ConfigError, match="particle pair"):
        pick("밥", pair)


@given(st.text(max_size=12))
def test_any_text_is_read_one_way(word: str) -> None:
    final = final_consonant(word)
    assert len(final) <= 1
    for pair, (closed, open_) in PAIRS.items():
        expected = open_ if not final or (closed.startswith("으") and final == "ㄹ") else closed
        assert pick(word, pair) == expected


@given(st.characters(min_codepoint=ord("가"), max_codepoint=ord("힣")))
def test_a_syllable_is_read_as_unicode_composes_it(syllable: str) -> None:
    assert bool(final_consonant(syllable)) == (len(unicodedata.normalize("NFD", syllable)) == 3)


@pytest.mark.parametrize(
    ("following", "josa"),
    [
        ("에서 만나", "에서"), ("에서는요", "에서는요"), ("을 주세요", "을"), ("이랑", "이랑"),
        ("랑은 안 가", "랑은"),
        ("까지만요.", "까지만요"), ("으로부터 왔다", "으로부터"), ("로!", "로"), ("만은 안 돼", "만은"),
        ("도, 그리고", "도"),
        ("에선", "에선"), ("은ㅋㅋ", "은"), ("이요", "이요"), ("야", "야"), ("밖에 없어", "밖에"),
        ("이사 갔어", ""),
        ("로마에서", ""), ("가게에서", ""), (" 에서", ""), ("", ""), ("?", ""), ("ㅋㅋ", ""), ("했어", ""),
        (unicodedata.normalize("NFD", "에서 봐"), "에서"), (unicodedata.normalize("NFD", "이사"), ""),
    ],
)  # fmt: skip
def test_leading_josa(following: str, josa: str) -> None:
    assert leading_josa(following) == josa
