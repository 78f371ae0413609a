"""Units and classifiers as people write them, each with its standard form and what it measures. Only tables."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

__all__ = ["CURRENCIES", "CURRENCY_SIGNS", "SCALES", "TIME_WORDS", "UNITS", "Unit"]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit in its standard form; ``native`` is its dimension after a native number (두 층: two floors)."""

    name: str
    dimension: str
    native: str = ""


def _table() -> dict[str, Unit]:
    units: dict[str, Unit] = {}

    def add(dimension: str, rows: dict[str, str], native: str = "") -> None:
        for name, surfaces in rows.items():
            for surface in (name, *surfaces.split()):
                units[surface.lower()] = Unit(name, dimension, native)

    for word in _COUNTED.split():
        units[word] = Unit(word, "count")
    for word in _RANKED.split():
        units[word] = Unit(word, "order", "count")
    for word in _ALWAYS_RANKED.split():
        units[word] = Unit(word, "order")
    add("people", {"명": "분 인 사람"})
    add("age", {"살": "세"})
    add("share", {"%": "퍼센트 프로 퍼 퍼센티지", "%p": "%포인트 퍼센트포인트 %p포인트"})
    add("score", {"점": ""}, "count")
    add("mass", {
        "g": "그램 그람 gram", "kg": "킬로그램 킬로그람 키로그램 킬로 키로 kilo", "mg": "밀리그램 미리그램",
        "t": "톤 ton", "근": "", "돈": "", "냥": "", "관": "", "oz": "온스", "lb": "lbs", "캐럿": "ct",
    })  # fmt: skip
    add("length", {
        "m": "미터 메타", "km": "킬로미터 키로미터", "cm": "센티미터 센치미터 센티 센치 센찌",
        "mm": "밀리미터 미리미터", "in": "인치 inch", "ft": "피트", "yd": "야드", "mi": "마일", "뼘": "",
    })  # fmt: skip
    add("volume", {
        "L": "리터 리터들이 ℓ", "mL": "밀리리터 미리리터 밀리 미리", "cc": "씨씨",
        "갤런": "", "되": "", "말": "", "홉": "",
        "㎥": "m3 m^3 세제곱미터 입방미터 루베",
    })  # fmt: skip
    add("area", {
        "평": "", "㎡": "m2 m^2 제곱미터 평방미터", "㎢": "km2 km^2 제곱킬로미터 평방킬로미터", "ha": "헥타르",
        "에이커": "",
    })  # fmt: skip
    add("temperature", {"℃": "도 °c 도씨", "℉": "°f"})
    add("speed", {"km/h": "kph 킬로미터/시", "m/s": "미터/초", "mph": "", "노트": "kn kt"})
    add("energy", {"kcal": "칼로리 킬로칼로리 칼로리들이", "kWh": "킬로와트시", "kJ": "킬로줄"})
    add("power", {"W": "와트", "kW": "킬로와트"})
    add("data", {
        "KB": "킬로바이트", "MB": "메가 메가바이트", "GB": "기가 기가바이트", "TB": "테라 테라바이트",
        "Mbps": "", "Gbps": "",
        "바이트": "byte bytes", "비트": "bit bits",
    })  # fmt: skip
    return units


