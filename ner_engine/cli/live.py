"""Entities of a text that is still being typed: asked for at any time, found in a thread of their own.

Whoever asks is never kept waiting: until the text was looked at, what was known of the one before is carried over
to the characters that are still there.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from ner_engine.spans import Entity

__all__ = ["Live", "carry_over"]

_PATIENCE_S = 0.5  # for the engine to come to an end before the process does

_log = logging.getLogger(__name__)


class Live:
    """``find`` run in the background on the newest text, once it stood still for ``settle_s``.

    ``changed`` is called, in that thread, whenever something new is known.
    """

    def __init__(
        self,
        find: Callable[[str], Sequence[Entity]],
        changed: Callable[[], None],
        *,
        settle_s: float = 0.05,
    ) -> None:
        self._find, self._changed, self._settle_s = find, changed, settle_s
        self._asked = threading.Condition()
        self._wanted = ""
        self._known: tuple[str, tuple[Entity, ...]] = ("", ())
        self._closed = False
        self.version = 0  # counts what became known
        self._thread = threading.Thread(target=self._work, name="entities as typed", daemon=True)
        self._thread.start()

    def entities(self, text: str) -> tuple[Entity, ...]:
        """What is known of a text by now; it will be looked at if it was not."""
        with self._asked:
            known, found = self._known
            if text != self._wanted:
                self._wanted = text
                self._asked.notify()
        return found if text == known else carry_over(known, found, text)

    def close(self) -> None:
        """Look at nothing more. A search that goes on is not waited for long."""
        with self._asked:
            self._closed = True
            self._asked.notify()
        self._thread.join(_PATIENCE_S)

    def _work(self) -> None:
        while (text := self._next()) is not None:
            try:
                found = tuple(self._find(text))
            except Exception:  # what goes wrong here is told when the text is said
                _log.debug("while typing %r", text, exc_info=True)
                found = ()
            with self._asked:
                self._known = (text, found)
                self.version += 1
            self._changed()

    def _next(self) -> str | None:
        """The text to look at, once there is one and it stands still; None in the end."""
        with self._asked:
            self._asked.wait_for(lambda: self._closed or self._wanted != self._known[0])
            asked = ""
            while not self._closed and asked != self._wanted:  # every key puts it off
                asked = self._wanted
                self._asked.wait(self._settle_s)
            return None if self._closed else asked


def carry_over(known: str, found: Sequence[Entity], text: str) -> tuple[Entity, ...]:
    """Entities of ``known`` that stand unchanged before, or after, what makes ``text`` differ from it."""
    same = 0
    for ours, theirs in zip(known, text, strict=False):
        if ours != theirs:
            break
        same += 1
    tail = 0
    while tail < min(len(known), len(text)) - same and known[-1 - tail] == text[-1 - tail]:
        tail += 1
    shift = len(text) - len(known)
    carried = [entity for entity in found if entity.end <= same]
    carried += [
        replace(entity, start=entity.start + shift, end=entity.end + shift)
        for entity in found
        if entity.start >= len(known) - tail and entity.end > same
    ]
    return tuple(carried)
