"""Where corrections are kept: a path or a URL in, a FeedbackStore out.

A file named ``*.jsonl`` is one of JSON Lines, which is only appended to and needs nothing installed; everything
else is a database, a path one of SQLite.
"""

from __future__ import annotations

import builtins
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from ner_engine.errors import MissingExtra
from ner_engine.feedback.correction import Correction
from ner_engine.feedback.file import CorrectionsFile

__all__ = ["DEFAULT_FILE", "DEFAULT_STORE", "FeedbackStore", "LazyStore", "open_store"]

DEFAULT_STORE = "feedback.db"
DEFAULT_FILE = "corrections.jsonl"  # where the extra for databases is not installed


class FeedbackStore(Protocol):
    """What keeps corrections. Safe to share between threads; every process opens its own."""

    @property
    def name(self) -> str:
        """What it is called in messages, without passwords."""

    def add(self, correction: Correction) -> Correction:
        """Keep a correction and return it as it is kept, with its id and what it supersedes: when this returns it
        is on the disk. Where the last word on this sentence is the same, that one is returned.

        Raises DataError for entities that do not fit, DataError or StoreError where it cannot be kept.
        """

    def add_all(self, corrections: Iterable[Correction]) -> builtins.list[tuple[Correction, str]]:
        """Keep corrections that may have been here before; each with what came of it: ``"added"``,
        ``"unchanged"``, or ``"reviewed"`` where only its status is news."""

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
        """The corrections, in the order in which they came; ``""`` and None stand for any.

        One counts until a later one of the same sentence is approved, a pending one also until a later one is
        pending; with ``superseded`` all are given.
        """

    def find(self, prefixes: Sequence[str]) -> builtins.list[Correction]:
        """The corrections whose ids begin so. Raises DataError for a prefix of none or of several."""

    def set_status(
        self, ids: Sequence[str], status: str, *, by: str = "", at: datetime | None = None
    ) -> builtins.list[Correction]:
        """Decide on corrections; those on which something else had been decided, as they are now.

        Raises DataError for a status or an id that is none: then nothing is decided.
        """

    def remove(self, ids: Sequence[str]) -> int:
        """Delete corrections for good; how many there were."""

    def export(
        self, path: str | Path, *, format: str = "jsonl", status: str = "approved", superseded: bool = False
    ) -> int:
        """Write corrections to a file, in a format of ``exchange``; how many."""

    def close(self) -> None:
        """Let go of it."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None: ...


def open_store(where: str | Path, *, create: bool = True, timeout_s: float = 30.0) -> FeedbackStore:
    """The store at a path or URL; a database is made where there is none, unless ``create`` is false.

    ``timeout_s``: how long one waits for another. Raises MissingExtra where databases are not installed,
    ConfigError for a URL that is none, StoreError for a database that cannot be used.
    """
    if str(where).endswith(".jsonl") and "://" not in str(where):
        return CorrectionsFile(where)
    from ner_engine.feedback.database import DatabaseStore

    return DatabaseStore.open(where, create=create, timeout_s=timeout_s)


class LazyStore:
    """A store that is opened when there is something to keep, and looked for anew after it could not be.

    Without ``where`` it is DEFAULT_STORE, or DEFAULT_FILE where databases are not installed.
    """

    def __init__(self, where: str | Path = "", *, timeout_s: float = 30.0) -> None:
        self._where, self._timeout_s = where, timeout_s
        self._opening = threading.Lock()
        self._store: FeedbackStore | None = None

    @property
    def name(self) -> str:
        """What it is called once it is open."""
        return "" if self._store is None else self._store.name

    def add(self, correction: Correction) -> Correction:
        """See ``FeedbackStore.add``."""
        return self._opened().add(correction)

    def close(self) -> None:
        """Let go of it; the next correction opens it again."""
        with self._opening:
            store, self._store = self._store, None
        if store is not None:
            store.close()

    def _opened(self) -> FeedbackStore:
        with self._opening:
            if self._store is None:
                try:
                    self._store = open_store(self._where or DEFAULT_STORE, timeout_s=self._timeout_s)
                except MissingExtra:
                    if self._where:
                        raise
                    self._store = open_store(DEFAULT_FILE)
            return self._store
