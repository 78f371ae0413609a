"""Whether a regular expression can be searched for in linear time: its text in, an objection (or "") out.

Python's ``re`` backtracks. A search is linear where the steps it can take from one place are bounded: every
repetition needs an upper bound, except one that ends the expression (nothing after it can fail), and the bound
on the steps must be small. It is counted back to front over the parsed expression, for each kind of next
character. Where texts have a greatest length, that is the bound of the repetitions without one.
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

__all__ = ["MOST_STEPS", "why_not_linear", "worst_steps"]

MOST_STEPS = 5_000  # from one place of a text, at worst
_CAP = 10**9
_KINDS = "aZ_05 \t\n!-.@/가힣ㄱㅏé٣٠\u3000漢😀Ω"  # one of each kind a category tells apart
_parser: Any = importlib.import_module("re._parser")  # the parser of the standard library, private by its name
_codes: Any = importlib.import_module("re._constants")

_ONE_CHARACTER = (_codes.LITERAL, _codes.NOT_LITERAL, _codes.ANY, _codes.IN)

Cost = tuple[int, ...]  # (characters,): the most steps if that character comes next


class _Objection(Exception):
    """Why the expression cannot be accepted."""


def why_not_linear(
    regex: str, *, ignore_case: bool = False, most_steps: int = MOST_STEPS, longest: int | None = None
) -> str:
    """What makes searching for ``regex`` slower than linear, as a clause; ``""`` if nothing does.

    ``longest`` is how long a text may be where that is known; a repetition cannot go on for longer. An
    expression that ``re`` itself refuses or warns about is an objection too. Never raises.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            steps = worst_steps(regex, ignore_case=ignore_case, longest=longest)
    except _Objection as objection:
        return str(objection)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        return f"not a regular expression: {error}"
    if steps > most_steps:
        much = f"{steps:,}" if steps < _CAP else "billions of"
        return f"may take {much} steps from one place (at most {most_steps:,}): several parts can match the same"
    return ""


def worst_steps(regex: str, *, ignore_case: bool = False, longest: int | None = None) -> int:
    """A bound on the characters compared from one place of any text, 10^9 at most.

    Raises ``re.error`` for no regular expression and an exception with the reason where there is no bound.
    """
    tree = _parser.parse(regex, re.IGNORECASE if ignore_case else 0)
    if tree.getwidth()[0] == 0:
        raise _Objection("matches the empty text")
    return _Counter(tree, bool(tree.state.flags & re.IGNORECASE), longest).steps()


