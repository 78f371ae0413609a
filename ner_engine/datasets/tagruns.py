"""Tags as corpora write them -> labelled runs of units, with every unit that breaks the scheme named.

Unlike ``scheme.tags_to_spans``, which reads a model's output strictly, this reads what people have
published: BIO, IOB1, BIOES and BILOU, ``B-PS``, ``B_PS`` and ``PS-B``, a bare ``I``, ``-`` for ``O``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from ner_engine.spans import Span

__all__ = ["OUTSIDE", "over_text", "parse_tag", "runs"]

OUTSIDE = ("O", "")
_PREFIXED = re.compile(r"([BIESLUM])(?:[-_](\S+))?")
_SUFFIXED = re.compile(r"(\S+)[-_]([BIESLU])")
_OPENS = frozenset("BSU")
_CLOSES = frozenset("ESLU")


@lru_cache(maxsize=4096)
def parse_tag(tag: str, *, suffixed: bool = False) -> tuple[str, str] | None:
    """A tag as (prefix, label), with ``("O", "")`` outside; None where it is no tag."""
    if tag in ("O", "-"):
        return OUTSIDE
    if suffixed:
        match = _SUFFIXED.fullmatch(tag)
        return (match[2], match[1]) if match else None
    match = _PREFIXED.fullmatch(tag)
    if not match or (not match[2] and match[1] not in "IE"):
        return None
    return ("I" if match[1] == "M" else match[1]), match[2] or ""


def runs(tags: Sequence[tuple[str, str]]) -> tuple[list[Span], list[int]]:
    """Parsed tags -> unit spans, and the indices of units that go on with a span nobody opened.

    Such a unit opens a span of its own here, as IOB1 means it; where the scheme is another, the caller
    reports it. A bare ``I`` goes on with whatever is open.
    """
    spans: list[Span] = []
    orphans: list[int] = []
    start, label = -1, ""
    for i, (prefix, here) in enumerate(tags):
        if prefix == "O":
            if start >= 0:
                spans.append(Span(start, i, label))
                start = -1
            continue
        opens = prefix in _OPENS
        if not opens and (start < 0 or (here and here != label)):
            orphans.append(i)
            opens = True
        if opens:
            if start >= 0:
                spans.append(Span(start, i, label))
            start, label = i, here
        if prefix in _CLOSES:
            spans.append(Span(start, i + 1, label))
            start = -1
    if start >= 0:
        spans.append(Span(start, len(tags), label))
    return spans, orphans


def over_text(unit_spans: Iterable[Span], units: Sequence[tuple[int, int]]) -> tuple[Span, ...]:
    """Unit spans -> character spans, given the ``(start, end)`` of every unit."""
    return tuple(Span(units[s.start][0], units[s.end - 1][1], s.label) for s in unit_spans)
