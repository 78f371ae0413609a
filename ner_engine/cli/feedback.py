"""``ner-engine feedback``: the store of corrections in, lists and decisions out (files: ``feedback_files``)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated

import typer

from ner_engine.cli.corrected import amount, details, inline, json_lines, note, say, show_counts, table
from ner_engine.cli.feedback_files import register
from ner_engine.cli.feedback_options import (
    All,
    AsJson,
    Bundle,
    By,
    Consent,
    Ids,
    Label,
    OfWhom,
    Rehearse,
    Since,
    SomeIds,
    Source,
    Store,
    Superseded,
    Words,
    one_of,
    selected,
    wanted_by,
)
from ner_engine.feedback import DEFAULT_STORE, STATUSES, open_store
from ner_engine.feedback.counting import count_corrections
from ner_engine.feedback.selection import Wanted
from ner_engine.values import Clock

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Corrections: list, review, and carry to labelling tools and back. Example: ner-engine feedback list",
)
register(app)


@app.command(name="list")
def list_(
    store: Store = DEFAULT_STORE,
    status: Annotated[str, typer.Option(callback=one_of(*STATUSES), help="Only of this status.")] = "",
    since: Since = "",
    bundle: Bundle = "",
    of: OfWhom = "",
    source: Source = "",
    label: Label = "",
    text: Words = "",
    consent: Consent = None,
    superseded: Superseded = False,
    last: Annotated[int | None, typer.Option("--last", "-n", min=1, help="Only the last so many.")] = None,
    as_json: AsJson = False,
) -> None:
    """List corrections, the newest at the end: a table on a terminal, else tab-separated lines.

    Example: ner-engine feedback list --status pending --label PS
    """
    wanted = wanted_by(status, since, bundle, of, source, label, text, consent)
    with open_store(store, create=False) as opened:
        found = selected(opened, wanted, superseded=superseded)
    found = found if last is None else found[-last:]
    if as_json:
        json_lines(correction.to_dict() for correction in found)
        return
    rows = [
        (one.id, one.status, f"{Clock.at(one.at).now:%m-%d %H:%M}", one.by or one.source, one.bundle, inline(one))
        for one in found
    ]
    table(("id", "status", "at", "by", "bundle", "sentence"), rows)


@app.command()
def show(ids: Ids, store: Store = DEFAULT_STORE, as_json: AsJson = False) -> None:
    """Show corrections in full: what was found, what is right, who said so and when.

    Example: ner-engine feedback show 5f0a1b
    """
    with open_store(store, create=False) as opened:
        found = opened.find(ids)
    if as_json:
        json_lines(correction.to_dict() for correction in found)
        return
    for number, one in enumerate(found):
        if number:
            typer.echo("")
        for name, value in details(one):
            say(f"{name:<10} {value}")


@app.command()
def stats(
    store: Store = DEFAULT_STORE,
    status: Annotated[str, typer.Option(callback=one_of(*STATUSES), help="Only of this status.")] = "",
    since: Since = "",
    bundle: Bundle = "",
    as_json: AsJson = False,
) -> None:
    """Count the corrections, and what was wrong with each label: missing, wrong, with other borders, renamed.

    Example: ner-engine feedback stats --since 2026-07-01
    """
    with open_store(store, create=False) as opened:
        found = selected(opened, wanted_by(status, since, bundle))
    counted = count_corrections(found)
    if as_json:
        typer.echo(json.dumps(counted.to_dict(), ensure_ascii=False))
        return
    show_counts(counted)


@app.command()
def approve(
    ids: SomeIds = None,
    store: Store = DEFAULT_STORE,
    by: By = "",
    every: All = False,
    since: Since = "",
    bundle: Bundle = "",
    of: OfWhom = "",
    source: Source = "",
    label: Label = "",
    text: Words = "",
    consent: Consent = None,
    dry_run: Rehearse = False,
) -> None:
    """Approve corrections: what `feedback export` writes for training.

    \b
    Examples:
      ner-engine feedback approve 5f0a1b 77c2 --by 서연
      ner-engine feedback approve --all --source console --since 2026-07-01
    """
    wanted = wanted_by("pending", since, bundle, of, source, label, text, consent)
    _decide(store, "approved", ids or [], every, wanted, by=by, dry_run=dry_run)


@app.command()
def reject(
    ids: SomeIds = None,
    store: Store = DEFAULT_STORE,
    by: By = "",
    every: All = False,
    since: Since = "",
    bundle: Bundle = "",
    of: OfWhom = "",
    source: Source = "",
    label: Label = "",
    text: Words = "",
    consent: Consent = None,
    dry_run: Rehearse = False,
) -> None:
    """Reject corrections: they are kept, and not trained on.

    Example: ner-engine feedback reject 5f0a1b --by 서연
    """
    wanted = wanted_by("pending", since, bundle, of, source, label, text, consent)
    _decide(store, "rejected", ids or [], every, wanted, by=by, dry_run=dry_run)


@app.command()
def forget(ids: Ids, store: Store = DEFAULT_STORE) -> None:
    """Delete corrections for good, as for somebody who asks for it. To keep one out of training, reject it.

    Example: ner-engine feedback forget 5f0a1b
    """
    with open_store(store, create=False) as opened:
        removed = opened.remove([correction.id for correction in opened.find(ids)])
    note(f"deleted: {amount(removed, 'correction')}")


def _decide(
    where: str, status: str, ids: Sequence[str], every: bool, wanted: Wanted, *, by: str, dry_run: bool
) -> None:
    """Approve or reject those named, or all that are pending and wanted."""
    narrowed = wanted != Wanted(status="pending")
    if bool(ids) == every:
        raise typer.BadParameter("expected ids, or --all; got " + ("both" if every else "neither"))
    if ids and narrowed:
        raise typer.BadParameter("options that choose go with --all; got ids as well")
    with open_store(where, create=False) as store:
        chosen = selected(store, wanted) if every else store.find(ids)
        if dry_run:
            for one in chosen:
                say(f"{one.id}\t{one.status}\t{inline(one)}")
            note(f"would be {status}: {amount(len(chosen), 'correction')}")
            return
        changed = store.set_status([one.id for one in chosen], status, by=by)
    already = len(chosen) - len(changed)
    note(f"{status}: {amount(len(changed), 'correction')}" + (f" ({already} already)" if already else ""))
