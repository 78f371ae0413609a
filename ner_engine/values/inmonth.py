"""Within a month: 15일, 말일, 초순, 둘째 주, 셋째 주 목요일, 마지막 주말; and what readings are made with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from ner_engine.values.calendar import last_weekday, month_of, nth_weekday, week_of_month
from ner_engine.values.daywords import longest_at, numbers_at, ordinals_at, weekday_at
from ner_engine.values.types import DateGrain, DateValue

__all__ = [
    "LUNAR_DAYS",
    "Found",
    "day_of",
    "numbered_days",
    "of_month",
    "one_day",
    "part_of_month",
    "stretch",
    "weeks_of_month",
]

Found = Iterator[tuple[DateValue, int]]  # what a word names, and where it ends

_PARTS_OF_MONTH = {
    "초순경": 0, "초순": 0, "초": 0, "중순경": 1, "중순": 1, "중반": 1, "하순경": 2, "하순": 2, "말경": 2,
    "말": 2, "월초": 0, "월중순": 1, "월말": 2, "초반": 0, "후반": 2, "말께": 2, "초중순": 3, "중하순": 4,
}  # fmt: skip
_UNMISTAKABLE = frozenset({"초순", "중순", "하순", "월초", "월중순", "월말"})
_NTH = ("하루", "이틀", "사흘", "나흘", "닷새", "엿새", "이레", "여드레", "아흐레")
LUNAR_DAYS = {
    tens + ones: ten + n
    for ten, tens in ((0, "초"), (10, "열"), (20, "스무"))
    for n, ones in enumerate(_NTH, start=1)
} | {"초하룻날": 1, "초열흘": 10, "열흘": 10, "보름": 15, "보름날": 15, "스무날": 20, "그믐": 0, "그믐날": 0}


def one_day(day: date, name: str = "") -> DateValue:
    """A day as a value."""
    return DateValue(day, day + timedelta(days=1), "day", name)


def stretch(start: date, end: date, grain: DateGrain, name: str = "") -> DateValue:
    """Days ``[start, end)`` as a value."""
    return DateValue(start, end, grain, name)


def day_of(year: int, month: int, day: int, end: int) -> Found:
    if 1 <= month <= 12:
        first, after = month_of(year, month)
        if 1 <= day <= (after - first).days:
            yield one_day(first + timedelta(days=day - 1)), end


def numbered_days(s: str, at: int) -> Iterator[tuple[int, int]]:
    for number, end in numbers_at(s, at):
        if s.startswith("일", end):
            yield number, end + 1


def part_of_month(year: int, month: int, part: int) -> DateValue:
    """초순 (0), 중순 (1), 하순 (2), the first two (3) or the last two (4) of a month."""
    first, after = month_of(year, month)
    tenth, twentieth = first + timedelta(days=10), first + timedelta(days=20)
    edges = ((first, tenth), (tenth, twentieth), (twentieth, after), (first, twentieth), (tenth, after))
    return DateValue(*edges[part], "part of month")


def of_month(s: str, at: int, year: int, month: int, *, floating: bool) -> Found:
    for day, end in numbered_days(s, at):
        yield from day_of(year, month, day, end)
    if not floating and at:
        for day, end in numbers_at(s, at):
            if end == len(s) and s[at:end].isdigit():  # 3월 5
                yield from day_of(year, month, day, end)
    first, after = month_of(year, month)
    for word in ("말일", "월말일"):
        if s.startswith(word, at):
            yield one_day(after - timedelta(days=1)), at + len(word)
    for day, end in longest_at(LUNAR_DAYS, s, at):
        if not floating and s[at:end].startswith("초"):
            yield one_day(first + timedelta(days=day - 1)), end
    for part, end in longest_at(_PARTS_OF_MONTH, s, at):
        if not floating or s[at:end] in _UNMISTAKABLE:
            yield part_of_month(year, month, part), end
    yield from weeks_of_month(s, at, year, month, floating=floating)


def weeks_of_month(s: str, at: int, year: int, month: int, *, floating: bool) -> Found:
    """둘째 주, 셋째 주 목요일, 첫 번째 금요일, 3주차, 마지막 주말."""
    for n, end in (*ordinals_at(s, at), *numbers_at(s, at)):
        weeks = [end + len(word) for word in ("주차", "주째", "주") if s.startswith(word, end)]
        if s.startswith("주말", end):
            weeks = []
        counted = s[end - 1] not in "째막첫" and not s.startswith("번째", end - 2)
        if counted and floating and not s.startswith("주차", end):
            continue  # 3주 is an amount
        for after in weeks[:1] if weeks else ([] if counted else [end]):
            weekday = weekday_at(s, after, bare=bool(weeks) and not counted)
            if weekday is not None:
                day = last_weekday(year, month, weekday[0]) if n < 0 else nth_weekday(year, month, n, weekday[0])
                if day is not None:
                    yield one_day(day), weekday[1]
            if s.startswith("주말", after):
                saturday = last_weekday(year, month, 5) if n < 0 else nth_weekday(year, month, n, 5)
                if saturday is not None:
                    yield stretch(saturday, saturday + timedelta(days=2), "weekend"), after + 2
            monday = week_of_month(year, month, n)
            if weeks and monday is not None:
                yield DateValue(monday, monday + timedelta(days=7), "week"), after
