"""Where a text may name days, times, lengths of time, counts, money, contacts and places.

A composed text goes in, half-open stretches ``(start, end)`` come out. ``ner_engine.values`` reads them; these
shapes only tell it where to look, for what the extractor missed. Every search is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from ner_engine.josa import leading_josa
from ner_engine.values.festivals import NAMES
from ner_engine.values.places import parse_place
from ner_engine.values.regions import CITIES, CITIES_SHORT, PROVINCES, PROVINCES_LONG
from ner_engine.values.units import UNITS

__all__ = [
    "Stretch",
    "find_contacts",
    "find_counts",
    "find_days",
    "find_lengths",
    "find_money",
    "find_places",
    "find_times",
    "one_place",
]

Stretch = tuple[int, int]


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=len, reverse=True))


# --- days

_NEAR = (
    "그끄저께", "그저께", "그제", "엊그제", "어제", "어저께", "오늘", "금일", "당일", "내일", "낼", "명일",
    "내일모레", "낼모레", "모레", "글피", "그글피",
)  # fmt: skip
_DAY_COUNTS = ["하루", "이틀", "사흘", "나흘", "닷새", "엿새", "이레", "여드레", "아흐레", "열흘", "보름"]
_FEASTS = [name for name in NAMES if len(name) > 1]
_WEEK = r"(?:다다음\s*주|다음\s*주|담\s*주|차주|이번\s*주|금주|지난\s*주|저번\s*주)"
_WEEKDAY = "[월화수목금토일](?:요일|욜)"
_MONTH = r"(?:이번\s*달|이달|다음\s*달|담\s*달|다다음\s*달)"
_SINO_DAY = "(?:[이삼]?십[일이삼사오육칠팔구]?|[일이삼사오육칠팔구])"
_AFTER_DAY = (
    "(?=[^가-힣]|$|이?[요로랑]|은|는|에|이나|나|도|만|부터|까지|말고|아니|저녁|점심|아침|밤|오전|오후|이에요|예요"
    "|입니다)"
)
_DAYS = re.compile(
    r"(?:(?:\d{4}|내)년\s*)?(?:\d{1,2}월\s*\d{1,2}일"
    rf"|(?<![가-힣])(?:[일이삼사오유육칠팔구시]|십[일이])월\s*{_SINO_DAY}일"
    rf"|{_MONTH}\s*\d{{1,2}}일"
    rf"|{_WEEK}(?:\s*주말)?\s*{_WEEKDAY}|{_WEEK}\s*[월화수목금토일](?![가-힣])|{_WEEKDAY}"
    rf"|(?:\d{{1,3}}일|{_any_of(_DAY_COUNTS)}|(?:일|이|삼|사|\d{{1,2}})\s*주일?|(?:한|두|세)\s*(?:주|달))\s*(?:뒤|후)"
    r"|(?<![\d-])\d{1,2}일(?!\s*(?:뒤|후|간|동안)|[장차째권])|(?<![\d/])\d{1,2}/\d{1,2}(?![\d/])"
    rf"|(?<![가-힣])(?:{_any_of([*_NEAR, *_FEASTS])}){_AFTER_DAY}"
    rf"|(?<![가-힣])(?:{_WEEK}\s*주말|이번\s*주말|다음\s*주말|주말|{_WEEK}|{_MONTH}|평일|월말|연말))"
)


def find_days(text: str) -> list[Stretch]:
    """Days, and stretches of them such as 주말."""
    return [match.span() for match in _DAYS.finditer(text)]


# --- times of day

_PARTS = "이른 아침|늦은 밤|오전|오후|아침|점심|저녁|새벽|낮|밤|am|pm|AM|PM"
_HOUR = r"\d{1,2}|열한|열두|한|두|세|네|다섯|여섯|일곱|여덟|아홉|열"
_ESTIMATE = "한두|두세|서너|너댓|네댓|네다섯|대여섯|예닐곱"
_GLUED = "|".join(
    f"(?<={word})" for word in (*_PARTS.split("|"), "요일", "내일", "오늘", "모레")
)  # 토요일저녁일곱시
_TIMES = re.compile(
    rf"(?:(?:{_PARTS})\s*)?(?:(?:(?<![\d가-힣])|{_GLUED})(?:{_ESTIMATE}|{_HOUR})\s*시(?!간|켜|킬|작|식|장|청|내|골|계|외|절)"
    r"(?:\s*반|\s*(?:\d{1,2}|[이삼사오]?십[일이삼사오육칠팔구]?|오)\s*분)?"
    r"|(?<![\d:])(?:[01]?\d|2[0-4]):[0-5]\d(?![\d:]))"
    rf"|(?:\d{{1,3}}|{_HOUR})\s*(?:시간(?:\s*반)?|분)\s*(?:뒤|후|있다가|이따가?)"
    r"|정오|자정|지금\s*(?:바로|당장)"
)
_PART_ALONE = re.compile(rf"(?<![가-힣])(?:{_PARTS})(?=[^가-힣]|$|에|으로|로|이?요|때|쯤|이나|도|만|말고|은|이)")


def find_times(text: str) -> list[Stretch]:
    """Times of day, and parts of the day that stand alone (저녁)."""
    found = [match.span() for match in _TIMES.finditer(text)]
    within = {place for start, end in found for place in range(start, end)}
    return sorted([*found, *(m.span() for m in _PART_ALONE.finditer(text) if m.start() not in within)])


_LENGTHS = re.compile(
    rf"(?<![\d가-힣])(?:\d{{1,3}}|{_HOUR})\s*시간(?:\s*반|\s*\d{{1,2}}\s*분|\s*{_SINO_DAY}\s*분)?(?!\s*(?:뒤|후))"
    rf"|(?<![\d:가-힣])(?:\d{{1,3}}|{_SINO_DAY})\s*분(?!\s*(?:뒤|후|이[서요]))"
    r"|\d{1,2}\s*박\s*(?:\d{1,2}\s*일)?|[일이삼사오]박\s*[일이삼사오육]일"
    rf"|(?<![가-힣])(?:{_any_of(_DAY_COUNTS)})(?!\s*(?:뒤|후))"
    r"|(?<!\d)\d{1,3}\s*(?:일|주일?|개월|달)(?:\s*(?:간|동안)|(?=\s*정도))|일주일|보름|한\s*달|두\s*달|반나절"
)


def find_lengths(text: str) -> list[Stretch]:
    """Lengths of time: 두 시간 반, 3박 4일, 일주일."""
    return [match.span() for match in _LENGTHS.finditer(text)]


# --- counts

_ONE = "하나|한|둘|두|셋|세|석|넷|네|넉|다섯|여섯|일곱|여덟|아홉"
_TEN = "열|스물|스무|서른|마흔|쉰|예순|일흔|여든|아흔"
_NATIVE = f"(?:(?:{_TEN})(?:{_ONE})?|{_ONE})"
_ALONE = f"(?:(?:{_TEN})(?:하나|둘|셋|넷|다섯|여섯|일곱|여덟|아홉)?|하나|둘|셋|넷|다섯|여섯|일곱|여덟|아홉)"
_SINO = r"(?:[일이삼사오육칠팔구십백천]*만\s)?[일이삼사오육칠팔구십백천만]+"
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d{1,9})(?!\d)"
_DECIMAL = r"\d{1,5}\.\d{1,2}(?!\d)"
_VAGUE = "한두|두세|두어|두서너|서너|너댓|네댓|네다섯|대여섯|예닐곱|몇|여러|많이|조금|넉넉히"
_AFTER_ALONE = (
    r"(?=이?서|입니다|인데|에(?![가-힣])|주|이?요|이?고|이?랑|하고|만|씩|더|정도|쯤"
    r"|이?나|에요|이에요|예요|으?로|말고|[^가-힣]|$)"
)


@lru_cache(maxsize=64)
def _counts(units: frozenset[str]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The shape of a count with one of these classifiers: at the beginning of a word, and anywhere."""
    classifiers = _any_of(units) or "개"
    measures = _any_of(u for u in units if u in UNITS and UNITS[u].dimension not in ("count", "people"))
    body = (
        rf"(?:(?:{_DECIMAL}|(?:\d{{1,4}}\s?[~∼]\s?)?{_DIGITS}|{_NATIVE}|{_VAGUE})\s*(?:{classifiers})(?!시|간|초|월)"
        rf"|{_SINO}\s*(?:인분|인(?![가-힣]){f'|{measures}' if measures else ''})"
        rf"|혼자(?=서?(?:[^가-힣]|$)|서?[요이])|단둘(?=이)"
        rf"|{_ALONE}{_AFTER_ALONE}"
        rf"|(?:\d{{1,4}}\s?[~∼]\s?)?{_DIGITS}(?=\s*(?:$|[.!~ㅋ]|,(?!\d)|요|이요)))"
    )
    return re.compile(rf"(?<![가-힣\d.:/~∼-]){body}", re.IGNORECASE), re.compile(body, re.IGNORECASE)


