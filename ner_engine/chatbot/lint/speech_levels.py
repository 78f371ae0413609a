"""How polite a Korean sentence is: a text in, the speech levels (말투) of its sentences out.

Only endings that tell are told: ``해요체`` (-요, -죠), ``합니다체`` (-니다, -니까, -십시오) and ``반말``. A
sentence that ends in a noun has none, and neither have the set phrases that every level uses (감사합니다).
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["BANMAL", "HAEYO", "HAPNIDA", "speech_levels"]

HAEYO, HAPNIDA, BANMAL = "해요체", "합니다체", "반말"

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|‘[^’]*’|“[^”]*”|「[^」]*」")
_END = re.compile(r"[.!?~…\n]+|$")
_NOISE = re.compile(r"[^가-힣]+$")
_SET_PHRASE = re.compile(
    "(?:감사|고맙|죄송|미안|반갑|알겠|축하)(?:드립|합|습)니다$|안녕하(?:세요|십니까)[, ].*입니다$"
)
_FINAL_RIEUL, _FINAL_SSANG_SIOT, _FINAL_NIEUN = "\u11af", "\u11bb", "\u11ab"
_BANMAL_WORD = re.compile(
    "(?:[^가-힣]|^)(?:안녕|그래|몰라|좋아|싫어|알아|맞아|뭐야|아니야|고마워|미안해|미안|잘 가)$"
    "|(?:해|줘|봐|돼|거야|이야|하자|가자|먹자|하니|하냐|하지|없어|있어|없다|있다|이다|된다|한다)$"
)


def speech_levels(text: str) -> tuple[str, ...]:
    """The levels of the sentences of a text, each once, in order."""
    bare = _QUOTED.sub("", text)
    found: dict[str, None] = {}
    last = 0
    for end in _END.finditer(bare):
        sentence = _NOISE.sub("", bare[last : end.start()])
        last = end.end()
        level = _level(sentence)
        if level:
            found[level] = None
    return tuple(found)


def _level(sentence: str) -> str:
    if not sentence or _SET_PHRASE.search(sentence):
        return ""
    if sentence.endswith(("니다", "니까", "십시오", "십시다")):
        return HAPNIDA
    if sentence.endswith(("요", "죠")):
        return HAEYO
    letters = unicodedata.normalize("NFD", sentence[-2:-1])
    final = letters[-1:] if len(letters) == 3 else ""
    ending = sentence[-1]
    told = (
        (final == _FINAL_RIEUL and ending in "게래까")
        or (final == _FINAL_SSANG_SIOT and ending in "어다지네니냐")
        or (final == _FINAL_NIEUN and ending == "다")
    )
    return BANMAL if told or _BANMAL_WORD.search(sentence) else ""
