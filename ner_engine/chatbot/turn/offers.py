"""The yes/no questions that the bot puts on its own, and the answers to them."""

from __future__ import annotations

from dataclasses import replace

from ner_engine.chatbot.order.cart import take_offered
from ner_engine.chatbot.state import Offer
from ner_engine.chatbot.turn.afterwards import answer_which
from ner_engine.chatbot.turn.match import Hit
from ner_engine.chatbot.turn.progress import ask_open
from ner_engine.chatbot.turn.taking import advance, take_option
from ner_engine.chatbot.turn.talk import Talk

__all__ = ["answer_offer", "offer_to_resume"]


def answer_offer(talk: Talk, best: Hit | None) -> bool:
    """A yes or no to the bot's own question; anything else lets the question go."""
    offer, draft = talk.state.offer, talk.state.draft
    talk.state = replace(talk.state, offer=None)
    if offer is not None and offer.kind in ("record", "which"):
        return _answer_which(talk, offer, best)
    if offer is None or draft is None or best is None or best.intent.do not in ("accept", "decline"):
        return False
    accepted = best.intent.do == "accept"
    if offer.kind == "resume":
        _answer_resume(talk, accepted=accepted)
    elif not _answer_guess(talk, offer, accepted=accepted):
        return False
    talk.chosen = best.intent.name
    return True


def _answer_which(talk: Talk, offer: Offer, best: Hit | None) -> bool:
    """None of them; or the record that was meant. What else is said is read as it stands."""
    if best is not None and best.intent.do == "decline":
        talk.aside = True
        talk.chosen = best.intent.name
        if talk.state.draft is None:
            talk.reply("no_idle")
        else:
            ask_open(talk)
        return True
    return offer.kind == "record" and answer_which(talk, offer)


def _answer_resume(talk: Talk, *, accepted: bool) -> None:
    title = talk.form.title
    if accepted:
        talk.reply("resumed", form=title)
        ask_open(talk)
    else:
        talk.state = replace(talk.state, drafts=talk.state.drafts[:-1])
        talk.reply("resume_declined", form=title)


def _answer_guess(talk: Talk, offer: Offer, *, accepted: bool) -> bool:
    """The dish or the option that was probably meant. False if the form knows no such slot."""
    before = talk.draft.asked
    if offer.kind == "choice":
        slot = talk.form.slot(offer.slot)
        option = next((o for o in slot.options if o.name == offer.name), None) if slot is not None else None
        if slot is None or option is None:
            return False
        if accepted:
            take_option(talk, slot, option)
        else:
            talk.ask(slot.name)
        return True
    items = talk.form.items
    if offer.kind != "dish" or items is None:
        return False
    if accepted:
        take_offered(talk, items, offer)
        advance(talk, before=before, changed_items=True)
    else:
        talk.reply("guess_declined")
        talk.update(replace(talk.draft, asked=items.name))
    return True


def offer_to_resume(talk: Talk) -> None:
    """After a long silence, or a new greeting: offer to go on with what was left in the middle."""
    talk.aside = True
    talk.new_line()
    talk.reply("welcome_back", form=talk.form.title)
    talk.state = replace(talk.state, offer=Offer("resume", talk.draft.form))
