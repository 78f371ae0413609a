"""Morphemes without offsets, laid over the text they came from.

In: a text and the forms an analyser gave for it, in order. Out: ``[start, end)`` for every form, starts
never decreasing. Forms may be dictionary forms: 봤 as 보 + 았, 했 as 하 + 였, 갈 as 가 + ㄹ, 도와 as 돕 + 아.

Both sides become strings of jamo and are aligned by edit distance: equal jamo are consumed greedily (which
loses nothing), and only where they differ a small window is searched and its beginning committed. The
window is bounded, so time grows with the length of the text and no faster.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["align", "jamo"]

_ONSETS: tuple[str, ...] = (*"ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆ", "", *"ㅈㅉㅊㅋㅌㅍㅎ")
# A vowel is written as the vowels it contracts, so that 봤 reads ㅂㅗㅏㅆ like 보 + 았, and 해 ㅎㅏㅣ.
_VOWELS: tuple[str, ...] = (
    *("ㅏ", "ㅏㅣ", "ㅑ", "ㅑㅣ", "ㅓ", "ㅓㅣ", "ㅣㅓ", "ㅣㅓㅣ", "ㅗ", "ㅗㅏ", "ㅗㅏㅣ"),
    *("ㅗㅣ", "ㅛ", "ㅜ", "ㅜㅓ", "ㅜㅓㅣ", "ㅜㅣ", "ㅠ", "ㅡ", "ㅡㅣ", "ㅣ"),
)
_FINALS: tuple[str, ...] = (
    *("", "ㄱ", "ㄲ", "ㄱㅅ", "ㄴ", "ㄴㅈ", "ㄴㅎ", "ㄷ", "ㄹ", "ㄹㄱ", "ㄹㅁ", "ㄹㅂ", "ㄹㅅ", "ㄹㅌ"),
    *("ㄹㅍ", "ㄹㅎ", "ㅁ", "ㅂ", "ㅂㅅ", "ㅅ", "ㅆ", "ㅇ", "ㅈ", "ㅊ", "ㅋ", "ㅌ", "ㅍ", "ㅎ"),
)
_COMPATIBILITY_VOWELS = dict(zip("ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ", _VOWELS, strict=True))
_COMPATIBILITY_CLUSTERS = dict(zip("ㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄ", (f for f in _FINALS if len(f) == 2), strict=True))
_IS_VOWEL = frozenset("ㅏㅑㅓㅗㅛㅜㅠㅡㅣ")
_IS_CONSONANT = frozenset("ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ")

# Costs of an alignment. A consonant for a consonant (걸어 from 걷) must cost less than leaving out both.
_GAP, _VOWEL_FOR_VOWEL, _CONSONANT_FOR_CONSONANT, _NEVER = 2, 2, 3, 5
# Jamo searched at once where the two differ. An irregular stem and its ending differ by six at most.
_WINDOW = 24
# Equal jamo in a row after which a difference counts as over.
_SETTLED = 4
# A gap longer than the window (an analyser dropped a stretch of text): how far ahead to look for a form.
_SEARCH = 400


def jamo(char: str) -> str:
    """A character as the jamo it is aligned by; whitespace has none, and a silent ㅇ neither.

    >>> jamo("봤"), jamo("해"), jamo("않"), jamo("A")
    ('ㅂㅗㅏㅆ', 'ㅎㅏㅣ', 'ㅏㄴㅎ', 'a')
    """
    index = ord(char) - 0xAC00
    if 0 <= index < 11172:
        return _ONSETS[index // 588] + _VOWELS[index % 588 // 28] + _FINALS[index % 28]
    if "ㄱ" <= char <= "ㅣ":
        return _COMPATIBILITY_VOWELS.get(char) or _COMPATIBILITY_CLUSTERS.get(char) or char
    if "\u1100" <= char <= "\u11ff":
        return _conjoining(ord(char))
    return "" if char.isspace() else char.lower()[0]


def _conjoining(code: int) -> str:
    if code <= 0x1112:
        return _ONSETS[code - 0x1100]
    if 0x1161 <= code <= 0x1175:
        return _VOWELS[code - 0x1161]
    if 0x11A8 <= code <= 0x11C2:
        return _FINALS[code - 0x11A7]
    return chr(code)


def align(text: str, forms: Sequence[str]) -> list[tuple[int, int]]:
    """Where each form lies in ``text``: one ``(start, end)`` per form, starts never decreasing.

    A form of which nothing is left in the text (이 of 친구이다 written 친구다) shares the last character of
    the form before it; before all others, the first of the one after. Spans are empty only where the text
    holds nothing but whitespace.
    """
    here, owners = _spread(text)  # each character is a string of its own
    there, members = _spread(forms)
    first: list[int] = [-1] * len(forms)
    last: list[int] = [-1] * len(forms)
    for i, j in _pairs(here, there):
        member, owner = members[j], owners[i]
        if first[member] < 0:
            first[member] = owner
        last[member] = owner
    return _closed(text, first, last)


def _spread(parts: Iterable[str]) -> tuple[str, list[int]]:
    """The jamo of strings, run together, and for each jamo the index of the string it came from."""
    units = ["".join(map(jamo, part)) for part in parts]
    return "".join(units), [index for index, unit in enumerate(units) for _ in unit]


def _pairs(here: str, there: str) -> list[tuple[int, int]]:
    """Pairs ``(i, j)``, both rising, of jamo of the text and of the forms that stand for each other."""
    out: list[tuple[int, int]] = []
    i = j = 0
    while i < len(here) and j < len(there):
        if here[i] == there[j]:
            out.append((i, j))
            i += 1
            j += 1
            continue
        both_end = i + _WINDOW >= len(here) and j + _WINDOW >= len(there)
        near, far = here[i : i + _WINDOW], there[j : j + _WINDOW]
        steps = _window(near, far, both_end=both_end)
        if sum(a is not None and b is not None for a, b in steps) * 3 < len(steps):
            jump = _ahead(here, there, i, j)
            if jump is not None:
                i, j = jump
                continue
        done = steps[: _settled(near, far, steps, both_end=both_end)]
        out += [(i + a, j + b) for a, b in done if a is not None and b is not None]
        i += sum(a is not None for a, _ in done)
        j += sum(b is not None for _, b in done)
    return out


_Step = tuple[int | None, int | None]


def _window(here: str, there: str, *, both_end: bool) -> list[_Step]:
    """The cheapest alignment of two short strings, as steps from the start.

    It uses up both where ``both_end``; else one, as the rest of the other goes on beyond the window.

    A step is ``(i, j)`` where two jamo stand for each other, ``(i, None)`` or ``(None, j)`` for a gap.
    """
    rows, columns = len(here), len(there)
    cost = [[_GAP * j for j in range(columns + 1)]]
    for i, a in enumerate(here, start=1):
        above = cost[-1]
        row = [_GAP * i]
        for j, b in enumerate(there, start=1):
            row.append(min(above[j - 1] + _change(a, b), above[j] + _GAP, row[-1] + _GAP))
        cost.append(row)
    i, j = rows, columns
    if not both_end:
        ends = [(cost[rows][j], -j, rows, j) for j in range(columns + 1)]
        ends += [(cost[i][columns], -i, i, columns) for i in range(rows + 1)]
        _, _, i, j = min(ends)
    steps: list[_Step] = []
    while i or j:
        if i and j and cost[i][j] == cost[i - 1][j - 1] + _change(here[i - 1], there[j - 1]):
            i, j = i - 1, j - 1
            steps.append((i, j))
        elif j and cost[i][j] == cost[i][j - 1] + _GAP:
            j -= 1
            steps.append((None, j))
        else:
            i -= 1
            steps.append((i, None))
    return steps[::-1]


def _change(a: str, b: str) -> int:
    if a == b:
        return 0
    if a in _IS_VOWEL and b in _IS_VOWEL:
        return _VOWEL_FOR_VOWEL
    return _CONSONANT_FOR_CONSONANT if a in _IS_CONSONANT and b in _IS_CONSONANT else _NEVER


def _settled(here: str, there: str, steps: list[_Step], *, both_end: bool) -> int:
    """How many of a window's steps to keep: up to where the two agree again, or half of them."""
    run = 0
    for count, (a, b) in enumerate(steps, start=1):
        run = run + 1 if a is not None and b is not None and here[a] == there[b] else 0
        if run == _SETTLED:
            return count
    return len(steps) if both_end else max(1, len(steps) // 2)


def _ahead(here: str, there: str, i: int, j: int) -> tuple[int, int] | None:
    """Where the two meet again when one of them misses more than a window holds."""
    probe = 3 * _SETTLED
    for skip in range(0, _WINDOW, _SETTLED):
        wanted = there[j + skip : j + skip + probe]
        if len(wanted) < probe:
            break
        found = here.find(wanted, i, i + _SEARCH)
        if found >= 0:
            return found, j + skip
    return None


def _closed(text: str, first: list[int], last: list[int]) -> list[tuple[int, int]]:
    """Spans from first and last characters; forms that found none share a neighbour's."""
    spans: list[tuple[int, int]] = []
    solid = [at for at, char in enumerate(text) if not char.isspace()]
    if not solid:
        return [(0, 0)] * len(first)
    following = solid[-1]
    nexts: list[int] = []
    for start in reversed(first):
        following = start if start >= 0 else following
        nexts.append(following)
    nexts.reverse()
    previous = -1
    for start, end, after in zip(first, last, nexts, strict=True):
        if start < 0:
            start = end = previous if previous >= 0 else after
        spans.append((start, end + 1))
        previous = max(previous, end)
    return spans
