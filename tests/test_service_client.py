"""The clients, sync and async: what they send, what they make of answers, when they try again."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the service needs the extra 'service'")
httpx = pytest.importorskip("httpx", reason="the service needs the extra 'service'")

from ner_engine.errors import DataError, NerEngineError  # noqa: E402
from ner_engine.service.client import AsyncExtractClient, ExtractClient, Retries, ServiceError  # noqa: E402
from ner_engine.service.problems import Refusal  # noqa: E402
from ner_engine.service.schemas import ChatResponse, ExtractedText, FeedbackResponse, ModelOut  # noqa: E402
from ner_engine.spans import Entity, Span  # noqa: E402
from tests.service_stub import LABELS, Stub, serving  # noqa: E402

ENTITY = {"text": "내일", "start": 0, "end": 2, "label": "DT", "score": 0.9}


class Server:
    """A transport that gives out answers one after the other and keeps the requests."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            return answer(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.requests]


def answered(request: httpx.Request) -> httpx.Response:
    """What the service would say."""
    asked = json.loads(request.content)
    texts = asked.get("texts", [asked.get("text")])
    return httpx.Response(200, json={"model": "m", "results": [{"text": t, "entities": [ENTITY]} for t in texts]})


def refusal(kind: str, detail: str = "", **headers: str) -> httpx.Response:
    refused = Refusal(kind, detail)
    kinds = {"content-type": "application/problem+json"} | {k.replace("_", "-"): v for k, v in headers.items()}
    return httpx.Response(refused.status, content=refused.body("r-1"), headers=kinds)


class Sync:
    """The sync client with what a test wants to know of it."""

    def __init__(self, server: Callable[[httpx.Request], httpx.Response], **options: Any) -> None:
        self.slept: list[float] = []
        options = {"jitter": lambda: 0.0} | options
        self.client = ExtractClient(
            "http://test", transport=httpx.MockTransport(server), sleep=self.slept.append, **options
        )

    def __call__(self, method: str, *args: Any, **options: Any) -> Any:
        with self.client as client:
            found = getattr(client, method)(*args, **options)
            return list(found) if inspect.isgenerator(found) else found


class Async:
    """The async client, driven to the end of each call."""

    def __init__(self, server: Callable[[httpx.Request], httpx.Response], **options: Any) -> None:
        self.slept: list[float] = []
        options = {"jitter": lambda: 0.0} | options

        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        self.client = AsyncExtractClient(
            "http://test", transport=httpx.MockTransport(server), sleep=sleep, **options
        )

    def __call__(self, method: str, *args: Any, **options: Any) -> Any:
        async def run() -> Any:
            async with self.client as client:
                found = getattr(client, method)(*args, **options)
                return [one async for one in found] if isinstance(found, AsyncIterator) else await found

        return asyncio.run(run())


@pytest.fixture(params=[Sync, Async])
def make(request) -> Any:
    return request.param


def test_one_text_and_its_options(make):
    server = Server(answered)
    now = datetime(2026, 7, 23, 17, tzinfo=UTC)
    found = make(server, api_key="ner_x")(
        "extract", "내일", labels={"DT"}, min_score=0.5, now=now, mask="stars", mask_kinds=("name",), explain=True
    )
    assert isinstance(found, ExtractedText)
    assert (found.text, found.entities[0].label, found.entities[0].score) == ("내일", "DT", 0.9)
    (sent,) = server.requests
    assert (sent.method, str(sent.url)) == ("POST", "http://test/v1/extract")
    assert sent.headers["authorization"] == "Bearer ner_x"
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["user-agent"].startswith("ner-engine/")
    assert server.bodies == [
        {
            "text": "내일", "labels": ["DT"], "min_score": 0.5, "now": "2026-07-23T17:00:00Z", "mask": "stars",
            "mask_kinds": ["name"], "explain": True,
        }
    ]  # fmt: skip


