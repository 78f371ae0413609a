"""Meaning, for any value: what is written in Korean reads back as itself, nothing raises, nothing is slow."""

from __future__ import annotations

import calendar
import json
import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ner_engine import values
from ner_engine.datasets.numerals import spell
from ner_engine.values.clock import Clock
from ner_engine.values.contacts import parse_contact
from ner_engine.values.dates import parse_date
from ner_engine.values.numerals import parse_number, scan_number
from ner_engine.values.places import parse_place
from ner_engine.values.quantities import parse_quantity
from ner_engine.values.times import parse_time
from ner_engine.values.types import (
    DateValue,
    DurationValue,
    MomentValue,
    MoneyValue,
    NumberValue,
    QuantityValue,
    TimeValue,
)

LABELS = ["", "DT", "TI", "QT", "LC", "PS", "FOOD", "DAT", "TIM", "DUR", "MNY", "PNT", "NOH", "?"]
WEEKDAYS = "월화수목금토일"

days = st.dates(date(1900, 1, 1), date(2099, 12, 31))
nows = st.datetimes(datetime(1990, 1, 1), datetime(2080, 12, 31))
numbers = st.one_of(st.integers(1, 99), st.integers(1, 10**6), st.integers(1, 10**16 - 1))


def sino_month(month: int) -> str:
    return {6: "유월", 10: "시월"}.get(month, f"{spell(month, 'sino')}월")


# ---- dates

WRITTEN = {
    "year month day": lambda d: f"{d.year}년 {d.month}월 {d.day}일",
    "without spaces": lambda d: f"{d.year}년{d.month}월{d.day}일",
    "padded": lambda d: f"{d.year}년 {d.month:02}월 {d.day:02}일",
    "iso": date.isoformat,
    "dots": lambda d: f"{d.year}.{d.month}.{d.day}",
    "dots and spaces": lambda d: f"{d.year}. {d.month}. {d.day}.",
    "slashes": lambda d: f"{d.year}/{d.month:02}/{d.day:02}",
    "words": lambda d: f"{spell(d.year, 'sino')}년 {sino_month(d.month)} {spell(d.day, 'sino')}일",
    "with its weekday": lambda d: f"{d.year}년 {d.month}월 {d.day}일 {WEEKDAYS[d.weekday()]}요일",
    "with its weekday in brackets": lambda d: f"{d.year}.{d.month}.{d.day}({WEEKDAYS[d.weekday()]})",
}


@pytest.mark.parametrize("form", WRITTEN)
@given(day=days, now=nows)
@example(day=date(2028, 2, 29), now=datetime(2028, 2, 29))
@settings(max_examples=60)
def test_a_written_date_reads_back(form, day, now):
    value = values.parse(WRITTEN[form](day), label="DT", now=now)
    assert isinstance(value, DateValue)
    assert (value.start, value.end, value.grain) == (day, day + timedelta(days=1), "day")


@given(month=st.integers(1, 12), day=st.integers(1, 31), now=nows, words=st.booleans())
@settings(max_examples=200)
def test_a_date_without_a_year_is_the_next_such_day(month, day, now, words):
    text = f"{sino_month(month)} {spell(day, 'sino')}일" if words else f"{month}월 {day}일"
    value = values.parse(text, label="DT", now=now)
    coming = (now.date() + timedelta(days=n) for n in range(366 * 8 + 3))
    expected = next((d for d in coming if (d.month, d.day) == (month, day)), None)
    assert (value.start if value else None) == expected


@given(ahead=st.integers(1, 400), now=nows, back=st.booleans())
def test_days_from_now(ahead, now, back):
    value = values.parse(f"{ahead}일 {'전' if back else '뒤'}", label="DT", now=now)
    assert isinstance(value, DateValue)
    assert value.start == now.date() + timedelta(days=-ahead if back else ahead)


@given(
    weeks=st.sampled_from(
        [("이번 주", 0), ("다음 주", 1), ("담주", 1), ("다다음 주", 2), ("지난주", -1), ("지지난주", -2)]
    ),
    weekday=st.integers(0, 6),
    now=nows,
)
def test_a_weekday_of_a_week_is_of_that_iso_week(weeks, weekday, now):
    words, ahead = weeks
    value = values.parse(f"{words} {WEEKDAYS[weekday]}요일", label="DT", now=now)
    year, week, _ = (now.date() + timedelta(weeks=ahead)).isocalendar()
    assert isinstance(value, DateValue)
    assert value.start == date.fromisocalendar(year, week, weekday + 1)


