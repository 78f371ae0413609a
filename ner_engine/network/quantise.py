"""A tagger's weights as 8-bit integers, for inference: float arrays in torch's names in, a file's arrays out.

What is stored of each part:

- A table: ``embeddings.tables.NAME.weight (rows, width) int8`` and ``.scale (width,) float32``, one a column.
- An LSTM layer, in ONNX's layout and gate order: ``backbone.layers.N.input (directions, width, 4 * units) int8``,
  ``.recurrent (directions, units, 4 * units) int8``, their ``_scale (directions, 4 * units) float32`` and ``.bias
  (directions, 8 * units) float32``. The scales of the tables' columns are multiplied into ``input`` before it is
  rounded, so that the layer reads the tables' integers as they are.
- Everything else as float16 (GRU and RNN layers too).

**Why batch mates change nothing.** onnxruntime's ``DynamicQuantizeLSTM`` rounds a layer's inputs and states to 8
bits over the range of what it is given, the whole batch's. Here the range never varies: the input of the first
layer has two columns that are always -128 and 127, and each layer has two units (``GUARDS``) whose state stays
-1 and 1. Their gates are shut, nothing reads them, and the sums of products are those of integers: exact, in any
order, on any processor.

Weights have 7 bits. Processors without VNNI add two products in 16 bits, and 255 * 64 * 2 is the most that fits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ner_engine.config import NetworkConfig

__all__ = [
    "FLAG",
    "GUARDS",
    "INPUT_RANGE",
    "LSTM_GATES",
    "dequantised",
    "is_quantised",
    "quantised",
    "taken_over",
]

Arrays = dict[str, npt.NDArray[Any]]
Floats = npt.NDArray[np.float32]

GUARDS = 2
INPUT_RANGE = (-128, 127)
FLAG = 127  # what a gazetteer flag that is set becomes
LSTM_GATES = (0, 3, 1, 2)  # torch's gate order i f g o -> ONNX's i o f c, as chunks
_LARGEST_WEIGHT = 64
_SHUT = 100.0  # a gate's bias that leaves it open or shut, to the last bit of a float32


def is_quantised(names: Mapping[str, Any]) -> bool:
    """Whether a file's tensors are those of this module."""
    return any(name.startswith("embeddings.tables.") and name.endswith(".scale") for name in names)


def _rounded(
    values: Floats, axis: int, largest: int, former: Floats | None = None
) -> tuple[npt.NDArray[np.int8], Floats]:
    """Integers up to ``largest`` and the scales along all axes but ``axis``: values = integers * scales.

    Where all values are in the range of ``former`` scales, those are taken: what has not changed is rounded as it
    was.
    """
    size = np.abs(values).max(axis)
    scale = np.maximum(size, 1e-8) / largest
    if former is not None and former.shape == scale.shape and (size <= former * (largest + 0.5)).all():
        scale = former
    integers = np.rint(values / np.expand_dims(scale, axis)).astype(np.int8)
    return integers, scale.astype(np.float32)


def _gates(values: Floats, hidden: int) -> Floats:
    """Torch's ``(4 * hidden, width)`` as ``(width, 4, hidden)`` in ONNX's gate order."""
    return values.reshape(4, hidden, -1)[list(LSTM_GATES)].transpose(2, 0, 1)


def _guarded(values: Floats) -> Floats:
    """``(width, 4, hidden)`` as ``(width, 4 * (hidden + guards))``; the guards read nothing."""
    wide = np.pad(values, ((0, 0), (0, 0), (0, GUARDS)))
    return wide.reshape(len(values), -1)


def quantised(
    state: Mapping[str, npt.NDArray[Any]],
    config: NetworkConfig,
    tables: Sequence[str],
    former: Mapping[str, npt.NDArray[Any]] | None = None,
) -> Arrays:
    """The arrays to store. ``tables`` names the table of each column of ids, in order. The scales of the tables
    are those of ``former`` stored arrays where their weights have room in them."""
    out: Arrays = {}
    factors: list[Floats] = []
    for table in tables:
        name = f"embeddings.tables.{table}"
        weight = state[f"{name}.weight"].astype(np.float32)
        scale = None if former is None else former.get(f"{name}.scale")
        out[f"{name}.weight"], out[f"{name}.scale"] = _rounded(weight, 0, INPUT_RANGE[1], scale)
        factors.append(out[f"{name}.scale"])
    lstm = config.backbone == "lstm"
    for name, values in state.items():
        if not name.startswith("embeddings.tables.") and not (lstm and name.startswith("backbone.layers.")):
            out[name] = values.astype(np.float16)
    for index in range(config.layers if lstm else 0):
        out |= _layer(state, config, index, np.concatenate(factors))
    return {name: np.ascontiguousarray(values) for name, values in out.items()}


