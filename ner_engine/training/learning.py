"""The plan of a retraining -> examples, the old version's word, starting weights -> trained weights, scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ner_engine.config import DistillConfig, Recipe, from_dict
from ner_engine.errors import BundleError, NerEngineError
from ner_engine.runtime.calibration import ScoreCurves
from ner_engine.training.additions import copies, in_old_sentences, mentions
from ner_engine.training.blend import Step, between, choose, measured, mistyped
from ner_engine.training.data import Example, Soft, Source, encode
from ner_engine.training.replay import opened
from ner_engine.training.rows import rare_rows, within
from ner_engine.training.teacher import Teacher, tagger_of, taught
from ner_engine.training.trainer import Prepared, Progress, Result, Trainer, check_device
from ner_engine.training.warm_start import Grown, grown

if TYPE_CHECKING:
    from ner_engine.training.retrain import Plan

__all__ = ["Learnt", "learn", "prepare_retraining"]

ADDED, NEW_WORDS = "added", "old sentences with the added words"


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a retraining leaves: the result, the step that was taken, all that were measured, what has grown."""

    result: Result
    taken: Step
    steps: tuple[Step, ...]
    grown: Mapping[str, int]


def _recipe(plan: Plan) -> Recipe:
    """The recipe of the new version: the parent's, with the grown labels and this training."""
    bundle, asked = plan.bundle, plan.asked.recipe
    try:
        old = from_dict(Recipe, bundle.manifest["recipe"])
    except (KeyError, TypeError, NerEngineError) as error:
        raise BundleError(f"{bundle.path}: its recipe cannot be read ({error})") from None
    dictionary = Path(old.features.user_dictionary).name if old.features.user_dictionary else ""
    licences = plan.asked.licences
    added = [f"{one.name}: {one.licence or 'not stated'}" for one in plan.additions]
    added += [f"{path.name}: {licences.get(path.name, 'not stated')}" for path in plan.asked.replay]
    return replace(
        old,
        licence=f"{old.licence}; retrained with {'; '.join(added)}",
        notes="",
        before=[],
        features=replace(old.features, user_dictionary=dictionary),
        network=replace(old.network, start=""),
        data=replace(
            old.data,
            labels=list(plan.labels),
            train=[replace(source, teachers=[]) for source in old.data.train],
            also=[],
        ),
        training=asked.training,
        distill=DistillConfig(weight=max(asked.replay.weight, 1e-6)),
        export=replace(old.export, min_score=float(bundle.manifest.get("min_score", 0.0))),
    )


def prepare_retraining(plan: Plan, *, say: Callable[[str], None] = lambda line: None) -> tuple[Prepared, Grown]:
    """Everything encoded, with the old version's word on the old sentences, and the weights to start from."""
    check_device(plan.asked.recipe.training.device)
    torch.set_num_threads(plan.asked.recipe.training.threads)
    recipe = _recipe(plan)
    old = tagger_of(plan.bundle)
    start = grown(old.tagger, old.extractor, labels=plan.labels, texts=(s.text for s in plan.added))
    scheme = recipe.data.scheme

    def encoded(source: Source, *, most: int = 0) -> tuple[Example, ...]:
        return tuple(
            encode(
                start.extractor,
                source.sentences,
                tags=start.tags,
                scheme=scheme,
                unknown=source.unknown,
                max_units=most,
                raw=source.raw,
            )
        )

    sources = _sources(plan)
    say(f"asking {plan.parent.tag} about {sum(len(s.sentences) for s in sources if s.taught):,} old sentences")
    train = []
    for source in sources:
        examples = encoded(source, most=recipe.data.max_units)
        if source.taught and plan.bundle.network.head == "crf":
            examples = tuple(_taught(examples, old, start.tags, raw=source.raw))
        train.append((source, examples))
    rows = _rows_that_learn(plan, start, say)
    if rows:
        rate = plan.asked.recipe.rows.learning_rate
        recipe = replace(recipe, training=replace(recipe.training, table_learning_rate=rate))
    return (
        Prepared(
            recipe,
            start.tags,
            start.extractor,
            start.extractor,
            tuple(train),
            tuple((source, encoded(source)) for source in plan.dev),
            tuple((source, encoded(source)) for source in plan.test),
            {},
            plan.bundle.path,
            start.weights,
            rows,
        ),
        start,
    )


