"""``/fix`` at the console: what follows the command in, what to show out; a correction in hand until it is saved.

What a command means is in ``fix``, what is kept of it in ``ner_engine.feedback``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from ner_engine.chatbot.correction.fix import COMMANDS, Fixing, Refused, fix, listing, start_fixing
from ner_engine.errors import NerEngineError
from ner_engine.feedback import Correction, LazyStore
from ner_engine.feedback.masking import masked_correction
from ner_engine.spans import Entity, Span
from ner_engine.values import Clock

__all__ = ["Correcting", "Corrector"]


@dataclass(frozen=True, slots=True)
class Corrector:
    """Who corrects at the console, and what may be kept of it.

    ``consent``: whoever types agrees that it is trained on. ``mask``: personal data is taken out before it is
    kept.
    """

    by: str = ""
    consent: bool = False
    mask: bool = False


class Correcting:
    """The correction of the last utterance. ``labels`` are those it may give (none: any)."""

    def __init__(
        self, store: LazyStore, *, labels: Collection[str], bundle: str, corrector: Corrector | None = None
    ) -> None:
        self._store, self._labels, self._bundle = store, labels, bundle
        self._corrector = corrector or Corrector()
        self._fixing: Fixing | None = None
        self._saved: tuple[Span, ...] | None = None

    def turn_to(self, text: str, entities: Iterable[Entity]) -> str:
        """Another utterance (``""``: none) is the last one; returns what to say of a correction not saved."""
        lost = ""
        if self._fixing is not None and self._unsaved(self._fixing):
            lost = f"앞말을 고친 것은 저장하지 않았어요: {' / '.join(listing(self._fixing))}"
        self._fixing = self._saved = None
        if text.strip():
            self._fixing = start_fixing(text, (entity.span for entity in entities))
        return lost

    def obey(self, command: str, *, at: datetime) -> str:
        """Follow what stands behind ``/fix`` and show what came of it."""
        fixing = self._fixing
        if fixing is None:
            return "아직 고칠 말씀이 없어요."
        if not command:
            return "\n".join([f"'{fixing.text}'", *listing(fixing), *_help()])
        if command.lower() == "save":
            if self._saved == fixing.spans:
                return "벌써 저장했어요."
            if not self._unsaved(fixing):
                return "고친 것이 없어요. 찾은 그대로 맞으면 /fix ok"
            return self._save(fixing, at)
        if command.lower() == "ok":
            if self._unsaved(fixing):
                return "고친 것이 있어요. 고친 대로 저장하려면 /fix save, 되돌리려면 /fix undo"
            return "벌써 저장했어요." if self._saved == fixing.spans else self._save(fixing, at)
        done = fix(fixing, command, labels=self._labels)
        if isinstance(done, Refused):
            return done.why
        self._fixing = done
        ending = "저장하려면 /fix save" if self._unsaved(done) else ""
        return "\n".join(filter(None, [*listing(done), ending]))

    def _unsaved(self, fixing: Fixing) -> bool:
        return fixing.spans != (fixing.original if self._saved is None else self._saved)

    def _save(self, fixing: Fixing, at: datetime) -> str:
        correction = Correction(
            fixing.text,
            fixing.spans,
            fixing.original,
            Clock.at(at).now,
            self._bundle,
            by=self._corrector.by,
            consent=self._corrector.consent,
        )
        try:
            kept = self._store.add(masked_correction(correction) if self._corrector.mask else correction)
        except NerEngineError as error:
            return f"저장하지 못했어요. ({error})"
        self._saved = fixing.spans
        hidden = ", 개인 정보는 가렸어요" if kept.masked and kept.text != fixing.text else ""
        instead = ", 앞서 저장한 것을 대신해요" if kept.supersedes else ""
        return f"저장했어요: {self._store.name} (개체명 {len(fixing.spans)}개{hidden}{instead})"


def _help() -> list[str]:
    return [command + " " * (18 - _width(command)) + what for command, what in COMMANDS.items()]


def _width(text: str) -> int:
    """Columns on a terminal, where Hangul takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
