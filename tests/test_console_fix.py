"""/fix: what each command makes of a sentence's entities, what is kept of it, and that it is training data."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ner_engine.chatbot.correction.correcting import Correcting
from ner_engine.chatbot.correction.fix import Fixing, Refused, fix, listing, start_fixing
from ner_engine.cli import app
from ner_engine.datasets import read
from ner_engine.errors import DataError
from ner_engine.feedback import Correction, LazyStore
from ner_engine.feedback.file import append, read_corrections
from ner_engine.spans import Span, check_spans
from tests.conftest import entities_of

LABELS = ("PS", "LC", "DT", "TI")
AT = datetime(2026, 7, 23, 17, 0)
TEXT = "내일 강남역에서 민수랑 강남역 2번 출구까지 가요"
FOUND = (Span(0, 2, "DT"), Span(3, 6, "LC"), Span(9, 11, "LC"))


def fixed(*commands: str, text: str = TEXT, found: tuple[Span, ...] = FOUND) -> Fixing | Refused:
    """What the commands make of it, one after the other; the first refusal ends it."""
    now = start_fixing(text, found)
    for command in commands:
        done = fix(now, command, labels=LABELS)
        if isinstance(done, Refused):
            return done
        now = done
    return now


def surfaces(fixing: Fixing | Refused) -> list[str]:
    assert isinstance(fixing, Fixing), fixing
    return [f"{fixing.text[s.start : s.end]}/{s.label}" for s in fixing.spans]


@pytest.mark.parametrize(
    ("commands", "left"),
    [
        (["3 PS"], ["내일/DT", "강남역/LC", "민수/PS"]),
        (["3ps"], ["내일/DT", "강남역/LC", "민수/PS"]),
        (["3 NICK!"], ["내일/DT", "강남역/LC", "민수/NICK"]),
        (["3 -"], ["내일/DT", "강남역/LC"]),
        (["1 -", "1 -", "1-"], []),
        (["3 = 민수랑"], ["내일/DT", "강남역/LC", "민수랑/LC"]),
        (["3=민수랑"], ["내일/DT", "강남역/LC", "민수랑/LC"]),
        (["+ 강남역#2 LC"], ["내일/DT", "강남역/LC", "민수/LC", "강남역/LC"]),
        (["+ 강남역 2번 출구 LC"], ["내일/DT", "강남역/LC", "민수/LC", "강남역 2번 출구/LC"]),
        (["+ 강남역#2 LC", "4 = 강남역 2번 출구"], ["내일/DT", "강남역/LC", "민수/LC", "강남역 2번 출구/LC"]),
        (["+강남역#2 LC", "4 = 강남역 2번 출구", "undo", "undo"], ["내일/DT", "강남역/LC", "민수/LC"]),
        (["2 = 강남역#2"], ["내일/DT", "민수/LC", "강남역/LC"]),
        (["2 = 강남"], ["내일/DT", "강남/LC", "민수/LC"]),
    ],
)
def test_what_a_command_does(commands: list[str], left: list[str]) -> None:
    assert surfaces(fixed(*commands)) == left


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("4 LC", "4번 개체명은 없어요. (1번부터 3번까지)"),
        ("0 -", "0번 개체명은 없어요. (1번부터 3번까지)"),
        ("3 NICK", "모르는 라벨이에요: NICK (아는 라벨: PS LC DT TI; 처음 쓰는 라벨이면 NICK!)"),
        ("3 사람", "라벨은 LC처럼 영문자로 써 주세요: 사람"),
        ("+ 홍대 LC", "하신 말씀에 '홍대'가 없어요."),
        (
            "+ 강남역 LC",
            "'강남역'이 2번 나와요. 어느 것인지 골라 주세요: "
            "강남역#1 (내일 [강남역]에서 민…), 강남역#2 (…민수랑 [강남역] 2번 …)",
        ),
        ("+ 강남역#3 LC", "'강남역'이 2번 나와요. 3번째 것은 없어요."),
        ("+ 역에서 LC", "LC '강남역'과 겹쳐요. 그것부터 고치거나 빼 주세요."),
        ("3 = 역에서 민수", "LC '강남역'과 겹쳐요. 그것부터 고치거나 빼 주세요."),
        ("2 LC", "벌써 그렇게 되어 있어요."),
        ("undo", "되돌릴 것이 없어요."),
        ("22", "모르는 말이에요: /fix 22 (/fix 만 치면 쓰는 법을 보여 드려요)"),
        ("민수는 사람이야", "모르는 말이에요: /fix 민수는 사람이야 (/fix 만 치면 쓰는 법을 보여 드려요)"),
        ("+ LC", "모르는 말이에요: /fix + LC (/fix 만 치면 쓰는 법을 보여 드려요)"),
    ],
)
def test_what_is_refused_and_why(command: str, why: str) -> None:
    assert fixed(command) == Refused(why)


def test_a_number_that_occurs_with_a_sign_of_its_own() -> None:
    """``#`` belongs to the text where the text has it."""
    assert surfaces(fixed("+ 방#2 LC", text="회의실은 방#2예요", found=())) == ["방#2/LC"]


