"""Sources of raw text -> cleaned texts, those to train on and those held out.

Text files (one text a line, ``.gz`` may be compressed; one tab-separated column of it where named) and corpora
in any format of ``ner_engine.datasets`` enter. White space is collapsed, empty lines go, and a text that
stands there twice counts once.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ner_engine.config import PretrainDataConfig, TextSourceConfig
from ner_engine.datasets import read
from ner_engine.datasets.lines import read_lines
from ner_engine.errors import ConfigError

__all__ = ["TextSource", "Texts", "load_texts"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TextSource:
    """What one source gave: how many texts to train on and to hold out, and the SHA-256 of them all."""

    name: str
    train: int
    dev: int
    digest: str


@dataclass(frozen=True, slots=True)
class Texts:
    """All texts, in the order of their sources, each once."""

    train: tuple[str, ...]
    dev: tuple[str, ...]
    sources: tuple[TextSource, ...]


def _draw(text: str, salt: str) -> float:
    """A number in [0, 1) that depends on the text alone."""
    digest = hashlib.blake2b((salt + text).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _read(config: TextSourceConfig, root: Path) -> Iterator[str]:
    """The cleaned texts of a source."""
    path = root / config.path
    if config.format == "lines":
        raw: Iterable[str] = read_lines(path, column=config.column)
    else:
        if config.column:
            raise ConfigError(f"{config.path}: only the format 'lines' has columns; got {config.format!r}")
        raw = (sentence.text for sentence in read(path, format=config.format).sentences)
    for text in raw:
        clean = " ".join(text.split())
        if clean and (config.share >= 1 or _draw(clean, "share") < config.share):
            yield clean


def _bare(text: str) -> str:
    return "".join(text.split())


def load_texts(config: PretrainDataConfig, root: Path) -> Texts:
    """The texts of a recipe's sources. Paths are relative to ``root``.

    Raises DataError for what cannot be read, ConfigError where nothing is left to train on or to hold out.
    """
    left_out = {_bare(text) for source in config.without for text in _read(source, root)}
    seen: set[str] = set()
    train: list[str] = []
    dev: list[str] = []
    sources: list[TextSource] = []
    for source in config.sources:
        sha = hashlib.sha256()
        before = len(train), len(dev)
        skipped = 0
        for text in _read(source, root):
            if text in seen:
                continue
            seen.add(text)
            if left_out and _bare(text) in left_out:
                skipped += 1
                continue
            sha.update(text.encode("utf-8", "surrogatepass") + b"\n")
            (dev if _draw(text, "dev") < config.dev_share else train).append(text)
        name = source.name or source.path
        if skipped:
            _log.info("%s: %d texts stand in data.without and are left out", name, skipped)
        sources.append(TextSource(name, len(train) - before[0], len(dev) - before[1], sha.hexdigest()))
    _some(train, "to train on")
    _some(dev, f"to hold out (data.dev_share is {config.dev_share})")
    return Texts(tuple(train), tuple(dev), tuple(sources))


def _some(texts: Sequence[str], use: str) -> None:
    if not texts:
        raise ConfigError(f"data.sources: expected at least one text {use}; got none")
