"""Several processes on one feedback store, and kill -9 in the middle: what was acknowledged is there, whole."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="needs the store extra")

from ner_engine.feedback import open_store

WRITER = """
import sys
from datetime import UTC, datetime
from ner_engine.feedback import Correction, open_store
from ner_engine.spans import Span
who, where, first, last = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
at = datetime(2026, 7, 23, tzinfo=UTC)
print("ready", flush=True)
sys.stdin.readline()
with open_store(where) as store:
    for n in range(first, last):
        store.add(Correction(f"{who} {n}번 손님", (Span(0, 2, "PS"),), (), at, by=who))
        kept = store.add(Correction(f"모두의 {n}번 손님", (Span(0, 2, "OG"),), (), at, by=who))
        print(f"{n} {kept.id}", flush=True)
"""


def writer(who: str, where: Path, first: int, last: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, who, str(where), str(first), str(last)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip


def go(processes: list[subprocess.Popen[str]]) -> None:
    """They begin at once."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()


@pytest.mark.parametrize("name", ["feedback.db", "feedback.jsonl"])
def test_several_processes_lose_nothing(name: str, tmp_path: Path) -> None:
    where = tmp_path / name
    processes = [writer(who, where, 0, 8) for who in ("김가", "이나", "박다")]
    go(processes)  # nobody has made the store yet
    told = [process.communicate(timeout=120)[0].splitlines() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    with open_store(where, create=False) as store:
        found = store.list(superseded=True)
    assert len({one.id for one in found}) == len(found) == 3 * 8 + 8  # what all say is kept once
    for who in ("김가", "이나", "박다"):
        own = [one.text for one in found if one.text.startswith(who)]
        assert own == [f"{who} {n}번 손님" for n in range(8)]
    assert told[0] == told[1] == told[2]  # and all were told the same id


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killed_at_random_moments_it_has_what_was_acknowledged(tmp_path: Path) -> None:
    rng = random.Random(20260723)
    where = tmp_path / "feedback.db"
    told = 0
    for kill in range(6):
        with writer("김가", where, told, 10**6) as process:
            go([process])
            assert process.stdout is not None
            if kill:  # the first is killed while it makes the store
                process.stdout.readline()
                told += 1
            time.sleep(rng.uniform(0, 0.05))
            process.kill()
            told += sum(line.endswith("\n") and line[0].isdecimal() for line in process.stdout)
    assert told >= 5
    with sqlite3.connect(where) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    raw.close()
    with open_store(where) as store:
        found = store.list(superseded=True)
        own = [one.text for one in found if one.by == "김가" and one.text.startswith("김가")]
        shared = [one.text for one in found if one.text.startswith("모두의")]
        assert own[:told] == [f"김가 {n}번 손님" for n in range(told)]
        assert shared[:told] == [f"모두의 {n}번 손님" for n in range(told)]
        assert told <= len(shared) <= len(own) <= told + 1
        assert all(one.entities for one in found)
