"""What ``bot lint`` finds: one frozen value a finding, and where the texts of a rule file stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from ner_engine.chatbot.rulefile.document import Doc

__all__ = ["ERROR", "NOTE", "WARNING", "Finding", "Source", "read_source"]

# An error: the bot cannot be what the file says. A warning is for a person to look at, a note a matter of taste.
ERROR, WARNING, NOTE = "error", "warning", "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a line. ``code`` is a fixed word to count by; ``hint`` says what to do, or is ``""``."""

    path: str
    line: int
    code: str
    severity: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        hint = f"; {self.hint}" if self.hint else ""
        return f"{where}: {self.severity}: {self.message}{hint} [{self.code}]"

    def to_dict(self) -> dict[str, str | int]:
        """The JSON form."""
        return {
            "path": self.path,
            "line": self.line,
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "hint": self.hint,
        }


@dataclass(frozen=True, slots=True)
class Source:
    """Where everything stands: by its place the line, and the text if it is one (``intents.greet.keywords[2]``).

    The places are those of the reader's messages.
    """

    path: str
    lines: Mapping[str, int]
    texts: Mapping[str, str]

    def line(self, place: str) -> int:
        """The line of a place, or of the nearest value around it."""
        while place and place not in self.lines:
            place = place[: max(place.rfind("."), place.rfind("["), 0)]
        return self.lines.get(place, 1)

    def written(self, place: str) -> list[tuple[str, str]]:
        """The texts under a key, a single one or a list, each with its place."""
        if place in self.texts:
            return [(place, self.texts[place])]
        found: list[tuple[str, str]] = []
        while (entry := f"{place}[{len(found) + 1}]") in self.texts:
            found.append((entry, self.texts[entry]))
        return found

    def finding(self, place: str, code: str, severity: str, message: str, hint: str = "") -> Finding:
        """A finding at a place, which its message begins with."""
        return Finding(self.path, self.line(place), code, severity, f"{place}: {message}", hint)


def read_source(root: Doc) -> Source:
    """The places of a document that the reader has accepted."""
    lines: dict[str, int] = {}
    texts: dict[str, str] = {}
    for doc in _values(root):
        lines[doc.place] = doc.line
        if isinstance(doc.node, yaml.ScalarNode):
            texts[doc.place] = str(doc.node.value)
    return Source(root.path, lines, texts)


def _values(doc: Doc) -> Iterator[Doc]:
    yield doc
    inner: list[Doc] = []
    if isinstance(doc.node, yaml.MappingNode):
        inner = list(doc.named().values())
    elif isinstance(doc.node, yaml.SequenceNode) and doc.node.value:
        inner = doc.items()
    for value in inner:
        yield from _values(value)
