"""The character language model: state over window borders, gradient up to them, and its fast output layer."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from torch.nn import functional  # noqa: E402

from ner_engine.config import FeatureConfig, PretrainNetworkConfig  # noqa: E402
from ner_engine.features import Vocabularies  # noqa: E402
from ner_engine.features.codes import context_free_extractor  # noqa: E402
from ner_engine.network import language_model  # noqa: E402
from ner_engine.network.language_model import (  # noqa: E402
    BOUNDARY,
    CharacterLanguageModel,
    linear_cross_entropy,
)

SYLLABLES = tuple("가나다라마바사아자차")
CELLS = [("lstm", "tanh"), ("gru", "tanh"), ("rnn", "tanh"), ("rnn", "relu")]


def _model(backbone="lstm", nonlinearity="tanh", hidden=6):
    torch.manual_seed(4)
    extractor = context_free_extractor(
        FeatureConfig(inputs={"syllable": 5, "jamo": 2, "class": 3}), Vocabularies(syllable=SYLLABLES)
    )
    config = PretrainNetworkConfig(backbone=backbone, nonlinearity=nonlinearity, hidden=hidden)
    return CharacterLanguageModel(config, extractor.columns)


def _ids(model, streams=3, steps=12):
    generator = torch.Generator().manual_seed(9)
    columns = [torch.randint(1, c.rows, (streams, steps), generator=generator) for c in model.embeddings.columns]
    return torch.stack(columns, -1)


@pytest.mark.parametrize(("backbone", "nonlinearity"), CELLS)
@pytest.mark.parametrize("direction", [0, 1])
def test_two_windows_are_one_long_one(backbone, nonlinearity, direction):
    model = _model(backbone, nonlinearity)
    ids = _ids(model)
    whole, end = model.states(ids, None, direction)
    first, middle = model.states(ids[:, :5], None, direction)
    second, last = model.states(ids[:, 5:], middle, direction)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)
    for mine, theirs in zip(last, end, strict=True):
        torch.testing.assert_close(mine, theirs)
    fresh, _ = model.states(ids[:, 5:], None, direction)
    assert not torch.allclose(fresh, second)  # the state did matter


@pytest.mark.parametrize(("backbone", "nonlinearity"), CELLS)
def test_the_gradient_stops_at_the_border(backbone, nonlinearity):
    model = _model(backbone, nonlinearity)
    ids = _ids(model)
    # syllables 2, 3 and 4 stand in the first window alone
    ids[:, :5, 0] = ids[:, :5, 0] % 3 + 2
    ids[:, 5:, 0] = ids[:, 5:, 0] % 5 + 5
    table = model.embeddings.weight("syllable")

    def gradient(hidden):
        model.zero_grad()
        hidden.sum().backward()
        return table.grad[2:5].abs().sum()

    _, carried = model.states(ids[:, :5], None, 0)
    hidden, _ = model.states(ids[:, 5:], carried, 0)
    assert gradient(hidden) == 0
    hidden, _ = model.states(ids, None, 0)
    assert gradient(hidden[:, 5:]) > 0  # within a window it does flow


def test_a_stream_that_ends_on_a_boundary_starts_the_next_window_from_zeros():
    model = _model()
    ids = _ids(model)
    ids[1, -1] = BOUNDARY
    _, after = model.states(ids, None, 0)
    for part in after:
        assert part[:, 1].abs().sum() == 0
        assert (part[:, [0, 2]].abs().sum(-1) > 0).all()
    hidden, _ = model.states(ids[:, :3], after, 0)
    fresh, _ = model.states(ids[:, :3], None, 0)
    torch.testing.assert_close(hidden[1], fresh[1])


@pytest.mark.parametrize("chunk", [3, 8, 1024])
def test_the_output_layer_is_cross_entropy(monkeypatch, chunk):
    monkeypatch.setattr(language_model, "_CHUNK", chunk)
    torch.manual_seed(2)
    x, weight, bias = torch.randn(8, 4), torch.randn(7, 4), torch.randn(7)
    targets = torch.randint(7, (8,))
    mine, theirs = ([t.double().requires_grad_() for t in (x, weight, bias)] for _ in range(2))
    one = linear_cross_entropy(*mine, targets)
    other = functional.cross_entropy(functional.linear(*theirs), targets, reduction="sum")
    torch.testing.assert_close(one, other)
    (one * 0.3).backward()
    (other * 0.3).backward()
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a.grad, b.grad)
    with torch.no_grad():
        torch.testing.assert_close(linear_cross_entropy(*mine, targets), other)


@pytest.mark.parametrize("direction", [0, 1])
def test_the_loss_is_that_of_the_scores(direction):
    model = _model()
    ids = _ids(model)
    targets = torch.randint(len(SYLLABLES) + 2, ids.shape[:2])
    loss, after = model.loss(ids, targets, None, direction)
    hidden, expected = model.states(ids, None, direction)
    scores = model.scores(hidden, direction)
    assert scores.shape == (3, 12, len(SYLLABLES) + 2)
    torch.testing.assert_close(loss, functional.cross_entropy(scores.flatten(0, 1), targets.flatten()))
    torch.testing.assert_close(after, expected)


def test_the_boundary_is_no_input_but_can_be_predicted():
    model = _model()
    ids = _ids(model)
    ids[:, ::2] = BOUNDARY
    loss, _ = model.loss(ids, ids[..., 0], None, 0)
    loss.backward()
    assert model.embeddings.weight("syllable")[0].abs().sum() == 0
    assert model.embeddings.weight("syllable").grad[0].abs().sum() == 0
    assert model.boundary.grad.abs().sum() > 0


def test_bfloat16_is_close():
    model = _model(hidden=16)
    ids = _ids(model)
    with torch.no_grad():
        exact, _ = model.loss(ids, ids[..., 0], None, 0)
        rough, after = model.loss(ids, ids[..., 0], None, 0, bfloat16=True)
    assert rough.dtype == torch.float32
    assert {part.dtype for part in after} == {torch.float32}
    assert abs(float(exact - rough)) < 0.02 * float(exact)
