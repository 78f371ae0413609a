"""The choice: candidates with what each is worth in, the chosen ones in order out.

Greedily, one at a time: a candidate counts for what it is worth, more where it has words that neither the
labelled data nor those chosen before it have, and less the more it resembles one that has been chosen (k-centre
with weights, over hashed character n-grams; Sener and Savarese 2018). Of two equals the earlier in the input goes
first, so that the same input gives the same choice.
"""

from __future__ import annotations

import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["WIDTH", "Candidate", "Choice", "choose", "vector_of"]

WIDTH = 512  # of a text's vector; a sentence has about a hundred n-grams
_SIZES = (2, 3)

_TINY = 1e-12

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text with its place in the input, what it is worth as it stands, its forms, and its vector."""

    text: str
    place: int
    worth: float
    forms: frozenset[int]
    vector: Vector


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen candidate: what it was worth when it was chosen, and why.

    ``new`` is the share of its forms that nothing labelled or chosen before has; ``likeness`` its cosine with the
    nearest chosen before it.
    """

    candidate: Candidate
    gain: float
    new: float
    likeness: float


def vector_of(text: str) -> Vector:
    """Character bigrams and trigrams of the text without its spaces, hashed: ``(WIDTH,)``, of length 1.

    Half of them count down: where two share a place they are as likely to part two texts as to join them, so
    that long texts do not seem alike for having many (Weinberger et al. 2009).
    """
    folded = "".join(unicodedata.normalize("NFC", text).lower().split())
    counts = np.zeros(WIDTH, dtype=np.float32)
    codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    for size in _SIZES:
        if len(codes) < size:
            continue
        mixed = np.full(len(codes) - size + 1, size, dtype=np.uint64)
        for at in range(size):
            mixed = (mixed ^ codes[at : len(codes) - size + 1 + at]) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
        signs = np.where(mixed >> np.uint64(63), np.float32(-1), np.float32(1))
        np.add.at(counts, (mixed % np.uint64(WIDTH)).astype(np.int64), signs)
    if not counts.any():  # a single character, or n-grams that undo one another
        counts[zlib.crc32(folded.encode("utf-8", "surrogatepass")) % WIDTH] = 1
    counts = np.sign(counts) * np.sqrt(np.abs(counts))
    out: Vector = counts / np.float32(np.linalg.norm(counts))
    return out


def choose(
    candidates: Sequence[Candidate],
    count: int,
    *,
    known: Collection[int] = (),
    centre: Vector | None = None,
    novelty: float = 0.0,
    diversity: float = 0.0,
    typicality: float = 0.0,
) -> list[Choice]:
    """At most ``count`` of the candidates, in the order in which they were chosen.

    ``novelty`` is by how much a text counts more whose words are all new (0: not at all, 1: twice). ``diversity``
    is the exponent of the distance to the nearest chosen one: 0 leaves likeness alone. ``typicality`` is that of
    the cosine with ``centre``, the sum of the vectors of all texts: what is unlike them all teaches little about
    them (information density; Settles and Craven 2008).
    """
    total = len(candidates)
    worth = np.array([c.worth for c in candidates], dtype=np.float64)
    vectors = np.stack([c.vector for c in candidates]) if total else np.zeros((0, WIDTH), dtype=np.float32)
    if typicality and centre is not None:
        length = max(float(np.linalg.norm(centre)), _TINY)
        worth *= np.maximum(vectors @ centre / length, 0.0) ** typicality
    likeness = np.zeros(total, dtype=np.float32)
    seen = set(known)
    holders: defaultdict[int, list[int]] = defaultdict(list)
    for i, candidate in enumerate(candidates):
        for form in candidate.forms - seen:
            holders[form].append(i)
    sizes = np.array([max(1, len(c.forms)) for c in candidates], dtype=np.float64)
    new = np.array([sum(form not in seen for form in c.forms) for c in candidates], dtype=np.float64)
    left = np.ones(total, dtype=bool)
    out: list[Choice] = []
    for _ in range(min(count, total)):
        gains = worth * (1 + novelty * new / sizes)
        if diversity:
            gains = gains * np.maximum(1 - likeness, 0.0) ** diversity
        best = int(np.where(left, gains, -np.inf).argmax())
        chosen = candidates[best]
        near = float(min(max(likeness[best], 0.0), 1.0))
        out.append(Choice(chosen, float(gains[best]), float(new[best] / sizes[best]), near))
        left[best] = False
        for form in chosen.forms - seen:
            seen.add(form)
            new[holders.pop(form)] -= 1
        if diversity:
            np.maximum(likeness, vectors @ chosen.vector, out=likeness)
    return out
