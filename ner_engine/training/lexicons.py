"""Lexicon files of a recipe -> the forms of each gazetteer category."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ner_engine.datasets.entries import read_entries
from ner_engine.errors import ConfigError

__all__ = ["read_lexicons"]

_DICTIONARIES = (".csv", ".jsonl")  # a .tsv is a list of forms here, or a table of forms and counts


def read_lexicons(categories: Mapping[str, Sequence[str]], root: Path, *, least: int = 1) -> dict[str, list[str]]:
    """Forms of each category, in file order.

    A file holds one form a line; ``#`` starts a comment, anything after a tab is ignored. ``.csv`` and ``.jsonl``
    are dictionaries as ``datasets.entries`` reads them: their surfaces and synonyms are the forms.
    ``FILE.tsv:PREFIX`` keeps only the rows of a tab-separated file whose second column starts with PREFIX (a
    table of forms and fine labels); of those, ``least`` leaves out the rows whose third column, a count, is
    lower. Raises ConfigError for a file that is not there.
    """
    forms: dict[str, list[str]] = {}
    for category, files in categories.items():
        forms[category] = []
        for name in files:
            file, _, prefix = name.partition(":")
            path = root / file
            if path.suffix in _DICTIONARIES and path.is_file():
                forms[category] += [form for entry in read_entries(path) for form in entry.forms]
                continue
            try:
                lines = path.read_text(encoding="utf-8").splitlines()
            except FileNotFoundError:
                raise ConfigError(
                    f"features.gazetteers.{category}: expected a lexicon file; none there", path=path
                ) from None
            for line in lines:
                form, *rest = line.split("\t")
                if line.startswith("#") or not form.strip():
                    continue
                if prefix and not (rest and rest[0].startswith(prefix)):
                    continue
                if prefix and len(rest) > 1 and rest[1].isdecimal() and int(rest[1]) < least:
                    continue
                forms[category].append(form.strip())
    return forms
