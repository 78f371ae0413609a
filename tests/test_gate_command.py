"""``ner-engine models check`` on a trained bundle and its registry; and the gate in the base install."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ner_engine.bundle import load_bundle, publish
from ner_engine.cli import app
from ner_engine.errors import RegistryError
from ner_engine.registry import Registry
from tests.conftest import tiny_sentences
from tests.test_base_install import bare


def _version(tiny: Path, root: Path, version: str, *, min_score: float, parent: str) -> None:
    """The tiny bundle as a version that answers only what reaches ``min_score``: the higher, the worse."""
    manifest = dict(load_bundle(tiny).manifest)
    files = {name: tiny / name for name in manifest.pop("files")}
    added = [{"name": "fixes.jsonl", "sha256": "00" * 32, "sentences": 4, "licence": "CC0-1.0"}]
    known = {"version": version, "parent": {"name": "tiny", "version": parent, "digest": ""}, "added": added}
    publish(root / "tiny" / version, files, {**manifest, **known, "min_score": min_score})


@pytest.fixture(scope="module")
def registry(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``tiny`` as shipped, 2 as good, 3 mute."""
    root = tmp_path_factory.mktemp("models")
    shutil.copytree(tiny_bundle, root / "tiny")
    _version(tiny_bundle, root, "2", min_score=0.0, parent="shipped")
    _version(tiny_bundle, root, "3", min_score=0.999999, parent="2")
    return root


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "test.jsonl"
    rows = [
        {"text": s.text, "entities": [{"start": e.start, "end": e.end, "label": e.label} for e in s.entities]}
        for s in tiny_sentences()[:60]
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def check(registry: Path, *arguments: object):
    return CliRunner().invoke(app, ["models", "check", *map(str, arguments), "--models", str(registry)])


def test_an_equal_version_passes_and_can_be_promoted(registry: Path, data: Path, tmp_path: Path) -> None:
    root = tmp_path / "models"
    shutil.copytree(registry, root)
    result = check(root, "tiny@2", "--test", data, "--corrections", data, "--record", "-o", tmp_path / "out")
    # the corrections and the test set are one file here, which only two sets of one name can be
    assert isinstance(result.exception, Exception)
    assert "different names" in str(result.exception)

    held = tmp_path / "held.jsonl"
    shutil.copyfile(data, held)
    with pytest.raises(RegistryError, match="expected what the gate found"):
        Registry(root).promote("tiny", "2", by="test")
    result = check(root, "tiny@2", "--test", data, "--corrections", held, "--record", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "tiny@2 against tiny@shipped: passed" in result.stdout
    report = root / "tiny" / "reports" / "2"
    assert sorted(p.name for p in report.iterdir()) == ["metrics.json", "report.html"]
    assert (tmp_path / "out" / "metrics.json").read_bytes() == (report / "metrics.json").read_bytes()
    assert json.loads((report / "metrics.json").read_bytes())["added"][0]["licence"] == "CC0-1.0"
    assert Registry(root).promote("tiny", "2", by="test").current
    # the version in use is compared with the one it came from
    again = check(root, "tiny", "--test", data, "--no-noise", "--json")
    values = json.loads(again.stdout)
    assert (values["old"]["version"], values["new"]["version"]) == ("shipped", "2")
    assert [one["kind"] for one in values["sets"]] == ["test"]
    assert (values["forced"], [one["name"] for one in values["added"]]) == (False, ["fixes.jsonl"])


def test_a_worse_version_is_refused_and_cannot_be_promoted(registry: Path, data: Path, tmp_path: Path) -> None:
    root = tmp_path / "models"
    shutil.copytree(registry, root)
    result = check(root, "tiny@3", "--test", data, "--record", "--most", "2", "--no-noise")
    assert result.exit_code == 1
    assert "tiny@3 against tiny@shipped: REFUSED" in result.stdout
    before, _, after = result.stdout.partition("broken:\n")
    assert "the total fell from" in before
    assert after.count("  gold    ") == 2
    assert "more; the report has them all" in after
    with pytest.raises(RegistryError, match=r"the gate refuses it against tiny@shipped: .*the total fell"):
        Registry(root).promote("tiny", "3", by="test")
    allowed = check(root, "tiny@3", "--test", data, "--no-noise", "--tolerance", "1", "--total-tolerance", "1")
    assert allowed.exit_code == 0, "whoever says so"
    assert json.loads((root / "tiny/reports/3/metrics.json").read_bytes())["passed"] is False, "not recorded"


def test_paths_and_versions_against_each_other(registry: Path, data: Path) -> None:
    path = registry / "tiny" / "3"
    result = check(registry, path, "--against", "tiny@2", "--test", data, "--json", "--no-noise")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["old"]["version"] == "2"
    assert json.loads(result.stdout)["added"] == [], "the same file as in the old one"
    result = check(registry, "tiny@2", "--against", "tiny@3", "--test", data, "--no-noise", "--ignore", "LC")
    assert result.exit_code == 0
    assert "note: LC is left out, as asked" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["tiny@2"], "--test"),
        (["tiny", "--test", "DATA"], "has no parent"),
        (["PATH", "--test", "DATA"], "--against"),
        (["tiny@2", "--test", "DATA", "--ignore", "WK"], "'WK'"),
        (["tiny@2", "--test", "DATA", "--tolerance", "2"], "--tolerance"),
    ],
)
def test_wrong_use(registry: Path, data: Path, arguments: list[str], says: str) -> None:
    places = {"DATA": str(data), "PATH": str(registry / "tiny" / "3")}
    result = check(registry, *(places.get(a, a) for a in arguments))
    assert result.exit_code == 2
    assert says in result.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["tiny@9", "--test", "DATA"], "no version 9 of 'tiny'"),
        (["tiny@2", "--test", "EMPTY"], "expected a corpus"),
        (["tiny@3", "--against", "tiny@2", "--record", "--test", "DATA"], "version of tiny in use"),
        (["PATH", "--against", "tiny", "--record", "--test", "DATA"], "expected a version in"),
    ],
)
def test_what_cannot_be_compared(registry: Path, data: Path, tmp_path: Path, arguments, says: str) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("", encoding="utf-8")
    path = tmp_path / "bundle"
    shutil.copytree(registry / "tiny" / "3", path)
    places = {"DATA": str(data), "PATH": str(path), "EMPTY": str(empty)}
    result = check(registry, *(places.get(a, a) for a in arguments))
    assert result.exit_code == 1
    assert says in str(result.exception)
    assert "\n" not in str(result.exception)


def test_the_gate_needs_no_optional_part(tiny_bundle: Path, data: Path, tmp_path: Path) -> None:
    script = """
from pathlib import Path
import ner_engine
from ner_engine.datasets import read
from ner_engine.gate import GateSet, judge, noise_sets, write_report
from ner_engine.gate.text import broken_lines, summary

engine = ner_engine.load(sys.argv[2], rules=False)
test = GateSet("test", read(sys.argv[3]).sentences[:10])
verdict = judge(engine, engine, [test, *noise_sets(test, seed=0)], seed=0, old_version="1", new_version="2")
summary(verdict), broken_lines(verdict)
write_report(verdict, Path(sys.argv[4]))
print(json.dumps([verdict.passed, tried]))
"""
    assert bare(script, tiny_bundle, data, tmp_path) == [True, []]
