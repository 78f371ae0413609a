"""Readers: every authors' format in small, its deviations, and the counts of the real corpora where present."""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ner_engine.datasets import FORMATS, Corpus, Problem, detect, read, read_bytes
from ner_engine.datasets.annotated import contradictions, read_annotated, recover, render
from ner_engine.datasets.tagruns import parse_tag, runs
from ner_engine.errors import ConfigError, DataError
from ner_engine.spans import Span

SHARED = Path(__file__).resolve().parents[2] / "shared" / "corpora"


def shared(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs ../shared/corpora/{name}, which is not here")
    return path


def parse(text: str, *, format: str | None = None, lenient: bool = True, **options: object) -> Corpus:
    return read_bytes(text.encode(), name="f.txt", format=format, lenient=lenient, **options)  # type: ignore[arg-type]


def detect_text(text: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "f.txt")
        path.write_text(text, encoding="utf-8", newline="")
        return detect(path)


def shown(corpus: Corpus) -> list[str]:
    return [render(s.text, s.entities) for s in corpus.sentences]


def codes(corpus: Corpus) -> list[tuple[int, str, str]]:
    return [(p.line, p.code, p.level) for p in corpus.problems]


KMOU = """\
## 1
## 지수는 모레 부산에 간다.
## <지수:PER>는 <모레:DAT> <부산:LOC>에 간다.
지수	지수	NNP	B-PER
는	는	JX	O
_	_	_	O
모레	모레	NNG	B-DAT
_	_	_	O
부산	부산	NNP	B-LOC
에	에	JKB	O
_	_	_	O
간다	가+ㄴ다	VV+EF	O
.	.	SF	O

## 2
## 춘천 닭갈비 거리
## <춘천 닭갈비 거리:LOC>
춘천	춘천	NNP	B-LOC
_	_	_	I-LOC
닭갈비	닭갈비	NNG	I-LOC
_	_	_	I-LOC
거리	거리	NNG	I-LOC

"""


def test_kmou_small() -> None:
    corpus = parse(KMOU)
    assert shown(corpus) == ["<지수:PER>는 <모레:DAT> <부산:LOC>에 간다.", "<춘천 닭갈비 거리:LOC>"]
    assert corpus.sentences[0].entities == (Span(0, 2, "PER"), Span(4, 6, "DAT"), Span(7, 9, "LOC"))
    assert [s.id for s in corpus.sentences] == ["f-1", "f-2"]
    assert [place.line for place in corpus.places] == [1, 15]
    assert corpus.problems == ()


def test_kmou_head_line_wins_over_its_rows() -> None:
    text = KMOU.replace("부산	부산	NNP	B-LOC", "부산	부산	NNP	B-ORG")
    text = text.replace("모레	모레	NNG	B-DAT", "모레	모레	NNG	O")
    text = text.replace("거리	거리	NNG	I-LOC", "거리	거리	NNG	O")
    text = text.replace(".	.	SF	O", ".	.	SF	B-NOH")
    corpus = parse(text)
    assert shown(corpus) == shown(parse(KMOU))
    assert codes(corpus) == [
        (7, "rows-absent", "warning"),
        (9, "rows-label", "warning"),
        (13, "rows-extra", "warning"),
        (18, "rows-extent", "warning"),
    ]
    assert str(corpus.problems[1]) == "f.txt:9: the head line has <부산:LOC>, the rows have <부산:ORG>"
    assert corpus.problem_counts()["rows-label"] == 1


def test_kmou_angle_brackets_and_colons_in_the_text() -> None:
    heads = [
        ("영화 <바다의 끝>을 7:30에 봤다", "영화 <<바다의 끝:POH>>을 <7:30:TIM>에 봤다"),
        ("문의 <3> 민아", "문의 <<3:NOH>> <민아:PER>"),
        ("가나>다라>마바 순", "<가나:ORG>><다라:ORG>><마바:ORG> 순"),
        ("a<b:c>d", "a<b:c>d"),
        ("<1부:9>", "<<1부:9>:POH>"),
    ]
    body = "".join(f"## {n}\n## {raw}\n## {ann}\n\n" for n, (raw, ann) in enumerate(heads, 1))
    corpus = parse(body, format="kmou")
    assert [s.text for s in corpus.sentences] == [raw for raw, _ in heads]
    assert shown(corpus) == [ann for _, ann in heads]
    assert {p.code for p in corpus.problems} == {"rows-none"}


def test_kmou_rows_decide_a_line_that_reads_two_ways() -> None:
    head = "## 1\n## <2> 시작\n## <<2>:NOH> 시작\n"
    rest = "_	_	_	O\n시작	시작	NNG	O\n"
    whole = "<	<	SS	B-NOH\n2	2	SN	I-NOH\n>	>	SS	I-NOH\n"
    part = "<	<	SS	O\n2	2	SN	B-NOH\n>	>	SS	I-NOH\n"
    assert parse(head + whole + rest).sentences[0].entities == (Span(0, 3, "NOH"),)
    split_brackets = parse(head + part + rest)
    assert split_brackets.sentences[0].entities == (Span(1, 3, "NOH"),)
    assert codes(split_brackets) == [(3, "head-ambiguous", "warning")]


def test_kmou_lines_that_deviate() -> None:
    missing_blank = KMOU.replace("\n\n## 2", "\n## 2")
    assert shown(parse(missing_blank)) == shown(parse(KMOU))
    assert parse(missing_blank).problems == ()
    two_heads = KMOU.replace("## 춘천 닭갈비 거리\n", "")
    assert codes(parse(two_heads)) == [(15, "bad-head", "error")]
    assert len(parse(two_heads).sentences) == 1
    stray = "엉뚱한 줄\n\n" + KMOU
    assert codes(parse(stray, format="kmou")) == [(1, "bad-head", "error")]
    assert shown(parse(stray, format="kmou")) == shown(parse(KMOU))


def test_kmou_annotated_line_that_is_not_the_plain_one() -> None:
    changed = KMOU.replace("## <지수:PER>는", "##  <지수:PER>는")
    corpus = parse(changed)
    assert corpus.sentences[0].entities == parse(KMOU).sentences[0].entities
    assert codes(corpus)[0] == (3, "head-differs", "warning")
    lost = KMOU.replace("<부산:LOC>", "<울산:LOC>")
    corpus = parse(lost)
    assert codes(corpus) == [(3, "head-lost", "error")]
    assert [s.id for s in corpus.sentences] == ["f-2"]
    with pytest.raises(DataError, match=r"f\.txt:3: .*<울산:LOC>"):
        parse(lost, lenient=False)


def test_kmou_rows_that_do_not_spell_the_text() -> None:
    corpus = parse(KMOU.replace("닭갈비	닭갈비	NNG", "막국수	막국수	NNG"))
    assert codes(corpus) == [(20, "rows-text", "warning")]
    assert shown(corpus) == shown(parse(KMOU))
    assert codes(parse(KMOU.replace(".	.	SF	O\n", ""))) == [(12, "rows-text", "warning")]
    assert codes(parse(KMOU.replace("_	_	_	O\n모레", "_	_	_\n모레"))) == [
        (6, "bad-row", "warning")
    ]


def test_kmou_a_real_underscore_and_a_span_with_a_space() -> None:
    text = (
        "## 1\n## 민아_99 님\n## <민아_99 :PER>님\n"
        "민아	민아	NNP	B-PER\n_	_	SW	I-PER\n99	99	SN	I-PER\n_	_	_	I-PER\n님	님	NNB	O\n"
    )
    corpus = parse(text)
    assert corpus.sentences[0].entities == (Span(0, 6, "PER"),)  # as its authors have it, space and all
    assert corpus.problems == ()


def test_kmou_rows_may_spell_a_space_themselves() -> None:
    text = "## 1\n## 가\u3000나\n## 가<\u3000:POH>나\n"
    rows = "가\t가\tNNG\tO\n\u3000\t\u3000\tSW\tB-POH\n나\t나\tNNG\tO\n"
    assert parse(text + rows).problems == ()


def test_kmou_folder(tmp_path: Path) -> None:
    inner = tmp_path / "말뭉치"
    inner.mkdir()
    (inner / "00002_NER.txt").write_text(KMOU, encoding="utf-8")
    (inner / "EXOBRAIN_NE_CORPUS_001.txt").write_bytes(KMOU.encode("utf-8-sig").replace(b"\n", b"\r\n"))
    (inner / "README.txt").write_text("설명", encoding="utf-8")
    corpus = read(tmp_path)
    assert detect(tmp_path) == "kmou"
    assert [s.id for s in corpus.sentences] == [
        "00002_NER-1",
        "00002_NER-2",
        "EXOBRAIN_NE_CORPUS_001-1",
        "EXOBRAIN_NE_CORPUS_001-2",
    ]
    assert shown(corpus)[:2] == shown(corpus)[2:]
    assert corpus.place(2).path == str(inner / "EXOBRAIN_NE_CORPUS_001.txt")
    empty = tmp_path / "빈 폴더"
    empty.mkdir()
    with pytest.raises(DataError, match="folder with files named"):
        read(empty)
    with pytest.raises(DataError, match="expected a file of the format klue; got a folder"):
        read(inner, format="klue")


KLUE = """\
## 토큰, 레이블 구분자 : \\t
## 주석 : ##
## 컬럼명 : CHAR\tNE_TAG
## klue-ner-v1_dev_90001-nsmc\t<유나:PS>랑 #1 봄
유\tB-PS
나\tI-PS
랑\tO
 \tO
#\tO
1\tO
 \tO
봄\tO

## klue-ner-v1_dev_90002-wikitree\t<대전:LC>  좋아
대\tB-LC
전\tI-LC
 \tO
 \tO
좋\tO
아\tO

"""


def test_klue_small() -> None:
    corpus = parse(KLUE)
    assert [(s.id, s.text, s.entities) for s in corpus.sentences] == [
        ("klue-ner-v1_dev_90001-nsmc", "유나랑 #1 봄", (Span(0, 2, "PS"),)),
        ("klue-ner-v1_dev_90002-wikitree", "대전  좋아", (Span(0, 2, "LC"),)),
    ]
    assert [place.line for place in corpus.places] == [4, 14]
    assert corpus.problems == ()
    assert parse(KLUE.replace("\n", "\r\n")).sentences == corpus.sentences
    assert parse(KLUE.replace("봄	O\n\n", "봄	O\n")).sentences == corpus.sentences  # no blank row between


def test_klue_rows_against_the_head_line() -> None:
    corpus = parse(KLUE.replace("전	I-LC", "전	O"))
    assert shown(corpus)[1] == "<대전:LC>  좋아"
    assert codes(corpus) == [(15, "rows-extent", "warning")]
    corpus = parse(KLUE.replace("좋	O", "싫	O"))
    assert corpus.sentences[1].text == "대전  싫아"
    assert codes(corpus) == [(14, "head-differs", "warning")]
    corpus = parse(KLUE.replace("나	I-PS", "나	I-LC"))
    assert codes(corpus) == [(6, "orphan-tag", "warning"), (5, "rows-extent", "warning")]
    assert shown(corpus)[0] == "<유나:PS>랑 #1 봄"


def test_klue_ambiguous_head_is_read_as_its_rows() -> None:
    rows = "작	O\n<	B-PS\n달	I-PS\n>	O\n"
    corpus = parse(f"## x\t작<<달:PS>>\n{rows}")
    assert corpus.sentences[0].entities == (Span(1, 3, "PS"),)
    assert codes(corpus) == [(1, "head-ambiguous", "warning")]


def test_klue_bad_row() -> None:
    corpus = parse(KLUE.replace("랑	O", "랑"))
    assert codes(corpus) == [(7, "bad-row", "error")]
    assert len(corpus.sentences) == 1
    with pytest.raises(DataError, match=r"f\.txt:7: expected a character, a tab and a tag; got '랑'"):
        parse(KLUE.replace("랑	O", "랑"), lenient=False)
    assert codes(parse("유	B-PS\n나	I-PS\n", format="klue")) == [(1, "no-head", "warning")]


def test_klue_raw() -> None:
    corpus = parse("a_1\t내일 눈 온대\na_2\t<b> 탭\t있음\n\n짝없음\n", format="klue-raw")
    assert [(s.id, s.text) for s in corpus.sentences] == [("a_1", "내일 눈 온대"), ("a_2", "<b> 탭\t있음")]
    assert codes(corpus) == [(4, "bad-line", "error")]
    assert detect_text("a_1\t내일 눈 온대\na_2\t그러게\n") == "klue-raw"


KLP = """\
; 지난 봄 수아가 전주에 왔다.
$<지난 봄:DT> <수아:PS>가 <전주:LC>에 왔다.
1	지나	VV	B_DT
1	ㄴ	ETM	I
2	봄	NNG	I
3	수아	NNP	B_PS
3	가	JKS	O
4	전주	NNP	B_LC
4	에	JKB	O
5	오	VV	O
5	았	EP	O
5	다	EF	O
5	.	SF	O

"""


def test_klp2016_small() -> None:
    corpus = parse(KLP.replace("\n", "\r\n"))
    assert shown(corpus) == ["<지난 봄:DT> <수아:PS>가 <전주:LC>에 왔다."]
    assert corpus.sentences[0].id == ""
    assert corpus.problems == ()
    twice = parse(KLP.rstrip("\n") + "\n" + KLP)  # no blank row between
    assert len(twice.sentences) == 2
    assert [place.line for place in twice.places] == [1, 14]


def test_klp2016_rows_against_the_line() -> None:
    corpus = parse(
        KLP.replace("3	수아	NNP	B_PS", "3	수아	NNP	B_LC").replace(
            "3	가	JKS	O", "3	가	JKS	I"
        )
    )
    assert codes(corpus) == [(6, "rows-extent", "warning")]
    assert codes(parse(KLP.replace("B_PS", "B_OG"))) == [(6, "rows-label", "warning")]
    assert codes(parse(KLP.replace("B_PS", "O"))) == [(3, "rows-count", "warning")]
    orphan = codes(parse(KLP.replace("1	지나	VV	B_DT", "1	지나	VV	O")))
    assert orphan == [(4, "orphan-tag", "warning"), (4, "rows-extent", "warning")]
    assert codes(parse(KLP.replace("<전주:LC>", "<경주:LC>"))) == [(2, "head-lost", "error")]
    assert codes(parse("; 줄 하나\n1	줄	NNG	O\n", format="klp2016")) == [(1, "bad-head", "error")]


def test_naver_both_shapes() -> None:
    lines = "하준이가 3월 5일 왔다 .\tPER-B DAT-B DAT-I O O\n심심해 죽겠다\tO -\n"
    corpus = parse(lines)
    assert detect_text(lines) == "naver"
    assert shown(corpus) == ["<하준이가:PER> <3월 5일:DAT> 왔다 .", "심심해 죽겠다"]
    rows = "1\t하준이가\tPER_B\n2\t3월\tDAT_B\n3\t5일\tDAT_I\n4\t왔다\t-\n5\t.\t-\n\n1\t심심해\t-\n2\t죽겠다\t-\n"
    assert detect_text(rows) == "naver"
    assert shown(parse(rows)) == shown(corpus)
    assert [place.line for place in parse(rows).places] == [1, 7]


def test_naver_problems() -> None:
    corpus = parse("도윤이 왔다\tO\n가람 둘\tPER-I O\n셋 넷\tO X\n", format="naver")
    assert codes(corpus) == [(1, "bad-row", "error"), (2, "orphan-tag", "warning"), (3, "bad-tag", "error")]
    assert shown(corpus) == ["<가람:PER> 둘"]
    assert codes(parse("한 줄\n태그 없음\t\n", format="naver")) == [
        (1, "bad-row", "error"),
        (2, "bad-row", "error"),
    ]


def test_conll_schemes_columns_and_delimiters() -> None:
    bio = "-DOCSTART- -X- O O\n\n하나 NNP I-NP B-PER\n은행 NNG I-NP I-PER\n옆 NNG I-NP O\n\n서울 NNP I-NP B-LOC\n"
    corpus = parse(bio)
    assert detect_text(bio) == "conll"
    assert shown(corpus) == ["<하나 은행:PER> 옆", "<서울:LOC>"]
    assert corpus.problems == ()
    assert shown(parse(bio, format="conll", column=2))[1] == "<서울:NP>"
    bioes = "하나\tB-OG\n은행\tE-OG\n광주\tS-LC\n"
    assert shown(parse(bioes)) == ["<하나 은행:OG> <광주:LC>"]
    iob1 = "하나 I-OG\n은행 I-OG\n우리 B-OG\n은행 I-OG\n앞 O\n광주 I-LC\n"
    assert shown(parse(iob1)) == ["<하나 은행:OG> <우리 은행:OG> 앞 <광주:LC>"]
    assert parse(iob1).problems == ()
    broken = "하나 B-OG\n앞 O\n은행 I-OG\n"
    assert codes(parse(broken)) == [(3, "orphan-tag", "warning")]


def test_conll_comments_and_problems() -> None:
    text = "# id = s1\n# text = 서울역에  가자\n서울역\tB-LC\n에\tO\n가자\tO\n"
    corpus = parse(text)
    assert detect_text(text) == "conll"
    assert (corpus.sentences[0].id, shown(corpus)[0]) == ("s1", "<서울역:LC>에  가자")
    assert codes(parse(text.replace("가자\tO", "오자\tO"))) == [(5, "rows-text", "error")]
    assert codes(parse("서울 B-LC\n역\n", format="conll")) == [(2, "bad-row", "error")]
    assert codes(parse("서울 B-LC\n역 Q\n", format="conll")) == [(2, "bad-tag", "error")]
    with pytest.raises(ConfigError, match="expected the format conll"):
        parse(KLUE, column=1)


def test_inline() -> None:
    text = "<소민:PS>아 <저녁 7:30:TI>에 봐 :)\n" + r"5 \> 3, \<끝\> \\ \t \u1112" + "\n\n그냥 > 말\n"
    corpus = parse(text)
    assert detect_text(text) == "inline"
    assert [s.text for s in corpus.sentences] == ["소민아 저녁 7:30에 봐 :)", "5 > 3, <끝> \\ \t ᄒ", "그냥 > 말"]
    assert corpus.sentences[0].entities == (Span(0, 2, "PS"), Span(4, 11, "TI"))
    assert [place.line for place in corpus.places] == [1, 2, 4]


@pytest.mark.parametrize("line", ["<소민PS>아", "<소민:PS", "<:PS>", "<소민:>", "<a<b:PS>", r"\q", "끝\\"])
def test_inline_refuses_what_it_cannot_read(line: str) -> None:
    corpus = parse(f"안녕\n{line}\n", format="inline")
    assert codes(corpus) == [(2, "bad-line", "error")]
    assert len(corpus.sentences) == 1


def test_jsonl() -> None:
    text = (
        '{"id": "a", "text": "세아야", "entities": [{"start": 0, "end": 2, "label": "PS"}]}\n\n'
        '{"id": 7, "text": "없음"}\n'
    )
    corpus = parse(text)
    assert detect_text(text) == "jsonl"
    assert [(s.id, s.text, s.entities) for s in corpus.sentences] == [
        ("a", "세아야", (Span(0, 2, "PS"),)),
        ("7", "없음", ()),
    ]
    assert [place.line for place in corpus.places] == [1, 3]


def test_jsonl_reports_every_bad_record_when_lenient_and_stops_otherwise() -> None:
    lines = [
        '{"text": "세아야", "entities": [{"start": 0, "end": 9, "label": "PS"}]}',
        '{"text": "세아야", "entities": [{"start": "0", "end": 2, "label": "PS"}]}',
        '{"text": "세아야", "entities": [{"start": 0, "end": 2, "label": "PS", "text": "세미"}]}',
        '{"text": 5}',
        "[1]",
        "{",
        '{"text": "세아야", "entities": [{"start": true, "end": 2, "label": "PS"}]}',
    ]
    corpus = parse("\n".join(lines), format="jsonl")
    assert [(line, code) for line, code, _ in codes(corpus)] == [
        (2, "bad-entity"),
        (3, "surface-differs"),
        (4, "bad-record"),
        (5, "bad-json"),
        (6, "bad-json"),
        (7, "bad-entity"),
    ]
    assert corpus.sentences[0].entities == (Span(0, 9, "PS"),)  # kept for validation to name
    for line in lines:
        with pytest.raises(DataError, match=r"f\.txt:1: "):
            parse(line, format="jsonl", lenient=False)


@pytest.mark.parametrize(
    "line",
    [
        '{"id": 1, "text": "유진이 왔어", "label": [[0, 2, "PS"]]}',
        '{"id": 1, "text": "유진이 왔어", "labels": [[0, 2, "PS"]]}',
        '{"id": 1, "data": "유진이 왔어", "label": [[0, 2, "PS"]]}',
        '{"id": 1, "text": "유진이 왔어", "entities": [{"id": 3, "label": "PS", "start_offset": 0, '
        '"end_offset": 2}], "relations": []}',
        '{"id": 1, "text": "유진이 왔어", "entities": [[0, 2, "PS"]]}',
    ],
)
def test_doccano_variants(line: str) -> None:
    assert detect_text(line) == "doccano"
    (sentence,) = parse(line).sentences
    assert (sentence.id, render(sentence.text, sentence.entities)) == ("1", "<유진:PS>이 왔어")


def test_doccano_counts_utf16_units() -> None:
    """As a browser does; an offset within a character is no place."""
    (sentence,) = parse('{"text": "😀 유진이 😀", "label": [[3, 5, "PS"], [7, 9, "EMO"]]}').sentences
    assert render(sentence.text, sentence.entities) == "😀 <유진:PS>이 <😀:EMO>"
    with pytest.raises(DataError, match=r"f:1: \[1, 3\) PS begins or ends within a character"):
        read_bytes('{"text": "😀 유진이", "label": [[1, 3, "PS"]]}'.encode(), name="f")
    with pytest.raises(DataError, match=r"f:1: span \[0, 9\) PS does not fit"):
        read_bytes('{"text": "😀 유진이", "label": [[0, 9, "PS"]]}'.encode(), name="f")


def test_what_is_no_sentence_of_a_corpus() -> None:
    """What was rejected, what a later line supersedes (unless that was rejected), what nobody has labelled."""
    lines = [
        '{"id": "a", "text": "유진이 왔어", "entities": []}',
        '{"id": "b", "supersedes": "a", "text": "유진이 왔어", '
        '"entities": [{"start": 0, "end": 2, "label": "PS"}]}',
        '{"id": "c", "text": "유진이 왔어", "entities": [], "supersedes": "b", "status": "rejected"}',
        '{"id": "d", "text": "내일 봐", "entities": [{"start": 0, "end": 2, "label": "DT"}], "labelled": false}',
    ]
    corpus = parse("\n".join(lines))
    assert [(s.id, render(s.text, s.entities)) for s in corpus.sentences] == [("b", "<유진:PS>이 왔어")]
    (told,) = corpus.problems
    assert (told.line, told.code, told.level) == (4, "unlabelled", "warning")


def test_encodings() -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        corpus = read_bytes(KMOU.encode(encoding), name="f.txt")
        assert shown(corpus) == shown(parse(KMOU))
    data = KLUE.encode("cp949")
    with pytest.raises(DataError, match=r"f\.txt:1: expected UTF-8; got the byte 0x.*CP949"):
        read_bytes(data, name="f.txt")
    assert read_bytes(data, name="f.txt", encoding="cp949").sentences == parse(KLUE).sentences
    with pytest.raises(DataError, match="encoding: expected one Python knows; got 'hangul'"):
        read_bytes(data, name="f.txt", encoding="hangul")


def test_decomposed_text_and_strange_line_ends_keep_their_offsets() -> None:
    nfd = "수아야\u2028안녕\x85"
    corpus = parse(f"<{nfd[:4]}:PS>{nfd[4:]}\n")
    (sentence,) = corpus.sentences
    assert sentence.text == nfd
    assert sentence.entities == (Span(0, 4, "PS"),)


def test_what_is_no_corpus() -> None:
    with pytest.raises(DataError, match=r"f\.txt: expected a corpus; got no lines"):
        parse("\n\n")
    with pytest.raises(DataError, match=r"f\.txt:2: expected one of jsonl, .* got '그냥 글"):
        parse("\n그냥 글입니다\n")
    with pytest.raises(ConfigError, match="corpus format: expected one of jsonl"):
        parse(KLUE, format="clue")
    with pytest.raises(DataError, match=r"없는 파일: expected a readable corpus file"):
        read("없는 파일")


BROKEN = st.lists(
    st.sampled_from([*KMOU.split("\n"), *KLUE.split("\n"), *KLP.split("\n")])
    | st.text(alphabet='# ;$<>:\\\\\t가B-POI_O1{}[]"', max_size=12),
    max_size=12,
)


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=100, deadline=None)
@given(lines=BROKEN)
def test_broken_files_are_reported_and_nothing_else_is_raised(format: str, lines: list[str]) -> None:
    corpus = parse("\n".join(lines), format=format)
    assert all(1 <= place.line <= len(lines) for place in corpus.places)
    assert all(1 <= problem.line <= len(lines) for problem in corpus.problems)
    with contextlib.suppress(DataError):
        parse("\n".join(lines))  # whatever the content is taken for


