"""The end of a form: what is to be done goes out as a call, what came of it comes back as an outcome.

Also what follows from it: the next question of a form that is not complete yet, the form that waits, a person who
takes over.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from datetime import datetime

from ner_engine.chatbot.action.calls import ERROR, HAND_OVER, OK, RECORD, ActionCall, Outcome
from ner_engine.chatbot.pointing.recents import utterances
from ner_engine.chatbot.rules import Form, OutcomeText
from ner_engine.chatbot.state import CONFIRM, Attempt, Done, Draft, Offer, Pending, Value
from ner_engine.chatbot.turn.asking import with_defaults
from ner_engine.chatbot.turn.questions import next_question
from ner_engine.chatbot.turn.talk import Talk
from ner_engine.errors import ConfigError

__all__ = [
    "begin",
    "close_draft",
    "finish",
    "hand_over",
    "moment",
    "new_id",
    "pend",
    "plain",
    "proceed",
    "recorded",
    "settle_form",
]

_DONE = 5  # how many completed forms are remembered
_Values = tuple[tuple[str, tuple[Value, ...]], ...]


def proceed(talk: Talk) -> None:
    """Put the next question of the form in hand; a form that needs no confirmation is finished instead."""
    key = next_question(talk.form, talk.draft)
    if key == CONFIRM and talk.form.confirm is None:
        finish(talk)
    else:
        talk.ask(key)


def begin(talk: Talk, form: str) -> None:
    """Take up a form that is empty but for its defaults."""
    draft = with_defaults(talk.rules.forms[form], Draft(form), now=talk.now)
    talk.state = replace(talk.state, drafts=(*talk.state.drafts, draft))


def finish(talk: Talk) -> None:
    """Call for what is to be done with the form in hand; what is said of it waits for the outcome."""
    form, draft = talk.form, talk.draft
    checksum = _checksum(draft)
    if draft.attempt is not None and draft.attempt.checksum == checksum:
        call_id = draft.attempt.id  # nothing changed since it failed: the same wish, not another one
    else:
        call_id = new_id(talk)
    name = form.action or RECORD
    talk.update(replace(draft, asked=CONFIRM, attempt=Attempt(call_id, checksum)))
    pend(talk, ActionCall(call_id, name, form.name, plain(draft.values), draft.items, draft.record, at=talk.at))
    talk.note(f"{form.name}: {name} {call_id}")


def pend(talk: Talk, call: ActionCall, *, record: str = "") -> None:
    """Send a call out, and wait for its outcome."""
    talk.calls.append(call)
    pending = Pending(call.id, call.name, call.form, record)
    talk.state = replace(talk.state, pending=(*talk.state.pending, pending))


def plain(values: _Values) -> dict[str, object]:
    """The values of a form as JSON has them: one, or a list where there are several."""
    return {
        name: several[0].data if len(several) == 1 else [value.data for value in several]
        for name, several in values
    }


def _checksum(draft: Draft) -> str:
    whole = [
        draft.form,
        sorted(plain(draft.values).items()),
        [(i.name, i.count) for i in draft.items],
        draft.record,
    ]
    return f"{zlib.crc32(json.dumps(whole, ensure_ascii=False).encode()):08x}"


def new_id(talk: Talk) -> str:
    return f"{talk.state.turn}-{talk.numbered + len(talk.calls) + 1}"


def settle_form(talk: Talk, pending: Pending, outcome: Outcome) -> None:
    """Say what came of a form's action, and go where its outcome leads."""
    draft = next((d for d in reversed(talk.state.drafts) if d.form == pending.form), None)
    if draft is None or draft.asked != CONFIRM:
        return
    others = tuple(d for d in talk.state.drafts if d is not draft)
    talk.state = replace(talk.state, drafts=(*others, draft))
    form = talk.form
    name = outcome.name if outcome.name == OK or outcome.name in form.outcomes else ERROR
    if name != outcome.name:
        talk.note(f"{form.name}: 모르는 결과 '{outcome.name}'")
    text = form.outcomes.get(name, OutcomeText())
    talk.note(f"{form.name}: {name}")
    _tell(talk, text, outcome, failed=name == ERROR)
    _lead_on(talk, form, draft, pending, name=name, text=text)


def _tell(talk: Talk, text: OutcomeText, outcome: Outcome, *, failed: bool) -> None:
    if text.say is not None:
        try:
            talk.say(text.say, {**talk.form_values(), **outcome.facts})
            return
        except ConfigError as error:  # no wording does with the facts that came
            talk.note(str(error))
    if failed:
        talk.reply("action_failed", form=talk.form.title)


def _lead_on(talk: Talk, form: Form, draft: Draft, pending: Pending, *, name: str, text: OutcomeText) -> None:
    if name == OK:
        _remember(talk, form, draft, pending)
    if text.clear:
        emptied = replace(draft, attempt=None)
        for slot in text.clear:
            emptied = emptied.with_values(slot, ())
            if form.items is not None and slot == form.items.name:
                emptied = replace(emptied, items=(), focus="")
        talk.update(emptied)
    if text.hand_over:
        hand_over(talk, f"{form.name}: {name}")
    elif text.start:
        talk.state = replace(talk.state, drafts=talk.state.drafts[:-1])
        begin(talk, text.start)
        talk.say(talk.form.opening)
        proceed(talk)
    elif text.clear:
        proceed(talk)
    elif name != ERROR:  # after an error the draft stays, so that a yes tries again
        close_draft(talk)


def _remember(talk: Talk, form: Form, draft: Draft, pending: Pending) -> None:
    """Keep what was agreed on, so that it may be changed or withdrawn; a mere look-up is not."""
    if recorded(form):
        kept = [done for done in talk.state.done if done.record not in (draft.record, pending.id)]
        done = Done(pending.id, form.name, draft.values, draft.items)
        talk.state = replace(talk.state, done=(*kept, done)[-_DONE:])


def recorded(form: Form) -> bool:
    """Whether a form that is done goes into the book: one that was confirmed, or has no other action."""
    return form.confirm is not None or not form.action


def close_draft(talk: Talk) -> None:
    """Put the draft in hand away, and offer to go on with the one that waits."""
    talk.state = replace(talk.state, drafts=talk.state.drafts[:-1])
    if talk.state.draft is not None:
        talk.new_line()
        talk.reply("resume_offer", form=talk.form.title)
        talk.state = replace(talk.state, offer=Offer("resume", talk.draft.form))


def hand_over(talk: Talk, reason: str) -> None:
    """Give the conversation to a person, with a summary of it; the bot is silent until a restart."""
    talk.note(f"상담원 연결: {reason}")
    talk.reply("handed_over")
    state = talk.state
    forms = [
        {
            "form": draft.form,
            "title": talk.rules.forms[draft.form].title,
            "values": plain(draft.values),
            "items": [{"name": item.name, "count": item.count} for item in draft.items],
            "shown": talk.summary(draft),
        }
        for draft in state.drafts
    ]
    summary = {"reason": reason, "forms": forms, "said": list(utterances(talk)), "turn": state.turn}
    call = ActionCall(new_id(talk), HAND_OVER, state.draft.form if state.draft else "", summary, at=talk.at)
    talk.calls.append(call)
    talk.state = replace(state, handed_over=True, offer=None, misses=0, repeats=0)


def moment(text: str, now: datetime) -> datetime | None:
    """A time kept as text, comparable with ``now``; None where it is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.tzinfo is None or now.tzinfo is None:
        return at.replace(tzinfo=now.tzinfo)
    return at
