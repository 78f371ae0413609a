"""``ner-engine chat``: the terminal around the chatbot's console loop."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ner_engine.cli.clock import fixed_clock
from ner_engine.spans import Entity

__all__ = ["chat"]


def chat(
    bundle: Annotated[
        str | None, typer.Option("--bundle", "-b", help="Model bundle: a name or a directory.")
    ] = None,
    rules: Annotated[
        Path | None, typer.Option("--rules", help="Rule file (YAML); without it the restaurant's.")
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Replies only: no prompt, no colour. Always so in a pipe.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="Shifts which wording of a reply comes first.")] = 0,
    now: Annotated[
        str | None, typer.Option("--now", metavar="ISO", help="Fix the clock, such as 2026-07-23T17:00.")
    ] = None,
) -> None:
    """Talk to the restaurant's chatbot: order, reserve, ask about the menu.

    \b
    Examples:
      ner-engine chat
      printf '짜장면 두 그릇 주세요\\n그게 다예요\\n네\\n' | ner-engine chat --plain
    """
    from ner_engine.chatbot import Speech, converse, load_rules

    clock = _clock(now)
    loaded = load_rules(rules)
    extract = _extractor(bundle)
    if plain or not (sys.stdin.isatty() and sys.stdout.isatty()):
        try:
            converse(
                loaded, extract, _piped_lines(), lambda speech: typer.echo(speech.text), clock=clock, seed=seed
            )
        except BrokenPipeError:
            # the reader went away (as in `| head -1`): nothing is left to say, not even at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return

    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    styles = {"bot": "bold cyan", "info": "dim"}

    def show(speech: Speech) -> None:
        console.print(Text(speech.text, style=styles[speech.kind]))

    converse(loaded, extract, _typed_lines(), show, clock=clock, seed=seed)


def _clock(now: str | None) -> Callable[[], datetime]:
    given = fixed_clock(now)
    if given is None:
        return datetime.now
    fixed = given.replace(tzinfo=None)  # the bot compares with clock times of the shop, which have no zone
    return lambda: fixed


def _extractor(bundle: str | None) -> Callable[[str], Sequence[Entity]]:
    import ner_engine

    engine = ner_engine.load() if bundle is None else ner_engine.load(bundle)
    return lambda text: engine.extract(text)


def _piped_lines() -> Iterator[str]:
    """Standard input line by line; bytes that are no UTF-8 become replacement characters."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    yield from sys.stdin


def _typed_lines() -> Iterator[str]:
    """What the user types, with line editing and history, until Ctrl-D or Ctrl-C."""
    with contextlib.suppress(ImportError):  # not on every platform
        import readline  # noqa: F401  (importing it is what gives input() its history)
    while True:
        try:
            yield input("> ")
        except (EOFError, KeyboardInterrupt):
            typer.echo()
            return