def test_what_is_not_said_is_not_sent(make):
    server = Server(answered)
    make(server)("extract", "내일", model=None, labels=None)
    assert server.bodies == [{"text": "내일"}]
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 600])
def test_many_texts_go_in_chunks_and_come_in_order(make, count):
    server = Server(answered)
    texts = [f"{i}번 😀" for i in range(count)]
    found = make(server)("extract_many", iter(texts), model="ko-news")
    assert [one.text for one in found] == texts
    sizes = [len(body["texts"]) for body in server.bodies]
    assert sizes == [256] * (count // 256) + ([count % 256] if count % 256 else [])
    assert all(body["model"] == "ko-news" for body in server.bodies)


def test_long_texts_go_fewer_at_a_time(make):
    server = Server(answered)
    texts = ["가" * 5_000] * 200
    assert [one.text for one in make(server)("extract_many", texts)] == texts
    assert len(server.requests) > 3
    assert max(len(request.content) for request in server.requests) < 1_000_000


def test_many_texts_are_taken_as_they_are_wanted():
    taken = []

    def texts() -> Any:
        for i in range(100_000):
            taken.append(i)
            yield str(i)

    found = Sync(Server(answered)).client.extract_many(texts())
    assert next(found).text == "0"
    assert len(taken) <= 257


def test_a_chat(make):
    server = Server(httpx.Response(200, json={"session": "s", "reply": "네!", "entities": [], "state": {}}))
    answer = make(server)("chat", "s", "안녕")
    assert isinstance(answer, ChatResponse)
    assert answer.reply == "네!"
    make(server)("chat", "s", "안녕")
    make(server)("chat", "s", "안녕", message_id="m-7")
    make(server)("chat", "s")
    first, second, third, greeting = server.bodies
    assert first["message_id"] != second["message_id"]
    assert third == {"session": "s", "message": "안녕", "message_id": "m-7"}
    assert greeting == {"session": "s"}


def test_a_message_that_is_sent_again_keeps_its_id(make):
    server = Server(
        httpx.ReadError("cut"),
        httpx.Response(200, json={"session": "s", "reply": "네!", "entities": [], "state": {}}),
    )
    assert make(server)("chat", "s", "안녕").reply == "네!"
    assert server.bodies[0] == server.bodies[1]


def test_feedback_tells_of_consent_and_of_masking(make):
    server = Server(httpx.Response(201, json={"id": "c-1"}))
    make(server)("feedback", "내일", [], consent=True, mask=True)
    assert server.bodies == [{"text": "내일", "entities": [], "consent": True, "mask": True}]


def test_feedback_takes_whatever_has_a_start_an_end_and_a_label(make):
    server = Server(httpx.Response(201, json={"id": "c-1"}))
    found = ExtractedText.model_validate({"text": "", "entities": [ENTITY]}).entities
    answer = make(server)("feedback", "내일 봐", [Span(0, 2, "DT"), Entity("봐", 3, 4, "X")], original=found)
    assert isinstance(answer, FeedbackResponse)
    assert answer.id == "c-1"
    assert server.bodies == [
        {
            "text": "내일 봐",
            "entities": [{"start": 0, "end": 2, "label": "DT"}, {"start": 3, "end": 4, "label": "X"}],
            "original": [{"start": 0, "end": 2, "label": "DT"}],
        }
    ]


def test_models_and_labels(make):
    model = {
        "name": "ko-chat", "bundle": "ko-chat", "version": "1", "generation": 2, "labels": ["PS"],
        "default": True, "loaded_at": "2026-11-21T12:00:00Z",
    }  # fmt: skip
    (found,) = make(Server(httpx.Response(200, json={"models": [model]})))("models")
    assert isinstance(found, ModelOut)
    assert found.loaded_at == datetime(2026, 11, 21, 12, tzinfo=UTC)
    server = Server(httpx.Response(200, json={"model": "m", "labels": ["PS", "LC"]}))
    assert make(server)("labels") == ["PS", "LC"]
    assert make(server)("labels", "ko news&x") == ["PS", "LC"]
    assert [request.url.params.get("model") for request in server.requests] == [None, "ko news&x"]


# ---- what goes wrong


def test_a_problem_is_an_error_that_says_it(make):
    with pytest.raises(ServiceError) as raised:
        make(Server(refusal("text-too-long", "text: expected at most 5000 characters;\ngot 6000")))(
            "extract", "x"
        )
    error = raised.value
    assert isinstance(error, NerEngineError)
    assert (error.status, error.kind, error.title) == (422, "text-too-long", "A text is too long")
    assert error.request_id == "r-1"
    assert str(error) == "A text is too long: text: expected at most 5000 characters; got 6000"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(502, text="<html>bad gateway</html>"), "Bad Gateway: status 502"),
        (httpx.Response(302, headers={"location": "http://elsewhere/"}), "Found: status 302"),
        (httpx.Response(200, text="hello"), "The answer does not fit: expected ExtractResponse; got 'text/plain"),
        (httpx.Response(200, json={"results": 3}), "The answer does not fit: expected ExtractResponse"),
        (
            httpx.Response(200, json={"model": "m", "results": []}),
            "The answer does not fit: expected 1 results; got 0",
        ),
    ],
)
def test_what_is_no_answer_of_the_service_is_an_error(make, answer, said):
    server = Server(answer)
    with pytest.raises(ServiceError) as raised:
        make(server)("extract", "x")
    assert str(raised.value).startswith(said)
    assert raised.value.status == answer.status_code
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("text", "said"), [("a\0b", "text: expected text without NUL"), ("a\ud800", "text: expected text; got half")]
)
def test_what_cannot_be_sent_is_refused_here(make, text, said):
    server = Server(answered)
    with pytest.raises(DataError, match=said):
        make(server)("extract", text)
    assert server.requests == []


