"""Dates, by hand: what each phrase means on Wednesday 25 November 2026, at the borders, and leaning otherwise."""

from __future__ import annotations

import dataclasses
import unicodedata
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ner_engine.errors import ConfigError
from ner_engine.values.calendar import (
    SOLAR_TERMS,
    add_months,
    dog_day,
    easter,
    last_weekday,
    lunar_day,
    month_of,
    nth_weekday,
    solar_term,
    week_of_month,
)
from ner_engine.values.clock import Clock
from ner_engine.values.dates import parse_date
from ner_engine.values.festivals import days_off, long_holiday, named_day, substitute_day
from ner_engine.values.types import DateValue, DurationValue, RecurrenceValue

NOW = Clock.at(datetime(2026, 11, 25, 14, 30))  # a Wednesday


def at(text: str, prefer: str = "future") -> Clock:
    return Clock.at(datetime.fromisoformat(text), prefer=prefer)


def iso(text: str, clock: Clock = NOW) -> str | None:
    """The ISO form of a date (a bar before its alternatives), of a duration, or the rule of a recurrence."""
    value = parse_date(text, clock)
    if value is None:
        return None
    if isinstance(value, RecurrenceValue):
        return value.rule
    own = value.iso + (f" {value.open}" if isinstance(value, DateValue) and value.open else "")
    return " | ".join([own, *(other.iso for other in value.alternatives)])


def table(rows: str) -> list[tuple[str, str | None]]:
    """``phrase => value`` lines; ``-`` is no value."""
    pairs = [row.partition("=>") for row in rows.splitlines() if row.strip()]
    return [(phrase.strip(), None if value.strip() == "-" else value.strip()) for phrase, _, value in pairs]


# the clock


def test_a_clock_stands_in_its_time_zone():
    clock = Clock.at(datetime(2026, 11, 25, 23, 30, tzinfo=UTC))
    assert clock.today == date(2026, 11, 26)
    assert clock.now.utcoffset() == timedelta(hours=9)
    assert Clock.at(datetime(2026, 11, 25, 23, 30)).today == date(2026, 11, 25)
    assert Clock.at(datetime(2026, 11, 25, 1, tzinfo=UTC), "America/New_York").today == date(2026, 11, 24)
    assert Clock.at().now.utcoffset() == timedelta(hours=9)


def test_a_clock_refuses_what_it_cannot_read():
    with pytest.raises(ConfigError, match="time zone"):
        Clock(datetime(2026, 11, 25))
    with pytest.raises(ConfigError, match="IANA"):
        Clock.at(None, "Asia/Nowhere")
    with pytest.raises(ConfigError, match="prefer"):
        Clock.at(None, prefer="soon")
    with pytest.raises(dataclasses.FrozenInstanceError):
        NOW.prefer = "past"


# the calendar beneath


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("입춘", "2021-02-03"), ("입춘", "2024-02-04"), ("입춘", "2025-02-03"), ("청명", "2013-04-05"),
        ("하지", "2023-06-21"), ("소한", "2023-01-06"), ("동지", "2024-12-21"), ("동지", "2025-12-22"),
        ("추분", "2026-09-23"), ("대서", "2026-07-23"), ("우수", "2026-02-19"),
    ],
)  # fmt: skip
def test_solar_terms_are_those_of_the_almanac(name, day):
    assert solar_term(name, int(day[:4])) == date.fromisoformat(day)


@pytest.mark.parametrize("year", [1900, 1999, 2000, 2026, 2099])
def test_solar_terms_follow_one_another_by_half_a_month(year):
    days = sorted(solar_term(name, year) for name in SOLAR_TERMS)
    assert len(set(days)) == 24
    assert {(later - day).days for day, later in pairwise(days)} <= {14, 15, 16}


