"""A Verdict as a web page: the decision, scores before and after, and the sentences behind them.

Nothing is told by colour alone, and without its script the page shows everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ner_engine.gate.chart import intervals_chart
from ner_engine.gate.verdict import Change, Comparison, Example, Rule, Verdict, signed
from ner_engine.training.page import document, hues_of, marked, share, table, text

__all__ = ["html"]

SHOWN = 500  # sentences of each kind; metrics.json has them all
REASONS = 6  # that stand open

_STYLE = """
.verdict { font-size: 1.25rem; font-weight: 700; border-left: .4rem solid var(--good); padding: .4rem .8rem;
  background: var(--panel); margin: .5rem 0; }
.verdict.refused { border-color: var(--bad); } .reasons li { margin: .35rem 0; overflow-wrap: anywhere; }
tr.refused th, tr.refused td { color: var(--bad); font-weight: 700; }
body { max-width: 80rem; } details { margin: .5rem 0; } .scores th, .scores td { padding: .25rem .55rem; }
.scores td:nth-child(3), .scores th:nth-child(3) { text-align: left; }
.scores + figure { margin-top: 1rem; }
.data td { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 7rem; }
dl.figures small { font-size: .8rem; color: var(--faint); }
"""

_SCRIPT = """
const form = document.getElementById("filter"), articles = [...document.querySelectorAll("article")];
const controls = ["outcome", "set", "label"].map(id => document.getElementById(id));
function apply() {
  const [outcome, set, label] = controls.map(control => control.value);
  let shown = 0;
  for (const article of articles) {
    const here = article.dataset;
    const wanted = (!outcome || here.outcome === outcome) && (!set || here.set === set)
      && (!label || here.labels.split("\\n").includes(label));
    article.hidden = !wanted;
    shown += wanted;
  }
  document.getElementById("shown").textContent = `sentences: ${shown}`;
}
form.addEventListener("change", apply);
form.addEventListener("reset", () => setTimeout(apply));
form.hidden = false;
apply();
"""

_KINDS = {
    "test": "fixed test set",
    "corrections": "corrections held out",
    "noise": "under noise",
}
_OUTCOMES = {
    "broken": "Broken: more mistakes than before",
    "fixed": "Fixed: fewer mistakes than before",
    "changed": "Otherwise: as many mistakes, but others",
}


def _plain(difference: float) -> str:
    """With a minus sign that is one."""
    return signed(difference).replace("-", "−")


def _signed(difference: float) -> str:
    """A difference as ``▲ +1.20``."""
    shown = _plain(difference)
    return f"{'=' if shown == '0.00' else '▲' if difference > 0 else '▼'} {shown}"


def _judged(change: Change, rule: Rule, *, decides: bool) -> str:
    """What a row means, in words."""
    if change.refused:
        return "✗ refused"
    if change.difference >= 0:
        return "better" if change.difference else "same"
    if not decides:
        return "worse"
    return "worse, few gold" if change.label and -change.difference > rule.tolerance else "tolerated"


def _interval(change: Change) -> str:
    """Its ends, and whether zero is between them where the difference is not zero itself."""
    doubt = "" if change.certain or not change.difference else " (0 within)"
    return f"{_plain(change.low)} to {_plain(change.high)}{doubt}"


def _row(change: Change, rule: Rule, *, name: str, decides: bool) -> list[str]:
    before, after = change.before, change.after
    return [
        name,
        _signed(change.difference),
        _judged(change, rule, decides=decides),
        share(before.f1),
        share(after.f1),
        f"{before.gold:,}",
        _interval(change),
        f"{share(before.precision)} → {share(after.precision)}",
        f"{share(before.recall)} → {share(after.recall)}",
    ]


_HEAD = ["label", "change", "verdict", "F1 before", "F1 after", "gold", "95 % interval", "precision", "recall"]


def _scores(comparison: Comparison, rule: Rule) -> str:
    changes = [*comparison.labels, comparison.total]
    rows = [_row(c, rule, name=c.label or "all labels", decides=comparison.decides) for c in changes]
    classes = ["refused" if c.refused else "" for c in changes]
    of_labels = table(f"Scores: {comparison.name}", _HEAD, rows, bold=1, classes=classes)
    chart = intervals_chart(changes, tolerance=rule.tolerance)
    return f'<div class="scores">{of_labels}</div>{chart}'


def _comparison(comparison: Comparison, rule: Rule, *, open_: bool) -> str:
    kind = _KINDS[comparison.kind]
    title = comparison.name if comparison.name == kind else f"{comparison.name}: {kind}"
    note = f"{comparison.sentences:,} sentences, {comparison.total.before.gold:,} gold entities"
    if len(comparison.members) > 1:
        note += f"; all noises together: {len(comparison.members)} sets"
    return (
        f"<section><h2>{text(title)}</h2>"
        f'<p class="note">{text(note)}. Strict: an entity is right when its start, end and label are.</p>'
        f"{_scores(comparison, rule)}{_confusion(comparison, open_=open_)}</section>"
    )


def _confusion(comparison: Comparison, *, open_: bool) -> str:
    """Both matrices in one table: a cell that changed reads ``before → after``."""
    before, after = comparison.confusions
    names = [*before.labels, "spurious"]
    rows = []
    for at, (name, was, is_) in enumerate(zip(names, before.counts, after.counts, strict=True)):
        cells = [f"{b:,}" if a == b else f"{b:,} → {a:,}" for b, a in zip(was, is_, strict=True)]
        rows.append([name, *cells[:-1], "–" if at == len(names) - 1 else cells[-1]])
    head = ["gold \\ predicted", *before.labels, "missed"]
    return (
        f"<details{' open' if open_ else ''}><summary>Confusions, before → after where they differ</summary>"
        '<p class="note">Gold in rows, predicted in columns. A right label with wrong borders stands on the '
        f"diagonal.</p>{table(f'Confusions: {comparison.name}', head, rows)}</details>"
    )


def _noises(verdict: Verdict) -> str:
    single = [comparison for comparison in verdict.sets if not comparison.decides]
    if len(single) < 2:
        return ""
    rows = [_row(c.total, verdict.rule, name=c.name, decides=False) for c in single]
    note = '<p class="note">All labels together. A single noise does not decide.</p>'
    shown = table("Each noise", ["noise", *_HEAD[1:]], rows)
    return f'<section><h2>Each noise</h2>{note}<div class="scores">{shown}</div></section>'


def _figures(verdict: Verdict) -> str:
    figures = []
    for comparison in verdict.sets:
        if comparison.decides:
            total = comparison.total
            figures.append(
                (
                    f"{comparison.name}, F1",
                    f"{share(total.before.f1)} → {share(total.after.f1)}",
                    _signed(total.difference),
                )
            )
    for name, found in (("fixed", verdict.fixed), ("broken", verdict.broken), ("otherwise", verdict.changed)):
        figures.append((f"sentences {name}", f"{len(found):,}", ""))
    cells = "".join(
        f"<div><dt>{text(name)}</dt><dd>{text(value)} <small>{text(more)}</small></dd></div>"
        for name, value, more in figures
    )
    return f'<dl class="figures">{cells}</dl>'


def _items(values: Iterable[object], *, name: str) -> str:
    listed = "".join(f"<li>{text(value)}</li>" for value in values)
    return f'<ul class="{name}">{listed}</ul>' if listed else ""


def _decision(verdict: Verdict, *, forced: bool) -> str:
    word = "✓ Passed" if verdict.passed else "✗ Refused"
    more = " – put in use all the same" if forced and not verdict.passed else ""
    style = "verdict" if verdict.passed else "verdict refused"
    first, others = verdict.reasons[:REASONS], verdict.reasons[REASONS:]
    out = f'<p class="{style}">{text(word + more)}</p>{_items(first, name="reasons")}'
    if others:
        out += f"<details><summary>{len(others)} more reasons</summary>{_items(others, name='reasons')}</details>"
    if verdict.notes:
        out += f"<h2>To know</h2>{_items(verdict.notes, name='reasons')}"
    return out


def _article(example: Example, outcome: str, hues: Mapping[str, int]) -> str:
    sentence, gold = example.sentence, set(example.gold)
    rows = [("gold", marked(sentence, example.gold, (), hues))]
    for name, entities in (("before", example.old), ("after", example.new)):
        wrong = [entity.span for entity in entities if entity.span not in gold]
        missed = len(gold - {entity.span for entity in entities})
        told = [f"{missed} missed"] if missed else []
        told += [f"{len(wrong)} wrong"] if wrong else []
        mistakes = f" <small>({', '.join(told) or 'right'})</small>"
        rows.append((name, marked(sentence, entities, wrong, hues) + mistakes))
    place = f"{example.set}, sentence {example.index + 1}" + (f" · {sentence.id}" if sentence.id else "")
    labels = text("\n".join(sorted(example.labels)))
    out = (
        f'<article data-outcome="{outcome}" data-set="{text(example.set)}" data-labels="{labels}">'
        f'<div class="number">{text(place)}</div>'
    )
    out += "".join(f'<p><b>{name}</b><span lang="ko">{shown}</span></p>' for name, shown in rows)
    return out + "</article>"


def _select(name: str, title: str, options: Iterable[str]) -> str:
    listed = "".join(f'<option value="{text(one)}">{text(one)}</option>' for one in options)
    return f'<label>{title}<select id="{name}"><option value="">all</option>{listed}</select></label>'


def _sentences(verdict: Verdict) -> str:
    found = {"broken": verdict.broken, "fixed": verdict.fixed, "changed": verdict.changed}
    every = [example for examples in found.values() for example in examples]
    used = {span.label for e in every for span in e.gold}
    hues = hues_of(sorted(used.union(entity.label for e in every for entity in (*e.old, *e.new))))
    labels = sorted({label for example in every for label in example.labels})
    out = (
        '<h2>Sentences</h2><form id="filter" hidden autocomplete="off">'
        + _select("outcome", "Outcome", found)
        + _select("set", "Set", dict.fromkeys(example.set for example in every))
        + _select("label", "Label", labels)
        + '<button type="reset">Show all</button><output id="shown" aria-live="polite"></output></form>'
        '<p class="note">A dashed outline: not so in the gold annotation.</p>'
    )
    for outcome, examples in found.items():
        out += f"<section><h3>{_OUTCOMES[outcome]} ({len(examples):,})</h3>"
        out += "".join(_article(example, outcome, hues) for example in examples[:SHOWN]) or "<p>none</p>"
        if len(examples) > SHOWN:
            out += f'<p class="note">The first {SHOWN} of {len(examples):,}; metrics.json has them all.</p>'
        out += "</section>"
    return out


def _data(verdict: Verdict, added: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        [
            one.get("name") or one.get("path") or "–",
            one.get("sentences", "–"),
            one.get("licence") or "not said",
            one.get("sha256") or "–",
        ]
        for one in added
    ]
    head = ["source", "sentences", "licence", "SHA-256"]
    out = "<h2>Data added</h2>"
    out += f'<div class="data">{table("Data added", head, rows)}</div>' if rows else "<p>none</p>"
    sets = [
        [c.name, f"{c.sentences:,}", c.licence or "not said", c.digest]
        for c in verdict.sets
        if len(c.members) == 1 and c.digest and c.kind != "noise"
    ]
    return out + f'<h2>Compared on</h2><div class="data">{table("Compared on", ["set", *head[1:]], sets)}</div>'


def _rule(verdict: Verdict) -> str:
    rule = verdict.rule
    total = f"by more than {100 * rule.total_tolerance:.2f} points" if rule.total_tolerance else "at all"
    words = (
        "Refused is a version where, on the fixed test set, on the corrections held out or under noise, the F1 "
        f"of a label with at least {rule.least_gold} gold entities falls by more than {100 * rule.tolerance:.2f} "
        f"points, or that of all labels together falls {total}; under noise, that of all labels together by more "
        f"than {100 * rule.tolerance:.2f} points or by what the interval says is no chance. The intervals are "
        f"those of a paired bootstrap over sentences: {verdict.resamples:,} draws, seed {verdict.seed}."
    )
    sides = [[str(side), " ".join(side.labels), side.digest] for side in (verdict.old, verdict.new)]
    compared = table("Versions", ["version", "labels", "SHA-256 of the manifest"], sides)
    return f'<h2>How it was decided</h2><p>{text(words)}</p><div class="data">{compared}</div>'


def html(verdict: Verdict, *, added: Sequence[Mapping[str, Any]] = (), forced: bool = False) -> str:
    """The page."""
    deciding = [comparison for comparison in verdict.sets if comparison.decides]
    body = "\n".join(
        [
            _decision(verdict, forced=forced),
            _figures(verdict),
            *(_comparison(one, verdict.rule, open_=at == 0) for at, one in enumerate(deciding)),
            _noises(verdict),
            _sentences(verdict),
            _data(verdict, added),
            _rule(verdict),
        ]
    )
    title = f"{verdict.new} against {verdict.old}"
    return document(title, body, style=_STYLE, script=_SCRIPT)
