"""Candidates of all sources in, one answer out: sorted, none overlapping, and why the others were left.

A policy is a named function from a candidate to what it is ranked by. The highest rank is taken first; a
candidate that overlaps one already taken is left. Ties go to the longer, then the more probable, then the
earlier one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from ner_engine.errors import ConfigError
from ner_engine.rules.candidates import SOURCES, Candidate
from ner_engine.spans import Entity

__all__ = [
    "DEFAULT_POLICY",
    "POLICIES",
    "Decision",
    "Policy",
    "Rejected",
    "decide",
    "longest",
    "model_first",
    "rules_first",
    "score",
]

Policy = Callable[[Candidate], tuple[float, ...]]


def model_first(candidate: Candidate) -> tuple[float, ...]:
    """The model's spans stand; dictionaries and patterns fill what it left free."""
    return (candidate.source == "model", len(candidate.text), candidate.score)


def rules_first(candidate: Candidate) -> tuple[float, ...]:
    """Dictionaries and patterns stand; the model fills what they left free."""
    return (candidate.source != "model", len(candidate.text), candidate.score)


def longest(candidate: Candidate) -> tuple[float, ...]:
    """The longest span, from wherever it comes; of equal ones a rule's."""
    return (len(candidate.text), candidate.source != "model", candidate.score)


def score(candidate: Candidate) -> tuple[float, ...]:
    """The most probable span; of equal ones the longest."""
    return (candidate.score, len(candidate.text), candidate.source != "model")


POLICIES: Mapping[str, Policy] = {
    "model_first": model_first,
    "rules_first": rules_first,
    "longest": longest,
    "score": score,
}
DEFAULT_POLICY = "rules_first"
_SOURCE_RANK = {source: rank for rank, source in enumerate(("gazetteer", "pattern", "model"))}


@dataclass(frozen=True, slots=True)
class Rejected:
    """A candidate that is not in the answer, and why: ``winner`` is the one it overlaps, or None."""

    candidate: Candidate
    why: str
    winner: Candidate | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """``kept``, sorted by start, none overlapping another; and the rest, in the order of the text."""

    policy: str
    kept: tuple[Candidate, ...]
    rejected: tuple[Rejected, ...]

    def entities(self, text: str) -> list[Entity]:
        """What was kept, as entities of the text, without values."""
        return [candidate.entity(text) for candidate in self.kept]

    def with_rejected(self, more: Iterable[Rejected]) -> Decision:
        """The same decision with more that was rejected, elsewhere."""
        return replace(self, rejected=_in_order([*self.rejected, *more]))


def decide(
    candidates: Iterable[Candidate],
    *,
    policy: str = DEFAULT_POLICY,
    min_score: float = 0.0,
    labels: Collection[str] | None = None,
) -> Decision:
    """One answer out of the candidates of all sources.

    What is less probable than ``min_score`` is left before anything is chosen, so that it hides nothing; other
    ``labels`` than those asked for are left after, so that asking for fewer never brings up another answer. A
    model's span that a dictionary confirms, or the other way round, takes over the dictionary's canonical id.
    Raises ConfigError for a policy that is not in POLICIES.
    """
    if policy not in POLICIES:
        raise ConfigError(f"policy: expected one of {', '.join(POLICIES)}; got {policy!r}")
    rejected: list[Rejected] = []
    ranked: list[tuple[tuple[float, ...], int, int, Candidate]] = []
    rank = POLICIES[policy]
    for candidate in candidates:
        if candidate.score < min_score:
            rejected.append(Rejected(candidate, f"score {candidate.score:.2f} below {min_score:g}"))
        else:
            key = (*rank(candidate), len(candidate.text), candidate.score)
            ranked.append((key, -candidate.start, -_SOURCE_RANK[candidate.source], candidate))
    ranked.sort(key=lambda item: item[:3], reverse=True)
    kept = _Kept()
    for *_, candidate in ranked:
        winner = kept.add(candidate)
        if winner is not None:
            rejected.append(Rejected(candidate, _why(candidate, winner, policy), winner))
    confirming = {
        id(one.winner): one.candidate
        for one in reversed(rejected)
        if one.winner is not None and one.candidate.canonical and _same(one.candidate, one.winner)
    }
    answer = []
    for candidate in kept.taken:
        if labels is not None and candidate.label not in labels:
            rejected.append(Rejected(candidate, f"label {candidate.label} was not asked for"))
        else:
            answer.append(_confirmed(candidate, confirming.get(id(candidate))))
    return Decision(policy, tuple(answer), _in_order(rejected))


def _in_order(rejected: Iterable[Rejected]) -> tuple[Rejected, ...]:
    return tuple(
        sorted(rejected, key=lambda r: (r.candidate.start, r.candidate.end, SOURCES.index(r.candidate.source)))
    )


class _Kept:
    """Spans that do not overlap, sorted; one more is added only where it fits."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self.taken: list[Candidate] = []

    def add(self, candidate: Candidate) -> Candidate | None:
        """None if there was room, else the span that is in the way."""
        at = bisect_left(self._starts, candidate.start)
        if at < len(self.taken) and self.taken[at].overlaps(candidate):
            return self.taken[at]
        if at and self.taken[at - 1].overlaps(candidate):
            return self.taken[at - 1]
        self._starts.insert(at, candidate.start)
        self.taken.insert(at, candidate)
        return None


def _same(one: Candidate, other: Candidate) -> bool:
    return (one.start, one.end, one.label) == (other.start, other.end, other.label)


def _why(loser: Candidate, winner: Candidate, policy: str) -> str:
    if _same(loser, winner):
        return "says the same" if not loser.canonical or loser.canonical == winner.canonical else "confirms it"
    if (loser.source == "model") != (winner.source == "model") and policy in ("model_first", "rules_first"):
        return f"{policy}: the {winner.source} comes before the {loser.source}"
    if policy == "score" and loser.score < winner.score:
        return f"score {loser.score:.2f} against {winner.score:.2f}"
    if len(loser.text) < len(winner.text):
        return f"{len(loser.text)} characters against {len(winner.text)}"
    if loser.score < winner.score:
        return f"as long; score {loser.score:.2f} against {winner.score:.2f}"
    if loser.source != winner.source:
        return f"as long and as probable; the {winner.source} comes before the {loser.source}"
    return "as long and as probable; the other was first"


def _confirmed(candidate: Candidate, said: Candidate | None) -> Candidate:
    """With the canonical id of the dictionary entry that says the same, if any."""
    if said is None or candidate.canonical:
        return candidate
    return replace(
        candidate,
        canonical=said.canonical,
        rule=candidate.rule or said.rule,
        place=candidate.place or said.place,
        metadata=candidate.metadata or said.metadata,
    )
