"""Linting of dictionaries and patterns: every kind of problem once, clean files, and the command."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from ner_engine.cli import app
from ner_engine.errors import DataError
from ner_engine.rules.lint import lint


@pytest.fixture
def put(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(name: str, content: str | bytes) -> str:
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
        return name

    return write


def _said(problems) -> list[str]:
    return [f"{p.path}:{p.line} {p.level} {p.code}: {p.message}" for p in problems]


CLEAN = (
    "surface\tlabel\tsynonyms\n가을\tDT\t\n제주도\tLC\t제주\n아이스 아메리카노\tFOOD\t아아|아메\n신라면\tFOOD\t\n"
    "서울로\tLC\t\n"
)


def test_a_clean_file_has_no_problems(put):
    name = put("a.tsv", CLEAN)
    assert lint([name]) == []
    assert lint([name], labels=["DT", "LC", "FOOD"], ignore_spaces=True) == []


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "a.tsv",
            "\ufeff부산역\tLC\n",
            ["a.tsv:1 warning bom: the file begins with a byte order mark; other tools may read it as text"],
        ),
        (
            "a.tsv",
            "부산역\tLC\n수원\ufeff역\tLC\n",
            ["a.tsv:2 warning invisible: an invisible character, U+FEFF, in column 3"],
        ),
        ("a.tsv", "부산역 \tLC\n", ["a.tsv:1 warning tab-space: a space beside a tab"]),
        (
            "a.tsv",
            "부산역\tLC\n수원역    LC\n",
            [
                "a.tsv:2 error entry: expected 2 to 4 columns; got 1",
                "a.tsv:2 warning tab-space: two or more spaces, where a tab may be meant",
            ],
        ),
        (
            "a.csv",
            "부산역,LC\n수원\t역,LC\n",
            ["a.csv:2 warning tab-space: a tab in a file whose columns end in commas"],
        ),
        (
            "a.tsv",
            "# 부산역\tLC\n",
            ["a.tsv:1 warning comment: a comment that looks like an entry: it begins with '# '"],
        ),
        (
            "a.tsv",
            "부산역\tLC\nＫＴＸ\tOG\nktx\tOG\tＫＴＸ\n",
            ["a.tsv:3 warning duplicate: 'ktx' is there already: a.tsv:2"],
        ),
        ("a.tsv", "부산역\tLC\n부산역\tLC\n", ["a.tsv:2 warning duplicate: '부산역' is there already: a.tsv:1"]),
        (
            "a.tsv",
            "부산역\tLC\t\t부산역\n",
            ["a.tsv:1 warning duplicate: '부산역' stands in its own entry twice"],
        ),
        (
            "a.tsv",
            "한강\tLC\n한강\tPS\n",
            ["a.tsv:2 warning label-conflict: '한강' is PS here and LC in a.tsv:1"],
        ),
        (
            "a.tsv",
            "김민수\tPS\tp1\n김민수\tPS\tp2\n",
            ["a.tsv:2 warning id-conflict: '김민수' is 'p2' here and 'p1' in a.tsv:1"],
        ),
        (
            "a.tsv",
            "부산에서\tLC\n",
            [
                "a.tsv:1 warning particle: '부산에서' seems to end in the particle 에서; "
                "particles are recognised without being listed"
            ],
        ),
        (
            "a.tsv",
            "제주\tLC\n제주도\tLC\n",
            [
                "a.tsv:2 warning particle: '제주도' seems to end in the particle 도; particles are recognised "
                "without being listed, and '제주' is that of a.tsv:1"
            ],
        ),
        (
            "a.tsv",
            "배\tFOOD\n",
            ["a.tsv:1 warning short: '배' is one character long; it will be found in many places"],
        ),
        (
            "a.tsv",
            "\u200b\u200b\tLC\n",
            [
                "a.tsv:1 error never: '\\u200b\\u200b' can never be found",
                "a.tsv:1 warning invisible: an invisible character, U+200B, in column 1",
            ],
        ),
        ("a.jsonl", '{"surface": "부산역"}\n', ["a.jsonl:1 error entry: label: expected one word; got nothing"]),
        ("a.tsv", "부산".encode("cp949"), ["a.tsv:0 error file"]),
        (
            "a.csv",
            "surface,name\n",
            ["a.csv:1 error file: expected the columns surface and label; got surface, name"],
        ),
    ],
)
def test_each_kind_of_problem_is_found(put, name, content, expected):
    said = _said(lint([put(name, content)]))
    if expected == ["a.tsv:0 error file"]:
        assert len(said) == 1
        assert said[0].startswith("a.tsv:1 error file: expected UTF-8; got the byte 0x")
    else:
        assert sorted(said) == sorted(expected)


def test_files_are_compared_with_each_other(put):
    names = [put("food.csv", "surface,label\n한강라면,FOOD\n"), put("places.tsv", "한강라면\tLC\n")]
    (conflict,) = lint(names)
    assert str(conflict) == "places.tsv:1: '한강라면' is LC here and FOOD in food.csv:2"


def test_labels_and_spaces_are_looked_at_if_asked(put):
    name = put("a.tsv", "아이스 커피\tFOOD\n아이스커피\tFOOD\tF1\t아이스 커피\n")
    assert [p.code for p in lint([name])] == ["id-conflict"]
    (problem,) = lint([name], labels=["LC"])[:1]
    assert _said([problem]) == ["a.tsv:1 error unknown-label: label: expected one of LC; got 'FOOD'"]
    spaced = put("b.tsv", "아이스 라테\tFOOD\n아이스라테\tFOOD\n")
    assert lint([spaced]) == []
    (same,) = lint([spaced], ignore_spaces=True)
    assert (same.line, same.code) == (2, "duplicate")


def test_patterns_that_can_backtrack_are_errors(put):
    text = (
        '[[pattern]]\nname = "code"\nlabel = "ORDER"\nregex = \'[A-Z]{2}\\d{6}\'\n\n'
        '[[pattern]]\nname = "slow"\nlabel = "ORDER"\nregex = \'(a+)+b\'\n'
    )
    (problem,) = lint([put("p.toml", text)])
    assert (problem.path, problem.line, problem.level, problem.code) == ("p.toml", 6, "error", "pattern")
    assert problem.message.startswith("regex: ")
    (mark,) = lint([put("q.toml", b"\xef\xbb\xbf" + text.split("\n\n")[0].encode())])
    assert mark.code == "bom"


def test_files_that_are_not_there_and_files_of_another_kind(put, tmp_path):
    (missing,) = lint(["none.tsv"])
    assert (missing.level, missing.code) == ("error", "file")
    with pytest.raises(DataError, match=r"a\.txt: expected a file named \*\.csv, .*\*\.toml"):
        lint([put("a.txt", "")])


def test_the_command_prints_places_and_fails_on_errors(put):
    run = CliRunner()
    clean, doubtful, wrong = put("a.tsv", CLEAN), put("b.tsv", "배\tFOOD\n"), put("c.tsv", "배추\n")
    done = run.invoke(app, ["rules", "lint", clean])
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "1 files: 0 errors, 0 warnings\n")
    done = run.invoke(app, ["rules", "lint", clean, doubtful])
    assert done.exit_code == 0
    assert (
        done.stdout == "b.tsv:1: warning: '배' is one character long; it will be found in many places [short]\n"
    )
    assert run.invoke(app, ["rules", "lint", doubtful, "--strict"]).exit_code == 1
    assert run.invoke(app, ["rules", "lint", doubtful, "--errors-only"]).stdout == ""
    done = run.invoke(app, ["rules", "lint", wrong, "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout) == {
        "path": "c.tsv",
        "line": 1,
        "level": "error",
        "code": "entry",
        "message": "expected 2 to 4 columns; got 1",
    }
    assert run.invoke(app, ["rules", "lint"]).exit_code == 2


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["a.csv", "a.tsv", "a.jsonl", "a.toml"]),
    st.one_of(
        st.binary(max_size=60),
        st.text(alphabet='surface,label\t\n\r"|#{}: 부산LC1.0\ufeff\u200b', max_size=80).map(str.encode),
    ),
)
def test_no_file_makes_it_raise(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    for problem in lint([path]):
        assert problem.path == str(path)
        assert problem.level in ("error", "warning")
