"""Fixtures: a lexicon-free fake analyser, small hand-written sentences, and a tiny bundle trained in seconds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from ner_engine.spans import Entity, Morpheme, Sentence, Span
from tests.postgres import MYSQL, Postgres, new_mysql_database, postgres_binaries, running_postgres

# the same examples every time, on machines however slow; --hypothesis-profile=default draws new ones
settings.register_profile("sealed", derandomize=True, deadline=None)
settings.load_profile("sealed")

# the databases a store is tried on; a MySQL is not started, but used where one is named
DATABASES = ["sqlite", "postgres", *(["mysql"] if MYSQL in os.environ else [])]

MARK = re.compile(r"<([^<>]+):([A-Z]+)>")


def marked(text: str) -> Sentence:
    """``<김민수:PS>한테 전화`` as a sentence."""
    plain, spans, at = "", [], 0
    for match in MARK.finditer(text):
        plain += text[at : match.start()]
        spans.append(Span(len(plain), len(plain) + len(match[1]), match[2]))
        plain += match[1]
        at = match.end()
    return Sentence(plain + text[at:], tuple(spans))


def entities_of(text: str, spans: Sequence[Span], scores: Sequence[float] | None = None) -> list[Entity]:
    """Spans as entities of ``text``. ``scores`` runs parallel to ``spans``; without it each is 1.0."""
    given = [1.0] * len(spans) if scores is None else scores
    return [
        Entity(text[s.start : s.end], s.start, s.end, s.label, score)
        for s, score in zip(spans, given, strict=True)
    ]


class FakeTokenizer:
    """Every eojeol is one morpheme; its part of speech tells digits, Latin and Hangul apart."""

    name = "fake"

    def morphemes(self, text: str) -> list[Morpheme]:
        found = []
        for match in re.finditer(r"\S+", text):
            pos = "SN" if match[0][0].isdigit() else "SL" if match[0][0].isascii() else "NNG"
            found.append(Morpheme(match[0], pos, match.start(), match.end(), "인명" if pos == "NNG" else ""))
        return found

    def fingerprint(self) -> dict[str, str]:
        return {"backend": "fake", "version": "1"}


@pytest.fixture
def fake_tokenizer() -> FakeTokenizer:
    return FakeTokenizer()


_NAMES = ["김민수", "이지은", "박서준", "최유리", "정해인", "한소희", "남궁민", "오하늘"]
_PLACES = ["강남역", "부산", "성수동", "제주도", "홍대", "서울숲"]
_FRAMES = [
    "<{n}:PS>한테 전화해 줘",
    "<{p}:LC>에서 <{n}:PS> 만나기로 했어",
    "<{p}:LC> 가는 길 알려줘",
    "오늘은 그냥 집에 있을래",
    "<{n}:PS>이랑 <{p}:LC>에 갈 거예요",
    "고마워요 정말",
]


def tiny_sentences() -> list[Sentence]:
    """A few dozen sentences with two labels, written for the tests."""
    out = []
    for i in range(96):
        frame = _FRAMES[i % len(_FRAMES)]
        # the turn is added, so that every frame meets every name and place
        turn = i // len(_FRAMES)
        name, place = _NAMES[(i * 7 + turn) % len(_NAMES)], _PLACES[(i * 5 + turn) % len(_PLACES)]
        out.append(marked(frame.format(n=name, p=place)))
    return out


TINY_RECIPE = """
name = "tiny"
description = "A tiny model for tests."
licence = "Apache-2.0"
[features]
min_count = 1
[features.inputs]
syllable = 16
jamo = 4
class = 4
eojeol = 4
bigram = 8
morpheme = 8
pos = 4
semantic = 4
gazetteer = 1
[features.buckets]
bigram = 9000
morpheme = 512
[features.gazetteers]
LC = ["places.txt"]
[network]
hidden = 16
input_dropout = 0.1
hidden_dropout = 0.1
[data]
labels = ["PS", "LC"]
[[data.train]]
path = "train.jsonl"
dev_share = 0.2
[training]
threads = 1
epochs = 6
patience = 6
batch_units = 256
learning_rate = 0.02
table_learning_rate = 0.02
ema = 0.5
"""


def write_tiny(folder: Path) -> Path:
    """The tiny recipe and its data in ``folder``; returns the recipe's path."""
    import json

    rows = [
        {
            "id": str(i),
            "text": s.text,
            "entities": [{"start": e.start, "end": e.end, "label": e.label} for e in s.entities],
        }
        for i, s in enumerate(tiny_sentences())
    ]
    (folder / "train.jsonl").write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
    )
    (folder / "places.txt").write_text("\n".join(_PLACES), encoding="utf-8")
    recipe = folder / "tiny.toml"
    recipe.write_text(TINY_RECIPE, encoding="utf-8")
    return recipe


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle trained in seconds on hand-written sentences."""
    pytest.importorskip("torch", reason="needs the train extra")
    from ner_engine.config import load_recipe
    from ner_engine.training.build import build_bundle
    from ner_engine.training.trainer import Trainer, prepare

    folder = tmp_path_factory.mktemp("tiny")
    path = write_tiny(folder)
    prepared = prepare(load_recipe(path), base=folder)
    result = Trainer(prepared, folder / "work").run()
    return build_bundle(prepared, result, folder / "bundle", command="ner-engine train tiny.toml")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of our own."""
    pytest.importorskip("sqlalchemy", reason="needs the store extra")
    pytest.importorskip("psycopg", reason="needs the postgres extra")
    binaries = postgres_binaries() if os.name == "posix" else None
    if binaries is None:
        pytest.skip("no PostgreSQL on this machine (initdb, postgres, pg_ctl)")
    with running_postgres(binaries) as server:
        yield server


def new_database(request: pytest.FixtureRequest, folder: Path) -> str:
    """An empty database of the kind that ``request.param`` names: a path or a URL."""
    pytest.importorskip("sqlalchemy", reason="needs the store extra")
    if request.param == "sqlite":
        return str(folder / "orders.db")
    if request.param == "mysql":
        return new_mysql_database(os.environ[MYSQL])
    url: str = request.getfixturevalue("postgres").new_database()
    return url


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, one of each kind."""
    return new_database(request, tmp_path)


@pytest.fixture(scope="session")
def talkers() -> Iterator[Any]:
    """Processes that talk to a store."""
    pytest.importorskip("sqlalchemy", reason="needs the store extra")
    from tests.talkers import Talkers

    if not hasattr(os, "fork"):
        pytest.skip("needs os.fork")
    starter = Talkers()
    yield starter
    starter.close()
