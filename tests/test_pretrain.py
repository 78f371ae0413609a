"""Pre-training: texts, streams, learning, resuming bit for bit, and what a tagger takes over."""

from __future__ import annotations

import gzip
import json
import math
import random
import shutil
import sys
from collections import Counter

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("safetensors", reason="needs the train extra")

from safetensors import safe_open  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from ner_engine.cli import app, main  # noqa: E402
from ner_engine.config import (  # noqa: E402
    FeatureConfig,
    NetworkConfig,
    PretrainDataConfig,
    PretrainRecipe,
    TextSourceConfig,
    load_pretrain_recipe,
)
from ner_engine.errors import ConfigError, DataError, TrainingError  # noqa: E402
from ner_engine.features import FeatureExtractor, Gazetteer, Vocabularies, units_of  # noqa: E402
from ner_engine.features.codes import (  # noqa: E402
    code_rows,
    context_free_extractor,
    count_syllables,
    unit_codes,
)
from ner_engine.network.tagger import Shape, Tagger  # noqa: E402
from ner_engine.training.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from ner_engine.training.pretrain import LAST, MODEL, Pretrainer, prepare_pretraining  # noqa: E402
from ner_engine.training.start import start_from  # noqa: E402
from ner_engine.training.stored_model import load_language_model  # noqa: E402
from ner_engine.training.stream import Stream, cut, number_units, shuffled, window, window_count  # noqa: E402
from ner_engine.training.texts import load_texts  # noqa: E402
from tests.conftest import FakeTokenizer  # noqa: E402

RECIPE = """
name = "tiny-lm"
[features]
min_count = 1
inputs = {syllable = 8, jamo = 4, class = 2}
[network]
hidden = 12
[[data.sources]]
path = "texts.txt"
[data]
dev_share = 0.1
[training]
epochs = 2
streams = 8
steps = 8
learning_rate = 0.02
evaluations = 2
"""


def _texts(count=240):
    """Sentences of a few words: what follows a character is far from chance."""
    rng = random.Random(6)
    who, where = ["민수가", "지은이는", "선생님이"], ["도서관에서", "부산에서", "집에서"]
    what = ["밥을 먹었어", "책을 읽는다", "노래를 불렀다", "잠을 잤어요"]
    return [f"{i % 97} {rng.choice(who)} {rng.choice(where)} {rng.choice(what)}" for i in range(count)]


@pytest.fixture
def write(tmp_path):
    """The tiny recipe and its text; returns the recipe's path."""

    def write(texts=None, recipe=RECIPE):
        (tmp_path / "texts.txt").write_text("\n".join(texts or _texts()) + "\n", encoding="utf-8")
        path = tmp_path / "lm.toml"
        path.write_text(recipe, encoding="utf-8")
        return path

    return write


@pytest.fixture
def trained(write, tmp_path):
    """A trainer of the tiny recipe with settings, ready to run."""

    def trained(*settings, work="work"):
        recipe = load_pretrain_recipe(write(), settings=settings)
        return Pretrainer(prepare_pretraining(recipe, base=tmp_path), tmp_path / work)

    return trained


def _one_line(error):
    assert "\n" not in str(error.value)


# texts


