"""The chatbot over HTTP, for a page and for KakaoTalk."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import httpx
import pytest

from ner_engine.errors import DataError
from ner_engine.service.kakao import (
    BUSY,
    FAILED,
    LATE,
    LONG,
    SOON,
    Callbacks,
    bubbles,
    may_be_called,
    skill_response,
)
from tests.service_parts import Answer, ask, site


def skill(utterance="내일 두 명 예약할게요", **more):
    return {
        "intent": {"id": "x", "name": "블록"},
        "userRequest": {"utterance": utterance, "user": {"id": "u-1", "type": "botUserKey"}, "lang": "ko"} | more,
        "bot": {"id": "b-1", "name": "봇"},
        "action": {"name": "스킬", "params": {"a": "b"}, "detailParams": {}, "clientExtra": None},
    }


def said(answer):
    assert answer.status_code == 200, answer.text
    assert answer.json()["version"] == "2.0"
    return [one["simpleText"]["text"] for one in answer.json()["template"]["outputs"]]


def test_a_message_gets_a_reply(tmp_path):
    site_ = site(tmp_path)

    async def talk(client):
        greeted = (await client.post("/v1/chat", json={"session": "손님"})).json()
        assert (greeted["reply"], greeted["session"]) == ("어서 오세요!", "손님")
        asked = {"session": "손님", "message": "내일 강남역", "message_id": "m-1"}
        found = (await client.post("/v1/chat", json=asked)).json()
        assert found["reply"] == "내일 강남역, 맞으시죠?"
        assert [e["label"] for e in found["entities"]] == ["DT", "LC"]
        assert (found["state"], found["actions"], found["understood"]) == ({"turn": 1}, [], True)
        for wrong in ({"session": ""}, {}, {"session": "a" * 201}, {"session": "a", "message": "x" * 5001}):
            assert (await client.post("/v1/chat", json=wrong)).status_code == 422
        site_.bot.error = DataError("session: expected printable characters")
        assert (await client.post("/v1/chat", json=asked)).status_code == 422
        site_.bot.error = RuntimeError("내일")
        assert (await client.post("/v1/chat", json=asked)).status_code == 500

    ask(site_.app, talk)
    assert site_.bot.said[:2] == [("손님", None, ""), ("손님", "내일 강남역", "m-1")]


def test_too_many_conversations_at_once_are_refused_and_a_turn_is_finished(tmp_path):
    site_ = site(tmp_path, max_turns=2, request_timeout_s=0.3)

    async def talk(client):
        site_.bot.gate.clear()
        asked = [{"session": f"s{i}", "message": "네"} for i in range(4)]
        tasks = [asyncio.create_task(client.post("/v1/chat", json=one)) for one in asked]
        statuses = sorted([(await task).status_code for task in tasks])
        assert statuses == [408, 408, 429, 429]
        assert site_.app.state.service.turns.active == 2
        site_.bot.gate.set()
        await asyncio.sleep(0.05)
        assert site_.app.state.service.turns.active == 0
        assert (await client.post("/v1/chat", json=asked[0])).status_code == 200

    ask(site_.app, talk)


def test_without_a_bot_there_is_no_chat(tmp_path):
    site_ = site(tmp_path)
    site_.app.state.service.turns._bot = None

    async def talk(client):
        assert (await client.post("/v1/chat", json={"session": "a"})).status_code == 404
        assert (await client.post("/kakao/skill", json=skill())).status_code == 404

    ask(site_.app, talk)


def test_a_skill_is_answered_with_text_parameters_and_quick_replies(tmp_path):
    site_ = site(tmp_path, kakao_quick_replies=("네", "아니요, 다른 날로 바꿔 주세요"))

    async def talk(client):
        answer = await client.post("/kakao/skill", json=skill("내일 모레 두 명\n"))
        assert said(answer) == ["내일 모레 두 명, 맞으시죠?"]
        found = answer.json()
        assert found["template"]["quickReplies"] == [
            {"label": "네", "action": "message", "messageText": "네"},
            {
                "label": "아니요, 다른 날로 바꿔",
                "action": "message",
                "messageText": "아니요, 다른 날로 바꿔 주세요",
            },
        ]
        assert (found["data"]["DT"], found["data"]["QT"]) == ("내일, 모레", "두 명")
        assert [e["text"] for e in found["data"]["entities"]] == ["내일", "모레", "두 명"]
        assert said(await client.post("/kakao/skill", json=skill("\n"))) == ["어서 오세요!"]
        assert said(await client.post("/kakao/skill", json=skill("가" * 5001))) == [LONG]
        assert (await client.post("/kakao/skill", json={"userRequest": {"utterance": "a"}})).status_code == 422

    ask(site_.app, talk)
    assert site_.bot.said[0] == ("kakao:b-1:u-1", "내일 모레 두 명", "")


def test_bubbles_fit():
    assert bubbles("네") == ["네"]
    assert bubbles("  ") == ["…"]
    lines = "\n".join(f"{i}번 메뉴는 짜장면이에요." for i in range(130))
    cut = bubbles(lines)
    assert len(cut) == 3
    assert all(len(one) <= 1000 and one.endswith("요.") for one in cut)
    assert "\n".join(cut) == lines
    long = bubbles("가" * 4000)
    assert [len(one) for one in long] == [1000, 1000, 1000]
    assert long[-1].endswith("가…")
    emoji = bubbles("😀" * 700)
    assert [len(one) for one in emoji] == [500, 200]  # two units each
    many = skill_response(Answer("네"), [str(i) for i in range(20)])
    assert len(many["template"]["quickReplies"]) == 10


def waiting(tmp_path, url, posted=None, **settings):
    def receive(request):
        posted.append((str(request.url), json.loads(request.content)))
        return httpx.Response(200)

    callbacks = Callbacks(httpx.AsyncClient(transport=httpx.MockTransport(receive)))
    site_ = site(tmp_path, callbacks=callbacks, kakao_timeout_s=0.1, **settings)

    async def talk(client):
        site_.bot.gate.clear()
        answer = await client.post("/kakao/skill", json=skill(callbackUrl=url) if url else skill())
        asyncio.get_running_loop().call_later(0.1, site_.bot.gate.set)
        return answer  # the end of the application waits for what is still to be sent

    return ask(site_.app, talk)


def test_what_takes_long_is_sent_to_the_callback(tmp_path):
    posted = []
    url = "https://bot-api.kakao.com/v1/bots/b/callback/1"
    answer = waiting(tmp_path, url, posted)
    assert answer.json() == {"version": "2.0", "useCallback": True, "data": {"text": SOON}}
    ((where, body),) = posted
    assert where == url
    assert body["template"]["outputs"] == [{"simpleText": {"text": "내일 두 명 예약할게요, 맞으시죠?"}}]


@pytest.mark.parametrize(
    "url", [None, "https://evil.example/x", "http://bot-api.kakao.com/x", "http://[", "x" * 500]
)
def test_without_a_callback_that_may_be_called_the_user_is_asked_to_come_again(tmp_path, url):
    posted = []
    assert said(waiting(tmp_path, url, posted)) == [LATE]
    assert posted == []


def test_a_busy_or_broken_bot_is_said_politely(tmp_path):
    site_ = site(tmp_path, max_turns=1, kakao_timeout_s=0.3)

    async def talk(client):
        site_.bot.gate.clear()
        first = asyncio.create_task(client.post("/kakao/skill", json=skill()))
        await asyncio.sleep(0.05)
        assert said(await client.post("/kakao/skill", json=skill())) == [BUSY]
        site_.bot.gate.set()
        await first
        site_.bot.error = RuntimeError("x")
        assert said(await client.post("/kakao/skill", json=skill())) == [FAILED]

    ask(site_.app, talk)


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://bot-api.kakao.com/v1/x", True), ("https://kakao.com/x", True), ("https://KAKAO.com/x", True),
        ("https://kakao.com:443/x", True), ("https://kakao.com:8443/x", False), ("http://kakao.com/x", False),
        ("https://evilkakao.com/x", False), ("https://kakao.com.evil.example/x", False),
        ("https://kakao.com@evil.example/", False), ("https://a:b@kakao.com/", False),
        ("https://evil.example/kakao.com", False), ("https://evil.example\\@kakao.com/", False),
        ("https://127.0.0.1/", False), ("file:///etc/passwd", False), ("", False), ("https:///x", False),
    ],
)  # fmt: skip
def test_only_kakao_is_called_back(url, may):
    assert may_be_called(url, ("kakao.com",)) is may


def test_a_host_of_one_s_own_may_be_named():
    assert may_be_called("https://relay.shop.example/x", ("shop.example",))


def test_a_bot_that_suggests_replies_is_heard():
    answer = SimpleNamespace(reply="몇 분이세요?", entities=(), quick_replies=("두 명", "네 명"))
    shown = skill_response(answer, ("네",))["template"]["quickReplies"]
    assert [one["label"] for one in shown] == ["두 명", "네 명"]
