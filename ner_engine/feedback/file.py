"""Corrections in a file of JSON Lines that is only ever appended to: a Correction in, a line out; and back again.

The file is a corpus in the native form (``ner_engine.datasets.jsonl``). A line that corrects a sentence once more
names the one that it ``supersedes``, which a corpus reader then leaves out.

A line is written whole, under a lock where the system has one, and is on the disk when ``add`` returns. If the
machine stops in the middle of a line, the next one begins on a new line, and reading tells where the torn one is.
"""

from __future__ import annotations

import builtins
import hashlib
import json
import logging
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType

from ner_engine.datasets.corpus import text_key
from ner_engine.errors import ConfigError, DataError
from ner_engine.feedback.correction import Correction, checked
from ner_engine.feedback.exchange import write_corrections
from ner_engine.feedback.selection import Wanted, one_by_prefix

if sys.platform != "win32":
    import fcntl

__all__ = ["Corrections", "CorrectionsFile", "append", "read_corrections"]

_log = logging.getLogger(__name__)

_TAIL_BYTES = 64


@dataclass(frozen=True, slots=True)
class Corrections:
    """What a file holds: the corrections that no later one supersedes, and lines that are none, as messages that
    begin with ``path:line:``."""

    kept: tuple[Correction, ...]
    broken: tuple[str, ...] = ()


@dataclass(slots=True)
class _Seen:
    """What is known of a file up to ``size``, where a line ends: how many lines, and the last correction of each
    sentence, as its id and what it says. ``tail`` is what stands before ``size``, to know the file again by."""

    device: tuple[int, int] = (-1, -1)
    size: int = 0
    lines: int = 0
    tail: bytes = b""
    last: dict[bytes, tuple[str, bytes]] = field(default_factory=dict)


