"""Patterns: what each of the shipped ones finds and leaves alone; linear time; pattern files."""

from __future__ import annotations

import itertools
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ner_engine.errors import ConfigError
from ner_engine.rules.builtin import BUILTIN, PERSONAL
from ner_engine.rules.checks import CHECKS, GROUPS, luhn
from ner_engine.rules.composed import Composed
from ner_engine.rules.linear import why_not_linear, worst_steps
from ner_engine.rules.merge import decide
from ner_engine.rules.patterns import Pattern, PatternMatcher, pattern_problems, read_patterns, relabel

MATCHER = PatternMatcher(BUILTIN)

# the entities stand in angle brackets with their labels
FOUND = [
    # telephone
    "제 번호는 <010-1234-5678:PHONE>이에요", "<01012345678:PHONE>로 문자 주세요", "<010 1234 5678:PHONE>요",
    "<010.1234.5678:PHONE> 맞죠?",
    "김 기사(<010-8820-5513:PHONE>)", "<(02) 555-1234:PHONE> 아니면 <031-123-4567:PHONE>", "<02)555-1234:PHONE>",
    "<+82 10-1234-5678:PHONE>", "<+82-2-555-1234:PHONE> call", "<070-8888-1234:PHONE>", "<0505-123-4567:PHONE>",
    "<080-123-4567:PHONE>로", "<1588-3366:PHONE>으로 걸어", "<０１０－１２３４－５６７８:PHONE>",
    "<공일공 일이삼사 오육칠팔:PHONE>로 전화 주세요", "<공일공에 이삼사오에 육칠팔구:PHONE>",
    # resident, card, account, business
    "주민번호 <900101-1234568:RESIDENT> 입니다", "<9001011234568:RESIDENT>", "<051231-3123456:RESIDENT>",
    "<900101-1******:RESIDENT>", "<000229-4111111:RESIDENT>",
    "카드 <4111 1111 1111 1111:CARD>", "<4111111111111111:CARD>로", "<1234-5678-9012-3456:CARD>이요",
    "<3782 822463 10005:CARD>",
    "국민은행 <123456-04-123456:ACCOUNT> 홍길동", "신한 <110-123-456789:ACCOUNT>",
    "계좌는 <1002123456789:ACCOUNT>",
    "<123-45-67892:ACCOUNT>", "<123-45-67891:BUSINESS>",
    "카카오뱅크 <3333-01-1234567:ACCOUNT>", "농협 <301-0123-4567-11:ACCOUNT>",
    "<124-81-00998:BUSINESS> 삼성", "사업자등록번호: <123-45-67890:BUSINESS>", "사업자번호 <1234567890:BUSINESS>",
    # e-mail, web
    "<hong.gildong@naver.com:EMAIL>으로 보내 주세요", "메일은<a_b+c@sub.example.co.kr:EMAIL>입니다",
    "<abc123 골뱅이 네이버 점 컴:EMAIL>", "<kim골뱅이지메일:EMAIL>이요",
    "<https://example.com/a?b=1&c=%EA%B0%80:URL>에서 봤어", "<www.example.co.kr:URL>.", "(<http://a.io/x:URL>)",
    "<naver.com/abc:URL> 봐", "<daum.net:URL>이랑",
    # addresses
    "<경기도 수원시 팔달구 정조로 8 101동 1203호:ADDRESS>로 와 주세요",
    "<서울 강남구 테헤란로 12길 34, 3층:ADDRESS>이요", "<서울특별시 중구 세종대로 110:ADDRESS>",
    "<서울시 강남구 역삼동 123-45번지 래미안아파트 101동 202호:ADDRESS>", "<정조로 8번길 12:ADDRESS> 맞아요",
    "주소 <평택시 비전5로 20 3층:ADDRESS> 학원이에요", "<마포구 성미산로 29길 14 302호:ADDRESS>로 와주세요",
    "<경북 봉화군 춘양면 의양리 산 14:ADDRESS>", "<강서구 화곡로68길 82 지하 1층:ADDRESS> 볼트짐요",
    "<부산 해운대구 우동 1408:ADDRESS>에서", "<전남 순천시 승주읍 승주길 12-3:ADDRESS>",
    # numbers of people and things
    "<11-12-123456-12:LICENCE>", "여권 <M12345678:PASSPORT>", "<M123A4567:PASSPORT>", "<12가 3456:PLATE> 차량",
    "<123허4567:PLATE>요", "<192.168.0.1:IP> 서버",
    # amounts
    "<삼만오천 원:MONEY>이에요", "<3만 5천원:MONEY>, <12,000원:MONEY>, <만 오천 원:MONEY>", "<3만원대:MONEY>로",
    "<$20:MONEY>랑 <20달러:MONEY>", "<1억 2,000만 원:MONEY>", "<수십만 원:MONEY>", "<1.5만원:MONEY>",
    "<₩12,000:MONEY>",
    "30도 <2000원:MONEY>", "<10원:MONEY>짜리",
    "<백 원:MONEY>만", "<5만~10만 원:MONEY>", "<몇 만 원:MONEY>",
    "<6만 몇천 원:MONEY>이었는데", "<100유로:MONEY>", "<5천만원:MONEY>대출",
    # flights, orders
    "<KE123:FLIGHT>편 타요", "<OZ 8901:FLIGHT>", "<7C101:FLIGHT>편이요", "<대한항공 123편:FLIGHT>",
    "<SQ601:FLIGHT>",
    "주문번호 <20240115-0001234:ORDER> 확인해 주세요", "예약 번호는 <A1B2C3:ORDER>이에요",
    "운송장 <1234-5678-9012:ORDER> 어디쯤", "송장번호: <641234567890:ORDER>", "<ORD-20240115-001:ORDER> 취소",
]  # fmt: skip

