"""Configuration: what is refused and how it is named, overrides, and that defaults live in one place."""

from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ner_engine.config import (
    DataConfig,
    FeatureConfig,
    NetworkConfig,
    Recipe,
    SourceConfig,
    StageConfig,
    TaskConfig,
    TrainingConfig,
    from_dict,
    load_recipe,
    to_dict,
)
from ner_engine.errors import ConfigError
from tests.conftest import TINY_RECIPE

MINIMAL = 'name = "m"\n[data]\nlabels = ["PS"]\n'


@pytest.fixture
def recipe_file(tmp_path):
    def write(text):
        path = tmp_path / "recipe.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_what_a_file_does_not_say_is_the_default(recipe_file):
    recipe = load_recipe(recipe_file(MINIMAL))
    assert recipe == Recipe(name="m", data=DataConfig(labels=["PS"]))
    assert recipe.features == FeatureConfig()
    assert recipe.network == NetworkConfig()
    assert recipe.training == TrainingConfig()


def test_every_value_of_a_file_arrives(recipe_file):
    recipe = load_recipe(recipe_file(TINY_RECIPE))
    given_ = tomllib.loads(TINY_RECIPE)
    read = to_dict(recipe)
    for part in ("network", "training"):
        for key, value in given_[part].items():
            assert read[part][key] == value, f"{part}.{key}"
    assert read["features"]["inputs"] == given_["features"]["inputs"]
    assert read["features"]["gazetteers"] == {"LC": ["places.txt"]}
    assert recipe.data.train == [SourceConfig(path="train.jsonl", dev_share=0.2)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nam = 1\n", "unknown key 'nam'; expected one of name, description"),
        ("[training]\nepoch = 3\n", "unknown key 'training.epoch'; expected one of seed"),
        ("[features]\ninput = 3\n", "unknown key 'features.input'"),
        ("[[data.train]]\npath = 'x'\n[[data.train]]\npat = 'y'\n", "unknown key 'data.train[1].pat'"),
        ("[training]\nepochs = '3'\n", "training.epochs: expected int; got '3'"),
        ("[training]\nepochs = 3.0\n", "training.epochs: expected int; got 3.0"),
        ("[training]\nepochs = true\n", "training.epochs: expected int; got True"),
        ("[training]\nema = true\n", "training.ema: expected float; got True"),
        ("[network]\nbidirectional = 1\n", "network.bidirectional: expected bool; got 1"),
        ("[network]\nbackbone = 'LSTM'\n", "network.backbone: expected one of 'rnn', 'lstm', 'gru'; got 'LSTM'"),
        ("[network]\nbackbone = ['lstm']\n", "network.backbone: expected one of"),
        ("[features.inputs]\nsyllable = '64'\n", "features.inputs.syllable: expected int; got '64'"),
        ("[features.gazetteers]\nLC = 'x.txt'\n", "features.gazetteers.LC: expected list"),
        ("[features.gazetteers]\nLC = ['x.txt', 2]\n", "features.gazetteers.LC[1]: expected str; got 2"),
        ("[data]\nlabels = ['PS', 3]\n", "data.labels[1]: expected str; got 3"),
        ("[data]\ntrain = ['a']\n", "data.train[0]: expected a table; got 'a'"),
        ("training = 3\n", "training: expected a table; got 3"),
    ],
)  # fmt: skip
def test_wrong_keys_and_types_are_refused_by_their_full_name(recipe_file, text, message):
    path = recipe_file(text)
    with pytest.raises(ConfigError) as error:
        load_recipe(path)
    assert str(error.value).startswith(f"{path}: {message}")
    assert "\n" not in str(error.value)


def test_an_int_is_a_float_where_one_is_expected(recipe_file):
    rate = load_recipe(recipe_file(MINIMAL + "[training]\nlearning_rate = 1\n")).training.learning_rate
    assert rate == 1.0
    assert type(rate) is float


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("training.epochs=3", lambda r: r.training.epochs == 3),
        ("training.learning_rate=1e-4", lambda r: r.training.learning_rate == 1e-4),
        ("network.bidirectional=false", lambda r: r.network.bidirectional is False),
        ("network.backbone=gru", lambda r: r.network.backbone == "gru"),
        ('network.backbone="gru"', lambda r: r.network.backbone == "gru"),
        ("description=강남역 = 역", lambda r: r.description == "강남역 = 역"),
        ("description=", lambda r: r.description == ""),
        ('data.labels=["PS", "LC"]', lambda r: r.data.labels == ["PS", "LC"]),
        ("features.inputs.syllable=8", lambda r: r.features.inputs == {"syllable": 8}),
        (" training.epochs =4", lambda r: r.training.epochs == 4),
    ],
)
def test_settings_override_the_file(recipe_file, setting, expected):
    assert expected(load_recipe(recipe_file(MINIMAL), settings=[setting]))


