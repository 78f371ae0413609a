"""Each figure of an evaluation against counting by hand, with an extractor that says what it is told."""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ner_engine.datasets.noise import chat_endings, jamo_typos, random_spaces
from ner_engine.errors import DataError, MissingExtra
from ner_engine.spans import Entity, Sentence, Span
from ner_engine.training.alignment import KINDS, align, confusion
from ner_engine.training.calibration import calibration
from ner_engine.training.evaluate import NOISES, Recall, evaluate
from ner_engine.training.metrics import Counts
from tests.conftest import entities_of, marked, tiny_sentences

pytest.importorskip("sklearn", reason="needs the train extra")
pytest.importorskip("seqeval", reason="needs the train extra")

Extractor = Callable[[Sequence[str]], list[list[Entity]]]


def saying(answers: Mapping[str, Sequence[Entity]]) -> Extractor:
    """An extractor that knows some texts, and finds nothing in others."""
    return lambda texts: [list(answers.get(text, ())) for text in texts]


def scored(sentence: Sentence, scores: Sequence[float]) -> list[Entity]:
    """Its gold spans as entities."""
    return entities_of(sentence.text, sentence.entities, scores)


# gold and predicted: one right, one boundary, one label, one missed, one spurious
GOLD = [
    marked("<김민수:PS>랑 <강남역:LC>에서 볼까"),
    marked("<스타벅스 강남점:OG>으로 와"),
    marked("<하늘:PS>이한테 <내일:DT> 말할게"),
    marked("그냥 집에 갈래"),
]
SAID = {
    GOLD[0].text: [Entity("김민수", 0, 3, "PS", 0.95), Entity("강남역에", 5, 8 + 1, "LC", 0.55)],
    GOLD[1].text: [Entity("스타벅스 강남점", 0, 8, "LC", 0.65)],
    GOLD[2].text: [Entity("내일", 6, 8, "DT", 0.9)],
    GOLD[3].text: [Entity("집", 3, 4, "LC", 0.25)],
}


def test_the_sentences_above_say_what_is_meant() -> None:
    assert GOLD[0].surface(Span(5, 9, "LC")) == "강남역에"
    assert GOLD[2].surface(Span(6, 8, "DT")) == "내일"
    assert GOLD[3].surface(Span(3, 4, "LC")) == "집"


def test_scores_and_mistakes_by_hand() -> None:
    result = evaluate(saying(SAID), GOLD, noise=False)
    assert result.spans.micro == Counts(right=2, predicted=5, gold=5)
    assert result.spans.labels["LC"] == Counts(0, 3, 1)
    # characters: 김민수 3, 강남역 3 and 에 too much, eight as LC for OG, 내일 2, 집 too much; 하늘 missed
    assert result.characters.micro == Counts(right=8, predicted=3 + 4 + 8 + 2 + 1, gold=3 + 3 + 8 + 2 + 2)
    assert [(m.kind, m.index, m.gold, m.predicted and m.predicted.text) for m in result.mistakes] == [
        ("wrong boundary", 0, Span(5, 8, "LC"), "강남역에"),
        ("wrong label", 1, Span(0, 8, "OG"), "스타벅스 강남점"),
        ("missed", 2, Span(0, 2, "PS"), None),
        ("spurious", 3, None, "집"),
    ]
    assert result.mistake_counts() == dict.fromkeys(KINDS, 1)
    assert (result.seen, result.unseen, dict(result.noise)) == (None, None, {})


def test_confusion_by_hand() -> None:
    result = evaluate(saying(SAID), GOLD, noise=False).confusion
    assert result.labels == ("DT", "LC", "OG", "PS")
    assert result.rows() == [
        ["gold \\ predicted", "DT", "LC", "OG", "PS", "missed"],
        ["DT", "1", "0", "0", "0", "0"],
        ["LC", "0", "1", "0", "0", "0"],
        ["OG", "0", "1", "0", "0", "0"],
        ["PS", "0", "0", "0", "1", "1"],
        ["spurious", "0", "1", "0", "0", "-"],
    ]