def test_a_text_that_is_none_is_refused_here(make):
    with pytest.raises(TypeError, match="expected str; got int"):
        make(Server(answered))("extract_many", ["a", 3])
    with pytest.raises(DataError, match="text"):
        make(Server(answered))("extract", 3)
    with pytest.raises(DataError, match=r"texts.1: expected text; got half"):
        make(Server(answered))("extract_many", ["a", "\udc00"])


# ---- trying again


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadError("cut"),
        httpx.RemoteProtocolError("cut"),
        refusal("busy"),
        refusal("rate"),
        refusal("not-ready"),
    ],
)
def test_what_passes_is_tried_again(make, failure):
    server = Server(failure, failure, answered)
    client = make(server)
    assert client("extract", "내일").text == "내일"
    assert client.slept == [0.2, 0.4]
    assert server.bodies == [{"text": "내일"}] * 3


@pytest.mark.parametrize("kind", ["malformed", "key-missing", "key-scope", "not-found", "slow-answer", "failed"])
def test_what_stays_is_not_tried_again(make, kind):
    server = Server(refusal(kind))
    with pytest.raises(ServiceError):
        make(server)("extract", "내일")
    assert len(server.requests) == 1


def test_it_is_given_up_in_the_end(make):
    server = Server(httpx.ConnectError("refused"))
    client = make(server, retries=Retries(attempts=7, first_s=1, longest_s=10))
    with pytest.raises(ServiceError, match="The service was not reached: refused") as raised:
        client("extract", "내일")
    assert (raised.value.status, len(server.requests)) == (0, 7)
    assert client.slept == [1, 2, 4, 8, 10, 10]
    server = Server(refusal("busy"))
    with pytest.raises(ServiceError, match="Too many requests at once"):
        make(server, retries=Retries(attempts=1))("extract", "내일")
    assert len(server.requests) == 1


def test_an_answer_that_does_not_come_is_not_asked_for_twice(make):
    server = Server(httpx.ReadTimeout("slow"))
    with pytest.raises(ServiceError, match="The service did not answer in time: slow"):
        make(server)("extract", "내일")
    assert len(server.requests) == 1


def test_feedback_that_may_have_arrived_is_not_sent_again(make):
    server = Server(httpx.ReadError("cut"))
    with pytest.raises(ServiceError):
        make(server)("feedback", "내일", [])
    assert len(server.requests) == 1
    server = Server(httpx.ConnectError("refused"), refusal("busy"), httpx.Response(201, json={"id": "c-1"}))
    assert make(server)("feedback", "내일", []).id == "c-1"


