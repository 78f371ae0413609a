"""The CRF against enumeration of every path."""

from __future__ import annotations

import itertools

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from ner_engine.network.crf import CRF, log_partition  # noqa: E402
from ner_engine.scheme import tag_list, transitions  # noqa: E402


def _paths(tags: int, length: int) -> list[tuple[int, ...]]:
    return list(itertools.product(range(tags), repeat=length))


def _score(path, emissions, start, pairs, end):
    total = start[path[0]] + end[path[-1]]
    total = total + sum(emissions[t, tag] for t, tag in enumerate(path))
    return total + sum(pairs[a, b] for a, b in itertools.pairwise(path))


@pytest.fixture
def problem():
    torch.manual_seed(3)
    lengths = torch.tensor([4, 1, 3])
    emissions = torch.randn(3, 4, 5, dtype=torch.float64) * 3
    start, end = torch.randn(5, dtype=torch.float64), torch.randn(5, dtype=torch.float64)
    return emissions, lengths, start, torch.randn(5, 5, dtype=torch.float64), end


def test_partition_equals_the_sum_over_all_paths(problem):
    emissions, lengths, start, pairs, end = problem
    got = log_partition(emissions, lengths, start, pairs, end)
    for row, length in enumerate(lengths.tolist()):
        scores = torch.stack([_score(p, emissions[row], start, pairs, end) for p in _paths(5, length)])
        assert got[row].item() == pytest.approx(scores.logsumexp(0).item(), abs=1e-10)


def test_gradient_equals_numeric_gradient(problem):
    emissions, lengths, start, pairs, end = (
        t.clone().requires_grad_() if t.is_floating_point() else t for t in problem
    )
    assert torch.autograd.gradcheck(
        lambda e, s, p, f: log_partition(e, lengths, s, p, f), (emissions, start, pairs, end)
    )


def test_padding_does_not_count(problem):
    emissions, lengths, start, pairs, end = problem
    other = emissions.clone()
    other[1, 1:] = 1e3
    other[2, 3:] = -1e3
    torch.testing.assert_close(
        log_partition(emissions, lengths, start, pairs, end), log_partition(other, lengths, start, pairs, end)
    )


@pytest.mark.parametrize("scheme", ["BIO", "BIOES"])
def test_best_path_and_marginals_equal_enumeration(scheme):
    torch.manual_seed(5)
    tags = tag_list(["X"], scheme=scheme)
    crf = CRF(tags, scheme=scheme).double()
    for parameter in crf.parameters():
        parameter.data.normal_()
    allowed, may_start, may_end = transitions(tags, scheme=scheme)
    lengths = torch.tensor([4, 2, 1])
    emissions = torch.randn(3, 4, len(tags), dtype=torch.float64) * 2
    start, pairs, end = (s.detach() for s in crf.scores())
    decoded = crf.decode(emissions, lengths)
    marginals = crf.marginals(emissions, lengths)
    for row, length in enumerate(lengths.tolist()):
        legal = [
            p
            for p in _paths(len(tags), length)
            if may_start[p[0]] and may_end[p[-1]] and all(allowed[a][b] for a, b in itertools.pairwise(p))
        ]
        scores = torch.stack([_score(p, emissions[row], start, pairs, end) for p in legal])
        assert tuple(decoded[row]) == legal[int(scores.argmax())]
        weights = (scores - scores.logsumexp(0)).exp()
        expected = torch.zeros(4, len(tags), dtype=torch.float64)
        for path, weight in zip(legal, weights, strict=True):
            for t, tag in enumerate(path):
                expected[t, tag] += weight
        torch.testing.assert_close(marginals[row], expected)


def test_likelihood_of_a_partial_annotation_sums_the_agreeing_paths():
    torch.manual_seed(7)
    tags = tag_list(["X"], scheme="BIO")
    crf = CRF(tags, scheme="BIO").double()
    for parameter in crf.parameters():
        parameter.data.normal_()
    emissions = torch.randn(2, 3, 3, dtype=torch.float64)
    lengths = torch.tensor([3, 2])
    agree = torch.zeros(2, 3, 3, dtype=torch.bool)
    agree[0, 0, :] = True  # anything
    agree[0, 1, [0, 2]] = True  # O or I
    agree[0, 2, 0] = True  # O
    agree[1, 0, 1] = agree[1, 1, 2] = True  # exactly B I
    agree[1, 2, 0] = True
    start, pairs, end = (s.detach() for s in crf.scores())
    got = crf.log_likelihood(emissions, agree, lengths)
    for row, length in enumerate(lengths.tolist()):
        every = {p: _score(p, emissions[row], start, pairs, end) for p in _paths(3, length)}
        within = [s for p, s in every.items() if all(agree[row, t, tag] for t, tag in enumerate(p))]
        expected = torch.stack(within).logsumexp(0) - torch.stack(list(every.values())).logsumexp(0)
        assert got[row].item() == pytest.approx(expected.item(), abs=1e-9)


def test_batched_equals_one_at_a_time():
    torch.manual_seed(11)
    tags = tag_list(["A", "B"], scheme="BIOES")
    crf = CRF(tags)
    lengths = torch.tensor([7, 3, 5, 1])
    emissions = torch.randn(4, 7, len(tags))
    agree = torch.zeros(4, 7, len(tags), dtype=torch.bool)
    agree[..., 0] = True
    together = crf.log_likelihood(emissions, agree, lengths)
    paths = crf.decode(emissions, lengths)
    for row, n in enumerate(lengths.tolist()):
        alone = crf.log_likelihood(emissions[row : row + 1, :n], agree[row : row + 1, :n], lengths[row : row + 1])
        torch.testing.assert_close(together[row], alone[0])
        assert crf.decode(emissions[row : row + 1, :n], lengths[row : row + 1])[0] == paths[row]


def test_long_and_confident_sentences_stay_finite():
    tags = tag_list(["A", "B", "C"])
    crf = CRF(tags)
    emissions = torch.full((1, 500, len(tags)), -30.0)
    emissions[..., 0] = 30.0
    agree = torch.zeros(1, 500, len(tags), dtype=torch.bool)
    agree[..., 0] = True
    value = crf.log_likelihood(emissions, agree, torch.tensor([500]))
    assert torch.isfinite(value).all()
    assert value.item() == pytest.approx(0.0, abs=1e-3)
