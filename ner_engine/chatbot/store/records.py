"""What a store keeps, as frozen values: sessions, turns, the book of orders and reservations, hand-overs.

They come out of ``store.database``; nothing here knows a database. ``to_dict`` is the JSON form of each, with
times as ISO text in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

__all__ = [
    "BOOKED",
    "REPLACED",
    "STATUSES",
    "WITHDRAWN",
    "HandOver",
    "Record",
    "Removed",
    "SavedTurn",
    "Session",
    "iso",
]

BOOKED = "booked"
WITHDRAWN = "withdrawn"  # taken back by the user afterwards
REPLACED = "replaced"  # another record stands in its place
STATUSES = (BOOKED, WITHDRAWN, REPLACED)


def iso(at: datetime | None) -> str | None:
    """A time as ISO text."""
    return None if at is None else at.isoformat()


@dataclass(frozen=True, slots=True)
class Session:
    """One conversation with one bot. ``revision`` is the number of its turns so far."""

    id: str
    bot: str
    revision: int
    created_at: datetime
    updated_at: datetime

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "session": self.id,
            "bot": self.bot,
            "turns": self.revision,
            "created_at": iso(self.created_at),
            "updated_at": iso(self.updated_at),
        }


@dataclass(frozen=True, slots=True)
class SavedTurn:
    """One turn as it was answered: what was said, what came back, and why. Without an id ``message_id`` is ""."""

    session: str
    bot: str
    number: int
    message_id: str
    at: datetime
    text: str
    reply: str
    entities: list[Any]
    trace: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "session": self.session,
            "bot": self.bot,
            "n": self.number,
            "message_id": self.message_id,
            "at": iso(self.at),
            "text": self.text,
            "reply": self.reply,
            "entities": self.entities,
            "trace": self.trace,
        }


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of the book. ``id`` is unique in its conversation; ``replaces`` is the id of the record in whose
    place it stands, or ""."""

    id: str
    session: str
    bot: str
    form: str
    status: str
    values: Mapping[str, Any]
    items: list[Any]
    created_at: datetime
    updated_at: datetime
    replaces: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "id": self.id,
            "session": self.session,
            "bot": self.bot,
            "form": self.form,
            "status": self.status,
            "values": dict(self.values),
            "items": self.items,
            "created_at": iso(self.created_at),
            "updated_at": iso(self.updated_at),
            "replaces": self.replaces,
        }


@dataclass(frozen=True, slots=True)
class HandOver:
    """A conversation that waits for a person; ``resolved_at`` is when one took it up, None while none has."""

    id: int
    session: str
    bot: str
    at: datetime
    summary: Mapping[str, Any]
    resolved_at: datetime | None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "id": self.id,
            "session": self.session,
            "bot": self.bot,
            "at": iso(self.at),
            "summary": dict(self.summary),
            "resolved_at": iso(self.resolved_at),
        }


@dataclass(frozen=True, slots=True)
class Removed:
    """How much of each kind was deleted."""

    sessions: int = 0
    turns: int = 0
    records: int = 0
    hand_overs: int = 0

    def __add__(self, other: Removed) -> Removed:
        return Removed(
            self.sessions + other.sessions,
            self.turns + other.turns,
            self.records + other.records,
            self.hand_overs + other.hand_overs,
        )
