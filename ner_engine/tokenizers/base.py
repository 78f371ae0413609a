"""The protocol every analyser follows: text in, morphemes with exact offsets out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ner_engine.spans import Morpheme

__all__ = ["Analysis", "Tokenizer", "Word", "analyser_of"]

Word = tuple[str, str, str]
"""A morpheme without its place: form, part of speech, semantic class."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """The morphemes of a text as parallel lists: a tenth of the cost of an object for each."""

    words: list[Word]
    starts: list[int]
    ends: list[int]

    @classmethod
    def of(cls, morphemes: Sequence[Morpheme]) -> Analysis:
        """The same morphemes, in order."""
        return cls(
            [(m.form, m.pos, m.semantic) for m in morphemes],
            [m.start for m in morphemes],
            [m.end for m in morphemes],
        )

    def morphemes(self) -> list[Morpheme]:
        """The inverse of ``of``."""
        return [
            Morpheme(form, pos, start, end, semantic)
            for (form, pos, semantic), start, end in zip(self.words, self.starts, self.ends, strict=True)
        ]


@runtime_checkable
class Tokenizer(Protocol):
    """A morphological analyser.

    ``name`` is what configuration calls it (``"mecab"``, ``"konlpy:komoran"``, ``"kiwi"``, ``"syllable"``).
    One that has the parallel lists at hand may also offer ``analysis(text) -> Analysis``: see ``analyser_of``.
    """

    name: str

    def morphemes(self, text: str) -> list[Morpheme]:
        """Analyse any str without raising: morphemes sorted by start, each within ``[0, len(text)]``.

        Whitespace is never part of a morpheme; morphemes of a contraction may share characters.
        """
        ...

    def fingerprint(self) -> dict[str, str]:
        """What must be equal for a trained model to see the same input: backend, versions, dictionary hash."""
        ...


def analyser_of(tokenizer: Tokenizer) -> Callable[[str], Analysis]:
    """What gives the ``Analysis`` of a text: the tokenizer's own ``analysis``, else made of its morphemes."""
    own: Callable[[str], Analysis] | None = getattr(tokenizer, "analysis", None)
    return own if own is not None else lambda text: Analysis.of(tokenizer.morphemes(text))
