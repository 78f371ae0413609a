"""Changing the list of an order by what was said: added, removed, replaced, counted anew.

Works on a ``Talk`` whose draft is of a form with items; ``change_items`` tells whether the utterance was about
them at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.order.basket import (
    Change,
    focus_of,
    have,
    items_of,
    put,
    recount,
    remove,
    say_added,
    swap,
    take_dish,
)
from ner_engine.chatbot.order.items import (
    Corrected,
    Request,
    bind,
    count_of,
    misspelt_with_count,
    only_filler,
    show_items,
    total_price,
    unit_of,
    unlabelled_guess,
)
from ner_engine.chatbot.order.menu import Dish, guess_dish, lookup, similar_dishes
from ner_engine.chatbot.rules import Slot
from ner_engine.chatbot.slots.counts import same_unit
from ner_engine.chatbot.state import CHANGE, COUNT, Item, Offer
from ner_engine.chatbot.turn.talk import Talk

__all__ = ["change_items", "dish_of", "reply_unknown_dish", "say_total", "take_offered"]

_ALL = re.compile(r"(?<![가-힣])(?:다|전부|모두|싹|몽땅|전체)(?![가-힣])")


def dish_of(talk: Talk, mention: Mention) -> Dish | None:
    """The dish of the menu a mention names; without a menu, any dish will do."""
    if not talk.rules.menu:
        return Dish(mention.text, 0)
    return lookup(talk.rules.menu, mention.text)


def change_items(talk: Talk, slot: Slot, corrected: Corrected, acts: frozenset[str]) -> bool:
    """Apply an utterance to the items of the draft in hand. ``acts`` are those of the intents it answers to."""
    work = Change(talk, slot, acts, [], [])
    slips = misspelt_with_count(talk.rules.menu, talk.text, talk.mentions, label=slot.label)
    kept = sorted((*corrected.kept, *slips), key=lambda m: m.start)
    requests, floating = bind(slot, talk.rules.menu, kept)
    requests, floating = _take_back(work, corrected, requests, floating)
    if corrected.dropped and not requests and "more" in acts:
        _more_of_the_rest(work, corrected, floating)
    if not corrected.dropped:
        requests = _swap_named(work, requests) if "change" in acts else requests
        turned = "replace" in acts or ("change" in acts and any(request.to for request in requests))
        if turned and len(requests) == 1 and talk.draft.focus:
            requests = _swap_focus(work, requests)
    if len(requests) == 1 and requests[0].count is None and requests[0].food.josa == "만":
        requests = _keep_only(work, requests)
    unknown = [request for request in requests if dish_of(talk, request.food) is None]
    for request in requests:
        if request not in unknown:
            _want(work, request)
    if not requests and not corrected.dropped:
        _loose_count(work, floating)
    if not work.handled and not requests and not corrected.dropped and "remove" in acts:
        _remove_unnamed(work)
    if not work.handled and not requests and not acts - {"start", "more"}:
        _guess(work, floating)
    if work.removed:
        talk.reply("removed", removed=", ".join(work.removed))
    if work.added:
        say_added(talk, work.added)
    if unknown:
        _say_unknown(talk, unknown)
        work.handled = True
    if work.ask_count:
        talk.update(replace(talk.draft, focus=work.ask_count, asked=COUNT))
    elif work.handled and talk.draft.asked == COUNT:
        talk.update(replace(talk.draft, asked=""))
    return work.handled


def _take_back(
    work: Change, corrected: Corrected, requests: tuple[Request, ...], floating: tuple[Mention, ...]
) -> tuple[tuple[Request, ...], tuple[Mention, ...]]:
    """The dishes and counts that 말고 or 빼 took back, with what is to stand in their place."""
    talk, menu = work.talk, work.talk.rules.menu
    for kind, group in corrected.dropped:
        foods = [m for m in group if m.label == work.slot.label]
        counts = [c for m in group if (c := count_of(work.slot, menu, m)) and c.number]
        news = [c for m in floating if (c := count_of(work.slot, menu, m)) and c.number]
        if not foods:
            if counts and news and news[0].number:  # 두 그릇 말고 세 그릇
                same = [item.name for item in items_of(work) if item.count == counts[0].number]
                recount(work, same[-1] if same else focus_of(work), news[0].number)
                floating = floating[1:]
            elif counts and counts[0].number and kind == "remove" and focus_of(work):
                remove(work, focus_of(work), counts[0].number)
            continue
        for food in foods:
            dish = dish_of(talk, food)
            name = dish.name if dish else food.text
            later = [r for r in requests if r.food.start > group[-1].end]
            if not have(work, name):
                if kind == "replace" and news and dish and not later:  # 짬뽕 하나 아니 두 그릇
                    requests = (*requests, Request(food, news[0]))
                    floating = floating[1:]
                elif not requests:
                    talk.reply("not_in_order", food=name)
                    work.handled = True
            elif kind == "replace" and later and (new := dish_of(talk, later[0].food)):
                wanted = later[0].count.number if later[0].count else None
                swap(work, name, new, wanted or have(work, name))
                requests = tuple(r for r in requests if r is not later[0])
            elif kind == "replace" and news and news[0].number:
                recount(work, name, news[0].number)
                floating = floating[1:]
            else:
                remove(work, name, counts[0].number if counts and kind == "remove" else None)
    return requests, floating


def _more_of_the_rest(work: Change, corrected: Corrected, floating: tuple[Mention, ...]) -> None:
    """``만두는 빼고 그걸로 하나 더``: more of what stays on the list; of several it is asked which."""
    talk, last = work.talk, corrected.gone[-1]
    counts = [c for m in floating if m.start > last.end and (c := count_of(work.slot, talk.rules.menu, m))]
    rest = items_of(work)
    if not work.removed or not counts or not rest:
        return
    number = counts[-1].number or 1
    if len(rest) == 1:
        take_dish(talk, work.slot, rest[0].name, number, work.added)
    else:
        talk.reply("removed", removed=", ".join(work.removed))
        work.removed.clear()
        talk.reply("which_one", options=", ".join(item.name for item in rest))
        talk.state = replace(talk.state, offer=Offer("which", work.slot.label, number))


def _swap_named(work: Change, requests: tuple[Request, ...]) -> tuple[Request, ...]:
    """``짜장면을 짬뽕으로 바꿔 주세요``: the dish named first gives way to the other."""
    if len(requests) != 2 or requests[0].count is not None or not requests[1].to:
        return requests
    old, new = (dish_of(work.talk, request.food) for request in requests)
    if old is None or new is None or not have(work, old.name):
        return requests
    wanted = requests[1].count.number if requests[1].count else None
    swap(work, old.name, new, wanted or have(work, old.name))
    return ()


def _keep_only(work: Change, requests: tuple[Request, ...]) -> tuple[Request, ...]:
    """``볶음밥만 할게요``, with 볶음밥 on the list: everything else is off."""
    dish = dish_of(work.talk, requests[0].food)
    if dish is None or not have(work, dish.name):
        return requests
    for item in items_of(work):
        if item.name != dish.name:
            remove(work, item.name, None)
    put(work, items_of(work), dish.name)
    return ()


def _swap_focus(work: Change, requests: tuple[Request, ...]) -> tuple[Request, ...]:
    """``그거 말고 짬뽕``, ``아니 짬뽕``: the dish last spoken of gives way."""
    old, new = focus_of(work), dish_of(work.talk, requests[0].food)
    if new is not None:  # 곱빼기로 바꿔 주세요: the plain one of the same name gives way
        old = next((item.name for item in items_of(work) if new.name.startswith(f"{item.name} ")), old)
    if not have(work, old) or new is None:
        return requests
    wanted = requests[0].count.number if requests[0].count else None
    if have(work, new.name):  # 아니 짜장면 세 그릇, with 짜장면 on the list: its count was wrong
        if not wanted:
            return requests
        recount(work, new.name, wanted)
    else:
        swap(work, old, new, wanted or have(work, old))
    return requests[1:]


def _remove_unnamed(work: Change) -> None:
    """``그거 빼 주세요`` and ``다 빼 주세요``."""
    if not items_of(work):
        work.talk.reply("order_empty")
        work.handled = True
    elif _ALL.search(work.talk.text):
        put(work, (), "")
        work.talk.reply("emptied")
    else:
        remove(work, focus_of(work), None)


def _want(work: Change, request: Request) -> None:
    """A dish of the menu asked for: put on the list, counted anew, or asked about."""
    talk = work.talk
    dish = dish_of(talk, request.food)
    number = request.count.number if request.count else None
    if dish is None:
        return
    vague = request.count is not None and number is None
    anew = request.to or bool({"change", "replace"} & work.acts) or talk.draft.asked == CHANGE
    if have(work, dish.name) and anew and number:
        recount(work, dish.name, number)
    elif vague or (have(work, dish.name) and anew) or (number is None and work.slot.assume is None):
        work.ask_count, work.handled = dish.name, True
    else:
        take_dish(talk, work.slot, dish.name, number if number is not None else work.slot.assume or 1, work.added)
        work.handled = True


def _loose_count(work: Change, floating: tuple[Mention, ...]) -> None:
    """A count without its dish: more of the last one (``하나 더``), or a new count for it (``두 그릇이요``)."""
    talk = work.talk
    counts = [c for m in floating if (c := count_of(work.slot, talk.rules.menu, m))]
    number = counts[-1].number if counts else None
    focus = focus_of(work)
    if counts and talk.draft.asked != COUNT:  # 두 병: rather what comes in bottles
        unit = counts[-1].unit
        fitting = [item.name for item in items_of(work) if same_unit(unit, [unit_of(item.name, talk.rules.menu)])]
        focus = focus if focus in fitting or not fitting else fitting[-1]
    if "more" in work.acts and focus and (number is not None or not counts):
        take_dish(talk, work.slot, focus, number or 1, work.added)
        work.handled = True
    elif number is not None and focus and only_filler(talk.text, talk.mentions):
        if have(work, focus):
            recount(work, focus, number)
        else:
            take_dish(talk, work.slot, focus, number, work.added)
            work.handled = True


def _guess(work: Change, floating: tuple[Mention, ...]) -> None:
    """A dish nobody labelled, because it is misspelt."""
    guess = unlabelled_guess(work.talk.rules.menu, work.talk.text, work.talk.mentions)
    if guess is not None:
        counts = [c for m in floating if (c := count_of(work.slot, work.talk.rules.menu, m))]
        reply_unknown_dish(work.talk, guess[0], counts[-1].number or 0 if counts else 0)
        work.handled = True


def take_offered(talk: Talk, slot: Slot, offer: Offer) -> None:
    """The dish that was offered for a misspelt one is wanted."""
    added: list[Item] = []
    take_dish(talk, slot, offer.name, offer.count or slot.assume or 1, added)
    if added:
        say_added(talk, added)


def say_total(talk: Talk) -> None:
    """What the list costs so far."""
    menu, items = talk.rules.menu, talk.draft.items
    talk.reply("total", items=show_items(items, menu), total=f"{total_price(items, menu):,}원")


def _say_unknown(talk: Talk, unknown: Sequence[Request]) -> None:
    """Answer to dishes that are not on the menu; those that nothing resembles are named together."""
    alone: list[str] = []
    for request in unknown:
        name = request.food.text
        if guess_dish(talk.rules.menu, name) is None and not similar_dishes(talk.rules.menu, name):
            alone.append(name)
            talk.note(f"메뉴에 없는 '{name}'")
        else:
            reply_unknown_dish(talk, name, request.count.number or 0 if request.count else 0)
    if alone:
        talk.reply("not_on_menu_alone", food=", ".join(dict.fromkeys(alone)))


def reply_unknown_dish(talk: Talk, name: str, count: int, *, offer: bool = True) -> None:
    """Say that a dish is not on the menu: offer the one that was probably meant, or name what resembles it."""
    guess = guess_dish(talk.rules.menu, name) if offer else None
    if guess is not None and talk.state.offer is None:
        talk.reply("did_you_mean", food=name, guess=guess.name)
        talk.state = replace(talk.state, offer=Offer("dish", guess.name, count))
        talk.note(f"메뉴에 없는 '{name}' → '{guess.name}' 확인")
        return
    talk.note(f"메뉴에 없는 '{name}'")
    similar = similar_dishes(talk.rules.menu, name)
    if similar:
        talk.reply("not_on_menu", food=name, similar=", ".join(dish.name for dish in similar))
    else:
        talk.reply("not_on_menu_alone", food=name)
