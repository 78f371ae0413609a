"""Transcripts: a text file in, its lines with their meaning out, and back again.

A transcript reads, line by line::

    # bot: clinic                  which bot it is of; also # now: 2026-07-23T17:00, # seed: 7, # extractor: none
    < 안녕하세요!                   what the bot says; … at the end of the line: it begins so
    > 내일 예약할게요               what is typed
    . 찾은 개체명이 없어요.          what a slash command shows
    # wait: 20m                    the clock goes on before the next line is typed
    # outcome: track late {"days": "2"}      what the next run of an action comes to, in place of running it
    ! action record reservation {"party": 4}      an action of the turn, and some of its values
    ! no action                    none of the turn's
    ! slot date 2026-07-24         what a slot holds after the turn; without a value: nothing
    ## anything                    a remark
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ner_engine.errors import DataError

__all__ = ["NOW", "Check", "Line", "Scripted", "Segment", "Transcript", "read_transcript"]

NOW = datetime(2026, 7, 23, 17, 0)  # when a transcript plays that does not say

TYPED, BOT, INFO, CHECK, HEAD, REMARK = "> ", "< ", ". ", "! ", "# ", ""
_HEADS = ("bot", "now", "seed", "extractor")
_BETWEEN = ("wait", "outcome")
_EXTRACTORS = ("engine", "none")
_WAIT = re.compile(r"(?:(\d+)d)?\s*(?:(\d+)h)?\s*(?:(\d+)m)?\s*(?:(\d+)s)?")
_ACTION = re.compile(r"action\s+([\w-]+)(?:\s+([\w-]+))?(?:\s+(\{.*\}))?")
_SLOT = re.compile(r"slot\s+(\w+)(?:\s+(.+))?")
_OUTCOME = re.compile(r"([\w-]+)\s+([\w-]+)(?:\s+(\{.*\}))?")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number in the file, its mark (one of the constants above) and what follows the mark."""

    number: int
    mark: str
    text: str

    def __str__(self) -> str:
        return self.mark + self.text

    def fits(self, said: str) -> bool:
        """Whether ``said``, a line with its mark, is what this one expects."""
        wanted = str(self).rstrip()
        return said.rstrip() == wanted or (wanted.endswith("…") and said.startswith(wanted[:-1]))


@dataclass(frozen=True, slots=True)
class Scripted:
    """The outcome an action is to have."""

    action: str
    outcome: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Check:
    """What a ``! `` line asserts: ``kind`` is action, slot or no action."""

    kind: str
    name: str = ""
    form: str = ""
    value: str = ""
    values: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """A typed line (None: before the first) and the lines that follow it, up to the next one."""

    typed: Line | None
    lines: tuple[Line, ...]

    @property
    def expected(self) -> tuple[Line, ...]:
        """What the bot says and the commands show."""
        return tuple(line for line in self.lines if line.mark in (BOT, INFO))

    @property
    def checks(self) -> tuple[tuple[Line, Check], ...]:
        """The ``! `` lines."""
        return tuple((line, _check(line, "")) for line in self.lines if line.mark == CHECK)

    @property
    def wait(self) -> timedelta:
        """How long nothing is typed after it."""
        waits = (_wait(value) for name, value in _directives(self.lines) if name == "wait")
        return sum((wait for wait in waits if wait is not None), timedelta())

    @property
    def scripted(self) -> tuple[Scripted, ...]:
        """The outcomes of the actions to come."""
        found = (_scripted(value) for name, value in _directives(self.lines) if name == "outcome")
        return tuple(one for one in found if one is not None)

    def fits(self, said: Sequence[str]) -> bool:
        """Whether these lines, with their marks, are the expected ones."""
        expected = self.expected
        return len(expected) == len(said) and all(e.fits(s) for e, s in zip(expected, said, strict=True))


@dataclass(frozen=True, slots=True)
class Transcript:
    """A whole file. ``bot`` is ``""`` where it names none."""

    path: str
    segments: tuple[Segment, ...]
    bot: str = ""
    now: datetime = NOW
    seed: int = 0
    extractor: str = "engine"

    def rewritten(self, said: Sequence[Sequence[str]]) -> str:
        """The file with what was said to each segment in place of what was expected; all else stays."""
        out: list[str] = []
        for i, segment in enumerate(self.segments):
            if segment.typed is not None:
                out.append(str(segment.typed))
            lines = said[i] if i < len(said) else ()
            if segment.fits(lines):
                out += map(str, segment.lines)
                continue
            at = next((j for j, line in enumerate(segment.lines) if line.mark in (BOT, INFO)), None)
            if at is None:  # the welcome comes after the head, a reply right after what was typed
                at = len(segment.lines) if segment.typed is None else 0
            kept = [(j, str(line)) for j, line in enumerate(segment.lines) if line.mark not in (BOT, INFO)]
            out += [text for j, text in kept if j < at]
            out += [line.rstrip() for line in lines]
            out += [text for j, text in kept if j >= at]
        return "\n".join(out) + "\n"