def test_every_format_is_detected_as_itself() -> None:
    samples = {"kmou": KMOU, "klue": KLUE, "klp2016": KLP}
    for name, text in samples.items():
        assert detect_text(text) == name
        assert name in FORMATS


def test_problem_and_place_show_where() -> None:
    problem = Problem("a.txt", 3, "x", "wrong")
    assert str(problem) == "a.txt:3: wrong"
    assert problem.to_dict()["level"] == "error"
    assert Corpus.of([], name="mine").place(4).line == 5


def test_tags() -> None:
    assert parse_tag("B-PS") == ("B", "PS")
    assert parse_tag("B_PS") == ("B", "PS")
    assert parse_tag("PER-I", suffixed=True) == ("I", "PER")
    assert parse_tag("-") == parse_tag("O") == ("O", "")
    assert [parse_tag(t) for t in ("", "B", "X-PS", "B-", "PS-B", "O-PS")] == [None] * 6
    spans, orphans = runs([("B", "A"), ("I", ""), ("B", "A"), ("I", "C"), ("O", ""), ("S", "A"), ("E", "A")])
    assert spans == [Span(0, 2, "A"), Span(2, 3, "A"), Span(3, 4, "C"), Span(5, 6, "A"), Span(6, 7, "A")]
    assert orphans == [3, 6]


