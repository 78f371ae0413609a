"""The engine and the chatbot over HTTP: ``create_app(read_settings())`` is an ASGI application.

JSON comes in, JSON goes out. What may come in, and how much of it at a time, is decided in ``guard``; what is
answered, in ``extraction``, ``conversation``, ``feedback``, ``administration`` and ``health``. Needs the extra
``service``.
"""

from __future__ import annotations

__all__: list[str] = []
