"""The wheel brings the shipped bundles whole, and nothing that somebody's retraining has left beside them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BROUGHT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"][
    "targets"
]["wheel"]["force-include"]


@pytest.mark.parametrize("name", ["ko-chat", "ko-news"])
def test_a_shipped_bundle_is_brought_file_by_file(name):
    folder = ROOT / "models" / name
    wanted = {"bundle.json", *json.loads((folder / "bundle.json").read_text(encoding="utf-8"))["files"]}
    brought = {Path(path).name for path in BROUGHT if path.startswith(f"models/{name}/")}
    assert wanted <= brought <= wanted | {"CARD.md", "metrics.json"}


def test_what_is_brought_is_there_and_goes_where_it_came_from():
    for path, place in BROUGHT.items():
        assert (ROOT / path).exists(), path
        assert place == f"ner_engine/_shipped/{path}"
    folders = {path for path in BROUGHT if path.startswith("models/") and (ROOT / path).is_dir()}
    assert folders == {"models/configs"}
