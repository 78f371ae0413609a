"""How much the service takes, and how it is when given more: ``ner-engine serve`` on loopback, and a client.

    python benchmarks/service.py                       # requests/s, latencies, two workers, ten times too much
    python benchmarks/service.py --soak 20000          # every answer checked while bundles are loaded anew

The client is one process with as little work for a request as can be: bytes made beforehand go out, a status, a
length and a body come in. It runs on the machine it measures, so it needs a core of its own; ``cpu`` is what the
workers themselves used for one request, whoever else was busy. Every text is read by the model (``recall = 0``)
but where a line says ``remembered``: there the service is as it comes, and has seen the 200 texts. Latencies
count from when a request was due, not from when a connection was free for it. Nothing but 127.0.0.1 is ever
asked.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LENGTH = re.compile(rb"(?i)\r\ncontent-length: (\d+)")
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def utterances(length: int = 20) -> list[str]:
    """Different texts of that many characters."""
    days = ["내일", "모레", "글피", "오늘", "주말에"]
    hours = [f"{part} {hour}시에" for part in ("오전", "저녁", "아침", "오후") for hour in range(1, 12)]
    places = ["강남역", "홍대", "성수동", "서울숲", "부산역", "제주도", "광화문", "판교"]
    ends = ["만나자", "봐요", "만나요", "보자", "밥 먹자", "볼래?", "보자!"]
    made = (f"{d} {h} {p}에서 {e}" for d, h, p, e in itertools.product(days, hours, places, ends))
    found = [text for text in made if len(text) == length]
    random.Random(7).shuffle(found)
    return found[:200]


def extract_request(text: str) -> bytes:
    """The bytes of one request."""
    body = json.dumps({"text": text}, ensure_ascii=False).encode()
    head = (
        "POST /v1/extract HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Server:
    """``ner-engine serve``, and what its processes use."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port

    def workers(self) -> list[int]:
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def cpu_s(self) -> float:
        """Of all workers until now."""
        ticks = 0
        for pid in self.workers():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def rss_mb(self) -> float:
        """Of all workers now."""
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.workers())
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def server(workers: int, flags: list[str]) -> Iterator[Server]:
    """A service on a free port of 127.0.0.1."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("w") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "ner_engine", "serve", "--port", "0", "--workers", str(workers), *flags],
                cwd=folder, stderr=stream, env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
        try:
            until = time.monotonic() + 60
            while not (found := re.search(r"http://127\.0\.0\.1:(\d+)/", log.read_text())):
                if process.poll() is not None or time.monotonic() > until:
                    sys.exit(f"the service did not start:\n{log.read_text()}")
                time.sleep(0.05)
            yield Server(process, int(found[1]))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            if process.returncode:
                print(f"  the service ended with status {process.returncode}:\n{log.read_text()[-2000:]}")


class Connection(asyncio.Protocol):
    """One request at a time; ``done(connection, status, body)`` hears each answer; a broken one is status 0."""

    def __init__(self, done: Callable[[Connection, int, bytes], None]) -> None:
        self.done = done
        self.transport: asyncio.Transport = None  # type: ignore[assignment]
        self.came = b""
        self.due = 0.0
        self.asked = -1  # which request it is busy with
        self.length = self.head = -1

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport

    def ask(self, number: int, request: bytes, due: float) -> None:
        self.asked, self.due = number, due
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.came = self.came + data if self.came else data
        if self.length < 0:
            end = self.came.find(b"\r\n\r\n")
            if end < 0:
                return
            found = LENGTH.search(self.came, 0, end)
            self.length = end + 4 + (int(found[1]) if found else 0)
            self.head = end + 4
        if len(self.came) < self.length:
            return
        status, body = int(self.came[9:12]), self.came[self.head : self.length]
        self.came, self.length = self.came[self.length :], -1
        self.done(self, status, body)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.asked >= 0:
            self.done(self, 0, b"")


@dataclass
class Outcome:
    """What came of a stretch of load."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    wrong: int = 0
    held_back: int = 0
    cpu_s: float = 0.0

    @property
    def rate(self) -> float:
        return self.statuses[200] / self.seconds

    @property
    def cpu_each_s(self) -> float:
        """Of one request, all threads together."""
        return self.cpu_s / max(1, sum(self.statuses.values())) or float("nan")

    def quantile_ms(self, share: float) -> float:
        if not self.latencies:
            return float("nan")
        return sorted(self.latencies)[min(len(self.latencies) - 1, int(share * len(self.latencies)))] * 1000

    def __str__(self) -> str:
        cpu = f", cpu {self.cpu_each_s * 1e6:.0f} us/request"
        others = {status: n for status, n in sorted(self.statuses.items()) if status != 200}
        return (
            f"{self.rate:7.0f}/s  p50 {self.quantile_ms(0.5):6.2f} ms  p99 {self.quantile_ms(0.99):6.2f} ms{cpu}"
            + (f", others {others}" if others else "")
            + (f", WRONG {self.wrong}" if self.wrong else "")
        )


