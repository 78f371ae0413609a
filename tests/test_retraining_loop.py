"""The whole loop, as the README tells it: a phrase that the model misses is corrected at the console and through
the service, approved, trained on, judged and promoted; the service answers with it, and nothing else is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")
pytest.importorskip("sqlalchemy", reason="needs the store extra")
pytest.importorskip("fastapi", reason="needs the service extra")

from tests.conftest import marked
from tests.retrain_parts import ADD_FRAMES, NEW_NAMES, QUICK, TEST, write_home
from tests.test_service_serving import Running

ROOT = Path(__file__).resolve().parents[1]
MISSED = "이따가 도하람한테 말해 줘"
OTHERS = [f"{frame.replace('{n}', name)}" for name in NEW_NAMES[1:] for frame in ADD_FRAMES]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the service's workers are looked at in /proc")


def command(home: Path, *words: str, typed: str = "") -> str:
    """What ``ner-engine`` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "ner_engine", *words],
        cwd=home, input=typed, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NER_ENGINE_BY": "서연"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def found(service: Running, text: str) -> tuple[str, list[tuple[str, str]]]:
    """The version that answers, and the entities."""
    status, headers, body = service.ask(body=json.dumps({"text": text}).encode())
    assert status == 200, body
    entities = json.loads(body)["results"][0]["entities"]
    return headers["x-model"].partition("@")[2].partition("/")[0], [(e["text"], e["label"]) for e in entities]


def test_what_is_missed_is_corrected_approved_trained_promoted_and_then_found(tmp_path, tiny_bundle):
    home = write_home(tmp_path / "home", tiny_bundle)
    service = Running(home, "--model", "tiny")
    try:
        name = ("도하람", "PS")
        version, before = found(service, MISSED)
        assert name not in before
        gold = [marked(text) for text in TEST]
        right_before = [s for s in gold if found(service, s.text)[1] == spans(s)]
        assert right_before

        # somebody corrects it at the console, wherever it comes up ...
        typed = []
        for text in (MISSED, *(marked(frame.format(n="도하람")).text for frame in ADD_FRAMES)):
            removed = [f"/fix {number} -" for number in range(len(found(service, text)[1]), 0, -1)]
            place = ["/fix + 강남역 LC"] if "강남역" in text else []
            typed += [text, *removed, "/fix + 도하람 PS", *place, "/fix save"]
        said = command(home, "chat", "-b", "tiny", "--plain", "--consent", typed="\n".join([*typed, "/quit", ""]))
        assert said.count("저장했어요") == 1 + len(ADD_FRAMES)
        # ... others on the service's page
        for sentence in map(marked, OTHERS):
            correction = {
                "text": sentence.text,
                "entities": [{"start": e.start, "end": e.end, "label": e.label} for e in sentence.entities],
            }
            status, _, body = service.ask(path="/v1/feedback", body=json.dumps(correction).encode())
            assert status == 201, body

        # all of it waits in one place until somebody approves it
        assert command(home, "feedback", "export") == ""
        listed = [json.loads(line) for line in command(home, "feedback", "list", "--json").splitlines()]
        assert len(listed) == 1 + len(ADD_FRAMES) + len(OTHERS)
        assert {one["source"] for one in listed} == {"console", "service"}
        command(home, "feedback", "approve", "--all")
        command(home, "feedback", "export", "-o", "approved.jsonl")

        settings = [word for setting in (*QUICK, "training.epochs=8") for word in ("--set", setting)]
        files = ("--add", "approved.jsonl", "--test", "test.jsonl")
        command(home, "retrain", "tiny", *files, "--promote", *settings)
        report = json.loads((home / "models/tiny/reports/2/metrics.json").read_text(encoding="utf-8"))
        assert report["passed"] is True
        assert (home / "models/tiny/reports/2/report.html").exists()

        # the service takes it up by itself
        end = time.monotonic() + 20
        while found(service, MISSED)[0] == version:
            assert time.monotonic() < end
            time.sleep(0.05)
        after, entities = found(service, MISSED)
        assert after == "2"
        assert name in entities
        assert [s for s in right_before if found(service, s.text)[1] != spans(s)] == []
        assert "서연" in command(home, "models", "history", "tiny")

        # and back again, should somebody think better of it
        command(home, "models", "rollback", "tiny")
        end = time.monotonic() + 20
        while found(service, MISSED)[0] == "2":
            assert time.monotonic() < end
            time.sleep(0.05)
        assert found(service, MISSED) == (version, before)
    finally:
        assert service.stop() == 0


def spans(sentence) -> list[tuple[str, str]]:
    return [(sentence.surface(span), span.label) for span in sentence.entities]
