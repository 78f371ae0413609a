"""Which of its days a phrase means: the year, month or week of ``3월 5일``, ``15일`` and ``금요일``.

Enters: a folded phrase and a clock. Leaves: one DateValue. ``Clock.prefer`` leans the choice, and so do words
before the phrase (지난, 이번, 오는, 다음).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from ner_engine.values.clock import Clock
from ner_engine.values.dayphrases import Base, Floats, Reading, readings
from ner_engine.values.daywords import FLOATING_LEANS, ORDINALS, SEASONS, Lean, longest_at
from ner_engine.values.festivals import NAMES
from ner_engine.values.types import DateValue

__all__ = ["choose", "first_from", "last_gone"]

_FLOATING: tuple[Floats, ...] = ("week", "month", "year")
_FURTHEST: dict[Floats, int] = {"": 0, "week": 1, "month": 3, "year": 8}  # 29 February may be eight years off
_SELDOM = re.compile("29|30|31|구일|십일|십년|윤|그믐|다섯|5")  # days, weeks and months that are not in every one
_WEEKDAY_SAID = re.compile(r"[월화수목금토일](?:요일|욜|\))")
_WRITTEN = re.compile(r"[년./-]")
_NUMERALS = "0123456789일이삼사오육륙칠팔구십"
# what a phrase of each kind can begin with, so that most texts are done with at once
_BEGIN: dict[Floats, frozenset[str]] = {
    "": frozenset(),
    "week": frozenset("월화수목금토일주불"),
    "month": frozenset(_NUMERALS + "월말초중하" + "".join(word[0] for word in ORDINALS)),
    "year": frozenset(
        _NUMERALS + "유시음양구정동섣상하전후연년세새늦한초" + "".join(word[0] for word in (*NAMES, *SEASONS))
    ),
}


def choose(s: str, clock: Clock) -> DateValue | None:
    """The days that the whole phrase means, None where it names none or they do not exist."""
    base = Base.of(clock.today, clock.today)
    for read in readings(s, base, ""):
        # 2026년 3월 5일 금요일 stands though it is a Thursday; 열흘 뒤 금요일 does not
        wrong = read.void or not (read.agrees or _WRITTEN.search(s))
        return None if wrong else read.value
    for lean, end in longest_at(FLOATING_LEANS, s, 0):
        for floats in _FLOATING:
            search = _Search(s[end:], base, floats, clock)
            found = search.chosen(lean)
            if found is not None:
                return _sooner_too(found, search) if lean == "after" else found
    for floats in _FLOATING:
        found = _Search(s, base, floats, clock).chosen(clock.prefer)
        if found is not None:
            return _today_too(found, floats, clock)
    return None


def first_from(s: str, day: date, clock: Clock) -> DateValue | None:
    """The first days from ``day`` on that the phrase can mean: 수요일 after a 다음 주 월요일."""
    base = Base.of(day, clock.today)
    for read in readings(s, base, ""):
        return None if read.void else read.value
    for floats in _FLOATING:
        found = _Search(s, base, floats, clock).chosen("from")
        if found is not None:
            return found
    return None


def last_gone(s: str, clock: Clock) -> DateValue | None:
    """The last day or stretch of the month or year that the phrase can mean and that has begun by today."""
    base = Base.of(clock.today, clock.today)
    for floats in _FLOATING[1:]:
        found = _Search(s, base, floats, clock).chosen("past")
        if found is not None:
            return found
    return None


def _sooner_too(value: DateValue, search: _Search) -> DateValue:
    """다음 금요일: of the next week, though some mean the one that comes first."""
    coming = search.chosen("next")
    if coming is None or coming.start >= value.start:
        return value
    return replace(value, alternatives=(coming,))


def _today_too(value: DateValue, floats: Floats, clock: Clock) -> DateValue:
    """금요일 said on a Friday: today, or a week from it."""
    if floats != "week" or value.start != clock.today or value.grain != "day":
        return value
    away = timedelta(weeks=-1 if clock.prefer == "past" else 1)
    return replace(value, alternatives=(DateValue(value.start + away, value.end + away),))


@dataclass(frozen=True, slots=True)
class _Search:
    """A phrase that floats in one way, read in one year, month or week after another."""

    s: str
    base: Base
    floats: Floats
    clock: Clock

    def chosen(self, lean: Lean) -> DateValue | None:
        """What is meant; a day of the week that was said with a day has to be right if it can be."""
        if not self.s or self.s[0] not in _BEGIN[self.floats]:
            return None
        named = _WEEKDAY_SAID.search(self.s) is not None
        found = self._by_lean(lean, strict=True)
        if found is None and named:
            # 3월 5일 목요일: the year in which it is one; where there is none near, the day stands
            found = self._reading(0, strict=True) if lean in ("future", "nearest") else None
            found = found or self._by_lean(lean, strict=False)
        return None if found is None or found.void else found.value

    def _by_lean(self, lean: Lean, *, strict: bool) -> Reading | None:
        today = self.clock.today
        match lean:
            case "past":
                return next((r for r in self._back(strict=strict) if r.value.start <= today), None)
            case "gone":
                return next((r for r in self._back(strict=strict) if r.value.end <= today), None)
            case "from":
                onward = (r for r in self._onward(strict=strict) if not r.void)
                return next((r for r in onward if r.value.end > self.base.day), None)
            case "after" if self.floats == "week":
                return self._reading(1, strict=strict)
            case "next" | "after":
                return next((r for r in self._onward(strict=strict) if r.value.start > today), None)
            case "this":
                return self._this(today, strict=strict)
            case "nearest":
                near = [r for k in (-1, 0, 1) if (r := self._reading(k, strict=strict)) and not r.void]
                return min(near, key=lambda r: (_distance(r.value, today), r.value.end <= today), default=None)
        return next((r for r in self._onward(strict=strict) if _to_come(r, today)), None)

    def _this(self, today: date, *, strict: bool) -> Reading | None:
        """이번 겨울, 이번 금요일: what goes on, else that of this week or year, else by preference."""
        for read in self._onward(strict=strict):
            if read.value.start <= today < read.value.end:
                return read
        same = self._reading(0, strict=strict)
        if same is None or (self.floats != "week" and same.value.grain != "season"):
            return self._by_lean(self.clock.prefer, strict=strict)
        coming = (
            self._reading(1, strict=strict) if self.floats == "week" and self.clock.prefer == "future" else None
        )
        if coming is None or same.value.end > today:
            return same
        return replace(same, value=replace(same.value, alternatives=(coming.value,)))

    def _far(self, *, strict: bool) -> int:
        seldom = _SELDOM.search(self.s) and not (strict and _WEEKDAY_SAID.search(self.s))
        return _FURTHEST[self.floats] if seldom else 1

    def _onward(self, *, strict: bool) -> Iterator[Reading]:
        found = (self._reading(k, strict=strict) for k in range(-1, self._far(strict=strict) + 1))
        return (read for read in found if read is not None)

    def _back(self, *, strict: bool) -> Iterator[Reading]:
        found = (self._reading(-k, strict=strict) for k in range(-1, self._far(strict=strict) + 1))
        return (read for read in found if read is not None)

    def _reading(self, k: int, *, strict: bool) -> Reading | None:
        for read in readings(self.s, self.base.moved(self.floats, k), self.floats):
            if read.agrees or not strict:
                return read
        return None


def _to_come(read: Reading, today: date) -> bool:
    return read.value.end > today or (read.void and read.value.start >= today)


def _distance(value: DateValue, today: date) -> int:
    if value.start <= today < value.end:
        return 0
    return (value.start - today).days if value.start > today else (today - value.end).days + 1
