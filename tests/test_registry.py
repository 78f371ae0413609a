"""Versions of bundles: found, put in use, taken back, cleared away; by several processes, and on a full disk."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ner_engine import pointer as pointer_module
from ner_engine.bundle import bundle_names, check_target, find_bundle, load_bundle, manifest_digest
from ner_engine.errors import BundleError, RegistryError
from ner_engine.pointer import Pointer, read_pointer, registry_root, split_name
from ner_engine.registry import Registry, hold
from ner_engine.registry import files as files_module
from ner_engine.registry.difference import differences
from ner_engine.registry.exporting import export
from tests.registry_parts import add, passed, plain_bundle


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A registry with a flat bundle ``tiny`` and nothing else in reach."""
    root = tmp_path / "models"
    monkeypatch.setattr(pointer_module, "_roots", lambda models: [Path(models)])
    plain_bundle(root / "tiny", "flat")
    return Registry(root, clock=lambda: datetime(2026, 3, 1, 9, 30, tzinfo=UTC))


def versions(registry, name="tiny"):
    return {v.version: v.current for v in registry.versions(name)}


# names


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("ko-chat@3", ("ko-chat", "3")), ("k@shipped", ("k", "shipped")), ("ko-chat", ("ko-chat", "")),
        ("ko-chat@03", ("ko-chat@03", "")), ("a@b", ("a@b", "")), ("@3", ("@3", "")), ("a/b@3", ("a/b@3", "")),
        ("a@2@3", ("a@2@3", "")), (".x@3", (".x@3", "")), ("", ("", "")),
    ],
)  # fmt: skip
def test_a_name_and_its_version(name, parts):
    assert split_name(name) == parts


def test_where_the_registry_is(monkeypatch):
    monkeypatch.delenv("NER_ENGINE_REGISTRY", raising=False)
    assert registry_root() == Path("models")
    monkeypatch.setenv("NER_ENGINE_REGISTRY", "/srv/models")
    assert registry_root() == Path("/srv/models")
    assert registry_root("here") == Path("here")
    assert Registry().root == Path("/srv/models")


def test_a_name_stands_for_the_version_in_use(registry, monkeypatch, tmp_path):
    root = registry.root
    assert find_bundle("tiny", models=root) == root / "tiny" == registry.current("tiny").path
    assert registry.current("tiny").version == "shipped"
    two = add(registry, "tiny")
    assert find_bundle("tiny", models=root) == root / "tiny"
    registry.promote("tiny", two, by="가람")
    assert two == "2"
    assert find_bundle("tiny", models=root) == root / "tiny" / "2" == registry.resolve("tiny")
    assert find_bundle("tiny@shipped", models=root) == root / "tiny"
    assert find_bundle("tiny@2", models=root) == root / "tiny" / "2"
    assert registry.find("tiny@2") == registry.find("tiny") == registry.get("tiny", "2")
    assert registry.find(str(root / "tiny")) is None
    # the folder of a name without a flat bundle, wherever it lies, stands for its version in use
    shutil.copytree(root / "tiny", tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "bundle.json").unlink()
    assert find_bundle(tmp_path / "elsewhere") == tmp_path / "elsewhere" / "2"
    monkeypatch.setenv("NER_ENGINE_REGISTRY", str(root))
    assert load_bundle("tiny").manifest["note"] == "2"
    assert bundle_names() == ["tiny"]
    with pytest.raises(BundleError, match=r"no version 7 of 'tiny' in .*: expected one of: shipped, 2$"):
        find_bundle("tiny@7")
    with pytest.raises(
        BundleError, match=r"no bundle 'tina': expected a directory with bundle.json, or one of: tiny$"
    ):
        find_bundle("tina")


