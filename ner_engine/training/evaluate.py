"""How good an extractor is: sentences with gold spans and their entities in, an ``Evaluation`` out.

Every figure a person needs to judge a model, and every mistake behind them; showing them is the business of
``report`` and of the command line. The confusion matrix needs scikit-learn.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ner_engine.datasets.noise import chat_endings, jamo_typos, random_spaces, remove_spaces
from ner_engine.errors import DataError
from ner_engine.spans import Entity, Sentence, Span, check_spans
from ner_engine.training.alignment import KINDS, Confusion, Mistake, confusion, mistakes
from ner_engine.training.calibration import Calibration, calibration
from ner_engine.training.metrics import Counts, Scores, score_spans

__all__ = ["NOISES", "Evaluation", "Extract", "Macro", "Recall", "evaluate", "macro", "score_characters"]

Extract = Callable[[Sequence[str]], Iterable[Sequence[Entity]]]

NOISES: Mapping[str, Callable[[Sentence, random.Random], Sentence]] = {
    "no spaces": lambda sentence, rng: remove_spaces(sentence),
    "random spaces": lambda sentence, rng: random_spaces(sentence, rate=0.15, rng=rng),
    "jamo typos 4 %": lambda sentence, rng: jamo_typos(sentence, rate=0.04, rng=rng),
    "chat endings": lambda sentence, rng: chat_endings(sentence, rng=rng),
}


def _percent(share: float) -> float:
    return round(100 * share, 2)


@dataclass(frozen=True, slots=True)
class Macro:
    """Unweighted means over the labels that are in the gold or the predicted spans, in [0, 1]."""

    precision: float
    recall: float
    f1: float

    def to_dict(self) -> dict[str, float]:
        """Percentages with two decimals."""
        return {
            "precision": _percent(self.precision),
            "recall": _percent(self.recall),
            "f1": _percent(self.f1),
        }


def macro(scores: Scores) -> Macro:
    """The means of the labels' precision, recall and F1; zeros where there is no label."""
    labels = list(scores.labels.values())
    n = max(1, len(labels))
    return Macro(
        sum(c.precision for c in labels) / n, sum(c.recall for c in labels) / n, sum(c.f1 for c in labels) / n
    )


@dataclass(frozen=True, slots=True)
class Recall:
    """How many of ``gold`` spans were found exactly."""

    right: int
    gold: int

    @property
    def recall(self) -> float:
        """In [0, 1]; 0 where there is no gold span."""
        return self.right / self.gold if self.gold else 0.0

    def to_dict(self) -> dict[str, float]:
        """A percentage with two decimals, and the number of gold spans."""
        return {"recall": _percent(self.recall), "support": self.gold}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything measured. ``seen`` and ``unseen`` are None without training sentences.

    ``sentences`` and ``predicted`` run parallel and are without the ignored labels. ``noise`` holds the
    strict micro counts under each of NOISES, or nothing.
    """

    sentences: tuple[Sentence, ...]
    predicted: tuple[tuple[Entity, ...], ...]
    spans: Scores
    characters: Scores
    seen: Recall | None
    unseen: Recall | None
    calibration: Calibration
    noise: Mapping[str, Counts]
    confusion: Confusion
    mistakes: tuple[Mistake, ...]

    def mistake_counts(self) -> dict[str, int]:
        """How many mistakes there are of each kind, in the order of KINDS."""
        found = Counter(mistake.kind for mistake in self.mistakes)
        return {kind: found[kind] for kind in KINDS}

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: scores in per cent; scores of entities and ``ece`` as shares of one."""
        return {
            "sentences": len(self.sentences),
            "entities": self.spans.micro.gold,
            "spans": _scores_dict(self.spans),
            "characters": _scores_dict(self.characters),
            "seen": self.seen and self.seen.to_dict(),
            "unseen": self.unseen and self.unseen.to_dict(),
            "calibration": self.calibration.to_dict(),
            "noise": {name: counts.to_dict() for name, counts in self.noise.items()},
            "confusion": self.confusion.to_dict(),
            "mistake_counts": self.mistake_counts(),
            "mistakes": [mistake.to_dict() for mistake in self.mistakes],
        }


def _scores_dict(scores: Scores) -> dict[str, Any]:
    return {
        "micro": scores.micro.to_dict(),
        "macro": macro(scores).to_dict(),
        "labels": {label: counts.to_dict() for label, counts in scores.labels.items()},
    }


