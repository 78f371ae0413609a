"""Does choosing what to label pay? Labelling simulated on a labelled corpus, for ``learning_curves.py`` to draw.

::

    python benchmarks/active_learning.py corpora/kmou/train -o docs/active-learning.json

Every label of the corpus is hidden. One arm asks for the labels of sentences drawn at random; the other starts
from the first 200 of those and then asks, round by round, for the ones that ``ner_engine.suggest`` chooses with
the tagger of the round before. Both arms train the same small tagger anew each time, for about the same number of
updates, and are scored on the same sentences of other files. Every result is written down as it comes: a run that
was broken off goes on where it was. Needs the ``train`` extra.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ner_engine.bundle import load_bundle
from ner_engine.config import Recipe, from_dict
from ner_engine.datasets import read
from ner_engine.datasets.source import write_atomically
from ner_engine.engine import Engine
from ner_engine.features import FeatureExtractor
from ner_engine.scheme import tag_list
from ner_engine.spans import Sentence
from ner_engine.suggest import suggest
from ner_engine.tokenizers import load_tokenizer
from ner_engine.training.build import build_bundle
from ner_engine.training.data import Example, Source, encode
from ner_engine.training.trainer import Prepared, Trainer

LABELS = ["PER", "LOC", "ORG", "POH", "DAT", "TIM", "DUR", "MNY", "PNT", "NOH"]
UPDATES_UNITS = 1_400_000  # units that a training sees in all, however many sentences it has
EPOCHS_LEAST, EPOCHS_MOST = 5, 24
FIRST = 200  # drawn at random: before there is a tagger nothing can be chosen
VALIDATION = 300  # sentences that say which epoch was best, the same in both arms
LONGEST = 300

SMALL: dict[str, Any] = {
    "name": "small",
    "features": {
        "inputs": {
            "syllable": 48, "jamo": 12, "class": 6, "eojeol": 6, "bigram": 24, "morpheme": 48, "pos": 16,
            "semantic": 6,
        },
        "buckets": {"bigram": 16384, "morpheme": 16384},
    },
    "network": {"hidden": 128, "input_dropout": 0.25, "hidden_dropout": 0.3},
    "data": {"labels": LABELS},
    "training": {
        "threads": 1, "batch_units": 1024, "learning_rate": 4e-3, "table_learning_rate": 4e-3,
        "crf_learning_rate": 8e-3, "ema": 0.99, "patience": 99, "checkpoint_minutes": 1000.0,
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Data:
    """The corpus with hidden labels: the pool to choose from, and two sets of other files."""

    pool: tuple[Sentence, ...]
    validation: tuple[Sentence, ...]
    test: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Encoded:
    """The three parts as examples, and what they were encoded with."""

    extractor: FeatureExtractor
    pool: tuple[tuple[Example, ...], ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]


def split(path: Path, test: int) -> Data:
    """The corpus by files: the held-out files in an order of their names' hashes."""
    corpus = read(path)
    by_file: dict[str, list[Sentence]] = {}
    for i, sentence in enumerate(corpus.sentences):
        by_file.setdefault(Path(corpus.place(i).path).name, []).append(sentence)
    order = sorted(by_file, key=lambda name: hashlib.sha256(name.encode()).digest())
    held: list[Sentence] = []
    while len(held) < test + VALIDATION:
        # a file of several hundred sentences would be most of the test set
        name = next(name for name in order if len(by_file[name]) < 100)
        order.remove(name)
        held += by_file.pop(name)
    random.Random(0).shuffle(held)
    known = {"".join(s.text.split()) for s in held}
    pool: dict[str, Sentence] = {}
    for name in sorted(by_file):
        for sentence in by_file[name]:
            key = "".join(sentence.text.split())
            if key not in known and 0 < len(sentence.text) <= LONGEST:
                pool.setdefault(key, sentence)
    return Data(tuple(pool.values()), tuple(held[:VALIDATION]), tuple(held[VALIDATION:]))


def encoded(data: Data) -> Encoded:
    """Everything encoded once. The vocabularies are those of the pool's texts, which both arms may read."""
    recipe = from_dict(Recipe, SMALL)
    extractor = FeatureExtractor.fit(recipe.features, load_tokenizer("mecab"), (s.text for s in data.pool))
    tags = tag_list(LABELS)

    def examples(sentences: Sequence[Sentence]) -> Iterator[tuple[Example, ...]]:
        for sentence in sentences:
            yield tuple(encode(extractor, [sentence], tags=tags, scheme="BIOES", max_units=256))

    return Encoded(
        extractor,
        tuple(examples(data.pool)),
        tuple(e for of in examples(data.validation) for e in of),
        tuple(e for of in examples(data.test) for e in of),
    )


def trained(
    data: Data, ready: Encoded, chosen: Sequence[int], seed: int, work: Path
) -> tuple[float, float, Path]:
    """A tagger of the chosen sentences: its F1 on the test set, its minutes, its bundle."""
    train = tuple(e for i in chosen for e in ready.pool[i])
    units = sum(len(e.encoded) for e in train)
    epochs = min(max(round(UPDATES_UNITS / units), EPOCHS_LEAST), EPOCHS_MOST)
    recipe = from_dict(Recipe, {**SMALL, "training": {**SMALL["training"], "epochs": epochs, "seed": seed}})
    prepared = Prepared(
        recipe,
        tuple(tag_list(LABELS)),
        ready.extractor,
        ready.extractor,
        ((Source("chosen", tuple(data.pool[i] for i in chosen)), train),),
        ((Source("validation", data.validation), ready.validation),),
        ((Source("test", data.test), ready.test),),
        {},
        work,
    )
    result = Trainer(prepared, work / "checkpoints").run()
    bundle = build_bundle(prepared, result, work / "bundle", command="benchmarks/active_learning.py")
    return 100 * result.test["test"].micro.f1, result.minutes, bundle


