"""``POST /v1/chat``: a message of a conversation in, the bot's reply out.

The bot's turns are taken in threads of their own, for it waits for its database; as many may be at work or wait
as the settings say. A turn that has begun is finished, whether anybody still waits for its reply or not.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from fastapi import APIRouter, Request, Response

from ner_engine.service.batching import Overloaded
from ner_engine.service.engines import Engines
from ner_engine.service.extraction import check_text, json_response
from ner_engine.service.logs import TRAIL
from ner_engine.service.problems import Refusal
from ner_engine.service.routes import json_router
from ner_engine.service.schemas import ChatRequest, ChatResponse
from ner_engine.service.settings import Settings
from ner_engine.spans import Entity

__all__ = ["BotAnswer", "Talks", "Turns", "as_json", "chat_routes"]

_THREADS = 8


class BotAnswer(Protocol):
    """What the service needs to know of a bot's answer."""

    @property
    def reply(self) -> str:
        """What is said."""

    @property
    def entities(self) -> Sequence[Entity]:
        """What was found in the message."""

    @property
    def state(self) -> Any:
        """Where the conversation stands; something with ``to_dict()``."""

    @property
    def actions(self) -> Sequence[Any]:
        """What is to be done, or was."""

    @property
    def understood(self) -> bool:
        """Whether the message made sense."""


class Talks(Protocol):
    """A bot that holds conversations. Called from several threads."""

    def welcome(self, session: str) -> BotAnswer:
        """Greet."""

    def say(self, session: str, text: str, *, message_id: str = "") -> BotAnswer:
        """Answer a message; the same ``message_id`` again gets the same reply."""


class Turns:
    """The turns of a bot that are at work or wait for a thread, ``most`` of them at a time."""

    def __init__(self, bot: Talks | None, most: int) -> None:
        self._bot, self._most = bot, most
        self._threads = ThreadPoolExecutor(min(_THREADS, most), thread_name_prefix="turns")
        self.active = 0

    def begin(self, session: str, text: str | None, message_id: str = "") -> asyncio.Future[BotAnswer]:
        """Begin a turn; without a text the bot greets. Raises Refusal where there is no bot, Overloaded.

        Whoever awaits it has to shield it: the turn goes on.
        """
        if self._bot is None:
            raise Refusal("off", "there is no chatbot here")
        if self.active >= self._most:
            raise Overloaded("too many conversations at once")
        bot = self._bot

        def take() -> BotAnswer:
            return bot.welcome(session) if text is None else bot.say(session, text, message_id=message_id)

        turn = asyncio.get_running_loop().run_in_executor(self._threads, take)
        self.active += 1
        turn.add_done_callback(self._ended)
        return turn

    async def close(self) -> None:
        """Wait for the turns that have begun."""
        while self.active:
            await asyncio.sleep(0.005)
        self._threads.shutdown(wait=False)

    def _ended(self, turn: asyncio.Future[BotAnswer]) -> None:
        self.active -= 1
        if not turn.cancelled():
            turn.exception()  # seen: whoever waited may have gone


def chat_routes(turns: Turns, engines: Engines, settings: Settings) -> APIRouter:
    """The route, for the application to include."""
    router = json_router()

    @router.post("/v1/chat", response_model=ChatResponse, summary="Talk to the chatbot")
    async def chat(body: ChatRequest, request: Request) -> Response:
        """Answer a message of a conversation; without a message, greet."""
        if body.message is not None:
            check_text(body.message, settings, "message")
        answer = await asyncio.shield(turns.begin(body.session, body.message, body.message_id))
        live = engines.get()
        trail = request.scope[TRAIL]
        trail.model, trail.texts = live.tag, 1
        if settings.log_texts and body.message:
            masked = await asyncio.to_thread(live.engine.mask, body.message, style="named")
            trail.masked.append(masked.text)
        return json_response(
            {
                "session": body.session,
                "reply": answer.reply,
                "entities": [entity.to_dict() for entity in answer.entities],
                "state": as_json(answer.state),
                "actions": [as_json(action) for action in answer.actions],
                "understood": answer.understood,
                "quick_replies": list(getattr(answer, "quick_replies", ())),
            },
            live=live,
        )

    return router


def as_json(value: Any) -> Any:
    """A value of the bot as JSON can say it."""
    if hasattr(value, "to_dict"):
        value = value.to_dict()
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): as_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(one) for one in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
