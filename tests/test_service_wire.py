"""The application behind a real server: bytes on a socket in, bytes out."""

from __future__ import annotations

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.fake_extractor import extract
from tests.service_parts import site
from tests.service_stub import serving


@pytest.fixture
def wire(tmp_path):
    site_ = site(tmp_path, read_timeout_s=0.5, max_body_bytes=100_000)
    with serving(site_.app) as url, httpx.Client(base_url=url, trust_env=False, timeout=20) as client:
        yield site_, client


def raw(client, *parts, pause=0.0):
    """What comes back for bytes sent in parts, until the other side closes or is silent."""
    with socket.create_connection((client.base_url.host, client.base_url.port), timeout=5) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        connection.settimeout(2)
        got = b""
        while b"\r\n\r\n" not in got or b"}" not in got.partition(b"\r\n\r\n")[2]:
            some = connection.recv(65536)
            if not some:
                break
            got += some
        return got


def head(size, way="/v1/extract"):
    lines = ["Host: x", "Content-Type: application/json", f"Content-Length: {size}"]
    return "\r\n".join([f"POST {way} HTTP/1.1", *lines, "", ""]).encode()


def test_many_at_once_with_mixed_options_are_answered_as_alone(wire):
    site_, client = wire
    texts = [f"내일 {i % 12 + 1}시에 강남역에서 김민수 만나요" for i in range(120)]
    ways = [{}, {"labels": ["DT"]}, {"labels": ["PS", "LC"]}, {"min_score": 0.99}]

    def one(i):
        return client.post("/v1/extract", json={"text": texts[i]} | ways[i % 4])

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(one, range(len(texts))))
    for i, answer in enumerate(answers):
        way = ways[i % 4]
        wanted = [e for e in extract(texts[i]) if e.label in way.get("labels", site_.engine.labels)]
        wanted = [e for e in wanted if e.score >= way.get("min_score", 0)]
        found = answer.json()["results"][0]["entities"]
        assert [(e["start"], e["end"], e["label"]) for e in found] == [(e.start, e.end, e.label) for e in wanted]


def test_a_slow_client_is_given_up_and_holds_nobody_up(wire):
    _, client = wire
    body = json.dumps({"text": "내일"}).encode()
    got = []
    slow = [
        threading.Thread(
            target=lambda: got.append(
                raw(client, head(len(body)), *(body[i : i + 1] for i in range(3)), pause=0.1)
            )
        )
        for _ in range(20)
    ]
    for thread in slow:
        thread.start()
    for _ in range(20):
        began = time.monotonic()
        assert client.post("/v1/extract", json={"text": "내일"}).status_code == 200
        assert time.monotonic() - began < 2
    for thread in slow:
        thread.join(10)
    assert len(got) == 20
    assert all(answer.startswith(b"HTTP/1.1 408") and b"slow-body" in answer for answer in got)


def test_ten_megabytes_of_one_emoji_are_refused_in_words(wire):
    site_, client = wire
    for body in (
        json.dumps({"text": "😀" * 2_500_000}, ensure_ascii=False).encode(),
        b"\xf0\x9f\x98\x80" * 2_500_000,
    ):
        answer = client.post("/v1/extract", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 413
        assert answer.json()["type"].endswith("body-too-large")
    assert site_.app.state.service.load.buffered == 0
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"text": "\\ud800"}', 422), (b'{"text": "\\u0000"}', 422), (b'{"text": "\xed\xa0\x80"}', 422),
        (b'{"text": "\x00"}', 400), (b"\xef\xbb\xbf{}", 400), (b'{"text": ["a"]}', 422), (b"null", 422),
    ],
)  # fmt: skip
def test_broken_text_is_refused(wire, body, status):
    _, client = wire
    assert raw(client, head(len(body)) + body).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_client_that_goes_away_is_no_error(wire, caplog):
    site_, client = wire
    with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
        connection.sendall(head(100) + b'{"text"')
    site_.engine.gate.clear()
    body = json.dumps({"text": "내일"}).encode()
    with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
        connection.sendall(head(len(body)) + body)
        time.sleep(0.05)
    site_.engine.gate.set()
    assert client.post("/v1/extract", json={"text": "내일"}).status_code == 200
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_the_head_of_an_answer_goes_out_with_its_body_and_alone_in_the_next_turn():
    from ner_engine.service.protocol import _Cork

    class Wire:
        def __init__(self):
            self.sent, self.closing = [], False

        def write(self, data):
            assert not self.closing
            self.sent.append(data)

        def is_closing(self):
            return self.closing

        def close(self):
            self.closing = True

    turns = []
    loop = type("Loop", (), {"call_soon": staticmethod(turns.append)})()

    def corked():
        turns.clear()
        wire = Wire()
        return wire, _Cork(wire, loop)

    wire, cork = corked()
    cork.write(b"HTTP/1.1 200 OK\r\n\r\n")
    cork.write(b"{}")
    cork.write(b"more")
    turns[0]()
    assert wire.sent == [b"HTTP/1.1 200 OK\r\n\r\n{}", b"more"]

    wire, cork = corked()
    cork.write(b"HTTP/1.1 204 No Content\r\n\r\n")  # nothing follows
    assert not wire.sent
    turns[0]()
    assert wire.sent == [b"HTTP/1.1 204 No Content\r\n\r\n"]

    wire, cork = corked()
    cork.write(b"HTTP/1.1 200 OK\r\n\r\n")
    cork.close()
    assert wire.sent == [b"HTTP/1.1 200 OK\r\n\r\n"]

    wire, cork = corked()
    cork.write(b"HTTP/1.1 200 OK\r\n\r\n")
    wire.closing = True  # the client is gone
    turns[0]()
    assert wire.sent == []
