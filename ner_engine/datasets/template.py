"""The template language of the corpus grammar: one line of text in, a tree of nodes out.

=====================  ==========================================================================
``(a|*3 b|)``          one of the alternatives; ``*3`` makes one three times as likely
``[name]``             whatever the rule ``name`` gives
``[lex:food]``         a word of the lexicon ``food.txt``
``[#1-12]``            a number; ``[#1000-9000/500:comma]`` with a step and a style of ``numerals``
``<3층:QT>``           marks an entity; marks inside a mark are swallowed by the outer one
``{FOOD}``             short for ``<[FOOD]:FOOD>``; ``{FOOD=drink}`` for ``<[drink]:FOOD>``
``{:을/를}``           the particle that fits what was written so far; ``{:을/를?}`` is sometimes left out
``{FOOD:을/를}``       short for ``{FOOD}{:을/를}``; ``[name:을/를]`` likewise
``_``                  a space that people may or may not write
``\\``                 takes the next character as it is
=====================  ==========================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import NoReturn

from ner_engine.datasets.numerals import spell
from ner_engine.errors import ConfigError
from ner_engine.josa import pick

__all__ = ["Choice", "Gap", "Josa", "Mark", "Node", "Number", "Ref", "Text", "Word", "choice", "parse", "walk"]


@dataclass(frozen=True, slots=True)
class Text:
    """Characters as they are."""

    text: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A space that may be left out."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A rule by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a lexicon by the lexicon's name."""

    lexicon: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number of ``low, low + step, ..., high`` in a written style."""

    low: int
    high: int
    step: int
    style: str


@dataclass(frozen=True, slots=True)
class Josa:
    """A particle pair; ``may_drop`` when speech often leaves it out."""

    pair: str
    may_drop: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """An entity: a label around a sequence."""

    label: str
    body: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Alternatives with cumulative weights."""

    options: tuple[tuple[Node, ...], ...]
    cumulative: tuple[float, ...]


Node = Text | Gap | Ref | Word | Number | Josa | Mark | Choice

_WEIGHT = re.compile(r"\*(\d+(?:\.\d+)?) ?")
_LABEL_END = re.compile(r":([A-Z]{2,})>")
_BRACKET = re.compile(
    r"\[(?:lex:(?P<lexicon>[a-z0-9_]+)"
    r"|#(?P<low>\d+)-(?P<high>\d+)(?:/(?P<step>\d+))?(?::(?P<style>[a-z0-9]+))?"
    r"|(?P<rule>[A-Za-z][A-Za-z0-9_]*))"
    r"(?::(?P<pair>[^\]:]*/[^\]:]*))?\]"
)
_BRACE = re.compile(r"\{(?:(?P<label>[A-Z]{2,})(?:=(?P<rule>[A-Za-z][A-Za-z0-9_]*))?)?(?::(?P<pair>[^}]+))?\}")
_SPECIAL = "([{<_\\"


def choice(options: list[tuple[float, tuple[Node, ...]]]) -> Choice:
    """Weighted alternatives as a Choice."""
    return Choice(tuple(o for _, o in options), tuple(accumulate(w for w, _ in options)))


def parse(line: str) -> tuple[float, tuple[Node, ...]]:
    """One template line -> (weight, nodes). Raises ConfigError with the column of what is wrong."""
    weight, at = _weight(line, 0)
    nodes, _ = _sequence(line, at, stop="")
    return weight, nodes


def walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """Every node of a sequence, outer before inner."""
    for node in nodes:
        yield node
        if isinstance(node, Mark):
            yield from walk(node.body)
        elif isinstance(node, Choice):
            for option in node.options:
                yield from walk(option)


def _fail(line: str, at: int, expected: str) -> NoReturn:
    raise ConfigError(f"column {at + 1}: expected {expected}; got {line[at : at + 20]!r}")


def _weight(line: str, at: int) -> tuple[float, int]:
    match = _WEIGHT.match(line, at)
    return (float(match.group(1)), match.end()) if match else (1.0, at)


def _sequence(line: str, at: int, *, stop: str) -> tuple[tuple[Node, ...], int]:
    """Nodes from ``at`` up to a character of ``stop`` (``>`` stands for ``:LABEL>``) or the end."""
    nodes: list[Node] = []
    plain = ""

    def flush() -> None:
        nonlocal plain
        if plain:
            nodes.append(Text(plain))
            plain = ""

    while at < len(line):
        char = line[at]
        if char in stop or (char == ":" and ">" in stop and _LABEL_END.match(line, at)):
            break
        if char in ")]}|":
            _fail(line, at, "text (write a bracket or bar with \\ before it)")
        if char not in _SPECIAL:
            plain += char
            at += 1
            continue
        if char == "\\":
            plain += line[at + 1 : at + 2]
            at += 2
            continue
        flush()
        if char == "_":
            nodes.append(Gap())
            at += 1
        elif char == "(":
            alternatives, at = _alternatives(line, at)
            nodes.append(alternatives)
        elif char == "<":
            mark, at = _mark(line, at)
            nodes.append(mark)
        elif char == "[":
            at = _bracket(line, at, nodes)
        else:
            at = _brace(line, at, nodes)
    flush()
    return tuple(nodes), at


def _alternatives(line: str, at: int) -> tuple[Choice, int]:
    opened, at = at, at + 1
    options: list[tuple[float, tuple[Node, ...]]] = []
    while True:
        weight, at = _weight(line, at)
        nodes, at = _sequence(line, at, stop="|)")
        options.append((weight, nodes))
        if at >= len(line):
            _fail(line, opened, "a closing ) for this bracket")
        at += 1
        if line[at - 1] == ")":
            return choice(options), at


def _mark(line: str, at: int) -> tuple[Mark, int]:
    body, end = _sequence(line, at + 1, stop=">")
    match = _LABEL_END.match(line, end)
    if not match:
        _fail(line, at, "a closing :LABEL> for this mark")
    return Mark(match.group(1), body), match.end()


def _josa(pair: str, column: int) -> Josa:
    may_drop = pair.endswith("?")
    pair = pair.removesuffix("?")
    try:
        pick("가", pair)
    except ConfigError as error:
        raise ConfigError(f"column {column}: {error}") from None
    return Josa(pair, may_drop)


def _bracket(line: str, at: int, nodes: list[Node]) -> int:
    match = _BRACKET.match(line, at)
    if not match:
        _fail(line, at, "[rule], [rule:을/를], [lex:name] or [#1-12/1:digit]")
    if match["lexicon"]:
        nodes.append(Word(match["lexicon"]))
    elif match["low"]:
        number = Number(int(match["low"]), int(match["high"]), int(match["step"] or 1), match["style"] or "digit")
        if number.low > number.high or number.step < 1:
            _fail(line, at, "a range from low to high")
        try:
            spell(number.low, number.style)
            spell(number.high, number.style)
        except ConfigError as error:
            raise ConfigError(f"column {at + 1}: {error}") from None
        nodes.append(number)
    else:
        nodes.append(Ref(match["rule"]))
    if match["pair"]:
        nodes.append(_josa(match["pair"], at + 1))
    return match.end()


def _brace(line: str, at: int, nodes: list[Node]) -> int:
    match = _BRACE.match(line, at)
    if not match or not (match["label"] or match["pair"]):
        _fail(line, at, "{LABEL}, {LABEL=rule}, {LABEL:을/를} or {:을/를}")
    if match["label"]:
        nodes.append(Mark(match["label"], (Ref(match["rule"] or match["label"]),)))
    if match["pair"]:
        nodes.append(_josa(match["pair"], at + 1))
    return match.end()
