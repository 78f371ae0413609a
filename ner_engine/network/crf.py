"""Linear-chain conditional random field: likelihood, best path, marginals, all vectorised over the batch.

Emissions, a mask of allowed tags a step, and lengths enter; log-likelihoods, paths and marginals leave.
Everything is done in the scaled probability domain (Rabiner 1989, section V.A): a step costs one small
matrix product, and the gradient of the partition function is written out as the marginals instead of being
traced step by step (Lafferty et al. 2001; the gradient of log Z is the expected counts).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from ner_engine.scheme import transitions

__all__ = ["CRF", "Posterior", "log_partition"]

FORBIDDEN = -1e4
_TINY = 1e-30


def _forward_scaled(
    emissions: Tensor, lengths: Tensor, start: Tensor, pairs: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Scaled forward variables.

    ``emissions (time, batch, tags)`` are already exponentiated and at most 1, ``start (tags,)`` and
    ``pairs (tags, tags)`` too. Returns ``alpha (time, batch, tags)``, each step summing to 1, and the logs
    of the scales ``(time, batch)``, zero beyond a sentence's end.
    """
    time, batch, tags = emissions.shape
    alpha = emissions.new_empty(time, batch, tags)
    scale = emissions.new_ones(time, batch)
    here = start * emissions[0]
    total = here.sum(-1).clamp_min(_TINY)
    alpha[0] = here / total[:, None]
    scale[0] = total
    for t in range(1, time):
        here = (alpha[t - 1] @ pairs) * emissions[t]
        total = here.sum(-1).clamp_min(_TINY)
        alpha[t] = here / total[:, None]
        scale[t] = total
    beyond = torch.arange(time, device=lengths.device)[:, None] >= lengths[None, :]
    return alpha, scale.log().masked_fill(beyond, 0.0), scale


def _backward_scaled(emissions: Tensor, lengths: Tensor, pairs: Tensor, end: Tensor, scale: Tensor) -> Tensor:
    """Scaled backward variables ``(time, batch, tags)``; ``end (tags,)`` stands at each sentence's last step."""
    time, batch, tags = emissions.shape
    beta = emissions.new_zeros(time, batch, tags)
    last = lengths - 1
    following = torch.zeros(batch, tags, dtype=emissions.dtype, device=emissions.device)
    turned = pairs.t().contiguous()
    for t in range(time - 1, -1, -1):
        here = following
        if t < time - 1:
            here = (emissions[t + 1] * following / scale[t + 1][:, None]) @ turned
        here = torch.where((last == t)[:, None], end[None, :], here)
        beta[t] = here
        following = here
    return beta


class _LogPartition(torch.autograd.Function):
    """log Z of a batch, with the expected counts as its gradient."""

    @staticmethod
    def forward(
        ctx: Any, emissions: Tensor, lengths: Tensor, start: Tensor, pairs: Tensor, end: Tensor
    ) -> Tensor:
        """``emissions (batch, time, tags) float``, scores ``(tags,)``, ``(tags, tags)``, ``(tags,)``."""
        scores = emissions.transpose(0, 1)
        top = scores.max(-1).values
        weights = (scores - top[..., None]).exp()
        start_top, pairs_top, end_top = start.max(), pairs.max(), end.max()
        start_w, pairs_w = (start - start_top).exp(), (pairs - pairs_top).exp()
        end_w = (end - end_top).exp()
        alpha, logs, scale = _forward_scaled(weights, lengths, start_w, pairs_w)
        batch = torch.arange(emissions.shape[0], device=emissions.device)
        closing = (alpha[lengths - 1, batch] * end_w).sum(-1).clamp_min(_TINY)
        inside = torch.arange(emissions.shape[1], device=lengths.device)[:, None] < lengths[None, :]
        constant = start_top + end_top + pairs_top * (lengths - 1)
        total: Tensor = logs.sum(0) + (top * inside).sum(0) + closing.log() + constant
        ctx.save_for_backward(weights, lengths, pairs_w, end_w, alpha, scale, closing, inside)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        weights, lengths, pairs_w, end_w, alpha, scale, closing, inside = ctx.saved_tensors
        beta = _backward_scaled(weights, lengths, pairs_w, end_w, scale)
        marginal = alpha * beta / closing[None, :, None] * inside[..., None]
        weighted = marginal * gradient[None, :, None]
        time = weights.shape[0]
        pair_gradient = torch.zeros_like(pairs_w)
        if time > 1:
            right = weights[1:] * beta[1:] / (scale[1:] * closing)[..., None]
            right = right * (inside[1:] * gradient)[..., None]
            tags = weights.shape[-1]
            pair_gradient = (alpha[:-1].reshape(-1, tags).t() @ right.reshape(-1, tags)) * pairs_w
        batch = torch.arange(weights.shape[1], device=weights.device)
        return (
            weighted.transpose(0, 1),
            None,
            weighted[0].sum(0),
            pair_gradient,
            weighted[lengths - 1, batch].sum(0),
        )


