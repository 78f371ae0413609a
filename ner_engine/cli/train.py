"""``ner-engine train``: a recipe in, a bundle out, with a progress bar on the way.

``train_bundle`` is what ``ner-engine distill`` does too, once the teachers are there.
"""

from __future__ import annotations

import dataclasses
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ner_engine.config import Recipe, load_recipe
from ner_engine.errors import MissingExtra

if TYPE_CHECKING:
    from ner_engine.training.trainer import Progress

__all__ = ["TrainingBar", "command_line", "require_training", "train", "train_bundle"]


def _line(progress: Progress) -> str:
    dev = "  ".join(f"{name} {f1:.2f}" for name, f1 in progress.dev.items())
    return (
        f"epoch {progress.epoch}/{progress.epochs}  loss {progress.loss:.4f}  "
        + (f"dev F1 {dev}  " if dev else "")
        + f"best {max(progress.best, 0):.2f}"
    )


class TrainingBar:
    """A progress bar on a terminal; one line an epoch elsewhere."""

    def __init__(self) -> None:
        self._progress: Any = None
        self._started = False
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
            from rich.progress import Progress as RichProgress

            self._progress = RichProgress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[pace]}"),
                console=Console(stderr=True),
            )
            self._task = self._progress.add_task("", total=1, pace="")

    def __enter__(self) -> TrainingBar:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._started:
            self._progress.stop()

    def show(self, progress: Progress) -> None:
        if self._progress and not self._started:  # what is told before stands above the bar
            self._progress.start()
            self._started = True
        if self._progress:
            left = f"{progress.seconds_left / 60:.1f} min left"
            self._progress.update(
                self._task,
                description=_line(progress),
                total=progress.steps,
                completed=progress.step,
                pace=f"{progress.sentences_per_s:.0f} sentences/s  |grad| {progress.gradient_norm:.2f}  {left}",
            )
        if progress.dev:
            if self._progress:
                self._progress.console.print(_line(progress))
            else:
                typer.echo(_line(progress), err=True)


def train(
    recipe_path: Annotated[Path, typer.Argument(metavar="RECIPE.toml", help="The recipe.")],
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="Override a key: --set training.epochs=3 (repeatable).")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Bundle directory (default: ./models/NAME).")
    ] = None,
    work: Annotated[Path | None, typer.Option(help="Directory for checkpoints (default: ./runs/NAME).")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint.")] = False,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or mps.")] = None,
) -> None:
    """Train a tagger and write its bundle.

    \b
    Example:
      ner-engine train models/configs/ko-chat.toml --set training.seed=2 -o models/ko-chat
    """
    require_training()
    recipe = load_recipe(recipe_path, settings=setting or ())
    if device:
        recipe = dataclasses.replace(recipe, training=dataclasses.replace(recipe.training, device=device))
    train_bundle(
        recipe,
        base=recipe_path.resolve().parent,
        target=output or Path("models") / recipe.name,
        work=work or Path("runs") / recipe.name,
        resume=resume,
        command=command_line("train", recipe_path, setting or ()),
    )


def require_training() -> None:
    """Raises MissingExtra where the packages that training needs are not installed."""
    try:
        from ner_engine.training import build, final_report  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtra(f"training ({error.name} is not installed)", extra="train") from None


def command_line(name: str, recipe_path: Path, settings: Iterable[str]) -> str:
    """The command that rebuilds a bundle, for its card."""
    return shlex.join(["ner-engine", name, recipe_path.as_posix(), *(f"--set={s}" for s in settings)])


def train_bundle(recipe: Recipe, *, base: Path, target: Path, work: Path, resume: bool, command: str) -> None:
    """Train a recipe and write its bundle to ``target``, telling of it on the way.

    ``base`` is the folder of the recipe's file, ``work`` the one for checkpoints; ``command`` goes into the card.
    """
    from ner_engine.bundle import check_target
    from ner_engine.training.build import build_bundle
    from ner_engine.training.final_report import final_report
    from ner_engine.training.trainer import Trainer, predict, prepare

    check_target(target)
    prepared = prepare(recipe, base=base)
    for use, sets in (("train", prepared.train), ("dev", prepared.dev), ("test", prepared.test)):
        for source, examples in sets:
            typer.echo(f"{use:5}  {source.name}: {len(examples):,} sentences", err=True)
    trainer = Trainer(prepared, work)
    with TrainingBar() as bar:
        result = trainer.run(resume=resume, on_progress=bar.show)
    for source, examples in (*prepared.dev, *prepared.test):
        gold = [example.sentence for example in examples]
        report = final_report(gold, predict(result.tagger, examples), ignore=source.unknown)
        typer.echo(f"\n{source.name}\n{report}")
    build_bundle(prepared, result, target, command=command)
    typer.echo(f"\nbundle: {target} ({result.minutes:.1f} minutes, best epoch {result.best_epoch})", err=True)
