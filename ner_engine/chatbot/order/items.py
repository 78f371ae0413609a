"""The dishes of an utterance: which, how many, which not; and an order's list of items as a value.

Counts bind to the nearest dish before them (``짜장면 두 그릇이랑 탕수육 하나``), ``씩`` hands one to every
dish before it, and a count in front of its dish (``두 그릇 짜장면``) is understood where no dish precedes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.order.menu import Dish, guess_dish, lookup
from ner_engine.chatbot.rules import Slot
from ner_engine.chatbot.slots.counts import Count, read_count, same_unit
from ner_engine.chatbot.state import Item

__all__ = [
    "Corrected",
    "Request",
    "add_item",
    "bind",
    "correct",
    "count_of",
    "misspelt_with_count",
    "only_filler",
    "set_item",
    "show_items",
    "swap_item",
    "total_price",
    "unit_of",
    "unlabelled_guess",
]


@dataclass(frozen=True, slots=True)
class Request:
    """A dish asked for. ``count`` is None if none was said; ``to`` (으로, 만): the new count, not more of it."""

    food: Mention
    count: Count | None = None
    to: bool = False


@dataclass(frozen=True, slots=True)
class Corrected:
    """The mentions that stand, and the groups a marker took back, with its kind (``replace``, ``remove``)."""

    kept: tuple[Mention, ...]
    dropped: tuple[tuple[str, tuple[Mention, ...]], ...]

    @property
    def gone(self) -> tuple[Mention, ...]:
        """Everything taken back."""
        return tuple(mention for _, group in self.dropped for mention in group)


_JOINING = re.compile("이?랑|하고|과|와")
_REACH = 8  # characters between what is taken back and 말고 or 빼


def correct(
    mentions: Sequence[Mention], markers: Sequence[tuple[int, str]], *, items: Slot | None = None
) -> Corrected:
    """Tell what is taken back from what stands. ``markers`` are the places of 말고, 빼 and their kinds.

    A marker takes back the mention right before it, with the dish it counts, and everything joined to that by 랑.
    """
    dropped: list[tuple[str, tuple[Mention, ...]]] = []
    gone: set[int] = set()
    for place, kind in sorted(markers):
        group: list[int] = []
        edge = place
        for i in range(len(mentions) - 1, -1, -1):
            mention = mentions[i]
            if mention.end > place or i in gone:
                continue
            if not group:
                near = place - mention.end <= _REACH
            else:
                follower = mentions[group[-1]]
                counted = items is not None and (mention.label, follower.label) == (
                    items.label,
                    items.count_label,
                )
                joined = mention.label == follower.label and _JOINING.fullmatch(mention.josa)
                near = bool(counted and edge - mention.end <= 2) or bool(joined)
            if not near:
                break
            group.append(i)
            edge = mention.start
        if group:
            gone.update(group)
            dropped.append((kind, tuple(mentions[i] for i in sorted(group))))
    return Corrected(tuple(m for i, m in enumerate(mentions) if i not in gone), tuple(dropped))


def count_of(slot: Slot, menu: Sequence[Dish], mention: Mention) -> Count | None:
    """The count of dishes a mention states; None for counts of people, money and the like."""
    if mention.label != slot.count_label or mention.after.startswith("이서"):
        return None
    count = read_count(mention.text)
    if count is None or (count.unit and not same_unit(count.unit, (*slot.units, *(dish.unit for dish in menu)))):
        return None
    return count


def bind(
    slot: Slot, menu: Sequence[Dish], mentions: Sequence[Mention]
) -> tuple[tuple[Request, ...], tuple[Mention, ...]]:
    """Dishes with their counts, and the counts that belong to no dish."""
    requests: list[Request] = []
    floating: list[Mention] = []
    waiting: Mention | None = None  # a count that may belong to the dish after it
    for mention in mentions:
        if mention.label == slot.label:
            request = Request(mention, to=mention.josa in ("으로", "로"))
            if waiting is not None and not requests and mention.start - waiting.end <= 2:
                request = replace(request, count=count_of(slot, menu, waiting))
                floating.remove(waiting)
            waiting = None
            requests.append(request)
            continue
        count = count_of(slot, menu, mention)
        if count is None:
            continue
        to = mention.josa in ("으로", "로", "으로요", "로요", "만", "만요")  # 두 그릇으로, 하나만
        if not requests:
            waiting = mention
            floating.append(mention)
        elif mention.text.endswith("씩") or mention.after.startswith("씩"):
            requests = [replace(r, count=r.count or count) for r in requests]
        elif requests[-1].count is None or to:  # a second count further on is about something else
            requests[-1] = replace(requests[-1], count=count, to=to)
        else:
            floating.append(mention)
    return tuple(_once(requests, menu)), tuple(floating)


def _once(requests: Sequence[Request], menu: Sequence[Dish]) -> list[Request]:
    """``볶음밥도 좋네, 볶음밥 하나``: what is named again with its count is asked for once."""
    named = [(lookup(menu, request.food.text), request) for request in requests]
    counted = [dish for dish, request in named if dish is not None and request.count is not None]
    return [
        request for dish, request in named if request.count is not None or dish is None or dish not in counted
    ]


def add_item(items: tuple[Item, ...], name: str, count: int) -> tuple[Item, ...]:
    """The list with so many more of a dish; fewer for a negative count, and none left means off the list."""
    have = next((item.count for item in items if item.name == name), 0)
    return set_item(items, name, have + count)


def set_item(items: tuple[Item, ...], name: str, count: int) -> tuple[Item, ...]:
    """The list with exactly so many of a dish, which keeps its place."""
    if count <= 0:
        return tuple(item for item in items if item.name != name)
    if any(item.name == name for item in items):
        return tuple(Item(name, count) if item.name == name else item for item in items)
    return (*items, Item(name, count))


def swap_item(items: tuple[Item, ...], old: str, new: str, count: int) -> tuple[Item, ...]:
    """The list with one dish in another's place (added to what there was of it already)."""
    if any(item.name == new for item in items) or all(item.name != old for item in items):
        return add_item(set_item(items, old, 0), new, count)
    return tuple(Item(new, count) if item.name == old else item for item in items)


