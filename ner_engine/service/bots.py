"""The chatbot behind the service: settings and engines in, a bot that several threads may talk to out."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI

from ner_engine.chatbot import Bot, load_rules
from ner_engine.service.app import create_app
from ner_engine.service.engines import Engines, open_engines
from ner_engine.service.settings import Settings
from ner_engine.spans import Entity

__all__ = ["create_whole_app", "open_bot"]


def open_bot(settings: Settings, engines: Engines) -> Bot:
    """The bot of the settings, on the default model as it is at each turn, so that a reload reaches it too.

    Conversations are kept in ``settings.database``, without one in memory. Raises NerEngineError for rules or a
    database that cannot be had.
    """
    rules = load_rules(settings.bot or None)

    def extract(text: str) -> Sequence[Entity]:
        return engines.get().engine.extract(text)

    if not settings.database:
        return Bot(rules, extract)
    from ner_engine.chatbot.store.database import Store

    return Bot(rules, extract, store=Store.open(settings.database))


def create_whole_app(settings: Settings) -> FastAPI:
    """``create_app`` with the engines and the bot of the settings."""
    engines = open_engines(settings)
    return create_app(settings, engines=engines, bot=open_bot(settings, engines))
