"""``ner-engine distill``: a recipe with teachers in, the bundle of a student out.

The commands of ``distill.stages`` run first, in order, those whose product is there already left out.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from ner_engine.cli.train import command_line, require_training, train_bundle
from ner_engine.config import StageConfig, load_recipe
from ner_engine.errors import ConfigError, TrainingError

__all__ = ["distill"]


def distill(
    recipe_path: Annotated[Path, typer.Argument(metavar="RECIPE.toml", help="The student's recipe.")],
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="Override a key of the student's recipe (repeatable).")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Bundle directory (default: ./models/NAME).")
    ] = None,
    work: Annotated[Path | None, typer.Option(help="Directory for checkpoints (default: ./runs/NAME).")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the student's last checkpoint.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Make anew what the stages have made before.")] = False,
) -> None:
    """Make the teachers of a recipe where they are missing, then train the student on their word.

    \b
    Example:
      ner-engine distill models/configs/ko-chat.toml -o models/ko-chat
    """
    from ner_engine.bundle import check_target

    require_training()
    recipe = load_recipe(recipe_path, settings=setting or ())
    if not recipe.distill.teachers:
        raise ConfigError("distill.teachers: expected at least one bundle; got none", path=recipe_path)
    base = recipe_path.resolve().parent
    target = output or Path("models") / recipe.name
    check_target(target)
    _run_stages(recipe.distill.stages, (base / recipe.data.root).resolve(), fresh=fresh)
    train_bundle(
        recipe,
        base=base,
        target=target,
        work=work or Path("runs") / recipe.name,
        resume=resume,
        command=command_line("distill", recipe_path, setting or ()),
    )


def _run_stages(stages: Sequence[StageConfig], root: Path, *, fresh: bool) -> None:
    """Run each stage in ``root`` unless what it makes is there. Raises TrainingError naming one that fails."""
    for number, stage in enumerate(stages, 1):
        made = root / stage.makes
        name = f"stage {number} of {len(stages)}"
        if made.exists() and not fresh:
            typer.echo(f"{name}: {stage.makes} is there", err=True)
            continue
        command = shlex.join(["ner-engine", *stage.run])
        typer.echo(f"{name}: {command}", err=True)
        status = subprocess.run(
            [sys.executable, "-m", "ner_engine", *stage.run], cwd=root, check=False
        ).returncode
        if status:
            raise TrainingError(f"{name} failed with status {status}: {command}")
        if not made.exists():
            raise TrainingError(f"{name}: expected it to make {stage.makes}; nothing there after: {command}")
