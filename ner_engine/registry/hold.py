"""Saying that a version is in use, so that ``gc`` leaves it: a shared lock on its manifest.

The lock ends with the process that has it, however that ends; nothing is written.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ner_engine.bundle import MANIFEST
from ner_engine.registry.files import try_lock

__all__ = ["Hold", "hold", "unheld"]

_PATIENCE_S = 2.0


class Hold:
    """A version in use, until ``close`` or the end of this object. Also a context manager."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def close(self) -> None:
        """It is used no more."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            with suppress(OSError):
                os.close(handle)

    def __enter__(self) -> Hold:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def hold(path: Path) -> Hold:
    """Say that the bundle at ``path`` is in use. Where it cannot be said (it is gone, no locks), it is not."""
    handle = _open(path)
    if handle < 0:
        return Hold(-1)
    end = time.monotonic() + _PATIENCE_S
    while not try_lock(handle, shared=True) and time.monotonic() < end:
        time.sleep(0.01)  # somebody is about to take it away, or only looks
    return Hold(handle)


@contextmanager
def unheld(path: Path) -> Iterator[bool]:
    """Whether nobody uses the bundle at ``path``; as long as this lasts, nobody begins to."""
    handle = _open(path)
    try:
        yield handle < 0 or try_lock(handle)
    finally:
        if handle >= 0:
            os.close(handle)


def _open(path: Path) -> int:
    if sys.platform == "win32":  # a lock there would keep others from reading
        return -1
    try:
        return os.open(path / MANIFEST, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1