@pytest.mark.parametrize(
    ("name", "days"),
    [
        (
            "설날",
            "2020-01-25 2021-02-12 2022-02-01 2023-01-22 2024-02-10 2025-01-29 2026-02-17 2027-02-07 2028-01-27",
        ),
        ("추석", "2020-10-01 2021-09-21 2022-09-10 2023-09-29 2024-09-17 2025-10-06 2026-09-25"),
        ("부처님오신날", "2023-05-27 2024-05-15 2025-05-05 2026-05-24"),
        ("정월대보름", "2024-02-24 2025-02-12 2026-03-03"),
        ("단오", "2024-06-10 2025-05-31"),
        ("초복", "2024-07-15 2025-07-20 2026-07-15"),
        ("중복", "2024-07-25 2025-07-30"),
        ("말복", "2024-08-14 2025-08-09"),
        ("한식", "2024-04-05 2025-04-05"),
        ("성년의날", "2025-05-19 2026-05-18"),
        ("부활절", "1961-04-02 2000-04-23 2024-03-31 2025-04-20 2026-04-05 2038-04-25"),
        ("블랙프라이데이", "2024-11-29 2025-11-28"),
        ("섣달그믐", "2025-01-28 2026-02-16"),
    ],
)
def test_named_days_are_those_of_the_almanac(name, days):
    for day in days.split():
        assert str(named_day(name, int(day[:4]))) == day


def test_days_beyond_the_tables_are_none():
    assert named_day("설날", 2051) is None
    assert lunar_day(2026, 2, 30) is None
    assert lunar_day(2026, 13, 1) is None
    assert lunar_day(2025, 6, 1, leap=True) == date(2025, 7, 25)
    assert lunar_day(2026, 6, 1, leap=True) is None
    assert solar_term("동지", 3000) is None
    assert dog_day("초복", 3000) is None
    assert long_holiday("추석", date(2025, 10, 6)) == (date(2025, 10, 3), date(2025, 10, 10))


def test_substitute_days_are_those_of_the_law():
    assert substitute_day("삼일절", 2025) == date(2025, 3, 3)
    assert substitute_day("추석", 2025) == date(2025, 10, 8)
    assert substitute_day("부처님오신날", 2026) == date(2026, 5, 25)
    assert substitute_day("크리스마스", 2027) == date(2027, 12, 27)
    assert substitute_day("한글날", 2026) is None
    assert days_off(1900) == {}


def test_months_and_weeks():
    assert month_of(2026, 14) == (date(2027, 2, 1), date(2027, 3, 1))
    assert month_of(2026, 0) == (date(2025, 12, 1), date(2026, 1, 1))
    assert add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert add_months(date(2026, 3, 31), -1) == date(2026, 2, 28)
    assert nth_weekday(2026, 11, 5, 3) is None
    assert nth_weekday(2026, 11, 4, 3) == date(2026, 11, 26)
    assert last_weekday(2026, 11, 0) == date(2026, 11, 30)
    assert week_of_month(2026, 11, 1) == date(2026, 11, 2)  # the 1st is a Sunday, of October's last week
    assert week_of_month(2026, 12, 1) == date(2026, 11, 30)
    assert week_of_month(2026, 11, 5) is None
    assert easter(2026) == date(2026, 4, 5)


# phrases

