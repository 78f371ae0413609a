"""Open Korean Text (Okt), the Java analyser that konlpy carries.

In: any str. Out: Okt's tokens as they stand in the text (봤어요/Verb), without its spaces.
"""

from __future__ import annotations

from typing import Any

from ner_engine.spans import Morpheme
from ner_engine.tokenizers.java_analysers import aligned, analysed, java_fingerprint
from ner_engine.tokenizers.jvm import isolated_class, java_class, java_dir
from ner_engine.tokenizers.userdict import UserDictionary

__all__ = ["OktTokenizer"]

_PROCESSOR = "org.openkoreantext.processor.OpenKoreanTextProcessorJava"
# It tries every way to split a word: 200 syllables take half a second, 2,000 a minute.
_LONGEST = 300
_LONGEST_WORD = 40


class OktTokenizer:
    """Okt; safe to share between threads. It knows nouns only, so user words must be nouns."""

    name: str = "konlpy:okt"

    def __init__(self, *, user_dictionary: UserDictionary | None = None) -> None:
        self._user_dictionary = user_dictionary
        self._semantics = {} if user_dictionary is None else user_dictionary.semantics()
        if user_dictionary is None:
            self._okt: Any = java_class(_PROCESSOR)
        else:
            nouns = java_class("java.util.ArrayList")()
            for word in user_dictionary.words:
                if word.pos not in ("NNG", "NNP"):
                    raise user_dictionary.refuse(
                        word, f"konlpy:okt takes nouns only: expected NNG or NNP, got {word.pos!r}"
                    )
                nouns.add(word.form)
            self._okt = isolated_class(_PROCESSOR)
            self._okt.addNounsToDictionary(nouns)

    def morphemes(self, text: str) -> list[Morpheme]:
        """Okt's tokens in order, without its spaces."""
        return analysed(text, self._analyse, longest=_LONGEST, longest_word=_LONGEST_WORD)

    def _analyse(self, text: str) -> list[Morpheme]:
        found: list[Morpheme] = []
        fits = True
        tokens = self._okt.tokenize(text).iterator()
        while tokens.hasNext():
            token = tokens.next()
            pos, form = str(token.pos().toString()), str(token.text())
            if pos == "Space" or not form:
                continue
            start = int(token.offset())
            end = start + int(token.length())
            fits = fits and text[start:end] == form
            found.append(Morpheme(form, pos, start, end, self._semantics.get(form, "")))
        return found if fits else aligned(text, [(m.form, m.pos) for m in found])

    def fingerprint(self) -> dict[str, str]:
        """konlpy's version, Okt's jar (its dictionaries are inside), and the user dictionary."""
        files = sorted(java_dir().glob("open-korean-text-*.jar"))
        return java_fingerprint(self.name, files, self._user_dictionary)
