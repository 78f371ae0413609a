"""What is particular to a file of SQLite: its place, its syncing, the size of its log, what a deletion leaves."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy", reason="needs the store extra")

from ner_engine.chatbot.action.calls import RECORD, ActionCall
from ner_engine.chatbot.state import Draft, State, Value
from ner_engine.chatbot.store.database import Store
from ner_engine.errors import ConfigError, StoreError

AT = datetime(2026, 7, 23, 8, 0, tzinfo=UTC)


def say(store, text="만두 주세요", session="a", **given):
    with store.turn(session, "restaurant", at=AT) as turn:
        state = State(drafts=(Draft("order", values=(("memo", (Value(text, text),)),)),))
        turn.commit(state=state, text=text, reply=text, **given)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "orders.db"


# where it may be


@pytest.mark.parametrize(
    "spell", [str, lambda p: p, lambda p: f"sqlite:///{p}", lambda p: f"sqlite+pysqlite:///{p}"]
)
def test_a_path_and_a_url_are_the_same_file(path, spell):
    Store.open(path).close()
    with Store.open(spell(path), create=False) as store:
        say(store)
        assert repr(store) == f"Store({str(path)!r})"


def test_a_name_with_marks_in_it_is_a_name(tmp_path):
    path = tmp_path / "주문 #1 ?mode=ro&x=%41.db"
    with Store.open(path) as store:
        say(store)
    assert path.exists()


@pytest.mark.parametrize(
    "where",
    [
        ":memory:",
        "",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory&uri=true",
        "sqlite:///file::memory:?uri=true",
    ],
)
def test_a_store_in_memory_is_refused(where):
    with pytest.raises(ConfigError, match=r"expected a file; got one in memory"):
        Store.open(where)


def test_what_cannot_be_a_store_is_refused_in_one_line(tmp_path):
    with pytest.raises(StoreError, match=r"expected a file; got a folder"):
        Store.open(tmp_path)
    with pytest.raises(StoreError, match=r"no folder .*nowhere"):
        Store.open(tmp_path / "nowhere" / "orders.db")
    with pytest.raises(StoreError, match=r"no such database"):
        Store.open(tmp_path / "orders.db", create=False)
    letter = tmp_path / "letter.txt"
    letter.write_text("안녕하세요? " * 200, encoding="utf-8")
    before = letter.read_bytes()
    with pytest.raises(StoreError, match=r"letter.txt: file is not a database"):
        Store.open(letter)
    assert letter.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["letter.txt"]


@pytest.mark.parametrize("create", [True, False])
def test_the_file_of_another_program_is_not_touched(path, create):
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE sessions (visit INTEGER)")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"sessions is there already|found none"):
        Store.open(path, create=create)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_damaged_file_is_one_line(path):
    with Store.open(path) as store:
        for n in range(30):
            say(store, f"{n} " * 300)
    content = bytearray(path.read_bytes())
    for page in range(2, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\x55" * 64
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught, Store.open(path) as store:
        say(store)
    assert str(caught.value) == f"{path}: database disk image is malformed"


# how it is synced


def test_every_connection_syncs_each_commit_to_a_write_ahead_log(path):
    with Store.open(path) as store:
        engine = store._database.engine
        connections = [engine.connect() for _ in range(3)]
        for pragma, value in (
            ("synchronous", 2),
            ("journal_mode", "wal"),
            ("foreign_keys", 1),
            ("secure_delete", 1),
            ("busy_timeout", 30_000),
        ):
            found = [c.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() for c in connections]
            assert found == [value] * 3, pragma
        for connection in connections:
            connection.close()


def test_it_waits_for_a_reader_to_switch_a_file_to_the_log(path):
    Store.open(path).close()
    reader = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    assert reader.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM turns").fetchone()
    later = threading.Timer(0.3, reader.execute, ["COMMIT"])
    later.start()
    began = time.monotonic()
    with Store.open(path, timeout_s=20) as store:
        assert time.monotonic() - began > 0.2
        say(store)
    later.join()
    reader.close()
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()


def test_the_log_does_not_grow_without_bound(path):
    log = Path(f"{path}-wal")
    largest = written = 0
    with Store.open(path) as store, Store.open(path) as reader:
        for n in range(50):
            say(store, f"{n:06}" + "가" * 100_000, session=f"s{n % 3}")
            written += 900_000  # the text, the reply, the state
            assert len(reader.transcript("s0")) == n // 3 + 1
            largest = max(largest, log.stat().st_size)
        assert written > 40_000_000
        assert largest < 10_000_000
    assert not log.exists()
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    raw.close()


# what fails while it is written


def test_a_full_disk_is_one_line_and_costs_one_turn(path):
    resource = pytest.importorskip("resource", reason="needs limits of POSIX")
    with Store.open(path) as store:
        say(store)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
        try:
            with pytest.raises(StoreError, match=r"orders.db: (disk I/O error|database or disk is full)"):
                say(store, "가" * 200_000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        say(store)
        assert [t.number for t in store.transcript("a")] == [1, 2]
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    raw.close()


def test_a_file_opened_for_reading_only_can_be_read_and_no_more(path):
    with Store.open(path) as store:
        say(store)
        with Store.open(f"sqlite:///file:{path}?mode=ro&uri=true", create=False) as reader:
            assert len(reader.transcript("a")) == 1
            with pytest.raises(StoreError, match=r"attempt to write a readonly database"):
                say(reader)
        say(store)


# what a deletion leaves behind


def holds(folder, *secrets):
    """Which of the secrets are in any file of the folder."""
    content = b"".join(file.read_bytes() for file in folder.iterdir())
    return [secret for secret in secrets if secret.encode() in content]


@pytest.mark.parametrize("delete", [lambda s: s.forget("오하늘 8641"), lambda s: s.purge(datetime(2100, 1, 1))])
def test_what_is_deleted_is_in_no_file_any_more(path, tmp_path, delete):
    secrets = ["오하늘 8641", "여권 M778", "주소 성수동 77", "요약 5519", "이력 3307", "개체 9213"]
    with Store.open(path) as store:
        say(store, "짜장면 하나요", session="남는 사람")
        for n in range(40):  # over pages and pages
            say(
                store,
                f"{secrets[1]} {n} " * 40,
                session=secrets[0],
                records=[ActionCall(f"{n}", RECORD, "order", {"address": secrets[2]})],
                hand_over={"summary": secrets[3]},
                trace={"events": [secrets[4]]},
                entities=[{"text": secrets[5]}],
            )
        assert holds(tmp_path, *secrets) == secrets
        assert delete(store).turns >= 40
        assert holds(tmp_path, *secrets) == []


def test_where_a_reader_keeps_the_old_pages_it_says_so(path, caplog):
    with Store.open(path, timeout_s=0.2) as store:
        say(store, "여권 M778")
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM turns").fetchone()
        began = time.monotonic()
        with caplog.at_level(logging.WARNING):
            assert store.forget("a").turns == 1
        assert time.monotonic() - began < 5
        assert "the log still holds what was deleted" in caplog.text
        reader.close()
