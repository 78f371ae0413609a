"""``bot lint``: a clean rule file with one thing broken at a time, and the finding on its line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ner_engine.chatbot import shipped_bots
from ner_engine.chatbot.lint.finding import ERROR, NOTE, WARNING, Finding
from ner_engine.chatbot.lint.linting import lint
from ner_engine.chatbot.lint.samples import samples
from ner_engine.chatbot.lint.speech_levels import speech_levels
from ner_engine.chatbot.scaffold import new_bot
from ner_engine.cli.bot import app

LABELS = ("PS", "LC", "OG", "DT", "TI", "QT", "FOOD")  # of the bundle that comes with the package


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    return new_bot("repair-shop", tmp_path / "repair-shop")[0]


def broken(path: Path, *changes: tuple[str, str]) -> list[Finding]:
    """The findings after these texts were replaced, each standing there once."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return lint(path, labels=LABELS)


def found(path: Path, findings: list[Finding]) -> list[tuple[str, str, str]]:
    """Code, severity and the text of the line of every finding."""
    lines = ["", *path.read_text(encoding="utf-8").split("\n")]
    return [(f.code, f.severity, lines[f.line].strip()) for f in findings]


def test_a_new_bot_is_clean(clean: Path) -> None:
    assert lint(clean, labels=LABELS, check_actions=True) == []


@pytest.mark.parametrize("bot", shipped_bots())
def test_shipped_bots_are_clean(bot: str) -> None:
    findings = lint(bot, labels=LABELS, check_actions=True)
    assert [str(f) for f in findings if f.severity in (ERROR, WARNING)] == []


YES = "exact: [네, 네네, 넵, 예, 응, 그래요, 좋아요, 맞아요, 네 맞아요, 그렇게 해 주세요, 부탁드려요]"
NO = "exact: [아니, 아니요, 아뇨, 아니에요, 싫어요, 안 돼요]"
RESTART = "exact: [처음부터, 처음부터 다시, 다시 시작]"
DONE = 'done: ["예약됐어요! {name}, {date} {time}에 봬요."]'
CONFIRM = 'confirm: ["{date} {time}, {name}, 이대로 예약할까요?"]'
THANKS = 'say: ["저야말로 감사해요."]'

