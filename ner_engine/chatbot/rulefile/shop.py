"""What a rule file says of the shop: its hours, its menu, what it knows by name or shape, and its actions."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path

from ner_engine.chatbot.order.menu import Dish
from ner_engine.chatbot.rulefile.document import Doc
from ner_engine.chatbot.rulefile.texts import label
from ner_engine.chatbot.rules import ActionSpec, Form, Hours, option_label
from ner_engine.chatbot.showing import WEEKDAYS, show_time, show_weekdays
from ner_engine.datasets.entries import Entry
from ner_engine.rules.gazetteer import Gazetteer
from ner_engine.rules.patterns import Pattern, PatternMatcher

__all__ = [
    "Known",
    "built_in_facts",
    "read_actions",
    "read_hours",
    "read_known",
    "read_menu",
    "read_time",
    "read_weekdays",
]

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_FUNCTION = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_URL = re.compile(r"https?://[^\s/]+\S*")
_VARIABLE = re.compile(r"[A-Za-z_]\w*")
_FEASTS = (
    "신정", "설날", "삼일절", "노동절", "부처님오신날", "어린이날", "현충일", "제헌절", "광복절", "추석",
    "개천절", "한글날", "크리스마스",
)  # fmt: skip
_RESERVED = ("record", "withdraw", "hand_over")


def read_time(doc: Doc) -> time:
    """``"11:00"``."""
    value = doc.text()
    match = _TIME.fullmatch(value)
    if match is None:
        raise doc.wrong(f'expected a time such as "11:00"; got {value!r}')
    return time(int(match[1]), int(match[2]))


def read_weekdays(keys: Mapping[str, Doc], key: str) -> tuple[int, ...]:
    """``[월요일]`` as numbers, Monday 0; nothing where the key is not given."""
    if key not in keys:
        return ()
    names = [f"{day}요일" for day in WEEKDAYS]
    return tuple(names.index(doc.choice(names)) for doc in keys[key].one_or_more())


def read_hours(doc: Doc) -> Hours:
    """When the shop is open."""
    keys = doc.fields(required=("open", "close"), optional=("closed", "breaks", "holidays", "days"))
    opens, closes = read_time(keys["open"]), read_time(keys["close"])
    if opens >= closes:
        raise doc.wrong("expected open to be before close")
    days = []
    for name, pair in keys["days"].named().items() if "days" in keys else ():
        if name[:1] not in WEEKDAYS or name[1:] != "요일":
            raise pair.wrong(f"expected one of {show_weekdays(range(7))}; got {name!r}")
        days.append((WEEKDAYS.index(name[0]), *_stretch(pair)))
    rests, feasts = _holidays(keys["holidays"]) if "holidays" in keys else (False, ())
    return Hours(
        opens,
        closes,
        read_weekdays(keys, "closed"),
        tuple(_stretch(pair) for pair in keys["breaks"].items()) if "breaks" in keys else (),
        rests,
        tuple(days),
        feasts,
    )


def _holidays(doc: Doc) -> tuple[bool, tuple[str, ...]]:
    """``true``, or the holidays on which alone the shop rests (``[설날, 추석]``, with the days around them)."""
    if doc.is_switch:
        return doc.switch(), ()
    return True, tuple(day.choice(_FEASTS) for day in doc.one_or_more())


def _stretch(doc: Doc) -> tuple[time, time]:
    """``["13:00", "14:00"]``."""
    ends = doc.items()
    if len(ends) != 2:
        raise doc.wrong('expected two times such as ["13:00", "14:00"]')
    first, last = read_time(ends[0]), read_time(ends[1])
    if first >= last:
        raise doc.wrong("expected the first time to be before the second")
    return first, last


def read_menu(doc: Doc) -> tuple[Dish, ...]:
    """The dishes; no name twice."""
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


def built_in_facts(menu: Collection[Dish], hours: Hours | None) -> dict[str, str]:
    """The values every reply may use without the file stating them."""
    found: dict[str, str] = {}
    if menu:
        found["menu"] = "\n".join(f"{dish.name} {dish.price:,}원" for dish in menu if dish.price)
        found["best"] = ", ".join(dish.name for dish in menu if dish.best) or next(iter(menu)).name
    if hours is not None:
        found["opens"], found["closes"] = show_time(hours.opens), show_time(hours.closes)
        found["closed"] = show_weekdays(hours.closed)
    return found


@dataclass(frozen=True, slots=True)
class Known:
    """What finds everything a rule file knows by itself; see ``Rules``."""

    names: Gazetteer | None
    patterns: PatternMatcher | None
    shaped: Mapping[str, str]


def read_known(entities: Doc | None, patterns: Doc | None, forms: Mapping[str, Form], path: str) -> Known:
    """The file's own entities (by name, synonym or pattern), the options of its choices, its patterns."""
    entries: list[Entry] = []
    shapes: list[Pattern] = []
    shaped: dict[str, str] = {}
    for number, entry in enumerate(entities.items() if entities is not None else (), start=1):
        keys = entry.fields(required=("label", "name"), optional=("synonyms", "patterns"))
        name, its_label = keys["name"].text(), label(keys["label"])
        synonyms = keys["synonyms"].texts() if "synonyms" in keys else ()
        entries.append(Entry(name, its_label, name, synonyms, line=entry.line))
        for i, one in enumerate(keys["patterns"].one_or_more() if "patterns" in keys else (), start=1):
            shapes.append(_pattern(f"entities[{number}].patterns[{i}]", its_label, one, path))
            shaped[shapes[-1].name] = name
    for form in forms.values():
        for slot in form.slots:
            where = option_label(form.name, slot.name)
            entries += [Entry(o.name, where, o.name, o.names[1:]) for o in slot.options]
    for entry in patterns.items() if patterns is not None else ():
        keys = entry.fields(required=("name", "label", "pattern"))
        called = keys["name"].text()
        if any(other.name == called for other in shapes):
            raise keys["name"].wrong(f"the pattern {called!r} is given twice")
        shapes.append(_pattern(called, label(keys["label"]), keys["pattern"], path))
    return Known(
        Gazetteer([(Path(path).name, entries)], ignore_spaces=True) if entries else None,
        PatternMatcher(shapes) if shapes else None,
        shaped,
    )


