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
_LENGTH_SALT = np.uint64(0xD6E8FEB86659FD93)
_SIEVE_SALT = np.uint64(0x9E3779B97F4A7C15)
_BASE = 0x5851F42D4C957F2D
_BASE_INVERSE = pow(_BASE, -1, 1 << 64)


def _powers(base: int, count: int) -> Hashes:
    out = np.empty(count, dtype=np.uint64)
    value = 1
    for i in range(count):
        out[i] = value
        value = value * base & 0xFFFFFFFFFFFFFFFF
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

    def flags(self, codes: Codes) -> npt.NDArray[np.float32]:
        """Matches in folded unit codes ``(units,)`` as ``(units, 3 * categories) float32`` of 0 and 1."""
        total = len(codes)
        out = np.zeros((total, len(self.categories), FLAGS_PER_CATEGORY), dtype=np.float32)
        if not total:
            return out.reshape(0, len(self.categories) * FLAGS_PER_CATEGORY)
        up, down = self._powers.upto(total + 1)
        sums = np.zeros(total + 1, dtype=np.uint64)
        np.cumsum(codes.astype(np.uint64) * up[:total], out=sums[1:])
        # every window of every size at once, (sizes, units); a sieve leaves few of them to look up
        sizes = self._sizes[self._sizes <= total]
        ends = np.arange(total)[None, :] + sizes[:, None]
        windows = (sums[np.minimum(ends, total)] - sums[:total]) * down[:total]
        windows += sizes.astype(np.uint64)[:, None] * _LENGTH_SALT
        likely = self._sieve[_sieve_rows(windows)] & (ends <= total)
        rows, starts = np.nonzero(likely)
        if not len(rows):
            return out.reshape(total, -1)
        wanted = windows[rows, starts]
        at = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        for hit in np.flatnonzero(self._keys[at] == wanted).tolist():
            start, mask = int(starts[hit]), int(self._key_bits[at[hit]])
            end = start + int(sizes[rows[hit]])
            for category in range(len(self.categories)):
                if mask >> category & 1:
                    out[start, category, 0] = 1
                    out[start:end, category, 1] = 1
                    out[end - 1, category, 2] = 1
        return out.reshape(total, -1)
