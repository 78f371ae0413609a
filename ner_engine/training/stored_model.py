"""A trained character language model as one file: safetensors, with what it is as JSON in the header."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ner_engine.config import FeatureConfig, PretrainNetworkConfig, from_dict, to_dict
from ner_engine.errors import ConfigError, NerEngineError, TrainingError
from ner_engine.features import FeatureExtractor, Vocabularies
from ner_engine.features.codes import context_free_extractor
from ner_engine.network.language_model import CharacterLanguageModel
from ner_engine.training.checkpoint import load_checkpoint, save_checkpoint

__all__ = ["FORMAT", "StoredModel", "load_language_model", "save_language_model"]

FORMAT = 1
KIND = "character language model"


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A language model, the extractor of its inputs, and the other facts of its file (data, scores, recipe)."""

    model: CharacterLanguageModel
    extractor: FeatureExtractor
    facts: Mapping[str, Any]


def save_language_model(
    path: Path,
    model: CharacterLanguageModel,
    extractor: FeatureExtractor,
    *,
    facts: Mapping[str, Any],
) -> None:
    """Write the model's file, whole or not at all."""
    values = {
        "kind": KIND,
        "format": FORMAT,
        "inputs": dict(extractor.config.inputs),
        "network": to_dict(model.config),
        "syllables": list(extractor.vocabularies.syllable),
        **facts,
    }
    save_checkpoint(path, model.state_dict(), values)


def load_language_model(path: Path) -> StoredModel:
    """The inverse. Raises ConfigError where there is no file, TrainingError for one that holds no such model."""
    if not path.is_file():
        raise ConfigError("expected the file of a language model (ner-engine pretrain); none there", path=path)
    tensors, values = load_checkpoint(path)
    if values.get("kind") != KIND:
        raise TrainingError(f"{path}: expected a {KIND}; got another file of this package")
    if values.get("format") != FORMAT:
        raise TrainingError(f"{path}: expected format {FORMAT} of a {KIND}; got {values.get('format')!r}")
    try:
        network = from_dict(PretrainNetworkConfig, values["network"])
        features = FeatureConfig(inputs={str(k): int(v) for k, v in values["inputs"].items()})
        extractor = context_free_extractor(features, Vocabularies(syllable=tuple(values["syllables"])))
        with torch.random.fork_rng(devices=[]):  # its first weights, drawn for nothing, change no other draw
            model = CharacterLanguageModel(network, extractor.columns)
        model.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, NerEngineError) as error:
        reason = " ".join(str(error).split())[:200]
        raise TrainingError(f"{path}: expected a whole {KIND}; {reason}") from None
    known = {"kind", "format", "inputs", "network", "syllables"}
    return StoredModel(model.eval(), extractor, {k: v for k, v in values.items() if k not in known})
