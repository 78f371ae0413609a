"""``ner-engine models promote|rollback|history|gc``: which version of a bundle is in use."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ner_engine.registry import Registry, Version

__all__ = ["Models", "gc", "history", "promote", "rollback", "whoever"]

Models = Annotated[
    Path | None,
    typer.Option("--models", metavar="DIR", help="The registry (NER_ENGINE_REGISTRY, else ./models)."),
]
_By = Annotated[
    str | None,
    typer.Option(envvar="NER_ENGINE_BY", help="Who does it, for the history (default: who runs this)."),
]
_Reason = Annotated[str, typer.Option(help="Why, for the history.")]
_Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of a bundle.")]


def whoever() -> str:
    """The name of who runs this, or ``unknown``."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # no such user: a container
        return "unknown"


def promote(
    name: Annotated[
        str, typer.Argument(metavar="NAME[@VERSION]", help="What to put in use (without a version: the newest).")
    ],
    force: Annotated[
        bool, typer.Option("--force", help="Against the gate, or without it. Asks for a --reason.")
    ] = False,
    reason: _Reason = "",
    by: _By = None,
    models: Models = None,
) -> None:
    """Put a version in use, where the gate has passed it against the one in use now.

    A running service takes it up within seconds. Who did it, when and why is recorded.

    \b
    Examples:
      ner-engine models promote ko-chat@3
      ner-engine models promote ko-chat@3 --force --reason '메뉴 이름을 먼저 살려야 함'
    """
    from ner_engine.errors import BundleError
    from ner_engine.pointer import split_name
    from ner_engine.registry import Registry

    registry = Registry(models)
    stem, version = split_name(name)
    if not version:
        versions = registry.versions(stem)
        if not versions:
            raise BundleError(f"no bundle {stem!r}: expected one of: {', '.join(registry.names()) or 'none'}")
        version = versions[-1].version
    if force and not reason.strip():
        raise typer.BadParameter("expected a --reason: it is recorded", param_hint="--force")
    before = _in_use(registry, stem)
    made = registry.promote(stem, version, by=by or whoever(), force=force, reason=reason)
    _tell(before, made)


def rollback(
    name: _Name,
    to: Annotated[
        str | None, typer.Option(metavar="VERSION", help="One that was in use before (default: the last).")
    ] = None,
    reason: _Reason = "",
    by: _By = None,
    models: Models = None,
) -> None:
    """Go back to the version that was in use before.

    \b
    Examples:
      ner-engine models rollback ko-chat --reason '지명을 놓침'
      ner-engine models rollback ko-chat --to shipped
    """
    from ner_engine.registry import Registry

    registry = Registry(models)
    before = _in_use(registry, name)
    _tell(before, registry.rollback(name, to=to, by=by or whoever(), reason=reason))


def _in_use(registry: Registry, name: str) -> str:
    from ner_engine.errors import NerEngineError

    try:
        return registry.current(name).version
    except NerEngineError:
        return "none"


def _tell(before: str, now: Version) -> None:
    how = "was in use already" if before == now.version else f"is in use; before: {before}"
    typer.echo(f"{now.tag} {how}")


def history(
    name: _Name = "ko-chat",
    as_json: Annotated[bool, typer.Option("--json", help="JSON Lines.")] = False,
    models: Models = None,
) -> None:
    """Tell of every promotion and rollback: when, what, by whom, why.

    Example: ner-engine models history ko-chat
    """
    from ner_engine.registry import Registry

    changes = Registry(models).history(name)
    if not changes:
        typer.echo(f"{name}: no version has been promoted", err=True)
    for one in changes:
        if as_json:
            typer.echo(json.dumps(one.to_dict(), ensure_ascii=False).encode("utf-8", "backslashreplace"))
            continue
        forced = " (forced)" if one.forced else ""
        step = f"{one.previous or 'none'} -> {one.version}"
        typer.echo(f"{one.at}\t{one.action}{forced}\t{step}\t{one.by}\t{' '.join(one.reason.split())}".rstrip())


def gc(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Only this bundle (default: all).")] = None,
    keep: Annotated[int, typer.Option(min=0, help="Versions to keep for going back.")] = 3,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would go, and remove nothing.")] = False,
    models: Models = None,
) -> None:
    """Remove versions nobody needs, and what killed processes left behind.

    Kept are the version in use, its parent, those to go back to, those that wait for a promotion, and those that
    a process uses.

    \b
    Example:
      ner-engine models gc --keep 2 --dry-run
    """
    from ner_engine.registry import Registry

    registry = Registry(models)
    freed = 0
    names = [one for one in registry.names() if (registry.root / one).is_dir()] if name is None else [name]
    for one in names:
        for found in registry.gc(one, keep=keep, dry_run=dry_run):
            called = f"{one}@{found.version}" if found.version else str(found.path)
            if found.kept:
                typer.echo(f"{called}\tkept: {found.kept}", err=True)
                continue
            freed += found.size_bytes
            typer.echo(f"{called}\t{'would go' if dry_run else 'removed'}\t{found.size_bytes / 1e6:.1f} MB")
    typer.echo(f"{freed / 1e6:.1f} MB {'to gain' if dry_run else 'gained'}", err=True)
