"""One date phrase, folded, to every way it reads: an anchor (올해, 다음 주) and what narrows it (둘째 주 화요일).

A phrase that names no year, month or week (``3월 5일``, ``15일``, ``금요일``) floats: it is read inside the year,
month or week of a ``Base``, and who calls tries several. Nothing here chooses between readings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from ner_engine.values.calendar import monday_of, month_of
from ner_engine.values.daycounts import away, scan_duration, shifted
from ner_engine.values.daywords import NEAR_DAYS, RELATIVE, longest_at
from ner_engine.values.festivals import days_off, standard_name
from ner_engine.values.inmonth import one_day, stretch
from ner_engine.values.narrowing import narrowings
from ner_engine.values.types import DateValue, DurationValue
from ner_engine.values.writtendates import whole_year, written

__all__ = ["Base", "Floats", "Reading", "readings"]

Floats = Literal["", "week", "month", "year"]

_HOLIDAY = re.compile(
    "(?P<next>다음|돌아오는|오는|다가오는|이번)?(?:공휴일|(?P<instead>대체(?:공휴일|휴일|휴무일)))"
)
_DIRECTIONS = (
    ("있다가", 1), ("이따가", 1), ("지나서", 1), ("지난뒤", 1), ("지난후", 1), ("이후", 1), ("있다", 1),
    ("이따", 1), ("뒤", 1), ("후", 1), ("이전", -1), ("전", -1),
)  # fmt: skip
_FROM_NOW = ("지금으로부터", "지금부터", "오늘로부터", "오늘부터", "오늘로", "앞으로", "향후")
_SIDES = (("앞으로", 1), ("향후", 1), ("다음", 1), ("지난", -1), ("최근", -1), ("과거", -1), ("요", -1))
_WITHIN = ("이내에", "이내로", "이내", "안으로", "안에", "안", "내로", "내에", "내")
_DURING = ("동안", "간", "내내")
_DEEPEST = 5
_FIRST_YEAR = 1900  # that is no amount of years


@dataclass(frozen=True, slots=True)
class Base:
    """Today, and a day with its year, month (counted from year 0) and week (its Monday), where phrases float."""

    today: date
    day: date
    year: int
    month: int
    monday: date

    @classmethod
    def of(cls, day: date, today: date) -> Base:
        """The year, month and week of ``day``."""
        return cls(today, day, day.year, day.year * 12 + day.month - 1, monday_of(day))

    def moved(self, floats: Floats, count: int) -> Base:
        """With another year, month or week."""
        match floats:
            case "year":
                return replace(self, year=self.year + count)
            case "month":
                return replace(self, month=self.month + count)
            case "week":
                return replace(self, monday=self.monday + timedelta(weeks=count))
        return self


@dataclass(frozen=True, slots=True)
class Reading:
    """A value, and whether the day of the week said with it is right; ``void``: there is no such day then."""

    value: DateValue
    agrees: bool = True
    void: bool = False


def readings(s: str, base: Base, floats: Floats) -> Iterator[Reading]:
    """Every reading of the whole of ``s`` that floats in this way (``""``: that does not)."""
    for value, end in _ANCHORS[floats](s, base):
        yield from _rest(s, end, Reading(value, void=value.start == value.end), base.today, 1)


def _rest(s: str, at: int, read: Reading, today: date, depth: int) -> Iterator[Reading]:
    if at == len(s):
        yield read
        return
    if depth > _DEEPEST:
        return
    for value, end in narrowings(s, at, read.value, today):
        # a day narrowed to no days: another day of the week was said than it is
        if value.start == value.end and read.value.grain == "day" and value.start == read.value.start:
            yield from _rest(s, end, replace(read, agrees=False), today, depth + 1)
        else:
            void = read.void or value.start == value.end
            yield from _rest(s, end, replace(read, value=value, void=void), today, depth + 1)


Anchor = Iterator[tuple[DateValue, int]]


def _fixed(s: str, base: Base) -> Anchor:
    for days, end in longest_at(NEAR_DAYS, s, 0):
        yield one_day(base.today + timedelta(days=days)), end
    for (unit, count), end in longest_at(RELATIVE, s, 0):
        yield _relative(unit, count, base.today), end
    yield from _near_days(s, base.today)
    yield from _public_holidays(s, base.today)
    yield from written(s, base.today)
    yield from _counted(s, base)


def _near_days(s: str, today: date) -> Anchor:
    """오늘내일, 어제오늘, 오늘 내일 모레: days on end."""
    found: list[int] = []
    at = 0
    while at < len(s):
        words = ((days, end) for days, end in longest_at(NEAR_DAYS, s, at) if not found or days == found[-1] + 1)
        days, end = next(words, (0, at))
        if end == at:
            break
        found.append(days)
        at = end
    if len(found) > 1:
        yield stretch(today + timedelta(days=found[0]), today + timedelta(days=found[-1] + 1), "days"), at


def _public_holidays(s: str, today: date) -> Anchor:
    """공휴일, 다음 공휴일, 대체공휴일: the next there is, with its name."""
    match = _HOLIDAY.match(s)
    if match is None:
        return
    since = today + timedelta(days=match["next"] is not None and not match["next"].startswith("이번"))
    for year in (today.year, today.year + 1):
        for day, name in sorted(days_off(year).items()):
            if day >= since and (not match["instead"] or "대체" in name):
                yield one_day(day, standard_name(name)), match.end()
                return


def _relative(unit: str, count: int, today: date) -> DateValue:
    monday = monday_of(today) + timedelta(weeks=count)
    match unit:
        case "week":
            return DateValue(monday, monday + timedelta(days=7), "week")
        case "weekend":
            return DateValue(monday + timedelta(days=5), monday + timedelta(days=7), "weekend")
        case "month":
            return DateValue(*month_of(today.year, today.month + count), "month")
        case "quarter":
            first = (today.month - 1) // 3 * 3 + 1 + 3 * count
            return DateValue(month_of(today.year, first)[0], month_of(today.year, first + 2)[1], "quarter")
    return whole_year(today.year + count)


def _counted(s: str, base: Base) -> Anchor:
    """사흘 뒤, 2주 뒤 화요일, 한 달 전; 앞으로 사흘, 지난 일주일; 3일 이내."""
    today = base.today
    start = next((len(word) for word in _FROM_NOW if s.startswith(word)), 0)
    for at in sorted({start, 0}, reverse=True):
        found = scan_duration(s, at)
        if found is None:
            continue
        span, end = found
        for word, sign in _DIRECTIONS:
            if s.startswith(word, end):
                after = end + len(word)
                if after < len(s) and span.upper is None:
                    yield _scope(span, today, sign), after
                yield away(today, span, sign), after
        for word in _WITHIN:
            if s.startswith(word, end):
                yield stretch(today, away(today, span.upper or span, 1).end, "days"), end + len(word)
    yield from _stretches(s, today)


def _stretches(s: str, today: date) -> Anchor:
    """앞으로 사흘, 지난 일주일, 최근 3일: days that end or begin today."""
    for word, sign in _SIDES:
        found = scan_duration(s, len(word)) if s.startswith(word) else None
        if found is None or found[0].upper is not None:
            continue
        span, end = found
        if span.years >= _FIRST_YEAR:
            continue
        first, last = sorted((today, shifted(today, span, sign)))
        for suffix in _DURING:
            if s.startswith(suffix, end):
                yield stretch(first, last, "days"), end + len(suffix)
        dated = word in ("지난", "다음") and s[len(word)].isdigit() and s[end - 1] == "일"
        if not dated:  # 지난 20일 is one day
            yield stretch(first, last, "days"), end


def _scope(span: DurationValue, today: date, sign: int) -> DateValue:
    """What 뒤 and 전 leave to be narrowed: the week of 2주 뒤 화요일, the month of 두 달 뒤 5일."""
    day = shifted(today, span, sign)
    if span.days:
        return one_day(day)
    if span.weeks:
        monday = monday_of(day)
        return DateValue(monday, monday + timedelta(days=7), "week")
    if span.months:
        return DateValue(*month_of(day.year, day.month), "month")
    return whole_year(day.year)


def _in_week(s: str, base: Base) -> Anchor:
    week = DateValue(base.monday, base.monday + timedelta(days=7), "week")
    return narrowings(s, 0, week, base.today, floating=True)


def _in_month(s: str, base: Base) -> Anchor:
    month = DateValue(*month_of(base.month // 12, base.month % 12 + 1), "month")
    return narrowings(s, 0, month, base.today, floating=True)


def _in_year(s: str, base: Base) -> Anchor:
    return narrowings(s, 0, whole_year(base.year), base.today, floating=True)


_ANCHORS: dict[str, Callable[[str, Base], Anchor]] = {
    "": _fixed,
    "week": _in_week,
    "month": _in_month,
    "year": _in_year,
}
