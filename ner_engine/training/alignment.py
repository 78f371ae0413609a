"""Gold and predicted spans in, which stands for which out, and from it the confusions and the mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ner_engine.errors import MissingExtra
from ner_engine.spans import Entity, Sentence, Span

__all__ = ["KINDS", "Confusion", "Mistake", "align", "confusion", "mistakes"]

KINDS = ("missed", "spurious", "wrong label", "wrong boundary")


@dataclass(frozen=True, slots=True)
class Confusion:
    """Gold labels in rows, predicted in columns; after the labels a row ``spurious`` and a column ``missed``.

    A predicted span is paired with the gold span of the same borders, else with one it overlaps: a right
    label with wrong borders stands on the diagonal.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    def rows(self) -> list[list[str]]:
        """The matrix as a table of text, its head first; ``-`` stands where nothing can be."""
        named = zip([*self.labels, "spurious"], self.counts, strict=True)
        rows = [[name, *map(str, counts)] for name, counts in named]
        rows[-1][-1] = "-"
        return [["gold \\ predicted", *self.labels, "missed"], *rows]

    def to_dict(self) -> dict[str, Any]:
        """Names of rows and columns, and the counts row by row."""
        return {
            "rows": [*self.labels, "spurious"],
            "columns": [*self.labels, "missed"],
            "counts": [list(row) for row in self.counts],
        }


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong. ``kind`` is one of KINDS; ``index`` is the sentence's place in the evaluation.

    A pair whose labels differ is ``wrong label`` even where its borders differ too.
    """

    kind: str
    index: int
    sentence: Sentence
    gold: Span | None
    predicted: Entity | None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        gold = self.gold and {
            "text": self.sentence.surface(self.gold),
            "start": self.gold.start,
            "end": self.gold.end,
            "label": self.gold.label,
        }
        return {
            "kind": self.kind,
            "sentence": self.index,
            "id": self.sentence.id,
            "text": self.sentence.text,
            "gold": gold,
            "predicted": self.predicted and self.predicted.to_dict(),
        }


def align(gold: Sequence[Span], predicted: Sequence[Span]) -> list[tuple[int | None, int | None]]:
    """Pair each predicted span with at most one gold span; what finds no partner is paired with None.

    Spans with the same borders first; then the pairs that share most characters, of equal ones those with
    the same label, of those the leftmost. Neither side may overlap itself.
    """
    by_borders = {(span.start, span.end): i for i, span in enumerate(gold)}
    partner = {j: by_borders[p.start, p.end] for j, p in enumerate(predicted) if (p.start, p.end) in by_borders}
    taken = set(partner.values())
    overlaps = [
        (-shared, g.label != p.label, i, j)
        for j, p in enumerate(predicted)
        if j not in partner
        for i, g in enumerate(gold)
        if i not in taken and (shared := min(g.end, p.end) - max(g.start, p.start)) > 0
    ]
    for _, _, i, j in sorted(overlaps):
        if j not in partner and i not in taken:
            partner[j] = i
            taken.add(i)
    missed: list[tuple[int | None, int | None]] = [(i, None) for i in range(len(gold)) if i not in taken]
    return missed + [(partner.get(j), j) for j in range(len(predicted))]


def confusion(gold: Sequence[Sequence[Span]], predicted: Sequence[Sequence[Span]]) -> Confusion:
    """The confusion matrix of aligned spans, labels sorted. Raises MissingExtra without scikit-learn."""
    try:
        from sklearn.metrics import confusion_matrix
    except ModuleNotFoundError:
        raise MissingExtra("the confusion matrix (scikit-learn)", extra="train") from None
    labels = sorted({span.label for side in (gold, predicted) for spans in side for span in spans})
    code = {label: i for i, label in enumerate(labels)}
    nothing = len(labels)
    rows: list[int] = []
    columns: list[int] = []
    for truth, guess in zip(gold, predicted, strict=True):
        for i, j in align(truth, guess):
            rows.append(nothing if i is None else code[truth[i].label])
            columns.append(nothing if j is None else code[guess[j].label])
    if not rows:  # scikit-learn refuses to count nothing
        return Confusion((), ((0,),))
    counts = confusion_matrix(rows, columns, labels=range(nothing + 1)).tolist()
    return Confusion(tuple(labels), tuple(tuple(row) for row in counts))


def _kind(gold: Span | None, predicted: Entity | None) -> str | None:
    """What is wrong with an aligned pair, or None."""
    if predicted is None:
        return "missed"
    if gold is None:
        return "spurious"
    if gold.label != predicted.label:
        return "wrong label"
    return None if gold == predicted.span else "wrong boundary"


def mistakes(sentences: Sequence[Sentence], predicted: Sequence[Sequence[Entity]]) -> list[Mistake]:
    """All mistakes, by sentence and then from left to right."""
    found = []
    for index, (sentence, entities) in enumerate(zip(sentences, predicted, strict=True)):
        here = []
        for i, j in align(sentence.entities, [entity.span for entity in entities]):
            gold = None if i is None else sentence.entities[i]
            entity = None if j is None else entities[j]
            kind = _kind(gold, entity)
            if kind:
                first = min(s.start for s in (gold, entity) if s is not None)
                here.append((first, Mistake(kind, index, sentence, gold, entity)))
        found += [mistake for _, mistake in sorted(here, key=lambda item: item[0])]
    return found
