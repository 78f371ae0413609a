"""Scores of a game: ``3대 2``, ``25-23``, ``1 vs 1``, ``6-3 4-6 7-5``. A text in, a ScoreValue out, or None."""

from __future__ import annotations

import re

from ner_engine.values.numerals import parse_number
from ner_engine.values.types import ScoreValue

__all__ = ["parse_score"]

_SAID = r"\d{1,3}|[영공일이삼사오육칠팔구십]{1,3}"
_SPOKEN = re.compile(rf"({_SAID})\s?(?:대|vs\.?|VS\.?)\s?({_SAID})")
_WRITTEN = re.compile(r"(\d{1,3})\s?[-–:]\s?(\d{1,3})(?:,?\s|,|$)")
_OUTCOME = re.compile(r"\s?(?:동점|무승부|승리?|패배?|리드|역전승?)$")
_MOST = 9  # games in one mention


def parse_score(text: str, *, written: bool) -> ScoreValue | None:
    """The score that the whole text states. ``written``: 3-2 and 3:2 are scores too, where the label says so."""
    s = _OUTCOME.sub("", text.strip())
    match = _SPOKEN.fullmatch(s)
    if match is not None:
        ours, theirs = (parse_number(side) for side in match.groups())
        if ours is None or theirs is None:
            return None
        return ScoreValue(((int(ours.value), int(theirs.value)),))
    if not written or not s[:1].isdigit():
        return None
    games: list[tuple[int, int]] = []
    at = 0
    while at < len(s) and len(games) < _MOST:
        match = _WRITTEN.match(s, at)
        if match is None:
            return None
        games.append((int(match[1]), int(match[2])))
        at = match.end()
    return ScoreValue(tuple(games)) if at >= len(s) else None
