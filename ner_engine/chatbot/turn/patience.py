"""Putting a question again: differently each time, with an explanation at last, and then a person takes over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ner_engine.chatbot.rules import Slot
from ner_engine.chatbot.state import CONFIRM, MORE
from ner_engine.chatbot.turn.completion import hand_over
from ner_engine.chatbot.turn.talk import Talk

__all__ = ["ask_anew", "miss", "unclear_confirm"]


def unclear_confirm(talk: Talk) -> None:
    if talk.form.unclear_confirm is None:
        talk.ask(CONFIRM)
    else:
        talk.say(talk.form.unclear_confirm, talk.form_values())


def ask_anew(talk: Talk, usual: Callable[[], None], *, slot: Slot | None = None) -> None:
    """Put the open question again for want of an answer, by ``usual``: before the last time with an explanation,
    and when that has not helped either, a person takes over.

    ``slot`` is given where it is another one's question now.
    """
    asked = talk.draft.asked if slot is None else slot.name
    times = talk.state.repeats + 1 if asked == talk.draft.asked else 1
    talk.update(replace(talk.draft, asked=asked))
    talk.unanswered = True
    limit = talk.rules.limits.repeats
    if limit and times > limit:
        hand_over(talk, "같은 질문을 되풀이했어요")
        return
    about = talk.form.slot(asked)
    if limit and times == limit > 1 and about is not None:
        if slot is not None:  # first, what is wrong with this answer
            usual()
        talk.reply("repeated_question", slot=about.title)
        if slot is None:
            usual()
    else:
        usual()


def miss(talk: Talk) -> None:
    """Admit that nothing was understood: differently each time, and at last with a way out."""
    talk.understood = False
    misses = talk.state.misses + 1
    talk.state = replace(talk.state, misses=misses)
    limit = talk.rules.limits.misses
    if limit and misses >= limit:
        hand_over(talk, "알아듣지 못했어요")
    elif talk.state.draft is None:
        talk.reply(f"fallback_{min(misses, 3)}")
    else:
        ask_anew(talk, lambda: _admit(talk, misses))


def _admit(talk: Talk, misses: int) -> None:
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
        unclear_confirm(talk)
    else:
        talk.ask(asked)
