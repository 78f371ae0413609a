"""Personal data out of a correction before it is kept: a Correction in, one of a masked text out.

What is masked is what ``rules.mask`` finds by its patterns, and the names and addresses among the corrected
entities. An entity of which a part is masked then covers the whole placeholder (``[이름1]``); where several
fall on one placeholder, the longest of them stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ner_engine.feedback.correction import Correction, checked
from ner_engine.rules.mask import Masked, mask
from ner_engine.spans import Entity, Span

__all__ = ["masked_correction"]


def masked_correction(correction: Correction) -> Correction:
    """The correction of the masked text, with its ``extra`` gone, for a tool may have kept the text there too.

    Raises DataError for entities that do not fit the text.
    """
    if correction.masked:
        return correction
    correction = checked(correction)
    text = correction.text
    entities = [Entity(text[s.start : s.end], s.start, s.end, s.label) for s in correction.entities]
    masked = mask(text, entities)
    return replace(
        correction,
        text=masked.text,
        entities=_carried(masked, correction.entities),
        original=_carried(masked, correction.original),
        masked=True,
        extra="",
    )


def _carried(masked: Masked, spans: Iterable[Span]) -> tuple[Span, ...]:
    kept: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.start - one.end, one.start)):
        start, end = masked.masked_span(span.start, span.end)
        if all(end <= other.start or start >= other.end for other in kept):
            kept.append(Span(start, end, span.label))
    return tuple(sorted(kept))
