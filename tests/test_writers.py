"""Writers: what is read back is what was written, whatever the text; what cannot be held is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ner_engine.datasets import dumps, read_bytes, write
from ner_engine.errors import ConfigError, DataError
from ner_engine.spans import Sentence, Span

WRITABLE = ["jsonl", "inline", "klue", "conll", "doccano"]
WITH_IDS = {"jsonl", "klue", "conll", "doccano"}

# everything that means something to some format, and characters that some line splitters break at
NASTY = '가나다 민수  <>:\\\t\n\r#;$_-=OBI"{}[],09A\u2028\x85\x0b\u3000\xa0\ufeff\u1112\u1161\u11ab😀漢'
LABELS = ["PS", "LC", "DT", "ORG-X", "한글"]


@st.composite
def sentences(draw: st.DrawFn) -> Sentence:
    texts = st.text(alphabet=NASTY.replace("\n", "").replace("\r", ""), min_size=1, max_size=24)
    texts |= st.text(alphabet="가<>:PS", min_size=1, max_size=12) | st.text(alphabet=NASTY, max_size=16)
    text = draw(texts)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    spans = [
        Span(start, end, draw(st.sampled_from(LABELS))) for start, end in pairwise(cuts) if draw(st.booleans())
    ]
    name = draw(st.sampled_from(["", "", "a", "문서-1", "a b", " a", "x = y"]))
    return Sentence(text, tuple(spans), name)


def through(given: list[Sentence], format: str) -> list[Sentence]:
    data = "".join(dumps(given, format=format)).encode()
    corpus = read_bytes(data, name="f", format=format)
    assert corpus.problems == () or {p.code for p in corpus.problems} == {"head-ambiguous"}
    return list(corpus.sentences)


def must_refuse(sentence: Sentence, format: str) -> bool:
    """What a format has no way to hold, said independently of its writer."""
    text = sentence.text
    surfaces = [text[s.start : s.end] for s in sentence.entities]
    return {
        "jsonl": False,
        "doccano": False,
        "inline": not text,
        "klue": not text or "\n" in text or "\r" in text,
        "conll": not text.strip() or "\n" in text or "\r" in text or any(s != s.strip() for s in surfaces),
    }[format]


@pytest.mark.parametrize("format", WRITABLE)
@settings(max_examples=250, deadline=None)
@given(given=st.lists(sentences(), max_size=2))
def test_what_is_read_back_is_what_was_written(format: str, given: list[Sentence]) -> None:
    if any(must_refuse(sentence, format) for sentence in given):
        with pytest.raises(DataError, match=r"in sentence \d|sentence \d"):
            through(given, format)
        return
    wanted = given if format in WITH_IDS else [Sentence(s.text, s.entities) for s in given]
    assert through(given, format) == wanted


@pytest.mark.parametrize("format", WRITABLE)
def test_forms(format: str) -> None:
    given = [Sentence("태오야 내일 <봐>", (Span(0, 2, "PS"), Span(4, 6, "DT")), "s1")]
    wanted = {
        "jsonl": '{"id": "s1", "text": "태오야 내일 <봐>", "entities": '
        '[{"start": 0, "end": 2, "label": "PS"}, {"start": 4, "end": 6, "label": "DT"}]}\n',
        "inline": "<태오:PS>야 <내일:DT> \\<봐\\>\n",
        "klue": "## s1\t<태오:PS>야 <내일:DT> <봐>\n태\tB-PS\n오\tI-PS\n야\tO\n \tO\n내\tB-DT\n일\tI-DT\n \tO\n"
        "<\tO\n봐\tO\n>\tO\n\n",
        "conll": "# id = s1\n# text = 태오야 내일 <봐>\n태오\tB-PS\n야\tO\n내일\tB-DT\n<봐>\tO\n\n",
        "doccano": '{"id": "s1", "text": "태오야 내일 <봐>", "label": [[0, 2, "PS"], [4, 6, "DT"]]}\n',
    }
    assert "".join(dumps(given, format=format)) == wanted[format]


def test_conll_without_need_of_a_comment() -> None:
    given = [Sentence("오늘 서울 맑음", (Span(0, 2, "DT"), Span(3, 5, "LC")))]
    assert "".join(dumps(given, format="conll")) == "오늘\tB-DT\n서울\tB-LC\n맑음\tO\n\n"
    marker = [Sentence("-DOCSTART- 끝"), Sentence("머리")]
    assert through(marker, "conll") == marker


@pytest.mark.parametrize("format", WRITABLE)
def test_a_byte_order_mark_that_is_text_stays(format: str) -> None:
    marked = [Sentence("\ufeff머리", (Span(1, 3, "LC"),))]
    assert through(marked, format) == marked


def test_lone_surrogates() -> None:
    broken = [Sentence("가\ud800", (Span(0, 1, "PS"),))]
    for format in ("jsonl", "doccano", "inline"):
        assert through(broken, format) == broken


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "말뭉치.tsv"
    good = Sentence("소라 왔다", (Span(0, 2, "PS"),))
    write([good], path, format="klue")
    before = path.read_bytes()
    for bad in (Sentence("줄\n둘"), Sentence("가", (Span(0, 5, "PS"),)), Sentence("\ud800")):
        with pytest.raises(DataError):
            write([good, bad], path, format="klue")
    with pytest.raises(RuntimeError, match="source broke"):
        write(_breaks(good), path, format="klue")
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["말뭉치.tsv"]


def _breaks(first: Sentence) -> Iterator[Sentence]:
    yield first
    raise RuntimeError("source broke")


def test_errors_name_the_sentence_and_the_place(tmp_path: Path) -> None:
    good = Sentence("소라")
    with pytest.raises(DataError, match=r"klue holds one character a row; got a line break in sentence 2"):
        list(dumps([good, Sentence("줄\n둘")], format="klue"))
    with pytest.raises(DataError, match=r"sentence 2: span \[0, 5\) PS does not fit"):
        list(dumps([good, Sentence("가", (Span(0, 5, "PS"),))], format="jsonl"))
    with pytest.raises(DataError, match=r"got ' 시' in sentence 1"):
        list(dumps([Sentence("세 시", (Span(1, 3, "TI"),))], format="conll"))
    for format in ("klue", "conll"):
        with pytest.raises(DataError, match=r"got 'A B' in sentence 1"):
            list(dumps([Sentence("세 시", (Span(0, 3, "A B"),))], format=format))
    with pytest.raises(DataError, match=r"expected an id without tabs"):
        list(dumps([Sentence("소라", (), "a\tb")], format="klue"))
    with pytest.raises(DataError, match=r"got an empty one in sentence 1"):
        list(dumps([Sentence("소라", (Span(0, 2, ""),))], format="inline"))
    with pytest.raises(DataError, match=r"없음.*expected a place to write to"):
        write([good], tmp_path / "없음" / "f.jsonl", format="jsonl")
    with pytest.raises(DataError, match="got a folder"):
        write([good], tmp_path, format="jsonl")


def test_only_some_formats_are_written() -> None:
    with pytest.raises(ConfigError, match=r"expected one of jsonl, inline, klue, conll, doccano; got 'kmou'"):
        dumps([], format="kmou")


def test_a_link_is_written_through(tmp_path: Path) -> None:
    real, link = tmp_path / "real.jsonl", tmp_path / "link.jsonl"
    real.write_text("", encoding="utf-8")
    link.symlink_to(real)
    write([Sentence("소라")], link, format="jsonl")
    assert link.is_symlink()
    assert json.loads(real.read_text(encoding="utf-8")) == {"text": "소라", "entities": []}
