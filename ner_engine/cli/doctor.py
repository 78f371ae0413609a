"""``ner-engine doctor``: what is wrong with this installation, and the commands that mend it."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from typing import Annotated

import typer

from ner_engine.cli.colours import visible

__all__ = ["doctor"]

_COLOURS = {"ok": "green", "off": "bright_black", "warn": "yellow", "fail": "red"}


def doctor(
    bundle: Annotated[str, typer.Option("--bundle", "-b", help="The bundle that is timed.")] = "ko-chat",
    models: Annotated[
        str, typer.Option(metavar="DIR", help="The registry (NER_ENGINE_REGISTRY, else ./models).")
    ] = "",
    store: Annotated[
        str,
        typer.Option(metavar="URL|FILE", help="The corrections (NER_ENGINE_FEEDBACK, else ./feedback.db)."),
    ] = "",
    host: Annotated[str, typer.Option(help="Where the service would listen.")] = "",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Its port (0: as its settings say).")] = 0,
    only: Annotated[
        list[str] | None, typer.Option(metavar="CHECK", help="Only this check, as lines name it (repeatable).")
    ] = None,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Load each of konlpy's Java analysers too; takes a while.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit status 1 for warnings too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON Lines for machines.")] = False,
) -> None:
    """Look over Python, packages, analysers, Java, bundles, stores, terminal and speed.

    What is not in order comes with the command that mends it. Nothing is written and nothing sent anywhere. Exit
    status 1 where something fails.

    \b
    Examples:
      ner-engine doctor
      ner-engine doctor --only bundles --only extraction --json
    """
    from ner_engine.doctor import CHECKS, FAIL, WARN, Asked, examine

    names = [check.name for check in CHECKS]
    for name in only or ():
        if name not in names:
            raise typer.BadParameter(f"expected one of {', '.join(names)}; got {name!r}", param_hint="--only")
    began = time.monotonic()
    asked = Asked(
        bundle=bundle,
        models=models,
        store=store,
        host=host,
        port=port,
        output=_encoding(sys.stdout),
        input=_encoding(sys.stdin),
        interactive=sys.stdout.isatty(),
        thorough=thorough,
    )
    counts: Counter[str] = Counter()
    for found in examine(asked, only=only or (), timeout_s=300.0 if thorough else 120.0):
        counts[found.status] += 1
        if as_json:
            typer.echo(json.dumps(found.to_dict()))
            continue
        name = f"{found.check} {found.subject}".strip()
        status = typer.style(f"{found.status:<4}", fg=_COLOURS[found.status])
        _say(f"{status}  {name:<16}  ", found.message)
        if found.mend:
            _say(" " * 6 + "mend: ", found.mend)
    said = ", ".join(f"{counts[status]} {status}" for status in _COLOURS if counts[status])
    typer.echo(f"{said} in {time.monotonic() - began:.1f} s", err=True)
    if counts[FAIL] or (strict and counts[WARN]):
        raise typer.Exit(1)


def _encoding(stream: object) -> str:
    """The encoding of a stream; ``""`` for none."""
    return str(getattr(stream, "encoding", None) or "")


def _say(head: str, text: str) -> None:
    """One line, whatever the terminal cannot write spelt out: this command is for terminals that cannot."""
    encoding = _encoding(sys.stdout) or "ascii"
    line = visible(text).replace("\n", " ").replace("\t", " ")
    try:
        known = line.encode(encoding, "backslashreplace").decode(encoding)
    except LookupError:
        known = line.encode("ascii", "backslashreplace").decode("ascii")
    typer.echo(head + known)
