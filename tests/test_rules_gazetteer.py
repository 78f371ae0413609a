"""Gazetteers: what is found and what is not, written by hand; offsets against brute force; files; reloading."""

from __future__ import annotations

import json
import os
import threading
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ner_engine.datasets.entries import Entry, read_entries
from ner_engine.errors import DataError
from ner_engine.rules.boundaries import ends_here
from ner_engine.rules.folding import Folded
from ner_engine.rules.gazetteer import Gazetteer, load_gazetteer
from ner_engine.rules.merge import decide
from ner_engine.rules.reload import LiveGazetteer
from ner_engine.rules.ruleset import RuleSet

ENTRIES = [
    Entry("부산", "LC", line=2),
    Entry("부산역", "LC", line=3),
    Entry("아이스 아메리카노", "FOOD", "F01", ("아아", "아이스아메"), 0.9, {"price": "4500"}, line=4),
    Entry("(주)카카오", "OG", line=5),
    Entry("KTX", "OG", line=6),
    Entry("김민수", "PS", "p1", line=7),
    Entry("김민수", "PS", "p2", line=8),
    Entry("사", "LC", line=9),
    Entry("AT&T", "OG", line=10),
    Entry("서울", "LC", line=11),
    Entry("커피", "FOOD", line=12),
    Entry("바", "LC", line=13),
    Entry("@민트", "OG", line=14),
]
EXACT = Gazetteer([("names.tsv", ENTRIES)])
LOOSE = Gazetteer([("names.tsv", ENTRIES)], ignore_spaces=True)


def _found(text: str, gazetteer: Gazetteer = EXACT) -> list[str]:
    return [f"{text[c.start : c.end]}:{c.label}" for c in gazetteer.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("부산 가자", ["부산:LC"]),
        ("부산에서 만나", ["부산:LC"]),
        ("부산에서는요", ["부산:LC"]),
        ("부산으로ㅋㅋ", ["부산:LC"]),
        ("부산ㅠㅠ", ["부산:LC"]),
        ("부산, 서울", ["부산:LC", "서울:LC"]),
        ("(부산)", ["부산:LC"]),
        ("부산/서울", ["부산:LC", "서울:LC"]),
        ("부산인데요?", ["부산:LC"]),
        ("부산이었는데", ["부산:LC"]),
        ("부산입니다", ["부산:LC"]),
        ("서울로 부산으로", ["서울:LC", "부산:LC"]),
        ("부산하다", []),
        ("부산한 아침", []),
        ("부산스러운 사람", []),
        ("서울부산", []),
        ("부산는", []),
        ("부산역에서", ["부산역:LC"]),
        ("부산역 앞", ["부산역:LC"]),
        ("부산역앞에서", ["부산역:LC"]),
        ("사과", []),
        ("사에서", ["사:LC"]),
        ("바다", []),
        ("바로", ["바:LC"]),
        ("아아 두 잔", ["아아:FOOD"]),
        ("아아두잔이요", ["아아:FOOD"]),
        ("커피2잔", ["커피:FOOD"]),
        ("커피주세요", ["커피:FOOD"]),
        ("커피예요", ["커피:FOOD"]),
        ("커피숍", []),
        ("아이스  아메리카노\n하나", ["아이스  아메리카노:FOOD"]),
        ("아이스아메리카노", []),
        ("ktx로", ["ktx:OG"]),
        ("ＫＴＸ 타고", ["ＫＴＸ:OG"]),
        ("KTX산천", []),
        ("㈜카카오는", ["㈜카카오:OG"]),
        ("(주)카카오에", ["(주)카카오:OG"]),
        ("at&t랑", ["at&t:OG"]),
        ("@민트에서", ["@민트:OG"]),
        ("김민수님이 왔어", ["김민수:PS", "김민수:PS"]),
        ("김민수한테", ["김민수:PS", "김민수:PS"]),
        ("\x01부산\x01", ["부산:LC"]),
        ("부산\u200b에서", ["부산:LC"]),
        ("🚆부산", ["부산:LC"]),
        ("", []),
        ("  ", []),
    ],
)
def test_what_is_found_respects_eojeols_and_particles(text, expected):
    assert _found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("아이스아메리카노두잔", ["아이스아메리카노:FOOD"]),
        ("아이스 아메리 카노", ["아이스 아메리 카노:FOOD"]),
        ("부산 역에서", ["부산:LC", "부산 역:LC"]),
        ("서울 부산하다", ["서울:LC"]),
        ("새부산 역", []),
        ("(주) 카카오가", ["(주) 카카오:OG"]),
        ("오늘 AT & T로", ["AT & T:OG"]),
        ("부\n산", ["부\n산:LC"]),
    ],
)
def test_spaces_are_ignored_if_asked(text, expected):
    assert _found(text, LOOSE) == expected


