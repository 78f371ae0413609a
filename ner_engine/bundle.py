"""A trained model as a directory: write, find, load, verify.

::

    bundle.json            format, labels, scheme, tags, tokenizer and its fingerprint, recipe, data hashes,
                           metrics, package version, the curves of its scores (none in older bundles), and
                           the SHA-256 of every other file
    vocabularies.json      syllables, parts of speech, semantic classes, words with vectors
    gazetteer.safetensors  hashed lexicon forms (only where the recipe names gazetteers)
    weights.safetensors    weights: float16 in torch's names and layout, or int8 (ner_engine.network.quantise)
    graph.onnx             the inference graph; its initializers point into weights.safetensors
    CARD.md                data, licences, configuration, scores, how to rebuild it

Nothing in it is executable and nothing is unpickled. A damaged, incomplete or newer bundle is refused.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from ner_engine.config import FeatureConfig, NetworkConfig, from_dict
from ner_engine.errors import BundleError, NerEngineError
from ner_engine.features import Gazetteer, Vocabularies
from ner_engine.pointer import (
    CURRENT,
    MANIFEST,
    bundle_names,
    find_bundle,
    flat_bundle,
    is_version,
    known_versions,
)
from ner_engine.scheme import tag_list

__all__ = [
    "FORMAT",
    "MANIFEST",
    "Bundle",
    "bundle_names",
    "check_target",
    "find_bundle",
    "flat_bundle",
    "gazetteer_arrays",
    "known_versions",
    "load_bundle",
    "manifest_digest",
    "publish",
    "read_tensors",
]

FORMAT = 1
_REQUIRED = ("vocabularies.json", "weights.safetensors", "graph.onnx", "CARD.md")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle on disk whose files have been checked against its manifest."""

    path: Path
    name: str
    labels: tuple[str, ...]
    scheme: str
    tags: tuple[str, ...]
    tokenizer: str
    fingerprint: Mapping[str, str]
    features: FeatureConfig
    network: NetworkConfig
    metrics: Mapping[str, Any]
    manifest: Mapping[str, Any]
    digest: str  # the SHA-256 of its manifest, which names that of every other file

    @property
    def tag(self) -> str:
        """``ko-chat@3/1f3a9c02``: as corrections and answers name it."""
        return f"{self.name}@{self.state}"

    @property
    def state(self) -> str:
        """``3/1f3a9c02``: its version, else that of the package it was made with, and how its digest begins."""
        number = self.manifest.get("version") or self.manifest.get("package_version", "0")
        return f"{number}/{self.digest[:8]}"

    def vocabularies(self) -> Vocabularies:
        """The closed vocabularies."""
        path = self.path / "vocabularies.json"
        try:
            return Vocabularies.from_json(path.read_bytes().decode("utf-8", "surrogatepass"))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise BundleError(f"{path}: expected lists of syllables, tags and classes; {error!r}") from None

    def gazetteer(self) -> Gazetteer | None:
        """The lexicon of the match features, or None."""
        if not self.manifest["gazetteer"]:
            return None
        arrays = read_tensors(self.path / "gazetteer.safetensors")
        return Gazetteer(tuple(self.manifest["gazetteer"]), arrays["hashes"], arrays["bits"], arrays["lengths"])

    def size_bytes(self) -> int:
        """All its files together."""
        return sum((self.path / name).stat().st_size for name in (MANIFEST, *self.manifest["files"]))


