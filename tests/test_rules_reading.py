"""Files of rules read together, in Python and on the command line."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from ner_engine.cli import app
from ner_engine.engine import load
from ner_engine.errors import ConfigError, DataError
from ner_engine.rules import read_rules

MENU = "surface\tlabel\tcanonical\tsynonyms\n바닐라 라떼\tFOOD\tvanilla-latte\t바라\n오하늘\tFOOD\t\t\n"
CODES = '[[pattern]]\nname = "seat"\nlabel = "SEAT"\nregex = "[A-F][0-9]{1,2}번 좌석"\n'


@pytest.fixture
def files(tmp_path):
    (tmp_path / "menu.tsv").write_text(MENU, encoding="utf-8")
    (tmp_path / "codes.toml").write_text(CODES, encoding="utf-8")
    return tmp_path


def found(rules, text):
    return [(e.text, e.label, e.source, e.canonical) for e in rules.answer(text, [])]


def test_dictionaries_and_patterns_together(files):
    rules = read_rules(files / "menu.tsv", files / "codes.toml", "builtin")
    assert found(rules, "바라 하나 C7번 좌석으로, a@b.kr") == [
        ("바라", "FOOD", "gazetteer", "vanilla-latte"),
        ("C7번 좌석", "SEAT", "pattern", ""),
        ("a@b.kr", "EMAIL", "pattern", ""),
    ]
    assert read_rules().finders == ()


def test_spaces_labels_and_policy(files):
    text = "바닐라라떼 하나, 010-2345-6789"
    assert found(read_rules(files / "menu.tsv"), text) == []
    rules = read_rules(
        files / "menu.tsv", "builtin", ignore_spaces=True, labels={"PHONE": "QT"}, policy="model_first"
    )
    assert [(e.text, e.label) for e in rules.answer(text, [])] == [
        ("바닐라라떼", "FOOD"),
        ("010-2345-6789", "QT"),
    ]
    assert rules.policy == "model_first"


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("menu.txt", MENU, ConfigError, "menu.txt: expected a file of rules (.csv, .tsv"),
        ("gone.tsv", None, DataError, "gone.tsv"),
        ("menu.tsv", "surface\tlabel\n만두\n", DataError, "menu.tsv:2: "),
        ("bad.toml", '[[pattern]]\nname = "x"\nlabel = "X"\nregex = "(a+)+b"\n', ConfigError, "bad.toml:1: "),
    ],
)
def test_a_wrong_source_is_one_line(tmp_path, name, content, error, message):
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(error) as caught:
        read_rules(tmp_path / name)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_policy_is_refused():
    with pytest.raises(ConfigError, match="policy: expected one of"):
        read_rules(policy="loudest")


def run(*args):
    return CliRunner().invoke(app, ["extract", *map(str, args)])


def test_extract_with_rules(tiny_bundle, files):
    text = "부산에서 오하늘 만나 바라 마셨어"
    plain = [e.to_dict() for e in load(tiny_bundle).extract(text)]
    assert [e["label"] for e in plain] == ["LC", "PS"]
    row = json.loads(run("-b", tiny_bundle, "--json", "--rules", files / "menu.tsv", text).stdout)
    assert [(e["text"], e["label"], e["source"]) for e in row["entities"]] == [
        ("부산", "LC", "model"),
        ("오하늘", "FOOD", "gazetteer"),
        ("바라", "FOOD", "gazetteer"),
    ]
    options = ("--rules", files / "menu.tsv", "--policy", "model_first", "--label", "PS", "--label", "FOOD")
    row = json.loads(run("-b", tiny_bundle, "--json", *options, text).stdout)
    assert [(e["text"], e["label"]) for e in row["entities"]] == [("오하늘", "PS"), ("바라", "FOOD")]


def test_extract_explains(tiny_bundle, files):
    text = "부산에서 오하늘 만나"
    shown = run("-b", tiny_bundle, "--plain", "--explain", "--rules", files / "menu.tsv", text).stdout
    assert "+ FOOD [5, 8) 오하늘  1.00  gazetteer menu.tsv (menu.tsv:3)" in shown
    assert "rules_first: the gazetteer comes before the model" in shown
    row = json.loads(run("-b", tiny_bundle, "--json", "--explain", "--rules", files / "menu.tsv", text).stdout)
    assert row["text"] == text
    assert [e["source"] for e in row["kept"]] == ["model", "gazetteer"]
    assert [e["label"] for e in row["rejected"]] == ["PS"]
