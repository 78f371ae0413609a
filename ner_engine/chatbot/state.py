"""What the bot remembers between two utterances: frozen values, and their JSON form.

A ``State`` goes into ``respond`` and a new one comes out; ``to_dict`` and ``from_dict`` carry it through
JSON. ``from_dict`` takes nothing on trust: a missing field, a wrong type or another version is a DataError.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ner_engine.errors import DataError

__all__ = ["CHANGE", "CONFIRM", "COUNT", "MORE", "VERSION", "Draft", "Item", "Offer", "State", "Value"]

VERSION = 1

# What may have been asked last, besides a slot (which stands here by its name).
MORE = "@more"  # anything else to order?
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
    """A filled slot: how it is shown (``저녁 7시``) and what it is (``"19:00"``, a count, a name)."""

    shown: str
    data: str | int


@dataclass(frozen=True, slots=True)
class Draft:
    """An order or a reservation in the making.

    ``asked`` is the open question: a slot's name, or one of the constants above. ``focus`` is the dish last
    spoken of; ``hints`` hold half an answer (``저녁``) until the rest of it comes.
    """

    form: str
    values: tuple[tuple[str, Value], ...] = ()
    items: tuple[Item, ...] = ()
    asked: str = ""
    focus: str = ""
    hints: tuple[tuple[str, str], ...] = ()

    def value(self, slot: str) -> Value | None:
        """What fills a slot, or None."""
        return dict(self.values).get(slot)

    def with_value(self, slot: str, value: Value | None) -> Draft:
        """The draft with a slot filled, or emptied by None; its hint is used up."""
        values = tuple((name, old) for name, old in self.values if name != slot)
        if value is not None:
            values = (*values, (slot, value))
        return replace(self, values=values, hints=tuple(h for h in self.hints if h[0] != slot))

    def with_hint(self, slot: str, hint: str) -> Draft:
        """The draft with half an answer to a slot."""
        return replace(self, hints=(*(h for h in self.hints if h[0] != slot), (slot, hint)))


@dataclass(frozen=True, slots=True)
class Offer:
    """A yes/no question the bot put on its own: ``kind`` is ``"dish"`` (did you mean this one?, with how many
    were wanted, 0 if not said) or ``"resume"`` (go on with the form put aside?)."""

    kind: str
    name: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """A whole conversation. The last of ``drafts`` is in hand, those before it wait.

    ``misses`` counts utterances not understood in a row; ``uses`` how often each reply was given, which
    chooses its next wording, together with ``seed``.
    """

    drafts: tuple[Draft, ...] = ()
    offer: Offer | None = None
    misses: int = 0
    uses: tuple[tuple[str, int], ...] = field(default=())
    seed: int = 0

    @property
    def draft(self) -> Draft | None:
        """The draft in hand."""
        return self.drafts[-1] if self.drafts else None

    def with_draft(self, draft: Draft) -> State:
        """The state with the draft in hand replaced."""
        return replace(self, drafts=(*self.drafts[:-1], draft))

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "version": VERSION,
            "drafts": [_draft_to_dict(draft) for draft in self.drafts],
            "offer": None
            if self.offer is None
            else {"kind": self.offer.kind, "name": self.offer.name, "count": self.offer.count},
            "misses": self.misses,
            "uses": dict(self.uses),
            "seed": self.seed,
        }

    @classmethod
    def from_dict(cls, data: object) -> State:
        """The state a JSON form stands for. Raises DataError for anything else."""
        top = _mapping(data, "chat state", ("version", "drafts", "offer", "misses", "uses", "seed"))
        if top["version"] != VERSION or isinstance(top["version"], bool):
            raise DataError(f"chat state: expected version {VERSION}; got {top['version']!r}")
        offer = None
        if top["offer"] is not None:
            raw = _mapping(top["offer"], "offer", ("kind", "name", "count"))
            if raw["kind"] not in ("dish", "resume"):
                raise DataError(f"chat state: offer.kind: expected dish or resume; got {raw['kind']!r}")
            offer = Offer(raw["kind"], _text(raw, "name"), _count(raw, "count"))
        uses = top["uses"]
        if not isinstance(uses, Mapping):
            raise DataError(f"chat state: uses: expected a mapping; got {type(uses).__name__}")
        return cls(
            drafts=tuple(_draft_from_dict(raw) for raw in _list(top, "drafts")),
            offer=offer,
            misses=_count(top, "misses"),
            uses=tuple((str(key), _count(uses, key)) for key in uses),
            seed=_count(top, "seed", at_least=None),
        )


def _draft_to_dict(draft: Draft) -> dict[str, Any]:
    return {
        "form": draft.form,
        "values": {name: {"shown": value.shown, "data": value.data} for name, value in draft.values},
        "items": [{"name": item.name, "count": item.count} for item in draft.items],
        "asked": draft.asked,
        "focus": draft.focus,
        "hints": dict(draft.hints),
    }


def _draft_from_dict(data: object) -> Draft:
    raw = _mapping(data, "draft", ("form", "values", "items", "asked", "focus", "hints"))
    values: list[tuple[str, Value]] = []
    for name, entry in _mapping(raw["values"], "values").items():
        fields = _mapping(entry, f"values.{name}", ("shown", "data"))
        if not isinstance(fields["data"], str | int) or isinstance(fields["data"], bool):
            raise DataError(f"chat state: values.{name}.data: expected text or a number")
        values.append((str(name), Value(_text(fields, "shown"), fields["data"])))
    items = [_mapping(entry, "item", ("name", "count")) for entry in _list(raw, "items")]
    hints = _mapping(raw["hints"], "hints")
    return Draft(
        form=_text(raw, "form"),
        values=tuple(values),
        items=tuple(Item(_text(item, "name"), _count(item, "count")) for item in items),
        asked=_text(raw, "asked"),
        focus=_text(raw, "focus"),
        hints=tuple((str(name), _text(hints, name)) for name in hints),
    )


def _mapping(data: object, what: str, keys: tuple[str, ...] | None = None) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise DataError(f"chat state: {what}: expected a mapping; got {type(data).__name__}")
    if keys is not None and set(data) != set(keys):
        raise DataError(
            f"chat state: {what}: expected the keys {', '.join(keys)}; got {', '.join(map(str, data))}"
        )
    return data


def _list(data: Mapping[str, Any], key: str) -> list[object]:
    value = data[key]
    if not isinstance(value, list):
        raise DataError(f"chat state: {key}: expected a list; got {type(value).__name__}")
    return value


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data[key]
    if not isinstance(value, str):
        raise DataError(f"chat state: {key}: expected text; got {type(value).__name__}")
    return value


def _count(data: Mapping[str, Any], key: str, *, at_least: int | None = 0) -> int:
    value = data[key]
    if not isinstance(value, int) or isinstance(value, bool) or (at_least is not None and value < at_least):
        raise DataError(f"chat state: {key}: expected a whole number; got {value!r}")
    return value
