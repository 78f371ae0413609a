"""A number with its unit: ``두 마리``, ``3.5kg``, ``만 오천 원``, ``한 병 반``. A text in, a value out."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from ner_engine.values.money import band_within, decimal_step, named_money
from ner_engine.values.native import is_native
from ner_engine.values.numerals import parse_number
from ner_engine.values.scan import scan_number
from ner_engine.values.types import MoneyValue, NumberValue, QuantityValue
from ner_engine.values.units import CURRENCIES, SCALES, TIME_WORDS, UNITS, Unit

__all__ = ["Amount", "measured"]

Amount = QuantityValue | MoneyValue | NumberValue
_FRACTION = re.compile(r"(?:\d{1,4}\s)?\d{1,4}/\d{1,4}(?!\d)|[가-힣\d만억]{1,8}\s?분의\s?")
_AROUND = re.compile(
    "은|는|이|가|을|를|도|만|요|이요|의|와|과|랑|이랑|로|으로|에|나|이나|야|이야|이고|이서|뿐|밖에|입니다|이에요|예요"
    "|씩|쯤|정도|짜리|어치|들이|더|째|당|용"
)
_HALVED_WORDS = """
개 판 병 컵 모 쪽 줄 접 근 되 통 팩 봉 캔 잔 마리 그릇 공기 조각 봉지 상자 박스 토막 접시 스푼 큰술 인분 평 돈
"""
_HALVED = _HALVED_WORDS.split()  # what 반 may be written together with
_LENGTHS = {"킬로": "km", "키로": "km", "밀리": "mm", "미리": "mm"}  # or kg, mL
_OTHER = """
두부 두판 두자 두발 두손 두상 한편 한층 한과 한자 한지 한집 한손 한방 한표 한입 한상 한대 한인 한정
한길 세대 세차 세제 세정 세입 세상 세자 세손 세종 세포 세모 네모 네발 석단 석조 석류 세부
한강 열대 열장 열정 열차 열쪽 열과
"""
_OTHER_WORDS = frozenset(_OTHER.split())  # one syllable of number, one of classifier, and another word


def measured(s: str) -> Amount | None:
    """The whole text as a number with its unit, or alone; ``s`` is a text as ``normal`` makes it."""
    minus = re.match(r"(?:-|마이너스)\s?(?=[\d일이삼사오육칠팔구십영])", s)
    body = s[minus.end() :] if minus else s
    number, end = _leading(body)
    if number is None:
        return None
    written, rest = body[:end], body[end:]
    found = _with_unit(number, written, rest)
    if minus is None or found is None:
        return found
    if found.upper is not None:
        return None
    if isinstance(found, NumberValue):
        return replace(found, value=-found.value, alternatives=())
    if isinstance(found, MoneyValue):
        return replace(found, amount=-found.amount, alternatives=())
    return replace(found, amount=-found.amount, alternatives=())


def _leading(s: str) -> tuple[NumberValue | None, int]:
    """The number that opens the text, and where it ends; 반 is one half."""
    fraction = _FRACTION.match(s)
    if fraction is not None:
        end = fraction.end()
        if "분의" in fraction.group():
            top = scan_number(s, end)
            end = top[1] if top else end
        number = parse_number(s[:end])
        if number is not None:
            return number, end
    half = "절반" if s.startswith("절반") else "반"
    if s.startswith(half):
        unit = s[len(half) :]
        if unit in ("", *_HALVED) or (unit.startswith(" ") and unit.strip() in UNITS):
            return NumberValue(Decimal("0.5")), len(half)
        return None, 0
    scanned = scan_number(s)
    return scanned if scanned is not None else (None, 0)


def _with_unit(number: NumberValue, written: str, rest: str) -> Amount | None:
    word = rest.strip()
    if not word:
        if number.alternatives:  # 2억 4천, said alone, is 240 million
            return replace(
                number, value=number.alternatives[0].value, alternatives=(replace(number, alternatives=()),)
            )
        return number
    joined = word.replace(" ", "").lower()
    money = named_money(number, joined)
    if money is not None:
        one_word = number.value < 10 and rest[0] != " " and len(written) == 1 and not written.isdigit()
        return None if one_word else money  # 이불, 사원
    if joined == "동" and number.value >= 1000 and re.search("[천만]", written):
        return MoneyValue(number.value, "VND", number.upper, number.approximate)
    decade = _decade(number, word, written)
    if decade is not None:
        return decade
    tenths = re.fullmatch(r"할(?:(\d)푼)?(?:(\d)리)?", joined)
    if tenths is not None and number.upper is None:  # 3할 1푼 7리
        share = number.value * 10 + Decimal(tenths[1] or 0) + Decimal(tenths[2] or 0) / 10
        return QuantityValue(share, "%", "share")
    unit = UNITS.get(word.lower()) or UNITS.get(joined)
    spaced = rest[0] == " "
    if unit is not None:
        native = is_native(written)
        if (word == "분" and not native) or (word == "도" and native and not spaced):
            return None  # 3분 is a time, the 도 of 하나도 a particle
        if _another_word(written, rest):
            return None
        return _quantity(number, unit, written, word)
    if word == "반" and is_native(written) and spaced:
        return replace(number, value=number.value + Decimal("0.5")) if number.upper is None else None
    if word.endswith("반") and number.upper is None:
        unit = UNITS.get(word[:-1].rstrip().lower())
        if unit is not None and unit.dimension != "order":
            return _quantity(
                replace(number, value=number.value + Decimal("0.5")), unit, written, word[:-1].rstrip()
            )
    return _compound(number, written, word) or _unknown(number, written, word, spaced=spaced)


def _quantity(number: NumberValue, unit: Unit, written: str, word: str) -> QuantityValue | None:
    hundreds = unit.name == "번" and number.value % 100 == 0 and re.fullmatch("[가-힣]+", written)  # 백 번
    native = is_native(written) or bool(hundreds)
    dimension = unit.native if native and unit.native else unit.dimension
    if dimension == "order" and number.value % 1:
        return None  # 3.1절 is a day
    value = QuantityValue(number.value, unit.name, dimension, number.upper, number.approximate)
    if dimension == "order" and unit.name in ("번", "부"):
        return replace(value, alternatives=(replace(value, dimension="count"),))
    if word in _LENGTHS:
        return replace(value, alternatives=(replace(value, unit=_LENGTHS[word], dimension="length"),))
    return value


def _another_word(written: str, rest: str) -> bool:
    """두부, 일반, 천장: one syllable of number and one of classifier that are a word of their own."""
    s = written + rest
    if len(s) != 2 or written == "반" or not ("가" <= s[0] <= "힣" and "가" <= s[1] <= "힣"):
        return False
    if is_native(s):
        return s in _OTHER_WORDS
    if s[0] in "십백천만":
        return s[1] not in "원명개번층등위배" or s == "만개"
    if s[1] == "위":
        return s[0] not in "일이삼"  # 사위
    return s[1] not in "층등번" or s == "이번"


def _decade(number: NumberValue, word: str, written: str) -> QuantityValue | None:
    """50대, 삼십대 후반, 2%대, 8점대."""
    match = re.fullmatch("(.*?)대 ?(초반|중반|후반)?", word)
    if match is None or number.upper is not None:
        return None
    if match[1] == "" and number.value in range(10, 100, 10) and not is_native(written):
        first, last = {"초반": (0, 3), "중반": (4, 6), "후반": (7, 9)}.get(match[2] or "", (0, 9))
        age = QuantityValue(number.value + first, "살", "age", number.value + last)
        return age if match[2] else replace(age, alternatives=(QuantityValue(number.value, "대"),))
    unit = UNITS.get(match[1].lower()) if match[1] else None
    if unit is None or unit.dimension not in ("share", "score", "temperature"):
        return None
    low, high = band_within(number.value, decimal_step(number.value) if number.value else Decimal(1), match[2])
    return QuantityValue(low, unit.name, unit.dimension, high)


def _compound(number: NumberValue, written: str, word: str) -> QuantityValue | None:
    """1미터 70, 2m34, 5피트 7인치, 삼 킬로 오백 그램, 38도 5부."""
    ends = (k for k in range(min(len(word) - 1, 8), 0, -1) if not word[k - 1].isdigit())  # m of 2m34, not m3
    cut = next((k for k in ends if word[:k].lower() in UNITS), 0)
    if not cut or number.upper is not None:
        return None
    unit = UNITS[word[:cut].lower()]
    tail = word[cut:].strip()
    if unit.name == "℃":
        tenths = re.fullmatch(r"(\d)부", tail)
        return QuantityValue(number.value + Decimal(tenths[1]) / 10, "℃", "temperature") if tenths else None
    if unit.name not in SCALES:
        return None
    second = measured(tail)
    if isinstance(second, NumberValue):
        smaller = (
            {("m", 2): "cm", ("kg", 3): "g", ("L", 3): "mL"}.get((unit.name, len(tail)))
            if tail.isdigit()
            else None
        )
        second = QuantityValue(second.value, smaller, unit.dimension) if smaller else None
    if not isinstance(second, QuantityValue) or second.dimension != unit.dimension or second.upper is not None:
        return None
    if second.unit not in SCALES or second.amount < 0:
        return None
    whole, part = number.value * SCALES[unit.name], second.amount * SCALES[second.unit]
    if part >= SCALES[unit.name]:
        return None
    exact = (whole + part) / SCALES[unit.name]
    name = unit.name if exact == round(exact, 6) else second.unit
    return QuantityValue((whole + part) / SCALES[name], name, unit.dimension, None, number.approximate)


# what no classifier ends in, and what is none by itself: 회선은, 42예요, 3도 apart from 나이, 도로
_PARTICLE = re.compile(
    "(?:이?요|이?에요|예요|입니다|은|는|으로|에서?|을|를|까지|부터|하고|이랑)$|^(?:이|가|도|만|로|나|이나|랑|과|와|의)$"
)


def _unknown(number: NumberValue, written: str, word: str, *, spaced: bool) -> QuantityValue | None:
    """A classifier no table has (84타입, 두 회선): after digits, or apart from a native number from two up."""
    if not re.fullmatch("[가-힣]{1,5}", word) or word.startswith("번째"):
        return None
    if not written[-1:].isdigit() and not (spaced and is_native(written) and number.value > 1):
        return None
    for cut in range(1, len(word) + 1):
        if word[:cut] in TIME_WORDS:
            return None
        if (word[:cut] in UNITS or word[:cut] in CURRENCIES) and _AROUND.fullmatch(word, cut):
            return None  # 명은, 명입니다
    if word.endswith(("이상", "이하", "미만", "초과", "넘게")) or _PARTICLE.search(word):
        return None
    if f"{word}이" in UNITS:  # 네 송이요
        return None
    return QuantityValue(number.value, word, "count", number.upper, number.approximate)
