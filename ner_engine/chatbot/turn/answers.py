"""Answers that leave the form in hand as it is: the rule file's texts, prices, hours, the state of things."""

from __future__ import annotations

from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.order.cart import dish_of, reply_unknown_dish, say_total
from ner_engine.chatbot.order.menu import show_price
from ner_engine.chatbot.showing import WEEKDAYS, show_day, show_time
from ner_engine.chatbot.slots.dates import days_of
from ner_engine.chatbot.slots.reading import meaning
from ner_engine.chatbot.state import Draft
from ner_engine.chatbot.turn.match import Hit
from ner_engine.chatbot.turn.talk import Talk
from ner_engine.values import Clock
from ner_engine.values.festivals import days_off, standard_name

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
    clock = Clock.at(talk.now)
    today = talk.now.date()
    day = next((days[0] for m in reversed(talk.mentions) if (days := days_of(meaning(m, clock)))), today)
    shown = "오늘" if day == today else show_day(day, today)
    own = any(weekday == day.weekday() for weekday, _, _ in hours.days)
    feast = standard_name(days_off(day.year).get(day, ""))
    opens, closes = hours.on(day)
    now = talk.now.time()
    resting = any(start <= now < end for start, end in hours.breaks)
    times = {"opens": show_time(opens), "closes": show_time(closes)}
    if day.weekday() in hours.closed and not own:
        talk.reply("closed_day", day=shown, weekday=f"{WEEKDAYS[day.weekday()]}요일")
    elif feast and hours.rests_on(feast):
        talk.reply("closed_day", day=shown, weekday=feast)
    elif day != today:
        talk.reply("open_day", day=shown, **times)
    elif opens <= now < closes and not resting:
        talk.reply("open_now", **times)
    else:
        talk.reply("closed_now", **times)


def _status(talk: Talk) -> None:
    told = False
    for draft in talk.state.drafts:
        summary = talk.summary(draft)
        if summary:
            talk.reply("status", form=talk.rules.forms[draft.form].title, summary=summary)
            told = True
    amended = {draft.record for draft in talk.state.drafts}
    for done in talk.state.done:
        form = talk.rules.forms.get(done.form)
        if form is not None and done.record not in amended:
            summary = talk.summary(Draft(done.form, values=done.values, items=done.items))
            talk.new_line()
            talk.reply("status_done", form=form.title, summary=summary)
            told = True
    if not told:
        talk.reply("status_none")
