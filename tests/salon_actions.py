"""What stands behind the salon's actions in the tests."""

from __future__ import annotations

import time

from ner_engine.chatbot import ActionCall, Outcome

__all__ = ["book", "look_up"]


def book(call: ActionCall) -> Outcome:
    """Always free."""
    return Outcome("ok", {"who": "정하늘"})


def look_up(call: ActionCall) -> dict[str, object]:
    """What ends in 9 is slow to find, what ends in 8 tears the books, what ends in 0 is unknown."""
    number = str(call.values["number"])
    if number.endswith("9"):
        time.sleep(2)
    if number.endswith("8"):
        raise RuntimeError("the books are torn")
    if number.endswith("0"):
        return {"outcome": "unknown"}
    return {"facts": {"left": 12000}}
