"""What the bot remembers between two utterances, as frozen values.

A ``State`` goes into ``respond`` and a new one comes out; ``to_dict`` and ``from_dict`` carry it through JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

__all__ = [
    "CHANGE",
    "CONFIRM",
    "COUNT",
    "MORE",
    "VERSION",
    "Attempt",
    "Done",
    "Draft",
    "Item",
    "Offer",
    "Pending",
    "Recent",
    "State",
    "Value",
]

VERSION = 2

# What may have been asked last, besides a slot (which stands here by its name).
MORE = "@more"  # anything else?
CONFIRM = "@confirm"  # shall it be so?
CHANGE = "@change"  # what shall be changed?
COUNT = "@count"  # how many of the dish in focus?


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an order."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a slot: how it is shown (``저녁 7시``) and what it is (``"19:00"``, a count, a name)."""

    shown: str
    data: str | int | float


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call that was sent. Asked for again unchanged, because it failed, it keeps its id: nothing is done twice.

    ``checksum`` is that of what was to be done.
    """

    id: str
    checksum: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A form in the making.

    ``asked`` is the open question: a slot's name, or one of the constants above. ``focus`` is the dish last
    spoken of, or at MORE the slot of which more is wanted; ``hints`` hold half an answer (``저녁``) until the
    rest of it comes. ``skipped`` are optional slots left out, ``record`` the id of what this draft amends
    (``""``: nothing).
    """

    form: str
    values: tuple[tuple[str, tuple[Value, ...]], ...] = ()
    items: tuple[Item, ...] = ()
    asked: str = ""
    focus: str = ""
    hints: tuple[tuple[str, str], ...] = ()
    skipped: tuple[str, ...] = ()
    record: str = ""
    attempt: Attempt | None = None

    def value(self, slot: str) -> Value | None:
        """What fills a slot (the first of several), or None."""
        return next(iter(self.all_values(slot)), None)

    def all_values(self, slot: str) -> tuple[Value, ...]:
        """Everything that fills a slot."""
        return dict(self.values).get(slot, ())

    def with_value(self, slot: str, value: Value | None) -> Draft:
        """The draft with a slot holding one value, or emptied by None; its hint is used up."""
        return self.with_values(slot, () if value is None else (value,))

    def with_values(self, slot: str, values: tuple[Value, ...]) -> Draft:
        """The draft with a slot holding these values (none: emptied); its hint is used up, it is not left out."""
        kept = tuple((name, old) for name, old in self.values if name != slot)
        return replace(
            self,
            values=(*kept, (slot, values)) if values else kept,
            hints=tuple(hint for hint in self.hints if hint[0] != slot),
            skipped=tuple(name for name in self.skipped if name != slot) if values else self.skipped,
        )

    def with_hint(self, slot: str, hint: str) -> Draft:
        """The draft with half an answer to a slot."""
        return replace(self, hints=(*(h for h in self.hints if h[0] != slot), (slot, hint)))

    @property
    def begun(self) -> bool:
        """Whether there is anything in it."""
        return bool(self.values or self.items)


@dataclass(frozen=True, slots=True)
class Offer:
    """A yes/no question the bot put on its own.

    ``kind`` is ``"dish"`` (did you mean this one?, with how many were wanted, 0 if not said), ``"choice"`` (the
    same for an option of ``slot``), ``"resume"`` (go on with the form put aside?), ``"which"`` (which of those
    listed in the state's options?, with how many were wanted) or ``"record"`` (which of those completed?, to be
    withdrawn or reopened by ``name``).
    """

    kind: str
    name: str
    count: int = 0
    slot: str = ""


OFFERS = ("dish", "choice", "resume", "which", "record")


@dataclass(frozen=True, slots=True)
class Recent:
    """Something mentioned lately: by the user, or listed by the bot.

    ``label`` is its kind (that of the slots it may fill), ``text`` the words, ``canonical`` the name it is kept
    by (짜장: ``짜장면``) or ``""``, ``data`` its value (``2026-07-24``) or ``""``, ``turn`` that of the
    mention.
    """

    label: str
    text: str
    canonical: str = ""
    data: str | int | float = ""
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """What was completed in this conversation. ``record`` is the id of the call that completed it."""

    record: str
    form: str
    values: tuple[tuple[str, tuple[Value, ...]], ...] = ()
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Pending:
    """An action whose outcome is awaited; ``record`` is what it undoes, for a withdrawal."""

    id: str
    action: str
    form: str
    record: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """A whole conversation. The last of ``drafts`` is in hand, those before it wait.

    ``misses`` counts utterances not understood in a row, ``repeats`` how often the open question was put in a row
    without an answer; ``uses`` how often each reply was given, which chooses its next wording, together with
    ``seed``. ``turn`` is the number of the last utterance and ``last_at`` its time (ISO 8601, ``""`` before any).
    ``recents`` is what was mentioned lately (newest last), ``options`` what the bot's last reply listed, ``said``
    the last few utterances, ``done`` what was completed, ``pending`` what is being done. After ``handed_over`` a
    person has the conversation.
    """

    drafts: tuple[Draft, ...] = ()
    offer: Offer | None = None
    misses: int = 0
    repeats: int = 0
    uses: tuple[tuple[str, int], ...] = ()
    seed: int = 0
    turn: int = 0
    recents: tuple[Recent, ...] = ()
    options: tuple[Recent, ...] = ()
    said: tuple[str, ...] = ()
    done: tuple[Done, ...] = ()
    pending: tuple[Pending, ...] = ()
    handed_over: bool = False
    last_at: str = ""

    @property
    def draft(self) -> Draft | None:
        """The draft in hand."""
        return self.drafts[-1] if self.drafts else None

    def with_draft(self, draft: Draft) -> State:
        """The state with the draft in hand replaced."""
        return replace(self, drafts=(*self.drafts[:-1], draft))

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        from ner_engine.chatbot.state_json import state_to_dict

        return state_to_dict(self)

    @classmethod
    def from_dict(cls, data: object) -> State:
        """The state a JSON form stands for; one of version 1 is brought up to date.

        Raises DataError for anything else.
        """
        from ner_engine.chatbot.state_json import state_from_dict

        return state_from_dict(data)
