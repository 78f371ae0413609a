"""What an utterance mentions: the extractor's entities, and what the rules can find where it found nothing.

A composed (NFC) text and entities over the caller's text go in, ``Mention`` values sorted by place come out;
offsets count in the composed text. The menu's own dishes are known by name, so they are found even if the
extractor misses them; days, times and counts are found by pattern.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ner_engine.chatbot.clock import find_clocks, find_days
from ner_engine.chatbot.menu import find_dishes
from ner_engine.chatbot.quantity import find_counts
from ner_engine.chatbot.rules import Rules
from ner_engine.josa import leading_josa
from ner_engine.spans import Entity

__all__ = ["Mention", "read_mentions"]


@dataclass(frozen=True, slots=True)
class Mention:
    """Something mentioned. ``source`` is ``"engine"``, ``"menu"`` or ``"pattern"``.

    ``josa`` is the particle after it, ``lead`` and ``after`` the few characters around it.
    """

    text: str
    start: int
    end: int
    label: str
    source: str
    josa: str = ""
    lead: str = ""
    after: str = ""

    def overlaps(self, start: int, end: int) -> bool:
        """Whether it shares a character with ``[start, end)``."""
        return self.start < end and start < self.end


def read_mentions(rules: Rules, given: str, text: str, entities: Sequence[Entity]) -> tuple[Mention, ...]:
    """All mentions of an utterance. ``given`` is the caller's text, ``text`` the same composed."""
    slots = [slot for form in rules.forms.values() for slot in form.slots]
    dates = {slot.label for slot in slots if slot.type == "date"}
    found = [_from_entity(given, text, e) for e in entities if 0 <= e.start < e.end <= len(given)]
    for label in sorted({slot.label for slot in slots if slot.type == "items"}):
        found = _with_dishes(rules, text, found, label)
    for label in sorted(dates):
        found = _with_places(text, find_days(text), label, found)
    for label in sorted({slot.label for slot in slots if slot.type == "time"}):
        # A time inside a date is no clash: 내일 저녁 7시 may come as one date.
        in_dates = [m for m in found if m.label in dates]
        others = [m for m in found if m.label not in dates]
        found = in_dates + _with_places(text, find_clocks(text), label, others)
    counted = {slot.label for slot in slots if slot.type == "count"}
    counted |= {slot.count_label for slot in slots if slot.count_label}
    units = {unit for slot in slots for unit in slot.units} | {dish.unit for dish in rules.menu}
    for label in sorted(counted):
        found = _with_places(text, find_counts(text, units), label, found)
    return tuple(sorted(found, key=lambda m: (m.start, m.end)))


def _with_dishes(rules: Rules, text: str, found: list[Mention], label: str) -> list[Mention]:
    """The menu knows its dishes better than the extractor: 짜장면 replaces a clipped 짜장."""
    for start, end, _ in find_dishes(rules.menu, text):
        inside = [m for m in found if m.overlaps(start, end)]
        wider = any(m.start < start or end < m.end for m in inside)
        exact = any(m.label == label and (m.start, m.end) == (start, end) for m in inside)
        if not wider and not exact:
            found = [m for m in found if m not in inside]
            found.append(_mention(text, start, end, label, "menu"))
    return found


def _with_places(
    text: str, places: Sequence[tuple[int, int]], label: str, found: Sequence[Mention]
) -> list[Mention]:
    """Add the places where nothing was seen yet, or only pieces of the same (저녁 of 저녁 여섯 시)."""
    result = list(found)
    for start, end in places:
        inside = [m for m in result if m.overlaps(start, end)]
        pieces = [m for m in inside if m.label == label and start <= m.start and m.end <= end]
        if len(pieces) == len(inside) and not any((m.start, m.end) == (start, end) for m in pieces):
            result = [m for m in result if m not in inside]
            result.append(_mention(text, start, end, label, "pattern"))
    return result


def _from_entity(given: str, text: str, entity: Entity) -> Mention:
    start = len(unicodedata.normalize("NFC", given[: entity.start]))
    end = len(unicodedata.normalize("NFC", given[: entity.end]))
    return _mention(text, start, min(end, len(text)), entity.label, "engine")


def _mention(text: str, start: int, end: int, label: str, source: str) -> Mention:
    lead, after = text[max(0, start - 8) : start], text[end : end + 8]
    return Mention(text[start:end], start, end, label, source, leading_josa(text[end:]), lead, after)
