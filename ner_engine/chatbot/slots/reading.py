"""What a slot is read from, and what comes of it: ``Heard`` in, a ``Value``, a ``Problem`` or None out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.rules import Form, Slot
from ner_engine.chatbot.state import Draft, Value
from ner_engine.values import (
    VALUED_LABELS,
    Clock,
    ContactValue,
    MoneyValue,
    NumberValue,
    PlaceValue,
    QuantityValue,
    parse_at,
)
from ner_engine.values import Value as Meaning
from ner_engine.values.phrases import DATE_LABELS, TIME_LABELS

__all__ = [
    "TIMED_LABELS",
    "Heard",
    "Kind",
    "Meaning",
    "Problem",
    "Result",
    "either",
    "meaning",
    "one_end",
    "read_phrase",
]

TIMED_LABELS = DATE_LABELS | TIME_LABELS
_TIMELESS = (QuantityValue, MoneyValue, NumberValue, ContactValue, PlaceValue)
_LONGEST_PHRASE = 40  # characters of plain words that may be one date or amount


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an answer does not fill its slot: ``kind`` names a text of its ``problems``, ``values`` the gaps.

    ``guess`` is the data of what was probably meant (of a choice: the option's name), ``""`` where nothing is
    like it; its words are under ``values["guess"]`` then. ``half`` is what is kept of it until the rest comes.
    """

    slot: Slot
    kind: str
    values: dict[str, str] = field(default_factory=dict)
    guess: str = ""
    half: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """An utterance as a form hears it: its text, the mentions that stand, and what was known before.

    ``words`` is the text again where the slot just asked may be read from plain words, else ``""``; ``emptied``
    are the slots whose value it takes back.
    """

    form: Form
    draft: Draft
    text: str
    mentions: Sequence[Mention]
    clock: Clock
    words: str = ""
    emptied: tuple[str, ...] = ()

    def awaited(self, slot: Slot) -> bool:
        """Whether a new value may come bare: the slot was asked, or its value is just taken back."""
        return self.asked(slot) or slot.name in self.emptied

    def asked(self, slot: Slot) -> bool:
        """Whether the slot is what was asked."""
        return self.draft.asked == slot.name

    def hint(self, slot: Slot) -> str:
        """Half an answer to the slot from before (저녁), or ``""``."""
        return dict(self.draft.hints).get(slot.name, "")


Result = Value | Problem | None


@dataclass(frozen=True, slots=True)
class Kind:
    """How slots of one type are filled.

    ``takes`` tells whether a mention may fill the slot; ``read`` makes one value of the mentions it was given, or
    of plain words where there are none. Kinds of different ``aspects`` may share a mention: 내일 7시 is a day
    and a time.
    """

    takes: Callable[[Slot, Mention, Heard], bool]
    read: Callable[[Slot, Sequence[Mention], Heard], Result]
    aspect: str = "thing"


def meaning(mention: Mention, clock: Clock) -> Meaning | None:
    """What a mention means by the clock of the conversation; where no clock matters, what the extractor says."""
    if isinstance(mention.value, _TIMELESS):
        return mention.value
    label = mention.label if mention.label in VALUED_LABELS else ""
    return parse_at(mention.text, clock, label=label, following=mention.after)


def one_end(mentions: Sequence[Mention], *, last: bool) -> list[Mention]:
    """Of ``25일부터 27일까지`` the beginning, or the ``last`` of it; else all the mentions."""
    begins = [m for m in mentions if m.josa.startswith(("부터", "에서"))]
    ends = [m for m in mentions if begins and m.start > begins[0].end and _closes(m)]
    dropped = (begins if last else ends) if ends else []
    return [m for m in mentions if m not in dropped]


def _closes(mention: Mention) -> bool:
    return mention.josa.startswith("까지") or mention.after.lstrip().startswith("사이")


def either(mentions: Sequence[Mention]) -> str:
    """``오늘이나 내일``, ``10시 아니면 11시``, where the last two mentions are such: then neither is settled on.

    ``""`` where they are not.
    """
    if len(mentions) < 2:
        return ""
    first, last = mentions[-2:]
    if first.josa in ("이나", "나"):
        return f"{first.text}{first.josa} {last.text}"
    word = next((w for w in ("아니면", "또는", "혹은") if first.after.lstrip().startswith(w)), "")
    return f"{first.text} {word} {last.text}" if word else ""


def read_phrase(words: str, clock: Clock, *, label: str) -> Meaning | None:
    """What plain words mean as a whole; None where they are too many to be one phrase."""
    return parse_at(words, clock, label=label) if 0 < len(words) <= _LONGEST_PHRASE else None
