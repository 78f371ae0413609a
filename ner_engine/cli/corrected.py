"""Corrections as lines and tables on a terminal, and for machines."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import typer

from ner_engine.feedback import STATUSES, Correction
from ner_engine.feedback.counting import Counted
from ner_engine.spans import Span
from ner_engine.values import Clock

__all__ = ["amount", "details", "inline", "json_lines", "note", "say", "show_counts", "shown", "table"]


def inline(correction: Correction) -> str:
    """``<홍대:LC>에서 <하늘:-OG+PS>이``: what stays, what was added, what was taken away."""
    before, after = set(correction.original), set(correction.entities)
    marks: dict[tuple[int, int], list[str]] = {}
    for span in sorted(before | after):
        sign = "" if span in before and span in after else "+" if span in after else "-"
        marks.setdefault((span.start, span.end), []).append(f"{sign}{span.label}")
    pieces, at = [], 0
    for (start, end), labels in sorted(marks.items()):
        if start < at:  # over the one before it: told behind
            pieces.append(f"({correction.text[start:end]}:{' '.join(sorted(labels))})")
            continue
        pieces += [correction.text[at:start], f"<{correction.text[start:end]}:{' '.join(sorted(labels))}>"]
        at = end
    return shown("".join([*pieces, correction.text[at:]]))


def details(one: Correction) -> Iterator[tuple[str, str]]:
    """A correction in full, as names and values."""
    yield "id", one.id
    yield "text", one.text
    yield "found", _entities(one.text, one.original)
    yield "right", _entities(one.text, one.entities)
    yield "bundle", one.bundle or "-"
    yield "by", f"{one.by or '-'} ({one.source}), {Clock.at(one.at).now:%Y-%m-%d %H:%M:%S}"
    yield "consent", ("yes" if one.consent else "no") + (", masked" if one.masked else "")
    reviewed = ""
    if one.reviewed_at is not None:
        reviewed = f" by {one.reviewed_by or '-'}, {Clock.at(one.reviewed_at).now:%Y-%m-%d %H:%M:%S}"
    yield "status", one.status + reviewed
    if one.supersedes:
        yield "supersedes", one.supersedes


def _entities(text: str, spans: Sequence[Span]) -> str:
    return ", ".join(f"{text[s.start : s.end]} {s.label} [{s.start}, {s.end})" for s in spans) or "-"


def show_counts(counted: Counted) -> None:
    """Print what was counted."""
    rows: list[tuple[str, Any]] = [
        ("corrections", counted.total),
        ("in which something was wrong", counted.changed),
        ("with consent", counted.consent),
        ("masked", counted.masked),
    ]
    rows += [(status, counted.statuses[status]) for status in STATUSES]
    for what, counter in (("bundle", counted.bundles), ("from", counted.sources), ("by", counted.people)):
        rows += [(f"{what} {name or '-'}", number) for name, number in counter.most_common(10)]
    table(("", "number"), rows)
    table(
        ("label", "right", "missing", "wrong", "borders", "renamed from"),
        [
            (label, one.right, one.missing, one.wrong, one.borders,
             ", ".join(f"{name} {n}" for name, n in one.renamed.most_common()))
            for label, one in sorted(counted.labels.items())
        ],
    )  # fmt: skip


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table on a terminal, else tab-separated lines."""
    if not sys.stdout.isatty():
        for row in (header, *rows):
            typer.echo("\t".join(str(cell) for cell in row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*header)
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    Console(no_color=bool(os.environ.get("NO_COLOR"))).print(table)


def shown(text: str) -> str:
    """What a user typed may hold sequences that a terminal obeys, and tabs: they are shown, not sent."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def say(line: str) -> None:
    """A line of what was asked for."""
    typer.echo(shown(line) if "\t" not in line else "\t".join(map(shown, line.split("\t"))))


def note(line: str) -> None:
    """A line about what was done, on standard error."""
    typer.echo(shown(line), err=True)


def amount(number: int, what: str) -> str:
    """``3 corrections``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def json_lines(found: Iterable[dict[str, Any]]) -> None:
    """Objects, one a line."""
    for entry in found:
        line = json.dumps(entry, ensure_ascii=False)
        typer.echo(line if line.isprintable() else json.dumps(entry))
