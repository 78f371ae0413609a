"""What a phrase means: one frozen dataclass a kind of value.

Every value has a ``kind``, the other readings of an ambiguous phrase in ``alternatives`` (best first, without
alternatives of their own), and ``to_dict()``: plain JSON with ISO 8601 strings. Ranges are half open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Literal

__all__ = [
    "ContactValue",
    "DateGrain",
    "DateValue",
    "DurationValue",
    "MomentValue",
    "MoneyValue",
    "NumberValue",
    "PlaceValue",
    "QuantityValue",
    "RecurrenceValue",
    "ScoreValue",
    "TimeGrain",
    "TimeValue",
    "Value",
]

DateGrain = Literal[
    "day", "weekend", "week", "part of month", "month", "quarter", "half", "season", "year", "years", "days"
]
TimeGrain = Literal["second", "minute", "hour", "part of day", "hours"]


def plain(number: Decimal) -> int | float:
    """A Decimal as JSON has numbers: an int where it is one."""
    return int(number) if number == number.to_integral_value() else float(number)


def _described(kind: str, value: object, alternatives: tuple[Any, ...], **more: object) -> dict[str, Any]:
    """The JSON of a value: what is said of it, without what is empty, and its other readings."""
    out = {"kind": kind, "value": value}
    out |= {key: said for key, said in more.items() if said is not None and said is not False and said != ""}
    if alternatives:
        out["alternatives"] = [
            {key: said for key, said in other.to_dict().items() if key != "alternatives"}
            for other in alternatives
        ]
    return out


@dataclass(frozen=True, slots=True)
class DateValue:
    """A day or a stretch of days ``[start, end)``. ``grain`` says what was named: a day, a month, days from-to.

    ``name`` is the holiday or 절기 that was said ("설날"), or "". ``open`` marks a stretch with one end only
    ("내일부터": ``"end"``, "금요일까지": ``"start"``), whose other end is then that of what was named.
    """

    kind: ClassVar[str] = "date"
    start: date
    end: date
    grain: DateGrain = "day"
    name: str = ""
    open: Literal["", "start", "end"] = ""
    alternatives: tuple[DateValue, ...] = ()

    @property
    def iso(self) -> str:
        """``2026-11-27``, ``2026-11``, ``2026``, ``2026-W48``; for the rest ``2026-11-27/2026-11-30``."""
        if self.grain == "day":
            return self.start.isoformat()
        if self.grain == "month":
            return f"{self.start:%Y-%m}"
        if self.grain == "year":
            return f"{self.start:%Y}"
        if self.grain == "week" and self.end - self.start == timedelta(days=7) and self.start.weekday() == 0:
            year, week, _ = self.start.isocalendar()
            return f"{year}-W{week:02}"
        return f"{self.start.isoformat()}/{self.end.isoformat()}"

    def to_dict(self) -> dict[str, Any]:
        return _described(
            self.kind,
            self.iso,
            self.alternatives,
            **{"grain": self.grain, "from": self.start.isoformat(), "to": self.end.isoformat()},
            name=self.name,
            open=self.open,
        )


@dataclass(frozen=True, slots=True)
class TimeValue:
    """A time of day, or a stretch ``[start, end)`` of it where ``end`` is given.

    ``day`` is how many days after the day in question it falls: 자정 and 24시 are 00:00 of day 1.
    A part of the day ("저녁") is a stretch with the grain ``"part of day"``. An ``end`` before ``start`` is on
    the day after.
    """

    kind: ClassVar[str] = "time"
    start: time
    end: time | None = None
    grain: TimeGrain = "hour"
    day: int = 0
    open: Literal["", "start", "end"] = ""
    alternatives: tuple[TimeValue, ...] = ()

    @property
    def iso(self) -> str:
        """``19:30``, or ``18:00/21:00`` for a stretch; seconds where the grain is a second."""
        shape = "seconds" if self.grain == "second" else "minutes"
        first = self.start.isoformat(shape)
        return first if self.end is None else f"{first}/{self.end.isoformat(shape)}"

    def to_dict(self) -> dict[str, Any]:
        return _described(
            self.kind, self.iso, self.alternatives, grain=self.grain, day=self.day or None, open=self.open
        )


@dataclass(frozen=True, slots=True)
class MomentValue:
    """A date with a time: an aware datetime, or a stretch ``[start, end)`` of them."""

    kind: ClassVar[str] = "moment"
    start: datetime
    end: datetime | None = None
    grain: TimeGrain = "hour"
    open: Literal["", "start", "end"] = ""
    alternatives: tuple[MomentValue, ...] = ()

    @property
    def iso(self) -> str:
        """``2026-11-27T19:30+09:00``, or an interval with a slash."""
        shape = "seconds" if self.grain == "second" else "minutes"
        first = self.start.isoformat(timespec=shape)
        return first if self.end is None else f"{first}/{self.end.isoformat(timespec=shape)}"

    def to_dict(self) -> dict[str, Any]:
        return _described(self.kind, self.iso, self.alternatives, grain=self.grain, open=self.open)


@dataclass(frozen=True, slots=True)
class DurationValue:
    """How long: calendar and clock units apart, for a month has no fixed number of days.

    ``approximate``: 두어 시간.
    """

    kind: ClassVar[str] = "duration"
    years: Decimal = Decimal(0)
    months: Decimal = Decimal(0)
    weeks: Decimal = Decimal(0)
    days: Decimal = Decimal(0)
    hours: Decimal = Decimal(0)
    minutes: Decimal = Decimal(0)
    seconds: Decimal = Decimal(0)
    nights: int = 0
    approximate: bool = False
    upper: DurationValue | None = None
    alternatives: tuple[DurationValue, ...] = ()

    @property
    def iso(self) -> str:
        """ISO 8601: ``P3D``, ``PT1H30M``, ``P2W``, ``P1Y6M``; ``PT0S`` for nothing."""
        days = "".join(
            f"{plain(n)}{unit}"
            for n, unit in ((self.years, "Y"), (self.months, "M"), (self.weeks, "W"), (self.days, "D"))
            if n
        )
        clock = "".join(
            f"{plain(n)}{unit}" for n, unit in ((self.hours, "H"), (self.minutes, "M"), (self.seconds, "S")) if n
        )
        return f"P{days}" + (f"T{clock}" if clock else "") if days or clock else "PT0S"

    def to_dict(self) -> dict[str, Any]:
        return _described(
            self.kind,
            self.iso,
            self.alternatives,
            nights=self.nights or None,
            upper=self.upper and self.upper.iso,
            approximate=self.approximate,
        )


@dataclass(frozen=True, slots=True)
class RecurrenceValue:
    """Again and again: ``rule`` is an RFC 5545 RRULE (``FREQ=WEEKLY;BYDAY=TU``).

    ``next`` is its first day from the clock on.
    """

    kind: ClassVar[str] = "recurrence"
    rule: str
    next: DateValue | TimeValue | MomentValue | None = None
    alternatives: tuple[RecurrenceValue, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return _described(self.kind, self.rule, self.alternatives, next=self.next and self.next.to_dict())


@dataclass(frozen=True, slots=True)
class NumberValue:
    """A number, or ``[value, upper]`` where one was estimated (두세, 수십: both ends included)."""

    kind: ClassVar[str] = "number"
    value: Decimal
    upper: Decimal | None = None
    ordinal: bool = False
    approximate: bool = False
    alternatives: tuple[NumberValue, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        kind = "ordinal" if self.ordinal else self.kind
        upper = None if self.upper is None else plain(self.upper)
        return _described(kind, plain(self.value), self.alternatives, upper=upper, approximate=self.approximate)


@dataclass(frozen=True, slots=True)
class QuantityValue:
    """An amount of something. ``unit`` is the classifier or unit in its standard form (마리, 인분, kg, %).

    ``dimension`` says what is measured: ``"count"``, ``"people"``, ``"age"``, ``"order"`` (2층, 3등, 9호선),
    ``"share"``, ``"mass"``, ``"length"``, ``"volume"``, ``"area"``, ``"temperature"``, ``"speed"``,
    ``"energy"``, ``"data"``, ``"score"``.
    """

    kind: ClassVar[str] = "quantity"
    amount: Decimal
    unit: str
    dimension: str = "count"
    upper: Decimal | None = None
    approximate: bool = False
    alternatives: tuple[QuantityValue, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return _described(
            self.kind,
            plain(self.amount),
            self.alternatives,
            unit=self.unit,
            dimension=self.dimension,
            upper=None if self.upper is None else plain(self.upper),
            approximate=self.approximate,
        )


@dataclass(frozen=True, slots=True)
class MoneyValue:
    """An amount of money in a currency of ISO 4217, or ``[amount, upper)`` (3만원대: 30000 up to 40000)."""

    kind: ClassVar[str] = "money"
    amount: Decimal
    currency: str = "KRW"
    upper: Decimal | None = None
    approximate: bool = False
    alternatives: tuple[MoneyValue, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return _described(
            self.kind,
            plain(self.amount),
            self.alternatives,
            currency=self.currency,
            upper=None if self.upper is None else plain(self.upper),
            approximate=self.approximate,
        )


@dataclass(frozen=True, slots=True)
class ScoreValue:
    """How a game stands or ended, in the order it was said: ``3대 2`` is ``((3, 2),)``; a match has several."""

    kind: ClassVar[str] = "score"
    games: tuple[tuple[int, int], ...]
    alternatives: tuple[ScoreValue, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """``value`` is ``"3-2"``, for several games ``"6-3 4-6 7-5"``."""
        return {"kind": self.kind, "value": " ".join(f"{ours}-{theirs}" for ours, theirs in self.games)}


@dataclass(frozen=True, slots=True)
class ContactValue:
    """A telephone number or an e-mail address.

    With ``form="phone"`` the ``value`` is in E.164 where it can be, else its digits.
    """

    kind: ClassVar[str] = "contact"
    value: str
    form: Literal["phone", "email"] = "phone"
    alternatives: tuple[ContactValue, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.form, "value": self.value}


@dataclass(frozen=True, slots=True)
class PlaceValue:
    """An address-like place, in its parts from the largest to the smallest.

    The parts: "시도", "시군구", "읍면동", "도로", "번지", "건물".
    """

    kind: ClassVar[str] = "place"
    parts: Mapping[str, str] = field(default_factory=dict)
    alternatives: tuple[PlaceValue, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "value": " ".join(self.parts.values()), "parts": dict(self.parts)}


Value = (
    DateValue
    | TimeValue
    | MomentValue
    | DurationValue
    | RecurrenceValue
    | NumberValue
    | QuantityValue
    | MoneyValue
    | ScoreValue
    | ContactValue
    | PlaceValue
)
