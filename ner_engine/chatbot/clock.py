"""Days and times of day as people say them, read against a clock that is passed in; and said again.

``read_day("다음 주 금요일", today)`` -> a date; ``read_clock("저녁 7시 반")`` -> part of day, hour, minute;
``settle`` turns the latter into one time, preferring opening hours where 7시 leaves it open. Rough on purpose:
it serves the bot's slots.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ner_engine.chatbot.quantity import read_number

__all__ = [
    "WEEKDAYS",
    "Clock",
    "find_clocks",
    "find_days",
    "read_clock",
    "read_day",
    "settle",
    "show_day",
    "show_time",
]

WEEKDAYS = "월화수목금토일"

_NEAR_DAYS = {
    "그끄저께": -3, "그저께": -2, "그제": -2, "엊그제": -2, "어제": -1, "어저께": -1, "오늘": 0, "금일": 0,
    "당일": 0, "내일모레": 2, "낼모레": 2, "내일": 1, "낼": 1, "명일": 1, "모레": 2, "글피": 3,
}  # fmt: skip
_DAY_COUNTS = {
    "하루": 1,
    "이틀": 2,
    "사흘": 3,
    "나흘": 4,
    "닷새": 5,
    "엿새": 6,
    "이레": 7,
    "열흘": 10,
    "보름": 15,
}
_FESTIVE = {
    "크리스마스이브": (12, 24), "크리스마스": (12, 25), "성탄절": (12, 25), "신정": (1, 1), "삼일절": (3, 1),
    "어린이날": (5, 5), "어버이날": (5, 8), "현충일": (6, 6), "광복절": (8, 15), "개천절": (10, 3),
    "한글날": (10, 9), "발렌타인데이": (2, 14), "화이트데이": (3, 14),
}  # fmt: skip

_SINO = "[일이삼사오육유칠팔구시십]{1,3}"
_WEEK = "다다음주|다음주|담주|차주|이번주|금주|지난주|저번주"
_FULL_DATE = re.compile(r"(\d{4})[년./-](\d{1,2})[월./-](\d{1,2})일?")
_MONTH_DAY = re.compile(rf"(\d{{1,2}}|{_SINO})월(\d{{1,2}}|{_SINO})일")
_SLASHED = re.compile(r"(?<!\d)(\d{1,2})[/.](\d{1,2})(?![\d시명개])")
_NAMED_MONTH = re.compile(r"(이번달|이달|다음달|담달)(\d{1,2})일")
_DAYS_ON = re.compile(rf"(?:(\d{{1,3}})일|({'|'.join(_DAY_COUNTS)})|(일|이|삼|\d{{1,2}})주일?)(?:뒤|후|있다가)")
_WEEKDAY = re.compile(rf"({_WEEK})?(?:주말)?([{WEEKDAYS}])(?:요일|욜)")
_SHORT_WEEKDAY = re.compile(rf"({_WEEK})([{WEEKDAYS}])(?![가-힣])")
_DAY_ONLY = re.compile(r"(?<!\d)(\d{1,2})일(?!뒤|후|간|동안)")

_DAY_WORDS = "|".join(sorted([*_NEAR_DAYS, *_FESTIVE], key=len, reverse=True))
_SPACED_WEEK = r"(?:다다음\s*주|다음\s*주|담\s*주|차주|이번\s*주|금주)"
_DAYS = re.compile(
    r"(?:\d{4}년\s*)?(?:\d{1,2}월\s*\d{1,2}일"
    r"|(?:이번\s*달|다음\s*달|담\s*달)\s*\d{1,2}일"
    rf"|{_SPACED_WEEK}\s*[{WEEKDAYS}](?:요일|욜)|[{WEEKDAYS}](?:요일|욜)"
    rf"|(?:\d{{1,3}}일|{'|'.join(_DAY_COUNTS)}|(?:일|이|삼|\d{{1,2}})\s*주일?)\s*(?:뒤|후)"
    rf"|\d{{1,2}}일(?!\s*(?:뒤|후|간|동안))|(?<![\d/])\d{{1,2}}/\d{{1,2}}(?![\d/])"
    rf"|(?<![가-힣])(?:{_DAY_WORDS})(?=[^가-힣]|$|이?[요로랑]|은|는|에|저녁|점심|밤|오전|오후|이에요|예요)"
    rf"|(?<![가-힣])(?:이번\s*주말|다음\s*주말|주말|{_SPACED_WEEK}|이번\s*달|다음\s*달))"
)

_PARTS = "오전|오후|아침|점심|저녁|새벽|낮|밤|am|pm|AM|PM"
_HOUR = r"\d{1,2}|열한|열두|한|두|세|네|다섯|여섯|일곱|여덟|아홉|열"
_GLUED = "|".join(f"(?<={word})" for word in (*_PARTS.split("|"), "요일", "내일"))  # 토요일저녁일곱시
_CLOCKS = re.compile(
    rf"(?:(?P<part>{_PARTS})\s*)?(?:(?:(?<![\d가-힣])|{_GLUED})(?P<hour>{_HOUR})\s*시(?!간|켜|킬|작|식|장|청)"
    rf"(?:\s*(?P<half>반)|\s*(?P<minute>\d{{1,2}}|[이삼사오]?십[일이삼사오육칠팔구]?|[오])\s*분)?"
    r"|(?<!\d)(?P<digital>[01]?\d|2[0-4]):(?P<digits>[0-5]\d)(?!\d))"
    rf"|(?P<span>(?:\d{{1,3}}|{_HOUR})\s*(?:시간(?:\s*반)?|분))\s*(?:뒤|후|있다가)"
    rf"|(?P<noon>정오|자정)"
)
_PART_ALONE = re.compile(rf"(?<![가-힣])(?P<part>{_PARTS})(?=[^가-힣]|$|에|으로|로|이?요|때|쯤)")


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day as it was said. ``hour`` is None if only the part of day was; ``after`` minutes from now."""

    part: str = ""
    hour: int | None = None
    minute: int = 0
    after: int | None = None


