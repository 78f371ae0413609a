"""A tagger's weights as an ONNX graph beside them, without a copy of the weights.

The graph's initializers point into ``weights.safetensors`` (ONNX external data: file, offset, length), where
they stand as float16 in torch's layout; the graph casts them and reorders the gates to ONNX's, which
onnxruntime folds away when it loads. So the graph is a few kilobytes and cannot disagree with the weights. Of
weights that ``ner_engine.network.quantise`` made, the graph adds up integers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ner_engine.config import NetworkConfig
from ner_engine.errors import BundleError
from ner_engine.network.quantise import FLAG, GUARDS, INPUT_RANGE, LSTM_GATES, is_quantised
from ner_engine.network.tagger import Shape

__all__ = ["build_graph", "tensor_places"]

OPSET = 17
# torch's gate order -> ONNX's, as chunks: LSTM i f g o -> i o f c; GRU r z n -> z r h
_GATES = {"lstm": LSTM_GATES, "gru": (1, 0, 2), "rnn": (0,)}
_MICROSOFT = "com.microsoft"


def tensor_places(path: Path) -> dict[str, tuple[int, int, tuple[int, ...], str]]:
    """Where each tensor of a safetensors file stands: name -> (offset, bytes, shape, dtype)."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
    header.pop("__metadata__", None)
    return {
        name: (8 + size + e["data_offsets"][0], e["data_offsets"][1] - e["data_offsets"][0],
               tuple(e["shape"]), e["dtype"])
        for name, e in header.items()
    }  # fmt: skip


class _Graph:
    """Collects nodes and initializers; every method returns the name of what it made."""

    def __init__(self, weights: Path) -> None:
        import onnx

        self.onnx = onnx
        self.places = tensor_places(weights)
        self.file = weights.name
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self._count = 0

    def fresh(self, stem: str) -> str:
        self._count += 1
        return f"{stem}_{self._count}"

    def op(self, kind: str, inputs: list[str], *, name: str | None = None, **attributes: Any) -> str:
        out = name or self.fresh(kind.lower())
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, [out], **attributes))
        return out

    def constant(self, values: Any, dtype: Any = np.int64) -> str:
        name = self.fresh("constant")
        self.initializers.append(self.onnx.numpy_helper.from_array(np.asarray(values, dtype=dtype), name))
        return name

    def stored(self, tensor: str, kind: str = "F16") -> str:
        """A tensor of the weights file, of one of safetensors' kinds: F16, F32 or I8."""
        if tensor not in self.places:
            raise BundleError(f"{self.file}: expected tensor {tensor!r}; it is missing")
        if any(i.name == tensor for i in self.initializers):
            return tensor
        offset, length, shape, dtype = self.places[tensor]
        if dtype != kind:
            raise BundleError(f"{self.file}: expected {tensor!r} as {kind}; got {dtype}")
        kinds = {"F16": self.onnx.TensorProto.FLOAT16, "F32": self.onnx.TensorProto.FLOAT}
        proto = self.onnx.TensorProto(
            name=tensor,
            data_type=kinds.get(kind, self.onnx.TensorProto.INT8),
            dims=shape,
            data_location=self.onnx.TensorProto.EXTERNAL,
        )
        for key, value in (("location", self.file), ("offset", str(offset)), ("length", str(length))):
            entry = proto.external_data.add()
            entry.key, entry.value = key, value
        self.initializers.append(proto)
        return tensor

    def weight(self, tensor: str) -> str:
        """A stored tensor as float32."""
        return self.op("Cast", [self.stored(tensor)], to=self.onnx.TensorProto.FLOAT)


def _gated(graph: _Graph, tensor: str, backbone: str, hidden: int) -> str:
    """A recurrent weight with its gates in ONNX's order."""
    order = np.concatenate([np.arange(hidden) + gate * hidden for gate in _GATES[backbone]])
    return graph.op("Gather", [graph.weight(tensor), graph.constant(order)], axis=0)


