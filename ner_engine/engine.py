"""The facade: a text in, entities out.

``load`` opens a bundle; ``Engine.extract`` and ``Engine.pipe`` use it. Neither imports torch or starts Java
unless the bundle was trained on a Java analyser.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ner_engine.bundle import Bundle, load_bundle, read_tensors
from ner_engine.errors import BundleError, ConfigError
from ner_engine.features import FeatureExtractor, pad
from ner_engine.josa import leading_josa
from ner_engine.rules.candidates import from_entities
from ner_engine.rules.explain import Explanation
from ner_engine.rules.mask import KINDS, Masked, mask
from ner_engine.rules.merge import Rejected
from ner_engine.rules.ruleset import RuleSet
from ner_engine.runtime.calibration import ScoreCurves
from ner_engine.runtime.decode import Decoder
from ner_engine.runtime.recall import Recall
from ner_engine.runtime.session import Session
from ner_engine.runtime.windows import Window, cut, join
from ner_engine.spans import Entity, Span
from ner_engine.tokenizers import compare_fingerprints, load_tokenizer
from ner_engine.values import SEOUL, VALUED_LABELS, Clock, Moment, Prefer, moments_of, parse_at, tells_seconds

__all__ = ["DEFAULT_BUNDLE", "Engine", "load"]

DEFAULT_BUNDLE = "ko-chat"
WINDOW_UNITS = 384
WINDOW_OVERLAP = 96
_BATCH_UNITS = 2048  # more units at a time leave the cache and are slower
_CHUNK_CHARACTERS = 100_000
_LONGEST_JOSA = 8
_FOLLOWING = 12  # characters after an entity that may say what it is: 3일 동안

_log = logging.getLogger(__name__)


class Engine:
    """Extracts entities with one bundle. Thread-safe."""

    def __init__(
        self,
        bundle: Bundle,
        *,
        threads: int = 1,
        rules: RuleSet | None = None,
        values: bool = True,
        timezone: str = SEOUL,
        prefer: Prefer = "future",
        recall: int = 0,
    ) -> None:
        self.bundle = bundle
        self._recall = Recall(recall)
        self.rules = rules or RuleSet()  # assign another to reload: an answer is made with the one it began with
        self._values = values
        self._timezone, self._prefer = timezone, prefer
        self._clock(None)  # an unknown time zone or preference is refused here
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
        # what an entity of the tagger has to reach to be answered where the caller does not say
        self.min_score = _share(bundle.manifest.get("min_score", 0.0))
        self._session = Session(bundle.path / "graph.onnx", threads=threads)

    @property
    def decoder(self) -> Decoder:
        """The CRF that turns emissions into spans."""
        return self._decoder

    def emissions(self, texts: Sequence[str]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]:
        """What the tagger says of each unit, before it decides: for tools that ask how sure it is.

        Emissions ``(batch, time, tags)`` and lengths ``(batch,)`` of the texts as one batch, each text whole.
        Raises ValueError where a text has no visible character.
        """
        batch = pad(self._features.encode_many(texts))
        if not (batch.lengths > 0).all():
            raise ValueError("expected texts with a visible character; got one without")
        return self._session.emissions(batch), batch.lengths

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels this engine can give: the bundle's, and those of the rules."""
        return self.bundle.labels + tuple(sorted(self.rules.labels - set(self.bundle.labels)))

    def extract(
        self,
        text: str,
        *,
        labels: Collection[str] | None = None,
        min_score: float | None = None,
        now: datetime | None = None,
    ) -> list[Entity]:
        """The entities of one text, sorted by start, none overlapping another.

        ``labels`` keeps only those labels, ``min_score`` only entities at least that probable; None leaves out
        what is so improbable that answering it costs more than it brings, by the bundle's ``min_score``. ``now``
        is the clock that relative values are resolved against (None: the present; a naive one is read in the
        engine's time zone). Raises TypeError for anything but a str, ConfigError for a label the engine does not
        have.
        """
        return next(self.pipe([text], labels=labels, min_score=min_score, now=now))

    def pipe(
        self,
        texts: Iterable[str],
        *,
        batch_size: int = 64,
        labels: Collection[str] | None = None,
        min_score: float | None = None,
        now: datetime | None = None,
    ) -> Iterator[list[Entity]]:
        """``extract`` over many texts: lazy, in order, holding at most ``8 * batch_size`` texts at a time.

        Fewer where they are long: about 100,000 characters and one text.
        """
        wanted = self._wanted(labels)
        if batch_size < 1:
            raise ConfigError(f"batch_size: expected at least 1; got {batch_size}")
        return self._pipe(iter(texts), batch_size, wanted, min_score, now)

    def recalls(self, texts: Sequence[str]) -> bool:
        """Whether all these texts were read before and are remembered (``recall`` of ``load``)."""
        return self._recall.holds(texts)

    def moments(self, text: str, *, min_score: float | None = None, now: datetime | None = None) -> list[Moment]:
        """When: the dates and times of a text, those that stand side by side joined into one moment or stretch.

        ``다음 주 금요일`` and ``저녁 7시 반`` make one, ``월요일부터 수요일까지`` another; a time alone falls on
        the day it comes next. Amounts of time (``두 시간``) are no moments. The options are those of
        ``extract``.
        """
        clock = self._clock(now)
        believed = self._believed(self._tagged(text), min_score)
        return moments_of(text, self.rules.answer(text, believed, min_score=min_score or 0.0), clock)

    def explain(
        self, text: str, *, labels: Collection[str] | None = None, min_score: float | None = None
    ) -> Explanation:
        """Why: every entity of the answer and every candidate that is not in it, with score, source and
        reason."""
        wanted, tagged = self._wanted(labels), self._tagged(text)
        believed = self._believed(tagged, min_score)
        why = f"score below {self.min_score:g}, the least that this bundle answers unasked"
        doubtful = [Rejected(one, why) for one in from_entities(e for e in tagged if e not in believed)]
        explanation = self.rules.explain(text, believed, labels=wanted, min_score=min_score or 0.0)
        return replace(explanation, decision=explanation.decision.with_rejected(doubtful))

    def mask(
        self,
        text: str,
        *,
        kinds: Collection[str] = tuple(KINDS),
        style: str = "numbered",
        min_score: float = 0.0,
    ) -> Masked:
        """The text without its personal data, with the way back; see ``ner_engine.rules.mask`` for the
        options. Here ``min_score`` is 0 where it is not given: rather one name too many."""
        return mask(
            text, self.rules.answer(text, self._tagged(text), min_score=min_score), kinds=kinds, style=style
        )

    def _believed(self, entities: list[Entity], min_score: float | None) -> list[Entity]:
        """What the tagger found and the bundle's ``min_score`` lets pass, unless the caller gave one."""
        if min_score is not None:
            return entities
        least = self.min_score
        return [entity for entity in entities if entity.score >= least]

    def _wanted(self, labels: Collection[str] | None) -> frozenset[str] | None:
        unknown = sorted(set(labels or ()) - set(self.labels))
        if unknown:
            raise ConfigError(f"labels: expected some of {', '.join(self.labels)}; got {unknown[0]!r}")
        return None if labels is None else frozenset(labels)

    def _clock(self, now: datetime | None) -> Clock:
        return Clock.at(now, self._timezone, self._prefer)

    def _pipe(
        self,
        texts: Iterator[str],
        batch_size: int,
        labels: frozenset[str] | None,
        min_score: float | None,
        now: datetime | None,
    ) -> Iterator[list[Entity]]:
        plain = self._values and self._recall.size and labels is None and min_score is None and now is None
        while chunk := _chunk(texts, 8 * batch_size):
            rules = self.rules
            by_heart = plain and not rules.finders
            answers = self._recall.valued(chunk, int(time.time()) // 60) if by_heart else None
            if answers is not None:
                yield from answers
                continue
            clock = self._clock(now) if self._values else None
            found = self._recall.through(chunk, partial(self._read, batch_size=batch_size))
            for text, entities in zip(chunk, found, strict=True):
                entities = self._believed(entities, min_score)
                least = min_score or 0.0
                if rules.finders:
                    entities = rules.answer(text, entities, labels=labels, min_score=least)
                else:
                    entities = [e for e in entities if e.score >= least and (labels is None or e.label in labels)]
                if clock is None:
                    yield entities
                    continue
                valued = [_valued(text, e, clock) for e in entities]
                if by_heart and not any(tells_seconds(entity.text) for entity in valued):
                    self._recall.keep_valued(text, int(clock.now.timestamp()) // 60, valued)
                yield valued

    def _tagged(self, text: str) -> list[Entity]:
        """What the model finds in one text, whatever its score."""
        (found,) = self._read(_chunk(iter([text]), 1), batch_size=1)
        return found

    def _read(self, texts: Sequence[str], *, batch_size: int) -> list[list[Entity]]:
        """What the model finds in each text, whatever its score."""
        tagged = self._tag(texts, batch_size)
        return [self._entities(text, found) for text, found in zip(texts, tagged, strict=True)]

    def _entities(self, text: str, found: Sequence[tuple[Span, float]]) -> list[Entity]:
        scores = self._curves.believed(text, [score for _, score in found])
        return [
            Entity(
                text[s.start : s.end],
                s.start,
                s.end,
                s.label,
                score,
                josa=leading_josa(text[s.end : s.end + _LONGEST_JOSA]),
            )
            for (s, _), score in zip(found, scores, strict=True)
        ]

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


def _share(value: object) -> float:
    """A manifest's ``min_score``. Raises BundleError for anything but a number from 0 to less than 1."""
    if type(value) not in (int, float) or not 0 <= value < 1:  # type: ignore[operator]
        raise BundleError(f"min_score: expected a number from 0 to less than 1; got {value!r:.80}")
    return float(value)  # type: ignore[arg-type]


def _valued(text: str, entity: Entity, clock: Clock) -> Entity:
    """The entity with what it means, where its label is one of those that have values."""
    if entity.label not in VALUED_LABELS:
        return entity
    following = text[entity.end : entity.end + _FOLLOWING]
    return entity.meaning(parse_at(entity.text, clock, label=entity.label, following=following))


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
    name: str | Path = DEFAULT_BUNDLE,
    *,
    rules: RuleSet | bool = True,
    values: bool = True,
    threads: int = 1,
    timezone: str = SEOUL,
    prefer: Prefer = "future",
    recall: int = 0,
) -> Engine:
    """Open a bundle by name (``"ko-chat"``, ``"ko-chat@3"``) or path and make it ready to extract.

    ``rules`` are dictionaries and patterns beside the tagger (``ner_engine.rules.read_rules`` reads them from
    files); with True those the bundle brings, of which the shipped ones have none, with False none.
    ``values=False`` leaves ``Entity.value`` empty. ``timezone`` (an IANA name) and ``prefer`` (``"future"``,
    ``"past"``, ``"nearest"``) are how values are read where the text leaves it open. ``threads`` is how many
    cores one call may use. ``recall`` is how many short texts are remembered with what the tagger found in them,
    so that what was said before needs no tagging. Raises BundleError where the bundle cannot be used, ConfigError
    for an unknown time zone or preference.
    """
    chosen = None if isinstance(rules, bool) else rules
    return Engine(
        load_bundle(name),
        threads=threads,
        rules=chosen,
        values=values,
        timezone=timezone,
        prefer=prefer,
        recall=recall,
    )
