"""What was typed at the console, from one day to the next: a file of lines, for its owner's eyes only.

A history that cannot be read or written is no reason not to talk: it is then empty, or forgotten.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

__all__ = ["read_history", "remember", "state_folder"]

_KEPT = 1000  # lines


def state_folder(
    environment: Mapping[str, str], *, platform: str = sys.platform, home: Path | None = None
) -> Path:
    """Where this system keeps what programs remember of their user."""
    at_home = home or Path.home()
    if platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or at_home / "AppData" / "Local") / "ner-engine"
    if platform == "darwin":
        return at_home / "Library" / "Application Support" / "ner-engine"
    given = Path(environment.get("XDG_STATE_HOME", ""))
    return (given if given.is_absolute() else at_home / ".local" / "state") / "ner-engine"


def read_history(path: Path) -> list[str]:
    """The last lines typed, oldest first. A file that has grown long is cut."""
    try:
        lines = [line for line in path.read_text(encoding="utf-8", errors="replace").split("\n") if line.strip()]
    except OSError:
        return []
    if len(lines) > 2 * _KEPT:
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        with suppress(OSError):
            _write(aside, "".join(f"{line}\n" for line in lines[-_KEPT:]))
            aside.replace(path)
    return lines[-_KEPT:]


def remember(path: Path, line: str) -> None:
    """Add a line to the history."""
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, " ".join(line.splitlines()) + "\n")


def _write(path: Path, text: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(file, "w", encoding="utf-8", errors="replace") as out:
        if sys.platform != "win32":
            os.fchmod(out.fileno(), 0o600)  # made by hand, or by another umask
        out.write(text)
