"""What the bot remembers, as JSON and back: everything survives, nothing is taken on trust."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner_engine.chatbot.state import (
    MORE,
    OFFERS,
    Attempt,
    Done,
    Draft,
    Item,
    Offer,
    Pending,
    Recent,
    State,
    Value,
)
from ner_engine.errors import DataError

FULL = State(
    drafts=(
        Draft("order", items=(Item("짬뽕", 2),), asked=MORE, focus="짬뽕", record="3-1"),
        Draft(
            "reservation",
            values=(
                ("party", (Value("4명", 4),)),
                ("areas", (Value("허리", "허리"), Value("무릎", "무릎"))),
                ("weight", (Value("2.5kg", 2.5),)),
            ),
            asked="time",
            hints=(("time", "저녁"),),
            skipped=("note",),
            attempt=Attempt("5-1", "0badcafe"),
        ),
    ),
    offer=Offer("choice", "정형외과", 2, "department"),
    misses=1,
    repeats=2,
    uses=(("replies.noted", 2),),
    seed=-5,
    turn=7,
    recents=(Recent("DT", "내일", "", "2026-07-24", 6), Recent("FOOD", "짜장", "짜장면", "", 7)),
    options=(Recent("clinic.department", "내과", "내과", "내과", 7),),
    said=("내일요", "{\u0000}"),
    done=(Done("3-1", "order", (("name", (Value("김민수 님", "김민수"),)),), (Item("콜라", 1),)),),
    pending=(Pending("7-1", "withdraw", "order", "3-1"),),
    handed_over=True,
    last_at="2026-07-23T17:00:00",
)

OLD = {
    "version": 1,
    "drafts": [
        {
            "form": "reservation",
            "values": {
                "party": {"shown": "4명", "data": 4},
                "date": {"shown": "7월 24일 금요일", "data": "2026-07-24"},
            },
            "items": [{"name": "짬뽕", "count": 2}],
            "asked": "time",
            "focus": "짬뽕",
            "hints": {"time": "저녁"},
        }
    ],
    "offer": {"kind": "dish", "name": "짜장면", "count": 2},
    "misses": 1,
    "uses": {"replies.noted": 2},
    "seed": 3,
}


def through_json(state: State) -> State:
    return State.from_dict(json.loads(json.dumps(state.to_dict(), ensure_ascii=False)))


def test_a_state_survives_json() -> None:
    assert through_json(FULL) == FULL
    assert through_json(State()) == State()


def test_every_field_is_in_the_json() -> None:
    """A field that to_dict forgets would be lost without a word."""
    assert set(FULL.to_dict()) == {"version", *(field.name for field in dataclasses.fields(State))}
    for field in dataclasses.fields(State):
        assert getattr(FULL, field.name) != getattr(State(), field.name), "FULL is to differ in every field"
    json_of_draft = FULL.to_dict()["drafts"][1]
    assert set(json_of_draft) == {field.name for field in dataclasses.fields(Draft)}


names = st.text(max_size=8)
counts = st.integers(0, 99)
data = st.text(max_size=8) | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.builds(Value, names, data)
filled = st.dictionaries(names, st.lists(values, min_size=1, max_size=3).map(tuple), max_size=3).map(
    lambda found: tuple(found.items())
)
items = st.lists(st.builds(Item, names, counts), max_size=3).map(tuple)
pairs = st.dictionaries(names, names, max_size=2).map(lambda found: tuple(found.items()))
recents = st.lists(st.builds(Recent, names, names, names, data, counts), max_size=3).map(tuple)
drafts = st.builds(
    Draft,
    form=names,
    values=filled,
    items=items,
    asked=names,
    focus=names,
    hints=pairs,
    skipped=st.lists(names, max_size=2).map(tuple),
    record=names,
    attempt=st.none() | st.builds(Attempt, names, names),
)
offers = st.builds(Offer, st.sampled_from(OFFERS), names, counts, names)
states = st.builds(
    State,
    drafts=st.lists(drafts, max_size=3).map(tuple),
    offer=st.none() | offers,
    misses=counts,
    repeats=counts,
    uses=st.dictionaries(names, counts, max_size=3).map(lambda found: tuple(found.items())),
    seed=st.integers(-9, 9),
    turn=counts,
    recents=recents,
    options=recents,
    said=st.lists(names, max_size=3).map(tuple),
    done=st.lists(st.builds(Done, names, names, filled, items), max_size=2).map(tuple),
    pending=st.lists(st.builds(Pending, names, names, names, names), max_size=2).map(tuple),
    handed_over=st.booleans(),
    last_at=names,
)


@given(states)
def test_any_state_survives_json(state: State) -> None:
    assert through_json(state) == state


def test_a_state_of_version_1_is_brought_up_to_date() -> None:
    state = State.from_dict(OLD)
    assert state == State(
        drafts=(
            Draft(
                "reservation",
                values=(
                    ("party", (Value("4명", 4),)),
                    ("date", (Value("7월 24일 금요일", "2026-07-24"),)),
                ),
                items=(Item("짬뽕", 2),),
                asked="time",
                focus="짬뽕",
                hints=(("time", "저녁"),),
            ),
        ),
        offer=Offer("dish", "짜장면", 2),
        misses=1,
        uses=(("replies.noted", 2),),
        seed=3,
    )
    assert State.from_dict({**OLD, "drafts": [], "offer": None}).drafts == ()


def changed(path: tuple[str | int, ...], value: object, base: dict[str, Any] | None = None) -> dict[str, Any]:
    """The JSON of FULL with one value changed, or (``...``) left out."""
    top = copy.deepcopy(FULL.to_dict() if base is None else base)
    at: Any = top
    for key in path[:-1]:
        at = at[key]
    if value is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return top


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "expected a mapping; got NoneType"),
        ([], "expected a mapping; got list"),
        ({}, "expected the keys version, drafts"),
        (changed(("version",), 3), "expected version 2 (or 1); got 3"),
        (changed(("version",), True), "expected version 2 (or 1); got True"),
        (changed(("version",), "2"), "expected version 2 (or 1); got '2'"),
        (changed(("more",), 1), "expected the keys version, drafts"),
        (changed(("misses",), ...), "expected the keys version, drafts"),
        (changed(("misses",), -1), "misses: expected a whole number; got -1"),
        (changed(("repeats",), True), "repeats: expected a whole number; got True"),
        (changed(("turn",), "7"), "turn: expected a whole number; got '7'"),
        (changed(("drafts",), {}), "drafts: expected a list; got dict"),
        (changed(("uses",), []), "uses: expected a mapping; got list"),
        (changed(("uses",), {"a": "b"}), "a: expected a whole number; got 'b'"),
        (changed(("uses",), {1: 2}), "uses: expected keys of text; got 1"),
        (changed(("offer", "kind"), "gift"), "expected one of dish, choice, resume, which, record; got 'gift'"),
        (changed(("offer", "slot"), ...), "offer: expected the keys kind, name, count, slot"),
        (changed(("drafts", 0), {"form": "order"}), "draft: expected the keys form, values"),
        (changed(("drafts", 1, "values", "party"), []), "values.party: expected a list with something in it"),
        (
            changed(("drafts", 1, "values", "party", 0, "data"), None),
            "values.party.data: expected text or a number",
        ),
        (
            changed(("drafts", 1, "values", "party", 0, "data"), True),
            "values.party.data: expected text or a number",
        ),
        (
            changed(("drafts", 1, "values", "party", 0, "data"), float("nan")),
            "expected text or a number; got nan",
        ),
        (changed(("drafts", 1, "attempt"), "5-1"), "attempt: expected a mapping; got str"),
        (changed(("drafts", 1, "skipped"), [1]), "skipped: expected text; got int"),
        (changed(("recents", 0, "data"), []), "recent.data: expected text or a number"),
        (changed(("handed_over",), 1), "handed_over: expected true or false; got 1"),
        (changed(("last_at",), None), "last_at: expected text; got NoneType"),
        (changed(("pending", 0, "record"), ...), "pending: expected the keys id, action, form, record"),
        (changed(("done", 0, "items", 0, "count"), 1.5), "count: expected a whole number; got 1.5"),
        (changed(("turn",), 1, OLD), "expected the keys version, drafts, offer"),
        (changed(("drafts", 0, "values", "party"), 4, OLD), "values.party: expected a mapping; got int"),
    ],
)
def test_what_is_no_state_is_refused_in_one_line(data: object, reason: str) -> None:
    with pytest.raises(DataError) as caught:
        State.from_dict(data)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def _places(data: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where the values of a JSON stand."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from _places(value, (*path, key))


@pytest.mark.parametrize("path", list(_places(FULL.to_dict())), ids=lambda path: ".".join(map(str, path)))
def test_a_value_of_the_wrong_kind_is_refused_wherever_it_stands(path: tuple[str | int, ...]) -> None:
    with pytest.raises(DataError):
        State.from_dict(changed(path, object()))


# --- drafts


def test_a_slot_holds_one_value_or_several() -> None:
    draft = Draft("clinic").with_value("time", Value("오후 3시", "15:00"))
    assert draft.value("time") == Value("오후 3시", "15:00")
    two = draft.with_values("areas", (Value("허리", "허리"), Value("무릎", "무릎")))
    assert two.value("areas") == Value("허리", "허리")
    assert [value.data for value in two.all_values("areas")] == ["허리", "무릎"]
    assert two.with_value("time", None).values == two.with_values("time", ()).values
    assert two.value("nothing") is None
    assert two.all_values("nothing") == ()


def test_a_value_uses_up_its_hint_and_is_not_left_out_any_more() -> None:
    draft = Draft("clinic", hints=(("time", "저녁"), ("date", "주말")), skipped=("time", "note"))
    filled = draft.with_value("time", Value("저녁 7시", "19:00"))
    assert filled.hints == (("date", "주말"),)
    assert filled.skipped == ("note",)
    assert draft.with_values("time", ()).skipped == ("time", "note")


def test_a_draft_is_begun_by_anything_in_it() -> None:
    assert not Draft("order", asked="items").begun
    assert Draft("order", items=(Item("콜라", 1),)).begun
    assert Draft("order").with_value("name", Value("김민수", "김민수")).begun
