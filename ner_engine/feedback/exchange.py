"""Corrections out to a file and in from one: native JSON Lines, labelling tools, and every form of a corpus.

    write_corrections(corrections, "todo.json", format="labelstudio")
    read = read_tasks("done.json")                      # tasks, and what does not fit, by its place
    given = corrections_in(read, at=now, source="labelstudio")

Native lines and the two labelling tools hold all that is known of a correction; a corpus form holds its text and
entities.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ner_engine.datasets import FORMATS as CORPUS_FORMATS
from ner_engine.datasets import dumps, read_bytes
from ner_engine.datasets.corpus import ERROR
from ner_engine.datasets.source import decode, read_file, split_lines, write_atomically
from ner_engine.errors import ConfigError, DataError
from ner_engine.feedback import doccano, labelstudio
from ner_engine.feedback.correction import Correction, as_json, spans_of
from ner_engine.feedback.tasks import Mismatch, Read, Task, about_of, correction_of, json_line, of_correction
from ner_engine.spans import Sentence, Span, check_spans

__all__ = [
    "READABLE",
    "WRITABLE",
    "Given",
    "Options",
    "corrections_in",
    "dump_tasks",
    "read_tasks",
    "read_tasks_bytes",
    "write_corrections",
    "write_tasks",
]

_OURS = ("jsonl", "doccano", "labelstudio")
READABLE = (*_OURS, *(name for name in CORPUS_FORMATS if name not in _OURS))
WRITABLE = (*_OURS, *(name for name, form in CORPUS_FORMATS.items() if form.dump and name not in _OURS))


@dataclass(frozen=True, slots=True)
class Options:
    """How a tool is set up. ``unit`` is what doccano's offsets count, the others are Label Studio's: the names of
    the tags in its labelling interface, and the key of the text in a task's data."""

    unit: str = "utf-16"
    from_name: str = "label"
    to_name: str = "text"
    text_key: str = ""


_USUAL = Options()


@dataclass(frozen=True, slots=True)
class Given:
    """What can be taken from a file: corrections with their places, what cannot, and how many sentences nobody
    has labelled."""

    corrections: tuple[tuple[Correction, str], ...]
    mismatches: tuple[Mismatch, ...]
    warnings: tuple[Mismatch, ...]
    unlabelled: int


# out


def write_corrections(
    corrections: Iterable[Correction], path: str | Path, *, format: str = "jsonl", options: Options = _USUAL
) -> None:
    """Write a file, whole or not at all."""
    write_tasks(map(of_correction, corrections), path, format=format, options=options)


def write_tasks(
    tasks: Iterable[Task], path: str | Path, *, format: str = "jsonl", options: Options = _USUAL
) -> None:
    """Write a file, whole or not at all."""
    write_atomically(path, dump_tasks(tasks, format=format, options=options))


def dump_tasks(tasks: Iterable[Task], *, format: str, options: Options = _USUAL) -> Iterator[str]:
    """The text of a file, piece by piece. Raises ConfigError for a format that is not written."""
    if format == "jsonl":
        return (json_line(_native(task)) for task in tasks)
    if format == "doccano":
        return doccano.dump(tasks, unit=options.unit)
    if format == "labelstudio":
        return labelstudio.dump(tasks, from_name=options.from_name, to_name=options.to_name)
    if format not in WRITABLE:
        raise ConfigError(f"format to write: expected one of {', '.join(WRITABLE)}; got {format!r:.40}")
    return dumps((Sentence(task.text, task.shown) for task in tasks), format=format)


def _native(task: Task) -> dict[str, object]:
    """The JSON form of a correction; of a sentence that is none yet, what is known of it."""
    known = json.loads(task.about) if task.about else {}
    known.pop("labels", None)
    if "at" in known:
        bare = Correction(task.text, task.shown, task.predicted, datetime.fromisoformat(known["at"]), task.bundle)
        return bare.to_dict() | known | ({"extra": json.loads(task.extra)} if task.extra else {})
    found: dict[str, object] = {"text": task.text, "entities": _dicts(task.shown)}
    if task.entities is not None:
        found["original"] = _dicts(task.predicted)
    else:
        found["labelled"] = False
    found |= {"bundle": task.bundle} if task.bundle else {}
    found |= {"score": task.score} if task.score is not None else {}
    return found | known


def _dicts(spans: Iterable[Span]) -> list[dict[str, object]]:
    return [{"start": s.start, "end": s.end, "label": s.label} for s in spans]


# in


def read_tasks(path: str | Path, *, format: str | None = None, options: Options = _USUAL) -> Read:
    """The tasks of a file. Without ``format`` its content decides. Raises DataError where it cannot be read."""
    return read_tasks_bytes(read_file(Path(path)), name=str(path), format=format, options=options)


