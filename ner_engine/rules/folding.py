"""A text as dictionaries are compared: NFKC, lower case, white space as single spaces; and the way back.

Nearly every text is folded already but for its case, and costs a look. Compatibility 자모 (ㅋㅋ) stay what they
are; invisible characters (U+200B, U+FEFF, ...) vanish.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["WORD", "Folded", "fold_plain"]

WORD = r"[^\W_ㄱ-ㆎ]"  # a character that words are made of: a letter or digit, no 자모 by itself

_INVISIBLE = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff"
# What NFKC may change in a text that is NFC, white space that is no single space, and the invisible.
_UNUSUAL = re.compile(
    f"[{_INVISIBLE}\u00a0-\u00bf\u0132-\u017f\u01c4-\u01f3\u02b0-\u02ff\u037a\u0384-\u038f\u03d0-\u03f9\u0587"
    "\u0675-\u0678\u0e33\u0eb3\u0edc\u0edd\u0f0c\u0f77\u0f79\u10fc\u1100-\u11ff\u1d2c-\u1dbf\u1e9a-\u1e9f\u1fbd-\u1fff"
    "\u2000-\u2fff\u3000\u302a-\u303f\u3099-\u309f\u30ff\u318f-\u33ff\ua69c-\ua7ff\uab5c-\uab6f\uf900-\uffff"
    "\U00010780-\U000107ba\U0001d000-\U0001efff\U0001f100-\U0001f2ff\U0001fbf0-\U0001fbff\U0002f800-\U0002fa1f"
    "\ud800-\udfff]|[^\\S ]|  "
)
_DROPPED = re.compile(f"[{_INVISIBLE}]+")


def fold_plain(text: str) -> str | None:
    """The text folded, where that changes its case at most; else None."""
    if _UNUSUAL.search(text) is None and unicodedata.is_normalized("NFC", text):
        lowered = text.lower()
        if len(lowered) == len(text):
            return lowered
    return None


class Folded:
    """``text`` is what to compare; ``original(start, end)`` gives the caller's offsets of a stretch of it."""

    __slots__ = ("_ends", "_starts", "text")

    def __init__(self, text: str) -> None:
        self._starts: list[int] | None = None
        self._ends: list[int] = []
        plain = fold_plain(text)
        if plain is None:
            self._fold(text)
        else:
            self.text = plain

    def _fold(self, text: str) -> None:
        pieces: list[str] = []
        starts: list[int] = []
        for start, end in _clusters(text):
            piece = _piece(text[start:end])
            pieces.append(piece)
            starts.extend([start] * len(piece))
            self._ends.extend([end] * len(piece))
        self.text = "".join(pieces)
        self._starts = starts

    def original(self, start: int, end: int) -> tuple[int, int] | None:
        """The caller's ``[start, end)``; None where it would cut one of the caller's characters (㈜) in two."""
        starts = self._starts
        if starts is None:
            return start, end
        if start >= end or (start and starts[start - 1] == starts[start]):
            return None
        if end < len(starts) and starts[end] == starts[end - 1]:
            return None
        return starts[start], self._ends[end - 1]


def _clusters(text: str) -> list[tuple[int, int]]:
    """Each character with what composes onto it, each run of white space; the invisible left out."""
    found: list[tuple[int, int]] = []
    space = False
    for at, character in enumerate(text):
        if _DROPPED.match(character):
            continue
        if character.isspace():
            if space:
                found[-1] = (found[-1][0], at + 1)
            else:
                found.append((at, at + 1))
            space = True
            continue
        space = False
        if found and found[-1][1] == at and _joins(character):
            found[-1] = (found[-1][0], at + 1)
        else:
            found.append((at, at + 1))
    return found


def _joins(character: str) -> bool:
    return "\u1160" <= character <= "\u11ff" or unicodedata.combining(character) != 0 or character in "ﾞﾟ"


def _piece(cluster: str) -> str:
    if cluster.isspace():
        return " "
    if "ㄱ" <= cluster <= "ㆎ":
        return cluster
    return unicodedata.normalize("NFKC", cluster).lower()
