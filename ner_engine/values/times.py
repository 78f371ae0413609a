"""Times of day: ``오후 세시 반``, ``19:30``, ``자정``, ``7시 10분 전``, ``저녁``, ``6~7시``; and amounts of time.

Enters: the text of one time expression (no particles but 부터, 까지 and 사이) and a clock. Leaves: a TimeValue,
which has no date; what is told from now on (``두 시간 뒤``, ``어젯밤``) is a MomentValue, an amount of hours or
shorter (``두 시간``) a DurationValue, ``세 시간마다`` a RecurrenceValue.

An hour from 1 to 12 without a part of the day has two readings. 12 and 1 to 6 are preferred as noon and in the
afternoon; of 7 to 11 the one is that comes next by the clock (or came last, or is nearest: ``Clock.prefer``). The
other stays in ``alternatives``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import islice
from typing import Any, Literal, TypeVar

from ner_engine.values.clock import Clock
from ner_engine.values.folding import fold
from ner_engine.values.hours import Spoken, between, parse_point, value_of
from ner_engine.values.lengths import parse_length, recurring, since
from ner_engine.values.types import DateValue, DurationValue, MomentValue, RecurrenceValue, TimeValue

__all__ = ["OPENINGS", "at_time", "four_digits", "opened", "parse_time", "read_time"]

Open = Literal["", "start", "end"]
Opened = TypeVar("Opened", bound=DateValue | TimeValue | MomentValue)

_RANGE = re.compile(r"에서부터|부터|에서|~|-")
# what follows a point in time and leaves one side of it open
OPENINGS: tuple[tuple[re.Pattern[str], Open], ...] = (
    (re.compile(r"(?:에서)?부터(?:는|요)?$|이후(?:로|에|부터)?$|(?:넘어서|지나서)$"), "end"),
    (re.compile(r"까지(?:는|만|요)?$|이전(?:에|까지)?$|(?<=[시반오정일])전(?:에|까지)?$"), "start"),
)
_MOST_LINKS = 3  # places where a stretch may be cut in two that are tried
_FOUR_DIGITS = re.compile("([01][0-9]|2[0-3])([0-5][0-9])")
_BOTH_ENDS = re.compile("부터|에서|~")
_BETWEEN = re.compile(r"(?:까지|사이에?)$")
_FUSED = {
    "어젯밤": (-1, "밤"), "어제밤": (-1, "밤"), "간밤": (-1, "밤"), "지난밤": (-1, "밤"), "엊저녁": (-1, "저녁"),
    "엇저녁": (-1, "저녁"), "오늘밤": (0, "밤"),
}  # fmt: skip
_NIGHT_THROUGH = ("간밤", "지난밤")  # until the morning
_NOW = frozenset(("지금", "방금", "현재", "지금당장", "지금바로"))
_ESTIMATED = {
    "한두": (1, 2), "두세": (2, 3), "두서너": (2, 4), "세네": (3, 4), "서너": (3, 4), "너댓": (4, 5),
    "네댓": (4, 5), "네다섯": (4, 5), "대여섯": (5, 6), "예닐곱": (6, 7), "일고여덟": (7, 8),
}  # fmt: skip
_ESTIMATE = re.compile(f"(?P<part>.*?)(?P<hours>{'|'.join(_ESTIMATED)})시")


def parse_time(text: str, clock: Clock) -> TimeValue | DurationValue | MomentValue | RecurrenceValue | None:
    """The time, amount of time or recurrence that the whole text names; None if it names none. Never raises."""
    s = fold(text)
    return (read_time(s, clock) or four_digits(s)) if s else None


def four_digits(s: str) -> TimeValue | None:
    """``0630``, ``1900``: a time where a time is expected."""
    match = _FOUR_DIGITS.fullmatch(s)
    return TimeValue(time(int(match[1]), int(match[2])), grain="minute") if match else None


def read_time(
    s: str, clock: Clock, *, openings: bool = True
) -> TimeValue | DurationValue | MomentValue | RecurrenceValue | None:
    """``parse_time`` of a folded text; without ``openings`` 부터 and 까지 at its end are not read."""
    if s in _NOW:
        return MomentValue(clock.now.replace(second=0, microsecond=0), grain="minute")
    point = parse_point(s)
    if point is not None:
        return value_of(point, clock)
    named = _range(s, clock) or _estimate(s, clock) or _fused(s, clock)
    found = named or parse_length(s) or since(s, clock) or recurring(s, clock)
    if found is not None:
        return found
    for pattern, side in OPENINGS if openings else ():
        match = pattern.search(s)
        if match and match.start():
            inner = read_time(s[: match.start()], clock, openings=False)
            if isinstance(inner, TimeValue | MomentValue) and not inner.open:
                return opened(inner, side, s[: match.start()])
    return None


def opened(value: Opened, side: Open, said: str = "") -> Opened:
    """The value and its other readings with that side left open; a stretch with both ends in ``said`` stays."""
    if _BOTH_ENDS.search(said):
        return value
    others: Any = tuple(replace(other, open=side) for other in value.alternatives)
    return replace(value, open=side, alternatives=others)


def _range(s: str, clock: Clock) -> TimeValue | None:
    """``오후 2시~3시``, ``6~7시``, ``8시 10분~40분``, ``9시부터 6시까지``."""
    for match in islice(_RANGE.finditer(s), _MOST_LINKS):
        if match.start() == 0:
            return None
        first = parse_point(s[: match.start()], bare=True)
        if first is None:
            continue
        rest = s[match.end() :]
        length = parse_length(rest) if match.group() == "부터" and not rest.endswith("까지") else None
        if length is not None:
            return _lasting(first, length, clock)
        rest = _BETWEEN.sub("", rest)
        last = parse_point(rest)
        if last is None:
            last = _minutes_alone(rest, first)
        if last is not None:
            return between(first, last, clock)
    return None


def _lasting(first: Spoken, length: DurationValue, clock: Clock) -> TimeValue | None:
    """``오후 3시부터 두 시간``: until that much later, within a day."""
    seconds = length.hours * 3600 + length.minutes * 60 + length.seconds
    if first.hour is None or first.bare or length.days or length.weeks or length.upper or not seconds < 86400:
        return None
    value = value_of(first, clock)
    readings = [
        replace(one, end=_later(one.start, int(seconds)), grain="hours", alternatives=())
        for one in (value, *value.alternatives)
    ]
    return replace(readings[0], alternatives=tuple(readings[1:]))


def _later(start: time, seconds: int) -> time:
    return (datetime.combine(datetime.min, start) + timedelta(seconds=seconds)).time()


def _minutes_alone(s: str, first: Spoken) -> Spoken | None:
    """The end of 8시 10분~40분: its hour is that of the beginning."""
    if not s.endswith("분") or first.hour is None or first.bare:
        return None
    point = parse_point(f"1시{s}")
    if point is None or point.minute <= first.minute:
        return None
    return replace(first, minute=point.minute)


def _estimate(s: str, clock: Clock) -> TimeValue | None:
    """``두세 시``, ``저녁 예닐곱 시``."""
    match = _ESTIMATE.fullmatch(s)
    if match is None:
        return None
    hours = _ESTIMATED[match["hours"]]
    points = [parse_point(f"{match['part']}{hour}시") for hour in hours]
    return between(points[0], points[1], clock) if points[0] and points[1] else None


def _fused(s: str, clock: Clock) -> MomentValue | None:
    """``어젯밤``, ``엊저녁 일곱 시``: a day and a time of it in one word."""
    word = next((word for word in _FUSED if s.startswith(word)), "")
    if not word:
        return None
    days, part = _FUSED[word]
    rest = s[len(word) :]
    point = parse_point(part + rest)
    if point is None:
        return None
    try:
        day = clock.today + timedelta(days=days)
        if not rest and word in _NIGHT_THROUGH:
            night = value_of(point, clock)
            start = datetime.combine(day, night.start, clock.zone)
            return MomentValue(start, datetime.combine(clock.today, time(6), clock.zone), "part of day")
        return at_time(datetime.combine(day, time(), clock.zone), value_of(point, clock))
    except OverflowError:
        return None


def at_time(midnight: datetime, value: TimeValue) -> MomentValue:
    """The time on the day that begins at ``midnight``, without alternatives. Raises OverflowError past year
    9999."""
    start = _on(midnight, value.start, value.day)
    end = None
    if value.end is not None:
        end = _on(midnight, value.end, value.day + (value.end <= value.start))
    return MomentValue(start, end, value.grain, value.open)


def _on(midnight: datetime, clock_time: time, days: int) -> datetime:
    return datetime.combine(midnight.date() + timedelta(days=days), clock_time, midnight.tzinfo)
