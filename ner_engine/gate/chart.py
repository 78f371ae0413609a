"""Differences in F1 with their intervals, as a drawing: one line a label, zero in the middle."""

from __future__ import annotations

from collections.abc import Sequence

from ner_engine.gate.verdict import Change, signed
from ner_engine.training.page import text

__all__ = ["intervals_chart"]

_LEFT, _WIDTH, _ROW, _TOP = 96, 320, 22, 10
_LEAST = 0.02  # half of what the axis spans, at least


def _step(half: float) -> float:
    """A round distance between ticks, so that some four stand on each side of zero at most."""
    step = 0.01
    for factor in (2, 2.5, 2) * 3:
        if half / step <= 4:
            break
        step *= factor
    return step


def intervals_chart(changes: Sequence[Change], *, tolerance: float) -> str:
    """SVG. A dot is the difference, a bar its interval; the dashed line is the tolerance of a label."""
    ends = [abs(end) for c in changes for end in (c.low, c.high, c.difference)]
    half = 1.05 * max([_LEAST, 1.2 * tolerance, *ends])
    height = _ROW * len(changes)

    def x(value: float) -> float:
        return _LEFT + _WIDTH * (value + half) / (2 * half)

    def upright(value: float, style: str) -> str:
        return f'<line x1="{x(value):.1f}" y1="{_TOP}" x2="{x(value):.1f}" y2="{_TOP + height}" {style}/>'

    parts = [upright(0, 'stroke="var(--faint)"')]
    if tolerance:
        parts.append(upright(-tolerance, 'stroke="var(--bad)" stroke-dasharray="4 4"'))
    for at, change in enumerate(changes):
        y = _TOP + _ROW * at + _ROW / 2
        name = change.label or "all labels"
        colour = "var(--bad)" if change.refused else "var(--ink)"
        said = f"{name}: {signed(change.difference)}, {signed(change.low)} to {signed(change.high)}"
        shown = name if len(name) <= 12 else name[:11] + "…"
        parts.append(
            f"<g><title>{text(said)}</title>"
            f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{text(shown)}</text>'
            f'<line x1="{x(change.low):.1f}" y1="{y:.1f}" x2="{x(change.high):.1f}" y2="{y:.1f}" '
            f'stroke="{colour}" stroke-width="3" stroke-linecap="round" opacity=".5"/>'
            f'<circle cx="{x(change.difference):.1f}" cy="{y:.1f}" r="4" fill="{colour}"/></g>'
        )
    step = _step(half)
    for n in range(-int(half / step), int(half / step) + 1):
        shown = f"{100 * step * n:+g}".replace("-", "−") if n else "0"
        place = f'x="{x(step * n):.1f}" y="{_TOP + height + 16}"'
        parts.append(f'<text {place} text-anchor="middle">{shown}</text>')
    whole_width, whole_height = _LEFT + _WIDTH + 16, _TOP + height + 40
    return (
        f'<figure><svg role="img" aria-label="Changes in F1 with their intervals; the table has the numbers" '
        f'viewBox="0 0 {whole_width} {whole_height}" width="{whole_width}" height="{whole_height}">'
        f"{''.join(parts)}"
        f'<text x="{_LEFT + _WIDTH / 2:.1f}" y="{_TOP + height + 34}" text-anchor="middle">change in F1, points'
        "</text></svg><figcaption>A dot is what was measured, a bar its 95 % interval. The dashed line is "
        "how far a label may fall.</figcaption></figure>"
    )
