"""The numpy decoder against enumeration of all legal paths, and windows against the whole."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ner_engine.features import Encoded
from ner_engine.runtime.decode import Decoder
from ner_engine.runtime.windows import cut, join
from ner_engine.scheme import tag_list, tags_to_spans, transitions
from ner_engine.spans import Span


@pytest.mark.parametrize("scheme", ["BIO", "BIOES"])
@pytest.mark.parametrize("labels", [["X"], ["X", "Y"]])
def test_paths_and_span_probabilities_equal_enumeration(scheme, labels):
    rng = np.random.default_rng(4)
    tags = tag_list(labels, scheme=scheme)
    k = len(tags)
    start, pairs, end = (rng.normal(size=s).astype(np.float32) for s in (k, (k, k), k))
    decoder = Decoder(tags, scheme, start=start, pairs=pairs, end=end)
    allowed, may_start, may_end = transitions(tags, scheme=scheme)
    lengths = np.array([4, 1, 3, 2], dtype=np.int32)
    emissions = (rng.normal(size=(4, 4, k)) * 1.5).astype(np.float32)
    found = decoder.spans(emissions, lengths)
    paths = decoder.paths(emissions, lengths)
    seen = 0
    for row, n in enumerate(lengths):
        scores = {}
        for path in itertools.product(range(k), repeat=int(n)):
            legal = may_start[path[0]] and may_end[path[-1]]
            if legal and all(allowed[a][b] for a, b in itertools.pairwise(path)):
                score = start[path[0]] + end[path[-1]] + sum(emissions[row, t, g] for t, g in enumerate(path))
                scores[path] = float(score + sum(pairs[a, b] for a, b in itertools.pairwise(path)))
        best = max(scores, key=scores.__getitem__)
        assert tuple(paths[row]) == best
        total = np.logaddexp.reduce(list(scores.values()))
        expected = tags_to_spans([tags[i] for i in best], scheme=scheme)
        assert [span for span, _ in found[row]] == expected
        for span, probability in found[row]:
            within = [s for p, s in scores.items() if span in tags_to_spans([tags[i] for i in p], scheme=scheme)]
            assert probability == pytest.approx(np.exp(np.logaddexp.reduce(within) - total), abs=1e-5)
            seen += 1
    assert seen >= 3


@pytest.mark.parametrize("scheme", ["BIO", "BIOES"])
@pytest.mark.parametrize("spread", [1, 20])
def test_batch_mates_change_nothing(scheme, spread):
    rng = np.random.default_rng(5)
    tags = tag_list(["X", "Y", "Z"], scheme=scheme)
    k = len(tags)
    start, pairs, end = (rng.normal(size=s).astype(np.float32) * spread for s in (k, (k, k), k))
    decoder = Decoder(tags, scheme, start=start, pairs=pairs, end=end)
    lengths = np.array([90, 1, 31, 2, 90, 17], dtype=np.int32)
    emissions = rng.normal(size=(6, 90, k)).astype(np.float32) * spread
    together = decoder.spans(emissions, lengths)
    paths = decoder.paths(emissions, lengths)
    assert sum(map(len, together)) > 20
    for row, n in enumerate(lengths):
        one = emissions[row : row + 1, :n]
        (alone,) = decoder.spans(one, lengths[row : row + 1])
        np.testing.assert_array_equal(decoder.paths(one, lengths[row : row + 1])[0], paths[row])
        assert [span for span, _ in alone] == [span for span, _ in together[row]]
        scores = [score for _, score in together[row]]
        assert [score for _, score in alone] == pytest.approx(scores, abs=1e-9)
        assert all(0 <= score <= 1 for score in scores)
        assert [span for span, _ in alone] == tags_to_spans([tags[i] for i in paths[row]], scheme=scheme)


def _encoded(length: int) -> Encoded:
    starts = np.arange(length, dtype=np.int32)
    return Encoded(np.zeros((length, 1), np.int32), np.zeros((length, 0), np.float32), starts, starts + 1)


@given(
    st.integers(0, 400),
    st.integers(8, 60).flatmap(lambda size: st.tuples(st.just(size), st.integers(6, size - 1))),
    st.randoms(use_true_random=False),
)
@settings(deadline=None)  # a busy machine is no failure
def test_windows_neither_lose_nor_double_a_span(length, size_overlap, rng):
    size, overlap = size_overlap
    spans, at = [], 0
    while True:
        start = at + rng.randint(0, 5)
        end = start + rng.randint(1, overlap // 2)
        if end > length:
            break
        spans.append(Span(start, end, "X"))
        at = end
    windows = cut(_encoded(length), size=size, overlap=overlap)
    seen = [
        [
            (Span(s.start - w.start, s.end - w.start, s.label), 1.0)
            for s in spans
            if w.start <= s.start and s.end <= w.start + len(w.encoded)
        ]
        for w in windows
    ]
    assert all(len(w.encoded) <= size for w in windows)
    assert [span for span, _ in join(windows, seen)] == spans


def test_a_long_text_is_owned_exactly_once():
    windows = cut(_encoded(1000), size=100, overlap=30)
    owned = [i for w in windows for i in range(w.owned_from, w.owned_to)]
    assert owned == list(range(1000))
    assert cut(_encoded(0), size=10, overlap=2) == []