def test_without_labels_any_will_do() -> None:
    done = fix(start_fixing(TEXT, FOUND), "3 NICK", labels=())
    assert surfaces(done) == ["내일/DT", "강남역/LC", "민수/NICK"]


def test_what_is_listed() -> None:
    done = fixed("3 PS")
    assert isinstance(done, Fixing)
    assert listing(done) == ["1 DT    내일", "2 LC    강남역", "3 PS    민수  (고침)"]
    assert listing(start_fixing("네", ())) == ["개체명이 없어요."]


_WORDS = st.sampled_from(
    ["강남역", "민수", "내일", "강", "역에서", "#2", "2번 출구", "PS", "LC", "X!", "-", "=", "+"]
)


@given(st.lists(st.one_of(st.lists(_WORDS | st.integers(0, 5).map(str)).map(" ".join), st.text()), max_size=6))
def test_whatever_is_commanded_the_entities_fit(commands: list[str]) -> None:
    now = start_fixing(TEXT, FOUND)
    for command in commands:
        done = fix(now, command, labels=LABELS)
        if isinstance(done, Refused):
            assert done.why
        else:
            assert check_spans(TEXT, done.spans) == done.spans
            assert all(TEXT[s.start : s.end] == TEXT[s.start : s.end].strip() for s in done.spans)
            now = done


# the console's side of it


def spoken(path: Path, *commands: str, text: str = TEXT) -> list[str]:
    """What each command shows."""
    correcting = Correcting(LazyStore(path), labels=LABELS, bundle="ko-chat")
    correcting.turn_to(text, entities_of(text, FOUND if text == TEXT else ()))
    return [correcting.obey(command, at=AT) for command in commands]


