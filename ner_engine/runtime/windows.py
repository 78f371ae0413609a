"""Long texts: cut into overlapping windows of units, and their spans joined again.

Each window owns the units up to the middle of its overlap with the next; a span belongs to the window that
owns its first unit. So a span across a seam is seen whole by its owner and is neither lost nor doubled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ner_engine.features import Encoded
from ner_engine.spans import Span

__all__ = ["Window", "cut", "join"]


@dataclass(frozen=True, slots=True)
class Window:
    """Units ``[start, end)`` of a text, of which it owns ``[owned_from, owned_to)``."""

    encoded: Encoded
    start: int
    owned_from: int
    owned_to: int


def cut(encoded: Encoded, *, size: int, overlap: int) -> list[Window]:
    """Windows of at most ``size`` units that share ``overlap`` units with their neighbours."""
    if not 0 <= overlap < size:
        raise ValueError(f"expected 0 <= overlap < size; got overlap {overlap}, size {size}")
    total = len(encoded)
    if total <= size:
        return [Window(encoded, 0, 0, total)] if total else []
    windows = []
    start = 0
    owned_from = 0
    while True:
        end = min(start + size, total)
        last = end == total
        owned_to = total if last else end - overlap // 2
        part = Encoded(
            encoded.ids[start:end],
            encoded.flags[start:end],
            encoded.starts[start:end],
            encoded.ends[start:end],
        )
        windows.append(Window(part, start, owned_from, owned_to))
        if last:
            return windows
        owned_from = owned_to
        start = end - overlap


def join(windows: Sequence[Window], spans: Sequence[Sequence[tuple[Span, float]]]) -> list[tuple[Span, float]]:
    """The spans of all windows over the text's units, sorted, none overlapping another."""
    joined: list[tuple[Span, float]] = []
    for window, found in zip(windows, spans, strict=True):
        for span, score in found:
            start, end = span.start + window.start, span.end + window.start
            if not window.owned_from <= start < window.owned_to:
                continue
            if joined and start < joined[-1][0].end:
                continue
            joined.append((Span(start, end, span.label), score))
    return joined
