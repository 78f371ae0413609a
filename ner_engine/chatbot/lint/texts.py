"""Replies with the wrong particle, gaps nothing fills, wordings given twice, speech levels mixed.

Rules and their source in, findings out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator

from ner_engine.chatbot.lint.finding import NOTE, WARNING, Finding, Source
from ner_engine.chatbot.lint.speech_levels import speech_levels
from ner_engine.chatbot.replies import Gap, Saying, Template
from ner_engine.chatbot.rules import Rules
from ner_engine.chatbot.sayings import all_sayings
from ner_engine.josa import PAIRS, pick

__all__ = ["text_findings"]

_LABEL = re.compile("[A-Z][A-Z0-9_]*")
_HALVES = {half: pair for pair, halves in PAIRS.items() if all(halves) for half in halves}
_HALF = re.compile(f"(?:{'|'.join(sorted(_HALVES, key=len, reverse=True))})(?![가-힣])")
_BOTH = re.compile(
    r"을\(를\)|를\(을\)|은\(는\)|는\(은\)|이\(가\)|가\(이\)|과\(와\)|와\(과\)|\(으\)로|\(이\)[가-힣]+|[을은이과]/[를는가와]"
)
_FREE = frozenset(("이고", "이면", "이며", "이네요"))  # right after a vowel too: 학교이고
_CASE = frozenset("을를은는이가과와")  # what never follows another particle


def text_findings(rules: Rules, source: Source, labels: Collection[str] | None) -> Iterator[Finding]:
    """What is wrong with the replies. ``labels`` are those something gives, None if that is not known."""
    levels: list[tuple[str, str, tuple[str, ...]]] = []
    for saying in all_sayings(rules).values():
        written = source.written(saying.key)
        first: dict[str, str] = {}
        for (place, text), template in zip(written, saying.wordings, strict=True):
            if text in first:
                message = f"the same wording as on line {source.line(first[text])}"
                yield source.finding(place, "same-wording", WARNING, message, "take one of them out")
            first.setdefault(text, place)
            yield from _particles(rules, source, saying, template, place)
            for name in sorted(template.names):
                if labels is not None and _LABEL.fullmatch(name) and name not in labels:
                    message = f"nothing ever fills the gap {{{name}}}, so that this wording is never used"
                    hint = f"no extractor, entity or pattern gives {name}"
                    yield source.finding(place, "unfilled-gap", WARNING, message, hint)
            levels.append((place, text, speech_levels(_spoken(template))))
    yield from _mixed(source, levels)


def _particles(rules: Rules, source: Source, saying: Saying, template: Template, place: str) -> Iterator[Finding]:
    for gap, after in zip(template.pieces, template.pieces[1:], strict=False):
        if not isinstance(gap, Gap) or not isinstance(after, str):
            continue
        both, half = _BOTH.match(after), _HALF.match(after)
        if gap.pair:
            if half and half[0] in _CASE:
                message = f"{{{gap.name}:{gap.pair}}}{half[0]} has its particle twice"
                yield source.finding(place, "particle", WARNING, message, f"take the {half[0]} out")
        elif both:
            message = f"{{{gap.name}}}{both[0]} spells out both particles"
            yield source.finding(place, "particle", WARNING, message, f"write {{{gap.name}:{_pair_of(both[0])}}}")
        elif half and half[0] not in _FREE:
            pair = _HALVES[half[0]]
            known = _endings(rules, saying.key, gap.name)
            wrong = [value for value in known if pick(value, pair) != half[0]]
            if wrong or not known:
                such = f" ({wrong[0]!r})" if wrong else ""
                message = f"{{{gap.name}}}{half[0]} has a particle that not every value takes{such}"
                yield source.finding(place, "particle", WARNING, message, f"write {{{gap.name}:{pair}}}")


def _pair_of(both: str) -> str:
    """을(를) and (으)로 as the pairs that gaps take."""
    letters = re.sub(r"[()/]", "", both)
    if both.startswith("("):
        closed = letters
        return next((pair for pair, halves in PAIRS.items() if halves[0] == closed), "을/를")
    return _HALVES[letters[0]]


def _endings(rules: Rules, key: str, gap: str) -> list[str]:
    """Texts that end as the values of a gap do, where that is certain: nothing where it is not."""
    if gap in rules.facts:
        return [rules.facts[gap]]
    parts = key.split(".")
    form = rules.forms.get(parts[1]) if parts[0] == "forms" else None
    slot = None if form is None else form.slot(gap)
    if slot is None:
        return ["원"] if gap == "total" else []
    if slot.suffix:
        return [slot.suffix]
    if slot.type == "date":
        return ["요일"]
    return [option.shown for option in slot.options]


def _spoken(template: Template) -> str:
    """The wording with something in its gaps."""
    said = []
    for piece in template.pieces:
        if isinstance(piece, str):
            said.append(piece)
        else:
            said.append("값" + (pick("값", piece.pair) if piece.pair else ""))
    return "".join(said)


def _mixed(source: Source, levels: list[tuple[str, str, tuple[str, ...]]]) -> Iterator[Finding]:
    """Wordings in another speech level than most."""
    counts = Counter(level for _, _, found in levels for level in found)
    if len(counts) < 2:
        return
    usual = counts.most_common(1)[0][0]
    for place, text, found in levels:
        other = [level for level in found if level != usual]
        if other:
            message = f"{', '.join(other)} where most replies are {usual}: {' '.join(text.split())}"
            yield source.finding(place, "speech-level", NOTE, message)
