"""The table of corrections."""

from __future__ import annotations

import sqlalchemy as sa

from ner_engine.database.columns import JsonText, PlainText, Time, key
from ner_engine.database.schema import Schema, version_table

__all__ = ["ID_CHARS", "SCHEMA", "corrections", "metadata"]

ID_CHARS = 200  # four bytes a character still fit an index of MySQL

metadata = sa.MetaData()

corrections = sa.Table(
    "corrections",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),  # the order in which they came
    sa.Column("id", key(ID_CHARS), nullable=False, unique=True),
    sa.Column("sentence", key(64), nullable=False),  # what makes two texts the same sentence, as a SHA-256
    sa.Column("text", JsonText, nullable=False),  # as JSON: it comes back to the last character
    sa.Column("entities", JsonText, nullable=False),
    sa.Column("original", JsonText, nullable=False),
    sa.Column("at", Time, nullable=False, index=True),
    sa.Column("bundle", PlainText, nullable=False),
    sa.Column("source", PlainText, nullable=False),
    sa.Column("supersedes", key(ID_CHARS), nullable=False),
    sa.Column("by", PlainText, nullable=False),
    sa.Column("consent", sa.Integer, nullable=False),
    sa.Column("status", key(16), nullable=False, index=True),
    sa.Column("masked", sa.Integer, nullable=False),
    sa.Column("reviewed_by", PlainText, nullable=False),
    sa.Column("reviewed_at", Time),
    sa.Column("extra", JsonText, nullable=False),
    sa.Index("ix_corrections_sentence_number", "sentence", "number"),
    sqlite_autoincrement=True,  # the number of one that was deleted is not given again
)

SCHEMA = Schema(
    metadata, version_table("ner_engine_feedback_schema", metadata), version=1, whose="a feedback store"
)
