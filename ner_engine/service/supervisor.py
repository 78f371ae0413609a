"""Worker processes that are kept alive: a function to run in each, and the signals of whoever runs the service.

The workers are forked, so that a new one has nothing to import and shares what does not change. One that dies is
replaced at once (one that cannot even start, after a pause that grows), one whose loop no longer turns is killed.
SIGTERM and SIGINT stop all in order, SIGHUP loads the bundles anew, as does the promotion of another version. A
worker whose supervisor dies stops by itself: the other end of its channel closes.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from ner_engine.service.listening import Seats
from ner_engine.service.reloading import Rounds

__all__ = ["FAILED_START", "Supervisor"]

FAILED_START = 3  # the exit status of a worker that could not begin
Sources = tuple[tuple[str, str], ...]
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_LOOK_S = 0.5
_HUNG_S = 30.0
_STARTING_S = 180.0
_LONGEST_PAUSE_S = 30.0
_AFTER_LIMIT_S = 5.0  # beyond what the workers have for their requests

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Worker:
    pid: int
    channel: socket.socket
    began: float
    ready: bool = False
    heard: bytearray = field(default_factory=bytearray)


class Supervisor:
    """``work(worker, channel, sources)`` runs in each process and returns its exit status; ``sources`` are pairs
    of a model and the bundle to open, which ``find(model)`` gives.

    ``on_ready`` is called once, when all have begun; ``on_death(worker)`` whenever one is gone; ``on_stop``
    before any is asked to stop.
    """

    def __init__(
        self,
        workers: int,
        work: Callable[[int, socket.socket, Sources], int],
        *,
        seats: Seats,
        models: Sequence[str],
        find: Callable[[str], str],
        limit_s: float,
        on_ready: Callable[[], None],
        on_death: Callable[[int], None],
        on_stop: Callable[[], None],
    ) -> None:
        self._work, self._seats, self._limit_s = work, seats, limit_s
        self._on_ready, self._on_death, self._on_stop = on_ready, on_death, on_stop
        self._workers: dict[int, _Worker] = {}
        self._due: dict[int, float] = dict.fromkeys(range(workers), 0.0)  # workers to start, and when
        self._failures = dict.fromkeys(range(workers), 0)
        self._count = workers
        self._begun = False  # all workers have been ready once
        self._stop_by: float | None = None
        self._status = 0
        self._why = ""
        self._rounds = Rounds(models, self._send, find)
        self._looked = 0.0
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._caught: list[int] = []

    def run(self) -> tuple[int, str]:
        """Until stopped. Returns an exit status, and why the workers could not begin (or ``""``)."""
        self._wake.setblocking(False)
        self._woken.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        before = {number: signal.signal(number, self._catch) for number in _SIGNALS}
        waking = signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        try:
            while self._stop_by is None or self._workers:
                self._start_due()
                self._listen()
                self._obey()
                self._bury()
                self._check()
        finally:
            signal.set_wakeup_fd(waking)
            for number, handler in before.items():
                signal.signal(number, handler)
            for worker in self._workers.values():  # only where something went wrong here
                os.kill(worker.pid, signal.SIGKILL)
            self._selector.close()
            self._wake.close()
            self._woken.close()
        return self._status, self._why

    def _catch(self, number: int, frame: FrameType | None) -> None:
        self._caught.append(number)

    def _start_due(self) -> None:
        now = time.monotonic()
        if self._stop_by is not None:
            return
        for number, due in list(self._due.items()):
            if due <= now:
                del self._due[number]
                self._start(number, now)

    def _start(self, number: int, now: float) -> None:
        ours, theirs = socket.socketpair()
        self._rounds.began(number)
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                self._become_worker(ours)
                status = self._work(number, theirs, self._rounds.sources)
            except BaseException:  # whatever it is, this process must not go on as a second supervisor
                _log.exception("a worker failed", extra={"worker": number})
            finally:
                with contextlib.suppress(OSError, ValueError):
                    sys.stderr.flush()
                os._exit(status)
        theirs.close()
        ours.setblocking(False)
        self._workers[number] = _Worker(pid, ours, now)
        self._selector.register(ours, selectors.EVENT_READ, number)

    def _become_worker(self, ours: socket.socket) -> None:
        """In the new process: what belongs to the supervisor is let go."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the supervisor passes it on
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for worker in self._workers.values():
            worker.channel.close()
        for channel in (ours, self._wake, self._woken):
            channel.close()
        self._selector.close()

    def _listen(self) -> None:
        pause = _LOOK_S
        if self._due:
            pause = min(pause, max(0.0, min(self._due.values()) - time.monotonic()))
        for key, _ in self._selector.select(0.05 if self._stop_by is not None else pause):
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    self._woken.recv(4096)
            elif key.data in self._workers:
                self._hear(key.data)

    def _hear(self, number: int) -> None:
        worker = self._workers[number]
        try:
            came = worker.channel.recv(65_536)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            came = b""
        if not came:
            self._selector.unregister(worker.channel)  # it is ending; _bury does the rest
            return
        worker.heard += came
        *lines, rest = worker.heard.split(b"\n")
        worker.heard = bytearray(rest)
        for line in lines:
            message = json.loads(line)
            if message["say"] == "ready":
                self._ready(number)
            elif message["say"] == "failed":
                self._why = str(message["why"])
                if self._begun:  # else whoever runs this says it
                    _log.error("a worker could not start", extra={"worker": number, "why": self._why})
            else:
                self._rounds.heard(number, message, time.monotonic())

    def _ready(self, number: int) -> None:
        self._workers[number].ready = True
        self._failures[number] = 0
        self._rounds.joined(number, time.monotonic())
        if not self._begun and len(self._workers) == self._count and all(w.ready for w in self._workers.values()):
            self._begun = True
            self._on_ready()

    def _send(self, number: int, order: dict[str, Any]) -> None:
        worker = self._workers.get(number)
        if worker is not None:
            with contextlib.suppress(OSError):  # it is gone: _bury finds out
                worker.channel.send(json.dumps(order).encode() + b"\n")

    def _obey(self) -> None:
        while self._caught:
            number = self._caught.pop(0)
            if number == signal.SIGHUP and self._stop_by is None:
                _log.info("loading the bundles anew")
                self._rounds.ask_all(time.monotonic())
            elif number in (signal.SIGTERM, signal.SIGINT):
                if self._stop_by is None:
                    self._stop(0)
                elif number == signal.SIGINT:  # once more: now
                    self._stop_by = 0.0

    def _stop(self, status: int) -> None:
        if not status:
            _log.info("stopping")
        self._status = status
        self._stop_by = time.monotonic() + self._limit_s + _AFTER_LIMIT_S
        self._on_stop()
        for worker in self._workers.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGTERM)

    def _bury(self) -> None:
        """Find out which workers have ended, and have them replaced."""
        for number, worker in list(self._workers.items()):
            pid, ended = os.waitpid(worker.pid, os.WNOHANG)
            if not pid:
                continue
            with contextlib.suppress(KeyError):
                self._hear(number)  # its last words
                self._selector.unregister(worker.channel)
            worker.channel.close()
            del self._workers[number]
            self._seats.clear(number)
            self._on_death(number)
            now = time.monotonic()
            self._rounds.left(number, now)
            if self._stop_by is None:
                self._replace(number, worker, os.waitstatus_to_exitcode(ended), now)

    def _replace(self, number: int, worker: _Worker, status: int, now: float) -> None:
        if not self._begun and not worker.ready and status > 0:  # as would every other
            self._why = self._why or f"a worker could not start (exit status {status})"
            self._stop(1)
            return
        if not worker.ready:
            self._failures[number] += 1
        pause = min(0.5 * 2 ** self._failures[number], _LONGEST_PAUSE_S) if self._failures[number] else 0.0
        self._due[number] = now + pause
        _log.error(
            "a worker died, another is started",
            extra={"worker": number, "pid": worker.pid, "status": status, "pause_s": pause},
        )

    def _check(self) -> None:
        now = time.monotonic()
        self._rounds.check(now)
        if self._begun and self._stop_by is None and now - self._looked >= _LOOK_S:
            self._looked = now
            self._rounds.look(now)
        for number, worker in self._workers.items():
            if self._stop_by is not None:
                hung = now > self._stop_by
            elif worker.ready:
                hung = now - max(worker.began, self._seats.last_beat(number)) > _HUNG_S
            else:
                hung = now - worker.began > _STARTING_S
            if hung:
                _log.error("a worker hangs and is killed", extra={"worker": number, "pid": worker.pid})
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGKILL)
