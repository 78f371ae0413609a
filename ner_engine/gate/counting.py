"""Gold and predicted spans of two versions in, counts for each sentence and label out.

The counts are what the scores and the bootstrap are computed from: sums over sentences, drawn or all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ner_engine.spans import OPEN, Span
from ner_engine.training.metrics import Counts

__all__ = ["Cells", "Judged", "Tallies", "judged", "pooled", "tally"]

Cells = npt.NDArray[np.int64]

RIGHT, PREDICTED, GOLD = range(3)


@dataclass(frozen=True, slots=True)
class Judged:
    """The spans of one sentence that count: what is gold, and what each version found."""

    gold: frozenset[Span]
    old: frozenset[Span]
    new: frozenset[Span]


@dataclass(frozen=True, slots=True)
class Tallies:
    """``cells (sentences, 2, labels, 3) int64``: the old version and the new; right, predicted and gold."""

    labels: tuple[str, ...]
    cells: Cells

    def counts(self, side: int, label: int | None = None) -> Counts:
        """All sentences together, of one label or of all."""
        of_side = self.cells[:, side].sum(axis=0)
        right, predicted, gold = of_side.sum(axis=0) if label is None else of_side[label]
        return Counts(int(right), int(predicted), int(gold))


def judged(gold: Iterable[Span], old: Iterable[Span], new: Iterable[Span], *, without: frozenset[str]) -> Judged:
    """What counts: no label of ``without``, and nothing that touches a stretch whose annotation is not known."""
    truth = list(gold)
    unknown = [span for span in truth if span.label == OPEN]

    def counting(spans: Iterable[Span]) -> frozenset[Span]:
        return frozenset(
            span
            for span in spans
            if span.label not in without and not any(span.start < u.end and u.start < span.end for u in unknown)
        )

    return Judged(counting(truth), counting(old), counting(new))


def tally(sentences: Sequence[Judged]) -> Tallies:
    """Strict counts: a span is right when its start, end and label are. The labels are sorted."""
    labels = sorted({span.label for one in sentences for side in (one.gold, one.old, one.new) for span in side})
    code = {label: at for at, label in enumerate(labels)}
    cells = np.zeros((len(sentences), 2, len(labels), 3), dtype=np.int64)
    for at, one in enumerate(sentences):
        for side, found in enumerate((one.old, one.new)):
            for kind, spans in ((RIGHT, found & one.gold), (PREDICTED, found), (GOLD, one.gold)):
                for span in spans:
                    cells[at, side, code[span.label], kind] += 1
    return Tallies(tuple(labels), cells)


def pooled(parts: Sequence[tuple[str, Tallies]]) -> Tallies:
    """Several sets as one. Parts under the same name are copies of one set: their sentences are added up."""
    labels = sorted({label for _, part in parts for label in part.labels})
    by_name: dict[str, list[Cells]] = {}
    for name, part in parts:
        wide = np.zeros((len(part.cells), 2, len(labels), 3), dtype=np.int64)
        wide[:, :, [labels.index(label) for label in part.labels]] = part.cells
        same = by_name.setdefault(name, [])
        if same and len(same[0]) == len(wide):
            same[0] = same[0] + wide
        else:
            same.append(wide)
    stacks = [cells for same in by_name.values() for cells in same]
    empty = np.zeros((0, 2, len(labels), 3), dtype=np.int64)
    return Tallies(tuple(labels), np.concatenate(stacks) if stacks else empty)
