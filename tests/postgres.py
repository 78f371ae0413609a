"""A private PostgreSQL for tests, and databases of a MySQL that ``NER_ENGINE_TEST_MYSQL`` names.

It is started where its binaries are, in a folder of its own, and listens on a socket there alone. Root may not
run it: then it runs as ``nobody``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

__all__ = ["MYSQL", "Postgres", "new_mysql_database", "postgres_binaries", "running_postgres"]

MYSQL = "NER_ENGINE_TEST_MYSQL"  # such as mysql+pymysql://root@/test?unix_socket=/run/mysqld.sock


def postgres_binaries() -> Path | None:
    """The folder of initdb, postgres and pg_ctl, or None."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if (found := shutil.which("pg_ctl")) is not None:
        folders.insert(0, Path(found).resolve().parent)
    for folder in folders:
        if all((folder / name).exists() for name in ("initdb", "postgres", "pg_ctl")):
            return folder
    return None


class Postgres:
    """A running server. Databases of ours are schemas of one of its own: those cost next to nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._schemas = 0

    def url(self, **options: str) -> str:
        given = "".join(f"&{key}={quote(value)}" for key, value in options.items())
        return f"postgresql+psycopg://bot:secret-4711@/postgres?host={self.folder}{given}"

    def execute(self, statement: str) -> list[tuple]:
        import psycopg

        with psycopg.connect(dbname="postgres", user="bot", host=str(self.folder), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def new_schema(self) -> str:
        """The name of an empty schema; connections of ``new_database`` are called so, too."""
        self._schemas += 1
        self.execute(f"CREATE SCHEMA t{self._schemas}")
        return f"t{self._schemas}"

    def new_database(self, schema: str = "") -> str:
        """The URL of an empty schema, or of the one named."""
        schema = schema or self.new_schema()
        return self.url(options=f"-csearch_path={schema}", application_name=schema)


@contextmanager
def running_postgres(binaries: Path) -> Iterator[Postgres]:
    """A server that is gone, with its data, when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # not under pytest's: nobody must get in, and the path be short
    step_down: list[str] = []
    if os.getuid() == 0:
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise FileNotFoundError("PostgreSQL does not run as root, and there is no setpriv")
        step_down = [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"]
        os.chown(folder, 65534, 65534)

    def run(*command: str) -> None:
        done = subprocess.run(
            [*step_down, *command],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stderr.decode(errors='replace')}")

    data = str(folder / "data")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=60 -c shared_buffers=16MB"
    try:
        run(str(binaries / "initdb"), "-N", "-U", "bot", "-A", "trust", "-E", "UTF8", "--locale=C", data)
        run(str(binaries / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield Postgres(folder)
        finally:
            run(str(binaries / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_mysql_database(server: str) -> str:
    """The URL of an empty database on a server of MySQL or MariaDB."""
    import sqlalchemy as sa

    name = f"t{os.getpid()}_{time.monotonic_ns()}"
    engine = sa.create_engine(server)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    engine.dispose()
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)
