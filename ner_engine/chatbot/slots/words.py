"""Answers in plain words: yes or no, and free text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ner_engine.chatbot.mention.likeness import compact
from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.rules import NO, YES, Option, Slot
from ner_engine.chatbot.slots.plain import bare_answer
from ner_engine.chatbot.slots.reading import Heard, Result
from ner_engine.chatbot.state import Value

__all__ = ["read_text", "read_yes_no", "takes_nothing", "takes_text"]

_END = r"(?=[\s,.!~ㅋㅎㅠ^]|$)"
_YES = re.compile(
    rf"(?:네+|넵+|넹|넴|예+|응+|웅|어+|ㅇㅇ|ㅇ|ㅇㅋ|그럼요|그럼(?=[\s.!~]*$)|그래요?|그렇죠|그렇습니다|맞아요?|맞습니다|맞음|좋아요?|물론이?[죠요]*|당연하?[죠지]요?"
    rf"|오케이|ok|yes|y|있어요?|있습니다|있음|처음이?[에예]?요|처음입니다|필요해요?|원해요?|할게요?|해\s?주세요|해주세요){_END}",
    re.IGNORECASE,
)
_NO = re.compile(
    rf"(?:아니[요오]?|아뇨|아녀|아냐|아니야|아닙니다|아니에요|아닌데요?|ㄴㄴ|ㄴ|노|놉|no|n|없어요?|없습니다|없음|안\s?해요|안\s?할래요?"
    rf"|괜찮아요?|괜찮습니다|됐어요?|필요\s?없어요?|싫어요?|안\s?돼요|못\s?해요|두\s?번째.{{0,5}}|전에\s?.{{0,12}}|아니거든요){_END}",
    re.IGNORECASE,
)


# 칼칼해여, 콧물이 나요: what ends so is a sentence, which is kept whole.
_SPOKEN = re.compile(r"(?:(?:해|여|어|아|나)여|\s(?:나|와|가|자|나와|빠져|그래|이래)요?|때문에?요?)[\s.!~]*$")


def takes_nothing(slot: Slot, mention: Mention, heard: Heard) -> bool:
    """No mention is a yes or a no."""
    return False


def read_yes_no(slot: Slot, mentions: Sequence[Mention], heard: Heard) -> Result:
    """A yes or a no to the question just asked; a question back is neither."""
    text = heard.text.strip()
    if not heard.asked(slot) or text.endswith("?"):
        return None
    yes = Value(slot.yes.shown if slot.yes is not None else YES, "yes")
    no = Value(slot.no.shown if slot.no is not None else NO, "no")
    if _says(slot.no, text):
        return no
    if _says(slot.yes, text):
        return yes
    if _NO.match(text):
        return no
    return yes if _YES.match(text) else None


def _says(answer: Option | None, text: str) -> bool:
    """Whether the rule file's own words for an answer are in the text."""
    return answer is not None and any(compact(word) in compact(text) for word in answer.synonyms)


def takes_text(slot: Slot, mention: Mention, heard: Heard) -> bool:
    """Whether a mention carries the label of the slot."""
    return mention.label in slot.labels


def read_text(slot: Slot, mentions: Sequence[Mention], heard: Heard) -> Result:
    """The words as they are, a sentence in quotes; those that match the slot's pattern where it has one.

    Unasked it is what a mention names.
    """
    shown = found = ""
    answer = heard.words.strip() or (heard.text.strip() if mentions and heard.asked(slot) else "")
    if slot.pattern is not None:
        match = slot.pattern.search(heard.words) if heard.words else None
        shown = found = match.group() if match else ""
    elif answer:
        named = bare_answer(answer) if not _SPOKEN.search(answer) else ""
        shown, found = named or f"'{answer}'", named or answer
    elif mentions:
        shown = found = mentions[-1].canonical or mentions[-1].text
    enough = len(found) >= slot.min_chars and any(c.isalnum() for c in found)
    return Value(shown + slot.suffix, found) if enough else None
