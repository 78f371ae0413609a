"""Slots out of an utterance: what fills them, what is half an answer, what cannot be.

A form, its draft and the mentions of an utterance go in, a ``Filling`` comes out. Slots are read by the mentions
that are theirs; the slot just asked is also read from plain words (``김민수요``). Dishes are for ``cart``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time

from ner_engine.chatbot.mention.mentions import Mention
from ner_engine.chatbot.rules import Form, Slot
from ner_engine.chatbot.slots.allot import allot
from ner_engine.chatbot.slots.kinds import KINDS
from ner_engine.chatbot.slots.reading import Heard, Problem, Result
from ner_engine.chatbot.slots.times import chosen_day, time_problem
from ner_engine.chatbot.state import Draft, Value
from ner_engine.chatbot.turn.asking import applies, read_default
from ner_engine.values import Clock

__all__ = ["Filling", "Problem", "fill_form"]

_WEEK = re.compile(r"(?:다다음|다음|담|이번)\s?주")
_WEEKDAY = re.compile("[월화수목금토일](?:요일|욜)?")


@dataclass(frozen=True, slots=True)
class Filling:
    """The draft after the utterance; the slots filled, changed and emptied; the answers that do not do."""

    draft: Draft
    filled: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    cleared: tuple[str, ...] = ()


def fill_form(
    form: Form,
    draft: Draft,
    mentions: Sequence[Mention],
    text: str,
    *,
    now: datetime,
    plain: bool,
    gone: Sequence[Mention] = (),
) -> Filling:
    """Read every slot of the form but the dishes.

    ``plain``: the asked slot may be read from bare words. ``gone`` are mentions that the utterance takes back
    (7시 of ``7시 말고``): what they had filled is emptied unless something else takes its place.
    """
    work = _Work(Heard(form, draft, text, mentions, Clock.at(now)))
    emptied = work.take_back(gone)
    work.heard = replace(work.heard, emptied=tuple(emptied))
    shares = allot(work.heard, mentions, emptied=emptied)
    slots = [slot for slot in form.slots if slot.type in KINDS]
    slots.sort(key=lambda slot: slot.type == "time")  # what a time may be depends on its day
    for slot in slots:
        work.read(slot, shares[slot.name])
    asked = form.slot(draft.asked)
    heard_nothing = not (work.filled or work.changed or work.problems or work.cleared or emptied)
    if plain and heard_nothing and asked is not None and asked.type in KINDS:
        # 내일이요, said once more, is no name.
        others = [m for name, share in shares.items() if name != asked.name for m in share]
        others.sort(key=lambda m: m.start)
        work.heard = replace(work.heard, words=_around(text, others) if asked.type == "person" else text)
        work.read(asked, shares[asked.name])
    elif plain and asked is not None and asked.type == "person" and work.only_contacts():
        work.heard = replace(work.heard, words=_around(text, mentions))  # 문가온 010-1234-5678
        work.read(asked, ())
    work.clear(emptied)
    work.check_times()
    work.drop_what_does_not_apply()
    work.pass_over_defaults()
    return Filling(work.draft, tuple(work.filled), tuple(work.changed), tuple(work.problems), tuple(work.cleared))


def _around(text: str, mentions: Sequence[Mention]) -> str:
    """The text without its mentions."""
    out, at = "", 0
    for mention in mentions:
        out += text[at : max(at, mention.start)] + " "
        at = max(at, mention.end + len(mention.josa))
    return (out + text[at:]).strip()


class _Work:
    """One utterance being read into a draft."""

    def __init__(self, heard: Heard) -> None:
        self.heard = heard
        self.before = heard.draft
        self.filled: list[str] = []
        self.changed: list[str] = []
        self.cleared: list[str] = []
        self.problems: list[Problem] = []

    @property
    def draft(self) -> Draft:
        return self.heard.draft

    @draft.setter
    def draft(self, draft: Draft) -> None:
        self.heard = replace(self.heard, draft=draft)

    def take_back(self, gone: Sequence[Mention]) -> list[str]:
        """Take values out of lists; the names of the other slots whose value is taken back."""
        named: list[str] = []
        for mention in gone:
            bare = next((slot for slot in self._full_slots() if self._holds_bare(slot, mention)), None)
            if bare is not None:  # 여덟 of "여덟 말고 아홉이요"
                named.append(bare.name)
                continue
            takers = [slot for slot in self._full_slots() if KINDS[slot.type].takes(slot, mention, self.heard)]
            for aspect in dict.fromkeys(KINDS[slot.type].aspect for slot in takers):
                group = [slot for slot in takers if KINDS[slot.type].aspect == aspect]
                holding = [slot for slot in group if self._holds(slot, mention)]
                alone = len(group) == 1 and not group[0].many and not self._may_be_another(group[0], mention)
                for slot in holding or (group if alone else []):
                    if slot.many:
                        self._take_out(slot, mention)
                    else:
                        named.append(slot.name)
        return named

    def _may_be_another(self, slot: Slot, mention: Mention) -> bool:
        """Whether an empty slot may have been meant: 광주 of ``광주요, 아니 전주요`` when 보내는 곳 is known."""
        kind = KINDS[slot.type]
        return any(
            KINDS[other.type].aspect == kind.aspect and KINDS[other.type].takes(other, mention, self.heard)
            for other in self.heard.form.slots
            if other is not slot and other.type in KINDS and not self.draft.all_values(other.name)
        )

    def _full_slots(self) -> list[Slot]:
        slots = self.heard.form.slots
        return [slot for slot in slots if slot.type in KINDS and self.draft.all_values(slot.name)]

    def _meant(self, slot: Slot, mention: Mention) -> Result:
        return KINDS[slot.type].read(slot, (mention,), self.heard)

    def _holds(self, slot: Slot, mention: Mention) -> bool:
        meant = self._meant(slot, mention)
        return isinstance(meant, Value) and meant.data in [v.data for v in self.draft.all_values(slot.name)]

    def _holds_bare(self, slot: Slot, mention: Mention) -> bool:
        """Whether the mention says a slot's value as only an answer to its question would."""
        kind = KINDS[slot.type]
        if slot.many or kind.takes(slot, mention, self.heard):
            return False
        asking = replace(self.heard, draft=replace(self.draft, asked=slot.name))
        if not kind.takes(slot, mention, asking):
            return False
        meant, old = kind.read(slot, (mention,), asking), self.draft.value(slot.name)
        return isinstance(meant, Value) and old is not None and meant.data == old.data

    def _take_out(self, slot: Slot, mention: Mention) -> None:
        meant = self._meant(slot, mention)
        data = meant.data if isinstance(meant, Value) else None
        left = tuple(value for value in self.draft.all_values(slot.name) if value.data != data)
        self.draft = self.draft.with_values(slot.name, left)
        (self.changed if left else self.cleared).append(slot.name)

    def read(self, slot: Slot, mentions: Sequence[Mention]) -> None:
        """Fill one slot with what is its own."""
        if not applies(slot, self.draft):
            return
        if slot.many:
            self._read_many(slot, mentions)
            return
        result = KINDS[slot.type].read(slot, mentions, self.heard)
        if isinstance(result, Problem):
            self._object(result)
        elif result is not None:
            old = self.draft.value(slot.name)
            if old not in (None, result):
                self.changed.append(slot.name)
            elif old != result or self.heard.asked(slot):
                self.filled.append(slot.name)
            self.draft = self.draft.with_value(slot.name, result)

    def pass_over_defaults(self) -> None:
        """``서울에서 부산까지 세 개요``: beside what is new, a default that gives way is no change."""
        if self.filled and all(self._was_default(name) for name in self.changed):
            self.filled, self.changed = [*self.filled, *self.changed], []

    def _was_default(self, name: str) -> bool:
        form, slot = self.heard.form, self.heard.form.slot(name)
        if slot is None or not slot.default:
            return False
        return read_default(form, slot, self.before, now=self.heard.clock.now) == self.before.value(name)

    def only_contacts(self) -> bool:
        """Whether nothing came of the utterance but a telephone number or the like."""
        slots = [self.heard.form.slot(name) for name in self.filled]
        others = self.changed or self.problems or self.cleared
        return bool(slots) and not others and all(slot is not None and slot.type == "contact" for slot in slots)

    def _object(self, problem: Problem) -> None:
        self.problems.append(problem)
        half = problem.half or (problem.values["heard"] if problem.kind == "vague" else "")  # 저녁, then 7시
        if half:
            self.draft = self.draft.with_hint(problem.slot.name, half)

    def _read_many(self, slot: Slot, mentions: Sequence[Mention]) -> None:
        """Add every value that the mentions name; the parts of one may come apart (다음 주 + 화요일)."""
        have = self.draft.all_values(slot.name)
        values = list(have)
        parts: list[Mention] = []
        left: Problem | None = None
        for mention in _with_weeks(mentions):
            parts.append(mention)
            result = KINDS[slot.type].read(slot, parts, self.heard)
            left = result if isinstance(result, Problem) and result.kind == "vague" else None
            if left is None:
                parts = []
            if isinstance(result, Value):
                values.append(result)
            elif isinstance(result, Problem) and left is None:
                self._object(result)
        if not mentions:
            result = KINDS[slot.type].read(slot, (), self.heard)
            values += [result] if isinstance(result, Value) else []
            left = result if isinstance(result, Problem) else None
        if left is not None:
            self._object(left)
        kept = tuple({value.data: value for value in values}.values())
        if len(kept) > slot.most_values:
            over = {"heard": kept[slot.most_values].shown, "most": str(slot.most_values)}
            self.problems.append(Problem(slot, "too_many", over))
            kept = kept[: slot.most_values]
        if kept != have:
            if slot.name in self.cleared:  # 화요일 말고 수요일
                self.cleared.remove(slot.name)
                self.changed.append(slot.name)
            elif slot.name not in self.changed:
                self.filled.append(slot.name)
            self.draft = self.draft.with_values(slot.name, kept)
        elif len(values) > len(have) and self.heard.asked(slot):
            self.filled.append(slot.name)

    def clear(self, emptied: Sequence[str]) -> None:
        """Empty what was taken back without anything in its place."""
        for name in dict.fromkeys(emptied):
            if name in (*self.filled, *self.changed) or self._another_took_its_place(name):
                continue
            hints = self.draft.hints  # 7시 말고 저녁: half of the new answer is there
            self.draft = replace(self.draft.with_value(name, None), hints=hints)
            if all(problem.slot.name != name for problem in self.problems):
                self.cleared.append(name)

    def _another_took_its_place(self, name: str) -> bool:
        """거기 말고 목포로: one place for another, whichever of them 거기 was."""
        slot = self.heard.form.slot(name)
        touched = [self.heard.form.slot(other) for other in (*self.filled, *self.changed)]
        return slot is not None and any(other is not None and other.type == slot.type for other in touched)

    def check_times(self) -> None:
        """A time that was good on one day may not be on another: shorter hours, or over already."""
        slot = next((slot for slot in self.heard.form.slots if slot.type == "time"), None)
        value = self.draft.value(slot.name) if slot is not None else None
        day = chosen_day(self.heard.form, self.draft)
        if slot is None or value is None or day is None or self.draft == self.before:
            return
        try:
            at = time.fromisoformat(str(value.data))
        except ValueError:  # a state written by other rules
            return
        problem = time_problem(slot, at, day, self.heard.clock)
        if problem is not None:
            self.draft = self.draft.with_value(slot.name, None)
            self.problems.append(problem)
            self.filled = [name for name in self.filled if name != slot.name]
            self.changed = [name for name in self.changed if name != slot.name]

    def drop_what_does_not_apply(self) -> None:
        """내과's doctor goes when the department becomes another."""
        for slot in self.heard.form.slots:
            if slot.when and self.draft.all_values(slot.name) and not applies(slot, self.draft):
                self.draft = self.draft.with_value(slot.name, None)


def _with_weeks(mentions: Sequence[Mention]) -> list[Mention]:
    """``다음 주 화요일이랑 목요일``: the week goes for the other days too."""
    found: list[Mention] = []
    week = ""
    for mention in mentions:
        named = _WEEK.match(mention.text)
        if named:
            week = named.group()
        elif week and _WEEKDAY.fullmatch(mention.text):
            mention = replace(mention, text=f"{week} {mention.text}")
        found.append(mention)
    return found