NOTHING = [
    "", " ", "안녕하세요", "오늘 3시 10분에 2명", "2024-01-15에 봐", "2024.01.15", "3.14", "키가 175.5cm",
    "901340-1234567", "900230-1234567", "8801234567893", "4111111111111112", "혹시 집으로 2시에 와 주실래요",
    "다시 바로 3개 주세요", "사원이 천 명, 조원 세 명", "원으로", "5원소", "만 명", "제일 원하는 건", "12,34,5",
    "1호점 2층 203호", "5-6월", "10-20개", "2-3명", "999.1.1.1", "1.2.3.4.5", "a@b", "@naver", "서울 강남구",
    "강남역 3번 출구", "주문번호 알려 주세요", "예약번호가 뭐예요", "1234", "010", "010-12",
    "1588-2000년",
    "정도 2개", "하루 종일 3", "이번 주로 2", "그 정도로 8점", "택시 앞으로 3대", "version 1.2.3",
    "친구 집으로 3", "만원 버스", "십원빵", "8경기 무승으로 20위", "곶감 둥시 품종으로 40구",
    "다 쓰면 속도가 3Mbps로",
    "면 추가 300그램", "보이스피싱은 112나 1332로", "수원 가요", "몇 원",
]  # fmt: skip


def _read(marked: str) -> tuple[str, list[tuple[int, int, str]]]:
    text, spans = "", []
    for plain, said, label in re.findall(r"([^<]*)(?:<([^<>]*):([A-Z]+)>)?", marked):
        text += plain
        if label:
            spans.append((len(text), len(text) + len(said), label))
            text += said
    return text, spans


def _answer(text: str) -> list[tuple[int, int, str]]:
    return [(c.start, c.end, c.label) for c in decide(MATCHER.find(text), policy="score").kept]


@pytest.mark.parametrize("marked", FOUND)
def test_what_the_patterns_find(marked):
    text, spans = _read(marked)
    assert spans
    assert _answer(text) == spans
    # the same in the middle of a sentence of other scripts, emoji and tabs
    before = "😀 é\t"
    assert _answer(before + text) == [(a + len(before), b + len(before), label) for a, b, label in spans]


@pytest.mark.parametrize("marked", FOUND)
def test_decomposed_text_has_offsets_of_its_own(marked):
    text, spans = _read(marked)
    decomposed = unicodedata.normalize("NFD", text)
    found = decide(MATCHER.find(decomposed), policy="score").kept
    assert all(decomposed[c.start : c.end] == c.text for c in found)
    assert [(unicodedata.normalize("NFC", c.text), c.label) for c in found] == [
        (text[a:b], label) for a, b, label in spans
    ]


@pytest.mark.parametrize("text", NOTHING)
def test_what_the_patterns_leave_alone(text):
    assert [c for c in MATCHER.find(text) if c.score >= 0.6] == []


def test_every_pattern_is_seen_to_find_something():
    seen = {c.rule for marked in FOUND for c in MATCHER.find(_read(marked)[0])}
    assert seen == {p.name for p in BUILTIN}


