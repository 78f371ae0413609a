"""Configuration: one frozen dataclass per part, read from TOML.

Enters: a TOML file or a dict, and ``key=value`` overrides. Leaves: a ``Recipe``. Unknown keys and wrong
types are refused with the key's full name; a default lives in its dataclass and nowhere else.
"""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from ner_engine.errors import ConfigError

__all__ = [
    "DataConfig",
    "DistillConfig",
    "ExportConfig",
    "FeatureConfig",
    "NetworkConfig",
    "PretrainDataConfig",
    "PretrainFeatureConfig",
    "PretrainNetworkConfig",
    "PretrainRecipe",
    "PretrainTrainingConfig",
    "Recipe",
    "SourceConfig",
    "StageConfig",
    "TaskConfig",
    "TextSourceConfig",
    "TrainingConfig",
    "from_dict",
    "load_pretrain_recipe",
    "load_recipe",
    "recipe_values",
    "to_dict",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FeatureConfig:
    """What the tagger sees of each unit.

    ``inputs`` maps an input's name to the width of its embedding; the names are the keys of
    ``ner_engine.features.INPUTS``. ``buckets`` gives the rows of a hashed table where the default of its
    input does not suit. ``gazetteers`` maps a category to lexicon files (one form a line). ``vectors`` maps a
    table to a file of pre-trained vectors (word2vec's text format) that it starts from; the input ``word`` knows
    exactly the words of its file.
    """

    unit: Literal["syllable", "morpheme"] = "syllable"
    tokenizer: str = "mecab"
    user_dictionary: str = ""
    inputs: Mapping[str, int] = field(
        default_factory=lambda: {
            "syllable": 64,
            "jamo": 16,
            "class": 8,
            "eojeol": 8,
            "bigram": 32,
            "trigram": 32,
            "morpheme": 64,
            "pos": 24,
            "semantic": 8,
        }
    )
    buckets: Mapping[str, int] = field(default_factory=dict)
    gazetteers: Mapping[str, list[str]] = field(default_factory=dict)
    gazetteer_min_length: int = 2
    vectors: Mapping[str, str] = field(default_factory=dict)
    min_count: int = 2


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """The network between the embeddings and the tags.

    ``start`` names the file of a language model (``ner-engine pretrain``) that the first layer and the tables it
    knows start from; the path is relative to the recipe's ``data.root``. ``frozen`` lists tables that stay as
    their vectors are, so that words never seen in training stay beside those that were.
    """

    backbone: Literal["rnn", "lstm", "gru"] = "lstm"
    nonlinearity: Literal["tanh", "relu"] = "tanh"
    bidirectional: bool = True
    layers: int = 1
    hidden: int = 256
    head: Literal["crf", "softmax"] = "crf"
    input_dropout: float = 0.3
    hidden_dropout: float = 0.4
    unknown_rate: float = 0.05
    start: str = ""
    gazetteer_dropout: float = 0.0
    frozen: list[str] = field(default_factory=lambda: ["word"])


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One source of sentences: a corpus on disk, or the generator.

    ``labels`` renames labels on the way in (an empty name drops the entity). ``unknown`` lists labels this
    source does not annotate: where it says O, one of those may stand. ``files`` keeps only files whose
    name contains one of the strings, ``without`` drops them; ``ids`` keeps only sentences whose id does.
    ``raw`` ignores the annotation: such a source teaches only what the teachers of ``DistillConfig`` say; it may
    be plain text, one text a line (``format = "lines"``; ``.gz`` may be compressed). ``share`` uses only that
    part of it, and ``dev_share`` of that part goes to the dev set; both are drawn by a hash of the text, so that
    the same sentence always falls on the same side. ``repeat`` shows the source that often an epoch. ``counted``
    says that the counts in the gazetteers' tables are of this very source: a form counted once is hidden from
    its sentences (leave one out), for otherwise every mention there would be a known one. ``taught = false``
    keeps the teachers of ``DistillConfig`` out of a source: where they know less than its annotation does.
    ``teachers`` are asked about this source in place of those: such as have not learnt from it, who do not repeat
    its mistakes (cross-fitting; Wang et al. 2019, "CrossWeigh").
    """

    name: str = ""
    path: str = ""
    format: str = ""
    generate: int = 0
    seed: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    share: float = 1.0
    dev_share: float = 0.0
    repeat: int = 1
    counted: bool = False
    ids: list[str] = field(default_factory=list)
    raw: bool = False
    taught: bool = True
    teachers: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TaskConfig:
    """Another corpus that the same encoder learns beside the recipe's own, with labels and an output of its own.

    Its output is not shipped (multi-task learning; Collobert and Weston 2008).
    """

    name: str = ""
    labels: list[str] = field(default_factory=list)
    train: list[SourceConfig] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Where sentences come from. Paths are relative to ``root``, and ``root`` to the recipe's file."""

    root: str = "."
    labels: list[str] = field(default_factory=list)
    scheme: Literal["BIO", "BIOES"] = "BIOES"
    train: list[SourceConfig] = field(default_factory=list)
    dev: list[SourceConfig] = field(default_factory=list)
    test: list[SourceConfig] = field(default_factory=list)
    also: list[TaskConfig] = field(default_factory=list)
    max_units: int = 256


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """How the network is trained.

    ``epochs`` sets the schedule of the learning rate; ``stop_after`` ends the run after so many of them (0: all).
    ``precision`` is that of the products inside an LSTM on a CPU: bfloat16 is faster where the processor
    multiplies it natively (AMX). ``keep`` says which epoch's weights are shipped: those best on the dev sets, or
    the last ones, where the dev sets do not hold what is to be learnt.
    """

    seed: int = 1
    threads: int = 2
    device: str = "cpu"
    precision: Literal["float32", "bfloat16"] = "float32"
    epochs: int = 8
    stop_after: int = 0
    patience: int = 3
    batch_units: int = 2048
    learning_rate: float = 2e-3
    table_learning_rate: float = 2e-3
    crf_learning_rate: float = 5e-3
    warmup: float = 0.05
    final_rate: float = 0.05
    weight_decay: float = 1e-2
    clip_norm: float = 5.0
    ema: float = 0.0
    noise: float = 0.0
    checkpoint_minutes: float = 2.0
    keep: Literal["best", "last"] = "best"


@dataclass(frozen=True, slots=True)
class StageConfig:
    """A command that has to run before a student can be trained.

    ``run`` holds the arguments of ``ner-engine``, ``makes`` names the file or bundle that it leaves; both are
    relative to ``data.root``.
    """

    run: list[str] = field(default_factory=list)
    makes: str = ""


@dataclass(frozen=True, slots=True)
class DistillConfig:
    """Knowledge distillation: a student learns from the mean of its ``teachers``' marginals.

    ``teachers`` are bundles with the recipe's labels and a CRF head; paths are relative to ``data.root``.
    ``weight`` is the share of their word in the loss where a sentence is annotated; where it is not, theirs is
    the only one. ``stages`` make the teachers, in order, where they are not there yet: ``ner-engine distill``.
    """

    teachers: list[str] = field(default_factory=list)
    weight: float = 0.5
    stages: list[StageConfig] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ExportConfig:
    """How a bundle stores the weights.

    ``quantise="int8"`` halves the file and, for an LSTM, the time of extraction: see
    ``ner_engine.network.quantise``. ``"none"`` is float16, of which inference makes float32. ``min_score`` is
    what an entity's probability has to reach to be answered where the caller does not say: F1 is highest where
    spans less probable than about half of it are left out (Lipton et al. 2014, "Optimal Thresholding of
    Classifiers to Maximize F1 Measure").
    """

    quantise: Literal["int8", "none"] = "none"
    min_score: float = 0.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that makes a bundle: ``ner-engine train RECIPE.toml``.

    ``before`` lists the commands that make what the recipe reads (vectors, say); they go into the card.
    ``notes`` is Markdown that the card ends with: what helped and what did not, in figures. In the file,
    ``base = "OTHER.toml"`` starts from another recipe beside it: tables are merged, lists replaced.
    """

    name: str = "model"
    description: str = ""
    licence: str = ""
    notes: str = ""
    before: list[str] = field(default_factory=list)
    features: FeatureConfig = field(default_factory=FeatureConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    data: DataConfig = field(default_factory=DataConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    distill: DistillConfig = field(default_factory=DistillConfig)
    export: ExportConfig = field(default_factory=ExportConfig)


def _expected(kind: Any) -> str:
    if typing.get_origin(kind) is Literal:
        return "one of " + ", ".join(repr(a) for a in typing.get_args(kind))
    return getattr(kind, "__name__", str(kind))


def _read(kind: Any, value: Any, key: str, path: str | None) -> Any:
    """``value`` as ``kind``; refuses anything else, naming the key."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{key}: expected a table; got {value!r}", path=path)
        return from_dict(typing.cast(type[Any], kind), value, key=key, path=path)
    if origin is Literal and value in args:
        return value
    if origin is list and isinstance(value, list):
        return [_read(args[0], item, f"{key}[{i}]", path) for i, item in enumerate(value)]
    if origin is not None and _is_subclass(origin, Mapping) and isinstance(value, Mapping):
        return {str(k): _read(args[1], v, f"{key}.{k}", path) for k, v in value.items()}
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind in (int, str, bool) and type(value) is kind:
        return value
    raise ConfigError(f"{key}: expected {_expected(kind)}; got {value!r}", path=path)


