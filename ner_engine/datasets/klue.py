"""KLUE-NER: a character a row, a ``##`` head line (id, ``<text:LABEL>``), a blank row between sentences.

Lines of the authors' file in, Records and Problems out; and sentences -> the same form. Also the form of the
unlabelled sentences: id, tab, sentence. The text is made of the rows; the head line gives the labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ner_engine.datasets.annotated import contradictions, read_annotated, render, unpaired
from ner_engine.datasets.corpus import WARNING, Problem, Record
from ner_engine.datasets.tagruns import over_text, parse_tag, runs
from ner_engine.errors import DataError
from ner_engine.scheme import spans_to_tags
from ner_engine.spans import Sentence

__all__ = ["dump", "parse", "parse_raw"]


def parse(lines: Sequence[str], *, path: str) -> Iterator[Record | Problem]:
    """Lines of a KLUE-NER file -> sentences. ``##`` lines that no rows follow are the file's preamble."""
    head = -1
    rows: list[int] = []
    for number, line in enumerate([*lines, ""]):
        if line.startswith("##") and "\t" not in line[:3]:
            if rows:  # a blank row is missing before this head line
                yield from _sentence(lines, head, rows, path=path)
                rows = []
            head = number
        elif line:
            rows.append(number)
        else:
            if rows:
                yield from _sentence(lines, head, rows, path=path)
            head, rows = -1, []


def _sentence(lines: Sequence[str], head: int, rows: list[int], *, path: str) -> Iterator[Record | Problem]:
    first = (rows[0] if head < 0 else head) + 1
    units: list[tuple[int, int]] = []
    tags: list[tuple[str, str]] = []
    chars: list[str] = []
    length = 0
    for number in rows:
        form, _, tag = lines[number].rpartition("\t")
        parsed = parse_tag(tag)
        if not form or parsed is None:
            yield Problem(
                path, number + 1, "bad-row", f"expected a character, a tab and a tag; got {lines[number][:60]!r}"
            )
            return
        chars.append(form)
        units.append((length, length + len(form)))
        length += len(form)
        tags.append(parsed)
    text = "".join(chars)
    unit_spans, orphans = runs(tags)
    told = over_text(unit_spans, units)
    for i in orphans:
        message = f"the tag {'-'.join(tags[i])} goes on with no entity"
        yield Problem(path, rows[i] + 1, "orphan-tag", message, WARNING)
    if head < 0:
        message = "no ## head line above these rows; they alone are read"
        yield Problem(path, first, "no-head", message, WARNING)
        yield Record(Sentence(text, told), first)
        return
    name, _, annotated = lines[head][2:].removeprefix(" ").partition("\t")
    spans = told
    reading = read_annotated(annotated, text, hint=told)
    if reading is None:
        message = "the head line is not the text of its rows; the rows are read"
        yield Problem(path, first, "head-differs", message, WARNING)
    else:
        spans = reading.spans
        for found in contradictions(text, spans, told):
            row = rows[next(k for k, unit in enumerate(units) if unit[1] > found.at)]
            yield Problem(path, row + 1, found.code, found.message, WARNING)
        if reading.ways > 1 and spans == told and unpaired(text, spans):
            message = "the head line can be read in more than one way; read as the rows have it"
            yield Problem(path, first, "head-ambiguous", message, WARNING)
    yield Record(Sentence(text, spans, name), first)


def parse_raw(lines: Sequence[str], *, path: str) -> Iterator[Record | Problem]:
    """``id<TAB>sentence`` lines -> sentences without entities."""
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        name, tab, text = line.partition("\t")
        if tab and name and text:
            yield Record(Sentence(text, (), name), number)
        else:
            message = f"expected an id, a tab and a sentence; got {line[:60]!r}"
            yield Problem(path, number, "bad-line", message)


def dump(sentences: Iterable[Sentence]) -> Iterator[str]:
    """Sentences -> KLUE-NER text. Refuses line breaks, empty texts, and ids or labels it cannot write."""
    for number, sentence in enumerate(sentences, 1):
        text = sentence.text
        if not text or "\n" in text or "\r" in text:
            got = "a line break" if text else "an empty text"
            raise DataError(f"klue holds one character a row; got {got} in sentence {number}")
        if any(c in sentence.id for c in "\t\n\r"):
            raise DataError(f"klue: expected an id without tabs and line breaks; got {sentence.id!r}")
        for span in sentence.entities:
            if any(c.isspace() or c in "<>:" for c in span.label) or parse_tag(f"B-{span.label}") is None:
                raise DataError(
                    f"klue: expected a label without spaces, <, > and :; got {span.label!r} in sentence {number}"
                )
        tags = spans_to_tags(len(text), sentence.entities, scheme="BIO")
        rows = "".join(f"{char}\t{tag}\n" for char, tag in zip(text, tags, strict=True))
        yield f"## {sentence.id}\t{render(text, sentence.entities)}\n{rows}\n"
