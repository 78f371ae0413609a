"""``POST /kakao/skill``: a skill request of Kakao i Open Builder in, a skill response 2.0 out.

An answer has to be there within five seconds. What takes longer is sent to the request's ``callbackUrl`` when it
is ready, where there is one and its host is one of those that may be called; else the user is asked to come
again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import httpx
from fastapi import APIRouter, Request, Response

from ner_engine.service.batching import Overloaded
from ner_engine.service.conversation import BotAnswer, Turns
from ner_engine.service.engines import Engines
from ner_engine.service.extraction import json_response
from ner_engine.service.logs import TRAIL, failure
from ner_engine.service.problems import refusal_of
from ner_engine.service.routes import json_router
from ner_engine.service.schemas import KakaoRequest, KakaoResponse
from ner_engine.service.settings import Settings

__all__ = ["Callbacks", "kakao_routes", "may_be_called", "skill_response"]

LATE = "답을 준비하는 데 시간이 조금 걸리고 있어요. 잠시 뒤에 다시 말씀해 주세요."
SOON = "확인하고 있어요. 잠시만 기다려 주세요."
BUSY = "지금 이용하시는 분이 많아요. 잠시 뒤에 다시 말씀해 주세요."
FAILED = "죄송해요, 답을 드리지 못했어요. 잠시 뒤에 다시 말씀해 주세요."
LONG = "말씀이 너무 길어서 다 읽지 못했어요. 조금 짧게 말씀해 주세요."
_TEXT_UNITS, _TEXTS = 1000, 3
_LABEL_UNITS, _REPLIES = 14, 10
_CALLBACK_VALID_S = 55.0  # an address for an answer lives a minute
_CALLBACK_TIMEOUT_S = 5.0
_log = logging.getLogger(__name__)


class Callbacks:
    """Answers that are sent after their request was answered."""

    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        self._client = client
        self._sending: set[asyncio.Task[None]] = set()

    def send(self, url: str, turn: asyncio.Future[BotAnswer], settings: Settings, request_id: str) -> None:
        """When the turn is done, send its answer to ``url``."""
        task = asyncio.create_task(self._send(url, turn, settings, request_id))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def close(self) -> None:
        """Wait for what is still to be sent."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=_CALLBACK_VALID_S)
        if self._client is not None:
            await self._client.aclose()

    async def _send(self, url: str, turn: asyncio.Future[BotAnswer], settings: Settings, request_id: str) -> None:
        body = await _answered(turn, settings, _CALLBACK_VALID_S)
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=_CALLBACK_TIMEOUT_S, follow_redirects=False, trust_env=False)
        try:
            (await self._client.post(url, json=body or _said(LATE))).raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            _log.warning("callback failed", extra={"request_id": request_id, "why": type(error).__name__})


def kakao_routes(turns: Turns, engines: Engines, callbacks: Callbacks, settings: Settings) -> APIRouter:
    """The route, for the application to include."""
    router = json_router()

    @router.post(
        "/kakao/skill", response_model=KakaoResponse, response_model_exclude_none=True, summary="A Kakao skill"
    )
    async def skill(body: KakaoRequest, request: Request) -> Response:
        """Answer what somebody said in KakaoTalk; an empty utterance is greeted."""
        trail = request.scope[TRAIL]
        live = engines.get()
        trail.model, trail.texts = live.tag, 1
        utterance = body.userRequest.utterance.strip()
        if len(utterance) > settings.max_text_chars:
            return json_response(_said(LONG), live=live)
        session = ":".join(filter(None, ("kakao", body.bot.id, body.userRequest.user.id)))
        try:
            turn = turns.begin(session, utterance or None)
        except Overloaded:
            return json_response(_said(BUSY), live=live)
        left = settings.kakao_timeout_s - (asyncio.get_running_loop().time() - trail.began)
        answer = await _answered(turn, settings, max(0.0, left))
        if answer is None:
            url = body.userRequest.callbackUrl
            if url and may_be_called(url, settings.kakao_callback_hosts):
                callbacks.send(url, turn, settings, trail.request_id)
                answer = {"version": "2.0", "useCallback": True, "data": {"text": SOON}}
            else:
                answer = _said(LATE)
        return json_response(answer, live=live)

    return router


async def _answered(turn: asyncio.Future[BotAnswer], settings: Settings, wait_s: float) -> dict[str, Any] | None:
    """The skill response to a turn; None where it is not done in time. Raises the caller's own errors."""
    await asyncio.wait({turn}, timeout=wait_s)
    if not turn.done():
        return None
    error = turn.exception()
    if error is None:
        return skill_response(turn.result(), settings.kakao_quick_replies)
    if isinstance(error, Exception) and refusal_of(error) is not None:
        raise error
    _log.error("turn failed", extra=failure(error))
    return _said(FAILED)


def skill_response(answer: BotAnswer, quick_replies: Sequence[str] = ()) -> dict[str, Any]:
    """An answer of the bot as Kakao shows it: up to three bubbles, quick replies, and the entities as data.

    In ``data`` each label stands for what was said, to be used as ``{{#webhook.DT}}`` in a block; ``entities``
    are all of them, whole.
    """
    data: dict[str, Any] = {}
    for entity in answer.entities:
        data[entity.label] = f"{data[entity.label]}, {entity.text}" if entity.label in data else entity.text
    data["entities"] = [entity.to_dict() for entity in answer.entities]
    template: dict[str, Any] = {"outputs": [{"simpleText": {"text": one}} for one in bubbles(answer.reply)]}
    replies = tuple(getattr(answer, "quick_replies", ())) or tuple(quick_replies)
    if replies:
        template["quickReplies"] = [
            {"label": _cut(one, _LABEL_UNITS)[0].rstrip(), "action": "message", "messageText": one}
            for one in replies[:_REPLIES]
        ]
    return {"version": "2.0", "template": template, "data": data}


def bubbles(reply: str) -> list[str]:
    """A reply in at most three texts of at most 1000 characters, cut between lines or words where that goes."""
    found: list[str] = []
    rest = reply.strip() or "…"
    while rest and len(found) < _TEXTS:
        head, rest = _cut(rest, _TEXT_UNITS)
        if rest:
            at = max(head.rfind("\n"), head.rfind(" ") if "\n" not in head[len(head) // 2 :] else -1)
            if at > len(head) // 2:
                head, rest = head[:at], head[at:] + rest
        found.append(head.rstrip() or "…")
        rest = rest.lstrip()
    if rest:
        found[-1] = _cut(found[-1], _TEXT_UNITS - 1)[0] + "…"
    return found


def _cut(text: str, units: int) -> tuple[str, str]:
    """The beginning of a text that takes at most so many UTF-16 units, as Kakao counts, and the rest."""
    head = text[:units].encode("utf-16-le")[: units * 2].decode("utf-16-le", "ignore")
    return head, text[len(head) :]


def _said(text: str) -> dict[str, Any]:
    return {"version": "2.0", "template": {"outputs": [{"simpleText": {"text": text}}]}}


def may_be_called(url: str, hosts: Sequence[str]) -> bool:
    """Whether an answer may be sent there: https, the usual port, nobody's name in it, and one of the hosts."""
    try:
        given = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError):
        return False
    if given.scheme != "https" or given.userinfo or given.port not in (None, 443):
        return False
    return any(given.host == host or given.host.endswith("." + host) for host in hosts)
