"""The log of the service: one JSON object a line, on standard error.

What happens is logged with ``logging`` and a formatter; the line of each request is written by ``AccessLog``,
which gathers a fifth of a second of them into one write. No text of a caller is in either, unless it was asked
for, and then masked.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TextIO

__all__ = ["TRAIL", "AccessLog", "JsonLines", "Trail", "failure", "set_up_logging"]

TRAIL = "ner_engine.trail"  # where a request's Trail is in its ASGI scope
_FLUSH_S = 0.2
_FLUSH_LINES = 500
_LONGEST_PATH = 200
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}


@dataclass(slots=True)
class Trail:
    """What becomes known of one request on its way: written to by those who handle it, read for its log line."""

    request_id: str
    began: float
    client: str = ""
    key: str = ""
    who: str = ""  # the key's name, for corrections; it is not logged
    texts: int = 0
    model: str = ""
    masked: list[str] = field(default_factory=list)


def failure(error: BaseException) -> dict[str, object]:
    """What may be logged of an error that came up over somebody's text: its kind and where, for what it says may
    quote the text."""
    frames = [
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
    ]
    return {"error": type(error).__name__, "frames": frames}


class JsonLines(logging.Formatter):
    """A record as JSON: time, level, logger, message, what was given as ``extra``, and the traceback of an
    error."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in _PLAIN}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def set_up_logging(level: str, stream: TextIO | None = None) -> None:
    """Send everything that is logged from ``level`` on to ``stream`` (standard error) as JSON."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = name != "uvicorn.access"  # each request has its line already
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would tell the addresses of callbacks


class AccessLog:
    """One line a request."""

    def __init__(
        self, stream: TextIO | None = None, *, clock: Callable[[], float] = time.time, flush_s: float = _FLUSH_S
    ) -> None:
        self._stream, self._clock, self._flush_s = stream, clock, flush_s
        self._lines: list[str] = []
        self._planned: asyncio.TimerHandle | None = None
        self._second = (-1, "")  # written out: the next request is mostly in the same one

    def write(self, trail: Trail, *, method: str, path: str, status: int, seconds: float, size: int) -> None:
        """Note a request that has been answered; it is on the stream within a fifth of a second."""
        line = (
            f'{{"time": "{self._now()}", "level": "info", "message": "request", '
            f'"request_id": "{trail.request_id}", "method": {json.dumps(method)}, '
            f'"path": {json.dumps(path[:_LONGEST_PATH])}, "status": {status}, "ms": {seconds * 1000:.2f}, '
            f'"bytes": {size}, "client": {json.dumps(trail.client)}'
        )
        if trail.key:
            line += f', "key": {json.dumps(trail.key)}'
        if trail.model:
            line += f', "model": {json.dumps(trail.model)}, "texts": {trail.texts}'
        if trail.masked:
            line += f', "masked": {json.dumps(trail.masked)}'
        self._lines.append(line + "}\n")
        if len(self._lines) >= _FLUSH_LINES:
            self.flush()
        elif self._planned is None:
            self._planned = asyncio.get_running_loop().call_later(self._flush_s, self.flush)

    def flush(self) -> None:
        """Write what has gathered."""
        if self._planned is not None:
            self._planned.cancel()
            self._planned = None
        lines, self._lines = self._lines, []
        if not lines:
            return
        stream = self._stream or sys.stderr
        try:
            stream.write("".join(lines))
            stream.flush()
        except (OSError, ValueError):  # nobody reads the log any more: that is no reason not to answer
            return

    def _now(self) -> str:
        now = self._clock()
        whole = int(now)
        if self._second[0] != whole:
            self._second = (whole, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)))
        return f"{self._second[1]}.{int((now - whole) * 1000):03d}+00:00"
