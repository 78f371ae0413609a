"""Texts over HTTP: what is answered, what is refused, and that nothing that can be sent breaks anything."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ner_engine.engine import load
from ner_engine.service.engines import Engines
from tests.fake_extractor import extract
from tests.service_parts import ask, site

JSON = {"Content-Type": "application/json"}
WAYS = ("/v1/extract", "/v1/chat", "/v1/feedback", "/kakao/skill", "/v1/models/ko-chat:reload")


def refused(answer, status, kind):
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (status, kind), answer.text
    return answer.json()


def test_one_text_and_several(tmp_path):
    texts = ["내일 강남역에서 김민수랑 파스타", "", "👨‍👩‍👧 홍대  홍대"]

    async def talk(client):
        one = (await client.post("/v1/extract", json={"text": texts[0]})).json()
        many = (await client.post("/v1/extract", json={"texts": texts})).json()
        assert one["results"] == many["results"][:1]
        assert one["model"].startswith("ko-chat@")
        for result, text in zip(many["results"], texts, strict=True):
            assert result["text"] == text
            assert result["entities"] == [entity.to_dict() for entity in extract(text)]
        least = (
            await client.post("/v1/extract", json={"text": texts[0], "labels": ["DT"], "min_score": 0})
        ).json()
        assert [e["label"] for e in least["results"][0]["entities"]] == ["DT"]

    ask(site(tmp_path).app, talk)


def test_the_clock_and_the_time_zone(tmp_path):
    async def value(client, **options):
        answer = await client.post("/v1/extract", json={"text": "내일 봐요"} | options)
        (entity,) = answer.json()["results"][0]["entities"]
        return entity["value"]["value"]

    async def talk(client):
        # half past midnight of the 24th in Seoul is still the 23rd in New York
        moment = "2026-07-24T00:30:00+09:00"
        assert await value(client, now=moment, timezone="America/New_York") == "2026-07-24"
        assert await value(client, now=moment, timezone="Pacific/Auckland") == "2026-07-25"
        naive = "2026-07-24T00:30:00"
        assert await value(client, now=naive, timezone="America/New_York") == "2026-07-25"
        for bad in ("Mars/Olympus", "../../etc/passwd", "a\x01", "America"):
            refused(await client.post("/v1/extract", json={"text": "내일", "timezone": bad}), 422, "invalid")
        for bad in ("0001-01-01T00:00:00", "9999-12-31T23:59:59Z", "gestern"):
            refused(await client.post("/v1/extract", json={"text": "내일", "now": bad}), 422, "invalid")

    ask(site(tmp_path).app, talk)


def test_masking_moments_and_explanations(tmp_path):
    async def talk(client):
        asked = {
            "text": "내일 저녁 7시 김민수 010-1234-5678",
            "mask": "numbered",
            "moments": True,
            "explain": True,
        }
        answer = await client.post(
            "/v1/extract", json=asked | {"now": "2026-07-23T17:00:00", "timezone": "Europe/Paris"}
        )
        (result,) = answer.json()["results"]
        assert result["masked"]["text"] == "내일 저녁 7시 [이름1] [전화번호1]"
        assert result["moments"][0]["value"]["value"].startswith("2026-07-24T19:00")
        assert result["explanation"]["text"] == asked["text"]
        some = await client.post("/v1/extract", json=asked | {"mask_kinds": ["phone"]})
        assert some.json()["results"][0]["masked"]["text"] == "내일 저녁 7시 김민수 [전화번호1]"
        for wrong in ({"mask": "none"}, {"mask_kinds": ["x"]}, {"mask": None, "mask_kinds": ["name"]}):
            refused(await client.post("/v1/extract", json=asked | wrong), 422, "invalid")

    ask(site(tmp_path).app, talk)


@pytest.mark.parametrize(
    ("body", "status", "kind", "where"),
    [
        (b"", 400, "malformed", ""),
        (b"{", 400, "malformed", "line 1 column 1"),
        (b'{"text": "\xff"}', 400, "malformed", ""),
        (b"[" * 100_000, 400, "malformed", ""),
        (b"[]", 422, "invalid", ""),
        (b"3", 422, "invalid", ""),
        (b"{}", 422, "invalid", "either text or texts"),
        (b'{"text": "a", "texts": ["b"]}', 422, "invalid", "either text or texts"),
        (b'{"text": 3}', 422, "invalid", "text: "),
        (b'{"texts": ["a", null]}', 422, "invalid", "texts[1]: "),
        (b'{"texts": []}', 422, "invalid", "texts: "),
        (b'{"text": "a", "txet": 1}', 422, "invalid", "txet: "),
        (b'{"text": "a\\u0000b"}', 422, "invalid", "one at character 1"),
        (
            b'{"text": "ab\\ud83d"}',
            422,
            "invalid",
            "text: expected text; got half of a surrogate pair at character 2",
        ),
        (b'{"texts": ["a", "\\udc00"]}', 422, "invalid", "texts[1]: "),
        (b'{"text": "a", "labels": "PS"}', 422, "invalid", "labels: "),
        (b'{"text": "a", "labels": ["XX"]}', 422, "invalid", "expected some of PS, LC"),
        (b'{"text": "a", "min_score": 2}', 422, "invalid", "min_score: "),
        (b'{"text": "a", "min_score": NaN}', 422, "invalid", ""),
        (b'{"text": "a", "explain": "yes"}', 422, "invalid", "explain: "),
        (b'{"text": "a", "model": "other"}', 404, "model-unknown", "expected one of ko-chat"),
        (
            ('{"text": "' + "가" * 51 + '"}').encode(),
            422,
            "text-too-long",
            "text: expected at most 50 characters; got 51",
        ),
        (('{"texts": ["a", "' + "가" * 51 + '"]}').encode(), 422, "text-too-long", "texts[1]: "),
        (json.dumps({"texts": ["a"] * 9}).encode(), 422, "too-many-texts", "at most 8; got 9"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(tmp_path, body, status, kind, where):
    async def talk(client):
        answer = await client.post("/v1/extract", content=body, headers=JSON)
        assert where in refused(answer, status, kind)["detail"]

    ask(site(tmp_path, max_text_chars=50, max_texts=8).app, talk)


def test_a_body_that_is_not_said_to_be_json_is_refused(tmp_path):
    async def talk(client):
        for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
            answer = await client.post("/v1/extract", content=b'{"text": "a"}', headers={"Content-Type": kind})
            refused(answer, 415, "media-type")
        answer = await client.post(
            "/v1/extract", content=b'{"text": "a"}', headers={"Content-Type": "Application/JSON; charset=utf-8"}
        )
        assert answer.status_code == 200

    ask(site(tmp_path).app, talk)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
bodies = st.dictionaries(
    st.sampled_from(
        ["text", "texts", "labels", "min_score", "now", "timezone", "mask", "mask_kinds", "explain", "moments",
         "model", "session", "message", "message_id", "entities", "original", "userRequest", "action", "bot"]
    ),
    anything | st.sampled_from(
        ["내일 강남역", "PS", "Asia/Seoul", "2026-01-01T00:00:00", ["내일"],
         [{"start": 0, "end": 1, "label": "PS"}], {"utterance": "안녕", "user": {"id": "a"}}]
    ),
    max_size=6,
)  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    many=st.lists(
        st.binary(max_size=40)
        | bodies.map(lambda b: json.dumps(b).encode())
        | anything.map(lambda b: json.dumps(b).encode()),
        min_size=1,
        max_size=5,
    )
)
def test_nothing_that_can_be_sent_is_an_error_of_ours(tmp_path, many):
    site_ = site(tmp_path)

    async def talk(client):
        for body in many:
            for way in WAYS:
                answer = await client.post(way, content=body, headers=JSON)
                assert answer.status_code < 500, (way, body, answer.text)
                answer.json()
                if answer.status_code >= 400:
                    assert answer.headers["content-type"] == "application/problem+json"

    ask(site_.app, talk)


def test_with_a_real_bundle_a_batch_is_answered_as_one_by_one(tmp_path, tiny_bundle):
    engine = load(tiny_bundle)
    engines = Engines([("tiny", str(tiny_bundle))], load)
    app = site(tmp_path, models=(("tiny", str(tiny_bundle)),), engines=engines).app
    texts = [
        f"{place}에서 {name} 만나요 {i}"
        for i in range(4)
        for place in ("부산", "홍대")
        for name in ("오하늘", "김민수")
    ]
    ways = [{}, {"labels": ["PS"]}, {"min_score": 0.0}, {"labels": ["LC"], "min_score": 0.5}]

    async def talk(client):
        asked = [{"text": text} | way for text in texts for way in ways]
        answers = await asyncio.gather(*(client.post("/v1/extract", json=one) for one in asked))
        assert [answer.status_code for answer in answers] == [200] * len(asked)
        for one, answer in zip(asked, answers, strict=True):
            alone = engine.extract(**one)
            found = answer.json()["results"][0]["entities"]
            assert [(e["start"], e["end"], e["label"]) for e in found] == [
                (e.start, e.end, e.label) for e in alone
            ]
            assert [e["score"] for e in found] == pytest.approx([e.score for e in alone], abs=2e-4)

    ask(app, talk)
