"""A rule file (YAML) in, ``Rules`` out. Whatever is unknown, missing or of a wrong kind is refused with its line.

``bots/restaurant.yaml`` explains the format to the person who edits it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path

from ner_engine.chatbot.replies import Saying
from ner_engine.chatbot.rulefile.document import Doc, open_document
from ner_engine.chatbot.rulefile.forms import read_form
from ner_engine.chatbot.rulefile.intents import read_intent
from ner_engine.chatbot.rulefile.shop import (
    built_in_facts,
    read_actions,
    read_hours,
    read_known,
    read_menu,
)
from ner_engine.chatbot.rulefile.texts import saying
from ner_engine.chatbot.rules import Form, Limits, Rules
from ner_engine.chatbot.state import Draft, Value
from ner_engine.chatbot.turn.asking import read_default
from ner_engine.chatbot.vocabulary import HOURS_REPLIES, ORDER_REPLIES, REPLIES

__all__ = ["FORMAT", "default_rules_path", "load_rules", "shipped_bots"]

FORMAT = 2

_NAME = re.compile("[a-z][a-z0-9-]*")
_DEFAULT = "restaurant"


def _bots() -> Path:
    return Path(str(resources.files("ner_engine.chatbot") / "bots"))


def shipped_bots() -> tuple[str, ...]:
    """The names of the bots that come with the package."""
    return tuple(sorted(path.stem for path in _bots().glob("*.yaml")))


def default_rules_path() -> Path:
    """The rule file that is read where none is named."""
    return _bots() / f"{_DEFAULT}.yaml"


def load_rules(path: str | Path | None = None) -> Rules:
    """Read and check a rule file: a path, the name of a shipped bot, or (None) the restaurant.

    Raises ConfigError with file and line.
    """
    if path is None:
        path = default_rules_path()
    elif isinstance(path, str) and path in shipped_bots():
        path = _bots() / f"{path}.yaml"
    root = open_document(path)
    _check_version(root)
    top = root.fields(
        required=("version", "name", "facts", "forms", "intents", "replies"),
        optional=("limits", "hours", "menu", "entities", "patterns", "actions"),
    )
    name = top["name"].text()
    if not _NAME.fullmatch(name):
        raise top["name"].wrong(f"expected a name of small letters, digits and hyphens; got {name!r}")
    menu = read_menu(top["menu"]) if "menu" in top else ()
    hours = read_hours(top["hours"]) if "hours" in top else None
    facts = {key: doc.text() for key, doc in top["facts"].named().items()} | built_in_facts(menu, hours)
    actions = read_actions(top.get("actions"))
    raw_forms = top["forms"].named()
    forms = {
        key: read_form(key, doc, facts, forms=list(raw_forms), actions=actions, hours=hours, has_menu=bool(menu))
        for key, doc in raw_forms.items()
    }
    _check_defaults(raw_forms, forms)
    intents = tuple(
        read_intent(key, doc, facts, forms, has_menu=bool(menu), has_hours=hours is not None)
        for key, doc in top["intents"].named().items()
    )
    known = read_known(top.get("entities"), top.get("patterns"), forms, root.path)
    return Rules(
        path=root.path,
        name=name,
        facts=facts,
        forms=forms,
        intents=intents,
        replies=_replies(top["replies"], facts, unused=_unused(bool(menu), hours is not None, forms)),
        menu=menu,
        hours=hours,
        limits=_limits(top),
        actions=actions,
        names=known.names,
        patterns=known.patterns,
        shaped=known.shaped,
    )


# What may be wrong with a default on one day and not on another.
_BY_THE_DAY = frozenset(("past", "closed", "holiday", "far", "outside", "break"))
_SOME_DAY = datetime(2026, 1, 7, 12)


def _check_defaults(docs: Mapping[str, Doc], forms: Mapping[str, Form]) -> None:
    """A default that could never be an answer is a slip."""
    for form in forms.values():
        for slot in form.slots:
            found = read_default(form, slot, Draft(form.name), now=_SOME_DAY) if slot.default else None
            if slot.default and not isinstance(found, Value) and not (found and found.kind in _BY_THE_DAY):
                doc = docs[form.name].named()["slots"].named()[slot.name].named()["default"]
                raise doc.wrong(f"{slot.default!r} is no answer to a slot of type {slot.type}")


def _check_version(root: Doc) -> None:
    """The version comes first: of another format the other keys are not to be judged."""
    version = root.named().get("version")
    if version is None:
        raise root.wrong("the key 'version' is missing")
    number = version.number()
    if number == 1:
        raise version.wrong(
            f"expected format {FORMAT}; got 1 (since then: a key name, max_chars under limits, more replies)"
        )
    if number != FORMAT:
        raise version.wrong(f"expected format {FORMAT}; got {number}")


def _limits(top: Mapping[str, Doc]) -> Limits:
    if "limits" not in top:
        return Limits()
    found = top["limits"].fields(optional=("max_chars", "misses", "repeats", "minutes"))
    return Limits(**{key: doc.number(at_least=int(key == "max_chars")) for key, doc in found.items()})


def _unused(has_menu: bool, has_hours: bool, forms: Mapping[str, Form]) -> frozenset[str]:
    """The replies that such a bot never gives, so that its file need not have them."""
    ordering = has_menu or any(form.items is not None for form in forms.values())
    return (frozenset() if ordering else ORDER_REPLIES) | (frozenset() if has_hours else HOURS_REPLIES)


def _replies(doc: Doc, facts: Collection[str], *, unused: Collection[str]) -> dict[str, Saying]:
    needed = [name for name in REPLIES if name not in unused]
    keys = doc.fields(required=needed, optional=unused)
    return {name: saying(text, always=[*facts, *REPLIES[name]]) for name, text in keys.items()}
