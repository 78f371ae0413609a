"""Whole conversations, asserted to the letter, and the command line around them.

Transcripts stand in ``transcripts/<bot>/``; ``ner_engine.chatbot.playback.transcript`` tells how they read. Those
of the restaurant are played with the tests' own extractor, unless they say ``# extractor: engine``; the others
with the engine and the bundle that is shipped.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import ner_engine
from ner_engine.chatbot import Bot, Rules, Speech, converse, load_rules, shipped_bots
from ner_engine.chatbot.playback.playing import play as play_transcript
from ner_engine.chatbot.playback.transcript import read_transcript
from ner_engine.cli.chat import chat
from ner_engine.errors import NerEngineError
from ner_engine.spans import Entity
from tests.fake_extractor import FakeEngine, extract

FOLDER = Path(__file__).parent / "transcripts"
TRANSCRIPTS = sorted(FOLDER.glob("*/*.txt"))
NOW = "2026-07-23T17:00"
MARKS = {"bot": "< ", "info": ". "}


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load_rules()


@pytest.fixture(scope="session")
def engine() -> ner_engine.Engine:
    """The engine as it is shipped."""
    try:
        return ner_engine.load()
    except (NerEngineError, ImportError) as error:
        pytest.skip(f"the shipped bundle cannot be loaded: {error}")


def play(
    rules: Rules,
    typed: Sequence[str],
    *,
    extractor: Callable[[str], Sequence[Entity]] = extract,
    now: str = NOW,
    seed: int = 0,
) -> list[str]:
    """The transcript of a conversation in which these lines are typed."""
    written: list[str] = []

    def lines() -> Iterator[str]:
        for line in typed:
            written.append(f"> {line}")
            yield line + "\n"

    def say(speech: Speech) -> None:
        written.extend(MARKS[speech.kind] + line for line in speech.text.split("\n"))

    moment = datetime.fromisoformat(now)
    bot = Bot(rules, extractor, clock=lambda: moment, seed=seed)
    converse(bot, lines(), say, clock=lambda: moment, seed=seed)
    return written


def test_there_are_transcripts_of_every_bot() -> None:
    turns = [path.read_text(encoding="utf-8").count("\n> ") for path in TRANSCRIPTS]
    assert sum(4 <= count <= 15 for count in turns) >= 170
    assert {path.parent.name for path in TRANSCRIPTS} == set(shipped_bots())


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_transcript(path: Path, request: pytest.FixtureRequest) -> None:
    source = path.read_text(encoding="utf-8")
    bot = path.parent.name
    if bot == "restaurant" and not re.search("^# extractor: engine$", source, re.MULTILINE):

        def find(text: str, now: datetime) -> Sequence[Entity]:
            return extract(text)

    else:
        engine = request.getfixturevalue("engine")

        def find(text: str, now: datetime) -> Sequence[Entity]:
            return engine.extract(text, now=now)

    played = play_transcript(load_rules(bot), read_transcript(path), find)
    told = [f"{path}:{one.line}: {one.message}\n" + "\n".join(one.shown) for one in played.differences]
    assert not told, "\n".join(told)


def test_two_runs_are_the_same_and_a_seed_changes_the_wording(rules: Rules) -> None:
    typed = ["예약할게요", "내일요", "주문할게요"]
    assert play(rules, typed) == play(rules, typed)
    assert play(rules, typed, seed=7) == play(rules, typed, seed=7)
    assert len({tuple(play(rules, typed, seed=seed)) for seed in range(6)}) > 1


def test_ctrl_c_takes_leave(rules: Rules) -> None:
    said: list[str] = []

    def lines() -> Iterator[str]:
        yield "짜장면 하나"
        raise KeyboardInterrupt

    def clock() -> datetime:
        return datetime.fromisoformat(NOW)

    converse(Bot(rules, extract, clock=clock), lines(), lambda s: said.append(s.text), clock=clock)
    assert said[-1] == "주문은 아직 접수하지 않았어요. 필요하실 때 다시 불러 주세요!"


def test_why_names_the_rule_and_its_line(rules: Rules) -> None:
    written = play(rules, ["짜장면 두 그릇 주세요", "/why"])
    chosen = next(line for line in written if line.startswith(". → "))
    source = Path(rules.path).read_text(encoding="utf-8").split("\n")
    line = int(chosen.rstrip(")").rsplit(":", 1)[1])
    assert chosen.startswith(". → order_dish 7점: 패턴 '주세요' +4, FOOD '짜장면' +3")
    assert source[line - 1].startswith("  order_dish:")
    assert ".   칸: items ← 짜장면 2" in written
    assert ".   대답: replies.added, forms.order.more" in written


def test_a_text_too_long_is_not_extracted(rules: Rules) -> None:
    seen: list[str] = []

    def watching(text: str) -> list[Entity]:
        seen.append(text)
        return extract(text)

    play(rules, ["가" * 5000, "", "짜장면"], extractor=watching)
    assert seen == ["짜장면"]


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    monkeypatch.setitem(vars(ner_engine), "load", lambda *names: FakeEngine())
    app = typer.Typer(rich_markup_mode=None)
    app.command()(chat)
    return app


def test_piped_chat_prints_replies_only(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["--plain", "--now", NOW], input="짜장면 두 그릇 주세요\n그게 다예요\n네\n")
    assert result.exit_code == 0
    assert result.stdout.split("\n") == [
        "안녕하세요, 달빛반점입니다! 주문이나 예약, 무엇이든 편하게 말씀해 주세요.",
        "짜장면 2그릇 담았어요. 더 필요하신 거 있으세요?",
        "짜장면 2그릇, 모두 14,000원이에요. 이대로 주문할까요?",
        "주문 들어갔어요! 짜장면 2그릇, 14,000원이에요. 맛있게 준비할게요.",
        "이용해 주셔서 감사해요. 또 오세요!",
        "",
    ]


def test_piped_chat_survives_bytes_that_are_no_text(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["--plain"], input=b"\xff\xfe\x00\n\xec\xa7\n/quit\n")
    assert result.exit_code == 0
    assert result.stdout.rstrip().endswith("또 오세요!")


def test_end_of_input_in_the_middle_is_no_error(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["--now", NOW], input="내일 예약할게요")
    assert result.exit_code == 0
    assert "7월 24일 금요일" in result.stdout
    assert result.stdout.rstrip().endswith("예약은 아직 접수하지 않았어요. 필요하실 때 다시 불러 주세요!")


@pytest.mark.parametrize("option", ["--rules", "--bot"])
def test_a_rule_file_of_ones_own(app: typer.Typer, tmp_path: Path, rules: Rules, option: str) -> None:
    own = tmp_path / "own.yaml"
    source = Path(rules.path).read_text(encoding="utf-8")
    own.write_text(source.replace("shop: 달빛반점", "shop: 별빛반점"), encoding="utf-8")
    result = CliRunner().invoke(app, [option, str(own)], input="")
    assert result.stdout.startswith("안녕하세요, 별빛반점입니다!")


def test_every_shipped_bot_greets(app: typer.Typer) -> None:
    greetings = [CliRunner().invoke(app, ["--bot", name], input="").stdout for name in shipped_bots()]
    assert all(greeting.startswith("안녕하세요") for greeting in greetings)
    assert len(set(greetings)) == len(greetings) == 3


def test_a_wrong_clock_is_wrong_use(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["--now", "내일"], input="")
    assert result.exit_code == 2
    assert "2026-07-23T17:00" in result.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    code = (
        "import ner_engine\n"
        "from ner_engine.cli.chat import chat\n"
        "from tests.fake_extractor import FakeEngine\n"
        "vars(ner_engine)['load'] = lambda *names: FakeEngine()\n"
        "chat(plain=True)\n"
    )
    bot = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert bot.stdin is not None
    assert bot.stdout is not None
    assert bot.stdout.readline()
    bot.stdout.close()
    bot.stdout = None  # communicate() would read it
    _, complaints = bot.communicate("안녕하세요\n짜장면 하나요\n".encode(), timeout=60)
    assert (bot.returncode, complaints) == (0, b"")


def test_help_has_an_example(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    assert "ner-engine chat --plain" in result.stdout


def test_the_chatbot_imports_neither_engine_nor_model() -> None:
    code = (
        "import sys, ner_engine.chatbot\n"
        "heavy = {'torch', 'onnxruntime', 'numpy', 'rich', 'prompt_toolkit', 'sqlalchemy', 'ner_engine.engine',\n"
        "         'ner_engine.runtime'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
