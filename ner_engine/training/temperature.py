"""Temperature scaling: how far a tagger's scores have to be divided before its probabilities can be believed.

A network trained to the end of its patience is surer than it is right. One number, fitted on the dev set, mends
that without changing a single answer (Guo et al. 2017, "On Calibration of Modern Neural Networks"); for a CRF it
divides the emissions and the transition scores alike (Viterbi's best path stays the best).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence

import torch

from ner_engine.network.tagger import Tagger
from ner_engine.scheme import tags_to_spans
from ner_engine.spans import OPEN
from ner_engine.training.data import Example, Source, collate

__all__ = ["fit_temperature", "scaled_state"]

GRID = tuple(1.1**power for power in range(-5, 15))
BATCH = 64


@torch.no_grad()
def fit_temperature(tagger: Tagger, sets: Sequence[tuple[Source, Sequence[Example]]]) -> float:
    """The temperature at which the probabilities of the predicted spans have the lowest log loss.

    Each source counts the same. Spans of labels that a source does not annotate, and sentences that are open in
    part, are left out; 1 where nothing is predicted.
    """
    means: list[dict[float, float]] = []
    for source, examples in sets:
        losses = dict.fromkeys(GRID, 0.0)
        count = 0
        usable = [e for e in examples if len(e.tags) and not any(s.label == OPEN for s in e.sentence.entities)]
        ordered = sorted(usable, key=lambda example: len(example.tags))
        for at in range(0, len(ordered), BATCH):
            count += _add_losses(tagger, source, ordered[at : at + BATCH], losses)
        if count:
            means.append({t: loss / count for t, loss in losses.items()})
    if not means:
        return 1.0
    return min(GRID, key=lambda t: sum(mean[t] for mean in means))


def _add_losses(tagger: Tagger, source: Source, examples: Sequence[Example], losses: dict[float, float]) -> int:
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
    whole = {name: value.clone() for name, value in crf.state_dict().items()}
    for temperature in losses if found else ():
        crf.load_state_dict({name: value / temperature for name, value in whole.items()})
        posterior = crf.posterior(emissions / temperature, batch.lengths)
        for row, start, path, right in found:
            p = min(max(posterior.span(row, start, path), 1e-6), 1 - 1e-6)
            losses[temperature] -= math.log(p if right else 1 - p)
    return len(found)


def scaled_state(state: Mapping[str, torch.Tensor], temperature: float) -> dict[str, torch.Tensor]:
    """A tagger's weights with its output and transition scores divided by the temperature."""
    scored = ("projection.weight", "projection.bias", "crf.pairs", "crf.start", "crf.end")
    return {name: value / temperature if name in scored else value for name, value in state.items()}
