"""The words dates are made of: tables, and readers of one word at a place of a folded text.

RELATIVE maps 다음주, 지난달, 내년, ... to a unit and a count of it from today; numbers, ordinals and days of the
week are read by the functions. Nothing here knows a clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeVar

__all__ = [
    "FLOATING_LEANS",
    "NEAR_DAYS",
    "ORDINALS",
    "RELATIVE",
    "SEASONS",
    "WEEKDAYS",
    "Lean",
    "longest_at",
    "numbers_at",
    "ordinals_at",
    "weekday_at",
    "weekdays_at",
]

Lean = Literal["future", "past", "nearest", "gone", "this", "next", "after", "from"]
T = TypeVar("T")

WEEKDAYS = "월화수목금토일"

NEAR_DAYS = {
    "오늘": 0, "금일": 0, "당일": 0, "오늘날짜": 0, "내일": 1, "낼": 1, "명일": 1, "익일": 1, "다음날": 1,
    "담날": 1, "이튿날": 1, "내일모레": 2, "낼모레": 2, "내일모래": 2, "낼모래": 2, "모레": 2, "모래": 2,
    "명후일": 2, "글피": 3, "그글피": 4, "어제": -1, "어저께": -1, "작일": -1, "전날": -1, "그저께": -2,
    "그제": -2, "엊그제": -2, "엊그저께": -2, "엇그제": -2, "그저깨": -2, "어재": -1, "오눌": 0, "오널": 0,
    "내알": 1, "다음다음날": 2, "다다음날": 2, "그그제": -3, "그그저께": -3, "그끄저께": -3, "그끄제": -3,
}  # fmt: skip

_COUNTS = {
    "지지지난": -3, "지지난": -2, "저저번": -2, "지난지난": -2, "저저": -2, "지난": -1, "저번": -1, "지난번": -1,
    "먼젓번": -1, "먼저번": -1, "전번": -1, "이번": 0, "요번": 0, "이번에": 0, "다음": 1, "담": 1, "다음번": 1,
    "담번": 1, "오는": 1, "돌아오는": 1, "다가오는": 1, "다다음": 2, "다담": 2, "다음다음": 2, "담담": 2,
    "담다음": 2, "다음담": 2, "다다다음": 3, "다음다음다음": 3,
}  # fmt: skip
_FUSED = {
    "week": {"금주": 0, "이번한주": 0, "금주간": 0, "차주": 1, "내주": 1, "차차주": 2, "전주": -1, "전전주": -2},
    "month": {
        "이달": 0, "이번한달": 0, "금월": 0, "당월": 0, "이번월": 0, "내달": 1, "내월": 1, "익월": 1, "차월": 1,
        "다음월": 1, "훗달": 1, "전달": -1, "전월": -1, "거월": -1, "지난월": -1, "전전달": -2, "전전월": -2,
    },
    "year": {
        "올해": 0, "올": 0, "금년": 0, "올해년도": 0, "금년도": 0, "올년도": 0, "당해": 0, "당해년도": 0,
        "이번년도": 0, "이번년": 0, "내년": 1, "내년도": 1, "명년": 1, "익년": 1, "차년도": 1, "다음년도": 1,
        "다음년": 1, "이듬해": 1, "새해": 1, "연내": 0, "연중": 0, "이번한해": 0, "후년": 2, "내후년": 2,
        "내후년도": 2, "내내년": 2, "작년": -1, "작년도": -1, "전년": -1, "전년도": -1, "거년": -1, "지난해": -1,
        "지난년도": -1, "재작년": -2, "재작년도": -2, "전전년": -2, "그러께": -2, "지지난해": -2, "제작년": -2,
        "신년": 1, "재재작년": -3, "저재작년": -3,
    },
    "quarter": {"당분기": 0, "현분기": 0, "금분기": 0, "전분기": -1, "직전분기": -1, "차분기": 1, "내분기": 1},
    "weekend": {"금주말": 0, "차주말": 1},
}  # fmt: skip
_NAMES = {"week": ("주",), "month": ("달",), "year": ("해",), "quarter": ("분기",), "weekend": ("주말",)}


def _relative() -> dict[str, tuple[str, int]]:
    found = {word: (unit, n) for unit, words in _FUSED.items() for word, n in words.items()}
    for unit, names in _NAMES.items():
        found |= {count + name: (unit, n) for count, n in _COUNTS.items() for name in names}
    return found


RELATIVE = _relative()

# before what repeats (금요일, 3월, 설날): which one is meant
FLOATING_LEANS: dict[str, Lean] = {
    "지난": "gone", "지난번": "gone", "저번": "gone", "먼젓번": "gone", "이번": "this", "요번": "this",
    "올": "this", "오는": "next", "다가오는": "next", "돌아오는": "next", "다음": "after", "담": "after",
    "다음번": "after",
}  # fmt: skip

SEASONS = {"봄": 3, "여름": 6, "가을": 9, "겨울": 12}  # the month they begin in, as the weather service counts

ORDINALS = {
    "첫째": 1, "첫번째": 1, "첫": 1, "둘째": 2, "두번째": 2, "둘쨰": 2, "두째": 2, "셋째": 3, "세번째": 3,
    "세째": 3, "넷째": 4, "네번째": 4, "네째": 4, "다섯째": 5, "다섯번째": 5, "여섯째": 6, "여섯번째": 6,
    "마지막": -1, "마지막째": -1, "막": -1, "맨마지막": -1, "제일마지막": -1,
}  # fmt: skip

_SINO = {c: n for n, c in enumerate("영일이삼사오육칠팔구")} | {"륙": 6, "유": 6}
_LONGEST_WORD = 8
_AND = ("이랑", "하고", "그리고", "랑", "과", "와", ",", "·", "/", "&", "및")
_THROUGH = ("~", "-", "부터", "에서")


def longest_at(table: Mapping[str, T], s: str, at: int) -> Iterator[tuple[T, int]]:
    """Keys of ``table`` that stand at ``at``, the longest first: what they map to and where they end."""
    for length in range(_LONGEST_WORD, 0, -1):
        word = s[at : at + length]
        if len(word) == length and word in table:
            yield table[word], at + length


def numbers_at(s: str, at: int) -> Iterator[tuple[int, int]]:
    """Numbers below 100 that start at ``at``, the longest first: 25, 05, 이십오, 육 (and the 유 of 유월)."""
    end = at
    while end < len(s) and end - at < 3 and "0" <= s[end] <= "9":
        end += 1
    if end > at:
        if end - at <= 2:
            yield int(s[at:end]), end
        return
    if s.startswith("시월", at):
        yield 10, at + 1
    tens, end = (_SINO[s[at]], at + 1) if s[at : at + 1] in _SINO and s[at + 1 : at + 2] == "십" else (1, at)
    if s[end : end + 1] == "십" and tens:
        if s[end + 1 : end + 2] in _SINO and s[end + 1] != "영":
            yield 10 * tens + _SINO[s[end + 1]], end + 2
        yield 10 * tens, end + 1
    elif s[at : at + 1] in _SINO:
        yield _SINO[s[at]], at + 1


def ordinals_at(s: str, at: int) -> Iterator[tuple[int, int]]:
    """``첫째``, ``두 번째``, ``3번째``, ``2째``, ``마지막`` (-1) at ``at``, and where they end."""
    yield from longest_at(ORDINALS, s, at)
    for number, end in numbers_at(s, at):
        for word in ("번째", "째"):
            if s.startswith(word, end):
                yield number, end + len(word)


def weekday_at(s: str, at: int, *, bare: bool = False) -> tuple[int, int] | None:
    """``목요일``, ``목욜``, with ``bare`` also ``목`` alone: 0 for Monday, and where it ends."""
    if s.startswith("불금", at):
        return 4, at + 2
    day = WEEKDAYS.find(s[at : at + 1] or "?")
    if day < 0:
        return None
    for word in ("요일날", "요일", "욜날", "욜", "요닐", "욜일"):
        if s.startswith(word, at + 1):
            return day, at + 1 + len(word)
    return (day, at + 1) if bare else None


def weekdays_at(s: str, at: int, *, bare: bool = False, through: bool = False) -> tuple[list[int], int] | None:
    """Days of the week one after another: ``월수금``, ``화, 목요일``, ``토요일과 일요일``; at least one.

    ``bare``: 목 is one too. ``through``: so is every day of ``월~금`` and ``월요일부터 금요일까지``.
    """
    found: list[int] = []
    end = at
    while True:
        start, until = end, False
        for word in (*_AND, *(_THROUGH if through else ())) if found else ():
            if s.startswith(word, end):
                start, until = end + len(word), word in _THROUGH
                break
        day = weekday_at(s, start, bare=bare)
        if day is None:
            break
        if until:
            found += [d % 7 for d in range(found[-1] + 1, found[-1] + (day[0] - found[-1]) % 7)]
        found.append(day[0])
        end = day[1]
        if until and s.startswith("까지", end):
            end += 2
    return (found, end) if found else None
