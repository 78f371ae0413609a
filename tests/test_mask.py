"""Masking: what is masked, the three styles, the way back for texts, offsets and replies."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ner_engine.errors import ConfigError, DataError
from ner_engine.rules.builtin import PERSONAL
from ner_engine.rules.mask import KINDS, STYLES, Masked, mask
from ner_engine.spans import Entity


def _entities(text: str, *found: tuple[str, str]) -> list[Entity]:
    """Entities by their words, each the first that comes after the one before."""
    entities, at = [], 0
    for words, label in found:
        start = text.index(words, at)
        at = start + len(words)
        entities.append(Entity(words, start, at, label))
    return entities


ORDER = (
    "김민수 고객님, 서울 강남구 테헤란로 12 3층 301호로 보낼게요. 받는 분 이지영, 010-1234-5678이고 "
    "kim@a.com도 돼요. 김민수 010-9876-5432, 주민번호 900101-1234568, 카드 4111-1111-1111-1111, "
    "국민은행 123456-04-123456이요."
)
PEOPLE = (
    ("김민수", "PS"),
    ("서울 강남구 테헤란로 12", "LC"),
    ("이지영", "PS"),
    ("김민수", "PS"),
    ("국민은행", "OG"),
)


def test_an_order_in_three_styles():
    entities = _entities(ORDER, *PEOPLE)
    assert mask(ORDER, entities).text == (
        "[이름1] 고객님, [주소1]로 보낼게요. 받는 분 [이름2], [전화번호1]이고 "
        "[이메일1]도 돼요. [이름1] [전화번호2], 주민번호 [주민등록번호1], 카드 [카드번호1], "
        "국민은행 [계좌번호1]이요."
    )
    assert mask(ORDER, entities, style="named").text == (
        "[이름] 고객님, [주소]로 보낼게요. 받는 분 [이름], [전화번호]이고 "
        "[이메일]도 돼요. [이름] [전화번호], 주민번호 [주민등록번호], 카드 [카드번호], "
        "국민은행 [계좌번호]이요."
    )
    assert mask(ORDER, entities, style="stars").text == (
        "*** 고객님, ** *** **** ** ** ****로 보낼게요. 받는 분 ***, *************이고 "
        "*********도 돼요. *** *************, 주민번호 **************, 카드 *******************, "
        "국민은행 ****************이요."
    )


@pytest.mark.parametrize("style", STYLES)
def test_the_way_back(style):
    masked = mask(ORDER, _entities(ORDER, *PEOPLE), style=style)
    assert masked.restore() == ORDER
    for one in masked.replacements:
        assert ORDER[one.start : one.end] == one.original
        assert masked.text[one.masked_start : one.masked_end] == one.shown
        assert masked.masked_span(one.start, one.end) == (one.masked_start, one.masked_end)
        assert masked.original_span(one.masked_start, one.masked_end) == (one.start, one.end)
    again = Masked.from_dict(json.loads(json.dumps(masked.to_dict())))
    assert again == masked
    assert again.restore() == ORDER


def test_a_reply_is_turned_back():
    masked = mask(ORDER, _entities(ORDER, *PEOPLE))
    assert masked.reveal("[이름1]님, [이름2]님께 [전화번호1]로 연락할게요. [이름3]") == (
        "김민수님, 이지영님께 010-1234-5678로 연락할게요. [이름3]"
    )
    # stars, and one placeholder for two people, say nothing
    assert mask(ORDER, _entities(ORDER, *PEOPLE), style="stars").reveal("*** 님") == "*** 님"
    named = mask(ORDER, _entities(ORDER, *PEOPLE), style="named")
    assert named.reveal("[이름] [주소]") == "[이름] 서울 강남구 테헤란로 12 3층 301호"


def test_ten_names_and_the_first_of_them():
    text = " ".join(f"사람{n}호" for n in range(1, 12))
    masked = mask(text, _entities(text, *((word, "PS") for word in text.split())))
    assert masked.text.split()[-1] == "[이름11]"
    assert masked.reveal("[이름1] [이름11] [이름10]") == "사람1호 사람11호 사람10호"


def test_somebody_typed_a_placeholder():
    masked = mask("[이름1] 김민수", [Entity("김민수", 6, 9, "PS")])
    assert masked.text == "[이름1] [이름2]"
    assert masked.restore() == "[이름1] 김민수"
    assert masked.reveal("[이름1] [이름2]") == "[이름1] 김민수"


@pytest.mark.parametrize(
    ("text", "words", "label", "expected"),
    [
        ("김민수 과장", "김민수", "PER", "[이름1] 과장"),
        ("강남역에서 봐", "강남역", "LC", "강남역에서 봐"),
        ("서울 강남구에 살아요", "서울 강남구", "LC", "서울 강남구에 살아요"),
        ("수원시 팔달구 정조로요", "수원시 팔달구 정조로", "LOC", "[주소1]요"),
        ("정조로 8 101동 202호로요", "정조로 8", "LC", "[주소1]로요"),
        ("역삼동 123-4번지", "역삼동 123-4번지", "LC", "[주소1]"),
        ("2호선 타요", "2호선", "LC", "2호선 타요"),
        ("강남 2호점", "강남 2호점", "LC", "강남 2호점"),
        ("다이소 노원점", "다이소 노원점", "OG", "다이소 노원점"),
        ("연락처 공일이", "공일이", "PHONE", "연락처 [전화번호1]"),
        ("내일 봐", "내일", "DT", "내일 봐"),
    ],
)
def test_which_entities_are_personal(text, words, label, expected):
    assert mask(text, _entities(text, (words, label))).text == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("차 12가 3456이요", "차 [차량번호1]이요"),
        ("여권 M12345678", "여권 [여권번호1]"),
        ("면허 11-12-123456-12", "면허 [면허번호1]"),
        ("서버 192.168.0.1", "서버 [IP1]"),
        ("900101-1******", "[주민등록번호1]"),
        ("공일공 일이삼사 오육칠팔로요", "[전화번호1]로요"),
        ("짜장면 2그릇 14,000원", "짜장면 2그릇 14,000원"),
        ("", ""),
    ],
)
def test_what_patterns_find_without_any_entity(text, expected):
    assert mask(text).text == expected


def test_what_overlaps_is_masked_as_one():
    text = "kimminsu@naver.com"
    masked = mask(text, [Entity("kimminsu", 0, 8, "PS")])
    assert masked.text == "[이메일1]"
    partly = mask("abcdefgh", [Entity("abcd", 0, 4, "PS"), Entity("cdefgh", 2, 8, "EMAIL")])
    assert partly.text == "[이메일1]"
    assert (
        mask("김민수이지영", [Entity("김민수", 0, 3, "PS"), Entity("이지영", 3, 6, "PS")]).text
        == "[이름1][이름2]"
    )


def test_only_the_kinds_asked_for():
    entities = _entities(ORDER, *PEOPLE)
    assert {r.kind for r in mask(ORDER, entities, kinds={"phone", "card"}).replacements} == {"phone", "card"}
    assert mask(ORDER, entities, kinds=()).text == ORDER
    with pytest.raises(ConfigError, match=r"kinds: expected some of name, phone, .*; got 'shoe'"):
        mask("", kinds={"shoe"})
    with pytest.raises(ConfigError, match="style: expected one of numbered, named, stars; got 'x'"):
        mask("", style="x")


def test_entities_of_another_text_are_refused():
    with pytest.raises(DataError, match=r"'김민수' does not stand at \[1, 4\)"):
        mask("김민수 씨", [Entity("김민수", 1, 4, "PS")])


def test_every_personal_pattern_has_a_kind():
    assert {p.label.lower() for p in PERSONAL} == KINDS.keys() - {"name"}


def test_offsets_go_both_ways():
    masked = mask("가 김민수 나", [Entity("김민수", 2, 5, "PS")])
    assert masked.text == "가 [이름1] 나"
    spans = {(0, 1): (0, 1), (2, 5): (2, 7), (3, 4): (2, 7), (0, 3): (0, 7), (4, 7): (2, 9), (6, 7): (8, 9)}
    for original, shown in spans.items():
        assert masked.masked_span(*original) == shown
    assert masked.original_span(3, 4) == (2, 5)
    assert masked.original_span(8, 9) == (6, 7)
    assert masked.original_span(0, 9) == (0, 7)
    assert masked.masked_span(6, 6) == (8, 8)
    assert mask("가나").masked_span(1, 2) == (1, 2)


def test_decomposed_text():
    text = unicodedata.normalize("NFD", "김민수 010-1234-5678이요")
    name = unicodedata.normalize("NFD", "김민수")
    masked = mask(text, [Entity(name, 0, len(name), "PS")])
    assert masked.text == "[이름1] [전화번호1]" + unicodedata.normalize("NFD", "이요")
    assert masked.restore() == text


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"text": "a"},
        {"text": "a", "replacements": [{"kind": "name"}]},
        {"text": "a", "replacements": 3},
        {
            "text": "a",
            "replacements": [
                {"kind": "name", "original": "b", "shown": "[이름1]", "start": 0, "end": 1, "masked_start": 0,
                 "masked_end": 5}
            ],
        },
    ],
)  # fmt: skip
def test_a_damaged_map_is_refused(data):
    with pytest.raises(DataError, match=r"expected what Masked\.to_dict gave"):
        Masked.from_dict(data)


@st.composite
def _texts_with_entities(draw):
    text = draw(st.text(alphabet="김민수 0123456789-@.a[이름1]로동호", max_size=40))
    entities = []
    for _ in range(draw(st.integers(0, 4)) if text else 0):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        label = draw(st.sampled_from(["PS", "LC", "DT", "PHONE"]))
        entities.append(Entity(text[start:end], start, end, label))
    return text, entities


@given(_texts_with_entities(), st.sampled_from(STYLES))
@settings(max_examples=300)
def test_masking_can_always_be_undone(given_, style):
    text, entities = given_
    masked = mask(text, entities, style=style)
    assert masked.restore() == text
    if style == "numbered":
        assert masked.reveal(masked.text) == text
    if style == "stars":
        assert len(masked.text) == len(text)
    for one in entities:
        if one.label in ("PS", "PHONE"):
            assert any(r.start <= one.start and one.end <= r.end for r in masked.replacements)
    for at in range(len(text)):
        start, end = masked.masked_span(at, at + 1)
        assert 0 <= start < end <= len(masked.text)
        back = masked.original_span(start, end)
        assert back[0] <= at < back[1]


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        ("일", "일"), ("1", "1"), ("가시 ", "가시 "), ("010-1234-5678 ", "[전화번호1] "),
        ("서울 강남구 테헤란로 12 ", "[주소1] "), ("a@b.co ", "[이메일1] "),
    ],
)  # fmt: skip
def test_twenty_thousand_characters_are_masked_throughout(unit, shown):
    whole, rest = divmod(20_000, len(unit))
    text = unit * whole + unit[:rest]
    masked = mask(text)
    assert masked.text == shown * whole + unit[:rest]
    assert masked.restore() == text
