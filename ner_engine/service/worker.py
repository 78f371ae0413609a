"""One worker process: the application on the shared socket, until it is asked to stop.

Stopping: what waits to be accepted is accepted, what was asked is answered, then connections close, all within a
limit. Its channel carries the supervisor's orders to load bundles anew, and says how that went.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import json
import logging
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from functools import partial
from typing import Any

from fastapi import FastAPI
from uvicorn.config import Config
from uvicorn.server import ServerState

from ner_engine.errors import NerEngineError
from ner_engine.service.app import Service
from ner_engine.service.engines import Engines, Live
from ner_engine.service.listening import Acceptor, Seats, shut_out
from ner_engine.service.protocol import Patience, PatientProtocol
from ner_engine.service.settings import Settings
from ner_engine.service.supervisor import FAILED_START

__all__ = ["Channel", "run_worker"]

_TURN_S = 0.1
_LINGER_S = 0.5  # how long a connection without a request stays open at the end: one may be on its way
_OUTCOME_S = 300.0

# The whole heap is looked through a hundredth as often as usual: it takes 30 ms, in which nobody is answered.
_COLLECTED = (5_000, 20, 100)
_TIDY_AFTER_S = 1.0  # when what the old model had begun is answered

# glibc's mallopt(3): one heap for all threads, and large blocks always beside it. Otherwise a bundle that is
# loaded in a thread of its own, while the old one lies about the heap, leaves holes that nothing fits into.
_HEAP = ((-8, 1), (-3, 256 << 10), (-1, 16 << 20))  # M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD
_log = logging.getLogger(__name__)


def run_worker(
    settings: Settings,
    app_of: Callable[[Settings], FastAPI],
    listener: socket.socket,
    *,
    seats: Seats,
    worker: int,
    channel: socket.socket,
) -> int:
    """Serve until SIGTERM. Returns 0, or FAILED_START where the application could not begin, as is said on
    ``channel``."""
    _settle_heap()
    config = Config(
        lambda: None,  # replaced below: the application is built in its loop
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=max(1, round(settings.keep_alive_s)),
    )
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        return runner.run(_serve(settings, app_of, config, listener, seats, worker, channel))


async def _serve(
    settings: Settings,
    app_of: Callable[[Settings], FastAPI],
    config: Config,
    listener: socket.socket,
    seats: Seats,
    worker: int,
    control: socket.socket,
) -> int:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    channel = await Channel.open(control, stop.set)
    async with contextlib.AsyncExitStack() as life:
        try:
            app = app_of(settings)
            state = await life.enter_async_context(app.router.lifespan_context(app))
        except (NerEngineError, OSError) as error:
            await channel.say({"say": "failed", "why": str(error)})
            return FAILED_START
        config.app = app
        config.load()
        service: Service = app.state.service
        app.state.reload_everywhere = channel.reload
        following = asyncio.create_task(channel.follow(service.engines))
        gc.collect()
        gc.set_threshold(*_COLLECTED)
        gc.freeze()  # what is there now stays: there is no need to look through it again
        connections = _Connections(settings, config, dict(state or {}), listener, seats, worker)
        await channel.say({"say": "ready"})
        await stop.wait()
        service.not_ready = "the service is stopping"
        await connections.finish(settings.shutdown_timeout_s)
        following.cancel()
    return 0


class _Connections:
    """The open connections of this worker, and the clock that watches them."""

    def __init__(
        self,
        settings: Settings,
        config: Config,
        state: dict[str, Any],
        listener: socket.socket,
        seats: Seats,
        worker: int,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._state, self._config = ServerState(), config
        self._listener, self._seats, self._worker = listener, seats, worker
        patience = Patience(header_s=settings.header_timeout_s, connections=settings.max_connections)
        self._turns = 0
        self._turn()
        self._acceptor = Acceptor(
            listener,
            lambda: PatientProtocol(
                config,
                self._state,
                state,
                patience=patience,
                counted=self._acceptor.counted,
                loop=self._loop,
            ),
            seats,
            worker,
        )

    def _turn(self) -> None:
        """Ten times a second: the loop lives; who is too slow is cut off; the Date header moves on."""
        self._seats.beat(self._worker, time.monotonic())
        if self._turns % 5 == 0:
            for connection in self._open():
                connection.check(self._loop.time())
        if self._turns % 10 == 0:
            self._state.default_headers = [
                (b"date", formatdate(usegmt=True).encode()),
                *self._config.encoded_headers,
            ]
        self._turns += 1
        self._timer = self._loop.call_later(_TURN_S, self._turn)

    def _open(self) -> list[PatientProtocol]:
        return [one for one in self._state.connections if isinstance(one, PatientProtocol)]

    async def finish(self, limit_s: float) -> None:
        """Nothing new; what was begun is answered within the limit; all is closed."""
        began = self._loop.time()
        shut_out(self._listener)
        await self._acceptor.stop()
        for connection in self._open():
            connection.shutdown()
        while (self._state.connections or self._state.tasks) and self._loop.time() - began < limit_s:
            await asyncio.sleep(0.02)
            if self._loop.time() - began > _LINGER_S:
                for connection in self._open():
                    connection.close_idle()
        if self._state.tasks:
            _log.error("stopped without an answer to some requests", extra={"requests": len(self._state.tasks)})
        for connection in self._open():
            connection.transport.abort()
        for task in list(self._state.tasks):
            task.cancel()
        if self._state.tasks:
            await asyncio.wait(list(self._state.tasks), timeout=1.0)
        self._timer.cancel()


def _settle_heap() -> None:
    """Have the heap give back what replaced models held."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # a C library that cannot
            for parameter, value in _HEAP:
                ctypes.CDLL(None).mallopt(parameter, value)


