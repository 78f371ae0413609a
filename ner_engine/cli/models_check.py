"""``ner-engine models check``: two versions and test sets in, whether one may take the other's place out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ner_engine.cli.versions import Models
from ner_engine.errors import DataError, RegistryError

if TYPE_CHECKING:
    from ner_engine.engine import Engine
    from ner_engine.gate import GateSet
    from ner_engine.registry import Registry, Version

__all__ = ["check"]


@dataclass(frozen=True, slots=True)
class _Sided:
    """One of the two: where it lies, what it is called, and the version itself where a registry has it."""

    path: Path
    called: str
    version: Version | None


def _side(registry: Registry, name: str) -> _Sided:
    found = registry.find(name)
    if found is None:
        path = registry.resolve(name)
        return _Sided(path, path.name, None)
    return _Sided(found.path, found.version, found)


def _against(registry: Registry, new: _Sided, name: str | None) -> _Sided:
    """What to compare with: as named, else the version in use, else (where that is the new one) its parent."""
    if name is not None:
        return _side(registry, name)
    version = new.version
    if version is None:
        raise typer.BadParameter("a bundle given by path needs one to compare with", param_hint="--against")
    if not version.current:
        return _side(registry, version.name)
    if not version.parent:
        raise typer.BadParameter(
            f"{version.tag} is in use and has no parent: name what to compare with", param_hint="--against"
        )
    return _side(registry, f"{version.name}@{version.parent}")


def _added(side: _Sided) -> list[Mapping[str, Any]]:
    """The data that a version was trained on beside that of the shipped one, as its manifest tells it."""
    manifest = {} if side.version is None else side.version.manifest
    return [one for one in manifest.get("added", ()) if isinstance(one, Mapping)]


def _sets(tests: Sequence[Path], corrections: Sequence[Path], *, noise: bool, seed: int) -> list[GateSet]:
    from ner_engine.datasets import read
    from ner_engine.gate import GateSet, noise_sets

    sets = []
    for path in tests:
        sentences = read(path).sentences
        if not sentences:
            raise DataError("expected at least one sentence; got none", path=path)
        sets.append(GateSet(str(path), sentences))
    sets += [GateSet(str(path), read(path).sentences, kind="corrections") for path in corrections]
    noisy = [made for one in sets if one.kind == "test" and noise for made in noise_sets(one, seed=seed)]
    return sets + noisy


def check(
    name: Annotated[str, typer.Argument(help="The new version: NAME, NAME@VERSION or a path.")],
    test: Annotated[
        list[Path], typer.Option("--test", help="A corpus with gold entities, in any format. May be repeated.")
    ],
    against: Annotated[
        str | None,
        typer.Option(help="The old version (default: the one in use; for that one, the version it came from)."),
    ] = None,
    corrections: Annotated[
        list[Path] | None, typer.Option(help="Corrections that the new version was not trained on.")
    ] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, max=1, help="How far the F1 of a label may fall: 0.01 is one point.")
    ] = 0.01,
    total_tolerance: Annotated[
        float, typer.Option(min=0, max=1, help="How far the F1 of all labels together may fall.")
    ] = 0.0,
    least_gold: Annotated[
        int, typer.Option(min=1, help="Labels with fewer gold entities do not decide alone.")
    ] = 30,
    ignore: Annotated[
        list[str] | None, typer.Option(help="A label to leave out everywhere. May be repeated.")
    ] = None,
    no_noise: Annotated[bool, typer.Option("--no-noise", help="Leave the comparison under noise out.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the noise and of the bootstrap.")] = 0,
    resamples: Annotated[int, typer.Option(min=1, help="Draws of the bootstrap.")] = 1000,
    most: Annotated[int, typer.Option(min=0, help="How many of the sentences that broke to print.")] = 20,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A folder for report.html and metrics.json.")
    ] = None,
    record: Annotated[
        bool,
        typer.Option("--record", help="Write the report to the registry: promote goes by what it says there."),
    ] = False,
    models: Models = None,
    threads: Annotated[int, typer.Option(min=1, help="Cores to use.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print metrics.json instead of tables.")] = False,
) -> None:
    """Compare two versions of a bundle as before a promotion. Exit 1: the new one is refused.

    \b
    Example:
      ner-engine models check ko-chat@3 --test corpus/chat-ko/test.jsonl -o check/
    """
    import ner_engine
    from ner_engine.cli.counting import counting
    from ner_engine.gate import judge, metrics_json, write_report
    from ner_engine.gate.text import broken_lines, summary
    from ner_engine.registry import Registry, hold

    registry = Registry(models)
    new = _side(registry, name)
    old = _against(registry, new, against)
    folder = _recorded(registry, new, old) if record else None
    sets = _sets(test, corrections or [], noise=not no_noise, seed=seed)
    with ExitStack() as stack:
        for side in (old, new):
            stack.enter_context(hold(side.path))
        before = ner_engine.load(old.path, rules=False, values=False, threads=threads)
        after = ner_engine.load(new.path, rules=False, values=False, threads=threads)
        _check_labels(ignore or (), (before, after), sets)
        count = stack.enter_context(counting(2 * sum(len(one.sentences) for one in sets)))
        verdict = judge(
            before,
            after,
            sets,
            tolerance=tolerance,
            total_tolerance=total_tolerance,
            least_gold=least_gold,
            seed=seed,
            resamples=resamples,
            old_version=old.called,
            new_version=new.called,
            ignore=ignore or (),
            count=count,
        )
    known = _added(old)
    added = [one for one in _added(new) if one not in known]
    for target in (output, folder):
        if target is not None:
            write_report(verdict, target, added=added)
    if as_json:
        typer.echo(metrics_json(verdict, added=added), nl=False)
    else:
        lines = broken_lines(verdict, most=most) if most else ()
        typer.echo("\n".join([summary(verdict), *(["", "broken:"] if lines else []), *lines]))
    if not verdict.passed:
        raise typer.Exit(1)


def _check_labels(ignored: Iterable[str], engines: Iterable[Engine], sets: Iterable[GateSet]) -> None:
    known = {label for engine in engines for label in engine.labels}
    known |= {span.label for one in sets for sentence in one.sentences for span in sentence.entities}
    for label in ignored:
        if label not in known:
            raise typer.BadParameter(
                f"expected labels of the versions or the data; got {label!r}", param_hint="--ignore"
            )


def _recorded(registry: Registry, new: _Sided, old: _Sided) -> Path:
    """Where the registry keeps the report. Raises RegistryError where a promotion could not go by it."""
    if new.version is None:
        raise RegistryError(f"--record: expected a version in {registry.root}; got {new.path}")
    if old.version is None or not old.version.current or old.version.name != new.version.name:
        raise RegistryError(f"--record: expected a comparison with the version of {new.version.name} in use")
    return registry.report_folder(new.version.name, new.version.version)
