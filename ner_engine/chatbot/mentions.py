"""What an utterance mentions: the extractor's entities, and what the rules can find where it found nothing.

A composed (NFC) text and entities over the caller's text go in, ``Mention`` values sorted by place come out;
offsets count in the composed text. The menu's own dishes are known by name, so they are found even if the
extractor misses them; days, times and counts are found by pattern.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ner_engine.chatbot.clock import find_clocks, find_days
from ner_engine.chatbot.identifiers import find_identifiers
from ner_engine.chatbot.menu import find_dishes
from ner_engine.chatbot.quantity import find_counts
from ner_engine.chatbot.rules import Rules
from ner_engine.josa import leading_josa
from ner_engine.spans import Entity

__all__ = ["Mention", "read_mentions"]


# What may be glued to a dish's name besides a particle: 짬뽕이요, 짬뽕도요, 짬뽕하나
_ENDING = re.compile(
    r"(?:이?랑|하고|도|은|는|을|를|만|으?로)?(?:이?요|이?에요|예요|입니다|주세[요여]|줘요?)?"
    r"|(?:도|만)?(?:하나|둘|셋|넷|(?:한|두|세|네|다섯)(?:개|그릇|병|접시|공기|잔))[가-힣]*"
)
_PARTICLE = re.compile("이?랑|하고|도|은|는|을|를|만")


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
    people = {word for slot in slots for word in slot.adds}  # 아이 둘: a child is no dish, whatever was labelled
    edible = {slot.label for slot in slots if slot.type == "items"}
    found = [m for m in found if not (m.label in edible and m.text in people)]
    for label in sorted(edible):
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
    names = find_identifiers(text)  # a telephone number counts nothing
    found = [m for m in found if m.label not in counted or not any(m.overlaps(*place) for place in names)]
    for label in sorted(counted):
        ends = [m.end for m in found if m.label in edible]
        glued = [*ends, *(match.end() for end in ends if (match := _PARTICLE.match(text, end)))]
        places = [p for p in find_counts(text, units, glued=glued) if not any(_meet(p, name) for name in names)]
        found = _with_places(text, places, label, found)
    return tuple(sorted(found, key=lambda m: (m.start, m.end)))


def _with_dishes(rules: Rules, text: str, found: list[Mention], label: str) -> list[Mention]:
    """The menu knows its dishes better than the extractor: 짜장면 replaces a clipped 짜장, and 아 짬뽕도 too."""
    for start, end, _ in find_dishes(rules.menu, text):
        inside = [m for m in found if m.overlaps(start, end)]
        wider = any(m.start < start or end < m.end for m in inside) and not _stands_alone(text, start, end)
        exact = any(m.label == label and (m.start, m.end) == (start, end) for m in inside)
        if not wider and not exact:
            found = [m for m in found if m not in inside]
            found.append(_mention(text, start, end, label, "menu"))
    return found


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a dish's name is a word of its own there, perhaps with a particle: not 고추짬뽕, not 짬뽕밥."""
    if start and re.match("[가-힣A-Za-z]", text[start - 1]):
        return False
    tail = re.match("[가-힣A-Za-z]*", text[end:])
    word = tail.group(0) if tail else ""
    return not word or leading_josa(word) == word or _ENDING.fullmatch(word) is not None


def _meet(left: tuple[int, int], right: tuple[int, int]) -> bool:
    return left[0] < right[1] and right[0] < left[1]


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
