"""Correcting the entities of an utterance: a correction in hand and a command in, the next one or a refusal out.

Pure: what ``/fix`` means is here, who types it and where it is kept is not. A command is what follows ``/fix``:

    2 LC              number 2 has another label (NEW! for one that the engine does not know)
    2 -               number 2 is no entity
    2 = 강남역 2번 출구  number 2 is these characters
    + 강남역 LC        here is one more; 강남역#2 is the second 강남역
    undo              as before the last command
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from ner_engine.errors import DataError
from ner_engine.josa import attach
from ner_engine.spans import Span, check_spans

__all__ = ["COMMANDS", "Fixing", "Refused", "fix", "listing", "start_fixing"]

COMMANDS = {
    "/fix 번호 라벨": "라벨을 바꿔요 (예: /fix 2 LC, 처음 쓰는 라벨은 /fix 2 NEW!)",
    "/fix 번호 -": "개체명이 아니라고 해요",
    "/fix 번호 = 글": "범위를 바꿔요 (예: /fix 2 = 강남역 2번 출구)",
    "/fix + 글 라벨": "빠진 것을 더해요 (예: /fix + 강남역 LC, 두 번째 것은 강남역#2)",
    "/fix undo": "방금 고친 것을 되돌려요",
    "/fix save": "고친 대로 저장해요",
    "/fix ok": "찾은 그대로 맞다고 저장해요",
}

_LABEL = re.compile("[A-Z][A-Z0-9_]*")
_NUMBERED = re.compile(r"(\d+)\s*(?:=\s*(.+)|([^\d\s=]\S*))", re.DOTALL)
_ADDED = re.compile(r"\+\s*(.+?)\s+(\S+)", re.DOTALL)
_NTH = re.compile(r"(.+?)#(\d+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fixing:
    """An utterance whose entities are being corrected.

    ``original`` is as the engine had them, ``past`` as they were before each step, for undo.
    """

    text: str
    original: tuple[Span, ...]
    spans: tuple[Span, ...]
    past: tuple[tuple[Span, ...], ...] = ()

    @property
    def changed(self) -> bool:
        """Whether there is anything to save."""
        return self.spans != self.original


@dataclass(frozen=True, slots=True)
class Refused:
    """A command that was not followed, and why, in words for the user."""

    why: str


def start_fixing(text: str, spans: Iterable[Span]) -> Fixing:
    """The correction of an utterance that begins with what the engine found in it."""
    found = check_spans(text, spans)
    return Fixing(text, found, found)


def fix(fixing: Fixing, command: str, *, labels: Collection[str]) -> Fixing | Refused:
    """What a command makes of the correction in hand. ``labels`` are those the engine knows (none: any)."""
    command = command.strip()
    if command.lower() == "undo":
        if not fixing.past:
            return Refused("되돌릴 것이 없어요.")
        return replace(fixing, spans=fixing.past[-1], past=fixing.past[:-1])
    if match := _ADDED.fullmatch(command):
        label = _label(match[2], labels)
        if isinstance(label, Refused):
            return label
        place = _place(fixing.text, match[1])
        return place if isinstance(place, Refused) else _with(fixing, None, Span(*place, label))
    if match := _NUMBERED.fullmatch(command):
        return _change(fixing, int(match[1]), extent=match[2], label=match[3], labels=labels)
    return Refused(f"모르는 말이에요: /fix {command} (/fix 만 치면 쓰는 법을 보여 드려요)")


def _change(
    fixing: Fixing, number: int, *, extent: str | None, label: str | None, labels: Collection[str]
) -> Fixing | Refused:
    if not 1 <= number <= len(fixing.spans):
        there = f"1번부터 {len(fixing.spans)}번까지" if fixing.spans else "하나도 없으니 /fix + 로 더해 주세요"
        return Refused(f"{number}번 개체명은 없어요. ({there})")
    old = fixing.spans[number - 1]
    if extent is not None:
        place = _place(fixing.text, extent, near=old)
        return place if isinstance(place, Refused) else _with(fixing, old, Span(*place, old.label))
    if label == "-":
        return _with(fixing, old, None)
    known = _label(label or "", labels)
    return known if isinstance(known, Refused) else _with(fixing, old, Span(old.start, old.end, known))


def _with(fixing: Fixing, old: Span | None, new: Span | None) -> Fixing | Refused:
    """The correction with one span put for another (None: for nothing, or nothing for it)."""
    kept = [span for span in fixing.spans if span != old]
    other = next((s for s in kept if new is not None and s.start < new.end and new.start < s.end), None)
    if other is not None:
        taken = f"{other.label} '{fixing.text[other.start : other.end]}'"
        return Refused(f"{attach(taken, '과/와')} 겹쳐요. 그것부터 고치거나 빼 주세요.")
    try:
        spans = check_spans(fixing.text, kept if new is None else [*kept, new])
    except DataError as error:
        return Refused(str(error))
    if spans == fixing.spans:
        return Refused("벌써 그렇게 되어 있어요.")
    return replace(fixing, spans=spans, past=(*fixing.past, fixing.spans))


def _label(given: str, labels: Collection[str]) -> str | Refused:
    new = given.endswith("!")
    label = given.removesuffix("!").upper()
    if not _LABEL.fullmatch(label):
        return Refused(f"라벨은 LC처럼 영문자로 써 주세요: {given}")
    if new or not labels or label in labels:
        return label
    known = " ".join(labels)
    return Refused(f"모르는 라벨이에요: {label} (아는 라벨: {known}; 처음 쓰는 라벨이면 {label}!)")


def _place(text: str, said: str, *, near: Span | None = None) -> tuple[int, int] | Refused:
    """Where some characters of the text stand. ``강남역#2`` is the second of them; else the one at ``near``."""
    said = said.strip()
    found = _occurrences(text, said)
    nth = _NTH.fullmatch(said)
    if not found and nth is not None:
        said = nth[1].strip()
        found = _occurrences(text, said)
        if found and int(nth[2]) not in found:
            return Refused(f"'{said}'{_subject(said)} {len(found)}번 나와요. {nth[2]}번째 것은 없어요.")
        found = {n: at for n, at in found.items() if n == int(nth[2])}
    if not found:
        return Refused(f"하신 말씀에 '{said}'{_subject(said)} 없어요.")
    if near is not None:
        touching = {n: at for n, at in found.items() if at[0] < near.end and near.start < at[1]}
        found = touching or found
    if len(found) > 1:
        ways = ", ".join(f"{said}#{n} {_context(text, at)}" for n, at in found.items())
        return Refused(f"'{said}'{_subject(said)} {len(found)}번 나와요. 어느 것인지 골라 주세요: {ways}")
    return next(iter(found.values()))


