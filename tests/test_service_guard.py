"""What every request passes: keys, origins, rates, sizes, times, headers, log and metrics."""

from __future__ import annotations

import asyncio
import hmac
import json

import pytest

from ner_engine.errors import ConfigError
from ner_engine.service import keys as keys_module
from ner_engine.service.deadlines import Deadlines
from ner_engine.service.keys import Keyring, new_key, read_keys, revoke_key
from ner_engine.service.logs import JsonLines
from ner_engine.service.policies import policy_of
from ner_engine.service.rates import Rates, neighbourhood
from tests.service_parts import ask, site

TEXT = {"text": "내일 강남역에서 김민수랑 만나요"}
PROBLEM = "application/problem+json"


def problem(answer, status, kind):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    found = answer.json()
    assert found["type"] == f"urn:ner-engine:problem:{kind}"
    assert found["status"] == status
    assert found["request_id"] == answer.headers["x-request-id"]
    return found


# keys


@pytest.fixture
def keyed(tmp_path):
    path = tmp_path / "keys.jsonl"
    made = {scope: new_key(path, name=scope, scopes=[scope])[0] for scope in ("extract", "feedback", "admin")}
    return path, made


def test_a_key_is_kept_as_a_hash_and_can_be_revoked(keyed):
    path, made = keyed
    assert all(secret not in path.read_text() for secret in made.values())
    assert path.stat().st_mode & 0o077 == 0
    ring = Keyring(path)
    assert {scope: ring.find(secret).scopes for scope, secret in made.items()} == {
        scope: frozenset({scope}) for scope in made
    }
    assert ring.find(made["admin"] + "x") is None
    assert ring.find("\ud800") is None
    gone = revoke_key(path, ring.find(made["admin"]).id)
    assert gone.name == "admin"
    assert len(read_keys(path)) == 2
    with pytest.raises(ConfigError, match="no key"):
        revoke_key(path, gone.id)
    with pytest.raises(ConfigError, match="scopes"):
        new_key(path, name="x", scopes=["all"])


def test_a_revoked_key_ends_within_a_second_and_a_broken_file_opens_nothing(keyed):
    path, made = keyed
    now = [0.0]
    ring = Keyring(path, clock=lambda: now[0])
    revoke_key(path, ring.find(made["admin"]).id)
    assert ring.find(made["admin"])
    now[0] = 1.1
    assert ring.find(made["admin"]) is None
    assert ring.find(made["extract"])
    path.write_text("{\n")
    now[0] = 2.2
    assert ring.find(made["extract"]) is None
    with pytest.raises(ConfigError, match=r"keys\.jsonl:1"):
        Keyring(path)


def test_keys_are_compared_in_constant_time_and_all_of_them(keyed, monkeypatch):
    path, made = keyed
    compared, honest = [], hmac.compare_digest

    def compare(a, b):
        compared.append((a, b))
        return honest(a, b)

    monkeypatch.setattr(keys_module.hmac, "compare_digest", compare)
    ring = Keyring(path)
    for secret in (made["extract"], made["admin"], "ner_none"):
        compared.clear()
        ring.find(secret)
        assert [kept for kept, _ in compared] == [key.sha256 for key in read_keys(path)]


