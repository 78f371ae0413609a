"""The form in hand, one step on: what an utterance fills or changes in it, and the question that comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ner_engine.chatbot.cart import change_items, say_total
from ner_engine.chatbot.fill import Problem, fill_form
from ner_engine.chatbot.match import EXACT, PATTERN, Hit, places
from ner_engine.chatbot.orders import Corrected, correct
from ner_engine.chatbot.rules import Form
from ner_engine.chatbot.state import CHANGE, CONFIRM, COUNT, MORE, Draft, Offer
from ner_engine.chatbot.talk import Talk

__all__ = ["advance", "close_draft", "go_on", "miss", "next_question", "resume", "start"]

_ENOUGH = 2  # evidence from which an intent colours how the utterance is read


def next_question(form: Form, draft: Draft) -> str:
    """The first slot still empty, or the confirmation."""
    for slot in form.slots:
        if not draft.items if slot.type == "items" else draft.value(slot.name) is None:
            return slot.name
    return CONFIRM


def start(talk: Talk, form: str) -> None:
    """Begin a form, with whatever the utterance already tells."""
    talk.state = replace(talk.state, drafts=(*talk.state.drafts, Draft(form)))
    if not _take(talk):
        talk.say(talk.form.opening)
        talk.ask(next_question(talk.form, talk.draft))


def resume(talk: Talk) -> None:
    """Take a form up again, with what the utterance tells, or by the question that was open."""
    if not _take(talk):
        talk.ask(talk.draft.asked or next_question(talk.form, talk.draft))


def go_on(talk: Talk, best: Hit | None) -> None:
    """Read the utterance as an answer, a correction or an addition; else as a yes or a no; else as a miss."""
    act = "" if best is None else best.intent.do
    asked = talk.draft.asked
    if _take(talk):
        return
    if (act == "change" or asked == CHANGE) and _ask_named_slot(talk):
        return
    if act == "change":
        talk.ask(CHANGE)
    elif act == "accept" or (act == "start" and best is not None and best.from_text and asked in (MORE, CONFIRM)):
        _agree(talk, plainly=act == "accept")
    elif act == "decline":
        _disagree(talk)
    elif act == "enough" and (talk.draft.items or next_question(talk.form, talk.draft) == CONFIRM):
        if asked == CONFIRM:
            talk.say(talk.form.unclear_confirm, talk.form_values())
        else:
            talk.ask(next_question(talk.form, talk.draft))
    elif act == "start" and best is not None and best.from_text:
        talk.ask(asked or next_question(talk.form, talk.draft))
    else:
        miss(talk)


def _take(talk: Talk) -> bool:
    """Take in what the utterance says for the form; False if that is nothing."""
    form, before = talk.form, talk.draft.asked
    acts = frozenset(hit.intent.do for hit in talk.hits if hit.score >= _ENOUGH)
    corrected = correct(talk.mentions, _markers(talk, form), items=form.items)
    items = form.items is not None and change_items(talk, form.items, corrected, acts)
    plain = not items and not acts - {"start", "replace"}
    filling = fill_form(form, talk.draft, corrected.kept, talk.text, now=talk.now, plain=plain)
    talk.update(filling.draft)
    cleared = _clear(talk, corrected, {*filling.filled, *filling.changed})
    if not (items or filling.filled or filling.changed or filling.problems or cleared):
        return False
    _acknowledge(talk, filling.filled, filling.changed)
    if items and "price" in acts and talk.draft.items:  # 짜장면 하나 주세요, 얼마예요?
        say_total(talk)
    _answer_beside(talk)
    if cleared:
        slot = form.slot(cleared)
        talk.reply("cleared", slot=slot.title if slot else cleared)
    if not _object(talk, filling.problems):
        advance(talk, before=before, changed_items=items)
    return True


def _answer_beside(talk: Talk) -> None:
    """``짜장면 하나 주세요, 배달 되죠?``: the question asked along with it is answered too."""
    for hit in talk.hits:
        if hit.intent.do == "reply" and hit.intent.say is not None and PATTERN <= hit.score < EXACT:
            talk.say(hit.intent.say)


def _markers(talk: Talk, form: Form) -> list[tuple[int, str]]:
    """Where 말고, 빼 and the like stand; 취소 takes a dish back too."""
    kinds = {"remove": "remove", "replace": "replace"} | ({"cancel": "remove"} if form.items else {})
    return [
        (place, kinds[hit.intent.do])
        for hit in talk.hits
        if hit.intent.do in kinds
        for place in places(hit.intent, talk.text)
    ]


def _clear(talk: Talk, corrected: Corrected, refilled: set[str]) -> str:
    """``7시 말고요``: a slot taken back without anything in its place. The slot's name, or ``""``."""
    for slot in talk.form.slots:
        if slot.type == "items" or slot.name in refilled or talk.draft.value(slot.name) is None:
            continue
        if any(mention.label == slot.label for mention in corrected.gone):
            talk.update(talk.draft.with_value(slot.name, None))
            talk.note(f"{slot.name}: 비움")
            return slot.name
    return ""


