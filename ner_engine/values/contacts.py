"""Telephone numbers and e-mail addresses as people write them, to the form machines dial.

``010-1234-5678``, ``(02) 123-4567``, ``+82 10 1234 5678`` and ``공일공 일이삼사 오육칠팔`` become
``+821012345678`` (ITU-T E.164); numbers that cannot be dialled from abroad (``1588-1234``, ``112``) their digits.
"""

from __future__ import annotations

import re

from ner_engine.values.numerals import normal
from ner_engine.values.types import ContactValue

__all__ = ["parse_contact"]

_LONGEST = 254  # the longest e-mail address there is (RFC 5321, 4.5.3.1)
_LONGEST_PHONE = 40
_MOBILE = re.compile(r"010\d{8}|01[16789]\d{7,8}")
_LAND = re.compile(r"02\d{7,8}|0(?:3[1-3]|4[1-4]|5[1-5]|6[1-4])\d{7,8}")
_SERVICE = re.compile(r"070\d{7,8}|050\d{8,9}|0[68]0\d{6,8}|060\d{6,8}")
_ABROAD_NEVER = re.compile(r"1[568]\d{6}")  # 1588-1234: dialled within the country only
_SHORT = frozenset((
    "112", "119", "113", "110", "111", "114", "117", "118", "120", "121", "122", "123",
    "125", "127", "128", "129", "131", "132", "1339", "1345", "1350", "1355", "1366",
))  # fmt: skip
_SAID = str.maketrans("공영일이삼사오육륙칠팔구", "001234566789")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}")


def parse_contact(text: str) -> ContactValue | None:
    """The whole text as a telephone number of Korea (or one with its country code), or an e-mail address.

    Longer numbers that are no telephone's (cards, accounts, dates) are None. Nothing raises.
    """
    if len(text) > 4 * _LONGEST:
        return None
    s = normal(text)
    if "@" in s:
        return _email(s)
    return _phone(s) if 3 <= len(s) <= _LONGEST_PHONE else None


def _email(s: str) -> ContactValue | None:
    s = s.removeprefix("mailto:")
    local, _, domain = s.rpartition("@")
    if len(s) > _LONGEST or len(local) > 64 or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        return None
    return ContactValue(f"{local}@{domain.lower()}", "email")


def _phone(s: str) -> ContactValue | None:
    said = s.translate(_SAID)
    if said != s and not s.startswith("공"):
        return None
    digits = re.sub(r"(?<=\d)다시(?=\d)|[\s().-]|^(?:전화|tel|tel:)", "", said, flags=re.IGNORECASE)
    foreign = digits.startswith("+") and not digits.startswith("+82")
    for prefix in ("+82", "0082", "82"):
        if digits.startswith(prefix) and len(digits) >= len(prefix) + 8:
            digits = "0" + digits.removeprefix(prefix).lstrip("0")
            break
    if foreign:
        rest = digits[1:]
        return ContactValue(digits) if rest.isascii() and rest.isdigit() and 8 <= len(rest) <= 15 else None
    if not (digits.isascii() and digits.isdigit()) or not _grouped(said):
        return None
    if _MOBILE.fullmatch(digits) or _LAND.fullmatch(digits) or _SERVICE.fullmatch(digits):
        return ContactValue("+82" + digits[1:])
    return ContactValue(digits) if _ABROAD_NEVER.fullmatch(digits) or digits in _SHORT else None


def _grouped(s: str) -> bool:
    """Whether the digits stand in groups as telephone numbers have them; 0.1012345678 is none."""
    groups = re.findall(r"\d+", s)
    return len(groups) == 1 or (len(groups) <= 5 and len(groups[-1]) == 4 and all(len(g) <= 4 for g in groups))
