"""How alike two words are by the letters (자모) of their syllables: 짜짱면 is near 짜장면."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["SAME", "compact", "likeness", "nearest"]

SAME = 0.8  # letters in common from which a word is taken for a slip of the pen


def compact(text: str) -> str:
    """The text composed, without spaces, its case folded."""
    return "".join(unicodedata.normalize("NFC", text).split()).casefold()


@lru_cache(maxsize=4096)
def _letters(text: str) -> str:
    return unicodedata.normalize("NFD", compact(text))


def likeness(left: str, right: str) -> float:
    """0 for nothing in common, 1 for the same letters in the same order."""
    return difflib.SequenceMatcher(None, _letters(left), _letters(right), autojunk=False).ratio()


def nearest(word: str, names: Iterable[str]) -> tuple[float, str] | None:
    """The name a word is probably a misspelling of, with its likeness; None where none is near enough."""
    spelled = {_letters(name): name for name in names if len(compact(name)) > 1}
    found = difflib.get_close_matches(_letters(word), spelled, n=1, cutoff=SAME)
    if not found:
        return None
    name = spelled[found[0]]
    return likeness(name, word), name
