"""What is wrong with a corpus: a Corpus in, every Problem with its file and line out.

Errors make a corpus unfit to train or measure on; warnings are for a person to look at.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from ner_engine.datasets.corpus import ERROR, WARNING, Corpus, Problem, text_key
from ner_engine.datasets.particles import suspicions
from ner_engine.spans import Sentence, Span

__all__ = ["fits", "validate"]

_DECOMPOSED = re.compile("[\u1100-\u1112][\u1161-\u1175]")


def validate(corpus: Corpus, *, against: Corpus | None = None) -> list[Problem]:
    """All problems, those of reading first. ``against`` is the other part: no sentence may stand in both."""
    found = list(corpus.problems)
    for index, sentence in enumerate(corpus.sentences):
        found += _of_sentence(corpus, index, sentence)
    found += _twice(corpus)
    found += _ids(corpus)
    if against is not None:
        found += _leaks(corpus, against)
    sound = _sound(corpus.sentences)
    known = _sound(against.sentences) if against else ()
    for doubt in suspicions(sound, known=known):
        surface = sound[doubt.index].surface(doubt.span)
        message = (
            f"<{surface}:{doubt.span.label}> seems to hold the particle {doubt.particle}: "
            f"{doubt.stem} has this label {doubt.times} times"
        )
        found.append(_problem(corpus, doubt.index, "particle", message, WARNING))
    found += _labels(corpus, sound)
    return found


def fits(text: str, span: Span) -> bool:
    """Whether a span covers something, and only something of the text."""
    return 0 <= span.start < span.end <= len(text)


def _sound(sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences with only the spans that fit; indices stay."""
    return [Sentence(s.text, tuple(e for e in s.entities if fits(s.text, e)), s.id) for s in sentences]


def _problem(corpus: Corpus, index: int, code: str, message: str, level: str = ERROR) -> Problem:
    place = corpus.place(index)
    return Problem(place.path, place.line, code, message, level)


def _of_sentence(corpus: Corpus, index: int, sentence: Sentence) -> Iterator[Problem]:
    text = sentence.text
    if not text.strip():
        yield _problem(corpus, index, "empty-text", f"expected a sentence; got {text!r}")
    if _DECOMPOSED.search(text):
        message = "the text holds decomposed syllables (NFD); offsets count their letters"
        yield _problem(corpus, index, "decomposed", message, WARNING)
    last: Span | None = None
    for span in sorted(sentence.entities):
        shown = f"[{span.start}, {span.end}) {span.label}"
        if not span.label or any(c.isspace() for c in span.label):
            message = f"expected a label without spaces; got {span.label!r} at [{span.start}, {span.end})"
            yield _problem(corpus, index, "bad-label", message)
        if not fits(text, span):
            code = "empty-span" if span.start == span.end else "span-outside"
            yield _problem(corpus, index, code, f"{shown} does not fit a text of {len(text)} characters")
            continue
        surface = sentence.surface(span)
        if surface != surface.strip():
            yield _problem(corpus, index, "span-space", f"{shown} begins or ends in a space: {surface!r}")
        if last is not None and span.start < last.end:
            message = f"{shown} overlaps [{last.start}, {last.end}) {last.label}"
            yield _problem(corpus, index, "overlap", message)
        if last is None or span.end > last.end:
            last = span


def _twice(corpus: Corpus) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, sentence in enumerate(corpus.sentences):
        earlier = first.setdefault(text_key(sentence.text), index)
        if earlier == index or not sentence.text.strip():
            continue
        place = corpus.place(earlier)
        there = f"{place.path}:{place.line}"
        if _annotation(sentence) == _annotation(corpus.sentences[earlier]):
            message = f"the same sentence as {there}"
            yield _problem(corpus, index, "duplicate", message, WARNING)
        else:
            message = f"the same sentence as {there} with other entities"
            yield _problem(corpus, index, "duplicate-differs", message)


def _annotation(sentence: Sentence) -> list[tuple[str, str]]:
    """The entities without their offsets, which spaces may move."""
    return [(text_key(sentence.surface(span)), span.label) for span in sentence.entities]


def _ids(corpus: Corpus) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, sentence in enumerate(corpus.sentences):
        earlier = first.setdefault(sentence.id, index)
        if sentence.id and earlier != index:
            place = corpus.place(earlier)
            message = f"the id {sentence.id!r} is that of {place.path}:{place.line} too"
            yield _problem(corpus, index, "duplicate-id", message)


def _leaks(corpus: Corpus, against: Corpus) -> Iterator[Problem]:
    other: dict[str, int] = {}
    for index, sentence in enumerate(against.sentences):
        other.setdefault(text_key(sentence.text), index)
    for index, sentence in enumerate(corpus.sentences):
        there = other.get(text_key(sentence.text))
        if there is not None and sentence.text.strip():
            place = against.place(there)
            message = f"the sentence stands in both parts: {place.path}:{place.line}"
            yield _problem(corpus, index, "leak", message)


def _labels(corpus: Corpus, sound: Sequence[Sentence]) -> Iterator[Problem]:
    """Forms that carry more than one label, at the first place of the rarest."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    first: dict[tuple[str, str], int] = {}
    for index, sentence in enumerate(sound):
        for span in sentence.entities:
            surface = sentence.surface(span)
            counts[surface][span.label] += 1
            first.setdefault((surface, span.label), index)
    for surface, labels in counts.items():
        if len(labels) < 2:
            continue
        ordered = labels.most_common()
        shown = ", ".join(f"{label} {n}" for label, n in ordered)
        where = first[surface, ordered[-1][0]]
        yield _problem(corpus, where, "labels-differ", f"{surface!r} has several labels: {shown}", WARNING)
