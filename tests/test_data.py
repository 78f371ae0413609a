"""Sources, examples, batches: nothing is lost, cut through an entity, or shown on the wrong side."""

from __future__ import annotations

import dataclasses
import gzip
import json
import logging
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="needs the train extra")

from ner_engine.config import FeatureConfig, SourceConfig  # noqa: E402
from ner_engine.errors import ConfigError, DataError  # noqa: E402
from ner_engine.features import Encoded, FeatureExtractor  # noqa: E402
from ner_engine.network.crf import CRF  # noqa: E402
from ner_engine.scheme import tag_list, tags_to_spans  # noqa: E402
from ner_engine.spans import OPEN, Sentence, Span  # noqa: E402
from ner_engine.training.data import (  # noqa: E402
    Example,
    Soft,
    Source,
    batches,
    collate,
    encode,
    load_source,
    split_source,
    without_held_out,
)
from tests.conftest import FakeTokenizer, marked, tiny_sentences  # noqa: E402

LABELS = ["PS", "LC"]
TAGS = tag_list(LABELS)


def _jsonl(path, sentences):
    rows = [
        {"id": f"s{i}", "text": s.text, "entities": [dataclasses.asdict(e) for e in s.entities]}
        for i, s in enumerate(sentences)
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _kmou(path, text, span, label):
    start, end = span
    head = f"{text[:start]}<{text[start:end]}:{label}>{text[end:]}"
    path.write_text(f"## 1\n## {text}\n## {head}\n", encoding="utf-8")


def _extractor(**config):
    config = {"inputs": {"syllable": 4, "eojeol": 2}, **config}
    return FeatureExtractor.fit(
        FeatureConfig(min_count=1, **config), FakeTokenizer(), [s.text for s in tiny_sentences()]
    )


@pytest.fixture
def chat(tmp_path):
    _jsonl(
        tmp_path / "chat.jsonl",
        [
            marked("<서연:NAME>이랑 <광화문:PLACE> 근처에서 <비빔밥:DISH> 먹었어"),
            marked("<하준:NAME>한테 물어볼게"),
            marked("알겠어"),
        ],
    )
    return tmp_path


# sources


def test_labels_are_renamed_and_dropped(chat):
    config = SourceConfig(path="chat.jsonl", labels={"NAME": "PS", "PLACE": "LC", "DISH": ""})
    source = load_source(config, chat, LABELS)
    assert source.name == "chat.jsonl"
    assert [[(s.surface(e), e.label) for e in s.entities] for s in source.sentences] == [
        [("서연", "PS"), ("광화문", "LC")],
        [("하준", "PS")],
        [],
    ]
    assert [s.id for s in source.sentences] == ["s0", "s1", "s2"]


def test_a_label_the_recipe_does_not_know_is_refused_with_its_place(chat):
    config = SourceConfig(name="잡담", path="chat.jsonl", labels={"NAME": "PS", "PLACE": "LC"})
    with pytest.raises(DataError, match=r"잡담: label 'DISH' of sentence 's0' .*PS, LC.*'labels'"):
        load_source(config, chat, LABELS)
    with pytest.raises(DataError, match="label 'PERSON'"):  # a rename must lead to a known label too
        load_source(SourceConfig(path="chat.jsonl", labels={"NAME": "PERSON"}), chat, LABELS)


def test_what_a_source_leaves_open_travels_with_it(chat):
    config = SourceConfig(
        path="chat.jsonl", labels={"NAME": "PS", "PLACE": "", "DISH": ""}, unknown=["LC"], repeat=3
    )
    source = load_source(config, chat, LABELS)
    assert source.unknown == ("LC",)
    assert source.repeat == 3


def test_files_and_without_choose_among_the_files_of_a_folder(tmp_path):
    for number, name in ((1, "도윤"), (2, "서현"), (3, "주원")):
        _kmou(tmp_path / f"EXOBRAIN_NE_CORPUS_00{number}.txt", f"{name} 왔어", (0, 2), "PS")

    def heads(**choice):
        source = load_source(SourceConfig(path=".", format="kmou", **choice), tmp_path, LABELS)
        return [s.text[:2] for s in source.sentences]

    assert heads() == ["도윤", "서현", "주원"]
    assert heads(files=["_002", "_003"]) == ["서현", "주원"]
    assert heads(without=["_002"]) == ["도윤", "주원"]
    assert heads(files=["_002", "_003"], without=["_003"]) == ["서현"]
    assert heads(files=["_009"]) == []


def test_a_source_is_a_path_or_a_generator(tmp_path):
    with pytest.raises(ConfigError, match="needs 'path' or 'generate'; got neither"):
        load_source(SourceConfig(name="x"), tmp_path, LABELS)
    with pytest.raises(DataError):
        load_source(SourceConfig(path="nowhere.jsonl"), tmp_path, LABELS)


def _numbered(count):
    return Source("n", tuple(Sentence(f"{i}번 손님") for i in range(count)))


def test_a_share_is_drawn_by_the_text_alone(tmp_path):
    sentences = [Sentence(f"{i}번 손님") for i in range(600)]
    _jsonl(tmp_path / "a.jsonl", sentences)
    _jsonl(tmp_path / "b.jsonl", sentences[::-1])

    def texts(name, share):
        return {s.text for s in load_source(SourceConfig(path=name, share=share), tmp_path, LABELS).sentences}

    third = texts("a.jsonl", 0.3)
    assert third == texts("b.jsonl", 0.3)  # whatever the order
    assert third < texts("a.jsonl", 0.6)  # more of it, and the same
    assert 140 <= len(third) <= 220
    assert len(texts("a.jsonl", 1.0)) == 600
    assert texts("a.jsonl", 0.0) == set()


def test_the_dev_part_is_apart_and_stays_where_it_is():
    source = _numbered(500)
    train, dev = split_source(source, 0.2)
    texts = {s.text for s in train.sentences}, {s.text for s in dev.sentences}
    assert texts[0].isdisjoint(texts[1])
    assert texts[0] | texts[1] == {s.text for s in source.sentences}
    assert 70 <= len(texts[1]) <= 130
    again = split_source(Source("n", source.sentences[::-1]), 0.2)
    assert {s.text for s in again[1].sentences} == texts[1]
    fewer = split_source(Source("n", source.sentences[:50]), 0.2)
    assert {s.text for s in fewer[1].sentences} == texts[1] & {s.text for s in source.sentences[:50]}


def test_a_sentence_that_occurs_twice_falls_on_one_side():
    source = Source("n", _numbered(200).sentences * 2)
    train, dev = split_source(source, 0.5)
    assert {s.text for s in train.sentences}.isdisjoint({s.text for s in dev.sentences})
    assert len(train.sentences) + len(dev.sentences) == 400


def test_a_dev_part_keeps_what_is_open_and_is_shown_once():
    source = Source("n", _numbered(20).sentences, unknown=("LC",), repeat=4)
    train, dev = split_source(source, 0.5)
    assert (train.repeat, dev.repeat) == (4, 1)
    assert train.unknown == dev.unknown == ("LC",)
    assert split_source(source, 0.0) == (source, None)


def test_the_share_and_the_dev_share_are_drawn_apart(tmp_path):
    _jsonl(tmp_path / "a.jsonl", [Sentence(f"{i}번 손님") for i in range(600)])
    half = load_source(SourceConfig(path="a.jsonl", share=0.5), tmp_path, LABELS)
    _, dev = split_source(half, 0.5)
    # one draw for both would put all or nothing of the half into the dev part
    assert 0.3 < len(dev.sentences) / len(half.sentences) < 0.7


def test_the_digest_sees_texts_spans_and_labels():
    source = Source("a", (marked("<서연:PS> 왔어"), marked("그래")))
    same = Source("b", source.sentences, unknown=("LC",))
    assert source.digest() == same.digest()
    for other in (
        (marked("<서연:LC> 왔어"), marked("그래")),
        (marked("서연 왔어"), marked("그래")),
        (marked("<서연:PS> 왔네"), marked("그래")),
        source.sentences[::-1],
    ):
        assert Source("a", other).digest() != source.digest()
    assert Source("a", (Sentence("\ud800"),)).digest()


# text without annotation


TEXT = "내일 강남역에서 봐\n내일강남역에서  봐\n네네\n\n  \t\n그래  좋아요\t정말\r\n그 래\n" * 2


@pytest.mark.parametrize("name", ["말.txt", "말.txt.gz"])
def test_plain_text_is_a_raw_source(tmp_path, name):
    data = TEXT.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    source = load_source(SourceConfig(path=name, format="lines", raw=True, repeat=2), tmp_path, LABELS)
    # once each, spaces aside; "네네" and "그 래" are too short
    assert [s.text for s in source.sentences] == ["내일 강남역에서 봐", "그래 좋아요 정말"]
    assert source.raw
    assert (source.name, source.repeat) == (name, 2)


def test_a_share_of_plain_text_is_drawn_by_the_text_alone(tmp_path):
    lines = [f"{i}번 손님 오세요" for i in range(400)]

    def kept(order, share):
        (tmp_path / "말.txt").write_text("\n".join(order), encoding="utf-8")
        config = SourceConfig(path="말.txt", format="lines", raw=True, share=share)
        return [s.text for s in load_source(config, tmp_path, LABELS).sentences]

    third = kept(lines, 0.3)
    assert 90 <= len(third) <= 150
    assert kept(lines[::-1], 0.3) == third[::-1]
    assert set(third) < set(kept(lines, 0.6))


def test_a_raw_source_forgets_its_annotation(chat):
    source = load_source(SourceConfig(path="chat.jsonl", raw=True), chat, LABELS)  # whatever its labels are
    assert [s.entities for s in source.sentences] == [(), (), ()]
    assert source.sentences[0].text == "서연이랑 광화문 근처에서 비빔밥 먹었어"


def test_ids_choose_among_the_sentences(chat):
    config = SourceConfig(path="chat.jsonl", raw=True, ids=["s0", "s2"])
    assert [s.id for s in load_source(config, chat, LABELS).sentences] == ["s0", "s2"]


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("가나 다라마 바사", 9, ["가나 다라마 바사"]),
        ("가나 다라마 바사", 5, ["가나 다라마", "바사"]),
        ("가나 다라마 바사", 4, ["가나", "다라마", "바사"]),
        ("가나다라마바사", 3, ["가나다", "라마바", "사"]),
        (" 가나  다라마 바사 ", 5, ["가나  다라마", "바사 "]),
    ],
)
def test_a_long_raw_text_is_cut_between_words_into_texts_of_their_own(text, most, expected):
    raw = Sentence(text, (), "w1")
    examples = encode(_extractor(), [raw], tags=TAGS, scheme="BIOES", max_units=most, raw=True)
    assert [e.sentence for e in examples] == [Sentence(t, (), "w1") for t in expected]
    for example in examples:
        assert example.whole
        assert example.tags.tolist() == [-1] * len(example.encoded)
        np.testing.assert_array_equal(example.encoded.ids, _extractor().encode(example.sentence.text).ids)


