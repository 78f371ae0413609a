"""Emissions of a batch -> the best legal tags, and how probable each span of them is. numpy only.

The CRF's mathematics of ``ner_engine.network.crf`` for inference: Viterbi in the log domain, forward and
backward in the scaled probability domain, vectorised over the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ner_engine.scheme import transitions
from ner_engine.spans import Span

__all__ = ["Decoder"]

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]

FORBIDDEN = -1e4
_TINY = 1e-30


@dataclass(frozen=True)
class _Lattice:
    """Scaled forward and backward variables of one batch, time first: ``(time, batch, tags)``."""

    weights: Floats
    scale: Floats
    alpha: Floats
    beta: Floats
    closing: Floats


class Decoder:
    """Decodes with the transition scores ``start (tags,)``, ``pairs (tags, tags)``, ``end (tags,)``."""

    def __init__(self, tags: Sequence[str], scheme: str, *, start: Floats, pairs: Floats, end: Floats) -> None:
        allowed, may_start, may_end = transitions(tags, scheme=scheme)
        self.tags = tuple(tags)
        self.scheme = scheme
        self.start = np.where(may_start, start, FORBIDDEN).astype(np.float32)
        self.pairs = np.where(allowed, pairs, FORBIDDEN).astype(np.float32)
        self.end = np.where(may_end, end, FORBIDDEN).astype(np.float32)
        self._start_w = np.exp(self.start - self.start.max())
        self._pairs_w = np.exp(self.pairs - self.pairs.max())
        self._end_w = np.exp(self.end - self.end.max())
        self._pairs_by_target = np.ascontiguousarray(self.pairs.T)
        parts = [tag.partition("-") for tag in self.tags]
        self._prefix = [p for p, _, _ in parts]
        self._label = [label for _, _, label in parts]
        self._inside_of = {label: i for i, (p, _, label) in enumerate(parts) if p == "I"}

    def paths(self, emissions: Floats, lengths: npt.NDArray[np.int32]) -> list[Indices]:
        """Best legal path of each sentence: ``emissions (batch, time, tags)`` -> tag indices ``(length,)``."""
        batch, time, tags = emissions.shape
        score = self.start + emissions[:, 0]
        back = np.empty((max(time - 1, 0), batch, tags), dtype=np.int64)
        stay = np.arange(tags)
        for t in range(1, time):
            through = score[:, None, :] + self._pairs_by_target  # (batch, to, from)
            origin = through.argmax(-1)
            best = np.take_along_axis(through, origin[..., None], -1)[..., 0]
            inside = (t < lengths)[:, None]
            score = np.where(inside, best + emissions[:, t], score)
            back[t - 1] = np.where(inside, origin, stay)
        tag = (score + self.end).argmax(-1)
        steps = np.empty((batch, time), dtype=np.int64)
        steps[:, time - 1] = tag
        rows = np.arange(batch)
        for t in range(time - 2, -1, -1):
            tag = back[t, rows, tag]
            steps[:, t] = tag
        return [steps[i, :n] for i, n in enumerate(lengths)]

    def _lattice(self, emissions: Floats, lengths: npt.NDArray[np.int32]) -> _Lattice:
        scores = np.ascontiguousarray(emissions.transpose(1, 0, 2))
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        time, batch, _ = weights.shape
        alpha = np.empty_like(weights)
        scale = np.ones((time, batch), dtype=np.float32)
        here = self._start_w * weights[0]
        for t in range(time):
            if t:
                here = (alpha[t - 1] @ self._pairs_w) * weights[t]
            scale[t] = np.maximum(here.sum(-1), _TINY)
            alpha[t] = here / scale[t][:, None]
        beta = np.zeros_like(weights)
        last = lengths - 1
        turned = np.ascontiguousarray(self._pairs_w.T)
        following = np.zeros_like(weights[0])
        for t in range(time - 1, -1, -1):
            here = following
            if t < time - 1:
                here = (weights[t + 1] * following / scale[t + 1][:, None]) @ turned
            following = np.where((last == t)[:, None], self._end_w, here)
            beta[t] = following
        closing = (alpha[last, np.arange(batch)] * self._end_w).sum(-1)
        return _Lattice(weights, scale, alpha, beta, np.maximum(closing, _TINY))

    def spans(self, emissions: Floats, lengths: npt.NDArray[np.int32]) -> list[list[tuple[Span, float]]]:
        """Spans over units with their probability, per sentence, sorted by start.

        The probability is that of exactly this span with exactly this label, summed over everything else in
        the sentence (constrained forward-backward, Culotta and McCallum 2004).
        """
        paths = self.paths(emissions, lengths)
        found = [self._runs(path) for path in paths]
        if not any(found):
            return [[] for _ in found]
        lattice = self._lattice(emissions, lengths)
        return [
            [(span, self._probability(lattice, row, paths[row], span)) for span in spans]
            for row, spans in enumerate(found)
        ]

    def _runs(self, path: Indices) -> list[Span]:
        """The spans of a legal path."""
        spans: list[Span] = []
        start = -1
        for t in np.flatnonzero(path):
            prefix = self._prefix[path[t]]
            if prefix in ("B", "S"):
                start = int(t)
            ends = prefix in ("E", "S") or (
                self.scheme == "BIO" and (t + 1 == len(path) or self._prefix[path[t + 1]] != "I")
            )
            if ends:
                spans.append(Span(start, int(t) + 1, self._label[path[t]]))
        return spans

    def _probability(self, lattice: _Lattice, row: int, path: Indices, span: Span) -> float:
        first, last = span.start, span.end - 1
        value = float(lattice.alpha[first, row, path[first]])
        for t in range(first + 1, span.end):
            value *= float(self._pairs_w[path[t - 1], path[t]] * lattice.weights[t, row, path[t]])
            value /= float(lattice.scale[t, row])
        closing = float(lattice.closing[row])
        if self.scheme == "BIOES" or span.end == len(path):
            rest = float(lattice.beta[last, row, path[last]])
        else:
            onward = self._pairs_w[path[last]] * lattice.weights[span.end, row] * lattice.beta[span.end, row]
            onward[self._inside_of[span.label]] = 0.0
            rest = float(onward.sum() / lattice.scale[span.end, row])
        return min(1.0, max(0.0, value * rest / closing))
