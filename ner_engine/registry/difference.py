"""What two versions of a bundle differ in: two manifests in, the values that are not the same out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Difference", "differences"]

_PARTS = (
    "name", "version", "parent", "created", "licence", "package_version", "labels", "scheme", "tokenizer",
    "fingerprint", "gazetteer", "min_score", "calibration", "recipe", "data", "added", "metrics", "files",
)  # fmt: skip
_TOLD_ELSEWHERE = ("tags", "format", "description")  # follow from labels, or say nothing of the model


@dataclass(frozen=True, slots=True)
class Difference:
    """A value of the manifests, by its dotted name; ``""`` where one of them has it not."""

    name: str
    old: str
    new: str

    def to_dict(self) -> dict[str, str]:
        """The JSON form."""
        return {"name": self.name, "old": self.old, "new": self.new}


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What is not the same in two manifests, part by part, in the order of what matters."""
    known = [*_PARTS, *(key for key in (*old, *new) if key not in (*_PARTS, *_TOLD_ELSEWHERE))]
    found = []
    for part in dict.fromkeys(known):
        before, after = dict(_leaves(part, old.get(part))), dict(_leaves(part, new.get(part)))
        for name in dict.fromkeys((*before, *after)):
            if before.get(name, "") != after.get(name, ""):
                found.append(Difference(name, before.get(name, ""), after.get(name, "")))
    return tuple(found)


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """The dotted names of the values in it. Lists are values, but lists of tables are told row by row."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{name}.{key}", inner)
    elif isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
        for number, row in enumerate(value):
            title = row.get("name") or row.get("path") or number
            yield from _leaves(f"{name}[{title}]", row)
    elif value is not None:
        yield name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
