"""What follows from a character alone: its folded form, class, jamo and syllable, looked up by code point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from ner_engine.features.units import Codes, Ints, character_classes, fold, jamo
from ner_engine.features.vocabulary import UNKNOWN

__all__ = ["CharacterTable", "Characters"]

_PLANE = 0x10000  # beyond the table there are emoji and rare Han: too many rows for too few characters


@dataclass(frozen=True, slots=True)
class Characters:
    """Characters by what they are to the inputs, ``(units,)`` each: ``folded`` codes and rows of tables."""

    folded: Codes
    category: Ints
    initial: Ints
    medial: Ints
    final: Ints
    syllable: Ints


@cache
def _fields() -> npt.NDArray[np.int32]:
    """The fields of ``Characters`` but the last for every code of the table, ``(5, codes)``."""
    return _computed(np.arange(_PLANE, dtype=np.uint32))


def _computed(codes: Codes) -> npt.NDArray[np.int32]:
    folded = fold(codes)
    return np.stack([folded.view(np.int32), character_classes(codes), *jamo(folded)])


class CharacterTable:
    """Code points -> ``Characters``."""

    def __init__(self, syllables: Sequence[str]) -> None:
        self._beyond = {ord(c): i + 2 for i, c in enumerate(syllables) if ord(c) >= _PLANE}
        known = np.full(_PLANE, UNKNOWN, dtype=np.int32)
        for i, c in enumerate(syllables):
            if ord(c) < _PLANE:
                known[ord(c)] = i + 2
        fields = _fields()
        self._rows = np.concatenate([fields, known[None, fields[0]]])

    def look_up(self, codes: Codes) -> Characters:
        """What each of the codes ``(units,)`` is."""
        if codes.size and codes.max() >= _PLANE:
            beyond = codes >= _PLANE
            rows = self._rows.take(np.where(beyond, np.uint32(0), codes), axis=1)
            rows[:-1, beyond] = _computed(codes[beyond])  # they fold to themselves
            rows[-1, beyond] = [self._beyond.get(code, UNKNOWN) for code in codes[beyond].tolist()]
        else:
            rows = self._rows.take(codes, axis=1)
        return Characters(rows[0].view(np.uint32), *rows[1:])
