"""``ner-engine retrain``: a bundle and corrected sentences in, a new version of it and the gate's verdict out."""

from __future__ import annotations

import getpass
import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ner_engine.cli.train import TrainingBar, require_training

if TYPE_CHECKING:
    from ner_engine.gate import GateSet, Verdict
    from ner_engine.registry import Registry, Version
    from ner_engine.training.retrain import Plan

__all__ = ["retrain"]

_CORRECTIONS = "corrections held out"


def retrain(
    bundle: Annotated[str, typer.Argument(help="A bundle by name, or NAME@VERSION.")],
    add: Annotated[
        list[Path], typer.Option("--add", help="Sentences to learn from, in any corpus format (repeatable).")
    ],
    recipe: Annotated[str, typer.Option(help="quick, full, or a TOML file.")] = "quick",
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="Override a key: --set training.epochs=3 (repeatable).")
    ] = None,
    replay: Annotated[
        list[Path] | None,
        typer.Option(help="A corpus to show again, or lines of text, instead of the bundle's own (repeatable)."),
    ] = None,
    test: Annotated[
        list[Path] | None,
        typer.Option(
            "--test", help="What the gate judges by, instead of the bundle's own test sets (repeatable)."
        ),
    ] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL[,LABEL]", help="Labels to learn that the bundle has not (repeatable)."),
    ] = None,
    licence: Annotated[
        list[str] | None,
        typer.Option(metavar="[FILE=]TEXT", help="Terms of what is added, or of one file (repeatable)."),
    ] = None,
    promote: Annotated[
        bool, typer.Option("--promote", help="Put the version in use if the gate passes it.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="With --promote: put it in use although the gate refuses. Recorded.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why: recorded with --promote, needed with --force.")] = "",
    by: Annotated[str, typer.Option(envvar="NER_ENGINE_BY", help="Who promotes (default: the user).")] = "",
    seed: Annotated[int | None, typer.Option(help="Draws everything (default: the recipe's).")] = None,
    models: Annotated[Path | None, typer.Option(help="The registry (default: as everywhere).")] = None,
    work: Annotated[
        Path | None, typer.Option(help="Directory for checkpoints (default: ./runs/retrain-NAME).")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run that was begun there.")] = False,
    most: Annotated[int, typer.Option(min=0, help="How many of the sentences that broke to print.")] = 10,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the gate's metrics.json instead of tables.")
    ] = False,
) -> None:
    """Train a new version of a bundle on what was corrected, compare it with the one in use, and promote it.

    Exit 1: the gate refuses what was to be promoted; the old version stays in use, the new one is kept beside it.

    \b
    Example:
      ner-engine retrain ko-chat --add approved.jsonl --promote
    """
    require_training()
    from ner_engine.pointer import split_name
    from ner_engine.registry import Registry
    from ner_engine.training.retrain import Asked, plan
    from ner_engine.training.retrain import retrain as retrain_bundle
    from ner_engine.training.retrain_recipe import load_retrain_recipe

    if force and not (promote and reason.strip()):
        raise typer.BadParameter("expected --promote and a --reason with it", param_hint="--force")
    settings = [*(setting or ()), *([] if seed is None else [f"training.seed={seed}"])]
    loaded = load_retrain_recipe(recipe, settings=settings)
    files = [*add, *(replay or ()), *(test or ())]
    licences = _licences(licence or (), {path.name for path in files})
    registry = Registry(models)

    def made(name: str) -> Plan:
        asked = Asked(
            bundle=name,
            add=tuple(add),
            recipe=loaded,
            recipe_name=recipe,
            replay=tuple(replay or ()),
            test=tuple(test or ()),
            labels=tuple(name for given in labels or () for name in given.split(",") if name),
            licences=licences,
        )
        chosen = plan(asked, registry)
        _tell(chosen)
        return chosen

    stem = Path(split_name(bundle)[0]).name
    with TrainingBar() as bar:
        chosen, version = retrain_bundle(
            made,
            registry,
            work or Path("runs") / f"retrain-{stem}",
            name=bundle,
            command=_command(bundle, add, recipe, settings, replay or (), labels or ()),
            resume=resume,
            say=_say,
            on_progress=bar.show,
        )
    passed = _judged_before(registry, version, force=force) if resume else None
    if passed is None:
        passed = _judged(registry, chosen, version, licences, force=force, most=most, as_json=as_json)
    if not promote:
        _say(f"{version.tag}: {version.path}; put it in use with: ner-engine models promote {version.tag}")
        return
    if not passed and not force:
        _say(f"{version.tag} is refused; {registry.current(version.name).tag} stays in use")
        raise typer.Exit(1)
    if registry.current(version.name).version == version.version:
        _say(f"{version.tag} is in use already")
        return
    registry.promote(version.name, version.version, by=by or _user(), force=force, reason=reason)
    _say(f"{version.tag} is in use")


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # nobody by that number
        return ""


def _command(
    bundle: str,
    add: Sequence[Path],
    recipe: str,
    settings: Sequence[str],
    replay: Sequence[Path],
    labels: Sequence[str],
) -> str:
    """The command that makes the version again, for its card."""
    words = ["ner-engine", "retrain", bundle]
    words += [word for path in add for word in ("--add", path.as_posix())]
    words += ["--recipe", recipe, *(f"--set={setting}" for setting in settings)]
    words += [word for path in replay for word in ("--replay", path.as_posix())]
    words += [word for label in labels for word in ("--labels", label)]
    return shlex.join(words)


def _licences(given: Sequence[str], names: set[str]) -> Mapping[str, str]:
    """By file name, and ``""`` for all files that are added."""
    found = {}
    for one in given:
        name, sign, text = one.partition("=")
        if sign and name in names:
            found[name] = text.strip()
        else:
            found[""] = one.strip()
    return found


def _tell(plan: Plan) -> None:
    """What will be done with which data."""
    _say(f"from   {plan.parent.tag} ({', '.join(plan.labels)})")
    held = f"{len(plan.held):,} held out for the gate" if plan.held else "too few to hold some out for the gate"
    _say(f"added  {len(plan.added):,} sentences, {held}")
    for use, sources in (("again", plan.old), ("dev", plan.dev), ("test", plan.test)):
        for source in sources:
            plain = ", without its annotation" if source.raw else ""
            _say(f"{use:6} {source.name}: {len(source.sentences):,} sentences{plain}")
    if plan.missing:
        _say(f"not found, and not shown again: {', '.join(plan.missing)}")


def _sets(plan: Plan, licences: Mapping[str, str]) -> list[GateSet]:
    """The fixed test sets, their noisy copies, and the corrections held out."""
    from ner_engine.gate import GateSet, noise_sets

    tests = [GateSet(s.name, s.sentences, licences.get(Path(s.name).name, "")) for s in plan.test]
    held = GateSet(_CORRECTIONS, plan.held, licences.get("", ""), "corrections")
    noisy = [one for test in tests for one in noise_sets(test, seed=plan.asked.recipe.training.seed)]
    return [*tests, *([held] if plan.held else []), *noisy]


def _judged_before(registry: Registry, version: Version, *, force: bool) -> bool | None:
    """What was found before the run was stopped: None where there is no report, or one against another version.

    So, too, where the report does not say yet that the version is forced.
    """
    old = registry.current(version.name)
    if old.version == version.version:
        return True
    folder = registry.report_folder(version.name, version.version)
    try:
        report = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        if (report["old"]["digest"], report["new"]["digest"]) != (old.digest, version.digest):
            return None
        passed, forced = report["passed"] is True, report["forced"] is True
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if force and not passed and not forced:
        return None
    _say(f"{version.tag} against {old.tag}: {'passed' if passed else 'REFUSED'}, as found before; {folder}")
    return passed


def _judged(
    registry: Registry,
    plan: Plan,
    version: Version,
    licences: Mapping[str, str],
    *,
    force: bool,
    most: int,
    as_json: bool,
) -> bool:
    """Compare the new version with the one in use, write the report, print it; whether it passes."""
    from ner_engine.gate import write_report
    from ner_engine.gate.text import broken_lines, summary

    old = registry.current(version.name)
    verdict = _compared(plan, old, version, _sets(plan, licences))
    forced = force and not verdict.passed
    folder = registry.report_folder(version.name, version.version)
    write_report(verdict, folder, added=version.manifest.get("added", ()), forced=forced)
    if as_json:
        values = json.dumps(verdict.to_dict(), ensure_ascii=False)
        typer.echo(values.encode("utf-8", "backslashreplace"))
    else:
        lines = broken_lines(verdict, most=most) if most else ()
        typer.echo("\n".join([summary(verdict), *(["", "broken:"] if lines else []), *lines]))
    before, after = _learnt(version)
    _say(f"of what was added and trained on: F1 {before} before, {after} now")
    _say(f"report {folder / 'report.html'}")
    return verdict.passed


def _learnt(version: Version) -> tuple[str, str]:
    """F1 on the sentences that were trained on, before and after."""
    told: Any = version.manifest.get("retraining", {})
    by_step = {step["step"]: step["added"] for step in told.get("steps", ())}
    return str(by_step.get(0.0, "?")), str(by_step.get(told.get("step"), "?"))


def _compared(plan: Plan, old: Version, new: Version, sets: Sequence[GateSet]) -> Verdict:
    import ner_engine
    from ner_engine.cli.counting import counting
    from ner_engine.gate import judge
    from ner_engine.registry import hold

    recipe = plan.asked.recipe
    with ExitStack() as stack:
        engines = []
        for side in (old, new):
            stack.enter_context(hold(side.path))
            engines.append(ner_engine.load(side.path, rules=False, values=False, threads=recipe.training.threads))
        total = 2 * sum(len(one.sentences) for one in sets)
        if not sys.stderr.isatty():
            _say(f"comparing {new.tag} with {old.tag}: {total:,} answers")
        count = stack.enter_context(counting(total))
        before, after = engines
        return judge(
            before,
            after,
            sets,
            tolerance=recipe.gate.tolerance,
            seed=recipe.training.seed,
            resamples=recipe.gate.resamples,
            old_version=old.version,
            new_version=new.version,
            count=count,
        )