def test_a_candidate_says_where_it_is_from_and_carries_the_id():
    (found,) = EXACT.find("여기 아아 주세요")
    assert (found.text, found.start, found.end, found.label) == ("아아", 3, 5, "FOOD")
    assert (found.source, found.rule, found.place) == ("gazetteer", "names.tsv", "names.tsv:4")
    assert found.score == 0.9
    assert found.canonical == "F01"
    assert found.metadata == {"price": "4500"}
    assert found.reason == "아아 is a synonym of 아이스 아메리카노"
    (plain,) = EXACT.find("부산")
    assert (plain.canonical, plain.reason, plain.metadata) == ("부산", "", {})
    (folded,) = EXACT.find("㈜카카오")
    assert folded.reason == ""
    named = Gazetteer([("a.tsv", ENTRIES[:1])], name="places")
    assert [(c.rule, c.place) for c in named.find("부산")] == [("places", "a.tsv:2")]


def test_both_entries_of_one_form_are_found():
    assert [c.canonical for c in EXACT.find("김민수")] == ["p1", "p2"]
    three = Gazetteer([("x", [Entry("배", label) for label in ("FOOD", "LC", "QT", "FOOD")])])
    assert [c.label for c in three.find("배")] == ["FOOD", "LC", "QT", "FOOD"]
    assert three.labels == ("FOOD", "LC", "QT")
    assert (len(three), three.forms) == (4, 1)


def test_what_was_refused_is_told():
    (refused,) = EXACT.refused("부산하다")
    assert (refused.candidate.text, refused.candidate.place) == ("부산", "names.tsv:2")
    assert refused.why == "the word goes on with 하다"
    assert EXACT.refused("부산에서") == []


def test_a_decomposed_text_keeps_its_own_offsets():
    text = unicodedata.normalize("NFD", "나는 부산역에서 ㅋㅋ")
    (found,) = EXACT.find(text)
    assert text[found.start : found.end] == unicodedata.normalize("NFD", "부산역")
    decomposed = Gazetteer([("x", [Entry(unicodedata.normalize("NFD", "부산"), "LC")])])
    assert len(decomposed.find("부산에")) == 1


def test_an_empty_gazetteer_finds_nothing():
    for ignore_spaces in (False, True):
        assert Gazetteer([], ignore_spaces=ignore_spaces).find("부산") == []
        assert Gazetteer([("x", [Entry("\u200b", "LC")])], ignore_spaces=ignore_spaces).find("부산") == []


@pytest.mark.parametrize("ignore_spaces", [False, True])
def test_entries_are_the_same_however_many_are_added_together(ignore_spaces):
    odd = ["부산|서울", "㈜카카오", " 앞 뒤 ", "\x01표", "ｋｔｘ", "\u200b", "두  칸", "İ"]
    plain = [f"가게{i:04}" for i in range(1200)]
    entries = [Entry(form, "OG", line=i) for i, form in enumerate([*plain[:600], *odd, *plain[600:], "가게0007"])]
    together = Gazetteer([("x", entries)], ignore_spaces=ignore_spaces)
    for entry in entries:
        alone = Gazetteer([("x", [entry])], ignore_spaces=ignore_spaces)
        found = alone.find(entry.surface)
        assert bool(found) == (entry.surface != "\u200b")
        assert set(found) <= set(together.find(entry.surface))
    assert [c.place for c in together.find("가게0007에서")] == ["x:7", f"x:{len(entries) - 1}"]
    assert (len(together), together.forms) == (1209, 1207)


def test_metadata_is_given_back_as_it_was():
    metadata = {'"': "\\n\n\t\x1f", "가": "나 😀", "": "{}"}
    (found,) = Gazetteer([("x", [Entry("부산", "LC", metadata=metadata)])]).find("부산")
    assert found.metadata == metadata


def test_it_is_a_finder_of_a_rule_set():
    answer = RuleSet((EXACT,)).answer("부산역에서 아아", [])
    assert [(e.text, e.source, e.josa, e.canonical) for e in answer] == [
        ("부산역", "gazetteer", "에서", "부산역"),
        ("아아", "gazetteer", "", "F01"),
    ]
    assert len(decide(EXACT.find("김민수")).kept) == 1


