"""The NAVER NLP Challenge form: eojeol with tags ``PER-B``, ``PER-I`` (``PER_B``), ``O`` or ``-`` outside.

Lines in, Records and Problems out, in both shapes in use: a sentence a line (words, tab, tags), or an eojeol
a row (number, word, tag) with a blank row between sentences. An entity there is a run of whole eojeol, with
the particles (조사) that hang on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ner_engine.datasets.corpus import WARNING, Problem, Record
from ner_engine.datasets.tagruns import over_text, parse_tag, runs
from ner_engine.spans import Sentence

__all__ = ["parse"]

_WORD = re.compile(r"\S+")


def parse(lines: Sequence[str], *, path: str) -> Iterator[Record | Problem]:
    """Lines of one file -> sentences. The form has no ids."""
    block: list[tuple[str, str]] = []
    first = 0
    broken = False
    for number, line in enumerate([*lines, ""], 1):
        cells = line.split("\t")
        if not line:
            if block and not broken:
                words, tags = zip(*block, strict=True)
                yield from _sentence(" ".join(words), tags, range(first, number), path=path)
            block, broken = [], False
        elif len(cells) == 2:
            tags_here = cells[1].split()
            yield from _sentence(cells[0], tags_here, [number] * max(1, len(tags_here)), path=path)
        elif len(cells) == 3 and cells[1].strip() and " " not in cells[1]:
            first = first if block else number
            block.append((cells[1], cells[2].strip()))
        else:
            message = f"expected words and tags, or a number, a word and a tag; got {line[:60]!r}"
            yield Problem(path, number, "bad-row", message)
            broken = True


def _sentence(text: str, tags: Sequence[str], numbers: Sequence[int], *, path: str) -> Iterator[Record | Problem]:
    units = [match.span() for match in _WORD.finditer(text)]
    line = numbers[0]
    if not units or len(units) != len(tags):
        message = f"expected a tag for each of {len(units)} words; got {len(tags)}; left out"
        yield Problem(path, line, "bad-row", message)
        return
    parsed: list[tuple[str, str]] = []
    for tag, number in zip(tags, numbers, strict=True):
        one = parse_tag(tag, suffixed=True)
        if one is None:
            message = f"expected O, - or a tag like PER-B; got {tag!r}; left out"
            yield Problem(path, number, "bad-tag", message)
            return
        parsed.append(one)
    unit_spans, orphans = runs(parsed)
    for i in orphans:
        message = f"the tag {tags[i]} of {text[slice(*units[i])]!r} goes on with no entity; read as its start"
        yield Problem(path, numbers[i], "orphan-tag", message, WARNING)
    yield Record(Sentence(text, over_text(unit_spans, units)), line)
