"""A Verdict as lines of text: tables of scores, why it was refused, and the sentences that broke."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ner_engine.gate.verdict import Change, Comparison, Example, Verdict, examples_of, signed
from ner_engine.spans import Entity, Sentence, Span
from ner_engine.training.final_report import text_table

__all__ = ["broken_lines", "inline", "summary"]


def _row(change: Change) -> list[str]:
    return [
        change.label or "total",
        f"{100 * change.before.f1:.2f}",
        f"{100 * change.after.f1:.2f}",
        signed(change.difference),
        f"{signed(change.low)} to {signed(change.high)}",
        f"{change.before.gold:,}",
        "REFUSED" if change.refused else "",
    ]


def _table(comparison: Comparison) -> str:
    head = ["label", "before", "after", "change", "95 % interval", "gold", ""]
    rows = [head, *map(_row, (*comparison.labels, comparison.total))]
    return f"{comparison.name}: {comparison.sentences:,} sentences, F1\n{text_table(rows)}"


def _noises(comparisons: Iterable[Comparison]) -> list[str]:
    """One line for each single noise: only its total."""
    rows = [[c.name, *_row(c.total)[1:-1]] for c in comparisons if not c.decides]
    return [text_table(rows)] if rows else []


def summary(verdict: Verdict) -> str:
    """The tables of what decides, the totals of single noises, notes, and the verdict with its reasons."""
    parts = [_table(comparison) for comparison in verdict.sets if comparison.decides]
    parts += _noises(verdict.sets)
    numbers = (len(verdict.fixed), len(verdict.broken), len(verdict.changed))
    told = [
        "fixed {:,} sentences, broke {:,}, mistook {:,} otherwise than before".format(*numbers),
        *(f"note: {note}" for note in verdict.notes),
        f"{verdict.new} against {verdict.old}: {'passed' if verdict.passed else 'REFUSED'}",
        *(f"  {reason}" for reason in verdict.reasons),
    ]
    return "\n\n".join([*parts, "\n".join(told)])


def inline(sentence: Sentence, spans: Iterable[Span | Entity]) -> str:
    """``<김민수:PS>한테 전화``, on one line."""
    out, at = "", 0
    for span in spans:
        out += sentence.text[at : span.start] + f"<{sentence.text[span.start : span.end]}:{span.label}>"
        at = span.end
    return " ".join((out + sentence.text[at:]).split())


def _relevant(verdict: Verdict) -> list[Example]:
    """The broken sentences, those behind a refusal first, each once."""
    ordered: dict[tuple[str, int], Example] = {}
    for comparison in verdict.sets:
        labels = [change.label for change in comparison.refused]
        if labels:
            for example in examples_of(verdict.broken, comparison, labels=labels):
                ordered.setdefault((example.set, example.index), example)
    for example in verdict.broken:
        ordered.setdefault((example.set, example.index), example)
    return list(ordered.values())


def broken_lines(verdict: Verdict, *, most: int = 20) -> Sequence[str]:
    """The sentences that broke as blocks of lines, at most so many, and how many more there are."""
    found = _relevant(verdict)
    out = []
    for example in found[:most]:
        named = f"{example.set}, sentence {example.index + 1}" + (
            f" ({example.sentence.id})" if example.sentence.id else ""
        )
        out += [
            named,
            f"  gold    {inline(example.sentence, example.gold)}",
            f"  before  {inline(example.sentence, example.old)}",
            f"  after   {inline(example.sentence, example.new)}",
        ]
    if len(found) > most:
        out.append(f"and {len(found) - most:,} more; the report has them all")
    return out
