"""The engine's promises: exact offsets on any text, no overlap, laziness, the same answer in any company."""

from __future__ import annotations

import json
import logging
import shutil
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="the tiny bundle is trained with the train extra")

import ner_engine
from ner_engine import engine as engine_module
from ner_engine.config import load_recipe
from ner_engine.engine import Engine, load
from ner_engine.errors import BundleError, ConfigError
from ner_engine.features.gazetteer import Gazetteer
from ner_engine.runtime.windows import cut, join
from ner_engine.spans import Span
from ner_engine.training.metrics import score_spans
from ner_engine.training.trainer import prepare
from tests.conftest import tiny_sentences, write_tiny

TEXTS = sorted({s.text for s in tiny_sentences()})


@pytest.fixture(scope="module")
def engine(tiny_bundle):
    return load(tiny_bundle)


def _spans(entities):
    return [(e.start, e.end, e.label) for e in entities]


def _check(text, entities, labels=("PS", "LC")):
    last = 0
    for e in entities:
        assert text[e.start : e.end] == e.text
        assert last <= e.start < e.end <= len(text)
        assert e.text == e.text.strip()
        assert e.label in labels
        assert 0.0 <= e.score <= 1.0
        assert e.source == "model"
        last = e.end


# what is found


def test_the_entities_of_plain_sentences(engine):
    assert [(e.text, e.label, e.josa) for e in engine.extract("부산에서 오하늘 만나기로 했어")] == [
        ("부산", "LC", "에서"),
        ("오하늘", "PS", ""),
    ]
    assert [(e.text, e.label, e.josa) for e in engine.extract("김민수한테 전화해 줘")] == [
        ("김민수", "PS", "한테")
    ]
    assert engine.extract("고마워요 정말") == []
    assert engine.labels == ("PS", "LC")


def test_the_engine_scores_what_training_measured(engine, tmp_path):
    prepared = prepare(load_recipe(write_tiny(tmp_path)), base=tmp_path)
    ((source, _),) = prepared.dev
    found = [[e.span for e in entities] for entities in engine.pipe(s.text for s in source.sentences)]
    scores = score_spans([s.entities for s in source.sentences], found)
    assert scores.to_dict() == engine.bundle.metrics["dev"][source.name]


@pytest.mark.parametrize("text", ["", " ", "\n\t \u3000", "\u2028"])
def test_a_text_without_visible_characters_has_none(engine, text):
    assert engine.extract(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (unicodedata.normalize("NFD", "부산에서 오하늘 만나기로 했어"), ["부산", "오하늘"]),
        ("부산에서\t오하늘\n만나기로  했어", ["부산", "오하늘"]),
        ("부산에서 오하늘 만나기로 했어😀", ["부산", "오하늘"]),
        ("  부산에서   오하늘 만나기로 했어  ", ["부산", "오하늘"]),
    ],
)
def test_the_same_sentence_in_other_spellings(engine, text, expected):
    entities = engine.extract(text)
    _check(text, entities)
    assert [unicodedata.normalize("NFC", e.text) for e in entities] == expected


def test_repeated_words_have_their_own_places(engine):
    text = "부산에서 부산에서 만나기로 했어"
    entities = engine.extract(text)
    _check(text, entities)
    assert _spans(entities) == [(0, 2, "LC"), (5, 7, "LC")]


PIECES = st.sampled_from(
    [
        *TEXTS[:12], "부산", "김민수", "한테", "에서 ", " ", "  ", "\t", "\n", "\r\n", "\u3000", "\u2028", "\0",
        "\ud800", "\udfff", "\U0010ffff", "😀", "👨‍👩‍👧", "👍🏽", "🇰🇷", "ㅋㅋ", "ㅏ", "봤어", "됐음", "A", "１２",
        "é", "e\u0301", "漢", "\u200b", "\u202e", "\ufeff", "#", "\\", '"', "\u1112", "\u11ab",
        unicodedata.normalize("NFD", "서울숲에서"),
    ]
)  # fmt: skip
NASTY = st.one_of(
    st.lists(PIECES, max_size=12).map("".join),
    st.text(max_size=30),
    st.text(st.characters(categories=["Cs", "Lo", "Mn", "Cc", "Zs", "So"]), max_size=20),
)


@given(NASTY)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_offsets_hold_and_nothing_overlaps_on_any_text(engine, text):
    entities = engine.extract(text)
    _check(text, entities)
    for e in entities:
        json.dumps(e.to_dict())


@given(st.lists(NASTY, max_size=8), st.integers(1, 5))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_batch_mates_change_nothing_on_any_texts(engine, texts, batch_size):
    together = list(engine.pipe(texts, batch_size=batch_size))
    assert len(together) == len(texts)
    for text, entities in zip(texts, together, strict=True):
        alone = engine.extract(text)
        assert _spans(entities) == _spans(alone)
        assert [e.score for e in entities] == pytest.approx([e.score for e in alone], abs=1e-4)


