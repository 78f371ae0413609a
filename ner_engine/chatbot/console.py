"""The console conversation: lines in, speech out, through an iterator and a callable; nothing is printed here.

``converse`` greets, answers line by line, obeys the slash commands, and takes its leave when the lines end or the
user breaks off. What it says comes with a kind, so that the caller may colour it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ner_engine.chatbot.dialogue import Trace, Turn, farewell, respond, welcome
from ner_engine.chatbot.rules import Rules
from ner_engine.chatbot.state import State
from ner_engine.spans import Entity

__all__ = ["COMMANDS", "Speech", "converse"]

COMMANDS = {
    "/help": "쓸 수 있는 명령을 보여 줍니다",
    "/entities": "방금 한 말에서 찾은 개체명을 보여 줍니다",
    "/why": "방금 대답이 어느 규칙에서 나왔는지 보여 줍니다",
    "/reset": "대화를 처음부터 다시 시작합니다",
    "/quit": "대화를 끝냅니다",
}


@dataclass(frozen=True, slots=True)
class Speech:
    """Something to show: ``kind`` is ``"bot"`` for the bot's words, ``"info"`` for what a command shows."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class _Last:
    """The last utterance, for /entities and /why."""

    text: str
    entities: tuple[Entity, ...]
    trace: Trace


def converse(
    rules: Rules,
    extract: Callable[[str], Sequence[Entity]],
    lines: Iterable[str],
    say: Callable[[Speech], None],
    *,
    clock: Callable[[], datetime],
    seed: int = 0,
) -> State:
    """Hold a whole conversation and return the state it ended in."""
    state = _speak(say, welcome(rules, State(seed=seed), now=clock()))
    last: _Last | None = None
    try:
        for line in lines:
            text = line.rstrip("\r\n")
            command = text.strip().lower()
            if command == "/quit":
                break
            if command == "/reset":
                last = None
                state = _speak(say, welcome(rules, State(seed=seed), now=clock()))
            elif command.startswith("/"):
                say(Speech("info", _obey(command, last, rules)))
            else:
                # A text too long to answer is not worth an extraction.
                entities = tuple(extract(text)) if text.strip() and len(text) <= rules.max_chars else ()
                turn = respond(rules, state, text, entities, now=clock())
                last = _Last(text, entities, turn.trace)
                state = _speak(say, turn)
    except KeyboardInterrupt:
        pass
    return _speak(say, farewell(rules, state, now=clock()))


def _speak(say: Callable[[Speech], None], turn: Turn) -> State:
    say(Speech("bot", turn.reply))
    return turn.state


def _obey(command: str, last: _Last | None, rules: Rules) -> str:
    if command == "/help":
        return "\n".join(f"{name:<10} {what}" for name, what in COMMANDS.items())
    if command not in COMMANDS:
        return f"모르는 명령이에요: {command.split()[0]} (쓸 수 있는 명령: {' '.join(COMMANDS)})"
    if last is None:
        return "아직 하신 말씀이 없어요."
    return _show_entities(last) if command == "/entities" else _show_trace(last.trace, rules)


def _show_entities(last: _Last) -> str:
    if not last.entities:
        return "찾은 개체명이 없어요."
    return "\n".join(
        f"{e.label:<5} [{e.start}, {e.end}) {e.text}  {e.score:.2f} {e.source}" for e in last.entities
    )


def _show_trace(trace: Trace, rules: Rules) -> str:
    lines = []
    for hit in trace.hits:
        chosen = "→" if hit.intent.name == trace.chosen else " "
        place = f"{rules.path}:{hit.intent.line}"
        lines.append(f"{chosen} {hit.intent.name} {hit.score}점: {', '.join(hit.evidence)}  ({place})")
    if not trace.hits:
        lines.append("걸린 의도가 없어요.")
    lines += [f"  칸: {event}" for event in trace.events]
    lines.append(f"  대답: {', '.join(trace.replies)}")
    return "\n".join(lines)
