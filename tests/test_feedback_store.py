"""The feedback store: what is kept of a correction, which one counts, who decided, and what is refused."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("sqlalchemy", reason="needs the store extra")

from ner_engine.chatbot.store.database import Store
from ner_engine.errors import ConfigError, DataError, StoreError
from ner_engine.feedback import Correction, FeedbackStore, LazyStore, open_store
from ner_engine.feedback.file import CorrectionsFile
from ner_engine.feedback.masking import masked_correction
from ner_engine.spans import Span

AT = datetime(2026, 7, 23, 8, 0, 5, 678901, tzinfo=UTC)
TEXT = "홍대에서 하늘이 만나요"
RIGHT = (Span(0, 2, "LC"), Span(5, 7, "PS"))


def correction(text: str = TEXT, *spans: Span, **more: object) -> Correction:
    return replace(Correction(text, spans or RIGHT, (Span(0, 2, "LC"),), AT, "ko-chat@3/1f3a9c02"), **more)


@pytest.fixture
def store(database: str) -> Iterator[FeedbackStore]:
    """One in every kind of database."""
    with open_store(database) as opened:
        yield opened


@pytest.fixture(params=["feedback.db", "feedback.jsonl"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FeedbackStore]:
    """A database, and a file: what both have to do alike."""
    with open_store(tmp_path / request.param) as opened:
        yield opened


# what is kept


def test_everything_is_kept(either: FeedbackStore) -> None:
    given = correction(
        source="service", by="가게", consent=True, status="approved", masked=True, reviewed_by="서연",
        reviewed_at=AT + timedelta(days=1), extra='{"doccano": {"id": 17}}', id="c-0123456789ab",
    )  # fmt: skip
    kept = either.add(given)
    assert kept == given
    assert either.list() == [given]
    assert either.find(["c-01"]) == either.find(["0123456789ab"]) == [given]


def test_an_id_is_given_where_there_is_none(either: FeedbackStore) -> None:
    first, second = either.add(correction()), either.add(correction("내일 봐", Span(0, 2, "DT"), original=()))
    assert first.id.startswith("c-")
    assert len({first.id, second.id}) == 2
    assert [c.id for c in either.list()] == [first.id, second.id]


NASTY = st.text(
    st.sampled_from('가나 ABC\t\n\r"\\<>&\x00\u2028\u3000\ufeff\u1112\u1161\u11ab😀👩\u200d🚒\udc80漢'),
    max_size=12,
)


@st.composite
def corrections(draw: st.DrawFn) -> Correction:
    text = draw(NASTY)

    def spans() -> tuple[Span, ...]:
        cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
        labels = st.sampled_from(["PS", "LC", "ORG-X", "한글"])
        return tuple(Span(a, b, draw(labels)) for a, b in zip(cuts[::2], cuts[1::2], strict=False))

    reviewed = draw(st.booleans())
    return Correction(
        text, spans(), spans(),
        AT + timedelta(microseconds=draw(st.integers(0, 10**9))),
        bundle=draw(st.sampled_from(["", "ko-chat", "ko-chat@3/1f3a9c02"])),
        source=draw(st.sampled_from(["console", "service"])),
        by=draw(st.sampled_from(["", "서연", "가게 (1호점)"])),
        consent=draw(st.booleans()),
        status=draw(st.sampled_from(["approved", "rejected"])) if reviewed else "pending",
        masked=draw(st.booleans()),
        reviewed_by="민지" if reviewed else "",
        reviewed_at=AT if reviewed else None,
        extra=draw(st.sampled_from(["", '{"doccano": {"id": 17, "customer": "가"}}'])),
    )  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(given=corrections())
def test_any_correction_is_its_json(given: Correction) -> None:
    assert Correction.from_dict(json.loads(json.dumps(given.to_dict()))) == given


@settings(max_examples=12, deadline=None)
@given(given=st.lists(corrections(), max_size=3, unique_by=lambda c: " ".join(c.text.split())))
@pytest.mark.parametrize("name", ["feedback.db", "feedback.jsonl"])
def test_any_text_comes_back_to_the_last_character(
    name: str, given: list[Correction], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with open_store(tmp_path_factory.mktemp("any") / name) as store:
        kept = [store.add(one) for one in given]
        if name == "feedback.db":
            assert store.list(superseded=True) == kept
        assert [replace(one, id="", supersedes="") for one in kept] == given


@pytest.mark.parametrize(
    "spans",
    [(Span(0, 99, "PS"),), (Span(0, 2, "PS"), Span(1, 2, "LC")), (Span(1, 1, "LC"),), (Span(-1, 2, "LC"),)],
)
def test_what_does_not_fit_is_refused(either: FeedbackStore, spans: tuple[Span, ...]) -> None:
    with pytest.raises(DataError, match=r"does not fit|overlaps"):
        either.add(correction(TEXT, *spans))
    with pytest.raises(DataError, match=r"does not fit|overlaps"):
        either.add(correction(original=spans))
    with pytest.raises(DataError, match="status: expected one of pending, approved, rejected; got 'done'"):
        either.add(correction(status="done"))


def test_names_are_printable_and_short(store: FeedbackStore) -> None:
    kept = store.add(correction(by="가\x1b[31m게" + "가" * 300))
    assert kept.by.startswith("가?[31m게")
    assert len(kept.by) == 200
    assert store.list() == [kept]


# which one counts


def test_the_same_once_more_is_the_same(either: FeedbackStore) -> None:
    first = either.add(correction())
    again = either.add(correction(at=AT + timedelta(days=1), by="다른 이"))
    assert again == first
    assert either.list() == [first]
    spaced = either.add(
        correction("홍대에서  하늘이 만나요", Span(0, 2, "LC"))
    )  # another text, the same sentence
    assert spaced.supersedes == first.id


def test_consent_withdrawn_is_news(either: FeedbackStore) -> None:
    first = either.add(correction(consent=True))
    second = either.add(correction(consent=False))
    assert second.supersedes == first.id
    assert either.list() == [second]


def test_a_pending_one_does_not_push_out_an_approved_one(store: FeedbackStore) -> None:
    good = store.add(correction())
    store.set_status([good.id], "approved", by="서연")
    bad = store.add(correction(TEXT, Span(0, 2, "PS")))
    worse = store.add(correction(TEXT, Span(0, 2, "OG")))
    assert (bad.supersedes, worse.supersedes) == (good.id, bad.id)
    assert [c.id for c in store.list()] == [good.id, worse.id]  # of two that wait, the last
    assert [c.id for c in store.list(superseded=True)] == [good.id, bad.id, worse.id]
    store.set_status([worse.id], "rejected")
    assert [c.id for c in store.list(status="approved")] == [good.id]
    better = store.add(correction(TEXT, Span(5, 7, "PS")))
    assert better.supersedes == bad.id  # the rejected one stands for nothing
    store.set_status([better.id], "approved")
    assert [c.id for c in store.list(status="approved")] == [better.id]
    assert [c.id for c in store.list(status="rejected")] == [worse.id]


def test_what_was_rejected_stays_so_until_something_else_was_said(store: FeedbackStore) -> None:
    first = store.add(correction())
    store.set_status([first.id], "rejected")
    assert store.add(correction()).status == "rejected"
    store.add(correction(TEXT, Span(0, 2, "OG")))
    again = store.add(correction())
    assert (again.status, again.id != first.id) == ("pending", True)


# decisions


def test_who_decided_and_when(store: FeedbackStore) -> None:
    kept = store.add(correction())
    (decided,) = store.set_status([kept.id], "approved", by="서연", at=AT + timedelta(hours=1))
    assert decided == replace(kept, status="approved", reviewed_by="서연", reviewed_at=AT + timedelta(hours=1))
    assert store.list() == [decided]
    assert store.set_status([kept.id, kept.id], "approved", by="민지") == []  # so it was already
    assert store.list() == [decided]


def test_of_an_id_that_is_none_nothing_is_decided(store: FeedbackStore) -> None:
    kept = store.add(correction())
    with pytest.raises(DataError, match="no correction has the id 'c-none'"):
        store.set_status([kept.id, "c-none"], "approved")
    with pytest.raises(DataError, match="expected one of pending, approved, rejected; got 'maybe'"):
        store.set_status([kept.id], "maybe")
    assert store.list(status="pending") == [kept]


def test_prefixes(either: FeedbackStore) -> None:
    one, other = (
        either.add(correction(f"{n} 만나요", Span(2, 4, "LC"), original=(), id=n)) for n in ("ab1", "ab12")
    )
    assert either.find(["ab1"]) == [one]  # the whole id, not the beginning of the other
    assert either.find(["ab12", "ab1"]) == [other, one]
    with pytest.raises(DataError, match="'ab': expected the beginning of one id; it is that of ab1, ab12"):
        either.find(["ab"])
    for nobody in ("", "zz", "%", "_b1"):
        with pytest.raises(DataError, match="no correction has an id that begins with"):
            either.find([nobody])


def test_more_at_once_than_one_statement_takes(store: FeedbackStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ner_engine.feedback.database._IDS_AT_ONCE", 7)
    monkeypatch.setattr("ner_engine.feedback.keeping._AT_ONCE", 7)
    results = store.add_all(correction(f"{n}번 만나요", Span(0, 1, "QT"), original=()) for n in range(23))
    assert {kind for _, kind in results} == {"added"}
    assert len(store.set_status([c.id for c, _ in results], "approved")) == 23
    assert store.remove([c.id for c, _ in results[:-1]]) == 22
    assert len(store.list(status="approved")) == 1


def test_what_was_asked_for(either: FeedbackStore) -> None:
    made = [
        either.add(correction(f"{n} 만나요", Span(0, 1, "QT"), original=(), at=AT + timedelta(days=n), **more))
        for n, more in enumerate(
            [
                {},
                {"source": "service", "by": "가게"},
                {"consent": True},
                {"bundle": "ko-news"},
                {"status": "approved"},
            ]
        )
    ]
    assert either.list(source="service") == either.list(by="가게") == [made[1]]
    assert either.list(consent=True) == [made[2]]
    assert either.list(bundle="ko-news") == [made[3]]
    assert either.list(bundle="ko-chat") == [made[0], made[1], made[2], made[4]]
    assert either.list(bundle="ko-chat@3/1f3a9c02") == either.list(bundle="ko-chat")
    assert either.list(status="approved") == [made[4]]
    assert either.list(since=AT + timedelta(days=3)) == made[3:]
    naive = (AT + timedelta(days=3, hours=9)).replace(tzinfo=None)  # of the clock on the wall in Seoul
    assert either.list(since=naive) == made[3:]
    with pytest.raises(DataError, match="status: expected one of"):
        either.list(status="done")


def test_what_was_deleted_is_overwritten(tmp_path: Path) -> None:
    with open_store(tmp_path / "feedback.db") as store:
        kept = store.add(correction("비밀이에요 하늘이", Span(0, 2, "OG"), original=()))
        store.add(correction())
        assert store.remove([kept.id, "c-none"]) == 1
    assert "비밀이에요".encode() not in (tmp_path / "feedback.db").read_bytes()


# coming back


def test_an_export_taken_in_again_changes_nothing(store: FeedbackStore, tmp_path: Path) -> None:
    kept = store.add(correction())
    assert store.add_all([kept]) == [(kept, "unchanged")]
    decided = replace(kept, status="approved", reviewed_by="서연", reviewed_at=AT + timedelta(hours=1))
    assert store.add_all([decided]) == [(decided, "reviewed")]
    late = replace(kept, status="rejected", reviewed_at=AT)  # decided earlier than what stands here
    assert store.add_all([late]) == [(decided, "unchanged")]
    assert store.add_all([kept]) == [(decided, "unchanged")]  # as it left: the decision stands
    changed = replace(kept, entities=(Span(0, 2, "OG"),), id="", supersedes=kept.id)
    ((new, kind),) = store.add_all([changed])
    assert (kind, new.supersedes, new.id != kept.id) == ("added", kept.id, True)


def test_an_id_that_is_taken_is_not_given_again(store: FeedbackStore) -> None:
    kept = store.add(correction())
    ((other, kind),) = store.add_all([correction("내일 봐", Span(0, 2, "DT"), original=(), id=kept.id)])
    assert (kind, other.id != kept.id) == ("added", True)
    odd = store.add(correction("모레 봐", Span(0, 2, "DT"), original=(), id=" a\n"))
    assert odd.id.startswith("c-")


def test_all_of_an_import_or_nothing(store: FeedbackStore) -> None:
    def given() -> Iterator[Correction]:
        yield correction()
        yield correction("내일 봐", Span(0, 9, "DT"))

    with pytest.raises(DataError, match="does not fit"):
        store.add_all(given())
    assert store.list() == []


# the places


def test_a_file_keeps_what_stands_in_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "c.jsonl"
    store = open_store(path)
    assert isinstance(store, CorrectionsFile)
    kept = store.add(correction())
    with pytest.raises(ConfigError, match=r"c\.jsonl: expected a database.*ner-engine feedback import"):
        store.set_status([kept.id], "approved")
    with pytest.raises(ConfigError, match="expected a database"):
        store.remove([kept.id])
    path.write_bytes(path.read_bytes() + b'{"text": "\n')
    assert store.list() == [kept]
    assert "c.jsonl:2: expected a whole line of a correction" in caplog.text


def test_a_growing_file_is_not_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.jsonl"
    store = CorrectionsFile(path)
    read, sizes = os.read, []

    def counting(file: int, most: int) -> bytes:
        data = read(file, most)
        sizes.append(len(data))
        return data

    for n in range(50):
        store.add(correction(f"{n}번 " + "가" * 200, Span(0, 1, "QT"), original=()))
    monkeypatch.setattr(os, "read", counting)
    other = CorrectionsFile(path)  # somebody else
    other.add(correction("다른 이의 말", Span(0, 2, "PS"), original=()))
    sizes.clear()
    kept = store.add(correction("49번 " + "가" * 200, Span(0, 2, "QT"), original=()))
    assert sum(sizes) < path.stat().st_size / 10
    assert kept.supersedes == store.find([kept.supersedes])[0].id
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])  # somebody cut it, and it begins anew
    assert store.add(correction("49번 " + "가" * 200, Span(0, 1, "QT"), original=())).supersedes == ""
    assert store.add(correction("0번 " + "가" * 200, Span(0, 2, "QT"), original=())).supersedes != ""
    path.unlink()
    assert store.add(correction("49번 " + "가" * 200, Span(0, 2, "QT"), original=())).supersedes == ""


def test_a_lazy_store_is_opened_when_it_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "later" / "feedback.db"
    lazy = LazyStore(path)
    assert lazy.name == ""
    with pytest.raises(StoreError, match="no folder"):
        lazy.add(correction())
    path.parent.mkdir()
    kept = lazy.add(correction())
    lazy.close()
    assert lazy.add(correction()) == kept
    assert lazy.name == str(path)
    lazy.close()


def test_a_full_disk_is_one_line_and_costs_one_correction(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="needs limits of POSIX")
    with open_store(tmp_path / "feedback.db") as store:
        kept = store.add(correction())
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
        try:
            with pytest.raises(StoreError, match=r"feedback\.db: (disk I/O error|database or disk is full)"):
                store.add(correction("가" * 200_000, Span(0, 1, "PS"), original=()))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        other = store.add(correction("내일 봐", Span(0, 2, "DT"), original=()))
        assert store.list() == [kept, other]


def test_a_store_beside_a_bots_tables(tmp_path: Path) -> None:
    path = tmp_path / "all.db"
    Store.open(path).close()
    with open_store(path) as store:
        store.add(correction())
    Store.open(path, create=False).close()


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (
            ["CREATE TABLE corrections (id TEXT, price INTEGER)"],
            "a table corrections is there already and is not a",
        ),
        (
            [
                "CREATE TABLE ner_engine_feedback_schema (id INTEGER, version INTEGER)",
                "INSERT INTO ner_engine_feedback_schema VALUES (1, 7)",
            ],
            "its tables are of version 7, this package reads version 1: upgrade ner-engine",
        ),
        (
            [
                "CREATE TABLE ner_engine_feedback_schema (id INTEGER, version INTEGER)",
                "INSERT INTO ner_engine_feedback_schema VALUES (1, 0)",
            ],
            "expected tables of version 1; got 0",
        ),
    ],
)
def test_what_is_another_store_is_refused(tmp_path: Path, statements: list[str], message: str) -> None:
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as raw:
        for statement in statements:
            raw.execute(statement)
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=message):
        open_store(path)
    assert path.read_bytes() == before
    with pytest.raises(StoreError, match="no such database"):
        open_store(tmp_path / "none.db", create=False)


# masked


MASKED: list[tuple[str, tuple[Span, ...], str, tuple[str, ...]]] = [
    ("김하늘 010-1234-5678로 전화", (Span(0, 3, "PS"),), "[이름1] [전화번호1]로 전화", ("[이름1]/PS",)),
    ("내일 하늘이랑 하늘이", (Span(0, 2, "DT"), Span(3, 5, "PS"), Span(8, 10, "PS")),
     "내일 [이름1]이랑 [이름1]이", ("내일/DT", "[이름1]/PS", "[이름1]/PS")),
    ("하늘이 파랗다", (), "하늘이 파랗다", ()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "spans", "shown", "entities"), MASKED)
def test_masked(text: str, spans: tuple[Span, ...], shown: str, entities: tuple[str, ...]) -> None:
    given = Correction(text, spans, spans[:1], AT, extra='{"labelstudio": {"data": {"html": "김하늘"}}}')
    found = masked_correction(given)
    assert (found.text, found.masked, found.extra) == (shown, True, "")
    assert tuple(f"{shown[s.start : s.end]}/{s.label}" for s in found.entities) == entities
    assert masked_correction(found) is found


def test_of_several_entities_on_one_placeholder_the_longest_stays() -> None:
    text = "메일은 minsu.kim@example.com 이에요"
    spans = (Span(4, 9, "PS"), Span(14, 25, "OG"))
    found = masked_correction(Correction(text, spans, (), AT))
    assert found.text == "메일은 [이메일1] 이에요"
    assert [(found.text[s.start : s.end], s.label) for s in found.entities] == [("[이메일1]", "OG")]


KEEPERS: list[Callable[[Path], FeedbackStore]] = [
    lambda p: open_store(p / "f.db"),
    lambda p: open_store(p / "f.jsonl"),
]


@pytest.mark.parametrize("keeper", KEEPERS)
def test_exported_and_read_as_a_corpus(keeper: Callable[[Path], FeedbackStore], tmp_path: Path) -> None:
    from ner_engine.datasets import read

    with keeper(tmp_path) as store:
        store.add(correction(status="approved"))
        store.add(correction("내일 봐", Span(0, 2, "DT"), original=(), status="rejected"))
        assert store.export(tmp_path / "approved.jsonl") == 1
        assert store.export(tmp_path / "all.jsonl", status="") == 2
    for name in ("approved.jsonl", "all.jsonl"):  # what was rejected is no training data
        (sentence,) = read(tmp_path / name).sentences
        assert (sentence.text, sentence.entities) == (TEXT, RIGHT)
