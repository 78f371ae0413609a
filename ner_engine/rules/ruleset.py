"""Dictionaries, patterns and a policy together: a text and the model's entities in, one answer out.

An engine holds one ``RuleSet`` and replaces it whole to reload: an answer is made with the one it began with.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from ner_engine.errors import ConfigError
from ner_engine.rules.candidates import Candidate, from_entities
from ner_engine.rules.explain import Explanation
from ner_engine.rules.merge import DEFAULT_POLICY, POLICIES, Decision, Rejected, decide
from ner_engine.spans import Entity

__all__ = ["Finder", "RuleSet"]


class Finder(Protocol):
    """A dictionary or a set of patterns. Immutable: threads share it, and a reload puts another in its place."""

    @property
    def labels(self) -> Collection[str]:
        """The labels it may give."""

    def find(self, text: str) -> Iterable[Candidate]:
        """What it takes for entities in a text, in any order; they may overlap."""

    def refused(self, text: str) -> Iterable[Rejected]:
        """What nearly was one, and why it is none. Only explanations ask for it."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The finders beside the model, and the policy that chooses. Raises ConfigError for an unknown policy."""

    finders: tuple[Finder, ...] = ()
    policy: str = DEFAULT_POLICY

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise ConfigError(f"policy: expected one of {', '.join(POLICIES)}; got {self.policy!r}")

    @property
    def labels(self) -> frozenset[str]:
        """The labels the finders may give, beside those of the model."""
        return frozenset(label for finder in self.finders for label in finder.labels)

    def decide(
        self,
        text: str,
        entities: Iterable[Entity],
        *,
        min_score: float = 0.0,
        labels: Collection[str] | None = None,
    ) -> Decision:
        """What to answer of the model's ``entities`` and everything the finders find; see ``merge.decide``."""
        candidates = from_entities(entities)
        for finder in self.finders:
            candidates.extend(finder.find(text))
        return decide(candidates, policy=self.policy, min_score=min_score, labels=labels)

    def explain(
        self,
        text: str,
        entities: Iterable[Entity],
        *,
        min_score: float = 0.0,
        labels: Collection[str] | None = None,
    ) -> Explanation:
        """``decide`` with why: also what the finders themselves refused."""
        decision = self.decide(text, entities, min_score=min_score, labels=labels)
        refused = [one for finder in self.finders for one in finder.refused(text)]
        return Explanation(text, decision.with_rejected(refused))

    def answer(
        self,
        text: str,
        entities: Iterable[Entity],
        *,
        min_score: float = 0.0,
        labels: Collection[str] | None = None,
    ) -> list[Entity]:
        """``decide`` as entities, sorted by start, none overlapping another, without values."""
        return self.decide(text, entities, min_score=min_score, labels=labels).entities(text)
