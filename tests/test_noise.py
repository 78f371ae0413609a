"""Noise carries spans exactly: every span still covers what it named, whatever happened around it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner_engine.datasets import noise
from ner_engine.datasets.noise import chat_endings, jamo_typos, punctuation, random_spaces, remove_spaces
from ner_engine.spans import Sentence, Span, check_spans


def marked(text: str) -> Sentence:
    """``내일 <7시:TI>`` as a Sentence."""
    plain, spans, start = "", [], 0
    i = 0
    while i < len(text):
        if text[i] == "<":
            start = len(plain)
        elif text[i] == ">":
            body, _, label = plain[start:].rpartition(":")
            plain = plain[:start] + body
            spans.append(Span(start, len(plain), label))
        else:
            plain += text[i]
        i += 1
    return Sentence(plain, tuple(spans), "x")


MEETING = marked("<내일:DT> <저녁 7시:TI>에 <강남역:LC>에서 <민수:PS>랑 <파스타:FOOD> 먹자")


def surfaces(sentence: Sentence) -> list[tuple[str, str]]:
    return [(sentence.surface(span), span.label) for span in sentence.entities]


def test_spaces_go_and_spans_follow() -> None:
    bare = remove_spaces(MEETING)
    assert bare.text == "내일저녁7시에강남역에서민수랑파스타먹자"
    assert surfaces(bare) == [
        ("내일", "DT"), ("저녁7시", "TI"), ("강남역", "LC"), ("민수", "PS"), ("파스타", "FOOD"),
    ]  # fmt: skip
    assert bare.id == "x"


def test_a_space_put_in_at_the_edge_of_a_span_stays_outside() -> None:
    tight = marked("<내일:DT><밤:TI>에<역삼역:LC>앞")
    seen = set()
    for seed in range(200):
        spaced = random_spaces(tight, rate=1.0, rng=random.Random(seed))
        assert spaced.text.replace(" ", "") == tight.text
        for span, original in zip(spaced.entities, tight.entities, strict=True):
            surface = spaced.surface(span)
            assert surface == surface.strip()
            assert surface.replace(" ", "") == tight.surface(original)
        seen.add(spaced.text)
    assert len(seen) > 3


def test_random_spaces_at_rate_zero_changes_nothing() -> None:
    assert random_spaces(MEETING, rate=0.0, rng=random.Random(1)) == MEETING


def test_typos_follow_the_keyboard_and_only_touch_hangul() -> None:
    number = marked("<010-1234-5678:QT> OK?")
    assert jamo_typos(number, rate=1.0, rng=random.Random(3)) == number
    words = marked("<떡볶이:FOOD> 주세요 됐어요 해")
    made = {jamo_typos(words, rate=0.3, rng=random.Random(seed)).text for seed in range(3000)}
    for typo in (
        "떡볶이 주세여",
        "떡볶이 주세오",
        "떡복이 주세요",
        "떡볶이 주세요 됬어요",
        "떡볶이 주세요 됐어요 헤",
    ):
        assert any(text.startswith(typo) for text in made), typo


def test_a_final_consonant_slides_within_a_word_but_never_across_the_edge_of_a_span() -> None:
    inside = {jamo_typos(marked("밥 먹어"), rate=0.5, rng=random.Random(s)).text for s in range(500)}
    assert "밥 머거" in inside
    edge = marked("<삼만원:QT>은")
    for seed in range(500):
        typed = jamo_typos(edge, rate=0.5, rng=random.Random(seed))
        assert not typed.text.endswith(("넌", "는")), typed.text


@pytest.mark.parametrize(("given_", "wanted"), [("주세요", "주세여"), ("합니다", "합니당"), ("했어", "했엉")])
def test_chat_endings_soften(given_: str, wanted: str) -> None:
    sentence = marked(f"<만두:FOOD> {given_}")
    made = {chat_endings(sentence, rng=random.Random(seed)).text for seed in range(200)}
    assert f"만두 {wanted}" in made
    assert any(text.endswith("ㅋㅋ") for text in made)


def test_chat_endings_leave_an_entity_at_the_end_alone() -> None:
    sentence = marked("짬뽕 <하나요:QT>")
    for seed in range(200):
        after = chat_endings(sentence, rng=random.Random(seed))
        assert surfaces(after) == [("하나요", "QT")]
        assert after.text.startswith("짬뽕 하나요")


def test_punctuation_drops_commas_but_not_inside_an_amount() -> None:
    sentence = marked("<짜장:FOOD> <둘:QT>, <12,000원:QT> 맞죠?")
    made = {punctuation(sentence, rng=random.Random(seed)).text for seed in range(300)}
    assert "짜장 둘 12,000원 맞죠" in made
    assert "짜장 둘, 12,000원 맞죠?" in made
    assert all("12,000원" in text for text in made)


@pytest.mark.parametrize("name", ["jamo_typos", "random_spaces", "chat_endings", "punctuation"])
def test_the_same_seed_gives_the_same_sentence(name: str) -> None:
    function = getattr(noise, name)
    options = {"rate": 0.4} if name in ("jamo_typos", "random_spaces") else {}
    first = function(MEETING, rng=random.Random(8), **options)
    again = function(MEETING, rng=random.Random(8), **options)
    other = [function(MEETING, rng=random.Random(seed), **options) for seed in range(20)]
    assert first == again
    assert any(sentence != first for sentence in other)


@st.composite
def sentences(draw: st.DrawFn) -> Sentence:
    """Any text with any legal spans whose edges are not spaces."""
    text = draw(st.text(alphabet="가힣각값았의 요?,.1A~ㅋ👍", min_size=1, max_size=24)).strip() or "가"
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    spans = []
    for start, end in zip(cuts[::2], cuts[1::2], strict=False):
        if text[start:end] == text[start:end].strip():
            spans.append(Span(start, end, "QT"))
    return Sentence(text, check_spans(text, spans), "h")


@given(sentences(), st.integers(0, 999))
def test_no_noise_breaks_a_span(sentence: Sentence, seed: int) -> None:
    for made in (
        remove_spaces(sentence),
        random_spaces(sentence, rate=0.5, rng=random.Random(seed)),
        jamo_typos(sentence, rate=0.7, rng=random.Random(seed)),
        chat_endings(sentence, rng=random.Random(seed)),
        punctuation(sentence, rng=random.Random(seed)),
    ):
        check_spans(made.text, made.entities)
        assert len(made.entities) == len(sentence.entities)
        assert [s.label for s in made.entities] == [s.label for s in sentence.entities]
        for span in made.entities:
            assert made.surface(span) == made.surface(span).strip()


@given(sentences())
def test_removing_spaces_removes_only_spaces(sentence: Sentence) -> None:
    made = remove_spaces(sentence)
    assert made.text == "".join(sentence.text.split())
    for before, after in zip(sentence.entities, made.entities, strict=True):
        assert made.surface(after) == "".join(sentence.surface(before).split())
