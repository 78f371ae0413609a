"""What a rule file knows by name or by shape, where a text has it: its entities, the options of its choices, its
patterns. A text goes in, ``Named`` stretches come out, those of one label not overlapping.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ner_engine.chatbot.rules import Rules
from ner_engine.rules.candidates import Candidate

__all__ = ["Named", "find_named"]

# Whose entities are no names: 저녁 is a time though it may be an option too.
_VALUED = frozenset(("DT", "TI", "QT", "DAT", "TIM", "DUR", "MNY", "NOH", "PNT"))
# 깨졌 in 깨졌어요, 젖어 in 젖어서: an option may be the stem of a verb.
_STEMS = (
    (re.compile("[았었였졌겼쳤렸렀셨왔났갔봤됐했]$"), re.compile("어|습니|는|네|지|던|고|으|거|더|을|음|다")),
    (re.compile("[어아여져겨려해와가나내게]$"), re.compile("서|요|있|버|가지고|야|줘|주|도|드")),
)

_AND = re.compile("이?랑|하고|[과와]")


@dataclass(frozen=True, slots=True)
class Named:
    """A stretch ``[start, end)`` known to the rule file. ``name`` is what it is kept by (``""``: its own words).

    ``source`` is ``"names"`` for what has a name, ``"shape"`` for a pattern of its own.
    """

    start: int
    end: int
    label: str
    name: str
    source: str

    def hides(self, start: int, end: int, label: str) -> bool:
        """Whether what the extractor saw there is nothing but this: a doctor's name is no guest's."""
        if self.source == "shape":
            return start < self.end and self.start < end
        return self.start <= start and end <= self.end and label not in _VALUED


def find_named(rules: Rules, text: str) -> list[Named]:
    """Everything of the rule file's own that the text names."""
    return [
        Named(c.start, c.end, c.label, c.canonical, "names" if c.canonical else "shape")
        for c in _longest(_candidates(rules, text))
    ]


def _candidates(rules: Rules, text: str) -> Iterator[Candidate]:
    if rules.names is not None:
        yield from rules.names.find(text)
        for refused in rules.names.refused(text):
            if _is_stem(refused.candidate, text):
                yield refused.candidate
            yield from _joined(rules, refused.candidate, text)
    for shape in rules.patterns.find(text) if rules.patterns is not None else ():
        yield replace(shape, canonical=rules.shaped.get(shape.rule, ""))


def _joined(rules: Rules, candidate: Candidate, text: str) -> list[Candidate]:
    """옷 of 옷이랑신발이요, and what follows it; nothing where that is no name."""
    joined = _AND.match(text, candidate.end)
    if joined is None or rules.names is None:
        return []
    rest, at = text[joined.end() :], joined.end()
    following = [*rules.names.find(rest), *(r.candidate for r in rules.names.refused(rest))]
    first = next((c for c in following if c.start == 0 and c.label == candidate.label), None)
    if first is None:
        return []
    return [candidate, replace(first, start=at, end=at + first.end), *(_joined_on(rules, first, text, at))]


def _joined_on(rules: Rules, candidate: Candidate, text: str, at: int) -> list[Candidate]:
    """What is joined to a candidate found in ``text[at:]``, with its place in the text."""
    return _joined(rules, replace(candidate, start=at, end=at + candidate.end), text)


def _is_stem(candidate: Candidate, text: str) -> bool:
    following = text[candidate.end : candidate.end + 3]
    return any(stem.search(candidate.text) and ending.match(following) for stem, ending in _STEMS)


def _longest(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The longest of each label, none overlapping another of its label: 허리 디스크 rather than 디스크."""
    kept: list[Candidate] = []
    for one in sorted(candidates, key=lambda c: (c.start - c.end, c.start)):
        if not any(one.label == other.label and one.overlaps(other) for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda c: (c.start, c.end))
