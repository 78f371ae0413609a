"""A finished run -> a bundle directory with its CARD.md and metrics.json."""

from __future__ import annotations

import json
import platform
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ner_engine.bundle import gazetteer_arrays, publish, read_tensors
from ner_engine.config import Recipe, to_dict
from ner_engine.network.export import build_graph
from ner_engine.network.quantise import quantised, taken_over
from ner_engine.training.metrics import Scores
from ner_engine.training.trainer import Prepared, Result

__all__ = ["Lineage", "build_bundle", "card"]


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a version of a bundle comes from: keys for its manifest, and lines for its card."""

    manifest: Mapping[str, Any] = field(default_factory=dict)
    card: Sequence[str] = ()


def _table(scores: Scores) -> list[str]:
    rows = ["| label | precision | recall | F1 | entities |", "|---|---|---|---|---|"]
    for label, counts in [("all (micro)", scores.micro), *scores.labels.items()]:
        d = counts.to_dict()
        rows.append(
            f"| {label} | {d['precision']:.2f} | {d['recall']:.2f} | {d['f1']:.2f} | {d['support']:.0f} |"
        )
    return rows


def card(
    prepared: Prepared, result: Result, *, command: str, version: str, lineage: Lineage | None = None
) -> str:
    """The bundle's CARD.md."""
    recipe = prepared.recipe
    lines = [f"# {recipe.name}", "", recipe.description.strip(), ""]
    lines += [f"Licence of the weights: {recipe.licence}", "", "## Rebuild", ""]
    lines += [*(f"    {c}" for c in (*recipe.before, command)), ""]
    if lineage is not None:
        lines += [*lineage.card, ""]
    lines += ["## Data", "", "| source | use | sentences | entities | not annotated there | SHA-256 |"]
    lines += ["|---|---|---|---|---|---|"]
    for use, sets in (("train", prepared.train), ("dev", prepared.dev), ("test", prepared.test)):
        for source, _ in sets:
            entities = sum(len(s.entities) for s in source.sentences)
            lines.append(
                f"| {source.name} | {use} | {len(source.sentences):,} | {entities:,} | "
                f"{', '.join(source.unknown) or '-'} | `{source.digest()[:16]}` |"
            )
    if recipe.features.gazetteers:
        lines += ["", "Gazetteers (match features, not training sentences):", ""]
        lines += [f"- {category}: {', '.join(files)}" for category, files in recipe.features.gazetteers.items()]
    lines += ["", "## Scores (strict spans, per cent)", ""]
    for use, by_source in (("dev", result.dev), ("test", result.test)):
        for name, scores in by_source.items():
            lines += [f"### {use}: {name}", "", *_table(scores), ""]
    stored = "int8 and float16" if recipe.export.quantise == "int8" else "float16"
    parameters = sum(p.numel() for p in result.tagger.parameters())
    lines += [
        "## Training",
        "",
        f"Seed {recipe.training.seed}, {recipe.training.threads} threads, device {recipe.training.device}, "
        f"{result.minutes:.1f} minutes, best epoch {result.best_epoch} of {len(result.history)} run. "
        f"{parameters:,} parameters, stored as {stored}. ner-engine {version}, "
        f"Python {platform.python_version()}.",
        "",
        "```json",
        json.dumps({k: to_dict(recipe)[k] for k in ("features", "network", "training")}, indent=2),
        "```",
        "",
    ]
    if recipe.notes:
        lines += ["## Ablations", "", recipe.notes.strip(), ""]
    return "\n".join(lines)


def _metrics(result: Result) -> dict[str, Any]:
    return {
        "dev": {name: s.to_dict() for name, s in result.dev.items()},
        "test": {name: s.to_dict() for name, s in result.test.items()},
        "best_epoch": result.best_epoch,
        "minutes": round(result.minutes, 2),
        "temperature": round(result.temperature, 4),
        "calibration": result.curves.to_dict(),
    }


def _changed(prepared: Prepared, result: Result) -> set[str]:
    """The weights that are not those a run has started from, to the precision that is stored."""
    before = prepared.weights
    return {
        name
        for name, value in result.tagger.state_dict().items()
        if name not in before
        or before[name].shape != value.shape
        or not torch.equal(before[name].cpu().half(), value.cpu().half())
    }


def build_bundle(
    prepared: Prepared,
    result: Result,
    target: Path,
    *,
    command: str,
    lineage: Lineage | None = None,
    parent: Path | None = None,
) -> Path:
    """Write the bundle of a run to ``target``, atomically. ``command`` is what rebuilds it.

    Weights that are still those of ``prepared.weights``, read of the bundle ``parent``, stay as that stores them.
    """
    from safetensors.numpy import save, save_file

    from ner_engine import __version__

    recipe: Recipe = prepared.recipe
    metrics = _metrics(result)
    state = {
        k: np.ascontiguousarray(v.detach().cpu().half().numpy())
        for k, v in result.tagger.state_dict().items()
        if not k.startswith("heads.")  # the outputs of other tasks have done their work
    }
    if recipe.export.quantise == "int8":
        former = None if parent is None else read_tensors(parent / "weights.safetensors")
        state = quantised(state, recipe.network, [column.table for column in prepared.shape.columns], former)
        if former is not None:
            state = taken_over(state, former, _changed(prepared, result))
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.safetensors"
        save_file(state, str(weights))
        files: dict[str, bytes | Path] = {
            "weights.safetensors": weights,
            "graph.onnx": build_graph(weights, recipe.network, prepared.shape),
            "vocabularies.json": prepared.extractor.vocabularies.to_json().encode("utf-8", "surrogatepass"),
            "metrics.json": (json.dumps({**metrics, "history": result.history}, indent=2) + "\n").encode(),
            "CARD.md": card(prepared, result, command=command, version=__version__, lineage=lineage).encode(
                "utf-8", "backslashreplace"
            ),
        }
        gazetteer = prepared.extractor.gazetteer
        if gazetteer is not None:
            files["gazetteer.safetensors"] = save(gazetteer_arrays(gazetteer))
        dictionary = recipe.features.user_dictionary
        if dictionary:
            files[Path(dictionary).name] = prepared.root / dictionary
        manifest = {
            "name": recipe.name,
            "description": recipe.description.strip(),
            "licence": recipe.licence,
            "package_version": __version__,
            "labels": recipe.data.labels,
            "scheme": recipe.data.scheme,
            "tags": prepared.tags,
            "tokenizer": recipe.features.tokenizer,
            "fingerprint": prepared.extractor.tokenizer.fingerprint(),
            "gazetteer": list(gazetteer.categories) if gazetteer is not None else [],
            "calibration": result.curves.to_dict(),
            "min_score": recipe.export.min_score,
            "recipe": to_dict(recipe),
            "data": {
                use: {source.name: source.digest() for source, _ in sets}
                for use, sets in (("train", prepared.train), ("dev", prepared.dev), ("test", prepared.test))
            },
            "metrics": metrics,
            **(lineage.manifest if lineage is not None else {}),
        }
        return publish(target, files, manifest)
