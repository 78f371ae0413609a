"""Texts that a regular expression matches: its pattern in, a few of the shortest out.

For looking at rules from outside: a pattern all of whose samples another rule forbids will hardly ever count.
"""

from __future__ import annotations

import contextlib
import importlib
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

__all__ = ["samples"]

_parser: Any = importlib.import_module("re._parser")  # the parser of the standard library, private by its name
_codes: Any = importlib.import_module("re._constants")

_TRIED = 400  # combinations of the alternatives of one pattern
_AROUND = (
    ("", ""),
    ("", " "),
    ("", "."),
    ("", " 네"),
    ("네 ", ""),
    ("네 ", " 네"),
)  # what lookarounds may ask for
_OF_CATEGORY = {
    "DIGIT": "1", "SPACE": " ", "WORD": "가", "NOT_DIGIT": "가", "NOT_SPACE": "가", "NOT_WORD": " ",
}  # fmt: skip


def samples(pattern: re.Pattern[str], *, limit: int = 50) -> tuple[str, ...]:
    """Texts the pattern is found in, ``limit`` at most; none where no guess of this module fits."""
    tree = _parser.parse(pattern.pattern, pattern.flags & re.IGNORECASE)
    found: dict[str, None] = {}
    with contextlib.suppress(RecursionError):  # a pattern hundreds of characters long
        for middle in itertools.islice(_sequence(list(tree)), _TRIED):
            text = next((b + middle + a for b, a in _AROUND if pattern.search(b + middle + a)), None)
            if text is not None:
                found[text] = None
            if len(found) >= limit:
                break
    return tuple(found)


def _sequence(nodes: Sequence[tuple[Any, Any]]) -> Iterator[str]:
    if not nodes:
        yield ""
        return
    for rest in _sequence(nodes[1:]):
        for first in _node(*nodes[0]):
            yield first + rest


def _node(op: Any, argument: Any) -> Iterable[str]:
    if op is _codes.LITERAL:
        return (chr(argument),)
    if op is _codes.NOT_LITERAL:
        return ("가" if argument != ord("가") else "나",)
    if op is _codes.ANY:
        return ("가",)
    if op is _codes.IN:
        return _of_set(argument)
    if op is _codes.SUBPATTERN:
        return _sequence(list(argument[3]))
    if op is _codes.ATOMIC_GROUP:
        return _sequence(list(argument))
    if op is _codes.BRANCH:
        return itertools.chain.from_iterable(_sequence(list(branch)) for branch in argument[1])
    if op in (_codes.MAX_REPEAT, _codes.MIN_REPEAT, _codes.POSSESSIVE_REPEAT):
        least, most, item = argument
        counts = (least,) if least or not most else (0, 1)
        return itertools.chain.from_iterable(_times(list(item), min(count, 40)) for count in counts)
    if op is _codes.ASSERT and argument[0] > 0:
        return _sequence(list(argument[1]))  # right where it ends the pattern; elsewhere the search will tell
    return ("",)


def _times(item: Sequence[tuple[Any, Any]], count: int) -> Iterator[str]:
    return (one * count for one in (_sequence(item) if count else ("",)))


def _of_set(items: Sequence[tuple[Any, Any]]) -> Iterator[str]:
    if items[0][0] is _codes.NEGATE:
        held = re.compile("[" + "".join(_written(*item) for item in items[1:]) + "]")
        yield from itertools.islice((c for c in "가1 a.?" if not held.match(c)), 1)
        return
    for op, argument in items:
        if op is _codes.LITERAL:
            yield chr(argument)
        elif op is _codes.RANGE:
            yield chr(argument[0])
        else:
            yield _OF_CATEGORY[str(argument).removeprefix("CATEGORY_")]


def _written(op: Any, argument: Any) -> str:
    if op is _codes.LITERAL:
        return re.escape(chr(argument))
    if op is _codes.RANGE:
        return f"{re.escape(chr(argument[0]))}-{re.escape(chr(argument[1]))}"
    name = str(argument).removeprefix("CATEGORY_")
    letter = {"DIGIT": "d", "SPACE": "s", "WORD": "w"}[name.removeprefix("NOT_")]
    return "\\" + (letter.upper() if name.startswith("NOT_") else letter)
