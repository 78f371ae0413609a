"""Offsets as other programs count them: a text in, the code point at each of their offsets out.

A browser counts UTF-16 code units, where 😀 is two, and drops the CR of a CRLF from what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["UNITS", "Offsets"]

UNITS = ("code-points", "utf-16", "code-points-lf", "utf-16-lf")


class Offsets:
    """The offsets of one text in one of UNITS, both ways. ``-lf``: the CR of a CRLF is not counted."""

    def __init__(self, text: str, unit: str) -> None:
        self._length = len(text)
        self._same = unit == "code-points" or (text.isascii() and "\r\n" not in text)
        self._there: Sequence[int] = ()
        if self._same:
            return
        wide, bare = unit.startswith("utf-16"), unit.endswith("-lf")
        there, at = [], 0
        for i, c in enumerate(text):
            there.append(at)
            if not (bare and c == "\r" and text.startswith("\n", i + 1)):
                at += 2 if wide and ord(c) > 0xFFFF else 1
        self._there = [*there, at]
        self._here = {offset: i for i, offset in reversed(list(enumerate(self._there)))}

    @property
    def end(self) -> int:
        """The offset of the end of the text."""
        return self._length if self._same else self._there[-1]

    def to_code_point(self, offset: int) -> int | None:
        """The code point at an offset; None where there is none: outside the text, or within a character."""
        if self._same:
            return offset if 0 <= offset <= self._length else None
        return self._here.get(offset)

    def of_code_point(self, at: int) -> int:
        """The offset of a code point of the text, or of its end."""
        return at if self._same else self._there[at]
