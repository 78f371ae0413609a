"""A template grammar: a folder of grammar files and a folder of lexicons in, random labelled sentences out.

A grammar file is lines. ``@rule name`` opens a rule and every line below it is one of its alternatives;
``@frames topic`` opens a list of whole-sentence frames, and ``@frames topic *2`` makes that topic twice as
likely as its number of lines would. ``#`` at the head of a line is a comment. What a line may hold is told in
``template``. ``[frame]`` is any frame of any topic; expansion starts at the rule ``sentence`` where there is
one and at ``frame`` where not.

A lexicon is a text file of one entry a line, with an optional tab and weight; ``#`` opens a comment line. Or it
is a dictionary (``.csv``, ``.tsv``, ``.jsonl``: see ``entries``), as the rules beside the tagger read it: its
surfaces and synonyms are the words, each with the number in the entry's column ``weight``, if there is one.
"""

from __future__ import annotations

import math
import random
import re
from bisect import bisect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from ner_engine.datasets.entries import FORMATS, read_entries
from ner_engine.datasets.numerals import spell
from ner_engine.datasets.template import (
    Choice,
    Gap,
    Josa,
    Mark,
    Node,
    Number,
    Ref,
    Text,
    Word,
    choice,
    parse,
    walk,
)
from ner_engine.errors import ConfigError
from ner_engine.josa import pick
from ner_engine.spans import Span

__all__ = ["Grammar", "Lexicon", "expand", "load_grammar", "load_lexicon"]

