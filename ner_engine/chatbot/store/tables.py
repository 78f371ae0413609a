"""The tables of the store: conversations with their turns, the book of records, and hand-overs."""

from __future__ import annotations

import sqlalchemy as sa

from ner_engine.database.columns import JsonText, PlainText, Time, key
from ner_engine.database.schema import Schema, version_table

__all__ = ["BOT_CHARS", "KEY_CHARS", "SCHEMA", "hand_overs", "metadata", "records", "sessions", "turns"]

KEY_CHARS = 200  # session and message ids: four bytes a character still fit an index of MySQL
BOT_CHARS = 64

metadata = sa.MetaData()

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", key(KEY_CHARS), primary_key=True),
    sa.Column("bot", key(BOT_CHARS), primary_key=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("state", JsonText, nullable=False),
    sa.Column("created_at", Time, nullable=False),
    sa.Column("updated_at", Time, nullable=False, index=True),
)


def _of_a_session() -> tuple[sa.Column[str], sa.Column[str], sa.ForeignKeyConstraint]:
    return (
        sa.Column("session", key(KEY_CHARS), nullable=False),
        sa.Column("bot", key(BOT_CHARS), nullable=False),
        sa.ForeignKeyConstraint(["session", "bot"], ["sessions.id", "sessions.bot"], ondelete="CASCADE"),
    )


turns = sa.Table(
    "turns",
    metadata,
    *_of_a_session(),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("message_id", key(KEY_CHARS)),  # NULL where none came: any number of those
    sa.Column("at", Time, nullable=False, index=True),
    sa.Column("text", PlainText, nullable=False),
    sa.Column("reply", PlainText, nullable=False),
    sa.Column("entities", JsonText, nullable=False),
    sa.Column("trace", JsonText, nullable=False),
    sa.PrimaryKeyConstraint("session", "bot", "n"),
    sa.UniqueConstraint("session", "bot", "message_id"),
)

records = sa.Table(
    "records",
    metadata,
    *_of_a_session(),
    sa.Column("id", key(KEY_CHARS), nullable=False),  # unique in its conversation
    sa.Column("form", key(BOT_CHARS), nullable=False),
    sa.Column("status", key(16), nullable=False),
    sa.Column("values", JsonText, nullable=False),
    sa.Column("items", JsonText, nullable=False),
    sa.Column("created_at", Time, nullable=False, index=True),
    sa.Column("updated_at", Time, nullable=False),
    sa.Column("replaces", key(KEY_CHARS), nullable=False),
    sa.PrimaryKeyConstraint("session", "bot", "id"),
)

hand_overs = sa.Table(
    "hand_overs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    *_of_a_session(),
    sa.Column("at", Time, nullable=False, index=True),
    sa.Column("summary", JsonText, nullable=False),
    sa.Column("resolved_at", Time),
    sa.Index("ix_hand_overs_session_bot", "session", "bot"),
    sqlite_autoincrement=True,  # the id of one that was deleted is not given again
)

SCHEMA = Schema(metadata, version_table("ner_engine_schema", metadata), version=1, whose="a bot")
