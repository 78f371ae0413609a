"""Which colour an entity has on a terminal: a label in, the name of one of the sixteen terminal colours out."""

from __future__ import annotations

__all__ = ["colour_of", "visible"]

_COLOURS = {
    "PS": "magenta", "PER": "magenta", "LC": "green", "LOC": "green", "OG": "blue", "ORG": "blue",
    "DT": "yellow", "DAT": "yellow", "TI": "cyan", "TIM": "cyan", "QT": "red", "FOOD": "bright_red",
}  # fmt: skip
_CONTROLS = {code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"} | {0x7F: 0x2421}
_CONTROLS |= dict.fromkeys([*range(0x80, 0xA0), *range(0xD800, 0xE000)], 0xFFFD)


def colour_of(label: str) -> str:
    """The colour of a label, the same everywhere: ``"bright_blue"`` for one that has none of its own."""
    return _COLOURS.get(label, "bright_blue")


def visible(text: str) -> str:
    """The text with a picture in place of each character that would command the terminal; offsets stay."""
    return text.translate(_CONTROLS)
