"""Which intents of the rule file an utterance answers to, and how well.

An utterance and what was asked before go in, ``Hit`` values come out, the best first. The evidence of the text
counts once, by its strongest kind: the whole utterance (``exact``) 6, a pattern 4, a keyword 3. Each entity label
listed under ``entities`` adds its own weight.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.rules import Intent

__all__ = ["EXACT", "KEYWORD", "PATTERN", "Hit", "core", "match_intents", "places"]

EXACT, PATTERN, KEYWORD = 6, 4, 3

_NOISE = re.compile(r"[^\w]|_")
_LAUGHTER = re.compile("[ㅋㅎㅠㅜㅡ]+$")


@dataclass(frozen=True, slots=True)
class Hit:
    """One intent that an utterance answers to. ``start``, ``end``: where its words stand (-1: none)."""

    intent: Intent
    score: int
    evidence: tuple[str, ...]
    start: int = -1
    end: int = -1

    @property
    def from_text(self) -> bool:
        """Whether words spoke for it, not entities alone."""
        return self.start >= 0


def core(text: str) -> str:
    """The utterance without spaces, punctuation, emoji and trailing laughter, for comparison as a whole."""
    bare = _NOISE.sub("", text).casefold()
    return _LAUGHTER.sub("", bare) or bare


def match_intents(
    intents: Sequence[Intent], text: str, mentions: Sequence[Mention], *, context: str
) -> tuple[Hit, ...]:
    """All intents with evidence, best first; ties go to priority, the longer match, the earlier rule."""
    whole = core(text)
    found: list[tuple[tuple[int, int, int, int], Hit]] = []
    for order, intent in enumerate(intents):
        if context not in intent.when or (intent.unless and intent.unless.search(text)):
            continue
        if any(all(mention.label != label for mention in mentions) for label in intent.needs):
            continue
        hit = _hit(intent, text, whole, mentions)
        if hit is not None:
            found.append(((-hit.score, -intent.priority, hit.start - hit.end, order), hit))
    return tuple(hit for _, hit in sorted(found, key=lambda row: row[0]))


def _hit(intent: Intent, text: str, whole: str, mentions: Sequence[Mention]) -> Hit | None:
    score, start, end = 0, -1, -1
    evidence: list[str] = []
    if whole in intent.exact:
        score, start, end = EXACT, 0, len(text)
        evidence.append(f"발화 전체 '{whole}' +{EXACT}")
    # 네 of "네 명" is a number, not a yes.
    covered = mentions if intent.do in ("accept", "decline") else ()
    for pattern, weight, kind in (
        *((p, PATTERN, "패턴") for p in intent.patterns),
        *((p, KEYWORD, "낱말") for _, p in intent.keywords),
    ):
        match = next((m for m in pattern.finditer(text) if _counts(m, covered)), None)
        if match is not None and weight > score:
            score, start, end = weight, match.start(), match.end()
            evidence.append(f"{kind} '{match.group(0).strip()}' +{weight}")
    present = {mention.label: mention for mention in reversed(mentions)}
    for label, weight in intent.entities:
        if label in present and weight:
            score += weight
            evidence.append(f"{label} '{present[label].text}' +{weight}")
    return Hit(intent, score, tuple(evidence), start, end) if score else None


def _counts(match: re.Match[str], covered: Sequence[Mention]) -> bool:
    if match.start() == match.end():
        return False
    return not any(m.start <= match.start() and match.start() < m.end for m in covered)


def places(intent: Intent, text: str) -> list[int]:
    """Where the words of an intent begin in a text, each place once."""
    patterns = [*intent.patterns, *(pattern for _, pattern in intent.keywords)]
    return sorted({match.start() for pattern in patterns for match in pattern.finditer(text)})
