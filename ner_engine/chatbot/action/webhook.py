"""An action as a webhook: a call is POSTed as JSON, the JSON that comes back is returned.

    POST <url>
    Content-Type: application/json; charset=utf-8
    Idempotency-Key: <session>:<id>          percent-encoded; the same when a call is tried again
    X-Signature: sha256=<hex>                HMAC-SHA256 of the body, with the secret; only where there is one

Redirects are refused, for they could lead the data elsewhere; an answer may have 64 KiB and must come whole
within the time limit. Connections that fail and answers of 500 and above are tried once more.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import quote, urlsplit

from ner_engine.errors import ConfigError, DataError

__all__ = ["MOST_BYTES", "check_url", "post", "sign"]

MOST_BYTES = 65_536  # of an answer
_TRIES = 2
_PIECE = 4096


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other, and no good one."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        return None


def check_url(url: str) -> str:
    """The address, if it is one a webhook may have. Raises ConfigError."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigError(f"expected an address that begins with https:// or http://; got {url!r}")
    return url


def sign(body: bytes, secret: str) -> str:
    """What X-Signature holds."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def post(url: str, data: Mapping[str, Any], *, key: str, timeout_s: float, secret: str = "") -> Any:
    """The answer's JSON, None for an empty answer. Raises DataError, in one line, for anything that went wrong.

    ``key`` is the Idempotency-Key; ``timeout_s`` is for everything, a second try included.
    """
    body = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Accept": "application/json",
        "Idempotency-Key": quote(key, safe=":@+"),
        "User-Agent": "ner-engine",
    }
    if secret:
        headers["X-Signature"] = sign(body, secret)
    request = urllib.request.Request(check_url(url), data=body, headers=headers, method="POST")
    until = time.monotonic() + timeout_s
    for left in reversed(range(_TRIES)):
        try:
            return _answer(request, until)
        except urllib.error.HTTPError as error:
            with error:
                if error.code < 500 or not left:
                    raise _failed(url, f"it answered {error.code}") from None
        except TimeoutError:
            raise _failed(url, f"no answer within {timeout_s:g} s") from None
        except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                raise _failed(url, f"no answer within {timeout_s:g} s") from None
            if not left:
                raise _failed(url, " ".join(str(reason).split()) or type(reason).__name__) from None
    raise AssertionError("unreachable")


def _answer(request: urllib.request.Request, until: float) -> Any:
    opener = urllib.request.build_opener(_NoRedirects)
    with opener.open(request, timeout=_left(until)) as response:
        pieces, size = [], 0
        while piece := response.read1(_PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > MOST_BYTES:
                raise _failed(request.full_url, f"expected at most {MOST_BYTES} bytes; got more")
            _left(until)
    raw = b"".join(pieces)
    if not raw.strip():
        return None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise _failed(request.full_url, "expected JSON; got something else") from None


def _left(until: float) -> float:
    """The seconds left. Raises TimeoutError if there are none."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _failed(url: str, reason: str) -> DataError:
    parts = urlsplit(url)  # the query may hold a key, the user part a password
    return DataError(f"webhook {parts.scheme}://{parts.hostname}{parts.path}: {reason}")
