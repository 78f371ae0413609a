"""Corpus formats, and what is done with a corpus: files in, Corpus values out, and back.

``read`` and ``write`` are here; ``stats``, ``validate``, ``fix`` and ``split`` are modules of their own.
"""

from __future__ import annotations

from ner_engine.datasets.corpus import Corpus, Place, Problem
from ner_engine.datasets.formats import FORMATS, detect, dumps, read, read_bytes, write

__all__ = ["FORMATS", "Corpus", "Place", "Problem", "detect", "dumps", "read", "read_bytes", "write"]