def taken_over(new: Arrays, old: Mapping[str, npt.NDArray[Any]], changed: Collection[str]) -> Arrays:
    """``new`` with the arrays of ``old``, both as stored, for all that is not ``changed`` (in torch's names).

    Two roundings of the same weights may differ in a last bit; so nothing is rounded anew that need not be. A
    layer is taken over where the scales of the tables, which are multiplied into it, are the same too.
    """
    scales = [name for name in new if name.startswith("embeddings.tables.") and name.endswith(".scale")]
    same_scales = all(name in old and np.array_equal(new[name], old[name]) for name in scales)

    def is_kept(name: str) -> bool:
        if name not in old or old[name].shape != new[name].shape or old[name].dtype != new[name].dtype:
            return False
        if name.startswith("backbone.layers."):
            layer = ".".join(name.split(".")[:3]) + "."
            return same_scales and not any(other.startswith(layer) for other in changed)
        return name not in changed and name.removesuffix("scale") + "weight" not in changed

    return {name: np.ascontiguousarray(old[name]) if is_kept(name) else values for name, values in new.items()}


def _layer(state: Mapping[str, npt.NDArray[Any]], config: NetworkConfig, index: int, factors: Floats) -> Arrays:
    stem, hidden = f"backbone.layers.{index}", config.hidden
    inputs, recurrents, biases = [], [], []
    for suffix in ("", "_reverse") if config.bidirectional else ("",):

        def read(name: str, suffix: str = suffix) -> Floats:
            return state[f"{stem}.{name}_l0{suffix}"].astype(np.float32)

        w = _gates(read("weight_ih"), hidden)
        if index == 0:
            flags = np.full(len(w) - len(factors), 1 / FLAG, dtype=np.float32)
            w = w * np.concatenate([factors, flags])[:, None, None]
            w = np.pad(w, ((0, len(INPUT_RANGE)), (0, 0), (0, 0)))
        else:  # the guards of the layer below are in its output, behind each direction's units
            w = w.reshape(-1, hidden, 4, hidden)
            w = np.pad(w, ((0, 0), (0, GUARDS), (0, 0), (0, 0))).reshape(-1, 4, hidden)
        inputs.append(_guarded(w))
        recurrents.append(_guarded(np.pad(_gates(read("weight_hh"), hidden), ((0, GUARDS), (0, 0), (0, 0)))))
        bias = _gates((read("bias_ih") + read("bias_hh"))[:, None], hidden)[0]  # (4, hidden)
        shut = np.repeat(np.array([[-_SHUT], [_SHUT], [_SHUT], [0.0]], dtype=np.float32), GUARDS, axis=1)
        both = np.concatenate([bias, shut], axis=1).reshape(-1)
        biases.append(np.concatenate([both, np.zeros_like(both)]))
    out: Arrays = {f"{stem}.bias": np.stack(biases).astype(np.float32)}
    for name, parts in (("input", inputs), ("recurrent", recurrents)):
        integers, scale = _rounded(np.stack(parts), 1, _LARGEST_WEIGHT)
        out[f"{stem}.{name}"], out[f"{stem}.{name}_scale"] = integers, scale
    return out


def dequantised(stored: Mapping[str, npt.NDArray[Any]], config: NetworkConfig, tables: Sequence[str]) -> Arrays:
    """The float32 arrays in torch's names that stored ones stand for; those of a float file pass through."""
    if not is_quantised(stored):
        return {name: values.astype(np.float32) for name, values in stored.items()}
    out: Arrays = {}
    for name, values in stored.items():
        if name.startswith("embeddings.tables.") and name.endswith(".weight"):
            out[name] = values * stored[name.removesuffix("weight") + "scale"]
        elif values.dtype == np.float16:
            out[name] = values.astype(np.float32)
    factors = np.concatenate([stored[f"embeddings.tables.{table}.scale"] for table in tables])
    for index in range(config.layers if config.backbone == "lstm" else 0):
        out |= _torch_layer(stored, config, index, factors)
    return out


def _torch_layer(
    stored: Mapping[str, npt.NDArray[Any]], config: NetworkConfig, index: int, factors: Floats
) -> Arrays:
    stem, hidden = f"backbone.layers.{index}", config.hidden
    torch_order = list(np.argsort(LSTM_GATES))
    out: Arrays = {}
    for number, suffix in enumerate(("", "_reverse") if config.bidirectional else ("",)):

        def read(name: str, number: int = number) -> Floats:
            """``(4 * hidden, width)`` in torch's gate order, without guards among the gates."""
            values = stored[f"{stem}.{name}"][number] * stored[f"{stem}.{name}_scale"][number]
            values = values.reshape(len(values), 4, -1)[:, torch_order, :hidden]
            return values.transpose(1, 2, 0).reshape(4 * hidden, -1)  # type: ignore[no-any-return]

        w = read("input")
        if index == 0:
            w = w[:, : -len(INPUT_RANGE)]
            flags = np.full(w.shape[1] - len(factors), 1 / FLAG, dtype=np.float32)
            w = w / np.concatenate([factors, flags])
        else:
            w = w.reshape(4 * hidden, -1, hidden + GUARDS)[:, :, :hidden].reshape(4 * hidden, -1)
        bias = stored[f"{stem}.bias"][number][: 4 * (hidden + GUARDS)].reshape(4, -1)[torch_order, :hidden]
        out |= {
            f"{stem}.weight_ih_l0{suffix}": w.astype(np.float32),
            f"{stem}.weight_hh_l0{suffix}": read("recurrent")[:, :hidden],
            f"{stem}.bias_ih_l0{suffix}": bias.reshape(-1),
            f"{stem}.bias_hh_l0{suffix}": np.zeros(4 * hidden, dtype=np.float32),
        }
    return out
