"""Corrections in a database, by SQLAlchemy. One addition, import or review is one transaction: what was
acknowledged is on the disk, what was not has left no trace.
"""

from __future__ import annotations

import builtins
import logging
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from ner_engine.errors import DataError, MissingExtra

try:
    import sqlalchemy as sa
except ModuleNotFoundError as error:
    raise MissingExtra("the feedback store", extra="store") from error

from ner_engine.database.connection import Database, connect, in_each_others_way, write_ahead
from ner_engine.database.schema import prepare
from ner_engine.feedback.correction import STATUSES, Correction, checked
from ner_engine.feedback.exchange import write_corrections
from ner_engine.feedback.keeping import correction_of_row, keep, mark, parts
from ner_engine.feedback.selection import Wanted, one_by_prefix
from ner_engine.feedback.tables import ID_CHARS, SCHEMA, corrections
from ner_engine.values import Clock

__all__ = ["DatabaseStore"]

_log = logging.getLogger(__name__)

_TRIES = 8  # of a transaction that another one got in the way of
_IDS_AT_ONCE = 500
_T = TypeVar("_T")


class DatabaseStore:
    """A database of corrections. Safe to share between threads; every process opens its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, where: str | Path, *, create: bool = True, timeout_s: float = 30.0) -> DatabaseStore:
        """See ``stores.open_store``."""
        database = connect(where, create=create, timeout_s=timeout_s)
        try:
            prepare(database, SCHEMA, create=create)
            write_ahead(database, timeout_s=timeout_s)  # only now: it is a file of ours
        except BaseException:
            database.engine.dispose()
            raise
        return cls(database)

    @property
    def name(self) -> str:
        """The file, or the URL without its password."""
        return self._database.name

    def close(self) -> None:
        """Let go of every connection."""
        self._database.engine.dispose()

    def __enter__(self) -> DatabaseStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def add(self, correction: Correction) -> Correction:
        """See ``FeedbackStore``."""
        ready = _ready(correction)
        ((kept, _),) = self._write(lambda connection: keep(connection, [ready], known=False))
        return kept

    def add_all(self, corrections: Iterable[Correction]) -> builtins.list[tuple[Correction, str]]:
        """See ``FeedbackStore``; all of them or none."""
        ready = [_ready(correction) for correction in corrections]
        return self._write(lambda connection: keep(connection, ready, known=True))

    def list(
        self,
        *,
        status: str = "",
        since: datetime | None = None,
        bundle: str = "",
        by: str = "",
        source: str = "",
        consent: bool | None = None,
        superseded: bool = False,
    ) -> builtins.list[Correction]:
        """See ``FeedbackStore``."""
        wanted = Wanted(status=status, since=since, bundle=bundle, by=by, source=source, consent=consent)
        query = sa.select(corrections).order_by(corrections.c.number)
        if status:
            query = query.where(corrections.c.status == status)
        if since is not None:
            query = query.where(corrections.c.at >= Clock.at(since).now)
        if not superseded:
            query = query.where(_counts())
        with self._database.reading() as connection:
            rows = connection.execution_options(yield_per=1000).execute(query)
            return [found for row in rows if wanted.takes(found := correction_of_row(row))]

    def find(self, prefixes: Sequence[str]) -> builtins.list[Correction]:
        """See ``FeedbackStore``."""
        found = []
        with self._database.reading() as connection:
            for prefix in prefixes:
                query = sa.select(corrections).where(
                    corrections.c.id.startswith(prefix, autoescape=True)
                    | corrections.c.id.startswith(f"c-{prefix}", autoescape=True)
                )
                exactly = sa.select(corrections).where(corrections.c.id == prefix)
                rows = [*connection.execute(exactly), *connection.execute(query.limit(3))] if prefix else []
                found.append(one_by_prefix(prefix, [correction_of_row(row) for row in rows]))
        return found

    def set_status(
        self, ids: Sequence[str], status: str, *, by: str = "", at: datetime | None = None
    ) -> builtins.list[Correction]:
        """See ``FeedbackStore``."""
        if status not in STATUSES:
            raise DataError(f"status: expected one of {', '.join(STATUSES)}; got {status!r:.40}")
        return self._write(lambda connection: _decide(connection, ids, status, by, Clock.at(at).now))

    def remove(self, ids: Sequence[str]) -> int:
        """See ``FeedbackStore``. SQLite overwrites what it held."""

        def delete(connection: sa.Connection) -> int:
            return sum(
                connection.execute(corrections.delete().where(corrections.c.id.in_(some))).rowcount
                for some in parts(ids, at_once=_IDS_AT_ONCE)
            )

        removed = self._write(delete)
        if not self._database.checkpoint():
            _log.warning("%s: the log still holds what was deleted: somebody is reading", self.name)
        return removed

    def export(
        self, path: str | Path, *, format: str = "jsonl", status: str = "approved", superseded: bool = False
    ) -> int:
        """See ``FeedbackStore``."""
        found = self.list(status=status, superseded=superseded)
        write_corrections(found, path, format=format)
        return len(found)

    def _write(self, work: Callable[[sa.Connection], _T]) -> _T:
        """What ``work`` makes of a transaction, tried again where two got in each other's way."""
        attempt = 0
        while True:
            attempt += 1
            try:
                with self._database.writing() as connection:
                    return work(connection)
            except sa.exc.SQLAlchemyError as error:
                # Of two who gave one id at once, one has to give another.
                again = isinstance(error, sa.exc.IntegrityError) or in_each_others_way(error)
                if attempt == _TRIES or not again:
                    raise self._database.error(error) from None
                time.sleep(random.uniform(0.0, 0.01 * 2**attempt))


def _ready(correction: Correction) -> Correction:
    correction = checked(correction)
    if correction.at.tzinfo is None:
        correction = replace(correction, at=Clock.at(correction.at).now)
    fits = (
        correction.id == correction.id.strip() and correction.id.isprintable() and len(correction.id) <= ID_CHARS
    )
    return correction if fits else replace(correction, id="")


def _counts() -> sa.ColumnElement[bool]:
    """Whether no later correction of the sentence takes the place of this one."""
    later, this = corrections.alias("later"), corrections.c
    both_pending = sa.and_(later.c.status == "pending", this.status == "pending")
    query = sa.select(later.c.number).where(
        later.c.sentence == this.sentence,
        later.c.number > this.number,
        this.status != "rejected",
        sa.or_(later.c.status == "approved", both_pending),
    )
    return ~sa.exists(query.correlate(corrections))


def _decide(
    connection: sa.Connection, ids: Sequence[str], status: str, by: str, at: datetime
) -> builtins.list[Correction]:
    """Give corrections a status, in a transaction. Raises DataError for an id that is none."""
    before: dict[str, Correction] = {}
    for some in parts(ids, at_once=_IDS_AT_ONCE):
        rows = connection.execute(sa.select(corrections).where(corrections.c.id.in_(some)).with_for_update())
        before |= {found.id: found for row in rows if (found := correction_of_row(row))}
    for one in ids:
        if one not in before:
            raise DataError(f"no correction has the id {one!r:.80}")
    changed = [before[one] for one in dict.fromkeys(ids) if before[one].status != status]
    mark(connection, [one.id for one in changed], status, by, at)
    return [replace(one, status=status, reviewed_by=by, reviewed_at=at) for one in changed]