def test_the_last_setting_wins_and_the_rest_stays(recipe_file):
    path = recipe_file(MINIMAL + "[training]\nepochs = 5\nseed = 9\n")
    recipe = load_recipe(path, settings=["training.epochs=6", "training.epochs=7"])
    assert (recipe.training.epochs, recipe.training.seed) == (7, 9)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("training.epochs", "--set: expected key=value; got 'training.epochs'"),
        ("=3", "--set: expected key=value; got '=3'"),
        ("training.epoch=3", "unknown key 'training.epoch'"),
        ("training.epochs=many", "training.epochs: expected int; got 'many'"),
        ("name.first=x", "--set name.first=x: 'name' is not a table"),
        ("data.labels.0=PS", "--set data.labels.0=PS: 'labels' is not a table"),
        ("data.labels=[]", "data.labels: expected at least one label, each once; got []"),
    ],
)
def test_wrong_settings_are_refused(recipe_file, setting, message):
    with pytest.raises(ConfigError) as error:
        load_recipe(recipe_file(MINIMAL), settings=[setting])
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_what_is_no_recipe_is_one_line(tmp_path, recipe_file):
    with pytest.raises(ConfigError, match=r"nowhere\.toml: no such file"):
        load_recipe(tmp_path / "nowhere.toml")
    with pytest.raises(ConfigError, match="expected a TOML recipe"):
        load_recipe(tmp_path)
    with pytest.raises(ConfigError, match="not a TOML file"):
        load_recipe(recipe_file("name = \n"))
    path = recipe_file("")
    path.write_bytes('name = "김밥"'.encode("cp949"))
    with pytest.raises(ConfigError, match="not a TOML file"):
        load_recipe(path)


NAMES = st.text("가나aB_.= \"'\n", max_size=6)
RATES = st.floats(0, 1, allow_nan=False)
SOURCES = st.lists(
    st.builds(
        SourceConfig,
        name=NAMES,
        path=NAMES,
        generate=st.integers(0, 9),
        labels=st.dictionaries(NAMES, NAMES, max_size=2),
        unknown=st.lists(NAMES, max_size=2),
        share=RATES,
    ),
    max_size=2,
)
RECIPES = st.builds(
    Recipe,
    name=NAMES,
    features=st.builds(
        FeatureConfig,
        unit=st.sampled_from(["syllable", "morpheme"]),
        inputs=st.dictionaries(NAMES, st.integers(), max_size=3),
        gazetteers=st.dictionaries(NAMES, st.lists(NAMES, max_size=2), max_size=2),
    ),
    network=st.builds(
        NetworkConfig, backbone=st.sampled_from(["rnn", "lstm", "gru"]), bidirectional=st.booleans()
    ),
    data=st.builds(DataConfig, labels=st.lists(NAMES), train=SOURCES, dev=SOURCES),
    training=st.builds(TrainingConfig, seed=st.integers(), noise=RATES),
)  # fmt: skip


@given(RECIPES)
@settings(max_examples=40)
def test_round_trip(recipe):
    assert from_dict(Recipe, to_dict(recipe)) == recipe
    assert from_dict(Recipe, json.loads(json.dumps(to_dict(recipe)))) == recipe


