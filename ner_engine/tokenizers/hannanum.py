"""Hannanum, the Java analyser that konlpy carries, with its 22 parts of speech.

In: any str. Out: Hannanum's morphemes, laid over each word by alignment: it gives no offsets.

Its parts are called one after the other here. The workflow that konlpy uses hangs for ever on a blank text,
and its filter for informal sentences rewrites the text before anything is analysed.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ner_engine.errors import TokenizerError
from ner_engine.spans import Morpheme
from ner_engine.tokenizers.cleaning import PLACEHOLDER
from ner_engine.tokenizers.java_analysers import UNKNOWN, aligned, analysed, java_fingerprint
from ner_engine.tokenizers.jvm import java_class, java_dir
from ner_engine.tokenizers.userdict import UserDictionary

__all__ = ["HannanumTokenizer"]

_PACKAGE = "kr.ac.kaist.swrc.jhannanum"
_ANALYSER = "conf/plugin/MajorPlugin/MorphAnalyzer/ChartMorphAnalyzer.json"
_TAGGER = "conf/plugin/MajorPlugin/PosTagger/HmmPosTagger.json"
_WORDS = "data/kE/dic_user.txt"
# Its chart for a word grows steeply: 30 syllables take 50 ms, 60 take 200.
_LONGEST = 300
_LONGEST_WORD = 30
# What it takes for a word: it does not see that a mark ends one, or that a symbol is none.
_EOJEOL = re.compile(f"{PLACEHOLDER}+|[.!?…~]+(?= |$)|(?:(?![.!?…~]+(?: |$))[^ {PLACEHOLDER}])+")
# Sejong tags of user words in its own tag set. Its tags below nq (nqq, nqpc) connect to nothing: the tag set
# has nq both as a tag and as their name, and the tag wins.
_TAGS = {
    "NNG": "ncn",
    "NNP": "nq",
    "NP": "npp",
    "NR": "nnc",
    "MM": "mma",
    "MAG": "mag",
    "MAJ": "maj",
    "IC": "ii",
}


class HannanumTokenizer:
    """Hannanum; safe to share between threads, which take turns."""

    name: str = "konlpy:hannanum"

    def __init__(self, *, user_dictionary: UserDictionary | None = None) -> None:
        self._user_dictionary = user_dictionary
        self._semantics = {} if user_dictionary is None else user_dictionary.semantics()
        self._turn = threading.Lock()
        plugins = f"{_PACKAGE}.plugin"
        major, supplement = f"{plugins}.MajorPlugin", f"{plugins}.SupplementPlugin"
        self._sentence: Any = java_class(f"{_PACKAGE}.comm.PlainSentence")
        self._analyser: Any = java_class(f"{major}.MorphAnalyzer.ChartMorphAnalyzer.ChartMorphAnalyzer")()
        self._unknown: Any = java_class(
            f"{supplement}.MorphemeProcessor.UnknownMorphProcessor.UnknownProcessor"
        )()
        self._tagger: Any = java_class(f"{major}.PosTagger.HmmPosTagger.HMMTagger")()
        self._simplify: Any = java_class(f"{supplement}.PosProcessor.SimplePOSResult22.SimplePOSResult22")()
        from jpype import JException

        try:
            with _data(user_dictionary) as folder:
                self._analyser.initialize(str(folder), str(folder / _ANALYSER))
            self._unknown.initialize(str(java_dir()), None)
            self._tagger.initialize(str(java_dir()), str(java_dir() / _TAGGER))
            self._simplify.initialize(str(java_dir()), None)
        except JException as error:
            raise TokenizerError(f"hannanum cannot read its dictionaries: {error}") from error

    def morphemes(self, text: str) -> list[Morpheme]:
        """Hannanum's morphemes in order."""
        return analysed(text, self._analyse, longest=_LONGEST, longest_word=_LONGEST_WORD)

    def _analyse(self, text: str) -> list[Morpheme]:
        words = list(_EOJEOL.finditer(text))
        with self._turn:
            plain = self._sentence(0, 0, True, " ".join(w.group() for w in words))
            tagged = self._tagger.tagPOS(self._unknown.doProcess(self._analyser.morphAnalyze(plain)))
            eojeols = [
                [(str(f), str(t)) for f, t in zip(e.getMorphemes(), e.getTags(), strict=False)]
                for e in self._simplify.doProcess(tagged).getEojeols()
            ]
        if len(eojeols) != len(words):
            return aligned(text, [pair for eojeol in eojeols for pair in eojeol])
        return [m for word, pairs in zip(words, eojeols, strict=True) for m in self._placed(word, pairs)]

    def _placed(self, word: re.Match[str], pairs: list[tuple[str, str]]) -> list[Morpheme]:
        at = word.start()
        if not pairs:
            return [Morpheme(word.group(), UNKNOWN, at, word.end())]
        if len(pairs) == 1:
            # Whole words it puts together anew: 어+ㅋㅋ comes out as 엌ㅋ.
            return [self._meaning(Morpheme(word.group(), pairs[0][1], at, word.end()))]
        return [
            self._meaning(replace(m, start=m.start + at, end=m.end + at)) for m in aligned(word.group(), pairs)
        ]

    def _meaning(self, m: Morpheme) -> Morpheme:
        return replace(m, semantic=self._semantics[m.form]) if m.form in self._semantics else m

    def fingerprint(self) -> dict[str, str]:
        """konlpy's version, Hannanum's jar and data, and the user dictionary."""
        data = java_dir() / "data"
        files = sorted([*java_dir().glob("jhannanum-*.jar"), *data.glob("kE/*.txt"), *data.glob("stat/P*")])
        return java_fingerprint(self.name, files, self._user_dictionary)


@contextmanager
def _data(words: UserDictionary | None) -> Iterator[Path]:
    """The folder to read configuration and dictionaries from; a copy where there are words to add."""
    if words is None:
        yield java_dir()
        return
    with tempfile.TemporaryDirectory(prefix="ner-engine-hannanum-") as name:
        folder = Path(name)
        (folder / _ANALYSER).parent.mkdir(parents=True)
        shutil.copyfile(java_dir() / _ANALYSER, folder / _ANALYSER)
        shutil.copytree(java_dir() / "data" / "kE", folder / "data" / "kE")
        own = (folder / _WORDS).read_text(encoding="utf-8").rstrip("\n")
        added = "".join(f"\n{w.form}\t{_TAGS[w.pos]}" for w in words.words)
        (folder / _WORDS).write_text(own + added + "\n", encoding="utf-8")
        yield folder
