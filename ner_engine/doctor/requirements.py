"""What the package asks for: its own metadata in, requirements and whether they are met out.

In a checkout the file that the metadata is made from is read, for what pip noted may be older.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata

from ner_engine.doctor.mending import DISTRIBUTION, checkout

__all__ = ["Requirement", "asked_for", "installed", "parse", "required_python", "satisfies"]

_REQUIREMENT = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[(?P<extras>[^\]]*)\])?(?P<versions>[^;]*)"
)
_EXTRA = re.compile(r"""extra\s*==\s*["']([^"']+)["']""")
_BOUND = re.compile(r"\s*(>=|<=|==|!=|<|>)\s*([0-9][^,\s]*)\s*")


@dataclass(frozen=True, slots=True)
class Requirement:
    """A distribution, and the bounds of its version as written: ``>=1.26,<3``."""

    name: str
    versions: str
    extras: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}{self.versions}"


def parse(text: str) -> Requirement:
    """One line as ``pyproject.toml`` or the metadata has it; markers are left out. Raises ValueError."""
    match = _REQUIREMENT.match(text)
    if match is None:
        raise ValueError(f"expected a requirement such as numpy>=1.26; got {text!r:.60}")
    extras = tuple(one.strip() for one in (match["extras"] or "").split(",") if one.strip())
    versions = ",".join(sorted("".join(match["versions"].split()).strip("()").split(","), reverse=True))
    return Requirement(match["name"], versions, extras)


def asked_for() -> Mapping[str, tuple[Requirement, ...]]:
    """The requirements of each optional part, those of the base install under ``""``; empty where none are known.

    A part that asks for other parts of this package has theirs as well.
    """
    parts = _of_checkout() or _of_metadata()
    return {name: tuple(_whole(name, parts, ())) for name in parts}


def required_python() -> str:
    """The bounds of Python's version, or ``""``."""
    root = checkout()
    if root is not None:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return str(project.get("requires-python", ""))
    try:
        return str(metadata.metadata(DISTRIBUTION)["Requires-Python"] or "")
    except metadata.PackageNotFoundError:
        return ""


def installed(name: str) -> str:
    """The version of a distribution, or ``""``."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def satisfies(version: str, bounds: str) -> bool:
    """Whether a version lies within bounds such as ``>=1.26,<3``. A bound of a kind not known here lets pass."""
    here = _numbers(version)
    for bound in filter(None, bounds.split(",")):
        match = _BOUND.fullmatch(bound)
        if match is None:
            continue
        there = _numbers(match[2])
        width = max(len(here), len(there))
        left, right = (numbers + (0,) * (width - len(numbers)) for numbers in (here, there))
        held = {
            ">=": left >= right,
            "<=": left <= right,
            "==": left == right or match[2].endswith(".*"),
            "!=": left != right or match[2].endswith(".*"),
            "<": left < right,
            ">": left > right,
        }
        if not held[match[1]]:
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    """The release of a version: ``2.1.1.post2+cpu`` -> ``(2, 1, 1)``."""
    match = re.match(r"v?(?:\d+!)?(\d+(?:\.\d+)*)", version.strip())
    return tuple(int(one) for one in match[1].split(".")) if match else ()


def _of_checkout() -> dict[str, list[Requirement]]:
    root = checkout()
    if root is None:
        return {}
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    written: dict[str, Iterable[str]] = {"": project.get("dependencies", [])}
    written |= project.get("optional-dependencies", {})
    return {name: [parse(one) for one in lines] for name, lines in written.items()}


def _of_metadata() -> dict[str, list[Requirement]]:
    try:
        about = metadata.metadata(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return {}
    parts: dict[str, list[Requirement]] = {"": []}
    parts |= {str(name): [] for name in about.get_all("Provides-Extra") or ()}
    for line in about.get_all("Requires-Dist") or ():
        match = _EXTRA.search(str(line))
        parts.setdefault(match[1] if match else "", []).append(parse(str(line)))
    return parts


def _whole(
    name: str, parts: Mapping[str, Iterable[Requirement]], above: tuple[str, ...]
) -> Iterable[Requirement]:
    for requirement in parts.get(name, ()):
        if requirement.name.lower() != DISTRIBUTION:
            yield requirement
            continue
        for extra in requirement.extras:
            if extra != name and extra not in above:
                yield from _whole(extra, parts, (*above, name))
