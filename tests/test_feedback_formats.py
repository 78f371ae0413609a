"""Corrections to doccano, Label Studio and JSON Lines and back: nothing is lost, what does not fit is named."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ner_engine.datasets.offsets import UNITS, Offsets
from ner_engine.errors import ConfigError, DataError
from ner_engine.feedback import Correction, labelstudio
from ner_engine.feedback.exchange import (
    READABLE,
    WRITABLE,
    Given,
    Options,
    corrections_in,
    dump_tasks,
    read_tasks_bytes,
    write_corrections,
)
from ner_engine.feedback.tasks import Task, of_correction
from ner_engine.spans import Span

AT = datetime(2026, 7, 23, 8, 0, 5, 678901, tzinfo=UTC)
NOW = datetime(2026, 8, 1, 12, 0, tzinfo=UTC)
TEXT = "홍대에서 하늘이 만나요"
WHOLE = ("jsonl", "doccano", "labelstudio")

# what browsers and line splitters count otherwise: astral characters, NFD, line ends, spaces, a lone surrogate
NASTY = '가나 ABC\t\n\r"\\<>&\x00\u2028\u3000\xa0\ufeff\u1112\u1161\u11ab😀👩\u200d🚒\udc80漢'


@st.composite
def corrections(draw: st.DrawFn) -> Correction:
    text = draw(st.text(NASTY, max_size=16))

    def spans() -> tuple[Span, ...]:
        cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
        labels = st.sampled_from(["PS", "LC", "ORG-X", "한글"])
        return tuple(Span(a, b, draw(labels)) for a, b in pairwise(cuts) if draw(st.booleans()))

    reviewed = draw(st.booleans())
    return Correction(
        text, spans(), spans(),
        AT + timedelta(microseconds=draw(st.integers(0, 10**9))),
        bundle=draw(st.sampled_from(["", "ko-chat@3/1f3a9c02"])),
        source=draw(st.sampled_from(["console", "service"])),
        id="c-" + draw(st.text("0123456789abcdef", min_size=12, max_size=12)),
        supersedes=draw(st.sampled_from(["", "c-0"])),
        by=draw(st.sampled_from(["", "서연"])),
        consent=draw(st.booleans()),
        status=draw(st.sampled_from(["approved", "rejected"])) if reviewed else "pending",
        masked=draw(st.booleans()),
        reviewed_by=draw(st.sampled_from(["", "민지"])) if reviewed else "",
        reviewed_at=AT if reviewed else None,
    )  # fmt: skip


def text_of(given: list[Correction], format: str, **options: str) -> str:
    return "".join(dump_tasks(map(of_correction, given), format=format, options=Options(**options)))


def taken(data: str, name: str = "f", *, format: str | None = None, **options: str) -> Given:
    read = read_tasks_bytes(data.encode(), name=name, format=format, options=Options(**options))
    return corrections_in(read, at=NOW, source="tool")


def only(given: Given) -> Correction:
    assert given.mismatches == ()
    ((correction, _),) = given.corrections
    return correction


def faults(given: Given) -> list[str]:
    assert given.corrections == ()
    return [str(one) for one in given.mismatches]


# nothing is lost


@pytest.mark.parametrize("format", WHOLE)
@settings(max_examples=120, deadline=None)
@given(given=st.lists(corrections(), max_size=3))
def test_what_comes_back_is_what_left(format: str, given: list[Correction]) -> None:
    found = taken(text_of(given, format), format=format)
    assert found.mismatches == ()
    assert [correction for correction, _ in found.corrections] == given


@settings(max_examples=60, deadline=None)
@given(given=corrections(), unit=st.sampled_from(["utf-16", "code-points"]))
def test_doccano_counts_as_it_is_told(given: Correction, unit: str) -> None:
    data = text_of([given], "doccano", unit=unit)
    (line,) = data.splitlines() if "\u2028" not in data else [data]
    wide = (
        given.text.encode("utf-16-le", "surrogatepass")
        if unit == "utf-16"
        else given.text.encode("utf-32-le", "surrogatepass")
    )
    size = 2 if unit == "utf-16" else 4
    for (start, end, label), span in zip(json.loads(line)["label"], given.entities, strict=True):
        piece = wide[start * size : end * size].decode("utf-16-le" if size == 2 else "utf-32-le", "surrogatepass")
        assert (piece, label) == (given.text[span.start : span.end], span.label)
    assert only(taken(data, format="doccano", unit=unit)) == given


@pytest.mark.parametrize("through", [["doccano", "labelstudio"], ["labelstudio", "doccano", "jsonl"]])
def test_from_one_tool_to_the_other(through: list[str]) -> None:
    first = Correction(
        "😀 하늘이", (Span(2, 4, "PS"),), (Span(0, 4, "OG"),), AT, "ko-chat@3", id="c-1", by="서연"
    )
    now = first
    for format in through:
        now = only(taken(text_of([now], format)))
    assert now == first


@pytest.mark.parametrize("format", [name for name in WRITABLE if name not in WHOLE])
def test_a_corpus_form_holds_text_and_entities(format: str) -> None:
    given = Correction(TEXT, (Span(0, 2, "LC"), Span(5, 7, "PS")), (), AT, id="c-1", by="서연")
    found = only(taken(text_of([given], format), format=format))
    assert (found.text, found.entities, found.original) == (TEXT, given.entities, ())
    assert (found.at, found.source, found.status) == (NOW, "tool", "pending")


def test_labels_that_were_changed_make_a_new_correction() -> None:
    left = Correction(
        TEXT, (Span(0, 2, "LC"),), (), AT, "ko-chat@3", id="c-1", by="서연", consent=True, status="approved",
        reviewed_at=AT,
    )  # fmt: skip
    for format, key in (("doccano", "label"), ("labelstudio", "annotations")):
        data = text_of([left], format)
        value = json.loads(data)[0] if format == "labelstudio" else json.loads(data)
        if format == "doccano":
            value[key] = [[5, 7, "PS"]]
        else:
            region = {"value": {"start": 5, "end": 7, "text": "하늘", "labels": ["PS"]}, "type": "labels"}
            value[key] = [{"result": [region], "completed_by": {"id": 3, "email": "jihun@example.com"}}]
        found = only(taken(json.dumps([value] if format == "labelstudio" else value)))
        assert (found.entities, found.supersedes, found.id) == ((Span(5, 7, "PS"),), "c-1", "")
        assert (found.status, found.reviewed_at, found.consent) == ("pending", None, True)
        assert (found.original, found.bundle, found.at) == ((), "ko-chat@3", NOW)
        assert found.by == ("jihun@example.com" if format == "labelstudio" else "")


# what the tools write themselves


def test_doccanos_own_lines() -> None:
    lines = [
        '{"id":17,"text":"😀 홍대에서","label":[[3,5,"LC"]],"Comments":["어디?"],"shop":3,"ner_engine":null}',
        '{"id":18,"text":"내일 봐","entities":[{"id":4,"label":"DT","start_offset":0,"end_offset":2},'
        '{"id":9,"label":"X","start_offset":3,"end_offset":4}],"relations":[{"id":1,"from_id":4,"to_id":9}]}',
        '{"id":19,"data":"네","labels":[]}',
    ]
    found = taken("\n".join(lines))
    assert found.mismatches == ()
    (first, place), (second, _), (third, _) = found.corrections
    assert place == "f:1"
    assert (first.entities, first.source, first.at) == ((Span(2, 4, "LC"),), "tool", NOW)
    assert second.entities == (Span(0, 2, "DT"), Span(3, 4, "X"))
    assert (third.text, third.entities) == ("네", ())
    back = [json.loads(line) for line in text_of([first, second], "doccano").splitlines()]
    assert {k: v for k, v in back[0].items() if k != "ner_engine"} == {
        k: v for k, v in json.loads(lines[0]).items() if k != "ner_engine"
    }
    assert {k: v for k, v in back[1].items() if k != "ner_engine"} == json.loads(lines[1])
    fewer = Correction(second.text, second.entities[:1], (), AT, extra=second.extra)
    (line,) = text_of([fewer], "doccano").splitlines()
    assert [one["id"] for one in json.loads(line)["entities"]] == [4]
    assert json.loads(line)["relations"] == []  # one of its ends is gone


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "하늘', "f:1: expected a JSON object; got Unterminated string"),
        ('["하늘"]', "f:1: expected a JSON object; got ['하늘']"),
        ('{"label": []}', "f:1: expected a text; got None"),
        ('{"text": "하늘", "label": [[0, 2]]}', "f:1: expected a label as [start, end, label]; got [0, 2]"),
        ('{"text": "하늘", "label": [[0, 2.0, "PS"]]}', "f:1: expected a label as [start, end, label]"),
        ('{"text": "하늘", "label": [[0, true, "PS"]]}', "f:1: expected a label as [start, end, label]"),
        ('{"text": "하늘", "label": [[0, 2, ""]]}', "f:1: expected a label as [start, end, label]"),
        ('{"text": "하늘", "label": [[0, 3, "PS"]]}', "f:1: [0, 3) PS does not fit: the text ends at 2"),
        (
            '{"text": "😀늘", "label": [[1, 3, "PS"]]}',
            "f:1: [1, 3) PS does not fit: the text ends at 3, or it begins",
        ),
        ('{"text": "하늘", "label": [[1, 1, "PS"]]}', "f:1: span [1, 1) PS does not fit a text of 2 characters"),
        ('{"text": "하늘", "label": [[0, 2, "PS"], [1, 2, "OG"]]}', "f:1: span [1, 2) OG overlaps"),
        ('{"text": "하늘", "label": "PS"}', "f:1: label: expected a list; got 'PS'"),
        ('{"text": "하늘", "label": [], "ner_engine": 3}', "f:1: ner_engine: expected an object; got 3"),
        (
            '{"text": "하늘", "label": [[0, 2, "PS"]], "ner_engine": {"labels": [[0, 2, "PS", "구름"]]}}',
            "f:1: [0, 2) PS was '구름' when it left; the text there is '하늘'",
        ),
        (
            '{"text": "하늘", "label": [], '
            '"ner_engine": {"original": [{"start": 0, "end": 2, "label": "PS", "text": "구름"}]}}',
            "f:1: [0, 2) PS says '구름'; the text there is '하늘'",
        ),
    ],
)
def test_what_doccano_may_not_say(line: str, message: str) -> None:
    (told,) = faults(taken(line, format="doccano"))
    assert told.startswith(message)


def region(text: str, start: int, end: int, *labels: str, **more: Any) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": text, "labels": list(labels)}
    return {"id": "e1", "from_name": "label", "to_name": "text", "type": "labels", "value": value, **more}


def studio(text: str, *regions: dict[str, Any], **more: Any) -> str:
    return json.dumps(
        [{"id": 17, "data": {"text": text}, "annotations": [{"id": 3, "result": list(regions)}], **more}]
    )


def test_label_studios_own_tasks() -> None:
    choice = {
        "id": "c1",
        "from_name": "mood",
        "to_name": "text",
        "type": "choices",
        "value": {"choices": ["좋음"]},
    }
    task = {
        "id": 17,
        "data": {"text": TEXT, "customer": "가게"},
        "meta": {"batch": 3},
        "annotations": [
            {
                "result": [region("홍대", 0, 2, "OG")],
                "updated_at": "2026-07-01T00:00:00.000000Z",
                "completed_by": 1,
            },
            {
                "result": [region("홍대", 0, 2, "LC", origin="manual"), choice],
                "updated_at": "2026-07-02T09:00:00.000000Z",
                "completed_by": {"id": 2, "email": "jihun@example.com"},
                "lead_time": 8.4,
            },
            {"result": [], "was_cancelled": True, "updated_at": "2026-07-03T00:00:00.000000Z"},
        ],
        "predictions": [
            {"model_version": "old", "result": []},
            {"model_version": "ko-chat@2", "score": 0.5, "result": [region("하늘", 5, 7, "PS")]},
        ],
    }
    found = taken(json.dumps([task]))
    assert [str(told) for told in found.warnings] == [
        "f: task 1 (id 17): 2 annotations differ; the last is taken"
    ]
    kept = only(found)
    assert (kept.entities, kept.original, kept.bundle) == ((Span(0, 2, "LC"),), (Span(5, 7, "PS"),), "ko-chat@2")
    assert (kept.by, kept.at) == ("jihun@example.com", datetime(2026, 7, 2, 9, 0, tzinfo=UTC))
    (back,) = json.loads(text_of([kept], "labelstudio"))
    assert (back["id"], back["meta"]) == (17, {"batch": 3})
    assert {k: v for k, v in back["data"].items() if k != "ner_engine"} == task["data"]  # type: ignore[index]
    (annotation,) = back["annotations"]
    assert annotation["result"] == [region("홍대", 0, 2, "LC"), choice]
    assert annotation["lead_time"] == 8.4
    task["annotations"][0]["ground_truth"] = True  # type: ignore[index]
    found = taken(json.dumps([task]))
    assert only(found).entities == (Span(0, 2, "OG"),)
    assert found.warnings[0].message == "2 annotations differ; the ground truth is taken"


def test_a_task_that_nobody_has_labelled_is_counted() -> None:
    found = taken(
        '[{"data": {"text": "네"}, "predictions": []}, {"data": {"text": "아니요"}, "annotations": []}]'
    )
    assert (found.unlabelled, found.corrections, found.mismatches) == (2, (), ())


def test_the_short_export_of_label_studio() -> None:
    labels = [{"start": 0, "end": 2, "text": "홍대", "labels": ["LC"]}]
    tasks = [
        {"id": 1, "text": TEXT, "customer": "가게", "label": labels, "annotator": 2, "annotation_id": 5,
         "updated_at": "2026-07-02T09:00:00Z", "lead_time": 3.0},
        {"id": 2, "text": "네", "annotator": 2, "annotation_id": 6},
        {"id": 3, "text": "아니요"},
    ]  # fmt: skip
    found = taken(json.dumps(tasks))
    assert (found.mismatches, found.unlabelled) == ((), 1)
    (first, _), (second, _) = found.corrections
    assert (first.entities, first.by, first.at.isoformat()) == (
        (Span(0, 2, "LC"),),
        "2",
        "2026-07-02T09:00:00+00:00",
    )
    assert (second.text, second.entities) == ("네", ())
    assert json.loads(text_of([first], "labelstudio"))[0]["data"]["customer"] == "가게"


@pytest.mark.parametrize("unit", UNITS)
def test_label_studios_offsets_are_read_as_they_fit(unit: str) -> None:
    """Versions before 1.4 counted UTF-16 code units; a browser drops the CR of a CRLF."""
    text = "👩🚒 소방관이 왔어요\r\n😀 하늘이도\n왔어요"
    spans = (Span(3, 6, "QT"), Span(text.index("하늘"), text.index("하늘") + 2, "PS"))
    offsets = Offsets(text, unit)
    at = offsets.of_code_point
    regions = [region(text[s.start : s.end], at(s.start), at(s.end), s.label) for s in spans]
    assert only(taken(studio(text, *regions))).entities == spans


def test_spaces_and_line_ends_as_label_studio_writes_them() -> None:
    text = "서울  강남구\n역삼동에서"
    found = only(taken(studio(text, region("서울 강남구\\n역삼동", 0, 11, "LC"))))
    assert found.entities == (Span(0, 11, "LC"),)
    edge = taken(studio("하늘 이", region("하늘 ", 0, 3, "PS")))
    assert only(edge).entities == (Span(0, 3, "PS"),)
    assert str(edge.warnings[0]) == "f: task 1 (id 17): [0, 3) PS begins or ends in a space: '하늘 '"


def test_hypertext_regions_count_their_global_offsets() -> None:
    value = {"start": "/p[1]/text()[1]", "end": "/p[1]/text()[1]", "startOffset": 1, "endOffset": 3,
             "text": "홍대", "globalOffsets": {"start": 0, "end": 2}, "hypertextlabels": ["LC"]}  # fmt: skip
    task = {"data": {"html": TEXT}, "annotations": [{"result": [{"type": "hypertextlabels", "value": value}]}]}
    kept = only(taken(json.dumps([task])))
    assert kept.entities == (Span(0, 2, "LC"),)
    assert json.loads(text_of([kept], "labelstudio"))[0]["data"]["html"] == TEXT


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            studio("하늘이", region("구름", 0, 2, "PS")),
            "f: task 1 (id 17): [0, 2) PS says '구름'; the text there is '하늘'",
        ),
        (
            studio("하늘이", region("하늘", 5, 7, "PS")),
            "f: task 1 (id 17): [5, 7) PS does not fit a text of 3 characters",
        ),
        (
            studio("하늘이", region("하늘", 0, 2, "PS", "OG")),
            "f: task 1 (id 17): [0, 2): expected one label; got",
        ),
        (studio("하늘이", region("하늘", 0, 2)), "f: task 1 (id 17): [0, 2): expected one label; got []"),
        (
            studio("하늘이", region("하늘", 0, 2, "PS"), region("늘이", 1, 3, "OG")),
            "f: task 1 (id 17): span [1, 3) OG overlaps the one before it",
        ),
        (
            '[{"data": {"title": "가", "body": "나"}}]',
            "f: task 1: data: expected a text under 'text', or one string",
        ),
        ('[{"data": {"n": 3}}]', "f: task 1: data: expected a text under 'text', or one string; got n"),
        ("[3]", "f: task 1: expected a task; got 3"),
    ],
)
def test_what_label_studio_may_not_say(data: str, message: str) -> None:
    (told,) = faults(taken(data))
    assert told.startswith(message)


def test_what_is_no_file_of_label_studio() -> None:
    with pytest.raises(DataError, match=r"^f:2: expected the JSON of Label Studio; got "):
        taken('[\n{"data": }]')
    with pytest.raises(DataError, match=r"^f: expected an array of tasks; got \{"):
        taken('{"data": {"text": "가"}}', format="labelstudio")


def test_the_place_of_the_text_can_be_named() -> None:
    task = '[{"data": {"title": "제목", "utterance": "하늘이"}, "annotations": [{"result": []}]}]'
    kept = only(taken(task, text_key="utterance"))
    assert kept.text == "하늘이"
    (back,) = json.loads(text_of([kept], "labelstudio"))
    assert back["data"] == {"utterance": "하늘이", "title": "제목", "ner_engine": back["data"]["ner_engine"]}
    assert faults(taken(task, text_key="body"))[0].startswith(
        "f: task 1: data: expected a text under 'body'; got None"
    )


def test_the_labelling_interface() -> None:
    written = labelstudio.config(["PS", 'A"<&'], to_name="utterance")
    view = ElementTree.fromstring(written)
    labels, text = view.find("Labels"), view.find("Text")
    assert labels is not None
    assert text is not None
    assert [label.get("value") for label in labels] == ["PS", 'A"<&']
    assert (labels.get("toName"), text.get("name"), text.get("value")) == ("utterance", "utterance", "$text")


def test_names_of_the_interface() -> None:
    given = Correction(TEXT, (Span(0, 2, "LC"),), (), AT, "ko-chat")
    parts = dump_tasks(
        [of_correction(given)], format="labelstudio", options=Options(from_name="ner", to_name="t")
    )
    (task,) = json.loads("".join(parts))
    (found,) = task["annotations"][0]["result"]
    assert (found["from_name"], found["to_name"]) == ("ner", "t")


# sentences to label


@pytest.mark.parametrize("format", WHOLE)
def test_what_was_predicted_is_what_a_tool_shows_first(format: str) -> None:
    task = Task("😀 하늘이", None, (Span(2, 4, "PS"),), "ko-chat@3", 0.25, about='{"rank": 1}')
    data = "".join(dump_tasks([task], format=format))
    if format == "labelstudio":
        (value,) = json.loads(data)
        assert "annotations" not in value
        assert value["predictions"][0]["score"] == 0.25
        assert value["predictions"][0]["model_version"] == "ko-chat@3"
    if format == "doccano":  # which cannot say that nobody has looked
        kept = only(taken(data))
        assert (kept.entities, kept.original, kept.bundle) == (
            (Span(2, 4, "PS"),),
            (Span(2, 4, "PS"),),
            "ko-chat@3",
        )
    else:
        found = taken(data)
        assert (found.unlabelled, found.corrections, found.mismatches) == (1, (), ())


# native lines


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"text": "하늘', "f:1: expected a JSON object; got"),
        ("3", "f:1: expected a JSON object; got 3"),
        ('{"text": 3, "entities": []}', "f:1: expected a text; got 3"),
        (
            '{"text": "하늘", "entities": [{"start": 0, "end": 2}]}',
            "f:1: expected an entity with a start, an end",
        ),
        (
            '{"text": "하늘", "entities": [{"start": 0, "end": 2, "label": "PS", "text": "구름"}]}',
            "f:1: [0, 2) PS says '구름'; the text there is '하늘'",
        ),
        (
            '{"text": "하늘", "at": "내일", "source": "x", "entities": [], "original": []}',
            "f:1: Invalid isoformat",
        ),
        (
            '{"text": "하늘", "at": "2026-07-23", "source": "x", "entities": []}',
            "f:1: expected the key 'original'",
        ),
    ],
)
def test_what_a_native_line_may_not_say(line: str, message: str) -> None:
    (told,) = faults(taken(line, format="jsonl"))
    assert told.startswith(message)


def test_a_line_of_a_corpus() -> None:
    found = taken(
        '{"id": "s1", "text": "내일 봐", "entities": [{"start": 0, "end": 2, "label": "DT"}], "mood": "좋음"}'
    )
    kept = only(found)
    assert (kept.entities, kept.id, json.loads(kept.extra)) == (
        (Span(0, 2, "DT"),),
        "",
        {"jsonl": {"id": "s1", "mood": "좋음"}},
    )
    assert taken('{"text": "내일 봐"}').unlabelled == 1


def test_every_fault_is_told_with_its_line() -> None:
    lines = ['{"text": "하늘", "label": [[0, 9, "PS"]]}', "", '{"text": "하늘", "label": []}', "{"]
    found = taken("\n".join(lines), format="doccano")
    assert [one.place for one in found.mismatches] == ["f:1", "f:4"]
    assert [place for _, place in found.corrections] == ["f:3"]
    lenient = taken("<하늘:PS>이\n<하늘\n", format="inline")
    assert [one.place for one in lenient.mismatches] == ["f:2"]


def test_formats_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="format to read: expected one of jsonl, doccano, labelstudio, "):
        taken("", format="xml")
    with pytest.raises(ConfigError, match="format to write: expected one of jsonl, doccano, labelstudio, "):
        write_corrections([], tmp_path / "f", format="kmou")
    assert "kmou" in READABLE
    assert not (tmp_path / "f").exists()