class Log:
    """What has been measured, on disk after every step: one row a training, by arm, seed and sentences.

    Whose labels were asked for is in a file of its own beside it, which only a run that goes on needs.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.choices = path, path.with_suffix(".chosen.json")
        self.rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
        self.chosen: dict[str, list[int]] = {}
        if self.choices.exists():
            self.chosen = json.loads(self.choices.read_text(encoding="utf-8"))

    def has(self, arm: str, seed: int, sentences: int) -> bool:
        wanted = (arm, seed, sentences)
        return any((row["arm"], row["seed"], row["sentences"]) == wanted for row in self.rows)

    def add(self, row: dict[str, Any]) -> None:
        self.rows.append(row)
        self.rows.sort(key=lambda row: (row["arm"], row["seed"], row["sentences"]))
        rows = ",\n".join(json.dumps(row) for row in self.rows)
        write_atomically(self.path, [f"[\n{rows}\n]\n"])

    def choose(self, name: str, chosen: Sequence[int]) -> None:
        self.chosen[name] = list(chosen)
        write_atomically(self.choices, [json.dumps(self.chosen), "\n"])


def simulate(
    data: Data, ready: Encoded, log: Log, *, seed: int, random_sizes: Sequence[int], rounds: Sequence[int],
    arms: Sequence[tuple[str, str, str]],
) -> None:  # fmt: skip
    """One seed of the random arm and of the choosing ones, ``(arm, strategy, cost)``."""
    order = list(range(len(data.pool)))
    random.Random(seed).shuffle(order)

    def measure(arm: str, chosen: Sequence[int], folder: Path) -> Path:
        """Train, score and write down; the bundle."""
        f1, minutes, bundle = trained(data, ready, chosen, seed, folder)
        entities = sum(len(data.pool[i].entities) for i in chosen)
        characters = sum(len(data.pool[i].text) for i in chosen)
        row = {"arm": arm, "seed": seed, "sentences": len(chosen), "characters": characters, "entities": entities}
        row |= {"f1": round(f1, 2), "minutes": round(minutes, 2)}
        if not log.has(arm, seed, len(chosen)):
            log.add(row)
        print(json.dumps(row), flush=True)
        return bundle

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for arm, strategy, cost in arms:
            chosen = order[:FIRST]
            for target in rounds:
                name = f"{arm} {seed} {target}"
                if name not in log.chosen:
                    here = "random" if len(chosen) == FIRST else arm
                    bundle = measure(here, chosen, folder / f"{strategy}-{cost}-{len(chosen)}")
                    more = picked(data, bundle, chosen, target - len(chosen), strategy, cost, seed)
                    log.choose(name, [*chosen, *more])
                chosen = log.chosen[name]
            if not log.has(arm, seed, rounds[-1]):
                measure(arm, chosen, folder / f"{strategy}-{cost}-{rounds[-1]}")
        for size in random_sizes:
            if not log.has("random", seed, size):
                measure("random", order[:size], folder / f"random-{size}")


def picked(
    data: Data, bundle: Path, chosen: Sequence[int], count: int, strategy: str, cost: str, seed: int
) -> list[int]:
    """Whose labels are asked for next, as numbers of the pool."""
    started = time.perf_counter()
    engine = Engine(load_bundle(bundle), values=False)
    suggestions, _ = suggest(
        (s.text for s in data.pool),
        engine,
        count=count,
        strategy=strategy,
        cost=cost,
        labelled=(data.pool[i].text for i in chosen),
        longest=LONGEST,
        seed=seed,
    )
    print(f"chose {len(suggestions)} in {time.perf_counter() - started:.0f} s", flush=True)
    return [one.place - 1 for one in suggestions]


def run(arguments: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    started = time.perf_counter()
    data = split(arguments.corpus, arguments.test)
    ready = encoded(data)
    print(
        f"pool {len(data.pool):,}, validation {len(data.validation):,}, test {len(data.test):,} sentences; "
        f"read and encoded in {time.perf_counter() - started:.0f} s",
        flush=True,
    )
    log = Log(arguments.output)
    arms = [(name, *name.split("/")) for name in arguments.arms]
    for seed in arguments.seeds:
        simulate(data, ready, log, seed=seed, random_sizes=arguments.random, rounds=arguments.rounds, arms=arms)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--random", type=int, nargs="*", default=[4000, 500, 2000, 1000], help="sizes drawn")
    parser.add_argument(
        "--rounds", type=int, nargs="*", default=[500, 1000, 1500, 2000], help=f"sizes chosen, from {FIRST}"
    )
    parser.add_argument("--arms", nargs="*", default=["expected/sentence"], metavar="STRATEGY/COST")
    parser.add_argument("--test", type=int, default=1500, help="sentences to score on, of files not in the pool")
    parser.add_argument("-o", "--output", type=Path, required=True)
    run(parser.parse_args())
    return 0


if __name__ == "__main__":
    sys.exit(main())
