"""``ner-engine suggest``: unlabelled texts in, those to label next out, pre-annotated for a labelling tool."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ner_engine.datasets import read
from ner_engine.datasets.lines import read_lines
from ner_engine.datasets.source import write_atomically
from ner_engine.errors import DataError, MissingExtra
from ner_engine.feedback.exchange import dump_tasks
from ner_engine.feedback.tasks import Task

if TYPE_CHECKING:
    from ner_engine.suggest.disagreement import Committee
    from ner_engine.suggest.suggestions import Report, Suggestion

__all__ = ["suggest"]

_FORMATS = ["jsonl", "doccano", "labelstudio"]
# as in ner_engine.suggest, which is imported only when there is something to suggest: it brings numpy
_STRATEGIES = ["expected", "margin", "entropy", "entities", "disagreement", "novelty", "random"]
_COSTS = ["sentence", "characters"]
_LONGEST = 300


class _Bar:
    """How many texts were read, on a terminal; nothing elsewhere."""

    def __init__(self) -> None:
        self._progress: Any = None
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            self._progress = Progress(
                SpinnerColumn(),
                TextColumn("{task.completed:,} texts, {task.speed} a second"),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._progress.add_task("", total=None)

    def __enter__(self) -> _Bar:
        if self._progress:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress:
            self._progress.stop()

    def show(self, texts: int) -> None:
        """Bring the bar to the number of texts read."""
        if self._progress:
            self._progress.update(self._task, completed=texts)


def _one_of(names: list[str]) -> Any:
    def check(name: str) -> str:
        if name not in names:
            raise typer.BadParameter(f"expected one of {', '.join(names)}; got {name!r}")
        return name

    return check


def _texts(given: str, column: int) -> Iterator[str]:
    """The lines of a file or of stdin, or the texts of JSON Lines."""
    if given == "-":
        for number, raw in enumerate(sys.stdin.buffer, 1):
            try:
                yield raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise DataError(f"expected UTF-8 text; {error}", path="stdin", line=number) from None
        return
    path = Path(given)
    lines = read_lines(path, column=column)
    if not path.name.endswith((".jsonl", ".jsonl.gz")):
        for line in lines:
            yield line.rstrip("\r\n")
        return
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _text_of(line, path=path, line=number)


def _text_of(record: str, *, path: Path, line: int) -> str:
    try:
        value = json.loads(record)
    except (ValueError, RecursionError) as error:
        raise DataError(f"expected a JSON object; {str(error).splitlines()[0]}", path=path, line=line) from None
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        raise DataError("expected an object with a string 'text'", path=path, line=line)
    text: str = value["text"]
    return text


def _labelled(paths: list[Path]) -> Iterator[str]:
    for path in paths:
        for sentence in read(path).sentences:
            yield sentence.text


def _committee(bundle: str, others: list[str], passes: int, seed: int, threads: int) -> Committee | None:
    """Who is asked beside the bundle: other bundles, or itself under dropout."""
    if others and passes:
        raise typer.BadParameter("--with and --dropout: expected one of them; got both")
    if others:
        from ner_engine.engine import load
        from ner_engine.suggest.disagreement import Bundles

        return Bundles([load(name, values=False, rules=False, threads=threads) for name in others])
    if not passes:
        return None
    try:
        from ner_engine.training.dropout import DropoutPasses
    except ModuleNotFoundError as error:
        raise MissingExtra(f"dropout passes ({error.name} is not installed)", extra="train") from None
    return DropoutPasses(bundle, passes=passes, seed=seed, threads=threads)


def _task(suggestion: Suggestion, model: str) -> Task:
    """A sentence that nobody has labelled yet, with what the tagger found and why it was chosen."""
    doubt = suggestion.doubt
    reasons = {
        "gain": suggestion.gain,
        "mistakes": doubt.mistakes,
        "margin": doubt.margin,
        "entropy": doubt.entropy / max(1, doubt.units),
        "disagreement": suggestion.disagreement,
        "new": suggestion.new,
        "likeness": suggestion.likeness,
    }
    about = {"line": suggestion.place, "suggested": {name: round(value, 4) for name, value in reasons.items()}}
    return Task(
        text=suggestion.sentence.text,
        predicted=suggestion.sentence.entities,
        bundle=model,
        score=round(doubt.margin, 4),
        about=json.dumps(about),
    )


def _said(report: Report, suggestions: list[Suggestion], output: str) -> str:
    left_out = [
        f"{count:,} {why}"
        for count, why in (
            (report.empty, "empty"),
            (report.long, "too long"),
            (report.labelled, "labelled already"),
            (report.repeated, "repeated"),
        )
        if count
    ]
    characters = sum(len(one.sentence.text) for one in suggestions)
    entities = sum(len(one.sentence.entities) for one in suggestions)
    return (
        f"{output}: {len(suggestions):,} of {report.read:,} texts"
        + (f" ({', '.join(left_out)})" if left_out else "")
        + f"; {characters:,} characters and {entities:,} entities to check"
    )


def suggest(
    source: Annotated[
        str,
        typer.Argument(
            metavar="UNLABELLED",
            help="Texts, one a line (.gz may be compressed; .jsonl: objects with 'text'); - is stdin.",
        ),
    ],
    count: Annotated[int, typer.Option("--number", "-n", min=1, help="How many to choose.")] = 200,
    bundle: Annotated[
        str, typer.Option("--bundle", "-b", help="The tagger that is to learn: a name or a directory.")
    ] = "ko-chat",
    strategy: Annotated[
        str,
        typer.Option(callback=_one_of(_STRATEGIES), help="What counts: " + ", ".join(_STRATEGIES) + "."),
    ] = "expected",
    labelled: Annotated[
        list[Path] | None,
        typer.Option(
            "--labelled", metavar="FILE", help="What has labels already, in any corpus format (repeatable)."
        ),
    ] = None,
    others: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="BUNDLE", help="Another tagger to disagree with (repeatable)."),
    ] = None,
    dropout: Annotated[
        int, typer.Option(min=0, help="Passes with dropout to disagree with (needs torch); 0: none.")
    ] = 0,
    cost: Annotated[
        str,
        typer.Option(callback=_one_of(_COSTS), help="What labelling costs: " + " or ".join(_COSTS) + "."),
    ] = "sentence",
    novelty: Annotated[
        float, typer.Option(min=0, max=100, help="How much more a text of new words counts; 1: twice.")
    ] = 0.5,
    diversity: Annotated[
        float, typer.Option(min=0, max=100, help="How much less a text counts that is like one chosen.")
    ] = 1.0,
    typicality: Annotated[
        float, typer.Option(min=0, max=100, help="How much less a text counts that is unlike the others.")
    ] = 0.0,
    longest: Annotated[int, typer.Option(min=1, help="Leave longer texts out (characters).")] = _LONGEST,
    column: Annotated[int, typer.Option(min=0, help="The tab-separated column of the text; 0: the line.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="For --strategy random and --dropout.")] = 1,
    threads: Annotated[int, typer.Option(min=1, help="Cores to use.")] = 1,
    form: Annotated[
        str,
        typer.Option(
            "--format", "-f", callback=_one_of(_FORMATS), help="Format written: " + ", ".join(_FORMATS) + "."
        ),
    ] = "jsonl",
    output: Annotated[str, typer.Option("--output", "-o", help="File to write; - is stdout.")] = "-",
) -> None:
    """Choose the texts whose labels would teach the tagger most, and annotate them as it would for correction.

    Best first. `ner-engine feedback import` takes the corrected file in. Nothing in it counts as labelled until
    somebody has said so: in the tool, or in JSON Lines by taking "labelled": false away.

    \b
    Example:
      ner-engine suggest chats.txt -n 200 --labelled train.jsonl -f labelstudio -o to-label.json
    """
    if output != "-" and source != "-" and Path(output).resolve() == Path(source).resolve():
        raise typer.BadParameter(f"expected another file than the input; got {output}", param_hint="--output")
    from ner_engine.engine import load
    from ner_engine.suggest.suggestions import suggest as choose_next

    committee = _committee(bundle, others or [], dropout, seed, threads)
    if strategy == "disagreement" and committee is None:
        raise typer.BadParameter("disagreement needs --with or --dropout", param_hint="--strategy")
    engine = load(bundle, values=False, rules=False, threads=threads)
    with _Bar() as bar:
        suggestions, report = choose_next(
            _texts(source, column),
            engine,
            count=count,
            strategy=strategy,
            labelled=_labelled(labelled or []),
            committee=committee,
            cost=cost,
            novelty=novelty,
            diversity=diversity,
            typicality=typicality,
            longest=longest,
            seed=seed,
            on_progress=bar.show,
        )
    model = engine.bundle.tag
    lines = dump_tasks((_task(one, model) for one in suggestions), format=form)
    if output == "-":
        for line in lines:
            sys.stdout.write(line)
        sys.stdout.flush()
    else:
        write_atomically(output, lines)
    typer.echo(_said(report, suggestions, output), err=True)
