"""What is said at the console as rich shows it: a Speech in, a Text out."""

from __future__ import annotations

from rich.text import Text

from ner_engine.chatbot.console import Speech
from ner_engine.chatbot.pages import summary
from ner_engine.cli.colours import colour_of, visible

__all__ = ["painted_speech"]

_STYLES = {"bot": "bold cyan", "info": "dim"}


def painted_speech(speech: Speech, *, prompt: str = "> ") -> Text:
    """The words in their colour. What the user said has its entities marked, and under it what they mean."""
    if speech.kind != "echo":
        return Text(visible(speech.text), style=_STYLES[speech.kind])
    shown = Text(prompt + visible(speech.text))
    for entity in speech.entities:
        start = len(prompt) + entity.start
        shown.stylize(f"bold {colour_of(entity.label)}", start, start + entity.end - entity.start)
    if speech.entities:
        shown.append(f"\n  {visible(summary(speech.entities))}", style="dim")
    return shown
