"""What two versions are compared on: sets of sentences with gold entities, and the noisy copies of a set."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from ner_engine.datasets.jsonl import dump
from ner_engine.errors import ConfigError, DataError
from ner_engine.spans import Sentence, check_spans
from ner_engine.training.evaluate import NOISES

__all__ = ["GateSet", "Kind", "check_sets", "noise_sets"]

Kind = Literal["test", "corrections", "noise"]


@dataclass(frozen=True, slots=True)
class GateSet:
    """Sentences with gold entities, under a name that no other set of the comparison has.

    ``of`` is the name of the set that a noisy one was made from: the sentences at the same place in sets made
    from one are the same sentence, and are drawn together by the bootstrap.
    """

    name: str
    sentences: tuple[Sentence, ...]
    licence: str = ""
    kind: Kind = "test"
    of: str = ""

    def digest(self) -> str:
        """SHA-256 of the sentences in the native JSON Lines form."""
        hashed = hashlib.sha256()
        for line in dump(self.sentences):
            hashed.update(line.encode())
        return hashed.hexdigest()


def noise_sets(test: GateSet, *, seed: int) -> tuple[GateSet, ...]:
    """The set as it comes when typed badly, once for each of the noises that ``ner-engine evaluate`` measures.

    The same seed gives the same texts, there and here.
    """
    out = []
    for name, distort in NOISES.items():
        rng = random.Random(f"{seed}:{name}")
        noisy = tuple(distort(sentence, rng) for sentence in test.sentences)
        out.append(GateSet(f"{test.name}, {name}", noisy, test.licence, "noise", test.name))
    return tuple(out)


def check_sets(sets: Iterable[GateSet]) -> None:
    """Refuse sets that cannot be compared on.

    Raises ConfigError for two of one name or a kind that is none, DataError for gold spans that overlap or leave
    their text.
    """
    names: set[str] = set()
    for one in sets:
        if one.name in names:
            raise ConfigError(f"gate: expected sets of different names; got two called {one.name!r}")
        if one.kind not in get_args(Kind):
            raise ConfigError(f"gate: expected one of the kinds {', '.join(get_args(Kind))}; got {one.kind!r}")
        names.add(one.name)
        for number, sentence in enumerate(one.sentences, 1):
            try:
                check_spans(sentence.text, sentence.entities)
            except DataError as error:
                raise DataError(f"{one.name}, sentence {number}: {error}") from None
