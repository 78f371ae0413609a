"""How far several taggers differ on a text: their spans in, a share in [0, 1] out (query by committee)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from ner_engine.engine import Engine
from ner_engine.spans import Span

__all__ = ["Bundles", "Committee", "difference", "spans_of"]


class Committee(Protocol):
    """Taggers that answer beside the one that suggests."""

    @property
    def labels(self) -> frozenset[str]:
        """The labels that every member knows: others are not compared."""

    def answers(self, texts: Sequence[str]) -> list[list[list[Span]]]:
        """Of each text, one list of spans a member."""


class Bundles:
    """A committee of engines."""

    def __init__(self, engines: Sequence[Engine]) -> None:
        self._engines = tuple(engines)
        self.labels = frozenset.intersection(*(frozenset(e.bundle.labels) for e in engines))

    def answers(self, texts: Sequence[str]) -> list[list[list[Span]]]:
        """Of each text, one list of spans an engine."""
        of_engines = [spans_of(engine, texts) for engine in self._engines]
        return [list(of_text) for of_text in zip(*of_engines, strict=True)]


def spans_of(engine: Engine, texts: Sequence[str]) -> list[list[Span]]:
    """What an engine answers to each text, however unsure it is."""
    return [[entity.span for entity in found] for found in engine.pipe(texts, min_score=0.0)]


def difference(own: Collection[Span], others: Sequence[Collection[Span]], labels: Collection[str]) -> float:
    """The mean over the others of 1 - F1 between their spans and one's own, by the labels that all know."""
    mine = {span for span in own if span.label in labels}
    shares = []
    for other in others:
        theirs = {span for span in other if span.label in labels}
        both = len(mine) + len(theirs)
        shares.append(1 - 2 * len(mine & theirs) / both if both else 0.0)
    return sum(shares) / len(shares) if shares else 0.0