def test_a_candidate_says_where_it_comes_from():
    table = Pattern("table", "QT", r"테이블 (?P<entity>\d{1,2})", place="p.toml:3")
    (found,) = PatternMatcher([table]).find("테이블 12에서")
    assert (found.text, found.start, found.end, found.label) == ("12", 4, 6, "QT")
    assert (found.source, found.rule, found.place, found.score) == ("pattern", "table", "p.toml:3", 1.0)
    entity = found.entity("테이블 12에서")
    assert (entity.text, entity.source, entity.josa, entity.value) == ("12", "pattern", "에서", None)


@pytest.mark.parametrize(
    ("digits", "right"),
    [
        ("79927398713", True),
        ("79927398710", False),
        ("4111111111111111", True),
        ("378282246310005", True),
        ("0", True),
    ],
)
def test_luhn(digits, right):
    assert luhn(digits) is right


@given(st.sampled_from(sorted(CHECKS)), st.text(alphabet="0123456789-. *만원몇,", min_size=1, max_size=24))
@settings(max_examples=500)
def test_a_check_stands_any_match(check, text):
    groups = "".join(f"(?P<{name}>.{{0,4}})" for name in sorted(GROUPS.get(check, ())))
    match = re.match(f"{groups}.{{0,24}}", text)
    assert 0 <= CHECKS[check](match) <= 1


@given(st.text(alphabet="가각한\u1100\u1161\u11a8\u0301eé 1", max_size=30))
def test_composed_text_leads_back(text):
    composed = Composed(text)
    assert composed.text == unicodedata.normalize("NFC", text)
    covered = 0
    for i in range(len(composed.text)):
        start, end = composed.original(i, i + 1)
        assert start < end
        assert start <= covered <= end
        covered = end
        assert composed.text[i] in unicodedata.normalize("NFC", text[start:end])
    assert covered == len(text)
    assert composed.original(0, len(composed.text)) == (0, len(text))


@given(st.text(max_size=80) | st.text(alphabet="0123456789-. 일이만원로길동호@a골", max_size=80))
@settings(max_examples=300)
def test_nothing_raises_and_offsets_hold(text):
    for found in MATCHER.find(text):
        assert text[found.start : found.end] == found.text
        assert found.text
        assert 0 < found.score <= 1


# linear expressions, long texts


@pytest.mark.parametrize("pattern", BUILTIN, ids=lambda p: p.name)
def test_shipped_patterns_are_sound(pattern):
    assert pattern.problem() == ""


@pytest.mark.parametrize(
    "unit",
    ["일", "1", "1-", "a", "a.", "a@", "가시 ", "구 ", "로", "가로 1", ", 1층", "010", "만 ", "1,",
     "주문번호 ", "계좌", "a-", "아파트", "123-", "공일공", "ᄀ"],
)  # fmt: skip
def test_in_twenty_thousand_characters_of_a_piece_nothing_is_found(unit):
    assert MATCHER.find((unit * 20_000)[:20_000]) == []


@pytest.mark.parametrize(
    ("unit", "label", "starts"),
    [
        ("1234 ", "CARD", range(0, 20_000, 20)),  # four groups a card
        ("가로 1 1동", "ADDRESS", [0, *range(13, 19_999, 14)]),  # 동 of every second begins the next
        ("http://", "URL", range(0, 20_000, 413)),  # 400 characters after the first http://, then the next one
    ],
)
def test_in_twenty_thousand_characters_everything_is_found(unit, label, starts):
    found = MATCHER.find((unit * 20_000)[:20_000])
    assert {c.label for c in found} == {label}
    assert [c.start for c in found] == list(starts)


@pytest.mark.parametrize(
    ("regex", "objection"),
    [
        (r"\d{3}-\d{4}", ""), (r"ORD\d+", ""), (r"https?://\S+", ""), (r"(?<!\d)\d{2,4}(?!\d)", ""),
        (r"[가-힣]{2,10}동", ""), (r"a(?:b\S*)?", ""), (r"(?:[a-z]{1,8} ){1,5}end", ""),
        (r"(?>a{1,9})a{0,9}b", ""),
        (r"\d+-", "without an upper bound"), (r".*x", "without an upper bound"),
        (r"(a+)+b", "without an upper bound"),
        (r"(?:ab)+", "without an upper bound"), (r"(?:a\S*){2}", "without an upper bound"),
        (r"x(?=.*y)", "without an upper bound"), (r"\s*+:", "without an upper bound"),
        (r"(?:a{1,20}){1,20}b", "billions of steps"), (r"x(?:a?){30}a{30}", "billions of steps"),
        (r"(?:\d{1,9}-?){9}x", "steps"), (r"(?:a|a|a){9}b", "steps"),
        (r"(\d)\1", "refers back"), (r"(a)?b(?(1)c|d)", "refers back"),
        (r"a*", "empty"), (r"", "empty"), (r"\b", "empty"),
        (r"(", "not a regular expression"), (r"[z-a]", "not a regular expression"), (r"a{5,2}", "not a regular"),
        (r"a{1,100000}b", "repeats up to"),
    ],
)  # fmt: skip
def test_which_expressions_are_linear(regex, objection):
    said = why_not_linear(regex)
    assert (objection in said) if objection else said == ""


