"""Korean named-entity engine for chatbots.

    import ner_engine
    engine = ner_engine.load()
    engine.extract("내일 저녁 7시에 강남역에서 김민수랑 파스타 먹자")

The names below are imported when first used, so that a part of the package costs only what it needs.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ner_engine.engine import Engine, load
    from ner_engine.errors import NerEngineError
    from ner_engine.josa import attach as attach_josa
    from ner_engine.spans import Entity, Sentence, Span

__all__ = ["Engine", "Entity", "NerEngineError", "Sentence", "Span", "__version__", "attach_josa", "load"]

__version__ = "0.1.0"

_PLACES = {
    "Engine": ("ner_engine.engine", "Engine"),
    "load": ("ner_engine.engine", "load"),
    "NerEngineError": ("ner_engine.errors", "NerEngineError"),
    "attach_josa": ("ner_engine.josa", "attach"),
    "Entity": ("ner_engine.spans", "Entity"),
    "Sentence": ("ner_engine.spans", "Sentence"),
    "Span": ("ner_engine.spans", "Span"),
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(importlib.import_module(module), attribute)
