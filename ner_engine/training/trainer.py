"""A recipe in, a trained bundle out.

``prepare`` turns the recipe's sources into examples; ``Trainer`` runs the epochs and can be killed at any
moment: its last checkpoint holds every tensor and random state, so that the resumed run is the same, bit for
bit, as one that was never interrupted. The data order of an epoch depends on the seed and the epoch alone.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ner_engine.config import Recipe, to_dict
from ner_engine.datasets.noise import chat_endings, jamo_typos, random_spaces, remove_spaces
from ner_engine.errors import ConfigError, TrainingError
from ner_engine.features import INPUTS, FeatureExtractor, Gazetteer
from ner_engine.network.tagger import Shape, Tagger
from ner_engine.runtime.calibration import ScoreCurves
from ner_engine.scheme import tag_list, tags_to_spans
from ner_engine.spans import OPEN, Sentence, Span
from ner_engine.tokenizers import load_tokenizer
from ner_engine.training.checkpoint import (
    load_checkpoint,
    optimiser_tensors,
    restore_optimiser,
    save_checkpoint,
)
from ner_engine.training.data import (
    Example,
    Source,
    batches,
    collate,
    encode,
    encode_sentence,
    load_source,
    split_source,
    without_held_out,
)
from ner_engine.training.lexicons import read_lexicons
from ner_engine.training.metrics import Scores, score_spans
from ner_engine.training.start import start_from
from ner_engine.training.teacher import all_teachers, check_teachers, load_teachers, taught
from ner_engine.training.temperature import fit_curves, fit_temperature, scaled_state
from ner_engine.training.vectors import Vectors, read_names, read_vectors

__all__ = ["Prepared", "Progress", "Result", "Trainer", "predict", "prepare"]

_log = logging.getLogger(__name__)

LAST, BEST = "last.safetensors", "best.safetensors"
EVALUATION_UNITS = 8192


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is. ``dev`` holds the F1 of each dev source in per cent after an epoch, else nothing."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    gradient_norm: float
    sentences_per_s: float
    seconds_left: float
    best: float
    dev: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A recipe's data, ready to train on. The recipe's paths are relative to ``root``.

    ``counted_extractor`` is the one for sources whose mentions the gazetteers' tables count. ``weights`` is what
    the tagger starts from, all of it, where it does not start anew. ``rows`` are, by table of embeddings, the
    rows ``(rows,) bool`` that learn; where any table is named there, everything else keeps its weights.
    """

    recipe: Recipe
    tags: tuple[str, ...]
    extractor: FeatureExtractor
    counted_extractor: FeatureExtractor
    train: tuple[tuple[Source, tuple[Example, ...]], ...]
    dev: tuple[tuple[Source, tuple[Example, ...]], ...]
    test: tuple[tuple[Source, tuple[Example, ...]], ...]
    vectors: Mapping[str, Vectors]
    root: Path
    weights: Mapping[str, Tensor] = field(default_factory=dict)
    rows: Mapping[str, Tensor] = field(default_factory=dict)

    def extractor_for(self, source: Source) -> FeatureExtractor:
        """What the sentences of a training source are encoded with."""
        return self.counted_extractor if source.counted else self.extractor

    @property
    def shape(self) -> Shape:
        """The tagger's outer dimensions."""
        data = self.recipe.data
        also = {task.name: tuple(tag_list(task.labels, scheme=data.scheme)) for task in data.also}
        return Shape(self.extractor.columns, self.extractor.flag_count, self.tags, data.scheme, also)


@dataclass(frozen=True, slots=True)
class Result:
    """What a finished run leaves: the best weights (rounded to float16), its scores, and its history.

    ``temperature`` is what the tagger's scores have been divided by, and ``curves`` what is left to be mended of
    its probabilities afterwards (see ``training.temperature``).
    """

    tagger: Tagger
    best_epoch: int
    minutes: float
    dev: Mapping[str, Scores]
    test: Mapping[str, Scores]
    history: Sequence[Mapping[str, Any]]
    temperature: float = 1.0
    curves: ScoreCurves = field(default_factory=ScoreCurves)


