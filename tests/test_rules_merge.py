"""Merging: each policy on the same conflicts, by hand and against brute force; what explanations say."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ner_engine.errors import ConfigError
from ner_engine.rules.candidates import Candidate, from_entities
from ner_engine.rules.explain import explain
from ner_engine.rules.merge import POLICIES, decide
from ner_engine.rules.patterns import Pattern, PatternMatcher
from ner_engine.rules.ruleset import RuleSet
from ner_engine.spans import Entity

TEXT = "아아 두 잔 010-1234-5678로요"
MODEL_FOOD = Candidate("아아", 0, 2, "FOOD", 0.6)
MODEL_QT = Candidate("두 잔", 3, 6, "QT", 0.99)
MODEL_PART = Candidate("1234-5678", 11, 20, "QT", 0.7)
MENU = Candidate(
    "아아", 0, 2, "FOOD", 1.0, "gazetteer", rule="menu.tsv", place="menu.tsv:12",
    reason="아아 is a synonym of 아이스 아메리카노", canonical="아이스 아메리카노",
)  # fmt: skip
PERSON = Candidate("아아", 0, 2, "PS", 0.9, "gazetteer", rule="names.tsv", place="names.tsv:3", canonical="p1")
PHONE = Candidate("010-1234-5678", 7, 20, "PHONE", 0.98, "pattern", rule="phone", reason="a telephone number")
WIDE = Candidate("아아 두 잔", 0, 6, "SET", 0.5, "gazetteer", rule="sets.tsv", place="sets.tsv:1", canonical="s1")


def _kept(policy: str, *candidates: Candidate) -> list[tuple[str, str, str]]:
    return [(c.text, c.label, c.source) for c in decide(candidates, policy=policy).kept]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("model_first", [("아아", "FOOD", "model"), ("두 잔", "QT", "model"), ("1234-5678", "QT", "model")]),
        ("rules_first", [("아아 두 잔", "SET", "gazetteer"), ("010-1234-5678", "PHONE", "pattern")]),
        ("longest", [("아아 두 잔", "SET", "gazetteer"), ("010-1234-5678", "PHONE", "pattern")]),
        ("score", [("아아", "PS", "gazetteer"), ("두 잔", "QT", "model"), ("010-1234-5678", "PHONE", "pattern")]),
    ],
)
def test_the_policies_on_one_text(policy, expected):
    assert _kept(policy, MODEL_FOOD, MODEL_QT, MODEL_PART, PERSON, PHONE, WIDE) == expected
    assert _kept(policy, WIDE, PHONE, PERSON, MODEL_PART, MODEL_QT, MODEL_FOOD) == expected


@pytest.mark.parametrize(
    ("policy", "first", "second", "winner"),
    [
        ("longest", Candidate("ab", 0, 2, "A", 0.5), Candidate("bc", 1, 3, "B", 0.5), "A"),  # the earlier one
        (
            "longest",
            Candidate("ab", 0, 2, "A", 0.9),
            Candidate("ab", 0, 2, "B", 0.5, "pattern"),
            "B",
        ),  # the rule's
        ("longest", Candidate("ab", 0, 2, "A", 0.4), Candidate("bc", 1, 3, "B", 0.5), "B"),  # the more probable
        ("score", Candidate("abc", 0, 3, "A", 0.5), Candidate("b", 1, 2, "B", 0.5), "A"),  # the longer
        ("score", Candidate("ab", 0, 2, "A", 0.5), Candidate("ab", 0, 2, "B", 0.5, "gazetteer"), "B"),
        (
            "rules_first",
            Candidate("ab", 0, 2, "A", 1, "pattern"),
            Candidate("ab", 0, 2, "B", 1, "gazetteer"),
            "B",
        ),
        (
            "rules_first",
            Candidate("ab", 0, 2, "A", 1, "pattern"),
            Candidate("abc", 0, 3, "B", 0.1, "gazetteer"),
            "B",
        ),
        ("model_first", Candidate("abc", 0, 3, "A", 0.1), Candidate("ab", 0, 2, "B", 0.9), "A"),
    ],
)
def test_ties(policy, first, second, winner):
    for order in ((first, second), (second, first)):
        assert [c.label for c in decide(order, policy=policy).kept] == [winner]


def test_neighbours_do_not_overlap():
    a, b = Candidate("ab", 0, 2, "A"), Candidate("cd", 2, 4, "B")
    assert decide([b, a]).kept == (a, b)
    assert decide([]).kept == decide([]).rejected == ()


@pytest.mark.parametrize("policy", POLICIES)
def test_a_canonical_id_rides_along(policy):
    (found,) = decide([MODEL_FOOD, MENU], policy=policy).kept
    assert (found.canonical, found.place) == ("아이스 아메리카노", "menu.tsv:12")
    assert found.source == ("model" if policy == "model_first" else "gazetteer")
    assert found.entity(TEXT).to_dict()["canonical"] == "아이스 아메리카노"
    # another label on the same characters is another thing
    (person,) = decide([Candidate("아아", 0, 2, "OG", 1.0), PERSON], policy="model_first").kept
    assert person.canonical == ""
    assert "canonical" not in person.entity(TEXT).to_dict()


def test_what_is_too_improbable_hides_nothing():
    decision = decide([MODEL_FOOD, PERSON], policy="model_first", min_score=0.7)
    assert [c.label for c in decision.kept] == ["PS"]
    assert [(r.candidate, r.why, r.winner) for r in decision.rejected] == [
        (MODEL_FOOD, "score 0.60 below 0.7", None)
    ]


def test_fewer_labels_never_bring_up_another_answer():
    decision = decide([MODEL_FOOD, PERSON, MODEL_QT], policy="rules_first", labels={"FOOD", "QT"})
    assert decision.kept == (MODEL_QT,)
    assert {(r.candidate.label, r.why.split(":")[0]) for r in decision.rejected} == {
        ("PS", "label PS was not asked for"),
        ("FOOD", "rules_first"),
    }


def test_an_unknown_policy_is_refused():
    with pytest.raises(
        ConfigError, match="policy: expected one of model_first, rules_first, longest, score; got 'x'"
    ):
        decide([], policy="x")
    with pytest.raises(ConfigError, match="got 'x'"):
        RuleSet(policy="x")


_candidates = st.lists(
    st.builds(
        lambda start, size, label, score, source: Candidate(
            "x" * size, start, start + size, label, score / 4, source
        ),
        st.integers(0, 12), st.integers(1, 6), st.sampled_from("AB"), st.integers(0, 4),
        st.sampled_from(["model", "gazetteer", "pattern"]),
    ),
    max_size=9,
)  # fmt: skip


@given(_candidates, st.sampled_from(sorted(POLICIES)))
@settings(max_examples=300)
def test_an_answer_never_overlaps_and_accounts_for_everything(candidates, policy):
    decision = decide(candidates, policy=policy)
    kept = decision.kept
    assert all(a.end <= b.start for a, b in pairwise(kept))
    assert sorted(map(id, [*kept, *(r.candidate for r in decision.rejected)])) == sorted(map(id, candidates))
    rank = POLICIES[policy]
    for one in decision.rejected:
        assert one.winner in kept
        assert one.winner.overlaps(one.candidate)
    # nothing that was left overlaps only what ranks below it
    for one in decision.rejected:
        ahead = [k for k in kept if k.overlaps(one.candidate)]
        assert any(rank(k) >= rank(one.candidate) for k in ahead)
    if policy == "model_first":
        alone = decide([c for c in candidates if c.source == "model"], policy=policy).kept
        assert [c for c in kept if c.source == "model"] == list(alone)
    if policy == "rules_first":
        alone = decide([c for c in candidates if c.source != "model"], policy=policy).kept
        assert [c for c in kept if c.source != "model"] == list(alone)


def test_entities_and_back():
    entities = [Entity("아아", 0, 2, "FOOD", 0.6, canonical="x"), Entity("두 잔", 3, 6, "QT", 0.99, josa="")]
    assert decide(from_entities(entities)).entities(TEXT) == entities
    with pytest.raises(ValueError, match="source: expected one of model, gazetteer, pattern; got 'rule'"):
        from_entities([Entity("아아", 0, 2, "FOOD", source="rule")])


def test_the_explanation_as_text_and_json():
    explanation = explain(TEXT, decide([MODEL_FOOD, MODEL_QT, MODEL_PART, MENU, PHONE]))
    assert str(explanation) == (
        "policy rules_first\n"
        "+ FOOD [0, 2) 아아  1.00  gazetteer menu.tsv (menu.tsv:12)  = 아이스 아메리카노"
        "  아아 is a synonym of 아이스 아메리카노\n"
        "+ QT [3, 6) 두 잔  0.99  model\n"
        "+ PHONE [7, 20) 010-1234-5678  0.98  pattern phone  a telephone number\n"
        "- FOOD [0, 2) 아아  0.60  model\n"
        "    says the same (as FOOD [0, 2) 아아)\n"
        "- QT [11, 20) 1234-5678  0.70  model\n"
        "    rules_first: the pattern comes before the model (as PHONE [7, 20) 010-1234-5678)"
    )
    data = json.loads(json.dumps(explanation.to_dict(), ensure_ascii=False))
    assert data["kept"][0] == {
        "text": "아아", "start": 0, "end": 2, "label": "FOOD", "score": 1.0, "source": "gazetteer",
        "rule": "menu.tsv", "place": "menu.tsv:12", "reason": "아아 is a synonym of 아이스 아메리카노",
        "canonical": "아이스 아메리카노",
    }  # fmt: skip
    assert data["rejected"][1]["why"] == "rules_first: the pattern comes before the model"
    assert data["rejected"][1]["winner"] == {
        "text": "010-1234-5678", "start": 7, "end": 20, "label": "PHONE", "source": "pattern",
    }  # fmt: skip
    assert str(explain("", decide([]))) == "policy rules_first\nno candidates"


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ("model_first", "model_first: the model comes before the gazetteer"),
        ("rules_first", "rules_first: the gazetteer comes before the model"),
        ("longest", "2 characters against 6"),
        ("score", "score 0.50 against 0.60"),
    ],
)
def test_why_a_candidate_lost(policy, why):
    (lost,) = decide([MODEL_FOOD, WIDE], policy=policy).rejected
    assert lost.why == why


def test_a_rule_set_answers_and_explains():
    matcher = PatternMatcher([Pattern("card", "CARD", r"\d{16}", check="card"), Pattern("cup", "QT", "두 잔")])
    rules = RuleSet((matcher,), policy="rules_first")
    text = "두 잔을 4111111111111112로"
    model = [Entity("두 잔", 0, 3, "QT", 0.9), Entity("4111111111111112", 5, 21, "QT", 0.4)]
    assert rules.labels == {"CARD", "QT"}
    answer = rules.answer(text, model)
    assert [(e.text, e.source, e.josa) for e in answer] == [
        ("두 잔", "pattern", "을"),
        ("4111111111111112", "model", "로"),
    ]
    assert [e.text for e in rules.answer(text, model, min_score=0.5)] == ["두 잔"]
    assert rules.answer(text, model, labels={"CARD"}) == []
    rejected = rules.explain(text, model).decision.rejected
    assert [(r.candidate.source, r.why) for r in rejected] == [
        ("model", "says the same"),
        ("pattern", "the check 'card' rejects it"),
    ]
    assert RuleSet().answer(text, model) == [
        Entity("두 잔", 0, 3, "QT", 0.9, josa="을"),
        Entity("4111111111111112", 5, 21, "QT", 0.4, josa="로"),
    ]


def test_of_ten_thousand_overlapping_candidates_the_highest_stay():
    many = [
        Candidate("xx", i, i + 2, "A", (i * 7919 % 100) / 100, "gazetteer", canonical=str(i))
        for i in range(10_000)
    ]
    # scores rise by 19 and wrap at 100: of a hundred, 14 runs of five keep two each, 5 runs of six keep three
    decision = decide(many, policy="score")
    assert [c.start for c in decision.kept[:9]] == [1, 3, 5, 8, 10, 13, 15, 17, 19]
    assert (len(decision.kept), len(decision.rejected)) == (4_300, 5_700)
    assert all(one.end <= other.start for one, other in pairwise(decision.kept))
    assert all(r.winner is not None and r.winner.score > r.candidate.score for r in decision.rejected)