def test_a_version_tells_of_itself(registry):
    two = add(registry, "tiny", metrics={"dev": 1}, created="2026-03-01T00:00:00+00:00")
    version = registry.get("tiny", two)
    assert (version.name, version.version, version.tag, version.current) == ("tiny", "2", "tiny@2", False)
    assert (version.parent, version.created, version.metrics) == (
        "shipped",
        "2026-03-01T00:00:00+00:00",
        {"dev": 1},
    )
    assert version.digest == manifest_digest(version.path)
    assert version.passed is True
    with pytest.raises(dataclasses.FrozenInstanceError):
        version.current = True
    (version.path / "bundle.json").write_text("[", encoding="utf-8")
    damaged = registry.get("tiny", two)
    assert "not a bundle manifest" in damaged.problem
    assert (damaged.metrics, damaged.parent) == ({}, "")


def test_names_without_a_version_in_use(registry):
    number = registry.reserve("new")
    assert registry.names() == ("tiny",)  # reserved, and no bundle yet
    plain_bundle(registry.path("new", number), "new")
    assert registry.names() == ("new", "tiny")
    with pytest.raises(BundleError, match="no version of 'new' is in use"):
        registry.current("new")
    assert registry.promote("new", number, by="x").current  # there is nothing that it could be worse than
    assert registry.current("new").version == "2"


# reserving


def test_numbers_are_given_once(registry):
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda _: registry.reserve("tiny"), range(16)))
    assert sorted(given, key=int) == [str(n) for n in range(2, 18)]
    (registry.root / "tiny" / "17").rmdir()
    assert registry.reserve("tiny") == "18"
    (registry.root / "tiny" / ".last").write_text("x")
    (registry.root / "tiny" / "40").mkdir()
    assert registry.reserve("tiny") == "41"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a@3", ".hidden", "a\nb"])
def test_what_is_no_name_is_refused(registry, name):
    for call in (registry.reserve, registry.gc, lambda n: registry.promote(n, "2", by="x")):
        with pytest.raises(RegistryError, match="expected the name of a bundle"):
            call(name)
    assert sorted(os.listdir(registry.root)) == ["tiny"]


def test_a_name_that_is_not_there_is_not_made(registry):
    for call in (registry.gc, lambda n: registry.promote(n, "2", by="x"), lambda n: registry.rollback(n, by="x")):
        with pytest.raises(BundleError, match="expected a folder with versions of typo"):
            call("typo")
    assert os.listdir(registry.root) == ["tiny"]


# promoting


def test_a_promotion_is_recorded(registry):
    for _ in range(2):
        add(registry, "tiny")
    registry.promote("tiny", "2", by="가람", reason="첫 교정")
    passed(registry, "tiny", "3")
    registry.promote("tiny", "3", by="나래")
    first, second = registry.history("tiny")
    assert first == Pointer(
        version="2", number=1, action="promote", at="2026-03-01T09:30:00+00:00", by="가람", reason="첫 교정",
        previous="shipped", digest=registry.get("tiny", "2").digest, before=("shipped",),
    )  # fmt: skip
    assert (second.number, second.previous, second.before) == (2, "2", ("shipped", "2"))
    assert read_pointer(registry.root / "tiny") == second
    lines = (registry.root / "tiny" / "history.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["version"] for line in lines] == ["2", "3"]
    assert "가람" in lines[0]
    assert versions(registry) == {"shipped": False, "2": False, "3": True}


def test_promoting_what_is_in_use_changes_nothing(registry):
    add(registry, "tiny")
    registry.promote("tiny", "2", by="x")
    assert registry.promote("tiny", "2", by="y").current
    assert len(registry.history("tiny")) == 1


def _report(registry, version, change):
    place = registry.report_folder("tiny", version) / "metrics.json"
    report = json.loads(place.read_text(encoding="utf-8"))
    change(report)
    place.write_text(json.dumps(report), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.update(passed=False, reasons=["PS: 91 -> 88", "total"]), "refuses .*PS: 91 -> 88; total"),
        (lambda r: r.update(passed="yes"), "the gate refuses it"),
        (lambda r: r.pop("passed"), "the gate refuses it"),
        (lambda r: r["old"].update(version="1"), "comparison of tiny@2 with tiny@shipped.* its old one is 1"),
        (lambda r: r["old"].update(digest="0"), "its old one is shipped in another state"),
        (lambda r: r["new"].update(digest="0"), "its new one is 2 in another state"),
        (lambda r: r.update(new="2"), "its new one is nameless"),
        (lambda r: r.pop("old"), "its old one is nameless"),
    ],
)  # fmt: skip
def test_the_gate_has_to_have_passed_it(registry, change, message):
    add(registry, "tiny")
    _report(registry, "2", change)
    with pytest.raises(RegistryError, match=message) as raised:
        registry.promote("tiny", "2", by="x")
    assert "\n" not in str(raised.value)
    assert registry.current("tiny").version == "shipped"
    assert registry.history("tiny") == ()
    registry.promote("tiny", "2", by="x", force=True, reason="급함")
    (event,) = registry.history("tiny")
    assert (event.forced, event.reason) == (True, "급함")


