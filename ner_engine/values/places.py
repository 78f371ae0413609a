"""Address-like places, cut into their parts: ``서울시 강남구 역삼동 123-45``, ``세종대로 110``, ``105동 701호``.

Parts are named by level and keep the words that were said. What is no address (``강남역``, ``일본``) is None.
"""

from __future__ import annotations

import re

from ner_engine.values.numerals import normal
from ner_engine.values.regions import CITIES, CITIES_SHORT, PROVINCES, PROVINCES_LONG
from ner_engine.values.types import PlaceValue

__all__ = ["parse_place"]

_LONGEST = 120  # characters of an address
_LEVELS = ("시도", "시군구", "읍면동", "도로", "번지", "건물")
_PROVINCE, _CITY, _TOWN, _ROAD, _LOT, _BUILDING = range(len(_LEVELS))

_ABC = "가나다라마바사아자차카타파하"
_TOWNS = re.compile(r"[가-힣]{1,6}[읍면동리]|[가-힣]{1,5}\d{1,2}[동리]|[가-힣]{1,4}\d가")
_NO_TOWN = re.compile(
    r".*(?:하|되|가|오|으|이|라|보|니|다)면|.*(?:빨|우|무|자|거|처|마)리|.{0,2}(?:행|운|활|감|이|자|공)동"
)
_ROADS = re.compile(
    rf"[가-힣A-Za-z]{{2,10}}(?:\d{{1,4}}번?)?(?:대로|로|길)(?:\d{{1,4}}(?:번|[{_ABC}])?길|\d로)?|종로"
)
_NO_ROAD = re.compile(r".*(?:으로|[는은던]길)|(?:마음|그|제|맘|뜻|순서|예정|계획|사실|말|약속|반|절)대로")
_SIDE_STREET = re.compile(rf"\d{{1,4}}(?:번|[{_ABC}])?길|\d가")  # 성미산로 29길, 종로 1가
_LOTS = re.compile(r"(?:산 ?)?\d{1,5}(?:-\d{1,5})?(?:번지)?")
_FLAT = re.compile(rf"(?:[A-Za-z{_ABC}]|\d{{1,4}})동|(?:B|지하)?\d{{1,5}}호실?|(?:지하 ?)?\d{{1,3}}층")
_JOINED = (
    re.compile(r"[가-힣]{2,4}[시군구](?=[가-힣]{1,7}[동읍면구로길](?:\d|$))"),
    re.compile(r"[가-힣]{1,10}(?:로|길)(?=\d{1,5}(?:-\d{1,5})?(?:번지)?$)"),
    re.compile(r"[가-힣]{1,6}[동리](?=\d{1,5}(?:-\d{1,5})?(?:번지)?$)"),
    re.compile(r"\d{1,4}동(?=\d)|\d{1,3}층(?=\d)"),
)


def parse_place(text: str) -> PlaceValue | None:
    """The parts of an address, from the largest to the smallest; None where the text is none.

    One part alone is an address only where nothing else is written so: the full name of a province, city
    or district, a flat (``105동 701호``). Nothing raises.
    """
    if len(text) > 4 * _LONGEST:
        return None
    s = normal(text).replace(",", " ")
    if not s or len(s) > _LONGEST:
        return None
    words = _split(s)
    parts: dict[str, list[str]] = {}
    level = _BUILDING if all(_FLAT.fullmatch(word) for word in words) else _PROVINCE
    for index, word in enumerate(words):
        level = _level(words, index, level)
        parts.setdefault(_LEVELS[level], []).append(word)
    if not _address(parts, words):
        return None
    return PlaceValue({name: " ".join(parts[name]) for name in _LEVELS if name in parts})


def _split(s: str) -> list[str]:
    """Words, with what is written together taken apart (테헤란로152, 105동701호) and 산 14 kept together."""
    words: list[str] = []
    for word in s.split():
        if words and words[-1] == "산" and word[0].isdigit():
            words[-1] = f"산 {word}"
            continue
        while cut := _cut(word):
            words.append(word[:cut])
            word = word[cut:]
        words.append(word)
    return words


def _cut(word: str) -> int:
    """Where the first part of a word ends that holds more than one; 0 where it holds one."""
    for name in PROVINCES_LONG:
        if word.startswith(name) and len(word) > len(name) and word not in CITIES:
            return len(name)
    for pattern in _JOINED:
        match = pattern.match(word)
        if match and word not in CITIES and (pattern is not _JOINED[0] or match.group() in CITIES):
            return match.end()
    return 0


def _level(words: list[str], index: int, level: int) -> int:
    """The level a word names, no higher than that of the word before."""
    word, following = words[index], words[index + 1] if index + 1 < len(words) else ""
    if index == 0 and level == _PROVINCE and word in PROVINCES:
        return _PROVINCE
    if level <= _CITY and word in CITIES:
        return _CITY
    if index == 0 and word in CITIES_SHORT and _town(following, _PROVINCE):
        return _CITY  # 춘천 퇴계동
    if level <= _ROAD and _ROADS.fullmatch(word) and not _NO_ROAD.fullmatch(word) and not _TOWNS.fullmatch(word):
        named = bool(_LOTS.fullmatch(following) or _SIDE_STREET.fullmatch(following))
        return _ROAD if named or (word.endswith("길") and index and not following) else _BUILDING
    if level == _ROAD and _SIDE_STREET.fullmatch(word):
        return _ROAD
    if level <= _TOWN and _town(word, level if index else _PROVINCE):
        return _TOWN
    if level in (_TOWN, _ROAD) and index and _LOTS.fullmatch(word):
        return _LOT
    return _BUILDING


def _town(word: str, level: int) -> bool:
    """Whether a word is a 읍, 면, 동 or 리; right after a province or alone it takes more than one syllable."""
    if not _TOWNS.fullmatch(word) or _NO_TOWN.fullmatch(word):
        return False
    return level > _PROVINCE or (len(word) > 2 and word[-1] in "읍면동가")


def _address(parts: dict[str, list[str]], words: list[str]) -> bool:
    if set(parts) == {"건물"}:
        return len(words) > 1 and all(_FLAT.fullmatch(word) for word in words)
    if len(parts) == 1:
        known = words[0] in PROVINCES_LONG or (words[0] in CITIES and len(words[0]) > 2)
        return known if len(words) == 1 else "건물" not in parts
    if "번지" in parts or "도로" in parts:
        return True
    if "건물" in parts and not any(_FLAT.fullmatch(word) for word in parts["건물"]):
        return "읍면동" in parts and ("시군구" in parts or "시도" in parts)
    return True