@given(st.text(alphabet="ab[]()^-{}|*+?\\dwsWDSbB.$,019:<=!P>i", max_size=14), st.booleans())
@settings(max_examples=500)
def test_any_expression_is_judged(regex, ignore_case):
    objection = why_not_linear(regex, ignore_case=ignore_case)
    assert "\n" not in objection
    if not objection:
        re.compile(regex)


def test_case_and_ranges_are_told_apart():
    assert worst_steps("[a-c]{0,9}[d-f]") < 30 < worst_steps("[a-d]{0,9}[d-f]{0,9}z")
    assert worst_steps("a{0,9}A{0,9}b") < worst_steps("a{0,9}A{0,9}b", ignore_case=True)
    assert worst_steps("(?i)a{0,9}A{0,9}b") == worst_steps("a{0,9}A{0,9}b", ignore_case=True)


@pytest.mark.parametrize("regex", ["a{}b", "(ab|a){}b", "a{}a{}c", "x(?=a{}b)"])
def test_where_texts_end_repetitions_do(regex):
    assert worst_steps(regex.replace("{}", "*"), longest=7) == worst_steps(regex.replace("{}", "{0,7}"))
    assert "upper bound" in why_not_linear(regex.replace("{}", "*"))


def test_how_steps_grow_with_the_longest_text():
    assert worst_steps("a*b", longest=80) < 2.5 * worst_steps("a*b", longest=40)
    assert worst_steps("a*a*b", longest=80) > 3.5 * worst_steps("a*a*b", longest=40)
    assert "billions" in why_not_linear("(a+)+b", longest=40)


Node = tuple  # ("char", "ab") | ("seq", [nodes]) | ("or", [nodes]) | ("rep", node, least, most)
_nodes = st.recursive(
    st.sampled_from(["a", "b", "ab"]).map(lambda c: ("char", c)),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: ("seq", parts)),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: ("or", parts)),
        st.tuples(st.just("rep"), inner, st.integers(0, 1), st.integers(1, 3)),
    ),
    max_leaves=5,
)


def _spell(node: Node) -> str:
    if node[0] == "char":
        return f"([{node[1]}])"  # in a group of its own, or re makes [a]|[ab] one set
    if node[0] == "rep":
        return f"(?:{_spell(node[1])}){{{node[2]},{node[3]}}}"
    return f"(?:{('' if node[0] == 'seq' else '|').join(map(_spell, node[1]))})"


def _walk(node: Node, text: str, at: int, go_on, counter: list[int]) -> bool:
    """A backtracking matcher that counts the characters it compares."""
    if node[0] == "char":
        counter[0] += 1
        return at < len(text) and text[at] in node[1] and go_on(at + 1)
    if node[0] == "or":
        return any(_walk(part, text, at, go_on, counter) for part in node[1])
    if node[0] == "seq":
        if not node[1]:
            return go_on(at)
        rest = ("seq", node[1][1:])
        return _walk(node[1][0], text, at, lambda i: _walk(rest, text, i, go_on, counter), counter)
    _, item, least, most = node
    fewer = ("rep", item, max(least - 1, 0), most - 1)
    if most and _walk(item, text, at, lambda i: _walk(fewer, text, i, go_on, counter), counter):
        return True
    return least == 0 and go_on(at)


@given(_nodes)
@settings(max_examples=150, deadline=None)
def test_the_bound_holds_against_a_matcher_that_counts(node):
    regex = _spell(node) + "z"
    bound = worst_steps(regex)
    whole = ("seq", [node, ("char", "z")])
    compiled = re.compile(regex)
    for length in range(6):
        for letters in itertools.product("abz", repeat=length):
            text, counter = "".join(letters), [0]
            matched = _walk(whole, text, 0, lambda i: True, counter)
            assert counter[0] <= bound
            assert matched == (compiled.match(text) is not None)


# files


