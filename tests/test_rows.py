"""Where only rare rows learn, they do, and everything else keeps its weights to the last bit."""

from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("safetensors", reason="needs the train extra")

from ner_engine.config import load_recipe  # noqa: E402
from ner_engine.errors import ConfigError, TrainingError  # noqa: E402
from ner_engine.registry import Registry  # noqa: E402
from ner_engine.spans import Sentence  # noqa: E402
from ner_engine.training.data import Source  # noqa: E402
from ner_engine.training.learning import prepare_retraining  # noqa: E402
from ner_engine.training.retrain import Asked, plan  # noqa: E402
from ner_engine.training.retrain_recipe import load_retrain_recipe  # noqa: E402
from ner_engine.training.rows import rare_rows, uses_of_rows  # noqa: E402
from ner_engine.training.trainer import Trainer, prepare  # noqa: E402
from tests.conftest import write_tiny  # noqa: E402
from tests.retrain_parts import QUICK, write_home  # noqa: E402

SETTINGS = (
    "training.epochs=2",
    "training.noise=0.3",
    "features.inputs={syllable=8, bigram=8, pos=4, gazetteer=1}",
)
FRESH = ("훔쳐 온 쿵푸 짤", "꿱꿱 튄 뱁새")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    return prepare(load_recipe(write_tiny(folder), settings=SETTINGS), base=folder)


def _learning(prepared):
    extractor = prepared.extractor
    old = [source for source, _ in prepared.train]
    rows = {name: rows.clone() for name, rows in rare_rows(extractor, old, FRESH, most=0, seed=1).items()}
    rows["syllable"][-3:] = True  # a table with dense gradients
    trainer = Trainer(prepared, prepared.root / "unused")
    return replace(prepared, rows=rows, weights=dict(trainer.tagger.state_dict())), rows


def test_uses_are_counted_by_unit_and_table(prepared):
    extractor = prepared.extractor
    once, twice = uses_of_rows(extractor, ["강남역"]), uses_of_rows(extractor, ["강남역", "강남역"])
    assert {name: int(n.sum()) for name, n in once.items()} == {"syllable": 3, "bigram": 6, "pos": 3}
    assert all(torch.equal(2 * once[name], twice[name]) for name in once)
    assert uses_of_rows(extractor, [" "])["bigram"].sum() == 0


def test_rare_is_what_the_old_texts_use_often_enough_no_more(prepared):
    extractor = prepared.extractor
    old = [Source("old", (Sentence("강남역"), Sentence("강남 가자")))]
    fresh = rare_rows(extractor, old, ["강남역 짤"], most=0, seed=1)
    assert 0 < fresh["bigram"].sum() < uses_of_rows(extractor, ["강남역 짤"])["bigram"].count_nonzero()
    every = rare_rows(extractor, old, ["강남역 짤"], most=99, seed=1)
    assert every["bigram"].sum() == uses_of_rows(extractor, ["강남역 짤"])["bigram"].count_nonzero()
    assert not any(rows[:2].any() for rows in every.values())  # no padding, and no unknown one


def test_nothing_but_the_rows_changes(prepared, tmp_path):
    ready, rows = _learning(prepared)
    more = [replace(e, sentence=e.sentence) for _, examples in ready.train for e in examples]
    trainer = Trainer(replace(ready, train=((ready.train[0][0], tuple(more)),)), tmp_path)
    # what learns is used: the rows of the fresh texts stand in the place of the old ones
    with torch.no_grad():
        for name in ("bigram", "syllable"):
            rows[name][2:60] = True
    trainer = Trainer(replace(ready, rows=rows), tmp_path)
    before = {name: value.clone() for name, value in trainer.tagger.state_dict().items()}
    trainer.train()
    changed = set()
    for name, value in trainer.tagger.state_dict().items():
        table = name.split(".")[2] if name.startswith("embeddings.tables.") else ""
        fixed = ~rows[table] if table in rows else torch.ones(len(value), dtype=torch.bool)
        assert torch.equal(value[fixed], before[name][fixed]), name
        if not torch.equal(value, before[name]):
            changed.add(table)
    assert {"bigram", "syllable"} <= changed <= {"bigram", "syllable", "pos"}


def test_resumed_it_gives_the_same_weights(prepared, tmp_path):
    ready, rows = _learning(prepared)
    rows["bigram"][2:4000] = True
    ready = replace(ready, rows=rows)
    whole = Trainer(ready, tmp_path / "whole")
    whole.train()

    class Stopped(Exception):
        pass

    def stop(progress):
        if progress.dev:
            raise Stopped

    with pytest.raises(Stopped):
        Trainer(ready, tmp_path / "parts").train(on_progress=stop)
    rest = Trainer(ready, tmp_path / "parts")
    rest.train(resume=True)
    assert rest.epoch == 2
    for name, value in whole.tagger.state_dict().items():
        assert torch.equal(value, rest.tagger.state_dict()[name]), name


def test_rows_of_no_trained_table_are_refused(prepared, tmp_path):
    none = {"bigram": torch.zeros(65536, dtype=torch.bool)}
    with pytest.raises(TrainingError, match="expected at least one row of a table that is trained"):
        Trainer(replace(prepared, rows=none), tmp_path)


@pytest.fixture(scope="module")
def home(tmp_path_factory, tiny_bundle):
    return write_home(tmp_path_factory.mktemp("home") / "rows", tiny_bundle)


def _plan(home, *settings, labels=()):
    recipe = load_retrain_recipe("quick", settings=[*QUICK, "rows.rare_only=true", *settings])
    asked = Asked(
        "tiny", (home / "add.jsonl",), recipe, test=(home / "test.jsonl",), labels=labels, roots=(home,)
    )
    return plan(asked, Registry(home / "models"))


def test_a_quick_retraining_names_the_rows_of_what_was_added(home):
    said = []
    prepared, start = prepare_retraining(_plan(home, "rows.uses=0"), say=said.append)
    assert prepared.rows["syllable"].any()
    assert prepared.recipe.training.table_learning_rate == 4e-3
    new = uses_of_rows(start.extractor, [s.text for s in _plan(home).added])
    for name, rows in prepared.rows.items():
        assert not (rows & (new[name] == 0)).any()
    assert any("they alone learn" in line for line in said)


def test_where_nothing_is_rare_or_a_label_is_new_everything_learns(home, tmp_path):
    said = []
    again = _plan(home, "rows.uses=0")
    again = replace(again, added=tuple(s for source in again.known for s in source.sentences)[:5])
    prepared, _ = prepare_retraining(again, say=said.append)
    assert not prepared.rows
    assert any("everything learns" in line for line in said)
    assert not _plan(home, "rows.rare_only=false").known
    with pytest.raises(ConfigError):
        _plan(home, "rows.uses=-1")
