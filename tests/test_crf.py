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


# what a distilled student learns from


def _random_crf(tags, seed):
    torch.manual_seed(seed)
    crf = CRF(tags).double()
    for parameter in crf.parameters():
        parameter.data.normal_()
    return crf


def _distribution(crf, emissions, length, allowed=None):
    """Every legal path (within ``allowed``, ``(time, tags)``) and its probability."""
    start, pairs, end = crf.scores()
    legal = {}
    for path in _paths(emissions.shape[-1], length):
        if allowed is None or all(allowed[t, tag] for t, tag in enumerate(path)):
            score = _score(path, emissions, start, pairs, end)
            if score > -5000:
                legal[path] = score
    total = torch.stack(list(legal.values())).logsumexp(0)
    return {path: (score - total).exp() for path, score in legal.items()}


TAGS = tag_list(["X"])
LENGTHS = torch.tensor([4, 2, 1])


def _partly_allowed():
    """A legal path a sentence, and some more tags at random."""
    torch.manual_seed(23)
    allowed = torch.rand(3, 4, len(TAGS)) < 0.4
    for row, path in enumerate((["O", "B-X", "I-X", "E-X"], ["B-X", "E-X"], ["O"])):
        for t, tag in enumerate(path):
            allowed[row, t, TAGS.index(tag)] = True
    return allowed


@pytest.mark.parametrize("allowed", [None, _partly_allowed()], ids=["all tags", "some tags"])
def test_the_posterior_equals_enumeration(allowed):
    crf = _random_crf(TAGS, 13)
    emissions = torch.randn(3, 4, len(TAGS), dtype=torch.float64) * 2
    posterior = crf.posterior(emissions, LENGTHS, allowed)
    runs = [[TAGS.index(tag) for tag in run] for run in (["S-X"], ["B-X", "E-X"], ["B-X", "I-X", "E-X"])]
    for row, length in enumerate(LENGTHS.tolist()):
        within = None if allowed is None else allowed[row]
        found = _distribution(crf, emissions[row], length, within)
        paths = {path: weight.detach() for path, weight in found.items()}
        marginals = torch.zeros(4, len(TAGS), dtype=torch.float64)
        pair_counts = torch.zeros(len(TAGS), len(TAGS), dtype=torch.float64)
        for path, weight in paths.items():
            for t, tag in enumerate(path):
                marginals[t, tag] += weight
            for pair in itertools.pairwise(path):
                pair_counts[pair] += weight
        torch.testing.assert_close(posterior.marginals[row], marginals)
        torch.testing.assert_close(posterior.pair_counts[row], pair_counts)
        for run in runs:
            for start in range(length - len(run) + 1):
                expected = sum(w for p, w in paths.items() if list(p[start : start + len(run)]) == run)
                assert posterior.span(row, start, run) == pytest.approx(float(expected), abs=1e-9)


def test_cross_entropy_equals_enumeration_and_its_gradient_is_student_less_teacher():
    teacher, student = _random_crf(TAGS, 17), _random_crf(TAGS, 19)
    theirs = torch.randn(3, 4, len(TAGS), dtype=torch.float64)
    mine = torch.randn(3, 4, len(TAGS), dtype=torch.float64).requires_grad_()
    word = teacher.posterior(theirs, LENGTHS)
    got = student.cross_entropy(mine, LENGTHS, word.marginals, word.pair_counts)
    for row, length in enumerate(LENGTHS.tolist()):
        q = _distribution(teacher, theirs[row], length)
        p = _distribution(student, mine[row], length)
        expected = -sum(weight * p[path].log() for path, weight in q.items())
        assert got[row].item() == pytest.approx(expected.item(), abs=1e-9)
    got.sum().backward()
    own = student.posterior(mine.detach(), LENGTHS)
    torch.testing.assert_close(mine.grad, own.marginals - word.marginals)
    difference = (own.pair_counts - word.pair_counts).sum(0)
    torch.testing.assert_close(student.pairs.grad, difference.masked_fill(student.forbidden_pairs, 0))
    first = (own.marginals - word.marginals)[:, 0].sum(0)
    torch.testing.assert_close(student.start.grad, first.masked_fill(student.forbidden_start, 0))


def test_a_student_that_is_its_teacher_has_nothing_to_learn():
    crf = _random_crf(TAGS, 29)
    emissions = torch.randn(3, 4, len(TAGS), dtype=torch.float64).requires_grad_()
    word = crf.posterior(emissions.detach(), LENGTHS)
    crf.cross_entropy(emissions, LENGTHS, word.marginals, word.pair_counts).sum().backward()
    for gradient in (emissions.grad, *(parameter.grad for parameter in crf.parameters())):
        torch.testing.assert_close(gradient, torch.zeros_like(gradient))


def test_the_mean_word_of_two_teachers_costs_the_mean():
    student = _random_crf(TAGS, 31)
    emissions = torch.randn(3, 4, len(TAGS), dtype=torch.float64)
    words = [_random_crf(TAGS, seed).posterior(torch.randn_like(emissions), LENGTHS) for seed in (37, 41)]
    apart = [student.cross_entropy(emissions, LENGTHS, w.marginals, w.pair_counts) for w in words]
    marginals, pair_counts = (
        torch.stack([getattr(w, part) for w in words]).mean(0) for part in ("marginals", "pair_counts")
    )
    torch.testing.assert_close(
        student.cross_entropy(emissions, LENGTHS, marginals, pair_counts), torch.stack(apart).mean(0)
    )