def _slow(text: str, entries: list[Entry]) -> list[tuple[int, int, str]]:
    """The same question put to every stretch of a text that needs no folding but single spaces."""
    found = []
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            inside = start and text[start - 1].isalnum() and text[start].isalnum()
            if inside or not ends_here(text, start, end):
                continue
            found += [(start, end, e.label) for e in entries if text[start:end] in e.forms]
    return sorted(found)


SYLLABLES = st.text(alphabet="가나부산역에서 ,!1", min_size=1, max_size=24).map(lambda t: " ".join(t.split(" ")))


@settings(max_examples=200, deadline=None)
@given(SYLLABLES, st.lists(st.text(alphabet="가나부산역1", min_size=1, max_size=3), max_size=6))
def test_the_automaton_finds_what_looking_everywhere_finds(text, forms):
    text = " ".join(text.split())
    entries = [Entry(form, f"L{i}") for i, form in enumerate(forms)]
    got = sorted((c.start, c.end, c.label) for c in Gazetteer([("x", entries)]).find(text))
    assert got == _slow(text, entries)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40), st.sampled_from([EXACT, LOOSE]))
def test_nothing_raises_and_offsets_hold(text, gazetteer):
    folded = Folded(text)
    for i in range(len(folded.text)):
        where = folded.original(i, i + 1)
        assert where is None or 0 <= where[0] < where[1] <= len(text)
    for candidate in (*gazetteer.find(text), *(r.candidate for r in gazetteer.refused(text))):
        assert text[candidate.start : candidate.end] == candidate.text != ""


@pytest.mark.parametrize(
    ("unit", "count", "places"),
    [
        ("일", 20_000, []), ("부산", 10_000, []), ("부산 ", 6_000, [(3 * i, 3 * i + 2) for i in range(6_000)]),
        ("!", 20_000, []), ("\u1107", 20_000, []),
    ],
    ids=["일", "부산", "부산 ", "!", "half a syllable"],
)  # fmt: skip
def test_in_long_texts_every_whole_word_is_found(unit, count, places):
    for gazetteer in (EXACT, LOOSE):
        found = gazetteer.find(unit * count)
        assert sorted((c.start, c.end) for c in found) == places
        assert {(c.text, c.label) for c in found} <= {("부산", "LC")}


# files


def test_three_formats_say_the_same(tmp_path):
    table = [
        ["surface", "label", "canonical", "synonyms", "score", "price", "metadata"],
        ["아이스 아메리카노", "FOOD", "F01", "아아|아이스아메", "0.9", "4500", '{"size": "L", "hot": false}'],
        ["부산", "LC", "", "", "", "", ""],
    ]
    tsv, csv, jsonl = (tmp_path / f"menu.{end}" for end in ("tsv", "csv", "jsonl"))
    tsv.write_text(
        "# menu\n\n" + "".join("\t".join(row) + "\r\n" for row in table), encoding="utf-8-sig", newline=""
    )
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in table]
    csv.write_text("# menu\n\n" + "\n".join(quoted) + "\n", encoding="utf-8")
    first = {
        "surface": "아이스 아메리카노", "label": "FOOD", "canonical": "F01", "synonyms": ["아아", "아이스아메"],
        "score": 0.9, "metadata": {"price": "4500", "size": "L", "hot": False},
    }  # fmt: skip
    lines = ["", "", "", json.dumps(first, ensure_ascii=False), json.dumps({"surface": "부산", "label": "LC"})]
    jsonl.write_text("\n".join(lines), encoding="utf-8")
    expected = [
        Entry(
            "아이스 아메리카노", "FOOD", "F01", ("아아", "아이스아메"), 0.9,
            {"price": "4500", "size": "L", "hot": "false"}, 4,
        ),
        Entry("부산", "LC", line=5),
    ]  # fmt: skip
    for path in (tsv, csv, jsonl):
        assert list(read_entries(path)) == expected, path.name
    both = load_gazetteer(tsv, csv)
    assert [c.place for c in both.find("아아")] == ["menu.tsv:4", "menu.csv:4"]