def test_two_configs_share_no_default():
    one, other = FeatureConfig(), FeatureConfig()
    assert one.inputs is not other.inputs
    assert one.buckets is not other.buckets
    assert to_dict(Recipe())["features"]["inputs"] is not Recipe().features.inputs


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("training.epochs=0", "training.epochs: expected more than 0; got 0"),
        ("network.layers=0", "network.layers: expected more than 0; got 0"),
        ("network.input_dropout=1.0", "network.input_dropout: expected at least 0 and less than 1; got 1.0"),
        ("training.noise=2", "training.noise: expected a number from 0 to 1; got 2.0"),
        ("training.seed=-1", "training.seed: expected a number from 0 to 2^63 - 1; got -1"),
        ("data.max_units=1", "data.max_units: expected 0 (no limit) or at least 16; got 1"),
        ("features.buckets.bigram=2", "features.buckets.bigram: expected at least 16; got 2"),
        ('data.labels=["PS","PS"]', "data.labels: expected at least one label, each once; got ['PS', 'PS']"),
        ("network.gazetteer_dropout=1", "gazetteer_dropout: expected at least 0 and less than 1; got 1.0"),
        ("distill.weight=0", "distill.weight: expected more than 0 and at most 1; got 0.0"),
        (
            "distill.stages=[{run=['train']}]",
            "distill.stages[0]: expected run and makes; got {'run': ['train'], 'makes': ''}",
        ),
        (
            "data.also=[{name='뉴 스'}]",
            "also[0].name: expected a word of letters and digits, each once; got '뉴 스'",
        ),
        ("data.also=[{name='news'}]", "data.also[0].labels: expected at least one label, each once; got []"),
        (
            "data.also=[{name='news', labels=['PS']}]",
            "data.also[0].train: expected at least one source; got []",
        ),
        (
            "data.train=[{path='말.txt', raw=true}]",
            "distill.teachers: expected at least one bundle, for the raw source '말.txt'; got []",
        ),
        (
            "data.train=[{path='말.txt', format='lines'}]",
            "data.train[0].raw: expected true where the format is 'lines', which holds no annotation; got False",
        ),
    ],
)
def test_values_no_run_could_use_are_refused(recipe_file, setting, expected):
    with pytest.raises(ConfigError) as error:
        load_recipe(recipe_file(MINIMAL), settings=[setting])
    assert str(error.value).endswith(expected)


TAUGHT = MINIMAL + "[distill]\nteachers = ['runs/t']\n"


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("network.head=softmax", "network.head: expected 'crf', as the teachers' word is over whole tag paths"),
        ("data.dev=[{path='말', raw=true}]", "data.dev[0].raw: expected false: only data.train may hold text"),
        ("data.test=[{path='말', raw=true}]", "data.test[0].raw: expected false"),
        ("data.train=[{path='말', raw=true, dev_share=0.1}]", "data.train[0].dev_share: expected 0 for a raw"),
        (
            "data.train=[{path='말', raw=true, taught=false}]",
            "data.train[0].taught: expected true where the source",
        ),
        (
            "data.also=[{name='n', labels=['A'], train=[{path='말', raw=true}]}]",
            "data.also[0].train[0].raw: expected false",
        ),
        (
            "data.train=[{path='말', taught=false, teachers=['runs/u']}]",
            "data.train[0].teachers: expected nothing but beside distill.teachers, in data.train, where taught",
        ),
        ("data.dev=[{path='말', teachers=['runs/u']}]", "data.dev[0].teachers: expected nothing but beside"),
        (
            "data.also=[{name='n', labels=['A'], train=[{path='말', dev_share=0.1}]}]",
            "data.also[0].train[0].dev_share: expected 0: another task is not scored; got 0.1",
        ),
    ],
)
def test_text_without_annotation_is_for_training_beside_teachers(recipe_file, setting, expected):
    with pytest.raises(ConfigError) as error:
        load_recipe(recipe_file(TAUGHT), settings=[setting])
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


def test_a_base_is_found_beside_the_file_that_names_it(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "first.toml").write_text(MINIMAL + "[training]\nseed = 3\nepochs = 2\n", encoding="utf-8")
    (tmp_path / "second.toml").write_text("base = 'first.toml'\n[training]\nepochs = 5\n", encoding="utf-8")
    (tmp_path / "deep" / "third.toml").write_text("base = '../second.toml'\n", encoding="utf-8")
    training = load_recipe(tmp_path / "deep" / "third.toml").training
    assert (training.seed, training.epochs) == (3, 5)


def test_a_recipe_with_teachers_stages_and_tasks_is_read(recipe_file):
    text = TAUGHT + (
        "[[distill.stages]]\nrun = ['train', 't.toml', '-o', 'runs/t']\nmakes = 'runs/t'\n"
        "[[data.train]]\npath = '말.txt.gz'\nformat = 'lines'\nraw = true\n"
        "[[data.also]]\nname = 'news'\nlabels = ['POH']\n[[data.also.train]]\npath = 'n.jsonl'\n"
    )
    recipe = load_recipe(recipe_file(text))
    assert recipe.distill.teachers == ["runs/t"]
    assert recipe.distill.stages == [StageConfig(["train", "t.toml", "-o", "runs/t"], "runs/t")]
    assert recipe.data.train == [SourceConfig(path="말.txt.gz", format="lines", raw=True)]
    assert recipe.data.also == [TaskConfig("news", ["POH"], [SourceConfig(path="n.jsonl")])]
    assert from_dict(Recipe, to_dict(recipe)) == recipe
