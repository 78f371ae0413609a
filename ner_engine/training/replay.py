"""Old data for a retraining: what the bundle was trained and tested on, as far as it is found again.

Its manifest names its sources by path; they are looked for where this package lies and in the working directory.
The generator is always there. A source whose labels are not the bundle's is used without them: there the old
version's own word is all that is learnt.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ner_engine.bundle import Bundle
from ner_engine.config import DataConfig, SourceConfig, from_dict
from ner_engine.datasets import read
from ner_engine.datasets.generate import generate_corpus
from ner_engine.datasets.lines import read_distinct
from ner_engine.errors import BundleError, DataError, NerEngineError
from ner_engine.spans import OPEN, Sentence, Span
from ner_engine.training.additions import bare_text, labels_of
from ner_engine.training.data import Source, load_source, split_source

__all__ = ["OldData", "old_data", "opened", "sampled", "without_texts"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OldData:
    """What was found: sources to show once more, the bundle's own dev and test sets, and what is missing."""

    train: tuple[Source, ...] = ()
    generated: tuple[Source, ...] = ()
    dev: tuple[Source, ...] = ()
    test: tuple[Source, ...] = ()
    missing: tuple[str, ...] = ()


def default_roots() -> tuple[Path, ...]:
    """Where the sources of a bundle are looked for: the checkout this package lies in, the working directory."""
    return (Path(__file__).resolve().parents[2], Path.cwd())


def old_data(
    bundle: Bundle, *, generate: int, seed: int, named: Sequence[Path] = (), roots: Sequence[Path] | None = None
) -> OldData:
    """The sources of a bundle; ``named`` corpora stand in the place of those it was trained on.

    ``generate`` sentences come from the generator the bundle was trained with, else from the default one.
    """
    places = default_roots() if roots is None else tuple(roots)
    try:
        data = from_dict(DataConfig, bundle.manifest["recipe"]["data"])
    except (KeyError, TypeError, NerEngineError) as error:
        raise BundleError(f"{bundle.path}: its recipe cannot be read ({error})") from None
    train, dev, gone = _found((c for c in data.train if not c.generate), bundle, places)
    own_dev, _, no_dev = _found(data.dev, bundle, places)
    test, _, no_test = _found(data.test, bundle, places)
    missing = [*no_dev, *no_test]
    if named:
        train = [_named(path, bundle.labels) for path in named]
    else:
        before, lost = _added_before(bundle, places)
        train += before
        missing += [*gone, *lost]
    made = [_generated(data.train, bundle, places, count=generate, seed=seed)] if generate else []
    return OldData(tuple(train), tuple(made), (*dev, *own_dev), tuple(test), tuple(dict.fromkeys(missing)))


def _root_of(path: str, roots: Sequence[Path]) -> Path | None:
    return next((root for root in roots if path and (root / path).exists()), None)


def _found(
    configs: Iterable[SourceConfig], bundle: Bundle, roots: Sequence[Path]
) -> tuple[list[Source], list[Source], list[str]]:
    """Sources of a recipe that are there, what they hold out as dev sets, and the names of those that are not."""
    sources, held, missing = [], [], []
    for config in configs:
        root = _root_of(config.path, roots)
        if root is None or (config.raw and bundle.network.head != "crf"):
            missing.append(config.name or config.path)
            continue
        try:
            plain = replace(config, counted=False, teachers=[])
            source, dev = split_source(load_source(plain, root, bundle.labels), config.dev_share)
            sources.append(source)
            held += [] if dev is None else [dev]
        except NerEngineError as error:
            _log.info("%s: not used again: %s", config.name or config.path, error)
            missing.append(config.name or config.path)
    return sources, held, missing