def test_annotated_lines() -> None:
    reading = read_annotated("<<<", "<<<")
    assert reading is not None
    assert reading.spans == ()
    assert read_annotated("<가:A>", "나") is None
    assert read_annotated("<" * 3000 + "가:A>", "<" * 2999 + "가") is not None  # no blow-up
    assert recover("<가 나:A> 다", "가  나 다") == ((Span(0, 4, "A"),), ())
    assert recover("<가:A> <라:B>", "가 다") == ((Span(0, 1, "A"),), ("<라:B>",))
    both = contradictions("가나다", [Span(0, 1, "A")], [Span(1, 3, "B")])
    assert [(c.code, c.at) for c in both] == [("rows-absent", 0), ("rows-extra", 1)]


def test_shared_kmou() -> None:
    corpus = read(shared("kmou/train"))
    entities = [(s, e) for s in corpus.sentences for e in s.entities]
    assert (len(corpus.sentences), len(entities)) == (23_033, 77_382)
    assert len({s.id for s in corpus.sentences}) == 23_033
    assert corpus.problem_counts() == {"rows-extent": 493, "rows-absent": 229}
    # 23,032 and 77,367 are what is left without the sentence behind a byte order mark (7 entities), 7 entities
    # that begin or end in a space, and the one whose text is <2>
    behind_mark = next(s for s in corpus.sentences if s.id == "EXOBRAIN_NE_CORPUS_002-1")
    spaced = [e for s, e in entities if s.surface(e) != s.surface(e).strip()]
    bracketed = [e for s, e in entities if s.surface(e)[0] == "<"]
    assert (len(behind_mark.entities), len(spaced), len(bracketed)) == (7, 7, 1)
    assert 77_382 - 7 - 7 - 1 == 77_367