def test_a_pattern_file(tmp_path):
    path = tmp_path / "shop.toml"
    path.write_text(
        "\ufeff# tables of a restaurant\n[[pattern]]\nname = 'table'\nlabel = 'QT'\n"
        "regex = '(?P<entity>\\d{1,2})번 테이블'\n\n"
        "[[pattern]]\nname = 'card'\nlabel = 'CARD'\nregex = '\\d{16}'\ncheck = 'card'\n"
        "score = 1\nreason = 'a card'\n",
        encoding="utf-8",
    )
    table, card = read_patterns(path)
    assert (table.place, card.place) == ("shop.toml:2", "shop.toml:7")
    assert (card.check, card.score, card.reason) == ("card", 1, "a card")
    found = PatternMatcher([table, card]).find("3번 테이블, 4111111111111111")
    assert [c.text for c in found] == ["3", "4111111111111111"]
    assert PatternMatcher([table, card]).labels == ("CARD", "QT")
    (refused,) = PatternMatcher([table, card]).refused("4111111111111112")
    assert (refused.candidate.text, refused.why) == ("4111111111111112", "the check 'card' rejects it")
    assert pattern_problems(path) == []


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("[[pattern]]\nname = 'a'\nlabel = 'A'\n", 1, "expected regex"),
        ("[[pattern]]\nlabel = 'A'\n", 1, "expected name and regex"),
        ("\n[[pattern]]\nname = 'a'\nlabel = 'A'\nregex = '.*x'\n", 2, "regex: repeats without an upper bound"),
        ("[[pattern]]\nname = 'a'\nlabel = 'A'\nregex = '('\n", 1, "not a regular expression"),
        (
            "[[pattern]]\nname = 'a'\nlabel = 'A'\nregex = 'b'\ncheck = 'luhn'\n",
            1,
            "check: expected one of account",
        ),
        (
            "[[pattern]]\nname = 'a'\nlabel = 'A'\nregex = 'b'\ncheck = 'money'\n",
            1,
            "needs a group named 'amount'",
        ),
        ("[[pattern]]\nname = 'a'\nlabel = 'A'\nregex = 'b'\nscore = 2.0\n", 1, "score: expected"),
        ("[[pattern]]\nname = 'a'\nlabel = 'A'\nregex = 'b'\nscore = true\n", 1, "score: expected a float"),
        ("[[pattern]]\nname = 'a'\nlabel = 'A'\nregexp = 'b'\n", 1, "unknown key 'regexp'"),
        ("[[pattern]]\nname = 3\nlabel = 'A'\nregex = 'b'\n", 1, "name: expected a str; got 3"),
        ("pattern = 3\n", None, "expected [[pattern]] tables"),
        ("other = 3\n", None, "got 'other'"),
        ("[[pattern]\n", 1, "expected TOML"),
    ],
)
def test_a_wrong_pattern_file_is_refused_with_its_line(tmp_path, source, line, message):
    path = tmp_path / "p.toml"
    path.write_text(source, encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(message)) as refused:
        read_patterns(path)
    assert (refused.value.path, refused.value.line) == (str(path), line)
    assert [str(p) for p in pattern_problems(path)] == [str(refused.value)]


def test_every_problem_of_a_file_is_told(tmp_path):
    good = "[[pattern]]\nname = 'a'\nlabel = 'A'\nregex = 'b'\n"
    path = tmp_path / "p.toml"
    path.write_text(good + good + good.replace("'a'", "'c'").replace("'b'", "'b+c'"), encoding="utf-8")
    first, second = pattern_problems(path)
    assert str(first) == f"{path}:5: pattern 'a' is given twice; first on line 1"
    assert str(second).startswith(f"{path}:9: regex: repeats")
    (missing,) = pattern_problems(tmp_path / "none.toml")
    assert "expected a file of patterns" in str(missing)


def test_names_are_unique_and_expressions_compile():
    with pytest.raises(ConfigError, match="'a' is given twice"):
        PatternMatcher([Pattern("a", "A", "x"), Pattern("a", "B", "y")])
    with pytest.raises(ConfigError, match=r"f\.toml:1: pattern 'a'"):
        PatternMatcher([Pattern("a", "A", "(", place="f.toml:1")])


def test_patterns_take_the_labels_of_a_bundle():
    wanted = relabel(BUILTIN, {"PHONE": "QT", "card": "CARDNO", "MONEY": ""})
    labels = {p.name: p.label for p in wanted}
    assert (labels["phone"], labels["phone-spelt"], labels["card"], labels["email"]) == (
        "QT",
        "QT",
        "CARDNO",
        "EMAIL",
    )
    assert not {"money", "money-sign"} & labels.keys()
    assert len(relabel(PERSONAL, {})) == len(PERSONAL)
    assert PatternMatcher(relabel(PERSONAL, {"PHONE": "QT"})).find("010-1234-5678")[0].label == "QT"
