"""The corpus formats by name: a file or folder -> a Corpus, sentences -> a file, and which format a file is.

Parsers and writers are one module per format; this is the table of them and the way in and out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from ner_engine.datasets import conll, inline, jsonl, klp2016, klue, kmou, naver
from ner_engine.datasets.corpus import ERROR, Corpus, Place, Problem, Record
from ner_engine.datasets.source import decode, read_file, split_lines, write_atomically
from ner_engine.datasets.tagruns import parse_tag
from ner_engine.errors import ConfigError, DataError
from ner_engine.spans import Sentence, check_spans

__all__ = ["FORMATS", "Format", "detect", "dumps", "read", "read_bytes", "write"]


class _Parser(Protocol):
    def __call__(self, lines: list[str], /, *, path: str) -> Iterator[Record | Problem]: ...


_Dumper = Callable[[Iterable[Sentence]], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Format:
    """A corpus format: what it looks like, how it is parsed, and how it is written (None: read only)."""

    name: str
    summary: str
    parse: _Parser
    dump: _Dumper | None = None


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        f.name: f
        for f in (
            Format("jsonl", '{"id", "text", "entities"} a line: the native form', jsonl.parse, jsonl.dump),
            Format("inline", "a sentence a line, <민수:PS>야", inline.parse, inline.dump),
            Format("klue", "KLUE-NER: a character a row under a ## head line", klue.parse, klue.dump),
            Format("klue-raw", "KLUE sentences without labels: id, tab, sentence", klue.parse_raw),
            Format("kmou", "KMOU NER corpus: a folder of *_NER.txt, or one such file", kmou.parse),
            Format("klp2016", "Korean information processing contest 2016: ; $ and rows", klp2016.parse),
            Format("naver", "NAVER NLP Challenge: eojeol with tags like PER-B", naver.parse),
            Format("conll", "CoNLL-2003 columns: a token a row", conll.parse, conll.dump),
            Format("doccano", "doccano JSON Lines", jsonl.parse_doccano, jsonl.dump_doccano),
        )
    }
)


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise ConfigError(f"corpus format: expected one of {', '.join(FORMATS)}; got {name!r}")
    return FORMATS[name]


def read(
    path: str | Path,
    *,
    format: str | None = None,
    lenient: bool = False,
    encoding: str | None = None,
    column: int | None = None,
    delimiter: str | None = None,
) -> Corpus:
    """Read a corpus file (or, for KMOU, a folder of them). Without ``format`` the content decides.

    What the data contradicts itself in is told in ``problems``. A problem of level ``error``, or a span that
    is empty, outside its text or over another one, raises DataError at its place; with ``lenient`` it is
    collected instead, and such spans stay as they are, for ``validate`` and ``fix``. ``column`` and
    ``delimiter`` are for ``conll``.
    """
    target = Path(path)
    files = _files(target)
    chosen = _format(format or _detect_one(files[0], encoding=encoding))
    parse = _parser(chosen, column=column, delimiter=delimiter)
    if target.is_dir() and chosen.name != "kmou":
        raise DataError(f"expected a file of the format {chosen.name}; got a folder", path=target)
    items: list[tuple[str, Record | Problem]] = []
    for file in files:
        lines = split_lines(decode(read_file(file), path=str(file), encoding=encoding))
        items += ((str(file), item) for item in parse(lines, path=str(file)))
    return _collect(target.name, items, lenient=lenient)


def read_bytes(
    data: bytes,
    *,
    name: str,
    format: str | None = None,
    lenient: bool = False,
    encoding: str | None = None,
    column: int | None = None,
    delimiter: str | None = None,
) -> Corpus:
    """As ``read``, from the bytes of one file; ``name`` stands for its path."""
    lines = split_lines(decode(data, path=name, encoding=encoding))
    chosen = _format(format or _detect_lines(lines, path=name))
    parse = _parser(chosen, column=column, delimiter=delimiter)
    return _collect(name, [(name, item) for item in parse(lines, path=name)], lenient=lenient)


def _parser(chosen: Format, *, column: int | None, delimiter: str | None) -> _Parser:
    if column is None and delimiter is None:
        return chosen.parse
    if chosen.name != "conll":
        raise ConfigError(f"column and delimiter: expected the format conll; got {chosen.name}")
    return partial(conll.parse, column=-1 if column is None else column, delimiter=delimiter)


def _files(target: Path) -> list[Path]:
    if not target.is_dir():
        return [target]
    files = sorted({file for pattern in kmou.FILE_NAMES for file in target.rglob(pattern)})
    if not files:
        raise DataError(f"expected a folder with files named {' or '.join(kmou.FILE_NAMES)}", path=target)
    return files


def _collect(name: str, items: Iterable[tuple[str, Record | Problem]], *, lenient: bool) -> Corpus:
    sentences: list[Sentence] = []
    places: list[Place] = []
    problems: list[Problem] = []
    for path, item in items:
        if isinstance(item, Problem):
            if item.level == ERROR and not lenient:
                raise DataError(item.message, path=item.path, line=item.line)
            problems.append(item)
            continue
        sentence = item.sentence
        if not lenient:
            try:
                check_spans(sentence.text, sentence.entities)
            except DataError as error:
                raise DataError(str(error), path=path, line=item.line) from error
        sentences.append(sentence)
        places.append(Place(path, item.line))
    return Corpus(name, tuple(sentences), tuple(problems), tuple(places))


def detect(path: str | Path) -> str:
    """The format of a file or folder, from its content. Raises DataError where it is none of FORMATS."""
    return _detect_one(_files(Path(path))[0], encoding=None)


def _detect_one(file: Path, *, encoding: str | None) -> str:
    path = str(file)
    return _detect_lines(split_lines(decode(read_file(file), path=path, encoding=encoding)), path=path)


def _detect_lines(lines: list[str], *, path: str) -> str:
    head = [line for line in lines[:400] if line.strip()]
    if not head:
        raise DataError("expected a corpus; got no lines", path=path)
    first = head[0]
    if first.lstrip().startswith("{"):
        return _which_json(head)
    if first.startswith(";") and len(head) > 1 and head[1].startswith("$"):
        return "klp2016"
    if re.fullmatch(r"## \d+\s*", first) and [line[:3] for line in head[1:3]] == ["## ", "## "]:
        return "kmou"
    rows = [line for line in head if not line.startswith("##")]
    if first.startswith("##") and rows and _is_tag_row(rows[0]):
        return "klue"
    by_columns = _which_columns(rows)
    if by_columns:
        return by_columns
    if any(re.search(r"<[^<>]+:[^\s<>:]+>", line) for line in head):
        return "inline"
    raise DataError(
        f"expected one of {', '.join(FORMATS)}; got {first[:40]!r}; name the format if it is one of them",
        path=path,
        line=lines.index(first) + 1,
    )


def _which_json(head: list[str]) -> str:
    for line in head:  # records without entities look alike: the first one that has some decides
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        entities = value.get("entities") if isinstance(value, dict) else None
        if entities and isinstance(entities, list) and isinstance(entities[0], dict):
            return "doccano" if "start_offset" in entities[0] else "jsonl"
        if entities or (isinstance(value, dict) and not value.keys().isdisjoint(("label", "labels", "data"))):
            return "doccano"
    return "jsonl"


def _is_tag_row(row: str) -> bool:
    form, tab, tag = row.rpartition("\t")
    return bool(tab and form and parse_tag(tag) is not None)


def _which_columns(rows: list[str]) -> str | None:
    cells = [row.split("\t") for row in rows]
    widths = {len(c) for c in cells}
    if widths == {2} and all(_are_suffixed(c[1].split()) and len(c[0].split()) > 1 for c in cells[:20]):
        return "naver"
    if widths == {3} and all(_are_suffixed([c[2].strip()]) for c in cells[:20]):
        tags = {c[2].strip() for c in cells}
        if not all(parse_tag(tag) for tag in tags) or "-" in tags:
            return "naver"
    body = [row for row in rows if not row.startswith(("# ", "-DOCSTART-"))]
    last = [row.split()[-1] for row in body]
    if body and all(len(row.split()) > 1 for row in body) and all(parse_tag(tag) for tag in last):
        return "conll"
    if all("\t" in row and " " not in row.partition("\t")[0] for row in rows):
        return "klue-raw"
    return None


def _are_suffixed(tags: list[str]) -> bool:
    return bool(tags) and all(parse_tag(tag, suffixed=True) for tag in tags)


def dumps(sentences: Iterable[Sentence], *, format: str) -> Iterator[str]:
    """Sentences as the text of a format, piece by piece. Raises DataError for what it cannot hold."""
    chosen = _format(format)
    if chosen.dump is None:
        able = ", ".join(f.name for f in FORMATS.values() if f.dump)
        raise ConfigError(f"corpus format to write: expected one of {able}; got {format!r}")
    return chosen.dump(_checked(sentences))


def _checked(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    for number, sentence in enumerate(sentences, 1):
        try:
            check_spans(sentence.text, sentence.entities)
        except DataError as error:
            raise DataError(f"sentence {number}: {error}") from error
        yield sentence


def write(sentences: Iterable[Sentence], path: str | Path, *, format: str) -> None:
    """Write a corpus file, whole or not at all: on any failure a file that was there stays as it was."""
    write_atomically(path, dumps(sentences, format=format))
