"""How fast a bundle extracts: a bundle and texts in, tables of times and ratios on stdout out.

::

    python benchmarks/extraction.py ko-chat
    python benchmarks/extraction.py models/mine --texts lines.txt --batch-sizes 16,64 --threads 1

Measured are ``extract`` one text at a time and ``pipe`` at several batch sizes, with one and more threads, each
split into its stages, and the cold start of ``ner-engine extract`` as a whole process. The modes take turns, a
round each, so that a machine that slows down slows all of them; the figures are medians over the rounds, and
the ratios are against the baseline of the same run: ``extract`` with the fewest threads.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import ner_engine
from ner_engine.cli.extract import read_texts
from ner_engine.datasets.generate import generate_corpus
from ner_engine.engine import DEFAULT_BUNDLE, Engine
from ner_engine.errors import NerEngineError

STAGES = ("features", "network", "decoding")
COLD_TEXT = "내일 저녁 7시에 강남역에서 김민수랑 파스타 먹자"


@dataclass(frozen=True, slots=True)
class Round:
    """One pass over all texts: seconds in all, seconds a stage, seconds of each call (``extract`` only)."""

    total: float
    stages: dict[str, float]
    calls: list[float]


@dataclass(frozen=True, slots=True)
class Mode:
    """One way to extract; ``batch_size`` 0 is ``extract``, text by text."""

    threads: int
    batch_size: int

    @property
    def name(self) -> str:
        return f"pipe, batch {self.batch_size}" if self.batch_size else "extract"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Milliseconds are a sentence's."""

    mode: str
    threads: int
    sentences_per_s: float
    ms: float
    ratio: float
    features_ms: float
    network_ms: float
    decoding_ms: float
    rest_ms: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class Clock:
    """Adds up the seconds spent in functions put under watch."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def watch(self, owner: object, method: str, stage: str) -> None:
        """Replace a method of one object by a version that is timed."""
        inner: Callable[..., Any] = getattr(owner, method)

        def timed(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            result = inner(*args, **kwargs)
            self.seconds[stage] += time.perf_counter() - start
            return result

        setattr(owner, method, timed)


def watched(bundle: str, *, threads: int) -> tuple[Engine, Clock]:
    """An engine whose stages are timed where they run: the path measured is the one users take."""
    engine, clock = ner_engine.load(bundle, threads=threads), Clock()
    clock.watch(engine._features, "encode_many", "features")
    clock.watch(engine._session, "emissions", "network")
    clock.watch(engine._decoder, "spans", "decoding")
    return engine, clock


def run(engine: Engine, clock: Clock, texts: Sequence[str], *, batch_size: int) -> tuple[Round, list[Any]]:
    """One pass over the texts in one mode, and the spans found."""
    clock.seconds.clear()
    calls: list[float] = []
    answers = []
    begun = time.perf_counter()
    if batch_size:
        answers = list(engine.pipe(texts, batch_size=batch_size))
    else:
        for text in texts:
            start = time.perf_counter()
            answers.append(engine.extract(text))
            calls.append(time.perf_counter() - start)
    total = time.perf_counter() - begun
    spans = [[entity.span for entity in entities] for entities in answers]
    return Round(total, {stage: clock.seconds[stage] for stage in STAGES}, calls), spans


def measure(
    bundle: str, texts: Sequence[str], modes: Sequence[Mode], *, repeats: int
) -> tuple[list[Row], dict[str, int]]:
    """The table, and for each mode in how many texts its spans differ from the baseline's."""
    engines = {t: watched(bundle, threads=t) for t in sorted({mode.threads for mode in modes})}
    for engine, clock in engines.values():
        run(engine, clock, texts[:32], batch_size=8)  # caches filled, memory allocated
    rounds: dict[Mode, list[Round]] = {mode: [] for mode in modes}
    found: dict[Mode, list[Any]] = {}
    for _ in range(repeats):
        for mode in modes:
            one, found[mode] = run(*engines[mode.threads], texts, batch_size=mode.batch_size)
            rounds[mode].append(one)
    baseline = statistics.median(one.total for one in rounds[modes[0]])
    rows = [_row(mode, rounds[mode], len(texts), baseline) for mode in modes]
    differ = {
        f"{mode.name}, {mode.threads} threads": sum(
            a != b for a, b in zip(found[mode], found[modes[0]], strict=True)
        )
        for mode in modes
    }
    return rows, {name: count for name, count in differ.items() if count}


