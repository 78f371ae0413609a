"""User dictionaries: one plain format for every analyser that takes one.

In: a UTF-8 file, a word a line: ``form<TAB>pos`` or ``form<TAB>pos<TAB>semantic``; empty lines and lines
that start with ``#`` are skipped. ``pos`` is a Sejong tag of an uninflected word (NNP, NNG, ...);
``semantic`` a class such as 인명 or 지명. Out: a `UserDictionary`; each analyser translates it for itself.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from ner_engine.errors import DataError, TokenizerError

__all__ = ["POS", "UserDictionary", "UserWord", "read_user_dictionary", "refuse_user_dictionary"]

POS = ("NNG", "NNP", "NP", "NR", "MM", "MAG", "MAJ", "IC")
"""The parts of speech a user word may have: open classes whose words never change their form."""

# Whitespace ends a word everywhere; the rest means something in one dictionary format or another.
_FORBIDDEN = re.compile("[\\s\x00-\x1f\x7f-\x9f\ud800-\udfff\U00010000-\U0010ffff,\"'#*/]")


@dataclass(frozen=True, slots=True)
class UserWord:
    """One entry; ``semantic`` is ``""`` where none was given. ``line`` is for messages."""

    form: str
    pos: str
    semantic: str
    line: int


@dataclass(frozen=True, slots=True)
class UserDictionary:
    """The entries of one file, and the SHA-256 of what they say (not of comments or line ends)."""

    path: Path
    words: tuple[UserWord, ...]
    sha256: str

    def semantics(self) -> dict[str, str]:
        """Semantic class by form, for analysers that know none."""
        return {word.form: word.semantic for word in self.words if word.semantic}

    def refuse(self, word: UserWord, why: str) -> DataError:
        """The error for an entry that one analyser cannot take."""
        return DataError(why, path=self.path, line=word.line)


def read_user_dictionary(path: Path) -> UserDictionary:
    """Read and check a user dictionary. Raises DataError with file and line for what cannot be an entry."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"cannot read the user dictionary: {error.strerror or error}", path=path) from error
    except UnicodeDecodeError as error:
        raise DataError(f"expected UTF-8, got byte {error.object[error.start]:#04x}", path=path) from error
    words: list[UserWord] = []
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.rstrip("\r")
        if line.strip() and not line.startswith("#"):
            words.append(_word(line, path=path, number=number))
    said = "".join(f"{w.form}\t{w.pos}\t{w.semantic}\n" for w in words)
    return UserDictionary(path, tuple(words), hashlib.sha256(said.encode()).hexdigest())


def _word(line: str, *, path: Path, number: int) -> UserWord:
    fields = [unicodedata.normalize("NFC", field.strip()) for field in line.split("\t")]
    if len(fields) not in (2, 3):
        raise DataError(
            f"expected form<TAB>pos or form<TAB>pos<TAB>semantic, got {len(fields)} field(s): {line!r}",
            path=path,
            line=number,
        )
    form, pos, semantic = (*fields, "")[:3]
    if not form or _FORBIDDEN.search(form):
        raise DataError(
            f"expected a word without spaces and without , \" ' # * /, got {form!r}", path=path, line=number
        )
    if pos not in POS:
        raise DataError(f"expected one of {', '.join(POS)}, got {pos!r}", path=path, line=number)
    if _FORBIDDEN.search(semantic):
        raise DataError(
            f"expected a semantic class without spaces and commas, got {semantic!r}", path=path, line=number
        )
    return UserWord(form, pos, semantic, number)


def refuse_user_dictionary(backend: str) -> TokenizerError:
    """The error for a user dictionary given to an analyser that takes none."""
    return TokenizerError(f"{backend} takes no user dictionary; mecab, kiwi, konlpy:komoran, konlpy:okt do")
