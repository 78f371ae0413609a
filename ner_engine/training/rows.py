"""Texts -> how often they use each row of the embedding tables.

Where only rows learn that old texts hardly use, what learns is what is new: the syllables, n-grams and words of
what was added. An old text goes through few of them, so that it is answered as before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import torch
from torch import Tensor

from ner_engine.features import FeatureExtractor
from ner_engine.training.blend import mistyped
from ner_engine.training.data import Source

__all__ = ["rare_rows", "uses_of_rows", "within"]

_CHUNK = 512
_PLACEHOLDERS = 2  # padding and the unknown one


def uses_of_rows(extractor: FeatureExtractor, texts: Iterable[str]) -> dict[str, Tensor]:
    """For each table of embeddings ``(rows,) int64``: how many units of the texts use the row."""
    uses = {column.table: torch.zeros(column.rows, dtype=torch.long) for column in extractor.columns}
    waiting = iter(texts)
    while chunk := list(islice(waiting, _CHUNK)):
        ids = torch.cat([torch.from_numpy(encoded.ids) for encoded in extractor.encode_many(chunk)]).long()
        for position, column in enumerate(extractor.columns):
            uses[column.table] += torch.bincount(ids[:, position], minlength=column.rows)
    return uses


def rare_rows(
    extractor: FeatureExtractor, old: Sequence[Source], new: Iterable[str], *, most: int, seed: int
) -> Mapping[str, Tensor]:
    """The rows that the texts ``new`` use, and the ``old`` ones, as written and mistyped, ``most`` times or less.

    By table, ``(rows,) bool``.
    """
    old_texts = (
        sentence.text
        for source in old
        for written in (source, mistyped(source, seed=seed))
        for sentence in written.sentences
    )
    before, now = uses_of_rows(extractor, old_texts), uses_of_rows(extractor, new)
    out = {table: (uses > 0) & (before[table] <= most) for table, uses in now.items()}
    for rows in out.values():
        rows[:_PLACEHOLDERS] = False
    return out


def within(old: Mapping[str, Tensor], new: Mapping[str, Tensor], rows: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``new`` with the rows that have learnt inside the range of ``old`` in each column.

    A table is stored as integers with one scale a column: were the largest weight of one to grow, every other row
    would be rounded otherwise.
    """
    out = dict(new)
    for table, learnt in rows.items():
        name = f"embeddings.tables.{table}.weight"
        if name in new:
            largest = old[name].abs().amax(0)
            out[name] = torch.where(learnt[:, None], new[name].clamp(-largest, largest), new[name])
    return out
