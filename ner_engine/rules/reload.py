"""A gazetteer whose files may be edited while it is in use: paths in, the newest sound gazetteer out.

The new one is built aside and put in place by one assignment: a search that has begun ends with the entries it
began with, and one that begins sees all of the old or all of the new. A file that is wrong changes nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from ner_engine.rules.candidates import Candidate
from ner_engine.rules.gazetteer import Gazetteer, load_gazetteer
from ner_engine.rules.merge import Rejected

__all__ = ["LiveGazetteer"]

_Stamp = tuple[tuple[int, int, int], ...]


class LiveGazetteer:
    """A gazetteer of files that can be read again. Thread-safe; finds what its ``current`` gazetteer finds."""

    def __init__(self, paths: Sequence[str | Path], *, ignore_spaces: bool = False, name: str = "") -> None:
        """Reads the files. Raises DataError, with file and line, for a wrong one."""
        self.paths = tuple(Path(path) for path in paths)
        self._ignore_spaces, self._name = ignore_spaces, name
        self._one_at_a_time = threading.Lock()
        self._stamp = self._look()
        self._current = self._load()

    @property
    def current(self) -> Gazetteer:
        """The gazetteer in use: immutable. Hold on to it to make several searches with the same entries."""
        return self._current

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the entries in use."""
        return self._current.labels

    def find(self, text: str) -> list[Candidate]:
        """See ``Gazetteer.find``."""
        return self._current.find(text)

    def refused(self, text: str) -> list[Rejected]:
        """See ``Gazetteer.refused``."""
        return self._current.refused(text)

    def reload(self) -> Gazetteer:
        """Read the files and put what they say in place. Raises DataError, and the old entries stay in use."""
        with self._one_at_a_time:
            stamp = self._look()  # before reading: what is written meanwhile counts as a change
            self._current = self._load()
            self._stamp = stamp
            return self._current

    def reload_if_changed(self) -> bool:
        """``reload`` where a file has another time, size or inode than when it was read; whether one had.

        A changed file that is wrong raises DataError at every call until it is mended.
        """
        if self._look() == self._stamp:
            return False
        self.reload()
        return True

    def _load(self) -> Gazetteer:
        return load_gazetteer(*self.paths, ignore_spaces=self._ignore_spaces, name=self._name)

    def _look(self) -> _Stamp:
        found = []
        for path in self.paths:
            try:
                status = path.stat()
            except OSError:
                found.append((-1, -1, -1))  # reading it will say what is wrong
            else:
                found.append((status.st_mtime_ns, status.st_size, status.st_ino))
        return tuple(found)
