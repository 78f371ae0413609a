"""What an expression means: ``parse("글피 오후 세시 반", now=...)`` -> a typed value with ``to_dict()``.

Usable alone: nothing here needs a bundle. Enters: the text of an entity or any short expression, with its
particles, and a clock. Leaves: one of the frozen values of ``types``, or None where the text names none.
"""

from __future__ import annotations

from ner_engine.values.adjacent import Moment, moments_of
from ner_engine.values.clock import SEOUL, Clock, Prefer
from ner_engine.values.moments import combine
from ner_engine.values.phrases import VALUED_LABELS, parse, parse_at, tells_seconds
from ner_engine.values.types import (
    ContactValue,
    DateValue,
    DurationValue,
    MomentValue,
    MoneyValue,
    NumberValue,
    PlaceValue,
    QuantityValue,
    RecurrenceValue,
    ScoreValue,
    TimeValue,
    Value,
)

__all__ = [
    "SEOUL",
    "VALUED_LABELS",
    "Clock",
    "ContactValue",
    "DateValue",
    "DurationValue",
    "Moment",
    "MomentValue",
    "MoneyValue",
    "NumberValue",
    "PlaceValue",
    "Prefer",
    "QuantityValue",
    "RecurrenceValue",
    "ScoreValue",
    "TimeValue",
    "Value",
    "combine",
    "moments_of",
    "parse",
    "parse_at",
    "tells_seconds",
]
