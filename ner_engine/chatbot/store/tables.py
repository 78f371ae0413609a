"""The tables of the store, for every database alike: plain text, whole numbers and keys, nothing of one dialect.

Times are UTC ISO text of one width, so that they sort as text; JSON is text. ``prepare`` makes the tables, and
refuses a database whose tables are newer than this package or belong to somebody else.
"""

from __future__ import annotations

import json
import random
import re
import time
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from ner_engine.chatbot.store.engine import Database
from ner_engine.errors import StoreError

__all__ = [
    "BOT_CHARS",
    "KEY_CHARS",
    "SCHEMA",
    "hand_overs",
    "metadata",
    "prepare",
    "records",
    "sessions",
    "turns",
    "utc",
]

SCHEMA = 1  # the version of the tables below
KEY_CHARS = 200  # session and message ids: four bytes a character still fit an index of MySQL
BOT_CHARS = 64

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def utc(at: datetime) -> datetime:
    """A time in UTC. Raises StoreError without a time zone."""
    if at.tzinfo is None or at.utcoffset() is None:
        raise StoreError(f"store: expected a time with a time zone; got {at.isoformat()}")
    return at.astimezone(UTC)


class _Time(sa.types.TypeDecorator[datetime]):
    """An aware datetime as ``2026-07-23T08:00:00.000000+00:00``."""

    impl = sa.String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else utc(value).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        try:
            return utc(datetime.fromisoformat(value))
        except ValueError:
            raise StoreError(f"store: expected a time in the database; got {value!r}") from None


class _Text(sa.types.TypeDecorator[str]):
    """Whatever a user typed. What no database takes (NUL, half a surrogate pair) becomes U+FFFD, one for one, so
    that the offsets of entities stay right."""

    impl = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else _storable(value)


class _Json(sa.types.TypeDecorator[Any]):
    """JSON as text."""

    impl = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        # Half a surrogate pair cannot be encoded, its escape can.
        return text if _storable(text) == text else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        try:
            return json.loads(value or "null")
        except ValueError as error:
            raise StoreError(f"store: expected JSON in the database: {error}") from None


def _storable(text: str) -> str:
    return _UNSTORABLE.sub("\ufffd", text)


def _key(chars: int) -> sa.types.TypeEngine[str]:
    # MySQL compares text without regard to case unless told otherwise.
    return sa.String(chars).with_variant(mysql.VARCHAR(chars, collation="utf8mb4_bin"), "mysql", "mariadb")


metadata = sa.MetaData()

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", _key(KEY_CHARS), primary_key=True),
    sa.Column("bot", _key(BOT_CHARS), primary_key=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("state", _Json, nullable=False),
    sa.Column("created_at", _Time, nullable=False),
    sa.Column("updated_at", _Time, nullable=False, index=True),
)


def _of_a_session() -> tuple[sa.Column[str], sa.Column[str], sa.ForeignKeyConstraint]:
    return (
        sa.Column("session", _key(KEY_CHARS), nullable=False),
        sa.Column("bot", _key(BOT_CHARS), nullable=False),
        sa.ForeignKeyConstraint(["session", "bot"], ["sessions.id", "sessions.bot"], ondelete="CASCADE"),
    )


turns = sa.Table(
    "turns",
    metadata,
    *_of_a_session(),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("message_id", _key(KEY_CHARS)),  # NULL where none came: any number of those
    sa.Column("at", _Time, nullable=False, index=True),
    sa.Column("text", _Text, nullable=False),
    sa.Column("reply", _Text, nullable=False),
    sa.Column("entities", _Json, nullable=False),
    sa.Column("trace", _Json, nullable=False),
    sa.PrimaryKeyConstraint("session", "bot", "n"),
    sa.UniqueConstraint("session", "bot", "message_id"),
)

records = sa.Table(
    "records",
    metadata,
    *_of_a_session(),
    sa.Column("id", _key(KEY_CHARS), nullable=False),  # unique in its conversation
    sa.Column("form", _key(BOT_CHARS), nullable=False),
    sa.Column("status", _key(16), nullable=False),
    sa.Column("values", _Json, nullable=False),
    sa.Column("items", _Json, nullable=False),
    sa.Column("created_at", _Time, nullable=False, index=True),
    sa.Column("updated_at", _Time, nullable=False),
    sa.Column("replaces", _key(KEY_CHARS), nullable=False),
    sa.PrimaryKeyConstraint("session", "bot", "id"),
)

hand_overs = sa.Table(
    "hand_overs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    *_of_a_session(),
    sa.Column("at", _Time, nullable=False, index=True),
    sa.Column("summary", _Json, nullable=False),
    sa.Column("resolved_at", _Time),
    sa.Index("ix_hand_overs_session_bot", "session", "bot"),
    sqlite_autoincrement=True,  # the id of one that was deleted is not given again
)

# One row. It is written last: where it stands, all the tables do.
_schema = sa.Table(
    "ner_engine_schema",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, nullable=False),
)


def prepare(database: Database, *, create: bool) -> None:
    """Make the tables where there are none; several processes may do so at once.

    Raises StoreError for tables of another version, for a table of the same name that is not ours, and, without
    ``create``, for an empty database.
    """
    attempts = 20
    for attempt in range(attempts):
        with database.reading() as connection:
            version = _version(connection)
        if version is not None:
            _check(database, version)
            return
        if not create:
            raise StoreError(f"{database.name}: expected the tables of a bot; found none")
        try:
            with database.writing() as connection:
                _refuse_foreign(database, connection)
                for table in metadata.sorted_tables:
                    connection.execute(sa.schema.CreateTable(table, if_not_exists=True))
                    for index in sorted(table.indexes, key=lambda index: str(index.name)):
                        index.create(connection, checkfirst=True)
                connection.execute(_schema.insert().values(id=1, version=SCHEMA))
        except sa.exc.DBAPIError as error:
            # Another process may have been quicker: then its tables are there by the next look.
            if attempt == attempts - 1:
                raise database.error(error) from None
            time.sleep(random.uniform(0.02, 0.1))


def _version(connection: sa.Connection) -> int | None:
    if not sa.inspect(connection).has_table(_schema.name):
        return None
    found = connection.execute(sa.select(_schema.c.version)).scalar()
    return None if found is None else int(found)


def _check(database: Database, version: int) -> None:
    if version > SCHEMA:
        raise StoreError(
            f"{database.name}: its tables are of version {version}, this package reads version {SCHEMA}: "
            "upgrade ner-engine"
        )
    if version < SCHEMA:
        raise StoreError(f"{database.name}: expected tables of version {SCHEMA}; got {version}")


def _refuse_foreign(database: Database, connection: sa.Connection) -> None:
    """A database may hold other tables, but none of another shape under our names."""
    inspector = sa.inspect(connection)
    for table in metadata.sorted_tables:
        if inspector.has_table(table.name):
            found = {column["name"] for column in inspector.get_columns(table.name)}
            missing = [column.name for column in table.columns if column.name not in found]
            if missing:
                raise StoreError(
                    f"{database.name}: a table {table.name} is there already and is not a bot's "
                    f"(no column {missing[0]})"
                )
