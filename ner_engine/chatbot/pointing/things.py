"""``그걸로``, ``둘 다``, ``두 번째 걸로``: what is to be ordered or chosen, pointed at instead of named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ner_engine.chatbot.order.items import unit_of
from ner_engine.chatbot.order.menu import find_dishes, lookup
from ner_engine.chatbot.pointing.recents import kind_of, lately
from ner_engine.chatbot.pointing.words import Found, Piece, Reader, kinds, piece
from ner_engine.chatbot.state import COUNT, Recent
from ner_engine.chatbot.turn.asking import applies

__all__ = ["find_all_of_them", "find_by_kind", "find_nth", "find_one_of_those", "find_thing", "find_unsaid_thing"]

_EARLIER = r"(?:(?:아까|방금|좀\s?전에|금방)\s?)?"
_SAID = "(?:말한|말씀드린|말했던|얘기한|물어본|본|시킨)"
_THING = re.compile(
    rf"(?<![가-힣])(?P<earlier>(?:아까|방금|좀\s?전에|금방)\s?(?:{_SAID}\s?)?)?"
    r"(?:(?:[그이]|똑?같은\s?|(?<=[한린던본킨]\s)|(?<=[한린던본킨]))(?P<form>것|거|걸|건)|똑?같은\s?(?:메뉴|음식))(?!기|의|지)"
)
_ALL = re.compile(r"(?<![가-힣])(?:(?P<two>둘|두\s?(?:개|가지))|(?P<three>셋|세\s?(?:개|가지)))\s?다(?![가-힣])")
_NTH = re.compile(
    r"(?<![가-힣\d])(?:(?P<nth>첫|두|둘|세|셋|네|넷|다섯)\s?(?:번\s?)?째"
    r"|(?P<number>[1-9])\s?번(?=\s*$|\s*[.!~]|으로|이?요|\s?[거것걸])"
    r"|(?P<last>마지막)(?=\s?[거것걸]))(?:\s?(?P<form>것|거|걸))?"
)
_ORDINALS = {"첫": 1, "두": 2, "둘": 2, "세": 3, "셋": 3, "네": 4, "넷": 4, "다섯": 5}

# 그거 is wanted, taken back or asked about, not merely spoken of (그건 좀 비싸네요).
_WANTED = re.compile(
    r"로(?:요|도|만)?(?![가-힣])|하나|둘|셋|[한두세네]\s|\d|주[세시실셈라]|줘|달라|할[게래]|하겠|시킬|시켜|주문|추가"
    r"|더|먹|부탁|해\s?주|(?:거|것|걸|메뉴|음식)(?:이?요)?[\s.!~]*$|빼|말고|대신|지워|취소|얼마|가격"
)
_REFUSED = re.compile(r"(?:은|는)?\s*(?:됐|안\s|비싸|싫|별로|필요\s?없|괜찮)")
_DONE = re.compile(
    r"(?:접수|예약|신청)\s?(?:한|했던|하신)\s?$"
)  # 접수한 거 is the whole form, not a choice in it
_TAKEN_OFF = re.compile("빼|지워|삭제|취소|제외")
_COUNTED = re.compile(r"\d|하나|둘|셋|[한두세네]\s?[가-힣]")
_JUST_COUNT = re.compile(
    r"\s*(?:(?:네|넵|예|아|오|음|그럼|그러면|그래요?|좋아요?|일단)[\s,.!~]+)*"
    r"(?:하나|둘|셋|넷|(?:[한두세네]|다섯|\d{1,2})\s?(?:개|그릇|인분|접시|병|잔|공기|판|줄|마리|세트|캔))(?:만|씩|로)?\s?"
    r"(?:(?:주|시[키킬켜]|할게|부탁|포장|먹을)[가-힣\s]{0,6}|요)[\s.!~]*$"
)
_FEW = 5  # of a longer list, 그거 points at nothing


def find_all_of_them(reader: Reader) -> Iterator[Found]:
    """``둘 다``: what the bot listed, if it is so many, or what was mentioned in one breath."""
    wanted = kinds(reader, "items", "choice")
    draft = reader.state.draft
    asked = reader.rules.forms[draft.form].slot(draft.asked) if draft is not None else None
    if asked is not None and asked.type == "choice" and not asked.many:  # 둘 다 괜찮아요: of one, not both
        return
    for match in _ALL.finditer(reader.text):
        count = 2 if match["two"] else 3
        listed = [recent for recent in reader.state.options if recent.label in wanted]
        group = next((g for g in (listed, _breath(reader, wanted)) if len(g) == count), None)
        if group is not None:
            yield piece(reader.text, match, *group)


def find_nth(reader: Reader) -> Iterator[Found]:
    """``두 번째 걸로``, ``2번이요``: of what the bot listed."""
    wanted = kinds(reader, "items", "choice")
    listed = [recent for recent in reader.state.options if recent.label in wanted]
    for match in _NTH.finditer(reader.text) if len(listed) > 1 else ():
        said = _ORDINALS[match["nth"]] if match["nth"] else int(match["number"] or 0)
        nth = len(listed) if match["last"] else said
        if nth <= len(listed):
            found = piece(reader.text, match, listed[nth - 1])
            rest = reader.text[: match.start()] + reader.text[match.end() :]
            yield found if _COUNTED.search(rest) else _with_count(reader, found)


def _with_count(reader: Reader, found: Found) -> Found:
    """The answer to ``짜장면, 짬뽕 중에 어느 쪽이세요?`` with how many were wanted when it was asked."""
    offer, one = reader.state.offer, found.piece
    if offer is None or offer.kind != "which" or offer.count < 2 or one is None:
        return found
    return replace(
        found, piece=replace(one, tail=f" {offer.count}{unit_of(one.named[-1][0], reader.rules.menu)}")
    )


def find_thing(reader: Reader) -> Iterator[Found]:
    """``그걸로``: the one thing just listed or mentioned. What is on the order already is only pointed at, for it
    is not asked for once more; where it may be several, they are told."""
    wanted = kinds(reader, "items", "choice")
    text, draft = reader.text, reader.state.draft
    match = _THING.search(text) if wanted else None
    if match is None or not _WANTED.search(text, match.start()) or _REFUSED.match(text, match.end()):
        return
    if _DONE.search(text, 0, match.start()):
        return
    if draft is None and not reader.rules.menu and match.group().startswith("이"):
        return  # where nothing is open, 이거 is what one holds in one's hand, not an option named before
    on_list = {item.name for item in draft.items} if draft is not None else set()
    off = _TAKEN_OFF.search(text) if on_list else None
    if off is not None:
        named = {dish.name for _, _, dish in find_dishes(reader.rules.menu, text[: off.start()])}
        if named and match.start() > off.start():  # 만두는 빼고 그걸로 하나 더: what stays on the order
            rest = on_list - named
            yield Found(focus=rest.pop() if len(rest) == 1 else "")
            return
        recents = lately(reader.rules, reader.state, wanted)
        yield Found(focus=next((r.canonical for r in recents if r.canonical in on_list), ""))
        return
    candidates = _candidates(reader, wanted, earlier=match["earlier"] is not None)
    if len(candidates) == 1:
        one = candidates[0]
        yield Found(focus=one.canonical) if one.canonical in on_list else piece(text, match, one)
    elif not all(recent.canonical in on_list for recent in candidates):
        yield Found(which=tuple(candidates))


def find_unsaid_thing(reader: Reader) -> Iterator[Found]:
    """``탕수육 있어요?`` — ``하나 주세요``: the one dish asked about just now that is not on the order."""
    draft = reader.state.draft
    if not _JUST_COUNT.match(reader.text) or reader.state.offer is not None:
        return
    if draft is not None and draft.asked == COUNT:
        return
    on_list = {item.name for item in draft.items} if draft is not None else set()
    last = [r for r in reader.state.recents if r.turn == reader.state.turn and r.canonical]
    dishes = [r for r in last if lookup(reader.rules.menu, r.canonical) is not None]
    if len(dishes) == 1 and dishes[0].canonical not in on_list and not _done(reader, dishes[0].canonical):
        yield Found(Piece(0, 0, ((dishes[0].canonical, dishes[0].label),), " "))


def _done(reader: Reader, name: str) -> bool:
    return any(item.name == name for done in reader.state.done for item in done.items)


def find_by_kind(reader: Reader) -> Iterator[Found]:
    """``그 선생님으로``: the option spoken of last of a choice that people call 선생님."""
    rules, draft = reader.rules, reader.state.draft
    if draft is None or draft.form not in rules.forms:
        return
    form = rules.forms[draft.form]
    slots = [slot for slot in form.slots if slot.type == "choice" and applies(slot, draft)]
    for slot in slots:
        words = "|".join(re.escape(word) for word in sorted((slot.title, *slot.words), key=len, reverse=True))
        match = re.search(
            rf"(?<![가-힣]){_EARLIER}(?:그|같은)\s?(?:{words})(?:님|분)?(?=으?로|이?요|에|한테|께|도|[\s.!~,]|$)",
            reader.text,
        )
        recent = next(lately(rules, reader.state, (kind_of(form, slot),)), None) if match is not None else None
        if match is not None and recent is not None:
            yield piece(reader.text, match, recent)
            return


def _candidates(reader: Reader, wanted: Sequence[str], *, earlier: bool) -> list[Recent]:
    """What 그거 may be: what the bot's last reply named, else what was mentioned last. ``earlier``: 아까 그거."""
    state = reader.state
    if earlier:
        recents = list(lately(reader.rules, state, wanted))
        older = [recent for recent in recents if recent.turn < state.turn] or recents
        return [r for r in reversed(older) if r.turn == older[0].turn and r.label == older[0].label][:_FEW]
    listed = [r for r in state.options if r.label in wanted and r.turn == state.turn]
    return listed if 0 < len(listed) <= _FEW else _breath(reader, wanted)[:_FEW]


def _breath(reader: Reader, wanted: Sequence[str]) -> list[Recent]:
    """What was mentioned last, all of one turn and one kind, in its order."""
    recents = list(lately(reader.rules, reader.state, wanted))
    return [r for r in reversed(recents) if r.turn == recents[0].turn and r.label == recents[0].label]


def find_one_of_those(reader: Reader) -> Iterator[Found]:
    """The answer to ``짜장면, 짬뽕 중에 어느 쪽이세요?``, with how many were wanted when it was asked."""
    offer, text, menu = reader.state.offer, reader.text, reader.rules.menu
    if offer is None or offer.kind != "which" or offer.count < 2 or _COUNTED.search(text):
        return
    named = find_dishes(menu, text)
    if len(named) == 1:
        start, end, dish = named[0]
        tail = f" {offer.count}{unit_of(dish.name, menu)}"
        yield Found(Piece(start, end, ((dish.name, offer.name),), tail))
