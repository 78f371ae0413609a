"""How unsure a tagger is of a text: the emissions of a batch in, one ``Doubt`` a sentence out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ner_engine.runtime.decode import Decoder
from ner_engine.suggest.lattice import Floats, Lengths, best_two, sum_paths

__all__ = ["Doubt", "doubts"]


@dataclass(frozen=True, slots=True)
class Doubt:
    """What a CRF says of its own answer to one sentence.

    ``margin``: the probability of the best path less that of the second best, in [0, 1]. ``entropy``: of the
    distribution over paths, in nats; divided by ``units`` it compares sentences of different lengths.
    ``expected``: how many entities there are on average over all paths. ``wrong``: how many of the spans of the
    answer are expected to be wrong; ``missing``: how many entities are expected that are not among them.
    """

    margin: float
    entropy: float
    units: int
    found: int
    expected: float
    wrong: float
    missing: float

    @property
    def mistakes(self) -> float:
        """How many corrections the answer is expected to need: spans to take away, and spans to put in."""
        return self.wrong + self.missing

    @property
    def unsure(self) -> float:
        """The mean of the answer's spans' probabilities of being wrong; 0 where nothing was found."""
        return self.wrong / self.found if self.found else 0.0


def doubts(decoder: Decoder, emissions: Floats, lengths: Lengths) -> list[Doubt]:
    """One a sentence of ``emissions (batch, time, tags)``, each of at least one unit."""
    paths = sum_paths(decoder, emissions, lengths)
    best, second = best_two(decoder, emissions, lengths)
    first_share = np.exp(np.minimum(best - paths.partition, 0.0))
    second_share = np.exp(np.minimum(second - paths.partition, 0.0))
    margins = np.clip(first_share - second_share, 0.0, 1.0).tolist()
    opening = [i for i, tag in enumerate(decoder.tags) if tag[:2] in ("B-", "S-")]
    expected = paths.marginals[:, :, opening].sum((1, 2)).tolist()
    entropies = paths.entropy.tolist()
    out = []
    for i, spans in enumerate(decoder.spans(emissions, lengths)):
        sure = sum(score for _, score in spans)
        out.append(
            Doubt(
                margins[i],
                entropies[i],
                int(lengths[i]),
                len(spans),
                expected[i],
                len(spans) - sure,
                max(0.0, expected[i] - sure),
            )
        )
    return out
