"""An Evaluation as a web page: one self-contained HTML file that asks no other place for anything.

Every text goes through ``_text``; the script only hides and shows what is there.
"""

from __future__ import annotations

import html as markup
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from ner_engine.spans import Entity, Sentence, Span
from ner_engine.training.alignment import KINDS, Mistake
from ner_engine.training.calibration import Calibration
from ner_engine.training.evaluate import Evaluation, macro
from ner_engine.training.metrics import Counts

__all__ = ["html"]

RIGHT_SHOWN = 200  # of the sentences without a mistake; those with one are all shown

_STYLE = """
:root { color-scheme: light dark; --ground: #fff; --ink: #1c1c1e; --faint: #5b5b62; --line: #d5d5da;
  --panel: #f5f5f7; --accent: #0b57d0; --bad: #b3261e; --good: #146c2e; --tint: 72% 86%; }
@media (prefers-color-scheme: dark) { :root { --ground: #161618; --ink: #ececf0; --faint: #a8a8b0;
  --line: #3a3a40; --panel: #222226; --accent: #8ab4f8; --bad: #ff8a80; --good: #7bd88f; --tint: 42% 27%; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem 1.25rem 4rem; background: var(--ground);
  color: var(--ink); line-height: 1.6; font-family: system-ui, -apple-system, "Apple SD Gothic Neo",
  "Malgun Gothic", "Noto Sans KR", "Noto Sans CJK KR", "NanumGothic", sans-serif; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin-top: 2rem; }
p.note, figcaption { color: var(--faint); margin: .3rem 0; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
dl.figures { display: flex; flex-wrap: wrap; gap: .75rem; margin: 0; }
dl.figures div { background: var(--panel); border-radius: .5rem; padding: .5rem .9rem; }
dl.figures dt { color: var(--faint); font-size: .85rem; } dl.figures dd { margin: 0; font-size: 1.3rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--line); text-align: right;
  white-space: nowrap; }
th:first-child { text-align: left; } thead th { color: var(--faint); font-weight: 600; }
tr.all th, tr.all td { font-weight: 700; }
figure { margin: 0; } svg { max-width: 100%; height: auto; } svg text { fill: var(--faint); font-size: 12px; }
.sides { display: flex; flex-wrap: wrap; gap: 2rem; align-items: flex-start; }
form { position: sticky; top: 0; background: var(--ground); padding: .6rem 0; display: flex;
  border-bottom: 1px solid var(--line); flex-wrap: wrap; gap: .5rem 1.25rem; align-items: center; z-index: 1; }
select { font: inherit; padding: .2rem .4rem; margin-left: .4rem; }
article { border-bottom: 1px solid var(--line); padding: .8rem 0; content-visibility: auto;
  contain-intrinsic-size: auto 8rem; }
article p { margin: .15rem 0; display: flex; gap: .75rem; }
article p > b { flex: 0 0 5.5rem; color: var(--faint); font-weight: 400; }
article p > span { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; }
mark { background: hsl(var(--hue) var(--tint)); color: inherit; border-radius: .25rem;
  padding: .05rem .2rem; }
mark.wrong { outline: 2px dashed var(--bad); }
mark small { opacity: .85; margin-left: .25rem; font-size: .7em; }
ul.mistakes { margin: .3rem 0 0 6.25rem; padding: 0; list-style: none; }
ul.mistakes b { color: var(--bad); } ul.mistakes li { overflow-wrap: anywhere; }
summary { cursor: pointer; } .number { color: var(--faint); font-size: .85rem; }
@media print { form { display: none; } }
"""

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


def _text(value: object) -> str:
    """Any value as HTML text or attribute; what UTF-8 cannot hold shows as its escape."""
    plain = str(value).encode("utf-8", "backslashreplace").decode("utf-8")
    return markup.escape(plain.replace("\0", "\N{SYMBOL FOR NULL}"))


def _table(caption: str, head: Sequence[str], rows: Iterable[Sequence[object]], *, bold: int = 0) -> str:
    """A table whose first column names the rows; the last ``bold`` rows are sums."""
    cells = [list(row) for row in rows]
    out = f'<div class="wide" tabindex="0" role="region" aria-label="{_text(caption)}"><table><thead><tr>'
    out += "".join(f'<th scope="col">{_text(name)}</th>' for name in head) + "</tr></thead><tbody>"
    for at, (name, *values) in enumerate(cells):
        out += '<tr class="all">' if at >= len(cells) - bold else "<tr>"
        out += f'<th scope="row">{_text(name)}</th>'
        out += "".join(f"<td>{_text(value)}</td>" for value in values) + "</tr>"
    return out + "</tbody></table></div>"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.2f}"


def _counts(counts: Counts) -> list[str]:
    return [_share(counts.precision), _share(counts.recall), _share(counts.f1), f"{counts.gold:,}"]


def _figures(evaluation: Evaluation) -> str:
    figures = [
        ("sentences", f"{len(evaluation.sentences):,}"),
        ("strict micro F1", _share(evaluation.spans.micro.f1)),
        ("strict macro F1", _share(macro(evaluation.spans).f1)),
        ("character micro F1", _share(evaluation.characters.micro.f1)),
        ("calibration error", _share(evaluation.calibration.ece)),
    ]
    for name, part in (("seen", evaluation.seen), ("unseen", evaluation.unseen)):
        if part:
            figures.append((f"recall, {part.gold:,} {name}", _share(part.recall if part.gold else None)))
    cells = "".join(f"<div><dt>{_text(name)}</dt><dd>{value}</dd></div>" for name, value in figures)
    return f'<dl class="figures">{cells}</dl>'