def _pattern(name: str, its_label: str, doc: Doc, path: str) -> Pattern:
    """A pattern; one that may take more than linear time is refused."""
    pattern = Pattern(name, its_label, doc.text(), ignore_case=True, place=f"{Path(path).name}:{doc.line}")
    problem = pattern.problem()
    if problem:
        raise doc.wrong(problem.removeprefix("regex: "))
    return pattern


def read_actions(doc: Doc | None) -> dict[str, ActionSpec]:
    """What forms may have done when they are complete."""
    return {name: _action(name, entry) for name, entry in doc.named().items()} if doc is not None else {}


def _action(name: str, doc: Doc) -> ActionSpec:
    if name in _RESERVED or not _VARIABLE.fullmatch(name):
        raise doc.wrong(f"expected a name of letters and digits other than {', '.join(_RESERVED)}")
    keys = doc.fields(optional=("python", "webhook", "timeout_s", "secret_env"))
    if ("python" in keys) == ("webhook" in keys):
        raise doc.wrong("expected one of python and webhook")
    if "python" in keys:
        function = keys["python"].text()
        if not _FUNCTION.fullmatch(function):
            raise keys["python"].wrong(f"expected package.module:function; got {function!r}")
        if "secret_env" in keys:
            raise keys["secret_env"].wrong("a secret belongs to a webhook")
        return ActionSpec(name, python=function, timeout_s=_timeout(keys))
    url = keys["webhook"].text()
    if not _URL.fullmatch(url):
        raise keys["webhook"].wrong(f"expected an address that begins with https:// or http://; got {url!r}")
    secret = keys["secret_env"].text() if "secret_env" in keys else ""
    if secret and not _VARIABLE.fullmatch(secret):
        raise keys["secret_env"].wrong(f"expected the name of an environment variable; got {secret!r}")
    return ActionSpec(name, webhook=url, timeout_s=_timeout(keys), secret_env=secret)


def _timeout(keys: Mapping[str, Doc]) -> float:
    return keys["timeout_s"].decimal() if "timeout_s" in keys else ActionSpec("").timeout_s
