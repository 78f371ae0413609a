"""A text as rules read it: Hangul composed (NFC), and the way back to the caller's offsets."""

from __future__ import annotations

import unicodedata

__all__ = ["Composed"]


class Composed:
    """``text`` in NFC; ``original(start, end)`` turns a stretch of it into one of the caller's string.

    A text that is composed already (nearly all are) costs one look.
    """

    __slots__ = ("_ends", "_starts", "text")

    def __init__(self, text: str) -> None:
        self._starts: list[int] | None = None
        self._ends: list[int] = []
        if unicodedata.is_normalized("NFC", text):
            self.text = text
            return
        pieces: list[str] = []
        starts: list[int] = []
        for start, end in _clusters(text):
            piece = unicodedata.normalize("NFC", text[start:end])
            pieces.append(piece)
            starts.extend([start] * len(piece))
            self._ends.extend([end] * len(piece))
        self.text = "".join(pieces)
        self._starts = starts

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The caller's ``[start, end)`` for a stretch of ``text``."""
        if self._starts is None:
            return start, end
        if start == end:
            here = self._starts[start] if start < len(self._starts) else self._ends[-1]
            return here, here
        return self._starts[start], self._ends[end - 1]


def _clusters(text: str) -> list[tuple[int, int]]:
    """Where each character with what composes onto it stands."""
    cuts = [i for i, c in enumerate(text) if i and not _joins(c)]
    return list(zip([0, *cuts], [*cuts, len(text)], strict=True))


def _joins(character: str) -> bool:
    """Whether a character may compose with the one before it: a combining mark, a medial or final 자모."""
    return "\u1160" <= character <= "\u11ff" or unicodedata.combining(character) != 0
