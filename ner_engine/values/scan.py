"""The longest number that starts at a place of a text: ``3만5천``, ``삼만 오천``, ``스물다섯``, ``수십``.

Digits, Sino-Korean, native Korean and what people mix of them go in; a NumberValue and the place where it ends
come out. Every scan looks at a window of fixed length, so that scanning a text everywhere stays linear.
"""

from __future__ import annotations

from decimal import Decimal

from ner_engine.values.native import Reading, native_number
from ner_engine.values.types import NumberValue

__all__ = ["scan_number"]

_WINDOW = 80  # characters a scan may look at; no number people write is longer
_DIGITS = 30  # digits of one run; longer ones are codes, not numbers
_SPELLED = 20

_HANJA = dict(
    zip(
        "零〇一二三四五六七八九十百千萬万億亿兆壹貳參",
        "영영일이삼사오육칠팔구십백천만만억억조일이삼",
        strict=True,
    )
)
_WIDE = dict(zip("０１２３４５６７８９，．", "0123456789,.", strict=True))
_ONE_TO_ONE = str.maketrans(_HANJA | _WIDE)

_SINO = {c: n for n, c in enumerate("영일이삼사오육칠팔구")} | {"공": 0, "령": 0, "륙": 6}
_PLACES = {"십": 10, "백": 100, "천": 1000}
_BIGS = {"만": 10**4, "억": 10**8, "조": 10**12, "경": 10**16}

_AFTER_PLACE = "원명개번년달엔불톤유"  # 3 만 원: what may follow a unit that stands apart from its number


def scan_number(text: str, at: int = 0) -> tuple[NumberValue, int] | None:
    """The longest number that starts exactly at ``at``, and where it ends; None where none starts.

    ``text`` is composed (NFC; ``normal`` makes it so); full-width digits and 一二三 are read as they stand. No
    sign, no 번째, no unit belongs to it. Where 이 억 사천 may stand for 2억 4천만, that is an alternative.
    """
    if at < 0 or at >= len(text):
        return None
    s = text[at : at + _WINDOW].translate(_ONE_TO_ONE)
    found = native_number(s, 0)
    if found is None:
        scan = _Scan(s, hanja=text[at : at + 3] != s[:3])
        found = scan.run()
        if found is None:
            return None
        low, high, end, about = found
        alternatives: tuple[NumberValue, ...] = ()
        if scan.colloquial and low == high:
            alternatives = (NumberValue(low + (scan.colloquial - 1) * scan.tail),)
    else:
        (low, high, end, about), alternatives = found, ()
    value = NumberValue(low, None if high == low else high, approximate=about, alternatives=alternatives)
    return value, at + end


