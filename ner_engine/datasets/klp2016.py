"""The 2016 Korean information processing contest: ``;`` plain text, ``$`` ``<text:LABEL>``, morpheme rows.

Lines of the authors' file in, Records and Problems out. Rows hold dictionary forms (지나 + ㄴ for 지난), so
they are compared with the annotated line letter by letter (in 자모), not character by character.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from ner_engine.datasets.annotated import read_annotated, recover
from ner_engine.datasets.corpus import WARNING, Problem, Record
from ner_engine.datasets.tagruns import parse_tag, runs
from ner_engine.spans import Sentence

__all__ = ["parse"]


def parse(lines: Sequence[str], *, path: str) -> Iterator[Record | Problem]:
    """Lines of one file -> sentences. The form has no ids."""
    at, total = 0, len(lines)
    while at < total:
        if not lines[at]:
            at += 1
            continue
        end = at + 1
        while end < total and lines[end] and not _is_plain(lines[end]):
            end += 1
        if _is_plain(lines[at]) and end > at + 1 and lines[at + 1].startswith("$"):
            yield from _sentence(lines, at, end, path=path)
        else:
            message = f"expected a ; line and a $ line; got {lines[at][:60]!r}"
            yield Problem(path, at + 1, "bad-head", message)
        at = end


def _is_plain(line: str) -> bool:
    return line.startswith(";")  # a row has a number in front


def _sentence(lines: Sequence[str], at: int, end: int, *, path: str) -> Iterator[Record | Problem]:
    text, annotated = lines[at][1:].removeprefix(" "), lines[at + 1][1:]
    reading = read_annotated(annotated, text) or read_annotated(annotated.removeprefix(" "), text)
    if reading is None:
        spans, lost = recover(annotated, text)
        if lost:
            message = f"the $ line is not the ; line: no place for {' '.join(lost)}; left out"
            yield Problem(path, at + 2, "head-lost", message)
            return
        message = "the $ line is not the ; line; its entities were found in the ; line"
        yield Problem(path, at + 2, "head-differs", message, WARNING)
    else:
        spans = reading.spans
    sentence = Sentence(text, spans)
    yield from _check_rows(lines[at + 2 : end], sentence, first=at + 3, path=path)
    yield Record(sentence, at + 1)


def _check_rows(rows: Sequence[str], sentence: Sentence, *, first: int, path: str) -> Iterator[Problem]:
    forms: list[str] = []
    tags: list[tuple[str, str]] = []
    for k, row in enumerate(rows):
        cells = row.split("\t")
        tag = parse_tag(cells[3]) if len(cells) == 4 else None
        if tag is None:
            message = f"expected four columns, the last a tag; got {row[:60]!r}"
            yield Problem(path, first + k, "bad-row", message, WARNING)
            return
        forms.append(cells[1])
        tags.append(tag)
    if not rows:
        message = "no rows under this $ line; it alone is read"
        yield Problem(path, first - 1, "rows-none", message, WARNING)
        return
    unit_spans, orphans = runs(tags)
    for i in orphans:
        message = f"the tag {'-'.join(tags[i]).rstrip('-')} goes on with no entity"
        yield Problem(path, first + i, "orphan-tag", message, WARNING)
    told = [("".join(forms[s.start : s.end]), s.label) for s in unit_spans]
    head = [(sentence.surface(s), s.label) for s in sentence.entities]
    if len(told) != len(head):
        message = f"the $ line has {len(head)} entities, the rows have {len(told)}"
        yield Problem(path, first, "rows-count", message, WARNING)
        return
    for span, (form, label), (surface, wanted) in zip(unit_spans, told, head, strict=True):
        extent = _letters(form) != _letters(surface)
        if extent or label != wanted:
            message = f"the $ line has <{surface}:{wanted}>, the rows have <{form}:{label}>"
            code = "rows-extent" if extent else "rows-label"
            yield Problem(path, first + span.start, code, message, WARNING)


def _letters(text: str) -> str:
    """The 자모 of a text without spaces, final consonants as initial ones: 지난 and 지나ㄴ are equal."""
    return "".join(_plain_letter(c) for c in unicodedata.normalize("NFKD", text) if not c.isspace())


@lru_cache(maxsize=4096)
def _plain_letter(char: str) -> str:
    if "\u11a8" <= char <= "\u11c2":
        name = unicodedata.name(char).replace("JONGSEONG", "CHOSEONG")
        try:
            return unicodedata.lookup(name)
        except KeyError:  # clusters such as ㄳ are no initials
            return char
    return char
