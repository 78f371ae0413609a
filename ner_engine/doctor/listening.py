"""The service: are its settings in order, and could it listen where it would?"""

from __future__ import annotations

import errno
import http.client
import json
import os
import socket
from collections.abc import Iterator, Mapping

from ner_engine.doctor.asked import Asked
from ner_engine.doctor.finding import FAIL, OK, WARN, Finding
from ner_engine.doctor.mending import ours, setting
from ner_engine.errors import ConfigError
from ner_engine.service.settings import PREFIX, Settings, read_settings

__all__ = ["port", "settings"]

_NEXT = 20


def settings(asked: Asked) -> Iterator[Finding]:
    """What the environment sets: ``NER_ENGINE_*``, which ``ner-engine serve`` reads."""
    given = sorted(key for key in os.environ if key.startswith(PREFIX))
    wrong = 0
    for key in given:
        try:
            read_settings(environment={key: os.environ[key]})
        except ConfigError as error:
            wrong += 1
            yield Finding("settings", WARN, str(error), subject=key, mend=setting(key, ""))
    if not wrong:
        shown = f"set here: {', '.join(given)}" if given else "none set here: the defaults hold"
        yield Finding("settings", OK, shown, facts={"variables": given})


def settings_here(environment: Mapping[str, str]) -> Settings | None:
    """The settings that the environment makes, or None where it makes none."""
    try:
        return read_settings(environment=environment)
    except ConfigError:
        return None


def port(asked: Asked) -> Iterator[Finding]:
    """The port of ``ner-engine serve``."""
    settings = settings_here(os.environ) or Settings()
    host, number = asked.host or settings.host, asked.port or settings.port
    place = f"[{host}]:{number}" if ":" in host else f"{host}:{number}"
    facts = {"host": host, "port": number}
    problem = _cannot(host, number)
    if problem is None:
        yield Finding("port", OK, f"{place} is free for ner-engine serve", facts=facts)
    elif problem == errno.EADDRINUSE and _answers(host, number):
        yield Finding("port", OK, f"{place}: the service is running here", facts=facts)
    elif problem == errno.EADDRINUSE:
        others = range(number + 1, min(number + _NEXT, 65536))
        free = next((other for other in others if _cannot(host, other) is None), 0)
        message = f"{place} is in use by another program"
        yield Finding("port", WARN, message, mend=ours("serve", "--port", str(free)), facts=facts)
    elif problem == errno.EACCES:
        message = f"{place}: this user may not listen there"
        yield Finding("port", WARN, message, mend=ours("serve", "--port", "8000"), facts=facts)
    else:
        message = f"{place}: expected an address of this machine"
        yield Finding("port", FAIL, message, mend=ours("serve", "--host", "127.0.0.1"), facts=facts)


def _cannot(host: str, number: int) -> int | None:
    """The error's number where the address cannot be bound, else None. It is let go at once."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            trial.listen(1)
    except (socket.gaierror, UnicodeError):
        return errno.EADDRNOTAVAIL
    except OSError as error:
        return error.errno or errno.EADDRNOTAVAIL
    return None


def _answers(host: str, number: int) -> bool:
    """Whether what listens there says that it lives, as the service does. Asked of this machine alone."""
    local = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    connection = http.client.HTTPConnection(local, number, timeout=1.0)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return answer.status == 200 and json.loads(answer.read(1000)) == {"status": "ok"}
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
