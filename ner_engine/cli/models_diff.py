"""``ner-engine models diff``: two bundles in, what they differ in out; with texts, also what they answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import tee
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ner_engine.cli.colours import visible

if TYPE_CHECKING:
    from ner_engine.spans import Entity

__all__ = ["diff"]

_SHOWN = 60


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A bundle: NAME, NAME@VERSION or a path.")],
    new: Annotated[
        str | None, typer.Argument(metavar="NEW", help="Another (default: the newest version of OLD's name).")
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option(
            "--texts", metavar="FILE", help="Texts, one a line (- is stdin): tell which are answered otherwise."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON Lines.")] = False,
    models: Annotated[
        Path | None,
        typer.Option("--models", metavar="DIR", help="The registry (NER_ENGINE_REGISTRY, else ./models)."),
    ] = None,
) -> None:
    """Tell what two bundles differ in: labels, data, recipe, scores, files.

    \b
    Examples:
      ner-engine models diff ko-chat@2 ko-chat@3
      ner-engine models diff ko-chat@2 ko-chat --texts questions.txt
    """
    from ner_engine.bundle import load_bundle
    from ner_engine.pointer import split_name
    from ner_engine.registry import Registry
    from ner_engine.registry.difference import differences

    registry = Registry(models)
    if new is None:
        stem = split_name(old)[0]
        versions = registry.versions(stem) if registry.find(old) else ()
        if not versions:
            raise typer.BadParameter("a bundle given by path needs another to compare with", param_hint="NEW")
        new = versions[-1].tag
    paths = [registry.resolve(one) for one in (old, new)]
    bundles = [load_bundle(path) for path in paths]
    found = differences(bundles[0].manifest, bundles[1].manifest)
    for one in found:
        line = f"{one.name}: {_short(one.old)} -> {_short(one.new)}"
        typer.echo(json.dumps(one.to_dict(), ensure_ascii=False) if as_json else line)
    if not found:
        typer.echo("the manifests are the same", err=True)
    if texts is not None:
        _compare(paths, texts, as_json=as_json)


def _short(value: str) -> str:
    line = visible(" ".join(value.split()))
    return (line if len(line) <= _SHOWN else line[: _SHOWN - 3] + "...") or "none"


def _compare(paths: list[Path], texts: Path, *, as_json: bool) -> None:
    import ner_engine
    from ner_engine.cli.extract import read_texts

    engines = [ner_engine.load(path, values=False) for path in paths]
    records = read_texts([str(texts)], stdin=sys.stdin)
    lines, *streams = tee((str(record["text"]) for record in records), 3)
    count = other = 0
    answers = (engine.pipe(stream) for engine, stream in zip(engines, streams, strict=True))
    for text, old, new in zip(lines, *answers, strict=True):
        count += 1
        if _spans(old) != _spans(new):
            other += 1
            _tell(text, old, new, as_json=as_json)
    typer.echo(f"{other} of {count} texts are answered otherwise", err=True)


def _spans(entities: Iterable[Entity]) -> set[tuple[int, int, str]]:
    return {(e.start, e.end, e.label) for e in entities}


def _tell(text: str, old: list[Entity], new: list[Entity], *, as_json: bool) -> None:
    if as_json:
        row = {"text": text, "old": [e.to_dict() for e in old], "new": [e.to_dict() for e in new]}
        typer.echo(json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace"))
        return
    typer.echo(visible(text))
    for line in (*_lines("-", old, _spans(new)), *_lines("+", new, _spans(old))):
        typer.echo(line)


def _lines(sign: str, entities: list[Entity], others: set[tuple[int, int, str]]) -> Iterator[str]:
    for e in entities:
        if (e.start, e.end, e.label) not in others:
            yield f"  {sign} {visible(e.text)} {e.label} [{e.start}, {e.end})"
