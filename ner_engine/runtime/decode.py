"""Emissions of a batch -> the best legal tags, and how probable each span of them is. numpy only.

The CRF's mathematics of ``ner_engine.network.crf`` for inference: Viterbi in the log domain, forward and
backward in the scaled probability domain, vectorised over the batch. What takes the time is the number of numpy
calls a step, so that a step does little else than its sum:

- Viterbi over a batch looks at legal origins only and keeps none of them. Which one was best is asked on the way
  back, of the path's own tags.
- Forward and backward run at once: a sentence read from its end is one more sentence of the batch.
- Only sentences in which something was found need probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ner_engine.scheme import SCHEMES, transitions
from ner_engine.spans import Span

__all__ = ["Decoder"]

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Lengths = npt.NDArray[np.int32]

FORBIDDEN = -1e4
_TINY = 1e-300
_RESCALED = 4  # steps between two normalisations: float64 has room for e^-170 a step


@dataclass(frozen=True)
class _Steps:
    """Viterbi's order of the tags, in which the tags of a kind stand together, and what a step adds to them.

    A tag that opens a span, or O, may follow any tag that closes one, or O: ``across (closing, opening, 1)``.
    A tag inside a span follows two tags of its label: ``begun`` and ``going (kinds, labels, 1)``.
    """

    order: Indices
    closing: slice
    opening: slice
    begin: slice
    inside: slice
    within: slice
    across: Floats
    begun: Floats
    going: Floats

    @classmethod
    def of(cls, tags: Sequence[str], scheme: str, pairs: Floats) -> _Steps:
        """From the scores of pairs ``(tags, tags)``."""
        at = {tag: i for i, tag in enumerate(tags)}
        labels = [tag[2:] for tag in tags if tag.startswith("B-")]
        count = len(labels)
        full = SCHEMES[scheme].end == "E"
        names = [f"I-{n}" for n in labels] + [f"E-{n}" for n in labels if full] + ["O"]
        names += [f"S-{n}" for n in labels if full] + [f"B-{n}" for n in labels]
        order = np.array([at[name] for name in names], dtype=np.int64)
        kinds = 2 if full else 1
        inside, within = slice(0, count), slice(0, kinds * count)
        begin, opening = slice(len(names) - count, len(names)), slice(kinds * count, len(names))
        closing = slice(count, 3 * count + 1) if full else slice(0, len(names))
        placed = pairs[np.ix_(order, order)]

        def paired(origin: slice) -> Floats:
            each = [placed[origin, kind * count : (kind + 1) * count].diagonal() for kind in range(kinds)]
            return np.stack(each)[:, :, None]

        across = np.ascontiguousarray(placed[closing, opening])[:, :, None]
        return cls(order, closing, opening, begin, inside, within, across, paired(begin), paired(inside))

    def scores(self, emissions: Floats, start: Floats) -> Floats:
        """The score of the best prefix that ends with each tag: ``(time, tags, batch)``, both ways."""
        scores = emissions.copy()
        scores[0] += start[:, None]
        kinds, labels, _ = self.begun.shape
        batch = scores.shape[2]
        across = np.empty((*self.across.shape[:2], batch), dtype=np.float32)
        before = scores[0]
        for here in scores[1:]:
            np.add(before[self.closing, None], self.across, out=across)
            here[self.opening] += np.maximum.reduce(across, axis=0)
            begun, going = before[self.begin] + self.begun, before[self.inside] + self.going
            here[self.within] += np.maximum(begun, going, out=begun).reshape(kinds * labels, batch)
            before = here
        return scores


@dataclass(frozen=True)
class _Lattice:
    """Sums over all prefixes and suffixes in the log domain.

    ``sums (time, 2, batch, tags)`` holds for each sentence prefixes by their end, and for the sentence read from
    its end the same; ``shift (time, 2, batch)`` is the logarithm of what they were divided by. Both contain the
    emission of the tag they end with. ``partition (batch,)`` is log Z.
    """

    sums: Doubles
    shift: Doubles
    partition: Doubles


class Decoder:
    """Decodes with the transition scores ``start (tags,)``, ``pairs (tags, tags)``, ``end (tags,)``."""

    def __init__(self, tags: Sequence[str], scheme: str, *, start: Floats, pairs: Floats, end: Floats) -> None:
        allowed, may_start, may_end = transitions(tags, scheme=scheme)
        self.tags = tuple(tags)
        self.scheme = scheme
        self.start = np.where(may_start, start, FORBIDDEN).astype(np.float32)
        self.pairs = np.where(allowed, pairs, FORBIDDEN).astype(np.float32)
        self.end = np.where(may_end, end, FORBIDDEN).astype(np.float32)
        self._steps = _Steps.of(tags, scheme, self.pairs)
        self._by_target = np.ascontiguousarray(self.pairs.T)
        order = self._steps.order
        self._origins = np.ascontiguousarray(self.pairs[np.ix_(order, order)].T)  # (to, from)
        borders = np.stack([self.start, self.end]).astype(np.float64)
        self._border_shift = borders.max(-1)[:, None]
        self._border_weights = np.exp(borders - self._border_shift)[:, None]  # (2, 1, tags)
        self._pair_shift = float(self.pairs.max())
        weights = np.exp(self.pairs.astype(np.float64) - self._pair_shift)
        self._pair_weights = np.stack([weights, weights.T])  # (2, tags, tags)
        table = SCHEMES[scheme]
        prefixes = [tag.partition("-")[0] for tag in self.tags]
        self._labels = [tag.partition("-")[2] for tag in self.tags]
        self._opens = np.array([p != "O" and table.opens(p) for p in prefixes])
        self._closes = np.array([p != "O" and table.closes(p) for p in prefixes])
        self._continues = np.array([p == table.inside for p in prefixes])
        inside = {label: i for i, (p, label) in enumerate(zip(prefixes, self._labels, strict=True)) if p == "I"}
        self._inside = np.array([inside.get(label, 0) for label in self._labels])

    def paths(self, emissions: Floats, lengths: Lengths) -> list[Indices]:
        """Best legal path of each sentence: ``emissions (batch, time, tags)`` -> tag indices ``(length,)``."""
        steps = self._paths(emissions, lengths)
        return [steps[i, :n] for i, n in enumerate(lengths)]

    def _paths(self, emissions: Floats, lengths: Lengths) -> Indices:
        """The paths as ``(batch, time)``; what stands beyond a sentence's end means nothing."""
        if len(emissions) == 1:
            return self._path(emissions[0, : lengths[0]])[None]
        order = self._steps.order
        placed = np.ascontiguousarray(emissions.transpose(1, 2, 0)[:, order])  # (time, tags, batch)
        scores = self._steps.scores(placed, self.start[order])
        batch, time, _ = emissions.shape
        last = lengths - 1
        finals = (scores[last, :, np.arange(batch)] + self.end[order]).argmax(-1)
        steps = np.empty((time, batch), dtype=np.int64)
        by_row = scores.transpose(0, 2, 1)
        tag = finals
        for t in range(time - 1, -1, -1):
            if t < time - 1:
                tag = np.where(last <= t, finals, (by_row[t] + self._origins[tag]).argmax(-1))
            steps[t] = tag
        return order[steps.T]

    def _path(self, emissions: Floats) -> Indices:
        """The path of one sentence, ``emissions (length, tags)``: with so few numbers, fewer calls are all."""
        tags = len(self.tags)
        through = np.empty((tags, tags), dtype=np.float32)
        rows = np.arange(tags) * tags
        score = self.start + emissions[0]
        origins = []
        for here in emissions[1:]:
            np.add(score, self._by_target, out=through)
            origin = through.argmax(1)
            score = through.take(origin + rows) + here
            origins.append(origin)
        steps = [int((score + self.end).argmax())]
        for origin in reversed(origins):
            steps.append(int(origin[steps[-1]]))
        return np.array(steps[::-1], dtype=np.int64)

    def _lattice(self, emissions: Floats, lengths: Lengths) -> _Lattice:
        batch, time, tags = emissions.shape
        rows, last = np.arange(batch), lengths - 1
        from_end = np.maximum(last[:, None] - np.arange(time), 0)
        both = np.empty((time, 2, batch, tags), dtype=np.float64)
        both[:, 0] = emissions.transpose(1, 0, 2)
        both[:, 1] = emissions[rows[:, None], from_end].transpose(1, 0, 2)
        best = both.max(-1)  # (time, 2, batch)
        both -= best[..., None]
        sums = np.exp(both, out=both)
        sums[0] *= self._border_weights
        shift = best.cumsum(0)
        shift += self._border_shift + self._pair_shift * np.arange(time)[:, None, None]
        before = sums[0]
        for t in range(1, time):
            here = sums[t]
            here *= before @ self._pair_weights
            if t % _RESCALED == 0:
                size = np.maximum(here.sum(-1), _TINY)
                here /= size[..., None]
                shift[t:] += np.log(size)
            before = here
        closing = (sums[last, 0, rows] * self._border_weights[1]).sum(-1)
        partition = np.log(np.maximum(closing, _TINY)) + shift[last, 0, rows] + self._border_shift[1]
        return _Lattice(sums, shift, partition)

    def spans(self, emissions: Floats, lengths: Lengths) -> list[list[tuple[Span, float]]]:
        """Spans over units with their probability, per sentence, sorted by start.

        The probability is that of exactly this span with exactly this label, summed over everything else in
        the sentence (constrained forward-backward, Culotta and McCallum 2004).
        """
        out: list[list[tuple[Span, float]]] = [[] for _ in lengths]
        steps = self._paths(emissions, lengths)
        rows, first, last = self._runs(steps, lengths)
        if not len(rows):
            return out
        some, row = np.unique(rows, return_inverse=True)
        time = int(lengths[some].max())
        scores = self._probabilities(emissions[some, :time], lengths[some], steps[some, :time], row, first, last)
        ends, labels = (last + 1).tolist(), steps[rows, first].tolist()
        for i, start, end, tag, score in zip(rows.tolist(), first.tolist(), ends, labels, scores, strict=True):
            out[i].append((Span(start, end, self._labels[tag]), score))
        return out

    def _runs(self, steps: Indices, lengths: Lengths) -> tuple[Indices, Indices, Indices]:
        """Row, first and last unit of each span of legal paths, ``(spans,)``."""
        inside = np.arange(steps.shape[1]) < lengths[:, None]
        closes = self._closes[steps] & inside
        if self.scheme == "BIO":
            closes[:, :-1] &= ~(self._continues[steps[:, 1:]] & inside[:, 1:])
        rows, first = np.nonzero(self._opens[steps] & inside)
        return rows, first, np.nonzero(closes)[1]

    def _probabilities(
        self, emissions: Floats, lengths: Lengths, steps: Indices, row: Indices, first: Indices, last: Indices
    ) -> list[float]:
        """Of each span: all prefixes up to its first unit, its own steps, all suffixes from its last."""
        lattice = self._lattice(emissions, lengths)
        own = np.take_along_axis(emissions, steps[..., None], -1)[..., 0].astype(np.float64)  # (batch, time)
        along = own.copy()
        along[:, 1:] += self.pairs[steps[:, :-1], steps[:, 1:]]
        along = along.cumsum(-1)
        head, tail = steps[row, first], steps[row, last]
        value = np.log(np.maximum(lattice.sums[first, 0, row, head], _TINY)) + lattice.shift[first, 0, row]
        value += along[row, last] - along[row, first] - lattice.partition[row]
        left = lengths[row] - 1 - last  # units after the span
        if self.scheme == "BIOES":
            value += np.log(np.maximum(lattice.sums[left, 1, row, tail], _TINY)) + lattice.shift[left, 1, row]
            value -= own[row, last]
        else:
            value += self._rest(lattice, left, row, tail)
        return np.exp(np.minimum(value, 0.0)).tolist()  # type: ignore[no-any-return]

    def _rest(self, lattice: _Lattice, left: Indices, row: Indices, tail: Indices) -> Doubles:
        """BIO: all suffixes after a span, where it must not go on; or the sentence's end."""
        onward = self._pair_weights[0][tail] * lattice.sums[left - 1, 1, row]
        onward[np.arange(len(tail)), self._inside[tail]] = 0.0
        rest = np.log(np.maximum(onward.sum(-1), _TINY)) + lattice.shift[left - 1, 1, row] + self._pair_shift
        return np.where(left > 0, rest, self.end[tail])
