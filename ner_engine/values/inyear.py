"""Within a year: 3월, 3/5, 1분기, 하반기, 봄, 연말, 설날, 추석 연휴, 한글날 대체공휴일, 음력 8월 15일."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from ner_engine.values.calendar import lunar_day, lunar_month, month_of
from ner_engine.values.daywords import SEASONS, longest_at, numbers_at
from ner_engine.values.festivals import long_holiday, named_day, names_at, substitute_day
from ner_engine.values.inmonth import (
    LUNAR_DAYS,
    Found,
    day_of,
    numbered_days,
    one_day,
    part_of_month,
    stretch,
    weeks_of_month,
)
from ner_engine.values.types import DateValue

__all__ = ["of_year"]

_MONTH_DAY = re.compile(r"(\d{1,2})(?P<sep>[/.])(\d{1,2})(?!\d|(?P=sep)\d)[.일]?")
_QUARTER = re.compile(r"([1-4일이삼사])(?:/4|사)?분기")
_QUARTERS = {"일": 1, "이": 2, "삼": 3, "사": 4}
_HALVES = {"상반기": 1, "전반기": 1, "하반기": 7, "후반기": 7}
_ENDS_OF_YEAR = {"연말": 2, "년말": 2, "세밑": 2, "말": 2, "연초": 0, "년초": 0, "초": 0}
_SUBSTITUTES = ("대체공휴일", "대체휴무일", "대체휴일")
_LUNAR_MONTHS = {"정월": 1, "동짓달": 11, "섣달": 12}


def of_year(s: str, at: int, year: int, *, floating: bool) -> Found:
    for month, end in _months(s, at):
        yield DateValue(*month_of(year, month), "month"), end
    m = _MONTH_DAY.match(s, at)
    if m and m[0][-1] + m["sep"] != "일.":  # 3.5일 is an amount
        yield from day_of(year, int(m[1]), int(m[3]), m.end())
    yield from _named(s, at, year)
    yield from _lunar(s, at, year)
    yield from _seasons(s, at, year)
    if m := _QUARTER.match(s, at):
        first = 3 * (_QUARTERS.get(m[1]) or int(m[1])) - 2
        yield DateValue(month_of(year, first)[0], month_of(year, first + 2)[1], "quarter"), m.end()
    for month, end in longest_at(_HALVES, s, at):
        yield DateValue(month_of(year, month)[0], month_of(year, month + 5)[1], "half"), end
    for part, end in longest_at(_ENDS_OF_YEAR, s, at):
        if not floating or end - at > 1:
            yield part_of_month(year, 12 if part else 1, part), end
    for word in ("연말연시", "연말연초"):
        if s.startswith(word, at):
            yield stretch(date(year, 12, 21), date(year + 1, 1, 11), "days"), at + 4
    if not floating:
        for word, month in (("첫", 1), ("마지막", 12)):
            if s.startswith(word, at):
                yield from weeks_of_month(s, at, year, month, floating=False)
    if s.startswith("새해첫날", at) and floating:
        yield one_day(date(year, 1, 1)), at + 4
    for word, month in (("첫달", 1), ("마지막달", 12), ("막달", 12)):
        if not floating and s.startswith(word, at):
            yield DateValue(*month_of(year, month), "month"), at + len(word)


def _seasons(s: str, at: int, year: int) -> Found:
    """여름, 겨울철; 초여름, 한여름 and 늦여름 are months of it."""
    for month, end in longest_at(SEASONS, s, at):
        span = DateValue(month_of(year, month)[0], month_of(year, month + 2)[1], "season")
        yield span, end + 1 if s.startswith("철", end) else end
    which = "초한늦".find(s[at : at + 1] or "?")
    for month, end in longest_at(SEASONS, s, at + 1) if which >= 0 else ():
        yield DateValue(*month_of(year, month + which), "month"), end


def _months(s: str, at: int) -> Iterator[tuple[int, int]]:
    for number, end in numbers_at(s, at):
        if s.startswith("월", end) and 1 <= number <= 12:
            if s.startswith("달", end + 1):
                yield number, end + 2
            if not s.startswith("요일", end + 1):
                yield number, end + 1


def _named(s: str, at: int, year: int) -> Found:
    """설날, 추석 연휴, 한글날 대체공휴일, 동지."""
    for name, end in names_at(s, at):
        day = named_day(name, year)
        if day is None:
            continue
        if s.startswith(("연휴", "명절"), end):
            yield stretch(*long_holiday(name, day), "days", name), end + 2
        for word in _SUBSTITUTES:
            if s.startswith(word, end):
                instead = substitute_day(name, year)
                full = f"{name} 대체공휴일"
                yield (one_day(instead, full) if instead else stretch(day, day, "day")), end + len(word)
        yield one_day(day, name), end


def _lunar(s: str, at: int, year: int) -> Found:
    """음력 8월 15일, 정월 초하루, 섣달그믐, 음력 윤6월 3일."""
    start = at
    said = leap = False
    for word in ("음력", "구력"):
        if s.startswith(word, at):
            at, said = at + len(word), True
    for word in ("윤달", "윤"):
        if said and s.startswith(word, at):
            at, leap = at + len(word), True
            break
    if s.startswith("양력", at) and at == start:
        yield from of_year(s, at + 2, year, floating=True)
        return
    for month, end in (*longest_at(_LUNAR_MONTHS, s, at), *(_months(s, at))):
        named = s[at:end] in _LUNAR_MONTHS
        if not said and not named:
            continue
        for day, after in (*longest_at(LUNAR_DAYS, s, end), *numbered_days(s, end)):
            whole = lunar_month(year, month, leap) if day == 0 else None
            found = whole[1] - timedelta(days=1) if whole else lunar_day(year, month, day, leap)
            if found is not None:
                yield one_day(found), after
        whole = lunar_month(year, month, leap)
        if whole is not None:
            yield stretch(*whole, "days"), end
