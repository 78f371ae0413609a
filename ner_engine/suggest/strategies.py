"""What a text is worth to a labeller: named functions from what was measured of it to a number.

Each takes ``Measured`` and gives a number of at least 0; the larger, the sooner the text is to be labelled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ner_engine.suggest.uncertainty import Doubt

__all__ = ["STRATEGIES", "Measured", "Strategy", "random_worth"]


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known of a text before it is labelled.

    ``disagreement`` is the share of spans on which other taggers differ (0 where none was asked), ``new`` the
    share of its forms that the labelled data does not have, ``draw`` a number in [0, 1) of the text and the seed.
    """

    doubt: Doubt
    disagreement: float
    new: float
    draw: float


Strategy = Callable[[Measured], float]


def _expected(measured: Measured) -> float:
    doubt = measured.doubt
    return doubt.mistakes + measured.disagreement * max(1.0, doubt.expected)


STRATEGIES: Mapping[str, Strategy] = {
    # the corrections that the answer is expected to need, by the tagger itself and by those that differ from it
    "expected": _expected,
    # how nearly another answer was given (Scheffer et al. 2001)
    "margin": lambda measured: 1 - measured.doubt.margin,
    # how many answers were possible, per unit (Settles and Craven 2008: token entropy)
    "entropy": lambda measured: measured.doubt.entropy / max(1, measured.doubt.units),
    # how unsure the spans are that were found
    "entities": lambda measured: measured.doubt.unsure,
    # query by committee: dropout passes or other bundles
    "disagreement": lambda measured: measured.disagreement,
    # words that nothing labelled has
    "novelty": lambda measured: measured.new,
    "random": lambda measured: measured.draw,
}


def random_worth(text: str, seed: int) -> float:
    """A number in [0, 1) that depends on the text and the seed alone."""
    digest = hashlib.blake2b(f"{seed}:{text}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
