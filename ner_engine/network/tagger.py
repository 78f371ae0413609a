"""The tagger: embeddings -> recurrent layers -> a score for each tag of each unit -> the best legal tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

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
    """What fixes the tagger's outer dimensions: its input columns, flags, tags and tag scheme.

    ``also`` maps the name of another task that shares the encoder to that task's tags.
    """

    columns: tuple[Column, ...]
    flags: int
    tags: tuple[str, ...]
    scheme: str
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def tags_of(self, task: str) -> tuple[str, ...]:
        """The tags of a task; ``""`` is the main one."""
        return self.also[task] if task else self.tags


class _Head(nn.Module):
    """The output of another task: a projection and a CRF."""

    def __init__(self, width: int, tags: Sequence[str], scheme: str, *, trained: bool) -> None:
        super().__init__()
        self.projection = nn.Linear(width, len(tags))
        self.crf = CRF(tags, scheme=scheme, trained=trained)


class Tagger(nn.Module):
    """Many-to-many recurrent tagger (Huang et al. 2015; Lample et al. 2016).

    ``head="crf"`` trains the likelihood of whole tag paths; ``head="softmax"`` trains each unit by itself and
    uses the scheme's legal transitions only to decode.
    """

    def __init__(self, config: NetworkConfig, shape: Shape) -> None:
        super().__init__()
        self.config = config
        self.shape = shape
        self.embeddings = Embeddings(
            shape.columns,
            shape.flags,
            unknown_rate=config.unknown_rate,
            gazetteer_dropout=config.gazetteer_dropout,
            frozen=config.frozen,
        )
        self.input_dropout = VariationalDropout(config.input_dropout)
        self.backbone = Backbone(config, self.embeddings.width)
        self.output_dropout = VariationalDropout(config.hidden_dropout)
        self.projection = nn.Linear(self.backbone.width, len(shape.tags))
        trained = config.head == "crf"
        self.crf = CRF(shape.tags, scheme=shape.scheme, trained=trained)
        self.heads = nn.ModuleDict(
            {
                name: _Head(self.backbone.width, tags, shape.scheme, trained=trained)
                for name, tags in shape.also.items()
            }
        )

    def forward(self, ids: Tensor, flags: Tensor, lengths: Tensor, task: str = "") -> Tensor:
        """Emissions of a task; ``""`` is the main one.

        ``ids (batch, time, columns) int64``, ``flags (batch, time, flags) float32``, ``lengths (batch,)
        int64`` at least 1. Returns ``(batch, time, tags) float32``; for the softmax head log-probabilities.
        """
        x = self.input_dropout(self.embeddings(ids, flags))  # (batch, time, width)
        x = self.output_dropout(self.backbone(x, lengths))  # (batch, time, directions * hidden)
        scores: Tensor = cast(_Head, self.heads[task]).projection(x) if task else self.projection(x)
        return scores.log_softmax(-1) if self.config.head == "softmax" else scores

    def loss(self, emissions: Tensor, allowed: Tensor, lengths: Tensor, task: str = "") -> Tensor:
        """Mean negative log-likelihood a unit. ``allowed (batch, time, tags) bool``: see ``CRF``."""
        if self.config.head == "crf":
            crf = cast(_Head, self.heads[task]).crf if task else self.crf
            return -crf.log_likelihood(emissions, allowed, lengths).sum() / lengths.sum()
        inside = torch.arange(emissions.shape[1], device=lengths.device)[None, :] < lengths[:, None]
        agreeing = emissions.masked_fill(~allowed, float("-inf"))[inside].logsumexp(-1)
        return -agreeing.sum() / lengths.sum()

    def distillation_loss(
        self,
        emissions: Tensor,
        allowed: Tensor,
        lengths: Tensor,
        *,
        marginals: Tensor,
        pair_counts: Tensor,
        shares: Tensor,
    ) -> Tensor:
        """Mean loss a unit: the teachers' cross-entropy by ``shares (batch,)``, the annotation's by the rest.

        ``marginals (batch, time, tags)`` and ``pair_counts (batch, tags, tags)`` are the teachers': see
        ``CRF.cross_entropy``.
        """
        likelihood, soft = self.crf.likelihood_and_cross_entropy(
            emissions, allowed, lengths, marginals, pair_counts
        )
        return (shares * soft - (1 - shares) * likelihood).sum() / lengths.sum()

    def decode(self, emissions: Tensor, lengths: Tensor) -> list[list[str]]:
        """The best legal tags of each sentence."""
        paths = self.crf.decode(emissions, lengths)
        return [[self.shape.tags[i] for i in path] for path in paths]

    def load_vectors(self, table: str, rows: Sequence[int], vectors: Tensor) -> None:
        """Put pre-trained ``vectors (rows, width) float32`` into rows of a table, scaled to unit length."""
        with torch.no_grad():
            weight = self.embeddings.weight(table)
            weight[torch.tensor(list(rows), device=weight.device)] = functional.normalize(vectors, dim=-1)
