"""Integer weights: the graph equals the torch tagger of the same numbers, and batch mates change no bit."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from safetensors.numpy import load_file, save_file  # noqa: E402

from ner_engine.config import NetworkConfig, load_recipe  # noqa: E402
from ner_engine.engine import Engine  # noqa: E402
from ner_engine.errors import ConfigError  # noqa: E402
from ner_engine.features import Batch, Column  # noqa: E402
from ner_engine.network.export import build_graph  # noqa: E402
from ner_engine.network.quantise import dequantised, is_quantised, quantised, taken_over  # noqa: E402
from ner_engine.network.tagger import Shape, Tagger  # noqa: E402
from ner_engine.runtime.session import Session  # noqa: E402
from ner_engine.scheme import tag_list  # noqa: E402

COLUMNS = (
    Column("syllable", "syllable", 50, 8),
    Column("bigram", "bigram", 9000, 4),
    Column("bigram", "bigram", 9000, 4),
)
TABLES = [column.table for column in COLUMNS]


def _tagger(config, flags):
    torch.manual_seed(8)
    tagger = Tagger(config, Shape(COLUMNS, flags, tuple(tag_list(["A", "B"])), "BIOES")).eval()
    for parameter in tagger.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return tagger


def _written(tagger, folder):
    """The graph over integers in ``folder``, and a tagger of what those integers stand for."""
    state = {name: value.numpy() for name, value in tagger.state_dict().items()}
    save_file(quantised(state, tagger.config, TABLES), str(folder / "weights.safetensors"))
    stored = load_file(str(folder / "weights.safetensors"))
    assert is_quantised(stored)
    assert not is_quantised(state)
    (folder / "graph.onnx").write_bytes(build_graph(folder / "weights.safetensors", tagger.config, tagger.shape))
    twin = Tagger(tagger.config, tagger.shape).eval()
    twin.load_state_dict({k: torch.tensor(v) for k, v in dequantised(stored, tagger.config, TABLES).items()})
    return Session(folder / "graph.onnx"), twin


def _batch(lengths, flags, seed=8):
    rng = np.random.default_rng(seed)
    ids = rng.integers(1, 50, (len(lengths), max(lengths), 3)).astype(np.int32)
    marks = (rng.random((len(lengths), max(lengths), flags)) < 0.3).astype(np.float32)
    return Batch(ids, marks, np.array(lengths, dtype=np.int32))


def _torch_emissions(tagger, batch):
    with torch.no_grad():
        lengths = torch.tensor(batch.lengths).long()
        return tagger(torch.tensor(batch.ids).long(), torch.tensor(batch.flags), lengths).numpy()


@pytest.mark.parametrize("backbone", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize(
    ("both_ways", "head", "flags", "layers"), [(True, "crf", 3, 2), (False, "softmax", 0, 1)]
)
def test_graph_equals_torch(tmp_path, backbone, both_ways, head, flags, layers):
    config = NetworkConfig(backbone=backbone, bidirectional=both_ways, layers=layers, hidden=24, head=head)
    tagger = _tagger(config, flags)
    session, twin = _written(tagger, tmp_path)
    batch = _batch([9, 3, 1, 5], flags)
    got, same, true = session.emissions(batch), _torch_emissions(twin, batch), _torch_emissions(tagger, batch)
    for row, n in enumerate(batch.lengths):
        # an LSTM's states are rounded to 255 steps, which the twin's are not; other backbones round nothing
        np.testing.assert_allclose(got[row, :n], same[row, :n], atol=0.02 if backbone == "lstm" else 1e-4)
        np.testing.assert_allclose(got[row, :n], true[row, :n], atol=0.1)
    assert (tmp_path / "graph.onnx").stat().st_size < 30_000


@pytest.mark.parametrize("both_ways", [True, False])
@pytest.mark.parametrize("layers", [1, 2])
def test_batch_mates_change_no_bit(tmp_path, both_ways, layers):
    session, _ = _written(_tagger(NetworkConfig(bidirectional=both_ways, layers=layers, hidden=24), 3), tmp_path)
    lengths = [17, 1, 40, 3, 22, 2, 9, 31, 5, 40]
    batch = _batch(lengths, 3)
    together = session.emissions(batch)
    for row, n in enumerate(lengths):
        one = Batch(batch.ids[row : row + 1, :n], batch.flags[row : row + 1, :n], batch.lengths[row : row + 1])
        np.testing.assert_array_equal(session.emissions(one)[0], together[row, :n])
    backwards = Batch(batch.ids[::-1].copy(), batch.flags[::-1].copy(), batch.lengths[::-1].copy())
    for row, n in enumerate(lengths):
        np.testing.assert_array_equal(session.emissions(backwards)[-1 - row, :n], together[row, :n])


def test_quantising_again_changes_nothing(tmp_path):
    config = NetworkConfig(layers=2, hidden=24)
    first = quantised({k: v.numpy() for k, v in _tagger(config, 3).state_dict().items()}, config, TABLES)
    again = quantised(dequantised(first, config, TABLES), config, TABLES)
    assert first.keys() == again.keys()
    for name, values in first.items():
        if values.dtype == np.int8:
            np.testing.assert_array_equal(values, again[name])
        else:
            np.testing.assert_allclose(values, again[name], rtol=1e-5)


def test_a_recipe_asks_for_it_and_its_bundle_extracts(tmp_path):
    from ner_engine.bundle import load_bundle
    from ner_engine.training.build import build_bundle
    from ner_engine.training.trainer import Trainer, prepare
    from tests.conftest import write_tiny

    recipe = load_recipe(write_tiny(tmp_path), settings=["export.quantise=int8"])
    prepared = prepare(recipe, base=tmp_path)
    result = Trainer(prepared, tmp_path / "work").run()
    small = load_bundle(build_bundle(prepared, result, tmp_path / "bundle", command="x"))
    assert small.manifest["recipe"]["export"] == {"quantise": "int8", "min_score": 0.0}
    assert "stored as int8 and float16" in (small.path / "CARD.md").read_text(encoding="utf-8")
    table = small.path / "weights.safetensors"
    assert table.stat().st_size < 0.75 * sum(p.numel() for p in result.tagger.parameters()) * 2
    engine = Engine(small)
    texts = ["부산에서 오하늘 만나기로 했어", "김민수한테 전화해 줘", "오늘은 그냥 집에 있을래"]
    found = list(engine.pipe(texts, batch_size=3))
    assert [[(e.text, e.label) for e in entities] for entities in found] == [
        [("부산", "LC"), ("오하늘", "PS")],
        [("김민수", "PS")],
        [],
    ]
    assert found == [engine.extract(text) for text in texts]


def test_other_forms_are_refused(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('[data]\nlabels = ["A"]\n[export]\nquantise = "int4"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"export.quantise: expected one of 'int8', 'none'; got 'int4'"):
        load_recipe(path)


def test_what_has_not_changed_is_stored_as_it_was(tmp_path):
    config = NetworkConfig(backbone="lstm", layers=2, hidden=6, head="crf")
    tagger = _tagger(config, flags=2)
    _, twin = _written(tagger, tmp_path)
    former = load_file(str(tmp_path / "weights.safetensors"))
    before = {name: value.numpy().astype(np.float16) for name, value in twin.state_dict().items()}

    def again(changed, state):
        return taken_over(quantised(state, config, TABLES, former), former, changed)

    assert all(np.array_equal(again((), before)[name], former[name]) for name in former)

    row = {name: value.copy() for name, value in before.items()}
    row["embeddings.tables.syllable.weight"][7] *= np.float16(0.5)  # where the largest weight may have been
    stored = again(("embeddings.tables.syllable.weight",), row)
    differing = {name for name in former if not np.array_equal(stored[name], former[name])}
    assert differing == {"embeddings.tables.syllable.weight"}
    assert set(
        np.nonzero(
            (stored["embeddings.tables.syllable.weight"] != former["embeddings.tables.syllable.weight"]).any(1)
        )[0]
    ) == {7}

    row["embeddings.tables.syllable.weight"][7] = 50  # outside the range: new scales, and all that they are in
    stored = again(("embeddings.tables.syllable.weight",), row)
    assert not np.array_equal(
        stored["embeddings.tables.syllable.scale"], former["embeddings.tables.syllable.scale"]
    )
    assert not np.array_equal(stored["backbone.layers.0.input_scale"], former["backbone.layers.0.input_scale"])
    assert np.array_equal(stored["embeddings.tables.bigram.weight"], former["embeddings.tables.bigram.weight"])

    layer = {name: value.copy() for name, value in before.items()}
    layer["backbone.layers.1.weight_hh_l0"][0, 0] += np.float16(1)
    stored = again(("backbone.layers.1.weight_hh_l0",), layer)
    assert np.array_equal(stored["backbone.layers.0.bias"], former["backbone.layers.0.bias"])
    assert not np.array_equal(stored["backbone.layers.1.recurrent"], former["backbone.layers.1.recurrent"])
