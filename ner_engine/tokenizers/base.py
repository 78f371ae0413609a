"""The protocol every analyser follows: text in, morphemes with exact offsets out."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from ner_engine.spans import Morpheme

__all__ = ["Tokenizer"]


@runtime_checkable
class Tokenizer(Protocol):
    """A morphological analyser.

    ``name`` is what configuration calls it (``"mecab"``, ``"konlpy:komoran"``, ``"kiwi"``, ``"syllable"``).
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
