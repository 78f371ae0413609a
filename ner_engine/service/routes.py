"""A route that reads its JSON body in one step and hands the handler's response on as it is.

FastAPI documents what the signature says; at run time the body goes from bytes to its model at once. What is
raised on the way is for the guard to answer.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.types import Receive, Scope, Send

from ner_engine.service.problems import CONTENT_TYPE, Refusal, invalid
from ner_engine.service.schemas import Problem

__all__ = ["BODY", "REFUSALS", "Handler", "JsonAnswer", "JsonRoute", "handlers_of", "json_router"]

BODY = "ner_engine.body"  # where the guard leaves the body in the ASGI scope
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def _documented(what: str) -> dict[str, Any]:
    return {"description": what, "model": Problem, "content": {CONTENT_TYPE: {}}}


# what any route may answer besides what it is for
REFUSALS: dict[int | str, dict[str, Any]] = {
    400: _documented("The body is not JSON"),
    401: _documented("A key is missing or not known"),
    403: _documented("The key does not reach this far, or the origin is another"),
    404: _documented("There is no such model, or it is switched off"),
    408: _documented("The body or the answer took too long"),
    413: _documented("The body is too large"),
    415: _documented("The body is to be application/json"),
    422: _documented("The request does not fit"),
    429: _documented("Too many requests: Retry-After says when to come again"),
}


def json_router() -> APIRouter:
    """A router whose handlers take their read body and answer with a response."""
    return APIRouter(route_class=JsonRoute, responses=REFUSALS)


def handlers_of(router: APIRouter) -> dict[str, Handler]:
    """What answers a POST, by path: the way round the search through all routes, for paths that are plain."""
    return {
        route.path: route.get_route_handler()
        for route in router.routes
        if isinstance(route, JsonRoute) and "POST" in (route.methods or ()) and "{" not in route.path
    }


class JsonRoute(APIRoute):
    """A route whose handler is called with ``request``, its parsed ``body`` and its path parameters, as far as
    its signature names them."""

    def get_route_handler(self) -> Handler:
        """The handler that Starlette calls."""
        endpoint: Callable[..., Coroutine[Any, Any, Response]] = self.endpoint
        names = inspect.signature(endpoint).parameters
        model: type[BaseModel] | None = None
        if self.body_field is not None:
            given = self.body_field.field_info.annotation
            assert isinstance(given, type)
            assert issubclass(given, BaseModel)
            model = given
        others = [name for name in names if name not in ("request", "body")]

        async def handle(request: Request) -> Response:
            values: dict[str, Any] = {name: request.path_params[name] for name in others}
            if "request" in names:
                values["request"] = request
            if model is not None:
                values["body"] = await _read(request, model)
            return await endpoint(**values)

        return handle


async def _read(request: Request, model: type[BaseModel]) -> BaseModel:
    kind = b""
    for name, value in request.scope["headers"]:
        if name == b"content-type":
            kind = value.partition(b";")[0].strip().lower()
    if kind != b"application/json":
        raise Refusal(
            "media-type", f"content-type: expected application/json; got {kind[:80].decode('latin-1')!r}"
        )
    body: bytes | None = request.scope.get(BODY)
    if body is None:
        body = await request.body()
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise invalid(error, body) from None


class JsonAnswer(Response):
    """A body that is JSON already, with the headers of its model; as little of a response as there can be."""

    def __init__(self, body: bytes, status: int = 200, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        self.body = body
        self.status_code = status
        self.background = None
        self.raw_headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            *headers,
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})