def _is_subclass(kind: Any, parent: type) -> bool:
    """``issubclass`` that answers False for what is no class (a typing form)."""
    return isinstance(kind, type) and not isinstance(kind, types.UnionType) and issubclass(kind, parent)


def from_dict(kind: type[T], values: Mapping[str, Any], *, key: str = "", path: str | None = None) -> T:
    """A dataclass of this module from plain values. Raises ConfigError for an unknown key or wrong type."""
    hints = typing.get_type_hints(kind)
    unknown = sorted(set(values) - set(hints))
    if unknown:
        where = f"{key}.{unknown[0]}" if key else unknown[0]
        raise ConfigError(f"unknown key {where!r}; expected one of {', '.join(hints)}", path=path)
    prefix = f"{key}." if key else ""
    return kind(**{name: _read(hints[name], value, prefix + name, path) for name, value in values.items()})


def to_dict(config: Any) -> dict[str, Any]:
    """The plain form, as ``from_dict`` reads it."""
    return dataclasses.asdict(config)


def _override(values: dict[str, Any], setting: str) -> None:
    """Put one ``a.b=value`` into nested dicts; the value is read as TOML, else taken as a string."""
    name, sep, text = setting.partition("=")
    if not sep or not name.strip():
        raise ConfigError(f"--set: expected key=value; got {setting!r}")
    try:
        value: Any = tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        value = text
    *parents, last = name.strip().split(".")
    here = values
    for parent in parents:
        here = here.setdefault(parent, {})
        if not isinstance(here, dict):
            raise ConfigError(f"--set {setting}: {parent!r} is not a table")
    here[last] = value