def check_device(name: str) -> None:
    """Refuse a device that this machine's torch does not have. Raises ConfigError."""
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"training.device: expected cpu, cuda or mps, as this torch has it; {reason}") from None


def prepare(recipe: Recipe, *, base: Path) -> Prepared:
    """Read the sources, build the vocabularies on the training part, and encode everything.

    ``base`` is the folder of the recipe's file. Raises ConfigError or DataError for what does not fit.
    """
    check_device(recipe.training.device)
    root = base / recipe.data.root
    check_teachers(all_teachers(recipe), root)
    labels = recipe.data.labels
    tags = tuple(tag_list(labels, scheme=recipe.data.scheme))
    parts = [split_source(load_source(config, root, labels), config.dev_share) for config in recipe.data.train]
    dev = [held for _, held in parts if held is not None]
    dev += [load_source(config, root, labels) for config in recipe.data.dev]
    test = [load_source(config, root, labels) for config in recipe.data.test]
    sources = [source for source, _ in parts]
    for task in recipe.data.also:
        loaded = (load_source(config, root, task.labels) for config in task.train)
        sources += [dataclasses.replace(source, task=task.name) for source in loaded]
    train = without_held_out(sources, [*dev, *test])
    if not any(source.sentences for source in train):
        raise ConfigError("data.train: expected at least one sentence; got none")
    for source in (*dev, *test):
        if any(span.label == OPEN for sentence in source.sentences for span in sentence.entities):
            raise ConfigError(
                f"{source.name}: sentences whose annotation is open ({OPEN}) are for training alone"
            )
    if not any(source.sentences for source in dev):
        raise ConfigError("data.dev: early stopping needs at least one dev sentence; got none")
    dictionary = root / recipe.features.user_dictionary if recipe.features.user_dictionary else None
    tokenizer = load_tokenizer(recipe.features.tokenizer, user_dictionary=dictionary)
    tables = {table for of_input in INPUTS.values() for table in of_input}
    for name in recipe.network.frozen:
        if name not in tables:
            raise ConfigError(f"network.frozen: expected some of {', '.join(sorted(tables))}; got {name!r}")
    gazetteer = None
    if "gazetteer" in recipe.features.inputs:
        gazetteer = Gazetteer.build(
            read_lexicons(recipe.features.gazetteers, root), min_length=recipe.features.gazetteer_min_length
        )
    extractor = FeatureExtractor.fit(
        recipe.features,
        tokenizer,
        (sentence.text for source in train for sentence in source.sentences),
        gazetteer=gazetteer,
        words=read_names(root / recipe.features.vectors["word"]) if "word" in recipe.features.vectors else (),
    )

    counted_extractor = extractor
    if gazetteer is not None and any(source.counted for source in train):
        forms = read_lexicons(recipe.features.gazetteers, root, least=2)
        counted_extractor = FeatureExtractor(
            recipe.features,
            tokenizer,
            extractor.vocabularies,
            Gazetteer.build(forms, min_length=recipe.features.gazetteer_min_length),
        )
    widths = {column.table: column.width for column in extractor.columns}
    vectors = {
        table: read_vectors(root / path, table=table, width=widths.get(table, 0), extractor=extractor)
        for table, path in recipe.features.vectors.items()
    }

    task_tags = {task.name: tuple(tag_list(task.labels, scheme=recipe.data.scheme)) for task in recipe.data.also}

    def encoded(sources: Sequence[Source], max_units: int) -> tuple[tuple[Source, tuple[Example, ...]], ...]:
        return tuple(
            (
                source,
                tuple(
                    encode(
                        counted_extractor if source.counted else extractor,
                        source.sentences,
                        tags=task_tags[source.task] if source.task else tags,
                        scheme=recipe.data.scheme,
                        unknown=source.unknown,
                        max_units=max_units,
                        task=source.task,
                        raw=source.raw,
                    )
                ),
            )
            for source in sources
        )

    train_examples = encoded(train, recipe.data.max_units)
    if recipe.distill.teachers:
        torch.set_num_threads(recipe.training.threads)
        names = all_teachers(recipe)
        teachers = dict(zip(names, load_teachers([root / name for name in names]), strict=True))

        def with_teachers(source: Source, examples: tuple[Example, ...]) -> tuple[Example, ...]:
            asked = [teachers[name] for name in source.teachers or recipe.distill.teachers]
            return tuple(taught(examples, asked, tags)) if source.taught else examples

        train_examples = tuple((source, with_teachers(source, examples)) for source, examples in train_examples)
    return Prepared(
        recipe,
        tags,
        extractor,
        counted_extractor,
        train_examples,
        encoded(dev, 0),
        encoded(test, 0),
        vectors,
        root,
    )


