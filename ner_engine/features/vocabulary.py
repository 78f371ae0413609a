"""The closed vocabularies of a tagger, and the columns of ids it reads."""

from __future__ import annotations

import json
from dataclasses import dataclass

__all__ = ["INPUTS", "UNKNOWN", "Column", "Vocabularies"]

UNKNOWN = 1

# input -> the columns it fills. Columns of one table share its rows.
INPUTS: dict[str, tuple[str, ...]] = {
    "syllable": ("syllable",),
    "tail": ("syllable",),
    "jamo": ("initial", "medial", "final"),
    "class": ("class",),
    "eojeol": ("eojeol",),
    "bigram": ("bigram", "bigram"),
    "trigram": ("trigram",),
    "morpheme": ("morpheme",),
    "word": ("word",),
    "pos": ("pos",),
    "semantic": ("semantic",),
    "gazetteer": (),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of ids: the input it belongs to, the table it reads, and the table's size."""

    input: str
    table: str
    rows: int
    width: int


@dataclass(frozen=True, slots=True)
class Vocabularies:
    """The closed vocabularies, most frequent first. Everything else is hashed and needs none.

    ``word`` holds the keys (``word_key``) of the words that came with vectors.
    """

    syllable: tuple[str, ...] = ()
    pos: tuple[str, ...] = ()
    semantic: tuple[str, ...] = ()
    word: tuple[str, ...] = ()

    def to_json(self) -> str:
        """As a JSON object of lists, for UTF-8 that lets lone surrogates pass."""
        return json.dumps(
            {"syllable": self.syllable, "pos": self.pos, "semantic": self.semantic, "word": self.word},
            indent=0,
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> Vocabularies:
        """The inverse of ``to_json``; without ``word``, which older ones have not, there are none."""
        data = json.loads(text)
        syllable, pos, semantic = (tuple(data[name]) for name in ("syllable", "pos", "semantic"))
        return cls(syllable, pos, semantic, tuple(data.get("word", ())))
