"""What was found in the texts read last: a text in, the same entities out without reading it again.

Whoever taps a quick reply says what the one before said, letter by letter. What the tagger finds depends on the
text alone and is kept for good; what it means, by the clock, is kept for the minute.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from ner_engine.spans import Entity

__all__ = ["Recall"]

_LONGEST = 120  # characters: what is longer is hardly said twice


class Recall:
    """Entities of the last ``size`` short texts, by text (0: none are kept). Thread-safe."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._kept: dict[str, tuple[Entity, ...]] = {}
        self._valued: dict[str, tuple[int, tuple[Entity, ...]]] = {}  # by text: of which minute, what is answered
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def holds(self, texts: Sequence[str]) -> bool:
        """Whether all of these texts are known by heart."""
        kept = self._kept
        return bool(kept) and all(text in kept for text in texts)

    def through(
        self, texts: Sequence[str], find: Callable[[Sequence[str]], list[list[Entity]]]
    ) -> list[list[Entity]]:
        """The entities of each text; those not known are asked of ``find``, all at once, and kept."""
        if not self.size:
            return find(texts)
        known = [self._kept.get(text) for text in texts]
        unknown = list(dict.fromkeys(text for text, have in zip(texts, known, strict=True) if have is None))
        found = dict(zip(unknown, find(unknown), strict=True)) if unknown else {}
        self._keep(found)
        return [list(found[text] if have is None else have) for text, have in zip(texts, known, strict=True)]

    def valued(self, texts: Sequence[str], minute: int) -> list[list[Entity]] | None:
        """What was answered to each text in that minute; None where one of them was not asked in it."""
        out = []
        for text in texts:
            minute_of, entities = self._valued.get(text, (-1, ()))
            if minute_of != minute:
                return None
            out.append(list(entities))
        return out

    def keep_valued(self, text: str, minute: int, entities: Sequence[Entity]) -> None:
        """Keep what is answered to a text all that minute, if the text is one that is kept."""
        with self._lock:
            if text in self._kept:
                self._valued[text] = minute, tuple(entities)

    def _keep(self, found: dict[str, list[Entity]]) -> None:
        short = {text: tuple(entities) for text, entities in found.items() if len(text) <= _LONGEST}
        if not short:
            return
        with self._lock:
            self._kept.update(short)
            while len(self._kept) > self.size:
                oldest = next(iter(self._kept))
                del self._kept[oldest]
                self._valued.pop(oldest, None)
