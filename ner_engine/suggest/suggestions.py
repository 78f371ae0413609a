"""Unlabelled texts in, those to label next out: one pass over any number of texts, in constant memory.

Each chunk of texts is measured, and only the best candidates are kept, a fixed number of them with their vectors;
when the texts are read, the choice among those is made and the chosen ones are pre-annotated.
"""

from __future__ import annotations

import hashlib
import heapq
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from ner_engine.engine import Engine
from ner_engine.errors import ConfigError
from ner_engine.spans import Sentence
from ner_engine.suggest.choosing import WIDTH, Candidate, choose, vector_of
from ner_engine.suggest.disagreement import Committee, difference, spans_of
from ner_engine.suggest.novelty import forms_of
from ner_engine.suggest.strategies import STRATEGIES, Measured, random_worth
from ner_engine.suggest.uncertainty import Doubt, doubts

__all__ = ["COSTS", "LONGEST", "Report", "Suggestion", "suggest"]

COSTS = ("sentence", "characters")
LONGEST = 300  # characters; longer lines are no sentences that anybody would label in one go
_OVERHEAD = 30  # characters of reading that a sentence costs before its first
_CHUNK = 512
_BATCH_UNITS = 4096
_HELD, _HELD_LEAST, _HELD_MOST = 10, 2000, 50_000  # candidates kept for each wanted; at 2 kB each


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text to label, pre-annotated; ``place`` is its number in the input, from 1.

    ``gain`` is what it was worth when it was chosen, ``new`` the share of its words that neither the labelled
    data nor those chosen before it have, ``likeness`` its cosine with the nearest chosen before it.
    """

    sentence: Sentence
    place: int
    gain: float
    doubt: Doubt
    disagreement: float
    new: float
    likeness: float


@dataclass(frozen=True, slots=True)
class Report:
    """How many texts were read, and how many of them were left out and why.

    ``empty`` ones have neither letter nor digit.
    """

    read: int
    empty: int
    long: int
    labelled: int
    repeated: int


@dataclass(slots=True)
class _Counts:
    """The same, while they are counted."""

    read: int = 0
    empty: int = 0
    long: int = 0
    labelled: int = 0
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class _Held:
    """A candidate that may be chosen, with what was measured of it and the key that tells it from others."""

    candidate: Candidate
    measured: Measured
    key: bytes


class _Pool:
    """The best candidates so far, at most ``size`` of them, no two with the same key.

    A repeated text costs no memory: it is either here, and then recognised, or was worth too little, and then
    its repetition is too.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._heap: list[tuple[float, int]] = []
        self._held: dict[int, _Held] = {}
        self._keys: dict[bytes, int] = {}

    def offers(self, rank: float, place: int) -> bool:
        """Whether a candidate of this rank would be kept."""
        return len(self._held) < self._size or (rank, -place) > self._heap[0]

    def holds(self, key: bytes) -> bool:
        return key in self._keys

    def add(self, rank: float, held: _Held) -> None:
        place = held.candidate.place
        heapq.heappush(self._heap, (rank, -place))
        self._held[place] = held
        self._keys[held.key] = place
        if len(self._held) > self._size:
            _, gone = heapq.heappop(self._heap)
            del self._keys[self._held.pop(-gone).key]

    def candidates(self) -> list[_Held]:
        """All that are held, in the order of the input."""
        return [self._held[place] for place in sorted(self._held)]


