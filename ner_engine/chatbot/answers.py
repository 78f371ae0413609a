"""Answers that leave the form in hand as it is: the rule file's texts, prices, hours, the state of things."""

from __future__ import annotations

from ner_engine.chatbot.cart import dish_of, reply_unknown_dish, say_total
from ner_engine.chatbot.clock import WEEKDAYS, read_day, show_day
from ner_engine.chatbot.match import Hit
from ner_engine.chatbot.mentions import Mention
from ner_engine.chatbot.menu import show_price
from ner_engine.chatbot.orders import show_items
from ner_engine.chatbot.talk import Talk

__all__ = ["answer"]


def answer(talk: Talk, hit: Hit) -> None:
    """Say what an asking intent asks for."""
    act = hit.intent.do
    if act == "reply" and hit.intent.say is not None:
        talk.say(hit.intent.say)
    elif act in ("price", "dish"):
        _about_dishes(talk, "price" if act == "price" else "has_dish")
    elif act == "open_now":
        _opening(talk)
    elif act == "status":
        _status(talk)
    elif talk.state.draft is not None and talk.draft.asked:
        talk.ask(talk.draft.asked)
    else:
        talk.reply("repeat_idle")


def _foods(talk: Talk) -> list[Mention]:
    labels = {slot.label for form in talk.rules.forms.values() for slot in form.slots if slot.type == "items"}
    return [mention for mention in talk.mentions if mention.label in labels]


def _about_dishes(talk: Talk, reply: str) -> None:
    foods = _foods(talk)
    for food in foods:
        dish = dish_of(talk, food)
        if dish is None:
            reply_unknown_dish(talk, food.text, 0, offer=False)
        else:
            talk.reply(reply, food=dish.name, price=show_price(dish.price))
    if foods:
        return
    draft = talk.state.draft
    if draft is not None and draft.items:
        say_total(talk)
    else:
        talk.reply("price_list")


def _opening(talk: Talk) -> None:
    """Whether the shop is open: now, or on the day that was named."""
    hours = talk.rules.hours
    if hours is None:
        return
    today = talk.now.date()
    dates = {slot.label for form in talk.rules.forms.values() for slot in form.slots if slot.type == "date"}
    named = [day for m in talk.mentions if m.label in dates and (day := read_day(m.text, today))]
    day = named[-1] if named else today
    if day.weekday() in hours.closed:
        shown = "오늘" if day == today else show_day(day, today)
        talk.reply("closed_day", day=shown, weekday=f"{WEEKDAYS[day.weekday()]}요일")
    elif day != today:
        talk.reply("open_day", day=show_day(day, today))
    elif hours.opens <= talk.now.time() < hours.closes:
        talk.reply("open_now")
    else:
        talk.reply("closed_now")


def _status(talk: Talk) -> None:
    told = False
    for draft in talk.state.drafts:
        form = talk.rules.forms[draft.form]
        shown = [show_items(draft.items, talk.rules.menu)] if draft.items else []
        shown += [value.shown for slot in form.slots if (value := draft.value(slot.name))]
        if shown:
            talk.reply("status", form=form.title, summary=", ".join(shown))
            told = True
    if not told:
        talk.reply("status_none")
