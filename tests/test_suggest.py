"""``suggest`` and its command on a tiny trained tagger: what is chosen, left out and written, in what memory."""

from __future__ import annotations

import gzip
import importlib
import json
import tracemalloc
from dataclasses import fields
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

pytest.importorskip("torch", reason="needs the train extra")

from ner_engine.bundle import load_bundle
from ner_engine.cli import app
from ner_engine.datasets import read
from ner_engine.engine import Engine
from ner_engine.errors import ConfigError, DataError
from ner_engine.feedback.exchange import corrections_in, read_tasks
from ner_engine.spans import Span
from ner_engine.suggest import suggest
from ner_engine.suggest.disagreement import Bundles, difference, spans_of
from ner_engine.suggest.strategies import STRATEGIES, Measured, random_worth
from ner_engine.suggest.suggestions import COSTS, LONGEST
from ner_engine.suggest.uncertainty import Doubt
from tests.conftest import tiny_sentences

# what the tagger was trained on, and what it has never seen the like of
EASY = list(dict.fromkeys(s.text for s in tiny_sentences()))[:30]
HARD = [
    "선우용녀한테 물어보고 을지로입구역으로 와",
    "황보라미랑 해운대 갔다가 왕십리에서 독고영재 만났어",
    "제갈공명이 수원 화성행궁에서 기다린대",
    "사공일은 청량리 말고 답십리로 온다던데",
    "탁재훈이랑 나들이 삼아 덕수궁 돌담길 걷자",
]


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return Engine(load_bundle(tiny_bundle), values=False)


@pytest.fixture
def command(tmp_path, tiny_bundle):
    def run(*options, texts=(*EASY, *HARD), stdin=None):
        (tmp_path / "texts.txt").write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        source = "-" if stdin is not None else tmp_path / "texts.txt"
        parts = ["suggest", source, "-b", tiny_bundle, *options]
        return CliRunner().invoke(app, [str(part) for part in parts], input=stdin)

    return run


@pytest.mark.parametrize("strategy", ["expected", "margin", "entropy"])
def test_what_the_tagger_has_not_learnt_comes_first(engine, strategy):
    texts = [*EASY, *HARD]
    chosen, report = suggest(texts, engine, count=len(texts), strategy=strategy, typicality=0)
    assert report.read == len(chosen) == len(texts)
    ranks = [rank for rank, one in enumerate(chosen) if one.sentence.text in HARD]
    assert ranks[0] == 0
    assert sum(ranks) / len(ranks) < 0.8 * len(texts) / 2
    for one in chosen:
        assert texts[one.place - 1] == one.sentence.text
        assert list(one.sentence.entities) == spans_of(engine, [one.sentence.text])[0]
    gains = [one.gain for one in chosen]
    assert gains == sorted(gains, reverse=True)


def test_the_same_input_gives_the_same_choice_whatever_its_order(engine):
    first, _ = suggest([*EASY, *HARD], engine, count=8)
    again, _ = suggest([*EASY, *HARD], engine, count=8)
    assert first == again
    turned, _ = suggest([*HARD, *EASY][::-1], engine, count=8)
    assert {one.sentence.text for one in turned} == {one.sentence.text for one in first}


def test_what_needs_no_label_is_left_out_and_counted(engine):
    texts = [HARD[0], "", " \t\u200b!?", HARD[0], HARD[0].replace(" ", "") + " ", HARD[1], "길" * 301, EASY[0]]
    chosen, report = suggest(texts, engine, count=9, labelled=[EASY[0].replace(" ", "  ")])
    assert sorted(one.place for one in chosen) == [1, 6]
    counted = {field.name: getattr(report, field.name) for field in fields(report)}
    assert counted == {"read": 8, "empty": 2, "long": 1, "labelled": 1, "repeated": 2}
    assert suggest([], engine, count=3)[0] == []


def test_words_that_are_labelled_already_count_less(engine):
    plain, _ = suggest(HARD, engine, count=5, novelty=0)
    assert all(one.new == 1.0 for one in suggest(HARD[:1], engine, count=1)[0])
    after, _ = suggest(HARD, engine, count=5, labelled=[f"{HARD[2]} 그랬지"], novelty=1)
    assert {one.sentence.text for one in after} == {one.sentence.text for one in plain}
    (known,) = (one for one in after if one.sentence.text == HARD[2])
    assert known.new == 0.0


