"""The errors of the package, all under one root.

::

    NerEngineError
    ├── ConfigError      a configuration or rule file is wrong        (file:line, expected, got)
    ├── DataError        a corpus file or a span is wrong             (file:line, expected, got)
    ├── TokenizerError   an analyser is missing or failed
    ├── BundleError      a model bundle is missing, damaged or newer than this package
    ├── RegistryError    a version cannot be promoted, gone back to, kept or removed
    ├── TrainingError    training cannot go on (diverged, bad checkpoint)
    ├── StoreError       the database of the bot cannot be opened, read or written
    └── MissingExtra     an optional part is not installed; the message names the pip command

Every message is one line and says what was expected, what came, and where.
"""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "BundleError",
    "ConfigError",
    "DataError",
    "MissingExtra",
    "NerEngineError",
    "RegistryError",
    "StoreError",
    "TokenizerError",
    "TrainingError",
]


class NerEngineError(Exception):
    """Root of every error this package raises on purpose."""


class _Located(NerEngineError):
    """An error at a place in a file. Message form: ``path:line: message``."""

    def __init__(self, message: str, *, path: str | Path | None = None, line: int | None = None) -> None:
        place = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        super().__init__(place + message)
        self.path = None if path is None else str(path)
        self.line = line


class ConfigError(_Located):
    """A configuration or rule file is wrong."""


class DataError(_Located):
    """A corpus file, or an annotation in it, is wrong."""


class TokenizerError(NerEngineError):
    """An analyser is unknown, cannot be loaded, or failed."""


class BundleError(NerEngineError):
    """A model bundle is missing, damaged, or of a newer format than this package reads."""


class RegistryError(NerEngineError):
    """A version of a bundle cannot be promoted, gone back to, kept or removed."""


class TrainingError(NerEngineError):
    """Training cannot start or go on."""


class StoreError(NerEngineError):
    """The database of sessions and records cannot be opened, read or written."""


class MissingExtra(NerEngineError):
    """An optional dependency is not installed."""

    def __init__(self, what: str, *, extra: str) -> None:
        super().__init__(f"{what} needs an optional part: pip install 'ner-engine[{extra}]'")
        self.extra = extra
