"""No text makes the reading of slots fail, or take more work than the text is long."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ner_engine.chatbot.mention.mentions import read_mentions
from ner_engine.chatbot.rulefile.reading import load_rules, shipped_bots
from ner_engine.chatbot.rules import Role
from ner_engine.chatbot.state import Draft
from ner_engine.chatbot.turn.fill import fill_form
from ner_engine.chatbot.vocabulary import TYPES
from ner_engine.spans import Entity
from ner_engine.values.phrases import remembered
from tests.slot_talk import NOW, form_of, hear, options, rules_of, slot

EVERY_TYPE = form_of(
    slot("date", "date", many=True, most_values=3),
    slot("time", "time", step_minutes=15, role=Role(after=("까지",))),
    slot("moment", "moment", closed=(0,), holidays=False),
    slot("duration", "duration", shortest=Decimal(60), longest=Decimal(86400)),
    slot("quantity", "quantity", units=("명", "kg"), adds=("어른",)),
    slot("number", "number"),
    slot("money", "money", least=0, most=10**6),
    slot("person", "person"),
    slot("contact", "contact"),
    slot("origin", "place", role=Role(("출발",), ("에서",)), address=True),
    slot("target", "place", role=Role((), ("까지", "로"))),
    slot("choice", "choice", options=options("내과", 정형외과=("허리",)), many=True),
    slot("code", "code", pattern=re.compile(r"[A-Z]?\d{4}")),
    slot("yes_no", "yes_no", when=(("choice", ("내과",)),)),
    slot("text", "text"),
)
PIECES = (
    "내일", "다음 주", "월요일", "2월 30일", "99시", "저녁", "3시 반", "두 시간", "두세", "명", "네 명", "5kg",
    "만 원", "3~4만원", "서울", "부산까지", "에서", "마포구 은하수길 12", "010-1234-5678", "1234",
    "a@b.co", "내과", "정형와과", "김민수", "말고", "빼고", "이나", "네", "아니요", "요", "은", "로", ".", "?",
    "~", "-", "{", "\x00", "😀", "ㅋㅋ", "一", "９", "\u1100", " ",
)  # fmt: skip
UTTERANCES = st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join) | st.text(max_size=40)


def test_every_type_of_slot_is_tried() -> None:
    assert {one.type for one in EVERY_TYPE.slots} | {"items"} == set(TYPES)


@settings(max_examples=150, deadline=None)
@given(st.lists(UTTERANCES, min_size=1, max_size=4), st.sampled_from([one.name for one in EVERY_TYPE.slots]))
def test_whatever_is_said_the_form_holds(said: list[str], asked: str) -> None:
    filling = hear(EVERY_TYPE, *said, asked=asked)
    for name, several in filling.draft.values:
        found = EVERY_TYPE.slot(name)
        assert found is not None
        assert several
        assert len(several) == 1 or (found.many and len(several) <= found.most_values)
        assert all(value.shown and isinstance(value.data, str | int | float) for value in several)
    for problem in filling.problems:
        assert all(isinstance(value, str) for value in problem.values.values())
    assert not set(filling.filled) & set(filling.cleared)


@settings(max_examples=60, deadline=None)
@given(UTTERANCES, st.data())
def test_whatever_the_extractor_says(text: str, data: st.DataObject) -> None:
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(sorted)
    spans = data.draw(
        st.lists(st.tuples(places, st.sampled_from(["DT", "TI", "QT", "PS", "LC", "X"])), max_size=4)
    )

    def extract(said: str) -> list[Entity]:
        return [Entity(said[a:b], a, b, label) for (a, b), label in spans]

    for asked in ("date", "quantity", "origin", "person"):
        hear(EVERY_TYPE, text, asked=asked, extract=extract)


LONG = (
    "다음 주 금요일 저녁 7시 ", "3시 ", "내일모레", "서울 ", "짜장면 두 그릇 ", "010-1234-5678 ", "1", "1 ", "가",
    "허리 목 눈 ", "일이삼사", "만 오천 원 ", "7월 25일부터 27일까지 ", "한두", "a1-", "@", "서울에서부터",
    "아니 ",
)  # fmt: skip


@pytest.mark.parametrize("bot", shipped_bots())
@pytest.mark.parametrize("piece", LONG)
def test_a_long_text_is_read_in_a_bounded_number_of_steps(bot: str, piece: str) -> None:
    rules = load_rules(bot)
    text = (piece * 300)[: rules.max_chars]
    for nth, form in enumerate(rules.forms.values()):
        now = NOW + timedelta(microseconds=nth + 1)  # a clock of its own, so that nothing is remembered
        before = remembered.cache_info().misses
        mentions = read_mentions(rules, text, text, [])
        fill_form(form, Draft(form.name, asked=form.slots[0].name), mentions, text, now=now, plain=True)
        assert len(mentions) <= len(text)
        # A few phrases are read for each mention, and none twice.
        assert remembered.cache_info().misses - before <= 6 * len({m.text for m in mentions}) + 12


def test_a_clock_at_the_edge_of_time_is_no_trouble() -> None:
    for now in (datetime(9999, 12, 31, 23, 59), datetime(1, 1, 1)):
        for text in ("내일 3시", "다음 주 금요일", "두 시간 뒤", "작년", "100년 뒤", "이번 주 월요일"):
            mentions = read_mentions(rules_of(EVERY_TYPE), text, text, [])
            fill_form(EVERY_TYPE, Draft("form", asked="date"), mentions, text, now=now, plain=True)
