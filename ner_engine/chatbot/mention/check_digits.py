"""Check digits of codes: a code in, whether its last digit is the one that belongs to the rest out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ner_engine.rules.checks import luhn

__all__ = ["CHECK_DIGITS"]


def _luhn(code: str) -> bool:
    return _plain(code) and luhn(code)


def _mod7(code: str) -> bool:
    """The digits before the last one, read as a number, modulo 7: as parcels are numbered."""
    return _plain(code) and int(code[:-1]) % 7 == int(code[-1])


def _plain(code: str) -> bool:
    return code.isascii() and code.isdecimal() and len(code) > 1


# by the name a rule file has for them
CHECK_DIGITS: Mapping[str, Callable[[str], bool]] = {"luhn": _luhn, "mod7": _mod7}
