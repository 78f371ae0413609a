"""Rule-based chatbots on top of an entity extractor.

    bot = Bot(load_rules("clinic"), engine.extract)            # or a rule file of your own
    bot.say("session-1", "내일 오전에 예약하고 싶어요").reply

Underneath are two pure functions; whoever wants no bot that runs things calls them:

    turn = respond(rules, State(), text, engine.extract(text), now=datetime.now())
    turn.reply, turn.state, turn.actions           # what is to be done: conclude() is told what came of it

Utterances and entities go in, replies come out; the extractor is the caller's, and nothing here imports one.
"""

from __future__ import annotations

from ner_engine.chatbot.action.calls import ActionCall, Outcome
from ner_engine.chatbot.bot import Answer, Bot
from ner_engine.chatbot.console import Speech, converse
from ner_engine.chatbot.dialogue import Trace, Turn, conclude, farewell, respond, welcome
from ner_engine.chatbot.rulefile.reading import load_rules, shipped_bots
from ner_engine.chatbot.rules import Rules
from ner_engine.chatbot.state import State

__all__ = [
    "ActionCall",
    "Answer",
    "Bot",
    "Outcome",
    "Rules",
    "Speech",
    "State",
    "Trace",
    "Turn",
    "conclude",
    "converse",
    "farewell",
    "load_rules",
    "respond",
    "shipped_bots",
    "welcome",
]