@pytest.mark.parametrize(
    ("said", "waited"),
    [("3", 3.0), ("0", 0.0), ("soon", 0.2), ("", 0.2), ("-1", 0.2), ("Sat, 21 Nov 2020 12:00:00 GMT", 0.0)],
)
def test_a_retry_after_is_waited_for(make, said, waited):
    client = make(Server(refusal("busy", retry_after=said), answered))
    client("extract", "내일")
    assert sum(client.slept) == waited


def test_a_retry_after_may_be_a_date(make):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=10), usegmt=True)
    client = make(Server(refusal("not-ready", retry_after=later), answered))
    client("extract", "내일")
    assert 5 < client.slept[0] <= 10


def test_a_retry_after_that_is_too_far_is_not_waited_for(make):
    server = Server(refusal("rate", retry_after="3600"), answered)
    client = make(server)
    with pytest.raises(ServiceError, match="Too many requests from one client"):
        client("extract", "내일")
    assert (client.slept, len(server.requests)) == ([], 1)


def test_waits_are_spread_at_random():
    retries = Retries(first_s=1, longest_s=4)
    assert [retries.pause(n, None, 0.0) for n in (1, 2, 3)] == [1, 2, 4]
    assert [retries.pause(n, None, 1.0) for n in (1, 2, 3)] == [0.5, 1, 2]
    assert retries.pause(4, None, 0.0) is None
    assert retries.pause(1, 2.0, 0.5) == 2.5
    assert Retries(attempts=5000).pause(1000, None, 0.0) == 20


def test_each_call_has_its_timeout(make):
    server = Server(answered)
    make(server, timeout_s=7)("extract", "내일")
    make(server, timeout_s=7)("extract", "내일", timeout_s=0.5)
    assert [request.extensions["timeout"]["read"] for request in server.requests] == [7, 0.5]


def test_the_key_is_not_shown():
    client = ExtractClient("http://test", api_key="ner_secret")
    with client:
        assert "ner_secret" not in repr(client) + str(vars(client))


def test_both_clients_have_the_same_methods():
    def shape(kind: type) -> dict[str, list[str]]:
        names = [name for name in vars(kind) if not name.startswith("_") and not name.endswith("close")]
        return {name: list(inspect.signature(getattr(kind, name)).parameters) for name in names}

    assert shape(ExtractClient) == shape(AsyncExtractClient)
    assert len(shape(ExtractClient)) == 6


# ---- over a wire


def test_over_a_wire():
    stub = Stub(key="ner_secret")
    stub.refusals["/v1/extract"] = [Refusal("busy", headers={"Retry-After": "0"})]
    with serving(stub.app()) as base:
        with ExtractClient(base, api_key="ner_secret", retries=Retries(first_s=0.01)) as client:
            text = "😀 내일 강남역"
            found = client.extract(text)
            assert [(e.text, text[e.start : e.end]) for e in found.entities] == [
                ("내일", "내일"),
                ("강남역", "강남역"),
            ]
            assert found.entities[0].value["value"] == "2026-11-22"
            assert [len(one.entities) for one in client.extract_many(["내일"] * 300)] == [1] * 300
            assert client.chat("s", "안녕").reply == "“안녕”라고 하셨네요."
            assert client.feedback(text, found.entities, original=found.entities).id
            assert client.labels() == LABELS
            assert client.models()[0].name == "ko-chat"

        async def together() -> list[int]:
            async with AsyncExtractClient(base, api_key="ner_secret") as client:
                found = await asyncio.gather(*(client.extract(f"내일 {i}") for i in range(20)))
                return [len(one.entities) for one in found]

        assert asyncio.run(together()) == [1] * 20
        with ExtractClient(base) as client, pytest.raises(ServiceError) as raised:
            client.models()
        assert raised.value.status == 401
    client = ExtractClient(base, retries=Retries(attempts=2, first_s=0.01))
    with client, pytest.raises(ServiceError, match="The service was not reached"):
        client.extract("내일")