def test_random_is_drawn_by_the_seed_alone(engine):
    def drawn(seed):
        return [one.sentence.text for one in suggest(EASY, engine, count=5, strategy="random", seed=seed)[0]]

    assert drawn(1) == drawn(1) == sorted(EASY, key=lambda text: -random_worth(text, 1))[:5]
    assert drawn(1) != drawn(2)


def test_a_pool_that_holds_no_more_than_is_wanted_holds_the_best(engine, monkeypatch):
    monkeypatch.setattr("ner_engine.suggest.suggestions._HELD", 1)
    monkeypatch.setattr("ner_engine.suggest.suggestions._HELD_LEAST", 1)
    monkeypatch.setattr("ner_engine.suggest.suggestions._CHUNK", 7)
    texts = [*EASY, *HARD] * 3
    drawn, report = suggest(texts, engine, count=6, strategy="random")
    best = sorted({*EASY, *HARD}, key=lambda text: -random_worth(text, 1))[:6]
    assert [one.sentence.text for one in drawn] == best
    assert report.read == len(texts)


def test_emissions_are_what_the_engine_decides_by(engine):
    texts = [*HARD, EASY[0]]
    emissions, lengths = engine.emissions(texts)
    assert emissions.shape == (len(texts), max(lengths), len(engine.decoder.tags))
    for text, found, row, length in zip(
        texts, engine.pipe(texts, min_score=0.0), emissions, lengths, strict=True
    ):
        (spans,) = engine.decoder.spans(row[None, :length], lengths[:1] * 0 + length)
        visible = [i for i, c in enumerate(text) if not c.isspace()]
        told = [(visible[span.start], visible[span.end - 1] + 1, span.label) for span, _ in spans]
        assert told == [(e.start, e.end, e.label) for e in found]
    with pytest.raises(ValueError, match="a visible character"):
        engine.emissions(["강남역", " "])


def test_a_text_costs_what_it_has_characters_where_asked(engine):
    long = " ".join(HARD)
    by_sentence, _ = suggest([HARD[0], long], engine, count=1, novelty=0, typicality=0, longest=1000)
    by_character, _ = suggest(
        [HARD[0], long], engine, count=2, cost="characters", novelty=0, typicality=0, longest=1000
    )
    assert by_sentence[0].sentence.text == long
    ratio = {one.sentence.text: one.gain * (30 + len(one.sentence.text)) for one in by_character}
    doubt = {one.sentence.text: one.doubt.mistakes for one in by_character}
    first = by_character[0].sentence.text  # the second's gain is what diversity leaves of it
    assert ratio[first] == pytest.approx(doubt[first])


def test_strategies_read_what_they_are_named_after():
    doubt = Doubt(margin=0.25, entropy=6.0, units=12, found=4, expected=3.0, wrong=1.0, missing=0.5)
    measured = Measured(doubt, disagreement=0.5, new=0.75, draw=0.125)
    worth = {name: strategy(measured) for name, strategy in STRATEGIES.items()}
    assert worth == {
        "expected": 3.0,
        "margin": 0.75, "entropy": 0.5, "entities": 0.25, "disagreement": 0.5,
        "novelty": 0.75, "random": 0.125,
    }  # fmt: skip
    nothing = Doubt(margin=1.0, entropy=0.0, units=0, found=0, expected=0.0, wrong=0.0, missing=0.0)
    assert STRATEGIES["entities"](Measured(nothing, 0.0, 0.0, 0.0)) == 0.0


def test_difference_is_one_less_the_agreement_on_shared_labels():
    a, b, c = Span(0, 2, "PS"), Span(3, 5, "LC"), Span(6, 8, "FOOD")
    both = {"PS", "LC"}
    assert difference([a, b], [[a, b]], both) == 0.0
    assert difference([a, b, c], [[a, b]], both) == 0.0  # the others have no FOOD
    assert difference([a], [[b], [a]], both) == 0.5
    assert difference([a, b], [[a]], both) == pytest.approx(1 / 3)
    assert difference([], [[], []], both) == 0.0
    assert difference([], [[a]], both) == 1.0


def test_a_committee_of_the_tagger_itself_agrees(engine):
    chosen, _ = suggest(HARD, engine, count=5, strategy="disagreement", committee=Bundles([engine, engine]))
    assert [one.disagreement for one in chosen] == [0.0] * 5
    assert [one.place for one in chosen] == [1, 2, 3, 4, 5]  # all alike: in the order of the input


