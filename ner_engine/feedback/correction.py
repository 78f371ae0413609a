"""One corrected sentence, and its JSON form: a Correction in, a dict out; and back again.

The form is that of a corpus (``ner_engine.datasets.jsonl``) with more keys, so that corrections can be trained on
as they are: what the engine had found, with which bundle, who corrected it and when, and what was decided of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ner_engine.errors import DataError
from ner_engine.spans import Span, check_spans

__all__ = ["STATUSES", "Correction", "as_json", "checked", "spans_of"]

STATUSES = ("pending", "approved", "rejected")

_NAME_CHARS = 200  # of who, of a bundle, of a source: four bytes a character fit an index of MySQL


@dataclass(frozen=True, slots=True)
class Correction:
    """One sentence as a person has corrected or confirmed it.

    ``entities`` are right, ``original`` is what ``bundle`` had found. ``at`` has a time zone. ``id`` and
    ``supersedes`` (the id of an earlier correction of the same sentence, or ``""``) are given by the store.
    ``consent``: whoever said it agreed that it is trained on. ``masked``: personal data was taken out of the
    text. ``extra`` is a JSON object, or ``""``: what a labelling tool sent along, kept for when it goes back
    there.
    """

    text: str
    entities: tuple[Span, ...]
    original: tuple[Span, ...]
    at: datetime
    bundle: str = ""
    source: str = "console"
    id: str = ""
    supersedes: str = ""
    by: str = ""
    consent: bool = False
    status: str = "pending"
    masked: bool = False
    reviewed_by: str = ""
    reviewed_at: datetime | None = None
    extra: str = ""

    @property
    def changed(self) -> bool:
        """Whether the engine had been wrong; false where a person only confirmed what it found."""
        return self.entities != self.original

    def to_dict(self) -> dict[str, Any]:
        """The JSON form. What it has by default of ``supersedes``, the review and ``extra`` is left out."""
        found: dict[str, Any] = {
            "id": self.id,
            "text": self.text,
            "entities": [_as_dict(span) for span in self.entities],
            "original": [_as_dict(span) for span in self.original],
            "bundle": self.bundle,
            "at": self.at.isoformat(),
            "source": self.source,
            "by": self.by,
            "consent": self.consent,
            "status": self.status,
            "masked": self.masked,
        }
        if self.supersedes:
            found["supersedes"] = self.supersedes
        if self.reviewed_at is not None:
            found |= {"reviewed_by": self.reviewed_by, "reviewed_at": self.reviewed_at.isoformat()}
        if self.extra:
            found["extra"] = json.loads(self.extra)
        return found

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Correction:
        """Back from ``to_dict``. Raises DataError for anything else."""
        try:
            text = value["text"]
            if not isinstance(text, str):
                raise DataError(f"text: expected a string; got {text!r:.40}")
            reviewed = value.get("reviewed_at")
            return checked(
                cls(
                    text=text,
                    entities=spans_of(value["entities"], text),
                    original=spans_of(value["original"], text),
                    at=datetime.fromisoformat(value["at"]),
                    bundle=str(value["bundle"]),
                    source=str(value["source"]),
                    id=str(value["id"]),
                    supersedes=str(value.get("supersedes", "")),
                    by=str(value.get("by", "")),
                    consent=value.get("consent", False),
                    status=value.get("status", "pending"),
                    masked=value.get("masked", False),
                    reviewed_by=str(value.get("reviewed_by", "")),
                    reviewed_at=None if reviewed is None else datetime.fromisoformat(reviewed),
                    extra=as_json(value.get("extra", {})),
                )
            )
        except (TypeError, ValueError, AttributeError) as error:
            raise DataError(str(error) or type(error).__name__) from None
        except KeyError as error:
            raise DataError(f"expected the key {error}") from None


def checked(correction: Correction) -> Correction:
    """The correction with its entities in order, as a store may keep it.

    Raises DataError for entities that do not fit the text or overlap, and for a status that is none. Names are
    made printable, for they are shown in lists.
    """
    if correction.status not in STATUSES:
        raise DataError(f"status: expected one of {', '.join(STATUSES)}; got {correction.status!r:.40}")
    for name in ("consent", "masked"):
        if not isinstance(getattr(correction, name), bool):
            raise DataError(f"{name}: expected true or false; got {getattr(correction, name)!r:.40}")
    return replace(
        correction,
        entities=check_spans(correction.text, correction.entities),
        original=check_spans(correction.text, correction.original),
        bundle=_name(correction.bundle),
        source=_name(correction.source),
        by=_name(correction.by),
        reviewed_by=_name(correction.reviewed_by),
    )


def spans_of(given: Any, text: str) -> tuple[Span, ...]:
    """``[{"start", "end", "label"}]`` as spans; an entity that has a ``text`` must stand there.

    Raises DataError for what is no list of entities, and for one that says other characters than the text.
    """
    if not isinstance(given, list):
        raise DataError(f"expected a list of entities; got {given!r:.40}")
    spans = []
    for one in given:
        match one:
            case {"start": int(start), "end": int(end), "label": str(label)}:
                spans.append(Span(start, end, label))
            case _:
                raise DataError(f"expected an entity with a start, an end and a label; got {one!r:.60}")
        surface = one.get("text")
        if isinstance(surface, str) and surface != text[max(start, 0) : end]:
            there = text[max(start, 0) : end]
            raise DataError(f"[{start}, {end}) {label} says {surface!r}; the text there is {there!r}")
    return tuple(spans)


def as_json(value: Any) -> str:
    """An object as JSON text, ``""`` where it is empty. Raises DataError for what is no object."""
    if not isinstance(value, Mapping):
        raise DataError(f"extra: expected an object; got {value!r:.40}")
    return json.dumps(value, ensure_ascii=False) if value else ""


def _as_dict(span: Span) -> dict[str, Any]:
    return {"start": span.start, "end": span.end, "label": span.label}


def _name(given: str) -> str:
    return "".join(_printable(given))[:_NAME_CHARS].strip()


def _printable(given: str) -> Iterable[str]:
    return (c if c.isprintable() else "?" for c in given)
