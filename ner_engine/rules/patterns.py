"""Named regular expressions that find entities: a text in, ``Candidate``s out.

A ``Pattern`` may hold a group named ``entity``: what stands around it must be there, but is no part of the
entity. A ``check`` looks at a match and says how far it is to be trusted, 0 for not at all.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ner_engine.errors import ConfigError
from ner_engine.rules.candidates import Candidate
from ner_engine.rules.checks import CHECKS, GROUPS
from ner_engine.rules.composed import Composed
from ner_engine.rules.linear import why_not_linear
from ner_engine.rules.merge import Rejected

__all__ = ["Pattern", "PatternMatcher", "pattern_problems", "read_patterns", "relabel"]

_GROUP = "entity"
_KEYS = {
    "name": str,
    "label": str,
    "regex": str,
    "check": str,
    "reason": str,
    "score": float,
    "ignore_case": bool,
}
_REQUIRED = ("name", "label", "regex")
_TABLE = re.compile(r"[ \t]*\[\[[ \t]*pattern[ \t]*\]\]")
_WIDE = re.compile("[\uff01-\uff5e]")
_TO_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A rule: what matches ``regex`` is a ``label``. ``name`` is unique; ``place`` is ``file:line`` or "".

    ``score`` is how far a match is to be trusted; ``check`` is a name in ``checks.CHECKS``, whose answer is used
    in its place, or "". ``reason`` is a clause for a person.
    """

    name: str
    label: str
    regex: str
    check: str = ""
    score: float = 1.0
    ignore_case: bool = False
    reason: str = ""
    place: str = ""

    def problem(self) -> str:
        """What is wrong with this pattern, as one line; ``""`` if nothing is. Takes milliseconds."""
        if not self.name or not self.label:
            return "expected a name and a label"
        if self.check and self.check not in CHECKS:
            return f"check: expected one of {', '.join(sorted(CHECKS))}; got {self.check!r}"
        if not 0 < self.score <= 1:
            return f"score: expected a number above 0, at most 1; got {self.score:g}"
        why = why_not_linear(self.regex, ignore_case=self.ignore_case)
        if why:
            return f"regex: {why}"
        missing = sorted(GROUPS.get(self.check, frozenset()) - re.compile(self.regex).groupindex.keys())
        return f"regex: check {self.check!r} needs a group named {missing[0]!r}" if missing else ""


class PatternMatcher:
    """Finds what a set of patterns matches. Immutable and thread-safe."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        """Raises ConfigError for a name given twice or an expression ``re`` refuses; see ``Pattern.problem``."""
        self.patterns = tuple(patterns)
        seen: set[str] = set()
        for pattern in self.patterns:
            if pattern.name in seen:
                raise ConfigError(_located(pattern, f"pattern {pattern.name!r} is given twice"))
            seen.add(pattern.name)
        self._compiled = [(pattern, _compiled(pattern)) for pattern in self.patterns]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels the patterns give, sorted."""
        return tuple(sorted({pattern.label for pattern in self.patterns}))

    def find(self, text: str) -> list[Candidate]:
        """Everything the patterns match, in the order of the patterns; candidates may overlap.

        Full-width letters and digits are read as the ordinary ones, and Hangul is composed first; the offsets are
        those of ``text`` all the same.
        """
        return [candidate for candidate in self._search(text) if candidate.score > 0]

    def refused(self, text: str) -> list[Rejected]:
        """What a pattern matches and its check rejects, a wrong check digit say; for explanations."""
        checks = {pattern.name: pattern.check for pattern in self.patterns}
        return [
            Rejected(found, f"the check {checks[found.rule]!r} rejects it")
            for found in self._search(text)
            if found.score <= 0
        ]

    def _search(self, text: str) -> Iterator[Candidate]:
        composed = Composed(text)
        read = composed.text
        if _WIDE.search(read):
            read = read.translate(_TO_NARROW)
        for pattern, compiled in self._compiled:
            grouped = _GROUP in compiled.groupindex
            for match in compiled.finditer(read):
                start, end = match.span(_GROUP) if grouped else match.span()
                if start >= end:
                    continue
                first, last = composed.original(start, end)
                yield Candidate(
                    text[first:last],
                    first,
                    last,
                    pattern.label,
                    CHECKS[pattern.check](match) if pattern.check else pattern.score,
                    "pattern",
                    rule=pattern.name,
                    place=pattern.place,
                    reason=pattern.reason,
                )


