"""Python, this package and what it is built on: are they there, in versions that fit?"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from ner_engine import __version__
from ner_engine.doctor.asked import Asked
from ner_engine.doctor.finding import FAIL, OFF, OK, WARN, Finding
from ner_engine.doctor.mending import checkout, pip_install, with_extra
from ner_engine.doctor.requirements import Requirement, asked_for, installed, required_python, satisfies
from ner_engine.errors import ConfigError
from ner_engine.values import SEOUL, Clock

__all__ = ["extras", "packages", "python", "time_zone"]

_SHOWN = ("numpy", "onnxruntime", "python-mecab-ko")
_NOT_FOR_USERS = frozenset({"", "all", "test"})


def python(asked: Asked) -> Iterator[Finding]:
    """The interpreter, and where the package runs from."""
    version = platform.python_version()
    bits = 64 if sys.maxsize > 2**32 else 32
    bounds = required_python()
    what = f"{platform.python_implementation()} {version}, {bits} bit, {platform.system()} {platform.machine()}"
    facts = {"version": version, "executable": sys.executable, "bits": bits}
    if bounds and not satisfies(version, bounds):
        yield Finding(
            "python", FAIL, f"expected Python {bounds}; got {what}", facts=facts, mend="python3 -m venv"
        )
    elif bits < 64:
        message = f"{what}: ONNX Runtime has no build for 32 bit"
        yield Finding("python", FAIL, message, facts=facts, mend=_sixty_four())
    else:
        yield Finding("python", OK, f"{what}, {sys.executable}", facts=facts)
    root = checkout()
    place = Path(__file__).resolve().parents[1] if root is None else root
    note = "" if root is None else ", a checkout"
    yield Finding(
        "python",
        OK,
        f"ner-engine {__version__}, {place}{note}",
        subject="package",
        facts={"version": __version__},
    )


def _sixty_four() -> str:
    return "winget install Python.Python.3.12 --architecture x64" if sys.platform == "win32" else "uname -m"


def packages(asked: Asked) -> Iterator[Finding]:
    """What the base install needs."""
    wanted = asked_for().get("", ())
    if not wanted:
        yield Finding("packages", WARN, "what is needed is not noted: the package is not installed by pip",
                      mend=pip_install("ner-engine"))  # fmt: skip
        return
    wrong = [one for one in wanted if not _met(one)]
    for one in wrong:
        status = WARN if installed(one.name) else FAIL  # another version than was tried may do
        yield Finding("packages", status, _unmet(one), subject=one.name, mend=pip_install(str(one)))
    if not wrong:
        there = {one.name: installed(one.name) for one in wanted}
        shown = _listed({name: version for name, version in there.items() if name in _SHOWN})
        yield Finding("packages", OK, f"all {len(wanted)}: {shown}, ...", facts=there)


def extras(asked: Asked) -> Iterator[Finding]:
    """The optional parts."""
    for extra, wanted in asked_for().items():
        if extra in _NOT_FOR_USERS or not wanted:
            continue
        there = {one.name: installed(one.name) for one in wanted}
        wrong = [one for one in wanted if not _met(one)]
        found = Finding("extras", OK, _listed(there), subject=extra, facts=there)
        if all(not version for version in there.values()):
            found = Finding("extras", OFF, "not installed", subject=extra, mend=with_extra(extra), facts=there)
        elif wrong:
            message = "; ".join(map(_unmet, wrong))
            found = Finding("extras", WARN, message, subject=extra, mend=with_extra(extra), facts=there)
        yield found


def _listed(there: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in there.items())


def _met(wanted: Requirement) -> bool:
    version = installed(wanted.name)
    return bool(version) and satisfies(version, wanted.versions)


def _unmet(wanted: Requirement) -> str:
    version = installed(wanted.name)
    return f"expected {wanted}; got {version}" if version else f"{wanted.name} is not installed"


def time_zone(asked: Asked) -> Iterator[Finding]:
    """Whether the clock of dates and times can be set to Seoul's."""
    try:
        now = Clock.at(None, SEOUL).now
    except ConfigError as error:
        yield Finding("timezone", FAIL, str(error), mend=pip_install("tzdata"))
    else:
        yield Finding("timezone", OK, f"{SEOUL}, where it is {now:%Y-%m-%d %H:%M}")
