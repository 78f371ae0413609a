"""Lexicon look-up for match features, vectorised over a text's characters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ner_engine.features.units import Codes, Ints, fold, units_of

__all__ = ["FLAGS_PER_CATEGORY", "Gazetteer"]

Hashes = npt.NDArray[np.uint64]

FLAGS_PER_CATEGORY = 3  # a match begins here, covers here, ends here
_SIEVE_BITS = 20
_BLOCK = 1 << 15  # windows looked at together: what fits the cache
_LENGTH_SALT = np.uint64(0xD6E8FEB86659FD93)
_SIEVE_SALT = np.uint64(0x9E3779B97F4A7C15)
_BASE = 0x5851F42D4C957F2D
_BASE_INVERSE = pow(_BASE, -1, 1 << 64)


def _powers(base: int, count: int) -> Hashes:
    out = np.ones(count, dtype=np.uint64)
    known = 1
    while known < count:  # doubles what is known
        more = min(known, count - known)
        out[known : known + more] = out[:more] * np.uint64(pow(base, known, 1 << 64))
        known += more
    return out


class _PowerTable:
    """Powers of the rolling hash's base and of its inverse modulo 2^64, grown on demand."""

    def __init__(self) -> None:
        self._tables = (_powers(_BASE, 512), _powers(_BASE_INVERSE, 512))

    def upto(self, count: int) -> tuple[Hashes, Hashes]:
        # both tables are read and replaced at once: another thread may grow them in between
        up, down = self._tables
        if count > len(up):
            size = 1 << count.bit_length()
            up, down = _powers(_BASE, size), _powers(_BASE_INVERSE, size)
            self._tables = (up, down)
        return up[:count], down[:count]


def _sieve_rows(keys: Hashes) -> Hashes:
    return (keys * _SIEVE_SALT) >> np.uint64(64 - _SIEVE_BITS)


@dataclass(frozen=True)
class Gazetteer:
    """Lexicon look-up for match features: hashes of the forms by length in units, with category bits.

    White space is ignored on both sides. A 64-bit hash stands for a form: what it finds is an input of the
    network, never an answer, so that a collision (one in 2^40 for 10^7 forms) is harmless.
    """

    categories: tuple[str, ...]
    hashes: Hashes
    bits: npt.NDArray[np.uint32]
    lengths: Ints
    _keys: Hashes = field(init=False, repr=False)
    _key_bits: npt.NDArray[np.uint32] = field(init=False, repr=False)
    _sieve: npt.NDArray[np.bool_] = field(init=False, repr=False)
    _sizes: Ints = field(init=False, repr=False)
    _powers: _PowerTable = field(default_factory=_PowerTable, repr=False)

    def __post_init__(self) -> None:
        keys = self.hashes + self.lengths.astype(np.uint64) * _LENGTH_SALT
        order = np.argsort(keys)
        sieve = np.zeros(1 << _SIEVE_BITS, dtype=np.bool_)
        sieve[_sieve_rows(keys)] = True
        for name, value in (
            ("_keys", keys[order]),
            ("_key_bits", self.bits[order]),
            ("_sieve", sieve),
            ("_sizes", np.unique(self.lengths)),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def build(cls, forms: Mapping[str, Iterable[str]], *, min_length: int = 2) -> Gazetteer:
        """From category -> forms; forms shorter than ``min_length`` units are left out."""
        powers = _PowerTable()
        found: dict[tuple[int, int], int] = {}
        for bit, category in enumerate(forms):
            for form in forms[category]:
                codes = fold(units_of(form)[0])
                if len(codes) < min_length:
                    continue
                up, _ = powers.upto(len(codes))
                key = int((codes.astype(np.uint64) * up).sum(dtype=np.uint64))
                found[key, len(codes)] = found.get((key, len(codes)), 0) | (1 << bit)
        keys = sorted(found)
        return cls(
            tuple(forms),
            np.array([k for k, _ in keys], dtype=np.uint64),
            np.array([found[k] for k in keys], dtype=np.uint32),
            np.array([n for _, n in keys], dtype=np.int32),
        )

    def flags(self, codes: Codes, texts: Ints | None = None) -> npt.NDArray[np.float32]:
        """Matches in folded unit codes ``(units,)`` as ``(units, 3 * categories) float32`` of 0 and 1.

        ``texts (units,)`` says which text a unit belongs to; no match runs from one into another.
        """
        total, categories = len(codes), len(self.categories)
        out = np.zeros((total, categories, FLAGS_PER_CATEGORY), dtype=np.float32)
        starts, ends, bits = self._matches(codes)
        if texts is not None:
            whole = texts[starts] == texts[ends - 1]
            starts, ends, bits = starts[whole], ends[whole], bits[whole]
        if len(starts):
            match, category = np.nonzero((bits[:, None] >> np.arange(categories, dtype=np.uint32)) & np.uint32(1))
            starts, ends = starts[match], ends[match]
            out[starts, category, 0] = 1
            out[ends - 1, category, 2] = 1
            # one more at each start, one less after each end: what is above zero is covered
            size = (total + 1) * categories
            change = np.bincount(starts * categories + category, minlength=size)
            change -= np.bincount(ends * categories + category, minlength=size)
            out[:, :, 1] = change.reshape(total + 1, categories).cumsum(0)[:total] > 0
        return out.reshape(total, categories * FLAGS_PER_CATEGORY)

    def _matches(
        self, codes: Codes
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
        """First unit, end and category bits of every lexicon form in the codes, ``(matches,)`` each."""
        total = len(codes)
        up, down = self._powers.upto(total + 1)
        sums = np.zeros(total + 1, dtype=np.uint64)
        np.cumsum(codes.astype(np.uint64) * up[:total], out=sums[1:])
        # every window of every size at once, (sizes, units), a block at a time; a sieve leaves few to look up
        sizes = self._sizes[self._sizes <= total].astype(np.int64)
        salts = sizes.astype(np.uint64)[:, None] * _LENGTH_SALT
        step = _BLOCK // max(1, len(sizes))
        found = []
        for first in range(0, total if len(sizes) else 0, step):
            last = min(first + step, total)
            ends = np.arange(first, last) + sizes[:, None]
            windows = sums[np.minimum(ends, total)]
            windows -= sums[first:last]
            windows *= down[first:last]
            windows += salts
            rows, starts = np.nonzero(self._sieve[_sieve_rows(windows)] & (ends <= total))
            found.append((starts + first, ends[rows, starts], windows[rows, starts]))
        if not found:
            nothing = np.zeros(0, dtype=np.int64)
            return nothing, nothing, np.zeros(0, dtype=np.uint32)
        starts, finishes, wanted = (np.concatenate(part) for part in zip(*found, strict=True))
        at = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        hits = self._keys[at] == wanted
        return starts[hits], finishes[hits], self._key_bits[at[hits]]