def _layer(graph: _Graph, x: str, lengths: str, index: int, config: NetworkConfig) -> str:
    """One recurrent layer, ``(time, batch, width)`` to ``(time, batch, directions * hidden)``."""
    suffixes = ["", "_reverse"] if config.bidirectional else [""]
    first = graph.constant([0])
    parts: dict[str, list[str]] = {"w": [], "r": [], "b": []}
    for suffix in suffixes:
        stem = f"backbone.layers.{index}."

        def gated(name: str, stem: str = stem, suffix: str = suffix) -> str:
            return _gated(graph, f"{stem}{name}_l0{suffix}", config.backbone, config.hidden)

        parts["w"].append(graph.op("Unsqueeze", [gated("weight_ih"), first]))
        parts["r"].append(graph.op("Unsqueeze", [gated("weight_hh"), first]))
        bias = graph.op("Concat", [gated("bias_ih"), gated("bias_hh")], axis=0)
        parts["b"].append(graph.op("Unsqueeze", [bias, first]))
    w, r, b = (graph.op("Concat", parts[k], axis=0) for k in ("w", "r", "b"))
    attributes: dict[str, Any] = {
        "hidden_size": config.hidden,
        "direction": "bidirectional" if config.bidirectional else "forward",
    }
    if config.backbone == "gru":
        attributes["linear_before_reset"] = 1
    if config.backbone == "rnn":
        attributes["activations"] = [config.nonlinearity.capitalize()] * len(suffixes)
        if config.nonlinearity == "relu":
            attributes["activations"] = ["Relu"] * len(suffixes)
    y = graph.op(config.backbone.upper(), [x, w, r, b, lengths], **attributes)
    y = graph.op("Transpose", [y], perm=[0, 2, 1, 3])  # (time, batch, directions, hidden)
    return graph.op("Reshape", [y, graph.constant([0, 0, len(suffixes) * config.hidden])])


def _integer_layer(graph: _Graph, x: str, lengths: str, index: int, config: NetworkConfig) -> str:
    """An LSTM layer over integer weights, ``(time, batch, width)`` to ``(time, batch, directions * units)``.

    The units are the hidden ones and the guards: see ``ner_engine.network.quantise``.
    """
    stem = f"backbone.layers.{index}"
    directions, units = 1 + config.bidirectional, config.hidden + GUARDS
    batch = graph.op("Shape", [lengths])
    shape = graph.op("Concat", [graph.constant([directions]), batch, graph.constant([units])], axis=0)
    state = np.zeros((directions, 1, units))
    state[:, :, -GUARDS:] = (-1, 1)
    h = graph.op("Expand", [graph.constant(state, np.float32), shape])
    c = graph.op("Expand", [graph.constant(20 * state, np.float32), shape])  # its tanh is 1 to the last bit
    zero = graph.constant(np.zeros((directions, 4 * units)), np.int8)
    inputs = [x, graph.stored(f"{stem}.input", "I8"), graph.stored(f"{stem}.recurrent", "I8")]
    inputs += [graph.stored(f"{stem}.bias", "F32"), lengths, h, c, ""]
    for name in ("input", "recurrent"):
        inputs += [graph.stored(f"{stem}.{name}_scale", "F32"), zero]
    y = graph.op(
        "DynamicQuantizeLSTM",
        inputs,
        domain=_MICROSOFT,
        hidden_size=config.hidden + GUARDS,
        direction="bidirectional" if config.bidirectional else "forward",
    )
    y = graph.op("Transpose", [y], perm=[0, 2, 1, 3])  # (time, batch, directions, units)
    return graph.op("Reshape", [y, graph.constant([0, 0, directions * units])])


def _integer_input(graph: _Graph, ids: str, rows: str, flags: str | None) -> str:
    """The tables' integers as floats, flags, and the two columns that fix the range."""
    parts = [graph.op("Cast", [rows], to=graph.onnx.TensorProto.FLOAT)]
    if flags is not None:
        parts.append(graph.op("Mul", [flags, graph.constant(FLAG, np.float32)]))
    steps = graph.op("Slice", [graph.op("Shape", [ids]), graph.constant([0]), graph.constant([2])])
    shape = graph.op("Concat", [steps, graph.constant([len(INPUT_RANGE)])], axis=0)
    parts.append(graph.op("Expand", [graph.constant(INPUT_RANGE, np.float32), shape]))
    return graph.op("Concat", parts, axis=2)