def find_counts(text: str, units: Iterable[str], *, glued: Iterable[int] = ()) -> list[Stretch]:
    """Counts: a number and one of these classifiers.

    Numbers without a classifier count only in the form used alone (하나, 둘) or as digits at a word's edge.
    ``glued`` are places where a count may begin inside a word: after the dish in 콜라도두병주세요.
    """
    apart, anywhere = _counts(frozenset(units))
    found = {match.span() for match in apart.finditer(text)}
    inside = (match.span() for place in glued if (match := anywhere.match(text, place)))
    return sorted(found | {place for place in inside if not any(a < place[1] and place[0] < b for a, b in found)})


_MONEY = re.compile(
    rf"(?<![가-힣\d.,~])(?:\d{{1,4}}\s?[~∼]\s?)?(?:{_DIGITS}\s?[십백천만억]{{0,2}}|[일이삼사오육칠팔구십백천만억]{{1,10}})"
    rf"(?:\s(?:\d{{1,4}}|[일이삼사오육칠팔구]?)[십백천])?\s*(?:원|만\s*원|달러|불)(?![가-힣]{{3}})"
    r"|(?<![가-힣\d.,])\d{1,4}\s?[만천](?=[^가-힣]|$|이?요|쯤|정도)"
)


def find_money(text: str) -> list[Stretch]:
    """Amounts of money: 35,000원, 삼만 오천 원, 3만."""
    return [match.span() for match in _MONEY.finditer(text)]