def test_without_a_report_nothing_is_promoted(registry):
    add(registry, "tiny", report=False)
    with pytest.raises(
        RegistryError, match=r"expected what the gate found against tiny@shipped; there is no .*metrics"
    ):
        registry.promote("tiny", "2", by="x")
    place = registry.report_folder("tiny", "2")
    place.mkdir(parents=True)
    for text in ("{", "[1]"):
        (place / "metrics.json").write_text(text)
        with pytest.raises(RegistryError, match=r"metrics.json: expected"):
            registry.promote("tiny", "2", by="x")
    with pytest.raises(RegistryError, match="expected a reason"):
        registry.promote("tiny", "2", by="x", force=True, reason=" ")


def test_force_is_told_only_where_it_was_needed(registry):
    add(registry, "tiny")
    registry.promote("tiny", "2", by="x", force=True, reason="혹시")
    assert registry.history("tiny")[0].forced is False


@pytest.mark.parametrize("damage", ["weights", "manifest", "gone", "never there"])
def test_a_bundle_that_is_not_whole_is_never_promoted(registry, damage):
    add(registry, "tiny")
    path = registry.path("tiny", "2")
    if damage == "weights":
        (path / "weights.safetensors").write_bytes(b"x")
    elif damage == "manifest":
        (path / "bundle.json").write_text("{}")
    elif damage == "gone":
        shutil.rmtree(path)
    version = "9" if damage == "never there" else "2"
    for force in (False, True):
        with pytest.raises(BundleError):
            registry.promote("tiny", version, by="x", force=force, reason="r")
    assert registry.current("tiny").version == "shipped"


def test_of_two_that_were_compared_with_the_same_one_wins(registry):
    for _ in range(6):
        add(registry, "tiny")
    refused = []

    def promote(version):
        try:
            registry.promote("tiny", version, by=version)
        except RegistryError as error:
            refused.append(str(error))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(promote, "234567"))
    (event,) = registry.history("tiny")
    assert registry.current("tiny").version == event.version == event.by
    assert len(refused) == 5
    assert all(
        f"with tiny@{event.version}, which is in use now; its old one is shipped" in why for why in refused
    )


def test_a_lock_that_is_held_is_waited_for_and_told(registry):
    add(registry, "tiny")
    impatient = Registry(registry.root, lock_timeout_s=0.1)
    with (
        files_module.locked(registry.root / "tiny" / ".lock", timeout_s=1),
        pytest.raises(RegistryError, match=r"another process has been changing this for 0\.1 s"),
    ):
        impatient.promote("tiny", "2", by="x")
    assert impatient.promote("tiny", "2", by="x").current


# going back


@pytest.fixture
def four(registry):
    """A registry whose versions 2, 3 and 4 were in use one after the other."""
    for version in "234":
        add(registry, "tiny")
        passed(registry, "tiny", version)
        registry.promote("tiny", version, by="x")
    return registry


