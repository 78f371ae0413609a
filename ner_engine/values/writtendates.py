"""Dates and years as they are written: 2026-03-05, 26.3.5, 20260305, 2026-W48, 2026년, '26년, 90년대, 21세기."""

from __future__ import annotations

import re
from datetime import date, timedelta

from ner_engine.values.calendar import month_of
from ner_engine.values.inmonth import Found, one_day, stretch
from ner_engine.values.numerals import scan_number
from ner_engine.values.types import DateValue

__all__ = ["whole_year", "written"]

_FULL = re.compile(r"(\d{4}|'?\d{2})(?P<sep>[-./])(\d{1,2})(?P=sep)(\d{1,2})[.일]?")
_SOLID = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YEAR_MONTH = re.compile(r"(\d{4})[-./](\d{1,2})(?![\d/-])\.?")
_ISO_WEEK = re.compile(r"(\d{4})-?w(\d{2})(?:-?([1-7]))?")
_DECADE = re.compile(r"(\d{4}|\d0)년대")
_CENTURY = re.compile(r"(\d{1,2})세기")
_BARE_YEAR = re.compile(r"(?:19|20)\d\d(?![\d.,:/-])")
_SAID_YEAR = re.compile(r"(?:지난|오는|다가오는)(?=\d{4}년)")
_SHORT_YEAR = re.compile(r"['’‘](\d{2})년도?")
_CENTURY_YEARS = 100
_LAST_SPELLED = 2200


def written(s: str, today: date) -> Found:
    """Every written date or year that ``s`` begins with, and where it ends."""
    yield from _digits(s, today)
    yield from _years(s, 0, today)
    if m := _SAID_YEAR.match(s):  # 지난 2008년
        yield from _years(s, m.end(), today)


def whole_year(year: int) -> DateValue:
    """A year as a value."""
    return DateValue(date(year, 1, 1), date(year + 1, 1, 1), "year")


def _digits(s: str, today: date) -> Found:
    """2026-03-05, 26.3.5, 20260305, 2026.03, 2026-W48."""
    if m := _FULL.match(s):
        yield from _real(_full_year(m[1], today), int(m[3]), int(m[4]), m.end())
    if (m := _SOLID.match(s)) and not s[m.end() : m.end() + 1].isdigit():
        yield from _real(int(m[1]), int(m[2]), int(m[3]), m.end())
    if (m := _YEAR_MONTH.match(s)) and 1 <= int(m[2]) <= 12:
        yield DateValue(*month_of(int(m[1]), int(m[2])), "month"), m.end()
    if m := _ISO_WEEK.match(s):
        try:
            monday = date.fromisocalendar(int(m[1]), int(m[2]), 1)
        except ValueError:
            return
        if m[3]:
            yield one_day(monday + timedelta(days=int(m[3]) - 1)), m.end()
        else:
            yield DateValue(monday, monday + timedelta(days=7), "week"), m.end()


def _real(year: int, month: int, day: int, end: int) -> Found:
    try:
        yield one_day(date(year, month, day)), end
    except ValueError:  # the 30th of February
        return


def _full_year(digits: str, today: date) -> int:
    """Two digits are the year of that ending from 89 years ago to 10 years on: 26 is 2026, 60 is 1960."""
    year = int(digits.lstrip("'"))
    if len(digits.lstrip("'")) == 4:
        return year
    first = today.year - 89
    return first + (year - first) % _CENTURY_YEARS


def _years(s: str, at: int, today: date) -> Found:
    """2026년, 이천이십육년, 26년 3월, '26년, 2026, 99년; 90년대, 21세기."""
    if m := _SHORT_YEAR.match(s, at):
        yield whole_year(_full_year(m[1], today)), m.end()
    if m := _BARE_YEAR.match(s, at):
        yield whole_year(int(m[0])), m.end()
    if m := _DECADE.match(s, at):
        first = _full_year(m[1], today) if len(m[1]) == 2 else int(m[1])
        if first % 10 == 0:
            yield stretch(date(first, 1, 1), date(first + 10, 1, 1), "years"), m.end()
    if (m := _CENTURY.match(s, at)) and 1 <= int(m[1]) <= 98:
        last = int(m[1]) * _CENTURY_YEARS
        yield stretch(date(last - 99, 1, 1), date(last + 1, 1, 1), "years"), m.end()
    place = s.find("년", at + 1, at + 12)
    if place < 0:
        return
    year = _named_year(s[at:place], today, alone=place + 1 == len(s))
    end = place + 1
    if year is not None and 1 <= year <= 9998:
        if s.startswith("도", end):
            yield whole_year(year), end + 1
        yield whole_year(year), end


def _named_year(word: str, today: date, *, alone: bool) -> int | None:
    found = scan_number(word)
    if found is None or found[1] < len(word) or found[0].upper is not None or found[0].value % 1:
        return None
    number = int(found[0].value)
    if number >= 1000 and "," not in word:
        spelled = not word[0].isdecimal()
        return None if spelled and (number == 1000 or number >= _LAST_SPELLED) else number  # 천 년 is an amount
    if not 20 <= number < _CENTURY_YEARS and not (len(word) == 2 and word.isdecimal()):
        return None
    year = _full_year(f"{number:02}", today)
    # 3년, 20년 and 30년 are amounts; 26년, 24년 and 99년 are years
    digits = len(word) == 2 and word.isdecimal()
    likely = number >= 60 or (digits and number % 10 and abs(year - today.year) <= 5)
    return year if likely or (digits and not alone) else None