class _Counter:
    """Counts the steps of one parsed expression."""

    def __init__(self, tree: Any, ignore_case: bool, longest: int | None) -> None:
        self._tree = tree
        self._ignore_case = ignore_case
        self._longest = longest
        self._alphabet = sorted({*_KINDS, *_edges(tree)})
        self._sets: dict[tuple[Any, int, bool], tuple[bool, ...]] = {}
        self._end: Cost = (1,) * len(self._alphabet)

    def steps(self) -> int:
        """The most steps from one place."""
        return max(self._sequence(self._tree, self._end, tail=True))

    def _sequence(self, nodes: Iterable[Any], after: Cost, *, tail: bool) -> Cost:
        """The cost of the nodes followed by ``after``; ``tail`` if after them the expression has matched."""
        for op, argument in reversed(list(nodes)):
            after = self._node(op, argument, after, tail=tail)
            tail = False
        return after

    def _node(self, op: Any, argument: Any, after: Cost, *, tail: bool) -> Cost:
        if op in _ONE_CHARACTER:
            worst = min(_CAP, 1 + max(after))
            return tuple(worst if held else 1 for held in self._held(op, argument))
        if op is _codes.AT:
            return after
        if op is _codes.SUBPATTERN:
            self._ignore_case = self._ignore_case or bool(argument[1] & re.IGNORECASE)
            return self._sequence(argument[3], after, tail=tail)
        if op is _codes.BRANCH:
            return _either(*(self._sequence(branch, after, tail=tail) for branch in argument[1]))
        if op in (_codes.MAX_REPEAT, _codes.MIN_REPEAT):
            least, most, item = argument
            return self._repeat(least, most, item, after, tail=tail)
        if op is _codes.POSSESSIVE_REPEAT:
            least, most, item = argument
            return self._then(lambda end: self._repeat(least, most, item, end, tail=False), after)
        if op is _codes.ATOMIC_GROUP:
            return self._then(lambda end: self._sequence(argument, end, tail=False), after)
        if op in (_codes.ASSERT, _codes.ASSERT_NOT):
            inside = self._sequence(argument[1], self._end, tail=False)
            if argument[0] < 0:  # it looks at what was before
                inside = (max(inside),) * len(self._end)
            return tuple(min(_CAP, a + b) for a, b in zip(inside, after, strict=True))
        if op in (_codes.GROUPREF, _codes.GROUPREF_EXISTS):
            raise _Objection("refers back to a group")
        raise _Objection(f"{str(op).lower()} is not supported")

    def _repeat(self, least: int, most: int, item: Any, after: Cost, *, tail: bool) -> Cost:
        if most is _codes.MAXREPEAT or most >= int(_codes.MAXREPEAT):
            if tail and len(item) == 1 and item[0][0] in _ONE_CHARACTER:
                most = max(least, 1)
            elif self._longest is None:
                raise _Objection("repeats without an upper bound before its end: give it one, {0,40} for *")
            else:
                most = max(least, self._longest)
        width = max(1, len(item))
        if most * width > 20_000:
            raise _Objection(f"repeats up to {most:,} times")
        cost = after
        for i in range(most - least):
            cost = _either(self._sequence(item, cost, tail=tail and i == 0), after)
            if max(cost) >= _CAP:
                break
        for i in range(least):
            cost = self._sequence(item, cost, tail=tail and i == 0 and most == least)
        return cost

    def _then(self, first: Callable[[Cost], Cost], after: Cost) -> Cost:
        """What is matched once and not taken back, and what follows it."""
        alone, marked = first(self._end), first((_CAP,) * len(self._end))
        rest = max(after)
        # where the mark shows, the end can be reached from that character
        return tuple(min(_CAP, a + (rest if m >= _CAP else 0)) for a, m in zip(alone, marked, strict=True))

    def _held(self, op: Any, argument: Any) -> tuple[bool, ...]:
        """Which characters of the alphabet a set holds."""
        key = (op, id(argument), self._ignore_case)  # the tree lives as long as this
        if key not in self._sets:
            self._sets[key] = tuple(self._holds(op, argument, c) for c in self._alphabet)
        return self._sets[key]

    def _holds(self, op: Any, argument: Any, c: str) -> bool:
        forms = {c, c.lower(), c.upper()} if self._ignore_case else {c}
        if op is _codes.ANY:
            return True
        if op is _codes.LITERAL:
            return any(len(f) == 1 and ord(f) == argument for f in forms)
        if op is _codes.NOT_LITERAL:
            return ord(c) != int(argument)
        return any(_in_set(argument, f) for f in forms if len(f) == 1)


def _either(*costs: Cost) -> Cost:
    return tuple(min(_CAP, sum(column)) for column in zip(*costs, strict=True))


_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    _codes.CATEGORY_DIGIT: str.isdecimal,
    _codes.CATEGORY_SPACE: str.isspace,
    _codes.CATEGORY_WORD: lambda c: c.isalnum() or c == "_",
}
_OPPOSITES: dict[Any, Any] = {
    _codes.CATEGORY_NOT_DIGIT: _codes.CATEGORY_DIGIT,
    _codes.CATEGORY_NOT_SPACE: _codes.CATEGORY_SPACE,
    _codes.CATEGORY_NOT_WORD: _codes.CATEGORY_WORD,
}


def _in_set(items: Sequence[Any], c: str) -> bool:
    negated = items[0][0] is _codes.NEGATE
    return negated != any(_in_item(op, argument, c) for op, argument in items if op is not _codes.NEGATE)


def _in_item(op: Any, argument: Any, c: str) -> bool:
    if op is _codes.LITERAL:
        return ord(c) == int(argument)
    if op is _codes.RANGE:
        return int(argument[0]) <= ord(c) <= int(argument[1])
    if argument in _OPPOSITES:
        return not _CATEGORIES[_OPPOSITES[argument]](c)
    return _CATEGORIES[argument](c)


def _edges(tree: Any) -> set[str]:
    """The characters named in an expression and the neighbours of its ranges: where sets may differ."""
    points: set[int] = set()

    def visit(value: Any) -> None:
        if isinstance(value, tuple) and len(value) == 2 and value[0] in (_codes.LITERAL, _codes.NOT_LITERAL):
            points.add(int(value[1]))
        elif isinstance(value, tuple) and len(value) == 2 and value[0] is _codes.RANGE:
            points.update(value[1])
            points.update((value[1][0] - 1, value[1][1] + 1))
        elif isinstance(value, tuple | list | _parser.SubPattern):
            for one in value:
                visit(one)

    visit(tree)
    return {chr(p) for p in points if 0 <= p < 0x110000}
