"""A bot that holds conversations: an extractor, rules, actions and a store, around a dialogue that is none of it.

    bot = Bot(load_rules("clinic"), ner_engine.load().extract, store=Store.open("clinic.db"))
    bot.say("+821012345678", "내일 오전에 예약하고 싶어요").reply

One call of ``say`` is one turn and one transaction of the store: the state is read, the utterance answered, the
actions run, and all of it kept, or nothing. An action that fails ends no conversation: its outcome is "error".
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ner_engine.chatbot.action.calls import ERROR, HAND_OVER, OK, RECORD, WITHDRAW, ActionCall, Outcome
from ner_engine.chatbot.action.running import Function, Runner, load_actions
from ner_engine.chatbot.dialogue import Trace, Turn, conclude, farewell, follow, respond, welcome
from ner_engine.chatbot.rules import Rules
from ner_engine.chatbot.sessions import Busy, InMemory, Sessions, SessionTurn
from ner_engine.chatbot.state import State
from ner_engine.chatbot.turn.completion import recorded
from ner_engine.spans import Entity
from ner_engine.values import Clock

__all__ = ["Answer", "Bot", "SessionTurn", "Sessions", "seoul_time"]

_LOG = logging.getLogger(__name__)
_TRIES = 5  # to take a turn of a conversation that somebody else changes
_ROUNDS = 4  # of actions that lead to further actions, in one turn


def seoul_time() -> datetime:
    """What the clocks of Seoul show, without a zone: what people there mean by 지금, wherever the bot runs."""
    return Clock.at(None).now.replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot answered, what it found in the utterance, what it did, and why.

    ``replayed``: the message was answered before, and this is the reply it was given then; the entities, actions
    and trace of that turn are the store's to tell.
    """

    reply: str
    entities: tuple[Entity, ...]
    state: State
    actions: tuple[ActionCall, ...]
    understood: bool
    trace: Trace
    replayed: bool = False
    outcomes: tuple[Outcome, ...] = ()  # runs parallel to actions


