"""The labels of a new domain: ``SYMPTOM=증상`` in, a label with its Korean name and the words it begins with out.

Every domain has the labels of ``COMMON`` besides its own: their rules come from the corpus chat-ko.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ner_engine.errors import ConfigError

__all__ = ["COMMON", "DomainLabel", "default_labels", "parse_labels"]

COMMON: Mapping[str, str] = {"PS": "사람", "DT": "날짜", "TI": "시각"}

_LABEL = re.compile("[A-Z]{2,24}")  # what the template language of a grammar takes for a label
_KOREAN = re.compile("[가-힣]+(?: [가-힣]+)*")
_MOST = 20
_ORDINALS = ("첫째", "둘째", "셋째", "넷째", "다섯째", "여섯째")


@dataclass(frozen=True, slots=True)
class DomainLabel:
    """A label of a domain's own: what it is called in Korean, and its words, each with its synonyms."""

    name: str
    korean: str
    words: tuple[tuple[str, ...], ...]

    @property
    def lexicon(self) -> str:
        """What its lexicon is called, without the suffix."""
        return self.name.lower()


def default_labels() -> tuple[DomainLabel, ...]:
    """What a domain begins with where no labels are named: the things a repair desk is asked about."""
    return (
        DomainLabel(
            "ITEM",
            "제품",
            (
                ("노트북", "랩탑"),
                ("텔레비전", "티비", "TV"),
                ("에어컨",),
                ("세탁기",),
                ("냉장고",),
                ("공기청정기",),
                ("청소기", "무선청소기"),
                ("프린터",),
                ("모니터",),
                ("키보드",),
                ("전기밥솥", "밥솥"),
                ("정수기",),
                ("가습기",),
                ("전자레인지",),
                ("블루투스 이어폰", "무선 이어폰"),
                ("태블릿",),
            ),
        ),
        DomainLabel(
            "FAULT",
            "고장",
            (
                ("소음", "이상한 소리"),
                ("누수", "물샘"),
                ("과열",),
                ("파손",),
                ("화면 깨짐", "액정 파손"),
                ("전원 불량",),
                ("충전 불량",),
                ("배터리 방전",),
                ("오작동",),
                ("악취", "탄 냄새"),
                ("누전",),
                ("진동",),
                ("버튼 고장",),
            ),
        ),
    )


def parse_labels(names: Iterable[str]) -> tuple[DomainLabel, ...]:
    """``["SYMPTOM=증상", "DOCTOR"]`` as labels; commas separate, too. Those of ``COMMON`` are there anyway.

    Raises ConfigError for what is no label, for one without a Korean name or given twice, and where none of the
    domain's own is left.
    """
    found: dict[str, DomainLabel] = {}
    for given in (part.strip() for name in names for part in name.split(",")):
        label, _, korean = (piece.strip() for piece in given.partition("="))
        if not _LABEL.fullmatch(label):
            raise ConfigError(
                f"label: expected 2 to 24 capital letters A to Z, as in SYMPTOM=증상; got {given!r}"
            )
        if not _KOREAN.fullmatch(korean or COMMON.get(label, "")):
            raise ConfigError(f"label {label}: expected its Korean name, as in SYMPTOM=증상; got {given!r}")
        if label in found:
            raise ConfigError(f"label {label}: expected once; got it twice")
        if label not in COMMON:
            found[label] = _placeholder(label, korean)
    if not found:
        raise ConfigError(f"labels: expected one at least besides {', '.join(COMMON)}; got none")
    if len(found) > _MOST:
        raise ConfigError(f"labels: expected at most {_MOST} of the domain's own; got {len(found)}")
    korean_names = [one.korean for one in found.values()]
    if len(set(korean_names)) < len(found):
        raise ConfigError(f"labels: expected a Korean name of its own for each; got {', '.join(korean_names)}")
    return tuple(found.values())


def _placeholder(label: str, korean: str) -> DomainLabel:
    """A label whose words are to be replaced: 첫째 증상, 둘째 증상, ..."""
    return DomainLabel(label, korean, tuple((f"{ordinal} {korean}",) for ordinal in _ORDINALS))
