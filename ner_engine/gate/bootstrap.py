"""The paired bootstrap: counts of two versions for each sentence in, intervals of the difference in F1 out.

Sentences are drawn with replacement, both versions on the same ones, and F1 is computed anew from the sums of
each draw. Sentences with the same counts cannot be told apart by a sum, so how often each *kind* of sentence
is drawn comes from one multinomial: the very distribution of drawing sentence by sentence, at a fraction of the
work and memory.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from ner_engine.gate.counting import GOLD, PREDICTED, RIGHT, Tallies

__all__ = ["differences", "generator", "intervals"]

_HELD = 4_000_000  # numbers held at a time


def generator(seed: int, name: str) -> np.random.Generator:
    """A source of randomness of its own for what is called ``name``: other sets do not change its draws."""
    words = np.frombuffer(hashlib.sha256(f"{seed}:{name}".encode("utf-8", "backslashreplace")).digest(), "<u4")
    return np.random.default_rng(words.tolist())


def _f1(sums: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """``(..., 3) int64`` -> ``(...) float64``; 0 where nothing is gold and nothing predicted."""
    both = sums[..., PREDICTED] + sums[..., GOLD]
    f1: npt.NDArray[np.float64] = np.divide(2 * sums[..., RIGHT], both, out=np.zeros(both.shape), where=both > 0)
    return f1


def differences(tallies: Tallies, *, resamples: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """F1 after minus F1 before in each draw, ``(resamples, labels + 1) float64``; the last is the total."""
    sentences, _, labels, _ = tallies.cells.shape
    if not sentences or not labels:
        return np.zeros((resamples, labels + 1))
    kinds, times = np.unique(tallies.cells.reshape(sentences, -1), axis=0, return_counts=True)
    found = []
    step = max(1, _HELD // len(kinds))
    for start in range(0, resamples, step):
        drawn = rng.multinomial(sentences, times / sentences, size=min(step, resamples - start))
        sums = (drawn @ kinds).reshape(-1, *tallies.cells.shape[1:])
        sums = np.concatenate([sums, sums.sum(axis=2, keepdims=True)], axis=2)
        f1 = _f1(sums)
        found.append(f1[:, 1] - f1[:, 0])
    return np.concatenate(found)


def intervals(
    tallies: Tallies, *, resamples: int, rng: np.random.Generator, level: float = 0.95
) -> list[tuple[float, float]]:
    """The percentile interval of the difference for each label, and last for the total."""
    drawn = differences(tallies, resamples=resamples, rng=rng)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return [(float(a), float(b)) for a, b in zip(low, high, strict=True)]