PHRASES = """
오늘 => 2026-11-25
낼모레 => 2026-11-27
내일 모래 => 2026-11-27
그끄저께 => 2026-11-22
오늘내일 => 2026-11-25/2026-11-27
어제오늘 => 2026-11-24/2026-11-26
오늘(수) => 2026-11-25
2026년 3월 => 2026-03
2026년 11월 27일 => 2026-11-27
2026.11.27. => 2026-11-27
2026-11 => 2026-11
2026-W48 => 2026-W48
'27.1.2 => 2027-01-02
’27년 => 2027
9/1 => 2027-09-01
12.25. => 2026-12-25
12월25 => 2026-12-25
삼월삼일 => 2027-03-03
오월 오일 => 2027-05-05
유월 말 => 2027-06-21/2027-07-01
二〇二七年 一月 二日 => 2027-01-02
11월 25일 水요일 => 2026-11-25
3월 5일(목) => 2026-03-05
3월 5일 금요일 => 2027-03-05
3월 9일 금요일 => 2027-03-09
25일 금요일 => 2026-12-25
8월 15일 광복절 => 2027-08-15
12월 25일(크리스마스) => 2026-12-25
11월 25일 크리스마스 => -
12월 24일 저녁 => -
5일날 => 2026-12-05
다음 달 5일날 => 2026-12-05
익월 1일 => 2026-12-01
이번 주 => 2026-W48
이번 주 월요일 => 2026-11-23
이번 월요일 => 2026-11-23 | 2026-11-30
이번 주말 일요일 => 2026-11-29
다음 금요일 => 2026-12-04 | 2026-11-27
다음 월요일 => 2026-11-30
지난 수요일 => 2026-11-18
오는 수요일 => 2026-12-02
수요일 => 2026-11-25 | 2026-12-02
다다다음 주 일요일 => 2026-12-20
저저번주 금욜 => 2026-11-13
다음 주 초 => 2026-11-30/2026-12-02
다음 주 평일 => 2026-11-30/2026-12-05
다음 주 토일 => 2026-12-05/2026-12-07
이번주 토, 일 => 2026-11-28/2026-11-30
다음주 월 => 2026-11-30
월·화 => 2026-11-30/2026-12-02
2주 뒤 화요일 => 2026-12-08
3주 전 금요일 => 2026-11-06
두 달 뒤 5일 => 2027-01-05
삼 년 뒤 봄 => 2029-03-01/2029-06-01
작년 오늘 => 2025-11-25
지난달 오늘 => 2026-10-25
지금부터 사흘 뒤 => 2026-11-28
오늘부터 100일 뒤 => 2027-03-05
두세 달 전 => 2026-08-25/2026-09-26
며칠 뒤 => 2026-11-27/2026-12-05
앞으로 2주 => 2026-11-25/2026-12-09
최근 한 달 => 2026-10-25/2026-11-25
지난 3일간 => 2026-11-22/2026-11-25
지난 3일 => 2026-11-03
사흘 안에 => 2026-11-25/2026-11-29
2주 이내 => 2026-11-25/2026-12-10
첫째 주 월요일 => 2026-12-07
마지막 주 금요일 => 2026-11-27
3주차 => 2026-W51
11월 마지막 주 => 2026-W48
12월 첫 주말 => 2026-12-05/2026-12-07
올해 마지막 금요일 => 2026-12-25
내년 첫 월요일 => 2027-01-04
내년 첫날 => 2027-01-01
월초 => 2026-12-01/2026-12-11
중순 => 2026-12-11/2026-12-21
연말 => 2026-12-21/2027-01-01
연말연시 => 2026-12-21/2027-01-11
작년 말 => 2025-12-21/2026-01-01
연내 => 2026
올가을 => 2026-09-01/2026-12-01
지난겨울 => 2025-12-01/2026-03-01
이번 여름 => 2026-06-01/2026-09-01
다음 여름 => 2027-06-01/2027-09-01
한여름 => 2027-07
일사분기 => 2027-01-01/2027-04-01
4/4분기 => 2026-10-01/2027-01-01
90년대 초 => 1990-01-01/1994-01-01
20세기 => 1901-01-01/2001-01-01
추석 연휴 첫날 => 2027-09-14
추석 연휴 마지막 날 => 2027-09-16
설 연휴 다음 날 => 2027-02-10
설날 사흘 전 => 2027-02-04
추석 전전날 => 2027-09-13
크리스마스 주 => 2026-W52
크리스마스 일주일 전 => 2026-12-18
지난 크리스마스 => 2025-12-25
사월 초파일 => 2027-05-13
음력 팔월 보름 => 2027-09-15
음력 8월 => 2027-09-01/2027-09-30
2025년 음력 윤6월 3일 => 2025-07-27
2025년 음력 윤5월 3일 => -
대체공휴일 => 2027-02-09
다음 공휴일 => 2026-12-25
내일부터 => 2026-11-26 end
다음 주말까지 => 2026-12-05/2026-12-07 start
월요일까지는 => 2026-11-30 start
다음 주쯤 => 2026-W49
12월 중에 => 2026-12
이번 주 내내 => 2026-W48
주말 동안 => 2026-11-28/2026-11-30
내일이나 모레 => 2026-11-26 | 2026-11-27
토요일 또는 일요일 => 2026-11-28 | 2026-11-29
다음 주 화요일이나 수요일 => 2026-12-01 | 2026-12-02
오늘 내일 모레 => 2026-11-25/2026-11-28
2026년 3월 5일 금요일 => 2026-03-05
열흘 뒤 금요일 => -
12월 초중순 => 2026-12-01/2026-12-21
3분기 말 => 2027-09
토요일 하루 => 2026-11-28
12월 한 달 동안 => 2026-12
다음 주 일주일 동안 => 2026-W49
설 명절 => 2027-02-06/2027-02-10
11월 27일자 => 2026-11-27
'26.11.27.(금) => 2026-11-27
토일 => 2026-11-28/2026-11-30
다음 주 불금 => 2026-12-04
내일 26일 => 2026-11-26
내일 20일 => -
6/6일 => 2027-06-06
25년 => 2025
60년 3월 => 1960-03
지난 2008년 => 2008
2026 설날 => 2026-02-17
17세기 초 => 1601-01-01/1641-01-01
음력 이월 열이틀 => 2027-03-19
금일 => 2026-11-25
"""