_HEADER = re.compile(
    r"@(?P<kind>rule|frames) +(?P<name>[A-Za-z][A-Za-z0-9_]*)(?: +\*(?P<weight>\d+(?:\.\d+)?))?$"
)
_FRAME, _START = "frame", "sentence"
_DEEPEST = 40
_JOSA_DROPPED = 0.35
# how often one writer puts the spaces that may be left out; drawn once a sentence
_SPACING = (0.97, 0.97, 0.85, 0.6, 0.1)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words with cumulative weights."""

    words: tuple[str, ...]
    cumulative: tuple[float, ...]

    def draw(self, rng: random.Random) -> str:
        """One word, by weight."""
        return self.words[bisect(self.cumulative, rng.random() * self.cumulative[-1])]


@dataclass(frozen=True, slots=True)
class Grammar:
    """Rules and lexicons by name, and how many frames each topic has."""

    rules: Mapping[str, Choice]
    lexicons: Mapping[str, Lexicon]
    topics: Mapping[str, int] = field(default_factory=dict)

    @property
    def start(self) -> str:
        """The rule a sentence starts from."""
        return _START if _START in self.rules else _FRAME


def load_lexicon(path: Path) -> Lexicon:
    """Read one lexicon file. Raises ConfigError, or DataError for a dictionary, with file and line."""
    if not path.is_file():
        raise ConfigError("expected a lexicon file here; found none", path=path)
    words: list[str] = []
    weights: list[float] = []
    for word, weight in _dictionary(path) if path.suffix in FORMATS else _weighted_lines(path):
        words.append(word)
        weights.append(weight)
    if not words or sum(weights) <= 0:
        raise ConfigError("expected at least one word; the lexicon is empty", path=path)
    return Lexicon(tuple(words), tuple(accumulate(weights)))


def _weighted_lines(path: Path) -> Iterator[tuple[str, float]]:
    for number, line in _lines(path):
        word, _, weight = line.partition("\t")
        yield word.strip(), _weight(weight, "after the tab", path, number)


def _dictionary(path: Path) -> Iterator[tuple[str, float]]:
    for entry in read_entries(path):
        weight = _weight(entry.metadata.get("weight", ""), "as weight", path, entry.line)
        yield from ((form, weight) for form in entry.forms)


def _weight(text: str, where: str, path: Path, line: int) -> float:
    try:
        weight = float(text or 1)
    except ValueError:
        weight = math.nan
    if not 0 <= weight < math.inf:
        raise ConfigError(f"expected a number {where}; got {text!r}", path=path, line=line)
    return weight


def _lexicon_file(folder: Path, name: str) -> Path:
    """The one file of a lexicon: text or a dictionary. Raises ConfigError for none, and for two."""
    found = [file for suffix in (".txt", *FORMATS) if (file := folder / f"{name}{suffix}").is_file()]
    if not found:
        raise ConfigError(f"expected the lexicon {folder / name}.txt (or .csv); found none")
    if len(found) > 1:
        raise ConfigError(f"expected one lexicon {name!r}; found {' and '.join(f.name for f in found)}")
    return found[0]


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"expected UTF-8; byte {error.start} is not", path=path) from None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            yield number, line.strip()


_Place = tuple[Path, int]


def load_grammar(folder: Path, lexicons: Path) -> Grammar:
    """Read every ``*.txt`` of ``folder`` as one grammar, and of ``lexicons`` the files it names.

    Raises ConfigError with file and line for a line that does not parse, a rule that is missing, given
    twice, or can never end, and a lexicon that is missing or empty.
    """
    paths = sorted(folder.glob("*.txt"))
    if not paths:
        raise ConfigError("expected a folder with grammar files (*.txt); found none", path=folder)
    rules: dict[str, list[tuple[float, tuple[Node, ...]]]] = {}
    frames: dict[str, list[tuple[float, tuple[Node, ...]]]] = {}
    boosts: dict[str, float] = {}
    opened: dict[str, _Place] = {}
    refs: list[tuple[Node, _Place]] = []
    for path in paths:
        current: list[tuple[float, tuple[Node, ...]]] | None = None
        for number, line in _lines(path):
            if line.startswith("@"):
                current = _open(line, (path, number), rules, frames, boosts, opened)
                continue
            if current is None:
                raise ConfigError(
                    f"expected @rule or @frames before the first template; got {line[:20]!r}",
                    path=path,
                    line=number,
                )
            try:
                weight, nodes = parse(line)
            except ConfigError as error:
                raise ConfigError(str(error), path=path, line=number) from None
            current.append((weight, nodes))
            refs.extend((node, (path, number)) for node in walk(nodes) if isinstance(node, (Ref, Word)))

    for name, place in opened.items():
        if not rules.get(name, frames.get(name)):
            raise ConfigError(f"expected templates under {name!r}; found none", path=place[0], line=place[1])
    if not frames:
        raise ConfigError("expected at least one @frames section; found none", path=folder)
    made = {name: choice(options) for name, options in rules.items()}
    topics = []
    for topic, options in frames.items():
        made[topic] = choice(options)
        topics.append((made[topic].cumulative[-1] * boosts[topic], (Ref(topic),)))
    made[_FRAME] = choice([*topics])

    words: dict[str, Lexicon] = {}
    for node, (path, number) in refs:
        if isinstance(node, Ref) and node.name not in made:
            raise ConfigError(f"expected a rule; no rule is named {node.name!r}", path=path, line=number)
        if isinstance(node, Word) and node.lexicon not in words:
            try:
                file = _lexicon_file(lexicons, node.lexicon)
            except ConfigError as error:
                raise ConfigError(str(error), path=path, line=number) from None
            words[node.lexicon] = load_lexicon(file)
    _check_that_all_end(made, opened)
    return Grammar(made, words, {name.removeprefix("frames "): len(options) for name, options in frames.items()})


def _open(
    line: str,
    place: _Place,
    rules: dict[str, list[tuple[float, tuple[Node, ...]]]],
    frames: dict[str, list[tuple[float, tuple[Node, ...]]]],
    boosts: dict[str, float],
    opened: dict[str, _Place],
) -> list[tuple[float, tuple[Node, ...]]]:
    """Take a header line; returns the list its templates go to."""
    path, number = place
    match = _HEADER.match(line)
    if not match or (match["kind"] == "rule" and match["weight"]):
        raise ConfigError(f"expected '@rule name' or '@frames topic *2'; got {line!r}", path=path, line=number)
    name = match["name"] if match["kind"] == "rule" else f"frames {match['name']}"
    if name in opened or name == _FRAME:
        where = f" at {opened[name][0].name}:{opened[name][1]}" if name in opened else ""
        raise ConfigError(f"expected a new name; {match['name']!r} is taken{where}", path=path, line=number)
    opened[name] = place
    if match["kind"] == "frames":
        boosts[name] = float(match["weight"] or 1)
        return frames.setdefault(name, [])
    return rules.setdefault(name, [])


def _check_that_all_end(rules: Mapping[str, Choice], opened: Mapping[str, _Place]) -> None:
    """Raise for a rule none of whose expansions is finite."""
    ending: set[str] = set()

    def ends(nodes: tuple[Node, ...]) -> bool:
        return all(
            node.name in ending
            if isinstance(node, Ref)
            else any(map(ends, node.options))
            if isinstance(node, Choice)
            else ends(node.body)
            if isinstance(node, Mark)
            else True
            for node in nodes
        )

    grew = True
    while grew:
        new = {name for name, rule in rules.items() if name not in ending and any(map(ends, rule.options))}
        grew = bool(new)
        ending |= new
    for name in rules:
        if name not in ending:
            path, line = opened.get(name, (None, None))
            raise ConfigError(f"rule {name!r} refers to itself and can never end", path=path, line=line)


class _TooDeep(Exception):
    """A recursion went on for too long; the sentence is drawn anew."""


class _Writer:
    """One sentence being written."""

    __slots__ = ("grammar", "inside_mark", "rng", "spacing", "spans", "text")

    def __init__(self, grammar: Grammar, rng: random.Random) -> None:
        self.grammar = grammar
        self.rng = rng
        self.text = ""
        self.spans: list[Span] = []
        self.inside_mark = False
        self.spacing = _SPACING[int(rng.random() * len(_SPACING))]

    def add(self, piece: str) -> None:
        """Append, never two spaces in a row and none at the head."""
        if piece[:1] == " " and (not self.text or self.text[-1] == " "):
            piece = piece[1:]
        self.text += piece

    def write(self, nodes: tuple[Node, ...], depth: int) -> None:
        """Append what a sequence of nodes gives."""
        random_ = self.rng.random
        for node in nodes:
            kind = type(node)
            if kind is Text:
                self.add(node.text)  # type: ignore[union-attr]
            elif kind is Ref:
                if depth > _DEEPEST:
                    raise _TooDeep
                rule = self.grammar.rules[node.name]  # type: ignore[union-attr]
                cumulative = rule.cumulative
                self.write(rule.options[bisect(cumulative, random_() * cumulative[-1])], depth + 1)
            elif kind is Choice:
                cumulative = node.cumulative  # type: ignore[union-attr]
                self.write(node.options[bisect(cumulative, random_() * cumulative[-1])], depth)  # type: ignore[union-attr]
            elif isinstance(node, Gap):
                if random_() < self.spacing:
                    self.add(" ")
            elif isinstance(node, Word):
                self.add(self.grammar.lexicons[node.lexicon].draw(self.rng))
            elif isinstance(node, Mark):
                self.mark(node, depth)
            elif isinstance(node, Number):
                steps = (node.high - node.low) // node.step
                self.add(spell(node.low + node.step * int(random_() * (steps + 1)), node.style))
            elif isinstance(node, Josa) and not (node.may_drop and random_() < _JOSA_DROPPED):
                self.add(pick(self.text, node.pair))

    def mark(self, node: Mark, depth: int) -> None:
        """Write a mark's body and note where it lies; within another mark only write."""
        if self.inside_mark:
            self.write(node.body, depth)
            return
        self.inside_mark = True
        start = len(self.text)
        self.write(node.body, depth)
        self.inside_mark = False
        body = self.text[start:]
        end = start + len(body.rstrip())
        start += len(body) - len(body.lstrip())
        if start < end:
            self.spans.append(Span(start, end, node.label))


def expand(grammar: Grammar, rng: random.Random) -> tuple[str, tuple[Span, ...]]:
    """One random sentence of the grammar: its text, without spaces at the ends, and its spans in order."""
    while True:
        writer = _Writer(grammar, rng)
        try:
            writer.write((Ref(grammar.start),), 0)
        except _TooDeep:
            continue
        return writer.text.rstrip(), tuple(writer.spans)
