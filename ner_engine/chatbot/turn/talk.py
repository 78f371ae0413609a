"""One turn in the making: what was heard, what has been said so far, and the state as it changes.

The one mutable value of the chatbot, alive only inside ``respond`` and ``conclude``; the parts that decide write
their sentences, their trace and what is to be done through it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from ner_engine.chatbot.action.calls import ActionCall
from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.order.items import show_items, total_price, unit_of
from ner_engine.chatbot.replies import Saying, choose, render
from ner_engine.chatbot.rules import Form, Rules, Slot
from ner_engine.chatbot.state import CHANGE, CONFIRM, COUNT, MORE, Draft, State, Value
from ner_engine.chatbot.turn.match import Hit

__all__ = ["Talk"]


@dataclass(slots=True)
class Talk:
    """The workbench of one turn.

    ``text`` is the utterance as it is read, ``heard`` as it was said.

    ``aside`` is set by what leaves the open question alone, ``unanswered`` where it was put again for want of an
    answer; ``returned`` tells that the user was away for long. ``had`` are the dishes that were on order before
    the turn and ``taken`` the values that slots took, each with its form; ``calls`` is what is to be done,
    numbered from ``numbered`` on.
    """

    rules: Rules
    state: State
    now: datetime
    text: str
    heard: str = ""
    mentions: tuple[Mention, ...] = ()
    hits: tuple[Hit, ...] = ()
    understood: bool = True
    chosen: str = ""
    aside: bool = False
    unanswered: bool = False
    returned: bool = False
    had: frozenset[tuple[str, str]] = frozenset()
    taken: list[tuple[str, Slot, Value]] = field(default_factory=list)
    numbered: int = 0
    calls: list[ActionCall] = field(default_factory=list)
    lines: list[list[str]] = field(default_factory=lambda: [[]])
    events: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def draft(self) -> Draft:
        """The draft in hand; there must be one."""
        draft = self.state.draft
        assert draft is not None
        return draft

    @property
    def form(self) -> Form:
        """The form of the draft in hand."""
        return self.rules.forms[self.draft.form]

    @property
    def at(self) -> str:
        """When the turn is taken, as text."""
        return self.now.isoformat()

    def update(self, draft: Draft) -> None:
        """Replace the draft in hand."""
        self.state = self.state.with_draft(draft)

    def say(self, saying: Saying, values: Mapping[str, str] | None = None) -> None:
        """Give a reply in its next wording."""
        known = {**self.rules.facts, **self._labels(), **(values or {})}
        uses = dict(self.state.uses)
        used = uses.get(saying.key, 0)
        sentence = render(choose(saying, known, used=used, seed=self.state.seed), known)
        if sentence in self.lines[-1]:  # the same dish refused twice is refused once
            return
        self.lines[-1].append(sentence)
        self.state = replace(self.state, uses=tuple({**uses, saying.key: used + 1}.items()))
        self.said.append(saying.key)

    def reply(self, name: str, **values: str) -> None:
        """Give one of the replies every rule file has."""
        self.say(self.rules.replies[name], values)

    def new_line(self) -> None:
        """What is said next begins a line of its own."""
        if self.lines[-1]:
            self.lines.append([])

    def note(self, event: str) -> None:
        """Leave a trace for ``/why``."""
        self.events.append(event)

    def spoken(self) -> str:
        """Everything said."""
        return "\n".join(" ".join(line) for line in self.lines if line)

    def form_values(self, draft: Draft | None = None) -> dict[str, str]:
        """What the slots of a draft (the one in hand) show, by their names."""
        draft = draft or self.draft
        form, menu = self.rules.forms[draft.form], self.rules.menu
        values = {name: ", ".join(value.shown for value in several) for name, several in draft.values}
        if form.items is not None:
            values[form.items.name] = show_items(draft.items, menu)
            values["total"] = f"{total_price(draft.items, menu):,}원"
        return values

    def summary(self, draft: Draft) -> str:
        """Everything a draft holds, in the order of its slots."""
        shown = [show_items(draft.items, self.rules.menu)] if draft.items else []
        for slot in self.rules.forms[draft.form].slots:
            shown += [value.shown for value in draft.all_values(slot.name)]
        return ", ".join(shown)

    def ask(self, key: str) -> None:
        """Put a question and remember that it is open."""
        self.update(replace(self.draft, asked=key))
        form, draft = self.form, self.draft
        if key == MORE and form.more is not None:
            self.say(form.more, self.form_values())
        elif key == CONFIRM:
            if form.confirm is None:  # what was to be done at once failed, and waits for a yes to be tried again
                self.reply("action_failed", form=form.title)
            else:
                self.say(form.confirm, self.form_values())
        elif key == CHANGE and form.change is not None:
            self.say(form.change, self.form_values())
        elif key == COUNT and form.items is not None:
            unit = unit_of(draft.focus, self.rules.menu)
            self.say(form.items.problem("vague"), {"food": draft.focus, "unit": unit})
        else:
            self._ask_slot(form.slot(key) or form.slots[0])

    def _ask_slot(self, slot: Slot) -> None:
        hint = dict(self.draft.hints).get(slot.name)
        if hint:
            self.say(slot.problem("invalid" if slot.type == "place" else "vague"), {"heard": hint})
        else:
            self.say(slot.ask)

    def _labels(self) -> dict[str, str]:
        """The first mention of every label, for the gaps {FOOD}, {LC}, ... of a reply."""
        return {mention.label: mention.text for mention in reversed(self.mentions)}
