"""The gate: whether a new version of a bundle may take the place of the old one.

Two engines and sets of sentences in, a ``Verdict`` out; ``write_report`` makes a page and a ``metrics.json`` of
it. Nothing here needs torch.
"""

from __future__ import annotations

from ner_engine.gate.judge import judge
from ner_engine.gate.report import metrics_json, write_report
from ner_engine.gate.sets import GateSet, noise_sets
from ner_engine.gate.verdict import Change, Comparison, Example, Side, Verdict

__all__ = [
    "Change",
    "Comparison",
    "Example",
    "GateSet",
    "Side",
    "Verdict",
    "judge",
    "metrics_json",
    "noise_sets",
    "write_report",
]