def suggest(
    texts: Iterable[str],
    engine: Engine,
    *,
    count: int,
    strategy: str = "expected",
    labelled: Iterable[str] = (),
    committee: Committee | None = None,
    cost: str = "sentence",
    novelty: float = 0.5,
    diversity: float = 1.0,
    typicality: float = 0.0,
    longest: int = LONGEST,
    seed: int = 1,
    on_progress: Callable[[int], None] | None = None,
) -> tuple[list[Suggestion], Report]:
    """The ``count`` texts whose labels are expected to teach the engine's tagger most, best first.

    ``strategy`` is one of ``STRATEGIES``; "disagreement" needs a ``committee``. ``labelled`` are the texts that
    have labels already: they are not suggested again, and their words are not new. With ``cost="characters"`` a
    text counts less the longer it is to read. ``novelty``, ``diversity`` and ``typicality`` are those of
    ``choosing.choose`` and do nothing where the strategy is "random". Texts of more than ``longest`` characters
    are left out. Raises ConfigError for an option that no run could use.
    """
    shares = {"novelty": novelty, "diversity": diversity, "typicality": typicality}
    _check(count, strategy, committee, cost, shares, longest)
    if strategy == "random":
        novelty = diversity = typicality = 0.0
    known: set[int] = set()
    done: set[bytes] = set()
    for text in labelled:
        known |= forms_of(text)
        done.add(_key(text))
    held_at_most = max(count, min(max(_HELD * count, _HELD_LEAST), _HELD_MOST))
    pool, counts = _Pool(held_at_most), _Counts()
    worth_of, centre = STRATEGIES[strategy], np.zeros(WIDTH, dtype=np.float64)
    for chunk in _chunks(_worth_measuring(texts, counts, done, longest)):
        for (place, text, key), doubt, apart in zip(
            chunk, _measure(engine, [text for _, text, _ in chunk]), _apart(engine, chunk, committee), strict=True
        ):
            forms, vector = forms_of(text), vector_of(text)
            centre += vector
            new = len(forms - known) / max(1, len(forms))
            measured = Measured(doubt, apart, new, random_worth(text, seed))
            worth = worth_of(measured)
            if cost == "characters":
                worth /= _OVERHEAD + len(text)
            rank = worth * (1 + novelty * new)
            if pool.holds(key):
                counts.repeated += 1
            elif pool.offers(rank, place):
                pool.add(rank, _Held(Candidate(text, place, worth, forms, vector), measured, key))
        if on_progress:
            on_progress(counts.read)
    held = pool.candidates()
    measured_of = {one.candidate.place: one.measured for one in held}
    choices = choose(
        [one.candidate for one in held],
        count,
        known=known,
        centre=centre.astype(np.float32),
        novelty=novelty,
        diversity=diversity,
        typicality=typicality,
    )
    answers = engine.pipe(choice.candidate.text for choice in choices)
    suggestions = [
        Suggestion(
            Sentence(choice.candidate.text, tuple(entity.span for entity in found), str(choice.candidate.place)),
            choice.candidate.place,
            choice.gain,
            measured_of[choice.candidate.place].doubt,
            measured_of[choice.candidate.place].disagreement,
            choice.new,
            choice.likeness,
        )
        for choice, found in zip(choices, answers, strict=True)
    ]
    return suggestions, Report(counts.read, counts.empty, counts.long, counts.labelled, counts.repeated)


def _check(
    count: int,
    strategy: str,
    committee: Committee | None,
    cost: str,
    shares: Mapping[str, float],
    longest: int,
) -> None:
    if count < 1:
        raise ConfigError(f"count: expected at least 1; got {count}")
    if strategy not in STRATEGIES:
        raise ConfigError(f"strategy: expected one of {', '.join(STRATEGIES)}; got {strategy!r}")
    if strategy == "disagreement" and committee is None:
        raise ConfigError("strategy: 'disagreement' needs other bundles or dropout passes; none given")
    if cost not in COSTS:
        raise ConfigError(f"cost: expected one of {', '.join(COSTS)}; got {cost!r}")
    for name, value in shares.items():
        if not 0 <= value <= 100:
            raise ConfigError(f"{name}: expected a number from 0 to 100; got {value!r}")
    if longest < 1:
        raise ConfigError(f"longest: expected at least 1 character; got {longest}")


def _key(text: str) -> bytes:
    """What two texts share that differ in white space, case, form of normalisation and digits alone."""
    folded = "".join(unicodedata.normalize("NFC", text).lower().split())
    digits = "".join("0" if c.isdecimal() else c for c in folded)
    return hashlib.blake2b(digits.encode("utf-8", "surrogatepass"), digest_size=12).digest()


def _worth_measuring(
    texts: Iterable[str], counts: _Counts, done: set[bytes], longest: int
) -> Iterator[tuple[int, str, bytes]]:
    """The texts that may be suggested, with their places and keys; the rest is counted."""
    for place, text in enumerate(texts, 1):
        counts.read = place
        if not any(map(str.isalnum, text)):
            counts.empty += 1
        elif len(text) > longest:
            counts.long += 1
        elif (key := _key(text)) in done:
            counts.labelled += 1
        else:
            yield place, text, key


def _chunks(items: Iterator[tuple[int, str, bytes]]) -> Iterator[list[tuple[int, str, bytes]]]:
    while chunk := list(islice(items, _CHUNK)):
        yield chunk


def _measure(engine: Engine, texts: Sequence[str]) -> list[Doubt]:
    """The engine's doubt about each text; batches hold texts of similar length."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    out: dict[int, Doubt] = {}
    at = 0
    while at < len(order):
        size = 1
        while at + size < len(order) and len(texts[order[at + size]]) * (size + 1) <= _BATCH_UNITS:
            size += 1
        rows = order[at : at + size]
        emissions, lengths = engine.emissions([texts[i] for i in rows])
        out |= zip(rows, doubts(engine.decoder, emissions, lengths), strict=True)
        at += size
    return [out[i] for i in range(len(texts))]


def _apart(
    engine: Engine, chunk: Sequence[tuple[int, str, bytes]], committee: Committee | None
) -> Sequence[float]:
    """How far the committee differs from the engine on each text."""
    if committee is None:
        return [0.0] * len(chunk)
    texts = [text for _, text, _ in chunk]
    own, others = spans_of(engine, texts), committee.answers(texts)
    return [difference(mine, theirs, committee.labels) for mine, theirs in zip(own, others, strict=True)]
