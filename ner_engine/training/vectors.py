"""Pre-trained vectors in word2vec's text format -> rows of an embedding table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ner_engine.errors import ConfigError, DataError
from ner_engine.features import FeatureExtractor

__all__ = ["Vectors", "read_names", "read_vectors"]


@dataclass(frozen=True, slots=True)
class Vectors:
    """``rows (n,)`` of a table and the ``values (n, width) float32`` they start from."""

    rows: tuple[int, ...]
    values: Tensor


def _lines(path: Path, table: str) -> list[tuple[int, str]]:
    """The lines of a file of vectors and their numbers, without a first one of ``count width``."""
    try:
        lines = [line.rstrip() for line in path.read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        raise ConfigError(f"features.vectors.{table}: expected a file; none there", path=path) from None
    return [(number, line) for number, line in enumerate(lines, 1) if number > 1 or line.count(" ") != 1]


def read_names(path: Path, *, table: str = "word") -> tuple[str, ...]:
    """The names of a file of vectors, in its order. Raises ConfigError where there is none."""
    return tuple(dict.fromkeys(line.split(" ", 1)[0] for _, line in _lines(path, table)))


def read_vectors(path: Path, *, table: str, width: int, extractor: FeatureExtractor) -> Vectors:
    """Read ``name v1 v2 ...`` lines (an optional first line ``count width`` is skipped).

    Names the extractor does not know are left out. Raises ConfigError for a table that the tagger does not
    have, DataError for a line that is not a name and ``width`` numbers.
    """
    if not width:
        raise ConfigError(f"features.vectors: expected a table of the tagger's inputs; got {table!r}")
    names: list[str] = []
    values: list[list[float]] = []
    for number, line in _lines(path, table):
        name, *numbers = line.split(" ")
        try:
            row = [float(n) for n in numbers]
        except ValueError:
            row = []
        if len(row) != width:
            raise DataError(f"expected a name and {width} numbers; got {line[:40]!r}", path=path, line=number)
        names.append(name)
        values.append(row)
    rows: list[int] = []
    kept: list[int] = []
    for index, found in enumerate(extractor.rows(table, names)):
        rows += found
        kept += [index] * len(found)
    return Vectors(tuple(rows), torch.tensor(values, dtype=torch.float32).reshape(-1, width)[kept])
