"""What the gate costs: a bundle and a number of sentences in, seconds of each part on stdout out.

::

    python benchmarks/gate.py ko-chat
    python benchmarks/gate.py ko-chat --count 10000 --rounds 1

Measured, on sentences of the chat-ko generator and in CPU time: the answers of both versions (the bundle twice,
with nothing saved), the comparison without the engines (counts, the bootstrap, confusions, examples) where a
share of the answers differs, and the two files. The figures are medians over the rounds.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

import ner_engine
from ner_engine.datasets.generate import generate_corpus
from ner_engine.engine import DEFAULT_BUNDLE
from ner_engine.errors import NerEngineError
from ner_engine.gate import GateSet, judge, write_report
from ner_engine.gate.bootstrap import intervals
from ner_engine.gate.counting import judged, tally
from ner_engine.spans import Entity


class Remembering:
    """Answers from memory, as an engine does; ``forget`` drops that share of the sentences' entities."""

    def __init__(self, engine: ner_engine.Engine, answers: dict[str, list[Entity]], *, forget: float) -> None:
        self.bundle: Any = SimpleNamespace(name=engine.bundle.name, path=engine.bundle.path)
        self.labels = engine.labels
        rng = random.Random(1)
        self._answers = {text: [] if rng.random() < forget else entities for text, entities in answers.items()}

    def pipe(self, texts: Sequence[str]) -> Iterator[list[Entity]]:
        return (self._answers[text] for text in texts)


def once(engine: ner_engine.Engine, count: int, *, seed: int) -> dict[str, float]:
    """Seconds of each part, of one round."""
    sentences = tuple(generate_corpus(count=count, seed=seed))
    seconds = {}

    def took(name: str, began: float) -> float:
        seconds[name] = time.process_time() - began
        return time.process_time()

    began = time.process_time()
    texts = [sentence.text for sentence in sentences]
    answers = dict(zip(texts, engine.pipe(texts), strict=True))
    list(engine.pipe(texts))
    began = took("answers of both", began)
    old, new = (Remembering(engine, answers, forget=share) for share in (0.02, 0.04))
    began = time.process_time()
    verdict = judge(
        old,  # type: ignore[arg-type]
        new,  # type: ignore[arg-type]
        [GateSet("test", sentences)],
        seed=seed,
        old_version="1",
        new_version="2",
    )
    began = took("comparison", began)
    with tempfile.TemporaryDirectory() as folder:
        write_report(verdict, Path(folder))
    took("report", began)
    rows = [
        judged(s.entities, (e.span for e in a), (e.span for e in b), without=frozenset())
        for s, a, b in zip(sentences, old.pipe(texts), new.pipe(texts), strict=True)
    ]
    tallies = tally(rows)
    began = time.process_time()
    intervals(tallies, resamples=1000, rng=np.random.default_rng(seed))
    took("of which the bootstrap, 1,000 draws", began)
    return seconds


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description="Measure what the gate costs.")
    parser.add_argument("bundle", nargs="?", default=DEFAULT_BUNDLE)
    parser.add_argument("--count", type=int, default=1000, help="sentences (default: 1000)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    try:
        engine = ner_engine.load(arguments.bundle, rules=False, values=False)
    except NerEngineError as error:
        print(f"gate.py: {error}", file=sys.stderr)
        return 1
    engine.extract("준비")
    rounds = [once(engine, arguments.count, seed=arguments.seed + at) for at in range(arguments.rounds)]
    medians = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    if arguments.json:
        print(json.dumps({"bundle": engine.bundle.name, "sentences": arguments.count, "cpu_seconds": medians}))
        return 0
    print(
        f"{engine.bundle.name}, {arguments.count:,} sentences, CPU seconds, median of {arguments.rounds} rounds"
    )
    for name, seconds in medians.items():
        print(f"{name:<40}{seconds:8.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