def test_confusion_of_nothing() -> None:
    assert confusion([[], []], [[], []]).counts == ((0,),)


def test_alignment_takes_equal_borders_before_larger_overlap() -> None:
    gold = [Span(0, 2, "LC"), Span(2, 9, "OG")]
    assert align(gold, [Span(0, 2, "OG")]) == [(1, None), (0, 0)]
    # the long one goes to the gold it shares most with, though it touches both; the other stays missed
    assert align(gold, [Span(1, 9, "LC")]) == [(0, None), (1, 0)]
    # of two equal overlaps the one with the same label
    assert align([Span(0, 2, "LC"), Span(2, 4, "PS")], [Span(1, 3, "PS")]) == [(0, None), (1, 0)]
    assert align([Span(0, 2, "PS")], [Span(2, 3, "PS")]) == [(0, None), (None, 0)]


def test_seen_and_unseen_recall_by_hand() -> None:
    train = [marked("<강남역:LC> 앞이야"), marked("<내일:DT> 봐"), marked("<하늘:LC> 봐"), marked("<내일:DT>은")]
    result = evaluate(saying(SAID), GOLD, train=train, noise=False)
    # seen with their label: 강남역 LC (borders wrong), 내일 DT (right). 하늘 was LC there, so PS is unseen.
    assert result.seen == Recall(right=1, gold=2)
    assert result.unseen == Recall(right=1, gold=3)
    assert result.to_dict()["unseen"] == {"recall": 33.33, "support": 3}
    assert evaluate(saying(SAID), GOLD, train=[], noise=False).seen == Recall(0, 0)


def test_calibration_error_by_hand() -> None:
    # bins of 1/15: 0.95 -> 14 right; 0.9 -> 13 right; 0.65 -> 9 wrong; 0.55 -> 8 wrong; 0.25 -> 3 wrong
    result = evaluate(saying(SAID), GOLD, noise=False).calibration
    assert result.ece == pytest.approx((0.05 + 0.1 + 0.65 + 0.55 + 0.25) / 5)
    assert [at for at, b in enumerate(result.bins) if b.count] == [3, 8, 9, 13, 14]
    assert len(result.bins) == 15


def test_calibration_averages_within_a_bin_before_it_compares() -> None:
    # 0.61 and 0.65 share the bin [0.6, 0.667): mean 0.63, half of them right; 1.0 belongs to the last bin
    result = calibration([(0.61, True), (0.65, False), (1.0, True), (0.0, False)])
    assert result.ece == pytest.approx(2 / 4 * abs(0.63 - 0.5))
    assert (result.bins[9].count, result.bins[14].count, result.bins[0].count) == (2, 1, 1)
    assert calibration([]).ece is None


@pytest.mark.parametrize("score", [1.5, -0.1, float("nan")])
def test_a_score_that_is_no_probability_is_refused(score: float) -> None:
    with pytest.raises(DataError, match=r"score in \[0, 1\]"):
        calibration([(score, True)])


def test_ignored_labels_leave_both_sides() -> None:
    result = evaluate(saying(SAID), GOLD, ignore=["LC", "OG"], noise=False)
    assert result.spans.micro == Counts(2, 2, 3)
    assert {e.label for entities in result.predicted for e in entities} == {"PS", "DT"}
    assert result.confusion.labels == ("DT", "PS")
    assert [m.kind for m in result.mistakes] == ["missed"]


