"""The greedy choice: worth, new words and likeness, each against what it should do by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner_engine.suggest.choosing import WIDTH, Candidate, choose, vector_of
from ner_engine.suggest.novelty import forms_of, known_forms


def _candidates(rows):
    return [
        Candidate(text, place, worth, forms_of(text), vector_of(text))
        for place, (text, worth) in enumerate(rows, 1)
    ]


def _places(choices):
    return [choice.candidate.place for choice in choices]


def test_worth_alone_is_a_sort_and_equals_come_in_the_order_of_the_input():
    rows = _candidates([("가나", 1.0), ("다라", 3.0), ("마바", 2.0), ("사아", 3.0), ("자차", 0.0)])
    assert _places(choose(rows, 5)) == [2, 4, 3, 1, 5]
    assert _places(choose(rows, 2)) == [2, 4]
    assert choose([], 3) == []


def test_diversity_prefers_what_is_unlike_the_chosen():
    rows = _candidates(
        [
            ("내일 강남역에서 만나기로 했어요", 1.0),
            ("내일 강남역에서 만나기로 했어", 0.99),
            ("김치찌개 두 그릇 포장해 주세요", 0.8),
        ]
    )
    assert _places(choose(rows, 2)) == [1, 2]
    apart = choose(rows, 3, diversity=1.0)
    assert _places(apart) == [1, 3, 2]
    assert apart[0].likeness == 0.0
    assert apart[1].likeness < 0.2 < 0.7 < apart[2].likeness
    assert apart[2].gain == pytest.approx(0.99 * (1 - apart[2].likeness), rel=1e-5)


def test_novelty_counts_the_words_that_nothing_known_or_chosen_has():
    rows = _candidates([("사과 배", 1.0), ("사과 감", 1.0), ("귤 감", 1.0)])
    known = known_forms(["사과와 감"])
    first, second, third = choose(rows, 3, known=known, novelty=1.0)
    assert [first.new, second.new, third.new] == [0.5, 0.5, 0.0]
    assert (first.candidate.place, second.candidate.place) == (1, 3)
    assert (first.gain, third.gain) == (1.5, 1.0)
    # a word counts as new once: the second time somebody has said it already
    twice = choose(_candidates([("수박", 1.0), ("수박 참외", 0.9), ("자두", 0.8)]), 3, novelty=1.0)
    assert _places(twice) == [1, 3, 2]
    assert [choice.new for choice in twice] == [1.0, 1.0, 0.5]


def test_typicality_prefers_what_is_like_all_texts():
    usual = [f"{name} 가는 길 알려 주세요" for name in ("강남역", "홍대", "부산", "성수동", "서울숲")]
    rows = _candidates([("▲1(3-6)0 ▲2(6-7)5", 1.0), (usual[0], 0.9)])
    centre = sum(vector_of(text) for text in (*usual, rows[0].text))
    assert _places(choose(rows, 2, centre=centre)) == [1, 2]
    likely = choose(rows, 2, centre=centre, typicality=1.0)
    assert _places(likely) == [2, 1]
    cosine = float(vector_of(usual[0]) @ centre / np.linalg.norm(centre))
    assert likely[0].gain == pytest.approx(0.9 * cosine, rel=1e-5)
    squared = choose(rows, 1, centre=centre, typicality=2.0)
    assert squared[0].gain == pytest.approx(0.9 * cosine**2, rel=1e-5)
    assert choose(rows, 2, centre=np.zeros(WIDTH, dtype=np.float32), typicality=1.0)[0].gain == 0.0


def test_long_texts_do_not_seem_alike_for_having_many_letters():
    rng = np.random.default_rng(7)
    texts = ["".join(chr(code) for code in rng.integers(0xAC00, 0xD7A4, size=250)) for _ in range(12)]
    vectors = np.stack([vector_of(text) for text in texts])
    others = (vectors @ vectors.T)[np.triu_indices(12, 1)]
    assert abs(others.mean()) < 0.03
    assert others.max() < 0.2


def test_forms_are_words_without_particles_numbers_and_case():
    assert forms_of("강남역에서") == forms_of("강남역까지") == forms_of("강남역")
    assert forms_of("2024년 10월") == forms_of("1999년 12월")
    assert forms_of("KTX를") == forms_of("ktx")
    assert forms_of("나는") != forms_of("나")  # what would be left is too short to be told from another word
    assert forms_of("…!? ") == frozenset()
    assert known_forms(["가구 나무", "나무 다리"]) == forms_of("가구") | forms_of("나무") | forms_of("다리")


@given(st.text())
def test_every_text_has_a_vector_of_length_one(text):
    vector = vector_of(text)
    assert vector.shape == (WIDTH,)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    assert np.array_equal(vector, vector_of(" ".join(text)))  # spaces aside


@given(st.lists(st.tuples(st.text(max_size=12), st.floats(0, 5)), max_size=12), st.integers(1, 14))
def test_each_is_chosen_once_and_gains_never_rise(rows, count):
    candidates = _candidates(rows)
    choices = choose(candidates, count, novelty=0.5, diversity=1.0)
    places = _places(choices)
    assert len(places) == len(set(places)) == min(count, len(rows))
    gains = [choice.gain for choice in choices]
    # what is left only ever counts less
    assert all(a >= b - 1e-9 for a, b in itertools.pairwise(gains))
