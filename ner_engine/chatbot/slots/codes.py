"""Codes and contacts: tracking and telephone numbers, e-mail addresses. What has their shape in, the code out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ner_engine.chatbot.mention.check_digits import CHECK_DIGITS
from ner_engine.chatbot.mention.finding import find_contacts
from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.rules import Slot
from ner_engine.chatbot.showing import show_phone
from ner_engine.chatbot.slots.reading import Heard, Problem, Result, meaning
from ner_engine.chatbot.state import Value
from ner_engine.values import ContactValue, parse_at

__all__ = ["read_code", "read_contact", "takes_code", "takes_contact"]

_SPELLED = str.maketrans("공영일이삼사오육륙칠팔구", "001234566789")
_SPELLED_RUN = re.compile(
    r"[공영일이삼사오육륙칠팔구][공영일이삼사오육륙칠팔구\s-]{2,60}[공영일이삼사오육륙칠팔구]"
)
_RUN = re.compile(r"[A-Za-z0-9](?:[ \t_-]{0,2}[A-Za-z0-9]){2,63}")
_LIKE_A_PHONE = re.compile(r"(?<!\d)\+?\d(?:[\s().-]{0,2}\d){5,18}(?!\d)")
_LIKE_AN_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{0,100}")
_FEW_DIGITS = 4  # from so many on, an answer is a code that is wrong rather than no code


def takes_code(slot: Slot, mention: Mention, heard: Heard) -> bool:
    """Whether a mention carries the label of the slot."""
    return mention.label in slot.labels


def read_code(slot: Slot, mentions: Sequence[Mention], heard: Heard) -> Result:
    """The code without the spaces and hyphens it was said with."""
    if slot.pattern is None:
        return None
    for said in (*(m.text for m in reversed(mentions)), *_runs(heard.text)):
        for code in (said.strip(), _closed_up(said)):
            if slot.pattern.fullmatch(code) and (not slot.check or CHECK_DIGITS[slot.check](code)):
                return Value(_shown(slot, code), code)
    wrong = mentions[-1].text if mentions else _wrong_code(heard) if heard.asked(slot) else ""
    return Problem(slot, "invalid", {"heard": wrong}) if wrong else None


def _runs(text: str) -> Iterator[str]:
    """What may be a code: letters and digits, with spaces and hyphens between, or digits spelled out."""
    for match in _RUN.finditer(text):
        yield match.group()
        yield from match.group().split()
    for match in _SPELLED_RUN.finditer(text):
        yield match.group()


def _closed_up(said: str) -> str:
    bare = re.sub(r"[\s_-]", "", said)
    return bare.translate(_SPELLED) if _SPELLED_RUN.fullmatch(said.strip()) else bare.upper()


def _wrong_code(heard: Heard) -> str:
    said = [m.group() for m in _RUN.finditer(heard.text) if sum(c.isdecimal() for c in m.group()) >= _FEW_DIGITS]
    return said[-1] if said else ""


def _shown(slot: Slot, code: str) -> str:
    return f"끝자리 {code[-4:]}" if slot.show == "last4" else code + slot.suffix


def takes_contact(slot: Slot, mention: Mention, heard: Heard) -> bool:
    """Whether a mention is a telephone number or an e-mail address, as the slot wants it."""
    if mention.label not in slot.labels and mention.label not in ("PHONE", "EMAIL", "QT"):
        return False
    value = meaning(mention, heard.clock)
    return isinstance(value, ContactValue) and value.form == slot.contact


def read_contact(slot: Slot, mentions: Sequence[Mention], heard: Heard) -> Result:
    """The number in E.164 (``+821012345678``) where it has that form, or the address."""
    texts = [m.text for m in mentions] or [heard.text[start:end] for start, end in find_contacts(heard.text)]
    for said in reversed(texts):
        value = parse_at(said, heard.clock, label="PHONE")
        if isinstance(value, ContactValue) and value.form == slot.contact:
            shown = show_phone(value.value) if value.form == "phone" else value.value
            return Value(_shown(slot, shown) if slot.show else shown, value.value)
    if not heard.asked(slot):
        return None
    shape = _LIKE_A_PHONE if slot.contact == "phone" else _LIKE_AN_EMAIL
    wrong = shape.search(heard.text)
    return Problem(slot, "invalid", {"heard": wrong.group().strip()}) if wrong else None
