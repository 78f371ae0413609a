"""``ner-engine corpus``: files in a corpus format in; counts, problems, parts or another format out.

``-`` is stdin or stdout. Data and results go to stdout, what is said about them to stderr.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ner_engine.datasets import FORMATS, Corpus, Problem, dumps, write
from ner_engine.datasets import read as read_path
from ner_engine.datasets import read_bytes as read_stdin
from ner_engine.datasets.corpus import ERROR
from ner_engine.datasets.fix import fix as fix_corpus
from ner_engine.datasets.fix import leave_out_broken
from ner_engine.datasets.source import write_atomically
from ner_engine.datasets.split import split as split_sentences
from ner_engine.datasets.stats import Stats
from ner_engine.datasets.stats import stats as count_corpus
from ner_engine.datasets.validate import validate as find_problems
from ner_engine.errors import DataError
from ner_engine.spans import Sentence

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Read, check, convert, split and generate corpora. Formats: " + ", ".join(FORMATS) + ".",
)

_WRITABLE = [f.name for f in FORMATS.values() if f.dump]


def _known(name: str | None) -> str | None:
    if name is not None and name not in FORMATS:
        raise typer.BadParameter(f"expected one of {', '.join(FORMATS)}; got {name!r}")
    return name


def _writable(name: str) -> str:
    if name not in _WRITABLE:
        raise typer.BadParameter(f"expected one of {', '.join(_WRITABLE)}; got {name!r}")
    return name


_Input = Annotated[str, typer.Argument(metavar="PATH", help="A corpus file, a KMOU folder, or - for stdin.")]
_Against = Annotated[
    str | None, typer.Option("--against", metavar="PATH", help="The training part to compare with.")
]
_From = Annotated[
    str | None, typer.Option("--from", callback=_known, help="Format read (default: from the content).")
]
_To = Annotated[str, typer.Option("--to", callback=_writable, help="Format written.")]
_Encoding = Annotated[str | None, typer.Option(help="Encoding of the input (default: UTF-8), e.g. cp949.")]
_Column = Annotated[int | None, typer.Option(help="conll: column of the tag, from 0; -1 is the last.")]
_Json = Annotated[bool, typer.Option("--json", help="JSON for machines.")]


def _read(
    given: str,
    *,
    format: str | None = None,
    encoding: str | None = None,
    column: int | None = None,
    lenient: bool = False,
) -> Corpus:
    if given == "-":
        return read_stdin(
            sys.stdin.buffer.read(),
            name="stdin",
            format=format,
            encoding=encoding,
            column=column,
            lenient=lenient,
        )
    return read_path(given, format=format, encoding=encoding, column=column, lenient=lenient)


def _write(sentences: Iterable[Sentence], target: str, *, format: str) -> None:
    if target != "-":
        write(sentences, target, format=format)
        return
    sys.stdout.flush()
    for part in dumps(sentences, format=format):
        try:
            sys.stdout.buffer.write(part.encode())
        except UnicodeEncodeError as error:
            raise DataError(f"expected text; got a lone surrogate in {part[:40]!r}", path="stdout") from error
    sys.stdout.buffer.flush()


def _not_itself(target: str, *sources: str | None) -> None:
    """Wrong use: to write over what is read."""
    for source in sources:
        if source not in (None, "-") and target != "-" and Path(target).resolve() == Path(source).resolve():
            raise typer.BadParameter(f"expected another file than the input; got {target}")


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _say_problems(problems: Sequence[Problem]) -> None:
    if problems:
        counts = Counter(f"{p.code} ({p.level})" for p in problems)
        _say("problems: " + ", ".join(f"{code} {n}" for code, n in counts.most_common()))


def _table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table on a terminal, else tab-separated lines."""
    if not sys.stdout.isatty():
        for row in (header, *rows):
            typer.echo("\t".join(str(cell) for cell in row))
        return
    table = Table(*header)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    Console().print(table)


@app.command()
def stats(
    path: _Input,
    against: _Against = None,
    source: _From = None,
    encoding: _Encoding = None,
    column: _Column = None,
    as_json: _Json = False,
) -> None:
    """Count sentences, characters, entities and forms; with --against, what of it is new.

    Example: ner-engine corpus stats dev.jsonl --against train.jsonl
    """
    corpus = _read(path, format=source, encoding=encoding, column=column)
    known = None if against is None else _read(against, encoding=encoding)
    counted = count_corpus(corpus, against=known)
    if as_json:
        typer.echo(json.dumps(counted.to_dict(), ensure_ascii=False))
    else:
        _show_stats(counted)


