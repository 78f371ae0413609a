"""Kkma, the Java analyser that konlpy carries.

In: any str. Out: Kkma's morphemes, each of its words laid over the text by alignment: it tells where its
words start, not how long they are. It respaces the text, so its words are not the text's.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from ner_engine.spans import Morpheme
from ner_engine.tokenizers.java_analysers import aligned, analysed, java_fingerprint
from ner_engine.tokenizers.jvm import java_class, java_dir

__all__ = ["KkmaTokenizer"]

# Its time grows steeply with the length of a word: 12 syllables take 20 to 100 ms, 20 up to half a second.
_LONGEST = 200
_LONGEST_WORD = 12


class KkmaTokenizer:
    """Kkma; safe to share between threads, which take turns. It has no user dictionary."""

    name: str = "konlpy:kkma"

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._kkma: Any = java_class("kr.lucypark.kkma.KkmaInterface")()
        self._kkma.morphAnalyzer("가")  # it loads its dictionaries at the first call

    def morphemes(self, text: str) -> list[Morpheme]:
        """Kkma's morphemes in order."""
        return analysed(text, self._analyse, longest=_LONGEST, longest_word=_LONGEST_WORD)

    def _analyse(self, text: str) -> list[Morpheme]:
        words: list[list[tuple[str, str]]] = []
        starts: list[int] = []
        with self._turn:
            for sentence in self._kkma.morphAnalyzer(text) or ():
                for eojeol in sentence:
                    parts = [(str(m.getString()), str(m.getTag())) for m in eojeol]
                    if parts:
                        words.append(parts)
                        starts.append(int(eojeol.get(0).getIndex()))
        ends = [*starts[1:], len(text)]
        if not all(start < end for start, end in zip(starts, ends, strict=True)):
            return aligned(text, [part for word in words for part in word])
        found: list[Morpheme] = []
        for parts, start, end in zip(words, starts, ends, strict=True):
            found += [
                replace(m, start=m.start + start, end=m.end + start) for m in aligned(text[start:end], parts)
            ]
        return found

    def fingerprint(self) -> dict[str, str]:
        """konlpy's version and Kkma's jar (its dictionaries are inside)."""
        return java_fingerprint(self.name, sorted(java_dir().glob("kkma-*.jar")))
