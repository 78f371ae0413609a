"""Files of dictionary entries: CSV, TSV or JSON Lines in, ``Entry`` values with their lines out.

Columns (keys): ``surface``, ``label``, ``canonical``, ``synonyms``, ``score``, ``metadata``. Only the first two
must be there. In CSV and TSV the first line names the columns; without one they are surface, label, canonical,
synonyms. Synonyms are separated by ``|`` (a list in JSON Lines); ``metadata`` is a JSON object of plain values,
and every column of another name is a piece of it. TSV knows no quotes. Empty lines, and lines of CSV and TSV that
begin with ``#`` and a space (or are ``#`` alone), are skipped. UTF-8, with or without a byte order mark.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

from ner_engine.datasets.source import decode, read_file, split_lines
from ner_engine.errors import DataError

__all__ = ["COLUMNS", "FORMATS", "LONGEST", "Entry", "format_of", "parse_entries", "read_entries"]

COLUMNS = ("surface", "label", "canonical", "synonyms", "score", "metadata")
FORMATS: Mapping[str, str] = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_WITHOUT_HEADER = COLUMNS[:4]
_SEPARATOR = "|"
_NOTHING: Mapping[str, str] = {}
LONGEST = 200  # characters of a surface or synonym


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a dictionary. ``canonical`` is the id that rides along, the surface where none was given.

    ``synonyms`` are other surfaces of the same thing; ``score`` in (0, 1] is how far the entry is to be trusted;
    ``line`` counts from 1, 0 for an entry made in memory.
    """

    surface: str
    label: str
    canonical: str = ""
    synonyms: tuple[str, ...] = ()
    score: float = 1.0
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)
    line: int = 0

    @property
    def id(self) -> str:
        """What the entry is called: its canonical id, or the surface."""
        return self.canonical or self.surface

    @property
    def forms(self) -> tuple[str, ...]:
        """The surface and its synonyms."""
        return (self.surface, *self.synonyms)


def format_of(path: str | Path) -> str:
    """``"csv"``, ``"tsv"`` or ``"jsonl"``, by the file's name. Raises DataError for another."""
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise DataError(f"expected a dictionary named {', '.join('*' + s for s in FORMATS)}", path=path)
    return FORMATS[suffix]


def read_entries(path: str | Path) -> Iterator[Entry]:
    """The entries of a file, lazily. Raises DataError, with file and line, for the first that is wrong."""
    for entry in parse_entries(path):
        if isinstance(entry, DataError):
            raise entry
        yield entry


def parse_entries(path: str | Path) -> Iterator[Entry | DataError]:
    """The entries of a file, and in place of a wrong one what is wrong with it.

    Raises DataError where the file as a whole cannot be read.
    """
    format = format_of(path)
    lines = split_lines(decode(read_file(Path(path)), path=str(path)))
    if format == "jsonl":
        yield from _parse_jsonl(lines, str(path))
    else:
        yield from _parse_table(_csv_rows(lines) if format == "csv" else _tsv_rows(lines), str(path))


Row = tuple[int, Sequence[str]]  # line, cells


_MAY_BE_SKIPPED = "# \t\r\v\f\u00a0\u3000"  # how such a line begins, if it does not end at once


def _skipped(line: str) -> bool:
    return line.startswith("# ") or line == "#" or not line.strip()


def _tsv_rows(lines: Iterable[str]) -> Iterator[Row | DataError]:
    for number, line in enumerate(lines, 1):
        if not (line[:1] in _MAY_BE_SKIPPED and _skipped(line)):
            yield number, line.split("\t")


