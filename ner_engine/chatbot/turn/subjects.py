"""Changing the subject: which form an utterance is about, and the one in hand put aside for it."""

from __future__ import annotations

from dataclasses import replace

from ner_engine.chatbot.order.cart import dish_of
from ner_engine.chatbot.order.items import bind, unlabelled_guess
from ner_engine.chatbot.state import Draft
from ner_engine.chatbot.turn.asking import with_defaults
from ner_engine.chatbot.turn.fill import fill_form
from ner_engine.chatbot.turn.match import KEYWORD, Hit
from ner_engine.chatbot.turn.progress import resume, start
from ner_engine.chatbot.turn.talk import Talk

__all__ = [
    "form_of_misspelt_dish", "interrupts", "order_beside_a_remark", "other_subject", "put_by_the_other", "switch",
]  # fmt: skip

_SWITCH = 3  # evidence from which an intent may interrupt another form


def other_subject(talk: Talk, best: Hit | None) -> Hit | None:
    """``아니 예약부터 할게요``: a yes or no that goes on to name another form is about that form."""
    if talk.state.draft is None or best is None or best.intent.do not in ("accept", "decline", "replace"):
        return None
    return next((hit for hit in talk.hits if hit.from_text and interrupts(talk, hit)), None)


def interrupts(talk: Talk, best: Hit) -> bool:
    """Whether an utterance changes the subject to another form. A word taken for food is not enough."""
    if not best.from_text and not any(dish_of(talk, m) for m in talk.mentions if m.label in _labels(best)):
        return False
    return best.intent.do == "start" and best.intent.form != talk.draft.form and best.score >= _SWITCH


def _labels(hit: Hit) -> set[str]:
    return {label for label, _ in hit.intent.entities}


def switch(talk: Talk, best: Hit) -> None:
    """Put the form in hand aside (if there is anything in it) and take up the other."""
    old, form = talk.draft, talk.rules.forms[best.intent.form]
    rest = talk.state.drafts[:-1]
    if old.begun:
        talk.reply("switch", old=talk.form.title, new=form.title)
        rest = (*rest, old)
    waiting = next((draft for draft in rest if draft.form == form.name), None)
    talk.state = replace(talk.state, drafts=tuple(draft for draft in rest if draft is not waiting))
    if waiting is None:
        start(talk, form.name)
    else:
        talk.state = replace(talk.state, drafts=(*talk.state.drafts, waiting))
        resume(talk)


def put_by_the_other(talk: Talk, best: Hit) -> None:
    """``오늘 7시 예약하고 짜장면도 주문할게요``: what was said of the other form waits until this one is done."""
    for hit in talk.hits:
        intent = hit.intent
        if intent.do != "start" or intent.form == best.intent.form or not hit.from_text:
            continue
        form = talk.rules.forms[intent.form]
        empty = with_defaults(form, Draft(form.name), now=talk.now)
        filling = fill_form(form, empty, talk.mentions, talk.text, now=talk.now, plain=False)
        if (filling.filled or filling.changed) and talk.state.draft is None:
            talk.state = replace(talk.state, drafts=(filling.draft,))
            talk.reply("switch", old=form.title, new=talk.rules.forms[best.intent.form].title)


def order_beside_a_remark(talk: Talk, best: Hit | None) -> Hit | None:
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


def form_of_misspelt_dish(talk: Talk) -> str | None:
    """The form to begin when the only sign of an order is a word like 짜짱면."""
    form = next((form.name for form in talk.rules.forms.values() if form.items is not None), None)
    return form if unlabelled_guess(talk.rules.menu, talk.text, talk.mentions) is not None else None
