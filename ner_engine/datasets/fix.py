"""The repairs that need no judgement: a Corpus in, a repaired one and a line for every change out.

What needs a person (particles, contradicting labels, sentences in both parts) is left as it is.
"""

from __future__ import annotations

from ner_engine.datasets.corpus import ERROR, Corpus, Place, text_key
from ner_engine.datasets.validate import fits
from ner_engine.errors import DataError
from ner_engine.spans import Sentence, Span, check_spans

__all__ = ["fix", "leave_out_broken"]


def leave_out_broken(corpus: Corpus) -> tuple[Corpus, list[str]]:
    """Without the sentences that could not be read whole, or whose spans do not fit; and which those are.

    A sentence that lost an entity on reading would teach that the entity is none: it goes as a whole. The
    problems stay with the corpus.
    """
    kept, changes = _readable(corpus)
    chosen: list[int] = []
    for index in kept:
        sentence, place = corpus.sentences[index], corpus.place(index)
        try:
            check_spans(sentence.text, sentence.entities)
        except DataError as error:
            changes.append(f"{place.path}:{place.line}: left out: {error}")
        else:
            chosen.append(index)
    sentences = tuple(corpus.sentences[i] for i in chosen)
    places = tuple(corpus.place(i) for i in chosen)
    return Corpus(corpus.name, sentences, corpus.problems, places), changes


def _readable(corpus: Corpus) -> tuple[list[int], list[str]]:
    broken = {Place(p.path, p.line): p for p in corpus.problems if p.level == ERROR}
    kept = [index for index in range(len(corpus.sentences)) if corpus.place(index) not in broken]
    return kept, [f"{p.path}:{p.line}: left out: {p.message}" for p in broken.values()]


def fix(corpus: Corpus) -> tuple[Corpus, list[str]]:
    """Trim spans; drop empty texts, repeated sentences, and spans that are empty, outside or overlap.

    The first of two equal sentences stays, and of two overlapping spans the longer, then the first. What
    could not be read whole is left out. The corpus given is not changed.
    """
    kept, changes = _readable(corpus)
    sentences: list[Sentence] = []
    places: list[Place] = []
    seen: set[str] = set()
    for index in kept:
        sentence, place = corpus.sentences[index], corpus.place(index)
        key = text_key(sentence.text)
        if not key or key in seen:
            what = "the same sentence stands above" if key else "the text is empty"
            changes.append(f"{place.path}:{place.line}: left out: {what}")
            continue
        seen.add(key)
        spans, notes = _spans(sentence)
        changes += (f"{place.path}:{place.line}: {note}" for note in notes)
        sentences.append(Sentence(sentence.text, spans, sentence.id))
        places.append(place)
    return Corpus(corpus.name, tuple(sentences), (), tuple(places)), changes


def _spans(sentence: Sentence) -> tuple[tuple[Span, ...], list[str]]:
    notes: list[str] = []
    trimmed: list[Span] = []
    for span in sentence.entities:
        shown = f"[{span.start}, {span.end}) {span.label}"
        if not fits(sentence.text, span):
            notes.append(f"{shown} dropped: it does not fit a text of {len(sentence.text)} characters")
            continue
        surface = sentence.surface(span)
        start = span.start + len(surface) - len(surface.lstrip())
        end = start + len(surface.strip())
        if start == end:
            notes.append(f"{shown} dropped: nothing but spaces")
            continue
        if (start, end) != (span.start, span.end):
            notes.append(f"{shown} trimmed to [{start}, {end})")
        trimmed.append(Span(start, end, span.label))
    kept: list[Span] = []
    for span in sorted(trimmed, key=lambda s: (s.start - s.end, s.start)):
        over = next((k for k in kept if k.start < span.end and span.start < k.end), None)
        if over is None:
            kept.append(span)
        else:
            shown = f"[{span.start}, {span.end}) {span.label}"
            notes.append(f"{shown} dropped: it overlaps [{over.start}, {over.end}) {over.label}")
    return tuple(sorted(kept)), notes
