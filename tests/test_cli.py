"""The command line: what each command prints, where, and its exit status; alone, in pipes and on a terminal."""

from __future__ import annotations

import importlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

pytest.importorskip("torch", reason="the tiny bundle is trained with the train extra")

import ner_engine
from ner_engine import pointer as pointer_module
from ner_engine.bundle import load_bundle
from ner_engine.cli import app, main
from ner_engine.errors import DataError
from tests.conftest import write_tiny

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-c", "from ner_engine.cli import main; main()"]
EXTRACT = importlib.import_module("ner_engine.cli.extract")  # the package's name for it is the command
BUSAN = "부산에서 오하늘 만나기로 했어"


def run(*args, stdin=None):
    return CliRunner().invoke(app, [str(a) for a in args], input=stdin, catch_exceptions=False)


@pytest.fixture
def ne(monkeypatch, capsys):
    """The entry point in this process: exit status, stdout, stderr."""

    def call(*args):
        monkeypatch.setattr(sys, "argv", ["ner-engine", *map(str, args)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return end.value.code, out, err

    return call


def process(*args, **options):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    return subprocess.Popen(
        [*COMMAND, *map(str, args)],
        stdin=options.pop("stdin", subprocess.DEVNULL),
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=options.pop("stderr", subprocess.PIPE),
        env=environment,
        **options,
    )


def _rows(text):
    return [json.loads(line) for line in text.splitlines()]


def _found(row):
    return [(e["text"], e["label"], e["josa"]) for e in row["entities"]]


FOUND = [("부산", "LC", "에서"), ("오하늘", "PS", "")]


# every command


def _commands(group, path=()):
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name)


ALL = list(_commands(get_command(app)))


def test_the_commands_there_are():
    top = {path[0] for path in ALL}
    assert top >= {"chat", "extract", "train", "vectors", "evaluate", "corpus", "models"}
    models = {path[1] for path in ALL if path[0] == "models"}
    assert models == {"check", "diff", "export", "gc", "history", "list", "promote", "rollback", "show", "verify"}


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_help_has_an_example_of_its_command(path):
    result = run(*path, "--help")
    assert result.exit_code == 0
    assert "Example" in result.stdout
    assert f"ner-engine {' '.join(path)}" in result.stdout


def test_the_version():
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"ner-engine {ner_engine.__version__}\n")


# extract


def test_the_clock_of_extracted_values_is_fixed_with_now():
    text = "모레 오후 세 시요"
    options = ("--json", "--now", "2026-07-23T17:00")
    (row,) = _rows(run("extract", *options, text).stdout)
    assert [e["value"]["value"] for e in row["entities"]] == ["2026-07-25", "15:00"]
    (bare,) = _rows(run("extract", *options, "--no-values", text).stdout)
    assert [e["value"] for e in bare["entities"]] == [None, None]
    assert [e["text"] for e in bare["entities"]] == ["모레", "오후 세 시"]


def test_a_clock_that_is_none_is_wrong_use(ne):
    code, out, err = ne("extract", "--now", "글피", "네")
    assert (code, out) == (2, "")
    assert "--now" in err
    assert "expected a date and time such as 2026-07-23T17:00; got '글피'" in " ".join(
        err.replace("│", " ").split()
    )


def test_a_text_is_one_line_of_json(tiny_bundle):
    result = run("extract", "-b", tiny_bundle, BUSAN)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert BUSAN in result.stdout  # Hangul, not escapes
    (row,) = _rows(result.stdout)
    assert list(row) == ["text", "entities"]
    assert row["text"] == BUSAN
    assert _found(row) == FOUND
    for e in row["entities"]:
        assert set(e) == {"text", "start", "end", "label", "score", "source", "value", "josa"}
        assert BUSAN[e["start"] : e["end"]] == e["text"]


