"""Labels from counts: raw sentences and how often each form carries each label in them -> annotated sentences.

A table of counts over a corpus (form, fine label, count; korean-named-entity/konec counts KLUE-NER's train
sentences) is a strong constraint on where the mentions stand: a form counted as often as it occurs is one
everywhere, a form that is never counted is none. Where a form occurs more often than it is counted, a tagger
trained on the annotated part of the corpus says which occurrences are meant. What stays open is marked with
the label ``?``: the partial CRF sums over everything that may stand there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ner_engine.datasets.source import decode, read_file, split_lines
from ner_engine.errors import ConfigError, DataError
from ner_engine.features import Encoded
from ner_engine.network.crf import Posterior
from ner_engine.scheme import tags_to_spans
from ner_engine.spans import OPEN, Sentence, Span
from ner_engine.training.teacher import Teacher

__all__ = ["Report", "label_from_counts", "read_counts"]

# the first rule whose name starts a fine label gives its label; KLUE-NER annotates no other
_COARSE = {
    **{prefix: prefix for prefix in ("PS", "LC", "OG", "DT", "TI", "QT")},
    **dict.fromkeys(("AF_BUILDING", "AF_CULTURAL_ASSET", "AF_ROAD"), "LC"),
    **dict.fromkeys(("CV_FOOD", "CV_DRINK"), "FOOD"),
}
SURE = 0.5  # a counted occurrence at least this probable is taken without further ado
OPEN_SHARE = 0.2  # an occurrence stays open where its form is counted at least this often for its places ...
OPEN_BELIEF = 0.1  # ... or the tagger believes at least this much in it
CONTRADICTS = 0.5  # what the tagger believes this much and the counts do not know stays open


@dataclass(frozen=True, slots=True)
class Report:
    """How the counted mentions were placed, and what stayed open."""

    counted: int
    sure: int
    forced: int
    open_places: int
    contradicted: int


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An occurrence of a counted form: where, as what, and how much the tagger believes in it."""

    sentence: int
    start: int
    end: int
    label: str
    belief: float


