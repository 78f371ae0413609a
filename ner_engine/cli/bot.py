"""``ner-engine bot``: rule files and transcripts in; findings, differences and coverage out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ner_engine.cli.book import register
from ner_engine.errors import DataError

if TYPE_CHECKING:
    from ner_engine.chatbot.playback.coverage import Part
    from ner_engine.chatbot.playback.playing import Played
    from ner_engine.chatbot.playback.transcript import Transcript
    from ner_engine.spans import Entity

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Make, check and try the rule files of chatbots; look into their database.",
    epilog="Example: ner-engine bot lint restaurant",
)

_Rules = Annotated[
    str, typer.Argument(metavar="RULES", help="A rule file, or a bot that comes with the package.")
]
_Bundle = Annotated[str | None, typer.Option("--bundle", "-b", help="Model bundle: a name or a directory.")]


@app.callback()
def _root() -> None:
    """Make, check and try the rule files of chatbots; look into their database."""


@app.command(name="list")
def list_() -> None:
    """List the bots that come with the package: name, forms, rule file.

    Example: ner-engine bot list
    """
    from ner_engine.chatbot import load_rules, shipped_bots

    for name in shipped_bots():
        rules = load_rules(name)
        forms = ", ".join(f"{form.name} ({form.title})" for form in rules.forms.values())
        typer.echo(f"{name}\t{forms}\t{rules.path}")


@app.command()
def schema(
    target: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to a file instead.")
    ] = None,
) -> None:
    """Print the JSON Schema of rule files, with which editors complete and check them.

    A rule file names it in its first line: # yaml-language-server: $schema=rules.schema.json

    Example: ner-engine bot schema -o rules.schema.json
    """
    from ner_engine.chatbot.schema import schema_path

    text = schema_path().read_text(encoding="utf-8")
    if target is None:
        typer.echo(text, nl=False)
    else:
        target.write_text(text, encoding="utf-8")


@app.command()
def lint(
    rules: Annotated[list[str], typer.Argument(metavar="RULES...", help="Rule files, or names of shipped bots.")],
    bundle: _Bundle = None,
    check_actions: Annotated[
        bool, typer.Option("--check-actions", help="Import the Python functions of the actions, too.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit status 1 for warnings too.")] = False,
    errors_only: Annotated[bool, typer.Option("--errors-only", help="Leave warnings and notes out.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON Lines for machines.")] = False,
) -> None:
    """List what is wrong with rule files, with file and line. Exit status 1 where something is an error.

    --bundle names the model whose labels the rules may speak of; without it, the one that comes with the package.

    Example: ner-engine bot lint clinic my-bot/my-bot.yaml --strict
    """
    from ner_engine.bundle import load_bundle
    from ner_engine.chatbot.lint.finding import ERROR, WARNING
    from ner_engine.chatbot.lint.linting import lint as find
    from ner_engine.engine import DEFAULT_BUNDLE

    labels = load_bundle(bundle or DEFAULT_BUNDLE).labels
    counts = {ERROR: 0, WARNING: 0}
    for path in rules:
        for finding in find(path, labels=labels, check_actions=check_actions):
            counts[finding.severity] = counts.get(finding.severity, 0) + 1
            if errors_only and finding.severity != ERROR:
                continue
            typer.echo(json.dumps(finding.to_dict(), ensure_ascii=False) if as_json else str(finding))
    files = f"{len(rules)} file{'' if len(rules) == 1 else 's'}"
    typer.echo(f"{files}: {counts[ERROR]} errors, {counts[WARNING]} warnings", err=True)
    if counts[ERROR] or (strict and counts[WARNING]):
        raise typer.Exit(1)


@app.command(name="test")
def play_(
    rules: _Rules,
    transcripts: Annotated[
        list[Path], typer.Argument(metavar="TRANSCRIPTS...", help="Transcripts, or folders of them (*.txt).")
    ],
    bundle: _Bundle = None,
    extractor: Annotated[
        Literal["engine", "none"],
        typer.Option("--extractor", help="none: find no entities at all, in any transcript."),
    ] = "engine",
    min_coverage: Annotated[
        float | None,
        typer.Option("--min-coverage", metavar="PERCENT", help="Fail if less of the bot is reached in all."),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Rewrite what the bot says in the transcripts that differ.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for machines.")] = False,
) -> None:
    """Play transcripts against a bot: every line it says must be the one that is written down.

    A transcript has '> ' before what is typed and '< ' before what the bot says; a line that ends in … need only
    begin so. '# now: 2026-07-23T17:00', '# seed: 7', '# bot: clinic' and '# extractor: none' stand at its head.
    In between: '# wait: 20m', '# outcome: track late {"days": "2"}', and as assertions on the last turn
    '! action record reservation {"party": 4}', '! no action', '! slot date 2026-07-24'.

    Example: ner-engine bot test restaurant tests/transcripts/restaurant --min-coverage 80
    """
    from ner_engine.chatbot import load_rules
    from ner_engine.chatbot.playback.coverage import coverage, total
    from ner_engine.chatbot.playback.playing import play
    from ner_engine.chatbot.playback.transcript import read_transcript

    loaded = load_rules(rules)
    extract = _extractor(bundle, extractor)
    results: list[dict[str, Any]] = []
    played: list[Played] = []
    for path in _files(transcripts):
        try:
            one = play(loaded, read_transcript(path), extract)
        except DataError as error:
            results.append({"path": str(path), "ok": False, "line": error.line or 0, "message": _bare(error)})
            continue
        played.append(one)
        updated = update and _rewrite(one)
        results.append(_result(one, updated=updated))
    parts = coverage(loaded, (turn for one in played for turn in one.seen))
    reached = total(parts)
    if as_json:
        typer.echo(json.dumps(_report(results, parts, reached), ensure_ascii=False, indent=2))
    else:
        _print(results, parts, reached)
    failed = [result for result in results if not result["ok"]]
    low = min_coverage is not None and reached < min_coverage
    if low:
        typer.echo(f"coverage: expected at least {min_coverage:g} %; got {reached:.1f} %", err=True)
    if failed or low:
        raise typer.Exit(1)


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the bot: small letters, digits, hyphens.")],
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Where to; without it ./NAME. Must be new.")
    ] = None,
) -> None:
    """Write a small bot to begin with: a rule file, its schema for editors, and a transcript that it passes.

    Example: ner-engine bot new flower-shop
    """
    from ner_engine.chatbot.scaffold import new_bot

    written = new_bot(name, folder or Path(name))
    for path in written:
        typer.echo(str(path))
    rules, talks = written[0], written[-1].parent
    typer.echo(f"next: ner-engine chat --rules {rules}; ner-engine bot test {rules} {talks}", err=True)


register(app)


def _extractor(bundle: str | None, extractor: str) -> Callable[[str, datetime], Sequence[Entity]]:
    if extractor == "none":
        return lambda text, now: ()
    import ner_engine

    engine = ner_engine.load() if bundle is None else ner_engine.load(bundle)
    return lambda text, now: engine.extract(text, now=now)


def _files(paths: Iterable[Path]) -> list[Path]:
    """The transcripts named, those of folders in the order of their names."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(path.rglob("*.txt")) if path.is_dir() else [path]
        if not inside:
            raise typer.BadParameter(f"no transcripts (*.txt) in {path}", param_hint="TRANSCRIPTS")
        found += inside
    return found