def relabel(patterns: Iterable[Pattern], labels: Mapping[str, str]) -> tuple[Pattern, ...]:
    """The patterns with other labels: ``labels`` maps a pattern's name or its label to the label wanted.

    A pattern mapped to ``""`` is left out; one that is not mapped stays as it is.
    """
    wanted = ((p, labels.get(p.name, labels.get(p.label, p.label))) for p in patterns)
    return tuple(replace(pattern, label=label) for pattern, label in wanted if label)


def read_patterns(path: str | Path) -> tuple[Pattern, ...]:
    """The patterns of a TOML file: tables ``[[pattern]]`` with the keys of ``Pattern``.

    Raises ConfigError, with file and line, for the first thing wrong.
    """
    patterns = []
    for one in _read(Path(path)):
        if isinstance(one, ConfigError):
            raise one
        patterns.append(one)
    return tuple(patterns)


def pattern_problems(path: str | Path) -> list[ConfigError]:
    """Everything wrong with a pattern file, each with its line."""
    return [one for one in _read(Path(path)) if isinstance(one, ConfigError)]


def _read(path: Path) -> Iterator[Pattern | ConfigError]:
    try:
        source = path.read_text(encoding="utf-8-sig")
        document = tomllib.loads(source)
    except OSError as error:
        yield ConfigError(f"expected a file of patterns; {error.strerror}", path=path)
        return
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        line = re.search(r"at line (\d+)", str(error))
        yield ConfigError(f"expected TOML; {error}", path=path, line=int(line[1]) if line else None)
        return
    lines = [number for number, line in enumerate(source.split("\n"), 1) if _TABLE.match(line)]
    tables = document.pop("pattern", [])
    for key in document:
        yield ConfigError(f"expected only [[pattern]] tables; got {key!r}", path=path)
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        yield ConfigError("expected [[pattern]] tables", path=path)
        return
    seen: dict[str, int | None] = {}
    for i, table in enumerate(tables):
        line_number = lines[i] if len(lines) == len(tables) else None
        problem, pattern = _pattern(table, f"{path.name}:{line_number}" if line_number else path.name)
        if pattern is not None and pattern.name in seen:
            problem = f"pattern {pattern.name!r} is given twice; first on line {seen[pattern.name]}"
        if problem or pattern is None:
            yield ConfigError(problem, path=path, line=line_number)
        else:
            seen[pattern.name] = line_number
            yield pattern


def _pattern(table: Mapping[str, Any], place: str) -> tuple[str, Pattern | None]:
    """A problem, or the pattern of a table."""
    for key, value in table.items():
        if key not in _KEYS:
            return f"unknown key {key!r}; expected some of {', '.join(_KEYS)}", None
        kind = _KEYS[key]
        fits = isinstance(value, kind) or (
            kind is float and isinstance(value, int) and not isinstance(value, bool)
        )
        if not fits:
            return f"{key}: expected a {kind.__name__}; got {value!r}", None
    missing = [key for key in _REQUIRED if not table.get(key)]
    if missing:
        return f"expected {' and '.join(missing)}", None
    pattern = Pattern(**table, place=place)
    return pattern.problem(), pattern


def _compiled(pattern: Pattern) -> re.Pattern[str]:
    try:
        return re.compile(pattern.regex, re.IGNORECASE if pattern.ignore_case else 0)
    except re.error as error:
        raise ConfigError(_located(pattern, f"pattern {pattern.name!r}: {error}")) from None


def _located(pattern: Pattern, message: str) -> str:
    return f"{pattern.place}: {message}" if pattern.place else message
