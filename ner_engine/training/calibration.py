"""How far scores can be believed: scores and what was right in, a reliability table and its error out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ner_engine.errors import DataError

__all__ = ["Bin", "Calibration", "calibration"]

BINS = 15


@dataclass(frozen=True, slots=True)
class Bin:
    """Predicted entities with a score in ``[lower, upper)``: how many, their mean score, the share right."""

    lower: float
    upper: float
    count: int
    score: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The reliability table of the scores. The last bin includes 1."""

    bins: tuple[Bin, ...]

    @property
    def ece(self) -> float | None:
        """Expected calibration error in [0, 1]; None where nothing was predicted."""
        total = sum(b.count for b in self.bins)
        return sum(b.count * abs(b.accuracy - b.score) for b in self.bins) / total if total else None

    def to_dict(self) -> dict[str, Any]:
        """``ece`` as a share of one, and the bins that hold something."""
        bins = [
            {
                "from": round(b.lower, 4),
                "to": round(b.upper, 4),
                "count": b.count,
                "score": round(b.score, 4),
                "accuracy": round(b.accuracy, 4),
            }
            for b in self.bins
            if b.count
        ]
        return {"ece": None if self.ece is None else round(self.ece, 4), "bins": bins}


def calibration(scored: Iterable[tuple[float, bool]], *, bins: int = BINS) -> Calibration:
    """Scores in [0, 1] with whether each entity was right -> equal-width bins."""
    counts, scores, rights = [0] * bins, [0.0] * bins, [0] * bins
    for score, right in scored:
        if not -1e-6 <= score <= 1 + 1e-6:
            raise DataError(f"expected a score in [0, 1]; got {score}")
        at = min(max(int(score * bins), 0), bins - 1)
        counts[at] += 1
        scores[at] += score
        rights[at] += right
    return Calibration(
        tuple(
            Bin(at / bins, (at + 1) / bins, n, scores[at] / max(n, 1), rights[at] / max(n, 1))
            for at, n in enumerate(counts)
        )
    )
