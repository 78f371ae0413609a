"""What an utterance says for the form in hand: filled, changed, taken back, objected to, and said back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ner_engine.chatbot.order.cart import change_items, say_total
from ner_engine.chatbot.order.items import correct
from ner_engine.chatbot.rules import Form, Option, Slot
from ner_engine.chatbot.state import CHANGE, CONFIRM, COUNT, MORE, Draft, Offer, Value
from ner_engine.chatbot.turn.completion import proceed
from ner_engine.chatbot.turn.fill import Problem, fill_form
from ner_engine.chatbot.turn.match import EXACT, PATTERN, places
from ner_engine.chatbot.turn.patience import ask_anew
from ner_engine.chatbot.turn.questions import more_slot, next_question
from ner_engine.chatbot.turn.talk import Talk

__all__ = ["advance", "correct_last", "markers", "object_to", "take", "take_option", "tells"]

_YES = re.compile(r"^\W*[가-힣]{1,3}[\s,.!~]+")
_MORE_THAN_YES = 6  # characters of what comes after a yes
_TELLING = 12  # characters from which an utterance is more than a remark
_NOT_TOLD = frozenset((
    "cancel", "skip", "enough", "accept", "decline", "repeat", "restart", "hand_over", "withdraw", "reopen",
))  # fmt: skip
_QUESTION = re.compile(r"(?:\?|[나까가]요|는지요|죠)[\s.!~]*$")
_TAKING_BACK = re.compile(r"^(?:아+|앗|어+|음+)?[\s,.~]*아니(?:다|요|지|야)?[\s,.~!]+")
_ENOUGH = 2  # evidence from which an intent colours how the utterance is read


def take(talk: Talk) -> bool:
    """Take in what the utterance says for the form; False if that is nothing."""
    form, before = talk.form, talk.draft.asked
    acts = frozenset(hit.intent.do for hit in talk.hits if hit.score >= _ENOUGH)
    corrected = correct(talk.mentions, markers(talk, form), items=form.items)
    items = form.items is not None and change_items(talk, form.items, corrected, acts)
    told = tells(talk)
    plain = not items and (told or not acts - {"start", "replace"})
    filling = fill_form(
        form, _asking(talk), corrected.kept, talk.text, now=talk.now, plain=plain, gone=corrected.gone
    )
    talk.update(replace(filling.draft, asked=talk.draft.asked))
    touched = (*filling.filled, *filling.changed, *filling.cleared)
    if not (items or touched or filling.problems):
        return False
    acknowledge(talk, filling.filled, filling.changed)
    if items and "price" in acts and talk.draft.items:  # 짜장면 하나 주세요, 얼마예요?
        say_total(talk)
    if not told:
        _answer_beside(talk)
    for name in filling.cleared:
        slot = form.slot(name)
        talk.note(f"{name}: 비움")
        left_out = slot is not None and slot.unasked  # nobody asks for another in its place
        talk.reply("skipped" if left_out else "cleared", slot=slot.title if slot else name)
    if filling.filled and not filling.changed and not filling.problems:
        _pass_over(talk, before)
    if not object_to(talk, filling.problems):
        several = [slot.name for slot in form.slots if slot.many and slot.name in touched]
        advance(talk, before=before, changed_items=items, several=several[-1] if several else "")
    return True


def _pass_over(talk: Talk, asked: str) -> None:
    """What may be left out is left out when the answer goes on to something else (어느 선생님? — 내일 3시요)."""
    slot, draft = talk.form.slot(asked), talk.draft
    if slot is not None and slot.optional and not draft.all_values(asked) and asked not in draft.skipped:
        talk.update(replace(draft, skipped=(*draft.skipped, asked)))
        talk.note(f"{asked}: 지나침")


def correct_last(talk: Talk) -> bool:
    """``아니다 넷이요``: bare words correct the last answer, though something else is asked by now."""
    draft, form = talk.draft, talk.form
    slot = form.slot(draft.values[-1][0]) if draft.values else None
    if slot is None or slot.many or slot.type == "text" or slot.name == draft.asked:
        return False
    words = _TAKING_BACK.sub("", talk.text)
    before = replace(draft, asked=slot.name)
    filling = fill_form(form, before, talk.mentions, words, now=talk.now, plain=True)
    if filling.changed != (slot.name,) or filling.filled or filling.problems:
        return False
    talk.update(replace(filling.draft, asked=draft.asked))
    acknowledge(talk, (), filling.changed)
    proceed(talk)
    return True


def tells(talk: Talk) -> bool:
    """Whether free text was asked for and something is being told, whatever else its words might be about."""
    slot = talk.form.slot(talk.draft.asked) if talk.state.draft is not None else None
    if slot is None or slot.type != "text" or slot.pattern is not None:
        return False
    hits = [hit for hit in talk.hits if hit.score >= _ENOUGH]
    acts = {hit.intent.do for hit in hits}
    long_enough = len(talk.text) >= _TELLING
    if "accept" in acts and all(hit.score < EXACT for hit in hits if hit.intent.do == "accept"):
        acts -= {"accept"}  # 네 조심히 다뤄 주세요
        long_enough = long_enough or len(_YES.sub("", talk.text)) >= _MORE_THAN_YES
    return long_enough and not acts & _NOT_TOLD and not _QUESTION.search(talk.text)


def _asking(talk: Talk) -> Draft:
    """The draft as the readers see it: at MORE, the slot of which more is wanted is the one asked."""
    slot = more_slot(talk.form, talk.draft) if talk.draft.asked == MORE else None
    return talk.draft if slot is None or not slot.many else replace(talk.draft, asked=slot.name)


def _answer_beside(talk: Talk) -> None:
    """``짜장면 하나 주세요, 배달 되죠?``: the question asked along with it is answered too."""
    for hit in talk.hits:
        if hit.intent.do == "reply" and hit.intent.say is not None and PATTERN <= hit.score < EXACT:
            talk.say(hit.intent.say)


def markers(talk: Talk, form: Form) -> list[tuple[int, str]]:
    """Where 말고, 빼 and the like stand; 취소 takes a dish back too."""
    kinds = {"remove": "remove", "replace": "replace"} | ({"cancel": "remove"} if form.items else {})
    return [
        (place, kinds[hit.intent.do])
        for hit in talk.hits
        if hit.intent.do in kinds
        for place in places(hit.intent, talk.text)
    ]


def acknowledge(talk: Talk, filled: Sequence[str], changed: Sequence[str]) -> None:
    """Say back what was understood."""
    form, draft = talk.form, talk.draft
    told = [slot for slot in form.slots if slot.name in {*filled, *changed}]
    shown = {slot.name: ", ".join(value.shown for value in draft.all_values(slot.name)) for slot in told}
    for slot in told:
        talk.note(f"{slot.name} ← {shown[slot.name]}")
        talk.taken += [(form.name, slot, value) for value in draft.all_values(slot.name)]
    complete = next_question(form, draft) == CONFIRM
    if complete and ((len(told) > 1 and not changed) or form.confirm is None):
        return  # the confirmation, or what was done, says it all again
    if told:
        talk.reply("changed" if changed else "noted", noted=", ".join(shown.values()))


def object_to(talk: Talk, problems: Sequence[Problem]) -> bool:
    """Say what cannot be, and wait for another answer to it. True if a question is open now."""
    for problem in problems:
        slot = problem.slot
        talk.note(f"{slot.name}: {problem.kind}")
        if problem.kind == "too_many":  # what there is room for is taken, and nothing is asked
            talk.say(slot.problem(problem.kind), problem.values)
            continue
        if problem.guess and talk.state.offer is None:
            talk.reply("did_you_mean", food=problem.values["heard"], guess=problem.values["guess"])
            talk.update(replace(talk.draft, asked=slot.name))
            talk.state = replace(talk.state, offer=Offer("choice", problem.guess, slot=slot.name))
            return True
        # half an answer: the question for the rest of it says what was heard
        kept = slot.name in dict(talk.draft.hints)
        if problem.kind != "vague" or (not kept and slot.name == next_question(talk.form, talk.draft)):
            ask_anew(talk, partial(talk.say, slot.problem(problem.kind), problem.values), slot=slot)
            return True
        if talk.draft.value(slot.name) is not None:  # half a new answer where there was a whole one
            talk.ask(slot.name)
            return True
    return False


def advance(talk: Talk, *, before: str, changed_items: bool, several: str = "") -> None:
    """Put the next question.

    ``before`` is the one that was open when the utterance came, ``several`` the slot of several values touched.
    """
    draft, form = talk.draft, talk.form
    if talk.state.offer is not None:  # that question comes first
        talk.update(replace(draft, asked=draft.asked or next_question(form, draft)))
        return
    more = form.slot(several)
    room = more is not None and 0 < len(draft.all_values(several)) < more.most_values
    if draft.asked == COUNT:
        talk.ask(COUNT)
    elif changed_items and draft.items and before not in (CONFIRM, CHANGE):
        talk.ask(MORE)
    elif room and form.more is not None and before not in (CONFIRM, CHANGE):
        talk.update(replace(draft, focus=several))
        talk.ask(MORE)
    else:
        proceed(talk)


def take_option(talk: Talk, slot: Slot, option: Option) -> None:
    """The option that was offered for a misspelt one is wanted."""
    value, before = Value(option.shown, option.name), talk.draft.asked
    have = tuple(v for v in talk.draft.all_values(slot.name) if v.data != value.data) if slot.many else ()
    old = talk.draft.value(slot.name)
    talk.update(talk.draft.with_values(slot.name, (*have, value)))
    changed = not slot.many and old is not None and old != value
    acknowledge(talk, () if changed else (slot.name,), (slot.name,) if changed else ())
    advance(talk, before=before, changed_items=False, several=slot.name if slot.many else "")
