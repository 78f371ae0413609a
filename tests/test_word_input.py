"""The input ``word``: ids of the words that have vectors, tables that stay as they are, and vectors from Kiwi."""

from __future__ import annotations

import dataclasses
import json
import sys
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("sklearn", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from safetensors.numpy import load_file  # noqa: E402

from ner_engine.bundle import load_bundle  # noqa: E402
from ner_engine.cli import app  # noqa: E402
from ner_engine.config import ExportConfig, FeatureConfig, NetworkConfig, load_recipe  # noqa: E402
from ner_engine.engine import Engine  # noqa: E402
from ner_engine.errors import ConfigError, MissingExtra, TrainingError  # noqa: E402
from ner_engine.features import UNKNOWN, Column, FeatureExtractor, Vocabularies, pad  # noqa: E402
from ner_engine.features.extractor import word_key  # noqa: E402
from ner_engine.network.embeddings import SPARSE_ROWS, Embeddings  # noqa: E402
from ner_engine.network.quantise import dequantised  # noqa: E402
from ner_engine.network.tagger import Tagger  # noqa: E402
from ner_engine.tokenizers import load_tokenizer  # noqa: E402
from ner_engine.training.build import build_bundle  # noqa: E402
from ner_engine.training.kiwi_vectors import kiwi_vectors  # noqa: E402
from ner_engine.training.trainer import Trainer, prepare  # noqa: E402
from ner_engine.training.vectors import read_names, read_vectors  # noqa: E402
from tests.conftest import FakeTokenizer, tiny_sentences, write_tiny  # noqa: E402

NASTY = st.text(st.one_of(st.sampled_from("김밥7aA \t\n😀"), st.characters(exclude_categories=[])), max_size=20)


# features


def _extractor(tokenizer, words, **config):
    given = FeatureConfig(min_count=1, inputs={"word": 4}, **config)
    return FeatureExtractor.fit(given, tokenizer, ["김밥 2개"], words=words)


@pytest.mark.parametrize(
    ("form", "pos", "key"),
    [
        ("김밥", "NNG", "김밥/N"),
        ("가", "VV-R", "가/V"),
        ("iPhone", "SL", "iphone/S"),
        ("2026", "SN", "0000/S"),
        ("", "", "/"),
    ],
)
def test_the_key_of_a_word(form, pos, key):
    assert word_key(form, pos) == key


def test_ids_by_hand(fake_tokenizer):
    # of the fake parts of speech, Hangul is N and digits and Latin are S
    extractor = _extractor(fake_tokenizer, ("김밥/N", "00/S", "라면/V"))
    assert [(c.table, c.rows, c.width) for c in extractor.columns] == [("word", 5, 4)]
    encoded = extractor.encode("김밥 12 라면 99 김 김밥")
    assert encoded.ids[:, 0].tolist() == [2, 2, 3, 3, UNKNOWN, UNKNOWN, 3, 3, UNKNOWN, 2, 2]
    assert extractor.rows("word", ["00/S", "김밥", "라면/V", "김밥/N"]) == [(3,), (), (4,), (2,)]


def test_a_morpheme_as_unit_has_the_row_of_its_word(fake_tokenizer):
    extractor = _extractor(fake_tokenizer, ("김밥/N",), unit="morpheme")
    assert extractor.encode("라면 김밥").ids[:, 0].tolist() == [UNKNOWN, 2]


@given(NASTY)
@settings(deadline=None)  # a busy machine is no failure
def test_any_text_has_rows_of_the_table(text):
    extractor = _extractor(FakeTokenizer(), ("김밥/N", "0/S"))
    ids = extractor.encode(text).ids
    assert ((ids >= UNKNOWN) & (ids < extractor.columns[0].rows)).all()


def test_words_survive_json_and_older_files_have_none():
    vocabularies = Vocabularies(("가",), ("NNG",), ("",), ("김밥/N", "\ud800/S"))
    text = vocabularies.to_json()
    assert Vocabularies.from_json(text) == vocabularies
    older = json.loads(text)
    del older["word"]
    assert Vocabularies.from_json(json.dumps(older)) == dataclasses.replace(vocabularies, word=())


@pytest.mark.parametrize("text", ["{}", "[]", '{"syllable": [], "pos": []}', "3"])
def test_other_files_are_no_vocabularies(text):
    with pytest.raises((KeyError, TypeError)):  # what a bundle makes one line of
        Vocabularies.from_json(text)


# frozen tables

COLUMNS = (
    Column("word", "word", SPARSE_ROWS + 5, 3),
    Column("bigram", "bigram", SPARSE_ROWS, 3),
    Column("syllable", "syllable", 9, 3),
)


def test_a_frozen_table_is_not_trained():
    torch.manual_seed(1)
    layer = Embeddings(COLUMNS, 0, frozen=["word"])
    words, bigrams, syllables = (layer.weight(c.table) for c in COLUMNS)
    assert [w.requires_grad for w in (words, bigrams, syllables)] == [False, True, True]
    assert [id(p) for p in layer.sparse_parameters()] == [id(bigrams)]
    assert not words[:2].any()
    assert words[2:].all()
    assert bigrams[UNKNOWN].all()
    ids = torch.tensor([[[UNKNOWN, 3, 3], [4, 3, 3]]])
    out = layer(ids, torch.zeros(1, 2, 0))
    assert not out[0, 0, :3].any()
    assert torch.equal(out[0, 1, :3], words[4])
    out.sum().backward()
    assert words.grad is None
    assert bigrams.grad is not None


def test_no_table_is_frozen_that_is_not_named():
    layer = Embeddings(COLUMNS, 0)
    assert layer.weight("word").requires_grad
    assert layer.weight("word")[UNKNOWN].all()
    assert len(layer.sparse_parameters()) == 2
    assert NetworkConfig().frozen == ["word"]


# a recipe

INPUTS = "features.inputs={syllable=8, word=6, bigram=8}"
VECTORS = "features.vectors={word='word.vec'}"


def _prepared(folder, *settings):
    return prepare(load_recipe(write_tiny(folder), settings=settings), base=folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The tiny recipe beside vectors of every other word of its sentences, and of one that is in none."""
    folder = tmp_path_factory.mktemp("recipe")
    tokenizer = load_tokenizer("mecab")
    keys = {word_key(m.form, m.pos) for s in tiny_sentences() for m in tokenizer.morphemes(s.text)}
    names = ["뷁뷁/N", *sorted(keys)[::2]]
    values = np.random.default_rng(3).normal(size=(len(names), 6)) * 5
    lines = [f"{len(names)} 6", *(f"{n} {' '.join(map(str, v))}" for n, v in zip(names, values, strict=True))]
    (folder / "word.vec").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def trained(folder, tmp_path_factory):
    """A run with noise, averaged weights and hidden words, and the table of words it started from."""
    prepared = _prepared(folder, INPUTS, VECTORS, "training.epochs=2", "training.noise=0.3")
    trainer = Trainer(prepared, tmp_path_factory.mktemp("work"))
    before = {k: v.clone() for k, v in trainer.tagger.state_dict().items()}
    return prepared, before, trainer.run()


def test_the_words_of_the_file_are_those_the_tagger_knows(folder, trained):
    prepared, before, _ = trained
    names = read_names(folder / "word.vec")
    assert prepared.extractor.vocabularies.word == names
    read = read_vectors(folder / "word.vec", table="word", width=6, extractor=prepared.extractor)
    assert read.rows == tuple(range(2, len(names) + 2))
    expected = read.values / read.values.norm(dim=-1, keepdim=True)
    torch.testing.assert_close(before["embeddings.tables.word.weight"][2:], expected)
    seen = {int(i) for _, examples in prepared.train for e in examples for i in e.encoded.ids[:, 1]}
    assert UNKNOWN in seen
    assert len(seen) > 5
    assert 2 not in seen  # the word in no sentence


def test_training_leaves_the_table_of_words_as_it_was(trained):
    _, before, result = trained
    after = result.tagger.state_dict()
    name = "embeddings.tables.word.weight"
    assert torch.equal(after[name], before[name].half().float())
    assert not after[name][: UNKNOWN + 1].any()
    for other in ("embeddings.tables.syllable.weight", "embeddings.tables.bigram.weight", "projection.weight"):
        assert (after[other] - before[other]).abs().max() > 0.01


@pytest.mark.parametrize("quantise", ["none", "int8"])
def test_the_bundle_gives_the_emissions_of_its_weights(trained, tmp_path, quantise):
    prepared, _, result = trained
    recipe = dataclasses.replace(prepared.recipe, export=ExportConfig(quantise=quantise))
    prepared = dataclasses.replace(prepared, recipe=recipe)
    bundle = load_bundle(build_bundle(prepared, result, tmp_path / "bundle", command="x"))
    assert bundle.vocabularies() == prepared.extractor.vocabularies
    stored = load_file(str(bundle.path / "weights.safetensors"))
    tables = [column.table for column in prepared.shape.columns]
    twin = Tagger(bundle.network, prepared.shape).eval()
    twin.load_state_dict({k: torch.tensor(v) for k, v in dequantised(stored, bundle.network, tables).items()})
    assert not twin.embeddings.weight("word")[: UNKNOWN + 1].any()
    engine = Engine(bundle)
    texts = [*sorted({s.text for s in tiny_sentences()})[:20], "뷁뷁 김민수 😀"]
    encoded = engine._features.encode_many(texts)
    for text, ids in zip(texts, encoded, strict=True):
        np.testing.assert_array_equal(ids.ids, prepared.extractor.encode(text).ids)
    batch = pad(encoded)
    assert {UNKNOWN, 3} < set(batch.ids[:, :, 1].ravel().tolist())
    got = engine._session.emissions(batch)
    with torch.no_grad():
        given = torch.tensor(batch.ids).long(), torch.tensor(batch.flags), torch.tensor(batch.lengths).long()
        same, true = twin(*given).numpy(), result.tagger.eval()(*given).numpy()
    spread = float(true.std())
    for row, n in enumerate(batch.lengths):
        # an LSTM's states are rounded to 255 steps, which the twin's are not
        close, near = (1e-4, 1e-4) if quantise == "none" else (0.05 * spread, 0.2 * spread)
        np.testing.assert_allclose(got[row, :n], same[row, :n], atol=close)
        np.testing.assert_allclose(got[row, :n], true[row, :n], atol=near)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            [INPUTS],
            r"^features\.vectors\.word: expected a file of vectors for the input 'word'; none given$",
        ),
        ([INPUTS, "features.vectors={word='no.vec'}"], r"no\.vec: features\.vectors\.word: expected a file"),
        ([VECTORS, "features.inputs={syllable=8}"], "expected a table of the tagger's inputs; got 'word'"),
    ],
)
def test_words_and_their_vectors_go_together(folder, settings, message):
    with pytest.raises(ConfigError, match=message) as error:
        _prepared(folder, *settings)
    assert "\n" not in str(error.value)


# files of vectors


@pytest.mark.parametrize("header", ["", "3 2\n", "3 2 \n"])
def test_the_names_of_a_file(tmp_path, fake_tokenizer, header):
    path = tmp_path / "x.vec"
    path.write_text(f"{header}김밥/N 1 0\n0/S 0 1\n김밥/N 1 0\n", encoding="utf-8")
    names = read_names(path)
    assert names == ("김밥/N", "0/S")
    read = read_vectors(path, table="word", width=2, extractor=_extractor(fake_tokenizer, names))
    assert read.rows == (2, 3, 2)
    assert read.values.tolist() == [[1, 0], [0, 1], [1, 0]]


# Kiwi's model

RANK, COUNT = 5, 260  # more words than the landmarks that are drawn


@pytest.fixture
def kiwi(monkeypatch):
    """A Kiwi that knows random vectors with a direction in common: their numbers, keys and unit vectors."""
    rng = np.random.default_rng(6)
    units = rng.normal(size=(COUNT, RANK)) + 2
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    numbers = np.sort(rng.choice(3 * COUNT, COUNT, replace=False)).tolist()
    words = [(f"{chr(0xAC00 + i)}A", "NNG") for i in range(COUNT)]
    # nothing that can stand in a file of vectors, and a second sense of a word
    words[4], words[5], words[9] = ("", "NNG"), ("두 말", "NNP"), (words[8][0], "NNP")
    words[12] = ("\u11ab다", "EF")

    class Kiwi:
        def __init__(self, num_workers, model_type):
            assert model_type == "cong"

        def tokenize(self, text):
            return [types.SimpleNamespace(id=numbers[17])]

        def most_similar_morphemes(self, target, top_n):
            at = numbers.index(target)
            cosines = (units @ units[at]).tolist()
            cosines[at] = -1e5  # what Kiwi says of a morpheme and itself
            order = sorted(range(COUNT), key=lambda i: -cosines[i])[:top_n]
            return [
                types.SimpleNamespace(form=words[i][0], tag=words[i][1], id=numbers[i], score=cosines[i])
                for i in order
            ]

    monkeypatch.setitem(sys.modules, "kiwipiepy", types.SimpleNamespace(Kiwi=Kiwi))
    kept = [i for i in range(COUNT) if i not in (4, 5, 9)]
    keys = [word_key(*words[i]) for i in kept]
    keys[keys.index("\u11ab다/E")] = "ㄴ다/E"  # as the analysers write it
    return keys, units - units.mean(0), kept


def _cosines(vectors):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit @ unit.T


def test_kiwis_vectors_keep_their_geometry(kiwi):
    keys, centred, kept = kiwi
    made = kiwi_vectors(width=RANK)
    assert list(made.names) == keys
    assert made.values.shape == (len(keys), RANK)
    assert made.values.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(made.values, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(made.values @ made.values.T, _cosines(centred[kept]), atol=2e-3)


def test_fewer_numbers_are_the_principal_components(kiwi):
    keys, centred, kept = kiwi
    made = kiwi_vectors(width=2, size=30, landmarks=40, seed=3)
    assert list(made.names) == keys[:30]
    principal = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
    np.testing.assert_allclose(made.values @ made.values.T, _cosines(principal[kept[:30]]), atol=1e-2)


def test_more_numbers_than_kiwi_knows_are_refused(kiwi):
    with pytest.raises(TrainingError, match=r"^Kiwi's vectors: expected a width of at most 5; got 6$"):
        kiwi_vectors(width=RANK + 1)


def test_without_kiwi_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "kiwipiepy", None)
    with pytest.raises(MissingExtra, match=r"ner-engine\[kiwi\]"):
        kiwi_vectors()


def test_the_command_writes_what_a_recipe_reads(kiwi, tmp_path):
    keys, _, _ = kiwi
    path = tmp_path / "kiwi.vec"
    done = CliRunner().invoke(app, ["vectors", "--from-kiwi", "--width", "3", "--size", "20", "-o", str(path)])
    assert done.exit_code == 0, done.output
    assert done.stderr == f"20 vectors of 3 numbers: {path}\n"
    assert path.read_text(encoding="utf-8").startswith("20 3\n")
    assert list(read_names(path)) == keys[:20]


@pytest.mark.parametrize(("arguments", "got"), [(["--from-kiwi", "news.txt"], "both"), ([], "neither")])
def test_vectors_come_from_texts_or_from_kiwi(tmp_path, arguments, got):
    done = CliRunner().invoke(app, ["vectors", "-o", str(tmp_path / "x"), *arguments])
    assert isinstance(done.exception, ConfigError)
    assert str(done.exception) == f"vectors: expected text files or --from-kiwi; got {got}"
    assert not (tmp_path / "x").exists()
