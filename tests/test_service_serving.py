"""``ner-engine serve`` as processes on loopback: starting, stopping, dying, loading anew, slow clients."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the service extra")
pytest.importorskip("uvicorn", reason="needs the service extra")

from typer.testing import CliRunner

from ner_engine.cli import app
from ner_engine.errors import BundleError, ConfigError
from ner_engine.service.listening import Seats, listen, shut_out
from ner_engine.service.reloading import Rounds

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "models" / "ko-chat"
TEXT = "내일 저녁 7시에 강남역에서 만나자"
BODY = json.dumps({"text": TEXT}).encode()
JSON = {"Content-Type": "application/json"}

processes = pytest.mark.skipif(
    not hasattr(os, "fork") or not Path("/proc/self/task").exists() or not (SHIPPED / "bundle.json").exists(),
    reason="needs Linux and models/ko-chat",
)


class Running:
    """``ner-engine serve`` in a process of its own."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.log = folder / "serve.log"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("NER_ENGINE_")}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ner_engine", "serve", "--port", "0", *flags],
                cwd=folder,
                env={**environment, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.port = int(self.wait_for(r"ner-engine: http://127\.0\.0\.1:(\d+)/", 30)[1])

    def wait_for(self, pattern: str, limit_s: float, *, after: int = 0) -> re.Match[str]:
        """Until the log says it."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if found := re.search(pattern, self.log.read_text()[after:]):
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"no {pattern!r} in:\n{self.log.read_text()}")

    def workers(self) -> set[int]:
        pid = self.process.pid
        return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def ask(self, method: str = "POST", path: str = "/v1/extract", body: bytes | None = BODY):
        """One request on a connection of its own: status, headers, body."""
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, path, body if method == "POST" else None, JSON)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()

    def models(self) -> set[str]:
        """The versions that answer."""
        return {self.ask()[1]["x-model"] for _ in range(8)}

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


class Clients:
    """Threads that ask again and again on connections they keep; ``outcomes`` counts what came of it."""

    def __init__(self, service: Running, count: int) -> None:
        self.service, self.outcomes = service, Counter()
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(count)]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(20)

    def _ask(self) -> None:
        while not self._end.is_set():
            connection = self.service.connect()
            connection.timeout = 3
            try:
                connection.connect()
            except OSError:
                self.outcomes["not let in"] += 1
                time.sleep(0.01)
                continue
            connection.sock.settimeout(10)
            with contextlib.closing(connection):
                self._ask_on(connection)

    def _ask_on(self, connection: http.client.HTTPConnection) -> None:
        while not self._end.is_set():
            try:
                connection.request("POST", "/v1/extract", BODY, JSON)
                answer = connection.getresponse()
                whole = json.loads(answer.read())
            except (OSError, http.client.HTTPException):
                self.outcomes["dropped"] += 1
                return
            right = answer.status == 200 and whole["results"][0]["entities"][0]["text"] == "내일"
            self.outcomes["right" if right else answer.status] += 1
            if answer.will_close:
                return


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    if not (SHIPPED / "bundle.json").exists():
        pytest.skip("models/ko-chat is not here")
    return Path(shutil.copytree(SHIPPED, tmp_path_factory.mktemp("bundles") / "ko-chat"))


@pytest.fixture(scope="module")
def service(tmp_path_factory, bundle):
    """Two workers with little patience."""
    running = Running(
        tmp_path_factory.mktemp("service"),
        "--workers", "2", "--model", f"ko-chat={bundle}", "--set", "header_timeout_s=1",
    )  # fmt: skip
    yield running
    assert running.stop() == 0


def talk(port: int, sent: bytes, *, limit_s: float = 5.0) -> bytes:
    """Raw bytes out; whatever comes back until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=limit_s) as connection:
        connection.sendall(sent)
        came = b""
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(65_536):
                came += part
    return came


@processes
def test_it_starts_and_answers(service):
    status, headers, body = service.ask()
    assert status == 200
    assert headers["x-model"].startswith("ko-chat@")
    assert [e["text"] for e in json.loads(body)["results"][0]["entities"]] == ["내일", "저녁 7시", "강남역"]
    assert service.ask("GET", "/healthz")[0] == 200
    assert service.ask("GET", "/readyz")[0] == 200
    assert len(service.workers()) == 2


