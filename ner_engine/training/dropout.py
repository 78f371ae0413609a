"""A bundle as its own committee: texts in, what the tagger answers with dropout switched on, several times over.

Each pass leaves out other units of the network, so that what the passes agree on is known well, and what they
differ on is not (Gal and Ghahramani 2016; for choosing what to label: Shen et al. 2018).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ner_engine.bundle import find_bundle
from ner_engine.errors import ConfigError
from ner_engine.features import Encoded, pad
from ner_engine.scheme import tags_to_spans
from ner_engine.spans import Span
from ner_engine.training.teacher import load_teacher

__all__ = ["DropoutPasses"]

_BATCH_UNITS = 8192


class DropoutPasses:
    """``passes`` answers a text. The same texts and seed give the same answers."""

    def __init__(self, bundle: str, *, passes: int, seed: int, threads: int = 1) -> None:
        if passes < 2:
            raise ConfigError(f"dropout: expected at least 2 passes; got {passes}")
        torch.set_num_threads(threads)
        self._teacher = load_teacher(str(find_bundle(bundle)))
        self._passes, self._seed = passes, seed
        shape = self._teacher.tagger.shape
        self.labels = frozenset(tag.partition("-")[2] for tag in shape.tags if tag != "O")

    def answers(self, texts: Sequence[str]) -> list[list[list[Span]]]:
        """Of each text, one list of spans a pass. A text without visible characters has none."""
        encoded = self._teacher.extractor.encode_many(texts)
        order = sorted((i for i, one in enumerate(encoded) if len(one)), key=lambda i: len(encoded[i]))
        out: list[list[list[Span]]] = [[[] for _ in range(self._passes)] for _ in texts]
        tagger = self._teacher.tagger
        was_training = tagger.training
        tagger.train()
        try:
            with torch.no_grad(), torch.random.fork_rng(devices=[]):
                torch.manual_seed(self._seed)
                at = 0
                while at < len(order):
                    size = 1
                    while at + size < len(order) and len(encoded[order[at + size]]) * (size + 1) <= _BATCH_UNITS:
                        size += 1
                    rows = order[at : at + size]
                    for number in range(self._passes):
                        for i, spans in zip(rows, self._pass([encoded[i] for i in rows]), strict=True):
                            out[i][number] = spans
                    at += size
        finally:
            tagger.train(was_training)
        return out

    def _pass(self, encoded: Sequence[Encoded]) -> list[list[Span]]:
        """One pass over a batch: spans of characters."""
        tagger = self._teacher.tagger
        batch = pad(encoded)
        lengths = torch.from_numpy(batch.lengths).long()
        emissions = tagger(torch.from_numpy(batch.ids).long(), torch.from_numpy(batch.flags), lengths)
        return [
            [
                Span(int(one.starts[s.start]), int(one.ends[s.end - 1]), s.label)
                for s in tags_to_spans(tags, scheme=tagger.shape.scheme)
            ]
            for one, tags in zip(encoded, tagger.decode(emissions, lengths), strict=True)
        ]
