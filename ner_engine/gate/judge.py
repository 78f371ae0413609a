"""The comparison: two engines and the sets in, a ``Verdict`` out.

A version is refused where a label that has enough gold entities falls by more than the tolerance, or where all
labels together fall: on a fixed test set, on the corrections held out, or under noise (all noises together; a
single noise is shown, but does not decide). What decides is the difference that was measured; whether chance
could make it, the bootstrap says beside it. Under noise, where the sentences themselves are a draw, all labels
together may fall by the tolerance as long as chance could make it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ner_engine.bundle import manifest_digest
from ner_engine.engine import Engine
from ner_engine.errors import ConfigError, DataError
from ner_engine.gate.bootstrap import generator, intervals
from ner_engine.gate.counting import Judged, Tallies, judged, pooled, tally
from ner_engine.gate.sets import GateSet, check_sets
from ner_engine.gate.verdict import Change, Comparison, Example, Rule, Side, Verdict, signed
from ner_engine.spans import OPEN, Entity, Span
from ner_engine.training.alignment import Confusion, align

__all__ = ["NOISE", "judge"]

NOISE = "under noise"  # the name of all noisy sets together
_EPSILON = 1e-12  # differences of two quotients: what is less than this is rounding


@dataclass(frozen=True, slots=True)
class _Looked:
    """One set after both versions answered it."""

    set: GateSet
    sentences: tuple[Judged, ...]
    tallies: Tallies
    old: tuple[tuple[Entity, ...], ...]
    new: tuple[tuple[Entity, ...], ...]
    notes: tuple[str, ...]


def judge(
    old: Engine,
    new: Engine,
    sets: Sequence[GateSet],
    *,
    tolerance: float = 0.01,
    total_tolerance: float = 0.0,
    least_gold: int = 30,
    seed: int,
    resamples: int = 1000,
    old_version: str,
    new_version: str,
    ignore: Iterable[str] = (),
    count: Callable[[], None] = lambda: None,
) -> Verdict:
    """Answer every set with both engines and compare.

    A label that the old version does not have counts as zero before. ``ignore`` leaves labels out everywhere;
    ``count`` is called after each answer, two for a sentence. The same seed gives the same verdict to the byte.
    Raises ConfigError for options that make no sense, DataError for sets whose spans do not fit.
    """
    _check_options(tolerance, total_tolerance, least_gold, resamples)
    check_sets(sets)
    rule = Rule(tolerance, total_tolerance, least_gold)
    sides = _side(old, old_version), _side(new, new_version)
    ignored = frozenset(ignore)
    looked = [_look(one, old, new, ignored, count) for one in sets if one.sentences]

    groups = [([one], one.set.name, one.set.kind != "noise") for one in looked]
    noisy = [one for one in looked if one.set.kind == "noise"]
    if noisy:
        groups.append((noisy, NOISE, True))
    compared = tuple(
        _compare(group, name, rule, decides=decides, seed=seed, resamples=resamples)
        for group, name, decides in groups
    )
    reasons = [reason for comparison in compared for reason in _reasons(comparison, rule)]
    gold = sum(one.tallies.counts(0).gold for one in looked if one.set.kind == "test")
    if not gold:
        reasons.insert(0, "no test set has a gold entity: nothing shows that the new version is not worse")
    notes = [f"the test sets have only {gold:,} gold entities"] if 0 < gold < least_gold else []
    notes += [f"{one.name}: no sentences" for one in sets if not one.sentences]
    notes += [f"{label} is left out, as asked" for label in sorted(ignored)]
    notes += [note for one in looked for note in one.notes]
    notes += _removed(old.labels, new.labels, ignored)
    examples = [found for one in looked for found in _examples(one)]
    return Verdict(
        passed=not reasons,
        reasons=tuple(reasons),
        notes=tuple(notes),
        old=sides[0],
        new=sides[1],
        rule=rule,
        ignored=tuple(sorted(ignored)),
        seed=seed,
        resamples=resamples,
        sets=compared,
        broken=tuple(example for worse, example in examples if worse > 0),
        fixed=tuple(example for worse, example in examples if worse < 0),
        changed=tuple(example for worse, example in examples if worse == 0),
    )


def _check_options(tolerance: float, total_tolerance: float, least_gold: int, resamples: int) -> None:
    for name, share in (("tolerance", tolerance), ("total_tolerance", total_tolerance)):
        if not 0 <= share <= 1:
            raise ConfigError(f"gate: {name}: expected a share from 0 to 1; got {share}")
    for name, number in (("least_gold", least_gold), ("resamples", resamples)):
        if number < 1:
            raise ConfigError(f"gate: {name}: expected at least 1; got {number}")


def _side(engine: Engine, version: str) -> Side:
    return Side(engine.bundle.name, version, manifest_digest(engine.bundle.path), tuple(engine.labels))


def _answers(engine: Engine, one: GateSet, count: Callable[[], None]) -> tuple[tuple[Entity, ...], ...]:
    out = []
    for entities in engine.pipe([sentence.text for sentence in one.sentences]):
        out.append(tuple(entities))
        count()
    if len(out) != len(one.sentences):
        raise DataError(f"{one.name}: expected {len(one.sentences)} answers; the engine gave {len(out)}")
    return tuple(out)


def _look(one: GateSet, old: Engine, new: Engine, ignored: frozenset[str], count: Callable[[], None]) -> _Looked:
    """Both answers, and what of them counts.

    A label that only one version has and the set has no gold entity of is one that the set was annotated
    without: what is found of it can be neither right nor wrong. A gold label that neither version has says
    nothing about them.
    """
    before, after = _answers(old, one, count), _answers(new, one, count)
    gold = Counter(span.label for sentence in one.sentences for span in sentence.entities)
    one_sided = (set(old.labels) ^ set(new.labels)) - set(gold)
    foreign = set(gold) - {*old.labels, *new.labels, OPEN}
    without = ignored | one_sided | foreign
    notes = [
        f"{one.name}: {gold[label]:,} entities of {label}, a label of neither version, do not count"
        for label in sorted(foreign - ignored)
    ]
    for label in sorted(one_sided - ignored):
        found = sum(e.label == label for answers in (before, after) for entities in answers for e in entities)
        if found:
            notes.append(f"{one.name}: not annotated with {label}; {found:,} found do not count")
    sentences = tuple(
        judged(sentence.entities, _spans(b), _spans(a), without=without)
        for sentence, b, a in zip(one.sentences, before, after, strict=True)
    )
    return _Looked(one, sentences, tally(sentences), before, after, tuple(notes))


def _spans(entities: Iterable[Entity]) -> list[Span]:
    return [entity.span for entity in entities]


def _compare(
    group: Sequence[_Looked], name: str, rule: Rule, *, decides: bool, seed: int, resamples: int
) -> Comparison:
    tallies = pooled([(one.set.of or one.set.name, one.tallies) for one in group])
    *of_labels, of_total = intervals(tallies, resamples=resamples, rng=generator(seed, name))
    labels = []
    for at, (label, (low, high)) in enumerate(zip(tallies.labels, of_labels, strict=True)):
        before, after = tallies.counts(0, at), tallies.counts(1, at)
        fell = before.f1 - after.f1 > rule.tolerance + _EPSILON
        labels.append(
            Change(label, before, after, low, high, decides and fell and before.gold >= rule.least_gold)
        )
    before, after = tallies.counts(0), tallies.counts(1)
    fall = before.f1 - after.f1
    fell = fall > rule.total_tolerance + _EPSILON
    if group[0].set.kind == "noise":  # drawn by chance: what another draw may undo is no fall
        fell = fell and (of_total[1] < 0 or fall > rule.tolerance + _EPSILON)
    sentences = [sentence for one in group for sentence in one.sentences]
    alone = group[0].set if len(group) == 1 else None
    return Comparison(
        name=name,
        kind=group[0].set.kind,
        members=tuple(one.set.name for one in group),
        sentences=len(sentences),
        licence=", ".join(dict.fromkeys(one.set.licence for one in group if one.set.licence)),
        digest=alone.digest() if alone else "",
        total=Change("", before, after, *of_total, decides and fell),
        labels=tuple(labels),
        confusions=(
            _confusion(tallies.labels, [(s.gold, s.old) for s in sentences]),
            _confusion(tallies.labels, [(s.gold, s.new) for s in sentences]),
        ),
        decides=decides,
    )


def _confusion(labels: Sequence[str], sentences: Iterable[tuple[frozenset[Span], frozenset[Span]]]) -> Confusion:
    code = {label: at for at, label in enumerate(labels)}
    nothing = len(labels)
    counts = [[0] * (nothing + 1) for _ in range(nothing + 1)]
    for gold, found in sentences:
        truth, guess = sorted(gold), sorted(found)
        for i, j in align(truth, guess):
            row = nothing if i is None else code[truth[i].label]
            column = nothing if j is None else code[guess[j].label]
            counts[row][column] += 1
    return Confusion(tuple(labels), tuple(map(tuple, counts)))


def _reasons(comparison: Comparison, rule: Rule) -> list[str]:
    out = []
    for change in comparison.refused:
        allowed = rule.tolerance if change.label else rule.total_tolerance
        more = f", more than {100 * allowed:.2f}" if allowed else ""
        doubt = "excludes zero" if change.certain else "includes zero: it may be chance"
        out.append(
            f"{comparison.name}: {change.label or 'the total'} fell from {100 * change.before.f1:.2f} to "
            f"{100 * change.after.f1:.2f} ({signed(change.difference)}{more}) on {change.before.gold:,} gold "
            f"entities; 95 % interval {signed(change.low)} to {signed(change.high)} {doubt}"
        )
    return out


def _removed(old: Sequence[str], new: Sequence[str], ignored: frozenset[str]) -> list[str]:
    gone = [label for label in old if label not in new and label not in ignored]
    come = [label for label in new if label not in old and label not in ignored]
    notes = [f"the new version has no {label} any more" for label in gone]
    return notes + [f"{label} is new: before, it counts as zero" for label in come]


def _examples(one: _Looked) -> list[tuple[int, Example]]:
    """The sentences answered differently, each with how many mistakes more the new version makes."""
    out = []
    for at, (sentence, counted) in enumerate(zip(one.set.sentences, one.sentences, strict=True)):
        if counted.old == counted.new:
            continue
        worse = len(counted.gold ^ counted.new) - len(counted.gold ^ counted.old)
        old = tuple(entity for entity in one.old[at] if entity.span in counted.old)
        new = tuple(entity for entity in one.new[at] if entity.span in counted.new)
        gold = tuple(sorted(counted.gold))
        out.append((worse, Example(one.set.name, at, sentence, gold, old, new)))
    return out
