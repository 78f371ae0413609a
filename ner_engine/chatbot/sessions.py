"""Where conversations live between two turns: the protocol of a store, and one in memory.

    with store.turn(session, bot, message_id="m-17", at=now) as turn:
        if turn.replayed is None:                      # this message was not answered before
            ... turn.state ...                         # None: a conversation that begins
            turn.commit(state=..., text=..., reply=...)

One turn is one transaction: a block that ends without ``commit`` leaves no trace, and nobody else works on the
same conversation in the meantime.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from ner_engine.chatbot.action.calls import ActionCall
from ner_engine.chatbot.state import State
from ner_engine.errors import StoreError

__all__ = ["Busy", "InMemory", "SessionTurn", "Sessions"]


class Busy(StoreError):
    """Somebody else changed the conversation in the meantime: the turn is to be taken again from its start."""


class SessionTurn(Protocol):
    """The conversation while one turn of it is taken."""

    @property
    def state(self) -> State | None:
        """As the last turn left it; None if there was none."""

    @property
    def replayed(self) -> str | None:
        """The reply already given to a message of this id; None for a new one."""

    def commit(
        self,
        *,
        state: State,
        text: str,
        reply: str,
        entities: Sequence[Mapping[str, Any]] = (),
        trace: Mapping[str, Any] | None = None,
        records: Sequence[ActionCall] = (),
        withdrawn: Sequence[str] = (),
        hand_over: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep the turn, all of it or nothing. Raises Busy if the conversation is not what it was.

        ``text`` is ``""`` for a greeting; ``entities`` and ``trace`` are JSON. ``records`` are calls whose form
        goes into the book under the call's id (each with the id of the record it ``replaces``, or ``""``),
        ``withdrawn`` the ids of records no longer wanted, all of them ids within this conversation; ``hand_over``
        is the summary for the person who takes over.
        """


class Sessions(Protocol):
    """A store of conversations."""

    def turn(
        self, session: str, bot: str, *, message_id: str = "", at: datetime | None = None
    ) -> AbstractContextManager[SessionTurn]:
        """One turn of a conversation, from reading its state to keeping the next. Raises Busy."""


@dataclass(slots=True)
class _Kept:
    """One conversation in memory."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    state: State | None = None
    replies: dict[str, str] = field(default_factory=dict)


_REMEMBERED = 100  # message ids of a conversation


@dataclass(frozen=True, slots=True)
class _MemoryTurn:
    kept: _Kept
    message_id: str

    @property
    def state(self) -> State | None:
        return self.kept.state

    @property
    def replayed(self) -> str | None:
        return self.kept.replies.get(self.message_id) if self.message_id else None

    def commit(
        self,
        *,
        state: State,
        text: str,
        reply: str,
        entities: Sequence[Mapping[str, Any]] = (),
        trace: Mapping[str, Any] | None = None,
        records: Sequence[ActionCall] = (),
        withdrawn: Sequence[str] = (),
        hand_over: Mapping[str, Any] | None = None,
    ) -> None:
        self.kept.state = state
        if self.message_id:
            replies = self.kept.replies
            replies[self.message_id] = reply
            while len(replies) > _REMEMBERED:
                del replies[next(iter(replies))]


class InMemory:
    """Conversations of one process, gone with it. There is no book: what is recorded is in the state alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: dict[tuple[str, str], _Kept] = {}

    @contextmanager
    def turn(
        self, session: str, bot: str, *, message_id: str = "", at: datetime | None = None
    ) -> Iterator[SessionTurn]:
        """One turn of a conversation, alone with it."""
        with self._lock:
            kept = self._sessions.setdefault((bot, session), _Kept())
        with kept.lock:
            yield _MemoryTurn(kept, message_id)
