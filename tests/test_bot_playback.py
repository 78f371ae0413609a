"""``bot test``: transcripts read, played, compared, rewritten, and what they reach of a bot."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

import ner_engine
from ner_engine.chatbot import Rules, load_rules
from ner_engine.chatbot.playback.coverage import Part, coverage, total
from ner_engine.chatbot.playback.playing import Difference, Played, play
from ner_engine.chatbot.playback.transcript import NOW, read_transcript
from ner_engine.chatbot.scaffold import new_bot
from ner_engine.cli.bot import app
from ner_engine.errors import DataError
from ner_engine.spans import Entity

WELCOME = "< 안녕하세요, 우리 가게예요. 예약을 도와드릴게요."
BYE = "< 이용해 주셔서 감사해요."
BOOKED = ["> 내일 3시 예약이요", "< …", "> 김하늘이요", "< …", "> 네"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_bot("repair-shop", tmp_path_factory.mktemp("bot") / "repair-shop")[0]


@pytest.fixture(scope="module")
def rules(shop: Path) -> Rules:
    return load_rules(shop)


@pytest.fixture(scope="module")
def acting(shop: Path) -> Rules:
    """The same with an action behind its form: a webhook that must not be asked."""
    text = shop.read_text(encoding="utf-8")
    text = text.replace("forms:\n", 'actions:\n  book: {webhook: "https://localhost:1/book"}\nforms:\n', 1)
    done = 'done: ["예약됐어요! {name}, {date} {time}에 봬요."]'
    assert done in text
    full = 'say: ["그때는 자리가 없어요. {free:은/는} 비어 있어요.", "그때는 자리가 없어요."], clear: [time]'
    outcomes = f'action: book\n    done:\n      ok: ["예약됐어요!"]\n      full: {{{full}}}'
    path = shop.parent / "acting.yaml"
    path.write_text(text.replace(done, outcomes), encoding="utf-8")
    return load_rules(path)


def nothing(text: str, now: datetime) -> Sequence[Entity]:
    return ()


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "talk.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def played(rules: Rules, tmp_path: Path, *lines: str) -> Played:
    return play(rules, read_transcript(written(tmp_path, *lines)), nothing)


def differences(rules: Rules, tmp_path: Path, *lines: str) -> list[str]:
    return [f"{d.line}: {d.message}" for d in played(rules, tmp_path, *lines).differences]


# --- comparing ----------------------------------------------------------------------------------------------


def test_a_talk_as_it_is_written_down(rules: Rules, tmp_path: Path) -> None:
    talk = played(rules, tmp_path, WELCOME, "> 안녕하세요", "< 안녕하세요! 예약을 도와드릴까요?", BYE)
    assert talk.differences == ()
    assert talk.said == ((WELCOME,), ("< 안녕하세요! 예약을 도와드릴까요?", BYE))


def test_another_reply_is_shown_on_both_sides(rules: Rules, tmp_path: Path) -> None:
    talk = played(rules, tmp_path, WELCOME, "> 안녕하세요", "< 어서 오세요!", BYE)
    assert talk.differences == (
        Difference(
            3,
            "reply",
            "another reply than expected",
            ("  > 안녕하세요", "- < 어서 오세요!", "+ < 안녕하세요! 예약을 도와드릴까요?", f"  {BYE}"),
        ),
    )


def test_a_line_too_few_and_a_line_too_many(rules: Rules, tmp_path: Path) -> None:
    assert differences(rules, tmp_path, WELCOME, "> 고마워요") == ["2: another reply than expected"]
    lines = [WELCOME, "> 고마워요", "< …", "< …", "< …"]
    assert differences(rules, tmp_path, *lines) == ["5: another reply than expected"]


def test_dots_at_the_end_of_a_line_stand_for_its_rest(rules: Rules, tmp_path: Path) -> None:
    assert differences(rules, tmp_path, "< 안녕하세요, 우리…", "> 고마워요", "< …", "< …") == []
    assert differences(rules, tmp_path, "< 안녕히…", "> 고마워요", "< …", "< …") == [
        "1: another reply than expected"
    ]


def test_remarks_and_empty_lines_say_nothing(rules: Rules, tmp_path: Path) -> None:
    lines = ["## 인사만 하고 가는 사람", "", WELCOME, "", "## 끝", BYE]
    assert differences(rules, tmp_path, *lines) == []


def test_commands_of_the_console_are_played(rules: Rules, tmp_path: Path) -> None:
    lines = [WELCOME, "> /entities", ". 아직 하신 말씀이 없어요.", "> /quit", BYE]
    assert differences(rules, tmp_path, *lines) == []


def test_what_is_typed_after_quitting_is_never_answered(rules: Rules, tmp_path: Path) -> None:
    lines = [WELCOME, "> /quit", BYE, "> 여보세요"]
    assert differences(rules, tmp_path, *lines) == ["4: never typed: the talk was over before"]


def test_the_clock_is_that_of_the_head(rules: Rules, tmp_path: Path) -> None:
    asked, open_, closed = "> 지금 하나요?", "< 네, 지금 열려…", "< 지금은 닫혀…"
    assert differences(rules, tmp_path, "# now: 2026-07-23T11:00", WELCOME, asked, open_, BYE) == []
    assert differences(rules, tmp_path, "# now: 2026-07-23T22:00", WELCOME, asked, closed, BYE) == []
    assert read_transcript(written(tmp_path, WELCOME)).now == NOW


def test_time_goes_on_where_the_transcript_waits(rules: Rules, tmp_path: Path) -> None:
    asked, open_, closed = "> 지금 하나요?", "< 네, 지금 열려…", "< 지금은 닫혀…"
    head = ("# now: 2026-07-23T18:30", WELCOME)
    assert differences(rules, tmp_path, *head, asked, open_, "# wait: 20m", asked, open_, BYE) == []
    assert differences(rules, tmp_path, *head, asked, open_, "# wait: 1h10m", asked, closed, BYE) == []
    assert differences(rules, tmp_path, *head, "# wait: 15m", "# wait: 20m", asked, closed, BYE) == []


def test_the_extractor_hears_every_text_and_its_time(rules: Rules, tmp_path: Path) -> None:
    heard: list[tuple[str, datetime]] = []

    def listening(text: str, now: datetime) -> Sequence[Entity]:
        heard.append((text, now))
        return ()

    path = written(tmp_path, WELCOME, "> 고마워요", "# wait: 1m", "> 안녕하세요")
    play(rules, read_transcript(path), listening)
    assert heard == [("고마워요", NOW), ("안녕하세요", NOW + timedelta(minutes=1))]


def test_no_extractor_if_the_head_says_so(rules: Rules, tmp_path: Path) -> None:
    def refusing(text: str, now: datetime) -> Sequence[Entity]:
        raise AssertionError(text)

    path = written(tmp_path, "# extractor: none", WELCOME, "> 고마워요", "< …", BYE)
    assert play(rules, read_transcript(path), refusing).differences == ()


def test_the_seed_chooses_the_wordings(rules: Rules, tmp_path: Path) -> None:
    saying = replace(
        rules.replies["welcome"], wordings=rules.replies["bye"].wordings + rules.replies["empty"].wordings
    )
    several = replace(rules, replies={**rules.replies, "welcome": saying})
    said = {played(several, tmp_path, f"# seed: {seed}", "< …").said[0][0] for seed in range(8)}
    assert len(said) == 2


def test_a_transcript_of_another_bot_is_refused(rules: Rules, tmp_path: Path) -> None:
    assert differences(rules, tmp_path, "# bot: repair-shop", WELCOME, BYE) == []
    with pytest.raises(DataError, match=r"talk\.txt: a transcript of the bot 'clinic'"):
        played(rules, tmp_path, "# bot: clinic", WELCOME, BYE)


# --- asserting ----------------------------------------------------------------------------------------------


def test_slots_and_actions_are_as_asserted(rules: Rules, tmp_path: Path) -> None:
    lines = [
        WELCOME,
        "> 내일 3시 예약이요",
        "< …",
        "! slot date 2026-07-24",
        "! slot time 15:00",
        "! slot name",
        "! no action",
        "> 김하늘이요",
        "< …",
        "! slot name 김하늘",
        "> 네",
        "< …",
        '! action record reservation {"date": "2026-07-24", "name": "김하늘"}',
        "! action record",
        "! slot time 15:00",
        BYE,
    ]
    assert differences(rules, tmp_path, *lines) == []


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ("! slot time 16:00", "expected time '16:00'; got '15:00'"),
        ("! slot time", "expected time ''; got '15:00'"),
        ("! slot party 4", "expected a slot 'party'; no form in hand or done has one"),
        ("! no action", "expected no action; got record reservation "),
        ("! action withdraw", "expected withdraw {}; got record reservation "),
        ("! action record order", "expected record order {}; got record reservation "),
        (
            '! action record reservation {"time": "16:00"}',
            'expected record reservation {"time": "16:00"}; got record',
        ),
    ],
)
def test_what_is_not_as_asserted_is_told(rules: Rules, tmp_path: Path, check: str, message: str) -> None:
    talk = played(rules, tmp_path, "< …", *BOOKED, "< …", check, "< …")
    (difference,) = talk.differences
    assert (difference.line, difference.kind) == (8, "check")
    assert difference.message.startswith(message)


def test_an_assertion_is_of_its_own_turn(rules: Rules, tmp_path: Path) -> None:
    lines = ["< …", *BOOKED, "< …", "> 고마워요", "< …", "! action record", BYE]
    assert differences(rules, tmp_path, *lines) == ["10: expected record {}; got no action"]


# --- actions ------------------------------------------------------------------------------------------------


def test_scripted_outcomes_stand_in_for_the_action(acting: Rules, tmp_path: Path) -> None:
    lines = [
        "< …",
        *BOOKED[:-1],
        '# outcome: book full {"free": "오후 5시"}',
        "> 네",
        "< 그때는 자리가 없어요. 오후 5시는 비어 있어요. 몇 시에 오시겠어요?",
        '! action book reservation {"time": "15:00"}',
        "! slot time",
        "# outcome: book ok",
        "> 5시요",
        "< …",
        "> 네",
        "< 예약됐어요!",
        BYE,
    ]
    talk = played(acting, tmp_path, *lines)
    assert talk.differences == ()
    assert [o for turn in talk.seen for o in turn.outcomes] == [("reservation", "full"), ("reservation", "ok")]


def test_a_webhook_is_never_asked(acting: Rules, tmp_path: Path) -> None:
    talk = played(acting, tmp_path, "< …", *BOOKED, "< 지금은 예약을 처리하지 못했어요…", "< …")
    assert [(d.line, d.kind) for d in talk.differences] == [(6, "script")]
    assert "'book' is a webhook; write '# outcome: book ok'" in talk.differences[0].message


def test_an_outcome_that_nothing_asked_for(acting: Rules, tmp_path: Path) -> None:
    lines = [WELCOME, "# outcome: book full", "> 고마워요", "< …", BYE]
    assert differences(acting, tmp_path, *lines) == ["2: the outcome 'full' of 'book' was never asked for"]


def test_a_python_function_is_called(acting: Rules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "of_a_shop.py").write_text(
        "def book(call):\n    return {'outcome': 'full', 'facts': {'free': call.values['date']}}\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    spec = replace(acting.actions["book"], python="of_a_shop:book", webhook="")
    calling = replace(acting, actions={"book": spec})
    lines = ["< …", *BOOKED, "< 그때는 자리가 없어요. 2026-07-24는 비어 있어요…", "< …"]
    assert differences(calling, tmp_path, *lines) == []


def test_the_built_in_actions_can_fail_by_script(rules: Rules, tmp_path: Path) -> None:
    lines = ["< …", *BOOKED[:-1], "# outcome: record error", "> 네", "< 지금은 예약을 처리하지 못했어요…", "< …"]
    assert differences(rules, tmp_path, *lines) == []


# --- reading ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("안녕하세요", "expected a line that begins with"),
        (">안녕하세요", "expected a line that begins with"),
        (
            "# nwo: 2026-07-23",
            "expected one of bot, now, seed, extractor, wait, outcome, or '##' for a remark; got 'nwo'",
        ),
        ("# now: 내일", "now: expected a date and time such as 2026-07-23T17:00; got '내일'"),
        ("# seed: x", "seed: expected a whole number; got 'x'"),
        ("# extractor: ko-chat", "extractor: expected one of engine, none; got 'ko-chat'"),
        ("# bot:", "bot: expected the name of a bot; got nothing"),
        ("# wait: soon", "wait: expected a time such as 20m, 1h30m or 2d; got 'soon'"),
        ("# wait:", "wait: expected a time such as 20m, 1h30m or 2d; got ''"),
        ("# outcome: track", "outcome: expected an action, its outcome and JSON"),
        ("# outcome: track late {days}", "outcome: expected an action, its outcome and JSON"),
        ("! date 2026-07-24", "expected '! action NAME FORM {JSON}', '! no action' or '! slot NAME VALUE'"),
        ("! action record {1}", "expected '! action NAME FORM {JSON}'"),
        ("# seed: 7", "'# seed:' belongs before the first line that is said"),
    ],
)
def test_a_line_that_means_nothing_is_refused(tmp_path: Path, line: str, message: str) -> None:
    path = written(tmp_path, "# now: 2026-07-23T17:00", WELCOME, line)
    with pytest.raises(DataError, match=f"^{re.escape(str(path))}:3: {re.escape(message)}"):
        read_transcript(path)


def test_a_head_twice_and_no_talk_at_all_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="2: '# seed:' stands here twice"):
        read_transcript(written(tmp_path, "# seed: 1", "# seed: 2", WELCOME))
    with pytest.raises(DataError, match="expected a transcript"):
        read_transcript(written(tmp_path, "# seed: 1"))
    with pytest.raises(DataError, match="cannot read the transcript"):
        read_transcript(tmp_path / "none.txt")
    (tmp_path / "latin.txt").write_bytes(b"> \xff\n")
    with pytest.raises(DataError, match="expected UTF-8 text; byte 2 is none"):
        read_transcript(tmp_path / "latin.txt")


@pytest.mark.parametrize(
    ("wait", "minutes"), [("20m", 20), ("2h", 120), ("1h30m", 90), ("1d", 1440), ("90s", 1.5), ("1d 2h", 1560)]
)
def test_waits(tmp_path: Path, wait: str, minutes: float) -> None:
    (segment,) = read_transcript(written(tmp_path, WELCOME, f"# wait: {wait}")).segments
    assert segment.wait == timedelta(minutes=minutes)


# --- rewriting ----------------------------------------------------------------------------------------------


def test_a_rewritten_transcript_keeps_all_but_what_differs(rules: Rules, tmp_path: Path) -> None:
    before = [
        "# now: 2026-07-23T11:00",
        "## 예약을 시작만 해요",
        "< 안녕하세요…",
        "> 내일 예약할게요",
        "< 틀린 말",
        "< 또 틀린 말",
        "! slot date 2026-07-24",
        "",
        "# wait: 2m",
        ">",
        "> 고마워요",
    ]
    talk = played(rules, tmp_path, *before)
    assert talk.transcript.rewritten(talk.said).split("\n") == [
        "# now: 2026-07-23T11:00",
        "## 예약을 시작만 해요",
        "< 안녕하세요…",
        "> 내일 예약할게요",
        "< 네, 7월 24일 금요일로 적어 둘게요. 몇 시에 오시겠어요?",
        "! slot date 2026-07-24",
        "",
        "# wait: 2m",
        "> ",
        "< 듣고 있어요. 편하게 말씀해 주세요. 몇 시에 오시겠어요?",
        "> 고마워요",
        *talk.said[-1],
        "",
    ]
    again = written(tmp_path, *talk.transcript.rewritten(talk.said).split("\n"))
    assert play(rules, read_transcript(again), nothing).differences == ()


def test_the_head_comes_before_a_welcome_that_was_missing(rules: Rules, tmp_path: Path) -> None:
    talk = played(rules, tmp_path, "# seed: 0", "> 고마워요", "< …", BYE)
    assert talk.transcript.rewritten(talk.said).split("\n")[:3] == ["# seed: 0", WELCOME, "> 고마워요"]


# --- coverage -----------------------------------------------------------------------------------------------


def reached(rules: Rules, tmp_path: Path, *lines: str) -> dict[str, Part]:
    return {part.name: part for part in coverage(rules, played(rules, tmp_path, *lines).seen)}


def test_what_a_talk_reaches(rules: Rules, tmp_path: Path) -> None:
    parts = reached(
        rules, tmp_path, "> 예약할게요", "> 어제요", "> 내일이요", "> 3시요", "> 김하늘이요", "> 네", "> 고마워요"
    )
    assert parts["intents"].hit == ("reservation", "yes", "thanks")
    assert parts["slots"].hit == ("reservation.date", "reservation.time", "reservation.name")
    assert parts["slots"].percent == 100
    assert parts["problems"].hit == ("reservation.date.past",)
    assert parts["outcomes"] == Part("outcomes", ("reservation.ok",), ())
    assert parts["forms"] == Part("forms", ("reservation completed",), ("reservation cancelled",))
    assert {"forms.reservation.confirm", "intents.thanks.say", "replies.welcome", "replies.bye"} <= set(
        parts["replies"].hit
    )
    assert "replies.fallback_1" in parts["replies"].missed


def test_what_a_talk_cancels(rules: Rules, tmp_path: Path) -> None:
    parts = reached(rules, tmp_path, "> 내일 예약이요", "> 취소할게요", "> 아무 말이에요")
    assert parts["forms"].hit == ("reservation cancelled",)
    assert parts["intents"].hit == ("reservation", "cancel")
    assert parts["slots"].hit == ("reservation.date",)
    assert parts["outcomes"].missed == ("reservation.ok",)
    assert "replies.fallback_1" in parts["replies"].hit


def test_every_reply_is_counted_once(rules: Rules) -> None:
    parts = {part.name: part for part in coverage(rules, ())}
    texts = Path(rules.path).read_text(encoding="utf-8")
    intents = len(re.findall(r"^    say:", texts, re.MULTILINE))
    form = len(re.findall(r"^    (?:opening|confirm|change|unclear_confirm|withdrawn):", texts, re.MULTILINE))
    slots = len(re.findall(r"^        (?:ask|retry):", texts, re.MULTILINE))
    assert parts["replies"].count == intents + form + slots + len(rules.replies)
    assert parts["problems"].count == len(re.findall(r"^          \w+: \[\"", texts, re.MULTILINE))
    assert total(parts.values()) == 0


def test_percentages() -> None:
    parts = (Part("a", ("x",), ("y", "z")), Part("b", (), ()), Part("c", ("v",), ()))
    assert [round(part.percent) for part in parts] == [33, 100, 100]
    assert total(parts) == 50
    assert total(()) == 100


# --- the command --------------------------------------------------------------------------------------------


class FakeEngine:
    """What ``ner_engine.load`` returns, as far as the command needs it."""

    def extract(self, text: str, *, now: datetime) -> list[Entity]:
        return [Entity(m[0], *m.span(), "PS", 0.9) for m in re.finditer("김하늘", text)]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    names: list[tuple[str, ...]] = []

    def load(*given: str) -> FakeEngine:
        names.append(given)
        return FakeEngine()

    monkeypatch.setitem(vars(ner_engine), "load", load)
    return names


def test_a_new_bot_passes_its_transcript(shop: Path, loaded: list[tuple[str, ...]]) -> None:
    folder = shop.parent / "transcripts"
    for more in ([], ["--bundle", "my-bundle"]):
        result = CliRunner().invoke(app, ["test", str(shop), str(folder), *more])
        assert result.exit_code == 0, result.stdout
        assert f"ok       {folder / '01_reservation.txt'} (7 turns)" in result.stdout
    assert loaded == [(), ("my-bundle",)]


def test_without_an_extractor_no_model_is_loaded(shop: Path, loaded: list[tuple[str, ...]]) -> None:
    result = CliRunner().invoke(app, ["test", str(shop), str(shop.parent / "transcripts"), "--extractor", "none"])
    assert result.exit_code == 0
    assert loaded == []
    assert "slots        3 of 3    100.0 %" in result.stdout.splitlines()
    assert "never: reservation cancelled" in result.stdout


def run(shop: Path, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["test", str(shop), *arguments, "--extractor", "none"])
    return result.exit_code, result.stdout


def test_a_difference_is_status_1_with_its_line(shop: Path, tmp_path: Path) -> None:
    path = written(tmp_path, WELCOME, "> 안녕하세요", "< 어서 오세요!", BYE)
    status, printed = run(shop, str(path))
    assert status == 1
    assert printed.startswith(
        f"FAIL     {path}:3: another reply than expected\n"
        "           > 안녕하세요\n"
        "         - < 어서 오세요!\n"
        "         + < 안녕하세요! 예약을 도와드릴까요?\n"
    )
    assert "1 transcripts: 0 ok, 1 failed" in printed


def test_a_damaged_transcript_does_not_hide_the_others(shop: Path, tmp_path: Path) -> None:
    written(tmp_path, WELCOME, BYE)
    (tmp_path / "a.txt").write_text("안녕\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text(f"# bot: other\n{WELCOME}\n", encoding="utf-8")
    status, printed = run(shop, str(tmp_path))
    assert status == 1
    assert [line.split()[0] for line in printed.splitlines()[:3]] == ["FAIL", "FAIL", "ok"]
    assert f"{tmp_path / 'a.txt'}:1: expected a line that begins with" in printed
    assert f"{tmp_path / 'b.txt'}: a transcript of the bot 'other'" in printed


def test_update_rewrites_what_the_bot_says(shop: Path, tmp_path: Path) -> None:
    path = written(tmp_path, "## 인사", WELCOME, "> 안녕하세요", "< 어서 오세요!", BYE)
    status, printed = run(shop, str(path), "--update")
    assert (status, printed.split("\n")[0]) == (
        0,
        f"updated  {path}: it now says what the bot says; read it before you keep it",
    )
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines == ["## 인사", WELCOME, "> 안녕하세요", "< 안녕하세요! 예약을 도와드릴까요?", BYE]
    assert run(shop, str(path))[0] == 0


def test_update_does_not_hide_what_is_asserted(shop: Path, tmp_path: Path) -> None:
    path = written(tmp_path, WELCOME, "> 내일 예약이요", "< ?", "! slot date 2026-07-25", "< ?")
    status, printed = run(shop, str(path), "--update")
    assert status == 1
    assert "expected date '2026-07-25'; got '2026-07-24'" in printed


def test_too_little_coverage_fails(shop: Path, tmp_path: Path) -> None:
    path = str(written(tmp_path, WELCOME, BYE))
    assert run(shop, path, "--min-coverage", "1")[0] == 0
    result = CliRunner().invoke(app, ["test", str(shop), path, "--extractor", "none", "--min-coverage", "80"])
    assert result.exit_code == 1
    assert result.stderr.startswith("coverage: expected at least 80 %; got ")


def test_json_holds_the_same(shop: Path, tmp_path: Path) -> None:
    path = written(tmp_path, WELCOME, "> 안녕하세요", "< 어서 오세요!", BYE)
    status, printed = run(shop, str(path), "--json")
    report = json.loads(printed)
    assert status == 1
    (transcript,) = report["transcripts"]
    assert (transcript["ok"], transcript["line"], transcript["turns"]) == (False, 3, 1)
    assert report["coverage"]["intents"]["hit"] == ["greet"]
    assert 0 < report["total"] < 100


def test_a_folder_without_transcripts_is_wrong_use(shop: Path, tmp_path: Path) -> None:
    assert run(shop, str(tmp_path))[0] == 2
