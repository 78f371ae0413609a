"""The state of a retraining on disk: what a resumed run has to know, and a lock that keeps a second run out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ner_engine.errors import RegistryError, TrainingError
from ner_engine.registry.files import locked, replace_file

__all__ = ["RUN", "RunState", "read_run", "running", "write_run"]

RUN = "run.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class RunState:
    """A run: the version it began from, when, a digest of all that was asked; once trained, the new version."""

    name: str
    parent: str
    parent_digest: str
    created: str
    asked: str
    version: str = ""

    def of_version(self, version: str) -> RunState:
        """The run with the number of its version."""
        return replace(self, version=version)


def read_run(work: Path) -> RunState | None:
    """What stands in ``work``, or None. Raises TrainingError for a file that is no run's."""
    path = work / RUN
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: expected the state of a retraining; {error}; start anew") from None
    try:
        if values.pop("format") != FORMAT:
            raise ValueError("another format")
        state = RunState(**values)
        if not all(isinstance(value, str) for value in values.values()):
            raise TypeError("expected strings")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TrainingError(f"{path}: expected the state of a retraining; {error}; start anew") from None
    return state


def write_run(work: Path, state: RunState) -> None:
    """Put the state in the place of the old one, whole or not at all."""
    text = json.dumps({"format": FORMAT, **asdict(state)}, ensure_ascii=False, indent=2) + "\n"
    replace_file(work / RUN, text.encode("utf-8", "backslashreplace"))


@contextmanager
def running(work: Path) -> Iterator[None]:
    """Alone in ``work``, which is made; the end of the process, however it comes, lets go of it.

    Raises TrainingError where another run is at work there.
    """
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"{work}: expected a folder to write to; got: {error.strerror or error}") from None
    try:
        with locked(work / ".lock", timeout_s=0.0):
            for left in work.glob(f".{RUN}.*"):  # of a run that was killed while it wrote one
                left.unlink(missing_ok=True)
            yield
    except RegistryError as error:
        raise TrainingError(f"{work}: another retraining is at work there ({error})") from None
