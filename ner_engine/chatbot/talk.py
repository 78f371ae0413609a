"""One turn in the making: what was heard, what has been said so far, and the state as it changes.

The one mutable value of the chatbot, alive only inside ``respond``; the parts that decide (``dialogue``,
``cart``) write their sentences and their trace through it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from ner_engine.chatbot.match import Hit
from ner_engine.chatbot.mentions import Mention
from ner_engine.chatbot.orders import show_items, total_price, unit_of
from ner_engine.chatbot.replies import Saying, choose, render
from ner_engine.chatbot.rules import Form, Rules, Slot
from ner_engine.chatbot.state import CHANGE, CONFIRM, COUNT, MORE, Draft, State

__all__ = ["Talk"]


@dataclass(slots=True)
class Talk:
    """The workbench of one turn."""

    rules: Rules
    state: State
    now: datetime
    text: str
    mentions: tuple[Mention, ...] = ()
    hits: tuple[Hit, ...] = ()
    understood: bool = True
    chosen: str = ""
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

    def form_values(self) -> dict[str, str]:
        """What the slots of the draft in hand show, by their names."""
        draft, form = self.draft, self.form
        values = {name: value.shown for name, value in draft.values}
        if form.items is not None:
            values[form.items.name] = show_items(draft.items, self.rules.menu)
            values["total"] = f"{total_price(draft.items, self.rules.menu):,}원"
        return values

    def ask(self, key: str) -> None:
        """Put a question and remember that it is open."""
        self.update(replace(self.draft, asked=key))
        form, draft = self.form, self.draft
        if key == MORE and form.more is not None:
            self.say(form.more, self.form_values())
        elif key == CONFIRM:
            self.say(form.confirm, self.form_values())
        elif key == CHANGE:
            self.say(form.change, self.form_values())
        elif key == COUNT and form.items is not None:
            self.say(
                form.items.problems["vague"], {"food": draft.focus, "unit": unit_of(draft.focus, self.rules.menu)}
            )
        else:
            self._ask_slot(form.slot(key), form.slots[0])

    def _ask_slot(self, slot: Slot | None, first: Slot) -> None:
        slot = slot or first
        hint = dict(self.draft.hints).get(slot.name)
        if hint:
            self.say(slot.problems["vague"], {"heard": hint})
        else:
            self.say(slot.ask)

    def _labels(self) -> dict[str, str]:
        """The first mention of every label, for the gaps {FOOD}, {LC}, ... of a reply."""
        return {mention.label: mention.text for mention in reversed(self.mentions)}
