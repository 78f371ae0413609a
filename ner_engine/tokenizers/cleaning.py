"""What an analyser may be fed, and the way back to the caller's text.

In: any str, lone surrogates and NUL included. Out: a `Readable` whose text holds no control characters, no
surrogates and no whitespace but U+0020, composed (NFC); and morphemes moved from that text back onto the
caller's string.

Analysers stop at NUL, refuse lone surrogates, see nothing in decomposed Hangul, count UTF-16 units, and
some give offsets that run backwards within a contraction. All of that is settled here, once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ner_engine.spans import Morpheme

__all__ = ["PLACEHOLDER", "Piece", "Readable", "pieces", "readable", "settle"]

PLACEHOLDER = "☆"
"""Stands for one character outside the BMP where an analyser counts UTF-16 units."""

# Every character that is whitespace for Python, every control character, every lone surrogate.
_UNREADABLE = re.compile("[\x00-\x1f\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
# One composing unit each: a decomposed syllable, a syllable with a stray final, any other character.
_UNIT = re.compile("[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|[\uac00-\ud7a3][\u11a8-\u11c2]|.", re.DOTALL)
# The reach of one contraction: offsets may run backwards over so many characters and no more.
_CONTRACTION = 8


@dataclass(frozen=True, slots=True)
class Readable:
    """A text an analyser can read. Character ``i`` of ``text`` stands for ``original[starts[i]:ends[i]]``.

    ``starts`` and ``ends`` are None where every character stands for the one at its own place.
    """

    text: str
    original: str
    starts: Sequence[int] | None = None
    ends: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a readable text, without spaces at its ends, and where it starts."""

    text: str
    start: int


def readable(text: str, *, bmp_only: bool = False) -> Readable:
    """``text`` as an analyser can read it. ``bmp_only`` makes UTF-16 units and code points count the same."""
    cleaned = _UNREADABLE.sub(" ", text)
    if bmp_only:
        cleaned = _ASTRAL.sub(PLACEHOLDER, cleaned)
    if unicodedata.is_normalized("NFC", cleaned):
        return Readable(cleaned, text)
    return _composed(cleaned, text)


def _composed(cleaned: str, original: str) -> Readable:
    """NFC, with the map back: each composed character stands for all of the unit it came from."""
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _units(cleaned):
        part = unicodedata.normalize("NFC", cleaned[start:end])
        parts.append(part)
        starts += [start] * len(part)
        ends += [end] * len(part)
    composed = "".join(parts)
    # A few scripts compose across what are taken for units here; their text is analysed as it came.
    if composed != unicodedata.normalize("NFC", cleaned):
        return Readable(cleaned, original)
    return Readable(composed, original, starts, ends)


def _units(text: str) -> Iterator[tuple[int, int]]:
    """Stretches that compose by themselves: a base and the combining marks after it. A space is alone."""
    start = end = 0
    for match in _UNIT.finditer(text):
        follows = unicodedata.combining(text[match.start()]) and start < end and text[start] != " "
        if not follows:
            if start < end:
                yield start, end
            start = match.start()
        end = match.end()
    if start < end:
        yield start, end


def pieces(
    text: str, *, longest: int, longest_word: int | None = None, apart: re.Pattern[str] | None = None
) -> list[Piece]:
    """``text`` in order, in pieces of at most ``longest`` characters, cut at spaces where there are any.

    A word longer than ``longest_word`` is cut hard. Runs that ``apart`` matches become pieces of their own.
    ``text`` comes from `readable`: U+0020 is its only whitespace.
    """
    found: list[Piece] = []
    begin = end = 0
    for start, stop in _words(text, min(longest, longest_word or longest), apart):
        # Without a space in between, two words may not be read together again.
        touching = start == end
        if begin < end and (touching or stop - begin > longest):
            found.append(Piece(text[begin:end], begin))
            begin = start
        elif begin == end:
            begin = start
        end = stop
    if begin < end:
        found.append(Piece(text[begin:end], begin))
    return found


def _words(text: str, longest: int, apart: re.Pattern[str] | None) -> Iterator[tuple[int, int]]:
    for match in re.finditer("[^ ]+", text):
        cuts = [match.start(), match.end()]
        if apart is not None:
            for run in apart.finditer(text, match.start(), match.end()):
                cuts += run.span()
            cuts = sorted(set(cuts))
        for start, stop in pairwise(cuts):
            for at in range(start, stop, longest):
                yield at, min(at + longest, stop)


def settle(source: Readable, found: Sequence[Morpheme]) -> list[Morpheme]:
    """Morphemes over ``source.text`` as morphemes over ``source.original`` that keep the offset contract.

    Sorted by start, within the text, never empty, no whitespace inside: one that spans a space is split at
    it; one without characters of its own (an elided 이다) takes the character before it; where offsets run
    backwards inside a contraction, the earlier morpheme is widened.
    """
    placed = _in_order(_filled(source.text, _trimmed(source.text, found)))
    starts, ends, original = source.starts, source.ends, source.original
    if starts is not None and ends is not None:
        placed = [replace(m, start=starts[m.start], end=ends[m.end - 1]) for m in placed]
    if _ASTRAL.search(original) is None:
        return placed
    return [_with_own_form(original, source.text, m) if PLACEHOLDER in m.form else m for m in placed]


def _with_own_form(original: str, text: str, m: Morpheme) -> Morpheme:
    surface = original[m.start : m.end]
    return m if _ASTRAL.search(surface) is None else replace(m, form=surface)


def _trimmed(text: str, found: Sequence[Morpheme]) -> list[Morpheme]:
    """Within the text and without spaces; may still be empty."""
    out: list[Morpheme] = []
    size = len(text)
    for m in found:
        start = min(max(m.start, 0), size)
        end = min(max(m.end, start), size)
        surface = text[start:end]
        if " " not in surface:
            out.append(m if (start, end) == (m.start, m.end) else replace(m, start=start, end=end))
            continue
        words = [(start + w.start(), start + w.end()) for w in re.finditer("[^ ]+", surface)]
        if len(words) == 1:
            out.append(replace(m, start=words[0][0], end=words[0][1]))
        elif words:
            out += [replace(m, form=text[a:b], start=a, end=b) for a, b in words]
        else:
            out.append(replace(m, start=start, end=start))
    return out


def _filled(text: str, found: list[Morpheme]) -> list[Morpheme]:
    """Empty ones take the character before them, else the one after; in a blank text they go."""
    if all(m.start < m.end for m in found):
        return found
    out: list[Morpheme] = []
    for m in found:
        if m.start < m.end:
            out.append(m)
            continue
        at = m.start
        if at and text[at - 1] != " ":
            out.append(replace(m, start=at - 1, end=at))
        elif at < len(text) and text[at] != " ":
            out.append(replace(m, end=at + 1))
    return out


def _in_order(found: list[Morpheme]) -> list[Morpheme]:
    if all(a.start <= b.start for a, b in pairwise(found)):
        return found
    out = list(found)
    for i in range(len(out) - 2, -1, -1):
        here, after = out[i], out[i + 1]
        if after.start < here.start <= after.start + _CONTRACTION:
            out[i] = replace(here, start=after.start)
    return sorted(out, key=lambda m: m.start)
