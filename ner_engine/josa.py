"""Korean particles (조사): a word and a particle pair in, the right particle out; and the reverse, the
particle at the head of a text.

What decides is how the word's last sound is read: Hangul by its final consonant, numbers by their
Sino-Korean reading (``3`` 삼, ``100`` 백, ``10,000`` 만, ``3.0`` 삼 점 영, ``7:30`` 일곱 시 삼십 분), units
after a number by their full name (``5kg`` 킬로그램), Latin letters by their names when the word is an
acronym (``LG`` 엘지) and by the usual loan-word reading otherwise (``cup`` 컵). Closing quotes, punctuation
and emoji are skipped; so is a bracket that follows a word, with what it holds (``한국(Korea)은``).
"""

from __future__ import annotations

import re
import unicodedata

from ner_engine.errors import ConfigError

__all__ = ["PAIRS", "attach", "final_consonant", "leading_josa", "pick"]

# with a final consonant / without
PAIRS = {
    "을/를": ("을", "를"),
    "이/가": ("이", "가"),
    "은/는": ("은", "는"),
    "과/와": ("과", "와"),
    "으로/로": ("으로", "로"),
    "이랑/랑": ("이랑", "랑"),
    "이나/나": ("이나", "나"),
    "이에요/예요": ("이에요", "예요"),
    "이요/요": ("이요", "요"),
    "이고/고": ("이고", "고"),
    "이라/라": ("이라", "라"),
    "이라고/라고": ("이라고", "라고"),
    "이면/면": ("이면", "면"),
    "이든/든": ("이든", "든"),
    "이며/며": ("이며", "며"),
    "이라도/라도": ("이라도", "라도"),
    "이란/란": ("이란", "란"),
    "이네요/네요": ("이네요", "네요"),
    "이시죠/시죠": ("이시죠", "시죠"),
    "이시군요/시군요": ("이시군요", "시군요"),
    "이었/였": ("이었", "였"),
    "으로는/로는": ("으로는", "로는"),
    "으로도/로도": ("으로도", "로도"),
    "으로부터/로부터": ("으로부터", "로부터"),
    "아/야": ("아", "야"),
    "이여/여": ("이여", "여"),
    "이/": ("이", ""),
}


def _aliases() -> dict[str, str]:
    """Other ways people write a pair: the other order, ``(으)로``, ``(이)랑``."""
    found = {"(이)": "이/", "(이)에요": "이에요/예요", "(이)예요": "이에요/예요"}
    for pair, (closed, open_) in PAIRS.items():
        found[f"{open_}/{closed}"] = pair
        if open_ and len(closed) > 1 and closed[1:] == open_:
            found[f"({closed[0]}){open_}"] = pair
    return found


_ALIASES = _aliases()

_NO_FINAL, _RIEUL = "", "ㄹ"
_DIGITS = dict(zip("0123456789", "ㅇㄹ_ㅁ__ㄱㄹㄹ_", strict=True))  # 영 일 이 삼 사 오 육 칠 팔 구
_TENS = {1: "ㅂ", 2: "ㄱ", 3: "ㄴ"}  # 십 백 천
_MYRIADS = {1: "ㄴ", 2: "ㄱ", 3: "", 4: "ㅇ"}  # 만 억 조 경
_LETTER_NAMES = {"l": "ㄹ", "m": "ㅁ", "n": "ㄴ", "r": "ㄹ"}
_FINALS = "_ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_READ_OPEN = frozenset("%‰°$€£¥+")  # 퍼센트 퍼밀 도 달러 유로 파운드 엔(seldom a suffix) 플러스
_NUMBER = re.compile(r"(?:(?<![\d,.])\d{1,3}(?:,\d{3})+|\d+)(?P<fraction>\.\d+)?$")
_CLOCK = re.compile(r"(?<!\d)[0-2]?\d:(?P<minutes>[0-5]\d)$")
_SPELLED = re.compile(r"\d[-–]\d+$")  # phone and order numbers are read digit by digit
_UNIT = re.compile(r"\d\s*(?P<unit>kg|mg|g|kcal|cal|km|cm|mm|m|ml|l|px|kb|mb|gb|tb|w|v)$", re.IGNORECASE)
_UNIT_FINALS = {"kg": "ㅁ", "mg": "ㅁ", "g": "ㅁ", "px": "ㄹ"}  # the rest end in a vowel: 미터, 리터, 바이트
_TRAILING_BRACKET = re.compile(r"(?<=\S)\s*(?:\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\})[^\w]*$")

# How a Latin word that is read as a word ends in Korean; the first row that matches counts.
_LATIN_ENDINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), final)
    for pattern, final in (
        (r"(?:^|[^a-z])(?:set|kit|hit|mat|hub|check|anime|acne)$", _NO_FINAL),  # 세트 키트 히트 매트 허브
        (r"ng$", "ㅇ"),
        (r"(?:l|le)$", "ㄹ"),
        (r"(?:m|[aiou]me)$", "ㅁ"),
        (r"(?:n|[aiou]ne)$", "ㄴ"),
        (r"(?:ck|ook|[ao]lk|[aeiou]c)$", "ㄱ"),
        (r"pp$", "ㅂ"),
        (r"(?<![aeiou])[aeiou][bp]$", "ㅂ"),
        (r"(?<![aeiou])[aeiou]k$", "ㄱ"),
        (r"(?<![aeiou])[aeiou]t$", "ㅅ"),
    )
)