def read_day(text: str, today: date) -> date | None:
    """The day a text names, in the future where it leaves that open; None if it names no single day."""
    word = "".join(text.split())
    try:
        return _explicit_day(word, today) or _relative_day(word, today)
    except (ValueError, OverflowError):  # the 31st of June
        return None


def _explicit_day(word: str, today: date) -> date | None:
    if m := _FULL_DATE.search(word):
        return date(int(m[1]), int(m[2]), int(m[3]))
    if m := _MONTH_DAY.search(word):
        month, day = _sino_part(m[1]), _sino_part(m[2])
        return None if month is None or day is None else _coming(month, day, today)
    if m := _NAMED_MONTH.search(word):
        later = m[1] in ("다음달", "담달")
        year, month = divmod(today.year * 12 + today.month - 1 + later, 12)
        return date(year, month + 1, int(m[2]))
    if m := _SLASHED.search(word):
        return _coming(int(m[1]), int(m[2]), today)
    for name, (month, day) in _FESTIVE.items():
        if name in word:
            return _coming(month, day, today)
    return None


def _relative_day(word: str, today: date) -> date | None:
    if m := _DAYS_ON.search(word):
        if m[3]:
            return today + timedelta(weeks=read_number(m[3]) or 0)
        return today + timedelta(days=int(m[1]) if m[1] else _DAY_COUNTS[m[2]])
    if m := _WEEKDAY.search(word) or _SHORT_WEEKDAY.search(word):
        ahead = WEEKDAYS.index(m[2]) - today.weekday()
        weeks = {None: 1 if ahead < 0 else 0, "이번주": 0, "금주": 0, "다다음주": 2, "지난주": -1, "저번주": -1}
        return today + timedelta(days=ahead + 7 * weeks.get(m[1], 1))
    for name in sorted(_NEAR_DAYS, key=len, reverse=True):
        if name in word:
            return today + timedelta(days=_NEAR_DAYS[name])
    if m := _DAY_ONLY.search(word):
        day = int(m[1])
        year, month = divmod(today.year * 12 + today.month - 1 + (day < today.day), 12)
        return date(year, month + 1, day)
    return None


