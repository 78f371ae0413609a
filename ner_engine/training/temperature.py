"""Temperature scaling: how far a tagger's scores have to be divided before its probabilities can be believed.

A network trained to the end of its patience is surer than it is right. One number, fitted on the dev set, mends
that without changing a single answer (Guo et al. 2017, "On Calibration of Modern Neural Networks"); for a CRF it
divides the emissions and the transition scores alike (Viterbi's best path stays the best). What one number leaves
is mended by a curve a register: see ``ner_engine.runtime.calibration``.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from ner_engine.errors import MissingExtra
from ner_engine.network.tagger import Tagger
from ner_engine.runtime.calibration import REGISTERS, ScoreCurves, logit, register_of
from ner_engine.scheme import tags_to_spans
from ner_engine.training.data import Example, Source, collate

__all__ = ["fit_curves", "fit_temperature", "scaled_state"]

LEAST_SPANS = 100  # of a register, for a curve of its own
GRID = tuple(1.1**power for power in range(-5, 15))
BATCH = 64


def fit_temperature(tagger: Tagger, sets: Sequence[tuple[Source, Sequence[Example]]]) -> float:
    """The temperature at which the probabilities of the predicted spans have the lowest log loss.

    Each source counts the same. Spans of labels that a source does not annotate, and sentences that are open in
    part, are left out; 1 where nothing is predicted.
    """
    means: list[dict[float, float]] = []
    for source, examples in sets:
        judged = _judged(tagger, source, examples, GRID)
        if judged:
            losses = (
                sum(-math.log(j.scores[i] if j.right else 1 - j.scores[i]) for j in judged) / len(judged)
                for i in range(len(GRID))
            )
            means.append(dict(zip(GRID, losses, strict=True)))
    if not means:
        return 1.0
    return min(GRID, key=lambda t: sum(mean[t] for mean in means))


def fit_curves(tagger: Tagger, sets: Sequence[tuple[Source, Sequence[Example]]]) -> ScoreCurves:
    """The logistic curve of each register over the logits of the predicted spans (Platt 1999).

    Each source counts the same. A register with under 100 spans, with only right or only wrong ones, or whose
    curve would fall, gets none.
    """
    try:
        from sklearn.linear_model import LogisticRegression
    except ModuleNotFoundError:
        raise MissingExtra("calibration", extra="train") from None
    points: dict[str, list[tuple[float, bool, float]]] = {register: [] for register in REGISTERS}
    for source, examples in sets:
        judged = _judged(tagger, source, examples, (1.0,))
        for j in judged:
            points[register_of(j.text)].append((logit(j.scores[0]), j.right, 1 / len(judged)))
    curves = {}
    for register, found in points.items():
        if len(found) < LEAST_SPANS or len({right for _, right, _ in found}) < 2:
            continue
        scale = len(found) / sum(weight for _, _, weight in found)
        fitted = LogisticRegression(C=1e3).fit(
            [[x] for x, _, _ in found],
            [right for _, right, _ in found],
            sample_weight=[weight * scale for _, _, weight in found],
        )
        slope, intercept = round(float(fitted.coef_[0, 0]), 4), round(float(fitted.intercept_[0]), 4)
        if slope > 0:
            curves[register] = (slope, intercept)
    return ScoreCurves(curves)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A predicted span: its text, whether it is right, and its probability at each temperature."""

    text: str
    right: bool
    scores: tuple[float, ...]


@torch.no_grad()
def _judged(
    tagger: Tagger, source: Source, examples: Sequence[Example], temperatures: Sequence[float]
) -> list[_Judged]:
    usable = [e for e in examples if len(e.tags) and (e.tags >= 0).all()]
    ordered = sorted(usable, key=lambda example: len(example.tags))
    parts = (ordered[at : at + BATCH] for at in range(0, len(ordered), BATCH))
    return [judged for part in parts for judged in _judged_batch(tagger, source, part, temperatures)]


def _judged_batch(
    tagger: Tagger, source: Source, examples: Sequence[Example], temperatures: Sequence[float]
) -> list[_Judged]:
    batch = collate(examples, tagger.shape.tags)
    device = next(tagger.parameters()).device
    emissions = tagger(batch.ids.to(device), batch.flags.to(device), batch.lengths.to(device)).cpu()
    crf = copy.deepcopy(tagger.crf).cpu()
    paths = crf.decode(emissions, batch.lengths)
    tags = tagger.shape.tags
    found = []
    for row, (example, path) in enumerate(zip(examples, paths, strict=True)):
        gold = tags_to_spans([tags[i] for i in example.tags], scheme=tagger.shape.scheme)
        for span in tags_to_spans([tags[i] for i in path], scheme=tagger.shape.scheme):
            if span.label not in source.unknown:
                found.append((row, span.start, path[span.start : span.end], span in gold))
    if not found:
        return []
    whole = {name: value.clone() for name, value in crf.state_dict().items()}
    scores: list[list[float]] = [[] for _ in found]
    for temperature in temperatures:
        crf.load_state_dict({name: value / temperature for name, value in whole.items()})
        posterior = crf.posterior(emissions / temperature, batch.lengths)
        for into, (row, start, path, _) in zip(scores, found, strict=True):
            into.append(min(max(posterior.span(row, start, path), 1e-6), 1 - 1e-6))
    return [
        _Judged(examples[row].sentence.text, right, tuple(of_span))
        for of_span, (row, _, _, right) in zip(scores, found, strict=True)
    ]


def scaled_state(state: Mapping[str, torch.Tensor], temperature: float) -> dict[str, torch.Tensor]:
    """A tagger's weights with its output and transition scores divided by the temperature."""
    scored = ("projection.weight", "projection.bias", "crf.pairs", "crf.start", "crf.end")
    return {name: value / temperature if name in scored else value for name, value in state.items()}
