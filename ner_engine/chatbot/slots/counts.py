"""Counts as ``ner_engine.values`` reads them, cut down to a number and a unit: of dishes, of guests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from ner_engine.values import Clock, MoneyValue, NumberValue, QuantityValue, parse_at
from ner_engine.values.scan import scan_number
from ner_engine.values.units import UNITS

__all__ = ["Count", "read_count", "same_unit", "standard_unit"]

_TIMELESS = Clock(datetime(2000, 1, 1, tzinfo=UTC))  # no count depends on a clock
_VAGUE = re.compile("(?:한두|두세|두어|두서너|서너|너댓|네댓|네다섯|대여섯|예닐곱|몇|여러|많이|조금|넉넉히)")
_AFTER_UNIT = re.compile("(?:이?서|이?요|씩|짜리|정도|쯤|만|더)$")
_TOGETHER = re.compile("이?서")
_LONGEST = 24  # characters of a mention that is one count


@dataclass(frozen=True, slots=True)
class Count:
    """A number with its classifier in its standard form (``""`` for none).

    ``number`` is None where it was left open (몇, 두세) or is no whole one; ``amount`` is what was said exactly.
    """

    number: int | None
    unit: str
    amount: Decimal | None = None


def read_count(text: str) -> Count | None:
    """The count a mention states; None if it states none."""
    if len(text) > _LONGEST:
        return None
    vague = _VAGUE.match(text)
    if vague:
        return Count(None, standard_unit(re.sub("[^가-힣]", "", text[vague.end() :])))
    value = parse_at(text, _TIMELESS, label="QT")
    if isinstance(value, NumberValue) and not value.ordinal:
        return _count(value.value, value.upper, "")
    if isinstance(value, QuantityValue):
        return _count(value.amount, value.upper, value.unit)
    if isinstance(value, MoneyValue):
        return _count(value.amount, value.upper, "원")
    return _somewhere(text) if value is None else None


def _count(amount: Decimal, upper: Decimal | None, unit: str) -> Count:
    if upper is not None:
        return Count(None, unit)
    whole = amount == amount.to_integral_value()
    return Count(int(amount) if whole else None, unit, amount)


def _somewhere(text: str) -> Count | None:
    """A number with other words around it (소자 하나): the last that has a classifier, else the last."""
    best, at = None, 0
    while at < len(text):
        found = scan_number(text, at) if at == 0 or not text[at - 1].isalnum() else None
        if found is None:
            at += 1
            continue
        number, at = found
        word = re.match(r"\s?[가-힣A-Za-z%]*", text[at:])
        unit = word.group().strip() if word else ""
        unit = "명" if _TOGETHER.fullmatch(unit) else _AFTER_UNIT.sub("", unit)
        best = _count(number.value, number.upper, standard_unit(unit))
        if best.unit:
            break
    return best


def standard_unit(unit: str) -> str:
    """분 and 인 are 명, 킬로 is kg; a classifier of which nothing is known is itself."""
    known = UNITS.get(unit.lower())
    return known.name if known is not None else unit


def same_unit(unit: str, units: Iterable[str]) -> bool:
    """Whether a unit is one of these, however they are written."""
    return standard_unit(unit) in {standard_unit(one) for one in units}
