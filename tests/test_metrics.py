"""Strict span scores against counting by hand, against enumeration, and against seqeval."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner_engine.scheme import spans_to_tags
from ner_engine.spans import Sentence, Span
from ner_engine.training.evaluate import macro, score_characters
from ner_engine.training.metrics import Counts, score_spans

LENGTH = 12


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    """Spans over LENGTH characters, none overlapping another."""
    borders = sorted(draw(st.sets(st.integers(0, LENGTH), max_size=8)))
    pairs = zip(borders[::2], borders[1::2], strict=False)
    return [Span(start, end, draw(st.sampled_from(["PS", "LC", "DT"]))) for start, end in pairs]


def test_by_hand() -> None:
    gold = [[Span(0, 3, "PS"), Span(5, 8, "LC")], [Span(0, 2, "PS")], []]
    predicted = [[Span(0, 3, "PS"), Span(5, 7, "LC")], [Span(0, 2, "OG")], [Span(1, 2, "PS")]]
    scores = score_spans(gold, predicted)
    assert scores.micro == Counts(right=1, predicted=4, gold=3)
    assert scores.labels == {"LC": Counts(0, 1, 1), "OG": Counts(0, 1, 0), "PS": Counts(1, 2, 2)}
    assert scores.micro.to_dict() == {"precision": 25.0, "recall": 33.33, "f1": 28.57, "support": 3}
    assert scores.labels["PS"].to_dict() == {"precision": 50.0, "recall": 50.0, "f1": 50.0, "support": 2}
    assert list(scores.to_dict()) == ["micro", "LC", "OG", "PS"]


def test_macro_is_the_mean_of_the_labels() -> None:
    gold = [[Span(0, 3, "PS"), Span(5, 8, "LC")], [Span(0, 2, "PS")]]
    predicted = [[Span(0, 3, "PS"), Span(5, 8, "LC")], [Span(0, 2, "OG")]]
    mean = macro(score_spans(gold, predicted))  # LC 1 1 1, OG 0 0 0, PS 1 1/2 2/3
    assert mean.precision == pytest.approx(2 / 3)
    assert mean.recall == pytest.approx(1 / 2)
    assert mean.f1 == pytest.approx((1 + 0 + 2 / 3) / 3)
    assert macro(score_spans([], [])).f1 == 0


def test_ignored_labels_are_not_held_against_the_prediction() -> None:
    gold, predicted = [[Span(0, 2, "PS")]], [[Span(0, 2, "PS"), Span(3, 5, "FOOD")]]
    assert score_spans(gold, predicted).micro.precision == 0.5
    assert score_spans(gold, predicted, ignore=["FOOD"]).micro == Counts(1, 1, 1)


def test_nothing_scores_zero_without_dividing_by_it() -> None:
    assert score_spans([], []).micro.to_dict() == {"precision": 0, "recall": 0, "f1": 0, "support": 0}
    assert Counts(0, 0, 3).precision == Counts(0, 3, 0).recall == 0


def test_sentences_must_run_parallel() -> None:
    with pytest.raises(ValueError, match="shorter"):
        score_spans([[], []], [[]])


def test_characters_by_hand() -> None:
    # 김민수랑 강남역에: gold 김민수 PS, 강남역 LC; predicted 김민 PS and 역에 LC, 수 as LC
    sentence = Sentence("김민수랑 강남역에", (Span(0, 3, "PS"), Span(5, 8, "LC")))
    predicted = [Span(0, 2, "PS"), Span(2, 3, "LC"), Span(7, 9, "LC")]
    scores = score_characters([sentence], [predicted])
    assert scores.labels == {"PS": Counts(2, 2, 3), "LC": Counts(1, 3, 3)}
    assert scores.micro == Counts(3, 5, 6)
    assert scores.micro.f1 == pytest.approx(6 / 11)


@given(gold=st.lists(spans(), max_size=5), data=st.data())
def test_f1_is_the_harmonic_mean_and_swapping_sides_swaps_the_rest(
    gold: list[list[Span]], data: st.DataObject
) -> None:
    predicted = [data.draw(spans()) for _ in gold]
    there, back = score_spans(gold, predicted).micro, score_spans(predicted, gold).micro
    assert (there.precision, there.recall, there.f1) == (back.recall, back.precision, back.f1)
    right = sum(any(g == p for g in truth) for truth, guess in zip(gold, predicted, strict=True) for p in guess)
    assert there.right == right
    if right:
        assert there.f1 == pytest.approx(2 / (1 / there.precision + 1 / there.recall))


@given(gold=st.lists(spans(), min_size=1, max_size=4), data=st.data())
def test_seqeval_counts_the_same(gold: list[list[Span]], data: st.DataObject) -> None:
    pytest.importorskip("seqeval", reason="needs the train extra")
    from seqeval.metrics.v1 import precision_recall_fscore_support
    from seqeval.scheme import IOB2

    predicted = [data.draw(spans()) for _ in gold]
    sides = [[spans_to_tags(LENGTH, s, scheme="BIO") for s in side] for side in (gold, predicted)]
    theirs = precision_recall_fscore_support(*sides, scheme=IOB2, average="micro", zero_division=0)
    ours = score_spans(gold, predicted).micro
    assert (ours.precision, ours.recall, ours.f1, ours.gold) == pytest.approx(theirs)
