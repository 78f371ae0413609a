"""What the tests of the gate share: engines that say what they are told, and verdicts of theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ner_engine.gate import GateSet, Verdict, judge
from ner_engine.spans import Entity, Sentence, Span
from tests.conftest import entities_of, marked

__all__ = ["Saying", "compare", "right", "sentences_of", "told"]


class Saying:
    """Finds in each text what it is told, as an engine does; the manifest is a file of its own."""

    def __init__(
        self, folder: Path, says: Mapping[str, Sequence[Span]], *, labels: Sequence[str], name: str = "told"
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "bundle.json").write_text(f"{sorted(says)}", encoding="utf-8")
        self.bundle: Any = SimpleNamespace(name=name, path=folder)
        self.labels = tuple(labels)
        self._says = says

    def pipe(self, texts: Sequence[str]) -> Iterator[list[Entity]]:
        for text in texts:
            yield entities_of(text, self._says.get(text, ()))


def told(*marked_texts: str) -> dict[str, tuple[Span, ...]]:
    """``<김민수:PS> 와`` -> what an engine says to ``김민수 와``."""
    return {s.text: s.entities for s in map(marked, marked_texts)}


def sentences_of(label: str, count: int) -> tuple[Sentence, ...]:
    """So many sentences with one entity each, no two alike."""
    return tuple(marked(f"{label} {i}번은 <낱말:{label}>이다") for i in range(count))


def right(sentences: Sequence[Sentence], *, but: int = 0) -> dict[str, tuple[Span, ...]]:
    """The gold of all sentences except the last ``but``, of which nothing is said."""
    return {s.text: s.entities for s in sentences[: len(sentences) - but]}


Compare = Callable[..., Verdict]


@pytest.fixture
def compare(tmp_path: Path) -> Compare:
    """Judge what two engines say to the sets."""

    def run(
        sets: Sequence[GateSet],
        old: Mapping[str, Sequence[Span]],
        new: Mapping[str, Sequence[Span]],
        *,
        labels: Sequence[str] = ("PS", "LC", "FOOD"),
        new_labels: Sequence[str] | None = None,
        **options: Any,
    ) -> Verdict:
        before = Saying(tmp_path / "old", old, labels=labels)
        after = Saying(tmp_path / "new", new, labels=labels if new_labels is None else new_labels)
        options = {"seed": 0, "resamples": 200, "old_version": "shipped", "new_version": "2", **options}
        return judge(before, after, sets, **options)  # type: ignore[arg-type]

    return run
