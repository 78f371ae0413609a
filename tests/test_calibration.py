"""Scores that can be believed: curves by hand and by property, fitted on known ones, and mended in the engine."""

from __future__ import annotations

import dataclasses
import json
import math
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("sklearn", reason="needs the train extra")

from ner_engine.bundle import MANIFEST, load_bundle, read_tensors  # noqa: E402
from ner_engine.config import load_recipe  # noqa: E402
from ner_engine.engine import load  # noqa: E402
from ner_engine.errors import BundleError  # noqa: E402
from ner_engine.network.tagger import Tagger  # noqa: E402
from ner_engine.rules import Pattern, PatternMatcher, RuleSet  # noqa: E402
from ner_engine.runtime.calibration import REGISTERS, ScoreCurves, logit, register_of  # noqa: E402
from ner_engine.training import temperature as temperature_module  # noqa: E402
from ner_engine.training import trainer as trainer_module  # noqa: E402
from ner_engine.training.build import build_bundle  # noqa: E402
from ner_engine.training.data import Source  # noqa: E402
from ner_engine.training.temperature import fit_curves, fit_temperature, scaled_state  # noqa: E402
from ner_engine.training.trainer import Trainer, predict, prepare  # noqa: E402
from tests.conftest import tiny_sentences, write_tiny  # noqa: E402

SPOKEN, WRITTEN = "부산에서 오하늘 만나기로 했어", "부산에서 오하늘 만나기로 했다."
CURVES = ScoreCurves({"spoken": (0.5, -1.25), "written": (2.0, 0.75)})


def _sigmoid(x):
    return 1 / (1 + math.exp(-x))


# registers and curves


@pytest.mark.parametrize(
    ("text", "register"),
    [
        ("정부는 어제 발표했다.", "written"),
        ("그는 “가겠다.”\n", "written"),
        ("맛있습니다!!", "written"),
        ("\u1112\u1162\u11bb\u1103\u1161", "written"),  # 했다, decomposed
        ("다", "written"),
        ("가" * 5000 + "다", "written"),
        ("간다고 했어", "spoken"),
        ("다 먹었어", "spoken"),
        ("했다ㅋㅋ", "spoken"),
        ("간다. 응", "spoken"),
        ("", "spoken"),
        (" \n", "spoken"),
    ],
)
def test_the_register_is_that_of_the_last_word(text, register):
    assert register_of(text) == register


def test_the_log_odds():
    assert logit(0.5) == 0
    assert logit(0.8) == pytest.approx(math.log(4))
    assert logit(0.2) == pytest.approx(-math.log(4))
    assert logit(1) == pytest.approx(math.log(999_999)) == -logit(0)


def test_a_curve_by_hand():
    curves = ScoreCurves({"spoken": (2.0, 0.0), "written": (1.0, math.log(3))})
    assert curves.believed("가자", [0.8, 0.5]) == pytest.approx([0.64 / 0.68, 0.5])  # the odds squared
    assert curves.believed("간다", [0.8, 0.5]) == pytest.approx([12 / 13, 0.75])  # three times the odds
    assert curves.believed("간다", []) == []


def test_a_register_without_a_curve_keeps_its_scores():
    scores = [0.0, 0.3, 1.0]
    assert ScoreCurves().believed("가자", scores) == scores
    only = ScoreCurves({"written": (2.0, 1.0)})
    assert only.believed("가자", scores) == scores
    assert only.believed("간다", scores) != scores


FINITE = st.floats(allow_nan=False, allow_infinity=False)
PAIR = st.tuples(st.floats(min_value=0, exclude_min=True, allow_infinity=False), FINITE)
ANY_CURVES = st.dictionaries(st.sampled_from(REGISTERS), PAIR).map(ScoreCurves)
SCORES = st.lists(st.floats(0, 1), min_size=1)
ANY_TEXT = st.text(st.one_of(st.sampled_from("다. \n”)"), st.characters(exclude_categories=[])))


@given(ANY_TEXT, ANY_CURVES, SCORES)
def test_no_curve_changes_an_order_or_leaves_the_probabilities(text, curves, scores):
    assert register_of(text) in REGISTERS
    scores = sorted(scores)
    believed = curves.believed(text, scores)
    assert believed == sorted(believed)
    assert len(believed) == len(scores)
    if register_of(text) in curves.curves:
        assert all(0 < score < 1 for score in believed)
    else:
        assert believed == scores


