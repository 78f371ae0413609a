"""``--now``: an ISO date and time in, the datetime out."""

from __future__ import annotations

from datetime import datetime

import typer

__all__ = ["fixed_clock"]


def fixed_clock(now: str | None) -> datetime | None:
    """The time that was given, None for none. Raises BadParameter for anything else."""
    try:
        return None if now is None else datetime.fromisoformat(now)
    except ValueError:
        raise typer.BadParameter(
            f"expected a date and time such as 2026-07-23T17:00; got {now!r}", param_hint="--now"
        ) from None
