"""Slots out of an utterance: what fills them, what is half an answer, what cannot be.

A form, its draft and the mentions of an utterance go in, a ``Filling`` comes out. Slots are read by their label;
the slot that was just asked is also read from plain words (``둘이요``, ``김민수요``). Dishes are for ``orders``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from ner_engine.chatbot.clock import (
    WEEKDAYS,
    Clock,
    read_clock,
    read_day,
    settle,
    show_day,
    show_time,
)
from ner_engine.chatbot.mentions import Mention
from ner_engine.chatbot.names import read_name
from ner_engine.chatbot.quantity import Count, read_count
from ner_engine.chatbot.rules import Form, Slot
from ner_engine.chatbot.state import Draft, Value

__all__ = ["Filling", "Problem", "fill_form"]

# 민수랑 갈 거예요, 민수야: whom one comes with or speaks to is not the one who books.
_NOT_THE_GUEST = re.compile("(?:이?랑|하고|과|와|한테|에게|보다|네|야|아)")
_TITLE = re.compile(
    r"\s?(?:[가-힣]{0,2}(?:부장|과장|차장|대리|사장|이사|팀장|실장|소장|원장|점장)|교수|선생|사모|여사)"
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an answer does not fill its slot: ``kind`` names a text of its ``problems``, ``values`` the gaps."""

    slot: Slot
    kind: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filling:
    """The draft after the utterance, the slots newly filled or changed, and the answers that do not do."""

    draft: Draft
    filled: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def fill_form(
    form: Form, draft: Draft, mentions: Sequence[Mention], text: str, *, now: datetime, plain: bool
) -> Filling:
    """Read every slot of the form but the dishes. ``plain``: the asked slot may be read from bare words."""
    filled: list[str] = []
    changed: list[str] = []
    problems: list[Problem] = []
    slots = [(slot, "") for slot in form.slots if slot.type != "items"]
    if plain:  # bare words are read last, and only if nothing else came of the utterance
        slots += [(slot, text) for slot, _ in slots if slot.name == draft.asked]
    for slot, words in slots:
        if words and (filled or changed or problems):
            break
        result = _READERS[slot.type](slot, draft, mentions, words, now)
        if isinstance(result, Problem):
            problems.append(result)
            if result.kind == "vague":
                draft = draft.with_hint(slot.name, result.values["heard"])
        elif result is not None:
            old = draft.value(slot.name)
            if old is not None and old != result:
                changed.append(slot.name)
            elif old is None or draft.asked == slot.name:
                filled.append(slot.name)
            draft = draft.with_value(slot.name, result)
    draft, late = _not_in_the_past(form, draft, now, mentions, touched={*filled, *changed})
    if late is not None:
        problems.append(late)
        filled = [name for name in filled if name != late.slot.name]
        changed = [name for name in changed if name != late.slot.name]
    return Filling(draft, tuple(filled), tuple(changed), tuple(problems))


def _not_in_the_past(
    form: Form, draft: Draft, now: datetime, mentions: Sequence[Mention], *, touched: set[str]
) -> tuple[Draft, Problem | None]:
    """A time today must still be ahead; a time counted from now (``한 시간 뒤``) means today."""
    day_slot = next((slot for slot in form.slots if slot.type == "date"), None)
    time_slot = next((slot for slot in form.slots if slot.type == "time"), None)
    if day_slot is None or time_slot is None:
        return draft, None
    at = draft.value(time_slot.name)
    if at is None:
        return draft, None
    clocks = [read_clock(m.text) for m in mentions if m.label == time_slot.label]
    if draft.value(day_slot.name) is None and any(c is not None and c.after is not None for c in clocks):
        today = now.date()
        draft = draft.with_value(day_slot.name, Value(show_day(today, today), today.isoformat()))
    day = draft.value(day_slot.name)
    over = (
        day is not None and day.data == now.date().isoformat() and time.fromisoformat(str(at.data)) <= now.time()
    )
    if over and touched & {day_slot.name, time_slot.name}:
        return draft.with_value(time_slot.name, None), Problem(time_slot, "past", {"heard": at.shown})
    return draft, None


