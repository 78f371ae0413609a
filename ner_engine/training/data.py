"""Sources of a recipe -> encoded examples -> padded batches.

An example keeps its unit tags and the labels its source does not annotate; a batch turns both into the mask
of tags that agree with the annotation, which is what the partial CRF trains on.
"""

from __future__ import annotations

import dataclasses
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
from ner_engine.datasets.lines import read_distinct
from ner_engine.errors import ConfigError, DataError
from ner_engine.features import Encoded, FeatureExtractor, pad
from ner_engine.scheme import spans_to_tags
from ner_engine.spans import OPEN, Sentence, Span

__all__ = [
    "Example",
    "Soft",
    "Source",
    "TensorBatch",
    "batches",
    "collate",
    "encode",
    "encode_sentence",
    "load_source",
    "split_source",
    "without_held_out",
]

_log = logging.getLogger(__name__)

LINES = "lines"  # the format of a source that is plain text, one text a line


@dataclass(frozen=True, slots=True)
class Source:
    """Sentences of one origin, with the labels that origin does not annotate.

    ``counted``: the gazetteers' counts are of these sentences. ``raw``: nothing in them is annotated. ``task``
    is the one its labels belong to; ``""`` is the main one. ``taught``: teachers are asked about them, those of
    the recipe or ``teachers``.
    """

    name: str
    sentences: tuple[Sentence, ...]
    unknown: tuple[str, ...] = ()
    repeat: int = 1
    counted: bool = False
    raw: bool = False
    task: str = ""
    taught: bool = True
    teachers: tuple[str, ...] = ()

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

    A tag index of -1 stands where the annotation is open: any tag may. ``whole`` says that it covers its
    sentence; a long sentence is several examples.
    """

    encoded: Encoded
    tags: npt.NDArray[np.int64]
    unknown: tuple[str, ...]
    sentence: Sentence
    whole: bool = True
    task: str = ""
    soft: Soft | None = None


@dataclass(frozen=True, slots=True)
class Soft:
    """What the teachers say of a text: ``marginals (units, tags)`` and ``pair_counts (tags, tags)``, float16.

    ``only`` says that the text has no annotation beside them.
    """

    marginals: npt.NDArray[np.float16]
    pair_counts: npt.NDArray[np.float16]
    only: bool = False


@dataclass(frozen=True, slots=True)
class TensorBatch:
    """Tensors of a batch: ``ids (b, t, c) int64, flags (b, t, f), allowed (b, t, tags) bool, lengths (b,)``.

    Where the batch is distilled, ``marginals (b, t, tags)``, ``pair_counts (b, tags, tags)`` and ``shares (b,)``,
    the teachers' share of each sentence's loss.
    """

    ids: Tensor
    flags: Tensor
    allowed: Tensor
    lengths: Tensor
    marginals: Tensor | None = None
    pair_counts: Tensor | None = None
    shares: Tensor | None = None

    def to(self, device: torch.device) -> TensorBatch:
        """The same on a device."""
        parts = {part.name: getattr(self, part.name) for part in dataclasses.fields(self)}
        moved = {name: part.to(device) for name, part in parts.items() if part is not None}
        return dataclasses.replace(self, **moved)


def _draw(text: str, salt: str) -> float:
    """A number in [0, 1) that depends on the text alone."""
    digest = hashlib.sha256((salt + text).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _kept(text: str, share: float) -> bool:
    return share >= 1 or _draw(text, "share") < share


def load_source(config: SourceConfig, root: Path, labels: Sequence[str]) -> Source:
    """Read or generate a source, rename its labels, keep its share. Lines of plain text are kept once each.

    Raises DataError for a label that is neither in ``labels`` nor renamed, ConfigError for a source that
    names neither a path nor a number of sentences to generate.
    """
    if config.generate:
        folder = root / config.path if config.path else None
        sentences = list(generate_corpus(count=config.generate, seed=config.seed, source=folder))
        name = config.name or "generated"
    elif config.format == LINES:
        sentences = [Sentence(text) for text in read_distinct(root / config.path) if _kept(text, config.share)]
        name = config.name or Path(config.path).name
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
    if config.ids:
        sentences = [s for s in sentences if any(part in s.id for part in config.ids)]
    sentences = [s for s in sentences if _kept(s.text, config.share)]
    if config.raw:
        renamed = [Sentence(s.text, (), s.id) for s in sentences]
    else:
        renamed = [_rename(s, config.labels, labels, name) for s in sentences]
    return Source(
        name,
        tuple(renamed),
        tuple(config.unknown),
        config.repeat,
        config.counted,
        config.raw,
        taught=config.taught,
        teachers=tuple(config.teachers),
    )


def _rename(sentence: Sentence, names: Mapping[str, str], labels: Sequence[str], source: str) -> Sentence:
    spans = []
    for span in sentence.entities:
        label = names.get(span.label, span.label)
        if not label:
            continue
        if label not in labels and label != OPEN:
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
        held = _draw(sentence.text, "dev") < dev_share and not _is_open(sentence)  # no score on what is open
        (dev if held else train).append(sentence)
    return (
        dataclasses.replace(source, sentences=tuple(train)),
        dataclasses.replace(source, sentences=tuple(dev), repeat=1),
    )


def _is_open(sentence: Sentence) -> bool:
    return any(span.label == OPEN for span in sentence.entities)


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
        kept.append(dataclasses.replace(source, sentences=sentences))
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
    task: str = "",
    raw: bool = False,
) -> list[Example]:
    """Sentences as examples; long ones are cut at units outside any entity where ``max_units`` is given.

    Spans that do not fall on unit borders cannot be tagged: the units they touch stay open, and one warning
    counts them.
    """
    examples: list[Example] = []
    lost = 0
    for sentence in sentences:
        found, misaligned = encode_sentence(
            extractor,
            sentence,
            tags=tags,
            scheme=scheme,
            unknown=unknown,
            max_units=max_units,
            task=task,
            raw=raw,
        )
        examples += found
        lost += misaligned
    if lost:
        _log.warning("%d entities do not fall on the borders of units and cannot be tagged", lost)
    return examples


def encode_sentence(
    extractor: FeatureExtractor,
    sentence: Sentence,
    *,
    tags: Sequence[str],
    scheme: str,
    unknown: tuple[str, ...] = (),
    max_units: int = 0,
    task: str = "",
    raw: bool = False,
) -> tuple[list[Example], int]:
    """``encode`` of one sentence, and how many of its entities do not fall on unit borders.

    An open stretch covers every unit that it touches. A long raw text is cut into texts of its own.
    """
    encoded = extractor.encode(sentence.text)
    if not len(encoded):
        return [], 0
    if raw:
        stretches = [sentence.text] if not max_units else _stretches(sentence.text, encoded, max_units)
        examples = []
        for text in stretches:
            part = encoded if text == sentence.text else extractor.encode(text)
            row = np.full(len(part), -1, dtype=np.int64)
            examples.append(Example(part, row, unknown, Sentence(text, (), sentence.id), True, task))
        return examples, 0
    index = {tag: i for i, tag in enumerate(tags)}
    known = (span for span in sentence.entities if span.label != OPEN)
    spans, misaligned = extractor.spans_to_units(encoded, known)
    row = np.array([index[t] for t in spans_to_tags(len(encoded), spans, scheme=scheme)], dtype=np.int64)
    for span in (*misaligned, *(s for s in sentence.entities if s.label == OPEN)):
        row[(encoded.starts < span.end) & (encoded.ends > span.start)] = -1
    examples = []
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
        examples.append(Example(part, row[first:last], unknown, sentence, whole, task))
    return examples, len(misaligned)


def _stretches(text: str, encoded: Encoded, most: int) -> Iterator[str]:
    """A text as texts of at most ``most`` units, cut between words where there are words."""
    at, units = 0, len(encoded)
    while units - at > most:
        gaps = np.flatnonzero(encoded.starts[at + 1 : at + most + 1] > encoded.ends[at : at + most]) + 1
        size = int(gaps[-1]) if len(gaps) else most
        yield text[encoded.starts[at] : encoded.ends[at + size - 1]]
        at += size
    yield text[encoded.starts[at] :] if at else text


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
    for task in dict.fromkeys(example.task for example in examples):
        of_task = [i for i in order if examples[i].task == task]
        for at in range(0, len(of_task), pool):
            out += _pool_batches(examples, of_task[at : at + pool], units)
    rng.shuffle(out)
    return out


def _pool_batches(examples: Sequence[Example], pool: Sequence[int], units: int) -> list[list[Example]]:
    """Batches of the examples that ``pool`` numbers, by length."""
    out: list[list[Example]] = []
    here: list[Example] = []
    for i in sorted(pool, key=lambda i: len(examples[i].encoded)):
        if here and (len(here) + 1) * len(examples[i].encoded) > units:
            out.append(here)
            here = []
        here.append(examples[i])
    out.append(here)
    return out


def collate(examples: Sequence[Example], tags: Sequence[str], *, soft_share: float = 0.5) -> TensorBatch:
    """Examples of one task as padded tensors. ``soft_share``: see ``DistillConfig.weight``."""
    batch = pad([e.encoded for e in examples])
    allowed = np.zeros((*batch.ids.shape[:2], len(tags)), dtype=bool)
    for row, example in enumerate(examples):
        steps = np.arange(len(example.tags))
        allowed[row, steps, example.tags] = True  # at -1, an open step, the last tag; then all of them
        allowed[row, np.flatnonzero(example.tags < 0)] = True
        if example.unknown:
            open_ = [i for i, tag in enumerate(tags) if tag.partition("-")[2] in example.unknown]
            allowed[row, np.flatnonzero(example.tags == 0)[:, None], open_] = True
    out = TensorBatch(
        torch.from_numpy(batch.ids).long(),
        torch.from_numpy(batch.flags),
        torch.from_numpy(allowed),
        torch.from_numpy(batch.lengths).long(),
    )
    if not any(example.soft for example in examples):
        return out
    marginals = np.zeros((*batch.ids.shape[:2], len(tags)), dtype=np.float32)
    pair_counts = np.zeros((len(examples), len(tags), len(tags)), dtype=np.float32)
    shares = np.zeros(len(examples), dtype=np.float32)
    for row, example in enumerate(examples):
        if example.soft is not None:
            marginals[row, : len(example.tags)] = example.soft.marginals
            pair_counts[row] = example.soft.pair_counts
            shares[row] = 1.0 if example.soft.only else soft_share
    return dataclasses.replace(
        out,
        marginals=torch.from_numpy(marginals),
        pair_counts=torch.from_numpy(pair_counts),
        shares=torch.from_numpy(shares),
    )
