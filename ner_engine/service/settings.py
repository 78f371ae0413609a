"""What the service is started with: a TOML file, the environment and flags in, one frozen ``Settings`` out.

Each source overrides the one before it: the defaults below, the file, ``NER_ENGINE_<KEY>`` in the environment,
flags. Every key may come from each of them; one that is not known is refused with the place it stands in.
"""

from __future__ import annotations

import json
import re
import tomllib
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from ner_engine.errors import ConfigError
from ner_engine.pointer import split_name
from ner_engine.values import SEOUL, Clock

__all__ = ["PREFIX", "LogLevel", "Settings", "read_settings"]

PREFIX = "NER_ENGINE_"
_OF_OTHERS = frozenset({"NER_ENGINE_BY", "NER_ENGINE_DB"})  # what the other commands read

LogLevel = Literal["debug", "info", "warning", "error"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PASSWORD = re.compile(r"(?<=://)([^/@\s]*):[^/@\s]*@")
_SECRET_PARAMETER = re.compile(r"(?i)([?&;][^=&;]*(?:password|passwd|secret|token|key)[^=&;]*=)[^&;]*")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be chosen.

    ``models`` are pairs of a name and the bundle behind it (a name, ``name@version`` or a path); the first is the
    default unless ``default_model`` says another. ``registry`` is where their versions are kept. Empty texts
    switch off what they name: without a ``database`` conversations end with the service, ``feedback`` takes none,
    ``keys`` asks for none. A limit per second of 0 is none.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    insecure: bool = False  # listen beyond this machine without keys
    hosts: tuple[str, ...] = ()  # what a client may call the service; none given: see ``admitted_hosts``

    models: tuple[tuple[str, str], ...] = (("ko-chat", "ko-chat"),)
    default_model: str = ""
    registry: str = ""  # "" is ./models
    rules: tuple[str, ...] = ()
    timezone: str = SEOUL
    threads: int = 1

    bot: str = ""  # a rule file or the name of a shipped bot; "" is the chatbot's own default
    database: str = ""
    feedback: str = "feedback.db"  # a file of SQLite, a database URL, or FILE.jsonl
    feedback_mask: bool = False  # personal data is taken out of every correction, not only where it is asked
    keys: str = ""
    cors_origins: tuple[str, ...] = ()

    window_ms: float = 2.0
    max_batch: int = 64
    max_waiting: int = 512  # texts that wait for the model, in one worker
    at_once: int = 16  # so many short texts the event loop reads itself; more go to a thread beside it
    recall: int = 4096  # short texts remembered with what the model found in them, in one worker

    max_body_bytes: int = 1_000_000
    max_buffered_bytes: int = 64_000_000  # of bodies that are still arriving, together
    max_text_chars: int = 5_000
    max_texts: int = 256
    max_concurrent: int = 128  # requests at work, in one worker
    max_connections: int = 1024  # open at a time, in one worker
    max_turns: int = 32  # turns of conversations at work or waiting, in one worker
    rate_per_s: float = 0.0  # per client: its key, or its address
    rate_burst: int = 50
    header_timeout_s: float = 10.0  # for a request line and headers
    read_timeout_s: float = 10.0
    keep_alive_s: float = 75.0  # how long a connection may lie idle
    request_timeout_s: float = 15.0
    shutdown_timeout_s: float = 30.0

    kakao_timeout_s: float = 4.5
    kakao_callback_hosts: tuple[str, ...] = ("kakao.com",)  # these, and hosts below them
    kakao_quick_replies: tuple[str, ...] = ()

    log_level: LogLevel = "info"
    log_texts: bool = False  # masked

    def __post_init__(self) -> None:
        _check(self)

    @property
    def default(self) -> str:
        """The name of the model that answers where a request names none."""
        return self.default_model or self.models[0][0]

    @property
    def admitted_hosts(self) -> frozenset[str] | None:
        """The names a request may be addressed to, without their port (None: any).

        Where only this machine can ask and nobody needs a key, its own names: else a page of another site could
        have its name lead to this machine and then ask as if it were ours (DNS rebinding).
        """
        if self.hosts:
            return frozenset(host.lower() for host in self.hosts)
        if self.keys or self.insecure:
            return None
        return frozenset({"localhost", "127.0.0.1", "[::1]", self.host.lower()})

    def shown(self) -> str:
        """The settings as the TOML file that would give them, passwords left out."""
        lines = []
        for key in (f.name for f in fields(self) if f.name != "models"):
            value = getattr(self, key)
            lines.append(f"{key} = {_toml(_without_secrets(value) if isinstance(value, str) else value)}")
        lines += ["", "[models]"]
        lines += [f"{json.dumps(name, ensure_ascii=False)} = {_toml(path)}" for name, path in self.models]
        return "\n".join(lines) + "\n"


def read_settings(
    config: str | Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Settings:
    """The settings of a TOML file, ``NER_ENGINE_*`` of ``environment``, and ``flags``, the later the stronger.

    A flag that is None was not given; the others have the type of their key, or are written as in the
    environment. Raises ConfigError, with the file, variable or flag, for an unknown key or an unfit value.
    """
    values: dict[str, Any] = {}
    if config is not None:
        values |= _from_file(Path(config))
    known = _readers()
    for variable, written in sorted((environment or {}).items()):
        if not variable.startswith(PREFIX):
            continue
        key = variable[len(PREFIX) :].lower()
        if variable in _OF_OTHERS:
            continue
        if key not in known:
            raise ConfigError(f"{variable}: unknown; expected {PREFIX} and one of {', '.join(known).upper()}")
        values[key] = _parsed(key, written, variable)
    for key, value in (flags or {}).items():
        if value is None:
            continue
        flag = "--" + key.replace("_", "-")
        if key not in known:
            raise ConfigError(f"{flag}: unknown; expected one of {', '.join(known)}")
        values[key] = _parsed(key, value, flag) if isinstance(value, str) else _typed(key, value, flag)
    return Settings(**values)


def _from_file(path: Path) -> dict[str, Any]:
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"expected a readable TOML file; {error.strerror or error}", path=path) from None
    except ValueError as error:
        raise ConfigError(f"expected TOML; {error}", path=path) from None
    known = _readers()
    for key in written:
        if key not in known:
            raise ConfigError(f"unknown key {key!r}; expected one of {', '.join(known)}", path=path)
    return {key: _typed(key, value, str(path) + f": {key}") for key, value in written.items()}


def _readers() -> dict[str, Any]:
    return typing.get_type_hints(Settings)


def _typed(key: str, value: Any, where: str) -> Any:
    """A value as TOML or a flag gives it, in the type of its key."""
    hint = _readers()[key]
    if key == "models":
        pairs = value.items() if isinstance(value, Mapping) else value
        if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
            pairs = [_model(one) for one in value]
        try:
            return tuple((str(name), str(path)) for name, path in pairs)
        except (TypeError, ValueError):
            raise ConfigError(f"{where}: expected a table of name = path; got {value!r:.80}") from None
    if hint == tuple[str, ...]:
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise ConfigError(f"{where}: expected a list of texts; got {value!r:.80}")
        return tuple(value)
    if hint is float and type(value) is int:
        return float(value)
    wanted = str if hint == LogLevel else hint
    if type(value) is not wanted:
        raise ConfigError(f"{where}: expected {_KINDS[wanted]}; got {value!r:.80}")
    return value


_KINDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
_SWITCHES = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


def _parsed(key: str, written: str, where: str) -> Any:
    """A value as the environment gives it: lists and models are parted by commas."""
    hint = _readers()[key]
    if key == "models" or hint == tuple[str, ...]:
        return _typed(key, [one.strip() for one in written.split(",") if one.strip()], where)
    readers: dict[Any, Callable[[str], Any]] = {
        int: int,
        float: float,
        bool: lambda text: _SWITCHES[text.strip().lower()],
    }
    try:
        return readers.get(hint, str)(written)
    except (ValueError, KeyError):
        raise ConfigError(f"{where}: expected {_KINDS[hint]}; got {written!r:.80}") from None


def _model(written: str) -> tuple[str, str]:
    """``name=path``; a bundle's name alone, or with a version, stands for itself, a path for its last part."""
    name, sign, path = written.partition("=")
    return (name.strip(), path.strip()) if sign else (Path(split_name(written)[0]).name, written)


def _check(settings: Settings) -> None:
    def refuse(key: str, expected: str) -> typing.NoReturn:
        shown = _without_secrets(str(getattr(settings, key)))
        raise ConfigError(f"{key}: expected {expected}; got {shown!r:.80}")

    if not settings.host.strip():
        refuse("host", "an address to listen on")
    if not 0 <= settings.port < 65536:
        refuse("port", "a number from 0 to 65535")
    names = [name for name, _ in settings.models]
    if not names or len(set(names)) < len(names) or not all(map(_NAME.fullmatch, names)):
        refuse("models", "at least one name = path, each name once, of letters, digits, '.', '_' and '-'")
    if not all(path.strip() for _, path in settings.models):
        refuse("models", "the name or path of a bundle after each name")
    if settings.default not in names:
        refuse("default_model", f"one of {', '.join(names)}")
    for key in _AT_LEAST_ONE:
        if getattr(settings, key) < 1:
            refuse(key, "at least 1")
    for key in _POSITIVE:
        if not 0 < getattr(settings, key) < 86_400:
            refuse(key, "more than 0 and less than a day")
    if not 0 <= settings.window_ms <= 2:
        refuse("window_ms", "a number from 0 to 2")
    if not 0 <= settings.at_once <= 64:
        refuse("at_once", "0 (all go to the thread) to 64")
    if not 0 <= settings.recall <= 1_000_000:
        refuse("recall", "0 (nothing is remembered) to a million")
    if not 0 <= settings.rate_per_s < 1e9:
        refuse("rate_per_s", "0 (no limit) or more")
    if settings.log_level not in typing.get_args(LogLevel):
        refuse("log_level", "one of " + ", ".join(typing.get_args(LogLevel)))
    for host in settings.hosts:
        if not re.fullmatch(r"[^\s/:]+|\[[0-9a-fA-F:.]+\]", host):
            refuse("hosts", "names such as ner.example or 10.0.0.7, without scheme and port")
    for origin in settings.cors_origins:
        if not re.fullmatch(r"https?://[^/\s*]+", origin):
            refuse("cors_origins", "origins such as https://shop.example, without a path")
    Clock.at(None, settings.timezone)  # an unknown time zone is refused here


_AT_LEAST_ONE = (
    "workers", "threads", "max_batch", "max_waiting", "max_body_bytes", "max_buffered_bytes", "max_text_chars",
    "max_texts", "max_concurrent", "max_connections", "max_turns", "rate_burst",
)  # fmt: skip
_POSITIVE = (
    "header_timeout_s", "read_timeout_s", "keep_alive_s", "request_timeout_s", "shutdown_timeout_s",
    "kakao_timeout_s",
)  # fmt: skip


def _without_secrets(text: str) -> str:
    """A URL without its password and without parameters that hold one."""
    return _SECRET_PARAMETER.sub(r"\1***", _PASSWORD.sub(r"\1:***@", text))


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return repr(value)