@given(months=st.sampled_from([("이번 달", 0), ("다음 달", 1), ("다다음 달", 2), ("지난달", -1)]), now=nows)
def test_the_last_day_of_a_month(months, now):
    words, ahead = months
    value = values.parse(f"{words} 말일", label="DT", now=now)
    year, month = divmod(now.year * 12 + now.month - 1 + ahead, 12)
    assert isinstance(value, DateValue)
    assert value.start == date(year, month + 1, calendar.monthrange(year, month + 1)[1])


@given(first=days, length=st.integers(1, 400), now=nows)
def test_a_written_range_is_half_open(first, length, now):
    last = first + timedelta(days=length)
    value = values.parse(f"{first:%Y.%m.%d}~{last:%Y.%m.%d}", label="DT", now=now)
    assert isinstance(value, DateValue)
    assert (value.start, value.end) == (first, last + timedelta(days=1))


# ---- times


@given(hour=st.integers(1, 12), minute=st.integers(0, 59), after=st.booleans(), now=nows, words=st.booleans())
def test_a_time_with_its_half_of_the_day_has_one_reading(hour, minute, after, now, words):
    half = "오후" if after else "오전"
    if words:
        text = f"{half} {spell(hour, 'native')} 시" + (f" {spell(minute, 'sino')} 분" if minute else "")
    else:
        text = f"{half} {hour}시" + (f" {minute}분" if minute else "")
    value = values.parse(text, label="TI", now=now)
    assert isinstance(value, TimeValue)
    assert (value.start, value.day) == (time(hour % 12 + 12 * after, minute), 0)


@given(hour=st.integers(0, 23), minute=st.integers(0, 59), now=nows)
def test_a_time_on_a_clock_of_24_hours_reads_back(hour, minute, now):
    value = values.parse(f"{hour:02}:{minute:02}", label="TI", now=now)
    assert isinstance(value, TimeValue)
    assert value.start == time(hour, minute)


@given(hour=st.integers(1, 12), now=nows)
def test_an_hour_alone_keeps_both_readings(hour, now):
    value = values.parse(f"{hour}시", label="TI", now=now)
    assert isinstance(value, TimeValue)
    found = {value.start, *(other.start for other in value.alternatives)}
    assert found == {time(hour % 12), time(hour % 12 + 12)}


@given(minutes=st.integers(1, 60 * 48), now=nows, back=st.booleans())
def test_minutes_from_now(minutes, now, back):
    value = values.parse(f"{minutes}분 {'전' if back else '뒤'}", label="TI", now=now)
    start = now.replace(microsecond=0) + timedelta(minutes=-minutes if back else minutes)
    assert isinstance(value, MomentValue)
    assert value.start.replace(tzinfo=None, second=0) == start.replace(second=0)
    assert value.start.utcoffset() is not None


DAYS_SAID = [
    "오늘", "내일", "모레", "금요일", "다음 주 금요일", "담주 토욜", "3월 5일", "십이월 이십사일", "28일",
    "12/24", "2026년 12월 24일", "2026-12-24", "사흘 뒤", "일주일 뒤", "다음 달 3일", "설날", "크리스마스이브",
    "11월 27일(금)",
]  # fmt: skip
TIMES_SAID = [
    "오후 3시",
    "저녁 일곱시 반",
    "19:30",
    "정오",
    "자정",
    "새벽 2시",
    "오전 10시 30분",
    "밤 열한 시",
    "18시",
]


@pytest.mark.parametrize("day", DAYS_SAID)
@pytest.mark.parametrize("said", TIMES_SAID)
def test_a_day_and_a_time_are_the_time_on_that_day(day, said):
    now = datetime(2026, 11, 25, 14, 30)
    date_value = values.parse(day, label="DT", now=now)
    time_value = values.parse(said, label="TI", now=now)
    assert isinstance(date_value, DateValue)
    assert isinstance(time_value, TimeValue)
    expected = datetime.combine(date_value.start + timedelta(days=time_value.day), time_value.start)
    for joined in (f"{day} {said}", f"{day}{said}", f"{day}, {said}에"):
        if joined[len(day) - 1].isdecimal() and joined[len(day)].isdecimal():
            continue  # 12/2419:30
        for label in ("DT", "TI", ""):
            value = values.parse(joined, label=label, now=now)
            assert isinstance(value, MomentValue), joined
            assert value.start.replace(tzinfo=None) == expected, joined
            assert value.grain == time_value.grain, joined


