"""``values.parse`` on whole expressions, and moments out of neighbouring entities. Expected values by hand."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ner_engine import values
from ner_engine.errors import ConfigError
from ner_engine.spans import Entity
from ner_engine.values import Clock, moments_of, parse, parse_at

NOW = datetime(2026, 11, 25, 14, 30)  # a Wednesday, in Seoul
CLOCK = Clock.at(NOW)
LABELS = ["", "DT", "TI", "QT", "LC", "DAT", "TIM", "DUR", "MNY", "PNT", "NOH", "LOC", "PHONE", "PS", "NONE"]


def meant(text: str, label: str = "", **options: object) -> object:
    value = parse(text, label=label, **{"now": NOW, **options})
    return None if value is None else value.to_dict()["value"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("글피 오후 세시 반", "2026-11-28T15:30+09:00"), ("내일 오후 3시", "2026-11-26T15:00+09:00"),
        ("다음 주 금요일 저녁 7시 반", "2026-12-04T19:30+09:00"), ("토욜세시반", "2026-11-28T15:30+09:00"),
        ("2026-11-27T19:30", "2026-11-27T19:30+09:00"), ("2026년 12월 1일, 19:30", "2026-12-01T19:30+09:00"),
        ("12월 31일 밤 12시", "2027-01-01T00:00+09:00"),
        ("오늘 밤", "2026-11-25T21:00+09:00/2026-11-26T00:00+09:00"),
        ("금요일 밤부터 일요일 아침까지", "2026-11-27T21:00+09:00/2026-11-29T09:00+09:00"),
        ("내일 3시부터 5시까지", "2026-11-26T15:00+09:00/2026-11-26T17:00+09:00"),
        ("오늘 오후 5시부터 내일 오전 9시까지", "2026-11-25T17:00+09:00/2026-11-26T09:00+09:00"),
        ("매주 화요일 저녁 7시", "FREQ=WEEKLY;BYDAY=TU;BYHOUR=19;BYMINUTE=0"),
        ("매일 아침 7시 반", "FREQ=DAILY;BYHOUR=7;BYMINUTE=30"), ("사흘 뒤", "2026-11-28"),
        ("두 시간 뒤", "2026-11-25T16:30+09:00"), ("만 오천 원", 15000), ("두 마리", 2), ("1.5", 1.5),
        ("2026", 2026), ("3/5", "2027-03-05"), ("20%", 20), ("010-1234-5678", "+821012345678"),
        ("mina@example.com", "mina@example.com"), ("세 번째", 3),
    ],
)  # fmt: skip
def test_any_expression(text, value):
    assert meant(text) == value


@pytest.mark.parametrize(
    ("text", "label", "value"),
    [
        ("내일까지요", "", "2026-11-26"), ("3시에는", "", "15:00"), ("두 마리만요", "", 2),
        ("만 오천 원이에요", "", 15000), ("어젯밤에", "", "2026-11-24T21:00+09:00/2026-11-25T00:00+09:00"),
        ("약 두 시간 정도", "", "PT2H"), ("“내일 저녁 7시”요", "", None), ("(내일)", "", "2026-11-26"),
        ("한 30분쯤", "", "PT30M"), ("금요일부터", "DT", "2026-11-27"),
        ("11월 27일(금)까지", "DT", "2026-11-27"),
    ],
)  # fmt: skip
def test_particles_and_marks_around_it(text, label, value):
    assert meant(text, label) == value


def test_what_a_particle_leaves_open():
    assert parse("내일부터", now=NOW).open == "end"
    assert parse("내일 3시까지", now=NOW).open == "start"
    assert [other.open for other in parse("3시까지", now=NOW).alternatives] == ["start"]
    assert parse("내일은", now=NOW).open == ""
    assert parse("30분쯤", now=NOW).approximate
    assert not parse("30분", now=NOW).approximate


@pytest.mark.parametrize(
    ("text", "label", "value"),
    [
        ("3일", "DT", "2026-12-03"), ("3일", "DAT", "2026-12-03"), ("3일", "DUR", "P3D"),
        ("두 시간", "DUR", "PT2H"), ("1900", "TI", "19:00"), ("1900", "QT", 1900), ("5분", "TI", "PT5M"),
        ("12.5%", "PNT", 12.5), ("3만원", "MNY", 30000),
        ("서울시 중구 세종대로 110", "LC", "서울시 중구 세종대로 110"), ("내일", "PS", None),
        ("두 마리", "FOOD", None), ("내일", "LC", None), ("저녁 7시", "DT", "19:00"),
        ("내일", "TI", "2026-11-26"),
    ],
)  # fmt: skip
def test_the_label_is_a_hint(text, label, value):
    assert meant(text, label) == value


@pytest.mark.parametrize(
    "text", ["", " ", "안녕하세요", "강남역", "사이다", "오이", "부산하다", "?!", "내일모레글피저녁밥", "일" * 70]
)
def test_what_has_no_value(text):
    assert parse(text, now=NOW) is None


def test_clock_zone_and_preference():
    noon = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)  # the 26th in Seoul
    assert meant("오늘", now=noon) == "2026-11-26"
    assert meant("오늘", now=noon, timezone="Europe/Paris") == "2026-11-25"
    assert meant("두 시간 뒤", now=noon, timezone="Europe/Paris") == "2026-11-25T23:00+01:00"
    assert meant("3월 5일") == "2027-03-05"
    assert meant("3월 5일", prefer="past") == "2026-03-05"
    assert meant("9시", prefer="past") == "09:00"
    assert parse("오늘").start == datetime.now(UTC).astimezone(Clock.at().zone).date()
    with pytest.raises(ConfigError, match="Asia/Atlantis"):
        parse("오늘", timezone="Asia/Atlantis")
    with pytest.raises(ConfigError, match="prefer"):
        parse("오늘", prefer="soon")
    with pytest.raises(TypeError, match="expected str; got int"):
        parse(3)


def test_the_front_door_lists_what_is_behind_it():
    assert values.__all__ == sorted(values.__all__, key=lambda name: (not name.isupper(), name.islower(), name))
    for name in values.__all__:
        assert hasattr(values, name)


# entities side by side


def entities(marked: str) -> tuple[str, list[Entity]]:
    """``<내일:DT> <3시:TI>에`` -> the text and its entities."""
    text, found, rest = "", [], marked
    while "<" in rest:
        before, _, after = rest.partition("<")
        inside, _, rest = after.partition(">")
        surface, _, label = inside.rpartition(":")
        text += before
        found.append(Entity(surface, len(text), len(text) + len(surface), label))
        text += surface
    return text + rest, found


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("<내일:DT> <3시:TI>에 봐", [("내일 3시", "2026-11-26T15:00+09:00")]),
        ("<낼:DT><밤 9시:TI>", [("낼밤 9시", "2026-11-26T21:00+09:00")]),
        ("<월요일:DT>부터 <수요일:DT>까지 쉬어요", [("월요일부터 수요일", "2026-11-30/2026-12-03")]),
        (
            "<내일:DT> <오후 3시:TI>부터 <5시:TI>까지",
            [("내일 오후 3시부터 5시", "2026-11-26T15:00+09:00/2026-11-26T17:00+09:00")],
        ),
        ("<내일:DT> 말고 <모레:DT> <3시:TI>요", [("내일", "2026-11-26"), ("모레 3시", "2026-11-27T15:00+09:00")]),
        ("<3시:TI>에 봐", [("3시", "2026-11-25T15:00+09:00")]),
        ("<오전 9시:TI>", [("오전 9시", "2026-11-26T09:00+09:00")]), ("<두 시간:TI> 걸려", []),
        ("<3일:DT> 동안 <부산:LC>에", []), ("<30분 뒤:TI>", [("30분 뒤", "2026-11-25T15:00+09:00")]),
        (
            "<매주 화요일:DT> <저녁 7시:TI>",
            [("매주 화요일 저녁 7시", "FREQ=WEEKLY;BYDAY=TU;BYHOUR=19;BYMINUTE=0")],
        ),
        ("<민수:PS>랑 <부산:LC>", []), ("", []),
        ("<언제나:DT> <저녁:TI>", [("저녁", "2026-11-25T18:00+09:00/2026-11-25T21:00+09:00")]),
    ],
)  # fmt: skip
def test_neighbours_become_one_moment(marked, expected):
    text, found = entities(marked)
    moments = moments_of(text, found, CLOCK)
    assert [(m.text, m.to_dict()["value"]["value"]) for m in moments] == expected
    for moment in moments:
        assert text[moment.start : moment.end] == moment.text
        assert (moment.entities[0].start, moment.entities[-1].end) == (moment.start, moment.end)


# the promises on any text


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60), st.sampled_from(LABELS))
def test_no_text_raises(text, label):
    value = parse(text, label=label, now=NOW)
    if value is not None:
        json.dumps(value.to_dict())


WORDS = [
    "내일", "다음 주", "금요일", "3시", "반", "저녁", "부터", "까지", "에", "두", "시간", "뒤",
    "전", "3", "일", "월", "만", "원", "~", "-", "매주", "마다", "쯤",
    "한", "(", ")", " ", "5", "개", "번째", "설날", "말",
]  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(WORDS), max_size=8).map("".join), st.sampled_from(LABELS), st.integers(0, 4000))
def test_no_heap_of_words_raises(text, label, days):
    now = NOW + timedelta(days=days)
    value = parse(text, label=label, now=now)
    if value is not None:
        json.dumps(value.to_dict())
    assert parse(unicodedata.normalize("NFD", text), label=label, now=now) == value


@pytest.mark.parametrize(
    "unit", ["일", "만", "3시부터 ", "내일", "1", " ", "오후", "한두", "매", "ᄋ", "(", "까지", "금요일 3시 "]
)
def test_long_texts_have_no_value(unit):
    for length in (20_000, 250, 60):
        text = (unit * length)[:length]
        for label in ("", "DT", "QT"):
            assert parse(text, label=label, now=NOW) is None


def test_the_same_instant_in_two_zones_is_remembered_apart():
    instant = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)  # in Seoul it is the 26th already
    here, there = (parse("내일", label="DT", now=instant, timezone=zone) for zone in ("Asia/Seoul", "UTC"))
    assert [here.iso, there.iso] == ["2026-11-27", "2026-11-26"]
    assert parse("내일", label="DT", now=instant, timezone="Asia/Seoul") == here


def test_clocks_of_one_instant_in_two_places_are_told_apart():
    instant = datetime(2026, 7, 23, 5, 30, 30, tzinfo=timezone(timedelta(hours=9)))
    seoul, london = Clock(instant), Clock(instant.astimezone(timezone(timedelta(hours=1))))
    assert seoul == london
    for _ in range(2):
        assert parse_at("내일", seoul, label="DT") == parse("2026년 7월 24일", label="DT", now=instant)
        assert parse_at("내일", london, label="DT") == parse("2026년 7월 23일", label="DT", now=instant)