RANGES = """
내일부터 사흘간 => 2026-11-26/2026-11-29
3월 5일부터 2주 => 2027-03-05/2027-03-19
다음 주 월요일부터 2박 3일 => 2026-11-30/2026-12-03
12월 24일부터 26일 => 2026-12-24/2026-12-27
12월 24, 25일 => 2026-12-24/2026-12-26
12월 24일과 25일 => 2026-12-24/2026-12-26
12월 24일과 26일 => -
12~15일 => 2026-12-12/2026-12-16
3월 5~7 => 2027-03-05/2027-03-08
3/5-3/7 => 2027-03-05/2027-03-08
5일에서 7일 사이 => 2026-12-05/2026-12-08
월요일과 수요일 사이 => 2026-11-30/2026-12-03
이번 주 금~일 => 2026-11-27/2026-11-30
11월 1일부터 30일까지 => 2026-11-01/2026-12-01
12월 말부터 1월 초까지 => 2026-12-21/2027-01-11
설날부터 추석까지 => 2027-02-07/2027-09-16
작년 여름부터 올봄까지 => 2025-06-01/2026-06-01
2025~2026년 => 2025-01-01/2027-01-01
그저께부터 오늘까지 => 2026-11-23/2026-11-26
내일부터 어제까지 => -
24일부터 다음 달 2일까지 => 2026-11-24/2026-12-03
3월부터 이달 초까지 => 2026-03-01/2026-11-11
2013년 6월부터 지난 4월까지 => 2013-06-01/2026-05-01
지난 12~14일 => 2026-11-12/2026-11-15
60~70년대 => 1960-01-01/1980-01-01
2016~2018 => 2016-01-01/2019-01-01
27일(금)~29일(일) => 2026-11-27/2026-11-30
크리스마스부터 연말까지 => 2026-12-25/2027-01-01
오늘부터 이번 달 말까지 => 2026-11-25/2026-12-01
1월부터 12월까지 => 2026-01-01/2027-01-01
3월 초에서 중순 => 2027-03-01/2027-03-21
다음 주부터 2주간 => 2026-11-30/2026-12-14
내일이랑 모레 => 2026-11-26/2026-11-28
"""

