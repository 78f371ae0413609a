"""The slots of a rule file's forms: a value of the document in, a ``Slot`` out, refused with its line."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import time
from decimal import Decimal

from ner_engine.chatbot.mention.check_digits import CHECK_DIGITS
from ner_engine.chatbot.replies import Saying
from ner_engine.chatbot.rulefile.document import Doc
from ner_engine.chatbot.rulefile.shop import read_time, read_weekdays
from ner_engine.chatbot.rulefile.texts import labels, saying
from ner_engine.chatbot.rules import NO, YES, Hours, Option, Role, Slot
from ner_engine.chatbot.vocabulary import PROBLEMS, TYPES

__all__ = ["DEFAULT_LABELS", "read_slot"]

# The names two types had in version 1.
_FORMER = {"count": "quantity", "name": "person"}

_COMMON = (
    "words", "label", "optional", "unasked", "default", "many", "most", "role", "suffix", "when", "problems",
)  # fmt: skip
# The keys a slot of each type has besides the common ones.
_DAY_KEYS = ("closed", "within_days", "holidays", "hours")
_HOUR_KEYS = ("from", "to", "step_minutes", "hours")
_KEYS: Mapping[str, tuple[str, ...]] = {
    "items": ("count_label", "units", "assume", "min", "max"),
    "date": _DAY_KEYS,
    "time": _HOUR_KEYS,
    "moment": tuple(dict.fromkeys((*_DAY_KEYS, *_HOUR_KEYS))),
    "duration": ("min", "max"),
    "quantity": ("units", "adds", "min", "max"),
    "number": ("min", "max"),
    "money": ("min", "max"),
    "person": ("reject",),
    "contact": ("form", "show"),
    "place": ("address",),
    "choice": ("options",),
    "code": ("pattern", "check", "show"),
    "yes_no": ("yes", "no"),
    "text": ("pattern", "min_chars"),
}
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "items": ("label", "count_label"),
    "choice": ("options",),
    "code": ("pattern",),
}
# What the tagger calls what fills a slot, where the file does not say.
DEFAULT_LABELS: Mapping[str, tuple[str, ...]] = {
    "date": ("DT",),
    "time": ("TI",),
    "moment": ("DT", "TI"),
    "duration": ("TI", "DT"),
    "quantity": ("QT",),
    "number": ("QT",),
    "money": ("QT",),
    "person": ("PS",),
    "contact": ("PHONE", "EMAIL"),
    "place": ("LC",),
}
_BOUNDS: Mapping[str, tuple[int, int]] = {"number": (-(10**15), 10**15), "money": (0, 10**15)}
_PERIOD = re.compile(
    r"P(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,4})D)?(?:T(?:(?P<hours>\d{1,4})H)?(?:(?P<minutes>\d{1,5})M)?)?"
)
_SECONDS = {"weeks": 604800, "days": 86400, "hours": 3600, "minutes": 60}


def read_slot(name: str, doc: Doc, facts: Collection[str], hours: Hours | None) -> Slot:
    """One slot. ``facts`` are the values every text may use, ``hours`` the shop's."""
    kind = doc.named().get("type")
    if kind is None:
        raise doc.wrong("the key 'type' is missing")
    said = kind.choice([*TYPES, *_FORMER])
    slot_type = _FORMER.get(said, said)
    keys = doc.fields(
        required=("title", "type", "ask", "retry", *_REQUIRED.get(slot_type, ())),
        optional=[key for key in (*_COMMON, *_KEYS[slot_type]) if key not in _REQUIRED.get(slot_type, ())],
    )
    slot = Slot(
        name=name,
        title=keys["title"].text(),
        type=slot_type,
        ask=saying(keys["ask"], always=facts),
        retry=saying(keys["retry"], always=facts),
        problems={},
        labels=labels(keys, "label") or DEFAULT_LABELS.get(slot_type, ()),
        words=_texts(keys, "words"),
        optional=_switch(keys, "optional"),
        unasked=_switch(keys, "unasked"),
        default=keys["default"].text() if "default" in keys else "",
        many=_switch(keys, "many"),
        most_values=_number(keys, "most", 9),
        role=_role(keys),
        when=_conditions(keys),
        count_label=labels(keys, "count_label")[0] if "count_label" in keys else "",
        units=_texts(keys, "units"),
        adds=_texts(keys, "adds"),
        reject=_texts(keys, "reject"),
        suffix=keys["suffix"].text() if "suffix" in keys else "",
        least=_bound(keys, "min", slot_type),
        most=_bound(keys, "max", slot_type),
        assume=_number(keys, "assume", 1) if "assume" in keys else None,
        opens=read_time(keys["from"]) if "from" in keys else time(0, 0),
        closes=read_time(keys["to"]) if "to" in keys else time(23, 59),
        step_minutes=_number(keys, "step_minutes", 1),
        closed=read_weekdays(keys, "closed"),
        within_days=_number(keys, "within_days", 365),
        holidays=_switch(keys, "holidays", default=True),
        hours=hours if _switch(keys, "hours") else None,
        shortest=_period(keys, "min") if slot_type == "duration" else None,
        longest=_period(keys, "max") if slot_type == "duration" else None,
        contact=keys["form"].choice(("phone", "email")) if "form" in keys else "phone",
        address=_switch(keys, "address"),
        options=_options(keys["options"]) if "options" in keys else (),
        yes=_answer(keys, "yes", YES),
        no=_answer(keys, "no", NO),
        pattern=keys["pattern"].pattern() if "pattern" in keys else None,
        check=keys["check"].choice(list(CHECK_DIGITS)) if "check" in keys else "",
        show=keys["show"].choice(("last4",)) if "show" in keys else "",
        min_chars=_number(keys, "min_chars", 1),
    )
    _check(slot, doc, keys, hours)
    return replace(slot, problems=_problems(slot, doc, keys, facts))


