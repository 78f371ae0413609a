"""How many: Korean counts in a text, as numbers. ``두 그릇`` -> 2 그릇, ``10인분`` -> 10 인분, ``혼자`` -> 1 명.

Rough on purpose: enough for counts of dishes and guests. ``두세 개`` and ``몇 개`` are counts whose number is
not known (None).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Count", "find_counts", "read_count", "read_number"]

_ONES = {
    "하나": 1, "한": 1, "둘": 2, "두": 2, "셋": 3, "세": 3, "석": 3, "넷": 4, "네": 4, "넉": 4, "다섯": 5,
    "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9,
}  # fmt: skip
_TENS = {
    "열": 10, "스물": 20, "스무": 20, "서른": 30, "마흔": 40, "쉰": 50, "예순": 60, "일흔": 70, "여든": 80,
    "아흔": 90,
}  # fmt: skip
_SINO = dict(zip("영일이삼사오육칠팔구", range(10), strict=True)) | {"공": 0, "륙": 6}
_PLACES = {"십": 10, "백": 100, "천": 1000}

_ONE = "하나|한|둘|두|셋|세|석|넷|네|넉|다섯|여섯|일곱|여덟|아홉"
_TEN = "열|스물|스무|서른|마흔|쉰|예순|일흔|여든|아흔"
_NATIVE = f"(?:(?:{_TEN})(?:{_ONE})?|{_ONE})"
_NATIVE_ALONE = (
    f"(?:(?:{_TEN})(?:하나|둘|셋|넷|다섯|여섯|일곱|여덟|아홉)?|하나|둘|셋|넷|다섯|여섯|일곱|여덟|아홉)"
)
_SINO_RUN = r"(?:[일이삼사오육칠팔구십백천]*만\s)?[일이삼사오육칠팔구십백천만]+"
_DIGIT_RUN = r"(?:\d{1,3}(?:,\d{3})+|\d{1,9})(?!\d)"
_VAGUE = "한두|두세|두어|두서너|서너|너댓|네댓|네다섯|대여섯|예닐곱|몇|여러|많이|조금|넉넉히"
_AFTER_ALONE = (
    r"(?=이?서|입니다|인데|에(?![가-힣])|주|이?요|이?고|이?랑|하고|만|씩|더|정도|쯤"
    r"|이?나|에요|이에요|예요|으?로|[^가-힣]|$)"
)
_VAGUE_RUN = re.compile(_VAGUE)
_READING = re.compile(
    f"(?P<alone>혼자)|(?:(?P<digits>{_DIGIT_RUN})|(?P<native>{_NATIVE})|(?P<sino>{_SINO_RUN}))"
    r"\s*(?P<unit>[가-힣A-Za-z%]*)"
)


@dataclass(frozen=True, slots=True)
class Count:
    """A number with its classifier (``""`` for none); ``number`` is None when it was left open (몇, 두세)."""

    number: int | None
    unit: str


def read_number(text: str) -> int | None:
    """A number in digits or words, with nothing around it."""
    word = "".join(text.split()).replace(",", "")
    if word.isdecimal():
        return int(word) if len(word) <= 12 else None
    if re.fullmatch(_NATIVE, word):
        for ten, value in _TENS.items():
            if word.startswith(ten):
                return value + _ONES.get(word[len(ten) :], 0)
        return _ONES[word]
    return _read_sino(word)


def _read_sino(word: str) -> int | None:
    if not word:
        return None
    total = section = digit = 0
    for c in word:
        if c in _SINO:
            digit = _SINO[c]
        elif c in _PLACES:
            section += (digit or 1) * _PLACES[c]
            digit = 0
        elif c == "만":
            total += (section + digit or 1) * 10_000
            section = digit = 0
        else:
            return None
    return total + section + digit


def read_count(text: str) -> Count | None:
    """The count a text states, such as an extracted quantity; None if it states none."""
    vague = _VAGUE_RUN.match(text)
    if vague:
        return Count(None, re.sub(r"[^가-힣]", "", text[vague.end() :]))
    best = None
    for match in _READING.finditer(text):
        if match["alone"]:
            return Count(1, "명")
        number = read_number(match["digits"] or match["native"] or match["sino"])
        if number is not None:
            best = Count(number, _bare_unit(match["unit"]))
            if best.unit:
                break
    return best


def _bare_unit(unit: str) -> str:
    """The classifier without what is said after it: 그릇씩 -> 그릇; 이서 (둘이서) counts people."""
    if re.fullmatch("이?서", unit):
        return "명"
    return re.sub("(?:이?서|이?요|씩|짜리|정도|쯤|만|더)$", "", unit)


def find_counts(text: str, units: Iterable[str], *, glued: Iterable[int] = ()) -> list[tuple[int, int]]:
    """Where a text states counts: ``[start, end)`` of number and classifier, the classifier one of ``units``.

    Numbers without a classifier count only in the form used alone (하나, 둘) or as digits at a word's edge.
    ``glued`` are places where a count may begin inside a word: after the dish in 콜라도두병주세요.
    """
    classifiers = "|".join(re.escape(unit) for unit in sorted(set(units), key=len, reverse=True)) or "개"
    body = (
        rf"(?:(?:{_DIGIT_RUN}|{_NATIVE}|{_VAGUE})\s*(?:{classifiers})(?!시|간|초)"
        rf"|{_SINO_RUN}\s*(?:인분|인(?![가-힣]))"
        rf"|혼자(?=서?(?:[^가-힣]|$)|서?[요이])"
        rf"|{_NATIVE_ALONE}{_AFTER_ALONE}"
        rf"|{_DIGIT_RUN}(?=\s*(?:$|[.!,~ㅋ]|요|이요)))"
    )
    found = {match.span() for match in re.finditer(rf"(?<![가-힣\d.:/-]){body}", text)}
    pattern = re.compile(body)
    inside = (match.span() for place in glued if (match := pattern.match(text, place)))
    return sorted(found | {place for place in inside if not any(a < place[1] and place[0] < b for a, b in found)})