@processes
def test_both_workers_answer_and_count_together(service):
    def asked() -> float:
        text = service.ask("GET", "/metrics")[2].decode()
        return sum(float(n) for n in re.findall(r'_requests_total\{.*route="/v1/labels".*\} (\S+)', text))

    def sockets() -> list[int]:
        folders = [Path(f"/proc/{pid}/fd") for pid in sorted(service.workers())]
        return [sum(os.readlink(h).startswith("socket:") for h in folder.iterdir()) for folder in folders]

    before, alone = asked(), sockets()
    with contextlib.ExitStack() as opened:
        for _ in range(12):
            connection = opened.enter_context(contextlib.closing(service.connect()))
            connection.request("GET", "/v1/labels")
            assert connection.getresponse().read()
        shares = [now - then for now, then in zip(sockets(), alone, strict=True)]
        assert min(shares) >= 3, shares
    assert asked() == before + 12


@processes
def test_who_dawdles_over_headers_is_cut_off_and_others_are_served(service):
    slow = [socket.create_connection(("127.0.0.1", service.port), timeout=5) for _ in range(20)]
    try:
        for one in slow:
            one.sendall(b"POST /v1/extract HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        began = time.monotonic()
        times = []
        while time.monotonic() - began < 0.8:
            for one in slow:
                one.sendall(b"a")
            asked = time.monotonic()
            assert service.ask()[0] == 200
            times.append(time.monotonic() - asked)
            time.sleep(0.1)
        assert max(times) < 1
        for one in slow:
            assert one.recv(65_536).startswith(b"HTTP/1.1 408 ")
        assert time.monotonic() - began < 4
    finally:
        for one in slow:
            one.close()


@processes
def test_a_connection_that_says_nothing_is_closed(service):
    assert talk(service.port, b"") == b""


@processes
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"hello\r\n\r\n", b"400"),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: two\r\n\r\n", b"400"),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * 40_000 + b"\r\n\r\n", b"431"),
        (b"GET /" + b"a" * 40_000, b"431"),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 200_000, b"431"),
    ],
)
def test_what_is_no_request_gets_a_problem(service, sent, status):
    head, _, body = talk(service.port, sent).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status)
    assert b"content-type: application/problem+json" in head
    assert json.loads(body)["status"] == int(status)


@processes
def test_requests_sent_in_one_go_are_answered_in_their_order(service):
    one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    came = talk(service.port, one * 3 + last)
    assert re.findall(rb"HTTP/1\.1 (\d+)", came) == [b"200", b"200", b"200", b"404"]


@processes
def test_a_new_bundle_is_taken_by_all_workers_and_a_bad_one_by_none(service, bundle):
    first = service.models()
    assert len(first) == 1

    manifest = bundle / "bundle.json"
    said = json.loads(manifest.read_text(encoding="utf-8"))
    aside = bundle / ".new"
    aside.write_text(json.dumps(said | {"note": "made anew"}), encoding="utf-8")
    before = len(service.log.read_text())
    with Clients(service, 2) as clients:
        os.replace(aside, manifest)
        service.signal(signal.SIGHUP)
        service.wait_for('"reloaded in all workers", "model": "ko-chat", "workers": 2', 15, after=before)
    assert set(clients.outcomes) == {"right"}
    second = service.models()
    assert len(second) == 1
    assert second != first

    weights = bundle / "weights.safetensors"
    good = weights.read_bytes()
    aside.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    os.replace(aside, weights)
    before = len(service.log.read_text())
    service.signal(signal.SIGHUP)
    service.wait_for("reload refused, the old bundle stays", 15, after=before)
    assert service.models() == second
    status, _, body = service.ask("POST", "/v1/models/ko-chat:reload", b"")
    assert status == 409
    assert "SHA-256" in json.loads(body)["detail"]
    assert service.models() == second

    aside.write_bytes(good)
    os.replace(aside, weights)
    assert service.ask("POST", "/v1/models/ko-chat:reload", b"")[0] == 200
    assert service.models() == second
    assert service.ask("POST", "/v1/models/ko-none:reload", b"")[0] == 404


