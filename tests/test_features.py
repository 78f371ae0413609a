"""Features: units and offsets on nasty texts, every input by hand on a small one, gazetteers by brute force."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ner_engine.config import FeatureConfig
from ner_engine.errors import ConfigError
from ner_engine.features import FeatureExtractor, Gazetteer, Vocabularies, pad, units_of
from ner_engine.spans import Morpheme, Span

NASTY = st.text(
    alphabet=st.one_of(
        st.sampled_from("가힣ㄱㅏㅋ漢aＡz9٣ \t\n\u2028\u3000\x00😀👍🏽\u200d\ufe0f🇰🇷é"),
        st.sampled_from(list(unicodedata.normalize("NFD", "한글각é"))),
        st.characters(),
        st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF, categories=["Cs"]),
    ),
    max_size=40,
)


def _extractor(tokenizer, gazetteer=None, **config):
    texts = ["강남역에서 김민수 7시", "김밥 2개 abc"]
    return FeatureExtractor.fit(FeatureConfig(min_count=1, **config), tokenizer, texts, gazetteer=gazetteer)


@given(NASTY)
def test_units_are_the_visible_characters_in_order(text):
    codes, starts, ends = units_of(text)
    assert len(codes) == len(starts) == len(ends)
    assert (starts < ends).all()
    assert (ends[:-1] <= starts[1:]).all()
    covered = "".join(text[s:e] for s, e in zip(starts, ends, strict=True))
    assert "".join(covered.split()) == "".join(text.split())


@given(NASTY)
@settings(deadline=None)  # a busy machine is no failure
def test_any_text_encodes(text):
    from tests.conftest import FakeTokenizer

    extractor = _extractor(FakeTokenizer(), Gazetteer.build({"LC": ["강남역"]}))
    encoded = extractor.encode(text)
    assert encoded.ids.shape == (len(encoded), len(extractor.columns))
    assert (encoded.ids > 0).all()
    for column, values in zip(extractor.columns, encoded.ids.T, strict=True):
        assert (values < column.rows).all(), column


def test_decomposed_text_has_the_same_features(fake_tokenizer):
    composed = "강남역에서 김밥"
    decomposed = unicodedata.normalize("NFD", composed)
    extractor = _extractor(
        fake_tokenizer, inputs={"syllable": 4, "jamo": 4, "bigram": 4, "eojeol": 2, "class": 2}
    )
    a, b = extractor.encode(composed), extractor.encode(decomposed)
    np.testing.assert_array_equal(a.ids, b.ids)
    assert [unicodedata.normalize("NFC", decomposed[s:e]) for s, e in zip(b.starts, b.ends, strict=True)] == list(
        composed.replace(" ", "")
    )


def _column(extractor, encoded, name):
    return [encoded.ids[:, i].tolist() for i, c in enumerate(extractor.columns) if c.input == name]


def test_inputs_by_hand(fake_tokenizer):
    extractor = _extractor(fake_tokenizer)
    encoded = extractor.encode("김민수 7a")
    known = extractor.vocabularies
    assert _column(extractor, encoded, "syllable") == [[known.syllable.index(c) + 2 for c in "김민수7a"]]
    # ㄱ ㅁ ㅅ; ㅣ ㅣ ㅜ; ㅁ ㄴ none; 7 and a have no jamo
    assert _column(extractor, encoded, "jamo") == [[2, 8, 11, 1, 1], [22, 22, 15, 1, 1], [18, 6, 2, 1, 1]]
    assert _column(extractor, encoded, "class") == [[12, 12, 12, 3, 4]]
    # (distance to the start) * 6 + (distance to the end) + 2
    assert _column(extractor, encoded, "eojeol") == [[4, 9, 14, 3, 8]]
    noun, digit = known.pos.index("NNG") * 4 + 2, known.pos.index("SN") * 4 + 2
    assert _column(extractor, encoded, "pos") == [[noun, noun + 1, noun + 2, digit, digit + 2]]
    assert _column(extractor, encoded, "semantic") == [
        [*[known.semantic.index("인명") + 2] * 3, *[known.semantic.index("") + 2] * 2]
    ]
    morphemes = _column(extractor, encoded, "morpheme")[0]
    assert len(set(morphemes[:3])) == 1
    assert morphemes[0] != morphemes[3]
    left, right = _column(extractor, encoded, "bigram")
    assert left[1:] == right[:-1]  # the pair before a unit is the pair after its left neighbour


def test_ngrams_see_their_neighbours_only(fake_tokenizer):
    extractor = _extractor(fake_tokenizer)
    a, b = extractor.encode("가나다라마"), extractor.encode("바나다라사")
    for name, same in (("bigram", [2]), ("trigram", [2])):
        for x, y in zip(_column(extractor, a, name), _column(extractor, b, name), strict=True):
            assert x[same[0]] == y[same[0]]
            assert x[0] != y[0]


def test_unseen_syllables_are_unknown(fake_tokenizer):
    extractor = _extractor(fake_tokenizer)
    assert _column(extractor, extractor.encode("뷁"), "syllable") == [[1]]


def test_morpheme_units(fake_tokenizer):
    class Analyser:
        name = "x"

        def morphemes(self, text):
            # 봤 is 보 + 았 over the same character; the emoji is in no morpheme
            return [Morpheme("김밥", "NNG", 0, 2), Morpheme("보", "VV", 3, 4), Morpheme("았", "EP", 3, 4),
                    Morpheme("어", "EC", 4, 5)]  # fmt: skip

        def fingerprint(self):
            return {}

    extractor = _extractor(
        Analyser(), unit="morpheme", inputs={"syllable": 4, "tail": 4, "pos": 4, "morpheme": 4}
    )
    encoded = extractor.encode("김밥 봤어😀")
    assert list(zip(encoded.starts, encoded.ends, strict=True)) == [(0, 2), (3, 4), (4, 5), (5, 6)]
    fits, lost = extractor.spans_to_units(encoded, [Span(0, 2, "FOOD"), Span(1, 4, "PS")])
    assert fits == [Span(0, 1, "FOOD")]
    assert lost == [Span(1, 4, "PS")]


@given(
    st.lists(st.text("가나다 라a", min_size=1, max_size=6), max_size=8),
    st.text("가나다 라A", max_size=30),
)
def test_gazetteer_flags_equal_brute_force(forms, text):
    gazetteer = Gazetteer.build({"X": forms, "Y": forms[:2]}, min_length=2)
    codes = np.array([ord(c) for c in text.lower() if not c.isspace()], dtype=np.uint32)
    squeezed = "".join(chr(c) for c in codes)
    expected = np.zeros((len(codes), 2, 3), dtype=np.float32)
    for category, group in enumerate((forms, forms[:2])):
        for form in {f.replace(" ", "") for f in group}:
            for at in range(len(squeezed) - len(form) + 1) if len(form) >= 2 else ():
                if squeezed[at : at + len(form)] == form:
                    expected[at, category, 0] = expected[at + len(form) - 1, category, 2] = 1
                    expected[at : at + len(form), category, 1] = 1
    np.testing.assert_array_equal(gazetteer.flags(codes), expected.reshape(len(codes), 6))


def test_a_long_text_grows_the_power_table():
    gazetteer = Gazetteer.build({"X": ["나라"]})
    codes = np.array([ord(c) for c in "가" * 5000 + "나라"], dtype=np.uint32)
    flags = gazetteer.flags(codes)
    assert flags[5000:].tolist() == [[1, 1, 0], [0, 1, 1]]
    assert not flags[:5000].any()


def test_vocabularies_survive_json():
    vocabularies = Vocabularies(("가", "\ud800", "\u2028"), ("NNG",), ("", "인명"))
    assert Vocabularies.from_json(vocabularies.to_json()) == vocabularies


def test_pad_keeps_what_is_there(fake_tokenizer):
    extractor = _extractor(fake_tokenizer)
    items = extractor.encode_many(["김밥 2개", "", "강남역에서"])
    batch = pad(items)
    assert batch.ids.shape == (3, 5, len(extractor.columns))
    assert batch.lengths.tolist() == [4, 0, 5]
    for row, item in enumerate(items):
        np.testing.assert_array_equal(batch.ids[row, : len(item)], item.ids)
        assert not batch.ids[row, len(item) :].any()


@given(st.lists(NASTY, max_size=6))
@settings(deadline=None, max_examples=40)
def test_texts_together_encode_as_each_alone(texts):
    from tests.conftest import FakeTokenizer

    lexicon = Gazetteer.build({"LC": ["강남역", "가가", "가나"], "PS": ["가힣"]})
    inputs = {"syllable": 4, "tail": 4, "jamo": 4, "class": 2, "eojeol": 2, "bigram": 4, "trigram": 4,
              "morpheme": 4, "pos": 4, "semantic": 2, "gazetteer": 1}  # fmt: skip
    for unit in ("syllable", "morpheme"):
        extractor = _extractor(FakeTokenizer(), lexicon, unit=unit, inputs=inputs)
        for text, encoded in zip(texts, extractor.encode_many(texts), strict=True):
            alone = extractor.encode(text)
            for name in ("ids", "flags", "starts", "ends"):
                np.testing.assert_array_equal(getattr(encoded, name), getattr(alone, name))


def test_no_match_runs_from_one_text_into_another():
    gazetteer = Gazetteer.build({"X": ["나라"]})
    codes = np.array([ord(c) for c in "나라나라"], dtype=np.uint32)
    texts = np.array([0, 1, 1, 1], dtype=np.int32)
    assert gazetteer.flags(codes, texts).tolist() == [[0, 0, 0], [0, 0, 0], [1, 1, 0], [0, 1, 1]]


def test_a_character_is_looked_up_as_it_is_computed():
    from ner_engine.features.characters import CharacterTable
    from ner_engine.features.units import character_classes, fold, jamo

    codes = np.array([*range(0, 0x30000, 7), 0xFFFF, 0x10000, 0x10FFFF], dtype=np.uint32)
    found = CharacterTable(["가", "ㄱ", "a", "😀"]).look_up(codes)
    np.testing.assert_array_equal(found.folded, fold(codes))
    np.testing.assert_array_equal(found.category, character_classes(codes))
    for field, expected in zip((found.initial, found.medial, found.final), jamo(fold(codes)), strict=True):
        np.testing.assert_array_equal(field, expected)
    asked = np.array([ord(c) for c in "가ㄱAＡᄀ😀나😁"], dtype=np.uint32)
    assert CharacterTable(["가", "ㄱ", "a", "😀"]).look_up(asked).syllable.tolist() == [2, 3, 4, 4, 3, 5, 1, 1]


def test_unknown_inputs_and_buckets_are_refused(fake_tokenizer):
    with pytest.raises(ConfigError, match=r"features.inputs: expected some of .*; got 'syllabel'"):
        _extractor(fake_tokenizer, inputs={"syllabel": 4})
    with pytest.raises(ConfigError, match=r"features.buckets: .*; got 'jamo'"):
        _extractor(fake_tokenizer, buckets={"jamo": 4})
    with pytest.raises(ConfigError, match=r"features.inputs.tail: expected 4, the width of the table 'syllable'"):
        _extractor(fake_tokenizer, inputs={"syllable": 4, "tail": 8})
    with pytest.raises(ConfigError, match=r"features.inputs.jamo: expected a width of at least 1; got 0"):
        _extractor(fake_tokenizer, inputs={"jamo": 0})
