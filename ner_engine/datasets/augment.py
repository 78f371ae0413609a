"""Mention replacement: a labelled sentence and words by label in, the sentence about other things out.

The particle after a replaced mention follows the new word's last sound (``파스타를`` -> ``비빔밥을``), and so
does the 이 after a given name (``민수가`` -> ``지영이가``).
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

from ner_engine.josa import PAIRS, final_consonant, pick
from ner_engine.spans import Sentence, Span

__all__ = ["replace_mentions"]

# what may follow the alternating part of a particle before the eojeol ends
_TAILS = {
    "으로/로": ("", "는", "도", "만", "부터", "까지"),
    "이랑/랑": ("", "은", "도", "만"),
    "이나/나": ("", "마"),
    "이요/요": ("", "~", "!"),
}


def _forms() -> dict[str, tuple[str, str]]:
    """Surface form -> (pair, what follows the alternating part): ``으로는`` -> (``으로/로``, ``는``)."""
    found: dict[str, tuple[str, str]] = {}
    for pair, forms in PAIRS.items():
        for form in forms:
            for tail in _TAILS.get(pair, ("",)):
                if form:
                    found.setdefault(form + tail, (pair, tail))
    return found


_FORMS = _forms()
_HEAD = re.compile("(?:" + "|".join(sorted(map(re.escape, _FORMS), key=len, reverse=True)) + ")(?![가-힣])")
_NAME_SUFFIX = re.compile("이(?=(?:가|는|를|도|랑|한테|만|네|랑은|한테서|에게|보다|처럼|의)(?![가-힣]))")


def replace_mentions(
    sentence: Sentence,
    lexicon: Mapping[str, Sequence[str]],
    *,
    rng: random.Random,
    rate: float,
) -> Sentence:
    """Put another word of ``lexicon[label]`` in the place of each mention, with probability ``rate`` each.

    Mentions whose label has no words stay as they are.
    """
    text = ""
    spans: list[Span] = []
    at = 0
    for span in sentence.entities:
        text += sentence.text[at : span.start]
        old = sentence.surface(span)
        words = lexicon.get(span.label, ())
        new = rng.choice(words) if words and rng.random() < rate else old
        spans.append(Span(len(text), len(text) + len(new), span.label))
        text += new
        at = span.end
        if new != old:
            following = sentence.text[at:]
            fitted, used = _refit(old, new, following, label=span.label)
            text += fitted
            at += used
    return Sentence(text + sentence.text[at:], tuple(spans), sentence.id)


def _refit(old: str, new: str, following: str, *, label: str) -> tuple[str, int]:
    """The head of ``following`` refitted to ``new``, and how many characters of it that replaces."""
    if label == "PS" and final_consonant(old):
        suffix = _NAME_SUFFIX.match(following)
        if suffix:
            return ("이" if final_consonant(new) else ""), 1
    match = _HEAD.match(following)
    if not match:
        return "", 0
    pair, tail = _FORMS[match.group(0)]
    if pick(old, pair) + tail != match.group(0):
        return "", 0  # not this particle after all
    return pick(new, pair) + tail, match.end()
