"""What a word picks out of a stretch of days: 3월 of a year, 둘째 주 of a month, 주말 of a week, 전날 of a day.

``narrowings`` yields every reading of what stands at a place of a folded text, the likeliest first. A reading
without days (``start == end``) says that what was named does not exist there: a year without that 대체공휴일, a
day that is no Friday.
"""

from __future__ import annotations

from datetime import date, timedelta

from ner_engine.values.calendar import add_months, monday_of, month_of
from ner_engine.values.daycounts import away, scan_duration
from ner_engine.values.daywords import longest_at, ordinals_at, weekday_at, weekdays_at
from ner_engine.values.festivals import named_day, names_at
from ner_engine.values.inmonth import Found, numbered_days, of_month, one_day, stretch
from ner_engine.values.inyear import of_year
from ner_engine.values.types import DateValue

__all__ = ["narrowings"]

_WHOLE = {  # 토요일 하루, 12월 한 달
    "day": ("하루종일", "하루동안", "하루"),
    "week": ("한주간", "한주", "일주일간", "일주일"),
    "month": ("한달간", "한달"),
    "year": ("한해", "일년", "1년"),
}
_FIRST_DAYS = ("첫째날", "첫날", "시작일")
_LAST_DAYS = ("마지막날", "끝날", "막날", "말일")
_PARTS_OF_WEEK = {"주초": (0, 2), "초": (0, 2), "초반": (0, 2), "중반": (2, 4), "후반": (3, 5), "평일": (0, 5)}
_NEAR = {
    "다음날": 1, "담날": 1, "다음다음날": 2, "다다음날": 2, "이튿날": 1, "익일": 1, "뒷날": 1, "바로다음날": 1,
    "전날": -1, "바로전날": -1, "하루전날": -1, "전전날": -2, "전야": -1, "당일": 0, "날": 0, "당일날": 0,
}  # fmt: skip
_WEEKS_OF_DAY = {"있는주": 0, "그주": 0, "주간": 0, "주": 0, "전주": -1, "지난주": -1, "다음주": 1}
_ABOUT_NOW = ("이맘때", "이무렵", "이때")
_PARTS_OF_DECADE = {"초": (0, 4), "초반": (0, 4), "중반": (4, 7), "중엽": (4, 7), "후반": (7, 10), "말": (7, 10)}


