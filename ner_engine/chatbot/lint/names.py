"""What a bot knows by name, and the labels its rules speak of: rules and their source in, findings out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ner_engine.chatbot.lint.finding import ERROR, WARNING, Finding, Source
from ner_engine.chatbot.rules import Rules
from ner_engine.rules.lint import trailing_particle

__all__ = ["given_labels", "name_findings"]

# Slots that the bot finds in a text by itself, whatever the extractor makes of it.
_FOUND = ("items", "date", "time", "moment", "duration", "quantity", "number", "money", "contact", "place")


@dataclass(frozen=True, slots=True)
class _Called:
    """One name of something: ``thing`` is what it is kept as, ``label`` what kind it is."""

    place: str
    word: str
    thing: str
    label: str


def given_labels(rules: Rules, source: Source, known: frozenset[str]) -> frozenset[str]:
    """The labels a mention may have: the extractor's, the file's own, and those of slots found by their shape."""
    slots = [slot for form in rules.forms.values() for slot in form.slots]
    found = {label for slot in slots if slot.type in _FOUND for label in slot.labels}
    counted = {slot.count_label for slot in slots if slot.count_label}
    return known | _own_labels(source) | found | counted


def name_findings(rules: Rules, source: Source, known: frozenset[str] | None) -> Iterator[Finding]:
    """Names that collide or end in a particle, and labels nothing gives. ``known`` are the extractor's labels."""
    called = [*_entities(source), *_dishes(rules, source), *_options(rules, source)]
    for one in called:
        particle = trailing_particle(one.word)
        if particle:
            message = f"{one.word!r} seems to end in the particle {particle}"
            hint = "particles are recognised without being listed"
            yield source.finding(one.place, "name-particle", WARNING, message, hint)
    yield from _collisions(source, called)
    if known is not None:
        yield from _labels(rules, source, known)


def _own_labels(source: Source) -> frozenset[str]:
    """Those of the file's entities and patterns."""
    return frozenset(
        text
        for place, text in source.texts.items()
        if place.startswith(("entities[", "patterns[")) and place.endswith("].label")
    )


def _named(source: Source, place: str, key: str, label: str) -> Iterator[_Called]:
    name = source.texts[f"{place}.name"]
    yield _Called(f"{place}.name", name, name, label)
    for where, word in source.written(f"{place}.{key}"):
        yield _Called(where, word, name, label)


def _entities(source: Source) -> Iterator[_Called]:
    i = 1
    while (place := f"entities[{i}]") in source.lines:
        yield from _named(source, place, "synonyms", source.texts[f"{place}.label"])
        i += 1


def _dishes(rules: Rules, source: Source) -> Iterator[_Called]:
    label = next((form.items.label for form in rules.forms.values() if form.items is not None), "FOOD")
    for i in range(1, len(rules.menu) + 1):
        yield from _named(source, f"menu[{i}]", "aliases", label)


def _options(rules: Rules, source: Source) -> Iterator[_Called]:
    for form in rules.forms.values():
        for slot in form.slots:
            for i in range(1, len(slot.options) + 1):
                place = f"forms.{form.name}.slots.{slot.name}.options[{i}]"
                yield from _named(source, place, "synonyms", f"{form.name}.{slot.name}")
            for answer in ("yes", "no"):
                place = f"forms.{form.name}.slots.{slot.name}.{answer}.synonyms"
                for where, word in source.written(place):
                    yield _Called(where, word, answer, f"{form.name}.{slot.name}")


def _collisions(source: Source, called: list[_Called]) -> Iterator[Finding]:
    """One word for two things of a kind: which is meant, nobody can tell. Spaces do not count."""
    first: dict[tuple[str, str], _Called] = {}
    for one in called:
        key = (one.label, "".join(one.word.split()).casefold())
        other = first.setdefault(key, one)
        if other is one:
            continue
        where = f"line {source.line(other.place)}"
        if other.thing != one.thing:
            message = f"{one.word!r} stands for {one.thing!r} here and for {other.thing!r} on {where}"
            yield source.finding(one.place, "collision", WARNING, message, "leave it to one of them")
        else:
            message = f"{one.word!r} is there already on {where}"
            yield source.finding(
                one.place, "same-name", WARNING, message, "take one of them out; spaces do not count"
            )


def _labels(rules: Rules, source: Source, known: frozenset[str]) -> Iterator[Finding]:
    named = known | _own_labels(source)
    given = given_labels(rules, source, known)
    hint = f"known are {', '.join(sorted(named))}"
    for form in rules.forms.values():
        for slot in form.slots:
            for key in ("label", "count_label"):
                for place, label in source.written(f"forms.{form.name}.slots.{slot.name}.{key}"):
                    if label not in named:
                        yield source.finding(
                            place, "unknown-label", WARNING, f"nothing gives the label {label}", hint
                        )
    for intent in rules.intents:
        for place, label in source.written(f"intents.{intent.name}.needs"):
            if label not in given:
                message = f"nothing gives the label {label}, so that the intent never counts"
                yield source.finding(place, "unknown-label", ERROR, message, hint)
        for label, _ in intent.entities:
            if label not in given:
                place = f"intents.{intent.name}.entities.{label}"
                yield source.finding(place, "unknown-label", WARNING, f"nothing gives the label {label}", hint)