def _csv_rows(lines: Sequence[str]) -> Iterator[Row | DataError]:
    reader = csv.reader((line + "\n" for line in lines), strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield DataError(f"expected a line of CSV; {error}", line=number)
            continue
        if not (number <= len(lines) and _skipped(lines[number - 1])):
            yield number, cells


def _parse_table(rows: Iterable[Row | DataError], path: str) -> Iterator[Entry | DataError]:
    shape: _Shape | None = None
    for row in rows:
        if isinstance(row, DataError):
            yield DataError(str(row), path=path, line=row.line)
            continue
        number, cells = row
        if shape is None:
            names = _header(cells)
            wrong = _header_problem(names) if names else ""
            if wrong:
                raise DataError(wrong, path=path, line=number)
            shape = _Shape(names or _WITHOUT_HEADER)
            if names:
                continue
        try:
            yield shape.entry(cells, number)
        except ValueError as error:
            yield DataError(str(error), path=path, line=number)


class _Shape:
    """How the cells of a line become an entry. A million lines go through here: no step is in it for nothing."""

    def __init__(self, names: Sequence[str]) -> None:
        self._width = len(names)
        self._least = max(names.index("surface"), names.index("label")) + 1
        # a column that is not there is read from an empty cell after the last
        self._pick = itemgetter(*(names.index(name) if name in names else self._width for name in COLUMNS))
        self._more = [(i, name) for i, name in enumerate(names) if name and name not in COLUMNS]

    def entry(self, cells: Sequence[str], line: int) -> Entry:
        """Raises ValueError where the cells are none."""
        count = len(cells)
        if not self._least <= count <= self._width:
            expected = str(self._width) if self._least == self._width else f"{self._least} to {self._width}"
            raise ValueError(f"expected {expected} columns; got {count}")
        filled = [*cells, *[""] * (self._width - count + 1)]
        surface, label, canonical, synonyms, score, given = map(str.strip, self._pick(filled))
        metadata = _NOTHING
        if self._more:
            metadata = {name: value for i, name in self._more if (value := filled[i].strip())}
        return _entry(
            surface,
            label,
            canonical,
            tuple([s for one in synonyms.split(_SEPARATOR) if (s := one.strip())]) if synonyms else (),
            _number(score) if score else 1.0,
            {**metadata, **_metadata(given)} if given else metadata,
            line,
        )


def _header(cells: Sequence[str]) -> Sequence[str]:
    """The names of the columns, or nothing where the line is an entry already."""
    names = [cell.strip().lower() for cell in cells]
    return names if "surface" in names or "label" in names else ()


def _header_problem(columns: Sequence[str]) -> str:
    if "surface" not in columns or "label" not in columns:
        return f"expected the columns surface and label; got {', '.join(columns)}"
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    return f"the column {twice[0]!r} is there twice" if twice else ""


def _parse_jsonl(lines: Iterable[str], path: str) -> Iterator[Entry | DataError]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _from_object(json.loads(line), number)
        except (ValueError, RecursionError) as error:
            said = f"expected a JSON object; {error}" if isinstance(error, json.JSONDecodeError) else str(error)
            yield DataError(said, path=path, line=number)


def _from_object(value: Any, line: int) -> Entry:
    if not isinstance(value, dict):
        raise ValueError(f"expected a JSON object; got {type(value).__name__}")
    unknown = sorted(value.keys() - set(COLUMNS))
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}; expected some of {', '.join(COLUMNS)}")
    for key in COLUMNS[:3]:
        if not isinstance(value.get(key, ""), str):
            raise ValueError(f"{key}: expected a text; got {value[key]!r}")
    synonyms = value.get("synonyms", [])
    if not isinstance(synonyms, list) or not all(isinstance(one, str) and one.strip() for one in synonyms):
        raise ValueError(f"synonyms: expected a list of texts; got {synonyms!r}")
    metadata = value.get("metadata", {})
    return _entry(
        value.get("surface", "").strip(),
        value.get("label", "").strip(),
        value.get("canonical", "").strip(),
        tuple(one.strip() for one in synonyms),
        _number(value.get("score", 1.0)),
        _plain(metadata),
        line,
    )


def _entry(
    surface: str,
    label: str,
    canonical: str,
    synonyms: tuple[str, ...],
    score: float,
    metadata: Mapping[str, str],
    line: int,
) -> Entry:
    if not surface:
        raise ValueError("surface: expected a text; got nothing")
    longest = max(surface, *synonyms, key=len) if synonyms else surface
    if len(longest) > LONGEST:
        raise ValueError(f"expected at most {LONGEST} characters; got {len(longest)}: {longest[:20]}...")
    if len(label.split()) != 1:
        raise ValueError(f"label: expected one word; got {repr(label) if label else 'nothing'}")
    return Entry(surface, label, canonical, synonyms, score, metadata, line)


def _number(value: Any) -> float:
    try:
        score = float(value) if not isinstance(value, bool) else 0.0
    except (TypeError, ValueError):
        score = 0.0
    if not 0 < score <= 1:
        raise ValueError(f"score: expected a number above 0, at most 1; got {value!r}")
    return score


def _metadata(given: str) -> Mapping[str, str]:
    try:
        value = json.loads(given)
    except (ValueError, RecursionError):
        raise ValueError(f"metadata: expected a JSON object; got {given!r}") from None
    return _plain(value)


def _plain(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise ValueError(f"metadata: expected a JSON object; got {value!r}")
    found = {}
    for key, one in value.items():
        if not isinstance(one, str | int | float | bool):
            raise ValueError(f"metadata: expected a text, number or truth value for {key!r}; got {one!r}")
        found[key] = one if isinstance(one, str) else json.dumps(one)
    return found or _NOTHING
