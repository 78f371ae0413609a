"""Whether Korean gets to the screen and back: encodings of the streams, the locale, fonts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from ner_engine.doctor.asked import Asked
from ner_engine.doctor.finding import FAIL, OFF, OK, WARN, Finding
from ner_engine.doctor.mending import setting

__all__ = ["encodings", "fonts", "hangul_passes"]

_SAMPLE = "한글 똠방각하 ㅋㅋ"  # 똠 is not in EUC-KR, but in the code page of Windows
_FONTS = {
    "debian": "sudo apt-get install fonts-noto-cjk",
    "ubuntu": "sudo apt-get install fonts-noto-cjk",
    "fedora": "sudo dnf install google-noto-sans-cjk-fonts",
    "rhel": "sudo dnf install google-noto-sans-cjk-fonts",
    "suse": "sudo zypper install google-noto-sans-cjk-fonts",
    "opensuse": "sudo zypper install google-noto-sans-cjk-fonts",
    "arch": "sudo pacman -S noto-fonts-cjk",
    "alpine": "sudo apk add font-noto-cjk",
}


def hangul_passes(encoding: str) -> bool:
    """Whether an encoding can carry any Korean text."""
    try:
        return _SAMPLE.encode(encoding).decode(encoding) == _SAMPLE
    except (LookupError, UnicodeError):
        return False


def encodings(asked: Asked, *, environment: Mapping[str, str] | None = None) -> Iterator[Finding]:
    """What is printed and what is typed, in the encodings that Python chose for them."""
    around = os.environ if environment is None else environment
    wrong = [
        f"{name} is {encoding}"
        for name, encoding in (("output", asked.output), ("input", asked.input))
        if encoding and not hangul_passes(encoding)
    ]
    facts = {"output": asked.output, "input": asked.input, "file_system": sys.getfilesystemencoding()}
    locale = next((f"{key}={around[key]}" for key in ("LC_ALL", "LC_CTYPE", "LANG") if around.get(key)), "")
    if wrong:
        message = f"{' and '.join(wrong)}, which cannot write all of Hangul"
        yield Finding("terminal", FAIL, message, mend=_utf8(around), facts=facts)
    elif asked.interactive and around.get("TERM") == "linux":
        message = "the console of Linux draws no Hangul; a terminal of the desktop or another machine does"
        yield Finding("terminal", WARN, message, mend=_print_sample(), facts=facts)
    elif locale and os.name == "posix" and "utf" not in locale.lower() and hangul_passes(asked.output):
        message = f"{asked.output}, but the locale is {locale}: other programs will show Hangul wrongly"
        yield Finding("terminal", WARN, message, mend=_locale(around), facts=facts)
    else:
        shown = f"output {asked.output or 'none'}, input {asked.input or 'none'}{', ' + locale if locale else ''}"
        yield Finding("terminal", OK, shown, facts=facts)


def _utf8(around: Mapping[str, str]) -> str:
    if "PYTHONIOENCODING" in around:
        return setting("PYTHONIOENCODING", "")
    if os.name == "nt":
        return f"chcp 65001 && {setting('PYTHONUTF8', '1')}"
    return setting("PYTHONUTF8", "1")


def _locale(around: Mapping[str, str]) -> str:
    return setting("LC_ALL" if around.get("LC_ALL") else "LANG", "C.UTF-8")


def _print_sample() -> str:
    return "printf '한글\\n'"


def fonts(
    asked: Asked, *, environment: Mapping[str, str] | None = None, release: Path = Path("/etc/os-release")
) -> Iterator[Finding]:
    """Whether a screen of this machine has letters to draw Hangul with."""
    around = os.environ if environment is None else environment
    if sys.platform in ("darwin", "win32"):
        yield Finding("fonts", OK, "the system brings Korean fonts")
        return
    remote = any(around.get(key) for key in ("SSH_CONNECTION", "SSH_TTY"))
    if remote or not any(around.get(key) for key in ("DISPLAY", "WAYLAND_DISPLAY")):
        yield Finding("fonts", OK, "no screen here: letters are drawn where the terminal is")
        return
    lister = shutil.which("fc-list")
    if lister is None:
        yield Finding("fonts", OFF, "fc-list is not here to say which fonts there are", mend=_install(release))
        return
    try:
        done = subprocess.run([lister, ":lang=ko", "family"], capture_output=True, text=True, errors="replace",
                              timeout=20, check=False)  # fmt: skip
        families = sorted({line.split(",")[0].strip() for line in done.stdout.splitlines() if line.strip()})
    except (OSError, subprocess.TimeoutExpired) as error:
        yield Finding("fonts", OFF, f"fc-list does not answer ({error})", mend=_install(release))
        return
    facts = {"families": families[:20]}
    if families:
        more = f" and {len(families) - 2} more" if len(families) > 2 else ""
        yield Finding("fonts", OK, f"{', '.join(families[:2])}{more}", facts=facts)
    else:
        yield Finding("fonts", WARN, "no font of this machine has Hangul", mend=_install(release), facts=facts)


def _install(release: Path) -> str:
    """The command of this distribution that installs a Korean font."""
    try:
        lines = release.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    told = {key: value.strip("\"'") for key, _, value in (line.partition("=") for line in lines)}
    kinds = [told.get("ID", ""), *told.get("ID_LIKE", "").split()]
    known = [kind.partition("-")[0] for kind in kinds if kind.partition("-")[0] in _FONTS]
    return _FONTS[known[0] if known else "debian"]
