"""The values of corpus work: a corpus with the place of every sentence, and a problem found in one.

A format's parser yields Records and Problems; ``Corpus`` is what they are collected into; validation,
statistics and splits take a Corpus or its sentences.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ner_engine.spans import Sentence

__all__ = ["ERROR", "WARNING", "Corpus", "Place", "Problem", "Record", "text_key"]

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a sentence stands: a file and a line, counted from 1."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at a place. ``code`` is a fixed word to count by; ``level`` is error or warning.

    An error means that the data cannot be used as it stands; a warning is for a person to look at.
    """

    path: str
    line: int
    code: str
    message: str
    level: str = ERROR

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"

    def to_dict(self) -> dict[str, str | int]:
        """The JSON form."""
        return {
            "path": self.path,
            "line": self.line,
            "level": self.level,
            "code": self.code,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class Record:
    """A sentence as a parser found it: with the line it begins on."""

    sentence: Sentence
    line: int


@dataclass(frozen=True, slots=True)
class Corpus:
    """Sentences, what was wrong with them when they were read, and where each one stands.

    ``places`` runs parallel to ``sentences``, or is empty for a corpus made in memory.
    """

    name: str
    sentences: tuple[Sentence, ...]
    problems: tuple[Problem, ...] = ()
    places: tuple[Place, ...] = ()

    @classmethod
    def of(cls, sentences: Iterable[Sentence], *, name: str = "corpus") -> Corpus:
        """A corpus made in memory; its places are the numbers of the sentences."""
        return cls(name, tuple(sentences))

    def place(self, index: int) -> Place:
        """Where sentence ``index`` stands."""
        return self.places[index] if self.places else Place(self.name, index + 1)

    def problem_counts(self) -> dict[str, int]:
        """How many problems there are of each code, most frequent first."""
        return dict(Counter(problem.code for problem in self.problems).most_common())


def text_key(text: str) -> str:
    """What makes two texts the same sentence: composed characters, spaces collapsed, ends trimmed."""
    return " ".join(unicodedata.normalize("NFC", text).split())
