"""A transcript played again: rules, an extractor and a transcript in; what was said and the first difference out.

The bot is the real one, at the console, with a clock that only the transcript moves. Actions have the outcomes
the transcript scripts; unscripted, what is built in succeeds and Python functions are called, but no webhook is.
"""

from __future__ import annotations

import difflib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ner_engine.chatbot.action.calls import BUILT_IN, ERROR, OK, ActionCall, Outcome
from ner_engine.chatbot.action.running import load_actions
from ner_engine.chatbot.bot import Bot
from ner_engine.chatbot.console import Speech, converse
from ner_engine.chatbot.playback.assertions import failure
from ner_engine.chatbot.playback.transcript import BOT, INFO, Line, Scripted, Segment, Transcript
from ner_engine.chatbot.rules import Rules
from ner_engine.chatbot.sessions import InMemory, SessionTurn
from ner_engine.chatbot.state import State
from ner_engine.errors import DataError
from ner_engine.spans import Entity

__all__ = ["Difference", "Played", "Seen", "play"]

_MARKS = {"bot": BOT, "info": INFO}


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a talk left its transcript: the line, what is wrong there, and both sides of it, marked - and +.

    ``kind`` is ``"reply"`` for what was said, ``"check"`` for what was asserted, ``"script"`` for outcomes that
    are missing or left over.
    """

    line: int
    kind: str
    message: str
    shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """One turn as far as coverage goes: the intent followed, the replies given, the state, what was done."""

    before: State
    after: State
    chosen: str
    replies: tuple[str, ...]
    outcomes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Played:
    """A transcript after it was played: the lines said in each of its segments, the turns, the differences."""

    transcript: Transcript
    said: tuple[tuple[str, ...], ...]
    seen: tuple[Seen, ...]
    differences: tuple[Difference, ...]


def play(rules: Rules, transcript: Transcript, extract: Callable[[str, datetime], Sequence[Entity]]) -> Played:
    """Type what the transcript types and compare. ``extract`` is given each text and the time it is said at.

    Raises DataError for a transcript of another bot, ConfigError for a function that cannot be imported.
    """
    if transcript.bot and transcript.bot != rules.name:
        raise DataError(
            f"a transcript of the bot {transcript.bot!r}; the rules are of {rules.name!r}", path=transcript.path
        )
    stage = _Stage(rules, transcript)
    quiet = transcript.extractor == "none"
    bot = Bot(
        rules,
        lambda text: () if quiet else extract(text, stage.now),
        store=stage,
        functions=dict.fromkeys((*rules.actions, *BUILT_IN), stage.act),
        clock=lambda: stage.now,
        seed=transcript.seed,
    )
    with tempfile.TemporaryDirectory() as aside:  # for what /fix would keep
        converse(
            bot,
            stage.lines(),
            stage.hear,
            clock=lambda: stage.now,
            seed=transcript.seed,
            corrections=Path(aside) / "corrections.jsonl",
        )
    stage.leave()
    said = tuple(tuple(lines) for lines in stage.said)
    return Played(transcript, said, tuple(stage.seen), tuple(stage.differences()))


@dataclass(slots=True)
class _Stage:
    """A talk going on: what the bot sees of the world, and what is seen of the bot."""

    rules: Rules
    transcript: Transcript
    now: datetime = field(init=False)
    state: State = field(init=False)
    at: int = 0  # the segment being played
    said: list[list[str]] = field(init=False)
    failed: dict[int, list[Difference]] = field(default_factory=dict)
    script: list[Scripted] = field(default_factory=list)
    calls: list[ActionCall] = field(default_factory=list)
    outcomes: list[tuple[str, str]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    kept: InMemory = field(default_factory=InMemory)

    def __post_init__(self) -> None:
        self.now = self.transcript.now
        self.state = State(seed=self.transcript.seed)
        self.said = [[] for _ in self.transcript.segments]

    @property
    def segment(self) -> Segment:
        return self.transcript.segments[self.at]

    def lines(self) -> Iterator[str]:
        """What is typed. Between two lines the time goes on, and what is asserted of the turn is looked at."""
        self.leave()
        for i, segment in enumerate(self.transcript.segments[1:], 1):
            self.at, self.calls = i, []
            assert segment.typed is not None
            yield segment.typed.text
            self.leave()

    def leave(self) -> None:
        """The turn is over (whoever asks twice is not answered twice)."""
        if self.at in self.failed:
            return
        number = 0 if self.segment.typed is None else self.segment.typed.number
        found = [Difference(number, "script", message) for message in self._unscripted()]
        for line, check in self.segment.checks:
            message = failure(self.rules, self.state, self.calls, check)
            if message:
                found.append(Difference(line.number, "check", message))
        self.failed[self.at] = found
        self.now += self.segment.wait
        self.script += self.segment.scripted

    def hear(self, speech: Speech) -> None:
        """Something said at the console."""
        if speech.kind in _MARKS:
            self.said[self.at] += [_MARKS[speech.kind] + line for line in speech.text.split("\n")]

    def act(self, call: ActionCall) -> Outcome:
        """The world's answer to a call."""
        self.calls.append(call)
        outcome = self._outcome(call)
        if call.name not in BUILT_IN or call.name == "record":
            self.outcomes.append((call.form, outcome.name))
        return outcome

    def _outcome(self, call: ActionCall) -> Outcome:
        for i, one in enumerate(self.script):
            if one.action == call.name:
                del self.script[i]
                return Outcome(one.outcome, one.facts)
        spec = self.rules.actions.get(call.name)
        if spec is None:
            return Outcome(OK)
        if not spec.python:
            return Outcome(ERROR)
        return load_actions(replace(self.rules, actions={call.name: spec})).run(call)

    @contextmanager
    def turn(
        self, session: str, bot: str, *, message_id: str = "", at: datetime | None = None
    ) -> Iterator[SessionTurn]:
        """The store of the bot: a conversation in memory, looked at as it is kept."""
        with self.kept.turn(session, bot, message_id=message_id, at=at) as turn:
            yield _Watched(turn, self)

    def keep(self, state: State, trace: Mapping[str, Any]) -> None:
        """A turn of the bot, as it is written down."""
        self.seen.append(
            Seen(
                self.state,
                state,
                str(trace.get("chosen", "")),
                tuple(trace.get("replies", ())),
                tuple(self.outcomes),
            )
        )
        self.state, self.outcomes = state, []

    def _unscripted(self) -> Iterator[str]:
        used = {name for name, spec in self.rules.actions.items() if spec.webhook}
        scripted = {one.action for segment in self.transcript.segments[: self.at] for one in segment.scripted}
        for call in self.calls:
            if call.name in used - scripted:
                yield f"the action {call.name!r} is a webhook; write '# outcome: {call.name} ok' above this line"

    def differences(self) -> Iterator[Difference]:
        """Everything that came otherwise than the transcript has it, by line."""
        for i, segment in enumerate(self.transcript.segments):
            if i > self.at and segment.typed is not None:
                yield Difference(segment.typed.number, "script", "never typed: the talk was over before")
                return
            if not segment.fits(self.said[i]):
                yield _difference(segment, self.said[i])
            yield from self.failed.get(i, ())
        for left in self.script:
            message = f"the outcome {left.outcome!r} of {left.action!r} was never asked for"
            yield Difference(self._line_of(left), "script", message)

    def _line_of(self, scripted: Scripted) -> int:
        for segment in self.transcript.segments:
            for line in segment.lines:
                if replace(segment, lines=(line,)).scripted == (scripted,):
                    return line.number
        return 0


