"""The tagger: embeddings -> recurrent layers -> a score for each tag of each unit -> the best legal tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ner_engine.config import NetworkConfig
from ner_engine.features import Column
from ner_engine.network.backbone import Backbone, VariationalDropout
from ner_engine.network.crf import CRF
from ner_engine.network.embeddings import Embeddings

__all__ = ["Shape", "Tagger"]


@dataclass(frozen=True, slots=True)
class Shape:
    """What fixes the tagger's outer dimensions: its input columns, flags, tags and tag scheme."""

    columns: tuple[Column, ...]
    flags: int
    tags: tuple[str, ...]
    scheme: str


class Tagger(nn.Module):
    """Many-to-many recurrent tagger (Huang et al. 2015; Lample et al. 2016).

    ``head="crf"`` trains the likelihood of whole tag paths; ``head="softmax"`` trains each unit by itself and
    uses the scheme's legal transitions only to decode.
    """

    def __init__(self, config: NetworkConfig, shape: Shape) -> None:
        super().__init__()
        self.config = config
        self.shape = shape
        self.embeddings = Embeddings(shape.columns, shape.flags, unknown_rate=config.unknown_rate)
        self.input_dropout = VariationalDropout(config.input_dropout)
        self.backbone = Backbone(config, self.embeddings.width)
        self.output_dropout = VariationalDropout(config.hidden_dropout)
        self.projection = nn.Linear(self.backbone.width, len(shape.tags))
        self.crf = CRF(shape.tags, scheme=shape.scheme, trained=config.head == "crf")

    def forward(self, ids: Tensor, flags: Tensor, lengths: Tensor) -> Tensor:
        """Emissions.

        ``ids (batch, time, columns) int64``, ``flags (batch, time, flags) float32``, ``lengths (batch,)
        int64`` at least 1. Returns ``(batch, time, tags) float32``; for the softmax head log-probabilities.
        """
        x = self.input_dropout(self.embeddings(ids, flags))  # (batch, time, width)
        x = self.output_dropout(self.backbone(x, lengths))  # (batch, time, directions * hidden)
        scores: Tensor = self.projection(x)
        return scores.log_softmax(-1) if self.config.head == "softmax" else scores

    def loss(self, emissions: Tensor, allowed: Tensor, lengths: Tensor) -> Tensor:
        """Mean negative log-likelihood a unit. ``allowed (batch, time, tags) bool``: see ``CRF``."""
        if self.config.head == "crf":
            return -self.crf.log_likelihood(emissions, allowed, lengths).sum() / lengths.sum()
        inside = torch.arange(emissions.shape[1], device=lengths.device)[None, :] < lengths[:, None]
        agreeing = emissions.masked_fill(~allowed, float("-inf"))[inside].logsumexp(-1)
        return -agreeing.sum() / lengths.sum()

    def decode(self, emissions: Tensor, lengths: Tensor) -> list[list[str]]:
        """The best legal tags of each sentence."""
        paths = self.crf.decode(emissions, lengths)
        return [[self.shape.tags[i] for i in path] for path in paths]

    def load_vectors(self, table: str, rows: Sequence[int], vectors: Tensor) -> None:
        """Put pre-trained ``vectors (rows, width) float32`` into rows of a table, scaled to unit length."""
        with torch.no_grad():
            weight = self.embeddings.weight(table)
            weight[torch.tensor(list(rows), device=weight.device)] = functional.normalize(vectors, dim=-1)