def _float_input(graph: _Graph, rows: str, tables: list[str], flags: str | None) -> str:
    """The tables' integers times the scales of their columns, and flags."""
    scales = [graph.stored(f"embeddings.tables.{table}.scale", "F32") for table in tables]
    x = graph.op("Cast", [rows], to=graph.onnx.TensorProto.FLOAT)
    x = graph.op("Mul", [x, graph.op("Concat", scales, axis=0)])
    return x if flags is None else graph.op("Concat", [x, flags], axis=2)


def build_graph(weights: Path, config: NetworkConfig, shape: Shape) -> bytes:
    """The inference graph over ``weights``, as ONNX bytes.

    ``weights`` is a safetensors file of float16 tensors in torch's names, or of what ``quantised`` made of them.
    Inputs ``ids (batch, time, columns) int32``, ``flags (batch, time, flags) float32`` where the tagger has
    gazetteer flags, ``lengths (batch,) int32``; output ``emissions (batch, time, tags) float32``.
    """
    graph = _Graph(weights)
    onnx = graph.onnx
    helper, proto = onnx.helper, onnx.TensorProto
    integers = is_quantised(graph.places)
    integer_layers = integers and config.backbone == "lstm"
    turned = graph.op("Transpose", ["ids"], perm=[1, 0, 2])  # (time, batch, columns)
    parts = []
    for i, column in enumerate(shape.columns):
        ids = graph.op("Gather", [turned, graph.constant(i)], axis=2)
        table = graph.stored(f"embeddings.tables.{column.table}.weight", "I8" if integers else "F16")
        rows = graph.op("Gather", [table, ids], axis=0)
        parts.append(rows if integers else graph.op("Cast", [rows], to=proto.FLOAT))
    inputs = [
        helper.make_tensor_value_info("ids", proto.INT32, ["batch", "time", len(shape.columns)]),
        helper.make_tensor_value_info("lengths", proto.INT32, ["batch"]),
    ]
    flags = None
    if shape.flags:
        inputs.append(helper.make_tensor_value_info("flags", proto.FLOAT, ["batch", "time", shape.flags]))
        flags = graph.op("Transpose", ["flags"], perm=[1, 0, 2])
    if integer_layers:
        x = _integer_input(graph, turned, graph.op("Concat", parts, axis=2), flags)
    elif integers:
        tables = [column.table for column in shape.columns]
        x = _float_input(graph, graph.op("Concat", parts, axis=2), tables, flags)
    else:
        x = graph.op("Concat", [*parts, *([] if flags is None else [flags])], axis=2)
    for index in range(config.layers):
        x = (_integer_layer if integer_layers else _layer)(graph, x, "lengths", index, config)
    turned_weight = graph.op("Transpose", [graph.weight("projection.weight")], perm=[1, 0])
    if integer_layers:  # nothing for the guards
        directions = graph.constant([1 + config.bidirectional, config.hidden, len(shape.tags)])
        wide = graph.op("Reshape", [turned_weight, directions])
        wide = graph.op("Pad", [wide, graph.constant([0, 0, 0, 0, GUARDS, 0])])
        turned_weight = graph.op("Reshape", [wide, graph.constant([-1, len(shape.tags)])])
    x = graph.op("Add", [graph.op("MatMul", [x, turned_weight]), graph.weight("projection.bias")])
    if config.head == "softmax":
        x = graph.op("LogSoftmax", [x], axis=2)
    graph.op("Transpose", [x], name="emissions", perm=[1, 0, 2])
    outputs = [helper.make_tensor_value_info("emissions", proto.FLOAT, ["batch", "time", len(shape.tags)])]
    opsets = [helper.make_opsetid("", OPSET)]
    if integer_layers:
        opsets.append(helper.make_opsetid(_MICROSOFT, 1))
    model = helper.make_model(
        helper.make_graph(graph.nodes, "tagger", inputs, outputs, graph.initializers),
        opset_imports=opsets,
        ir_version=8,
        producer_name="ner-engine",
    )
    result: bytes = model.SerializeToString()
    return result