@torch.no_grad()
def predict(tagger: Tagger, examples: Sequence[Example]) -> list[list[Span]]:
    """Predicted character spans of each example, in order. The tagger is left in its mode."""
    was_training = tagger.training
    tagger.eval()
    device = next(tagger.parameters()).device
    order = sorted(range(len(examples)), key=lambda i: len(examples[i].encoded))
    out: list[list[Span]] = [[] for _ in examples]
    at = 0
    while at < len(order):
        size = max(1, EVALUATION_UNITS // max(1, len(examples[order[min(at + 64, len(order) - 1)]].encoded)))
        rows = order[at : at + size]
        at += size
        batch = collate([examples[i] for i in rows], tagger.shape.tags).to(device)
        emissions = tagger(batch.ids, batch.flags, batch.lengths)
        for i, tags in zip(rows, tagger.decode(emissions, batch.lengths), strict=True):
            encoded = examples[i].encoded
            out[i] = [
                Span(int(encoded.starts[s.start]), int(encoded.ends[s.end - 1]), s.label)
                for s in tags_to_spans(tags, scheme=tagger.shape.scheme)
            ]
    tagger.train(was_training)
    return out


def _score(tagger: Tagger, sets: Sequence[tuple[Source, tuple[Example, ...]]]) -> dict[str, Scores]:
    scores = {}
    for source, examples in sets:
        gold = [example.sentence.entities for example in examples]
        scores[source.name] = score_spans(gold, predict(tagger, examples), ignore=source.unknown)
    return scores


def _noisy(sentence: Sentence, rng: random.Random) -> Sentence:
    """One kind of noise, drawn: no spaces, wrong spaces, typing errors, chat endings."""
    kind = rng.random()
    if kind < 0.3:
        return remove_spaces(sentence)
    if kind < 0.55:
        return random_spaces(sentence, rate=0.15, rng=rng)
    if kind < 0.9:
        return jamo_typos(sentence, rate=0.04, rng=rng)
    return chat_endings(sentence, rng=rng)


class Trainer:
    """Trains one tagger on prepared data, with its checkpoints in ``work``."""

    def __init__(self, prepared: Prepared, work: Path) -> None:
        self.prepared = prepared
        self.work = work
        self.config = prepared.recipe.training
        torch.set_num_threads(self.config.threads)
        torch.manual_seed(self.config.seed)
        self.device = torch.device(self.config.device)
        self.tagger = Tagger(prepared.recipe.network, prepared.shape)
        self.tagger.backbone.low_precision = self.config.precision == "bfloat16"
        if prepared.recipe.network.start:
            start_from(self.tagger, prepared.extractor, prepared.root / prepared.recipe.network.start)
        for table, vectors in prepared.vectors.items():
            self.tagger.load_vectors(table, vectors.rows, vectors.values)
        if prepared.weights:
            self.tagger.load_state_dict(prepared.weights)
        self.tagger.to(self.device)
        self._rows = self._only_rows(prepared.rows)
        sparse = self.tagger.embeddings.sparse_parameters()
        ids = {id(p) for p in [*sparse, *self.tagger.crf.parameters()]}
        rest = [p for p in self.tagger.parameters() if p.requires_grad and id(p) not in ids]
        matrices: dict[str, Any] = {"params": [p for p in rest if p.dim() > 1], "lr": self.config.learning_rate}
        if self._rows:  # of tables
            matrices |= {"lr": self.config.table_learning_rate, "weight_decay": 0.0}
        groups: list[dict[str, Any]] = [
            matrices,
            {
                "params": [p for p in rest if p.dim() <= 1],
                "lr": self.config.learning_rate,
                "weight_decay": 0.0,
            },
        ]
        crf = [p for p in self.tagger.crf.parameters() if p.requires_grad]
        if crf:
            groups.append({"params": crf, "lr": self.config.crf_learning_rate, "weight_decay": 0.0})
        self.dense = torch.optim.AdamW(groups, weight_decay=self.config.weight_decay)
        self.sparse = torch.optim.SparseAdam(sparse, lr=self.config.table_learning_rate) if sparse else None
        self._base_rates = [group["lr"] for group in self.dense.param_groups]
        self.average = (
            {k: v.detach().clone() for k, v in self.tagger.state_dict().items()} if self.config.ema else {}
        )
        self.epoch, self.step = 0, 0
        self.best, self.best_epoch = -1.0, -1
        self.history: list[dict[str, Any]] = []
        self.seconds = 0.0
        self._loss, self._units = 0.0, 0
        self._norms: list[float] = []
        self._digest = ""

    def _only_rows(self, rows: Mapping[str, Tensor]) -> list[tuple[torch.nn.Parameter, Tensor]]:
        """Where rows are named, nothing but they learns: the weights they are in, and which they are."""
        if not rows:
            return []
        trained = {name for name, p in self.tagger.named_parameters() if p.requires_grad}
        self.tagger.requires_grad_(False)
        out = []
        for table, learns in rows.items():
            if f"embeddings.tables.{table}.weight" in trained and learns.any():
                weight = self.tagger.embeddings.weight(table)
                weight.requires_grad_(True)
                out.append((weight, learns.to(self.device)))
        if not out:
            raise TrainingError("rows: expected at least one row of a table that is trained; got none")
        return out

    def _keep_other_rows(self) -> None:
        """Take away the gradient of what is not to learn."""
        for weight, learns in self._rows:
            gradient = weight.grad
            if gradient is None:
                continue
            if not gradient.is_sparse:
                gradient[~learns] = 0
                continue
            gradient = gradient.coalesce()
            indices = gradient.indices()
            kept = learns[indices[0]]
            weight.grad = torch.sparse_coo_tensor(
                indices[:, kept],
                gradient.values()[kept],
                gradient.shape,
                is_coalesced=True,
                check_invariants=False,
            )

    def run(self, *, resume: bool = False, on_progress: Callable[[Progress], None] | None = None) -> Result:
        """Train to the end, or from the last checkpoint with ``resume``, and score the best weights."""
        self.train(resume=resume, on_progress=on_progress)
        return self.result(self.kept())

    def train(self, *, resume: bool = False, on_progress: Callable[[Progress], None] | None = None) -> None:
        """Run the epochs; what they leave is asked for by ``kept`` and ``result``."""
        self.work.mkdir(parents=True, exist_ok=True)
        if resume and (self.work / LAST).exists():
            self._restore()
        else:
            for name in (LAST, BEST):
                (self.work / name).unlink(missing_ok=True)
        report = on_progress or (lambda progress: None)
        last = self.config.stop_after or self.config.epochs
        while self.epoch < last and not self._stopped():
            self._epoch(report)

    def _stopped(self) -> bool:
        return self.best_epoch >= 0 and self.epoch - 1 - self.best_epoch >= self.config.patience

    def _epoch_examples(self) -> list[Example]:
        """The epoch's examples: repeated sources, a share of sentences under fresh noise."""
        rng = random.Random(f"{self.config.seed}:{self.epoch}:noise")
        out: list[Example] = []
        lost = 0
        for source, examples in self.prepared.train:
            for _ in range(source.repeat):
                for example in examples:
                    noisy = rng.random() < self.config.noise and example.whole
                    if not noisy:
                        out.append(example)
                        continue
                    mistyped, misaligned = self._mistyped(source, example, rng)
                    out += mistyped
                    lost += misaligned
        if lost:
            _log.info("epoch %d: noise moved %d entities off the borders of units", self.epoch + 1, lost)
        return out

    def _mistyped(self, source: Source, example: Example, rng: random.Random) -> tuple[list[Example], int]:
        """An example under noise, and how many of its entities no longer fall on unit borders.

        The teachers' word on the clean text holds where the units are as many.
        """
        noisy, lost = encode_sentence(
            self.prepared.extractor_for(source),
            _noisy(example.sentence, rng),
            tags=self.prepared.shape.tags_of(source.task),
            scheme=self.prepared.recipe.data.scheme,
            unknown=source.unknown,
            task=source.task,
            raw=source.raw,
        )
        if example.soft is None:
            return noisy, lost
        if len(noisy) != 1 or len(noisy[0].tags) != len(example.tags):
            return ([example], 0) if example.soft.only else (noisy, lost)
        return [dataclasses.replace(noisy[0], soft=example.soft)], lost

    def _epoch(self, report: Callable[[Progress], None]) -> None:
        rng = random.Random(f"{self.config.seed}:{self.epoch}:order")
        epoch_batches = batches(self._epoch_examples(), units=self.config.batch_units, rng=rng)
        started = saved = reported = time.monotonic()
        began_at, sentences = self.step, 0
        self.tagger.train()
        while self.step < len(epoch_batches):
            examples = epoch_batches[self.step]
            norm = self.train_step(examples, (self.epoch + self.step / len(epoch_batches)) / self.config.epochs)
            sentences += len(examples)
            self.step += 1
            now = time.monotonic()
            if now - reported > 0.5:
                pace = (now - started) / (self.step - began_at)
                left = (len(epoch_batches) - self.step) + len(epoch_batches) * (
                    self.config.epochs - self.epoch - 1
                )
                report(
                    Progress(
                        self.epoch + 1, self.config.epochs, self.step, len(epoch_batches),
                        self._loss / max(1, self._units), norm, sentences / (now - started), pace * left,
                        self.best, {},
                    )
                )  # fmt: skip
                reported = now
            if now - saved > 60 * self.config.checkpoint_minutes:
                self.seconds += now - started
                started, began_at, sentences = now, self.step, 0
                self._save()
                saved = now
        self.seconds += time.monotonic() - started
        self._end_epoch(len(epoch_batches), report)

    def train_step(self, examples: Sequence[Example], progress: float) -> float:
        """One update; returns the norm of the dense gradient before clipping."""
        self._set_rates(progress)
        task = examples[0].task
        share = self.prepared.recipe.distill.weight
        batch = collate(examples, self.prepared.shape.tags_of(task), soft_share=share).to(self.device)
        emissions = self.tagger(batch.ids, batch.flags, batch.lengths, task)
        if batch.marginals is None or batch.pair_counts is None or batch.shares is None:
            loss = self.tagger.loss(emissions, batch.allowed, batch.lengths, task)
        else:
            loss = self.tagger.distillation_loss(
                emissions,
                batch.allowed,
                batch.lengths,
                marginals=batch.marginals,
                pair_counts=batch.pair_counts,
                shares=batch.shares,
            )
        self.dense.zero_grad()
        if self.sparse:
            self.sparse.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._keep_other_rows()
        dense = [p for group in self.dense.param_groups for p in group["params"]]
        norm = float(torch.nn.utils.clip_grad_norm_(dense, self.config.clip_norm))
        value = float(loss.detach())
        if not math.isfinite(value) or not math.isfinite(norm):
            raise TrainingError(
                f"epoch {self.epoch + 1}, step {self.step}: the loss is {value} and the gradient norm {norm}; "
                "lower training.learning_rate or training.clip_norm"
            )
        self.dense.step()
        if self.sparse:
            self.sparse.step()  # type: ignore[no-untyped-call]
        self._update_average(progress)
        units = int(batch.lengths.sum())
        self._loss += value * units
        self._units += units
        self._norms.append(norm)
        return norm

    def _set_rates(self, progress: float) -> None:
        """Linear warm-up, then a cosine down to ``final_rate`` of the peak."""
        config = self.config
        if progress < config.warmup:
            factor = max(progress / config.warmup, 0.02)
        else:
            along = (progress - config.warmup) / max(1e-9, 1 - config.warmup)
            factor = config.final_rate + (1 - config.final_rate) * 0.5 * (1 + math.cos(math.pi * along))
        for group, base in zip(self.dense.param_groups, self._base_rates, strict=True):
            group["lr"] = base * factor
        if self.sparse:
            self.sparse.param_groups[0]["lr"] = config.table_learning_rate * factor

    @torch.no_grad()
    def _update_average(self, progress: float) -> None:
        """Exponential moving average of all weights (Polyak and Juditsky 1992), shorter in the first epoch."""
        if not self.average:
            return
        done = self.epoch * 1000 + self.step
        decay = min(self.config.ema, (1 + done) / (10 + done))
        for name, value in self.tagger.state_dict().items():
            self.average[name].lerp_(value, 1 - decay)

    def _end_epoch(self, steps: int, report: Callable[[Progress], None]) -> None:
        current = {k: v.clone() for k, v in self.tagger.state_dict().items()} if self.average else {}
        if self.average:
            self.tagger.load_state_dict(self.average)
        scores = _score(self.tagger, self.prepared.dev)
        dev = {name: round(100 * s.micro.f1, 3) for name, s in scores.items()}
        mean = sum(dev.values()) / len(dev)
        row = {
            "epoch": self.epoch + 1,
            "loss": self._loss / max(1, self._units),
            "gradient_norm": {"mean": sum(self._norms) / len(self._norms), "max": max(self._norms)},
            "dev": dev,
            "mean": mean,
            "seconds": round(self.seconds, 1),
        }
        self.history.append(row)
        if mean > self.best or self.config.keep == "last":
            self.best, self.best_epoch = mean, self.epoch
            save_checkpoint(self.work / BEST, self.tagger.state_dict(), {"epoch": self.epoch, "mean": mean})
        if self.average:
            self.tagger.load_state_dict(current)
        _log.info(
            "epoch %d: loss %.4f, gradient norm %s, dev %s",
            self.epoch + 1,
            row["loss"],
            row["gradient_norm"],
            dev,
        )
        loss = self._loss / max(1, self._units)
        self.epoch, self.step = self.epoch + 1, 0
        self._loss, self._units, self._norms = 0.0, 0, []
        self._save()
        left = (self.config.epochs - self.epoch) * self.seconds / self.epoch
        report(Progress(self.epoch, self.config.epochs, steps, steps, loss, 0.0, 0.0, left, self.best, dev))

    def _recipe_digest(self) -> str:
        """What has to be the same for a checkpoint to be resumed: recipe, data, lexicons, vectors, teachers,
        analyser."""
        if self._digest:
            return self._digest
        prepared = self.prepared
        recipe = to_dict(prepared.recipe)
        del recipe["distill"]["stages"]  # it is the teachers that count, not how they came to be
        for unrelated in ("description", "licence", "notes", "before", "export"):
            del recipe[unrelated]
        sha = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode())
        if prepared.recipe.network.start:
            sha.update((prepared.root / prepared.recipe.network.start).read_bytes())
        for source, _ in (*prepared.train, *prepared.dev):
            sha.update(source.digest().encode())
        if prepared.extractor.gazetteer is not None:
            sha.update(prepared.extractor.gazetteer.hashes.tobytes())
            sha.update(prepared.extractor.gazetteer.bits.tobytes())
        for vectors in prepared.vectors.values():
            sha.update(vectors.values.numpy().tobytes())
        for name, weight in sorted(prepared.weights.items()):
            sha.update(name.encode() + weight.detach().cpu().contiguous().numpy().tobytes())
        for name in all_teachers(prepared.recipe):
            sha.update((prepared.root / name / "weights.safetensors").read_bytes())
        sha.update(json.dumps(dict(prepared.extractor.tokenizer.fingerprint()), sort_keys=True).encode())
        self._digest = sha.hexdigest()
        return self._digest

    def _save(self) -> None:
        tensors: dict[str, Tensor] = {f"model.{k}": v for k, v in self.tagger.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.items()}
        tensors |= optimiser_tensors("dense", self.dense)
        if self.sparse:
            tensors |= optimiser_tensors("sparse", self.sparse)
        tensors["random"] = torch.get_rng_state()
        if self.device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(self.device)
        elif self.device.type == "mps":
            tensors["random.mps"] = torch.mps.get_rng_state()
        values = {
            "recipe": self._recipe_digest(),
            "epoch": self.epoch,
            "step": self.step,
            "best": self.best,
            "best_epoch": self.best_epoch,
            "history": self.history,
            "seconds": self.seconds,
            "loss": self._loss,
            "units": self._units,
            "norms": self._norms,
        }
        save_checkpoint(self.work / LAST, tensors, values)

    def _restore(self) -> None:
        tensors, values = load_checkpoint(self.work / LAST)
        if values["recipe"] != self._recipe_digest():
            raise TrainingError(
                f"{self.work / LAST}: made by another recipe or other data; start anew or give another --work"
            )
        model = {k.removeprefix("model."): v for k, v in tensors.items() if k.startswith("model.")}
        self.tagger.load_state_dict(model)
        average = {k.removeprefix("average."): v for k, v in tensors.items() if k.startswith("average.")}
        self.average = {k: v.to(self.device) for k, v in average.items()}
        restore_optimiser("dense", self.dense, tensors)
        if self.sparse:
            restore_optimiser("sparse", self.sparse, tensors)
        torch.set_rng_state(tensors["random"])
        if "random.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["random.cuda"], self.device)
        if "random.mps" in tensors:
            torch.mps.set_rng_state(tensors["random.mps"])
        self.epoch, self.step = values["epoch"], values["step"]
        self.best, self.best_epoch = values["best"], values["best_epoch"]
        self.history, self.seconds = values["history"], values["seconds"]
        self._loss, self._units, self._norms = values["loss"], values["units"], values["norms"]

    def kept(self) -> dict[str, Tensor]:
        """The weights of the epoch that is kept, as training left them."""
        return load_checkpoint(self.work / BEST)[0]

    def result(self, best: Mapping[str, Tensor], *, temperature: float | None = None) -> Result:
        """Weights as they will be shipped, and their scores. The temperature is fitted where none is given."""
        self.tagger.load_state_dict(best)
        self.tagger.eval()
        if temperature is None:
            temperature = fit_temperature(self.tagger, self.prepared.dev)
        best = scaled_state(best, temperature)
        rounded = {k: v.half().float() if v.is_floating_point() else v for k, v in best.items()}
        self.tagger.load_state_dict(rounded)
        return Result(
            self.tagger,
            self.best_epoch + 1,
            self.seconds / 60,
            _score(self.tagger, self.prepared.dev),
            _score(self.tagger, self.prepared.test),
            self.history,
            temperature,
            fit_curves(self.tagger, self.prepared.dev),
        )
