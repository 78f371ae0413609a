"""Raw sentences -> vectors of morphemes, cheap enough to make on two cores in minutes.

Positive pointwise mutual information of morphemes with their neighbours, reduced by a truncated singular value
decomposition: what skip-gram with negative sampling factorises implicitly (Levy and Goldberg 2014; window and
context smoothing after Levy et al. 2015).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ner_engine.errors import MissingExtra, TrainingError
from ner_engine.features.extractor import form_key
from ner_engine.tokenizers import Tokenizer

__all__ = ["WordVectors", "train_vectors"]

_SMOOTHING = 0.75
_BREAK = -1


@dataclass(frozen=True, slots=True)
class WordVectors:
    """``names`` (most frequent first) and their ``values (names, width) float32``, of unit length."""

    names: tuple[str, ...]
    values: npt.NDArray[np.float32]

    def lines(self) -> Iterable[str]:
        """word2vec's text format."""
        yield f"{len(self.names)} {self.values.shape[1]}\n"
        for name, row in zip(self.names, self.values, strict=True):
            yield f"{name} {' '.join(f'{v:.5f}' for v in row)}\n"


def _sequence(texts: Iterable[str], tokenizer: Tokenizer) -> tuple[list[str], npt.NDArray[np.int32]]:
    """All morphemes as numbers, sentences set apart by _BREAK."""
    numbers: dict[str, int] = {}
    sequence: list[int] = []
    for text in texts:
        for morpheme in tokenizer.morphemes(text):
            key = form_key(morpheme.form)
            sequence.append(numbers.setdefault(key, len(numbers)))
        sequence.append(_BREAK)
    return list(numbers), np.array(sequence, dtype=np.int32)


def _kept(names: Sequence[str], sequence: npt.NDArray[np.int32], size: int, min_count: int) -> list[int]:
    counts = Counter(sequence[sequence >= 0].tolist())
    ranked = sorted(counts.items(), key=lambda item: (-item[1], names[item[0]]))
    return [number for number, n in ranked[:size] if n >= min_count and " " not in names[number]]


def train_vectors(
    texts: Iterable[str],
    tokenizer: Tokenizer,
    *,
    width: int = 64,
    window: int = 3,
    size: int = 30_000,
    min_count: int = 5,
    seed: int = 0,
) -> WordVectors:
    """Vectors of the ``size`` most frequent morpheme forms seen at least ``min_count`` times.

    Raises TrainingError where fewer than ``width`` forms are left.
    """
    try:
        from scipy.sparse import coo_matrix
        from sklearn.utils.extmath import randomized_svd
    except ModuleNotFoundError:
        raise MissingExtra("training word vectors", extra="train") from None

    names, sequence = _sequence(texts, tokenizer)
    kept = _kept(names, sequence, size, min_count)
    if len(kept) <= width:
        raise TrainingError(f"word vectors: expected more than {width} frequent forms; got {len(kept)}")
    rank = np.full(len(names) + 1, _BREAK, dtype=np.int64)
    rank[kept] = np.arange(len(kept))
    ids = rank[sequence]  # a break indexes the last place, which is a break too
    breaks = np.cumsum(sequence == _BREAK)
    total = coo_matrix((len(kept), len(kept)), dtype=np.float32).tocsr()
    for distance in range(1, window + 1):
        left, right = ids[:-distance], ids[distance:]
        near = (left >= 0) & (right >= 0) & (breaks[:-distance] == breaks[distance:])
        weight = np.full(int(near.sum()), 1 / distance, dtype=np.float32)
        pairs = coo_matrix((weight, (left[near], right[near])), shape=total.shape).tocsr()
        total = total + pairs + pairs.T
    cells = total.tocoo()
    rows = np.asarray(total.sum(1)).ravel()
    columns = rows**_SMOOTHING
    expected = rows[cells.row] * columns[cells.col] / columns.sum()
    information = np.log(np.maximum(cells.data, 1e-12) / np.maximum(expected, 1e-12))
    positive = information > 0
    ppmi = coo_matrix(
        (information[positive].astype(np.float32), (cells.row[positive], cells.col[positive])), shape=total.shape
    ).tocsr()
    left_vectors, strengths, _ = randomized_svd(ppmi, n_components=width, n_iter=4, random_state=seed)
    values = left_vectors * np.sqrt(strengths)
    values /= np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)
    return WordVectors(tuple(names[k] for k in kept), values.astype(np.float32))
