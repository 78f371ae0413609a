"""Dictionaries of names: a text in, ``Candidate``s with their file and line out.

All forms are matched at once by Aho-Corasick, in the time the text takes to read, however many entries there are.
A form matches where an eojeol begins and ends, or where what follows is a particle, a copula or another thing
that sticks to names (see ``boundaries``). Case, width (ＫＴＸ), Unicode normal form and the number of spaces do
not matter; whether there is a space does, unless ``ignore_spaces`` is set.

The forms of the automaton begin with a mark, and so does every word of a text, so that the inside of words costs
nothing and a million entries little more than a thousand.
"""

from __future__ import annotations

import json
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from json.encoder import encode_basestring as _quoted
from pathlib import Path
from typing import Any

from ner_engine.datasets.entries import Entry, read_entries
from ner_engine.rules.boundaries import ends_here
from ner_engine.rules.candidates import Candidate
from ner_engine.rules.folding import WORD, Folded, fold_plain
from ner_engine.rules.merge import Rejected

__all__ = ["Gazetteer", "load_gazetteer"]

_MARK = "\x01"  # in front of every word; a text that holds one is read with another control character instead
_OTHER = "\x02"
_BEGINS = re.compile(f"(?<!{WORD})(?={WORD})")
_BEGINS_OR_SIGN = re.compile(f"(?<!{WORD})(?={WORD})|(?!{WORD})[^ ]")
_VISIBLE = re.compile("[^ ]")
_GOES_ON = re.compile(f"{WORD}*")

_CHUNK = 512  # entries that are added together
_JOINER = "|"

Hit = tuple[int, int, int]  # start, end in the folded text, number of the form