@given(hours=st.integers(1, 48), minutes=st.integers(1, 59))
def test_a_duration_reads_back(hours, minutes):
    value = values.parse(f"{hours}시간 {minutes}분", label="TI")
    assert isinstance(value, DurationValue)
    assert (value.hours, value.minutes) == (hours, minutes)


# ---- numbers


@pytest.mark.parametrize("style", ["digit", "comma", "sino", "sinospaced", "mixed"])
@given(number=numbers)
@example(number=10_000)
@example(number=110_000)
@example(number=100_010_000)
def test_a_number_reads_back(style, number):
    value = parse_number(spell(number, style))
    assert isinstance(value, NumberValue)
    assert (value.value, value.upper, value.approximate) == (number, None, False)


@pytest.mark.parametrize("number", range(1, 100))
def test_a_native_number_reads_back(number):
    alone, bound = parse_number(spell(number, "count")), parse_quantity(f"{spell(number, 'native')} 개")
    assert isinstance(alone, NumberValue)
    assert isinstance(bound, QuantityValue)
    assert (alone.value, bound.amount, bound.unit) == (number, number, "개")


@given(whole=st.integers(0, 10**9), tenths=st.integers(1, 99))
def test_a_decimal_fraction_reads_back(whole, tenths):
    value = parse_number(f"{whole}.{tenths:02}")
    assert isinstance(value, NumberValue)
    assert value.value == Decimal(f"{whole}.{tenths:02}")


@pytest.mark.parametrize("style", ["digit", "comma", "sino", "sinospaced", "mixed"])
@given(number=st.integers(10, 10**12))  # 사원 and 구원 are other words
@example(number=450_001)
@example(number=50_002)
def test_money_reads_back(style, number):
    for text in (f"{spell(number, style)}원", f"{spell(number, style)} 원"):
        value = values.parse(text, label="QT")
        assert isinstance(value, MoneyValue)
        assert (value.amount, value.currency, value.upper) == (number, "KRW", None)


@given(
    number=numbers,
    after=st.sampled_from(["", "원", " 개", "번째", "x", " ", "요"]),
    before=st.text("가 x(", max_size=4),
)
def test_a_number_is_scanned_to_its_end(number, after, before):
    written = spell(number, "comma")
    found = scan_number(before + written + after, len(before))
    assert found is not None
    assert (found[0].value, found[1]) == (number, len(before) + len(written))


# ---- anything at all

PIECES = re.findall(
    r"\S+",
    """
    오늘 내일 모레 글피 그저께 사흘 열흘 뒤 후 전 다음 다다음 지난 이번 주 달 해 년 월 일 요일 화 금 말 초
    중순 말일 첫째 셋째 마지막 설날 추석 연휴 대체공휴일 음력 동지 부터 까지 에서 ~ - 박 매주 마다 격주 평일
    주말 오전 오후 저녁 밤 새벽 정오 자정 시 반 분 초 시간 동안 간 쯤 정도 약 만 억 천 백 십 영 공 한 두 세
    네 스물 스무 하나 몇 수 여 번째 제 개 마리 명 인분 판 원 원대 달러 $ % 도 kg 0 1 2 3 5 9 12 15 29 30 31
    60 99 100 2026 2028 9999 10000 . , / : ' ( ) + 서울시 강남구 로 길 동 010 1234 a@b.co 에 은 는 이 가 요
    """,
)
anything = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from([*PIECES, " "]), max_size=8).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join),
    st.lists(st.sampled_from(PIECES), max_size=8).map(lambda found: unicodedata.normalize("NFD", "".join(found))),
)
edges = st.sampled_from([datetime.min, datetime.max, datetime(1, 3, 1), datetime(9999, 12, 31, 23, 59)])


