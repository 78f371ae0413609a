"""``python -m ner_engine``: the ``ner-engine`` command."""

from __future__ import annotations

from ner_engine.cli import main

if __name__ == "__main__":
    main()
