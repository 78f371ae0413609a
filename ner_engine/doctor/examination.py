"""Every check in its order: what is asked in, findings out as they come.

Checks that load foreign code run apart, side by side, while the others are made; the one that takes the time runs
when all of them are done.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from ner_engine.doctor.apart import Apart, answer, start, survived
from ner_engine.doctor.asked import Asked
from ner_engine.doctor.finding import Finding
from ner_engine.errors import ConfigError

__all__ = ["CHECKS", "Check", "answer_alone", "examine"]


@dataclass(frozen=True, slots=True)
class Check:
    """A group of findings, by the module and the function that make them.

    ``apart``: in a process of its own; ``last``: when nothing else runs. The module is imported when the check is
    made: where a package is broken, so may be the import.
    """

    name: str
    module: str
    function: str
    apart: bool = False
    last: bool = False

    def run(self, asked: Asked) -> Iterator[Finding]:
        """Make it."""
        module = importlib.import_module(f"ner_engine.doctor.{self.module}")
        function: Callable[[Asked], Iterator[Finding]] = getattr(module, self.function)
        yield from function(asked)


CHECKS: tuple[Check, ...] = (
    Check("python", "software", "python"),
    Check("packages", "software", "packages"),
    Check("extras", "software", "extras"),
    Check("processor", "machine", "processor"),
    Check("memory", "machine", "memory"),
    Check("disk", "machine", "disk"),
    Check("timezone", "software", "time_zone"),
    Check("terminal", "terminal", "encodings"),
    Check("fonts", "terminal", "fonts"),
    Check("settings", "listening", "settings"),
    Check("port", "listening", "port"),
    Check("onnxruntime", "analysers", "onnxruntime", apart=True),
    Check("mecab", "analysers", "mecab", apart=True),
    Check("kiwi", "analysers", "kiwi", apart=True),
    Check("java", "analysers", "java", apart=True),
    Check("bundles", "bundles", "bundles", apart=True),
    Check("registry", "bundles", "registry", apart=True),
    Check("feedback", "stores", "feedback", apart=True),
    Check("extraction", "speed", "extraction", apart=True, last=True),
)


def examine(asked: Asked, *, only: Collection[str] = (), timeout_s: float = 120.0) -> Iterator[Finding]:
    """Make the checks, or those named. ``timeout_s`` is how long one that runs apart may take.

    Raises ConfigError for the name of a check that there is none of.
    """
    names = [check.name for check in CHECKS]
    for name in only:
        if name not in names:
            raise ConfigError(f"expected a check of {', '.join(names)}; got {name!r}")
    return _examine([check for check in CHECKS if not only or check.name in only], asked, timeout_s)


def _examine(checks: list[Check], asked: Asked, timeout_s: float) -> Iterator[Finding]:
    under_way: list[Apart] = []

    def begun(check: Check) -> Iterator[Finding]:
        """Start it; nothing is found, save that it cannot be started."""
        under_way.append(start(check.name, asked))
        yield from ()

    try:
        for check in checks:
            if check.apart and not check.last:
                yield from survived(check.name, begun(check))
        for check in checks:
            if not check.apart:
                yield from survived(check.name, check.run(asked))
        for one in under_way:
            yield from one.findings(timeout_s=timeout_s)
        for check in checks:
            if check.last:
                before = len(under_way)
                yield from survived(check.name, begun(check))
                for one in under_way[before:]:
                    yield from one.findings(timeout_s=timeout_s)
    finally:
        for one in under_way:
            one.stop()


def answer_alone(name: str, asked: str) -> None:
    """What the process of a check runs."""
    check = next(one for one in CHECKS if one.name == name)
    answer(name, check.run(Asked.from_json(asked)))
