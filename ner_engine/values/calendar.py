"""The calendar beneath the dates: months, weeks, the Korean lunar calendar, the 24 절기, Easter and the dog days.

Numbers enter (year, month, n-th), days leave. Weeks start on Monday. ``lunar_day`` reads korean-lunar-calendar
(Korea Astronomy and Space Science Institute's tables, lunar years 1000 to 2050); ``solar_term`` is the day in
Korea on which the sun reaches the term's longitude, after J. Meeus, Astronomical Algorithms, ch. 25
(good to 15 minutes; tried against an ephemeris for 1900 to 2100, see ``_MENDED``).
"""

from __future__ import annotations

import math
from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache

__all__ = [
    "SOLAR_TERMS",
    "add_months",
    "dog_day",
    "easter",
    "last_weekday",
    "lunar_day",
    "lunar_month",
    "monday_of",
    "month_length",
    "month_of",
    "nth_weekday",
    "solar_term",
    "week_of_month",
]

_LUNAR_YEARS = range(1000, 2051)

# longitude of the sun at the term, in degrees
SOLAR_TERMS = {
    "입춘": 315, "우수": 330, "경칩": 345, "춘분": 0, "청명": 15, "곡우": 30, "입하": 45, "소만": 60, "망종": 75,
    "하지": 90, "소서": 105, "대서": 120, "입추": 135, "처서": 150, "백로": 165, "추분": 180, "한로": 195,
    "상강": 210, "입동": 225, "소설": 240, "대설": 255, "동지": 270, "소한": 285, "대한": 300,
}  # fmt: skip

_DOG_DAYS = {"초복": ("하지", 2), "중복": ("하지", 3), "말복": ("입추", 0)}
# terms within minutes of midnight for which the formula errs by a day; found by PyEphem 4.2 over 1900 to 2100
_MENDED = {
    (1917, "추분"): 1, (1919, "입추"): -1, (1922, "동지"): -1, (1953, "소한"): 1, (1982, "한로"): 1,
    (2013, "청명"): 1, (2023, "소한"): 1, (2023, "하지"): -1, (2031, "입동"): 1, (2064, "입동"): 1,
    (2094, "대설"): 1,
}  # fmt: skip


def month_length(year: int, month: int) -> int:
    """How many days the month has."""
    return monthrange(year, month)[1]


def month_of(year: int, month: int) -> tuple[date, date]:
    """The month as ``[start, end)``; ``month`` may lie outside 1 to 12 and then counts into other years."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    start = date(year, month, 1)
    return start, start + timedelta(days=month_length(year, month))


def add_months(day: date, months: int) -> date:
    """The same day of another month, or its last where it has none: 31 January and a month is 28 February."""
    first, after = month_of(day.year, day.month + months)
    return min(first + timedelta(days=day.day - 1), after - timedelta(days=1))


def monday_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def nth_weekday(year: int, month: int, n: int, weekday: int) -> date | None:
    """The ``n``-th (from 1) Monday (0) to Sunday (6) of a month, None where it has fewer."""
    first, after = month_of(year, month)
    day = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))
    return day if n >= 1 and day < after else None


def last_weekday(year: int, month: int, weekday: int) -> date:
    """The last Monday (0) to Sunday (6) of a month."""
    last = month_of(year, month)[1] - timedelta(days=1)
    return last - timedelta(days=(last.weekday() - weekday) % 7)


def week_of_month(year: int, month: int, n: int) -> date | None:
    """The Monday of a month's ``n``-th week (from 1; -1 is the last), None where it has fewer.

    A week belongs to the month that has its Thursday, as in ISO 8601 and KS X ISO 8601.
    """
    thursday = last_weekday(year, month, 3) if n == -1 else nth_weekday(year, month, n, 3)
    return None if thursday is None else monday_of(thursday)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, ch. 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    j = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * j) // 451
    month, day = divmod(h + j - 7 * m + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=1024)
def lunar_day(year: int, month: int, day: int, leap: bool = False) -> date | None:
    """The day of a Korean lunar date, None where there is none (or beyond the tables, 1000 to 2050)."""
    from korean_lunar_calendar import KoreanLunarCalendar

    if year not in _LUNAR_YEARS or not 1 <= month <= 12 or not 1 <= day <= 30:
        return None
    calendar = KoreanLunarCalendar()
    if not calendar.setLunarDate(year, month, day, leap):
        return None
    found = date(calendar.solarYear, calendar.solarMonth, calendar.solarDay)
    # a leap month that the year does not have is silently read as the plain one
    return found if bool(calendar.isIntercalation) == leap else None


def lunar_month(year: int, month: int, leap: bool = False) -> tuple[date, date] | None:
    """A Korean lunar month as ``[start, end)``."""
    first = lunar_day(year, month, 1, leap)
    last = lunar_day(year, month, 30, leap) or lunar_day(year, month, 29, leap)
    return None if first is None or last is None else (first, last + timedelta(days=1))


@lru_cache(maxsize=1024)
def solar_term(name: str, year: int) -> date | None:
    """The day in Korea (UTC+9) of one of SOLAR_TERMS in a year; None outside 1583 to 2999."""
    if not 1583 <= year <= 2999:
        return None
    target = SOLAR_TERMS[name]
    # the sun moves 0.9856 degrees a day and stands at 280 on 1 January
    days = _julian_day(year) + ((target - 280) % 360) / 0.9856
    for _ in range(6):
        away = (target - _solar_longitude(days) + 180) % 360 - 180
        days += away / 0.9856
    local = days - _delta_t(year) / 86400 + 9 / 24
    found = date(year, 1, 1) + timedelta(days=math.floor(local - _julian_day(year)))
    return found + timedelta(days=_MENDED.get((year, name), 0))


def dog_day(name: str, year: int) -> date | None:
    """초복, 중복 (third and fourth 庚 day from 하지) or 말복 (first from 입추)."""
    term, nth = _DOG_DAYS[name]
    start = solar_term(term, year)
    if start is None:
        return None
    # the stems go round in ten days; ordinals that end in 2 are 庚
    return start + timedelta(days=(2 - start.toordinal()) % 10 + 10 * nth)


def _julian_day(year: int) -> float:
    return date(year, 1, 1).toordinal() + 1721424.5


def _delta_t(year: int) -> float:
    """Terrestrial less universal time, in seconds (Espenak and Meeus, coarsely)."""
    t = year - 2000
    if t < -100:
        return -20 + 32 * ((year - 1820) / 100) ** 2
    if t < 5:
        return 64 + 0.33 * t if t > -50 else max(-3.0, 29 + 0.4 * (t + 50))
    return 62.92 + 0.32217 * t + 0.005589 * t * t if t < 50 else -20 + 32 * ((year - 1820) / 100) ** 2


def _solar_longitude(julian_day: float) -> float:
    """The sun's apparent longitude in degrees at a moment of terrestrial time."""
    t = (julian_day - 2451545.0) / 36525
    mean = 280.46646 + 36000.76983 * t + 0.0003032 * t * t
    anomaly = math.radians(357.52911 + 35999.05029 * t - 0.0001537 * t * t)
    centre = (
        (1.914602 - 0.004817 * t - 0.000014 * t * t) * math.sin(anomaly)
        + (0.019993 - 0.000101 * t) * math.sin(2 * anomaly)
        + 0.000289 * math.sin(3 * anomaly)
    )
    node = math.radians(125.04 - 1934.136 * t)
    return (mean + centre - 0.00569 - 0.00478 * math.sin(node)) % 360
