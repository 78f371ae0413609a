"""The bot itself: rules, state and an utterance in, the next state and the reply out; no I/O, no clock.

The order of things in a turn: an open yes/no offer first; then questions about the shop, which never disturb what
is being taken down; then cancelling and changing the subject; then filling the form in hand; then yes and no; and
only then admitting that nothing was understood.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ner_engine.chatbot.answers import answer
from ner_engine.chatbot.cart import dish_of, take_offered
from ner_engine.chatbot.fill import fill_form
from ner_engine.chatbot.match import KEYWORD, Hit, match_intents
from ner_engine.chatbot.mentions import read_mentions
from ner_engine.chatbot.orders import bind, unlabelled_guess
from ner_engine.chatbot.progress import advance, close_draft, go_on, miss, next_question, resume, start
from ner_engine.chatbot.rules import Rules
from ner_engine.chatbot.state import CHANGE, CONFIRM, COUNT, MORE, Draft, State
from ner_engine.chatbot.talk import Talk
from ner_engine.spans import Entity

__all__ = ["Trace", "Turn", "farewell", "respond", "welcome"]

_START = 2  # evidence from which an intent counts at all
_SWITCH = 3  # evidence from which it may interrupt another form
_ASKING = frozenset({"reply", "price", "dish", "open_now", "status", "repeat"})
_FILLING = frozenset({"remove", "replace", "more", "change", "enough"})


@dataclass(frozen=True, slots=True)
class Trace:
    """Why the bot said what it said: intents with their evidence, the one followed, slot events, reply keys."""

    hits: tuple[Hit, ...] = ()
    chosen: str = ""
    events: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer: the state to go on with, the words, whether the utterance was understood, and why."""

    state: State
    reply: str
    understood: bool
    trace: Trace


def welcome(rules: Rules, state: State, *, now: datetime) -> Turn:
    """What the bot opens the conversation with."""
    talk = Talk(rules, state, now, "")
    talk.reply("welcome")
    return _turn(talk)


def farewell(rules: Rules, state: State, *, now: datetime) -> Turn:
    """What the bot closes the conversation with, whatever was left open."""
    talk = Talk(rules, state, now, "")
    open_titles = [
        rules.forms[d.form].title for d in state.drafts if d.form in rules.forms and (d.values or d.items)
    ]
    if open_titles:
        talk.reply("bye_unfinished", form=", ".join(open_titles))
    else:
        talk.reply("bye")
    return _turn(talk)


def respond(rules: Rules, state: State, text: str, entities: Sequence[Entity], *, now: datetime) -> Turn:
    """Answer one utterance. ``entities`` are those of ``text``, with offsets into it."""
    if not isinstance(text, str):
        raise TypeError(f"text: expected str; got {type(text).__name__}")
    # A state kept from before may speak of forms the rule file no longer has.
    state = replace(state, drafts=tuple(d for d in state.drafts if d.form in rules.forms))
    composed = unicodedata.normalize("NFC", text)
    talk = Talk(rules, state, now, composed)
    if not composed.strip():
        return _aside(talk, "empty")
    if len(composed) > rules.max_chars:
        return _aside(talk, "too_long", limit=str(rules.max_chars))
    talk.mentions = read_mentions(rules, text, composed, entities)
    talk.hits = match_intents(rules.intents, composed, talk.mentions, context=_context(state))
    best = _best(talk)
    if best is None and not re.search(r"\w", composed):
        return _aside(talk, "emoji")
    if not (state.offer is not None and _answer_offer(talk, best)):
        _decide(talk, best)
    if talk.understood:
        talk.state = replace(talk.state, misses=0)
    return _turn(talk)


def _turn(talk: Talk) -> Turn:
    trace = Trace(talk.hits, talk.chosen, tuple(talk.events), tuple(talk.said))
    return Turn(talk.state, talk.spoken(), talk.understood, trace)


def _aside(talk: Talk, reply: str, **values: str) -> Turn:
    """Something that is no utterance at all: say so, and put the open question again."""
    talk.understood = False
    talk.reply(reply, **values)
    if talk.state.draft is not None and talk.state.draft.asked:
        talk.ask(talk.draft.asked)
    return _turn(talk)


