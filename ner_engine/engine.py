"""The facade: a text in, entities out.

``load`` opens a bundle; ``Engine.extract`` and ``Engine.pipe`` use it. Neither imports torch or starts Java
unless the bundle was trained on a Java analyser.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

import numpy as np

from ner_engine.bundle import Bundle, load_bundle, read_tensors
from ner_engine.errors import ConfigError
from ner_engine.features import FeatureExtractor, pad
from ner_engine.josa import leading_josa
from ner_engine.runtime.calibration import ScoreCurves
from ner_engine.runtime.decode import Decoder
from ner_engine.runtime.session import Session
from ner_engine.runtime.windows import Window, cut, join
from ner_engine.spans import Entity, Span
from ner_engine.tokenizers import compare_fingerprints, load_tokenizer

__all__ = ["DEFAULT_BUNDLE", "Engine", "load"]

DEFAULT_BUNDLE = "ko-chat"
WINDOW_UNITS = 384
WINDOW_OVERLAP = 96
_BATCH_UNITS = 2048  # more units at a time leave the cache and are slower
_CHUNK_CHARACTERS = 100_000
_LONGEST_JOSA = 8

_log = logging.getLogger(__name__)


class Engine:
    """Extracts entities with one bundle. Thread-safe."""

    def __init__(self, bundle: Bundle, *, threads: int = 1) -> None:
        self.bundle = bundle
        dictionary = bundle.features.user_dictionary
        tokenizer = load_tokenizer(
            bundle.tokenizer, user_dictionary=bundle.path / Path(dictionary).name if dictionary else None
        )
        for difference in compare_fingerprints(dict(bundle.fingerprint), tokenizer.fingerprint()):
            _log.warning("bundle %s was trained on another analyser: %s", bundle.name, difference)
        self._features = FeatureExtractor(bundle.features, tokenizer, bundle.vocabularies(), bundle.gazetteer())
        weights = read_tensors(bundle.path / "weights.safetensors")
        start, pairs, end = (weights[f"crf.{n}"].astype(np.float32) for n in ("start", "pairs", "end"))
        self._decoder = Decoder(bundle.tags, bundle.scheme, start=start, pairs=pairs, end=end)
        self._curves = ScoreCurves.from_dict(bundle.manifest.get("calibration", {}))
        self._session = Session(bundle.path / "graph.onnx", threads=threads)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels this engine can give."""
        return self.bundle.labels

    def extract(
        self,
        text: str,
        *,
        labels: Collection[str] | None = None,
        min_score: float = 0.0,
        now: datetime | None = None,
    ) -> list[Entity]:
        """The entities of one text, sorted by start, none overlapping another.

        ``labels`` keeps only those labels, ``min_score`` only entities at least that probable. ``now`` is the
        clock that relative values are resolved against. Raises TypeError for anything but a str, ConfigError
        for a label the bundle does not have.
        """
        return next(self.pipe([text], labels=labels, min_score=min_score, now=now))

    def pipe(
        self,
        texts: Iterable[str],
        *,
        batch_size: int = 64,
        labels: Collection[str] | None = None,
        min_score: float = 0.0,
        now: datetime | None = None,
    ) -> Iterator[list[Entity]]:
        """``extract`` over many texts: lazy, in order, holding at most ``8 * batch_size`` texts at a time.

        Fewer where they are long: about 100,000 characters and one text.
        """
        unknown = sorted(set(labels or ()) - set(self.labels))
        if unknown:
            raise ConfigError(f"labels: expected some of {', '.join(self.labels)}; got {unknown[0]!r}")
        if batch_size < 1:
            raise ConfigError(f"batch_size: expected at least 1; got {batch_size}")
        wanted = None if labels is None else frozenset(labels)
        return self._pipe(iter(texts), batch_size, wanted, min_score)

    def _pipe(
        self, texts: Iterator[str], batch_size: int, labels: frozenset[str] | None, min_score: float
    ) -> Iterator[list[Entity]]:
        while chunk := _chunk(texts, 8 * batch_size):
            for text, found in zip(chunk, self._tag(chunk, batch_size), strict=True):
                scores = self._curves.believed(text, [score for _, score in found])
                entities = [
                    Entity(
                        text[s.start : s.end],
                        s.start,
                        s.end,
                        s.label,
                        score,
                        josa=leading_josa(text[s.end : s.end + _LONGEST_JOSA]),
                    )
                    for (s, _), score in zip(found, scores, strict=True)
                    if score >= min_score and (labels is None or s.label in labels)
                ]
                yield entities

    def _tag(self, texts: Sequence[str], batch_size: int) -> list[list[tuple[Span, float]]]:
        """Character spans and scores of each text."""
        encoded = self._features.encode_many(texts)
        windows = [cut(item, size=WINDOW_UNITS, overlap=WINDOW_OVERLAP) for item in encoded]
        flat = [window for of_text in windows for window in of_text]
        spans = iter(self._tag_windows(flat, batch_size))
        out = []
        for item, of_text in zip(encoded, windows, strict=True):
            joined = join(of_text, [next(spans) for _ in of_text])
            out.append(
                [(Span(int(item.starts[s.start]), int(item.ends[s.end - 1]), s.label), p) for s, p in joined]
            )
        return out

    def _tag_windows(self, windows: Sequence[Window], batch_size: int) -> list[list[tuple[Span, float]]]:
        """Unit spans of each window; batches hold windows of similar length."""
        order = sorted(range(len(windows)), key=lambda i: len(windows[i].encoded))
        results: list[list[tuple[Span, float]]] = [[] for _ in windows]
        at = 0
        while at < len(order):
            size = 1
            while (
                size < batch_size
                and at + size < len(order)
                and len(windows[order[at + size]].encoded) * (size + 1) <= _BATCH_UNITS
            ):
                size += 1
            rows = order[at : at + size]
            batch = pad([windows[i].encoded for i in rows])
            emissions = self._session.emissions(batch)
            for i, spans in zip(rows, self._decoder.spans(emissions, batch.lengths), strict=True):
                results[i] = spans
            at += size
        return results


def _chunk(texts: Iterator[str], count: int) -> list[str]:
    """The next ``count`` texts, or fewer where they are long: what is held at a time stays bounded."""
    chunk: list[str] = []
    characters = 0
    for text in islice(texts, count):
        if not isinstance(text, str):
            raise TypeError(f"expected str; got {type(text).__name__}")
        chunk.append(text)
        characters += len(text)
        if characters >= _CHUNK_CHARACTERS:
            break
    return chunk


def load(
    name: str | Path = DEFAULT_BUNDLE, *, rules: bool = True, values: bool = True, threads: int = 1
) -> Engine:
    """Open a bundle by name (``"ko-chat"``, ``"ko-news"``) or path and make it ready to extract.

    ``rules=False`` lets only the tagger speak and ``values=False`` leaves ``Entity.value`` empty; in this
    version the tagger is the only source and values are not resolved yet, so both change nothing.
    ``threads`` is how many cores one call may use. Raises BundleError where the bundle cannot be used.
    """
    return Engine(load_bundle(name), threads=threads)
