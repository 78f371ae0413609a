"""What ``active_learning.py`` measured -> a table on stdout, and an SVG: F1 by sentences and by characters.

::

    python benchmarks/learning_curves.py docs/active-learning.json -o docs/active-learning.svg

Needs the base install and nothing else.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from ner_engine.datasets.source import write_atomically

NAMES = {
    "random": "drawn at random",
    "expected/sentence": "chosen by ner-engine suggest",
    "expected/characters": "chosen, a text counting by its length",
}
COLOURS = ("var(--a)", "var(--b)", "var(--c)", "var(--d)")
SHAPES = ("circle", "square", "diamond", "triangle")
WIDTH, HEIGHT = 420, 340
LEFT, RIGHT, TOP, BOTTOM = 48, 24, 34, 48

STYLE = """
svg { --ink: #1b1f24; --faint: #d0d7de; --ground: #ffffff; --a: #57606a; --b: #0550ae; --c: #9a3412; --d: #116329;
  font: 12px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { svg { --ink: #e6edf3; --faint: #3d444d; --ground: #0d1117; --a: #9198a1;
  --b: #79c0ff; --c: #ffa657; --d: #7ee787; } }
text { fill: var(--ink); } .title { font-weight: 600; } .grid { stroke: var(--faint); stroke-width: 1; }
.goal { stroke: var(--a); stroke-width: 1; stroke-dasharray: 5 4; } .line { fill: none; stroke-width: 2; }
.seed { opacity: 0.45; }
"""


@dataclass(frozen=True, slots=True)
class Point:
    """An arm at a number of sentences: the mean over seeds, and each seed's F1."""

    sentences: int
    characters: float
    entities: float
    f1: float
    each: tuple[float, ...]


def curves(rows: Sequence[dict[str, Any]]) -> dict[str, list[Point]]:
    """Arms by name, each in the order of its sentences; the first choice of every arm is the random one."""
    found: dict[str, list[Point]] = {}
    for arm in sorted(
        {row["arm"] for row in rows}, key=lambda arm: list(NAMES).index(arm) if arm in NAMES else 99
    ):
        points = []
        for size in sorted({row["sentences"] for row in rows if row["arm"] == arm}):
            here = [row for row in rows if row["arm"] == arm and row["sentences"] == size]
            points.append(
                Point(
                    size,
                    statistics.fmean(row["characters"] for row in here),
                    statistics.fmean(row["entities"] for row in here),
                    statistics.fmean(row["f1"] for row in here),
                    tuple(row["f1"] for row in here),
                )
            )
        found[arm] = points
    for arm, points in found.items():
        if arm != "random" and found.get("random"):
            points.insert(0, found["random"][0])
    return found


def table(found: dict[str, list[Point]]) -> str:
    """Markdown."""
    lines = ["| arm | sentences | characters | entities | F1, mean | each seed |", "|---|---|---|---|---|---|"]
    for arm, points in found.items():
        for point in points if arm == "random" else points[1:]:
            each = ", ".join(f"{f1:.1f}" for f1 in point.each)
            lines.append(
                f"| {NAMES.get(arm, arm)} | {point.sentences:,} | {point.characters:,.0f} "
                f"| {point.entities:,.0f} | {point.f1:.1f} | {each} |"
            )
    return "\n".join(lines)


def svg(found: dict[str, list[Point]]) -> Iterable[str]:
    """The drawing, in parts."""
    everything = [point for points in found.values() for point in points]
    low = 5 * int(min(f1 for point in everything for f1 in point.each) // 5)
    high = 5 * int(max(f1 for point in everything for f1 in point.each) // 5 + 1)
    below = 24 * len(found) + 8
    total = f"{2 * WIDTH} {HEIGHT + below}"
    told = "; ".join(
        f"{NAMES.get(arm, arm)}: " + ", ".join(f"{p.f1:.1f} with {p.sentences:,}" for p in points)
        for arm, points in found.items()
    )
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total}" role="img" '
    yield f'aria-label="{escape(told)}">\n'
    yield f"<style>{STYLE}</style>\n"
    yield '<rect width="100%" height="100%" fill="var(--ground)"/>\n'
    for at, (what, unit) in enumerate((("sentences", 1), ("characters", 1000))):
        yield f'<g transform="translate({at * WIDTH} 0)">\n'
        yield from _panel(found, what, unit, low, high)
        yield "</g>\n"
    for row, arm in enumerate(found):
        y = HEIGHT + 8 + 24 * row
        yield f'<line x1="{LEFT}" x2="{LEFT + 30}" y1="{y}" y2="{y}" stroke="{COLOURS[row]}" stroke-width="2"/>'
        yield _mark(row, LEFT + 15, y, 4.5)
        yield f'<text x="{LEFT + 40}" y="{y + 4}">{escape(NAMES.get(arm, arm))}</text>\n'
    yield "</svg>\n"


def _panel(found: dict[str, list[Point]], what: str, unit: int, low: int, high: int) -> Iterable[str]:
    """F1 over the number of sentences or characters labelled."""
    most = max(getattr(point, what) for points in found.values() for point in points) / unit
    step = next(s for s in (50, 100, 200, 500, 1000, 2000) if most / s <= 5)
    last = step * -(-int(most) // step)

    below = HEIGHT - BOTTOM

    def x(value: float) -> float:
        return LEFT + value / unit / last * (WIDTH - LEFT - RIGHT)

    def y(f1: float) -> float:
        return HEIGHT - BOTTOM - (f1 - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    title = f"F1 by labelled {what}"
    yield f'<text class="title" x="{LEFT}" y="20">{title}</text>\n'
    for f1 in range(low, high + 1, 5):
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(f1):.1f}" y2="{y(f1):.1f}"/>'
        yield f'<text x="{LEFT - 8}" y="{y(f1) + 4:.1f}" text-anchor="end">{f1}</text>\n'
    for value in range(0, last + 1, step):
        yield f'<text x="{x(value * unit):.1f}" y="{below + 18}" text-anchor="middle">{value:,}</text>\n'
    name = what if unit == 1 else f"thousand {what}"
    yield f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{below + 36}" text-anchor="middle">{name}</text>\n'
    goal = found["random"][-1]
    yield f'<line class="goal" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(goal.f1):.1f}" y2="{y(goal.f1):.1f}"/>\n'
    for row, points in enumerate(found.values()):
        places = " ".join(f"{x(getattr(p, what)):.1f},{y(p.f1):.1f}" for p in points)
        yield f'<polyline class="line" stroke="{COLOURS[row]}" points="{places}"/>\n'
        for point in points:
            yield from (
                f'<g class="seed">{_mark(row, x(getattr(point, what)), y(f1), 2)}</g>' for f1 in point.each
            )
            yield _mark(row, x(getattr(point, what)), y(point.f1), 4.5) + "\n"


def _mark(row: int, x: float, y: float, size: float) -> str:
    """A mark whose form tells the arms apart where colours do not."""
    colour = f'fill="{COLOURS[row]}"'
    if SHAPES[row] == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" {colour}/>'
    corners = {
        "square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
        "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
        "triangle": ((0, -1.2), (1.1, 1), (-1.1, 1)),
    }[SHAPES[row]]
    points = " ".join(f"{x + a * size:.1f},{y + b * size:.1f}" for a, b in corners)
    return f'<polygon points="{points}" {colour}/>'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measured", type=Path)
    parser.add_argument("-o", "--output", type=Path)
    arguments = parser.parse_args()
    found = curves(json.loads(arguments.measured.read_text(encoding="utf-8")))
    print(table(found))
    if arguments.output:
        write_atomically(arguments.output, svg(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
