"""Morpheme vectors: forms that keep the same company end up near each other, and the file starts a table."""

from __future__ import annotations

import random

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs the train extra")
pytest.importorskip("torch", reason="needs the train extra")

from ner_engine.config import FeatureConfig
from ner_engine.errors import ConfigError, DataError, TrainingError
from ner_engine.features import FeatureExtractor
from ner_engine.training.lexicons import read_lexicons
from ner_engine.training.vectors import read_vectors
from ner_engine.training.word_vectors import train_vectors

FOODS, PLACES = ["김밥", "라면", "국수", "만두"], ["강남", "홍대", "부산", "제주"]


def _texts() -> list[str]:
    rng = random.Random(3)
    out = [f"{rng.choice(FOODS)} {rng.choice(['두', '세'])} 그릇 시켰어" for _ in range(150)]
    return out + [f"{rng.choice(PLACES)} 가는 {rng.choice(['버스', '기차'])} 언제" for _ in range(150)]


def test_forms_in_the_same_company_are_neighbours(fake_tokenizer):
    made = train_vectors(_texts(), fake_tokenizer, width=4, min_count=2)
    at = {name: made.values[i] for i, name in enumerate(made.names)}
    for group, other in ((FOODS, PLACES), (PLACES, FOODS)):
        for a in group:
            within = min(float(at[a] @ at[b]) for b in group)
            across = max(float(at[a] @ at[b]) for b in other)
            assert within > 0.9 > across + 0.3
    np.testing.assert_allclose(np.linalg.norm(made.values, axis=1), 1, atol=1e-5)


def test_the_same_seed_gives_the_same_vectors(fake_tokenizer):
    a, b = (train_vectors(_texts(), fake_tokenizer, width=4, min_count=2, seed=5) for _ in range(2))
    assert a.names == b.names
    np.testing.assert_array_equal(a.values, b.values)


def test_too_little_text_is_refused(fake_tokenizer):
    with pytest.raises(TrainingError, match="expected more than 64 frequent forms; got 2"):
        train_vectors(["김밥 라면"] * 9, fake_tokenizer, width=64)


def test_written_vectors_land_in_the_rows_of_their_forms(tmp_path, fake_tokenizer):
    made = train_vectors(_texts(), fake_tokenizer, width=4, min_count=2)
    path = tmp_path / "vectors.txt"
    path.write_text("".join(made.lines()), encoding="utf-8")
    config = FeatureConfig(inputs={"morpheme": 4, "syllable": 4}, min_count=1)
    extractor = FeatureExtractor.fit(config, fake_tokenizer, _texts())
    read = read_vectors(path, table="morpheme", width=4, extractor=extractor)
    row = int(extractor.encode("김밥").ids[0, 0])
    np.testing.assert_allclose(
        read.values[read.rows.index(row)].numpy(), made.values[made.names.index("김밥")], atol=1e-5
    )
    with pytest.raises(DataError, match=r"vectors.txt:2: expected a name and 5 numbers"):
        read_vectors(path, table="morpheme", width=5, extractor=extractor)
    with pytest.raises(ConfigError, match="expected a table of the tagger's inputs; got 'trigram'"):
        read_vectors(path, table="trigram", width=0, extractor=extractor)


def test_lexicons(tmp_path):
    (tmp_path / "a.txt").write_text("# 주석\n김밥\t20\n\n 라면 \n", encoding="utf-8")
    (tmp_path / "b.tsv").write_text("form\tlabel\tn\n서울\tLCP_CITY\t3\n경찰\tOGG_X\t9\n", encoding="utf-8")
    forms = read_lexicons({"FOOD": ["a.txt"], "LC": ["b.tsv:LC"]}, tmp_path)
    assert forms == {"FOOD": ["김밥", "라면"], "LC": ["서울"]}
    table = "surface,label,canonical,synonyms\n타이레놀,MEDICINE,,타이래놀|해열제\n# 끝\n"
    (tmp_path / "c.csv").write_text(table, encoding="utf-8")
    assert read_lexicons({"M": ["c.csv", "a.txt"]}, tmp_path) == {
        "M": ["타이레놀", "타이래놀", "해열제", "김밥", "라면"]
    }
    (tmp_path / "d.csv").write_text("surface,label\n타이레놀\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"d.csv:2: expected 2 columns; got 1"):
        read_lexicons({"M": ["d.csv"]}, tmp_path)
    with pytest.raises(ConfigError, match=r"none.csv: features.gazetteers.X: expected a lexicon file"):
        read_lexicons({"X": ["none.csv"]}, tmp_path)
    with pytest.raises(ConfigError, match=r"none.txt: features.gazetteers.X: expected a lexicon file"):
        read_lexicons({"X": ["none.txt"]}, tmp_path)


def test_the_rows_of_letters_are_those_that_syllables_use(fake_tokenizer):
    extractor = FeatureExtractor.fit(FeatureConfig(inputs={"jamo": 4}, min_count=1), fake_tokenizer, ["값"])
    initial, medial, final = (
        extractor.rows(t, [c])[0] for t, c in (("initial", "ㄱ"), ("medial", "ㅏ"), ("final", "ㅄ"))
    )
    assert (*initial, *medial, *final) == tuple(extractor.encode("값").ids[0])
    assert extractor.rows("final", ["ㄸ"]) == [()]
    with pytest.raises(ConfigError, match="expected syllable, initial"):
        extractor.rows("eojeol", ["1"])
