"""What the tests of the registry share: small whole bundles, versions of them, and what a gate writes."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from ner_engine.bundle import publish
from ner_engine.config import FeatureConfig, NetworkConfig, to_dict
from ner_engine.registry import Registry
from ner_engine.scheme import tag_list

__all__ = ["add", "passed", "plain_bundle"]


def plain_bundle(target: Path, note: str, **more: Any) -> Path:
    """A bundle whose files are whole and say nothing: for whatever only looks at files."""
    labels = ["PS", "LC"]
    recipe = {"features": to_dict(FeatureConfig()), "network": to_dict(NetworkConfig())}
    manifest = {
        "name": "tiny", "note": note, "labels": labels, "scheme": "BIO", "tags": tag_list(labels, scheme="BIO"),
        "tokenizer": "mecab", "fingerprint": {}, "gazetteer": [], "metrics": {}, "package_version": "0.1.0",
        "licence": "Apache-2.0", "recipe": recipe,
    }  # fmt: skip
    files = {
        name: f"{name} {note}".encode() for name in ("vocabularies.json", "weights.safetensors", "graph.onnx")
    }
    publish(target, {**files, "CARD.md": f"# tiny {note}\n".encode()}, manifest | more)
    with suppress(FileNotFoundError):  # somebody cleared it away already
        os.utime(target / "bundle.json", (1.6e9, 1.6e9))  # made before anything that the tests promote
    return target


def add(registry: Registry, name: str, *, report: bool = True, **more: Any) -> str:
    """A new version of ``name``; with a ``report``, the gate has passed it against the version in use."""
    current = registry.current(name)
    version = registry.reserve(name)
    parent = {"name": name, "version": current.version, "digest": current.digest}
    plain_bundle(registry.path(name, version), version, version=version, parent=parent, **more)
    if report:
        passed(registry, name, version)
    return version


def passed(registry: Registry, name: str, version: str, **more: Any) -> None:
    """The gate passes a version against the one in use now."""
    sides = {"old": registry.current(name), "new": registry.get(name, version)}
    folder = registry.report_folder(name, version)
    folder.mkdir(parents=True, exist_ok=True)
    report = {"passed": True, "reasons": [], "forced": False} | {
        side: {"name": v.name, "version": v.version, "digest": v.digest} for side, v in sides.items()
    }
    (folder / "metrics.json").write_text(json.dumps(report | more), encoding="utf-8")