def _occurrences(text: str, said: str) -> dict[int, tuple[int, int]]:
    """Every place of these characters in the text, numbered from 1."""
    starts = [at for at in range(len(text)) if said and text.startswith(said, at)]
    return {n: (at, at + len(said)) for n, at in enumerate(starts, 1)}


def _subject(word: str) -> str:
    return attach(word, "이/가").removeprefix(word)


def _context(text: str, at: tuple[int, int]) -> str:
    """``(…구는 [강남역]에서 …)``"""
    start, end = at
    before = "…" * (start > 4) + text[max(0, start - 4) : start]
    after = text[end : end + 4] + "…" * (len(text) > end + 4)
    return f"({before}[{text[start:end]}]{after})"


def listing(fixing: Fixing) -> list[str]:
    """The entities as they stand now, numbered, and those that are gone."""
    old = set(fixing.original)
    shown = [
        f"{number} {_named(fixing.text, span)}{'' if span in old else '  (고침)'}"
        for number, span in enumerate(fixing.spans, 1)
    ]
    gone = [s for s in fixing.original if not any(n.start < s.end and s.start < n.end for n in fixing.spans)]
    return [*shown, *(f"- {_named(fixing.text, span)}  (뺌)" for span in gone)] or ["개체명이 없어요."]


def _named(text: str, span: Span) -> str:
    return f"{span.label:<5} {text[span.start : span.end]}"