# open stretches


def _opened(text, *stretches, entities=()):
    spans = [Span(text.index(part), text.index(part) + len(part), OPEN) for part in stretches]
    return Sentence(text, tuple(sorted([*spans, *entities])))


def test_any_tag_may_stand_in_an_open_stretch():
    sentence = _opened("서연이 남궁 민 봐", "남궁 민", entities=[Span(0, 2, "PS")])
    (example,) = encode(_extractor(), [sentence], tags=TAGS, scheme="BIOES")
    b, e, o = TAGS.index("B-PS"), TAGS.index("E-PS"), 0
    assert example.tags.tolist() == [b, e, o, -1, -1, -1, o]
    allowed = collate([example], TAGS).allowed[0]
    assert allowed.sum(-1).tolist() == [1, 1, 1, len(TAGS), len(TAGS), len(TAGS), 1]
    assert allowed[torch.arange(7), torch.tensor([b, e, o, o, o, o, o])].all()


def test_an_open_stretch_covers_every_unit_that_it_touches(caplog):
    extractor = _extractor(unit="morpheme", inputs={"syllable": 4, "morpheme": 4})
    sentence = _opened("서연이랑 광화문 갔어", "이랑 광")
    with caplog.at_level(logging.WARNING):
        (example,) = encode(extractor, [sentence], tags=TAGS, scheme="BIOES")
    assert example.tags.tolist() == [-1, -1, 0]
    assert not caplog.records