async def load(
    service: Server,
    requests: list[bytes],
    *,
    connections: int,
    seconds: float,
    rate: float = 0.0,
    expected: list[bytes] | None = None,
    count: int = 0,
    beside: Callable[[], object] | None = None,
) -> Outcome:
    """Ask for so long, or so often. ``rate`` is how many a second are due, as by chance; 0: each connection asks
    again as soon as it has its answer. ``beside()`` is awaited meanwhile."""
    loop = asyncio.get_running_loop()
    outcome, clock, numbers = Outcome(), time.perf_counter, itertools.cycle(range(len(requests)))
    idle: deque[Connection] = deque()
    due: deque[float] = deque()
    everyone: set[Connection] = set()
    replacing: set[asyncio.Task[None]] = set()
    state = {"over": False, "asked": 0}
    finished = loop.create_future()

    def send(connection: Connection, at: float) -> None:
        if count and state["asked"] >= count:
            state["over"] = True
        if state["over"]:
            idle.append(connection)
            connection.asked = -1
            if len(idle) >= len(everyone) and not finished.done():
                finished.set_result(None)
            return
        state["asked"] += 1
        number = next(numbers)
        connection.ask(number, requests[number], at)

    def done(connection: Connection, status: int, body: bytes) -> None:
        now = clock()
        outcome.statuses[status] += 1
        if status == 200:
            outcome.latencies.append(now - connection.due)
            if expected is not None and body != expected[connection.asked]:
                outcome.wrong += 1
        connection.asked = -1
        if status == 0:
            everyone.discard(connection)
            replacing.add(loop.create_task(replace()))
        elif rate:
            send(connection, due.popleft()) if due and not state["over"] else idle.append(connection)
        else:
            send(connection, now)

    async def open_one() -> Connection:
        _, connection = await loop.create_connection(lambda: Connection(done), "127.0.0.1", service.port)
        everyone.add(connection)
        return connection

    async def replace() -> None:
        try:
            connection = await open_one()
        except OSError:
            return
        if rate:
            idle.append(connection)
        else:
            send(connection, clock())

    opened = [await open_one() for _ in range(connections)]
    cpu, began = service.cpu_s(), clock()
    other = asyncio.ensure_future(beside()) if beside is not None else None  # type: ignore[arg-type]
    if rate:
        idle.extend(opened)
        chance, next_due = random.Random(3), began
        most_waiting = connections * 2
        while clock() - began < seconds:
            now = clock()
            while next_due <= now:
                if idle:
                    send(idle.popleft(), next_due)
                elif len(due) < most_waiting:
                    due.append(next_due)
                else:
                    outcome.held_back += 1
                next_due += chance.expovariate(rate)
            await asyncio.sleep(min(0.001, max(0.0, next_due - clock())))
    else:
        for connection in opened:
            send(connection, clock())
        if count:
            await finished
        else:
            await asyncio.sleep(seconds)
    outcome.seconds = clock() - began
    outcome.cpu_s = service.cpu_s() - cpu
    state["over"] = True
    due.clear()
    until = clock() + 20
    while any(one.asked >= 0 for one in everyone) and clock() < until:
        await asyncio.sleep(0.01)
    if other is not None:
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)
    for connection in list(everyone):
        if connection.asked >= 0:
            outcome.statuses[-1] += 1  # no answer at all
            connection.asked = -1
        connection.transport.close()
    await asyncio.sleep(0.1)
    return outcome