def test_nothing_is_saved_unasked(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    spoken(path, "", "3 PS", "undo", "save")
    assert not path.exists()


def test_saved_once_superseded_once(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    said = spoken(path, "3 PS", "ok", "save", "save", "ok", "3 -", "save")
    assert said[1] == "고친 것이 있어요. 고친 대로 저장하려면 /fix save, 되돌리려면 /fix undo"
    assert said[2] == f"저장했어요: {path} (개체명 3개)"
    assert said[3] == said[4] == "벌써 저장했어요."
    assert said[6] == f"저장했어요: {path} (개체명 2개, 앞서 저장한 것을 대신해요)"
    first, second = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert first == {
        "id": first["id"],
        "text": TEXT,
        "entities": [
            {"start": 0, "end": 2, "label": "DT"},
            {"start": 3, "end": 6, "label": "LC"},
            {"start": 9, "end": 11, "label": "PS"},
        ],
        "original": [
            {"start": 0, "end": 2, "label": "DT"},
            {"start": 3, "end": 6, "label": "LC"},
            {"start": 9, "end": 11, "label": "LC"},
        ],
        "bundle": "ko-chat",
        "at": "2026-07-23T17:00:00+09:00",
        "source": "console",
        "by": "",
        "consent": False,
        "status": "pending",
        "masked": False,
    }
    assert second["supersedes"] == first["id"] != second["id"]
    assert second["entities"] == first["entities"][:2]


def test_ok_confirms_what_was_found(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    assert spoken(path, "save", "ok") == [
        "고친 것이 없어요. 찾은 그대로 맞으면 /fix ok",
        f"저장했어요: {path} (개체명 3개)",
    ]
    (kept,) = read_corrections(path).kept
    assert kept.entities == kept.original == FOUND


def test_the_same_sentence_another_day_supersedes_too(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    spoken(path, "ok")
    spoken(path, "3 PS", "save")
    (kept,) = read_corrections(path).kept
    assert kept.entities[-1].label == "PS"
    assert kept.supersedes
    spoken(path, "3 PS", "save")  # says the same again
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


def test_what_was_not_saved_is_told(tmp_path: Path) -> None:
    correcting = Correcting(LazyStore(tmp_path / "c.jsonl"), labels=LABELS, bundle="")
    assert correcting.turn_to(TEXT, entities_of(TEXT, FOUND)) == ""
    correcting.obey("3 PS", at=AT)
    assert "3 PS    민수  (고침)" in correcting.turn_to("네", ())
    assert correcting.turn_to("아니요", ()) == ""


def test_a_file_that_cannot_be_written_is_told_in_a_line(tmp_path: Path) -> None:
    (said,) = spoken(tmp_path / "nowhere" / "c.jsonl", "ok")
    assert said.startswith("저장하지 못했어요. (")
    assert "\n" not in said
    (tmp_path / "c.jsonl").mkdir()
    (said,) = spoken(tmp_path / "c.jsonl", "ok")
    assert said.startswith("저장하지 못했어요. (")


# the file


def correction(text: str, *spans: Span) -> Correction:
    return Correction(text, spans, (), AT, "ko-chat")


@pytest.mark.parametrize(
    "spans", [(Span(0, 9, "PS"),), (Span(0, 2, "PS"), Span(1, 2, "LC")), (Span(1, 1, "LC"),)]
)
def test_entities_that_do_not_fit_are_refused(tmp_path: Path, spans: tuple[Span, ...]) -> None:
    with pytest.raises(DataError):
        append(tmp_path / "c.jsonl", correction("민수", *spans))
    assert not (tmp_path / "c.jsonl").exists()


def test_after_a_torn_line_the_next_begins_on_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    append(path, correction("민수야", Span(0, 2, "PS")))
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:40])  # in the middle of a syllable
    found = read_corrections(path)
    assert [c.text for c in found.kept] == ["민수야"]
    assert found.broken[0].startswith(f"{path}:2: expected a whole line")
    append(path, correction("서연아", Span(0, 2, "PS")))
    found = read_corrections(path)
    assert [c.text for c in found.kept] == ["민수야", "서연아"]
    assert len(found.broken) == 1
    assert path.read_bytes().startswith(whole + whole[:40] + b"\n{")


def test_the_corpus_reader_names_the_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    append(path, correction("민수야", Span(0, 2, "PS")))
    path.write_text(path.read_text(encoding="utf-8") + '{"text": "서연', encoding="utf-8")
    result = CliRunner().invoke(app, ["corpus", "validate", str(path)])
    assert result.exit_code == 1
    assert f"{path}:2: error: expected a JSON object" in result.stdout


def test_a_line_written_by_hand_without_its_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    append(path, correction("민수야", Span(0, 2, "PS")))
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    append(path, correction("서연아", Span(0, 2, "PS")))
    assert [c.text for c in read_corrections(path).kept] == ["민수야", "서연아"]


def test_a_lone_surrogate_is_escaped(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    append(path, correction("민수\ud800야", Span(0, 2, "PS")))
    assert read_corrections(path).kept[0].text == "민수\ud800야"


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.jsonl"
    append(path, correction("민수야", Span(0, 2, "PS")))
    whole = path.read_bytes()
    write, left = os.write, [10]

    def short(file: int, data: bytes) -> int:
        if not left:
            raise OSError(28, "No space left on device")
        return write(file, data[: left.pop()])

    monkeypatch.setattr(os, "write", short)
    with pytest.raises(DataError, match="No space left"):
        append(path, correction("서연아", Span(0, 2, "PS")))
    assert path.read_bytes() == whole


WRITER = """
import sys
from datetime import datetime
from ner_engine.feedback import Correction
from ner_engine.feedback.file import append
from ner_engine.spans import Span
who, path = sys.argv[1:]
print("ready", flush=True)
for n in range(int(1e9) if who == "endless" else 12):
    append(path, Correction(f"{who} {n}번 손님", (Span(0, 2, "PS"),), (), datetime(2026, 7, 23)))
    print(n, flush=True)
"""


def writer(who: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, who, str(path)], stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )


def test_several_consoles_write_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    writers = [writer(who, path) for who in ("김가", "이나", "박다")]
    for one in writers:
        one.communicate(timeout=60)
    found = read_corrections(path)
    assert found.broken == ()
    assert len(found.kept) == 36
    assert len({c.id for c in found.kept}) == 36


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killed_in_the_middle_what_was_acknowledged_is_there(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    with writer("endless", path) as killed:
        assert killed.stdout is not None
        acknowledged = 0
        for line in killed.stdout:
            if line.strip() == "8":
                killed.kill()
            acknowledged += line.strip().isdecimal()
    found = read_corrections(path)
    assert found.broken == ()
    assert acknowledged <= len(found.kept) <= acknowledged + 1
    append(path, correction("민수야", Span(0, 2, "PS")))
    assert read(path).sentences[-1].text == "민수야"


# training data


def test_corrections_are_a_corpus_to_train_on(tmp_path: Path) -> None:
    """From the console to the other formats, by the command line."""
    path = tmp_path / "corrections.jsonl"
    spoken(path, "3 PS", "save", "+ 강남역 2번 출구 LC", "save")
    spoken(path, "ok", text="네 맞아요")
    result = CliRunner().invoke(app, ["corpus", "validate", str(path)])
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"{path}: 0 errors, 0 warnings" in result.stderr
    result = CliRunner().invoke(app, ["corpus", "convert", str(path), "--to", "inline"])
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "<내일:DT> <강남역:LC>에서 <민수:PS>랑 <강남역 2번 출구:LC>까지 가요",
        "네 맞아요",
    ]
    assert path.read_text(encoding="utf-8").count("\n") == 3  # nothing was taken away


def test_only_an_earlier_line_is_superseded(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    lines = [
        {"id": "b", "text": "둘", "entities": [], "supersedes": "a"},
        {"id": "a", "text": "하나", "entities": []},
        {"text": "이름 없는 말", "entities": [], "supersedes": ""},
    ]
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    assert [s.text for s in read(path).sentences] == ["둘", "하나", "이름 없는 말"]
