"""The values that travel between the parts: spans, entities, morphemes, sentences.

The offset rule, for all of them: ``start`` and ``end`` count Unicode code points of the caller's exact
string, half open, so ``text[start:end]`` is what was meant. Nothing is normalised, stripped or folded
before offsets are taken.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ner_engine.errors import DataError

__all__ = ["OPEN", "Entity", "Morpheme", "Sentence", "Span", "check_spans"]


OPEN = "?"  # the label of a stretch whose annotation is not known: any entity, or none, may stand there


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A labelled stretch of a text, ``[start, end)`` in code points. What a corpus is annotated with."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Entity:
    """One extracted entity.

    ``score`` is the probability in [0, 1] that exactly these characters carry exactly this label.
    ``source`` is ``"model"``, ``"gazetteer"`` or ``"pattern"``. ``value`` is the normalised meaning (an
    object with ``to_dict()``) or None. ``josa`` is the particle that followed in the text, or ``""``.
    ``canonical`` is a dictionary's id for what was said (아아: ``"아이스 아메리카노"``), or ``""``.
    """

    text: str
    start: int
    end: int
    label: str
    score: float = 1.0
    source: str = "model"
    value: Any = None
    josa: str = ""
    canonical: str = ""

    @property
    def span(self) -> Span:
        """The entity without its text, score and value."""
        return Span(self.start, self.end, self.label)

    def meaning(self, value: Any) -> Entity:
        """The entity with that value: as ``dataclasses.replace``, at a third of its price."""
        return Entity(
            self.text, self.start, self.end, self.label, self.score, self.source, value, self.josa, self.canonical
        )

    def to_dict(self) -> dict[str, Any]:
        """The JSON form used everywhere: console, command line, service."""
        value = self.value
        if hasattr(value, "to_dict"):
            value = value.to_dict()
        found = {
            "text": self.text,
            "start": self.start,
            "end": self.end,
            "label": self.label,
            "score": round(self.score, 4),
            "source": self.source,
            "value": value,
            "josa": self.josa,
        }
        return found | {"canonical": self.canonical} if self.canonical else found


@dataclass(frozen=True, slots=True)
class Morpheme:
    """A morpheme as an analyser gives it, with its place in the caller's text.

    ``form`` may be a dictionary form and differ from ``text[start:end]`` (contractions such as 봤 give
    보/VV and 았/EP over the same characters). ``semantic`` is the dictionary's semantic class (인명, 지명,
    ...) or ``""``.
    """

    form: str
    pos: str
    start: int
    end: int
    semantic: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text with its gold spans, sorted and not overlapping. ``id`` is unique within a corpus or ``""``."""

    text: str
    entities: tuple[Span, ...] = ()
    id: str = ""

    def surface(self, span: Span) -> str:
        """The characters a span covers."""
        return self.text[span.start : span.end]


def check_spans(text: str, spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sort spans and refuse what no corpus may hold.

    Raises DataError for an empty span, one outside the text, or two that overlap.
    """
    ordered = tuple(sorted(spans))
    last_end = 0
    for span in ordered:
        if not 0 <= span.start < span.end <= len(text):
            raise DataError(
                f"span [{span.start}, {span.end}) {span.label} does not fit a text of {len(text)} characters"
            )
        if span.start < last_end:
            raise DataError(
                f"span [{span.start}, {span.end}) {span.label} overlaps the one before it, "
                f"which ends at {last_end}"
            )
        last_end = span.end
    return ordered
