"""Loading a bundle anew in all workers or in none: orders out, what workers say in, an outcome at the end.

A round has each worker load and verify the new bundle beside the old one, one worker after the other, so that the
others go on answering. When all have it, all swap; where one cannot, nobody does. ``Rounds`` is that bookkeeping,
without processes or sockets.

Which bundle a name stands for is found once in a round, so that all workers open the same one. Workers that begin
open what the last round that went well has put in place (``Rounds.sources``), not what is on the disk by then: a
bad bundle reaches none of them.
"""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ner_engine.bundle import MANIFEST
from ner_engine.errors import BundleError

__all__ = ["Rounds"]

_LOADING_S = 120.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Round:
    model: str
    number: int
    source: str = ""
    askers: list[tuple[int, int]] = field(default_factory=list)  # workers, and what each calls its question
    only: int | None = None  # a worker that came up while the others swapped
    ahead: list[int] = field(default_factory=list)  # workers that are still to load
    loading: int | None = None
    loaded: list[int] = field(default_factory=list)
    swapping: set[int] = field(default_factory=set)
    deadline: float = 0.0


class Rounds:
    """One round at a time. ``send(worker, order)`` gives a worker an order; ``find(model)`` is the bundle that it
    stands for now, which raises BundleError.

    ``sources`` are pairs of a model and the bundle in use. Raises BundleError where there is none.
    """

    def __init__(
        self,
        models: Sequence[str],
        send: Callable[[int, dict[str, Any]], None],
        find: Callable[[str], str],
    ) -> None:
        self._models, self._send, self._find = tuple(models), send, find
        self._sources = {model: find(model) for model in models}
        self._seen = dict(self._sources)  # what each stood for when it was looked at last
        self._troubled: set[str] = set()  # models whose bundle could not be found then
        self._waiting: deque[_Round] = deque()
        self._now: _Round | None = None
        self._workers: set[int] = set()
        self._count = 0
        self._swapped: dict[str, int] = {}  # model -> the number of the last round that swapped it
        self._began: dict[int, int] = {}  # worker -> the round there was when it began to load

    @property
    def sources(self) -> tuple[tuple[str, str], ...]:
        """Models and the bundles in use."""
        return tuple(self._sources.items())

    def look(self, now: float) -> None:
        """A round for every model that stands for another bundle than when it was looked at last."""
        if not self._workers:  # nobody could load it
            return
        for model in self._models:
            try:
                source = self._find(model)
            except BundleError as error:
                if model not in self._troubled:
                    self._troubled.add(model)
                    _log.error("the bundle in use cannot be told", extra={"model": model, "why": str(error)})
                continue
            self._troubled.discard(model)
            if source != self._seen[model]:
                self._seen[model] = source
                _log.info("another bundle is in use", extra={"model": model, "bundle": source})
                self._add(_Round(model, 0), now)

    def began(self, worker: int) -> None:
        """A worker is about to be started; it loads what ``sources`` say now."""
        self._began[worker] = self._count
        for model, source in self._sources.items():
            if not (Path(source) / MANIFEST).is_file():  # taken away: whatever is in use by now is better
                with contextlib.suppress(BundleError):
                    self._sources[model] = self._find(model)

    def joined(self, worker: int, now: float) -> None:
        """A worker is ready. What was swapped while it was loading it loads again."""
        self._workers.add(worker)
        for model, number in self._swapped.items():
            if number > self._began.get(worker, 0):
                self._add(_Round(model, 0, only=worker), now)

    def left(self, worker: int, now: float) -> None:
        """A worker is gone."""
        self._workers.discard(worker)
        one = self._now
        if one is None:
            return
        one.ahead = [other for other in one.ahead if other != worker]
        one.loaded = [other for other in one.loaded if other != worker]
        one.swapping.discard(worker)
        if one.loading == worker:
            one.loading = None
        self._step(now)

    def ask_all(self, now: float) -> None:
        """A round for every model."""
        for model in self._models:
            self._add(_Round(model, 0), now)

    def heard(self, worker: int, message: dict[str, Any], now: float) -> None:
        """What a worker said: a question for a round, or where it stands in one."""
        if message["say"] == "reload":
            self._add(_Round(str(message["model"]), 0, askers=[(worker, int(message["question"]))]), now)
            return
        one = self._now
        if one is None or message.get("round") != one.number:
            return
        if message["say"] == "loaded" and one.loading == worker:
            one.loading = None
            one.loaded.append(worker)
            self._step(now)
        elif message["say"] == "refused" and one.loading == worker:
            one.loading = None
            self._fail(str(message["why"]), now)
        elif message["say"] == "swapped":
            one.swapping.discard(worker)
            self._step(now)

    def check(self, now: float) -> None:
        """Give up on a round that takes too long."""
        if self._now is not None and now > self._now.deadline:
            self._fail(f"expected the bundle within {_LOADING_S:g} s", now)

    def _add(self, one: _Round, now: float) -> None:
        for other in self._waiting:
            if (other.model, other.only) == (one.model, one.only):  # it has not begun: one will do
                other.askers += one.askers
                return
        self._waiting.append(one)
        if self._now is None:
            self._next(now)

    def _next(self, now: float) -> None:
        self._now = None
        if not self._waiting:
            return
        one = self._now = self._waiting.popleft()
        self._count += 1
        one.number = self._count
        one.ahead = sorted(self._workers if one.only is None else self._workers & {one.only})
        one.deadline = now + _LOADING_S * max(1, len(one.ahead))
        one.source = self._sources[one.model]
        if one.only is None:
            try:
                one.source = self._seen[one.model] = self._find(one.model)
            except BundleError as error:
                self._fail(str(error), now)
                return
        self._step(now)

    def _step(self, now: float) -> None:
        one = self._now
        if one is None or one.loading is not None or one.swapping:
            return
        if one.ahead:
            one.loading = one.ahead.pop(0)
            self._send(one.loading, {"do": "load", "round": one.number, "model": one.model, "source": one.source})
        elif one.loaded:
            self._swapped[one.model] = one.number
            self._sources[one.model] = one.source
            one.swapping = set(one.loaded)
            for worker in sorted(one.swapping):
                self._send(worker, {"do": "swap", "round": one.number})
            one.loaded.clear()
        elif self._swapped.get(one.model) == one.number:
            self._end(one, "", now)
        else:
            self._seen[one.model] = self._sources[one.model]  # the next look tries once more
            self._fail("no worker is ready", now)

    def _fail(self, why: str, now: float) -> None:
        one = self._now
        assert one is not None
        for worker in one.loaded if one.loading is None else [*one.loaded, one.loading]:
            self._send(worker, {"do": "forget", "round": one.number})
        self._end(one, why, now)

    def _end(self, one: _Round, why: str, now: float) -> None:
        if why:
            _log.error("reload refused, the old bundle stays", extra={"model": one.model, "why": why})
        else:
            _log.info("reloaded in all workers", extra={"model": one.model, "workers": len(self._workers)})
        for worker, question in one.askers:
            if worker in self._workers:
                self._send(worker, {"do": "hear", "question": question, "why": why})
        self._next(now)
