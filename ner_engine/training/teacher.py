"""Trained bundles as teachers: texts in, what the tagger (or a mean of several) believes of each unit out."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ner_engine.bundle import Bundle, find_bundle, load_bundle, read_tensors
from ner_engine.config import Recipe
from ner_engine.errors import BundleError, ConfigError
from ner_engine.features import Encoded, FeatureExtractor, pad
from ner_engine.network.crf import Posterior
from ner_engine.network.quantise import dequantised
from ner_engine.network.tagger import Shape, Tagger
from ner_engine.spans import Morpheme
from ner_engine.tokenizers import load_tokenizer
from ner_engine.tokenizers.base import Analysis, Tokenizer, analyser_of
from ner_engine.training.data import Example, Soft

__all__ = ["Teacher", "all_teachers", "check_teachers", "load_teacher", "load_teachers", "tagger_of", "taught"]

BATCH_UNITS = 8192
AT_ONCE = 16384  # examples whose posteriors are held in float32 together


@dataclass(frozen=True, slots=True)
class Teacher:
    """A bundle's tagger and the features it reads."""

    name: str
    tagger: Tagger
    extractor: FeatureExtractor

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags, in the order of its marginals."""
        return self.tagger.shape.tags

    def posteriors(
        self, encoded: Sequence[Encoded], allowed: Sequence[npt.NDArray[np.bool_]] | None = None
    ) -> Iterator[tuple[list[int], Posterior]]:
        """Batches of similar length: which items, and the posterior of them. Items need at least one unit.

        ``allowed``, an array ``(units, tags)`` an item, restricts the paths to what an annotation allows.
        """
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
        at = 0
        while at < len(order):
            longest = len(encoded[order[min(at + 127, len(order) - 1)]])
            rows = order[at : at + max(1, min(128, BATCH_UNITS // max(1, longest)))]
            at += len(rows)
            batch = pad([encoded[i] for i in rows])
            lengths = torch.from_numpy(batch.lengths).long()
            mask = None
            if allowed is not None:
                mask = torch.ones(*batch.ids.shape[:2], len(self.tags), dtype=torch.bool)
                for row, i in enumerate(rows):
                    mask[row, : len(encoded[i])] = torch.from_numpy(allowed[i])
            with torch.no_grad():
                emissions = self.tagger(
                    torch.from_numpy(batch.ids).long(), torch.from_numpy(batch.flags), lengths
                )
            yield rows, self.tagger.crf.posterior(emissions, lengths, mask)


def all_teachers(recipe: Recipe) -> list[str]:
    """The teachers of a recipe and of its sources, each once."""
    of_sources = (name for source in recipe.data.train for name in source.teachers)
    return list(dict.fromkeys((*recipe.distill.teachers, *of_sources)))


def check_teachers(names: Sequence[str], root: Path) -> None:
    """Raises ConfigError naming the first of a recipe's teachers that is not there."""
    for name in names:
        try:
            find_bundle(root / name)
        except BundleError:
            raise ConfigError(
                f"distill.teachers: no bundle at {root / name}; run `ner-engine distill` to make the teachers"
            ) from None


