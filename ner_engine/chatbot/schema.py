"""Where the JSON Schema of rule files is: what editors complete and check them with."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

__all__ = ["schema_path"]


def schema_path() -> Path:
    """The schema that comes with the package."""
    return Path(str(resources.files("ner_engine.chatbot") / "rules.schema.json"))