class Gazetteer:
    """The entries of one or more dictionaries, ready to be looked for. Immutable and thread-safe.

    Entries are kept in columns and put together when they are found, so that a million of them fit in a few
    hundred MB.
    """

    def __init__(
        self, sources: Iterable[tuple[str, Iterable[Entry]]], *, ignore_spaces: bool = False, name: str = ""
    ) -> None:
        """``sources`` are names of dictionaries (``"menu.tsv"``) with their entries.

        ``name`` is what candidates give as their rule; without one it is the dictionary's. ``ignore_spaces``
        finds 아이스 아메리카노 in 아이스아메리카노 and the other way round.
        """
        from ahocorasick import STORE_INTS, Automaton

        self.name = name
        self.ignore_spaces = ignore_spaces
        self._sources: list[str] = []
        self._label_numbers: dict[str, int] = {}
        # a column each, by the number of the entry
        self._surfaces: list[str] = []
        self._canonicals: list[str] = []
        self._metadata: list[str] = []  # JSON, "" for none
        self._lines, self._labels, self._from = array("I"), array("I"), array("I")
        self._scores = array("d")
        # by the number of the form
        self._lengths, self._first = array("I"), array("I")
        self._also: dict[int, tuple[int, ...]] = {}  # further entries of a form
        self._longest = 0
        self._automaton: Any = Automaton(STORE_INTS)
        for source, entries in sources:
            self._sources.append(source)
            of_source = iter(entries)
            while chunk := list(islice(of_source, _CHUNK)):
                self._add(chunk)
        if self._longest:
            self._automaton.make_automaton()
        self._label_names = tuple(self._label_numbers)

    def _add(self, entries: Sequence[Entry]) -> None:
        """A chunk of entries of the last source: a column at a time, which is several times faster."""
        first, numbers = len(self._surfaces), self._label_numbers
        self._surfaces += [entry.surface for entry in entries]
        self._canonicals += [entry.canonical or entry.surface for entry in entries]
        self._metadata += [_json(entry.metadata) if entry.metadata else "" for entry in entries]
        self._lines.extend([entry.line for entry in entries])
        self._scores.extend([entry.score for entry in entries])
        self._labels.extend([numbers.setdefault(entry.label, len(numbers)) for entry in entries])
        self._from.extend([len(self._sources) - 1] * len(entries))
        forms = [(form, n) for n, entry in enumerate(entries, first) for form in entry.forms]
        get, add_word = self._automaton.get, self._automaton.add_word
        keys = self._keys([form for form, _ in forms])
        for key, (_, number) in zip(keys, forms, strict=True):
            known = get(key, -1) if key else -1
            if known >= 0:
                self._put_also(known, number)
            elif key:
                add_word(key, len(self._first))
                self._first.append(number)
                self._lengths.append(len(key))
        self._longest = max(self._longest, *map(len, keys))

    def _put_also(self, form: int, entry: int) -> None:
        entries = (self._first[form], *self._also.get(form, ()))
        if entry not in entries:
            self._also[form] = (*entries[1:], entry)

    def _keys(self, forms: Sequence[str]) -> list[str]:
        """What the automaton holds for each form, ``""`` for one that has nothing to be found."""
        joined = _JOINER.join(forms)
        plain = fold_plain(joined)  # all of them at once, where they are as plain as most
        if plain is None or joined.count(_JOINER) >= len(forms) or _MARK in joined:
            return [self._key(form) for form in forms]
        if self.ignore_spaces:
            return [_MARK + bare if bare else "" for bare in plain.replace(" ", "").split(_JOINER)]
        return [key.strip(" ") for key in _marked(plain).split(_JOINER)]

    def _key(self, form: str) -> str:
        folded = Folded(form).text.strip(" ")
        if not self.ignore_spaces:
            return _marked(folded)
        bare = folded.replace(" ", "").replace(_MARK, _OTHER)
        return _MARK + bare if bare else ""

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self._surfaces)

    @property
    def forms(self) -> int:
        """How many different forms (surfaces and synonyms, folded) are looked for."""
        return len(self._first)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the entries, in the order they were met."""
        return self._label_names

    def find(self, text: str) -> list[Candidate]:
        """Every entry that stands in the text with its boundaries respected; candidates may overlap."""
        folded = Folded(text)
        return [
            candidate
            for start, end, form in self._hits(folded.text)
            if ends_here(folded.text, start, end)
            for candidate in self._candidates(text, folded, start, end, form)
        ]

    def refused(self, text: str) -> list[Rejected]:
        """What begins like an entry but goes on as another word (부산 in 부산하다), and how; to explain."""
        folded = Folded(text)
        found = []
        for start, end, form in self._hits(folded.text):
            if not ends_here(folded.text, start, end):
                following = _GOES_ON.match(folded.text, end)
                why = f"the word goes on with {following[0] if following else ''}"
                found += [Rejected(c, why) for c in self._candidates(text, folded, start, end, form)]
        return found

    def _hits(self, folded: str) -> Iterator[Hit]:
        """The forms that begin where a word begins, or with a sign."""
        if not self._longest:
            return
        if self.ignore_spaces:
            yield from self._hits_without_spaces(folded)
            return
        marked = _marked(folded)
        for last, form in self._automaton.iter(marked):
            start = last + 1 - self._lengths[form]
            marks = marked.count(_MARK, 0, start)
            yield start - marks, last + 1 - marks - marked.count(_MARK, start, last + 1), form

    def _hits_without_spaces(self, folded: str) -> Iterator[Hit]:
        """One mark and a window of visible characters for every place where a form may begin."""
        places = [match.start() for match in _VISIBLE.finditer(folded)]
        bare = folded.replace(" ", "").replace(_MARK, _OTHER)
        windows: list[str] = []
        begins: dict[int, int] = {}  # in the windows: in ``bare``
        total = 0
        for match in _BEGINS_OR_SIGN.finditer(folded):
            at = bisect_left(places, match.start())
            begins[total] = at
            windows += (_MARK, bare[at : at + self._longest - 1])
            total += 1 + len(windows[-1])
        for last, form in self._automaton.iter("".join(windows)):
            length = self._lengths[form]
            at = begins[last + 1 - length]
            yield places[at], places[at + length - 2] + 1, form

    def _candidates(self, text: str, folded: Folded, start: int, end: int, form: int) -> Iterator[Candidate]:
        where = folded.original(start, end)
        if where is None:
            return
        said = text[where[0] : where[1]]
        for number in (self._first[form], *self._also.get(form, ())):
            surface, canonical = self._surfaces[number], self._canonicals[number]
            source = self._sources[self._from[number]]
            line = self._lines[number]
            yield Candidate(
                said,
                *where,
                self._label_names[self._labels[number]],
                self._scores[number],
                "gazetteer",
                rule=self.name or source,
                place=f"{source}:{line}" if line else source,
                reason=self._reason(said, surface),
                canonical=canonical,
                metadata=json.loads(self._metadata[number]) if self._metadata[number] else {},
            )

    def _reason(self, said: str, surface: str) -> str:
        if said == surface or self._key(said) == self._key(surface):
            return ""
        return f"{said} is a synonym of {surface}"


def load_gazetteer(*paths: str | Path, ignore_spaces: bool = False, name: str = "") -> Gazetteer:
    """A gazetteer of dictionary files (see ``lexicon``). Raises DataError, with file and line, for a wrong one.

    ``name`` and ``ignore_spaces`` are those of ``Gazetteer``.
    """
    sources = ((Path(path).name, read_entries(path)) for path in paths)
    return Gazetteer(sources, ignore_spaces=ignore_spaces, name=name)


def _json(metadata: Mapping[str, str]) -> str:
    """A JSON object; ``json.dumps`` would take most of the time of loading."""
    return "{" + ", ".join([f"{_quoted(key)}: {_quoted(value)}" for key, value in metadata.items()]) + "}"


def _marked(folded: str) -> str:
    if _MARK in folded:
        folded = folded.replace(_MARK, _OTHER)
    return _BEGINS.sub(_MARK, folded)
