"""Fingerprints: what has to be equal for a trained model to see the input it was trained on.

In: the fingerprint stored with a model and the one of the analyser here. Out: sentences that say what
differs. Also the pieces fingerprints are made of: versions of installed packages and digests of files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

__all__ = ["compare_fingerprints", "digest_of", "version_of"]

_NAMES = {
    "backend": "the analyser",
    "dictionary": "the analyser's dictionary",
    "user_dictionary": "the user dictionary",
    "version": "the analyser's version",
}


def compare_fingerprints(trained: Mapping[str, str], here: Mapping[str, str]) -> list[str]:
    """One sentence for each thing that differs; empty when a model will see what it was trained on."""
    keys = sorted(trained.keys() | here.keys())
    if trained.get("backend") != here.get("backend"):
        keys = ["backend"]  # the rest differs with it
    return [
        f"{_NAMES.get(key, key)} differs: trained with {trained.get(key, 'none')}, here {here.get(key, 'none')}"
        for key in keys
        if trained.get(key) != here.get(key)
    ]


def version_of(distribution: str) -> str:
    """The version of an installed distribution, or ``"unknown"``."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "unknown"


def digest_of(paths: Iterable[Path]) -> str:
    """The first 16 hex digits of the SHA-256 over the contents of files, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:16]
