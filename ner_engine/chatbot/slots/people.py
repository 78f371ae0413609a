"""Names of persons: mentions of people in, the name that is meant out; a plain answer may be a name too."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.mention.names import read_name
from ner_engine.chatbot.rules import Slot
from ner_engine.chatbot.slots.plain import bare_answer
from ner_engine.chatbot.slots.reading import Heard, Result
from ner_engine.chatbot.state import Value
from ner_engine.rules.boundaries import ends_here

__all__ = ["read_person", "takes_person"]

# 그 선생님, 저 사람: who is pointed at is not named.
_POINTED_AT = frozenset("그저이걔얘")
# Brown of Emma Brown, where only the first name was seen.
_SURNAME_AFTER = re.compile(r"(?: [A-Z][A-Za-z'-]+){1,3}")

# 민수랑 갈 거예요, 민수야: whom one comes with or speaks to is not the one who books.
_NOT_THE_GUEST = re.compile("(?:이?랑|하고|과|와|한테|에게|보다|네|야|아)")
_TITLE = re.compile(
    r"\s?(?:[가-힣]{0,2}(?:부장|과장|차장|대리|사장|이사|팀장|실장|소장|원장|점장)|교수|선생|사모|여사)"
)

_SAID = re.compile("이?라고|이?라는|이?구요|이?고요|이?거든|이?지만|이?니까|인데")


def takes_person(slot: Slot, mention: Mention, heard: Heard) -> bool:
    """Whether a mention names somebody who may be the one in question."""
    if mention.label not in slot.labels or mention.text in slot.reject or mention.text in _POINTED_AT:
        return False
    return _ends(mention) and not _NOT_THE_GUEST.fullmatch(mention.josa) and not _is_chosen(mention, heard)


def _ends(mention: Mention) -> bool:
    """Whether the name ends where it was seen to end: not 정형 of 정형와과."""
    whole = mention.text + mention.after
    titled = _TITLE.match(mention.after) is not None
    return (
        titled
        or mention.text.isascii()
        or ends_here(whole, 0, len(mention.text))
        or _SAID.match(mention.after) is not None
    )


def _is_chosen(mention: Mention, heard: Heard) -> bool:
    """``박지호 원장님이요``, where a choice goes by the word 원장님: whom one wants to see, not who one is."""
    words = [word for slot in heard.form.slots if slot.type == "choice" for word in slot.words]
    return any(mention.after.lstrip().startswith(word) for word in words)


def read_person(slot: Slot, mentions: Sequence[Mention], heard: Heard) -> Result:
    """The name said last, with the title a surname alone goes by (김 of 김부장)."""
    marked = [m for m in mentions if _is_marked(slot, m)]
    names = [_whole_name(m, heard if heard.asked(slot) else None) for m in marked or mentions]
    name = names[-1] if names else read_name(heard.words, reject=slot.reject) if heard.words else None
    return None if name is None else Value(name + slot.suffix, name)


def _is_marked(slot: Slot, mention: Mention) -> bool:
    """``딸 이름은 정소이 엄마 이름은 김윤아예요``: the rule file tells by its roles who is meant."""
    before = mention.lead.rstrip(" :")
    return slot.role is not None and any(before.endswith(word) for word in slot.role.before)


def _whole_name(mention: Mention, answer: Heard | None) -> str:
    """The name as it is gone by.

    ``answer``: the utterance that answers the question for it; a syllable in front of it is its surname (나한별).
    """
    if mention.text.isascii():
        rest = _SURNAME_AFTER.match(mention.after)
        return mention.text + (rest.group() if rest else "")
    if answer is not None and len(mention.text) == 2 and mention.start == 1:
        whole = bare_answer(answer.text)
        return (
            whole
            if len(whole) == 3 and whole[0] not in "저전제난" and whole[1:] == mention.text
            else mention.text
        )
    title = _TITLE.match(mention.after) if len(mention.text) == 1 else None
    return mention.text + (title.group(0) if title else "")
