"""Choices: the options an utterance names in, the one that is meant out; a slip of the pen is guessed at."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ner_engine.chatbot.mention.likeness import compact, nearest
from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.rules import Option, Slot, option_label
from ner_engine.chatbot.slots.plain import bare_answer
from ner_engine.chatbot.slots.reading import Heard, Problem, Result, either
from ner_engine.chatbot.state import Value

__all__ = ["option_value", "read_choice", "takes_choice"]

_WORD = re.compile("[가-힣A-Za-z0-9]{2,}")
_MOST_WORDS = 8  # that are compared with the options
_HINT = 2


def takes_choice(slot: Slot, mention: Mention, heard: Heard) -> bool:
    """Whether a mention is one of the slot's options, or carries a label of the slot."""
    return mention.label == option_label(heard.form.name, slot.name) or mention.label in slot.labels


def option_value(option: Option) -> Value:
    """What is kept of an option."""
    return Value(option.shown, option.name)


def read_choice(slot: Slot, mentions: Sequence[Mention], heard: Heard) -> Result:
    """The option named last: by its own name, by another of its names, or only hinted at (허리: 정형외과).

    Of hints those by the label that stands first in the rule file count; none changes what was chosen already.
    """
    named = [(m, _option(slot, m)) for m in mentions]
    options = [(_distance(slot, m, option), m, option) for m, option in named if option is not None]
    if options:
        nearest_kind = min(distance for distance, _, _ in options)
        if nearest_kind >= _HINT and heard.draft.value(slot.name) is not None and not heard.asked(slot):
            return None
        meant = [(m, option) for distance, m, option in options if distance == nearest_kind]
        if either([m for m, _ in meant]):
            return _unknown(slot, either([m for m, _ in meant]))
        return option_value(meant[-1][1])
    if mentions:
        near = _nearest(slot, mentions[-1].text)
        return _unknown(slot, mentions[-1].text, near[1] if near is not None else None)
    if not heard.words:
        return None
    near = _nearest(slot, heard.words)
    if near is not None:
        return _unknown(slot, near[0], near[1])
    said = bare_answer(heard.words)
    return _unknown(slot, said) if said else None


def _distance(slot: Slot, mention: Mention, option: Option) -> int:
    """How far a mention is from naming its option: 0 its name, 1 another, from _HINT on a label's order."""
    said = compact(mention.text)
    if said == compact(option.name):
        return 0
    if any(said == compact(name) for name in option.names) or mention.label not in slot.labels:
        return 1
    return _HINT + slot.labels.index(mention.label)


def _option(slot: Slot, mention: Mention) -> Option | None:
    for said in (mention.canonical, mention.text):
        for option in slot.options:
            if said and any(compact(said) == compact(name) for name in option.names):
                return option
    return None


def _unknown(slot: Slot, said: str, guess: Option | None = None) -> Problem:
    values = {"heard": said, "options": ", ".join(option.shown for option in slot.options)}
    if guess is None:
        return Problem(slot, "unknown", values)
    return Problem(slot, "unknown", {**values, "guess": guess.shown}, guess.name)


def _nearest(slot: Slot, text: str) -> tuple[str, Option] | None:
    """The word that is most like an option, with that option; None where none is like enough."""
    names = {name: option for option in slot.options for name in option.names}
    words = [match.group() for match in _WORD.finditer(text)][:_MOST_WORDS]
    best: tuple[float, str, Option] | None = None
    for word in dict.fromkeys(filter(None, (bare_answer(text), *map(bare_answer, words)))):
        near = nearest(word, names)
        if near is not None and (best is None or near[0] > best[0]):
            best = (near[0], word, names[near[1]])
    return None if best is None else (best[1], best[2])