def _bare(error: DataError) -> str:
    """The message without its place, which is shown apart."""
    return str(error).removeprefix(f"{error.path}:{error.line}: ").removeprefix(f"{error.path}: ")


def _rewrite(one: Played) -> bool:
    """Put what was said into the file, where that is not what stands there."""
    if not any(difference.kind == "reply" for difference in one.differences):
        return False
    Path(one.transcript.path).write_text(one.transcript.rewritten(one.said), encoding="utf-8")
    return True


def _result(one: Played, *, updated: bool) -> dict[str, Any]:
    left = [d for d in one.differences if not (updated and d.kind == "reply")]
    result: dict[str, Any] = {"path": one.transcript.path, "ok": not left, "turns": _turns(one.transcript)}
    if updated:
        result["updated"] = True
    if left:
        result |= {"line": left[0].line, "message": left[0].message, "diff": list(left[0].shown)}
    return result


def _turns(transcript: Transcript) -> int:
    return len(transcript.segments) - 1


def _report(results: list[dict[str, Any]], parts: Sequence[Part], reached: float) -> dict[str, Any]:
    return {
        "transcripts": results,
        "coverage": {
            part.name: {"percent": round(part.percent, 1), "hit": list(part.hit), "missed": list(part.missed)}
            for part in parts
        },
        "total": round(reached, 1),
    }


def _print(results: list[dict[str, Any]], parts: Sequence[Part], reached: float) -> None:
    for result in results:
        if not result["ok"]:
            where = f"{result['path']}:{result['line']}" if result["line"] else result["path"]
            typer.echo(f"FAIL     {where}: {result['message']}")
            for line in result.get("diff", ()):
                typer.echo(f"         {line}")
        elif "updated" in result:
            typer.echo(f"updated  {result['path']}: it now says what the bot says; read it before you keep it")
        else:
            typer.echo(f"ok       {result['path']} ({result['turns']} turns)")
    failed = sum(not result["ok"] for result in results)
    typer.echo(f"{len(results)} transcripts: {len(results) - failed} ok, {failed} failed")
    for part in parts:
        typer.echo(f"{part.name:<9} {len(part.hit):>4} of {part.count:<4} {part.percent:5.1f} %")
        if part.missed:
            typer.echo(f"          never: {', '.join(part.missed)}")
    typer.echo(f"{'total':<9} {reached:20.1f} %")
