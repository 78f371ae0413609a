"""Times of day: mentions in, a time that the slot and the shop's hours of that day allow out.

An hour that is said without its half of the day (3시) is the one at which the shop can be visited.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, time

from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.rules import Form, Slot
from ner_engine.chatbot.showing import show_time
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
from ner_engine.chatbot.state import Draft, Value
from ner_engine.josa import attach
from ner_engine.values import Clock, MomentValue, TimeValue

__all__ = ["chosen_day", "find_time", "read_time", "settle", "takes_time", "time_problem"]

_PART = re.compile("이른 아침|늦은 밤|오전|오후|아침|점심|저녁|새벽|대낮|한낮|낮|밤")
_FROM = re.compile("부터|에서")
_HOURS = {"한": 1, "두": 2, "세": 3}
_SHIFT = re.compile(
    r"(?:(?:(?P<hours>[한두세])|(?P<digits>[1-9]))\s?시간(?P<half>\s?반)?|(?<!\d)(?P<minutes>[1-5]0|5|[1-5]5)\s?분)"
    r"(?:만|쯤|정도|씩)?\s?(?:더\s?)?(?:(?P<later>미[루뤄룰]|늦[춰추출게]|뒤로)|당[기겨길]|앞당|앞으로|일찍)"
)


def takes_time(slot: Slot, mention: Mention, heard: Heard) -> bool:
    """Whether a mention may name the time of a slot."""
    if mention.label not in slot.labels and mention.label not in TIMED_LABELS:
        return False
    value = meaning(mention, heard.clock)
    if _is_part(value) and mention.after.startswith("부터") and not (slot.role and "부터" in slot.role.after):
        return False  # 아침부터 아파요: since when, not at what time
    return isinstance(value, TimeValue | MomentValue)


def read_time(slot: Slot, mentions: Sequence[Mention], heard: Heard) -> Result:
    """The time, as ``"19:00"``."""
    times, said = find_time(slot, mentions, heard)
    moved = _moved(slot, heard)
    if moved is not None:
        times = [moved]
    if not times:
        return Problem(slot, "vague", {"heard": said}) if said else None
    return settle(slot, times, chosen_day(heard.form, heard.draft), heard.clock)


def _moved(slot: Slot, heard: Heard) -> time | None:
    """``한 시간만 미뤄 주세요``: the time there is, so much later or earlier on the same day."""
    shift, old = _SHIFT.search(heard.text), heard.draft.value(slot.name)
    if shift is None or old is None:
        return None
    try:
        minutes = _minutes(time.fromisoformat(str(old.data)))
    except ValueError:  # a state written by other rules
        return None
    hours = _HOURS.get(shift["hours"] or "", 0) or int(shift["digits"] or 0)
    by = hours * 60 + (30 if shift["half"] else 0) + int(shift["minutes"] or 0)
    after = minutes + (by if shift["later"] else -by)
    return _time(after) if by and 0 <= after < 24 * 60 else None


def find_time(slot: Slot, mentions: Sequence[Mention], heard: Heard) -> tuple[list[time], str]:
    """The times that may be meant, best first; none, and the words, where only a part of the day was said."""
    last = bool(slot.role and "까지" in slot.role.after)
    if either(mentions):
        return [], either(mentions)
    values = [(m.text, m.after, meaning(m, heard.clock)) for m in one_end(mentions, last=last)]
    if not values and heard.words:
        values = [(heard.words, "", read_phrase(heard.words, heard.clock, label="TI"))]
    part = heard.hint(slot)
    vague = ""
    for text, _, value in values:
        if _is_part(value):
            found = _PART.search(text)
            part = vague = found.group() if found else text
    times: list[time] = []
    for text, after, value in values:
        if not isinstance(value, TimeValue | MomentValue) or _is_part(value):
            continue
        if part and value.alternatives:
            value = _of_part(part, text, heard.clock) or value
        if value.grain == "hours" and not (_FROM.search(text) or after.startswith("부터")) and not last:
            vague = text  # 두세 시, 7시에서 8시 사이 without a beginning
            continue
        times = _readings(value, last=last)
    return times, "" if times else vague


def _is_part(value: Meaning | None) -> bool:
    return isinstance(value, TimeValue | MomentValue) and value.grain == "part of day"


def _of_part(part: str, text: str, clock: Clock) -> TimeValue | MomentValue | None:
    """7시 of the 저녁 that was said apart from it."""
    value = read_phrase(f"{part} {text}", clock, label="TI")
    return value if isinstance(value, TimeValue | MomentValue) and not _is_part(value) else None


def _readings(value: TimeValue | MomentValue, *, last: bool) -> list[time]:
    found: list[time] = []
    for one in (value, *value.alternatives):
        at = one.end if last and one.end is not None else one.start
        found.append((at if isinstance(at, time) else at.time()).replace(second=0, microsecond=0))
    return list(dict.fromkeys(found))


def chosen_day(form: Form, draft: Draft) -> date | None:
    """The day that the times of a form are on, if it is known: that of its first date slot."""
    slot = next((one for one in form.slots if one.type == "date"), None)
    value = draft.value(slot.name) if slot is not None else None
    try:
        return None if value is None else date.fromisoformat(str(value.data))
    except ValueError:  # a state written by other rules
        return None


def settle(slot: Slot, times: Sequence[time], day: date | None, clock: Clock) -> Value | Problem:
    """The first of the times at which the shop can be visited; else what speaks against the likeliest."""
    problems = [time_problem(slot, at, day, clock) for at in times]
    for at, problem in zip(times, problems, strict=True):
        if problem is None:
            return Value(show_time(at), at.isoformat(timespec="minutes"))
    # Of 3시 and 새벽 3시, what is wrong with the one nearer to the hours is worth saying.
    found = [problem for problem in problems if problem is not None]
    return next((problem for problem in found if problem.kind != "outside"), found[0])


def time_problem(slot: Slot, at: time, day: date | None, clock: Clock) -> Problem | None:
    """What speaks against a time on a day (None: not known yet), or None."""
    shown = show_time(at)
    first, last = _window(slot, day)
    if not first <= at <= last:
        return Problem(slot, "outside", {"heard": shown, "from": show_time(first), "to": show_time(last)})
    if _over(at, day, clock):
        return Problem(slot, "past", {"heard": shown})
    for start, end in slot.hours.breaks if slot.hours is not None else ():
        if start <= at < end:
            return Problem(slot, "break", {"heard": shown, "from": show_time(start), "to": show_time(end)})
    if (_minutes(at) - _minutes(first)) % slot.step_minutes:
        near = _near(slot, at, day, clock)
        return Problem(slot, "step", {"heard": shown, "step": str(slot.step_minutes), "near": near})
    return None


def _over(at: time, day: date | None, clock: Clock) -> bool:
    return day == clock.today and at <= clock.now.time()


def _window(slot: Slot, day: date | None) -> tuple[time, time]:
    """The first and the last time of a day; where times come in steps, the last step ends by closing time."""
    if slot.hours is None:
        return slot.opens, slot.closes
    opens, closes = slot.hours.on(day)
    if slot.step_minutes > 1:
        closes = _time(max(_minutes(closes) - slot.step_minutes, _minutes(opens)))
    first, last = max(slot.opens, opens), min(slot.closes, closes)
    return (first, last) if first <= last else (opens, closes)


def _near(slot: Slot, at: time, day: date | None, clock: Clock) -> str:
    """The steps before and after a time, as far as they can be had: ``저녁 7시나 저녁 7시 반``."""
    first, last = _window(slot, day)
    step = slot.step_minutes
    below = _minutes(at) - (_minutes(at) - _minutes(first)) % step
    steps = [_time(m) for m in (below, below + step) if m <= _minutes(last)]
    good = [show_time(one) for one in steps if time_problem(slot, one, day, clock) is None]
    if len(good) == 2:
        return f"{attach(good[0], '이나/나')} {good[1]}"
    return good[0] if good else show_time(first)


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _time(minutes: int) -> time:
    return time(minutes // 60, minutes % 60)