def test_texts_are_cleaned_held_out_and_counted_once(tmp_path):
    lines = [f"문장 {i}" for i in range(300)] + ["", "  ", " 문장\t  7 ", "문장 8"]
    (tmp_path / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    with gzip.open(tmp_path / "b.tsv.gz", "wt", encoding="utf-8") as file:
        file.write("1\t둘째 파일\t0\r\n2\t문장 9\t1\n3\t빼는 문장\t1\n")
    (tmp_path / "out.txt").write_text("빼는문장\n", encoding="utf-8")
    (tmp_path / "c.tsv").write_text("id-1\t셋째 파일\n", encoding="utf-8")
    config = PretrainDataConfig(
        sources=[
            TextSourceConfig(path="a.txt"),
            TextSourceConfig(path="b.tsv.gz", column=2, name="B"),
            TextSourceConfig(path="c.tsv", format="klue-raw"),
        ],
        without=[TextSourceConfig(path="out.txt")],
        dev_share=0.2,
    )
    texts = load_texts(config, tmp_path)
    every = [*texts.train, *texts.dev]
    assert sorted(every) == sorted([f"문장 {i}" for i in range(300)] + ["둘째 파일", "셋째 파일"])
    assert 30 < len(texts.dev) < 90
    assert [(s.name, s.train + s.dev) for s in texts.sources] == [("a.txt", 300), ("B", 1), ("c.tsv", 1)]
    # what is held out depends on the text alone
    (tmp_path / "a.txt").write_text("\n".join(reversed(lines)), encoding="utf-8")
    again = load_texts(config, tmp_path)
    assert set(again.dev) == set(texts.dev)
    assert again.sources[0].digest != texts.sources[0].digest
    half = PretrainDataConfig(sources=[TextSourceConfig(path="a.txt", share=0.5)], dev_share=0.2)
    fewer = load_texts(half, tmp_path)
    assert 100 < len(fewer.train) + len(fewer.dev) < 200


@pytest.mark.parametrize(
    ("source", "content", "error", "message"),
    [
        ({"path": "none.txt"}, None, DataError, r"none\.txt: expected a text file, one text a line"),
        ({"path": "x.txt"}, "가\xb0".encode("cp949"), DataError, r"x\.txt: expected UTF-8 text"),
        ({"path": "x.gz"}, b"no gzip", DataError, r"x\.gz: expected UTF-8 text \(gzip for \.gz\)"),
        ({"path": "x.txt", "column": 3}, "가\t나\n".encode(), DataError, r"txt:1: expected at least 3 .* got 2"),
        ({"path": "x.txt", "column": 1, "format": "jsonl"}, b"", ConfigError, "only the format 'lines'"),
        ({"path": "x.txt"}, b"\n\n", ConfigError, "expected at least one text to train on; got none"),
        ({"path": "x.txt"}, b"\xea\xb0\x80\n", ConfigError, "at least one text to .* got none"),
    ],
)  # fmt: skip
def test_sources_that_cannot_be_read_are_one_line(tmp_path, source, content, error, message):
    if content is not None:
        (tmp_path / source["path"]).write_bytes(content)
    config = PretrainDataConfig(sources=[TextSourceConfig(**source)])
    with pytest.raises(error, match=message) as raised:
        load_texts(config, tmp_path)
    _one_line(raised)


# units and streams

ODD = ["김밥 두 줄", "", "  ", "한글", "e\u0301 \u0301x", "👍🏽좋아❤️", "a\u3000b\nc", "ＡＢ ㅋㅋ", "\ud800?"]


def test_codes_are_those_of_units():
    codes, ends = unit_codes(ODD)
    expected = [units_of(text)[0] for text in ODD]
    np.testing.assert_array_equal(codes, np.concatenate(expected))
    assert ends.tolist() == np.cumsum([len(e) for e in expected]).tolist()
    assert unit_codes([])[0].shape == (0,)


def test_the_rows_of_a_code_are_what_the_extractor_makes_of_a_text():
    config = FeatureConfig(inputs={"jamo": 2, "syllable": 3, "class": 2})
    extractor = context_free_extractor(config, Vocabularies(syllable=("김", "밥", "a", "ㅋ")))
    codes, _ = unit_codes(ODD)
    expected = np.concatenate([extractor.encode(text).ids for text in ODD])
    np.testing.assert_array_equal(code_rows(extractor, codes), expected)
    rows, (text,) = number_units([unit_codes(ODD)], extractor)
    assert len(text) == 7  # two of the texts are empty
    assert (rows[0] == 0).all()
    assert (text.units[text.starts[:-1]] == 0).all()
    np.testing.assert_array_equal(rows[text.units[text.units > 0]], expected)


def test_the_vocabulary_counts_folded_characters():
    codes, _ = unit_codes(["가가나", "Ａa가", "다"])
    assert count_syllables(codes, min_count=1) == ("가", "a", "나", "다")
    assert count_syllables(codes, min_count=2) == ("가", "a")


def test_a_shuffled_stream_holds_every_text_once():
    extractor = context_free_extractor(FeatureConfig(inputs={"syllable": 2}), Vocabularies())
    sentences = _texts(50)
    _, (text,) = number_units([unit_codes(sentences)], extractor)

    def pieces(units):
        return ["".join(map(chr, p)) for p in np.split(units, np.flatnonzero(units == 0))[1:]]

    one, two, same = (shuffled(text, seed=3, epoch=e) for e in (0, 1, 0))
    assert sorted(pieces(one)) == sorted(pieces(two)) == sorted(pieces(text.units))
    assert pieces(one) != pieces(two)
    np.testing.assert_array_equal(one, same)


def test_windows_cover_the_streams_from_either_end():
    units = np.arange(1, 24, dtype=np.int32)
    rows = np.stack([np.arange(30) * 10, np.arange(30)], 1).astype(np.int32)
    stream = Stream(cut(units, streams=2), rows, syllable=1)
    assert stream.units.tolist() == [list(range(1, 12)), list(range(12, 23))]
    assert window_count(stream, 4) == 3
    for backward, direction in ((False, 1), (True, -1)):
        read = [window(stream, n, steps=4, backward=backward) for n in range(3)]
        ids = np.concatenate([i for i, _ in read], 1)
        targets = np.concatenate([t for _, t in read], 1)
        expected = stream.units[:, ::direction]
        np.testing.assert_array_equal(ids[..., 1], expected[:, :-1])
        np.testing.assert_array_equal(ids[..., 0], expected[:, :-1] * 10)
        np.testing.assert_array_equal(targets, expected[:, 1:])
        assert [t.shape[1] for _, t in read] == [4, 4, 2]
    assert cut(units, streams=2, limit=9).shape == (2, 4)
    assert cut(units[:5], streams=64).shape == (2, 2)
    with pytest.raises(ConfigError, match="expected a text of at least 2 units; got 1"):
        cut(units[:1], streams=2)


# training


def _unigram_bits(text, rows):
    """The entropy of the stream's characters: what a model without memory could reach at best."""
    counts = Counter(rows[text.units, 0].tolist())
    total = sum(counts.values())
    return -sum(n / total * math.log2(n / total) for n in counts.values())


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_it_learns_both_ways(trained, precision):
    trainer = trained("training.epochs=3", f"training.precision={precision}")
    unigram = _unigram_bits(trainer.reading.train, trainer.reading.rows)
    before = trainer.held_out()
    result = trainer.run()
    for way in ("forward", "backward"):
        assert getattr(before, way) > unigram
        assert getattr(result.held_out, way) < 0.6 * unigram, way
    assert result.held_out.bits == min((r["forward_bits"] + r["backward_bits"]) / 2 for r in result.history)
    assert [r["epoch"] for r in result.history] == [e for e in range(1, 4) for _ in range(2)]


def test_the_file_holds_the_best_weights_and_what_they_are(trained):
    # at this rate the last weights are not the best
    trainer = trained("training.learning_rate=0.2", "training.max_units=1000")
    result = trainer.run()
    stored = load_language_model(result.path)
    trainer.model.load_state_dict(stored.model.state_dict())
    assert trainer.held_out() == result.held_out
    assert stored.facts["held_out"] == result.held_out.to_dict()
    assert stored.facts["sources"][0]["name"] == "texts.txt"
    assert stored.facts["recipe"]["training"]["epochs"] == 2
    assert stored.extractor.vocabularies == trainer.reading.extractor.vocabularies
    with safe_open(str(result.path), framework="np") as file:
        assert json.loads(file.metadata()["values"])["inputs"] == {"syllable": 8, "jamo": 4, "class": 2}


def test_max_units_bounds_an_epoch(trained):
    trainer = trained("training.max_units=400")
    assert trainer.epoch_stream().units.size == 400


@pytest.mark.parametrize("backbone", ["lstm", "gru"])
def test_resuming_from_any_checkpoint_gives_the_same_bytes(trained, tmp_path, backbone):
    settings = (f"network.backbone={backbone}", "training.checkpoint_minutes=0", "training.max_units=500")
    states = []

    class Watched(Pretrainer):
        def _save(self):
            super()._save()
            state = tmp_path / f"after-{len(states)}"
            shutil.copytree(self.work, state)
            states.append((self.epoch, self.step, state))

    Watched(trained(*settings).reading, tmp_path / "work").run()
    whole = (tmp_path / "work" / MODEL).read_bytes()
    last = load_checkpoint(tmp_path / "work" / LAST)[0]
    assert len(states) > 12
    middles = [state for state in states if state[1]]
    for epoch, step, state in [middles[0], middles[len(middles) // 2], middles[-1], states[-1]]:
        again = trained(*settings, work=state.name)
        again.run(resume=True)
        assert (state / MODEL).read_bytes() == whole, f"epoch {epoch}, step {step}"
        for name, value in load_checkpoint(state / LAST)[0].items():
            assert torch.equal(value, last[name]), f"epoch {epoch}, step {step}: {name}"


def test_the_seed_decides(trained, tmp_path):
    for work, seed in (("a", 1), ("b", 1), ("c", 2)):
        trained(f"training.seed={seed}", "training.epochs=1", "training.max_units=500", work=work).run()
        torch.rand(5)  # whatever else draws in the process
    a, b, c = (load_checkpoint(tmp_path / work / MODEL)[0] for work in "abc")
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not torch.equal(a["bias"], c["bias"])


def test_another_recipes_checkpoint_is_refused(trained):
    trained("training.epochs=1").run()
    with pytest.raises(TrainingError, match="made by another recipe or other data; start anew") as error:
        trained("training.epochs=1", "training.seed=2").run(resume=True)
    _one_line(error)


def test_a_diverging_run_says_so(trained):
    with pytest.raises(TrainingError, match=r"lower training\.learning_rate") as error:
        trained("network.backbone=rnn", "network.nonlinearity=relu", "training.learning_rate=1e30").run()
    _one_line(error)


# a tagger starts from it


@pytest.fixture(scope="module")
def language_models(tmp_path_factory):
    """The file of a language model by its network, trained for one epoch."""
    made = {}

    def model(**network):
        key = tuple(sorted(network.items()))
        if key not in made:
            folder = tmp_path_factory.mktemp("lm")
            (folder / "texts.txt").write_text("\n".join(_texts(60)), encoding="utf-8")
            (folder / "lm.toml").write_text(RECIPE, encoding="utf-8")
            settings = ["training.epochs=1", *(f"network.{k}={v}" for k, v in network.items())]
            recipe = load_pretrain_recipe(folder / "lm.toml", settings=settings)
            made[key] = Pretrainer(prepare_pretraining(recipe, base=folder), folder).run().path
        return made[key]

    return model


INPUTS = {"bigram": 5, "class": 2, "syllable": 8, "tail": 8, "pos": 3, "jamo": 4, "gazetteer": 1}


def _tagger(inputs=INPUTS, *, unit="syllable", **network):
    gazetteer = Gazetteer.build({"LC": ["부산"]}, min_length=2)
    extractor = FeatureExtractor.fit(
        FeatureConfig(inputs=inputs, min_count=1, unit=unit, buckets={"bigram": 64}),
        FakeTokenizer(),
        ["민수가 부산에서 밥을 먹었어", "뷁 책 3"],
        gazetteer=gazetteer,
    )
    torch.manual_seed(8)
    shape = Shape(extractor.columns, extractor.flag_count, ("O", "B-LC", "I-LC"), "BIO")
    return Tagger(NetworkConfig(**{"hidden": 12, **network}), shape).eval(), extractor


@pytest.mark.parametrize("network", [{}, {"backbone": "gru"}, {"backbone": "rnn"}], ids=str)
def test_the_first_layer_computes_what_the_language_model_computes(language_models, network):
    path = language_models(**network)
    stored = load_language_model(path)
    tagger, extractor = _tagger(**network, layers=2)
    start_from(tagger, extractor, path)
    text = "민수가 부산에서 책을 읽는다"  # some of it the tagger's vocabulary does not know
    known = set(extractor.vocabularies.syllable)
    text = "".join(c for c in text if c in known or c == " ")
    ids = torch.from_numpy(extractor.encode(text).ids).long()[None]
    flags = torch.zeros(1, ids.shape[1], extractor.flag_count)
    x = tagger.embeddings(ids, flags)
    at = 0
    for column in extractor.columns:  # silence what the language model has not
        if column.input not in ("syllable", "jamo", "class"):
            x[..., at : at + column.width] = 0
        at += column.width
    mine = tagger.backbone.layers[0](x)[0]
    theirs = torch.from_numpy(stored.extractor.encode(text).ids).long()[None]
    ahead, _ = stored.model.states(theirs, None, 0)
    back, _ = stored.model.states(theirs.flip(1), None, 1)
    torch.testing.assert_close(mine, torch.cat([ahead, back.flip(1)], -1), rtol=1e-5, atol=1e-6)


def test_what_the_language_model_has_not_stays_as_it_was(language_models):
    path = language_models()
    plain, extractor = _tagger(layers=2)
    tagger, _ = _tagger(layers=2)
    drawn = torch.get_rng_state()
    started = start_from(tagger, extractor, path)
    assert torch.equal(torch.get_rng_state(), drawn)  # the rest of a training draws what it would have drawn
    assert (started.missing, started.directions) == (1, 2)  # 뷁
    before, now = plain.state_dict(), tagger.state_dict()
    changed = {name for name in now if not torch.equal(before[name], now[name])}
    tables = {f"embeddings.tables.{t}.weight" for t in ("syllable", "initial", "medial", "final", "class")}
    layer = {f"backbone.layers.0.{n}_l0{d}" for n in ("weight_ih", "weight_hh") for d in ("", "_reverse")}
    assert tables | layer <= changed
    assert changed <= tables | layer | {n.replace("weight", "bias") for n in layer}
    mine = now["embeddings.tables.syllable.weight"]
    row = extractor.vocabularies.syllable.index("뷁") + 2
    assert torch.equal(mine[row], before["embeddings.tables.syllable.weight"][row])
    assert (mine[0] == 0).all()
    stored = load_language_model(path)
    theirs = stored.model.embeddings.weight("syllable")
    there = stored.extractor.vocabularies.syllable.index("먹") + 2
    assert torch.equal(mine[extractor.vocabularies.syllable.index("먹") + 2], theirs[there])
    assert torch.equal(mine[1], theirs[1])
    at = 0
    for column in extractor.columns:
        ours = now["backbone.layers.0.weight_ih_l0"][:, at : at + column.width]
        old = before["backbone.layers.0.weight_ih_l0"][:, at : at + column.width]
        assert torch.equal(ours, old) == (column.input in ("bigram", "tail", "pos")), column
        at += column.width
    flags = slice(at, None)
    assert torch.equal(
        now["backbone.layers.0.weight_ih_l0"][:, flags], before["backbone.layers.0.weight_ih_l0"][:, flags]
    )


def test_a_tagger_of_one_direction_takes_the_forward_layer(language_models):
    tagger, extractor = _tagger(bidirectional=False)
    assert start_from(tagger, extractor, language_models()).directions == 1
    stored = load_language_model(language_models())
    layer = tagger.backbone.layers[0]
    assert torch.equal(layer.weight_hh_l0, stored.model.layers[0].weight_hh_l0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden": 16}, "expected the recipe's lstm of 16 units; got lstm of 12 units"),
        ({"backbone": "gru"}, "expected the recipe's gru of 12 units; got lstm of 12 units"),
        ({"backbone": "rnn"}, r"expected the recipe's rnn \(tanh\) of 12 units; got lstm of 12 units"),
        ({"inputs": {"syllable": 8, "jamo": 4}}, "expected features.inputs.class = 2, .*; got none"),
        (
            {"inputs": {"syllable": 16, "jamo": 4, "class": 2}},
            "expected features.inputs.syllable = 8, as in the language model; got 16",
        ),
        ({"unit": "morpheme"}, "expected features.unit = 'syllable'; got 'morpheme'"),
    ],
)
def test_a_language_model_that_does_not_fit_is_refused(language_models, options, message):
    tagger, extractor = _tagger(**options)
    before = {name: value.clone() for name, value in tagger.state_dict().items()}
    with pytest.raises(ConfigError, match=f"{MODEL}: network.start: {message}") as error:
        start_from(tagger, extractor, language_models())
    _one_line(error)
    for name, value in tagger.state_dict().items():
        assert torch.equal(value, before[name])


def test_files_that_are_no_language_model_are_refused(language_models, tmp_path):
    tagger, extractor = _tagger()
    with pytest.raises(ConfigError, match=r"none\.safetensors: expected the file of a language model"):
        start_from(tagger, extractor, tmp_path / "none.safetensors")
    path = tmp_path / "x.safetensors"
    path.write_bytes(language_models().read_bytes()[:5000])
    with pytest.raises(TrainingError, match=r"x\.safetensors: ") as error:
        start_from(tagger, extractor, path)
    _one_line(error)
    with pytest.raises(TrainingError, match="expected a character language model; got another file"):
        start_from(tagger, extractor, language_models().with_name(LAST))
    tensors, values = load_checkpoint(language_models())
    for broken, message in (
        ({**values, "format": 2}, "expected format 1 of a character language model; got 2"),
        ({**values, "syllables": values["syllables"][1:]}, "expected a whole character language model; "),
        ({**values, "inputs": {"bigram": 4}}, "expected a whole character language model; features.inputs"),
    ):
        save_checkpoint(path, tensors, broken)
        with pytest.raises(TrainingError, match=message) as error:
            start_from(tagger, extractor, path)
        _one_line(error)


# configuration and command line


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("training.step=3", "unknown key 'training.step'; expected one of seed"),
        ("network.layers=2", "unknown key 'network.layers'"),
        ("features.unit=morpheme", "unknown key 'features.unit'"),
        ("data.train=[]", "unknown key 'data.train'"),
        ("training.steps=1", "training.steps: expected at least 2; got 1"),
        ("training.streams=0", "training.streams: expected more than 0; got 0"),
        ("training.max_units=-1", "training.max_units: expected 0 (no limit) or more; got -1"),
        ("training.warmup=1", "training.warmup: expected at least 0 and less than 1; got 1.0"),
        ("training.precision=half", "training.precision: expected one of 'float32', 'bfloat16'; got 'half'"),
        ("data.dev_share=0", "data.dev_share: expected more than 0 and less than 1; got 0.0"),
        ("data.sources=[]", "data.sources: expected at least one source; got []"),
        ("data.sources=[{share=0.5}]", "data.sources[0].path: expected a file or folder; got ''"),
        ("data.without=[{path='x', share=2}]", "data.without[0].share: expected more than 0 and at most 1"),
        ("data.sources=[{path='x', column=-1}]", "data.sources[0].column: expected 0"),
    ],
)  # fmt: skip
def test_wrong_values_are_refused_by_their_full_name(write, setting, message):
    path = write()
    with pytest.raises(ConfigError) as error:
        load_pretrain_recipe(path, settings=[setting])
    assert str(error.value).startswith(f"{path}: {message}")
    _one_line(error)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (
            "{syllable=4, bigram=4}",
            "expected some of syllable, jamo, class, which look at no neighbour; got 'bigram'",
        ),
        ("{jamo=4}", "expected syllable among them; got jamo"),
        ("{syllable=0}", "features.inputs.syllable: expected a width of at least 1; got 0"),
    ],
)
def test_inputs_that_look_at_neighbours_are_refused(trained, inputs, message):
    with pytest.raises(ConfigError, match=message):
        trained(f"features.inputs={inputs}")


