"""Retraining by the command: corrections in, a better version out, nothing lost, the same for the same seed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from typer.testing import CliRunner  # noqa: E402

import ner_engine  # noqa: E402
from ner_engine.bundle import load_bundle  # noqa: E402
from ner_engine.cli import app  # noqa: E402
from ner_engine.engine import Engine  # noqa: E402
from ner_engine.errors import BundleError, ConfigError, DataError, TrainingError  # noqa: E402
from ner_engine.registry import Registry  # noqa: E402
from ner_engine.training.run_file import RUN, read_run  # noqa: E402
from ner_engine.training.trainer import BEST, LAST  # noqa: E402
from tests.conftest import marked, tiny_sentences  # noqa: E402
from tests.retrain_parts import QUICK, additions, write_home, write_jsonl  # noqa: E402


@pytest.fixture
def home(tmp_path, tiny_bundle, monkeypatch):
    """A folder to retrain the tiny bundle in, and the working directory."""
    folder = write_home(tmp_path / "home", tiny_bundle)
    monkeypatch.chdir(folder)
    return folder


def run(*arguments, add=("add.jsonl",), test=("test.jsonl",), settings=QUICK, bundle="tiny"):
    command = ["retrain", bundle, "--models", "models", *arguments]
    command += [word for name in add for word in ("--add", str(name))]
    command += [word for name in test for word in ("--test", str(name))]
    command += [f"--set={setting}" for setting in settings]
    return CliRunner().invoke(app, command, catch_exceptions=False)


def weights(home, version):
    return (home / "models" / "tiny" / version / "weights.safetensors").read_bytes()


def found(engine, sentences):
    """How many sentences are answered exactly as they are marked."""
    answers = engine.pipe(s.text for s in sentences)
    return sum(tuple(e.span for e in answer) == s.entities for answer, s in zip(answers, sentences, strict=True))


def test_what_was_corrected_is_learnt_and_nothing_is_lost(home, monkeypatch):
    monkeypatch.setenv("NER_ENGINE_REGISTRY", str(home / "models"))
    old = ner_engine.load("tiny")
    done = run("--promote", "--by", "tester", "--licence", "add.jsonl=our own")
    assert done.exit_code == 0, done.output
    assert "tiny@2 against tiny@shipped: passed" in done.stdout
    new = ner_engine.load("tiny")
    assert new.bundle.path == Path("models/tiny/2").absolute()
    assert found(new, additions()) >= found(old, additions()) + 8
    assert found(new, tiny_sentences()) >= found(old, tiny_sentences())

    registry = Registry(home / "models")
    version = registry.current("tiny")
    assert (version.version, version.parent, version.passed) == ("2", "shipped", True)
    (promotion,) = registry.history("tiny")
    assert (promotion.by, promotion.forced) == ("tester", False)
    manifest = version.manifest
    assert manifest["parent"]["digest"] == registry.get("tiny", "shipped").digest
    (added,) = manifest["added"]
    assert (added["name"], added["sentences"], added["licence"]) == ("add.jsonl", 24, "our own")
    assert 0 < added["held_out"] < 12
    card = (version.path / "CARD.md").read_text(encoding="utf-8")
    assert "| add.jsonl | 24 |" in card
    assert "our own" in card
    assert "our own" in manifest["licence"]
    assert "ner-engine retrain tiny --add add.jsonl" in card
    report = json.loads((registry.report_folder("tiny", "2") / "metrics.json").read_text(encoding="utf-8"))
    assert report["passed"] is True
    assert [s["name"] for s in report["sets"] if s["kind"] != "noise"] == ["test.jsonl", "corrections held out"]
    # what the gate judged by was not trained on
    held = added["held_out"]
    assert report["sets"][1]["sentences"] == held
    assert f"{24 - held} sentences, {held} held out" in done.stderr
    # the checkpoints have done their work
    assert not list((home / "runs" / "retrain-tiny").glob("*.safetensors"))


def test_the_next_version_goes_on_from_the_last_and_reads_what_was_added_before(home):
    assert run("--promote").exit_code == 0
    more = write_jsonl(home / "more.jsonl", [marked("<서울숲:LC> 말고 <도하람:PS> 집")])
    done = run("--promote", "--force", "--reason", "a test", add=[more])
    assert done.exit_code == 0
    assert "from   tiny@2" in done.stderr
    assert "again  add.jsonl: 24 sentences" in done.stderr
    assert "too few to hold some out" in done.stderr
    registry = Registry(home / "models")
    manifest = registry.current("tiny").manifest
    assert manifest["version"] == "3"
    assert [one["name"] for one in manifest["added"]] == ["add.jsonl", "more.jsonl"]
    # and one may go on from any version
    done = run(add=[more], settings=(*QUICK, "training.epochs=1"), bundle="tiny@shipped")
    assert done.exit_code == 0
    assert registry.get("tiny", "4").parent == "shipped"
    assert registry.current("tiny").version == "3"


def test_a_new_label_is_learnt_and_the_old_ones_stay(home):
    rows = [
        marked(f"<{food}:FOOD> {rest}")
        for food in ("국밥", "라면", "비빔밥", "만두", "떡볶이")
        for rest in ("먹자", "두 그릇 주세요", "얼마야")
    ]
    write_jsonl(home / "food.jsonl", rows)
    refused = CliRunner().invoke(app, ["retrain", "tiny", "--models", "models", "--add", "food.jsonl"])
    assert isinstance(refused.exception, DataError)
    assert "food.jsonl:1: expected one of PS, LC; got 'FOOD'" in str(refused.exception)
    done = run("--labels", "FOOD", "--promote", add=["food.jsonl"])
    assert done.exit_code == 0, done.output
    assert "FOOD is new" in done.stdout
    new, old = Engine(load_bundle("models/tiny/2")), Engine(load_bundle("models/tiny"))
    assert new.labels == ("PS", "LC", "FOOD")
    assert found(new, rows) >= 10
    assert found(new, tiny_sentences()) >= found(old, tiny_sentences())
    with pytest.raises(ConfigError, match=r"--labels: expected labels of the sentences .*; 'DT' is in none"):
        run("--labels", "FOOD,DT", add=["food.jsonl"])


def test_the_same_seed_gives_the_same_bytes(home):
    short = (*QUICK, "training.epochs=2", "training.noise=0.3", "blend.steps=[1.0, 0.5]")
    assert run("--work", "a", settings=short).exit_code == 0
    torch.rand(5)  # whatever was drawn in the process before
    assert run("--work", "b", settings=short).exit_code == 0
    assert run("--work", "c", "--seed", "2", settings=short).exit_code == 0
    assert weights(home, "2") == weights(home, "3")
    assert weights(home, "2") != weights(home, "4")


def test_a_worse_version_is_refused_and_the_old_one_stays(home):
    # nothing old is shown again, and what is added is wrong
    wrong = [marked(s.text) for s in tiny_sentences()[:40]]
    add = write_jsonl(home / "wrong.jsonl", list({s.text: s for s in wrong}.values()))
    bad = (*QUICK, "replay.sentences=0", "added.hold_out=0.0", "training.epochs=6")
    done = run("--promote", add=[add], settings=bad)
    assert done.exit_code == 1
    assert "REFUSED" in done.stdout
    assert "broken:" in done.stdout
    assert "tiny@2 is refused; tiny@shipped stays in use" in done.stderr
    registry = Registry(home / "models")
    assert registry.current("tiny").version == "shipped"
    assert registry.get("tiny", "2").passed is False
    # forced, it goes in use, and that is recorded; without a reason nothing is forced
    assert run("--promote", "--force", add=[add], settings=bad).exit_code == 2
    done = run("--promote", "--force", "--reason", "to see", "--resume", add=[add], settings=bad)
    assert done.exit_code == 0
    (promotion,) = registry.history("tiny")
    assert (promotion.version, promotion.forced, promotion.reason) == ("2", True, "to see")
    report = json.loads((registry.report_folder("tiny", "2") / "metrics.json").read_text(encoding="utf-8"))
    assert (report["passed"], report["forced"]) == (False, True)


def test_a_run_that_is_resumed_at_its_end_does_nothing_again(home):
    assert run("--promote").exit_code == 0
    state = read_run(Path("runs/retrain-tiny"))
    assert (state.parent, state.version) == ("shipped", "2")
    before = {file: file.stat().st_mtime_ns for file in (home / "models").rglob("*") if file.is_file()}
    done = run("--promote", "--resume")
    assert done.exit_code == 0
    assert "tiny@2 is in use already" in done.stderr
    after = {file: file.stat().st_mtime_ns for file in (home / "models").rglob("*") if file.is_file()}
    assert after == before


def test_a_run_of_something_else_is_not_resumed(home):
    short = (*QUICK, "training.epochs=1")
    assert run(settings=short).exit_code == 0
    with pytest.raises(TrainingError, match="begun with other data or another recipe"):
        run("--resume", "--seed", "2", settings=short)
    write_jsonl(home / "add.jsonl", additions()[1:])
    with pytest.raises(TrainingError, match="begun with other data or another recipe"):
        run("--resume", settings=short)
    Path("runs/retrain-tiny", RUN).write_text("{", encoding="utf-8")
    with pytest.raises(TrainingError, match="expected the state of a retraining"):
        run("--resume", settings=short)


def test_without_a_test_set_nothing_is_trained(home):
    with pytest.raises(ConfigError, match="tiny: no test set of its own is found; name one with --test"):
        run(test=[])
    assert not list(home.glob("models/tiny/[0-9]*"))
    assert not list(home.glob(f"runs/**/{LAST}")) + list(home.glob(f"runs/**/{BEST}"))
    # a share of a labelled corpus that is named will do
    named = write_jsonl(home / "named.jsonl", tiny_sentences())
    done = run("--replay", str(named), test=[], settings=(*QUICK, "training.epochs=1", "replay.test_share=0.3"))
    assert done.exit_code == 0
    assert "test   named.jsonl, held out:" in done.stderr


def test_what_stands_in_the_test_set_is_not_trained_on(home):
    shutil.copy("add.jsonl", "test.jsonl")
    with pytest.raises(ConfigError, match="expected a sentence that is not in the test set"):
        run()


def test_a_bundle_that_is_not_in_the_registry_is_refused(home):
    with pytest.raises(BundleError, match=r"no bundle 'nobody' in .*models: expected one of: .*tiny"):
        CliRunner().invoke(
            app, ["retrain", "nobody", "--add", "add.jsonl", "--models", "models"], catch_exceptions=False
        )


def test_a_bundle_of_integers_with_another_head_is_retrained_too(tmp_path, monkeypatch):
    from ner_engine.config import load_recipe
    from ner_engine.training.build import build_bundle
    from ner_engine.training.trainer import Trainer, prepare
    from tests.conftest import write_tiny

    settings = ['network.head="softmax"', 'export.quantise="int8"', "export.min_score=0.2"]
    prepared = prepare(load_recipe(write_tiny(tmp_path), settings=settings), base=tmp_path)
    result = Trainer(prepared, tmp_path / "work").run()
    bundle = build_bundle(prepared, result, tmp_path / "bundle", command="ner-engine train tiny.toml")
    monkeypatch.chdir(write_home(tmp_path / "home", bundle))
    food = write_jsonl(Path("food.jsonl"), [marked("<국밥:FOOD> 먹자")])
    done = run("--labels", "FOOD", add=["add.jsonl", food])
    assert done.exit_code == 0, done.output
    new = Engine(load_bundle("models/tiny/2"))
    assert (new.bundle.network.head, new.min_score) == ("softmax", 0.2)
    assert new.bundle.manifest["recipe"]["export"]["quantise"] == "int8"
    assert found(new, additions()) >= 8
    assert found(new, tiny_sentences()) >= 80


def test_a_report_found_before_is_not_made_again(home, monkeypatch):
    done = run()
    assert done.exit_code == 0
    report = home / "models" / "tiny" / "reports" / "2" / "metrics.json"
    before = report.stat().st_mtime_ns
    done = run("--promote", "--resume")
    assert done.exit_code == 0
    assert "tiny@2 against tiny@shipped: passed, as found before" in done.stderr
    assert report.stat().st_mtime_ns == before
    # a damaged one is
    assert CliRunner().invoke(app, ["models", "rollback", "tiny", "--models", "models"]).exit_code == 0
    report.write_text("{", encoding="utf-8")
    done = run("--promote", "--resume")
    assert done.exit_code == 0
    assert "comparing tiny@2 with tiny@shipped" in done.stderr
    assert Registry(home / "models").current("tiny").version == "2"