def test_long_sentences_are_not_cut_inside_an_open_stretch():
    sentence = _opened("가나다라마바사아자차카타", "다라마바사")
    pieces = encode(_extractor(), [sentence], tags=TAGS, scheme="BIOES", max_units=4)
    np.testing.assert_array_equal(np.concatenate([p.tags for p in pieces]), [0, 0, *[-1] * 5, *[0] * 5])
    assert all(piece.tags[0] >= 0 for piece in pieces)


def test_the_loss_of_an_open_sentence_is_nothing():
    extractor, rows = _extractor(), tiny_sentences()[:4]
    examples = encode(extractor, rows, tags=TAGS, scheme="BIOES", raw=True)
    batch = collate(examples, TAGS)
    emissions = torch.randn(*batch.allowed.shape, generator=torch.Generator().manual_seed(1))
    found = CRF(TAGS).log_likelihood(emissions, batch.allowed, batch.lengths)
    torch.testing.assert_close(found, torch.zeros(4))


def test_sentences_with_open_stretches_stay_in_training():
    sentences = [*(_opened(f"{i}번 손님", "손님") for i in range(60)), *_numbered(60).sentences]
    train, dev = split_source(Source("n", tuple(sentences), counted=True), 0.5)
    assert 15 < len(dev.sentences) < 45
    assert not any(s.entities for s in dev.sentences)
    assert sum(bool(s.entities) for s in train.sentences) == 60
    assert dev.counted  # the counts are of the held-out part too


