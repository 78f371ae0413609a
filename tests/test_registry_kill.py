"""kill -9 at any moment of a promotion, a rollback, a clearing away: a whole bundle stays in use."""

from __future__ import annotations

import builtins
import os
import random
import shutil
import signal
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from ner_engine.bundle import find_bundle, load_bundle
from ner_engine.errors import BundleError, NerEngineError
from ner_engine.pointer import read_pointer
from ner_engine.registry import Registry
from tests.registry_parts import add, passed, plain_bundle

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

_STEPS = ("open", "replace", "rename", "fsync", "unlink", "rmdir", "mkdir", "close", "write")


def in_a_process(work: Callable[[], None]) -> int:
    """Begin ``work`` in a process of its own; its id."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of other tests: nothing here uses them
        pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return pid


def check(root: Path) -> Registry:
    """What holds at any moment: a whole bundle is in use, and the history tells without a gap how it came so."""
    registry = Registry(root, lock_timeout_s=2.0)
    load_bundle("tiny", models=root)
    history = registry.history("tiny")
    assert [one.number for one in history] == list(range(1, len(history) + 1))
    in_use = ["shipped", *(one.version for one in history)]
    assert [one.previous for one in history] == in_use[:-1]
    assert registry.current("tiny").version == in_use[-1]
    pointer = read_pointer(root / "tiny")
    assert pointer == (history[-1] if history else None)
    return registry


def check_reading(root: Path) -> None:
    """What is in use can be read, while others change it."""
    for _ in range(5):
        with suppress(BundleError):  # what was in use when it was found may be cleared away by now
            load_bundle(find_bundle("tiny", models=root))
            return
    load_bundle("tiny", models=root)


def kill_at(step: int) -> None:
    """From now on count what changes the disk, and end before the ``step``-th, as kill -9 does."""
    left = [step]

    def counted(function):
        def call(*args, **kwargs):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return call

    for name in _STEPS:
        setattr(os, name, counted(getattr(os, name)))
    builtins.open = counted(open)


def promote(registry: Registry) -> None:
    passed(registry, "tiny", "4")
    registry.promote("tiny", "4", by="x")


def rollback(registry: Registry) -> None:
    registry.rollback("tiny", by="x")


def collect(registry: Registry) -> None:
    registry.gc("tiny", keep=0)


def reserve(registry: Registry) -> None:
    registry.reserve("tiny")


@pytest.fixture
def root(tmp_path):
    """Versions 2 and 3 were promoted, 4 waits, 5 was refused, something is half written."""
    root = tmp_path / "models"
    plain_bundle(root / "tiny", "flat")
    registry = Registry(root)
    for version in "23":
        add(registry, "tiny")
        registry.promote("tiny", version, by="x")
    add(registry, "tiny")
    (root / "tiny" / ".trash.1.a").mkdir()
    (root / "tiny" / ".trash.1.a" / "weights").write_bytes(b"w")
    return root


@pytest.mark.parametrize("operation", [promote, rollback, collect, reserve])
def test_killed_before_each_step(root, tmp_path, operation):
    for step in range(1, 200):
        copy = Path(shutil.copytree(root, tmp_path / f"copy-{step}"))
        before = {path.name for path in (copy / "tiny").iterdir()}

        def work(copy=copy, step=step):
            registry = Registry(copy)
            kill_at(step)
            operation(registry)

        _, status = os.waitpid(in_a_process(work), 0)
        registry = check(copy)
        if not os.WIFSIGNALED(status):
            assert status == 0
            break
        assert operation is collect or before <= {path.name for path in (copy / "tiny").iterdir()}
        operation(registry)  # what was not done is done; what was done does no harm
        check(copy)
        assert operation is not collect or not list((copy / "tiny").glob(".trash*"))
    else:
        raise AssertionError("never done")
    assert step > {promote: 12, rollback: 12, collect: 6, reserve: 6}[operation]


def busily(root: Path, seed: int, told: int = -1) -> None:
    """Make, promote, roll back and clear away, until killed; a byte to ``told`` before each."""
    registry, chance, parent = Registry(root), random.Random(seed), os.getppid()
    while os.getppid() == parent:
        if told >= 0:
            os.write(told, b".")
        with suppress(NerEngineError):  # nothing to go back to
            step = chance.random()
            if step < 0.5:
                add(registry, "tiny")
                registry.promote("tiny", registry.versions("tiny")[-1].version, by=str(seed))
            elif step < 0.8:
                registry.rollback("tiny", by=str(seed))
            else:
                registry.gc("tiny", keep=chance.randrange(3))


def test_killed_at_random_moments(root):
    chance = random.Random(20)
    for seed in range(20):
        heard, told = os.pipe()
        pid = in_a_process(lambda seed=seed, told=told: busily(root, seed, told))
        os.close(told)
        try:
            for _ in range(chance.randint(1, 4)):
                assert os.read(heard, 1) == b"."
                check_reading(root)
            time.sleep(chance.uniform(0, 0.05))
        finally:
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            os.close(heard)
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
        check(root)
    registry = Registry(root)
    assert len(registry.history("tiny")) > 10
    registry.gc("tiny", keep=0)
    kept = {version.version for version in registry.versions("tiny")}
    assert {
        path.name for path in (root / "tiny").iterdir() if path.name.isdecimal() and any(path.iterdir())
    } <= kept


def test_several_at_once_keep_one_history(root):
    pids = [in_a_process(lambda seed=seed: busily(root, seed)) for seed in range(3)]
    end = time.monotonic() + 20
    try:
        while len({one.by for one in Registry(root).history("tiny")}) < 4 and time.monotonic() < end:
            check_reading(root)
            time.sleep(0.02)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        ended = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    assert set(ended) == {-signal.SIGKILL}  # none ended by itself, of an error
    assert {one.by for one in check(root).history("tiny")} == {"x", "0", "1", "2"}
