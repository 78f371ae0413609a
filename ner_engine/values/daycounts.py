"""Durations of days and longer: ``사흘``, ``두세 달``, ``1년 6개월``, ``3박 4일``; and days that far off.

Text enters folded (``folding.fold``), without spaces.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from ner_engine.values.calendar import add_months
from ner_engine.values.numerals import scan_number
from ner_engine.values.types import DateValue, DurationValue

__all__ = ["away", "read_duration", "scan_duration", "shifted"]

_DAYS = {
    "하루": (1, 1), "이틀": (2, 2), "사흘": (3, 3), "나흘": (4, 4), "닷새": (5, 5), "엿새": (6, 6),
    "이레": (7, 7), "여드레": (8, 8), "아흐레": (9, 9), "열흘": (10, 10), "열하루": (11, 11), "열이틀": (12, 12),
    "열사흘": (13, 13), "열나흘": (14, 14), "열닷새": (15, 15), "열엿새": (16, 16), "열이레": (17, 17),
    "열여드레": (18, 18), "열아흐레": (19, 19), "보름": (15, 15), "하루이틀": (1, 2), "여러날": (2, 9),
    "이틀사흘": (2, 3), "사나흘": (3, 4), "사흘나흘": (3, 4), "네댓새": (4, 5), "너댓새": (4, 5), "나달": (4, 5),
    "대엿새": (5, 6), "예니레": (6, 7), "일고여드레": (7, 8), "며칠": (2, 9), "몇일": (2, 9), "수일": (2, 9),
    "반달": (15, 15), "스무날": (20, 20), "보름간": (15, 15), "수십일": (20, 90),
}  # fmt: skip
_MONTHS = {"반년": (6, 6)}
_UNITS = {
    "개년": "years", "년": "years", "해": "years", "세기": "centuries", "개월": "months", "달": "months",
    "주일": "weeks", "주간": "weeks", "주": "weeks", "일": "days",
}  # fmt: skip
_RANKS = ("years", "months", "weeks", "days")
_LONGEST_COUNT = 16
_SEVERAL = {"몇": (2, 9), "수": (2, 9), "여러": (2, 9), "두어": (2, 3), "한두어": (1, 3)}
_UNSURE = ("여러날", "며칠", "몇일", "수일")
_SINO = {c: n for n, c in enumerate("영일이삼사오육칠팔구")} | {"륙": 6}
_HALF = {
    "years": DurationValue(months=Decimal(6)),
    "months": DurationValue(days=Decimal(15)),
    "weeks": DurationValue(weeks=Decimal("0.5")),
    "days": DurationValue(days=Decimal("0.5")),
}

_BEFORE = ("만으로", "거의", "대략", "약", "꼬박", "장장", "최소", "최대", "무려", "총", "한", "만", "단")
_AFTER = (
    "동안내내", "동안", "내내", "간", "정도", "가량", "쯤", "남짓", "여", "짜리", "이상", "이하", "넘게", "종일",
    "씩", "치", "초과", "미만",
)  # fmt: skip
_ROUGH = frozenset(
    {"거의", "대략", "약", "한", "정도", "가량", "쯤", "남짓", "여", "이상", "이하", "넘게", "최소", "최대"}
)
_CENTURY = 100
_YEARS = range(1900, 2200)  # 2026년 is a year and no amount


def read_duration(s: str) -> DurationValue | None:
    """The whole of ``s`` as a duration, with what is said around it (약, 동안, 정도); None for anything else."""
    rough = False
    whole = scan_duration(s, 0)
    if whole is None or whole[1] < len(s):
        for word in _BEFORE:
            if s.startswith(word) and (found := scan_duration(s, len(word))):
                rough, whole = rough or word in _ROUGH, found
                break
    if whole is None:
        return None
    value, end = whole
    if value == DurationValue() or value.years in _YEARS:
        return None
    rest = s[end:]
    while rest:
        word = next((w for w in _AFTER if rest.startswith(w)), "")
        if not word:
            return None
        rough, rest = rough or word in _ROUGH, rest[len(word) :]
    return replace(value, approximate=True) if rough else value


def scan_duration(s: str, at: int) -> tuple[DurationValue, int] | None:
    """The longest duration that starts at ``at``, and where it ends; None where none starts."""
    nights = _nights(s, at)
    if nights is not None:
        return nights
    lower: DurationValue | None = None
    upper = DurationValue()
    rank, rough = -1, False
    while True:
        start = at + 2 if lower is not None and s.startswith("하고", at) else at
        piece = _piece(s, start)
        if piece is None or _RANKS.index(piece[0]) <= rank:
            break
        unit, low, high, about, at = piece
        rank, rough = _RANKS.index(unit), rough or about
        lower = _added(lower or DurationValue(), unit, low)
        upper = _added(upper, unit, high)
        if s.startswith("반", at) and s[at : at + 2] not in ("반년", "반달", "반나"):
            lower, upper = _joined(lower, _HALF[unit]), _joined(upper, _HALF[unit])
            at += 1
    if lower is None:
        return None
    if s.startswith("여", at) and not s.startswith(("여름", "여섯", "여덟"), at):  # 2년여
        rough, at = True, at + 1
    if upper != lower:
        return replace(lower, upper=upper, approximate=rough), at
    return replace(lower, approximate=rough), at


def _nights(s: str, at: int) -> tuple[DurationValue, int] | None:
    """3박 4일, 일박이일, 무박 2일, 2박."""
    if s.startswith("당일치기", at):
        return DurationValue(days=Decimal(1)), at + 4
    place = s.find("박", at + 1, at + 6)
    if place < 0:
        return None
    nights = 0 if s[at:place] == "무" else _whole(s[at:place])
    if nights is None or nights > 999:
        return None
    for end in range(min(len(s), place + 6), place + 1, -1):
        days = _whole(s[place + 1 : end - 1]) if s[end - 1] == "일" else None
        if days:
            return DurationValue(days=Decimal(days), nights=nights), end
    return (DurationValue(days=Decimal(nights + 1), nights=nights), place + 1) if nights else None


def _whole(text: str) -> int | None:
    found = scan_number(text)
    if found is None or found[1] < len(text) or found[0].value % 1 or found[0].upper is not None:
        return None
    return int(found[0].value)


def _piece(s: str, at: int) -> tuple[str, Decimal, Decimal, bool, int] | None:
    """A number with its unit, or a word for both: unit, lowest, highest, whether rough, where it ends."""
    for table, unit in ((_DAYS, "days"), (_MONTHS, "months")):
        for length in (5, 4, 3, 2):
            word = s[at : at + length]
            if word in table:
                fewest, most = table[word]
                return unit, Decimal(fewest), Decimal(most), word in _UNSURE, at + len(word)
    for place in range(min(len(s), at + _LONGEST_COUNT), at, -1):
        name = next((name for name in _UNITS if s.startswith(name, place)), "")
        if not name:
            continue
        count = _count(s[at:place])
        if count is None:
            continue
        low, high, rough = count
        unit, end = _UNITS[name], place + len(name)
        if name == "달" and s[at:place] == "반":
            continue
        if unit == "centuries":
            unit, low, high = "years", low * _CENTURY, high * _CENTURY
        return unit, low, high, rough, end
    return None


def _count(text: str) -> tuple[Decimal, Decimal, bool] | None:
    if text in _SEVERAL:
        low, high = _SEVERAL[text]
        return Decimal(low), Decimal(high), True
    if len(text) == 2 and text[0] in _SINO and _SINO.get(text[1]) == _SINO[text[0]] + 1 and text[0] != "영":
        return Decimal(_SINO[text[0]]), Decimal(_SINO[text[1]]), False  # 이삼일, 삼사년
    low_text, sign, high_text = text.partition("~")
    found = scan_number(low_text)
    if found is None or found[1] < len(low_text):
        return None
    value = found[0]
    if not sign:
        return value.value, value.value if value.upper is None else value.upper, value.approximate
    other = scan_number(high_text)
    if other is None or other[1] < len(high_text) or other[0].value <= value.value:
        return None
    return value.value, other[0].value, False


def _added(value: DurationValue, unit: str, amount: Decimal) -> DurationValue:
    return _joined(value, DurationValue(**{unit: amount}))  # type: ignore[arg-type]


def _joined(one: DurationValue, other: DurationValue) -> DurationValue:
    return replace(
        one,
        years=one.years + other.years,
        months=one.months + other.months,
        weeks=one.weeks + other.weeks,
        days=one.days + other.days,
    )


def shifted(day: date, span: DurationValue, sign: int) -> date:
    """The day ``span`` after (``sign`` 1) or before (-1) ``day``; half a month is 15 days.

    Raises OverflowError or ValueError beyond the years 1 to 9999.
    """
    months = span.years * 12 + span.months
    whole = int(months)
    days = (months - whole) * 30 + span.weeks * 7 + span.days
    moved = add_months(day, sign * whole) if whole else day
    return moved + timedelta(days=sign * int(days.to_integral_value(ROUND_HALF_EVEN)))


def away(day: date, span: DurationValue, sign: int) -> DateValue:
    """The day that far off as a value; a stretch of days where the count was an estimate (2~3일 뒤)."""
    near = shifted(day, span, sign)
    if span.upper is None:
        return DateValue(near, near + timedelta(days=1))
    first, last = sorted((near, shifted(day, span.upper, sign)))
    return DateValue(first, last + timedelta(days=1), "days")
