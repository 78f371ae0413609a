"""Which version of a bundle is in use: the small file ``current`` of a registry, read.

::

    <root>/<name>/<version>/   a bundle; versions are "2", "3", ... in the order they were made
    <root>/<name>/current      {"version": "3", ...}: what the name alone stands for
    <root>/<name>/bundle.json  a bundle that lies flat is the version "shipped", as is one in the package

A name or path goes in, the place and the version it stands for come out. ``ner_engine.registry`` is what writes.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ner_engine.errors import BundleError

__all__ = [
    "CURRENT",
    "REGISTRY_VARIABLE",
    "SHIPPED",
    "Pointer",
    "is_name",
    "is_version",
    "parse_pointer",
    "read_pointer",
    "registry_root",
    "split_name",
]

CURRENT = "current"
SHIPPED = "shipped"
REGISTRY_VARIABLE = "NER_ENGINE_REGISTRY"
_HERE = "models"
_VERSION = re.compile(r"[1-9][0-9]{0,8}")
_LARGEST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Pointer:
    """What ``current`` says: the version, and how it came to be the one in use.

    ``number`` counts promotions and rollbacks; ``before`` are the versions beneath it, the latest last, to which
    a rollback goes; ``previous`` was in use just before.
    """

    version: str
    number: int = 0
    action: str = "promote"
    at: str = ""
    by: str = ""
    reason: str = ""
    forced: bool = False
    previous: str = ""
    digest: str = ""
    before: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "version": self.version,
            "number": self.number,
            "action": self.action,
            "at": self.at,
            "by": self.by,
            "reason": self.reason,
            "forced": self.forced,
            "previous": self.previous,
            "digest": self.digest,
            "before": list(self.before),
        }


def registry_root(given: str | Path | None = None) -> Path:
    """Where versions of bundles are kept: as given, else as NER_ENGINE_REGISTRY says, else ``./models``."""
    return Path(given or os.environ.get(REGISTRY_VARIABLE) or _HERE)


def is_version(text: str) -> bool:
    """Whether it names a version."""
    return text == SHIPPED or _VERSION.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Whether it can be the name of a bundle in a registry: one part of a path, and no hidden one."""
    return bool(text) and text[0] != "." and not any(c in "/\\@:" or ord(c) < 32 for c in text)


def split_name(name: str) -> tuple[str, str]:
    """``"ko-chat@3"`` -> ``("ko-chat", "3")``; without a version, or where it is a path, ``(name, "")``."""
    stem, sign, version = name.rpartition("@")
    return (stem, version) if sign and is_name(stem) and is_version(version) else (name, "")


def read_pointer(folder: Path) -> Pointer | None:
    """What ``current`` in the folder of a name says; None where there is none.

    Raises BundleError for one that cannot be read: what is in use is not guessed.
    """
    path = folder / CURRENT
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise BundleError(f"{path}: expected a readable file; got: {error.strerror or error}") from None
    try:
        return parse_pointer(json.loads(data))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BundleError(
            f'{path}: expected {{"version": "3", ...}} as ner-engine models promote writes it; '
            f"got {type(error).__name__}: {' '.join(str(error).split()):.120}; "
            f"mend it with: ner-engine models rollback {folder.name}"
        ) from None


def parse_pointer(value: Mapping[str, Any]) -> Pointer:
    """The JSON form read. Raises ValueError, KeyError, TypeError or AttributeError for what is none."""
    version = value["version"]
    if not isinstance(version, str) or not is_version(version):
        raise ValueError(f"the version {version!r:.40}")
    before = tuple(str(one) for one in value.get("before", ()))
    if not all(map(is_version, before)):
        raise ValueError("versions before it that are none")
    return Pointer(
        version=version,
        number=int(value.get("number", 0)),
        action=str(value.get("action", "promote")),
        at=str(value.get("at", "")),
        by=str(value.get("by", "")),
        reason=str(value.get("reason", "")),
        forced=bool(value.get("forced", False)),
        previous=str(value.get("previous", "")),
        digest=str(value.get("digest", "")),
        before=before,
    )
