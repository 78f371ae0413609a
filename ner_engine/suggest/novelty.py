"""What a text has that the labelled data has not: its words, cut from their particles, as hashes.

A form is an eojeol without the particle it ends with, digits folded into one, so that ``강남역에서`` and
``강남역까지`` are one form and so are all numbers of as many digits. No analyser is asked: the forms of a million
lines have to cost less than tagging them.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable

__all__ = ["forms_of", "known_forms"]

_WORD = re.compile(r"\w+")
_DIGITS = re.compile(r"\d")
_PARTICLES = (
    "에서부터", "으로부터", "에게서", "에서는", "에서도", "으로는", "이라고", "이라는", "까지는", "부터는",
    "에서", "에게", "한테", "까지", "부터", "으로", "처럼", "보다", "이랑", "하고", "라고", "라는", "이나",
    "이며", "이다", "에는", "에도", "은", "는", "이", "가", "을", "를", "에", "의", "도", "로", "와", "과",
    "만", "랑", "나",
)  # fmt: skip
_ENDING = re.compile(f"(?:{'|'.join(_PARTICLES)})$")
_LEAST = 2  # characters that have to be left of a word when its particle goes


def forms_of(text: str) -> frozenset[int]:
    """The distinct forms of a text, hashed to 32 bits."""
    folded = _DIGITS.sub("0", unicodedata.normalize("NFC", text).lower())
    return frozenset(zlib.crc32(_stem(word).encode("utf-8", "surrogatepass")) for word in _WORD.findall(folded))


def _stem(word: str) -> str:
    found = _ENDING.search(word)
    return word[: found.start()] if found and found.start() >= _LEAST else word


def known_forms(texts: Iterable[str]) -> set[int]:
    """The forms of all texts together."""
    known: set[int] = set()
    for text in texts:
        known |= forms_of(text)
    return known
