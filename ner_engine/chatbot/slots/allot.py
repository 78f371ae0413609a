"""Which mention goes to which slot, where several may take it: by role, else to the slot asked, else in order.

Mentions and the form as it stands go in, the mentions of every slot come out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.rules import Role, Slot
from ner_engine.chatbot.slots.kinds import KINDS
from ner_engine.chatbot.slots.reading import Heard, meaning
from ner_engine.josa import leading_josa
from ner_engine.values import DateValue, MomentValue, TimeValue

__all__ = ["allot", "marker"]

_TOPIC = re.compile("(?:은|는|이|가|을|를|의)$")
_MORE = re.compile("(?:은|는|도|만|의|요)+$")


def allot(
    heard: Heard, mentions: Sequence[Mention], *, emptied: Collection[str] = ()
) -> dict[str, list[Mention]]:
    """The mentions of each slot, by its name. ``emptied`` are slots whose value this utterance takes back."""
    shares: dict[str, list[Mention]] = {slot.name: [] for slot in heard.form.slots}
    kinds = [(slot, KINDS[slot.type]) for slot in heard.form.slots if slot.type in KINDS]
    for mention in mentions:
        takers = [(slot, kind.aspect) for slot, kind in kinds if kind.takes(slot, mention, heard)]
        asked = next((aspect for slot, aspect in takers if heard.asked(slot)), "")
        if asked == "thing" and not isinstance(meaning(mention, heard.clock), MomentValue):
            takers = [
                (slot, aspect) for slot, aspect in takers if aspect == asked
            ]  # 3일 where a length was asked
        for aspect in dict.fromkeys(aspect for _, aspect in takers):
            group = [slot for slot, of in takers if of == aspect]
            for slot in _chosen(group, mention, heard, shares, emptied):
                shares[slot.name].append(mention)
    return shares


def _chosen(
    group: Sequence[Slot],
    mention: Mention,
    heard: Heard,
    shares: dict[str, list[Mention]],
    emptied: Collection[str],
) -> list[Slot]:
    if len(group) == 1:
        return [group[0]]
    if _is_stretch(mention, heard):  # 25일부터 27일까지 fills the slot it is from and the slot it is until
        ends = [slot for slot in group if slot.role is not None and {"부터", "까지"} & {*slot.role.after}]
        if len(ends) > 1:
            return ends
    marked = max(group, key=lambda slot: marker(slot.role, mention))
    if marker(marked.role, mention):
        return [marked]
    asked = next((slot for slot in group if heard.asked(slot)), None)
    if asked is not None and not shares[asked.name]:
        return [asked]
    taken_back = [slot for slot in group if slot.name in emptied and not shares[slot.name]]
    empty = [slot for slot in group if heard.draft.value(slot.name) is None and not shares[slot.name]]
    # Said once more where all is filled, it may be about any of them, but for the one that is named elsewhere.
    named = [slot for slot in group if not shares[slot.name] and _named(slot, heard.text)]
    return [*(named if len(named) == 1 else []), *taken_back, *empty][:1]


def _named(slot: Slot, text: str) -> bool:
    """출발지 of ``출발지가 틀렸네요. 대구예요``."""
    before = slot.role.before if slot.role is not None else ()
    return any(word in text for word in (slot.title, *slot.words, *before))


def _is_stretch(mention: Mention, heard: Heard) -> bool:
    value = meaning(mention, heard.clock)
    if isinstance(value, DateValue):
        return value.grain == "days" and not value.open
    return isinstance(value, TimeValue | MomentValue) and value.grain == "hours" and value.end is not None


def marker(role: Role | None, mention: Mention) -> int:
    """How long the word is that marks a mention as the one of a role; 0 where none does."""
    if role is None:
        return 0
    before = mention.lead.rstrip(" \t:;,")
    topic = _TOPIC.sub("", before).rstrip()
    found = [len(word) for word in role.before if before.endswith(word) or topic.endswith(word)]
    found += [len(word) for word in role.after if _follows(word, mention)]
    return max(found, default=0)


def _follows(word: str, mention: Mention) -> bool:
    if leading_josa(word) == word:  # 로 marks 부산로 only as a particle, 부터 also in 에서부터
        josa = _MORE.sub("", mention.josa)
        return josa.endswith(word) or (len(word) > 1 and mention.after.startswith(word))
    return mention.after.startswith(word) or mention.after.lstrip().startswith(word)