def test_noise_is_scored_on_the_distorted_text_and_its_carried_spans() -> None:
    asked: list[list[str]] = []

    def first_eojeol(texts: Sequence[str]) -> list[list[Entity]]:
        asked.append(list(texts))
        return [[Entity(t[:3], 0, 3, "PS")] if t.startswith("김민수 ") else [] for t in texts]

    sentences = [marked("<김민수:PS> 어디 갔어"), marked("<김민수:PS> 봤어")] * 20
    result = evaluate(first_eojeol, sentences, seed=3)
    assert list(result.noise) == list(NOISES) == ["no spaces", "random spaces", "jamo typos 4 %", "chat endings"]
    assert result.spans.micro.f1 == 1
    assert result.noise["no spaces"] == Counts(0, 0, 40)
    assert asked[1][:2] == ["김민수어디갔어", "김민수봤어"]
    rng = random.Random("3:random spaces")
    assert asked[2] == [random_spaces(s, rate=0.15, rng=rng).text for s in sentences]
    rng = random.Random("3:jamo typos 4 %")
    assert asked[3] == [jamo_typos(s, rate=0.04, rng=rng).text for s in sentences]
    rng = random.Random("3:chat endings")
    assert asked[4] == [chat_endings(s, rng=rng).text for s in sentences]
    kept = sum(text.startswith("김민수 ") for text in asked[2])
    assert 0 < kept < 40
    assert result.noise["random spaces"] == Counts(kept, kept, 40)
    again = list(asked)
    asked.clear()
    evaluate(first_eojeol, sentences, seed=4)
    assert asked[:2] == again[:2]
    assert all(now != then for now, then in zip(asked[2:], again[2:], strict=True))


def test_an_extractor_that_breaks_the_contract_is_named() -> None:
    with pytest.raises(DataError, match="expected 4 answers"):
        evaluate(lambda texts: [], GOLD)
    twice = [Entity("집", 3, 4, "LC"), Entity("집에", 3, 5, "LC")]
    with pytest.raises(DataError, match=r"answer to sentence 4: span .* overlaps"):
        evaluate(saying({GOLD[3].text: twice}), GOLD)
    with pytest.raises(DataError, match=r"^sentence 1: span \[0, 9\)"):
        evaluate(saying({}), [Sentence("집", (Span(0, 9, "LC"),))])


def test_no_sentences() -> None:
    result = evaluate(saying({}), [], train=[])
    assert result.spans.micro == Counts(0, 0, 0)
    assert result.calibration.ece is None


def test_json_form() -> None:
    values = json.loads(json.dumps(evaluate(saying(SAID), GOLD).to_dict()))
    assert (values["sentences"], values["entities"]) == (4, 5)
    assert values["spans"]["micro"] == {"precision": 40.0, "recall": 40.0, "f1": 40.0, "support": 5}
    assert set(values["spans"]["labels"]) == {"DT", "LC", "OG", "PS"}
    assert values["calibration"]["ece"] == 0.32
    assert values["mistakes"][2] == {
        "kind": "missed",
        "sentence": 2,
        "id": "",
        "text": GOLD[2].text,
        "gold": {"text": "하늘", "start": 0, "end": 2, "label": "PS"},
        "predicted": None,
    }


TEXTS = st.sampled_from(["<김민수:PS>랑 <부산:LC> 가자", "<내일:DT> 봐", "알겠어요", "<이지은:PS>님 <홍대:LC>"])


@given(st.lists(TEXTS.map(marked), max_size=8), st.data())
def test_a_perfect_extractor(sentences: list[Sentence], data: st.DataObject) -> None:
    share = st.floats(0, 1)
    said = {s.text: scored(s, [data.draw(share) for _ in s.entities]) for s in sentences}
    result = evaluate(saying(said), sentences, train=sentences, noise=False)
    total = sum(len(s.entities) for s in sentences)
    for scores in (result.spans, result.characters):
        for counts in (scores.micro, *scores.labels.values()):
            expected = {"precision": 100, "recall": 100, "f1": 100} if counts.gold else {"f1": 0}
            assert counts.to_dict().items() >= expected.items()
    assert result.mistakes == ()
    assert result.seen == Recall(total, total)
    assert result.unseen == Recall(0, 0)
    doubts = [1 - e.score for s in sentences for e in said[s.text]]
    assert result.calibration.ece == (pytest.approx(sum(doubts) / total, abs=1e-9) if total else None)
    assert sum(map(sum, result.confusion.counts)) == total


