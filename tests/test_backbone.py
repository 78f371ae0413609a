"""The recurrent layers and the tagger: padding and batch mates change nothing; cells equal their equations."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

from ner_engine.config import NetworkConfig  # noqa: E402
from ner_engine.features import Column  # noqa: E402
from ner_engine.network.backbone import Backbone, VariationalDropout  # noqa: E402
from ner_engine.network.tagger import Shape, Tagger  # noqa: E402
from ner_engine.scheme import tag_list  # noqa: E402

KINDS = [("rnn", "tanh"), ("rnn", "relu"), ("lstm", "tanh"), ("gru", "tanh")]


def _config(backbone, nonlinearity, **more):
    return NetworkConfig(backbone=backbone, nonlinearity=nonlinearity, hidden=5, **{"layers": 2, **more})


def _gates(layer, x, h):
    return x @ layer.weight_ih_l0.T + layer.bias_ih_l0, h @ layer.weight_hh_l0.T + layer.bias_hh_l0


def _step(kind, nonlinearity, layer, x, h, c):
    """One step of the textbook equations."""
    a, b = _gates(layer, x, h)
    if kind == "rnn":
        return (torch.tanh if nonlinearity == "tanh" else torch.relu)(a + b), c
    if kind == "lstm":
        i, f, g, o = (a + b).chunk(4)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c
    (ar, az, an), (br, bz, bn) = a.chunk(3), b.chunk(3)
    z = torch.sigmoid(az + bz)
    n = torch.tanh(an + torch.sigmoid(ar + br) * bn)
    return (1 - z) * n + z * h, c


@pytest.mark.parametrize(("kind", "nonlinearity"), KINDS)
def test_a_layer_is_its_equations(kind, nonlinearity):
    torch.manual_seed(1)
    backbone = Backbone(_config(kind, nonlinearity, layers=1, bidirectional=False), 3)
    x = torch.randn(1, 6, 3)
    h, c = torch.zeros(5), torch.zeros(5)
    rows = []
    for step in x[0]:
        h, c = _step(kind, nonlinearity, backbone.layers[0], step, h, c)
        rows.append(h)
    torch.testing.assert_close(backbone(x, torch.tensor([6]))[0], torch.stack(rows))


@pytest.mark.parametrize(("kind", "nonlinearity"), KINDS)
@pytest.mark.parametrize("both_ways", [True, False])
def test_padding_and_batch_mates_change_nothing(kind, nonlinearity, both_ways):
    torch.manual_seed(2)
    backbone = Backbone(_config(kind, nonlinearity, bidirectional=both_ways), 4).eval()
    lengths = torch.tensor([3, 7, 1])
    x = torch.randn(3, 9, 4)
    together = backbone(x, lengths)
    for row, n in enumerate(lengths.tolist()):
        alone = backbone(x[row : row + 1, :n], lengths[row : row + 1])
        torch.testing.assert_close(together[row, :n], alone[0])
        assert not together[row, n:].any()


def test_the_backward_direction_sees_the_end_of_the_sentence():
    torch.manual_seed(3)
    backbone = Backbone(_config("lstm", "tanh", layers=1), 4).eval()
    x = torch.randn(1, 5, 4)
    other = x.clone()
    other[0, 4] += 1
    before, after = backbone(x, torch.tensor([5])), backbone(other, torch.tensor([5]))
    torch.testing.assert_close(before[0, 0, :5], after[0, 0, :5])
    assert not torch.allclose(before[0, 0, 5:], after[0, 0, 5:])


def test_variational_dropout_drops_the_same_units_at_every_step():
    torch.manual_seed(4)
    dropped = VariationalDropout(0.5).train()(torch.ones(2, 6, 40))
    assert (dropped == dropped[:, :1]).all()
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert VariationalDropout(0.5).eval()(torch.ones(1, 2, 3)).eq(1).all()


def test_the_forget_gate_starts_open():
    bias = Backbone(_config("lstm", "tanh"), 4).layers[0].bias_ih_l0
    assert bias[5:10].eq(1).all()
    assert not bias[:5].any()


@pytest.mark.parametrize("head", ["crf", "softmax"])
def test_the_tagger_batched_equals_one_at_a_time(head):
    torch.manual_seed(5)
    columns = (Column("syllable", "syllable", 30, 6), Column("class", "class", 14, 2))
    shape = Shape(columns, 3, tuple(tag_list(["A", "B"])), "BIOES")
    tagger = Tagger(_config("gru", "tanh", head=head), shape).eval()
    ids, flags = torch.randint(1, 14, (3, 8, 2)), torch.rand(3, 8, 3)
    lengths = torch.tensor([8, 2, 5])
    for row, n in enumerate(lengths.tolist()):
        ids[row, n:] = 0
    emissions = tagger(ids, flags, lengths)
    allowed = torch.zeros(3, 8, len(shape.tags), dtype=torch.bool)
    allowed[..., 0] = True
    decoded = tagger.decode(emissions, lengths)
    losses = []
    for row, n in enumerate(lengths.tolist()):
        one = slice(row, row + 1)
        alone = tagger(ids[one, :n], flags[one, :n], lengths[one])
        torch.testing.assert_close(emissions[row, :n], alone[0])
        assert tagger.decode(alone, lengths[one])[0] == decoded[row]
        losses.append(tagger.loss(alone, allowed[one, :n], lengths[one]) * n)
    torch.testing.assert_close(tagger.loss(emissions, allowed, lengths), sum(losses) / lengths.sum())


def test_hiding_inputs_happens_in_training_only():
    torch.manual_seed(6)
    columns = (Column("syllable", "syllable", 30, 6),)
    tagger = Tagger(NetworkConfig(hidden=4, unknown_rate=0.9), Shape(columns, 0, ("O", "B-X"), "BIO"))
    ids, flags = torch.randint(2, 30, (1, 50, 1)), torch.zeros(1, 50, 0)
    hidden = (tagger.embeddings.train()(ids, flags) == tagger.embeddings.tables["syllable"].weight[1]).all(-1)
    assert 35 <= int(hidden.sum()) <= 50
    tagger.eval()
    plain = tagger.embeddings(ids, flags)
    torch.testing.assert_close(plain, tagger.embeddings.tables["syllable"](ids[..., 0]))


# the fused LSTM


def _both_paths(backbone, x, lengths):
    """Outputs and gradients of the fused kernels and of packed sentences."""
    torch.manual_seed(9)
    mix = torch.randn(*x.shape[:2], backbone.width)
    found = []
    for fused in (True, False):
        backbone.lstm = fused
        assert backbone.fused == fused
        backbone.zero_grad()
        given = x.clone().requires_grad_()
        out = backbone(given, lengths)
        (out * mix).sum().backward()
        found.append([out.detach(), given.grad, *(p.grad.clone() for p in backbone.parameters())])
    return found


@pytest.mark.parametrize("both_ways", [True, False])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("lengths", [[1], [6], [3, 7, 1], [2, 2, 5, 5]])
def test_the_fused_lstm_equals_the_packed_one(both_ways, layers, lengths):
    torch.manual_seed(7)
    config = _config("lstm", "tanh", layers=layers, bidirectional=both_ways, hidden_dropout=0.0)
    backbone = Backbone(config, 4).train()
    x = torch.randn(len(lengths), max(lengths) + 2, 4)
    for fused, packed in zip(*_both_paths(backbone, x, torch.tensor(lengths)), strict=True):
        torch.testing.assert_close(fused, packed, rtol=1e-4, atol=1e-5)


def test_padding_takes_no_part_in_the_gradient():
    torch.manual_seed(8)
    backbone = Backbone(_config("lstm", "tanh", layers=2, hidden_dropout=0.0), 4).train()
    lengths = torch.tensor([2, 5])
    grads = []
    for padding in (0.0, 1e4):
        x = torch.randn(2, 5, 4, generator=torch.Generator().manual_seed(1))
        x[0, 2:] = padding
        x.requires_grad_()
        backbone.zero_grad()
        backbone(x, lengths).sum().backward()
        assert not x.grad[0, 2:].any()
        grads.append([p.grad.clone() for p in backbone.parameters()])
    for one, other in zip(*grads, strict=True):
        torch.testing.assert_close(one, other)


def test_bfloat16_is_for_training_and_only_where_asked_for():
    torch.manual_seed(10)
    backbone = Backbone(_config("lstm", "tanh", hidden_dropout=0.0), 4)
    x, lengths = torch.randn(2, 6, 4), torch.tensor([6, 3])
    exact = backbone.train()(x, lengths)
    backbone.low_precision = True
    rough = backbone(x, lengths)
    assert rough.dtype == torch.float32
    assert not torch.equal(rough, exact)
    torch.testing.assert_close(rough, exact, rtol=0, atol=0.03)
    rough.sum().backward()
    assert all(p.grad.dtype == torch.float32 and torch.isfinite(p.grad).all() for p in backbone.parameters())
    assert torch.equal(backbone.eval()(x, lengths), exact)


def test_a_gazetteer_category_is_hidden_from_a_whole_sentence_in_training_only():
    torch.manual_seed(11)
    shape = Shape((Column("syllable", "syllable", 30, 6),), 6, ("O", "B-X"), "BIO")
    tagger = Tagger(NetworkConfig(hidden=4, unknown_rate=0.0, gazetteer_dropout=0.3), shape)
    ids, flags = torch.randint(2, 30, (400, 5, 1)), torch.ones(400, 5, 6)
    seen = tagger.train().embeddings(ids, flags)[..., 6:].reshape(400, 5, 2, 3)
    assert (seen == seen[:, :1, :, :1]).all()  # all steps and all flags of a category alike
    hidden = 1 - seen[:, 0, :, 0]  # (sentence, category)
    assert 0.2 < hidden[:, 0].mean() < 0.4
    assert 0.2 < hidden[:, 1].mean() < 0.4
    assert 0.02 < hidden.prod(1).mean() < 0.2  # the categories are drawn apart
    assert tagger.eval().embeddings(ids, flags)[..., 6:].eq(1).all()
