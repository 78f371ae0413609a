"""What ``그걸로 하나 더``, ``거기로``, ``그날`` stand for, put in their place before anything is read.

An utterance with its entities goes in; out comes the utterance as it would read if the thing itself had been
named, with the entities moved along and one more for it. What nothing fits is left as it stands. A word is never
taken for something of another kind: 거기 is a place, 그분 a person, 그거 something to order or to choose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ner_engine.chatbot.pointing.circumstances import (
    find_amount,
    find_day,
    find_number,
    find_person,
    find_place,
    find_then,
    find_time,
)
from ner_engine.chatbot.pointing.numbered import find_left_out, find_numbered
from ner_engine.chatbot.pointing.things import (
    find_all_of_them,
    find_by_kind,
    find_nth,
    find_one_of_those,
    find_thing,
    find_unsaid_thing,
)
from ner_engine.chatbot.pointing.words import Finder, Piece, Reader
from ner_engine.chatbot.rules import Rules
from ner_engine.chatbot.state import Recent, State
from ner_engine.josa import pick
from ner_engine.spans import Entity

__all__ = ["Resolved", "resolve"]

_FINDERS: tuple[Finder, ...] = (
    find_all_of_them, find_nth, find_then, find_time, find_day, find_place, find_person, find_amount, find_number,
    find_numbered, find_left_out, find_by_kind, find_thing, find_one_of_those,
    find_unsaid_thing,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Resolved:
    """An utterance with what it points at in its place.

    ``notes`` tell what was put for what; ``focus`` is the dish of the order in hand that is meant (its name is
    not put in); ``which`` are the things of which one is meant, but not which.
    """

    text: str
    entities: tuple[Entity, ...]
    notes: tuple[str, ...] = ()
    focus: str = ""
    which: tuple[Recent, ...] = ()


def resolve(rules: Rules, state: State, text: str, entities: Sequence[Entity], *, now: datetime) -> Resolved:
    """The utterance with its pronouns resolved. ``entities`` have offsets into ``text``."""
    found = [one for find in _FINDERS for one in find(Reader(rules, state, text, now))]
    pieces: list[Piece] = []
    for one in found:
        if one.piece is not None and all(one.piece.apart(other) for other in pieces):
            pieces.append(one.piece)
    pieces.sort(key=lambda piece: piece.start)
    new_text, moved = _put(text, entities, pieces)
    return Resolved(
        new_text,
        moved,
        tuple(f"'{text[p.start : p.end]}' → '{p.words}'" for p in pieces),
        focus=next((one.focus for one in found if one.focus), ""),
        which=() if pieces else next((one.which for one in found if one.which), ()),
    )


def _put(text: str, entities: Sequence[Entity], pieces: Sequence[Piece]) -> tuple[str, tuple[Entity, ...]]:
    """The text with the pieces in it, and the entities where they are then."""
    out, at = "", 0
    moved: list[Entity] = []
    for piece in pieces:
        moved += _between(entities, at, piece.start, len(out) - at)
        out += text[at : piece.start]
        before: tuple[str, str] | None = None
        for name, label in piece.named:
            if before is not None:  # 짜장면이랑 짬뽕; 7월 24일 오후 7시
                out += (pick(before[0], "이랑/랑") if label == before[1] else "") + " "
            moved.append(Entity(name, len(out), len(out) + len(name), label, source="recent"))
            out += name
            before = name, label
        out += piece.tail
        at = piece.end
    moved += _between(entities, at, len(text), len(out) - at)
    return out + text[at:], tuple(moved)


def _between(entities: Sequence[Entity], start: int, end: int, shift: int) -> list[Entity]:
    """The entities of a stretch that stays, moved along; what reaches out of it is about what was replaced."""
    return [
        replace(entity, start=entity.start + shift, end=entity.end + shift)
        for entity in entities
        if start <= entity.start and entity.end <= end
    ]
