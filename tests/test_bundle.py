"""Bundles on disk: what is written comes back, what is damaged is refused, what is published is whole."""

from __future__ import annotations

import io
import json
import os
import pickletools
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("safetensors", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from ner_engine import bundle as bundle_module  # noqa: E402
from ner_engine import pointer as pointer_module  # noqa: E402
from ner_engine.bundle import (  # noqa: E402
    FORMAT,
    MANIFEST,
    bundle_names,
    find_bundle,
    load_bundle,
    publish,
    read_tensors,
)
from ner_engine.config import load_recipe, to_dict  # noqa: E402
from ner_engine.engine import Engine  # noqa: E402
from ner_engine.errors import BundleError  # noqa: E402
from ner_engine.features import pad  # noqa: E402
from ner_engine.network.tagger import Shape, Tagger  # noqa: E402
from ner_engine.training.trainer import prepare  # noqa: E402
from tests.conftest import tiny_sentences, write_tiny  # noqa: E402

FILES = [
    "CARD.md",
    "bundle.json",
    "gazetteer.safetensors",
    "graph.onnx",
    "metrics.json",
    "vocabularies.json",
    "weights.safetensors",
]


@pytest.fixture
def copy(tiny_bundle, tmp_path):
    """A bundle that a test may spoil."""
    return Path(shutil.copytree(tiny_bundle, tmp_path / "copy"))


def _edit(path, change):
    manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    change(manifest)
    (path / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")


def _refused(path, message):
    with pytest.raises(BundleError, match=message) as error:
        load_bundle(path)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


# what comes back


def test_round_trip(tiny_bundle, tmp_path):
    bundle = load_bundle(tiny_bundle)
    prepared = prepare(load_recipe(write_tiny(tmp_path)), base=tmp_path)
    assert sorted(f.name for f in tiny_bundle.iterdir()) == FILES
    assert bundle.path == tiny_bundle
    assert (bundle.name, bundle.labels, bundle.scheme, bundle.tokenizer) == (
        "tiny",
        ("PS", "LC"),
        "BIOES",
        "mecab",
    )
    assert bundle.tags == prepared.tags
    assert bundle.features == prepared.recipe.features
    assert bundle.network == prepared.recipe.network
    assert bundle.manifest["recipe"] == to_dict(prepared.recipe)
    assert bundle.fingerprint == prepared.extractor.tokenizer.fingerprint()
    assert bundle.vocabularies() == prepared.extractor.vocabularies
    assert bundle.manifest["data"]["train"] == {s.name: s.digest() for s, _ in prepared.train}
    built, read = prepared.extractor.gazetteer, bundle.gazetteer()
    assert read.categories == built.categories
    for name in ("hashes", "bits", "lengths"):
        np.testing.assert_array_equal(getattr(read, name), getattr(built, name))
    assert bundle.size_bytes() == sum((tiny_bundle / name).stat().st_size for name in FILES)


def test_the_graph_on_onnxruntime_equals_the_tagger_rebuilt_from_the_weights(tiny_bundle):
    bundle = load_bundle(tiny_bundle)
    engine = Engine(bundle)
    features = engine._features
    shape = Shape(features.columns, features.flag_count, bundle.tags, bundle.scheme)
    tagger = Tagger(bundle.network, shape).eval()
    weights = read_tensors(tiny_bundle / "weights.safetensors")
    assert {str(w.dtype) for w in weights.values()} == {"float16"}
    tagger.load_state_dict({k: torch.tensor(v).float() for k, v in weights.items()})
    texts = sorted({s.text for s in tiny_sentences()})
    assert len(texts) > 20
    encoded = features.encode_many(texts)
    batch = pad(encoded)
    assert batch.flags.any()
    got = engine._session.emissions(batch)
    with torch.no_grad():
        lengths = torch.tensor(batch.lengths).long()
        expected = tagger(torch.tensor(batch.ids).long(), torch.tensor(batch.flags), lengths)
    for row, n in enumerate(batch.lengths):
        np.testing.assert_allclose(got[row, :n], expected[row, :n].numpy(), atol=1e-4)
    paths = [[bundle.tags[i] for i in path] for path in engine._decoder.paths(got, batch.lengths)]
    assert paths == tagger.decode(expected, lengths)
    assert any(tag != "O" for path in paths for tag in path)


def test_nothing_in_a_bundle_is_a_pickle(tiny_bundle):
    def is_pickle(data):
        try:
            return any(op.name == "PROTO" for op, _, _ in pickletools.genops(io.BytesIO(data)))
        except Exception:  # no pickle: whatever the disassembler says of it
            return False

    assert is_pickle(b"\x80\x04N.")
    for file in tiny_bundle.iterdir():
        data = file.read_bytes()
        assert not is_pickle(data), file.name
        assert not zipfile.is_zipfile(file), file.name  # what torch.save and numpy.savez write
        assert b"\x93NUMPY" not in data, file.name
        assert file.suffix in (".json", ".safetensors", ".onnx", ".md"), file.name
        assert not os.access(file, os.X_OK), file.name


# what is refused


@pytest.mark.parametrize("name", [name for name in FILES if name != MANIFEST])
def test_one_flipped_byte_or_a_missing_file_is_refused(copy, name):
    file = copy / name
    whole = file.read_bytes()
    for at in (0, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        _refused(copy, f"{name}: its SHA-256 is not the manifest's; the bundle is damaged")
    for cut in (whole[:-1], b"", whole + b"\n"):
        file.write_bytes(cut)
        _refused(copy, "damaged")
    file.unlink()
    _refused(copy, f"{name}: missing; the bundle is incomplete")
    file.mkdir()
    _refused(copy, f"{name}: missing")


def test_a_manifest_with_a_flipped_byte_is_refused_or_read_but_never_a_surprise(copy):
    file = copy / MANIFEST
    whole = file.read_bytes()
    said = []
    for at in range(0, len(whole), 11):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        try:
            load_bundle(copy)
        except BundleError as error:
            said.append(str(error))
    assert len(said) > 50
    assert not any("\n" in message for message in said)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "null", "[]", "3", '"bundle"', "{}", '{"format": 1}', '{"format": 1, "files": 3}', "\ud800",
        '{"format": 1, "files": ["CARD.md"]}', '{"format": "1", "files": {}}', '{"format": null, "files": {}}',
    ],
)  # fmt: skip
def test_broken_json_is_one_line(copy, text):
    (copy / MANIFEST).write_bytes(text.encode("utf-8", "surrogatepass"))
    _refused(copy, "bundle")


KEYS = [
    "format",
    "files",
    "name",
    "labels",
    "scheme",
    "tags",
    "tokenizer",
    "fingerprint",
    "recipe",
    "metrics",
    "gazetteer",
]


@pytest.mark.parametrize("key", KEYS)
def test_a_manifest_that_lacks_a_key_names_it(copy, key):
    _edit(copy, lambda manifest: manifest.pop(key))
    _refused(copy, f"not a bundle manifest .*{key}")


def test_a_newer_format_is_refused(copy):
    _edit(copy, lambda manifest: manifest.update(format=FORMAT + 1))
    _refused(copy, f"bundle format {FORMAT + 1}, this package reads up to {FORMAT}: upgrade ner-engine")


def test_a_recipe_of_unknown_keys_is_refused(copy):
    _edit(copy, lambda manifest: manifest["recipe"]["network"].update(attention=True))
    _refused(copy, "unknown key 'attention'")


@pytest.mark.parametrize(
    "name", ["../copy/CARD.md", "/etc/hostname", "..", ".", "", "sub/file", "./CARD.md", "CARD.md/", "a\0b"]
)
def test_a_name_that_leaves_the_directory_is_refused(copy, name):
    digest = bundle_module._digest(copy / "CARD.md")
    _edit(copy, lambda manifest: manifest["files"].update({name: digest}))
    _refused(copy, "is not a plain file name|missing; the bundle is incomplete")


@pytest.mark.parametrize("name", [name for name in FILES if name not in (MANIFEST, "metrics.json")])
def test_a_file_the_manifest_does_not_vouch_for_is_refused(copy, name):
    _edit(copy, lambda manifest: manifest["files"].pop(name))
    _refused(copy, f"expected '{name}' among its files")


def test_a_lexicon_the_manifest_does_not_know_is_not_read(copy):
    def forget(manifest):
        manifest["files"].pop("gazetteer.safetensors")
        manifest["gazetteer"] = []

    _edit(copy, forget)
    assert load_bundle(copy).gazetteer() is None


def test_extra_files_do_no_harm(copy):
    (copy / "notes.txt").write_text("기록", encoding="utf-8")
    assert Engine(load_bundle(copy)).extract("이지은한테 전화해 줘")


@pytest.mark.parametrize("data", [b"", b"\xff" * 100, b"\x08\0\0\0\0\0\0\0{}"])
def test_tensors_that_cannot_be_read_are_one_line(tmp_path, data):
    (tmp_path / "w.safetensors").write_bytes(data)
    with pytest.raises(BundleError, match="expected a safetensors file") as error:
        read_tensors(tmp_path / "w.safetensors")
    assert "\n" not in str(error.value)


# finding


def test_bundles_are_found_by_path_and_by_name(tiny_bundle, tmp_path, monkeypatch):
    shutil.copytree(tiny_bundle, tmp_path / "models" / "mine")
    (tmp_path / "models" / "configs").mkdir()
    monkeypatch.setattr(pointer_module, "_roots", lambda models: [tmp_path / "nowhere", tmp_path / "models"])
    assert bundle_names() == ["mine"]
    assert find_bundle("mine") == tmp_path / "models" / "mine"
    assert find_bundle(tiny_bundle) == find_bundle(str(tiny_bundle)) == tiny_bundle
    monkeypatch.chdir(tiny_bundle.parent)
    assert load_bundle(tiny_bundle.name).name == "tiny"
    with pytest.raises(BundleError, match=r"no bundle 'yours': expected a directory .*, or one of: mine$"):
        find_bundle("yours")
    with pytest.raises(BundleError, match="no bundle"):
        find_bundle(tmp_path / "models" / "configs")


def test_a_name_without_any_bundle(monkeypatch, tmp_path):
    monkeypatch.setattr(pointer_module, "_roots", lambda models: [tmp_path])
    with pytest.raises(BundleError, match=r"or one of: none$"):
        find_bundle("ko-chat")


# publishing


def _contents(folder):
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


PARTS = {"CARD.md": b"# new\n", "graph.onnx": b"g", "vocabularies.json": b"{}", "weights.safetensors": b"w"}


def test_publish_writes_what_it_is_given_and_replaces_an_old_bundle(tmp_path, copy):
    target = tmp_path / "deep" / "down" / "bundle"
    source = tmp_path / "weights"
    source.write_bytes(b"w")
    assert publish(target, {**PARTS, "weights.safetensors": source}, {"name": "x"}) == target
    manifest = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
    assert manifest["format"] == FORMAT
    assert manifest["name"] == "x"
    assert set(manifest["files"]) == set(PARTS)
    assert {name: (target / name).read_bytes() for name in PARTS} == PARTS
    assert os.listdir(target.parent) == ["bundle"]
    publish(copy, PARTS, {"name": "y"})
    assert sorted(os.listdir(copy)) == sorted([*PARTS, MANIFEST])  # nothing of the old one is left in it
    assert sorted(os.listdir(tmp_path)) == ["copy", "deep", "weights"]
    assert target.stat().st_mode & 0o777 == 0o755


class Failure(Exception):
    pass


def _nth(function, n):
    """``function`` that fails when it is called for the n-th time."""
    calls = iter(range(1, 1000))

    def failing(*args, **kwargs):
        if next(calls) == n:
            raise Failure
        return function(*args, **kwargs)

    return failing


@pytest.mark.parametrize(
    ("place", "name", "n"),
    [
        (os, "fsync", 1), (os, "fsync", 5), (os, "fsync", 6), (shutil, "copyfile", 1), (json, "dumps", 1),
        (Path, "write_bytes", 2), (Path, "write_text", 1), (Path, "chmod", 1), (Path, "rename", 1),
        (Path, "rename", 2), (bundle_module, "_digest", 3),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)  # fmt: skip
def test_a_failure_in_the_middle_leaves_the_old_bundle_alone(tmp_path, copy, monkeypatch, place, name, n):
    source = tmp_path / "weights"
    source.write_bytes(b"w")
    before = _contents(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(place, name, _nth(getattr(place, name), n))
        if name == "rename":  # what happens where two directories cannot be exchanged in one step
            patch.setattr(bundle_module, "_exchange", lambda a, b: False)
        with pytest.raises(Failure):
            publish(copy, {**PARTS, "weights.safetensors": source}, {"name": "y"})
    assert _contents(tmp_path) == before
    assert sorted(os.listdir(tmp_path)) == ["copy", "weights"]
    load_bundle(copy)


def test_what_is_no_bundle_is_never_replaced(tmp_path):
    folder, file = tmp_path / "thesis", tmp_path / "notes.txt"
    folder.mkdir()
    (folder / "chapter.txt").write_text("글")
    file.write_text("메모")
    for target in (folder, file):
        with pytest.raises(BundleError, match="expected a new directory or a bundle to replace"):
            publish(target, PARTS, {"name": "y"})
    assert (folder / "chapter.txt").read_text() == "글"
    assert file.read_text() == "메모"
    assert sorted(os.listdir(tmp_path)) == ["notes.txt", "thesis"]


def test_a_failed_first_publication_leaves_nothing(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _nth(os.fsync, 2))
        with pytest.raises(Failure):
            publish(tmp_path / "bundle", PARTS, {"name": "y"})
    assert os.listdir(tmp_path) == []
    with pytest.raises(TypeError):
        publish(tmp_path / "bundle", PARTS, {"name": {1, 2}})  # no JSON
    assert os.listdir(tmp_path) == []
