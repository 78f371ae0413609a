"""What was completed earlier in the conversation: withdrawn, or taken up again to be changed.

``withdraw`` and ``reopen`` answer the intents of that name; ``second_thoughts`` notices a correction that comes
when the form is already done (``네`` — ``아 잠깐, 8시로요``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ner_engine.chatbot.action.calls import OK, WITHDRAW, ActionCall, Outcome
from ner_engine.chatbot.order.items import correct
from ner_engine.chatbot.state import CHANGE, CONFIRM, Done, Offer, Pending
from ner_engine.chatbot.turn.completed import LATELY, dishes_named, draft_of, picked, turn_of
from ner_engine.chatbot.turn.completion import new_id, pend, plain
from ner_engine.chatbot.turn.fill import fill_form
from ner_engine.chatbot.turn.progress import ask_named_slot
from ner_engine.chatbot.turn.taking import markers, take
from ner_engine.chatbot.turn.talk import Talk

__all__ = ["answer_which", "reopen", "second_thoughts", "settle_withdrawal", "take_off_part", "withdraw"]

_ALL = re.compile(r"(?<![가-힣])(?:둘\s?다|다|전부|모두|싹|몽땅)(?![가-힣])")
_WAIT = re.compile(
    r"^(?:네|아|앗|어|음|아\s?참|잠깐만?요?|잠시만요?|저기|근데|[\s,.!~])*(?:아니|잠깐|잠시|말고|바꿔|바꿀|다시)"
)


def withdraw(talk: Talk, found: Sequence[Done]) -> None:
    """Take back what was completed; of several it is asked which. What is being changed just now is over, too."""
    if len(found) > 1 and _ALL.search(talk.heard):
        for one in found:
            withdraw(talk, [one])
        return
    if len(found) != 1:
        _none_or_several(talk, found, WITHDRAW)
        return
    done = found[0]
    talk.state = replace(talk.state, drafts=tuple(d for d in talk.state.drafts if d.record != done.record))
    talk.note(f"{done.form}: {WITHDRAW} {done.record}")
    call = ActionCall(
        new_id(talk), WITHDRAW, done.form, plain(done.values), done.items, replaces=done.record, at=talk.at
    )
    pend(talk, call, record=done.record)


def _none_or_several(talk: Talk, found: Sequence[Done], wish: str) -> None:
    talk.aside = True
    if not found:
        talk.reply("nothing_recorded")
        return
    talk.reply("which_one", options=" / ".join(talk.summary(draft_of(done)) for done in found))
    talk.state = replace(talk.state, offer=Offer("record", wish))


def answer_which(talk: Talk, offer: Offer) -> bool:
    """``금요일 거요``: which of those completed was meant. False if that is not told."""
    done = picked(talk, [done for done in talk.state.done if done.form in talk.rules.forms])
    if done is None:
        return False
    if offer.name == WITHDRAW:
        withdraw(talk, [done])
    else:
        reopen(talk, [done])
    return True


def settle_withdrawal(talk: Talk, pending: Pending, outcome: Outcome) -> None:
    """Say what came of a withdrawal."""
    done = next((d for d in talk.state.done if d.record == pending.record), None)
    form = talk.rules.forms.get(pending.form)
    if done is None or form is None:
        return
    talk.note(f"{form.name}: {WITHDRAW} {outcome.name}")
    if outcome.name != OK:
        talk.reply("action_failed", form=form.title)
        return
    talk.state = replace(talk.state, done=tuple(d for d in talk.state.done if d is not done))
    draft = draft_of(done)
    if form.withdrawn is not None:
        talk.say(form.withdrawn, {**talk.form_values(draft), **outcome.facts})
    else:
        talk.reply("withdrawn", form=form.title, summary=talk.summary(draft))


def reopen(talk: Talk, found: Sequence[Done]) -> None:
    """Take the form up again as it was filled in, with the changes the utterance already names."""
    if len(found) != 1:
        _none_or_several(talk, found, "reopen")
        return
    _take_up(talk, found[0])
    if take(talk):  # the change is told, and what comes of it
        return
    talk.reply("reopened", form=talk.form.title, summary=talk.summary(talk.draft))
    if ask_named_slot(talk):
        return
    if talk.form.change is not None:
        talk.ask(CHANGE)
    else:
        talk.ask(talk.form.slots[0].name)


def _take_up(talk: Talk, done: Done) -> None:
    """Put what was completed in hand, as it was at its confirmation."""
    waiting = next((d for d in talk.state.drafts if d.record == done.record), None)
    rest = tuple(d for d in talk.state.drafts if d is not waiting and (d.begun or d.record))
    draft = waiting or draft_of(done)
    left_out = (slot.name for slot in talk.rules.forms[done.form].slots if slot.optional)
    skipped = tuple(name for name in left_out if not draft.all_values(name))
    draft = replace(draft, skipped=tuple(dict.fromkeys((*draft.skipped, *skipped))))
    focus = draft.items[-1].name if draft.items else ""
    talk.state = replace(talk.state, drafts=(*rest, replace(draft, asked=CONFIRM, focus=draft.focus or focus)))
    talk.note(f"{done.form}: 다시 열기 {done.record}")


def take_off_part(talk: Talk) -> bool:
    """``콜라는 취소해 주세요``, of an order done a moment ago that has more on it. False if it is not that."""
    state = talk.state
    done = state.done[-1] if state.done else None
    if state.draft is not None or done is None or done.form not in talk.rules.forms:
        return False
    if state.turn - turn_of(done) > LATELY or not {"cancel", "withdraw"} & {hit.intent.do for hit in talk.hits}:
        return False
    named = dishes_named(talk, done)
    if not 0 < len(named) < len(done.items) or talk.rules.forms[done.form].title in talk.heard:
        return False
    _take_up(talk, done)
    return take(talk)


def second_thoughts(talk: Talk) -> bool:
    """A correction of what was done a moment ago: its form is taken up again with it. False if it is none."""
    state = talk.state
    done = state.done[-1] if state.done else None
    acts = {hit.intent.do for hit in talk.hits}
    if state.draft is not None or done is None or done.form not in talk.rules.forms:
        return False
    anew = any(hit.intent.do == "start" for hit in talk.hits) and talk.rules.forms[done.form].title in talk.text
    shifting = not anew and any(m.josa.startswith(("로", "으로")) for m in talk.mentions)  # 시간도 3시로요
    correcting = bool(acts & {"replace", "change", "remove", "more"}) or _WAIT.match(talk.text) is not None
    correcting = correcting or shifting or _adds_unasked(talk, done)
    if state.turn - turn_of(done) > LATELY or not correcting or not _would_change(talk, done):
        return False
    _take_up(talk, done)
    return take(talk)


def _adds_unasked(talk: Talk, done: Done) -> bool:
    """``조용한 자리로 부탁해요``: what is never asked for but told, unless something new is begun with it."""
    labels = {label for slot in talk.rules.forms[done.form].slots if slot.unasked for label in slot.labels}
    told = [mention for mention in talk.mentions if mention.label in labels]
    return bool(told) and len(told) == len(talk.mentions)


def _would_change(talk: Talk, done: Done) -> bool:
    """Whether the utterance names other values for its slots, dishes, or another count of them."""
    form, draft = talk.rules.forms[done.form], replace(draft_of(done), asked=CONFIRM)
    corrected = correct(talk.mentions, markers(talk, form), items=form.items)
    if form.items is not None:
        counts = corrected.dropped and any(m.label == form.items.count_label for m in corrected.kept)
        if counts or any(mention.label in form.items.labels for mention in talk.mentions):
            return True
    kept, gone = corrected.kept, corrected.gone
    filling = fill_form(form, draft, kept, talk.text, now=talk.now, plain=False, gone=gone)
    added = set(filling.filled) & {slot.name for slot in form.slots if slot.many}
    return bool(filling.changed or filling.cleared or added)
