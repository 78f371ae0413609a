"""Places: mentions of places in, the place or the address that is meant out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ner_engine.chatbot.mention.finding import find_places
from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.rules import Slot
from ner_engine.chatbot.slots.plain import bare_answer
from ner_engine.chatbot.slots.reading import Heard, Problem, Result
from ner_engine.chatbot.state import Value
from ner_engine.values.places import parse_place

__all__ = ["read_place", "takes_place"]

# What a place that no list knows ends in.
_LIKE_A_PLACE = re.compile(
    "[가-힣A-Za-z0-9 ]*[가-힣](?:역|동|구|시|군|읍|면|리|로|길|도|공항|터미널|병원|학교"
    "|아파트|빌딩|마을|시장|공원|타워|오피스텔)"
)
# 12번지 3층 of "은하수길 12번지 3층", where only 은하수길 was labelled
_REST = re.compile(
    r"\s?(?:산\s?)?\d{1,5}(?:-\d{1,5})?(?:번지|번길)?(?:[\s,]{1,2}(?:지하\s?)?\d{1,5}(?:동|호|층)){0,3}(?!\d|시|명|개|월|일|분|만|원|kg)"
)
# 아까 그 주소, of which nothing is known any more
_POINTED_AT = re.compile(r"(?:아까|방금|지금|똑?같은|그|이|저)\s")
_NUMBERED = ("번지", "건물")


def takes_place(slot: Slot, mention: Mention, heard: Heard) -> bool:
    """Whether a mention names a place."""
    return mention.label in slot.labels or mention.label == "ADDRESS"


def read_place(slot: Slot, mentions: Sequence[Mention], heard: Heard) -> Result:
    """The place as it was said; where the slot wants an address, one with its number."""
    said = [_with_number(m) for m in mentions]
    if not said and heard.words:
        named = [heard.words[start:end] for start, end in find_places(heard.words)]
        bare = bare_answer(heard.words)
        said = [bare] if bare and (parse_place(bare) or _LIKE_A_PLACE.fullmatch(bare)) else named
        if not said:
            meant = bare and slot.address and not _POINTED_AT.match(bare)
            return Problem(slot, "invalid", {"heard": bare}) if meant else None
    if not said:
        return None
    place = _completed(" ".join(said[-1].split()), heard.hint(slot))
    if slot.address and not _is_address(place):
        return Problem(slot, "invalid", {"heard": place}, half=place if parse_place(place) else "")
    return Value(place + slot.suffix, place)


def _completed(place: str, region: str) -> str:
    """은하수길 12 of the 서울 마포구 that was said before."""
    value = parse_place(place)
    if not region or (value is not None and "시군구" in value.parts):
        return place
    whole = f"{region} {place}"
    return whole if _is_address(whole) else place


def _with_number(mention: Mention) -> str:
    """The mention with the house number after it, where that was not labelled."""
    rest = _REST.match(mention.after) if re.search("[로길동리가]$", mention.text) else None
    return mention.text + (rest.group() if rest else "")


def _is_address(place: str) -> bool:
    value = parse_place(place)
    return value is not None and any(any(c.isdecimal() for c in value.parts.get(part, "")) for part in _NUMBERED)