CASES: dict[str, tuple[list[tuple[str, str]], tuple[str, str, str]]] = {
    "the reader's errors": (
        [("type: person", "type: human")],
        ("reader", ERROR, "type: human"),
    ),
    "an intent whose words all belong to another": (
        [("  no:\n", "  agreed:\n    do: accept\n    exact: ['네!', 넵]\n  no:\n")],
        ("never-wins", ERROR, "agreed:"),
    ),
    "a phrase of two intents": (
        [(NO, "exact: [아니, 아니요, 아뇨, 아니에요, 싫어요, 안 돼요, 응]")],
        ("shadowed", WARNING, "exact: [아니, 아니요, 아뇨, 아니에요, 싫어요, 안 돼요, 응]"),
    ),
    "a phrase lost to a later intent of higher priority": (
        [(NO, NO.replace("안 돼요]", "안 돼요, 응]\n    priority: 1"))],
        ("shadowed", WARNING, YES),
    ),
    "a keyword of an urgent intent": (
        [("keywords: [감사, 고마, 고맙]", "keywords: [감사, 고마, 고맙, 안녕]\n    urgent: true")],
        ("shadowed", WARNING, "keywords: [안녕, 여보세요]"),
    ),
    "a keyword of two intents": (
        [("keywords: [안녕, 여보세요]", "keywords: [안녕, 여보세요, 연락처]")],
        ("shadowed", WARNING, "keywords: [안녕, 여보세요, 연락처]"),
    ),
    "a keyword of one syllable": (
        [("keywords: [안녕, 여보세요]", "keywords: [안녕, 어]")],
        ("short-keyword", WARNING, "keywords: [안녕, 어]"),
    ),
    "a pattern that backtracks": (
        [("patterns: ['말고', '아니라']", "patterns: ['말고', '(가+)+나', '아니라']")],
        ("slow-pattern", WARNING, "patterns: ['말고', '(가+)+나', '아니라']"),
    ),
    "three things that may each be anything": (
        [("patterns: ['말고', '아니라']", r"patterns: ['말고', '가\S*\S*\S*\S*나']")],
        ("slow-pattern", WARNING, r"patterns: ['말고', '가\S*\S*\S*\S*나']"),
    ),
    "a pattern that matches nothing at all": (
        [("patterns: ['말고', '아니라']", "patterns: ['말고', '(아니라)?']")],
        ("empty-pattern", WARNING, "patterns: ['말고', '(아니라)?']"),
    ),
    "unless forbids everything": (
        [("unless: '(취소|변경|바꾸|바꿀|바꿔)'", "unless: '(취소)?'")],
        ("never-matches", ERROR, "unless: '(취소)?'"),
    ),
    "unless forbids a keyword": (
        [('keywords: ["*예약"]', 'keywords: ["*예약", 바꿔주기]')],
        ("never-matches", WARNING, 'keywords: ["*예약", 바꿔주기]'),
    ),
    "unless forbids whatever a pattern matches": (
        [('keywords: ["*예약"]', "keywords: [\"*예약\"]\n    patterns: ['(자리|룸)\\s?(취소|변경)']")],
        ("never-matches", WARNING, "patterns: ['(자리|룸)\\s?(취소|변경)']"),
    ),
    "a particle after a gap": (
        [(CONFIRM, 'confirm: ["{date} {time}을 골랐어요. {name}, 예약할까요?"]')],
        ("particle", WARNING, 'confirm: ["{date} {time}을 골랐어요. {name}, 예약할까요?"]'),
    ),
    "a particle that the fact does not take": (
        [(THANKS, 'say: ["{shop}은 늘 감사해요."]')],
        ("particle", WARNING, 'say: ["{shop}은 늘 감사해요."]'),
    ),
    "both particles after a gap": (
        [(THANKS, 'say: ["{opens}을(를) 기억해 주세요."]')],
        ("particle", WARNING, 'say: ["{opens}을(를) 기억해 주세요."]'),
    ),
    "a particle twice": (
        [(THANKS, 'say: ["{shop:을/를}를 찾아 주세요."]')],
        ("particle", WARNING, 'say: ["{shop:을/를}를 찾아 주세요."]'),
    ),
    "a wording twice": (
        [(THANKS, 'say: ["저야말로 감사해요.", "저야말로 감사해요."]')],
        ("same-wording", WARNING, 'say: ["저야말로 감사해요.", "저야말로 감사해요."]'),
    ),
    "a gap nothing fills": (
        [(THANKS, 'say: ["저야말로 감사해요.", "{WEATHER} 감사해요."]')],
        ("unfilled-gap", WARNING, 'say: ["저야말로 감사해요.", "{WEATHER} 감사해요."]'),
    ),
    "another speech level": (
        [(THANKS, 'say: ["언제든지 오십시오."]')],
        ("speech-level", NOTE, 'say: ["언제든지 오십시오."]'),
    ),
    "반말": (
        [(THANKS, 'say: ["나야말로 고마워."]')],
        ("speech-level", NOTE, 'say: ["나야말로 고마워."]'),
    ),
    "a form nothing starts": (
        [("do: start\n    form: reservation\n", "do: status\n")],
        ("never-starts", ERROR, "reservation:"),
    ),
    "a question for a yes nobody can say": (
        [("do: accept", "do: repeat")],
        ("no-accept", ERROR, CONFIRM),
    ),
    "no way back from a person": (
        [("do: restart", "do: status")],
        ("no-restart", WARNING, "intents:"),
    ),
    "an optional slot nobody can leave out": (
        [
            ("type: person", "type: person\n        optional: true"),
            (DONE, "done: 예약됐어요!"),
            (CONFIRM, "confirm: 이대로 예약할까요?"),
        ],
        ("no-skip", WARNING, "name:"),
    ),
    "an action of no form": (
        [("forms:\n", 'actions:\n  book: {webhook: "https://example.com/book"}\nforms:\n')],
        ("unused-action", WARNING, 'book: {webhook: "https://example.com/book"}'),
    ),
    "a webhook in clear text": (
        [
            ("forms:\n", 'actions:\n  book: {webhook: "http://example.com/book"}\nforms:\n'),
            (DONE, f"action: book\n    {DONE}"),
        ],
        ("not-https", WARNING, 'book: {webhook: "http://example.com/book"}'),
    ),
    "an outcome that cannot come": (
        [(DONE, "done:\n      ok: 예약됐어요!\n      error: 안 됐어요.")],
        ("unreachable-outcome", WARNING, "error: 안 됐어요."),
    ),
    "a form taken up by nobody": (
        [(DONE, "done:\n      ok: {say: 예약됐어요!, hand_over: true, start: reservation}")],
        ("unreachable-outcome", WARNING, "ok: {say: 예약됐어요!, hand_over: true, start: reservation}"),
    ),
    "no text for success": (
        [
            ("forms:\n", 'actions:\n  book: {webhook: "https://example.com/book"}\nforms:\n'),
            (DONE, "action: book\n    done:\n      full: 자리가 없어요."),
        ],
        ("no-ok", NOTE, "done:"),
    ),
    "times before the shop opens": (
        [("label: TI\n", 'label: TI\n        from: "09:00"\n')],
        ("outside-hours", WARNING, 'from: "09:00"'),
    ),
    "times after the shop closes": (
        [("label: TI\n", 'label: TI\n        to: "20:00"\n')],
        ("outside-hours", WARNING, 'to: "20:00"'),
    ),
    "days on which the shop is closed": (
        [("hours: true              # hours 에 적은 쉬는 날에는 받지 않습니다", "closed: [월요일]")],
        ("outside-hours", WARNING, "closed: [월요일]"),
    ),
    "a break after the close": (
        [
            ("  closed: [일요일]", '  closed: [일요일]\n  breaks: [["19:00", "20:00"]]'),
            ('          past: ["오늘', '          break: [쉬는 시간이에요.]\n          past: ["오늘'),
        ],
        ("outside-hours", WARNING, 'breaks: [["19:00", "20:00"]]'),
    ),
    "a closed day with hours": (
        [("  closed: [일요일]", '  closed: [일요일]\n  days: {일요일: ["10:00", "12:00"]}')],
        ("outside-hours", NOTE, 'days: {일요일: ["10:00", "12:00"]}'),
    ),
    "a name with a particle": (
        [("forms:\n", "entities:\n  - {label: AREA, name: 시내, synonyms: [시내에서]}\nforms:\n")],
        ("name-particle", WARNING, "- {label: AREA, name: 시내, synonyms: [시내에서]}"),
    ),
    "one word for two things": (
        [
            (
                "forms:\n",
                "entities:\n  - {label: AREA, name: 시내}\n"
                "  - {label: AREA, name: 역앞, synonyms: [시 내]}\nforms:\n",
            )
        ],
        ("collision", WARNING, "- {label: AREA, name: 역앞, synonyms: [시 내]}"),
    ),
    "one word for yes and no": (
        [
            (
                "type: person",
                "type: yes_no\n        yes: {synonyms: [처음]}\n        no: {synonyms: [처음]}",
            ),
            ('\n        label: PS\n        suffix: " 님"', ""),
        ],
        ("collision", WARNING, "no: {synonyms: [처음]}"),
    ),
    "one word twice": (
        [("forms:\n", "entities:\n  - {label: AREA, name: 시내, synonyms: [시 내]}\nforms:\n")],
        ("same-name", WARNING, "- {label: AREA, name: 시내, synonyms: [시 내]}"),
    ),
    "a label nothing gives": (
        [("label: PS", "label: PERSON")],
        ("unknown-label", WARNING, "label: PERSON"),
    ),
    "an intent that needs what nothing gives": (
        [("keywords: [안녕, 여보세요]", "keywords: [안녕, 여보세요]\n    needs: [WEATHER]")],
        ("unknown-label", ERROR, "needs: [WEATHER]"),
    ),
    "an intent that counts on what nothing gives": (
        [("keywords: [안녕, 여보세요]", "keywords: [안녕, 여보세요]\n    entities: {WEATHER: 2}")],
        ("unknown-label", WARNING, "entities: {WEATHER: 2}"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_one_thing_broken_is_one_finding(clean: Path, what: str) -> None:
    changes, expected = CASES[what]
    assert found(clean, broken(clean, *changes)) == [expected]


FINE: dict[str, list[tuple[str, str]]] = {
    "a phrase of two intents that never meet": [
        (NO, NO.replace("안 돼요]", "안 돼요]\n    when: [confirm]")),
        (YES, YES.replace("부탁드려요]", "부탁드려요, 안 돼요]\n    when: [offer]")),
    ],
    "a particle that every value takes": [(DONE, 'done: ["{name}이 {date}에 오셔요."]')],
    "a particle the fact takes": [(THANKS, 'say: ["{shop}는 늘 감사해요."]')],
    "a syllable that begins no word": [("keywords: [감사, 고마, 고맙]", "keywords: [감사, 고마, 고맙, ㄳ]")],
    "a set phrase": [(THANKS, 'say: ["네, 알겠습니다. 감사합니다!"]')],
    "an example in quotes": [(THANKS, "say: [\"'예약할래'처럼 말씀해 주세요.\"]")],
    "a label of the file's own": [
        ("forms:\n", "entities:\n  - {label: AREA, name: 시내}\nforms:\n"),
        ("keywords: [안녕, 여보세요]", "keywords: [안녕, 여보세요]\n    needs: [AREA]"),
    ],
    "a local webhook": [
        ("forms:\n", 'actions:\n  book: {webhook: "http://localhost:8000/book"}\nforms:\n'),
        (DONE, f"action: book\n    {DONE}"),
    ],
    "spaces of any number": [("patterns: ['말고', '아니라']", r"patterns: ['말고', '아니\s*라\s*고']")],
}


@pytest.mark.parametrize("what", FINE)
def test_what_is_fine_is_not_found(clean: Path, what: str) -> None:
    assert found(clean, broken(clean, *FINE[what])) == []


def test_functions_are_imported_only_when_asked_for(clean: Path) -> None:
    changes = [
        ("forms:\n", 'actions:\n  book: {python: "no_such_module:book"}\nforms:\n'),
        (DONE, f"action: book\n    {DONE}"),
    ]
    assert broken(clean, *changes) == []
    (finding,) = lint(clean, labels=LABELS, check_actions=True)
    assert (finding.code, finding.severity) == ("not-importable", ERROR)
    assert "no_such_module" in finding.message


def test_without_labels_none_is_unknown(clean: Path) -> None:
    broken(clean, ("label: PS", "label: PERSON"))
    assert lint(clean) == []


def test_a_finding_names_its_place_and_says_what_to_do(clean: Path) -> None:
    (finding,) = broken(clean, (THANKS, 'say: ["{opens}을 기억해 주세요."]'))
    line = 1 + clean.read_text(encoding="utf-8").split("\n").index('    say: ["{opens}을 기억해 주세요."]')
    assert str(finding) == (
        f"{clean}:{line}: warning: intents.thanks.say[1]: {{opens}}을 has a particle that not every value takes"
        " ('오전 10시'); write {opens:을/를} [particle]"
    )


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("네, 예약됐어요. 감사합니다!", ("해요체",)),
        ("예약이 됐습니다. 언제 오십니까?", ("합니다체",)),
        ("어서 오십시오! 뭘 드릴까요?", ("합니다체", "해요체")),
        ("지금 바로 갈게. 기다려 줘", ("반말",)),
        ("뭐 먹을래? 다 있다", ("반말",)),
        ("짜장면 두 그릇, 콜라 한 병", ()),
        ("'뭐 먹을래?'라고 하셔도 돼요", ("해요체",)),
    ],
)
def test_speech_levels(text: str, levels: tuple[str, ...]) -> None:
    assert speech_levels(text) == levels


@pytest.mark.parametrize(
    "pattern",
    [
        r"예약\s{0,3}(변경|취소)",
        r"^(네|응)(?=[\s,.])",
        r"[^가]\d{3}-\d{4}",
        r"(?<!안 )돼요\s*\?+$",
        r"\S+님",
        r"가(나|다)?라{2}",
    ],
)
def test_samples_are_what_the_pattern_matches(pattern: str) -> None:
    compiled = re.compile(pattern, re.IGNORECASE)
    found = samples(compiled)
    assert found
    assert all(compiled.search(text) for text in found)


# --- the command --------------------------------------------------------------------------------------------


class Bundle:
    labels = LABELS


@pytest.fixture(autouse=True)
def bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ner_engine.bundle.load_bundle", lambda name: Bundle())


def test_clean_files_are_status_0(clean: Path) -> None:
    result = CliRunner().invoke(app, ["lint", str(clean)])
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "1 file: 0 errors, 0 warnings\n"


def test_warnings_fail_only_if_they_shall(clean: Path) -> None:
    broken(clean, (THANKS, 'say: ["{opens}을 기억해 주세요."]'))
    assert CliRunner().invoke(app, ["lint", str(clean)]).exit_code == 0
    assert CliRunner().invoke(app, ["lint", str(clean), "--strict"]).exit_code == 1
    assert CliRunner().invoke(app, ["lint", str(clean), "--errors-only"]).stdout == ""


def test_errors_fail_and_are_json_if_wanted(clean: Path) -> None:
    broken(clean, ("do: accept", "do: repeat"))
    result = CliRunner().invoke(app, ["lint", str(clean), "--json"])
    assert result.exit_code == 1
    (finding,) = [json.loads(line) for line in result.stdout.splitlines()]
    assert (finding["code"], finding["severity"], finding["path"]) == ("no-accept", "error", str(clean))


def test_a_file_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["lint", str(tmp_path / "none.yaml")])
    assert result.exit_code == 1
    assert "cannot read the rule file" in result.stdout


