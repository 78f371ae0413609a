"""What a regular expression cannot say: check digits, dates inside numbers, spelt amounts. A match in, trust out.

Each check answers with how far the match is to be trusted, in [0, 1]; 0 rejects it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

__all__ = ["CHECKS", "GROUPS", "Check", "luhn"]

Check = Callable[["re.Match[str]"], float]

_NOT_DIGIT = re.compile(r"\D")
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_RESIDENT_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_BUSINESS_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
_AMOUNT_PIECE = re.compile(r"[\d,.]+|[가-힣]+")
_VAGUE_FIRST = re.compile(r"[수몇][ \t]")
_DIGITS = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
_SPELT = re.compile(
    r"(?:[일이삼사오육칠팔구몇수]?[십백천만억조]){1,16}[일이삼사오육칠팔구]?|[일이삼사오육칠팔구]"
)
_SCALE = re.compile("[십백천만억조]")


def _said(match: re.Match[str]) -> str:
    """The entity of a match."""
    return match["entity"] if "entity" in match.re.groupindex else match[0]


def _digits(match: re.Match[str]) -> str:
    return _NOT_DIGIT.sub("", _said(match))


def luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of a payment card (ISO/IEC 7812)."""
    total = 0
    for i, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if i % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _card(match: re.Match[str]) -> float:
    said, digits = _said(match), _digits(match)
    if not 12 <= len(digits) <= 19:
        return 0.0
    if luhn(digits) and digits[0] in "34569":
        return 0.99
    return 0.7 if not said.isdecimal() else 0.0  # four groups of four, mistyped or made up


def _resident(match: re.Match[str]) -> float:
    said, digits = _said(match), _digits(match)
    if len(digits) not in (7, 13):
        return 0.0
    month, day = int(digits[2:4]), int(digits[4:6])
    if not (1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]):
        return 0.0
    if len(digits) < 13:
        return 0.97  # the rest is starred
    checked = (11 - sum(int(d) * w for d, w in zip(digits, _RESIDENT_WEIGHTS, strict=False)) % 11) % 10
    if checked == int(digits[12]):
        return 0.99
    # numbers given since October 2020 have no check digit
    return 0.0 if said.isdecimal() else 0.9


def _business(match: re.Match[str]) -> float:
    digits = _digits(match)
    if len(digits) != 10:
        return 0.0
    total = sum(int(d) * w for d, w in zip(digits, _BUSINESS_WEIGHTS, strict=False)) + int(digits[8]) * 5 // 10
    return 0.99 if (10 - total % 10) % 10 == int(digits[9]) else 0.0


def _account(match: re.Match[str]) -> float:
    groups = [len(group) for group in _said(match).split("-")]
    digits = _digits(match)
    if not 10 <= len(digits) <= 16 or groups == [4, 4, 4, 4] or groups[:3] == [4, 2, 2]:
        return 0.0
    if digits.startswith("0") and len(digits) <= 11:  # a telephone number
        return 0.0
    return 0.5 if groups == [4, 4, 4] else 0.75  # 4-4-4 is a parcel's number more often


def _address(match: re.Match[str]) -> float:
    parts = match.groupdict()
    if parts["region"]:
        return 0.95
    # 집으로 2 is no address; without a region a house number or a room must be unmistakable
    sure = parts.get("branch") or parts.get("rooms") or "-" in (parts.get("house") or "")
    return 0.75 if sure else 0.0


def _money(match: re.Match[str]) -> float:
    amount = _VAGUE_FIRST.sub("", match["amount"])
    pieces = [piece for piece in _AMOUNT_PIECE.findall(amount) if piece != "원"]
    for piece in pieces:
        if not (_DIGITS.fullmatch(piece) or _SPELT.fullmatch(piece)):
            return 0.0
    spelt = not any(c.isdecimal() for c in amount)
    if spelt and (not _SCALE.search(amount) or amount in ("조", "억")):  # 사원, 조원
        return 0.0
    if spelt and amount == match["amount"] and len(amount) == 1 and not match["space"]:
        return 0.0  # 만원 버스, 십원빵: whoever knows the sentence decides
    return 0.97


def _flight(match: re.Match[str]) -> float:
    return 0.98 if match.string[match.end() : match.end() + 2].lstrip().startswith("편") else 0.8


def _has_digit(match: re.Match[str]) -> float:
    said = _said(match)
    return 0.97 if sum(c.isdecimal() for c in said) >= 3 else 0.0


def _ip(match: re.Match[str]) -> float:
    parts = _said(match).split(".")
    return 0.97 if len(parts) == 4 and all(p.isdecimal() and int(p) <= 255 for p in parts) else 0.0


CHECKS: Mapping[str, Check] = {
    "account": _account,
    "address": _address,
    "business": _business,
    "card": _card,
    "digits": _has_digit,
    "flight": _flight,
    "ip": _ip,
    "money": _money,
    "resident": _resident,
}
# the groups an expression must have for a check to look at, beside the whole match
GROUPS: Mapping[str, frozenset[str]] = {
    "address": frozenset({"region"}),
    "money": frozenset({"amount", "space"}),
}
