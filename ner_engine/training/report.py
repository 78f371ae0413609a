"""An Evaluation as a web page: one self-contained HTML file that asks no other place for anything.

The script only hides and shows what is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from ner_engine.training.alignment import KINDS, Mistake
from ner_engine.training.calibration import Calibration
from ner_engine.training.evaluate import Evaluation, macro
from ner_engine.training.metrics import Counts
from ner_engine.training.page import document, hues_of, marked, share, table, text

__all__ = ["html"]

RIGHT_SHOWN = 200  # of the sentences without a mistake; those with one are all shown

_SCRIPT = """
const kind = document.getElementById("kind"), label = document.getElementById("label");
const sentences = [...document.querySelectorAll("#mistakes article")];
function apply() {
  let mistakes = 0, shown = 0;
  for (const sentence of sentences) {
    let any = false;
    for (const item of sentence.querySelectorAll("li[data-kind]")) {
      const here = item.dataset;
      const wanted = (!kind.value || here.kind === kind.value)
        && (!label.value || here.gold === label.value || here.predicted === label.value);
      item.hidden = !wanted;
      mistakes += wanted;
      any = any || wanted;
    }
    sentence.hidden = !any;
    shown += any;
  }
  document.getElementById("shown").textContent = `mistakes: ${mistakes}, sentences: ${shown}`;
}
const form = document.getElementById("filter");
form.addEventListener("change", apply);
form.addEventListener("reset", () => setTimeout(apply));
form.hidden = false;
apply();
"""


def _counts(counts: Counts) -> list[str]:
    return [share(counts.precision), share(counts.recall), share(counts.f1), f"{counts.gold:,}"]


def _figures(evaluation: Evaluation) -> str:
    figures = [
        ("sentences", f"{len(evaluation.sentences):,}"),
        ("strict micro F1", share(evaluation.spans.micro.f1)),
        ("strict macro F1", share(macro(evaluation.spans).f1)),
        ("character micro F1", share(evaluation.characters.micro.f1)),
        ("calibration error", share(evaluation.calibration.ece)),
    ]
    for name, part in (("seen", evaluation.seen), ("unseen", evaluation.unseen)):
        if part:
            figures.append((f"recall, {part.gold:,} {name}", share(part.recall if part.gold else None)))
    cells = "".join(f"<div><dt>{text(name)}</dt><dd>{value}</dd></div>" for name, value in figures)
    return f'<dl class="figures">{cells}</dl>'


def _label_table(evaluation: Evaluation) -> str:
    characters = evaluation.characters
    rows: list[list[object]] = [
        [label, *_counts(counts), share(characters.labels[label].f1)]
        for label, counts in evaluation.spans.labels.items()
    ]
    mean = macro(evaluation.spans)
    rows.append(["micro", *_counts(evaluation.spans.micro), share(characters.micro.f1)])
    rows.append(
        [
            "macro",
            *map(share, (mean.precision, mean.recall, mean.f1)),
            f"{evaluation.spans.micro.gold:,}",
            share(macro(characters).f1),
        ]
    )
    head = ["label", "precision", "recall", "F1", "entities", "character F1"]
    return table("Scores of each label", head, rows, bold=2)


def _noise_table(evaluation: Evaluation) -> str:
    clean = evaluation.spans.micro.f1
    rows: list[list[object]] = [["as written", *_counts(evaluation.spans.micro)[:3], ""]]
    for name, counts in evaluation.noise.items():
        rows.append([name, *_counts(counts)[:3], f"{100 * (counts.f1 - clean):+.2f}"])
    return table("Scores under noise", ["noise", "precision", "recall", "F1", "change"], rows)


def _reliability(calibration: Calibration) -> str:
    """The reliability chart: for each bin of scores the share that was right, against the diagonal."""
    side, left, top = 260, 40, 10

    def x(value: float) -> str:
        return f"{left + side * value:.1f}"

    def y(value: float) -> str:
        return f"{top + side * (1 - value):.1f}"

    parts = []
    for b in calibration.bins:
        if not b.count:
            continue
        said = f"{b.count} entities, mean score {b.score:.3f}, right {b.accuracy:.3f}"
        parts.append(
            f'<g><title>{said}</title><rect x="{x(b.lower)}" y="{y(b.accuracy)}" '
            f'width="{side * (b.upper - b.lower) - 1:.1f}" height="{side * b.accuracy:.1f}" '
            'fill="var(--accent)" opacity=".55"/>'
            f'<circle cx="{x(b.score)}" cy="{y(b.accuracy)}" r="3.5" fill="var(--ink)"/></g>'
        )
    ticks = "".join(
        f'<text x="{x(v)}" y="{top + side + 16}" text-anchor="middle">{v:g}</text>'
        f'<text x="{left - 6}" y="{float(y(v)) + 4:.1f}" text-anchor="end">{v:g}</text>'
        for v in (0, 0.25, 0.5, 0.75, 1)
    )
    label = f"Reliability chart; expected calibration error {share(calibration.ece)} per cent"
    return (
        f'<figure><svg role="img" aria-label="{label}" viewBox="0 0 {left + side + 20} {top + side + 40}" '
        f'width="{left + side + 20}" height="{top + side + 40}">'
        f'<rect x="{left}" y="{top}" width="{side}" height="{side}" fill="none" stroke="var(--line)"/>'
        f'<line x1="{x(0)}" y1="{y(0)}" x2="{x(1)}" y2="{y(1)}" stroke="var(--faint)" stroke-dasharray="4 4"/>'
        f"{''.join(parts)}{ticks}"
        f'<text x="{left + side / 2:.1f}" y="{top + side + 34}" text-anchor="middle">score</text></svg>'
        "<figcaption>Share of predicted entities that were right, by score. On the dashed line a score is "
        "the probability it claims to be.</figcaption></figure>"
    )


def _reliability_table(calibration: Calibration) -> str:
    rows = [
        [f"{b.lower:.2f}–{b.upper:.2f}", f"{b.count:,}", f"{b.score:.3f}", f"{b.accuracy:.3f}"]
        for b in calibration.bins
        if b.count
    ]
    return table("Reliability", ["score", "entities", "mean score", "right"], rows)


def _mistake(mistake: Mistake) -> str:
    gold, found = mistake.gold, mistake.predicted
    sides = []
    if gold:
        sides.append(f"{text(gold.label)} “{text(mistake.sentence.surface(gold))}” [{gold.start}, {gold.end})")
    if found:
        place = f"[{found.start}, {found.end})"
        sides.append(f"{text(found.label)} “{text(found.text)}” {place} score {found.score:.3f}")
    return (
        f'<li data-kind="{mistake.kind}" data-gold="{text(gold.label if gold else "")}" '
        f'data-predicted="{text(found.label if found else "")}"><b>{mistake.kind}</b> {" → ".join(sides)}</li>'
    )


def _article(evaluation: Evaluation, index: int, mistakes: Sequence[Mistake], hues: Mapping[str, int]) -> str:
    """A sentence, gold above predicted, and what is wrong with it."""
    sentence = evaluation.sentences[index]
    gold = marked(sentence, sentence.entities, (m.gold for m in mistakes if m.gold), hues)
    entities = evaluation.predicted[index]
    found = marked(sentence, entities, (m.predicted.span for m in mistakes if m.predicted), hues)
    name = f"{index + 1}" + (f" · {text(sentence.id)}" if sentence.id else "")
    out = f'<article><div class="number">{name}</div><p><b>gold</b><span lang="ko">{gold}</span></p>'
    out += f'<p><b>predicted</b><span lang="ko">{found}</span></p>'
    if mistakes:
        out += f'<ul class="mistakes">{"".join(map(_mistake, mistakes))}</ul>'
    return out + "</article>"


def _filter(evaluation: Evaluation, labels: Iterable[str]) -> str:
    counts = evaluation.mistake_counts()
    kinds = "".join(f'<option value="{kind}">{kind} ({counts[kind]:,})</option>' for kind in KINDS)
    names = "".join(f'<option value="{text(label)}">{text(label)}</option>' for label in labels)
    return (
        '<form id="filter" hidden autocomplete="off">'
        f'<label>Kind<select id="kind"><option value="">all</option>{kinds}</select></label>'
        f'<label>Label<select id="label"><option value="">all</option>{names}</select></label>'
        '<button type="reset">Show all</button><output id="shown" aria-live="polite"></output></form>'
    )


def _sentences(evaluation: Evaluation) -> str:
    """Every sentence with a mistake, then some without."""
    labels = list(evaluation.spans.labels)
    hues = hues_of(labels)
    by_sentence = {
        index: list(of_it) for index, of_it in groupby(evaluation.mistakes, key=lambda mistake: mistake.index)
    }
    wrong = [_article(evaluation, index, of_it, hues) for index, of_it in by_sentence.items()]
    out = "<h2>Mistakes</h2>" + _filter(evaluation, labels)
    out += f'<div id="mistakes">{"".join(wrong) or "<p>none</p>"}</div>'
    right = [i for i, sentence in enumerate(evaluation.sentences) if i not in by_sentence and sentence.entities]
    shown = [_article(evaluation, index, (), hues) for index in right[:RIGHT_SHOWN]]
    summary = f"{len(shown):,} of {len(right):,} sentences with entities and no mistake"
    return out + f"<h2>Right</h2><details><summary>{summary}</summary>{''.join(shown)}</details>"


def html(evaluation: Evaluation, *, title: str) -> str:
    """The page. Sentences with a mistake are all in it, of the others the first 200."""
    head, *confusions = evaluation.confusion.rows()
    noise = f"<h2>Under noise</h2>{_noise_table(evaluation)}" if evaluation.noise else ""
    body = f"""{_figures(evaluation)}
<h2>Labels</h2>
<p class="note">Strict: an entity is right when its start, end and label are. Per cent.</p>
{_label_table(evaluation)}
{noise}
<h2>Are the scores probabilities?</h2>
<div class="sides">{_reliability(evaluation.calibration)}{_reliability_table(evaluation.calibration)}</div>
<h2>Confusions</h2>
<p class="note">Gold in rows, predicted in columns. A right label with wrong borders stands on the diagonal.</p>
{table("Confusions", head, confusions)}
{_sentences(evaluation)}"""
    return document(title, body, script=_SCRIPT)
