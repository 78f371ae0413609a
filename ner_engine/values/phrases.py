"""Any expression with the particles around it: ``parse`` tries what its label suggests first.

Enters: a text, a clock. Leaves: the value of the whole text, or None.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import lru_cache

from ner_engine.josa import final_consonant
from ner_engine.values.clock import SEOUL, Clock, Prefer
from ner_engine.values.contacts import parse_contact
from ner_engine.values.dates import parse_date
from ner_engine.values.folding import LONGEST, fold
from ner_engine.values.moments import read_moment
from ner_engine.values.numerals import scan_number
from ner_engine.values.places import parse_place
from ner_engine.values.quantities import parse_quantity
from ner_engine.values.scores import parse_score
from ner_engine.values.times import OPENINGS, four_digits, opened, read_time
from ner_engine.values.types import (
    DateValue,
    DurationValue,
    MomentValue,
    MoneyValue,
    NumberValue,
    QuantityValue,
    Value,
)

__all__ = ["DATE_LABELS", "TIME_LABELS", "VALUED_LABELS", "parse", "parse_at", "remembered", "tells_seconds"]

DATE_LABELS = frozenset(("DT", "DAT", "DUR"))
TIME_LABELS = frozenset(("TI", "TIM"))
_COUNT_LABELS = frozenset(("QT", "MNY", "PNT", "NOH", "MONEY"))
_PLACE_LABELS = frozenset(("LC", "LOC", "ADDRESS"))
_CONTACT_LABELS = frozenset(("PHONE", "EMAIL"))
_VALUELESS = frozenset(("PS", "OG", "FOOD", "PER", "ORG", "POH"))
VALUED_LABELS = DATE_LABELS | TIME_LABELS | _COUNT_LABELS | _PLACE_LABELS | _CONTACT_LABELS

_EDGES = " \t\r\n\u3000.,!?…\"'“”‘’「」『』~·"
_BRACKETS = ("()", "[]", "<>", "（）")
_PARTICLES = re.compile(
    "(?:이?라서|이?에요|예요|이요|요|입니다|이다|인데|이야|야|에서는|에서|에는|에도|에만|에|엔|은|는|이|가|을|를|도|만|"
    "이나|나|으로|로|이랑|랑|하고|과|와|의|씩|쯤|정도|경|즈음|무렵|가량|께|중|안에|이내에?|내에?|동안|(?<!시)간|때|밖에|까지|부터|"
    "내내|짜리|째|만에)$"
)
_SECOND = "초"
_DIGITS = frozenset("영공일이삼사오육칠팔구십백천만")
# without one of these in it, what was labelled a count is no date or time
_TIMELY = re.compile(
    r"[년월일시분초주달해날밤낮욜때]|오전|오후|아침|저녁|점심|새벽|정오|자정|오늘|내일|모레|글피|어제|그제|이틀|"
    r"사흘|나흘|닷새|보름|명절|설|추석|지금|방금|요즘|[/.~]|\d:\d\d|\d{4}"
)
_OTHER_THINGS = frozenset(("모래",))  # 모레 mistyped only where a date is expected; else sand
_ABOUT_AFTER = frozenset(("쯤", "정도", "경", "즈음", "무렵", "가량", "께"))
_LEADING = re.compile(
    r"(?:(?P<about>약|대략|거의|대충|한(?=\s*\d|\s+[^\s시]))|총|최소|최대|단|딱|겨우|무려|적어도|정확히)\s*(?=\S)"
)
_LASTING = re.compile(r"\s*(?:동안|간(?![가-힣])|만에|내내|짜리|째(?![가-힣])|걸[리려렸]|이내)")


def parse(
    text: str, *, label: str = "", now: datetime | None = None, timezone: str = SEOUL, prefer: Prefer = "future"
) -> Value | None:
    """The value of an expression (``글피 오후 세시 반``, ``만 오천 원이요``), or None where the text names none.

    ``label`` is a hint of what it is: DT, TI, QT or LC, or KMOU's DAT, TIM, DUR, MNY, PNT, NOH, LOC. ``now`` is
    what relative expressions are counted from (None: the present; a naive one is read in ``timezone``),
    ``prefer`` where dates and times without a year or half of the day fall: ``"future"``, ``"past"`` or
    ``"nearest"``.

    Raises TypeError for anything but a str, ConfigError for an unknown time zone or preference; no string raises.
    """
    if not isinstance(text, str):
        raise TypeError(f"expected str; got {type(text).__name__}")
    return parse_at(text, Clock.at(now, timezone, prefer), label=label)


def parse_at(text: str, clock: Clock, *, label: str = "", following: str = "") -> Value | None:
    """``parse`` against a clock. ``following`` is what comes after in the sentence: 3일 동안 is no date."""
    if label in _VALUELESS or len(text) > 4 * LONGEST:
        return None
    core = unicodedata.normalize("NFC", text).strip(_EDGES)
    if core[:1] + core[-1:] in _BRACKETS:
        core = core[1:-1].strip(_EDGES)
    lasts = label == "DUR" or bool(_LASTING.match(following))
    if tells_seconds(core):
        return remembered(core, clock, _wall(clock), label, lasts)
    clock, wall = _to_the_minute(clock, clock.now.tzinfo)  # what is remembered serves a minute long
    return remembered(core, clock, wall, label, lasts)


def _wall(clock: Clock) -> str:
    """What a clock shows, and where it hangs."""
    return f"{clock.now.isoformat()} {clock.now.tzinfo}"


@lru_cache(maxsize=64)
def _to_the_minute(clock: Clock, zone: tzinfo | None) -> tuple[Clock, str]:
    """The clock without its seconds. ``zone`` is its own: clocks of the same instant elsewhere are equal."""
    whole = replace(clock, now=clock.now.replace(second=0, microsecond=0))
    return whole, _wall(whole)


def tells_seconds(text: str) -> bool:
    """Whether what the text means may differ from one second to the next: else it is the same all minute."""
    return _SECOND in unicodedata.normalize("NFC", text)


@lru_cache(maxsize=4096)
def remembered(core: str, clock: Clock, wall: str, label: str, lasts: bool) -> Value | None:
    """The value of a stripped text; a batch says 하나 and 오늘 again and again by the same clock.

    ``wall`` is what the clock shows: two of the same instant in different zones are equal, but not alike.
    """
    if label in DATE_LABELS and lasts:
        lasting = _first_of(core, lambda s: _duration(s, clock))
        if lasting is not None:
            return lasting
    found = None
    if label in DATE_LABELS or label in TIME_LABELS:  # 3사분기로 is a quarter before it is three of something
        found = _first_of(core, lambda s: _timed(s, label, clock))
    found = found or _first_of(core, lambda s: _read(s, label, clock))
    return found or (parse_place(core) if label in _PLACE_LABELS or not label else None)


def _first_of(text: str, read: Callable[[str], Value | None]) -> Value | None:
    """The value of the text, or of what is left of it without the particles and approximators around it."""
    for shorter, about in _cores(text):
        value = read(shorter)
        if value is None or (shorter != text and shorter in _DIGITS):  # 오이, 사이다
            continue
        if about and isinstance(value, NumberValue | QuantityValue | MoneyValue | DurationValue):
            return replace(value, approximate=True)
        return value
    return None


def _cores(text: str) -> Iterator[tuple[str, bool]]:
    about = False
    for lead in (True, False):
        shorter = text
        if not lead:
            match = _LEADING.match(text)
            if match is None:
                return
            shorter, about = text[match.end() :], match["about"] is not None
        for _ in range(4):
            yield shorter, about
            tail = _PARTICLES.search(shorter)
            if tail is None or tail.start() == 0:
                break
            about = about or tail.group() in _ABOUT_AFTER
            with_i = shorter[: tail.start() + 1] if len(tail.group()) > 1 and tail.group()[0] == "이" else ""
            shorter = shorter[: tail.start()].rstrip()
            if with_i and final_consonant(shorter):  # 오천이요 is 오천, unless that says nothing
                yield shorter, about
            if with_i:  # 화이트데이요, 사이요
                yield with_i, about


def _read(text: str, label: str, clock: Clock) -> Value | None:
    if label in _CONTACT_LABELS:
        return parse_contact(text)
    if label in _PLACE_LABELS:
        return parse_place(text)
    if label in _COUNT_LABELS:
        counted = parse_quantity(text) or parse_score(text, written=True)
        return counted or (_timed(text, label, clock) if _TIMELY.search(text) else None)
    if label in DATE_LABELS or label in TIME_LABELS:
        return parse_quantity(text)
    if text in _OTHER_THINGS:
        return None
    number = scan_number(text)
    if number is not None and number[1] == len(text):
        return parse_quantity(text)
    found = parse_contact(text) or _timed(text, label, clock) or parse_quantity(text)
    return found or parse_score(text, written=False)


def _timed(text: str, label: str, clock: Clock, *, openings: bool = True) -> Value | None:
    """A date, a time or both."""
    folded = fold(text)
    if not folded:
        return None
    found: Value | None
    if label in TIME_LABELS:
        found = read_time(folded, clock) or four_digits(folded)
        found = found or read_moment(folded, clock) or parse_date(text, clock)
    else:
        found = parse_date(text, clock) or read_time(folded, clock) or read_moment(folded, clock)
    if found is not None:
        return found
    for pattern, side in OPENINGS if openings else ():
        match = pattern.search(folded)
        said = folded[: match.start()] if match else ""
        inner = _timed(said, label, clock, openings=False) if said else None
        if isinstance(inner, DateValue | MomentValue) and not inner.open:
            return opened(inner, side, said)
    return None


def _duration(text: str, clock: Clock) -> DurationValue | None:
    """``3일`` as an amount."""
    folded = fold(text)
    if not folded:
        return None
    for found in (read_time(folded, clock), parse_date(folded, clock), parse_date(f"{folded} 동안", clock)):
        if isinstance(found, DurationValue):
            return found
    return None