@given(
    text=anything,
    label=st.sampled_from(LABELS),
    now=st.one_of(nows, edges),
    prefer=st.sampled_from(["future", "past", "nearest"]),
)
@example(text="9999년 12월 31일", label="DT", now=datetime.max, prefer="future")
@example(text="1년 1월 1일", label="DT", now=datetime.min, prefer="past")
@example(text="99999999999999999999일 뒤", label="DT", now=datetime(2026, 11, 25), prefer="future")
@example(text="٣시", label="TI", now=datetime(2026, 11, 25), prefer="future")
@example(text="²년", label="DT", now=datetime(2026, 11, 25), prefer="future")
@example(text="㈜", label="DT", now=datetime(2026, 11, 25), prefer="future")
@settings(max_examples=1500, deadline=None)
def test_no_text_raises_and_every_value_is_json(text, label, now, prefer):
    value = values.parse(text, label=label, now=now, prefer=prefer)
    assert values.parse(unicodedata.normalize("NFD", text), label=label, now=now, prefer=prefer) == value
    if value is None:
        return
    found = value.to_dict()
    assert json.loads(json.dumps(found, ensure_ascii=False, allow_nan=False)) == found
    assert not any("alternatives" in other for other in found.get("alternatives", []))
    for reading in (value, *value.alternatives):
        if isinstance(reading, DateValue | MomentValue) and reading.end is not None:
            assert reading.start < reading.end
        if isinstance(reading, QuantityValue | NumberValue | MoneyValue) and reading.upper is not None:
            low = reading.value if isinstance(reading, NumberValue) else reading.amount
            assert low < reading.upper


CLOCK = Clock.at(datetime(2026, 11, 25, 14, 30))
PUBLIC = {
    "parse": lambda text: values.parse(text, now=datetime(2026, 11, 25, 14, 30)),
    "parse as DT": lambda text: values.parse(text, label="DT", now=datetime(2026, 11, 25, 14, 30)),
    "parse as TI": lambda text: values.parse(text, label="TI", now=datetime(2026, 11, 25, 14, 30)),
    "parse as QT": lambda text: values.parse(text, label="QT", now=datetime(2026, 11, 25, 14, 30)),
    "parse as LC": lambda text: values.parse(text, label="LC", now=datetime(2026, 11, 25, 14, 30)),
    "parse_date": lambda text: parse_date(text, CLOCK),
    "parse_time": lambda text: parse_time(text, CLOCK),
    "parse_number": parse_number,
    "parse_quantity": parse_quantity,
    "parse_contact": parse_contact,
    "parse_place": parse_place,
}
LONG = [
    "일", "이", "만", "십", "1", "1,", "1 ", " ", "월", "년", "주", "부터", "까지", "하루 ", "한", "두세",
    "시", "반", "오전", "월요일", "1월", "3일 ", "-", "~", ".", "0", "a", "a@", "a.", "동 ", "로", "구 ",
    "서울시 ", "뒤", "전", "매주 ", "번째", "에서", "요", "은", "\u1112\u1161\u11ab", "만 ", "다음",
    "다다음 주 ", "一", "$", "%", "('", "+82", "010-",
]  # fmt: skip


@pytest.mark.parametrize("name", PUBLIC)
def test_twenty_thousand_characters_have_no_value(name):
    for piece in LONG:
        text = (piece * 20_000)[:20_000]
        for shape in (text, text + "!", "2026년 " + text):
            assert PUBLIC[name](shape) is None, shape[:12]


SCANNED = {  # what stands in front of a text of these pieces: low, high, characters
    "만": (10_000, None, 1), "십": (10, None, 1), "1,": (1, None, 1), "1 ": (1, None, 1), "한": (1, None, 1),
    "두세": (2, 3, 2), "오전": (5, None, 1), "1월": (1, None, 1), "3일 ": (3, None, 1), "구 ": (9, None, 1),
    "만 ": (10_000, None, 1), "010-": (10, None, 3),
}  # fmt: skip


@pytest.mark.parametrize("piece", LONG)
def test_a_number_is_scanned_off_the_front_of_twenty_thousand_characters(piece):
    text = (piece * 20_000)[:20_000]
    expected = None
    if piece in SCANNED:
        low, high, end = SCANNED[piece]
        expected = NumberValue(Decimal(low), None if high is None else Decimal(high)), end
    assert scan_number(text) == scan_number(text + "!") == expected
    assert scan_number("2026년 " + text) == (NumberValue(Decimal(2026)), 4)
