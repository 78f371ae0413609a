"""The engine with values and rules: entities carry what they mean, neighbours make moments, rules are swapped."""

from __future__ import annotations

from datetime import datetime

import pytest

pytest.importorskip("torch", reason="the tiny bundle is trained with the train extra")

from ner_engine.engine import load
from ner_engine.errors import ConfigError
from ner_engine.rules.patterns import Pattern, PatternMatcher
from ner_engine.rules.ruleset import RuleSet

NOW = datetime(2026, 11, 25, 14, 30)  # a Wednesday
RULES = RuleSet(
    (
        PatternMatcher(
            [
                Pattern("day", "DT", "내일|모레"),
                Pattern("hour", "TI", r"\d{1,2}시"),
                Pattern("phone", "PHONE", r"010-\d{4}-\d{4}"),
                Pattern("code", "CODE", "A-[0-9]{3}"),
            ]
        ),
    )
)
TEXT = "내일 3시에 부산에서, 010-1234-5678로 A-204"


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return load(tiny_bundle, rules=RULES)


def test_entities_carry_their_values(engine):
    found = {e.label: e for e in engine.extract(TEXT, now=NOW)}
    assert found["DT"].value.iso == "2026-11-26"
    assert found["TI"].value.iso == "15:00"
    assert found["PHONE"].value.value == "+821012345678"
    assert found["PHONE"].josa == "로"
    assert found["CODE"].value is None  # a label that has no values
    assert found["DT"].to_dict()["value"]["kind"] == "date"
    for e in found.values():
        assert TEXT[e.start : e.end] == e.text


def test_values_can_be_left_out_and_labels_chosen(tiny_bundle, engine):
    bare = load(tiny_bundle, rules=RULES, values=False)
    assert [e.value for e in bare.extract(TEXT)] == [None] * len(engine.extract(TEXT))
    assert [e.label for e in engine.extract(TEXT, labels={"TI"})] == ["TI"]
    assert {"PS", "LC", "DT", "TI", "PHONE", "CODE"} == set(engine.labels)
    with pytest.raises(ConfigError, match="labels"):
        engine.extract(TEXT, labels={"FOOD"})


def test_moments_join_the_date_and_the_time(engine):
    (moment,) = engine.moments(TEXT, now=NOW)
    assert (moment.text, moment.value.iso) == ("내일 3시", "2026-11-26T15:00+09:00")
    assert engine.moments("부산에서", now=NOW) == []


def test_zone_and_preference_belong_to_the_engine(tiny_bundle):
    paris = load(tiny_bundle, rules=RULES, timezone="Europe/Paris", prefer="past")
    (moment,) = paris.moments("9시", now=NOW)
    assert moment.value.iso == "2026-11-25T09:00+01:00"
    with pytest.raises(ConfigError, match="Nowhere"):
        load(tiny_bundle, timezone="Nowhere/None")


def test_rules_are_swapped_whole_and_explained(tiny_bundle):
    engine = load(tiny_bundle)
    assert "PHONE" not in engine.labels
    answers = engine.pipe([TEXT, TEXT], now=NOW)
    before = next(answers)
    engine.rules = RULES
    assert next(answers) == before  # an answer is made with the rules it began with
    assert {e.label for e in engine.extract(TEXT, now=NOW)} >= {"DT", "TI", "PHONE"}
    assert "pattern phone" in str(engine.explain(TEXT))
    masked = engine.mask(TEXT)
    assert "010" not in masked.text
    assert masked.restore() == TEXT
    for call in (engine.extract, engine.moments, engine.explain, engine.mask):
        with pytest.raises(TypeError):
            call(3)