def read_counts(path: Path) -> dict[str, Counter[str]]:
    """Form -> coarse label -> count; ``""`` counts the mentions of labels that are not annotated.

    The file is tab-separated: form, fine label, count, with a head line. Raises DataError naming the line.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for number, line in enumerate(split_lines(decode(read_file(path), path=str(path))), 1):
        row = line.split("\t")
        if number == 1 and row[0] == "form":
            continue
        if len(row) != 3 or not row[0].strip() or not row[2].isdecimal():
            raise DataError(f"expected form, label and count; got {line!r}", path=path, line=number)
        form, fine, count = row
        coarse = next((name for prefix, name in _COARSE.items() if fine.startswith(prefix)), "")
        counts[form][coarse] += int(count)
    return dict(counts)


def _occurrences(text: str, forms: Mapping[str, object], lengths: Sequence[int]) -> Iterator[tuple[int, int]]:
    for start in range(len(text)):
        for length in lengths:
            if start + length > len(text):
                break
            if text[start : start + length] in forms:
                yield start, start + length


class _Beliefs:
    """What a tagger believes of any span of one sentence."""

    def __init__(self, teacher: Teacher, encoded: Encoded, posterior: Posterior, row: int) -> None:
        self._index = {tag: i for i, tag in enumerate(teacher.tags)}
        self._posterior, self._row = posterior, row
        self._first = {int(s): i for i, s in enumerate(encoded.starts)}
        self._last = {int(e): i for i, e in enumerate(encoded.ends)}

    def of(self, start: int, end: int, label: str) -> float | None:
        """P(an entity of the label stands exactly here); with ``""`` P(none touches it). None off the units."""
        first, last = self._first.get(start), self._last.get(end)
        if first is None or last is None or last < first:
            return None
        if not label:
            return float(self._posterior.marginals[self._row, first : last + 1, 0].min())
        if f"S-{label}" not in self._index:
            return 0.0
        if first == last:
            tags = [self._index[f"S-{label}"]]
        else:
            inside = [self._index[f"I-{label}"]] * (last - first - 1)
            tags = [self._index[f"B-{label}"], *inside, self._index[f"E-{label}"]]
        return self._posterior.span(self._row, first, tags)


def label_from_counts(
    sentences: Sequence[Sentence], counts: Mapping[str, Counter[str]], teacher: Teacher
) -> tuple[list[Sentence], Report]:
    """Annotate ``sentences``, the very ones that ``counts`` counts.

    Raises ConfigError for a teacher whose scheme is not BIOES.
    """
    if teacher.tagger.shape.scheme != "BIOES":
        raise ConfigError(
            f"{teacher.name}: expected a bundle of the scheme BIOES; got {teacher.tagger.shape.scheme}"
        )
    lengths = sorted({len(form) for form in counts})
    encoded = teacher.extractor.encode_many(s.text for s in sentences)
    full = [i for i, item in enumerate(encoded) if len(item)]
    candidates: list[_Candidate] = []
    own: dict[int, list[tuple[Span, float]]] = {}
    for rows, posterior in teacher.posteriors([encoded[i] for i in full]):
        for row, at in enumerate(rows):
            i = full[at]
            beliefs = _Beliefs(teacher, encoded[i], posterior, row)
            text = sentences[i].text
            for start, end in _occurrences(text, counts, lengths):
                for label in counts[text[start:end]]:
                    belief = beliefs.of(start, end, label)
                    if belief is not None:
                        candidates.append(_Candidate(i, start, end, label, belief))
            own[i] = _believed(teacher, encoded[i], posterior, row, beliefs)
    return _place(sentences, counts, candidates, own)


def _believed(
    teacher: Teacher, encoded: Encoded, posterior: Posterior, row: int, beliefs: _Beliefs
) -> list[tuple[Span, float]]:
    """The spans that the tagger itself sees, over characters, with its belief in each."""
    best = posterior.marginals[row, : len(encoded)].argmax(-1).tolist()
    found = []
    for span in tags_to_spans([teacher.tags[t] for t in best], scheme="BIOES"):
        start, end = int(encoded.starts[span.start]), int(encoded.ends[span.end - 1])
        found.append((Span(start, end, span.label), beliefs.of(start, end, span.label) or 0.0))
    return found


def _place(
    sentences: Sequence[Sentence],
    counts: Mapping[str, Counter[str]],
    candidates: Sequence[_Candidate],
    own: Mapping[int, Sequence[tuple[Span, float]]],
) -> tuple[list[Sentence], Report]:
    taken = [np.zeros(len(s.text), dtype=bool) for s in sentences]
    placed: list[list[Span]] = [[] for _ in sentences]
    left = {form: Counter(of_form) for form, of_form in counts.items()}
    tally: Counter[str] = Counter()

    def form_of(c: _Candidate) -> str:
        return sentences[c.sentence].text[c.start : c.end]

    def place(c: _Candidate, how: str) -> None:
        taken[c.sentence][c.start : c.end] = True
        left[form_of(c)][c.label] -= 1
        placed[c.sentence].append(Span(c.start, c.end, c.label))
        tally[how] += 1

    # what the counts and the tagger agree on, most believed first
    for c in sorted(candidates, key=lambda c: (-round(c.belief, 4), c.start - c.end, c.sentence, c.start)):
        if c.belief < SURE:
            break
        if left[form_of(c)][c.label] > 0 and not taken[c.sentence][c.start : c.end].any():
            place(c, "sure")
    # what the counts force: as many free places as mentions left, longest forms first
    by_form: dict[str, list[_Candidate]] = defaultdict(list)
    for c in candidates:
        by_form[form_of(c)].append(c)
    open_spans: list[list[Span]] = [[] for _ in sentences]
    for form in sorted(by_form, key=lambda form: (-len(form), form)):
        free: dict[str, list[_Candidate]] = defaultdict(list)
        for c in by_form[form]:
            if left[form][c.label] > 0 and not taken[c.sentence][c.start : c.end].any():
                free[c.label].append(c)
        if len(free) == 1:
            (label, places) = next(iter(free.items()))
            if len(places) <= left[form][label]:
                for c in places:
                    if not taken[c.sentence][c.start : c.end].any():
                        place(c, "forced")
                continue
        for label, places in free.items():
            share = left[form][label] / len(places)
            for c in places:
                if label and (share >= OPEN_SHARE or c.belief >= OPEN_BELIEF):
                    open_spans[c.sentence].append(Span(c.start, c.end, OPEN))
                    tally["open"] += 1
    labelled = []
    for i, sentence in enumerate(sentences):
        for span, belief in own.get(i, ()):
            same = any((p.start, p.end, p.label) == (span.start, span.end, span.label) for p in placed[i])
            if not same and belief >= CONTRADICTS:
                open_spans[i].append(Span(span.start, span.end, OPEN))
                tally["contradicted"] += 1
        labelled.append(Sentence(sentence.text, _merge(placed[i], open_spans[i]), sentence.id))
    total = sum(sum(of_form.values()) for of_form in counts.values())
    return labelled, Report(total, tally["sure"], tally["forced"], tally["open"], tally["contradicted"])


def _merge(placed: Sequence[Span], open_: Sequence[Span]) -> tuple[Span, ...]:
    """Placed spans, and open stretches; a placed span that an open one overlaps is open with it."""
    stretches: list[list[int]] = []
    mentions = [p for p in placed if p.label]
    pending = sorted((s.start, s.end) for s in open_)
    grown = True
    while grown:  # an open stretch swallows the mentions that it cuts
        grown = False
        stretches = []
        for start, end in sorted(pending):
            if stretches and start < stretches[-1][1]:
                stretches[-1][1] = max(end, stretches[-1][1])
            else:
                stretches.append([start, end])
        for mention in list(mentions):
            if any(mention.start < end and start < mention.end for start, end in stretches):
                pending.append((mention.start, mention.end))
                mentions.remove(mention)
                grown = True
    return tuple(sorted([*mentions, *(Span(a, b, OPEN) for a, b in stretches)], key=lambda s: s.start))