class _Scan:
    """One walk over a number in digits, Sino-Korean words, or both: ``1억 2,000만``, ``삼만오천``, ``수십만``.

    Lowest and highest reading are kept side by side: 이삼백 is [200, 300], 수십 [20, 90].
    """

    def __init__(self, s: str, *, hanja: bool = False) -> None:
        self.s = s
        self.hanja = hanja
        self.end = 0
        self.total = (Decimal(0), Decimal(0))
        self.section = (Decimal(0), Decimal(0))  # what stands after the last 만, 억, 조
        self.pending: tuple[Decimal, Decimal] | None = None  # a digit that waits for its 십, 백, 천
        self.place = 10**5  # only smaller places may follow
        self.big = 10**20
        self.after_unit = True
        self.digits = False  # whether the pending number is in digits
        self.bare = False  # opened by 만 without a number before it
        self.about = False
        self.colloquial = 0
        self.tail = Decimal(0)

    def run(self) -> Reading | None:
        while self._digits() or self._words() or self._place() or self._big() or self._native_tail():
            pass
        if self.end == 0:
            return None
        self._colloquial()
        pending = self.pending or (Decimal(0), Decimal(0))
        low = self.total[0] + self.section[0] + pending[0]
        high = self.total[1] + self.section[1] + pending[1]
        if low == high:
            low = high = self._fraction(low)
        if self._more(low):
            return low, low, self.end, True
        return low, high, self.end, self.about

    def _open(self) -> int:
        """Where the next token may start: here, or after one space that follows 만 or 천."""
        spaced = self.end and self.after_unit and self.s[self.end : self.end + 1] == " "
        return self.end + 1 if spaced else self.end

    def _take(self, low: Decimal, high: Decimal, end: int, *, digits: bool) -> bool:
        self.pending = (low, high)
        self.end, self.after_unit, self.digits = end, False, digits
        return True

    def _digits(self) -> bool:
        at = self._open()
        if self.pending is not None or not "0" <= self.s[at : at + 1] <= "9":
            return False
        whole, end = _run_of_digits(self.s, at)
        if end - at > _DIGITS:
            return False
        fraction = ""
        if self.s[end : end + 1] == "." and _digit(self.s[end + 1 : end + 2]) and not self.section[1]:
            stop = end + 1
            while _digit(self.s[stop : stop + 1]):
                stop += 1
            if (
                not (self.s[stop : stop + 1] == "." and _digit(self.s[stop + 1 : stop + 2]))
                and stop - end <= _DIGITS
            ):
                fraction, end = self.s[end:stop], stop  # 26.3.5 is no decimal number
        value = Decimal(whole + fraction)
        if self.end:  # 2만5, 3천 2: no second number
            follows = self.s[end : end + 1]
            limit = min(self.place, 10**4) if self.section[1] else 10**4
            named = follows != "" and (follows in _PLACES or follows in _BIGS)
            if value >= limit or (not named and len(whole) < 2 and at == self.end):
                return False  # 3만5 is no 30005
            if self.bare and not named and len(whole) < 4:
                return False  # 만 18세
        return self._take(value, value, end, digits=True)

    def _words(self) -> bool:
        at = self._open()
        if self.pending is not None or self.place < 10 or self.s[at : at + 2] in ("일곱", "일흔"):
            return False
        c = self.s[at : at + 1]
        if c == "몇" or (c == "수" and (not self.end or self.place == 10)):
            return self._some(at, c)
        run = at
        while run < len(self.s) and run - at <= _SPELLED and self.s[run] in _SINO:
            run += 1
        length = run - at
        if length == 0 or length > _SPELLED:
            return False
        follows = self.s[run : run + 1]
        named = follows != "" and (follows in _PLACES or follows in _BIGS)
        values = [_SINO[c] for c in self.s[at:run]]
        by_digit = length >= 4 or (length == 3 and (0 in values or self.hanja))
        if by_digit and not self.end and (not named or 0 in values):
            self.place = self.big = 0  # 공일공, 이공이육, 一二三
            value = Decimal("".join(map(str, values)))
            return self._take(value, value, run, digits=False)
        if values[0] == 0 and (self.end or c in "공령"):
            return False
        if length >= 2 and values[1] == values[0] + 1 and values[0] > 0:
            after = self.s[at + 2 : at + 3]
            unit = after != "" and (after in _PLACES or after in _BIGS)
            if values[0] > 1 or unit or (not self.end and not "가" <= after <= "힣"):
                return self._take(Decimal(values[0]), Decimal(values[1]), at + 2, digits=False)
        after = self.s[at + 1 : at + 2]
        named = after != "" and (after in _PLACES or after in _BIGS)
        money = self.s[at + 1 : at + 3].lstrip().startswith("원")  # 오만 일 원
        if at > self.end and not (named or money) and ((c == "일" and after) or "가" <= after <= "힣"):
            return False  # 백 이상, 백 일 동안
        if self.end and c == "이" and after in tuple("상하내외면"):
            return False  # 백이상
        return self._take(Decimal(values[0]), Decimal(values[0]), at + 1, digits=False)

    def _some(self, at: int, c: str) -> bool:
        """몇십, 몇 십, 수백만, 십몇, 십수."""
        end = at + 1
        spaced = c == "몇" and self.s[end : end + 1] == " " and self.s[end + 1 : end + 2] in (*_PLACES, *_BIGS)
        unit = self.s[end + spaced : end + spaced + 1]
        if unit and (unit in _PLACES or unit in _BIGS):
            return self._take(Decimal(1 if self.end else 2), Decimal(9), end + spaced, digits=False)
        if self.end and self.section[1]:
            return self._take(Decimal(1), Decimal(self.place - 1), end, digits=False)
        return False

    def _place(self) -> bool:
        at = self._unit_at()
        value = _PLACES.get(self.s[at : at + 1])
        if value is None or value >= self.place or (self.digits and self.pending and self.pending[0] >= 10):
            return False
        low, high = self.pending or (Decimal(1), Decimal(1))
        self.section = (self.section[0] + low * value, self.section[1] + high * value)
        self.pending, self.place, self.digits = None, value, False
        self.end, self.after_unit = at + 1, True
        return True

    def _unit_at(self) -> int:
        """Where a 천 or 만 may stand: here, or after a space where it cannot be another word (3 만 원)."""
        if self.pending is None:
            return self._open()
        at = self.end + 1
        if self.s[self.end : at] != " " or not self.s[at : at + 1] or self.s[at] not in "백천만억조":
            return self.end
        after = self.s[at + 1 : at + 3].lstrip(" ")[:1]
        return at if after in (*_AFTER_PLACE, *"백천만억") and after else self.end

    def _big(self) -> bool:
        at = self._unit_at()
        more = self.s[at : at + 1] == "여" and self.section[1] > 0 and self.pending is None  # 2천여만
        at += more
        c = self.s[at : at + 1]
        value = _BIGS.get(c)
        if value is None or value >= self.big or self.s[at : at + 2] == "조각" or (c == "경" and not self.digits):
            return False
        pending = self.pending or (Decimal(0), Decimal(0))
        low, high = self.section[0] + pending[0], self.section[1] + pending[1]
        if not high:
            if c != "만":
                return False
            low = high = Decimal(1)
            self.bare = not self.end
        self.total = (self.total[0] + low * value, self.total[1] + high * value)
        self.section, self.pending = (Decimal(0), Decimal(0)), None
        self.place, self.big, self.digits = 10**4, value, False
        self.about = self.about or more
        self.end, self.after_unit = at + 1, True
        return True

    def _native_tail(self) -> bool:
        """백스물다섯, 백 열두."""
        if not self.end or self.pending is not None or self.place <= 10 or not self.section[1]:
            return False
        found = native_number(self.s, self._open())
        if found is None:
            return False
        low, high, end, self.about = found
        self.place = 0
        self.big = 0
        return self._take(low, high, end, digits=False)

    def _colloquial(self) -> None:
        """2억 4천 stands for 2억 4천만 as a rule: what the tail would be multiplied by."""
        if self.big in (10**8, 10**12) and self.pending is None and self.place >= 100 and self.section[1]:
            self.colloquial, self.tail = 10**4, self.section[0]

    def _fraction(self, value: Decimal) -> Decimal:
        """삼점일사, 영 점 오."""
        at = self.end
        spaced = self.s[at : at + 3] == " 점 "
        if not (spaced or self.s[at : at + 1] == "점") or self.s[at - 1 : at] not in (*_SINO, *_PLACES):
            return value
        at += 3 if spaced else 1
        stop = at
        while stop < len(self.s) and stop - at <= 10 and self.s[stop] in _SINO:
            stop += 1
        if stop == at or (spaced and self.s[stop : stop + 1] in tuple("상하내외면전후")):
            return value  # 삼 점 이상
        self.end = stop
        return value + Decimal("0." + "".join(str(_SINO[c]) for c in self.s[at:stop]))

    def _more(self, value: Decimal) -> bool:
        """20여, 백여: a little more than a round number."""
        if self.s[self.end : self.end + 1] != "여" or self.s[self.end : self.end + 2] in ("여섯", "여덟"):
            return False
        if value < 10 or value % 10:
            return False
        self.end += 1
        return True


def _digit(s: str) -> bool:
    return s.isascii() and s.isdigit()  # ① and ٣ are digits to Python


def _run_of_digits(s: str, at: int) -> tuple[str, int]:
    """Digits with their commas: ``1,234,567``; in ``1,23`` only the 1."""
    end = at
    while _digit(s[end : end + 1]):
        end += 1
    whole = s[at:end]
    if len(whole) <= 3:
        while s[end : end + 1] == "," and _digit(s[end + 1 : end + 4]) and len(s[end + 1 : end + 4]) == 3:
            if _digit(s[end + 4 : end + 5]):
                break
            whole += s[end + 1 : end + 4]
            end += 4
    return whole, end
