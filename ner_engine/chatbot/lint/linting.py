"""What is wrong with a rule file though it can be read: a path in, every ``Finding`` with its line out.

The checks themselves take rules and their source and stand in the modules ``lint_*``. Only
``check_actions`` does more than look: it imports the Python functions of the actions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from ner_engine.chatbot.action.running import load_actions
from ner_engine.chatbot.lint.finding import ERROR, NOTE, WARNING, Finding, Source, read_source
from ner_engine.chatbot.lint.forms import form_findings
from ner_engine.chatbot.lint.intents import intent_findings
from ner_engine.chatbot.lint.names import given_labels, name_findings
from ner_engine.chatbot.lint.texts import text_findings
from ner_engine.chatbot.rulefile.document import open_document
from ner_engine.chatbot.rulefile.reading import load_rules
from ner_engine.chatbot.rules import Rules
from ner_engine.errors import ConfigError

__all__ = ["lint", "lint_rules"]

_WEIGHT = (ERROR, WARNING, NOTE)


def lint(
    path: str | Path, *, labels: Collection[str] | None = None, check_actions: bool = False
) -> list[Finding]:
    """Everything wrong with a rule file (a path or a shipped bot's name), by line.

    If it cannot be read, that is the only finding.
    ``labels`` are those the extractor gives; None leaves unchecked whether anything gives a label.
    """
    try:
        rules = load_rules(path)
        source = read_source(open_document(rules.path))
    except ConfigError as error:
        where = error.path or str(path)
        line = error.line or 0
        message = str(error).removeprefix(f"{where}:{line}: ").removeprefix(f"{where}: ")
        return [Finding(where, line, "reader", ERROR, message)]
    found = lint_rules(rules, source, labels=labels)
    if check_actions:
        found += _action_findings(rules, source)
    return sorted(set(found), key=lambda f: (f.line, _WEIGHT.index(f.severity), f.code, f.message))


def lint_rules(rules: Rules, source: Source, *, labels: Collection[str] | None = None) -> list[Finding]:
    """The findings of rules that were read."""
    known = None if labels is None else frozenset(labels)
    return [
        *intent_findings(rules, source),
        *text_findings(rules, source, None if known is None else given_labels(rules, source, known)),
        *form_findings(rules, source),
        *name_findings(rules, source, known),
    ]


def _action_findings(rules: Rules, source: Source) -> Iterator[Finding]:
    """Python functions that cannot be had."""
    for name, spec in rules.actions.items():
        if spec.python:
            try:
                load_actions(replace(rules, actions={name: spec}))
            except ConfigError as error:
                message = str(error).rsplit(f"actions.{name}: ", 1)[-1]
                yield source.finding(f"actions.{name}.python", "not-importable", ERROR, message)
