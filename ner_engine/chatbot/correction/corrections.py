"""Corrected sentences as training data: a Correction in, a line of a JSON Lines file out; and back again.

The file is a corpus in the native form (``ner_engine.datasets.jsonl``) with more keys: what the engine had found,
with which bundle, when. It is only ever appended to. A line that corrects a sentence once more names the one that
it ``supersedes``, which a corpus reader then leaves out.

A line is written whole, under a lock where the system has one, and is on the disk when ``append`` returns. If the
machine stops in the middle of a line, the next one begins on a new line, and reading tells where the torn one is.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ner_engine.errors import DataError
from ner_engine.spans import Span, check_spans

if sys.platform != "win32":
    import fcntl

__all__ = ["Correction", "Corrections", "append", "read_corrections"]


@dataclass(frozen=True, slots=True)
class Correction:
    """One sentence as a person has corrected or confirmed it.

    ``entities`` are right, ``original`` is what ``bundle`` had found. ``id`` and ``supersedes`` (the id of an
    earlier correction of the same sentence, or ``""``) are given by ``append``.
    """

    text: str
    entities: tuple[Span, ...]
    original: tuple[Span, ...]
    at: datetime
    bundle: str = ""
    source: str = "console"
    id: str = ""
    supersedes: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: that of a corpus, and where it comes from."""
        found: dict[str, Any] = {
            "id": self.id,
            "text": self.text,
            "entities": [_as_dict(span) for span in self.entities],
            "original": [_as_dict(span) for span in self.original],
            "bundle": self.bundle,
            "at": self.at.isoformat(timespec="seconds"),
            "source": self.source,
        }
        return found | {"supersedes": self.supersedes} if self.supersedes else found


@dataclass(frozen=True, slots=True)
class Corrections:
    """What a file holds: the corrections that no later one supersedes, and lines that are none, as messages that
    begin with ``path:line:``."""

    kept: tuple[Correction, ...]
    broken: tuple[str, ...] = ()


def append(path: str | Path, correction: Correction) -> Correction:
    """Write a correction down and return it as it stands in the file, with its id and what it supersedes.

    Where the file says the same of this sentence already, nothing is written. Raises DataError for entities that
    do not fit the text or overlap, and for a file that cannot be written.
    """
    correction = replace(
        correction,
        entities=check_spans(correction.text, correction.entities),
        original=check_spans(correction.text, correction.original),
    )
    target = Path(path)
    try:
        with _locked(target) as file:
            before = _contents(file)
            lines = before.split(b"\n")
            there = _parse(lines, str(target))
            last = next((c for c in there.kept if _key(c.text) == _key(correction.text)), None)
            if last is not None and (last.text, last.entities) == (correction.text, correction.entities):
                return last
            given = f"{len(lines)}|{correction.at.isoformat()}|{correction.text}".encode("utf-8", "surrogatepass")
            correction = replace(
                correction,
                id=f"c-{hashlib.sha256(given).hexdigest()[:12]}",
                supersedes="" if last is None else last.id,
            )
            newline = b"\n" if lines[-1] else b""  # the last line was torn, or written by hand
            _write(file, newline + _line(correction), size=len(before))
    except OSError as error:
        raise DataError(
            f"cannot write the correction down: {error.strerror or error.__class__.__name__}", path=target
        ) from None
    return correction


def read_corrections(path: str | Path) -> Corrections:
    """The corrections of a file. Raises DataError where there is none to read."""
    target = Path(path)
    try:
        return _parse(target.read_bytes().split(b"\n"), str(target))
    except OSError as error:
        raise DataError(
            f"expected a readable file of corrections; got: {error.strerror or error}", path=target
        ) from None


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The file, open for appending (new: made), alone with it."""
    new = not path.exists()
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
    try:
        if sys.platform != "win32":
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)  # the lock goes with it
    if new and sys.platform != "win32":
        folder = os.open(path.parent, os.O_RDONLY)  # the name of the file, too, is to be on the disk
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _contents(file: int) -> bytes:
    parts = []
    os.lseek(file, 0, os.SEEK_SET)
    while part := os.read(file, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def _write(file: int, line: bytes, *, size: int) -> None:
    """The line at the end of the file, all of it or nothing."""
    try:
        rest = line
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
    except OSError:  # a full disk: half a line is worse than none
        os.ftruncate(file, size)
        raise


def _line(correction: Correction) -> bytes:
    whole = correction.to_dict()
    try:
        return json.dumps(whole, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # a lone surrogate: only an escape can carry it
        return json.dumps(whole).encode() + b"\n"


def _parse(lines: list[bytes], path: str) -> Corrections:
    kept: dict[str, Correction] = {}
    broken = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = _correction(json.loads(line))
        except (ValueError, RecursionError, TypeError, KeyError, AttributeError, DataError) as error:
            broken.append(
                f"{path}:{number}: expected a whole line of a correction; {error or type(error).__name__}"
            )
            continue
        kept.pop(found.supersedes, None)
        kept[found.id or str(number)] = found
    return Corrections(tuple(kept.values()), tuple(broken))


def _correction(value: dict[str, Any]) -> Correction:
    text = value["text"]
    return Correction(
        text=text,
        entities=check_spans(text, map(_span, value["entities"])),
        original=check_spans(text, map(_span, value["original"])),
        at=datetime.fromisoformat(value["at"]),
        bundle=str(value["bundle"]),
        source=str(value["source"]),
        id=str(value["id"]),
        supersedes=str(value.get("supersedes", "")),
    )


def _as_dict(span: Span) -> dict[str, Any]:
    return {"start": span.start, "end": span.end, "label": span.label}


def _span(value: dict[str, Any]) -> Span:
    return Span(int(value["start"]), int(value["end"]), str(value["label"]))


def _key(text: str) -> str:
    """What makes two texts the same sentence, as in a corpus: composed characters, spaces collapsed."""
    return " ".join(unicodedata.normalize("NFC", text).split())
