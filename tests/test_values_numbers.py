"""Numbers, amounts, money, contacts and addresses: what each expression means, written down by hand."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ner_engine.datasets.numerals import spell
from ner_engine.values.contacts import parse_contact
from ner_engine.values.numerals import normal, parse_number, scan_number
from ner_engine.values.places import parse_place
from ner_engine.values.quantities import parse_quantity
from ner_engine.values.types import ContactValue, MoneyValue, NumberValue, QuantityValue

# ---- numbers

NUMBERS = {
    "3만5천": 35_000,
    "삼만오천": 35_000,
    "삼만 오천": 35_000,
    "만 천": 11_000,
    "3 만": None,  # 셋만
    "1.5": "1.5",
    "3.5천만": 35_000_000,
    "1,234,567.8": "1234567.8",
    "1,23": None,
    "12만3,456": 123_456,
    "1억 2,000만": 120_000_000,
    "1억5000만": 150_000_000,
    "3천177억": 317_700_000_000,
    "2천5백": 2_500,
    "천구백구십구": 1_999,
    "이천 이십육": 2_026,
    "이공이육": 2_026,
    "二十五": 25,
    "一二三": 123,
    "일이삼사": 1_234,
    "三萬五千": 35_000,
    "３만５천": 35_000,
    "스물다섯": 25,
    "열 두": 12,
    "백스물하나": 121,
    "여덜": 8,
    "일흔일곱": 77,
    "삼점일사": "3.14",
    "영점오": "0.5",
    "영": 0,
    "공": None,  # a ball
    "1조": 10**12,
    "이조 원": None,
    "-3": -3,
    "마이너스 십": -10,
    "+7": 7,
    "3/4": "0.75",
    "1½": "1.5",
    "4분의 1": "0.25",
    "사분의 삼": "0.75",
    "1/0": None,
    "반": "0.5",
    "절반": "0.5",
    "": None,
    "몇": None,
    "한국": None,
}


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_means(text):
    expected = NUMBERS[text]
    value = parse_number(text)
    assert value == (None if expected is None else NumberValue(Decimal(expected)))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("한두", 1, 2),
        ("두 세", 2, 3),
        ("두서너", 2, 4),
        ("서넛", 3, 4),
        ("네다섯", 4, 5),
        ("다섯 여섯", 5, 6),
        ("예닐곱", 6, 7),
        ("열두세", 12, 13),
        ("열 몇", 11, 19),
        ("십몇", 11, 19),
        ("이삼", 2, 3),
        ("십이삼", 12, 13),
        ("이삼백", 200, 300),
        ("오륙만", 50_000, 60_000),
        ("수십", 20, 90),
        ("몇 십", 20, 90),
        ("수백만", 2_000_000, 9_000_000),
        ("6만 몇천", 61_000, 69_000),
    ],
)
def test_an_estimate_has_both_ends(text, low, high):
    assert parse_number(text) == NumberValue(Decimal(low), Decimal(high))


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("두어", 2),
        ("열댓", 15),
        ("여남은", 10),
        ("20여", 20),
        ("백여", 100),
        ("2만여", 20_000),
        ("2천여만", 20_000_000),
    ],
)
def test_about_so_many(text, about):
    assert parse_number(text) == NumberValue(Decimal(about), approximate=True)


@pytest.mark.parametrize(
    ("text", "rank"),
    [
        ("첫 번째", 1),
        ("첫째", 1),
        ("둘째", 2),
        ("열한째", 11),
        ("스물두 번째", 22),
        ("세번째", 3),
        ("3번째", 3),
        ("백 번째", 100),
        ("제3", 3),
        ("제 12", 12),
    ],
)
def test_an_ordinal(text, rank):
    assert parse_number(text) == NumberValue(Decimal(rank), ordinal=True)


@pytest.mark.parametrize("text", ["몇 번째", "제육", "제천", "째", "번째", "3째"])
def test_no_ordinal(text):
    assert parse_number(text) is None


@pytest.mark.parametrize(
    ("text", "at", "number", "rest"),
    [
        ("만 오천 원", 0, 15_000, " 원"),
        ("만 18세", 0, 10_000, " 18세"),  # 만 tells how the age is counted
        ("약 20,000원", 2, 20_000, "원"),
        ("3만원", 0, 30_000, "원"),
        ("두 세트", 0, 2, " 세트"),
        ("한두부", 0, 1, "두부"),
        ("백 이상", 0, 100, " 이상"),
        ("백이상", 0, 100, "이상"),
        ("백 일 동안", 0, 100, " 일 동안"),
        ("삼일", 0, 3, "일"),
        ("삼십일일", 0, 31, "일"),
        ("26.3.5", 0, 26, ".3.5"),
        ("1.5배", 0, "1.5", "배"),
        ("6조각", 0, 6, "조각"),
        ("10조 원", 0, 10**13, " 원"),
        ("3만에", 0, 30_000, "에"),
        ("스무 명", 0, 20, " 명"),
        ("백여섯 명", 0, 106, " 명"),
        ("서 말", 0, 3, " 말"),
        ("닷 되", 0, 5, " 되"),
        ("석 잔", 0, 3, " 잔"),
        ("공일공", 0, 10, ""),
    ],
)
def test_a_scan_ends_where_the_number_ends(text, at, number, rest):
    found = scan_number(text, at)
    assert found is not None
    assert (found[0].value, text[found[1] :]) == (Decimal(number), rest)


@pytest.mark.parametrize(
    ("text", "at"), [("서울", 0), ("너무", 0), ("가", 0), ("", 0), ("3", 1), ("3", -1), ("억울", 0)]
)
def test_no_number_to_scan(text, at):
    assert scan_number(text, at) is None


@given(number=st.integers(0, 10**15), style=st.sampled_from(["digit", "comma", "sino", "sinospaced", "mixed"]))
def test_what_is_spelled_reads_back(number, style):
    value = parse_number(spell(number, style))
    assert value is not None
    assert value.value == number


def test_a_price_in_eok_and_cheon_has_two_readings():
    said = parse_quantity("2억 4천")
    assert said == NumberValue(Decimal(240_000_000), alternatives=(NumberValue(Decimal(200_004_000)),))
    assert parse_number("2억 4천") == NumberValue(
        Decimal(200_004_000), alternatives=(NumberValue(Decimal(240_000_000)),)
    )


def test_one_way_of_writing_from_many():
    assert normal(" １，０００　㎏ ") == "1,000 kg"
    assert normal("2½컵") == "2 1/2컵"
    assert normal("３～４명") == "3~4명"
    assert normal(unicodedata.normalize("NFD", "삼십")) == "삼십"
    assert normal("\u200b3\u200b") == "3"


# ---- amounts

COUNT = "count"
AMOUNTS = [
    ("두 마리", 2, "마리", COUNT),
    ("세개", 3, "개", COUNT),
    ("반 마리", "0.5", "마리", COUNT),
    ("반개", "0.5", "개", COUNT),
    ("한 병 반", "1.5", "병", COUNT),
    ("네 개 반", "4.5", "개", COUNT),
    ("1/4개", "0.25", "개", COUNT),
    ("1/2 작은술", "0.5", "작은술", COUNT),
    ("2인분", 2, "인분", COUNT),
    ("한 판", 1, "판", COUNT),
    ("6조각", 6, "조각", COUNT),
    ("3.2만개", 32_000, "개", COUNT),
    ("이백만 번", 2_000_000, "번", COUNT),
    ("백 번", 100, "번", COUNT),
    ("세 번", 3, "번", COUNT),
    ("190만 회", 1_900_000, "회", COUNT),
    ("두 회선", 2, "회선", COUNT),
    ("84타입", 84, "타입", COUNT),
    ("다섯 개씩", 5, "개", COUNT),
    ("세 개째", 3, "개", COUNT),
    ("딱 두 개", 2, "개", COUNT),
    ("세 명이서", 3, "명", "people"),
    ("둘이서", 2, "명", "people"),
    ("둘이", 2, "명", "people"),
    ("혼자", 1, "명", "people"),
    ("여섯 분", 6, "명", "people"),
    ("4인", 4, "명", "people"),
    ("1인당", 1, "명", "people"),
    ("마흔 살", 40, "살", "age"),
    ("만 19세", 19, "살", "age"),
    ("지하 2층", -2, "층", "order"),
    ("두 층", 2, "층", COUNT),
    ("9호선", 9, "호선", "order"),
    ("고3", 3, "고등학교 학년", "order"),
    ("제3회", 3, "회", "order"),
    ("제2차", 2, "차", "order"),
    ("제5조", 5, "조", "order"),
    ("7회 말", 7, "회말", "order"),
    ("30프로", 30, "%", "share"),
    ("-31%", -31, "%", "share"),
    ("12.5%p", "12.5", "%p", "share"),
    ("구번", 9, "번", "order"),
    ("3할 1푼 7리", "31.7", "%", "share"),
    ("백 점", 100, "점", "score"),
    ("두 점", 2, "점", COUNT),
    ("5㎏", 5, "kg", "mass"),
    ("한 근", 1, "근", "mass"),
    ("1kg 200g", "1.2", "kg", "mass"),
    ("삼 킬로 오백 그램", "3.5", "kg", "mass"),
    ("1미터 70", "1.7", "m", "length"),
    ("2m34", "2.34", "m", "length"),
    ("5피트 7인치", 67, "in", "length"),
    ("8만 4천km", 84_000, "km", "length"),
    ("1.5리터", "1.5", "L", "volume"),
    ("서 되", 3, "되", "volume"),
    ("59㎡", 59, "㎡", "area"),
    ("서른두 평", 32, "평", "area"),
    ("영하 십 도", -10, "℃", "temperature"),
    ("섭씨 영하 5도", -5, "℃", "temperature"),
    ("화씨 92도", 92, "℉", "temperature"),
    ("－3℃", -3, "℃", "temperature"),
    ("38도 5부", "38.5", "℃", "temperature"),
    ("시속 161.4㎞", "161.4", "km/h", "speed"),
    ("시속 30", 30, "km/h", "speed"),
    ("초속 5미터", 5, "m/s", "speed"),
    ("천이백 칼로리", 1_200, "kcal", "energy"),
    ("405kWh", 405, "kWh", "energy"),
    ("128기가", 128, "GB", "data"),
]


@pytest.mark.parametrize(("text", "amount", "unit", "dimension"), AMOUNTS)
def test_an_amount_means(text, amount, unit, dimension):
    value = parse_quantity(text)
    assert isinstance(value, QuantityValue)
    assert (value.amount, value.unit, value.dimension) == (Decimal(amount), unit, dimension)
    assert (value.upper, value.approximate) == (None, False)


@pytest.mark.parametrize(
    ("text", "low", "high", "unit"),
    [
        ("3~4명", 3, 4, "명"),
        ("３～４명", 3, 4, "명"),
        ("3,4명", 3, 4, "명"),
        ("두세 병", 2, 3, "병"),
        ("세 명에서 다섯 명", 3, 5, "명"),
        ("5명 내지 7명", 5, 7, "명"),
        ("수백 명", 200, 900, "명"),
        ("4-6학년", 4, 6, "학년"),
        ("5~7%", 5, 7, "%"),
        ("2%대", 2, 3, "%"),
        ("영하 3~5도", -5, -3, "℃"),
        ("영하 3도~영하 1도", -3, -1, "℃"),
        ("지하 1~2층", -2, -1, "층"),
        ("만 19~29세", 19, 29, "살"),
        ("시속 80~100km", 80, 100, "km/h"),
        ("40대 후반", 47, 49, "살"),
    ],
)
def test_a_range_of_amounts(text, low, high, unit):
    value = parse_quantity(text)
    assert isinstance(value, QuantityValue)
    assert (value.amount, value.upper, value.unit) == (low, high, unit)


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("20여 명", 20, "명"),
        ("두어 개", 2, "개"),
        ("열댓 포기", 15, "포기"),
        ("약 30명", 30, "명"),
        ("한 다섯 명", 5, "명"),
        ("대략 3킬로그램", 3, "kg"),
        ("열 개쯤", 10, "개"),
        ("30명 정도", 30, "명"),
    ],
)
def test_about_an_amount(text, amount, unit):
    value = parse_quantity(text)
    assert isinstance(value, QuantityValue)
    assert (value.amount, value.upper, value.unit, value.approximate) == (amount, None, unit, True)


@pytest.mark.parametrize(
    ("text", "first", "other"),
    [
        ("5킬로", (5, "kg", "mass", None), (5, "km", "length", None)),
        ("200밀리", (200, "mL", "volume", None), (200, "mm", "length", None)),
        ("3번", (3, "번", "order", None), (3, "번", "count", None)),
        ("50대", (50, "살", "age", 59), (50, "대", "count", None)),
    ],
)
def test_an_ambiguous_amount_keeps_its_other_reading(text, first, other):
    value = parse_quantity(text)
    assert isinstance(value, QuantityValue)
    readings = [(r.amount, r.unit, r.dimension, r.upper) for r in (value, *value.alternatives)]
    assert readings == [first, other]


@pytest.mark.parametrize(
    "text",
    [
        "", "몇 개", "여러 명", "얼마", "이상", "세 명 이상", "최소 3명", "3대 2", "3:2", "1+1", "2인 1조",
        "3-1", "3만에", "7층 12번", "KE085", "A-1187", "3333-07-118264", "20260311-004182", "4471-0923",
        "2.0.7", "두부", "만두", "이사", "세상", "사위", "일반", "일부", "이번", "오리", "천장", "백반",
        "만개", "한강", "석류", "반대", "3월", "5일", "3시", "두 시간", "3년", "한 달", "3개월", "3분",
        "두 시 반", "3박 4일", "3주 뒤", "3영업일", "치킨 두 마리", "두 마리 치킨", "3명은", "세 명입니다",
        "두 번째요", "구조", "구경", "하나도", "둘도", "영상이", "약사", "이불", "사원", "3.1절", "한인",
        "안녕하세요", "㈜", "-", "~", "3~", "~3", "5~3명", "3명~5개",
    ],
)  # fmt: skip
def test_no_amount(text):
    assert parse_quantity(text) is None


# ---- money


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("만 오천 원", 15_000, "KRW"),
        ("15,000원", 15_000, "KRW"),
        ("4만 7,800원", 47_800, "KRW"),
        ("1만 30원", 10_030, "KRW"),
        ("12조 1천억 원", 12_100_000_000_000, "KRW"),
        ("1,409.7원", "1409.7", "KRW"),
        ("3 만 원", 30_000, "KRW"),
        ("₩5,000", 5_000, "KRW"),
        ("KRW 5000", 5_000, "KRW"),
        ("5000원짜리", 5_000, "KRW"),
        ("만 원권", 10_000, "KRW"),
        ("3마넌", 30_000, "KRW"),
        ("만이처넌", 12_000, "KRW"),
        ("$20", 20, "USD"),
        ("US$ 20", 20, "USD"),
        ("20 USD", 20, "USD"),
        ("250불", 250, "USD"),
        ("미화 300달러", 300, "USD"),
        ("20달러 50센트", "20.5", "USD"),
        ("99센트", "0.99", "USD"),
        ("20만 대만달러", 200_000, "TWD"),
        ("5 캐나다 달러", 5, "CAD"),
        ("300유로", 300, "EUR"),
        ("오천 엔", 5_000, "JPY"),
        ("500위안", 500, "CNY"),
        ("삼만 동", 30_000, "VND"),
    ],
)
def test_money_means(text, amount, currency):
    assert parse_quantity(text) == MoneyValue(Decimal(amount), currency)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("3만원대", 30_000, 40_000),
        ("1,600원대", 1_600, 1_700),
        ("15만 원대", 150_000, 160_000),
        ("10억 원대", 1_000_000_000, 2_000_000_000),
        ("만원대 후반", 17_000, 20_000),
        ("2~3만 원", 20_000, 30_000),
        ("5-10만원", 50_000, 100_000),
        ("500~1만원", 500, 10_000),
        ("5만~10만 원", 50_000, 100_000),
        ("3만원에서 5만원", 30_000, 50_000),
        ("이삼만 원", 20_000, 30_000),
        ("몇백 원", 200, 900),
    ],
)
def test_a_range_of_money(text, low, high):
    assert parse_quantity(text) == MoneyValue(Decimal(low), upper=Decimal(high))


def test_dollars_from_to():
    assert parse_quantity("$10~20") == MoneyValue(Decimal(10), "USD", Decimal(20))


# ---- contacts


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("010-1234-5678", "+821012345678"),
        ("01012345678", "+821012345678"),
        ("010 1234 5678", "+821012345678"),
        ("010.1234.5678", "+821012345678"),
        ("０１０－１２３４－５６７８", "+821012345678"),
        ("공일공 일이삼사 오육칠팔", "+821012345678"),
        ("공일공에", None),
        ("+82 10-1234-5678", "+821012345678"),
        ("+82-2-735-4186", "+8227354186"),
        ("(02) 735-4186", "+8227354186"),
        ("02)735-4186", "+8227354186"),
        ("031-555-1212", "+82315551212"),
        ("070-8821-3345", "+827088213345"),
        ("0507-1234-5678", "+8250712345678"),
        ("1588-2504", "15882504"),
        ("112", "112"),
        ("+1 212 555 0123", "+12125550123"),
        ("010-1234-567", None),
        ("010-1234", None),
        ("3333-07-118264", None),
        ("6892-1133-0457", None),
        ("2026-11-25", None),
        ("02", None),
        ("", None),
    ],
)
def test_a_telephone_number(text, value):
    assert parse_contact(text) == (None if value is None else ContactValue(value))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("minsu.kim+shop@mail.example.co.kr", "minsu.kim+shop@mail.example.co.kr"),
        ("Minsu@Example.COM", "Minsu@example.com"),
        ("mailto:a@b.co", "a@b.co"),
        ("a@b", None),
        ("@b.co", None),
        ("a b@c.kr", None),
        ("a..b@c.kr", None),
        ("민수@예시.kr", None),
        ("a@" + "b" * 300 + ".kr", None),
    ],
)
def test_an_email_address(text, value):
    assert parse_contact(text) == (None if value is None else ContactValue(value, "email"))


def test_a_telephone_number_is_the_amount_of_nothing():
    assert parse_quantity("010-1234-5678") == ContactValue("+821012345678")
    assert parse_quantity("112") == NumberValue(Decimal(112))
    assert parse_quantity("15882504") == NumberValue(Decimal(15_882_504))


# ---- places


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "서울시 강남구 역삼동 123-45",
            {"시도": "서울시", "시군구": "강남구", "읍면동": "역삼동", "번지": "123-45"},
        ),
        (
            "서울시강남구역삼동123-45",
            {"시도": "서울시", "시군구": "강남구", "읍면동": "역삼동", "번지": "123-45"},
        ),
        ("성남시 분당구 판교역로 166", {"시군구": "성남시 분당구", "도로": "판교역로", "번지": "166"}),
        ("세종대로 110", {"도로": "세종대로", "번지": "110"}),
        ("테헤란로152", {"도로": "테헤란로", "번지": "152"}),
        ("마포구 성미산로 29길 14", {"시군구": "마포구", "도로": "성미산로 29길", "번지": "14"}),
        ("강서구 화곡로68길 82", {"시군구": "강서구", "도로": "화곡로68길", "번지": "82"}),
        (
            "경북 봉화군 춘양면 의양리 산 14",
            {"시도": "경북", "시군구": "봉화군", "읍면동": "춘양면 의양리", "번지": "산 14"},
        ),
        ("부산 해운대구 우동", {"시도": "부산", "시군구": "해운대구", "읍면동": "우동"}),
        ("춘천 퇴계동", {"시군구": "춘천", "읍면동": "퇴계동"}),
        ("광주 북구", {"시도": "광주", "시군구": "북구"}),
        ("경기 광주시 퇴촌면", {"시도": "경기", "시군구": "광주시", "읍면동": "퇴촌면"}),
        ("강남구 대치동 은마아파트", {"시군구": "강남구", "읍면동": "대치동", "건물": "은마아파트"}),
        ("역삼동 래미안 103동 1502호", {"읍면동": "역삼동", "건물": "래미안 103동 1502호"}),
        ("105동 701호", {"건물": "105동 701호"}),
        ("109동1004호", {"건물": "109동 1004호"}),
        ("나동 201호", {"건물": "나동 201호"}),
        ("경기도", {"시도": "경기도"}),
        ("강남구", {"시군구": "강남구"}),
    ],
)
def test_an_address_in_its_parts(text, parts):
    value = parse_place(text)
    assert value is not None
    assert list(value.parts.items()) == list(parts.items())  # the largest first


@pytest.mark.parametrize(
    "text",
    [
        "", "서울", "일본", "강남역", "서울 강남역", "남산공원", "제주 가면", "서울 다시", "부산 친구",
        "강남구 빨리", "서울 집으로", "앞으로 10", "그대로 3", "서울 마음대로", "우리 감동", "서울 운동",
        "집에 도착하면", "3층", "105동", "안녕하세요", "두 개", "3월 5일",
    ],
)  # fmt: skip
def test_no_address(text):
    assert parse_place(text) is None


# ---- anything

PARSERS = [parse_number, parse_quantity, parse_contact, parse_place, scan_number]
PIECES = st.sampled_from(
    [
        " ",
        *"일이삼십백천만억조경공영한두세네스몇수여반약총제-~,.:/0123456789%$₩@+()가동호로길시군구㎏½①²一十٣",
        *(
            "영하",
            "시속",
            "지하",
            "에서",
            "분의",
            "번째",
            "원",
            "달러",
            "킬로",
            "대",
            "이서",
            "서울시",
            "강남구",
            "번길",
            "산",
            "정도",
        ),
    ]
)


@given(st.one_of(st.text(max_size=30), st.lists(PIECES, max_size=14).map("".join)))
def test_nothing_raises_and_decomposed_text_means_the_same(text):
    decomposed = unicodedata.normalize("NFD", text)
    for parse in PARSERS[:4]:
        value = parse(text)
        assert value is None or value.to_dict()["kind"]
        assert parse(unicodedata.normalize("NFC", text)) == parse(decomposed)
    for at in range(len(text)):
        found = scan_number(text, at)
        assert found is None or at < found[1] <= len(text)


@pytest.mark.parametrize(
    ("piece", "first"),
    [
        ("일", None), ("만", 10_000), ("1", None), ("1,", 1), ("만 ", 10_000), ("영하", 0), ("한 ", 1),
        ("씩", None), ("-", None), ("~3", None), ("로", None), ("동1", None), ("a@", None), ("공", None),
    ],
)  # fmt: skip
def test_long_texts_have_no_value_and_at_most_a_number_in_front(piece, first):
    for length in (59, 119, 20_000):
        text = (piece * length)[:length]
        for parse in PARSERS[:4]:
            assert parse(text) is None
        assert scan_number(text) == (None if first is None else (NumberValue(Decimal(first)), 1))