def _check(slot: Slot, doc: Doc, keys: Mapping[str, Doc], hours: Hours | None) -> None:
    """What must hold between the keys of a slot."""
    if slot.least > slot.most:
        raise doc.wrong(f"expected min to be at most max; got {slot.least} and {slot.most}")
    if slot.shortest is not None and slot.longest is not None and slot.shortest > slot.longest:
        raise doc.wrong("expected min to be at most max")
    if slot.opens > slot.closes:
        raise doc.wrong("expected from to be before to")
    if 1440 % slot.step_minutes:
        raise keys["step_minutes"].wrong(f"expected minutes that make up a day; got {slot.step_minutes}")
    if "hours" in keys and hours is None:
        raise keys["hours"].wrong("the rule file states no hours")
    if slot.role is not None and not slot.labels and not slot.options:
        raise keys["role"].wrong("a role tells mentions of a label apart; the slot has no label")
    if "most" in keys and not slot.many:
        raise keys["most"].wrong("the key 'most' belongs to 'many: true'")
    if "unasked" in keys and not slot.optional:
        raise keys["unasked"].wrong("the key 'unasked' belongs to 'optional: true'")
    if slot.type == "items" and (slot.many or slot.default or slot.optional):
        raise doc.wrong("many, default and optional are not for items")


def _problems(slot: Slot, doc: Doc, keys: Mapping[str, Doc], facts: Collection[str]) -> dict[str, Saying]:
    """The texts for what may be wrong with an answer; those that can come up must be there."""
    known = dict(PROBLEMS[slot.type])
    if "range" in known and slot.type not in ("items", "quantity"):
        bounds = [gap for key, gap in (("min", "min"), ("max", "max")) if key in keys]
        known["range"] = frozenset({"heard", *bounds})
    if slot.many:
        known["too_many"] = frozenset({"heard", "most"})
    needed = [kind for kind in known if _can_come_up(slot, kind, keys)]
    if "problems" not in keys:
        if needed:
            raise doc.wrong(f"the key 'problems' is missing; expected texts for {', '.join(needed)}")
        return {}
    found = keys["problems"].fields(required=needed, optional=[kind for kind in known if kind not in needed])
    return {
        # A guess at what was meant is not always there.
        kind: saying(
            text, always=[*facts, *sorted(known[kind])], sometimes=("guess",) if kind == "unknown" else ()
        )
        for kind, text in found.items()
    }


