"""Sources of a recipe -> encoded examples -> padded batches.

An example keeps its unit tags and the labels its source does not annotate; a batch turns both into the mask
of tags that agree with the annotation, which is what the partial CRF trains on.
"""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ner_engine.config import SourceConfig
from ner_engine.datasets import read
from ner_engine.datasets.generate import generate_corpus
from ner_engine.errors import ConfigError, DataError
from ner_engine.features import Encoded, FeatureExtractor, pad
from ner_engine.scheme import spans_to_tags
from ner_engine.spans import Sentence, Span

__all__ = [
    "Example",
    "Source",
    "TensorBatch",
    "batches",
    "collate",
    "encode",
    "load_source",
    "split_source",
    "without_held_out",
]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """Sentences of one origin, with the labels that origin does not annotate."""

    name: str
    sentences: tuple[Sentence, ...]
    unknown: tuple[str, ...] = ()
    repeat: int = 1

    def digest(self) -> str:
        """SHA-256 over texts and spans, in order."""
        sha = hashlib.sha256()
        for s in self.sentences:
            row = f"{s.text}\x1f{[(e.start, e.end, e.label) for e in s.entities]}\x1e"
            sha.update(row.encode("utf-8", "surrogatepass"))
        return sha.hexdigest()


@dataclass(frozen=True, slots=True)
class Example:
    """One training or scoring unit: features, gold tag indices ``(units,) int64``, open labels, gold spans.

    ``whole`` says that it covers its sentence; a long sentence is several examples.
    """

    encoded: Encoded
    tags: npt.NDArray[np.int64]
    unknown: tuple[str, ...]
    sentence: Sentence
    whole: bool = True


@dataclass(frozen=True, slots=True)
class TensorBatch:
    """Tensors of a batch: ``ids (b, t, c) int64, flags (b, t, f), allowed (b, t, tags) bool, lengths (b,)``."""

    ids: Tensor
    flags: Tensor
    allowed: Tensor
    lengths: Tensor

    def to(self, device: torch.device) -> TensorBatch:
        """The same on a device."""
        return TensorBatch(
            self.ids.to(device), self.flags.to(device), self.allowed.to(device), self.lengths.to(device)
        )


