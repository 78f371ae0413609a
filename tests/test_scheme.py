"""Tag schemes: spans -> tags -> spans, and the legal transitions against the definition."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner_engine.errors import ConfigError, DataError
from ner_engine.scheme import SCHEMES, spans_to_tags, tag_list, tags_to_spans, transitions
from ner_engine.spans import Span


@st.composite
def span_sets(draw):
    spans, at = [], 0
    for _ in range(draw(st.integers(0, 6))):
        start = at + draw(st.integers(0, 3))
        end = start + draw(st.integers(1, 4))
        spans.append(Span(start, end, draw(st.sampled_from(["PS", "LC", "A-B"]))))
        at = end
    return at + draw(st.integers(0, 3)), spans


@pytest.mark.parametrize("scheme", SCHEMES)
@given(span_sets())
def test_spans_survive_the_round_trip(scheme, case):
    length, spans = case
    tags = spans_to_tags(length, spans, scheme=scheme)
    assert len(tags) == length
    assert tags_to_spans(tags, scheme=scheme) == spans


@pytest.mark.parametrize("scheme", SCHEMES)
@given(span_sets())
def test_what_is_written_is_legal(scheme, case):
    length, spans = case
    tags = spans_to_tags(length, spans, scheme=scheme)
    every = tag_list(["PS", "LC", "A-B"], scheme=scheme)
    allowed, may_start, may_end = transitions(every, scheme=scheme)
    index = [every.index(tag) for tag in tags]
    if index:
        assert may_start[index[0]]
        assert may_end[index[-1]]
    assert all(allowed[a][b] for a, b in pairwise(index))


@pytest.mark.parametrize(
    ("scheme", "tags", "expected"),
    [
        ("BIO", ["I-PS", "I-PS", "O"], []),
        ("BIO", ["B-PS", "I-LC", "O"], [Span(0, 1, "PS")]),
        ("BIO", ["B-PS", "B-PS"], [Span(0, 1, "PS"), Span(1, 2, "PS")]),
        ("BIOES", ["B-PS", "I-PS", "O"], []),
        ("BIOES", ["B-PS", "E-LC"], []),
        ("BIOES", ["S-PS", "E-PS"], [Span(0, 1, "PS")]),
        ("BIOES", ["B-PS", "B-PS", "E-PS"], [Span(1, 3, "PS")]),
        ("BIOES", ["B-PS", "S-PS"], [Span(1, 2, "PS")]),
    ],
)
def test_malformed_runs_are_no_spans(scheme, tags, expected):
    assert tags_to_spans(tags, scheme=scheme) == expected


def test_transition_table_of_one_label():
    tags = tag_list(["X"], scheme="BIOES")
    assert tags == ["O", "B-X", "I-X", "E-X", "S-X"]
    allowed, may_start, may_end = transitions(tags, scheme="BIOES")
    rows = ["".join("01"[cell] for cell in row) for row in allowed]
    assert rows == ["11001", "00110", "00110", "11001", "11001"]
    assert may_start == [True, True, False, False, True]
    assert may_end == [True, False, False, True, True]


def test_overlap_and_unknown_scheme_are_refused():
    with pytest.raises(DataError, match="cannot tag"):
        spans_to_tags(4, [Span(0, 2, "X"), Span(1, 3, "X")])
    with pytest.raises(ConfigError, match="expected one of BIO, BIOES; got 'IOB'"):
        tag_list(["X"], scheme="IOB")
