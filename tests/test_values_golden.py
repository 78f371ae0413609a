"""The meaning of expressions, row by row; and the table itself against calendars that are not ours.

``golden/values.tsv``: expression, label hint, ``Value.to_dict()`` as JSON (null: no value), and the clock
where it is not the usual one. Every row was written by hand; correct a row by thinking, never by copying what
came out.
"""

from __future__ import annotations

import calendar
import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ner_engine import values
from ner_engine.josa import attach
from ner_engine.values.clock import Clock
from ner_engine.values.phrases import remembered

GOLDEN = Path(__file__).parent / "golden" / "values.tsv"
USUAL = "2026-11-25T14:30"  # a Wednesday
WEEKDAYS = "월화수목금토일"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table; ``expected`` is what ``to_dict()`` returns, or None."""

    line: int
    section: str
    text: str
    label: str
    expected: Any
    now: datetime

    def __str__(self) -> str:
        return f"{GOLDEN.name}:{self.line} {self.text!r} {self.label} at {self.now:%Y-%m-%dT%H:%M}"


def read_rows() -> list[Row]:
    rows, section = [], ""
    for number, line in enumerate(GOLDEN.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("#"):
            section = line.removeprefix("#").strip(" -")
            continue
        text, label, expected, *clock = line.split("\t")
        now = datetime.fromisoformat(clock[0] if clock else USUAL)
        rows.append(Row(number, section, text, label, json.loads(expected), now))
    return rows


ROWS = read_rows()
SECTIONS = list(dict.fromkeys(row.section for row in ROWS))


def meaning(row: Row, text: str | None = None) -> Any:
    value = values.parse(row.text if text is None else text, label=row.label, now=row.now)
    return None if value is None else value.to_dict()


@pytest.mark.parametrize("section", SECTIONS)
def test_what_expressions_mean(section):
    wrong = []
    for row in (row for row in ROWS if row.section == section):
        found = meaning(row)
        if found != row.expected:
            wrong.append(f"{row}\n    expected {row.expected}\n    found    {found}")
    assert not wrong, f"{len(wrong)} of {section}:\n" + "\n".join(wrong)


def test_spaces_around_and_decomposed_hangul_change_nothing():
    wrong = []
    for row in ROWS:
        for text in (f"  {row.text}\n", unicodedata.normalize("NFD", row.text)):
            if meaning(row, text) != row.expected:
                wrong.append(f"{row} as {text!r}")
    assert not wrong, wrong


@pytest.mark.parametrize("particle", ["이요/요", "이에요/예요", "은/는", "으로/로", "입니다", "에"])
def test_a_particle_changes_nothing(particle):
    wrong = []
    for row in ROWS:
        kind = row.expected["kind"] if row.expected else ""
        if len(row.text) == 1 or not kind or row.expected.get("open"):
            continue  # 이요, 만은: may be other words; 금요일까지에 is none
        if re.search("(?:요|서|씩|만|로|에|다|동안)$", row.text) or kind == "place":
            continue  # it has one
        if particle == "에" and kind not in ("date", "time", "moment"):
            continue
        text = attach(row.text, particle) if "/" in particle else row.text + particle
        found = meaning(row, text)
        if found != row.expected:
            wrong.append(f"{text} ({row.label}): {found}")
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong)


def test_the_table_is_large_and_says_nothing_twice():
    keys = [(row.text, row.label, row.now) for row in ROWS]
    assert len(ROWS) >= 620
    assert sum(row.section.startswith("borders") for row in ROWS) >= 70
    assert len(set(keys)) == len(keys)
    kinds = {row.expected["kind"] for row in ROWS if row.expected}
    assert kinds >= {"date", "time", "moment", "duration", "recurrence", "number", "ordinal", "quantity", "money"}


PAST = {  # the same phrases told of what was: prefer="past", on Wednesday 25 November 2026 at 14:30
    "3월 5일": "2026-03-05", "11월 24일": "2026-11-24", "11월 25일": "2026-11-25", "11월 26일": "2025-11-26",
    "2월 29일": "2024-02-29", "12월": "2025-12", "11월": "2026-11", "3월": "2026-03", "금요일": "2026-11-20",
    "목요일": "2026-11-19", "화요일": "2026-11-24", "28일": "2026-10-28", "31일": "2026-10-31",
    "15일": "2026-11-15",
    "설날": "2026-02-17", "추석": "2026-09-25", "크리스마스": "2025-12-25", "동지": "2025-12-22",
    "다음 주 금요일": "2026-12-04", "내년 3월": "2027-03", "내일": "2026-11-26", "2027년 3월 5일": "2027-03-05",
}  # fmt: skip


@pytest.mark.parametrize("text", PAST)
def test_what_was_left_open_leans_to_the_past_if_asked(text):
    value = values.parse(text, label="DT", now=datetime.fromisoformat(USUAL), prefer="past")
    assert value is not None
    assert value.to_dict()["value"] == PAST[text]


# ---- the table against python's calendar and korean-lunar-calendar


def dates(row: Row) -> list[dict[str, Any]]:
    """The date readings of a row, its alternatives too."""
    if not row.expected or row.expected["kind"] != "date":
        return []
    return [row.expected, *row.expected.get("alternatives", [])]


def test_the_usual_clock_is_a_wednesday():
    now = datetime.fromisoformat(USUAL)
    assert calendar.weekday(now.year, now.month, now.day) == calendar.WEDNESDAY


def test_every_stretch_in_the_table_is_what_its_grain_says():
    for row in ROWS:
        for reading in dates(row):
            start, end = date.fromisoformat(reading["from"]), date.fromisoformat(reading["to"])
            days = (end - start).days
            month = calendar.monthrange(start.year, start.month)[1]
            fits = {
                "day": days == 1,
                "weekend": days == 2 and start.weekday() == calendar.SATURDAY,
                "week": days == 7 and start.weekday() == calendar.MONDAY,
                "month": days == month and start.day == 1,
                "part of month": start.day in (1, 11, 21) and start.day + days in (11, 21, month + 1),
                "quarter": start.day == end.day == 1 and start.month % 3 == 1 and 90 <= days <= 92,
                "half": start.day == end.day == 1 and start.month in (1, 7) and 181 <= days <= 184,
                "season": start.day == end.day == 1 and start.month % 3 == 0 and 90 <= days <= 92,
                "year": days == 365 + calendar.isleap(start.year) and (start.month, start.day) == (1, 1),
                "years": (start.month, start.day, end.month, end.day) == (1, 1, 1, 1) and days > 366,
                "days": days > 1,
            }
            assert fits[reading["grain"]], str(row)


def test_a_weekday_in_the_table_is_that_weekday():
    seen = 0
    for row in ROWS:
        named = re.findall(f"([{WEEKDAYS}])(?:요일|욜)", row.text)
        if len(named) != 1 or not row.expected or "부터" in row.text or "까지" in row.text:
            continue
        for reading in dates(row):
            assert WEEKDAYS[date.fromisoformat(reading["from"]).weekday()] == named[0], str(row)
            seen += 1
    assert seen > 60


def test_the_last_day_of_a_month_in_the_table_is_its_last():
    seen = 0
    for row in ROWS:
        if re.search("말일|마지막 날", row.text) and dates(row):
            last = date.fromisoformat(row.expected["from"])
            assert last.day == calendar.monthrange(last.year, last.month)[1], str(row)
            seen += 1
    assert seen >= 12


def test_the_nth_weekday_of_a_month_in_the_table_is_the_nth():
    nth = {"첫": 1, "둘": 2, "두": 2, "셋": 3, "넷": 4, "다섯": 5}
    seen = 0
    for row in ROWS:
        match = re.search(f"(첫|둘|두|셋|넷|다섯)(?:째| 번째).*([{WEEKDAYS}])요일", row.text)
        if match and dates(row):
            day = date.fromisoformat(row.expected["from"])
            column = WEEKDAYS.index(match[2])
            of_month = [week[column] for week in calendar.monthcalendar(day.year, day.month) if week[column]]
            assert of_month[nth[match[1]] - 1] == day.day, str(row)
            seen += 1
    assert seen >= 12


LUNAR = {
    "설날": (1, 1),
    "추석": (8, 15),
    "부처님오신날": (4, 8),
    "정월대보름": (1, 15),
    "단오": (5, 5),
    "칠석": (7, 7),
}


def test_lunar_days_in_the_table_are_those_of_the_korean_calendar():
    lunar = pytest.importorskip("korean_lunar_calendar").KoreanLunarCalendar()
    seen = 0
    for row in ROWS:
        spoken = re.search(r"음력 (\d+)월 (\d+)일", row.text)
        for reading in dates(row):
            if reading["grain"] != "day":
                continue
            day = (int(spoken[1]), int(spoken[2])) if spoken else LUNAR.get(reading.get("name", ""))
            if day is None:
                continue
            solar = date.fromisoformat(reading["from"])
            assert lunar.setSolarDate(solar.year, solar.month, solar.day)
            assert (lunar.lunarMonth, lunar.lunarDay, lunar.isIntercalation) == (*day, False), str(row)
            seen += 1
    assert seen >= 40


def test_a_bare_day_or_month_in_the_table_is_the_next_to_come():
    seen = 0
    for row in ROWS:
        today = row.now.date()
        if not re.fullmatch(r"\d+월 \d+일|\d+월|\d+일", row.text) or not dates(row):
            continue
        start, end = (date.fromisoformat(row.expected[side]) for side in ("from", "to"))
        assert end > today, str(row)
        year_before = start.replace(year=start.year - 1) if (start.month, start.day) != (2, 29) else None
        if "월" in row.text and year_before is not None:
            assert year_before + (end - start) <= today + timedelta(days=1), str(row)
        seen += 1
    assert seen > 25


def test_the_seconds_of_the_clock_count_only_where_seconds_are_said():
    """Which is why what is remembered of an expression without 초 may serve for a minute."""
    for row in ROWS:
        if "초" in row.text:
            continue
        early, late = (Clock.at(row.now.replace(second=second)) for second in (0, 47))
        first, second = (remembered(row.text, clock, str(clock.now), row.label, False) for clock in (early, late))
        assert first == second, str(row)
    at = datetime(2026, 11, 25, 14, 30, 47)
    found = values.parse("30초 뒤", label="TI", now=at)
    assert found is not None
    assert "14:31:17" in json.dumps(found.to_dict())