@given(st.floats(0.1, 10), st.floats(-5, 5), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_a_usual_curve_tells_scores_apart(slope, intercept, a, b):
    low, high = sorted((a, b))
    curves = ScoreCurves({"spoken": (slope, intercept)})
    below, above = curves.believed("응", [low, high])
    assert below == above if low == high else below <= above
    if high - low > 1e-3:
        assert below < above


@given(ANY_CURVES)
def test_curves_survive_json(curves):
    assert ScoreCurves.from_dict(json.loads(json.dumps(curves.to_dict()))) == curves


MALFORMED = [
    None, 3, "spoken", [], [["spoken", 1, 2]],
    {"news": [1, 2]}, {"spoken": 1}, {"spoken": None}, {"spoken": [1]}, {"spoken": [1, 2, 3]}, {"spoken": "12"},
    {"spoken": ["1", "2"]}, {"spoken": [True, 0]}, {"spoken": {"slope": 1, "intercept": 2}},
    {"spoken": [0, 1]}, {"spoken": [-1, 1]}, {"spoken": [math.inf, 1]}, {"spoken": [math.nan, 1]},
    {"spoken": [1, math.nan]}, {"spoken": [1, -math.inf]}, {"spoken": [10**400, 1]}, {"spoken": [1, 10**400]},
    {"spoken": [1, 1], "written": [1, None]}, {"spoken": [1] * 9999}, {"x\n" * 9999: [1, 1]},
]  # fmt: skip


@pytest.mark.parametrize("values", MALFORMED, ids=lambda v: repr(v)[:30])
def test_anything_else_is_refused(values):
    expected = "a slope above 0 and an intercept" if isinstance(values, dict) else "an object of registers"
    with pytest.raises(BundleError, match=f"calibration: expected .*{expected}; got ") as error:
        ScoreCurves.from_dict(values)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


# fitting


def _judged(text, at):
    """Spans of ``text``: score -> (how many, how many of them right)."""
    return [
        temperature_module._Judged(text, i < right, (score,))
        for score, (count, right) in at.items()
        for i in range(count)
    ]


@pytest.fixture
def fitted(monkeypatch):
    """The curves of sources whose predicted spans are given."""

    def fit(*of_sources):
        spans = {str(i): judged for i, judged in enumerate(of_sources)}
        monkeypatch.setattr(temperature_module, "_judged", lambda tagger, source, examples, t: spans[source.name])
        return fit_curves(None, [(Source(name, ()), ()) for name in spans])

    return fit


def test_the_curves_that_scores_were_drawn_from_are_found(fitted):
    rng = random.Random(4)
    spans = []
    for _ in range(20_000):
        register = rng.choice(REGISTERS)
        score = _sigmoid(rng.uniform(-4, 4))
        slope, intercept = CURVES.curves[register]
        right = rng.random() < _sigmoid(slope * logit(score) + intercept)
        spans.append(temperature_module._Judged(WRITTEN if register == "written" else SPOKEN, right, (score,)))
    found = fitted(spans).curves
    assert found.keys() == CURVES.curves.keys()
    for register, pair in CURVES.curves.items():
        assert found[register] == pytest.approx(pair, abs=0.12)


def test_each_source_counts_the_same(fitted):
    small = _judged("응", {0.4: (100, 70), 0.6: (100, 90)})
    large = _judged("응", {0.4: (1000, 300), 0.6: (1000, 500)})
    curves = fitted(small, large)
    assert curves.believed("응", [0.4, 0.6]) == pytest.approx([0.5, 0.7], abs=0.005)
    assert curves.to_dict().keys() == {"spoken"}


@pytest.mark.parametrize(
    "at",
    [
        {0.4: (50, 20), 0.8: (49, 40)},
        {0.4: (100, 100), 0.8: (100, 100)},
        {0.4: (100, 0), 0.8: (100, 0)},
        {0.4: (100, 80), 0.8: (100, 20)},
        {1e-6: (20_000, 10_000), 1 - 1e-6: (20_000, 10_004)},  # it rises, but less than what is written
    ],
    ids=["too few", "all right", "none right", "falling", "flat"],
)
def test_a_register_that_tells_nothing_gets_no_curve(fitted, at):
    assert fitted(_judged("응", at)).curves == {}
    kept = fitted(_judged("응", at), _judged("간다", {0.4: (100, 20), 0.8: (100, 90)}))
    assert kept.curves.keys() == {"written"}
    assert ScoreCurves.from_dict(kept.to_dict()) == kept


def test_nothing_predicted_gives_no_curves(fitted):
    assert fitted([], []) == ScoreCurves()


@pytest.fixture(scope="module")
def tiny(tiny_bundle, tmp_path_factory):
    """The tiny tagger as torch has it, and its dev source under a gold where one sentence in four has nothing."""
    folder = tmp_path_factory.mktemp("recipe")
    prepared = prepare(load_recipe(write_tiny(folder)), base=folder)
    tagger = Tagger(prepared.recipe.network, prepared.shape).eval()
    weights = read_tensors(tiny_bundle / "weights.safetensors")
    tagger.load_state_dict({k: torch.tensor(v).float() for k, v in weights.items()})
    ((source, examples),) = prepared.train
    outside = prepared.tags.index("O")
    spoilt = [
        dataclasses.replace(e, tags=e.tags * 0 + outside) if i % 4 == 0 else e for i, e in enumerate(examples)
    ]
    return tagger, source, spoilt


def test_the_judged_spans_are_those_predicted(tiny, tiny_bundle):
    tagger, source, examples = tiny
    judged = temperature_module._judged(tagger, source, examples, (1.0,))
    engine = load(tiny_bundle)
    assert not engine._curves.curves
    expected = []
    for example, spans in zip(examples, predict(tagger, examples), strict=True):
        text = example.sentence.text
        gold = example.sentence.entities if example.tags.max() != example.tags.min() else ()
        scores = {e.span: e.score for e in engine.extract(text)}
        expected += [(text, span in gold, pytest.approx(scores[span], abs=1e-3)) for span in spans]
    assert {right for _, right, _ in expected} == {True, False}
    assert len(judged) == len(expected)
    for one in judged:
        expected.remove((one.text, one.right, one.scores[0]))


def test_sharper_scores_are_divided_by_as_much_more(tiny):
    tagger, source, examples = tiny
    whole = {k: v.clone() for k, v in tagger.state_dict().items()}
    try:
        found = {}
        for steps in (0, 3):
            tagger.load_state_dict(scaled_state(whole, 1.1**-steps))
            found[steps] = fit_temperature(tagger, [(source, examples)])
    finally:
        tagger.load_state_dict(whole)
    grid = temperature_module.GRID
    assert grid[0] < found[0] < found[3] < grid[-1]
    assert found[3] == pytest.approx(found[0] * 1.1**3)
    assert fit_temperature(tagger, [(source, [])]) == 1


# in a bundle


@pytest.fixture
def engine_with(tiny_bundle, tmp_path):
    """The tiny bundle's engine with other curves in its manifest; without any where nothing is given."""

    def make(**calibration):
        path = Path(shutil.copytree(tiny_bundle, tmp_path / str(len(list(tmp_path.iterdir())))))
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        assert manifest.pop("calibration") == {}
        manifest |= calibration
        (path / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        return load(path)

    return make


def test_an_older_bundle_has_the_scores_it_had(engine_with, tiny_bundle):
    texts = [SPOKEN, WRITTEN, "고마워요 정말"]
    found = list(engine_with().pipe(texts))
    assert [len(entities) for entities in found] == [2, 2, 0]
    assert found == list(load(tiny_bundle).pipe(texts))


def test_curves_mend_the_scores_and_no_answer(engine_with):
    texts = [*sorted({s.text for s in tiny_sentences()}), SPOKEN, WRITTEN, "홍대에 간다"]
    plain, mended = (
        list(engine.pipe(texts)) for engine in (engine_with(), engine_with(calibration=CURVES.to_dict()))
    )
    changed = dict.fromkeys(REGISTERS, 0)
    for text, before, after in zip(texts, plain, mended, strict=True):
        assert [dataclasses.replace(e, score=0) for e in before] == [
            dataclasses.replace(e, score=0) for e in after
        ]
        slope, intercept = CURVES.curves[register_of(text)]
        expected = [_sigmoid(slope * logit(e.score) + intercept) for e in before]
        assert [e.score for e in after] == pytest.approx(expected, abs=1e-4)
        changed[register_of(text)] += sum(a.score != b.score for a, b in zip(before, after, strict=True))
    assert min(changed.values()) >= 2


@pytest.mark.parametrize("intercept", [-9.0, 9.0])
def test_min_score_is_of_the_mended_score(engine_with, intercept):
    plain, mended = engine_with(), engine_with(calibration={"spoken": [0.1, intercept]})
    assert len(plain.extract(SPOKEN)) == 2
    least = 0.5 if intercept < 0 else 0.9995
    assert all((e.score >= least) == (intercept < 0) for e in plain.extract(SPOKEN))
    assert len(mended.extract(SPOKEN, min_score=least)) == (0 if intercept < 0 else 2)
    assert mended.extract(WRITTEN, min_score=least) == plain.extract(WRITTEN, min_score=least)


def test_what_a_bundle_thinks_improbable_is_answered_only_where_asked_for(engine_with):
    plain = engine_with()
    both = plain.extract(SPOKEN)
    low, high = sorted(e.score for e in both)
    assert low < high
    careful = engine_with(min_score=(low + high) / 2)
    (kept,) = careful.extract(SPOKEN)
    assert kept.score == high
    assert careful.extract(SPOKEN, min_score=0) == both
    assert careful.extract(SPOKEN, min_score=low) == both
    assert careful.extract(SPOKEN, min_score=1) == []
    assert list(careful.pipe([SPOKEN])) == [[kept]]
    decision = careful.explain(SPOKEN).decision
    assert [c.text for c in decision.kept] == [kept.text]
    (rejected,) = decision.rejected
    assert rejected.candidate.score == low
    assert "the least that this bundle answers unasked" in rejected.why
    assert careful.explain(SPOKEN, min_score=0).decision.rejected == ()


def test_the_least_score_is_of_the_tagger_not_of_the_rules(engine_with):
    seat = PatternMatcher([Pattern("seat", "SEAT", "[A-F][0-9]{1,2}번", score=0.2)])
    careful = engine_with(min_score=0.9999)
    careful.rules = RuleSet((seat,))
    assert [e.text for e in careful.extract(f"C7번 {SPOKEN}")] == ["C7번"]
    assert careful.extract(f"C7번 {SPOKEN}", min_score=0.9999) == []


@pytest.mark.parametrize("least", [None, "0.4", True, -0.1, 1.0, float("nan")])
def test_a_malformed_least_score_is_refused(engine_with, least):
    with pytest.raises(BundleError, match="min_score: expected a number from 0 to less than 1"):
        engine_with(min_score=least)


@pytest.mark.parametrize("values", [None, [1, 2], {"spoken": [0, 1]}, {"spoken": 1}])
def test_a_malformed_manifest_is_refused(engine_with, values):
    with pytest.raises(BundleError, match="calibration: expected"):
        engine_with(calibration=values)


def test_a_run_fits_curves_and_its_bundle_carries_them(tmp_path, monkeypatch):
    seen = []

    def fit(tagger, sets):
        seen.append((tagger, sets))
        return CURVES

    monkeypatch.setattr(trainer_module, "fit_curves", fit)
    recipe = load_recipe(write_tiny(tmp_path), settings=["training.epochs=1", "features.inputs={syllable=8}"])
    prepared = prepare(recipe, base=tmp_path)
    result = Trainer(prepared, tmp_path / "work").run()
    assert seen == [(result.tagger, prepared.dev)]
    assert result.curves is CURVES
    path = build_bundle(prepared, result, tmp_path / "bundle", command="x")
    expected = {"spoken": [0.5, -1.25], "written": [2.0, 0.75]}
    bundle = load_bundle(path)
    assert bundle.manifest["calibration"] == bundle.metrics["calibration"] == expected
    assert json.loads((path / "metrics.json").read_text(encoding="utf-8"))["calibration"] == expected
    assert load(path)._curves == CURVES
