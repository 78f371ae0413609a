"""Character language model: a recurrent layer each way that predicts the next and the previous unit.

Windows of long streams of ids enter, ``(streams, steps, columns)``; losses and the state to go on from leave.

The gradient of a recurrent network is that of its copies unrolled over time (back-propagation through time:
Werbos 1990). Over a stream of millions of units the copies would have to be kept all the way back, and the
gradient that arrives from far away has vanished or exploded in any case (Bengio et al. 1994). So the stream is
read in windows: the *state* runs on over the border of two windows, the *gradient* is cut there (truncated
back-propagation: Williams and Peng 1990; for language models Mikolov et al. 2010). What the layer remembers
still reaches as far as it likes; what it learns of remembering reaches over one window.

Each direction is a layer of its own, for only so the state of either can be carried on: the backward layer reads
the stream from its end. Their weights are those of a bidirectional tagger's first layer, which is what they
are made for (Peters et al. 2018 and Akbik et al. 2018 feed such states to a tagger; here they start one).

Both predict with one output layer whose weight is the syllable table itself (Press and Wolf 2017), behind a
projection from the state to the table's width: a product of 64 instead of 256 numbers a word of the vocabulary,
and the table learns from both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from ner_engine.config import NetworkConfig, PretrainNetworkConfig
from ner_engine.features import Column
from ner_engine.network.backbone import Backbone
from ner_engine.network.embeddings import Embeddings

__all__ = ["BOUNDARY", "DIRECTIONS", "CharacterLanguageModel", "State", "linear_cross_entropy"]

DIRECTIONS = ("forward", "backward")
BOUNDARY = 0
"""The row between two texts: the padding row of every table, zeros as an input, a class of its own to predict."""

State = tuple[Tensor, ...]
"""What a layer carries on: ``(h, c)`` of an LSTM, else ``(h,)``; ``(1, streams, hidden) float32`` each."""

_CHUNK = 1024
_TINY = 1e-30


class _LinearCrossEntropy(torch.autograd.Function):
    """Summed cross entropy of ``x @ weight.T + bias``, with the gradient made on the way.

    The scores of thousands of units over thousands of classes do not fit the cache; a chunk of them does. Its
    softmax less the target is the gradient of its scores, so that each chunk is used up before the next is made
    and none is kept for a backward pass: three times as fast as scoring all first.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
        """``x (units, width)``, ``weight (classes, width)``, ``bias (classes,)``, ``targets (units,) int64``."""
        total = x.new_zeros(())
        by_x = torch.empty_like(x)
        by_weight, by_bias = torch.zeros_like(weight), torch.zeros_like(bias)
        for at in range(0, len(x), _CHUNK):
            part, target = x[at : at + _CHUNK], targets[at : at + _CHUNK, None]
            share = torch.addmm(bias, part, weight.t()).softmax(1)  # (chunk, classes)
            right = share.gather(1, target)
            total -= right.clamp_min(_TINY).log().sum()
            if ctx is None:
                continue
            share.scatter_(1, target, right - 1)
            by_x[at : at + _CHUNK] = share @ weight
            by_weight.addmm_(share.t(), part)
            by_bias += share.sum(0)
        if ctx is not None:
            ctx.save_for_backward(by_x, by_weight, by_bias)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        by_x, by_weight, by_bias = ctx.saved_tensors
        return by_x * gradient, by_weight * gradient, by_bias * gradient, None


def linear_cross_entropy(x: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    """The cross entropy of ``x @ weight.T + bias``, summed over ``(units,)`` targets, in nats.

    ``x (units, width)``, ``weight (classes, width)``, ``bias (classes,)``, ``targets (units,) int64``. Equal to
    ``cross_entropy(linear(x, weight, bias), targets, reduction="sum")``; differentiable once.
    """
    if not torch.is_grad_enabled():
        return _LinearCrossEntropy.forward(None, x, weight, bias, targets)
    total: Tensor = _LinearCrossEntropy.apply(x, weight, bias, targets)  # type: ignore[no-untyped-call]
    return total


class CharacterLanguageModel(nn.Module):
    """Embeddings, a layer for each of ``DIRECTIONS``, and the output layer they share."""

    def __init__(self, config: PretrainNetworkConfig, columns: Sequence[Column]) -> None:
        super().__init__()
        self.config = config
        self.embeddings = Embeddings(columns, 0)
        for table in self.embeddings.tables.values():
            # the output layer's gradient is dense whatever the table's size
            cast(nn.Embedding, table).sparse = False
        self._syllable = next(i for i, c in enumerate(columns) if c.table == "syllable")
        one_way = NetworkConfig(
            backbone=config.backbone,
            nonlinearity=config.nonlinearity,
            hidden=config.hidden,
            layers=1,
            bidirectional=False,
        )
        self.layers = nn.ModuleList(Backbone(one_way, self.embeddings.width).layers[0] for _ in DIRECTIONS)
        classes, width = self.embeddings.weight("syllable").shape
        self.projections = nn.ModuleList(nn.Linear(config.hidden, width) for _ in DIRECTIONS)
        self.boundary = nn.Parameter(torch.zeros(1, width))  # the table's own row 0 stays zero
        self.bias = nn.Parameter(torch.zeros(classes))

    def states(self, ids: Tensor, state: State | None, direction: int) -> tuple[Tensor, State]:
        """The layer's states over a window and the one to go on from, cut off from the gradient.

        ``ids (streams, steps, columns) int64`` in reading order, that is reversed for the backward direction;
        ``state`` is what the window before left, None at a stream's start. Returns
        ``(streams, steps, hidden) float32`` and a ``State``.

        A stream whose window ends between two texts goes on from zeros: so the layer also learns to begin a
        text as a tagger does, which knows nothing of what stood before.
        """
        x = self.embeddings(ids, ids.new_zeros(*ids.shape[:2], 0, dtype=torch.float32))
        given = None
        if state is not None:
            given = state[0] if len(state) == 1 else (state[0], state[1])
        hidden, last = self.layers[direction](x, given)
        after = last if isinstance(last, tuple) else (last,)
        inside = (ids[:, -1, self._syllable] != BOUNDARY)[None, :, None]  # (1, streams, 1)
        return hidden.float(), tuple(part.detach().float() * inside for part in after)

    def _output(self) -> Tensor:
        """The output layer's weight, ``(classes, width)``."""
        return torch.cat([self.boundary, self.embeddings.weight("syllable")[1:]])

    def scores(self, hidden: Tensor, direction: int) -> Tensor:
        """The score of each class to come next, ``(..., classes)``, from states ``(..., hidden)``."""
        scores: Tensor = nn.functional.linear(self.projections[direction](hidden), self._output(), self.bias)
        return scores

    def loss(
        self, ids: Tensor, targets: Tensor, state: State | None, direction: int, *, bfloat16: bool = False
    ) -> tuple[Tensor, State]:
        """Mean cross entropy of a window in nats a unit, and the state to go on from.

        ``ids`` and ``state`` as for ``states``; ``targets (streams, steps) int64`` are the syllable rows that
        follow. ``bfloat16`` runs the recurrent layer in that precision; weights, states carried on and the output
        layer stay in float32.
        """
        with torch.autocast(ids.device.type, dtype=torch.bfloat16, enabled=bfloat16):
            hidden, after = self.states(ids, state, direction)
        x = self.projections[direction](hidden.flatten(0, 1))  # (streams * steps, width)
        total = linear_cross_entropy(x, self._output(), self.bias, targets.flatten())
        return total / targets.numel(), after
