"""Lines such as ``<민수:PS>야`` beside the plain text: spans <-> line, and where rows contradict it.

Nothing is escaped in the authors' files, and the plain text may hold ``<``, ``>`` and ``:`` itself; so a line
is read against its plain text, and may be read in more than one way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from ner_engine.spans import Span

__all__ = ["Contradiction", "Reading", "contradictions", "read_annotated", "recover", "render", "unpaired"]

_CLOSE = re.compile(r":([^\s<>:]+)>")
_SIMPLE = re.compile(r"<([^<>]+):([^\s<>:]+)>")
_MOST_READINGS = 16
_MOST_STEPS = 200_000


@dataclass(frozen=True, slots=True)
class Reading:
    """The spans of an annotated line over its plain text. ``ways`` counts the readings that fit."""

    spans: tuple[Span, ...]
    ways: int = 1


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Rows that say something else than their head line: a code, a message, the character where it begins."""

    code: str
    message: str
    at: int


def render(text: str, spans: Sequence[Span]) -> str:
    """The annotated line: ``render("민수야", [Span(0, 2, "PS")]) == "<민수:PS>야"``."""
    parts: list[str] = []
    last = 0
    for span in spans:
        parts += (text[last : span.start], "<", text[span.start : span.end], ":", span.label, ">")
        last = span.end
    parts.append(text[last:])
    return "".join(parts)


def read_annotated(annotated: str, text: str, *, hint: Sequence[Span] = ()) -> Reading | None:
    """The spans an annotated line puts on ``text``, or None where the line is not ``text`` plus annotation.

    Of several readings the one of ``hint`` (what the rows say) is taken; without a fitting hint the one
    whose entities keep their angle brackets in pairs.
    """
    if "<" not in text and ">" not in text:
        simple = _read_simple(annotated, text)
        if simple is not None:
            return Reading(simple)
    found = _all_readings(annotated, text)
    if not found:
        return None
    wanted = tuple(hint)
    if wanted in found:
        return Reading(wanted, len(found))
    return Reading(min(found, key=lambda spans: unpaired(text, spans)), len(found))


def _read_simple(annotated: str, text: str) -> tuple[Span, ...] | None:
    plain, spans = _strip(annotated)
    return spans if plain == text else None


def _strip(annotated: str) -> tuple[str, tuple[Span, ...]]:
    spans: list[Span] = []
    parts: list[str] = []
    length = last = 0
    for match in _SIMPLE.finditer(annotated):
        before, inner = annotated[last : match.start()], match[1]
        start = length + len(before)
        length = start + len(inner)
        spans.append(Span(start, length, match[2]))
        parts += (before, inner)
        last = match.end()
    parts.append(annotated[last:])
    return "".join(parts), tuple(spans)


def unpaired(text: str, spans: Sequence[Span]) -> int:
    """How many entities part a ``<`` from its ``>``: a sign that the line was not meant this way."""
    return sum(text.count("<", s.start, s.end) != text.count(">", s.start, s.end) for s in spans)


def _all_readings(annotated: str, text: str) -> list[tuple[Span, ...]]:
    """Walk both lines side by side; at every ``<`` and ``:LABEL>`` that may be either, try both."""
    found: list[tuple[Span, ...]] = []
    stack: list[tuple[int, int, int, tuple[Span, ...]]] = [(0, 0, -1, ())]
    steps = 0
    while stack and len(found) < _MOST_READINGS and steps < _MOST_STEPS:
        i, j, start, spans = stack.pop()
        while True:
            steps += 1
            if j == len(annotated):
                if i == len(text) and start < 0:
                    found.append(spans)
                break
            char = annotated[j]
            same = i < len(text) and text[i] == char
            if start >= 0 and i > start and char == ":" and (close := _CLOSE.match(annotated, j)):
                if same:
                    stack.append((i + 1, j + 1, start, spans))
                spans = (*spans, Span(start, i, close[1]))
                j, start = close.end(), -1
            elif start < 0 and char == "<":
                if same:
                    stack.append((i + 1, j + 1, start, spans))
                start = i
                j += 1
            elif same:
                i, j = i + 1, j + 1
            else:
                break
    return found


def recover(annotated: str, text: str) -> tuple[tuple[Span, ...], tuple[str, ...]]:
    """Spans of a line that is not quite ``text`` plus annotation, and the entities that have no place.

    An entity is kept where its characters, spaces aside, stand in ``text`` at the place the two lines share.
    """
    plain, spans = _strip(annotated)
    place: dict[int, int] = {}
    for block in SequenceMatcher(None, plain, text, autojunk=False).get_matching_blocks():
        place.update((block.a + k, block.b + k) for k in range(block.size))
    kept: list[Span] = []
    lost: list[str] = []
    for span in spans:
        first, last = place.get(span.start), place.get(span.end - 1)
        surface = plain[span.start : span.end]
        if first is not None and last is not None and text[first : last + 1].split() == surface.split():
            kept.append(Span(first, last + 1, span.label))
        else:
            lost.append(f"<{surface}:{span.label}>")
    return tuple(kept), tuple(lost)


def contradictions(text: str, head: Sequence[Span], rows: Sequence[Span]) -> list[Contradiction]:
    """What rows say against their head line, entity by entity."""
    found: list[Contradiction] = []
    exact = set(rows)
    for span in head:
        if span in exact:
            continue
        over = [r for r in rows if r.start < span.end and span.start < r.end]
        shown = f"<{text[span.start : span.end]}:{span.label}>"
        if not over:
            found.append(
                Contradiction("rows-absent", f"the head line has {shown}, the rows have nothing", span.start)
            )
            continue
        told = " ".join(f"<{text[r.start : r.end]}:{r.label}>" for r in over)
        same = len(over) == 1 and (over[0].start, over[0].end) == (span.start, span.end)
        code = "rows-label" if same else "rows-extent"
        found.append(Contradiction(code, f"the head line has {shown}, the rows have {told}", span.start))
    for span in rows:
        if not any(h.start < span.end and span.start < h.end for h in head):
            shown = f"<{text[span.start : span.end]}:{span.label}>"
            found.append(
                Contradiction("rows-extra", f"the rows have {shown}, the head line has nothing", span.start)
            )
    return found
