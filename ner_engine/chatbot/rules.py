"""The rules of a bot as frozen values, and what the code relies on finding in them.

``rulefile`` reads them from YAML; everything else of the chatbot reads them here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal

from ner_engine.chatbot.order.menu import Dish
from ner_engine.chatbot.replies import Saying
from ner_engine.chatbot.vocabulary import CONTEXTS
from ner_engine.rules.gazetteer import Gazetteer
from ner_engine.rules.patterns import PatternMatcher

__all__ = [
    "NO",
    "YES",
    "ActionSpec",
    "Form",
    "Hours",
    "Intent",
    "Limits",
    "Option",
    "OutcomeText",
    "Role",
    "Rules",
    "Slot",
    "option_label",
]

# What a yes_no slot may hold, as ``when`` of another slot names it.
YES, NO = "네", "아니요"


@dataclass(frozen=True, slots=True)
class Hours:
    """When the shop is open; ``closed`` are weekdays, Monday 0.

    ``breaks`` are stretches of the day in which nothing is taken, ``days`` weekdays with hours of their own;
    ``holidays`` tells that the shop rests on public holidays, ``feasts`` on which of them alone (none: on all).
    """

    opens: time
    closes: time
    closed: tuple[int, ...] = ()
    breaks: tuple[tuple[time, time], ...] = ()
    holidays: bool = False
    days: tuple[tuple[int, time, time], ...] = ()
    feasts: tuple[str, ...] = ()

    def rests_on(self, feast: str) -> bool:
        """Whether the shop is closed on a public holiday, by its standard name (``추석 전날``)."""
        return self.holidays and (not self.feasts or feast.startswith(self.feasts))

    def on(self, day: date | None) -> tuple[time, time]:
        """From when until when the shop is open on a day (None: on most days)."""
        own = {weekday: (opens, closes) for weekday, opens, closes in self.days}
        return own.get(-1 if day is None else day.weekday(), (self.opens, self.closes))


@dataclass(frozen=True, slots=True)
class Role:
    """What marks a mention as the one meant: words right ``before`` it, particles or words right ``after`` it."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose: ``name`` is what is kept, ``shown`` how replies call it, ``synonyms`` other words."""

    name: str
    shown: str
    synonyms: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Everything it is called."""
        return tuple(dict.fromkeys((self.name, self.shown, *self.synonyms)))


def option_label(form: str, slot: str) -> str:
    """The label under which the options of a choice are found; no entity label can look like it."""
    return f"{form}.{slot}"


@dataclass(frozen=True, slots=True)
class Slot:
    """One thing a form has to know. Which fields count depends on ``type``.

    Of every type: ``labels`` are the entity labels that fill it, ``words`` what people call it (시간 바꿀게요),
    ``optional`` that it may be left out, ``default`` an answer it begins with, ``many`` that it holds up to
    ``most_values`` values, ``role`` what tells its mentions from those of other slots, ``when`` the values
    other slots must have for it to be asked at all.

    Of counts: ``units`` are the classifiers, ``count_label`` the label that counts of dishes carry, ``adds``
    words whose counts are summed (어른 둘 아이 하나). ``reject`` are answers that are no name; ``hours`` is the
    shop's where its days and times bind this slot. ``yes`` and ``no`` are what the two answers are called, and
    what else stands for them (처음이에요).
    """

    name: str
    title: str
    type: str
    ask: Saying
    retry: Saying
    problems: Mapping[str, Saying]
    labels: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    optional: bool = False
    unasked: bool = False
    default: str = ""
    many: bool = False
    most_values: int = 9
    role: Role | None = None
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()
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
    step_minutes: int = 1
    closed: tuple[int, ...] = ()
    within_days: int = 365
    holidays: bool = True
    hours: Hours | None = None
    shortest: Decimal | None = None
    longest: Decimal | None = None
    contact: str = "phone"
    address: bool = False
    options: tuple[Option, ...] = ()
    yes: Option | None = None
    no: Option | None = None
    pattern: re.Pattern[str] | None = None
    check: str = ""
    show: str = ""
    min_chars: int = 1

    @property
    def label(self) -> str:
        """The first of its labels, or ``""``."""
        return self.labels[0] if self.labels else ""

    def problem(self, kind: str) -> Saying:
        """The text for what is wrong with an answer; the retry where the file has none for it."""
        return self.problems.get(kind, self.retry)


@dataclass(frozen=True, slots=True)
class OutcomeText:
    """What follows an outcome of a form's action: words, slots emptied and asked again, a person, a form."""

    say: Saying | None = None
    clear: tuple[str, ...] = ()
    hand_over: bool = False
    start: str = ""


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """How an action is run: a Python function (``package.module:function``) or a webhook, one of the two."""

    name: str
    python: str = ""
    webhook: str = ""
    timeout_s: float = 5.0
    secret_env: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """Something the bot takes down step by step: an order, a reservation.

    Without ``confirm`` it is done as soon as its slots are filled. ``action`` names one of the rule file's, or is
    ``""`` where the form is recorded in the book, whose outcome is ``"ok"``.
    """

    name: str
    title: str
    opening: Saying
    slots: tuple[Slot, ...]
    outcomes: Mapping[str, OutcomeText]
    confirm: Saying | None = None
    change: Saying | None = None
    unclear_confirm: Saying | None = None
    more: Saying | None = None
    unclear_more: Saying | None = None
    action: str = ""
    withdrawn: Saying | None = None

    def slot(self, name: str) -> Slot | None:
        """The slot of a name, or None."""
        return next((slot for slot in self.slots if slot.name == name), None)

    @property
    def items(self) -> Slot | None:
        """The slot that holds dishes, if the form has one."""
        return next((slot for slot in self.slots if slot.type == "items"), None)


@dataclass(frozen=True, slots=True)
class Intent:
    """Something people want, and how it is recognised. ``line`` is where it stands in the rule file.

    ``urgent``: its text is said before anything else and alone, whatever is open, even while a person has the
    conversation; the open question is not put again.
    """

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
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Where patience ends. Each of the last three may be 0: never."""

    max_chars: int = 300
    misses: int = 3
    repeats: int = 3
    minutes: int = 60


@dataclass(frozen=True, slots=True)
class Rules:
    """A whole rule file.

    ``names`` finds what the bot knows by name: the rule file's own entities under their labels, and the options
    of every choice under ``option_label`` of its slot; ``patterns`` finds what has a shape of its own.
    """

    path: str
    name: str
    facts: Mapping[str, str]
    forms: Mapping[str, Form]
    intents: tuple[Intent, ...]
    replies: Mapping[str, Saying]
    menu: tuple[Dish, ...] = ()
    hours: Hours | None = None
    limits: Limits = Limits()
    actions: Mapping[str, ActionSpec] = field(default_factory=dict)
    names: Gazetteer | None = None
    patterns: PatternMatcher | None = None
    shaped: Mapping[str, str] = field(default_factory=dict)

    @property
    def max_chars(self) -> int:
        """How long an utterance may be."""
        return self.limits.max_chars
