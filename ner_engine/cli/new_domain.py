"""``ner-engine new-domain``: a name and labels in, the folder of a domain to begin with out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["new_domain_command"]


def new_domain_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits, hyphens.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Where to (default: ./NAME); must be new."),
    ] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option(
            "--labels",
            metavar="LABEL=이름,...",
            help="Its own labels, each with a Korean name; PS, DT and TI are there anyway. Repeatable.",
        ),
    ] = None,
) -> None:
    """Write all that a domain of its own begins with: a label guideline, lexicons, a grammar for the generator,
    utterances to evaluate on, a recipe, a bot and a transcript.

    What it writes works as it is: corpus generate, train, evaluate, bot lint, bot test and chat run on it. Its
    README.md says in which order to make it yours.

    \b
    Examples:
      ner-engine new-domain repair-desk
      ner-engine new-domain clinic --labels SYMPTOM=증상,BODY=몸,DEPARTMENT=진료과 -o domains/clinic
    """
    from ner_engine.domains import new_domain, parse_labels

    written = new_domain(name, output, labels=parse_labels(labels) if labels else None)
    for path in written:
        typer.echo(str(path))
    folder = output or Path(name)
    typer.echo(
        f"next: read {folder}/README.md; ner-engine corpus generate -n 20 --source {folder} --to inline", err=True
    )