def test_texts_files_and_stdin_in_the_order_given(tiny_bundle, tmp_path):
    lines = tmp_path / "lines.txt"
    lines.write_bytes("\ufeff강남역 가는 길 알려줘\r\n\n  \n고마워요 정말".encode())
    records = tmp_path / "records.jsonl"
    records.write_text(f'{{"id": 7, "text": "{BUSAN}", "more": 1}}\n\n{{"text": "네"}}\n', encoding="utf-8")
    result = run("extract", "-b", tiny_bundle, "아니", lines, "-", records, stdin="홍대 가는 길 알려줘\n\n응\n")
    assert result.exit_code == 0
    rows = _rows(result.stdout)
    assert [row["text"] for row in rows] == [
        "아니", "강남역 가는 길 알려줘", "고마워요 정말", "홍대 가는 길 알려줘", "응", BUSAN, "네",
    ]  # fmt: skip
    assert [row.get("id") for row in rows] == [None] * 5 + [7, None]
    assert "more" not in rows[5]
    assert [len(row["entities"]) for row in rows] == [0, 1, 0, 1, 0, 2, 0]


def test_labels_scores_and_batches(tiny_bundle):
    def labels(*options):
        (row,) = _rows(run("extract", "-b", tiny_bundle, *options, BUSAN).stdout)
        return [e["label"] for e in row["entities"]]

    assert labels() == ["LC", "PS"]
    assert labels("-l", "PS") == ["PS"]
    assert labels("--label", "PS", "--label", "LC") == ["LC", "PS"]
    assert labels("--min-score", "1") == []
    assert labels("--batch-size", "1", "--threads", "2") == ["LC", "PS"]


def test_plain_text_marks_its_entities(tiny_bundle):
    result = run("extract", "-b", tiny_bundle, "--plain", BUSAN, "고마워요 정말")
    marked, nothing = result.stdout.splitlines()
    assert re.fullmatch(
        r"부산\[LC 0\.\d\d\]에서 오하늘\[PS 0\.\d\d\] 만나기로 했어", marked
    )  # no colour in a pipe
    assert nothing == "고마워요 정말"


@pytest.mark.parametrize("as_json", ["--json", "--plain"])
def test_characters_that_no_encoding_has(tiny_bundle, tmp_path, as_json):
    file = tmp_path / "x.jsonl"
    file.write_text('{"text": "\\ud83d 부산 가는 길 \\udfff"}\n', encoding="utf-8")
    raw = tmp_path / "raw.txt"
    raw.write_bytes(b"\xff\xfe " + "부산 가는 길".encode() + b"\0 \x80\n")
    result = run("extract", "-b", tiny_bundle, as_json, file, raw, "-", stdin=raw.read_bytes())
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 3
    if as_json == "--json":
        assert [row["text"] for row in _rows(result.stdout)] == [
            "\ud83d 부산 가는 길 \udfff",
            *["\udcff\udcfe 부산 가는 길\0 \udc80"] * 2,
        ]


def test_an_argument_that_could_be_no_file_name_is_a_text(tiny_bundle):
    texts = ["가나다" * 50, "a" * 5000, "부산/없는/길", "3.5"]
    result = run("extract", "-b", tiny_bundle, *texts)
    assert [row["text"] for row in _rows(result.stdout)] == texts


def test_what_can_only_be_a_file_has_to_be_there(tmp_path):
    for given in (str(tmp_path), "missing.txt", "없는/말뭉치.jsonl"):
        with pytest.raises(DataError) as error:
            list(EXTRACT.read_texts([given], stdin=io.StringIO()))
        assert str(error.value) == f"{given}: expected a text, a file of texts, or '-'; no such file"


def test_a_line_without_end_comes_in_pieces_cut_at_spaces(monkeypatch):
    monkeypatch.setattr(EXTRACT, "LONGEST_LINE", 20)
    words = [f"낱말{i}" for i in range(40)]
    text = " ".join(words) + "\n" + "가" * 95 + "\n끝"
    pieces = [row["text"] for row in EXTRACT.read_texts(["-"], stdin=io.StringIO(text))]
    assert all(len(piece) <= 40 for piece in pieces)
    assert "".join(pieces) == text.replace("\n", "")
    assert [w for piece in pieces for w in piece.split() if w.startswith("낱말")] == words
    assert pieces[-1] == "끝"