def narrowings(s: str, at: int, scope: DateValue, today: date, *, floating: bool = False) -> Found:
    """What ``s`` names at ``at`` within ``scope``, and where it ends.

    ``floating``: the scope was not said, so that words too short to stand alone (말, 초, 금) name nothing.
    """
    match scope.grain:
        case "year":
            yield from of_year(s, at, scope.start.year, floating=floating)
        case "month":
            yield from of_month(s, at, scope.start.year, scope.start.month, floating=floating)
        case "week":
            yield from _of_week(s, at, scope.start, floating=floating)
        case "weekend":
            found = weekday_at(s, at, bare=True)
            if found is not None and found[0] >= 5:
                yield one_day(scope.start + timedelta(days=found[0] - 5)), found[1]
        case "day":
            yield from _of_day(s, at, scope)
        case "quarter" | "half" | "season":
            first, last = scope.start, scope.end - timedelta(days=1)
            for word, day in (("초", first), ("말", last)):
                if s.startswith(word, at) and not s.startswith("말일", at):
                    yield DateValue(*month_of(day.year, day.month), "month"), at + 1
        case "years":
            year = scope.start.year
            years = scope.end.year - year
            for (start, end), after in longest_at(_PARTS_OF_DECADE, s, at) if years % 10 == 0 else ():
                first, last = date(year + start * years // 10, 1, 1), date(year + end * years // 10, 1, 1)
                yield stretch(first, last, "years"), after
    if not floating:
        yield from _edges(s, at, scope)
        for word in _WHOLE.get(scope.grain, ()):
            if s.startswith(word, at):
                yield scope, at + len(word)
        yield from _same_day(s, at, scope, today)


def _edges(s: str, at: int, scope: DateValue) -> Found:
    """The first and last day of anything longer than a day, and the days around a 연휴."""
    if scope.grain == "day":
        return
    last = scope.end - timedelta(days=1)
    for word in _FIRST_DAYS:
        if s.startswith(word, at):
            yield one_day(scope.start), at + len(word)
    for word in _LAST_DAYS:
        if s.startswith(word, at):
            yield one_day(last), at + len(word)
    if scope.grain != "days":
        return
    for word, away_by in (("전날", -1), ("다음날", 1)):
        if s.startswith(word, at):
            yield one_day((scope.start if away_by < 0 else last) + timedelta(days=away_by)), at + len(word)
    for n, end in ordinals_at(s, at):
        if s.startswith("날", end) and 1 <= n <= (scope.end - scope.start).days:
            yield one_day(scope.start + timedelta(days=n - 1)), end + 1


def _same_day(s: str, at: int, scope: DateValue, today: date) -> Found:
    """작년 오늘, 지난달 오늘, 다음 주 오늘."""
    for word in _ABOUT_NOW:
        if s.startswith(word, at) and scope.grain == "year":
            yield DateValue(*month_of(scope.start.year, today.month), "month"), at + len(word)
    if not s.startswith("오늘", at):
        return
    match scope.grain:
        case "year":
            yield one_day(add_months(today, 12 * (scope.start.year - today.year))), at + 2
        case "month":
            months = (scope.start.year - today.year) * 12 + scope.start.month - today.month
            yield one_day(add_months(today, months)), at + 2
        case "week":
            yield one_day(scope.start + timedelta(days=today.weekday())), at + 2


def _of_week(s: str, at: int, monday: date, *, floating: bool) -> Found:
    days = weekdays_at(s, at)
    if days is None:
        letters = weekdays_at(s, at, bare=True)
        # 다음 주 금, 토일; the 일 of 다음 주 일주일 is no Sunday
        enough = letters is not None and letters[1] == len(s) and (len(letters[0]) > 1 or not floating)
        days = letters if enough else None
    if days is not None:
        if len(days[0]) == 1:
            yield one_day(monday + timedelta(days=days[0][0])), days[1]
        elif days[0] == list(range(days[0][0], days[0][0] + len(days[0]))):
            start = monday + timedelta(days=days[0][0])
            yield stretch(start, start + timedelta(days=len(days[0])), "days"), days[1]
    if s.startswith("주말", at):
        yield stretch(monday + timedelta(days=5), monday + timedelta(days=7), "weekend"), at + 2
    for (first, last), end in longest_at(_PARTS_OF_WEEK, s, at):
        if not floating or s[at:end] == "주초":
            yield stretch(monday + timedelta(days=first), monday + timedelta(days=last), "days"), end


def _same_named(s: str, at: int, scope: DateValue) -> Found:
    """8월 15일 광복절, 12월 25일(크리스마스): the day has that name."""
    bracket = s.startswith("(", at)
    for name, end in names_at(s, at + bracket):
        if (not bracket or s.startswith(")", end)) and named_day(name, scope.start.year) == scope.start:
            yield one_day(scope.start, name), end + bracket


def _of_day(s: str, at: int, scope: DateValue) -> Found:
    day = scope.start
    bracket = s.startswith("(", at)
    found = weekday_at(s, at + bracket, bare=bracket)
    if found is not None and (not bracket or s.startswith(")", found[1])):
        # a day that is another day of the week comes back without days
        yield (scope if day.weekday() == found[0] else stretch(day, day, "day")), found[1] + bracket
    for days, end in longest_at(_NEAR, s, at):
        yield (one_day(day + timedelta(days=days)) if days else scope), end
    yield from _same_named(s, at, scope)
    for weeks, end in longest_at(_WEEKS_OF_DAY, s, at):
        monday = monday_of(day) + timedelta(weeks=weeks)
        yield DateValue(monday, monday + timedelta(days=7), "week"), end
    if s.startswith("주말", at):
        saturday = monday_of(day) + timedelta(days=5)
        yield stretch(saturday, saturday + timedelta(days=2), "weekend"), at + 2
    for named, end in of_year(s, at, day.year, floating=True):
        if named.grain == "month" and named.start <= day < named.end:
            yield from ((scope, after) for n, after in numbered_days(s, end) if n == day.day)  # 내일 11월 26일
    yield from ((scope, after) for n, after in numbered_days(s, at) if n == day.day)
    span = scan_duration(s, at)
    if span is not None:
        for word, sign in (("전", -1), ("뒤", 1), ("후", 1)):
            if s.startswith(word, span[1]):
                yield away(day, span[0], sign), span[1] + len(word)
