"""Calls of the service as values, for the clients: arguments in, requests out; answers in, models or errors out.

Nothing here sends or waits. ``steps`` is how a call goes: it says how long to wait before each attempt, is told
what came of it, and returns the answer in the end.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, Literal, Protocol, TypedDict, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from ner_engine.errors import DataError, NerEngineError
from ner_engine.service.schemas import (
    ChatRequest,
    ChatResponse,
    ExtractedText,
    ExtractRequest,
    ExtractResponse,
    FeedbackRequest,
    FeedbackResponse,
    LabelsResponse,
    ModelsResponse,
    Problem,
)

__all__ = [
    "Call",
    "ExtractOptions",
    "Labelled",
    "Retries",
    "ServiceError",
    "chat_call",
    "chunks",
    "extract_call",
    "feedback_call",
    "labels_call",
    "models_call",
    "results_of",
    "steps",
]

Answer = TypeVar("Answer", bound=BaseModel)

_CHUNK_TEXTS = 256
_CHUNK_BYTES = 800_000  # of texts in one call: below what a service takes that was not told otherwise
_AGAIN = frozenset({429, 503})
_NEVER_ARRIVED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_BROKEN = (*_NEVER_ARRIVED, httpx.NetworkError, httpx.RemoteProtocolError)


class ServiceError(NerEngineError):
    """A call that was not answered.

    ``status`` is that of the answer, 0 where none came; ``title``, ``detail`` and ``kind`` (the end of the
    problem's type, such as ``"text-too-long"``) are what the service says of it; its log knows the call by
    ``request_id``.
    """

    def __init__(
        self, title: str, detail: str = "", *, status: int = 0, kind: str = "", request_id: str = ""
    ) -> None:
        super().__init__(" ".join(f"{title}: {detail}".split()) if detail else title)
        self.title, self.detail, self.status, self.kind, self.request_id = title, detail, status, kind, request_id


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a call is tried, ``attempts`` times in all, and how long to wait in between.

    The wait doubles from ``first_s`` up to ``longest_s``, each cut at random by up to a half. A Retry-After is
    waited for; where it asks for more than ``longest_s`` the call fails at once.
    """

    attempts: int = 4
    first_s: float = 0.2
    longest_s: float = 20.0

    def pause(self, failures: int, retry_after_s: float | None, jitter: float) -> float | None:
        """Seconds to wait after so many failures, or None to give up; ``jitter`` is from 0 to 1."""
        if failures >= self.attempts:
            return None
        if retry_after_s is None:
            return min(self.longest_s, self.first_s * 2.0 ** (failures - 1)) * (1 - jitter / 2)
        # not everybody who was told the same second is to come in it
        return None if retry_after_s > self.longest_s else retry_after_s + self.first_s * jitter


class ExtractOptions(TypedDict, total=False):
    """What may be said beside a text; see ``ExtractRequest``."""

    model: str | None
    labels: Collection[str] | None
    min_score: float | None
    now: datetime | None
    timezone: str | None
    mask: Literal["numbered", "named", "stars"] | None
    mask_kinds: Collection[str] | None
    explain: bool
    moments: bool


class Labelled(Protocol):
    """A labelled stretch of a text: a Span, an Entity, or an entity of an answer."""

    @property
    def start(self) -> int:
        """The first code point."""

    @property
    def end(self) -> int:
        """The code point after the last."""

    @property
    def label(self) -> str:
        """What it is."""


@dataclass(frozen=True, slots=True)
class Call(Generic[Answer]):
    """One thing to ask: where, with what body, what comes back, and whether it may arrive twice."""

    method: str
    path: str
    answer: type[Answer]
    body: BaseModel | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True

    def request(self, http: httpx.Client | httpx.AsyncClient, timeout_s: float | None) -> httpx.Request:
        """The request; without a timeout with that of the connection."""
        content = None if self.body is None else self.body.model_dump_json(exclude_unset=True).encode()
        return http.build_request(
            self.method,
            self.path,
            params=dict(self.query) or None,
            content=content,
            headers={"Content-Type": "application/json"} if content is not None else None,
            timeout=httpx.USE_CLIENT_DEFAULT if timeout_s is None else timeout_s,
        )


def extract_call(
    options: ExtractOptions, *, text: str | None = None, texts: list[str] | None = None
) -> Call[ExtractResponse]:
    """The entities of one text or of several. Raises DataError for what cannot be asked."""
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    for name in ("labels", "mask_kinds"):
        if name in given:
            given[name] = list(given[name])
    given |= {"text": text} if texts is None else {"texts": texts}
    return Call("POST", "/v1/extract", ExtractResponse, _body(ExtractRequest, given))


def chat_call(session: str, message: str | None, message_id: str) -> Call[ChatResponse]:
    """A message, or the wish for a greeting. It gets an id where it has none: sent twice it is answered once.

    Raises DataError for what cannot be asked.
    """
    given: dict[str, Any] = {"session": session}
    if message is not None:
        given |= {"message": message, "message_id": message_id or uuid.uuid4().hex}
    return Call("POST", "/v1/chat", ChatResponse, _body(ChatRequest, given))


def feedback_call(
    text: str,
    entities: Iterable[Labelled],
    original: Iterable[Labelled] | None,
    model: str | None,
    *,
    consent: bool = False,
    mask: bool = False,
) -> Call[FeedbackResponse]:
    """A sentence as it should be. Raises DataError for what cannot be sent."""
    given: dict[str, Any] = {"text": text, "entities": _spans(entities)}
    given |= {} if original is None else {"original": _spans(original)}
    given |= {} if model is None else {"model": model}
    given |= {"consent": True} if consent else {}
    given |= {"mask": True} if mask else {}
    return Call("POST", "/v1/feedback", FeedbackResponse, _body(FeedbackRequest, given), repeatable=False)


def models_call() -> Call[ModelsResponse]:
    """The models there are."""
    return Call("GET", "/v1/models", ModelsResponse)


def labels_call(model: str | None) -> Call[LabelsResponse]:
    """What a model can find."""
    return Call("GET", "/v1/labels", LabelsResponse, query={} if model is None else {"model": model})


def _spans(given: Iterable[Labelled]) -> list[dict[str, Any]]:
    return [{"start": one.start, "end": one.end, "label": one.label} for one in given]


def _body(model: type[BaseModel], given: dict[str, Any]) -> BaseModel:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        raise DataError(f"{where}: {message}" if where else message) from None


def chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    """The texts in lists that fit into one call, as they come. Raises TypeError for anything but a str."""
    chunk: list[str] = []
    size = 0
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"expected str; got {type(text).__name__}")
        length = len(json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass")) + 1
        if chunk and (len(chunk) == _CHUNK_TEXTS or size + length > _CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(text)
        size += length
    if chunk:
        yield chunk


def results_of(answer: ExtractResponse, count: int) -> list[ExtractedText]:
    """The results, one a text. Raises ServiceError where there are more or fewer."""
    if len(answer.results) != count:
        raise ServiceError(
            "The answer does not fit", f"expected {count} results; got {len(answer.results)}", status=200
        )
    return answer.results


def steps(
    call: Call[Answer], retries: Retries, jitter: Callable[[], float], now: Callable[[], datetime]
) -> Generator[float, httpx.Response | httpx.TransportError, Answer]:
    """Yields the seconds to wait before sending, is sent what came, returns the answer. Raises ServiceError."""
    pause: float | None = 0.0
    failures = 0
    while True:
        came = yield pause or 0.0
        failures += 1
        pause = retries.pause(failures, _retry_after_s(came, now), jitter()) if _passing(call, came) else None
        if pause is None:
            return _answer(call, came)


def _passing(call: Call[Any], came: httpx.Response | httpx.TransportError) -> bool:
    """Whether it may go better the next time, and does no harm if it had gone well this time."""
    if isinstance(came, httpx.Response):
        return came.status_code in _AGAIN
    return isinstance(came, _BROKEN if call.repeatable else _NEVER_ARRIVED)


def _retry_after_s(came: httpx.Response | httpx.TransportError, now: Callable[[], datetime]) -> float | None:
    """Seconds, or a date; None where there is neither."""
    said = came.headers.get("retry-after", "").strip() if isinstance(came, httpx.Response) else ""
    if said.isdecimal():
        return float(said[:10])
    try:
        when = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.0, ((when if when.tzinfo else when.replace(tzinfo=UTC)) - now()).total_seconds())


def _answer(call: Call[Answer], came: httpx.Response | httpx.TransportError) -> Answer:
    """What the service answered, read. Raises ServiceError."""
    if not isinstance(came, httpx.Response):
        slow = isinstance(came, httpx.TimeoutException)
        title = "The service did not answer in time" if slow else "The service was not reached"
        raise ServiceError(title, str(came) or type(came).__name__) from came
    if not came.is_success:
        raise _refused(came)
    try:
        return call.answer.model_validate_json(came.content)
    except ValidationError:
        said = f"expected {call.answer.__name__}; got {came.headers.get('content-type', 'nothing')!r:.80}"
        raise ServiceError("The answer does not fit", said, status=came.status_code) from None


def _refused(response: httpx.Response) -> ServiceError:
    status, request_id = response.status_code, response.headers.get("x-request-id", "")
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        return ServiceError(response.reason_phrase or "Not answered", f"status {status}", status=status)
    return ServiceError(
        problem.title,
        problem.detail,
        status=status,
        kind=problem.type.rpartition(":")[2],
        request_id=problem.request_id or request_id,
    )
