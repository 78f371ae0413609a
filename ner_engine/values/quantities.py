"""How many and how much: ``두 마리``, ``3~4명``, ``만 오천 원``, ``지하 2층``, ``시속 100km``, ``한 병 반``.

A whole text goes in, its particles taken off; a QuantityValue, MoneyValue, NumberValue or ContactValue comes out,
or None. Units keep the size they were said in (300g stays 300 g). Both ends of a range belong to it; only 대
(``3만원대``, ``2%대``) leaves its upper end out. 이상 and 이하 bound an amount without saying it: None.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from ner_engine.values.contacts import parse_contact
from ner_engine.values.measures import Amount, measured
from ner_engine.values.money import signed_money
from ner_engine.values.numerals import normal, parse_number
from ner_engine.values.types import ContactValue, MoneyValue, NumberValue, QuantityValue

__all__ = ["parse_quantity"]

_LONGEST = 60  # characters; nothing longer states one amount

_TYPED = (
    ("마넌", "만원"),
    ("처넌", "천원"),
    ("쳔원", "천원"),
    ("천언", "천원"),
    ("만언", "만원"),
    ("백언", "백원"),
    ("인븐", "인분"),
)
_ABOUT_BEFORE = re.compile(r"(?:약(?=[\s\d십백천만])|대략|거의|한(?=\s))\s*(?=\S)")
_ONLY_BEFORE = re.compile(r"(?:총|단|딱|무려|고작|겨우|각각|각|모두)\s+(?=\S)")
_AFTER = re.compile(
    r"\s*(?P<about>쯤|정도|가량|남짓|안팎|내외)$|\s*(?:씩|짜리|어치|들이|이서|더|째|권(?<=원권)|당(?<=[인명개]당)|용(?<=인용))$"
)
_ALONE = {"혼자": 1, "혼자서": 1, "단둘": 2, "단둘이": 2, "단둘이서": 2}
_TOGETHER = re.compile(r"(둘|셋|넷|다섯|여섯|일곱|여덟|아홉|열(?=이서))이서?$")
_SCHOOL = {"초": "초등학교 학년", "중": "중학교 학년", "고": "고등학교 학년", "대": "대학교 학년"}
_RANGE = re.compile(r"\s*(?:~|-|에서|내지)\s*")
_DEGREES = ("섭씨", "화씨", "영하", "영상")
_SPEEDS = {
    "시속": {"km": "km/h", "kg": "km/h", "mi": "mph", "": "km/h"},
    "초속": {"m": "m/s", "km": "km/s", "": "m/s"},
}
_HEADS = frozenset([*_DEGREES, *_SPEEDS, "지하", "지상", "만", "제", "미화"])


def parse_quantity(text: str) -> QuantityValue | MoneyValue | NumberValue | ContactValue | None:
    """What amount the whole text states; None where it states none, or more than one. Nothing raises.

    A number alone is a NumberValue, and so is ``세 번째``; a telephone number with its hyphens is a ContactValue.
    Amounts of time (``3시간``) and dates are not read here. Other readings are in ``alternatives``: ``5킬로`` is
    5 kg and may be 5 km, ``50대`` is an age and may be fifty cars.
    """
    if len(text) > 4 * _LONGEST:
        return None
    s = normal(text)
    if not s or len(s) > _LONGEST or s in ("구조", "이조", "사조", "구경", "삼삼오오"):
        return None
    contact = parse_contact(s)
    if contact is not None and contact.form == "phone" and len(contact.value) > 7 and not s.isdigit():
        return contact
    if contact is not None and (contact.form == "email" or s.startswith("0")):
        return contact
    for typed, meant in _TYPED:
        s = s.replace(typed, meant)
    return _stated(s)


def _stated(s: str) -> Amount | None:
    """An amount with what may stand around it: 약, 쯤, 씩, 이서."""
    about = False
    for _ in range(4):
        found = _amount(s) if s else None
        if found is not None:
            return replace(found, approximate=True) if about else found
        head = _ABOUT_BEFORE.match(s) or _ONLY_BEFORE.match(s)
        tail = _AFTER.search(s)
        if head is not None:
            about = about or head.re is _ABOUT_BEFORE
            s = s[head.end() :]
        elif tail is not None:
            about = about or bool(tail["about"])
            s = s[: tail.start()]
        else:
            return None
    return None


def _amount(s: str) -> Amount | None:
    alone = _ALONE.get(s)
    together = _TOGETHER.fullmatch(s)
    if alone is not None or together is not None:
        number = parse_number(together[1]) if together else None
        return QuantityValue(number.value if number else Decimal(alone or 1), "명", "people")
    if len(s) == 2 and s[0] in _SCHOOL and s[1] in "123456":
        return QuantityValue(Decimal(s[1]), _SCHOOL[s[0]], "order")
    return _qualified(s) or _range(s) or measured(s) or parse_number(s)


def _range(s: str) -> Amount | None:
    """3~4명, 2~3만 원, 세 명에서 다섯 명, 3,4명."""
    listed = re.match(r"(\d{1,2}), ?(\d{1,2})(?=\D)", s)
    if listed and int(listed[2]) == int(listed[1]) + 1:
        s = f"{listed[1]}~{s[listed.start(2) :]}"
    split = _RANGE.search(s, 1)
    if split is None or split.start() == 0 or split.end() == len(s):
        return None
    left, right = s[: split.start()], s[split.end() :]
    if _RANGE.search(right, 1):
        return None
    low, high = (signed_money(end) or _headed(end) or measured(end) for end in (left, right))
    if high is None or low is None or high.upper is not None or low.upper is not None:
        return None
    if isinstance(high, NumberValue) and (split.group().strip() == "-" or high.ordinal):
        return None  # 3-1 is a score, a place in a list, anything
    if isinstance(low, MoneyValue) and isinstance(high, NumberValue) and low.amount < high.value:
        return replace(low, upper=high.value) if left[-1].isdigit() else None  # $10~20
    first = _number(low) * (_scale(left, right) if isinstance(low, NumberValue) else 1)
    second = _number(high)
    if not isinstance(low, NumberValue) and _unit(low) != _unit(high):
        return None
    if first >= second:
        return None
    if isinstance(high, NumberValue):
        return NumberValue(first, second)
    if isinstance(high, MoneyValue):
        return replace(high, amount=first, upper=second, alternatives=())
    others = tuple(replace(other, amount=first, upper=second) for other in high.alternatives)
    return replace(high, amount=first, upper=second, alternatives=others)


def _number(value: Amount) -> Decimal:
    return value.value if isinstance(value, NumberValue) else value.amount


def _unit(value: Amount) -> str:
    return value.unit if isinstance(value, QuantityValue) else getattr(value, "currency", "")


def _scale(left: str, right: str) -> Decimal:
    """What the 만 of ``2~3만 원`` makes of its 2."""
    said = re.match(r"([\d.]{1,6})\s?([십백천만억조]{1,3})", right)
    if said is None or not re.fullmatch(r"\d{1,3}(?:\.\d)?", left) or said[1].count(".") > 1:
        return Decimal(1)
    if not said[1][0].isdigit() or said[1].endswith(".") or Decimal(left) >= Decimal(said[1]):
        return Decimal(1)
    scale = parse_number(f"1{said[2]}")
    return scale.value if scale else Decimal(1)


def _qualified(s: str) -> Amount | None:
    """What a word or sign in front decides: 영하 3도, 시속 100km, 지하 2층, 만 19세, 제2차, $20."""
    return _headed(s) or signed_money(s)


def _headed(s: str, *, depth: int = 2) -> Amount | None:
    length = 1 if s[0] in "만제" else 2
    word, rest = s[:length], s[length:].lstrip()
    if not rest or not depth or word not in _HEADS:
        return None
    article = re.fullmatch(r"(\d{1,4})\s?조", rest) if word == "제" else None
    if article is not None:
        return QuantityValue(Decimal(article[1]), "조", "order")
    found = _headed(rest, depth=depth - 1) or _range(rest) or measured(rest)
    if found is None:
        return None
    if word == "미화":
        return found if isinstance(found, MoneyValue) and found.currency == "USD" else None
    if word in _SPEEDS:
        unit = _SPEEDS[word].get(_unit(found))
        if unit is None or isinstance(found, MoneyValue):
            return None
        return QuantityValue(_number(found), unit, "speed", found.upper, found.approximate)
    apart = s[length] == " " or rest[0].isdigit()  # 영상이 is a film
    if isinstance(found, NumberValue) and word in _DEGREES and apart and not found.ordinal:
        found = QuantityValue(found.value, "℃", "temperature", found.upper)
    if not isinstance(found, QuantityValue):
        return None
    if word in _DEGREES:
        if found.dimension != "temperature":
            return None
        return _below_zero(found) if word == "영하" else replace(found, unit="℉") if word == "화씨" else found
    if word in ("지하", "지상"):
        if found.unit != "층":
            return None
        found = replace(found, dimension="order")
        return _below_zero(found) if word == "지하" else found
    if word == "제":
        return replace(found, dimension="order", alternatives=())
    return found if found.dimension == "age" else None  # 만 19세


def _below_zero(value: QuantityValue) -> QuantityValue:
    ends = sorted(-end for end in (value.amount, value.upper) if end is not None)
    return replace(value, amount=ends[0], upper=ends[1] if len(ends) > 1 else None)
