"""Processes that talk to a store and can be killed.

They are forked by one that has everything imported (``python -m tests.talkers``), so that twenty of them cost
little. Each takes turns on a store and writes down every turn that was acknowledged.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ner_engine.chatbot.action.calls import RECORD, ActionCall
from ner_engine.chatbot.state import Draft, Item, State, Value

ROOT = Path(__file__).resolve().parents[1]
START = datetime(2026, 7, 23, 8, 0, tzinfo=UTC)
BOT = "restaurant"


# What a process says to the bot: the same for whoever replays it


def turn_of(state: State | None, n: int) -> dict:
    """What ``commit`` is given for the turn after ``state``: every third books, and so on."""
    before = state or State()
    number = before.turn + 1
    draft = Draft("order", values=(("who", (Value(f"{number}번 손님", number),)),), items=(Item("만두", number),))
    calls, withdrawn = [], []
    if number % 3 == 0:
        replaces = f"{number - 3}-1" if number % 2 == 0 else ""
        calls = [ActionCall(f"{number}-1", RECORD, "order", {"n": number}, (Item("만두", number),), replaces)]
    if number % 5 == 0:
        withdrawn = [f"{number - number % 3}-1"]
    return {
        "state": replace(before, turn=number, seed=(before.seed * 31 + number) % 1_000_003, drafts=(draft,)),
        "text": f"만두 {n}개 주세요",
        "reply": f"{number}번째로 받았어요.",
        "entities": [{"text": "만두", "start": 0, "end": 2, "label": "FOOD"}],
        "trace": {"n": n},
        "records": calls,
        "withdrawn": withdrawn,
        "hand_over": {"n": number} if number % 7 == 0 else None,
    }


def replayed(turns: int) -> tuple[State | None, dict[str, str], int]:
    """The state, the book by id and the number of hand-overs after so many turns, without any database."""
    state: State | None = None
    book: dict[str, str] = {}
    hand_overs = 0
    for n in range(turns):
        turn = turn_of(state, n)
        state = turn["state"]
        for call in turn["records"]:
            if book.get(call.replaces) == "booked":
                book[call.replaces] = "replaced"
            book[call.id] = "booked"
        for record in turn["withdrawn"]:
            if book.get(record) == "booked":
                book[record] = "withdrawn"
        hand_overs += turn["hand_over"] is not None
    return state, book, hand_overs


def talk(
    where: str, session: str, ids: list[str], log: Path, *, barrier: str = "", hang: str = "", fork: str = ""
) -> None:
    """Take a turn for each message id; a line in ``log`` for each that was acknowledged: its id and the reply.

    It begins when the file ``barrier`` is there. With ``hang`` it makes that file inside its first turn, and
    waits. With ``fork`` it goes on as two processes once the store is in use; the new one's ids end so.
    """
    from ner_engine.chatbot.store.database import Store

    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    if barrier:
        while not Path(barrier).exists():
            time.sleep(0.001)
    with Store.open(where) as store:
        if fork:
            store.transcript(session)
            if os.fork() == 0:
                ids = [f"{message_id}{fork}" for message_id in ids]
        for n, message_id in enumerate(ids):
            at = START + timedelta(seconds=n)
            with store.turn(session, BOT, message_id=message_id, at=at) as turn:
                reply = turn.replayed
                if hang:
                    Path(hang).touch()
                    time.sleep(600)
                if reply is None:
                    given = turn_of(turn.state, n)
                    reply = given["reply"]
                    turn.commit(**given)
            os.write(out, f"{message_id}\t{reply}\n".encode())
    os.write(out, b"done\n")


def converse(where: str, session: str, texts: list[str], *, bot: str, hang: str) -> None:
    """Say this to a bot that hangs in the action that books; the file ``hang`` then has the call's id."""
    from ner_engine.chatbot import load_rules
    from ner_engine.chatbot.bot import Bot
    from ner_engine.chatbot.store.database import Store
    from tests.fake_extractor import extract

    def book(call: ActionCall) -> None:
        Path(hang).write_text(call.id, encoding="utf-8")
        time.sleep(600)

    with Store.open(where) as store:
        shop = Bot(
            load_rules(bot),
            extract,
            store=store,
            functions={"record": book},
            clock=lambda: datetime(2026, 7, 23, 17),
        )
        for text in texts:
            shop.say(session, text, message_id="m")


# The processes


class Talkers:
    """Starts processes that talk to a store."""

    def __init__(self) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.talkers"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, where: str, session: str, ids: list[str], log: Path, **options: str) -> int:
        """The id of a new process that does ``talk``, or ``converse`` where a bot is named."""
        self._parent.stdin.write(json.dumps([str(where), session, ids, str(log), options]) + "\n")
        self._parent.stdin.flush()
        return int(self._parent.stdout.readline())

    def close(self) -> None:
        self._parent.stdin.close()
        self._parent.wait(timeout=10)
        self._parent.stdout.close()


def acknowledged(log: Path) -> list[tuple[str, str]]:
    """The lines of a log, whole ones only: message id and reply."""
    if not log.exists():
        return []
    lines = log.read_text(encoding="utf-8").split("\n")[:-1]
    assert not any(line.startswith("failed") for line in lines), log.read_text(encoding="utf-8")
    return [(m, reply) for m, _, reply in (line.partition("\t") for line in lines) if m != "done"]


def wait_until(condition, *, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def finished(*logs: Path) -> bool:
    """Whether the processes that write these logs are through."""
    return all(
        log.exists() and log.read_text(encoding="utf-8").rstrip().split("\n")[-1].startswith(("done", "failed"))
        for log in logs
    )


def _serve() -> None:
    import ner_engine.chatbot.store.database  # noqa: F401  before the forks, once

    with suppress(ImportError):
        import psycopg  # noqa: F401
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    for line in sys.stdin:
        where, session, ids, log, options = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                if "bot" in options:
                    converse(where, session, ids, **options)
                else:
                    talk(where, session, ids, Path(log), **options)
            except BaseException:
                with open(log, "a", encoding="utf-8") as out:
                    out.write(f"failed\n{traceback.format_exc()}\nfailed\n")
            os._exit(0)
        os.write(1, f"{pid}\n".encode())


if __name__ == "__main__":
    _serve()
