"""Validation and repair: every kind of defect is found once, at its place, and sound data gives nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ner_engine.datasets import Corpus, Problem, read, read_bytes
from ner_engine.datasets.annotated import render
from ner_engine.datasets.fix import fix, leave_out_broken
from ner_engine.datasets.particles import suspicions
from ner_engine.datasets.validate import validate
from ner_engine.spans import Sentence, Span

SHARED = Path(__file__).resolve().parents[2] / "shared" / "corpora"


def inline(*lines: str, name: str = "f.txt") -> Corpus:
    return read_bytes("\n".join(lines).encode(), name=name, format="inline")


def found(problems: list[Problem]) -> list[tuple[int, str, str]]:
    return [(p.line, p.code, p.level) for p in problems]


def test_sound_data_has_no_problems() -> None:
    corpus = inline(
        "<은서:PS>랑 <한강:LC> 갔다 옴", "<내일:DT> <8시:TI>에 깨워줘", "아무것도 아님", "<은서:PS> 어디야?"
    )
    assert validate(corpus) == []
    assert fix(corpus) == (corpus, [])


@pytest.mark.parametrize(
    ("text", "spans", "code"),
    [
        ("은서야", [Span(1, 1, "PS")], "empty-span"),
        ("은서야", [Span(0, 4, "PS")], "span-outside"),
        ("은서야", [Span(-1, 2, "PS")], "span-outside"),
        ("은서야", [Span(2, 1, "PS")], "span-outside"),
        ("은서 야", [Span(0, 3, "PS")], "span-space"),
        ("은서 야", [Span(2, 4, "PS")], "span-space"),
        ("은서야", [Span(0, 2, "PS"), Span(1, 3, "LC")], "overlap"),
        ("은서야", [Span(0, 2, "PS"), Span(0, 2, "LC")], "overlap"),
        ("은서야", [Span(0, 3, "PS"), Span(1, 2, "LC")], "overlap"),
        ("은서야", [Span(0, 2, "")], "bad-label"),
        ("은서야", [Span(0, 2, "P S")], "bad-label"),
        ("", [], "empty-text"),
        (" \t", [], "empty-text"),
    ],
)
def test_errors_within_a_sentence(text: str, spans: list[Span], code: str) -> None:
    corpus = Corpus.of([Sentence("괜찮아"), Sentence(text, tuple(spans))], name="c")
    assert [p for p in found(validate(corpus)) if p[2] == "error"] == [(2, code, "error")]


def test_an_overlap_is_seen_behind_a_short_span() -> None:
    corpus = Corpus.of([Sentence("가나다라마바", (Span(0, 5, "A"), Span(1, 2, "B"), Span(3, 4, "C")))])
    assert [p.code for p in validate(corpus)] == ["overlap", "overlap"]


def test_jsonl_with_bad_spans_is_reported_line_by_line() -> None:
    data = (
        '{"text": "은서야", "entities": [{"start": 0, "end": 9, "label": "PS"}]}\n'
        '{"text": "은서 왔다", "entities": [{"start": 0, "end": 3, "label": "PS"}]}\n'
        '{"text": "은서다", "entities": 4}\n'
    )
    problems = validate(read_bytes(data.encode(), name="f.jsonl", lenient=True))
    assert sorted(found(problems)) == [
        (1, "span-outside", "error"),
        (2, "span-space", "error"),
        (3, "bad-record", "error"),
    ]
    assert str(problems[1]) == "f.jsonl:1: [0, 9) PS does not fit a text of 3 characters"


def test_the_same_sentence_twice_and_ids() -> None:
    corpus = inline("<은서:PS> 왔어", "<은서:PS>  왔어 ", "은서 왔어")
    assert found(validate(corpus)) == [(2, "duplicate", "warning"), (3, "duplicate-differs", "error")]
    ids = Corpus.of([Sentence("가", (), "a"), Sentence("나", (), "a"), Sentence("다"), Sentence("라")], name="c")
    (problem,) = validate(ids)
    assert str(problem) == "c:2: the id 'a' is that of c:1 too"


def test_a_sentence_in_both_parts() -> None:
    train = inline("딴 얘기", "<은서:PS> 왔어", name="train.txt")
    test = inline("<은서:PS> 왔어 ", "새 얘기", name="test.txt")
    (problem,) = validate(test, against=train)
    assert (problem.code, problem.level) == ("leak", "error")
    assert str(problem) == "test.txt:1: the sentence stands in both parts: train.txt:2"


def test_decomposed_syllables() -> None:
    nfd = Sentence("\u1112\u1161\u11ab \u1100\u1161")
    assert found(validate(Corpus.of([nfd]))) == [(1, "decomposed", "warning")]
    assert validate(Corpus.of([Sentence("\u110f\u110f\u110f 웃겨")])) == []  # 초성 alone is how people laugh


def test_contradicting_labels_are_counted() -> None:
    corpus = inline("<수원:LC> 가자", "<수원:LC> 좋아", "<수원:OG> 이겼다", "<하루:DT> 더", "<하루:PS>야")
    problems = validate(corpus)
    assert found(problems) == [(3, "labels-differ", "warning"), (5, "labels-differ", "warning")]
    assert problems[0].message == "'수원' has several labels: LC 2, OG 1"


SEOJUN = ["<서준:PS> 왔니", "<서준:PS>아 뭐해", "어제 <서준:PS> 봤어", "<서준:PS>한테 물어봐"]


@pytest.mark.parametrize(
    ("line", "particle"),
    [
        ("<서준은:PS> 어디", "은"),
        ("<서준이랑:PS> 놀자", "이랑"),
        ("<서준에게:PS>", "에게"),
        ("<서준의:PS> 책", "의"),
        ("<서준는:PS> 어디", None),  # does not fit the final consonant
        ("<서준은:PS>하 언니", None),  # the name goes on
        ("<서준도:PS> 가", None),  # 도 ends too many names
        ("<서준은:LC> 어디", None),  # no such place without it
        ("<유은:PS> 어디", None),  # one syllable is no name of its own
        ("<지은:PS> 어디", None),
    ],
)
def test_particles_taken_along(line: str, particle: str | None) -> None:
    corpus = inline(*SEOJUN, line)
    assert [s.particle for s in suspicions(corpus.sentences)] == ([particle] if particle else [])
    assert [p.code for p in validate(corpus) if p.code == "particle"] == (["particle"] if particle else [])


def test_particles_need_evidence_which_the_other_part_may_give() -> None:
    alone = inline("<서준은:PS> 어디")
    assert list(suspicions(alone.sentences)) == []
    (doubt,) = suspicions(alone.sentences, known=inline(*SEOJUN).sentences)
    assert (doubt.stem, doubt.times, doubt.span) == ("서준", 4, Span(0, 3, "PS"))
    often = inline(*SEOJUN, "<서준은:PS> 어디", "<서준은:PS> 왔나")  # twice: rather a name
    assert list(suspicions(often.sentences)) == []


def test_particles_that_end_no_name_need_no_evidence() -> None:
    corpus = inline("<서울에서:LC> <민아한테:PS> 전화했어", "<로에서:LC> 만나")  # one syllable may be a name's
    assert [s.stem for s in suspicions(corpus.sentences)] == ["서울", "민아"]


def test_particles_after_numbers() -> None:
    rounds = inline("<5차:QT> 시기", "<5차:QT> 끝", "<5차:QT>", "<5차로:QT> 옆", "<5차까지:QT> 함")
    assert [s.particle for s in suspicions(rounds.sentences)] == ["까지"]


def test_fix() -> None:
    corpus = Corpus.of(
        [
            Sentence("은서 야", (Span(0, 3, "PS"),), "a"),
            Sentence("은서  야", (), "b"),
            Sentence(" ", ()),
            Sentence("가나다라", (Span(0, 1, "A"), Span(0, 3, "B"), Span(3, 9, "C"), Span(2, 2, "D"))),
            Sentence("둘 셋", (Span(1, 2, "A"), Span(2, 3, "B"))),
        ],
        name="c",
    )
    before = corpus.sentences
    fixed, changes = fix(corpus)
    assert corpus.sentences == before
    assert fixed.sentences == (
        Sentence("은서 야", (Span(0, 2, "PS"),), "a"),
        Sentence("가나다라", (Span(0, 3, "B"),)),
        Sentence("둘 셋", (Span(2, 3, "B"),)),
    )
    assert changes == [
        "c:1: [0, 3) PS trimmed to [0, 2)",
        "c:2: left out: the same sentence stands above",
        "c:3: left out: the text is empty",
        "c:4: [3, 9) C dropped: it does not fit a text of 4 characters",
        "c:4: [2, 2) D dropped: it does not fit a text of 4 characters",
        "c:4: [0, 1) A dropped: it overlaps [0, 3) B",
        "c:5: [1, 2) A dropped: nothing but spaces",
    ]
    assert [p.line for p in fixed.places] == [1, 4, 5]
    assert [p for p in validate(fixed) if p.level == "error"] == []
    assert fix(fixed) == (fixed, [])


def test_what_was_not_read_whole_is_left_out_not_taken_as_unlabelled() -> None:
    data = (
        '{"text": "은서야", "entities": [{"start": 0, "label": "PS"}]}\n'
        '{"text": "좋아"}\n{\n'
        '{"text": "세 시", "entities": [{"start": 0, "end": 7, "label": "TI"}]}\n'
    )
    corpus = read_bytes(data.encode(), name="f", lenient=True)
    kept, changes = leave_out_broken(corpus)
    assert [s.text for s in kept.sentences] == ["좋아"]
    assert [change.split(": left out")[0] for change in changes] == ["f:1", "f:3", "f:4"]
    assert kept.problems == corpus.problems
    fixed, _ = fix(corpus)
    assert [render(s.text, s.entities) for s in fixed.sentences] == ["좋아", "세 시"]


def test_shared_kmou_problems() -> None:
    path = SHARED / "kmou" / "train"
    if not path.exists():
        pytest.skip("needs ../shared/corpora/kmou/train, which is not here")
    corpus = read(path)
    problems = validate(corpus)
    errors = [p.code for p in problems if p.level == "error"]
    assert (errors.count("span-space"), errors.count("duplicate-differs"), len(errors)) == (7, 89, 96)
    assert sum(p.code == "duplicate" for p in problems) == 160
    assert sum(p.code == "particle" for p in problems) < 20  # looked at one by one; all but one are right
    fixed, _ = fix(corpus)
    assert len(fixed.sentences) == 23_033 - 160 - 89
    assert [p for p in validate(fixed) if p.level == "error"] == []