def test_back_step_by_step(four):
    seen = []
    for _ in range(3):
        seen.append(four.rollback("tiny", by="나래", reason="되돌림").version)
    assert seen == ["3", "2", "shipped"]
    assert four.resolve("tiny") == four.root / "tiny"
    with pytest.raises(RegistryError, match="tiny: no version was in use before"):
        four.rollback("tiny", by="x")
    assert [(e.action, e.version) for e in four.history("tiny")][3:] == [
        ("rollback", "3"), ("rollback", "2"), ("rollback", "shipped"),
    ]  # fmt: skip
    assert [e.number for e in four.history("tiny")] == [1, 2, 3, 4, 5, 6]
    passed(four, "tiny", "3")
    assert four.promote("tiny", "3", by="x").current
    assert four.rollback("tiny", by="x").version == "shipped"


def test_back_to_a_version_by_name(four):
    with pytest.raises(RegistryError, match=r"was in use before: shipped, 2, 3; got '4'"):
        four.rollback("tiny", to="4", by="x")
    assert four.rollback("tiny", to="2", by="x").version == "2"
    assert read_pointer(four.root / "tiny").before == ("shipped",)


def test_back_past_what_is_damaged(four):
    (four.path("tiny", "3") / "graph.onnx").write_bytes(b"")
    shutil.rmtree(four.path("tiny", "2"))
    with pytest.raises(BundleError, match="no version 2"):
        find_bundle("tiny@2", models=four.root)
    with pytest.raises(RegistryError, match="damaged"):
        four.rollback("tiny", to="3", by="x")
    assert four.current("tiny").version == "4"
    assert four.rollback("tiny", by="x").version == "shipped"


def test_the_version_in_use_is_gone(four):
    shutil.rmtree(four.path("tiny", "4"))
    with pytest.raises(
        BundleError,
        match="expected a version that is there; got 4; mend it with: ner-engine models rollback tiny",
    ):
        find_bundle("tiny", models=four.root)
    assert four.rollback("tiny", by="x").version == "3"
    assert find_bundle("tiny", models=four.root) == four.path("tiny", "3")


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"version": 3}', '{"version": "../x"}', '{"version": "4", "before": ["x"]}', "\udcff"],
)
def test_a_damaged_pointer_is_told_and_mended(four, content):
    (four.root / "tiny" / "current").write_bytes(content.encode("utf-8", "surrogateescape"))
    for call in (
        lambda: find_bundle("tiny", models=four.root),
        lambda: four.versions("tiny"),
        lambda: four.gc("tiny"),
    ):
        with pytest.raises(BundleError, match="mend it with: ner-engine models rollback tiny") as raised:
            call()
        assert "\n" not in str(raised.value)
    assert four.rollback("tiny", by="x").version == "4"  # what the history knows was in use
    assert four.rollback("tiny", by="x").version == "3"


def test_a_damaged_history_stops_nothing(four):
    history = four.root / "tiny" / "history.jsonl"
    history.write_bytes(b"{half a li")
    with pytest.raises(RegistryError, match=r"history\.jsonl:1: expected a change"):
        four.history("tiny")
    assert four.rollback("tiny", by="x").version == "3"
    lines = history.read_bytes().split(b"\n")
    assert lines[0] == b"{half a li"
    assert [json.loads(line)["version"] for line in lines[1:3]] == ["4", "3"]


# a disk that is full


def test_on_a_full_disk_the_old_version_stays(registry, monkeypatch):
    add(registry, "tiny")

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(RegistryError, match="current: expected to write it; got: No space left on device"):
            registry.promote("tiny", "2", by="x")
        with pytest.raises(RegistryError, match="No space left"):
            registry.reserve("tiny")
    assert registry.current("tiny").version == "shipped"
    assert [f for f in os.listdir(registry.root / "tiny") if f.startswith(".") and f != ".lock"] == [".last"]
    assert registry.promote("tiny", "2", by="x").current


