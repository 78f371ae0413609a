"""What stands behind the parcel bot as it ships: a few invented parcels, so that it can be talked to at once.

A call of ``track`` or ``change`` goes in, an outcome comes out. Nothing is kept: every parcel is where the time
of the call puts it, so that the same call always has the same outcome. Whoever has real parcels puts a webhook or
a function of their own in its place (``actions`` in ``parcel.yaml``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ner_engine.chatbot.action.calls import ActionCall, Outcome
from ner_engine.chatbot.showing import show_day, show_time

__all__ = ["NUMBERS", "change", "track"]

_SUNDAY = 6
_FIRST_ROUND, _LAST_ROUND = 10, 21  # o'clock: when couriers set out and go home


@dataclass(frozen=True, slots=True)
class _Parcel:
    """``days``: to its delivery, working days only; negative once it was delivered. ``place``: where it is."""

    days: int
    place: str
    hour: int = 14
    minute: int = 0


_PARCELS: Mapping[str, _Parcel] = {
    "602311457705": _Parcel(0, "배달 차"),
    "602311458206": _Parcel(1, "대전 물류센터"),
    "602400981350": _Parcel(-1, "문 앞", 14, 20),
    "602400982120": _Parcel(3, "목포항"),
    "602517304465": _Parcel(-2, "경비실", 16, 45),
    "602588000195": _Parcel(2, "서울 강서 집하장"),
}

NUMBERS = tuple(_PARCELS)


def track(call: ActionCall) -> Outcome:
    """Where the parcels of ``call.values["number"]`` are at ``call.at``.

    Of one: ``delivered`` (when, place), ``out_for_delivery`` (window), ``in_transit`` (place, eta) or
    ``not_found``. Of a list of them: ``several`` (list), a line for each.
    """
    numbers, now = call.values.get("number", ""), datetime.fromisoformat(call.at)
    if isinstance(numbers, list):
        return Outcome("several", {"list": "\n".join(_line(str(number), now) for number in numbers)})
    return _found(str(numbers), now)


def change(call: ActionCall) -> Outcome:
    """Another day or place for a parcel: ``ok``, ``too_late`` once it was delivered, or ``not_found``."""
    found = _found(str(call.values.get("number", "")), datetime.fromisoformat(call.at)).name
    if found == "not_found":
        return Outcome(found)
    return Outcome("too_late" if found == "delivered" else "ok")


def _found(number: str, now: datetime) -> Outcome:
    parcel = _PARCELS.get(number)
    if parcel is None:
        return Outcome("not_found")
    day = _working_day(now.date(), parcel.days)
    if parcel.days < 0:
        when = f"{show_day(day, now.date())} {show_time(time(parcel.hour, parcel.minute))}"
        return Outcome("delivered", {"when": when, "place": parcel.place})
    if parcel.days == 0:
        return Outcome("out_for_delivery", {"window": _window(now)})
    return Outcome("in_transit", {"place": parcel.place, "eta": show_day(day, now.date())})


def _line(number: str, now: datetime) -> str:
    """One parcel among several: ``끝자리 8206번: 대전 물류센터, 7월 24일 금요일 도착 예정``."""
    outcome = _found(number, now)
    said = {
        "delivered": "{when} 배달 완료({place})",
        "out_for_delivery": "배달 중, {window} 도착 예정",
        "in_transit": "{place}, {eta} 도착 예정",
        "not_found": "등록되지 않은 번호",
    }[outcome.name]
    return f"끝자리 {number[-4:]}번: {said.format(**outcome.facts)}"


def _working_day(today: date, days: int) -> date:
    """So many days on or back from today, Sundays not counted."""
    day, step = today, timedelta(days=1 if days > 0 else -1)
    for _ in range(abs(days)):
        day += step
        while day.weekday() == _SUNDAY:
            day += step
    return day


def _window(now: datetime) -> str:
    """The two hours in which a courier who is on the way will come."""
    first = max(now.hour + 1, _FIRST_ROUND)
    if first + 2 > _LAST_ROUND:
        return "오늘 밤 9시 전"
    begins, ends = show_time(time(first)), show_time(time(first + 2))
    if begins.split()[0] == ends.split()[0]:  # 저녁 6시에서 8시
        ends = ends.split(maxsplit=1)[1]
    return f"오늘 {begins}에서 {ends} 사이"
