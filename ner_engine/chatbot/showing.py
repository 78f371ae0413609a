"""Values as people say them in Korean: ``7월 25일 토요일``, ``저녁 7시 반``, ``2시간 30분``, ``35,000원``.

A date, a time, an amount goes in, the words of a reply come out. ``ner_engine.values`` does the reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal

from ner_engine.values import DurationValue

__all__ = [
    "WEEKDAYS",
    "show_day",
    "show_duration",
    "show_length",
    "show_money",
    "show_number",
    "show_phone",
    "show_time",
    "show_weekdays",
]

WEEKDAYS = "월화수목금토일"
_PARTS = ((6, "새벽"), (12, "오전"), (13, "낮"), (18, "오후"), (21, "저녁"), (24, "밤"))
_HOUR, _DAY = 3600, 86400  # seconds


def show_day(day: date, today: date) -> str:
    """``7월 24일 금요일``, with the year if it is another one than today's."""
    year = "" if day.year == today.year else f"{day.year}년 "
    return f"{year}{day.month}월 {day.day}일 {WEEKDAYS[day.weekday()]}요일"


def show_weekdays(days: Sequence[int]) -> str:
    """``월요일, 화요일``."""
    return ", ".join(f"{WEEKDAYS[day]}요일" for day in days)


def show_time(moment: time) -> str:
    """``저녁 7시``, ``저녁 7시 반``, ``오전 9시 5분``."""
    hour = moment.hour
    part = "밤" if hour == 0 else next(name for until, name in _PARTS if hour < until)
    shown = 12 if hour in (0, 12) else hour % 12
    minute = " 반" if moment.minute == 30 else f" {moment.minute}분" if moment.minute else ""
    return f"{part} {shown}시{minute}"


def show_length(seconds: Decimal) -> str:
    """``2시간 30분``, ``3일``, ``40초``; ``0분`` for nothing."""
    rest = int(seconds)
    pieces = []
    for size, unit in ((_DAY, "일"), (_HOUR, "시간"), (60, "분"), (1, "초")):
        amount, rest = divmod(rest, size)
        if amount:
            pieces.append(f"{amount}{unit}")
    return " ".join(pieces) or "0분"


def show_duration(value: DurationValue) -> str:
    """``3박 4일``, ``2시간 30분``, ``1년 6개월``, in the units that were said."""
    units = (
        (value.years, "년"), (value.months, "개월"), (value.weeks, "주일"), (value.days, "일"),
        (value.hours, "시간"), (value.minutes, "분"), (value.seconds, "초"),
    )  # fmt: skip
    if value.nights:
        return f"{value.nights}박 {show_number(value.days)}일"
    if value.hours % 1 or value.days % 1 or value.minutes > 59:
        whole = value.days * _DAY + value.hours * _HOUR + value.minutes * 60 + value.seconds
        return show_length(whole + value.weeks * 7 * _DAY)
    return " ".join(f"{show_number(amount)}{unit}" for amount, unit in units if amount) or "0분"


def show_number(number: Decimal) -> str:
    """``1,200``, ``2.5``."""
    whole = number == number.to_integral_value()
    return f"{int(number):,}" if whole else f"{number.normalize():,f}"


def show_money(amount: Decimal, currency: str = "KRW") -> str:
    """``35,000원``; other currencies by their name (``20달러``) or code."""
    names = {"KRW": "원", "USD": "달러", "EUR": "유로", "JPY": "엔", "CNY": "위안", "GBP": "파운드"}
    return show_number(amount) + names.get(currency, f" {currency}")


def show_phone(number: str) -> str:
    """``+821012345678`` as ``010-1234-5678``; what has another form as it is."""
    digits = f"0{number[3:]}" if number.startswith("+82") else number
    if digits.startswith("+") or not digits.isdecimal():
        return number
    if not digits.startswith("0"):  # 1588-1234, 112
        return f"{digits[:-4]}-{digits[-4:]}" if len(digits) > 4 else digits
    area = 2 if digits.startswith("02") else 4 if digits.startswith("050") else 3
    return f"{digits[:area]}-{digits[area:-4]}-{digits[-4:]}"