def _acknowledge(talk: Talk, filled: Sequence[str], changed: Sequence[str]) -> None:
    """Say back what was understood."""
    values = dict(talk.draft.values)
    for name in (*filled, *changed):
        talk.note(f"{name} ← {values[name].shown}")
    told = [slot.name for slot in talk.form.slots if slot.name in {*filled, *changed}]
    if len(told) > 1 and not changed and next_question(talk.form, talk.draft) == CONFIRM:
        return  # the confirmation says it all again
    if told:
        shown = ", ".join(values[name].shown for name in told)
        talk.reply("changed" if changed else "noted", noted=shown)


def _object(talk: Talk, problems: Sequence[Problem]) -> bool:
    """Say what cannot be, and wait for another answer to it. True if a question is open now."""
    for problem in problems:
        slot = problem.slot
        talk.note(f"{slot.name}: {problem.kind}")
        if problem.kind != "vague":
            talk.say(slot.problems[problem.kind], problem.values)
            talk.update(replace(talk.draft, asked=slot.name))
            return True
        if talk.draft.value(slot.name) is not None:  # half a new answer where there was a whole one
            talk.ask(slot.name)
            return True
    return False


def advance(talk: Talk, *, before: str, changed_items: bool) -> None:
    """Put the next question. ``before`` is the one that was open when the utterance came."""
    draft, form = talk.draft, talk.form
    if talk.state.offer is not None:  # that question comes first
        talk.update(replace(draft, asked=draft.asked or next_question(form, draft)))
        return
    if draft.asked == COUNT:
        talk.ask(COUNT)
    elif changed_items and draft.items and before not in (CONFIRM, CHANGE):
        talk.ask(MORE)
    else:
        talk.ask(next_question(form, draft))


def _ask_named_slot(talk: Talk) -> bool:
    """``시간 바꿀게요``: ask for that slot anew. False if no slot is named."""
    for slot in talk.form.slots:
        if any(word in talk.text for word in (slot.title, *slot.words)):
            talk.ask(slot.name)
            return True
    return False


def _agree(talk: Talk, *, plainly: bool) -> None:
    asked, form = talk.draft.asked, talk.form
    if asked == CONFIRM:
        talk.say(form.done, talk.form_values())
        talk.note(f"{form.name}: 접수")
        close_draft(talk)
    elif asked == MORE:
        talk.ask(form.items.name if plainly and form.items else next_question(form, talk.draft))
    else:
        talk.ask(asked)


def _disagree(talk: Talk) -> None:
    asked, form = talk.draft.asked, talk.form
    items = form.items
    if asked == CONFIRM:
        talk.ask(CHANGE)
    elif asked in (CHANGE, MORE) or (items is not None and asked == items.name and talk.draft.items):
        talk.ask(next_question(form, talk.draft))
    else:
        slot = form.slot(asked)
        if slot is not None:
            talk.say(slot.retry)
        else:
            talk.ask(asked)


def close_draft(talk: Talk) -> None:
    """Put the draft in hand away, and offer to go on with the one that waits."""
    talk.state = replace(talk.state, drafts=talk.state.drafts[:-1])
    if talk.state.draft is not None:
        talk.new_line()
        talk.reply("resume_offer", form=talk.form.title)
        talk.state = replace(talk.state, offer=Offer("resume", talk.draft.form))


def miss(talk: Talk) -> None:
    """Admit that nothing was understood: differently each time, and at last with a way out."""
    talk.understood = False
    misses = talk.state.misses + 1
    talk.state = replace(talk.state, misses=misses)
    if talk.state.draft is None:
        talk.reply(f"fallback_{min(misses, 3)}")
        return
    form, asked = talk.form, talk.draft.asked
    slot = form.slot(asked)
    if misses >= 3:
        talk.reply("fallback_3")
        talk.ask(asked)
    elif slot is not None:
        talk.say(slot.retry)
    elif asked == MORE and form.unclear_more is not None:
        talk.say(form.unclear_more, talk.form_values())
    elif asked == CONFIRM:
        talk.say(form.unclear_confirm, talk.form_values())
    else:
        talk.ask(asked)