class _Shared:
    """A tokenizer that remembers its last analyses: several teachers ask for those of the same texts."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.name = tokenizer.name
        self._tokenizer = tokenizer
        self._analyse = analyser_of(tokenizer)
        self._known: dict[str, Analysis] = {}

    def analysis(self, text: str) -> Analysis:
        found = self._known.get(text)
        if found is None:
            if len(self._known) >= 2 * AT_ONCE:
                self._known.clear()
            found = self._known[text] = self._analyse(text)
        return found

    def morphemes(self, text: str) -> list[Morpheme]:
        return self.analysis(text).morphemes()

    def fingerprint(self) -> dict[str, str]:
        return self._tokenizer.fingerprint()


def load_teachers(names: Sequence[str | Path]) -> list[Teacher]:
    """``load_teacher`` of each; teachers of one tokenizer analyse a text once between them."""
    teachers = [load_teacher(name) for name in names]
    shared: dict[str, _Shared] = {}
    out = []
    for teacher in teachers:
        extractor = teacher.extractor
        key = json.dumps([extractor.tokenizer.name, extractor.tokenizer.fingerprint()], sort_keys=True)
        tokenizer = shared.setdefault(key, _Shared(extractor.tokenizer))
        own = FeatureExtractor(extractor.config, tokenizer, extractor.vocabularies, extractor.gazetteer)
        out.append(dataclasses.replace(teacher, extractor=own))
    return out


def load_teacher(name: str | Path) -> Teacher:
    """Open a bundle for its marginals. Raises BundleError, or ConfigError for a head that has none."""
    bundle = load_bundle(name)
    if bundle.network.head != "crf":
        raise ConfigError(f"{bundle.path}: a teacher needs a CRF head; this bundle has {bundle.network.head!r}")
    return tagger_of(bundle)


def tagger_of(bundle: Bundle) -> Teacher:
    """A bundle's weights, of integers too, as a tagger of torch, with the features it reads."""
    dictionary = bundle.features.user_dictionary
    tokenizer = load_tokenizer(
        bundle.tokenizer, user_dictionary=bundle.path / Path(dictionary).name if dictionary else None
    )
    extractor = FeatureExtractor(bundle.features, tokenizer, bundle.vocabularies(), bundle.gazetteer())
    with torch.random.fork_rng(devices=[]):  # its first weights, drawn for nothing, change no other draw
        shape = Shape(extractor.columns, extractor.flag_count, bundle.tags, bundle.scheme)
        tagger = Tagger(bundle.network, shape)
    stored = read_tensors(bundle.path / "weights.safetensors")
    arrays = dequantised(stored, bundle.network, [column.table for column in extractor.columns])
    tagger.load_state_dict({k: torch.from_numpy(v) for k, v in arrays.items()})
    tagger.eval()
    return Teacher(bundle.name, tagger, extractor)


def taught(examples: Sequence[Example], teachers: Sequence[Teacher], tags: Sequence[str]) -> list[Example]:
    """Examples of the main task with the teachers' mean posterior beside their annotation.

    Where the annotation leaves something open, the teachers speak within what it allows; an example of another
    task, or one that a cut made of a longer sentence, is left as it is. Raises ConfigError for teachers of
    other tags or units.
    """
    for teacher in teachers:
        if tuple(teacher.tags) != tuple(tags):
            raise ConfigError(f"distill.teachers: {teacher.name} has other tags than the recipe")
    rows = [i for i, example in enumerate(examples) if not example.task and example.whole]
    out = list(examples)
    for at in range(0, len(rows), AT_ONCE):
        part = rows[at : at + AT_ONCE]
        for i, soft in zip(part, _soft([examples[i] for i in part], teachers, tags), strict=True):
            out[i] = dataclasses.replace(examples[i], soft=soft)
    return out


def _soft(examples: Sequence[Example], teachers: Sequence[Teacher], tags: Sequence[str]) -> list[Soft]:
    """The teachers' mean posterior of each example."""
    marginals = [np.zeros((len(example.tags), len(tags)), dtype=np.float32) for example in examples]
    pair_counts = [np.zeros((len(tags), len(tags)), dtype=np.float32) for _ in examples]
    allowed = [_allowed(example, tags) for example in examples]
    many = np.float32(len(teachers))
    for teacher in teachers:
        encoded = teacher.extractor.encode_many(example.sentence.text for example in examples)
        if any(len(item) != len(example.tags) for item, example in zip(encoded, examples, strict=True)):
            raise ConfigError(f"distill.teachers: {teacher.name} reads other units than the recipe")
        for batch, posterior in teacher.posteriors(encoded, allowed):
            for row, i in enumerate(batch):
                marginals[i] += posterior.marginals[row, : len(encoded[i])].numpy() / many
                pair_counts[i] += posterior.pair_counts[row].numpy() / many
    return [
        Soft(m.astype(np.float16), p.astype(np.float16), only=bool((example.tags < 0).all()))
        for m, p, example in zip(marginals, pair_counts, examples, strict=True)
    ]


def _allowed(example: Example, tags: Sequence[str]) -> npt.NDArray[np.bool_]:
    """What the annotation allows, ``(units, tags)``; everything where it is complete."""
    units = len(example.tags)
    partial = bool(example.unknown) or bool((example.tags < 0).any())
    if not partial:
        return np.ones((units, len(tags)), dtype=bool)
    allowed = np.zeros((units, len(tags)), dtype=bool)
    allowed[np.arange(units), example.tags] = True
    allowed[example.tags < 0] = True
    open_ = np.array([tag.partition("-")[2] in example.unknown for tag in tags])
    allowed[np.ix_(example.tags == 0, open_)] = True
    return allowed
