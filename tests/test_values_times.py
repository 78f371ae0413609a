"""Times of day and amounts of time: what people say, and what a clock makes of it. Expected values written by
hand."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ner_engine.datasets.numerals import spell
from ner_engine.values.clock import Clock
from ner_engine.values.folding import fold
from ner_engine.values.moments import combine, coming
from ner_engine.values.times import parse_time
from ner_engine.values.types import (
    DateValue,
    DurationValue,
    MomentValue,
    RecurrenceValue,
    TimeValue,
)

SEOUL = ZoneInfo("Asia/Seoul")
NOW = datetime(2026, 11, 25, 14, 30, tzinfo=SEOUL)  # a Wednesday
CLOCK = Clock(NOW)


def at(text: str, clock: Clock = CLOCK):
    value = parse_time(text, clock)
    assert value is not None, text
    return value


# one time of day


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("오후 3시", "15:00"), ("오후 세시 반", "15:30"), ("오후세시반", "15:30"),
        ("저녁 일곱 시 십오 분", "19:15"), ("오전 9시 5분", "09:05"), ("새벽 2시", "02:00"),
        ("꼭두새벽 네 시", "04:00"), ("아침 여섯 시", "06:00"), ("낮 열두시", "12:00"), ("낮 1시", "13:00"),
        ("낮 11시", "11:00"), ("점심 12시 반", "12:30"), ("밤 8시", "20:00"), ("밤 11시 59분", "23:59"),
        ("오후 12시", "12:00"), ("새벽 12시 반", "00:30"), ("저녁 6시", "18:00"), ("19:30", "19:30"),
        ("07:05", "07:05"), ("11:30", "11:30"), ("12:10", "12:10"), ("00:00", "00:00"), ("19:30:15", "19:30:15"),
        ("오후 2:30", "14:30"), ("오전 7:45", "07:45"), ("pm 7:45", "19:45"), ("3pm", "15:00"),
        ("10 AM", "10:00"), ("12am", "00:00"), ("12 p.m.", "12:00"), ("PM 10시", "22:00"), ("7:30 am", "07:30"),
        ("13시", "13:00"), ("열세 시", "13:00"), ("십팔시 삼십분", "18:30"), ("0시", "00:00"), ("03시", "03:00"),
        ("19시 05분", "19:05"), ("0630", "06:30"), ("1900", "19:00"), ("정오", "12:00"),
        ("오후 3시 정각", "15:00"), ("오후 3시 15분 20초", "15:15:20"), ("오후 구시십분", "21:10"),
        ("저녁 8시 10분 전", "19:50"), ("밤 12시 5분 전", "23:55"), ("오후 1시 10분 전", "12:50"),
        ("저녘 여섯씨", "18:00"), ("밤 여덜시", "20:00"), ("아침 7시 30", "07:30"), ("오후 3：00", "15:00"),
        ("오후 ３시", "15:00"), ("오후 三시 二十분", "15:20"),
    ],
)  # fmt: skip
def test_a_time_that_has_one_reading(text, iso):
    value = at(text)
    assert isinstance(value, TimeValue)
    assert (value.iso, value.alternatives) == (iso, () if text != "12am" else (TimeValue(time(12), day=0),))


@pytest.mark.parametrize(
    ("text", "iso", "day"),
    [
        ("자정", "00:00", 1), ("24시", "00:00", 1), ("밤 12시", "00:00", 1), ("밤 12시 30분", "00:30", 1),
        ("밤 1시", "01:00", 1), ("25시 10분", "01:10", 1), ("저녁 12시", "00:00", 1), ("새벽 1시", "01:00", 0),
        ("자정 5분 전", "23:55", 0),
    ],
)  # fmt: skip
def test_what_falls_on_the_day_after(text, iso, day):
    assert (at(text).iso, at(text).day) == (iso, day)


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("3시", "15:00", "03:00"), ("세시 반", "15:30", "03:30"), ("1시", "13:00", "01:00"),
        ("6시", "18:00", "06:00"), ("12시", "12:00", "00:00"), ("열두시 십오분", "12:15", "00:15"),
        ("3:20", "15:20", "03:20"), ("7시", "19:00", "07:00"), ("9시", "21:00", "09:00"),
        ("11시", "23:00", "11:00"), ("열시 반", "22:30", "10:30"), ("7시 10분 전", "18:50", "06:50"),
        ("8시 5분 전", "19:55", "07:55"), ("여덟 시", "20:00", "08:00"),
    ],
)  # fmt: skip
def test_an_hour_that_can_be_two(text, first, second):
    value = at(text)
    assert [value.iso, *(other.iso for other in value.alternatives)] == [first, second]
    assert value.grain == ("minute" if ":" in text or "반" in text or "분" in text else "hour")


@pytest.mark.parametrize(
    ("now", "prefer", "first"),
    [
        ((6, 0), "future", "09:00"), ((9, 0), "future", "09:00"), ((9, 1), "future", "21:00"),
        ((20, 0), "future", "21:00"), ((22, 0), "future", "09:00"), ((0, 0), "future", "09:00"),
        ((6, 0), "past", "21:00"), ((10, 0), "past", "09:00"), ((22, 0), "past", "21:00"),
        ((6, 0), "nearest", "09:00"), ((14, 0), "nearest", "09:00"), ((16, 0), "nearest", "21:00"),
        ((23, 0), "nearest", "21:00"), ((2, 0), "nearest", "21:00"),
    ],
)  # fmt: skip
def test_seven_to_eleven_go_by_the_clock(now, prefer, first):
    clock = Clock(datetime(2026, 11, 25, *now, tzinfo=SEOUL), prefer)
    value = at("9시", clock)
    assert value.iso == first
    assert {value.iso, value.alternatives[0].iso} == {"09:00", "21:00"}


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("아침", "06:00/09:00"), ("저녁", "18:00/21:00"), ("밤", "21:00/00:00"), ("새벽", "00:00/06:00"),
        ("오전", "06:00/12:00"), ("오후", "12:00/18:00"), ("점심", "12:00/14:00"), ("점심 시간", "12:00/13:00"),
        ("낮", "09:00/18:00"), ("한밤중", "23:00/03:00"), ("이른 아침", "06:00/07:30"),
        ("늦은 저녁", "19:30/21:00"),
    ],
)  # fmt: skip
def test_parts_of_the_day_are_stretches(text, iso):
    assert (at(text).iso, at(text).grain, at(text).day) == (iso, "part of day", 0)


# stretches


@pytest.mark.parametrize(
    ("text", "iso", "others"),
    [
        ("오후 2시~3시", "14:00/15:00", []), ("오후 2시-10시", "14:00/22:00", []),
        ("13~15시", "13:00/15:00", []), ("6~7시", "18:00/19:00", ["06:00/07:00"]),
        ("아침 7~8시", "07:00/08:00", []), ("9시~1시", "09:00/13:00", ["21:00/01:00"]),
        ("10~12시", "10:00/12:00", ["22:00/00:00"]), ("9시부터 6시까지", "09:00/18:00", ["21:00/06:00"]),
        ("9시부터 오후 6시까지", "09:00/18:00", []), ("오전 11시에서 2시 사이", "11:00/14:00", []),
        ("저녁 6시~새벽 4시", "18:00/04:00", []), ("23:00-07:00", "23:00/07:00", []),
        ("7시~16시", "07:00/16:00", []), ("23시~2시", "23:00/02:00", []), ("9:00~18:00", "09:00/18:00", []),
        ("오후 6:30~7:30", "18:30/19:30", []), ("오후 2:30~10:30", "14:30/22:30", []),
        ("저녁 8시 10분~40분", "20:10/20:40", []), ("정오부터 3시까지", "12:00/15:00", []),
        ("자정~3시", "00:00/03:00", []), ("두세 시", "14:00/15:00", ["02:00/03:00"]),
        ("저녁 예닐곱 시", "18:00/19:00", []), ("아침부터 저녁까지", "06:00/21:00", []),
        ("오전 10시~오후 10시", "10:00/22:00", []),
    ],
)  # fmt: skip
def test_ranges(text, iso, others):
    value = at(text)
    assert (value.iso, [other.iso for other in value.alternatives]) == (iso, others)
    assert value.grain == "hours"


@pytest.mark.parametrize(
    ("text", "iso", "side"),
    [
        ("오후 3시부터", "15:00", "end"), ("오후 3시 이후", "15:00", "end"), ("정오까지", "12:00", "start"),
        ("저녁 7시 전에", "19:00", "start"), ("저녁까지", "18:00/21:00", "start"),
        ("오전 10시 이전", "10:00", "start"),
    ],
)  # fmt: skip
def test_one_side_may_stay_open(text, iso, side):
    assert (at(text).iso, at(text).open) == (iso, side)


# amounts


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("두 시간", "PT2H"), ("한 시간 반", "PT1H30M"), ("한시간반", "PT1H30M"), ("1시간 20분", "PT1H20M"),
        ("반 시간", "PT30M"), ("십오 분", "PT15M"), ("오분", "PT5M"), ("90초", "PT90S"), ("6분 30초", "PT6M30S"),
        ("1.5시간", "PT1.5H"), ("2시간 29분 19초", "PT2H29M19S"), ("9초 58", "PT9.58S"),
        ("1분 44초 40", "PT1M44.4S"), ("스물네 시간", "PT24H"), ("1만 시간", "PT10000H"),
        ("이틀 세 시간", "P2DT3H"), ("30분 동안", "PT30M"), ("1주일 12시간", "P1WT12H"), ("열두 시간", "PT12H"),
        ("한 시간 이십 분", "PT1H20M"), ("2분 반", "PT2M30S"),
    ],
)  # fmt: skip
def test_amounts_of_time(text, iso):
    value = at(text)
    assert isinstance(value, DurationValue)
    assert (value.iso, value.upper, value.approximate) == (iso, None, False)


@pytest.mark.parametrize(
    ("text", "iso", "upper", "approximate"),
    [
        ("한두 시간", "PT1H", "PT2H", False), ("서너 시간", "PT3H", "PT4H", False),
        ("두어 시간", "PT2H", None, True), ("35~40분", "PT35M", "PT40M", False),
        ("30분~1시간", "PT30M", "PT1H", False), ("40여 분", "PT40M", None, True),
        ("3~4시간", "PT3H", "PT4H", False), ("한 시간에서 두 시간", "PT1H", "PT2H", False),
        ("4분대", "PT4M", "PT5M", False), ("반나절", "PT6H", None, True),
    ],
)  # fmt: skip
def test_estimated_amounts(text, iso, upper, approximate):
    value = at(text)
    assert (value.iso, value.upper and value.upper.iso, value.approximate) == (iso, upper, approximate)


# counted from now


@pytest.mark.parametrize(
    ("text", "iso", "grain"),
    [
        ("두 시간 뒤", "2026-11-25T16:30+09:00", "hour"), ("30분 후", "2026-11-25T15:00+09:00", "minute"),
        ("한 시간 반 뒤", "2026-11-25T16:00+09:00", "minute"), ("세 시간 전", "2026-11-25T11:30+09:00", "hour"),
        ("5분 전", "2026-11-25T14:25+09:00", "minute"), ("90초 뒤", "2026-11-25T14:31:30+09:00", "second"),
        ("열 시간 뒤", "2026-11-26T00:30+09:00", "hour"), ("이틀 세 시간 뒤", "2026-11-27T17:30+09:00", "hour"),
        ("30분 있다가", "2026-11-25T15:00+09:00", "minute"), ("지금", "2026-11-25T14:30+09:00", "minute"),
        ("삼십분후", "2026-11-25T15:00+09:00", "minute"), ("48시간 전", "2026-11-23T14:30+09:00", "hour"),
        ("한두 시간 뒤", "2026-11-25T15:30+09:00/2026-11-25T16:30+09:00", "hours"),
        ("30~40분 전", "2026-11-25T13:50+09:00/2026-11-25T14:00+09:00", "hours"),
        ("어젯밤", "2026-11-24T21:00+09:00/2026-11-25T00:00+09:00", "part of day"),
        ("엊저녁", "2026-11-24T18:00+09:00/2026-11-24T21:00+09:00", "part of day"),
        ("어젯밤 12시 40분", "2026-11-25T00:40+09:00", "minute"),
        ("어젯밤 열한 시", "2026-11-24T23:00+09:00", "hour"),
        ("간밤", "2026-11-24T21:00+09:00/2026-11-25T06:00+09:00", "part of day"),
    ],
)  # fmt: skip
def test_moments_told_from_now(text, iso, grain):
    value = at(text)
    assert isinstance(value, MomentValue)
    assert (value.iso, value.grain) == (iso, grain)


def test_a_month_a_year_and_a_leap_day_are_crossed():
    late = Clock(datetime(2026, 12, 31, 23, 45, tzinfo=SEOUL))
    assert at("30분 뒤", late).iso == "2027-01-01T00:15+09:00"
    assert at("어젯밤 1시", late).iso == "2026-12-31T01:00+09:00"
    leap = Clock(datetime(2028, 2, 28, 23, 0, tzinfo=SEOUL))
    assert at("두 시간 뒤", leap).iso == "2028-02-29T01:00+09:00"
    assert at("25시간 뒤", leap).iso == "2028-03-01T00:00+09:00"


def test_hours_are_counted_over_the_change_to_summer_time():
    paris = Clock(datetime(2026, 3, 29, 1, 0, tzinfo=ZoneInfo("Europe/Paris")))
    assert at("두 시간 뒤", paris).iso == "2026-03-29T04:00+02:00"


def test_the_edges_of_the_calendar_give_none():
    last = Clock(datetime(9999, 12, 31, 23, 0, tzinfo=SEOUL))
    first = Clock(datetime(1, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=0))))
    assert parse_time("두 시간 뒤", last) is None
    assert parse_time("세 시간 전", first) is None
    assert parse_time("어젯밤", first) is None
    assert parse_time("1조 시간 뒤", CLOCK) is None
    assert combine(DateValue(last.today, last.today), TimeValue(time(0), day=1), last) is None


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("매시", "FREQ=HOURLY"), ("매시간", "FREQ=HOURLY"), ("매시 정각", "FREQ=HOURLY;BYMINUTE=0"),
        ("매시 30분", "FREQ=HOURLY;BYMINUTE=30"), ("세 시간마다", "FREQ=HOURLY;INTERVAL=3"),
        ("30분마다", "FREQ=MINUTELY;INTERVAL=30"), ("한 시간에 한 번", "FREQ=HOURLY"),
        ("한 시간 반마다", "FREQ=MINUTELY;INTERVAL=90"), ("매분", "FREQ=MINUTELY"),
    ],
)  # fmt: skip
def test_again_and_again(text, rule):
    value = at(text)
    assert isinstance(value, RecurrenceValue)
    assert value.rule == rule
    if rule.endswith("BYMINUTE=0"):
        assert value.next == MomentValue(datetime(2026, 11, 25, 15, 0, tzinfo=SEOUL), grain="minute")
    if rule.endswith("BYMINUTE=30"):
        assert value.next == MomentValue(NOW, grain="minute")


# a date with a time


def day(number: int, month: int = 11) -> DateValue:
    start = date(2026, month, number)
    return DateValue(start, start + timedelta(days=1))


@pytest.mark.parametrize(
    ("date_value", "text", "iso", "others"),
    [
        (day(26), "3시", "2026-11-26T15:00+09:00", ["2026-11-26T03:00+09:00"]),
        (day(26), "9시", "2026-11-26T09:00+09:00", ["2026-11-26T21:00+09:00"]),
        (day(26), "7시", "2026-11-26T19:00+09:00", ["2026-11-26T07:00+09:00"]),
        (day(25), "9시", "2026-11-25T21:00+09:00", ["2026-11-25T09:00+09:00"]),
        (day(25), "2시", "2026-11-25T14:00+09:00", ["2026-11-25T02:00+09:00"]),
        (day(25), "12시", "2026-11-26T00:00+09:00", ["2026-11-25T12:00+09:00"]),
        (day(26), "자정", "2026-11-27T00:00+09:00", []), (day(31, 12), "밤 12시", "2027-01-01T00:00+09:00", []),
        (day(26), "저녁", "2026-11-26T18:00+09:00/2026-11-26T21:00+09:00", []),
        (day(26), "밤", "2026-11-26T21:00+09:00/2026-11-27T00:00+09:00", []),
        (day(26), "저녁 6시~새벽 4시", "2026-11-26T18:00+09:00/2026-11-27T04:00+09:00", []),
    ],
)  # fmt: skip
def test_a_time_on_a_day(date_value, text, iso, others):
    moment = combine(date_value, at(text), CLOCK)
    assert (moment.iso, [other.iso for other in moment.alternatives]) == (iso, others)


def test_a_weekend_evening_is_one_of_two_and_a_month_has_no_moment():
    weekend = DateValue(date(2026, 11, 28), date(2026, 11, 30), "weekend")
    moment = combine(weekend, at("저녁 7시"), CLOCK)
    assert moment.iso == "2026-11-28T19:00+09:00"
    assert [other.iso for other in moment.alternatives] == ["2026-11-29T19:00+09:00"]
    assert combine(DateValue(date(2026, 12, 1), date(2027, 1, 1), "month"), at("저녁 7시"), CLOCK) is None


def test_today_named_by_its_weekday_is_next_weeks_when_the_time_has_passed():
    wednesday = DateValue(date(2026, 11, 25), date(2026, 11, 26), alternatives=(day(2, 12),))
    assert combine(wednesday, at("오후 5시"), CLOCK).iso == "2026-11-25T17:00+09:00"
    passed = combine(wednesday, at("오전 10시"), CLOCK)
    assert passed.iso == "2026-12-02T10:00+09:00"
    assert [other.iso for other in passed.alternatives] == ["2026-11-25T10:00+09:00"]


@pytest.mark.parametrize(
    ("text", "prefer", "iso"),
    [
        ("3시", "future", "2026-11-25T15:00+09:00"), ("오전 9시", "future", "2026-11-26T09:00+09:00"),
        ("오전 9시", "past", "2026-11-25T09:00+09:00"), ("오후 5시", "past", "2026-11-24T17:00+09:00"),
        ("오전 9시", "nearest", "2026-11-25T09:00+09:00"), ("자정", "future", "2026-11-26T00:00+09:00"),
        ("새벽 2시", "future", "2026-11-26T02:00+09:00"),
        ("오후", "future", "2026-11-25T12:00+09:00/2026-11-25T18:00+09:00"),
    ],
)  # fmt: skip
def test_a_time_alone_comes_next(text, prefer, iso):
    clock = Clock(NOW, prefer)
    assert coming(at(text, clock), clock).iso == iso


# what is no time, and the promises on any text


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "시", "분", "시간", "오시", "이시", "사시", "내일", "세시간전쟁", "30시", "오후 25분", "13월",
        "3시 75분", "25:61", "두 마리", "만 원", "반", "일", "시작", "저녁밥", "밤나무", "아침 식사", "몇 시",
        "언제", "3시 4시", "3", "10-12", "한시름", "pm", "이른", "12시 시", "오전 오후", "99999999시간 뒤",
    ],
)  # fmt: skip
def test_what_is_no_time(text):
    value = parse_time(text, CLOCK)
    if text == "pm":
        assert value is not None  # 오후
    else:
        assert value is None


@pytest.mark.parametrize(
    "text", ["오후 세 시 반", "어젯밤", "두 시간 뒤", "9시부터 6시까지", "매시 30분", "한 시간 이십 분"]
)
def test_spaces_and_normal_forms_do_not_matter(text):
    wanted = at(text)
    for form in ("NFD", "NFKD", "NFC"):
        assert at(unicodedata.normalize(form, text)) == wanted
    assert at(text.replace(" ", "")) == wanted
    assert at(f"  {text.replace(' ', '  ')}\u3000") == wanted


@settings(deadline=None)  # other work may hold the processor
@given(st.integers(0, 23), st.integers(0, 59), st.sampled_from(["digital", "sino", "spoken"]))
def test_what_is_written_in_korean_is_read_again(hour, minute, style):
    half = "오전" if hour < 12 else "오후"
    if style == "digital":
        text = f"{hour:02}:{minute:02}"
    elif style == "sino":
        text = f"{hour:02}시 {minute}분"
    else:
        text = f"{half} {spell(hour % 12 or 12, 'native')} 시 {spell(minute, 'sino')} 분"
    value = at(text)
    readings = (value, *value.alternatives) if style == "sino" and 10 <= hour <= 12 else (value,)
    assert TimeValue(time(hour, minute), grain="minute") in [replace(one, alternatives=()) for one in readings]


@settings(deadline=None)  # other work may hold the processor
@given(st.integers(1, 99), st.integers(1, 59), st.booleans())
def test_an_amount_written_in_korean_is_read_again(hours, minutes, spaced):
    text = f"{spell(hours, 'native')} 시간 {spell(minutes, 'sino')} 분"
    value = at(text if spaced else text.replace(" ", ""))
    assert (value.hours, value.minutes) == (hours, minutes)


@settings(deadline=None)
@given(
    st.text(max_size=80) | st.text("0123456789일이삼시분초반오후전뒤부터까지~:-한두세 밤저녁매마다", max_size=80)
)
def test_no_text_raises(text):
    value = parse_time(text, CLOCK)
    if value is not None:
        assert isinstance(value.to_dict(), dict)
        for other in getattr(value, "alternatives", ()):
            assert not other.alternatives


@pytest.mark.parametrize(
    "unit", ["일", "3시", "부터", "한시간", "1", " ", "~", "오후", "3시부터", "두세", "ᄋ", "분전"]
)
def test_long_texts_are_no_times(unit):
    for length in (20_000, 60):
        text = (unit * length)[:length]
        assert parse_time(text, CLOCK) is None


def test_folding():
    assert fold(" 오후\u3000３시  반 ") == "오후3시반"
    assert fold("10 30") == "10 30"
    assert fold("PM 7：30～8：00") == "pm7:30~8:00"
    assert fold("三月 五日") == "삼월오일"
    assert fold("일" * 65) == ""
