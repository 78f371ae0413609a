"""Which slots of a form are asked, and what they begin with: a form and its draft in, slots or a draft out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.rules import Form, Slot, option_label
from ner_engine.chatbot.slots.kinds import KINDS
from ner_engine.chatbot.slots.reading import Heard, Result
from ner_engine.chatbot.state import Draft, Value
from ner_engine.values import Clock

__all__ = ["applies", "open_slots", "read_default", "with_defaults"]


def applies(slot: Slot, draft: Draft) -> bool:
    """Whether a slot is asked at all, by what other slots hold."""
    return all(
        any({str(value.data), value.shown} & set(wanted) for value in draft.all_values(other))
        for other, wanted in slot.when
    )


def open_slots(form: Form, draft: Draft) -> tuple[Slot, ...]:
    """The slots that still have to be asked, in order."""
    return tuple(
        slot
        for slot in form.slots
        if applies(slot, draft)
        and slot.name not in draft.skipped
        and not slot.unasked
        and not (draft.items if slot.type == "items" else draft.all_values(slot.name))
    )


def with_defaults(form: Form, draft: Draft, *, now: datetime) -> Draft:
    """The draft with the defaults of its empty slots; one that the day does not allow is left to be asked."""
    for slot in form.slots:
        if slot.default and not draft.all_values(slot.name):
            value = read_default(form, slot, draft, now=now)
            if isinstance(value, Value):
                draft = draft.with_value(slot.name, value)
    return draft


def read_default(form: Form, slot: Slot, draft: Draft, *, now: datetime) -> Result:
    """What the default of a slot means, read as if it had been answered."""
    said = slot.default
    label = option_label(form.name, slot.name) if slot.type == "choice" else slot.label
    mention = Mention(said, 0, len(said), label, "pattern")
    heard = Heard(form, replace(draft, asked=slot.name), said, (mention,), Clock.at(now), said)
    return KINDS[slot.type].read(slot, (mention,), heard) or KINDS[slot.type].read(slot, (), heard)
