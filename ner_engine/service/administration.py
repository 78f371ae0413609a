"""The models there are, what they can find, and how one is loaded anew."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response

from ner_engine.errors import NerEngineError
from ner_engine.service.engines import Engines, Live
from ner_engine.service.extraction import json_response
from ner_engine.service.metrics import Metrics
from ner_engine.service.problems import Refusal
from ner_engine.service.routes import json_router
from ner_engine.service.schemas import LabelsResponse, ModelsResponse, ReloadResponse

__all__ = ["administration_routes"]

_MODEL = {
    "parameters": [
        {
            "name": "model",
            "in": "query",
            "required": False,
            "description": "The name of a model; without it the default one.",
            "schema": {"type": "string"},
        }
    ]
}


def administration_routes(engines: Engines, metrics: Metrics) -> APIRouter:
    """The routes. A ``reload_everywhere`` in the application's state, where there are several workers, is awaited
    with the name of a model to have it loaded anew in all of them."""
    router = json_router()

    @router.get("/v1/models", response_model=ModelsResponse, summary="The models there are")
    async def models() -> Response:
        """Every model by its name, with its labels, version and generation."""
        return json_response({"models": [_described(live, engines) for live in engines.all()]})

    @router.get(
        "/v1/labels", response_model=LabelsResponse, summary="What a model can find", openapi_extra=_MODEL
    )
    async def labels(request: Request) -> Response:
        """The labels of a model and of the rules beside it."""
        live = engines.get(request.query_params.get("model"))
        return json_response({"model": live.tag, "labels": list(live.engine.labels)}, live=live)

    @router.post("/v1/models/{name}:reload", response_model=ReloadResponse, summary="Load a model anew")
    async def reload(name: str, request: Request) -> Response:
        """Check the bundle as it is on the disk now, try it, and put it in the place of the old one, which stays
        if anything is wrong with the new one."""
        before = engines.get(name)
        everywhere = getattr(request.app.state, "reload_everywhere", None)  # where there are several workers
        try:
            if everywhere is None:
                live, changed = await asyncio.to_thread(engines.reload, name)
            else:
                await everywhere(name)
                live = engines.get(name)
                changed = live.version != before.version
        except NerEngineError as error:
            metrics.reloaded(name, "refused")
            raise Refusal("conflict", str(error)) from None
        metrics.reloaded(name, "done")
        return json_response({"model": _described(live, engines), "changed": changed}, live=live)

    return router


def _described(live: Live, engines: Engines) -> dict[str, Any]:
    return {
        "name": live.name,
        "bundle": live.engine.bundle.name,
        "version": live.version,
        "generation": live.generation,
        "labels": list(live.engine.labels),
        "default": live.name == engines.default,
        "loaded_at": live.loaded_at.isoformat(timespec="seconds"),
    }
