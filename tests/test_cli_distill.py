"""``ner-engine distill``: the stages in order, what is there already left out, then the student."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

pytest.importorskip("torch", reason="needs the train extra")

from ner_engine.bundle import load_bundle
from ner_engine.cli import app
from ner_engine.errors import ConfigError, TrainingError
from tests.conftest import write_tiny

COPY = "{run=['corpus', 'convert', 'train.jsonl', '-o', 'copy.jsonl'], makes='copy.jsonl'}"


@pytest.fixture
def distill(tmp_path, monkeypatch, tiny_bundle):
    """Run the command on the tiny recipe from another folder than the recipe's."""
    for name in ("root", "elsewhere"):
        (tmp_path / name).mkdir()
    recipe = write_tiny(tmp_path / "root")
    monkeypatch.chdir(tmp_path / "elsewhere")

    def run(*settings, teachers=None, options=()):
        named = [tiny_bundle.as_posix()] if teachers is None else list(teachers)
        given = (f"distill.teachers={json.dumps(named)}", *settings)
        command = ["distill", str(recipe), *(f"--set={s}" for s in given), *options]
        return CliRunner().invoke(app, command)

    run.root = recipe.parent
    return run


def test_the_stages_run_and_the_student_is_trained(distill, tmp_path):
    train = "data.train=[{path='copy.jsonl', dev_share=0.2}]"  # which a stage makes
    settings = (train, "training.epochs=1", f"distill.stages=[{COPY}]")
    done = distill(*settings)
    assert done.exit_code == 0, done.output
    assert "stage 1 of 1: ner-engine corpus convert train.jsonl -o copy.jsonl" in done.stderr
    bundle = load_bundle(tmp_path / "elsewhere" / "models" / "tiny")
    assert "ner-engine distill" in (bundle.path / "CARD.md").read_text(encoding="utf-8")
    assert (tmp_path / "elsewhere" / "runs" / "tiny").is_dir()
    # what is there is left alone, unless all is to be fresh
    (distill.root / "copy.jsonl").write_text("{}\n", encoding="utf-8")
    nothing = "data.train=[{path='nowhere.jsonl'}]"
    again = distill(*settings, nothing)
    assert "stage 1 of 1: copy.jsonl is there" in again.stderr
    assert (distill.root / "copy.jsonl").read_text(encoding="utf-8") == "{}\n"
    distill(*settings, nothing, options=["--fresh"])
    assert (distill.root / "copy.jsonl").stat().st_size > 1000


def _refused(result, kind):
    assert isinstance(result.exception, kind), result.exception
    assert "\n" not in str(result.exception)
    return str(result.exception)


def test_a_stage_that_fails_stops_it(distill):
    failing = "{run=['corpus', 'convert', 'no.jsonl', '-o', 'x.jsonl'], makes='x.jsonl'}"
    never = "{run=['corpus', 'convert', 'train.jsonl', '-o', 'y.jsonl'], makes='y.jsonl'}"
    message = _refused(distill(f"distill.stages=[{failing}, {never}]"), TrainingError)
    assert message == "stage 1 of 2 failed with status 1: ner-engine corpus convert no.jsonl -o x.jsonl"
    assert not (distill.root / "y.jsonl").exists()


def test_a_stage_that_does_not_make_what_it_says_stops_it(distill):
    message = _refused(distill("distill.stages=[{run=['--version'], makes='runs/t'}]"), TrainingError)
    assert message == "stage 1 of 1: expected it to make runs/t; nothing there after: ner-engine --version"


def test_a_recipe_without_teachers_is_refused(distill):
    message = _refused(distill(f"distill.stages=[{COPY}]", teachers=()), ConfigError)
    assert message.endswith("tiny.toml: distill.teachers: expected at least one bundle; got none")
    assert not (distill.root / "copy.jsonl").exists()


def test_a_teacher_that_no_stage_makes_is_named(distill):
    message = _refused(distill(teachers=["runs/t"]), ConfigError)
    assert message.startswith(f"distill.teachers: no bundle at {distill.root / 'runs/t'}; ")