def test_keys_and_scopes_open_what_they_are_for(tmp_path, keyed):
    path, made = keyed
    wanted = {
        ("POST", "/v1/extract"): "extract", ("POST", "/v1/chat"): "extract", ("GET", "/v1/models"): "extract",
        ("GET", "/v1/labels"): "extract", ("POST", "/kakao/skill"): "extract",
        ("POST", "/v1/feedback"): "feedback", ("POST", "/v1/models/ko-chat:reload"): "admin",
        ("GET", "/metrics"): "admin", ("GET", "/nothing"): "admin",
    }  # fmt: skip
    site_ = site(tmp_path, keys=str(path))

    async def talk(client):
        for (method, way), scope in wanted.items():
            bare = problem(await client.request(method, way), 401, "key-missing")
            assert "Bearer" in bare["detail"]
            wrong = await client.request(method, way, headers={"Authorization": "Bearer ner_x"})
            problem(wrong, 401, "key-unknown")
            assert wrong.headers["www-authenticate"].startswith("Bearer")
            for other, secret in made.items():
                answer = await client.request(method, way, headers={"X-API-Key": secret})
                if other == scope:
                    assert answer.status_code not in (401, 403)
                else:
                    problem(answer, 403, "key-scope")
        good = {"Authorization": f"Bearer {made['extract']}"}
        assert (await client.post("/v1/extract", json=TEXT, headers=good)).status_code == 200
        for open_way in ("/healthz", "/readyz", "/", "/docs", "/openapi.json"):
            assert (await client.get(open_way)).status_code == 200

    ask(site_.app, talk)
    logged = site_.written.getvalue()
    assert read_keys(path)[0].id in logged
    assert not any(secret in logged for secret in made.values())


def test_a_path_that_nobody_thought_of_is_closed():
    assert policy_of("/v1/secret").scope == "admin"
    assert policy_of("/v1/extract/").scope == "admin"


# origins


def test_pages_of_other_sites_may_change_nothing(tmp_path):
    async def talk(client):
        foreign = {"Origin": "https://evil.example"}
        for way in ("/v1/feedback", "/v1/extract", "/v1/models/ko-chat:reload"):
            problem(await client.post(way, headers=foreign), 403, "origin")
            problem(await client.post(way, headers={"Origin": "null"}), 403, "origin")
        problem(await client.post("/v1/extract", json=TEXT, headers={"Origin": "http://["}), 403, "origin")
        own = await client.post("/v1/extract", json=TEXT, headers={"Origin": "http://service"})
        assert own.status_code == 200
        asked = await client.options("/v1/extract", headers=foreign | {"Access-Control-Request-Method": "POST"})
        assert asked.status_code >= 400
        read = await client.get("/v1/models", headers=foreign)
        assert not any(name.startswith("access-control") for name in {*asked.headers, *read.headers})

    ask(site(tmp_path).app, talk)


def test_a_site_that_was_named_may(tmp_path):
    async def talk(client):
        shop = {"Origin": "https://shop.example"}
        asked = await client.options("/v1/extract", headers=shop | {"Access-Control-Request-Method": "POST"})
        assert asked.headers["access-control-allow-origin"] == "https://shop.example"
        answer = await client.post("/v1/extract", json=TEXT, headers=shop)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, shop["Origin"])
        other = await client.post("/v1/extract", json=TEXT, headers={"Origin": "https://evil.example"})
        problem(other, 403, "origin")

    ask(site(tmp_path, cors_origins=("https://shop.example",)).app, talk)


# rates, places, sizes, times


