"""How Koreans write a number: an int and a style in, its written form out.

Styles: ``digit`` 15000, ``comma`` 15,000, ``pad2`` 05, ``sino`` 만오천, ``sinospaced`` 만 오천,
``mixed`` 1만 5천, ``native`` before a classifier (한, 두, 스물), ``count`` standing alone (하나, 둘, 스물).
"""

from __future__ import annotations

from ner_engine.errors import ConfigError

__all__ = ["STYLES", "spell"]

_SINO = ("", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구")
_PLACES = ("", "십", "백", "천")
_GROUPS = ("", "만", "억", "조")
_NATIVE_ONES = ("", "하나", "둘", "셋", "넷", "다섯", "여섯", "일곱", "여덟", "아홉")
_NATIVE_BOUND = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_NATIVE_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")


def _sino_below_10000(number: int, *, leading_one: bool) -> str:
    out = ""
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if digit == 0:
            continue
        bare = digit == 1 and place > 0 and not leading_one
        out += ("" if bare else _SINO[digit]) + _PLACES[place]
    return out


def _groups(number: int) -> list[tuple[int, str]]:
    """The number in groups of four digits, largest first: 25000 -> [(2, "만"), (5000, "")]."""
    found = []
    for power, name in enumerate(_GROUPS):
        part = number // 10_000**power % 10_000
        if part:
            found.append((part, name))
    return found[::-1]


def _sino(number: int, *, sep: str = "") -> str:
    if number == 0:
        return "영"
    parts = []
    for part, name in _groups(number):
        # 만 alone is read without 일, and so is a leading 천, 백, 십
        word = "" if part == 1 and name == "만" else _sino_below_10000(part, leading_one=False)
        parts.append(word + name)
    return sep.join(parts)


def _mixed(number: int) -> str:
    """Digits with 만 and 천 written out: 25000 -> "2만 5천", 12500 -> "1만 2500"."""
    parts = []
    for part, name in _groups(number):
        if not name and part % 1000 == 0:
            parts.append(f"{part // 1000}천")
        else:
            parts.append(f"{part}{name}")
    return " ".join(parts)


def _native(number: int, *, bound: bool) -> str:
    if not 1 <= number <= 99:
        raise ConfigError(f"native number: expected 1 to 99; got {number}")
    tens, ones = divmod(number, 10)
    if bound and number == 20:
        return "스무"
    return _NATIVE_TENS[tens] + (_NATIVE_BOUND if bound else _NATIVE_ONES)[ones]


STYLES = ("digit", "comma", "pad2", "sino", "sinospaced", "mixed", "native", "count")


def spell(number: int, style: str) -> str:
    """``number`` written in one of STYLES. Raises ConfigError for another style, or a native number over 99."""
    match style:
        case "digit":
            return str(number)
        case "comma":
            return f"{number:,}"
        case "pad2":
            return f"{number:02d}"
        case "sino":
            return _sino(number)
        case "sinospaced":
            return _sino(number, sep=" ")
        case "mixed":
            return _mixed(number) if number else "0"
        case "native":
            return _native(number, bound=True)
        case "count":
            return _native(number, bound=False)
    raise ConfigError(f"number style: expected one of {', '.join(STYLES)}; got {style!r}")
