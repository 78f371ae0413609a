"""A tagger's first layer and tables from a character language model.

What the language model knows of a character and of remembering goes to the weights that do the same in the
tagger; every other weight (of inputs the language model has not, of higher layers) keeps its own start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from ner_engine.config import NetworkConfig, PretrainNetworkConfig
from ner_engine.errors import ConfigError
from ner_engine.features import UNKNOWN, Column, FeatureExtractor
from ner_engine.network.tagger import Tagger
from ner_engine.training.stored_model import StoredModel, load_language_model

__all__ = ["Started", "start_from"]

_SUFFIXES = ("", "_reverse")  # of a bidirectional layer's weights, in the order of DIRECTIONS


@dataclass(frozen=True, slots=True)
class Started:
    """What was copied: syllables of the language model the tagger knows, and its own that stay as they were."""

    syllables: int
    missing: int
    directions: int


def _places(columns: Iterable[Column]) -> dict[tuple[str, int], tuple[Column, slice]]:
    """(input, how many of its columns came before) -> the column and its place in the vector of a unit."""
    seen: Counter[str] = Counter()
    places = {}
    at = 0
    for column in columns:
        places[column.input, seen[column.input]] = (column, slice(at, at + column.width))
        seen[column.input] += 1
        at += column.width
    return places


def _layer(config: NetworkConfig | PretrainNetworkConfig) -> str:
    kind = f"{config.backbone} ({config.nonlinearity})" if config.backbone == "rnn" else config.backbone
    return f"{kind} of {config.hidden} units"


def _check(tagger: Tagger, extractor: FeatureExtractor, stored: StoredModel, path: Path) -> None:
    """Refuse a language model that does not fit. Raises ConfigError."""
    mine, given = _layer(tagger.config), _layer(stored.model.config)
    if mine != given:
        raise ConfigError(f"network.start: expected the recipe's {mine}; got {given}", path=path)
    if extractor.config.unit != "syllable":
        raise ConfigError(
            f"network.start: expected features.unit = 'syllable'; got {extractor.config.unit!r}", path=path
        )
    for name, width in stored.extractor.config.inputs.items():
        found = extractor.config.inputs.get(name)
        if found != width:
            raise ConfigError(
                f"network.start: expected features.inputs.{name} = {width}, as in the language model; "
                f"got {'none' if found is None else found}",
                path=path,
            )
    theirs = _places(stored.extractor.columns)
    ours = _places(extractor.columns)
    for place, (column, _) in theirs.items():
        rows = ours[place][0].rows
        if column.table != "syllable" and rows != column.rows:
            raise ConfigError(
                f"network.start: expected {rows} rows in the table {column.table!r}; got {column.rows}", path=path
            )


@torch.no_grad()
def start_from(tagger: Tagger, extractor: FeatureExtractor, path: Path) -> Started:
    """Put the weights of the language model at ``path`` into ``tagger``, whose inputs ``extractor`` makes.

    Tables go by row, that of syllables by character. Recurrent weights and biases of the first layer are copied
    whole, its input weights in the columns of the inputs both have: forward to forward, backward to reverse; a
    tagger of one direction takes the forward ones. Raises ConfigError or TrainingError for a file or a shape that
    does not fit.
    """
    stored = load_language_model(path)
    _check(tagger, extractor, stored, path)
    model = stored.model
    ours, theirs = _places(extractor.columns), _places(stored.extractor.columns)

    names = stored.extractor.vocabularies.syllable
    pairs = [(mine[0], i + 2) for i, mine in enumerate(extractor.rows("syllable", names)) if mine]
    for table in {column.table for column, _ in theirs.values()}:
        weight, source = tagger.embeddings.weight(table), model.embeddings.weight(table)
        same = [(row, row) for row in range(2, len(source))] if table != "syllable" else pairs
        to, of = zip(*[(UNKNOWN, UNKNOWN), *same], strict=True)
        weight[list(to)] = source[list(of)].to(weight.device)

    layer = tagger.backbone.layers[0]
    suffixes = _SUFFIXES if tagger.config.bidirectional else _SUFFIXES[:1]
    for suffix, source_layer in zip(suffixes, model.layers, strict=False):
        for name in ("weight_hh_l0", "bias_ih_l0", "bias_hh_l0"):
            _parameter(layer, name + suffix).copy_(_parameter(source_layer, name))
        target, given = _parameter(layer, "weight_ih_l0" + suffix), _parameter(source_layer, "weight_ih_l0")
        for place, (_, columns) in theirs.items():
            target[:, ours[place][1]] = given[:, columns].to(target.device)
    return Started(len(pairs), len(extractor.vocabularies.syllable) - len(pairs), len(suffixes))


def _parameter(module: nn.Module, name: str) -> nn.Parameter:
    return dict(module.named_parameters())[name]