def _added_before(bundle: Bundle, roots: Sequence[Path]) -> tuple[list[Source], list[str]]:
    """What earlier retrainings added, where the files are unchanged."""
    sources, missing = [], []
    for entry in bundle.manifest.get("added", ()):
        path, name = str(entry.get("path", "")), str(entry.get("name", ""))
        root = _root_of(path, [Path("/"), *roots] if Path(path).is_absolute() else roots)
        if root is None or not (root / path).is_file() or _digest(root / path) != entry.get("sha256"):
            missing.append(name or path)
            continue
        sources.append(Source(name or path, read(root / path).sentences))
    return sources, missing


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _named(path: Path, labels: Sequence[str]) -> Source:
    """A corpus named by the user, or a file of plain text: its format decides."""
    if path.name.endswith((".txt", ".txt.gz", ".gz")):
        return Source(path.name, tuple(Sentence(text) for text in read_distinct(path)), raw=True)
    sentences = read(path).sentences
    if not sentences:
        raise DataError("expected at least one sentence; got none", path=path)
    return _with_own_labels(Source(path.name, sentences), labels)


def _with_own_labels(source: Source, labels: Sequence[str]) -> Source:
    """The source as it is where its labels are among ``labels``, else without its annotation."""
    foreign = sorted(labels_of(source.sentences) - set(labels))
    if not foreign:
        return source
    _log.info("%s: used as plain text: %s is no label of the bundle", source.name, foreign[0])
    return replace(source, sentences=tuple(Sentence(s.text, (), s.id) for s in source.sentences), raw=True)


def _generated(
    configs: Iterable[SourceConfig], bundle: Bundle, roots: Sequence[Path], *, count: int, seed: int
) -> Source:
    own = next((config for config in configs if config.generate), None)
    root = _root_of(own.path, roots) if own is not None else None
    folder = root / own.path if own is not None and root is not None else None
    sentences = tuple(generate_corpus(count=count, seed=seed, source=folder))
    if own is None or (own.path and folder is None):  # not its generator: what the other one marks may not be all
        return Source("generated", tuple(Sentence(s.text, (), s.id) for s in sentences), raw=True)
    return _with_own_labels(Source(own.name or "generated", sentences), bundle.labels)


def sampled(sources: Sequence[Source], *, most: int, seed: int) -> list[Source]:
    """At most ``most`` sentences of all sources together; a small one leaves room to the others.

    From each come as many as its ``repeat`` weighs, annotated ones twice. A sentence is drawn by a hash of its
    text and the seed.
    """
    room = most
    out: dict[int, Source] = {}
    weights = [source.repeat * (1 if source.raw else 2) for source in sources]
    ranked = sorted(range(len(sources)), key=lambda i: (len(sources[i].sentences) / weights[i], i))
    for position, i in enumerate(ranked):
        share = room * weights[i] // sum(weights[j] for j in ranked[position:])
        sentences = sources[i].sentences
        if len(sentences) > share:
            drawn = {j: _draw(s.text, seed) for j, s in enumerate(sentences)}
            chosen = sorted(sorted(drawn, key=drawn.__getitem__)[:share])
            sentences = tuple(sentences[j] for j in chosen)
        room -= len(sentences)
        out[i] = replace(sources[i], sentences=sentences, repeat=1)
    return [out[i] for i in range(len(sources)) if out[i].sentences]


def _draw(text: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}|replay|{text}".encode("utf-8", "surrogatepass")).digest()


def without_texts(sources: Iterable[Source], texts: Iterable[str]) -> list[Source]:
    """The sources without the sentences that, spaces aside, are among ``texts``."""
    gone = {bare_text(text) for text in texts}
    return [
        replace(source, sentences=tuple(s for s in source.sentences if bare_text(s.text) not in gone))
        for source in sources
    ]


def opened(source: Source, forms: Mapping[str, Sequence[str]]) -> Source:
    """Old sentences where a form of a new label stays open: what they call nothing may be one.

    What an old annotation marks stays as it is. Longer forms first; each stretch once.
    """
    words = sorted({form for of_label in forms.values() for form in of_label}, key=lambda w: (-len(w), w))
    if not words or source.raw:
        return source
    pattern = re.compile("|".join(map(re.escape, words)))

    def open_(sentence: Sentence) -> Sentence:
        free = [
            Span(match.start(), match.end(), OPEN)
            for match in pattern.finditer(sentence.text)
            if not any(match.start() < e.end and e.start < match.end() for e in sentence.entities)
        ]
        return replace(sentence, entities=tuple(sorted((*sentence.entities, *free)))) if free else sentence

    return replace(source, sentences=tuple(map(open_, source.sentences)))