def _coming(month: int, day: int, today: date) -> date:
    this_year = date(today.year, month, day)
    return this_year if this_year >= today else date(today.year + 1, month, day)


def _sino_part(text: str) -> int | None:
    return read_number(text.replace("유", "육").replace("시", "십"))


def find_days(text: str) -> list[tuple[int, int]]:
    """Where a text names days (or stretches such as 주말), ``[start, end)``."""
    return [match.span() for match in _DAYS.finditer(text)]


def find_clocks(text: str) -> list[tuple[int, int]]:
    """Where a text names times of day, ``[start, end)``; a part of day alone (저녁) last."""
    found = [match.span() for match in _CLOCKS.finditer(text)]
    return found or [match.span() for match in _PART_ALONE.finditer(text)]


def read_clock(text: str) -> Clock | None:
    """The time a text names; None if it names none (``두 시간`` is a duration)."""
    match = _CLOCKS.search(text)
    if match is None:
        alone = _PART_ALONE.search(text)
        return Clock(part=alone["part"]) if alone else None
    if match["noon"]:
        return Clock(part="낮", hour=12) if match["noon"] == "정오" else Clock(part="밤", hour=12)
    if match["span"]:
        amount = re.match(rf"\d{{1,3}}|{_HOUR}", match["span"])
        number = read_number(amount.group(0)) if amount else None
        if number is None:
            return None
        minutes = number * 60 if "시간" in match["span"] else number
        return Clock(after=minutes + (30 if match["span"].endswith("반") else 0))
    part = match["part"] or ""
    if match["digital"]:
        return Clock(part, int(match["digital"]), int(match["digits"]))
    hour = read_number(match["hour"])
    minute = 30 if match["half"] else read_number(match["minute"]) if match["minute"] else 0
    if hour is None or hour > 24 or minute is None or minute > 59:
        return None
    return Clock(part, hour, minute)


def settle(clock: Clock, *, opens: time, closes: time, now: datetime) -> time | None:
    """The one time meant, or None if no hour was said. 7시 alone is whichever 7 falls within the hours."""
    if clock.after is not None:
        return (now + timedelta(minutes=clock.after)).time().replace(second=0, microsecond=0)
    if clock.hour is None:
        return None
    hour, minute = clock.hour, clock.minute
    part = clock.part.lower()
    if hour == 24:
        return time(0, minute)
    if hour > 12 or hour == 0:
        return time(hour, minute)
    if part in ("오전", "새벽", "아침", "am"):
        return time(hour % 12, minute)
    if part == "밤":
        return time(hour % 12 if hour == 12 or hour < 6 else hour + 12, minute)
    if part in ("낮", "점심"):
        return time(hour if hour >= 10 else hour + 12, minute)
    if part:  # 오후 저녁 pm
        return time(hour % 12 + 12, minute)
    candidates = [time(hour % 12 + 12, minute), time(hour % 12, minute)]
    return next((c for c in candidates if opens <= c <= closes), candidates[0])


def show_day(day: date, today: date) -> str:
    """``7월 24일 금요일``, with the year if it is another one."""
    year = "" if day.year == today.year else f"{day.year}년 "
    return f"{year}{day.month}월 {day.day}일 {WEEKDAYS[day.weekday()]}요일"


def show_time(moment: time) -> str:
    """``저녁 7시 30분``."""
    hour = moment.hour
    parts = ((6, "새벽"), (12, "오전"), (13, "낮"), (18, "오후"), (21, "저녁"), (24, "밤"))
    part = next(name for until, name in parts if hour < until)
    shown = 12 if hour in (0, 12) else hour % 12
    if hour == 0:
        part = "밤"
    return f"{part} {shown}시" + (f" {moment.minute}분" if moment.minute else "")
