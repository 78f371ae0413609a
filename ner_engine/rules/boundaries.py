"""Whether a name ends where a dictionary's form does: the form and what follows it in, yes or no out.

A Korean eojeol is a name with particles, a copula or little words stuck on (``부산에서는``, ``부산인데요``),
or another word altogether (``부산역``, ``부산하다``). Only what is known to stick to names may stand between the
form and the end of the eojeol, and a particle must agree with the form's last sound: 과 follows no 사 in 사과.
"""

from __future__ import annotations

import re

from ner_engine.josa import final_consonant
from ner_engine.rules.folding import WORD

__all__ = ["ends_here"]

_LONGEST_TAIL = 24
_WORD = re.compile(WORD)
_HANGUL_END = re.compile("[가-힣]$")

_MORE = "(?:은|는|도|만|만은|만이|만을|만도|의|밖에|까지|까지도|부터|보다|조차|마저|처럼|이라도|라도|나|이나)?요?"
_EITHER = (
    f"(?:에서부터|에서|에게서|한테서|에게|한테|께서|까지|부터|하고|처럼|보다|마다|만큼|대로|밖에|조차|마저|뿐|께|끼리|치고|더러"
    f"|말고|빼고|대신|정도|이상|이하|에){_MORE}"
    "|(?:도|만)(?:은|을|이|요|의)?|의|엔|에선|에겐|한텐|까진|부턴|요"
    # what is ordered is often written as one eojeol
    "|(?:좀|하나|더|추가)?(?:주세요|줘요?|주라|있나요|있어요?|있을까요|되나요|돼요|부탁해요?|부탁드려요|추천해?줘?요?|요)"
    "|하나|하나만|하나랑|하나요|추가|추가요"
)
_COPULA = (
    "다|야|지|지요|죠|고|고요|구요|구나|군요|며|면|면서|든|든지|든가|라|라서|라고|라고요|라는|라니|라면|란|네|네요|니|니까|냐|냐고"
    "|거든|거든요|었다|었어|었어요|었는데|었는데요|었음|었습니다|었나|었나요|었던|시죠|시네요|시군요|시고|신데|신데요|신가요|신가|세요"
    "|랍니다|래|래요|던데|던데요|던가|더라|더라고요"
)
_BE = (
    "입니다만|입니다|입니까|인데|인데요|인가요|인가|인지|인지요|인걸|인듯|인줄|일까요|일까|일게요|일걸요|이에요|이예요"
    "|예요|에요|인|임"
)
_CLOSED = f"을|은|과|이|이랑{_MORE}|이나|이나마|이라도|이야|이여|아|이요|(?:이)(?:{_COPULA})"
_RO_CLOSED = f"(?:으로부터|으로서|으로써|으로){_MORE}|으론"
_RO_OPEN = f"(?:로부터|로서|로써|로){_MORE}|론"
_OPEN_SHORT = f"를|가|는|와|랑{_MORE}|나|나마|라도|야|여"
_OPEN_LONG = f"이?(?:{_COPULA})|였다|였어|였어요|였는데|였는데요|였습니다|였나요|였음|였던"

_COUNTED = re.compile(
    "(?:한|두|세|네|다섯|여섯|일곱|여덟|아홉|열|[0-9]{1,3})"
    "(?:개|잔|그릇|인분|마리|판|병|명|접시|줄|봉지|박스|캔|컵|세트|조각|장|대|권|켤레)"
)
_ATTACHED = (
    "님",
    "씨",
    "들",
    "측",
    "쪽",
    "네",
    "앞",
    "옆",
    "뒤",
    "근처",
    "부근",
    "인근",
)  # to names; particles follow them


def _tail(*parts: str) -> re.Pattern[str]:
    return re.compile(f"(?:{'|'.join(parts)})(?!{WORD})")


_AFTER_CLOSED = _tail(_EITHER, _BE, _RO_CLOSED, _CLOSED)
_AFTER_RIEUL = _tail(_EITHER, _BE, _RO_OPEN, _RO_CLOSED, _CLOSED)
_AFTER_OPEN = _tail(_EITHER, _BE, _RO_OPEN, _OPEN_SHORT, _OPEN_LONG)
_AFTER_ONE_OPEN = _tail(_EITHER, _BE, _RO_OPEN, _OPEN_SHORT)  # 바 + 다 is the sea
_AFTER_ANY = _tail(_EITHER, _BE, _RO_CLOSED, _RO_OPEN, _CLOSED, _OPEN_SHORT, _OPEN_LONG)


def ends_here(text: str, start: int, end: int) -> bool:
    """Whether a name ``text[start:end]`` can end there. ``text`` is folded; looks 24 characters ahead at most."""
    if end >= len(text) or _WORD.match(text, end) is None or _WORD.match(text, end - 1) is None:
        return True
    rest = text[end : end + _LONGEST_TAIL]
    form = text[start:end]
    if _sticks(form, rest):
        return True
    if _HANGUL_END.search(form) is None:
        return False
    if _COUNTED.match(rest):
        return True
    if final_consonant(form) and rest[0] == "이" and _sticks(form + "이", rest[1:]):  # 민석이가
        return True
    return any(
        rest.startswith(more) and (not _WORD.match(rest, len(more)) or _sticks(form + more, rest[len(more) :]))
        for more in _ATTACHED
    )


def _sticks(form: str, rest: str) -> bool:
    """Whether ``rest`` begins with a particle or a copula that fits ``form`` and fills the eojeol."""
    if _HANGUL_END.search(form) is None:
        return _AFTER_ANY.match(rest) is not None
    final = final_consonant(form)
    if final == "ㄹ":
        pattern = _AFTER_RIEUL
    elif final:
        pattern = _AFTER_CLOSED
    else:
        pattern = _AFTER_OPEN if len(form) > 1 else _AFTER_ONE_OPEN
    return pattern.match(rest) is not None
