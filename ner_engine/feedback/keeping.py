"""What keeping a correction means for what is there already: corrections and a transaction in, rows out.

A correction that says what the last one of its sentence says is that one. One that comes back from elsewhere,
with an id, may bring a decision. Every other is a new row, which supersedes the last that was not rejected.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from ner_engine.datasets.corpus import text_key
from ner_engine.feedback.correction import Correction
from ner_engine.feedback.tables import corrections
from ner_engine.spans import Span

__all__ = ["correction_of_row", "keep", "mark", "parts"]

_AT_ONCE = 500
_T = TypeVar("_T")

_OF_SENTENCES = (
    sa.select(corrections)
    .where(corrections.c.sentence.in_(sa.bindparam("sentences", expanding=True)))
    .order_by(corrections.c.number)
)
_OF_IDS = sa.select(corrections).where(corrections.c.id.in_(sa.bindparam("ids", expanding=True)))


@dataclass(slots=True)
class _Here:
    """What the database holds of some sentences and ids, and what is to be written."""

    connection: sa.Connection
    sentences: dict[str, list[Correction]]
    ids: dict[str, Correction]
    new: list[dict[str, Any]]


def keep(connection: sa.Connection, given: Sequence[Correction], *, known: bool) -> list[tuple[Correction, str]]:
    """Keep corrections, in a transaction; each as it is kept, and ``"added"``, ``"unchanged"`` or ``"reviewed"``.

    ``known``: they may have been here before, and bring a decision.
    """
    results = []
    for some in parts(given, at_once=_AT_ONCE):
        keys = [_sentence(one.text) for one in some]
        rows = map(correction_of_row, connection.execute(_OF_SENTENCES, {"sentences": list(dict.fromkeys(keys))}))
        sentences: dict[str, list[Correction]] = {key: [] for key in keys}
        for row in rows:
            sentences[_sentence(row.text)].append(row)
        names = dict.fromkeys(name for one in some for name in (one.id, _name(one, 0)) if name)
        found = map(correction_of_row, connection.execute(_OF_IDS, {"ids": list(names)}))
        here = _Here(connection, sentences, {one.id: one for one in found}, [])
        results += [_keep(here, one, key, known=known) for one, key in zip(some, keys, strict=True)]
        if here.new:
            connection.execute(corrections.insert(), here.new)
    return results


def _keep(here: _Here, correction: Correction, key: str, *, known: bool) -> tuple[Correction, str]:
    before = here.sentences[key]
    same = here.ids.get(correction.id) if known and correction.id else None
    if same is None or _says(same) != _says(correction):
        same = before[-1] if before and _says(before[-1]) == _says(correction) else None
    if same is not None:
        return _reviewed(here, same, correction, key) if known else (same, "unchanged")
    standing = next((one for one in reversed(before) if one.status != "rejected"), None)
    correction = replace(
        correction,
        id=_free_id(here, correction),
        supersedes=correction.supersedes or ("" if standing is None else standing.id),
    )
    before.append(correction)
    here.ids[correction.id] = correction
    here.new.append({"sentence": key, **_values(correction)})
    return correction, "added"


def _reviewed(here: _Here, same: Correction, told: Correction, key: str) -> tuple[Correction, str]:
    """What was decided elsewhere, if that is the later word."""
    since = same.reviewed_at
    if told.status in ("pending", same.status) or (since and told.reviewed_at and since >= told.reviewed_at):
        return same, "unchanged"
    at = told.reviewed_at or datetime.now(UTC)
    decided = replace(same, status=told.status, reviewed_by=told.reviewed_by, reviewed_at=at)
    if here.new:  # it may be one of these
        here.connection.execute(corrections.insert(), here.new)
        here.new.clear()
    mark(here.connection, [decided.id], decided.status, decided.reviewed_by, at)
    here.ids[decided.id] = decided
    if same in here.sentences[key]:
        here.sentences[key][here.sentences[key].index(same)] = decided
    return decided, "reviewed"


def mark(connection: sa.Connection, ids: Sequence[str], status: str, by: str, at: datetime) -> None:
    """Write a decision down, in a transaction."""
    decided = corrections.update().values(status=status, reviewed_by=by, reviewed_at=at)
    for some in parts(ids, at_once=_AT_ONCE):
        connection.execute(decided.where(corrections.c.id.in_(some)))


def correction_of_row(row: sa.Row[Any]) -> Correction:
    """A row as it was written."""
    values = dict(row._mapping)
    del values["number"], values["sentence"]
    for name in ("entities", "original"):
        values[name] = tuple(Span(start, end, label) for start, end, label in values[name])
    for name in ("consent", "masked"):
        values[name] = bool(values[name])
    return Correction(**values)


def parts(given: Sequence[_T], *, at_once: int) -> list[Sequence[_T]]:
    """A sequence in parts that one statement takes."""
    return [given[start : start + at_once] for start in range(0, len(given), at_once)]


def _says(correction: Correction) -> tuple[Any, ...]:
    return correction.text, correction.entities, correction.consent


def _sentence(text: str) -> str:
    return hashlib.sha256(text_key(text).encode("utf-8", "surrogatepass")).hexdigest()


def _name(correction: Correction, attempt: int) -> str:
    given = repr((correction.at.isoformat(), correction.by, correction.text, correction.entities, attempt))
    return f"c-{hashlib.sha256(given.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def _free_id(here: _Here, correction: Correction) -> str:
    """The correction's own id, or one that follows from what it is; none that is taken."""
    if correction.id and correction.id not in here.ids:
        return correction.id
    name, attempt = _name(correction, 0), 0
    while name in here.ids:
        attempt += 1
        name = _name(correction, attempt)
        for row in here.connection.execute(_OF_IDS, {"ids": [name]}):
            here.ids[name] = correction_of_row(row)
    return name


def _values(correction: Correction) -> dict[str, Any]:
    return {
        "id": correction.id,
        "text": correction.text,
        "entities": [[s.start, s.end, s.label] for s in correction.entities],
        "original": [[s.start, s.end, s.label] for s in correction.original],
        "at": correction.at,
        "bundle": correction.bundle,
        "source": correction.source,
        "supersedes": correction.supersedes,
        "by": correction.by,
        "consent": int(correction.consent),
        "status": correction.status,
        "masked": int(correction.masked),
        "reviewed_by": correction.reviewed_by,
        "reviewed_at": correction.reviewed_at,
        "extra": correction.extra,
    }
