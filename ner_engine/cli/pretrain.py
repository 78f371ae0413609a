"""``ner-engine pretrain``: raw text in, a character language model out, for a tagger to start from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ner_engine.config import load_pretrain_recipe
from ner_engine.errors import MissingExtra

if TYPE_CHECKING:
    from ner_engine.training.pretrain import PretrainProgress

__all__ = ["pretrain"]


def _line(progress: PretrainProgress) -> str:
    held = progress.held_out
    return f"epoch {progress.epoch}/{progress.epochs}  {progress.bits:.3f} bits a character" + (
        f"  held out {held.forward:.3f} forward, {held.backward:.3f} backward" if held else ""
    )


class _Bar:
    """A progress bar on a terminal; one line an evaluation elsewhere."""

    def __init__(self) -> None:
        self._progress: Any = None
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

    def __enter__(self) -> _Bar:
        if self._progress:
            self._progress.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self._progress:
            self._progress.stop()

    def show(self, progress: PretrainProgress) -> None:
        if self._progress:
            left = f"{progress.seconds_left / 60:.1f} min left"
            self._progress.update(
                self._task,
                description=_line(progress),
                total=progress.steps,
                completed=progress.step,
                pace=f"{progress.units_per_s:,.0f} characters/s  |grad| {progress.gradient_norm:.2f}  {left}",
            )
        if progress.held_out:
            if self._progress:
                self._progress.console.print(_line(progress))
            else:
                typer.echo(_line(progress), err=True)


def pretrain(
    recipe_path: Annotated[Path, typer.Argument(metavar="RECIPE.toml", help="The language model's recipe.")],
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="Override a key: --set training.epochs=3 (repeatable).")
    ] = None,
    work: Annotated[
        Path | None, typer.Option(help="Directory for checkpoints and the model (default: ./runs/NAME).")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint.")] = False,
) -> None:
    """Train a character language model on raw text, for a tagger to start from (network.start).

    \b
    Example:
      ner-engine pretrain models/configs/lm-chat.toml --set training.precision=bfloat16
      ner-engine train RECIPE.toml --set network.start=runs/lm-chat/language_model.safetensors
    """
    try:
        from ner_engine.training.pretrain import Pretrainer, prepare_pretraining
    except ModuleNotFoundError as error:
        raise MissingExtra(f"training ({error.name} is not installed)", extra="train") from None

    recipe = load_pretrain_recipe(recipe_path, settings=setting or ())
    reading = prepare_pretraining(recipe, base=recipe_path.resolve().parent)
    for source in reading.sources:
        typer.echo(f"{source.name}: {source.train:,} texts, {source.dev:,} held out", err=True)
    typer.echo(
        f"{len(reading.train.units):,} characters of {len(reading.extractor.vocabularies.syllable):,} kinds",
        err=True,
    )
    trainer = Pretrainer(reading, work or Path("runs") / recipe.name)
    with _Bar() as bar:
        result = trainer.run(resume=resume, on_progress=bar.show)
    held = result.held_out
    typer.echo(
        f"held out: {held.forward:.3f} bits a character forward (perplexity {2**held.forward:.1f}), "
        f"{held.backward:.3f} backward ({2**held.backward:.1f})"
    )
    typer.echo(f"language model: {result.path} ({result.minutes:.1f} minutes)", err=True)
