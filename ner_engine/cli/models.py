"""``ner-engine models``: which bundles and versions there are, what is in them, whether they are whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ner_engine.cli.models_diff import diff
from ner_engine.cli.versions import Models, gc, history, promote, rollback
from ner_engine.errors import BundleError, NerEngineError

if TYPE_CHECKING:
    from ner_engine.registry import Registry, Version

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="Bundles and their versions: list, show, compare, promote, roll back, verify, export, clear away. "
    "Example: ner-engine models show ko-chat",
)
app.command()(diff)
app.command()(promote)
app.command()(rollback)
app.command()(history)
app.command()(gc)

_Name = Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help="A bundle: its name, or a path.")]


@app.command(name="list")
def list_(
    name: Annotated[str | None, typer.Argument(help="Only the versions of this one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON Lines.")] = False,
    models: Models = None,
) -> None:
    """List the bundles found by name, with all their versions.

    \b
    Examples:
      ner-engine models list
      ner-engine models list ko-chat --json
    """
    from ner_engine.registry import Registry

    registry = Registry(models)
    names = registry.names() if name is None else (name,)
    if not names:
        typer.echo("no bundles here", err=True)
    for one in names:
        try:
            versions = registry.versions(one)
        except NerEngineError as error:
            if name is not None:
                raise
            typer.echo(
                json.dumps({"name": one, "problem": str(error)}) if as_json else f"{one}\tunusable: {error}"
            )
            continue
        if not versions and name is not None:
            raise BundleError(f"no bundle {one!r}: expected one of: {', '.join(registry.names()) or 'none'}")
        for version in versions:
            row = _row(version, alone=len(versions) == 1)
            typer.echo(json.dumps(row, ensure_ascii=False) if as_json else _line(row))


def _row(version: Version, *, alone: bool) -> dict[str, Any]:
    from ner_engine.bundle import load_bundle

    row: dict[str, Any] = {
        "name": version.name,
        "version": version.version,
        "tag": version.name if alone and version.current else version.tag,
        "current": version.current,
    }
    try:
        bundle = load_bundle(version.path)
    except BundleError as error:
        return row | {"problem": str(error)}
    return row | {
        "path": str(version.path),
        "bytes": bundle.size_bytes(),
        "labels": list(bundle.labels),
        "licence": str(bundle.manifest.get("licence", "")),
        "parent": version.parent,
        "created": version.created,
        "gate": {None: "", True: "passed", False: "refused"}[version.passed],
        "digest": version.digest,
        "metrics": dict(version.metrics),
    }


def _line(row: dict[str, Any]) -> str:
    if "problem" in row:
        return f"{row['tag']}\tunusable: {row['problem']}"
    told = [
        "in use" if row["current"] and row["tag"] != row["name"] else "",
        f"gate: {row['gate']}" if row["gate"] else "",
        f"from {row['parent']}" if row["parent"] else "",
        row["created"],
    ]
    columns = [row["tag"], f"{row['bytes'] / 1e6:.1f} MB", " ".join(row["labels"]), row["licence"]]
    return "\t".join([*columns, *filter(None, [", ".join(filter(None, told))])])


@app.command()
def show(
    name: _Name = "ko-chat",
    as_json: Annotated[bool, typer.Option("--json", help="The manifest as JSON.")] = False,
    models: Models = None,
) -> None:
    """Print a bundle's card; of a numbered version, also where it comes from.

    \b
    Examples:
      ner-engine models show ko-news
      ner-engine models show ko-chat@2
    """
    from ner_engine.bundle import load_bundle
    from ner_engine.registry import Registry

    registry = Registry(models)
    bundle = load_bundle(registry.resolve(name))
    if as_json:
        typer.echo(json.dumps(dict(bundle.manifest), ensure_ascii=False, indent=2))
        return
    version = registry.find(name)
    if version is not None and version.version.isdecimal():
        typer.echo(_origin(version), err=True)
    typer.echo((bundle.path / "CARD.md").read_text(encoding="utf-8"))


def _origin(version: Version) -> str:
    gate = {None: "the gate has not looked", True: "the gate passed it", False: "the gate refused it"}
    told = [
        version.tag + (", in use" if version.current else ""),
        f"trained from {version.parent}" if version.parent else "",
        f"made {version.created}" if version.created else "",
        gate[version.passed],
        str(version.path),
    ]
    return "; ".join(filter(None, told))


@app.command()
def verify(
    name: _Name = "ko-chat",
    everything: Annotated[bool, typer.Option("--all", help="Every version of every name.")] = False,
    models: Models = None,
) -> None:
    """Check every file of a bundle against its SHA-256, and that the graph loads.

    \b
    Examples:
      ner-engine models verify ko-chat
      ner-engine models verify --all
    """
    from ner_engine.registry import Registry

    registry = Registry(models)
    if not everything:
        typer.echo(_verified(registry, name))
        return
    bad = False
    for one in registry.names():
        try:
            tags = [version.tag for version in registry.versions(one)]
        except NerEngineError as error:
            tags, bad = [], True
            typer.echo(f"{one}: {error}")
        for tag in tags:
            try:
                typer.echo(f"{tag}: {_verified(registry, tag)}")
            except NerEngineError as error:
                bad = True
                typer.echo(f"{tag}: {error}")
    if bad:
        raise typer.Exit(1)


def _verified(registry: Registry, name: str) -> str:
    import ner_engine

    engine = ner_engine.load(registry.resolve(name))
    engine.extract("확인")
    version = registry.find(name)
    changes = registry.history(version.name) if version is not None and version.current else ()
    if version is not None and changes and changes[-1].digest not in ("", version.digest):
        raise BundleError(f"{version.path}: whole, but not the bundle that was promoted: its manifest is another")
    return f"{engine.bundle.path}: whole, {len(engine.bundle.manifest['files'])} files"


@app.command()
def export(
    name: _Name,
    target: Annotated[Path, typer.Argument(help="A directory that does not exist yet.")],
    models: Models = None,
) -> None:
    """Copy a verified bundle to a directory of your own.

    Example: ner-engine models export ko-chat@3 ./my-model
    """
    from ner_engine.bundle import load_bundle
    from ner_engine.registry import Registry
    from ner_engine.registry.exporting import export as export_

    typer.echo(str(export_(load_bundle(Registry(models).resolve(name)), target)))
