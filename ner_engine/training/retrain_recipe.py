"""The recipe of a retraining: a TOML file (``quick``, ``full``, or one's own) and ``key=value`` settings in, a
checked ``RetrainRecipe`` out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ner_engine.config import TrainingConfig, from_dict, recipe_values
from ner_engine.errors import ConfigError

__all__ = [
    "AddedConfig",
    "GateConfig",
    "ReplayConfig",
    "RetrainRecipe",
    "load_retrain_recipe",
    "recipe_names",
    "recipe_path",
]

_STEM = "retrain-"


@dataclass(frozen=True, slots=True)
class AddedConfig:
    """What becomes of the sentences that are added.

    ``hold_out`` of them, drawn by a hash of the text, are kept for the gate; of fewer than ``least_to_hold_out``
    none. The others are copied until they are about ``share`` of an epoch, each at most ``most_copies`` times; in
    ``contexts`` of the copies the entities are replaced by others of their label. ``mentions`` old sentences for
    each form that is added get it in the place of one of theirs.
    """

    hold_out: float = 0.2
    least_to_hold_out: int = 5
    share: float = 0.3
    most_copies: int = 40
    contexts: float = 0.3
    mentions: int = 4


@dataclass(frozen=True, slots=True)
class ReplayConfig:
    """The old data that is shown again, so that nothing is forgotten.

    ``generate`` sentences come from the generator, at most ``sentences`` in all from corpora.
    ``weight`` is the share of the old version's own word in the loss where they are annotated. ``dev_share`` of
    them is held out where the bundle's own dev sets are not there, ``test_share`` of a named corpus where no test
    set is.
    """

    generate: int = 3000
    sentences: int = 6000
    weight: float = 0.5
    dev_share: float = 0.1
    test_share: float = 0.1


@dataclass(frozen=True, slots=True)
class RowsConfig:
    """Which rows of the embedding tables learn: with ``rare_only`` those alone that old texts hardly use.

    ``known`` old texts, as written and mistyped, are looked through; they may use a row that learns ``uses``
    times. All else keeps its weights, so that old texts are answered as before. Where labels are new, or nothing
    of what was added is, everything learns. ``learning_rate`` is that of the rare rows.
    """

    rare_only: bool = False
    known: int = 20000
    uses: int = 60
    learning_rate: float = 4e-3


@dataclass(frozen=True, slots=True)
class BlendConfig:
    """How far the weights go from the old ones to the trained ones: the ``steps`` that are tried, 1 all the way.

    Taken is the step with the highest F1 on what was added among those at which the dev sets, as written and once
    more mistyped, fall by no more than ``slack`` in all, and no label with ``least_gold`` entities by more than
    ``tolerance``; where each step makes one fall further, the one that loses least.
    """

    steps: list[float] = field(default_factory=lambda: [1.0, 0.8, 0.6, 0.4])
    slack: float = 0.001
    tolerance: float = 0.01
    least_gold: int = 30


@dataclass(frozen=True, slots=True)
class GateConfig:
    """What the gate allows: see ``ner_engine.gate``."""

    tolerance: float = 0.01
    resamples: int = 1000


@dataclass(frozen=True, slots=True)
class RetrainRecipe:
    """Everything that makes a new version of a bundle: ``ner-engine retrain BUNDLE --add FILE --recipe NAME``.

    ``training.seed`` draws everything. The shape of the network is the bundle's; of its dropout rates
    ``dropout`` is the share that is used. With none, the old version's word on an old text is what the weights
    say to begin with: old texts then only resist a change, where with dropout they make one of their own.
    """

    description: str = ""
    dropout: float = 0.0
    added: AddedConfig = field(default_factory=AddedConfig)
    replay: ReplayConfig = field(default_factory=ReplayConfig)
    rows: RowsConfig = field(default_factory=RowsConfig)
    blend: BlendConfig = field(default_factory=BlendConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    gate: GateConfig = field(default_factory=GateConfig)


def _folders() -> list[Path]:
    package = Path(__file__).resolve().parents[1]
    return [package.parent / "models" / "configs", package / "_shipped" / "models" / "configs"]


def recipe_names() -> list[str]:
    """The names of the recipes that come with the package, sorted."""
    files = (file for folder in _folders() for file in folder.glob(f"{_STEM}*.toml"))
    return sorted({file.stem.removeprefix(_STEM) for file in files})


def recipe_path(name: str) -> Path:
    """The file of a recipe given by name (``quick``) or path. Raises ConfigError naming those there are."""
    for folder in _folders():
        if (folder / f"{_STEM}{name}.toml").is_file():
            return folder / f"{_STEM}{name}.toml"
    if name.endswith(".toml"):
        return Path(name)
    raise ConfigError(f"recipe: expected {', '.join(recipe_names())} or a TOML file; got {name!r}")


def load_retrain_recipe(name: str, *, settings: Iterable[str] = ()) -> RetrainRecipe:
    """Read a recipe by name or path and apply ``key=value`` settings (``training.epochs=3``)."""
    path = recipe_path(name)
    recipe = from_dict(RetrainRecipe, recipe_values(path, settings), path=str(path))
    _check(recipe, str(path))
    return recipe


def _check(recipe: RetrainRecipe, path: str) -> None:
    """Refuse values that no retraining could use, by the key's full name."""
    added, replay, blend, training, gate = recipe.added, recipe.replay, recipe.blend, recipe.training, recipe.gate

    def hold(fits: bool, key: str, expected: str, value: object) -> None:
        if not fits:
            raise ConfigError(f"{key}: expected {expected}; got {value!r}", path=path)

    hold(0 <= recipe.dropout <= 1, "dropout", "a number from 0 to 1", recipe.dropout)
    hold(0 <= added.hold_out < 1, "added.hold_out", "at least 0 and less than 1", added.hold_out)
    hold(added.least_to_hold_out >= 2, "added.least_to_hold_out", "at least 2", added.least_to_hold_out)
    hold(0 < added.share < 1, "added.share", "more than 0 and less than 1", added.share)
    hold(added.most_copies >= 1, "added.most_copies", "at least 1", added.most_copies)
    hold(0 <= added.contexts < 1, "added.contexts", "at least 0 and less than 1", added.contexts)
    hold(added.mentions >= 0, "added.mentions", "at least 0", added.mentions)
    for key in ("generate", "sentences"):
        hold(getattr(replay, key) >= 0, f"replay.{key}", "at least 0", getattr(replay, key))
    hold(0 <= replay.weight <= 1, "replay.weight", "a number from 0 to 1", replay.weight)
    for key in ("dev_share", "test_share"):
        value = getattr(replay, key)
        hold(0 < value < 1, f"replay.{key}", "more than 0 and less than 1", value)
    rows = recipe.rows
    hold(rows.known >= 1, "rows.known", "at least 1", rows.known)
    hold(rows.uses >= 0, "rows.uses", "at least 0", rows.uses)
    hold(rows.learning_rate > 0, "rows.learning_rate", "more than 0", rows.learning_rate)
    steps = blend.steps
    hold(bool(steps) and all(0 < step <= 1 for step in steps), "blend.steps", "numbers above 0, up to 1", steps)
    hold(0 <= blend.slack < 1, "blend.slack", "at least 0 and less than 1", blend.slack)
    hold(0 <= blend.tolerance < 1, "blend.tolerance", "at least 0 and less than 1", blend.tolerance)
    hold(blend.least_gold >= 1, "blend.least_gold", "at least 1", blend.least_gold)
    hold(0 <= gate.tolerance < 1, "gate.tolerance", "at least 0 and less than 1", gate.tolerance)
    hold(gate.resamples >= 1, "gate.resamples", "at least 1", gate.resamples)
    for key in ("threads", "epochs", "batch_units", "patience"):
        hold(getattr(training, key) >= 1, f"training.{key}", "at least 1", getattr(training, key))
    for key in ("learning_rate", "table_learning_rate", "crf_learning_rate", "clip_norm"):
        hold(getattr(training, key) > 0, f"training.{key}", "more than 0", getattr(training, key))
    for key in ("warmup", "ema"):
        hold(
            0 <= getattr(training, key) < 1,
            f"training.{key}",
            "at least 0 and less than 1",
            getattr(training, key),
        )
    for key in ("noise", "final_rate"):
        hold(0 <= getattr(training, key) <= 1, f"training.{key}", "a number from 0 to 1", getattr(training, key))
    hold(0 <= training.seed < 2**63, "training.seed", "a number from 0 to 2^63 - 1", training.seed)
    stop, epochs = training.stop_after, training.epochs
    hold(0 <= stop <= epochs, "training.stop_after", f"a number from 0 to {epochs}", stop)
