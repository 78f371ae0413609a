"""A version of a bundle and sentences that are added in, a new version beside it out.

``plan`` reads everything and decides what is shown, what is held out and what the gate will judge by;
``retrain`` trains and publishes. Whether the new version is put in use is the gate's business
(``ner_engine.gate``). A run may be killed at any moment: resumed, it gives the version that it would have given.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from ner_engine.bundle import MANIFEST, Bundle, load_bundle
from ner_engine.errors import BundleError, ConfigError, TrainingError
from ner_engine.registry import Registry, Version, hold
from ner_engine.spans import Sentence
from ner_engine.training.additions import Addition, hold_out, read_additions, read_labelled
from ner_engine.training.build import build_bundle
from ner_engine.training.data import Source, split_source
from ner_engine.training.learning import learn
from ner_engine.training.lineage import lineage
from ner_engine.training.replay import OldData, old_data, sampled, without_texts
from ner_engine.training.retrain_recipe import RetrainRecipe
from ner_engine.training.run_file import RunState, read_run, running, write_run
from ner_engine.training.trainer import BEST, LAST, Progress
from ner_engine.training.warm_start import grown_labels

__all__ = ["Asked", "Plan", "plan", "retrain"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for.

    ``bundle`` is the name of a bundle in the registry, or ``name@version``. ``labels`` may be learnt besides the
    bundle's. ``replay`` are corpora in the place of the bundle's own, ``test`` files in that of its test sets.
    ``licences`` goes by file name, ``""`` for all that are added. ``recipe_name`` is for the card. ``roots`` are
    where the bundle's own corpora are looked for.
    """

    bundle: str
    add: tuple[Path, ...]
    recipe: RetrainRecipe
    recipe_name: str = "quick"
    replay: tuple[Path, ...] = ()
    test: tuple[Path, ...] = ()
    labels: tuple[str, ...] = ()
    licences: Mapping[str, str] = field(default_factory=dict)
    roots: tuple[Path, ...] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What a retraining reads: ``parent`` is the version it begins from, ``bundle`` its bundle.

    ``added`` is trained on, ``held`` is kept for the gate; ``old`` is shown again, ``dev`` chooses, ``test``
    judges. ``known`` are old sentences that say what is old. ``missing`` names what was not found.
    """

    asked: Asked
    parent: Version
    bundle: Bundle
    labels: tuple[str, ...]
    additions: tuple[Addition, ...]
    added: tuple[Sentence, ...]
    held: tuple[Sentence, ...]
    old: tuple[Source, ...]
    known: tuple[Source, ...]
    dev: tuple[Source, ...]
    test: tuple[Source, ...]
    missing: tuple[str, ...]

    @property
    def new_labels(self) -> tuple[str, ...]:
        """The labels that the parent has not."""
        return self.labels[len(self.bundle.labels) :]

    def digest(self) -> str:
        """What has to be the same for a run to be resumed."""
        sources = [
            (source.name, source.unknown, source.raw, source.digest())
            for source in (*self.old, *self.known, *self.dev, *self.test)
        ]
        added, held = (Source("", part).digest() for part in (self.added, self.held))
        said = [self.parent.tag, self.parent.digest, self.labels, asdict(self.asked.recipe), sources, added, held]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def plan(asked: Asked, registry: Registry) -> Plan:
    """Read what is asked for. Raises ConfigError, DataError or BundleError for what does not fit."""
    parent = _parent(asked.bundle, registry)
    bundle = load_bundle(parent.path)
    labels = tuple(grown_labels(bundle.labels, asked.labels))
    additions = read_additions(asked.add, labels=labels, licences=asked.licences)
    recipe = asked.recipe
    trained, held = hold_out([s for one in additions for s in one.sentences], recipe.added)
    unused = [label for label in labels[len(bundle.labels) :] if not _has(trained, label)]
    if unused:
        raise ConfigError(f"--labels: expected labels of the sentences to train on; {unused[0]!r} is in none")
    found = old_data(
        bundle,
        generate=recipe.replay.generate,
        seed=recipe.training.seed,
        named=asked.replay,
        roots=asked.roots,
    )
    train, test = _test_sets(asked, found, labels, bundle)
    texts = [s.text for source in test for s in source.sentences]
    judged = [*texts, *(s.text for s in (*trained, *held))]
    known: list[Source] = []
    if _only_rare(recipe, labels, bundle):
        known = sampled(train, most=recipe.rows.known, seed=recipe.training.seed)
        known = without_texts([*known, *found.generated], judged)
    sampled_ = sampled(train, most=recipe.replay.sentences, seed=recipe.training.seed)
    train = without_texts([*sampled_, *found.generated], judged)
    (added,) = without_texts([Source("added", tuple(trained))], texts)
    if not added.sentences:
        raise ConfigError("--add: expected a sentence that is not in the test set; got none to train on")
    dev = without_texts(found.dev, judged)
    dev = [source for source in dev if source.sentences]
    if not dev:
        parts = [split_source(s, 0 if s.raw else recipe.replay.dev_share) for s in train]
        train = [part for part, _ in parts]
        dev = [part for _, part in parts if part is not None and part.sentences]
    train = without_texts(train, [s.text for source in dev for s in source.sentences])
    if bundle.network.head != "crf":
        train = [source for source in train if not source.raw]
    unknown = labels[len(bundle.labels) :]
    return Plan(
        asked=asked,
        parent=parent,
        bundle=bundle,
        labels=labels,
        additions=additions,
        added=added.sentences,
        held=tuple(held),
        old=tuple(source for source in train if source.sentences),
        known=tuple(without_texts(known, [s.text for source in dev for s in source.sentences])),
        dev=tuple(replace(s, unknown=(*s.unknown, *unknown)) for s in dev) or (added,),
        test=tuple(test) if asked.test else tuple(replace(s, unknown=(*s.unknown, *unknown)) for s in test),
        missing=found.missing,
    )


def _only_rare(recipe: RetrainRecipe, labels: Sequence[str], bundle: Bundle) -> bool:
    """Whether only rare rows are to learn: a new label needs the tags' own weights."""
    return recipe.rows.rare_only and len(labels) == len(bundle.labels)


