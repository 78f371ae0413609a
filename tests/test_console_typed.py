"""Typing at a terminal: entities in colour as one types, no key kept waiting, the history, a real terminal."""

from __future__ import annotations

import contextlib
import io
import os
import select
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner_engine.cli.colours import colour_of, visible
from ner_engine.cli.history import read_history, remember, state_folder
from ner_engine.cli.live import Live, carry_over
from ner_engine.cli.typed import can_colour_typing, plain_lines, toolbar, typed_lines
from ner_engine.spans import Entity
from tests.conftest import entities_of
from tests.fake_extractor import extract

ROOT = Path(__file__).resolve().parents[1]
PASTE = "\x1b[200~{}\x1b[201~"


def until(true: Callable[[], object], *, seconds: float = 20.0) -> None:
    """Wait for something that another thread or process does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


# in the background


def test_what_is_typed_is_looked_at_once_it_stands_still() -> None:
    seen: list[str] = []
    changed = threading.Event()

    def find(text: str) -> Sequence[Entity]:
        seen.append(text)
        return extract(text)

    live = Live(find, changed.set, settle_s=0.1)
    try:
        for end in range(1, 8):
            live.entities("짜장면 두 그릇"[:end])
        assert live.entities("짜장면 두 그릇") == ()
        assert changed.wait(20)
        assert [e.text for e in live.entities("짜장면 두 그릇")] == ["짜장면", "두 그릇"]
        assert seen == ["짜장면 두 그릇"]
        assert live.version == 1
    finally:
        live.close()


def test_whoever_asks_is_not_kept_waiting() -> None:
    go_on = threading.Event()

    def slow(text: str) -> Sequence[Entity]:
        assert go_on.wait(60)
        return extract(text)

    live = Live(slow, lambda: None, settle_s=0)
    try:
        for _ in range(1000):
            assert live.entities("짜장면") == ()
        assert live.version == 0
        go_on.set()
        until(lambda: live.version)
        assert [e.text for e in live.entities("짜장면")] == ["짜장면"]
    finally:
        live.close()


def test_a_search_that_fails_finds_nothing_and_the_next_goes_on() -> None:
    def find(text: str) -> Sequence[Entity]:
        if text == "짬뽕":
            raise ValueError(text)
        return extract(text)

    live = Live(find, lambda: None, settle_s=0)
    try:
        live.entities("짬뽕")
        until(lambda: live.version == 1)
        assert live.entities("짬뽕") == ()
        live.entities("짜장면")
        until(lambda: live.version == 2)
        assert live.entities("짜장면") != ()
    finally:
        live.close()


@pytest.mark.parametrize(
    ("known", "text", "left"),
    [
        ("짜장면 하나", "짜장면 하나요", [("짜장면", 0), ("하나", 4)]),
        ("짜장면 하나", "짜장면 하", [("짜장면", 0)]),
        ("짜장면 하나", "음 짜장면 하나", [("짜장면", 2), ("하나", 6)]),
        ("짜장면 하나", "짜장면이랑 하나", [("짜장면", 0), ("하나", 6)]),
        ("짜장면 하나", "짬장면 하나", [("하나", 4)]),
        ("짜장면 하나", "", []),
    ],
)
def test_what_was_known_is_carried_over(known: str, text: str, left: list[tuple[str, int]]) -> None:
    carried = carry_over(known, extract(known), text)
    assert [(e.text, e.start) for e in carried] == left
    assert all(text[e.start : e.end] == e.text for e in carried)


_TEXTS = st.text(st.sampled_from("짜장면 하나내일"), max_size=12)


@given(_TEXTS, _TEXTS)
def test_what_is_carried_over_stands_in_the_text(known: str, text: str) -> None:
    carried = carry_over(known, extract(known), text)
    assert all(text[e.start : e.end] == e.text for e in carried)
    assert all(a.end <= b.start for a, b in pairwise(carried))


# the line being typed


@pytest.fixture
def pipe() -> Iterator[object]:
    prompt_toolkit_input = pytest.importorskip("prompt_toolkit.input")
    with prompt_toolkit_input.create_pipe_input() as made:
        yield made


class Screen:
    """A terminal of 24 lines in memory, which keeps what was sent to it."""

    def __init__(self) -> None:
        from prompt_toolkit.data_structures import Size
        from prompt_toolkit.output import ColorDepth
        from prompt_toolkit.output.vt100 import Vt100_Output

        self.stream = io.StringIO()
        self.output = Vt100_Output(
            self.stream,
            lambda: Size(rows=24, columns=60),
            default_color_depth=ColorDepth.DEPTH_4_BIT,
            enable_cpr=False,
        )

    @property
    def sent(self) -> str:
        return self.stream.getvalue()


def typing(pipe: object, screen: Screen, keys: str, **options: object) -> list[str]:
    """The lines that come of these keys, the last of which is Ctrl-D."""
    pipe.send_text(keys + "\x04")  # type: ignore[attr-defined]
    return list(typed_lines(extract, input=pipe, output=screen.output, **options))  # type: ignore[arg-type]


def test_lines_of_wide_characters_are_edited(pipe: object) -> None:
    left, back = "\x1b[D", "\x7f"
    keys = f"짬뽕 하나{left}{left}{back}{back}{back}짜장면 \r안녕하세요\r"
    assert typing(pipe, Screen(), keys) == ["짜장면 하나", "안녕하세요"]


def test_what_is_pasted_is_one_line(pipe: object) -> None:
    keys = PASTE.format("짜장면 하나\r\n짬뽕 둘\n\n/quit\n") + "\r"
    assert typing(pipe, Screen(), keys) == ["짜장면 하나 짬뽕 둘  /quit"]


def test_lines_come_back_from_the_history(pipe: object, tmp_path: Path) -> None:
    history = tmp_path / "state" / "chat-history"
    remember(history, "어제 한 말")
    lines = typed_lines(extract, input=pipe, output=Screen().output, history=history)  # type: ignore[arg-type]
    up = "\x1b[A"
    got = []
    for keys in (f"{up}\r", "오늘 한 말\r", f"{up}{up}\r"):
        pipe.send_text(keys)  # type: ignore[attr-defined]
        got.append(next(lines))
    assert got == ["어제 한 말", "오늘 한 말", "어제 한 말"]
    assert read_history(history) == ["어제 한 말", "어제 한 말", "오늘 한 말", "어제 한 말"]


def test_ctrl_c_ends_the_lines(pipe: object) -> None:
    pipe.send_text("짜장면\r하나\x03")  # type: ignore[attr-defined]
    assert list(typed_lines(extract, input=pipe, output=Screen().output)) == ["짜장면"]  # type: ignore[arg-type]


def shown_while_typing(pipe: object, screen: Screen, keys: str, shown: str, **options: object) -> list[str]:
    """The lines that come of keys and Enter, pressed only when ``shown`` is on the screen."""
    lines = typed_lines(extract, input=pipe, output=screen.output, **options)  # type: ignore[arg-type]
    got: list[str] = []
    typist = threading.Thread(target=lambda: got.extend(lines))
    typist.start()
    try:
        pipe.send_text(keys)  # type: ignore[attr-defined]
        until(lambda: shown in screen.sent)
    finally:
        pipe.send_text("\r\x04")  # type: ignore[attr-defined]
        typist.join(20)
    return got


def test_commands_are_completed(pipe: object) -> None:
    got = shown_while_typing(pipe, Screen(), "/ent\t", "ities", commands=["/help", "/entities"])
    assert got == ["/entities"]


def test_entities_are_coloured_before_the_line_is_entered(pipe: object) -> None:
    screen = Screen()
    assert shown_while_typing(pipe, screen, "내일 짜장면 둘", "\x1b[0;33;1m내일") == ["내일 짜장면 둘"]
    assert "\x1b[0;91;1m짜장면" in screen.sent


def test_without_colour_entities_are_bold(pipe: object) -> None:
    screen = Screen()
    shown_while_typing(pipe, screen, "내일 짜장면 둘", "\x1b[0;1m짜장면", colour=False)
    assert "\x1b[0;91;1m" not in screen.sent


def test_typing_goes_on_while_the_engine_thinks(pipe: object) -> None:
    go_on = threading.Event()

    def slow(text: str) -> Sequence[Entity]:
        assert go_on.wait(60)
        return extract(text)

    pipe.send_text("짜장면 하나\r그리고 짬뽕\r\x04")  # type: ignore[attr-defined]
    try:
        assert list(typed_lines(slow, input=pipe, output=Screen().output)) == ["짜장면 하나", "그리고 짬뽕"]  # type: ignore[arg-type]
        assert not go_on.is_set()
    finally:
        go_on.set()


def test_commands_and_long_texts_are_not_looked_at(pipe: object) -> None:
    seen: list[str] = []

    def find(text: str) -> Sequence[Entity]:
        seen.append(text)
        return ()

    pipe.send_text("/fix + 짜장면 FOOD\r" + "짜장면" * 9 + "\r")  # type: ignore[attr-defined]
    lines = typed_lines(find, longest=20, input=pipe, output=Screen().output)  # type: ignore[arg-type]
    assert [next(lines), next(lines)] == ["/fix + 짜장면 FOOD", "짜장면" * 9]
    time.sleep(0.15)
    lines.close()  # type: ignore[attr-defined]
    assert seen == []


def test_the_line_below_tells_labels_and_values() -> None:
    text = "내일 홍대요"
    found = entities_of(text, [e.span for e in extract(text)])
    assert "".join(fragment[1] for fragment in toolbar(found)) == " 내일 DT · 홍대 LC"
    assert "".join(fragment[1] for fragment in toolbar(())) == " /help"


# without prompt_toolkit


def test_plain_lines_end_with_the_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("짜장면 하나\n\n\ud800네\n"))
    ended: list[bool] = []
    assert list(plain_lines(lambda: ended.append(True))) == ["짜장면 하나", "", "?네"]
    assert ended == [True]


def test_where_colours_can_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert can_colour_typing({"TERM": "xterm"})
    assert not can_colour_typing({"TERM": "dumb"})
    monkeypatch.setitem(sys.modules, "prompt_toolkit", None)
    assert not can_colour_typing({"TERM": "xterm"})


# the history and the colours


@pytest.mark.parametrize(
    ("platform", "environment", "folder"),
    [
        ("linux", {"XDG_STATE_HOME": "/var/state"}, "/var/state/ner-engine"),
        ("linux", {}, "/home/mina/.local/state/ner-engine"),
        ("linux", {"XDG_STATE_HOME": "relative"}, "/home/mina/.local/state/ner-engine"),
        ("darwin", {}, "/home/mina/Library/Application Support/ner-engine"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/ner-engine"),
        ("win32", {}, "/home/mina/AppData/Local/ner-engine"),
    ],
)
def test_where_the_history_is_kept(platform: str, environment: dict[str, str], folder: str) -> None:
    assert state_folder(environment, platform=platform, home=Path("/home/mina")) == Path(folder)


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX modes")
def test_only_its_owner_reads_the_history(tmp_path: Path) -> None:
    path = tmp_path / "state" / "chat-history"
    remember(path, "두 줄\n한 줄")
    path.chmod(0o644)
    remember(path, "또\ud800")
    assert read_history(path) == ["두 줄 한 줄", "또?"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_long_history_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "chat-history"
    path.write_text("".join(f"{n}번\n" for n in range(2500)), encoding="utf-8")
    assert read_history(path) == [f"{n}번" for n in range(1500, 2500)]
    assert path.read_text(encoding="utf-8").count("\n") == 1000
    assert [p.name for p in tmp_path.iterdir()] == ["chat-history"]


def test_without_a_history_one_talks_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    remember(tmp_path / "file" / "chat-history", "네")
    assert read_history(tmp_path / "file" / "chat-history") == []


def test_colours_and_controls() -> None:
    assert colour_of("DT") == colour_of("DAT") == "yellow"
    assert colour_of("TRACKING") == "bright_blue"
    assert visible("\x1b[0m\t네\n\x7f") == "␛[0m\t네\n␡"


# a real terminal

CHAT = """
import sys
import ner_engine
from tests.fake_extractor import FakeEngine
vars(ner_engine)["load"] = lambda *names: FakeEngine()
from ner_engine.cli import main
sys.argv = ["ner-engine", "chat", "--now", "2026-07-23T17:00", *sys.argv[1:]]
main()
"""


class Terminal:
    """``ner-engine chat`` at a pseudo-terminal of 24 lines."""

    def __init__(self, folder: Path, *options: str, **environment: str) -> None:
        import fcntl
        import struct
        import termios

        keep = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES")}
        keep |= {"TERM": "xterm-256color", "XDG_STATE_HOME": str(folder), "PYTHONPATH": str(ROOT)}
        self._file, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-c", CHAT, *options],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=keep | environment,
            start_new_session=True,
        )
        os.close(theirs)
        self._bytes = b""

    def send(self, keys: str) -> None:
        os.write(self._file, keys.encode())

    def wait_for(self, text: str, *, seconds: float = 60.0) -> str:
        """What was shown up to this text and with it, once it is there; what follows is waited for anew."""
        end = time.monotonic() + seconds
        while text.encode() not in self._bytes:
            assert time.monotonic() < end, f"expected {text!r}; got {self._bytes.decode(errors='replace')!r}"
            ready, _, _ = select.select([self._file], [], [], 0.1)
            if not ready:
                continue
            try:
                new = os.read(self._file, 65536)
            except OSError:  # the other end is gone
                new = b""
            assert new, f"expected {text!r}; it ended with {self._bytes.decode(errors='replace')!r}"
            if b"\x1b[6n" in new:  # asks where the cursor is
                os.write(self._file, b"\x1b[2;1R")
            self._bytes += new
        at = self._bytes.index(text.encode()) + len(text.encode())
        shown, self._bytes = self._bytes[:at].decode(errors="replace"), self._bytes[at:]
        return shown

    def ended(self) -> int:
        """Its exit status, once it has ended by itself."""
        with contextlib.suppress(OSError):  # the other end is gone
            while os.read(self._file, 65536):
                pass
        return self._process.wait(20)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._file)


@pytest.fixture
def at_terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Starts chats at terminals, and ends those that have not."""
    pytest.importorskip("fcntl", reason="needs a pseudo-terminal")
    opened: list[Terminal] = []

    def start(*options: str, **environment: str) -> Terminal:
        opened.append(Terminal(tmp_path, *options, **environment))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


