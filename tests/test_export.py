"""The exported graph on onnxruntime equals the torch tagger, for every backbone, direction and head."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from safetensors.torch import save_file  # noqa: E402

from ner_engine.config import NetworkConfig  # noqa: E402
from ner_engine.errors import BundleError  # noqa: E402
from ner_engine.features import Batch, Column  # noqa: E402
from ner_engine.network.export import build_graph  # noqa: E402
from ner_engine.network.tagger import Shape, Tagger  # noqa: E402
from ner_engine.runtime.session import Session  # noqa: E402
from ner_engine.scheme import tag_list  # noqa: E402


@pytest.mark.parametrize(
    ("backbone", "nonlinearity"), [("rnn", "tanh"), ("rnn", "relu"), ("lstm", "tanh"), ("gru", "tanh")]
)
@pytest.mark.parametrize(("both_ways", "head", "flags"), [(True, "crf", 3), (False, "softmax", 0)])
def test_graph_equals_torch(tmp_path, backbone, nonlinearity, both_ways, head, flags):
    torch.manual_seed(8)
    columns = (
        Column("syllable", "syllable", 50, 8),
        Column("bigram", "bigram", 9000, 4),
        Column("bigram", "bigram", 9000, 4),
    )
    shape = Shape(columns, flags, tuple(tag_list(["A", "B"])), "BIOES")
    config = NetworkConfig(
        backbone=backbone, nonlinearity=nonlinearity, bidirectional=both_ways, layers=2, hidden=6, head=head
    )
    tagger = Tagger(config, shape).eval()
    for parameter in tagger.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    half = {k: v.half() for k, v in tagger.state_dict().items()}
    tagger.load_state_dict({k: v.float() for k, v in half.items()})
    save_file(half, str(tmp_path / "weights.safetensors"))
    (tmp_path / "graph.onnx").write_bytes(build_graph(tmp_path / "weights.safetensors", config, shape))
    rng = np.random.default_rng(8)
    lengths = np.array([9, 3, 1, 5], dtype=np.int32)
    ids = rng.integers(1, 50, (4, 9, 3)).astype(np.int32)
    marks = rng.random((4, 9, flags), dtype=np.float32)
    got = Session(tmp_path / "graph.onnx").emissions(Batch(ids, marks, lengths))
    with torch.no_grad():
        expected = tagger(torch.tensor(ids).long(), torch.tensor(marks), torch.tensor(lengths).long()).numpy()
    for row, n in enumerate(lengths):
        np.testing.assert_allclose(got[row, :n], expected[row, :n], atol=1e-4)
    assert (tmp_path / "graph.onnx").stat().st_size < 30_000  # the weights are not copied into it


def test_a_missing_tensor_is_named(tmp_path):
    shape = Shape((Column("syllable", "syllable", 5, 2),), 0, ("O", "B-X", "I-X"), "BIO")
    save_file({"projection.bias": torch.zeros(3).half()}, str(tmp_path / "w.safetensors"))
    with pytest.raises(BundleError, match=r"expected tensor 'embeddings.tables.syllable.weight'"):
        build_graph(tmp_path / "w.safetensors", NetworkConfig(hidden=4), shape)


def test_a_broken_graph_is_one_line(tmp_path):
    (tmp_path / "graph.onnx").write_bytes(b"no graph")
    with pytest.raises(BundleError, match="onnxruntime cannot load it") as error:
        Session(tmp_path / "graph.onnx")
    assert "\n" not in str(error.value)
