"""Forms nobody reaches, slots nobody can leave out, limits that contradict the hours, actions without use.

Rules and their source in, findings out.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from ner_engine.chatbot.lint.finding import ERROR, NOTE, WARNING, Finding, Source
from ner_engine.chatbot.rules import Form, Hours, Rules, Slot
from ner_engine.chatbot.showing import WEEKDAYS

__all__ = ["form_findings"]

_LOCAL = ("localhost", "127.0.0.1", "::1")


def form_findings(rules: Rules, source: Source) -> Iterator[Finding]:
    """What is wrong with forms, their slots and outcomes, actions and hours."""
    acts = {intent.do for intent in rules.intents}
    yield from _reached(rules, source, acts)
    yield from _actions(rules, source)
    for form in rules.forms.values():
        yield from _outcomes(form, source)
        for slot in form.slots:
            place = f"forms.{form.name}.slots.{slot.name}"
            if slot.optional and "skip" not in acts:
                message = "optional, but no intent leaves a slot out"
                yield source.finding(place, "no-skip", WARNING, message, "write an intent with 'do: skip'")
            if rules.hours is not None:
                yield from _slot_hours(slot, place, rules.hours, source)
    if rules.hours is not None:
        yield from _hours(rules.hours, source)


def _reached(rules: Rules, source: Source, acts: set[str]) -> Iterator[Finding]:
    """Forms that begin, and that can come to an end."""
    begun = {intent.form for intent in rules.intents if intent.form}
    begun |= {text.start for form in rules.forms.values() for text in form.outcomes.values() if text.start}
    for name, form in rules.forms.items():
        if name not in begun:
            hint = f"write an intent with 'do: start' and 'form: {name}'"
            yield source.finding(
                f"forms.{name}", "never-starts", ERROR, "no intent and no outcome starts it", hint
            )
        if form.confirm is not None and "accept" not in acts:
            message = "asks for a yes, but no intent is one"
            yield source.finding(
                f"forms.{name}.confirm", "no-accept", ERROR, message, "write an intent with 'do: accept'"
            )
    if "restart" not in acts:
        message = "no intent starts over, so that nobody returns from a person to the bot"
        yield source.finding("intents", "no-restart", WARNING, message, "write an intent with 'do: restart'")


def _actions(rules: Rules, source: Source) -> Iterator[Finding]:
    used = {form.action for form in rules.forms.values()}
    for name, spec in rules.actions.items():
        if name not in used:
            message = "no form has this action"
            yield source.finding(
                f"actions.{name}", "unused-action", WARNING, message, f"write 'action: {name}' in a form"
            )
        address = urlsplit(spec.webhook)
        if address.scheme == "http" and address.hostname not in _LOCAL:
            message = f"{spec.webhook} is not encrypted, and carries what people tell the bot"
            yield source.finding(f"actions.{name}.webhook", "not-https", WARNING, message, "use https://")


def _outcomes(form: Form, source: Source) -> Iterator[Finding]:
    place = f"forms.{form.name}.done"
    if not form.action and "error" in form.outcomes:
        message = "without an action nothing can fail; this is never said"
        yield source.finding(
            f"{place}.error", "unreachable-outcome", WARNING, message, "take it out, or name an action"
        )
    if "ok" not in form.outcomes:
        message = "has no text for the outcome ok"
        yield source.finding(
            place, "no-ok", NOTE, message, "write one under 'ok', unless the action never ends so"
        )
    for name, text in form.outcomes.items():
        if text.hand_over and (text.clear or text.start):
            message = "hands over to a person, so that clear and start have no effect"
            yield source.finding(f"{place}.{name}", "unreachable-outcome", WARNING, message, "keep one of them")
        elif text.clear and text.start:
            message = "empties slots of a form and starts another at once"
            yield source.finding(f"{place}.{name}", "unreachable-outcome", WARNING, message, "keep one of them")


def _slot_hours(slot: Slot, place: str, hours: Hours, source: Source) -> Iterator[Finding]:
    """A slot that takes times or days at which the shop is closed, or none at which it is open."""
    spans = [(hours.opens, hours.closes), *((opens, closes) for _, opens, closes in hours.days)]
    first, last = min(opens for opens, _ in spans), max(closes for _, closes in spans)
    shown = f"the shop is open from {first:%H:%M} to {last:%H:%M}"
    if slot.type in ("time", "moment"):
        if f"{place}.from" in source.lines and slot.opens < first:
            message = f"begins at {slot.opens:%H:%M}, but {shown}"
            yield source.finding(
                f"{place}.from", "outside-hours", WARNING, message, "correct the one or the other"
            )
        if f"{place}.to" in source.lines and slot.closes > last:
            message = f"ends at {slot.closes:%H:%M}, but {shown}"
            yield source.finding(f"{place}.to", "outside-hours", WARNING, message, "correct the one or the other")
    missing = [f"{WEEKDAYS[day]}요일" for day in hours.closed if day not in slot.closed]
    if slot.type in ("date", "moment") and slot.hours is None and slot.closed and missing:
        message = f"takes {', '.join(missing)}, when the shop is closed"
        yield source.finding(
            f"{place}.closed", "outside-hours", WARNING, message, "write 'hours: true' to follow the hours"
        )


def _hours(hours: Hours, source: Source) -> Iterator[Finding]:
    for i, (begins, ends) in enumerate(hours.breaks, 1):
        if begins < hours.opens or ends > hours.closes:
            message = f"{begins:%H:%M} to {ends:%H:%M} is not within the hours"
            yield source.finding(f"hours.breaks[{i}]", "outside-hours", WARNING, message)
    for day, _, _ in hours.days:
        if day in hours.closed:
            name = f"{WEEKDAYS[day]}요일"
            message = f"{name} has hours of its own and is closed"
            yield source.finding(
                f"hours.days.{name}", "outside-hours", NOTE, message, "take it out of one of them"
            )