def log_partition(emissions: Tensor, lengths: Tensor, start: Tensor, pairs: Tensor, end: Tensor) -> Tensor:
    """log of the summed weights of all tag paths.

    ``emissions (batch, time, tags)``, ``lengths (batch,) int64`` each at least 1, ``start (tags,)``,
    ``pairs (tags, tags)`` from row to column, ``end (tags,)``. Returns ``(batch,)``. Steps at or beyond a
    sentence's length have no influence. Differentiable once in all four scores.
    """
    result: Tensor = _LogPartition.apply(emissions, lengths, start, pairs, end)  # type: ignore[no-untyped-call]
    return result


@dataclass(frozen=True, slots=True)
class Posterior:
    """What a CRF believes of a batch of ``b`` sentences of up to ``t`` steps.

    ``marginals (b, t, tags)``: P(tag at step), zero beyond a sentence's end. ``pair_counts (b, tags, tags)``:
    how often each transition is expected. ``alpha``, ``beta``, ``weights`` ``(t, b, tags)``, ``scale (t, b)``
    and ``closing (b,)`` are the scaled forward-backward variables that ``span`` reads.
    """

    marginals: Tensor
    pair_counts: Tensor
    alpha: Tensor
    beta: Tensor
    weights: Tensor
    scale: Tensor
    closing: Tensor
    pairs: Tensor

    def span(self, row: int, start: int, tags: Sequence[int]) -> float:
        """P(these tags from step ``start`` on, whatever stands around them) in sentence ``row``."""
        value = float(self.alpha[start, row, tags[0]])
        for t, (before, here) in enumerate(pairwise(tags), start + 1):
            value *= float(self.pairs[before, here] * self.weights[t, row, here] / self.scale[t, row])
        last = start + len(tags) - 1
        return value * float(self.beta[last, row, tags[-1]] / self.closing[row])


