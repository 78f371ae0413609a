"""How far to go from the old weights towards the trained ones: two sets of weights in, one between them out.

Weights between a model and its fine-tuned self keep more of what the first knew than the second does, and most of
what was learnt (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"). The step is chosen on the dev
sets, as written and mistyped, and on the sentences that were added; what the gate judges by is not looked at.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ner_engine.datasets.noise import jamo_typos, random_spaces, remove_spaces
from ner_engine.network.tagger import Tagger
from ner_engine.spans import OPEN, Sentence
from ner_engine.training.data import Example, Source
from ner_engine.training.metrics import Counts, Scores, score_spans
from ner_engine.training.retrain_recipe import BlendConfig
from ner_engine.training.trainer import predict

__all__ = ["Step", "between", "choose", "measured", "mistyped"]

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Step:
    """The weights after a step from the old ones (0) to the trained ones (1), by their F1 in [0, 1].

    ``added`` is that on the sentences trained on, ``dev`` that on each dev set. ``lost`` is the most that the
    total of the dev sets, or a label of theirs, has fallen beyond what is allowed.
    """

    step: float
    added: float
    dev: Mapping[str, float]
    lost: float

    def to_dict(self) -> dict[str, Any]:
        """Scores in per cent, the loss in points."""
        return {
            "step": self.step,
            "added": round(100 * self.added, 2),
            "dev": {name: round(100 * f1, 2) for name, f1 in self.dev.items()},
            "lost": round(100 * self.lost, 2),
        }


def between(old: Mapping[str, Tensor], new: Mapping[str, Tensor], step: float) -> dict[str, Tensor]:
    """``old`` for a step of 0, ``new`` for one of 1, the line between them else."""
    return {name: value if step == 1 else torch.lerp(old[name], value, step) for name, value in new.items()}


def mistyped(source: Source, *, seed: int) -> Source:
    """The sentences of a source, each without spaces, with wrong ones, or with slips of the finger."""
    rng = random.Random(f"{seed}:mistyped")

    def typed(sentence: Sentence) -> Sentence:
        kind = rng.random()
        if kind < 1 / 3:
            return remove_spaces(sentence)
        return (
            random_spaces(sentence, rate=0.15, rng=rng)
            if kind < 2 / 3
            else jamo_typos(sentence, rate=0.04, rng=rng)
        )

    return replace(source, name=f"{source.name}, mistyped", sentences=tuple(map(typed, source.sentences)))


def _scores(tagger: Tagger, examples: Sequence[Example], ignore: Sequence[str]) -> Scores:
    gold = [[span for span in e.sentence.entities if span.label != OPEN] for e in examples]
    return score_spans(gold, predict(tagger, examples), ignore=ignore)


def measured(
    tagger: Tagger,
    weights: Mapping[float, Mapping[str, Tensor]],
    *,
    added: Sequence[Example],
    dev: Sequence[Sequence[tuple[Source, Sequence[Example]]]],
    config: BlendConfig,
) -> list[Step]:
    """Each step measured against step 0, which is among the ``weights``. The tagger is left with the last.

    ``dev`` are groups of dev sets (as written, mistyped); the sets of a group count together.
    """
    found: dict[float, tuple[Scores, list[list[Scores]]]] = {}
    for step in sorted(weights):
        tagger.load_state_dict(weights[step])
        kept = [[_scores(tagger, examples, source.unknown) for source, examples in group] for group in dev]
        found[step] = (_scores(tagger, added, ()), kept)
    old = found[0.0][1]
    return [
        Step(
            step,
            learnt.micro.f1,
            {
                source.name: scores.micro.f1
                for group, of_group in zip(dev, kept, strict=True)
                for (source, _), scores in zip(group, of_group, strict=True)
            },
            max([0.0, *(_lost(_together(b), _together(a), config) for b, a in zip(old, kept, strict=True))]),
        )
        for step, (learnt, kept) in found.items()
    ]


def _together(every: Sequence[Scores]) -> Scores:
    """The scores of several sets as if they were one."""

    def added(counts: Iterable[Counts]) -> Counts:
        rows = [(c.right, c.predicted, c.gold) for c in counts]
        return Counts(*(sum(column) for column in zip(*rows, strict=True))) if rows else Counts(0, 0, 0)

    labels = sorted({label for scores in every for label in scores.labels})
    return Scores(
        added(scores.micro for scores in every),
        {label: added(s.labels[label] for s in every if label in s.labels) for label in labels},
    )


def _lost(before: Scores, after: Scores, config: BlendConfig) -> float:
    """How much the total has fallen beyond the slack, or a label with enough entities beyond the tolerance: the
    larger."""
    losses = [before.micro.f1 - after.micro.f1 - config.slack]
    for label, counts in before.labels.items():
        if counts.gold >= config.least_gold:
            losses.append(counts.f1 - after.labels.get(label, Counts(0, 0, 0)).f1 - config.tolerance)
    return max(losses)


def choose(steps: Sequence[Step]) -> Step:
    """The best on what was added among those that lose nothing, of equal ones that with the best dev sets; where
    all lose something, the one that loses least. Step 0 is no answer."""
    able = [step for step in steps if step.step > 0]
    safe = [step for step in able if step.lost <= _ROUNDING]
    if not safe:
        return min(able, key=lambda s: (s.lost, -s.added))
    return max(safe, key=lambda s: (round(s.added, 6), sum(s.dev.values()), s.step))