def _can_come_up(slot: Slot, kind: str, keys: Mapping[str, Doc]) -> bool:
    """Whether an answer can be wrong in that way, by what the slot demands."""
    match kind:
        case "closed":
            return bool(slot.closed or (slot.hours and slot.hours.closed))
        case "holiday":
            return not slot.holidays or (slot.hours is not None and slot.hours.holidays)
        case "outside":
            return slot.hours is not None or "from" in keys or "to" in keys
        case "break":
            return slot.hours is not None and bool(slot.hours.breaks)
        case "step":
            return slot.step_minutes > 1
        case "range":
            return slot.type in ("items", "quantity") or "min" in keys or "max" in keys
        case "invalid":
            return slot.type != "place" or slot.address
    return True


def _texts(keys: Mapping[str, Doc], key: str) -> tuple[str, ...]:
    return keys[key].texts() if key in keys else ()


def _switch(keys: Mapping[str, Doc], key: str, *, default: bool = False) -> bool:
    return keys[key].switch() if key in keys else default


def _number(keys: Mapping[str, Doc], key: str, default: int) -> int:
    return keys[key].number(at_least=1) if key in keys else default


def _bound(keys: Mapping[str, Doc], key: str, slot_type: str) -> int:
    """The least or most of a count or an amount."""
    default = _BOUNDS.get(slot_type, (1, 99))[key == "max"]
    if key not in keys or slot_type == "duration":
        return default
    floors = {"items": 1, "quantity": 1, "money": 0}
    return keys[key].number(at_least=floors.get(slot_type))


def _period(keys: Mapping[str, Doc], key: str) -> Decimal | None:
    """A length of time in ISO 8601, in seconds."""
    if key not in keys:
        return None
    text = keys[key].text()
    match = _PERIOD.fullmatch(text)
    if match is None or not any(match.groups()):
        raise keys[key].wrong(f"expected a length of time such as PT30M or P2D; got {text!r}")
    return Decimal(sum(size * int(match[name] or 0) for name, size in _SECONDS.items()))


def _role(keys: Mapping[str, Doc]) -> Role | None:
    if "role" not in keys:
        return None
    found = keys["role"].fields(optional=("before", "after"))
    if not found:
        raise keys["role"].wrong("expected before or after")
    return Role(_texts(found, "before"), _texts(found, "after"))


def _conditions(keys: Mapping[str, Doc]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    named = keys["when"].named() if "when" in keys else {}
    return tuple((name, doc.texts()) for name, doc in named.items())


def _answer(keys: Mapping[str, Doc], key: str, name: str) -> Option | None:
    """What a yes or a no is called, and what else stands for it."""
    if key not in keys:
        return None
    found = keys[key].fields(optional=("say", "synonyms"))
    if not found:
        raise keys[key].wrong("expected say or synonyms")
    return Option(name, found["say"].text() if "say" in found else name, _texts(found, "synonyms"))


def _options(doc: Doc) -> tuple[Option, ...]:
    """What may be chosen; no name for two things."""
    options: list[Option] = []
    taken: dict[str, str] = {}
    for entry in doc.items():
        keys = entry.fields(required=("name",), optional=("synonyms", "say"))
        name = keys["name"].text()
        option = Option(name, keys["say"].text() if "say" in keys else name, _texts(keys, "synonyms"))
        for called in option.names:
            word = "".join(called.split()).casefold()
            if taken.setdefault(word, name) != name:
                raise entry.wrong(f"the name {called!r} already stands for {taken[word]!r}")
        if any(other.name == name for other in options):
            raise entry.wrong(f"the option {name!r} is given twice")
        options.append(option)
    return tuple(options)
