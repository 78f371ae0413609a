"""``ner-engine chat``: the terminal around the chatbot's console loop."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ner_engine.cli.clock import fixed_clock
from ner_engine.spans import Entity

if TYPE_CHECKING:
    from ner_engine.chatbot import Rules
    from ner_engine.chatbot.correction.correcting import Corrector
    from ner_engine.chatbot.store.database import Store
    from ner_engine.engine import Engine

__all__ = ["BY", "chat"]

SESSION = "console"
BY = "NER_ENGINE_BY"  # the environment's name for who is at the keyboard


def chat(
    bundle: Annotated[
        str | None, typer.Option("--bundle", "-b", help="Model bundle: a name or a directory.")
    ] = None,
    bot: Annotated[
        str | None,
        typer.Option("--bot", metavar="NAME|PATH", help="A bot that comes with the package, or a rule file."),
    ] = None,
    rules: Annotated[
        Path | None, typer.Option("--rules", help="Rule file (YAML); without it the restaurant's.")
    ] = None,
    db: Annotated[
        str | None,
        typer.Option("--db", metavar="URL", help="Keep conversations and records: a file, or a database URL."),
    ] = None,
    session: Annotated[
        str | None,
        typer.Option("--session", metavar="ID", help=f"With --db: the conversation to go on with ({SESSION})."),
    ] = None,
    corrections: Annotated[
        str,
        typer.Option(
            "--store",
            "--corrections",
            metavar="URL|FILE",
            envvar="NER_ENGINE_FEEDBACK",
            help="Where /fix saves corrected sentences: a database or FILE.jsonl (./feedback.db; "
            "./corrections.jsonl without the extra store).",
            show_default=False,
        ),
    ] = "",
    by: Annotated[
        str, typer.Option("--by", metavar="NAME", envvar=BY, help="Who corrects, for what /fix saves.")
    ] = "",
    consent: Annotated[
        bool, typer.Option("--consent", help="Whoever types agrees that what /fix saves is trained on.")
    ] = False,
    mask: Annotated[
        bool, typer.Option("--mask", help="/fix saves without names, telephone numbers and the like.")
    ] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="Replies only: no prompt, no colour. Always so in a pipe.")
    ] = False,
    no_colour: Annotated[
        bool,
        typer.Option("--no-colour", "--no-color", help="No colours (so, too, where NO_COLOR is set)."),
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="Shifts which wording of a reply comes first.")] = 0,
    now: Annotated[
        str | None, typer.Option("--now", metavar="ISO", help="Fix the clock, such as 2026-07-23T17:00.")
    ] = None,
) -> None:
    """Talk to a chatbot: the restaurant's takes orders and reservations. /help lists the console's commands.

    \b
    Examples:
      ner-engine chat
      ner-engine chat --bot clinic --db clinic.db
      printf '짜장면 두 그릇 주세요\\n그게 다예요\\n네\\n' | ner-engine chat --plain
    """
    from ner_engine.chatbot import load_rules, shipped_bots
    from ner_engine.chatbot.correction.correcting import Corrector

    if bot is not None and bot not in shipped_bots() and not Path(bot).exists():
        known = ", ".join(shipped_bots())
        raise typer.BadParameter(f"expected {known} or a rule file; got {bot!r}", param_hint="--bot")
    if bot is not None and rules is not None:
        raise typer.BadParameter("expected --bot or --rules; got both", param_hint="--rules")
    if session is not None and db is None:
        raise typer.BadParameter("expected --db as well: without it nothing is kept", param_hint="--session")
    clock = _clock(now)
    loaded = load_rules(bot if bot is not None else rules)
    with contextlib.ExitStack() as closing:
        store = None if db is None else closing.enter_context(_store(db))
        corrector = Corrector(by=by, consent=consent, mask=mask)
        talk = _Talk(loaded, _engine(bundle), clock, store, session or SESSION, corrections, corrector, seed)
        if plain or not (sys.stdin.isatty() and sys.stdout.isatty()):
            try:
                talk.hold(_piped_lines(), lambda speech: typer.echo(speech.text))
            except BrokenPipeError:
                # the reader went away (as in `| head -1`): nothing is left to say, not even at exit
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        else:
            _on_terminal(talk, colour=not (no_colour or os.environ.get("NO_COLOR")))


class _Talk:
    """All that a conversation needs beside the lines and the way to show speech."""

    def __init__(
        self,
        rules: Rules,
        engine: Engine,
        clock: Callable[[], datetime],
        store: Store | None,
        session: str,
        corrections: str,
        corrector: Corrector,
        seed: int,
    ) -> None:
        self.rules, self._engine, self._clock, self._store = rules, engine, clock, store
        self._session, self._corrections, self._corrector, self._seed = session, corrections, corrector, seed

    def find(self, text: str) -> Sequence[Entity]:
        """What the engine finds, by the bot's clock."""
        return self._engine.extract(text, now=self._clock())

    def recognised(self, text: str) -> Sequence[Entity]:
        """What the engine finds, and what the bot knows by itself."""
        from ner_engine.chatbot.pages import recognised

        return recognised(self.rules, text, self.find(text))

    def hold(self, lines: Iterator[str], say: Callable[[Any], None], *, echo: bool = False) -> None:
        """The conversation, from the greeting to the leave."""
        from ner_engine.chatbot.bot import Bot
        from ner_engine.chatbot.console import Tagger, converse

        engine, store = self._engine, self._store
        bot = Bot(self.rules, self.find, store=store, clock=self._clock, seed=self._seed)
        kept = [] if store is None else store.transcript(self._session, bot=self.rules.name)
        converse(
            bot,
            lines,
            say,
            clock=self._clock,
            session=self._session,
            seed=self._seed,
            echo=self.find if echo else None,
            tagger=Tagger(
                engine.labels, engine.bundle.name, engine.explain, name="engine", version=engine.bundle.tag
            ),
            corrections=self._corrections,
            corrector=self._corrector,
            earlier=[(turn.text, turn.reply) for turn in kept],
        )


