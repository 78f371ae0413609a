"""Komoran, the Java analyser that konlpy carries.

In: any str. Out: Komoran's morphemes (봤 gives 보/VV and 았/EP over one character) at Komoran's offsets,
where they fit the text; else at offsets found by alignment.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from ner_engine.errors import TokenizerError
from ner_engine.spans import Morpheme
from ner_engine.tokenizers.align import jamo
from ner_engine.tokenizers.java_analysers import UNKNOWN, aligned, analysed, java_fingerprint
from ner_engine.tokenizers.jvm import java_class, java_dir
from ner_engine.tokenizers.userdict import UserDictionary

__all__ = ["KomoranTokenizer"]

# Its token list takes quadratic time.
_LONGEST = 300
_LONGEST_WORD = 100


class KomoranTokenizer:
    """Komoran; safe to share between threads."""

    name: str = "konlpy:komoran"

    def __init__(self, *, user_dictionary: UserDictionary | None = None) -> None:
        self._user_dictionary = user_dictionary
        self._semantics = {} if user_dictionary is None else user_dictionary.semantics()
        self._komoran: Any = java_class("kr.co.shineware.nlp.komoran.core.Komoran")(str(_models()))
        if user_dictionary is not None and user_dictionary.words:
            self._add(user_dictionary)

    def _add(self, words: UserDictionary) -> None:
        with tempfile.TemporaryDirectory(prefix="ner-engine-komoran-") as folder:
            path = Path(folder) / "words.tsv"
            path.write_text("".join(f"{w.form}\t{w.pos}\n" for w in words.words), encoding="utf-8")
            # A file it cannot read it reports on stderr and forgets: ask for the first word back.
            self._komoran.setUserDic(str(path))
        first = words.words[0].form
        if all(form != first for form, _ in self._pairs(first)):
            raise TokenizerError(f"komoran did not take the user dictionary {words.path}")

    def morphemes(self, text: str) -> list[Morpheme]:
        """Komoran's morphemes in order."""
        return analysed(text, self._analyse, longest=_LONGEST, longest_word=_LONGEST_WORD)

    def _analyse(self, text: str) -> list[Morpheme]:
        found = self._with_offsets(text)
        if found is None:
            found = aligned(text, self._pairs(text))
        if self._semantics:
            found = [replace(m, semantic=self._semantics.get(m.form, "")) for m in found]
        return found

    def _with_offsets(self, text: str) -> list[Morpheme] | None:
        """Komoran's own offsets; None where it gives none or they do not fit.

        It counts characters after collapsing runs of spaces and stripping the text.
        """
        from jpype import JException

        kept = [i for i, c in enumerate(text) if c != " " or text[i - 1] != " "]
        try:
            tokens = self._komoran.analyze(text).getTokenList()
            found = []
            previous = 0
            for token in tokens:
                start, end = int(token.getBeginIndex()), int(token.getEndIndex())
                if not previous <= start < end <= len(kept):
                    return None
                previous = start
                start, end = kept[start], kept[end - 1] + 1
                form, pos = str(token.getMorph()), str(token.getPos())
                surface = text[start:end]
                if pos == UNKNOWN:
                    form = surface  # it puts ㅇ+ㅋ together to 엌
                elif not _fits(surface, form):
                    return None
                found.append(Morpheme(form, pos, start, end))
        except JException:
            return None
        return found

    def _pairs(self, text: str) -> list[tuple[str, str]]:
        return [(str(p.getFirst()), str(p.getSecond())) for p in self._komoran.analyze(text).getList()]

    def fingerprint(self) -> dict[str, str]:
        """konlpy's version, Komoran's jar and models, and the user dictionary."""
        files = [java_dir() / "komoran-3.0.jar", *sorted(_models().iterdir())]
        return java_fingerprint(self.name, files, self._user_dictionary)


def _models() -> Path:
    return java_dir() / "data" / "models"


def _fits(surface: str, form: str) -> bool:
    """Can these characters hold this form? A contraction keeps a jamo of each of its parts."""
    if surface == form:
        return True
    if " " in surface:
        return False
    there = "".join(map(jamo, surface))
    return not there or not set(there).isdisjoint("".join(map(jamo, form)))
