"""``new-domain``: what it writes works unchanged, is written whole or not at all, and takes what is already there
for somebody's work."""

from __future__ import annotations

import csv
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ner_engine.chatbot import load_rules
from ner_engine.chatbot.lint.linting import lint as lint_bot
from ner_engine.chatbot.playback.playing import play
from ner_engine.chatbot.playback.transcript import read_transcript
from ner_engine.cli import app
from ner_engine.config import load_recipe
from ner_engine.datasets import read
from ner_engine.datasets.generate import generate_corpus
from ner_engine.domains import COMMON, DomainLabel, default_labels, new_domain, parse_labels
from ner_engine.domains import scaffold as writing
from ner_engine.errors import ConfigError
from ner_engine.rules import read_rules
from ner_engine.rules.lint import lint as lint_rules

CLINIC = ("SYMPTOM=증상,BODY=몸", "DEPARTMENT=진료과, DT")


def _domain(folder: Path, name: str = "repair-desk", labels: tuple[str, ...] = ()) -> Path:
    new_domain(name, folder / name, labels=parse_labels(labels) if labels else None)
    return folder / name


@pytest.fixture(scope="module", params=["repair-desk", "clinic"])
def domain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    labels = CLINIC if request.param == "clinic" else ()
    return _domain(tmp_path_factory.mktemp("domains"), request.param, labels)


def _labels(domain: Path) -> set[str]:
    own = ("SYMPTOM", "BODY", "DEPARTMENT") if domain.name == "clinic" else ("ITEM", "FAULT")
    return {*own, *COMMON}


def test_the_recipe_names_the_labels_and_only_what_is_there(domain: Path) -> None:
    recipe = load_recipe(domain / "recipe.toml")
    assert set(recipe.data.labels) == _labels(domain)
    assert recipe.name == domain.name
    sources = [*recipe.data.train, *recipe.data.dev, *recipe.data.test]
    files = [source.path for source in sources] + [f for fs in recipe.features.gazetteers.values() for f in fs]
    assert [file for file in files if not (domain / recipe.data.root / file).exists()] == []


def test_the_grammar_says_every_label_and_the_same_for_the_same_seed(domain: Path) -> None:
    said = list(generate_corpus(count=600, seed=5, source=domain))
    assert {span.label for sentence in said for span in sentence.entities} == _labels(domain)
    assert said == list(generate_corpus(count=600, seed=5, source=domain))
    bare = sum(not sentence.entities for sentence in said) / len(said)
    assert 0.1 < bare < 0.5  # enough that is no entity, and not mostly that


def test_the_utterances_to_evaluate_on_are_no_two_alike_and_not_the_grammars(domain: Path) -> None:
    parts = [read(domain / f"{part}.txt") for part in ("dev", "test")]
    assert not any(corpus.problems for corpus in parts)
    texts = [sentence.text for corpus in parts for sentence in corpus.sentences]
    assert len(set(texts)) == len(texts)
    for corpus in parts:
        found = {span.label for sentence in corpus.sentences for span in sentence.entities}
        assert found == _labels(domain)
        assert any(not sentence.entities for sentence in corpus.sentences)
    generated = {sentence.text for sentence in generate_corpus(count=2000, seed=1, source=domain)}
    assert generated.isdisjoint(texts)


def test_the_lexicons_are_dictionaries_of_the_rules_too(domain: Path) -> None:
    files = sorted((domain / "lexicons").glob("*.csv"))
    labels = {
        row["label"] for file in files for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    }
    assert labels == _labels(domain) - set(COMMON)
    assert lint_rules(files) == []
    assert read_rules(*files) is not None


def test_the_bot_is_clean_and_passes_its_transcript_without_any_model(domain: Path) -> None:
    rules = domain / "bot" / f"{domain.name}.yaml"
    assert list(lint_bot(str(rules), labels=tuple(_labels(domain)))) == []
    talks = sorted((domain / "bot" / "transcripts").glob("*.txt"))
    assert talks
    for talk in talks:
        played = play(load_rules(rules), read_transcript(talk), lambda text, now: ())
        assert not played.differences, played.differences


def test_the_guideline_shows_every_label_and_marks_nothing_else(domain: Path) -> None:
    text = (domain / "GUIDELINE.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| `([A-Z]+)` \|", text, re.M)
    assert set(table) == _labels(domain)
    assert set(re.findall(r"<[^<>]+:([A-Z]+)>", text.replace("<text:LABEL>", ""))) == _labels(domain)
    left = [path for path in domain.rglob("*") if path.is_file() and re.search("%[A-Z0-9-]+%", path.read_text())]
    assert left == []