def _has(sentences: Sequence[Sentence], label: str) -> bool:
    return any(span.label == label for sentence in sentences for span in sentence.entities)


def _parent(name: str, registry: Registry) -> Version:
    """The version that is trained on. Raises BundleError for a bundle that is not in the registry."""
    version = registry.find(name)
    path = Path(name)
    if version is None and path.absolute().parent == registry.root:
        version = registry.find(path.name)
    if version is None:
        known = ", ".join(registry.names()) or "none"
        raise BundleError(f"no bundle {name!r} in {registry.root}: expected one of: {known}")
    return version


def _test_sets(
    asked: Asked, found: OldData, labels: Sequence[str], bundle: Bundle
) -> tuple[list[Source], list[Source]]:
    """What is shown again, and the test sets: those named, the bundle's own, or a share of the named corpora."""
    train = list(found.train)
    if asked.test:
        paths = dict.fromkeys(asked.test)
        return train, [Source(path.as_posix(), read_labelled(path, labels=labels)) for path in paths]
    if any(source.sentences for source in found.test):
        return train, [source for source in found.test if source.sentences]
    named = {path.name for path in asked.replay}
    test = []
    for i, source in enumerate(train):
        if source.name in named and not source.raw:
            train[i], held = split_source(source, asked.recipe.replay.test_share)
            if held is not None and held.sentences:
                test.append(replace(held, name=f"{source.name}, held out"))
    if not test:
        raise ConfigError(
            f"{bundle.name}: no test set of its own is found; name one with --test, or a labelled corpus with "
            "--replay, of which a share is held out"
        )
    return train, test


def retrain(
    made: Callable[[str], Plan],
    registry: Registry,
    work: Path,
    *,
    name: str,
    command: str,
    resume: bool = False,
    say: Callable[[str], None] = lambda line: None,
    on_progress: Callable[[Progress], None] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> tuple[Plan, Version]:
    """Train a new version and publish it; the one in use stays as it is.

    ``made`` gives the plan for the bundle it is told: ``name``, or the version that a run to resume has begun
    from, whatever is in use by now. ``work`` holds the checkpoints until the version is published. Raises
    TrainingError where the folder holds the run of something else that was asked.
    """
    with ExitStack() as stack:
        stack.enter_context(running(work))
        before = read_run(work) if resume else None
        chosen = made(name if before is None else f"{before.name}@{before.parent}")
        stack.enter_context(hold(chosen.parent.path))  # nobody clears it away meanwhile
        state = RunState(
            chosen.parent.name,
            chosen.parent.version,
            chosen.parent.digest,
            now().isoformat(timespec="seconds"),
            chosen.digest(),
        )
        if before is not None and before.asked != state.asked:
            raise TrainingError(
                f"{work}: begun with other data or another recipe; start anew or give another --work"
            )
        if before is None:
            _remove_checkpoints(work)  # of a run that was begun here and not finished
            write_run(work, state)
        state = state if before is None else before
        if state.version and (registry.path(state.name, state.version) / MANIFEST).is_file():
            say(f"{state.name}@{state.version} is there already")
        else:
            prepared, learnt = learn(chosen, work, resume=before is not None, say=say, on_progress=on_progress)
            if not state.version:
                state = state.of_version(registry.reserve(state.name))
                write_run(work, state)
            build_bundle(
                prepared,
                learnt.result,
                registry.path(state.name, state.version),
                command=command,
                lineage=lineage(chosen, learnt, version=state.version, created=state.created),
                parent=chosen.parent.path,
            )
        _remove_checkpoints(work)
        return chosen, registry.get(state.name, state.version)


def _remove_checkpoints(work: Path) -> None:
    for file in (LAST, BEST):
        (work / file).unlink(missing_ok=True)
