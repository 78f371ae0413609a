"""``ner-engine corpus``: what each command prints and writes, and its exit status."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ner_engine.cli.corpus import app
from ner_engine.datasets import read
from ner_engine.errors import DataError

INLINE = "<현우:PS>야 <내일:DT> <울산:LC> 가?\n아니 <모레:DT>\n<하린:PS>이 왔다\n좋지\n"
KMOU = "## 1\n## 모레 간다\n## <모레:DAT> 간다\n모레\t모레\tNNG\tO\n_\t_\t_\tO\n간다\t가+ㄴ다\tVV+EF\tO\n\n"


def run(*args: str, stdin: str | bytes | None = None) -> Any:
    return CliRunner().invoke(app, list(args), input=stdin)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "small.txt"
    path.write_text(INLINE, encoding="utf-8")
    return path


def test_every_command_has_help_with_an_example() -> None:
    for command in ("stats", "validate", "convert", "split", "import", "generate"):
        result = run(command, "--help")
        assert result.exit_code == 0
        assert f"Example: ner-engine corpus {command}" in result.stdout


def test_stats(corpus: Path, tmp_path: Path) -> None:
    result = run("stats", str(corpus))
    assert result.exit_code == 0
    assert "sentences\t4\n" in result.stdout
    assert "PS\t2\t2\t2\n" in result.stdout
    train = tmp_path / "train.txt"
    train.write_text("<현우:PS> <내일:DT>\n", encoding="utf-8")
    result = run("stats", str(corpus), "--against", str(train), "--json")
    counted = json.loads(result.stdout)
    assert counted["unseen"] == {
        "against": "train.txt",
        "entities": 3,
        "share": 0.6,
        "per_label": {"PS": 0.5, "DT": 0.5, "LC": 1.0},
    }
    assert "entities not in train.txt\t3 (60.0%)\n" in run("stats", str(corpus), "--against", str(train)).stdout


def test_stdin_and_stdout() -> None:
    result = run("convert", "-", "--from", "inline", stdin=INLINE)
    assert result.exit_code == 0
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert lines[1] == {"text": "아니 모레", "entities": [{"start": 3, "end": 5, "label": "DT"}]}
    assert result.stderr == "-: 4 sentences\n"
    assert run("convert", "-", "--to", "inline", stdin=result.stdout).stdout == INLINE


def test_convert_to_every_format_and_back(corpus: Path, tmp_path: Path) -> None:
    wanted = [(s.text, s.entities) for s in read(corpus).sentences]
    for name in ("jsonl", "klue", "conll", "doccano", "inline"):
        target = tmp_path / f"out.{name}"
        assert run("convert", str(corpus), "--to", name, "-o", str(target)).exit_code == 0
        assert [(s.text, s.entities) for s in read(target).sentences] == wanted


def test_convert_of_what_a_format_cannot_hold_writes_nothing(tmp_path: Path) -> None:
    source, target = tmp_path / "a.jsonl", tmp_path / "b.tsv"
    source.write_text('{"text": "첫 줄\\n둘째"}\n', encoding="utf-8")
    result = run("convert", str(source), "--to", "klue", "-o", str(target))
    assert result.exit_code == 1
    assert isinstance(result.exception, DataError)
    assert not target.exists()


def test_validate(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(
        '{"text": "현우야", "entities": [{"start": 0, "end": 5, "label": "PS"}]}\n'
        '{"text": "현우 왔다", "entities": [{"start": 0, "end": 3, "label": "PS"}]}\n'
        '{"text": "좋지"}\n{"text": "좋지"}\n',
        encoding="utf-8",
    )
    before = path.read_bytes()
    result = run("validate", str(path))
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{path}:1: error: [0, 5) PS does not fit a text of 3 characters [span-outside]",
        f"{path}:2: error: [0, 3) PS begins or ends in a space: '현우 ' [span-space]",
        f"{path}:4: warning: the same sentence as {path}:3 [duplicate]",
    ]
    assert result.stderr == f"{path}: 2 errors, 1 warnings\n"
    assert len(run("validate", str(path), "--errors-only").stdout.splitlines()) == 2
    first = json.loads(run("validate", str(path), "--json").stdout.splitlines()[0])
    assert (first["line"], first["code"], first["level"]) == (1, "span-outside", "error")

    fixed = tmp_path / "fixed.jsonl"
    result = run("validate", str(path), "--fix", str(fixed))
    assert result.exit_code == 0
    assert f"{fixed}: 3 sentences, 3 changes" in result.stderr
    assert path.read_bytes() == before
    assert run("validate", str(fixed)).stdout == ""
    assert run("validate", str(fixed)).exit_code == 0


def test_validate_against_the_training_part(corpus: Path) -> None:
    result = run("validate", str(corpus), "--against", str(corpus), "--errors-only")
    assert result.exit_code == 1
    assert result.stdout.count("[leak]") == 4


def test_split(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "parts"
    result = run("split", str(corpus), "-o", str(folder), "--ratios", "2:1:1", "--seed", "3")
    assert result.exit_code == 0
    parts = [read(folder / f"{name}.jsonl") for name in ("train", "dev", "test")]
    assert [len(p.sentences) for p in parts] == [2, 1, 1]
    assert sorted(s.text for p in parts for s in p.sentences) == sorted(s.text for s in read(corpus).sentences)
    run("split", str(corpus), "-o", str(folder), "--ratios", "1:1", "--names", "a,b", "--to", "klue")
    assert (folder / "a.tsv").exists()
    assert (folder / "b.tsv").exists()


def test_import(tmp_path: Path) -> None:
    source = tmp_path / "authors"
    source.mkdir()
    broken = KMOU.replace("<모레:DAT> 간다", "<글피:DAT> 간다").replace("## 1", "## 2")
    (source / "00002_NER.txt").write_text(KMOU + broken, encoding="utf-8")
    out = tmp_path / "out"
    result = run("import", "kmou", str(source), "-o", str(out), "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "sentences": 1,
        "entities": 1,
        "left_out": 1,
        "problems": {"rows-absent": 1, "head-lost": 1},
        "output": str(out / "authors.jsonl"),
        "report": str(out / "authors.problems.txt"),
    }
    written = read(out / "authors.jsonl")
    assert [(s.id, s.text) for s in written.sentences] == [("00002_NER-1", "모레 간다")]
    file = source / "00002_NER.txt"
    assert (out / "authors.problems.txt").read_text(encoding="utf-8").splitlines() == [
        f"{file}:10: left out: the annotated line is not the plain one: no place for <글피:DAT>; left out",
        f"{file}:4: the head line has <모레:DAT>, the rows have nothing [warning rows-absent]",
    ]
    assert "left_out\t1\n" in run("import", "kmou", str(source), "-o", str(out)).stdout


def test_generate(tmp_path: Path) -> None:
    for folder in ("grammar", "lexicons"):
        (tmp_path / folder).mkdir()
    (tmp_path / "grammar" / "calls.txt").write_text("@frames calls\n<[lex:name]:PS> [#1-99]번 불러줘\n", "utf-8")
    (tmp_path / "lexicons" / "name.txt").write_text("은호\n재이\n", "utf-8")
    first = run("generate", "-n", "5", "--seed", "2", "--source", str(tmp_path))
    assert first.exit_code == 0, first.exception
    made = [json.loads(line) for line in first.stdout.splitlines()]
    assert len({one["text"] for one in made}) == 5
    assert all(one["entities"][0]["label"] == "PS" for one in made)
    target = tmp_path / "g.jsonl"
    run("generate", "-n", "5", "--seed", "2", "--source", str(tmp_path), "-o", str(target))
    assert target.read_text(encoding="utf-8") == first.stdout
    assert run("generate", "-n", "5", "--seed", "3", "--source", str(tmp_path)).stdout != first.stdout


@pytest.mark.parametrize(
    "args",
    [
        ["convert", "{}", "--to", "kmou"],
        ["convert", "{}", "--from", "clue"],
        ["convert", "{}", "-o", "{}"],
        ["validate", "{}", "--fix", "{}"],
        ["split", "{}", "-o", "x", "--ratios", "8"],
        ["split", "{}", "-o", "x", "--ratios", "8:0"],
        ["split", "{}", "-o", "x", "--ratios", "8:nan"],
        ["split", "{}", "-o", "x", "--names", "a,a,b"],
        ["split", "{}"],
        ["import", "clue", "{}", "-o", "x"],
        ["generate", "-n", "0"],
        ["nothing"],
    ],
)
def test_wrong_use_exits_2_and_touches_nothing(args: list[str], corpus: Path) -> None:
    result = run(*(str(corpus) if arg == "{}" else arg for arg in args))
    assert result.exit_code == 2
    assert re.search(r"Error|Usage", result.stderr)
    assert corpus.read_text(encoding="utf-8") == INLINE
    assert not Path("x").exists()


def test_bad_data_is_one_error_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"text": "가"}\n{"text": 5}\n', encoding="utf-8")
    result = run("stats", str(path))
    assert result.exit_code == 1
    assert isinstance(result.exception, DataError)
    assert str(result.exception).startswith(f"{path}:2: ")
    assert "\n" not in str(result.exception)
