"""Reply texts with gaps: a wording and the values in, the sentence out, with the particle (조사) that fits.

A gap is ``{name}`` or ``{name:을/를}``; a brace itself is written twice. A ``Saying`` is one reply in several
wordings, given in turn.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from ner_engine.errors import ConfigError
from ner_engine.josa import pick

__all__ = ["Gap", "Saying", "Template", "choose", "parse_template", "render"]

_PIECE = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}:]*)(?::(?P<pair>[^{}]*))?\}|[{}]")


@dataclass(frozen=True, slots=True)
class Gap:
    """A place for a value, and the particle pair to follow it (``""`` for none)."""

    name: str
    pair: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A wording: literal texts and gaps in their order."""

    pieces: tuple[str | Gap, ...]

    @property
    def names(self) -> frozenset[str]:
        """The values it needs."""
        return frozenset(piece.name for piece in self.pieces if isinstance(piece, Gap))


@dataclass(frozen=True, slots=True)
class Saying:
    """A reply in one or more wordings; ``key`` is where it stands in the rule file.

    ``free`` are values that something outside the rule file may supply (an action's facts): a wording that tells
    more of those that came is preferred to one that tells less.
    """

    key: str
    wordings: tuple[Template, ...]
    free: frozenset[str] = frozenset()


def parse_template(text: str) -> Template:
    """A wording from its text. Raises ConfigError for a stray brace or an unknown particle pair."""
    pieces: list[str | Gap] = []
    last = 0
    for match in _PIECE.finditer(text):
        if match.start() > last:
            pieces.append(text[last : match.start()])
        last = match.end()
        token = match.group(0)
        if token in ("{{", "}}"):
            pieces.append(token[0])
        elif match["name"] is None:
            raise ConfigError(f"stray {token!r} in a reply; write it twice to show a brace")
        else:
            name, pair = match["name"].strip(), (match["pair"] or "").strip()
            if not name or (match["pair"] is not None and not pair):
                raise ConfigError(f"expected {{name}} or {{name:을/를}} in a reply; got {token!r}")
            if pair:
                pick("", pair)  # refuses an unknown pair now rather than in the middle of a talk
            pieces.append(Gap(name, pair))
    if last < len(text):
        pieces.append(text[last:])
    return Template(tuple(pieces))


def render(template: Template, values: Mapping[str, str]) -> str:
    """The sentence. Every gap must have its value (KeyError otherwise)."""
    out: list[str] = []
    for piece in template.pieces:
        if isinstance(piece, str):
            out.append(piece)
        else:
            value = values[piece.name]
            out.append(value + (pick(value, piece.pair) if piece.pair else ""))
    return "".join(out).strip()


def choose(saying: Saying, values: Mapping[str, str], *, used: int, seed: int) -> Template:
    """The wording to use: of those whose gaps can all be filled, the next one in turn.

    ``used`` counts how often the saying was given; ``seed`` shifts where the turn begins (0: at the first).
    """
    fit = [t for t in saying.wordings if t.names <= values.keys()]
    if not fit:
        missing = ", ".join(sorted(saying.wordings[0].names - values.keys()))
        raise ConfigError(f"{saying.key}: no wording can be used; no value for {missing}")
    if saying.free:
        telling = max(len(t.names & saying.free) for t in fit)
        fit = [t for t in fit if len(t.names & saying.free) == telling]
    shift = zlib.crc32(f"{seed}:{saying.key}".encode()) if seed else 0
    return fit[(shift + used) % len(fit)]
