"""What the gate writes: metrics.json, a page that holds each sentence once and asks for nothing, and lines."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from ner_engine.errors import DataError, RegistryError
from ner_engine.gate import GateSet, Verdict, noise_sets, write_report
from ner_engine.gate.chart import intervals_chart
from ner_engine.gate.page import html
from ner_engine.gate.text import broken_lines, summary
from ner_engine.gate.verdict import Change
from ner_engine.spans import Sentence, Span
from ner_engine.training.metrics import Counts
from tests.conftest import marked
from tests.gate_parts import Compare, compare, right, sentences_of, told
from tests.html_page import Page

__all__ = ["compare"]  # a fixture

EVIL = 'x<script>alert("1")</script>&amp;'
ADDED = [
    {"name": "approved.jsonl", "sentences": 212, "licence": "CC BY 4.0", "sha256": "ab" * 32},
    {"path": "<b>.jsonl", "sentences": 3},
]


@pytest.fixture
def verdict(compare: Compare) -> Verdict:
    """Refused: two sentences broken, one fixed, one otherwise; one of them hostile, one of no encoding."""
    sentences = (
        *sentences_of("PS", 30),
        Sentence(EVIL, (Span(0, 9, "PS"),), id='"><img src=x onerror=y>'),
        marked("<강남역:LC>에서 <김민수:PS> 봐"),
        marked("<부산:LC> 가자"),
        Sentence("\ud800 \0 그래", (Span(0, 1, "PS"),)),
    )
    old = right(sentences[:31]) | told("<강남역:LC>에서 김민수 봐", "<부:LC>산 가자")
    new = right(sentences[:30]) | told("<강남역:LC>에서 <김민수:PS> 봐", "부<산:LC> 가자")
    new[EVIL] = (Span(1, 9, "PS"),)
    new[sentences[33].text] = (Span(2, 3, "LC"),)
    test = GateSet("대화 test", sentences, "Apache-2.0")
    held = GateSet("corrections", sentences_of("LC", 2), "CC0-1.0", "corrections")
    return compare([test, held, *noise_sets(test, seed=3)], old, new)


def test_each_sentence_once_with_gold_before_and_after(verdict: Verdict) -> None:
    page = Page(html(verdict))
    shown = page.of("article")
    found = {"broken": verdict.broken, "fixed": verdict.fixed, "changed": verdict.changed}
    assert [(a["data-outcome"], a["data-set"]) for a in shown] == [
        (outcome, example.set) for outcome, examples in found.items() for example in examples
    ]
    assert [a["data-set"] for a in shown].count("대화 test") == 2 + 1 + 1
    every = [example for examples in found.values() for example in examples]
    assert len(page.of("mark")) == sum(len(e.gold) + len(e.old) + len(e.new) for e in every)
    wrong = [m for m in page.of("mark") if m.get("class") == "wrong"]
    assert len(wrong) == sum(
        e.span not in example.gold for example in every for e in (*example.old, *example.new)
    )
    first = html(verdict).partition("<article")[2].partition("</article>")[0]
    assert "대화 test, sentence 31 · &quot;&gt;&lt;img" in first
    assert first.index("<b>gold</b>") < first.index("<b>before</b>") < first.index("<b>after</b>")
    assert "<small>(right)</small>" in first.partition("<b>after</b>")[0]
    assert "<small>(1 missed, 1 wrong)</small>" in first.partition("<b>after</b>")[2]


def test_the_decision_stands_first_in_words(verdict: Verdict) -> None:
    source = html(verdict)
    page = Page(source)
    assert "✗ Refused" in page.text("p")
    assert all(reason in page.text("li") for reason in verdict.reasons)
    assert "put in use all the same" in Page(html(verdict, forced=True)).text("p")
    assert source.index("✗ Refused") < source.index("<h2>")
    refused = sum(len(c.refused) for c in verdict.sets)
    assert refused
    assert source.count("✗ refused") == refused
    assert source.count('<tr class="refused') == refused
    cells = page.text("td")
    total = verdict.sets[0].total
    for value in (total.before.f1, total.after.f1):
        assert f"{100 * value:.2f}" in cells


def test_many_reasons_fold(compare: Compare) -> None:
    labels = "ABCDEFGH"
    sentences = tuple(s for label in labels for s in sentences_of(label, 30))
    verdict = compare([GateSet("test", sentences)], right(sentences), {}, labels=tuple(labels))
    assert len(verdict.reasons) == 9
    page = Page(html(verdict))
    assert "3 more reasons" in page.text("summary")
    assert all(reason in page.text("li") for reason in verdict.reasons)


def test_confusions_show_what_changed(compare: Compare) -> None:
    sentences = sentences_of("PS", 5)
    said = right(sentences, but=4) | {s.text: (replace(s.entities[0], label="LC"),) for s in sentences[3:]}
    source = html(compare([GateSet("test", sentences)], right(sentences, but=2), said))
    table = Page(source.partition("<summary>Confusions")[2].partition("<table>")[2].partition("</table>")[0])
    rows = "LC", "0", "0", "0", "PS", "0 → 2", "3 → 1", "2", "spurious", "0", "0", "–"
    assert tuple(t for _, t in table.texts)[4:] == rows


def test_data_and_licences_are_listed(verdict: Verdict) -> None:
    cells = Page(html(verdict, added=ADDED)).text("td")
    names = Page(html(verdict, added=ADDED)).text("th")
    for told_ in ("212", "CC BY 4.0", "ab" * 32, "not said", "Apache-2.0", "CC0-1.0"):
        assert told_ in cells
    for name in ("approved.jsonl", "<b>.jsonl", "대화 test", "corrections"):
        assert name in names
    assert verdict.sets[0].digest in cells


def test_text_is_text_and_no_other_place_is_asked(verdict: Verdict) -> None:
    source = html(verdict, added=ADDED)
    page = Page(source)
    assert len(page.of("script")) == 1
    assert page.of("img") == []
    assert not any("onerror" in attributes for _, attributes in page.tags)
    assert "\\ud800" in source
    source.encode("utf-8")
    assert not re.search(r"https?://|@import|url\(", source)
    assert {tag for tag, attributes in page.tags if "src" in attributes} == set()
    policy = next(a["content"] for a in page.of("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_it_can_be_read_without_seeing_it(verdict: Verdict) -> None:
    page = Page(html(verdict, added=ADDED))
    assert all("scope" in attributes for attributes in page.of("th"))
    assert all(attributes.get("aria-label") for attributes in page.of("svg"))
    labels = [a["aria-label"] for a in page.of("div") if a.get("role") == "region"]
    assert len(labels) == len(set(labels)), "each table has a name of its own"
    assert page.of("output")[0]["aria-live"] == "polite"
    assert {a.get("lang") for a in page.of("span")} == {"ko"}
    assert [a["id"] for a in page.of("select")] == ["outcome", "set", "label"]


# a document with just what the script touches, then the script, then what a reader would pick
_DOCUMENT = """
const given = JSON.parse(process.argv[1]);
const articles = given.articles.map(dataset => ({ hidden: false, dataset }));
const listeners = {};
const byId = { outcome: { value: "" }, set: { value: "" }, label: { value: "" }, shown: {},
  filter: { hidden: true, addEventListener: (name, run) => { listeners[name] = run; } } };
