"""One clock time as it was said (``저녁 일곱시 반``, ``19:30``, ``정오``, ``밤``) and the times it can mean.

Enters: a folded text (see ``folding``). Leaves: a ``Spoken`` time; ``value_of`` it is a TimeValue by a clock,
and so is what lies ``between`` two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import time
from typing import Literal

from ner_engine.values.clock import Clock
from ner_engine.values.types import TimeGrain, TimeValue

__all__ = ["Spoken", "between", "parse_point", "value_of"]

_DAY = 24 * 60 * 60  # seconds
_Half = Literal["am", "dawn", "morning", "pm", "noon", "evening", "night"]

# part of the day -> how it settles an hour, and from when until when it lasts by itself (hours)
_PARTS: dict[str, tuple[_Half, float, float]] = {
    "오전": ("am", 6, 12), "am": ("am", 6, 12), "a.m.": ("am", 6, 12), "a.m": ("am", 6, 12),
    "새벽": ("dawn", 0, 6), "꼭두새벽": ("dawn", 3, 6), "새벽녘": ("dawn", 4, 6), "새벽녁": ("dawn", 4, 6),
    "아침": ("morning", 6, 9), "아칙": ("morning", 6, 9), "아침녘": ("morning", 6, 9),
    "낮": ("noon", 9, 18), "대낮": ("noon", 12, 15), "한낮": ("noon", 12, 15),
    "점심": ("noon", 12, 14), "점심시간": ("noon", 12, 13), "점심때": ("noon", 12, 14),
    "점심나절": ("noon", 12, 14),
    "오후": ("pm", 12, 18), "pm": ("pm", 12, 18), "p.m.": ("pm", 12, 18), "p.m": ("pm", 12, 18),
    "저녁": ("evening", 18, 21), "저녘": ("evening", 18, 21), "초저녁": ("evening", 18, 19),
    "저녁때": ("evening", 18, 21), "저녁시간": ("evening", 18, 21), "아침시간": ("morning", 6, 9),
    "저녁나절": ("evening", 18, 21), "저녁녘": ("evening", 18, 21), "해질녘": ("evening", 18, 19),
    "해질무렵": ("evening", 18, 19), "아침나절": ("morning", 6, 12), "낮시간": ("noon", 9, 18),
    "밤": ("night", 21, 24), "한밤": ("night", 23, 27), "한밤중": ("night", 23, 27), "밤시간": ("night", 21, 24),
    "오밤중": ("night", 23, 27), "심야": ("night", 23, 27), "밤중": ("night", 21, 27),
}  # fmt: skip
_SHARES = {"이른": (0.0, 0.5), "늦은": (0.5, 1.0)}  # of the part it stands before
_SHARP = {"정오": "낮", "자정": "밤"}  # twelve o'clock in that part of the day

_NATIVE = {
    "한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "여덜": 8, "아홉": 9,
    "열": 10, "열한": 11, "열하나": 11, "열두": 12, "열둘": 12, "열세": 13, "열네": 14, "열다섯": 15,
    "열여섯": 16, "열일곱": 17, "열여덟": 18, "열아홉": 19, "스무": 20, "스물": 20, "스물한": 21, "스물두": 22,
    "스물세": 23, "스물네": 24,
}  # fmt: skip
_ONES: dict[str, int] = dict(zip("영공일이삼사오육칠팔구", (0, 0, *range(1, 10)), strict=True))


def _words(table: dict[str, object] | dict[str, int]) -> str:
    return "|".join(re.escape(word) for word in sorted(table, key=len, reverse=True))


_PART = "|".join(re.escape(word) for word in sorted(_PARTS, key=len, reverse=True))
_NATIVE_WORDS = _words(_NATIVE)
_SINO = "[이삼사오]?십[일이삼사오육칠팔구]?|공?[일이삼사오육칠팔구]|영|공"
_POINT = re.compile(
    rf"(?P<early>이른|늦은)?(?P<part>{_PART})?"
    rf"(?:(?P<sharp>정오|자정)"
    rf"|(?P<digital>\d{{1,2}}):(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d))?(?:시|분)?"
    rf"|(?P<hour>\d{{1,2}}|{_NATIVE_WORDS}|{_SINO})[시씨](?!간)"
    rf"(?:(?P<half>반)|(?P<minute>\d{{1,2}}|{_SINO})(?:분(?:(?P<second>\d{{1,2}}|{_SINO})초)?|$))?"
    rf"|(?P<bare>\d{{1,2}}|{_NATIVE_WORDS}))?"
    r"(?P<after>am|pm|a\.m\.?|p\.m\.?)?(?P<exactly>정각)?"
)
_BEFORE = re.compile(rf"(?P<whole>.*(?:[시씨]|정오|자정))(?P<minute>\d{{1,2}}|{_SINO})분전$")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A clock time as said. ``hour`` is None for a part of the day alone, 0 to 29 else (25시 is 1 the day after).

    ``share`` is how much of a part of the day is meant (이른: the first half). ``written`` marks an hour that
    counts to 24 (07:30) and has one reading, ``digital`` one with a colon, ``bare`` one without 시 (the 6 of
    6~7시). ``earlier`` minutes are taken off (7시 10분 전).
    """

    part: str = ""
    share: tuple[float, float] = (0.0, 1.0)
    hour: int | None = None
    minute: int = 0
    second: int = 0
    grain: TimeGrain = "hour"
    written: bool = False
    digital: bool = False
    bare: bool = False
    earlier: int = 0

    @property
    def settled(self) -> bool:
        """Whether the hour has one reading."""
        return self.hour is None or bool(self.part) or self.counts_to_24 or (self.digital and self.hour >= 10)

    @property
    def counts_to_24(self) -> bool:
        """Whether the hour can only be meant on a clock of 24 hours."""
        return not self.part and self.hour is not None and (self.written or self.hour > 12 or self.hour == 0)

    def seconds(self, clock: Clock) -> list[int]:
        """The readings as seconds since the midnight the day begins with, the preferred first."""
        if self.hour is None:
            return []
        past = self.minute * 60 + self.second - self.earlier * 60
        return [hour * 3600 + past for hour in self._hours(clock, past)]

    def _hours(self, clock: Clock, past: int) -> list[int]:
        hour = self.hour or 0
        if self.written or hour > 12 or hour == 0:
            return [hour]
        if self.part:
            return _settled(_PARTS[self.part][0], hour)
        if self.digital and hour >= 10:
            return [hour]  # 11:30 is read as it stands
        if hour == 12:
            return [12, 24]
        if hour < 7:
            return [hour + 12, hour]
        now = clock.now.hour * 3600 + clock.now.minute * 60
        ahead = {h: (h * 3600 + past - now) % _DAY for h in (hour, hour + 12)}
        if clock.prefer == "future":
            return sorted(ahead, key=lambda h: ahead[h])
        if clock.prefer == "past":
            return sorted(ahead, key=lambda h: -ahead[h] % _DAY)
        return sorted(ahead, key=lambda h: min(ahead[h], _DAY - ahead[h]))


