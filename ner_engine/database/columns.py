"""Types of columns that mean the same in every database: plain text and keys, nothing of one dialect.

Times are UTC ISO text of one width, so that they sort as text; JSON is text.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from ner_engine.errors import StoreError

__all__ = ["JsonText", "PlainText", "Time", "key", "utc"]

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def utc(at: datetime) -> datetime:
    """A time in UTC. Raises StoreError without a time zone."""
    if at.tzinfo is None or at.utcoffset() is None:
        raise StoreError(f"store: expected a time with a time zone; got {at.isoformat()}")
    return at.astimezone(UTC)


def key(chars: int) -> sa.types.TypeEngine[str]:
    """Text of at most so many characters that can be looked up; "a" is not "A"."""
    # MySQL compares text without regard to case unless told otherwise.
    return sa.String(chars).with_variant(mysql.VARCHAR(chars, collation="utf8mb4_bin"), "mysql", "mariadb")


class Time(sa.types.TypeDecorator[datetime]):
    """An aware datetime as ``2026-07-23T08:00:00.000000+00:00``."""

    impl = sa.String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:
        """To the database."""
        return None if value is None else utc(value).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> datetime | None:
        """From the database."""
        if value is None:
            return None
        try:
            return utc(datetime.fromisoformat(value))
        except ValueError:
            raise StoreError(f"store: expected a time in the database; got {value!r}") from None


class PlainText(sa.types.TypeDecorator[str]):
    """Whatever a user typed. What no database takes (NUL, half a surrogate pair) becomes U+FFFD, one for one, so
    that the offsets of entities stay right."""

    impl = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        """To the database."""
        return None if value is None else _storable(value)


class JsonText(sa.types.TypeDecorator[Any]):
    """JSON as text. A string comes back as it was, with what no database takes in escapes."""

    impl = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str:
        """To the database."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        # Half a surrogate pair cannot be encoded, its escape can.
        return text if _storable(text) == text else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        """From the database."""
        try:
            return json.loads(value or "null")
        except ValueError as error:
            raise StoreError(f"store: expected JSON in the database: {error}") from None


def _storable(text: str) -> str:
    return _UNSTORABLE.sub("\ufffd", text)
