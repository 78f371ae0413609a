"""doccano's JSON Lines for sequence labelling: tasks in, lines out; and back again.

    {"id": 17, "text": "홍대에서 하늘이 만나요", "label": [[0, 2, "LC"], [5, 7, "PS"]], "ner_engine": {...}}

doccano keeps every other key as the example's metadata and gives it back. Its offsets are UTF-16 code units
unless the project counts grapheme clusters, and it does not write down what a label covers: what left with us is
compared with the text that comes back by what ``tasks`` sends along.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ner_engine.datasets.offsets import Offsets
from ner_engine.errors import DataError
from ner_engine.feedback.correction import as_json
from ner_engine.feedback.tasks import ABOUT, Mismatch, Read, Task, about_of, json_line, split_about, surfaces_of
from ner_engine.spans import Span, check_spans

__all__ = ["dump", "read"]

_LABELS = ("label", "labels", "entities")


def dump(tasks: Iterable[Task], *, unit: str = "utf-16") -> Iterator[str]:
    """Lines for doccano's import. Where nobody has labelled a sentence, what was predicted are its labels.

    ``unit``: what an offset counts, one of ``datasets.offsets.UNITS``.
    """
    for task in tasks:
        kept = _kept(task)
        offsets = Offsets(task.text, unit)
        spans = [(offsets.of_code_point(s.start), offsets.of_code_point(s.end), s.label) for s in task.shown]
        value = {"text": task.text, "label": spans} if "entities" not in kept else {"text": task.text}
        whole = {"id": kept["id"], **value} if "id" in kept else value
        whole |= {key: one for key, one in kept.items() if key not in ("id", "entities", "relations")}
        if "entities" in kept:
            whole |= _related(kept, spans)
        yield json_line(whole | {ABOUT: about_of(task)})


def read(lines: Sequence[str], *, path: str, unit: str = "utf-16") -> Read:
    """Lines of doccano's export, with ``label``, ``labels`` or ``entities`` -> tasks; ``unit``: see ``dump``."""
    tasks: list[tuple[Task, str]] = []
    mismatches: list[Mismatch] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        try:
            tasks.append((_task(json.loads(line), unit), place))
        except (ValueError, RecursionError) as error:
            mismatches.append(Mismatch(place, f"expected a JSON object; got {str(error).splitlines()[0]}"))
        except DataError as error:
            mismatches.append(Mismatch(place, str(error)))
    return Read(tuple(tasks), tuple(mismatches))


def _task(value: Any, unit: str) -> Task:
    if not isinstance(value, dict):
        raise DataError(f"expected a JSON object; got {value!r:.60}")
    text = value.get("text", value.get("data"))
    if not isinstance(text, str):
        raise DataError(f"expected a text; got {text!r:.40}")
    found = next((key for key in _LABELS if value.get(key) is not None), "")
    given = value[found] if found else []
    if not isinstance(given, list):
        raise DataError(f"{found}: expected a list; got {given!r:.60}")
    offsets = Offsets(text, unit)
    spans = check_spans(text, [_span(one, text, offsets) for one in given])
    about, predicted, bundle, score = split_about(value.get(ABOUT), text)
    _compare(text, spans, about)
    kept = {key: one for key, one in value.items() if key not in ("text", "data", ABOUT, *_LABELS)}
    if any(isinstance(one, dict) for one in given):
        kept["entities"] = given  # with ids that its relations name
    return Task(text, spans, predicted, bundle, score, about, as_json({"doccano": kept} if kept else {}))


def _span(one: Any, text: str, offsets: Offsets) -> Span:
    if isinstance(one, dict):
        start, end = one.get("start_offset", one.get("start")), one.get("end_offset", one.get("end"))
        label = one.get("label")
    else:
        start, end, label = one if isinstance(one, list) and len(one) == 3 else (None, None, None)
    if type(start) is not int or type(end) is not int or not isinstance(label, str) or not label:
        raise DataError(f"expected a label as [start, end, label]; got {one!r:.60}")
    first, last = offsets.to_code_point(start), offsets.to_code_point(end)
    if first is None or last is None:
        raise DataError(
            f"[{start}, {end}) {label} does not fit: the text ends at {offsets.end}, or it begins or ends within "
            "a character"
        )
    return Span(first, last, label)


def _compare(text: str, spans: tuple[Span, ...], about: str) -> None:
    """A label that stands where it stood when it left has to cover what it covered."""
    sent = json.loads(about).get("labels") if about else None
    before = {tuple(one[:3]): one[3] for one in sent or () if isinstance(one, list) and len(one) == 4}
    for start, end, label, surface in surfaces_of(text, spans):
        told = before.get((start, end, label), surface)
        if told != surface:
            raise DataError(f"[{start}, {end}) {label} was {told!r} when it left; the text there is {surface!r}")


def _kept(task: Task) -> dict[str, Any]:
    kept = json.loads(task.extra).get("doccano") if task.extra else None
    return kept if isinstance(kept, dict) else {}


def _related(kept: dict[str, Any], spans: list[tuple[int, int, str]]) -> dict[str, Any]:
    """Entities with the ids they had, new ones for the others, and the relations between those that are left."""
    known = {}
    for one in kept["entities"]:
        if isinstance(one, dict) and type(one.get("id")) is int:
            known[one.get("start_offset"), one.get("end_offset"), one.get("label")] = one["id"]
    fresh = iter(range(max(known.values(), default=-1) + 1, 1 << 60))
    entities = [
        {"id": known[span] if span in known else next(fresh), "start_offset": span[0], "end_offset": span[1],
         "label": span[2]}
        for span in spans
    ]  # fmt: skip
    ids = {one["id"] for one in entities}
    relations = [
        one
        for one in kept.get("relations") or ()
        if isinstance(one, dict) and {one.get("from_id"), one.get("to_id")} <= ids
    ]
    return {"entities": entities, "relations": relations}