# wrong arguments


@pytest.mark.parametrize("value", [None, 3, b"\xea\xb0\x80", ["부산"], object()])
def test_what_is_no_str_is_a_type_error(engine, value):
    with pytest.raises(TypeError, match=f"expected str; got {type(value).__name__}"):
        engine.extract(value)


def test_pipe_tells_of_a_wrong_type_when_it_gets_there(engine):
    texts = [*(["부산 가는 길 알려줘"] * 8), 3]
    stream = engine.pipe(texts, batch_size=1)
    for entities in islice(stream, 8):
        assert [e.text for e in entities] == ["부산"]
    with pytest.raises(TypeError, match="expected str; got int"):
        next(stream)


def test_unknown_labels_and_batch_sizes_are_refused_at_once(engine):
    for call in (engine.extract, engine.pipe):
        with pytest.raises(ConfigError, match="labels: expected some of PS, LC; got 'PER'"):
            call("부산", labels={"PS", "PER"})
    with pytest.raises(ConfigError, match="batch_size: expected at least 1; got 0"):
        engine.pipe([], batch_size=0)


# filters


def test_labels_and_min_score_filter(engine):
    text = "부산에서 오하늘 만나기로 했어"
    everything = engine.extract(text)
    assert engine.extract(text, labels={"PS"}) == [e for e in everything if e.label == "PS"]
    assert engine.extract(text, labels=["LC", "PS"]) == everything
    assert engine.extract(text, labels=()) == []
    low, high = sorted(e.score for e in everything)
    assert low < high
    assert [e.score for e in engine.extract(text, min_score=high)] == [high]  # at least, not more than
    assert engine.extract(text, min_score=(low + high) / 2, labels={"LC", "PS"}) == [
        e for e in everything if e.score == high
    ]
    assert engine.extract(text, min_score=1.1) == []


# pipe


def test_pipe_equals_extract_in_order_whatever_the_batch_size(engine):
    texts = [*TEXTS, "", TEXTS[0] * 3, " ", TEXTS[5]]
    alone = [engine.extract(text) for text in texts]
    assert sum(map(len, alone)) > 40
    for batch_size in (1, 3, 64):
        found = list(engine.pipe(iter(texts), batch_size=batch_size))
        assert [_spans(e) for e in found] == [_spans(e) for e in alone]
        for a, b in zip(found, alone, strict=True):
            assert [e.score for e in a] == pytest.approx([e.score for e in b], abs=1e-4)
    backwards = list(engine.pipe(texts[::-1], batch_size=7))[::-1]
    assert [_spans(e) for e in backwards] == [_spans(e) for e in alone]


def test_pipe_is_lazy(engine):
    taken = []

    def endless():
        for number in count():
            taken.append(number)
            yield TEXTS[number % len(TEXTS)]

    stream = engine.pipe(endless(), batch_size=2)
    assert taken == []
    first = list(islice(stream, 5))
    assert [_spans(e) for e in first] == [_spans(engine.extract(t)) for t in TEXTS[:5]]
    assert len(taken) <= 16
    next(islice(stream, 40, 41))
    assert len(taken) <= 64
    assert list(engine.pipe([])) == []


def test_pipe_holds_fewer_texts_where_they_are_long(engine, monkeypatch):
    monkeypatch.setattr(engine_module, "_CHUNK_CHARACTERS", 50)
    taken = []
    stream = engine.pipe((taken.append(i) or TEXTS[i % len(TEXTS)] for i in range(100)), batch_size=64)
    first = next(stream)
    assert 50 <= sum(len(TEXTS[i % len(TEXTS)]) for i in taken) < 100
    found = [_spans(entities) for entities in (first, *stream)]
    assert found == [_spans(engine.extract(TEXTS[i % len(TEXTS)])) for i in range(100)]


# long texts


def _long(length):
    """Sentences after each other, and where each one starts."""
    text, starts = "", [0]
    while len(text) < length:
        text += TEXTS[len(starts) * 7 % len(TEXTS)] + ".\n"
        starts.append(len(text))
    return text, starts


def test_a_long_text_is_read_as_if_in_one_piece(engine, monkeypatch):
    text, _ = _long(20_000)
    entities = engine.extract(text)
    _check(text, entities)
    assert len(entities) > 300
    monkeypatch.setattr(engine_module, "WINDOW_UNITS", 10**6)
    assert _spans(engine.extract(text)) == _spans(entities)


def test_every_sentence_of_a_long_text_is_read_as_among_its_neighbours(engine):
    text, starts = _long(20_000)
    found = _spans(engine.extract(text))
    assert len(found) == len(set(found))
    checked = 0
    stretches = [(starts[max(0, i - 5)], starts[i], starts[i + 1], starts[min(i + 6, len(starts) - 1)])
                 for i in range(0, len(starts) - 1, 3)]  # fmt: skip
    nearby = engine.pipe(text[first:last] for first, _, _, last in stretches)
    for (first, start, end, _), entities in zip(stretches, nearby, strict=True):
        alone = [(s + first, e + first, label) for s, e, label in _spans(entities)]
        here = [span for span in alone if start <= span[0] < end]
        assert here == [span for span in found if start <= span[0] < end], start
        checked += len(here)
    assert checked > 100


