"""Sentences -> parts with the same mix of labels, and no sentence in two of them.

Iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011): label by label, the rarest first, each
sentence goes to the part that lacks the largest share of its entities of that label, so that long and short
sentences come to every part alike; sentences of one text stay together.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence

from ner_engine.datasets.corpus import text_key
from ner_engine.errors import ConfigError, DataError
from ner_engine.spans import Sentence

__all__ = ["split"]


def split(sentences: Sequence[Sentence], *, ratios: Sequence[float], seed: int) -> list[tuple[Sentence, ...]]:
    """One part per ratio (``(8, 1, 1)`` and ``(0.8, 0.1, 0.1)`` are the same), each in the given order.

    The same sentences, ratios and seed give the same parts. No part is empty.
    """
    if len(ratios) < 2 or any(not ratio > 0 or ratio == float("inf") for ratio in ratios):
        raise ConfigError(f"split ratios: expected two or more numbers above 0; got {list(ratios)}")
    groups = _groups(sentences)
    if len(groups) < len(ratios):
        raise DataError(
            f"expected at least {len(ratios)} different sentences to split into as many parts; got {len(groups)}"
        )
    order = list(range(len(groups)))
    random.Random(seed).shuffle(order)
    labels = [Counter(e.label for i in group for e in sentences[i].entities) for group in groups]
    share = [ratio / sum(ratios) for ratio in ratios]
    parts = _assign(order, labels, [len(group) for group in groups], share)
    _fill_empty(parts)
    return [tuple(sentences[i] for i in sorted(i for g in part for i in groups[g])) for part in parts]


def _groups(sentences: Sequence[Sentence]) -> list[list[int]]:
    by_text: defaultdict[str, list[int]] = defaultdict(list)
    for index, sentence in enumerate(sentences):
        by_text[text_key(sentence.text)].append(index)
    return list(by_text.values())


def _assign(
    order: Sequence[int], labels: Sequence[Counter[str]], sizes: Sequence[int], share: Sequence[float]
) -> list[list[int]]:
    """Groups -> parts. ``room`` and ``lacks`` are what each part still wants of sentences and entities."""
    total: Counter[str] = Counter()
    for one in labels:
        total.update(one)
    room = [sum(sizes) * s for s in share]
    lacks = [{label: n * s for label, n in total.items()} for s in share]
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for group in order:
        for label in labels[group]:
            holders[label].append(group)
    parts: list[list[int]] = [[] for _ in share]
    placed: set[int] = set()
    left = {label: len(groups) for label, groups in holders.items()}

    def place(group: int, part: int) -> None:
        parts[part].append(group)
        placed.add(group)
        room[part] -= sizes[group]
        for label, n in labels[group].items():
            lacks[part][label] -= n
            left[label] -= 1

    def neediest(label: str) -> int:
        return max(range(len(share)), key=lambda p: (lacks[p][label] / share[p], room[p] / share[p]))

    while open_labels := [label for label, n in left.items() if n > 0]:
        label = min(open_labels, key=lambda one: (left[one], one))
        # the sentences richest in the label first: the small ones then even things out
        for group in sorted(holders[label], key=lambda g: -labels[g][label]):
            if group not in placed:
                place(group, neediest(label))
    for group in order:
        if group not in placed:
            place(group, max(range(len(share)), key=lambda p: room[p] / share[p]))
    return parts


def _fill_empty(parts: list[list[int]]) -> None:
    for part in parts:
        if not part:
            part.append(max(parts, key=len).pop())
