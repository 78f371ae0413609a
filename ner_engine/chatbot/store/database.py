"""Conversations and the book of orders and reservations, kept in a database by SQLAlchemy.

    with Store.open("orders.db") as store:             # or postgresql+psycopg://bot@host/shop
        bot = Bot(rules, extract, store=store)
        ...
        store.records(form="reservation", status="booked")

A path is a file of SQLite. One turn is one transaction, alone with its conversation: what was acknowledged is on
the disk, what was not has left no trace, and a message that comes twice is answered once. With SQLite a turn has
the write lock of the file from its start to its end, the actions included; a server locks one conversation.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from ner_engine.errors import DataError, MissingExtra

try:
    import sqlalchemy as sa
except ModuleNotFoundError as error:
    raise MissingExtra("the store of sessions and records", extra="store") from error

from ner_engine.chatbot.state import State
from ner_engine.chatbot.store.records import STATUSES, HandOver, Record, Removed, SavedTurn, Session
from ner_engine.chatbot.store.tables import BOT_CHARS, KEY_CHARS, SCHEMA, hand_overs, records, sessions, turns
from ner_engine.chatbot.store.turn import StoredTurn
from ner_engine.database.connection import Database, connect, in_each_others_way, write_ahead
from ner_engine.database.schema import prepare
from ner_engine.values import Clock

__all__ = ["Store"]

_log = logging.getLogger(__name__)

_TRIES = 8  # of a beginning that was given up to end a deadlock
_SESSIONS_AT_ONCE = 200  # deleted in one transaction; the turns of others wait for it
_OF_A_SESSION = (turns, records, hand_overs)


class Store:
    """A database of conversations. Safe to share between threads; every process opens its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, where: str | Path, *, create: bool = True, timeout_s: float = 30.0) -> Store:
        """The store at a path or URL; its tables are made where there are none, unless ``create`` is false.

        ``timeout_s``: how long a turn waits for another. Raises ConfigError for a URL that is none, MissingExtra
        for a driver that is not installed, StoreError for a database that cannot be used.
        """
        database = connect(where, create=create, timeout_s=timeout_s)
        try:
            prepare(database, SCHEMA, create=create)
            write_ahead(database, timeout_s=timeout_s)  # only now: it is a file of ours
        except BaseException:
            database.engine.dispose()
            raise
        return cls(database)

    def close(self) -> None:
        """Let go of every connection."""
        self._database.engine.dispose()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({self._database.name!r})"

    @contextmanager
    def turn(
        self, session: str, bot: str, *, message_id: str = "", at: datetime | None = None
    ) -> Iterator[StoredTurn]:
        """One turn of a conversation, alone with it. A block that ends without ``commit`` leaves no trace.

        A time without a zone is that of Seoul. Raises DataError for an id that cannot be one, StoreError.
        """
        _check_id("session", session, KEY_CHARS)
        _check_id("bot", bot, BOT_CHARS)
        if message_id:
            _check_id("message id", message_id, KEY_CHARS)
        connection, turn = self._begin(session, bot, message_id, Clock.at(at).now)
        try:
            yield turn
        finally:
            turn.end()
            _let_go(connection)

    def _begin(self, session: str, bot: str, message_id: str, at: datetime) -> tuple[sa.Connection, StoredTurn]:
        attempt = 0
        while True:
            attempt += 1
            with self._database.errors():
                connection = self._database.engine.connect().execution_options(writes=True)
            try:
                return connection, StoredTurn(self._database, connection, session, bot, message_id, at)
            except BaseException as error:
                _let_go(connection)
                if not isinstance(error, sa.exc.SQLAlchemyError):
                    raise
                # Two who begin a conversation at once can trip over each other.
                if attempt == _TRIES or not in_each_others_way(error):
                    raise self._database.error(error) from None
                time.sleep(random.uniform(0.0, 0.01 * 2**attempt))

    def sessions(self, *, bot: str = "") -> list[Session]:
        """The conversations, with one bot or with all, the one spoken in last at the end."""
        query = sa.select(*(column for column in sessions.c if column.name != "state"))
        query = _where(query, sessions, bot=bot).order_by(sessions.c.updated_at, sessions.c.id, sessions.c.bot)
        with self._database.reading() as connection:
            return [Session(**row._mapping) for row in connection.execute(query)]

    def transcript(self, session: str, *, bot: str = "") -> list[SavedTurn]:
        """What was said in a conversation, in order; with several bots, one after the other."""
        query = _where(sa.select(turns), turns, session=session, bot=bot).order_by(turns.c.bot, turns.c.n)
        with self._database.reading() as connection:
            rows = [dict(row._mapping) for row in connection.execute(query)]
        return [SavedTurn(number=row.pop("n"), message_id=row.pop("message_id") or "", **row) for row in rows]

    def records(self, *, bot: str = "", form: str = "", status: str = "", session: str = "") -> list[Record]:
        """The book, oldest first; ``""`` stands for any."""
        if status and status not in STATUSES:
            raise DataError(f"status: expected one of {', '.join(STATUSES)}; got {status!r}")
        query = _where(sa.select(records), records, bot=bot, form=form, status=status, session=session)
        query = query.order_by(records.c.created_at, records.c.session, records.c.bot, records.c.id)
        with self._database.reading() as connection:
            return [Record(**row._mapping) for row in connection.execute(query)]

    def hand_overs(self, *, bot: str = "", resolved: bool = False) -> list[HandOver]:
        """The conversations that wait for a person, oldest first; with ``resolved`` those that did, too."""
        query = _where(sa.select(hand_overs), hand_overs, bot=bot).order_by(hand_overs.c.at, hand_overs.c.id)
        if not resolved:
            query = query.where(hand_overs.c.resolved_at.is_(None))
        with self._database.reading() as connection:
            return [HandOver(**row._mapping) for row in connection.execute(query)]

    def resolve(self, hand_over: int, *, at: datetime | None = None) -> bool:
        """A person has done with the conversation: the bot answers in it again. False if it does not wait (any
        more)."""
        done = hand_overs.update().where(hand_overs.c.id == hand_over, hand_overs.c.resolved_at.is_(None))
        key = sa.select(hand_overs.c.session, hand_overs.c.bot).where(hand_overs.c.id == hand_over)
        with self._database.errors(), self._database.writing() as connection:
            row = connection.execute(key).one_or_none()
            if row is None:
                return False
            here = sa.and_(sessions.c.id == row[0], sessions.c.bot == row[1])  # locked first, as a turn does
            kept = connection.execute(
                sa.select(sessions.c.state).where(here).with_for_update()
            ).scalar_one_or_none()
            if connection.execute(done.values(resolved_at=Clock.at(at).now)).rowcount != 1:
                return False
            if kept is not None:
                state = replace(State.from_dict(kept), handed_over=False)
                connection.execute(sessions.update().where(here).values(state=state.to_dict()))
        return True

    def forget(self, session: str) -> Removed:
        """Delete a conversation with all that came of it: turns, records, hand-overs, with every bot."""
        with self._database.errors(), self._database.writing() as connection:
            removed = _delete(connection, sessions.c.id == session)
        self._leave_no_trace()
        return removed

    def purge(self, before: datetime) -> Removed:
        """Delete what is older: conversations silent since then with all of theirs, and of the others the turns,
        records and hand-overs from before. It may be interrupted and called again, and turns taken meanwhile.
        """
        limit = Clock.at(before).now
        removed = Removed()
        while True:
            with self._database.errors(), self._database.writing() as connection:
                some = _delete(connection, sessions.c.updated_at < limit)
            removed += some
            if not some.sessions:
                break
        with self._database.errors(), self._database.writing() as connection:
            counts = [
                connection.execute(table.delete().where(column < limit)).rowcount
                for table, column in (
                    (turns, turns.c.at),
                    (records, records.c.created_at),
                    (hand_overs, hand_overs.c.at),
                )
            ]
        self._leave_no_trace()
        return removed + Removed(0, *counts)

    def _leave_no_trace(self) -> None:
        """What was deleted stands in the log of SQLite until that is emptied."""
        if not self._database.checkpoint():
            _log.warning("%s: the log still holds what was deleted: somebody is reading", self._database.name)