@dataclass(frozen=True, slots=True)
class _Deeds:
    """What the actions of a turn leave to be written down."""

    calls: tuple[ActionCall, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    records: tuple[ActionCall, ...] = ()
    withdrawn: tuple[str, ...] = ()
    hand_over: Mapping[str, Any] | None = None


class Bot:
    """Conversations with one rule file, each under the name of its session."""

    def __init__(
        self,
        rules: Rules,
        extract: Callable[[str], Sequence[Entity]],
        *,
        store: Sessions | None = None,
        functions: Mapping[str, Function] | None = None,
        clock: Callable[[], datetime] = seoul_time,
        seed: int = 0,
    ) -> None:
        """``functions`` serve actions by name, in place of what the rule file says of them; those named
        ``record``, ``withdraw`` and ``hand_over`` are called beside the store. Without one, conversations live in
        memory. ``clock`` is asked once a turn.

        Raises ConfigError for an action that cannot be had.
        """
        self.rules = rules
        self._extract = extract
        self._store: Sessions = InMemory() if store is None else store
        self._runner: Runner = load_actions(rules, functions)
        self._clock = clock
        self._seed = seed

    def welcome(self, session: str) -> Answer:
        """Greet: a conversation that begins, or one that is taken up again."""
        return self._turn(session, "", "", lambda state, now: (welcome(self.rules, state, now=now), ()))

    def say(self, session: str, text: str, *, message_id: str = "") -> Answer:
        """Answer an utterance. The same ``message_id`` again gets the same reply, and nothing is done."""
        if not isinstance(text, str):
            raise TypeError(f"text: expected str; got {type(text).__name__}")
        # A text too long to answer is not worth an extraction.
        wanted = text.strip() and len(text) <= self.rules.limits.max_chars
        entities = tuple(self._extract(text)) if wanted else ()
        return self._turn(
            session,
            text,
            message_id,
            lambda state, now: (respond(self.rules, state, text, entities, now=now), entities),
        )

    def farewell(self, session: str) -> Answer:
        """Take leave; what is open stays open."""
        return self._turn(session, "", "", lambda state, now: (farewell(self.rules, state, now=now), ()))

    def reset(self, session: str) -> Answer:
        """Begin anew, and greet: what was open is forgotten, what was recorded stays recorded."""

        def take(state: State, now: datetime) -> tuple[Turn, tuple[Entity, ...]]:
            # The turns are counted on, for the calls are numbered by them.
            return welcome(self.rules, State(seed=self._seed, turn=state.turn), now=now), ()

        return self._turn(session, "", "", take)

    def _turn(
        self,
        session: str,
        text: str,
        message_id: str,
        take: Callable[[State, datetime], tuple[Turn, tuple[Entity, ...]]],
    ) -> Answer:
        for left in reversed(range(_TRIES)):
            now = self._clock()
            try:
                with self._store.turn(session, self.rules.name, message_id=message_id, at=now) as kept:
                    state = kept.state if kept.state is not None else State(seed=self._seed)
                    if kept.replayed is not None:
                        return Answer(kept.replayed, (), state, (), True, Trace(), replayed=True)
                    turn, entities = take(state, now)
                    turn, deeds = self._act(turn, session, now)
                    kept.commit(
                        state=turn.state,
                        text=text,
                        reply=turn.reply,
                        entities=[entity.to_dict() for entity in entities],
                        trace=trace_to_dict(turn.trace, understood=turn.understood),
                        records=deeds.records,
                        withdrawn=deeds.withdrawn,
                        hand_over=deeds.hand_over,
                    )
                return Answer(
                    turn.reply,
                    entities,
                    turn.state,
                    deeds.calls,
                    turn.understood,
                    turn.trace,
                    outcomes=deeds.outcomes,
                )
            except Busy:
                if not left:
                    raise
        raise AssertionError("unreachable")

    def _act(self, turn: Turn, session: str, now: datetime) -> tuple[Turn, _Deeds]:
        """Run what a turn calls for, let the dialogue conclude, and so on while that calls for more."""
        deeds = _Deeds()
        for _ in range(_ROUNDS):
            calls = tuple(replace(call, session=session) for call in turn.actions)
            if not calls:
                break
            outcomes = {call.id: self._run(call) for call in calls}
            deeds = self._noted(deeds, calls, outcomes)
            turn = follow(turn, conclude(self.rules, turn.state, outcomes, now=now))
        else:
            _LOG.error("%s: actions lead to actions without end", self.rules.path)
        return turn, deeds

    def _run(self, call: ActionCall) -> Outcome:
        """The outcome of a call; what is built in succeeds by itself, for the store writes it down."""
        built_in = call.name in (RECORD, WITHDRAW, HAND_OVER)
        return Outcome() if built_in and not self._runner.has(call.name) else self._runner.run(call)

    def _noted(self, deeds: _Deeds, calls: Sequence[ActionCall], outcomes: Mapping[str, Outcome]) -> _Deeds:
        for call in calls:
            deeds = replace(deeds, calls=(*deeds.calls, call), outcomes=(*deeds.outcomes, outcomes[call.id]))
            name = outcomes[call.id].name
            if call.name == HAND_OVER:  # whoever was to be told: the person finds it in the store
                deeds = replace(deeds, hand_over=call.values)
                if name == ERROR:
                    _LOG.error("hand_over (%s) failed; the summary is kept", call.id)
            elif name != OK:
                continue
            elif call.name == WITHDRAW:
                deeds = replace(deeds, withdrawn=(*deeds.withdrawn, call.replaces))
            elif recorded(self.rules.forms[call.form]):
                deeds = replace(deeds, records=(*deeds.records, call))
        return deeds


def trace_to_dict(trace: Trace, *, understood: bool) -> dict[str, Any]:
    """A trace as JSON, as the store keeps it."""
    return {
        "understood": understood,
        "chosen": trace.chosen,
        "intents": [
            {"name": hit.intent.name, "line": hit.intent.line, "score": hit.score, "evidence": list(hit.evidence)}
            for hit in trace.hits
        ],
        "events": list(trace.events),
        "replies": list(trace.replies),
    }
