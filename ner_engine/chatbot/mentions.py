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
    """Something mentioned. ``source`` is ``"engine"``, ``"menu"`` or ``"pattern"``; ``josa`` what follows it."""

    text: str
    start: int
    end: int
    label: str
    source: str
    josa: str = ""

    def overlaps(self, start: int, end: int) -> bool:
        """Whether it shares a character with ``[start, end)``."""
        return self.start < end and start < self.end


def read_mentions(rules: Rules, given: str, text: str, entities: Sequence[Entity]) -> tuple[Mention, ...]:
    """All mentions of an utterance. ``given`` is the caller's text, ``text`` the same composed."""
    found = [_from_entity(given, text, entity) for entity in entities if 0 <= entity.start < entity.end <= len(given)]
    slots = [slot for form in rules.forms.values() for slot in form.slots]

    for label in dict.fromkeys(slot.label for slot in slots if slot.type == "items"):
        for start, end, _ in find_dishes(rules.menu, text):
            # The menu knows its dishes better than the extractor: 짜장면 against a clipped 짜장.
            inside = [m for m in found if m.overlaps(start, end)]
            if all(start <= m.start and m.end <= end for m in inside):
                exact = any(m.label == label and (m.start, m.end) == (start, end) for m in inside)
                if not exact:
                    found = [m for m in found if m not in inside]
                    found.append(_mention(text, start, end, label, "menu"))

    units = {unit for slot in slots for unit in slot.units} | {dish.unit for dish in rules.menu}
    finders = {
        "date": lambda: find_days(text),
        "time": lambda: find_clocks(text),
        "count": lambda: find_counts(text, units),
        "items": lambda: find_counts(text, units),
    }
    for kind in ("date", "time", "count", "items"):
        labels = {slot.label for slot in slots if slot.type == kind}
        if kind == "items":  # the counts of dishes carry the label of the other counts, or QT
            labels = {"QT"} if labels and not any(slot.type == "count" for slot in slots) else set()
        for label in sorted(labels):
            for start, end in finders[kind]():
                blocking = [m for m in found if m.overlaps(start, end)]
                if kind == "time":  # 내일 저녁 7시 taken as one date still holds a time
                    blocking = [m for m in blocking if m.label not in _date_labels(rules)]
                if kind == "count":  # a part of another number or name is none
                    pass
                if not blocking:
                    found.append(_mention(text, start, end, label, "pattern"))
    return tuple(sorted(found, key=lambda m: (m.start, m.end)))


def _date_labels(rules: Rules) -> set[str]:
    return {slot.label for form in rules.forms.values() for slot in form.slots if slot.type == "date"}


def _from_entity(given: str, text: str, entity: Entity) -> Mention:
    start = len(unicodedata.normalize("NFC", given[: entity.start]))
    end = len(unicodedata.normalize("NFC", given[: entity.end]))
    return _mention(text, start, min(end, len(text)), entity.label, "engine")


def _mention(text: str, start: int, end: int, label: str, source: str) -> Mention:
    return Mention(text[start:end], start, end, label, source, leading_josa(text[end:]))