def test_the_shipped_recipe_is_read():
    from pathlib import Path

    configs = Path(__file__).resolve().parents[1] / "models" / "configs"
    recipe = load_pretrain_recipe(configs / "lm-chat.toml")
    assert isinstance(recipe, PretrainRecipe)
    chat = load_pretrain_recipe(configs / "lm-chat.toml", settings=["network.backbone=gru"])
    assert chat.network.backbone == "gru"


def _command(monkeypatch, capsys, *args):
    monkeypatch.setattr(sys, "argv", ["ner-engine", "pretrain", *map(str, args)])
    with pytest.raises(SystemExit) as end:
        main()
    out, err = capsys.readouterr()
    return end.value.code, out, err


def test_the_command_line(write, tmp_path, monkeypatch, capsys):
    recipe = write()
    monkeypatch.chdir(tmp_path)
    settings = ("--set", "training.epochs=1")
    code, out, err = _command(monkeypatch, capsys, recipe, *settings, "--work", tmp_path / "w")
    assert code == 0
    assert out.startswith("held out: ")
    assert "bits a character forward (perplexity " in out
    lines = err.splitlines()
    assert lines[0].startswith("texts.txt: ")
    assert sum(line.startswith("epoch 1/1  ") for line in lines) == 2
    assert lines[-1].startswith(f"language model: {tmp_path / 'w' / MODEL} (")
    assert "\r" not in err  # no bar where there is no terminal
    before = (tmp_path / "w" / MODEL).read_bytes()
    code, again, _ = _command(monkeypatch, capsys, recipe, *settings, "--work", tmp_path / "w", "--resume")
    assert (code, again) == (0, out)
    assert (tmp_path / "w" / MODEL).read_bytes() == before
    code, _, _ = _command(monkeypatch, capsys, recipe, *settings)
    assert (tmp_path / "runs" / "tiny-lm" / MODEL).read_bytes() == before


def test_wrong_use_is_one_line(write, tmp_path, monkeypatch, capsys):
    recipe = write()
    for args, message in (
        ([recipe, "--set", "training.epoch=1"], "unknown key 'training.epoch'"),
        (["nowhere.toml"], "nowhere.toml: no such file; expected a TOML recipe"),
        ([recipe, "--set", "data.sources=[{path='none.txt'}]"], "none.txt: expected a text file"),
    ):
        code, out, err = _command(monkeypatch, capsys, *args)
        assert (code, out) == (1, "")
        assert err.startswith("ner-engine: ")
        assert message in err
        assert err.count("\n") == 1
    assert CliRunner().invoke(app, ["pretrain"]).exit_code == 2
    help_text = CliRunner().invoke(app, ["pretrain", "--help"]).stdout
    assert "Example:" in help_text
    assert all(option in help_text for option in ("--set", "--resume", "--work"))
