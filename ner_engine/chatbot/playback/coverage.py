"""What a set of talks has reached of a bot: rules and turns in, parts with what was hit and missed out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ner_engine.chatbot.playback.playing import Seen
from ner_engine.chatbot.rules import Rules
from ner_engine.chatbot.sayings import all_sayings
from ner_engine.chatbot.state import Done, Draft, State

__all__ = ["Part", "coverage", "total"]

_PROBLEM = re.compile(r"forms\.(?P<form>[^.]+)\.slots\.(?P<slot>[^.]+)\.problems\.(?P<kind>[^.]+)")
_OUTCOME = re.compile(r"forms\.[^.]+\.done(?:$|\.)")


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of thing a bot has: its names, those reached and those not, each in the order of the rules."""

    name: str
    hit: tuple[str, ...]
    missed: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.hit) + len(self.missed)

    @property
    def percent(self) -> float:
        """How many of them were reached; 100 where there are none."""
        return 100 * len(self.hit) / self.count if self.count else 100.0


def coverage(rules: Rules, seen: Iterable[Seen]) -> tuple[Part, ...]:
    """Intents followed, slots filled, problems provoked, replies given, outcomes met, forms ended."""
    turns = list(seen)
    given = {key for turn in turns for key in turn.replies}
    sayings = all_sayings(rules)
    problems = [key for key in sayings if _PROBLEM.fullmatch(key)]
    replies = [key for key in sayings if key not in problems and not _OUTCOME.match(key)]
    outcomes = [f"{form.name}.{name}" for form in rules.forms.values() for name in form.outcomes]
    met = {f"{form}.{name}" for turn in turns for form, name in turn.outcomes}
    slots = [f"{form.name}.{slot.name}" for form in rules.forms.values() for slot in form.slots]
    ends = [f"{form} {end}" for form in rules.forms for end in ("completed", "cancelled")]
    return (
        _part("intents", [intent.name for intent in rules.intents], {turn.chosen for turn in turns}),
        _part("slots", slots, {name for turn in turns for name in _filled(rules, turn.after)}),
        _part("problems", [_problem(key) for key in problems], {_problem(key) for key in given}),
        _part("replies", replies, given),
        _part("outcomes", outcomes, met),
        _part("forms", ends, {end for turn in turns for end in _ended(turn)}),
    )


def total(parts: Iterable[Part]) -> float:
    """The percentage over all parts, each thing counting once."""
    parts = tuple(parts)
    count = sum(part.count for part in parts)
    return 100 * sum(len(part.hit) for part in parts) / count if count else 100.0


def _part(name: str, names: Iterable[str], reached: set[str]) -> Part:
    names = tuple(names)
    return Part(name, tuple(n for n in names if n in reached), tuple(n for n in names if n not in reached))


def _problem(key: str) -> str:
    """``forms.visit.slots.date.problems.past`` is ``visit.date.past``."""
    match = _PROBLEM.fullmatch(key)
    return f"{match['form']}.{match['slot']}.{match['kind']}" if match else key


def _filled(rules: Rules, state: State) -> Iterator[str]:
    every: list[Draft | Done] = [*state.drafts, *state.done]
    for held in every:
        yield from (f"{held.form}.{slot}" for slot, values in held.values if values)
        form = rules.forms.get(held.form)
        if held.items and form is not None and form.items is not None:
            yield f"{held.form}.{form.items.name}"


def _ended(turn: Seen) -> Iterator[str]:
    """The forms that were completed in a turn, and those given up: open before, neither open nor done after."""
    before = {done.record for done in turn.before.done}
    completed = {done.form for done in turn.after.done if done.record not in before}
    still = {draft.form for draft in turn.after.drafts}
    yield from (f"{form} completed" for form in completed)
    if "replies.cancelled" in turn.replies:
        yield from (f"{d.form} cancelled" for d in turn.before.drafts if d.form not in still | completed)