@processes
def test_a_killed_worker_fails_what_it_had_and_is_back_within_three_seconds(service):
    def asked() -> float:
        text = service.ask("GET", "/metrics")[2].decode()
        return sum(float(n) for n in re.findall(r'_requests_total\{.*"/v1/extract",status="200".*\} (\S+)', text))

    old, before = service.workers(), asked()
    files = {file.name for file in service.log.parent.glob("ner-engine-*/counter_*")}
    assert files
    with Clients(service, 4) as clients:
        time.sleep(0.5)
        os.kill(min(old), signal.SIGKILL)
        killed = time.monotonic()
        while len(service.workers() - old) < 1:
            assert time.monotonic() - killed < 3
            time.sleep(0.01)
        time.sleep(0.3)
    assert set(clients.outcomes) <= {"right", "dropped"}
    assert clients.outcomes["dropped"] <= 4  # one for each client at most
    assert clients.outcomes["right"] > 20

    assert asked() >= before + clients.outcomes["right"]  # what it had counted is not lost
    assert {file.name for file in service.log.parent.glob("ner-engine-*/counter_*")} == files  # not one more
    os.kill(max(old), signal.SIGKILL)  # now the new one has to answer, or the next
    killed = time.monotonic()
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if service.ask()[0] == 200:
                break
    assert time.monotonic() - killed < 3
    service.wait_for("a worker died, another is started", 1)


@processes
def test_a_conversation_survives_the_workers_that_held_it(tmp_path):
    """What was acknowledged is on the disk: killing every worker between two turns loses none of it."""
    service = Running(tmp_path, "--workers", "2", "--database", str(tmp_path / "talks.db"))

    def say(message):
        status, _, body = service.ask(
            path="/v1/chat", body=json.dumps({"session": "하나", "message": message}).encode()
        )
        assert status == 200
        return json.loads(body)["reply"]

    try:
        assert "짜장면 2그릇" in say("짜장면 두 그릇 주세요")
        for pid in service.workers():
            os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + 10
        reply = ""
        while not reply and time.monotonic() < end:
            with contextlib.suppress(OSError, http.client.HTTPException):
                reply = say("볶음밥도 하나요")
        assert "볶음밥 1그릇" in reply
        assert "14,000원" not in say("그게 다예요")  # two of the one and one of the other
    finally:
        assert service.stop() == 0


@processes
def test_stopping_under_load_drops_nothing_that_was_accepted(tmp_path, bundle):
    running = Running(tmp_path, "--workers", "2", "--model", f"ko-chat={bundle}")
    try:
        head = b"POST /v1/extract HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        head += b"Content-Length: %d\r\n\r\n" % len(BODY)
        with (
            Clients(running, 6) as clients,
            contextlib.closing(running.connect()) as idle,
            socket.create_connection(("127.0.0.1", running.port), timeout=10) as half,
        ):
            idle.request("GET", "/readyz")
            ready = idle.getresponse()
            assert (ready.status, json.loads(ready.read())) == (200, {"status": "ok"})
            half.sendall(head + BODY[:9])
            time.sleep(0.7)
            running.signal(signal.SIGTERM)
            running.wait_for('"stopping"', 2)
            time.sleep(0.25)
            idle.request("GET", "/readyz")
            unready = idle.getresponse()
            assert (unready.status, unready.will_close) == (503, True)
            half.sendall(BODY[9:])
            assert half.recv(65_536).startswith(b"HTTP/1.1 200 ")
            assert running.process.wait(10) == 0
        assert clients.outcomes["dropped"] == 0
        assert clients.outcomes["right"] > 20
        assert set(clients.outcomes) <= {"right", "not let in"}
    finally:
        running.process.kill()
        running.process.wait()
    assert "traceback" not in running.log.read_text().lower()
    assert not list(tmp_path.glob("ner-engine-*"))  # what the counts were kept in


