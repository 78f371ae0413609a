"""Refusals as ``application/problem+json`` (RFC 9457): an error in, a short body and its headers out.

A ``Refusal`` is raised wherever a request turns out to be one that cannot be answered. ``refusal_of`` says what
any other error means to the caller; what is none of his doing stays an error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from ner_engine.errors import ConfigError, DataError, StoreError

__all__ = ["CONTENT_TYPE", "TITLES", "Refusal", "invalid", "problem_json", "refusal_of"]

CONTENT_TYPE = "application/problem+json"

# what a refusal is called: the end of its type, its status, its title
TITLES: Mapping[str, tuple[int, str]] = {
    "malformed": (400, "The body is not JSON"),
    "key-missing": (401, "A key is needed"),
    "key-unknown": (401, "The key is not known"),
    "key-scope": (403, "The key does not reach this far"),
    "host": (403, "This is not the service that was asked for"),
    "origin": (403, "Requests from this origin are not taken"),
    "not-found": (404, "There is nothing here"),
    "model-unknown": (404, "There is no such model"),
    "off": (404, "This is switched off"),
    "method": (405, "This method is not taken here"),
    "request": (400, "This is no HTTP request"),
    "slow-head": (408, "The request line and headers took too long to arrive"),
    "slow-body": (408, "The body took too long to arrive"),
    "slow-answer": (408, "The answer took too long"),
    "conflict": (409, "The model could not be reloaded"),
    "body-too-large": (413, "The body is too large"),
    "media-type": (415, "The body is to be JSON"),
    "invalid": (422, "The request does not fit"),
    "text-too-long": (422, "A text is too long"),
    "too-many-texts": (422, "There are too many texts"),
    "rate": (429, "Too many requests from one client"),
    "busy": (429, "Too many requests at once"),
    "head-too-large": (431, "The request line and headers are too large"),
    "failed": (500, "Something went wrong"),
    "not-ready": (503, "The service is not ready"),
    "full": (503, "Too many connections"),
}
_SHOWN = 20  # of many things that are wrong


class Refusal(Exception):
    """A request that is not answered: why, and what to send with it.

    ``kind`` is one of ``TITLES``; ``errors`` are pairs of a place in the request and a message.
    """

    def __init__(
        self,
        kind: str,
        detail: str = "",
        *,
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(detail or TITLES[kind][1])
        self.kind = kind
        self.status = TITLES[kind][0] if status is None else status
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def body(self, request_id: str = "") -> bytes:
        """The problem as JSON."""
        return problem_json(self.kind, self.status, self.detail, errors=self.errors, request_id=request_id)


def problem_json(
    kind: str, status: int, detail: str = "", *, errors: Sequence[tuple[str, str]] = (), request_id: str = ""
) -> bytes:
    """The body of a refusal."""
    problem: dict[str, Any] = {
        "type": f"urn:ner-engine:problem:{kind}",
        "title": TITLES[kind][1],
        "status": status,
        "detail": detail,
        "request_id": request_id,
    }
    if errors:
        problem["errors"] = [{"where": where, "message": message} for where, message in errors]
    # escapes alone carry half a surrogate pair; a name or key in the detail may hold one
    return json.dumps(problem).encode()


def refusal_of(error: Exception) -> Refusal | None:
    """What an error of this package means to the caller; None where it is not his."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, ConfigError | DataError):
        return Refusal("invalid", str(error))
    if isinstance(error, StoreError):
        return Refusal("not-ready", "the conversations cannot be reached", headers={"Retry-After": "5"})
    return None


def invalid(error: ValidationError, body: bytes) -> Refusal:
    """A body that does not fit its schema: malformed JSON is 400, all else 422 with the places."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if found[0]["type"] == "json_invalid":
        return _malformed(found[0]["msg"].removeprefix("Invalid JSON: "), body)
    errors = [(_place(one["loc"]), _message(one["msg"])) for one in found[:_SHOWN]]
    where, message = errors[0]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return Refusal("invalid", f"{where}: {message}{more}" if where else message + more, errors=errors)


def _malformed(message: str, body: bytes) -> Refusal:
    """JSON that cannot be read; where only a half surrogate pair is wrong with it, the place of that."""
    try:
        halves = list(_half_pairs(json.loads(body), ""))
    except (ValueError, RecursionError):
        halves = []
    if halves:
        errors = [
            (where, f"expected text; got half of a surrogate pair at character {at}")
            for where, at in halves[:_SHOWN]
        ]
        return Refusal("invalid", f"{errors[0][0]}: {errors[0][1]}", errors=errors)
    return Refusal("malformed", f"expected JSON; {message}")


def _half_pairs(value: Any, where: str) -> Iterator[tuple[str, int]]:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            yield where or "body", error.start
    elif isinstance(value, list):
        for i, one in enumerate(value):
            yield from _half_pairs(one, f"{where}[{i}]")
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _half_pairs(key, f"{where}.{key!a}".lstrip("."))
            yield from _half_pairs(one, f"{where}.{key if key.isidentifier() else ascii(key)}".lstrip("."))


def _place(path: Sequence[str | int]) -> str:
    """``("texts", 3)`` -> ``texts[3]``."""
    out = ""
    for step in path:
        out += f"[{step}]" if isinstance(step, int) else f".{step[:80]}"
    return out.lstrip(".")


def _message(message: str) -> str:
    return message.removeprefix("Value error, ")
