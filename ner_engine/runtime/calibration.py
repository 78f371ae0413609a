"""Scores that can be believed: a tagger's probability of a span -> the share of such spans that were right.

A tagger trained on news and chat alike is too sure of the one and too modest about the other. So the scores of
texts that end as Korean is written (a declarative in -다) and of all others are mended apart, by a logistic curve
over the logit each (Platt 1999). The curves rise, so that within a text no order changes; answers never do.
"""

from __future__ import annotations

import math
import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ner_engine.errors import BundleError

__all__ = ["REGISTERS", "ScoreCurves", "logit", "register_of"]

REGISTERS = ("spoken", "written")
_WRITTEN = re.compile(r"다[\s.…!\"'”’」』)\]]{0,9}\Z")
_LEAST = 1e-6
_FARTHEST = 36.0  # the log odds of the last probabilities that a float tells from 0 and 1


def register_of(text: str) -> str:
    """``"written"`` for a text whose last word ends in -다, else ``"spoken"``."""
    ending = unicodedata.normalize("NFC", text[-12:])
    return "written" if _WRITTEN.search(ending) else "spoken"


def logit(probability: float) -> float:
    """The log odds of a probability, which is first kept a millionth from 0 and 1."""
    kept = min(max(probability, _LEAST), 1 - _LEAST)
    return math.log(kept / (1 - kept))


@dataclass(frozen=True, slots=True)
class ScoreCurves:
    """``slope`` (above 0) and ``intercept`` over the logit for each register; a register without one stays."""

    curves: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, values: Any) -> ScoreCurves:
        """What ``to_dict`` gave. Raises BundleError for anything but two finite numbers a register."""
        if not isinstance(values, Mapping):
            raise BundleError(f"calibration: expected an object of registers; got {values!r:.80}")
        for register, pair in values.items():
            if register not in REGISTERS or not _is_curve(pair):
                raise BundleError(
                    f"calibration: expected {' or '.join(REGISTERS)} with a slope above 0 and an intercept; "
                    f"got {register!r:.40}: {pair!r:.80}"
                )
        return cls(
            {register: (float(slope), float(intercept)) for register, (slope, intercept) in values.items()}
        )

    def to_dict(self) -> dict[str, list[float]]:
        """As a JSON object of pairs."""
        return {register: list(pair) for register, pair in self.curves.items()}

    def believed(self, text: str, scores: Sequence[float]) -> list[float]:
        """The scores of a text's spans as probabilities of being right."""
        curve = self.curves.get(register_of(text)) if scores else None
        if curve is None:
            return list(scores)
        slope, intercept = curve
        odds = (slope * logit(score) + intercept for score in scores)
        return [1 / (1 + math.exp(-min(max(x, -_FARTHEST), _FARTHEST))) for x in odds]


def _is_curve(pair: object) -> bool:
    """Whether a JSON value is a finite slope above 0 and a finite intercept."""
    if not isinstance(pair, Sequence) or len(pair) != 2 or any(type(v) not in (int, float) for v in pair):
        return False
    slope, intercept = pair
    return bool(0 < slope <= sys.float_info.max and abs(intercept) <= sys.float_info.max)
