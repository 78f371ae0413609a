"""``ner-engine feedback``: what each command prints, what it leaves in the store, and its exit status."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("sqlalchemy", reason="needs the store extra")

from ner_engine.cli import main
from ner_engine.datasets import read
from ner_engine.feedback import Correction, open_store
from ner_engine.feedback.file import append
from ner_engine.spans import Span

AT = datetime(2026, 7, 23, 8, 0, 5, tzinfo=UTC)
DAY = timedelta(days=1)
TEXT = "홍대에서 하늘이 만나요"
Run = Callable[..., tuple[int | None, list[str], list[str]]]


@pytest.fixture
def ne(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """The entry point in this process and a folder of its own: exit status, lines of stdout and stderr."""
    for name in ("NER_ENGINE_FEEDBACK", "NER_ENGINE_BY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def call(*args: object) -> tuple[int | None, list[str], list[str]]:
        monkeypatch.setattr(sys, "argv", ["ner-engine", "feedback", *map(str, args)])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        code = end.value.code
        assert code is None or isinstance(code, int)
        return code, out.splitlines(), err.splitlines()

    return call


@pytest.fixture
def made(ne: Run) -> list[str]:
    """A store with three corrections that wait; their ids."""
    with open_store("feedback.db") as store:
        right = (Span(0, 2, "LC"), Span(5, 7, "PS"))
        given = [
            Correction(TEXT, right, (Span(0, 2, "OG"),), AT, "ko-chat@3/1f3a9c02", by="서연", consent=True),
            Correction("내일 봐", (Span(0, 2, "DT"),), (Span(0, 2, "DT"),), AT + DAY, "ko-chat@3/1f3a9c02"),
            Correction("네\t네\x1b[31m", (), (Span(0, 1, "PS"),), AT + 2 * DAY, "ko-news@1/00000000",
                       source="service", by="가게"),
        ]  # fmt: skip
        return [store.add(one).id for one in given]


def statuses() -> list[str]:
    with open_store("feedback.db") as store:
        return [one.status for one in store.list(superseded=True)]


def test_list(ne: Run, made: list[str]) -> None:
    code, out, err = ne("list")
    assert (code, err) == (0, [])
    assert out == [
        "id\tstatus\tat\tby\tbundle\tsentence",
        f"{made[0]}\tpending\t07-23 17:00\t서연\tko-chat@3/1f3a9c02\t<홍대:+LC -OG>에서 <하늘:+PS>이 만나요",
        f"{made[1]}\tpending\t07-24 17:00\tconsole\tko-chat@3/1f3a9c02\t<내일:DT> 봐",
        f"{made[2]}\tpending\t07-25 17:00\t가게\tko-news@1/00000000\t<네:-PS>\\t네\\x1b[31m",
    ]


@pytest.mark.parametrize(
    ("options", "which"),
    [
        (["--status", "approved"], []), (["--since", "2026-07-24"], [1, 2]), (["--bundle", "ko-news"], [2]),
        (["--of", "서연"], [0]), (["--source", "service"], [2]), (["--label", "OG"], [0]),
        (["--label", "PS"], [0, 2]),
        (["--text", "하늘"], [0]), (["--consent"], [0]), (["--no-consent"], [1, 2]), (["-n", "1"], [2]),
        (["--since", "2026-07-24T17:00", "--bundle", "ko-chat"], [1]),
    ],
)  # fmt: skip
def test_what_is_chosen(ne: Run, made: list[str], options: list[str], which: list[int]) -> None:
    code, out, _ = ne("list", "--json", *options)
    assert code == 0
    assert [json.loads(line)["id"] for line in out] == [made[n] for n in which]


def test_on_a_terminal_it_is_a_table(ne: Run, made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from ner_engine.cli import corrected

    screen = io.StringIO()
    screen.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(corrected, "sys", SimpleNamespace(stdout=screen))
    monkeypatch.setattr("rich.console.Console.file", property(lambda self: screen))
    monkeypatch.setenv("COLUMNS", "160")
    assert ne("list")[0] == 0
    shown = screen.getvalue()
    assert made[0] in shown
    assert "<홍대:+LC -OG>에서" in shown
    assert "\x1b[31m" not in shown


def test_show(ne: Run, made: list[str]) -> None:
    ne("approve", made[0], "--by", "민지")
    code, out, _ = ne("show", made[0][2:9], made[1])
    assert code == 0
    assert out[:7] == [
        f"id         {made[0]}", f"text       {TEXT}", "found      홍대 OG [0, 2)",
        "right      홍대 LC [0, 2), 하늘 PS [5, 7)", "bundle     ko-chat@3/1f3a9c02",
        "by         서연 (console), 2026-07-23 17:00:05", "consent    yes",
    ]  # fmt: skip
    assert out[7].startswith("status     approved by 민지, ")
    assert out[8:10] == ["", f"id         {made[1]}"]
    code, out, _ = ne("show", made[0], "--json")
    assert json.loads(out[0])["entities"] == [
        {"start": 0, "end": 2, "label": "LC"}, {"start": 5, "end": 7, "label": "PS"},
    ]  # fmt: skip
    code, _, err = ne("show", "zz")
    assert (code, err) == (1, ["ner-engine: no correction has an id that begins with 'zz'"])


def test_decisions(ne: Run, made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert ne("approve", made[0], "--dry-run")[1:] == (
        [f"{made[0]}\tpending\t<홍대:+LC -OG>에서 <하늘:+PS>이 만나요"],
        ["would be approved: 1 correction"],
    )
    assert statuses() == ["pending"] * 3
    monkeypatch.setenv("NER_ENGINE_BY", "민지")
    assert ne("approve", made[0][:8])[2] == ["approved: 1 correction"]
    assert ne("approve", made[0])[2] == ["approved: 0 corrections (1 already)"]
    assert ne("reject", "--all", "--source", "service")[2] == ["rejected: 1 correction"]
    assert statuses() == ["approved", "pending", "rejected"]
    assert ne("approve", "--all")[2] == ["approved: 1 correction"]  # of those that wait
    assert statuses() == ["approved", "approved", "rejected"]
    with open_store("feedback.db") as store:
        assert {one.reviewed_by for one in store.list()} == {"민지"}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "expected ids, or --all; got neither"),
        (["c-1", "--all"], "expected ids, or --all; got both"),
        (["c-1", "--label", "PS"], "options that choose go with --all"),
        (["--all", "--since", "내일"], "expected a date such as 2026-07-01; got '내일'"),
    ],
)
def test_wrong_use(ne: Run, made: list[str], args: list[str], message: str) -> None:
    for command in ("approve", "reject"):
        code, _, err = ne(command, *args)
        assert code == 2
        assert message in " ".join(" ".join(err).replace("│", "").split())
    assert statuses() == ["pending"] * 3


def test_forget(ne: Run, made: list[str]) -> None:
    assert ne("forget", made[0], made[2])[2] == ["deleted: 2 corrections"]
    assert len(statuses()) == 1


def test_stats(ne: Run, made: list[str]) -> None:
    code, out, _ = ne("stats", "--json")
    counted = json.loads(out[0])
    assert code == 0
    assert {key: counted[key] for key in ("total", "changed", "consent", "masked")} == {
        "total": 3, "changed": 2, "consent": 1, "masked": 0,
    }  # fmt: skip
    assert counted["statuses"] == {"pending": 3}
    assert counted["labels"] == {
        "DT": {"right": 1, "missing": 0, "wrong": 0, "borders": 0, "renamed_from": {}},
        "LC": {"right": 0, "missing": 0, "wrong": 0, "borders": 0, "renamed_from": {"OG": 1}},
        "PS": {"right": 0, "missing": 1, "wrong": 1, "borders": 0, "renamed_from": {}},
    }
    code, out, _ = ne("stats", "--bundle", "ko-chat")
    assert out[1:3] == ["corrections\t2", "in which something was wrong\t1"]
    assert "LC\t0\t0\t0\t0\tOG 1" in out


def test_export_of_what_was_approved_is_a_corpus(ne: Run, made: list[str]) -> None:
    ne("approve", made[0], made[1])
    code, out, err = ne("export", "--status", "approved", "-f", "jsonl", "-o", "approved.jsonl")
    assert (code, out, err) == (0, [], ["approved.jsonl: 2 corrections"])
    assert [sentence.text for sentence in read("approved.jsonl").sentences] == [TEXT, "내일 봐"]
    code, out, err = ne("export", "--consent")
    assert (json.loads(out[0])["id"], len(out), err) == (made[0], 1, ["-: 1 correction"])
    code, out, _ = ne("export", "--status", "any", "-f", "inline")
    assert out[0] == "<홍대:LC>에서 <하늘:PS>이 만나요"
    assert len(out) == 3


@pytest.mark.parametrize("form", ["jsonl", "doccano", "labelstudio"])
def test_to_a_tool_and_back(ne: Run, made: list[str], form: str) -> None:
    ne("approve", made[0], "--by", "민지")
    assert ne("export", "--status", "any", "-f", form, "-o", "out.json")[0] == 0
    assert ne("import", "out.json")[2] == ["feedback.db: 3 unchanged"]
    assert ne("import", "out.json", "--store", "other.db")[2] == ["other.db: 3 added"]
    assert ne("export", "--status", "any", "--store", "other.db", "-o", "there.jsonl")[0] == 0
    assert ne("export", "--status", "any", "-o", "here.jsonl")[0] == 0
    assert Path("there.jsonl").read_text(encoding="utf-8") == Path("here.jsonl").read_text(encoding="utf-8")


def test_the_labelling_interface(ne: Run) -> None:
    code, out, _ = ne("interface", "--label", "PS", "--label", "LC", "--from-name", "ner")
    assert code == 0
    assert '  <Labels name="ner" toName="text">' in out
    assert [line.strip() for line in out if "<Label " in line] == ['<Label value="PS"/>', '<Label value="LC"/>']


def test_what_does_not_fit_is_listed_and_nothing_is_taken(ne: Run) -> None:
    lines = [
        '{"text": "하늘이", "label": [[0, 2, "PS"]]}', '{"text": "하늘이", "label": [[0, 9, "PS"]]}', "{",
        '{"text": "내일 봐", "label": [[0, 3, "DT"]]}',
    ]  # fmt: skip
    Path("d.jsonl").write_text("\n".join(lines), encoding="utf-8")
    code, out, err = ne("import", "d.jsonl", "-f", "doccano")
    assert (code, out) == (1, [])
    assert err[0].startswith("d.jsonl:2: [0, 9) PS does not fit")
    assert err[1].startswith("d.jsonl:3: expected a JSON object")
    assert err[2] == "d.jsonl:4: warning: [0, 3) DT begins or ends in a space: '내일 '"
    assert err[3] == "ner-engine: d.jsonl: 2 sentences cannot be taken, so none is (--skip-broken takes the rest)"
    assert not Path("feedback.db").exists()
    code, _, err = ne("import", "d.jsonl", "--skip-broken", "--trim", "--by", "서연", "--consent")
    assert (code, err[-1]) == (0, "feedback.db: 2 added, 2 left out")
    with open_store("feedback.db") as store:
        first, second = store.list()
    assert (second.entities, second.by, second.consent, second.status) == (
        (Span(0, 2, "DT"),),
        "서연",
        True,
        "pending",
    )
    assert first.source == "import"


def test_import_with_a_status_and_masked(ne: Run) -> None:
    Path("f.txt").write_text("<김하늘:PS> 010-1234-5678이에요\n", encoding="utf-8")
    code, _, err = ne("import", "f.txt", "-f", "inline", "--status", "approved", "--by", "민지", "--mask")
    assert (code, err) == (0, ["feedback.db: 1 added"])
    with open_store("feedback.db") as store:
        (kept,) = store.list()
    assert (kept.text, kept.status, kept.reviewed_by, kept.masked) == (
        "[이름1] [전화번호1]이에요",
        "approved",
        "민지",
        True,
    )


def test_the_consoles_file_is_taken_in(ne: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for spans in ((Span(0, 2, "LC"),), (Span(0, 2, "LC"), Span(5, 7, "PS"))):
        append("corrections.jsonl", Correction(TEXT, spans, (), AT))
    assert ne("import", "corrections.jsonl")[2] == ["feedback.db: 2 added"]
    code, out, _ = ne("list")
    assert len(out) == 2  # the first is superseded
    assert len(ne("list", "--superseded")[1]) == 3
    assert len(ne("list", "--store", "corrections.jsonl")[1]) == 2
    code, _, err = ne("approve", "c-", "--store", "corrections.jsonl")
    assert code == 1
    code, _, err = ne("approve", "--all", "--store", "corrections.jsonl")
    assert "ner-engine feedback import corrections.jsonl" in err[0]
    data = Path("corrections.jsonl").read_bytes()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    assert ne("import", "-")[2] == ["feedback.db: 2 unchanged"]


def test_a_store_that_is_not_there(ne: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (["list"], ["stats"], ["export"], ["approve", "c-1"], ["show", "c-1"]):
        assert ne(*command)[::2] == (1, ["ner-engine: feedback.db: no such database"])
    assert ne("list", "--store", "postgresql://me:secret@127.0.0.1:1/x?connect_timeout=1")[0] == 1
    monkeypatch.setenv("NER_ENGINE_FEEDBACK", "env.db")
    assert ne("list")[2] == ["ner-engine: env.db: no such database"]
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    monkeypatch.delitem(sys.modules, "ner_engine.feedback.database")
    assert ne("list")[2] == [
        "ner-engine: the feedback store needs an optional part: pip install 'ner-engine[store]'"
    ]


@pytest.mark.parametrize(
    "command", ["list", "show", "stats", "approve", "reject", "forget", "export", "import", "interface"]
)
def test_help_has_an_example(ne: Run, command: str) -> None:
    code, out, _ = ne(command, "--help")
    assert code == 0
    assert any("Example" in line for line in out)
    assert any(f"ner-engine feedback {command}" in line for line in out)
