"""The HTML report: parsed again, it must hold each mistake once, ask for nothing, and show text as text."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter

import pytest

from ner_engine.spans import Entity, Sentence, Span
from ner_engine.training import report
from ner_engine.training.evaluate import Evaluation, evaluate
from tests.conftest import entities_of, marked
from tests.html_page import Page

pytest.importorskip("sklearn", reason="needs the train extra")

EVIL = 'x<script>alert("1")</script>&amp;'


@pytest.fixture
def evaluation() -> Evaluation:
    sentences = [
        marked("<김민수:PS>랑 <강남역:LC>에서 <내일:DT> 보자"),
        marked("<부산:LC>까지 얼마나 걸려"),
        Sentence(EVIL, (Span(0, 9, "PS"),), id='"><img src=x onerror=y>'),
        marked("<이지은:PS>님 안녕하세요"),
        Sentence("\ud800 \0 그래"),
    ]
    said = {
        sentences[0].text: [Entity("김민", 0, 2, "PS", 0.4), Entity("강남역", 5, 8, "OG", 0.71)],
        sentences[1].text: [Entity("부산", 0, 2, "LC", 0.99), Entity("얼마", 5, 7, "QT", 0.3)],
        sentences[2].text: [Entity(EVIL[1:9], 1, 9, "<b>", 0.5)],
        sentences[3].text: entities_of(sentences[3].text, sentences[3].entities),
        sentences[4].text: [Entity("\ud800", 0, 1, "QT", 0.1)],
    }
    return evaluate(lambda texts: [said.get(t, []) for t in texts], sentences, train=sentences[:1])


def test_each_mistake_once(evaluation: Evaluation) -> None:
    page = Page(report.html(evaluation, title="평가"))
    shown = [a for a in page.of("li") if "data-kind" in a]
    assert Counter((a["data-kind"], a["data-gold"], a["data-predicted"]) for a in shown) == Counter(
        (m.kind, m.gold.label if m.gold else "", m.predicted.label if m.predicted else "")
        for m in evaluation.mistakes
    )
    assert [a["data-kind"] for a in shown] == [
        *("wrong boundary", "wrong label", "missed", "spurious", "wrong label", "spurious")
    ]
    assert "“김민수” [0, 3) → PS “김민” [0, 2) score 0.400" in page.text("li")
    assert "“얼마” [5, 7) score 0.300" in page.text("li")


def test_gold_and_predicted_are_marked_inline(evaluation: Evaluation) -> None:
    source = report.html(evaluation, title="평가")
    page = Page(source)
    assert len(page.of("article")) == 5, "four with a mistake, one right"
    gold = sum(len(s.entities) for s in evaluation.sentences)
    assert len(page.of("mark")) == gold + sum(map(len, evaluation.predicted))
    assert source.count('class="wrong"') == 4 + 5, "gold and predicted spans that are part of a mistake"
    right = source.partition("<h2>Right</h2>")[2]
    assert "이지은<small>PS</small>" in right
    assert "1 of 1 sentences" in right


def test_text_is_text(evaluation: Evaluation) -> None:
    source = report.html(evaluation, title="<script>alert(2)</script>")
    page = Page(source)
    assert len(page.of("script")) == 1
    assert page.of("img") == []
    assert not any("onerror" in a for _, a in page.tags)
    assert "&lt;script&gt;alert(2)" in source
    assert EVIL[9:] in page.text("span"), "the text reads as it was written"
    assert page.text("title").startswith("<script>alert(2)</script>")
    assert "\\ud800 ␀" in source
    source.encode("utf-8")


def test_it_asks_no_other_place(evaluation: Evaluation) -> None:
    source = report.html(evaluation, title="평가")
    assert not re.search(r"https?://|@import|url\(", source)
    page = Page(source)
    assert {tag for tag, a in page.tags if "src" in a} == set()
    assert [a["href"] for _, a in page.tags if "href" in a] == ["data:,"]
    policy = next(a["content"] for a in page.of("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_filters_are_native_controls_with_every_label_and_kind(evaluation: Evaluation) -> None:
    page = Page(report.html(evaluation, title="평가"))
    values = [a["value"] for a in page.of("option")]
    assert values == [
        *("", "missed", "spurious", "wrong label", "wrong boundary"),
        *("", "<b>", "DT", "LC", "OG", "PS", "QT"),
    ]
    assert [a["id"] for a in page.of("select")] == ["kind", "label"]
    assert page.of("output")[0]["aria-live"] == "polite"
    style = page.text("style")
    assert "prefers-color-scheme: dark" in style
    assert "Malgun Gothic" in style


# a document with just what the script touches, then the script, then what a reader would pick
_DOCUMENT = """
const given = JSON.parse(process.argv[1]);
const articles = given.articles.map(items => ({
  hidden: false, items: items.map(dataset => ({ dataset, hidden: false })),
  querySelectorAll() { return this.items; },
}));
const listeners = {};
const byId = { kind: { value: "" }, label: { value: "" }, shown: {},
  filter: { hidden: true, addEventListener: (name, run) => { listeners[name] = run; } } };
