"""What was mentioned lately, so that ``그걸로`` and ``그날`` have something to stand for.

``remember`` takes a turn that is over and gives the state with its mentions added: what the user named, what
slots took, and the list of things the bot's own reply named. ``lately`` finds them again, the newest first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime

from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.order.menu import find_dishes, lookup
from ner_engine.chatbot.rules import Form, Rules, Slot, option_label
from ner_engine.chatbot.state import Done, Draft, Recent, State, Value
from ner_engine.chatbot.turn.talk import Talk
from ner_engine.values import Clock, DateValue, TimeValue, parse_at

__all__ = ["kind_of", "lately", "remember", "utterances"]

_MOST = 12
_TURNS = 6  # how old a mention may be
_LISTED = 2  # how many turns a list the bot gave may be pointed into
_UTTERANCES, _CHARS = 4, 200  # what is kept of what was said, for the person who may take over
_QUOTED = re.compile("'[^']*'|\"[^\"]*\"|‘[^’]*’|“[^”]*”")
# Amounts stand for nothing that could be pointed at again.
_REFERABLE = ("items", "choice", "date", "time", "moment", "place", "person", "contact", "code")


def kind_of(form: Form, slot: Slot) -> str:
    """The kind of what fills a slot: its label; what has none is of a kind of its own."""
    return option_label(form.name, slot.name) if slot.type == "choice" or not slot.labels else slot.label


def lately(rules: Rules, state: State, kinds: Collection[str]) -> Iterator[Recent]:
    """What of these kinds was mentioned, the newest first; then what the forms of the conversation hold."""
    for recent in reversed(state.recents):
        if recent.label in kinds:
            yield recent
    holders: tuple[Draft | Done, ...] = (*reversed(state.drafts), *reversed(state.done))
    for holder in holders:
        form = rules.forms.get(holder.form)
        if form is not None:
            yield from _held(form, holder, kinds)


def _held(form: Form, holder: Draft | Done, kinds: Collection[str]) -> Iterator[Recent]:
    """What a form holds of these kinds, what came last first."""
    if form.items is not None and set(form.items.labels) & set(kinds):
        for item in reversed(holder.items):
            yield Recent(form.items.label, item.name, item.name)
    for name, values in reversed(holder.values):
        slot = form.slot(name)
        if slot is not None and {kind_of(form, slot), *slot.labels} & set(kinds):
            for value in reversed(values):
                yield _of_value(form, slot, value, 0)


def remember(talk: Talk) -> State:
    """The state with the turn's mentions among the recent ones, and what was said."""
    state, turn = talk.state, talk.state.turn
    found = [_of_mention(talk, mention) for mention in talk.mentions]
    found += [_of_value(talk.rules.forms[form], slot, value, turn) for form, slot, value in talk.taken]
    new = [recent for recent in found if recent is not None]
    gone = _taken_off(talk)
    new = [recent for recent in new if recent.canonical not in gone]
    kept = [r for r in state.recents if turn - r.turn < _TURNS and r.canonical not in gone]
    last: dict[tuple[str, object], Recent] = {}
    for recent in (*kept, *new):
        key = (recent.label, recent.canonical or recent.data or recent.text)
        last.pop(key, None)
        last[key] = recent
    options = tuple(recent for recent in _listed(talk) if recent.canonical not in gone)
    if not options and state.options and turn - state.options[0].turn <= _LISTED:
        options = state.options
    return replace(state, recents=tuple(last.values())[-_MOST:], options=options, said=utterances(talk))


def _taken_off(talk: Talk) -> set[str]:
    """The dishes that the turn took off an order that goes on: 그거 means none of them next."""
    have = {(draft.form, item.name) for draft in talk.state.drafts for item in draft.items}
    on = {draft.form for draft in talk.state.drafts}
    return {name for form, name in talk.had if form in on and (form, name) not in have}


def utterances(talk: Talk) -> tuple[str, ...]:
    """The last few things that were said, this turn's included."""
    said = talk.state.said
    return (*said, talk.heard[:_CHARS])[-_UTTERANCES:] if talk.heard.strip() else said


def _of_value(form: Form, slot: Slot, value: Value, turn: int) -> Recent:
    canonical = str(value.data) if slot.type == "choice" else ""
    words = value.shown if slot.type == "contact" else str(value.data)  # 010-1234-5678, not +821012345678
    return Recent(kind_of(form, slot), words, canonical, value.data, turn)


def _of_mention(talk: Talk, mention: Mention) -> Recent | None:
    """What a mention may be pointed at as; None for one that fills nothing, or a dish that is not to be had."""
    if mention.canonical and any(
        mention.label == option_label(form.name, slot.name)
        for form in talk.rules.forms.values()
        for slot in form.slots
        if slot.options
    ):
        return Recent(mention.label, mention.canonical, mention.canonical, mention.canonical, talk.state.turn)
    slots = [slot for form in talk.rules.forms.values() for slot in form.slots if mention.label in slot.labels]
    types = {slot.type for slot in slots if slot.type in _REFERABLE}
    if not types:
        return None
    canonical, data = "", ""
    if types <= {"contact", "code"} and not any(c.isdecimal() for c in mention.text):
        return None
    if "items" in types and talk.rules.menu:
        dish = lookup(talk.rules.menu, mention.text)
        if dish is None:
            return None
        canonical = dish.name
    elif types & {"date", "time", "moment"}:
        data = _when(mention.text, mention.label, talk.now)
        if not data:
            return None
    return Recent(mention.label, mention.text, canonical, data, talk.state.turn)


def _when(text: str, label: str, now: datetime) -> str:
    """The day or the time of day a text names, ISO 8601; ``""`` where it names no single one."""
    value = parse_at(text, Clock.at(now), label=label)
    if isinstance(value, DateValue) and value.grain == "day":
        return value.start.isoformat()
    if isinstance(value, TimeValue) and value.end is None and not value.day:
        return value.start.isoformat("minutes")
    return ""


def _listed(talk: Talk) -> Iterator[Recent]:
    """The dishes and options the bot's reply names, in their order; examples in quotation marks are no offer."""
    reply = _QUOTED.sub(" ", talk.spoken())
    rules, turn = talk.rules, talk.state.turn
    found: list[tuple[int, Recent]] = []
    foods = [slot.label for form in rules.forms.values() for slot in form.slots if slot.type == "items"]
    if foods and rules.menu:
        found += [
            (start, Recent(foods[0], dish.name, dish.name, "", turn))
            for start, _, dish in find_dishes(rules.menu, reply)
        ]
    draft = talk.state.draft
    for slot in rules.forms[draft.form].slots if draft is not None else ():
        for option in slot.options:
            at = next((place for name in (option.shown, option.name) if (place := reply.find(name)) >= 0), -1)
            if at >= 0 and draft is not None:
                kind = option_label(draft.form, slot.name)
                found.append((at, Recent(kind, option.name, option.name, option.name, turn)))
    seen: set[tuple[str, str]] = set()
    for _, recent in sorted(found, key=lambda row: row[0]):
        if (recent.label, recent.canonical) not in seen:
            seen.add((recent.label, recent.canonical))
            yield recent