def test_a_record_that_is_none_is_told_with_its_line(ne, tiny_bundle, tmp_path):
    file = tmp_path / "x.jsonl"
    for line, message in (
        ("{", "expected a JSON object"),
        ("[]", "expected an object with a string 'text'"),
        ('{"text": 3}', "expected an object with a string 'text'"),
    ):
        file.write_text('{"text": "네"}\n' + line + "\n", encoding="utf-8")
        code, _, err = ne("extract", "-b", tiny_bundle, file)
        assert code == 1
        assert err.startswith(f"ner-engine: {file}:2: {message}")
        assert err.count("\n") == 1


# exit status and errors


def test_exit_status(ne, tiny_bundle):
    assert ne("extract", "-b", tiny_bundle, "네")[0] == 0
    assert ne("extract", "-b", "nowhere", "네")[0] == 1
    for wrong in (
        ["extract"], ["extract", "--batch-size", "0", "네"], ["extract", "--no-such-option", "네"], ["extrct"],
        ["models"], ["train"], [],
    ):  # fmt: skip
        code, out, err = ne(*wrong)
        assert code == 2, wrong
        assert "Traceback" not in out + err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("extract", "-b", "nowhere", "네"), "no bundle 'nowhere': expected a directory with bundle.json"),
        (("extract", "-b", "BUNDLE", "-l", "PER", "네"), "labels: expected some of PS, LC; got 'PER'"),
        (("models", "show", "nowhere"), "no bundle 'nowhere'"),
        (("models", "verify", "nowhere"), "no bundle 'nowhere'"),
        (("models", "export", "nowhere", "x"), "no bundle 'nowhere'"),
        (("train", "nowhere.toml"), "nowhere.toml: no such file; expected a TOML recipe"),
        (("train", "."), "expected a TOML recipe"),
    ],
)
def test_a_failure_is_one_line_on_stderr(ne, tiny_bundle, args, message):
    code, out, err = ne(*(str(tiny_bundle) if a == "BUNDLE" else a for a in args))
    assert code == 1
    assert out == ""
    assert err.startswith("ner-engine: ")
    assert message in err
    assert err.count("\n") == 1


def test_debug_shows_the_traceback(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["ner-engine", "--debug", "extract", "-b", "nowhere", "네"])
    with pytest.raises(ner_engine.NerEngineError):
        main()


# models


@pytest.fixture
def named(tiny_bundle, tmp_path, monkeypatch):
    shutil.copytree(tiny_bundle, tmp_path / "models" / "tiny")
    monkeypatch.setattr(pointer_module, "_roots", lambda models: [tmp_path / "models"])
    return tmp_path / "models" / "tiny"


def test_models_list(named):
    (row,) = [line.split("\t") for line in run("models", "list").stdout.splitlines()]
    assert row[0] == "tiny"
    assert re.fullmatch(r"\d+\.\d MB", row[1])
    assert row[2:] == ["PS LC", "Apache-2.0"]
    shutil.rmtree(named)
    result = run("models", "list")
    assert (result.exit_code, result.stdout) == (0, "")


def test_models_show(named):
    assert run("models", "show", "tiny").stdout == (named / "CARD.md").read_text(encoding="utf-8") + "\n"
    manifest = json.loads((named / "bundle.json").read_text(encoding="utf-8"))
    assert json.loads(run("models", "show", "tiny", "--json").stdout) == manifest


def test_models_verify(named, ne):
    result = run("models", "verify", "tiny")
    assert (result.exit_code, result.stdout) == (0, f"{named}: whole, 6 files\n")
    with (named / "weights.safetensors").open("ab") as file:
        file.write(b"\0")
    code, out, err = ne("models", "verify", "tiny")
    assert (code, out) == (1, "")
    assert "weights.safetensors: its SHA-256 is not the manifest's" in err


def test_models_export(named, ne, tmp_path):
    target = tmp_path / "out" / "mine"
    result = run("models", "export", "tiny", target)
    assert (result.exit_code, result.stdout) == (0, f"{target}\n")
    assert load_bundle(target).name == "tiny"
    code, _, err = ne("models", "export", "tiny", target)
    assert code == 1
    assert f"{target}: exists; expected a new directory" in err


# train