@processes
def test_workers_end_with_their_supervisor_and_a_taken_port_is_one_line(tmp_path, bundle):
    running = Running(tmp_path, "--model", f"ko-chat={bundle}")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "ner_engine", "serve", "--port", str(running.port)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, timeout=30, check=False, cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 1
        assert done.stderr == (
            f"ner-engine: 127.0.0.1:{running.port}: in use by another program; choose another with --port\n"
        )
        assert done.stdout == ""
    finally:
        workers = running.workers()
        running.process.kill()
        running.process.wait()
    end = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() and "Z" not in _state(pid) for pid in workers):
        assert time.monotonic() < end
        time.sleep(0.02)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", running.port), timeout=1)


@processes
def test_a_bundle_that_cannot_be_used_is_one_line(tmp_path, bundle):
    bad = Path(shutil.copytree(bundle, tmp_path / "bad"))
    with (bad / "graph.onnx").open("ab") as file:
        file.write(b"x")
    done = subprocess.run(
        [sys.executable, "-m", "ner_engine", "serve", "--port", "0", "--workers", "2", "--model", f"x={bad}"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        f"ner-engine: {bad}/graph.onnx: its SHA-256 is not the manifest's; the bundle is damaged\n"
    )


def _state(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return "Z"


# the parts


def test_beyond_this_machine_only_with_keys():
    with pytest.raises(ConfigError, match=r"0\.0\.0\.0:0: other machines can reach this; expected --keys FILE"):
        listen("0.0.0.0", 0, beyond_loopback=False)
    listen("0.0.0.0", 0, beyond_loopback=True).close()
    listen("localhost", 0, beyond_loopback=False).close()


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "x" * 300])
def test_an_address_that_is_not_here_is_one_line(host):
    with pytest.raises(ConfigError) as raised:
        listen(host, 0, beyond_loopback=True)
    assert "\n" not in str(raised.value)


@pytest.mark.skipif(sys.platform != "linux", reason="a Linux socket option")
def test_shutting_out_keeps_those_who_wait():
    listener = listen("127.0.0.1", 0, beyond_loopback=False)
    address = listener.getsockname()
    with contextlib.closing(listener), socket.create_connection(address) as early:
        early.sendall(b"first")
        shut_out(listener)
        with pytest.raises(TimeoutError):
            socket.create_connection(address, timeout=0.2)
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.recv(10) == b"first"


def test_the_worker_with_fewer_connections_goes_first():
    seats = Seats(3)
    seats.take(0, 2)
    assert not seats.crowded(0)  # the others take none
    seats.take(1, 1)
    assert seats.crowded(0)
    assert not seats.crowded(1)
    seats.clear(1)
    assert not seats.crowded(0)
    seats.beat(2, 5.0)
    assert (seats.last_beat(2), seats.last_beat(0)) == (5.0, 0.0)


class Fleet:
    """Rounds with workers that do as they are told, one order at a time."""

    def __init__(self, workers: int, bad: tuple[int, ...] = (), *, source: str = "/m/2") -> None:
        self.orders: list[tuple[int, dict]] = []
        self.bad, self.version = set(bad), dict.fromkeys(range(workers), 0)
        self.loaded: set[int] = set()
        self.heard: list[tuple[int, int, str]] = []
        self.source = source
        self.opened: dict[int, str] = {}
        self.rounds = Rounds(["m"], lambda *order: self.orders.append(order), self.find)
        for worker in range(workers):
            self.rounds.began(worker)
            self.rounds.joined(worker, 0.0)

    def find(self, model: str) -> str:
        if not self.source:
            raise BundleError("current: damaged")
        return self.source

    def step(self) -> None:
        worker, order = self.orders.pop(0)
        if order["do"] == "hear":
            self.heard.append((worker, order["question"], order["why"]))
        elif order["do"] == "forget":
            self.loaded.discard(worker)
        elif order["do"] == "swap":
            self.loaded.discard(worker)
            self.version[worker] += 1
            self.rounds.heard(worker, {"say": "swapped", "round": order["round"]}, 0.0)
        elif worker in self.bad:
            self.rounds.heard(worker, {"say": "refused", "round": order["round"], "why": "damaged"}, 0.0)
        else:
            self.loaded.add(worker)
            self.opened[worker] = order["source"]
            self.rounds.heard(worker, {"say": "loaded", "round": order["round"]}, 0.0)

    def run(self) -> None:
        while self.orders:
            self.step()

    def ask(self, worker: int, question: int) -> None:
        self.rounds.heard(worker, {"say": "reload", "model": "m", "question": question}, 0.0)


