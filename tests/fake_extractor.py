"""A tiny extractor for the chatbot's tests (a lexicon, a few patterns, nothing learnt), and an engine of it."""

from __future__ import annotations

import re
from datetime import datetime
from types import SimpleNamespace

from ner_engine.spans import Entity

__all__ = ["FakeEngine", "extract", "extract_nothing"]

_LEXICON = {
    "FOOD": (
        "짜장면 곱빼기", "짜장면", "간짜장", "짬뽕", "볶음밥", "잡채밥", "탕수육", "깐풍기", "군만두", "공기밥",
        "콜라", "사이다",
        "맥주", "소주", "까르보나라 파스타", "파스타", "쌀국수", "피자", "커피", "단무지", "돈가스", "마라탕",
        "짜짱면", "깐쇼새우",
    ),
    "PS": ("김민수", "박서연", "이지훈", "최유진", "정하늘", "한지민", "민수", "서연"),
    "LC": ("강남역", "홍대", "서울역"),
    "OG": ("한빛은행", "스타벅스"),
}  # fmt: skip
_NATIVE = "한|두|세|네|다섯|여섯|일곱|여덟|아홉|열두|열한|열다섯|열|스무"
_CLOCK = rf"(?:\d+|{_NATIVE})시(?: ?반| ?\d+분)?"
_PART = "오전|오후|아침|점심|저녁|밤|새벽|낮"
_UNIT = "그릇|개|접시|병|공기|인분|명|분|사람|잔"
_PATTERNS = {
    "DT": r"(?:다다음 주|다음 주|이번 주) ?[월화수목금토일]요일|[월화수목금토일]요일"
    r"|내일모레|오늘|내일|모레|글피|어제|\d+월 ?\d+일|이번 주말|주말|다음 주|크리스마스",
    "TI": rf"(?:{_PART}) ?{_CLOCK}|{_CLOCK}(?!간)|\d{{1,2}}:\d\d|정오|(?:{_NATIVE}|\d+) ?시간 뒤"
    r"|(?:저녁|점심)(?!\s*(?:메뉴|먹))",
    "QT": rf"(?:\d+|{_NATIVE}|몇|두세|서너) ?(?:{_UNIT})(?!\s*(?:뒤|후))"
    r"|혼자|(?<![가-힣])(?:하나|둘|셋|넷)",
}


def extract(text: str) -> list[Entity]:
    """Entities by the lexicon first, then by pattern, none overlapping."""
    found: list[Entity] = []

    def take(start: int, end: int, label: str) -> None:
        if all(end <= e.start or e.end <= start for e in found):
            found.append(Entity(text[start:end], start, end, label, 0.97))

    for label, words in _LEXICON.items():
        for word in words:
            for match in re.finditer(re.escape(word), text):
                take(*match.span(), label)
    for label, pattern in _PATTERNS.items():
        for match in re.finditer(pattern, text):
            take(*match.span(), label)
    return sorted(found, key=lambda e: e.start)


def extract_nothing(text: str) -> list[Entity]:
    """An extractor that misses everything."""
    return []


class FakeEngine:
    """What ``ner_engine.load`` returns, as far as the chat needs it."""

    labels = ("PS", "LC", "OG", "DT", "TI", "QT", "FOOD")
    bundle = SimpleNamespace(name="fake", tag="fake@1/0123abcd")

    def extract(self, text: str, *, now: datetime | None = None) -> list[Entity]:
        return extract(text)

    def explain(self, text: str) -> str:
        return "\n".join(f"+ {entity.label} {entity.text}" for entity in extract(text))
