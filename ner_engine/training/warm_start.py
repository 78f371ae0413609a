"""A trained tagger and what it is to learn besides -> the weights that training goes on from.

Vocabularies and labels only grow, at their ends, so that every old row and tag keeps its place and its weights.
Before the first step the grown tagger answers as the old one does:

- A new syllable, part of speech or semantic class starts as the unknown one, which it was until now.
- A new label starts as the mean of the old labels, in its emissions and its transitions. The score of a tag path
  through it is then the mean of the scores of the paths through each old label instead, and never above the best
  of them; ``RESERVE`` less at each beginning keeps its share of the probability small.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ner_engine.errors import ConfigError
from ner_engine.features import UNKNOWN, FeatureExtractor, Vocabularies
from ner_engine.network.tagger import Tagger
from ner_engine.scheme import SCHEMES, tag_list

__all__ = ["RESERVE", "Grown", "grown", "grown_labels"]

RESERVE = 3.0  # what a span of a new label is below the mean of the old ones, in log odds

_ROWS_OF = {"syllable": 1, "pos": 4, "semantic": 1}  # of each table: rows a name


@dataclass(frozen=True, slots=True)
class Grown:
    """The features and tags of a grown tagger, and its weights by torch's names.

    ``names`` counts the new syllables, parts of speech and classes of each table.
    """

    extractor: FeatureExtractor
    tags: tuple[str, ...]
    weights: Mapping[str, Tensor]
    names: Mapping[str, int]


def grown_labels(old: Sequence[str], more: Iterable[str]) -> list[str]:
    """The old labels in their order, and behind them those of ``more`` that are new, each once."""
    return list(dict.fromkeys([*old, *more]))


def grown(tagger: Tagger, extractor: FeatureExtractor, *, labels: Sequence[str], texts: Iterable[str]) -> Grown:
    """The weights of ``tagger`` for ``labels``, which begin with its own, and for what stands in ``texts``.

    Raises ConfigError for labels that leave out an old one.
    """
    shape = tagger.shape
    tags = tuple(tag_list(labels, scheme=shape.scheme))
    if tags[: len(shape.tags)] != tuple(shape.tags):
        raise ConfigError(f"labels: expected those of the bundle first; got {', '.join(labels)}")
    vocabularies = _grown_vocabularies(extractor, texts)
    larger = FeatureExtractor(extractor.config, extractor.tokenizer, vocabularies, extractor.gazetteer)
    state = {name: value.detach().clone() for name, value in tagger.state_dict().items()}
    names = {}
    for table, rows in _ROWS_OF.items():
        more = len(getattr(vocabularies, table)) - len(getattr(extractor.vocabularies, table))
        name = f"embeddings.tables.{table}.weight"
        if more and name in state:
            unknown = state[name][UNKNOWN].expand(more * rows, -1)
            state[name] = torch.cat([state[name], unknown])
        names[table] = more
    state |= _grown_head(state, shape.tags, tags, shape.scheme)
    return Grown(larger, tags, state, names)


def _grown_vocabularies(extractor: FeatureExtractor, texts: Iterable[str]) -> Vocabularies:
    """The vocabularies with what is new in the texts behind what was known, most frequent first."""
    old = extractor.vocabularies
    every = dataclasses.replace(extractor.config, min_count=1)
    found = FeatureExtractor.fit(
        every, extractor.tokenizer, texts, gazetteer=extractor.gazetteer, words=old.word
    ).vocabularies

    def more(before: Sequence[str], here: Sequence[str]) -> tuple[str, ...]:
        known = set(before)
        return (*before, *(name for name in here if name not in known))

    return Vocabularies(
        more(old.syllable, found.syllable),
        more(old.pos, found.pos),
        more(old.semantic, found.semantic),
        old.word,
    )


def _grown_head(
    state: Mapping[str, Tensor], old: Sequence[str], new: Sequence[str], scheme: str
) -> dict[str, Tensor]:
    """Projection and transitions for the tags ``new``, of which the first are ``old``."""
    names = ("projection.weight", "projection.bias", "crf.start", "crf.end", "crf.pairs")
    if len(old) == len(new):
        return {name: state[name] for name in names}
    before = {tag: i for i, tag in enumerate(old)}
    prefixes = [tag.partition("-")[0] for tag in new]
    mean = torch.zeros(len(new), len(old))  # of which old tags each tag is the mean
    mean[: len(old)] = torch.eye(len(old))
    for i in range(len(old), len(new)):
        same = [j for tag, j in before.items() if tag != "O" and tag.partition("-")[0] == prefixes[i]]
        mean[i, same] = 1 / len(same)
    weight, bias, start, end, pairs = (state[name] for name in names)
    grown_pairs = mean @ pairs @ mean.T
    table = SCHEMES[scheme]
    labels = list(dict.fromkeys(tag.partition("-")[2] for tag in old if tag != "O"))
    for i in range(len(old), len(new)):
        for j in range(len(old), len(new)):
            goes_on = new[i].partition("-")[2] == new[j].partition("-")[2] and not table.opens(prefixes[j])
            if goes_on:  # within a span both tags are of one label, and so are those the mean is taken over
                within = [pairs[before[f"{prefixes[i]}-{x}"], before[f"{prefixes[j]}-{x}"]] for x in labels]
                grown_pairs[i, j] = torch.stack(within).mean()
    grown_bias = mean @ bias
    for i in range(len(old), len(new)):
        if table.opens(prefixes[i]):
            grown_bias[i] -= RESERVE
    # the old rows as they are, to the last bit
    out = (mean @ weight, grown_bias, mean @ start, mean @ end, grown_pairs)
    for value, former in zip(out, (weight, bias, start, end, pairs), strict=True):
        if former.dim() == 2 and former.shape[0] == former.shape[1] == len(old):
            value[: len(old), : len(old)] = former
        else:
            value[: len(old)] = former
    return dict(zip(names, out, strict=True))
