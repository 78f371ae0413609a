"""``POST /v1/extract``: texts in, their entities out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic_core import to_json

from ner_engine.rules.mask import KINDS
from ner_engine.service.batching import Batcher, Options
from ner_engine.service.engines import Engines, Live
from ner_engine.service.logs import TRAIL
from ner_engine.service.problems import Refusal
from ner_engine.service.routes import JsonAnswer, json_router
from ner_engine.service.schemas import ExtractRequest, ExtractResponse
from ner_engine.service.settings import Settings
from ner_engine.spans import Entity
from ner_engine.values import VALUED_LABELS, Clock, moments_of, parse_at

__all__ = ["check_text", "extraction_routes", "json_response"]

_FOLLOWING = 12  # characters after an entity that may say what it is: 3일 동안
_LOGGED = 10  # texts of one request
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_PLAIN = Options()


def json_response(value: Any, *, live: Live | None = None, status: int = 200) -> Response:
    """A value as the body of an answer."""
    return JsonAnswer(to_json(value), status, () if live is None else live.headers)


def check_text(text: str, settings: Settings, where: str = "text") -> None:
    """Raises Refusal for a text that is too long."""
    if len(text) > settings.max_text_chars:
        raise Refusal(
            "text-too-long", f"{where}: expected at most {settings.max_text_chars} characters; got {len(text)}"
        )


def extraction_routes(engines: Engines, batcher: Batcher, settings: Settings) -> APIRouter:
    """The route, for the application to include."""
    router = json_router()

    @router.post("/v1/extract", response_model=ExtractResponse, summary="Entities of one text or several")
    async def extract(body: ExtractRequest, request: Request) -> Response:
        """What was said, where, what kind of thing it is, how probable, and what it means."""
        texts = [body.text] if body.text is not None else body.texts or []
        if len(texts) > settings.max_texts:
            raise Refusal("too-many-texts", f"texts: expected at most {settings.max_texts}; got {len(texts)}")
        for i, text in enumerate(texts):
            if len(text) > settings.max_text_chars:
                check_text(text, settings, "text" if body.texts is None else f"texts[{i}]")
        plain = body.labels is None and body.min_score is None and body.now is None and body.timezone is None
        options, clock = (_PLAIN, None) if plain else _options(body, engines, settings)
        live, found = await batcher.extract(texts, options, body.model)
        if clock is not None:
            found = [_valued(text, entities, clock) for text, entities in zip(texts, found, strict=True)]
        results: list[dict[str, Any]] = [
            {"text": text, "entities": [entity.to_dict() for entity in entities]}
            for text, entities in zip(texts, found, strict=True)
        ]
        if body.mask or body.explain or body.moments or body.mask_kinds:
            await _more(body, results, found, live, batcher, settings)
        trail = request.scope[TRAIL]
        trail.model, trail.texts = live.tag, len(texts)
        if settings.log_texts:
            for text in texts[:_LOGGED]:
                masked = await batcher.call(partial(live.engine.mask, text, style="named"))
                trail.masked.append(masked.text)
        return json_response({"model": live.tag, "results": results}, live=live)

    return router


def _options(body: ExtractRequest, engines: Engines, settings: Settings) -> tuple[Options, Clock | None]:
    """What the model is told, and the clock to read values by where it is not the model's. Raises Refusal."""
    if body.now is not None and not _FIRST_YEAR <= body.now.year <= _LAST_YEAR:
        raise Refusal("invalid", f"now: expected a year from {_FIRST_YEAR} to {_LAST_YEAR}; got {body.now.year}")
    labels = None
    if body.labels is not None:
        labels = frozenset(body.labels)
        known = engines.get(body.model).engine.labels
        unknown = sorted(labels.difference(known))
        if unknown:
            raise Refusal("invalid", f"labels: expected some of {', '.join(known)}; got {unknown[0]!a:.80}")
    if body.timezone is None or body.timezone == settings.timezone:
        return Options(labels, body.min_score, body.now), None
    clock = Clock.at(body.now, body.timezone)
    return Options(labels, body.min_score), clock


def _valued(text: str, entities: Sequence[Entity], clock: Clock) -> list[Entity]:
    """The entities with what they mean by another clock."""
    return [
        replace(e, value=parse_at(e.text, clock, label=e.label, following=text[e.end : e.end + _FOLLOWING]))
        if e.label in VALUED_LABELS
        else e
        for e in entities
    ]


async def _more(
    body: ExtractRequest,
    results: list[dict[str, Any]],
    found: Sequence[Sequence[Entity]],
    live: Live,
    batcher: Batcher,
    settings: Settings,
) -> None:
    """What else was asked for of each text. Raises Refusal."""
    kinds = tuple(KINDS) if body.mask_kinds is None else tuple(body.mask_kinds)
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown:
        raise Refusal("invalid", f"mask_kinds: expected some of {', '.join(KINDS)}; got {unknown[0]!a:.80}")
    if body.mask_kinds is not None and body.mask is None:
        raise Refusal("invalid", "mask: expected a style beside mask_kinds")
    clock = Clock.at(body.now, body.timezone or settings.timezone)

    def work(text: str, entities: Sequence[Entity]) -> dict[str, Any]:
        more: dict[str, Any] = {}
        if body.mask is not None:
            more["masked"] = live.engine.mask(text, kinds=kinds, style=body.mask).to_dict()
        if body.explain:
            why = live.engine.explain(text, labels=body.labels, min_score=body.min_score)
            more["explanation"] = why.to_dict()
        if body.moments:
            more["moments"] = [moment.to_dict() for moment in moments_of(text, entities, clock)]
        return more

    for result, entities in zip(results, found, strict=True):
        result.update(await batcher.call(partial(work, result["text"], entities)))
