"""Native Korean numbers below 100: 스물다섯, 두, 두세, 열댓. A text and a place in, the number's ends out."""

from __future__ import annotations

from decimal import Decimal

__all__ = ["Reading", "is_native", "native_number"]

Reading = tuple[Decimal, Decimal, int, bool]  # lowest, highest, where it ends in the text, approximate

_TENS = {
    "열": 10, "스물": 20, "스무": 20, "서른": 30, "마흔": 40, "쉰": 50, "예순": 60, "일흔": 70, "여든": 80,
    "아흔": 90,
}  # fmt: skip
_ONES = {
    "하나": 1, "한": 1, "둘": 2, "두": 2, "셋": 3, "세": 3, "석": 3, "넷": 4, "네": 4, "넉": 4, "다섯": 5,
    "여섯": 6, "일곱": 7, "여덟": 8, "여덜": 8, "아홉": 9,
}  # fmt: skip
_BOUND = {"한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8}  # 두 세 명
_ESTIMATES = {
    "한두": (1, 2), "한둘": (1, 2), "두세": (2, 3), "두셋": (2, 3), "두서너": (2, 4), "두서넛": (2, 4),
    "서너": (3, 4), "서넛": (3, 4), "세네": (3, 4), "네댓": (4, 5), "너댓": (4, 5), "너덧": (4, 5),
    "네다섯": (4, 5), "너더댓": (4, 5), "대여섯": (5, 6), "대엿": (5, 6), "다섯여섯": (5, 6),
    "예닐곱": (6, 7), "여섯일곱": (6, 7),
    "일고여덟": (7, 8), "일고여덜": (7, 8), "일곱여덟": (7, 8), "여덟아홉": (8, 9), "엳아홉": (8, 9),
}  # fmt: skip
_ABOUT = {"두어": 2, "두엇": 2, "댓": 5}
_OLD = {"서": 3, "너": 4, "닷": 5, "엿": 6}  # only before 말, 되, 돈, 푼, 발, 냥
_NOT_AFTER = {"세": "트기대상월미탁", "두": "부유름", "네": "모티임"}  # 두 세트, 한 두부 are no estimates


def is_native(text: str) -> bool:
    """Whether the number that opens the text is a native one: 두, 스물, 서너."""
    return native_number(text[:8], 0) is not None


def native_number(s: str, at: int) -> Reading | None:
    """The native number that opens at ``at``: 스물다섯, 세, 두세, 열두어."""
    if s.startswith("여남은", at):
        return Decimal(10), Decimal(10), at + 3, True
    if s.startswith("열댓", at):
        return Decimal(15), Decimal(15), at + 2, True
    ten = _longest(_TENS, s, at)
    if ten is None:
        return _ones(s, at)
    base, end = Decimal(ten[0]), ten[1]
    if s.startswith("몇", end) or s.startswith(" 몇", end):
        return base + 1, base + 9, s.index("몇", end) + 1, False
    ones = _ones(s, end) or (
        _ones(s, end + 1) if s[end : end + 1] == " " and not s.startswith("스무", at) else None
    )
    if ones is not None:
        low, high, end, about = ones
        return base + low, base + high, end, about
    if s[end : end + 1] == "여" and s[end : end + 2] not in ("여섯", "여덟"):
        return base, base, end + 1, True
    return base, base, end, False


def _ones(s: str, at: int) -> Reading | None:
    """한, 두세, 두 세, 두어."""
    for word, (low, high) in _ESTIMATES.items():
        if s.startswith(word, at) and s[at + len(word) : at + len(word) + 1] not in tuple(
            _NOT_AFTER.get(word[-1], "")
        ):
            return Decimal(low), Decimal(high), at + len(word), False
    about = _longest(_ABOUT, s, at)
    if about is not None:
        return Decimal(about[0]), Decimal(about[0]), about[1], True
    one = _longest(_ONES, s, at)
    if one is None:
        old = _OLD.get(s[at : at + 1])
        after = s[at + 1 : at + 3].lstrip(" ")[:1]
        return (Decimal(old), Decimal(old), at + 1, False) if old and after and after in "말되돈푼발냥" else None
    number, end = one
    if s[at:end] in _BOUND and s[end : end + 1] == " ":
        then = _longest(_ONES, s, end + 1)
        if (
            then
            and then[0] == number + 1
            and s[then[1] : then[1] + 1] not in tuple(_NOT_AFTER.get(s[then[1] - 1], ""))
        ):
            return Decimal(number), Decimal(then[0]), then[1], False
    return Decimal(number), Decimal(number), end, False


def _longest(table: dict[str, int], s: str, at: int) -> tuple[int, int] | None:
    """The longest key of ``table`` that stands at ``at``, and where it ends."""
    for length in (4, 3, 2, 1):
        key = s[at : at + length]
        if len(key) == length and key in table:
            return table[key], at + length
    return None
