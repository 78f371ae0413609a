r"""The form people type: a sentence a line, ``<민수:PS>야 <내일:DT> 보자``.

Lines in, Records and Problems out; and back. A backslash escapes: ``\<``, ``\>``, ``\:``, ``\\``, ``\n``,
``\r``, ``\t`` and ``\uXXXX``. Outside an entity ``>`` and ``:`` need no escape; inside one, the label is what
follows the last colon.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ner_engine.datasets.corpus import Problem, Record
from ner_engine.errors import DataError
from ner_engine.spans import Sentence, Span

__all__ = ["dump", "parse"]

_PIECE = re.compile(r"\\u[0-9A-Fa-f]{4}|\\.|[^\\<>:]+|[<>:\\]", re.DOTALL)
_NAMED = {"n": "\n", "r": "\r", "t": "\t", "<": "<", ">": ">", ":": ":", "\\": "\\"}
_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\\": r"\\", "<": r"\<", ">": r"\>"}


def parse(lines: Sequence[str], *, path: str) -> Iterator[Record | Problem]:
    """Lines -> sentences; blank lines are skipped. The form has no ids."""
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            yield Record(_sentence(line), number)
        except DataError as error:
            yield Problem(path, number, "bad-line", str(error))


def _sentence(line: str) -> Sentence:
    parts: list[str] = []
    spans: list[Span] = []
    length = 0
    start = -1  # where the open entity begins in the text; its parts begin at `first`
    first = colon = 0
    for piece in _PIECE.findall(line):
        if piece == "<":
            if start >= 0:
                raise DataError(rf"expected > before the next <; write \< for a plain one; got {line[:60]!r}")
            start, first, colon = length, len(parts), -1
            continue
        if piece == ">" and start >= 0:
            label = "".join(parts[colon + 1 :]) if colon >= 0 else ""
            surface = "".join(parts[first:colon]) if colon >= 0 else ""
            if not label or not surface:
                raise DataError(
                    rf"expected <text:LABEL>; write \< for a plain <; got {''.join(parts[first:])[:60]!r}"
                )
            del parts[colon:]
            length = start + len(surface)
            spans.append(Span(start, length, label))
            start = -1
            continue
        if piece == ":" and start >= 0:
            colon = len(parts)
        plain = _unescape(piece)
        parts.append(plain)
        length += len(plain)
    if start >= 0:
        raise DataError(rf"expected <text:LABEL>; write \< for a plain <; got {line[:60]!r} without its >")
    return Sentence("".join(parts), tuple(spans))


def _unescape(piece: str) -> str:
    if not piece.startswith("\\"):
        return piece
    if len(piece) == 6:
        return chr(int(piece[2:], 16))
    if piece[1:] not in _NAMED:
        raise DataError(rf"expected one of \< \> \: \\ \n \r \t \uXXXX; got {piece!r}")
    return _NAMED[piece[1:]]


def dump(sentences: Iterable[Sentence]) -> Iterator[str]:
    """Sentences -> lines. Refuses empty texts, labels and entities; everything else has an escape."""
    for number, sentence in enumerate(sentences, 1):
        if not sentence.text:
            raise DataError(f"inline holds a sentence a line; got an empty text in sentence {number}")
        parts: list[str] = []
        last = 0
        for span in sentence.entities:
            if not span.label:
                raise DataError(f"inline: expected a label; got an empty one in sentence {number}")
            label = _escape(span.label).replace(":", r"\:")
            parts += (_escape(sentence.text[last : span.start]), "<", _escape(sentence.surface(span)))
            parts += (":", label, ">")
            last = span.end
        parts.append(_escape(sentence.text[last:]))
        yield "".join(parts) + "\n"


def _escape(text: str) -> str:
    return "".join(_ESCAPES.get(c) or (c if _is_plain(c) else f"\\u{ord(c):04x}") for c in text)


def _is_plain(char: str) -> bool:
    # a byte order mark at the head of a file and a lone surrogate would not come back
    return char != "\ufeff" and not "\ud800" <= char <= "\udfff"
