"""``ner-engine models``: which bundles there are, what is in them, whether they are whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Annotated

import typer

from ner_engine.errors import BundleError

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help="List, show, verify and export bundles. Example: ner-engine models show ko-chat"
)

_Name = Annotated[str, typer.Argument(help="Bundle name or path.")]


@app.command(name="list")
def list_() -> None:
    """List the bundles found by name.

    Example: ner-engine models list
    """
    from ner_engine.bundle import bundle_names, load_bundle

    names = bundle_names()
    if not names:
        typer.echo("no bundles here", err=True)
    for name in names:
        try:
            bundle = load_bundle(name)
        except BundleError as error:
            typer.echo(f"{name}\tunusable: {error}")
            continue
        size = bundle.size_bytes() / 1e6
        typer.echo(f"{name}\t{size:.1f} MB\t{' '.join(bundle.labels)}\t{bundle.manifest['licence']}")


@app.command()
def show(
    name: _Name = "ko-chat",
    as_json: Annotated[bool, typer.Option("--json", help="The manifest as JSON.")] = False,
) -> None:
    """Print a bundle's card.

    Example: ner-engine models show ko-news
    """
    from ner_engine.bundle import load_bundle

    bundle = load_bundle(name)
    if as_json:
        typer.echo(json.dumps(dict(bundle.manifest), ensure_ascii=False, indent=2))
    else:
        typer.echo((bundle.path / "CARD.md").read_text(encoding="utf-8"))


@app.command()
def verify(name: _Name = "ko-chat") -> None:
    """Check every file of a bundle against its SHA-256, and that the graph loads.

    Example: ner-engine models verify ko-chat
    """
    import ner_engine

    engine = ner_engine.load(name)
    engine.extract("확인")
    typer.echo(f"{engine.bundle.path}: whole, {len(engine.bundle.manifest['files'])} files")


@app.command()
def export(
    name: _Name,
    target: Annotated[Path, typer.Argument(help="A directory that does not exist yet.")],
) -> None:
    """Copy a verified bundle to a directory of your own.

    Example: ner-engine models export ko-chat ./my-model
    """
    from ner_engine.bundle import load_bundle

    bundle = load_bundle(name)
    if target.exists():
        raise BundleError(f"{target}: exists; expected a new directory")
    shutil.copytree(bundle.path, target)
    typer.echo(str(target))
