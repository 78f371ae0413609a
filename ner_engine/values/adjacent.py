"""The dates and times of a text, joined where they stand side by side: entities in, ``Moment``s out.

``다음 주 금요일[DT] 저녁 7시 반[TI]`` is one moment, ``월요일[DT]부터 수요일[DT]까지`` one stretch of days.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ner_engine.spans import Entity
from ner_engine.values.clock import Clock
from ner_engine.values.moments import coming
from ner_engine.values.phrases import DATE_LABELS, TIME_LABELS, parse_at
from ner_engine.values.types import DateValue, MomentValue, RecurrenceValue, TimeValue

__all__ = ["Moment", "moments_of"]

_LINK = re.compile(r"\s*(?:[,·~-]|의|에|날|부터|에서|에서부터|까지)?\s*(?:\([월화수목금토일]\)\s*)?")
_OPENING = re.compile(r"\s?(?:부터|까지|이후|이전|전(?=에|까지|\s|$))")
_MOST = 4  # entities that make one moment


@dataclass(frozen=True, slots=True)
class Moment:
    """What one or more neighbouring entities say about when: ``text[start:end]``, half open, in code points.

    ``value`` is a MomentValue, a DateValue where no time of day was said, or a RecurrenceValue.
    """

    text: str
    start: int
    end: int
    value: DateValue | MomentValue | RecurrenceValue
    entities: tuple[Entity, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: the text, its place, and the value's own form."""
        return {"text": self.text, "start": self.start, "end": self.end, "value": self.value.to_dict()}


def moments_of(text: str, entities: Sequence[Entity], clock: Clock) -> list[Moment]:
    """The moments that the date and time entities of ``text`` name, by their place; amounts of time are none.

    Entities join over spaces and 부터, 에서, 의 and the like, as many as have a value together. A time that
    stands alone falls on the day it comes next by the clock. ``entities`` are sorted and do not overlap.
    """
    timed = [e for e in entities if e.label in DATE_LABELS or e.label in TIME_LABELS]
    found: list[Moment] = []
    at = 0
    while at < len(timed):
        reach = at + 1
        while (
            reach < len(timed)
            and reach - at < _MOST
            and _LINK.fullmatch(text, timed[reach - 1].end, timed[reach].start)
        ):
            reach += 1
        while reach > at + 1 and (moment := _moment(text, timed[at:reach], clock)) is None:
            reach -= 1
        if reach == at + 1:
            moment = _moment(text, timed[at:reach], clock)
        if moment is not None:
            found.append(moment)
        at = reach
    return found


def _moment(text: str, entities: Sequence[Entity], clock: Clock) -> Moment | None:
    start, end = entities[0].start, entities[-1].end
    opening = _OPENING.match(text, end)
    stretch = text[start : opening.end() if opening else end]
    label = entities[0].label if len(entities) == 1 else ""
    value = parse_at(stretch, clock, label=label, following=text[end : end + 8])
    if isinstance(value, TimeValue):
        value = coming(value, clock)
    if not isinstance(value, DateValue | MomentValue | RecurrenceValue):
        return None
    return Moment(text[start:end], start, end, value, tuple(entities))
