"""Kiwi, through kiwipiepy.

In: any str. Out: Kiwi's morphemes with its own offsets; contractions share characters (봤 gives 보/VV and
었/EP). Loose final consonants are written as compatibility jamo (ㄹ), as the other analysers do.
"""

from __future__ import annotations

from typing import Any

from ner_engine.errors import MissingExtra, TokenizerError
from ner_engine.spans import Morpheme
from ner_engine.tokenizers.cleaning import pieces, readable, settle
from ner_engine.tokenizers.fingerprint import version_of
from ner_engine.tokenizers.userdict import UserDictionary

__all__ = ["KiwiTokenizer"]

# Unknown words cost Kiwi the square of their length: 20,000 syllables without a space take over a second.
_LONGEST = 4000
_LONGEST_WORD = 300


class KiwiTokenizer:
    """Kiwi; safe to share between threads."""

    name: str = "kiwi"

    def __init__(self, *, user_dictionary: UserDictionary | None = None) -> None:
        try:
            from kiwipiepy import Kiwi
        except ImportError as error:
            raise MissingExtra("the kiwi analyser", extra="kiwi") from error
        self._user_dictionary = user_dictionary
        self._semantics = {} if user_dictionary is None else user_dictionary.semantics()
        self._kiwi: Any = Kiwi(num_workers=1)
        for word in () if user_dictionary is None else user_dictionary.words:
            try:
                self._kiwi.add_user_word(word.form, word.pos)
            except (ValueError, RuntimeError) as error:
                raise TokenizerError(f"kiwi refuses the user word {word.form!r}: {error}") from error
        self._kiwi.tokenize("")  # it loads at the first call; that call should be this one

    def morphemes(self, text: str) -> list[Morpheme]:
        """Kiwi's morphemes in order."""
        source = readable(text)
        found = [
            Morpheme(t.form, str(t.tag), p.start + t.start, p.start + t.end, self._semantics.get(t.form, ""))
            for p in pieces(source.text, longest=_LONGEST, longest_word=_LONGEST_WORD)
            for t in self._kiwi.tokenize(p.text, compatible_jamo=True)
        ]
        return settle(source, found)

    def fingerprint(self) -> dict[str, str]:
        """The packages that hold the analyser and its model, and the user dictionary."""
        out = {
            "backend": "kiwi",
            "version": f"kiwipiepy {version_of('kiwipiepy')}",
            "dictionary": f"kiwipiepy_model {version_of('kiwipiepy_model')}",
        }
        if self._user_dictionary is not None:
            out["user_dictionary"] = self._user_dictionary.sha256
        return out
