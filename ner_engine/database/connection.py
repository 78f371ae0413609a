"""A path or a URL in, a database to work on out: connections, transactions, and errors of one line.

SQLite is opened so that what was acknowledged survives the loss of the process and of the power: with a
write-ahead log synced at every commit, and the write lock taken before the first read of a transaction that
writes. No message names a password, and none quotes what a user said.
"""

from __future__ import annotations

import os
import random
import re
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import sqlalchemy as sa

from ner_engine.errors import ConfigError, MissingExtra, NerEngineError, StoreError

__all__ = ["Database", "connect", "in_each_others_way", "write_ahead"]

_WAL_LIMIT_BYTES = 4 << 20  # what a checkpoint leaves of the log's file
# What a server says when it chose this transaction to end a deadlock: SQLSTATE, and MySQL's number for it.
_GIVEN_WAY = frozenset({"40001", "40P01", "1213"})
_DRIVERS = {"MySQLdb": "mysqlclient", "mysql": "mysql-connector-python"}  # module -> package, where they differ


@dataclass(frozen=True, slots=True)
class Database:
    """An engine, the name it has in messages, and what must not stand in one."""

    engine: sa.Engine
    name: str
    secrets: tuple[str, ...] = ()

    @property
    def sqlite(self) -> bool:
        """Whether it is a file of SQLite."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection to read with; what goes wrong is a StoreError."""
        with self.errors(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction to write in: kept where the block ends, dropped where it raises. Errors of the database
        come as SQLAlchemy raises them, for the caller to look into."""
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turns what SQLAlchemy raises within into a StoreError."""
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            raise self.error(error) from None

    def error(self, error: Exception) -> NerEngineError:
        """One line on what went wrong: the driver's first, without the statement and what went into it."""
        cause = getattr(error, "orig", None) or error
        if isinstance(cause, NerEngineError):
            return cause
        return StoreError(_line(self.name, cause, self.secrets))

    def checkpoint(self) -> bool:
        """Carry the log of SQLite into its file and empty it. False where a reader stands in the way."""
        if not self.sqlite:
            return True
        with self.errors(), self.engine.connect().execution_options(bare=True) as connection:
            blocked, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            return not blocked


def connect(where: str | Path, *, create: bool, timeout_s: float) -> Database:
    """The database at a path (SQLite) or URL. ``timeout_s``: how long a transaction waits for another one's
    lock.

    Raises ConfigError for a URL that is none, MissingExtra for a driver that is not installed, StoreError for a
    file that cannot be there. No connection is made yet.
    """
    url = _url(where)
    secrets = _secrets(url)
    sqlite = url.get_backend_name() == "sqlite"
    options: dict[str, Any] = {"hide_parameters": True, "pool_timeout": timeout_s}
    if sqlite:
        name = _sqlite_file(url, create=create)
    else:
        name = f"{url.drivername}://{url.host or ''}/{url.database or ''}"
        # The server may have gone and come back since the last time.
        options |= {"pool_pre_ping": True, "isolation_level": "READ COMMITTED"}
    try:
        engine = sa.create_engine(url, **options)
    except sa.exc.NoSuchModuleError:
        raise ConfigError(f"database URL: expected sqlite, postgresql or mysql; got {url.drivername}") from None
    except ModuleNotFoundError as error:
        raise _no_driver(error.name or "", url) from None
    except (sa.exc.ArgumentError, TypeError, ValueError) as error:
        raise ConfigError(_line(name, error, secrets)) from None
    if engine.dialect.is_async:
        raise ConfigError(f"database URL: expected a driver without asyncio; got {url.drivername}")
    database = Database(engine, name, secrets)
    if sqlite:
        sa.event.listen(engine, "connect", _sqlite_connection(timeout_s))
        sa.event.listen(engine, "begin", _sqlite_begin)
    elif settings := _server_settings(engine.dialect.name, timeout_s):
        sa.event.listen(engine, "connect", _server_connection(settings))
    _leave_to_children(engine)
    return database


def in_each_others_way(error: sa.exc.SQLAlchemyError) -> bool:
    """Whether the same once more is likely to succeed: two transactions stood in each other's way."""
    cause = getattr(error, "orig", None)
    marks = (getattr(cause, "sqlstate", None), getattr(cause, "pgcode", None), *getattr(cause, "args", ())[:1])
    return any(str(mark) in _GIVEN_WAY for mark in marks)


def _url(where: str | Path) -> sa.URL:
    if isinstance(where, Path) or "://" not in where:
        return sa.URL.create("sqlite", database=str(where))
    try:
        url = sa.make_url(where)
    except (sa.exc.ArgumentError, ValueError):  # its own message may quote the whole URL
        raise ConfigError(
            "database URL: expected a path, sqlite:///orders.db or postgresql+psycopg://user@host/name; "
            f"got one that starts with {where.split('://')[0]}://"
        ) from None
    if url.drivername in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    return url


def _secrets(url: sa.URL) -> tuple[str, ...]:
    found = [] if url.password is None else [str(url.password)]
    for key, value in url.query.items():
        if re.search("pass|pwd|secret|token|key", key, re.IGNORECASE):
            found += [value] if isinstance(value, str) else list(value)
    spelt = {spelling for secret in found for spelling in (secret, quote(secret, safe=""), quote_plus(secret))}
    return tuple(sorted(filter(None, spelt), key=len, reverse=True))


def _line(name: str, error: BaseException, secrets: tuple[str, ...]) -> str:
    # Drivers of MySQL put a number before their words.
    words = error.args[1] if len(error.args) == 2 and isinstance(error.args[0], int) else error
    lines = str(words).strip().splitlines() or [type(error).__name__]
    line = lines[0].strip()
    for secret in secrets:
        line = line.replace(secret, "***")
    return f"{name}: {line}"


def _no_driver(module: str, url: sa.URL) -> NerEngineError:
    if module in ("psycopg", "psycopg2"):
        return MissingExtra("PostgreSQL", extra="postgres")
    package = _DRIVERS.get(module, module)
    return ConfigError(f"database URL: {url.drivername} needs a driver: pip install {package}")


# SQLite


def _sqlite_file(url: sa.URL, *, create: bool) -> str:
    """The file's name for messages. What cannot be a store is refused before SQLite makes an empty file of it."""
    name = url.database or ""
    if not name or ":memory:" in name or "memory" in url.query.values():
        raise ConfigError("database: expected a file; got one in memory, which would be gone with the process")
    if not name.startswith("file:"):
        path = Path(name)
        if path.is_dir():
            raise StoreError(f"{name}: expected a file; got a folder")
        if not create and not path.exists():
            raise StoreError(f"{name}: no such database")
        if not path.parent.is_dir():
            raise StoreError(f"{name}: no folder {path.parent}")
    return name


def _sqlite_connection(timeout_s: float) -> Callable[[Any, Any], None]:
    def prepare(raw: Any, _: Any) -> None:
        raw.isolation_level = None  # transactions begin where _sqlite_begin says, not where the driver guesses
        cursor = raw.cursor()
        for pragma in (
            f"busy_timeout = {round(timeout_s * 1000)}",
            "synchronous = FULL",  # the log is on the disk before a commit returns
            "foreign_keys = ON",
            "secure_delete = ON",  # what is deleted is overwritten, not only forgotten
            f"journal_size_limit = {_WAL_LIMIT_BYTES}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return prepare


def _sqlite_begin(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("bare", False):
        # Whoever read first and asked for the lock later could find that another had written in between.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes", False) else "BEGIN")


def write_ahead(database: Database, *, timeout_s: float) -> None:
    """Switch a file of SQLite to a write-ahead log for good. SQLite does not always wait for this lock itself."""
    if not database.sqlite:
        return
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            with database.engine.connect().execution_options(bare=True) as connection:
                mode = connection.exec_driver_sql("PRAGMA journal_mode = WAL").scalar_one()
        except sa.exc.SQLAlchemyError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise database.error(error) from None
            time.sleep(random.uniform(0.01, 0.05))
            continue
        if mode != "wal":
            raise StoreError(f"{database.name}: expected a file system that allows a write-ahead log; got {mode}")
        return


# Servers


def _server_settings(dialect: str, timeout_s: float) -> list[str]:
    """Of two settings the first is for us, that we wait no longer than said; the second for the others, that a
    machine that vanished in the middle of a transaction does not keep what it had locked."""
    if dialect == "postgresql":
        milliseconds = round(timeout_s * 1000)
        return [
            f"SET lock_timeout = {milliseconds}",
            f"SET idle_in_transaction_session_timeout = {4 * milliseconds}",
        ]
    if dialect in ("mysql", "mariadb"):
        seconds = max(1, round(timeout_s))
        return [f"SET innodb_lock_wait_timeout = {seconds}", f"SET wait_timeout = {max(60, 4 * seconds)}"]
    return []


def _server_connection(settings: list[str]) -> Callable[[Any, Any], None]:
    def prepare(raw: Any, _: Any) -> None:
        cursor = raw.cursor()
        for setting in settings:
            cursor.execute(setting)
        cursor.close()
        raw.commit()

    return prepare


def _leave_to_children(engine: sa.Engine) -> None:
    """A connection serves one process: the child of a fork opens its own."""
    if not hasattr(os, "register_at_fork"):
        return
    held = weakref.ref(engine)

    def renew() -> None:
        if (engine := held()) is not None:
            engine.dispose(close=False)

    os.register_at_fork(after_in_child=renew)
