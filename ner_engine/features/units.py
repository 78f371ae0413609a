"""A text's units: its visible characters, their code points and offsets, and what a code point is."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = [
    "CLASS_COUNT",
    "FINALS",
    "INITIALS",
    "Codes",
    "Ints",
    "character_classes",
    "fold",
    "jamo",
    "units_of",
    "units_of_all",
]

Ints = npt.NDArray[np.int32]
Codes = npt.NDArray[np.uint32]

_VISIBLE = np.array([not chr(i).isspace() for i in range(0x3002)])  # every code point beyond is
INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
FINALS = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_INITIAL_CODES = np.array([ord(c) for c in INITIALS], dtype=np.uint32)
_FINAL_CODES = np.array([ord(c) for c in FINALS], dtype=np.uint32)
_COMPATIBILITY_INITIAL = np.zeros(0x30, dtype=np.int32)
for _i, _c in enumerate(INITIALS):
    _COMPATIBILITY_INITIAL[ord(_c) - 0x3130] = _i + 2

# (first code point of the range, class); a character belongs to the last range that starts at or before it
_CLASSES = [
    (0x00, 8), (0x30, 3), (0x3A, 8), (0x41, 5), (0x5B, 8), (0x61, 4), (0x7B, 8), (0xC0, 6), (0x250, 11),
    (0x400, 6), (0x600, 11), (0x1100, 2), (0x1200, 11), (0x2000, 9), (0x2E80, 7), (0x3000, 9), (0x3040, 10),
    (0x3100, 11), (0x3131, 2), (0x3190, 11), (0x3400, 7), (0xA000, 11), (0xAC00, 12), (0xD7A4, 11),
    (0xF900, 7), (0xFB00, 11), (0xFF00, 9), (0x10000, 11), (0x1F000, 13), (0x20000, 7), (0x30000, 11),
]  # fmt: skip
_CLASS_STARTS = np.array([start for start, _ in _CLASSES], dtype=np.uint32)
_CLASS_IDS = np.array([number for _, number in _CLASSES], dtype=np.int32)
CLASS_COUNT = 14


def _codes(text: str) -> Codes:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _joins(character: str) -> bool:
    """Whether a character belongs to the one before it."""
    code = ord(character)
    return (
        unicodedata.combining(character) != 0
        or 0x1160 <= code <= 0x11FF
        or code in (0x200D, 0xFE0E, 0xFE0F)
        or 0x1F3FB <= code <= 0x1F3FF
    )


def _plain(text: str, codes: Codes) -> bool:
    """Whether each visible character of a text is a unit by itself."""
    joining = ((codes >= 0x300) & (codes < 0x370)) | (codes == 0x200D) | (codes >= 0xFE00) & (codes < 0xFE10)
    return not joining.any() and unicodedata.is_normalized("NFC", text)


def _visible(codes: Codes) -> tuple[Codes, Ints, Ints]:
    starts = np.flatnonzero(_VISIBLE[np.minimum(codes, 0x3001)]).astype(np.int32)
    return codes[starts], starts, starts + 1


def units_of_all(texts: Sequence[str], offsets: Sequence[int]) -> tuple[Codes, Ints, Ints]:
    """``units_of`` of texts in one row, the first character of each counted as ``offsets``.

    An offset is the one before it plus that text's length and one: texts never touch.
    """
    joined = "\n".join(texts)
    codes = _codes(joined)
    if _plain(joined, codes):
        return _visible(codes)
    parts = [units_of(text) for text in texts]
    shift = np.repeat(np.array(offsets, dtype=np.int32), [len(part[0]) for part in parts])
    heads, starts, ends = (np.concatenate([part[i] for part in parts]) for i in range(3))
    return heads, starts + shift, ends + shift


def units_of(text: str) -> tuple[Codes, Ints, Ints]:
    """The visible characters of a text: their code points (composed), starts and ends, ``(units,)`` each."""
    codes = _codes(text)
    if _plain(text, codes):
        return _visible(codes)
    heads: list[int] = []
    begins: list[int] = []
    finishes: list[int] = []
    i = 0
    while i < len(text):
        if text[i].isspace():
            i += 1
            continue
        j = i + 1
        while j < len(text) and _joins(text[j]):
            j += 1
        heads.append(ord(unicodedata.normalize("NFC", text[i:j])[0]))
        begins.append(i)
        finishes.append(j)
        i = j
    return (
        np.array(heads, dtype=np.uint32),
        np.array(begins, dtype=np.int32),
        np.array(finishes, dtype=np.int32),
    )


def fold(codes: Codes) -> Codes:
    """Fold what means the same: full width to ASCII, upper to lower case, conjoining to compatibility jamo."""
    out = codes.copy()
    wide = (out >= 0xFF01) & (out <= 0xFF5E)
    out[wide] -= 0xFEE0
    upper = (out >= 0x41) & (out <= 0x5A)
    out[upper] += 32
    conjoining = (out >= 0x1100) & (out <= 0x11C2)
    if conjoining.any():
        lead = (out >= 0x1100) & (out <= 0x1112)
        out[lead] = _INITIAL_CODES[out[lead] - 0x1100]
        vowel = (out >= 0x1161) & (out <= 0x1175)
        out[vowel] = out[vowel] - 0x1161 + 0x314F
        tail = (out >= 0x11A8) & (out <= 0x11C2)
        out[tail] = _FINAL_CODES[out[tail] - 0x11A8]
    return out


def character_classes(codes: Codes) -> Ints:
    """The class of each code point, ``(units,)``: Hangul, jamo, digits, Latin by case, Han, kana, symbols, ..."""
    return _CLASS_IDS[np.searchsorted(_CLASS_STARTS, codes, side="right") - 1]


def jamo(folded: Codes) -> list[Ints]:
    """Rows of the initial, medial and final of each folded code, ``(units,)`` each; 1 where there is none."""
    hangul = (folded >= 0xAC00) & (folded <= 0xD7A3)
    index = np.where(hangul, folded - np.uint32(0xAC00), np.uint32(0)).astype(np.int32)
    lone = (folded >= 0x3131) & (folded < 0x3160)
    initial = np.where(hangul, index // 588 + 2, 1).astype(np.int32)
    initial[lone] = _COMPATIBILITY_INITIAL[folded[lone] - 0x3130]
    initial[initial == 0] = 1
    medial = np.where(hangul, index % 588 // 28 + 2, 1).astype(np.int32)
    lone_vowel = (folded >= 0x314F) & (folded < 0x3164)
    medial[lone_vowel] = folded[lone_vowel].astype(np.int32) - 0x314F + 2
    final = np.where(hangul, index % 28 + 2, 1).astype(np.int32)
    return [initial, medial, final]