def test_train_end_to_end(tmp_path, ne):
    recipe = write_tiny(tmp_path)
    output, work = tmp_path / "out" / "bundle", tmp_path / "work"
    settings = ["--set", "training.epochs=2", "--set=network.backbone=gru", "--set", "name=mine"]
    result = run("train", recipe, *settings, "--output", output, "--work", work, "--device", "cpu")
    assert result.exit_code == 0
    bundle = load_bundle(output)
    assert (bundle.name, bundle.network.backbone) == ("mine", "gru")
    assert (
        "--set=training.epochs=2 --set=network.backbone=gru --set=name=mine" in (output / "CARD.md").read_text()
    )
    assert sorted(f.name for f in work.iterdir()) == ["best.safetensors", "last.safetensors"]
    # on stdout the report of each dev and test source, on stderr what goes on
    assert result.stdout.startswith("\ntrain.jsonl\n")
    for word in ("precision", "recall", "f1-score", "PS", "LC"):
        assert word in result.stdout
    lines = result.stderr.splitlines()
    assert re.fullmatch(r"train  train\.jsonl: \d+ sentences", lines[0])
    assert re.fullmatch(r"dev    train\.jsonl: \d+ sentences", lines[1])
    epochs = [line for line in lines if line.startswith("epoch ")]
    assert [line.split()[1] for line in epochs] == ["1/2", "2/2"]
    assert all("dev F1 train.jsonl" in line for line in epochs)
    assert lines[-1].startswith(f"bundle: {output} (")
    assert "\x1b" not in result.stdout + result.stderr

    code, _, err = ne("train", recipe, "--resume", "--set", "training.epochs=3", "--work", work)
    assert code == 1
    assert "made by another recipe or other data" in err
    code, _, err = ne("train", recipe, "--set", "training.epoch=3")
    assert code == 1
    assert err.startswith(f"ner-engine: {recipe}: unknown key 'training.epoch'")


def test_by_default_train_writes_below_the_current_folder(tmp_path, monkeypatch):
    recipe = write_tiny(tmp_path)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert run("train", recipe, "--set", "training.epochs=1").exit_code == 0
    load_bundle(tmp_path / "here" / "models" / "tiny")
    assert (tmp_path / "here" / "runs" / "tiny" / "last.safetensors").exists()


# real processes


def test_in_a_pipe(tiny_bundle):
    with process("extract", "-b", tiny_bundle, "-", stdin=subprocess.PIPE) as pipe:
        out, err = pipe.communicate(BUSAN.encode() + b"\n\xff\n")
    assert (pipe.returncode, err) == (0, b"")
    first, second = _rows(out.decode("utf-8"))
    assert _found(first) == FOUND
    assert second == {"text": "\udcff", "entities": []}
    assert b"\x1b" not in out


def test_a_reader_that_goes_away_is_no_news(tiny_bundle, tmp_path):
    file = tmp_path / "many.txt"
    file.write_text((BUSAN + "\n") * 4000, encoding="utf-8")
    with process("extract", "-b", tiny_bundle, file) as pipe:
        assert _found(json.loads(pipe.stdout.readline())) == FOUND
        pipe.stdout.close()
        assert pipe.stderr.read() == b""
    assert pipe.returncode in (0, 1)


def test_a_failing_process_says_one_line_and_with_debug_its_traceback():
    with process("extract", "-b", "nowhere", "네") as pipe:
        out, err = pipe.communicate()
    assert (pipe.returncode, out) == (1, b"")
    assert err.startswith(b"ner-engine: no bundle 'nowhere'")
    assert err.count(b"\n") == 1
    with process("--debug", "extract", "-b", "nowhere", "네") as pipe:
        _, err = pipe.communicate()
    assert pipe.returncode == 1
    assert err.startswith(b"Traceback")
    assert b"BundleError" in err


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_on_a_terminal_it_is_coloured_text(tiny_bundle):
    outer, inner = os.openpty()
    environment = {"TERM": "xterm", "NO_COLOR": ""}
    with process("extract", "-b", tiny_bundle, BUSAN, stdout=inner, env=environment) as pipe:
        os.close(inner)
        seen = b""
        try:
            while data := os.read(outer, 4096):
                seen += data
        except OSError:  # the other end is closed
            pass
        os.close(outer)
    assert pipe.returncode == 0
    text = seen.decode("utf-8")
    assert "\x1b[32m\x1b[1m부산\x1b[0m" in text
    assert re.sub(r"\x1b\[\d+m", "", text).startswith("부산[LC 0.")
