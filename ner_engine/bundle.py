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
from ner_engine.scheme import tag_list

__all__ = [
    "FORMAT",
    "Bundle",
    "bundle_names",
    "check_target",
    "find_bundle",
    "gazetteer_arrays",
    "load_bundle",
    "publish",
    "read_tensors",
]

FORMAT = 1
MANIFEST = "bundle.json"
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
        """All files together."""
        return sum(f.stat().st_size for f in self.path.iterdir() if f.is_file())


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


def _roots() -> list[Path]:
    """Where bundles are looked for by name: inside the installed package, then beside it in a checkout."""
    package = Path(__file__).resolve().parent
    return [package / "_shipped" / "models", package.parent / "models"]


def bundle_names() -> list[str]:
    """Names that ``find_bundle`` knows, sorted."""
    found = {
        child.name
        for root in _roots()
        if root.is_dir()
        for child in root.iterdir()
        if (child / MANIFEST).is_file()
    }
    return sorted(found)


def find_bundle(name: str | Path) -> Path:
    """The directory of a bundle given by name or path. Raises BundleError naming those there are."""
    direct = Path(name)
    if (direct / MANIFEST).is_file():
        return direct
    for root in _roots():
        if (root / str(name) / MANIFEST).is_file():
            return root / str(name)
    known = ", ".join(bundle_names()) or "none"
    raise BundleError(f"no bundle {str(name)!r}: expected a directory with {MANIFEST}, or one of: {known}")


def load_bundle(name: str | Path) -> Bundle:
    """Find a bundle, check every file against the manifest, and describe it.

    Raises BundleError when a file is missing or changed, or the format is newer than this package reads.
    """
    path = find_bundle(name)
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        version = manifest["format"]
        files = dict(manifest["files"])
        gazetteer = manifest["gazetteer"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BundleError(f"{path / MANIFEST}: not a bundle manifest ({error!r})") from None
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
