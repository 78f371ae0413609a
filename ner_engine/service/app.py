"""The application: settings in, an ASGI application out, with everything it needs built and closed in its life
time."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ner_engine.errors import MissingExtra
from ner_engine.feedback import LazyStore

try:
    from fastapi import FastAPI, Request, Response
    from fastapi.middleware.cors import CORSMiddleware
    from starlette.exceptions import HTTPException
except ModuleNotFoundError as error:
    raise MissingExtra("the service", extra="service") from error

from ner_engine import __version__
from ner_engine.service.administration import administration_routes
from ner_engine.service.batching import Batcher
from ner_engine.service.conversation import Talks, Turns, chat_routes
from ner_engine.service.engines import Engines, Live, open_engines
from ner_engine.service.extraction import extraction_routes
from ner_engine.service.feedback import feedback_routes
from ner_engine.service.guard import Guard, Load
from ner_engine.service.health import health_routes
from ner_engine.service.kakao import Callbacks, kakao_routes
from ner_engine.service.keys import Keyring
from ner_engine.service.logs import AccessLog
from ner_engine.service.metrics import Metrics
from ner_engine.service.page import page_router
from ner_engine.service.problems import Refusal
from ner_engine.service.routes import handlers_of
from ner_engine.service.settings import Settings

__all__ = ["Service", "create_app"]

_SWITCH_S = 0.0005  # the model's thread gets its turn soon, even while the loop is busy refusing


@dataclass(slots=True)
class Service:
    """What stands behind an application, for whoever runs it: ``app.state.service``.

    ``not_ready`` is told by ``/readyz`` while it is not empty: set it before the service stops.
    """

    settings: Settings
    engines: Engines
    batcher: Batcher
    turns: Turns
    callbacks: Callbacks
    metrics: Metrics
    load: Load
    log: AccessLog | None
    feedback: LazyStore
    not_ready: str = ""

    async def close(self) -> None:
        """Finish what was taken; at most as long as the settings let it take."""
        self.not_ready = "the service is stopping"
        try:
            async with asyncio.timeout(self.settings.shutdown_timeout_s):
                await self.batcher.close()
                await self.turns.close()
                await self.callbacks.close()
        except TimeoutError:
            pass
        self.feedback.close()
        if self.log is not None:
            self.log.flush()


def create_app(
    settings: Settings,
    *,
    engines: Engines | None = None,
    bot: Talks | None = None,
    callbacks: Callbacks | None = None,
    access_log: AccessLog | None = None,
) -> FastAPI:
    """The service.

    ``engines`` are opened from the settings where they are not given; without a ``bot`` there is no chat.
    Raises NerEngineError for settings that cannot be had: a bundle, rules, a file of keys.
    """
    metrics = Metrics()
    engines = engines or open_engines(settings)
    for live in engines.all():
        metrics.serving(live.name, live.version, live.generation)

    def observe(live: Live, before: Live | None) -> None:
        metrics.serving(live.name, live.version, live.generation, before=before.version if before else "")

    engines.observe = observe
    logged = settings.log_level in ("debug", "info")
    service = Service(
        settings=settings,
        engines=engines,
        batcher=Batcher(
            engines.get,
            settings.window_ms / 1000,
            settings.max_batch,
            settings.max_waiting,
            at_once=settings.at_once,
            observe=metrics.batch,
        ),
        turns=Turns(bot, settings.max_turns),
        callbacks=callbacks or Callbacks(),
        metrics=metrics,
        load=Load(),
        log=(access_log or AccessLog()) if logged else None,
        feedback=LazyStore(settings.feedback, timeout_s=settings.request_timeout_s / 2),
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        before = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_S)
        try:
            yield
            await service.close()
        finally:
            sys.setswitchinterval(before)

    app = FastAPI(
        title="ner-engine",
        version=__version__,
        summary="Korean named entities, and a chatbot on top of them.",
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,  # the page draws /openapi.json itself: FastAPI would load a viewer from another host
        redoc_url=None,
    )
    app.state.service = service
    extraction = extraction_routes(engines, service.batcher, settings)
    app.include_router(extraction)
    app.include_router(chat_routes(service.turns, engines, settings))
    app.include_router(kakao_routes(service.turns, engines, service.callbacks, settings))
    app.include_router(administration_routes(engines, metrics))
    app.include_router(feedback_routes(engines, service.batcher, settings, metrics, keep=service.feedback.add))
    app.include_router(health_routes(metrics, service.batcher, service.load, ready=lambda: service.not_ready))
    app.include_router(page_router())
    app.add_exception_handler(HTTPException, _unrouted)
    app.add_middleware(
        Guard,
        settings=settings,
        metrics=metrics,
        keyring=Keyring(settings.keys) if settings.keys else None,
        log=service.log,
        load=service.load,
        handlers=handlers_of(extraction),
    )
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key", "X-Request-ID"],
            expose_headers=["X-Model", "X-Model-Generation", "X-Request-ID", "Retry-After"],
        )
    return app


async def _unrouted(request: Request, error: Exception) -> Response:
    """A path or method that no route takes."""
    assert isinstance(error, HTTPException)
    kind = {404: "not-found", 405: "method"}.get(error.status_code, "invalid")
    detail = str(error.detail) if kind == "invalid" else ""
    raise Refusal(kind, detail, headers=dict(error.headers or {}), status=error.status_code)
