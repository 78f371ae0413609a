"""Which corrections are meant: by what is known of them, and by the beginning of an id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ner_engine.errors import DataError
from ner_engine.feedback.correction import STATUSES, Correction
from ner_engine.values import Clock

__all__ = ["Wanted", "one_by_prefix"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a correction has to be; ``""`` and None stand for any.

    ``bundle`` is a whole tag (``ko-chat@0.1.0/1f3a9c02``) or its name alone. ``label`` is one that it has, before
    or after; ``words`` stand somewhere in its text. Raises DataError for a status that is none.
    """

    status: str = ""
    since: datetime | None = None
    bundle: str = ""
    by: str = ""
    source: str = ""
    consent: bool | None = None
    label: str = ""
    words: str = ""

    def __post_init__(self) -> None:
        if self.status and self.status not in STATUSES:
            raise DataError(f"status: expected one of {', '.join(STATUSES)}; got {self.status!r:.40}")

    def takes(self, correction: Correction) -> bool:
        """Whether it is one of those meant."""
        return (
            self.status in ("", correction.status)
            and (self.since is None or correction.at >= Clock.at(self.since).now)
            and self.bundle in ("", correction.bundle, correction.bundle.partition("@")[0])
            and self.by in ("", correction.by)
            and self.source in ("", correction.source)
            and self.consent in (None, correction.consent)
            and self.words in correction.text
            and (not self.label or any(s.label == self.label for s in correction.entities + correction.original))
        )


def one_by_prefix(prefix: str, among: Sequence[Correction]) -> Correction:
    """The correction whose id is this or begins so, with or without ``c-``.

    Raises DataError where there is none, and where there are several.
    """
    found = [c for c in among if c.id == prefix] or [
        c for c in among if prefix and c.id.startswith((prefix, f"c-{prefix}"))
    ]
    if not found:
        raise DataError(f"no correction has an id that begins with {prefix!r:.80}")
    if len({c.id for c in found}) > 1:
        shown = ", ".join(c.id for c in found[:3])
        raise DataError(f"{prefix!r:.80}: expected the beginning of one id; it is that of {shown}")
    return found[-1]
