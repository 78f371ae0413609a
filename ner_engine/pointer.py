"""Where a bundle lies, and which of its versions is in use: names and paths in, directories out.

::

    <root>/<name>/<version>/   a bundle; versions are "2", "3", ... in the order they were made
    <root>/<name>/current      {"version": "3", ...}: what the name alone stands for
    <root>/<name>/bundle.json  a bundle that lies flat is the version "shipped", as is one in the package

Bundles without versions lie in the package, and beside it in a checkout. Only ``ner_engine.registry`` writes.
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
    "MANIFEST",
    "REGISTRY_VARIABLE",
    "SHIPPED",
    "Pointer",
    "bundle_names",
    "find_bundle",
    "flat_bundle",
    "is_name",
    "is_version",
    "known_versions",
    "parse_pointer",
    "read_pointer",
    "registry_root",
    "split_name",
]

CURRENT = "current"
MANIFEST = "bundle.json"
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


def _roots(models: Path) -> list[Path]:
    """Where bundles lie by name: in the registry, inside the installed package, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    return [models, package / "_shipped" / "models", package.parent / "models"]


def bundle_names(*, models: str | Path | None = None) -> list[str]:
    """Names that ``find_bundle`` knows, sorted."""
    found = set()
    for root in _roots(registry_root(models)):
        try:
            children = [child.name for child in root.iterdir()]
        except OSError:
            continue
        for name in children:
            if is_name(name) and ((root / name / MANIFEST).is_file() or (root / name / CURRENT).is_file()):
                found.add(name)
    return sorted(found)


def flat_bundle(name: str, *, models: str | Path | None = None) -> Path | None:
    """The version ``shipped`` of a name: what lies flat in the registry, else what the package brings."""
    return next(
        (root / name for root in _roots(registry_root(models)) if (root / name / MANIFEST).is_file()), None
    )


def find_bundle(name: str | Path, *, models: str | Path | None = None) -> Path:
    """The directory of a bundle: a name (its version in use), ``name@version``, or a path.

    ``models`` is the registry (see ``registry_root``). A path to the folder of a name in some registry stands for
    its version in use. Raises BundleError naming the bundles or versions there are.
    """
    stem, version = split_name(str(name))
    root = registry_root(models)
    if version:
        path = flat_bundle(stem, models=root) if version == SHIPPED else root / stem / version
        if path is not None and (path / MANIFEST).is_file():
            return path
    elif is_name(stem) and (pointed := _pointed(root / stem, stem, root)) is not None:
        return pointed
    direct = Path(name)
    if (direct / MANIFEST).is_file():
        return direct
    here = direct.absolute()
    if (pointed := _pointed(here, here.name, here.parent)) is not None:
        return pointed
    if version:
        there = ", ".join(known_versions(stem, models=root)) or "none"
        raise BundleError(f"no version {version} of {stem!r} in {root}: expected one of: {there}")
    if is_name(stem) and (flat := flat_bundle(stem, models=root)) is not None:
        return flat
    known = ", ".join(bundle_names(models=root)) or "none"
    raise BundleError(f"no bundle {str(name)!r}: expected a directory with {MANIFEST}, or one of: {known}")


def _pointed(folder: Path, name: str, root: Path) -> Path | None:
    """What ``current`` in the folder of a name stands for, or None where there is none."""
    pointer = read_pointer(folder)
    if pointer is None:
        return None
    path = flat_bundle(name, models=root) if pointer.version == SHIPPED else folder / pointer.version
    if path is None or not (path / MANIFEST).is_file():
        raise BundleError(
            f"{folder / CURRENT}: expected a version that is there; got {pointer.version}; "
            f"mend it with: ner-engine models rollback {name}"
        )
    return path


def known_versions(name: str, *, models: str | Path | None = None) -> list[str]:
    """The versions of a name that are there, the oldest first."""
    root = registry_root(models)
    try:
        numbers = [
            c.name for c in (root / name).iterdir() if _VERSION.fullmatch(c.name) and (c / MANIFEST).is_file()
        ]
    except OSError:
        numbers = []
    shipped = [] if flat_bundle(name, models=root) is None else [SHIPPED]
    return [*shipped, *sorted(numbers, key=lambda version: (len(version), version))]
