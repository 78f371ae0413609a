"""A new bot: a name and a folder in; a rule file, its schema and a transcript written there, their paths out."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from ner_engine.chatbot.rulefile.reading import shipped_bots
from ner_engine.chatbot.schema import schema_path
from ner_engine.errors import ConfigError

__all__ = ["bot_texts", "new_bot"]

_NAME = re.compile("[a-z][a-z0-9-]*")


def new_bot(name: str, folder: Path) -> tuple[Path, ...]:
    """Write a bot that can be talked to at once: the rule file, the schema beside it, a transcript.

    Raises ConfigError for a name that is none or taken, and for a folder that is there already.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(f"expected a name of small letters, digits and hyphens; got {name!r}")
    if name in shipped_bots():
        raise ConfigError(f"the name {name!r} is that of a bot that comes with the package; choose another")
    if folder.exists():
        raise ConfigError("exists; expected a new folder", path=folder)
    (folder / "transcripts").mkdir(parents=True)
    texts = bot_texts(name)
    for place, text in texts.items():
        (folder / place).write_text(text, encoding="utf-8")
    return tuple(folder / place for place in texts)


def bot_texts(name: str) -> dict[str, str]:
    """The files of a new bot by their place in its folder, the rule file first."""
    return {
        f"{name}.yaml": _template("bot.yaml").replace("RULE-FILE", f"{name}.yaml").replace("BOT-NAME", name),
        schema_path().name: schema_path().read_text(encoding="utf-8"),
        "transcripts/01_reservation.txt": _template("transcript.txt").replace("BOT-NAME", name),
    }


def _template(name: str) -> str:
    return (resources.files("ner_engine.chatbot") / "scaffolding" / name).read_text(encoding="utf-8")