def _show_stats(counted: Stats) -> None:
    lengths = counted.characters
    rows: list[tuple[str, Any]] = [
        ("sentences", counted.sentences),
        ("without entities", counted.without_entities),
        ("characters", lengths.total),
        ("characters a sentence, min", lengths.min),
        ("characters a sentence, median", lengths.median),
        ("characters a sentence, mean", lengths.mean),
        ("characters a sentence, max", lengths.max),
        ("entities", counted.entities),
        ("distinct forms", counted.forms),
        ("forms seen once", counted.once),
    ]
    unseen = counted.unseen
    if unseen:
        rows.append((f"entities not in {unseen.against}", f"{unseen.entities} ({unseen.share:.1%})"))
    rows += ((f"problem {code}", n) for code, n in counted.problems.items())
    _table((counted.name, ""), rows)
    header = ["label", "entities", "forms", "once"] + (["new"] if unseen else [])
    _table(
        header,
        [
            [label, one.entities, one.forms, one.once] + ([f"{unseen.per_label[label]:.1%}"] if unseen else [])
            for label, one in counted.labels.items()
        ],
    )


@app.command()
def validate(
    path: _Input,
    against: _Against = None,
    source: _From = None,
    encoding: _Encoding = None,
    column: _Column = None,
    repair: Annotated[
        str | None, typer.Option("--fix", metavar="OUT", help="Write a repaired copy to this new file.")
    ] = None,
    to: _To = "jsonl",
    errors_only: Annotated[bool, typer.Option("--errors-only", help="Leave warnings out.")] = False,
    as_json: _Json = False,
) -> None:
    """List every problem with its file and line. Exit status 1 where one is an error.

    With --fix, spaces are trimmed off spans, and repeated sentences, empty, overlapping and ill-fitting spans
    go; what was done is told, and the exit status is that of the copy.

    Example: ner-engine corpus validate test.jsonl --against train.jsonl

    Example: ner-engine corpus validate mine.jsonl --fix mine-fixed.jsonl
    """
    if repair is not None:
        _not_itself(repair, path, against)
        if repair == "-":
            raise typer.BadParameter("--fix: expected a file; stdout is for the problems")
    corpus = _read(path, format=source, encoding=encoding, column=column, lenient=True)
    known = None if against is None else _read(against, encoding=encoding, lenient=True)
    problems = find_problems(corpus, against=known)
    for problem in problems:
        if problem.level != ERROR and errors_only:
            continue
        if as_json:
            typer.echo(json.dumps(problem.to_dict(), ensure_ascii=False))
        else:
            typer.echo(f"{problem.path}:{problem.line}: {problem.level}: {problem.message} [{problem.code}]")
    if repair is not None:
        fixed, changes = fix_corpus(corpus)
        write(fixed.sentences, repair, format=to)
        for change in changes:
            _say(change)
        _say(f"{repair}: {len(fixed.sentences)} sentences, {len(changes)} changes")
        problems = find_problems(fixed, against=known)
    errors = sum(problem.level == ERROR for problem in problems)
    where = path if repair is None else repair
    _say(f"{where}: {errors} errors, {len(problems) - errors} warnings")
    if errors:
        raise typer.Exit(1)


@app.command()
def convert(
    path: _Input,
    output: Annotated[str, typer.Option("-o", "--output", help="File to write; - is stdout.")] = "-",
    source: _From = None,
    to: _To = "jsonl",
    encoding: _Encoding = None,
    column: _Column = None,
) -> None:
    """Write a corpus in another format. A sentence the format cannot hold is refused, and nothing is written.

    Example: ner-engine corpus convert train.jsonl --to klue -o train.tsv
    """
    _not_itself(output, path)
    corpus = _read(path, format=source, encoding=encoding, column=column)
    _write(corpus.sentences, output, format=to)
    _say_problems(corpus.problems)
    _say(f"{output}: {len(corpus.sentences)} sentences")


def _ratios(given: str) -> list[float]:
    try:
        ratios = [float(part) for part in given.split(":")]
    except ValueError:
        ratios = []
    if len(ratios) < 2 or not all(math.isfinite(ratio) and ratio > 0 for ratio in ratios):
        raise typer.BadParameter(f"--ratios: expected numbers above 0 such as 8:1:1; got {given!r}")
    return ratios


def _part_names(count: int, given: str | None) -> list[str]:
    if given is None:
        usual = {2: ["train", "test"], 3: ["train", "dev", "test"]}
        return usual.get(count) or [f"part{k}" for k in range(1, count + 1)]
    names = given.split(",")
    if len(set(names)) != count or any(not name or "/" in name for name in names):
        raise typer.BadParameter(f"--names: expected {count} different names; got {given!r}")
    return names