def test_a_line_that_could_not_be_written_is_written_by_the_next(registry, monkeypatch):
    for _ in range(2):
        add(registry, "tiny")
    real = files_module.replace_file

    def picky(path, data):
        if path.name == "history.jsonl":
            raise RegistryError("full")
        real(path, data)

    with monkeypatch.context() as patch:
        patch.setattr("ner_engine.registry.record.replace_file", picky)
        assert registry.promote("tiny", "2", by="가람").current
    assert not (registry.root / "tiny" / "history.jsonl").exists()
    assert [e.by for e in registry.history("tiny")] == ["가람"]
    passed(registry, "tiny", "3")
    registry.promote("tiny", "3", by="나래")
    lines = (registry.root / "tiny" / "history.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["by"] for line in lines] == ["가람", "나래"]


# clearing away


def outcome(found):
    return {g.version: g.kept for g in found if g.version}


def test_what_stays_and_what_goes(registry):
    for version in map(str, range(2, 9)):
        add(registry, "tiny")
        passed(registry, "tiny", version)
        if version != "4":  # 4 was never promoted
            registry.promote("tiny", version, by="x")
    add(registry, "tiny")  # 9 waits
    before = sorted(os.listdir(registry.root / "tiny"))
    rehearsed = registry.gc("tiny", keep=2, dry_run=True)
    assert sorted(os.listdir(registry.root / "tiny")) == before
    with hold(registry.path("tiny", "3")):
        found = registry.gc("tiny", keep=2)
    assert outcome(rehearsed) == outcome(found) | {"3": ""}
    assert outcome(found) == {
        "shipped": "shipped", "2": "", "3": "in use by a process", "4": "", "5": "", "6": "to go back to",
        "7": "the parent of 8", "8": "in use", "9": "made since",
    }  # fmt: skip
    assert versions(registry) == dict.fromkeys(["shipped", "3", "6", "7"], False) | {"8": True, "9": False}
    assert all(g.size_bytes > 0 for g in found if not g.kept)
    flat = next(g for g in found if g.version == "shipped")
    files = [f for f in flat.path.iterdir() if f.is_file()]
    assert flat.size_bytes == sum(f.stat().st_size for f in files)  # without the versions in its folder
    assert outcome(registry.gc("tiny", keep=2))["3"] == ""
    assert registry.rollback("tiny", by="x").version == "7"
    assert registry.reserve("tiny") == "10"


def test_what_the_gate_refused_goes_once_there_is_a_newer_one(registry):
    for _ in range(3):
        add(registry, "tiny")
    for version in "24":
        _report(registry, version, lambda r: r.update(passed=False))
    assert outcome(registry.gc("tiny")) == {"shipped": "in use", "2": "", "3": "made since", "4": "made since"}


def test_what_was_made_after_the_promotion_of_a_later_one_waits(registry):
    add(registry, "tiny")
    late = registry.path("tiny", "2") / "bundle.json"
    add(registry, "tiny")
    registry.promote("tiny", "3", by="x")
    assert outcome(registry.gc("tiny", dry_run=True))["2"] == ""
    moment = datetime(2026, 3, 1, 9, 31, tzinfo=UTC).timestamp()
    os.utime(late, (moment, moment))
    assert outcome(registry.gc("tiny"))["2"] == "made since"


def test_the_parent_of_the_version_in_use_stays(four):
    found = outcome(four.gc("tiny", keep=0))
    assert found == {"shipped": "shipped", "2": "", "3": "the parent of 4", "4": "in use"}
    with pytest.raises(RegistryError, match="expected 0 or more"):
        four.gc("tiny", keep=-1)


def test_what_was_left_half_written_goes_when_nobody_can_be_writing_it(registry, tmp_path):
    folder = registry.root / "tiny"
    add(registry, "tiny")
    old, new = folder / ".3.a1b2", folder / ".4.a1b2"
    for place in (old, new):
        place.mkdir()
        (place / "weights.safetensors").write_bytes(b"w" * 100)
    (folder / ".current.77.aa").write_text("{")
    (folder / ".trash.5").mkdir()
    (registry.root / ".tiny.xyz").mkdir()
    (registry.root / ".other.xyz").mkdir()
    (folder / "12").mkdir()
    long_ago = time.time() - 90_000
    aged = [old / "weights.safetensors", old, folder / ".current.77.aa", folder / "12"]
    for place in (*aged, registry.root / ".tiny.xyz", registry.root / ".other.xyz"):
        os.utime(place, (long_ago, long_ago))
    gone = {g.path.name for g in registry.gc("tiny") if not g.version}
    assert gone == {".3.a1b2", ".current.77.aa", ".trash.5", ".tiny.xyz", "12"}
    assert sorted(os.listdir(registry.root)) == [".other.xyz", "tiny"]
    assert {".4.a1b2", ".lock", ".last", "2", "bundle.json"} <= set(os.listdir(folder))
    assert old.name not in os.listdir(folder)


def test_a_hold_ends_with_its_object(four):
    path = four.path("tiny", "2")
    kept = hold(path)
    assert outcome(four.gc("tiny", keep=1, dry_run=True))["2"] == "in use by a process"
    del kept
    assert outcome(four.gc("tiny", keep=1, dry_run=True))["2"] == ""
    hold(path / "nowhere").close()  # of what is not there: nothing to say


# what is trained must not wipe out what is kept


def test_a_flat_bundle_with_versions_in_its_folder_is_not_replaced(registry, tmp_path):
    check_target(registry.root / "tiny")
    add(registry, "tiny")
    with pytest.raises(BundleError, match="got one with later versions in its folder"):
        check_target(registry.root / "tiny")
    with pytest.raises(BundleError, match="later versions"):
        plain_bundle(registry.root / "tiny", "again")
    assert versions(registry) == {"shipped": True, "2": False}
    assert load_bundle(registry.path("tiny", "shipped")).size_bytes() < 3_000  # without the versions


# exporting and comparing


def test_an_export_has_the_files_of_the_bundle_and_nothing_else(four, tmp_path):
    four.rollback("tiny", to="shipped", by="x")
    bundle = load_bundle(four.resolve("tiny"))
    target = export(bundle, tmp_path / "deep" / "out")
    assert sorted(os.listdir(target)) == sorted(["bundle.json", *bundle.manifest["files"]])
    assert load_bundle(target).manifest == bundle.manifest
    assert os.listdir(target.parent) == ["out"]
    with pytest.raises(BundleError, match="exists; expected a new directory"):
        export(bundle, target)
    (bundle.path / "graph.onnx").write_bytes(b"other")  # it changed while it was copied
    with pytest.raises(BundleError, match="damaged"):
        export(bundle, tmp_path / "deep" / "second")
    assert os.listdir(target.parent) == ["out"]
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match="expected a place to write to"):
        export(load_bundle(four.path("tiny", "2")), tmp_path / "file" / "x")


def test_differences_of_two_manifests():
    old = {"labels": ["PS"], "recipe": {"a": {"b": 1, "c": 2}}, "tags": ["O"], "files": {"w": "00"}, "zz": 1}
    new = {"labels": ["PS", "LC"], "recipe": {"a": {"b": 1, "c": 3}}, "tags": [], "files": {"w": "01"},
           "added": [{"name": "fixes.jsonl", "sentences": 3}], "metrics": {"dev": 90.5}}  # fmt: skip
    assert [(d.name, d.old, d.new) for d in differences(old, new)] == [
        ("labels", '["PS"]', '["PS", "LC"]'),
        ("recipe.a.c", "2", "3"),
        ("added[fixes.jsonl].name", "", "fixes.jsonl"),
        ("added[fixes.jsonl].sentences", "", "3"),
        ("metrics.dev", "", "90.5"),
        ("files.w", "00", "01"),
        ("zz", "1", ""),
    ]
    assert differences(old, old) == ()
