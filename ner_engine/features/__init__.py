"""Texts -> what the network sees: one row of ids and gazetteer flags a unit, and the units' offsets.

A *unit* is what gets a tag: a syllable (any visible character, combining marks and conjoining jamo joined
to it) or a morpheme. White space is no unit; it shows in the ``eojeol`` input. Everything a text needs is
vectorised over its characters with numpy. Row 0 of every table is padding, row 1 stands for unknown.
"""

from __future__ import annotations

from ner_engine.features.batch import Batch, Encoded, pad
from ner_engine.features.extractor import FeatureExtractor
from ner_engine.features.gazetteer import Gazetteer
from ner_engine.features.units import units_of
from ner_engine.features.vocabulary import INPUTS, UNKNOWN, Column, Vocabularies

__all__ = [
    "INPUTS",
    "UNKNOWN",
    "Batch",
    "Column",
    "Encoded",
    "FeatureExtractor",
    "Gazetteer",
    "Vocabularies",
    "pad",
    "units_of",
]
