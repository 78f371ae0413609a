"""Numbers that name something and count nothing: telephone, card, account and order numbers, house numbers.

A text goes in, the places of such numbers come out; whatever counts dishes or guests leaves them alone.
"""

from __future__ import annotations

import re

__all__ = ["find_identifiers"]

_SPELLED = "[공영일이삼사오육륙칠팔구]"
_IDENTIFIER = re.compile(
    r"(?<!\d)(?:"
    r"\+?\d+(?:[-–]\d+)+(?!\s*[가-힣]{0,2}(?:개|명|분|인|그릇|병|시|월|일))"  # 223-14; 2-3개 counts
    r"|0\d{1,2}[\s.]\d{3,4}[\s.]\d{4}"  # 010 2345 6789
    r"|\d{4}(?:\s\d{4}){1,3}"  # cards
    r"|\d{7,}(?!\s*원)"
    r"|\d+\s*(?:번지|호실|호(?!선)|동(?![안네])|층|번(?!째))(?![가-힣]*\s*예약)"
    r")(?!\d)"
    rf"|(?<![가-힣])[공영]일{_SPELLED}(?:[\s-]*{_SPELLED}{{3,4}}){{2}}"  # 공일공 일이삼사 오육칠팔
    r"|(?:번호|카드|계좌|비번)(?:[은는이가]|입니다)?\s*:?\s*(?P<after>\d[\d\s-]*\d)"  # 주문번호 3342
)


def find_identifiers(text: str) -> list[tuple[int, int]]:
    """Where such numbers stand: ``[start, end)`` each, in order."""
    return [m.span("after") if m["after"] else m.span() for m in _IDENTIFIER.finditer(text)]