async def once(service: Server, request: bytes) -> tuple[int, bytes]:
    """One answer."""
    answer = asyncio.get_running_loop().create_future()

    def done(connection: Connection, status: int, body: bytes) -> None:
        connection.asked = -1
        if not answer.done():
            answer.set_result((status, body))

    _, connection = await asyncio.get_running_loop().create_connection(
        lambda: Connection(done), "127.0.0.1", service.port
    )
    connection.ask(0, request, 0.0)
    try:
        return await asyncio.wait_for(answer, 60)
    finally:
        connection.transport.close()


async def expected_answers(service: Server, requests: list[bytes]) -> list[bytes]:
    """Each request alone: what every later answer has to be, byte for byte."""
    found = []
    for request in requests:
        status, body = await once(service, request)
        if status != 200:
            sys.exit(f"expected 200; got {status}: {body!r:.200}")
        found.append(body)
    return found


async def measure(given: argparse.Namespace, flags: list[str]) -> None:
    requests = [extract_request(text) for text in utterances()]
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    best: dict[int, float] = {}
    with server(1, flags) as service:
        print(f"1 worker, {given.connections} connections, texts remembered")
        expected = await expected_answers(service, requests)
        many = given.connections
        await load(service, requests, connections=many, seconds=1)
        health = await load(service, [HEALTH], connections=many, seconds=given.seconds)
        full = await load(service, requests, connections=many, seconds=given.seconds, expected=expected)
        report(health, full)
        await at_sixty_per_cent(service, requests, expected, full.rate, given)
    flags = [*flags, "--set", "recall=0"]
    for workers in (1, 2):
        with server(workers, flags) as service:
            print(f"{workers} worker{'s' * (workers > 1)}, {given.connections * workers} connections")
            expected = await expected_answers(service, requests)
            many = given.connections * workers
            await load(service, requests, connections=many, seconds=1)
            health = await load(service, [HEALTH], connections=many, seconds=given.seconds)
            full = await load(service, requests, connections=many, seconds=given.seconds, expected=expected)
            report(health, full)
            best[workers] = full.rate
            if workers == 1:
                await at_sixty_per_cent(service, requests, expected, full.rate, given)
                await overload(service, requests, expected, full.rate, given)
    print(f"two workers against one: {best[2] / best[1]:.2f} times the requests")