@st.composite
def spans(draw: st.DrawFn) -> tuple[Span, ...]:
    borders = sorted(draw(st.sets(st.integers(0, 10), max_size=8)))
    pairs = zip(borders[::2], borders[1::2], strict=False)
    return tuple(Span(a, b, draw(st.sampled_from(["PS", "LC"]))) for a, b in pairs)


@given(spans(), spans())
def test_every_span_is_counted_once(gold: tuple[Span, ...], predicted: tuple[Span, ...]) -> None:
    text = "가나다라마바사아자차"
    answer = {text: entities_of(text, predicted)}
    result = evaluate(saying(answer), [Sentence(text, gold)], noise=False)
    kinds = Counter(m.kind for m in result.mistakes)
    assert sum(1 for m in result.mistakes if m.gold) + result.spans.micro.right == len(gold)
    assert sum(1 for m in result.mistakes if m.predicted) + result.spans.micro.right == len(predicted)
    counts = result.confusion.counts
    n = len(result.confusion.labels)
    assert sum(counts[i][i] for i in range(n)) == result.spans.micro.right + kinds["wrong boundary"]
    assert sum(counts[i][n] for i in range(n)) == kinds["missed"]
    assert sum(counts[n]) == kinds["spurious"]
    for pair in result.mistakes:  # nothing is called missed while something spurious overlaps it
        if pair.kind == "missed" and pair.gold:
            start, end = pair.gold.start, pair.gold.end
            rivals = [m.predicted for m in result.mistakes if m.kind == "spurious" and m.predicted]
            assert not any(r.start < end and start < r.end for r in rivals)


def test_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.metrics", None)
    with pytest.raises(MissingExtra, match=r"ner-engine\[train\]"):
        confusion([[]], [[]])


# the report at the end of training


def test_final_report_agrees_with_the_counts_and_has_the_matrix() -> None:
    from ner_engine.training.final_report import final_report

    report = final_report(GOLD, [[e.span for e in SAID[s.text]] for s in GOLD])
    lines = {line.split("  ")[0].strip(): line.split() for line in report.splitlines() if line.strip()}
    micro = next(line.split() for line in report.splitlines() if "micro avg" in line)
    assert micro[2:] == ["0.4000", "0.4000", "0.4000", "5"]
    assert lines["spurious"] == ["spurious", "0", "1", "0", "0", "-"]
    matrix = report.split("\n\n")[-1].splitlines()
    assert len({len(line) for line in matrix}) == 1, "columns are aligned"


def test_final_report_ignores_and_survives_undefined_figures() -> None:
    from ner_engine.training.final_report import final_report

    sentence = marked("<김민수:PS> <부산:LC>")
    one_sided = final_report([sentence], [[Span(0, 3, "PS")]], ignore=["LC"])  # warnings are errors here
    assert "LC" not in one_sided
    assert "1.0000" in one_sided
    assert "0.0000" in final_report([sentence], [[]])
    assert final_report([sentence], [[]], ignore=["PS", "LC"]) == "no entities, gold or predicted, in 1 sentences"


def test_final_report_keeps_adjacent_spans_apart() -> None:
    from ner_engine.training.final_report import final_report

    sentence = Sentence("오늘내일", (Span(0, 2, "DT"), Span(2, 4, "DT")))
    joined = final_report([sentence], [[Span(0, 4, "DT")]])
    assert next(line for line in joined.splitlines() if "DT" in line).split() == ["DT", *["0.0000"] * 3, "2"]


def test_final_report_without_seqeval(monkeypatch: pytest.MonkeyPatch) -> None:
    from ner_engine.training.final_report import final_report

    monkeypatch.setitem(sys.modules, "seqeval.metrics", None)
    with pytest.raises(MissingExtra, match=r"ner-engine\[train\]"):
        final_report(GOLD, [[] for _ in GOLD])


def test_text_table_aligns_wide_characters() -> None:
    from ner_engine.training.final_report import text_table

    assert text_table([["이름", "n"], ["a", "10"]]) == "이름   n\na     10"


