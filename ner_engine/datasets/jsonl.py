"""JSON Lines: the native form ``{"id", "text", "entities": [{"start", "end", "label"}]}``, and doccano's.

Lines in, Records and Problems out; and back. Spans are passed on as they stand, so that validation can tell
where each bad one is; ``formats.read`` refuses them unless told to be lenient. A native record may name the id of
an earlier one that it ``supersedes``: in a file that is only appended to, as that of the console's corrections,
the earlier one then counts no more; and one whose ``status`` is ``rejected``, or that is not ``labelled``, is no
sentence of the corpus.

doccano counts the UTF-16 code units of a browser, unless a project counts grapheme clusters. Code points they are
here, on both sides.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ner_engine.datasets.corpus import WARNING, Problem, Record
from ner_engine.datasets.offsets import Offsets
from ner_engine.spans import Sentence, Span

__all__ = ["dump", "dump_doccano", "parse", "parse_doccano"]


def parse(lines: Sequence[str], *, path: str) -> Iterator[Record | Problem]:
    """Native JSON Lines -> sentences, without those that a later line supersedes, rejected and unlabelled ones.

    ``entities`` may be missing (unlabelled text); keys that mean nothing here are left.
    """
    gone = _superseded(lines, path=path)
    for number, value in _objects(lines, path=path):
        if isinstance(value, Problem):
            yield value
            continue
        if number < gone.get(_id(value), 0) or value.get("status") == "rejected":
            continue
        if value.get("labelled") is False:
            message = "nobody has labelled this sentence: its entities are what was predicted"
            yield Problem(path, number, "unlabelled", message, WARNING)
            continue
        text, entities = value.get("text"), value.get("entities", [])
        if not isinstance(text, str) or not isinstance(entities, list):
            message = 'expected {"text": str, "entities": [...]}; got ' + _shown(value)
            yield Problem(path, number, "bad-record", message)
            continue
        spans, problems = _spans(entities, text, path=path, line=number)
        yield from problems
        yield Record(Sentence(text, spans, _id(value)), number)


def parse_doccano(lines: Sequence[str], *, path: str) -> Iterator[Record | Problem]:
    """doccano's exports -> sentences: ``label`` or ``labels`` as ``[start, end, label]``, or ``entities``."""
    for number, value in _objects(lines, path=path):
        if isinstance(value, Problem):
            yield value
            continue
        text = value.get("text", value.get("data"))
        given: Any = next((value[k] for k in ("label", "labels", "entities") if value.get(k) is not None), [])
        if not isinstance(text, str) or not isinstance(given, list):
            message = 'expected {"text": str, "label": [[start, end, label], ...]}; got ' + _shown(value)
            yield Problem(path, number, "bad-record", message)
            continue
        spans, problems = _spans(given, text, path=path, line=number, offsets=Offsets(text, "utf-16"))
        yield from problems
        yield Record(Sentence(text, spans, _id(value)), number)


def _objects(lines: Sequence[str], *, path: str) -> Iterator[tuple[int, Any]]:
    """Each line's object, or the Problem that it is none."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = str(error).splitlines()[0]
            yield number, Problem(path, number, "bad-json", f"expected a JSON object; got {reason}")
            continue
        if isinstance(value, dict):
            yield number, value
        else:
            yield number, Problem(path, number, "bad-json", f"expected a JSON object; got {_shown(value)}")


def _superseded(lines: Sequence[str], *, path: str) -> dict[str, int]:
    """The ids that count no more, with the line from which on."""
    numbers = [number for number, line in enumerate(lines, 1) if '"supersedes"' in line]
    gone: dict[str, int] = {}
    for at, value in _objects([lines[number - 1] for number in numbers], path=path):
        if not isinstance(value, dict) or value.get("status") == "rejected":
            continue
        if isinstance(value.get("supersedes"), str) and value["supersedes"]:
            gone[value["supersedes"]] = numbers[at - 1]
    return gone


def _spans(
    given: Sequence[Any], text: str, *, path: str, line: int, offsets: Offsets | None = None
) -> tuple[tuple[Span, ...], list[Problem]]:
    spans: list[Span] = []
    problems: list[Problem] = []
    for one in given:
        start, end, label = _triple(one)
        if not (_is_int(start) and _is_int(end) and isinstance(label, str)):
            message = f"expected an entity with a start, an end and a label; got {_shown(one)}"
            problems.append(Problem(path, line, "bad-entity", message))
            continue
        if offsets is not None:
            placed = _placed(start, offsets), _placed(end, offsets)
            if None in placed:
                message = f"[{start}, {end}) {label} begins or ends within a character of two UTF-16 units"
                problems.append(Problem(path, line, "bad-entity", message))
                continue
            start, end = placed
        spans.append(Span(start, end, label))
        surface = one.get("text") if isinstance(one, dict) else None
        if isinstance(surface, str) and 0 <= start <= end <= len(text) and surface != text[start:end]:
            message = f"[{start}, {end}) {label} says {surface!r}; the text there is {text[start:end]!r}"
            problems.append(Problem(path, line, "surface-differs", message))
    return tuple(sorted(spans)), problems


def _placed(offset: int, offsets: Offsets) -> int | None:
    """Where an offset is in code points; None for one within a character. One outside the text stays outside."""
    return offset if not 0 <= offset <= offsets.end else offsets.to_code_point(offset)


def _triple(one: Any) -> tuple[Any, Any, Any]:
    if isinstance(one, dict):
        start, end = one.get("start", one.get("start_offset")), one.get("end", one.get("end_offset"))
        return start, end, one.get("label")
    if isinstance(one, list) and len(one) == 3:
        return one[0], one[1], one[2]
    return None, None, None


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _id(value: dict[str, Any]) -> str:
    given = value.get("id")
    return "" if given is None else given if isinstance(given, str) else json.dumps(given)


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:60]


def dump(sentences: Iterable[Sentence]) -> Iterator[str]:
    """Sentences -> native JSON Lines; an empty id is not written. Holds any text."""
    for sentence in sentences:
        entities = [{"start": s.start, "end": s.end, "label": s.label} for s in sentence.entities]
        yield _line(sentence, {"text": sentence.text, "entities": entities})


def dump_doccano(sentences: Iterable[Sentence]) -> Iterator[str]:
    """Sentences -> JSON Lines that doccano imports for sequence labelling. Holds any text."""
    for sentence in sentences:
        offsets = Offsets(sentence.text, "utf-16")
        at = offsets.of_code_point
        label = [[at(s.start), at(s.end), s.label] for s in sentence.entities]
        yield _line(sentence, {"text": sentence.text, "label": label})


def _line(sentence: Sentence, value: dict[str, Any]) -> str:
    whole = {"id": sentence.id, **value} if sentence.id else value
    line = json.dumps(whole, ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError:  # a lone surrogate: only an escape can carry it
        line = json.dumps(whole)
    return line + "\n"
