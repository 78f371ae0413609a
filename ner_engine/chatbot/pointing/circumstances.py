"""``그날``, ``같은 시간에``, ``거기로``, ``그분 이름으로``: when, where and who, pointed at instead of named.

A day or a time is put in by its value, so that ``내일`` said yesterday is not tomorrow today.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from ner_engine.chatbot.pointing.recents import lately
from ner_engine.chatbot.pointing.words import Found, Piece, Reader, kinds, particle_after, piece
from ner_engine.chatbot.rules import Slot
from ner_engine.chatbot.state import Done, Draft, Recent, Value

__all__ = ["find_amount", "find_day", "find_number", "find_person", "find_place", "find_then", "find_time"]

_T = TypeVar("_T")

_EARLIER = r"(?<![가-힣])(?:(?:아까|방금|좀\s?전에|금방)\s?)?"
_SAID = "(?:말한|말씀드린|말했던|얘기한|물어본)"
_SAME = r"(?:그|(?:그\s?)?똑?같은)\s?"
_THEN = re.compile(rf"{_EARLIER}그\s?때")
_DAY = re.compile(rf"{_EARLIER}{_SAME}(?:날짜|날)(?!씨|그)")
_NEXT_DAY = re.compile(rf"{_EARLIER}(?:그|바로)\s?(?P<way>다음|전)\s?날")
_TIME = re.compile(rf"{_EARLIER}{_SAME}(?:시간|시각)(?!\s?동안)")
_PLACE = re.compile(
    rf"(?:{_EARLIER}(?:거기|그\s?곳|그\s?쪽|그리(?=로)|그\s?주소|똑?같은\s?(?:곳|데|주소))"
    rf"|(?<![가-힣])(?:아까|방금|좀\s?전에)\s?{_SAID}\s?(?:곳|데|주소))(?P<out>서)?"
)
_AS_NAME = r"(?=\s?(?:이름|성함|앞)|으?로|이?요|\s*[.!]?\s*$)"
_PERSON = re.compile(
    rf"{_EARLIER}(?:(?:그\s?(?:분|사람|친구)|걔){_AS_NAME}|{_SAME}(?:이름|성함|사람)(?=으?로|이?랑|하고|이?요|\s*[.!]?\s*$))"
)
_NUMBER = re.compile(rf"{_EARLIER}{_SAME}(?:송장\s?번호|전화\s?번호|연락처|번호|송장)")


def find_day(reader: Reader) -> Iterator[Found]:
    """``그날``: the day spoken of last; ``그 다음 날``: the one after it."""
    for match in _NEXT_DAY.finditer(reader.text):
        for recent, day in _latest(reader, _day_of, "date", "moment"):
            near = day + timedelta(days=1 if match["way"] == "다음" else -1)
            yield piece(reader.text, match, recent, shown=_show_day(near, reader.now))
    for match in _DAY.finditer(reader.text):
        for recent, day in _latest(reader, _day_of, "date", "moment"):
            yield piece(reader.text, match, recent, shown=_show_day(day, reader.now))


def find_time(reader: Reader) -> Iterator[Found]:
    """``같은 시간에``: the time of day spoken of last."""
    for match in _TIME.finditer(reader.text):
        for recent, at in _latest(reader, _time_of, "time", "moment"):
            yield piece(reader.text, match, recent, shown=_show_time(at))


def find_then(reader: Reader) -> Iterator[Found]:
    """``그때``: a day and a time, as far as there was talk of them."""
    for match in _THEN.finditer(reader.text):
        named = [
            *((_show_day(day, reader.now), r.label) for r, day in _latest(reader, _day_of, "date", "moment")),
            *((_show_time(at), r.label) for r, at in _latest(reader, _time_of, "time", "moment")),
        ]
        if named:
            end, tail = particle_after(reader.text, match, named[-1][0])
            yield Found(Piece(match.start(), end, tuple(named), tail))


def find_place(reader: Reader) -> Iterator[Found]:
    """``거기로``: the place spoken of last."""
    return _by_kind(_PLACE, reader, "place")


def find_person(reader: Reader) -> Iterator[Found]:
    """``그분 이름으로``: the person spoken of last."""
    return _by_kind(_PERSON, reader, "person")


def find_amount(reader: Reader) -> Iterator[Found]:
    """``같은 인원으로``: how many it was last time."""
    rules, draft = reader.rules, reader.state.draft
    forms = [rules.forms[draft.form]] if draft is not None and draft.form in rules.forms else rules.forms.values()
    for slot in (slot for form in forms for slot in form.slots if slot.type == "quantity"):
        words = "|".join(re.escape(word) for word in (slot.title, *slot.words))
        match = re.search(rf"{_EARLIER}{_SAME}(?:{words})(?=\s?(?:수|으?로|이?요|이?서|[\s.!~,]|$))", reader.text)
        holders: tuple[Done | Draft, ...] = (*reversed(reader.state.done), *reversed(reader.state.drafts))
        said = next((value.shown for holder in holders if (value := _value(holder, slot)) is not None), "")
        if match is not None and said:
            yield Found(Piece(match.start(), match.end(), ((said, slot.label),)))
            return


def _value(holder: Done | Draft, slot: Slot) -> Value | None:
    return next((values[0] for name, values in holder.values if name == slot.name and values), None)


def find_number(reader: Reader) -> Iterator[Found]:
    """``그 번호로``: the number spoken of last, a code before a telephone number."""
    wanted = "contact" if re.search(r"전화\s?번호|연락처", reader.text) else "code"
    found = list(_by_kind(_NUMBER, reader, wanted))
    return iter(found or _by_kind(_NUMBER, reader, "code", "contact"))


def _by_kind(pattern: re.Pattern[str], reader: Reader, *types: str) -> Iterator[Found]:
    for match in pattern.finditer(reader.text):
        recent = next(lately(reader.rules, reader.state, kinds(reader, *types)), None)
        if recent is not None:
            yield piece(reader.text, match, recent)


def _latest(reader: Reader, read: Callable[[Recent], _T | None], *types: str) -> list[tuple[Recent, _T]]:
    """The last thing of these types that has such a value, with the value; empty where there is none."""
    for recent in lately(reader.rules, reader.state, kinds(reader, *types)):
        value = read(recent)
        if value is not None:
            return [(recent, value)]
    return []


def _day_of(recent: Recent) -> date | None:
    try:
        return date.fromisoformat(str(recent.data).partition("T")[0])
    except ValueError:
        return None


def _time_of(recent: Recent) -> time | None:
    clock = str(recent.data).rpartition("T")[2]
    try:
        return time.fromisoformat(clock) if ":" in clock else None
    except ValueError:
        return None


def _show_day(day: date, now: datetime) -> str:
    return (f"{day.year}년 " if day.year != now.year else "") + f"{day.month}월 {day.day}일"


def _show_time(at: time) -> str:
    part = "오후 " if at.hour >= 12 else "오전 " if at.hour else ""  # 0시 needs no part of the day
    hour = at.hour - 12 if at.hour > 12 else at.hour
    return f"{part}{hour}시" + (f" {at.minute}분" if at.minute else "")
