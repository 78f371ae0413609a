"""What the tests of retraining share: the tiny bundle in a registry, names it does not know, a test set."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from ner_engine.spans import Sentence
from tests.conftest import marked, write_tiny

NEW_NAMES = ("도하람", "육솔아", "빈가온", "탁이레", "모하늬", "견우진")
ADD_FRAMES = ("<{n}:PS>한테 말해 줘", "<강남역:LC>에서 <{n}:PS> 봤어", "<{n}:PS> 어디 갔어", "오늘 <{n}:PS> 와?")
TEST = (
    "<김민수:PS>한테 전화했어",
    "<부산:LC> 가는 길",
    "<한소희:PS> 만나기로 했어",
    "그냥 집에 있을래",
    "<홍대:LC>에서 봐",
)

# a retraining of the tiny bundle in a second or two
QUICK = (
    "replay.generate=0",
    "rows.rare_only=false",
    "training.threads=1",
    "training.epochs=4",
    "training.batch_units=256",
    "training.learning_rate=0.02",
    "training.table_learning_rate=0.02",
    "training.ema=0.5",
    "training.noise=0.0",
    "blend.steps=[1.0]",
    "gate.resamples=20",
)


def write_jsonl(path: Path, sentences: Iterable[Sentence]) -> Path:
    """Sentences as a corpus file."""
    rows = (
        {"text": s.text, "entities": [{"start": e.start, "end": e.end, "label": e.label} for e in s.entities]}
        for s in sentences
    )
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def additions(names: Sequence[str] = NEW_NAMES, frames: Sequence[str] = ADD_FRAMES) -> list[Sentence]:
    """Sentences about people whom the tiny bundle does not know."""
    return [marked(frame.format(n=name)) for name in names for frame in frames]


def write_home(folder: Path, bundle: Path) -> Path:
    """A folder with the tiny bundle's data, a registry ``models``, ``add.jsonl`` and ``test.jsonl``."""
    folder.mkdir(parents=True, exist_ok=True)
    write_tiny(folder)
    write_jsonl(folder / "add.jsonl", additions())
    write_jsonl(folder / "test.jsonl", [marked(text) for text in TEST])
    shutil.copytree(bundle, folder / "models" / "tiny")
    return folder
