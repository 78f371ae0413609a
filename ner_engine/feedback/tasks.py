"""A sentence on its way to a labelling tool or back: a Correction in, a Task out; and back again.

A tool's file is read into ``Read``: the tasks, and what does not fit together in it, with its place. What this
package has to know of a sentence when it comes back travels with it as ``about``, in a field that tools carry
along unread; what a tool itself keeps of it beside text and labels is ``extra``, and goes back to the tool.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ner_engine.errors import DataError
from ner_engine.feedback.correction import Correction, as_json, checked, spans_of
from ner_engine.spans import Span

__all__ = [
    "ABOUT",
    "Mismatch",
    "Read",
    "Task",
    "about_of",
    "correction_of",
    "json_line",
    "of_correction",
    "split_about",
    "surfaces_of",
]

ABOUT = "ner_engine"  # the field of a task that holds what we know of it
_NOT_ABOUT = ("text", "entities", "original", "bundle", "extra")


@dataclass(frozen=True, slots=True)
class Task:
    """A sentence to label, or labelled.

    ``entities`` are what a person said, None where nobody has yet; ``predicted`` is what ``bundle`` found in it,
    with ``score``. ``about`` and ``extra`` are JSON objects, or ``""``. ``by`` is who labelled it in the tool.
    """

    text: str
    entities: tuple[Span, ...] | None = None
    predicted: tuple[Span, ...] = ()
    bundle: str = ""
    score: float | None = None
    about: str = ""
    extra: str = ""
    by: str = ""
    at: datetime | None = None

    @property
    def shown(self) -> tuple[Span, ...]:
        """What a tool shows first: what a person said, or what was predicted."""
        return self.predicted if self.entities is None else self.entities


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Something in a file that does not fit, and where: ``file:line``, or a file and the number of a task."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Read:
    """What a file held: tasks with their places, what cannot be used, and what is worth a look."""

    tasks: tuple[tuple[Task, str], ...]
    mismatches: tuple[Mismatch, ...] = ()
    warnings: tuple[Mismatch, ...] = ()


def of_correction(correction: Correction) -> Task:
    """A correction on its way to a tool."""
    known = {key: value for key, value in correction.to_dict().items() if key not in _NOT_ABOUT}
    return Task(
        text=correction.text,
        entities=correction.entities,
        predicted=correction.original,
        bundle=correction.bundle,
        about=as_json(known),
        extra=correction.extra,
    )


def correction_of(task: Task, *, at: datetime, source: str) -> Correction:
    """What came back. ``at`` and ``source`` are for a task that does not say.

    Labels that are as they left make the same correction again, with its id; others make a new one that is
    pending and by whoever labelled it. Raises DataError for labels that do not fit, and for what is said about
    it.
    """
    if task.entities is None:
        raise DataError("expected a labelled sentence; nobody has labelled it")
    known: dict[str, Any] = json.loads(task.about) if task.about else {}
    fresh = Correction(
        text=task.text,
        entities=task.entities,
        original=task.predicted,
        at=task.at or at,
        bundle=task.bundle,
        source=source,
        by=task.by,
        consent=known.get("consent") or False,
        masked=known.get("masked") or False,
        extra=task.extra,
    )
    if not known.get("id") or not known.get("at"):
        return checked(fresh)
    # A field that a tool left out, or wrote null into, is as it is by default.
    stated = {key: value for key, value in known.items() if value is not None and key != "labels"}
    blank = Correction(task.text, (), (), at).to_dict()
    left = replace(
        Correction.from_dict(blank | {"source": source} | stated),
        entities=task.entities,
        original=task.predicted,
        bundle=task.bundle,
        extra=task.extra,
    )
    if surfaces_of(task.text, task.entities) == known.get("labels"):
        return checked(left)
    return checked(replace(fresh, supersedes=left.id, source=source))


def about_of(task: Task) -> dict[str, Any]:
    """What travels in the field ABOUT: what is known, what the engine had found, and the labels as they leave."""
    known: dict[str, Any] = json.loads(task.about) if task.about else {}
    if task.bundle:
        known["bundle"] = task.bundle
    if task.score is not None:
        known["score"] = task.score
    known["original"] = _dicts(task.text, task.predicted)
    if task.entities is not None:
        known["labels"] = surfaces_of(task.text, task.entities)
    return known


def split_about(given: Any, text: str) -> tuple[str, tuple[Span, ...], str, float | None]:
    """Back from ``about_of``: ``about``, what was predicted, by which bundle, with which score.

    Raises DataError for what is no such object.
    """
    if given is None:
        return "", (), "", None
    if not isinstance(given, Mapping):
        raise DataError(f"{ABOUT}: expected an object; got {given!r:.40}")
    known = dict(given)
    predicted = spans_of(known.pop("original", None) or [], text)
    bundle, score = str(known.pop("bundle", None) or ""), known.pop("score", None)
    return as_json(known), predicted, bundle, float(score) if isinstance(score, int | float) else None


def surfaces_of(text: str, spans: tuple[Span, ...]) -> list[list[Any]]:
    """Spans with what they cover, to know them again by: ``[[start, end, label, characters], ...]``."""
    return [[s.start, s.end, s.label, text[s.start : s.end]] for s in spans]


def json_line(value: dict[str, Any]) -> str:
    """JSON in one line. Holds any text."""
    line = json.dumps(value, ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError:  # a lone surrogate: only an escape can carry it
        line = json.dumps(value)
    return line + "\n"


def _dicts(text: str, spans: tuple[Span, ...]) -> list[dict[str, Any]]:
    return [{"start": s.start, "end": s.end, "label": s.label, "text": text[s.start : s.end]} for s in spans]