globalThis.document = { getElementById: id => byId[id], querySelectorAll: () => articles };
new Function(given.script)();
const out = [byId.filter.hidden, byId.shown.textContent];
for (const [kind, label] of given.choices) {
  byId.kind.value = kind;
  byId.label.value = label;
  listeners.change();
  out.push([byId.shown.textContent, articles.map(a => a.hidden), articles.map(a => a.items.map(i => i.hidden))]);
}
console.log(JSON.stringify(out));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to run the page's script")
def test_the_script_shows_what_is_picked(evaluation: Evaluation) -> None:
    page = Page(report.html(evaluation, title="평가"))
    articles: list[list[dict[str, str]]] = [[] for _ in range(4)]
    items = [a for a in page.of("li") if "data-kind" in a]
    wrong = sorted({m.index for m in evaluation.mistakes})
    for item, mistake in zip(items, evaluation.mistakes, strict=True):
        dataset = {name.removeprefix("data-"): value or "" for name, value in item.items()}
        articles[wrong.index(mistake.index)].append(dataset)
    choices = [("wrong label", ""), ("", "OG"), ("missed", "OG"), ("spurious", "QT")]
    given = json.dumps({"articles": articles, "script": page.text("script"), "choices": choices})
    run = subprocess.run(["node", "-e", _DOCUMENT, given], capture_output=True, text=True, check=True, timeout=30)
    form_hidden, before, labels, og, nothing, quantities = json.loads(run.stdout)
    assert (form_hidden, before) == (False, "mistakes: 6, sentences: 4")
    assert labels[0] == "mistakes: 2, sentences: 2"
    assert labels[1] == [False, True, False, True]
    assert labels[2][0] == [True, False, True]
    assert og[0] == "mistakes: 1, sentences: 1"
    assert nothing[:2] == ["mistakes: 0, sentences: 0", [True] * 4]
    assert quantities[0] == "mistakes: 2, sentences: 2"


def test_figures(evaluation: Evaluation) -> None:
    page = Page(report.html(evaluation, title="평가"))
    cells = page.text("dd")
    assert f"{100 * evaluation.spans.micro.f1:.2f}" in cells
    assert f"{100 * (evaluation.calibration.ece or 0):.2f}" in cells
    names = [data for tag, data in page.texts if tag == "th"]
    assert [n for n in names if n in evaluation.noise] == list(evaluation.noise)
    filled = [b for b in evaluation.calibration.bins if b.count]
    assert len(page.of("circle")) == len(filled)
    for circle, b in zip(page.of("circle"), filled, strict=True):  # the chart is 260 wide from 40, 10
        assert float(circle["cx"] or 0) == pytest.approx(40 + 260 * b.score, abs=0.06)
        assert float(circle["cy"] or 0) == pytest.approx(270 - 260 * b.accuracy, abs=0.06)


def test_empty_evaluation() -> None:
    page = Page(report.html(evaluate(lambda texts: [], [], noise=False), title="없음"))
    assert page.of("article") == []
    assert "–" in page.text("dd")
