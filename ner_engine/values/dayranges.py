"""From one date to another: ``월요일부터 수요일까지``, ``3월 5~8일``, ``내일부터 사흘간``, ``24일, 25일``.

The second date is the first such from the first one on; a unit may be said once for both.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from ner_engine.values.choosing import choose, first_from, last_gone
from ner_engine.values.clock import Clock
from ner_engine.values.daycounts import read_duration, shifted
from ner_engine.values.types import DateValue, DurationValue

__all__ = ["is_amount", "read_amounts", "read_range"]

Single = Callable[[str, Clock], DateValue | None]

_JOINT = re.compile("에서부터|부터|에서|~|-|내지|과|와|이랑|랑|하고|,|·")
_THROUGH = frozenset({"에서부터", "부터", "에서", "~", "-", "내지"})
_END = re.compile("(?:까지|사이에?)$")
_BARE_END = re.compile(r"(?:^|[월년달난는])(\d{1,4})$")
_UNIT_AFTER = re.compile(r"(\d{1,4})(월|일|년대|년|분기)")
_AMOUNT = re.compile(r"(\d{1,4})~(\d{1,4})(?:일|년)")
_WEEKDAY_ALONE = re.compile("[월화수목금토일]")
_FEWEST_DAYS = 10  # 12~15일 are days of a month, 5~7일 an amount
_FIRST_YEAR = 1000
_JOINTS_AT_MOST = 6
_LEAP = timedelta(days=3)  # by how much the same months differ


def is_amount(s: str) -> bool:
    """Whether numbers from-to with a unit are an amount (2~3일, 3~5년) rather than days or years (12~15일)."""
    match = _AMOUNT.fullmatch(s)
    if match is None:
        return True
    return int(match[1]) < (_FIRST_YEAR if s.endswith("년") else _FEWEST_DAYS) or int(match[2]) <= int(match[1])


def read_amounts(s: str) -> DurationValue | None:
    """한 달에서 두 달, 1주~2주: an amount and the most it may be."""
    for match in _JOINT.finditer(s):
        if match[0] in _THROUGH and match[0] != "-":
            low, high = read_duration(s[: match.start()]), read_duration(_END.sub("", s[match.end() :]))
            if low is None or high is None or low.upper is not None or high.upper is not None:
                return None
            return replace(low, upper=replace(high, approximate=False), approximate=high.approximate)
    return None


def read_range(s: str, clock: Clock, single: Single) -> DateValue | None:
    """The days that the whole of ``s`` runs over, or None."""
    for count, match in enumerate(_JOINT.finditer(s)):
        if count == _JOINTS_AT_MOST:
            return None
        left, right = s[: match.start()], s[match.end() :]
        whole = match[0] in _THROUGH or s.endswith(("사이", "사이에"))
        right = _END.sub("", right) if whole else right
        if not left or not right:
            continue
        left, right = _lent(left, right)
        first = single(left, clock)
        if first is None:
            continue
        found = _until(first, right, clock, through=whole)
        if found is None and whole:
            # 3월부터 이달 초까지: the end says that the beginning has gone
            gone = last_gone(left, clock)
            found = None if gone is None else _until(gone, right, clock, through=True)
        elif whole and found is not None and clock.prefer == "future" and first.start > clock.today:
            found = _going_on(left, right, clock, found) or found
        if found is not None:
            return found
    return None


def _lent(left: str, right: str) -> tuple[str, str]:
    """3월 5~8일, 1~3월, 월~금, 3월 5~7: the unit is said once."""
    bare, unit = _BARE_END.search(left), _UNIT_AFTER.match(right)
    if bare and unit:
        return left + unit[2], right
    if bare and bare.start() > 0 and left[bare.start()] == "월" and right.isdecimal():
        return f"{left}일", f"{right}일"
    if _WEEKDAY_ALONE.fullmatch(left[-1]) and (len(left) == 1 or left[-2] == "주"):
        if _WEEKDAY_ALONE.fullmatch(right):
            return f"{left}요일", f"{right}요일"
        if _WEEKDAY_ALONE.fullmatch(right[0]) and right[1:] in ("요일", "욜"):
            return f"{left}요일", right
    return left, right


def _until(first: DateValue, right: str, clock: Clock, *, through: bool) -> DateValue | None:
    """``first`` to what ``right`` names, or as long as it says; only what is next to it without ``through``."""
    last = first_from(right, first.start, clock) or choose(right, clock)
    if last is None:
        duration = read_duration(right) if through else None
        if duration is None or duration.upper is not None:
            return None
        end = shifted(first.start, duration, 1)
        return DateValue(first.start, end, "days") if end > first.start else None
    if last.end <= first.start or (not through and last.start != first.end):
        return None
    years = first.grain == last.grain == "year"
    return DateValue(first.start, max(first.end, last.end), "years" if years else "days")


def _going_on(left: str, right: str, clock: Clock, coming: DateValue) -> DateValue | None:
    """11월 1일부터 30일까지, said on the 25th: the stretch that holds today, if as long."""
    first = last_gone(left, clock)
    whole = None if first is None else _until(first, right, clock, through=True)
    if whole is None or not whole.start <= clock.today < whole.end:
        return None
    longer = (whole.end - whole.start) - (coming.end - coming.start)
    return whole if longer <= _LEAP else None
