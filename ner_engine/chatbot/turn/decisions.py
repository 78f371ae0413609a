"""What an utterance is about: the bot's own offer, a question, what was completed before, or the form in hand.

A ``Talk`` with its mentions and hits goes in; the reply, and what changes, are in it afterwards.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ner_engine.chatbot.state import Done, Draft
from ner_engine.chatbot.turn.afterwards import reopen, second_thoughts, take_off_part, withdraw
from ner_engine.chatbot.turn.answers import answer
from ner_engine.chatbot.turn.completed import draft_of, meant
from ner_engine.chatbot.turn.completion import close_draft, hand_over
from ner_engine.chatbot.turn.fill import fill_form
from ner_engine.chatbot.turn.match import KEYWORD, Hit
from ner_engine.chatbot.turn.offers import offer_to_resume
from ner_engine.chatbot.turn.patience import miss
from ner_engine.chatbot.turn.progress import go_on, start
from ner_engine.chatbot.turn.subjects import (
    form_of_misspelt_dish,
    interrupts,
    order_beside_a_remark,
    other_subject,
    put_by_the_other,
    switch,
)
from ner_engine.chatbot.turn.taking import tells
from ner_engine.chatbot.turn.talk import Talk

__all__ = ["best_hit", "decide", "restart", "return_to_question"]

_START = 2  # evidence from which an intent counts at all
_ASKING = frozenset({"reply", "price", "dish", "open_now", "status", "repeat"})
_FILLING = frozenset({"remove", "replace", "more", "change", "enough", "skip"})
_AFTERWARDS = ("hand_over", "restart", "withdraw", "reopen")
_TAKEN_BACK = re.compile(r"취소|없던|못\s?(?:가|갈)|안\s?(?:가|갈)")
_EARLIER = re.compile("방금|아까|이미|접수(?:한|된|했)|넣은|잡은|전에")


def best_hit(talk: Talk) -> Hit | None:
    """The intent to follow. What only makes sense inside a form does not count outside of one."""
    hits = [hit for hit in talk.hits if hit.score >= _START]
    if talk.state.draft is None:
        beginning = any(hit.intent.do == "start" for hit in hits)  # 네, 짬뽕 하나요
        idle = _FILLING | ({"accept", "decline"} if beginning else frozenset())
        hits = [hit for hit in hits if hit.intent.do not in idle]
    return next(iter(hits), None)


def decide(talk: Talk, best: Hit | None) -> None:
    """Answer an utterance that is no answer to an offer."""
    if talk.returned and _after_silence(talk, best):
        return
    act = "" if best is None else best.intent.do
    if take_off_part(talk):
        return
    if act in _AFTERWARDS and not (act == "withdraw" and _names_an_item(talk)):
        talk.chosen = best.intent.name if best is not None else ""
        _afterwards(talk, best, act)
        return
    if not _is_question(best) and second_thoughts(talk):
        return
    if tells(talk):
        go_on(talk, None)
        return
    best = (
        _cancels_what_is_done(talk, best)
        or other_subject(talk, best)
        or order_beside_a_remark(talk, best)
        or best
    )
    talk.chosen = "" if best is None else best.intent.name
    act = "" if best is None else best.intent.do
    if best is not None and act in _ASKING and not _fills_what_was_asked(talk, best):
        talk.aside = True
        answer(talk, best)
        return_to_question(talk, repeated=act == "repeat")
    elif act == "cancel" and not _names_an_item(talk):
        _cancel(talk)
    elif best is not None and act == "start" and talk.state.draft is None:
        put_by_the_other(talk, best)
        start(talk, best.intent.form)
    elif best is not None and interrupts(talk, best):
        switch(talk, best)
    elif talk.state.draft is not None:
        go_on(talk, best)
    elif act in ("accept", "decline"):
        talk.reply("yes_idle" if act == "accept" else "no_idle")
    elif (form := form_of_misspelt_dish(talk)) is not None:
        start(talk, form)
    else:
        miss(talk)


def _is_question(best: Hit | None) -> bool:
    """Whether something is asked; 잠깐 and the like are remarks."""
    return best is not None and best.intent.do in _ASKING and (best.intent.do != "reply" or best.score > KEYWORD)


def _afterwards(talk: Talk, best: Hit | None, act: str) -> None:
    """A person is wanted, a fresh start, or something of what was completed before."""
    if act == "hand_over":
        hand_over(talk, "직원을 찾았어요")
    elif act == "restart":
        restart(talk)
    elif act == "withdraw":
        found = meant(talk)
        if not found and talk.state.draft is not None:
            _cancel(talk)
        else:
            withdraw(talk, found)
    elif talk.state.draft is not None and best is not None and _means_the_draft(talk):
        go_on(talk, replace(best, intent=replace(best.intent, do="change")))
    else:
        reopen(talk, meant(talk))


def _means_the_draft(talk: Talk) -> bool:
    """Whether what is to be changed is the form in hand rather than one completed before."""
    titled = {name for name, form in talk.rules.forms.items() if form.title in talk.text}
    if titled and talk.draft.form not in titled:
        return False
    return not meant(talk) or not _EARLIER.search(talk.heard)


def restart(talk: Talk) -> None:
    """Begin anew: nothing is open; what was completed stays so."""
    over = talk.state.handed_over
    left = [draft for draft in talk.state.drafts if draft.begun and not draft.record]  # a record stands
    talk.state = replace(talk.state, drafts=(), offer=None, misses=0, options=(), handed_over=False)
    if over:
        talk.reply("handed_over_back")
    elif left:
        talk.reply("cancelled", form=", ".join(talk.rules.forms[draft.form].title for draft in left))
        talk.reply("repeat_idle")
    else:
        talk.reply("welcome")


def _after_silence(talk: Talk, best: Hit | None) -> bool:
    """After a long silence a bare yes agrees to nothing: the form left in the middle is offered first.

    False for what makes sense by itself: an answer that names its thing, another subject, a cancellation.
    """
    act = "" if best is None else best.intent.do
    if best is not None and act in _ASKING:
        talk.chosen = best.intent.name
        answer(talk, best)
        offer_to_resume(talk)
        return True
    if act in (*_AFTERWARDS, "cancel") or (best is not None and interrupts(talk, best)):
        return False
    slot = talk.form.items
    if slot is not None and any(mention.label in slot.labels for mention in talk.mentions):
        return False
    filling = fill_form(talk.form, talk.draft, talk.mentions, talk.text, now=talk.now, plain=False)
    if filling.filled or filling.changed:
        return False
    offer_to_resume(talk)
    return True


def _cancels_what_is_done(talk: Talk, best: Hit | None) -> Hit | None:
    """``짜장면 주문한 거 취소할게요``: what is named to be cancelled is not ordered anew."""
    if talk.state.draft is not None or best is None or best.intent.do != "start" or not meant(talk):
        return None
    return next((hit for hit in talk.hits if hit.intent.do == "cancel"), None)


def _fills_what_was_asked(talk: Talk, best: Hit) -> bool:
    """Whether a remark comes with an answer that is waited for (``7시요 주차 돼요?``)."""
    draft = talk.state.draft
    if draft is None or best.intent.do != "reply":
        return False
    # 9시 of "9시에 닫나요?" belongs to the question.
    said, text = talk.mentions, talk.text
    if best.score > KEYWORD and best.from_text:
        said = tuple(m for m in said if m.end + len(m.josa) + 1 < best.start or best.end < m.start)
        text = text[: best.start] + " " * (best.end - best.start) + text[best.end :]
    filling = fill_form(talk.form, draft, said, text, now=talk.now, plain=False)
    if best.score <= KEYWORD and filling.changed:
        return True
    return draft.asked in filling.filled if best.score <= KEYWORD else bool(filling.filled)


def return_to_question(talk: Talk, *, repeated: bool) -> None:
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


def _leave_as_it_was(talk: Talk, draft: Draft, done: Done) -> None:
    """``그냥 안 할래요``, said of a change to what is recorded: that stands as it was."""
    talk.note(f"{draft.form}: 고치지 않음")
    talk.state = replace(talk.state, drafts=tuple(d for d in talk.state.drafts if d is not draft))
    talk.reply("status_done", form=talk.rules.forms[done.form].title, summary=talk.summary(draft_of(done)))
    if talk.state.draft is not None:
        return_to_question(talk, repeated=False)


def _cancel(talk: Talk) -> None:
    """Drop the form that is named, or the one in hand; one that is completed already is withdrawn."""
    named = [form.name for form in talk.rules.forms.values() if form.title in talk.text]
    drafts = [draft for draft in talk.state.drafts if not named or draft.form in named]
    record = drafts[-1].record if drafts else ""
    done = tuple(d for d in talk.state.done if d.record == record) if drafts else meant(talk)
    if done and drafts and not _TAKEN_BACK.search(talk.heard):
        _leave_as_it_was(talk, drafts[-1], done[0])
        return
    if done:
        withdraw(talk, done)
        return
    if not drafts:
        talk.aside = True
        talk.reply("nothing_open")
        return_to_question(talk, repeated=False)
        return
    dropped = drafts[-1]
    in_hand = dropped == talk.draft
    talk.note(f"{dropped.form}: 취소")
    talk.reply("cancelled", form=talk.rules.forms[dropped.form].title)
    if in_hand:
        close_draft(talk)
    else:
        talk.aside = True
        talk.state = replace(talk.state, drafts=tuple(d for d in talk.state.drafts if d != dropped))
        return_to_question(talk, repeated=False)
