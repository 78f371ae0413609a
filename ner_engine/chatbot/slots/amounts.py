"""Amounts: how many guests, how long, how much money. Mentions in, an amount within the slot's bounds out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.rules import Slot
from ner_engine.chatbot.showing import show_duration, show_length, show_money, show_number
from ner_engine.chatbot.slots.counts import Count, read_count, same_unit
from ner_engine.chatbot.slots.reading import TIMED_LABELS, Heard, Meaning, Problem, Result, meaning, read_phrase
from ner_engine.chatbot.state import Value
from ner_engine.values import DurationValue, MoneyValue, NumberValue, QuantityValue, parse_at

__all__ = [
    "read_duration",
    "read_money",
    "read_number",
    "read_quantity",
    "seconds_of",
    "takes_duration",
    "takes_money",
    "takes_number",
    "takes_quantity",
]


# --- how many

_MORE = re.compile(r"(?:이|을|만)?\s?(?:더(?=[^가-힣]|$|[요해할추와오있])|추가|늘)")
_PARTICLE = re.compile("(?<=[가-힣])(?:도|만|는|은|가|이|을|를)$")
_AMONG = re.compile(r"(?:중|가운데)(?:에)?(?:는|서|선)?\s")
_WONDERED = re.compile(r"인지|인가|인진|이냐|이든")
_FEWER = re.compile(r"(?:이|을|만)?\s?(?:줄(?!\s?서)|덜|빠져|빠지|빠졌|빠질|못\s?[오와온올]|안\s?[오와온올])")


def takes_quantity(slot: Slot, mention: Mention, heard: Heard) -> bool:
    """Whether a mention counts what the slot is about; a bare number does where it was asked for."""
    return mention.label in slot.labels and _counted(slot, mention, heard) is not None


def _counted(slot: Slot, mention: Mention, heard: Heard) -> Count | None:
    count = read_count(mention.text)
    if count is None:
        return None
    unit = count.unit
    if not unit and mention.after.startswith("이서"):  # 둘이서
        unit = "명"
    if unit:
        fits = same_unit(unit, slot.units)
    else:  # 아이 하나 counts guests, whatever was asked
        claimed = any(_adds(other, mention) for other in heard.form.slots)
        fits = _adds(slot, mention) if claimed else heard.awaited(slot) or _named(slot, mention)
    return Count(count.number, unit, count.amount) if fits else None


def _adds(slot: Slot, mention: Mention) -> bool:
    """아이 in ``어른 둘, 아이 하나``, ``애기도 한 명 있어요``."""
    lead = mention.lead.rstrip()
    return lead.endswith(slot.adds) or _PARTICLE.sub("", lead).endswith(slot.adds)


def _named(slot: Slot, mention: Mention) -> bool:
    """인원 in ``인원도 둘로 줄여 주세요``."""
    lead = _PARTICLE.sub("", mention.lead.rstrip())
    return lead.endswith((slot.title, *slot.words))


def read_quantity(slot: Slot, mentions: Sequence[Mention], heard: Heard) -> Result:
    """The amount; counts after the slot's ``adds`` are summed, else the last one stands."""
    total: Decimal | None = None
    for mention in mentions:
        count = _counted(slot, mention, heard)
        if count is None or (total is not None and _adds(slot, mention) and _AMONG.search(mention.lead)):
            continue  # 다섯 명 중에 아이가 한 명
        if count.amount is None and _WONDERED.match(mention.after):
            continue  # 몇 명인지 왜 물어봐
        if count.amount is None:
            return Problem(slot, "vague", {"heard": mention.text})
        if _MORE.match(mention.after):  # 한 명 더 와요
            total = count.amount + (total if total is not None else _already(slot, heard))
        elif _FEWER.match(mention.after) and _already(slot, heard):  # 한 명 줄었어요
            total = (total if total is not None else _already(slot, heard)) - count.amount
        else:
            total = count.amount + (total or 0) if _adds(slot, mention) else count.amount
    if total is None:
        return None
    return _bounded(slot, total, f"{show_number(total)}{slot.suffix}", str(slot.least), str(slot.most))


def _already(slot: Slot, heard: Heard) -> Decimal:
    old = heard.draft.value(slot.name)
    return Decimal(str(old.data)) if old is not None and isinstance(old.data, int | float) else Decimal(0)


def _bounded(slot: Slot, amount: Decimal, shown: str, least: str, most: str) -> Value | Problem:
    if not slot.least <= amount <= slot.most:
        return Problem(slot, "range", {"heard": shown, "min": least, "max": most})
    return Value(shown, _plain(amount))


