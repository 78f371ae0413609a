"""How long a request may take, watched by one timer for all of them.

    async with deadlines.within(2.0):                  # TimeoutError when it is over
        ...

It is ``asyncio.timeout`` for thousands of requests a second: to enter and leave is a dictionary's work. Times are
kept to a tenth of a second.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

__all__ = ["Deadlines"]

_LOOK_EVERY_S = 0.1


class Deadlines:
    """The deadlines of the requests of one event loop."""

    def __init__(self) -> None:
        self._due: dict[_Within, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def within(self, seconds: float) -> _Within:
        """A block that may take so long."""
        return _Within(self, seconds)

    def _enter(self, block: _Within, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._due[block] = loop.time() + seconds
        if self._timer is None:
            self._timer = loop.call_later(min(_LOOK_EVERY_S, seconds), self._look)

    def _leave(self, block: _Within) -> None:
        self._due.pop(block, None)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for block in [block for block, due in self._due.items() if due <= now]:
            del self._due[block]
            block.expire()
        self._timer = loop.call_later(_LOOK_EVERY_S, self._look) if self._due else None


class _Within:
    __slots__ = ("_cancelling", "_deadlines", "_expired", "_seconds", "_task")

    def __init__(self, deadlines: Deadlines, seconds: float) -> None:
        self._deadlines, self._seconds, self._expired = deadlines, seconds, False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task, self._cancelling = task, task.cancelling()
        self._deadlines._enter(self, self._seconds)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._deadlines._leave(self)
        # another's cancellation stays one
        if self._expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        """The time is over: what runs in the block is cancelled."""
        self._expired = True
        self._task.cancel()
