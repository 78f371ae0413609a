"""What the dialogue wants done, and what came of it: ``respond`` gives calls, ``conclude`` is given outcomes.

The dialogue itself does nothing; ``bot`` runs the calls, or whoever holds the conversation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ner_engine.chatbot.state import Item
from ner_engine.errors import DataError

__all__ = ["BUILT_IN", "ERROR", "HAND_OVER", "OK", "RECORD", "WITHDRAW", "ActionCall", "Outcome", "read_outcome"]

# Calls the rule file need not define.
RECORD = "record"  # write it in the book
WITHDRAW = "withdraw"  # what was recorded is not wanted any more: the record named by ``replaces``
HAND_OVER = "hand_over"  # a person is wanted; ``values`` hold a summary
BUILT_IN = (RECORD, WITHDRAW, HAND_OVER)

OK, ERROR = "ok", "error"  # the outcomes every form knows


@dataclass(frozen=True, slots=True)
class ActionCall:
    """Something to be done. ``id`` is unique in the conversation, and the same again when it is tried again.

    ``values`` hold what fills the form by slot (a list where a slot holds several), ``items`` the dishes;
    ``replaces`` is the id of the record this one takes the place of, ``at`` when it was called for (ISO 8601).
    """

    id: str
    name: str
    form: str
    values: Mapping[str, object] = field(default_factory=dict)
    items: tuple[Item, ...] = ()
    replaces: str = ""
    session: str = ""
    at: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, which a webhook is sent."""
        return {
            "id": self.id,
            "name": self.name,
            "form": self.form,
            "values": dict(self.values),
            "items": [{"name": item.name, "count": item.count} for item in self.items],
            "replaces": self.replaces,
            "session": self.session,
            "at": self.at,
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: a name the form's ``done`` knows, and facts for the gaps of its texts."""

    name: str = OK
    facts: Mapping[str, str] = field(default_factory=dict)


def read_outcome(given: object) -> Outcome:
    """The outcome a function or a webhook gave: an Outcome, a mapping ``{outcome, facts}``, or nothing for ok.

    Numbers among the facts become text. Raises DataError for anything else.
    """
    if given is None:
        return Outcome()
    if isinstance(given, Outcome):
        given = {"outcome": given.name, "facts": given.facts}
    if not isinstance(given, Mapping):
        raise DataError(f"outcome: expected a mapping with outcome and facts; got {type(given).__name__}")
    unknown = [str(key) for key in given if key not in ("outcome", "facts")]
    if unknown:
        raise DataError(f"outcome: expected the keys outcome, facts; got {', '.join(unknown)}")
    name, facts = given.get("outcome", OK), given.get("facts", {})
    if not isinstance(name, str) or not name:
        raise DataError(f"outcome: expected a name; got {name!r}")
    if not isinstance(facts, Mapping):
        raise DataError(f"outcome: facts: expected a mapping; got {type(facts).__name__}")
    told: dict[str, str] = {}
    for key, fact in facts.items():
        if not isinstance(key, str) or isinstance(fact, bool) or not isinstance(fact, str | int | float):
            raise DataError(f"outcome: facts: expected names with text or numbers; got {key!r}: {fact!r}")
        told[key] = f"{fact:,}" if isinstance(fact, int) else str(fact)
    return Outcome(name, told)
