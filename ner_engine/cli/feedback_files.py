"""``ner-engine feedback export`` and ``import``: corrections out to a file and in from one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ner_engine.cli.corrected import amount, note
from ner_engine.cli.feedback_options import (
    Bundle,
    Consent,
    FromName,
    Label,
    OfWhom,
    Since,
    Source,
    Store,
    Superseded,
    TextKey,
    ToName,
    Unit,
    Words,
    one_of,
    selected,
    wanted_by,
)
from ner_engine.datasets.source import read_file, write_atomically
from ner_engine.errors import DataError
from ner_engine.feedback import DEFAULT_STORE, STATUSES, Correction, open_store
from ner_engine.feedback.exchange import (
    READABLE,
    WRITABLE,
    Given,
    Options,
    corrections_in,
    dump_tasks,
    read_tasks_bytes,
)
from ner_engine.feedback.labelstudio import config
from ner_engine.feedback.masking import masked_correction
from ner_engine.feedback.tasks import of_correction
from ner_engine.spans import Span

__all__ = ["export", "register"]

_SHOWN = 20  # of what does not fit, before it is only counted


def register(app: typer.Typer) -> None:
    """Make all of these commands of ``app``."""
    app.command()(export)
    app.command()(interface)
    app.command(name="import")(import_)


def export(
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="File to write; - is stdout.")
    ] = "-",
    form: Annotated[
        str,
        typer.Option("--format", "-f", callback=one_of(*WRITABLE), help="Format: " + ", ".join(WRITABLE) + "."),
    ] = "jsonl",
    store: Store = DEFAULT_STORE,
    status: Annotated[
        str, typer.Option(callback=one_of(*STATUSES, "any"), help="Of this status; any: of all.")
    ] = "approved",
    since: Since = "",
    bundle: Bundle = "",
    of: OfWhom = "",
    source: Source = "",
    label: Label = "",
    text: Words = "",
    consent: Consent = None,
    superseded: Superseded = False,
    unit: Unit = "utf-16",
    from_name: FromName = "label",
    to_name: ToName = "text",
) -> None:
    """Write corrections to a file: those approved, for training; or others, for a labelling tool.

    jsonl, doccano and labelstudio hold all that is known of a correction, the corpus formats text and entities.

    \b
    Examples:
      ner-engine feedback export --status approved -f jsonl -o approved.jsonl
      ner-engine feedback export --status pending -f labelstudio -o to-review.json
    """
    wanted = wanted_by("" if status == "any" else status, since, bundle, of, source, label, text, consent)
    options = Options(unit=unit, from_name=from_name, to_name=to_name)
    with open_store(store, create=False) as opened:
        found = selected(opened, wanted, superseded=superseded)
    parts = dump_tasks(map(of_correction, found), format=form, options=options)
    if output == "-":
        sys.stdout.flush()
        for part in parts:
            sys.stdout.buffer.write(part.encode())
        sys.stdout.buffer.flush()
    else:
        write_atomically(output, parts)
    note(f"{output}: {amount(len(found), 'correction')}")


def import_(
    path: Annotated[str, typer.Argument(metavar="FILE", help="What a tool or another store wrote; - is stdin.")],
    form: Annotated[
        str | None,
        typer.Option("--format", "-f", callback=one_of(*READABLE), help="Format (default: from the content)."),
    ] = None,
    store: Store = DEFAULT_STORE,
    status: Annotated[
        str | None,
        typer.Option(callback=one_of(*STATUSES), help="Give all of them this status (else as the file says)."),
    ] = None,
    by: Annotated[
        str,
        typer.Option("--by", metavar="NAME", envvar="NER_ENGINE_BY", help="Who labelled, if it does not say."),
    ] = "",
    consent: Annotated[
        bool | None,
        typer.Option("--consent/--no-consent", help="Consent to train on all of them (else as it says)."),
    ] = None,
    mask: Annotated[bool, typer.Option("--mask", help="Take personal data out first.")] = False,
    trim: Annotated[bool, typer.Option("--trim", help="Take spaces off the ends of labels.")] = False,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Take the rest where something does not fit.")
    ] = False,
    unit: Unit = "utf-16",
    text_key: TextKey = "",
) -> None:
    """Take in corrections: from doccano, Label Studio, another store, a file of the console, or any corpus.

    Every label is checked against its text; what does not fit is listed with its file and line (JSON: the number
    of the task), and nothing is taken. A file may be taken in again: what is known already stays as it is.

    \b
    Examples:
      ner-engine feedback import reviewed.json --status approved --by 서연
      ner-engine feedback import corrections.jsonl
    """
    data = sys.stdin.buffer.read() if path == "-" else read_file(Path(path))
    name = "stdin" if path == "-" else path
    read = read_tasks_bytes(data, name=name, format=form, options=Options(unit=unit, text_key=text_key))
    given = corrections_in(read, at=datetime.now(UTC), source=form or _source_of(data), by=by, consent=consent)
    _tell(given, trim=trim)
    if given.mismatches and not skip_broken:
        raise DataError(
            f"{name}: {amount(len(given.mismatches), 'sentence')} cannot be taken, so none is "
            "(--skip-broken takes the rest)"
        )
    with open_store(store) as opened:
        results = opened.add_all(
            _prepared(correction, status=status, by=by, mask=mask, trim=trim)
            for correction, _ in given.corrections
        )
        where = opened.name
    counts = {kind: sum(result == kind for _, result in results) for kind in ("added", "reviewed", "unchanged")}
    said = [f"{number} {kind}" for kind, number in counts.items() if number] or ["nothing new"]
    if given.unlabelled:
        said.append(f"{given.unlabelled} not labelled yet")
    if given.mismatches:
        said.append(f"{len(given.mismatches)} left out")
    note(f"{where}: {', '.join(said)}")


def interface(
    label: Annotated[
        list[str] | None,
        typer.Option("--label", metavar="LABEL", help="A label (repeatable; else the bundle's)."),
    ] = None,
    bundle: Annotated[str, typer.Option("--bundle", "-b", help="The bundle whose labels they are.")] = "ko-chat",
    from_name: FromName = "label",
    to_name: ToName = "text",
) -> None:
    """Print the labelling interface of Label Studio for such tasks, to paste into a project's settings.

    Example: ner-engine feedback interface --bundle ko-chat
    """
    from ner_engine.bundle import load_bundle

    labels = label or load_bundle(bundle).labels
    typer.echo(config(labels, from_name=from_name, to_name=to_name), nl=False)


def _prepared(correction: Correction, *, status: str | None, by: str, mask: bool, trim: bool) -> Correction:
    if status is not None and status != correction.status:
        reviewed = None if status == "pending" else datetime.now(UTC)
        correction = replace(correction, status=status, reviewed_by=by if reviewed else "", reviewed_at=reviewed)
    if trim:
        correction = replace(correction, entities=tuple(_trimmed(correction)))
    return masked_correction(correction) if mask else correction


def _trimmed(correction: Correction) -> Iterator[Span]:
    for span in correction.entities:
        surface = correction.text[span.start : span.end]
        start = span.start + len(surface) - len(surface.lstrip())
        end = start + len(surface.strip())
        if start < end:
            yield Span(start, end, span.label)


def _source_of(data: bytes) -> str:
    """What a file's corrections come from, where nobody named the format."""
    return "labelstudio" if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[") else "import"


def _tell(given: Given, *, trim: bool) -> None:
    for kind, told in (("", given.mismatches), ("warning: ", () if trim else given.warnings)):
        for one in told[:_SHOWN]:
            note(f"{one.place}: {kind}{one.message}")
        if len(told) > _SHOWN:
            note(f"and {len(told) - _SHOWN} more")
