"""``POST /v1/feedback``: a corrected sentence in, a correction in the feedback store out.

It is on the disk before the answer goes out. The store is opened with the first of them, and looked for anew
after it could not be reached.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from ner_engine.errors import NerEngineError
from ner_engine.feedback import Correction
from ner_engine.feedback.masking import masked_correction
from ner_engine.service.batching import Batcher, Options
from ner_engine.service.engines import Engines
from ner_engine.service.extraction import check_text, json_response
from ner_engine.service.logs import TRAIL, Trail
from ner_engine.service.metrics import Metrics
from ner_engine.service.problems import Refusal
from ner_engine.service.routes import json_router
from ner_engine.service.schemas import FeedbackRequest, FeedbackResponse, SpanIn
from ner_engine.service.settings import Settings
from ner_engine.spans import Span, check_spans

__all__ = ["feedback_routes"]

_log = logging.getLogger(__name__)


def feedback_routes(
    engines: Engines,
    batcher: Batcher,
    settings: Settings,
    metrics: Metrics,
    *,
    keep: Callable[[Correction], Correction],
) -> APIRouter:
    """The route. ``keep`` puts a correction into the store of the settings."""
    router = json_router()

    @router.post("/v1/feedback", status_code=201, response_model=FeedbackResponse, summary="Correct a sentence")
    async def feedback(request: Request, body: FeedbackRequest) -> Response:
        """Keep a sentence with the entities it should have had, to train with once somebody approves it."""
        if not settings.feedback:
            raise Refusal("off", "corrections are not taken here")
        check_text(body.text, settings)
        live = engines.get(body.model)
        known = live.engine.labels
        for i, span in enumerate(body.entities):
            if span.label not in known:
                expected = ", ".join(known)
                raise Refusal("invalid", f"entities[{i}].label: expected one of {expected}; got {span.label!a}")
        if body.original is None:
            live, (found,) = await batcher.extract([body.text], Options(), body.model)
            original = tuple(entity.span for entity in found)
        else:
            original = _spans(body.original)
        trail: Trail | None = request.scope.get(TRAIL)
        correction = Correction(
            body.text,
            _spans(body.entities),
            original,
            datetime.now(UTC),
            bundle=live.tag,
            source="service",
            by="" if trail is None else trail.who,
            consent=body.consent,
        )
        check_spans(body.text, correction.entities)
        check_spans(body.text, correction.original)
        masked = body.mask or settings.feedback_mask
        try:
            kept = await asyncio.to_thread(_keep, keep, correction, masked=masked)
        except NerEngineError as error:  # the sentence is sound, so it is the store
            _log.error("a correction could not be written", extra={"why": str(error)})
            raise Refusal(
                "not-ready", "the correction could not be written", headers={"Retry-After": "60"}
            ) from None
        metrics.feedback()
        return json_response({"id": kept.id, "supersedes": kept.supersedes}, live=live, status=201)

    return router


def _keep(keep: Callable[[Correction], Correction], correction: Correction, *, masked: bool) -> Correction:
    return keep(masked_correction(correction) if masked else correction)


def _spans(given: Sequence[SpanIn]) -> tuple[Span, ...]:
    return tuple(Span(one.start, one.end, one.label) for one in given)
