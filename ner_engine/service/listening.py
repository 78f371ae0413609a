"""The listening socket, and how several workers share it: an address in, connections out.

All workers accept from one socket, so a connection that a killed worker had not yet taken goes to another. The
worker with the fewest connections takes the next one: ``Seats`` is where they see each other's.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import ipaddress
import mmap
import socket
import struct
import sys
from collections.abc import Callable

from ner_engine.errors import ConfigError

__all__ = ["Acceptor", "Seats", "listen", "shut_out"]

_SO_ATTACH_FILTER = 26  # Linux
_AT_ONCE = 16  # connections taken before the loop goes on
_YIELD_S = 0.003  # how long a worker with more connections than another lets it go first
_NO_HANDLE_S = 0.1


def listen(host: str, port: int, *, backlog: int = 1024, beyond_loopback: bool) -> socket.socket:
    """A socket that listens on ``host`` and ``port``, shared by everything forked from here.

    Raises ConfigError, in one line, where the address is taken, not this machine's, or can be reached from
    others although ``beyond_loopback`` is False.
    """
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"{place}: expected an address of this machine; {reason}") from None
    family, kind, protocol, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
    if not beyond_loopback and not ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback:
        raise ConfigError(
            f"{place}: other machines can reach this; "
            "expected --keys FILE (from 'ner-engine keys new') or --insecure"
        )
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(f"{place}: in use by another program; choose another with --port") from None
        raise ConfigError(f"{place}: cannot be listened on; {error.strerror}") from None
    listener.setblocking(False)
    return listener


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


def shut_out(listener: socket.socket) -> None:
    """No new connection from now on, while those that wait to be accepted stay (Linux; elsewhere nothing).

    Closing a listening socket resets whatever waits in it. With a filter that passes no packet, what waits can be
    accepted first, and whoever comes now finds the port closed a moment later.
    """
    if sys.platform != "linux":
        return
    nothing = _Instruction(code=0x06, k=0)  # return 0: none of the packet's bytes
    program = _Program(length=1, instructions=ctypes.pointer(nothing))
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, bytes(program))


class Seats:
    """What the workers and their supervisor know of each other, in memory that forked processes share.

    For each worker the number of its connections, -1 where it takes none, and when its loop last turned.
    """

    _ONE = struct.Struct("=qd")

    def __init__(self, workers: int) -> None:
        self._count = workers
        self._memory = mmap.mmap(-1, workers * self._ONE.size)
        for worker in range(workers):
            self.clear(worker)

    def clear(self, worker: int) -> None:
        """The worker takes no connections."""
        self._ONE.pack_into(self._memory, worker * self._ONE.size, -1, 0.0)

    def take(self, worker: int, connections: int) -> None:
        """The worker has so many."""
        struct.pack_into("=q", self._memory, worker * self._ONE.size, connections)

    def beat(self, worker: int, now: float) -> None:
        """The worker's loop turns."""
        struct.pack_into("=d", self._memory, worker * self._ONE.size + 8, now)

    def last_beat(self, worker: int) -> float:
        """When the worker's loop last turned; 0.0 where it has not yet."""
        return float(self._ONE.unpack_from(self._memory, worker * self._ONE.size)[1])

    def crowded(self, worker: int) -> bool:
        """Whether another worker has fewer connections."""
        counts = [self._ONE.unpack_from(self._memory, i * self._ONE.size)[0] for i in range(self._count)]
        return any(0 <= other < counts[worker] for other in counts)


class Acceptor:
    """Takes connections from the shared socket and hands each to a protocol of its own."""

    def __init__(
        self, listener: socket.socket, protocol: Callable[[], asyncio.Protocol], seats: Seats, worker: int
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._listener, self._protocol = listener, protocol
        self._seats, self._worker = seats, worker
        self._starting: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None
        self._connections = 0
        self._stopping = False
        seats.take(worker, 0)
        self._loop.add_reader(listener.fileno(), self._ready)

    def counted(self, connections: int) -> None:
        """So many are open."""
        self._connections = connections
        if not self._stopping:
            self._seats.take(self._worker, connections + len(self._starting))

    async def stop(self) -> None:
        """Take what waits, then nothing more; the socket is closed on this side."""
        self._stopping = True
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listener.fileno())
        while self._take():
            pass
        self._seats.clear(self._worker)
        self._listener.close()
        if self._starting:
            await asyncio.wait(self._starting)

    def _ready(self) -> None:
        if self._seats.crowded(self._worker):
            self._wait(_YIELD_S)
            return
        for _ in range(_AT_ONCE):
            if not self._take() or self._seats.crowded(self._worker):
                return

    def _wait(self, pause_s: float) -> None:
        """Let another go first; whatever still waits then is taken."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listener.fileno())
        self._pause = self._loop.call_later(pause_s, self._again)

    def _again(self) -> None:
        self._pause = None
        self._loop.add_reader(self._listener.fileno(), self._ready)
        self._take()

    def _take(self) -> bool:
        """Accept one; False where none waits."""
        try:
            channel, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                if not self._stopping:
                    self._wait(_NO_HANDLE_S)
                return False
            return True  # the client has gone again
        channel.setblocking(False)
        with contextlib.suppress(OSError):
            channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        start = self._loop.create_task(self._start(channel))
        self._starting.add(start)
        start.add_done_callback(self._starting.discard)
        self.counted(self._connections)
        return True

    async def _start(self, channel: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, channel)
        except OSError:
            channel.close()
