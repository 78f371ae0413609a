"""A bundle's weights in another form: a bundle in, the same with other weights and graph out.

::

    python benchmarks/reexport.py ko-chat /tmp/ko-chat-int8
    python benchmarks/reexport.py models/mine /tmp/mine --quantise none
    python benchmarks/reexport.py runs/mine models/mine --quantise keep --notes mine.toml
    ner-engine evaluate /tmp/ko-chat-int8 corpus/chat-ko/dev.jsonl

For measuring what a form costs and saves without training again; or, with ``keep``, to write a recipe's notes
(what was measured of the finished bundle) into its card. Needs the ``train`` extra.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ner_engine.bundle import Bundle, load_bundle, publish, read_tensors
from ner_engine.config import load_recipe
from ner_engine.errors import NerEngineError
from ner_engine.features import FeatureExtractor
from ner_engine.network.export import build_graph
from ner_engine.network.quantise import dequantised, quantised
from ner_engine.network.tagger import Shape
from ner_engine.tokenizers import load_tokenizer

HEADING = "## Ablations\n"


def reexport(
    name: str, target: Path, *, quantise: str, notes: str = "", min_score: float | None = None
) -> tuple[int, int]:
    """Write the bundle; the bytes of the old one and of the new one. ``notes`` replaces the card's, if any,
    ``min_score`` the manifest's."""
    bundle = load_bundle(name)
    files: dict[str, bytes | Path] = {key: bundle.path / key for key in bundle.manifest["files"]}
    manifest = {k: v for k, v in bundle.manifest.items() if k not in ("format", "files")}
    card = (bundle.path / "CARD.md").read_text(encoding="utf-8")
    if notes:
        card = f"{card.partition(HEADING)[0].rstrip()}\n\n{HEADING}\n{notes.strip()}\n"
        manifest["recipe"] = {**manifest["recipe"], "notes": notes}
    if min_score is not None:
        manifest["min_score"] = min_score
        export = {**manifest["recipe"]["export"], "min_score": min_score}
        manifest["recipe"] = {**manifest["recipe"], "export": export}
    with tempfile.TemporaryDirectory() as folder:
        if quantise != "keep":
            files |= _in_form(bundle, quantise, Path(folder))
            stored = {"int8": "int8 and float16", "none": "float16"}[quantise]
            card = re.sub(r"stored as [\w ]+", f"stored as {stored}", card)
            export = {**manifest["recipe"]["export"], "quantise": quantise}
            manifest["recipe"] = {**manifest["recipe"], "export": export}
        publish(target, {**files, "CARD.md": card.encode()}, manifest)
    return bundle.size_bytes(), load_bundle(target).size_bytes()


def _in_form(bundle: Bundle, quantise: str, folder: Path) -> dict[str, bytes | Path]:
    """The weights in a form, written into ``folder``, and the graph over them."""
    from safetensors.numpy import save_file

    extractor = FeatureExtractor(
        bundle.features, load_tokenizer("syllable"), bundle.vocabularies(), bundle.gazetteer()
    )
    tables = [column.table for column in extractor.columns]
    state = dequantised(read_tensors(bundle.path / "weights.safetensors"), bundle.network, tables)
    if quantise == "int8":
        arrays = quantised(state, bundle.network, tables)
    else:
        arrays = {key: values.astype(np.float16) for key, values in state.items()}
    shape = Shape(extractor.columns, extractor.flag_count, bundle.tags, bundle.scheme)
    weights = folder / "weights.safetensors"
    save_file(arrays, str(weights))
    return {"weights.safetensors": weights, "graph.onnx": build_graph(weights, bundle.network, shape)}


def main(argv: Sequence[str] | None = None) -> int:
    """Write and print the sizes; 0 done, 1 failed."""
    parser = argparse.ArgumentParser(description="Write a bundle's weights in another form.")
    parser.add_argument("bundle", help="bundle name or path")
    parser.add_argument("target", type=Path, help="a new directory, or a bundle to replace")
    parser.add_argument(
        "--quantise", choices=["int8", "none", "keep"], default="int8", help="default: %(default)s"
    )
    parser.add_argument(
        "--notes",
        type=Path,
        metavar="RECIPE.toml",
        help="recipe whose notes go into the card, and whose export.min_score into the manifest",
    )
    given = parser.parse_args(argv)
    try:
        recipe = load_recipe(given.notes) if given.notes else None
        before, after = reexport(
            given.bundle,
            given.target,
            quantise=given.quantise,
            notes=recipe.notes if recipe else "",
            min_score=recipe.export.min_score if recipe else None,
        )
    except NerEngineError as error:
        sys.stderr.write(f"reexport.py: {error}\n")
        return 1
    sys.stdout.write(f"{given.target}: {after / 1e6:.2f} MB, before {before / 1e6:.2f} MB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
