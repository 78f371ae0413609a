"""Amounts of time down to hours and shorter: ``두 시간 반``, ``1분 30초``, ``35~40분``; and what is told by them.

Enters: a folded text (see ``folding``). Leaves: a DurationValue; counted from now (``30분 뒤``, ``두 시간 전``) a
MomentValue; again and again (``세 시간마다``, ``매시 정각``) a RecurrenceValue.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice

from ner_engine.values.clock import Clock
from ner_engine.values.numerals import scan_number
from ner_engine.values.types import DurationValue, MomentValue, NumberValue, RecurrenceValue, TimeGrain

__all__ = ["parse_length", "recurring", "since"]

_FIELDS = ("weeks", "days", "hours", "minutes", "seconds")
_UNITS = {
    "시간": "hours", "시간대": "hours", "분": "minutes", "분대": "minutes", "초": "seconds", "초대": "seconds",
    "주일": "weeks", "주간": "weeks", "주": "weeks", "일": "days", "h": "hours", "hr": "hours", "hours": "hours",
    "hour": "hours", "min": "minutes", "mins": "minutes", "minutes": "minutes", "sec": "seconds", "s": "seconds",
}  # fmt: skip
_DAYS = {
    "하루": 1, "이틀": 2, "사흘": 3, "나흘": 4, "닷새": 5, "엿새": 6, "이레": 7, "여드레": 8, "아흐레": 9,
    "열흘": 10,
}  # fmt: skip
_UNIT = re.compile("|".join(sorted(_UNITS, key=len, reverse=True)))
_DAY_WORD = re.compile("|".join(sorted(_DAYS, key=len, reverse=True)))
_FIXED = {
    "반시간": DurationValue(minutes=Decimal(30)),
    "반나절": DurationValue(
        hours=Decimal(6), approximate=True, alternatives=(DurationValue(hours=Decimal(3), approximate=True),)
    ),
    "한나절": DurationValue(
        hours=Decimal(6), approximate=True, alternatives=(DurationValue(hours=Decimal(12), approximate=True),)
    ),
}
_HALVES = {"days": ("hours", 12), "hours": ("minutes", 30), "minutes": ("seconds", 30)}
_LAST = re.compile(r"(?:동안|(?<!시)간|(?P<about>가량|정도|쯤|여)|짜리|째|이내|내로?|안에?|만)$")
_RANGE = re.compile(r"에서|~|-|내지")
_AFTER = re.compile(r"(?:이?따가?|있다가|뒤|후|지나서|지나면|이후)(?:에|로|쯤에?|께)?$")
_AGO = re.compile(r"전(?:에|쯤에?|부터)?$")
_EACH = re.compile(r"(?:마다|에한번씩?|에1번씩?|에한차례씩?|에1회씩?|간격(?:으로)?)$")
_EVERY = re.compile(r"(?:매시간?|시간마다)(?:(?P<sharp>정각)|(?P<minute>\d{1,2})분)?(?:마다)?")
_FREQUENCY = {"weeks": "WEEKLY", "days": "DAILY", "hours": "HOURLY", "minutes": "MINUTELY", "seconds": "SECONDLY"}
_GRAINS: dict[str, TimeGrain] = {"hours": "hour", "minutes": "minute", "seconds": "second"}


def parse_length(s: str) -> DurationValue | None:
    """The amount of time that all of ``s`` is, where it holds hours or shorter; None else."""
    found = _whole(s)
    if found is not None:
        return found
    last = _LAST.search(s)
    if last is not None:
        inner = parse_length(s[: last.start()])
        return replace(inner, approximate=True) if inner and last["about"] else inner
    for match in islice(_RANGE.finditer(s), 2):
        upper = _whole(s[match.end() :])
        if upper is None or upper.upper is not None:
            continue
        lower = _whole(s[: match.start()])
        if lower is None:  # 35~40분: the unit is said once
            number = scan_number(s[: match.start()])
            unit = _only_field(upper)
            if number is None or number[1] != match.start() or number[0].upper is not None or not unit:
                continue
            lower = _amount({unit: number[0].value})
        if lower.upper is None:
            return replace(lower, upper=upper)
    return None


def _only_field(length: DurationValue) -> str:
    used = [name for name in _FIELDS if getattr(length, name)]
    return used[0] if len(used) == 1 else ""


def _whole(s: str) -> DurationValue | None:
    """``[number unit]+ [반]``, the units from large to small and one of them hours or shorter."""
    if s in _FIXED:
        return _FIXED[s]
    low: dict[str, Decimal] = {}
    high: dict[str, Decimal] = {}
    approximate = False
    at, rank = 0, -1
    while at < len(s):
        piece = _piece(s, at)
        if piece is None:
            return None
        number, field, at = piece
        if _FIELDS.index(field) <= rank:
            return None
        rank = _FIELDS.index(field)
        low[field] = number.value
        if number.upper is not None:
            high[field] = number.upper
        approximate = approximate or number.approximate
        if s[at:] == "반" and field in _HALVES:
            smaller, half = _HALVES[field]
            low[smaller] = Decimal(half)
            at += 1
        elif field == "seconds" and re.fullmatch(r"\d{1,3}", s[at:]):  # 9초 58, a runner's time
            low[field] += Decimal(f"0.{s[at:]}")
            at = len(s)
    if not any(name in low for name in _GRAINS):
        return None
    if "대" in s:  # 4분대: from 4 up to 5 minutes
        last = _FIELDS[rank]
        high[last] = low[last] + 1
    return replace(_amount(low), approximate=approximate, upper=_amount(low | high) if high else None)


def _amount(fields: dict[str, Decimal]) -> DurationValue:
    weeks, days, hours, minutes, seconds = (fields.get(name, Decimal(0)) for name in _FIELDS)
    return DurationValue(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _piece(s: str, at: int) -> tuple[NumberValue, str, int] | None:
    """A number with its unit at ``at``: what, the field it fills, and where it ends."""
    day = _DAY_WORD.match(s, at)
    if day and len(s) > day.end():
        return NumberValue(Decimal(_DAYS[day.group()])), "days", day.end()
    scanned = scan_number(s, at)
    if scanned is None:
        return None
    number, end = scanned
    if s[end : end + 1] == "여":  # 40여 분
        number, end = replace(number, approximate=True), end + 1
    unit = _UNIT.match(s, end)
    if unit is None or number.ordinal:
        return None
    return number, _UNITS[unit.group()], unit.end()


def _elapsed(length: DurationValue) -> timedelta | None:
    days = length.weeks * 7 + length.days
    total = days * 86400 + length.hours * 3600 + length.minutes * 60 + length.seconds
    try:
        return timedelta(seconds=float(total))
    except OverflowError:
        return None


def _grain(length: DurationValue) -> TimeGrain:
    smallest = next((name for name in reversed(_FIELDS) if getattr(length, name)), "hours")
    return _GRAINS.get(smallest, "hour")


def _moved(clock: Clock, length: DurationValue, sign: int) -> datetime | None:
    """The moment that much later or earlier; whole minutes unless seconds were said."""
    gap = _elapsed(length)
    if gap is None:
        return None
    try:
        moment = (clock.now.astimezone(UTC) + sign * gap).astimezone(clock.zone)
    except (OverflowError, ValueError):
        return None
    moment = moment.replace(microsecond=0)
    return moment if _grain(length) == "second" else moment.replace(second=0)


def since(s: str, clock: Clock) -> MomentValue | None:
    """``두 시간 뒤``, ``30분 전``: a moment counted from now, or a stretch where the amount was estimated."""
    for pattern, sign in ((_AFTER, 1), (_AGO, -1)):
        match = pattern.search(s)
        length = parse_length(s[: match.start()]) if match else None
        if length is None:
            continue
        near = _moved(clock, length, sign)
        if near is None:
            return None
        if length.upper is None:
            return MomentValue(near, grain=_grain(length))
        far = _moved(clock, length.upper, sign)
        if far is None:
            return None
        return MomentValue(min(near, far), max(near, far), grain="hours")
    return None


def recurring(s: str, clock: Clock) -> RecurrenceValue | None:
    """``세 시간마다``, ``30분에 한 번``, ``매시 정각``."""
    if s in ("매분", "분마다", "매초", "초마다"):
        return RecurrenceValue("FREQ=MINUTELY" if "분" in s else "FREQ=SECONDLY")
    every = _EVERY.fullmatch(s)
    if every:
        minute = int(every["minute"] or 0)
        if minute > 59:
            return None
        here = clock.now.replace(second=0, microsecond=0)
        gap = (minute - here.minute) % 60 or (60 if clock.now > here else 0)
        ahead = _moved(clock, DurationValue(minutes=Decimal(gap)), 1)
        rule = f"FREQ=HOURLY;BYMINUTE={minute}" if every["sharp"] or every["minute"] else "FREQ=HOURLY"
        following = MomentValue(ahead, grain="minute") if ahead is not None and "BYMINUTE" in rule else None
        return RecurrenceValue(rule, following)
    each = _EACH.search(s)
    length = parse_length(s[: each.start()]) if each else None
    if length is None or length.upper is not None:
        return None
    field = _only_field(length)
    amount = getattr(length, field) if field else Decimal(0)
    if not field:  # 한 시간 반마다 is every ninety minutes
        gap_ = _elapsed(length)
        if gap_ is None or gap_.total_seconds() % 60:
            return None
        field, amount = "minutes", Decimal(int(gap_.total_seconds() // 60))
    if amount != amount.to_integral_value() or amount < 1:
        return None
    interval = "" if amount == 1 else f";INTERVAL={int(amount)}"
    return RecurrenceValue(f"FREQ={_FREQUENCY[field]}{interval}")
