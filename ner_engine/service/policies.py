"""What is asked of a request by its path: the scope of its key, whether it counts, and the headers of its answer.

A path that is not named here asks for the scope ``admin``: what is added later is closed until it is opened.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Policy", "policy_of"]

_Headers = tuple[tuple[bytes, bytes], ...]

_ALWAYS: _Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)
_DATA: _Headers = (
    *_ALWAYS,
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
_PAGE: _Headers = (
    *_ALWAYS,
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        b"manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)


@dataclass(frozen=True, slots=True)
class Policy:
    """``scope`` is what a key has to have, ``""`` asks for none; ``limited`` requests count against the rate of
    the client and among those at work; ``route`` is how the path is called in the metrics."""

    route: str
    scope: str
    limited: bool
    headers: _Headers = _DATA


_BY_PATH = {
    policy.route: policy
    for policy in (
        Policy("/v1/extract", "extract", True),
        Policy("/v1/chat", "extract", True),
        Policy("/kakao/skill", "extract", True),
        Policy("/v1/models", "extract", True),
        Policy("/v1/labels", "extract", True),
        Policy("/v1/feedback", "feedback", True),
        Policy("/healthz", "", False),
        Policy("/readyz", "", False),
        Policy("/metrics", "admin", False),
        Policy("/openapi.json", "", True),
        Policy("/docs", "", True, _PAGE),
        Policy("/", "", True, _PAGE),
        Policy("/favicon.ico", "", True, _PAGE),
    )
}
_STATIC = Policy("/static", "", True, _PAGE)
_RELOAD = Policy("/v1/models/{name}:reload", "admin", True)
_OTHER = Policy("other", "admin", True)


def policy_of(path: str) -> Policy:
    """The policy of a path."""
    found = _BY_PATH.get(path)
    if found is not None:
        return found
    if path.startswith("/static/"):
        return _STATIC
    if path.startswith("/v1/models/") and path.endswith(":reload"):
        return _RELOAD
    return _OTHER
