"""The bot itself: rules, state and an utterance in, the next state and the reply out; no I/O, no clock.

``respond`` answers an utterance; where something is to be done, the turn carries the calls, and ``conclude`` says
what came of them. The order of things in a turn: what the words point at; an open yes/no offer; what was
completed before; questions, which never disturb what is being taken down; cancelling and changing the subject;
then filling the form in hand; then yes and no; and only then admitting that nothing was understood.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ner_engine.chatbot.action.calls import ERROR, WITHDRAW, ActionCall, Outcome
from ner_engine.chatbot.mention.mentions import Mention, read_mentions
from ner_engine.chatbot.order.items import count_of
from ner_engine.chatbot.pointing.anaphora import Resolved, resolve
from ner_engine.chatbot.pointing.recents import remember
from ner_engine.chatbot.rules import Rules
from ner_engine.chatbot.state import CHANGE, CONFIRM, COUNT, MORE, Offer, State
from ner_engine.chatbot.turn.afterwards import settle_withdrawal
from ner_engine.chatbot.turn.completion import moment, settle_form
from ner_engine.chatbot.turn.decisions import best_hit, decide, restart, return_to_question
from ner_engine.chatbot.turn.match import Hit, match_intents
from ner_engine.chatbot.turn.offers import answer_offer, offer_to_resume
from ner_engine.chatbot.turn.talk import Talk
from ner_engine.spans import Entity

__all__ = ["Trace", "Turn", "conclude", "farewell", "follow", "respond", "welcome"]


@dataclass(frozen=True, slots=True)
class Trace:
    """Why the bot said what it said: intents with their evidence, the one followed, slot events, reply keys."""

    hits: tuple[Hit, ...] = ()
    chosen: str = ""
    events: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer: the state to go on with, the words, whether the utterance was understood, why, and what to do.

    While ``actions`` wait for their outcome the reply may be empty: ``conclude`` has the rest of it.
    """

    state: State
    reply: str
    understood: bool
    trace: Trace
    actions: tuple[ActionCall, ...] = ()


def welcome(rules: Rules, state: State, *, now: datetime) -> Turn:
    """What the bot opens the conversation with; one that was left in the middle is offered to be gone on with."""
    talk = Talk(rules, _current(rules, state), now, "")
    if talk.state.handed_over:
        talk.reply("handed_over_still")
    elif talk.state.draft is not None and talk.draft.begun:
        offer_to_resume(talk)
    else:
        talk.reply("welcome")
    talk.state = replace(talk.state, last_at=talk.at)
    return _turn(talk)


def farewell(rules: Rules, state: State, *, now: datetime) -> Turn:
    """What the bot closes the conversation with, whatever was left open."""
    talk = Talk(rules, _current(rules, state), now, "")
    # A record that was being changed stands as it was.
    open_titles = [rules.forms[d.form].title for d in talk.state.drafts if d.begun and not d.record]
    if open_titles and not talk.state.handed_over:
        talk.reply("bye_unfinished", form=", ".join(open_titles))
    else:
        talk.reply("bye")
    return _turn(talk)


def respond(rules: Rules, state: State, text: str, entities: Sequence[Entity], *, now: datetime) -> Turn:
    """Answer one utterance. ``entities`` are those of ``text``, with offsets into it."""
    if not isinstance(text, str):
        raise TypeError(f"text: expected str; got {type(text).__name__}")
    before = _current(rules, state)
    composed = unicodedata.normalize("NFC", text)
    talk = Talk(rules, replace(before, turn=before.turn + 1), now, composed, heard=composed)
    talk.returned = _was_away(rules, before, now)
    talk.had = frozenset((draft.form, item.name) for draft in before.drafts for item in draft.items)
    talk.state = replace(talk.state, last_at=talk.at)
    if not composed.strip():
        _aside(talk, "empty")
    elif len(composed) > rules.limits.max_chars:
        _aside(talk, "too_long", limit=str(rules.limits.max_chars))
    else:
        _listen(talk, before, _composed(text, composed, entities))
    if talk.understood:
        talk.state = replace(talk.state, misses=0)
    return _turn(talk, asked_before=_open_question(before))


def conclude(rules: Rules, state: State, outcomes: Mapping[str, Outcome], *, now: datetime) -> Turn:
    """Say what came of the calls the state waits for. ``outcomes`` are by the ids of the calls; a call without
    one has failed. The turn may call for something again.
    """
    waiting = state.pending
    # Ids go on from where this turn's first calls ended.
    talk = Talk(rules, replace(_current(rules, state), pending=()), now, "", numbered=len(waiting))
    for pending in waiting:
        outcome = outcomes.get(pending.id, Outcome(ERROR))
        if pending.action == WITHDRAW:
            settle_withdrawal(talk, pending, outcome)
            return_to_question(talk, repeated=False)
        else:
            settle_form(talk, pending, outcome)
    return _turn(talk, asked_before=_open_question(state))


def follow(first: Turn, second: Turn) -> Turn:
    """Two turns of the bot as one: what was answered at once, and what was said when the actions were done."""
    replies = [turn.reply for turn in (first, second) if turn.reply]
    one, two = first.trace, second.trace
    trace = Trace(one.hits, one.chosen, (*one.events, *two.events), (*one.replies, *two.replies))
    return Turn(second.state, "\n".join(replies), first.understood, trace, second.actions)