def read_tensors(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays of a safetensors file."""
    from safetensors.numpy import load_file

    try:
        arrays: dict[str, npt.NDArray[Any]] = load_file(str(path))
    except Exception as error:  # safetensors raises its own class, a direct child of Exception
        raise BundleError(f"{path}: expected a safetensors file; {error}") from None
    return arrays


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def manifest_digest(path: Path) -> str:
    """The SHA-256 of a bundle's manifest, which names that of every other file. Raises BundleError."""
    try:
        return _digest(path / MANIFEST)
    except OSError as error:
        raise BundleError(f"{path / MANIFEST}: expected a readable file; {error.strerror or error}") from None


def load_bundle(name: str | Path, *, models: str | Path | None = None) -> Bundle:
    """Find a bundle (``find_bundle``), check every file against the manifest, and describe it.

    Raises BundleError when a file is missing or changed, or the format is newer than this package reads.
    """
    path = find_bundle(name, models=models)
    try:
        data = (path / MANIFEST).read_bytes()
        manifest = json.loads(data)
        version = manifest["format"]
        files = dict(manifest["files"])
        gazetteer = manifest["gazetteer"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleError(f"{path / MANIFEST}: not a bundle manifest ({error!r})") from None
    except OSError as error:  # taken away since it was found
        raise BundleError(f"{path / MANIFEST}: expected a readable file; {error.strerror or error}") from None
    if not isinstance(version, int) or version > FORMAT:
        raise BundleError(
            f"{path}: bundle format {version}, this package reads up to {FORMAT}: upgrade ner-engine"
        )
    lexicon = ("gazetteer.safetensors",) if gazetteer else ()
    for required in (*_REQUIRED, *lexicon):
        if required not in files:
            raise BundleError(f"{path / MANIFEST}: expected {required!r} among its files; it is not listed")
    for name_, digest in files.items():
        if Path(name_).name != name_:
            raise BundleError(f"{path / MANIFEST}: {name_!r} is not a plain file name")
        if not (path / name_).is_file():
            raise BundleError(f"{path / name_}: missing; the bundle is incomplete")
        if _digest(path / name_) != digest:
            raise BundleError(f"{path / name_}: its SHA-256 is not the manifest's; the bundle is damaged")
    try:
        if list(manifest["tags"]) != tag_list(manifest["labels"], scheme=manifest["scheme"]):
            raise BundleError("tags: expected those of its labels and scheme; got others")
        return Bundle(
            path=path,
            name=str(manifest["name"]),
            labels=tuple(manifest["labels"]),
            scheme=str(manifest["scheme"]),
            tags=tuple(manifest["tags"]),
            tokenizer=str(manifest["tokenizer"]),
            fingerprint=dict(manifest["fingerprint"]),
            features=from_dict(FeatureConfig, manifest["recipe"]["features"]),
            network=from_dict(NetworkConfig, manifest["recipe"]["network"]),
            metrics=dict(manifest["metrics"]),
            manifest=manifest,
            digest=hashlib.sha256(data).hexdigest(),
        )
    except (KeyError, TypeError, ValueError, NerEngineError) as error:
        raise BundleError(f"{path / MANIFEST}: not a bundle manifest ({error})") from None


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check_target(target: Path) -> None:
    """Refuse to replace what is no bundle. Raises BundleError."""
    if target.is_symlink() or (target.exists() and not (target / MANIFEST).is_file()):
        if target.is_dir() and not target.is_symlink() and not any(target.iterdir()):
            return
        raise BundleError(f"{target}: expected a new directory or a bundle to replace; got something else")
    if target.is_dir() and any(is_version(child.name) or child.name == CURRENT for child in target.iterdir()):
        raise BundleError(f"{target}: expected a bundle to replace; got one with later versions in its folder")


def _exchange(a: Path, b: Path) -> bool:
    """Swap two directories in one step (renameat2, Linux). False where the system cannot."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if os.name == "posix" else None
    if renameat2 is None:
        return False
    here, swap = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return bool(renameat2(here, os.fsencode(a), here, os.fsencode(b), swap) == 0)


def publish(target: Path, files: Mapping[str, bytes | Path], manifest: Mapping[str, Any]) -> Path:
    """Write a bundle beside ``target``, sync it, and move it into place; an old bundle there is replaced.

    ``files`` maps plain file names to their bytes, or to a file that is copied. The manifest gets the
    format and every file's SHA-256. At any moment the old bundle or the new one is there, whole (on Linux; where
    two directories cannot be exchanged in one step, a kill between two renames leaves the old one beside).
    Raises BundleError for a target that is something else than a bundle.
    """
    check_target(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        digests = {}
        for name, content in sorted(files.items()):
            if isinstance(content, Path):
                shutil.copyfile(content, aside / name)
            else:
                (aside / name).write_bytes(content)
            digests[name] = _digest(aside / name)
        text = json.dumps({"format": FORMAT, **manifest, "files": digests}, ensure_ascii=False, indent=2)
        (aside / MANIFEST).write_text(text + "\n", encoding="utf-8")
        for file in aside.iterdir():
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
        _sync_directory(aside)
        aside.chmod(0o755)
        if not target.exists():
            aside.rename(target)
        elif _exchange(aside, target):
            shutil.rmtree(aside, ignore_errors=True)  # the old bundle now
        else:
            old = aside.with_name(aside.name + ".old")
            target.rename(old)
            try:
                aside.rename(target)
            except BaseException:
                old.rename(target)
                raise
            shutil.rmtree(old, ignore_errors=True)
        _sync_directory(target.parent)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return target


def gazetteer_arrays(gazetteer: Gazetteer) -> dict[str, npt.NDArray[Any]]:
    """What ``gazetteer.safetensors`` holds: ``hashes (forms,) uint64``, ``bits uint32``, ``lengths int32``."""
    return {"hashes": gazetteer.hashes, "bits": gazetteer.bits, "lengths": gazetteer.lengths}
