"""Corrected sentences over HTTP: on the disk before they are acknowledged, in the form of a corpus."""

from __future__ import annotations

import asyncio
import json

import pytest

from ner_engine.datasets.jsonl import parse
from ner_engine.feedback import open_store
from ner_engine.feedback.file import read_corrections
from ner_engine.service.keys import new_key
from tests.service_parts import ask, site

GOOD = {
    "text": "홍대에서 하늘이 만나요",
    "entities": [{"start": 5, "end": 7, "label": "PS"}, {"start": 0, "end": 2, "label": "LC"}],
}


def test_a_correction_is_a_line_of_a_corpus(tmp_path):
    site_ = site(tmp_path)
    path = tmp_path / "feedback.jsonl"

    async def talk(client):
        answer = await client.post("/v1/feedback", json=GOOD)
        assert answer.status_code == 201
        (line,) = path.read_text(encoding="utf-8").splitlines()
        kept = json.loads(line)
        assert answer.json() == {"id": kept["id"], "supersedes": ""}
        assert kept["text"] == GOOD["text"]
        assert kept["entities"] == GOOD["entities"][::-1]
        assert kept["original"] == [{"start": 0, "end": 2, "label": "LC"}]
        assert kept["source"] == "service"
        assert kept["bundle"] == answer.headers["x-model"]
        again = await client.post("/v1/feedback", json=GOOD)
        assert again.json()["id"] == kept["id"]
        other = await client.post("/v1/feedback", json=GOOD | {"entities": [], "original": []})
        assert other.json()["supersedes"] == kept["id"]
        return (await client.get("/metrics")).text

    assert "ner_engine_feedback_total 3.0" in ask(site_.app, talk)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2
    (kept,) = read_corrections(path).kept
    assert kept.entities == ()
    read = list(parse(path.read_text(encoding="utf-8").splitlines(), path=str(path)))
    assert [record.sentence.text for record in read] == [GOOD["text"]]  # what was superseded is left out


def test_corrections_at_once_are_all_kept_whole(tmp_path):
    async def talk(client):
        asked = [
            {"text": f"홍대 {i}번 출구", "entities": [{"start": 0, "end": 2, "label": "LC"}]} for i in range(40)
        ]
        answers = await asyncio.gather(*(client.post("/v1/feedback", json=one) for one in asked))
        assert {answer.status_code for answer in answers} == {201}
        return {answer.json()["id"] for answer in answers}

    ids = ask(site(tmp_path).app, talk)
    lines = [json.loads(line) for line in (tmp_path / "feedback.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {line["id"] for line in lines} == ids
    assert len(lines) == 40


def test_what_is_no_correction_is_refused(tmp_path):
    wrong = [
        {"text": ""}, {"text": "가\0"}, {"entities": None}, {"entities": [{"start": 0, "end": 2}]},
        {"entities": [{"start": 0, "end": 2, "label": "XX"}]},
        {"entities": [{"start": 2, "end": 2, "label": "LC"}]},
        {"entities": [{"start": 0, "end": 99, "label": "LC"}]},
        {"entities": [{"start": -1, "end": 2, "label": "LC"}]},
        {"entities": [{"start": 0, "end": 2, "label": "LC"}, {"start": 1, "end": 3, "label": "LC"}]},
        {"entities": [{"start": 10**30, "end": 10**31, "label": "LC"}]}, {"text": "가" * 6000},
    ]  # fmt: skip

    async def talk(client):
        for change in wrong:
            answer = await client.post("/v1/feedback", json=GOOD | change)
            assert answer.status_code == 422, (change, answer.text)

    ask(site(tmp_path).app, talk)
    assert not (tmp_path / "feedback.jsonl").exists()


def test_corrections_in_a_database(tmp_path):
    pytest.importorskip("sqlalchemy", reason="needs the store extra")
    keys, path = tmp_path / "keys.jsonl", tmp_path / "feedback.db"
    secret, _ = new_key(keys, name="가게", scopes=["feedback"])
    personal = {"text": "김하늘 010-1234-5678이에요", "entities": [{"start": 0, "end": 3, "label": "PS"}]}

    async def talk(client):
        client.headers["X-API-Key"] = secret
        first = (await client.post("/v1/feedback", json=GOOD | {"consent": True})).json()
        again = (await client.post("/v1/feedback", json=GOOD | {"consent": True})).json()
        asked = [GOOD | {"entities": [], "consent": True}, personal | {"mask": True}, personal]
        others = [(await client.post("/v1/feedback", json=one)).json() for one in asked]
        return first, again, others

    first, again, (second, *_) = ask(site(tmp_path, feedback=str(path), keys=str(keys)).app, talk)
    assert first == again == {"id": first["id"], "supersedes": ""}
    assert second["supersedes"] == first["id"]
    with open_store(path) as store:
        whole, changed, masked, plain = store.list(superseded=True)
        assert store.list() == [changed, masked, plain]
    assert (whole.text, whole.by, whole.consent, whole.status) == (GOOD["text"], "가게", True, "pending")
    assert (masked.text, masked.masked, masked.consent) == ("[이름1] [전화번호1]이에요", True, False)
    assert [(s.start, s.end, s.label) for s in masked.entities] == [(0, 5, "PS")]
    assert (plain.text, plain.masked) == (personal["text"], False)


def test_corrections_masked_by_the_settings(tmp_path):
    personal = {"text": "김하늘 010-1234-5678이에요", "entities": [{"start": 0, "end": 3, "label": "PS"}]}

    async def talk(client):
        return await client.post("/v1/feedback", json=personal)

    assert ask(site(tmp_path, feedback_mask=True).app, talk).status_code == 201
    assert "김하늘" not in (tmp_path / "feedback.jsonl").read_text(encoding="utf-8")


def test_a_store_that_comes_back_is_found_again(tmp_path):
    folder = tmp_path / "later"

    async def talk(client):
        before = await client.post("/v1/feedback", json=GOOD)
        folder.mkdir()
        return before.status_code, (await client.post("/v1/feedback", json=GOOD)).status_code

    pytest.importorskip("sqlalchemy", reason="needs the store extra")
    assert ask(site(tmp_path, feedback=str(folder / "feedback.db")).app, talk) == (503, 201)


def test_where_corrections_are_switched_off_or_cannot_be_written(tmp_path):
    async def talk(client):
        return await client.post("/v1/feedback", json=GOOD)

    off = ask(site(tmp_path, feedback="").app, talk)
    assert (off.status_code, off.json()["type"]) == (404, "urn:ner-engine:problem:off")
    nowhere = ask(site(tmp_path, feedback=str(tmp_path)).app, talk)
    assert nowhere.status_code == 503
