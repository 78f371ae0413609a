"""Which entities have probably taken a particle (조사) along: sentences in, suspicions out.

에서, 에게, 한테 and their kin end no name, and are suspected wherever an entity ends in one. Korean names often
end like the other particles, so there the ending alone says nothing, and an entity is suspected only where the
corpus itself knows better: the same characters without the particle carry the same label several times
as often, the particle fits the final consonant, and the eojeol ends there. 도 and 만 are not looked for
(충청도, 진주만), nor 로 and 의 after a number (5차로, 제2의).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ner_engine.josa import final_consonant
from ner_engine.spans import Sentence, Span

__all__ = ["Suspicion", "suspicions"]

# longest first; what must stand before: a final consonant (True), none (False), either (None)
_PARTICLES: tuple[tuple[str, bool | None], ...] = (
    ("에서는", None),
    ("에게서", None),
    ("에서", None),
    ("에게", None),
    ("한테", None),
    ("께서", None),
    ("까지", None),
    ("부터", None),
    ("처럼", None),
    ("보다", None),
    ("하고", None),
    ("이랑", True),
    ("으로", True),
    ("은", True),
    ("는", False),
    ("이", True),
    ("가", False),
    ("을", True),
    ("를", False),
    ("과", True),
    ("와", False),
    ("랑", False),
    ("로", False),
    ("의", None),
    ("에", None),
)
_END_NO_NAME = ("에서는", "에게서", "에서", "에게", "한테", "께서")
_NOT_AFTER_NUMBERS = ("로", "의")
_LEAST_STEM = 2  # one syllable before a particle is nearly always part of a name
_TIMES_AS_OFTEN = 3


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A span of sentence ``index`` that seems to end in ``particle``; ``stem`` alone was seen ``times``."""

    index: int
    span: Span
    stem: str
    particle: str
    times: int


def suspicions(sentences: Iterable[Sentence], *, known: Iterable[Sentence] = ()) -> Iterator[Suspicion]:
    """Entities that seem to hold a particle, judged by these sentences and those of ``known``."""
    judged = tuple(sentences)
    counts = Counter((s.surface(e), e.label) for part in (judged, known) for s in part for e in s.entities)
    for index, sentence in enumerate(judged):
        for span in sentence.entities:
            surface = sentence.surface(span)
            if _goes_on(sentence.text[span.end : span.end + 1]):
                continue
            for particle, closed in _PARTICLES:
                stem = surface.removesuffix(particle)
                if stem == surface or len(stem) < _LEAST_STEM or stem != stem.rstrip():
                    continue
                if closed is not None and bool(final_consonant(stem)) is not closed:
                    continue
                if particle in _NOT_AFTER_NUMBERS and any(c.isdecimal() for c in stem):
                    continue
                times = counts[stem, span.label]
                if particle in _END_NO_NAME or times >= _TIMES_AS_OFTEN * counts[surface, span.label]:
                    yield Suspicion(index, span, stem, particle, times)
                    break


def _goes_on(following: str) -> bool:
    return following.isalnum()
