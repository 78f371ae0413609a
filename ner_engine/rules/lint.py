"""What is wrong with dictionaries and pattern files: paths in, every Problem with its file and line out.

Errors are what cannot be loaded, or can never be found; warnings are for a person to look at. A dictionary is
checked entry by entry and then tried: each form is looked for in itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ner_engine.datasets.corpus import ERROR, WARNING, Problem
from ner_engine.datasets.entries import FORMATS, Entry, format_of, parse_entries
from ner_engine.datasets.source import decode, read_file, split_lines
from ner_engine.errors import ConfigError, DataError
from ner_engine.josa import final_consonant
from ner_engine.rules.folding import Folded
from ner_engine.rules.gazetteer import Gazetteer
from ner_engine.rules.patterns import pattern_problems

__all__ = ["lint", "trailing_particle"]

_BOM = "\ufeff"
_UTF8_BOM = b"\xef\xbb\xbf"
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x08\x0b-\x1f\x7f]")
_SPACES = re.compile(r"[ \u00a0\u3000]{2,}")
_SPACE_AT_TAB = re.compile(r"[ \u00a0\u3000]\t|\t[ \u00a0\u3000]")

# what ends no name: suspected wherever a form ends in it; what must stand before: a final consonant, none, either
_PLAIN = (
    *((p, None) for p in ("에서는", "에게서", "에서", "에게", "한테", "께서", "까지", "부터", "처럼")),
    *((p, True) for p in ("이랑", "으로", "을")),
    *((p, False) for p in ("는", "를")),
)
# what names end in too: suspected where the same name stands in the dictionary without it
_DOUBTFUL = (
    *((p, None) for p in ("보다", "하고", "의", "에", "도", "만", "요")),
    *((p, True) for p in ("은", "이", "과")),
    *((p, False) for p in ("가", "와", "랑", "로", "나")),
)
_NAMES_IN_EUL = ("마을", "가을", "노을", "고을")
_LEAST_STEM = 2  # one syllable before a particle is nearly always part of a name


@dataclass(frozen=True, slots=True)
class _Place:
    """An entry with the file it is from."""

    path: str
    entry: Entry


def lint(
    paths: Iterable[str | Path], *, labels: Iterable[str] = (), ignore_spaces: bool = False
) -> list[Problem]:
    """All problems of the files, in the order of the files and lines.

    ``.csv``, ``.tsv`` and ``.jsonl`` are dictionaries, which are also compared with each other; ``.toml`` are
    patterns. ``labels`` are those allowed, all where none is named. ``ignore_spaces`` is as it is for the
    gazetteer. Raises DataError for a file of another name.
    """
    allowed = frozenset(labels)
    found: list[Problem] = []
    places: list[_Place] = []
    given = [Path(path) for path in paths]
    for path in given:
        if path.suffix.lower() == ".toml":
            found += _of_patterns(path)
        elif path.suffix.lower() not in FORMATS:
            expected = ", ".join(f"*{suffix}" for suffix in (*FORMATS, ".toml"))
            raise DataError(f"expected a file named {expected}", path=path)
        else:
            found += _of_file(path, places)
    found += (p for place in places for p in _of_entry(place, allowed))
    found += _among(places, ignore_spaces=ignore_spaces)
    found += _never(places, ignore_spaces=ignore_spaces)
    order = {str(path): i for i, path in reversed(list(enumerate(given)))}
    return sorted(found, key=lambda p: (order[p.path], p.line))


def _problem(path: str | Path, line: int, code: str, message: str, level: str = WARNING) -> Problem:
    return Problem(str(path), line, code, message, level)


def _located(path: str | Path, code: str, error: ConfigError | DataError) -> Problem:
    """An error as a problem: the place stands apart from what is said."""
    line = error.line or 0
    message = str(error)
    for place in (f"{path}:{line}: ", f"{path}: "):
        message = message.removeprefix(place)
    return _problem(path, line, code, message, ERROR)


def _of_patterns(path: Path) -> Iterator[Problem]:
    yield from _mark_of(path)
    for error in pattern_problems(path):
        yield _located(path, "pattern", error)


def _mark_of(path: Path) -> Iterator[Problem]:
    try:
        data = read_file(path)
    except DataError:
        return  # whoever reads the file will say so
    if data.startswith(_UTF8_BOM):
        yield _problem(path, 1, "bom", "the file begins with a byte order mark; other tools may read it as text")


def _of_file(path: Path, places: list[_Place]) -> Iterator[Problem]:
    """Problems of the lines; the entries that can be read go to ``places``."""
    yield from _mark_of(path)
    try:
        for one in parse_entries(path):
            if isinstance(one, DataError):
                yield _located(path, "entry", one)
            else:
                places.append(_Place(str(path), one))
        lines = split_lines(decode(read_file(path), path=str(path)))
    except DataError as error:
        yield _located(path, "file", error)
        return
    yield from _of_lines(path, lines)


def _of_lines(path: Path, lines: Sequence[str]) -> Iterator[Problem]:
    """White space that is not what it seems."""
    format = format_of(path)
    for number, line in enumerate(lines, 1):
        invisible = _INVISIBLE.search(line)
        if invisible:
            message = f"an invisible character, U+{ord(invisible[0]):04X}, in column {invisible.start() + 1}"
            yield _problem(path, number, "invisible", message)
        if format == "tsv" and (line.startswith("# ") or line == "#"):
            if "\t" in line:
                yield _problem(path, number, "comment", "a comment that looks like an entry: it begins with '# '")
        elif format == "tsv":
            if _SPACE_AT_TAB.search(line):
                yield _problem(path, number, "tab-space", "a space beside a tab")
            elif _SPACES.search(line) and line.strip():
                yield _problem(path, number, "tab-space", "two or more spaces, where a tab may be meant")
        elif format == "csv" and "\t" in line:
            yield _problem(path, number, "tab-space", "a tab in a file whose columns end in commas")


def _of_entry(place: _Place, allowed: frozenset[str]) -> Iterator[Problem]:
    path, entry = place.path, place.entry
    if allowed and entry.label not in allowed:
        message = f"label: expected one of {', '.join(sorted(allowed))}; got {entry.label!r}"
        yield _problem(path, entry.line, "unknown-label", message, ERROR)
    for form in entry.forms:
        if len(Folded(form).text.strip()) == 1:
            message = f"{form!r} is one character long; it will be found in many places"
            yield _problem(path, entry.line, "short", message)
        particle = trailing_particle(form)
        if particle:
            yield _particle_problem(place, form, particle)


def trailing_particle(form: str) -> str:
    """The particle that a form seems to end in though no name does (``서울역에서``: ``에서``), or ``""``."""
    return "" if form.endswith(_NAMES_IN_EUL) else _particle(form, _PLAIN)


def _particle(form: str, particles: Iterable[tuple[str, bool | None]]) -> str:
    """The particle that a form ends in, or ``""``."""
    for particle, closed in particles:
        stem = form.removesuffix(particle)
        if stem == form or len(stem) < _LEAST_STEM or stem != stem.rstrip():
            continue
        if closed is None or bool(final_consonant(stem)) is closed:
            return particle
    return ""


def _particle_problem(place: _Place, form: str, particle: str, known: str = "") -> Problem:
    stem = form.removesuffix(particle)
    message = f"{form!r} seems to end in the particle {particle}; particles are recognised without being listed"
    return _problem(
        place.path, place.entry.line, "particle", message + (f", and {stem!r} {known}" if known else "")
    )


def _among(places: Sequence[_Place], *, ignore_spaces: bool) -> Iterator[Problem]:
    """Entries compared with each other: the same form again, with another label, another id or a particle."""
    first: dict[str, list[_Place]] = {}
    for place in places:
        for form in place.entry.forms:
            key = _key(form, ignore_spaces=ignore_spaces)
            earlier = first.setdefault(key, [])
            if any(other is place for other in earlier):
                message = f"{form!r} stands in its own entry twice"
                yield _problem(place.path, place.entry.line, "duplicate", message)
                continue
            if earlier:
                yield from _again(place, form, earlier)
            earlier.append(place)
    for place in places:
        for form in place.entry.forms:
            particle = _particle(form, _DOUBTFUL)
            if not particle:
                continue
            stem = _key(form.removesuffix(particle), ignore_spaces=ignore_spaces)
            for other in first.get(stem, ()):
                if other is not place and other.entry.label == place.entry.label:
                    yield _particle_problem(place, form, particle, f"is that of {_where(other)}")
                    break


def _again(place: _Place, form: str, earlier: Sequence[_Place]) -> Iterator[Problem]:
    entry = place.entry
    for other in earlier:
        if other.entry.label != entry.label:
            message = f"{form!r} is {entry.label} here and {other.entry.label} in {_where(other)}"
            yield _problem(place.path, entry.line, "label-conflict", message)
        elif other.entry.id != entry.id and (other.entry.canonical or entry.canonical):
            message = f"{form!r} is {entry.id!r} here and {other.entry.id!r} in {_where(other)}"
            yield _problem(place.path, entry.line, "id-conflict", message)
        else:
            message = f"{form!r} is there already: {_where(other)}"
            yield _problem(place.path, entry.line, "duplicate", message)
        return


def _where(place: _Place) -> str:
    return f"{place.path}:{place.entry.line}"


def _key(form: str, *, ignore_spaces: bool) -> str:
    folded = Folded(form).text.strip()
    return folded.replace(" ", "") if ignore_spaces else folded


def _never(places: Sequence[_Place], *, ignore_spaces: bool) -> Iterator[Problem]:
    """Forms that are not found even in themselves."""
    gazetteer = Gazetteer([("", (p.entry for p in places))], ignore_spaces=ignore_spaces)
    for place in places:
        for form in place.entry.forms:
            if not any(c.start == 0 and c.end == len(form) for c in gazetteer.find(form)):
                message = f"{form!r} can never be found"
                yield _problem(place.path, place.entry.line, "never", message, ERROR)