def read_tasks_bytes(data: bytes, *, name: str, format: str | None = None, options: Options = _USUAL) -> Read:
    """As ``read_tasks``, from the bytes of a file; ``name`` stands for its path."""
    if format is not None and format not in READABLE:
        raise ConfigError(f"format to read: expected one of {', '.join(READABLE)}; got {format!r:.40}")
    text = decode(data, path=name)
    chosen = format or _detected(text)
    if chosen == "labelstudio":
        return labelstudio.read(text, path=name, text_key=options.text_key)
    if chosen == "doccano":
        return doccano.read(split_lines(text), path=name, unit=options.unit)
    if chosen == "jsonl":
        return _read_native(split_lines(text), path=name)
    return _read_corpus(data, name=name, format=format)


def _detected(text: str) -> str:
    start = text.lstrip()[:1]
    if start == "[":
        return "labelstudio"
    if start != "{":
        return ""
    for line in split_lines(text):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            entities = value.get("entities")
            first = entities[0] if isinstance(entities, list) and entities else None
            theirs = not value.keys().isdisjoint(("label", "labels", "data")) or (
                isinstance(first, list) or (isinstance(first, dict) and "start_offset" in first)
            )
            return "doccano" if theirs else "jsonl"
    return "jsonl"


def _read_native(lines: list[str], *, path: str) -> Read:
    tasks: list[tuple[Task, str]] = []
    mismatches: list[Mismatch] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            tasks.append((_native_task(json.loads(line)), f"{path}:{number}"))
        except (ValueError, RecursionError) as error:
            message = f"expected a JSON object; got {str(error).splitlines()[0]}"
            mismatches.append(Mismatch(f"{path}:{number}", message))
        except DataError as error:
            mismatches.append(Mismatch(f"{path}:{number}", str(error)))
    return Read(tuple(tasks), tuple(mismatches))


def _native_task(value: object) -> Task:
    if not isinstance(value, dict):
        raise DataError(f"expected a JSON object; got {value!r:.40}")
    if "at" in value and "source" in value:
        task = of_correction(Correction.from_dict(value))
        known = {key: one for key, one in about_of(task).items() if key not in ("bundle", "original")}
        return replace(task, about=as_json(known))
    text = value.get("text")
    if not isinstance(text, str):
        raise DataError(f"expected a text; got {text!r:.40}")
    entities = check_spans(text, spans_of(value.get("entities", []), text))
    predicted = check_spans(text, spans_of(value.get("original", []), text))
    ours = ("text", "entities", "original", "bundle", "labelled")
    kept = {key: one for key, one in value.items() if key not in ours}
    bundle = str(value.get("bundle", ""))
    extra = as_json({"jsonl": kept} if kept else {})
    if value.get("labelled") is False or "entities" not in value:
        return Task(text, None, entities or predicted, bundle, extra=extra)
    return Task(text, entities, predicted, bundle, extra=extra)


def _read_corpus(data: bytes, *, name: str, format: str | None) -> Read:
    corpus = read_bytes(data, name=name, format=format, lenient=True)
    mismatches = [Mismatch(f"{p.path}:{p.line}", p.message) for p in corpus.problems if p.level == ERROR]
    tasks: list[tuple[Task, str]] = []
    for index, sentence in enumerate(corpus.sentences):
        place = corpus.place(index)
        try:
            spans = check_spans(sentence.text, sentence.entities)
        except DataError as error:
            mismatches.append(Mismatch(f"{place.path}:{place.line}", str(error)))
            continue
        extra = as_json({"jsonl": {"id": sentence.id}} if sentence.id else {})
        tasks.append((Task(sentence.text, spans, extra=extra), f"{place.path}:{place.line}"))
    return Read(tuple(tasks), tuple(mismatches))


def corrections_in(read: Read, *, at: datetime, source: str, by: str = "", consent: bool | None = None) -> Given:
    """The corrections that a file's tasks make. ``at``, ``source`` and ``by`` are for tasks that do not say;
    ``consent``, where it is given, is for all of them."""
    found: list[tuple[Correction, str]] = []
    mismatches, warnings = list(read.mismatches), list(read.warnings)
    unlabelled = 0
    for task, place in read.tasks:
        if task.entities is None:
            unlabelled += 1
            continue
        try:
            correction = correction_of(task, at=at, source=source)
        except DataError as error:
            mismatches.append(Mismatch(place, str(error)))
            continue
        if by and not correction.by:
            correction = replace(correction, by=by)
        if consent is not None:
            correction = replace(correction, consent=consent)
        found.append((correction, place))
        warnings += [Mismatch(place, told) for told in _spaces(correction)]
    return Given(tuple(found), tuple(mismatches), tuple(warnings), unlabelled)


def _spaces(correction: Correction) -> Iterator[str]:
    for span in correction.entities:
        surface = correction.text[span.start : span.end]
        if surface != surface.strip():
            yield f"[{span.start}, {span.end}) {span.label} begins or ends in a space: {surface!r}"