@pytest.mark.parametrize("bad", [(), (0,), (1,), (2,), (0, 2)])
def test_all_workers_swap_or_none(bad):
    fleet = Fleet(3, bad)
    fleet.ask(1, 7)
    fleet.run()
    assert set(fleet.version.values()) == {0 if bad else 1}
    assert fleet.loaded == set()
    assert fleet.heard == [(1, 7, "damaged" if bad else "")]
    fleet.bad.clear()
    fleet.rounds.ask_all(0.0)
    fleet.run()
    assert set(fleet.version.values()) == {1 if bad else 2}


@pytest.mark.parametrize("gone", [0, 1, 2])
@pytest.mark.parametrize("after", range(7))
def test_a_worker_that_dies_in_a_round_does_not_hold_it_up(gone, after):
    fleet = Fleet(3)
    fleet.ask((gone + 1) % 3, 7)
    for _ in range(after):
        if fleet.orders:
            fleet.step()
    fleet.rounds.left(gone, 0.0)
    fleet.orders = [one for one in fleet.orders if one[0] != gone]
    fleet.rounds.began(gone)
    fleet.run()
    assert fleet.heard == [((gone + 1) % 3, 7, "")]
    fleet.rounds.joined(gone, 0.0)
    fleet.run()
    del fleet.version[gone]
    assert set(fleet.version.values()) == {1}


def test_a_worker_that_came_up_meanwhile_follows():
    fleet = Fleet(2)
    fleet.rounds.left(1, 0.0)
    fleet.rounds.began(1)  # it reads the old bundle
    fleet.ask(0, 1)
    fleet.run()
    assert fleet.version == {0: 1, 1: 0}
    fleet.rounds.joined(1, 0.0)
    fleet.run()
    assert fleet.version == {0: 1, 1: 1}


def test_a_round_that_takes_too_long_is_given_up_and_those_who_ask_meanwhile_share_the_next():
    fleet = Fleet(2)
    fleet.ask(0, 1)
    fleet.ask(0, 2)
    fleet.ask(1, 3)
    fleet.orders.clear()  # worker 0 does not answer
    fleet.rounds.check(1e6)
    fleet.run()
    assert [(worker, question, bool(why)) for worker, question, why in fleet.heard] == [
        (0, 1, True), (0, 2, False), (1, 3, False),
    ]  # fmt: skip
    assert fleet.version == {0: 1, 1: 1}


def test_what_is_promoted_is_loaded_by_all_from_one_place():
    fleet = Fleet(3)
    fleet.rounds.look(0.0)
    assert fleet.orders == []
    fleet.source = "/m/3"
    fleet.rounds.look(0.0)
    fleet.source = "/m/4"  # while the workers load: they all load what the round began with
    fleet.run()
    assert set(fleet.opened.values()) == {"/m/3"}
    assert fleet.rounds.sources == (("m", "/m/3"),)
    fleet.rounds.look(0.0)
    fleet.run()
    assert set(fleet.opened.values()) == {"/m/4"}
    fleet.rounds.look(0.0)
    assert fleet.orders == []


def test_what_cannot_be_loaded_is_tried_once_and_reaches_no_worker_that_begins():
    fleet = Fleet(2, bad=(1,))
    fleet.source = "/m/3"
    fleet.rounds.look(0.0)
    fleet.run()
    fleet.rounds.look(0.0)
    assert fleet.orders == []
    assert fleet.rounds.sources == (("m", "/m/2"),)
    fleet.rounds.left(0, 0.0)
    fleet.rounds.began(0)
    fleet.rounds.joined(0, 0.0)
    fleet.run()
    assert fleet.version == {0: 0, 1: 0}
    fleet.bad.clear()
    fleet.source = "/m/4"
    fleet.rounds.look(0.0)
    fleet.run()
    assert (fleet.version, set(fleet.opened.values())) == ({0: 1, 1: 1}, {"/m/4"})


