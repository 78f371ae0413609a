"""Texts -> ``Encoded``: one row of ids and gazetteer flags a unit, with the units' offsets."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from ner_engine.config import FeatureConfig
from ner_engine.errors import ConfigError
from ner_engine.features.batch import Encoded
from ner_engine.features.characters import Characters, CharacterTable
from ner_engine.features.gazetteer import FLAGS_PER_CATEGORY, Gazetteer
from ner_engine.features.morphemes import apart, morphemes_of
from ner_engine.features.units import (
    CLASS_COUNT,
    FINALS,
    INITIALS,
    Codes,
    Ints,
    fold,
    units_of,
    units_of_all,
)
from ner_engine.features.vocabulary import INPUTS, UNKNOWN, Column, Vocabularies
from ner_engine.spans import Span
from ner_engine.tokenizers.base import Tokenizer, Word, analyser_of

__all__ = ["FeatureExtractor", "form_key", "word_key"]

_DEFAULT_BUCKETS = {"bigram": 1 << 16, "trigram": 1 << 16, "morpheme": 1 << 15}
_EOJEOL_REACH = 6
_WORD_PLACES = {"morpheme": 0, "semantic": 2, "word": 3}  # of the columns of _View.words
_NO_POS = -2  # as a first place it is no row of the table
_WORDS_KEPT = 200_000
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
    # the remainder: numpy divides by a constant several times as fast as it takes a remainder
    mixed -= mixed // np.uint64(buckets - 2) * np.uint64(buckets - 2)
    return mixed.astype(np.int32) + 2


def form_key(form: str) -> str:
    """A form as the morpheme table knows it: lower case, every digit a 0."""
    return "".join("0" if c.isdecimal() else c for c in form.lower())


def word_key(form: str, pos: str) -> str:
    """A morpheme as the table of words knows it: its form and the first letter of its part of speech.

    The letter (N noun, V verb, M modifier, S symbol, ...) is what the analysers of the Sejong tag set agree on.
    """
    return f"{form_key(form)}/{pos[:1]}"


@dataclass(frozen=True, slots=True)
class _View:
    """Texts in one row: their syllables, and which morpheme each belongs to (-1: none).

    ``of``, ``starts``, ``ends``, ``texts``, ``owner`` are of the syllables; offsets count over all texts.
    ``words (morphemes + 1, 4)`` holds the rows of each morpheme in the tables of forms, parts of speech (its
    first place), semantic classes and words, and last those of none. ``heads`` and ``tails`` are the first and
    last syllable of each unit, ``(units,)``.
    """

    of: Characters
    starts: Ints
    ends: Ints
    texts: Ints
    words: Ints
    owner: Ints
    heads: Ints
    tails: Ints


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
        self._analyse = analyser_of(tokenizer)
        self._characters = CharacterTable(vocabularies.syllable)
        self._pos = {pos: i for i, pos in enumerate(vocabularies.pos)}
        self._semantic = {name: i + 2 for i, name in enumerate(vocabularies.semantic)}
        self._vectored = {name: i + 2 for i, name in enumerate(vocabularies.word)}
        self._words: dict[Word, tuple[int, int, int, int]] = {}
        self._needs_morphemes = config.unit == "morpheme" or bool(
            {"morpheme", "pos", "semantic", "word"} & set(config.inputs)
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
        words: Sequence[str] = (),
    ) -> FeatureExtractor:
        """An extractor with vocabularies of what occurs at least ``config.min_count`` times in ``texts``.

        ``words`` are the keys of the words that have vectors. Raises ConfigError for the input ``word`` without.
        """
        if "word" in config.inputs and not words:
            raise ConfigError(
                "features.vectors.word: expected a file of vectors for the input 'word'; none given"
            )
        syllables: Counter[str] = Counter()
        tags: Counter[str] = Counter()
        semantics: Counter[str] = Counter()
        wants = {"pos", "semantic"} & set(config.inputs)
        analyse = analyser_of(tokenizer)
        for text in texts:
            syllables.update(chr(c) for c in fold(units_of(text)[0]))
            if wants:
                for _, pos, semantic in apart(analyse(text)).words:
                    tags[pos] += 1
                    semantics[semantic] += 1

        def kept(counts: Counter[str]) -> tuple[str, ...]:
            ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
            return tuple(name for name, n in ranked if n >= config.min_count)

        vocabularies = Vocabularies(kept(syllables), kept(tags), kept(semantics), tuple(words))
        return cls(config, tokenizer, vocabularies, gazetteer)

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
            "word": len(self.vocabularies.word) + 2,
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
        return self.encode_many([text])[0]

    def encode_many(self, texts: Iterable[str]) -> list[Encoded]:
        """``encode`` of each, all of them at once."""
        given = list(texts)
        offsets = [0, *accumulate(len(text) + 1 for text in given)]
        view = self._view(given, offsets)
        heads, tails = view.heads, view.tails
        if self.gazetteer is None:
            flags = np.zeros((len(heads), 0), dtype=np.float32)
        else:
            flags = self.gazetteer.flags(view.of.folded, view.texts)
            if self.config.unit == "morpheme":
                flags = np.maximum(flags[heads], flags[tails])
        ids = np.empty((len(heads), len(self.columns)), dtype=np.int32)
        position = 0
        for name in self.config.inputs:
            for column in self._ids(name, view):
                ids[:, position] = column
                position += 1
        of_unit = view.texts[heads]
        shift = np.array(offsets, dtype=np.int32)[of_unit]
        starts, ends = view.starts[heads] - shift, view.ends[tails] - shift
        borders = np.searchsorted(of_unit, np.arange(len(given) + 1)).tolist()
        return [Encoded(ids[a:b], flags[a:b], starts[a:b], ends[a:b]) for a, b in pairwise(borders)]

    def _view(self, texts: Sequence[str], offsets: Sequence[int]) -> _View:
        codes, starts, ends = units_of_all(texts, offsets[:-1])
        counts = np.diff(np.searchsorted(starts, offsets))
        of_text = np.repeat(np.arange(len(texts), dtype=np.int32), counts)
        rows: list[int] = []
        if self._needs_morphemes:
            found = morphemes_of(texts, offsets[:-1], self._analyse)
            owner = found.owners(starts, offsets[-1])
            for word in found.words:
                rows += self._words.get(word) or self._word(word)
        else:
            owner = np.full(len(starts), -1, dtype=np.int32)
        rows += (UNKNOWN, _NO_POS, UNKNOWN, UNKNOWN)  # the owner -1 indexes the last
        if self.config.unit == "morpheme":
            heads, tails = self._morpheme_units(owner)
        else:
            heads = tails = np.arange(len(starts), dtype=np.int32)
        words = np.array(rows, dtype=np.int32).reshape(-1, 4)
        return _View(self._characters.look_up(codes), starts, ends, of_text, words, owner, heads, tails)

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
            return [view.of.syllable[heads]]
        if name == "tail":
            return [view.of.syllable[tails]]
        if name == "jamo":
            return [view.of.initial[heads], view.of.medial[heads], view.of.final[heads]]
        if name == "class":
            return [view.of.category[heads]]
        if name == "eojeol":
            return [self._eojeol(view.starts[heads], view.ends[tails])]
        if name in ("bigram", "trigram"):
            return self._ngrams(name, view)
        if name == "pos":
            return [self._positions(view)]
        return [view.words[view.owner[heads], _WORD_PLACES[name]]]

    def _ngrams(self, name: str, view: _View) -> list[Ints]:
        """Bigrams: the pair that ends and the pair that starts at a unit; trigrams: the three around it."""
        size = self._rows(name)
        folded = view.of.folded
        total = len(folded)
        place = np.arange(1, total + 1) + view.texts  # with an empty place before, between and after texts
        shape = np.zeros(place[-1] + 2 if total else 0, dtype=np.uint32)
        shape[place] = np.where((folded >= 0x30) & (folded <= 0x39), np.uint32(0x30), folded)
        heads, tails = place[view.heads], place[view.tails]
        if name == "trigram":
            return [_hash(shape, (-1, 0, 1), size)[heads]]
        pairs = _hash(shape, (-1, 0), size)
        return [pairs[heads], pairs[tails + 1]]

    @staticmethod
    def _positions(view: _View) -> Ints:
        """Part of speech times the place in the morpheme: first, inside, last, only."""
        tags = view.words[view.owner[view.heads], 1]
        owner = view.owner
        first = np.ones(len(owner), dtype=bool)
        first[1:] = (owner[1:] != owner[:-1]) | (view.texts[1:] != view.texts[:-1])
        last = np.append(first[1:], True)[: len(owner)]
        place = np.where(first & last, 3, np.where(first, 0, np.where(last, 2, 1)))[view.heads]
        known = tags >= 2
        return np.where(known, tags + place, UNKNOWN).astype(np.int32)

    def _rows(self, table: str) -> int:
        return next(c.rows for c in self.columns if c.table == table)

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

    def _word(self, word: Word) -> tuple[int, int, int, int]:
        """The rows of a morpheme: see ``_View.words``."""
        form, pos, semantic = word
        rows = (
            self._form(form) if "morpheme" in self.config.inputs else UNKNOWN,
            self._pos[pos] * 4 + 2 if pos in self._pos else _NO_POS,
            self._semantic.get(semantic, UNKNOWN),
            self._vectored.get(word_key(form, pos), UNKNOWN) if self._vectored else UNKNOWN,
        )
        if len(self._words) < _WORDS_KEPT:
            self._words[word] = rows
        return rows

    def _form(self, form: str) -> int:
        return zlib.crc32(form_key(form).encode("utf-8", "surrogatepass")) % (self._rows("morpheme") - 2) + 2

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
            return [(self._form(name),) for name in names]
        if table in _LETTERS:
            first, letters = _LETTERS[table]
            return [(letters.index(name) + first,) if name in letters else () for name in names]
        if table == "word":
            return [(self._vectored[name],) if name in self._vectored else () for name in names]
        if table == "semantic":
            return [(self._semantic[name],) if name in self._semantic else () for name in names]
        if table == "pos":
            return [
                tuple(self._pos[name] * 4 + 2 + i for i in range(4)) if name in self._pos else ()
                for name in names
            ]
        raise ConfigError(
            "vectors: expected syllable, initial, medial, final, bigram, trigram, morpheme, word, semantic or "
            f"pos; got {table!r}"
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
