"""``ner-engine serve``: the service, until it is stopped. ``ner-engine keys``: who may use it."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from ner_engine.errors import ConfigError

__all__ = ["keys_app", "serve"]

keys_app = typer.Typer(
    no_args_is_help=True,
    help="Make, list and revoke API keys of the service. Example: ner-engine keys new --name shop",
)

_KeysFile = Annotated[
    str, typer.Option("--keys", envvar="NER_ENGINE_KEYS", metavar="FILE", help="The file of hashed keys.")
]


def serve(
    config: Annotated[
        str | None, typer.Option(metavar="FILE", help="Settings as TOML (see --show-config for all keys).")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (8000; 0: any that is free).")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that answer (1).")] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[@VERSION]|NAME=BUNDLE", help="A bundle to answer with (ko-chat; repeatable)."),
    ] = None,
    registry: Annotated[
        str | None,
        typer.Option("--models", metavar="DIR", help="Where versions of bundles are kept (./models)."),
    ] = None,
    rules: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Dictionary or patterns beside the models (repeatable)."),
    ] = None,
    bot: Annotated[
        str | None, typer.Option(help="Rule file of the chatbot, or the name of a shipped one.")
    ] = None,
    database: Annotated[str | None, typer.Option(metavar="URL", help="Where conversations are kept.")] = None,
    feedback: Annotated[
        str | None, typer.Option(metavar="URL|FILE", help="Where corrected sentences go (./feedback.db).")
    ] = None,
    keys: Annotated[str | None, typer.Option(metavar="FILE", help="Ask for API keys of this file.")] = None,
    cors_origin: Annotated[
        list[str] | None, typer.Option(metavar="ORIGIN", help="A site whose pages may call this (repeatable).")
    ] = None,
    insecure: Annotated[
        bool | None, typer.Option("--insecure", help="Listen beyond this machine without keys.")
    ] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error (info).")] = None,
    log_texts: Annotated[
        bool | None, typer.Option("--log-texts", help="Log texts too, without their personal data.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any other setting (repeatable).")
    ] = None,
    show_config: Annotated[
        bool, typer.Option("--show-config", help="Print the settings as TOML, without secrets, and stop.")
    ] = False,
) -> None:
    """Serve the engine and the chatbot over HTTP, with a page to try them.

    A flag outweighs NER_ENGINE_<KEY> in the environment, that the file, and that the defaults. A version that is
    promoted answers within seconds; SIGHUP loads all bundles anew; SIGTERM and Ctrl+C stop in order.

    \b
    Examples:
      ner-engine serve
      ner-engine serve --host 0.0.0.0 --keys keys.jsonl --workers 4 --database sqlite:///chat.db
      ner-engine serve --model ko-chat --model news=ko-news --set max_concurrent=64 --show-config
    """
    from ner_engine.service.settings import read_settings

    flags: dict[str, Any] = {
        "host": host, "port": port, "workers": workers, "models": model or None, "registry": registry,
        "rules": rules or None,
        "bot": bot, "database": database, "feedback": feedback, "keys": keys,
        "cors_origins": cors_origin or None, "insecure": insecure, "log_level": log_level,
        "log_texts": log_texts,
    }  # fmt: skip
    settings = read_settings(config, environment=os.environ, flags=_settings(set_ or []) | _given(flags))
    if show_config:
        typer.echo(settings.shown(), nl=False)
        return
    from ner_engine.service.serving import serve as serve_

    status = serve_(settings, announce=lambda url: typer.echo(f"ner-engine: {url} (Ctrl+C stops)", err=True))
    if status:
        raise typer.Exit(status)


def _given(flags: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in flags.items() if value is not None}


def _settings(written: list[str]) -> dict[str, Any]:
    """``["max_texts=10"]`` as flags. Raises ConfigError."""
    found = {}
    for one in written:
        key, sign, value = one.partition("=")
        if not sign or not key.strip():
            raise ConfigError(f"--set: expected KEY=VALUE; got {one!r:.80}")
        found[key.strip().replace("-", "_")] = value
    return found


@keys_app.command()
def new(
    keys: _KeysFile = "keys.jsonl",
    name: Annotated[str, typer.Option(help="Whose it is, for the list.")] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option(help="extract, feedback or admin (repeatable; extract where none is given)."),
    ] = None,
) -> None:
    """Make a key. It is printed here, once; the file keeps only its hash.

    \b
    Example: ner-engine keys new --keys keys.jsonl --name shop --scope extract --scope feedback
    """
    from ner_engine.service.keys import new_key

    secret, key = new_key(keys, name=name, scopes=scope or ["extract"])
    typer.echo(secret)
    typer.echo(f"{key.id}: {', '.join(sorted(key.scopes))}; in {keys}. The key is not shown again.", err=True)


@keys_app.command(name="list")
def list_(keys: _KeysFile = "keys.jsonl") -> None:
    """List the keys: id, scopes, when it was made, name.

    Example: ner-engine keys list --keys keys.jsonl
    """
    from ner_engine.service.keys import read_keys

    for key in read_keys(keys):
        typer.echo(f"{key.id}\t{','.join(sorted(key.scopes))}\t{key.created}\t{key.name}")


@keys_app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The id that keys list shows.")],
    keys: _KeysFile = "keys.jsonl",
) -> None:
    """Take a key out of the file; a running service takes it no longer, within a second or two.

    Example: ner-engine keys revoke 3f9a --keys keys.jsonl
    """
    from ner_engine.service.keys import revoke_key

    gone = revoke_key(keys, key_id)
    typer.echo(f"{gone.id} {gone.name} is revoked", err=True)