class CorrectionsFile:
    """The store that is such a file. What was read of it once is not read again, so that a file can grow while
    adding to it stays as quick. Safe to share between threads; several processes may write to one file."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._seen = _Seen()

    @property
    def name(self) -> str:
        """The file."""
        return str(self._path)

    def add(self, correction: Correction) -> Correction:
        """Write a correction down and return it as it stands in the file, with its id and what it supersedes.

        Where the file says the same of this sentence already, nothing is written. Raises DataError for entities
        that do not fit the text or overlap, and for a file that cannot be written.
        """
        correction = checked(correction)
        try:
            with _locked(self._path) as file:
                seen = self._look(file)
                torn = _read_from(file, seen.size)  # a line without its end: torn, or written by hand
                last = seen.last.get(_key(correction.text))
                if (by_hand := _parsed(torn)) is not None and _key(by_hand.text) == _key(correction.text):
                    last = by_hand.id, _content(by_hand)
                if last is not None and last[1] == _content(correction):
                    return self._find(file, last[0]) or correction
                size = seen.size + len(torn)
                number = seen.lines + bool(torn) + 1
                given = f"{number}|{correction.at.isoformat()}|{correction.text}".encode("utf-8", "surrogatepass")
                correction = replace(
                    correction,
                    id=correction.id or f"c-{hashlib.sha256(given).hexdigest()[:12]}",
                    supersedes="" if last is None else last[0],
                )
                _write(file, (b"\n" if torn else b"") + _line(correction), size=size)
        except OSError as error:
            raise DataError(
                f"cannot write the correction down: {error.strerror or error.__class__.__name__}", path=self._path
            ) from None
        return correction

    def add_all(self, corrections: Iterable[Correction]) -> builtins.list[tuple[Correction, str]]:
        """Add one after the other; each with ``"added"`` or ``"unchanged"``."""
        found = []
        for correction in corrections:
            before = self._size()
            kept = self.add(correction)
            found.append((kept, "added" if self._size() > before else "unchanged"))
        return found

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
        """The corrections, oldest first; ``""`` stands for any. Without ``superseded`` only the last of a
        sentence.

        A line that is none is left out, with a warning. Raises DataError where there is no file to read.
        """
        wanted = Wanted(status=status, since=since, bundle=bundle, by=by, source=source, consent=consent)
        found = read_corrections(self._path, superseded=superseded)
        for torn in found.broken:  # by a machine that stopped: nobody was told that it is kept
            _log.warning(torn)
        return [correction for correction in found.kept if wanted.takes(correction)]

    def find(self, prefixes: Sequence[str]) -> builtins.list[Correction]:
        """The corrections whose ids begin so. Raises DataError for a prefix of none or of several."""
        every = self.list(superseded=True)
        return [one_by_prefix(prefix, every) for prefix in prefixes]

    def set_status(
        self, ids: Sequence[str], status: str, *, by: str = "", at: datetime | None = None
    ) -> builtins.list[Correction]:
        """Refused: what stands in the file stays as it is."""
        raise ConfigError(
            f"{self._path}: expected a database, for a file of JSON Lines is only appended to: "
            f"ner-engine feedback import {self._path}"
        )

    def remove(self, ids: Sequence[str]) -> int:
        """Refused, as ``set_status`` is."""
        self.set_status(ids, "rejected")
        return 0

    def export(
        self, path: str | Path, *, format: str = "jsonl", status: str = "approved", superseded: bool = False
    ) -> int:
        """Write corrections in a format of ``exchange``; how many. See ``list``."""
        found = self.list(status=status, superseded=superseded)
        write_corrections(found, path, format=format)
        return len(found)

    def close(self) -> None:
        """Nothing is held open."""

    def __enter__(self) -> CorrectionsFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def _size(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0

    def _look(self, file: int) -> _Seen:
        """What the file holds by now; the lock is ours."""
        state, seen = os.fstat(file), self._seen
        here = (state.st_dev, state.st_ino)
        start = seen.size - len(seen.tail)
        known = here == seen.device and state.st_size >= seen.size
        if not known or _read_from(file, start, len(seen.tail)) != seen.tail:
            seen = self._seen = _Seen(here)
        new = _read_from(file, seen.size)
        whole = new[: new.rfind(b"\n") + 1]
        for line in whole.split(b"\n")[:-1]:
            seen.lines += 1
            if (found := _parsed(line)) is not None:
                seen.last[_key(found.text)] = found.id or str(seen.lines), _content(found)
        seen.size += len(whole)
        seen.tail = (seen.tail + whole)[-_TAIL_BYTES:]
        return seen

    def _find(self, file: int, wanted: str) -> Correction | None:
        found = _parse(_read_from(file, 0), self.name, superseded=True)
        return next((correction for correction in found.kept if correction.id == wanted), None)


def append(path: str | Path, correction: Correction) -> Correction:
    """``CorrectionsFile(path).add(correction)``, for one that writes once."""
    return CorrectionsFile(path).add(correction)


def read_corrections(path: str | Path, *, superseded: bool = False) -> Corrections:
    """The corrections of a file. Raises DataError where there is none to read."""
    target = Path(path)
    try:
        return _parse(target.read_bytes(), str(target), superseded=superseded)
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


def _read_from(file: int, start: int, most: int = sys.maxsize) -> bytes:
    parts = []
    os.lseek(file, start, os.SEEK_SET)
    while most > 0 and (part := os.read(file, min(most, 1 << 20))):
        parts.append(part)
        most -= len(part)
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


def _parse(data: bytes, path: str, *, superseded: bool) -> Corrections:
    kept: dict[str, Correction] = {}
    broken = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            found = _correction(line)
        except (ValueError, RecursionError, DataError) as error:
            broken.append(
                f"{path}:{number}: expected a whole line of a correction; {error or type(error).__name__}"
            )
            continue
        if not superseded:
            kept.pop(found.supersedes, None)
        kept[found.id or str(number)] = found
    return Corrections(tuple(kept.values()), tuple(broken))


def _correction(line: bytes) -> Correction:
    return Correction.from_dict(json.loads(line))


def _parsed(line: bytes) -> Correction | None:
    try:
        return _correction(line)
    except (ValueError, RecursionError, DataError):
        return None


def _key(text: str) -> bytes:
    return hashlib.blake2b(text_key(text).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _content(correction: Correction) -> bytes:
    """What makes two corrections of a sentence say the same."""
    said = repr((correction.text, correction.entities, correction.consent))
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).digest()
