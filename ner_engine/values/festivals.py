"""Named days: holidays, 명절, 절기, dog days and the days everybody keeps; a name and a year in, days out.

Lunar ones follow korean-lunar-calendar, which is imported when first asked. Days off and substitute days stand
in ``public_holidays.tsv``, written from the package holidays by ``benchmarks/public_holidays.py`` and read when
first asked. A year without such a day (beyond the tables, which end in 2050) gives None.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

from ner_engine.values.calendar import (
    SOLAR_TERMS,
    dog_day,
    easter,
    lunar_day,
    nth_weekday,
    solar_term,
)

__all__ = [
    "NAMES",
    "days_off",
    "is_day_off",
    "long_holiday",
    "named_day",
    "names_at",
    "standard_name",
    "substitute_day",
]

_FIXED = {
    "신정": (1, 1), "삼일절": (3, 1), "식목일": (4, 5), "어린이날": (5, 5), "어버이날": (5, 8),
    "스승의날": (5, 15), "부부의날": (5, 21), "노동절": (5, 1), "현충일": (6, 6), "육이오": (6, 25),
    "제헌절": (7, 17), "광복절": (8, 15), "국군의날": (10, 1), "개천절": (10, 3), "한글날": (10, 9),
    "크리스마스이브": (12, 24), "크리스마스": (12, 25), "만우절": (4, 1), "밸런타인데이": (2, 14),
    "화이트데이": (3, 14), "블랙데이": (4, 14), "로즈데이": (5, 14), "핼러윈": (10, 31), "빼빼로데이": (11, 11),
    "여성의날": (3, 8), "과학의날": (4, 21), "장애인의날": (4, 20), "지구의날": (4, 22), "독도의날": (10, 25),
    "소방의날": (11, 9), "무역의날": (12, 5), "노인의날": (10, 2), "삼겹살데이": (3, 3), "오이데이": (5, 2),
}  # fmt: skip
_LUNAR = {
    "설날": (1, 1), "정월대보름": (1, 15), "삼짇날": (3, 3), "부처님오신날": (4, 8), "단오": (5, 5),
    "유두": (6, 15), "칠석": (7, 7), "백중": (7, 15), "추석": (8, 15), "중양절": (9, 9),
}  # fmt: skip
_MOVING = ("부활절", "성년의날", "추수감사절", "블랙프라이데이", "섣달그믐", "한식", "초복", "중복", "말복")
_TRUE_NAMES = {
    "새해": "신정", "설": "설날", "구정": "설날", "음력설": "설날", "대보름": "정월대보름", "한가위": "추석",
    "중추절": "추석", "성탄절": "크리스마스", "성탄일": "크리스마스", "성탄": "크리스마스",
    "기독탄신일": "크리스마스", "크리스마스전야": "크리스마스이브", "성탄전야": "크리스마스이브",
    "성탄절이브": "크리스마스이브", "이브날": "크리스마스이브", "크리스마스이브날": "크리스마스이브",
    "크리스마스당일": "크리스마스", "3·1절": "삼일절", "3.1절": "삼일절", "31절": "삼일절", "3일절": "삼일절",
    "석가탄신일": "부처님오신날", "석탄일": "부처님오신날", "부처님오신날": "부처님오신날",
    "초파일": "부처님오신날", "사월초파일": "부처님오신날", "4월초파일": "부처님오신날",
    "부처님생신": "부처님오신날", "근로자의날": "노동절", "메이데이": "노동절", "발렌타인데이": "밸런타인데이",
    "발렌타인": "밸런타인데이", "밸런타인": "밸런타인데이", "할로윈": "핼러윈", "할로윈데이": "핼러윈",
    "핼러윈데이": "핼러윈", "빼빼로": "빼빼로데이", "6·25": "육이오", "6.25": "육이오", "단옷날": "단오",
    "단오날": "단오", "칠월칠석": "칠석", "삼월삼짇날": "삼짇날", "정월보름": "정월대보름",
    "섣달그믐날": "섣달그믐", "까치설날": "섣달그믐", "한글의날": "한글날", "동짓날": "동지", "하짓날": "하지",
    "복날": "초복", "화이트대이": "화이트데이", "블프": "블랙프라이데이", "입춘날": "입춘", "추석날": "추석",
    "한가윗날": "추석", "크리스마스날": "크리스마스",
}  # fmt: skip

NAMES = {name: name for name in (*_FIXED, *_LUNAR, *_MOVING, *SOLAR_TERMS)} | _TRUE_NAMES
_LONGEST = max(map(len, NAMES))
_OFFICIAL = {"크리스마스": "기독탄신일", "신정": "신정연휴"}  # what the table calls them


def names_at(s: str, at: int) -> Iterator[tuple[str, int]]:
    """Names that start at ``at``, the longest first: the standard name and where what was said ends."""
    for length in range(min(_LONGEST, len(s) - at), 0, -1):
        name = NAMES.get(s[at : at + length])
        if name is not None:
            yield name, at + length


def named_day(name: str, year: int) -> date | None:
    """The day of a standard name in a solar year, or None."""
    if name in _FIXED:
        return date(year, *_FIXED[name])
    if name in _LUNAR:
        return lunar_day(year, *_LUNAR[name])
    if name in SOLAR_TERMS:
        return solar_term(name, year)
    return _moving(name, year)


def _moving(name: str, year: int) -> date | None:
    match name:
        case "부활절":
            return easter(year)
        case "성년의날":
            return nth_weekday(year, 5, 3, 0)
        case "추수감사절" | "블랙프라이데이":
            thursday = nth_weekday(year, 11, 4, 3)
            return thursday and thursday + timedelta(days=name == "블랙프라이데이")
        case "섣달그믐":
            new_year = lunar_day(year, 1, 1)
            return new_year and new_year - timedelta(days=1)
        case "한식":
            solstice = solar_term("동지", year - 1)
            return solstice and solstice + timedelta(days=105)
    return dog_day(name, year)


@cache
def _public_holidays() -> Mapping[int, Mapping[date, str]]:
    years: dict[int, dict[date, str]] = {}
    table = files("ner_engine.values").joinpath("public_holidays.tsv").read_text(encoding="utf-8")
    for line in table.splitlines():
        day, _, name = line.partition("\t")
        at = date.fromisoformat(day)
        years.setdefault(at.year, {})[at] = name
    return years


def days_off(year: int) -> Mapping[date, str]:
    """Public holidays of a year in South Korea with their official names; substitute days too. 1948 to 2050."""
    return _public_holidays().get(year, {})


def standard_name(official: str) -> str:
    """The name used here for what ``days_off`` calls a day: 기독탄신일 is 크리스마스."""
    name, substitute, _ = official.split("; ")[0].partition(" 대체 휴일")
    name = next((ours for ours, theirs in _OFFICIAL.items() if theirs == name), name)
    return f"{name} 대체공휴일" if substitute else name


def is_day_off(day: date) -> bool:
    """Whether it is a Saturday, a Sunday or a public holiday of South Korea."""
    return day.weekday() >= 5 or day in days_off(day.year)


def long_holiday(name: str, day: date) -> tuple[date, date]:
    """The 연휴 of a holiday, ``[start, end)``: the days around 설날 and 추석, and every day off next to them."""
    around = timedelta(days=1 if name in ("설날", "추석") else 0)
    first, end = day - around, day + around + timedelta(days=1)
    while is_day_off(first - timedelta(days=1)):
        first -= timedelta(days=1)
    while is_day_off(end):
        end += timedelta(days=1)
    return first, end


def substitute_day(name: str, year: int) -> date | None:
    """The substitute day (대체공휴일) of a holiday in a year, None where it has none."""
    said = {name, _OFFICIAL.get(name, name)}
    for day, official in sorted(days_off(year).items()):
        for one in official.split("; "):
            of, found, _ = one.partition(" 대체 휴일")
            if found and of in said:
                return day
    return None
