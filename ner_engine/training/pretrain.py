"""Raw text in, a character language model out.

``prepare_pretraining`` reads and numbers the texts; ``Pretrainer`` reads them as parallel streams, window after
window, and can be killed at any moment: its last checkpoint holds weights, optimiser and the states carried
over the border, so that the resumed run is the same, bit for bit, as one that was never interrupted. The best
weights on the held-out text lie in ``language_model.safetensors`` from the first evaluation on.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ner_engine.config import FeatureConfig, PretrainRecipe, to_dict
from ner_engine.errors import ConfigError, TrainingError
from ner_engine.features import FeatureExtractor, Vocabularies
from ner_engine.features.codes import context_free_extractor, count_syllables, unit_codes
from ner_engine.features.units import Ints
from ner_engine.network.language_model import DIRECTIONS, CharacterLanguageModel, State
from ner_engine.training.checkpoint import (
    load_checkpoint,
    optimiser_tensors,
    restore_optimiser,
    save_checkpoint,
)
from ner_engine.training.stored_model import save_language_model
from ner_engine.training.stream import Stream, Text, cut, number_units, shuffled, window, window_count
from ner_engine.training.texts import TextSource, load_texts

__all__ = [
    "LAST",
    "MODEL",
    "HeldOut",
    "PretrainProgress",
    "PretrainResult",
    "Pretrainer",
    "Reading",
    "prepare_pretraining",
]

_log = logging.getLogger(__name__)

LAST, MODEL = "last.safetensors", "language_model.safetensors"


@dataclass(frozen=True, slots=True)
class Reading:
    """A recipe's texts, numbered: ``rows`` are the ids of each unit number (see ``training.stream``)."""

    recipe: PretrainRecipe
    extractor: FeatureExtractor
    rows: Ints
    train: Text
    dev: Text
    sources: tuple[TextSource, ...]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Bits a character on the held-out text, by direction."""

    forward: float
    backward: float

    @property
    def bits(self) -> float:
        """The mean of both directions."""
        return (self.forward + self.backward) / 2

    def to_dict(self) -> dict[str, float]:
        """The JSON form, with the perplexities."""
        return {
            "forward_bits": self.forward,
            "backward_bits": self.backward,
            "forward_perplexity": 2**self.forward,
            "backward_perplexity": 2**self.backward,
        }


@dataclass(frozen=True, slots=True)
class PretrainProgress:
    """Where a run is. ``bits`` is the training loss since the last evaluation; ``held_out`` after one."""

    epoch: int
    epochs: int
    step: int
    steps: int
    bits: float
    gradient_norm: float
    units_per_s: float
    seconds_left: float
    held_out: HeldOut | None


@dataclass(frozen=True, slots=True)
class PretrainResult:
    """What a finished run leaves: the file of the best weights, their score, and the history of evaluations."""

    path: Path
    held_out: HeldOut
    minutes: float
    history: list[dict[str, Any]]


def prepare_pretraining(recipe: PretrainRecipe, *, base: Path) -> Reading:
    """Read the sources, count the vocabulary on the training part and number every unit.

    ``base`` is the folder of the recipe's file. Raises ConfigError or DataError for what does not fit.
    """
    features = FeatureConfig(inputs=recipe.features.inputs, min_count=recipe.features.min_count)
    context_free_extractor(features, Vocabularies())  # a wrong input is refused before all text is read
    texts = load_texts(recipe.data, base / recipe.data.root)
    train, dev = unit_codes(texts.train), unit_codes(texts.dev)
    syllables = count_syllables(train[0], min_count=recipe.features.min_count)
    if not syllables:
        raise ConfigError(
            f"features.min_count: expected characters that occur {recipe.features.min_count} times; got none"
        )
    extractor = context_free_extractor(features, Vocabularies(syllable=syllables))
    rows, (train_text, dev_text) = number_units([train, dev], extractor)
    return Reading(recipe, extractor, rows, train_text, dev_text, texts.sources)


class Pretrainer:
    """Trains one language model on numbered texts, with its checkpoints in ``work``."""

    def __init__(self, reading: Reading, work: Path) -> None:
        self.reading = reading
        self.work = work
        self.config = reading.recipe.training
        torch.set_num_threads(self.config.threads)
        torch.manual_seed(self.config.seed)
        try:
            self.device = torch.zeros(1, device=self.config.device).device
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0]
            raise ConfigError(f"training.device: expected one that this torch has; {reason}") from None
        self.model = CharacterLanguageModel(reading.recipe.network, reading.extractor.columns).to(self.device)
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(),
            lr=self.config.learning_rate,
            weight_decay=self.config.weight_decay,
            fused=self.device.type in ("cpu", "cuda"),
        )
        self._held = self._stream(cut(reading.dev.units, streams=self.config.streams))
        self._digest = self._recipe_digest()
        self.epoch, self.step = 0, 0
        self.states: list[State | None] = [None for _ in DIRECTIONS]
        self.best: HeldOut | None = None
        self.history: list[dict[str, Any]] = []
        self.seconds = 0.0
        self._loss, self._units = 0.0, 0

    def run(
        self, *, resume: bool = False, on_progress: Callable[[PretrainProgress], None] | None = None
    ) -> PretrainResult:
        """Train to the end, or from the last checkpoint with ``resume``."""
        self.work.mkdir(parents=True, exist_ok=True)
        if resume and (self.work / LAST).exists():
            self._restore()
        else:
            for name in (LAST, MODEL):
                (self.work / name).unlink(missing_ok=True)
        while self.epoch < self.config.epochs:
            self._epoch(on_progress or (lambda progress: None))
        if self.best is None:
            raise TrainingError(
                f"{self.work / LAST}: expected the checkpoint of a finished run; got no evaluation"
            )
        return PretrainResult(self.work / MODEL, self.best, self.seconds / 60, self.history)

    def _stream(self, units: Ints) -> Stream:
        syllable = next(i for i, c in enumerate(self.reading.extractor.columns) if c.table == "syllable")
        return Stream(units, self.reading.rows, syllable)

    def epoch_stream(self) -> Stream:
        """The epoch's text in its order, as parallel streams."""
        units = shuffled(self.reading.train, seed=self.config.seed, epoch=self.epoch)
        return self._stream(cut(units, streams=self.config.streams, limit=self.config.max_units))

    def _epoch(self, report: Callable[[PretrainProgress], None]) -> None:
        stream = self.epoch_stream()
        steps = window_count(stream, self.config.steps)
        evaluations = {round(steps * k / self.config.evaluations) for k in range(1, self.config.evaluations + 1)}
        started = saved = reported = time.monotonic()
        began_at, units = self.step, 0

        def progress(norm: float, held_out: HeldOut | None) -> PretrainProgress:
            taken = time.monotonic() - started
            left = steps - self.step + steps * (self.config.epochs - self.epoch - 1)
            return PretrainProgress(
                self.epoch + 1, self.config.epochs, self.step, steps, self._bits(), norm, units / taken,
                left * taken / (self.step - began_at), held_out,
            )  # fmt: skip

        while self.step < steps:
            seen, norm = self.train_step(stream, (self.epoch + self.step / steps) / self.config.epochs)
            units += seen
            self.step += 1
            now = time.monotonic()
            if self.step in evaluations:
                report(progress(norm, self._evaluate()))
                self._loss, self._units = 0.0, 0
                # a run's pace is that of training alone
                self.seconds += time.monotonic() - started
                started = saved = reported = time.monotonic()
                began_at, units = self.step, 0
                if self.step == steps:
                    break
                self._save()
            elif now - reported > 0.5:
                report(progress(norm, None))
                reported = now
            if now - saved > 60 * self.config.checkpoint_minutes:
                self.seconds += now - started
                started, began_at, units = now, self.step, 0
                self._save()
                saved = now
        self.epoch, self.step = self.epoch + 1, 0
        self.states = [None for _ in DIRECTIONS]
        self._save()

    def _window(self, stream: Stream, number: int, direction: int) -> tuple[Tensor, Tensor]:
        backward = DIRECTIONS[direction] == "backward"
        ids, targets = window(stream, number, steps=self.config.steps, backward=backward)
        return torch.from_numpy(ids).to(self.device), torch.from_numpy(targets).to(self.device)

    def train_step(self, stream: Stream, progress: float) -> tuple[int, float]:
        """One window each way and one update; returns its units and the gradient's norm before clipping."""
        self._set_rate(progress)
        self.optimiser.zero_grad()
        total, units = 0.0, 0
        for direction in range(len(DIRECTIONS)):
            ids, targets = self._window(stream, self.step, direction)
            loss, self.states[direction] = self.model.loss(
                ids, targets, self.states[direction], direction, bfloat16=self.config.precision == "bfloat16"
            )
            (loss / len(DIRECTIONS)).backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach()) / len(DIRECTIONS)
            units = targets.numel()
        norm = float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip_norm))
        if not math.isfinite(total) or not math.isfinite(norm):
            raise TrainingError(
                f"epoch {self.epoch + 1}, step {self.step}: the loss is {total} and the gradient norm {norm}; "
                "lower training.learning_rate or training.clip_norm"
            )
        self.optimiser.step()
        self._loss += total * units
        self._units += units
        return units, norm

    def _set_rate(self, progress: float) -> None:
        """Linear warm-up, then a cosine down to ``final_rate`` of the peak."""
        config = self.config
        if progress < config.warmup:
            factor = max(progress / config.warmup, 0.02)
        else:
            along = (progress - config.warmup) / (1 - config.warmup)
            factor = config.final_rate + (1 - config.final_rate) * 0.5 * (1 + math.cos(math.pi * along))
        for group in self.optimiser.param_groups:
            group["lr"] = config.learning_rate * factor

    @torch.no_grad()
    def held_out(self) -> HeldOut:
        """Bits a character of the held-out text, read as training reads: streams, states carried on."""
        bits = []
        for direction in range(len(DIRECTIONS)):
            state: State | None = None
            total, units = 0.0, 0
            for number in range(window_count(self._held, self.config.steps)):
                ids, targets = self._window(self._held, number, direction)
                loss, state = self.model.loss(ids, targets, state, direction)
                total += float(loss) * targets.numel()
                units += targets.numel()
            bits.append(total / units / math.log(2))
        return HeldOut(*bits)

    def _bits(self) -> float:
        """Bits a character in training since the last evaluation."""
        return self._loss / max(1, self._units) / math.log(2)

    def _evaluate(self) -> HeldOut:
        """Measure, note it, and keep the weights where they are the best so far."""
        held = self.held_out()
        row = {
            "epoch": self.epoch + 1,
            "step": self.step,
            "train_bits": self._bits(),
            **held.to_dict(),
        }
        self.history.append(row)
        _log.info("epoch %d, step %d: %s", self.epoch + 1, self.step, row)
        if self.best is None or held.bits < self.best.bits:
            self.best = held
            save_language_model(
                self.work / MODEL, self.model, self.reading.extractor, facts=self._facts(held.to_dict())
            )
        return held

    def _facts(self, held_out: Mapping[str, float]) -> dict[str, Any]:
        from ner_engine import __version__

        recipe = self.reading.recipe
        return {
            "name": recipe.name,
            "description": recipe.description.strip(),
            "licence": recipe.licence,
            "package_version": __version__,
            "recipe": to_dict(recipe),
            "sources": [
                {"name": s.name, "train": s.train, "dev": s.dev, "sha256": s.digest} for s in self.reading.sources
            ],
            "held_out": dict(held_out),
            "history": self.history,
        }

    def _recipe_digest(self) -> str:
        """What has to be the same for a checkpoint to be resumed: the recipe and the data."""
        sha = hashlib.sha256(json.dumps(to_dict(self.reading.recipe), sort_keys=True).encode())
        for text in (self.reading.train, self.reading.dev):
            sha.update(text.units.tobytes())
        sha.update(self.reading.rows.tobytes())
        return sha.hexdigest()

    def _save(self) -> None:
        tensors = {f"model.{k}": v for k, v in self.model.state_dict().items()}
        tensors |= optimiser_tensors("optimiser", self.optimiser)
        for name, state in zip(DIRECTIONS, self.states, strict=True):
            tensors |= {f"state.{name}.{i}": part for i, part in enumerate(state or ())}
        values = {
            "recipe": self._digest,
            "epoch": self.epoch,
            "step": self.step,
            "best": None if self.best is None else [self.best.forward, self.best.backward],
            "history": self.history,
            "seconds": self.seconds,
            "loss": self._loss,
            "units": self._units,
        }
        save_checkpoint(self.work / LAST, tensors, values)

    def _restore(self) -> None:
        tensors, values = load_checkpoint(self.work / LAST)
        if values.get("recipe") != self._digest:
            raise TrainingError(
                f"{self.work / LAST}: made by another recipe or other data; start anew or give another --work"
            )
        model = {k.removeprefix("model."): v for k, v in tensors.items() if k.startswith("model.")}
        self.model.load_state_dict(model)
        restore_optimiser("optimiser", self.optimiser, tensors)
        for direction, name in enumerate(DIRECTIONS):
            parts = sorted(k for k in tensors if k.startswith(f"state.{name}."))
            self.states[direction] = tuple(tensors[k].to(self.device) for k in parts) or None
        self.epoch, self.step = values["epoch"], values["step"]
        self.best = None if values["best"] is None else HeldOut(*values["best"])
        self.history, self.seconds = values["history"], values["seconds"]
        self._loss, self._units = values["loss"], values["units"]
