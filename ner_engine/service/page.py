"""The pages of the service, to try it and to read about it: the files of ``static/``, nothing else of the disk.

The files are read once, when the router is made. Each has an ETag, so that a browser asks again but loads nothing
twice. What the page may load and do is said by the headers of ``policies``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import resources

from fastapi import APIRouter, Request, Response

__all__ = ["page_router"]

_TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it is sent: its bytes and its headers."""

    body: bytes
    headers: dict[str, str]

    @classmethod
    def of(cls, name: str, body: bytes) -> _File:
        """The file of this name with this content."""
        tag = hashlib.sha256(body).hexdigest()[:32]
        kind = _TYPES[name.rpartition(".")[2]]
        return cls(body, {"ETag": f'"{tag}"', "Cache-Control": "no-cache", "Content-Type": kind})

    def answer(self, request: Request) -> Response:
        """200 with the file, or 304 for a browser that has it."""
        known = request.headers.get("if-none-match", "")
        if known.strip() == "*" or self.headers["ETag"] in (
            tag.strip().removeprefix("W/") for tag in known.split(",")
        ):
            kept = {name: value for name, value in self.headers.items() if name != "Content-Type"}
            return Response(status_code=304, headers=kept)
        return Response(self.body, headers=self.headers)


def page_router() -> APIRouter:
    """The routes ``/``, ``/docs`` and ``/static/<file>``; none of them is in the documentation of the API.

    ``/docs`` draws ``/openapi.json``: an application that includes this one has no ``docs_url`` of its own.
    """
    folder = resources.files("ner_engine.service") / "static"
    files = {
        entry.name: _File.of(entry.name, entry.read_bytes())
        for entry in folder.iterdir()
        if entry.name.rpartition(".")[2] in _TYPES
    }
    router = APIRouter()
    places = {"/": "index.html", "/docs": "docs.html", "/favicon.ico": "icon.svg"}
    places |= {f"/static/{name}": name for name in files}
    for path, name in places.items():
        router.add_route(path, _answering(files[name]), methods=["GET"], include_in_schema=False)
    return router


def _answering(file: _File) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return file.answer(request)

    return answer
