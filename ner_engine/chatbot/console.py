"""The console conversation: lines in, speech out, through an iterator and a callable; nothing is printed here.

``converse`` greets, answers line by line, obeys the slash commands, and takes its leave when the lines end or the
user breaks off. What it says comes with a kind, so that the caller may colour it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ner_engine.chatbot.bot import Answer, Bot
from ner_engine.chatbot.correction.correcting import Correcting, Corrector
from ner_engine.chatbot.dialogue import farewell
from ner_engine.chatbot.pages import (
    Exchange,
    recognised,
    show_entities,
    show_history,
    show_state,
    show_why,
    transcript_of,
)
from ner_engine.chatbot.state import State
from ner_engine.errors import NerEngineError
from ner_engine.feedback import LazyStore
from ner_engine.spans import Entity

__all__ = ["COMMANDS", "Speech", "Tagger", "converse"]

COMMANDS = {
    "/help": "쓸 수 있는 명령을 보여 줍니다",
    "/entities": "방금 한 말에서 찾은 개체명을 보여 줍니다",
    "/why": "방금 대답이 어느 규칙에서 나왔는지 보여 줍니다",
    "/state": "열린 양식과 채운 칸을 보여 줍니다",
    "/history": "지금까지 나눈 말을 보여 줍니다",
    "/fix": "방금 한 말의 개체명을 고쳐 학습 자료로 저장합니다",
    "/save": "지금까지의 대화를 파일로 저장합니다 (/save 파일)",
    "/reset": "대화를 처음부터 다시 시작합니다",
    "/quit": "대화를 끝냅니다",
}
_NOTHING_SAID = "아직 하신 말씀이 없어요."


@dataclass(frozen=True, slots=True)
class Speech:
    """Something to show.

    ``kind`` is ``"bot"`` for the bot's words, ``"info"`` for what a command shows, ``"echo"`` for what the user
    said, with the ``entities`` in it.
    """

    kind: str
    text: str
    entities: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True)
class Tagger:
    """What the console knows of the extractor behind the bot.

    ``labels`` are those a correction may give (none: any), ``bundle`` is the model's name, ``explain`` tells why
    a text was read as it was, ``name`` is what a transcript calls the extractor (``""``: it does not say).
    ``version`` is what a correction notes of the bundle, where that is more than its name.
    """

    labels: tuple[str, ...] = ()
    bundle: str = ""
    explain: Callable[[str], object] | None = None
    name: str = ""
    version: str = ""


def converse(
    bot: Bot,
    lines: Iterable[str],
    say: Callable[[Speech], None],
    *,
    clock: Callable[[], datetime],
    session: str = "console",
    seed: int = 0,
    echo: Callable[[str], Sequence[Entity]] | None = None,
    tagger: Tagger | None = None,
    corrections: str | Path = "",
    corrector: Corrector | None = None,
    earlier: Sequence[tuple[str, str]] = (),
) -> State:
    """Hold a whole conversation and return the state it ended in.

    With ``echo``, which finds entities, every line is said back with them before it is answered. /fix saves to
    the store ``corrections`` (see ``feedback.LazyStore``), as ``corrector``. ``seed`` is the bot's, for /save;
    ``earlier`` are texts and replies of the session from before, for /history. Raises StoreError where the
    conversation cannot begin.
    """
    known, store = tagger or Tagger(), LazyStore(corrections)
    talk = _Conversation(
        bot,
        say,
        session=session,
        clock=clock,
        echo=echo,
        tagger=known,
        correcting=Correcting(
            store, labels=known.labels, bundle=known.version or known.bundle, corrector=corrector
        ),
        seed=seed,
        earlier=earlier,
    )
    talk.greet(bot.welcome(session))
    try:
        for line in lines:
            if not talk.hear(line.rstrip("\r\n")):
                break
    except KeyboardInterrupt:
        pass
    finally:
        store.close()
    return talk.end()


class _Conversation:
    """One conversation at the console: what was said, what came of it, and the correction in hand."""

    def __init__(
        self,
        bot: Bot,
        say: Callable[[Speech], None],
        *,
        session: str,
        clock: Callable[[], datetime],
        echo: Callable[[str], Sequence[Entity]] | None,
        tagger: Tagger,
        correcting: Correcting,
        seed: int,
        earlier: Sequence[tuple[str, str]],
    ) -> None:
        self._bot, self._say, self._session, self._clock = bot, say, session, clock
        self._echo, self._tagger, self._seed = echo, tagger, seed
        self._correcting = correcting
        self._earlier = earlier
        self._exchanges: list[Exchange] = []  # the greeting, and what followed it
        self._state = State(seed=seed)
        self._last: tuple[str, Answer] | None = None
        self._pages: Mapping[str, Callable[[str], str]] = {
            "/help": lambda _: "\n".join(f"{name:<10} {what}" for name, what in COMMANDS.items()),
            "/entities": self._entities,
            "/why": self._why,
            "/state": lambda _: show_state(self._state, bot.rules),
            "/history": lambda _: show_history(self._earlier, self._exchanges),
            "/fix": lambda rest: self._correcting.obey(rest, at=clock()),
            "/save": self._save,
        }

    def greet(self, answer: Answer) -> None:
        """Begin, or begin anew."""
        self._last = None
        self._turn_to("", ())
        self._state = answer.state
        self._exchanges = [Exchange("", answer.reply, self._clock())]
        self._say(Speech("bot", answer.reply))

    def hear(self, text: str) -> bool:
        """Answer a line, or do what it commands; False for the wish to end."""
        name, _, rest = text.strip().partition(" ")
        name = name.lower()
        try:
            self._say_back(text, command=name.startswith("/"))
            if name == "/quit":
                return False
            if name == "/reset":
                self.greet(self._bot.reset(self._session))
            elif name in self._pages:
                self._say(Speech("info", self._pages[name](rest.strip())))
            elif name.startswith("/"):
                known = " ".join(COMMANDS)
                self._say(Speech("info", f"모르는 명령이에요: {name} (쓸 수 있는 명령: {known})"))
            else:
                self._answer(text)
        except NerEngineError as error:  # a database that is busy or gone: the talk goes on
            self._say(Speech("info", f"못 했어요: {error}"))
        return True

    def _say_back(self, text: str, *, command: bool) -> None:
        if self._echo is None or not text.strip():
            return
        rules = self._bot.rules
        plain = command or len(text) > rules.max_chars
        self._say(Speech("echo", text, () if plain else recognised(rules, text, self._echo(text))))

    def end(self) -> State:
        """Take leave."""
        self._turn_to("", ())
        answer = self._bot.farewell(self._session)
        self._say(Speech("bot", answer.reply))
        return answer.state

    def _answer(self, text: str) -> None:
        answer = self._bot.say(self._session, text)
        self._turn_to(text, answer.entities)
        self._last, self._state = (text, answer), answer.state
        done = tuple((call.name, outcome) for call, outcome in zip(answer.actions, answer.outcomes, strict=True))
        self._exchanges.append(Exchange(text, answer.reply, self._clock(), done))
        self._say(Speech("bot", answer.reply))

    def _turn_to(self, text: str, entities: Sequence[Entity]) -> None:
        if unsaved := self._correcting.turn_to(text, entities):
            self._say(Speech("info", unsaved))

    def _entities(self, _: str) -> str:
        if self._last is None:
            return _NOTHING_SAID
        text, answer = self._last
        return show_entities(recognised(self._bot.rules, text, answer.entities))

    def _why(self, _: str) -> str:
        if self._last is None:
            return _NOTHING_SAID
        text, answer = self._last
        explain = self._tagger.explain
        known = explain is not None and text.strip() and len(text) <= self._bot.rules.max_chars
        explanation = str(explain(text)) if explain is not None and known else ""
        actions = tuple(zip(answer.actions, answer.outcomes, strict=True))
        return show_why(answer.trace, self._bot.rules, actions=actions, explanation=explanation)

    def _save(self, given: str) -> str:
        if not given:
            return "어느 파일에 저장할지 알려 주세요. (예: /save talk.txt)"
        path = Path(given).expanduser()
        bundle = self._tagger.bundle
        written = transcript_of(
            self._exchanges,
            leave=farewell(self._bot.rules, self._state, now=self._clock()).reply,
            bot=self._bot.rules.name,
            seed=self._seed,
            extractor=self._tagger.name,
            remark=f"bundle: {bundle}" if bundle else "",
        )
        try:
            with path.open("x", encoding="utf-8", errors="replace", newline="\n") as file:
                file.write(written)
        except FileExistsError:
            return f"벌써 있는 파일이에요: {path}"
        except OSError as error:
            return f"{path}: 저장하지 못했어요. ({error.strerror or error})"
        return f"저장했어요: {path} ({len(self._exchanges) - 1}마디)"
