"""The KMOU NER corpus: three ``##`` lines (number, plain text, ``<text:LABEL>``), then morpheme rows.

Lines of one of the authors' files in, Records and Problems out. The annotated line is what counts; rows that
say something else are reported and not used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from ner_engine.datasets.annotated import contradictions, read_annotated, recover, render, unpaired
from ner_engine.datasets.corpus import WARNING, Problem, Record
from ner_engine.datasets.tagruns import over_text, parse_tag, runs
from ner_engine.spans import Sentence, Span

__all__ = ["FILE_NAMES", "parse"]

FILE_NAMES = ("*_NER.txt", "EXOBRAIN_NE_CORPUS_*.txt")
_NUMBER = re.compile(r"## \d+\s*")


def parse(lines: Sequence[str], *, path: str) -> Iterator[Record | Problem]:
    """Lines of one file -> sentences with ids ``<file>-<number>``, which are unique over the folder."""
    stem = PurePath(path).stem
    at, total = 0, len(lines)
    while at < total:
        if not lines[at]:
            at += 1
            continue
        heads = at
        while heads < min(at + 3, total) and _is_head(lines[heads]):
            heads += 1
        end = heads
        while end < total and lines[end] and not _is_head(lines[end]):
            end += 1
        if heads - at == 3 and _NUMBER.fullmatch(lines[at]):
            yield from _sentence(lines, at, end, path=path, stem=stem)
        else:
            yield Problem(
                path,
                at + 1,
                "bad-head",
                f"expected three ## lines (number, text, annotated text); got {lines[at][:60]!r}",
            )
            while end < total and not _NUMBER.fullmatch(lines[end]):
                end += 1
        at = end


def _is_head(line: str) -> bool:
    return line.startswith("## ") or line == "##"


def _sentence(lines: Sequence[str], at: int, end: int, *, path: str, stem: str) -> Iterator[Record | Problem]:
    text, annotated = lines[at + 1][3:], lines[at + 2][3:]
    first = at + 1
    rows = lines[at + 3 : end]
    told, units, problems = _rows(rows, text, first=at + 4, path=path)
    yield from problems
    # the common case costs one comparison: rows that agree with their line also say how it is to be read
    if told is not None and render(text, told) == annotated:
        spans = told
        if "<" in text and unpaired(text, spans):
            message = "the annotated line can be read in more than one way; read as the rows have it"
            yield Problem(path, first + 2, "head-ambiguous", message, WARNING)
    else:
        reading = read_annotated(annotated, text, hint=told or ())
        if reading is None:
            spans, lost = recover(annotated, text)
            if lost:
                message = f"the annotated line is not the plain one: no place for {' '.join(lost)}; left out"
                yield Problem(path, first + 2, "head-lost", message)
                return
            message = "the annotated line is not the plain one; its entities were found in the plain one"
            yield Problem(path, first + 2, "head-differs", message, WARNING)
        else:
            spans = reading.spans
        for found in contradictions(text, spans, told) if told is not None else ():
            row = next((k for k, unit in enumerate(units) if unit[1] > found.at), 0)
            yield Problem(path, at + 4 + row, found.code, found.message, WARNING)
    number = lines[at][3:].strip()
    yield Record(Sentence(text, spans, f"{stem}-{number}"), first)


def _rows(
    rows: Sequence[str], text: str, *, first: int, path: str
) -> tuple[tuple[Span, ...] | None, list[tuple[int, int]], list[Problem]]:
    """What the rows say, as spans of the text (None where they do not spell it); the place of each row."""
    if not rows:
        message = "no rows under this annotated line; it alone is read"
        return None, [], [Problem(path, first - 1, "rows-none", message, WARNING)]
    units: list[tuple[int, int]] = []
    tags: list[tuple[str, str]] = []
    place, length = 0, len(text)
    for k, row in enumerate(rows):
        cells = row.split("\t")
        tag = parse_tag(cells[3]) if len(cells) == 4 else None
        if tag is None:
            message = f"expected four columns, the last a tag; got {row[:60]!r}"
            return None, [], [Problem(path, first + k, "bad-row", message, WARNING)]
        tags.append(tag)
        form = cells[0]
        if form == "_" and cells[2] == "_":  # a space; a real underscore has a part of speech
            units.append((place, place + text[place : place + 1].isspace()))
            place = units[-1][1]
            continue
        while place < length and text[place].isspace() and not text.startswith(form, place):
            place += 1
        if not text.startswith(form, place):
            message = f"the rows do not spell the text: expected {text[place : place + 10]!r}; got {form!r}"
            return None, [], [Problem(path, first + k, "rows-text", message, WARNING)]
        units.append((place, place + len(form)))
        place += len(form)
    unit_spans, orphans = runs(tags)
    problems = [
        Problem(path, first + i, "orphan-tag", f"the tag {'-'.join(tags[i])} goes on with no entity", WARNING)
        for i in orphans
    ]
    if text[place:].strip():
        message = f"the rows end before the text does: {text[place : place + 20]!r} is left"
        problems.append(Problem(path, first + len(rows) - 1, "rows-text", message, WARNING))
        return None, [], problems
    spans = over_text(unit_spans, units)
    return tuple(span for span in spans if span.start < span.end), units, problems
