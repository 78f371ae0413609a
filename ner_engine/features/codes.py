"""Many texts -> the code points of their units, and the rows that stand for a code point.

The fast way in for raw text: inputs that look at no neighbour depend on a unit's code point alone, so that a
text is a row of code points and the ids of a code point are looked up once. A million units take a tenth of a
second; no analyser is asked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from ner_engine.config import FeatureConfig
from ner_engine.errors import ConfigError
from ner_engine.features.extractor import FeatureExtractor
from ner_engine.features.units import Codes, Ints, fold, units_of
from ner_engine.features.vocabulary import Vocabularies
from ner_engine.tokenizers.syllable import SyllableTokenizer

__all__ = ["CONTEXT_FREE", "code_rows", "context_free_extractor", "count_syllables", "unit_codes"]

CONTEXT_FREE = ("syllable", "jamo", "class")

# what may make several characters one unit, and would make a whole block of texts take the slow way
_JOINING = re.compile("[\u0300-\u036f\u1100-\u11ff\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")
_BLOCK = 8192


def _plain(text: str) -> str:
    """A text with the same units, each a single character."""
    if _JOINING.search(text) is None and unicodedata.is_normalized("NFC", text):
        return text
    return " ".join(map(chr, units_of(text)[0]))  # apart, so that none joins the one before it


def _blocks(texts: Sequence[str]) -> Iterator[tuple[Codes, npt.NDArray[np.int64]]]:
    """Code points of a block of texts and where each text ends among them."""
    for at in range(0, len(texts), _BLOCK):
        plain = [_plain(text) for text in texts[at : at + _BLOCK]]
        codes, starts, _ = units_of(" ".join(plain))  # a space keeps texts apart and is no unit
        borders = np.cumsum([len(text) + 1 for text in plain])
        yield codes, np.searchsorted(starts, borders)


def unit_codes(texts: Sequence[str]) -> tuple[Codes, npt.NDArray[np.int64]]:
    """The code points of all units, ``(units,) uint32``, and where each text ends among them, ``(texts,)``."""
    parts: list[Codes] = [np.zeros(0, dtype=np.uint32)]
    ends: list[npt.NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    total = 0
    for codes, here in _blocks(texts):
        parts.append(codes)
        ends.append(here + total)
        total += len(codes)
    return np.concatenate(parts), np.concatenate(ends)


def count_syllables(codes: Codes, *, min_count: int) -> tuple[str, ...]:
    """The folded characters that occur at least ``min_count`` times, most frequent first."""
    found, counts = np.unique(fold(codes), return_counts=True)
    ranked = sorted(zip(found.tolist(), counts.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
    return tuple(chr(code) for code, count in ranked if count >= min_count)


def context_free_extractor(config: FeatureConfig, vocabularies: Vocabularies) -> FeatureExtractor:
    """An extractor of inputs that look at no neighbour. Raises ConfigError for any other input."""
    for name in config.inputs:
        if name not in CONTEXT_FREE:
            raise ConfigError(
                f"features.inputs: expected some of {', '.join(CONTEXT_FREE)}, which look at no neighbour; "
                f"got {name!r}"
            )
    if "syllable" not in config.inputs:
        given = ", ".join(config.inputs) or "none"
        raise ConfigError(f"features.inputs: expected syllable among them; got {given}")
    return FeatureExtractor(config, SyllableTokenizer(), vocabularies)


def code_rows(extractor: FeatureExtractor, codes: Codes) -> Ints:
    """The ids of units with these code points, ``(codes, columns) int32``."""
    rows = [extractor.encode(chr(code)).ids for code in codes.tolist()]
    return np.concatenate(rows) if rows else np.zeros((0, len(extractor.columns)), dtype=np.int32)