# what the teachers say


def test_a_batch_carries_the_teachers_word_and_its_share():
    rows = [marked("<서연:PS> 서울"), marked("<하준:PS>이 왔다"), Sentence("그래요")]
    examples = encode(_extractor(), rows, tags=TAGS, scheme="BIOES")
    assert collate(examples, TAGS).marginals is None
    rng = np.random.default_rng(2)
    words = [
        Soft(
            rng.random((len(e.tags), len(TAGS))).astype(np.float16),
            rng.random((len(TAGS), len(TAGS))).astype(np.float16),
            only=i == 2,
        )
        for i, e in enumerate(examples)
    ]
    taught = [dataclasses.replace(examples[i], soft=words[i]) for i in (0, 2)]
    batch = collate([taught[0], examples[1], taught[1]], TAGS, soft_share=0.25)
    assert batch.shares.tolist() == [0.25, 0.0, 1.0]
    np.testing.assert_array_equal(batch.marginals[0, :4].numpy(), words[0].marginals.astype(np.float32))
    assert not batch.marginals[0, 4:].any()  # padding
    assert not batch.marginals[1].any()
    np.testing.assert_array_equal(batch.pair_counts[2].numpy(), words[2].pair_counts.astype(np.float32))
    moved = batch.to(torch.device("cpu"))
    assert all(torch.equal(getattr(moved, f.name), getattr(batch, f.name)) for f in dataclasses.fields(batch))


def test_a_batch_has_one_task():
    examples = [dataclasses.replace(_example(1 + i % 9, i), task="news" if i % 3 else "") for i in range(300)]
    found = batches(examples, units=32, rng=random.Random(4))
    assert Counter(e.sentence.text for b in found for e in b) == Counter(str(i) for i in range(300))
    assert all(len({e.task for e in b}) == 1 for b in found)
    order = [b[0].task for b in found]
    assert order != sorted(order)  # shuffled among each other
    assert order != sorted(order, reverse=True)


