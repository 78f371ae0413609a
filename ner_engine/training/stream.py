"""Units of many texts -> a shuffled stream -> windows of parallel streams, read from either end.

A stream is a row of unit numbers: 0 is the boundary that stands before each text, the others index a table of
ids (see ``ner_engine.features.codes``). So a unit takes four bytes, and its ids are looked up a window at a time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ner_engine.errors import ConfigError
from ner_engine.features import FeatureExtractor
from ner_engine.features.codes import code_rows
from ner_engine.features.units import Codes, Ints

__all__ = ["Stream", "Text", "cut", "number_units", "shuffled", "window", "window_count"]

Longs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Text:
    """Numbered texts: ``units (n,) int32``, each text behind a 0; ``starts (texts + 1,)`` where each begins."""

    units: Ints
    starts: Longs

    def __len__(self) -> int:
        return len(self.starts) - 1


@dataclass(frozen=True, slots=True)
class Stream:
    """Parallel streams ``units (streams, length) int32``, and the ids of a unit number, ``rows (n, columns)``.

    ``syllable`` is the column to predict.
    """

    units: Ints
    rows: Ints
    syllable: int


def number_units(
    parts: Sequence[tuple[Codes, Longs]], extractor: FeatureExtractor
) -> tuple[Ints, tuple[Text, ...]]:
    """Code points and text ends of each part -> the ids of every unit number, and the numbered texts.

    The ids are ``(distinct + 1, columns) int32``; row 0 is the boundary's, zeros.
    """
    distinct = np.unique(np.concatenate([codes for codes, _ in parts]))
    rows = np.zeros((len(distinct) + 1, len(extractor.columns)), dtype=np.int32)
    rows[1:] = code_rows(extractor, distinct)
    texts = []
    for codes, ends in parts:
        lengths = np.diff(ends, prepend=0)
        kept = ends[lengths > 0]  # a text without visible characters is none
        begins = np.concatenate([[0], kept])[:-1]
        numbers = (np.searchsorted(distinct, codes) + 1).astype(np.int32)
        starts = np.append(begins, len(codes)) + np.arange(len(kept) + 1)
        texts.append(Text(np.insert(numbers, begins, 0), starts))
    return rows, tuple(texts)


def shuffled(text: Text, *, seed: int, epoch: int) -> Ints:
    """All texts as one row of units, in an order that depends on the seed and the epoch alone."""
    order = np.random.default_rng([seed, epoch]).permutation(len(text))
    lengths = np.diff(text.starts)[order]
    moved = np.repeat(text.starts[:-1][order] - (np.cumsum(lengths) - lengths), lengths)
    moved += np.arange(len(moved))
    units: Ints = text.units[moved]
    return units


def cut(units: Ints, *, streams: int, limit: int = 0) -> Ints:
    """The first ``limit`` units (0: all) as parallel streams ``(streams, length)``; a rest is left out.

    There are fewer streams where the text is too short to fill them. Raises ConfigError for next to no text.
    """
    units = units[: limit or None]
    count = min(streams, len(units) // 2)
    if count < 1:
        raise ConfigError(f"data.sources: expected a text of at least 2 units; got {len(units)}")
    length = len(units) // count
    return np.ascontiguousarray(units[: count * length].reshape(count, length))


def window_count(stream: Stream, steps: int) -> int:
    """Windows of a pass; the last may be shorter."""
    length: int = stream.units.shape[1]
    return math.ceil((length - 1) / steps)


def window(stream: Stream, number: int, *, steps: int, backward: bool) -> tuple[Longs, Longs]:
    """``ids (streams, steps, columns)`` of a window and the syllable rows that follow each, ``(streams, steps)``.

    The backward reader gets the stream from its end: its window 0 ends where the last of the forward one does.
    """
    units = stream.units[:, ::-1] if backward else stream.units
    here = units[:, number * steps : (number + 1) * steps + 1]
    ids = stream.rows[here].astype(np.int64)  # (streams, steps + 1, columns)
    return ids[:, :-1], np.ascontiguousarray(ids[:, 1:, stream.syllable])
