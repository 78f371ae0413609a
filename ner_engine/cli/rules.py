"""``ner-engine rules``: dictionaries and pattern files in, what is wrong with them out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ner_engine.datasets.corpus import ERROR
from ner_engine.rules.lint import lint as find_problems

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Check dictionaries (.csv, .tsv, .jsonl) and patterns (.toml).",
)


@app.callback()
def _root() -> None:
    """Check dictionaries (.csv, .tsv, .jsonl) and patterns (.toml)."""


@app.command()
def lint(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Dictionaries and pattern files.")],
    labels: Annotated[
        list[str] | None,
        typer.Option("--label", metavar="LABEL", help="A label that is allowed; may be repeated."),
    ] = None,
    ignore_spaces: Annotated[
        bool, typer.Option("--ignore-spaces", help="The gazetteer will be searched without regard to spaces.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit status 1 for warnings too.")] = False,
    errors_only: Annotated[bool, typer.Option("--errors-only", help="Leave warnings out.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON for machines.")] = False,
) -> None:
    """List every problem with its file and line. Exit status 1 where one is an error.

    Files given together are compared with each other: duplicates, and forms with several labels.

    Example: ner-engine rules lint menu.tsv places.csv patterns.toml --label FOOD --label LC
    """
    problems = find_problems(paths, labels=labels or (), ignore_spaces=ignore_spaces)
    for problem in problems:
        if problem.level != ERROR and errors_only:
            continue
        if as_json:
            typer.echo(json.dumps(problem.to_dict(), ensure_ascii=False))
        else:
            where = f"{problem.path}:{problem.line}" if problem.line else problem.path
            typer.echo(f"{where}: {problem.level}: {problem.message} [{problem.code}]")
    errors = sum(problem.level == ERROR for problem in problems)
    typer.echo(f"{len(paths)} files: {errors} errors, {len(problems) - errors} warnings", err=True)
    if errors or (strict and problems):
        raise typer.Exit(1)
