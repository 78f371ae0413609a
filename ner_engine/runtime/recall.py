"""What was found in the texts read last: a text in, the same entities out without reading it again.

Whoever taps a quick reply says what the one before said, letter by letter. Only what the tagger finds is kept,
which depends on the text alone; what an entity means by today's clock is asked anew each time.
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

    def _keep(self, found: dict[str, list[Entity]]) -> None:
        short = {text: tuple(entities) for text, entities in found.items() if len(text) <= _LONGEST}
        if not short:
            return
        with self._lock:
            self._kept.update(short)
            while len(self._kept) > self.size:
                del self._kept[next(iter(self._kept))]  # the oldest
