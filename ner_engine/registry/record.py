"""How ``current`` changes, and the history of that: one line for each promotion and rollback.

The step is the replacement of ``current``, which carries the whole record; the line in the history follows. Where
a process ends between the two, the next one writes the missing line; ``read_history`` tells of it all the same.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

from ner_engine.errors import BundleError, RegistryError
from ner_engine.pointer import CURRENT, Pointer, parse_pointer, read_pointer
from ner_engine.registry.files import replace_file

__all__ = ["HISTORY", "change", "known_pointer", "read_history", "settle"]

HISTORY = "history.jsonl"
_log = logging.getLogger(__name__)


def change(folder: Path, pointer: Pointer) -> None:
    """Make ``pointer`` what is in use, then write its line. Raises RegistryError, and nothing has changed."""
    replace_file(folder / CURRENT, _line(pointer))
    try:
        settle(folder)
    except RegistryError as error:  # it is in use all the same; the next change writes the line
        _log.warning("%s", error)


def settle(folder: Path) -> None:
    """Write the line of what is in use where the history has it not. Raises RegistryError."""
    pointer = read_pointer(folder)
    if pointer is None or not pointer.number or pointer in _lines(folder):
        return
    before = _bytes(folder)
    newline = b"\n" if before and not before.endswith(b"\n") else b""
    replace_file(folder / HISTORY, before + newline + _line(pointer))


def read_history(folder: Path) -> tuple[Pointer, ...]:
    """All changes, the oldest first. Raises RegistryError, BundleError for a line or a pointer that is none."""
    found = _lines(folder, strict=True)
    pointer = read_pointer(folder)
    if pointer is not None and pointer.number and pointer not in found:
        found.append(pointer)
    return tuple(found)


def known_pointer(folder: Path) -> tuple[Pointer | None, bool]:
    """What is in use, and whether ``current`` can be read; where it cannot, the last that the history knows."""
    try:
        return read_pointer(folder), True
    except BundleError:
        lines = _lines(folder)
        return (lines[-1] if lines else None), False


def _lines(folder: Path, *, strict: bool = False) -> list[Pointer]:
    found = []
    for number, line in enumerate(_bytes(folder).split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            found.append(parse_pointer(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            if strict:
                raise RegistryError(
                    f"{folder / HISTORY}:{number}: expected a change of the version in use; "
                    f"got {type(error).__name__}: {error}"
                ) from None
    return found


def _bytes(folder: Path) -> bytes:
    path = folder / HISTORY
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise RegistryError(f"{path}: expected a readable file; got: {error.strerror or error}") from None


def _line(pointer: Pointer) -> bytes:
    return json.dumps(pointer.to_dict(), ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
