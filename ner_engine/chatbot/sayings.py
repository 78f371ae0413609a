"""Every reply of a bot: rules in, their ``Saying`` values out, each once, in the order of the rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from ner_engine.chatbot.replies import Saying
from ner_engine.chatbot.rules import Rules

__all__ = ["all_sayings"]


def all_sayings(rules: Rules) -> dict[str, Saying]:
    """The replies by where they stand in the rule file (``forms.order.opening``)."""
    return {saying.key: saying for saying in _within(rules)}


def _within(value: object) -> Iterator[Saying]:
    """Whatever holds replies is a dataclass, a mapping or a tuple, so that none can be forgotten here."""
    if isinstance(value, Saying):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _within(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _within(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _within(inner)