# --- contacts

_CONTACTS = re.compile(
    r"(?<![\d-])(?:\+?82[\s-]?\(?0?\)?\d{1,3}|\(?0\d{1,3}\)?)[\s.-]?\d{3,4}[\s.-]?\d{4}(?!\d)"
    r"|(?<!\d)1[568]\d{2}-?\d{4}(?!\d)"
    r"|(?<![가-힣])[공영]일[공일육칠팔구](?:[\s-]?[공영일이삼사오육륙칠팔구]{3,4}){2}"
    r"|(?<![\w.+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}"
)


def find_contacts(text: str) -> list[Stretch]:
    """Telephone numbers and e-mail addresses."""
    return [match.span() for match in _CONTACTS.finditer(text)]


# --- places

_REGIONS = frozenset((*CITIES, *CITIES_SHORT, *PROVINCES, *PROVINCES_LONG))
_LONGEST_REGION = max(map(len, _REGIONS))
_HANGUL = re.compile("[가-힣]{2,16}")
_BOUND = re.compile("^(?:행|발|쪽)(?![가-힣]{4})")
_COPULA = re.compile("이?요|이?에요|예요|입니다|이?고요?|인데요?|이?거든요")


def one_place(text: str) -> bool:
    """Whether names of places that stand side by side are parts of one: 서울 마포구, but not 서울 대전."""
    rest = text.split()[1:]
    return parse_place(text) is not None and not any(w in PROVINCES or w in PROVINCES_LONG for w in rest)


def find_places(text: str) -> list[Stretch]:
    """Provinces, cities and districts by their names, with a particle after them or alone."""
    found: list[Stretch] = []
    for match in _HANGUL.finditer(text):
        word, start = match.group(), match.start()
        for length in range(min(len(word), _LONGEST_REGION), 1, -1):
            rest = _BOUND.sub("", word[length:])
            if word[:length] in _REGIONS and (not rest or leading_josa(rest) == rest or _COPULA.fullmatch(rest)):
                end = start + length
                if found and text[found[-1][1] : start] == " " and one_place(text[found[-1][0] : end]):
                    start = found.pop()[0]  # 서울 마포구
                found.append((start, end))
                break
    return found