_POSITIVE: tuple[tuple[str, str], ...] = (
    ("network", "layers"),
    ("network", "hidden"),
    ("features", "min_count"),
    ("features", "gazetteer_min_length"),
    ("training", "threads"),
    ("training", "epochs"),
    ("training", "batch_units"),
    ("training", "learning_rate"),
    ("training", "table_learning_rate"),
    ("training", "crf_learning_rate"),
    ("training", "clip_norm"),
)
_SHARES: tuple[tuple[str, str], ...] = (  # at least 0 and less than 1
    ("network", "input_dropout"),
    ("network", "hidden_dropout"),
    ("network", "unknown_rate"),
    ("network", "gazetteer_dropout"),
    ("training", "warmup"),
    ("training", "ema"),
)


def _check(recipe: Recipe, path: str) -> None:
    """Refuse values that no run could use, by the key's full name."""

    def refuse(key: str, expected: str, value: object) -> None:
        raise ConfigError(f"{key}: expected {expected}; got {value!r}", path=path)

    for part, name in _POSITIVE:
        value = getattr(getattr(recipe, part), name)
        if not value > 0:
            refuse(f"{part}.{name}", "more than 0", value)
    for part, name in _SHARES:
        value = getattr(getattr(recipe, part), name)
        if not 0 <= value < 1:
            refuse(f"{part}.{name}", "at least 0 and less than 1", value)
    for name in ("noise", "final_rate"):
        value = getattr(recipe.training, name)
        if not 0 <= value <= 1:
            refuse(f"training.{name}", "a number from 0 to 1", value)
    if not 0 <= recipe.training.seed < 2**63:
        refuse("training.seed", "a number from 0 to 2^63 - 1", recipe.training.seed)
    if not 0 <= recipe.training.stop_after <= recipe.training.epochs:
        refuse("training.stop_after", f"a number from 0 to {recipe.training.epochs}", recipe.training.stop_after)
    if recipe.data.max_units and recipe.data.max_units < 16:
        refuse("data.max_units", "0 (no limit) or at least 16", recipe.data.max_units)
    for table, rows in recipe.features.buckets.items():
        if rows < 16:
            refuse(f"features.buckets.{table}", "at least 16", rows)
    _check_labels(recipe.data.labels, "data.labels", refuse)
    _check_tasks(recipe.data.also, refuse)
    _check_sources(recipe, refuse)
    _check_distill(recipe, refuse)