async def at_sixty_per_cent(
    service: Server, requests: list[bytes], expected: list[bytes], best: float, given: argparse.Namespace
) -> None:
    """Latencies at 60 % of the most, beside those of ``/healthz`` as often: a machine that others share stalls
    now and then, whatever is asked of it, so that the median of several stretches is told."""
    parts, beside = [], []
    for _ in range(given.stretches):
        for found, asked, wanted in ((parts, requests, expected), (beside, [HEALTH], None)):
            found.append(
                await load(
                    service,
                    asked,
                    connections=given.connections,
                    seconds=given.seconds,
                    rate=0.6 * best,
                    expected=wanted,
                )
            )
    for name, found in (("/v1/extract", parts), ("/healthz", beside)):
        p99 = sorted(one.quantile_ms(0.99) for one in found)
        middle = sorted(found, key=lambda one: one.quantile_ms(0.99))[len(found) // 2]
        each = ", ".join(f"{ms:.1f}" for ms in p99)
        print(f"  at 60 %, {name}, the middle one of {len(found)}: {middle}; p99 of each: {each}")


def report(health: Outcome, full: Outcome) -> None:
    by_cpu = health.cpu_each_s / full.cpu_each_s
    print(f"  /healthz     {health}")
    print(f"  /v1/extract  {full}  = {full.rate / health.rate:.0%} of /healthz, by cpu {by_cpu:.0%}")


async def overload(
    service: Server, requests: list[bytes], expected: list[bytes], best: float, given: argparse.Namespace
) -> None:
    """Ten times what it can take, and how it is afterwards."""
    before = service.rss_mb()
    memory: list[float] = []

    async def watch() -> None:
        while True:
            memory.append(service.rss_mb())
            await asyncio.sleep(1)

    pids = service.workers()
    many = await load(
        service, requests, connections=given.crowd, seconds=given.overload, rate=10 * best, expected=expected,
        beside=watch,
    )  # fmt: skip
    answered = sum(many.statuses.values())
    shares = ", ".join(f"{status}: {n / answered:.1%}" for status, n in sorted(many.statuses.items()))
    print(
        f"  ten times for {many.seconds:.0f} s on {given.crowd} connections: {answered / many.seconds:.0f}/s "
        f"answered, {shares}, wrong {many.wrong}, not sent for want of a connection {many.held_back}"
    )
    halves = memory[: len(memory) // 2] or memory, memory[len(memory) // 2 :] or memory
    print(
        f"  memory: {before:.0f} MB before, {statistics.mean(halves[0]):.0f} MB in the first half, "
        f"{statistics.mean(halves[1]):.0f} MB in the second, {service.rss_mb():.0f} MB after"
        + ("" if service.workers() == pids else "; A WORKER DIED")
    )
    await asyncio.sleep(2)
    after = await load(service, requests, connections=32, seconds=3, rate=0.6 * best, expected=expected)
    print(f"  2 s later, 60 %  {after}")


async def soak(given: argparse.Namespace, flags: list[str]) -> None:
    """Every answer of many, while bundles are loaded anew every five seconds."""
    requests = [extract_request(text) for text in utterances()]
    again = b"POST /v1/models/ko-chat:reload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n"
    reloads: Counter[int] = Counter()
    with server(given.workers, flags) as service:
        expected = await expected_answers(service, requests)
        # warm: what the first reload brings stays
        await load(service, requests, connections=given.connections, seconds=2)
        await once(service, again)
        await load(service, requests, connections=given.connections, seconds=2)
        before = service.rss_mb()
        memory: list[float] = []

        async def reload() -> None:
            while True:
                status, _ = await once(service, again)
                reloads[status] += 1
                await asyncio.sleep(2)  # what the old model had begun is answered, and its memory given back
                memory.append(service.rss_mb())
                await asyncio.sleep(3)

        outcome = await load(
            service, requests, connections=given.connections, seconds=0, count=given.soak, expected=expected,
            beside=reload,
        )  # fmt: skip
        print(f"soak, {given.workers} workers: {outcome}")
        print(
            f"  {sum(outcome.statuses.values())} answers in {outcome.seconds:.0f} s: {dict(outcome.statuses)}, "
            f"wrong {outcome.wrong}; reloads {dict(reloads)}; memory {before:.0f} MB, after reloads "
            f"{', '.join(f'{mb:.0f}' for mb in memory) or '-'} MB"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each stretch")
    parser.add_argument("--stretches", type=int, default=5, help="at 60 %% of the most")
    parser.add_argument("--connections", type=int, default=32, help="for each worker")
    parser.add_argument("--overload", type=float, default=60.0, help="seconds of ten times too much")
    parser.add_argument("--crowd", type=int, default=600, help="connections of ten times too much")
    parser.add_argument("--soak", type=int, default=0, help="so many requests, and nothing else")
    parser.add_argument("--workers", type=int, default=2, help="of the soak")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="for the service")
    given = parser.parse_args()
    flags = [flag for one in given.set for flag in ("--set", one)]
    try:
        import uvloop

        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    except ImportError:
        runner = asyncio.Runner()
    with runner:
        runner.run(soak(given, flags) if given.soak else measure(given, flags))


if __name__ == "__main__":
    main()
