"""Dictionaries, patterns and policies: what finds entities beside the model, and how all become one answer."""

from __future__ import annotations

from ner_engine.rules.explain import Explanation
from ner_engine.rules.gazetteer import Gazetteer, load_gazetteer
from ner_engine.rules.mask import Masked, mask
from ner_engine.rules.merge import POLICIES
from ner_engine.rules.patterns import Pattern, PatternMatcher, read_patterns, relabel
from ner_engine.rules.reading import read_rules
from ner_engine.rules.reload import LiveGazetteer
from ner_engine.rules.ruleset import Finder, RuleSet

__all__ = [
    "POLICIES",
    "Explanation",
    "Finder",
    "Gazetteer",
    "LiveGazetteer",
    "Masked",
    "Pattern",
    "PatternMatcher",
    "RuleSet",
    "load_gazetteer",
    "mask",
    "read_patterns",
    "read_rules",
    "relabel",
]
