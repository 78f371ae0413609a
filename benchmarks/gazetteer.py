"""What a large gazetteer costs: seconds to load, memory, and microseconds a sentence beside a small one.

::

    python benchmarks/gazetteer.py
    python benchmarks/gazetteer.py --sizes 1000,100000 --count 500 --ignore-spaces

For each size a dictionary is written (names of persons, shops and dishes put together from syllables and words, a
synonym in every tenth, an id and a price for all) and read in a process of its own. The texts are generated
utterances of which every other names one of the first 1,000 entries, so that all sizes find something; what
more a larger dictionary finds by chance is part of its cost. A round goes over all texts; figures are the fastest
of the rounds, which other work on the machine disturbs least.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ner_engine.datasets.generate import generate_corpus
from ner_engine.rules.gazetteer import load_gazetteer

COMMON = 1000  # entries that every dictionary begins with


def _words(text: str) -> list[str]:
    return text.split()


_SURNAMES = (
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민류나진지엄채원천방공현"
    "함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용예경봉사부"
)
_GIVEN = (
    "가강건경고관광교구국권규균근금기길나남노다단대덕도동두라란람래련령로류륜률리린림마만매명모목무문미민"
    "바배백범별병보봉부빈사산삼상새서석선설섬성세소솔송수숙순슬승시신아안애양언여연열염엽영예오옥온완용우"
    "욱운웅원월위유윤율은을음의이익인일임자장재전정제조종주준중지진찬창채천철청초춘충치태택하학한해향혁현"
    "형혜호홍화환황효후훈휘희"
)
_TOWNS = _words(
    "강남 서초 송파 마포 종로 성북 노원 은평 해운대 수영 동래 유성 둔산 수성 달서 남동 "
    "연수 부평 상무 봉선 일산 분당 판교 동탄 평촌 산본 중동 송도 청라 광교 영통 인계 천안 "
    "청주 전주 여수 순천 포항 경주 구미 창원 김해 진주 제주 서귀포 속초 강릉 원주 춘천"
)
_TRADES = _words(
    "식당 분식 반점 치킨 피자 카페 베이커리 약국 의원 치과 안과 서점 문구 세탁소 미용실 "
    "헬스장 학원 부동산 꽃집 정육점"
)
_MAKINGS = _words(
    "매운 순한 옛날 수제 직화 통 왕 미니 반반 모둠 해물 김치 치즈 마늘 간장 양념 크림 "
    "로제 들깨 얼큰 궁중 안동 춘천 나주 전주"
)
_DISHES = _words(
    "떡볶이 순대 튀김 김밥 라면 우동 냉면 칼국수 수제비 만두 돈까스 불고기 갈비 찜닭 닭갈비 "
    "비빔밥 볶음밥 덮밥 국밥 찌개 전골 파스타 리조또 샐러드 피자"
)


def entries(count: int, *, seed: int) -> Iterator[tuple[str, str]]:
    """Surfaces, no two the same, with labels."""
    draw = random.Random(seed)
    seen: set[str] = set()
    while len(seen) < count:
        kind = draw.random()
        if kind < 0.5:
            surface, label = draw.choice(_SURNAMES) + draw.choice(_GIVEN) + draw.choice(_GIVEN), "PS"
        elif kind < 0.75:
            owner = draw.choice(_GIVEN) + draw.choice(_GIVEN)
            surface, label = f"{draw.choice(_TOWNS)} {owner}{draw.choice(_TRADES)}", "OG"
        else:
            name = draw.choice(_MAKINGS) + draw.choice(_GIVEN) + draw.choice(_GIVEN)
            surface, label = f"{name} {draw.choice(_MAKINGS)} {draw.choice(_DISHES)}", "FOOD"
        if surface not in seen:
            seen.add(surface)
            yield surface, label


def write(path: Path, count: int, *, seed: int) -> None:
    """A dictionary of ``count`` entries."""
    with path.open("w", encoding="utf-8") as file:
        file.write("surface\tlabel\tcanonical\tsynonyms\tprice\n")
        for i, (surface, label) in enumerate(entries(count, seed=seed)):
            synonym = f"{surface} {i % 9 + 1}호" if i % 10 == 0 else ""
            file.write(f"{surface}\t{label}\tE{i:07}\t{synonym}\t{i % 500 * 100}\n")


def texts(count: int, *, seed: int) -> list[str]:
    """Utterances, every other one with an entry that all dictionaries hold."""
    known = [surface for surface, _ in entries(COMMON, seed=seed)]
    draw = random.Random(seed)
    said = [sentence.text for sentence in generate_corpus(count=count, seed=seed)]
    return [f"{text} {draw.choice(known)}에서 봐요" if i % 2 else text for i, text in enumerate(said)]


def measure(path: Path, sentences: Path, *, rounds: int, ignore_spaces: bool) -> dict[str, float]:
    """Load a dictionary and search the texts, in this process."""
    said: list[str] = json.loads(sentences.read_text(encoding="utf-8"))
    before = resident_mb()
    begun, wall = time.process_time(), time.perf_counter()
    gazetteer = load_gazetteer(path, ignore_spaces=ignore_spaces)
    loaded, waited = time.process_time() - begun, time.perf_counter() - wall
    after = resident_mb()
    seconds, found = [], 0
    for _ in range(rounds):
        begun = time.process_time()
        found = sum(len(gazetteer.find(text)) for text in said)
        seconds.append(time.process_time() - begun)
    return {
        "entries": len(gazetteer),
        "forms": gazetteer.forms,
        "load_cpu_s": round(loaded, 2),
        "load_wall_s": round(waited, 2),
        "kept_mb": round(after - before, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "us_per_sentence": round(1e6 * min(seconds) / len(said), 2),
        "found_per_sentence": round(found / len(said), 3),
    }


def resident_mb() -> float:
    """Memory of this process now, in MiB (Linux; 0 elsewhere)."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0.0
    return int(pages) * resource.getpagesize() / 2**20


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 done."""
    parser = argparse.ArgumentParser(description="Measure how long gazetteers take to load and to search.")
    parser.add_argument("--sizes", default="1000,1000000", help="entries, smallest first (default: %(default)s)")
    parser.add_argument("--count", type=int, default=1000, help="texts (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="rounds over the texts (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of entries and texts (default: %(default)s)")
    parser.add_argument("--ignore-spaces", action="store_true", help="search without regard to spaces")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--one", nargs=2, metavar=("DICTIONARY", "TEXTS"), help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.one:
        paths = [Path(one) for one in given.one]
        row = measure(*paths, rounds=given.rounds, ignore_spaces=given.ignore_spaces)
        sys.stdout.write(json.dumps(row) + "\n")
        return 0
    rows: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        sentences = Path(folder) / "texts.json"
        sentences.write_text(json.dumps(texts(given.count, seed=given.seed)), encoding="utf-8")
        for size in (int(part) for part in given.sizes.split(",")):
            dictionary = Path(folder) / f"{size}.tsv"
            write(dictionary, size, seed=given.seed)
            command = [sys.executable, __file__, "--one", str(dictionary), str(sentences)]
            command += ["--rounds", str(given.rounds)] + ["--ignore-spaces"] * given.ignore_spaces
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            rows.append(json.loads(done.stdout))
    if given.json:
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        return 0
    head = [*rows[0], "ratio"]
    lines = [
        [*map(str, row.values()), f"{row['us_per_sentence'] / rows[0]['us_per_sentence']:.2f}x"] for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]
    for line in (head, *lines):
        sys.stdout.write("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