def test_a_bucket_fills_again():
    rates = Rates(2.0, 3)
    assert [rates.wait("a", 0.0) for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert rates.wait("b", 0.0) == 0.0
    assert rates.wait("a", 0.25) == pytest.approx(0.25)
    assert [rates.wait("a", 0.5), rates.wait("a", 0.5)] == [0.0, 0.5]
    assert rates.wait("a", -5.0) > 0  # a clock that goes back gives nothing away
    few = Rates(1.0, 1, clients=2)
    for client in "abcde":
        few.wait(client, 0.0)
    assert len(few._buckets) == 2
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff") != neighbourhood("2001:db9::1")
    assert neighbourhood("10.0.0.1") == "10.0.0.1"
    assert neighbourhood("no:address") == "no:address"


def test_who_comes_too_often_is_told_when_to_come_again(tmp_path):
    async def talk(client):
        answers = [await client.post("/v1/extract", json=TEXT) for _ in range(4)]
        assert [a.status_code for a in answers] == [200, 200, 429, 429]
        problem(answers[2], 429, "rate")
        assert 1 <= int(answers[2].headers["retry-after"]) <= 10
        assert (await client.get("/healthz")).status_code == 200

    ask(site(tmp_path, rate_per_s=0.1, rate_burst=2).app, talk)


def test_no_more_requests_are_at_work_than_there_is_room(tmp_path):
    site_ = site(tmp_path, max_concurrent=4)

    async def talk(client):
        site_.engine.gate.clear()
        tasks = [asyncio.create_task(client.post("/v1/extract", json=TEXT)) for _ in range(10)]
        done, pending = await asyncio.wait(tasks, timeout=1)
        assert (len(done), len(pending)) == (6, 4)
        for answer in (task.result() for task in done):
            problem(answer, 429, "busy")
            assert answer.headers["retry-after"] == "1"
        assert (await client.get("/healthz")).status_code == 200
        site_.engine.gate.set()
        assert [(await task).status_code for task in pending] == [200] * 4
        assert (await client.post("/v1/extract", json=TEXT)).status_code == 200

    ask(site_.app, talk)
    assert site_.app.state.service.load.active == 0


def test_an_answer_that_takes_too_long_is_given_up(tmp_path):
    site_ = site(tmp_path, request_timeout_s=0.2)

    async def talk(client):
        site_.engine.gate.clear()
        slow = await client.post("/v1/extract", json=TEXT)
        site_.engine.gate.set()
        problem(slow, 408, "slow-answer")
        assert (await client.post("/v1/extract", json=TEXT)).status_code == 200

    ask(site_.app, talk)
    assert site_.app.state.service.load.active == 0


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_that_is_too_large_is_refused(tmp_path, declared):
    async def talk(client):
        body = json.dumps({"text": "😀" * 700}).encode()

        async def parts():
            for at in range(0, len(body), 100):
                yield body[at : at + 100]

        headers = {"Content-Type": "application/json"}
        answer = await client.post("/v1/extract", content=body if declared else parts(), headers=headers)
        problem(answer, 413, "body-too-large")
        assert "1000 bytes" in answer.json()["detail"]
        huge = await client.post("/v1/extract", content=b"{}", headers=headers | {"Content-Length": "9" * 30})
        problem(huge, 413, "body-too-large")

    site_ = site(tmp_path, max_body_bytes=1000)
    ask(site_.app, talk)
    assert site_.app.state.service.load.buffered == 0


def test_a_body_that_does_not_come_is_given_up_and_many_that_come_are_bounded(tmp_path):
    site_ = site(tmp_path, read_timeout_s=0.2, max_buffered_bytes=150)

    async def talk(client):
        async def slowly():
            yield b'{"text": '
            await asyncio.sleep(2)
            yield b'"a"}'

        async def in_parts():
            for _ in range(2):
                yield b" " * 100
            yield b"{}"

        headers = {"Content-Type": "application/json"}
        slow = asyncio.create_task(client.post("/v1/extract", content=slowly(), headers=headers))
        await asyncio.sleep(0.02)
        problem(await client.post("/v1/extract", content=in_parts(), headers=headers), 429, "busy")
        problem(await slow, 408, "slow-body")

    ask(site_.app, talk)
    assert site_.app.state.service.load.buffered == 0


def test_deadlines_tell_their_own_end_from_another_s():
    async def run():
        deadlines = Deadlines()

        async def block(seconds):
            async with deadlines.within(seconds):
                await asyncio.sleep(1)

        with pytest.raises(TimeoutError):
            await block(0.02)
        await block(5)
        task = asyncio.create_task(block(5))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        async def nested():
            async with deadlines.within(5), deadlines.within(0.02):
                await asyncio.sleep(5)

        with pytest.raises(TimeoutError):
            await nested()
        assert not deadlines._due

    asyncio.run(run())


# answers


def test_every_answer_has_its_headers_and_id(tmp_path):
    async def talk(client):
        given = {"X-Request-ID": "order-17.a_b"}
        answers = [
            await client.post("/v1/extract", json=TEXT, headers=given),
            await client.get("/healthz", headers=given),
            await client.get("/nothing", headers=given),
            await client.delete("/v1/extract", headers=given),
        ]
        for answer in answers:
            assert answer.headers["x-request-id"] == "order-17.a_b"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["cache-control"] == "no-store"
        assert answers[0].headers["x-model"].startswith("ko-chat@0.1.0/")
        assert answers[0].headers["x-model-generation"] == "1"
        problem(answers[2], 404, "not-found")
        problem(answers[3], 405, "method")
        page = await client.get("/")
        policy = page.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        made = {(await client.get("/healthz", headers={"X-Request-ID": bad})).headers["x-request-id"]
                for bad in ("a b", "x" * 65, 'a"b')}  # fmt: skip
        assert len(made) == 3
        assert all(len(one) == 16 for one in made)

    ask(site(tmp_path).app, talk)


def test_an_error_of_ours_tells_the_caller_nothing_and_the_log_no_text(tmp_path, caplog):
    site_ = site(tmp_path)

    async def talk(client):
        answer = await client.post("/v1/extract", json={"text": "고장 났어요"})
        found = problem(answer, 500, "failed")
        assert "고장" not in answer.text
        assert (await client.post("/v1/extract", json=TEXT)).status_code == 200
        return found["request_id"]

    request_id = ask(site_.app, talk)
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.request_id == request_id
    line = JsonLines().format(record)
    assert json.loads(line)["error"] == "RuntimeError"
    assert any("service_parts.py" in frame for frame in json.loads(line)["frames"])
    assert "고장" not in json.loads(line).__repr__()


def test_the_log_has_a_line_a_request_and_no_texts(tmp_path):
    site_ = site(tmp_path)

    async def talk(client):
        await client.post("/v1/extract", json={"texts": ["김민수 010-1234-5678", "홍대"]})
        await client.post("/v1/chat", json={"session": "손님", "message": "김민수예요"})
        await client.get("/v1/labels?model=김민수")

    ask(site_.app, talk)
    first, second, third = site_.lines()
    assert first.pop("ms") >= 0
    assert first.pop("time").endswith("+00:00")
    assert len(first.pop("request_id")) == 16
    assert first.pop("model").startswith("ko-chat@")
    assert first.pop("bytes") > 100
    assert first == {
        "level": "info", "message": "request", "method": "POST", "path": "/v1/extract", "status": 200,
        "client": "127.0.0.1", "texts": 2,
    }  # fmt: skip
    assert (second["path"], second["texts"]) == ("/v1/chat", 1)
    assert (third["path"], third["status"]) == ("/v1/labels", 404)
    written = site_.written.getvalue()
    for word in ("김민수", "010", "홍대", "손님"):
        assert word not in written
        assert json.dumps(word) not in written
        assert json.dumps(word).strip('"') not in written


def test_texts_are_logged_masked_where_that_was_asked_for(tmp_path):
    site_ = site(tmp_path, log_texts=True)

    async def talk(client):
        await client.post("/v1/extract", json={"text": "김민수 010-1234-5678 홍대", "labels": ["DT"]})
        await client.post("/v1/chat", json={"session": "a", "message": "최유진이에요"})

    ask(site_.app, talk)
    first, second = site_.lines()
    assert first["masked"] == ["[이름] [전화번호] 홍대"]
    assert second["masked"] == ["[이름]이에요"]


def test_a_quiet_log_says_nothing_of_requests(tmp_path):
    assert site(tmp_path, log_level="warning").app.state.service.log is None


def test_the_metrics_count(tmp_path):
    site_ = site(tmp_path)

    async def talk(client):
        for _ in range(3):
            await client.post("/v1/extract", json=TEXT)
        await client.post("/v1/extract", content=b"{", headers={"Content-Type": "application/json"})
        await client.get("/made/up/path")
        await client.request("BREW", "/healthz")
        await client.post("/v1/models/ko-chat:reload")
        answer = await client.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=")
        return answer.text

    told = ask(site_.app, talk)
    for line in (
        'ner_engine_requests_total{method="POST",route="/v1/extract",status="200"} 3.0',
        'ner_engine_requests_total{method="POST",route="/v1/extract",status="400"} 1.0',
        'ner_engine_requests_total{method="GET",route="other",status="404"} 1.0',
        'ner_engine_requests_total{method="other",route="/healthz",status="405"} 1.0',
        'ner_engine_request_seconds_count{route="/v1/extract"} 4.0',
        'ner_engine_batch_texts_count{model="ko-chat"} 3.0',
        'ner_engine_refused_total{why="malformed"} 1.0',
        'ner_engine_reloads_total{model="ko-chat",outcome="done"} 1.0',
        "ner_engine_active_requests 0.0",
        "ner_engine_waiting_texts 0.0",
    ):
        assert line in told.splitlines(), line
    assert 'ner_engine_model_generation{model="ko-chat",version="0.1.0/' in told
    assert "made/up" not in told


def test_ready_is_said_until_it_is_not(tmp_path):
    site_ = site(tmp_path)

    async def talk(client):
        assert (await client.get("/readyz")).json() == {"status": "ok"}
        site_.app.state.service.not_ready = "the service is stopping"
        problem(await client.get("/readyz"), 503, "not-ready")
        assert (await client.get("/healthz")).status_code == 200

    ask(site_.app, talk)


def test_the_documentation_has_every_route_and_examples_in_korean(tmp_path):
    async def talk(client):
        return (await client.get("/openapi.json")).json()

    told = ask(site(tmp_path).app, talk)
    assert {
        "/v1/extract", "/v1/chat", "/v1/models", "/v1/models/{name}:reload", "/v1/labels", "/v1/feedback",
        "/kakao/skill", "/healthz", "/readyz", "/metrics",
    } == set(told["paths"])  # fmt: skip
    for name in ("ExtractRequest", "ChatRequest", "FeedbackRequest", "KakaoRequest"):
        (example,) = told["components"]["schemas"][name]["examples"]
        assert any("가" <= c <= "힣" for c in json.dumps(example, ensure_ascii=False))
    assert "429" in told["paths"]["/v1/extract"]["post"]["responses"]
    assert PROBLEM in told["paths"]["/v1/extract"]["post"]["responses"]["422"]["content"]


@pytest.mark.parametrize(
    ("settings", "host", "status"),
    [
        ({}, "127.0.0.1:8000", 200),
        ({}, "localhost", 200),
        ({}, "LocalHost:1", 200),
        ({}, "[::1]:8000", 200),
        ({}, "elsewhere.example", 403),
        ({}, "127.0.0.1.elsewhere.example:8000", 403),
        ({}, "[::2]", 403),
        ({"insecure": True}, "elsewhere.example", 200),
        ({"hosts": ("ner.example",)}, "NER.example:443", 200),
        ({"hosts": ("ner.example",)}, "localhost", 403),
        ({"hosts": ("ner.example",), "insecure": True}, "localhost", 403),
    ],
)
def test_a_page_whose_name_leads_here_is_not_served(tmp_path, settings, host, status):
    async def talk(client):
        answer = await client.post("/v1/extract", json={"text": "강남역"}, headers={"Host": host})
        assert answer.status_code == status, answer.text
        if status == 403:
            assert answer.json()["type"].endswith(":host")
        assert (await client.get("/v1/labels", headers={"Host": host})).status_code == status
        assert (await client.get("/healthz", headers={"Host": host})).status_code == 200  # for who watches it

    ask(site(tmp_path, **({"hosts": ()} | settings)).app, talk)
