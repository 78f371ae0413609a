"""A YAML file in, its values out, each checked for what was expected there.

``open_document`` composes the file into nodes without building Python objects, so every value still knows
its line. A ``Doc`` is one node; its readers (``text``, ``number``, ``fields``, ...) return the value or raise
ConfigError with ``file:line``, what was expected and what came.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import yaml

from ner_engine.errors import ConfigError

__all__ = ["Doc", "open_document"]

_KINDS = {
    "tag:yaml.org,2002:str": "text",
    "tag:yaml.org,2002:int": "number",
    "tag:yaml.org,2002:float": "decimal number",
    "tag:yaml.org,2002:bool": "true/false",
    "tag:yaml.org,2002:null": "nothing",
    "tag:yaml.org,2002:timestamp": "date",
    "tag:yaml.org,2002:seq": "list",
    "tag:yaml.org,2002:map": "mapping",
}
_TEXT = "tag:yaml.org,2002:str"
_NUMBER = re.compile(r"[+-]?\d{1,18}")
_DECIMAL = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,12})?")


@dataclass(frozen=True, slots=True)
class Doc:
    """One value of the document.

    ``place`` is its path from the root, such as ``forms.order.slots``; ``line`` that of its key, or its own.
    """

    node: yaml.Node
    path: str
    place: str
    line: int

    def wrong(self, message: str) -> ConfigError:
        """An error at this value."""
        return ConfigError(f"{self.place or 'rule file'}: {message}", path=self.path, line=self.line)

    def _expected(self, what: str) -> ConfigError:
        kind = _KINDS.get(str(self.node.tag), "an unknown kind of value")
        value = f" ({self.node.value})" if isinstance(self.node, yaml.ScalarNode) and self.node.value else ""
        hint = "" if what != "text" or not value else "; put it in quotes to make it text"
        return self.wrong(f"expected {what}; got {kind}{value}{hint}")

    def text(self) -> str:
        """A text that is not blank, composed (NFC)."""
        if not isinstance(self.node, yaml.ScalarNode) or self.node.tag != _TEXT:
            raise self._expected("text")
        value = unicodedata.normalize("NFC", str(self.node.value))
        if not value.strip():
            raise self.wrong("expected text; got an empty one")
        return value

    def choice(self, allowed: Collection[str]) -> str:
        """A text out of a closed set."""
        value = self.text()
        if value not in allowed:
            raise self.wrong(f"expected one of {', '.join(allowed)}; got {value!r}")
        return value

    def number(self, *, at_least: int | None = 0) -> int:
        """A whole number, plain decimal."""
        plain = isinstance(self.node, yaml.ScalarNode) and _NUMBER.fullmatch(str(self.node.value))
        if not plain or self.node.tag != "tag:yaml.org,2002:int":
            raise self._expected("a whole number")
        value = int(self.node.value)
        if at_least is not None and value < at_least:
            raise self.wrong(f"expected a whole number of at least {at_least}; got {value}")
        return value

    def decimal(self, *, above: float = 0) -> float:
        """A number, whole or decimal, above a bound."""
        tags = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
        plain = isinstance(self.node, yaml.ScalarNode) and _DECIMAL.fullmatch(str(self.node.value))
        if not plain or self.node.tag not in tags:
            raise self._expected("a number")
        value = float(self.node.value)
        if value <= above:
            raise self.wrong(f"expected a number above {above:g}; got {value:g}")
        return value

    @property
    def is_mapping(self) -> bool:
        """Whether it has keys of its own."""
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_switch(self) -> bool:
        """Whether it is written as ``true`` or ``false``."""
        return self.node.tag == "tag:yaml.org,2002:bool"

    def switch(self) -> bool:
        """``true`` or ``false``, written so."""
        if self.node.tag != "tag:yaml.org,2002:bool" or str(self.node.value).lower() not in ("true", "false"):
            raise self._expected("true or false")
        return str(self.node.value).lower() == "true"

    def pattern(self) -> re.Pattern[str]:
        """A regular expression; case does not count."""
        source = self.text()
        try:
            return re.compile(source, re.IGNORECASE)
        except (re.error, OverflowError) as error:
            raise self.wrong(f"expected a regular expression; {source!r} does not compile: {error}") from None

    def items(self) -> list[Doc]:
        """The values of a list that is not empty."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self._expected("a list")
        if not self.node.value:
            raise self.wrong("expected a list with something in it; got an empty one")
        return [
            Doc(node, self.path, f"{self.place}[{i}]", _line(node))
            for i, node in enumerate(self.node.value, start=1)
        ]

    def one_or_more(self) -> list[Doc]:
        """A list, or a single text standing for a list of one."""
        return self.items() if isinstance(self.node, yaml.SequenceNode) else [self]

    def texts(self) -> tuple[str, ...]:
        """One text or a list of texts."""
        return tuple(doc.text() for doc in self.one_or_more())

    def named(self) -> dict[str, Doc]:
        """A mapping whose keys are free names: no key twice, none that is not plain text."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self._expected("a mapping (key: value)")
        found: dict[str, Doc] = {}
        for key, value in self.node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise Doc(key, self.path, self.place, _line(key))._expected("a plain name as the key")
            # The key as it was written: YAML would make a truth value of the names yes and no.
            name = unicodedata.normalize("NFC", str(key.value))
            if name in found:
                message = f"the key {name!r} stands here twice; first on line {found[name].line}"
                raise Doc(key, self.path, self.place, _line(key)).wrong(message)
            place = f"{self.place}.{name}" if self.place else name
            found[name] = Doc(value, self.path, place, _line(key))
        return found

    def fields(self, *, required: Collection[str] = (), optional: Collection[str] = ()) -> dict[str, Doc]:
        """A mapping whose keys are fixed: every required one, and none besides the optional ones."""
        found = self.named()
        allowed = [*required, *optional]
        for name, doc in found.items():
            if name not in allowed:
                raise doc.wrong(f"unknown key; expected one of {', '.join(allowed)}")
        for name in required:
            if name not in found:
                raise self.wrong(f"the key {name!r} is missing")
        return found


def open_document(path: str | Path) -> Doc:
    """The root of a YAML file. Raises ConfigError for a file that cannot be read or is no YAML."""
    try:
        source = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"expected UTF-8 text; byte {error.start} is none", path=path) from None
    except OSError as error:
        raise ConfigError(f"cannot read the rule file: {error.strerror or error}", path=path) from None
    try:
        node = yaml.compose(source, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ConfigError(
            f"not valid YAML: {error.problem or error.context}",
            path=path,
            line=None if mark is None else mark.line + 1,
        ) from None
    except yaml.YAMLError as error:  # a character YAML does not allow
        raise ConfigError(f"not valid YAML: {' '.join(str(error).split())}", path=path) from None
    if node is None:
        raise ConfigError("expected rules; the file is empty", path=path)
    return Doc(node, str(path), "", _line(node))


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
