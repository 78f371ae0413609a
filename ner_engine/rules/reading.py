"""Files of rules in, a ``RuleSet`` out: dictionaries, pattern files and the patterns of the package by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ner_engine.datasets.entries import FORMATS
from ner_engine.errors import ConfigError
from ner_engine.rules.builtin import BUILTIN
from ner_engine.rules.gazetteer import load_gazetteer
from ner_engine.rules.merge import DEFAULT_POLICY
from ner_engine.rules.patterns import Pattern, PatternMatcher, read_patterns, relabel
from ner_engine.rules.ruleset import Finder, RuleSet

__all__ = ["PATTERNS_OF_THE_PACKAGE", "read_rules"]

PATTERNS_OF_THE_PACKAGE = "builtin"


def read_rules(
    *sources: str | Path,
    policy: str = DEFAULT_POLICY,
    ignore_spaces: bool = False,
    labels: Mapping[str, str] | None = None,
) -> RuleSet:
    """The rules of some files, for ``ner_engine.load(rules=...)`` or ``Engine.rules``.

    A source is a dictionary (``.csv``, ``.tsv``, ``.jsonl``), a pattern file (``.toml``) or ``"builtin"``: the
    patterns that come with the package. ``labels`` gives patterns other labels, see ``relabel``;
    ``ignore_spaces`` is that of ``Gazetteer``, ``policy`` that of ``RuleSet``. Raises DataError or ConfigError,
    with file and line, for a file that is wrong, ConfigError for a source that is none.
    """
    dictionaries: list[Path] = []
    patterns: list[Pattern] = []
    for source in sources:
        path = Path(source)
        if str(source) == PATTERNS_OF_THE_PACKAGE:
            patterns += BUILTIN
        elif path.suffix.lower() == ".toml":
            patterns += read_patterns(path)
        elif path.suffix.lower() in FORMATS:
            dictionaries.append(path)
        else:
            known = ", ".join((*FORMATS, ".toml"))
            raise ConfigError(f"expected a file of rules ({known}) or {PATTERNS_OF_THE_PACKAGE!r}", path=path)
    finders: list[Finder] = []
    if dictionaries:
        finders.append(load_gazetteer(*dictionaries, ignore_spaces=ignore_spaces))
    if patterns:
        finders.append(PatternMatcher(relabel(patterns, labels or {})))
    return RuleSet(tuple(finders), policy)