def test_shared_klue() -> None:
    corpus = read(shared("klue/klue-ner-v1.1_dev.part.tsv"))
    labels = Counter(e.label for s in corpus.sentences for e in s.entities)
    assert len(corpus.sentences) == 4000
    assert labels == {"PS": 3530, "QT": 2513, "DT": 1857, "OG": 1735, "LC": 1309, "TI": 445}
    assert corpus.problem_counts() == {"head-ambiguous": 2}
    raw = read(shared("klue/klue-ner-train.raw.tsv"))
    assert len(raw.sentences) == 21_008
    assert raw.problems == ()


def test_shared_klp2016_and_naver() -> None:
    train, dev = read(shared("klp2016/ner.train")), read(shared("klp2016/ner.dev"))
    assert (len(train.sentences), sum(len(s.entities) for s in train.sentences)) == (2928, 6275)
    assert (len(dev.sentences), sum(len(s.entities) for s in dev.sentences)) == (366, 750)
    assert train.problem_counts() == {"rows-extent": 7, "rows-count": 2}
    assert dev.problem_counts() == {"rows-extent": 3}
    naver = read(shared("naver/sample.tsv"))
    assert (len(naver.sentences), sum(len(s.entities) for s in naver.sentences)) == (200, 650)
    assert naver.problem_counts() == {"orphan-tag": 1}