def test_dropout_passes_differ_where_the_tagger_is_unsure(engine, tiny_bundle):
    from ner_engine.training.dropout import DropoutPasses

    passes = DropoutPasses(str(tiny_bundle), passes=12, seed=3)
    assert passes.labels == {"PS", "LC"}
    answers = passes.answers([*HARD, "", *EASY])
    assert answers == passes.answers([*HARD, "", *EASY])
    assert all(len(of_text) == 12 for of_text in answers)
    assert answers[len(HARD)] == [[]] * 12

    def apart(texts):
        given = zip(spans_of(engine, texts), passes.answers(texts), strict=True)
        return sum(difference(own, others, passes.labels) for own, others in given) / len(texts)

    assert apart(HARD) > 2 * apart(EASY)
    with pytest.raises(ConfigError, match="dropout: expected at least 2 passes; got 1"):
        DropoutPasses(str(tiny_bundle), passes=1, seed=3)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"count": 0}, "count: expected at least 1; got 0"),
        ({"strategy": "best"}, "strategy: expected one of expected, margin"),
        ({"strategy": "disagreement"}, "needs other bundles or dropout passes"),
        ({"cost": "words"}, "cost: expected one of sentence, characters; got 'words'"),
        ({"diversity": -1}, "diversity: expected a number from 0 to 100"),
        ({"novelty": float("nan")}, "novelty: expected a number from 0 to 100"),
        ({"longest": 0}, "longest: expected at least 1 character"),
    ],
)
def test_options_that_no_run_could_use_are_refused(engine, options, told):
    with pytest.raises(ConfigError, match=told):
        suggest(HARD, engine, **{"count": 1, **options})


def test_memory_does_not_grow_with_the_input(engine, monkeypatch):
    """Ten times as many texts take no more memory; the tagger is left out, for it is the same for all."""
    doubt = Doubt(margin=0.5, entropy=1.0, units=9, found=1, expected=1.0, wrong=0.5, missing=0.5)
    monkeypatch.setattr("ner_engine.suggest.suggestions._measure", lambda engine, texts: [doubt] * len(texts))
    monkeypatch.setattr("ner_engine.suggest.suggestions._HELD_LEAST", 50)
    monkeypatch.setattr("ner_engine.suggest.suggestions._CHUNK", 64)

    def letters(number):
        return "".join(chr(0xAC00 + int(digit)) for digit in str(number)) + " 앞에서 보자"

    def peak(count):
        tracemalloc.start()
        chosen, report = suggest((letters(i) for i in range(count)), engine, count=5)
        assert len(chosen) == 5
        assert report.read == count
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(300)  # what is loaded once
    assert peak(3000) < 1.2 * peak(300)


def test_the_command_writes_what_feedback_takes_in_once_somebody_has_labelled_it(command, tmp_path):
    out = tmp_path / "next.jsonl"
    done = command("-n", 3, "--typicality", 0, "-o", out)
    assert done.exit_code == 0, done.exception
    assert done.stdout == ""
    assert "3 of 35 texts; " in done.stderr
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert rows[0]["text"] in HARD
    texts = [*EASY, *HARD]
    assert [texts[row["line"] - 1] for row in rows] == [row["text"] for row in rows]
    assert all(row["bundle"].startswith("tiny@") and 0 <= row["suggested"]["margin"] <= 1 for row in rows)
    assert list(read(out).sentences) == []  # so that nobody trains on what the tagger said
    now = datetime(2026, 7, 23, 9, tzinfo=UTC)
    given = corrections_in(read_tasks(out), at=now, source="jsonl")
    assert (len(given.corrections), given.unlabelled, given.mismatches) == (0, 3, ())
    corrected = [{**row, "labelled": True, "entities": []} for row in rows]
    out.write_text("".join(json.dumps(row) + "\n" for row in corrected), encoding="utf-8")
    assert [s.text for s in read(out).sentences] == [row["text"] for row in rows]
    given = corrections_in(read_tasks(out), at=now, source="jsonl")
    assert [one.text for one, _ in given.corrections] == [row["text"] for row in rows]
    assert all(one.entities == () and one.bundle.startswith("tiny@") for one, _ in given.corrections)


