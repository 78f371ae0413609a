"""What a retraining reads: additions and what is held out of them, old data found again, recipes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="needs the train extra")

from ner_engine.bundle import load_bundle  # noqa: E402
from ner_engine.errors import ConfigError, DataError, TrainingError  # noqa: E402
from ner_engine.spans import OPEN, Sentence, Span  # noqa: E402
from ner_engine.training import blend  # noqa: E402
from ner_engine.training.additions import (  # noqa: E402
    copies,
    hold_out,
    in_old_sentences,
    mentions,
    read_additions,
)
from ner_engine.training.blend import Step, choose, measured  # noqa: E402
from ner_engine.training.data import Source  # noqa: E402
from ner_engine.training.metrics import Counts, Scores  # noqa: E402
from ner_engine.training.replay import old_data, opened, sampled, without_texts  # noqa: E402
from ner_engine.training.retrain_recipe import (  # noqa: E402
    AddedConfig,
    BlendConfig,
    load_retrain_recipe,
    recipe_names,
    recipe_path,
)
from ner_engine.training.run_file import RUN, RunState, read_run, running, write_run  # noqa: E402
from tests.conftest import marked, tiny_sentences  # noqa: E402
from tests.retrain_parts import additions, write_home, write_jsonl  # noqa: E402

TEXTS = st.lists(st.text(min_size=1, max_size=12).filter(str.strip), unique_by=lambda t: "".join(t.split()))


# held out


@given(TEXTS)
def test_some_are_held_out_and_the_rest_is_trained_on(texts):
    sentences = [Sentence(text) for text in texts]
    trained, held = hold_out(sentences, AddedConfig())
    assert [s for s in sentences if s in trained] == trained
    assert len(trained) + len(held) == len(sentences)
    assert not set(trained) & set(held)
    if len(sentences) >= 5:
        assert trained
        assert held
    else:
        assert not held


def test_a_sentence_stays_on_its_side_however_it_is_spaced_and_whatever_comes_with_it():
    many = additions()
    _, held = hold_out(many, AddedConfig())
    assert 2 <= len(held) <= 9
    more = [*(Sentence(f"{n}번 문장입니다") for n in range(200)), *many]
    _, among_more = hold_out(more, AddedConfig())
    assert set(held) <= set(among_more)
    assert 30 <= len(among_more) <= 60
    unspaced = [Sentence(s.text.replace(" ", "")) for s in many]
    assert [s.text.replace(" ", "") for s in held] == [s.text for s in hold_out(unspaced, AddedConfig())[1]]


def test_what_is_open_cannot_be_judged():
    opened_ = [Sentence(s.text, (Span(0, 1, OPEN),)) for s in additions()]
    trained, held = hold_out(opened_, AddedConfig(hold_out=0.9))
    assert (len(trained), held) == (len(opened_), [])


# read


def test_of_a_text_in_two_files_the_last_counts(tmp_path):
    first = write_jsonl(tmp_path / "a.jsonl", [marked("<도하람:PS> 왔어"), marked("<육솔아:PS> 왔어")])
    second = write_jsonl(tmp_path / "b.jsonl", [marked("도하람 왔어")])
    licences = {"b.jsonl": "CC0", "": "our own"}
    one, two = read_additions([first, second], labels=["PS"], licences=licences)
    assert [s.text for s in one.sentences] == ["육솔아 왔어"]
    assert two.sentences == (Sentence("도하람 왔어"),)
    assert (one.licence, two.licence) == ("our own", "CC0")
    assert len(one.sha256) == 64


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([marked("안녕"), marked("<국밥:FOOD> 먹자")], r"a.jsonl:2: expected one of PS, LC; got 'FOOD' \("),
        ([Sentence(" \t")], r"a.jsonl:1: expected a text with visible characters"),
        ([], r"a.jsonl: expected a corpus; got no lines"),
    ],
)
def test_what_cannot_be_learnt_is_refused_at_its_line(tmp_path, rows, message):
    write_jsonl(tmp_path / "a.jsonl", rows)
    with pytest.raises(DataError, match=message):
        read_additions([tmp_path / "a.jsonl"], labels=["PS", "LC"], licences={})


# several times over


def test_copies_keep_the_sentence_and_change_what_it_is_about():
    sentences = [marked("<육솔아:PS>가 왔어"), marked("안녕")]
    lexicon = {"PS": ["김민준", "이서"]}
    out = copies(sentences, lexicon, times=40, rate=0.5, seed=1)
    assert out == copies(sentences, lexicon, times=40, rate=0.5, seed=1)
    assert out[:2] == sentences
    assert out.count(sentences[1]) == 40
    told = {s.text for s in out} - {"안녕"}
    assert told == {"육솔아가 왔어", "김민준이 왔어", "이서가 왔어"}
    assert all(s.surface(s.entities[0]) in ("육솔아", "김민준", "이서") for s in out if s.entities)


def test_old_sentences_speak_of_new_words():
    old = [marked("<파스타:FOOD>를 먹고 <홍대:LC>로 갔어"), marked("<홍대:LC>는 멀어"), marked("안녕")]
    forms = {"FOOD": ["들깨옹심이", "쑥밥"], "LC": [], "PS": ["육솔아"]}
    out = list(in_old_sentences(old, forms, each=3, seed=1))
    assert {(s.text, s.entities) for s in out} == {
        ("들깨옹심이를 먹고 홍대로 갔어", (Span(0, 5, "FOOD"), Span(10, 12, "LC"))),
        ("쑥밥을 먹고 홍대로 갔어", (Span(0, 2, "FOOD"), Span(7, 9, "LC"))),
    }
    # of two of a label only one is replaced
    twice = [marked("<김치:FOOD>랑 <밥:FOOD>")]
    texts = {s.text for seed in range(20) for s in in_old_sentences(twice, {"FOOD": ["면"]}, each=2, seed=seed)}
    assert texts == {"면이랑 밥", "김치랑 면"}


def test_mentions_are_sorted_and_each_once():
    sentences = [marked("<부산:LC>에서 <부산:LC>"), marked("<강릉:LC>"), Sentence("어딘가", (Span(0, 2, OPEN),))]
    assert mentions(sentences) == {"LC": ["강릉", "부산"]}


# old data


def test_a_sample_takes_from_each_as_it_weighs_and_keeps_the_order():
    def source(name, count, **facts):
        return Source(name, tuple(Sentence(f"{name} {i}") for i in range(count)), **{"repeat": 3, **facts})

    sources = [source("a", 100), source("b", 10), source("c", 100)]
    out = sampled(sources, most=110, seed=1)
    assert [(s.name, len(s.sentences), s.repeat) for s in out] == [("a", 50, 1), ("b", 10, 1), ("c", 50, 1)]
    kept = [sources[0].sentences.index(s) for s in out[0].sentences]
    assert kept == sorted(set(kept))
    assert out == sampled(sources, most=110, seed=1)
    assert out != sampled(sources, most=110, seed=2)
    assert [len(s.sentences) for s in sampled(sources, most=1000, seed=1)] == [100, 10, 100]
    assert sampled(sources, most=0, seed=1) == []
    unlike = [source("a", 100, repeat=2), source("b", 100, repeat=1), source("c", 100, repeat=1, raw=True)]
    assert [len(s.sentences) for s in sampled(unlike, most=70, seed=1)] == [40, 20, 10]


def test_what_is_judged_by_is_not_shown_again():
    (left,) = without_texts([Source("a", (Sentence("집에 가자"), Sentence("안녕")))], ["집 에가자"])
    assert left.sentences == (Sentence("안녕"),)


def test_where_a_new_label_may_stand_the_old_annotation_is_open():
    source = Source("a", (marked("머리가 아파"), marked("<머리:LC>에 가자 배 아파"), marked("안녕")))
    out = opened(source, {"BODY": ["머리", "배"], "SYMPTOM": []}).sentences
    assert out[0].entities == (Span(0, 2, OPEN),)
    assert out[1].entities == (Span(0, 2, "LC"), Span(7, 8, OPEN))
    assert out[2] == source.sentences[2]
    assert opened(source, {}) is source


def test_the_bundles_own_data_is_found_again(tiny_bundle, tmp_path):
    write_home(tmp_path, tiny_bundle)
    bundle = load_bundle(tiny_bundle)
    found = old_data(bundle, generate=0, seed=1, roots=[tmp_path])
    (train,), (dev,) = found.train, found.dev
    assert len(train.sentences) + len(dev.sentences) == len(tiny_sentences())
    assert not set(train.sentences) & set(dev.sentences)
    assert (found.test, found.missing) == ((), ())
    nowhere = old_data(bundle, generate=0, seed=1, roots=[tmp_path / "models"])
    assert (nowhere.train, nowhere.missing) == ((), ("train.jsonl",))


def test_named_corpora_stand_in_the_place_of_the_bundles_own(tiny_bundle, tmp_path):
    write_home(tmp_path, tiny_bundle)
    (tmp_path / "raw.txt").write_text("아무 말이나 해 봐\n", encoding="utf-8")
    foreign = write_jsonl(tmp_path / "foreign.jsonl", [marked("<국밥:FOOD> 먹자")])
    found = old_data(
        load_bundle(tiny_bundle),
        generate=5,
        seed=1,
        named=[tmp_path / "raw.txt", foreign, tmp_path / "test.jsonl"],
        roots=[tmp_path],
    )
    assert [(s.name, s.raw, len(s.sentences)) for s in (*found.train, *found.generated)] == [
        ("raw.txt", True, 1),
        ("foreign.jsonl", True, 1),  # its labels are not the bundle's: its text alone is used
        ("test.jsonl", False, 5),
        ("generated", True, 5),  # nor is this its generator
    ]
    raw = [source for source in (*found.train, *found.generated) if source.raw]
    assert all(not s.entities for source in raw for s in source.sentences)


# recipes, steps, runs


def test_the_shipped_recipes_are_whole():
    assert recipe_names() == ["full", "quick"]
    quick, full = load_retrain_recipe("quick"), load_retrain_recipe("full")
    assert quick.training.keep == full.training.keep == "last"
    assert quick.replay.sentences < full.replay.sentences
    assert load_retrain_recipe("quick", settings=["added.hold_out=0.5"]).added.hold_out == 0.5
    assert load_retrain_recipe(str(recipe_path("full"))) == full


@pytest.mark.parametrize(
    "setting",
    [
        "added.hold_out=1.0", "added.share=0.0", "added.most_copies=0", "added.contexts=1.0", "added.mentions=-1",
        "added.least_to_hold_out=1", "replay.generate=-1", "replay.weight=1.5", "replay.dev_share=0.0",
        "blend.steps=[]", "blend.steps=[0.0]", "blend.least_gold=0", "gate.tolerance=1.0", "gate.resamples=0",
        "training.epochs=0", "training.learning_rate=0.0", "training.ema=1.0", "training.noise=2.0",
        "training.seed=-1", "training.stop_after=9", "dropout=1.5",
    ],
)  # fmt: skip
def test_a_recipe_that_no_run_could_use_is_refused(setting):
    with pytest.raises(ConfigError, match=f"{setting.partition('=')[0]}: expected"):
        load_retrain_recipe("quick", settings=[setting])


def test_a_recipe_that_is_not_there_names_those_that_are():
    with pytest.raises(ConfigError, match=r"expected full, quick or a TOML file; got 'slow'"):
        load_retrain_recipe("slow")
    with pytest.raises(ConfigError, match=r"unknown key 'replay\.genrate'"):
        load_retrain_recipe("quick", settings=["replay.genrate=3"])


def test_the_step_taken_learns_most_of_those_that_lose_nothing():
    def step(at, added, lost, dev=0.9):
        return Step(at, added, {"dev": dev}, lost)

    start = step(0.0, 1.0, 0.0)
    assert choose([start, step(0.4, 0.7, 0), step(0.6, 0.9, 0), step(1.0, 1.0, 0.002)]).step == 0.6
    assert choose([start, step(0.4, 0.7, 0.01), step(1.0, 1.0, 0.02)]).step == 0.4
    assert choose([start, step(0.4, 0.9, 0, 0.92), step(1.0, 0.9, 0, 0.91)]).step == 0.4
    assert choose([start, step(0.4, 0.9, 0), step(1.0, 0.9, 0)]).step == 1.0


def test_the_dev_sets_of_a_group_count_together_and_may_fall_by_the_slack(monkeypatch):
    # (right, predicted, gold) of two sets as written, then of the same mistyped, by step
    told = {
        0.0: [(90, 100, 100), (50, 50, 50), (80, 100, 100)],
        0.5: [(89, 100, 100), (50, 50, 50), (81, 100, 100)],  # one of 150 lost
        1.0: [(92, 100, 100), (49, 50, 50), (80, 100, 100)],  # the second set falls, both together rise
    }
    answers = []
    monkeypatch.setattr(blend, "_scores", lambda tagger, examples, ignore: answers.pop(0))

    class Loads:
        def load_state_dict(self, weights):
            answers[:] = [Scores(Counts(*row), {}) for row in [*weights, (1, 1, 1)]]

    written = [(Source("a", ()), ()), (Source("b", ()), ())]

    def lost(slack):
        config = BlendConfig(slack=slack)
        steps = measured(Loads(), told, added=(), dev=[written, [(Source("a, mistyped", ()), ())]], config=config)
        assert all(list(step.dev) == ["a", "b", "a, mistyped"] for step in steps)
        return [step.lost for step in steps]

    assert lost(0.0) == [0.0, pytest.approx(1 / 150), 0.0]
    assert lost(0.01) == [0.0, 0.0, 0.0]


def test_two_runs_do_not_share_a_folder(tmp_path):
    work = tmp_path / "work"
    with running(work), pytest.raises(TrainingError, match="another retraining is at work"), running(work):
        pass
    with running(work):
        pass


def test_the_state_of_a_run_comes_back(tmp_path):
    state = RunState("tiny", "shipped", "ab", "2026-01-01T00:00:00", "cd")
    assert read_run(tmp_path) is None
    write_run(tmp_path, state.of_version("3"))
    assert read_run(tmp_path) == state.of_version("3")


DAMAGED = ["", "[]", "{}", '{"format": 1}', '{"format": 2}', "\x00", '{"format": 1, "name": 3}']


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_state_is_one_line(tmp_path, text):
    Path(tmp_path / RUN).write_text(text, encoding="utf-8")
    with pytest.raises(TrainingError, match="expected the state of a retraining") as error:
        read_run(tmp_path)
    assert "\n" not in str(error.value)


def test_what_was_added_before_is_shown_again_as_long_as_it_is_the_same(tiny_bundle, tmp_path):
    import hashlib
    import shutil

    home = write_home(tmp_path, tiny_bundle)
    file = home / "add.jsonl"
    entry = {
        "name": "add.jsonl",
        "path": "add.jsonl",
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "sentences": 24,
    }
    shutil.copytree(tiny_bundle, tmp_path / "second")
    manifest = json.loads((tmp_path / "second" / "bundle.json").read_text(encoding="utf-8"))
    (tmp_path / "second" / "bundle.json").write_text(
        json.dumps({**manifest, "added": [entry]}, ensure_ascii=False), encoding="utf-8"
    )
    bundle = load_bundle(tmp_path / "second")
    found = old_data(bundle, generate=0, seed=1, roots=[home])
    assert [(s.name, len(s.sentences)) for s in found.train][1:] == [("add.jsonl", 24)]
    file.write_bytes(file.read_bytes() + b"\n")
    changed = old_data(bundle, generate=0, seed=1, roots=[home])
    assert (len(changed.train), changed.missing) == (1, ("add.jsonl",))
