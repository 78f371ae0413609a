"""The accidents of typing: a sentence and a random source in, the sentence mistyped out, spans carried.

Pure functions: the sentence given is never changed, and the same state of ``rng`` gives the same result.
Training augmentation, the corpus generator and the robustness part of an evaluation use them alike.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from ner_engine.spans import Sentence, Span

__all__ = ["chat_endings", "jamo_typos", "punctuation", "random_spaces", "remove_spaces"]

_ONSETS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
# the left hand and the right hand of the 두벌식 layout, row by row
_KEYS = (("ㅂㅈㄷㄱㅅ", "ㅁㄴㅇㄹㅎ", "ㅋㅌㅊㅍ"), ("ㅛㅕㅑㅐㅔ", "ㅗㅓㅏㅣ", "ㅠㅜㅡ"))
_LOOKALIKES = (
    *("ㅐㅔ", "ㅔㅐ", "ㅒㅖ", "ㅖㅔ", "ㅙㅚ", "ㅚㅙ", "ㅞㅚ", "ㅙㅞ", "ㅢㅣ", "ㅢㅡ", "ㅟㅢ"),
    *("ㅗㅜ", "ㅛㅕ"),  # 하고 -> 하구, 해요 -> 해여
)
_SHIFTED = dict(zip("ㄱㄷㅂㅅㅈㄲㄸㅃㅆㅉ", "ㄲㄸㅃㅆㅉㄱㄷㅂㅅㅈ", strict=True))
_LAST_STROKE = dict(zip("ㅘㅙㅚㅝㅞㅟㅢ", "ㅏㅐㅣㅓㅔㅣㅣ", strict=True))


def _neighbours() -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for hand in _KEYS:
        for r, row in enumerate(hand):
            for c, key in enumerate(row):
                near = [(r, c - 1), (r, c + 1), (r - 1, c), (r - 1, c + 1), (r + 1, c), (r + 1, c - 1)]
                found[key] = {hand[i][j] for i, j in near if 0 <= i < 3 and 0 <= j < len(hand[i])}
    return {key: "".join(sorted(near)) for key, near in found.items()}


_NEAR = _neighbours()
_CONFUSED: dict[str, str] = {}
for _pair in _LOOKALIKES:
    _CONFUSED[_pair[0]] = _CONFUSED.get(_pair[0], "") + _pair[1]


def _rewrite(sentence: Sentence, pieces: Sequence[str], gaps: Sequence[str] | None = None) -> Sentence:
    """Replace character ``i`` by ``pieces[i]`` and put ``gaps[i]`` before it; a gap at the edge of a span is
    outside it. Spaces at the ends of the text go, and a span left without characters goes with them."""
    text = ""
    starts, ends = [0] * len(pieces), [0] * len(pieces)
    for i, piece in enumerate(pieces):
        text += gaps[i] if gaps else ""
        starts[i] = len(text)
        text += piece
        ends[i] = len(text)
    cut = len(text) - len(text.lstrip())
    spans = []
    for span in sentence.entities:
        start, end = starts[span.start], ends[span.end - 1]
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if start < end:
            spans.append(Span(start - cut, end - cut, span.label))
    return Sentence(text.strip(), tuple(spans), sentence.id)


def remove_spaces(sentence: Sentence) -> Sentence:
    """The sentence without any white space: ``내일 7시에 봐`` -> ``내일7시에봐``."""
    return _rewrite(sentence, ["" if char.isspace() else char for char in sentence.text])


def random_spaces(sentence: Sentence, *, rate: float, rng: random.Random) -> Sentence:
    """Leave out each space at ``rate`` and put a wrong one between two syllables at a sixteenth of it."""
    text = sentence.text
    pieces = ["" if char.isspace() and rng.random() < rate else char for char in text]
    gaps = [""] * len(text)
    for i in range(1, len(text)):
        if "가" <= text[i - 1] <= "힣" and "가" <= text[i] <= "힣" and rng.random() < rate / 16:
            gaps[i] = " "
    return _rewrite(sentence, pieces, gaps)


def _split(syllable: str) -> tuple[str, str, str]:
    code = ord(syllable) - ord("가")
    return _ONSETS[code // 588], _VOWELS[code // 28 % 21], _FINALS[code % 28]


def _join(onset: str, vowel: str, final: str) -> str:
    return chr(ord("가") + _ONSETS.index(onset) * 588 + _VOWELS.index(vowel) * 28 + _FINALS.index(final))


def _slip(onset: str, vowel: str, final: str, rng: random.Random) -> str:
    """One syllable typed wrong: a neighbouring key, a look-alike vowel, a shift, a jamo lost or doubled."""
    slips: list[tuple[int, str]] = []
    if vowel in _CONFUSED:
        slips.append((5, _join(onset, rng.choice(_CONFUSED[vowel]), final)))
    if onset in _NEAR and onset != "ㅇ":
        slips.append((2, _join(rng.choice(_NEAR[onset]), vowel, final)))
    if vowel in _NEAR:
        slips.append((2, _join(onset, rng.choice(_NEAR[vowel]), final)))
    if onset in _SHIFTED:
        slips.append((1, _join(_SHIFTED[onset], vowel, final)))
    if final:
        slips.append((3, _join(onset, vowel, "")))
        if final in _NEAR:
            slips.append((1, _join(onset, vowel, rng.choice(_NEAR[final]))))
        if final in "ㄲㅆ":
            slips.append((4, _join(onset, vowel, _SHIFTED[final])))
    else:
        slips.append((1, _join(onset, vowel, "") + _LAST_STROKE.get(vowel, vowel)))
        slips.append((1, onset))
    slips.append((1, onset + _join(onset, vowel, final)))
    return rng.choices([s for _, s in slips], [w for w, _ in slips])[0]


def jamo_typos(sentence: Sentence, *, rate: float, rng: random.Random) -> Sentence:
    """Mistype each Hangul syllable at ``rate``, as fingers on the 두벌식 layout do (주세요 -> 주세여, 됐 -> 됬).

    A final consonant may also slide into a following ㅇ (먹어 -> 머거), but not over the edge of a span, where
    nobody could say whose the consonant is.
    """
    text = sentence.text
    pieces = list(text)
    edges = {edge for span in sentence.entities for edge in (span.start, span.end)}
    for i, char in enumerate(text):
        if not "가" <= char <= "힣" or pieces[i] != char or rng.random() >= rate:
            continue
        onset, vowel, final = _split(char)
        slides = final and final != "ㅇ" and final in _ONSETS and i + 1 < len(text) and i + 1 not in edges
        if slides and "아" <= text[i + 1] <= "잏" and rng.random() < 0.4:
            _, next_vowel, next_final = _split(text[i + 1])
            pieces[i] = _join(onset, vowel, "")
            pieces[i + 1] = _join(final, next_vowel, next_final)
        else:
            pieces[i] = _slip(onset, vowel, final, rng)
    return _rewrite(sentence, pieces)


_SOFT = {
    "요": "여욤용욥유염",
    "다": "당",
    "어": "엉",
    "야": "얌",
    "지": "징",
    "네": "넹",
    "죠": "죵",
    "해": "햄행",
    "줘": "줭",
    "자": "쟝",
    "데": "뎅",
    "나": "낭",
    "고": "공",
    "아": "앙",
    "까": "깡",
    "래": "랭",
    "돼": "됑",
    "게": "겡",
}  # fmt: skip
_TAILS = (
    *("ㅋㅋ", "ㅋㅋ", "ㅋㅋㅋ", "ㅋㅋㅋㅋ", "ㅋ", " ㅋㅋ", " ㅋㅋㅋ", "ㅎㅎ", " ㅎㅎ", "ㅎ", " ㅎㅎㅎ"),
    *("ㅠㅠ", " ㅠㅠ", "ㅠ", "ㅜㅜ", "ㅜ", "ㅠㅠㅠ", "ㅇㅇ", " ㄱㄱ", " ㄱㅅ", "~ㅎㅎ", "~^^"),
    *("~", "~", "~~", "~!", "!", "!!", "!!!", "..", "..", "...", "…", ";;", ";", ",,", "^^", " ^^", "!?"),
    *(" 😊", "😂", " 🙏", "👍", " 🙂", "😭", " ❤️", " 🥲", "😅", " 😋", " 🔥", ":)"),
)  # fmt: skip
_MARKS = ".!?~…"


def chat_endings(sentence: Sentence, *, rng: random.Random) -> Sentence:
    """Soften or decorate the end as chats do: ``주세요`` -> ``주세여``, ``ㅋㅋ``, ``ㅠㅠ``, ``~``, emoji.

    Only what follows the last span changes.
    """
    head_end = max((span.end for span in sentence.entities), default=0)
    head, tail = sentence.text[:head_end], sentence.text[head_end:]
    stem = tail.rstrip(_MARKS)
    marks = tail[len(stem) :]
    style = rng.random()
    if stem and stem[-1] in _SOFT and style < 0.55:
        stem = stem[:-1] + rng.choice(_SOFT[stem[-1]])
    if style > 0.3:
        marks = ("?" if "?" in marks and rng.random() < 0.5 else "") + rng.choice(_TAILS)
    return Sentence(head + stem + marks, sentence.entities, sentence.id)


def punctuation(sentence: Sentence, *, rng: random.Random) -> Sentence:
    """Write the marks as people do: question marks and commas left out, a full stop or ``!`` added."""
    text = sentence.text
    pieces = list(text)
    inside = [False] * len(text)
    for span in sentence.entities:
        inside[span.start : span.end] = [True] * (span.end - span.start)
    for i, char in enumerate(text):
        if char == "," and not inside[i] and rng.random() < 0.4:
            pieces[i] = ""
    if text and not inside[-1] and text[-1] == "?":
        pieces[-1] = rng.choices(("?", "", "??", "?!", "~?"), (50, 42, 4, 2, 2))[0]
    elif text and not inside[-1] and text[-1] == ".":
        pieces[-1] = rng.choices((".", "", "!", "~"), (50, 40, 5, 5))[0]
    rewritten = _rewrite(sentence, pieces)
    if text and (text[-1].isalnum()) and "가" <= text[-1] <= "힣":
        mark = rng.choices(("", ".", "!", "~", ".."), (78, 13, 5, 3, 1))[0]
        rewritten = Sentence(rewritten.text + mark, rewritten.entities, rewritten.id)
    return rewritten