def test_train_evaluate_and_chat_run_on_it_unchanged(domain: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the extra train")
    bundle = tmp_path / "bundle"
    small = [
        'data.train=[{name="generated", path=".", generate=150, seed=1}]',
        "network.hidden=8",
        "training.epochs=1",
        "training.threads=1",
        "features.buckets={bigram=64, trigram=64, morpheme=64}",
        "features.inputs={syllable=8, morpheme=4, gazetteer=1}",
    ]
    settings = [part for setting in small for part in ("--set", setting)]
    work = ["--work", str(tmp_path / "work")]
    _run("train", str(domain / "recipe.toml"), *settings, "-o", str(bundle), *work)
    scores = json.loads(_run("evaluate", str(bundle), str(domain / "test.txt"), "--json"))
    assert scores
    rules = str(domain / "bot" / f"{domain.name}.yaml")
    said = _run("chat", "--bundle", str(bundle), "--rules", rules, "--plain", typed="내일 예약할게요\n")
    assert said.splitlines()[0] == "안녕하세요, 우리 가게예요. 예약을 도와드릴게요."
    assert _run("bot", "lint", rules, "--bundle", str(bundle), "--strict") == ""


def _run(*args: str, typed: str | None = None) -> str:
    result = CliRunner().invoke(app, list(args), input=typed)
    assert result.exit_code == 0, (result.output, result.exception)
    return str(result.stdout)


def test_the_command_writes_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lines = _run("new-domain", "clinic", "--labels", CLINIC[0], "--labels", CLINIC[1]).splitlines()
    assert sorted(lines) == sorted(
        str(path.relative_to(tmp_path)) for path in (tmp_path / "clinic").rglob("*") if path.is_file()
    )
    assert "clinic/lexicons/department.csv" in lines
    assert (tmp_path / "clinic").stat().st_mode & 0o777 == 0o755
    assert [path.name for path in tmp_path.iterdir()] == ["clinic"]  # nothing is left beside it


@pytest.mark.parametrize("name", ["", "Clinic", "9lives", "a b", "../up", "치과", "x" * 41, "a\n"])
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="expected a name of at most 40 small letters"):
        new_domain(name, tmp_path / "there")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (["symptom=증상"], "expected 2 to 24 capital letters A to Z, as in SYMPTOM=증상; got 'symptom=증상'"),
        (["S-1=증상"], "capital letters"),
        (["X=증상"], "capital letters"),
        ([""], "capital letters"),
        (["SYMPTOM"], "label SYMPTOM: expected its Korean name, as in SYMPTOM=증상; got 'SYMPTOM'"),
        (["SYMPTOM=symptom"], "expected its Korean name"),
        (["SYMPTOM=증상]"], "expected its Korean name"),
        (["SYMPTOM=증상", "SYMPTOM=병"], "label SYMPTOM: expected once; got it twice"),
        (["SYMPTOM=증상,ILLNESS=증상"], "expected a Korean name of its own for each"),
        (["PS,DT"], "expected one at least besides PS, DT, TI; got none"),
        ([",".join(f"L{chr(65 + i)}=이름{chr(0xAC00 + i)}" for i in range(21))], "at most 20"),
    ],
)
def test_what_is_no_label_is_refused(labels: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        parse_labels(labels)


def test_what_is_there_already_stays(tmp_path: Path) -> None:
    theirs = tmp_path / "clinic"
    theirs.mkdir()
    (theirs / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="exists; expected a new folder"):
        new_domain("clinic", theirs)
    assert [path.name for path in theirs.iterdir()] == ["notes.txt"]
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="exists"):
        new_domain("clinic", link)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert new_domain("clinic", empty)


def test_nothing_is_left_of_one_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "load_grammar", full)
    with pytest.raises(ConfigError, match="expected a place to write to; got: No space left on device"):
        new_domain("clinic", tmp_path / "clinic")
    assert list(tmp_path.iterdir()) == []


def test_of_two_at_once_one_is_written_whole(tmp_path: Path) -> None:
    outcomes: list[object] = []
    ready = threading.Barrier(2)

    def write(labels: tuple[DomainLabel, ...]) -> None:
        ready.wait()
        try:
            outcomes.append(new_domain("desk", tmp_path / "desk", labels=labels))
        except ConfigError as error:
            outcomes.append(error)

    given = (default_labels(), parse_labels(["SYMPTOM=증상"]))
    threads = [threading.Thread(target=write, args=(labels,)) for labels in given]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (written,) = (outcome for outcome in outcomes if isinstance(outcome, tuple))
    assert sum(isinstance(outcome, ConfigError) for outcome in outcomes) == 1
    assert sorted(written) == sorted(path for path in (tmp_path / "desk").rglob("*") if path.is_file())
    assert [path.name for path in tmp_path.iterdir()] == ["desk"]


def _words(labels: tuple[DomainLabel, ...]) -> Iterator[str]:
    for label in labels:
        for forms in label.words:
            yield from forms


def test_the_words_it_begins_with_belong_to_one_label_each() -> None:
    words = list(_words(default_labels()))
    assert len(set(words)) == len(words)
