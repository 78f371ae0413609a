"""A running service takes up the version that is promoted, and keeps what it has where that is no good."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the service extra")
pytest.importorskip("uvicorn", reason="needs the service extra")

from ner_engine.errors import BundleError
from ner_engine.pointer import Pointer, read_pointer
from ner_engine.registry import Registry
from ner_engine.registry.hold import unheld
from ner_engine.registry.record import change
from tests.registry_parts import passed
from tests.test_service_serving import SHIPPED, Clients, Running, processes

pytestmark = processes


def version_of(root: Path) -> str:
    """One more version of ko-chat, which answers as the shipped one does, and which the gate has passed."""
    registry = Registry(root)
    number = registry.reserve("ko-chat")
    target = registry.path("ko-chat", number)
    shutil.copytree(SHIPPED, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*"))
    manifest = json.loads((target / "bundle.json").read_text(encoding="utf-8"))
    (target / "bundle.json").write_text(json.dumps(manifest | {"version": number}), encoding="utf-8")
    passed(registry, "ko-chat", number)
    return number


def until(holds: Callable[[], bool], limit_s: float = 15.0) -> float:
    """Wait for it; how long that took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < limit_s
        time.sleep(0.02)
    return time.monotonic() - began


def numbers(service: Running, model: str = "ko-chat") -> set[str]:
    """The versions that answer."""
    body = json.dumps({"text": "내일", "model": model}).encode()
    return {service.ask(body=body)[1]["x-model"].partition("@")[2].partition("/")[0] for _ in range(6)}


def held(registry: Registry, version: str) -> bool:
    """Whether some process says that it uses a version."""
    with unheld(registry.path("ko-chat", version)) as free:
        return not free


def test_a_promotion_reaches_a_service_at_work(tmp_path):
    root = tmp_path / "models"
    shutil.copytree(SHIPPED, root / "ko-chat")
    registry = Registry(root)
    service = Running(
        tmp_path, "--workers", "2", "--models", str(root), "--model", "ko-chat", "--model", "old=ko-chat@shipped",
    )  # fmt: skip
    try:
        (shipped,) = numbers(service)
        for promoted in ("2", "3"):
            with Clients(service, 2) as clients:
                assert version_of(root) == promoted
                time.sleep(0.1)
                assert promoted not in numbers(service)  # made, and not in use
                registry.promote("ko-chat", promoted, by="가람")
                until(lambda promoted=promoted: numbers(service) == {promoted})
                time.sleep(0.1)
            assert set(clients.outcomes) == {"right"}  # not one was lost
            assert clients.outcomes["right"] > 10
        assert numbers(service, "old") == {shipped}

        # the version that answers is held, those that do no more are let go of
        until(lambda: (held(registry, "2"), held(registry, "3")) == (False, True))
        registry.rollback("ko-chat", by="나래")
        until(lambda: numbers(service) == {"2"})
        until(lambda: (held(registry, "2"), held(registry, "3")) == (True, False))

        # no good: refused by promote; and where it is damaged afterwards, by the workers
        bad = version_of(root)
        weights = registry.path("ko-chat", bad) / "weights.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1] + b"!")
        with pytest.raises(BundleError, match="damaged"):
            registry.promote("ko-chat", bad, by="가람", force=True, reason="?")
        before = len(service.log.read_text())
        good = read_pointer(root / "ko-chat")
        change(root / "ko-chat", Pointer(bad, number=9))
        service.wait_for("reload refused, the old bundle stays", 15, after=before)
        assert numbers(service) == {"2"}
        old = service.workers()
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        until(lambda: len(service.workers() - old) == 2)
        until(lambda: service.ask("GET", "/readyz")[0] == 200)
        assert numbers(service) == {"2"}  # those that begin open what answered before
        change(root / "ko-chat", good)
        assert service.ask("POST", "/v1/models/ko-chat:reload", b"")[0] == 200
        assert numbers(service) == {"2"}
    finally:
        assert service.stop() == 0
    assert '"model": "ko-chat", "why": "' in service.log.read_text()
