"""The ``ner-engine`` command: parses, calls ordinary functions, prints.

Exit status 0 is done, 1 the job failed, 2 wrong use. An error of the package becomes one line on stderr;
``--debug`` shows its traceback.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from ner_engine.cli.bot import app as bot_app
from ner_engine.cli.chat import chat
from ner_engine.cli.corpus import app as corpus_app
from ner_engine.cli.distill import distill
from ner_engine.cli.doctor import doctor
from ner_engine.cli.evaluate import evaluate_command
from ner_engine.cli.extract import extract
from ner_engine.cli.feedback import app as feedback_app
from ner_engine.cli.label import label
from ner_engine.cli.models import app as models_app
from ner_engine.cli.models_check import check
from ner_engine.cli.new_domain import new_domain_command
from ner_engine.cli.pretrain import pretrain
from ner_engine.cli.retrain import retrain
from ner_engine.cli.rules import app as rules_app
from ner_engine.cli.serve import keys_app, serve
from ner_engine.cli.suggest import suggest
from ner_engine.cli.train import train
from ner_engine.cli.vectors import vectors
from ner_engine.errors import NerEngineError

__all__ = ["app", "main"]

app = typer.Typer(
    name="ner-engine",
    help="Korean named-entity engine for chatbots.",
    epilog="Example: ner-engine extract '내일 저녁 7시에 강남역에서 만나자'",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
app.command()(chat)
app.command()(extract)
app.command()(serve)
app.command()(train)
app.command()(retrain)
app.command()(distill)
app.command()(pretrain)
app.command()(suggest)
app.command(name="new-domain")(new_domain_command)
app.command()(vectors)
app.command()(doctor)
app.command(name="evaluate")(evaluate_command)
corpus_app.command()(label)
models_app.command()(check)
app.add_typer(bot_app, name="bot")
app.add_typer(corpus_app, name="corpus")
app.add_typer(feedback_app, name="feedback")
app.add_typer(keys_app, name="keys")
app.add_typer(models_app, name="models")
app.add_typer(rules_app, name="rules")


def _version(wanted: bool) -> None:
    if wanted:
        from ner_engine import __version__

        typer.echo(f"ner-engine {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Korean named-entity engine for chatbots: extract entities, talk to the bot, train, evaluate."""


def main() -> None:
    """Entry point of the console script. ``--debug`` counts wherever it stands."""
    debug = "--debug" in sys.argv[1:]
    sys.argv = [argument for argument in sys.argv if argument != "--debug"]
    try:
        app()
    except NerEngineError as error:
        if debug:
            raise
        typer.echo(f"ner-engine: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        # the reader of our output went away (as in `| head`): nothing is left to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        if debug:
            raise
        typer.echo(f"ner-engine: {error.filename or ''}: {error.strerror or error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
