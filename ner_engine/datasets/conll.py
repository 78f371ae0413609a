"""CoNLL-2003 columns: a token a row, its tag in some column, a blank row between sentences.

Lines in, Records and Problems out; and sentences -> rows of token, tab, ``BIO`` tag. The text is the tokens
joined with single spaces, unless a comment row ``# text = ...`` (as in CoNLL-U) gives it: the writer adds one
wherever the tokens alone would not give the text back, which in Korean is nearly always (particles are
tokens of their own beside an entity).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from ner_engine.datasets.corpus import WARNING, Problem, Record
from ner_engine.datasets.tagruns import over_text, parse_tag, runs
from ner_engine.errors import DataError
from ner_engine.scheme import spans_to_tags
from ner_engine.spans import Sentence, Span

__all__ = ["dump", "parse"]

_COMMENT = re.compile(r"# (id|text) = (.*)", re.DOTALL)
_TOKEN = re.compile(r"\S+")


def parse(
    lines: Sequence[str], *, path: str, column: int = -1, delimiter: str | None = None
) -> Iterator[Record | Problem]:
    """Rows -> sentences. The token is column 0, the tag ``column``; without ``delimiter``: tabs, else spaces.

    BIO, IOB1, BIOES and BILOU are understood; which of BIO and IOB1 a file is, its own tags say.
    """
    if delimiter is None:
        body = (line for line in lines if line.strip() and not _COMMENT.match(line))
        delimiter = "\t" if "\t" in next(body, "") else " "
    blocks = list(_blocks(lines, delimiter=delimiter, column=column))
    iob1 = _is_iob1([tag for block in blocks for tag in (*(row[2] for row in block.rows), "O")])
    for block in blocks:
        yield from block.read(path=path, iob1=iob1)


class _Block:
    """The rows of one sentence while they are collected: (line number, token, tag)."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.id = ""
        self.text: str | None = None
        self.rows: list[tuple[int, str, str]] = []
        self.bad: tuple[int, str] | None = None

    def read(self, *, path: str, iob1: bool) -> Iterator[Record | Problem]:
        if self.bad:
            line, row = self.bad
            message = f"expected a token and a tag; got {row[:60]!r}; sentence left out"
            yield Problem(path, line, "bad-row", message)
            return
        parsed: list[tuple[str, str]] = []
        for line, _, tag in self.rows:
            one = parse_tag(tag)
            if one is None or (one[0] != "O" and not one[1]):
                message = f"expected a tag such as O or B-PER; got {tag!r}; sentence left out"
                yield Problem(path, line, "bad-tag", message)
                return
            parsed.append(one)
        text = " ".join(token for _, token, _ in self.rows) if self.text is None else self.text
        units: list[tuple[int, int]] = []
        place = 0
        for line, token, _ in self.rows:
            start = text.find(token, place)
            if start < 0 or text[place:start].strip():
                message = f"the tokens do not spell the # text: expected {text[place:][:10]!r}; got {token!r}"
                yield Problem(path, line, "rows-text", message)
                return
            place = start + len(token)
            units.append((start, place))
        unit_spans, orphans = runs(parsed)
        for i in () if iob1 else orphans:
            message = f"the tag {self.rows[i][2]} goes on with no entity; read as its start"
            yield Problem(path, self.rows[i][0], "orphan-tag", message, WARNING)
        yield Record(Sentence(text, over_text(unit_spans, units), self.id), self.line)


def _blocks(lines: Sequence[str], *, delimiter: str, column: int) -> Iterator[_Block]:
    block: _Block | None = None
    for number, line in enumerate([*lines, ""], 1):
        if not line.strip():
            if block and (block.rows or block.bad):
                yield block
            block = None
            continue
        if block is None and line.split()[0] == "-DOCSTART-":
            continue
        block = block or _Block(number)
        comment = None if block.rows else _COMMENT.fullmatch(line)
        if comment and comment[1] == "id":
            block.id = comment[2]
        elif comment:
            block.text = comment[2]
        else:
            cells = line.split("\t") if delimiter == "\t" else line.split()
            if len(cells) < 2 or not -len(cells) <= column < len(cells) or not cells[0]:
                block.bad = block.bad or (number, line)
            else:
                block.rows.append((number, cells[0], cells[column]))


def _is_iob1(tags: Sequence[str]) -> bool:
    """In IOB1 ``B`` only parts two neighbours of one label; in BIO it opens everything."""
    last = ("O", "")
    for tag in tags:
        here = parse_tag(tag) or ("O", "")
        if here[0] in "BESLU" and last[1] != here[1]:
            return False
        last = here
    return True


def dump(sentences: Iterable[Sentence]) -> Iterator[str]:
    """Sentences -> rows. Refuses line breaks, entities that begin or end in a space, labels with spaces."""
    for number, sentence in enumerate(sentences, 1):
        text = sentence.text
        _refuse(sentence, number)
        cuts = {0, len(text)}.union(*((s.start, s.end) for s in sentence.entities))
        units = [
            (match.start() + left, match.end() + left)
            for left, right in pairwise(sorted(cuts))
            for match in _TOKEN.finditer(text[left:right])
        ]
        tags = spans_to_tags(len(units), list(_unit_spans(sentence, units)), scheme="BIO")
        tokens = [text[start:end] for start, end in units]
        if sentence.id:
            yield f"# id = {sentence.id}\n"
        # a byte order mark or a -DOCSTART- would not be read back at the head of a block
        if " ".join(tokens) != text or text[0] == "\ufeff" or tokens[0] == "-DOCSTART-":
            yield f"# text = {text}\n"
        yield "".join(f"{token}\t{tag}\n" for token, tag in zip(tokens, tags, strict=True)) + "\n"


def _unit_spans(sentence: Sentence, units: Sequence[tuple[int, int]]) -> Iterator[Span]:
    for span in sentence.entities:
        inside = [k for k, (start, end) in enumerate(units) if span.start <= start and end <= span.end]
        yield Span(inside[0], inside[-1] + 1, span.label)


def _refuse(sentence: Sentence, number: int) -> None:
    text = sentence.text
    if any(c in text or c in sentence.id for c in "\n\r"):
        raise DataError(f"conll holds a token a row; got a line break in sentence {number}")
    if not text.strip():
        raise DataError(f"conll holds a token a row; got no token in sentence {number}")
    for span in sentence.entities:
        surface = sentence.surface(span)
        if surface != surface.strip():
            raise DataError(
                f"conll: expected an entity that begins and ends in a token; got {surface!r} in sentence {number}"
            )
        if parse_tag(f"B-{span.label}") != ("B", span.label):
            raise DataError(f"conll: expected a label without spaces; got {span.label!r} in sentence {number}")
