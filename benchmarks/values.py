"""What reading values and applying rules costs: milliseconds on long texts, microseconds on ordinary phrases.

::

    python benchmarks/values.py
    python benchmarks/values.py --lengths 20000,1000 --rounds 9 --json

A long text is one piece said over and over. Readers of values refuse 20,000 characters by their length alone;
the shorter lengths are those they still read (``fold`` takes 256, of which 64 that are no spaces).
``moments_of`` gets every phrase, and every long text, as one entity. Figures are CPU times, the fastest of the
rounds, which other work on the machine disturbs least; a phrase's is the mean over its kind.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from ner_engine.rules.builtin import BUILTIN
from ner_engine.rules.candidates import SOURCES, Candidate
from ner_engine.rules.mask import mask
from ner_engine.rules.merge import POLICIES, decide
from ner_engine.rules.patterns import PatternMatcher
from ner_engine.spans import Entity
from ner_engine.values import VALUED_LABELS, Clock, moments_of, parse, parse_at
from ner_engine.values.phrases import remembered

NOW = datetime(2026, 11, 25, 14, 30)
CLOCK = Clock.at(NOW)
PIECES = ("일", "십", "12/", "내일 ", "1234567890")

Call = Callable[[str], object]
Row = dict[str, str | float]


def _phrases(listed: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in listed.split("|"))


PHRASES: Mapping[str, tuple[str, ...]] = {
    "dates": _phrases(
        "오늘 | 내일 | 모레 | 글피 | 어제 | 그저께 | 다음 주 금요일 | 이번 주말 | 지난달 | 다음 달 초 | "
        "3월 5일 | 12월 31일까지 | 2026년 11월 25일 | 2026-11-25 | 2026.11.25 | 11/27 | 사흘 뒤 | 3일 전 | "
        "2주 후 | 일주일 동안 | 매주 화요일 | 매달 말일 | 설날 | 추석 연휴 | 크리스마스 | 내년 봄 | "
        "올해 말 | 월요일부터 수요일까지 | 11월 27일(금) | 보름 뒤"
    ),
    "times": _phrases(
        "3시 | 오후 3시 | 오전 9시 30분 | 저녁 7시 반 | 새벽 두 시 | 밤 12시 | 정오 | 자정 | 19:30 | "
        "오후 세시 반 | 열두 시 십오 분 | 3시쯤 | 7시까지 | 3시부터 5시까지 | 두 시간 뒤 | 30분 뒤 | "
        "한 시간 반 | 1시간 30분 동안 | 아침 | 점심때 | 저녁에 | 지금 | 내일 오후 3시 | "
        "다음 주 금요일 저녁 7시 반 | 오늘 밤 | 매일 아침 7시 | 5시 10분 전 | 14시 5분 | 10초 | "
        "오후 2시에서 4시 사이"
    ),
    "quantities": _phrases(
        "두 개 | 세 마리 | 네 명 | 다섯 잔 | 열두 병 | 스무 살 | 서른 명쯤 | 3개 | 10명 | 2박스 | "
        "1.5리터 | 500ml | 70kg | 1미터 70 | 20% | 세 번째 | 2층 | 3~4인분 | 두세 개 | 한 그릇 | 반 판 | "
        "백 명 이상 | 약 30평 | 영하 5도 | 시속 100킬로미터 | 3분의 1 | 1,234 | 이천이십육 | 열 권씩 | "
        "한두 봉지만"
    ),
    "money": _phrases(
        "만 오천 원 | 15000원 | 3만 5천원 | 1억 2천만 원 | 5천원짜리 | 천 원 | 백 원 | 만원 | 2만원쯤 | "
        "삼만 오천 원이요 | 10달러 | 50불 | 100유로 | 천 엔 | $20 | ₩5000 | 1억5000만원 | 12만 3456원 | "
        "오백 원 | 팔천구백 원 | 3~4만원 | 만 원에서 이만 원 | 약 5만원 | 총 3만원 | 이십만원 정도 | "
        "9900원 | 천만 원 | 20억 | 만 이천오백 원 | 7천 원만"
    ),
    "places": _phrases(
        "서울 | 부산 | 대전시 | 경기도 | 제주도 | 강남구 | 서울 강남구 | 서울시 마포구 합정동 | "
        "경기도 수원시 팔달구 | 해운대 | 강남역 | 홍대입구 | 서울역 앞 | 인천공항 | 테헤란로 12 | "
        "서울 강남구 테헤란로 12 | 세종대로 110 | 서울특별시 중구 세종대로 110 | 성미산로 29길 | "
        "종로 1가 | 역삼동 123-4 | 합정동 412번지 | 경기도 수원시 팔달구 정조로 8 101동 1203호 | 춘천 | "
        "전주 한옥마을 | 광화문 | 강원도 속초시 | 전남 여수 | 대구 달서구 | 부산 해운대구 우동"
    ),
}


def calls() -> dict[str, Call]:
    """Every public way from a text to values or candidates, by its name."""

    def parsing(label: str) -> Call:
        return lambda text: parse(text, label=label, now=NOW)

    matcher = PatternMatcher(BUILTIN)
    found: dict[str, Call] = {"parse": parsing("")}
    found |= {f"parse {label}": parsing(label) for label in sorted(VALUED_LABELS)}
    found["parse_at"] = lambda text: parse_at(text, CLOCK)
    for label in ("DT", "TI"):
        found[f"moments_of {label}"] = _moments(label)
    return found | {"patterns": matcher.find, "mask": mask}


def _moments(label: str) -> Call:
    return lambda text: moments_of(text, [Entity(text, 0, len(text), label)], CLOCK)


def candidates(count: int) -> list[Candidate]:
    """Candidates each of which overlaps its neighbours, of all sources in turn."""
    return [
        Candidate("xx", i, i + 2, "A", (i * 7919 % 100) / 100, SOURCES[i % 3], canonical=str(i))
        for i in range(count)
    ]


def fastest(work: Callable[[], object], *, rounds: int) -> float:
    """Seconds of CPU time, the best of the rounds."""
    seconds = []
    for _ in range(rounds):
        remembered.cache_clear()
        begun = time.process_time()
        work()
        seconds.append(time.process_time() - begun)
    return min(seconds)


def on_long_texts(length: int, *, rounds: int) -> list[Row]:
    """A row for each call: milliseconds for ``length`` characters of each piece."""
    texts = {piece: (piece * length)[:length] for piece in PIECES}
    return [
        {
            f"ms, {length} characters": name,
            **{
                repr(piece): round(1e3 * fastest(partial(call, text), rounds=rounds), 3)
                for piece, text in texts.items()
            },
        }
        for name, call in calls().items()
    ]


def on_phrases(*, rounds: int) -> list[Row]:
    """A row for each call: microseconds a phrase of each kind."""

    def mean(call: Call, phrases: Sequence[str]) -> float:
        seconds = fastest(lambda: [call(phrase) for phrase in phrases], rounds=rounds)
        return round(1e6 * seconds / len(phrases), 1)

    return [
        {"us a phrase": name, **{kind: mean(call, phrases) for kind, phrases in PHRASES.items()}}
        for name, call in calls().items()
    ]


def on_candidates(count: int, *, rounds: int) -> list[Row]:
    """A row for each policy: milliseconds to choose among ``count`` candidates."""
    many = candidates(count)

    def choosing(policy: str) -> float:
        return round(1e3 * fastest(lambda: decide(many, policy=policy), rounds=rounds), 2)

    return [{f"ms, {count} candidates": policy, "decide": choosing(policy)} for policy in POLICIES]


def table(rows: Sequence[Row]) -> str:
    """The rows under their heads, columns aligned."""
    lines = [list(rows[0]), *([str(cell) for cell in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join(
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) + "\n" for line in lines
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 done."""
    parser = argparse.ArgumentParser(description="Measure how long values and rules take to read a text.")
    parser.add_argument(
        "--lengths", default="20000,250,60", help="characters of long texts (default: %(default)s)"
    )
    parser.add_argument("--candidates", type=int, default=5000, help="to choose among (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each, best counts (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(argv)
    phrases = on_phrases(rounds=given.rounds)  # first: what is loaded when first used is loaded then
    tables = [on_long_texts(int(length), rounds=given.rounds) for length in given.lengths.split(",")]
    tables += [phrases, on_candidates(given.candidates, rounds=given.rounds)]
    if given.json:
        sys.stdout.write(json.dumps(tables, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(map(table, tables)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
