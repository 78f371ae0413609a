"""Training: it learns, it repeats itself bit for bit, and it can be killed at any moment."""

from __future__ import annotations

import json
import logging
import os
import random
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("safetensors", reason="needs the train extra")

from ner_engine.bundle import load_bundle, read_tensors  # noqa: E402
from ner_engine.config import load_recipe  # noqa: E402
from ner_engine.datasets.noise import remove_spaces  # noqa: E402
from ner_engine.engine import Engine  # noqa: E402
from ner_engine.errors import ConfigError, DataError, TrainingError  # noqa: E402
from ner_engine.scheme import tags_to_spans  # noqa: E402
from ner_engine.spans import Sentence, Span  # noqa: E402
from ner_engine.training import trainer as trainer_module  # noqa: E402
from ner_engine.training.build import build_bundle  # noqa: E402
from ner_engine.training.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402
from ner_engine.training.data import collate  # noqa: E402
from ner_engine.training.trainer import BEST, LAST, Trainer, predict, prepare  # noqa: E402
from tests.conftest import tiny_sentences, write_tiny  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]

# Dropout, noise, averaged weights, a sparse table: whatever draws or keeps a state takes part in a resume.
# The rates make the last epoch the best one, so that the best weights depend on every step.
RESUMED = (
    "training.epochs=2",
    "training.noise=0.3",
    "training.checkpoint_minutes=0",
    "training.batch_units=224",
    "training.learning_rate=0.05",
    "training.table_learning_rate=0.05",
    "features.inputs={syllable=8, bigram=8, pos=4, gazetteer=1}",
)