globalThis.document = { getElementById: id => byId[id], querySelectorAll: () => articles };
new Function(given.script)();
const out = [byId.filter.hidden, byId.shown.textContent];
for (const choice of given.choices) {
  for (const id of ["outcome", "set", "label"]) byId[id].value = choice[id] ?? "";
  listeners.change();
  out.push([byId.shown.textContent, articles.map(a => a.hidden)]);
}
console.log(JSON.stringify(out));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to run the page's script")
def test_the_script_shows_what_is_picked(verdict: Verdict) -> None:
    page = Page(html(verdict))
    articles = [
        {name.removeprefix("data-"): value for name, value in a.items() if name.startswith("data-")}
        for a in page.of("article")
    ]
    choices = [{"outcome": "broken"}, {"set": "대화 test"}, {"label": "LC", "set": "대화 test"}]
    given = json.dumps({"articles": articles, "script": page.text("script"), "choices": choices})
    run = subprocess.run(["node", "-e", _DOCUMENT, given], capture_output=True, text=True, check=True, timeout=60)
    form_hidden, before, broken, of_test, of_label = json.loads(run.stdout)
    assert (form_hidden, before) == (False, f"sentences: {len(articles)}")
    assert broken[1] == [a["outcome"] != "broken" for a in articles]
    assert of_test[0] == "sentences: 4"
    assert of_label[0] == "sentences: 2", "부산, and the mark that is no text"