def _plain(amount: Decimal) -> int | float:
    return int(amount) if amount == amount.to_integral_value() else float(amount)


# --- numbers and money


def takes_number(slot: Slot, mention: Mention, heard: Heard) -> bool:
    """A number is taken where it was asked for or stands at the slot's own words (3 of 혈압 3)."""
    if mention.label not in slot.labels or not isinstance(
        meaning(mention, heard.clock), NumberValue | QuantityValue
    ):
        return False
    return heard.awaited(slot) or any(mention.lead.rstrip().endswith(word) for word in (slot.title, *slot.words))


def read_number(slot: Slot, mentions: Sequence[Mention], heard: Heard) -> Result:
    """The number said last."""
    value = _last(mentions, heard, NumberValue | QuantityValue, label="QT")
    if not isinstance(value, NumberValue | QuantityValue):
        return None
    amount = value.value if isinstance(value, NumberValue) else value.amount
    if value.upper is not None:
        return Problem(slot, "vague", {"heard": _words(mentions, heard)})
    return _bounded(
        slot, amount, f"{show_number(amount)}{slot.suffix}", show_number(Decimal(slot.least)), _most(slot)
    )


def _most(slot: Slot) -> str:
    return show_number(Decimal(slot.most))


def takes_money(slot: Slot, mention: Mention, heard: Heard) -> bool:
    """An amount of money; a bare number where it was asked for."""
    if mention.label not in slot.labels:
        return False
    value = meaning(mention, heard.clock)
    return isinstance(value, MoneyValue) or (isinstance(value, NumberValue) and heard.awaited(slot))


def read_money(slot: Slot, mentions: Sequence[Mention], heard: Heard) -> Result:
    """The amount said last, in won."""
    value = _last(mentions, heard, MoneyValue | NumberValue, label="QT")
    if not isinstance(value, MoneyValue | NumberValue):
        return None
    amount = value.amount if isinstance(value, MoneyValue) else value.value
    if value.upper is not None or (isinstance(value, MoneyValue) and value.currency != "KRW"):
        return Problem(slot, "vague", {"heard": _words(mentions, heard)})
    least, most = show_money(Decimal(slot.least)), show_money(Decimal(slot.most))
    return _bounded(slot, amount, show_money(amount), least, most)


def _last(mentions: Sequence[Mention], heard: Heard, kinds: object, *, label: str) -> Meaning | None:
    """The meaning of the last mention, or of the plain words where there is none."""
    if not mentions:
        return read_phrase(heard.words, heard.clock, label=label)
    return meaning(mentions[-1], heard.clock)


def _words(mentions: Sequence[Mention], heard: Heard) -> str:
    return mentions[-1].text if mentions else heard.words.strip()


# --- how long


def takes_duration(slot: Slot, mention: Mention, heard: Heard) -> bool:
    """A length of time; 3일 is one where it was asked for."""
    if mention.label not in slot.labels and mention.label not in TIMED_LABELS:
        return False
    return _length(slot, mention, heard) is not None


def _length(slot: Slot, mention: Mention, heard: Heard) -> DurationValue | None:
    value = meaning(mention, heard.clock)
    if not isinstance(value, DurationValue) and heard.awaited(slot):
        value = parse_at(mention.text, heard.clock, label="DUR")
    return value if isinstance(value, DurationValue) else None


def read_duration(slot: Slot, mentions: Sequence[Mention], heard: Heard) -> Result:
    """The length, in ISO 8601."""
    if mentions:
        value: Meaning | None = _length(slot, mentions[-1], heard)
    else:
        value = read_phrase(heard.words, heard.clock, label="DUR")
    if not isinstance(value, DurationValue):
        return None
    if value.upper is not None:
        return Problem(slot, "vague", {"heard": _words(mentions, heard)})
    seconds, shown = seconds_of(value), show_duration(value)
    if (slot.shortest is not None and seconds < slot.shortest) or (
        slot.longest is not None and seconds > slot.longest
    ):
        bounds = {"min": slot.shortest, "max": slot.longest}
        shown_bounds = {name: show_length(bound) for name, bound in bounds.items() if bound is not None}
        return Problem(slot, "range", {"heard": shown, **shown_bounds})
    return Value(shown, value.iso)


def seconds_of(value: DurationValue) -> Decimal:
    """The length in seconds; a month counts 30 days, a year 365."""
    days = value.years * 365 + value.months * 30 + value.weeks * 7 + value.days
    return days * 86400 + value.hours * 3600 + value.minutes * 60 + value.seconds