def _settled(half: _Half, hour: int) -> list[int]:
    """The hours of the day that ``hour`` (1 to 12) is in that part of the day."""
    noon = hour % 12
    match half:
        case "am":
            return [0, 12] if hour == 12 else [hour]
        case "dawn":
            return [noon]
        case "morning":
            return [hour]
        case "noon":
            return [hour if hour >= 9 else hour + 12]
        case "pm":
            return [noon + 12]
        case "evening":
            return [24 if hour == 12 else hour + 12]
        case "night":
            return [noon + 24 if noon < 6 else hour + 12]


def parse_point(s: str, *, bare: bool = False) -> Spoken | None:
    """The one clock time or part of the day that all of ``s`` names. ``bare`` lets the hour stand without 시."""
    before = _BEFORE.fullmatch(s)
    if before:
        point = parse_point(before["whole"])
        minute = _number(before["minute"])
        if point is not None and point.hour is not None and minute is not None and 0 < minute < 30:
            return replace(point, earlier=minute, grain="minute")
        return None
    match = _POINT.fullmatch(s)
    if match is None or not s:
        return None
    after = match["after"]
    if after and match["part"]:
        return None
    part = match["part"] or after or ""
    share = _SHARES.get(match["early"] or "", (0.0, 1.0))
    if match["sharp"]:
        return Spoken(_SHARP[match["sharp"]], hour=12) if not match["early"] and not part else None
    if match["digital"]:
        return _digital(match, part)
    if match["bare"]:
        hour = _number(match["bare"])
        latin = part.isascii() and part != ""  # 3pm, pm 10
        if hour is None or hour > 24 or not (bare or latin):
            return None
        return Spoken(part, hour=hour, bare=not after, written=hour > 12)
    if match["hour"]:
        return _said(match, part)
    return Spoken(part, share, grain="part of day") if match["part"] and not after else None


