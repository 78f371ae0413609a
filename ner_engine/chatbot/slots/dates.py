"""Days: mentions of dates in, a day that the slot and the shop allow out, or what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.rules import Slot
from ner_engine.chatbot.showing import WEEKDAYS, show_day
from ner_engine.chatbot.slots.reading import (
    TIMED_LABELS,
    Heard,
    Meaning,
    Problem,
    Result,
    either,
    meaning,
    one_end,
    read_phrase,
)
from ner_engine.chatbot.state import Value
from ner_engine.values import Clock, DateValue, MomentValue, RecurrenceValue
from ner_engine.values.festivals import days_off, standard_name
from ner_engine.values.phrases import TIME_LABELS

__all__ = ["day_problem", "days_of", "find_day", "read_date", "takes_date"]

_WEEK = re.compile(r"(?:다다음|다음|담|이번)\s?주")
_POINTED_AT = re.compile(r"(?:그|같은|똑같은)\s?(?:날|때|날짜)")
_WEEKDAY = re.compile(f"[{WEEKDAYS}](?:요일|욜)")


def takes_date(slot: Slot, mention: Mention, heard: Heard) -> bool:
    """Whether a mention may name the day of a slot. 한 시간 뒤 names one only where none is known."""
    value = meaning(mention, heard.clock)
    if mention.label not in slot.labels and mention.label not in TIMED_LABELS:
        return False
    if _is_over(slot, mention, value, heard):
        return False
    if isinstance(value, MomentValue):
        counted = value.grain != "part of day" and "시" not in mention.text.replace("시간", "")
        return mention.label in slot.labels or not counted or heard.draft.value(slot.name) is None
    if isinstance(value, DateValue | RecurrenceValue):
        return True
    # 그날, of which nothing is known, is not even half a day.
    return value is None and mention.label in slot.labels and not _POINTED_AT.fullmatch(mention.text)


# 오늘 아침부터 is since when; 오늘 오후부터 may be from when on.
_SINCE = re.compile(r"(?:\s?(?:새벽|아침|오전))?\s?부터")


def _is_over(slot: Slot, mention: Mention, value: Meaning | None, heard: Heard) -> bool:
    """``어제부터 아파요``, ``어제 넘어졌어요``: when something began or happened is no day to come."""
    if slot.role is not None and "부터" in slot.role.after:
        return False
    since = _SINCE.match(mention.after) is not None
    today = heard.clock.today
    if value is None:
        return since
    if not isinstance(value, DateValue | MomentValue):
        return False
    start = value.start if isinstance(value, DateValue) else value.start.date()
    if since:
        return start <= today and not (
            isinstance(value, DateValue) and value.grain != "day" and value.end > today
        )
    end = value.end if isinstance(value, DateValue) else start + timedelta(days=1)
    told = heard.asked(slot) or mention.josa.startswith(("로", "으로", "말고"))
    return end <= today and not told and not _has_time(heard)


def _has_time(heard: Heard) -> bool:
    return any(m.label in TIME_LABELS for m in heard.mentions)


def read_date(slot: Slot, mentions: Sequence[Mention], heard: Heard) -> Result:
    """The day, as ISO text."""
    days, said = find_day(slot, mentions, heard)
    if not days:
        return (
            Problem(slot, "vague", {"heard": said}, half=_half(slot, mentions, heard) or said) if said else None
        )
    problems = [day_problem(slot, day, heard.clock.today, said) for day in days]
    good = next((day for day, problem in zip(days, problems, strict=True) if problem is None), None)
    if good is None:
        return problems[0]
    return Value(show_day(good, heard.clock.today), good.isoformat())


def find_day(slot: Slot, mentions: Sequence[Mention], heard: Heard) -> tuple[list[date], str]:
    """The days that may be meant, best first, and the words for them; no days if the words leave it open.

    The parts of a date may come apart, even over two utterances: 다음 주, then 금요일.
    """
    found: list[date] = []
    said, part = "", heard.hint(slot)
    last = bool(slot.role and "까지" in slot.role.after)
    if either(mentions):
        return [], either(mentions)
    for mention in one_end(mentions, last=last):
        days = (
            _joined(part, mention.text, heard.clock)
            or _same_week(slot, mention.text, heard)
            or days_of(meaning(mention, heard.clock), last=last)
        )
        if days:
            found, said = days, mention.text
        elif not found:
            said = mention.text
        part = mention.text
    if not mentions and heard.words:
        days = _joined(part, heard.words, heard.clock) or days_of(
            read_phrase(heard.words, heard.clock, label="DT"), last=last
        )
        if days:
            found, said = days, heard.words.strip()
    return found, said


def _half(slot: Slot, mentions: Sequence[Mention], heard: Heard) -> str:
    """The week that 수요일이나 목요일 are in, if it was said; ``""`` else."""
    if not either(mentions):
        return ""
    week = _WEEK.match(mentions[-2].text)
    return week.group() if week else heard.hint(slot)


def _joined(part: str, text: str, clock: Clock) -> list[date]:
    """The day that two parts name together; a whole day before it is no part (내일, 모레)."""
    if not part or days_of(read_phrase(part, clock, label="DT")):
        return []
    return days_of(read_phrase(f"{part} {text}", clock, label="DT"))


def _same_week(slot: Slot, text: str, heard: Heard) -> list[date]:
    """``아니 목요일``, said of 다음 주 수요일: the Thursday of the week spoken of, if it is still to come."""
    old = heard.draft.value(slot.name)
    if old is None or not _WEEKDAY.fullmatch(text):
        return []
    try:
        before = date.fromisoformat(str(old.data))
    except ValueError:  # a moment, or a state written by other rules
        return []
    day = before + timedelta(days=WEEKDAYS.index(text[0]) - before.weekday())
    return [day] if day >= heard.clock.today else []


def days_of(value: Meaning | None, *, last: bool = False) -> list[date]:
    """The single days a value may stand for. Of a stretch (25일부터 27일까지) the first, or the ``last``."""
    if isinstance(value, MomentValue):
        if value.end is not None and last:
            return [value.end.date()]
        return [value.start.date()]
    if not isinstance(value, DateValue):
        return []
    if value.grain == "day":
        return [value.start, *(other.start for other in value.alternatives if other.grain == "day")]
    if value.grain == "days" and not value.open:
        return [value.end - timedelta(days=1)] if last else [value.start]
    return []


def day_problem(slot: Slot, day: date, today: date, said: str) -> Problem | None:
    """What speaks against a day, or None."""
    shown, hours = show_day(day, today), slot.hours
    if day < today:
        return Problem(slot, "past", {"heard": said})
    if (day - today).days > slot.within_days:  # what else is wrong with it does not matter then
        return Problem(slot, "far", {"heard": shown, "days": str(slot.within_days)})
    own = hours is not None and any(weekday == day.weekday() for weekday, _, _ in hours.days)
    if day.weekday() in slot.closed or (hours is not None and day.weekday() in hours.closed and not own):
        return Problem(slot, "closed", {"heard": shown, "closed": f"{WEEKDAYS[day.weekday()]}요일"})
    feast = days_off(day.year).get(day)
    name = standard_name(feast) if feast is not None else ""
    if name and (not slot.holidays or (hours is not None and hours.rests_on(name))):
        return Problem(slot, "holiday", {"heard": shown, "holiday": name})
    return None
