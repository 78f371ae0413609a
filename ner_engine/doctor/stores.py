"""The feedback store: is it there, can it be opened, and what waits in it?"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ner_engine.doctor.asked import Asked
from ner_engine.doctor.finding import FAIL, OFF, OK, Finding
from ner_engine.doctor.mending import ours, with_extra
from ner_engine.errors import MissingExtra, NerEngineError
from ner_engine.feedback import DEFAULT_STORE, STATUSES, open_store
from ner_engine.feedback.stores import DEFAULT_FILE

__all__ = ["FEEDBACK_VARIABLE", "feedback"]

FEEDBACK_VARIABLE = "NER_ENGINE_FEEDBACK"
_PATIENCE_S = 5.0
_SQLITE = "sqlite:///"


def feedback(asked: Asked) -> Iterator[Finding]:
    """Opened to be read; one that is not there yet is not made."""
    where = asked.store or os.environ.get(FEEDBACK_VARIABLE, "") or _by_default()
    bare = where.removeprefix(_SQLITE).partition("?")[0]
    path = None if "://" in bare else Path(bare)
    if path is not None and not path.exists():
        yield Finding("feedback", OK, f"none at {path.absolute()}: the first correction makes it")
        return
    # a URL may hold a password
    named = [] if path is None else ["--store", str(path)]
    try:
        store = open_store(where, create=False, timeout_s=_PATIENCE_S)
        try:
            counts = Counter(one.status for one in store.list())
            name = store.name
        finally:
            store.close()
    except MissingExtra as error:
        message = f"{path or 'a database'} is there, but cannot be read: databases are not installed"
        yield Finding("feedback", OFF, message, mend=with_extra(error.extra))
        return
    except NerEngineError as error:
        yield Finding("feedback", FAIL, str(error), mend=ours("feedback", "stats", *named))
        return
    waiting = ", ".join(f"{counts[status]} {status}" for status in STATUSES)
    yield Finding("feedback", OK, f"{name}: {waiting}", facts={"store": name, **counts})


def _by_default() -> str:
    """The file where corrections go unless told otherwise: the one that is there."""
    return DEFAULT_FILE if not Path(DEFAULT_STORE).exists() and Path(DEFAULT_FILE).exists() else DEFAULT_STORE