def _read_date(
    slot: Slot, draft: Draft, mentions: Sequence[Mention], words: str, now: datetime
) -> Value | Problem | None:
    today = now.date()
    said = [m.text for m in mentions if m.label == slot.label]
    if words and not said:
        said = [words]
    hint = dict(draft.hints).get(slot.name, "")
    day: date | None = None
    heard = ""
    # The parts of one date may come apart: 다음 주 + 금요일.
    for text in [" ".join(said), *reversed(said)] if said else []:
        day = read_day(f"{hint} {text}", today) or read_day(text, today)
        if day is not None:
            heard = text
            break
    if day is None:
        labelled = " ".join(m.text for m in mentions if m.label == slot.label)
        return Problem(slot, "vague", {"heard": labelled}) if labelled else None
    shown = show_day(day, today)
    if day < today:
        return Problem(slot, "past", {"heard": heard})
    if day.weekday() in slot.closed:
        return Problem(slot, "closed", {"heard": shown, "closed": f"{WEEKDAYS[day.weekday()]}요일"})
    if day > today + timedelta(days=slot.within_days):
        return Problem(slot, "far", {"heard": shown, "days": str(slot.within_days)})
    return Value(shown, day.isoformat())


def _read_time(
    slot: Slot, draft: Draft, mentions: Sequence[Mention], words: str, now: datetime
) -> Value | Problem | None:
    said = [m.text for m in mentions if m.label == slot.label] or ([words] if words else [])
    clocks = [clock for clock in map(read_clock, said) if clock is not None]
    exact = [clock for clock in clocks if clock.hour is not None or clock.after is not None]
    part = next((clock.part for clock in reversed(clocks) if clock.part), dict(draft.hints).get(slot.name, ""))
    if not exact:
        return Problem(slot, "vague", {"heard": part}) if clocks and part else None
    clock = exact[-1]
    if not clock.part and clock.after is None:
        clock = Clock(part, clock.hour, clock.minute)
    moment = settle(clock, opens=slot.opens, closes=slot.closes, now=now)
    if moment is None:
        return None
    shown = show_time(moment)
    if not slot.opens <= moment <= slot.closes:
        values = {"heard": shown, "from": show_time(slot.opens), "to": show_time(slot.closes)}
        return Problem(slot, "outside", values)
    return Value(shown, moment.isoformat(timespec="minutes"))


def _read_count(
    slot: Slot, draft: Draft, mentions: Sequence[Mention], words: str, now: datetime
) -> Value | Problem | None:
    asked = draft.asked == slot.name
    total: int | None = None
    for mention in mentions:
        count = read_count(mention.text) if mention.label == slot.label else None
        if count is None:
            continue
        if not count.unit and mention.after.startswith("이서"):  # 둘이서
            count = Count(count.number, "명")
        adds = any(mention.lead.rstrip().endswith(word) for word in slot.adds)  # 아이 in "어른 둘, 아이 하나"
        if count.unit not in slot.units and (count.unit or not (asked or adds)):
            continue
        if count.number is None:
            return Problem(slot, "vague", {"heard": mention.text})
        total = count.number + (total or 0) if adds else count.number
    if total is None:
        return None
    if not slot.least <= total <= slot.most:
        values = {"heard": f"{total}{slot.suffix}", "min": str(slot.least), "max": str(slot.most)}
        return Problem(slot, "range", values)
    return Value(f"{total}{slot.suffix}", total)


def _whole_name(mention: Mention) -> str:
    """A surname alone is no name to go by: 김 of 김부장 is 김부장."""
    title = _TITLE.match(mention.after) if len(mention.text) == 1 else None
    return mention.text + (title.group(0) if title else "")


def _read_name(
    slot: Slot, draft: Draft, mentions: Sequence[Mention], words: str, now: datetime
) -> Value | Problem | None:
    names = [_whole_name(m) for m in mentions if m.label == slot.label and not _NOT_THE_GUEST.fullmatch(m.josa)]
    name = names[-1] if names else read_name(words, reject=slot.reject) if words else None
    return None if name is None else Value(name + slot.suffix, name)


def _read_text(
    slot: Slot, draft: Draft, mentions: Sequence[Mention], words: str, now: datetime
) -> Value | Problem | None:
    if slot.pattern is not None:
        match = slot.pattern.search(words) if words else None
        found = match.group(0) if match else None
    else:
        labelled = [m.text for m in mentions if slot.label and m.label == slot.label]
        found = labelled[-1] if labelled else words.strip() or None
    return None if found is None else Value(found + slot.suffix, found)


_READERS = {
    "date": _read_date,
    "time": _read_time,
    "count": _read_count,
    "name": _read_name,
    "text": _read_text,
}
