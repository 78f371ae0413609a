"""Analyses of texts -> the morphemes of all of them in one row, none sharing a character with another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import le, lt

import numpy as np

from ner_engine.features.units import Ints
from ner_engine.tokenizers.base import Analysis, Word

__all__ = ["Morphemes", "apart", "morphemes_of"]


@dataclass(frozen=True, slots=True)
class Morphemes:
    """Morphemes in order; ``begins`` and ``finishes`` ``(morphemes,)`` count characters over all texts."""

    words: list[Word]
    begins: Ints
    finishes: Ints

    def owners(self, starts: Ints, characters: int) -> Ints:
        """The morpheme of each unit that starts at ``starts (units,)``; -1 for none."""
        lengths = self.finishes - self.begins
        number = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
        first = np.repeat(self.begins - np.cumsum(lengths) + lengths, lengths)
        of_character = np.full(characters, -1, dtype=np.int32)
        of_character[first + np.arange(len(first))] = number
        return of_character[starts]


def apart(found: Analysis) -> Analysis:
    """Morphemes that share characters (contractions) joined into one; empty ones dropped."""
    if all(map(lt, found.starts, found.ends)) and all(map(le, found.ends, found.starts[1:])):
        return found
    groups = Analysis([], [], [])
    words, starts, ends = groups.words, groups.starts, groups.ends
    for word, start, end in zip(found.words, found.starts, found.ends, strict=True):
        if start == end:
            continue
        if ends and start < ends[-1]:
            form, pos, semantic = words[-1]
            words[-1] = (f"{form}+{word[0]}", f"{pos}+{word[1]}", semantic)
            ends[-1] = max(ends[-1], end)
        else:
            words.append(word)
            starts.append(start)
            ends.append(end)
    return groups


def morphemes_of(texts: Sequence[str], offsets: Sequence[int], analyse: Callable[[str], Analysis]) -> Morphemes:
    """The morphemes of texts, the first character of each counted as ``offsets``."""
    words: list[Word] = []
    begins: list[int] = []
    finishes: list[int] = []
    counts = []
    for text in texts:
        found = apart(analyse(text))
        words += found.words
        begins += found.starts
        finishes += found.ends
        counts.append(len(found.words))
    shift = np.repeat(np.array(offsets, dtype=np.int32), counts)
    return Morphemes(words, np.array(begins, dtype=np.int32) + shift, np.array(finishes, dtype=np.int32) + shift)
