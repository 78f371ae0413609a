"""The registry: versions of bundles by name, given numbers, put in use, taken back, cleared away.

Every change of a name happens under a lock of its own and ends in the replacement of one small file, so that
processes at the same time, a kill, or a full disk leave a whole bundle in use.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ner_engine.bundle import (
    MANIFEST,
    bundle_names,
    find_bundle,
    flat_bundle,
    known_versions,
    load_bundle,
)
from ner_engine.errors import BundleError, RegistryError
from ner_engine.pointer import SHIPPED, Pointer, is_name, is_version, read_pointer, registry_root, split_name
from ner_engine.registry.collecting import Garbage, collect
from ner_engine.registry.files import locked, replace_file
from ner_engine.registry.record import change, known_pointer, read_history, settle
from ner_engine.registry.verdict import why_unfit
from ner_engine.registry.version import REPORTS, Version, age, read_version

__all__ = ["Registry"]

_LOCK = ".lock"
_LAST = ".last"
_DEEPEST = 100  # versions beneath the one in use that are remembered
_log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class Registry:
    """The registry at ``root`` (None: as NER_ENGINE_REGISTRY says, else ``./models``). Holds no state itself."""

    def __init__(
        self,
        root: str | Path | None = None,
        *,
        clock: Callable[[], datetime] = _now,
        lock_timeout_s: float = 30.0,
    ) -> None:
        self.root = registry_root(root).absolute()
        self._clock, self._lock_timeout_s = clock, lock_timeout_s

    # what there is

    def names(self) -> tuple[str, ...]:
        """Names with at least one version, sorted."""
        found = set(bundle_names(models=self.root))
        if self.root.is_dir():
            named = (c.name for c in self.root.iterdir() if is_name(c.name))
            found |= {name for name in named if known_versions(name, models=self.root)}
        return tuple(sorted(found))

    def versions(self, name: str) -> tuple[Version, ...]:
        """The versions of a name, the oldest first. Raises BundleError where ``current`` cannot be read."""
        in_use = self._in_use(name)
        known = known_versions(name, models=self.root)
        return tuple(self._version(name, version, current=version == in_use) for version in known)

    def current(self, name: str) -> Version:
        """The version in use. Raises BundleError where there is none."""
        in_use = self._in_use(name)
        if not in_use:
            raise BundleError(f"no version of {name!r} is in use in {self.root}; promote one of its versions")
        return self.get(name, in_use)

    def get(self, name: str, version: str) -> Version:
        """A version. Raises BundleError naming those there are."""
        return self._found(name, version, in_use=self._in_use(name))

    def resolve(self, name: str | Path) -> Path:
        """The directory that ``"name"``, ``"name@3"`` or a path stands for. Raises BundleError."""
        return find_bundle(name, models=self.root)

    def find(self, name: str | Path) -> Version | None:
        """The version that ``"name"`` or ``"name@3"`` stands for; None for what is none here, such as a path.

        Raises BundleError.
        """
        stem, version = split_name(str(name))
        if not is_name(stem) or stem not in self.names():
            return None
        return self.get(stem, version) if version else self.current(stem)

    def path(self, name: str, version: str) -> Path:
        """Where the bundle of a version lies, or is to be published."""
        if version == SHIPPED:
            return flat_bundle(name, models=self.root) or self._folder(name)
        if not is_version(version):
            raise RegistryError(f"expected a version such as 3, or {SHIPPED}; got {version!r:.40}")
        return self._folder(name) / version

    def report_folder(self, name: str, version: str) -> Path:
        """Where what the gate finds of a version is to be written."""
        return self._folder(name) / REPORTS / version

    def history(self, name: str) -> tuple[Pointer, ...]:
        """Promotions and rollbacks, the oldest first. Raises RegistryError, with the line, for a damaged file."""
        return read_history(self._folder(name))

    # what changes

    def reserve(self, name: str) -> str:
        """A number that no version of the name has or will have, and an empty folder to publish it to."""
        folder = self._folder(name)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RegistryError(f"{folder}: expected a folder to write to; got: {error.strerror}") from None
        with self._alone(name):
            taken = [1, _number(folder / _LAST), *(age(c.name) for c in folder.iterdir() if is_version(c.name))]
            version = str(max(taken) + 1)
            replace_file(folder / _LAST, f"{version}\n".encode())
            try:
                (folder / version).mkdir()
            except OSError as error:
                raise RegistryError(f"{folder / version}: expected a new folder; got: {error.strerror}") from None
        return version

    def promote(self, name: str, version: str, *, by: str, force: bool = False, reason: str = "") -> Version:
        """Put a version in use. One that is in use already stays so, and nothing is recorded.

        Raises BundleError for a bundle that is not whole, RegistryError where the gate has not passed it against
        the version in use now; ``force``, with a reason that is recorded, does without the gate.
        """
        if force and not reason.strip():
            raise RegistryError("expected a reason with force: it is recorded; got none")
        folder = self._folder(name)
        with self._alone(name):
            settle(folder)
            pointer = read_pointer(folder)
            found = self.get(name, version)
            load_bundle(found.path)
            if found.current:
                return found
            in_use = self._in_use(name)
            unfit = why_unfit(found, self._version(name, in_use, current=True), folder) if in_use else ""
            if unfit and not force:
                raise RegistryError(unfit)
            beneath = (SHIPPED,) if pointer is None and in_use else (() if pointer is None else pointer.before)
            beneath = (*beneath, *([in_use] if pointer is not None else []))
            made = Pointer(
                version=version,
                by=by,
                reason=reason,
                forced=bool(unfit),
                previous=in_use,
                digest=found.digest,
                before=tuple(one for one in beneath if one != version)[-_DEEPEST:],
            )
            self._change(name, made, pointer)
        _log.info("promoted", extra={"model": found.tag, "forced": made.forced})
        return replace(found, current=True)

    def rollback(self, name: str, *, to: str | None = None, by: str, reason: str = "") -> Version:
        """Go back to the version before the one in use, or to one further beneath; what lies above is let go of.

        Without ``to``, versions that are gone or damaged are passed over; where ``current`` itself cannot be
        read, the last version that the history knows is put back. Raises RegistryError where there is none.
        """
        folder = self._folder(name)
        with self._alone(name):
            pointer, readable = known_pointer(folder)
            if readable:
                settle(folder)
            beneath = () if pointer is None else pointer.before
            if not readable:
                shipped = () if flat_bundle(name, models=self.root) is None else (SHIPPED,)
                beneath = shipped if pointer is None else (*beneath, pointer.version)
            if to is not None and to not in beneath:
                known = ", ".join(beneath) or "none"
                raise RegistryError(f"{name}: expected a version that was in use before: {known}; got {to!r:.40}")
            whole = self._last_whole(name, beneath if to is None else (to,))
            made = Pointer(
                version=whole.version,
                action="rollback",
                by=by,
                reason=reason,
                previous="" if pointer is None else pointer.version,
                digest=whole.digest,
                before=beneath[: beneath.index(whole.version)],
            )
            self._change(name, made, pointer)
        _log.info("rolled back", extra={"model": whole.tag})
        return replace(whole, current=True)

    def gc(self, name: str, *, keep: int = 3, dry_run: bool = False) -> tuple[Garbage, ...]:
        """Remove versions nobody needs, and what was left half written; tell of every version what became of it.

        Kept are the version in use and its parent, the ``keep`` versions beneath it, those made since that the
        gate has not refused, the newest, and those somebody holds (``ner_engine.registry.hold``).
        """
        if keep < 0:
            raise RegistryError(f"expected 0 or more versions to keep; got {keep}")
        with self._alone(name):
            settle(self._folder(name))
            pointer = read_pointer(self._folder(name))
            beneath = () if pointer is None else pointer.before
            return collect(
                self._folder(name),
                self.versions(name),
                beneath=beneath[-keep:] if keep else (),
                since=None if pointer is None else _moment(pointer.at),
                dry_run=dry_run,
            )

    # parts

    def _folder(self, name: str) -> Path:
        return self.root / self._named(name)

    def _named(self, name: str) -> str:
        if not is_name(name):
            raise RegistryError(f"expected the name of a bundle, without a version or a path; got {name!r:.60}")
        return name

    def _alone(self, name: str) -> AbstractContextManager[None]:
        folder = self._folder(name)
        if not folder.is_dir():
            raise BundleError(f"{folder}: expected a folder with versions of {name}; there is none")
        return locked(folder / _LOCK, timeout_s=self._lock_timeout_s)

    def _in_use(self, name: str) -> str:
        pointer = read_pointer(self._folder(name))
        if pointer is not None:
            return pointer.version
        return "" if flat_bundle(name, models=self.root) is None else SHIPPED

    def _version(self, name: str, version: str, *, current: bool) -> Version:
        return read_version(self._folder(name), version, self.path(name, version), current=current)

    def _found(self, name: str, version: str, *, in_use: str) -> Version:
        if not (self.path(name, version) / MANIFEST).is_file():
            there = ", ".join(known_versions(name, models=self.root)) or "none"
            raise BundleError(f"no version {version} of {name!r} in {self.root}: expected one of: {there}")
        return self._version(name, version, current=version == in_use)

    def _last_whole(self, name: str, versions: tuple[str, ...]) -> Version:
        problems = []
        for version in reversed(versions):
            try:
                found = self._found(name, version, in_use="")
                load_bundle(found.path)
            except BundleError as error:
                _log.warning("passed over: %s", error)
                problems.append(str(error))
            else:
                return found
        raise RegistryError(problems[0] if problems else f"{name}: no version was in use before")

    def _change(self, name: str, made: Pointer, before: Pointer | None) -> None:
        """Number a record after all there were, date it, and make it what is in use."""
        number = max([0 if before is None else before.number, *(one.number for one in self._known(name))]) + 1
        at = self._clock().isoformat(timespec="seconds")
        change(self._folder(name), replace(made, number=number, at=at))

    def _known(self, name: str) -> tuple[Pointer, ...]:
        try:
            return self.history(name)
        except (RegistryError, BundleError):
            return ()


def _moment(written: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _number(path: Path) -> int:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError:
        return 0
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 10 else 0
