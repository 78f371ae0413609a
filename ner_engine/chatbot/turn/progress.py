"""The form in hand, one step on: what an utterance fills or changes in it, and the question that comes next."""

from __future__ import annotations

import re
from dataclasses import replace

from ner_engine.chatbot.pointing.numbered import left_unsaid
from ner_engine.chatbot.rules import Slot
from ner_engine.chatbot.state import CHANGE, CONFIRM, MORE
from ner_engine.chatbot.turn.asking import applies
from ner_engine.chatbot.turn.completion import begin, finish, proceed
from ner_engine.chatbot.turn.match import KEYWORD, Hit
from ner_engine.chatbot.turn.overdue import overdue
from ner_engine.chatbot.turn.patience import ask_anew, miss, unclear_confirm
from ner_engine.chatbot.turn.questions import more_slot, next_question
from ner_engine.chatbot.turn.taking import correct_last, object_to, take
from ner_engine.chatbot.turn.talk import Talk

__all__ = ["ask_named_slot", "ask_open", "go_on", "resume", "skip", "start"]

_QUESTION = re.compile(r"(?:\?|[나까가]요|는지요|죠)[\s.!~]*$")


def start(talk: Talk, form: str) -> None:
    """Begin a form, with whatever the utterance already tells."""
    begin(talk, form)
    talk.mentions = (*talk.mentions, *left_unsaid(talk))
    if not take(talk):
        if talk.said[-1:] != ["replies.switch"]:  # 예약부터 도와드릴게요 has opened it
            talk.say(talk.form.opening)
        proceed(talk)


def resume(talk: Talk) -> None:
    """Take a form up again, with what the utterance tells, or by the question that was open."""
    if not take(talk):
        ask_open(talk)


def ask_open(talk: Talk) -> None:
    """The open question again; a form without one goes on to its next."""
    if talk.draft.asked:
        talk.ask(talk.draft.asked)
    else:
        proceed(talk)


def go_on(talk: Talk, best: Hit | None) -> None:
    """Read the utterance as an answer, a correction or an addition; else as a yes or a no; else as a miss."""
    act = "" if best is None else best.intent.do
    asked = talk.draft.asked
    named = best is not None and act == "start" and best.from_text
    if act == "skip":
        skip(talk)
    elif (
        take(talk)
        or ((act == "change" or asked == CHANGE) and ask_named_slot(talk))
        or (act == "replace" and correct_last(talk))
    ) or (asked == CONFIRM and best is None and ask_named_slot(talk)):
        return
    elif (act == "change" or (act == "replace" and asked == CONFIRM)) and talk.form.change is not None:
        talk.ask(CHANGE)
    elif act == "accept" or (named and (asked == MORE or (asked == CONFIRM and _orders_it(talk, best)))):
        _agree(talk, plainly=act == "accept")
    elif act in ("decline", "enough") and _leave_out(talk, asked):
        return
    elif act == "decline":
        _disagree(talk)
    elif act == "enough" and _may_be_enough(talk):
        if asked == CONFIRM:
            ask_anew(talk, lambda: unclear_confirm(talk))
        else:
            proceed(talk)
    elif named:
        ask_open(talk)
    else:
        miss(talk)


def _orders_it(talk: Talk, best: Hit | None) -> bool:
    """``예약할게요``, ``시킬게요``, where the confirmation is awaited; not ``아파요?``, nor a question."""
    if talk.form.confirm is None:  # it failed, and is asked for once more: 다시 조회해 주세요
        return True
    plainly = best is not None and (best.score <= KEYWORD or talk.form.title in talk.text)
    return plainly and _QUESTION.search(talk.text) is None


def _may_be_enough(talk: Talk) -> bool:
    """Whether there is something to be content with."""
    slot = more_slot(talk.form, talk.draft) if talk.draft.asked == MORE else None
    filled = slot is not None and bool(talk.draft.all_values(slot.name))
    return bool(talk.draft.items) or filled or next_question(talk.form, talk.draft) == CONFIRM


def ask_named_slot(talk: Talk) -> bool:
    """``시간 바꿀게요``: ask for that slot anew. False if no slot is named."""
    slot = _named_slot(talk)
    if slot is not None:
        talk.ask(slot.name)
    return slot is not None


def _named_slot(talk: Talk) -> Slot | None:
    asked = (slot for slot in talk.form.slots if applies(slot, talk.draft))
    return next((slot for slot in asked if any(word in talk.text for word in (slot.title, *slot.words))), None)


def skip(talk: Talk) -> None:
    """Leave out the slot that is named or asked, if it may be left out."""
    slot = talk.form.slot(talk.draft.asked)
    if slot is None or not slot.optional:
        slot = _named_slot(talk) or slot
    if slot is None:
        miss(talk)
    elif slot.optional:
        _leave_out(talk, slot.name)
    else:
        talk.reply("not_optional", slot=slot.title)
        ask_anew(talk, lambda: talk.ask(slot.name), slot=slot)


def _leave_out(talk: Talk, name: str) -> bool:
    """Leave out an optional slot. False if it is none."""
    slot = talk.form.slot(name)
    if slot is None or not slot.optional:
        return False
    emptied = talk.draft.with_values(slot.name, ())
    talk.update(replace(emptied, skipped=(*(s for s in emptied.skipped if s != slot.name), slot.name)))
    talk.note(f"{slot.name}: 건너뜀")
    talk.reply("skipped", slot=slot.title)
    proceed(talk)
    return True


def _agree(talk: Talk, *, plainly: bool) -> None:
    asked, form = talk.draft.asked, talk.form
    if asked == CONFIRM:
        if not object_to(talk, overdue(talk)):
            finish(talk)
    elif asked == MORE:
        more = more_slot(form, talk.draft)
        if plainly and more is not None:
            talk.ask(more.name)
        else:
            proceed(talk)
    elif asked == CHANGE:  # nothing to be changed after all
        proceed(talk)
    else:
        ask_anew(talk, lambda: talk.ask(asked))


def _disagree(talk: Talk) -> None:
    asked, form = talk.draft.asked, talk.form
    items = form.items
    if asked == CONFIRM and form.change is not None:
        talk.ask(CHANGE)
    elif asked in (CHANGE, MORE) or (items is not None and asked == items.name and talk.draft.items):
        proceed(talk)
    else:
        slot = form.slot(asked)
        ask_anew(talk, lambda: talk.ask(asked) if slot is None else talk.say(slot.retry))