def test_a_table_needs_no_header(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("부산\tLC\n#해시\tOG\n아메리카노\tFOOD\tF1\t아메|아아\n", encoding="utf-8")
    assert list(read_entries(path)) == [
        Entry("부산", "LC", line=1),
        Entry("#해시", "OG", line=2),
        Entry("아메리카노", "FOOD", "F1", ("아메", "아아"), line=3),
    ]


def test_a_quoted_cell_may_hold_lines(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('surface,label,note\n부산,LC,"바다,\n해운대"\n서울,LC,\n', encoding="utf-8")
    assert [(e.surface, e.line, dict(e.metadata)) for e in read_entries(path)] == [
        ("부산", 2, {"note": "바다,\n해운대"}),
        ("서울", 4, {}),
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tsv", "부산\n", "a.tsv:1: expected 2 to 4 columns; got 1"),
        ("a.tsv", "surface\tlabel\n부산\tLC\tx\n", "a.tsv:2: expected 2 columns; got 3"),
        (
            "a.tsv",
            "surface\tname\n부산\tLC\n",
            "a.tsv:1: expected the columns surface and label; got surface, name",
        ),
        ("a.tsv", "surface\tlabel\tlabel\n", "a.tsv:1: the column 'label' is there twice"),
        ("a.tsv", "부산\t \n", "a.tsv:1: label: expected one word; got nothing"),
        ("a.tsv", "부산\tL C\n", "a.tsv:1: label: expected one word; got 'L C'"),
        ("a.tsv", "\tLC\n", "a.tsv:1: surface: expected a text; got nothing"),
        (
            "a.csv",
            "surface,label,score\n부산,LC,2\n",
            "a.csv:2: score: expected a number above 0, at most 1; got '2'",
        ),
        (
            "a.csv",
            'surface,label,metadata\n부산,LC,"[1]"\n',
            "a.csv:2: metadata: expected a JSON object; got [1]",
        ),
        ("a.csv", 'surface,label\n"부산,LC\n', "a.csv:2: expected a line of CSV; unexpected end of data"),
        ("a.jsonl", "{}\n", "a.jsonl:1: surface: expected a text; got nothing"),
        ("a.jsonl", '\n{"surface": "부산", "labels": "LC"}\n', "a.jsonl:2: unknown key 'labels'"),
        ("a.jsonl", "[]\n", "a.jsonl:1: expected a JSON object; got list"),
        (
            "a.jsonl",
            '{"surface": "부산", "label": "LC", "synonyms": "x"}\n',
            "a.jsonl:1: synonyms: expected a list",
        ),
        ("a.jsonl", '{"surface": 3, "label": "LC"}\n', "a.jsonl:1: surface: expected a text; got 3"),
        ("a.jsonl", "{\n", "a.jsonl:1: expected a JSON object; Expecting"),
        ("a.tsv", "가" * 201 + "\tLC\n", "a.tsv:1: expected at most 200 characters; got 201"),
        ("a.txt", "", "a.txt: expected a dictionary named *.csv"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path, name, content, message):
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_gazetteer(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path}/{message}")


# reloading


def test_reloading_replaces_all_entries_or_none(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text("부산\tLC\n", encoding="utf-8")
    live = LiveGazetteer([path])
    held = live.current
    assert not live.reload_if_changed()
    path.write_text("서울역\tLC\n", encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert live.reload_if_changed()
    assert not live.reload_if_changed()
    assert (live.find("부산"), len(live.find("서울역"))) == ([], 1)
    assert len(held.find("부산")) == 1
    path.write_text("서울역\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(DataError, match=r"a\.tsv:1: expected 2 to 4 columns"):
            live.reload_if_changed()
    path.unlink()
    with pytest.raises(DataError, match=r"a\.tsv: expected a readable"):
        live.reload()
    assert len(live.find("서울역")) == 1


def test_searches_go_on_while_entries_are_replaced(tmp_path):
    path = tmp_path / "a.tsv"

    def write(label: str) -> None:
        path.write_text(f"부산\t{label}\n서울\t{label}\n", encoding="utf-8")

    write("A")
    live = LiveGazetteer([path])
    seen: set[tuple[str, ...]] = set()
    stop = threading.Event()
    failures: list[BaseException] = []

    def search() -> None:
        try:
            while not stop.is_set():
                seen.add(tuple(c.label for c in live.find("부산 서울")))
        except BaseException as error:  # a thread's error would be lost
            failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for i in range(60):
        write("BA"[i % 2])
        live.reload()
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert seen <= {("A", "A"), ("B", "B")}  # never some of the old and some of the new
    assert live.labels == ("A",)