def _row(mode: Mode, rounds: Sequence[Round], count: int, baseline: float) -> Row:
    total = statistics.median(one.total for one in rounds)
    stage = {s: 1000 * statistics.median(one.stages[s] for one in rounds) / count for s in STAGES}
    calls = sorted(1000 * seconds for one in rounds for seconds in one.calls)
    p50, p95, p99 = (calls[int(q * (len(calls) - 1))] if calls else None for q in (0.5, 0.95, 0.99))
    return Row(
        mode=mode.name,
        threads=mode.threads,
        sentences_per_s=count / total,
        ms=1000 * total / count,
        ratio=baseline / total,
        features_ms=stage["features"],
        network_ms=stage["network"],
        decoding_ms=stage["decoding"],
        # a median of sums is no sum of medians: noise could make it a hair negative
        rest_ms=max(0.0, 1000 * total / count - sum(stage.values())),
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
    )


def cold_starts(bundle: str, *, repeats: int) -> dict[str, list[float]]:
    """Wall-clock seconds of whole processes, by what they do; the first is the baseline."""
    command = "from ner_engine.cli import main; main()"
    processes = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "ner-engine --version": [sys.executable, "-c", command, "--version"],
        "ner-engine extract": [sys.executable, "-c", command, "extract", "-b", bundle, "--json", COLD_TEXT],
    }
    seconds: dict[str, list[float]] = {name: [] for name in processes}
    for turn in range(repeats + 1):
        for name, arguments in processes.items():
            start = time.perf_counter()
            done = subprocess.run(arguments, capture_output=True, text=True, check=False)
            taken = time.perf_counter() - start
            if done.returncode:
                said = (done.stderr.strip() or "no message").splitlines()[-1]
                raise NerEngineError(f"{name}: exit status {done.returncode}: {said}")
            if turn:  # the first turn fills the page cache
                seconds[name].append(taken)
    return seconds


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Aligned lines: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = []
    for row in (head, *rows):
        cells = [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _extraction_table(rows: Sequence[Row]) -> str:
    def ms(value: float | None) -> str:
        return "-" if value is None else f"{value:.3f}"

    def line(row: Row) -> list[str]:
        times = (row.ms, row.features_ms, row.network_ms, row.decoding_ms, row.rest_ms)
        names = [row.mode, str(row.threads), f"{row.sentences_per_s:,.0f}", f"{row.ratio:.2f}x"]
        return names + [ms(value) for value in (*times, row.p50_ms, row.p95_ms, row.p99_ms)]

    head = ["mode", "threads", "sentences/s", "ratio", "ms/sentence", *STAGES, "rest", "p50", "p95", "p99"]
    return table(head, [line(row) for row in rows])


def _cold_table(seconds: dict[str, list[float]]) -> str:
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    baseline = next(iter(medians.values()))
    rows = [
        [name, *(f"{s:.3f}" for s in (medians[name], min(taken), max(taken))), f"{medians[name] / baseline:.1f}x"]
        for name, taken in seconds.items()
    ]
    return table(["process", "median s", "fastest s", "slowest s", "ratio"], rows)


def _machine() -> dict[str, str | int | None]:
    import numpy
    import onnxruntime

    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("model name"):
            name = line.partition(":")[2].strip()
            break
    return {
        "cpu": name,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "ner-engine": ner_engine.__version__,
        "onnxruntime": str(onnxruntime.__version__),
        "numpy": str(numpy.__version__),
    }


def _texts(path: Path | None, *, count: int, seed: int) -> tuple[list[str], str]:
    """The texts, and where they are from."""
    if path is None:
        texts = [sentence.text for sentence in generate_corpus(count=count, seed=seed)]
        return texts, f"generated, seed {seed}"
    if not path.is_file():
        raise NerEngineError(f"{path}: expected a file of texts; none there")
    texts = [record["text"] for record in read_texts([str(path)], stdin=sys.stdin)][:count]
    if not texts:
        raise NerEngineError(f"{path}: expected at least one text; got none")
    return texts, str(path)


def _numbers(given: str) -> list[int]:
    try:
        numbers = [int(part) for part in given.split(",")]
    except ValueError:
        numbers = []
    if not numbers or min(numbers) < 1:
        raise argparse.ArgumentTypeError(f"expected whole numbers above 0 such as 1,8,64; got {given!r}")
    return numbers


def _count(given: str) -> int:
    (number, *more) = _numbers(given)
    if more:
        raise argparse.ArgumentTypeError(f"expected one whole number above 0; got {given!r}")
    return number


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Measure how fast a bundle extracts entities.",
        epilog="Example: python benchmarks/extraction.py ko-chat --count 2000 --threads 1,2",
    )
    parser.add_argument("bundle", nargs="?", default=DEFAULT_BUNDLE, help="bundle name or path")
    parser.add_argument(
        "--texts", type=Path, metavar="FILE", help="one text a line, or .jsonl with 'text' (default: generated)"
    )
    parser.add_argument("--count", type=_count, default=1000, help="how many texts (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the generated texts (default: %(default)s)")
    parser.add_argument(
        "--batch-sizes", type=_numbers, default=[1, 8, 64, 256], metavar="N,N", help="default: 1,8,64,256"
    )
    parser.add_argument(
        "--threads", type=_numbers, default=[1, 2], metavar="N,N", help="threads of the network (default: 1,2)"
    )
    parser.add_argument("--repeats", type=_count, default=5, help="rounds of every mode (default: %(default)s)")
    parser.add_argument(
        "--cold-starts", type=int, default=5, help="processes started; 0 leaves them out (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 done, 1 failed."""
    given = _arguments(argv)
    modes = [Mode(t, b) for t in sorted(set(given.threads)) for b in (0, *sorted(set(given.batch_sizes)))]
    try:
        texts, origin = _texts(given.texts, count=given.count, seed=given.seed)
        rows, differ = measure(given.bundle, texts, modes, repeats=given.repeats)
        cold = cold_starts(given.bundle, repeats=given.cold_starts) if given.cold_starts > 0 else {}
    except NerEngineError as error:
        sys.stderr.write(f"extraction.py: {error}\n")
        return 1
    machine = _machine()
    characters = statistics.mean(map(len, texts))
    if given.json:
        values = {
            "bundle": given.bundle,
            "machine": machine,
            "texts": {"origin": origin, "count": len(texts), "mean_characters": round(characters, 1)},
            "repeats": given.repeats,
            "extraction": [asdict(row) for row in rows],
            "texts_with_other_spans": differ,
            "cold_start_s": cold,
        }
        sys.stdout.write(json.dumps(values, ensure_ascii=False, indent=2) + "\n")
        return 0
    parts = [
        "\n".join(f"{key + ':':13}{value}" for key, value in machine.items()),
        f"{given.bundle}: {len(texts):,} texts ({origin}), {characters:.1f} characters a text, "
        f"median of {given.repeats} rounds; milliseconds are a sentence's",
        _extraction_table(rows),
    ]
    for name, count in differ.items():
        parts.append(f"{name}: other spans than the baseline in {count} of {len(texts)} texts")
    if cold:
        parts += [f"cold start, {given.cold_starts} processes each", _cold_table(cold)]
    sys.stdout.write("\n\n".join(parts) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
