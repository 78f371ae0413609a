"""Whether the service lives, whether it is ready, and what it has counted."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from ner_engine.service.batching import Batcher
from ner_engine.service.guard import Load
from ner_engine.service.metrics import CONTENT_TYPE, Metrics
from ner_engine.service.problems import Refusal
from ner_engine.service.routes import JsonRoute
from ner_engine.service.schemas import Problem, Status

__all__ = ["health_routes"]

_OK = b'{"status":"ok"}'


def health_routes(metrics: Metrics, batcher: Batcher, load: Load, *, ready: Callable[[], str]) -> APIRouter:
    """The routes. ``ready`` says why the service is not, or ``""``."""
    router = APIRouter(route_class=JsonRoute)

    @router.get("/healthz", response_model=Status, summary="Whether the service lives")
    async def healthz() -> Response:
        """Always ok, as long as there is an answer at all."""
        return Response(_OK, media_type="application/json")

    @router.get(
        "/readyz",
        response_model=Status,
        summary="Whether the service is ready",
        responses={503: {"model": Problem, "description": "Not, or not any more"}},
    )
    async def readyz() -> Response:
        """Ok while models are loaded and requests are taken."""
        why = ready()
        if why:
            raise Refusal("not-ready", why, headers={"Retry-After": "1"})
        return Response(_OK, media_type="application/json")

    @router.get("/metrics", response_class=PlainTextResponse, summary="What was counted, for Prometheus")
    async def told() -> Response:
        """Requests, refusals, seconds, batches, models."""
        text = metrics.render(active=load.active, waiting=batcher.waiting)
        return Response(text, headers={"content-type": CONTENT_TYPE})

    return router
