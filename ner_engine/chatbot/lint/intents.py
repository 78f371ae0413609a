"""Intents that cannot win, patterns that are slow or match nothing: rules and their source in, findings out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ner_engine.chatbot.lint.finding import ERROR, WARNING, Finding, Source
from ner_engine.chatbot.lint.samples import samples
from ner_engine.chatbot.rules import Intent, Rules
from ner_engine.chatbot.turn.match import core
from ner_engine.rules.linear import why_not_linear, worst_steps

__all__ = ["intent_findings"]

_SHORT, _LONG = 20, 40  # characters: how the steps grow from one to the other tells how they go on growing
_MOST_STEPS = 10**7  # from one place of the longest text, at worst: what takes a tenth of a second
_JAMO = re.compile("[ㄱ-ㅣ]")
# Acts that only count inside a form: outside of one their words are free for others.
_INSIDE = frozenset({"remove", "replace", "more", "change", "enough"})


@dataclass(frozen=True, slots=True)
class _Evidence:
    """One thing an intent is recognised by. ``key`` is the same for what matches the same."""

    intent: Intent
    place: str
    kind: str
    key: str


def intent_findings(rules: Rules, source: Source) -> Iterator[Finding]:
    """What is wrong with the intents, and with the other patterns of the file."""
    evidence = [one for intent in rules.intents for one in _evidence(intent, source)]
    yield from _shadowed(rules, source, evidence)
    for intent in rules.intents:
        yield from _barred(intent, source)
        for place, word in source.written(f"intents.{intent.name}.keywords"):
            if len(re.sub(r"[\s*]", "", word)) < 2 and not _JAMO.search(word):  # ㄳ begins no other word
                hint = "one syllable begins many words; write more of it, or a pattern"
                yield source.finding(place, "short-keyword", WARNING, f"{word!r} is one syllable long", hint)
    for place in _pattern_places(rules, source):
        yield from _slow(place, source.texts[place], source, rules.limits.max_chars)


def _evidence(intent: Intent, source: Source) -> Iterator[_Evidence]:
    for kind, key in (("exact", core), ("keywords", _folded), ("patterns", str)):
        for place, text in source.written(f"intents.{intent.name}.{kind}"):
            yield _Evidence(intent, place, kind, key(text))


def _folded(word: str) -> str:
    return " ".join(word.split()).casefold()


def _shadowed(rules: Rules, source: Source, evidence: list[_Evidence]) -> Iterator[Finding]:
    """What another intent is recognised by too, and always wins; an intent with nothing else can never win."""
    by_key: dict[tuple[str, str], list[_Evidence]] = {}
    for one in evidence:
        by_key.setdefault((one.kind, one.key), []).append(one)
    lost: dict[str, list[tuple[_Evidence, _Evidence]]] = {}
    for one in evidence:
        winner = _winner(rules, by_key[one.kind, one.key], one)
        if winner is not None:
            lost.setdefault(one.intent.name, []).append((one, winner))
    for name, pairs in lost.items():
        intent = pairs[0][0].intent
        if not intent.entities and len(pairs) == sum(one.intent is intent for one in evidence):
            others = ", ".join(dict.fromkeys(winner.intent.name for _, winner in pairs))
            message = f"can never win: all it is recognised by belongs to {others} too"
            yield source.finding(
                f"intents.{name}", "never-wins", ERROR, message, "give it a higher priority or other words"
            )
            continue
        for one, winner in pairs:
            where = f"{winner.intent.name} (line {source.line(winner.place)})"
            message = f"{source.texts[one.place]!r} always goes to {where}"
            yield source.finding(one.place, "shadowed", WARNING, message, "take it out of one of them")


def _winner(rules: Rules, rivals: list[_Evidence], one: _Evidence) -> _Evidence | None:
    """What wins in every context in which this could count, None if nothing does."""
    rank = {
        intent.name: (not intent.urgent, -intent.priority, i)  # the lowest wins
        for i, intent in enumerate(rules.intents)
    }
    won: _Evidence | None = None
    for context in one.intent.when:
        if context == "idle" and one.intent.do in _INSIDE:
            continue
        better = [
            rival
            for rival in rivals
            if rival.intent is not one.intent
            and context in rival.intent.when
            and not rival.intent.needs
            and (rival.intent.unless is None or rival.intent.unless == one.intent.unless)
            and not (context == "idle" and rival.intent.do in _INSIDE)
            and rank[rival.intent.name] < rank[one.intent.name]
        ]
        if not better:
            return None
        won = won or better[0]
    return won


def _barred(intent: Intent, source: Source) -> Iterator[Finding]:
    """What its own ``unless`` forbids."""
    if intent.unless is None:
        return
    hint = "change the one or the other"
    if intent.unless.search("") is not None:
        message = "matches every text, so that the intent never counts"
        yield source.finding(f"intents.{intent.name}.unless", "never-matches", ERROR, message, hint)
        return
    for kind in ("exact", "keywords"):
        for place, text in source.written(f"intents.{intent.name}.{kind}"):
            if intent.unless.search(text.removeprefix("*")):
                message = f"{text!r} never counts: unless matches it"
                yield source.finding(place, "never-matches", WARNING, message, hint)
    places = source.written(f"intents.{intent.name}.patterns")
    for (place, _), pattern in zip(places, intent.patterns, strict=True):
        found = samples(pattern)
        if found and all(intent.unless.search(text) for text in found):
            message = f"never counts: unless matches whatever it matches, such as {found[0]!r}"
            yield source.finding(place, "never-matches", WARNING, message, hint)


def _pattern_places(rules: Rules, source: Source) -> Iterator[str]:
    """Where regular expressions stand that the reader does not hold to linear time."""
    for intent in rules.intents:
        for kind in ("patterns", "unless"):
            yield from (place for place, _ in source.written(f"intents.{intent.name}.{kind}"))
    for form in rules.forms.values():
        for slot in form.slots:
            yield from (place for place, _ in source.written(f"forms.{form.name}.slots.{slot.name}.pattern"))


def _slow(place: str, regex: str, source: Source, max_chars: int) -> Iterator[Finding]:
    """Patterns whose search takes more than a moment in the longest text that is read."""
    unless = place.endswith(".unless")
    objection = why_not_linear(regex, ignore_case=True, longest=_LONG, most_steps=10**8)
    if objection == "matches the empty text":
        if not unless:  # which is told already
            hint = "an empty match never counts; let it match at least one character"
            yield source.finding(place, "empty-pattern", WARNING, "matches the empty text", hint)
        return
    steps = math.inf
    if not objection:
        short, long = (worst_steps(regex, ignore_case=True, longest=size) for size in (_SHORT, _LONG))
        growth = math.log(max(long / short, 1), _LONG / _SHORT)
        steps = long * (max_chars / _LONG) ** growth
    elif "steps" not in objection:
        return  # refers back to a group and the like: slow or not, nobody can tell
    if steps <= _MOST_STEPS:
        return
    often = "billions of" if math.isinf(steps) else f"{steps:,.0f}"
    message = f"may take {often} steps from one place of a text of {max_chars} characters: {regex}"
    hint = "give its repetitions an upper bound, {0,20} for * and .{0,20} for .*"
    yield source.finding(place, "slow-pattern", WARNING, message, hint)
