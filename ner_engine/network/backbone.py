"""The recurrent layers: ``(batch, time, width)`` and lengths in, ``(batch, time, directions * hidden)`` out.

``rnn`` is Elman's network (1990) with tanh or ReLU, ``lstm`` Hochreiter and Schmidhuber's with a forget gate
(1997; Gers et al. 2000), ``gru`` Cho et al.'s (2014). Sentences are packed, so that padding and batch mates
change nothing; between layers runs variational dropout (Gal and Ghahramani 2016): one mask a sentence.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from ner_engine.config import NetworkConfig

__all__ = ["Backbone", "VariationalDropout"]


class VariationalDropout(nn.Module):
    """Dropout with one mask for all steps of a sentence, ``(batch, 1, width)``."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """``(batch, time, width)`` to the same shape; the identity outside training."""
        if not self.training or not self.rate:
            return x
        mask = torch.empty(x.shape[0], 1, x.shape[2], device=x.device, dtype=x.dtype)
        return x * mask.bernoulli_(1 - self.rate) / (1 - self.rate)


def _layer(config: NetworkConfig, width: int) -> nn.RNNBase:
    shape = {"batch_first": True, "bidirectional": config.bidirectional}
    if config.backbone == "lstm":
        layer: nn.RNNBase = nn.LSTM(width, config.hidden, **shape)
    elif config.backbone == "gru":
        layer = nn.GRU(width, config.hidden, **shape)
    else:
        layer = nn.RNN(width, config.hidden, nonlinearity=config.nonlinearity, **shape)
    for name, weight in layer.named_parameters():
        if name.startswith("weight_ih"):
            nn.init.xavier_uniform_(weight)
        elif name.startswith("weight_hh"):
            for gate in weight.data.chunk(weight.shape[0] // config.hidden):
                nn.init.orthogonal_(gate)
            if config.backbone == "rnn" and config.nonlinearity == "relu":
                # the identity, so that a ReLU network neither explodes nor dies at the start (Le et al. 2015)
                nn.init.eye_(weight)
                weight.data *= 0.9
        else:
            nn.init.zeros_(weight)
            if config.backbone == "lstm" and name.startswith("bias_ih"):
                # an open forget gate: gradients pass through time from the first step (Jozefowicz et al. 2015)
                weight.data[config.hidden : 2 * config.hidden] = 1.0
    return layer


class Backbone(nn.Module):
    """``config.layers`` recurrent layers over inputs of ``width``."""

    def __init__(self, config: NetworkConfig, width: int) -> None:
        super().__init__()
        directions = 2 if config.bidirectional else 1
        self.width = directions * config.hidden
        self.layers = nn.ModuleList(_layer(config, width if i == 0 else self.width) for i in range(config.layers))
        self.between = VariationalDropout(config.hidden_dropout)
        self.lstm = config.backbone == "lstm"
        self.low_precision = False

    @property
    def fused(self) -> bool:
        """Whether the layers run on the processor's fused LSTM kernels."""
        return self.lstm and next(self.parameters()).device.type == "cpu"

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """``x (batch, time, width)``, ``lengths (batch,) int64`` at least 1; zeros beyond a sentence's end."""
        steps = x.shape[1]
        sizes = lengths.cpu()
        turned = _turned(lengths, steps) if self.fused else None
        for i, layer in enumerate(self.layers):
            if i:
                x = self.between(x)
            if turned is not None:
                x = _fused_lstm(cast(nn.LSTM, layer), x, turned, self.low_precision and self.training)
                x = x * (torch.arange(steps, device=x.device)[None, :, None] < lengths[:, None, None])
                continue
            packed = pack_padded_sequence(x, sizes, batch_first=True, enforce_sorted=False)
            x, _ = pad_packed_sequence(layer(packed)[0], batch_first=True, total_length=steps)
        return x


def _turned(lengths: Tensor, steps: int) -> Tensor:
    """Where each step of a sentence read backwards stands, ``(batch, steps)``; padding stays in its place."""
    step = torch.arange(steps, device=lengths.device)[None, :]
    return torch.where(step < lengths[:, None], lengths[:, None] - 1 - step, step)


def _fused_lstm(layer: nn.LSTM, x: Tensor, turned: Tensor, low_precision: bool) -> Tensor:
    """An LSTM layer over padded sentences: oneDNN's fused kernels take no packed ones.

    Each direction runs by itself, the backward one over the turned sentences, so that padding comes last for
    both and nothing of it reaches a sentence. With ``low_precision`` the products are taken in bfloat16.
    """
    state = x.new_zeros(1, x.shape[0], layer.hidden_size)
    outs = []
    for suffix in ("", "_reverse") if layer.bidirectional else ("",):
        weights = [getattr(layer, f"{n}_l0{suffix}") for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
        back = turned[..., None] if suffix else None
        given = x if back is None else x.gather(1, back.expand(-1, -1, x.shape[2]))
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=low_precision):
            y = torch.lstm(given, (state, state), weights, True, 1, 0.0, layer.training, False, True)[0]
        y = y.to(x.dtype)
        outs.append(y if back is None else y.gather(1, back.expand(-1, -1, y.shape[2])))
    return torch.cat(outs, -1)
