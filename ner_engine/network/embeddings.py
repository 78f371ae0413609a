"""Ids and gazetteer flags of a batch -> one vector a unit: an embedding table an input, concatenated.

``ids (batch, time, columns) int64`` and ``flags (batch, time, flags) float32`` enter;
``(batch, time, width) float32`` leaves. Tables of hashed inputs have sparse gradients: a step touches a few
thousand of their rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from ner_engine.features import UNKNOWN, Column
from ner_engine.features.gazetteer import FLAGS_PER_CATEGORY

__all__ = ["Embeddings"]

SPARSE_ROWS = 8192


class Embeddings(nn.Module):
    """One table per distinct table name; columns of one table share it."""

    def __init__(
        self,
        columns: Sequence[Column],
        flags: int,
        *,
        unknown_rate: float = 0.0,
        gazetteer_dropout: float = 0.0,
        frozen: Collection[str] = (),
    ) -> None:
        super().__init__()
        self.columns = tuple(columns)
        self.unknown_rate = unknown_rate
        self.gazetteer_dropout = gazetteer_dropout
        tables: dict[str, nn.Embedding] = {}
        for column in columns:
            if column.table not in tables:
                tables[column.table] = nn.Embedding(
                    column.rows, column.width, padding_idx=0, sparse=column.rows >= SPARSE_ROWS
                )
                nn.init.normal_(tables[column.table].weight, std=column.width**-0.5)
                with torch.no_grad():
                    tables[column.table].weight[0] = 0
                    if column.table in frozen:
                        tables[column.table].weight[UNKNOWN] = 0
                tables[column.table].weight.requires_grad_(column.table not in frozen)
        self.tables = nn.ModuleDict(tables)
        self.flags = flags
        self.width = sum(column.width for column in columns) + flags

    def weight(self, table: str) -> nn.Parameter:
        """The weight ``(rows, width)`` of a table."""
        return cast(nn.Parameter, cast(nn.Embedding, self.tables[table]).weight)

    def sparse_parameters(self) -> list[nn.Parameter]:
        """The weights that are trained with sparse gradients."""
        tables = (cast(nn.Embedding, table) for table in self.tables.values())
        return [
            cast(nn.Parameter, table.weight) for table in tables if table.sparse and table.weight.requires_grad
        ]

    def forward(self, ids: Tensor, flags: Tensor) -> Tensor:
        """See the module's docstring. In training each id is hidden with probability ``unknown_rate``, and
        each gazetteer category of a sentence with ``gazetteer_dropout``."""
        if self.training and self.unknown_rate:
            # word dropout per input (Iyyer et al. 2015), so that no single input becomes indispensable
            hide = (torch.rand(ids.shape, device=ids.device) < self.unknown_rate) & (ids > 0)
            ids = ids.masked_fill(hide, UNKNOWN)
            keep = torch.rand(flags.shape[:2], device=ids.device) >= self.unknown_rate
            flags = flags * keep[..., None]
        if self.training and self.gazetteer_dropout and self.flags:
            # a whole category is hidden from a sentence, so that names outside every lexicon are learnt too
            shape = (flags.shape[0], 1, self.flags // FLAGS_PER_CATEGORY)
            keep = torch.rand(shape, device=ids.device) >= self.gazetteer_dropout
            flags = flags * keep.repeat_interleave(FLAGS_PER_CATEGORY, -1)
        parts = [self.tables[c.table](ids[..., i]) for i, c in enumerate(self.columns)]
        return torch.cat([*parts, flags], -1)
