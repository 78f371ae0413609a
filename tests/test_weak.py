"""Labels from counts: what the counts force, what the tagger decides, and what stays open.

The tagger is a scripted one: a CRF over emissions that say which spans it believes in, and how much.
"""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="needs the train extra")

from ner_engine.config import FeatureConfig  # noqa: E402
from ner_engine.errors import ConfigError, DataError  # noqa: E402
from ner_engine.features import FeatureExtractor  # noqa: E402
from ner_engine.network.crf import CRF  # noqa: E402
from ner_engine.scheme import tag_list  # noqa: E402
from ner_engine.spans import Sentence, check_spans  # noqa: E402
from ner_engine.training.weak import label_from_counts, read_counts  # noqa: E402
from tests.conftest import FakeTokenizer  # noqa: E402

TAGS = tuple(tag_list(["PS", "LC"]))
SURELY, PERHAPS, HARDLY = 6.0, -1.4, -6.0  # a believed span's score a unit: P is about 1, 0.06 and 0


class Scripted:
    """A teacher that believes ``(string, form, label): score a unit``.

    It believes in a form where that first stands in a text which holds the string.
    """

    name = "scripted"
    tags = TAGS

    def __init__(self, beliefs=(), *, scheme="BIOES"):
        self.tagger = SimpleNamespace(shape=SimpleNamespace(scheme=scheme))
        self.beliefs = dict(beliefs)
        self.texts = []
        features = FeatureConfig(inputs={"syllable": 4}, min_count=1)
        inner = FeatureExtractor.fit(features, FakeTokenizer(), ["가"])
        self.extractor = SimpleNamespace(encode_many=lambda texts: self._encode(inner, list(texts)))

    def _encode(self, inner, texts):
        self.texts = [text for text in texts if text.strip()]
        return inner.encode_many(texts)

    def posteriors(self, encoded):
        crf = CRF(TAGS)
        for i, (item, text) in enumerate(zip(encoded, self.texts, strict=True)):
            emissions = torch.full((1, len(item), len(TAGS)), -30.0)
            emissions[..., 0] = 0.0
            for (where, form, label), score in self.beliefs.items():
                if where not in text:
                    continue
                at = text.index(form)
                units = [u for u, s in enumerate(item.starts) if at <= s < at + len(form)]
                tags = ["S"] if len(units) == 1 else ["B", *"I" * (len(units) - 2), "E"]
                for unit, tag in zip(units, tags, strict=True):
                    emissions[0, unit, TAGS.index(f"{tag}-{label}")] = score
            yield [i], crf.posterior(emissions, torch.tensor([len(item)]))


def _labelled(texts, counts, beliefs=()):
    """The mentions of each text as ``form/label``, and the report."""
    table = {form: Counter(labels) for form, labels in counts.items()}
    found, report = label_from_counts([Sentence(text) for text in texts], table, Scripted(beliefs))
    assert [s.text for s in found] == list(texts)
    for sentence in found:
        assert check_spans(sentence.text, sentence.entities) == sentence.entities
    return [" ".join(f"{s.surface(e)}/{e.label}" for e in s.entities) for s in found], report


def test_a_form_counted_as_often_as_it_occurs_is_one_everywhere():
    found, report = _labelled(["백설이 왔다", "어제 백설", "", "눈"], {"백설": {"PS": 2}})
    assert found == ["백설/PS", "백설/PS", "", ""]
    assert (report.counted, report.sure, report.forced, report.open_places) == (2, 0, 2, 0)


def test_the_tagger_decides_where_a_form_occurs_more_often():
    beliefs = {("와 사랑", "사랑", "PS"): SURELY}
    found, report = _labelled(["사랑 노래", "와 사랑 씨", "첫 사랑"], {"사랑": {"PS": 1}}, beliefs)
    assert found == ["", "사랑/PS", ""]  # and no other: the one that is counted is found
    assert (report.sure, report.forced, report.open_places) == (1, 0, 0)


def test_what_nobody_can_say_stays_open():
    texts = ["사랑 노래", "와 사랑 씨", "첫 사랑"]
    found, report = _labelled(texts, {"사랑": {"PS": 1}})
    assert found == ["사랑/?"] * 3
    assert (report.sure, report.forced, report.open_places) == (0, 0, 3)


def test_of_many_places_only_those_are_open_that_the_tagger_believes_in_a_little():
    texts = ["와 사랑 씨", *(f"{i} 사랑" for i in range(9))]
    found, _ = _labelled(texts, {"사랑": {"PS": 1}}, {("와 사랑", "사랑", "PS"): -0.5})
    assert found == ["사랑/?"] + [""] * 9


def test_the_longest_form_is_placed_first():
    texts = ["서울대 앞", "서울 가자"]
    found, report = _labelled(texts, {"서울": {"LC": 1}, "서울대": {"LC": 1}})
    assert found == ["서울대/LC", "서울/LC"]
    assert report.forced == 2


