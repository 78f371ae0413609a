"""A date and a time together: one moment. ``내일 오후 3시``, ``금요일 밤부터 일요일 아침까지``.

Enters: a folded text (see ``folding``), or a DateValue with a TimeValue, and a clock. Leaves: a MomentValue, or,
for what recurs (``매주 화요일 저녁 7시``), a RecurrenceValue.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Literal

from ner_engine.values.clock import Clock
from ner_engine.values.dates import parse_date
from ner_engine.values.times import at_time, opened, read_time
from ner_engine.values.types import DateValue, MomentValue, RecurrenceValue, TimeValue

__all__ = ["combine", "coming", "read_moment", "recur"]

_FIRST = frozenset("0123456789한두세네다여일아열스이삼사오육칠팔구십영공새꼭점낮대저초밤심정자늦해ap")
_RANGE = re.compile(r"에서부터|부터|에서|~|-")
_END = re.compile(r"(?:까지|사이에?)$")
_LINK = " ,.·의t에"
_SHORT = 3  # days: 주말 저녁 is one of so few evenings
_MOST = 3  # alternatives
_MOST_LINKS = 5  # 2026-11-27 19:30~2026-11-28 05:00 has three before the end


def combine(date: DateValue, time: TimeValue, clock: Clock) -> MomentValue | None:
    """The moment of ``time`` on the day ``date``; other readings of either are its alternatives.

    Of two readings of the hour (3시) the one is preferred that lies ahead if the day is today (or behind, where
    the clock prefers the past); on another day 9 to 11 are in the morning, 7 and 8 in the evening. A stretch of
    up to three days (주말) leaves open which; a longer one is no moment and gives None, as does what lies past
    9999.
    """
    if (date.end - date.start).days > _SHORT or date.grain not in ("day", "days", "weekend"):
        return None
    try:
        found = _readings(date, _preferred(date, time, clock), clock)
        for other in date.alternatives:
            if (other.end - other.start).days == 1:
                found += _readings(other, _preferred(other, time, clock)[:1], clock)
    except OverflowError:
        return None
    first = found[0]
    if len(date.alternatives) and date.start == clock.today and clock.prefer == "future":
        # 금요일 3시, said on a Friday at four, is next week's
        first = next((one for one in found if (one.end or one.start) >= clock.now), first)
    side: Literal["", "start", "end"] = time.open or date.open
    rest = tuple(one for one in dict.fromkeys(found) if one != first)
    return opened(replace(first, alternatives=rest[:_MOST]), side)


def _readings(date: DateValue, times: list[TimeValue], clock: Clock) -> list[MomentValue]:
    count = max(1, (date.end - date.start).days) if date.grain in ("weekend", "days") else 1
    midnights = [_midnight(date.start + timedelta(days=n), clock) for n in range(count)]
    return [at_time(midnight, one) for one in times for midnight in midnights]


def _midnight(day: date, clock: Clock) -> datetime:
    return datetime.combine(day, time(), clock.zone)


def _preferred(date: DateValue, value: TimeValue, clock: Clock) -> list[TimeValue]:
    """The readings of a time, in the order in which they are likely on that day."""
    times = [replace(value, alternatives=()), *value.alternatives]
    if len(times) == 1 or any((t.start.hour - value.start.hour) % 12 for t in times):
        return times
    if date.start == clock.today and date.grain == "day":
        if clock.prefer == "nearest":
            return times
        ahead, midnight = clock.prefer == "future", _midnight(date.start, clock)
        return sorted(times, key=lambda t: (at_time(midnight, t).start >= clock.now) != ahead)
    hour = value.start.hour % 12
    if hour >= 7:
        return sorted(times, key=lambda t: (t.start.hour >= 12) != (hour in (7, 8)))
    return times


def coming(value: TimeValue, clock: Clock) -> MomentValue | None:
    """A time without a date on the day it comes next (or came last, or is nearest, as the clock prefers)."""
    found = []
    for reading in (replace(value, alternatives=()), *value.alternatives):
        moments = []
        for days in (-1, 0, 1):
            try:
                moments.append(at_time(_midnight(clock.today + timedelta(days=days), clock), reading))
            except OverflowError:
                continue
        ahead = [m for m in moments if (m.end or m.start) >= clock.now]
        behind = [m for m in moments if m.start <= clock.now]
        if clock.prefer == "nearest":
            moments.sort(key=lambda m: abs(m.start - clock.now))
            found.append(moments[0])
        elif clock.prefer == "future" and ahead:
            found.append(ahead[0])
        elif clock.prefer == "past" and behind:
            found.append(behind[-1])
    return replace(found[0], alternatives=tuple(found[1:])) if found else None


def recur(date: RecurrenceValue, time: TimeValue, clock: Clock, text: str = "") -> RecurrenceValue:
    """A recurrence of days at a time of day: ``FREQ=WEEKLY;BYDAY=TU`` at 19:30 -> ``...;BYHOUR=19;BYMINUTE=30``.

    ``text`` is what ``date`` was read from: it is read again as of tomorrow where today's time has passed.
    """
    others = _preferred(DateValue(clock.today, clock.today + timedelta(days=1), "days"), time, clock)
    rule = f"{date.rule};BYHOUR={others[0].start.hour};BYMINUTE={others[0].start.minute}"
    following = _at(date, others[0], clock)
    if following is not None and (following.end or following.start) < clock.now and text:
        later = _tomorrow(clock)
        again = parse_date(text, later) if later else None
        if isinstance(again, RecurrenceValue):
            following = _at(again, others[0], clock)
    alternatives = tuple(
        RecurrenceValue(f"{date.rule};BYHOUR={t.start.hour};BYMINUTE={t.start.minute}", _at(date, t, clock))
        for t in others[1:]
    )
    return RecurrenceValue(rule, following, alternatives)


def _at(date: RecurrenceValue, time: TimeValue, clock: Clock) -> MomentValue | None:
    if not isinstance(date.next, DateValue):
        return None
    try:
        return at_time(_midnight(date.next.start, clock), time)
    except OverflowError:
        return None


def _tomorrow(clock: Clock) -> Clock | None:
    try:
        return Clock(_midnight(clock.today + timedelta(days=1), clock), clock.prefer)
    except OverflowError:
        return None


def read_moment(s: str, clock: Clock) -> MomentValue | RecurrenceValue | None:
    """The moment, stretch between two moments or recurrence that all of a folded text names."""
    found = _joined(s, clock)
    if found is not None:
        return found
    for match in islice(_RANGE.finditer(s), _MOST_LINKS):
        first = _side(s[: match.start()], clock)
        if first is None:
            continue
        rest = _END.sub("", s[match.end() :])
        last = _side(rest, clock, after=first) or _side(rest, Clock(first.start), after=first)
        if last is not None:
            return MomentValue(first.start, last.end or last.start, "hours")
    return None


def _joined(s: str, clock: Clock) -> MomentValue | RecurrenceValue | None:
    """A date directly followed by a time, the longest such time."""
    for at in range(1, len(s)):
        if s[at] not in _FIRST or (s[at].isdecimal() and s[at - 1].isdecimal()):
            continue
        told = read_time(s[at:], clock)
        if not isinstance(told, TimeValue):
            continue
        words = s[:at].rstrip(_LINK)
        day = parse_date(words, clock) if words else None
        if isinstance(day, DateValue):
            moment = combine(day, told, clock)
            if moment is not None:
                return moment
        elif isinstance(day, RecurrenceValue) and not (day.next and isinstance(day.next, MomentValue)):
            return recur(day, told, clock, words)
    return None


def _side(s: str, clock: Clock, after: MomentValue | None = None) -> MomentValue | None:
    """One end of a stretch: a moment, or at its end a time of the day it began on, or else a day."""
    if not s:
        return None
    found: object = read_time(s, clock)
    if not isinstance(found, MomentValue):
        found = _joined(s, clock) or found
    if isinstance(found, MomentValue):
        return found if after is None or (found.end or found.start) > after.start else None
    if isinstance(found, TimeValue) and after is not None:
        day = after.start.date()
        for reading in (replace(found, alternatives=()), *found.alternatives):
            try:
                moment = at_time(_midnight(day, clock), reading)
            except OverflowError:
                return None
            if (moment.end or moment.start) > after.start:
                return moment
    return None
