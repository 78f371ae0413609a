"""Encoded texts and padded batches of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ner_engine.features.units import Ints

__all__ = ["Batch", "Encoded", "pad"]


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text: ``ids (units, columns) int32``, ``flags (units, flags) float32``, offsets ``(units,)``."""

    ids: Ints
    flags: npt.NDArray[np.float32]
    starts: Ints
    ends: Ints

    def __len__(self) -> int:
        return len(self.starts)


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded texts: ``ids (batch, time, columns)``, ``flags (batch, time, flags)``, ``lengths (batch,)``."""

    ids: Ints
    flags: npt.NDArray[np.float32]
    lengths: Ints


def pad(items: Sequence[Encoded]) -> Batch:
    """Texts as one batch, left-aligned, zero-padded to the longest (at least one step)."""
    longest = max([1, *(len(item) for item in items)])
    columns = items[0].ids.shape[1] if items else 0
    flags = items[0].flags.shape[1] if items else 0
    ids = np.zeros((len(items), longest, columns), dtype=np.int32)
    marks = np.zeros((len(items), longest, flags), dtype=np.float32)
    for row, item in enumerate(items):
        ids[row, : len(item)] = item.ids
        marks[row, : len(item)] = item.flags
    return Batch(ids, marks, np.array([len(item) for item in items], dtype=np.int32))
