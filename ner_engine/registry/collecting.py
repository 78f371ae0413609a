"""What can go from the folder of a name: versions nobody needs, and what killed processes left behind."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ner_engine.bundle import MANIFEST
from ner_engine.errors import RegistryError
from ner_engine.pointer import SHIPPED
from ner_engine.registry.files import aside_of, sync_folder
from ner_engine.registry.hold import unheld
from ner_engine.registry.version import Version, age

__all__ = ["Garbage", "collect"]

_TRASH = ".trash"
_OURS = (".lock", ".last")
_HALF_WRITTEN_S = 3600.0  # whoever writes takes less
_UNUSED_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Garbage:
    """A version, or (``version`` is empty) something left over. ``kept`` says why it stays; empty: it goes."""

    version: str
    path: Path
    size_bytes: int
    kept: str = ""


def collect(
    folder: Path, versions: Sequence[Version], *, beneath: Sequence[str], since: datetime | None, dry_run: bool
) -> tuple[Garbage, ...]:
    """Remove from the folder of a name what is not needed. ``beneath`` are the versions kept for rollbacks;
    ``since`` is when the version in use was put there.

    The caller has the lock of the name. A version goes in one step, to a hidden name, before its files do.
    Raises RegistryError where something cannot be removed.
    """
    reasons = _needed(versions, beneath, since)
    found = []
    for version in versions:
        why = reasons.get(version.version, "")
        size = _size(version.path)
        if not why:
            with unheld(version.path) as free:
                why = "" if free else "in use by a process"
                if free and not dry_run:
                    _remove(version.path)
        found.append(Garbage(version.version, version.path, size, why))
    for path in _left_over(folder, {version.version for version in versions}):
        found.append(Garbage("", path, _size(path)))
        if not dry_run:
            _remove(path)
    return tuple(found)


def _needed(versions: Sequence[Version], beneath: Sequence[str], since: datetime | None) -> dict[str, str]:
    """Versions that stay, and why."""
    current = next((version for version in versions if version.current), None)
    newest = max(versions, key=lambda version: age(version.version), default=None)
    waiting = [
        version
        for version in versions
        if current is not None
        and (age(version.version) > age(current.version) or _made_after(version, since))
        and (version.passed is not False or version is newest)
    ]
    reasons = {SHIPPED: "shipped"}
    for version in waiting:
        reasons[version.parent] = f"the parent of {version.version}"
        reasons[version.version] = "made since"
    for name in beneath:
        reasons[name] = "to go back to"
    if current is None:
        reasons |= {version.version: "none is in use" for version in versions}
    else:
        reasons[current.parent] = f"the parent of {current.version}"
        reasons[current.version] = "in use"
    reasons[SHIPPED] = reasons[SHIPPED] if current is None or current.version != SHIPPED else "in use"
    return reasons


def _made_after(version: Version, since: datetime | None) -> bool:
    """Whether its manifest was written after ``since``: a long training may end after a later, shorter one."""
    try:
        written = (version.path / MANIFEST).stat().st_mtime
    except OSError:
        return False
    return since is not None and written > since.timestamp()


def _left_over(folder: Path, versions: set[str]) -> list[Path]:
    """Hidden files and folders of processes that did not end well, and empty folders of versions never made."""
    now = time.time()
    found = []
    for child in (*folder.iterdir(), *folder.parent.glob(f".{_escaped(folder.name)}.*")):
        try:
            idle_s = now - _last_change(child)
            empty = child.name.isdecimal() and child.is_dir() and not any(child.iterdir())
        except OSError:  # it is gone by itself
            continue
        hidden = child.name.startswith(".") and child.name not in _OURS
        if (
            (child.name.startswith(_TRASH) and child.parent == folder)
            or (hidden and idle_s > _HALF_WRITTEN_S)
            or (empty and child.name not in versions and idle_s > _UNUSED_S)
        ):
            found.append(child)
    return sorted(found)


def _escaped(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _last_change(path: Path) -> float:
    """When anything in it was written last."""
    inside = path.iterdir() if path.is_dir() and not path.is_symlink() else ()
    return max([path.lstat().st_mtime, *(child.lstat().st_mtime for child in inside)])


def _size(path: Path) -> int:
    """The bytes of a file, or of the files in a folder (bundles have no folders), as far as they are there."""
    total = 0
    with suppress(OSError):
        files = [child for child in path.iterdir() if child.is_file()] if path.is_dir() else [path]
        for file in files:
            with suppress(OSError):
                total += file.lstat().st_size
    return total


def _remove(path: Path) -> None:
    """Away in one step; then, at leisure, from the disk."""
    try:
        if not path.is_dir() or path.is_symlink():
            path.unlink()
            return
        trash = path
        if not path.name.startswith(_TRASH):
            trash = aside_of(path.with_name(_TRASH[1:]))
            os.rename(path, trash)
            sync_folder(path.parent)
        shutil.rmtree(trash)
    except FileNotFoundError:
        return
    except OSError as error:
        raise RegistryError(f"{path}: expected to remove it; got: {error.strerror or error}") from None