def _tidy() -> None:
    """Let go of the model that was replaced: of its objects that hold each other, and of its pages."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # a C library that cannot
            ctypes.CDLL(None).malloc_trim(0)


class Channel:
    """The line to the supervisor: one JSON object a line, both ways."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, on_end: Callable[[], None]
    ) -> None:
        self._reader, self._writer, self._on_end = reader, writer, on_end
        self._questions: dict[int, asyncio.Future[str]] = {}
        self._asked = 0
        self._loaded: dict[int, Live] = {}

    @classmethod
    async def open(cls, control: socket.socket, on_end: Callable[[], None]) -> Channel:
        """``on_end`` is called when the supervisor is gone."""
        control.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=control)
        return cls(reader, writer, on_end)

    async def say(self, message: dict[str, Any]) -> None:
        """Tell the supervisor."""
        with contextlib.suppress(OSError):
            self._writer.write(json.dumps(message).encode() + b"\n")
            await self._writer.drain()

    async def reload(self, model: str) -> None:
        """Have all workers load a bundle anew. Raises NerEngineError where one cannot: all keep the old one."""
        self._asked += 1
        answer = asyncio.get_running_loop().create_future()
        self._questions[self._asked] = answer
        try:
            await self.say({"say": "reload", "question": self._asked, "model": model})
            why: str = await asyncio.wait_for(answer, _OUTCOME_S)
        except TimeoutError:
            why = f"no outcome within {_OUTCOME_S:g} s"
        finally:
            self._questions.pop(self._asked, None)
        if why:
            raise NerEngineError(why)

    async def follow(self, engines: Engines) -> None:
        """Do what the supervisor says, until it is gone."""
        steps: dict[str, Callable[[Engines, dict[str, Any]], Awaitable[None]]] = {
            "load": self._load, "swap": self._swap, "forget": self._forget, "hear": self._hear,
        }  # fmt: skip
        while line := await self._reader.readline():
            order = json.loads(line)
            await steps[order["do"]](engines, order)
        self._on_end()

    async def _load(self, engines: Engines, order: dict[str, Any]) -> None:
        number = order["round"]
        self._loaded.clear()
        try:
            prepare = partial(engines.prepare, order["model"], source=order["source"])
            self._loaded[number] = await asyncio.to_thread(prepare)
        except Exception as error:  # whatever it is, the old bundle stays and the supervisor hears of it
            if not isinstance(error, NerEngineError):
                _log.exception("a bundle could not be loaded", extra={"model": order["model"]})
            await self.say({"say": "refused", "round": number, "why": str(error) or type(error).__name__})
            return
        await self.say({"say": "loaded", "round": number})

    async def _swap(self, engines: Engines, order: dict[str, Any]) -> None:
        live = self._loaded.pop(order["round"], None)
        if live is not None:
            engines.swap(live)
            del live
            asyncio.get_running_loop().call_later(_TIDY_AFTER_S, _tidy)
        await self.say({"say": "swapped", "round": order["round"]})

    async def _forget(self, engines: Engines, order: dict[str, Any]) -> None:
        self._loaded.pop(order["round"], None)

    async def _hear(self, engines: Engines, order: dict[str, Any]) -> None:
        answer = self._questions.get(order["question"])
        if answer is not None and not answer.done():
            answer.set_result(order["why"])
