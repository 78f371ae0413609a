"""The report at the end of training: gold sentences and predicted spans in, text tables out.

seqeval scores the spans a second time, by code that is not ours; scikit-learn counts the confusions.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from ner_engine.errors import MissingExtra
from ner_engine.scheme import spans_to_tags
from ner_engine.spans import Sentence, Span
from ner_engine.training.alignment import confusion

__all__ = ["final_report", "text_table"]


def _width(text: str) -> int:
    """Columns a text takes on a terminal: Hangul and ideographs take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def text_table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of equal length as aligned lines: the first column to the left, the others to the right."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        first, *others = zip(row, widths, strict=True)
        line = first[0] + " " * (first[1] - _width(first[0]))
        line += "".join("  " + " " * (width - _width(cell)) + cell for cell, width in others)
        lines.append(line.rstrip())
    return "\n".join(lines)


def final_report(
    sentences: Sequence[Sentence], predicted: Sequence[Sequence[Span]], *, ignore: Iterable[str] = ()
) -> str:
    """seqeval's strict report over characters, and the confusion matrix of spans, as text.

    ``predicted`` runs parallel to ``sentences``; ``ignore`` leaves labels out on both sides. Raises DataError
    where spans overlap or leave their text, MissingExtra without seqeval and scikit-learn.
    """
    try:
        from seqeval.metrics import classification_report
        from seqeval.scheme import IOB2
    except ModuleNotFoundError:
        raise MissingExtra("the final report (seqeval)", extra="train") from None
    ignored = set(ignore)
    gold = [[s for s in sentence.entities if s.label not in ignored] for sentence in sentences]
    found = [[s for s in spans if s.label not in ignored] for spans in predicted]
    if not any(gold) and not any(found):  # seqeval cannot report on nothing
        return f"no entities, gold or predicted, in {len(sentences)} sentences"

    def tags(of: Sequence[Sequence[Span]]) -> list[list[str]]:
        return [
            spans_to_tags(len(sentence.text), spans, scheme="BIO")
            for sentence, spans in zip(sentences, of, strict=True)
        ]

    scores: str = classification_report(
        tags(gold), tags(found), mode="strict", scheme=IOB2, digits=4, zero_division=0
    )
    matrix = text_table(confusion(gold, found).rows())
    return f"{scores.rstrip()}\n\n{matrix}"
