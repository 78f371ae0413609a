"""What is counted, for Prometheus: requests, refusals, seconds, batches, models.

Each application has a registry of its own. Where ``PROMETHEUS_MULTIPROC_DIR`` names a directory before this is
imported, worker processes share their counts through it and any of them tells the sum.
"""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)
_TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """The counters of one application, in one registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self._requests = Counter(
            "ner_engine_requests_total", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "ner_engine_request_seconds", "From the first byte to the answer.", ["route"],
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._refused = Counter("ner_engine_refused_total", "Requests refused.", ["why"], registry=registry)
        self._active = Gauge(
            "ner_engine_active_requests", "Requests at work.", registry=registry, multiprocess_mode="livesum"
        )
        self._waiting = Gauge(
            "ner_engine_waiting_texts", "Texts that wait for a model.", registry=registry,
            multiprocess_mode="livesum",
        )  # fmt: skip
        self._batches = Histogram(
            "ner_engine_batch_texts", "Texts that went through a model together.", ["model"],
            buckets=_TEXTS, registry=registry,
        )  # fmt: skip
        self._reloads = Counter(
            "ner_engine_reloads_total", "Bundles loaded anew.", ["model", "outcome"], registry=registry
        )
        self._model = Gauge(
            "ner_engine_model_generation", "How often a model was loaded.", ["model", "version"],
            registry=registry, multiprocess_mode="livemax",
        )  # fmt: skip
        self._feedback = Counter("ner_engine_feedback_total", "Corrected sentences taken.", registry=registry)
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request has been answered."""
        try:
            count, time = self._children[method, route, status]
        except KeyError:
            count = self._requests.labels(method, route, str(status))
            time = self._seconds.labels(route)
            self._children[method, route, status] = count, time
        count.inc()
        time.observe(seconds)

    def refused(self, why: str) -> None:
        """A request was refused before it was handled."""
        self._refused.labels(why).inc()

    def batch(self, model: str, texts: int) -> None:
        """So many texts went through a model at once."""
        self._batches.labels(model).observe(texts)

    def reloaded(self, model: str, outcome: str) -> None:
        """A model was loaded anew, or not."""
        self._reloads.labels(model, outcome).inc()

    def serving(self, model: str, version: str, generation: int, *, before: str = "") -> None:
        """A model answers in this version from now on."""
        if before and before != version:
            self._model.labels(model, before).set(0)
        self._model.labels(model, version).set(generation)

    def feedback(self) -> None:
        """A corrected sentence is on the disk."""
        self._feedback.inc()

    def render(self, *, active: int, waiting: int) -> bytes:
        """The text that Prometheus reads."""
        self._active.set(active)
        self._waiting.set(waiting)
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            together = CollectorRegistry()
            MultiProcessCollector(together)  # type: ignore[no-untyped-call]
            return generate_latest(together)
        return generate_latest(self.registry)