def test_what_is_promoted_while_nobody_is_there_is_loaded_by_the_next(tmp_path):
    (tmp_path / "bundle.json").write_text("{}")
    fleet = Fleet(1, source=str(tmp_path))
    fleet.rounds.left(0, 0.0)
    fleet.source = "/m/3"
    fleet.rounds.look(0.0)
    fleet.rounds.began(0)
    fleet.rounds.joined(0, 0.0)
    fleet.rounds.look(0.0)
    fleet.rounds.left(0, 0.0)  # and again, in the middle of it
    fleet.orders.clear()
    fleet.rounds.began(0)
    fleet.rounds.joined(0, 0.0)
    fleet.rounds.look(0.0)
    fleet.run()
    assert fleet.opened == {0: "/m/3"}


def test_where_it_cannot_be_told_what_is_in_use_the_old_one_stays(caplog):
    fleet = Fleet(2)
    fleet.source = ""
    for _ in range(3):
        fleet.rounds.look(0.0)
    fleet.ask(0, 5)
    fleet.run()
    assert fleet.heard == [(0, 5, "current: damaged")]
    assert [r.message for r in caplog.records].count("the bundle in use cannot be told") == 1
    assert fleet.rounds.sources == (("m", "/m/2"),)
    fleet.source = "/m/3"
    fleet.rounds.look(0.0)
    fleet.run()
    assert set(fleet.opened.values()) == {"/m/3"}


def test_a_bundle_in_use_that_is_taken_away_is_not_what_the_next_worker_opens(tmp_path):
    (tmp_path / "2").mkdir()
    (tmp_path / "2" / "bundle.json").write_text("{}")
    fleet = Fleet(1)
    fleet.rounds = Rounds(["m"], lambda *order: None, lambda model: str(tmp_path / "2"))
    fleet.rounds._find = fleet.find
    fleet.rounds.began(0)
    assert fleet.rounds.sources == (("m", str(tmp_path / "2")),)
    (tmp_path / "2" / "bundle.json").unlink()
    fleet.rounds.began(0)
    assert fleet.rounds.sources == (("m", "/m/2"),)


# the commands


def test_show_config_tells_everything_but_secrets(monkeypatch):
    monkeypatch.setenv("NER_ENGINE_DATABASE", "postgresql://bot:hunter2@db.example/chat")
    done = CliRunner().invoke(
        app, ["serve", "--show-config", "--workers", "3", "--set", "max_texts=9", "--model", "n=ko-news"]
    )
    assert done.exit_code == 0, done.output
    assert "hunter2" not in done.output
    assert "workers = 3" in done.output
    assert "max_texts = 9" in done.output
    assert '"n" = "ko-news"' in done.output
    assert 'database = "postgresql://bot:' in done.output


def test_keys_are_made_listed_and_revoked(tmp_path):
    file = tmp_path / "keys.jsonl"
    run = CliRunner().invoke
    scopes = ["--scope", "extract", "--scope", "admin"]
    made = run(app, ["keys", "new", "--keys", str(file), "--name", "가게", *scopes])
    assert made.exit_code == 0, made.output
    secret = made.stdout.strip()
    assert secret.startswith("ner_")
    assert secret not in file.read_text(encoding="utf-8")
    listed = run(app, ["keys", "list", "--keys", str(file)]).stdout
    assert "admin,extract" in listed
    assert "가게" in listed
    key_id = listed.split("\t")[0]
    assert run(app, ["keys", "revoke", key_id, "--keys", str(file)]).exit_code == 0
    assert run(app, ["keys", "list", "--keys", str(file)]).stdout == ""
    assert isinstance(run(app, ["keys", "revoke", key_id, "--keys", str(file)]).exception, ConfigError)


@pytest.mark.parametrize(
    "flags", [["--set", "x"], ["--set", "no_such=1"], ["--port", "70000"], ["--config", "/none"]]
)
def test_wrong_settings_are_one_line(flags):
    done = CliRunner().invoke(app, ["serve", *flags])
    assert isinstance(done.exception, ConfigError)
    assert "\n" not in str(done.exception)
