"""Actions as they are run: a rule file's actions go in once, then calls, and outcomes come out.

A Python function is named by its import path or handed over by its action's name; a webhook is asked over HTTP.
Whatever an action raises, or if it takes too long, the outcome is "error" and the log says why.
"""

from __future__ import annotations

import contextvars
import importlib
import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ner_engine.chatbot.action.calls import BUILT_IN, ERROR, ActionCall, Outcome, read_outcome
from ner_engine.chatbot.rules import ActionSpec, Rules
from ner_engine.errors import ConfigError, NerEngineError

__all__ = ["Function", "Runner", "load_actions"]

Function = Callable[[ActionCall], "Outcome | Mapping[str, Any] | None"]

_LOG = logging.getLogger(__name__)
_GRACE_S = 1.0  # a webhook minds its time itself; it is given this much more before it is left alone


@dataclass(frozen=True, slots=True)
class _Action:
    run: Callable[[ActionCall], object]
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Runner:
    """The actions of a bot, ready to be called by name."""

    actions: Mapping[str, _Action]

    def has(self, name: str) -> bool:
        """Whether there is anything to call under a name."""
        return name in self.actions

    def run(self, call: ActionCall) -> Outcome:
        """Do what is called for. Never raises; a call for nothing that is known is an error."""
        action = self.actions.get(call.name)
        if action is None:
            _LOG.error("action %s: there is none of this name", call.name)
            return Outcome(ERROR)
        try:
            return read_outcome(_in_time(action, call))
        except NerEngineError as error:
            _LOG.error("action %s (%s): %s", call.name, call.id, error)
        except TimeoutError:
            _LOG.error("action %s (%s): no outcome within %g s", call.name, call.id, action.timeout_s)
        except Exception:
            _LOG.exception("action %s (%s) raised", call.name, call.id)
        return Outcome(ERROR)


def load_actions(rules: Rules, functions: Mapping[str, Function] | None = None) -> Runner:
    """The actions of a rule file. ``functions`` stand in for those of their name, or beside the built-in ones.

    Raises ConfigError for a function that cannot be imported, a secret that is not set, or an unknown name.
    """
    functions = dict(functions or {})
    for name, function in functions.items():
        if name not in rules.actions and name not in BUILT_IN:
            known = ", ".join((*rules.actions, *BUILT_IN))
            raise ConfigError(f"functions: expected names of actions ({known}); got {name!r}", path=rules.path)
        if not callable(function):
            raise ConfigError(f"functions: {name}: expected a function; got {type(function).__name__}")
    found = {name: _action(spec, functions, rules) for name, spec in rules.actions.items()}
    built_in = {
        name: _Action(function, ActionSpec(name).timeout_s)
        for name, function in functions.items()
        if name not in found
    }
    return Runner({**found, **built_in})


def _action(spec: ActionSpec, functions: Mapping[str, Function], rules: Rules) -> _Action:
    try:
        if spec.name in functions:
            return _Action(functions[spec.name], spec.timeout_s)
        if spec.python:
            return _Action(_imported(spec.python), spec.timeout_s)
        return _webhook(spec)
    except ConfigError as error:
        raise ConfigError(f"actions.{spec.name}: {error}", path=rules.path) from None


def _imported(path: str) -> Function:
    module_name, _, name = path.partition(":")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # whatever the module does when it is imported
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ConfigError(f"cannot import {module_name}: {reason}") from None
    function = getattr(module, name, None)
    if not callable(function):
        raise ConfigError(f"expected a function {name} in {module_name}; there is none")
    return function  # type: ignore[no-any-return]


def _webhook(spec: ActionSpec) -> _Action:
    from ner_engine.chatbot.action.webhook import check_url, post  # most bots need no HTTP client

    url = check_url(spec.webhook)
    secret = os.environ.get(spec.secret_env, "") if spec.secret_env else ""
    if spec.secret_env and not secret:
        raise ConfigError(f"expected the secret in the environment variable {spec.secret_env}; it is not set")

    def ask(call: ActionCall) -> object:
        key = f"{call.session}:{call.id}"
        return post(url, call.to_dict(), key=key, timeout_s=spec.timeout_s, secret=secret)

    return _Action(ask, spec.timeout_s + _GRACE_S)


def _in_time(action: _Action, call: ActionCall) -> object:
    """What an action gives within its time. Raises what it raises, or TimeoutError; it is then left to itself."""
    result: list[object] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            result.append(action.run(call))
        except BaseException as error:
            raised.append(error)

    context = contextvars.copy_context()
    worker = threading.Thread(target=context.run, args=(work,), name=f"action-{call.name}", daemon=True)
    worker.start()
    worker.join(action.timeout_s)
    if worker.is_alive():
        raise TimeoutError
    if raised:
        error = raised[0]
        raise error if isinstance(error, Exception) else RuntimeError(f"it ended with {type(error).__name__}")
    return result[0]
