"""The intents of a rule file: a value of the document in, an ``Intent`` out, refused with its line."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from ner_engine.chatbot.rulefile.document import Doc
from ner_engine.chatbot.rulefile.texts import LABEL, labels, saying
from ner_engine.chatbot.rules import Form, Intent
from ner_engine.chatbot.turn.match import core
from ner_engine.chatbot.vocabulary import ACTS, CONTEXTS

__all__ = ["read_intent"]

_EVIDENCE = ("exact", "keywords", "patterns", "entities")


def read_intent(
    name: str, doc: Doc, facts: Collection[str], forms: Mapping[str, Form], *, has_menu: bool, has_hours: bool
) -> Intent:
    """One intent. ``facts`` are the values its text may use."""
    keys = doc.fields(
        required=("do",),
        optional=("form", "say", *_EVIDENCE, "needs", "unless", "when", "priority", "urgent"),
    )
    do = keys["do"].choice(ACTS)
    if (do == "start") != ("form" in keys):
        raise doc.wrong("the key 'form' belongs to 'do: start', and to it alone")
    if (do == "reply") != ("say" in keys):
        raise doc.wrong("the key 'say' belongs to 'do: reply', and to it alone")
    if "urgent" in keys and do != "reply":
        raise keys["urgent"].wrong("the key 'urgent' belongs to 'do: reply', and to it alone")
    if not any(key in keys for key in _EVIDENCE):
        raise doc.wrong(f"expected at least one of {', '.join(_EVIDENCE)}")
    if do in ("price", "dish") and not has_menu:
        raise keys["do"].wrong(f"'do: {do}' needs a menu")
    if do == "open_now" and not has_hours:
        raise keys["do"].wrong("'do: open_now' needs hours")
    entities = keys["entities"].named() if "entities" in keys else {}
    for named, weight in entities.items():
        if not LABEL.fullmatch(named):
            raise weight.wrong(f"expected an entity label such as FOOD; got {named!r}")
    return Intent(
        name=name,
        do=do,
        line=doc.line,
        form=keys["form"].choice(list(forms)) if "form" in keys else "",
        say=saying(keys["say"], always=facts, labelled=True) if "say" in keys else None,
        exact=tuple(core(text) for text in keys["exact"].texts()) if "exact" in keys else (),
        keywords=tuple((word, _keyword(word)) for word in keys["keywords"].texts()) if "keywords" in keys else (),
        patterns=tuple(p.pattern() for p in keys["patterns"].one_or_more()) if "patterns" in keys else (),
        entities=tuple((named, weight.number()) for named, weight in entities.items()),
        needs=labels(keys, "needs"),
        unless=keys["unless"].pattern() if "unless" in keys else None,
        when=tuple(w.choice(CONTEXTS) for w in keys["when"].one_or_more()) if "when" in keys else CONTEXTS,
        priority=keys["priority"].number(at_least=-100) if "priority" in keys else 0,
        urgent=keys["urgent"].switch() if "urgent" in keys else False,
    )


def _keyword(word: str) -> re.Pattern[str]:
    """A keyword begins a word (``예약`` is in 예약할게요, not in 재예약) unless it is written ``*예약``."""
    anywhere = word.startswith("*")
    letters = [r"\s*" if c.isspace() else re.escape(c) for c in word.removeprefix("*").strip()]
    return re.compile(("" if anywhere else "(?<![가-힣A-Za-z0-9])") + "".join(letters), re.IGNORECASE)
