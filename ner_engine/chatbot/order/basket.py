"""The list of an order while one utterance is changing it: put on, counted anew, swapped, taken off.

A ``Change`` goes in and is worked on; every step says what it did through the ``Talk`` of the turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ner_engine.chatbot.order.items import add_item, set_item, show_items, swap_item, unit_of
from ner_engine.chatbot.order.menu import Dish
from ner_engine.chatbot.rules import Slot
from ner_engine.chatbot.state import COUNT, Item
from ner_engine.chatbot.turn.talk import Talk

__all__ = [
    "Change",
    "focus_of",
    "have",
    "in_range",
    "items_of",
    "put",
    "recount",
    "remove",
    "say_added",
    "swap",
    "take_dish",
]


@dataclass(slots=True)
class Change:
    """One change to the list being worked out."""

    talk: Talk
    slot: Slot
    acts: frozenset[str]
    added: list[Item]
    removed: list[str]
    ask_count: str = ""
    handled: bool = False


def items_of(work: Change) -> tuple[Item, ...]:
    return work.talk.draft.items


def put(work: Change, items: tuple[Item, ...], focus: str) -> None:
    work.talk.update(replace(work.talk.draft, items=items, focus=focus))
    work.handled = True


def have(work: Change, name: str) -> int:
    return next((item.count for item in items_of(work) if item.name == name), 0)


def focus_of(work: Change) -> str:
    """The dish a bare count is about: the one last spoken of, or the last on the list."""
    focus = work.talk.draft.focus
    if focus and (have(work, focus) or work.talk.draft.asked == COUNT):
        return focus
    return items_of(work)[-1].name if items_of(work) else ""


def swap(work: Change, old: str, new: Dish, count: int) -> None:
    if not in_range(work, new.name, count):
        return
    put(work, swap_item(items_of(work), old, new.name, count), new.name)
    shown = show_items([Item(new.name, count)], work.talk.rules.menu)
    work.talk.reply("replaced", old=old, new=shown)
    work.talk.note(f"{work.slot.name}: {old} → {shown}")


def recount(work: Change, name: str, count: int) -> None:
    if not name or not in_range(work, name, count):
        return
    put(work, set_item(items_of(work), name, count), name)
    shown = show_items([Item(name, count)], work.talk.rules.menu)
    work.talk.reply("set", item=shown)
    work.talk.note(f"{work.slot.name}: {shown}")


def remove(work: Change, name: str, count: int | None) -> None:
    """Take a dish off the list, or so many of it."""
    talk = work.talk
    left = have(work, name) - count if count else 0
    put(work, set_item(items_of(work), name, left), name)
    talk.note(f"{work.slot.name}: {name} 빼기")
    if left > 0:
        talk.reply("reduced", item=show_items([Item(name, left)], talk.rules.menu))
    else:
        work.removed.append(name)


def in_range(work: Change, name: str, count: int) -> bool:
    slot = work.slot
    if slot.least <= count <= slot.most:
        return True
    heard = show_items([Item(name, count)], work.talk.rules.menu)
    work.talk.say(slot.problems["range"], {"heard": heard, "min": str(slot.least), "max": str(slot.most)})
    work.handled = True
    return False


def take_dish(talk: Talk, slot: Slot, name: str, count: int, added: list[Item]) -> None:
    """Put so many of a dish on the list, if that many may be had."""
    work = Change(talk, slot, frozenset(), added, [])
    if count >= slot.least and in_range(work, name, have(work, name) + count):
        put(work, add_item(items_of(work), name, count), name)
        added.append(Item(name, count))
        talk.note(f"{slot.name} ← {name} {count}")
    elif count < slot.least:
        in_range(work, name, count)


def say_added(talk: Talk, added: Sequence[Item]) -> None:
    """What was put on the list; of one dish that was there before, also how many that makes."""
    menu, on_list = talk.rules.menu, {item.name: item.count for item in talk.draft.items}
    totals: tuple[Item, ...] = ()
    for item in added:
        totals = add_item(totals, item.name, item.count)
    added, shown = totals, show_items(totals, menu)
    if len(added) == 1 and on_list[added[0].name] > added[0].count:
        count = f"{on_list[added[0].name]}{unit_of(added[0].name, menu)}"
        talk.reply("added_more", added=shown, count=count)
    else:
        talk.reply("added", added=shown)
