"""Plain text, one text a line -> its lines. ``.gz`` may be compressed; one tab-separated column where named."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TextIO, cast

from ner_engine.errors import DataError

__all__ = ["read_distinct", "read_lines"]

LEAST_VISIBLE = 4


def read_lines(path: Path, *, column: int = 0) -> Iterator[str]:
    """The lines of a text file as they stand, or their ``column`` counted from 1.

    Raises DataError for a file that is not there or no text, and for a line of fewer columns, naming it.
    """
    if not path.is_file():
        raise DataError("expected a text file, one text a line (.gz may be compressed)", path=path)
    opened = partial(gzip.open, mode="rt") if path.suffix == ".gz" else open
    with cast(TextIO, opened(path, encoding="utf-8-sig", newline="\n")) as file:
        try:
            for number, line in enumerate(file, 1):
                if not column or not line.strip():
                    yield line
                    continue
                cells = line.rstrip("\r\n").split("\t")
                if len(cells) < column:
                    found = f"expected at least {column} tab-separated columns; got {len(cells)}"
                    raise DataError(found, path=path, line=number)
                yield cells[column - 1]
        except (UnicodeDecodeError, EOFError, OSError, zlib.error) as error:
            raise DataError(f"expected UTF-8 text (gzip for .gz); {error}", path=path) from None


def read_distinct(path: Path) -> Iterator[str]:
    """The texts of a file, white space collapsed: each once, spaces aside, of four visible characters or more."""
    seen: set[bytes] = set()  # digests: the texts themselves may be more than memory holds
    for line in read_lines(path):
        words = line.split()
        bare = "".join(words)
        key = hashlib.blake2b(bare.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        if len(bare) >= LEAST_VISIBLE and key not in seen:
            seen.add(key)
            yield " ".join(words)
