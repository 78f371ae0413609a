"""What konlpy's four Java analysers share: bounded pieces in, morphemes that keep the contract out.

In: any str and a function that analyses one short, clean, non-blank text. Out: morphemes over the caller's
string. What an analyser fails on becomes smaller, and in the end one unknown morpheme: no text raises.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ner_engine.spans import Morpheme
from ner_engine.tokenizers.align import align
from ner_engine.tokenizers.cleaning import pieces, readable, settle
from ner_engine.tokenizers.fingerprint import digest_of, version_of
from ner_engine.tokenizers.userdict import UserDictionary

__all__ = ["UNKNOWN", "aligned", "analysed", "java_fingerprint"]

UNKNOWN = "NA"
"""The part of speech of what an analyser failed on, as Komoran calls it."""

_log = logging.getLogger(__name__)
# ㅋㅋㅋ and ㅠㅠ glued to a word turn the whole of it into one unknown morpheme in three of the four.
_LAUGHTER = re.compile("[ㄱ-ㅣ]{2,}")

Analyse = Callable[[str], list[Morpheme]]


def analysed(text: str, analyse: Analyse, *, longest: int, longest_word: int) -> list[Morpheme]:
    """The morphemes of any text. ``analyse`` sees pieces of at most ``longest`` characters.

    A word is cut after ``longest_word`` characters: without spaces these analysers take quadratic time or
    worse.
    """
    source = readable(text, bmp_only=True)
    found: list[Morpheme] = []
    for piece in pieces(source.text, longest=longest, longest_word=longest_word, apart=_LAUGHTER):
        found += _moved(_tried(piece.text, analyse), piece.start)
    return settle(source, found)


def aligned(text: str, forms: Sequence[tuple[str, str]]) -> list[Morpheme]:
    """Pairs of form and part of speech, in order, laid over the text they came from.

    Empty forms, which Hannanum gives for words of mixed scripts, are left out.
    """
    solid = [pair for pair in forms if pair[0].strip()]
    spans = align(text, [form for form, _ in solid])
    return [Morpheme(form, pos, start, end) for (form, pos), (start, end) in zip(solid, spans, strict=True)]


def _tried(text: str, analyse: Analyse) -> list[Morpheme]:
    from jpype import JException

    try:
        return analyse(text)
    except JException as error:
        _log.debug("the analyser failed on %r: %s", text, error)
    words = list(re.finditer("[^ ]+", text))
    if len(words) == 1:
        return [Morpheme(text, UNKNOWN, 0, len(text))]
    return [m for w in words for m in _moved(_tried(w.group(), analyse), w.start())]


def _moved(found: list[Morpheme], by: int) -> list[Morpheme]:
    return [replace(m, start=m.start + by, end=m.end + by) for m in found] if by else found


def java_fingerprint(
    backend: str, files: Iterable[Path], user_dictionary: UserDictionary | None = None
) -> dict[str, str]:
    """konlpy's version, the contents of the analyser's jar and models, and the user dictionary."""
    out = {
        "backend": backend,
        "version": f"konlpy {version_of('konlpy')}",
        "dictionary": f"sha256:{digest_of(files)}",
    }
    if user_dictionary is not None:
        out["user_dictionary"] = user_dictionary.sha256
    return out
