"""The machine: what its processor can do, and whether memory and disk suffice."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from ner_engine.doctor.asked import Asked
from ner_engine.doctor.finding import FAIL, OK, WARN, Finding
from ner_engine.doctor.mending import command, setting
from ner_engine.pointer import registry_root

__all__ = ["disk", "memory", "processor"]

_TOLD = (
    "avx", "avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "amx_bf16",
    "asimd", "asimddp", "i8mm",
)  # fmt: skip
_LITTLE_MEMORY, _NO_MEMORY = 700 << 20, 250 << 20  # the engine takes some 250 MB
_LITTLE_DISK, _NO_DISK = 1 << 30, 50 << 20  # a retraining writes some hundred MB


def processor(
    asked: Asked, *, cpuinfo: Path = Path("/proc/cpuinfo"), cgroup: Path = Path("/sys/fs/cgroup")
) -> Iterator[Finding]:
    """Cores, and the instructions that make the network fast."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cpu_quota(cgroup)
    flags = instructions(cpuinfo)
    shown = " ".join(flag for flag in _TOLD if flag in flags)
    message = f"{platform.machine()}, {cores} core{'s' if cores > 1 else ''}"
    message += f" of which {quota:g} may be used" if quota and quota < cores else ""
    message += f", {shown}" if shown else ""
    facts = {"cores": cores, "quota": quota, "instructions": shown.split()}
    slow = bool(flags) and platform.machine().lower() in ("x86_64", "amd64") and "avx2" not in flags
    if slow:
        message += "; without AVX2 extraction takes several times as long: a virtual machine may be hiding it"
    mend = command(["lscpu"]) if slow else ""
    yield Finding("processor", WARN if slow else OK, message, facts=facts, mend=mend)


def instructions(cpuinfo: Path) -> frozenset[str]:
    """The processor's flags; empty where the system does not tell."""
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _of_sysctl() if sys.platform == "darwin" else frozenset()
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("flags", "Features"):
            return frozenset(value.lower().split())
    return frozenset()


def _of_sysctl() -> frozenset[str]:
    asked = ["sysctl", "-n", "machdep.cpu.features", "machdep.cpu.leaf7_features"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return frozenset()
    return frozenset(done.stdout.lower().split())


def cpu_quota(cgroup: Path) -> float:
    """How many cores a container may use; 0 where nothing limits it."""
    try:
        given, period = (cgroup / "cpu.max").read_text(encoding="ascii").split()
        return 0.0 if given == "max" else int(given) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return 0.0


def memory(
    asked: Asked, *, meminfo: Path = Path("/proc/meminfo"), cgroup: Path = Path("/sys/fs/cgroup")
) -> Iterator[Finding]:
    """What is free, for the system or for the container."""
    free = free_memory(meminfo, cgroup)
    if free is None:
        return
    facts = {"free_bytes": free}
    message = f"{free / 2**30:.1f} GB free"
    if free < _LITTLE_MEMORY:
        status = FAIL if free < _NO_MEMORY else WARN
        message += "; the engine takes about 0.25 GB, training several"
        yield Finding("memory", status, message, mend="ps aux --sort=-rss | head", facts=facts)
    else:
        yield Finding("memory", OK, message, facts=facts)


def free_memory(meminfo: Path, cgroup: Path) -> int | None:
    """Bytes that a new process could have, or None where the system does not tell."""
    try:
        lines = meminfo.read_text(encoding="ascii", errors="replace").splitlines()
        free = next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return None
    try:
        most = (cgroup / "memory.max").read_text(encoding="ascii").strip()
        used = int((cgroup / "memory.current").read_text(encoding="ascii"))
        cached = _cached(cgroup / "memory.stat")
        return free if most == "max" else max(0, min(free, int(most) - used + cached))
    except (OSError, ValueError):
        return free


def _cached(stat: Path) -> int:
    """Bytes of files that the system keeps at hand and gives up when asked."""
    values: Mapping[str, int] = {
        words[0]: int(words[1])
        for words in map(str.split, stat.read_text(encoding="ascii").splitlines())
        if len(words) == 2
    }
    return values.get("inactive_file", 0)


def disk(asked: Asked) -> Iterator[Finding]:
    """Room where corrections, versions and passing files are written."""
    places = {"here": Path.cwd(), "models": registry_root(asked.models or None).absolute()}
    try:
        places["temporary files"] = Path(tempfile.gettempdir())
    except OSError as error:
        message = f"no folder for temporary files: {error.strerror or error}"
        yield Finding("disk", FAIL, message, mend=setting("TMPDIR", str(Path.home())))
    seen: set[int] = set()
    for subject, place in places.items():
        folder = next((one for one in (place, *place.parents) if one.is_dir()), None)
        if folder is None:
            continue
        device, free = folder.stat().st_dev, shutil.disk_usage(folder).free
        writable = os.access(folder, os.W_OK)
        if device in seen and writable:
            continue
        seen.add(device)
        facts = {"path": str(folder), "free_bytes": free, "writable": writable}
        message = f"{folder}: {free / 2**30:.1f} GB free"
        if free < _LITTLE_DISK:
            status = FAIL if free < _NO_DISK else WARN
            mend = command(["du", "-xh", "-d", "1", str(folder)])
            yield Finding("disk", status, message, subject=subject, mend=mend, facts=facts)
        elif not writable:
            message = f"{folder}: not writable for this user; extraction works, corrections and training do not"
            mend = "cd" if subject == "here" else setting("NER_ENGINE_REGISTRY", str(Path.home() / "models"))
            if subject == "temporary files":
                mend = setting("TMPDIR", str(Path.home()))
            yield Finding("disk", WARN, message, subject=subject, mend=mend, facts=facts)
        else:
            yield Finding("disk", OK, message, subject=subject, facts=facts)
