"""Tables with a version: made where there are none, refused where they are newer than this package or another's.

Several owners may keep their tables in one database, each under its own mark of a version.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

import sqlalchemy as sa

from ner_engine.database.connection import Database
from ner_engine.errors import StoreError

__all__ = ["Schema", "prepare", "version_table"]


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of one owner.

    ``mark`` is the one that ``version_table`` made in ``metadata``, ``version`` is that of the tables, ``whose``
    says in messages whom they belong to (``"a bot"``).
    """

    metadata: sa.MetaData
    mark: sa.Table
    version: int
    whose: str


def version_table(name: str, metadata: sa.MetaData) -> sa.Table:
    """A table of one row, which is written last: where it stands, all the others do."""
    return sa.Table(
        name,
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer, nullable=False),
    )


def prepare(database: Database, schema: Schema, *, create: bool) -> None:
    """Make the tables where there are none; several processes may do so at once.

    Raises StoreError for tables of another version, for a table of the same name that is not ours, and, without
    ``create``, for an empty database.
    """
    attempts = 20
    for attempt in range(attempts):
        with database.reading() as connection:
            version = _version(schema, connection)
        if version is not None:
            _check(database, schema, version)
            return
        if not create:
            raise StoreError(f"{database.name}: expected the tables of {schema.whose}; found none")
        try:
            with database.writing() as connection:
                _refuse_foreign(database, schema, connection)
                for table in schema.metadata.sorted_tables:
                    connection.execute(sa.schema.CreateTable(table, if_not_exists=True))
                    for index in sorted(table.indexes, key=lambda index: str(index.name)):
                        index.create(connection, checkfirst=True)
                connection.execute(schema.mark.insert().values(id=1, version=schema.version))
        except sa.exc.DBAPIError as error:
            # Another process may have been quicker: then its tables are there by the next look.
            if attempt == attempts - 1:
                raise database.error(error) from None
            time.sleep(random.uniform(0.02, 0.1))


def _version(schema: Schema, connection: sa.Connection) -> int | None:
    if not sa.inspect(connection).has_table(schema.mark.name):
        return None
    found = connection.execute(sa.select(schema.mark.c.version)).scalar()
    return None if found is None else int(found)


def _check(database: Database, schema: Schema, version: int) -> None:
    if version > schema.version:
        raise StoreError(
            f"{database.name}: its tables are of version {version}, this package reads version {schema.version}: "
            "upgrade ner-engine"
        )
    if version < schema.version:
        raise StoreError(f"{database.name}: expected tables of version {schema.version}; got {version}")


def _refuse_foreign(database: Database, schema: Schema, connection: sa.Connection) -> None:
    """A database may hold other tables, but none of another shape under our names."""
    inspector = sa.inspect(connection)
    for table in schema.metadata.sorted_tables:
        if inspector.has_table(table.name):
            found = {column["name"] for column in inspector.get_columns(table.name)}
            missing = [column.name for column in table.columns if column.name not in found]
            if missing:
                raise StoreError(
                    f"{database.name}: a table {table.name} is there already and is not {schema.whose}'s "
                    f"(no column {missing[0]})"
                )
