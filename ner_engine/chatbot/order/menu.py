"""The menu: which dish is meant, where a text names one, and what resembles a dish that is not there.

Spaces never count in a dish's name (``군 만두`` is ``군만두``). Likeness is measured over the letters of the
syllables (자모), so that 짜짱면 is near 짜장면.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ner_engine.chatbot.mention.likeness import SAME, compact, likeness

__all__ = ["Dish", "find_dishes", "guess_dish", "lookup", "show_price", "similar_dishes"]

_ALIKE = 0.55  # letters in common from which a dish may be offered in place of another


@dataclass(frozen=True, slots=True)
class Dish:
    """One line of the menu. ``instead_of`` holds words whose dishes this one may stand in for."""

    name: str
    price: int
    unit: str = "개"
    aliases: tuple[str, ...] = ()
    instead_of: tuple[str, ...] = ()
    best: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The name and the other names."""
        return (self.name, *self.aliases)


def show_price(price: int) -> str:
    """``7,000원``; what costs nothing is 무료."""
    return f"{price:,}원" if price else "무료"


def lookup(menu: Sequence[Dish], text: str) -> Dish | None:
    """The dish a text is the name of; words before the name are let pass (``맛있는 짜장면``)."""
    found = find_dishes(menu, text)
    if len(found) == 1 and found[0][:2] == (0, len(text)):
        return found[0][2]
    word = compact(text)
    for dish in menu:
        if any(compact(name) == word for name in dish.names):
            return dish
    words = text.split()
    for i in range(1, len(words)):
        rest = compact(" ".join(words[i:]))
        for dish in menu:
            if any(compact(name) == rest for name in dish.names):
                return dish
    return None


def find_dishes(menu: Sequence[Dish], text: str) -> list[tuple[int, int, Dish]]:
    """Where a text names dishes of the menu: the longest names first, none overlapping, in order."""
    found: list[tuple[int, int, Dish]] = []
    for pattern, dish in _patterns(tuple(menu)):
        for match in pattern.finditer(text):
            if all(match.end() <= start or end <= match.start() for start, end, _ in found):
                found.append((match.start(), match.end(), dish))
    return sorted(found, key=lambda place: place[0])


@lru_cache(maxsize=8)
def _patterns(menu: tuple[Dish, ...]) -> tuple[tuple[re.Pattern[str], Dish], ...]:
    """How each name may be written, the longest names first."""
    named = sorted(
        ((name, dish) for dish in menu for name in dish.names), key=lambda pair: -len(compact(pair[0]))
    )
    found = []
    for name, dish in named:
        words = [r"\s*".join(map(re.escape, compact(word))) for word in name.split()]
        letters = compact(name)
        # A short name may be a piece of another word: 물 of 물론.
        left = "" if len(letters) > 2 else "(?<![가-힣A-Za-z])"
        right = "(?=[은을도만]?(?![가-힣A-Za-z]))" if len(letters) == 1 else ""
        # 짜장면은 곱빼기로: a particle may stand between the words of a name
        written = left + r"(?:\s*|[은는을를도만]\s+)".join(words) + right
        found.append((re.compile(written, re.IGNORECASE), dish))
    return tuple(found)


def guess_dish(menu: Sequence[Dish], text: str) -> Dish | None:
    """The dish a text is probably a misspelling of."""
    if len(compact(text)) < 2:
        return None
    score, _, dish = max(
        ((likeness(name, text), -i, dish) for i, dish in enumerate(menu) for name in dish.names if len(name) > 1),
        key=lambda row: row[:2],
        default=(0.0, 0, None),
    )
    return dish if score >= SAME else None


def similar_dishes(menu: Sequence[Dish], text: str, *, limit: int = 3) -> tuple[Dish, ...]:
    """Dishes to offer in place of one that is not on the menu, the nearest first."""
    word = compact(text)
    ranked: list[tuple[float, int, Dish]] = []
    for i, dish in enumerate(menu):
        if not dish.price:  # what comes free stands in for nothing
            continue
        score = max(likeness(name, text) for name in dish.names)
        if any(compact(other) in word for other in dish.instead_of):
            score += 1.0
        if score >= _ALIKE:
            ranked.append((-score, i, dish))
    return tuple(dish for _, _, dish in sorted(ranked, key=lambda row: row[:2])[:limit])