def _on_terminal(talk: _Talk, *, colour: bool) -> None:
    from rich.console import Console

    from ner_engine.chatbot.console import COMMANDS, Speech
    from ner_engine.cli.history import state_folder
    from ner_engine.cli.spoken import painted_speech
    from ner_engine.cli.typed import can_colour_typing, plain_lines, typed_lines

    console = Console(highlight=False, no_color=not colour)
    live = can_colour_typing(os.environ)

    def show(speech: Speech) -> None:
        # A line that was typed stands on the screen already, unless it was wiped off for this.
        if live or speech.kind != "echo" or speech.entities:
            console.print(painted_speech(speech, prompt="> " if live else "  "))

    if live:
        lines = typed_lines(
            talk.recognised,
            commands=tuple(COMMANDS),
            history=state_folder(os.environ) / "chat-history",
            colour=colour,
            longest=talk.rules.max_chars,
        )
    else:
        lines = plain_lines(typer.echo)
    with contextlib.closing(lines):
        talk.hold(lines, show, echo=True)


def _clock(now: str | None) -> Callable[[], datetime]:
    """The clock on the shop's wall, which has no zone: what was given stands still, else the time in Seoul."""
    from ner_engine.chatbot.bot import seoul_time

    given = fixed_clock(now)
    if given is None:
        return seoul_time
    fixed = given.replace(tzinfo=None)
    return lambda: fixed


def _engine(bundle: str | None) -> Engine:
    import ner_engine

    return ner_engine.load() if bundle is None else ner_engine.load(bundle)


def _store(where: str) -> Store:
    from ner_engine.chatbot.store.database import Store

    return Store.open(where)


def _piped_lines() -> Iterator[str]:
    """Standard input line by line; bytes that are no UTF-8 become replacement characters."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    yield from sys.stdin
