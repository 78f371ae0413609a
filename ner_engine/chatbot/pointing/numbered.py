"""``그거 언제 와요?``, ``그 택배``: what goes by a number, pointed at instead of saying the number again.

In ``그래서 언제 와요?`` not even a word points at it: whoever asks so right after it was looked up means it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.pointing.recents import lately
from ner_engine.chatbot.pointing.words import Found, Piece, Reader, kinds, piece
from ner_engine.chatbot.state import Recent
from ner_engine.chatbot.turn.completion import recorded
from ner_engine.chatbot.turn.talk import Talk

__all__ = ["find_left_out", "find_numbered", "left_unsaid"]

_NUMBERED = re.compile(
    r"(?<![가-힣])(?:(?P<earlier>아까|방금|좀\s?전에|금방)\s?)?"
    r"(?:그(?P<form>것|거|걸|건)|[그이]\s?(?:택배|소포|등기|물건|짐|배송|주문|예약|접수|건(?=은|이|을|에)))"
    r"(?!기|의|지|함|비|\s?기사|\s?회사)"
)
_REFUSED = re.compile(r"(?:은|는)?\s*(?:됐|싫|별로|필요\s?없|괜찮|아니)")
_ASKED = re.compile(
    r"(?:(?:그래서|그러면|그럼|근데|그런데|아니|아|야|그니까|그러니까|진짜|도대체|대체)[\s,]*){0,3}"
    r"(?:언제|어디(?!로|서)|몇\s?시(?:쯤|에)?\s?(?:와|오|도착)|(?:오늘|내일)\s?(?:와요?|오나요?|도착)|왜\s?(?:이렇게\s?)?(?:안|늦)|다시\s?(?:조회|확인))"
)
_SOON = 3  # turns
_NOT_A_LETTER = re.compile(r"[\W_]")


def find_numbered(reader: Reader) -> Iterator[Found]:
    """The number spoken of last (아까: the one before it), unless one is said here or 그거 is something else.

    A bare 그거 is a choice where one is asked for, and nothing numbered in a form that has no number.
    """
    match = _NUMBERED.search(reader.text)
    if match is None or _REFUSED.match(reader.text, match.end()) or (match["form"] and _is_another_thing(reader)):
        return
    found = _numbers(reader)
    if found:
        yield piece(reader.text, match, found[1 if match["earlier"] and len(found) > 1 else 0])


def find_left_out(reader: Reader) -> Iterator[Found]:
    """``그래서 언제 와요?``: the number that was spoken of a moment ago, where no form is open."""
    if reader.state.draft is not None or not _ASKED.match(reader.text):
        return
    found = [recent for recent in _numbers(reader)[:1] if 0 <= reader.state.turn - recent.turn < _SOON]
    if found:
        yield Found(Piece(0, 0, ((found[0].text, found[0].label),), " "))


def _numbers(reader: Reader) -> list[Recent]:
    """The numbers spoken of, the newest first; none where the utterance has one of its own."""
    wanted, patterns = kinds(reader, "code"), reader.rules.patterns
    if not wanted or (patterns is not None and any(c.label in wanted for c in patterns.find(reader.text))):
        return []
    return list(_distinct(lately(reader.rules, reader.state, wanted)).values())


def left_unsaid(talk: Talk) -> list[Mention]:
    """The number of the form just begun, where it was looked up a moment ago: ``그럼 금요일에 받을게요``.

    A look-up asks for a number of its own, and one of several named in one breath would be a guess.
    """
    slot = next((slot for slot in talk.form.slots if slot.type == "code"), None)
    if slot is None or not recorded(talk.form) or any(m.label in slot.labels for m in talk.mentions):
        return []
    recents = list(lately(talk.rules, talk.state, slot.labels))
    last = max((recent.turn for recent in recents), default=-_SOON)
    numbers = _distinct(r for r in recents if r.turn == last and talk.state.turn - last < _SOON)
    end = len(talk.text)
    return [Mention(r.text, end, end, r.label, "recent") for r in numbers.values()] if len(numbers) == 1 else []


def _distinct(recents: Iterable[Recent]) -> dict[str, Recent]:
    """The numbers by their letters and digits alone, each as it was said last."""
    newest: dict[str, Recent] = {}
    for recent in recents:
        newest.setdefault(_NOT_A_LETTER.sub("", recent.text).casefold(), recent)
    return newest


def _is_another_thing(reader: Reader) -> bool:
    draft = reader.state.draft
    form = reader.rules.forms.get(draft.form) if draft is not None else None
    if draft is None or form is None:
        return any(slot.type == "items" for one in reader.rules.forms.values() for slot in one.slots)
    asked = form.slot(draft.asked)
    return (asked is not None and asked.type in ("items", "choice")) or all(s.type != "code" for s in form.slots)
