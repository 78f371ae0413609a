"""What the gate found: values, and their JSON form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ner_engine.gate.sets import Kind
from ner_engine.spans import Entity, Sentence, Span
from ner_engine.training.alignment import Confusion
from ner_engine.training.metrics import Counts

__all__ = ["Change", "Comparison", "Example", "Rule", "Side", "Verdict", "examples_of", "signed"]


def _points(share: float) -> float:
    return round(100 * share, 2)


def signed(share: float) -> str:
    """A difference of shares in points, with its sign; what rounds to nothing has none."""
    shown = f"{100 * share:+.2f}"
    return "0.00" if shown[1:] == "0.00" else shown


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: which bundle, which version of it, and the SHA-256 of its manifest."""

    name: str
    version: str
    digest: str
    labels: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "name": self.name,
            "version": self.version,
            "digest": self.digest,
            "labels": list(self.labels),
        }


@dataclass(frozen=True, slots=True)
class Rule:
    """When a version is refused. The first two are shares of one.

    ``tolerance`` is how far the F1 of a label may fall that has at least ``least_gold`` gold entities in a
    comparison; ``total_tolerance`` is how far that of all labels together may. Noise is drawn by chance: there
    all labels together may fall by ``tolerance``, unless the interval of the fall leaves zero out.
    """

    tolerance: float = 0.01
    total_tolerance: float = 0.0
    least_gold: int = 30

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: points of F1."""
        return {
            "tolerance": _points(self.tolerance),
            "total_tolerance": _points(self.total_tolerance),
            "least_gold": self.least_gold,
        }


@dataclass(frozen=True, slots=True)
class Change:
    """Counts of one label (or of all of them: ``label`` is empty) before and after.

    ``low`` and ``high`` are the ends of the 95 % interval of the difference in F1. ``refused`` says that this
    change alone is reason enough to refuse.
    """

    label: str
    before: Counts
    after: Counts
    low: float
    high: float
    refused: bool = False

    @property
    def difference(self) -> float:
        """F1 after minus F1 before, in [-1, 1]."""
        return self.after.f1 - self.before.f1

    @property
    def certain(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: scores and differences in points."""
        return {
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "difference": _points(self.difference),
            "interval": [_points(self.low), _points(self.high)],
            "certain": self.certain,
            "refused": self.refused,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both versions on one set, or on several pooled: ``members`` names the sets in it.

    Where it does not decide (one noise out of several), it is there to be looked at.
    """

    name: str
    kind: Kind
    members: tuple[str, ...]
    sentences: int
    licence: str
    digest: str
    total: Change
    labels: tuple[Change, ...]
    confusions: tuple[Confusion, Confusion]
    decides: bool

    @property
    def refused(self) -> tuple[Change, ...]:
        """The changes that are reason enough, the total first."""
        return tuple(change for change in (self.total, *self.labels) if change.refused)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        before, after = self.confusions
        return {
            "name": self.name,
            "kind": self.kind,
            "members": list(self.members),
            "sentences": self.sentences,
            "licence": self.licence,
            "digest": self.digest,
            "decides": self.decides,
            "total": self.total.to_dict(),
            "labels": {change.label: change.to_dict() for change in self.labels},
            "confusion": {"before": before.to_dict(), "after": after.to_dict()},
        }


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence that the two versions answer differently, as far as it counts. ``index`` is from 0."""

    set: str
    index: int
    sentence: Sentence
    gold: tuple[Span, ...]
    old: tuple[Entity, ...]
    new: tuple[Entity, ...]

    @property
    def labels(self) -> frozenset[str]:
        """The labels of what is not the same in both answers."""
        return frozenset(s.label for s in {e.span for e in self.old} ^ {e.span for e in self.new})

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        gold = [
            {"text": self.sentence.surface(s), "start": s.start, "end": s.end, "label": s.label}
            for s in self.gold
        ]
        return {
            "set": self.set,
            "sentence": self.index,
            "id": self.sentence.id,
            "text": self.sentence.text,
            "gold": gold,
            "old": [entity.to_dict() for entity in self.old],
            "new": [entity.to_dict() for entity in self.new],
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether ``new`` may take the place of ``old``, why not, and everything that was looked at.

    ``broken`` are sentences with more mistakes than before, ``fixed`` with fewer, ``changed`` with as many but
    others. ``reasons`` is empty where it passed; ``notes`` are what a reader should know either way; ``ignored``
    are the labels left out because somebody asked for it.
    """

    passed: bool
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    old: Side
    new: Side
    rule: Rule
    ignored: tuple[str, ...]
    seed: int
    resamples: int
    sets: tuple[Comparison, ...]
    broken: tuple[Example, ...]
    fixed: tuple[Example, ...]
    changed: tuple[Example, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: scores in per cent, differences in points."""
        return {
            "passed": self.passed,
            "reasons": list(self.reasons),
            "notes": list(self.notes),
            "old": self.old.to_dict(),
            "new": self.new.to_dict(),
            "rule": self.rule.to_dict(),
            "ignored": list(self.ignored),
            "seed": self.seed,
            "resamples": self.resamples,
            "sets": [comparison.to_dict() for comparison in self.sets],
            "broken": [example.to_dict() for example in self.broken],
            "fixed": [example.to_dict() for example in self.fixed],
            "changed": [example.to_dict() for example in self.changed],
        }


def examples_of(
    examples: Iterable[Example], comparison: Comparison, *, labels: Sequence[str] = ()
) -> list[Example]:
    """Those of a comparison's sets; those first in which one of ``labels`` changed."""
    wanted = set(labels)
    return sorted(
        (example for example in examples if example.set in comparison.members),
        key=lambda example: wanted.isdisjoint(example.labels),
    )