def test_the_label_is_the_one_that_is_believed():
    beliefs = {("경주야", "경주", "PS"): SURELY, ("경주로", "경주", "LC"): SURELY}
    found, report = _labelled(["경주야 안녕", "경주로 가자"], {"경주": {"PS": 1, "LC": 1}}, beliefs)
    assert found == ["경주/PS", "경주/LC"]
    assert report.sure == 2
    # neither label can be forced where both may stand
    assert _labelled(["경주야", "경주로"], {"경주": {"PS": 1, "LC": 1}})[0] == ["경주/?", "경주/?"]


def test_mentions_of_labels_that_are_not_annotated_take_their_places():
    beliefs = {("샛별 보여", "샛별", "PS"): HARDLY, ("샛별 씨", "샛별", "PS"): PERHAPS}
    found, _ = _labelled(["샛별 보여", "샛별 씨"], {"샛별": {"": 1, "PS": 1}}, beliefs)
    assert found == ["", "샛별/PS"]
    assert _labelled(["샛별 보여"], {"샛별": {"": 1}})[0] == [""]


def test_what_the_tagger_sees_and_the_counts_do_not_is_open():
    beliefs = {("부산 가", "부산", "LC"): SURELY}
    found, report = _labelled(["부산 가자 백설아"], {"백설": {"PS": 1}}, beliefs)
    assert found == ["부산/? 백설/PS"]
    assert report.contradicted == 1


def test_an_open_stretch_swallows_the_mentions_it_cuts():
    beliefs = {("김백", "김백설", "PS"): SURELY}
    found, report = _labelled(["김백설 왔다"], {"백설": {"LC": 1}}, beliefs)
    assert found == ["김백설/?"]
    assert (report.forced, report.contradicted) == (1, 1)


def test_a_teacher_of_another_scheme_is_refused():
    with pytest.raises(ConfigError, match="scripted: expected a bundle of the scheme BIOES; got BIO"):
        label_from_counts([Sentence("눈")], {}, Scripted(scheme="BIO"))


FORMS = st.text("가나다", min_size=1, max_size=3)


@given(
    st.lists(st.text("가나다 ", max_size=9), min_size=1, max_size=4),
    st.dictionaries(FORMS, st.dictionaries(st.sampled_from(["PS", "LC", ""]), st.integers(0, 3)), max_size=5),
    st.lists(st.tuples(FORMS, st.sampled_from(["PS", "LC"]), st.floats(-4, 4)), max_size=3),
)
@settings(max_examples=40, deadline=None)
def test_no_spans_overlap_and_none_is_placed_oftener_than_counted(texts, counts, believed):
    beliefs = {(form, form, label): score for form, label, score in believed}
    table = {form: Counter(labels) for form, labels in counts.items()}
    found, report = label_from_counts([Sentence(text) for text in texts], table, Scripted(beliefs))
    placed: Counter[tuple[str, str]] = Counter()
    for sentence in found:
        assert check_spans(sentence.text, sentence.entities) == sentence.entities
        placed.update((sentence.surface(e), e.label) for e in sentence.entities if e.label != "?")
    assert all(n <= counts[form][label] for (form, label), n in placed.items())
    assert sum(placed.values()) <= report.sure + report.forced <= report.counted


# the table


def test_fine_labels_become_coarse_ones(tmp_path):
    path = tmp_path / "counts.tsv"
    rows = ["form\tlabel\tcount", "경주\tLC_CITY\t3", "경주\tEV_SPORTS\t2", "경주\tLCP_COUNTY\t1"]
    rows += ["숭례문\tAF_CULTURAL_ASSET\t4", "김밥\tCV_FOOD\t5", "거북선\tAF_TRANSPORT\t1"]
    path.write_text("\ufeff" + "\n".join(rows) + "\n", encoding="utf-8")
    assert read_counts(path) == {
        "경주": {"LC": 4, "": 2},
        "숭례문": {"LC": 4},
        "김밥": {"FOOD": 5},
        "거북선": {"": 1},
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("form\tlabel\tcount\n경주\tLC\n", 2),
        ("경주\tLC\t3\n\tPS\t1\n", 2),
        ("경주\tLC\t세 번\n", 1),
        ("경주\tLC\t-3\n", 1),
        ("경주\tLC\t3\n\n경주\tPS\t3\n", 2),
    ],
)
def test_a_bad_line_is_refused_with_its_place(tmp_path, text, line):
    path = tmp_path / "counts.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="expected form, label and count; got") as error:
        read_counts(path)
    assert str(error.value).startswith(f"{path}:{line}: ")
    assert "\n" not in str(error.value)


def test_a_table_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.tsv: expected a readable"):
        read_counts(tmp_path / "nowhere.tsv")