def _context(state: State) -> str:
    if state.offer is not None:
        return "offer"
    if state.draft is None:
        return "idle"
    names = {MORE: "more", CONFIRM: "confirm", CHANGE: "change", COUNT: "count"}
    return names.get(state.draft.asked, "slot")


def _best(talk: Talk) -> Hit | None:
    """The intent to follow. What only makes sense inside a form does not count outside of one."""
    hits = [hit for hit in talk.hits if hit.score >= _START]
    if talk.state.draft is None:
        beginning = any(hit.intent.do == "start" for hit in hits)  # 네, 짬뽕 하나요
        idle = _FILLING | ({"accept", "decline"} if beginning else frozenset())
        hits = [hit for hit in hits if hit.intent.do not in idle]
    return next(iter(hits), None)


def _answer_offer(talk: Talk, best: Hit | None) -> bool:
    """A yes or no to the bot's own question; anything else lets the question go."""
    offer, draft = talk.state.offer, talk.state.draft
    talk.state = replace(talk.state, offer=None)
    if offer is None or draft is None or best is None or best.intent.do not in ("accept", "decline"):
        return False
    accepted = best.intent.do == "accept"
    talk.chosen = best.intent.name
    if offer.kind == "resume":
        title = talk.form.title
        if accepted:
            talk.reply("resumed", form=title)
            talk.ask(draft.asked or next_question(talk.form, draft))
        else:
            talk.state = replace(talk.state, drafts=talk.state.drafts[:-1])
            talk.reply("resume_declined", form=title)
        return True
    slot = talk.form.items
    if slot is None:
        return False
    if accepted:
        take_offered(talk, slot, offer)
        advance(talk, before=draft.asked, changed_items=True)
    else:
        talk.reply("guess_declined")
        talk.update(replace(draft, asked=slot.name))
    return True


def _decide(talk: Talk, best: Hit | None) -> None:
    best = _other_subject(talk, best) or _order_beside_a_remark(talk, best) or best
    talk.chosen = "" if best is None else best.intent.name
    act = "" if best is None else best.intent.do
    if best is not None and act in _ASKING and not _fills_what_was_asked(talk, best):
        answer(talk, best)
        _return_to_question(talk, repeated=act == "repeat")
    elif act == "cancel" and not _names_an_item(talk):
        _cancel(talk)
    elif best is not None and act == "start" and talk.state.draft is None:
        _put_by_the_other(talk, best)
        start(talk, best.intent.form)
    elif best is not None and _interrupts(talk, best):
        _switch(talk, best)
    elif talk.state.draft is not None:
        go_on(talk, best)
    elif act in ("accept", "decline"):
        talk.reply("yes_idle" if act == "accept" else "no_idle")
    elif (form := _form_of_misspelt_dish(talk)) is not None:
        start(talk, form)
    else:
        miss(talk)


def _form_of_misspelt_dish(talk: Talk) -> str | None:
    """The form to begin when the only sign of an order is a word like 짜짱면."""
    form = next((form.name for form in talk.rules.forms.values() if form.items is not None), None)
    return form if unlabelled_guess(talk.rules.menu, talk.text, talk.mentions) is not None else None


def _fills_what_was_asked(talk: Talk, best: Hit) -> bool:
    """Whether a remark comes with an answer that is waited for (``7시요 주차 돼요?``)."""
    draft = talk.state.draft
    if draft is None or best.intent.do != "reply":
        return False
    # 9시 of "9시에 닫나요?" belongs to the question.
    beside = [m for m in talk.mentions if m.end + len(m.josa) + 1 < best.start or best.end < m.start]
    said = talk.mentions if best.score <= KEYWORD else beside
    filling = fill_form(talk.form, draft, said, talk.text, now=talk.now, plain=False)
    if best.score <= KEYWORD and draft.asked in filling.changed:
        return True
    return draft.asked in filling.filled if best.score <= KEYWORD else bool(filling.filled)