_COUNTED = """
회 젓가락 종지 끗 국자 뚝배기 쟁반 바이알 앰플 캡슐 가마솥
개 개비 개국 개소 개사 개입 마리 잔 병 그릇 판 인분 접시 조각 봉지 봉 상자 박스 권 장 대 벌
켤레 송이 줄 차례 건 가지 자리 캔 통 곳 군데 팩 컵 공기 사발 대접 냄비 솥 주전자 바가지 숟갈
숟가락 스푼 큰술 작은술 꼬집 모금 입 줌 움큼 방울 알 톨 정 포 첩 제 환 모 단 포기 뿌리 그루
다발 묶음 두름 손 쾌 톳 축 접 망 포대 가마 가마니 자루 짝 쌍 채 척 필 폭 두 쪽 칸 바퀴
걸음 발 발짝 보 곡 편 통화 마디 글자 자 문장 단어 줄기 가닥 가락 덩이 덩어리 토막 가구 세대
집 방 팀 표 석 좌석 종 종류 종목 품목 과목 문제 문항 학점 골 킬 승 패 무 연승 연패
연전 경기 게임 안타 홈런 타수 타점 이닝 실점 득점 배 배속 끼 상 탕 차량 정거장 정류장 코 스틱
롤 타 다스 꼬치 피스 스쿱 샷 펌프 바구니 광주리 소쿠리 트럭 캐리어 회선 구 홀 연타석 매 부작
주 메뉴 세트 치수 키 인치형 인승 인실 인용 인조 포인트 마일리지 레벨 옥타브 뷰 그룹 학급 블럭
블록 뭉치 무더기 켜 겹 갑 보루 식구 가족
"""
_RANKED = """
층 번 차 판째 호 동 편째 부 권째 루 막 절 단계 바닥 집째 열 라운드 쿼터
"""
_ALWAYS_RANKED = """
호선 등 위 강 급 등급 호차 호실 호점 호기 학년 반 교시 번지 번지수 화 과 코스 조째 기 기수
단원 구역 차로 차선 번선 번출구 번방 항 류 종전 단지 탄 시즌 선 연차 회초 회말 위권 등분 순위
지망 세트째
"""
UNITS = _table()

SCALES = {  # how many of the base unit, so that 1미터 70 and 5피트 7인치 add up
    "kg": Decimal(1000), "g": Decimal(1), "mg": Decimal("0.001"), "t": Decimal(10**6),
    "km": Decimal(1000), "m": Decimal(1), "cm": Decimal("0.01"), "mm": Decimal("0.001"),
    "L": Decimal(1), "mL": Decimal("0.001"), "ft": Decimal("0.3048"), "in": Decimal("0.0254"),
}  # fmt: skip

_TIMES = """
분 주기 틀 영업일 학기 년 년간 년째 년대 년도 년생 월 월달 달 달간 개월 개월간 개월째 주간 주일 주째 주년 주차 일
일간 일째 일차 시 시간 시간째 시경 시쯤 시반 분간 분째 초 초간 박 세기 분기 반기 계절 밤 나절
날 해 해째 요일
"""
TIME_WORDS = frozenset(_TIMES.split())  # what opens an amount of time, or a time

CURRENCIES = {
    "원": "KRW", "원화": "KRW", "won": "KRW", "krw": "KRW", "언": "KRW",
    "달러": "USD", "달라": "USD", "딸라": "USD", "불": "USD", "미국달러": "USD", "미달러": "USD", "usd": "USD",
    "유로": "EUR", "유로화": "EUR", "eur": "EUR", "엔": "JPY", "엔화": "JPY", "jpy": "JPY",
    "위안": "CNY", "위안화": "CNY", "위엔": "CNY", "cny": "CNY", "rmb": "CNY",
    "파운드": "GBP", "파운드화": "GBP", "gbp": "GBP", "프랑": "CHF", "스위스프랑": "CHF", "chf": "CHF",
    "홍콩달러": "HKD", "hkd": "HKD", "대만달러": "TWD", "twd": "TWD", "싱가포르달러": "SGD", "sgd": "SGD",
    "호주달러": "AUD", "aud": "AUD", "캐나다달러": "CAD", "cad": "CAD", "뉴질랜드달러": "NZD", "nzd": "NZD",
    "바트": "THB", "밧": "THB", "thb": "THB", "루피아": "IDR", "루피": "INR", "루블": "RUB", "링깃": "MYR",
    "페소": "PHP", "리라": "TRY", "vnd": "VND",
}  # fmt: skip
CURRENCY_SIGNS = {
    "₩": "KRW",
    "$": "USD",
    "us$": "USD",
    "€": "EUR",
    "¥": "JPY",
    "£": "GBP",
    "元": "CNY",
    "฿": "THB",
    "₫": "VND",
}
