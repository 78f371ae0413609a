"""What any source (model, gazetteer, pattern) takes for an entity, with its provenance; and back to an Entity.

Every source answers with ``Candidate``s, in any order and overlapping as they may; ``merge.decide`` chooses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ner_engine.josa import leading_josa
from ner_engine.spans import Entity

__all__ = ["SOURCES", "Candidate", "Source", "from_entities"]

Source = Literal["model", "gazetteer", "pattern"]
SOURCES: tuple[Source, ...] = ("model", "gazetteer", "pattern")
_LONGEST_JOSA = 8


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stretch ``[start, end)`` of a text that one source takes for an entity; ``text`` is those characters.

    ``score`` is a probability in [0, 1]: the model's, or how far a dictionary or pattern is to be trusted.
    ``rule`` names the dictionary or pattern, ``place`` the line it stands on (``"menu.tsv:12"``). ``reason`` is
    a clause for a person ("아아 is a synonym of 아이스 아메리카노"). ``canonical`` is the dictionary's id.
    """

    text: str
    start: int
    end: int
    label: str
    score: float = 1.0
    source: Source = "model"
    rule: str = ""
    place: str = ""
    reason: str = ""
    canonical: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)

    def entity(self, whole: str) -> Entity:
        """The entity in ``whole``, the text it was found in, with the particle that follows there; no value."""
        josa = leading_josa(whole[self.end : self.end + _LONGEST_JOSA])
        return Entity(
            self.text,
            self.start,
            self.end,
            self.label,
            self.score,
            source=self.source,
            josa=josa,
            canonical=self.canonical,
        )

    def overlaps(self, other: Candidate) -> bool:
        """Whether the two have a character in common."""
        return self.start < other.end and other.start < self.end


def from_entities(entities: Iterable[Entity]) -> list[Candidate]:
    """Entities (a model's answer) as candidates; values and particles are left behind."""
    return [
        Candidate(e.text, e.start, e.end, e.label, e.score, _source(e.source), canonical=e.canonical)
        for e in entities
    ]


def _source(name: str) -> Source:
    for source in SOURCES:
        if source == name:
            return source
    raise ValueError(f"source: expected one of {', '.join(SOURCES)}; got {name!r}")