@app.command()
def split(
    path: _Input,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the parts.")],
    ratios: Annotated[str, typer.Option(help="Sizes of the parts.")] = "8:1:1",
    names: Annotated[str | None, typer.Option(help="Names of the parts, e.g. train,dev,test.")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same parts.")] = 0,
    source: _From = None,
    to: _To = "jsonl",
    encoding: _Encoding = None,
    column: _Column = None,
) -> None:
    """Split a corpus into parts with the same mix of labels and no sentence in two of them.

    Example: ner-engine corpus split all.jsonl -o parts --ratios 8:1:1 --seed 7
    """
    sizes = _ratios(ratios)
    suffix = {"jsonl": "jsonl", "doccano": "jsonl", "klue": "tsv", "conll": "conll"}.get(to, "txt")
    targets = [output / f"{name}.{suffix}" for name in _part_names(len(sizes), names)]
    for target in targets:
        _not_itself(str(target), path)
    corpus = _read(path, format=source, encoding=encoding, column=column)
    parts = split_sentences(corpus.sentences, ratios=sizes, seed=seed)
    _make_folder(output)
    for target, part in zip(targets, parts, strict=True):
        write(part, target, format=to)
        _say(f"{target}: {len(part)} sentences, {sum(len(s.entities) for s in part)} entities")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"expected a folder to write to; got: {error.strerror}", path=folder) from error


@app.command(name="import")
def import_(
    source: Annotated[str, typer.Argument(metavar="FORMAT", callback=_known, help="Format of the authors.")],
    path: _Input,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write to.")],
    name: Annotated[str | None, typer.Option(help="Name of the files written (default: the input's).")] = None,
    encoding: _Encoding = None,
    column: _Column = None,
    as_json: _Json = False,
) -> None:
    """Take in a corpus as its authors publish it: NAME.jsonl, and NAME.problems.txt with what contradicts itself.

    Sentences that cannot be read whole are left out and listed; nothing is repaired on the way.

    Example: ner-engine corpus import kmou ~/NER/train -o data/kmou
    """
    corpus = _read(path, format=source, encoding=encoding, column=column, lenient=True)
    kept, left_out = leave_out_broken(corpus)
    stem = name or _stem(path)
    if Path(stem).name != stem:
        raise typer.BadParameter(f"expected a plain name; got {stem!r}", param_hint="--name")
    if not kept.sentences:
        raise DataError(
            f"expected sentences in the format {source}; none could be read ({len(left_out)} left out)", path=path
        )
    data, report = output / f"{stem}.jsonl", output / f"{stem}.problems.txt"
    _not_itself(str(data), path)
    _make_folder(output)
    write(kept.sentences, data, format="jsonl")
    problems = find_problems(kept)
    told = {problem for problem in corpus.problems if problem.level == ERROR}  # these are why lines were left out
    lines = [f"{line}\n" for line in left_out]
    lines += (f"{problem} [{problem.level} {problem.code}]\n" for problem in problems if problem not in told)
    write_atomically(report, lines)
    entities = sum(len(s.entities) for s in kept.sentences)
    codes = Counter(problem.code for problem in problems)
    counted = {
        "sentences": len(kept.sentences),
        "entities": entities,
        "left_out": len(left_out),
        "problems": dict(codes.most_common()),
        "output": str(data),
        "report": str(report),
    }
    if as_json:
        typer.echo(json.dumps(counted, ensure_ascii=False))
        return
    rows = [(key, value) for key, value in counted.items() if key != "problems"]
    _table(("", ""), rows + [(f"problem {code}", n) for code, n in codes.most_common()])


def _stem(path: str) -> str:
    if path == "-":
        return "stdin"
    name = Path(path).resolve().name
    for suffix in (".tsv", ".txt", ".jsonl", ".json", ".conll", ".csv"):
        name = name.removesuffix(suffix)
    return name or "corpus"


@app.command()
def generate(
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many sentences.")],
    seed: Annotated[int, typer.Option(help="Same seed, same sentences.")] = 0,
    output: Annotated[str, typer.Option("-o", "--output", help="File to write; - is stdout.")] = "-",
    source: Annotated[
        Path | None, typer.Option(help="Folder with grammar/ and lexicons/ (default: chat-ko).")
    ] = None,
    to: _To = "jsonl",
) -> None:
    """Generate labelled chat sentences from a grammar.

    Example: ner-engine corpus generate -n 1000 --seed 7 -o synthetic.jsonl
    """
    from ner_engine.datasets.generate import generate_corpus

    _write(generate_corpus(count=count, seed=seed, source=source), output, format=to)
