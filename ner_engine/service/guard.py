"""What every request passes on its way in and every answer on its way out: one plain ASGI middleware.

In: a request id, the key and its scope, the origin, the client's rate, the body (whole, within its size and
time), a place among the requests at work, and the time one may take. Out: the headers, the line in the log, the
metrics.
A request that does not pass is answered here, with a problem.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request

from ner_engine.service.deadlines import Deadlines
from ner_engine.service.keys import Keyring
from ner_engine.service.logs import TRAIL, AccessLog, Trail, failure
from ner_engine.service.metrics import Metrics
from ner_engine.service.policies import policy_of
from ner_engine.service.problems import CONTENT_TYPE, Refusal, refusal_of
from ner_engine.service.rates import Rates, neighbourhood
from ner_engine.service.routes import BODY, Handler
from ner_engine.service.settings import Settings

__all__ = ["Guard", "Load"]

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})
_DRAINED_BYTES = 32_000_000  # of a body that is too large: so that the caller gets to read why
_log = logging.getLogger(__name__)

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_App = Callable[[MutableMapping[str, Any], _Receive, _Send], Awaitable[None]]


@dataclass(slots=True)
class Load:
    """How much is going on: requests at work, and bytes of bodies that are still arriving."""

    active: int = 0
    buffered: int = 0


class Guard:
    """The middleware. ``load`` is shared with whoever wants to know how busy the service is."""

    def __init__(
        self,
        app: _App,
        *,
        settings: Settings,
        metrics: Metrics,
        keyring: Keyring | None,
        log: AccessLog | None,
        load: Load,
        handlers: Mapping[str, Handler] | None = None,
    ) -> None:
        """``handlers`` answer a POST to their path straight away."""
        self._app, self._settings, self._metrics = app, settings, metrics
        self._keyring, self._log, self._load = keyring, log, load
        self._handlers = dict(handlers or {})
        self._random = random.Random()
        self._deadlines = Deadlines()
        self._rates = Rates(settings.rate_per_s, settings.rate_burst) if settings.rate_per_s else None
        self._origins = frozenset(settings.cors_origins)
        self._hosts = settings.admitted_hosts

    async def __call__(self, scope: MutableMapping[str, Any], receive: _Receive, send: _Send) -> None:
        """Answer one request, or hand on what is none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        time = asyncio.get_running_loop().time
        began = time()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        client = scope.get("client")
        trail = Trail(
            _request_id(headers) or f"{self._random.getrandbits(64):016x}", began, client[0] if client else ""
        )
        scope[TRAIL] = trail
        method, path = scope["method"], scope["path"]
        policy = policy_of(path)
        status, size = 0, 0

        async def answer(message: _Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                given = message["headers"] = list(message.get("headers", ()))
                given.append((b"x-request-id", trail.request_id.encode()))
                given += policy.headers
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            try:
                if self._hosts is not None and policy.limited:
                    self._check_host(headers, self._hosts)
                self._admit(policy.scope, policy.limited, method, headers, trail, began)
                if method not in _WITHOUT_BODY:
                    receive = await self._body(scope, headers, receive)
                if policy.limited:
                    await self._run(scope, receive, answer)
                else:
                    await self._app(scope, receive, answer)
            except Exception as error:
                refusal = refusal_of(error)
                if refusal is None:
                    told = {"request_id": trail.request_id, "route": policy.route}
                    _log.error("request failed", extra=told | failure(error))
                    refusal = Refusal("failed", "the log has more, under this request id")
                else:
                    self._metrics.refused(refusal.kind)
                if status:
                    raise  # half an answer is out: only closing the connection can tell
                await _refuse(answer, refusal, trail.request_id)
        finally:
            seconds = time() - began
            self._metrics.answered(method if method in _METHODS else "other", policy.route, status, seconds)
            if self._log is not None:
                self._log.write(trail, method=method, path=path, status=status, seconds=seconds, size=size)

    def _admit(
        self, wanted: str, limited: bool, method: str, headers: dict[bytes, bytes], trail: Trail, now: float
    ) -> None:
        """Who it is, whether he may, and whether not too often. Raises Refusal."""
        if wanted and self._keyring is not None:
            secret = _secret(headers)
            if not secret:
                raise Refusal(
                    "key-missing",
                    "expected a key in Authorization: Bearer or X-API-Key",
                    headers={"WWW-Authenticate": "Bearer"},
                )
            key = self._keyring.find(secret)
            if key is None:
                raise Refusal("key-unknown", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
            trail.key, trail.who = key.id, key.name or key.id
            if wanted not in key.scopes:
                raise Refusal("key-scope", f"expected a key with the scope {wanted}")
        if method not in _WITHOUT_BODY and b"origin" in headers:
            self._check_origin(headers)
        if limited and self._load.active >= self._settings.max_concurrent:  # before its body is read
            raise Refusal("busy", headers={"Retry-After": "1"})
        if limited and self._rates is not None:
            early = self._rates.wait(trail.key or neighbourhood(trail.client), now)
            if early:
                raise Refusal("rate", headers={"Retry-After": str(math.ceil(early))})

    @staticmethod
    def _check_host(headers: dict[bytes, bytes], admitted: frozenset[str]) -> None:
        """A name that is not ours is a page of another site that has it lead here."""
        asked = headers.get(b"host", b"").decode("latin-1").lower()
        name = asked[: asked.find("]") + 1] if asked.startswith("[") else asked.partition(":")[0]
        if name and name not in admitted:
            expected = ", ".join(sorted(admitted))
            raise Refusal("host", f"Host: expected {expected} (the setting hosts); got {name!a:.80}")

    def _check_origin(self, headers: dict[bytes, bytes]) -> None:
        """A page of another site may not have a visitor's browser change things here."""
        origin = headers[b"origin"].decode("latin-1")
        if origin in self._origins:
            return
        try:
            host = urlsplit(origin).netloc
        except ValueError:
            host = ""
        if not host or host != headers.get(b"host", b"").decode("latin-1"):
            raise Refusal("origin")

    async def _body(
        self, scope: MutableMapping[str, Any], headers: dict[bytes, bytes], receive: _Receive
    ) -> _Receive:
        """The body, whole, as the only message there is to receive. Raises Refusal."""
        most = self._settings.max_body_bytes
        declared = headers.get(b"content-length", b"")
        too_large = len(declared) > 18 or (declared.isdigit() and int(declared) > most)
        load, held, drained = self._load, 0, 0
        parts: list[bytes] = []
        try:
            async with self._deadlines.within(self._settings.read_timeout_s):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":
                        raise Refusal("malformed", "the body ended too early")
                    part = message.get("body", b"")
                    more = message.get("more_body", False)
                    if too_large or held + len(part) > most:
                        too_large = True
                        load.buffered -= held
                        held, parts = 0, []
                        drained += len(part)
                        if not more or drained > _DRAINED_BYTES:
                            break
                        continue
                    parts.append(part)
                    if not more:
                        break
                    if load.buffered + len(part) > self._settings.max_buffered_bytes:
                        raise Refusal(
                            "busy", "too many bodies are arriving at once", headers={"Retry-After": "1"}
                        )
                    held += len(part)
                    load.buffered += len(part)
        except TimeoutError:
            limit = self._settings.read_timeout_s
            raise Refusal("slow-body", f"expected it within {limit:g} s", headers=_CLOSE) from None
        finally:
            load.buffered -= held
        if too_large:
            raise Refusal("body-too-large", f"expected at most {most} bytes", headers=_CLOSE)
        body = scope[BODY] = parts[0] if len(parts) == 1 else b"".join(parts)
        given = False

        async def replay() -> _Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        return replay

    async def _run(self, scope: MutableMapping[str, Any], receive: _Receive, send: _Send) -> None:
        """The request among those at work, for as long as one may take. Raises Refusal."""
        load = self._load
        if load.active >= self._settings.max_concurrent:
            raise Refusal("busy", headers={"Retry-After": "1"})
        load.active += 1
        try:
            async with self._deadlines.within(self._settings.request_timeout_s):
                handler = self._handlers.get(scope["path"]) if scope["method"] == "POST" else None
                if handler is None:
                    await self._app(scope, receive, send)
                else:
                    await (await handler(Request(scope, receive)))(scope, receive, send)
        except TimeoutError:
            most = self._settings.request_timeout_s
            raise Refusal("slow-answer", f"expected it within {most:g} s") from None
        finally:
            load.active -= 1


_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"})
_CLOSE = {"Connection": "close"}


def _request_id(headers: dict[bytes, bytes]) -> str:
    """The caller's, where it is one that may stand in a log."""
    given = headers.get(b"x-request-id", b"")
    return given.decode() if given and _REQUEST_ID.fullmatch(given) else ""


def _secret(headers: dict[bytes, bytes]) -> str:
    scheme, _, secret = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() == "bearer" and secret.strip():
        return secret.strip()
    return headers.get(b"x-api-key", b"").decode("latin-1").strip()


async def _refuse(send: _Send, refusal: Refusal, request_id: str) -> None:
    body = refusal.body(request_id)
    headers = [(b"content-type", CONTENT_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in refusal.headers.items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
