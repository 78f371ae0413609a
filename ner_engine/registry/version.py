"""One version of a bundle as its manifest and its report tell of it, without a look at its other files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ner_engine.bundle import MANIFEST, manifest_digest
from ner_engine.errors import BundleError, RegistryError
from ner_engine.pointer import SHIPPED

__all__ = ["METRICS", "REPORTS", "Version", "age", "read_report", "read_version"]

REPORTS = "reports"
METRICS = "metrics.json"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a name. ``digest`` is the SHA-256 of its manifest; ``parent`` the version it was trained from.

    ``metrics`` are those of the manifest. ``passed`` is what the gate found, None where it has not looked.
    ``problem`` says why the manifest cannot be read, else ``""``; only ``load_bundle`` checks the other files.
    """

    name: str
    version: str
    path: Path
    parent: str
    created: str
    metrics: Mapping[str, Any]
    digest: str
    current: bool
    passed: bool | None = None
    problem: str = ""
    manifest: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def tag(self) -> str:
        """``ko-chat@3``: as it is named wherever a bundle is named."""
        return f"{self.name}@{self.version}"


def age(version: str) -> int:
    """Versions in the order they were made."""
    return 1 if version == SHIPPED else int(version)


def read_version(folder: Path, version: str, path: Path, *, current: bool) -> Version:
    """The version of the name whose folder in the registry is ``folder``; its bundle lies at ``path``."""
    manifest: dict[str, Any] = {}
    digest = problem = ""
    passed = None
    try:
        digest = manifest_digest(path)
        manifest = dict(json.loads((path / MANIFEST).read_text(encoding="utf-8")))
        report = read_report(folder, version)
        passed = None if report is None else report.get("passed") is True
    except (OSError, ValueError, TypeError, RecursionError) as error:
        problem = f"{path / MANIFEST}: not a bundle manifest ({type(error).__name__}: {error})"
    except (BundleError, RegistryError) as error:
        problem = str(error)
    parent, metrics = manifest.get("parent"), manifest.get("metrics")
    return Version(
        name=folder.name,
        version=version,
        path=path,
        parent=str(parent.get("version", "")) if isinstance(parent, Mapping) else "",
        created=str(manifest.get("created", "")),
        metrics=metrics if isinstance(metrics, Mapping) else {},
        digest=digest,
        current=current,
        passed=passed,
        problem=problem,
        manifest=manifest,
    )


def read_report(folder: Path, version: str) -> Mapping[str, Any] | None:
    """What the gate found of a version, or None where it has not looked. Raises RegistryError."""
    path = folder / REPORTS / version / METRICS
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise RegistryError(
            f"{path}: expected what the gate wrote; got {type(error).__name__}: {error}"
        ) from None
    if not isinstance(found, dict):
        raise RegistryError(f"{path}: expected a JSON object; got {type(found).__name__}")
    return found