def show_items(items: Sequence[Item], menu: Sequence[Dish]) -> str:
    """``짜장면 2그릇, 탕수육 1접시``."""
    return ", ".join(f"{item.name} {item.count}{unit_of(item.name, menu)}" for item in items)


def unit_of(name: str, menu: Sequence[Dish]) -> str:
    """What a dish is counted in."""
    return next((dish.unit for dish in menu if dish.name == name), "개")


def total_price(items: Sequence[Item], menu: Sequence[Dish]) -> int:
    """What the order costs, in won; dishes that are not on the menu cost nothing."""
    prices = {dish.name: dish.price for dish in menu}
    return sum(prices.get(item.name, 0) * item.count for item in items)


_FILLER = re.compile(
    r"(?:아+|어+|음+|앗|네|넵|예|아니|아니요|아뇨|그럼|그러면|그거|그건|그걸|그냥|다시|생각해보니|으로|로|이?요|주세요|주실래요|줘요?"
    r"|해주세요|해|줘|할게요|할게|해요|바꿔|바꿀게요|변경|더|추가|추가요|만|씩|좀|정도|쯤|주문|부탁|드려요|합니다|드릴게요|이?에요|예요"
    r"|입니다|말고|이?랑|이?나|은|는|을|를|같은|걸|것|한|하나|에요|각각|그것|이것|총|다|모두|전부|빼|고|도|진짜|일단|우선|그리고|또|이제|이거|이걸)*"
)


def only_filler(text: str, mentions: Sequence[Mention]) -> bool:
    """Whether nothing of weight is said beside the mentions (``아, 세 그릇으로 해 주세요``)."""
    rest = list(text)
    for mention in mentions:
        rest[mention.start : mention.end] = " " * (mention.end - mention.start)
    words = re.findall("[가-힣A-Za-z]+", "".join(rest))
    return all(_FILLER.fullmatch(word) for word in words)


_TAIL = re.compile("(?:이요|요|이랑|랑|하고|을|를|은|는|도|만|으로|로|이나|나|주세요|이에요|예요)$")


def misspelt_with_count(
    menu: Sequence[Dish], text: str, mentions: Sequence[Mention], *, label: str
) -> tuple[Mention, ...]:
    """Words that no one labelled, that resemble a dish and that a count follows: ``짜쟝면 두 개``."""
    found: list[Mention] = []
    for match in re.finditer("[가-힣]{2,}", text):
        place = match.span()
        counted = any(0 <= m.start - match.end() <= 1 and read_count(m.text) is not None for m in mentions)
        if not counted or any(m.overlaps(*place) for m in mentions):
            continue
        word = _TAIL.sub("", match.group(0))
        if guess_dish(menu, word) is not None:
            found.append(Mention(word, place[0], place[0] + len(word), label, "pattern"))
    return tuple(found)


def unlabelled_guess(menu: Sequence[Dish], text: str, mentions: Sequence[Mention]) -> tuple[str, Dish] | None:
    """A word that no one labelled but that resembles a dish (``짜짱면``), with the dish."""
    for match in re.finditer("[가-힣]{2,}", text):
        if any(m.overlaps(*match.span()) for m in mentions):
            continue
        word = match.group(0)
        for form in (word, _TAIL.sub("", word)):
            dish = guess_dish(menu, form)
            if dish is not None:
                return form, dish
    return None