def test_no_more_sentences_than_a_page_holds(compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ner_engine.gate.page.SHOWN", 3)
    sentences = sentences_of("PS", 9)
    verdict = compare([GateSet("test", sentences)], right(sentences), {})
    page = Page(html(verdict))
    assert len(page.of("article")) == 3
    assert "The first 3 of 9; metrics.json has them all." in page.text("p")
    assert len(verdict.to_dict()["broken"]) == 9


def test_a_verdict_on_nothing(compare: Compare) -> None:
    verdict = compare([], {}, {})
    assert Page(html(verdict)).of("article") == []
    assert summary(verdict).count("REFUSED") == 1


# the chart


def test_the_chart_draws_what_the_table_says() -> None:
    one = Counts(1, 1, 1)
    changes = [Change("PS", one, Counts(1, 1, 2), -0.5, 0.1, True), Change("", one, one, 0, 0)]
    svg = Page(intervals_chart(changes, tolerance=0.25))
    dots = [float(circle["cx"] or 0) for circle in svg.of("circle")]
    zero, tolerance, ps, total = [(float(a["x1"] or 0), float(a["x2"] or 0)) for a in svg.of("line")]
    assert zero[0] == zero[1] == dots[1] == total[0] == total[1]
    # PS fell from 1 to 2/3; equal distances are equal lengths
    unit = (zero[0] - ps[0]) / 0.5
    assert ps[1] - zero[0] == pytest.approx(0.1 * unit, abs=0.2)
    assert zero[0] - dots[0] == pytest.approx(unit / 3, abs=0.2)
    assert zero[0] - tolerance[0] == pytest.approx(0.25 * unit, abs=0.2)
    assert [c["fill"] for c in svg.of("circle")] == ["var(--bad)", "var(--ink)"]
    ticks = [t for tag, t in svg.texts if tag == "text"]
    assert ticks[:7] == ["PS", "all labels", "−40", "−20", "0", "+20", "+40"]


# the files


def test_both_files_are_written_and_the_numbers_are_the_verdict(verdict: Verdict, tmp_path: Path) -> None:
    folder = tmp_path / "ko-chat" / "reports" / "2"
    path = write_report(verdict, folder, added=ADDED)
    assert path == folder / "metrics.json"
    assert sorted(p.name for p in folder.iterdir()) == ["metrics.json", "report.html"]
    values = json.loads(path.read_text(encoding="utf-8"))
    assert values["added"] == ADDED
    assert values["forced"] is False
    assert values["passed"] is False
    assert values["reasons"] == list(verdict.reasons)
    assert values["old"] == verdict.old.to_dict()
    assert values["new"]["version"] == "2"
    assert len(values["new"]["digest"]) == 64
    assert values["rule"] == {"tolerance": 1.0, "total_tolerance": 0.0, "least_gold": 30}
    test = values["sets"][0]
    assert (test["name"], test["kind"], test["sentences"], test["decides"]) == ("대화 test", "test", 34, True)
    assert test["labels"].keys() == {"LC", "PS"}
    assert test["labels"]["PS"]["before"]["support"] == 33
    assert test["total"]["difference"] == round(100 * verdict.sets[0].total.difference, 2)
    assert {k: len(values[k]) for k in ("broken", "fixed", "changed")} == {
        "broken": len(verdict.broken), "fixed": len(verdict.fixed), "changed": len(verdict.changed)
    }  # fmt: skip
    assert values["broken"][1]["text"] == "\ud800 \0 그래"


def test_the_same_verdict_makes_the_same_bytes(verdict: Verdict, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_report(verdict, tmp_path / name, added=ADDED)
    for file in ("metrics.json", "report.html"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_where_it_cannot_be_written_what_was_there_stays(
    verdict: Verdict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_report(verdict, tmp_path)
    before = path.read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(RegistryError, match="No space left"):
        write_report(verdict, tmp_path, forced=True)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == ["metrics.json", "report.html"]
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="expected a folder to write to"):
        write_report(verdict, tmp_path / "file")


# the lines


def test_the_summary_has_tables_reasons_and_counts(verdict: Verdict) -> None:
    lines = summary(verdict).splitlines()
    rows = [line.split() for line in lines]
    assert ["label", "before", "after", "change", "95", "%", "interval", "gold"] in rows
    total = next(row for row in rows if row[:1] == ["total"])
    assert total[-1] == "REFUSED"
    assert "told@2 against told@shipped: REFUSED" in lines
    assert [line.strip() for line in lines[-len(verdict.reasons) :]] == list(verdict.reasons)
    assert f"fixed {len(verdict.fixed)} sentences, broke {len(verdict.broken)}, " in summary(verdict)


def test_the_sentences_behind_a_refusal_are_printed_first(compare: Compare) -> None:
    # LC breaks in two sentences, PS in one; of both only LC has enough gold to decide
    people, places = sentences_of("PS", 3), sentences_of("LC", 60)
    fine = sentences_of("FOOD", 200)
    test = GateSet("test", people + places + fine)
    old = right(people) | right(places) | right(fine, but=3)
    new = right(people, but=1) | right(places, but=2) | right(fine)
    verdict = compare([test], old, new)
    assert [c.label for c in verdict.sets[0].refused] == ["LC"]
    assert [e.index for e in verdict.broken] == [2, 61, 62]
    lines = broken_lines(verdict, most=2)
    assert lines == [
        "test, sentence 62",
        "  gold    LC 58번은 <낱말:LC>이다",
        "  before  LC 58번은 <낱말:LC>이다",
        "  after   LC 58번은 낱말이다",
        "test, sentence 63",
        "  gold    LC 59번은 <낱말:LC>이다",
        "  before  LC 59번은 <낱말:LC>이다",
        "  after   LC 59번은 낱말이다",
        "and 1 more; the report has them all",
    ]


def test_a_line_is_one_line(compare: Compare) -> None:
    sentences = (Sentence("첫\n줄 <김>\t민수", (Span(5, 6, "PS"),), "a"),)
    verdict = compare([GateSet("test", sentences)], {sentences[0].text: sentences[0].entities}, {})
    assert broken_lines(verdict)[:2] == ["test, sentence 1 (a)", "  gold    첫 줄 <<김:PS>> 민수"]
