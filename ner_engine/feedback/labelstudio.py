"""Label Studio's JSON: tasks in, an array of its tasks out; and back again.

    [{"id": 17, "data": {"text": "홍대에서 만나요", "ner_engine": {...}},
      "predictions": [{"model_version": "ko-chat@0.1.0/1f3a9c02", "result": [...]}],
      "annotations": [{"result": [{"from_name": "label", "to_name": "text", "type": "labels",
                                   "value": {"start": 0, "end": 2, "text": "홍대", "labels": ["LC"]}}]}]}]

Its offsets are code points; versions before 1.4 counted UTF-16 code units. As every region says what it covers,
an offset is read in the way in which all regions of a text fit. The export JSON-MIN is read as well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from ner_engine.datasets.offsets import UNITS, Offsets
from ner_engine.errors import DataError
from ner_engine.feedback.correction import as_json
from ner_engine.feedback.tasks import ABOUT, Mismatch, Read, Task, about_of, json_line, split_about
from ner_engine.spans import Span, check_spans

__all__ = ["config", "dump", "read"]

_TEXT = "text"  # the key of the text in a task's data


def config(labels: Iterable[str], *, from_name: str = "label", to_name: str = "text") -> str:
    """The labelling interface for such tasks. Its style keeps spaces as they are, on which offsets depend."""
    shown = "".join(f'    <Label value="{_escaped(label)}"/>\n' for label in labels)
    return (
        "<View>\n  <Style>.htx-text{white-space: pre-wrap;}</Style>\n"
        f'  <Labels name="{_escaped(from_name)}" toName="{_escaped(to_name)}">\n{shown}  </Labels>\n'
        f'  <Text name="{_escaped(to_name)}" value="${_TEXT}" granularity="symbol"/>\n</View>\n'
    )


def dump(tasks: Iterable[Task], *, from_name: str = "label", to_name: str = "text") -> Iterator[str]:
    """An array for Label Studio's import: what a person said as an annotation, what the engine found as a
    prediction. The names are those of the tags in the labelling interface."""
    first = True
    yield "["
    for task in tasks:
        yield "\n" if first else ",\n"
        first = False
        yield json_line(_task(task, from_name, to_name)).rstrip("\n")
    yield "\n]\n"


def read(data: str, *, path: str, text_key: str = "") -> Read:
    """Label Studio's export -> tasks. ``text_key``: where in the data the text is, unless it is ``text`` or the
    only string there. A task without an annotation is one that nobody has labelled. Raises DataError for what is
    no array of tasks."""
    try:
        given = json.loads(data)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise DataError(f"expected the JSON of Label Studio; got {error}", path=path, line=line) from None
    if not isinstance(given, list):
        raise DataError(f"expected an array of tasks; got {given!r:.40}", path=path)
    tasks: list[tuple[Task, str]] = []
    mismatches: list[Mismatch] = []
    warnings: list[Mismatch] = []
    for number, value in enumerate(given, 1):
        place = f"{path}: task {number}"
        if isinstance(value, dict) and isinstance(value.get("id"), int | str):
            place += f" (id {value['id']})"
        try:
            task, told = _read_task(value, text_key)
        except DataError as error:
            mismatches.append(Mismatch(place, str(error)))
            continue
        tasks.append((task, place))
        warnings += [Mismatch(place, message) for message in told]
    return Read(tuple(tasks), tuple(mismatches), tuple(warnings))


# to Label Studio


def _task(task: Task, from_name: str, to_name: str) -> dict[str, Any]:
    kept = json.loads(task.extra).get("labelstudio") if task.extra else None
    kept = kept if isinstance(kept, dict) else {}
    key = kept.get("text_key", _TEXT)
    whole: dict[str, Any] = dict(kept.get("task", {}))
    whole["data"] = {key: task.text, **kept.get("data", {}), ABOUT: about_of(task)}

    def regions(spans: Iterable[Span]) -> list[dict[str, Any]]:
        return [_region(span, task.text, from_name, to_name, kept.get("regions", {})) for span in spans]

    if task.bundle or task.predicted or task.entities is None:
        told = {"model_version": task.bundle} if task.bundle else {}
        scored = {"score": task.score} if task.score is not None else {}
        whole["predictions"] = [{**told, **scored, "result": regions(task.predicted)}]
    if task.entities is not None:
        result = regions(task.entities) + kept.get("others", [])
        whole["annotations"] = [{**kept.get("annotation", {}), "result": result}]
    return whole


def _region(span: Span, text: str, from_name: str, to_name: str, ids: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": ids.get(_key(span)) or _id(span),
        "from_name": from_name,
        "to_name": to_name,
        "type": "labels",
        "value": {
            "start": span.start,
            "end": span.end,
            "text": text[span.start : span.end],
            "labels": [span.label],
        },
    }


def _key(span: Span) -> str:
    return f"{span.start}-{span.end}-{span.label}"


def _id(span: Span) -> str:
    """What a region is called that has no name yet."""
    return hashlib.sha256(_key(span).encode("utf-8", "surrogatepass")).hexdigest()[:10]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


# and back


def _read_task(value: Any, text_key: str) -> tuple[Task, list[str]]:
    if not isinstance(value, dict):
        raise DataError(f"expected a task; got {value!r:.40}")
    whole = value if isinstance(value.get("data"), dict) else _of_min(value)
    data = whole["data"]
    key = _text_key(data, text_key)
    text = data[key]
    about, predicted, bundle, score = split_about(data.get(ABOUT), text)
    if ABOUT not in data:
        predicted, bundle, score = _prediction(whole.get("predictions"), text)
    annotation, told = _annotation(whole.get("annotations", whole.get("completions")))
    kept: dict[str, Any] = {
        "task": {
            k: v for k, v in whole.items() if k not in ("data", "annotations", "completions", "predictions")
        },
        "data": {k: v for k, v in data.items() if k not in (key, ABOUT)},
        "text_key": key if key != _TEXT else None,
    }
    spans: tuple[Span, ...] | None = None
    if annotation is not None:
        result = annotation.get("result")
        ours = [one for one in result if _is_labels(one)] if isinstance(result, list) else []
        spans = _placed(ours, text)
        regions = zip(spans, ours, strict=True)
        kept |= {
            "annotation": {k: v for k, v in annotation.items() if k not in ("result", "completed_by")},
            "others": [one for one in result or () if not _is_labels(one)],
            "regions": {_key(s): one["id"] for s, one in regions if one.get("id") not in (None, _id(s))},
        }
        spans = check_spans(text, spans)
    extra = {k: v for k, v in kept.items() if v}
    task = Task(
        text, spans, predicted, bundle, score, about,
        extra=as_json({"labelstudio": extra} if extra else {}),
        by="" if annotation is None else _who(annotation.get("completed_by")),
        at=None if annotation is None else _when(annotation),
    )  # fmt: skip
    return task, told


def _of_min(value: dict[str, Any]) -> dict[str, Any]:
    """A task of the export JSON-MIN in the form of the whole one."""
    found = [k for k, v in value.items() if isinstance(v, list) and v and all(_is_value(one) for one in v)]
    result = [{"type": "labels", "value": one} for k in found for one in value[k]]
    about = ("id", "annotation_id", "annotator", "created_at", "updated_at", "lead_time", *found)
    whole: dict[str, Any] = {"data": {k: v for k, v in value.items() if k not in about}}
    if "id" in value:
        whole["id"] = value["id"]
    if found or "annotation_id" in value:
        stated = {k: value[k] for k in ("created_at", "updated_at", "lead_time") if k in value}
        whole["annotations"] = [{"result": result, "completed_by": value.get("annotator"), **stated}]
    return whole


def _text_key(data: dict[str, Any], text_key: str) -> str:
    strings = [k for k, v in data.items() if isinstance(v, str)]
    if text_key or _TEXT in strings:
        key = text_key or _TEXT
        if not isinstance(data.get(key), str):
            raise DataError(f"data: expected a text under {key!r}; got {data.get(key)!r:.40}")
        return key
    if len(strings) != 1:
        raise DataError(
            f"data: expected a text under {_TEXT!r}, or one string; got {', '.join(data) or 'nothing'}"
        )
    return strings[0]


def _annotation(given: Any) -> tuple[dict[str, Any] | None, list[str]]:
    """The annotation that counts: the ground truth, else the last; and what is to be told about it."""
    given = [one for one in given or () if isinstance(one, dict) and not one.get("was_cancelled")]
    if not given:
        return None, []
    last = max(given, key=lambda one: (one.get("ground_truth") is True, str(one.get("updated_at") or "")))
    if len({json.dumps(_said(one), sort_keys=True) for one in given}) == 1:
        return last, []
    taken = "the ground truth" if last.get("ground_truth") is True else "the last"
    return last, [f"{len(given)} annotations differ; {taken} is taken"]


def _said(annotation: dict[str, Any]) -> list[Any]:
    result = annotation.get("result")
    values = [one.get("value") for one in result if _is_labels(one)] if isinstance(result, list) else []
    return sorted(([v.get("start"), v.get("end"), v.get("labels")] for v in values), key=json.dumps)


def _prediction(given: Any, text: str) -> tuple[tuple[Span, ...], str, float | None]:
    """What a model had found, where a task did not come from us; the last one where there are several."""
    given = [one for one in given or () if isinstance(one, dict) and isinstance(one.get("result"), list)]
    if not given:
        return (), "", None
    last = given[-1]
    spans = check_spans(text, _placed([one for one in last["result"] if _is_labels(one)], text))
    score = last.get("score")
    return spans, str(last.get("model_version") or ""), float(score) if isinstance(score, int | float) else None


def _is_labels(one: Any) -> bool:
    return isinstance(one, dict) and _is_value(one.get("value"))


def _is_value(value: Any) -> bool:
    return isinstance(value, dict) and ("labels" in value or "hypertextlabels" in value)


def _placed(regions: list[dict[str, Any]], text: str) -> tuple[Span, ...]:
    """Where the regions are in code points, one for one. Raises DataError for one that covers something else."""
    stated = [_stated(one["value"]) for one in regions]
    problem = ""
    for unit in UNITS:
        offsets = Offsets(text, unit)
        spans = []
        for start, end, label, surface in stated:
            first, last = offsets.to_code_point(start), offsets.to_code_point(end)
            there = None if first is None or last is None else text[first:last]
            if first is None or last is None or (surface is not None and not _alike(surface, there or "")):
                problem = problem or _differs(start, end, label, surface, there, len(text))
                break
            spans.append(Span(first, last, label))
        else:
            return tuple(spans)
    raise DataError(problem)


def _differs(start: int, end: int, label: str, surface: str | None, there: str | None, size: int) -> str:
    if there is None:
        return f"[{start}, {end}) {label} does not fit a text of {size} characters"
    return f"[{start}, {end}) {label} says {surface!r}; the text there is {there!r}"


def _stated(value: dict[str, Any]) -> tuple[int, int, str, str | None]:
    labels = value.get("labels", value.get("hypertextlabels"))
    given = value.get("globalOffsets")
    places = given if isinstance(given, dict) else value
    try:
        start, end = int(places["start"]), int(places["end"])
    except (KeyError, TypeError, ValueError):
        raise DataError(f"expected a region with a start and an end; got {value!r:.60}") from None
    if not isinstance(labels, list) or len(labels) != 1 or not isinstance(labels[0], str) or not labels[0]:
        raise DataError(f"[{start}, {end}): expected one label; got {labels!r:.60}")
    surface = value.get("text")
    return start, end, labels[0], surface if isinstance(surface, str) else None


def _alike(surface: str, there: str) -> bool:
    """Whether a region's text is what stands there. Line ends come back as ``\\n``, and runs of spaces as one."""
    return surface == there or _folded(surface.replace("\\n", "\n")) == _folded(there.replace("\\n", "\n"))


def _folded(text: str) -> str:
    return " ".join(text.split())


def _who(completed_by: Any) -> str:
    if isinstance(completed_by, dict):
        return str(completed_by.get("email") or completed_by.get("id") or "")
    return "" if completed_by is None else str(completed_by)


def _when(annotation: dict[str, Any]) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(annotation.get("updated_at") or annotation.get("created_at")))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