def test_every_command_has_an_example() -> None:
    for command in ("list", "schema", "lint", "test", "new"):
        result = CliRunner().invoke(app, [command, "--help"])
        assert result.exit_code == 0
        assert f"Example: ner-engine bot {command}" in result.stdout, command


def test_list_names_the_shipped_bots() -> None:
    result = CliRunner().invoke(app, ["list"])
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == list(shipped_bots())


def test_schema_prints_the_schema(tmp_path: Path) -> None:
    printed = CliRunner().invoke(app, ["schema"])
    assert json.loads(printed.stdout)["title"].startswith("챗봇 규칙 파일")
    target = tmp_path / "rules.schema.json"
    assert CliRunner().invoke(app, ["schema", "-o", str(target)]).exit_code == 0
    assert target.read_text(encoding="utf-8") == printed.stdout


def test_new_refuses_names_and_folders(tmp_path: Path) -> None:
    for arguments in (
        ["Repair Shop", "--folder", str(tmp_path / "a")],
        ["restaurant", "--folder", str(tmp_path / "b")],
        ["repair-shop", "--folder", str(tmp_path)],
    ):
        result = CliRunner().invoke(app, ["new", *arguments])
        assert result.exit_code == 1, arguments
    assert list(tmp_path.iterdir()) == []
