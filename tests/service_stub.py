"""The service as the page and the client see it: the same JSON from a few lines, all that was asked kept.

The entities are those of the fake extractor, the bot repeats what it is told.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ner_engine.service.page import page_router
from ner_engine.service.policies import policy_of
from ner_engine.service.problems import CONTENT_TYPE, Refusal
from ner_engine.service.schemas import ChatRequest, ExtractRequest, FeedbackRequest
from ner_engine.spans import Entity
from ner_engine.values import Clock, parse_at
from tests.fake_extractor import extract

__all__ = ["Stub", "serving"]

LABELS = ["PS", "LC", "OG", "DT", "TI", "QT", "FOOD"]
NOW = datetime(2026, 11, 21, 12, 0)


@dataclass
class Stub:
    """What the stub was asked, and how it is to answer."""

    requests: list[tuple[str, str, Any]] = field(default_factory=list)  # method, path, body
    refusals: dict[str, list[Refusal]] = field(default_factory=dict)  # by path: given out first, one a request
    key: str = ""  # asked for where it is not empty
    models: tuple[str, ...] = ("ko-chat",)
    find: Callable[[str], list[Entity]] = extract

    def asked(self, path: str) -> list[Any]:
        """The bodies that came to a path."""
        return [body for _, at, body in self.requests if at == path]

    def app(self) -> FastAPI:
        """The service."""
        app = FastAPI(docs_url=None, redoc_url=None)
        app.include_router(page_router())

        def answering(path: str, answer: Any, methods: list[str]) -> None:
            def handle(request: Request, body: bytes) -> Response:
                if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
                    return refused(Refusal("key-missing"))
                if self.refusals.get(path):
                    return refused(self.refusals[path].pop(0))
                return JSONResponse(answer(body))

            async def endpoint(request: Request) -> Response:
                body = await request.body()
                self.requests.append((request.method, path, (await request.json()) if body else None))
                return await run_in_threadpool(handle, request, body)

            app.add_route(path, endpoint, methods=methods)

        answering("/v1/extract", self._extract, ["POST"])
        answering("/v1/chat", self._chat, ["POST"])
        answering("/v1/feedback", self._feedback, ["POST"])
        answering("/v1/models", lambda body: {"models": [self._model(name) for name in self.models]}, ["GET"])
        answering("/v1/labels", lambda body: {"model": "ko-chat@0.1.0/1f3a9c02", "labels": LABELS}, ["GET"])

        @app.middleware("http")
        async def headers(request: Request, call_next: Any) -> Response:
            response: Response = await call_next(request)
            for name, value in policy_of(request.url.path).headers:
                response.headers[name.decode()] = value.decode()
            return response

        return app

    def _extract(self, body: bytes) -> dict[str, Any]:
        asked = ExtractRequest.model_validate_json(body)
        texts = asked.texts if asked.texts is not None else [asked.text or ""]
        return {
            "model": "ko-chat@0.1.0/1f3a9c02",
            "results": [{"text": text, "entities": self._entities(text)} for text in texts],
        }

    def _entities(self, text: str) -> list[dict[str, Any]]:
        clock = Clock.at(NOW)
        found = []
        for entity in self.find(text):
            value = (
                parse_at(entity.text, clock, label=entity.label) if entity.label in ("DT", "TI", "QT") else None
            )
            found.append(entity.to_dict() | {"value": value and value.to_dict()})
        return found

    def _chat(self, body: bytes) -> dict[str, Any]:
        asked = ChatRequest.model_validate_json(body)
        greeting = "안녕하세요! 무엇을 도와드릴까요?"
        reply = greeting if asked.message is None else f"“{asked.message}”라고 하셨네요."
        entities = self._entities(asked.message or "")
        state = {"turn": len(self.asked("/v1/chat"))}
        return {"session": asked.session, "reply": reply, "entities": entities, "state": state}

    def _feedback(self, body: bytes) -> dict[str, Any]:
        FeedbackRequest.model_validate_json(body)
        return {"id": "c-5f0a1b2c3d4e", "supersedes": ""}

    def _model(self, name: str) -> dict[str, Any]:
        return {
            "name": name, "bundle": name, "version": "0.1.0/1f3a9c02", "generation": 1, "labels": LABELS,
            "default": name == self.models[0], "loaded_at": "2026-11-21T12:00:00Z",
        }  # fmt: skip


def refused(refusal: Refusal) -> Response:
    """A refusal as a response."""
    return Response(refusal.body(), refusal.status, refusal.headers, CONTENT_TYPE)


@contextlib.contextmanager
def serving(app: Any) -> Iterator[str]:
    """The application on a free port of the loopback, while the block lasts: its base URL."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", lifespan="on", timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)
