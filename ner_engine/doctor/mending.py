"""The commands that mend: lines to paste, for the Python that runs here and the place this came from."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

__all__ = ["DISTRIBUTION", "checkout", "command", "ours", "pip_install", "reinstall", "setting", "with_extra"]

DISTRIBUTION = "ner-engine"


def command(words: Sequence[str]) -> str:
    """A command as the shell of this system takes it."""
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def setting(name: str, value: str) -> str:
    """The line that sets an environment variable, or with ``""`` takes it away."""
    if os.name == "nt":
        return f"set {name}={value}"
    return f"export {name}={shlex.quote(value)}" if value else f"unset {name}"


def ours(*words: str) -> str:
    """A call of this package's own command."""
    return command([DISTRIBUTION, *words])


def pip_install(*requirements: str) -> str:
    """``pip install`` for the Python that runs here, whichever ``pip`` the shell would find."""
    return command([sys.executable or "python", "-m", "pip", "install", *requirements])


def checkout() -> Path | None:
    """The root of the checkout this package runs from, or None for an installed copy."""
    root = Path(__file__).resolve().parents[2]
    try:
        text = (root / "pyproject.toml").read_text(encoding="utf-8")
    except OSError:
        return None
    return root if f'name = "{DISTRIBUTION}"' in text else None


def with_extra(extra: str) -> str:
    """The command that installs an optional part."""
    root = checkout()
    if root is not None:
        return pip_install("-e", f"{root}[{extra}]")
    origin = _origin()
    return pip_install(f"{DISTRIBUTION}[{extra}]" if origin is None else f"{origin}[{extra}]")


def reinstall() -> str:
    """The command that puts this package's own files back, and leaves what it is built on."""
    root = checkout()
    if root is not None and (root / ".git").exists():
        return command(["git", "-C", str(root), "checkout", "--", "models", "ner_engine"])
    origin = _origin()
    return pip_install("--force-reinstall", "--no-deps", DISTRIBUTION if origin is None else str(origin))


def _origin() -> Path | None:
    """The folder or file that pip installed this package from, where it is still there."""
    try:
        told = metadata.distribution(DISTRIBUTION).read_text("direct_url.json")
        url = urlsplit(json.loads(told or "{}").get("url", ""))
    except (metadata.PackageNotFoundError, ValueError, AttributeError):
        return None
    if url.scheme != "file":
        return None
    path = Path(url2pathname(url.path) if os.name == "nt" else unquote(url.path))
    return path if path.exists() else None
