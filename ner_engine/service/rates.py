"""How often each client may come: a bucket of tokens for each, refilled at a steady rate."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict

__all__ = ["Rates", "neighbourhood"]

_CLIENTS = 20_000  # remembered; the one longest away is forgotten first, and comes back with a full bucket


class Rates:
    """``wait(client, now)`` is how many seconds a client is early; 0 takes one token from its bucket."""

    def __init__(self, per_s: float, burst: int, *, clients: int = _CLIENTS) -> None:
        self._per_s, self._burst, self._clients = per_s, float(burst), clients
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, client: str, now: float) -> float:
        """Seconds until the client may come; 0.0 lets it in."""
        tokens, before = self._buckets.pop(client, (self._burst, now))
        tokens = min(self._burst, tokens + max(0.0, now - before) * self._per_s)
        early = 0.0 if tokens >= 1 else (1 - tokens) / self._per_s
        self._buckets[client] = (tokens if early else tokens - 1, now)
        if len(self._buckets) > self._clients:
            self._buckets.popitem(last=False)
        return early


def neighbourhood(address: str) -> str:
    """What counts as one client: an IPv4 address, or the /64 of an IPv6 one."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address
