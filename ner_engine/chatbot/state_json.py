"""The state of a conversation as JSON and back.

``state_from_dict`` takes nothing on trust: a missing field, an unknown one, a wrong type or another version is a
DataError. A state of version 1 is brought up to date: what it could not know is empty.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ner_engine.chatbot.state import (
    OFFERS,
    VERSION,
    Attempt,
    Done,
    Draft,
    Item,
    Offer,
    Pending,
    Recent,
    State,
    Value,
)
from ner_engine.errors import DataError

__all__ = ["state_from_dict", "state_to_dict"]

_T = TypeVar("_T")

_STATE_1 = ("version", "drafts", "offer", "misses", "uses", "seed")
_STATE = (
    "version", "drafts", "offer", "misses", "repeats", "uses", "seed", "turn", "recents", "options", "said",
    "done", "pending", "handed_over", "last_at",
)  # fmt: skip
_DRAFT_1 = ("form", "values", "items", "asked", "focus", "hints")
_DRAFT = (*_DRAFT_1, "skipped", "record", "attempt")


def state_to_dict(state: State) -> dict[str, Any]:
    """The JSON form of a state."""
    offer = state.offer
    return {
        "version": VERSION,
        "drafts": [_draft_to_dict(draft) for draft in state.drafts],
        "offer": None
        if offer is None
        else {"kind": offer.kind, "name": offer.name, "count": offer.count, "slot": offer.slot},
        "misses": state.misses,
        "repeats": state.repeats,
        "uses": dict(state.uses),
        "seed": state.seed,
        "turn": state.turn,
        "recents": [_recent_to_dict(recent) for recent in state.recents],
        "options": [_recent_to_dict(recent) for recent in state.options],
        "said": list(state.said),
        "done": [_done_to_dict(done) for done in state.done],
        "pending": [
            {"id": wait.id, "action": wait.action, "form": wait.form, "record": wait.record}
            for wait in state.pending
        ],
        "handed_over": state.handed_over,
        "last_at": state.last_at,
    }


def state_from_dict(data: object) -> State:
    """The state of a JSON form. Raises DataError."""
    top = _mapping(data, "chat state")
    version = top.get("version", VERSION)
    if isinstance(version, bool) or version not in (1, VERSION):
        raise DataError(f"chat state: expected version {VERSION} (or 1); got {version!r}")
    if version == 1:
        top = _upgraded(top)
    top = _mapping(top, "chat state", _STATE)
    uses = _mapping(top["uses"], "uses")
    return State(
        drafts=_each(top, "drafts", _draft_from_dict),
        offer=None if top["offer"] is None else _offer_from_dict(top["offer"]),
        misses=_count(top, "misses"),
        repeats=_count(top, "repeats"),
        uses=tuple((_key(key, "uses"), _count(uses, key)) for key in uses),
        seed=_count(top, "seed", at_least=None),
        turn=_count(top, "turn"),
        recents=_each(top, "recents", _recent_from_dict),
        options=_each(top, "options", _recent_from_dict),
        said=_texts(top, "said"),
        done=_each(top, "done", _done_from_dict),
        pending=_each(top, "pending", _pending_from_dict),
        handed_over=_switch(top, "handed_over"),
        last_at=_text(top, "last_at"),
    )


def _upgraded(data: Mapping[str, Any]) -> dict[str, Any]:
    """A state of version 1 as one of version 2: one value a slot became several, the rest is new."""
    top = _mapping(data, "chat state", _STATE_1)
    drafts = []
    for entry in _list(top, "drafts"):
        raw = _mapping(entry, "draft", _DRAFT_1)
        values = {name: [value] for name, value in _mapping(raw["values"], "values").items()}
        drafts.append({**raw, "values": values, "skipped": [], "record": "", "attempt": None})
    offer = top["offer"]
    if offer is not None:
        offer = {**_mapping(offer, "offer", ("kind", "name", "count")), "slot": ""}
    return {
        **state_to_dict(State()),
        **top,
        "version": VERSION,
        "drafts": drafts,
        "offer": offer,
    }


def _values_to_dict(values: tuple[tuple[str, tuple[Value, ...]], ...]) -> dict[str, Any]:
    return {name: [{"shown": value.shown, "data": value.data} for value in several] for name, several in values}


def _values_from_dict(data: object) -> tuple[tuple[str, tuple[Value, ...]], ...]:
    found: list[tuple[str, tuple[Value, ...]]] = []
    for name, several in _mapping(data, "values").items():
        where = f"values.{_key(name, 'values')}"
        if not isinstance(several, list) or not several:
            raise DataError(f"chat state: {where}: expected a list with something in it")
        found.append((name, tuple(_value_from_dict(value, where) for value in several)))
    return tuple(found)


def _value_from_dict(data: object, where: str) -> Value:
    raw = _mapping(data, where, ("shown", "data"))
    return Value(_text(raw, "shown"), _datum(raw, f"{where}.data"))


def _items_to_list(items: tuple[Item, ...]) -> list[dict[str, Any]]:
    return [{"name": item.name, "count": item.count} for item in items]


def _item_from_dict(data: object) -> Item:
    raw = _mapping(data, "item", ("name", "count"))
    return Item(_text(raw, "name"), _count(raw, "count"))


def _draft_to_dict(draft: Draft) -> dict[str, Any]:
    attempt = draft.attempt
    return {
        "form": draft.form,
        "values": _values_to_dict(draft.values),
        "items": _items_to_list(draft.items),
        "asked": draft.asked,
        "focus": draft.focus,
        "hints": dict(draft.hints),
        "skipped": list(draft.skipped),
        "record": draft.record,
        "attempt": None if attempt is None else {"id": attempt.id, "checksum": attempt.checksum},
    }


def _draft_from_dict(data: object) -> Draft:
    raw = _mapping(data, "draft", _DRAFT)
    hints = _mapping(raw["hints"], "hints")
    attempt = None
    if raw["attempt"] is not None:
        fields = _mapping(raw["attempt"], "attempt", ("id", "checksum"))
        attempt = Attempt(_text(fields, "id"), _text(fields, "checksum"))
    return Draft(
        form=_text(raw, "form"),
        values=_values_from_dict(raw["values"]),
        items=_each(raw, "items", _item_from_dict),
        asked=_text(raw, "asked"),
        focus=_text(raw, "focus"),
        hints=tuple((_key(name, "hints"), _text(hints, name)) for name in hints),
        skipped=_texts(raw, "skipped"),
        record=_text(raw, "record"),
        attempt=attempt,
    )


def _offer_from_dict(data: object) -> Offer:
    raw = _mapping(data, "offer", ("kind", "name", "count", "slot"))
    if raw["kind"] not in OFFERS:
        raise DataError(f"chat state: offer.kind: expected one of {', '.join(OFFERS)}; got {raw['kind']!r}")
    return Offer(raw["kind"], _text(raw, "name"), _count(raw, "count"), _text(raw, "slot"))


def _recent_to_dict(recent: Recent) -> dict[str, Any]:
    return {
        "label": recent.label,
        "text": recent.text,
        "canonical": recent.canonical,
        "data": recent.data,
        "turn": recent.turn,
    }


def _recent_from_dict(data: object) -> Recent:
    raw = _mapping(data, "recent", ("label", "text", "canonical", "data", "turn"))
    return Recent(
        _text(raw, "label"),
        _text(raw, "text"),
        _text(raw, "canonical"),
        _datum(raw, "recent.data"),
        _count(raw, "turn"),
    )


def _done_to_dict(done: Done) -> dict[str, Any]:
    return {
        "record": done.record,
        "form": done.form,
        "values": _values_to_dict(done.values),
        "items": _items_to_list(done.items),
    }


def _done_from_dict(data: object) -> Done:
    raw = _mapping(data, "done", ("record", "form", "values", "items"))
    return Done(
        _text(raw, "record"),
        _text(raw, "form"),
        _values_from_dict(raw["values"]),
        _each(raw, "items", _item_from_dict),
    )


def _pending_from_dict(data: object) -> Pending:
    raw = _mapping(data, "pending", ("id", "action", "form", "record"))
    return Pending(_text(raw, "id"), _text(raw, "action"), _text(raw, "form"), _text(raw, "record"))


# --- what may stand where


def _mapping(data: object, what: str, keys: tuple[str, ...] | None = None) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise DataError(f"chat state: {what}: expected a mapping; got {type(data).__name__}")
    if keys is not None and set(data) != set(keys):
        raise DataError(
            f"chat state: {what}: expected the keys {', '.join(keys)}; got {', '.join(map(repr, data)) or 'none'}"
        )
    return data


def _list(data: Mapping[str, Any], key: str) -> list[object]:
    value = data[key]
    if not isinstance(value, list):
        raise DataError(f"chat state: {key}: expected a list; got {type(value).__name__}")
    return value


def _each(data: Mapping[str, Any], key: str, read: Callable[[object], _T]) -> tuple[_T, ...]:
    return tuple(read(entry) for entry in _list(data, key))


def _key(key: object, where: str) -> str:
    if not isinstance(key, str):
        raise DataError(f"chat state: {where}: expected keys of text; got {key!r}")
    return key


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data[key]
    if not isinstance(value, str):
        raise DataError(f"chat state: {key}: expected text; got {type(value).__name__}")
    return value


def _texts(data: Mapping[str, Any], key: str) -> tuple[str, ...]:
    values = _list(data, key)
    return tuple(_text({key: value}, key) for value in values)


def _datum(data: Mapping[str, Any], where: str) -> str | int | float:
    value = data["data"]
    usable = isinstance(value, str | int | float) and not isinstance(value, bool)
    if not usable or (isinstance(value, float) and not math.isfinite(value)):
        raise DataError(f"chat state: {where}: expected text or a number; got {value!r}")
    return value  # type: ignore[no-any-return]


def _switch(data: Mapping[str, Any], key: str) -> bool:
    value = data[key]
    if not isinstance(value, bool):
        raise DataError(f"chat state: {key}: expected true or false; got {value!r}")
    return value


def _count(data: Mapping[str, Any], key: str, *, at_least: int | None = 0) -> int:
    value = data[key]
    if not isinstance(value, int) or isinstance(value, bool) or (at_least is not None and value < at_least):
        raise DataError(f"chat state: {key}: expected a whole number; got {value!r}")
    return value
