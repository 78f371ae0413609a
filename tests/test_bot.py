"""The bot around the dialogue: actions in Python and over HTTP, sessions, messages sent twice, what is kept."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ner_engine.chatbot import ActionCall, Bot, Outcome, Rules, State, load_rules
from ner_engine.chatbot.action.calls import read_outcome
from ner_engine.chatbot.action.webhook import MOST_BYTES, check_url, post, sign
from ner_engine.chatbot.bot import seoul_time
from ner_engine.chatbot.sessions import Busy, InMemory
from ner_engine.chatbot.state import Item
from ner_engine.errors import ConfigError, DataError
from ner_engine.spans import Entity
from tests.fake_extractor import extract

NOW = datetime(2026, 7, 23, 9, 0)
SALON = load_rules(Path(__file__).parent / "bots" / "salon.yaml")
RESTAURANT = load_rules("restaurant")


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Kept:
    """A store that remembers what it was told to keep."""

    inner: InMemory = field(default_factory=InMemory)
    commits: list[dict[str, Any]] = field(default_factory=list)
    busy: int = 0
    tries: int = 0

    @contextmanager
    def turn(self, session: str, bot: str, *, message_id: str = "", at: datetime | None = None) -> Iterator[Any]:
        self.tries += 1
        with self.inner.turn(session, bot, message_id=message_id, at=at) as turn:
            yield KeptTurn(self, turn)


@dataclass
class KeptTurn:
    kept: Kept
    turn: Any

    @property
    def state(self) -> State | None:
        return self.turn.state

    @property
    def replayed(self) -> str | None:
        return self.turn.replayed

    def commit(self, **what: Any) -> None:
        if self.kept.busy:
            self.kept.busy -= 1
            raise Busy("somebody else was here")
        self.turn.commit(**what)
        self.kept.commits.append(what)


def salon(
    functions: Mapping[str, Any] | None = None,
    store: Any = None,
    clock: Callable[[], datetime] | None = None,
    rules: Rules = SALON,
) -> Bot:
    return Bot(rules, extract, store=store, functions=functions, clock=clock or Clock())


def booked(bot: Bot, session: str = "s") -> None:
    """A booking up to its confirmation."""
    for text in ("예약할게요", "커트", "없어요", "내일요", "김민수요", "건너뛸게요"):
        bot.say(session, text)


# --- actions in Python


def test_an_action_is_run_and_its_facts_are_told() -> None:
    bot = salon()
    booked(bot)
    answer = bot.say("s", "네")
    assert answer.reply == "예약됐어요. 담당은 정하늘이에요."
    (call,) = answer.actions
    assert (call.name, call.form, call.session, call.id) == ("book", "booking", "s", "7-1")
    assert call.values == {"services": "커트", "date": "2026-07-24", "time": "14:00", "name": "김민수"}
    assert call.at == NOW.isoformat()
    assert answer.understood
    assert "booking: ok" in answer.trace.events


def test_several_values_go_out_as_a_list() -> None:
    calls: list[ActionCall] = []
    bot = salon({"book": calls.append})
    for text in ("예약할게요", "커트랑 파마요", "없어요", "내일요", "김민수요", "건너뛸게요", "네"):
        answer = bot.say("s", text)
    assert answer.reply == "예약됐어요."
    assert calls[0].values["services"] == ["커트", "파마"]


@pytest.mark.parametrize(
    ("given", "reply"),
    [
        (None, "예약됐어요."),
        (Outcome("ok", {"who": "이지훈"}), "예약됐어요. 담당은 이지훈이에요."),
        ({"facts": {"who": "이지훈"}}, "예약됐어요. 담당은 이지훈이에요."),
        ({"outcome": "full"}, "그 시간은 찼어요. 몇 시에 오시겠어요?"),
        ({"outcome": "strange"}, "제가 정하기 어려운 일이에요. 직원을 부를게요."),
        ({"outcome": "again"}, "쿠폰부터 볼게요. 네, 쿠폰을 볼게요. 쿠폰 번호 여덟 자리를 알려 주시겠어요?"),
        ({"outcome": "nonsense"}, "예약을 처리하지 못했어요. 다시 해 볼까요?"),
        ({"result": 1}, "예약을 처리하지 못했어요. 다시 해 볼까요?"),
        ("ok", "예약을 처리하지 못했어요. 다시 해 볼까요?"),
    ],
)
def test_every_outcome_leads_somewhere(given: object, reply: str) -> None:
    bot = salon({"book": lambda call: given})
    booked(bot)
    assert bot.say("s", "네").reply == reply


def test_an_action_that_raises_is_logged_and_may_be_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    fail = [True, True]
    calls: list[ActionCall] = []

    def book(call: ActionCall) -> None:
        calls.append(call)
        if fail and fail.pop():
            raise RuntimeError("no line")

    bot = salon({"book": book})
    booked(bot)
    with caplog.at_level(logging.ERROR):
        assert bot.say("s", "네").reply == "예약을 처리하지 못했어요. 다시 해 볼까요?"
    assert "no line" in caplog.text
    assert bot.say("s", "네").reply == "예약을 처리하지 못했어요. 다시 해 볼까요?"
    assert bot.say("s", "네").reply == "예약됐어요."
    assert {call.id for call in calls} == {"7-1"}, "the same wish keeps its id: nothing is booked twice"


def test_a_changed_wish_after_a_failure_is_another_one() -> None:
    calls: list[ActionCall] = []

    def book(call: ActionCall) -> Outcome:
        calls.append(call)
        return Outcome("error" if len(calls) == 1 else "ok")

    bot = salon({"book": book})
    booked(bot)
    bot.say("s", "네")
    bot.say("s", "3시로 바꿔 주세요")
    assert bot.say("s", "네").reply == "예약됐어요."
    assert [call.id for call in calls] == ["7-1", "9-1"]
    assert calls[1].values["time"] == "15:00"


def test_an_action_that_takes_too_long_has_failed() -> None:
    stop = threading.Event()
    rules = replace(SALON, actions={**SALON.actions, "book": replace(SALON.actions["book"], timeout_s=0.05)})
    bot = salon({"book": lambda call: stop.wait(5) and None}, rules=rules)
    booked(bot)
    assert bot.say("s", "네").reply == "예약을 처리하지 못했어요. 다시 해 볼까요?"
    stop.set()


def test_a_form_without_a_confirmation_is_done_when_it_is_complete() -> None:
    bot = salon()
    answer = bot.say("s", "쿠폰 12345671 얼마 남았어요?")
    assert answer.reply == "끝자리 5671은 12,000원 남았어요."
    assert answer.state.drafts == ()
    assert answer.state.done == (), "a look-up is nothing that could be withdrawn"
    assert bot.say("s", "아까 쿠폰 취소해 주세요").reply == "접수된 것이 없어요."


def test_what_is_not_known_is_asked_again() -> None:
    bot = salon()
    assert bot.say("s", "쿠폰 12345670").reply == (
        "끝자리 5670은 모르는 번호예요. 쿠폰 번호 여덟 자리를 알려 주시겠어요?"
    )
    assert bot.say("s", "12345671").reply == "끝자리 5671은 12,000원 남았어요."


def test_functions_must_be_actions() -> None:
    with pytest.raises(
        ConfigError, match=r"salon\.yaml: functions: expected names of actions \(book, look_up, record"
    ):
        salon({"bok": print})
    with pytest.raises(ConfigError, match="functions: book: expected a function; got str"):
        salon({"book": "print"})


@pytest.mark.parametrize(
    ("python", "reason"),
    [
        ("tests.no_such_module:book", "actions.book: cannot import tests.no_such_module: No module named"),
        (
            "tests.salon_actions:bok",
            "actions.book: expected a function bok in tests.salon_actions; there is none",
        ),
        ("tests.salon_actions:annotations.x", "actions.book: expected a function annotations.x"),
    ],
)
def test_a_function_that_is_not_there_is_noticed_when_the_bot_is_made(python: str, reason: str) -> None:
    rules = replace(SALON, actions={**SALON.actions, "book": replace(SALON.actions["book"], python=python)})
    with pytest.raises(ConfigError) as caught:
        salon(rules=rules)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


# --- what is kept


def test_what_a_turn_commits() -> None:
    store = Kept()
    bot = salon(store=store)
    booked(bot)
    bot.say("s", "네")
    last = store.commits[-1]
    assert last["text"] == "네"
    assert last["reply"] == "예약됐어요. 담당은 정하늘이에요."
    assert [(call.id, call.form, call.replaces) for call in last["records"]] == [("7-1", "booking", "")]
    assert last["withdrawn"] == ()
    assert last["hand_over"] is None
    assert last["trace"]["chosen"] == "yes"
    assert json.loads(json.dumps(last["trace"]))["understood"] is True
    assert [entity["text"] for entity in store.commits[3]["entities"]] == ["내일"]
    assert last["state"].turn == 7


def test_a_change_replaces_and_a_withdrawal_withdraws() -> None:
    store = Kept()
    bot = salon(store=store)
    booked(bot)
    bot.say("s", "네")
    bot.say("s", "아니 4시로요")
    bot.say("s", "네")
    (record,) = store.commits[-1]["records"]
    assert (record.id, record.replaces) == ("9-1", "7-1")
    assert record.values["time"] == "16:00"
    assert bot.say("s", "방금 예약 취소해 주세요").reply == "7월 24일 금요일 커트 예약을 지웠어요."
    assert store.commits[-1]["withdrawn"] == ("9-1",)
    assert store.commits[-1]["records"] == ()


def test_a_failure_is_not_written_into_the_book() -> None:
    store = Kept()
    bot = salon({"book": lambda call: {"outcome": "error"}}, store=store)
    booked(bot)
    bot.say("s", "네")
    assert store.commits[-1]["records"] == ()


def test_a_withdrawal_that_fails_leaves_the_record() -> None:
    store = Kept()
    bot = salon({"withdraw": lambda call: {"outcome": "error"}}, store=store)
    booked(bot)
    bot.say("s", "네")
    assert bot.say("s", "방금 예약 취소해 주세요").reply == "예약을 처리하지 못했어요. 다시 해 볼까요?"
    assert store.commits[-1]["withdrawn"] == ()
    assert [done.record for done in bot.say("s", "주차 돼요?").state.done] == ["7-1"]


def test_the_person_who_takes_over_is_told_what_it_is_about() -> None:
    store = Kept()
    told: list[ActionCall] = []
    bot = salon({"hand_over": told.append}, store=store)
    booked(bot)
    assert bot.say("s", "상담원이랑 할래요").reply == "직원을 부를게요."
    summary = store.commits[-1]["hand_over"]
    assert told[0].values == summary
    (form,) = summary["forms"]
    assert form["title"] == "예약"
    assert form["values"]["date"] == "2026-07-24"
    assert form["shown"] == "커트, 7월 24일 금요일, 오후 2시, 김민수 님"
    assert (
        summary["said"]
        == ["없어요", "내일요", "김민수요", "건너뛸게요", "상담원이랑 할래요"][-len(summary["said"]) :]
    )
    assert summary["said"][-1] == "상담원이랑 할래요"
    assert json.loads(json.dumps(summary)) == summary


def test_an_order_is_recorded_without_any_action() -> None:
    store = Kept()
    bot = Bot(RESTAURANT, extract, store=store, clock=Clock())
    for text in ("짜장면 두 그릇 주세요", "없어요", "네"):
        answer = bot.say("s", text)
    assert answer.reply.startswith("주문 들어갔어요!")
    (call,) = store.commits[-1]["records"]
    assert (call.name, call.items) == ("record", (Item("짜장면", 2),))


# --- sessions and messages


def test_sessions_are_apart() -> None:
    bot = salon()
    bot.say("a", "예약할게요")
    assert bot.say("b", "주차 돼요?").state.drafts == ()
    assert bot.say("a", "커트").state.draft is not None


def test_a_message_that_comes_twice_is_answered_alike_and_done_once() -> None:
    calls: list[ActionCall] = []
    bot = salon({"book": calls.append})
    booked(bot)
    first = bot.say("s", "네", message_id="m-1")
    again = bot.say("s", "네", message_id="m-1")
    assert again.reply == first.reply
    assert again.replayed
    assert not first.replayed
    assert again.state == first.state
    assert len(calls) == 1
    assert bot.say("s", "네", message_id="m-2").reply != first.reply


def test_a_turn_that_somebody_else_crossed_is_taken_again() -> None:
    store = Kept(busy=2)
    bot = salon(store=store)
    assert bot.say("s", "예약할게요").state.turn == 1
    assert store.tries == 3
    store.busy = 99
    with pytest.raises(Busy):
        bot.say("s", "커트")


def test_turns_of_one_session_wait_for_each_other() -> None:
    bot = salon()
    threads = [threading.Thread(target=bot.say, args=("s", "주차 돼요?")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bot.say("s", "네").state.turn == 9


def test_an_extractor_that_fails_leaves_no_trace() -> None:
    def broken(text: str) -> list[Entity]:
        raise ValueError("no model")

    store = Kept()
    bot = Bot(SALON, broken, store=store, clock=Clock())
    with pytest.raises(ValueError, match="no model"):
        bot.say("s", "예약할게요")
    assert store.commits == []


def test_text_must_be_text() -> None:
    with pytest.raises(TypeError, match="text: expected str; got NoneType"):
        salon().say("s", None)  # type: ignore[arg-type]


def test_a_text_too_long_is_not_extracted() -> None:
    seen: list[str] = []

    def watching(text: str) -> list[Entity]:
        seen.append(text)
        return []

    bot = Bot(SALON, watching, clock=Clock())
    for text in ("가" * 5000, "  ", "예약"):
        bot.say("s", text)
    assert seen == ["예약"]


def test_a_greeting_after_a_break_offers_to_go_on() -> None:
    clock = Clock()
    bot = salon(clock=clock)
    assert bot.welcome("s").reply == "안녕하세요, 물결미용실입니다."
    bot.say("s", "예약할게요")
    bot.say("s", "커트")
    assert bot.farewell("s").reply == "예약은 아직 받지 않았어요."
    clock.now += timedelta(days=2)
    assert bot.welcome("s").reply == "다시 오셨네요. 예약 이어서 할까요?"
    assert bot.say("s", "네").reply == "예약 이어서 할게요. 커트를 적었어요. 더 있으세요?"


def test_the_state_is_all_that_passes_from_turn_to_turn() -> None:
    """Another process with the same store goes on where this one was."""
    store = Kept()
    booked(salon(store=store))
    assert salon(store=store).say("s", "네").reply == "예약됐어요. 담당은 정하늘이에요."


def test_with_a_real_store(tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy", reason="needs the store extra")
    from ner_engine.chatbot.store.database import Store

    path = tmp_path / "salon.db"
    with Store.open(path) as store:
        bot = salon(store=store)
        booked(bot)
        assert bot.say("s", "네", message_id="m-1").reply == bot.say("s", "네", message_id="m-1").reply

        def torn(text: str) -> list[Entity]:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            Bot(SALON, torn, store=store, clock=Clock()).say("s", "네")
    with Store.open(path) as store:
        bot = salon(store=store)
        bot.say("s", "아니 4시로요")
        bot.say("s", "네")
        assert [(r.id, r.status, r.values["time"]) for r in store.records(bot="salon")] == [
            ("7-1", "replaced", "14:00"),
            ("9-1", "booked", "16:00"),
        ]
        bot.say("s", "방금 예약 취소해 주세요")
        assert [r.status for r in store.records()] == ["replaced", "withdrawn"]
        bot.say("s", "상담원 불러 주세요")
        assert [turn.text for turn in store.transcript("s")][-4:] == [
            "아니 4시로요",
            "네",
            "방금 예약 취소해 주세요",
            "상담원 불러 주세요",
        ]


def test_an_action_that_is_cut_short_leaves_the_conversation_where_it_was(tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy", reason="needs the store extra")
    from ner_engine.chatbot.store.database import Store

    class Cut(BaseException):
        pass

    ids: list[str] = []
    with Store.open(tmp_path / "salon.db") as store:
        bot = salon({"book": lambda call: ids.append(call.id)}, store=store)
        booked(bot)
        real = bot._run

        def cut(call: ActionCall) -> Outcome:
            real(call)
            raise Cut

        bot._run = cut  # type: ignore[method-assign]
        with pytest.raises(Cut):
            bot.say("s", "네")
        bot._run = real  # type: ignore[method-assign]
        assert store.records() == []
        assert bot.say("s", "네").reply == "예약됐어요."
        assert ids == ["7-1", "7-1"], "done again under the same id, for nobody knows whether it was done"


# --- outcomes


def test_outcomes_in_their_forms() -> None:
    assert read_outcome(None) == Outcome("ok")
    assert read_outcome(Outcome("full", {"n": "1"})) == Outcome("full", {"n": "1"})
    assert read_outcome({"outcome": "full", "facts": {"left": 12000, "share": 2.5, "who": "나"}}) == Outcome(
        "full", {"left": "12,000", "share": "2.5", "who": "나"}
    )


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (["ok"], "expected a mapping with outcome and facts; got list"),
        ({"outcome": 3}, "expected a name; got 3"),
        ({"outcome": ""}, "expected a name; got ''"),
        ({"facts": []}, "facts: expected a mapping; got list"),
        ({"facts": {"a": None}}, "facts: expected names with text or numbers; got 'a': None"),
        ({"facts": {"a": True}}, "facts: expected names with text or numbers; got 'a': True"),
        ({"status": "ok"}, "expected the keys outcome, facts; got status"),
    ],
)
def test_what_is_no_outcome(given: object, reason: str) -> None:
    with pytest.raises(DataError) as caught:
        read_outcome(given)
    assert reason in str(caught.value)


def test_a_call_as_json() -> None:
    call = ActionCall(
        "7-1", "book", "booking", {"party": 4}, (Item("콜라", 1),), "3-1", "s", "2026-07-23T09:00:00"
    )
    assert json.loads(json.dumps(call.to_dict())) == {
        "id": "7-1", "name": "book", "form": "booking", "values": {"party": 4},
        "items": [{"name": "콜라", "count": 1}], "replaces": "3-1", "session": "s", "at": "2026-07-23T09:00:00",
    }  # fmt: skip


# --- webhooks


@dataclass
class Hook:
    """A server that answers as it is told and remembers what it was asked."""

    url: str = ""
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    asked: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    hang: threading.Event | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.asked.append((dict(self.headers), body))
            status, answer = hook.answers.pop(0) if hook.answers else (200, b"{}")
            if hook.hang is not None:
                hook.hang.wait(5)
            if status == 0:  # the line breaks
                self.close_connection = True
                self.connection.close()
                return
            self.send_response(status)
            for name, value in hook.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

        def handle(self) -> None:
            with suppress(OSError, ValueError):  # the other side went away
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    hook.url = f"http://127.0.0.1:{server.server_port}/book?key=hidden"
    yield hook
    if hook.hang is not None:
        hook.hang.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_what_a_webhook_is_sent(hook: Hook) -> None:
    hook.answers = [(200, '{"outcome": "full", "facts": {"who": "정하늘"}}'.encode())]
    given = post(hook.url, {"b": "가", "a": 1}, key="s:7-1", timeout_s=5, secret="비밀")
    assert given == {"outcome": "full", "facts": {"who": "정하늘"}}
    ((headers, body),) = hook.asked
    assert body == '{"a":1,"b":"가"}'.encode()
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["Idempotency-Key"] == "s:7-1"
    digest = hmac.new("비밀".encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Signature"] == f"sha256={digest}" == sign(body, "비밀")


def test_without_a_secret_nothing_is_signed(hook: Hook) -> None:
    post(hook.url, {}, key="세션\n:1-1", timeout_s=5)
    assert "X-Signature" not in hook.asked[0][0]
    assert hook.asked[0][0]["Idempotency-Key"] == "%EC%84%B8%EC%85%98%0A:1-1"


def test_an_empty_answer_is_no_outcome_to_read(hook: Hook) -> None:
    hook.answers = [(204, b"")]
    assert post(hook.url, {}, key="k", timeout_s=5) is None


@pytest.mark.parametrize("broken", [503, 500, 0])
def test_a_broken_line_and_a_broken_server_are_tried_once_more(hook: Hook, broken: int) -> None:
    hook.answers = [(broken, b""), (200, b'{"outcome": "ok"}')]
    assert post(hook.url, {"n": 1}, key="k", timeout_s=5) == {"outcome": "ok"}
    assert [headers["Idempotency-Key"] for headers, _ in hook.asked] == ["k", "k"]
    assert hook.asked[0][1] == hook.asked[1][1]


@pytest.mark.parametrize(
    ("answers", "tries", "reason"),
    [
        ([(503, b""), (502, b"")], 2, "it answered 502"),
        ([(404, b"")], 1, "it answered 404"),
        ([(422, b"{}")], 1, "it answered 422"),
        ([(200, b"<html>")], 1, "expected JSON; got something else"),
        ([(200, b"\xff\xfe{")], 1, "expected JSON; got something else"),
        ([(200, b"[" * 60_000)], 1, "expected JSON; got something else"),
        ([(200, b" " * (MOST_BYTES + 1))], 1, "expected at most 65536 bytes; got more"),
        ([(0, b""), (0, b"")], 2, "webhook http://127.0.0.1/book: "),
    ],
)
def test_what_goes_wrong_is_said_in_one_line(
    hook: Hook, answers: list[tuple[int, bytes]], tries: int, reason: str
) -> None:
    hook.answers = list(answers)
    with pytest.raises(DataError) as caught:
        post(hook.url, {}, key="k", timeout_s=5)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "hidden" not in str(caught.value), "the query may hold a key"
    assert len(hook.asked) == tries


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused(hook: Hook, status: int) -> None:
    hook.answers, hook.headers = [(status, b"")], {"Location": hook.url.replace("/book", "/elsewhere")}
    with pytest.raises(DataError, match=f"it answered {status}"):
        post(hook.url, {}, key="k", timeout_s=5)
    assert len(hook.asked) == 1


def test_nobody_there(hook: Hook) -> None:
    with pytest.raises(DataError, match=r"webhook http://127\.0\.0\.1/x: .*refused"):
        post("http://127.0.0.1:1/x", {}, key="k", timeout_s=5)


def test_a_server_that_hangs_is_left(hook: Hook) -> None:
    hook.hang = threading.Event()
    with pytest.raises(DataError, match=r"no answer within 0\.2 s"):
        post(hook.url, {}, key="k", timeout_s=0.2)
    assert len(hook.asked) == 1, "what may have been done is not asked for again by itself"


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/x",
        "file:///etc/passwd",
        "example.com",
        "http://",
        "https:///x",
        "http://a b/",
        "http://[::1",
    ],
)
def test_an_address_that_is_none_of_the_web(url: str) -> None:
    with pytest.raises(ConfigError, match="expected an address that begins with https:// or http://"):
        check_url(url)


def with_webhook(url: str, *, secret_env: str = "", timeout_s: float = 5.0) -> Rules:
    spec = replace(SALON.actions["book"], python="", webhook=url, secret_env=secret_env, timeout_s=timeout_s)
    return replace(SALON, actions={**SALON.actions, "book": spec})


def test_a_bot_whose_action_is_a_webhook(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALON_SECRET", "비밀")
    hook.answers = [(500, b""), (500, b""), (200, '{"facts": {"who": "한지민"}}'.encode())]
    bot = salon(rules=with_webhook(hook.url, secret_env="SALON_SECRET"))
    booked(bot)
    assert bot.say("s", "네").reply == "예약을 처리하지 못했어요. 다시 해 볼까요?"
    assert bot.say("s", "네").reply == "예약됐어요. 담당은 한지민이에요."
    keys = [headers["Idempotency-Key"] for headers, _ in hook.asked]
    assert keys == ["s:7-1"] * 3
    sent = json.loads(hook.asked[0][1])
    assert sent["values"]["name"] == "김민수"
    assert sent["session"] == "s"
    assert hook.asked[0][0]["X-Signature"] == sign(hook.asked[0][1], "비밀")


def test_a_secret_that_is_not_set_is_noticed_when_the_bot_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SALON_SECRET", raising=False)
    with pytest.raises(ConfigError, match=r"actions\.book: .*environment variable SALON_SECRET; it is not set"):
        salon(rules=with_webhook("https://example.com/x", secret_env="SALON_SECRET"))


def test_without_a_clock_it_is_what_the_clocks_of_seoul_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        now = seoul_time()
        there = datetime.now(ZoneInfo("Asia/Seoul")).replace(tzinfo=None)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert now.tzinfo is None
    assert abs(there - now) < timedelta(minutes=1)
