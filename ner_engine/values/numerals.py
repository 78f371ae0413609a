"""Korean numbers: a text in, a NumberValue out. ``3만5천``, ``삼만 오천``, ``스물다섯``, ``두세``, ``세 번째``.

``scan_number`` reads the longest number that starts at a place; ``parse_number`` wants the whole text to be one:
also with a sign, as a fraction (``3분의 2``), or in order (``첫째``, ``제3``).
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from decimal import Decimal

from ner_engine.values.scan import scan_number
from ner_engine.values.types import NumberValue

__all__ = ["normal", "parse_number", "scan_number"]

_LONGEST = 80  # characters; nothing longer is a number
_SIGNS = str.maketrans(
    dict.fromkeys("〜∼˜﹏", "~")
    | dict.fromkeys("‐‑‒–—−", "-")
    | dict.fromkeys("\u200b\u200c\u200d\ufeff\u00ad\u2060")
)


def normal(text: str) -> str:
    """One way of writing from many: composed, half-width digits and signs, single spaces and none around.

    ``㎏`` -> ``kg``, ``１`` -> ``1``, ``1½`` -> ``1 1/2``, ``～`` -> ``~``.
    """
    if not text.isascii():
        apart = "".join(f" {c}" if c in "¼½¾⅓⅔" else c for c in text)
        text = unicodedata.normalize("NFKC", apart).translate(_SIGNS).replace("\u2044", "/")
    return " ".join(text.split())


def parse_number(text: str) -> NumberValue | None:
    """The whole text as a number, ordinals and signs included: ``-3``, ``3/4``, ``세 번째``, ``첫째``, ``제3``.

    None for anything else. ``text`` may be in any normal form. Nothing raises.
    """
    s = normal(text) if len(text) <= 4 * _LONGEST else ""
    if not s or len(s) > _LONGEST:
        return None
    return _ordinal(s) or _signed(s)


def _whole(s: str) -> NumberValue | None:
    found = scan_number(s)
    return found[0] if found and found[1] == len(s) else None


def _signed(s: str) -> NumberValue | None:
    for sign in ("마이너스", "-"):
        if s.startswith(sign):
            value = _whole(s.removeprefix(sign).lstrip())
            if value is None or value.upper is not None:
                return None
            return replace(value, value=-value.value, alternatives=())
    if s.startswith("+"):
        return _whole(s[1:])
    return _whole(s) or _ratio(s)


def _ratio(s: str) -> NumberValue | None:
    """3분의 2, 삼분의 이, 3/4, 1 1/2."""
    if s in ("반", "절반"):
        return NumberValue(Decimal("0.5"))
    if "/" in s:
        top, _, bottom = s.partition("/")
        whole, _, top = top.rpartition(" ")
        if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in (top, bottom, whole or "0")):
            return None
        added, upper, lower = Decimal(whole or 0), Decimal(top), Decimal(bottom)
    else:
        below, found, above = s.partition("분의")
        under, over = _whole(below.rstrip()), _whole(above.lstrip())
        if not found or under is None or over is None or under.upper is not None or over.upper is not None:
            return None
        added, upper, lower = Decimal(0), over.value, under.value
    return NumberValue(added + upper / lower) if lower else None


def _ordinal(s: str) -> NumberValue | None:
    if s in ("첫", "첫 번째", "첫번째", "첫째", "첫 째", "첫번 째"):
        return NumberValue(Decimal(1), ordinal=True)
    if s.startswith("제") and s[1:].lstrip()[:1].isdigit():  # 제육 is no sixth
        value = _whole(s[1:].lstrip())
        if value is not None and value.value >= 10**8:
            return None  # 제5조 is an article of a law
        return value and replace(value, ordinal=True, alternatives=())
    stem = s.removesuffix("째").rstrip()
    if stem == s:
        return None
    if stem.endswith("번"):
        stem = stem[:-1].rstrip()
        value = _whole(stem)
    else:
        value = _whole(stem) if not stem[-1:].isdigit() else None  # 둘째, 열두째; 3째 is none
    return value and replace(value, ordinal=True, alternatives=())
