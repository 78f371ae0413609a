"""What a transcript asserts of a turn: the state after it and its actions in, what is otherwise out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ner_engine.chatbot.action.calls import ActionCall
from ner_engine.chatbot.playback.transcript import Check
from ner_engine.chatbot.rules import Rules
from ner_engine.chatbot.state import Draft, State

__all__ = ["failure"]


def failure(rules: Rules, state: State, calls: Sequence[ActionCall], check: Check) -> str:
    """What is not as a ``! `` line says, as a clause; ``""`` if all is. ``calls`` are those of the turn."""
    if check.kind == "slot":
        held = _held(rules, state, check.name)
        if held is None:
            return f"expected a slot {check.name!r}; no form in hand or done has one"
        return "" if held == check.value else f"expected {check.name} {check.value!r}; got {held!r}"
    made = "; ".join(f"{c.name} {c.form} {_json(_values(c))}" for c in calls) or "no action"
    if check.kind == "no action":
        return f"expected no action; got {made}" if calls else ""
    if any(_called(call, check) for call in calls):
        return ""
    wanted = f"{check.name} {check.form}".strip()
    return f"expected {wanted} {_json(dict(check.values))}; got {made}"


def _held(rules: Rules, state: State, slot: str) -> str | None:
    """What a slot holds: in the draft in hand, else in what was done last, else in a draft that waits."""
    done = [Draft(d.form, d.values, d.items) for d in reversed(state.done)]
    for draft in (*state.drafts[-1:], *done, *reversed(state.drafts[:-1])):
        form = rules.forms.get(draft.form)
        found = None if form is None else form.slot(slot)
        if found is None:
            continue
        if found.type == "items":
            return ", ".join(f"{item.name} {item.count}" for item in draft.items)
        return ", ".join(str(value.data) for value in draft.all_values(slot))
    return None


def _values(call: ActionCall) -> dict[str, Any]:
    """The values of a call, its dishes among them by name."""
    values = dict(call.values)
    if call.items:
        values["items"] = {item.name: item.count for item in call.items}
    if call.replaces:
        values["replaces"] = call.replaces
    return values


def _called(call: ActionCall, check: Check) -> bool:
    values = _values(call)
    return (
        call.name == check.name
        and check.form in ("", call.form)
        and all(key in values and values[key] == value for key, value in check.values)
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
