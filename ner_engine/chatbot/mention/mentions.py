"""What an utterance mentions: the extractor's entities, and what the rules can find where it found nothing.

A composed (NFC) text and entities over the caller's text go in, ``Mention`` values sorted by place come out;
offsets count in the composed text. The menu's dishes, the rule file's own names and patterns and the options of
its choices are known, so they are found even if the extractor misses them; days, times, counts and contacts are
found by their shape.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from ner_engine.chatbot.mention.finding import (
    Stretch,
    find_contacts,
    find_counts,
    find_days,
    find_lengths,
    find_money,
    find_places,
    find_times,
    one_place,
)
from ner_engine.chatbot.mention.identifiers import find_identifiers
from ner_engine.chatbot.mention.naming import find_named
from ner_engine.chatbot.order.menu import find_dishes, lookup
from ner_engine.chatbot.rules import Rules, Slot
from ner_engine.josa import leading_josa
from ner_engine.rules.builtin import PERSONAL
from ner_engine.rules.patterns import PatternMatcher
from ner_engine.spans import Entity
from ner_engine.values.places import parse_place
from ner_engine.values.units import UNITS

__all__ = ["Mention", "read_mentions"]


# What may be glued to a dish's name besides a particle: 짬뽕이요, 짬뽕도요, 짬뽕하나
_ENDING = re.compile(
    r"(?:이?랑|하고|도|은|는|을|를|만|으?로)?(?:이?요|이?에요|예요|입니다|주세[요여]|줘요?)?"
    r"|(?:도|만)?(?:하나|둘|셋|넷|(?:한|두|세|네|다섯)(?:개|그릇|병|접시|공기|잔))[가-힣]*"
)
_PARTICLE = re.compile("이?랑|하고|도|은|는|을|를|만")
_AROUND = 16  # characters of the text that a mention knows on either side


@dataclass(frozen=True, slots=True)
class Mention:
    """Something mentioned.

    ``source`` is ``"engine"``, ``"menu"``, ``"names"`` or ``"shape"`` (the rule file's own), or ``"pattern"``.

    ``josa`` is the particle after it, ``lead`` and ``after`` the few characters around it, ``value`` what the
    extractor takes it to mean (None: not told), ``canonical`` the name it is kept by.
    """

    text: str
    start: int
    end: int
    label: str
    source: str
    josa: str = ""
    lead: str = ""
    after: str = ""
    value: object = None
    canonical: str = ""

    def overlaps(self, start: int, end: int) -> bool:
        """Whether it shares a character with ``[start, end)``."""
        return self.start < end and start < self.end


def read_mentions(rules: Rules, given: str, text: str, entities: Sequence[Entity]) -> tuple[Mention, ...]:
    """All mentions of an utterance. ``given`` is the caller's text, ``text`` the same composed."""
    slots = [slot for form in rules.forms.values() for slot in form.slots]
    people = {word for slot in slots for word in slot.adds}  # 아이 둘: a child is no dish, whatever was labelled
    edible = {slot.label for slot in slots if slot.type == "items"}
    found = [_from_entity(given, text, e) for e in entities if 0 <= e.start < e.end <= len(given)]
    found = [m for m in found if not (m.label in edible and m.text in people)]
    for label in sorted(edible):
        found = _with_dishes(rules, text, found, label)
    found = _with_names(rules, text, found)
    for label in sorted(edible):
        found = _as_one_dish(rules, text, found, label)
    found = _with_days_and_times(text, found, slots)
    for kind, find in (("contact", find_contacts), ("money", find_money), ("duration", find_lengths)):
        for label in _labels(slots, kind):
            found = _with_places(text, find(text), label, found)
    for label in _labels(slots, "place"):
        found = _with_addresses(text, found, label)
        found = _joined(text, _with_places(text, find_places(text), label, found), label)
    found = _with_counts(rules, text, found, slots, edible)
    return tuple(sorted(found, key=lambda m: (m.start, m.end)))


def _as_one_dish(rules: Rules, text: str, found: list[Mention], label: str) -> list[Mention]:
    """까르보나라 파스타, of which two mentions were made, is one dish that is not on the menu."""

    def strange(mention: Mention) -> bool:
        known = mention.source not in ("engine", "names") or lookup(rules.menu, mention.text) is not None
        return mention.label == label and not known

    out: list[Mention] = []
    for mention in sorted(found, key=lambda m: m.start):
        last = out[-1] if out else None
        beside = last is not None and not last.josa and text[last.end : mention.start] == " "
        if last is not None and beside and last.source == "engine" and strange(last) and strange(mention):
            out[-1] = _mention(text, last.start, mention.end, label, "engine")
        else:
            out.append(mention)
    return out


def _labels(slots: Iterable[Slot], kind: str) -> list[str]:
    return sorted({slot.label for slot in slots if slot.type == kind and slot.label})


def _with_names(rules: Rules, text: str, found: list[Mention]) -> list[Mention]:
    """What the rule file knows by name or by shape hides what the extractor made of the same characters."""
    for named in find_named(rules, text):
        if any(
            m.label == named.label and m.start <= named.start and named.end < m.end + (m.start < named.start)
            for m in found
            if m.source == "engine"
        ):  # 파스타 of 까르보나라 파스타
            continue
        found = [m for m in found if m.source != "engine" or not named.hides(m.start, m.end, m.label)]
        mention = _mention(text, named.start, named.end, named.label, named.source)
        found.append(replace(mention, canonical=named.name))
    return found


def _with_days_and_times(text: str, found: list[Mention], slots: Sequence[Slot]) -> list[Mention]:
    timed = {"date", "time", "moment"}
    if not any(slot.type in timed for slot in slots):
        return found
    dates = set(_labels(slots, "date")) or {slot.labels[0] for slot in slots if slot.type == "moment"}
    times = set(_labels(slots, "time")) or {slot.labels[-1] for slot in slots if slot.type == "moment"}
    days = find_days(text)
    for label in sorted(dates):
        found = _with_places(text, days, label, found)
    hours = find_times(text)
    for label in sorted(times):
        # A time inside a date is no clash: 내일 저녁 7시 may come as one date.
        in_dates = [m for m in found if m.label in dates]
        others = [m for m in found if m.label not in dates]
        found = in_dates + _with_places(text, hours, label, others)
    return found


def _with_counts(
    rules: Rules, text: str, found: list[Mention], slots: Sequence[Slot], edible: set[str]
) -> list[Mention]:
    """Counts of dishes, guests and the like; a telephone number counts nothing."""
    counted = {slot.label for slot in slots if slot.type in ("quantity", "number")}
    counted |= {slot.count_label for slot in slots if slot.count_label}
    if not counted:
        return found
    units = _written_units(frozenset(unit for slot in slots for unit in slot.units))
    units |= {dish.unit for dish in rules.menu}
    contacts = {label for label in _labels(slots, "contact") if label in counted}
    contacts = set(_labels(slots, "contact"))
    names = [*find_identifiers(text), *((m.start, m.end) for m in found if m.source == "shape")]
    found = [
        m
        for m in found
        if m.label not in counted or m.label in contacts or not any(m.overlaps(*place) for place in names)
    ]
    for label in sorted(counted):
        ends = [m.end for m in found if m.label in edible]
        glued = [*ends, *(match.end() for end in ends if (match := _PARTICLE.match(text, end)))]
        places = [p for p in find_counts(text, units, glued=glued) if not any(_meet(p, name) for name in names)]
        found = _with_places(text, places, label, found)
    return found


@cache
def _written_units(units: frozenset[str]) -> frozenset[str]:
    """The classifiers, and every way to write those that are measures: 킬로 and 키로 for kg."""
    measures = {UNITS[unit].name for unit in units if unit in UNITS and UNITS[unit].dimension not in _COUNTED}
    return units | {written for written, unit in UNITS.items() if unit.name in measures}


_COUNTED = ("count", "people", "order")


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


def _meet(left: Stretch, right: Stretch) -> bool:
    return left[0] < right[1] and right[0] < left[1]


def _with_places(text: str, places: Sequence[Stretch], label: str, found: Sequence[Mention]) -> list[Mention]:
    """Add the places where nothing was seen yet, or only pieces of the same (저녁 of 저녁 여섯 시)."""
    result = list(found)
    for start, end in places:
        inside = [m for m in result if m.overlaps(start, end) and m.source != "names"]
        pieces = [m for m in inside if m.label == label and start <= m.start and m.end <= end]
        if len(pieces) == len(inside) and not any((m.start, m.end) == (start, end) for m in pieces):
            result = [m for m in result if m not in inside]
            result.append(_mention(text, start, end, label, "pattern"))
    return result


_ADDRESSES = PatternMatcher(pattern for pattern in PERSONAL if pattern.label == "ADDRESS")


def _with_addresses(text: str, found: Sequence[Mention], label: str) -> list[Mention]:
    """A whole address is no place with a number beside it, whatever was made of its parts."""
    result = list(found)
    for address in _ADDRESSES.find(text) if any(c.isdecimal() for c in text) else ():
        inside = [m for m in result if m.overlaps(address.start, address.end) and m.source != "names"]
        whole = any(m.label == label and m.start <= address.start and address.end <= m.end for m in inside)
        if not whole and all(address.start <= m.start and m.end <= address.end for m in inside):
            result = [m for m in result if m not in inside]
            result.append(_mention(text, address.start, address.end, label, "pattern"))
    return result


def _joined(text: str, found: list[Mention], label: str) -> list[Mention]:
    """``서울`` and ``마포구`` side by side are one place; so are the pieces of an address in one word."""
    result: list[Mention] = []
    for mention in sorted(found, key=lambda m: (m.start, m.end)):
        before = next((m for m in reversed(result) if m.label == label), None)
        if mention.label == label and before is not None and _adjoin(text, before, mention):
            result.remove(before)
            mention = _mention(text, before.start, mention.end, label, mention.source)
        result.append(mention)
    return result


def _adjoin(text: str, before: Mention, mention: Mention) -> bool:
    between = text[before.end : mention.start]
    if between == " ":
        return one_place(text[before.start : mention.end])
    if len(between) > 1 or not mention.text[-1].isdecimal():
        return False
    value = parse_place(text[before.start : mention.end])  # 서울마포구 은 하수길12
    return value is not None and "번지" in value.parts


def _from_entity(given: str, text: str, entity: Entity) -> Mention:
    start = len(unicodedata.normalize("NFC", given[: entity.start]))
    end = len(unicodedata.normalize("NFC", given[: entity.end]))
    mention = _mention(text, start, min(end, len(text)), entity.label, "engine")
    return replace(mention, value=entity.value, canonical=entity.canonical)


def _mention(text: str, start: int, end: int, label: str, source: str) -> Mention:
    lead, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    return Mention(text[start:end], start, end, label, source, leading_josa(text[end:]), lead, after)