DURATIONS = """
두세 달 => P2M
보름 동안 => P15D
열하루 => P11D
약 3주 => P3W
한 일주일 정도 => P1W
하루 반 => P1.5D
1년 반 => P1Y6M
한 달하고 이틀 => P1M2D
2년 3개월 => P2Y3M
5~7일 => P5D
3~5년 => P3Y
2박 => P3D
당일치기 => P1D
1주~2주 => P1W
한 달에서 두 달 => P1M
열닷새 => P15D
3.5일 => P3.5D
2년여 => P2Y
30년 => P30Y
천 년 => P1000Y
십일일간 => P11D
45일 => P45D
0일 => -
이틀 사흘 나흘 다섯 => -
"""

RECURRENCES = """
매일 => FREQ=DAILY
주중 => FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
화목 => FREQ=WEEKLY;BYDAY=TU,TH
일·화·목 => FREQ=WEEKLY;BYDAY=TU,TH,SU
둘째·넷째 월요일 => FREQ=MONTHLY;BYDAY=2MO,4MO
월수금 => FREQ=WEEKLY;BYDAY=MO,WE,FR
매주 월~금 => FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
매주 토요일부터 월요일까지 => FREQ=WEEKLY;BYDAY=MO,SA,SU
매 화요일 => FREQ=WEEKLY;BYDAY=TU
2주마다 월요일 => FREQ=WEEKLY;INTERVAL=2;BYDAY=MO
일주일에 한 번 => FREQ=WEEKLY
일주일에 두 번 => -
매월 1일과 15일 => FREQ=MONTHLY;BYMONTHDAY=1,15
매월 둘째 넷째 주 일요일 => FREQ=MONTHLY;BYDAY=2SU,4SU
매달 마지막 금요일 => FREQ=MONTHLY;BYDAY=-1FR
격월 => FREQ=MONTHLY;INTERVAL=2
매분기 => FREQ=MONTHLY;INTERVAL=3
매년 5월 둘째 주 일요일 => FREQ=YEARLY;BYMONTH=5;BYDAY=2SU
매년 크리스마스 => FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25
매년 설날 => FREQ=YEARLY
이틀에 한 번 => FREQ=DAILY;INTERVAL=2
격일 => FREQ=DAILY;INTERVAL=2
3개월마다 => FREQ=MONTHLY;INTERVAL=3
매월 32일 => -
"""

NOTHING = """
 => -
안녕하세요 => -
3 => -
월 => -
말 => -
초 => -
이번 => -
다음 => -
토 => -
강남역 => -
언제 => -
2월 30일 => -
2026년 2월 29일 => -
2026-02-30 => -
26/13/5 => -
13월 => -
오후 3시 => -
세 시간 => -
한글 => -
설악산 => -
일요일의 남자 => -
"""


@pytest.mark.parametrize(("text", "value"), table(PHRASES) + table(RANGES))
def test_dates(text, value):
    assert iso(text) == value


@pytest.mark.parametrize(("text", "value"), table(DURATIONS))
def test_durations(text, value):
    found = parse_date(text, NOW)
    assert found is None or isinstance(found, DurationValue)
    assert iso(text) == value


@pytest.mark.parametrize(("text", "value"), table(RECURRENCES))
def test_recurrences(text, value):
    assert iso(text) == value


@pytest.mark.parametrize(("text", "value"), table(NOTHING))
def test_what_is_no_date(text, value):
    assert iso(text) is value is None


def test_estimates_keep_their_upper_end():
    value = parse_date("두세 달", NOW)
    assert value.to_dict() == {"kind": "duration", "value": "P2M", "upper": "P3M"}
    assert parse_date("한 일주일 정도", NOW).approximate
    assert parse_date("3박 4일", NOW).nights == 3


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("매주 월요일", "2026-11-30"), ("매주 월수금", "2026-11-25"), ("매월 31일", "2026-12-31"),
        ("매월 1일과 15일", "2026-12-01"), ("매월 둘째 넷째 주 일요일", "2026-12-13"),
        ("매년 5월 둘째 주 일요일", "2027-05-09"), ("매년 2월 29일", "2028-02-29"), ("매년 설날", "2027-02-07"),
    ],
)  # fmt: skip
def test_a_recurrence_knows_its_next_day(text, first):
    assert parse_date(text, NOW).next.iso == first


