"""What the corrections say: corrections in, counts out. How many of each status, and what was wrong with the
labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ner_engine.feedback.correction import Correction
from ner_engine.spans import Span

__all__ = ["Counted", "LabelCount", "count_corrections"]


@dataclass(slots=True)
class LabelCount:
    """What persons said of one label: ``right`` as found, ``missing`` and added, ``wrong`` and taken away, found
    with other ``borders``, or found under another label (``renamed``, by that label)."""

    right: int = 0
    missing: int = 0
    wrong: int = 0
    borders: int = 0
    renamed: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Counted:
    """The counts. ``changed`` are corrections in which the engine had been wrong."""

    total: int = 0
    changed: int = 0
    consent: int = 0
    masked: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    bundles: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    people: Counter[str] = field(default_factory=Counter)
    labels: dict[str, LabelCount] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "total": self.total,
            "changed": self.changed,
            "consent": self.consent,
            "masked": self.masked,
            "statuses": _sorted(self.statuses),
            "bundles": _sorted(self.bundles),
            "sources": _sorted(self.sources),
            "by": _sorted(self.people),
            "labels": {
                label: {
                    "right": one.right,
                    "missing": one.missing,
                    "wrong": one.wrong,
                    "borders": one.borders,
                    "renamed_from": _sorted(one.renamed),
                }
                for label, one in sorted(self.labels.items())
            },
        }


def count_corrections(corrections: Iterable[Correction]) -> Counted:
    """Count them."""
    counted = Counted()
    for correction in corrections:
        counted.total += 1
        counted.changed += correction.changed
        counted.consent += correction.consent
        counted.masked += correction.masked
        counted.statuses[correction.status] += 1
        counted.bundles[correction.bundle] += 1
        counted.sources[correction.source] += 1
        counted.people[correction.by] += 1
        _count_labels(counted.labels, correction)
    return counted


def _count_labels(labels: dict[str, LabelCount], correction: Correction) -> None:
    found, right = set(correction.original), set(correction.entities)
    left = found - right
    for span in sorted(right):
        one = labels.setdefault(span.label, LabelCount())
        if span in found:
            one.right += 1
            continue
        near = next((other for other in sorted(left) if _overlap(span, other)), None)
        if near is None:
            one.missing += 1
            continue
        left.discard(near)
        if near.label == span.label:
            one.borders += 1
        else:
            one.renamed[near.label] += 1
    for span in left:
        labels.setdefault(span.label, LabelCount()).wrong += 1


def _overlap(a: Span, b: Span) -> bool:
    return a.start < b.end and b.start < a.end


def _sorted(counter: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counter.items(), key=lambda one: (-one[1], one[0])))
