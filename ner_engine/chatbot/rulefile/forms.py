"""The forms of a rule file: a value of the document in, a ``Form`` out, refused with its line."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ner_engine.chatbot.replies import Saying
from ner_engine.chatbot.rulefile.document import Doc
from ner_engine.chatbot.rulefile.slots import read_slot
from ner_engine.chatbot.rulefile.texts import NAME, optional_saying, saying
from ner_engine.chatbot.rules import NO, YES, ActionSpec, Form, Hours, OutcomeText, Slot

__all__ = ["read_form"]

_WITH_CONFIRM = ("change", "unclear_confirm")
_WITH_MORE = ("more", "unclear_more")


def read_form(
    name: str,
    doc: Doc,
    facts: Collection[str],
    *,
    forms: Collection[str],
    actions: Mapping[str, ActionSpec],
    hours: Hours | None,
    has_menu: bool,
) -> Form:
    """One form. ``forms`` are the names of all, ``facts`` the values every text may use."""
    keys = doc.fields(
        required=("title", "opening", "slots", "done"),
        optional=("confirm", *_WITH_CONFIRM, *_WITH_MORE, "action", "withdrawn"),
    )
    slots = _slots(keys["slots"], facts, hours)
    items = next((slot for slot in slots if slot.type == "items"), None)
    listing = items or next((slot for slot in slots if slot.many), None)
    for group, wanted, what in (
        (_WITH_CONFIRM, "confirm" in keys, "a form with the key confirm"),
        (_WITH_MORE, listing is not None, "a form with items"),
    ):
        if wanted and not all(key in keys for key in group) and not (group is _WITH_MORE and items is None):
            raise doc.wrong(f"{what} needs the keys {' and '.join(group)}")
        stray = next((key for key in group if key in keys and not wanted), "")
        if stray:
            raise keys[stray].wrong(f"{what} may have this key; this one has no such thing")
    # What may be left out is not always there to be told.
    maybe = [slot.name for slot in slots if (slot.optional and not slot.default) or slot.when]
    filled = [*facts, *(slot.name for slot in slots if slot.name not in maybe)]
    if items is not None and has_menu:
        filled.append("total")
    so_far = [*facts, listing.name] if listing is not None else list(facts)
    return Form(
        name=name,
        title=keys["title"].text(),
        opening=saying(keys["opening"], always=facts),
        slots=slots,
        outcomes=_outcomes(keys["done"], filled, maybe, slots, forms, has_action="action" in keys),
        confirm=optional_saying(keys, "confirm", always=filled, sometimes=maybe),
        change=optional_saying(keys, "change", always=filled, sometimes=maybe),
        unclear_confirm=optional_saying(keys, "unclear_confirm", always=filled, sometimes=maybe),
        more=optional_saying(keys, "more", always=so_far),
        unclear_more=optional_saying(keys, "unclear_more", always=so_far),
        action=keys["action"].choice(list(actions)) if "action" in keys else "",
        withdrawn=optional_saying(keys, "withdrawn", always=filled, sometimes=maybe),
    )


def _slots(doc: Doc, facts: Collection[str], hours: Hours | None) -> tuple[Slot, ...]:
    raw = doc.named()
    if not raw:
        raise doc.wrong("expected at least one slot")
    for name, slot_doc in raw.items():
        if not NAME.fullmatch(name):
            raise slot_doc.wrong(f"expected a name of letters and digits; got {name!r}")
        if name in facts:
            raise slot_doc.wrong(f"the name {name!r} is already that of a fact")
    slots = tuple(read_slot(name, slot_doc, facts, hours) for name, slot_doc in raw.items())
    if len([slot for slot in slots if slot.type == "items"]) > 1:
        raise doc.wrong("expected one slot of type items at most")
    for slot in slots:
        for other, values in slot.when:
            _check_condition(raw[slot.name], slots, slot, other, values)
    return slots


def _check_condition(doc: Doc, slots: Collection[Slot], slot: Slot, other: str, values: tuple[str, ...]) -> None:
    """A slot may depend on one that is asked before it, and on values that one can have."""
    place = doc.named()["when"].named()[other]
    before = []
    for one in slots:
        if one is slot:
            break
        before.append(one)
    on = next((one for one in before if one.name == other), None)
    if on is None:
        raise place.wrong(f"expected a slot that stands before this one; got {other!r}")
    possible = [o.name for o in on.options] if on.type == "choice" else [YES, NO] if on.type == "yes_no" else []
    wrong = next((value for value in values if possible and value not in possible), "")
    if wrong:
        raise place.wrong(f"expected one of {', '.join(possible)}; got {wrong!r}")


def _outcomes(
    doc: Doc,
    filled: Collection[str],
    maybe: Collection[str],
    slots: Collection[Slot],
    forms: Collection[str],
    *,
    has_action: bool,
) -> dict[str, OutcomeText]:
    """What is said and done after each outcome: texts alone are those of ``ok``."""

    def told(entry: Doc) -> Saying:
        return saying(entry, always=filled, sometimes=maybe, outside=has_action)

    if not doc.is_mapping:
        return {"ok": OutcomeText(told(doc))}
    found = {}
    for name, entry in doc.named().items():
        if not entry.is_mapping:
            found[name] = OutcomeText(told(entry))
            continue
        keys = entry.fields(optional=("say", "clear", "hand_over", "start"))
        if not keys:
            raise entry.wrong("expected at least one of say, clear, hand_over, start")
        found[name] = OutcomeText(
            told(keys["say"]) if "say" in keys else None,
            tuple(d.choice([s.name for s in slots]) for d in keys["clear"].one_or_more())
            if "clear" in keys
            else (),
            keys["hand_over"].switch() if "hand_over" in keys else False,
            keys["start"].choice(list(forms)) if "start" in keys else "",
        )
    if not has_action:
        if "ok" not in found:
            raise doc.wrong("the key 'ok' is missing")
        stray = next((name for name in found if name not in ("ok", "error")), "")
        if stray:
            raise doc.named()[stray].wrong("without an action there is no outcome but ok and error")
    return found
