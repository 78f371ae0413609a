"""A recipe with several seeds: bundles out, and the mean and spread of their scores.

::

    python benchmarks/seeds.py models/configs/ko-chat.toml --seeds 1 2 3 --jobs 2 -o runs/ko-chat

The data is read, and the teachers asked, once; each seed then trains in a process of its own (bundles
``runs/ko-chat-1``, ``-2``, ... with checkpoints in ``runs/ko-chat-1.work``). The stages of a recipe with teachers
have to be run before (``ner-engine distill`` does). Needs the ``train`` extra and a system that can fork.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from ner_engine.config import load_recipe
from ner_engine.errors import NerEngineError
from ner_engine.training.build import build_bundle
from ner_engine.training.trainer import LAST, Prepared, Progress, Trainer, prepare


def train(prepared: Prepared, seed: int, target: Path, command: str) -> None:
    """One seed, from its last checkpoint where there is one; its log goes to ``TARGET.log``."""
    training = dataclasses.replace(prepared.recipe.training, seed=seed)
    recipe = dataclasses.replace(prepared.recipe, training=training)
    work = target.with_name(f"{target.name}.work")
    log = target.with_name(f"{target.name}.log").open("a", encoding="utf-8")

    def tell(progress: Progress) -> None:
        if progress.dev:
            print(progress.epoch, {name: round(f1, 2) for name, f1 in progress.dev.items()}, file=log, flush=True)

    trainer = Trainer(dataclasses.replace(prepared, recipe=recipe), work)
    result = trainer.run(resume=(work / LAST).exists(), on_progress=tell)
    build_bundle(trainer.prepared, result, target, command=f"{command} --set training.seed={seed}")


def run(prepared: Prepared, seeds: Sequence[int], output: Path, *, jobs: int, command: str) -> bool:
    """All seeds, ``jobs`` at a time; False where one failed."""
    waiting, running, good = list(seeds), set[int](), True
    while waiting or running:
        while waiting and len(running) < jobs:
            seed = waiting.pop(0)
            child = os.fork()
            if not child:
                status = 1
                try:
                    train(prepared, seed, output.with_name(f"{output.name}-{seed}"), command)
                    status = 0
                except NerEngineError as error:
                    print(f"seed {seed}: {error}", file=sys.stderr)
                finally:
                    os._exit(status)
            running.add(child)
        child, status = os.wait()
        running.discard(child)
        good = good and status == 0
    return good


def summary(bundles: Sequence[Path]) -> list[str]:
    """A line for each dev and test set: every seed's F1, their mean and standard deviation."""
    metrics = [json.loads((bundle / "metrics.json").read_text(encoding="utf-8")) for bundle in bundles]
    lines = []
    for use in ("dev", "test"):
        for name in metrics[0][use]:
            scores = [m[use][name]["micro"]["f1"] for m in metrics]
            spread = statistics.stdev(scores) if len(scores) > 1 else 0.0
            each = " ".join(f"{score:.2f}" for score in scores)
            lines.append(f"{use:4}  {name}: {each}  mean {statistics.fmean(scores):.2f}  sd {spread:.2f}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("-o", "--output", type=Path, required=True, help="bundles go to OUTPUT-SEED")
    arguments = parser.parse_args()
    try:
        recipe = load_recipe(arguments.recipe, settings=arguments.settings)
        started = time.perf_counter()
        torch.set_num_threads(recipe.training.threads)
        prepared = prepare(recipe, base=arguments.recipe.resolve().parent)
        print(f"prepared in {(time.perf_counter() - started) / 60:.1f} minutes", flush=True)
        how = "distill" if recipe.distill.teachers else "train"
        command = " ".join([f"ner-engine {how} {arguments.recipe}", *(f"--set {s}" for s in arguments.settings)])
        if not run(prepared, arguments.seeds, arguments.output, jobs=arguments.jobs, command=command):
            return 1
    except NerEngineError as error:
        print(error, file=sys.stderr)
        return 1
    for line in summary([arguments.output.with_name(f"{arguments.output.name}-{s}") for s in arguments.seeds]):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
