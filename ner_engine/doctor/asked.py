"""What the doctor is asked to look at, as one value that also travels to the processes it starts."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

__all__ = ["Asked"]


@dataclass(frozen=True, slots=True)
class Asked:
    """``bundle`` is the one that is timed. ``models`` is the registry and ``store`` the feedback store, each as
    given or ``""`` for where they are by default. ``host`` and ``port`` are where the service would listen,
    ``""`` and 0 for what its settings say.

    ``output`` and ``input`` are the encodings of the terminal or pipe the command talks to (``""``: none),
    ``interactive`` whether it is a terminal. ``thorough`` also loads what takes long.
    """

    bundle: str
    models: str = ""
    store: str = ""
    host: str = ""
    port: int = 0
    output: str = "utf-8"
    input: str = "utf-8"
    interactive: bool = False
    thorough: bool = False

    def to_json(self) -> str:
        """One line."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Asked:
        """The inverse of ``to_json``."""
        return cls(**json.loads(text))