# the command


class FakeEngine:
    """Answers from SAID, as an engine does."""

    labels = ("PS", "LC", "OG", "DT", "FOOD")

    class bundle:
        name = "fake"

    def pipe(self, texts: Sequence[str], *, min_score: float | None = None) -> Iterator[list[Entity]]:
        for text in texts:
            yield [e for e in SAID.get(text, []) if e.score >= (min_score or 0.0)]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    import ner_engine
    from ner_engine.cli.evaluate import evaluate_command

    monkeypatch.setattr(ner_engine, "load", lambda name, *, rules, threads: FakeEngine(), raising=False)
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(evaluate_command)
    return app


def write(path: Path, sentences: Sequence[Sentence]) -> Path:
    rows = [
        {"text": s.text, "entities": [{"start": e.start, "end": e.end, "label": e.label} for e in s.entities]}
        for s in sentences
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_command_prints_aligned_text(command: typer.Typer, tmp_path: Path) -> None:
    data = write(tmp_path / "test.jsonl", GOLD)
    train = write(tmp_path / "train.jsonl", [marked("<내일:DT> 봐")])
    result = CliRunner().invoke(command, ["fake", str(data), "--train", str(train)])
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["micro", "40.00", "40.00", "40.00", "5"] in rows
    assert ["seen", "in", "training", "100.00", "1"] in rows
    assert "Calibration of the scores, expected error 0.3200" in result.stdout
    assert ["wrong", "label", "1"] in rows
    assert "no spaces" in result.stdout
    assert "has no FOOD" in result.stderr


def test_command_json_html_and_options(command: typer.Typer, tmp_path: Path) -> None:
    data, page = write(tmp_path / "test.jsonl", GOLD), tmp_path / "out.html"
    options = ["--json", "--no-noise", "--min-score", "0.6", "--ignore", "OG", "--html", str(page)]
    result = CliRunner().invoke(command, ["fake", str(data), *options])
    assert result.exit_code == 0, result.output
    values = json.loads(result.stdout)
    assert values["noise"] == {}
    assert values["spans"]["micro"] == {"precision": 66.67, "recall": 50.0, "f1": 57.14, "support": 4}
    assert "fake on test.jsonl" in page.read_text(encoding="utf-8")


def test_command_refuses_labels_the_bundle_lacks(command: typer.Typer, tmp_path: Path) -> None:
    data = write(tmp_path / "test.jsonl", [GOLD[0], marked("<훈민정음:WK> 읽어")])
    result = CliRunner().invoke(command, ["fake", str(data)])
    assert isinstance(result.exception, DataError)
    message = str(result.exception)
    assert message.startswith(f"{data}:2: expected a label of fake: PS, LC, OG, DT, FOOD; got 'WK'")
    assert "\n" not in message
    assert CliRunner().invoke(command, ["fake", str(data), "--ignore", "WK"]).exit_code == 0
    wrong = CliRunner().invoke(command, ["fake", str(data), "--ignore", "WKK"])
    assert wrong.exit_code == 2
    assert "WKK" in wrong.stderr


def test_command_draws_tables_on_a_terminal() -> None:
    from rich.console import Console

    from ner_engine.cli.evaluate import _print_rich, _tables

    out = StringIO()
    _print_rich(_tables(evaluate(saying(SAID), GOLD)), Console(file=out, force_terminal=True, width=100))
    assert "40.00" in out.getvalue()
    assert "─" in out.getvalue()


def test_command_on_a_trained_bundle(tiny_bundle: Path, tmp_path: Path) -> None:
    from ner_engine.cli.evaluate import evaluate_command

    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(evaluate_command)
    data = write(tmp_path / "test.jsonl", tiny_sentences()[:30])
    result = CliRunner().invoke(app, [str(tiny_bundle), str(data), "--json"])
    assert result.exit_code == 0, result.output
    values = json.loads(result.stdout)
    assert values["spans"]["micro"]["f1"] > 80
    assert set(values["noise"]) == set(NOISES)
