"""The service from Python: calls in, the answers of ``schemas`` out, what goes wrong as ``ServiceError``.

    with ExtractClient("http://127.0.0.1:8000", api_key=key) as client:
        client.extract("내일 저녁 7시에 강남역에서 보자").entities

``AsyncExtractClient`` has the same methods to await. A call is tried again where the connection fails, the
service is busy (429) or not ready (503); a message of a chat carries an id, so that it is answered once however
often it is sent. What is asked, and when again, is decided in ``calls``; here it is sent and waited for.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Self, TypeVar, Unpack

import httpx
from pydantic import BaseModel

from ner_engine import __version__
from ner_engine.service.calls import (
    Call,
    ExtractOptions,
    Labelled,
    Retries,
    ServiceError,
    chat_call,
    chunks,
    extract_call,
    feedback_call,
    labels_call,
    models_call,
    results_of,
    steps,
)
from ner_engine.service.schemas import ChatResponse, ExtractedText, FeedbackResponse, ModelOut

__all__ = ["AsyncExtractClient", "ExtractClient", "ExtractOptions", "Labelled", "Retries", "ServiceError"]

_Answer = TypeVar("_Answer", bound=BaseModel)


class ExtractClient:
    """A connection to the service; close it, or use it in a ``with``. May be shared by threads."""

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8000",
        *,
        api_key: str | None = None,
        timeout_s: float = 20.0,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """``timeout_s`` is how long to wait for a connection and for each piece of an answer; every method takes
        another. ``transport`` is what to send with in the place of the network."""
        self._http = httpx.Client(
            base_url=base_url, headers=_headers(api_key), timeout=timeout_s, transport=transport
        )
        self._retries, self._sleep, self._jitter = retries or Retries(), sleep, jitter

    def extract(
        self, text: str, *, timeout_s: float | None = None, **options: Unpack[ExtractOptions]
    ) -> ExtractedText:
        """The entities of one text. Raises ServiceError; DataError for a text that cannot be sent."""
        return results_of(self._call(extract_call(options, text=text), timeout_s), 1)[0]

    def extract_many(
        self, texts: Iterable[str], *, timeout_s: float | None = None, **options: Unpack[ExtractOptions]
    ) -> Iterator[ExtractedText]:
        """The entities of many texts: lazy, in order, up to 256 texts a call. Raises as ``extract`` does."""
        for chunk in chunks(texts):
            yield from results_of(self._call(extract_call(options, texts=chunk), timeout_s), len(chunk))

    def chat(
        self, session: str, message: str | None = None, *, message_id: str = "", timeout_s: float | None = None
    ) -> ChatResponse:
        """What the bot answers to a message, or its greeting. The same ``message_id`` gets the same reply."""
        return self._call(chat_call(session, message, message_id), timeout_s)

    def feedback(
        self,
        text: str,
        entities: Iterable[Labelled],
        *,
        original: Iterable[Labelled] | None = None,
        model: str | None = None,
        consent: bool = False,
        mask: bool = False,
        timeout_s: float | None = None,
    ) -> FeedbackResponse:
        """Send a sentence with the entities it should have; ``original`` are those that were found in it.

        ``consent``: whoever said it agrees that it is trained on. ``mask``: the service takes personal data out
        of it before it is kept.
        """
        return self._call(feedback_call(text, entities, original, model, consent=consent, mask=mask), timeout_s)

    def models(self, *, timeout_s: float | None = None) -> list[ModelOut]:
        """The models there are."""
        return self._call(models_call(), timeout_s).models

    def labels(self, model: str | None = None, *, timeout_s: float | None = None) -> list[str]:
        """What a model, or the default one, can find."""
        return self._call(labels_call(model), timeout_s).labels

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _call(self, call: Call[_Answer], timeout_s: float | None) -> _Answer:
        going = steps(call, self._retries, self._jitter, _now)
        pause = next(going)
        while True:
            if pause:
                self._sleep(pause)
            came: httpx.Response | httpx.TransportError
            try:
                came = self._http.send(call.request(self._http, timeout_s))
            except httpx.TransportError as error:
                came = error
            try:
                pause = going.send(came)
            except StopIteration as done:
                answer: _Answer = done.value
                return answer


class AsyncExtractClient:
    """``ExtractClient`` with methods to await; close it with ``aclose``, or use it in an ``async with``."""

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8000",
        *,
        api_key: str | None = None,
        timeout_s: float = 20.0,
        retries: Retries | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """The options are those of ``ExtractClient``."""
        self._http = httpx.AsyncClient(
            base_url=base_url, headers=_headers(api_key), timeout=timeout_s, transport=transport
        )
        self._retries, self._sleep, self._jitter = retries or Retries(), sleep, jitter

    async def extract(
        self, text: str, *, timeout_s: float | None = None, **options: Unpack[ExtractOptions]
    ) -> ExtractedText:
        """See ``ExtractClient.extract``."""
        return results_of(await self._call(extract_call(options, text=text), timeout_s), 1)[0]

    async def extract_many(
        self, texts: Iterable[str], *, timeout_s: float | None = None, **options: Unpack[ExtractOptions]
    ) -> AsyncIterator[ExtractedText]:
        """See ``ExtractClient.extract_many``."""
        for chunk in chunks(texts):
            for result in results_of(await self._call(extract_call(options, texts=chunk), timeout_s), len(chunk)):
                yield result

    async def chat(
        self, session: str, message: str | None = None, *, message_id: str = "", timeout_s: float | None = None
    ) -> ChatResponse:
        """See ``ExtractClient.chat``."""
        return await self._call(chat_call(session, message, message_id), timeout_s)

    async def feedback(
        self,
        text: str,
        entities: Iterable[Labelled],
        *,
        original: Iterable[Labelled] | None = None,
        model: str | None = None,
        consent: bool = False,
        mask: bool = False,
        timeout_s: float | None = None,
    ) -> FeedbackResponse:
        """See ``ExtractClient.feedback``."""
        return await self._call(
            feedback_call(text, entities, original, model, consent=consent, mask=mask), timeout_s
        )

    async def models(self, *, timeout_s: float | None = None) -> list[ModelOut]:
        """See ``ExtractClient.models``."""
        return (await self._call(models_call(), timeout_s)).models

    async def labels(self, model: str | None = None, *, timeout_s: float | None = None) -> list[str]:
        """See ``ExtractClient.labels``."""
        return (await self._call(labels_call(model), timeout_s)).labels

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    async def _call(self, call: Call[_Answer], timeout_s: float | None) -> _Answer:
        going = steps(call, self._retries, self._jitter, _now)
        pause = next(going)
        while True:
            if pause:
                await self._sleep(pause)
            came: httpx.Response | httpx.TransportError
            try:
                came = await self._http.send(call.request(self._http, timeout_s))
            except httpx.TransportError as error:
                came = error
            try:
                pause = going.send(came)
            except StopIteration as done:
                answer: _Answer = done.value
                return answer


def _now() -> datetime:
    return datetime.now(UTC)


def _headers(api_key: str | None) -> dict[str, str]:
    headers = {"Accept": "application/json", "User-Agent": f"ner-engine/{__version__}"}
    return headers if api_key is None else headers | {"Authorization": f"Bearer {api_key}"}
