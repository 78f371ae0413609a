"""A rule-based restaurant chatbot on top of an entity extractor.

    rules = load_rules()                                       # or a rule file of your own
    turn = respond(rules, State(), text, engine.extract(text), now=datetime.now())
    turn.reply, turn.state

Utterances and entities go in, replies come out; the extractor is the caller's, and nothing here imports one.
"""

from __future__ import annotations

from ner_engine.chatbot.console import Speech, converse
from ner_engine.chatbot.dialogue import Trace, Turn, farewell, respond, welcome
from ner_engine.chatbot.rulefile import default_rules_path, load_rules
from ner_engine.chatbot.rules import Rules
from ner_engine.chatbot.state import State

__all__ = [
    "Rules",
    "Speech",
    "State",
    "Trace",
    "Turn",
    "converse",
    "default_rules_path",
    "farewell",
    "load_rules",
    "respond",
    "welcome",
]
