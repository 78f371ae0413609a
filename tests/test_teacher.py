"""Bundles as teachers: what they say of a text, alone, in the mean, and within an annotation."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

import ner_engine.training.teacher as teacher_module  # noqa: E402
from ner_engine.bundle import load_bundle, read_tensors  # noqa: E402
from ner_engine.config import FeatureConfig  # noqa: E402
from ner_engine.engine import Engine  # noqa: E402
from ner_engine.errors import BundleError, ConfigError  # noqa: E402
from ner_engine.features import FeatureExtractor  # noqa: E402
from ner_engine.network.quantise import quantised  # noqa: E402
from ner_engine.scheme import tags_to_spans  # noqa: E402
from ner_engine.spans import OPEN, Sentence, Span  # noqa: E402
from ner_engine.training.data import encode  # noqa: E402
from ner_engine.training.teacher import check_teachers, load_teacher, taught  # noqa: E402
from tests.conftest import FakeTokenizer, marked, tiny_sentences  # noqa: E402


@pytest.fixture(scope="module")
def teacher(tiny_bundle):
    return load_teacher(tiny_bundle)


def _examples(teacher, sentences, **options):
    return encode(teacher.extractor, sentences, tags=teacher.tags, scheme="BIOES", **options)


def test_a_teacher_says_what_its_bundle_says(teacher, tiny_bundle):
    texts = [s.text for s in tiny_sentences()]
    encoded = teacher.extractor.encode_many(texts)
    engine = Engine(load_bundle(tiny_bundle))
    seen = []
    for rows, posterior in teacher.posteriors(encoded):
        seen += rows
        for row, i in enumerate(rows):
            marginals = posterior.marginals[row, : len(encoded[i])]
            torch.testing.assert_close(marginals.sum(-1), torch.ones(len(encoded[i])))
            best = [teacher.tags[t] for t in marginals.argmax(-1).tolist()]
            spans = [
                Span(int(encoded[i].starts[s.start]), int(encoded[i].ends[s.end - 1]), s.label)
                for s in tags_to_spans(best)
            ]
            assert spans == [e.span for e in engine.extract(texts[i])]
    assert sorted(seen) == list(range(len(texts)))


def test_a_teacher_may_be_stored_as_integers(teacher, tiny_bundle, monkeypatch):
    tables = [column.table for column in teacher.extractor.columns]
    monkeypatch.setattr(
        teacher_module,
        "read_tensors",
        lambda path: quantised(read_tensors(path), load_bundle(tiny_bundle).network, tables),
    )
    coarse = load_teacher(tiny_bundle)
    encoded = teacher.extractor.encode_many(s.text for s in tiny_sentences())
    for (rows, fine), (same, rough) in zip(teacher.posteriors(encoded), coarse.posteriors(encoded), strict=True):
        assert rows == same
        assert 0 < (fine.marginals - rough.marginals).abs().max() < 0.1


def test_each_example_gets_its_own_word(teacher):
    sentences = tiny_sentences()[:12]
    examples = taught(_examples(teacher, sentences), [teacher], teacher.tags)
    for example, sentence in zip(examples, sentences, strict=True):
        (alone,) = taught(_examples(teacher, [sentence]), [teacher], teacher.tags)
        np.testing.assert_allclose(example.soft.marginals, alone.soft.marginals, atol=2e-3)
        np.testing.assert_allclose(example.soft.pair_counts, alone.soft.pair_counts, atol=4e-3)
        assert example.soft.pair_counts.sum() == pytest.approx(len(example.tags) - 1, abs=0.05)
        assert not example.soft.only


def test_several_teachers_say_their_mean(teacher):
    other = dataclasses.replace(teacher, tagger=_unsure(teacher))
    examples = _examples(teacher, tiny_sentences()[:3])
    words = [taught(examples, teachers, teacher.tags) for teachers in ([teacher], [other], [teacher, other])]
    for one, two, both in zip(*words, strict=True):
        assert np.abs(one.soft.marginals - two.soft.marginals).max() > 0.05
        mean = (one.soft.marginals.astype(float) + two.soft.marginals) / 2
        np.testing.assert_allclose(both.soft.marginals, mean, atol=2e-3)


def _unsure(teacher):
    """The teacher's tagger, unsure of itself."""
    tagger = type(teacher.tagger)(teacher.tagger.config, teacher.tagger.shape).eval()
    tagger.load_state_dict(teacher.tagger.state_dict())
    with torch.no_grad():
        tagger.projection.weight *= 0.1
    return tagger


