"""How fast extraction is here: the bundle loaded, single texts and many. Runs when no other check does."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator

from ner_engine.bundle import load_bundle
from ner_engine.doctor.asked import Asked
from ner_engine.doctor.finding import FAIL, OK, WARN, Finding
from ner_engine.doctor.mending import ours
from ner_engine.engine import DEFAULT_BUNDLE, Engine
from ner_engine.errors import NerEngineError

__all__ = ["extraction"]

_TEXTS = (
    "글피 오후 다섯 시에 청주역 앞에서 봐요",
    "물냉면 세 그릇이랑 녹두전 하나 포장이요",
    "도현이가 이번 주 토요일에 이사한대",
    "네 감사합니다",
    "노원점은 몇 시까지 하나요?",
    "다음 달 9일 김포에서 제주 가는 비행기 두 자리 있어요?",
    "만 오천 원 넘으면 배달비 없죠",
    "지금 비 오는데 우산 챙겼어?",
)
_ONE_S = 0.7  # how long single texts are timed
_MANY = 256
_SLOW_MS = 60.0


def extraction(asked: Asked) -> Iterator[Finding]:
    """Load the bundle asked for, and time it."""
    began = time.perf_counter()
    try:
        engine = Engine(load_bundle(asked.bundle, models=asked.models or None))
    except NerEngineError as error:
        message = f"{asked.bundle} cannot be loaded: {error}"
        yield Finding("extraction", FAIL, message, mend=ours("doctor", "--only", "bundles", "-b", asked.bundle))
        return
    first = engine.extract(_TEXTS[0])
    load_s = time.perf_counter() - began
    wrong = [e for e in first if _TEXTS[0][e.start : e.end] != e.text]
    if wrong or (not first and asked.bundle == DEFAULT_BUNDLE):
        message = f"expected entities of {_TEXTS[0]!r} at their places; got {[e.to_dict() for e in first]}"
        yield Finding("extraction", FAIL, message, mend=ours("models", "verify", asked.bundle))
        return
    single_ms = _single(engine)
    many = list(_TEXTS) * (_MANY // len(_TEXTS))
    began = time.perf_counter()
    answered = sum(1 for _ in engine.pipe(many))
    per_second = answered / (time.perf_counter() - began)
    median = statistics.median(single_ms)
    facts = {
        "bundle": str(engine.bundle.path),
        "load_s": round(load_s, 2),
        "median_ms": round(median, 2),
        "p95_ms": round(sorted(single_ms)[int(0.95 * len(single_ms))], 2),
        "texts_per_s": round(per_second),
    }
    message = (
        f"{asked.bundle}: ready in {load_s:.1f} s, {median:.1f} ms an utterance, "
        f"{per_second:.0f} utterances a second in batches, on one core"
    )
    busy = _busy()
    if median > _SLOW_MS:
        cause = f"the machine is busy (load {busy:.1f} a core)" if busy > 1.0 else "the processor is slow"
        mend = "ps aux --sort=-%cpu | head" if busy > 1.0 else ours("doctor", "--only", "processor")
        yield Finding("extraction", WARN, f"{message}: {cause}", mend=mend, facts=facts)
    else:
        yield Finding("extraction", OK, message, facts=facts)


def _single(engine: Engine) -> list[float]:
    """Milliseconds of each text alone, again and again for a while."""
    taken: list[float] = []
    until = time.perf_counter() + _ONE_S
    while len(taken) < len(_TEXTS) or time.perf_counter() < until:
        text = _TEXTS[len(taken) % len(_TEXTS)]
        began = time.perf_counter()
        engine.extract(text)
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def _busy() -> float:
    """Processes that want to run, for each core; 0 where the system does not tell."""
    try:
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    except (AttributeError, OSError):
        return 0.0
