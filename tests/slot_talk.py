"""For the tests of slots: forms made of a few slots, and what a form hears in one utterance after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from ner_engine.chatbot.mention.mentions import read_mentions
from ner_engine.chatbot.order.items import correct
from ner_engine.chatbot.replies import Saying, parse_template
from ner_engine.chatbot.rulefile.shop import read_known
from ner_engine.chatbot.rulefile.slots import DEFAULT_LABELS
from ner_engine.chatbot.rules import Form, Option, OutcomeText, Rules, Slot
from ner_engine.chatbot.state import Draft
from ner_engine.chatbot.turn.asking import open_slots, with_defaults
from ner_engine.chatbot.turn.fill import Filling, fill_form
from ner_engine.spans import Entity

__all__ = ["NOW", "form_of", "hear", "options", "rules_of", "slot", "values"]

NOW = datetime(2026, 7, 23, 17, 0)  # a Thursday
_TEXT = Saying("text", (parse_template("네."),))
_TAKING_BACK = ("말고", "빼고", "빼", "아니라", "대신")


def slot(name: str, kind: str, **keys: object) -> Slot:
    """A slot of a type, with the labels its type has where none are given."""
    made = Slot(name, name, kind, _TEXT, _TEXT, {}, labels=DEFAULT_LABELS.get(kind, ()))
    return replace(made, **keys)  # type: ignore[arg-type]


def options(*names: str, **synonyms: Sequence[str]) -> tuple[Option, ...]:
    """Options by their names, and those that have synonyms."""
    return tuple(Option(name, name, tuple(synonyms.get(name, ()))) for name in (*names, *synonyms))


def form_of(*slots: Slot) -> Form:
    """A form of these slots."""
    return Form("form", "양식", _TEXT, slots, {"ok": OutcomeText(_TEXT)}, confirm=_TEXT)


def rules_of(form: Form) -> Rules:
    """Rules that know nothing but a form."""
    forms = {form.name: form}
    known = read_known(None, None, forms, "test.yaml")
    return Rules("test.yaml", "test", {}, forms, (), {}, names=known.names)


def hear(
    form: Form,
    *texts: str,
    asked: str | None = None,
    now: datetime = NOW,
    extract: Callable[[str], Sequence[Entity]] = lambda text: (),
    draft: Draft | None = None,
) -> Filling:
    """What came of the last of these utterances.

    What is asked is the slot named (``""``: nothing), or by default the first that is still empty.
    """
    rules = rules_of(form)
    draft = draft or with_defaults(form, Draft(form.name), now=now)
    filling = Filling(draft)
    for text in texts:
        waiting = [one.name for one in open_slots(form, draft)]
        draft = replace(draft, asked=asked if asked is not None else next(iter(waiting), ""))
        mentions = read_mentions(rules, text, text, extract(text))
        markers = [(text.index(word), "replace") for word in _TAKING_BACK if word in text]
        corrected = correct(mentions, markers[:1])
        filling = fill_form(form, draft, corrected.kept, text, now=now, plain=True, gone=corrected.gone)
        draft = filling.draft
    return filling


def values(filling: Filling) -> Mapping[str, object]:
    """What fills each slot: one value, or a list of several."""
    return {
        name: several[0].data if len(several) == 1 else [value.data for value in several]
        for name, several in filling.draft.values
    }