def test_names_are_the_standard_ones():
    for said, name in [
        ("구정", "설날"), ("한가위", "추석"), ("성탄절", "크리스마스"), ("석가탄신일", "부처님오신날"),
        ("3·1절", "삼일절"),
        ("내년 추석 연휴", "추석"), ("설날 대체공휴일", "설날 대체공휴일"), ("공휴일", "크리스마스"),
    ]:  # fmt: skip
        value = parse_date(said, NOW)
        assert (value.name if value else "") == name
    assert parse_date("설 전날", NOW).name == ""


@pytest.mark.parametrize(
    ("text", "future", "past", "nearest"),
    [
        ("3월 5일", "2027-03-05", "2026-03-05", "2027-03-05"),
        ("10월 3일", "2027-10-03", "2026-10-03", "2026-10-03"),
        ("11월 25일", "2026-11-25", "2026-11-25", "2026-11-25"),
        ("11월", "2026-11", "2026-11", "2026-11"),
        ("12월", "2026-12", "2025-12", "2026-12"),
        ("20일", "2026-12-20", "2026-11-20", "2026-11-20"),
        ("금요일", "2026-11-27", "2026-11-20", "2026-11-27"),
        ("월요일", "2026-11-30", "2026-11-23", "2026-11-23"),
        ("수요일", "2026-11-25 | 2026-12-02", "2026-11-25 | 2026-11-18", "2026-11-25 | 2026-12-02"),
        ("설날", "2027-02-07", "2026-02-17", "2027-02-07"),
        ("여름", "2027-06-01/2027-09-01", "2026-06-01/2026-09-01", "2026-06-01/2026-09-01"),
        ("2월 29일", "2028-02-29", "2024-02-29", None),
        ("내일", "2026-11-26", "2026-11-26", "2026-11-26"),
        ("지난 3월", "2026-03", "2026-03", "2026-03"),
        ("월요일부터 수요일까지", "2026-11-30/2026-12-03", "2026-11-23/2026-11-26", "2026-11-23/2026-11-26"),
    ],
)
def test_the_clock_leans(text, future, past, nearest):
    assert [iso(text, at("2026-11-25", p)) for p in ("future", "past", "nearest")] == [future, past, nearest]


@pytest.mark.parametrize(
    ("now", "text", "value"),
    [
        ("2026-12-31", "이번 주 일요일", "2027-01-03"),
        ("2027-01-01", "지난주", "2026-W52"),
        ("2026-12-31", "1일", "2027-01-01"),
        ("2028-02-29", "내년 오늘", "2029-02-28"),
        ("2026-01-31", "다음 달 31일", None),
        ("2026-01-31", "31일", "2026-01-31"),
        ("2026-02-01", "30일", "2026-03-30"),
        ("2026-11-29", "다음 주말", "2026-12-05/2026-12-07"),
        ("2026-11-29", "주말", "2026-11-28/2026-11-30"),
        ("2027-01-10", "겨울", "2026-12-01/2027-03-01"),
        ("2027-01-10", "이번 겨울", "2026-12-01/2027-03-01"),
        ("2027-01-02", "12월 30일부터 1월 3일까지", "2026-12-30/2027-01-04"),
        ("2027-12-31", "설날", "2028-01-27"),
        ("2028-02-20", "2월 29일", "2028-02-29"),
        ("2028-03-01", "2월 29일", "2032-02-29"),
        ("2096-03-01", "2월 29일", "2104-02-29"),
        ("2026-03-31", "한 달 전", "2026-02-28"),
        ("9999-12-30", "다음 달", None),
        ("9999-12-30", "내년", None),
        ("0001-01-01", "어제", None),
        ("2049-12-31", "설날", "2050-01-23"),
    ],
)
def test_at_the_borders(now, text, value):
    assert iso(text, at(now)) == value


# properties

