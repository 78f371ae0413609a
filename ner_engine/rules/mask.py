"""Personal data out of a text, and back in: ``mask(text, entities)`` -> a ``Masked`` with the map of offsets.

What is personal comes from two sides: the entities the caller found (names, addresses) and the patterns of
``builtin.PERSONAL`` (telephone, resident and card numbers, ...), which are looked for here. Where stretches
overlap, all they cover is masked.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from ner_engine.errors import ConfigError, DataError
from ner_engine.rules.builtin import PERSONAL, ROOMS
from ner_engine.rules.candidates import Candidate
from ner_engine.rules.patterns import PatternMatcher
from ner_engine.spans import Entity

__all__ = ["KINDS", "STYLES", "Masked", "Replacement", "mask"]

# what can be masked, and how it is called in a masked text
KINDS: Mapping[str, str] = {
    "name": "이름",
    "phone": "전화번호",
    "resident": "주민등록번호",
    "card": "카드번호",
    "account": "계좌번호",
    "email": "이메일",
    "address": "주소",
    "passport": "여권번호",
    "licence": "면허번호",
    "plate": "차량번호",
    "ip": "IP",
}
STYLES = ("numbered", "named", "stars")

_KIND_OF_LABEL = {"PS": "name", "PER": "name", **{kind.upper(): kind for kind in KINDS}}
_PLACES = frozenset({"LC", "LOC"})
# a place that a letter would reach: a number in it, or a district and what lies in it
_ADDRESS_LIKE = re.compile(
    r"[로길동리가][ \t]?\d|\d[ \t]?(?:번지|번길|동|호(?![선점차]))"
    r"|[시군구][ \t]{1,3}[^ \t]{1,12}[동읍면리로길가]$"
)
_ROOMS = re.compile(ROOMS)
_PLACEHOLDER = re.compile(r"\[[가-힣A-Z]{2,6}\d{0,9}\]")


@dataclass(frozen=True, slots=True)
class Replacement:
    """``original``, at ``[start, end)`` of the text, stands as ``shown`` at ``[masked_start, masked_end)``."""

    kind: str
    original: str
    shown: str
    start: int
    end: int
    masked_start: int
    masked_end: int


@dataclass(frozen=True, slots=True)
class Masked:
    """A masked text and the way back. Offsets are half open and in code points."""

    text: str
    replacements: tuple[Replacement, ...]

    def restore(self) -> str:
        """The text as it was."""
        pieces, at = [], 0
        for one in self.replacements:
            pieces += [self.text[at : one.masked_start], one.original]
            at = one.masked_end
        return "".join([*pieces, self.text[at:]])

    def reveal(self, text: str) -> str:
        """Another text (a reply to the masked one) with every placeholder turned into what it stands for.

        Only placeholders that stand for one thing are turned back, so ``style="numbered"``.
        """
        meanings: dict[str, set[str]] = {}
        for one in self.replacements:
            meanings.setdefault(one.shown, set()).add(one.original)
        known = {shown: min(said) for shown, said in meanings.items() if len(said) == 1}
        return _PLACEHOLDER.sub(lambda match: known.get(match[0], match[0]), text)

    def masked_span(self, start: int, end: int) -> tuple[int, int]:
        """Where ``[start, end)`` of the original stands in the masked text; masked stretches count as one."""
        places = [(r.start, r.end, r.masked_start, r.masked_end) for r in self.replacements]
        return _carried(places, start, end)

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Where ``[start, end)`` of the masked text stood in the original; masked stretches count as one."""
        places = [(r.masked_start, r.masked_end, r.start, r.end) for r in self.replacements]
        return _carried(places, start, end)

    def to_dict(self) -> dict[str, Any]:
        """JSON with everything needed to restore: keep it where the original may be kept."""
        return {
            "text": self.text,
            "replacements": [
                {
                    "kind": r.kind,
                    "original": r.original,
                    "shown": r.shown,
                    "start": r.start,
                    "end": r.end,
                    "masked_start": r.masked_start,
                    "masked_end": r.masked_end,
                }
                for r in self.replacements
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Masked:
        """Back from ``to_dict``. Raises DataError for anything else."""
        try:
            masked = cls(str(data["text"]), tuple(Replacement(**one) for one in data["replacements"]))
            fits = all(masked.text[r.masked_start : r.masked_end] == r.shown for r in masked.replacements)
        except (KeyError, TypeError) as error:
            raise DataError(f"expected what Masked.to_dict gave; {type(error).__name__}: {error}") from None
        if not fits:
            raise DataError("expected what Masked.to_dict gave; the text and its replacements do not fit")
        return masked


def _carried(places: list[tuple[int, int, int, int]], start: int, end: int) -> tuple[int, int]:
    """A stretch of one text in the other: ``places`` are ``[start, end)`` here and there of what was replaced."""
    starts = [place[0] for place in places]

    def carry(at: int, *, closing: bool) -> int:
        i = bisect_right(starts, at - closing) - 1
        if i < 0:
            return at
        _, here_end, there, there_end = places[i]
        if at - closing < here_end:
            return there_end if closing else there
        return at - here_end + there_end

    first = carry(start, closing=False)
    return (first, first) if start == end else (first, carry(end, closing=True))


def mask(
    text: str,
    entities: Iterable[Entity | Candidate] = (),
    *,
    kinds: Collection[str] = tuple(KINDS),
    style: str = "numbered",
) -> Masked:
    """``text`` without its personal data.

    ``entities`` are those found in it; persons (PS, PER) are masked as names, address-like places (LC, LOC) as
    addresses, and labels that are the name of a kind (PHONE) as that. ``kinds`` says what to mask. ``style``:
    ``"numbered"`` ``[이름1]``, the same for the same words, so that a reply can be turned back with ``reveal``;
    ``"named"`` ``[이름]``; ``"stars"`` ``***``, one for each character but spaces, offsets unchanged. Raises
    ConfigError for an unknown kind or style, DataError for entities of another text.
    """
    unknown = sorted(set(kinds) - KINDS.keys())
    if unknown:
        raise ConfigError(f"kinds: expected some of {', '.join(KINDS)}; got {unknown[0]!r}")
    if style not in STYLES:
        raise ConfigError(f"style: expected one of {', '.join(STYLES)}; got {style!r}")
    wanted = frozenset(kinds)
    stretches = _joined(one for one in _stretches(text, entities) if one.kind in wanted)
    name = _Names(text, style)
    pieces: list[str] = []
    replacements: list[Replacement] = []
    at = length = 0
    for start, end, kind in stretches:
        shown = name(kind, text[start:end])
        pieces += [text[at:start], shown]
        length += start - at
        replacements.append(Replacement(kind, text[start:end], shown, start, end, length, length + len(shown)))
        length += len(shown)
        at = end
    return Masked("".join([*pieces, text[at:]]), tuple(replacements))


@lru_cache(maxsize=1)
def _matcher() -> PatternMatcher:
    return PatternMatcher(PERSONAL)


class _Stretch(NamedTuple):
    start: int
    end: int
    kind: str
    score: float


def _stretches(text: str, entities: Iterable[Entity | Candidate]) -> Iterator[_Stretch]:
    for found in _matcher().find(text):
        yield _Stretch(found.start, found.end, _KIND_OF_LABEL[found.label], found.score)
    for entity in entities:
        if text[entity.start : entity.end] != entity.text:
            where = f"[{entity.start}, {entity.end})"
            raise DataError(f"expected entities of this text; {entity.text!r} does not stand at {where}")
        if entity.label in _PLACES:
            if _ADDRESS_LIKE.search(entity.text):
                rooms = _ROOMS.match(text, entity.end)
                yield _Stretch(entity.start, rooms.end() if rooms else entity.end, "address", entity.score)
        elif kind := _KIND_OF_LABEL.get(entity.label):
            yield _Stretch(entity.start, entity.end, kind, entity.score)


def _joined(stretches: Iterable[_Stretch]) -> Iterator[tuple[int, int, str]]:
    """Sorted, what overlaps made one; it is called after its longest part, of equal ones the most probable."""
    group: list[_Stretch] = []
    end = 0
    for stretch in sorted(stretches):
        if group and stretch.start >= end:
            yield group[0].start, end, _called(group)
            group = []
        end = max(end, stretch.end)
        group.append(stretch)
    if group:
        yield group[0].start, end, _called(group)


def _called(group: Iterable[_Stretch]) -> str:
    return max(group, key=lambda one: (one.end - one.start, one.score)).kind


class _Names:
    """What stands for an original in the masked text."""

    def __init__(self, text: str, style: str) -> None:
        self._written = frozenset(_PLACEHOLDER.findall(text))
        self._style = style
        self._given: dict[tuple[str, str], str] = {}
        self._count: dict[str, int] = {}

    def __call__(self, kind: str, original: str) -> str:
        if self._style == "stars":
            return "".join(c if c.isspace() else "*" for c in original)
        if self._style == "named":
            return f"[{KINDS[kind]}]"
        key = (kind, original)
        while key not in self._given:
            self._count[kind] = self._count.get(kind, 0) + 1
            shown = f"[{KINDS[kind]}{self._count[kind]}]"
            if shown not in self._written:  # somebody may have typed [이름1]
                self._given[key] = shown
        return self._given[key]
