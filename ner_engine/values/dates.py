"""Dates: ``3월 5일``, ``다음 주 금요일``, ``설날 다음 날``, ``11월 말``, ``월요일부터 수요일까지``, ``사흘``.

Enters: the text of one date expression (no particles but 부터, 까지 and the like) and a clock. Leaves: a
DateValue (a day or a stretch of days), a DurationValue for an amount of days or longer, or a RecurrenceValue
(``매주 화요일``). Weeks start on Monday. What names no year, month or week is the next such (or the last, or the
nearest: ``Clock.prefer``), and what is going on counts: 11월 said in November is this one.

The way in: ``folding`` -> ``recurrences`` | ``choosing`` (which reads ``dayphrases`` and ``narrowing``) |
``daycounts`` | ``dayranges``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

from ner_engine.values.choosing import choose, first_from
from ner_engine.values.clock import Clock
from ner_engine.values.daycounts import read_duration
from ner_engine.values.dayranges import is_amount, read_amounts, read_range
from ner_engine.values.folding import fold
from ner_engine.values.recurrences import read_recurrence
from ner_engine.values.types import DateValue, DurationValue, RecurrenceValue

__all__ = ["parse_date", "read_date"]

_SIGNS = str.maketrans(
    dict(zip("火水木金土曜", "화수목금토요", strict=True))
    | dict.fromkeys("ㆍᆞ‧∙・•", "·")
    | dict.fromkeys("’‘`", "'")
    | dict.fromkeys("쥬쭈", "주")
)
_OPENINGS: tuple[tuple[re.Pattern[str], Literal["start", "end"]], ...] = (
    (re.compile("(?:에서)?부터(?:는|요)?$|이후(?:로|에|부터)?$"), "end"),
    (re.compile("까지(?:는|만|요)?$|이전(?:에|까지)?$|전까지$"), "start"),
)
_ROUNDABOUT = re.compile(
    "(?:쯤에?|경에?|께|무렵에?|즈음에?|중으로|중에|중|안으로|안에|안|내에|내로|내내|내|동안|자로|자|에)$"
)
_ALTERNATIVES = re.compile("이나|나|또는|혹은|아니면")


def parse_date(text: str, clock: Clock) -> DateValue | DurationValue | RecurrenceValue | None:
    """What the whole text names, or None if it names no date, amount of days or recurrence. Never raises.

    ``text`` may be in any normal form; spaces do not matter. A day that does not exist (2월 30일) is None.
    """
    return read_date(fold(text), clock)


def read_date(s: str, clock: Clock) -> DateValue | DurationValue | RecurrenceValue | None:
    """``parse_date`` of a folded text."""
    s = s.translate(_SIGNS)
    if not s:
        return None
    try:
        return read_recurrence(s, clock, _single) or _read(s, clock)
    except (ValueError, OverflowError):  # outside the years 1 to 9999
        return None


def _read(s: str, clock: Clock) -> DateValue | DurationValue | None:
    found = choose(s, clock) or (read_duration(s) if is_amount(s) else None)
    found = found or _single(s, clock) or read_range(s, clock, _single) or read_amounts(s)
    if found is not None:
        return found
    for pattern, side in _OPENINGS:
        match = pattern.search(s)
        if match and match.start():
            inner = _single(s[: match.start()], clock)
            if inner is not None:
                return replace(inner, open=side)
    return _either(s, clock)


def _single(s: str, clock: Clock) -> DateValue | None:
    """One date phrase, with 쯤, 경 or 중 after it."""
    found = choose(s, clock)
    if found is not None:
        return found
    match = _ROUNDABOUT.search(s)
    return choose(s[: match.start()], clock) if match and match.start() else None


def _either(s: str, clock: Clock) -> DateValue | None:
    """다음 주 화요일이나 수요일: the first, with the second as an alternative."""
    for match in _ALTERNATIVES.finditer(s):
        one = _single(s[: match.start()], clock)
        other = None if one is None else first_from(s[match.end() :], one.start, clock)
        if one is not None and other is not None:
            return replace(one, alternatives=(replace(other, alternatives=()),))
    return None