_Refuse = Callable[[str, str, object], None]


def _check_labels(labels: list[str], key: str, refuse: _Refuse) -> None:
    if not labels or len(set(labels)) < len(labels) or any(not label or "-" in label[:1] for label in labels):
        refuse(key, "at least one label, each once", labels)


def _check_tasks(tasks: list[TaskConfig], refuse: _Refuse) -> None:
    names = [task.name for task in tasks]
    for i, task in enumerate(tasks):
        key = f"data.also[{i}]"
        if not task.name.isidentifier() or names.count(task.name) > 1:
            refuse(f"{key}.name", "a word of letters and digits, each once", task.name)
        _check_labels(task.labels, f"{key}.labels", refuse)
        if not task.train:
            refuse(f"{key}.train", "at least one source", [])


def _check_sources(recipe: Recipe, refuse: _Refuse) -> None:
    """Text without annotation has a place in the training data alone, and there only beside teachers."""
    data = recipe.data
    parts = [("data.train", data.train), ("data.dev", data.dev), ("data.test", data.test)]
    parts += [(f"data.also[{i}].train", task.train) for i, task in enumerate(data.also)]
    for part, sources in parts:
        for i, source in enumerate(sources):
            key = f"{part}[{i}]"
            if source.format == "lines" and not source.raw:
                refuse(f"{key}.raw", "true where the format is 'lines', which holds no annotation", source.raw)
            if source.raw and part != "data.train":
                refuse(f"{key}.raw", "false: only data.train may hold text without annotation", source.raw)
            if source.dev_share and part.startswith("data.also"):
                refuse(f"{key}.dev_share", "0: another task is not scored", source.dev_share)
            if source.raw and not source.taught:
                refuse(f"{key}.taught", "true where the source is raw: nobody else says anything of it", False)
            if source.teachers and (part != "data.train" or not source.taught or not recipe.distill.teachers):
                expected = "nothing but beside distill.teachers, in data.train, where taught is true"
                refuse(f"{key}.teachers", expected, source.teachers)
            if source.raw and source.dev_share:
                refuse(f"{key}.dev_share", "0 for a raw source, which no score can be taken on", source.dev_share)
            if source.raw and not recipe.distill.teachers:
                name = source.name or source.path
                refuse("distill.teachers", f"at least one bundle, for the raw source {name!r}", [])


