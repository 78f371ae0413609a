"""Texts that arrive together go through a model together: ``await batcher.extract(...)`` -> entities.

What is short and little is read by the event loop itself, as soon as it has taken in all that lay ready: to hand
it to a thread and back would cost as much again. More than that goes to one thread, so that the loop can go on
answering. While a batch is at work there the others wait for its end, and where fewer came than went before, up
to a window longer. Requests with the same options share a batch, a long request is cut into shares so that short
ones get their turn between them, and a text that fails fails alone. What would have to wait behind too many
texts is refused. Texts that the model remembers do not wait at all.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from ner_engine.service.engines import Live
from ner_engine.service.problems import Refusal
from ner_engine.spans import Entity

__all__ = ["Batcher", "Options", "Overloaded"]

T = TypeVar("T")
_BATCH_CHARACTERS = 8_000  # more at a time would keep the others waiting for long
_BY_HEART = 4  # so many texts that the model need not see are answered without leaving the event loop


class Overloaded(Refusal):
    """Too many texts wait already."""

    def __init__(self, detail: str = "") -> None:
        super().__init__("busy", detail, headers={"Retry-After": "1"})


@dataclass(frozen=True, slots=True)
class Options:
    """How texts are to be read. Those with equal options may share a batch."""

    labels: frozenset[str] | None = None
    min_score: float | None = None
    now: datetime | None = None


@dataclass(slots=True, eq=False)
class _Job:
    """A request that waits: its texts, or work of another kind on one."""

    key: object
    texts: Sequence[str]
    future: asyncio.Future[Any]
    live: Live | None = None
    options: Options = field(default_factory=Options)
    work: Callable[[], Any] | None = None
    taken: int = 0
    found: list[list[Entity]] = field(default_factory=list)


_CHARACTERS_EACH = 40  # of a text, where the event loop is to read it itself
_Share = tuple[_Job, int, int]  # a job and which of its texts
_Outcome = list[Any]  # for each text of a batch its entities or the error


class Batcher:
    """Gathers texts for the models that ``engine_of`` knows by name. It lives in one event loop."""

    def __init__(
        self,
        engine_of: Callable[[str | None], Live],
        window_s: float = 0.002,
        max_batch: int = 64,
        max_waiting: int = 512,
        *,
        at_once: int = 16,
        observe: Callable[[str, int], None] | None = None,
    ) -> None:
        self._engine_of, self._window_s = engine_of, window_s
        self._max_batch, self._max_waiting = max_batch, max_waiting
        self._at_once, self._observe = at_once, observe
        self._jobs: deque[_Job] = deque()
        self.waiting = 0  # texts
        self._loop: asyncio.AbstractEventLoop | None = None
        self._busy = False
        self._timer: asyncio.TimerHandle | None = None
        self._ended, self._size = float("-inf"), 1  # of the batch before
        self._soon = False  # the loop is to begin a batch when it has seen what else came just now
        self._shares: queue.SimpleQueue[list[_Share] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False

    async def extract(
        self, texts: Sequence[str], options: Options, model: str | None = None
    ) -> tuple[Live, list[list[Entity]]]:
        """The entities of each text, and the model that found them: one and the same for all of them.

        Raises Overloaded where too many wait, Refusal for an unknown model, and what the engine raises.
        """
        live = self._engine_of(model)
        if not texts:
            return live, []
        if len(texts) <= _BY_HEART and live.engine.recalls(texts):
            return live, _together(live, texts, options)
        job = _Job((id(live), options), texts, self._future(), live, options)
        await self._finished(job)
        return live, job.found

    async def call(self, work: Callable[[], T]) -> T:
        """The result of another kind of work, done between two batches. Raises Overloaded."""
        result: T = await self._finished(_Job(object(), ("",), self._future(), work=work))
        return result

    async def close(self) -> None:
        """Take nothing more, end when what was taken is done."""
        self._closed = True
        while self._busy or self._jobs:
            await asyncio.sleep(0.005)
        if self._thread is not None:
            self._shares.put(None)
            self._thread = None

    def _future(self) -> asyncio.Future[Any]:
        self._loop = asyncio.get_running_loop()
        return self._loop.create_future()

    async def _finished(self, job: _Job) -> Any:
        if self._closed or (self.waiting and self.waiting + len(job.texts) > self._max_waiting):
            raise Overloaded(f"{self.waiting} texts are waiting")
        self._jobs.append(job)
        self.waiting += len(job.texts)
        if not self._busy:
            self._begin_or_wait()
        try:
            return await job.future
        except asyncio.CancelledError:
            self._leave(job)
            raise

    def _leave(self, job: _Job) -> None:
        """What is not taken of a job is not done any more."""
        with suppress(ValueError):
            self._jobs.remove(job)
            self.waiting -= len(job.texts) - job.taken

    def _begin_or_wait(self) -> None:
        """Nothing is at work and something waits: begin at once, or when as many came as went before."""
        assert self._loop is not None
        if self.waiting <= self._at_once:
            if not self._soon:
                self._soon = True
                self._loop.call_soon(self._begin)
            return
        left = self._ended + self._window_s - self._loop.time()
        if left <= 0 or self.waiting >= min(self._size, self._max_batch):
            self._begin()
        elif self._timer is None:
            self._timer = self._loop.call_later(left, self._begin)

    def _begin(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._soon = False
        if self._busy:
            return
        shares = self._take()
        if not shares:
            return
        if self._is_short(shares):
            self._busy = True
            self._deliver(shares, _outcome(shares))
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="batches", daemon=True)
            self._thread.start()
        self._busy = True
        self._shares.put(shares)

    def _is_short(self, shares: list[_Share]) -> bool:
        """Whether a batch takes so few milliseconds that handing it to the thread would cost more."""
        if shares[0][0].work is not None:
            return False
        if sum(stop - start for _, start, stop in shares) > self._at_once:
            return False
        characters = sum(len(text) for job, start, stop in shares for text in job.texts[start:stop])
        return characters <= _CHARACTERS_EACH * self._at_once

    def _take(self) -> list[_Share]:
        """The next batch: the first that waits and those like it. Who has texts left comes again after the
        others."""
        if not self._jobs:
            return []
        key = self._jobs[0].key
        shares: list[_Share] = []
        count = characters = 0
        kept: deque[_Job] = deque()
        again: list[_Job] = []
        while self._jobs:
            job = self._jobs.popleft()
            if job.key != key or count >= self._max_batch or characters >= _BATCH_CHARACTERS:
                kept.append(job)
                continue
            start = stop = job.taken
            while stop < len(job.texts) and count < self._max_batch and characters < _BATCH_CHARACTERS:
                characters += len(job.texts[stop])
                count += 1
                stop += 1
            shares.append((job, start, stop))
            job.taken = stop
            if stop < len(job.texts):
                again.append(job)
        kept.extend(again)
        self._jobs = kept
        self.waiting -= count
        self._size = count
        return shares

    def _work(self) -> None:
        """The thread: batches in, outcomes back to the loop."""
        while (shares := self._shares.get()) is not None:
            outcome = _outcome(shares)
            assert self._loop is not None
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                self._loop.call_soon_threadsafe(self._deliver, shares, outcome)
            del shares, outcome  # their model may be replaced while this waits for the next

    def _deliver(self, shares: list[_Share], outcome: _Outcome) -> None:
        assert self._loop is not None
        self._busy = False
        self._ended = self._loop.time()
        live = shares[0][0].live
        if self._observe is not None and live is not None:
            self._observe(live.name, len(outcome))
        at = 0
        for job, start, stop in shares:
            found, at = outcome[at : at + stop - start], at + stop - start
            if job.future.done():  # cancelled, or failed with an earlier share
                continue
            error = next((one for one in found if isinstance(one, Exception)), None)
            if error is not None:
                job.future.set_exception(error)
                self._leave(job)
            elif job.work is not None:
                job.future.set_result(found[0])
            else:
                job.found += found
                if len(job.found) == len(job.texts):
                    job.future.set_result(None)
        if self._jobs:
            self._begin_or_wait()


def _outcome(shares: list[_Share]) -> _Outcome:
    """What comes of a batch: one text or several, each with its entities or its error."""
    first = shares[0][0]
    if first.work is not None:
        try:
            return [first.work()]
        except Exception as error:
            return [error]
    assert first.live is not None
    texts = [text for job, start, stop in shares for text in job.texts[start:stop]]
    try:
        return list(_together(first.live, texts, first.options))
    except Exception as error:
        if len(texts) == 1:
            return [error]
    outcome: _Outcome = []
    for text in texts:
        try:
            outcome += _together(first.live, [text], first.options)
        except Exception as error:
            outcome.append(error)
    return outcome


def _together(live: Live, texts: Sequence[str], options: Options) -> list[list[Entity]]:
    return list(
        live.engine.pipe(
            texts,
            batch_size=len(texts),
            labels=options.labels,
            min_score=options.min_score,
            now=options.now,
        )
    )
