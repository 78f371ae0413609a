"""The texts of a rule file: a value of the document in, a ``Saying`` or a label out, refused with its line."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from ner_engine.chatbot.replies import Saying, parse_template
from ner_engine.chatbot.rulefile.document import Doc
from ner_engine.errors import ConfigError

__all__ = ["LABEL", "NAME", "label", "labels", "optional_saying", "saying"]

LABEL = re.compile("[A-Z][A-Z0-9_]*")
NAME = re.compile(r"[A-Za-z가-힣]\w*")
_FACT = re.compile("[a-z][a-z0-9_]*")


def saying(
    doc: Doc,
    *,
    always: Collection[str],
    sometimes: Collection[str] = (),
    labelled: bool = False,
    outside: bool = False,
) -> Saying:
    """A reply and its wordings. At least one wording must do with the values that are ``always`` there.

    Gaps for values that come ``sometimes`` are allowed too; ``labelled`` lets gaps name entity labels. With
    ``outside`` they may name whatever an action tells, and no wording has to do without it.
    """
    wordings = []
    safe = False
    free: set[str] = set()
    for entry in doc.one_or_more():
        try:
            template = parse_template(entry.text())
        except ConfigError as error:
            raise entry.wrong(str(error)) from None
        for name in sorted(template.names - set(always)):
            if name in sometimes or (outside and _FACT.fullmatch(name)):
                free.add(name)
            elif not (labelled and LABEL.fullmatch(name)):
                raise entry.wrong(f"unknown gap {{{name}}}; expected one of {', '.join(always)}")
        safe = safe or template.names <= set(always)
        wordings.append(template)
    if not safe and not outside:
        raise doc.wrong("at least one wording must do without values that are not always known")
    return Saying(doc.place, tuple(wordings), frozenset(free))


def optional_saying(
    keys: Mapping[str, Doc], key: str, *, always: Collection[str], sometimes: Collection[str] = ()
) -> Saying | None:
    """The reply under a key, None where the key is not given."""
    return saying(keys[key], always=always, sometimes=sometimes) if key in keys else None


def label(doc: Doc) -> str:
    """An entity label."""
    text = doc.text()
    if not LABEL.fullmatch(text):
        raise doc.wrong(f"expected an entity label such as DT; got {text!r}")
    return text


def labels(keys: Mapping[str, Doc], key: str) -> tuple[str, ...]:
    """One label or a list of them; nothing where the key is not given."""
    return tuple(label(doc) for doc in keys[key].one_or_more()) if key in keys else ()
