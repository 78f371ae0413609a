"""The page on active learning says what was measured: its table and plot are made from the figures beside it."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def curves():
    spec = importlib.util.spec_from_file_location("learning_curves", ROOT / "benchmarks" / "learning_curves.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for the names in their annotations
    spec.loader.exec_module(module)
    return module


ROWS = [
    {"arm": arm, "seed": seed, "sentences": n, "characters": n * 60, "entities": 3 * n, "f1": f1, "minutes": 1.0}
    for arm, seed, n, f1 in (
        ("random", 1, 500, 50.0), ("random", 2, 500, 52.0), ("random", 1, 4000, 71.0),
        ("expected/sentence", 1, 2000, 72.0), ("other & <new>", 1, 1000, 60.0),
    )
]  # fmt: skip


def test_curves_are_means_over_seeds_and_every_arm_begins_with_the_random_one(curves):
    found = curves.curves(ROWS)
    assert list(found) == ["random", "expected/sentence", "other & <new>"]
    assert [(p.sentences, p.f1, p.each) for p in found["random"]] == [
        (500, 51.0, (50.0, 52.0)),
        (4000, 71.0, (71.0,)),
    ]
    assert [p.sentences for p in found["expected/sentence"]] == [500, 2000]
    table = curves.table(found).splitlines()
    assert len(table) == 2 + 4
    assert table[2] == "| drawn at random | 500 | 30,000 | 1,500 | 51.0 | 50.0, 52.0 |"


def test_the_drawing_is_well_formed_and_says_in_words_what_it_shows(curves):
    root = ElementTree.fromstring("".join(curves.svg(curves.curves(ROWS))))
    assert root.get("role") == "img"
    assert "51.0 with 500, 71.0 with 4,000" in root.get("aria-label")
    words = ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"F1 by labelled sentences", "F1 by labelled characters", "drawn at random", "other & <new>"} <= set(
        words
    )
    lines = list(root.iter("{http://www.w3.org/2000/svg}polyline"))
    assert [len(line.get("points").split()) for line in lines] == [2, 2, 2] * 2


def test_the_page_shows_what_was_measured(curves):
    found = curves.curves(json.loads((DOCS / "active-learning.json").read_text(encoding="utf-8")))
    assert curves.table(found) in (DOCS / "active-learning.md").read_text(encoding="utf-8")
    assert "".join(curves.svg(found)) == (DOCS / "active-learning.svg").read_text(encoding="utf-8")


def test_two_thousand_chosen_sentences_are_worth_four_thousand_drawn(curves):
    found = curves.curves(json.loads((DOCS / "active-learning.json").read_text(encoding="utf-8")))
    (drawn,) = (point for point in found["random"] if point.sentences == 4000)
    (chosen,) = (point for point in found["expected/sentence"] if point.sentences == 2000)
    assert len(drawn.each) == len(chosen.each) >= 3
    assert chosen.f1 >= drawn.f1
