"""No analyser: every character that is not whitespace is a morpheme of its own, without a part of speech."""

from __future__ import annotations

from ner_engine.spans import Morpheme
from ner_engine.tokenizers.cleaning import readable, settle

__all__ = ["SyllableTokenizer"]


class SyllableTokenizer:
    """Characters as morphemes. Decomposed Hangul counts by the syllable."""

    name: str = "syllable"

    def morphemes(self, text: str) -> list[Morpheme]:
        """One morpheme per character of the composed text; ``pos`` is ``""``."""
        source = readable(text)
        found = [Morpheme(c, "", i, i + 1) for i, c in enumerate(source.text) if c != " "]
        return settle(source, found)

    def fingerprint(self) -> dict[str, str]:
        """There is nothing to install; the version counts changes of the rule above."""
        return {"backend": "syllable", "version": "1"}
