"""One way of writing from many, before anything is read: a text in, its folded form out.

Composed syllables, ASCII digits and signs, small Latin letters, Hanja numerals and time signs in Hangul, and no
spaces but between two digits. Lengths and offsets are not kept.
"""

from __future__ import annotations

import unicodedata

__all__ = ["LONGEST", "fold"]

LONGEST = 64  # characters without spaces; nothing longer is an expression, so that every loop over one is short

_SIGNS = str.maketrans(
    dict.fromkeys("〜～∼˜﹏", "~")
    | dict.fromkeys("‐‑‒–—―−－", "-")
    | dict.fromkeys("：∶︓", ":")
    | dict(zip("一二三四五六七八九十百千萬億〇零", "일이삼사오육칠팔구십백천만억영영", strict=True))
    | dict(zip("半年月日時分秒前後", "반년월일시분초전후", strict=True))
    | dict.fromkeys("\u200b\u200c\u200d\ufeff\u00ad\u2060")
)


def fold(text: str) -> str:
    """The folded form, or ``""`` for a text longer than an expression can be."""
    if len(text) > 4 * LONGEST:  # decomposed Hangul takes up to three characters a syllable
        return ""
    folded = unicodedata.normalize("NFKC", text).translate(_SIGNS).lower()
    pieces = folded.split()
    out = ""
    for piece in pieces:
        apart = out[-1:].isdecimal() and piece[0].isdecimal()
        out += f" {piece}" if apart else piece
    return out if len(out) <= LONGEST else ""