def _check_distill(recipe: Recipe, refuse: _Refuse) -> None:
    if not 0 <= recipe.export.min_score < 1:
        refuse("export.min_score", "at least 0 and less than 1", recipe.export.min_score)
    distill = recipe.distill
    if not 0 < distill.weight <= 1:
        refuse("distill.weight", "more than 0 and at most 1", distill.weight)
    if distill.teachers and recipe.network.head != "crf":
        refuse("network.head", "'crf', as the teachers' word is over whole tag paths", recipe.network.head)
    for i, stage in enumerate(distill.stages):
        if not stage.run or not stage.makes:
            refuse(f"distill.stages[{i}]", "run and makes", to_dict(stage))


def recipe_values(path: Path, settings: Iterable[str]) -> dict[str, Any]:
    """The plain values of a TOML recipe, over those of its ``base``, with ``key=value`` settings applied."""
    values = _read_toml(path)
    above = [path.resolve()]
    while base := values.pop("base", ""):
        below = above[-1].parent / str(base)  # relative to the file that names it
        if below.resolve() in above:
            raise ConfigError(f"base: {base!r} leads back to a recipe it is the base of", path=path)
        above.append(below.resolve())
        values = _merged(_read_toml(below), values)
    for setting in settings:
        _override(values, setting)
    return values


