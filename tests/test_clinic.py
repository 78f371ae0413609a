"""The example domain: its guideline, lexicons, grammar, utterances and bot hang together, and its bundle reaches
what the card says."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import ner_engine
from ner_engine.bundle import load_bundle
from ner_engine.chatbot import load_rules
from ner_engine.chatbot.lint.linting import lint as lint_bot
from ner_engine.chatbot.playback.playing import play
from ner_engine.chatbot.playback.transcript import read_transcript
from ner_engine.config import load_recipe
from ner_engine.datasets import read
from ner_engine.datasets.generate import NoiseShares, generate_corpus
from ner_engine.rules.lint import lint as lint_rules
from ner_engine.spans import Sentence

ROOT = Path(__file__).resolve().parents[1]
CLINIC, BUNDLE = ROOT / "corpus" / "clinic", ROOT / "models" / "clinic"
LABELS = {"SYMPTOM", "BODY", "DEPARTMENT", "DOCTOR", "MEDICINE", "PROCEDURE", "PS", "DT", "TI"}
QUIET = NoiseShares(punctuation=0, unspaced=0, respaced=0, typos=0, chat_endings=0)
MARK = re.compile(r"<([^<>]+):([A-Z]{2,})>")

pytestmark = pytest.mark.skipif(not CLINIC.is_dir(), reason="needs corpus/clinic, which stays in the checkout")


@cache
def generated() -> tuple[Sentence, ...]:
    return tuple(generate_corpus(count=3000, seed=11, source=CLINIC, noise=QUIET))


def written(part: str) -> tuple[Sentence, ...]:
    return tuple(read(CLINIC / f"{part}.jsonl").sentences)


def test_guideline_recipe_grammar_and_utterances_know_the_same_labels() -> None:
    text = (CLINIC / "GUIDELINE.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([A-Z]+)` \|", text, re.M)) == LABELS
    assert {label for _, label in MARK.findall(text)} == LABELS
    assert set(load_recipe(ROOT / "models" / "configs" / "clinic.toml").data.labels) == LABELS
    for sentences in (generated(), written("dev"), written("test")):
        assert {span.label for sentence in sentences for span in sentence.entities} == LABELS


def test_every_label_is_said_often_and_many_sentences_have_none() -> None:
    counts = Counter(span.label for sentence in generated() for span in sentence.entities)
    assert all(counts[label] >= 100 for label in LABELS), counts
    assert 0.08 < sum(not sentence.entities for sentence in generated()) / len(generated()) < 0.3


def test_no_utterance_to_evaluate_on_is_generated() -> None:
    long = {sentence.text for part in ("dev", "test") for sentence in written(part) if len(sentence.text) > 12}
    assert {sentence.text for sentence in generated()}.isdisjoint(long)
    assert {s.text for s in written("dev")}.isdisjoint({s.text for s in written("test")})


@pytest.mark.parametrize("label", sorted(LABELS - {"SYMPTOM", "PS", "DOCTOR"}))
def test_particles_and_titles_stay_outside(label: str) -> None:
    """The guideline's first rule, on what the grammar marks: no particle, 님 or copula at the end of a mark."""
    outside = re.compile("(에서|에게|한테|부터|까지|이랑|하고|이에요|예요|인데요|입니다|이요|님|씨)$")
    wrong = {
        sentence.surface(span)
        for sentence in generated()
        for span in sentence.entities
        if span.label == label and outside.search(sentence.surface(span))
    }
    assert wrong == set()


def test_titles_stay_outside_names() -> None:
    titles = re.compile("(원장|선생|과장|교수|쌤|간호사|님|씨)")
    names = {
        sentence.surface(span)
        for sentence in generated()
        for span in sentence.entities
        if span.label in ("PS", "DOCTOR")
    }
    assert len(names) > 300
    assert {name for name in names if titles.search(name)} == set()


def test_a_verb_of_complaint_is_marked_to_the_end_of_its_word() -> None:
    """SYMPTOM, 2: ``아픈데요`` whole; what follows a mark that ends in a verb's ending is no letter."""
    endings = ("아파요", "아픈데요", "어지러워요", "부었어요", "가려워서", "토했어요", "쑤셔요", "따가워요")
    seen = Counter[str]()
    for sentence in generated():
        for span in sentence.entities:
            form = sentence.surface(span)
            if span.label == "SYMPTOM" and form.endswith(endings):
                seen[form] += 1
                assert not sentence.text[span.end : span.end + 1].isalnum(), sentence.text
        for form in endings:
            at = sentence.text.find(form)
            if at >= 0 and "마음이" not in sentence.text and "배가 아" not in sentence.text:
                assert any(span.start <= at < span.end for span in sentence.entities), sentence.text
    assert sum(seen.values()) > 20


def test_the_lexicons_are_sound_dictionaries() -> None:
    problems = lint_rules(sorted((CLINIC / "lexicons").glob("*.csv")))
    assert [str(problem) for problem in problems if problem.level == "error"] == []


def test_the_bot_is_clean_for_the_bundles_labels() -> None:
    assert list(lint_bot(str(CLINIC / "bot" / "clinic-desk.yaml"), labels=tuple(LABELS))) == []


needs_bundle = pytest.mark.skipif(not BUNDLE.is_dir(), reason="needs models/clinic, which stays in the checkout")


@pytest.fixture(scope="module")
def engine() -> ner_engine.Engine:
    return ner_engine.load(BUNDLE)


@needs_bundle
def test_the_bundle_is_small_and_has_the_labels() -> None:
    bundle = load_bundle(BUNDLE)
    assert set(bundle.labels) == LABELS
    assert bundle.size_bytes() < 8_000_000


@needs_bundle
def test_nine_in_ten_on_utterances_that_are_not_the_generators(engine: ner_engine.Engine) -> None:
    gold = found = right = 0
    for sentence in written("test"):
        wanted = {(e.start, e.end, e.label) for e in sentence.entities}
        got = {(e.start, e.end, e.label) for e in engine.extract(sentence.text)}
        gold, found, right = gold + len(wanted), found + len(got), right + len(wanted & got)
    assert len(written("test")) >= 150
    assert 2 * right / (gold + found) >= 0.90


@needs_bundle
@pytest.mark.parametrize(
    "talk", sorted((CLINIC / "bot" / "transcripts").glob("*.txt")), ids=lambda path: path.stem
)
def test_the_bot_talks_with_the_bundle(engine: ner_engine.Engine, talk: Path) -> None:
    rules = load_rules(CLINIC / "bot" / "clinic-desk.yaml")
    played = play(rules, read_transcript(talk), lambda text, now: engine.extract(text, now=now))
    assert not played.differences, played.differences
