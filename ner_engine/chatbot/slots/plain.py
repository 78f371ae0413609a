"""Plain answers: what a short answer names when particles, politeness and fillers are taken off it."""

from __future__ import annotations

import re

from ner_engine.josa import final_consonant

__all__ = ["bare_answer"]

_LEAD = re.compile(r"(?:(?:음+|어+|아+|그럼|그러면|그냥|저는|전|네|예|아마|일단|혹시)[\s,.~]+)+")
_ENDING = (
    r"이?요|이?에요|예요|이예요|입니다|이고요?|(?:으로|(?<!바)로)(?:요|\s*(?:해|할|부탁|주|하|예약|가|보내|접수).{0,12})?"
    r"|(?:을|를|이|가|은|는|도|만)?\s*(?:주세요|줘요?|부탁.{0,8}|할게요?|할래요?|하고\s*싶어요?|원해요|좋아요|가고\s*싶.{0,6})"
    r"|[을를은는도만에]|쪽"
)
_TAIL = re.compile(rf"(?P<ending>{_ENDING})?[\s.!~,ㅋㅎㅠ^]*$")
_NOUN = re.compile(r"[가-힣A-Za-z0-9][가-힣A-Za-z0-9 ]{0,19}")
# 모르겠어, 그런데, 뭐였지: what ends so is a sentence more often than a name.
_SENTENCE = re.compile("(?:해|어|파|퍼|데|까|게|죠|네|돼|워|줘|봐|세|고|군|다|지|니|래|든|는|던|ㅠ|ㅋ|면|서)$")
# 살살 다뤄 주세요 asks for something to be done; 광어 주세요 does not, though 먹어주세요 would.
_ASKED_FOR = re.compile(r"\s*(?:주세요|줘)")
_VERB = re.compile("[뤄놔둬꿔춰줘봐겨려쳐워눠]$")
_STEM = re.compile("[뤄놔둬꿔춰줘봐겨려쳐워눠해어여와아]$")
_NO_ANSWER = frozenset(
    ("뭐", "뭐가", "왜", "글쎄", "몰라", "모름", "아무거나", "없음", "그거", "저거", "이거", "여기", "거기")
)
_MOST_WORDS = 3


def bare_answer(text: str) -> str:
    """``산부인과요`` -> ``산부인과``; ``""`` for what is a sentence rather than a name."""
    rest = text.strip()
    lead = _LEAD.match(rest)
    if lead is not None and lead.end() < len(rest):
        rest = rest[lead.end() :]
    tail = _TAIL.search(rest)
    spoken = ""
    if tail is not None and tail.start() > 0:
        rest, spoken = rest[: tail.start()].strip(), tail["ending"] or ""
    if not _NOUN.fullmatch(rest) or len(rest.split()) > _MOST_WORDS or rest in _NO_ANSWER:
        return ""
    if _ASKED_FOR.match(spoken) and (_VERB if spoken[0].isspace() else _STEM).search(rest):
        return ""
    if spoken in ("", "요") and (_SENTENCE.search(rest) or any(map(_is_subject, rest.split()[:-1]))):
        return ""
    return rest


def _is_subject(word: str) -> bool:
    """무릎이 of 무릎이 아파요, but neither 아이 nor 창가: the particle agrees with what is before it."""
    before, particle = word[:-1], word[-1]
    if not before or particle not in "이가을를은는":
        return False
    return (particle in "이을은") == bool(final_consonant(before))
