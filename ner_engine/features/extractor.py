"""Texts -> ``Encoded``: one row of ids and gazetteer flags a unit, with the units' offsets."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ner_engine.config import FeatureConfig
from ner_engine.errors import ConfigError
from ner_engine.features.batch import Encoded
from ner_engine.features.gazetteer import FLAGS_PER_CATEGORY, Gazetteer
from ner_engine.features.units import (
    CLASS_COUNT,
    FINALS,
    INITIALS,
    Codes,
    Ints,
    character_classes,
    fold,
    jamo,
    units_of,
)
from ner_engine.features.vocabulary import INPUTS, UNKNOWN, Column, Vocabularies
from ner_engine.spans import Morpheme, Span
from ner_engine.tokenizers.base import Tokenizer

__all__ = ["FeatureExtractor", "form_key"]

_DEFAULT_BUCKETS = {"bigram": 1 << 16, "trigram": 1 << 16, "morpheme": 1 << 15}
_EOJEOL_REACH = 6
# tables of jamo: the row of the first letter, and the letters
_LETTERS = {
    "initial": (2, list(INITIALS)),
    "medial": (2, [chr(0x314F + i) for i in range(21)]),
    "final": (3, list(FINALS)),
}
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)


def _hash(codes: Codes, reach: Sequence[int], buckets: int) -> Ints:
    """Hashed n-grams: for each unit the codes at the relative positions ``reach``, as rows ``[2, buckets)``."""
    total = len(codes)
    padded = np.zeros(total + 4, dtype=np.uint64)
    padded[2 : total + 2] = codes
    mixed = np.zeros(total, dtype=np.uint64)
    for salt, offset in zip(_MIX, reach, strict=False):
        mixed = (mixed ^ padded[2 + offset : 2 + offset + total]) * salt
        mixed ^= mixed >> np.uint64(29)
    return (mixed % np.uint64(buckets - 2)).astype(np.int32) + 2


def _morpheme_groups(morphemes: Sequence[Morpheme]) -> list[Morpheme]:
    """Morphemes that share characters (contractions) joined into one, so that ranges never overlap."""
    groups: list[Morpheme] = []
    for m in morphemes:
        if m.start == m.end:
            continue
        if groups and m.start < groups[-1].end:
            last = groups[-1]
            groups[-1] = Morpheme(
                f"{last.form}+{m.form}",
                f"{last.pos}+{m.pos}",
                last.start,
                max(last.end, m.end),
                last.semantic,
            )
        else:
            groups.append(m)
    return groups


def form_key(form: str) -> str:
    """A form as the morpheme table knows it: lower case, every digit a 0."""
    return "".join("0" if c.isdecimal() else c for c in form.lower())


@dataclass(frozen=True, slots=True)
class _View:
    """One text as its syllables, and which morpheme each belongs to (-1: none).

    ``raw``, ``folded``, ``starts``, ``ends``, ``owner`` are ``(syllables,)``; ``heads`` and ``tails`` are the
    first and last syllable of each unit, ``(units,)``.
    """

    raw: Codes
    folded: Codes
    starts: Ints
    ends: Ints
    morphemes: Sequence[Morpheme]
    owner: Ints
    heads: Ints
    tails: Ints


def _owners(morphemes: Sequence[Morpheme], starts: Ints) -> Ints:
    """The morpheme of each syllable, ``(syllables,)``; morphemes are sorted and do not overlap."""
    owner = np.full(len(starts), -1, dtype=np.int32)
    if morphemes and len(starts):
        begins = np.array([m.start for m in morphemes], dtype=np.int32)
        finishes = np.array([m.end for m in morphemes], dtype=np.int32)
        at = np.searchsorted(begins, starts, side="right").astype(np.int32) - 1
        inside = (at >= 0) & (starts < finishes[at])
        owner[inside] = at[inside]
    return owner


class FeatureExtractor:
    """Texts -> ``Encoded``. Thread-safe as long as its tokenizer is."""

    def __init__(
        self,
        config: FeatureConfig,
        tokenizer: Tokenizer,
        vocabularies: Vocabularies,
        gazetteer: Gazetteer | None = None,
    ) -> None:
        unknown = sorted(set(config.inputs) - set(INPUTS))
        if unknown:
            raise ConfigError(f"features.inputs: expected some of {', '.join(INPUTS)}; got {unknown[0]!r}")
        self.config = config
        self.tokenizer = tokenizer
        self.vocabularies = vocabularies
        self.gazetteer = gazetteer if "gazetteer" in config.inputs else None
        syllables = np.array([ord(c) for c in vocabularies.syllable], dtype=np.uint32)
        order = np.argsort(syllables)
        self._syllable_codes = syllables[order]
        self._syllable_ids = (order + 2).astype(np.int32)
        self._pos = {pos: i for i, pos in enumerate(vocabularies.pos)}
        self._semantic = {name: i + 2 for i, name in enumerate(vocabularies.semantic)}
        self._forms: dict[str, int] = {}
        self._needs_morphemes = config.unit == "morpheme" or bool(
            {"morpheme", "pos", "semantic"} & set(config.inputs)
        )
        self.columns = self._columns()
        self.flag_count = len(self.gazetteer.categories) * FLAGS_PER_CATEGORY if self.gazetteer else 0

    @classmethod
    def fit(
        cls,
        config: FeatureConfig,
        tokenizer: Tokenizer,
        texts: Iterable[str],
        *,
        gazetteer: Gazetteer | None = None,
    ) -> FeatureExtractor:
        """An extractor with vocabularies of what occurs at least ``config.min_count`` times in ``texts``."""
        syllables: Counter[str] = Counter()
        tags: Counter[str] = Counter()
        semantics: Counter[str] = Counter()
        wants = {"pos", "semantic"} & set(config.inputs)
        for text in texts:
            syllables.update(chr(c) for c in fold(units_of(text)[0]))
            if wants:
                for m in _morpheme_groups(tokenizer.morphemes(text)):
                    tags[m.pos] += 1
                    semantics[m.semantic] += 1

        def kept(counts: Counter[str]) -> tuple[str, ...]:
            ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
            return tuple(name for name, n in ranked if n >= config.min_count)

        return cls(config, tokenizer, Vocabularies(kept(syllables), kept(tags), kept(semantics)), gazetteer)

    def _columns(self) -> tuple[Column, ...]:
        rows = {
            "syllable": len(self.vocabularies.syllable) + 2,
            "initial": len(INITIALS) + 2,
            "medial": 21 + 2,
            "final": 28 + 2,
            "class": CLASS_COUNT,
            "eojeol": _EOJEOL_REACH * _EOJEOL_REACH + 2,
            "pos": len(self.vocabularies.pos) * 4 + 2,
            "semantic": len(self.vocabularies.semantic) + 2,
            **_DEFAULT_BUCKETS,
        }
        rows |= {k: v for k, v in self.config.buckets.items() if k in _DEFAULT_BUCKETS}
        stray = sorted(set(self.config.buckets) - set(_DEFAULT_BUCKETS))
        if stray:
            raise ConfigError(
                f"features.buckets: expected some of {', '.join(_DEFAULT_BUCKETS)}; got {stray[0]!r}"
            )
        columns: list[Column] = []
        widths: dict[str, int] = {}
        for name, width in self.config.inputs.items():
            if width < 1:
                raise ConfigError(f"features.inputs.{name}: expected a width of at least 1; got {width}")
            for table in INPUTS[name]:
                shared = widths.setdefault(table, width)
                if width != shared:
                    raise ConfigError(
                        f"features.inputs.{name}: expected {shared}, the width of the table {table!r} it shares; "
                        f"got {width}"
                    )
                columns.append(Column(name, table, rows[table], width))
        return tuple(columns)

    def encode(self, text: str) -> Encoded:
        """One text as ids, flags and offsets; a text without visible characters has zero units."""
        raw, starts, ends = units_of(text)
        folded = fold(raw)
        morphemes = _morpheme_groups(self.tokenizer.morphemes(text)) if self._needs_morphemes else []
        flags = (
            self.gazetteer.flags(folded)
            if self.gazetteer is not None
            else np.zeros((len(raw), 0), dtype=np.float32)
        )
        owner = _owners(morphemes, starts)
        if self.config.unit == "morpheme":
            heads, tails = self._morpheme_units(owner)
            flags = np.maximum(flags[heads], flags[tails])
        else:
            heads = tails = np.arange(len(raw), dtype=np.int32)
        view = _View(raw, folded, starts, ends, morphemes, owner, heads, tails)
        ids = np.empty((len(heads), len(self.columns)), dtype=np.int32)
        position = 0
        for name in self.config.inputs:
            for column in self._ids(name, view):
                ids[:, position] = column
                position += 1
        return Encoded(ids, flags, starts[heads], ends[tails])

    def encode_many(self, texts: Iterable[str]) -> list[Encoded]:
        """``encode`` of each."""
        return [self.encode(text) for text in texts]

    @staticmethod
    def _morpheme_units(owner: Ints) -> tuple[Ints, Ints]:
        """First and last syllable of every morpheme; syllables outside any morpheme are units of their own."""
        lone = owner < 0
        change = np.ones(len(owner), dtype=bool)
        change[1:] = (owner[1:] != owner[:-1]) | lone[1:] | lone[:-1]
        heads = np.flatnonzero(change).astype(np.int32)
        tails = np.append(heads[1:], len(owner)).astype(np.int32) - 1
        return heads, tails[: len(heads)]

    def _ids(self, name: str, view: _View) -> list[Ints]:
        """The columns of one input, ``(units,)`` each."""
        heads, tails = view.heads, view.tails
        if name == "gazetteer":
            return []
        if name == "syllable":
            return [self._syllables(view.folded[heads])]
        if name == "tail":
            return [self._syllables(view.folded[tails])]
        if name == "jamo":
            return jamo(view.folded[heads])
        if name == "class":
            return [character_classes(view.raw[heads])]
        if name == "eojeol":
            return [self._eojeol(view.starts[heads], view.ends[tails])]
        if name in ("bigram", "trigram"):
            digit = (view.folded >= 0x30) & (view.folded <= 0x39)
            return self._ngrams(name, np.where(digit, np.uint32(0x30), view.folded), heads, tails)
        if name == "morpheme":
            size = self._rows("morpheme")
            return [self._of_owner(view, [self._form(m.form, size) for m in view.morphemes])]
        if name == "semantic":
            return [self._of_owner(view, [self._semantic.get(m.semantic, UNKNOWN) for m in view.morphemes])]
        return [self._positions(view)]

    def _ngrams(self, name: str, shape: Codes, heads: Ints, tails: Ints) -> list[Ints]:
        """Bigrams: the pair that ends and the pair that starts at a unit; trigrams: the three around it."""
        size = self._rows(name)
        if name == "trigram":
            return [_hash(shape, (-1, 0, 1), size)[heads]]
        pairs = _hash(np.append(shape, np.uint32(0)), (-1, 0), size)  # one more, for the text's last unit
        return [pairs[heads], pairs[tails + 1]]

    @staticmethod
    def _of_owner(view: _View, rows: Sequence[int]) -> Ints:
        """For each unit the row of the morpheme it belongs to."""
        table = np.array([*rows, UNKNOWN], dtype=np.int32)  # the owner -1 indexes the last
        return table[view.owner[view.heads]]

    def _positions(self, view: _View) -> Ints:
        """Part of speech times the place in the morpheme: first, inside, last, only."""
        tags = self._of_owner(view, [self._pos.get(m.pos, -1) * 4 + 2 for m in view.morphemes])
        owner = view.owner
        first = np.ones(len(owner), dtype=bool)
        first[1:] = owner[1:] != owner[:-1]
        last = np.append(first[1:], True)[: len(owner)]
        place = np.where(first & last, 3, np.where(first, 0, np.where(last, 2, 1)))[view.heads]
        known = tags >= 2
        return np.where(known, tags + place, UNKNOWN).astype(np.int32)

    def _rows(self, table: str) -> int:
        return next(c.rows for c in self.columns if c.table == table)

    def _syllables(self, folded: Codes) -> Ints:
        if not len(self._syllable_codes):
            return np.full(len(folded), UNKNOWN, dtype=np.int32)
        at = np.searchsorted(self._syllable_codes, folded)
        at[at == len(self._syllable_codes)] = 0
        known = self._syllable_codes[at] == folded
        return np.where(known, self._syllable_ids[at], np.int32(UNKNOWN))

    @staticmethod
    def _eojeol(starts: Ints, ends: Ints) -> Ints:
        """Where a unit stands in its space-delimited word: distance to its start and end, both capped."""
        total = len(starts)
        if not total:
            return np.zeros(0, dtype=np.int32)
        first = np.ones(total, dtype=bool)
        first[1:] = starts[1:] > ends[:-1]
        index = np.arange(total)
        begin = np.maximum.accumulate(np.where(first, index, 0))
        last = np.append(first[1:], True)
        finish = np.minimum.accumulate(np.where(last, index, total)[::-1])[::-1]
        cap = _EOJEOL_REACH - 1
        before, after = np.minimum(index - begin, cap), np.minimum(finish - index, cap)
        return (before * _EOJEOL_REACH + after + 2).astype(np.int32)

    def _form(self, form: str, buckets: int) -> int:
        known = self._forms.get(form)
        if known is None:
            digest = zlib.crc32(form_key(form).encode("utf-8", "surrogatepass"))
            known = digest % (buckets - 2) + 2
            if len(self._forms) < 200_000:
                self._forms[form] = known
        return known

    def rows(self, table: str, names: Sequence[str]) -> list[tuple[int, ...]]:
        """The rows of a table that stand for each name (a syllable, n-gram, form, tag or class); none if unknown.

        Raises ConfigError for a table whose rows have no names.
        """
        if table == "syllable":
            known = {c: i + 2 for i, c in enumerate(self.vocabularies.syllable)}
            return [(known[name],) if name in known else () for name in names]
        if table in ("bigram", "trigram"):
            size = self._rows(table)
            reach = (-1, 0) if table == "bigram" else (-1, 0, 1)
            middle = 1  # the unit that the n-gram is filed under: its second
            codes = [fold(np.array([ord(c) for c in name], dtype=np.uint32)) for name in names]
            return [(int(_hash(c, reach, size)[middle]),) if len(c) == len(reach) else () for c in codes]
        if table == "morpheme":
            return [(self._form(name, self._rows(table)),) for name in names]
        if table in _LETTERS:
            first, letters = _LETTERS[table]
            return [(letters.index(name) + first,) if name in letters else () for name in names]
        if table == "semantic":
            return [(self._semantic[name],) if name in self._semantic else () for name in names]
        if table == "pos":
            return [
                tuple(self._pos[name] * 4 + 2 + i for i in range(4)) if name in self._pos else ()
                for name in names
            ]
        raise ConfigError(
            "vectors: expected syllable, initial, medial, final, bigram, trigram, morpheme, semantic or pos; "
            f"got {table!r}"
        )

    def spans_to_units(self, encoded: Encoded, spans: Iterable[Span]) -> tuple[list[Span], list[Span]]:
        """Character spans as unit spans, and those that do not fall on unit borders (never silently O)."""
        fitting: list[Span] = []
        misaligned: list[Span] = []
        for span in spans:
            first = int(np.searchsorted(encoded.starts, span.start))
            last = int(np.searchsorted(encoded.ends, span.end))
            fits = (
                first <= last < len(encoded)
                and encoded.starts[first] == span.start
                and encoded.ends[last] == span.end
            )
            if fits:
                fitting.append(Span(first, last + 1, span.label))
            else:
                misaligned.append(span)
        return fitting, misaligned