def _let_go(connection: sa.Connection) -> None:
    with suppress(sa.exc.SQLAlchemyError):  # what went wrong before says more
        connection.close()


def _check_id(what: str, given: str, chars: int) -> None:
    """An id has to mean the same in every database: some drop spaces at the end, none takes NUL."""
    if not 0 < len(given) <= chars or given != given.strip() or not given.isprintable():
        raise DataError(f"{what}: expected 1 to {chars} printable characters without spaces around them")


def _where(query: sa.Select[Any], table: sa.Table, **wanted: str) -> sa.Select[Any]:
    return query.where(*(table.c[name] == value for name, value in wanted.items() if value))


def _delete(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> Removed:
    """Delete some of the sessions with all of theirs. The sessions are locked first, as a turn does."""
    query = sa.select(sessions.c.id, sessions.c.bot).where(condition).limit(_SESSIONS_AT_ONCE)
    keys = [(row[0], row[1]) for row in connection.execute(query.with_for_update())]
    if not keys:
        return Removed()
    theirs = [
        connection.execute(table.delete().where(sa.tuple_(table.c.session, table.c.bot).in_(keys))).rowcount
        for table in _OF_A_SESSION
    ]
    gone = connection.execute(sessions.delete().where(sa.tuple_(sessions.c.id, sessions.c.bot).in_(keys)))
    return Removed(gone.rowcount, *theirs)
