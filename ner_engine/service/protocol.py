"""HTTP/1.1 on one connection, with an end to patience: bytes in, ASGI requests and their answers out.

uvicorn's protocol waits as long as a client likes for a request line and headers, and takes as many of them as
come. ``PatientProtocol`` cuts off whoever takes longer than ``Patience`` says, does not fetch the answer, or
opens one connection too many, and can be asked to finish: what was begun is answered, and then the connection
closes.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from ner_engine.service.problems import CONTENT_TYPE, TITLES, problem_json

__all__ = ["Patience", "PatientProtocol"]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long, and how much, one client may ask of a worker."""

    header_s: float = 10.0  # for a request line and its headers
    taking_s: float = 30.0  # for an answer that is ready
    header_bytes: int = 32_768
    connections: int = 1024


class _Refused(Exception):
    """Ends the parsing of a request that is answered with a problem."""


class _Cork:
    """A transport that sends the head of an answer together with what follows it in the same turn of the loop.

    uvicorn writes the two apart: two system calls and two packets, of which the client can use neither alone.
    """

    __slots__ = ("_held", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send bytes; a head waits for the rest until the loop's next turn."""
        if self._held:
            data, self._held = self._held + data, b""
        elif data.startswith(b"HTTP/1."):
            self._held = data
            self._loop.call_soon(self.flush)
            return
        self._transport.write(data)

    def flush(self) -> None:
        """Send what is held."""
        data, self._held = self._held, b""
        if data and not self._transport.is_closing():  # the client may be gone since
            self._transport.write(data)

    def close(self) -> None:
        """Send what is held, then close."""
        self.flush()
        self._transport.close()

    def get_write_buffer_size(self) -> int:
        """Bytes that are not sent yet."""
        return len(self._held) + self._transport.get_write_buffer_size()


class PatientProtocol(HttpToolsProtocol):
    """One connection. ``counted`` hears how many there are whenever that changes."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        *,
        patience: Patience,
        counted: Callable[[int], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(config, server_state, app_state, loop)
        self._patience = patience
        self._counted = counted
        self._head_since: float | None = None  # a request line and headers are awaited since then
        self._head_bytes = 0
        self._untaken_since: float | None = None  # an answer waits to be taken since then
        self._problem = ("request", "expected an HTTP/1.1 request")
        self._leaving = False

    # what the transport calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there; where there are too many, one that is waited for makes room."""
        if len(self.connections) >= self._patience.connections and not self._make_room():
            self.transport = transport
            self._refuse("full", f"expected at most {self._patience.connections} connections")
            return
        super().connection_made(cast(asyncio.Transport, _Cork(transport, self.loop)))
        self._head_since = self.loop.time()
        self._counted(len(self.connections))

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        if self.flow is None:  # it was refused
            return
        self._head_since = None
        super().connection_lost(exc)
        self._counted(len(self.connections))

    def data_received(self, data: bytes) -> None:
        """Bytes of the client: as many as make up a head are counted."""
        if self.transport.is_closing():
            return
        if self._head_since is None:
            super().data_received(data)
            return
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_since is not None and self._head_bytes > self._patience.header_bytes:
            self._refuse(*self._too_large())

    # what the parser calls

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        if self._head_since is None:
            self._head_since = self.loop.time()
            self._head_bytes = 1

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._head_since = None
        self._head_bytes = 0
        if len(self.url) + sum(len(n) + len(v) for n, v in self.headers) > self._patience.header_bytes:
            self._problem = self._too_large()
            raise _Refused
        super().on_headers_complete()
        if self._leaving:
            self._last_answer()

    def send_400_response(self, msg: str) -> None:
        """A request that cannot be parsed is answered with a problem."""
        self._refuse(*self._problem)

    def _unsupported_upgrade_warning(self) -> None:
        """There is nothing to upgrade to; the request is answered as it stands."""

    # what the server calls

    def shutdown(self) -> None:
        """Finish: what has begun is answered, as the last on this connection."""
        self._leaving = True
        self._last_answer()

    def close_idle(self) -> None:
        """Close unless something of a request is there, be it unread."""
        if self.transport.is_closing() or self._busy() or self._head_bytes:
            return
        if not _unread(self.transport):
            self.transport.close()

    def check(self, now: float) -> None:
        """Cut the client off where it was waited for long enough."""
        if self._head_since is not None and self._busy():
            self._head_since = now  # the next request is not read on before this one is answered
        elif self._head_since is not None and now - self._head_since > self._patience.header_s:
            if self._head_bytes and not self.transport.is_closing():
                self._refuse("slow-head", f"expected them within {self._patience.header_s:g} s")
            self._head_since = None
            self.transport.close()
        if not self.transport.get_write_buffer_size():
            self._untaken_since = None
        elif self._untaken_since is None:
            self._untaken_since = now
        elif now - self._untaken_since > self._patience.taking_s:
            self.transport.abort()

    def _busy(self) -> bool:
        """Whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def _last_answer(self) -> None:
        """The newest request on this connection is the last: its answer says so."""
        if self._busy():
            newest = self.pipeline[0][0] if self.pipeline else self.cycle
            newest.keep_alive = False

    def _make_room(self) -> bool:
        """Close the connection that has been waited for the longest; False where all are at work."""
        waiting = [c for c in self.connections if isinstance(c, PatientProtocol) and not c._busy()]
        if not waiting:
            return False
        oldest = min(waiting, key=lambda c: c._head_since or c._idle_since())
        oldest.transport.close()
        self.connections.discard(oldest)
        return True

    def _idle_since(self) -> float:
        """When an idle connection fell idle."""
        timer = self.timeout_keep_alive_task
        return self.loop.time() if timer is None else timer.when() - self.timeout_keep_alive

    def _too_large(self) -> tuple[str, str]:
        return "head-too-large", f"expected at most {self._patience.header_bytes} bytes"

    def _refuse(self, kind: str, detail: str) -> None:
        """Answer with a problem and close, without the application."""
        status = TITLES[kind][0]
        body = problem_json(kind, status, detail)
        head = (
            f"content-type: {CONTENT_TYPE}\r\ncontent-length: {len(body)}\r\n"
            f"{'retry-after: 1' + chr(13) + chr(10) if status == 503 else ''}connection: close\r\n\r\n"
        )
        self._head_since = None
        self.transport.write(STATUS_LINE[status] + head.encode() + body)
        self.transport.close()


def _unread(transport: asyncio.Transport) -> bool:
    """Whether bytes have arrived that the loop has not read yet."""
    channel = transport.get_extra_info("socket")
    if channel is None or channel.fileno() < 0:
        return False
    poll = select.poll()
    poll.register(channel.fileno(), select.POLLIN)
    return bool(poll.poll(0))