def test_windows_of_any_size_agree(engine, monkeypatch):
    text, _ = _long(1500)
    whole = _spans(engine.extract(text))
    for size, overlap in ((200, 96), (257, 64), (300, 120)):
        monkeypatch.setattr(engine_module, "WINDOW_UNITS", size)
        monkeypatch.setattr(engine_module, "WINDOW_OVERLAP", overlap)
        assert _spans(engine.extract(text)) == whole, (size, overlap)


def test_a_window_speaks_only_for_the_units_it_owns(engine):
    encoded = engine._features.encode("가나다라마바사아자차" * 30)
    windows = cut(encoded, size=100, overlap=40)
    said = [
        [(Span(i, i + 1, str(number)), 1.0) for i in range(len(window.encoded))]
        for number, window in enumerate(windows)
    ]
    joined = join(windows, said)
    assert [span.start for span, _ in joined] == list(range(300))
    for span, _ in joined:
        # whoever speaks sees at least 20 units to both sides, as far as the text goes
        window = windows[int(span.label)]
        assert min(span.start, 20) <= span.start - window.start
        assert min(300 - span.end, 20) <= window.start + len(window.encoded) - span.end


def test_a_long_text_without_spaces(engine):
    text = "부산에서오하늘만나기로했어" * 200
    entities = engine.extract(text)
    _check(text, entities)
    assert entities


# threads


def test_eight_threads_say_what_one_says(engine):
    texts = [*TEXTS, _long(1200)[0], _long(3000)[0]]
    expected = [engine.extract(text) for text in texts]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as pool:
            orders = [[(i * 5 + k) % len(texts) for i in range(len(texts))] for k in range(8)]
            jobs = [pool.submit(lambda o: [engine.extract(texts[i]) for i in o], order) for order in orders]
            for order, job in zip(orders, jobs, strict=True):
                assert job.result() == [expected[i] for i in order]
    finally:
        sys.setswitchinterval(interval)


def test_a_lexicon_grows_its_tables_safely_under_threads():
    texts = ["가" * n + "나라" for n in (600, 1500, 5000, 2500)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(6):
            lexicon = Gazetteer.build({"X": ["나라"]})
            with ThreadPoolExecutor(8) as pool:
                codes = [_codes(text) for text in texts * 2]
                for found in pool.map(lexicon.flags, codes):
                    assert found[-2:].tolist() == [[1, 1, 0], [0, 1, 1]]
    finally:
        sys.setswitchinterval(interval)


def _codes(text):
    from ner_engine.features import units_of

    return units_of(text)[0]


# particles


def test_the_particle_after_an_entity_is_told_wherever_it_stands(engine):
    text = "부산에서 오하늘 만나기로 했어"
    for spelled in (text, unicodedata.normalize("NFD", text)):
        assert [e.josa for e in engine.extract(spelled)] == ["에서", ""]
    seen = {e.josa for entities in engine.pipe(TEXTS) for e in entities}
    assert seen == {"한테", "에서", "", "이랑", "에"}


# opening


def test_an_analyser_that_differs_is_told_in_the_log(tiny_bundle, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        load(tiny_bundle)
    assert caplog.records == []
    other = shutil.copytree(tiny_bundle, tmp_path / "other")
    manifest = json.loads((other / "bundle.json").read_text(encoding="utf-8"))
    manifest["fingerprint"]["version"] = "python-mecab-ko 0.0.1"
    (other / "bundle.json").write_text(json.dumps(manifest), encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        engine = load(other)
    (record,) = caplog.records
    assert record.name == "ner_engine.engine"
    assert "bundle tiny was trained on another analyser" in record.getMessage()
    assert "version" in record.getMessage()
    assert "python-mecab-ko 0.0.1" in record.getMessage()
    assert engine.extract("부산 가는 길 알려줘")  # it works all the same


def test_load_takes_a_name_or_a_path_and_options(tiny_bundle):
    for name in (tiny_bundle, str(tiny_bundle)):
        engine = ner_engine.load(name, rules=False, values=False, threads=2)
        assert isinstance(engine, Engine)
        assert [e.value for e in engine.extract("부산 가는 길 알려줘")] == [None]
    with pytest.raises(BundleError, match="no bundle 'nowhere'"):
        ner_engine.load("nowhere")


def test_the_json_form(engine):
    (entity,) = engine.extract("김민수한테 전화해 줘")
    assert entity.to_dict() == {
        "text": "김민수", "start": 0, "end": 3, "label": "PS", "score": round(entity.score, 4), "source": "model",
        "value": None, "josa": "한테",
    }  # fmt: skip
