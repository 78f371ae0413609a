"""Small files that are replaced whole, folders that are synced, and a lock that ends with its process."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ner_engine.errors import RegistryError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["aside_of", "locked", "replace_file", "sync_folder", "try_lock"]

_AGAIN_S = 0.005


def aside_of(path: Path) -> Path:
    """A hidden name beside a path that nobody else uses."""
    return path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")


def replace_file(path: Path, data: bytes) -> None:
    """Put a file in the place of an old one: at any moment one of the two is there, whole, also after a crash.

    Raises RegistryError where it cannot be written; the old one stays.
    """
    aside = aside_of(path)
    try:
        try:
            handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            with open(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(aside, path)
            sync_folder(path.parent)
        except OSError as error:
            raise RegistryError(f"{path}: expected to write it; got: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """Have the names in a folder on the disk, where the system can."""
    if sys.platform == "win32":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(path: Path, *, timeout_s: float) -> Iterator[None]:
    """Alone with whoever else takes this lock; a process that ends, however it ends, lets go of it.

    Raises RegistryError where another holds it for longer than ``timeout_s``, or the file cannot be made.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
    except OSError as error:
        raise RegistryError(f"{path}: expected a folder that can be written to; got: {error.strerror}") from None
    try:
        end = time.monotonic() + timeout_s
        while not try_lock(handle):
            if time.monotonic() > end:
                raise RegistryError(
                    f"{path}: another process has been changing this for {timeout_s:g} s; try again"
                )
            time.sleep(_AGAIN_S)
        yield
    finally:
        os.close(handle)


def try_lock(handle: int, *, shared: bool = False) -> bool:
    """Lock an open file, alone or ``shared``, unless others have it in a way that forbids it."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # never shared there
        else:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
