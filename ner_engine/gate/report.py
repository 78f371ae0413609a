"""A Verdict as files: ``metrics.json`` for the registry, ``report.html`` for people; each whole or not at all.

The page is one self-contained file that asks no other place for anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ner_engine.errors import DataError
from ner_engine.gate.page import html
from ner_engine.gate.verdict import Verdict
from ner_engine.registry.files import replace_file
from ner_engine.registry.version import METRICS

__all__ = ["PAGE", "metrics_json", "write_report"]

PAGE = "report.html"


def metrics_json(
    verdict: Verdict,
    *,
    added: Sequence[Mapping[str, Any]] = (),
    forced: bool = False,
    indent: int | None = None,
) -> bytes:
    """What ``metrics.json`` holds."""
    values = {**verdict.to_dict(), "forced": forced, "added": [dict(one) for one in added]}
    text = json.dumps(values, ensure_ascii=False, indent=indent, default=str) + "\n"
    # a lone surrogate of the data becomes the JSON escape it is written with
    return text.encode("utf-8", "backslashreplace")


def write_report(
    verdict: Verdict, folder: Path, *, added: Sequence[Mapping[str, Any]] = (), forced: bool = False
) -> Path:
    """Write both files, ``metrics.json`` last, and return its path: where it is, the page is too.

    ``added`` is the data that the new version was trained on beside the old, as its manifest tells it: name or
    path, sha256, sentences, licence. ``forced`` is recorded. The same verdict makes the same bytes. Raises
    DataError or RegistryError where there is no place to write to; old files stay then.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"expected a folder to write to; got: {error.strerror}", path=folder) from None
    page = html(verdict, added=added, forced=forced)
    replace_file(folder / PAGE, page.encode("utf-8", "backslashreplace"))
    replace_file(folder / METRICS, metrics_json(verdict, added=added, forced=forced, indent=1))
    return folder / METRICS
