"""The models that answer, by name, each of which can be replaced while it is in use.

A reload opens the new bundle beside the old one (which checks its files against their SHA-256), tries it, and
puts it in place by one assignment. Where any of that fails the old one stays. A request ends with the engine it
began with.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from ner_engine.bundle import MANIFEST, find_bundle, load_bundle
from ner_engine.engine import Engine, load
from ner_engine.errors import BundleError, NerEngineError
from ner_engine.registry import Hold, hold
from ner_engine.rules import read_rules
from ner_engine.service.problems import Refusal
from ner_engine.service.settings import Settings

__all__ = ["Engines", "Live", "open_engines"]

_TRIAL = "내일 저녁 7시에 강남역에서 김민수랑 파스타 먹자"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Live:
    """A model in use. ``version`` is that of the bundle in its registry, else of the package it was made with,
    and the beginning of the SHA-256 of its manifest; ``generation`` counts how often the name was loaded here."""

    name: str
    engine: Engine
    version: str
    generation: int
    loaded_at: datetime
    held: Hold | None = None  # keeps the version from being cleared away

    @property
    def tag(self) -> str:
        """``ko-chat@3/1f3a9c02``, as it stands in answers."""
        return f"{self.name}@{self.version}"

    @property
    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """What says in an answer which model gave it."""
        return (b"x-model", self.tag.encode()), (b"x-model-generation", b"%d" % self.generation)


class Engines:
    """Live models by name. Thread-safe."""

    def __init__(
        self,
        sources: Sequence[tuple[str, str]],
        open_engine: Callable[[str], Engine],
        *,
        default: str = "",
        observe: Callable[[Live, Live | None], None] | None = None,
        find: Callable[[str], Path] | None = None,
    ) -> None:
        """Opens every source, a pair of a name and a bundle, which ``find`` finds. Raises BundleError for one
        that cannot be used."""
        self._sources: Mapping[str, str] = dict(sources)
        self._open = open_engine
        self._find = find
        self.default = default or sources[0][0]
        self.observe = observe
        self._one_at_a_time = threading.Lock()
        self._live = {name: self._opened(name, 1) for name in self._sources}

    def get(self, name: str | None = None) -> Live:
        """The model of a name, or the default one. Raises Refusal for an unknown name."""
        live = self._live.get(self.default if name is None else name)
        if live is None:
            raise Refusal("model-unknown", f"model: expected one of {', '.join(self._live)}; got {name!a:.80}")
        return live

    def all(self) -> list[Live]:
        """Every model, in the order of the settings."""
        return list(self._live.values())

    def prepare(self, name: str, *, source: str | None = None) -> Live:
        """The bundle of a name as it is on the disk now, tried and ready beside the one in use.

        ``source`` is the bundle to open; without it, what the settings name. Raises Refusal for an unknown name,
        NerEngineError where it cannot be used.
        """
        before = self.get(name)
        with self._one_at_a_time:
            try:
                try:
                    return self._opened(name, before.generation + 1, source)
                except BundleError:  # somebody may just have put the bundle there: once more, with all of it
                    return self._opened(name, before.generation + 1, source)
            except NerEngineError as error:
                _log.error("reload refused", extra={"model": name, "why": str(error)})
                raise

    def swap(self, live: Live) -> tuple[Live, bool]:
        """Put what ``prepare`` gave in the place of the old one; whether it is another."""
        with self._one_at_a_time:
            before = self._live[live.name]
            live = replace(live, generation=before.generation + 1)
            self._live = self._live | {live.name: live}
        if self.observe is not None:
            self.observe(live, before)
        _log.info("reloaded", extra={"model": live.tag, "generation": live.generation})
        return live, live.version != before.version

    def reload(self, name: str) -> tuple[Live, bool]:
        """Put the bundle as it is on the disk now in the place of the old one; whether it is another.

        Raises Refusal for an unknown name, NerEngineError where the new one cannot be used: the old one stays.
        """
        return self.swap(self.prepare(name))

    def _opened(self, name: str, generation: int, source: str | None = None) -> Live:
        source = source or self._sources[name]
        held = None
        try:
            if self._find is not None:
                path = self._find(source)
                held, source = hold(path), str(path)
            engine = self._open(source)
            for entity in engine.extract(_TRIAL):
                if entity.label not in engine.labels or _TRIAL[entity.start : entity.end] != entity.text:
                    raise BundleError("the trial extraction gave an entity that does not fit its text")
        except NerEngineError:
            raise
        except Exception as error:  # whatever a damaged graph or vocabulary makes of itself
            raise BundleError(f"{source}: the bundle cannot be used; {type(error).__name__}: {error}") from error
        return Live(name, engine, _in_a_header(engine.bundle.state), generation, datetime.now(UTC), held)


def open_engines(settings: Settings) -> Engines:
    """The models of the settings, each with their rules. Raises BundleError, ConfigError, DataError."""

    def open_engine(source: str) -> Engine:
        rules = read_rules(*settings.rules) if settings.rules else True
        with _copied(source) as copy:
            return load(
                copy,
                rules=rules,
                threads=settings.threads,
                timezone=settings.timezone,
                recall=settings.recall,
            )

    find = partial(find_bundle, models=settings.registry or None)
    return Engines(settings.models, open_engine, default=settings.default, find=find)


@contextmanager
def _copied(source: str) -> Iterator[Path]:
    """A bundle's files where nobody writes to them, for as long as it takes to open them.

    The weights of an open engine stay mapped to their file: were somebody to write over that in place, answers
    would change or the process end. A mapped file that has no name any more cannot be written to.
    """
    bundle = load_bundle(source)
    with tempfile.TemporaryDirectory(prefix="ner-engine-") as folder:
        for name in (MANIFEST, *bundle.manifest["files"]):
            shutil.copyfile(bundle.path / name, Path(folder) / name)
        yield Path(folder)


def _in_a_header(version: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() and c != " " else "-" for c in version)[:80]
