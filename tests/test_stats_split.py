"""Statistics counted by hand, and splits: nothing lost, nothing twice, the same mix everywhere."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ner_engine.datasets import Corpus, read_bytes
from ner_engine.datasets.corpus import text_key
from ner_engine.datasets.split import split
from ner_engine.datasets.stats import LabelStats, Lengths, Unseen, stats
from ner_engine.errors import ConfigError, DataError
from ner_engine.spans import Sentence, Span


def inline(*lines: str, name: str = "f.txt") -> Corpus:
    return read_bytes("\n".join(lines).encode(), name=name, format="inline")


def test_stats_counted_by_hand() -> None:
    dev = inline("<예린:PS>아 <여수:LC> 가자", "<예린:PS> <다온:PS>", "응", "<여수:PS>요", name="dev")
    train = inline("<예린:PS> 안녕", "<여수:LC>", name="train")
    counted = stats(dev, against=train)
    assert counted.characters == Lengths(min=1, median=4.0, mean=4.5, max=9, total=18)
    assert (counted.sentences, counted.without_entities) == (4, 1)
    assert (counted.entities, counted.forms, counted.once) == (5, 4, 3)
    assert counted.labels == {"PS": LabelStats(4, 3, 2), "LC": LabelStats(1, 1, 1)}
    assert list(counted.labels) == ["PS", "LC"]
    assert counted.unseen == Unseen("train", 2, 0.4, {"PS": 0.5, "LC": 0.0})
    assert counted.to_dict()["labels"]["LC"] == {"entities": 1, "forms": 1, "once": 1}
    assert stats(dev).unseen is None


def test_stats_of_nothing() -> None:
    counted = stats(Corpus.of([]), against=Corpus.of([]))
    assert (counted.sentences, counted.entities, counted.characters.max) == (0, 0, 0)
    assert counted.unseen is not None
    assert counted.unseen.share == 0.0


def corpus_of(shape: list[tuple[int, list[str]]]) -> list[Sentence]:
    """One sentence per (number of its text, labels)."""
    made = []
    for index, (number, labels) in enumerate(shape):
        text = f"문장 {number} " + "가" * len(labels)
        start = len(text) - len(labels)
        spans = tuple(Span(start + k, start + k + 1, label) for k, label in enumerate(labels))
        made.append(Sentence(text, spans, str(index)))
    return made


@settings(max_examples=80, deadline=None)
@given(
    shape=st.lists(
        st.tuples(st.integers(0, 30), st.lists(st.sampled_from(["PS", "LC", "TI"]), max_size=4)), max_size=60
    ),
    ratios=st.lists(st.floats(0.05, 10), min_size=2, max_size=4),
    seed=st.integers(0, 5),
)
def test_a_split_is_a_partition_without_shared_texts(
    shape: list[tuple[int, list[str]]], ratios: list[float], seed: int
) -> None:
    sentences = corpus_of(shape)
    keys = {text_key(s.text) for s in sentences}
    if len(keys) < len(ratios):
        with pytest.raises(DataError, match="different sentences"):
            split(sentences, ratios=ratios, seed=seed)
        return
    parts = split(sentences, ratios=ratios, seed=seed)
    assert len(parts) == len(ratios)
    assert all(parts)
    assert sorted(s.id for part in parts for s in part) == sorted(s.id for s in sentences)
    of = [{text_key(s.text) for s in part} for part in parts]
    assert sum(len(texts) for texts in of) == len(keys)
    for part in parts:
        assert [int(s.id) for s in part] == sorted(int(s.id) for s in part)
    assert split(sentences, ratios=ratios, seed=seed) == parts


def test_every_part_has_the_same_mix_of_labels() -> None:
    rng = random.Random(4)
    weights = {"PS": 0.5, "LC": 0.25, "TI": 0.05, "FOOD": 0.01}
    shape = [
        (n, [label for label, p in weights.items() for _ in range(3) if rng.random() < p]) for n in range(2000)
    ]
    sentences = corpus_of(shape)
    parts = split(sentences, ratios=(8, 1, 1), seed=1)
    total = Counter(e.label for s in sentences for e in s.entities)
    for part, share in zip(parts, (0.8, 0.1, 0.1), strict=True):
        assert abs(len(part) / 2000 - share) < 0.01
        counts = Counter(e.label for s in part for e in s.entities)
        for label, n in total.items():
            assert abs(counts[label] - n * share) <= 3, (label, counts[label], n * share)


def test_seeds_and_ratios() -> None:
    sentences = corpus_of([(n, ["PS"]) for n in range(100)])
    assert split(sentences, ratios=(1, 1), seed=1) != split(sentences, ratios=(1, 1), seed=2)
    assert split(sentences, ratios=(8, 1, 1), seed=1) == split(sentences, ratios=(0.8, 0.1, 0.1), seed=1)
    assert [len(part) for part in split(sentences, ratios=(8, 1, 1), seed=1)] == [80, 10, 10]
    for bad in ([1], [1, 0], [1, -1], [1, float("nan")], [1, float("inf")]):
        with pytest.raises(ConfigError, match="two or more numbers above 0"):
            split(sentences, ratios=bad, seed=1)


def test_texts_that_differ_in_spaces_or_composition_stay_together() -> None:
    twins = [Sentence("한강  가자"), Sentence(" 한강 가자"), Sentence("\u1112\u1161\u11ab강 가자")]
    others = [Sentence(f"다른 말 {n}") for n in range(20)]
    for seed in range(5):
        parts = split(others + twins, ratios=(1, 1), seed=seed)
        assert sum(any(s in part for s in twins) for part in parts) == 1