def final_consonant(word: str) -> str:
    """The final consonant the word is read with: ``""`` for none, else a compatibility jamo (``"ㄹ"``)."""
    text = _readable(word)
    if not text:
        return _NO_FINAL
    last = text[-1]
    if last in _READ_OPEN:
        return _NO_FINAL
    if "가" <= last <= "힣":
        final = _FINALS[(ord(last) - ord("가")) % 28]
        return _NO_FINAL if final == "_" else final
    if "ㄱ" <= last <= "ㅎ":
        return last
    if last.isdecimal():
        return _final_of_number(text)
    if last.isascii() and last.isalpha():
        return _final_of_latin(text)
    return _NO_FINAL


def _readable(word: str) -> str:
    """The word up to its last sound: composed, without trailing brackets, punctuation and emoji."""
    # Full-width letters, ㎏ and ℃ are unfolded; compatibility jamo (ㅋ) must stay what they are.
    text = "".join(
        c if "ㄱ" <= c <= "ㅣ" else unicodedata.normalize("NFKC", c) for c in unicodedata.normalize("NFC", word)
    )
    while (match := _TRAILING_BRACKET.search(text)) and any(c.isalnum() for c in text[: match.start()]):
        text = text[: match.start()]
    while text and not (text[-1].isalnum() or _spoken_symbol(text)):
        text = text[:-1]
    return text


def _spoken_symbol(text: str) -> bool:
    return text[-1] in _READ_OPEN and len(text) > 1 and text[-2].isalnum()


def _final_of_number(text: str) -> str:
    text = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
    clock = _CLOCK.search(text)
    if clock:  # 일곱 시, 일곱 시 삼십 분
        return _NO_FINAL if clock["minutes"] == "00" else "ㄴ"
    match = _NUMBER.search(text)
    if match is None or match["fraction"] or _SPELLED.search(text):
        return _final_of_digit(text[-1])
    digits = match.group(0).replace(",", "")
    zeros = len(digits) - len(digits.rstrip("0"))
    if digits.startswith("0") or zeros == 0:
        return _final_of_digit(digits[-1])
    if zeros < 4:
        return _TENS[zeros]
    return _MYRIADS.get(zeros // 4, _NO_FINAL)


def _final_of_digit(digit: str) -> str:
    final = _DIGITS[digit]
    return _NO_FINAL if final == "_" else final


def _final_of_latin(text: str) -> str:
    unit = _UNIT.search(text)
    if unit:
        return _UNIT_FINALS.get(unit["unit"].lower(), _NO_FINAL)
    match = re.search(r"([A-Za-z]+)$", text)
    run = match.group(1) if match else text[-1]
    if len(run) == 1 or (run.isupper() and not _said_as_word(run.lower())):
        return _LETTER_NAMES.get(run[-1].lower(), _NO_FINAL)
    lowered = run.lower()
    for ending, final in _LATIN_ENDINGS:
        if ending.search(lowered):
            return final
    return _NO_FINAL


def _said_as_word(run: str) -> bool:
    """Whether capitals are a word (NAVER) and no acronym (HTML): long, with vowels between."""
    return len(run) >= 4 and len(re.findall("[aeiou]", run)) >= 2 and not re.search("[^aeiou]{3}", run)


def pick(word: str, pair: str) -> str:
    """The particle of ``pair`` (``"을/를"``, ``"(으)로"``, ...) that fits after ``word``.

    Raises ConfigError for a pair not in PAIRS (either order is understood).
    """
    key = pair if pair in PAIRS else _ALIASES.get(pair, "")
    if not key:
        raise ConfigError(f"particle pair: expected one of {' '.join(PAIRS)}; got {pair!r}")
    closed, open_ = PAIRS[key]
    final = final_consonant(word)
    if closed.startswith("으") and final == _RIEUL:
        return open_
    return closed if final else open_


def attach(word: str, pair: str) -> str:
    """``word`` followed by the particle that fits: ``attach("파스타", "을/를") == "파스타를"``."""
    return word + pick(word, pair)


_CASE = (
    "에서부터|으로부터|로부터|에서|에게서|한테서|에게|한테|께서|으로서|으로써|로서|로써|으로|로|에|까지|부터|"
    "이랑|랑|하고|과|와|처럼|보다|마다|만큼|대로|이나마|나마|밖에|조차|마저|이나|나|이라도|라도|뿐|께|끼리|치고"
)
_LEADING = re.compile(
    f"(?:(?:{_CASE})(?:은|는|도|만|의)?요?|(?:까지|부터|에서|에|로|으로|이랑|랑|한테|에게|보다)?(?:만|도)(?:은|을|이|요)?"
    "|에선|에겐|한텐|까진|부턴|으론|론|엔|을|를|이|가|은|는|의|이요|요|야|아|이여|여)(?![가-힣])"
)
_CONJOINING = re.compile("[\u1100-\u11ff]")


def leading_josa(following: str) -> str:
    """The particle that ``following`` (the text right after an entity) opens with, or ``""``.

    Only a particle that fills the rest of its eojeol counts, so that 이 of 이사 is none. The answer is
    composed (NFC) even where the text is not.
    """
    if _CONJOINING.match(following):
        eojeol = re.match(r"\S{0,40}", following)
        following = unicodedata.normalize("NFC", eojeol.group(0) if eojeol else "")
    match = _LEADING.match(following)
    return match.group(0) if match else ""