def _rows_that_learn(plan: Plan, start: Grown, say: Callable[[str], None]) -> Mapping[str, Tensor]:
    """The rows of tables that learn, where not everything does."""
    if not plan.known:
        return {}
    config, added = plan.asked.recipe, (s.text for s in plan.added)
    rows = rare_rows(start.extractor, plan.known, added, most=config.rows.uses, seed=config.training.seed)
    trained = [name for name in rows if name not in plan.bundle.network.frozen]
    new = sum(int(rows[name].sum()) for name in trained)
    if not new:
        say("nothing of what was added is rare: everything learns")
        return {}
    say(f"{new:,} rows of the tables are rare: they alone learn")
    return rows


def _sources(plan: Plan) -> list[Source]:
    """What an epoch shows: old sentences, what was added several times over, and the two mixed."""
    config, seed = plan.asked.recipe.added, plan.asked.recipe.training.seed
    forms = mentions(plan.added)
    new = {label: forms.get(label, []) for label in plan.new_labels}
    old = [opened(replace(source, taught=True), new) for source in plan.old]
    labelled = [s for source in old if not source.raw and not source.unknown for s in source.sentences]
    total = sum(len(source.sentences) for source in old)
    wanted = config.share / (1 - config.share) * total / len(plan.added)
    times = min(max(round(wanted), 1), config.most_copies)
    lexicon = mentions([*labelled, *plan.added])
    more = copies(plan.added, lexicon, times=times, rate=config.contexts, seed=seed)
    mixed = list(in_old_sentences(labelled, forms, each=config.mentions, seed=seed))
    most = max(len(more), 1)  # many forms do not crowd out the sentences that they were added with
    out = [*old, Source(ADDED, tuple(more), taught=False)]
    if mixed:
        out.append(Source(NEW_WORDS, tuple(mixed[:: -(-len(mixed) // most)]), taught=False))
    return out


def _taught(examples: Sequence[Example], old: Teacher, tags: Sequence[str], *, raw: bool) -> list[Example]:
    """The old version's word, in which a new tag has no part; where a new label may stand, it is not asked."""
    asked = [i for i, e in enumerate(examples) if raw or not (e.tags < 0).any()]
    out = list(examples)
    for i, example in zip(asked, taught([examples[i] for i in asked], [old], old.tags), strict=True):
        out[i] = example if example.soft is None else replace(example, soft=_widened(example.soft, len(tags)))
    return out


def _widened(soft: Soft, tags: int) -> Soft:
    more = tags - soft.marginals.shape[1]
    if not more:
        return soft
    return Soft(np.pad(soft.marginals, ((0, 0), (0, more))), np.pad(soft.pair_counts, (0, more)), soft.only)


def learn(
    plan: Plan,
    work: Path,
    *,
    resume: bool = False,
    say: Callable[[str], None] = lambda line: None,
    on_progress: Callable[[Progress], None] | None = None,
) -> tuple[Prepared, Learnt]:
    """Train, and choose how far to go from the old weights; the scores are of what is shipped."""
    prepared, start = prepare_retraining(plan, say=say)
    trainer = Trainer(_with_dropout(prepared, plan.asked.recipe.dropout), work)
    trainer.train(resume=resume, on_progress=on_progress)
    new = within(start.weights, trainer.kept(), prepared.rows)
    config = plan.asked.recipe.blend
    weights: dict[float, Any] = {step: between(start.weights, new, step) for step in (0.0, *config.steps)}
    noisy = [mistyped(source, seed=plan.asked.recipe.training.seed) for source in plan.dev]
    dev = [prepared.dev, [(source, _plain(prepared, source)) for source in noisy]]
    added = _plain(prepared, Source(ADDED, plan.added))
    say(f"measuring {len(weights) - 1} steps from the old weights to the trained ones")
    steps = measured(trainer.tagger, weights, added=added, dev=dev, config=config)
    taken = choose(steps)
    curves = ScoreCurves.from_dict(plan.bundle.manifest.get("calibration", {}))
    if prepared.rows:  # what is answered as before is to be scored as before
        result = trainer.result(weights[taken.step], temperature=1.0)
    else:
        result = trainer.result(weights[taken.step])
        curves = ScoreCurves({**curves.curves, **result.curves.curves})
    return prepared, Learnt(replace(result, curves=curves), taken, tuple(steps), start.names)


def _with_dropout(prepared: Prepared, share: float) -> Prepared:
    """The same with a share of the bundle's dropout rates; what is published keeps the rates themselves."""
    network = prepared.recipe.network
    rates = ("input_dropout", "hidden_dropout", "unknown_rate", "gazetteer_dropout")
    scaled = replace(network, **{name: share * getattr(network, name) for name in rates})
    return replace(prepared, recipe=replace(prepared.recipe, network=scaled))


def _plain(prepared: Prepared, source: Source) -> tuple[Example, ...]:
    data = prepared.recipe.data
    return tuple(encode(prepared.extractor, source.sentences, tags=prepared.tags, scheme=data.scheme))
