"""API keys: a file of their hashes, and what each may do.

A key is ``ner_<id>_<secret>``, shown once, when it is made. The file holds one JSON object a line: id, name,
scopes, the SHA-256 of the whole key (32 random bytes need no slower hash) and when it was made. It is replaced
whole and read again when it has changed, so that a revoked key ends without a restart.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import tempfile
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ner_engine.errors import ConfigError

__all__ = ["SCOPES", "Key", "Keyring", "new_key", "read_keys", "revoke_key"]

SCOPES = ("extract", "feedback", "admin")
_LOOK_EVERY_S = 1.0
_ID = re.compile(r"[a-z0-9]{8}")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of a key."""

    id: str
    name: str
    scopes: frozenset[str]
    sha256: str
    created: str

    def to_dict(self) -> dict[str, Any]:
        """Its line in the file."""
        scopes = [scope for scope in SCOPES if scope in self.scopes]
        return {
            "id": self.id,
            "name": self.name,
            "scopes": scopes,
            "sha256": self.sha256,
            "created": self.created,
        }


def read_keys(path: str | Path) -> tuple[Key, ...]:
    """The keys of a file. Raises ConfigError, with the line, for one that is wrong or cannot be read."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"expected a readable file of keys; {error}", path=path) from None
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found.append(_key(json.loads(line)))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise ConfigError(
                f"expected a key with id, name, scopes, sha256 and created; {type(error).__name__}: {error}",
                path=path,
                line=number,
            ) from None
    if len({key.id for key in found}) < len(found):
        raise ConfigError("expected each id once", path=path)
    return tuple(found)


def _key(value: dict[str, Any]) -> Key:
    scopes = frozenset(value["scopes"])
    if not scopes <= set(SCOPES):
        raise ValueError(f"scopes: expected some of {', '.join(SCOPES)}")
    if not _ID.fullmatch(value["id"]) or not _HASH.fullmatch(value["sha256"]):
        raise ValueError("id or sha256 is none")
    return Key(value["id"], str(value["name"]), scopes, value["sha256"], str(value["created"]))


def new_key(
    path: str | Path, *, name: str, scopes: Collection[str], at: datetime | None = None
) -> tuple[str, Key]:
    """Make a key and write it down; the text of the key is returned here and nowhere else.

    Raises ConfigError for an unknown scope.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise ConfigError(f"scopes: expected some of {', '.join(SCOPES)}; got {', '.join(unknown) or 'none'}")
    before = read_keys(path) if Path(path).exists() else ()
    name_of_key = secrets.token_hex(4)
    secret = f"ner_{name_of_key}_{secrets.token_urlsafe(32)}"
    created = (at or datetime.now(UTC)).isoformat(timespec="seconds")
    key = Key(name_of_key, name, frozenset(scopes), _hash(secret), created)
    _replace(Path(path), (*before, key))
    return secret, key


def revoke_key(path: str | Path, key_id: str) -> Key:
    """Take a key out of the file. Raises ConfigError where there is none of that id."""
    keys = read_keys(path)
    gone = next((key for key in keys if key.id == key_id), None)
    if gone is None:
        raise ConfigError(
            f"no key {key_id!r}; expected one of: {', '.join(k.id for k in keys) or 'none'}", path=path
        )
    _replace(Path(path), tuple(key for key in keys if key is not gone))
    return gone


def _replace(path: Path, keys: tuple[Key, ...]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # readable by its owner alone
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(key.to_dict(), ensure_ascii=False) + "\n" for key in keys)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class Keyring:
    """The keys of a file, as it stands now."""

    def __init__(self, path: str | Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises ConfigError for a file that is wrong."""
        self._path = Path(path)
        self._clock = clock
        self._stamp = self._look()
        self.keys = read_keys(path)
        self._looked = clock()

    def find(self, secret: str) -> Key | None:
        """The key behind what a caller sent, or None. It takes as long for any key that is as for none."""
        now = self._clock()
        if now - self._looked >= _LOOK_EVERY_S:
            self._looked = now
            self._refresh()
        given, found = _hash(secret), None
        for key in self.keys:
            if hmac.compare_digest(key.sha256, given):
                found = key
        return found

    def _refresh(self) -> None:
        """Read the file again where it changed. While it is wrong or gone, no key is good."""
        stamp = self._look()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self.keys = read_keys(self._path)
        except ConfigError:
            self.keys = ()

    def _look(self) -> tuple[int, int, int]:
        try:
            status = self._path.stat()
        except OSError:
            return (-1, -1, -1)
        return (status.st_mtime_ns, status.st_size, status.st_ino)
