"""Strict span scores: gold and predicted spans in, precision, recall and F1 out. Printing is elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ner_engine.spans import Span

__all__ = ["Counts", "Scores", "score_spans"]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many spans are right, how many were predicted, how many are gold."""

    right: int
    predicted: int
    gold: int

    @property
    def precision(self) -> float:
        """In [0, 1]; 0 where nothing was predicted."""
        return self.right / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """In [0, 1]; 0 where there is no gold span."""
        return self.right / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of the two, in [0, 1]."""
        both = self.predicted + self.gold
        return 2 * self.right / both if both else 0.0

    def to_dict(self) -> dict[str, float]:
        """Percentages with two decimals, and the number of gold spans."""
        return {
            "precision": round(100 * self.precision, 2),
            "recall": round(100 * self.recall, 2),
            "f1": round(100 * self.f1, 2),
            "support": self.gold,
        }


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of each label, and over all spans (micro)."""

    micro: Counts
    labels: Mapping[str, Counts]

    def to_dict(self) -> dict[str, dict[str, float]]:
        """JSON form: ``micro`` and one entry a label."""
        return {"micro": self.micro.to_dict(), **{k: v.to_dict() for k, v in self.labels.items()}}


def score_spans(
    gold: Sequence[Iterable[Span]], predicted: Sequence[Iterable[Span]], *, ignore: Iterable[str] = ()
) -> Scores:
    """Strict scores: a span is right when start, end and label are. ``ignore`` drops predicted labels."""
    ignored = set(ignore)
    right: Counter[str] = Counter()
    found: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    for truth, guess in zip(gold, predicted, strict=True):
        truth_set = set(truth)
        guess_set = {s for s in guess if s.label not in ignored}
        right.update(s.label for s in truth_set & guess_set)
        found.update(s.label for s in guess_set)
        wanted.update(s.label for s in truth_set)
    labels = {
        label: Counts(right[label], found[label], wanted[label]) for label in sorted(set(found) | set(wanted))
    }
    return Scores(Counts(sum(right.values()), sum(found.values()), sum(wanted.values())), labels)
