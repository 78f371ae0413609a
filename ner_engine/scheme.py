"""Tag schemes: which tags a label has, which may follow which, and spans <-> tags.

Each scheme is a table (as in seqeval's ``scheme.py``); the functions below read it. Sequences are over
*units*: syllables or morphemes; turning unit spans into character spans is the caller's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ner_engine.errors import ConfigError, DataError
from ner_engine.spans import Span

__all__ = ["SCHEMES", "Scheme", "spans_to_tags", "tag_list", "tags_to_spans", "transitions"]


@dataclass(frozen=True, slots=True)
class Scheme:
    """One tag scheme. ``begin``, ``inside``, ``end``, ``single`` are the prefixes it writes."""

    name: str
    begin: str
    inside: str
    end: str
    single: str

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The prefixes in use, in a fixed order, each once."""
        return tuple(dict.fromkeys((self.begin, self.inside, self.end, self.single)))

    def opens(self, prefix: str) -> bool:
        """Whether a span may start with this prefix."""
        return prefix in (self.begin, self.single)

    def closes(self, prefix: str) -> bool:
        """Whether a span may end with this prefix."""
        return prefix in (self.end, self.single) or (self.name == "BIO")


SCHEMES = {
    "BIO": Scheme("BIO", "B", "I", "I", "B"),
    "BIOES": Scheme("BIOES", "B", "I", "E", "S"),
}


def _scheme(name: str) -> Scheme:
    if name not in SCHEMES:
        raise ConfigError(f"scheme: expected one of {', '.join(SCHEMES)}; got {name!r}")
    return SCHEMES[name]


def tag_list(labels: Iterable[str], *, scheme: str = "BIOES") -> list[str]:
    """All tags of a label set, ``O`` first, then label by label. Length ``1 + prefixes * labels``."""
    table = _scheme(scheme)
    return ["O", *(f"{prefix}-{label}" for label in labels for prefix in table.prefixes)]


def spans_to_tags(length: int, spans: Iterable[Span], *, scheme: str = "BIOES") -> list[str]:
    """Unit spans -> one tag per unit. Raises DataError for overlaps or spans outside ``[0, length)``."""
    table = _scheme(scheme)
    tags = ["O"] * length
    last_end = 0
    for span in sorted(spans):
        if not last_end <= span.start < span.end <= length:
            raise DataError(f"cannot tag span {span} in a sequence of {length} units")
        last_end = span.end
        if span.end - span.start == 1:
            tags[span.start] = f"{table.single}-{span.label}"
            continue
        tags[span.start] = f"{table.begin}-{span.label}"
        for i in range(span.start + 1, span.end - 1):
            tags[i] = f"{table.inside}-{span.label}"
        tags[span.end - 1] = f"{table.end}-{span.label}"
    return tags


def tags_to_spans(tags: Sequence[str], *, scheme: str = "BIOES") -> list[Span]:
    """Tags -> unit spans, by the strict reading: only well-formed runs count.

    A run that does not open with ``B``/``S`` or, in BIOES, does not close with ``E``/``S`` is no span.
    """
    table = _scheme(scheme)
    spans: list[Span] = []
    start: int | None = None
    label = ""
    for i, tag in enumerate([*tags, "O"]):
        prefix, _, here = tag.partition("-")
        continues = start is not None and here == label and prefix in (table.inside, table.end)
        continues = continues and not (table.opens(prefix) and prefix != table.inside)
        if start is not None and not continues:
            if table.name == "BIO":
                spans.append(Span(start, i, label))
            start = None
        if table.opens(prefix) and not continues:
            start, label = i, here
        if start is not None and table.name == "BIOES" and table.closes(prefix):
            spans.append(Span(start, i + 1, label))
            start = None
    return spans


def transitions(tags: Sequence[str], *, scheme: str = "BIOES") -> tuple[list[list[bool]], list[bool], list[bool]]:
    """Which tag may follow which.

    Returns ``(allowed, may_start, may_end)``: ``allowed[i][j]`` says whether ``tags[j]`` may follow
    ``tags[i]``; the two lists say which tags may begin and end a sentence.
    """
    table = _scheme(scheme)
    parts = [(t, "") if t == "O" else (t.partition("-")[0], t.partition("-")[2]) for t in tags]

    def follows(left: tuple[str, str], right: tuple[str, str]) -> bool:
        if right[0] == "O" or table.opens(right[0]):
            return left[0] == "O" or table.closes(left[0])
        return left[0] in (table.begin, table.inside) and left[1] == right[1]

    allowed = [[follows(left, right) for right in parts] for left in parts]
    may_start = [p == "O" or table.opens(p) for p, _ in parts]
    may_end = [p == "O" or table.closes(p) for p, _ in parts]
    return allowed, may_start, may_end