def score_characters(sentences: Sequence[Sentence], predicted: Sequence[Iterable[Span]]) -> Scores:
    """Scores over characters: right are those that carry their gold label; unlabelled ones do not count."""

    def cut(spans: Iterable[Span]) -> list[Span]:
        return [Span(at, at + 1, span.label) for span in spans for at in range(span.start, span.end)]

    return score_spans([cut(s.entities) for s in sentences], [cut(spans) for spans in predicted])


def _answers(
    extract: Extract, sentences: Sequence[Sentence], ignored: frozenset[str]
) -> tuple[tuple[Entity, ...], ...]:
    """The extractor's entities without ignored labels, sorted. Raises DataError where it breaks the contract."""
    answers = list(extract([sentence.text for sentence in sentences]))
    if len(answers) != len(sentences):
        raise DataError(f"expected {len(sentences)} answers, one a text; the extractor gave {len(answers)}")
    out = []
    for number, (sentence, entities) in enumerate(zip(sentences, answers, strict=True), 1):
        kept = sorted((e for e in entities if e.label not in ignored), key=lambda e: e.start)
        try:
            check_spans(sentence.text, [entity.span for entity in kept])
        except DataError as error:
            raise DataError(f"the extractor's answer to sentence {number}: {error}") from None
        out.append(tuple(kept))
    return tuple(out)


def _gold(sentences: Sequence[Sentence], ignored: frozenset[str]) -> tuple[Sentence, ...]:
    """The sentences without ignored labels. Raises DataError where spans do not fit their text."""
    out = []
    for number, sentence in enumerate(sentences, 1):
        try:
            spans = check_spans(sentence.text, (s for s in sentence.entities if s.label not in ignored))
        except DataError as error:
            raise DataError(f"sentence {number}: {error}") from None
        out.append(replace(sentence, entities=spans))
    return tuple(out)


def _spans(answers: Sequence[Sequence[Entity]]) -> list[list[Span]]:
    return [[entity.span for entity in entities] for entities in answers]


def _recalls(
    sentences: Sequence[Sentence], predicted: Sequence[Sequence[Span]], train: Iterable[Sentence]
) -> tuple[Recall, Recall]:
    """Recall of the gold spans whose form stands with that label in ``train``, and of the others."""
    known = {(sentence.surface(span), span.label) for sentence in train for span in sentence.entities}
    gold: Counter[bool] = Counter()
    right: Counter[bool] = Counter()
    for sentence, spans in zip(sentences, predicted, strict=True):
        found = set(spans)
        for span in sentence.entities:
            seen = (sentence.surface(span), span.label) in known
            gold[seen] += 1
            right[seen] += span in found
    return Recall(right[True], gold[True]), Recall(right[False], gold[False])


def evaluate(
    extract: Extract,
    sentences: Sequence[Sentence],
    *,
    train: Iterable[Sentence] | None = None,
    ignore: Iterable[str] = (),
    noise: bool = True,
    seed: int = 0,
) -> Evaluation:
    """Run the extractor over the sentences, and again under each noise, and measure.

    ``ignore`` leaves labels out on both sides. ``train`` tells seen entities from unseen ones. The same
    ``seed`` gives the same noise. Raises DataError where gold or extracted spans overlap or leave their text.
    """
    ignored = frozenset(ignore)
    gold = _gold(sentences, ignored)
    answers = _answers(extract, gold, ignored)
    found = _spans(answers)
    truth = [sentence.entities for sentence in gold]
    scored = (
        (entity.score, entity.span in sentence.entities)
        for sentence, entities in zip(gold, answers, strict=True)
        for entity in entities
    )
    seen, unseen = (None, None) if train is None else _recalls(gold, found, train)
    under_noise = {}
    for name, distort in NOISES.items() if noise else ():
        rng = random.Random(f"{seed}:{name}")
        noisy = [distort(sentence, rng) for sentence in gold]
        guesses = _spans(_answers(extract, noisy, ignored))
        under_noise[name] = score_spans([sentence.entities for sentence in noisy], guesses).micro
    return Evaluation(
        sentences=gold,
        predicted=answers,
        spans=score_spans(truth, found),
        characters=score_characters(gold, found),
        seen=seen,
        unseen=unseen,
        calibration=calibration(scored),
        noise=under_noise,
        confusion=confusion(truth, found),
        mistakes=tuple(mistakes(gold, answers)),
    )
