"""Corrected or newly labelled sentences: files in, what is trained on and what is held out for the gate out.

A sentence falls on the same side every time, by a hash of its text, so that what a version is judged by has not
been read by the versions before it (unless it was among the first few, of which none are held out).
"""

from __future__ import annotations

import hashlib
import random
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ner_engine.datasets import read
from ner_engine.datasets.augment import replace_mentions
from ner_engine.datasets.corpus import Corpus
from ner_engine.errors import DataError
from ner_engine.spans import OPEN, Sentence
from ner_engine.training.retrain_recipe import AddedConfig

__all__ = [
    "Addition",
    "bare_text",
    "copies",
    "hold_out",
    "in_old_sentences",
    "labels_of",
    "mentions",
    "read_additions",
    "read_labelled",
]


@dataclass(frozen=True, slots=True)
class Addition:
    """A file of sentences that are added: its name, the SHA-256 of its bytes, and the terms of its use."""

    path: Path
    name: str
    sha256: str
    sentences: tuple[Sentence, ...]
    licence: str = ""


def bare_text(text: str) -> str:
    """What makes two texts the same for training and testing: composed characters, without spaces."""
    return "".join(unicodedata.normalize("NFC", text).split())


def read_additions(
    paths: Sequence[Path], *, labels: Sequence[str], licences: Mapping[str, str]
) -> tuple[Addition, ...]:
    """Read the files; of a text that several hold, the last one counts.

    ``licences`` goes by file name, ``""`` for all others. Raises DataError at a label that is not in ``labels``,
    at a text without visible characters, and for a file that has no sentence.
    """
    found = []
    for path in paths:
        sentences = read_labelled(path, labels=labels)
        licence = licences.get(path.name, licences.get("", ""))
        found.append(Addition(path, path.name, _file_digest(path), sentences, licence))
    last = {bare_text(s.text): (i, j) for i, one in enumerate(found) for j, s in enumerate(one.sentences)}
    return tuple(
        replace(
            one,
            sentences=tuple(s for j, s in enumerate(one.sentences) if last[bare_text(s.text)] == (i, j)),
        )
        for i, one in enumerate(found)
    )


def read_labelled(path: Path, *, labels: Sequence[str]) -> tuple[Sentence, ...]:
    """The sentences of a corpus file whose labels are all among ``labels``. Raises DataError naming its place."""
    corpus = read(path)
    for index, sentence in enumerate(corpus.sentences):
        if not bare_text(sentence.text):
            _refuse(corpus, index, "expected a text with visible characters; got none")
        for span in sentence.entities:
            if span.label not in labels and span.label != OPEN:
                hint = f"--labels {span.label} lets the bundle learn it"
                _refuse(corpus, index, f"expected one of {', '.join(labels)}; got {span.label!r} ({hint})")
    if not corpus.sentences:
        raise DataError("expected at least one labelled sentence; got none", path=path)
    return corpus.sentences


def _refuse(corpus: Corpus, index: int, message: str) -> None:
    place = corpus.place(index)
    raise DataError(message, path=place.path, line=place.line)


def _file_digest(path: Path) -> str:
    sha = hashlib.sha256()
    for file in sorted(f for f in path.rglob("*") if f.is_file()) if path.is_dir() else [path]:
        sha.update(file.read_bytes())
    return sha.hexdigest()


def _draw(text: str) -> float:
    """A number in [0, 1) that depends on the text alone, spaces aside."""
    digest = hashlib.sha256(f"held out|{bare_text(text)}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def hold_out(sentences: Sequence[Sentence], config: AddedConfig) -> tuple[list[Sentence], list[Sentence]]:
    """The sentences to train on and those that are kept for the gate, each in the given order.

    Of enough sentences at least one is kept, and never all; stretches whose annotation is open (OPEN) cannot be
    judged, so that their sentences are trained on.
    """
    closed = [s for s in sentences if not any(span.label == OPEN for span in s.entities)]
    if len(sentences) < config.least_to_hold_out or not closed or not config.hold_out:
        return list(sentences), []
    drawn = [_draw(sentence.text) for sentence in closed]
    kept = [s for s, at in zip(closed, drawn, strict=True) if at < config.hold_out or at == min(drawn)]
    if len(kept) == len(sentences):
        kept = [s for s in kept if _draw(s.text) < max(drawn)]
    chosen = {id(sentence) for sentence in kept}
    return [s for s in sentences if id(s) not in chosen], kept


def labels_of(sentences: Sequence[Sentence]) -> set[str]:
    """The labels that occur."""
    return {span.label for sentence in sentences for span in sentence.entities if span.label != OPEN}


def mentions(sentences: Sequence[Sentence]) -> dict[str, list[str]]:
    """The distinct forms of each label, sorted."""
    found: dict[str, set[str]] = {}
    for sentence in sentences:
        for span in sentence.entities:
            if span.label != OPEN:
                found.setdefault(span.label, set()).add(sentence.surface(span))
    return {label: sorted(forms) for label, forms in sorted(found.items())}


def copies(
    sentences: Sequence[Sentence], lexicon: Mapping[str, Sequence[str]], *, times: int, rate: float, seed: int
) -> list[Sentence]:
    """Each sentence ``times`` over: the first as it is, a share ``rate`` of the others about other things."""
    rng = random.Random(f"{seed}:copies")
    out = list(sentences)
    for _ in range(times - 1):
        for sentence in sentences:
            other = rng.random() < rate
            out.append(replace_mentions(sentence, lexicon, rng=rng, rate=0.7) if other else sentence)
    return out


def in_old_sentences(
    sentences: Sequence[Sentence], forms: Mapping[str, Sequence[str]], *, each: int, seed: int
) -> Iterator[Sentence]:
    """Old sentences that speak of what is new: ``each`` for a form, a mention of its label replaced by it."""
    rng = random.Random(f"{seed}:mentions")
    places: dict[str, list[tuple[Sentence, int]]] = {}
    for sentence in sentences:
        for at, span in enumerate(sentence.entities):
            places.setdefault(span.label, []).append((sentence, at))
    for label, words in forms.items():
        here = places.get(label, [])
        for word in words:
            for sentence, at in rng.sample(here, min(each, len(here))):
                yield _with_mention(sentence, at, word)


def _with_mention(sentence: Sentence, at: int, word: str) -> Sentence:
    """The sentence with ``word`` in the place of entity ``at``, whose particle follows it."""
    own = sentence.entities[at].label
    marked = tuple(replace(s, label=own if i == at else f"\x1f{i}") for i, s in enumerate(sentence.entities))
    changed = replace_mentions(replace(sentence, entities=marked), {own: [word]}, rng=random.Random(0), rate=1.0)
    names = (span.label for span in sentence.entities)
    spans = tuple(replace(span, label=name) for span, name in zip(changed.entities, names, strict=True))
    return replace(changed, entities=spans)
