"""``ner-engine corpus label``: raw sentences and a table of counts in, annotated sentences out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ner_engine.datasets import read, write
from ner_engine.errors import MissingExtra

__all__ = ["label"]


def label(
    raw: Annotated[Path, typer.Argument(metavar="RAW", help="The sentences that the table counts.")],
    counts: Annotated[
        Path, typer.Option(metavar="TABLE.tsv", help="Form, fine label and count, separated by tabs.")
    ],
    bundle: Annotated[
        str, typer.Option("--bundle", "-b", help="The tagger that decides: a name or a directory.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write, in JSON Lines.")],
    source: Annotated[str | None, typer.Option("--from", help="Format read (default: from the content).")] = None,
) -> None:
    """Annotate raw sentences from how often each form is mentioned in them. What stays open gets the label ?.

    Example: ner-engine corpus label train.raw.tsv --counts counts.tsv --bundle ko-chat -o train.jsonl
    """
    try:
        from ner_engine.training.teacher import load_teacher
        from ner_engine.training.weak import label_from_counts, read_counts
    except ModuleNotFoundError as error:
        raise MissingExtra(f"labelling ({error.name} is not installed)", extra="train") from None

    if output.resolve() in (raw.resolve(), counts.resolve()):
        raise typer.BadParameter(f"expected another file than the input; got {output}", param_hint="--output")
    table = read_counts(counts)
    sentences = read(raw, format=source).sentences
    labelled, report = label_from_counts(sentences, table, load_teacher(bundle))
    write(labelled, output, format="jsonl")
    typer.echo(
        f"{output}: {len(labelled):,} sentences; of {report.counted:,} mentions counted {report.sure:,} are "
        f"placed by the tagger and {report.forced:,} by the counts; {report.open_places:,} places are open, and "
        f"{report.contradicted:,} more where the tagger contradicts the counts",
        err=True,
    )
