"""Days and times that pass while a form is being filled: still to come when they were named, over by now."""

from __future__ import annotations

from datetime import date, datetime, time

from ner_engine.chatbot.rules import Slot
from ner_engine.chatbot.slots.times import chosen_day
from ner_engine.chatbot.turn.fill import Problem
from ner_engine.chatbot.turn.talk import Talk
from ner_engine.values import Clock

__all__ = ["overdue"]


def overdue(talk: Talk) -> list[Problem]:
    """Days and times that were still to come when they were named; the slot is emptied."""
    clock, form = Clock.at(talk.now), talk.form
    for slot in form.slots:
        value = talk.draft.value(slot.name)
        if value is None or slot.type not in ("date", "time", "moment"):
            continue
        try:
            past = _is_past(slot, str(value.data), chosen_day(form, talk.draft), clock)
        except ValueError:  # a state written by other rules
            continue
        if past:
            talk.update(talk.draft.with_value(slot.name, None))
            return [Problem(slot, "past", {"heard": value.shown})]
    return []


def _is_past(slot: Slot, data: str, day: date | None, clock: Clock) -> bool:
    now = clock.now.replace(tzinfo=None)
    if slot.type == "date":
        return date.fromisoformat(data) < now.date()
    if slot.type == "time":
        return day is not None and datetime.combine(day, time.fromisoformat(data)) <= now
    return datetime.fromisoformat(data).replace(tzinfo=None) <= now
