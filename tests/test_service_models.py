"""Models side by side, and loaded anew while they answer."""

from __future__ import annotations

import asyncio
import json
import shutil

import pytest

from ner_engine.errors import BundleError
from ner_engine.service.engines import Engines, open_engines
from ner_engine.service.problems import Refusal
from ner_engine.service.settings import Settings
from tests.service_parts import ask, site


@pytest.fixture
def bundle(tmp_path, tiny_bundle):
    """A copy that may be damaged."""
    return shutil.copytree(tiny_bundle, tmp_path / "bundle")


def renamed(bundle, name):
    manifest = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))
    (bundle / "bundle.json").write_text(json.dumps(manifest | {"name": name}), encoding="utf-8")


def test_models_are_opened_by_name(bundle):
    engines = open_engines(Settings(models=(("a", str(bundle)), ("b", str(bundle))), default_model="b"))
    assert [live.name for live in engines.all()] == ["a", "b"]
    assert engines.get() is engines.get("b")
    assert engines.get("a").version == engines.get("b").version
    assert engines.get("a").version.startswith("0.1.0/")
    with pytest.raises(Refusal):
        engines.get("c")


def test_a_model_that_cannot_be_used_is_refused_at_the_start(bundle):
    (bundle / "weights.safetensors").write_bytes(b"x")
    with pytest.raises(BundleError, match="damaged"):
        open_engines(Settings(models=(("a", str(bundle)),)))


def test_a_reload_puts_the_new_bundle_in_place_and_keeps_the_old_engine_alive(bundle):
    engines = open_engines(Settings(models=(("a", str(bundle)),)))
    before = engines.get()
    assert engines.reload("a") == (engines.get(), False)
    renamed(bundle, "second")
    live, changed = engines.reload("a")
    assert changed
    assert (live.generation, live.engine.bundle.name) == (3, "second")
    assert live.version != before.version
    assert before.engine.extract("부산에서 오하늘") == live.engine.extract("부산에서 오하늘")


@pytest.mark.parametrize("damage", ["weights", "graph", "gone", "manifest"])
def test_a_bad_bundle_leaves_the_old_one(bundle, damage):
    engines = open_engines(Settings(models=(("a", str(bundle)),)))
    before = engines.get()
    if damage == "gone":
        shutil.rmtree(bundle)
    elif damage == "manifest":
        (bundle / "bundle.json").write_text("{")
    else:
        file = next(bundle.glob(f"{damage}*"))
        file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(BundleError):
        engines.reload("a")
    assert engines.get() is before


def test_a_bundle_whose_trial_fails_is_refused():
    class Wild:
        labels = ("PS",)

        def extract(self, text):
            raise ValueError("onnx")

    with pytest.raises(BundleError, match="ValueError"):
        Engines([("a", "a")], lambda source: Wild())


def test_files_that_are_written_over_in_place_do_not_reach_an_open_engine(bundle):
    engines = open_engines(Settings(models=(("a", str(bundle)),)))
    text = "부산에서 오하늘 만나기로 했어"
    before = engines.get().engine.extract(text)
    for file in bundle.iterdir():
        file.write_bytes(b"")  # what is mapped and cut short would end the process
    assert engines.get().engine.extract(text * 50)
    assert engines.get().engine.extract(text) == before


def test_reloads_while_extracting_answer_everything(tmp_path, bundle):
    engines = open_engines(Settings(models=(("tiny", str(bundle)),)))
    app = site(tmp_path, models=(("tiny", str(bundle)),), engines=engines).app
    text = "부산에서 오하늘 만나기로 했어"

    async def talk(client):
        stop = asyncio.Event()
        answers = []

        async def extracting():
            while not stop.is_set():
                answers.append(await client.post("/v1/extract", json={"text": text}))
                await asyncio.sleep(0)  # as a socket would: a remembered text is answered without waiting

        tasks = [asyncio.create_task(extracting()) for _ in range(4)]
        first = (await client.get("/v1/models")).json()["models"][0]
        renamed(bundle, "second")
        good = await client.post("/v1/models/tiny:reload")
        assert (good.status_code, good.json()["changed"]) == (200, True)
        second = (await client.get("/v1/models")).json()["models"][0]
        (bundle / "weights.safetensors").write_bytes(b"")
        bad = await client.post("/v1/models/tiny:reload")
        assert bad.status_code == 409
        assert "damaged" in bad.json()["detail"]
        unknown = await client.post("/v1/models/other:reload")
        assert unknown.status_code == 404
        await client.post("/v1/extract", json={"text": text})
        stop.set()
        await asyncio.gather(*tasks)
        assert {answer.status_code for answer in answers} == {200}
        assert len({json.dumps(answer.json()["results"]) for answer in answers}) == 1
        used = {answer.headers["x-model"] for answer in answers}
        assert used <= {f"tiny@{first['version']}", f"tiny@{second['version']}"}
        assert f"tiny@{second['version']}" in used
        assert (await client.get("/v1/models")).json()["models"][0] == second
        assert (second["bundle"], second["generation"], second["default"]) == ("second", 2, True)

    ask(app, talk)


def test_labels_of_a_model(tmp_path):
    async def talk(client):
        found = (await client.get("/v1/labels")).json()
        assert found["labels"] == ["PS", "LC", "OG", "DT", "TI", "QT", "FOOD"]
        assert (await client.get("/v1/labels", params={"model": "b"})).json()["model"].startswith("b@")
        assert (await client.get("/v1/labels", params={"model": "c"})).status_code == 404
        answer = await client.post("/v1/extract", json={"text": "내일", "model": "b"})
        assert answer.headers["x-model"].startswith("b@")

    ask(site(tmp_path, models=(("a", "a"), ("b", "b"))).app, talk)
