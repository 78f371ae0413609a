"""The clock that values are read against: an aware moment, and which way an open date leans.

Enters: a moment, or None for the present. Leaves: a frozen ``Clock``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ner_engine.errors import ConfigError

__all__ = ["SEOUL", "Clock", "Prefer"]

Prefer = Literal["future", "past", "nearest"]
SEOUL = "Asia/Seoul"


@dataclass(frozen=True, slots=True)
class Clock:
    """What time it is, in the caller's time zone.

    ``now`` is aware. ``prefer`` settles what was left open: 3월 5일 without a year is the next such day
    (``"future"``, today counts), the last (``"past"``, today counts) or the nearest in days (``"nearest"``, the
    coming one where both are as near).
    """

    now: datetime
    prefer: Prefer = "future"

    def __post_init__(self) -> None:
        if self.now.tzinfo is None or self.now.utcoffset() is None:
            raise ConfigError(f"clock: expected a moment with a time zone; got {self.now.isoformat()}")
        if self.prefer not in get_args(Prefer):
            raise ConfigError(f"prefer: expected one of {', '.join(get_args(Prefer))}; got {self.prefer!r}")

    @classmethod
    def at(cls, now: datetime | None = None, timezone: str = SEOUL, prefer: Prefer = "future") -> Clock:
        """A clock for ``now`` (None: the present), seen in ``timezone`` (an IANA name).

        A naive ``now`` is read as the wall clock of ``timezone``; an aware one is converted to it. Raises
        ConfigError for a time zone that is not known.
        """
        zone = _zone(timezone)
        if now is None:
            return cls(datetime.now(zone).replace(microsecond=0), prefer)  # nobody says it more exactly
        if now.tzinfo is None or now.utcoffset() is None:
            return cls(now.replace(tzinfo=zone), prefer)
        try:
            return cls(now.astimezone(zone), prefer)
        except OverflowError:  # the first or last day there is
            return cls(now, prefer)

    @property
    def today(self) -> date:
        """The day it is, where the clock stands."""
        return self.now.date()

    @property
    def zone(self) -> tzinfo:
        """The time zone of ``now``."""
        return self.now.tzinfo or UTC


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # a machine without a time zone database (Windows without tzdata); Korea has had no summer time since 1988
        if name == SEOUL:
            return timezone(timedelta(hours=9), SEOUL)
        raise ConfigError(f"timezone: expected an IANA name such as {SEOUL}; got {name!r}") from None
