"""Checks in processes of their own: what brings its process down, or never ends, is a finding like any other.

The parent starts one with ``start`` and reads it with ``Apart.findings``; the process runs ``answer``. Between
them go lines of JSON.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata
from typing import IO

from ner_engine.doctor.asked import Asked
from ner_engine.doctor.finding import FAIL, Finding, finding_of
from ner_engine.doctor.mending import pip_install, reinstall

__all__ = ["Apart", "answer", "start", "survived"]

_MARK = "\x1efinding "  # libraries may print to the same place
_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from ner_engine.doctor.examination import answer_alone; answer_alone(sys.argv[2], sys.argv[3])"
)
_ILLEGAL = (-4, 0xC000001D)  # an illegal instruction, on POSIX and on Windows


@dataclass(slots=True)
class Apart:
    """A check under way."""

    check: str
    process: subprocess.Popen[bytes]
    output: IO[bytes]
    errors: IO[bytes]
    began: float = field(default_factory=time.monotonic)

    def findings(self, *, timeout_s: float) -> Iterator[Finding]:
        """What it found, and, where it did not end well, that. ``timeout_s`` counts from its start."""
        problem = ""
        try:
            status = self.process.wait(max(0.0, self.began + timeout_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            problem = f"did not end within {timeout_s:g} s"
            self.process.kill()
            self.process.wait()
            status = 0
        with self.output, self.errors:
            self.output.seek(0)
            self.errors.seek(0)
            found = list(_read(self.output.read()))
            said = self.errors.read().decode("utf-8", "replace").strip().splitlines()
        yield from found
        if status or not (found or problem):
            last = f": {said[-1].strip():.200}" if said else ""
            problem = f"its process ended with {_ending(status)} after {len(found)} findings{last}"
        if problem:
            illegal = status in _ILLEGAL
            mend = pip_install("--force-reinstall", "numpy", "onnxruntime") if illegal else reinstall()
            yield Finding(self.check, FAIL, problem, mend=mend)

    def stop(self) -> None:
        """End it, however it stands."""
        self.process.kill()
        self.process.wait()
        self.output.close()
        self.errors.close()


def start(check: str, asked: Asked) -> Apart:
    """Run a check in a process with the import path of this one. Raises OSError where none can be started."""
    output, errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
    command = [sys.executable, "-P", "-c", _BOOT, json.dumps(sys.path), check, asked.to_json()]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONFAULTHANDLER": ""}
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=environment
        )
    except BaseException:
        output.close()
        errors.close()
        raise
    return Apart(check, process, output, errors)


def answer(check: str, findings: Iterator[Finding]) -> None:
    """In the process: write what is found, each as it comes."""
    for found in survived(check, findings):
        sys.stdout.write(f"{_MARK}{json.dumps(found.to_dict(), default=str)}\n")
        sys.stdout.flush()


def survived(check: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    """The findings of a check; one that raises ends with a finding that says so."""
    try:
        yield from findings
    except Exception as error:  # whatever is wrong with a machine must not keep the other checks from being made
        reason = " ".join(str(error).split())[:300]
        place = traceback.extract_tb(error.__traceback__)[-1]
        message = f"{type(error).__name__}{': ' + reason if reason else ''} ({place.filename}:{place.lineno})"
        yield Finding(check, FAIL, message, mend=_installed_anew(error))


def _read(output: bytes) -> Iterator[Finding]:
    """The findings among what a process wrote; a line that it did not write to its end is none."""
    for line in output.decode("utf-8", "replace").split("\n"):
        try:
            if _MARK in line:
                yield finding_of(json.loads(line.partition(_MARK)[2]))
        except (ValueError, KeyError, TypeError):
            continue


def _installed_anew(error: BaseException) -> str:
    """The command that puts back what could not be imported; else this package."""
    module = (error.name or "").partition(".")[0] if isinstance(error, ImportError) else ""
    if not module or module == "ner_engine":
        return reinstall()
    return pip_install("--force-reinstall", *metadata.packages_distributions().get(module, [module]))


def _ending(status: int) -> str:
    if status in _ILLEGAL:
        return "SIGILL: the processor lacks instructions that a package here was built for"
    if status >= 0:
        return f"status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
