"""Warm start: a tagger grows, and before the first step it answers as it did."""

from __future__ import annotations

import dataclasses

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from ner_engine.bundle import load_bundle, read_tensors  # noqa: E402
from ner_engine.errors import ConfigError  # noqa: E402
from ner_engine.features import UNKNOWN, pad  # noqa: E402
from ner_engine.network.crf import CRF  # noqa: E402
from ner_engine.network.quantise import quantised  # noqa: E402
from ner_engine.network.tagger import Shape, Tagger  # noqa: E402
from ner_engine.scheme import tag_list  # noqa: E402
from ner_engine.training import teacher as teacher_module  # noqa: E402
from ner_engine.training.teacher import tagger_of  # noqa: E402
from ner_engine.training.warm_start import _grown_head, grown, grown_labels  # noqa: E402
from tests.conftest import tiny_sentences  # noqa: E402

NEW_TEXTS = ["쀼쀼 뷁한테 전화해 줘", "김민수랑 꿻어 먹자"]
TEXTS = [s.text for s in tiny_sentences()[:24]] + NEW_TEXTS


@pytest.fixture(scope="module")
def old(tiny_bundle):
    return tagger_of(load_bundle(tiny_bundle))


def _tagger(old, start):
    extractor = start.extractor
    shape = Shape(extractor.columns, extractor.flag_count, start.tags, old.tagger.shape.scheme)
    tagger = Tagger(old.tagger.config, shape)
    tagger.load_state_dict(start.weights)
    return tagger.eval()


def _answers(tagger, extractor, texts):
    batch = pad(extractor.encode_many(texts))
    lengths = torch.from_numpy(batch.lengths).long()
    with torch.no_grad():
        emissions = tagger(torch.from_numpy(batch.ids).long(), torch.from_numpy(batch.flags), lengths)
    return emissions, tagger.decode(emissions, lengths)


@pytest.mark.parametrize("labels", [["PS", "LC"], ["PS", "LC", "FOOD"], ["PS", "LC", "FOOD", "DT"]], ids=len)
def test_before_the_first_step_nothing_has_changed(old, labels):
    start = grown(old.tagger, old.extractor, labels=labels, texts=NEW_TEXTS)
    before, paths = _answers(old.tagger, old.extractor, TEXTS)
    after, grown_paths = _answers(_tagger(old, start), start.extractor, TEXTS)
    torch.testing.assert_close(after[..., : before.shape[-1]], before, rtol=0, atol=1e-5)
    assert grown_paths == paths
    assert any(tag != "O" for path in paths for tag in path)


def test_what_was_known_keeps_its_place_and_its_weights(old):
    start = grown(old.tagger, old.extractor, labels=["PS", "LC", "FOOD"], texts=[*NEW_TEXTS, *TEXTS])
    former = old.extractor.vocabularies
    known = len(former.syllable)
    assert start.extractor.vocabularies.syllable[:known] == former.syllable
    assert set("쀼뷁꿻") <= set(start.extractor.vocabularies.syllable[known:])
    assert start.names["syllable"] == len(start.extractor.vocabularies.syllable) - known
    state = old.tagger.state_dict()
    for name, value in start.weights.items():
        same = value[tuple(slice(0, n) for n in state[name].shape)]
        assert torch.equal(same, state[name]), name
    table = start.weights["embeddings.tables.syllable.weight"]
    assert torch.equal(table[known + 2 :], table[UNKNOWN].expand(start.names["syllable"], -1))
    # a second growth finds nothing more
    again = grown(_tagger(old, start), start.extractor, labels=["PS", "LC", "FOOD"], texts=NEW_TEXTS)
    assert set(again.names.values()) == {0}
    assert all(torch.equal(again.weights[name], value) for name, value in start.weights.items())


@pytest.mark.parametrize("scheme", ["BIO", "BIOES"])
@pytest.mark.parametrize("seed", range(8))
def test_a_new_label_is_never_the_best_whatever_the_weights(scheme, seed):
    torch.manual_seed(seed)
    old, new = tag_list(["A", "B", "C"], scheme=scheme), tag_list(["A", "B", "C", "X", "Y"], scheme=scheme)
    hidden = torch.randn(6, 9, 5)
    state = {
        "projection.weight": 2 * torch.randn(len(old), 5),
        "projection.bias": torch.randn(len(old)),
        "crf.start": torch.randn(len(old)),
        "crf.end": torch.randn(len(old)),
        "crf.pairs": 2 * torch.randn(len(old), len(old)),
    }
    # what no path may take has no meaning, and must not get any
    state["crf.pairs"][CRF(old, scheme=scheme).forbidden_pairs] = 50.0

    def decoded(tags, values):
        crf = CRF(tags, scheme=scheme)
        crf.load_state_dict({name.removeprefix("crf."): values[name] for name in values if "crf" in name})
        emissions = hidden @ values["projection.weight"].T + values["projection.bias"]
        return crf.decode(emissions, torch.tensor([9, 9, 7, 5, 2, 1]))

    before = decoded(old, state)
    assert any(tag for path in before for tag in path)
    assert decoded(new, _grown_head(state, old, new, scheme)) == before


def test_weights_stored_as_integers_grow_too(old, tiny_bundle, monkeypatch):
    tables = [column.table for column in old.extractor.columns]
    network = load_bundle(tiny_bundle).network
    monkeypatch.setattr(
        teacher_module, "read_tensors", lambda path: quantised(read_tensors(path), network, tables)
    )
    coarse = tagger_of(load_bundle(tiny_bundle))
    start = grown(coarse.tagger, coarse.extractor, labels=["PS", "LC", "FOOD"], texts=NEW_TEXTS)
    _, paths = _answers(coarse.tagger, coarse.extractor, TEXTS)
    assert _answers(_tagger(coarse, start), start.extractor, TEXTS)[1] == paths


def test_labels_only_grow(old):
    assert grown_labels(["PS", "LC"], ["FOOD", "PS", "DT", "FOOD"]) == ["PS", "LC", "FOOD", "DT"]
    for labels in (["LC", "PS"], ["PS"], ["FOOD", "PS", "LC"]):
        with pytest.raises(ConfigError, match="expected those of the bundle first"):
            grown(old.tagger, old.extractor, labels=labels, texts=[])


def test_opening_a_bundle_draws_nothing(tiny_bundle):
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    tagger = tagger_of(load_bundle(tiny_bundle)).tagger
    assert torch.equal(torch.rand(3), expected)
    assert dataclasses.is_dataclass(tagger.shape)