def _current(rules: Rules, state: State) -> State:
    """A state kept from before may speak of forms the rule file no longer has, or wait for what nobody told."""
    return replace(state, drafts=tuple(d for d in state.drafts if d.form in rules.forms), pending=())


def _was_away(rules: Rules, state: State, now: datetime) -> bool:
    """Whether a form was left for so long that its question is forgotten."""
    last = moment(state.last_at, now)
    minutes = rules.limits.minutes
    begun = state.draft is not None and state.draft.begun
    return bool(minutes) and begun and last is not None and now - last > timedelta(minutes=minutes)


def _composed(given: str, text: str, entities: Sequence[Entity]) -> list[Entity]:
    """The entities with offsets into the composed text."""
    found = []
    for entity in entities:
        if 0 <= entity.start < entity.end <= len(given):
            start = len(unicodedata.normalize("NFC", given[: entity.start]))
            end = min(len(unicodedata.normalize("NFC", given[: entity.end])), len(text))
            if start < end:
                found.append(replace(entity, text=text[start:end], start=start, end=end))
    return found


def _listen(talk: Talk, before: State, entities: Sequence[Entity]) -> None:
    """Answer an utterance that has words in it."""
    resolved = resolve(talk.rules, before, talk.text, entities, now=talk.now)
    talk.text = resolved.text
    for note in resolved.notes:
        talk.note(note)
    if resolved.focus and talk.state.draft is not None:
        talk.update(replace(talk.draft, focus=resolved.focus))
    talk.mentions = read_mentions(talk.rules, talk.text, talk.text, resolved.entities)
    talk.hits = match_intents(talk.rules.intents, talk.text, talk.mentions, context=_context(talk.state))
    best = best_hit(talk)
    urgent = next((hit.intent for hit in talk.hits if hit.intent.urgent), None)
    if urgent is not None and urgent.say is not None:
        talk.chosen, talk.aside = urgent.name, True
        talk.say(urgent.say)
    elif talk.state.handed_over:
        _while_handed_over(talk)
    elif best is None and not re.search(r"\w", talk.heard):
        _aside(talk, "emoji")
    elif resolved.which and not (best is not None and best.intent.do in _NOT_ABOUT_THINGS):
        _ask_which(talk, resolved)
    elif talk.state.offer is None or not answer_offer(talk, best):
        decide(talk, best)


_NOT_ABOUT_THINGS = frozenset(
    {"reply", "cancel", "hand_over", "withdraw", "reopen", "restart", "status", "enough"}
)


def _ask_which(talk: Talk, resolved: Resolved) -> None:
    """``그거 두 개``, where that may be one of several: ask which, and keep how many."""
    counts = [count for m in talk.mentions if (count := _count(talk, m)) is not None]
    options = resolved.which
    talk.aside = True
    talk.reply("which_one", options=", ".join(option.canonical or option.text for option in options))
    talk.state = replace(talk.state, offer=Offer("which", options[0].label, counts[0] if counts else 0))


def _count(talk: Talk, mention: Mention) -> int | None:
    """How many of something a mention says, if it is a count."""
    slot = next((form.items for form in talk.rules.forms.values() if form.items is not None), None)
    count = None if slot is None else count_of(slot, talk.rules.menu, mention)
    return None if count is None else count.number


def _while_handed_over(talk: Talk) -> None:
    """A person has the conversation: the bot only says so, until it is wanted back."""
    talk.aside = True
    if any(hit.intent.do == "restart" for hit in talk.hits):
        restart(talk)
    else:
        talk.understood = False
        talk.reply("handed_over_still")


def _aside(talk: Talk, reply: str, **values: str) -> None:
    """Something that is no utterance at all: say so, and put the open question again."""
    talk.understood, talk.aside = False, True
    if talk.state.handed_over:
        talk.reply("handed_over_still")
        return
    talk.reply(reply, **values)
    if talk.returned:
        offer_to_resume(talk)
    elif talk.state.draft is not None and talk.draft.asked:
        talk.ask(talk.draft.asked)


def _turn(talk: Talk, *, asked_before: tuple[str, str] = ("", "")) -> Turn:
    """The turn that is over, with what it leaves to remember."""
    asked = _open_question(talk.state)
    if not asked[1]:
        repeats = 0
    elif asked != asked_before or not (talk.aside or talk.unanswered):
        repeats = 1
    else:
        repeats = talk.state.repeats + talk.unanswered
    talk.state = replace(talk.state, repeats=repeats)
    talk.state = remember(talk)
    trace = Trace(talk.hits, talk.chosen, tuple(talk.events), tuple(talk.said))
    return Turn(talk.state, talk.spoken(), talk.understood, trace, tuple(talk.calls))


def _open_question(state: State) -> tuple[str, str]:
    """The form in hand and what is asked of it."""
    draft = state.draft
    return (draft.form, draft.asked) if draft is not None else ("", "")


def _context(state: State) -> str:
    if state.offer is not None:
        return "offer"
    if state.draft is None:
        return "idle"
    names = {MORE: "more", CONFIRM: "confirm", CHANGE: "change", COUNT: "count"}
    return names.get(state.draft.asked, "slot")
