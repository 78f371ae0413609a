"""Which of the forms completed in a conversation is meant: an utterance in, those that it may mean out."""

from __future__ import annotations

import re
from dataclasses import replace

from ner_engine.chatbot.order.menu import lookup
from ner_engine.chatbot.rules import Form
from ner_engine.chatbot.state import Done, Draft
from ner_engine.chatbot.turn.fill import fill_form
from ner_engine.chatbot.turn.talk import Talk

__all__ = ["LATELY", "dishes_named", "draft_of", "meant", "picked", "turn_of"]

LATELY = 2  # turns for which what was completed last is what one is speaking of
_LAST = re.compile(r"방금|마지막|지금\s?(?:그|한)|이번")
_ALL = re.compile(r"(?<![가-힣])(?:둘\s?다|다|전부|모두|싹|몽땅)\s?취소")
_FIRST = re.compile(r"처음|(?:맨|제일)\s?먼저|먼저\s?(?:한|했던|거)")
_NTH = re.compile(r"(?<![가-힣\d])(?:(?P<nth>첫|두|세|네|다섯)\s?(?:번\s?)?째|(?P<number>[1-9])\s?번)")
_ORDINALS = {"첫": 1, "두": 2, "세": 3, "네": 4, "다섯": 5}


def meant(talk: Talk) -> tuple[Done, ...]:
    """What was completed and may be meant: one, where that is clear; none, where nothing of the kind was.

    The title of a form, what it holds (``금요일 예약``) and its place (``처음 예약``) tell them apart; else what
    was completed just now is meant.
    """
    known = [done for done in talk.state.done if done.form in talk.rules.forms]
    titled = {name for name, form in talk.rules.forms.items() if form.title in talk.heard}
    named = [done for done in known if done.form in titled] if titled else known
    if _ALL.search(talk.heard) and not any(_mentioned(talk, done) for done in named):  # 둘 다, 전부
        return tuple(named)
    found = picked(talk, named)
    if found is not None:
        return (found,)
    fitting = [done for done in named if _mentioned(talk, done)] or named
    if fitting and talk.state.turn - turn_of(fitting[-1]) <= LATELY:
        return (fitting[-1],)
    return tuple(fitting)


def picked(talk: Talk, among: list[Done]) -> Done | None:
    """The one that is told apart by its place or by what it holds; None where none or several are."""
    if not among:
        return None
    if _LAST.search(talk.heard):
        return among[-1]
    place = _NTH.search(talk.heard)
    if _FIRST.search(talk.heard):
        return among[0]
    if place is not None:
        nth = _ORDINALS[place["nth"]] if place["nth"] else int(place["number"])
        return among[nth - 1] if nth <= len(among) else None
    fitting = [done for done in among if _mentioned(talk, done)]
    return fitting[0] if len(fitting) == 1 else None


def _mentioned(talk: Talk, done: Done) -> bool:
    """Whether something that it holds is named."""
    form = talk.rules.forms[done.form]
    if dishes_named(talk, done):
        return True
    have = {name: {value.data for value in values} for name, values in done.values}
    filling = fill_form(_plainly(form), Draft(form.name), talk.mentions, talk.text, now=talk.now, plain=False)
    return any(
        value.data in have.get(name, ()) for name in filling.filled for value in filling.draft.all_values(name)
    )


def dishes_named(talk: Talk, done: Done) -> set[str]:
    """Those of its dishes that are named."""
    items = talk.rules.forms[done.form].items
    if items is None:
        return set()
    named = [lookup(talk.rules.menu, m.text) for m in talk.mentions if m.label in items.labels]
    return {dish.name for dish in named if dish is not None} & {item.name for item in done.items}


def _plainly(form: Form) -> Form:
    """A form whose slots may all be named, whatever the others hold."""
    return replace(form, slots=tuple(replace(slot, when=()) for slot in form.slots))


def draft_of(done: Done) -> Draft:
    """What was completed as a draft that amends it."""
    return Draft(done.form, values=done.values, items=done.items, record=done.record)


def turn_of(done: Done) -> int:
    """The turn in which it was completed."""
    number = done.record.split("-", 1)[0]
    return int(number) if number.isdecimal() else 0
