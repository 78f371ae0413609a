"""A day with its time in one slot: mentions of either in, a moment that slot and shop allow out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.rules import Slot
from ner_engine.chatbot.showing import show_day, show_time
from ner_engine.chatbot.slots.dates import day_problem, days_of, find_day, takes_date
from ner_engine.chatbot.slots.reading import Heard, Problem, Result, meaning, read_phrase
from ner_engine.chatbot.slots.times import find_time, settle, takes_time
from ner_engine.chatbot.state import Value
from ner_engine.values import DateValue, MomentValue, RecurrenceValue, TimeValue

__all__ = ["read_moment", "takes_moment"]


def takes_moment(slot: Slot, mention: Mention, heard: Heard) -> bool:
    """Whether a mention may be part of the moment."""
    return takes_date(slot, mention, heard) or takes_time(slot, mention, heard)


def read_moment(slot: Slot, mentions: Sequence[Mention], heard: Heard) -> Result:
    """The moment, as ``"2026-07-25T19:00"``. Half of it leaves the other half as it was, or to be asked."""
    today = heard.clock.today
    values = [(m, meaning(m, heard.clock)) for m in mentions]
    dated = [m for m, v in values if v is None or isinstance(v, DateValue | MomentValue | RecurrenceValue)]
    timed = [m for m, v in values if isinstance(v, TimeValue | MomentValue)]
    days, day_said = find_day(slot, dated, heard)
    times, time_said = find_time(slot, timed, heard)
    if not (days or times or day_said or time_said):
        return None
    hinted = _hinted(slot, heard)
    old = _filled(heard.draft.value(slot.name))
    if not days:
        if day_said and old is None:
            return Problem(slot, "vague", {"heard": day_said})
        days = hinted[:1] or ([old.date()] if old is not None else [])
    if not days:  # a time without its day: kept until the day comes
        return Problem(slot, "vague", {"heard": time_said or show_time(times[0])})
    problems = [day_problem(slot, day, today, day_said) for day in days]
    good = next((day for day, problem in zip(days, problems, strict=True) if problem is None), None)
    if good is None:
        return problems[0]
    if not times:
        times = _hinted_times(slot, heard) or ([old.time()] if old is not None and not time_said else [])
    if not times:
        return Problem(slot, "vague", {"heard": " ".join(filter(None, (show_day(good, today), time_said)))})
    settled = settle(slot, times, good, heard.clock)
    if isinstance(settled, Problem):
        return settled
    at = time.fromisoformat(str(settled.data))
    moment = datetime.combine(good, at)
    return Value(f"{show_day(good, today)} {settled.shown}", moment.isoformat(timespec="minutes"))


def _hinted(slot: Slot, heard: Heard) -> list[date]:
    """The day of half an answer before."""
    return days_of(read_phrase(heard.hint(slot), heard.clock, label="DT"))


def _hinted_times(slot: Slot, heard: Heard) -> list[time]:
    """The time of half an answer before."""
    value = read_phrase(heard.hint(slot), heard.clock, label="TI")
    if not isinstance(value, TimeValue) or value.grain == "part of day":
        return []
    return [one.start for one in (value, *value.alternatives)]


def _filled(value: Value | None) -> datetime | None:
    try:
        return None if value is None else datetime.fromisoformat(str(value.data))
    except ValueError:  # a state written by other rules
        return None