def _merged(below: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Tables are merged key by key; anything else, lists too, is replaced."""
    out = dict(below)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(out.get(key), dict)
        out[key] = _merged(out[key], value) if both else value
    return out


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError("no such file; expected a TOML recipe", path=path) from None
    except OSError as error:
        raise ConfigError(f"expected a TOML recipe; {error.strerror}", path=path) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"not a TOML file: {error}", path=path) from None
    return values


def load_recipe(path: str | Path, *, settings: Iterable[str] = ()) -> Recipe:
    """Read a recipe from TOML and apply ``key=value`` settings (``training.epochs=3``)."""
    path = Path(path)
    recipe = from_dict(Recipe, recipe_values(path, settings), path=str(path))
    _check(recipe, str(path))
    return recipe


# the recipe of a character language model


@dataclass(frozen=True, slots=True)
class TextSourceConfig:
    """One source of raw text: lines (``.gz`` may be compressed), or a corpus whose annotation is ignored.

    ``format`` is ``lines`` or a corpus format of ``ner_engine.datasets``. ``column`` takes one tab-separated
    column of each line, counted from 1 (0: the whole line). ``share`` uses only that part, drawn by a hash of
    the text.
    """

    name: str = ""
    path: str = ""
    format: str = "lines"
    column: int = 0
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class PretrainDataConfig:
    """Where raw text comes from. Paths are relative to ``root``, and ``root`` to the recipe's file.

    ``dev_share`` of the texts is held out, drawn by a hash of the text. ``without`` names sources whose texts
    are left out wherever they stand: what a tagger will be tested on.
    """

    root: str = "."
    sources: list[TextSourceConfig] = field(default_factory=list)
    without: list[TextSourceConfig] = field(default_factory=list)
    dev_share: float = 0.01


@dataclass(frozen=True, slots=True)
class PretrainFeatureConfig:
    """What the language model sees of each unit: inputs that look at no neighbour, and their widths.

    The vocabulary holds the syllables that occur at least ``min_count`` times.
    """

    inputs: Mapping[str, int] = field(default_factory=lambda: {"syllable": 64, "jamo": 16, "class": 8})
    min_count: int = 10


@dataclass(frozen=True, slots=True)
class PretrainNetworkConfig:
    """The recurrent layer of each direction; it has to be that of the tagger it is for."""

    backbone: Literal["rnn", "lstm", "gru"] = "lstm"
    nonlinearity: Literal["tanh", "relu"] = "tanh"
    hidden: int = 256


@dataclass(frozen=True, slots=True)
class PretrainTrainingConfig:
    """How the language model is trained.

    The text runs in ``streams`` parallel streams, read in windows of ``steps`` units; ``max_units`` bounds an
    epoch (0: all of it). ``evaluations`` an epoch measure the held-out text. ``bfloat16`` is two to three times
    as fast where the processor multiplies it natively (AMX).
    """

    seed: int = 1
    threads: int = 1
    device: str = "cpu"
    precision: Literal["float32", "bfloat16"] = "float32"
    epochs: int = 2
    streams: int = 64
    steps: int = 32
    max_units: int = 0
    learning_rate: float = 4e-3
    warmup: float = 0.02
    final_rate: float = 0.02
    weight_decay: float = 0.0
    clip_norm: float = 1.0
    evaluations: int = 4
    checkpoint_minutes: float = 2.0


@dataclass(frozen=True, slots=True)
class PretrainRecipe:
    """Everything that makes a character language model: ``ner-engine pretrain RECIPE.toml``."""

    name: str = "language-model"
    description: str = ""
    licence: str = ""
    features: PretrainFeatureConfig = field(default_factory=PretrainFeatureConfig)
    network: PretrainNetworkConfig = field(default_factory=PretrainNetworkConfig)
    data: PretrainDataConfig = field(default_factory=PretrainDataConfig)
    training: PretrainTrainingConfig = field(default_factory=PretrainTrainingConfig)


_PRETRAIN_POSITIVE: tuple[tuple[str, str], ...] = (
    ("features", "min_count"),
    ("network", "hidden"),
    ("training", "threads"),
    ("training", "epochs"),
    ("training", "streams"),
    ("training", "learning_rate"),
    ("training", "clip_norm"),
    ("training", "evaluations"),
)


def _check_pretrain(recipe: PretrainRecipe, path: str) -> None:
    """Refuse values that no pre-training could use, by the key's full name."""

    def hold(fits: bool, key: str, expected: str, value: object) -> None:
        if not fits:
            raise ConfigError(f"{key}: expected {expected}; got {value!r}", path=path)

    for part, name in _PRETRAIN_POSITIVE:
        value = getattr(getattr(recipe, part), name)
        hold(value > 0, f"{part}.{name}", "more than 0", value)
    training, data = recipe.training, recipe.data
    hold(training.steps >= 2, "training.steps", "at least 2", training.steps)
    hold(training.max_units >= 0, "training.max_units", "0 (no limit) or more", training.max_units)
    hold(training.weight_decay >= 0, "training.weight_decay", "at least 0", training.weight_decay)
    hold(0 <= training.warmup < 1, "training.warmup", "at least 0 and less than 1", training.warmup)
    hold(0 <= training.final_rate <= 1, "training.final_rate", "a number from 0 to 1", training.final_rate)
    hold(0 <= training.seed < 2**63, "training.seed", "a number from 0 to 2^63 - 1", training.seed)
    hold(0 < data.dev_share < 1, "data.dev_share", "more than 0 and less than 1", data.dev_share)
    hold(bool(data.sources), "data.sources", "at least one source", data.sources)
    for key, sources in (("sources", data.sources), ("without", data.without)):
        for number, source in enumerate(sources):
            place = f"data.{key}[{number}]"
            hold(bool(source.path), f"{place}.path", "a file or folder", source.path)
            hold(source.column >= 0, f"{place}.column", "0 (the whole line) or a column from 1", source.column)
            hold(0 < source.share <= 1, f"{place}.share", "more than 0 and at most 1", source.share)


def load_pretrain_recipe(path: str | Path, *, settings: Iterable[str] = ()) -> PretrainRecipe:
    """Read the recipe of a language model from TOML and apply ``key=value`` settings."""
    path = Path(path)
    recipe = from_dict(PretrainRecipe, recipe_values(path, settings), path=str(path))
    _check_pretrain(recipe, str(path))
    return recipe
