"""A person's name out of a plain answer to "성함이 어떻게 되세요?": ``김민수요`` -> ``김민수``.

For answers in which the extractor found no name. Cautious: what may be a verb or an excuse is no name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["read_name"]

_SURNAMES = frozenset(
    "김이박최정강조윤장임한오서신권황안송류유전홍고문양손배백허남심노하곽성차주우구민진지엄채원천방공현함변염여추"
    "도소석선설마길연위표명기반라왕금옥육인맹제탁국어은편용"
)
_LONG_SURNAMES = ("남궁", "황보", "선우", "제갈", "독고", "사공")
_GIVEN = frozenset("민윤은예유하한수현서미소다보세지연나라리아")

_BEFORE = re.compile(
    r"(?:(?:음+|네|넵|예|아|어|그냥)[\s,.~]+)?(?:(?:저는|전|제|저|예약자)\s+)?(?:제?\s*(?:이름은|성함은|이름이|예약자는|예약자명은)\s*)?"
)
_FOR = r"(?:로|으로)\s*(?:예약|해|부탁|할게|잡아|하겠|적어|올려).*"
_AFTER = re.compile(
    rf"(?:\s*(?:씨|님))?(?:\s*이름)?(?:이?{_FOR}|\s*(?:이라고|라고)\s*(?:해|합|불러|하면|적어).*|으로요|로요"
    r"|이에요|예요|이예요|에요|입니다|이요|이야|요|야)?[\s.!~,ㅋㅎ^]*$"
)
# 해 of 이상해요, 지 of 그렇지요: a stem these endings close is a verb more often than a name.
_VERB_ENDING = re.compile("(?:해|어|데|까|게|죠|네|돼|워|줘|봐|세|여|고|군|파|퍼|빠|워서|네요)$")
_MAYBE_VERB = re.compile("(?:지|나|라|니|래|아)$")


def read_name(text: str, *, reject: Sequence[str] = ()) -> str | None:
    """The name an answer consists of, or None."""
    rest = text.strip()
    before = _BEFORE.match(rest)
    if before and before.end() < len(rest):
        rest = rest[before.end() :]
    after = _AFTER.search(rest)
    ending = ""
    if after and after.start() > 0:
        rest, ending = rest[: after.start()], rest[after.start() :].strip(" .!~,ㅋㅎ^")
    rest = rest.strip()
    if re.fullmatch("[A-Za-z][A-Za-z .'-]{1,29}", rest):
        return rest
    if not re.fullmatch("[가-힣]{2,4}", rest) or rest in reject:
        return None
    if ending not in ("", "요", "야"):  # 김민수입니다, 민수라고 해 주세요: said as a name
        return rest
    if _VERB_ENDING.search(rest):
        return None
    if rest.startswith(_LONG_SURNAMES) or (len(rest) == 3 and rest[0] in _SURNAMES):
        return rest
    if len(rest) == 2 and (not _MAYBE_VERB.search(rest) or rest[0] in _GIVEN):
        return rest
    return None