def _digital(match: re.Match[str], part: str) -> Spoken | None:
    hour, minute, second = (int(match[name] or 0) for name in ("digital", "minutes", "seconds"))
    if hour > 29:
        return None
    # 07:30 and 19:30 count to 24; 7:30 may not
    written = not part and match["digital"].startswith("0")
    grain: TimeGrain = "second" if match["seconds"] else "minute"
    return Spoken(part, (0.0, 1.0), hour, minute, second, grain, written=written, digital=True)


def _said(match: re.Match[str], part: str) -> Spoken | None:
    hour = _number(match["hour"])
    minute = 30 if match["half"] else _number(match["minute"] or "0")
    second = _number(match["second"] or "0")
    if hour is None or minute is None or second is None or hour > 29 or minute > 59 or second > 59:
        return None
    sino = match["hour"] in _ONES
    if sino and not part and not match["minute"] and not match["half"] and hour:
        return None  # 이시, 사시, 오시 are other words
    to_the_minute = match["half"] or match["minute"] or match["exactly"]
    grain: TimeGrain = "second" if match["second"] else "minute" if to_the_minute else "hour"
    written = not part and match["hour"].startswith("0")
    return Spoken(part, (0.0, 1.0), hour, minute, second, grain, written=written)


def _number(word: str) -> int | None:
    """0 to 59 in digits, native or Sino-Korean words."""
    if word.isdecimal():
        return int(word)
    if word in _NATIVE:
        return _NATIVE[word]
    tens, ten, ones = word.rpartition("십")
    if not ten:
        return _ONES.get(word.removeprefix("공") or "공")
    return 10 * _ONES.get(tens, 1) + _ONES.get(ones, 0)


def value_of(point: Spoken, clock: Clock) -> TimeValue:
    """The value of one clock time, or the stretch of a part of the day."""
    if point.hour is None:
        _, first, last = _PARTS[point.part]
        start, end = (int((first + (last - first) * share) * 3600) for share in point.share)
        return TimeValue(_time(start), _time(end), "part of day")
    readings = [_value(s, point.grain) for s in point.seconds(clock)]
    return replace(readings[0], alternatives=tuple(readings[1:]))


def between(first: Spoken, last: Spoken, clock: Clock) -> TimeValue | None:
    """The stretch from one clock time to another (``오후 2시~3시``): what one leaves open the other settles."""
    if first.hour is None or last.hour is None:
        if first.hour is not None or last.hour is not None:
            return None
        start, end = _PARTS[first.part][1], _PARTS[last.part][2]  # 아침부터 저녁까지
        return TimeValue(_time(int(start * 3600)), _time(int(end * 3600)), "hours")
    pairs = _pairs(first, last, clock)
    readings = []
    for start, end in pairs:
        opening = _value(start, "hours")
        readings.append(replace(opening, end=_time(end)))
    return replace(readings[0], alternatives=tuple(readings[1:]))


def _pairs(first: Spoken, last: Spoken, clock: Clock) -> list[tuple[int, int]]:
    starts, ends = first.seconds(clock), last.seconds(clock)
    if first.counts_to_24 or last.counts_to_24:  # then both do: 7시~16시, 23시~2시
        return [(_to_24(first, clock), _to_24(last, clock))]
    if first.settled and (not last.settled or (first.part and not last.part)):
        return [(starts[0], _next_after(last, starts[0]))]
    if first.settled:
        return [(starts[0], ends[0])]
    if last.settled:  # the start that comes last before the end: 9시 to 오후 6시 begins in the morning
        return [(max((s for s in starts if s < ends[0]), default=starts[0]), ends[0])]
    hour, until = first.hour or 0, last.hour or 0
    if 7 <= hour < 12 and (until < hour or until == 12):
        starts = sorted(starts)  # 9시~1시, 10~12시: from the morning on
    return [(s, _next_after(last, s)) for s in starts]


def _to_24(point: Spoken, clock: Clock) -> int:
    return point.seconds(clock)[0] if point.part else replace(point, written=True).seconds(clock)[0]


def _next_after(point: Spoken, start: int) -> int:
    """The first time after ``start`` at which a 12-hour clock shows that hour and minute."""
    shown = (point.hour or 0) % 12 * 3600 + point.minute * 60 + point.second - point.earlier * 60
    gap = (shown - start) % (_DAY // 2)
    return start + (gap or _DAY // 2)


def _time(seconds: int) -> time:
    minutes, second = divmod(seconds % _DAY, 60)
    return time(minutes // 60, minutes % 60, second)


def _value(seconds: int, grain: TimeGrain) -> TimeValue:
    return TimeValue(_time(seconds), grain=grain, day=seconds // _DAY)