def read_transcript(path: str | Path) -> Transcript:
    """The transcript of a file. Raises DataError, with the line, for what is none."""
    try:
        source = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"expected UTF-8 text; byte {error.start} is none", path=path) from None
    except OSError as error:
        raise DataError(f"cannot read the transcript: {error.strerror or error}", path=path) from None
    lines = [
        _line(number, text, str(path)) for number, text in enumerate(source.removesuffix("\n").split("\n"), 1)
    ]
    if not any(line.mark in (TYPED, BOT) for line in lines):
        raise DataError("expected a transcript: lines with '> ' or '< '; got none", path=path)
    head = _head(lines, str(path))
    return Transcript(
        path=str(path),
        segments=tuple(_segments(lines)),
        bot=head.get("bot", ""),
        now=datetime.fromisoformat(head["now"]).replace(tzinfo=None) if "now" in head else NOW,
        seed=int(head.get("seed", "0")),
        extractor=head.get("extractor", "engine"),
    )


def _line(number: int, text: str, path: str) -> Line:
    if not text.strip() or text.startswith("##"):
        return Line(number, REMARK, text)
    mark = text[:2] if len(text) > 1 else text + " "
    if mark not in (TYPED, BOT, INFO, CHECK, HEAD):
        message = f"expected a line that begins with '> ', '< ', '. ', '! ', '# ' or '##'; got {text[:20]!r}"
        raise DataError(message, path=path, line=number)
    line = Line(number, mark, text[2:])
    if mark == CHECK:
        _check(line, path)
    elif mark == HEAD:
        _check_directive(line, path)
    return line


def _head(lines: Sequence[Line], path: str) -> dict[str, str]:
    found: dict[str, str] = {}
    begun = False
    for line in lines:
        begun = begun or line.mark in (TYPED, BOT)
        for name, value in _directives([line]):
            if name not in _HEADS:
                continue
            if begun or name in found:
                what = "stands here twice" if name in found else "belongs before the first line that is said"
                raise DataError(f"'# {name}:' {what}", path=path, line=line.number)
            found[name] = value
    return found


def _segments(lines: Sequence[Line]) -> Iterator[Segment]:
    typed: Line | None = None
    following: list[Line] = []
    for line in lines:
        if line.mark == TYPED:
            yield Segment(typed, tuple(following))
            typed, following = line, []
        else:
            following.append(line)
    yield Segment(typed, tuple(following))


def _directives(lines: Sequence[Line]) -> Iterator[tuple[str, str]]:
    for line in lines:
        if line.mark == HEAD:
            name, _, value = line.text.partition(":")
            yield name.strip(), value.strip()


def _check_directive(line: Line, path: str) -> None:
    """Refuses a ``# `` line that means nothing: a slip in its name would otherwise go unseen."""
    ((name, value),) = _directives([line])
    wrong = ""
    if name not in (*_HEADS, *_BETWEEN):
        wrong = f"expected one of {', '.join((*_HEADS, *_BETWEEN))}, or '##' for a remark; got {name!r}"
    elif name == "now" and not _is_moment(value):
        wrong = f"now: expected a date and time such as 2026-07-23T17:00; got {value!r}"
    elif name == "seed" and not re.fullmatch(r"-?\d+", value):
        wrong = f"seed: expected a whole number; got {value!r}"
    elif name == "extractor" and value not in _EXTRACTORS:
        wrong = f"extractor: expected one of {', '.join(_EXTRACTORS)}; got {value!r}"
    elif name == "bot" and not value:
        wrong = "bot: expected the name of a bot; got nothing"
    elif name == "wait" and _wait(value) is None:
        wrong = f"wait: expected a time such as 20m, 1h30m or 2d; got {value!r}"
    elif name == "outcome" and _scripted(value) is None:
        wrong = f'outcome: expected an action, its outcome and JSON such as {{"days": "2"}}; got {value!r}'
    if wrong:
        raise DataError(wrong, path=path, line=line.number)


def _is_moment(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _wait(value: str) -> timedelta | None:
    match = _WAIT.fullmatch(value)
    if match is None or not any(match.groups()):
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _scripted(value: str) -> Scripted | None:
    match = _OUTCOME.fullmatch(value)
    facts = _json(match[3]) if match else None
    if match is None or facts is None:
        return None
    return Scripted(match[1], match[2], {str(key): str(fact) for key, fact in facts.items()})


def _json(text: str | None) -> dict[str, Any] | None:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _check(line: Line, path: str) -> Check:
    text = line.text.strip()
    if text == "no action":
        return Check("no action")
    if match := _SLOT.fullmatch(text):
        return Check("slot", match[1], value=match[2] or "")
    if (match := _ACTION.fullmatch(text)) and (values := _json(match[3])) is not None:
        return Check("action", match[1], match[2] or "", values=tuple(values.items()))
    raise DataError(
        f"expected '! action NAME FORM {{JSON}}', '! no action' or '! slot NAME VALUE'; got {text!r}",
        path=path,
        line=line.number,
    )
