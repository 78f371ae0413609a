"""The words of rule files: acts, contexts, types of slots, and the replies and problems that have texts.

Only tables; with each reply and problem the values that its text is certain to have.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ACTS", "CONTEXTS", "HOURS_REPLIES", "ORDER_REPLIES", "PROBLEMS", "REPLIES", "TYPES"]

# What an intent may do.
ACTS = (
    "reply", "start", "accept", "decline", "enough", "cancel", "remove", "replace", "more", "change", "status",
    "price", "dish", "open_now", "repeat", "hand_over", "withdraw", "reopen", "restart", "skip",
)  # fmt: skip

# When an intent may apply: by what was asked last.
CONTEXTS = ("idle", "slot", "more", "count", "change", "confirm", "offer")

# What a slot may hold, and the names two of them went by before.
TYPES = (
    "items", "date", "time", "moment", "duration", "quantity", "number", "money", "person", "contact", "place",
    "choice", "code", "yes_no", "text",
)  # fmt: skip

# The replies the code itself gives, and the values each is certain to have.
REPLIES: Mapping[str, frozenset[str]] = {
    name: frozenset(values.split())
    for name, values in {
        "welcome": "",
        "bye": "",
        "bye_unfinished": "form",
        "empty": "",
        "emoji": "",
        "too_long": "limit",
        "fallback_1": "",
        "fallback_2": "",
        "fallback_3": "",
        "yes_idle": "",
        "no_idle": "",
        "nothing_open": "",
        "cancelled": "form",
        "switch": "old new",
        "resume_offer": "form",
        "resumed": "form",
        "resume_declined": "form",
        "back": "form",
        "noted": "noted",
        "changed": "noted",
        "cleared": "slot",
        "status": "form summary",
        "status_done": "form summary",
        "status_none": "",
        "added": "added",
        "added_more": "added count",
        "set": "item",
        "replaced": "old new",
        "removed": "removed",
        "reduced": "item",
        "emptied": "",
        "order_empty": "",
        "not_in_order": "food",
        "not_on_menu": "food similar",
        "not_on_menu_alone": "food",
        "did_you_mean": "food guess",
        "guess_declined": "",
        "price": "food price",
        "total": "items total",
        "has_dish": "food price",
        "price_list": "",
        "open_now": "",
        "closed_now": "",
        "open_day": "day",
        "closed_day": "day weekday",
        "repeat_idle": "",
        "handed_over": "",
        "handed_over_still": "",
        "handed_over_back": "",
        "repeated_question": "slot",
        "action_failed": "form",
        "nothing_recorded": "",
        "withdrawn": "form summary",
        "reopened": "form summary",
        "skipped": "slot",
        "not_optional": "slot",
        "welcome_back": "form",
        "which_one": "options",
    }.items()
}

# Those that only a bot with a list of items gives, and those that only one with hours does.
ORDER_REPLIES = frozenset((
    "added", "added_more", "set", "replaced", "removed", "reduced", "emptied", "order_empty", "not_in_order",
    "not_on_menu", "not_on_menu_alone", "price", "total", "price_list", "has_dish",
))  # fmt: skip
HOURS_REPLIES = frozenset(["open_now", "closed_now", "open_day", "closed_day"])

# What may be wrong with an answer, by slot type: each has its text under ``problems``, with these values.
_DAY_PROBLEMS = {
    "vague": frozenset({"heard"}),
    "past": frozenset({"heard"}),
    "closed": frozenset({"heard", "closed"}),
    "holiday": frozenset({"heard", "holiday"}),
    "far": frozenset({"heard", "days"}),
}
_HOUR_PROBLEMS = {
    "vague": frozenset({"heard"}),
    "past": frozenset({"heard"}),
    "outside": frozenset({"heard", "from", "to"}),
    "break": frozenset({"heard", "from", "to"}),
    "step": frozenset({"heard", "step", "near"}),
}
_AMOUNT_PROBLEMS = {"vague": frozenset({"heard"}), "range": frozenset({"heard", "min", "max"})}
_INVALID = {"invalid": frozenset({"heard"})}
PROBLEMS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "items": {"vague": frozenset({"food", "unit"}), "range": frozenset({"heard", "min", "max"})},
    "date": _DAY_PROBLEMS,
    "time": _HOUR_PROBLEMS,
    "moment": {**_DAY_PROBLEMS, **_HOUR_PROBLEMS},
    "duration": _AMOUNT_PROBLEMS,
    "quantity": _AMOUNT_PROBLEMS,
    "number": _AMOUNT_PROBLEMS,
    "money": _AMOUNT_PROBLEMS,
    "person": {},
    "contact": _INVALID,
    "place": _INVALID,
    "choice": {"unknown": frozenset({"heard", "options"})},
    "code": _INVALID,
    "yes_no": {},
    "text": {},
}
