"""``ner-engine models``: versions on the command line."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ner_engine import pointer as pointer_module
from ner_engine.cli import app
from ner_engine.errors import BundleError, RegistryError
from ner_engine.registry import Registry
from tests.registry_parts import add, passed, plain_bundle


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """Where ``models`` looks: a flat bundle ``tiny``, and a version 2 of it that waits."""
    root = tmp_path / "models"
    monkeypatch.setattr(pointer_module, "_roots", lambda models: [Path(models)])
    monkeypatch.delenv("NER_ENGINE_REGISTRY", raising=False)
    monkeypatch.chdir(tmp_path)
    plain_bundle(root / "tiny", "flat")
    registry = Registry(root)
    add(registry, "tiny", created="2026-03-01T09:30:00+00:00", metrics={"dev": {"f1": 91.5}})
    return registry


def run(*args, fails=None):
    """What ``ner-engine models`` prints on stdout; or the error it ends with."""
    done = CliRunner().invoke(app, ["models", *map(str, args)])
    if fails is not None:
        assert isinstance(done.exception, fails), done.output
        assert "\n" not in str(done.exception)
        return str(done.exception)
    assert done.exit_code == 0, done.output + repr(done.exception)
    return done.stdout


def test_list_tells_the_versions(registry):
    run("promote", "tiny@2", "--by", "가람")
    first, second = run("list").splitlines()
    assert first.split("\t") == ["tiny@shipped", "0.0 MB", "PS LC", "Apache-2.0"]
    assert second.split("\t") == [
        "tiny@2", "0.0 MB", "PS LC", "Apache-2.0",
        "in use, gate: passed, from shipped, 2026-03-01T09:30:00+00:00",
    ]  # fmt: skip
    rows = [json.loads(line) for line in run("list", "tiny", "--json").splitlines()]
    assert [(r["version"], r["current"], r["parent"]) for r in rows] == [
        ("shipped", False, ""), ("2", True, "shipped"),
    ]  # fmt: skip
    assert rows[1]["metrics"] == {"dev": {"f1": 91.5}}
    assert rows[1]["digest"] == registry.current("tiny").digest
    assert "no bundle 'tina'" in run("list", "tina", fails=BundleError)


def test_list_goes_on_past_what_is_damaged(registry):
    (registry.path("tiny", "2") / "graph.onnx").write_bytes(b"")
    plain_bundle(registry.root / "other", "other")
    (registry.root / "other" / "current").write_text("{")
    other, flat, two = run("list").splitlines()
    assert other.startswith("other\tunusable: ")
    assert flat.startswith("tiny@shipped\t")
    assert two.startswith("tiny@2\tunusable: ")
    assert all("problem" in json.loads(run("list", "--json").splitlines()[i]) for i in (0, 2))


def test_show_tells_where_a_version_comes_from(registry):
    done = CliRunner().invoke(app, ["models", "show", "tiny@2"])
    assert done.stdout == "# tiny 2\n\n"
    assert done.stderr == (
        "tiny@2; trained from shipped; made 2026-03-01T09:30:00+00:00; the gate passed it; "
        f"{registry.path('tiny', '2')}\n"
    )
    assert json.loads(run("show", "tiny@2", "--json"))["version"] == "2"
    assert run("show", "tiny") == "# tiny flat\n\n"
    assert "no version 9 of 'tiny'" in run("show", "tiny@9", fails=BundleError)


def test_promote_and_roll_back_and_what_is_recorded(registry):
    assert run("promote", "tiny", "--by", "가람", "--reason", "첫\n교정") == "tiny@2 is in use; before: shipped\n"
    assert run("promote", "tiny@2") == "tiny@2 was in use already\n"
    add(registry, "tiny", report=False)
    assert "expected what the gate found" in run("promote", "tiny@3", fails=RegistryError)
    done = CliRunner().invoke(app, ["models", "promote", "tiny@3", "--force"])
    assert done.exit_code == 2
    assert "--reason" in done.output
    assert run("promote", "tiny@3", "--force", "--reason", "급함") == "tiny@3 is in use; before: 2\n"
    assert run("rollback", "tiny", "--by", "나래") == "tiny@2 is in use; before: 3\n"
    assert "expected a version that was in use before" in run(
        "rollback", "tiny", "--to", "3", fails=RegistryError
    )
    rows = [line.split("\t")[1:] for line in run("history", "tiny").splitlines()]
    assert rows[0] == ["promote", "shipped -> 2", "가람", "첫 교정"]
    assert rows[1][:2] == ["promote (forced)", "2 -> 3"]
    assert rows[1][3] == "급함"
    assert rows[2] == ["rollback", "3 -> 2", "나래"]
    assert [json.loads(line)["forced"] for line in run("history", "tiny", "--json").splitlines()] == [
        False, True, False,
    ]  # fmt: skip
    (registry.root / "tiny" / "current").write_text("")
    assert run("rollback", "tiny") == "tiny@2 is in use; before: none\n"
    assert "no bundle 'tina'" in run("promote", "tina", fails=BundleError)


def test_the_registry_is_named_by_option_or_environment(registry, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(registry.root, elsewhere)
    run("promote", "tiny@2", "--models", elsewhere)
    assert Registry(elsewhere).current("tiny").version == "2"
    assert registry.current("tiny").version == "shipped"
    monkeypatch.setenv("NER_ENGINE_REGISTRY", str(elsewhere))
    assert "2" in run("history", "tiny")
    assert run("export", "tiny", tmp_path / "out").strip() == str(tmp_path / "out")
    assert (tmp_path / "out" / "CARD.md").read_text() == "# tiny 2\n"
    assert "current" not in os.listdir(tmp_path / "out")


def test_gc_rehearses_and_removes(registry):
    for version in "34":
        add(registry, "tiny")
        passed(registry, "tiny", version)
        registry.promote("tiny", version, by="x")
    done = CliRunner().invoke(app, ["models", "gc", "--keep", "0", "--dry-run"])
    assert done.stdout == "tiny@2\twould go\t0.0 MB\n"
    assert "tiny@4\tkept: in use" in done.stderr
    assert registry.path("tiny", "2").exists()
    assert run("gc", "tiny", "--keep", "0") == "tiny@2\tremoved\t0.0 MB\n"
    assert not registry.path("tiny", "2").exists()
    assert "expected a folder with versions of tina" in run("gc", "tina", fails=BundleError)


def test_diff_tells_what_is_not_the_same(registry):
    lines = run("diff", "tiny@shipped", "tiny@2").splitlines()
    assert "version: none -> 2" in lines
    assert "parent.version: none -> shipped" in lines
    assert "metrics.dev.f1: none -> 91.5" in lines
    assert any(line.startswith("files.graph.onnx: ") for line in lines)
    assert not any(line.startswith(("labels", "recipe", "tags")) for line in lines)
    assert run("diff", "tiny@shipped").splitlines() == lines  # with the newest version
    rows = [json.loads(line) for line in run("diff", "tiny@shipped", "--json").splitlines()]
    assert {"name": "version", "old": "", "new": "2"} in rows
    assert run("diff", "tiny@2", "tiny@2") == ""
    done = CliRunner().invoke(app, ["models", "diff", str(registry.root / "tiny")])
    assert done.exit_code == 2


def test_verify_and_diff_of_answers(registry, tiny_bundle, tmp_path):
    root = registry.root
    shutil.rmtree(root / "tiny")
    shutil.copytree(tiny_bundle, root / "tiny")
    number = registry.reserve("tiny")
    shutil.copytree(tiny_bundle, root / "tiny" / number, dirs_exist_ok=True)
    manifest = json.loads((root / "tiny" / number / "bundle.json").read_text(encoding="utf-8"))
    # it is never sure enough to answer
    (root / "tiny" / number / "bundle.json").write_text(
        json.dumps(manifest | {"min_score": 0.999999}), encoding="utf-8"
    )
    registry.promote("tiny", number, by="x", force=True, reason="시험")
    assert run("verify", "tiny") == f"{root}/tiny/{number}: whole, 6 files\n"
    assert len(run("verify", "--all").splitlines()) == 2
    texts = tmp_path / "texts.txt"
    texts.write_text("이지은한테 전화해 줘\n고마워요 정말\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["models", "diff", "tiny@shipped", "tiny", "--texts", str(texts)])
    assert done.exit_code == 0, done.output
    assert "min_score: 0.0 -> 0.999999\n" in done.stdout
    assert done.stdout.endswith("이지은한테 전화해 줘\n  - 이지은 PS [0, 3)\n")
    assert done.stderr.endswith("1 of 2 texts are answered otherwise\n")
    rows = run("diff", "tiny@shipped", "tiny", "--texts", texts, "--json").splitlines()
    assert json.loads(rows[-1])["new"] == []

    manifest["min_score"] = 0.9  # another bundle where the promoted one was: whole, and not what was promoted
    (root / "tiny" / number / "bundle.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert "not the bundle that was promoted" in run("verify", "tiny", fails=BundleError)
    done = CliRunner().invoke(app, ["models", "verify", "--all"])
    assert done.exit_code == 1
    assert done.stdout.count("whole") == 2