def _order_beside_a_remark(talk: Talk, best: Hit | None) -> Hit | None:
    """``사장님 짜장면 두 그릇, 카드 돼요``: dishes with their counts weigh more than a keyword."""
    if best is None or best.intent.do != "reply" or best.score > KEYWORD:
        return None
    for hit in talk.hits:
        form = talk.rules.forms.get(hit.intent.form) if hit.intent.do == "start" else None
        if form is not None and form.items is not None:
            requests, _ = bind(form.items, talk.rules.menu, talk.mentions)
            if any(request.count is not None and dish_of(talk, request.food) for request in requests):
                return hit
    return None


def _put_by_the_other(talk: Talk, best: Hit) -> None:
    """``오늘 7시 예약하고 짜장면도 주문할게요``: what was said of the other form waits until this one is done."""
    for hit in talk.hits:
        intent = hit.intent
        if intent.do != "start" or intent.form == best.intent.form or not hit.from_text:
            continue
        form = talk.rules.forms[intent.form]
        filling = fill_form(form, Draft(form.name), talk.mentions, talk.text, now=talk.now, plain=False)
        if filling.filled and talk.state.draft is None:
            talk.state = replace(talk.state, drafts=(filling.draft,))
            talk.reply("switch", old=form.title, new=talk.rules.forms[best.intent.form].title)


def _return_to_question(talk: Talk, *, repeated: bool) -> None:
    """After an answer in between: back to what was asked."""
    draft = talk.state.draft
    if draft is not None and draft.asked and not repeated:
        talk.new_line()
        talk.reply("back", form=talk.form.title)
        talk.ask(draft.asked)


def _names_an_item(talk: Talk) -> bool:
    """``탕수육 취소해 주세요`` takes back a dish, not the order."""
    slot = talk.form.items if talk.state.draft is not None else None
    return slot is not None and any(mention.label == slot.label for mention in talk.mentions)


def _cancel(talk: Talk) -> None:
    """Drop the form that is named, or the one in hand."""
    named = [form.name for form in talk.rules.forms.values() if form.title in talk.text]
    drafts = [draft for draft in talk.state.drafts if not named or draft.form in named]
    if not drafts:
        talk.reply("nothing_open")
        _return_to_question(talk, repeated=False)
        return
    dropped = drafts[-1]
    in_hand = dropped == talk.draft
    talk.note(f"{dropped.form}: 취소")
    talk.reply("cancelled", form=talk.rules.forms[dropped.form].title)
    if in_hand:
        close_draft(talk)
    else:
        talk.state = replace(talk.state, drafts=tuple(d for d in talk.state.drafts if d != dropped))
        _return_to_question(talk, repeated=False)


def _other_subject(talk: Talk, best: Hit | None) -> Hit | None:
    """``아니 예약부터 할게요``: a yes or no that goes on to name another form is about that form."""
    if talk.state.draft is None or best is None or best.intent.do not in ("accept", "decline", "replace"):
        return None
    return next((hit for hit in talk.hits if hit.from_text and _interrupts(talk, hit)), None)


def _interrupts(talk: Talk, best: Hit) -> bool:
    """Whether an utterance changes the subject to another form. A word taken for food is not enough."""
    if not best.from_text and not any(dish_of(talk, m) for m in talk.mentions if m.label in _labels(best)):
        return False
    return best.intent.do == "start" and best.intent.form != talk.draft.form and best.score >= _SWITCH


def _labels(hit: Hit) -> set[str]:
    return {label for label, _ in hit.intent.entities}


def _switch(talk: Talk, best: Hit) -> None:
    """Put the form in hand aside (if there is anything in it) and take up the other."""
    old, form = talk.draft, talk.rules.forms[best.intent.form]
    rest = talk.state.drafts[:-1]
    if old.items or old.values:
        talk.reply("switch", old=talk.form.title, new=form.title)
        rest = (*rest, old)
    waiting = next((draft for draft in rest if draft.form == form.name), None)
    talk.state = replace(talk.state, drafts=tuple(draft for draft in rest if draft is not waiting))
    if waiting is None:
        start(talk, form.name)
    else:
        talk.state = replace(talk.state, drafts=(*talk.state.drafts, waiting))
        resume(talk)
