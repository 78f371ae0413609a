"""The corpus generator: a count and a seed in, that many different labelled sentences out.

What is said and how is data: the grammar and lexicons of a corpus folder. Here a sentence is drawn, given the
accidents of typing (missing spaces, slips of the finger, chat endings) at fixed shares, and checked.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ner_engine.datasets.grammar import Grammar, expand, load_grammar
from ner_engine.datasets.noise import chat_endings, jamo_typos, punctuation, random_spaces, remove_spaces
from ner_engine.errors import ConfigError, DataError
from ner_engine.spans import Sentence, check_spans

__all__ = ["NoiseShares", "default_source", "generate_corpus"]

_STALE_AFTER = 20_000


@dataclass(frozen=True, slots=True)
class NoiseShares:
    """Which share of the sentences gets which accident; shares are independent of each other."""

    punctuation: float = 1.0
    unspaced: float = 0.05
    respaced: float = 0.08
    respaced_rate: float = 0.3
    typos: float = 0.08
    typos_rate: float = 0.06
    chat_endings: float = 0.10


def default_source() -> Path:
    """The folder of the corpus ``chat-ko``: of the checkout, else the one shipped with the package."""
    package = Path(__file__).resolve().parents[1]
    places = (package.parent / "corpus" / "chat-ko", package / "_shipped" / "corpus" / "chat-ko")
    for place in places:
        if (place / "grammar").is_dir():
            return place
    raise ConfigError(f"expected the corpus chat-ko in {places[0]} or {places[1]}; found it in neither")


def generate_corpus(
    *, count: int, seed: int, source: Path | None = None, noise: NoiseShares | None = None
) -> Iterator[Sentence]:
    """``count`` sentences with different texts, ids ``gen-<seed>-<n>``; the same for the same seed.

    ``source`` is the folder with ``grammar/`` and ``lexicons/``. Raises ConfigError for a wrong grammar,
    DataError when the grammar has no more sentences to give.
    """
    folder = default_source() if source is None else source
    grammar = load_grammar(folder / "grammar", folder / "lexicons")
    return _sentences(grammar, count, seed, NoiseShares() if noise is None else noise)


def _sentences(grammar: Grammar, count: int, seed: int, shares: NoiseShares) -> Iterator[Sentence]:
    rng = random.Random(f"chat-ko {seed}")
    seen: set[str] = set()
    stale = 0
    while len(seen) < count:
        text, spans = expand(grammar, rng)
        sentence = _with_noise(Sentence(text, spans, f"gen-{seed}-{len(seen)}"), shares, rng)
        if not sentence.text or sentence.text in seen:
            stale += 1
            if stale > _STALE_AFTER:
                raise DataError(
                    f"expected {count} different sentences; this grammar gave only {len(seen)} so far"
                )
            continue
        stale = 0
        seen.add(sentence.text)
        check_spans(sentence.text, sentence.entities)
        yield sentence


def _with_noise(sentence: Sentence, shares: NoiseShares, rng: random.Random) -> Sentence:
    if rng.random() < shares.punctuation:
        sentence = punctuation(sentence, rng=rng)
    if rng.random() < shares.chat_endings:
        sentence = chat_endings(sentence, rng=rng)
    if rng.random() < shares.typos:
        sentence = jamo_typos(sentence, rate=shares.typos_rate, rng=rng)
    where = rng.random()
    if where < shares.unspaced:
        sentence = remove_spaces(sentence)
    elif where < shares.unspaced + shares.respaced:
        sentence = random_spaces(sentence, rate=shares.respaced_rate, rng=rng)
    return sentence