def _prepared(folder, *settings):
    return prepare(load_recipe(write_tiny(folder), settings=settings), base=folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("recipe")


@pytest.fixture
def run(folder, tmp_path):
    """Train the tiny recipe with settings; the work folder is the test's own."""

    def run(*settings, work=None, **options):
        return Trainer(_prepared(folder, *settings), work or tmp_path / "work").run(**options)

    return run


@pytest.fixture(scope="module")
def uninterrupted(folder, tmp_path_factory):
    """A run that was never stopped, and a copy of the work folder after every checkpoint it wrote."""
    home = tmp_path_factory.mktemp("uninterrupted")
    states = []

    class Watched(Trainer):
        def _save(self):
            super()._save()
            state = home / f"after-{len(states)}"
            shutil.copytree(self.work, state)
            states.append((self.epoch, self.step, state))

    result = Watched(_prepared(folder, *RESUMED), home / "work").run()
    assert result.best_epoch == 2
    return home / "work", states


# learning


def test_the_tiny_recipe_is_learnt(tiny_bundle):
    dev = load_bundle(tiny_bundle).metrics["dev"]["train.jsonl"]
    assert dev["micro"]["support"] >= 5
    assert dev["micro"]["f1"] >= 90


@pytest.mark.parametrize(
    "settings",
    [
        ("network.backbone=rnn", "network.nonlinearity=tanh"),
        ("network.backbone=rnn", "network.nonlinearity=relu"),
        ("network.backbone=gru",),
        ("network.backbone=lstm", "network.layers=2"),
        ("network.bidirectional=false",),
        ("network.head=softmax",),
        ("data.scheme=BIO", "training.ema=0"),
    ],
    ids=" ".join,
)
def test_every_network_trains(run, settings):
    result = run("training.epochs=2", *settings)
    first, second = (row["loss"] for row in result.history)
    assert second < 0.8 * first
    assert all(torch.isfinite(p).all() for p in result.tagger.parameters())


def test_morphemes_as_units(run, folder, tmp_path):
    inputs = "features.inputs={syllable=16, tail=16, morpheme=8, pos=4, bigram=8}"
    settings = ('features.unit="morpheme"', inputs, "training.epochs=10", "training.patience=10")
    prepared = _prepared(folder, *settings)
    result = Trainer(prepared, tmp_path / "work").run()
    assert max(row["mean"] for row in result.history) >= 50
    bundle = build_bundle(prepared, result, tmp_path / "bundle", command="ner-engine train tiny.toml")
    ((_, examples),) = prepared.train
    sentences = [example.sentence for example in examples]
    found = Engine(load_bundle(bundle)).pipe(sentence.text for sentence in sentences)
    right = [tuple(e.span for e in f) == s.entities for s, f in zip(sentences, found, strict=True)]
    assert sum(right) > 0.8 * len(right)


def test_partly_annotated_data_trains(run):
    train = "data.train=[{path='train.jsonl', dev_share=0.2, labels={LC=''}, unknown=['LC']}]"
    result = run("training.epochs=4", train)
    assert result.history[-1]["loss"] < 0.5 * result.history[0]["loss"]
    # what the source leaves open is not counted against it
    assert set(result.dev["train.jsonl"].labels) == {"PS"}


def test_the_weights_of_a_result_are_those_that_will_be_stored(run, tmp_path):
    result = run("training.epochs=2")
    stored, values = load_checkpoint(tmp_path / "work" / BEST)
    for name, value in result.tagger.state_dict().items():
        torch.testing.assert_close(value, stored[name].half().float(), rtol=0, atol=0)
    assert result.best_epoch == values["epoch"] + 1
    assert not result.tagger.training


def test_training_stops_when_dev_no_longer_improves(run):
    still = tuple(
        f"training.{name}=1e-12" for name in ("learning_rate", "table_learning_rate", "crf_learning_rate")
    )
    result = run("training.epochs=30", "training.patience=2", "training.weight_decay=0", *still)
    assert len(result.history) == 3
    assert result.best_epoch == 1


def test_stopping_after_an_epoch_is_the_beginning_of_the_whole_run(run):
    whole, part = run("training.epochs=4"), run("training.epochs=4", "training.stop_after=2")
    assert len(part.history) == 2
    assert [row["loss"] for row in part.history] == [row["loss"] for row in whole.history[:2]]


def test_progress_tells_every_epoch(run):
    seen = []
    result = run("training.epochs=3", on_progress=seen.append)
    epochs = [p for p in seen if p.dev]
    assert [p.epoch for p in epochs] == [1, 2, 3]
    assert [p.dev for p in epochs] == [row["dev"] for row in result.history]
    assert [p.loss for p in epochs] == [row["loss"] for row in result.history]
    assert epochs[-1].best == max(row["mean"] for row in result.history)
    assert epochs[-1].seconds_left == 0


def test_predictions_come_in_order_and_leave_the_mode(folder, tmp_path):
    prepared = _prepared(folder)
    trainer = Trainer(prepared, tmp_path / "work")
    trainer.run()
    ((_, examples),) = prepared.train
    trainer.tagger.train()
    together = predict(trainer.tagger, examples)
    assert trainer.tagger.training
    assert together == [predict(trainer.tagger, [example])[0] for example in examples]
    right = sum(tuple(e.sentence.entities) == tuple(p) for e, p in zip(examples, together, strict=True))
    assert right > 0.9 * len(examples)


# noise


def test_noise_is_fresh_each_epoch_and_keeps_its_tags(folder, tmp_path):
    prepared = _prepared(folder, "training.noise=1.0")
    trainer = Trainer(prepared, tmp_path / "work")
    ((_, clean),) = prepared.train

    def texts(epoch):
        trainer.epoch = epoch
        return [e.sentence.text for e in trainer._epoch_examples()]

    assert len(texts(0)) == len(clean)
    assert texts(0) == texts(0)
    assert texts(0) != texts(1)
    before = [e.sentence.text for e in clean]
    changed = sum(a != b for a, b in zip(texts(0), before, strict=True))
    assert changed > 0.5 * len(clean)
    for example in trainer._epoch_examples():
        spans = tags_to_spans([prepared.tags[i] for i in example.tags], scheme="BIOES")
        starts, ends = example.encoded.starts, example.encoded.ends
        found = tuple(Span(int(starts[s.start]), int(ends[s.end - 1]), s.label) for s in spans)
        assert found == example.sentence.entities


def test_a_repeated_source_is_shown_that_often(folder, tmp_path):
    prepared = _prepared(folder, "data.train=[{path='train.jsonl', dev_share=0.2, repeat=3}]")
    trainer = Trainer(prepared, tmp_path / "work")
    ((_, examples),) = prepared.train
    assert len(trainer._epoch_examples()) == 3 * len(examples)


def test_noise_on_still_learns(run):
    result = run("training.noise=0.5", "training.epochs=4")
    assert result.history[-1]["loss"] < 0.6 * result.history[0]["loss"]


def test_what_noise_moves_off_the_units_is_told_once_an_epoch(folder, tmp_path, caplog):
    inputs = "features.inputs={syllable=8, morpheme=8}"
    prepared = _prepared(folder, "training.noise=1.0", "training.epochs=1", 'features.unit="morpheme"', inputs)
    caplog.clear()
    with caplog.at_level(logging.INFO):
        Trainer(prepared, tmp_path / "work").run()
    told = [r for r in caplog.records if "borders of units" in r.message]
    assert [r.levelname for r in told] == ["INFO"]
    assert re.fullmatch(r"epoch 1: noise moved \d+ entities off the borders of units", told[0].message)


# the same again


def test_the_same_seed_gives_the_same_bytes(run, tmp_path):
    settings = ("training.epochs=2", "training.noise=0.5")
    run(*settings, work=tmp_path / "a")
    torch.rand(7)  # whatever was drawn in the process before
    run(*settings, work=tmp_path / "b")
    run(*settings, "training.seed=2", work=tmp_path / "c")
    a, b, c = ((tmp_path / name / BEST).read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_without_resume_a_run_starts_anew(run, tmp_path):
    run("training.epochs=1")
    first = (tmp_path / "work" / BEST).read_bytes()
    result = run("training.epochs=1")
    assert len(result.history) == 1
    assert (tmp_path / "work" / BEST).read_bytes() == first


def test_resuming_a_finished_run_changes_nothing(uninterrupted, folder, tmp_path):
    work, _ = uninterrupted
    shutil.copytree(work, tmp_path / "work")
    result = Trainer(_prepared(folder, *RESUMED), tmp_path / "work").run(resume=True)
    assert len(result.history) == 2
    assert (tmp_path / "work" / BEST).read_bytes() == (work / BEST).read_bytes()


def test_resuming_from_any_checkpoint_gives_the_same_bytes(uninterrupted, folder, tmp_path):
    work, states = uninterrupted
    middles = [state for state in states if state[1]]
    ends = [state for state in states if not state[1]]
    assert len(ends) == 2
    assert len(middles) >= 8  # one after every step
    chosen = [middles[0], *random.Random(5).sample(middles[1:-1], 3), middles[-1], ends[0]]
    for epoch, step, state in chosen:
        prepared = _prepared(folder, *RESUMED)
        again = tmp_path / f"{epoch}-{step}"
        shutil.copytree(state, again)
        Trainer(prepared, again).run(resume=True)
        assert (again / BEST).read_bytes() == (work / BEST).read_bytes(), f"epoch {epoch}, step {step}"
        _same_state(again, work)


def _same_state(work, other):
    """Weights, averages, optimisers and random state after the last step."""
    mine, theirs = (load_checkpoint(folder / LAST)[0] for folder in (work, other))
    assert mine.keys() == theirs.keys()
    for name, value in mine.items():
        assert torch.equal(value, theirs[name]), f"{work.name}: {name}"


# One interpreter imports torch once and forks the runs that are killed: a kill costs a fork, not an import.
DRIVER = """
import json, os, random, shutil, signal, sys, time
from pathlib import Path
from ner_engine.config import load_recipe
from ner_engine.training import checkpoint
from ner_engine.training.trainer import LAST, Trainer, prepare

folder, settings, DEATHS = Path(sys.argv[1]), json.loads(sys.argv[2]), json.loads(sys.argv[3])
prepared = prepare(load_recipe(folder / "tiny.toml", settings=settings), base=folder)
replace = os.replace


def life(work, *, resume, die=None):
    # a run in a process of its own; die(n) is told of the n-th checkpoint before it is put in place
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        if die:
            count = [0]
            def dying(source, target):
                count[0] += 1
                die(count[0], lambda: replace(source, target))
                replace(source, target)
            checkpoint.os.replace = dying
        Trainer(prepared, work).run(resume=resume)
        code = 0
    finally:
        os._exit(code)


def ended(pid):
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, status
        return False
    assert status == 0, status
    return True


def suicide():
    os.kill(os.getpid(), signal.SIGKILL)


Trainer(prepared, folder / "warm").run()  # the first run imports what later ones have
began = time.monotonic()
assert ended(life(folder / "whole", resume=False))
whole = time.monotonic() - began

def stamp(work):
    try:
        return (work / LAST).stat().st_mtime_ns
    except FileNotFoundError:
        return 0


# killed some time after it has saved once or twice more
kills, rng, work = 0, random.Random(0), folder / "killed-often"
for saves in (1, 2, 1, 2, 1):
    pid = life(work, resume=True)
    for _ in range(saves):
        seen, patience = stamp(work), time.monotonic() + 20
        while stamp(work) == seen and time.monotonic() < patience:
            time.sleep(0.001)
    time.sleep(rng.uniform(0, 0.1) * whole)
    os.kill(pid, signal.SIGKILL)
    kills += not ended(pid)
assert ended(life(work, resume=True))

for at, moment in DEATHS:
    def die(count, put):
        if count == at:
            if moment == "after":
                put()
            suicide()
    work = folder / f"killed-{moment}-{at}"
    kills += not ended(life(work, resume=False, die=die))
    assert ended(life(work, resume=True))
print(kills)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_killed_at_any_moment_and_resumed_it_is_the_same_run(uninterrupted, tmp_path):
    work, states = uninterrupted
    write_tiny(tmp_path)
    # files are put in place after every step, and at an epoch's end first the best, then the last weights
    best = next(i for i, (epoch, step, _) in enumerate(states, 1) if not step)
    assert best > 4
    deaths = [(3, "before"), (best, "before"), (best, "after"), (best + 1, "after")]
    command = [sys.executable, "-c", textwrap.dedent(DRIVER), str(tmp_path)]
    command += [json.dumps(RESUMED), json.dumps(deaths)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= len(deaths) + 3
    killed = sorted(tmp_path.glob("killed-*"))
    assert len(killed) == len(deaths) + 1
    for folder in (tmp_path / "whole", *killed):
        assert (folder / BEST).read_bytes() == (work / BEST).read_bytes(), folder.name
        _same_state(folder, work)


def test_the_command_line_resumes(uninterrupted, tmp_path):
    from typer.testing import CliRunner

    from ner_engine.cli import app

    work, states = uninterrupted
    shutil.copytree(states[len(states) // 2][2], tmp_path / "work")
    command = ["train", str(write_tiny(tmp_path)), "--resume", *(f"--set={s}" for s in RESUMED)]
    command += ["--work", str(tmp_path / "work"), "--output", str(tmp_path / "bundle")]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0
    assert (tmp_path / "work" / BEST).read_bytes() == (work / BEST).read_bytes()
    load_bundle(tmp_path / "bundle")


# refusals


def _one_line(error):
    assert "\n" not in str(error.value)
    return str(error.value)


def test_another_recipes_checkpoint_is_refused(run, folder, tmp_path):
    run("training.epochs=1")
    before = (tmp_path / "work" / LAST).read_bytes()
    with pytest.raises(TrainingError, match="made by another recipe or other data; start anew") as error:
        run("training.epochs=1", "training.seed=2", resume=True)
    _one_line(error)
    assert (tmp_path / "work" / LAST).read_bytes() == before


def test_a_checkpoint_of_other_data_is_refused(tmp_path):
    prepared = _prepared(tmp_path, "training.epochs=1")
    Trainer(prepared, tmp_path / "work").run()
    data = tmp_path / "train.jsonl"
    lines = data.read_text(encoding="utf-8").splitlines(keepends=True)
    data.write_text("".join(lines[1:]), encoding="utf-8")
    other = prepare(load_recipe(tmp_path / "tiny.toml", settings=["training.epochs=1"]), base=tmp_path)
    with pytest.raises(TrainingError, match="other data"):
        Trainer(other, tmp_path / "work").run(resume=True)


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"\xff" * 64])
def test_a_damaged_checkpoint_is_one_line(run, tmp_path, damage):
    run("training.epochs=1")
    file = tmp_path / "work" / LAST
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(TrainingError, match="expected a checkpoint of this package") as error:
        run("training.epochs=1", resume=True)
    _one_line(error)


def test_a_failed_save_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / LAST
    save_checkpoint(path, {"a": torch.ones(3)}, {"epoch": 1})

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_checkpoint(path, {"a": torch.zeros(3)}, {"epoch": 2})
    tensors, values = load_checkpoint(path)
    assert values == {"epoch": 1}
    assert torch.equal(tensors["a"], torch.ones(3))


def test_a_diverging_run_says_so(run):
    network = ("network.backbone=rnn", "network.nonlinearity=relu")
    message = r"epoch \d+, step \d+: the loss is .*lower training.learning_rate"
    with pytest.raises(TrainingError, match=message) as error:
        run("training.learning_rate=1e30", "training.warmup=0", *network)
    _one_line(error)


def test_sources_without_sentences_are_refused(folder):
    with pytest.raises(ConfigError, match=r"data.dev: early stopping needs at least one dev sentence"):
        _prepared(folder, "data.train=[{path='train.jsonl'}]")
    with pytest.raises(ConfigError, match=r"data.train: expected at least one sentence"):
        _prepared(folder, "data.train=[]", "data.dev=[{path='train.jsonl'}]")
    with pytest.raises(ConfigError, match=r"nowhere.txt: features.gazetteers.LC: expected a lexicon file"):
        _prepared(folder, "features.gazetteers.LC=['nowhere.txt']")
    with pytest.raises(DataError, match="label 'LC' of sentence"):
        _prepared(folder, "data.labels=['PS']")


def test_open_annotations_are_for_training_alone(folder):
    rows = [{"id": "1", "text": "민수 왔다", "entities": [{"start": 0, "end": 2, "label": "?"}]}]
    (folder / "open.jsonl").write_text(json.dumps(rows[0], ensure_ascii=False) + "\n", encoding="utf-8")
    opened = "{path='open.jsonl', repeat=2}"
    prepared = _prepared(folder, f"data.train=[{{path='train.jsonl', dev_share=0.2}}, {opened}]")
    assert prepared.train[1][1][0].tags.tolist() == [-1, -1, 0, 0]
    with pytest.raises(ConfigError, match=r"open\.jsonl: sentences whose annotation is open"):
        _prepared(folder, f"data.test=[{opened}]")


# lexicons with counts


def test_forms_counted_once_are_hidden_from_the_source_that_counts_them(folder, tmp_path):
    rows = ["form\tlabel\tcount", "강남역\tLC_X\t2", "부산\tLC_X\t1", "홍대\tOG_X\t5"]
    (folder / "counts.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "other.jsonl").write_text((folder / "train.jsonl").read_text("utf-8"), encoding="utf-8")
    train = "[{path='train.jsonl', counted=true, dev_share=0.2}, {path='other.jsonl'}]"
    prepared = _prepared(folder, "features.gazetteers={LC=['counts.tsv:LC']}", f"data.train={train}")
    sets = [examples for _, examples in (*prepared.train, *prepared.dev)]

    def known(examples):
        """The forms that begin a match."""
        forms = {form: set() for form in ("강남역", "부산", "홍대")}
        for example in examples:
            text = example.sentence.text
            for form in forms:
                if form in text:
                    unit = example.encoded.starts.tolist().index(text.index(form))
                    forms[form].add(bool(example.encoded.flags[unit, 0]))
        return {form: seen for form, seen in forms.items() if seen}

    assert known(sets[0]) == {"강남역": {True}, "부산": {False}, "홍대": {False}}
    assert known(sets[1]) == {"강남역": {True}, "부산": {True}, "홍대": {False}}
    assert True not in known(sets[2]).get("부산", set())  # its dev part is counted too
    trainer = Trainer(prepared, tmp_path / "work")
    noisy, _ = trainer._mistyped(prepared.train[0][0], sets[0][0], random.Random(1))
    bits = prepared.counted_extractor.encode(noisy[0].sentence.text).flags
    np.testing.assert_array_equal(noisy[0].encoded.flags, bits)
    # what is shipped knows them all
    assert prepared.extractor.encode("부산").flags[0, 0]


# several tasks


ALSO = "data.also=[{name='news', labels=['PER'], train=[{path='news.jsonl', repeat=2}]}]"


@pytest.fixture(scope="module")
def with_news(folder):
    """Another corpus whose labels are its own."""
    rows = []
    for i, name in enumerate(["김민수", "이지은", "박서준", "최유리"] * 8):
        text = f"{name} 장관이 {i}일 밝혔다"
        rows.append({"id": str(i), "text": text, "entities": [{"start": 0, "end": 3, "label": "PER"}]})
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "news.jsonl").write_text(text, encoding="utf-8")
    return ALSO


def test_another_task_is_learnt_beside_and_not_shipped(folder, with_news, tmp_path):
    prepared = _prepared(folder, with_news, "training.epochs=4")
    assert [source.task for source, _ in prepared.train] == ["", "news"]
    trainer = Trainer(prepared, tmp_path / "work")
    steps = []
    plain = trainer.train_step
    trainer.train_step = lambda examples, progress: steps.append(examples) or plain(examples, progress)
    result = trainer.run()
    assert {tuple({e.task for e in examples}) for examples in steps} == {("",), ("news",)}
    examples = prepared.train[1][1]
    batch = collate(examples, prepared.shape.tags_of("news"))
    with torch.no_grad():
        emissions = result.tagger(batch.ids, batch.flags, batch.lengths, "news")
        assert float(result.tagger.loss(emissions, batch.allowed, batch.lengths, "news")) < 0.1
        found = result.tagger.heads["news"].crf.decode(emissions, batch.lengths)
    assert found == [example.tags.tolist() for example in examples]
    assert result.dev["train.jsonl"].micro.f1 > 0.7
    assert set(result.dev) == {"train.jsonl"}
    bundle = build_bundle(prepared, result, tmp_path / "bundle", command="x")
    names = set(read_tensors(bundle / "weights.safetensors"))
    assert names == {name for name in result.tagger.state_dict() if not name.startswith("heads.")}
    assert any(name.startswith("heads.news.") for name in result.tagger.state_dict())
    assert load_bundle(bundle).labels == ("PS", "LC")


def _resumed(folder, tmp_path, settings):
    """A run stopped in the midst of each epoch and resumed ends with the bytes of one that was not."""
    states = []

    class Watched(Trainer):
        def _save(self):
            super()._save()
            states.append(tmp_path / f"after-{len(states)}")
            shutil.copytree(self.work, states[-1])

    Watched(_prepared(folder, *settings), tmp_path / "whole").run()
    for state in (states[0], states[len(states) // 2]):
        Trainer(_prepared(folder, *settings), state).run(resume=True)
        assert (state / BEST).read_bytes() == (tmp_path / "whole" / BEST).read_bytes(), state.name
        _same_state(state, tmp_path / "whole")


def test_resuming_with_tasks_gives_the_same_bytes(folder, with_news, tmp_path):
    _resumed(folder, tmp_path, (*RESUMED, with_news))


# distillation


def _student(folder, tiny_bundle, *settings):
    """A recipe that sees raw text alone; the dev set's sentences are not among it."""
    texts = dict.fromkeys(s.text for s in tiny_sentences())
    (folder / "raw.txt").write_text("\n".join(texts), encoding="utf-8")
    return (
        "data.train=[{path='raw.txt', format='lines', raw=true, repeat=4}]",
        "data.dev=[{path='train.jsonl', share=0.25}]",
        f"distill.teachers=['{tiny_bundle.as_posix()}']",
        *settings,
    )


def test_a_student_on_raw_text_alone_learns_its_teachers_tags(folder, tiny_bundle, tmp_path):
    prepared = _prepared(folder, *_student(folder, tiny_bundle, "training.epochs=8", "training.patience=8"))
    ((source, examples),) = prepared.train
    assert not any(e.sentence.entities for e in examples)
    assert {s.text for s in source.sentences}.isdisjoint(s.text for s in prepared.dev[0][0].sentences)
    result = Trainer(prepared, tmp_path / "work").run()
    teacher = Engine(load_bundle(tiny_bundle))
    sets = [example for _, part in (*prepared.train, *prepared.dev) for example in part]
    found = predict(result.tagger, sets)
    theirs = [[e.span for e in teacher.extract(example.sentence.text)] for example in sets]
    assert sum(map(len, theirs)) > 40
    assert sum(a == b for a, b in zip(found, theirs, strict=True)) > 0.9 * len(sets)


def test_resuming_a_distillation_gives_the_same_bytes(folder, tiny_bundle, tmp_path):
    train = "data.train=[{path='raw.txt', format='lines', raw=true}, {path='train.jsonl', share=0.7}]"
    _resumed(folder, tmp_path, _student(folder, tiny_bundle, *RESUMED, train))


def test_how_the_teachers_came_to_be_is_no_part_of_what_is_resumed(folder, tiny_bundle, tmp_path):
    settings = _student(folder, tiny_bundle, "training.epochs=1")
    Trainer(_prepared(folder, *settings), tmp_path / "work").run()
    staged = _prepared(folder, *settings, "distill.stages=[{run=['--version'], makes='x'}]")
    assert len(Trainer(staged, tmp_path / "work").run(resume=True).history) == 1
    # the teachers themselves are
    shutil.copytree(tiny_bundle, folder / "other")
    other = _prepared(folder, *settings, "distill.teachers=['other']")
    with pytest.raises(TrainingError, match="made by another recipe"):
        Trainer(other, tmp_path / "work").run(resume=True)


def test_the_teachers_word_holds_under_noise_where_the_units_are_as_many(
    folder, tiny_bundle, tmp_path, monkeypatch
):
    train = "data.train=[{path='raw.txt', format='lines', raw=true}, {path='train.jsonl', share=0.5}]"
    prepared = _prepared(folder, *_student(folder, tiny_bundle, train))
    trainer = Trainer(prepared, tmp_path / "work")
    (raw, (blank, *_)), (gold, (known, *_)) = prepared.train
    rng = random.Random(1)
    monkeypatch.setattr(trainer_module, "_noisy", lambda sentence, rng: remove_spaces(sentence))
    for source, example in ((raw, blank), (gold, known)):
        ((noisy,), lost) = trainer._mistyped(source, example, rng)
        assert noisy.sentence.text == "".join(example.sentence.text.split())
        assert noisy.soft is example.soft is not None
        assert noisy.tags.tolist() == example.tags.tolist()
        assert lost == 0

    def longer(sentence, rng):
        return Sentence(sentence.text + "ㅋㅋ", sentence.entities, sentence.id)

    monkeypatch.setattr(trainer_module, "_noisy", longer)
    ((noisy,), _) = trainer._mistyped(gold, known, rng)
    assert noisy.soft is None
    assert len(noisy.tags) == len(known.tags) + 2
    assert trainer._mistyped(raw, blank, rng) == ([blank], 0)  # without it there would be nothing to learn


def test_a_source_that_is_not_taught_keeps_its_annotation_to_itself(folder, tiny_bundle):
    train = "data.train=[{path='train.jsonl', share=0.5}, {path='train.jsonl', share=0.7, taught=false}]"
    prepared = _prepared(folder, *_student(folder, tiny_bundle, train))
    (_, asked), (_, alone) = prepared.train
    assert asked
    assert all(example.soft is not None for example in asked)
    assert alone
    assert all(example.soft is None for example in alone)


def test_a_source_may_have_teachers_of_its_own(folder, tiny_bundle, monkeypatch):
    """Such as have not learnt from it."""
    shutil.copytree(tiny_bundle, folder / "another")
    asked = []

    def taught(examples, teachers, tags):
        asked.append((len(examples), teachers))
        return list(examples)

    monkeypatch.setattr(trainer_module, "load_teachers", lambda paths: [path.name for path in paths])
    monkeypatch.setattr(trainer_module, "taught", taught)
    train = "data.train=[{path='train.jsonl', share=0.5}, {path='train.jsonl', share=0.7, teachers=['another']}]"
    prepared = _prepared(folder, *_student(folder, tiny_bundle, train))
    (_, first), (_, second) = prepared.train
    assert asked == [(len(first), [tiny_bundle.name]), (len(second), ["another"])]
    shutil.rmtree(folder / "another")
    with pytest.raises(ConfigError, match=r"no bundle at .*another; run `ner-engine distill`"):
        _prepared(folder, *_student(folder, tiny_bundle, train))


def test_a_frozen_table_that_no_input_has_is_refused(folder):
    with pytest.raises(ConfigError, match=r"network\.frozen: expected some of .*word; got 'wrod'"):
        _prepared(folder, "network.frozen=['wrod']")


def test_a_missing_teacher_stops_the_training_at_once(folder):
    with pytest.raises(ConfigError, match=r"no bundle at .*runs/teacher; run `ner-engine distill`") as error:
        _prepared(folder, "distill.teachers=['runs/teacher']", "data.train=[{path='nowhere.jsonl'}]")
    _one_line(error)


# precision


def test_bfloat16_is_what_the_recipe_says(folder, tmp_path):
    exact, rough = (
        Trainer(_prepared(folder, f"training.precision='{name}'"), tmp_path / name)
        for name in ("float32", "bfloat16")
    )
    assert (exact.tagger.backbone.low_precision, rough.tagger.backbone.low_precision) == (False, True)
    examples = exact.prepared.train[0][1][:32]
    assert exact.tagger.state_dict().keys() == rough.tagger.state_dict().keys()
    losses = []
    for trainer in (exact, rough):
        torch.manual_seed(1)
        trainer.tagger.train()
        before = predict(trainer.tagger, examples)
        batch = collate(examples, trainer.tagger.shape.tags)
        trainer.tagger.eval()
        losses.append(trainer.tagger(batch.ids, batch.flags, batch.lengths))
        assert predict(trainer.tagger, examples) == before
    assert torch.equal(*losses)  # evaluation knows float32 alone


# pre-trained vectors


def test_vectors_go_to_the_rows_of_their_names(folder, tmp_path):
    rng = np.random.default_rng(3)
    names = {"수": 16, "동": 16, "쀍": 16}  # the last is in no sentence
    values = {name: rng.normal(size=width) * 5 for name, width in names.items()}
    lines = [f"{len(values)} 16"] + [f"{n} {' '.join(map(str, v))}" for n, v in values.items()]
    (folder / "syllables.vec").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "pos.vec").write_text("NNP 1 0 0 0\n", encoding="utf-8")
    plain = Trainer(_prepared(folder), tmp_path / "a").tagger
    prepared = _prepared(folder, "features.vectors={syllable='syllables.vec', pos='pos.vec'}")
    tagger = Trainer(prepared, tmp_path / "b").tagger
    known = prepared.extractor.vocabularies.syllable
    given = {known.index(name) + 2: values[name] for name in ("수", "동")}
    for row, (before, now) in enumerate(
        zip(plain.embeddings.weight("syllable"), tagger.embeddings.weight("syllable"), strict=True)
    ):
        if row in given:
            expected = given[row] / np.linalg.norm(given[row])
            np.testing.assert_allclose(now.detach().numpy(), expected, rtol=1e-5)
        else:
            assert torch.equal(before, now), f"row {row}"
    noun = prepared.extractor.vocabularies.pos.index("NNP") * 4 + 2
    assert tagger.embeddings.weight("pos")[noun : noun + 4].tolist() == [[1.0, 0.0, 0.0, 0.0]] * 4
    Trainer(prepared, tmp_path / "c").run()


@pytest.mark.parametrize(
    ("table", "text", "error", "message"),
    [
        ("syllable", "수 1 2 3\n", DataError, r"x\.vec:1: expected a name and 16 numbers; got '수 1 2 3'"),
        ("syllable", "2 16\n수 " + "x " * 16 + "\n", DataError, r"x\.vec:2: expected a name and 16 numbers"),
        ("eojeol", "1 2 3 4 5\n", ConfigError, "vectors: expected syllable, .*; got 'eojeol'"),
        ("trigram", "가나다 1\n", ConfigError, "expected a table of the tagger's inputs; got 'trigram'"),
    ],
)
def test_wrong_vectors_are_refused(folder, table, text, error, message):
    (folder / "x.vec").write_text(text, encoding="utf-8")
    with pytest.raises(error, match=message) as raised:
        _prepared(folder, f"features.vectors.{table}='x.vec'")
    _one_line(raised)


def test_a_missing_vector_file_is_named(folder):
    with pytest.raises(ConfigError, match=r"nowhere\.vec: features\.vectors\.syllable: expected a file"):
        _prepared(folder, "features.vectors.syllable='nowhere.vec'")


# the bundle of a run


def test_a_user_dictionary_travels_with_the_bundle(tmp_path, monkeypatch):
    (tmp_path / "words.tsv").write_text("뷁뷁이\tNNP\t인명\n", encoding="utf-8")
    prepared = _prepared(tmp_path, "features.user_dictionary='words.tsv'", "training.epochs=1")
    assert prepared.extractor.tokenizer.morphemes("뷁뷁이한테")[0].form == "뷁뷁이"
    result = Trainer(prepared, tmp_path / "work").run()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")  # the recipe's folder counts, not where the command runs
    bundle = load_bundle(build_bundle(prepared, result, tmp_path / "bundle", command="x"))
    (tmp_path / "words.tsv").unlink()
    assert Engine(bundle)._features.tokenizer.morphemes("뷁뷁이한테")[0].form == "뷁뷁이"
    assert bundle.fingerprint == prepared.extractor.tokenizer.fingerprint()


def test_the_card_and_the_manifest_say_what_was_done(tiny_bundle):
    bundle = load_bundle(tiny_bundle)
    text = (tiny_bundle / "CARD.md").read_text(encoding="utf-8")
    assert "ner-engine train tiny.toml" in text
    assert "Apache-2.0" in text
    assert str(bundle.metrics["dev"]["train.jsonl"]["micro"]["support"]) in text
    for digest in bundle.manifest["data"]["train"].values():
        assert digest[:16] in text
    history = json.loads((tiny_bundle / "metrics.json").read_text(encoding="utf-8"))["history"]
    assert [row["epoch"] for row in history] == list(range(1, len(history) + 1))
    assert history[bundle.metrics["best_epoch"] - 1]["mean"] == max(row["mean"] for row in history)


def test_the_module_names_what_it_exports():
    assert all(hasattr(trainer_module, name) for name in trainer_module.__all__)
