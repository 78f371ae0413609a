"""Bytes of a corpus file -> text and lines, and text -> a file, whole or not at all.

Nothing but a byte order mark and the CR of a CRLF is taken away, so offsets hold.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ner_engine.errors import DataError

__all__ = ["decode", "read_file", "split_lines", "write_atomically"]

_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_file(path: Path) -> bytes:
    """The bytes of a file. Raises DataError where there is none to read."""
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or error.__class__.__name__
        raise DataError(f"expected a readable corpus file; got: {reason}", path=path) from error


def decode(data: bytes, *, path: str, encoding: str | None = None) -> str:
    """Bytes as text: UTF-8 with or without a byte order mark, UTF-16 with one, or the encoding named.

    Nothing is guessed: bytes of CP949 often pass for some other encoding, and the text would be damaged.
    """
    if encoding is None:
        encoding = "utf-16" if data.startswith(_WIDE_MARKS) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        name = "UTF-8" if encoding == "utf-8-sig" else encoding
        hint = "; if the file is CP949 (EUC-KR), name that encoding" if encoding == "utf-8-sig" else ""
        raise DataError(
            f"expected {name}; got the byte 0x{data[error.start]:02x}{hint}", path=path, line=line
        ) from error
    except LookupError as error:
        raise DataError(f"encoding: expected one Python knows; got {encoding!r}", path=path) from error


def split_lines(text: str) -> list[str]:
    """Lines without their LF or CRLF. Other characters that may break lines (U+2028, NEL, ...) stay text."""
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines


def write_atomically(path: str | Path, parts: Iterable[str]) -> None:
    """Write text to a file through a temporary one beside it: on any failure the old file stays."""
    target = Path(os.path.realpath(path))  # through a link, to the file itself
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if target.exists() and not target.is_file():
            raise DataError("expected a file to write; got a folder or a device", path=path)
        with aside.open("w", encoding="utf-8", newline="") as out:
            out.writelines(parts)
            out.flush()
            os.fsync(out.fileno())
        aside.replace(target)
    except OSError as error:
        reason = error.strerror or error.__class__.__name__
        raise DataError(f"expected a place to write to; got: {reason}", path=path) from error
    except UnicodeEncodeError as error:
        raise DataError(
            f"expected text; got the lone surrogate U+{ord(error.object[error.start]):04X}", path=path
        ) from error
    finally:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