class CRF(nn.Module):
    """Transition scores between ``tags``, with the illegal ones of the scheme ruled out.

    ``trained=False`` keeps all legal transitions at zero: the decoder of a softmax head.
    """

    forbidden_pairs: Tensor
    forbidden_start: Tensor
    forbidden_end: Tensor

    def __init__(self, tags: Sequence[str], *, scheme: str = "BIOES", trained: bool = True) -> None:
        super().__init__()
        allowed, may_start, may_end = transitions(tags, scheme=scheme)
        self.register_buffer("forbidden_pairs", ~torch.tensor(allowed), persistent=False)
        self.register_buffer("forbidden_start", ~torch.tensor(may_start), persistent=False)
        self.register_buffer("forbidden_end", ~torch.tensor(may_end), persistent=False)
        self.pairs = nn.Parameter(torch.zeros(len(tags), len(tags)), requires_grad=trained)
        self.start = nn.Parameter(torch.zeros(len(tags)), requires_grad=trained)
        self.end = nn.Parameter(torch.zeros(len(tags)), requires_grad=trained)

    def scores(self) -> tuple[Tensor, Tensor, Tensor]:
        """``start (tags,)``, ``pairs (tags, tags)``, ``end (tags,)`` with what is illegal at -10,000."""
        return (
            self.start.masked_fill(self.forbidden_start, FORBIDDEN),
            self.pairs.masked_fill(self.forbidden_pairs, FORBIDDEN),
            self.end.masked_fill(self.forbidden_end, FORBIDDEN),
        )

    def log_likelihood(self, emissions: Tensor, allowed: Tensor, lengths: Tensor) -> Tensor:
        """log P(the tags lie within ``allowed``), ``(batch,)``.

        ``emissions (batch, time, tags) float32``; ``allowed (batch, time, tags) bool`` marks the tags that
        agree with the annotation: one a step where it is complete, several where it is partial (Tsuboi et
        al. 2008: the partial CRF sums over all paths that agree). ``lengths (batch,) int64``, at least 1.
        """
        agreeing, total = self._partitions(emissions, allowed, lengths)
        return agreeing - total

    def _partitions(self, emissions: Tensor, allowed: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """log Z over the allowed paths and over all, ``(batch,)`` each, in one pass."""
        within = emissions.masked_fill(~allowed, FORBIDDEN)
        both = log_partition(torch.cat([within, emissions]), torch.cat([lengths, lengths]), *self.scores())
        agreeing, total = both.chunk(2)
        return agreeing, total

    def marginals(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """P(tag at step), ``(batch, time, tags)``; zero beyond a sentence's length."""
        with torch.enable_grad():
            leaf = emissions.detach().requires_grad_()
            fixed = [score.detach() for score in self.scores()]
            (gradient,) = torch.autograd.grad(log_partition(leaf, lengths, *fixed).sum(), leaf)
        return gradient

    @torch.no_grad()
    def posterior(self, emissions: Tensor, lengths: Tensor, allowed: Tensor | None = None) -> Posterior:
        """Marginals and expected transitions; within the tags ``allowed (batch, time, tags)`` where given."""
        if allowed is not None:
            emissions = emissions.masked_fill(~allowed, FORBIDDEN)
        start, pairs, end = (torch.exp(score - score.max()) for score in self.scores())
        scores = emissions.transpose(0, 1)
        weights = (scores - scores.max(-1, keepdim=True).values).exp()
        alpha, _, scale = _forward_scaled(weights, lengths, start, pairs)
        beta = _backward_scaled(weights, lengths, pairs, end, scale)
        batch = torch.arange(emissions.shape[0], device=emissions.device)
        closing = (alpha[lengths - 1, batch] * end).sum(-1).clamp_min(_TINY)
        inside = torch.arange(emissions.shape[1], device=lengths.device)[:, None] < lengths[None, :]
        marginals = alpha * beta / closing[None, :, None] * inside[..., None]
        right = weights[1:] * beta[1:] / (scale[1:] * closing)[..., None] * inside[1:, :, None]
        pair_counts = torch.einsum("tbi,tbj->bij", alpha[:-1], right) * pairs
        return Posterior(marginals.transpose(0, 1), pair_counts, alpha, beta, weights, scale, closing, pairs)

    def cross_entropy(self, emissions: Tensor, lengths: Tensor, marginals: Tensor, pair_counts: Tensor) -> Tensor:
        """Cross-entropy of this CRF against a distribution over tag paths known by its expected counts.

        ``marginals (batch, time, tags)`` and ``pair_counts (batch, tags, tags)`` as in ``Posterior``, also those
        of a mixture: the mean over an ensemble. Since a path's score is linear in its counts, this is exact:
        log Z less the expected score (structural distillation; Wang et al. 2020, section 3.2). ``(batch,)``.
        """
        total = log_partition(emissions, lengths, *self.scores())
        return total - self._expected_score(emissions, lengths, marginals, pair_counts)

    def likelihood_and_cross_entropy(
        self, emissions: Tensor, allowed: Tensor, lengths: Tensor, marginals: Tensor, pair_counts: Tensor
    ) -> tuple[Tensor, Tensor]:
        """``log_likelihood`` and ``cross_entropy`` of the same batch, ``(batch,)`` each, with one log Z."""
        agreeing, total = self._partitions(emissions, allowed, lengths)
        return agreeing - total, total - self._expected_score(emissions, lengths, marginals, pair_counts)

    def _expected_score(
        self, emissions: Tensor, lengths: Tensor, marginals: Tensor, pair_counts: Tensor
    ) -> Tensor:
        """The mean score of a path where paths are distributed as the counts say, ``(batch,)``."""
        start, pairs, end = self.scores()
        batch = torch.arange(emissions.shape[0], device=emissions.device)
        score = (marginals * emissions).sum((1, 2)) + (pair_counts * pairs).sum((1, 2))
        return score + (marginals[:, 0] * start).sum(-1) + (marginals[batch, lengths - 1] * end).sum(-1)

    @torch.no_grad()
    def decode(self, emissions: Tensor, lengths: Tensor) -> list[list[int]]:
        """The best legal path of each sentence (Viterbi), as tag indices without padding."""
        start, pairs, end = self.scores()
        score = start + emissions[:, 0]
        back = []
        for t in range(1, emissions.shape[1]):
            best, origin = (score[:, :, None] + pairs).max(1)
            inside = (t < lengths)[:, None]
            score = torch.where(inside, best + emissions[:, t], score)
            back.append(torch.where(inside, origin, torch.arange(origin.shape[1], device=origin.device)))
        tag = (score + end).argmax(-1)
        path = [tag]
        for origin in reversed(back):
            tag = origin.gather(1, tag[:, None])[:, 0]
            path.append(tag)
        steps = torch.stack(path[::-1], 1).tolist()
        return [row[:n] for row, n in zip(steps, lengths.tolist(), strict=True)]