@pytest.mark.parametrize("form", ["doccano", "labelstudio"])
def test_labelling_tools_get_the_same_annotation(command, tmp_path, form):
    native = [json.loads(line) for line in command("-n", 4).stdout.splitlines()]
    expected = [[(e["start"], e["end"], e["label"]) for e in row["entities"]] for row in native]
    assert sum(map(len, expected)) >= 4
    out = tmp_path / "next.json"
    assert command("-n", 4, "-f", form, "-o", out).exit_code == 0
    tasks = [task for task, _ in read_tasks(out, format=form).tasks]
    assert [task.text for task in tasks] == [row["text"] for row in native]
    assert [[(s.start, s.end, s.label) for s in task.shown] for task in tasks] == expected
    assert [task.score for task in tasks] == [row["score"] for row in native]
    assert {task.bundle for task in tasks} == {row["bundle"] for row in native}
    about = [json.loads(task.about) for task in tasks]
    assert [(a["line"], a["suggested"]) for a in about] == [(row["line"], row["suggested"]) for row in native]
    if form == "labelstudio":
        assert all(task.entities is None for task in tasks)
        assert json.loads(command("-f", form, texts=["", " "]).stdout) == []


def test_texts_come_from_stdin_gzip_json_lines_and_columns(command, tmp_path, tiny_bundle):
    def texts(*options, stdin=None):
        parts = ["suggest", *options, "-b", tiny_bundle, "-n", 9]
        done = CliRunner().invoke(app, [str(part) for part in parts], input=stdin)
        assert done.exit_code == 0, done.exception
        return {json.loads(line)["text"] for line in done.stdout.splitlines()}

    lines = "".join(f"{text}\n" for text in HARD)
    assert texts("-", stdin=lines) == set(HARD)
    packed = tmp_path / "hard.txt.gz"
    packed.write_bytes(gzip.compress(lines.encode()))
    assert texts(packed) == set(HARD)
    objects = tmp_path / "hard.jsonl"
    objects.write_text("".join(json.dumps({"text": t}) + "\n\n" for t in HARD), encoding="utf-8")
    assert texts(objects) == set(HARD)
    table = tmp_path / "hard.tsv"
    table.write_text("".join(f"{i}\t{t}\n" for i, t in enumerate(HARD)), encoding="utf-8")
    assert texts(table, "--column", 2) == set(HARD)
    objects.write_text('{"text": "하나"}\n{"txt": "둘"}\n', encoding="utf-8")
    done = CliRunner().invoke(app, ["suggest", str(objects), "-b", str(tiny_bundle)])
    assert isinstance(done.exception, DataError)
    assert f"{objects}:2: expected an object with a string 'text'" in str(done.exception)
    done = CliRunner().invoke(
        app, ["suggest", "-", "-b", str(tiny_bundle)], input="하나\n".encode() + b"\xff\xfe\n"
    )
    assert isinstance(done.exception, DataError)
    assert "stdin:2: expected UTF-8 text" in str(done.exception)


def test_labelled_files_and_other_bundles_are_read(command, tmp_path, tiny_bundle):
    (tmp_path / "done.jsonl").write_text(json.dumps({"text": HARD[0], "entities": []}) + "\n", encoding="utf-8")
    done = command("-n", 9, "--labelled", tmp_path / "done.jsonl", "--with", tiny_bundle, texts=HARD)
    assert done.exit_code == 0, done.exception
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["text"] for row in rows} == set(HARD[1:])
    assert {row["suggested"]["disagreement"] for row in rows} == {0.0}
    assert "4 of 5 texts (1 labelled already)" in done.stderr
    again = command("-n", 2, "--strategy", "disagreement", "--dropout", 6)
    assert again.exit_code == 0, again.exception
    assert all(json.loads(line)["suggested"]["disagreement"] > 0 for line in again.stdout.splitlines())


def test_wrong_use_is_said_and_nothing_is_written(command, tmp_path):
    out = tmp_path / "next.jsonl"
    assert command("--strategy", "best", "-o", out).exit_code == 2
    assert command("-f", "conll", "-o", out).exit_code == 2
    assert command("--cost", "words", "-o", out).exit_code == 2
    assert command("--strategy", "disagreement", "-o", out).exit_code == 2
    assert command("--with", "x", "--dropout", 3, "-o", out).exit_code == 2
    assert not out.exists()
    over = command("-o", tmp_path / "texts.txt")
    assert over.exit_code == 2
    assert (tmp_path / "texts.txt").read_text(encoding="utf-8").splitlines() == [*EASY, *HARD]


def test_the_command_knows_what_the_package_knows():
    # it names them without importing the package
    command = importlib.import_module("ner_engine.cli.suggest")
    assert list(STRATEGIES) == command._STRATEGIES
    assert list(COSTS) == command._COSTS
    assert command._LONGEST == LONGEST