def test_at_a_terminal_colours_come_before_the_line_is_entered(
    at_terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    terminal = at_terminal()
    terminal.wait_for("안녕하세요, 달빛반점입니다!")
    terminal.wait_for("/help")  # the line at the bottom: it is ready
    terminal.send("내일 짜장면 둘")
    typed = terminal.wait_for(" QT")  # the last of the line at the bottom
    assert "\x1b[0;33;1m내일" in typed
    assert "\x1b[0;91;1m짜장면" in typed
    assert "DT · " in typed
    assert "담았어요" not in typed
    terminal.send("\r")
    entered = terminal.wait_for("더 필요하신 거 있으세요?")
    assert "\x1b[1;33m내일\x1b[0m \x1b[1;91m짜장면\x1b[0m \x1b[1;31m둘" in entered
    assert "내일 DT · 짜장면 FOOD · 둘 QT" in entered
    terminal.wait_for("/help")
    terminal.send("/quit\r")
    terminal.wait_for("다시 불러 주세요!")
    assert terminal.ended() == 0
    assert read_history(tmp_path / "ner-engine" / "chat-history") == ["내일 짜장면 둘", "/quit"]


def test_at_a_dumb_terminal_one_talks_without_colours(at_terminal: Callable[..., Terminal]) -> None:
    terminal = at_terminal("--no-colour", TERM="dumb")
    terminal.wait_for("> ")
    terminal.send("내일 짜장면 둘\r")
    entered = terminal.wait_for("더 필요하신 거 있으세요?")
    assert "내일 DT · 짜장면 FOOD · 둘 QT" in entered
    assert "\x1b[" not in entered.replace("\x1b[?2004l", "")
    terminal.wait_for("> ")
    terminal.send("\x04")
    terminal.wait_for("다시 불러 주세요!")
    assert terminal.ended() == 0