@dataclass(frozen=True, slots=True)
class _Watched:
    """A turn of the store, told to the stage when it is kept."""

    inner: SessionTurn
    stage: _Stage

    @property
    def state(self) -> State | None:
        return self.inner.state

    @property
    def replayed(self) -> str | None:
        return self.inner.replayed

    def commit(
        self,
        *,
        state: State,
        text: str,
        reply: str,
        entities: Sequence[Mapping[str, Any]] = (),
        trace: Mapping[str, Any] | None = None,
        records: Sequence[ActionCall] = (),
        withdrawn: Sequence[str] = (),
        hand_over: Mapping[str, Any] | None = None,
    ) -> None:
        self.stage.keep(state, trace or {})
        self.inner.commit(
            state=state,
            text=text,
            reply=reply,
            entities=entities,
            trace=trace,
            records=records,
            withdrawn=withdrawn,
            hand_over=hand_over,
        )


def _difference(segment: Segment, said: Sequence[str]) -> Difference:
    expected = segment.expected
    i = 0
    while i < min(len(expected), len(said)) and expected[i].fits(said[i]):
        i += 1
    if i < len(expected):
        line = expected[i].number
    else:
        last: Line | None = expected[-1] if expected else segment.typed
        line = last.number if last is not None else 1
    shown = [] if segment.typed is None else [f"  {segment.typed}"]
    # what a prefix stands for is shown as it came, so that only what differs is marked
    wanted = [s if j < i else str(e) for j, (e, s) in enumerate(zip(expected, said, strict=False))]
    wanted += [str(e) for e in expected[len(wanted) :]]
    shown += [one for one in difflib.ndiff(wanted, list(said)) if not one.startswith("?")]
    return Difference(line, "reply", "another reply than expected", tuple(one.rstrip() for one in shown))
