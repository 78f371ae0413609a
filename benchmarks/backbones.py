"""Seconds an epoch and parameters of the four backbones, side by side in one run.

    python benchmarks/backbones.py models/configs/klp2016.toml [--rounds 3] [--steps 20]

The backbones take turns, a few training steps each, so that a machine that slows down slows all of them. Needs
the train extra and the recipe's corpus.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
import statistics
import time
from pathlib import Path

from ner_engine.config import load_recipe
from ner_engine.training.data import batches
from ner_engine.training.trainer import Trainer, prepare

BACKBONES = {
    "RNN (tanh)": {"backbone": "rnn", "nonlinearity": "tanh"},
    "RNN (ReLU)": {"backbone": "rnn", "nonlinearity": "relu"},
    "GRU": {"backbone": "gru"},
    "LSTM": {"backbone": "lstm"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=20)
    arguments = parser.parse_args()

    recipe = load_recipe(arguments.recipe)
    prepared = prepare(recipe, base=arguments.recipe.resolve().parent)
    trainers = {
        name: Trainer(
            dataclasses.replace(
                prepared,
                recipe=dataclasses.replace(recipe, network=dataclasses.replace(recipe.network, **change)),
            ),
            Path("runs") / "benchmark",
        )
        for name, change in BACKBONES.items()
    }
    examples = [example for _, part in prepared.train for example in part]
    epoch = batches(examples, units=recipe.training.batch_units, rng=random.Random(1))
    times: dict[str, list[float]] = {name: [] for name in BACKBONES}
    for trainer in trainers.values():
        trainer.tagger.train()
        trainer.train_step(epoch[0], 0.5)
    for round_ in range(arguments.rounds):
        chosen = epoch[round_ * arguments.steps : (round_ + 1) * arguments.steps]
        for name, trainer in trainers.items():
            started = time.perf_counter()
            for batch in chosen:
                trainer.train_step(batch, 0.5)
            units = sum(len(e.encoded) for batch in chosen for e in batch)
            times[name].append((time.perf_counter() - started) / units)
    units = sum(len(example.encoded) for example in examples)
    baseline = statistics.median(times["LSTM"])
    print(f"{len(examples):,} sentences, {units:,} units an epoch, {recipe.training.threads} thread(s)")
    print(f"{'backbone':12} {'parameters':>12} {'recurrent':>10} {'seconds/epoch':>14} {'of the LSTM':>12}")
    for name, trainer in trainers.items():
        total = sum(p.numel() for p in trainer.tagger.parameters())
        recurrent = sum(p.numel() for p in trainer.tagger.backbone.parameters())
        pace = statistics.median(times[name])
        print(f"{name:12} {total:12,} {recurrent:10,} {pace * units:14.1f} {pace / baseline:12.2f}")


if __name__ == "__main__":
    main()
