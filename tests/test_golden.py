"""The shipped default bundle on everyday utterances, reviewed by eye."""

from __future__ import annotations

from pathlib import Path

import pytest

import ner_engine
from ner_engine.bundle import bundle_names
from ner_engine.datasets import read

GOLDEN = Path(__file__).parent / "golden" / "chat.txt"


@pytest.fixture(scope="module")
def engine():
    if "ko-chat" not in bundle_names():
        pytest.skip("the shipped bundle ko-chat is not here")
    return ner_engine.load("ko-chat")


def test_everyday_utterances(engine):
    wrong = []
    sentences = read(GOLDEN, format="inline").sentences
    for sentence in sentences:
        found = tuple(entity.span for entity in engine.extract(sentence.text))
        if found != sentence.entities:
            wrong.append((sentence.text, sentence.entities, found))
    assert len(sentences) == 30
    assert not wrong, wrong


def test_the_bundles_fit_their_budget():
    from ner_engine.bundle import load_bundle

    for name in bundle_names():
        assert load_bundle(name).size_bytes() < 25_000_000
        assert (load_bundle(name).path / "CARD.md").read_text(encoding="utf-8").startswith(f"# {name}")
