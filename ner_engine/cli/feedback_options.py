"""The options that the commands of ``ner-engine feedback`` share, and the corrections that they choose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import typer

from ner_engine.feedback import Correction, FeedbackStore
from ner_engine.feedback.selection import Wanted
from ner_engine.values import Clock

__all__ = [
    "All",
    "AsJson",
    "Bundle",
    "By",
    "Consent",
    "FromName",
    "Ids",
    "Label",
    "OfWhom",
    "Rehearse",
    "Since",
    "SomeIds",
    "Source",
    "Store",
    "Superseded",
    "TextKey",
    "ToName",
    "Unit",
    "Words",
    "one_of",
    "selected",
    "wanted_by",
]


def one_of(*names: str) -> Callable[[str | None], str | None]:
    """A callback for an option that is one of these, or not given."""

    def check(given: str | None) -> str | None:
        if given and given not in names:
            raise typer.BadParameter(f"expected one of {', '.join(names)}; got {given!r}")
        return given

    return check


Store = Annotated[
    str,
    typer.Option(
        "--store", metavar="URL|FILE", envvar="NER_ENGINE_FEEDBACK", help="A database, or a file of JSON Lines."
    ),
]
Since = Annotated[str, typer.Option(metavar="DATE", help="Only from this ISO date (or time) on, in Seoul.")]
Bundle = Annotated[str, typer.Option(metavar="NAME[@VERSION]", help="Only of what this bundle had found.")]
OfWhom = Annotated[str, typer.Option("--of", metavar="NAME", help="Only those made by this person or key.")]
Source = Annotated[str, typer.Option(metavar="NAME", help="Only from there: console, service, doccano, ...")]
Label = Annotated[str, typer.Option(help="Only with this label, before or after the correction.")]
Words = Annotated[str, typer.Option("--text", metavar="WORDS", help="Only where the text has these words.")]
Consent = Annotated[
    bool | None, typer.Option("--consent/--no-consent", help="Only with, or without, consent to train on it.")
]
Superseded = Annotated[
    bool, typer.Option("--superseded", help="Also those that a later correction took the place of.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON Lines for machines.")]
Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids, or how they begin.")]
SomeIds = Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="Ids, or how they begin.")]
By = Annotated[
    str, typer.Option("--by", metavar="NAME", envvar="NER_ENGINE_BY", help="Who you are; it is noted.")
]
All = Annotated[bool, typer.Option("--all", help="All that are pending, or those of them that the options name.")]
Rehearse = Annotated[bool, typer.Option("--dry-run", help="Only show which they are.")]
Unit = Annotated[
    str,
    typer.Option(
        "--doccano-offsets",
        callback=one_of("utf-16", "code-points"),
        help="What doccano's offsets count: utf-16 as in a browser, or code-points.",
    ),
]
FromName = Annotated[str, typer.Option(help="Label Studio: the name of the Labels tag.")]
ToName = Annotated[str, typer.Option(help="Label Studio: the name of the Text tag.")]
TextKey = Annotated[str, typer.Option(help="Label Studio: the key of the text in a task's data.")]


def wanted_by(
    status: str = "",
    since: str = "",
    bundle: str = "",
    of: str = "",
    source: str = "",
    label: str = "",
    text: str = "",
    consent: bool | None = None,
) -> Wanted:
    """What the options choose. Raises BadParameter for a date that is none."""
    at = None
    if since:
        try:
            at = Clock.at(datetime.fromisoformat(since)).now
        except ValueError:
            raise typer.BadParameter(
                f"expected a date such as 2026-07-01; got {since!r}", param_hint="--since"
            ) from None
    return Wanted(
        status=status, since=at, bundle=bundle, by=of, source=source, consent=consent, label=label, words=text
    )


def selected(store: FeedbackStore, wanted: Wanted, *, superseded: bool = False) -> list[Correction]:
    """The corrections of a store that are wanted."""
    found = store.list(status=wanted.status, since=wanted.since, superseded=superseded)
    return [correction for correction in found if wanted.takes(correction)]
