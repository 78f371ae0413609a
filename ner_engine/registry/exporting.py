"""A bundle to a directory of somebody's own: its files and nothing else, there all at once."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ner_engine.bundle import MANIFEST, Bundle, load_bundle
from ner_engine.errors import BundleError
from ner_engine.registry.files import aside_of, sync_folder

__all__ = ["export"]


def export(bundle: Bundle, target: Path) -> Path:
    """Copy a bundle to ``target``, which must not exist, check the copy, and move it into place.

    Raises BundleError where the target exists or cannot be written, or the copy is not whole.
    """
    if target.exists() or target.is_symlink():
        raise BundleError(f"{target}: exists; expected a new directory")
    aside = aside_of(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.mkdir()
        for name in (*bundle.manifest["files"], MANIFEST):
            shutil.copyfile(bundle.path / name, aside / name)
            with (aside / name).open("rb") as file:
                os.fsync(file.fileno())
        load_bundle(aside.absolute())
        sync_folder(aside)
        os.rename(aside, target)
        sync_folder(target.parent)
    except OSError as error:
        raise BundleError(f"{target}: expected a place to write to; got: {error.strerror or error}") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return target
