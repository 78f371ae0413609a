"""The rules of a bot as frozen values, and what the code relies on finding in them.

``rulefile`` reads them from YAML; everything else of the chatbot reads them here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

from ner_engine.chatbot.menu import Dish
from ner_engine.chatbot.replies import Saying

__all__ = ["ACTS", "CONTEXTS", "PROBLEMS", "REPLIES", "Form", "Hours", "Intent", "Rules", "Slot"]

# What an intent may do.
ACTS = (
    "reply", "start", "accept", "decline", "enough", "cancel", "remove", "replace", "more", "change", "status",
    "price", "dish", "open_now", "repeat",
)  # fmt: skip

# When an intent may apply: by what was asked last.
CONTEXTS = ("idle", "slot", "more", "count", "change", "confirm", "offer")

# The replies the code itself gives, and the values each is certain to have.
REPLIES: Mapping[str, frozenset[str]] = {
    name: frozenset(values.split())
    for name, values in {
        "welcome": "",
        "bye": "",
        "bye_unfinished": "form",
        "empty": "",
        "emoji": "",
        "too_long": "limit",
        "fallback_1": "",
        "fallback_2": "",
        "fallback_3": "",
        "yes_idle": "",
        "no_idle": "",
        "nothing_open": "",
        "cancelled": "form",
        "switch": "old new",
        "resume_offer": "form",
        "resumed": "form",
        "resume_declined": "form",
        "back": "form",
        "noted": "noted",
        "changed": "noted",
        "cleared": "slot",
        "status": "form summary",
        "status_none": "",
        "added": "added",
        "added_more": "added count",
        "set": "item",
        "replaced": "old new",
        "removed": "removed",
        "reduced": "item",
        "emptied": "",
        "order_empty": "",
        "not_in_order": "food",
        "not_on_menu": "food similar",
        "not_on_menu_alone": "food",
        "did_you_mean": "food guess",
        "guess_declined": "",
        "price": "food price",
        "total": "items total",
        "has_dish": "food price",
        "price_list": "",
        "open_now": "",
        "closed_now": "",
        "open_day": "day",
        "closed_day": "day weekday",
        "repeat_idle": "",
    }.items()
}

# What may be wrong with an answer, by slot type: each has its text under ``problems``, with these values.
PROBLEMS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "items": {"vague": frozenset({"food", "unit"}), "range": frozenset({"heard", "min", "max"})},
    "date": {
        "vague": frozenset({"heard"}),
        "past": frozenset({"heard"}),
        "closed": frozenset({"heard", "closed"}),
        "far": frozenset({"heard", "days"}),
    },
    "time": {
        "vague": frozenset({"heard"}),
        "outside": frozenset({"heard", "from", "to"}),
        "past": frozenset({"heard"}),
    },
    "count": {"vague": frozenset({"heard"}), "range": frozenset({"heard", "min", "max"})},
    "name": {},
    "text": {},
}


@dataclass(frozen=True, slots=True)
class Slot:
    """One thing a form has to know. Which fields count depends on ``type``.

    ``label`` is the entity label that fills it, ``words`` what people call it (``시간 바꿀게요``), ``units`` the
    classifiers of its counts, ``count_label`` the label that counts of dishes carry, ``adds`` words whose counts
    are summed (``어른 둘 아이 하나``), ``reject`` answers that are no name.
    """

    name: str
    title: str
    type: str
    ask: Saying
    retry: Saying
    problems: Mapping[str, Saying]
    label: str = ""
    words: tuple[str, ...] = ()
    count_label: str = ""
    units: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    reject: tuple[str, ...] = ()
    suffix: str = ""
    least: int = 1
    most: int = 99
    assume: int | None = None
    opens: time = time(0, 0)
    closes: time = time(23, 59)
    closed: tuple[int, ...] = ()
    within_days: int = 365
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """Something the bot takes down step by step: an order, a reservation."""

    name: str
    title: str
    opening: Saying
    slots: tuple[Slot, ...]
    confirm: Saying
    change: Saying
    unclear_confirm: Saying
    done: Saying
    more: Saying | None = None
    unclear_more: Saying | None = None

    def slot(self, name: str) -> Slot | None:
        """The slot of a name, or None."""
        return next((slot for slot in self.slots if slot.name == name), None)

    @property
    def items(self) -> Slot | None:
        """The slot that holds dishes, if the form has one."""
        return next((slot for slot in self.slots if slot.type == "items"), None)


@dataclass(frozen=True, slots=True)
class Intent:
    """Something people want, and how it is recognised. ``line`` is where it stands in the rule file."""

    name: str
    do: str
    line: int
    form: str = ""
    say: Saying | None = None
    exact: tuple[str, ...] = ()
    keywords: tuple[tuple[str, re.Pattern[str]], ...] = ()
    patterns: tuple[re.Pattern[str], ...] = ()
    entities: tuple[tuple[str, int], ...] = ()
    needs: tuple[str, ...] = ()
    unless: re.Pattern[str] | None = None
    when: tuple[str, ...] = CONTEXTS
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Hours:
    """When the shop is open; ``closed`` are weekdays, Monday 0."""

    opens: time
    closes: time
    closed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """A whole rule file."""

    path: str
    facts: Mapping[str, str]
    forms: Mapping[str, Form]
    intents: tuple[Intent, ...]
    replies: Mapping[str, Saying]
    menu: tuple[Dish, ...] = ()
    hours: Hours | None = None
    max_chars: int = 300
