"""What the tests of the service share: a quick engine, a bot, an application, and how to ask it."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx

from ner_engine.errors import ConfigError
from ner_engine.rules.mask import mask
from ner_engine.service.app import create_app
from ner_engine.service.engines import Engines
from ner_engine.service.logs import AccessLog
from ner_engine.service.settings import Settings
from ner_engine.spans import Entity
from tests.fake_extractor import extract

__all__ = ["Answer", "FakeBot", "FakeEngine", "Site", "ask", "site"]


class FakeEngine:
    """An engine of the lexicon: as strict about its options as the real one. ``gate`` holds it up while it is
    cleared; a text with 고장 in it fails."""

    labels = ("PS", "LC", "OG", "DT", "TI", "QT", "FOOD")
    min_score = 0.0

    def __init__(self, name: str = "fake", version: str = "1") -> None:
        self.bundle = SimpleNamespace(name=name, state=f"0.1.0/{version}")
        self.batches: list[list[str]] = []
        self.gate = threading.Event()
        self.gate.set()

    def extract(self, text: str, **options: Any) -> list[Entity]:
        return next(self.pipe([text], **options))

    def pipe(
        self, texts: Any, *, batch_size: int = 64, labels: Any = None, min_score: Any = None, now: Any = None
    ) -> Iterator[list[Entity]]:
        texts = list(texts)
        self.batches.append(texts)
        if labels is not None and not set(labels) <= set(self.labels):
            raise ConfigError("labels: unknown")
        assert self.gate.wait(10)
        for text in texts:
            if "고장" in text:
                raise RuntimeError(f"고장: {text}")
            found = [e for e in extract(text) if labels is None or e.label in labels]
            yield [e for e in found if e.score >= (min_score or 0)]

    def recalls(self, texts: Any) -> bool:
        return False

    def mask(self, text: str, **options: Any) -> Any:
        return mask(text, extract(text), **options)

    def explain(self, text: str, **options: Any) -> Any:
        return SimpleNamespace(to_dict=lambda: {"text": text, "kept": [], "rejected": []})


@dataclass
class Answer:
    """What the fake bot says."""

    reply: str
    entities: tuple[Entity, ...] = ()
    state: Any = field(default_factory=lambda: SimpleNamespace(to_dict=lambda: {"turn": 1}))
    actions: tuple[Any, ...] = ()
    understood: bool = True


class FakeBot:
    """A bot that repeats what it is told, when its ``gate`` is open."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str | None, str]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None
        self.reply = ""

    def welcome(self, session: str) -> Answer:
        self.said.append((session, None, ""))
        return Answer("어서 오세요!")

    def say(self, session: str, text: str, *, message_id: str = "") -> Answer:
        self.said.append((session, text, message_id))
        assert self.gate.wait(10)
        if self.error is not None:
            raise self.error
        return Answer(self.reply or f"{text}, 맞으시죠?", tuple(extract(text)))


@dataclass
class Site:
    """An application and what it is made of."""

    app: Any
    engine: FakeEngine
    engines: Engines
    bot: FakeBot
    written: io.StringIO

    def lines(self) -> list[dict[str, Any]]:
        """The log of requests so far."""
        self.app.state.service.log.flush()
        return [json.loads(line) for line in self.written.getvalue().splitlines()]


def site(folder: Path, *, callbacks: Any = None, engines: Engines | None = None, **settings: Any) -> Site:
    """An application with the fake engine and bot."""
    made: dict[str, FakeEngine] = {}

    def open_engine(source: str) -> Any:
        made[source] = FakeEngine(source)
        return made[source]

    # a fake engine that is held up would hold the event loop up too
    usual = {"feedback": str(folder / "feedback.jsonl"), "at_once": 0, "hosts": ("service", "127.0.0.1", "x")}
    chosen = Settings(**(usual | settings))
    engines = engines or Engines(chosen.models, open_engine)
    bot, written = FakeBot(), io.StringIO()
    app = create_app(chosen, engines=engines, bot=bot, callbacks=callbacks, access_log=AccessLog(written))
    for engine in made.values():
        engine.batches.clear()  # that of the trial
    return Site(app, next(iter(made.values()), None), engines, bot, written)  # type: ignore[arg-type]


def ask(app: Any, talk: Callable[[httpx.AsyncClient], Awaitable[Any]]) -> Any:
    """What comes of talking to an application, in one event loop from its start to its end."""

    async def run() -> Any:
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
                return await talk(client)

    return asyncio.run(run())
