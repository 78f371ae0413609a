"""The console's commands and options: what each shows, talks saved to be played again, sessions gone on with."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

import ner_engine
from ner_engine.chatbot import Bot, Outcome, Rules, Speech, converse, load_rules
from ner_engine.chatbot.console import COMMANDS, Tagger
from ner_engine.chatbot.pages import recognised, show_entities, show_value, summary
from ner_engine.chatbot.playback.playing import play
from ner_engine.chatbot.playback.transcript import read_transcript
from ner_engine.cli import app
from ner_engine.cli.spoken import painted_speech
from ner_engine.errors import StoreError
from ner_engine.feedback import open_store
from ner_engine.spans import Entity
from ner_engine.values import Clock, parse_at
from tests.fake_extractor import FakeEngine, extract

NOW = datetime(2026, 7, 23, 17, 0)
TAGGER = Tagger(FakeEngine.labels, "fake", FakeEngine().explain, name="engine")


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load_rules()


@pytest.fixture(scope="module")
def salon() -> Rules:
    return load_rules(Path(__file__).parent / "bots" / "salon.yaml")


def talk(
    rules: Rules,
    *typed: str,
    bot: Bot | None = None,
    start: datetime = NOW,
    step: timedelta = timedelta(),
    **options: object,
) -> list[Speech]:
    """What is said while these lines are typed; the clock goes on by ``step`` at each."""
    said: list[Speech] = []
    now = [start]

    def clock() -> datetime:
        return now[0]

    def lines() -> Iterator[str]:
        for line in typed:
            now[0] += step
            yield line + "\n"

    converse(bot or Bot(rules, extract, clock=clock), lines(), said.append, clock=clock, **options)  # type: ignore[arg-type]
    return said


def shown(rules: Rules, *typed: str, **options: object) -> list[str]:
    """What the commands show."""
    return [speech.text for speech in talk(rules, *typed, **options) if speech.kind == "info"]


def test_help_lists_every_command_and_each_is_obeyed(rules: Rules) -> None:
    (said,) = shown(rules, "/help")
    assert [line.split()[0] for line in said.split("\n")] == list(COMMANDS)
    for command in COMMANDS:
        assert not any("모르는 명령" in text for text in shown(rules, command, command.upper()))


def test_without_echo_nothing_is_said_back(rules: Rules) -> None:
    assert {speech.kind for speech in talk(rules, "짜장면 하나", "/why")} == {"bot", "info"}


def test_with_echo_the_line_comes_before_its_answer(rules: Rules) -> None:
    said = talk(rules, "짜장면 하나", "/help", "", "가" * 400, echo=extract)
    assert [s.kind for s in said] == ["bot", "echo", "bot", "echo", "info", "bot", "echo", "bot", "bot"]
    assert [e.text for e in said[1].entities] == ["짜장면", "하나"]
    assert [s.text for s in said if s.kind == "echo"] == ["짜장면 하나", "/help", "가" * 400]
    assert all(not s.entities for s in said[2:])


def test_why_explains_entities_and_actions(rules: Rules) -> None:
    (said,) = shown(rules, "내일 저녁 7시에 네 명 예약해 주세요", "김민수요", "네", "/why", tagger=TAGGER)
    lines = said.split("\n")
    assert lines[0].startswith("→ ")
    (done,) = [line for line in lines if line.startswith("  한 일: ")]
    assert done.startswith('  한 일: record reservation {"date": "2026-07-24"')
    assert done.endswith(" → ok")
    (said,) = shown(rules, "내일 예약이요", "/why", tagger=TAGGER)
    assert "  개체명: + DT 내일" in said.split("\n")


def test_state_tells_every_slot(rules: Rules) -> None:
    (said,) = shown(rules, "짜장면 두 그릇 주세요", "내일 저녁 7시에 예약할게요", "/state")
    lines = said.split("\n")
    assert lines[0] == "열린 양식: 예약 (reservation)"
    assert '  날짜 (date): "2026-07-24" (7월 24일 금요일)' in lines
    assert any(line.endswith("비어 있음  ← 지금 묻는 것") for line in lines)
    assert '  메뉴 (items): {"짜장면": 2}' in lines[lines.index("놓아둔 양식: 주문 (order)") :]
    assert shown(rules, "/state")[0].startswith("열린 양식: 없음")
    (said,) = shown(rules, "짜장면 하나요", "그게 다예요", "네", "/state")
    assert "마친 양식: 주문 (order), 번호 " in said


def test_history_begins_with_what_was_said_before(rules: Rules) -> None:
    (said,) = shown(
        rules, "짜장면 하나요", "/history", earlier=[("", "어서 오세요!"), ("여보세요", "네,\n말씀하세요.")]
    )
    lines = said.split("\n")
    assert lines[:4] == ["< 어서 오세요!", "> 여보세요", "< 네,", "< 말씀하세요."]
    assert "> 짜장면 하나요" in lines


def test_a_saved_talk_can_be_played_again(rules: Rules, tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    typed = ["짜장면 두 그릇 주세요", "한 시간 뒤에\t예약할게요", "/why", "", "네 명이요", f"/save {path}"]
    said = talk(rules, *typed, step=timedelta(minutes=3, seconds=20), tagger=TAGGER, seed=0)
    assert said[-2].text == f"저장했어요: {path} (4마디)"
    source = path.read_text(encoding="utf-8").split("\n")
    assert source[:4] == [
        "# bot: restaurant",
        "# now: 2026-07-23T17:00",
        "# extractor: engine",
        "## bundle: fake",
    ]
    assert source.count("# wait: 3m") == 3
    assert not any(line.startswith((". ", "> /")) for line in source)
    played = play(rules, read_transcript(path), lambda text, now: extract(text))
    assert played.differences == ()
    broken = [line.replace("짜장면", "짬뽕") if line.startswith("> ") else line for line in source]
    path.write_text("\n".join(broken), encoding="utf-8")
    assert play(rules, read_transcript(path), lambda text, now: extract(text)).differences


def test_a_saved_talk_begins_where_it_was_begun_anew(rules: Rules, tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    talk(
        rules,
        "짜장면 하나",
        "/reset",
        "영업시간이 어떻게 돼요?",
        f"/save {path}",
        seed=3,
        bot=Bot(rules, extract, seed=3),
    )
    source = path.read_text(encoding="utf-8")
    assert "# seed: 3" in source
    assert "> 짜장면" not in source
    assert play(rules, read_transcript(path), lambda text, now: extract(text)).differences == ()


def test_a_saved_talk_tells_what_actions_came_to(salon: Rules, tmp_path: Path) -> None:
    """Played again, it does not depend on the world behind the actions."""
    given = Outcome("ok", {"left": "31,000"})
    bot = Bot(salon, lambda text: (), clock=lambda: NOW, functions={"look_up": lambda call: given})
    path = tmp_path / "talk.txt"
    said = talk(salon, "12345678 쿠폰 조회해 주세요", f"/save {path}", bot=bot)
    assert "31,000원" in said[1].text
    source = path.read_text(encoding="utf-8").split("\n")
    scripted = source.index("> 12345678 쿠폰 조회해 주세요") - 1
    assert source[scripted] == '# outcome: look_up ok {"left": "31,000"}'
    assert play(salon, read_transcript(path), lambda text, now: ()).differences == ()


def test_what_is_there_is_not_written_over(rules: Rules, tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("mine", encoding="utf-8")
    said = shown(
        rules, f"/save {path}", f"/save {tmp_path / 'nowhere' / 'talk.txt'}", f"/save {tmp_path}", "/save"
    )
    assert said[0] == said[2].replace(str(tmp_path), str(path)) == f"벌써 있는 파일이에요: {path}"
    assert "저장하지 못했어요." in said[1]
    assert path.read_text(encoding="utf-8") == "mine"


def test_a_store_that_fails_ends_no_talk(rules: Rules) -> None:
    bot = Bot(rules, extract, clock=lambda: NOW)
    say, left = bot.say, [True]

    def failing(session: str, text: str) -> object:
        if left:
            left.pop()
            raise StoreError("orders.db: database is locked")
        return say(session, text)

    bot.say = failing  # type: ignore[method-assign, assignment]
    said = talk(rules, "짜장면 하나", "짜장면 하나", bot=bot)
    assert said[1] == Speech("info", "못 했어요: orders.db: database is locked")
    assert said[2].text.startswith("짜장면 1그릇 담았어요.")


# what is recognised


def test_what_the_rule_file_knows_is_recognised_too(salon: Rules) -> None:
    text = "내일 12345678 쿠폰 되나요?"
    found = recognised(salon, text, extract(text))
    assert [(e.label, e.text, e.source) for e in found][:2] == [
        ("DT", "내일", "model"),
        ("VOUCHER", "12345678", "pattern"),
    ]
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(text[e.start : e.end] == e.text for e in found)


def test_the_options_of_a_choice_are_no_entities(salon: Rules) -> None:
    options = [o.name for form in salon.forms.values() for slot in form.slots for o in slot.options]
    assert options
    assert all(e.label.isidentifier() for option in options for e in recognised(salon, option, ()))


@pytest.mark.parametrize(
    ("text", "label", "value"),
    [
        ("내일", "DT", "2026-07-24"),
        ("저녁 7시 반", "TI", "19:30"),
        ("두 그릇", "QT", "2 그릇"),
        ("3만원", "QT", "30000 KRW"),
        ("두세 명", "QT", "2~3 명"),
        ("두 시간", "TI", "PT2H"),
    ],
)
def test_a_value_in_a_word(text: str, label: str, value: str) -> None:
    entity = Entity(text, 0, len(text), label, value=parse_at(text, Clock.at(NOW), label=label))
    assert show_value(entity) == value
    assert summary([entity]) == f"{text} {label} {value}"
    assert show_entities([entity]).endswith(f"값 {value}")


def test_a_name_stands_for_a_value() -> None:
    entity = Entity("아아", 0, 2, "FOOD", 1.0, "gazetteer", canonical="아이스 아메리카노")
    assert summary([entity]) == "아아 FOOD 아이스 아메리카노"
    assert show_entities([entity]) == "FOOD  [0, 2) 아아  1.00 gazetteer  대표 이름 아이스 아메리카노"


def test_painted_and_without_what_commands_a_terminal() -> None:
    text = "\x1b[2J짜장면 하나"
    painted = painted_speech(Speech("echo", text, tuple(extract(text))))
    assert painted.plain == "> ␛[2J짜장면 하나\n  짜장면 FOOD · 하나 QT"
    marked = {painted.plain[span.start : span.end]: str(span.style) for span in painted.spans}
    assert marked["짜장면"] == "bold bright_red"
    assert marked["하나"] == "bold red"
    assert painted_speech(Speech("bot", "a\x9b1mb\ud800")).plain == "a\ufffd1mb\ufffd"


# the command


@pytest.fixture
def fake_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(vars(ner_engine), "load", lambda *names: FakeEngine())
    monkeypatch.chdir(tmp_path)


def chat(*options: str, typed: Sequence[str] = ()) -> list[str]:
    result = CliRunner().invoke(
        app, ["chat", "--now", "2026-07-23T17:00", *options], input="".join(f"{line}\n" for line in typed)
    )
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


@pytest.mark.usefixtures("fake_engine")
def test_corrections_in_a_pipe(tmp_path: Path) -> None:
    chat("--corrections", "mine.jsonl", typed=["짜장면 하나", "/fix 1 -", "/fix save"])
    who = ("--by", "서연", "--consent", "--mask")
    chat("--store", "theirs.jsonl", *who, typed=["민수 번호는 010-1234-5678이에요", "/fix ok"])
    first = json.loads((tmp_path / "mine.jsonl").read_text(encoding="utf-8"))
    second = json.loads((tmp_path / "theirs.jsonl").read_text(encoding="utf-8"))
    assert [len(line["entities"]) for line in (first, second)] == [1, 1]
    assert first["bundle"] == "fake@1/0123abcd"
    assert first["at"] == "2026-07-23T17:00:00+09:00"
    assert (first["by"], first["consent"], first["masked"]) == ("", False, False)
    assert (second["by"], second["consent"], second["masked"]) == ("서연", True, True)
    assert second["text"] == "[이름1] 번호는 [전화번호1]이에요"


@pytest.mark.usefixtures("fake_engine")
def test_corrections_without_a_name_for_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They go to a database; where those are not installed, to a file."""
    with monkeypatch.context() as absent:
        absent.delitem(sys.modules, "ner_engine.feedback.database", raising=False)
        absent.setitem(sys.modules, "sqlalchemy", None)
        said = chat(typed=["짜장면 하나", "/fix ok"])
    assert "저장했어요: corrections.jsonl (개체명 2개)" in said
    assert not (tmp_path / "feedback.db").exists()
    pytest.importorskip("sqlalchemy", reason="needs the store extra")
    assert "저장했어요: feedback.db (개체명 2개)" in chat(typed=["짜장면 하나", "/fix ok"])
    monkeypatch.setenv("NER_ENGINE_FEEDBACK", "mine.db")
    chat(typed=["짜장면 하나", "네"])
    assert not (tmp_path / "mine.db").exists()  # nothing was saved
    assert "저장했어요: mine.db (개체명 2개)" in chat(typed=["짜장면 하나", "/fix ok"])
    with open_store("mine.db") as store:
        (kept,) = store.list()
    assert (kept.text, kept.status) == ("짜장면 하나", "pending")


@pytest.mark.usefixtures("fake_engine")
def test_a_session_is_gone_on_with(tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy", reason="needs the store extra")
    db = ("--db", str(tmp_path / "orders.db"))
    chat(*db, "--session", "mina", typed=["짜장면 두 그릇 주세요"])
    other = chat(*db, typed=["/state"])
    assert "열린 양식: 없음" in other
    again = chat(*db, "--session", "mina", typed=["/state", "/history"])
    assert '  메뉴 (items): {"짜장면": 2}' in again
    assert "> 짜장면 두 그릇 주세요" in again
    fresh = chat(*db, "--session", "mina", typed=["/reset", "/state"])
    assert "열린 양식: 없음" in fresh


@pytest.mark.usefixtures("fake_engine")
@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--session", "mina"], "expected --db as well"),
        (["--bot", "klinik"], "expected clinic, parcel, restaurant or a rule file; got 'klinik'"),
        (["--bot", "clinic", "--rules", "x.yaml"], "expected --bot or --rules; got both"),
    ],
)
def test_wrong_use(options: list[str], complaint: str) -> None:
    result = CliRunner().invoke(app, ["chat", *options], input="")
    assert result.exit_code == 2
    assert complaint in " ".join(result.stderr.split())
