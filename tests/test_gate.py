"""The gate, rule by rule, with engines that say what they are told; and the bootstrap by enumeration."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ner_engine.errors import ConfigError, DataError
from ner_engine.gate import GateSet, noise_sets
from ner_engine.gate.bootstrap import differences, generator, intervals
from ner_engine.gate.counting import Judged, Tallies, judged, pooled, tally
from ner_engine.gate.judge import NOISE
from ner_engine.spans import OPEN, Sentence, Span
from ner_engine.training.alignment import confusion
from ner_engine.training.metrics import Counts, score_spans
from tests.conftest import marked
from tests.gate_parts import Compare, compare, right, sentences_of, told

__all__ = ["compare"]  # a fixture


# counting

spans = st.lists(
    st.builds(lambda at, label: Span(2 * at, 2 * at + 2, label), st.integers(0, 4), st.sampled_from("ABC")),
    max_size=4,
    unique_by=lambda span: span.start,
)
answered = st.lists(st.tuples(spans, spans, spans), max_size=8)


@settings(max_examples=40)
@given(answered)
def test_the_counts_are_those_of_the_strict_scores(rows: list[tuple[list[Span], list[Span], list[Span]]]) -> None:
    tallies = tally([judged(*row, without=frozenset()) for row in rows])
    for side in (0, 1):
        scores = score_spans([row[0] for row in rows], [row[1 + side] for row in rows])
        assert tallies.counts(side) == scores.micro
        for at, label in enumerate(tallies.labels):
            assert tallies.counts(side, at) == scores.labels.get(label, Counts(0, 0, 0))


def test_what_touches_a_stretch_that_is_not_known_does_not_count() -> None:
    gold = [Span(0, 2, "A"), Span(5, 9, OPEN)]
    found = [Span(0, 2, "A"), Span(4, 6, "B"), Span(8, 10, "B"), Span(9, 10, "A")]
    expected = frozenset({Span(0, 2, "A"), Span(9, 10, "A")})
    assert judged(gold, found, [], without=frozenset()) == Judged(frozenset(gold[:1]), expected, frozenset())
    assert judged(gold, found, found, without=frozenset("A")) == Judged(frozenset(), frozenset(), frozenset())


def test_copies_of_one_set_are_added_up_sentence_by_sentence() -> None:
    a = tally([Judged(frozenset({Span(0, 1, "A")}), frozenset(), frozenset({Span(0, 1, "A")}))] * 2)
    b = tally([Judged(frozenset(), frozenset({Span(0, 1, "B")}), frozenset())] * 2)
    joined = pooled([("x", a), ("x", b), ("y", b)])
    assert joined.labels == ("A", "B")
    assert joined.cells.shape == (4, 2, 2, 3), "two sentences of x, two of y"
    assert joined.cells[0].tolist() == [[[0, 0, 1], [0, 1, 0]], [[1, 1, 1], [0, 0, 0]]]
    assert joined.counts(0) == Counts(0, 4, 2)
    assert pooled([]).cells.shape == (0, 2, 0, 3)


# the bootstrap


def _cells(rows: Sequence[tuple[Sequence[str], Sequence[str], Sequence[str]]]) -> Tallies:
    """Sentences given as the labels that are gold, that the old finds and that the new finds, at fixed places."""

    def at(labels: Sequence[str]) -> list[Span]:
        return [Span(i, i + 1, label) for i, label in enumerate(labels) if label != "-"]

    return tally([judged(at(gold), at(old), at(new), without=frozenset()) for gold, old, new in rows])


SMALL = _cells([("AB", "A-", "AB"), ("A", "A", "B"), ("-", "B", "-"), ("B", "-", "B")])


def _exact(tallies: Tallies) -> Counter[tuple[Fraction, ...]]:
    """Every way to draw as many sentences as there are, each as likely, with the differences it gives."""
    found: Counter[tuple[Fraction, ...]] = Counter()
    for drawn in product(range(len(tallies.cells)), repeat=len(tallies.cells)):
        sums = tallies.cells[list(drawn)].sum(axis=0)  # (2, labels, 3)
        sums = np.concatenate([sums, sums.sum(axis=1, keepdims=True)], axis=1)
        f1 = [
            [Fraction(2 * int(r), int(p + g)) if p + g else Fraction(0) for r, p, g in of_side]
            for of_side in sums
        ]
        found[tuple(after - before for before, after in zip(*f1, strict=True))] += 1
    return found


def test_the_bootstrap_draws_what_enumeration_says() -> None:
    exact = _exact(SMALL)
    whole, draws = 4**4, 40_000
    assert sum(exact.values()) == whole
    assert len(exact) > 20
    drawn = differences(SMALL, resamples=draws, rng=np.random.default_rng(1))
    known = {tuple(round(float(d), 9) for d in key): count for key, count in exact.items()}
    seen = Counter(tuple(row) for row in (drawn.round(9) + 0.0).tolist())
    assert seen.keys() == known.keys()
    for key, count in known.items():
        share = count / whole
        assert abs(seen[key] / draws - share) < 5 * (share * (1 - share) / draws) ** 0.5, key


def test_the_interval_is_that_of_the_exact_distribution() -> None:
    # ten sentences, of which the new version loses two that the old finds: how many of them are drawn is binomial
    tallies = _cells([("A", "A", "A")] * 8 + [("A", "A", "-")] * 2)
    (of_label, of_total) = intervals(tallies, resamples=20_000, rng=np.random.default_rng(2))
    assert of_label == of_total
    # P(lost >= 6) = .006, P(lost >= 5) = .033: five of the ten at the 2.5 % quantile; P(lost = 0) = .107
    assert of_total[0] == pytest.approx(2 * 5 / 15 - 1)
    assert of_total[1] == 0


@settings(max_examples=40)
@given(st.lists(st.tuples(*[st.text("AB-", max_size=2)] * 3), min_size=1, max_size=6), st.randoms())
def test_the_order_of_the_sentences_does_not_matter(rows, random) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    one, other = (differences(_cells(r), resamples=50, rng=np.random.default_rng(3)) for r in (rows, shuffled))
    assert (one == other).all()


def test_a_name_has_draws_of_its_own_and_a_seed_repeats_them() -> None:
    draws = [generator(seed, name).integers(2**60) for seed, name in ((0, "a"), (0, "b"), (1, "a"), (0, "a"))]
    assert draws[0] == draws[3]
    assert len(set(draws)) == 3
    generator(0, "\ud800")


def test_many_sentences_are_drawn_in_bounded_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = differences(SMALL, resamples=100, rng=np.random.default_rng(4))
    monkeypatch.setattr("ner_engine.gate.bootstrap._HELD", 12)
    assert (differences(SMALL, resamples=100, rng=np.random.default_rng(4)) == whole).all()


def test_nothing_to_draw() -> None:
    assert differences(_cells([]), resamples=5, rng=np.random.default_rng(0)).tolist() == [[0.0]] * 5
    assert differences(_cells([("", "", "")]), resamples=5, rng=np.random.default_rng(0)).tolist() == [[0.0]] * 5


# the rule


def test_the_same_answers_pass(compare: Compare) -> None:
    sentences = sentences_of("PS", 40)
    verdict = compare([GateSet("test", sentences)], right(sentences, but=5), right(sentences, but=5))
    assert verdict.passed
    assert verdict.reasons == ()
    assert (verdict.broken, verdict.fixed, verdict.changed) == ((), (), ())
    (comparison,) = verdict.sets
    assert comparison.total.difference == 0
    assert (comparison.total.low, comparison.total.high) == (0, 0)
    assert comparison.total.before == comparison.total.after == Counts(35, 35, 40)


@pytest.mark.parametrize(("gold", "passes"), [(29, True), (30, False)])
def test_a_label_decides_from_thirty_gold_entities_on(compare: Compare, gold: int, passes: bool) -> None:
    few, many = sentences_of("PS", gold), sentences_of("LC", 100)
    test = GateSet("test", few + many)
    # one PS lost, one LC won: the total stays
    verdict = compare([test], right(few) | right(many, but=1), right(few, but=1) | right(many))
    assert verdict.passed is passes
    change = next(c for c in verdict.sets[0].labels if c.label == "PS")
    assert change.before == Counts(gold, gold, gold)
    assert change.after == Counts(gold - 1, gold - 1, gold)
    if not passes:
        (reason,) = verdict.reasons
        f1 = 100 * 2 * 29 / 59
        assert reason.startswith(
            f"test: PS fell from 100.00 to {f1:.2f} ({f1 - 100:+.2f}, more than 1.00) on 30 gold"
        )
        assert reason.endswith("includes zero: it may be chance")
        assert verdict.sets[0].refused == (change,)


def test_a_label_may_fall_by_the_tolerance_but_not_by_more(compare: Compare) -> None:
    ps, lc = sentences_of("PS", 50), sentences_of("LC", 50)
    test = GateSet("test", ps + lc)
    old, new = right(ps) | right(lc, but=1), right(ps, but=1) | right(lc)
    fell = 1 - 2 * 49 / 99
    assert compare([test], old, new, tolerance=fell).passed
    assert not compare([test], old, new, tolerance=fell - 1e-9).passed


def test_the_total_may_not_drop_at_all(compare: Compare) -> None:
    sentences = sentences_of("PS", 2000)
    old, new = right(sentences), right(sentences, but=1)
    verdict = compare([GateSet("test", sentences)], old, new)
    assert [c.label for c in verdict.sets[0].refused] == [""], "far within the tolerance of a label"
    assert verdict.reasons[0].startswith("test: the total fell from 100.00 to 99.97 (-0.03) on 2,000 gold")
    assert compare([GateSet("test", sentences)], old, new, total_tolerance=0.001).passed
    assert compare([GateSet("test", sentences)], new, old).passed


def test_a_drop_that_is_no_chance_says_so(compare: Compare) -> None:
    sentences = sentences_of("PS", 100)
    verdict = compare([GateSet("test", sentences)], right(sentences), right(sentences, but=30))
    total = verdict.sets[0].total
    assert total.low < total.difference < total.high < 0
    assert total.certain
    assert all(reason.endswith("excludes zero") for reason in verdict.reasons)


def test_without_a_test_set_nothing_passes(compare: Compare) -> None:
    sentences = sentences_of("PS", 5)
    verdict = compare([GateSet("c", sentences, kind="corrections"), GateSet("t", ())], {}, right(sentences))
    assert not verdict.passed
    assert verdict.reasons == ("no test set has a gold entity: nothing shows that the new version is not worse",)
    assert "t: no sentences" in verdict.notes
    assert [comparison.name for comparison in verdict.sets] == ["c"]
    assert not compare([], {}, {}).passed
    assert not compare([GateSet("t", (marked("그냥 말"),))], {}, {}).passed


def test_corrections_held_out_decide_as_the_test_set_does(compare: Compare) -> None:
    test = GateSet("test", sentences_of("LC", 3))
    held = sentences_of("PS", 4)
    sets = [test, GateSet("corrections", held, kind="corrections")]
    verdict = compare(sets, right(test.sentences) | right(held), right(test.sentences) | right(held, but=1))
    assert [c.name for c in verdict.sets if c.refused] == ["corrections"]


def test_noises_decide_together(compare: Compare) -> None:
    test = GateSet("test", sentences_of("PS", 40))
    copies = [
        GateSet(name, tuple(replace(s, text=s.text + mark) for s in test.sentences), "", "noise", "test")
        for name, mark in (("first", "!"), ("second", "?"))
    ]
    base = right(test.sentences)

    def both(first: int, second: int) -> dict[str, tuple[Span, ...]]:
        return base | right(copies[0].sentences, but=first) | right(copies[1].sentences, but=second)

    verdict = compare([test, *copies], both(0, 5), both(5, 0))
    assert verdict.passed, "one noise fell as much as the other rose"
    assert [(c.name, c.decides) for c in verdict.sets] == [
        ("test", True), ("first", False), ("second", False), (NOISE, True)
    ]  # fmt: skip
    assert verdict.sets[1].total.difference < 0
    together = verdict.sets[3]
    assert together.members == ("first", "second")
    assert together.total.before == together.total.after == Counts(75, 75, 80)
    assert (together.total.low, together.total.high) == (0, 0), "a sentence is drawn with all its noises"
    assert [len(verdict.broken), len(verdict.fixed)] == [5, 5]

    worse = compare([test, *copies], both(0, 5), both(5, 2))
    assert [reason.split(":")[0] for reason in worse.reasons] == [NOISE, NOISE], "the total, and PS"


def test_a_fall_under_noise_that_chance_can_make_is_tolerated_and_the_same_on_the_test_set_is_not(
    compare: Compare,
) -> None:
    test = GateSet("test", sentences_of("PS", 80))
    noisy = tuple(replace(s, text=s.text + "!") for s in test.sentences)
    sets = [test, GateSet("typos", noisy, "", "noise", "test")]
    every = right(test.sentences)
    verdict = compare(sets, every | right(noisy), every | right(noisy, but=1))
    total = verdict.sets[1].total
    assert total.difference < 0 <= total.high, "one sentence of eighty"
    assert verdict.passed
    assert not compare([test], every, right(test.sentences, but=1)).passed
    assert not compare(sets, every | right(noisy), every | right(noisy, but=6)).passed


# labels of one side


def test_a_new_label_counts_as_zero_before(compare: Compare) -> None:
    test = GateSet("test", sentences_of("PS", 3))
    held = sentences_of("GAME", 4)
    said = right(test.sentences)
    verdict = compare(
        [test, GateSet("held", held, kind="corrections")],
        said,
        said | right(held),
        new_labels=("PS", "LC", "FOOD", "GAME"),
    )
    assert verdict.passed
    (change,) = verdict.sets[1].labels
    assert (change.label, change.before, change.after) == ("GAME", Counts(0, 0, 4), Counts(4, 4, 4))
    assert "GAME is new: before, it counts as zero" in verdict.notes


def test_a_new_label_that_a_set_was_annotated_without_does_not_count_in_it(compare: Compare) -> None:
    sentences = (marked("<김민수:PS> 롤 하자"), marked("<이지은:PS> 불러"))
    old = {s.text: s.entities for s in sentences}
    new = old | told("<김민수:PS> <롤:GAME> 하자")
    verdict = compare([GateSet("test", sentences)], old, new, new_labels=("PS", "LC", "FOOD", "GAME"))
    assert verdict.passed
    assert verdict.sets[0].total.after == Counts(2, 2, 2)
    assert "test: not annotated with GAME; 1 found do not count" in verdict.notes
    # but what it takes from an old label is missed
    worse = compare(
        [GateSet("test", sentences)], old, old | told("<김민수:GAME> 롤 하자"), new_labels=("PS", "GAME")
    )
    assert not worse.passed
    # and a label that both have counts wherever it is found
    assert not compare([GateSet("test", sentences)], old, old | told("<김민수:PS> <롤:FOOD> 하자")).passed


def test_a_label_that_is_gone_is_missed(compare: Compare) -> None:
    sentences = sentences_of("FOOD", 30)
    verdict = compare([GateSet("test", sentences)], right(sentences), {}, new_labels=("PS", "LC"))
    assert [c.label for c in verdict.sets[0].refused] == ["", "FOOD"]
    assert "the new version has no FOOD any more" in verdict.notes


def test_gold_of_a_label_that_neither_has_does_not_count(compare: Compare) -> None:
    sentences = (marked("<훈민정음:WK> 읽는 <김민수:PS>"),)
    said = {sentences[0].text: sentences[0].entities[1:]}
    verdict = compare([GateSet("test", sentences)], said, said)
    assert verdict.sets[0].total.before == Counts(1, 1, 1)
    assert "test: 1 entities of WK, a label of neither version, do not count" in verdict.notes


def test_ignored_labels_are_left_out_and_told(compare: Compare) -> None:
    people, places = sentences_of("PS", 40), sentences_of("LC", 5)
    test = GateSet("test", people + places)
    verdict = compare([test], right(people) | right(places), right(places), ignore=["PS"])
    assert verdict.passed
    assert verdict.ignored == ("PS",)
    assert verdict.to_dict()["ignored"] == ["PS"]
    assert verdict.notes == ("the test sets have only 5 gold entities", "PS is left out, as asked")
    assert [c.label for c in verdict.sets[0].labels] == ["LC"]


# sentences


def test_broken_fixed_and_otherwise_wrong(compare: Compare) -> None:
    sentences = tuple(
        map(marked, ["<가나:PS> 하나", "<다라:PS> 둘", "<마바:PS> 셋", "<사아:PS>와 <자차:PS>", "카타 다섯"])
    )
    old = told("<가나:PS> 하나", "다라 둘", "<마:PS>바 셋", "<사아:PS>와 자차", "카타 다섯")
    new = told("<가나:LC> 하나", "<다라:PS> 둘", "마<바:PS> 셋", "사아와 <자차:PS>", "<카타:PS> 다섯")
    verdict = compare([GateSet("test", sentences)], old, new)
    assert [e.index for e in verdict.broken] == [0, 4]
    assert [e.index for e in verdict.fixed] == [1]
    assert [e.index for e in verdict.changed] == [2, 3]
    first = verdict.broken[0]
    assert (first.gold, [e.label for e in first.old], [e.label for e in first.new]) == (
        sentences[0].entities, ["PS"], ["LC"]
    )  # fmt: skip
    assert first.labels == {"PS", "LC"}
    assert verdict.broken[1].to_dict() == {
        "set": "test",
        "sentence": 4,
        "id": "",
        "text": "카타 다섯",
        "gold": [],
        "old": [],
        "new": [e.to_dict() for e in verdict.broken[1].new],
    }


@settings(max_examples=40)
@given(answered)
def test_confusions_are_those_of_an_evaluation(rows: list[tuple[list[Span], list[Span], list[Span]]]) -> None:
    pytest.importorskip("sklearn", reason="needs the train extra")
    from ner_engine.gate.judge import _confusion

    gold, found = [sorted(r[0]) for r in rows], [sorted(r[1]) for r in rows]
    labels = sorted({s.label for of in (gold, found) for sentence in of for s in sentence})
    ours = _confusion(labels, [(frozenset(g), frozenset(f)) for g, f in zip(gold, found, strict=True)])
    assert ours == confusion(gold, found)


# sets


def test_noise_is_what_an_evaluation_makes_of_the_same_seed(compare: Compare) -> None:
    pytest.importorskip("sklearn", reason="needs the train extra")
    from ner_engine.training.evaluate import evaluate

    sentences = sentences_of("PS", 12)
    asked: list[list[str]] = []
    evaluate(lambda texts: [asked.append(list(texts)), [[] for _ in texts]][1], sentences, seed=7)
    made = noise_sets(GateSet("test", sentences, "CC0-1.0"), seed=7)
    assert [[s.text for s in one.sentences] for one in made] == asked[1:]
    assert {(one.kind, one.of, one.licence) for one in made} == {("noise", "test", "CC0-1.0")}
    assert made != noise_sets(GateSet("test", sentences, "CC0-1.0"), seed=8)


def test_sets_that_cannot_be_compared_on_are_refused(compare: Compare) -> None:
    one = GateSet("a", sentences_of("PS", 1))
    with pytest.raises(ConfigError, match="two called 'a'"):
        compare([one, one], {}, {})
    with pytest.raises(ConfigError, match=r"one of the kinds test, corrections, noise; got 'dev'"):
        compare([replace(one, kind="dev")], {}, {})  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"a, sentence 1: span \[0, 9\)"):
        compare([replace(one, sentences=(Sentence("짧다", (Span(0, 9, "PS"),)),))], {}, {})


@pytest.mark.parametrize(
    "options", [{"tolerance": -0.1}, {"tolerance": float("nan")}, {"total_tolerance": 2}, {"resamples": 0},
                {"least_gold": 0}],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(compare: Compare, options: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=f"gate: {next(iter(options))}: expected"):
        compare([GateSet("a", sentences_of("PS", 1))], {}, {}, **options)


def test_the_same_seed_gives_the_same_verdict(compare: Compare) -> None:
    sentences = sentences_of("PS", 60)
    sets = [GateSet("test", sentences), *noise_sets(GateSet("test", sentences), seed=1)]
    first, second, other = (
        json.dumps(compare(sets, right(sentences, but=9), right(sentences[9:]), seed=seed).to_dict())
        for seed in (1, 1, 2)
    )
    assert first == second
    assert first != other


def test_every_answer_is_counted(compare: Compare) -> None:
    seen = []
    compare([GateSet("a", sentences_of("PS", 3))], {}, {}, count=lambda: seen.append(1))
    assert len(seen) == 6
