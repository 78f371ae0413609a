"""``ner-engine extract``: texts, files or stdin in; JSON Lines, or coloured text on a terminal, out."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from ner_engine.cli.clock import fixed_clock
from ner_engine.cli.colours import colour_of
from ner_engine.errors import DataError
from ner_engine.rules.merge import DEFAULT_POLICY, POLICIES

__all__ = ["extract", "read_texts"]

LONGEST_LINE = 50_000  # characters held at a time; a longer line is cut at a space where there is one


# what can only be meant as a file: no Korean sentence ends like this
_FILE_NAME = re.compile(r"\S+\.(?:txt|jsonl|json|tsv|csv|gz)", re.IGNORECASE)


def _lines(stream: IO[str]) -> Iterator[tuple[str, int]]:
    """Lines without their end, with their number; a line over LONGEST_LINE comes in pieces."""
    number, carried = 1, ""
    while piece := stream.readline(LONGEST_LINE):
        if piece.endswith("\n"):
            yield (carried + piece).rstrip("\r\n"), number
            number, carried = number + 1, ""
            continue
        piece = carried + piece
        cut = piece.rfind(" ") + 1 if len(piece) >= LONGEST_LINE else 0
        cut = cut or len(piece)
        yield piece[:cut], number
        carried = piece[cut:]
    if carried:
        yield carried, number


def read_texts(inputs: Sequence[str], *, stdin: IO[str]) -> Iterator[dict[str, Any]]:
    """Records with a ``text`` from arguments: ``-`` is stdin, an existing file its lines, else the text itself.

    A file named ``.jsonl`` holds one object a line with ``text``, whose ``id`` is kept.
    """
    for given in inputs:
        if given == "-":
            yield from ({"text": text} for text, _ in _lines(stdin) if text.strip())
        elif os.path.isfile(given):  # False, not an error, for a text that could be no file name
            path = Path(given)
            with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as stream:
                for text, number in _lines(stream):
                    if not text.strip():
                        continue
                    yield _record(text, given, number) if path.suffix == ".jsonl" else {"text": text}
        elif os.path.isdir(given) or _FILE_NAME.fullmatch(given):
            raise DataError("expected a text, a file of texts, or '-'; no such file", path=given)
        else:
            yield {"text": given}


def _record(line: str, path: str, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"expected a JSON object; {error}", path=path, line=number) from None
    if not isinstance(record, dict) or not isinstance(record.get("text"), str):
        raise DataError("expected an object with a string 'text'", path=path, line=number)
    return {key: record[key] for key in ("id", "text") if key in record}


def extract(
    inputs: Annotated[
        list[str], typer.Argument(help="Texts, files (one text a line; .jsonl: objects with 'text'), or '-'.")
    ],
    bundle: Annotated[str, typer.Option("--bundle", "-b", help="Bundle name or path.")] = "ko-chat",
    label: Annotated[
        list[str] | None, typer.Option("--label", "-l", help="Keep only this label (repeatable).")
    ] = None,
    min_score: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Keep only entities at least this probable (default: the bundle's)."),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Texts a batch.")] = 64,
    threads: Annotated[int, typer.Option(min=1, help="Cores to use.")] = 1,
    now: Annotated[
        str | None,
        typer.Option(metavar="ISO", help="The clock that values are counted from, such as 2026-07-23T17:00."),
    ] = None,
    values: Annotated[bool, typer.Option("--values/--no-values", help="Say what entities mean.")] = True,
    rules: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Dictionary (.csv, .tsv, .jsonl), patterns (.toml), or 'builtin': the package's (repeatable).",
        ),
    ] = None,
    policy: Annotated[
        str,
        typer.Option(help="Who is believed where the tagger and the rules differ: " + ", ".join(POLICIES) + "."),
    ] = DEFAULT_POLICY,
    ignore_spaces: Annotated[
        bool, typer.Option("--ignore-spaces", help="Look dictionary entries up without regard to spaces.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say for every candidate why it is, or is not, in the answer.")
    ] = False,
    as_json: Annotated[
        bool | None,
        typer.Option("--json/--plain", help="JSON Lines or coloured text (default: by terminal)."),
    ] = None,
) -> None:
    """Extract entities.

    \b
    Examples:
      ner-engine extract "내일 저녁 7시에 강남역에서 김민수랑 파스타 먹자"
      ner-engine extract --json --now 2026-07-23T17:00 "모레 오후 세 시요"
      ner-engine extract --rules menu.tsv --rules builtin --explain "아아 두 잔이요"
    """
    import ner_engine
    from ner_engine.rules import read_rules

    clock = fixed_clock(now)
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    ruleset = read_rules(*rules or (), policy=policy, ignore_spaces=ignore_spaces)
    engine = ner_engine.load(bundle, rules=ruleset, threads=threads, values=values)
    json_lines = not sys.stdout.isatty() if as_json is None else as_json
    if explain:
        for record in read_texts(inputs, stdin=sys.stdin):
            why = engine.explain(record["text"], labels=label, min_score=min_score)
            _echo(
                json.dumps(record | why.to_dict(), ensure_ascii=False)
                if json_lines
                else f"{record['text']}\n{why}"
            )
        return
    waiting: deque[dict[str, Any]] = deque()

    def texts() -> Iterator[str]:
        for record in read_texts(inputs, stdin=sys.stdin):
            waiting.append(record)
            yield record["text"]

    found = engine.pipe(texts(), batch_size=batch_size, labels=label, min_score=min_score, now=clock)
    for entities in found:
        record = waiting.popleft()
        if json_lines:
            record["entities"] = [entity.to_dict() for entity in entities]
            _echo(json.dumps(record, ensure_ascii=False))
        else:
            _show(record["text"], entities)


def _echo(line: str) -> None:
    """A line out; a lone surrogate, or a byte that is no UTF-8, becomes the JSON escape of it."""
    typer.echo(line.encode("utf-8", "backslashreplace"))


def _show(text: str, entities: Sequence[Any]) -> None:
    """One text on the terminal with its entities marked."""
    out, at = "", 0
    for entity in entities:
        mark = typer.style(entity.text, fg=colour_of(entity.label), bold=True)
        out += text[at : entity.start] + mark + typer.style(f"[{entity.label} {entity.score:.2f}]", dim=True)
        at = entity.end
    typer.echo((out + text[at:]).encode("utf-8", "replace").decode("utf-8"))
