"""Money: a number and the word or sign of its currency in, a MoneyValue out."""

from __future__ import annotations

import re
from decimal import Decimal

from ner_engine.values.scan import scan_number
from ner_engine.values.types import MoneyValue, NumberValue
from ner_engine.values.units import CURRENCIES, CURRENCY_SIGNS

__all__ = ["band_within", "decimal_step", "named_money", "signed_money"]


def signed_money(s: str) -> MoneyValue | None:
    """``$20``, ``US$20``, ``KRW 5000``: the whole text with its currency in front, or None."""
    sign = re.match(r"(?:us\$|[₩$€¥£฿₫]|[a-z]{3}(?=[\s\d]))\s?(?=[\d])", s, re.IGNORECASE)
    if sign is None:
        return None
    name = sign.group().strip().lower()
    currency = CURRENCY_SIGNS.get(name) or CURRENCIES.get(name)
    number = scan_number(s, sign.end())
    if currency is None or number is None or s[number[1] :] not in ("", "원", "달러"):
        return None
    return MoneyValue(number[0].value, currency, number[0].upper, number[0].approximate)


def named_money(number: NumberValue, word: str) -> MoneyValue | None:
    """The number with the word after it, spaces left out: ``원``, ``달러50센트``, ``원대후반``; else None."""
    value, upper, about = number.value, number.upper, number.approximate
    cents = re.fullmatch(r"(?:달러|불)(\d{1,2})센트", word)
    if cents is not None and upper is None:
        return MoneyValue(value + Decimal(cents[1]) / 100, "USD")
    if word == "센트":
        return MoneyValue(value / 100, "USD", None if upper is None else upper / 100, about)
    if word in CURRENCIES:
        others = tuple(MoneyValue(other.value, CURRENCIES[word]) for other in number.alternatives)
        return MoneyValue(value, CURRENCIES[word], upper, about, others)
    band = re.fullmatch("(.+)대(초반|중반|후반)?", word)
    if band is not None and band[1] in CURRENCIES and upper is None and value > 0:
        low, high = band_within(value, decimal_step(value), band[2])
        return MoneyValue(low, CURRENCIES[band[1]], high, about)
    return None


def decimal_step(value: Decimal) -> Decimal:
    """The place of the last digit that is not 0: 30000 -> 10000, 1500 -> 100."""
    step = Decimal(1)
    while value % (step * 10) == 0:
        step *= 10
    return step


def band_within(low: Decimal, step: Decimal, part: str | None) -> tuple[Decimal, Decimal]:
    """The first, middle or last stretch of [low, low + step)."""
    cuts = {"초반": ("0", "0.4"), "중반": ("0.4", "0.7"), "후반": ("0.7", "1")}.get(part or "", ("0", "1"))
    return low + step * Decimal(cuts[0]), low + step * Decimal(cuts[1])
