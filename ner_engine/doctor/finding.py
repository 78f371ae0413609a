"""One thing the doctor found: what was looked at, how it stands, and the command that mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

__all__ = ["FAIL", "OFF", "OK", "WARN", "Finding", "Status", "finding_of"]

Status = Literal["ok", "off", "warn", "fail"]

OK: Status = "ok"
OFF: Status = "off"  # an optional part that is not there
WARN: Status = "warn"  # works, but less well than it could, or an optional part is broken
FAIL: Status = "fail"  # the engine does not work, or what it was given is damaged


@dataclass(frozen=True, slots=True)
class Finding:
    """``check`` is what was looked at, ``subject`` which of several; ``mend`` is a command, or ``""``.

    ``facts`` are the figures behind the message, for machines.
    """

    check: str
    status: Status
    message: str
    subject: str = ""
    mend: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "check": self.check,
            "subject": self.subject,
            "status": self.status,
            "message": self.message,
            "mend": self.mend,
            "facts": dict(self.facts),
        }


def finding_of(value: Mapping[str, Any]) -> Finding:
    """The inverse of ``to_dict``. Raises KeyError or ValueError for what is none."""
    status = value["status"]
    if status not in get_args(Status):
        raise ValueError(f"expected a status of {', '.join(get_args(Status))}; got {status!r:.40}")
    return Finding(
        check=str(value["check"]),
        status=status,
        message=str(value["message"]),
        subject=str(value["subject"]),
        mend=str(value["mend"]),
        facts=dict(value["facts"]),
    )