# examples


@st.composite
def annotated(draw):
    """A sentence of up to 60 units with adjacent, long and lone spans."""
    length = draw(st.integers(1, 60))
    spans, at = [], 0
    while True:
        start = at + draw(st.integers(0, 6))
        end = start + draw(st.integers(1, 9))
        if end > length:
            break
        spans.append(Span(start, end, draw(st.sampled_from(LABELS))))
        at = end
    return Sentence("".join("가나다라마바사"[i % 7] for i in range(length)), tuple(spans))


EXTRACTOR = _extractor()


@given(annotated(), st.integers(2, 20), st.sampled_from(["BIO", "BIOES"]))
def test_long_sentences_are_cut_outside_entities_and_nothing_is_lost(sentence, most, scheme):
    extractor = EXTRACTOR
    tags = tag_list(LABELS, scheme=scheme)
    whole = encode(extractor, [sentence], tags=tags, scheme=scheme)[0]
    pieces = encode(extractor, [sentence], tags=tags, scheme=scheme, max_units=most)
    np.testing.assert_array_equal(np.concatenate([p.tags for p in pieces]), whole.tags)
    np.testing.assert_array_equal(np.concatenate([p.encoded.ids for p in pieces]), whole.encoded.ids)
    np.testing.assert_array_equal(np.concatenate([p.encoded.flags for p in pieces]), whole.encoded.flags)
    found = []
    for piece in pieces:
        assert len(piece.encoded) == len(piece.tags) > 0
        spans = tags_to_spans([tags[i] for i in piece.tags], scheme=scheme)
        starts, ends = piece.encoded.starts, piece.encoded.ends
        found += [Span(int(starts[s.start]), int(ends[s.end - 1]), s.label) for s in spans]
    assert tuple(found) == sentence.entities
    # a piece is longer than asked only where all that could be cut is inside entities
    for piece in pieces:
        if len(piece.tags) > most:
            assert (piece.tags[most // 2 : most] != 0).all()


def test_a_sentence_that_fits_is_not_cut():
    sentence = marked("<서연:PS>이랑 <광화문:LC>에서 만나")
    units = len("".join(sentence.text.split()))
    (example,) = encode(_extractor(), [sentence], tags=TAGS, scheme="BIOES", max_units=units)
    assert len(example.encoded) == units
    assert len(encode(_extractor(), [sentence], tags=TAGS, scheme="BIOES", max_units=units - 1)) == 2


def test_tags_stand_over_visible_characters():
    (example,) = encode(_extractor(), [marked("응 <남궁 민:PS>  씨")], tags=TAGS, scheme="BIOES", unknown=("LC",))
    assert [TAGS[i] for i in example.tags] == ["O", "B-PS", "I-PS", "E-PS", "O"]
    assert example.encoded.starts.tolist() == [0, 2, 3, 5, 8]
    assert example.unknown == ("LC",)


def test_texts_without_visible_characters_are_no_examples():
    assert encode(_extractor(), [Sentence(""), Sentence(" \t\n")], tags=TAGS, scheme="BIOES") == []


def test_spans_between_the_borders_of_units_stay_open_and_are_counted_in_one_warning(caplog):
    extractor = _extractor(unit="morpheme", inputs={"syllable": 4, "morpheme": 4})
    sentences = [marked("<서연:PS>이랑 <광화문:LC>"), marked("<하준:PS>아 안녕")]
    with caplog.at_level(logging.WARNING):
        examples = encode(extractor, sentences, tags=TAGS, scheme="BIOES")
    assert [[TAGS[i] if i >= 0 else OPEN for i in e.tags] for e in examples] == [["?", "S-LC"], ["?", "O"]]
    assert [r.message for r in caplog.records] == [
        "2 entities do not fall on the borders of units and cannot be tagged"
    ]
    assert examples[0].sentence == sentences[0]  # the gold spans stay whole for scoring


# batches


def _example(length, number):
    starts = np.arange(length, dtype=np.int32)
    ids = np.full((length, 1), number + 1, dtype=np.int32)
    encoded = Encoded(ids, np.zeros((length, 0), np.float32), starts, starts + 1)
    return Example(encoded, np.zeros(length, np.int64), (), Sentence(str(number)))


@given(st.lists(st.integers(1, 40), max_size=80), st.integers(1, 120), st.integers())
def test_batches_hold_every_example_once_and_keep_the_limit(lengths, units, seed):
    examples = [_example(length, number) for number, length in enumerate(lengths)]
    found = batches(examples, units=units, rng=random.Random(seed))
    assert Counter(e.sentence.text for b in found for e in b) == Counter(e.sentence.text for e in examples)
    for batch in found:
        assert batch
        padded = len(batch) * max(len(e.encoded) for e in batch)
        assert len(batch) == 1 or padded <= units


def test_batches_depend_on_the_seed_and_are_of_similar_length():
    examples = [_example(1 + i % 37, i) for i in range(500)]

    def order(seed):
        found = batches(examples, units=256, rng=random.Random(seed))
        return [[e.sentence.text for e in b] for b in found]

    assert order(1) == order(1)
    assert order(1) != order(2)
    found = batches(examples, units=256, rng=random.Random(1))
    padding = sum(len(b) * max(len(e.encoded) for e in b) for b in found)
    assert padding < 1.2 * sum(len(e.encoded) for e in examples)


def test_more_than_one_pool_is_covered():
    examples = [_example(1 + i % 3, i) for i in range(9000)]
    found = batches(examples, units=64, rng=random.Random(3))
    assert Counter(e.sentence.text for b in found for e in b) == Counter(str(i) for i in range(9000))


def test_allowed_is_one_tag_where_complete_and_open_where_partial():
    extractor = _extractor()
    sentence = marked("<서연:PS> 서울")
    complete, partial = (
        encode(extractor, [sentence], tags=TAGS, scheme="BIOES", unknown=unknown)[0] for unknown in ((), ("LC",))
    )
    longer = encode(extractor, [marked("그래요 정말로")], tags=TAGS, scheme="BIOES")[0]
    batch = collate([complete, partial, longer], TAGS)
    assert batch.allowed.dtype == torch.bool
    assert batch.allowed.shape == (3, 6, len(TAGS))

    def names(row, step):
        return {TAGS[i] for i in np.flatnonzero(batch.allowed[row, step].numpy())}

    every_lc = {"O", "B-LC", "I-LC", "E-LC", "S-LC"}
    assert [names(0, t) for t in range(4)] == [{"B-PS"}, {"E-PS"}, {"O"}, {"O"}]
    assert [names(1, t) for t in range(4)] == [{"B-PS"}, {"E-PS"}, every_lc, every_lc]
    assert [names(2, t) for t in range(6)] == [{"O"}] * 6
    assert not batch.allowed[:2, 4:].any()  # padding
    assert batch.lengths.tolist() == [4, 4, 6]
    np.testing.assert_array_equal(batch.ids[0, :4].numpy(), complete.encoded.ids)
    assert not batch.ids[0, 4:].any()


def test_the_gold_tag_is_always_among_those_allowed():
    extractor = _extractor()
    examples = encode(extractor, tiny_sentences(), tags=TAGS, scheme="BIOES", unknown=("PS", "LC"))
    batch = collate(examples, TAGS)
    for row, example in enumerate(examples):
        assert batch.allowed[row, np.arange(len(example.tags)), example.tags].all()
        outside = np.flatnonzero(example.tags == 0)
        assert batch.allowed[row, outside].all()  # everything is open where everything is unknown


def test_what_is_held_out_is_not_trained_on():
    train = Source("a", tuple(Sentence(t) for t in ("김밥 두 줄", "김밥두줄", "라면", "김밥 두 줄요")))
    held = Source("b", (Sentence("김밥 두줄"), Sentence("국수")))
    (kept,) = without_held_out([train], [held])
    assert [s.text for s in kept.sentences] == ["라면", "김밥 두 줄요"]
