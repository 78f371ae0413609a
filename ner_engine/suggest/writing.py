"""Suggestions in, lines of a file that a labelling tool opens out: pre-annotated, with why each was chosen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ner_engine.spans import Span
from ner_engine.suggest.suggestions import Suggestion

__all__ = ["WRITERS", "reasons"]


def reasons(suggestion: Suggestion) -> dict[str, float]:
    """Why a text was chosen, in figures, for the key ``suggested``."""
    doubt = suggestion.doubt
    figures = {
        "gain": suggestion.gain,
        "mistakes": doubt.mistakes,
        "margin": doubt.margin,
        "entropy": doubt.entropy / max(1, doubt.units),
        "disagreement": suggestion.disagreement,
        "new": suggestion.new,
        "likeness": suggestion.likeness,
    }
    return {name: round(value, 4) for name, value in figures.items()}


def _native(suggestions: Iterable[Suggestion], model: str) -> Iterator[str]:
    """The native form; ``suggested`` is a key that reading leaves."""
    for one in suggestions:
        yield _line(one, {"entities": [_entity(one, span) for span in one.sentence.entities]}, model)


def _doccano(suggestions: Iterable[Suggestion], model: str) -> Iterator[str]:
    """doccano's; the tool keeps unknown keys as an example's metadata."""
    for one in suggestions:
        yield _line(one, {"label": [[s.start, s.end, s.label] for s in one.sentence.entities]}, model)


def _line(one: Suggestion, annotation: Mapping[str, Any], model: str) -> str:
    record = {"id": _id(one), "text": one.sentence.text, **annotation, "suggested": reasons(one), "model": model}
    return _json(record) + "\n"


def _label_studio(suggestions: Iterable[Suggestion], model: str) -> Iterator[str]:
    """A list of Label Studio tasks, each with one prediction."""
    between = "[\n"
    for one in suggestions:
        result = [
            {
                "id": f"{_id(one)}-{number}",
                "from_name": "label",
                "to_name": "text",
                "type": "labels",
                "value": {
                    "start": span.start,
                    "end": span.end,
                    "text": one.sentence.surface(span),
                    "labels": [span.label],
                },
            }
            for number, span in enumerate(one.sentence.entities, 1)
        ]
        prediction = {"model_version": model, "score": round(one.doubt.margin, 4), "result": result}
        data = {"text": one.sentence.text, "id": _id(one), "suggested": reasons(one)}
        yield between + _json({"data": data, "predictions": [prediction]})
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


def _entity(one: Suggestion, span: Span) -> dict[str, Any]:
    return {"start": span.start, "end": span.end, "label": span.label, "text": one.sentence.surface(span)}


def _id(one: Suggestion) -> str:
    return f"line-{one.place}"


def _json(value: Any) -> str:
    line = json.dumps(value, ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError:  # a lone surrogate: only an escape can carry it
        line = json.dumps(value)
    return line


WRITERS: Mapping[str, Callable[[Iterable[Suggestion], str], Iterator[str]]] = {
    "jsonl": _native,
    "doccano": _doccano,
    "labelstudio": _label_studio,
}
