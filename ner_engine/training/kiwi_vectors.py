"""Kiwi's language model -> vectors of its morphemes.

Kiwi's contextual n-gram model holds an embedding for each of some 70,000 morphemes, learnt from large corpora.
Its interface tells only the cosine between two of them; from the cosines of all morphemes with a few hundred of
them the embeddings come back but for a rotation (the Nystroem method, Williams and Seeger 2000), exactly where
the few hundred span the space. The common direction is then removed, as all-but-the-top does (Mu and Viswanath
2018), and the rest reduced to its principal components.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ner_engine.errors import MissingExtra, TrainingError
from ner_engine.features.extractor import word_key
from ner_engine.features.units import FINALS
from ner_engine.training.word_vectors import WordVectors

__all__ = ["kiwi_vectors"]

_ALL = 300_000  # more than Kiwi knows; it sets aside memory for as many
_FREQUENT = 20_000  # Kiwi numbers morphemes by their frequency, nearly
_SMALLEST = 1e-3  # of an eigenvalue that is not an error of rounding

# loose final consonants, which Kiwi's model holds as conjoining jamo (ᆫ다), as the tokenizers write them (ㄴ다)
_AS_ANALYSERS_WRITE = str.maketrans({chr(0x11A8 + i): letter for i, letter in enumerate(FINALS)})

Floats = npt.NDArray[np.float32]


def _cosines(kiwi: Any, landmarks: npt.NDArray[np.int64], total: int) -> Floats:
    """The cosine of every morpheme with every landmark, ``(total, landmarks)``."""
    out = np.zeros((total, len(landmarks)), dtype=np.float32)
    for column, landmark in enumerate(landmarks.tolist()):
        found = kiwi.most_similar_morphemes(landmark, top_n=_ALL)
        numbers = np.fromiter((x.id for x in found), np.int64, len(found))
        out[numbers, column] = np.fromiter((x.score for x in found), np.float32, len(found))
        out[landmark, column] = 1
    return out


def _embeddings(cosines: Floats, landmarks: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Vectors whose products are the cosines, ``(total, rank)``."""
    own = cosines[landmarks].astype(np.float64)
    strengths, directions = np.linalg.eigh((own + own.T) / 2)
    kept = strengths > _SMALLEST
    vectors: npt.NDArray[np.float64] = cosines @ (directions[:, kept] / np.sqrt(strengths[kept]))
    return vectors


def kiwi_vectors(*, width: int = 64, size: int = 0, landmarks: int = 400, seed: int = 0) -> WordVectors:
    """``width`` principal components of the ``size`` most frequent words of Kiwi's model (0: all).

    The names are ``word_key``s. Raises MissingExtra without Kiwi, TrainingError where its model knows fewer
    dimensions than ``width``.
    """
    try:
        from kiwipiepy import Kiwi
    except ImportError as error:
        raise MissingExtra("Kiwi's vectors", extra="kiwi") from error
    kiwi: Any = Kiwi(num_workers=1, model_type="cong")
    first = kiwi.tokenize("가")[0].id
    found = kiwi.most_similar_morphemes(first, top_n=_ALL)
    named = {x.id: x for x in found}
    numbers = np.array(sorted(named), dtype=np.int64)
    total = int(numbers[-1]) + 1
    rng = np.random.default_rng(seed)
    half = landmarks // 2
    drawn = {*rng.choice(numbers[:_FREQUENT], half, replace=False).tolist()}
    drawn |= {*rng.choice(numbers, landmarks - half, replace=False).tolist()}
    chosen = np.array(sorted(drawn), dtype=np.int64)
    values = _embeddings(_cosines(kiwi, chosen, total), chosen)
    if values.shape[1] < width:
        raise TrainingError(f"Kiwi's vectors: expected a width of at most {values.shape[1]}; got {width}")
    values -= values[numbers[:_FREQUENT]].mean(0)
    frequent = values[numbers[:_FREQUENT]]
    _, directions = np.linalg.eigh(frequent.T @ frequent)
    values = values @ directions[:, ::-1][:, :width]
    rows: dict[str, int] = {}
    for number in numbers.tolist():
        form, tag = named[number].form, named[number].tag
        key = word_key(form.translate(_AS_ANALYSERS_WRITE), tag)
        if form and not any(c.isspace() for c in key):
            rows.setdefault(key, number)
    names = tuple(rows)[: size or None]
    kept = values[[rows[name] for name in names]]
    kept /= np.maximum(np.linalg.norm(kept, axis=1, keepdims=True), 1e-12)
    return WordVectors(names, kept.astype(np.float32))
