"""What the console's commands show: entities, a turn's reasons, the state, the turns so far, as lines of text.

Values of the conversation go in, text comes out; where it goes is the caller's business.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ner_engine.chatbot.action.calls import BUILT_IN, ActionCall, Outcome
from ner_engine.chatbot.dialogue import Trace
from ner_engine.chatbot.mention.naming import find_named
from ner_engine.chatbot.rules import Form, Rules, Slot
from ner_engine.chatbot.state import CHANGE, CONFIRM, COUNT, MORE, Draft, State, Value
from ner_engine.josa import leading_josa
from ner_engine.spans import Entity

__all__ = [
    "Exchange",
    "recognised",
    "show_entities",
    "show_history",
    "show_state",
    "show_value",
    "show_why",
    "summary",
    "transcript_of",
]

_ASKED = {MORE: "더 필요한 것", CONFIRM: "이대로 할지", CHANGE: "무엇을 바꿀지", COUNT: "개수"}
_LONGEST_JOSA = 8


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was typed (``""``: it is the greeting), what came back, when, and what the actions came to."""

    typed: str
    reply: str
    at: datetime
    outcomes: tuple[tuple[str, Outcome], ...] = ()


def recognised(rules: Rules, text: str, entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """What is known of a text: the extractor's entities and the rule file's own, none overlapping, by place."""
    found = list(entities)
    for named in find_named(rules, text):
        if not named.label.isidentifier():
            continue  # an option of a choice is no entity of its own
        found = [e for e in found if not named.hides(e.start, e.end, e.label)]
        if any(e.start < named.end and named.start < e.end for e in found):
            continue
        josa = leading_josa(text[named.end : named.end + _LONGEST_JOSA])
        source = "gazetteer" if named.source == "names" else "pattern"
        words = text[named.start : named.end]
        found.append(
            Entity(words, named.start, named.end, named.label, source=source, josa=josa, canonical=named.name)
        )
    return tuple(sorted(found, key=lambda e: e.start))


def show_value(entity: Entity) -> str:
    """What an entity means in a word: ``2026-11-22``, ``19:00``, ``35000 KRW``; ``""`` where nothing is known."""
    value = entity.value
    given: Any = value.to_dict() if hasattr(value, "to_dict") else value
    if isinstance(given, Mapping):
        unit = given.get("unit") or given.get("currency") or ""
        amount = given.get("value", "")
        upper = given.get("upper")
        said = f"{amount}~{upper}" if isinstance(upper, int | float) else str(amount)
        return f"{said} {unit}".strip()
    return str(given) if given is not None else entity.canonical


def summary(entities: Sequence[Entity]) -> str:
    """One line of what was recognised: ``내일 DT 2026-11-22 · 저녁 7시 TI 19:00``."""
    return " · ".join(" ".join(filter(None, (_flat(e.text), e.label, show_value(e)))) for e in entities)


def show_entities(entities: Sequence[Entity]) -> str:
    """Every entity with its place, score, source, value and the name it is known by."""
    if not entities:
        return "찾은 개체명이 없어요."
    lines = []
    for e in entities:
        line = f"{e.label:<5} [{e.start}, {e.end}) {_flat(e.text)}  {e.score:.2f} {e.source}"
        if value := show_value(e) if e.value is not None else "":
            line += f"  값 {value}"
        if e.canonical:
            line += f"  대표 이름 {e.canonical}"
        lines.append(line)
    return "\n".join(lines)


def show_why(
    trace: Trace, rules: Rules, *, actions: Sequence[tuple[ActionCall, Outcome]] = (), explanation: str = ""
) -> str:
    """Where a reply comes from: intents with their evidence and line, slots, replies, actions, entities."""
    lines = []
    for hit in trace.hits:
        chosen = "→" if hit.intent.name == trace.chosen else " "
        place = f"{rules.path}:{hit.intent.line}"
        lines.append(f"{chosen} {hit.intent.name} {hit.score}점: {', '.join(hit.evidence)}  ({place})")
    if not trace.hits:
        lines.append("걸린 의도가 없어요.")
    lines += [f"  칸: {event}" for event in trace.events]
    lines.append(f"  대답: {', '.join(trace.replies)}")
    lines += [f"  한 일: {_action(call)} → {outcome.name}" for call, outcome in actions]
    lines += [f"  개체명: {line}" for line in explanation.splitlines()]
    return "\n".join(lines)


def _action(call: ActionCall) -> str:
    given: dict[str, Any] = dict(call.values)
    if call.items:
        given["items"] = {item.name: item.count for item in call.items}
    if call.replaces:
        given["replaces"] = call.replaces
    return f"{call.name} {call.form} {_json(given)} (id {call.id})"


def show_state(state: State, rules: Rules) -> str:
    """The open form with its slots, what waits, what was done, as lines of a name and JSON."""
    lines = []
    for draft in reversed(state.drafts):
        if (form := rules.forms.get(draft.form)) is not None:
            lines += _draft(draft, form, in_hand=draft is state.draft)
    if not lines:
        lines.append("열린 양식: 없음")
    for done in state.done:
        form = rules.forms.get(done.form)
        lines.append(f"마친 양식: {done.form if form is None else form.title} ({done.form}), 번호 {done.record}")
    if state.handed_over:
        lines.append("사람에게 넘김: true")
    lines.append(f"말 순서: {state.turn}, 못 알아들음: {state.misses}, 되물음: {state.repeats}")
    return "\n".join(lines)


def _draft(draft: Draft, form: Form, *, in_hand: bool) -> list[str]:
    lines = [f"{'열린' if in_hand else '놓아둔'} 양식: {form.title} ({form.name})"]
    for slot in form.slots:
        held = _held(draft, slot)
        asked = "  ← 지금 묻는 것" if in_hand and draft.asked == slot.name else ""
        lines.append(f"  {slot.title} ({slot.name}): {held}{asked}")
    if in_hand and draft.asked in _ASKED:
        lines.append(f"  지금 묻는 것: {_ASKED[draft.asked]}")
    if draft.hints:
        lines.append(f"  반쯤 들은 것: {_json(dict(draft.hints))}")
    return lines


def _held(draft: Draft, slot: Slot) -> str:
    if slot.type == "items":
        return _json({item.name: item.count for item in draft.items}) if draft.items else "비어 있음"
    values = draft.all_values(slot.name)
    if not values:
        return "건너뜀" if slot.name in draft.skipped else "비어 있음"
    return ", ".join(map(_value, values))


def _value(value: Value) -> str:
    data = _json(value.data)
    return data if value.shown == value.data else f"{data} ({value.shown})"


def show_history(earlier: Sequence[tuple[str, str]], exchanges: Sequence[Exchange]) -> str:
    """What was said so far. ``earlier`` are texts and replies from before the console was opened."""
    turns = [*earlier, *((e.typed, e.reply) for e in exchanges)]
    lines: list[str] = []
    for typed, reply in turns:
        if typed:
            lines.append(f"> {_flat(typed)}")
        lines += [f"< {line}" for line in reply.split("\n")]
    return "\n".join(lines) if lines else "아직 나눈 말이 없어요."


def transcript_of(
    exchanges: Sequence[Exchange],
    *,
    leave: str,
    bot: str,
    seed: int = 0,
    extractor: str = "",
    remark: str = "",
) -> str:
    """The conversation as a transcript that can be played again: a complaint becomes a test.

    Its greeting comes first in ``exchanges``; ``leave`` is what the bot says when the lines end. The clock stands
    still to the minute, and goes on by ``# wait:`` where minutes went by; actions have the outcomes they had.
    """
    now = _minute(exchanges[0].at)
    lines = [f"# bot: {bot}", f"# now: {now:%Y-%m-%dT%H:%M}"]
    lines += [f"# seed: {seed}"] if seed else []
    lines += [f"# extractor: {extractor}"] if extractor else []
    lines += [f"## {remark}"] if remark else []
    for exchange in exchanges:
        minutes = int((_minute(exchange.at) - now).total_seconds()) // 60
        if minutes > 0:
            lines.append(f"# wait: {minutes}m")
            now = _minute(exchange.at)
        lines += [_scripted(name, outcome) for name, outcome in exchange.outcomes if name not in BUILT_IN]
        lines += [f"> {_flat(exchange.typed)}"] if exchange is not exchanges[0] else []
        lines += [f"< {line}" for line in exchange.reply.split("\n")]
    lines += [f"< {line}" for line in leave.split("\n")]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _scripted(name: str, outcome: Outcome) -> str:
    facts = f" {_json(dict(outcome.facts))}" if outcome.facts else ""
    return f"# outcome: {name} {outcome.name}{facts}"


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0, tzinfo=None)


def _flat(text: str) -> str:
    """On one line, as a transcript and a list need it."""
    return " ".join(text.splitlines()) if len(text.splitlines()) > 1 else text


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
