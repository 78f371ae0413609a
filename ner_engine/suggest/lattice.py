"""Emissions of a batch and a CRF's scores -> sums and maxima over all paths. numpy only.

Everything is vectorised over the batch; what needs no order of time (expectations over neighbouring tags) is one
product over all units at once. Shorter sentences are padded; nothing beyond a sentence's end is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ner_engine.runtime.decode import Decoder

__all__ = ["Paths", "best_two", "sum_paths"]

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Lengths = npt.NDArray[np.int32]

_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Paths:
    """Over all legal paths of each sentence.

    ``marginals (batch, time, tags)`` are probabilities of each tag, zero beyond a sentence's end; ``partition
    (batch,)`` is log Z, ``entropy (batch,)`` that of the distribution over paths, in nats.
    """

    marginals: Doubles
    partition: Doubles
    entropy: Doubles


def sum_paths(decoder: Decoder, emissions: Floats, lengths: Lengths) -> Paths:
    """Forward and backward in the scaled probability domain: ``emissions (batch, time, tags)``."""
    batch, time, tags = emissions.shape
    last = lengths - 1
    rows = np.arange(batch)
    inside = np.arange(time) < lengths[:, None]
    emissions = np.where(inside[..., None], emissions, 0).astype(np.float64)
    top = emissions.max(-1, keepdims=True)
    weights = np.exp(emissions - top)
    start_top, end_top, pair_top = (
        float(decoder.start.max()),
        float(decoder.end.max()),
        float(decoder.pairs.max()),
    )
    start = np.exp(decoder.start.astype(np.float64) - start_top)
    end = np.exp(decoder.end.astype(np.float64) - end_top)
    pairs = decoder.pairs.astype(np.float64)
    steps = np.exp(pairs - pair_top)

    forward = np.empty((time, batch, tags))
    shift = np.zeros(batch)  # the logarithm of what the sums were divided by, up to each sentence's end
    here = start * weights[:, 0]
    for t in range(time):
        if t:
            here = (here @ steps) * weights[:, t]
        size = np.maximum(here.sum(-1), _TINY)
        here = here / size[:, None]
        shift += np.where(t <= last, np.log(size), 0.0)
        forward[t] = here
    backward = np.empty((time, batch, tags))
    after = np.broadcast_to(end, (batch, tags))
    backward[time - 1] = after
    for t in range(time - 2, -1, -1):
        before = (weights[:, t + 1] * after) @ steps.T
        before /= np.maximum(before.max(-1, keepdims=True), _TINY)
        after = np.where((t >= last)[:, None], end, before)
        backward[t] = after
    forward, backward = forward.transpose(1, 0, 2), backward.transpose(1, 0, 2)

    joint = forward * backward
    marginals = joint / np.maximum(joint.sum(-1, keepdims=True), _TINY) * inside[..., None]
    closing = np.maximum((forward[rows, last] * end).sum(-1), _TINY)
    partition = np.log(closing) + shift + start_top + end_top + pair_top * last + (top[..., 0] * inside).sum(-1)

    expected = (marginals * emissions).sum((1, 2))
    expected += (marginals[:, 0] * np.where(start > 0, decoder.start, 0.0)).sum(-1)
    expected += (marginals[rows, last] * np.where(end > 0, decoder.end, 0.0)).sum(-1)
    if time > 1:
        following = weights[:, 1:] * backward[:, 1:]
        weighed = ((forward[:, :-1] @ (steps * np.where(steps > 0, pairs, 0.0))) * following).sum(-1)
        whole = ((forward[:, :-1] @ steps) * following).sum(-1)
        expected += (weighed / np.maximum(whole, _TINY) * inside[:, 1:]).sum(-1)
    return Paths(marginals, partition, np.maximum(partition - expected, 0.0))


def best_two(decoder: Decoder, emissions: Floats, lengths: Lengths) -> tuple[Doubles, Doubles]:
    """The scores of each sentence's best and second best legal path, ``(batch,)`` both.

    The second best path leaves the best one somewhere, and so is the best of those through some tag that the best
    path does not have at that unit: the second largest of the max-marginals says how good it is. No second path
    is kept. Where there is only one legal path the second score is far below.
    """
    batch, time, tags = emissions.shape
    last = lengths - 1
    rows = np.arange(batch)
    into = np.ascontiguousarray(decoder.pairs.T)[None]  # (1, to, from)
    out = decoder.pairs[None]
    forward = np.empty((time, batch, tags), dtype=np.float32)
    forward[0] = decoder.start + emissions[:, 0]
    for t in range(1, time):
        forward[t] = (forward[t - 1][:, None] + into).max(-1) + emissions[:, t]
    backward = np.empty((time, batch, tags), dtype=np.float32)
    backward[time - 1] = decoder.end
    for t in range(time - 2, -1, -1):
        onward = ((emissions[:, t + 1] + backward[t + 1])[:, None] + out).max(-1)
        backward[t] = np.where((t >= last)[:, None], decoder.end, onward)
    through = (forward + backward).transpose(1, 0, 2)
    through[np.arange(time) > last[:, None]] = -np.inf
    best = through[rows, last].max(-1)
    steps = through.argmax(-1)
    np.put_along_axis(through, steps[..., None], -np.inf, axis=-1)
    # float32 sums of two halves differ in the last digits between units: the second is never above the first
    second = np.minimum(through.reshape(batch, -1).max(-1), best)
    return best.astype(np.float64), second.astype(np.float64)