def _label_table(evaluation: Evaluation) -> str:
    characters = evaluation.characters
    rows: list[list[object]] = [
        [label, *_counts(counts), _share(characters.labels[label].f1)]
        for label, counts in evaluation.spans.labels.items()
    ]
    mean = macro(evaluation.spans)
    rows.append(["micro", *_counts(evaluation.spans.micro), _share(characters.micro.f1)])
    rows.append(
        [
            "macro",
            *map(_share, (mean.precision, mean.recall, mean.f1)),
            f"{evaluation.spans.micro.gold:,}",
            _share(macro(characters).f1),
        ]
    )
    head = ["label", "precision", "recall", "F1", "entities", "character F1"]
    return _table("Scores of each label", head, rows, bold=2)


def _noise_table(evaluation: Evaluation) -> str:
    clean = evaluation.spans.micro.f1
    rows: list[list[object]] = [["as written", *_counts(evaluation.spans.micro)[:3], ""]]
    for name, counts in evaluation.noise.items():
        rows.append([name, *_counts(counts)[:3], f"{100 * (counts.f1 - clean):+.2f}"])
    return _table("Scores under noise", ["noise", "precision", "recall", "F1", "change"], rows)


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
    label = f"Reliability chart; expected calibration error {_share(calibration.ece)} per cent"
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
    return _table("Reliability", ["score", "entities", "mean score", "right"], rows)


def _marked(
    sentence: Sentence, spans: Iterable[Span | Entity], wrong: Iterable[Span], hues: Mapping[str, int]
) -> str:
    """The sentence with its spans marked; those in ``wrong`` are outlined."""
    out, at, bad = "", 0, set(wrong)
    for item in spans:
        span = item.span if isinstance(item, Entity) else item
        style = ' class="wrong"' if span in bad else ""
        note = f' title="score {item.score:.3f}"' if isinstance(item, Entity) else ""
        out += _text(sentence.text[at : span.start])
        out += f'<mark{style}{note} style="--hue:{hues[span.label]}">'
        out += f"{_text(sentence.surface(span))}<small>{_text(span.label)}</small></mark>"
        at = span.end
    return out + _text(sentence.text[at:])


def _mistake(mistake: Mistake) -> str:
    gold, found = mistake.gold, mistake.predicted
    sides = []
    if gold:
        sides.append(f"{_text(gold.label)} “{_text(mistake.sentence.surface(gold))}” [{gold.start}, {gold.end})")
    if found:
        place = f"[{found.start}, {found.end})"
        sides.append(f"{_text(found.label)} “{_text(found.text)}” {place} score {found.score:.3f}")
    return (
        f'<li data-kind="{mistake.kind}" data-gold="{_text(gold.label if gold else "")}" '
        f'data-predicted="{_text(found.label if found else "")}"><b>{mistake.kind}</b> {" → ".join(sides)}</li>'
    )


def _article(evaluation: Evaluation, index: int, mistakes: Sequence[Mistake], hues: Mapping[str, int]) -> str:
    """A sentence, gold above predicted, and what is wrong with it."""
    sentence = evaluation.sentences[index]
    gold = _marked(sentence, sentence.entities, (m.gold for m in mistakes if m.gold), hues)
    entities = evaluation.predicted[index]
    found = _marked(sentence, entities, (m.predicted.span for m in mistakes if m.predicted), hues)
    name = f"{index + 1}" + (f" · {_text(sentence.id)}" if sentence.id else "")
    out = f'<article><div class="number">{name}</div><p><b>gold</b><span lang="ko">{gold}</span></p>'
    out += f'<p><b>predicted</b><span lang="ko">{found}</span></p>'
    if mistakes:
        out += f'<ul class="mistakes">{"".join(map(_mistake, mistakes))}</ul>'
    return out + "</article>"


def _filter(evaluation: Evaluation, labels: Iterable[str]) -> str:
    counts = evaluation.mistake_counts()
    kinds = "".join(f'<option value="{kind}">{kind} ({counts[kind]:,})</option>' for kind in KINDS)
    names = "".join(f'<option value="{_text(label)}">{_text(label)}</option>' for label in labels)
    return (
        '<form id="filter" hidden autocomplete="off">'
        f'<label>Kind<select id="kind"><option value="">all</option>{kinds}</select></label>'
        f'<label>Label<select id="label"><option value="">all</option>{names}</select></label>'
        '<button type="reset">Show all</button><output id="shown" aria-live="polite"></output></form>'
    )


def _sentences(evaluation: Evaluation) -> str:
    """Every sentence with a mistake, then some without."""
    labels = list(evaluation.spans.labels)
    hues = {label: round(360 * i / max(1, len(labels))) for i, label in enumerate(labels)}
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
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<link rel="icon" href="data:,">
<title>{_text(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{_text(title)}</h1>
{_figures(evaluation)}
<h2>Labels</h2>
<p class="note">Strict: an entity is right when its start, end and label are. Per cent.</p>
{_label_table(evaluation)}
{noise}
<h2>Are the scores probabilities?</h2>
<div class="sides">{_reliability(evaluation.calibration)}{_reliability_table(evaluation.calibration)}</div>
<h2>Confusions</h2>
<p class="note">Gold in rows, predicted in columns. A right label with wrong borders stands on the diagonal.</p>
{_table("Confusions", head, confusions)}
{_sentences(evaluation)}
</main>
<script>{_SCRIPT}</script>
</body>
</html>
"""  # noqa: E501