quick = settings(max_examples=60, deadline=None)  # a busy machine is no failure
clocks = st.datetimes(datetime(1950, 1, 1), datetime(2090, 12, 31)).map(Clock.at)
days = st.dates(date(1000, 1, 1), date(2999, 12, 31))
WAYS = ("{0.year}년 {0.month}월 {0.day}일", "{0.year}.{0.month}.{0.day}", "{0:%Y-%m-%d}", "{0:%Y%m%d}")


@quick
@given(days, clocks, st.sampled_from(WAYS))
def test_a_full_date_reads_back(day, clock, way):
    assert parse_date(way.format(day), clock) == DateValue(day, day + timedelta(days=1))


@quick
@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)), clocks)
def test_a_month_and_day_are_the_next_such(day, clock):
    value = parse_date(f"{day.month}월 {day.day}일", clock)
    assert (value.start.month, value.start.day) == (day.month, day.day)
    years = 8 if (day.month, day.day) == (2, 29) else 1
    assert clock.today <= value.start <= add_months(clock.today, 12 * years)


@quick
@given(st.integers(0, 6), clocks)
def test_a_day_of_the_week_is_the_next_such(weekday, clock):
    value = parse_date("월화수목금토일"[weekday] + "요일", clock)
    assert value.start.weekday() == weekday
    assert 0 <= (value.start - clock.today).days < 7
    assert bool(value.alternatives) == (value.start == clock.today)


SINO = "일이삼사오육칠팔구"


def sino(n: int) -> str:
    tens, ones = divmod(n, 10)
    return ("" if tens == 0 else "십" if tens == 1 else SINO[tens - 1] + "십") + (SINO[ones - 1] if ones else "")


@quick
@given(st.integers(1, 12), st.integers(1, 28), clocks)
@example(1, 1, NOW)
@example(11, 11, NOW)
def test_a_spelled_date_means_what_digits_mean(month, day, clock):
    name = {6: "유", 10: "시"}.get(month, sino(month))
    value = parse_date(f"{month}월 {day}일", clock)
    assert parse_date(f"{name}월 {sino(day)}일", clock) == value
    assert parse_date(f"{sino(month)}월{sino(day)}일", clock) == value
    assert parse_date(unicodedata.normalize("NFD", f"{month}월 {day}일"), clock) == value


@quick
@given(st.integers(1, 999), clocks)
def test_so_many_days_off(count, clock):
    assert parse_date(f"{count}일 뒤", clock).start == clock.today + timedelta(days=count)
    assert parse_date(f"{count}주 전", clock).start == clock.today - timedelta(weeks=count)


@quick
@given(
    st.text("월화수목금토일년주달해일이삼십다음지난번매마다부터까지~-./ 0123456789설날추석첫째말초", max_size=14),
    clocks,
)
def test_no_string_raises(text, clock):
    value = parse_date(text, clock)
    if isinstance(value, DateValue):
        assert value.start < value.end
    if value is not None:
        assert value.to_dict()["value"]


@quick
@given(st.text(max_size=40))
def test_no_text_raises(text):
    parse_date(text, NOW)


@pytest.mark.parametrize(
    "unit", ["일", "월요일", "설날", "3일 뒤", "매주", "부터", "1.", "다음", " ", "ᄀ", "일\n"]
)
def test_long_texts_are_no_dates(unit):
    text = (unit * 20_000)[:20_000]
    assert parse_date(text, NOW) is None


@pytest.mark.parametrize("unit", ["일", "설날", "3일뒤", "월요일부터", "3월", "첫째주", "음력", "하고", "~"])
def test_a_word_said_over_and_over_is_no_date(unit):
    text = (unit * 160)[:160]
    assert parse_date(text, NOW) is None


def test_the_table_of_public_holidays_is_that_of_the_package():
    holidays = pytest.importorskip("holidays", reason="the package the table was written from")
    for year in range(1948, 2026):  # elections to come are guesses, which change with the package
        official = holidays.country_holidays("KR", years=year)
        assert set(days_off(year)) <= set(official)  # it may know of days announced since
        assert len(days_off(year)) > 8
    assert days_off(1947) == days_off(2051) == {}