def _draw(text: str, salt: str) -> float:
    """A number in [0, 1) that depends on the text alone."""
    digest = hashlib.sha256((salt + text).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def load_source(config: SourceConfig, root: Path, labels: Sequence[str]) -> Source:
    """Read or generate a source, rename its labels, keep its share.

    Raises DataError for a label that is neither in ``labels`` nor renamed, ConfigError for a source that
    names neither a path nor a number of sentences to generate.
    """
    if config.generate:
        folder = root / config.path if config.path else None
        sentences = list(generate_corpus(count=config.generate, seed=config.seed, source=folder))
        name = config.name or "generated"
    elif config.path:
        corpus = read(root / config.path, format=config.format or None)
        sentences = []
        for index, sentence in enumerate(corpus.sentences):
            file = Path(corpus.place(index).path).name
            if config.files and not any(part in file for part in config.files):
                continue
            if any(part in file for part in config.without):
                continue
            sentences.append(sentence)
        name = config.name or Path(config.path).name
    else:
        raise ConfigError("data: a source needs 'path' or 'generate'; got neither")
    if config.share < 1:
        sentences = [s for s in sentences if _draw(s.text, "share") < config.share]
    renamed = [_rename(s, config.labels, labels, name) for s in sentences]
    return Source(name, tuple(renamed), tuple(config.unknown), config.repeat)


def _rename(sentence: Sentence, names: Mapping[str, str], labels: Sequence[str], source: str) -> Sentence:
    spans = []
    for span in sentence.entities:
        label = names.get(span.label, span.label)
        if not label:
            continue
        if label not in labels:
            raise DataError(
                f"{source}: label {label!r} of sentence {sentence.id or sentence.text[:20]!r} is not among "
                f"data.labels ({', '.join(labels)}); rename or drop it under the source's 'labels'"
            )
        spans.append(Span(span.start, span.end, label))
    return Sentence(sentence.text, tuple(spans), sentence.id)


def split_source(source: Source, dev_share: float) -> tuple[Source, Source | None]:
    """A source as train and dev parts; the dev part is None where nothing is held out."""
    if not dev_share:
        return source, None
    train: list[Sentence] = []
    dev: list[Sentence] = []
    for sentence in source.sentences:
        (dev if _draw(sentence.text, "dev") < dev_share else train).append(sentence)
    return (
        Source(source.name, tuple(train), source.unknown, source.repeat),
        Source(source.name, tuple(dev), source.unknown),
    )


def without_held_out(train: Sequence[Source], held_out: Iterable[Source]) -> list[Source]:
    """The training sources less every sentence that, spaces aside, stands among the held-out ones too."""
    held = {_bare(sentence.text) for source in held_out for sentence in source.sentences}
    kept = []
    for source in train:
        sentences = tuple(s for s in source.sentences if _bare(s.text) not in held)
        if len(sentences) < len(source.sentences):
            _log.info(
                "%s: %d sentences are held out and left out", source.name, len(source.sentences) - len(sentences)
            )
        kept.append(Source(source.name, sentences, source.unknown, source.repeat))
    return kept


def _bare(text: str) -> str:
    return "".join(text.split())


def encode(
    extractor: FeatureExtractor,
    sentences: Iterable[Sentence],
    *,
    tags: Sequence[str],
    scheme: str,
    unknown: tuple[str, ...] = (),
    max_units: int = 0,
) -> list[Example]:
    """Sentences as examples; long ones are cut at units outside any entity where ``max_units`` is given.

    Spans that do not fall on unit borders cannot be tagged: they are left out and counted in one warning.
    """
    index = {tag: i for i, tag in enumerate(tags)}
    examples: list[Example] = []
    lost = 0
    for sentence in sentences:
        encoded = extractor.encode(sentence.text)
        if not len(encoded):
            continue
        spans, misaligned = extractor.spans_to_units(encoded, sentence.entities)
        lost += len(misaligned)
        row = np.array([index[t] for t in spans_to_tags(len(encoded), spans, scheme=scheme)], dtype=np.int64)
        for first, last in _pieces(row, max_units):
            part = encoded
            whole = last - first == len(encoded)
            if not whole:
                part = Encoded(
                    encoded.ids[first:last],
                    encoded.flags[first:last],
                    encoded.starts[first:last],
                    encoded.ends[first:last],
                )
            examples.append(Example(part, row[first:last], unknown, sentence, whole))
    if lost:
        _log.warning("%d entities do not fall on the borders of units and cannot be tagged", lost)
    return examples


def _pieces(tags: npt.NDArray[np.int64], max_units: int) -> Iterator[tuple[int, int]]:
    """Stretches of at most ``max_units`` that start outside an entity."""
    start = 0
    while max_units and len(tags) - start > max_units:
        outside = np.flatnonzero(tags[start + max_units // 2 : start + max_units] == 0)
        if not len(outside):
            break
        end = start + max_units // 2 + int(outside[-1])
        yield start, end
        start = end
    yield start, len(tags)


def batches(examples: Sequence[Example], *, units: int, rng: random.Random) -> list[list[Example]]:
    """Shuffled batches of similar length, each of at most ``units`` units after padding (one at least)."""
    pool = 4096
    order = list(range(len(examples)))
    rng.shuffle(order)
    out: list[list[Example]] = []
    for at in range(0, len(order), pool):
        chunk = sorted(order[at : at + pool], key=lambda i: len(examples[i].encoded))
        here: list[Example] = []
        for i in chunk:
            if here and (len(here) + 1) * len(examples[i].encoded) > units:
                out.append(here)
                here = []
            here.append(examples[i])
        out.append(here)
    rng.shuffle(out)
    return out


def collate(examples: Sequence[Example], tags: Sequence[str]) -> TensorBatch:
    """Examples as padded tensors."""
    batch = pad([e.encoded for e in examples])
    allowed = np.zeros((*batch.ids.shape[:2], len(tags)), dtype=bool)
    for row, example in enumerate(examples):
        steps = np.arange(len(example.tags))
        allowed[row, steps, example.tags] = True
        if example.unknown:
            open_ = [i for i, tag in enumerate(tags) if tag.partition("-")[2] in example.unknown]
            allowed[row, np.flatnonzero(example.tags == 0)[:, None], open_] = True
    return TensorBatch(
        torch.from_numpy(batch.ids).long(),
        torch.from_numpy(batch.flags),
        torch.from_numpy(allowed),
        torch.from_numpy(batch.lengths).long(),
    )
