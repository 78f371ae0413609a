"""Days that come again: ``매주 화요일``, ``격주 금요일``, ``매달 말일``, ``매년 3월 1일``, ``이틀에 한 번``.

Enters: a folded text, a clock, and how one date phrase is read. Leaves: a RecurrenceValue with an RRULE of RFC
5545 and its first day from the clock on (of an interval, as if the first were still to come).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from ner_engine.values.calendar import last_weekday, month_of, nth_weekday
from ner_engine.values.clock import Clock
from ner_engine.values.daycounts import scan_duration
from ner_engine.values.daywords import numbers_at, ordinals_at, weekdays_at
from ner_engine.values.festivals import named_day, names_at
from ner_engine.values.types import DateValue, RecurrenceValue

__all__ = ["read_recurrence"]

Single = Callable[[str, Clock], DateValue | None]

_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WORKDAYS, _WEEKEND = [0, 1, 2, 3, 4], [5, 6]
_DAILY = frozenset({"매일", "날마다", "매일매일", "하루하루", "매일같이", "나날이"})
_WORKDAY_WORDS = frozenset({"평일", "주중", "매평일", "평일마다", "주중마다", "평일에만", "평일만", "주중에만"})
_WEEKEND_WORDS = frozenset({"주말마다", "매주말", "매주주말", "주말에만", "매주주말마다", "주말주말"})
_WEEKLY = ("매주마다", "매주", "주마다", "매")
_FORTNIGHTLY = ("격주로", "격주마다", "격주")
_MONTHLY = ("매달마다", "매달", "매월", "달마다", "다달이", "월마다")
_YEARLY = ("매년마다", "매년", "매해", "해마다", "연마다")
_EVERY = re.compile(r"(?:마다(?:한번씩?)?|에한번씩?|에1번씩?|에1회씩?|에한차례씩?|간격으로|간격)$")
_MONTH_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})")
_JOINTS = ("이랑", "하고", "랑", "과", "와", ",", "·", "/", "및")
_LISTED = re.compile("[월화수목금토일,·/]+")
_TIMETABLES = ("월수", "월목", "월금", "화목", "화금", "화토", "수금", "수토")
_UNITS = {"years": "YEARLY", "months": "MONTHLY", "weeks": "WEEKLY", "days": "DAILY"}


def read_recurrence(s: str, clock: Clock, single: Single) -> RecurrenceValue | None:
    """What comes again by the whole of ``s``, or None."""
    forward = replace(clock, prefer="future")
    if s in _DAILY:
        return RecurrenceValue("FREQ=DAILY", _day(clock.today))
    if s in _WORKDAY_WORDS:
        return _weekly(_WORKDAYS, 1, clock)
    if s in _WEEKEND_WORDS:
        return _weekly(_WEEKEND, 1, clock)
    return _of_weeks(s, clock) or _of_months(s, clock) or _of_years(s, forward, single) or _interval(s, clock)


def _day(day: date) -> DateValue:
    return DateValue(day, day + timedelta(days=1))


def _weekly(days: list[int], interval: int, clock: Clock) -> RecurrenceValue:
    every = "" if interval == 1 else f"INTERVAL={interval};"
    ahead = min((day - clock.today.weekday()) % 7 for day in days)
    codes = ",".join(_CODES[day] for day in sorted(set(days)))
    return RecurrenceValue(f"FREQ=WEEKLY;{every}BYDAY={codes}", _day(clock.today + timedelta(days=ahead)))


def _of_weeks(s: str, clock: Clock) -> RecurrenceValue | None:
    """매주 월수금, 화요일마다, 격주 토요일, 2주마다 월요일; 월수금 alone."""
    rest, interval, said = s, 1, False
    for words, every in ((_FORTNIGHTLY, 2), (_WEEKLY, 1)):
        word = next((word for word in words if s.startswith(word)), "")
        if word:
            rest, interval, said = s[len(word) :], every, True
            break
    else:
        span = scan_duration(s, 0)
        if span is not None and span[0].weeks and span[0] == type(span[0])(weeks=span[0].weeks):
            match = re.match("마다|에한번씩?|간격으로", s[span[1] :])
            if match:
                rest, interval, said = s[span[1] + match.end() :], int(span[0].weeks), True
    if not rest:
        every_week = "FREQ=WEEKLY" + (f";INTERVAL={interval}" if interval > 1 else "")
        return RecurrenceValue(every_week) if said and s != "매" else None
    said_again = rest.endswith("마다")
    rest = rest.removesuffix("마다").removesuffix("에")
    if said and rest in ("평일", "주중"):
        return _weekly(_WORKDAYS, interval, clock)
    if said and rest == "주말":
        return _weekly(_WEEKEND, interval, clock)
    found = weekdays_at(rest, 0, bare=True, through=True)
    if found is None or found[1] < len(rest):
        return None
    days = found[0]
    return _weekly(days, interval, clock) if said or said_again or _is_timetable(rest, days) else None


def _is_timetable(s: str, days: list[int]) -> bool:
    """월수금, 화목 and 일·화·목 alone come again; 토일, 금토 and 월·화 are days."""
    if not _LISTED.fullmatch(s) or not 2 <= len(days) == len(set(days)):
        return False
    if len(s) == len(days):  # nothing between them
        return s in _TIMETABLES or (len(days) >= 3 and days == sorted(days))
    return any(after - day != 1 for day, after in pairwise(days))


def _of_months(s: str, clock: Clock) -> RecurrenceValue | None:
    """매달 15일, 매월 1일과 15일, 매월 말일, 매달 첫째 셋째 주 월요일."""
    word = next((word for word in (*_MONTHLY, "격월로", "격월") if s.startswith(word)), "")
    if not word:
        several = _nth(s)  # 둘째·넷째 월요일
        if several is None or "," not in several[0]:
            return None
        return RecurrenceValue(f"FREQ=MONTHLY;{several[0]}", _first(several[1], clock))
    rest = s[len(word) :].removesuffix("마다")
    every = "FREQ=MONTHLY;INTERVAL=2" if word.startswith("격") else "FREQ=MONTHLY"
    if not rest:
        return RecurrenceValue(every)
    rule = _in_month(rest)
    if rule is None:
        return None
    part, days_of = rule
    return RecurrenceValue(f"{every};{part}", _first(days_of, clock))


DaysOf = Callable[[int, int], list[date]]


def _in_month(s: str) -> tuple[str, DaysOf] | None:
    """The RRULE part that picks days of a month, and those of a given one."""
    if s in ("말일", "마지막날", "월말일"):
        return "BYMONTHDAY=-1", lambda y, m: [month_of(y, m)[1] - timedelta(days=1)]
    if s in ("첫날", "초하루", "첫째날"):
        return "BYMONTHDAY=1", lambda y, m: [date(y, m, 1)]
    days: list[int] = []
    at = 0
    while at < len(s):
        joint = next((word for word in _JOINTS if days and s.startswith(word, at)), "")
        found = next(((n, end + 1) for n, end in numbers_at(s, at + len(joint)) if s.startswith("일", end)), None)
        if found is None or not 1 <= found[0] <= 31:
            break
        days.append(found[0])
        at = found[1]
    if days and at == len(s):
        return f"BYMONTHDAY={','.join(map(str, days))}", lambda y, m: [d for n in days if (d := _real(y, m, n))]
    return _nth(s)


def _nth(s: str) -> tuple[str, DaysOf] | None:
    counts: list[int] = []
    at = 0
    while at < len(s):
        joint = next((word for word in _JOINTS if counts and s.startswith(word, at)), "")
        found = next(iter(ordinals_at(s, at + len(joint))), None)
        if found is None:
            break
        counts.append(found[0])
        at = found[1]
        if s.startswith("주", at) and not s.startswith("주말", at):
            at += 1
    weekdays = weekdays_at(s, at, bare=True) if counts else None
    if weekdays is None or weekdays[1] < len(s):
        return None
    pairs = [(n, day) for n in counts for day in weekdays[0]]
    part = "BYDAY=" + ",".join(f"{n}{_CODES[day]}" for n, day in pairs)

    def days_of(year: int, month: int) -> list[date]:
        found = [last_weekday(year, month, d) if n < 0 else nth_weekday(year, month, n, d) for n, d in pairs]
        return sorted(day for day in found if day is not None)

    return part, days_of


def _real(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _first(days_of: DaysOf, clock: Clock) -> DateValue | None:
    """The first of the days from today on, within the next four years."""
    year, month = clock.today.year, clock.today.month
    for k in range(49):
        for day in days_of(year + (month + k - 1) // 12, (month + k - 1) % 12 + 1):
            if day >= clock.today:
                return _day(day)
    return None


def _of_years(s: str, clock: Clock, single: Single) -> RecurrenceValue | None:
    """매년 3월 1일, 매년 5월 둘째 주 일요일, 매년 설날."""
    word = next((word for word in _YEARLY if s.startswith(word)), "")
    if not word:
        return None
    rest = s[len(word) :].removesuffix("마다")
    if not rest:
        return RecurrenceValue("FREQ=YEARLY")
    following = single(rest, clock)
    if following is None:
        return None
    months = [(n, end + 1) for n, end in numbers_at(rest, 0) if rest.startswith("월", end) and 1 <= n <= 12]
    if m := _MONTH_DAY.fullmatch(rest):
        return RecurrenceValue(f"FREQ=YEARLY;BYMONTH={int(m[1])};BYMONTHDAY={int(m[2])}", following)
    for month, end in months[:1]:
        if end == len(rest):
            return RecurrenceValue(f"FREQ=YEARLY;BYMONTH={month}", following)
        part = _in_month(rest[end:])
        if part is not None:
            return RecurrenceValue(f"FREQ=YEARLY;BYMONTH={month};{part[0]}", following)
    for _, end in names_at(rest, 0):
        if end == len(rest) and following.grain == "day":
            return RecurrenceValue(_rule_of(following), following)
    return RecurrenceValue("FREQ=YEARLY", following)


_EACH_YEAR_ANEW = frozenset(
    {"설날", "정월대보름", "삼짇날", "부처님오신날", "단오", "유두", "칠석", "백중", "추석", "중양절", ""}
)


def _rule_of(day: DateValue) -> str:
    """The rule of a holiday; one of the moon or the sun has no rule of the solar calendar, only its next day."""
    other = named_day(day.name, day.start.year + 1) if day.name not in _EACH_YEAR_ANEW else None
    further = named_day(day.name, day.start.year + 2) if other else None
    if other and further and all((d.month, d.day) == (day.start.month, day.start.day) for d in (other, further)):
        return f"FREQ=YEARLY;BYMONTH={day.start.month};BYMONTHDAY={day.start.day}"
    return "FREQ=YEARLY"


def _interval(s: str, clock: Clock) -> RecurrenceValue | None:
    """이틀마다, 사흘에 한 번, 3개월 간격으로, 격일, 분기마다."""
    if s in ("격일", "격일로", "하루걸러", "하루걸러한번"):
        return RecurrenceValue("FREQ=DAILY;INTERVAL=2", _day(clock.today))
    if s in ("분기마다", "매분기", "매분기마다"):
        return RecurrenceValue("FREQ=MONTHLY;INTERVAL=3")
    if s in ("격년", "격년으로"):
        return RecurrenceValue("FREQ=YEARLY;INTERVAL=2")
    match = _EVERY.search(s)
    span = scan_duration(s, 0) if match else None
    if match is None or span is None or span[1] != match.start() or span[0].upper is not None:
        return None
    amounts = {unit: getattr(span[0], unit) for unit in _UNITS if getattr(span[0], unit)}
    if len(amounts) != 1:
        return None
    ((unit, amount),) = amounts.items()
    if amount % 1:
        return None
    every = "" if amount == 1 else f";INTERVAL={int(amount)}"
    return RecurrenceValue(f"FREQ={_UNITS[unit]}{every}", _day(clock.today) if unit == "days" else None)
