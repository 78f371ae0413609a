"""A decision in words: for each entity who found it and where, for each rejected candidate what it lost to.

``explain(text, decision)`` -> an Explanation: ``to_dict()`` for machines, ``str()`` for a console.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ner_engine.rules.candidates import Candidate
from ner_engine.rules.merge import Decision, Rejected

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a text was answered as it was."""

    text: str
    decision: Decision

    def to_dict(self) -> dict[str, Any]:
        """JSON: the text, the policy, ``kept`` and ``rejected`` with their provenance."""
        return {
            "text": self.text,
            "policy": self.decision.policy,
            "kept": [_as_dict(candidate) for candidate in self.decision.kept],
            "rejected": [_rejection(one) for one in self.decision.rejected],
        }

    def __str__(self) -> str:
        lines = [f"policy {self.decision.policy}"]
        lines += [f"+ {_line(candidate)}" for candidate in self.decision.kept]
        lines += [f"- {_line(one.candidate)}\n    {_verdict(one)}" for one in self.decision.rejected]
        if len(lines) == 1:
            lines.append("no candidates")
        return "\n".join(lines)


def explain(text: str, decision: Decision) -> Explanation:
    """The decision over a text, ready to be shown."""
    return Explanation(text, decision)


def _as_dict(candidate: Candidate) -> dict[str, Any]:
    out: dict[str, Any] = {
        "text": candidate.text,
        "start": candidate.start,
        "end": candidate.end,
        "label": candidate.label,
        "score": round(candidate.score, 4),
        "source": candidate.source,
    }
    for name in ("rule", "place", "reason", "canonical"):
        if value := getattr(candidate, name):
            out[name] = value
    return out


def _rejection(one: Rejected) -> dict[str, Any]:
    out = {**_as_dict(one.candidate), "why": one.why}
    if one.winner is not None:
        out["winner"] = {
            "text": one.winner.text,
            "start": one.winner.start,
            "end": one.winner.end,
            "label": one.winner.label,
            "source": one.winner.source,
        }
    return out


def _line(candidate: Candidate) -> str:
    who = " ".join(part for part in (candidate.source, candidate.rule) if part)
    pieces = [
        f"{candidate.label} [{candidate.start}, {candidate.end}) {candidate.text}",
        f"{candidate.score:.2f}",
        f"{who} ({candidate.place})" if candidate.place else who,
    ]
    if candidate.canonical:
        pieces.append(f"= {candidate.canonical}")
    if candidate.reason:
        pieces.append(candidate.reason)
    return "  ".join(pieces)


def _verdict(one: Rejected) -> str:
    if one.winner is None:
        return one.why
    return f"{one.why} (as {one.winner.label} [{one.winner.start}, {one.winner.end}) {one.winner.text})"
