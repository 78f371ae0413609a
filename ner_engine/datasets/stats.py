"""A corpus in numbers: a Corpus in, one frozen Stats out.

A *form* is the characters of an entity with its label; what is counted of forms is counted of the pairs.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ner_engine.datasets.corpus import Corpus
from ner_engine.spans import Sentence

__all__ = ["LabelStats", "Lengths", "Stats", "Unseen", "stats"]


@dataclass(frozen=True, slots=True)
class Lengths:
    """Characters of a sentence: the least, the middle one, the mean, the most, and all together."""

    min: int
    median: float
    mean: float
    max: int
    total: int


@dataclass(frozen=True, slots=True)
class LabelStats:
    """One label: its entities, its distinct forms, and how many of these occur once."""

    entities: int
    forms: int
    once: int


@dataclass(frozen=True, slots=True)
class Unseen:
    """Entities whose form the other corpus does not have: how many, and what share of all (0 to 1)."""

    against: str
    entities: int
    share: float
    per_label: dict[str, float]


@dataclass(frozen=True, slots=True)
class Stats:
    """What ``stats`` counts. ``labels`` goes by frequency; ``unseen`` is None with nothing to compare."""

    name: str
    sentences: int
    without_entities: int
    characters: Lengths
    entities: int
    forms: int
    once: int
    labels: dict[str, LabelStats]
    problems: dict[str, int]
    unseen: Unseen | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self)


def stats(corpus: Corpus, *, against: Corpus | None = None) -> Stats:
    """Count a corpus; with ``against`` (the training part), also what of this one is new to it."""
    lengths = [len(sentence.text) for sentence in corpus.sentences]
    forms = _forms(corpus.sentences)
    entities: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    once: Counter[str] = Counter()
    for (_, label), count in forms.items():
        entities[label] += count
        kinds[label] += 1
        once[label] += count == 1
    return Stats(
        name=corpus.name,
        sentences=len(corpus.sentences),
        without_entities=sum(not sentence.entities for sentence in corpus.sentences),
        characters=_lengths(lengths),
        entities=entities.total(),
        forms=len(forms),
        once=once.total(),
        labels={label: LabelStats(n, kinds[label], once[label]) for label, n in entities.most_common()},
        problems=corpus.problem_counts(),
        unseen=None if against is None else _unseen(forms, entities, against),
    )


def _forms(sentences: Iterable[Sentence]) -> Counter[tuple[str, str]]:
    return Counter((s.surface(span), span.label) for s in sentences for span in s.entities)


def _lengths(lengths: list[int]) -> Lengths:
    if not lengths:
        return Lengths(0, 0.0, 0.0, 0, 0)
    mean = round(statistics.fmean(lengths), 2)
    return Lengths(min(lengths), float(statistics.median(lengths)), mean, max(lengths), sum(lengths))


def _unseen(forms: Counter[tuple[str, str]], entities: Counter[str], against: Corpus) -> Unseen:
    known = _forms(against.sentences)
    new: Counter[str] = Counter()
    for form, count in forms.items():
        if form not in known:
            new[form[1]] += count
    total = entities.total()
    share = round(new.total() / total, 4) if total else 0.0
    per_label = {label: round(new[label] / n, 4) for label, n in entities.most_common()}
    return Unseen(against.name, new.total(), share, per_label)
