"""Sums and maxima over all paths against enumeration; what a doubt says of a sentence."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ner_engine.runtime.decode import Decoder
from ner_engine.scheme import tag_list, tags_to_spans, transitions
from ner_engine.suggest.lattice import best_two, sum_paths
from ner_engine.suggest.uncertainty import doubts


def _decoder(labels, scheme, rng, spread=1.0):
    tags = tag_list(labels, scheme=scheme)
    k = len(tags)
    start, pairs, end = (rng.normal(size=s).astype(np.float32) * spread for s in (k, (k, k), k))
    return Decoder(tags, scheme, start=start, pairs=pairs, end=end)


def _paths(decoder, emissions):
    """Every legal path of one sentence with its score."""
    allowed, may_start, may_end = transitions(decoder.tags, scheme=decoder.scheme)
    scores = {}
    for path in itertools.product(range(len(decoder.tags)), repeat=len(emissions)):
        if not (may_start[path[0]] and may_end[path[-1]]):
            continue
        if all(allowed[a][b] for a, b in itertools.pairwise(path)):
            score = float(decoder.start[path[0]]) + float(decoder.end[path[-1]])
            score += sum(float(emissions[t, tag]) for t, tag in enumerate(path))
            scores[path] = score + sum(float(decoder.pairs[a, b]) for a, b in itertools.pairwise(path))
    return scores


@pytest.mark.parametrize("scheme", ["BIO", "BIOES"])
@pytest.mark.parametrize("labels", [["X"], ["X", "Y"]])
@pytest.mark.parametrize("spread", [0.1, 1.0, 6.0])
def test_everything_equals_enumeration(scheme, labels, spread):
    rng = np.random.default_rng(11)
    decoder = _decoder(labels, scheme, rng, spread)
    lengths = np.array([4, 1, 3, 2, 4], dtype=np.int32)
    emissions = (rng.normal(size=(5, 4, len(decoder.tags))) * spread).astype(np.float32)
    emissions[1, 1:] = 1e6  # what stands beyond a sentence's end is not looked at
    paths = sum_paths(decoder, emissions, lengths)
    best, second = best_two(decoder, emissions, lengths)
    found = doubts(decoder, emissions, lengths)
    for row, n in enumerate(lengths):
        scores = _paths(decoder, emissions[row, :n])
        values = np.array(list(scores.values()))
        total = np.logaddexp.reduce(values)
        shares = np.exp(values - total)
        assert paths.partition[row] == pytest.approx(total, abs=1e-6)
        entropy = -(shares * np.log(np.maximum(shares, 1e-300))).sum()
        assert paths.entropy[row] == pytest.approx(entropy, abs=1e-6)
        marginals = np.zeros((4, len(decoder.tags)))
        for path, share in zip(scores, shares, strict=True):
            marginals[np.arange(n), list(path)] += share
        np.testing.assert_allclose(paths.marginals[row], marginals, atol=1e-9)
        ordered = np.sort(values)[::-1]
        assert best[row] == pytest.approx(ordered[0], abs=1e-4)
        assert second[row] == pytest.approx(ordered[1], abs=1e-4)

        spans_of = {p: set(tags_to_spans([decoder.tags[i] for i in p], scheme=scheme)) for p in scores}
        answer = spans_of[max(scores, key=scores.__getitem__)]
        one = found[row]
        assert one.margin == pytest.approx(np.exp(ordered[0] - total) - np.exp(ordered[1] - total), abs=1e-4)
        assert one.found == len(answer)
        assert one.units == n
        by_path = [(share, spans_of[path]) for path, share in zip(scores, shares, strict=True)]
        assert one.expected == pytest.approx(sum(share * len(spans) for share, spans in by_path), abs=1e-6)
        assert one.wrong == pytest.approx(sum(share * len(answer - spans) for share, spans in by_path), abs=1e-5)
        assert one.missing == pytest.approx(
            sum(share * len(spans - answer) for share, spans in by_path), abs=1e-5
        )
        assert one.mistakes == pytest.approx(
            sum(share * len(answer ^ spans) for share, spans in by_path), abs=1e-5
        )


def test_batch_mates_and_padding_change_nothing():
    rng = np.random.default_rng(12)
    decoder = _decoder(["X", "Y", "Z"], "BIOES", rng, 3.0)
    lengths = np.array([70, 1, 31, 2, 70, 17], dtype=np.int32)
    emissions = (rng.normal(size=(6, 70, len(decoder.tags))) * 4).astype(np.float32)
    together = doubts(decoder, emissions, lengths)
    assert sum(one.found for one in together) > 20
    for row, n in enumerate(lengths):
        (alone,) = doubts(decoder, emissions[row : row + 1, :n], lengths[row : row + 1])
        one = together[row]
        assert (alone.units, alone.found) == (one.units, one.found)
        for name in ("margin", "entropy", "expected", "wrong", "missing"):
            assert getattr(alone, name) == pytest.approx(getattr(one, name), abs=1e-4), name


def test_a_tie_has_no_margin_and_certainty_has_no_doubt():
    tags = tag_list(["X"], scheme="BIO")
    k = len(tags)
    zero = np.zeros(k, dtype=np.float32)
    decoder = Decoder(tags, "BIO", start=zero, pairs=np.zeros((k, k), np.float32), end=zero)
    even = np.zeros((1, 1, k), dtype=np.float32)  # O and B-X are as good as each other
    (tied,) = doubts(decoder, even, np.array([1], dtype=np.int32))
    assert tied.margin == pytest.approx(0.0, abs=1e-6)
    assert tied.entropy == pytest.approx(np.log(2))
    sure = even.copy()
    sure[0, 0, tags.index("B-X")] = 60.0
    (certain,) = doubts(decoder, sure, np.array([1], dtype=np.int32))
    assert certain.margin == pytest.approx(1.0)
    assert certain.mistakes == pytest.approx(0.0, abs=1e-6)
    assert certain.entropy == pytest.approx(0.0, abs=1e-6)
    assert certain.expected == pytest.approx(1.0)


def test_long_and_extreme_sentences_stay_finite():
    rng = np.random.default_rng(13)
    decoder = _decoder(["X", "Y"], "BIOES", rng, 40.0)
    emissions = (rng.normal(size=(2, 384, len(decoder.tags))) * 80).astype(np.float32)
    for one in doubts(decoder, emissions, np.array([384, 200], dtype=np.int32)):
        for value in (one.margin, one.entropy, one.expected, one.wrong, one.missing):
            assert np.isfinite(value)
            assert value >= 0
        assert one.margin <= 1
