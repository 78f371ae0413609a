"""What a form still has to know: a form and its draft go in, the next question comes out."""

from __future__ import annotations

from ner_engine.chatbot.rules import Form, Slot
from ner_engine.chatbot.state import CONFIRM, Draft
from ner_engine.chatbot.turn.asking import open_slots

__all__ = ["more_slot", "next_question"]


def next_question(form: Form, draft: Draft) -> str:
    """The first slot that is still empty and not left out, or the confirmation."""
    waiting = open_slots(form, draft)
    return waiting[0].name if waiting else CONFIRM


def more_slot(form: Form, draft: Draft) -> Slot | None:
    """The slot that MORE asks about: the one with several values last spoken of, else the dishes."""
    named = form.slot(draft.focus)
    if named is not None and named.many:
        return named
    return form.items or next((slot for slot in form.slots if slot.many and draft.all_values(slot.name)), None)