def test_a_teacher_speaks_within_what_the_annotation_allows(teacher):
    sentence = marked("<이지은:PS>이랑 강남역에 갈 거예요")
    at = sentence.text.index("강남역")
    opened = Sentence(sentence.text, (*sentence.entities, Span(at, at + 3, OPEN)))
    (example,) = taught(_examples(teacher, [opened]), [teacher], teacher.tags)
    marginals = example.soft.marginals.astype(float)
    np.testing.assert_allclose(marginals.sum(-1), 1, atol=1e-2)
    for unit, tag in enumerate(example.tags):
        if tag >= 0:
            assert marginals[unit, tag] > 0.99  # what is known is not questioned
    assert (example.tags < 0).sum() == 3
    # a label the source does not annotate may stand where it says O, and nothing else may
    (partial,) = taught(_examples(teacher, [sentence], unknown=("LC",)), [teacher], teacher.tags)
    outside = partial.tags == 0
    person = [i for i, tag in enumerate(teacher.tags) if tag.endswith("-PS")]
    assert partial.soft.marginals[outside][:, person].max() < 1e-3


def test_raw_text_has_nothing_beside_the_teachers(teacher):
    (example,) = taught(_examples(teacher, tiny_sentences()[:1], raw=True), [teacher], teacher.tags)
    assert example.soft.only
    (same,) = taught(_examples(teacher, tiny_sentences()[:1]), [teacher], teacher.tags)
    np.testing.assert_allclose(example.soft.marginals, same.soft.marginals, atol=2e-3)


def test_other_tasks_and_cut_sentences_are_left_as_they_are(teacher):
    other = _examples(teacher, tiny_sentences()[:2], task="news")
    pieces = _examples(teacher, tiny_sentences()[:1], max_units=4)
    assert len(pieces) > 1
    assert all(e.soft is None for e in taught([*other, *pieces], [teacher], teacher.tags))


def test_teachers_of_other_tags_or_units_are_refused(teacher):
    with pytest.raises(ConfigError, match=r"distill\.teachers: tiny has other tags than the recipe"):
        taught(_examples(teacher, tiny_sentences()[:1]), [teacher], teacher.tags[:-1])
    config = FeatureConfig(unit="morpheme", inputs={"syllable": 4, "morpheme": 4}, min_count=1)
    words = FeatureExtractor.fit(config, FakeTokenizer(), ["가"])
    examples = encode(words, [Sentence("강남역 가는 길")], tags=teacher.tags, scheme="BIOES")
    with pytest.raises(ConfigError, match=r"distill\.teachers: tiny reads other units than the recipe"):
        taught(examples, [teacher], teacher.tags)


def test_a_missing_teacher_is_named_with_what_makes_it(tiny_bundle, tmp_path):
    check_teachers([], tmp_path)
    check_teachers([str(tiny_bundle)], tmp_path)
    with pytest.raises(ConfigError) as error:
        check_teachers([str(tiny_bundle), "runs/t2"], tmp_path)
    expected = (
        f"distill.teachers: no bundle at {tmp_path / 'runs/t2'}; run `ner-engine distill` to make the teachers"
    )
    assert str(error.value) == expected
    with pytest.raises(BundleError, match="no bundle"):
        load_teacher(tmp_path / "runs/t2")
