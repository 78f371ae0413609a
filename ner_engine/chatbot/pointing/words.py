"""Words that point back at something: what one of them stands for, and the words to put in its place.

``Finder`` functions read an utterance against the state and give a ``Found`` for every such word: those of
``things``, ``numbered`` and ``circumstances``; ``anaphora`` puts the pieces in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ner_engine.chatbot.pointing.recents import kind_of
from ner_engine.chatbot.rules import Form, Rules, Slot
from ner_engine.chatbot.state import Recent, State
from ner_engine.josa import pick

__all__ = ["Finder", "Found", "Piece", "Reader", "kinds", "particle_after", "piece"]

_AFTER = {"걸": "을/를", "건": "은/는"}
_WAY = re.compile("으로|로(?!나)")


@dataclass(frozen=True, slots=True)
class Piece:
    """What is to stand at ``[start, end)``: words with their labels, and the particle after the last of them."""

    start: int
    end: int
    named: tuple[tuple[str, str], ...]
    tail: str = ""

    @property
    def words(self) -> str:
        """Everything that is put in, for the trace."""
        return " ".join(name for name, _ in self.named) + self.tail

    def apart(self, other: Piece) -> bool:
        """Whether the two share no character."""
        return self.end <= other.start or other.end <= self.start


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for one word: a piece to put in, a dish to have in focus, or several things it may be."""

    piece: Piece | None = None
    focus: str = ""
    which: tuple[Recent, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """An utterance before it is read: its text, what the bot remembers, and the clock."""

    rules: Rules
    state: State
    text: str
    now: datetime


Finder = Callable[[Reader], Iterator[Found]]


def kinds(reader: Reader, *types: str) -> tuple[str, ...]:
    """The kinds that fill slots of these types: of the slot asked, else of the form in hand, else of any form.

    While a form in hand has no dishes or choices, those of another form are not meant.
    """
    rules, draft = reader.rules, reader.state.draft
    hand = [rules.forms[draft.form]] if draft is not None and draft.form in rules.forms else []
    for forms in (hand, list(rules.forms.values())):
        slots = [(form, slot) for form in forms for slot in form.slots if slot.type in types]
        asked = [(form, slot) for form, slot in slots if draft is not None and slot.name == draft.asked]
        if slots:
            return tuple(dict.fromkeys(kind for form, slot in asked or slots for kind in _kinds_of(form, slot)))
        if hand and "items" in types:
            break
    return ()


def _kinds_of(form: Form, slot: Slot) -> Sequence[str]:
    return (kind_of(form, slot),) if slot.type == "choice" or not slot.labels else slot.labels


def piece(text: str, match: re.Match[str], *recents: Recent, shown: str = "") -> Found:
    """These things in the place of the word matched (by ``shown``, where they are one and have other words)."""
    named = tuple((shown or recent.canonical or recent.text, recent.label) for recent in recents)
    end, tail = particle_after(text, match, named[-1][0])
    return Found(Piece(match.start(), end, named, tail))


def particle_after(text: str, match: re.Match[str], word: str) -> tuple[int, str]:
    """Where the word matched ends with its particle, and that as ``word`` takes it: 로 of 걸로 is 으로 of 짬뽕.

    The groups ``form`` (것, 거, 걸, 건) and ``out`` (the 서 of 거기서) tell of particles inside the word.
    """
    groups = match.groupdict()
    if groups.get("out"):
        return match.end(), "에서"
    way = _WAY.match(text, match.end())
    if way is not None:
        return way.end(), pick(word, "으로/로")
    form = groups.get("form") or ""
    return match.end(), pick(word, _AFTER[form]) if form in _AFTER else ""
