"""A rule file (YAML) in, ``Rules`` out. Whatever is unknown, missing or of a wrong kind is refused with its line.

The file that comes with the package, ``restaurant.yaml``, explains the format to the person who edits it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import time
from importlib import resources
from pathlib import Path

from ner_engine.chatbot.clock import WEEKDAYS, show_time
from ner_engine.chatbot.document import Doc, open_document
from ner_engine.chatbot.match import core
from ner_engine.chatbot.menu import Dish
from ner_engine.chatbot.replies import Saying, parse_template
from ner_engine.chatbot.rules import ACTS, CONTEXTS, PROBLEMS, REPLIES, Form, Hours, Intent, Rules, Slot
from ner_engine.errors import ConfigError

__all__ = ["default_rules_path", "load_rules"]

FORMAT = 1

_LABEL = re.compile("[A-Z][A-Z0-9_]*")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_NAME = re.compile(r"[A-Za-z가-힣][\w]*")

# The keys a slot of each type has besides the common ones: (required, optional).
_SLOT_KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "items": (("label", "count_label"), ("units", "assume", "min", "max")),
    "date": (("label",), ("closed", "within_days")),
    "time": (("label",), ("from", "to")),
    "count": (("label",), ("units", "adds", "suffix", "min", "max")),
    "name": (("label",), ("reject", "suffix")),
    "text": ((), ("label", "pattern", "suffix")),
}


def default_rules_path() -> Path:
    """The rule file that comes with the package."""
    return Path(str(resources.files("ner_engine.chatbot") / "restaurant.yaml"))


def load_rules(path: str | Path | None = None) -> Rules:
    """Read and check a rule file; without a path, the one that comes with the package.

    Raises ConfigError with file and line.
    """
    root = open_document(default_rules_path() if path is None else path)
    top = root.fields(
        required=("version", "facts", "forms", "intents", "replies"), optional=("menu", "hours", "max_chars")
    )
    version = top["version"].number()
    if version != FORMAT:
        raise top["version"].wrong(f"expected format {FORMAT}; got {version}")
    facts = {name: doc.text() for name, doc in top["facts"].named().items()}
    menu = _menu(top["menu"]) if "menu" in top else ()
    hours = _hours(top["hours"]) if "hours" in top else None
    known = {**facts, **built_in_facts(menu, hours)}
    forms = {name: _form(name, doc, known, bool(menu)) for name, doc in top["forms"].named().items()}
    intents = tuple(
        _intent(name, doc, known, forms, has_menu=bool(menu), has_hours=hours is not None)
        for name, doc in top["intents"].named().items()
    )
    return Rules(
        path=root.path,
        facts=known,
        forms=forms,
        intents=intents,
        replies=_replies(top["replies"], known),
        menu=menu,
        hours=hours,
        max_chars=top["max_chars"].number(at_least=1) if "max_chars" in top else 300,
    )


def built_in_facts(menu: Collection[Dish], hours: Hours | None) -> dict[str, str]:
    """The values every reply may use without the file stating them."""
    found: dict[str, str] = {}
    if menu:
        found["menu"] = "\n".join(f"{dish.name} {dish.price:,}원" for dish in menu if dish.price)
        found["best"] = ", ".join(dish.name for dish in menu if dish.best) or next(iter(menu)).name
    if hours is not None:
        found["opens"], found["closes"] = show_time(hours.opens), show_time(hours.closes)
        found["closed"] = _weekday_names(hours.closed)
    return found


def _weekday_names(days: Collection[int]) -> str:
    return ", ".join(f"{WEEKDAYS[day]}요일" for day in days)


def _saying(doc: Doc, *, always: Collection[str], labels: bool = False) -> Saying:
    """A reply and its wordings. At least one wording must do with the values that are ``always`` there."""
    wordings = []
    safe = False
    for entry in doc.one_or_more():
        try:
            template = parse_template(entry.text())
        except ConfigError as error:
            raise entry.wrong(str(error)) from None
        for name in sorted(template.names):
            if name not in always and not (labels and _LABEL.fullmatch(name)):
                raise entry.wrong(f"unknown gap {{{name}}}; expected one of {', '.join(always)}")
        safe = safe or template.names <= set(always)
        wordings.append(template)
    if not safe:
        raise doc.wrong("at least one wording must do without values that are not always known")
    return Saying(doc.place, tuple(wordings))


def _menu(doc: Doc) -> tuple[Dish, ...]:
    dishes: list[Dish] = []
    taken: dict[str, str] = {}
    for entry in doc.items():
        keys = entry.fields(required=("name", "price"), optional=("unit", "aliases", "instead_of", "best"))
        dish = Dish(
            name=keys["name"].text(),
            price=keys["price"].number(),
            unit=keys["unit"].text() if "unit" in keys else "개",
            aliases=keys["aliases"].texts() if "aliases" in keys else (),
            instead_of=keys["instead_of"].texts() if "instead_of" in keys else (),
            best=keys["best"].switch() if "best" in keys else False,
        )
        for name in dish.names:
            word = "".join(name.split()).casefold()
            if word in taken:
                raise entry.wrong(f"the name {name!r} already stands for {taken[word]!r}")
            taken[word] = dish.name
        dishes.append(dish)
    return tuple(dishes)


def _hours(doc: Doc) -> Hours:
    keys = doc.fields(required=("open", "close"), optional=("closed",))
    hours = Hours(_time(keys["open"]), _time(keys["close"]), _weekdays(keys))
    if hours.opens >= hours.closes:
        raise doc.wrong("expected open to be before close")
    return hours


def _time(doc: Doc) -> time:
    value = doc.text()
    match = _TIME.fullmatch(value)
    if match is None:
        raise doc.wrong(f'expected a time such as "11:00"; got {value!r}')
    return time(int(match[1]), int(match[2]))


def _weekdays(keys: Mapping[str, Doc]) -> tuple[int, ...]:
    if "closed" not in keys:
        return ()
    names = [f"{day}요일" for day in WEEKDAYS]
    return tuple(names.index(doc.choice(names)) for doc in keys["closed"].one_or_more())


def _form(name: str, doc: Doc, facts: Collection[str], has_menu: bool) -> Form:
    keys = doc.fields(
        required=("title", "opening", "slots", "confirm", "change", "unclear_confirm", "done"),
        optional=("more", "unclear_more"),
    )
    raw_slots = keys["slots"].named()
    if not raw_slots:
        raise keys["slots"].wrong("expected at least one slot")
    for slot_name, slot_doc in raw_slots.items():
        if not _NAME.fullmatch(slot_name):
            raise slot_doc.wrong(f"expected a name of letters and digits; got {slot_name!r}")
        if slot_name in facts:
            raise slot_doc.wrong(f"the name {slot_name!r} is already that of a fact")
    slots = tuple(_slot(slot_name, slot_doc, facts) for slot_name, slot_doc in raw_slots.items())
    with_items = [slot for slot in slots if slot.type == "items"]
    if len(with_items) > 1:
        raise keys["slots"].wrong("expected one slot of type items at most")
    if with_items and ("more" not in keys or "unclear_more" not in keys):
        raise doc.wrong("a form with items needs the keys more and unclear_more")
    filled = [*facts, *(slot.name for slot in slots)]
    if with_items and has_menu:
        filled.append("total")
    return Form(
        name=name,
        title=keys["title"].text(),
        opening=_saying(keys["opening"], always=facts),
        slots=slots,
        confirm=_saying(keys["confirm"], always=filled),
        change=_saying(keys["change"], always=filled),
        unclear_confirm=_saying(keys["unclear_confirm"], always=filled),
        done=_saying(keys["done"], always=filled),
        more=_saying(keys["more"], always=[*facts, with_items[0].name]) if with_items else None,
        unclear_more=_saying(keys["unclear_more"], always=[*facts, with_items[0].name]) if with_items else None,
    )


def _slot(name: str, doc: Doc, facts: Collection[str]) -> Slot:
    kind = doc.named().get("type")
    if kind is None:
        raise doc.wrong("the key 'type' is missing")
    slot_type = kind.choice(list(_SLOT_KEYS))
    required, optional = _SLOT_KEYS[slot_type]
    needs = PROBLEMS[slot_type]
    keys = doc.fields(
        required=("title", "type", "ask", "retry", *required, *(("problems",) if needs else ())),
        optional=("words", *optional),
    )
    problems = keys["problems"].fields(required=list(needs)) if needs else {}
    slot = Slot(
        name=name,
        title=keys["title"].text(),
        type=slot_type,
        label=_label(keys, "label"),
        count_label=_label(keys, "count_label"),
        ask=_saying(keys["ask"], always=facts),
        retry=_saying(keys["retry"], always=facts),
        problems={key: _saying(text, always=[*facts, *needs[key]]) for key, text in problems.items()},
        words=keys["words"].texts() if "words" in keys else (),
        units=keys["units"].texts() if "units" in keys else (),
        adds=keys["adds"].texts() if "adds" in keys else (),
        reject=keys["reject"].texts() if "reject" in keys else (),
        suffix=_suffix(keys),
        least=keys["min"].number(at_least=1) if "min" in keys else 1,
        most=keys["max"].number(at_least=1) if "max" in keys else 99,
        assume=keys["assume"].number(at_least=1) if "assume" in keys else None,
        opens=_time(keys["from"]) if "from" in keys else time(0, 0),
        closes=_time(keys["to"]) if "to" in keys else time(23, 59),
        closed=_weekdays(keys),
        within_days=keys["within_days"].number(at_least=1) if "within_days" in keys else 365,
        pattern=keys["pattern"].pattern() if "pattern" in keys else None,
    )
    if slot.least > slot.most:
        raise doc.wrong(f"expected min to be at most max; got {slot.least} and {slot.most}")
    if slot.opens > slot.closes:
        raise doc.wrong("expected from to be before to")
    return slot


def _label(keys: Mapping[str, Doc], key: str) -> str:
    return _label_of(keys[key]) if key in keys else ""


def _label_of(doc: Doc) -> str:
    label = doc.text()
    if not _LABEL.fullmatch(label):
        raise doc.wrong(f"expected an entity label such as DT; got {label!r}")
    return label


def _suffix(keys: Mapping[str, Doc]) -> str:
    return keys["suffix"].text() if "suffix" in keys else ""


def _intent(
    name: str, doc: Doc, facts: Collection[str], forms: Mapping[str, Form], *, has_menu: bool, has_hours: bool
) -> Intent:
    keys = doc.fields(
        required=("do",),
        optional=(
            "form",
            "say",
            "exact",
            "keywords",
            "patterns",
            "entities",
            "needs",
            "unless",
            "when",
            "priority",
        ),
    )
    do = keys["do"].choice(ACTS)
    if (do == "start") != ("form" in keys):
        raise doc.wrong("the key 'form' belongs to 'do: start', and to it alone")
    if (do == "reply") != ("say" in keys):
        raise doc.wrong("the key 'say' belongs to 'do: reply', and to it alone")
    if not any(key in keys for key in ("exact", "keywords", "patterns", "entities")):
        raise doc.wrong("expected at least one of exact, keywords, patterns, entities")
    if do in ("price", "dish") and not has_menu:
        raise keys["do"].wrong(f"'do: {do}' needs a menu")
    if do == "open_now" and not has_hours:
        raise keys["do"].wrong("'do: open_now' needs hours")
    entities = keys["entities"].named() if "entities" in keys else {}
    for label, weight in entities.items():
        if not _LABEL.fullmatch(label):
            raise weight.wrong(f"expected an entity label such as FOOD; got {label!r}")
    return Intent(
        name=name,
        do=do,
        line=doc.line,
        form=keys["form"].choice(list(forms)) if "form" in keys else "",
        say=_saying(keys["say"], always=facts, labels=True) if "say" in keys else None,
        exact=tuple(core(text) for text in keys["exact"].texts()) if "exact" in keys else (),
        keywords=tuple((word, _keyword(word)) for word in keys["keywords"].texts()) if "keywords" in keys else (),
        patterns=tuple(p.pattern() for p in keys["patterns"].one_or_more()) if "patterns" in keys else (),
        entities=tuple((label, weight.number()) for label, weight in entities.items()),
        needs=tuple(_label_of(label) for label in keys["needs"].one_or_more()) if "needs" in keys else (),
        unless=keys["unless"].pattern() if "unless" in keys else None,
        when=tuple(w.choice(CONTEXTS) for w in keys["when"].one_or_more()) if "when" in keys else CONTEXTS,
        priority=_priority(keys),
    )


def _priority(keys: Mapping[str, Doc]) -> int:
    return keys["priority"].number(at_least=-100) if "priority" in keys else 0


def _keyword(word: str) -> re.Pattern[str]:
    """A keyword begins a word (``예약`` is in 예약할게요, not in 재예약) unless it is written ``*예약``."""
    anywhere = word.startswith("*")
    letters = [r"\s*" if c.isspace() else re.escape(c) for c in word.removeprefix("*").strip()]
    return re.compile(("" if anywhere else "(?<![가-힣A-Za-z0-9])") + "".join(letters), re.IGNORECASE)


def _replies(doc: Doc, facts: Collection[str]) -> dict[str, Saying]:
    keys = doc.fields(required=list(REPLIES))
    return {name: _saying(text, always=[*facts, *REPLIES[name]]) for name, text in keys.items()}
